package zone

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// partialTree is a folder on a file system that has extended attributes.
func partialTree(t *testing.T) (string, *Object) {
	t.Helper()
	dir, root := tree(t)
	if err := xattr.Set(dir, "user.shz.test", nil); errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("no extended attributes here")
	}
	return dir, root
}

func wanted(name string, length int64, exists OnExists) Wanted {
	return Wanted{Name: []byte(name), Length: length, Exists: exists, Note: "note"}
}

// began is an upload of "new" as name.txt that nobody holds, and its id.
func began(t *testing.T, root *Object, exists OnExists, text string) string {
	t.Helper()
	p, err := root.CreatePartial(wanted("name.txt", 3, exists), Reserve{})
	must(t, err)
	add(t, p, text)
	p.Close()
	return p.ID()
}

func add(t *testing.T, p *Partial, text string) {
	t.Helper()
	must(t, p.Add(func(u *Upload) (int64, error) { return io.Copy(u.File(), strings.NewReader(text)) }))
}

func lookAtPartial(t *testing.T, root *Object, id string) *Partial {
	t.Helper()
	p, err := root.LookPartial(id)
	must(t, err)
	return p
}

// TestPartial: an upload in three requests, with what can have the name by then.
func TestPartial(t *testing.T) {
	for occupant, occupy := range occupants {
		for _, exists := range []OnExists{ExistsFail, ExistsRename, ExistsReplace, ExistsSkip} {
			t.Run(occupant+" "+string(exists), func(t *testing.T) {
				dir, root := partialTree(t)
				id := began(t, root, exists, "n")
				if st := fileOf(t, dir, partialPrefix+id); st.Mode&0o7777 != 0o600 {
					t.Errorf("mode %o while it grows", st.Mode)
				}
				if p := lookAtPartial(t, root, id); p.Offset != 1 || p.Length != 3 || p.Note != "note" || p.Done != nil || string(p.Name) != "name.txt" {
					t.Errorf("%+v", p)
				}
				must(t, occupy(dir+"/name.txt"))
				before := state(t, dir)
				p, err := root.TakePartial(id)
				must(t, err)
				defer p.Close()
				add(t, p, "ew")
				done, err := p.Finish(exists)
				status, name, wantErr := "created", "name.txt", error(nil)
				switch {
				case occupant == "nothing":
				case exists == ExistsRename:
					name = "name (2).txt"
				case exists == ExistsReplace && occupant == "own file":
					status = "replaced"
				case exists == ExistsReplace:
					wantErr = unix.EPERM
				case exists == ExistsSkip:
					status = "skipped"
				default:
					wantErr = unix.EEXIST
				}
				if !errors.Is(err, wantErr) {
					t.Fatalf("%v, not %v", err, wantErr)
				}
				after := lookAtPartial(t, root, id)
				if wantErr != nil {
					if after.Done != nil || after.Offset != 2 || !strings.Contains(state(t, dir), strings.Split(before, "; ")[len(strings.Split(before, "; "))-1]) {
						t.Errorf("%+v\n%s\n%s", after, before, state(t, dir))
					}
					if st := fileOf(t, dir, partialPrefix+id); st.Mode&0o7777 != 0o600 {
						t.Errorf("mode %o without its name", st.Mode)
					}
					return
				}
				if done.Status != status || string(done.Name) != name || after.Done == nil || after.Done.Status != status || string(after.Done.Name) != name || after.Offset != 3 {
					t.Errorf("%+v, told %+v", done, after.Done)
				}
				if exists := strings.Contains(state(t, dir), name+" ---------- new"); exists != (status != "skipped") || strings.Contains(state(t, dir), partialPrefix) {
					t.Error(state(t, dir))
				}
				if status == "skipped" {
					return
				}
				if st := fileOf(t, dir, name); st.Mode&0o7777 != fileMode {
					t.Errorf("mode %o", st.Mode)
				}
				if _, err := xattr.Get(dir+"/"+name, attrUpload); !errors.Is(err, xattr.ENOATTR) {
					t.Error("the attribute stays: ", err)
				}
				must(t, after.Remove())
				if _, err := root.LookPartial(id); !errors.Is(err, unix.ENOENT) {
					t.Error(err)
				}
				if fileOf(t, dir, name).Size != 3 {
					t.Error("the file went with its upload")
				}
			})
		}
	}
}

