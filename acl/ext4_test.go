// Tests against the real getfacl(1) and setfacl(1), and as other users, on a real ext4.

package acl

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// inNamespace is set for the process that runs the tests on the new file system.
const inNamespace = "SHZ_TEST_ACL_EXT4"

// prepare mounts the file system, and private account files over the machine's own.
const prepare = `set -e
mount -o loop "$1" /mnt || exit 77
chmod 755 /mnt
mount --bind "$2" /etc/passwd
mount --bind "$3" /etc/group
shift 3
exec "$@"`

// TestExt4 runs itself again in a mount namespace that ends with it, so that the machine sees neither the file
// system nor the accounts.
func TestExt4(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		runInNamespace(t)
		return
	}
	filesBehave(t, "/mnt")
	for _, test := range []struct {
		name string
		run  func(*testing.T, string)
	}{
		{"full inode", testFullInode},
		{"ours through getfacl to setfacl", testOursToSetfacl},
		{"our defaults through getfacl to setfacl", testOurDefaultsToSetfacl},
		{"setfacl's to ours", testSetfaclToOurs},
		{"names", testNames},
		{"changes as setfacl", testChangesAsSetfacl},
		{"effective as the kernel", testEffectiveAsKernel},
		{"explained as the kernel", testExplainAsKernel},
		{"duplicate user", testDuplicateUser},
		{"as another user", testAsAnotherUser},
		{"without proc", testWithoutProc},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, err := os.MkdirTemp("/mnt", "")
			if err != nil {
				t.Fatal(err)
			}
			chmod(t, dir, 0o755)
			test.run(t, dir)
		})
	}
}

func runInNamespace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a file system needs root")
	}
	for _, tool := range []string{"setfacl", "getfacl", "mkfs.ext4", "mount"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	dir := t.TempDir()
	image, passwd, group := dir+"/image", dir+"/passwd", dir+"/group"
	writeAccounts(t, passwd, slices.Concat(plain.users, hostile.users), "%s:x:%d:1::/:/bin/false\n")
	writeAccounts(t, group, slices.Concat(plain.groups, hostile.groups), "%s:x:%d:\n")
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, 128<<20)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-b", "4096", "-I", "256", image).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v\n%s", err, out)
	}
	pattern := flag.Lookup("test.run").Value.String()
	if !strings.HasPrefix(pattern, "TestExt4/") && !strings.HasPrefix(pattern, "^TestExt4$/") {
		pattern = "^TestExt4$"
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", prepare, "sh", image, passwd, group, self, "-test.v", "-test.run="+pattern)
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 77 {
		t.Skipf("no ext4 can be mounted here: %s", out)
	}
	t.Logf("in the namespace:\n%s", out)
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestExt4 ")) {
		t.Errorf("the tests in the namespace: %v", err)
	}
}

// writeAccounts writes the accounts that a file of lines can hold.
func writeAccounts(t *testing.T, path string, table []account, line string) {
	var text strings.Builder
	for _, a := range table {
		if a.name != "" && !strings.ContainsAny(a.name, "\n\x00:") {
			fmt.Fprintf(&text, line, a.name, a.id)
		}
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tool runs a program and returns what it printed. The locale is fixed: its messages may be translated.
func tool(t testing.TB, input, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = strings.NewReader(input)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, stderr.Bytes(), input)
	}
	return string(out)
}

// wantStored checks the bytes on the file: those of want, or none and its mode for a minimal access ACL.
func wantStored(t testing.TB, fd int, name string, want ACL) {
	t.Helper()
	encoded, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if name == accessAttr && want.Minimal() {
		encoded = nil
	}
	if got := attr(t, fd, name); !bytes.Equal(got, encoded) {
		t.Fatalf("%s is %x, want %x for\n%s", name, got, encoded, want.Format(nil))
	}
	if got := mode(t, fd) & 0o777; name == accessAttr && got != want.Mode() {
		t.Fatalf("mode %o, want %o", got, want.Mode())
	}
}

