package acl

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"
)

// open returns a descriptor that gives no right but to name the file, as the programs that walk zones have.
func open(t testing.TB, path string) int {
	t.Helper()
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("opening %s: %v", path, err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// create makes a file, sets its mode whatever the umask, and returns a descriptor.
func create(t testing.TB, path string, mode uint32) int {
	t.Helper()
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	chmod(t, path, mode)
	return open(t, path)
}

func mkdir(t testing.TB, path string, mode uint32) int {
	t.Helper()
	if err := unix.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	chmod(t, path, mode)
	return open(t, path)
}

func chmod(t testing.TB, path string, mode uint32) {
	t.Helper()
	if err := unix.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// mode returns all twelve bits.
func mode(t testing.TB, fd int) uint32 {
	t.Helper()
	st, err := status(fd)
	if err != nil {
		t.Fatal(err)
	}
	return st.Mode & 0o7777
}

// attr returns the attribute's bytes, nil if there is none.
func attr(t testing.TB, fd int, name string) []byte {
	t.Helper()
	b, err := xattr.Get(procName(fd), name)
	if err != nil && !errors.Is(err, unix.ENODATA) {
		t.Fatal(err)
	}
	return b
}

func setAccess(t testing.TB, fd int, a ACL) {
	t.Helper()
	if err := SetAccess(fd, a); err != nil {
		t.Fatalf("setting %v: %v", a, err)
	}
}

func setDefault(t testing.TB, fd int, a ACL) {
	t.Helper()
	if err := SetDefault(fd, a); err != nil {
		t.Fatalf("setting default %v: %v", a, err)
	}
}

func wantAccess(t testing.TB, fd int, want ACL) {
	t.Helper()
	if got, err := Access(fd); err != nil || !slices.Equal(got, want) {
		t.Errorf("access ACL %v, %v; want %v", got, err, want)
	}
}

func wantDefault(t testing.TB, fd int, want ACL) {
	t.Helper()
	if got, err := Default(fd); err != nil || !slices.Equal(got, want) || (got == nil) != (want == nil) {
		t.Errorf("default ACL %v, %v; want %v", got, err, want)
	}
}

func wantMode(t testing.TB, fd int, want uint32) {
	t.Helper()
	if got := mode(t, fd); got != want {
		t.Errorf("mode %04o, want %04o", got, want)
	}
}

// everyCall makes the four calls on one descriptor.
func everyCall(fd int) map[string]error {
	_, access := Access(fd)
	_, byDefault := Default(fd)
	return map[string]error{
		"Access": access, "Default": byDefault, "SetAccess": SetAccess(fd, FromMode(0o777)),
		"SetDefault": SetDefault(fd, FromMode(0o777)), "SetDefault(nil)": SetDefault(fd, nil),
	}
}

func TestClosedDescriptor(t *testing.T) {
	for _, fd := range []int{-1, 1 << 20} {
		for call, err := range everyCall(fd) {
			if !errors.Is(err, unix.EBADF) {
				t.Errorf("%s(%d): %v", call, fd, err)
			}
		}
	}
}

func TestUnsupported(t *testing.T) {
	for call, err := range everyCall(open(t, "/proc/self/status")) { // procfs has no ACLs
		if !errors.Is(err, ErrUnsupported) || !errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, ErrSymlink) {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// TestFiles runs where TMPDIR is; TestExt4 runs the same tests on ext4.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	if _, err := Access(open(t, dir)); errors.Is(err, ErrUnsupported) {
		t.Skipf("%s: %v", dir, err)
	}
	filesBehave(t, dir)
}

func filesBehave(t *testing.T, dir string) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, string)
	}{
		{"bits alone", testBitsAlone},
		{"mask is the group's bits", testMask},
		{"special bits", testSpecialBits},
		{"symbolic link", testSymlink},
		{"descriptor, not name", testRenamed},
		{"default", testDefault},
		{"default is inherited", testInherited},
		{"default of a file", testDefaultOfFile},
		{"refused lists change nothing", testRefused},
		{"what the kernel takes", testKernelTakes},
	} {
		t.Run(test.name, func(t *testing.T) {
			sub, err := os.MkdirTemp(dir, "")
			if err != nil {
				t.Fatal(err)
			}
			test.run(t, sub)
		})
	}
}

