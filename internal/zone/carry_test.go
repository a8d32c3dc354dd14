package zone

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// stateBelow is all that lies below a folder: path, kind, time of files, content; reserved names too.
func stateBelow(t *testing.T, dir string) []string {
	t.Helper()
	all := []string{}
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		line := strings.TrimPrefix(path, dir+"/") + " " + e.Type().String()
		if e.Type().IsRegular() {
			b, err := os.ReadFile(path)
			must(t, err)
			info, err := e.Info()
			must(t, err)
			line += fmt.Sprintf(" %d %q", info.ModTime().UnixNano(), b)
		}
		all = append(all, line)
		return nil
	}))
	return all
}

// carrier is one between two new folders of a new tree.
func carrier(t *testing.T, exists OnExists) (from, to string, c *Carrier) {
	t.Helper()
	dir, _ := tree(t)
	from, to = dir+"/from", dir+"/to"
	must(t, os.Mkdir(from, 0o750), os.Mkdir(to, 0o750))
	return from, to, &Carrier{From: objectAt(t, from), To: objectAt(t, to), Exists: exists}
}

// makeTree makes what a folder can hold, with times that are not now.
func makeTree(t *testing.T, dir string) {
	t.Helper()
	must(t, os.MkdirAll(dir+"/sub/empty", 0o750), makeFile(dir+"/a.txt", "a"), makeFile(dir+"/sub/b\xff\n", "b"), makeFile(dir+"/sub/nothing", ""),
		os.Mkdir(dir+"/last", 0o700), makeFile(dir+"/last/c", "c"))
	for i, name := range []string{"a.txt", "sub/b\xff\n", "last/c", "sub/empty", "last", "sub", ""} {
		when := time.Unix(1_500_000_000+int64(i), 123_456_789)
		must(t, os.Chtimes(dir+"/"+name, when, when))
	}
}

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	st, err := os.Lstat(path)
	must(t, err)
	return st.ModTime()
}

// TestCarryOnExists: a file and a folder, moved by renaming and by copying, and copied, onto whatever can have the name.
func TestCarryOnExists(t *testing.T) {
	for occupant, occupy := range occupants {
		for _, exists := range []OnExists{ExistsFail, ExistsRename, ExistsReplace, ExistsSkip} {
			for _, how := range []string{"copy", "move", "rename"} {
				for _, what := range []string{"file", "folder"} {
					t.Run(fmt.Sprintf("%s %s onto %s, %s", how, what, occupant, exists), func(t *testing.T) {
						from, to, c := carrier(t, exists)
						c.SameZone = how == "rename"
						if what == "file" {
							must(t, makeFile(from+"/name.txt", "new"))
						} else {
							makeTree(t, from+"/name.txt")
						}
						must(t, occupy(to+"/name.txt"))
						source, old := stateBelow(t, from), state(t, to)
						carry := c.Move
						if how == "copy" {
							carry = c.Copy
						}
						got, err := carry("name.txt")
						wantErr, name := error(nil), "name.txt"
						switch {
						case occupant == "nothing", exists == ExistsSkip:
						case exists == ExistsRename:
							name = "name (2).txt"
						case exists == ExistsReplace && occupant == "own file" && what == "file":
						case exists == ExistsReplace:
							wantErr = unix.EPERM
						default:
							wantErr = unix.EEXIST
						}
						skipped := occupant != "nothing" && exists == ExistsSkip
						if !errors.Is(err, wantErr) || wantErr == nil && (got.Name != name || got.Skipped != skipped || len(got.Left) > 0) {
							t.Fatalf("%+v, %v", got, err)
						}
						if wantErr != nil || skipped {
							if now := stateBelow(t, from); !slices.Equal(now, source) || state(t, to) != old {
								t.Errorf("nothing was to happen: %q, %s", now, state(t, to))
							}
							return
						}
						if got.Replaced != (occupant == "own file" && exists == ExistsReplace) {
							t.Errorf("replaced: %v", got.Replaced)
						}
						arrived := []string{}
						for _, line := range stateBelow(t, to) {
							if strings.HasPrefix(line, name) {
								arrived = append(arrived, "name.txt"+strings.TrimPrefix(line, name))
							} else if occupant == "nothing" || !strings.HasPrefix(line, "name.txt") {
								t.Errorf("beside it: %s", line)
							}
						}
						if !slices.Equal(arrived, source) {
							t.Errorf("arrived: %q\nnot:     %q", arrived, source)
						}
						if left := stateBelow(t, from); how == "copy" != slices.Equal(left, source) || how != "copy" && len(left) > 0 {
							t.Errorf("left behind: %q", left)
						}
					})
				}
			}
		}
	}
}

