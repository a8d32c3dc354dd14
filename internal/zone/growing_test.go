package zone

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// TestGrowingIsShut: nobody who gets into a folder gets into what grows in it, and everybody does when it is whole.
func TestGrowingIsShut(t *testing.T) {
	dir, root := tree(t)
	members := acl.FromMode(0o770).With(acl.Entry{Tag: acl.User, ID: 7001, Perm: acl.Read | acl.Write | acl.Execute}).With(acl.Entry{Tag: acl.Mask, Perm: 7})
	if err := acl.SetDefault(root.fd, members); errors.Is(err, acl.ErrUnsupported) {
		t.Skip("no ACLs here")
	}
	mask := func(pattern string) acl.Perm {
		t.Helper()
		names, err := filepath.Glob(dir + "/" + pattern)
		if err != nil || len(names) != 1 {
			t.Fatal(names, err)
		}
		list, err := acl.Access(objectAt(t, names[0]).fd)
		must(t, err)
		perm, found := list.Find(acl.Mask, 0)
		if !found {
			t.Fatal("no mask: ", list)
		}
		return perm
	}
	in := &meanwhile{listed: listed{entries: []string{"a/b=1"}}, act: func() {
		if got := mask(growingPrefix + "*"); got != 0 {
			t.Errorf("while it grows: %v", got)
		}
	}}
	_, _, err := root.Unpack(in, "new", ExistsFail, Reserve{}, nil, nil)
	must(t, err)
	c := &Carrier{From: root, To: root, SameZone: true, Exists: ExistsRename}
	_, err = c.Copy("new")
	must(t, err)
	for _, name := range []string{"new", "new/a", "new (2)", "new (2)/a"} {
		st, err := os.Stat(dir + "/" + name)
		must(t, err)
		if got := mask(name); got != 7 || st.Mode()&os.ModeSticky == 0 {
			t.Errorf("%s: mask %v, mode %v", name, got, st.Mode())
		}
	}
}

// TestLandingIsAnnounced: of what is copied or unpacked each name is told before it has it, with what tells it from others; where that fails nothing
// appears, and nothing stays.
func TestLandingIsAnnounced(t *testing.T) {
	dir, root := tree(t)
	must(t, os.Mkdir(dir+"/to", 0o770), os.Mkdir(dir+"/folder", 0o770), makeFile(dir+"/folder/a", "a"), makeFile(dir+"/file.txt", "b"))
	to := objectAt(t, dir+"/to")
	var told []string
	var refuse error
	announce := func(name, file string) error {
		if to.has(name) {
			t.Errorf("%s is there already", name)
		}
		told = append(told, name+" "+file)
		return refuse
	}
	land := func(what string) error {
		c := &Carrier{From: root, To: to, Exists: ExistsRename, Announce: announce}
		var err error
		if what == "archive" {
			_, _, err = to.Unpack(&listed{entries: []string{"a/b=1"}}, what, ExistsRename, Reserve{}, nil, announce)
		} else {
			_, err = c.Copy(what)
		}
		return err
	}
	for what, names := range map[string][]string{"archive": {"archive", "archive (2)"}, "folder": {"folder", "folder (2)"}, "file.txt": {"file.txt", "file (2).txt"}} {
		told, refuse = nil, nil
		must(t, land(what), land(what))
		var want []string
		for _, name := range names {
			object, err := to.Open([]string{name})
			must(t, err)
			want = append(want, name+" "+FileIdentity(object.fd))
			object.Close()
		}
		if !slices.Equal(told, want) {
			t.Errorf("%q is told, there is %q", told, want)
		}
		refuse = unix.ENOSPC
		if err := land(what); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("%s: %v", what, err)
		}
	}
	entries, err := os.ReadDir(dir + "/to")
	must(t, err)
	if len(entries) != 6 {
		t.Errorf("%v", entries)
	}
}

// TestGrowingReserve: what becomes larger than was known does not eat up what uploads leave free.
func TestGrowingReserve(t *testing.T) {
	dir, root := tree(t)
	var space unix.Statfs_t
	must(t, unix.Statfs(dir, &space))
	if space.Blocks == 0 {
		t.Skip("a file system that does not say how large it is")
	}
	u, err := root.Create("new", -1, ExistsFail, Reserve{})
	must(t, err)
	defer u.Abort()
	w := u.Growing(Reserve{Percent: 100}).(*growing)
	w.since = spaceStep - 10
	if n, err := w.Write(make([]byte, 9)); n != 9 || err != nil {
		t.Error(n, err)
	}
	if n, err := w.Write(make([]byte, 9)); n != 0 || !errors.Is(err, unix.ENOSPC) {
		t.Error(n, err)
	}
	if n, err := w.Write(make([]byte, 9)); n != 9 || err != nil { // looked again only 64 MiB later
		t.Error(n, err)
	}
}