// ext4 keeps both lists and all attributes of a file in about 4 KiB. A list too long is refused and the old one stays.
func testFullInode(t *testing.T, dir string) {
	fd := mkdir(t, dir+"/sub", 0o700)
	small, large := FromMode(0o700).With(Entry{User, 1, 7}), FromMode(0o700)
	setAccess(t, fd, small)
	for id := range uint32(600) {
		large = large.With(Entry{User, id, Read})
	}
	for call, err := range map[string]error{"SetAccess": SetAccess(fd, large), "SetDefault": SetDefault(fd, large)} {
		if !errors.Is(err, unix.ENOSPC) {
			t.Errorf("%s with %d entries: %v", call, len(large), err)
		}
	}
	wantAccess(t, fd, small)
	wantDefault(t, fd, nil)
}

const lists = 320 // random lists in each direction

// getfacl and setfacl see all lists in one call: starting them for each takes most of the time of these tests.
func testOursToSetfacl(t *testing.T, dir string) {
	r := rand.New(rand.NewPCG(7, 8))
	var ours, theirs []string
	var set []ACL
	formatted := ""
	for i := range lists {
		ours, theirs = append(ours, fmt.Sprintf("%s/a%d", dir, i)), append(theirs, fmt.Sprintf("%s/b%d", dir, i))
		fd := create(t, ours[i], 0o600)
		create(t, theirs[i], 0o600)
		a := random(r)
		setAccess(t, fd, a)
		wantStored(t, fd, accessAttr, a)
		wantAccess(t, fd, a)
		set, formatted = append(set, a), formatted+a.Format(nil)+"\n"
	}
	if text := tool(t, "", "getfacl", append([]string{"-pcn"}, ours...)...); text != formatted {
		t.Fatalf("we print\n%sgetfacl prints\n%s", formatted, text)
	}
	copyACLs(t, ours, dir+"/a", dir+"/b")
	for i, a := range set {
		wantStored(t, open(t, theirs[i]), accessAttr, a)
	}
}

// copyACLs has setfacl set what getfacl prints, on files whose names begin with to instead of from.
func copyACLs(t *testing.T, names []string, from, to string) {
	t.Helper()
	text := tool(t, "", "getfacl", append([]string{"-pn"}, names...)...)
	tool(t, strings.ReplaceAll(text, "# file: "+from, "# file: "+to), "setfacl", "--restore=-")
}

func testOurDefaultsToSetfacl(t *testing.T, dir string) {
	r := rand.New(rand.NewPCG(7, 9))
	var ours, theirs []string
	var set, byDefault []ACL
	formatted := ""
	for i := range lists / 4 {
		ours, theirs = append(ours, fmt.Sprintf("%s/a%d", dir, i)), append(theirs, fmt.Sprintf("%s/b%d", dir, i))
		fd := mkdir(t, ours[i], 0o700)
		mkdir(t, theirs[i], 0o700)
		set, byDefault = append(set, random(r)), append(byDefault, random(r))
		setAccess(t, fd, set[i])
		setDefault(t, fd, byDefault[i])
		formatted += byDefault[i].Format(nil) + "\n"
	}
	if text := tool(t, "", "getfacl", append([]string{"-pcdn"}, ours...)...); text != formatted {
		t.Fatalf("we print\n%sgetfacl prints\n%s", formatted, text)
	}
	copyACLs(t, ours, dir+"/a", dir+"/b")
	for i, name := range theirs {
		fd := open(t, name)
		wantStored(t, fd, accessAttr, set[i])
		wantStored(t, fd, defaultAttr, byDefault[i])
		setDefault(t, fd, nil)
	}
	if text := tool(t, "", "getfacl", append([]string{"-pcdn"}, theirs...)...); strings.TrimSpace(text) != "" {
		t.Fatalf("removed default ACLs are printed as\n%s", text)
	}
}

// spelled returns the list as a person might type it.
func spelled(a ACL, r *rand.Rand) string {
	var entries []string
	for _, e := range a {
		fields := strings.Split(e.String(), ":")
		if r.IntN(2) == 0 {
			fields[0] = fields[0][:1]
		}
		switch r.IntN(4) {
		case 0:
			fields[2] = fmt.Sprint(uint16(e.Perm))
		case 1:
			fields[2] = "-" + strings.ReplaceAll(fields[2], "-", "")
		}
		if (e.Tag == Mask || e.Tag == Other) && r.IntN(2) == 0 {
			fields = []string{fields[0], fields[2]}
		}
		entries = append(entries, strings.Join(fields, ":"))
	}
	r.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	return strings.Join(entries, ",")
}

