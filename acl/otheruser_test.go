// Tests that need a process of another user, which is this test program started again.

package acl

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"
)

// asChild holds what the program shall do instead of running tests.
const asChild = "SHZ_TEST_ACL_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(asChild) {
	case "":
		os.Exit(m.Run())
	case "allowed":
		childAllowed()
	case "asked":
		childAsked()
	case "change":
		childChange()
	case "without proc":
		childWithoutProc()
	}
}

// credential is one user's, in no group but these.
func credential(uid, gid uint32, groups ...uint32) *syscall.Credential {
	return &syscall.Credential{Uid: uid, Gid: gid, Groups: groups}
}

// child runs the program as another user. Like the handlers of Share Zone it is installed so that nobody can read it,
// which makes its process one that may not be traced or looked into.
func child(t *testing.T, dir, what string, c *syscall.Credential, input string, args ...string) string {
	t.Helper()
	program := dir + "/program"
	if _, err := os.Stat(program); err != nil {
		install(t, program)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = []string{asChild + "=" + what}
	cmd.Stdin = strings.NewReader(input)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", what, err, out)
	}
	return string(out)
}

func install(t *testing.T, program string) {
	t.Helper()
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	copied, err := os.OpenFile(program, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o711)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(copied, self); err != nil {
		t.Fatal(err)
	}
	if err := copied.Close(); err != nil {
		t.Fatal(err)
	}
	chmod(t, program, 0o711)
}

// childAllowed prints for each path of its input what the kernel allows this user.
func childAllowed() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var p Perm
		for _, bit := range []Perm{Read, Write, Execute} {
			if unix.Access(lines.Text(), uint32(bit)) == nil {
				p |= bit
			}
		}
		fmt.Println(p)
	}
}

// childAsked prints for each path of its input what the kernel answers to each set of rights, from 1 to 7.
func childAsked() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		for want := Perm(1); want <= all; want++ {
			fmt.Print(answer(unix.Faccessat2(unix.AT_FDCWD, lines.Text(), uint32(want), unix.AT_EACCESS) == nil))
		}
		fmt.Println()
	}
}

func answer(yes bool) string {
	if yes {
		return "y"
	}
	return "n"
}

