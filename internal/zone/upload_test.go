package zone

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// create begins an upload as Create does; hidden: as on a file system without nameless files.
func create(o *Object, name string, exists OnExists, hidden bool) (*Upload, error) {
	if !hidden {
		return o.Create(name, -1, exists, Reserve{})
	}
	u, err := o.newUpload(name, exists)
	if err == nil {
		err = u.openHidden()
	}
	if err != nil {
		return nil, err
	}
	if err := u.foresee(-1, Reserve{}); err != nil {
		u.Abort()
		return nil, err
	}
	return u, nil
}

// upload brings "new" as name, and lets meanwhile happen before the name is given.
func upload(o *Object, name string, exists OnExists, hidden bool, meanwhile func()) (string, bool, error) {
	u, err := create(o, name, exists, hidden)
	if err != nil {
		return "", false, err
	}
	defer u.Abort()
	if _, err := u.File().WriteString("new"); err != nil {
		return "", false, err
	}
	if meanwhile != nil {
		meanwhile()
	}
	return u.Commit()
}

// state is all that lies in a folder: names, kinds and contents.
func state(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var all []string
	for _, e := range entries {
		line := e.Name() + " " + e.Type().String()
		if e.Type().IsRegular() {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			must(t, err)
			line += " " + strings.TrimSpace(string(b))
		}
		all = append(all, line)
	}
	return strings.Join(all, "; ")
}

// occupants are what can have the name already.
var occupants = map[string]func(path string) error{
	"nothing":       func(string) error { return nil },
	"own file":      func(path string) error { return makeFile(path, "old") },
	"folder":        func(path string) error { return os.Mkdir(path, 0o700) },
	"full folder":   func(path string) error { return errors.Join(os.Mkdir(path, 0o700), makeFile(path+"/x", "")) },
	"link":          func(path string) error { return os.Symlink("/etc/hostname", path) },
	"dangling link": func(path string) error { return os.Symlink("nothing", path) },
	"FIFO":          func(path string) error { return unix.Mkfifo(path, 0o600) },
}

// TestUploadOnExists: each way of dealing with a name that is taken, before the upload or during it.
func TestUploadOnExists(t *testing.T) {
	for occupant, occupy := range occupants {
		for _, exists := range []OnExists{ExistsFail, ExistsRename, ExistsReplace, ExistsSkip} {
			for _, hidden := range []bool{false, true} {
				for _, late := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s %s hidden=%v late=%v", occupant, exists, hidden, late), func(t *testing.T) {
						dir, root := tree(t)
						place := func() { must(t, occupy(dir+"/name.txt")) }
						if !late {
							place()
							place = nil
						}
						name, replaced, err := upload(root, "name.txt", exists, hidden, place)
						wantName, wantErr := "name.txt", error(nil)
						switch {
						case occupant == "nothing":
						case exists == ExistsRename:
							wantName = "name (2).txt"
						case exists == ExistsReplace && occupant == "own file":
						case exists == ExistsReplace:
							wantErr = unix.EPERM
						default:
							wantErr = unix.EEXIST
						}
						after := state(t, dir)
						if !errors.Is(err, wantErr) || strings.Contains(after, ReservedPrefix) {
							t.Fatalf("%v, not %v; there is %s", err, wantErr, after)
						}
						if err == nil && (name != wantName || !strings.Contains(after, wantName+" ---------- new") || replaced != (exists == ExistsReplace && occupant == "own file")) {
							t.Errorf("%q, replaced %v; there is %s", name, replaced, after)
						}
						if wantErr != nil && strings.Contains(after, "new") {
							t.Errorf("refused, and there is %s", after)
						}
						if !replaced && occupant != "nothing" { // what had the name is as it was
							must(t, os.RemoveAll(dir+"/name (2).txt"))
							other := t.TempDir()
							must(t, occupy(other+"/name.txt"))
							if got, want := state(t, dir), state(t, other); got != want {
								t.Errorf("there was %s, and is %s", want, got)
							}
						}
					})
				}
			}
		}
	}
}