func fileOf(t *testing.T, dir, name string) unix.Stat_t {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(dir+"/"+name, &st))
	return st
}

// TestPartialKilled: the states in which a process that is killed leaves an upload, and what is said of each.
func TestPartialKilled(t *testing.T) {
	move := func(t *testing.T, dir, from, to string) { must(t, os.Rename(dir+"/"+from, dir+"/"+to)) }
	mark := func(t *testing.T, root *Object, dir, id string) {
		p := &Partial{dir: root, id: id}
		must(t, p.remember(Done{Wanted: wanted("name.txt", 3, ExistsFail), Inode: fileOf(t, dir, partialPrefix+id).Ino, Status: "created"}))
	}
	for name, row := range map[string]struct {
		leave  func(t *testing.T, root *Object, dir, id string)
		done   bool
		offset int64
	}{
		"all bytes, no name": {func(*testing.T, *Object, string, string) {}, false, 2},
		"announced, no name": {mark, false, 2},
		"announced and named": {func(t *testing.T, root *Object, dir, id string) {
			mark(t, root, dir, id)
			move(t, dir, partialPrefix+id, "name.txt")
		}, true, 3},
		"half an announcement": {func(t *testing.T, _ *Object, dir, id string) {
			must(t, makeFile(dir+"/"+donePrefix+id, `{"name":"bmFt`))
		}, false, 2},
		"exchanged": {func(t *testing.T, root *Object, dir, id string) {
			mark(t, root, dir, id)
			must(t, makeFile(dir+"/old", "old"))
			move(t, dir, partialPrefix+id, "name.txt")
			move(t, dir, "old", partialPrefix+id)
		}, true, 3},
		"exchanged, with the trash": {func(t *testing.T, root *Object, dir, id string) {
			mark(t, root, dir, id)
			must(t, os.Link(dir+"/"+partialPrefix+id, dir+"/name.txt"))
		}, true, 3},
		"more than announced": {func(t *testing.T, _ *Object, dir, id string) { must(t, os.Truncate(dir+"/"+partialPrefix+id, 99)) }, false, 2},
		"not checked": {func(t *testing.T, _ *Object, dir, id string) {
			must(t, xattr.Set(dir+"/"+partialPrefix+id, attrPending, []byte("1")))
		}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir, root := partialTree(t)
			id := began(t, root, ExistsFail, "new")
			row.leave(t, root, dir, id)
			p, err := root.TakePartial(id)
			must(t, err)
			defer p.Close()
			if (p.Done != nil) != row.done || p.Offset != row.offset {
				t.Fatalf("done=%v offset=%d", p.Done, p.Offset)
			}
			if row.done {
				return
			}
			add(t, p, "new"[p.Offset:])
			if _, err := p.Finish(ExistsFail); err != nil || !strings.Contains(state(t, dir), "name.txt ---------- new;") && !strings.HasSuffix(state(t, dir), "name.txt ---------- new") {
				t.Errorf("%v: %s", err, state(t, dir))
			}
		})
	}
}

