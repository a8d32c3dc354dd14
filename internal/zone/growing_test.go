package zone

import (
	"errors"
	"os"
	"path/filepath"
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
	_, _, err := root.Unpack(in, "new", ExistsFail, Reserve{}, nil)
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