// TestReplaceForeign: somebody else's file stays, in a folder of one's own where the kernel would let it go, and in a
// sticky folder of another's.
func TestReplaceForeign(t *testing.T) {
	withoutPrivileges(t)
	for _, dir := range []string{"mine", "sticky"} {
		for _, hidden := range []bool{false, true} {
			path := filepath.Join(os.Getenv(onFileSystem), dir)
			root := objectAt(t, path)
			before := state(t, path)
			if _, _, err := upload(root, "foreign", ExistsReplace, hidden, nil); !errors.Is(err, unix.EPERM) {
				t.Errorf("%s: %v", dir, err)
			}
			if dir != "mine" { // where nobody but root could give it the name meanwhile
				continue
			}
			_, _, err := upload(root, "name", ExistsReplace, hidden, func() { must(t, os.Rename(path+"/foreign", path+"/name")) })
			if !errors.Is(err, unix.EPERM) {
				t.Errorf("appeared meanwhile: %v", err)
			}
			must(t, os.Rename(path+"/name", path+"/foreign"))
			if after := state(t, path); after != before {
				t.Errorf("there was %s, and is %s", before, after)
			}
		}
	}
}

// TestReplaceGone: the file to be replaced is removed at the same time; the new one takes its place.
func TestReplaceGone(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		dir, root := tree(t)
		must(t, makeFile(dir+"/name", "old"))
		name, replaced, err := upload(root, "name", ExistsReplace, hidden, func() { must(t, os.Remove(dir+"/name")) })
		if got := state(t, dir); err != nil || replaced || name != "name" || got != "name ---------- new" {
			t.Errorf("%q %v %v: %s", name, replaced, err, got)
		}
	}
}

// TestReplaceIsNeverHalf: whoever looks sees the old content or the new one, and the name is never free.
func TestReplaceIsNeverHalf(t *testing.T) {
	dir, root := tree(t)
	must(t, makeFile(dir+"/name", "new"))
	stop, seen := make(chan bool), make(chan string)
	go func() {
		for {
			select {
			case <-stop:
				seen <- ""
				return
			default:
			}
			if b, err := os.ReadFile(dir + "/name"); err != nil || string(b) != "new" {
				seen <- fmt.Sprint(string(b), err)
				return
			}
		}
	}()
	for range 100 {
		if _, replaced, err := upload(root, "name", ExistsReplace, false, nil); err != nil || !replaced {
			t.Error(replaced, err)
		}
	}
	close(stop)
	if what := <-seen; what != "" {
		t.Error(what)
	}
}

// TestUploadRace: of many who bring the same name at once one gets it, and no bytes are mixed.
func TestUploadRace(t *testing.T) {
	dir, root := tree(t)
	results := make(chan string)
	for i := range 40 {
		exists := []OnExists{ExistsFail, ExistsSkip, ExistsRename, ExistsReplace}[i%4]
		go func() {
			name, _, err := upload(root, "name", exists, i%8 > 3, nil)
			if err != nil && (!errors.Is(err, unix.EEXIST) || exists == ExistsRename) {
				t.Errorf("%s: %v", exists, err)
			}
			results <- name
		}()
	}
	renamed := 0
	for range 40 {
		if name := <-results; strings.HasPrefix(name, "name (") {
			renamed++
		}
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) != renamed+1 {
		t.Errorf("%d files, %d of them renamed", len(entries), renamed)
	}
	for _, e := range entries {
		if b, _ := os.ReadFile(dir + "/" + e.Name()); string(b) != "new" {
			t.Errorf("%s: %q", e.Name(), b)
		}
	}
}

// TestUploadIsSeenWholeOrNot: before Commit there is no name, and Abort leaves nothing.
func TestUploadIsSeenWholeOrNot(t *testing.T) {
	dir, root := tree(t)
	for _, hidden := range []bool{false, true} {
		u, err := create(root, "name", ExistsFail, hidden)
		must(t, err)
		u.File().WriteString("half")
		if entries := list(t, root, Order{By: "name"}, 0, 10); len(entries) != 0 {
			t.Errorf("hidden=%v: %q is seen", hidden, namesOf(entries))
		}
		if now := state(t, dir); !hidden && now != "" {
			t.Errorf("there is %s", now)
		}
		u.Abort()
		if now := state(t, dir); now != "" {
			t.Errorf("hidden=%v: left is %s", hidden, now)
		}
	}
	u, err := create(root, "name", ExistsFail, false)
	must(t, err)
	if _, _, err := u.Commit(); err != nil {
		t.Fatal(err)
	}
	u.Abort()
	if now := state(t, dir); now != "name ----------" && now != "name ---------- " {
		t.Errorf("after Commit and Abort there is %s", now)
	}
	var st unix.Stat_t
	must(t, unix.Lstat(dir+"/name", &st))
	if st.Mode&0o7777 != 0o640 || st.Nlink != 1 || st.Uid != uint32(os.Geteuid()) {
		t.Errorf("mode %o, %d links, uid %d", st.Mode, st.Nlink, st.Uid)
	}
}

