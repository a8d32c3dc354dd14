package zone

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// onFileSystem holds the folder in which tests make their trees, when they run again on another file system as a user
// without privileges (TestOnFileSystems).
const onFileSystem = "SHZ_TEST_ZONE_TREE"

// tree returns an empty folder, and the object of it that a zone's root would be.
func tree(t *testing.T) (string, *Object) {
	t.Helper()
	dir := os.Getenv(onFileSystem)
	if dir == "" {
		dir = t.TempDir()
	} else {
		var err error
		if dir, err = os.MkdirTemp(dir, ""); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
	}
	return dir, objectAt(t, dir)
}

func objectAt(t *testing.T, path string) *Object {
	t.Helper()
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		t.Fatal(err)
	}
	o, err := newObject(fd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

// must ends the test on the first error of what it prepares.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func makeFile(path, content string) error { return os.WriteFile(path, []byte(content), 0o640) }

// withoutPrivileges skips what root is let through.
func withoutPrivileges(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Skip("root may do everything: TestOnFileSystems runs it as a user")
	}
}

// fileSystems are prepared at /mnt/zone in a mount namespace of its own. The tests then run there as a user.
var fileSystems = []struct{ name, prepare, tests string }{
	// It says of itself that it has no blocks. It is the fastest, so the longest test runs here alone.
	{"tmpfs of any size", "mount -t tmpfs -o size=0 tmpfs /mnt/zone", onEach + "|ListOrders"},
	{"ext4", "truncate -s 64M /mnt/img; mkfs.ext4 -q /mnt/img; mount -o loop /mnt/img /mnt/zone", onEach},
	// readdir(3) cannot tell the types of entries there.
	{"ext4 without types", "truncate -s 64M /mnt/img; mkfs.ext4 -q -O ^filetype /mnt/img; mount -o loop /mnt/img /mnt/zone", onEach},
	// There copies share their blocks.
	{"XFS", "truncate -s 320M /mnt/img; mkfs.xfs -q /mnt/img; mount -o loop /mnt/img /mnt/zone", onEach},
	{"Btrfs", "truncate -s 320M /mnt/img; mkfs.btrfs -q /mnt/img; mount -o loop /mnt/img /mnt/zone", onEach},
}

// onEach are the tests whose answers come from the file system.
const onEach = "Objects|Access|Deep|ListKinds|ListTimes|ListUnknown|Upload|Names|Replace|Carry|Rename|TakeAway|Search|Unpack|Trash"