// childChange sets the list of its input on a file and reads it again.
func childChange() {
	dumpable, _, _ := unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_GET_DUMPABLE, 0, 0, 0, 0, 0)
	text, _ := io.ReadAll(os.Stdin)
	want, err := Parse(string(text), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fd, err := unix.Open(os.Args[1], unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err == nil {
		err = SetAccess(fd, want)
	}
	var got ACL
	if err == nil {
		got, err = Access(fd)
	}
	fmt.Printf("dumpable %d, EPERM %v, error %v\n%s", dumpable, errors.Is(err, unix.EPERM), err, got.Format(nil))
}

func childWithoutProc() {
	fd, err := unix.Open(os.Args[1], unix.O_PATH|unix.O_NOFOLLOW, 0)
	if err == nil {
		err = unix.Chroot(os.Args[1])
	}
	if err == nil {
		_, err = Access(fd)
	}
	fmt.Printf("%v, ENOENT %v", err, errors.Is(err, unix.ENOENT))
}

// allowed is the rule of acl(5) and of Linux for one user, in terms of Effective.
func allowed(a ACL, c *syscall.Credential, owner, group uint32) Perm {
	if c.Uid == owner {
		p, _ := a.Find(UserObj, Undefined)
		return p
	}
	member := func(gid uint32) bool {
		for _, g := range append([]uint32{c.Gid}, c.Groups...) {
			if g == gid {
				return true
			}
		}
		return false
	}
	others, _ := a.Find(Other, Undefined)
	if a.Mode()&0o070 == 0 { // Linux does not look at the list then
		if member(group) {
			return 0
		}
		return others
	}
	if p, ok := a.Find(User, c.Uid); ok {
		return a.Effective(Entry{User, c.Uid, p})
	}
	var union Perm
	matched := false
	for _, e := range a {
		if e.Tag == GroupObj && member(group) || e.Tag == Group && member(e.ID) {
			matched = true
			union |= a.Effective(e)
		}
	}
	if matched {
		return union
	}
	return others
}

func testEffectiveAsKernel(t *testing.T, dir string) {
	const owner, group = 1001, 1002
	r := rand.New(rand.NewPCG(15, 16))
	var files []ACL
	var input strings.Builder
	for i := range 300 {
		a := random(r)
		path := fmt.Sprintf("%s/f%d", dir, i)
		fd := create(t, path, 0o600)
		setAccess(t, fd, a)
		if err := unix.Chown(path, owner, group); err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
		files = append(files, a)
		fmt.Fprintln(&input, path)
	}
	for _, c := range []*syscall.Credential{
		credential(owner, 9999),
		credential(5, 9999),
		credential(1002, 1002),
		credential(9998, group),
		credential(9998, 9999, 5, 1001, 65534),
		credential(9998, 1<<31, group, 1),
		credential(65534, 65534),
		credential(9998, 9999),
	} {
		got := strings.Fields(child(t, dir, "allowed", c, input.String()))
		if len(got) != len(files) {
			t.Fatalf("%d answers for %d files", len(got), len(files))
		}
		for i, a := range files {
			if want := allowed(a, c, owner, group).String(); got[i] != want {
				t.Errorf("uid %d gid %d groups %v: the kernel allows %s, we say %s, of\n%s",
					c.Uid, c.Gid, c.Groups, got[i], want, a.Format(nil))
			}
		}
	}
}

// What Decode says about a list that names somebody twice is so.
func testDuplicateUser(t *testing.T, dir string) {
	path := dir + "/file"
	fd := create(t, path, 0o600)
	const (
		head, owner, group = "02000000", "01000700ffffffff", "04000000ffffffff"
		mask, other        = "10000700ffffffff", "20000000ffffffff"
		gives, denies      = "0200070005000000", "0200000005000000"
	)
	for want, twice := range map[string]string{"rwx": gives + denies, "---": denies + gives} {
		if err := xattr.Set(procName(fd), accessAttr, raw(t, head, owner, twice, group, mask, other)); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(child(t, dir, "allowed", credential(5, 5), path+"\n")); got != want {
			t.Errorf("the first entry says %s, the kernel allows %s", want, got)
		}
		if a, err := Access(fd); !errors.Is(err, ErrInvalid) {
			t.Errorf("Access: %v, %v", a, err)
		}
	}
}

// Who may set a list, and what becomes of set-group-ID.
func testAsAnotherUser(t *testing.T, dir string) {
	const owner, group, member = 1001, 5001, 1002
	path := dir + "/file"
	fd := create(t, path, 0o755)
	a := list(t, "user::rwx", "user:1002:rwx", "group::r-x", "mask::rwx", "other::---")
	before := func() {
		t.Helper()
		if err := unix.Chown(path, owner, group); err != nil {
			t.Fatal(err)
		}
		setAccess(t, fd, a)
		chmod(t, path, 0o2770)
		wantMode(t, fd, 0o2770)
	}
	const good = "dumpable 0, EPERM false, error <nil>\n"

	before()
	if out := child(t, dir, "change", credential(owner, owner, group), a.Format(nil), path); out != good+a.Format(nil) {
		t.Errorf("the owner, in the file's group: %s", out)
	}
	wantMode(t, fd, 0o2770)

	before()
	if out := child(t, dir, "change", credential(owner, owner), a.Format(nil), path); out != good+a.Format(nil) {
		t.Errorf("the owner, not in the file's group: %s", out)
	}
	wantMode(t, fd, 0o770)

	before()
	wider := a.With(Entry{Tag: Other, Perm: 7})
	out := child(t, dir, "change", credential(member, member, group), wider.Format(nil), path)
	if !strings.HasPrefix(out, "dumpable 0, EPERM true, ") {
		t.Errorf("a member who may write: %s", out)
	}
	wantAccess(t, fd, a)
	wantMode(t, fd, 0o2770)
}

func testWithoutProc(t *testing.T, dir string) {
	sub := dir + "/empty"
	mkdir(t, sub, 0o755)
	out := child(t, dir, "without proc", nil, "", sub)
	if !strings.Contains(out, "/proc is not mounted") || !strings.HasSuffix(out, "ENOENT false") {
		t.Error(out)
	}
}