// A file without a list has its bits, and a list of three entries becomes bits and leaves no attribute.
func testBitsAlone(t *testing.T, dir string) {
	file, sub := create(t, dir+"/file", 0o640), mkdir(t, dir+"/sub", 0o1751)
	if err := unix.Mkfifo(dir+"/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	wantAccess(t, file, FromMode(0o640))
	wantAccess(t, sub, FromMode(0o751))
	wantAccess(t, open(t, dir+"/fifo"), FromMode(0o600))

	setAccess(t, file, FromMode(0o640).With(Entry{User, 4321, Read}))
	if attr(t, file, accessAttr) == nil {
		t.Error("a named entry left no attribute")
	}
	setAccess(t, file, FromMode(0o604))
	if b := attr(t, file, accessAttr); b != nil {
		t.Errorf("a minimal list left the attribute %x", b)
	}
	wantMode(t, file, 0o604)
}

func testMask(t *testing.T, dir string) {
	fd := create(t, dir+"/file", 0o640)
	a := list(t, "user::rw-", "user:4321:rwx", "group::---", "mask::r--", "other::---")
	setAccess(t, fd, a)
	wantAccess(t, fd, a)
	wantMode(t, fd, 0o640)
	if a.Mode() != 0o640 {
		t.Errorf("Mode says %o", a.Mode())
	}
	chmod(t, dir+"/file", 0o600) // chmod sets the mask and leaves the entries
	wantAccess(t, fd, a.With(Entry{Tag: Mask, Perm: 0}))
	chmod(t, dir+"/file", 0o670)
	wantAccess(t, fd, a.With(Entry{Tag: Mask, Perm: 7}))

	alone := FromMode(0o600).With(Entry{Tag: Mask, Perm: 7}) // a mask without named entries stays too
	setAccess(t, fd, alone)
	wantAccess(t, fd, alone)
	wantMode(t, fd, 0o670)
}

// Lists neither give nor take set-user-ID and sticky.
func testSpecialBits(t *testing.T, dir string) {
	for name, special := range map[string]uint32{"none": 0, "sticky": 0o1000, "setuid": 0o4000} {
		for i, fd := range []int{create(t, filepath.Join(dir, name), special|0o755),
			mkdir(t, filepath.Join(dir, name+"-dir"), special|0o755)} {
			for _, a := range []ACL{FromMode(0o750).With(Entry{User, 4321, 7}), FromMode(0o711), FromMode(0)} {
				setAccess(t, fd, a)
				if got := mode(t, fd); got != special|a.Mode() {
					t.Errorf("%s %d: mode %04o after %v", name, i, got, a)
				}
			}
		}
	}
}

func testSymlink(t *testing.T, dir string) {
	target := create(t, dir+"/target", 0o600)
	for name, to := range map[string]string{"link": "target", "dangling": "nowhere", "dir": ".", "proc": "/proc/self/root"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		for call, err := range everyCall(open(t, filepath.Join(dir, name))) {
			if !errors.Is(err, ErrSymlink) || !errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, ErrUnsupported) {
				t.Errorf("%s of %s: %v", call, name, err)
			}
		}
	}
	wantMode(t, target, 0o600)
	wantDefault(t, open(t, dir), nil)
}

// A descriptor is the file it was opened for, after somebody put another one or a link in its place, or removed it.
func testRenamed(t *testing.T, dir string) {
	fd, victim := create(t, dir+"/file", 0o600), create(t, dir+"/victim", 0o600)
	if err := errors.Join(os.Rename(dir+"/file", dir+"/moved"), os.Symlink("victim", dir+"/file")); err != nil {
		t.Fatal(err)
	}
	a := FromMode(0o600).With(Entry{User, 4321, Read})
	setAccess(t, fd, a)
	wantAccess(t, open(t, dir+"/moved"), a)
	wantAccess(t, victim, FromMode(0o600))
	if err := os.Remove(dir + "/moved"); err != nil {
		t.Fatal(err)
	}
	setAccess(t, fd, FromMode(0o640))
	wantAccess(t, fd, FromMode(0o640))
}

func testDefault(t *testing.T, dir string) {
	fd := mkdir(t, dir+"/sub", 0o1770)
	wantDefault(t, fd, nil)
	setDefault(t, fd, nil) // nothing to remove
	a := list(t, "user::rwx", "user:4321:r-x", "group::---", "mask::rwx", "other::---")
	setDefault(t, fd, a)
	wantDefault(t, fd, a)
	wantAccess(t, fd, FromMode(0o770))
	wantMode(t, fd, 0o1770)
	setDefault(t, fd, FromMode(0o700)) // a minimal default ACL is one, unlike a minimal access ACL
	wantDefault(t, fd, FromMode(0o700))
	setDefault(t, fd, nil)
	wantDefault(t, fd, nil)
}