// TestCarryTimes: folders keep theirs too.
func TestCarryTimes(t *testing.T) {
	for _, moving := range []bool{false, true} {
		from, to, c := carrier(t, ExistsFail)
		makeTree(t, from+"/x")
		want := map[string]time.Time{}
		for _, name := range []string{"/x", "/x/sub", "/x/sub/empty", "/x/last"} {
			want[name] = modified(t, from+name)
		}
		_, err := c.carry("x", moving)
		must(t, err)
		for name, when := range want {
			if got := modified(t, to+name); !got.Equal(when) {
				t.Errorf("moving=%v %s: %v, not %v", moving, name, got, when)
			}
		}
	}
}

// TestCarryACL: what arrives has the ACL of where it lands; where both folders give the same, a move is a rename.
func TestCarryACL(t *testing.T) {
	rule := func(id uint32) acl.ACL {
		return acl.FromMode(0o770).With(acl.Entry{Tag: acl.User, ID: id, Perm: acl.Read | acl.Execute}).With(acl.Entry{Tag: acl.Mask, Perm: 7})
	}
	for _, same := range []bool{true, false} {
		for _, zone := range []bool{true, false} {
			from, to, c := carrier(t, ExistsFail)
			c.SameZone = zone
			target := rule(7002)
			if same {
				target = rule(7001)
			}
			if err := acl.SetDefault(c.From.fd, rule(7001)); errors.Is(err, acl.ErrUnsupported) {
				t.Skip("no ACLs here")
			}
			must(t, acl.SetDefault(c.To.fd, target))
			must(t, makeFile(from+"/file", "x"), os.Mkdir(from+"/dir", 0o770), makeFile(from+"/dir/file", "x"))
			before := objectAt(t, from+"/dir/file").stat.Ino
			for _, name := range []string{"file", "dir"} {
				if _, err := c.Move(name); err != nil {
					t.Fatal(err)
				}
			}
			if renamed := objectAt(t, to+"/dir/file").stat.Ino == before; renamed != (same && zone) {
				t.Errorf("same ACL %v, same zone %v: renamed %v", same, zone, renamed)
			}
			for _, name := range []string{"/file", "/dir", "/dir/file"} {
				list, err := acl.Access(objectAt(t, to+name).fd)
				must(t, err)
				want := uint32(7002)
				if same {
					want = 7001
				}
				if _, found := list.Find(acl.User, want); !found || len(list) != 5 {
					t.Errorf("same ACL %v, same zone %v: %s has %v", same, zone, name, list)
				}
			}
		}
	}
}