// TestOnFileSystems runs the tests of open, entry and upload again, as a user and on other file systems.
func TestOnFileSystems(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting and becoming a user need root")
	}
	// In /mnt/zone there are: a sticky folder of root's in which everybody may write, with a file of root's; and a file of
	// root's in a folder of the user's.
	const script = `set -e; mount -t tmpfs -o mode=755 tmpfs /mnt; mkdir /mnt/zone; cp "$1" /mnt/program; { %; } || exit 77
		cd /mnt/zone; mkdir mine sticky; echo root >mine/foreign; echo root >sticky/foreign; chmod 1777 sticky; chmod 1770 mine; chown 4242:4242 mine .
		chmod 755 . ; exec setpriv --reuid=4242 --regid=4242 --clear-groups env ` + onFileSystem + `=/mnt/zone TMPDIR=/mnt/zone \
		/mnt/program -test.run "^Test($2)" -test.v`
	for _, fs := range fileSystems {
		t.Run(fs.name, func(t *testing.T) {
			cmd := exec.Command("unshare", "-m", "sh", "-c", strings.Replace(script, "%", fs.prepare, 1), "sh", os.Args[0], fs.tests)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() == 77 {
				t.Skipf("no such file system here: %s", out)
			}
			if err != nil || !strings.Contains(string(out), "--- PASS: TestUpload") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// within fails the test when f waits: a FIFO without a writer, a device.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan bool)
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("it waits")
	}
}

// TestObjects: whatever can lie in a zone. Only a regular file gives bytes; nothing is followed, and nothing waits.
func TestObjects(t *testing.T) {
	dir, root := tree(t)
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, makeFile(secret, "not shared"), os.Mkdir(dir+"/sub", 0o750), makeFile(dir+"/sub/file", "content"), makeFile(dir+"/file", "content"),
		os.Link(dir+"/file", dir+"/hard"), unix.Mkfifo(dir+"/fifo", 0o640), makeFile(dir+"/empty", ""))
	for name, to := range map[string]string{
		"absolute": secret, "inside": "file", "folder": "sub", "up": "..", "here": ".", "self": "self", "dangling": "nothing", "root": "/proc/self/root",
		"through": "sub/../file", "etc": "/etc", "descriptor": "/proc/self/fd/0", "chain": "inside",
	} {
		must(t, os.Symlink(to, dir+"/"+name))
	}
	long := strings.Repeat("n", 256)
	type row struct {
		path string
		kind string // when reached
		err  error  // of Open, or of OpenFile
	}
	rows := []row{
		{"file", "file", nil}, {"sub/file", "file", nil}, {"hard", "file", nil}, {"empty", "file", nil},
		{"sub", "dir", unix.EPERM}, {"fifo", "other", unix.EPERM},
		{"absolute", "other", unix.EPERM}, {"inside", "other", unix.EPERM}, {"folder", "other", unix.EPERM}, {"self", "other", unix.EPERM},
		{"dangling", "other", unix.EPERM}, {"root", "other", unix.EPERM}, {"descriptor", "other", unix.EPERM}, {"chain", "other", unix.EPERM},
		{"folder/file", "", unix.ELOOP}, {"up/x", "", unix.ELOOP}, {"here/file", "", unix.ELOOP}, {"etc/passwd", "", unix.ELOOP}, {"root/etc/passwd", "", unix.ELOOP},
		{"self/x", "", unix.ELOOP}, {"dangling/x", "", unix.ELOOP}, {"sub/nothing", "", unix.ENOENT}, {"nothing/x", "", unix.ENOENT},
		{"file/x", "", unix.ENOTDIR}, {"fifo/x", "", unix.ENOTDIR}, {"..", "", unix.EXDEV}, {"../" + filepath.Base(dir), "", unix.EXDEV}, {"sub/../..", "", unix.EXDEV},
		{long, "", unix.ENAMETOOLONG}, {long + "/x", "", unix.ENAMETOOLONG}, {strings.Repeat("m", 5000), "", unix.ENAMETOOLONG},
	}
	if socket, err := net.Listen("unix", dir+"/socket"); err == nil { // the path may be too long for one
		defer socket.Close()
		rows = append(rows, row{"socket", "other", unix.EPERM})
	}
	if unix.Mknod(dir+"/device", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))) == nil { // root's privilege
		rows = append(rows, row{"device", "other", unix.EPERM})
	}
	for _, row := range rows {
		within(t, func() {
			kind, content, err := readObject(root, strings.Split(row.path, "/"))
			if kind != row.kind || !errors.Is(err, row.err) || err == nil && content != "content" && row.path != "empty" {
				t.Errorf("%.80s: %q %q %v", row.path, kind, content, err)
			}
		})
	}
}