func testInherited(t *testing.T, dir string) {
	a := list(t, "user::rwx", "user:4321:rwx", "group::---", "mask::rwx", "other::---")
	setDefault(t, open(t, dir), a)
	for _, how := range []int{unix.O_CREAT | unix.O_EXCL, unix.O_TMPFILE} {
		path := dir + "/file"
		if how == unix.O_TMPFILE {
			path = dir
		}
		fd, err := unix.Open(path, how|unix.O_RDWR|unix.O_CLOEXEC, 0o640)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		wantAccess(t, fd, a.With(Entry{Tag: UserObj, Perm: 6}).With(Entry{Tag: Mask, Perm: Read}))
		wantMode(t, fd, 0o640)
	}
	if err := unix.Mkdir(dir+"/sub", 0o1770); err != nil {
		t.Fatal(err)
	}
	fd := open(t, dir+"/sub")
	wantAccess(t, fd, a)
	wantDefault(t, fd, a)
	wantMode(t, fd, 0o1770)
}

func testDefaultOfFile(t *testing.T, dir string) {
	fd := create(t, dir+"/file", 0o600)
	wantDefault(t, fd, nil)
	if err := SetDefault(fd, FromMode(0o700)); !errors.Is(err, unix.EACCES) {
		t.Errorf("default ACL of a file: %v", err)
	}
	setDefault(t, fd, nil)
	wantAccess(t, fd, FromMode(0o600))
}

func testRefused(t *testing.T, dir string) {
	fd := open(t, dir)
	a := FromMode(0o700).With(Entry{User, 4321, Read})
	setAccess(t, fd, a)
	setDefault(t, fd, a)
	for _, bad := range []ACL{
		{},
		a[1:],
		a.Without(Mask, 0),
		append(slices.Clone(a), a[1]),
		append(slices.Clone(a), Entry{User, Undefined, 7}),
		{{UserObj, 0, 7}, {GroupObj, 0, 7}, {Other, 0, 7}},
	} {
		if err := SetAccess(fd, bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("SetAccess(%v): %v", bad, err)
		}
		if err := SetDefault(fd, bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("SetDefault(%v): %v", bad, err)
		}
	}
	if err := SetAccess(fd, nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("SetAccess(nil): %v", err)
	}
	wantAccess(t, fd, a)
	wantDefault(t, fd, a)
}

// What Decode says about the kernel is so: it compares tags, not IDs, and goes by a user's first entry.
func testKernelTakes(t *testing.T, dir string) {
	const (
		head, owner, group = "02000000", "01000700ffffffff", "04000000ffffffff"
		mask, other        = "10000700ffffffff", "20000000ffffffff"
		five, six, fiveNo  = "0200070005000000", "0200040006000000", "0200000005000000"
	)
	fd := create(t, dir+"/file", 0o600)
	for _, c := range []struct {
		name  string
		value []byte
		errno error
	}{
		{"unsorted IDs", raw(t, head, owner, six, five, group, mask, other), nil},
		{"ID where there is none", raw(t, head, "0100060063000000", group, other), nil},
		{"duplicate", raw(t, head, owner, five, fiveNo, group, mask, other), nil},
		{"wrong order of tags", raw(t, head, owner, group, five, mask, other), unix.EINVAL},
		{"no mask", raw(t, head, owner, five, group, other), unix.EINVAL},
		{"no other", raw(t, head, owner, group), unix.EINVAL},
		{"mask twice", raw(t, head, owner, group, mask, mask, other), unix.EINVAL},
		{"permission bits", raw(t, head, owner, "04000800ffffffff", other), unix.EINVAL},
		{"uid -1", raw(t, head, owner, "02000700ffffffff", group, mask, other), unix.EINVAL},
		{"version 1", raw(t, "01000000", owner, group, other), unix.EOPNOTSUPP},
	} {
		if err := xattr.Set(procName(fd), accessAttr, c.value); !errors.Is(err, c.errno) {
			t.Errorf("%s: %v, want %v", c.name, err, c.errno)
			continue
		}
		if c.errno != nil {
			if _, err := Decode(c.value); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: refused by the kernel, and by Decode: %v", c.name, err)
			}
			continue
		}
		a, err := Access(fd)
		if duplicate := c.name == "duplicate"; errors.Is(err, ErrInvalid) != duplicate || (err == nil) == duplicate {
			t.Errorf("%s: %v", c.name, err)
		} else if !duplicate {
			setAccess(t, fd, a)
			want, _ := a.Encode()
			if got := attr(t, fd, accessAttr); !a.Minimal() && !bytes.Equal(got, want) {
				t.Errorf("%s: %x, want %x", c.name, got, want)
			}
		}
	}
}