// TestCarryKinds: only files and folders; in a folder the rest is left out and told.
func TestCarryKinds(t *testing.T) {
	for _, moving := range []bool{false, true} {
		from, to, c := carrier(t, ExistsFail)
		must(t, os.Symlink("/etc/passwd", from+"/link"), unix.Mkfifo(from+"/fifo", 0o600), os.Mkdir(from+"/dir", 0o750))
		for _, name := range []string{"link", "fifo"} {
			if _, err := c.carry(name, moving); !errors.Is(err, ErrKind) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, name := range []string{"..", ".", "", "a/b", ReservedPrefix + "x", "dir/../dir"} {
			if _, err := c.carry(name, moving); !errors.Is(err, ErrPath) && !errors.Is(err, ErrReserved) {
				t.Errorf("%q: %v", name, err)
			}
		}
		if _, err := c.carry("nothing", moving); !errors.Is(err, unix.ENOENT) {
			t.Error(err)
		}
		must(t, makeFile(from+"/dir/file", "x"), os.Symlink("/etc", from+"/dir/link"), os.Mkdir(from+"/dir/sub", 0o750), unix.Mkfifo(from+"/dir/sub/fifo", 0o600),
			makeFile(from+"/dir/"+ReservedPrefix+"upload", "half"))
		got, err := c.carry("dir", moving)
		must(t, err)
		told := []string{}
		for _, l := range got.Left {
			if !errors.Is(l.Err, ErrKind) {
				t.Errorf("%q: %v", l.Path, l.Err)
			}
			told = append(told, strings.Join(l.Path, "/"))
		}
		slices.Sort(told)
		if !slices.Equal(told, []string{"link", "sub/fifo"}) || got.More != 0 {
			t.Errorf("told: %q and %d", told, got.More)
		}
		if now := state(t, to+"/dir"); now != "file ---------- x; sub d---------" {
			t.Errorf("arrived: %s", now)
		}
		if moving && exists(from+"/dir/file") || !exists(from+"/dir/link") || !exists(from+"/dir/sub/fifo") || !exists(from+"/dir/"+ReservedPrefix+"upload") {
			t.Errorf("stayed: %q", stateBelow(t, from))
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// TestCarryInside: a folder does not go into itself.
func TestCarryInside(t *testing.T) {
	dir, root := tree(t)
	must(t, os.MkdirAll(dir+"/a/b/c", 0o750), os.Mkdir(dir+"/ab", 0o750))
	before := stateBelow(t, dir)
	for _, to := range []string{"a", "a/b", "a/b/c"} {
		for _, moving := range []bool{false, true} {
			for _, zone := range []bool{false, true} {
				c := &Carrier{From: root, To: objectAt(t, dir+"/"+to), SameZone: zone, Exists: ExistsRename}
				if _, err := c.carry("a", moving); !errors.Is(err, ErrInside) {
					t.Errorf("into %s, moving=%v: %v", to, moving, err)
				}
			}
		}
	}
	if now := stateBelow(t, dir); !slices.Equal(now, before) {
		t.Errorf("%q", now)
	}
	c := &Carrier{From: root, To: objectAt(t, dir+"/ab"), SameZone: true}
	if _, err := c.Move("a"); err != nil || !exists(dir+"/ab/a/b/c") {
		t.Error(err)
	}
}

// TestCarryHome: into the folder where it is.
func TestCarryHome(t *testing.T) {
	dir, root := tree(t)
	must(t, makeFile(dir+"/file.txt", "x"), os.MkdirAll(dir+"/sub/x", 0o750))
	for _, name := range []string{"file.txt", "sub"} {
		for _, e := range []OnExists{ExistsFail, ExistsReplace, ExistsSkip} {
			c := &Carrier{From: root, To: objectAt(t, dir), SameZone: true, Exists: e}
			if got, err := c.Move(name); err == nil && !got.Skipped || !exists(dir+"/"+name) {
				t.Errorf("%s %s: %+v %v", name, e, got, err)
			}
		}
		c := &Carrier{From: root, To: objectAt(t, dir), Exists: ExistsRename}
		if got, err := c.Copy(name); err != nil || got.Name != numbered(name, 2) || !exists(dir+"/"+got.Name) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	if got := state(t, dir); got != "file (2).txt ---------- x; file.txt ---------- x; sub d---------; sub (2) d---------" {
		t.Error(got)
	}
}

// TestRename: a name in the same folder, with whatever has it already.
func TestRename(t *testing.T) {
	for occupant, occupy := range occupants {
		for _, e := range []OnExists{ExistsFail, ExistsRename, ExistsReplace, ExistsSkip} {
			for what, make := range occupants {
				if what == "nothing" {
					continue
				}
				dir, root := tree(t)
				must(t, make(dir+"/old.txt"), occupy(dir+"/new.txt"))
				got, err := root.Rename("old.txt", "new.txt", e)
				want, gone := Landed{Name: "new.txt"}, true
				switch {
				case occupant == "nothing":
				case e == ExistsSkip:
					want.Skipped, gone = true, false
				case e == ExistsRename:
					want.Name = "new (2).txt"
				case e == ExistsReplace && what == "own file" && occupant == "own file":
					want.Replaced = true
				case e == ExistsReplace:
					want, gone = Landed{}, false
					if !errors.Is(err, unix.EPERM) {
						t.Errorf("%s to %s: %v", what, occupant, err)
					}
				default:
					want, gone = Landed{}, false
					if !errors.Is(err, unix.EEXIST) {
						t.Errorf("%s to %s: %v", what, occupant, err)
					}
				}
				want.Folder = strings.HasSuffix(what, "folder") && gone
				if got != want || exists(dir+"/old.txt") == gone || exists(dir+"/new.txt") != (gone || occupant != "nothing") {
					t.Errorf("%s to %s, %s: %+v, %v; there is %s", what, occupant, e, got, err, state(t, dir))
				}
			}
		}
	}
}

func TestRenameNames(t *testing.T) {
	dir, root := tree(t)
	must(t, makeFile(dir+"/caf\xe9\n", "x"), makeFile(dir+"/other", "y"), os.Link(dir+"/other", dir+"/hard"))
	before := stateBelow(t, dir)
	for _, to := range []string{"", ".", "..", "a/b", "/a", "x\x00", ReservedPrefix + "x", "a\nb", "\x1b[2J", "\u0085", strings.Repeat("n", 256)} {
		if _, err := root.Rename("other", to, ExistsRename); err == nil {
			t.Errorf("%q was taken", to)
		}
	}
	// One name, and two names of one file: whatever is asked for, the file is not lost.
	for _, to := range []string{"other", "hard"} {
		for _, e := range []OnExists{ExistsFail, ExistsReplace} {
			if _, err := root.Rename("other", to, e); !errors.Is(err, unix.EEXIST) {
				t.Errorf("%s %s: %v", to, e, err)
			}
		}
	}
	if now := stateBelow(t, dir); !slices.Equal(now, before) {
		t.Errorf("%q", now)
	}
	for _, step := range [][2]string{{"caf\xe9\n", "\xff"}, {"\xff", "-rf"}, {"-rf", "e\u0301"}, {"e\u0301", "\u00e9"}, {"\u00e9", strings.Repeat("n", 255)}} {
		if got, err := root.Rename(step[0], step[1], ExistsFail); err != nil || got.Name != step[1] {
			t.Errorf("%q: %+v %v", step, got, err)
		}
	}
}