// TestUploadReceive takes the bytes out of a pipe.
func TestUploadReceive(t *testing.T) {
	dir, root := tree(t)
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	go func() { w.WriteString(strings.Repeat("x", 200_000)); w.Close() }()
	u, err := root.Create("name", 200_000, ExistsFail, Reserve{})
	must(t, err)
	defer u.Abort()
	if n, err := u.Receive(r, 200_000); n != 200_000 || err != nil {
		t.Error(n, err)
	}
	if _, _, err := u.Commit(); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(dir + "/name"); len(b) != 200_000 {
		t.Error(len(b))
	}
}

func TestUploadForesight(t *testing.T) {
	dir, root := tree(t)
	must(t, makeFile(dir+"/old", "old"))
	before := state(t, dir)
	var space unix.Statfs_t
	must(t, unix.Statfs(dir, &space))
	for _, row := range []struct {
		name string
		size int64
		want error
	}{
		{"new", 1 << 60, unix.ENOSPC}, {"new", 1<<63 - 1, unix.ENOSPC}, {"old", 1 << 60, unix.EEXIST}, {"new", 0, nil}, {"new", 1, nil}, {"new", -1, nil}, {"new", -1 << 63, nil},
	} {
		if space.Blocks == 0 && row.want == unix.ENOSPC {
			row.want = nil // this file system does not say how large it is
		}
		u, err := root.Create(row.name, row.size, ExistsFail, Reserve{})
		if !errors.Is(err, row.want) {
			t.Errorf("%s of %d: %v", row.name, row.size, err)
		}
		if err == nil {
			u.Abort()
		}
	}
	if after := state(t, dir); after != before {
		t.Errorf("there was %s, and is %s", before, after)
	}
}

func TestUploadNames(t *testing.T) {
	dir, root := tree(t)
	long := strings.Repeat("à", 126) + ".pd" // 255 bytes
	for name, want := range map[string]error{
		"": ErrPath, ".": ErrPath, "..": ErrPath, "a/b": ErrPath, "../a": ErrPath, "a\x00b": ErrPath, ".shz-x": ErrNewName, "a\nb": ErrNewName,
		long + "f": unix.ENAMETOOLONG, strings.Repeat("x", 5000): unix.ENAMETOOLONG, long: nil, "caf\xe9": nil, "-rf": nil, "...": nil,
	} {
		for _, exists := range []OnExists{ExistsFail, ExistsRename, ExistsReplace} {
			before := state(t, dir)
			got, _, err := upload(root, name, exists, false, nil)
			if want == nil && exists == ExistsFail && (err != nil || got != name) || want != nil && !errors.Is(err, want) {
				t.Errorf("%.20q %s: %q %v", name, exists, got, err)
			}
			if after := state(t, dir); want != nil && after != before {
				t.Errorf("%.20q: there is %s", name, after)
			}
		}
	}
	if _, err := os.Lstat(dir + "/" + strings.Repeat("à", 124) + " (2).pd"); err != nil {
		t.Error(err)
	}
}