// TestPartialStrange: what is no upload of the caller's is not there.
func TestPartialStrange(t *testing.T) {
	dir, root := partialTree(t)
	id := began(t, root, ExistsFail, "n")
	file := dir + "/" + partialPrefix + id
	for _, bad := range []string{"", "x", strings.ToLower(id), id + "A", id[1:], "../" + id[3:], id[:25] + "/", id[:25] + "\x00", id[:25] + "1"} {
		if _, err := root.TakePartial(bad); !errors.Is(err, unix.ENOENT) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, value := range []string{"", "{", `{"name":"eA==","length":-1,"on_exists":"fail"}`, `{"name":"eA==","length":1,"on_exists":"x"}`, `{"name":"Li4=","length":1,"on_exists":"fail"}`, `{"name":"YS9i","length":1,"on_exists":"fail"}`} {
		must(t, xattr.Set(file, attrUpload, []byte(value)))
		if _, err := root.TakePartial(id); !errors.Is(err, unix.ENOENT) {
			t.Errorf("%s: %v", value, err)
		}
	}
	must(t, xattr.Remove(file, attrUpload))
	if _, err := root.LookPartial(id); !errors.Is(err, unix.ENOENT) {
		t.Error(err)
	}
	if os.Geteuid() == 0 {
		id := began(t, root, ExistsFail, "n")
		must(t, os.Chown(dir+"/"+partialPrefix+id, 4242, 4242))
		if _, err := root.TakePartial(id); !errors.Is(err, unix.ENOENT) {
			t.Errorf("another's: %v", err)
		}
	}
	must(t, os.Remove(file))
	for occupant, occupy := range occupants {
		if occupant == "own file" {
			continue
		}
		must(t, occupy(file))
		if _, err := root.TakePartial(id); !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ELOOP) {
			t.Errorf("%s: %v", occupant, err)
		}
		must(t, os.RemoveAll(file))
	}
}

// TestPartialChecked: bytes with a wrong sum are as if they had never come.
func TestPartialChecked(t *testing.T) {
	_, root := partialTree(t)
	id := began(t, root, ExistsFail, "n")
	for _, right := range []bool{false, true} {
		p, err := root.TakePartial(id)
		must(t, err)
		ok, err := p.AddChecked(func(u *Upload) (int64, error) {
			if seen := lookAtPartial(t, root, id); seen.Offset != 1 {
				t.Errorf("%d before it was checked", seen.Offset)
			}
			n, err := io.Copy(u.File(), strings.NewReader("e"))
			if seen := lookAtPartial(t, root, id); seen.Offset != 1 {
				t.Errorf("%d before it was checked", seen.Offset)
			}
			return n, err
		}, func() bool { return right })
		if err != nil || ok != right {
			t.Fatal(ok, err)
		}
		want := int64(1)
		if right {
			want = 2
		}
		if p.Offset != want || lookAtPartial(t, root, id).Offset != want {
			t.Errorf("right=%v: %d", right, p.Offset)
		}
		p.Close()
	}
}

// TestPartialInherits: it gets what the folder's default ACL says at the end, also when there is none any more.
func TestPartialInherits(t *testing.T) {
	first, err := acl.Parse("user::rwx,user:4243:r-x,group::---,mask::rwx,other::---", nil)
	must(t, err)
	second, err := acl.Parse("user::rwx,user:4244:rwx,group::---,mask::rwx,other::---", nil)
	must(t, err)
	for name, row := range map[string]struct {
		then acl.ACL
		want string
	}{
		"the same": {first, "user::rw-,user:4243:r-x,group::---,mask::r--,other::---"},
		"another":  {second, "user::rw-,user:4244:rwx,group::---,mask::r--,other::---"},
		"none":     {nil, "user::rw-,group::r--,other::---"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, root := partialTree(t)
			if err := acl.SetDefault(root.fd, first); errors.Is(err, acl.ErrUnsupported) {
				t.Skip("no ACLs here")
			}
			id := began(t, root, ExistsFail, "ne")
			growing := fileOf(t, dir, partialPrefix+id)
			if growing.Mode&0o070 != 0 {
				t.Errorf("mode %o while it grows: the mask is not empty", growing.Mode)
			}
			must(t, acl.SetDefault(root.fd, row.then))
			p, err := root.TakePartial(id)
			must(t, err)
			defer p.Close()
			add(t, p, "w")
			if _, err := p.Finish(ExistsFail); err != nil {
				t.Fatal(err)
			}
			object, err := root.Open([]string{"name.txt"})
			must(t, err)
			defer object.Close()
			got, err := acl.Access(object.fd)
			if want, _ := acl.Parse(row.want, nil); err != nil || !slices.Equal(got, want) {
				t.Errorf("%v %v", got, err)
			}
		})
	}
}