func readObject(root *Object, names []string) (kind, content string, err error) {
	o, err := root.Open(names)
	if err != nil {
		return "", "", err
	}
	defer o.Close()
	f, err := o.OpenFile()
	if err != nil {
		return o.Kind(), "", err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	return o.Kind(), string(b), err
}

// TestObjectsKeepTheirInode: what was looked at is what is opened, whatever gets its name meanwhile.
func TestObjectsKeepTheirInode(t *testing.T) {
	dir, root := tree(t)
	must(t, makeFile(dir+"/file", "first"))
	o, err := root.Open([]string{"file"})
	must(t, err)
	defer o.Close()
	must(t, os.Rename(dir+"/file", dir+"/moved"), unix.Mkfifo(dir+"/file", 0o600))
	within(t, func() {
		f, err := o.OpenFile()
		must(t, err)
		defer f.Close()
		if b, _ := io.ReadAll(f); string(b) != "first" {
			t.Errorf("%q", b)
		}
	})
	must(t, os.Remove(dir+"/moved"))
	if f, err := o.OpenFile(); err == nil { // a file that was removed is still this one, as for any program that has it open
		f.Close()
	} else if !errors.Is(err, unix.ENOENT) {
		t.Error(err)
	}
}

// TestObjectsUnderLease: another program holds the file for itself (Samba does); one is told so and does not wait.
func TestObjectsUnderLease(t *testing.T) {
	dir, root := tree(t)
	must(t, makeFile(dir+"/file", "content"))
	holder, err := os.OpenFile(dir+"/file", os.O_RDWR, 0)
	must(t, err)
	defer holder.Close()
	if _, err := unix.FcntlInt(holder.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Skip("no leases here:", err)
	}
	defer unix.FcntlInt(holder.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
	within(t, func() {
		if _, _, err := readObject(root, []string{"file"}); !errors.Is(err, unix.EAGAIN) {
			t.Error(err)
		}
	})
}

// TestDeep: a tree deeper than any path that the kernel takes.
func TestDeep(t *testing.T) {
	dir, root := tree(t)
	const levels = 1000
	var names []string
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0)
	must(t, err)
	for i := range levels {
		name := strings.Repeat("d", 20+i%7)
		must(t, unix.Mkdirat(fd, name, 0o700))
		next, err := unix.Openat(fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		must(t, err)
		unix.Close(fd)
		fd, names = next, append(names, name)
	}
	must(t, unix.Symlinkat("..", fd, "up"))
	deep, err := newObject(fd)
	must(t, err)
	defer deep.Close()
	upload, err := deep.Create("file", 7, ExistsFail, Reserve{})
	must(t, err)
	defer upload.Abort()
	upload.File().WriteString("content")
	if _, _, err := upload.Commit(); err != nil {
		t.Fatal(err)
	}
	if kind, content, err := readObject(root, append(names, "file")); kind != "file" || content != "content" || err != nil {
		t.Errorf("%q %q %v", kind, content, err)
	}
	if _, _, err := readObject(root, append(names, "up", "x")); !errors.Is(err, unix.ELOOP) && !errors.Is(err, unix.ENOTDIR) {
		t.Error("a link at the deepest level:", err)
	}
	if _, _, err := readObject(root, append(names[:500:500], "nothing")); !errors.Is(err, unix.ENOENT) {
		t.Error(err)
	}
	for count, n := descriptors(t), 0; n < 3; n++ {
		readObject(root, append(names, "nothing"))
		if now := descriptors(t); now != count {
			t.Fatalf("%d descriptors, before %d", now, count)
		}
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(entries)
}

// TestNames: a name is bytes, whatever they are, and each is another file.
func TestNames(t *testing.T) {
	dir, root := tree(t)
	names := []string{"caf\xe9", "e\u0301", "\u00e9", "A", "a", "\u202e", "\xff\xfe", "-rf", " ", "a\nb", strings.Repeat("x", 255), "%2e%2e", "..."}
	for b := 1; b < 256; b++ {
		if b != '/' {
			names = append(names, "byte "+string([]byte{byte(b)}))
		}
	}
	for _, name := range names {
		must(t, makeFile(dir+"/"+name, name))
	}
	for _, name := range names {
		if _, content, err := readObject(root, []string{name}); err != nil || content != name {
			t.Errorf("%q: %q %v", name, content, err)
		}
	}
	entries, total, err := root.List(Order{By: "name"}, 0, 1000)
	if err != nil || total != len(names) || len(entries) != len(names) {
		t.Errorf("%d entries of %d, %v", len(entries), total, err)
	}
}

// TestAccess: what the kernel says, in words. No act depends on it.
func TestAccess(t *testing.T) {
	withoutPrivileges(t)
	dir, root := tree(t)
	must(t, os.Mkdir(dir+"/sub", 0o700), makeFile(dir+"/sub/file", "content"))
	for mode, want := range map[uint32]Access{
		0o700: Own, 0o500: Read, 0o300: Drop, 0o100: None, 0o000: None, 0o400: None, 0o600: None, 0o200: None,
	} {
		must(t, unix.Chmod(dir+"/sub", mode))
		sub := objectAt(t, dir+"/sub")
		if got := sub.Access(); got != want {
			t.Errorf("%04o: %s", mode, got)
		}
		_, _, listErr := sub.List(Order{By: "name"}, 0, 10)
		if (listErr == nil) != (mode&0o400 != 0) || listErr != nil && !errors.Is(listErr, unix.EACCES) {
			t.Errorf("%04o: listing: %v", mode, listErr)
		}
		_, _, readErr := readObject(root, []string{"sub", "file"})
		if (readErr == nil) != (mode&0o100 != 0) || readErr != nil && !errors.Is(readErr, unix.EACCES) {
			t.Errorf("%04o: reading: %v", mode, readErr)
		}
		upload, err := sub.Create("new", 0, ExistsFail, Reserve{})
		if (err == nil) != (mode&0o300 == 0o300) || err != nil && !errors.Is(err, unix.EACCES) {
			t.Errorf("%04o: creating: %v", mode, err)
		}
		if err == nil {
			upload.Abort()
		}
	}
	must(t, unix.Chmod(dir+"/sub", 0o700), unix.Chmod(dir+"/sub/file", 0o200))
	if kind, _, err := readObject(root, []string{"sub", "file"}); kind != "file" || !errors.Is(err, unix.EACCES) {
		t.Errorf("a file that one may not read: %q %v", kind, err)
	}
	if sticky := filepath.Join(os.Getenv(onFileSystem), "sticky"); objectAt(t, sticky).Access() != Write {
		t.Errorf("another's folder: %s", objectAt(t, sticky).Access())
	}
}

// TestOpenZone: what lies in the base and is no zone.
func TestOpenZone(t *testing.T) {
	if os.Getenv("SHZ_COPY") == "" || os.Geteuid() != 0 {
		t.Skip("works in the real base: run by test.sh in its copy of the machine")
	}
	at := func(name string) string { return layout.Base + "/" + name }
	must(t, os.Mkdir(at("zt-open"), 0o770), makeFile(at("zt-file"), ""), os.Symlink("zt-open", at("zt-link")), os.Symlink("/etc", at("zt-etc")),
		unix.Mkfifo(at("zt-fifo"), 0o600), os.Mkdir(at("ZT-CAPITALS"), 0o700), os.Mkdir(at(".shz-new-x"), 0o700))
	t.Cleanup(func() {
		for _, name := range []string{"zt-open", "zt-file", "zt-link", "zt-etc", "zt-fifo", "ZT-CAPITALS", ".shz-new-x"} {
			os.Remove(at(name))
		}
	})
	for name, want := range map[string]error{
		"zt-open": nil, "zt-file": unix.ENOTDIR, "zt-link": unix.ENOTDIR, "zt-etc": unix.ENOTDIR, "zt-fifo": unix.ENOTDIR, "zt-none": unix.ENOENT,
		"ZT-CAPITALS": unix.ENOENT, ".shz-new-x": unix.ENOENT, ".closed": unix.ENOENT, "..": unix.ENOENT, ".": unix.ENOENT, "": unix.ENOENT, "zt-open/": unix.ENOENT,
		"../srv/sharezone/zt-open": unix.ENOENT, "zt-open/..": unix.ENOENT, "zt-open\x00": unix.ENOENT,
	} {
		within(t, func() {
			o, err := OpenZone(name)
			if !errors.Is(err, want) && !(want == unix.ENOTDIR && errors.Is(err, unix.ELOOP)) {
				t.Errorf("%q: %v", name, err)
			}
			if err == nil {
				o.Close()
			}
		})
	}
}