// TestUploadInheritsACL: the rights of the folder hold for the new file, at most for reading, whoever's umask it is.
func TestUploadInheritsACL(t *testing.T) {
	dir, root := tree(t)
	inherited := acl.ACL{
		{Tag: acl.UserObj, ID: acl.Undefined, Perm: 7}, {Tag: acl.User, ID: 7001, Perm: 7}, {Tag: acl.GroupObj, ID: acl.Undefined},
		{Tag: acl.Group, ID: 7002, Perm: 5}, {Tag: acl.Mask, ID: acl.Undefined, Perm: 7}, {Tag: acl.Other, ID: acl.Undefined},
	}
	fd, err := unix.Open(dir, unix.O_RDONLY, 0)
	must(t, err)
	defer unix.Close(fd)
	if err := acl.SetDefault(fd, inherited); err != nil {
		t.Skip("no ACLs here:", err)
	}
	before := unix.Umask(0o077)
	defer unix.Umask(before)
	for i, hidden := range []bool{false, true} {
		must(t, makeFile(fmt.Sprint(dir, "/old", i), ""))
		for _, row := range []struct {
			name   string
			exists OnExists
		}{{fmt.Sprint("new", i), ExistsFail}, {fmt.Sprint("old", i), ExistsReplace}, {fmt.Sprint("old", i), ExistsRename}} {
			name, _, err := upload(root, row.name, row.exists, hidden, nil)
			must(t, err)
			got, err := acl.Access(objectAt(t, dir+"/"+name).Descriptor())
			must(t, err)
			for _, e := range inherited {
				want := e.Perm
				switch e.Tag {
				case acl.UserObj:
					want = 6
				case acl.Mask:
					want = 4
				}
				if !slices.ContainsFunc(got, func(g acl.Entry) bool { return g.Tag == e.Tag && g.ID == e.ID && g.Perm == want }) {
					t.Errorf("%s: %v", name, got)
				}
			}
		}
	}
}

// TestUploadSharedMeanwhile: what is given or taken while a file comes holds for it too, as if it had come afterwards.
func TestUploadSharedMeanwhile(t *testing.T) {
	dir, root := tree(t)
	fd, err := unix.Open(dir, unix.O_RDONLY, 0)
	must(t, err)
	defer unix.Close(fd)
	with := func(ids ...uint32) acl.ACL {
		list := acl.ACL{{Tag: acl.UserObj, ID: acl.Undefined, Perm: 7}}
		for _, id := range ids {
			list = append(list, acl.Entry{Tag: acl.User, ID: id, Perm: 7})
		}
		return append(list, acl.Entry{Tag: acl.GroupObj, ID: acl.Undefined}, acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: 7}, acl.Entry{Tag: acl.Other, ID: acl.Undefined})
	}
	if err := acl.SetDefault(fd, with(7001)); err != nil {
		t.Skip("no ACLs here:", err)
	}
	set := func(list acl.ACL) func() { return func() { must(t, acl.SetDefault(fd, list)) } }
	for i, row := range []struct {
		before, meanwhile acl.ACL
	}{
		{with(7001), with(7001, 7002)}, {with(7001), with(7002)}, {with(7001), with(7001)}, {with(7001), nil}, {nil, with(7001)}, {nil, nil},
	} {
		for _, hidden := range []bool{false, true} {
			name := fmt.Sprint("file ", i, hidden)
			set(row.before)()
			_, _, err := upload(root, name, ExistsFail, hidden, set(row.meanwhile))
			must(t, err)
			afterwards, _, err := upload(root, name+" afterwards", ExistsFail, hidden, nil)
			must(t, err)
			got, err := acl.Access(objectAt(t, dir+"/"+name).Descriptor())
			must(t, err)
			want, err := acl.Access(objectAt(t, dir+"/"+afterwards).Descriptor())
			must(t, err)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, and one that came afterwards has %v", name, got, want)
			}
		}
	}
}

// TestUploadIntoDropBox: one may deliver where one may not look.
func TestUploadIntoDropBox(t *testing.T) {
	withoutPrivileges(t)
	dir, root := tree(t)
	must(t, makeFile(dir+"/old", "old"), os.Chmod(dir, 0o300))
	defer os.Chmod(dir, 0o700)
	for _, exists := range []OnExists{ExistsFail, ExistsRename, ExistsSkip, ExistsReplace} {
		name, _, err := upload(root, "old", exists, false, nil)
		refused := exists == ExistsFail || exists == ExistsSkip
		if refused != errors.Is(err, unix.EEXIST) || !refused && err != nil {
			t.Errorf("%s: %q %v", exists, name, err)
		}
	}
	must(t, os.Chmod(dir, 0o700))
	if got := state(t, dir); got != "old ---------- new; old (2) ---------- new" && got != "old (2) ---------- new; old ---------- new" {
		t.Errorf("there is %s", got)
	}
}