// holdAs tells this test program to hold the lock of a file: "yield", or "stay" and pay no attention to SIGTERM.
const holdAs = "SHZ_TEST_HOLD"

func init() {
	name := os.Getenv(holdAs)
	if name == "" {
		return
	}
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err == nil {
		err = takeOver(file, 0)
	}
	if err != nil {
		panic(err)
	}
	if strings.HasSuffix(name, ".stay") {
		signal.Ignore(syscall.SIGTERM)
	}
	os.Stdout.WriteString("held\n")
	time.Sleep(time.Minute)
	os.Exit(0)
}

func TestTakeOver(t *testing.T) {
	for _, kind := range []string{"yield", "stay"} {
		name := filepath.Join(t.TempDir(), "file."+kind)
		must(t, makeFile(name, ""))
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), holdAs+"="+name)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
			t.Fatal(line, err)
		}
		file, err := os.OpenFile(name, os.O_RDWR, 0)
		must(t, err)
		defer file.Close()
		if pid, err := holder(file); pid != cmd.Process.Pid {
			t.Errorf("held by %d %v, not by %d", pid, err, cmd.Process.Pid)
		}
		patience, want := 20*time.Second, error(nil)
		if kind == "stay" {
			patience, want = 100*time.Millisecond, ErrHeld
		}
		if err := takeOver(file, patience); !errors.Is(err, want) {
			t.Errorf("%s: %v", kind, err)
		}
		if kind == "stay" {
			must(t, cmd.Process.Kill())
			must(t, takeOver(file, 20*time.Second))
		}
		cmd.Wait()
		if signalled := cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(); kind == "yield" && signalled != syscall.SIGTERM {
			t.Errorf("ended by %v", signalled)
		}
		if pid, err := holder(file); pid != 0 || err != nil {
			t.Errorf("held by %d %v", pid, err)
		}
	}
}

// TestSweepPartials: what is old and the caller's own goes, with what an unfinished one remembers.
func TestSweepPartials(t *testing.T) {
	dir, root := partialTree(t)
	id := began(t, root, ExistsFail, "n")
	must(t, (&Partial{dir: root, id: id}).remember(Done{}))
	held, err := root.CreatePartial(wanted("held", 3, ExistsFail), Reserve{})
	must(t, err)
	defer held.Close()
	mark, err := os.Open(dir + "/" + donePrefix + id)
	must(t, err)
	must(t, unix.Flock(int(mark.Fd()), unix.LOCK_EX))
	root.sweepUploads(-time.Hour)
	if got := state(t, dir); !strings.Contains(got, partialPrefix+id) {
		t.Error("the mark that it has its name is left alone: ", got)
	}
	mark.Close()
	root.sweepUploads(time.Hour)
	if got := state(t, dir); strings.Count(got, ReservedPrefix) != 3 {
		t.Error("new ones are swept: ", got)
	}
	root.sweepUploads(-time.Hour)
	if got := state(t, dir); !strings.Contains(got, held.ID()) || strings.Contains(got, id) {
		t.Error(got)
	}
	if bytes.Contains([]byte(state(t, dir)), []byte(donePrefix)) {
		t.Error(state(t, dir))
	}
}

// TestSweptMeanwhile: who goes on with an upload that is just being removed as old waits, and adds nothing to what nobody would find.
func TestSweptMeanwhile(t *testing.T) {
	dir, root := partialTree(t)
	id := began(t, root, ExistsFail, "n")
	path := dir + "/" + partialPrefix + id
	sweeper, err := os.Open(path)
	must(t, err)
	must(t, unix.Flock(int(sweeper.Fd()), unix.LOCK_EX))
	time.AfterFunc(200*time.Millisecond, func() {
		os.Remove(path)
		sweeper.Close()
	})
	if p, err := root.TakePartial(id); !errors.Is(err, unix.ENOENT) {
		t.Errorf("%+v %v", p, err)
	}
}