func testSetfaclToOurs(t *testing.T, dir string) {
	r := rand.New(rand.NewPCG(9, 10))
	sub := mkdir(t, dir+"/sub", 0o700)
	var names []string
	var wanted []ACL
	for i := range lists {
		names = append(names, fmt.Sprintf("%s/file%d", dir, i))
		file := create(t, names[i], 0o600)
		a := random(r)
		if r.IntN(2) == 0 {
			a = a.Without(Mask, 0) // setfacl and Parse must find the same one
		}
		text := spelled(a, r)
		want, err := Parse(text, nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		tool(t, "", "setfacl", "--set", text, names[i])
		wantStored(t, file, accessAttr, want)
		wantAccess(t, file, want)
		tool(t, "", "setfacl", "-d", "--set", text, dir+"/sub")
		wantStored(t, sub, defaultAttr, want)
		wantDefault(t, sub, want)
		wanted = append(wanted, want)
	}
	texts := strings.Split(strings.TrimSuffix(tool(t, "", "getfacl", append([]string{"-pn"}, names...)...), "\n\n"), "\n\n")
	if len(texts) != lists {
		t.Fatalf("getfacl prints %d lists of %d", len(texts), lists)
	}
	for i, want := range wanted {
		if printed, err := Parse(texts[i], nil); err != nil || !slices.Equal(printed, want) {
			t.Fatalf("getfacl's text reads as %v, %v; want %v", printed, err, want)
		}
	}
}

// The private account files give setfacl and getfacl the names that the other tests use.
func testNames(t *testing.T, dir string) {
	r := rand.New(rand.NewPCG(11, 12))
	path := dir + "/file"
	fd := create(t, path, 0o600)
	for range 60 {
		a := withNamesOf(FromMode(0o640), r, plain)
		setAccess(t, fd, a)
		text := tool(t, "", "getfacl", "-pc", path)
		if ours := a.Format(plain) + "\n"; ours != text {
			t.Fatalf("we print\n%sgetfacl prints\n%s", ours, text)
		}
		if back, err := Parse(text, plain); err != nil || !slices.Equal(back, a) {
			t.Fatalf("%s reads as %v, %v", text, back, err)
		}
		for _, names := range []Names{plain, hostile} {
			b := withNamesOf(FromMode(0o640), r, names).Without(User, 6012) // a line break fits in no account file
			setAccess(t, fd, FromMode(0))
			tool(t, b.Format(names), "setfacl", "--set-file=-", path)
			wantStored(t, fd, accessAttr, b)
		}
	}
}

func testChangesAsSetfacl(t *testing.T, dir string) {
	r := rand.New(rand.NewPCG(13, 14))
	file, sub := create(t, dir+"/file", 0o600), mkdir(t, dir+"/sub", 0o700)
	apply := func(a, want ACL, options ...string) {
		t.Helper()
		setAccess(t, file, a)
		tool(t, "", "setfacl", append(options, dir+"/file")...)
		wantStored(t, file, accessAttr, want)
		setDefault(t, sub, a)
		tool(t, "", "setfacl", append([]string{"-d"}, append(options, dir+"/sub")...)...)
		wantStored(t, sub, defaultAttr, want)
	}
	tags := []Tag{UserObj, User, User, User, GroupObj, Group, Group, Group, Mask, Other}
	for range 150 {
		a := random(r)
		e := Entry{tags[r.IntN(len(tags))], someIDs[r.IntN(len(someIDs))], Perm(r.IntN(8))}.identified()
		switch {
		case e.Tag == Mask:
			apply(a, a.With(e), "-m", e.String())
		default:
			apply(a, a.With(e).Remask(), "-m", e.String())
			if a.has(Mask) {
				apply(a, a.With(e), "-n", "-m", e.String())
			}
		}
		name := strings.TrimSuffix(e.String(), ":"+e.Perm.String())
		if e.Tag.named() {
			apply(a, a.Without(e.Tag, e.ID).Remask(), "-x", name)
			if a.has(Mask) {
				apply(a, a.Without(e.Tag, e.ID), "-n", "-x", name)
			}
		}
		if !a.has(User) && !a.has(Group) && a.has(Mask) {
			apply(a, a.Without(Mask, 0), "-x", "m")
		}
	}
}
