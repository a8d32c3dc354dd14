package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// newFile is an event file as the gate makes it: for appending, with the gate's line in it.
func newFile(t *testing.T, dir string) *File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "event"), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o640)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteString("{\"version\":1}\n"); err != nil {
		t.Fatal(err)
	}
	return &File{f: f}
}

// linesOf are the lines after the gate's; each must be JSON that stands on its line alone.
func linesOf(t *testing.T, f *File) []string {
	t.Helper()
	b, err := os.ReadFile(f.f.Name())
	if err != nil {
		t.Fatal(err)
	}
	text, whole := strings.CutSuffix(string(b), "\n")
	if !whole || !utf8.Valid(b) {
		t.Errorf("the file ends within a line, or is no UTF-8: %q", b)
	}
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %q", line)
		}
	}
	return lines[1:]
}

func TestLines(t *testing.T) {
	f := newFile(t, t.TempDir())
	upload, err1 := f.Begin("upload", "a/b.pdf")
	second, err2 := f.Begin("upload", "caf\xe9/\xff.txt")
	login, err3 := f.BeginFor("login", "anna")
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	upload.End("ok", 12, "")
	second.End("ok", 0, "caf\xe9/\xff 2.txt")
	login.End("refused", -1, "")
	want := strings.Join([]string{
		`{"n":1,"event":"upload","path":"a/b.pdf"}`,
		`{"n":2,"event":"upload","path":"caf\ufffd/\ufffd.txt","raw":"caf%E9/%FF.txt"}`,
		`{"n":3,"event":"login","user":"anna"}`,
		`{"n":1,"result":"ok","bytes":12}`,
		`{"n":2,"result":"ok","path":"caf\ufffd/\ufffd 2.txt","raw":"caf%E9/%FF%202.txt","bytes":0}`,
		`{"n":3,"result":"refused"}`,
	}, "\n")
	if got := strings.Join(linesOf(t, f), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestHostileNames: no name brings a line, a key or an end of its own, and each can be read back.
func TestHostileNames(t *testing.T) {
	f := newFile(t, t.TempDir())
	names := []string{
		"a\nb", "a\r\n{\"n\":1,\"result\":\"ok\"}", `"`, `\`, `\u0022`, `","event":"delete`, "\x00", "\x1b[2J", "\u2028\u2029", "\u202e",
		"<script>", "%0A", "%", "\ufffd", "\xc3", "\xed\xa0\x80", strings.Repeat("\xff", 255), strings.Repeat("x/", 2000) + "x", "$(id)", "",
	}
	for _, name := range names {
		act, err := f.Begin("upload", name)
		if err != nil {
			t.Fatal(err)
		}
		act.End("ok", 1, name)
	}
	lines := linesOf(t, f)
	if len(lines) != 2*len(names) {
		t.Fatalf("%d lines of %d acts", len(lines), len(names))
	}
	for i, line := range lines {
		var got struct {
			N                        int
			Event, Result, Path, Raw string
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil || got.N != i/2+1 || (got.Event == "upload") != (i%2 == 0) || (got.Result == "ok") != (i%2 == 1) {
			t.Errorf("%v: %s", err, line)
		}
		name := names[i/2]
		if got.Path != strings.ToValidUTF8(name, "\ufffd") && utf8.ValidString(name) {
			t.Errorf("%q became %q", name, got.Path)
		}
		if back, err := unescape(got.Raw); (got.Raw == "") != utf8.ValidString(name) || got.Raw != "" && (err != nil || back != name) {
			t.Errorf("%q: raw %q", name, got.Raw)
		}
	}
}

func unescape(raw string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '%' {
			b.WriteByte(raw[i])
			continue
		}
		n, err := strconv.ParseUint(raw[i+1:i+3], 16, 8)
		if err != nil {
			return "", err
		}
		b.WriteByte(byte(n))
		i += 2
	}
	return b.String(), nil
}

// TestNothingToTell: a request without an event file records nothing, and asks nobody whether there is one.
func TestNothingToTell(t *testing.T) {
	for _, value := range []string{"", "-1", "0", "1", "2", "x", "3x", "+", "99999999999999999999"} {
		t.Setenv("SHZ_EVENT_FD", value)
		if f := Open(); f != nil {
			t.Errorf("%q opens %v", value, f.f.Fd())
		}
	}
	var f *File
	act, err := f.Begin("upload", "a")
	if act != nil || err != nil {
		t.Fatal(act, err)
	}
	act.End("ok", 1, "")
	if act, err = f.BeginFor("login", "anna"); act != nil || err != nil {
		t.Fatal(act, err)
	}
}

// TestOpen: the descriptor of the gate is taken over, and no program that the handler starts gets it.
func TestOpen(t *testing.T) {
	name := newFile(t, t.TempDir()).f.Name()
	fd, err := unix.Open(name, unix.O_WRONLY|unix.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SHZ_EVENT_FD", strconv.Itoa(fd))
	f := Open()
	if f == nil {
		t.Fatal("not opened")
	}
	defer f.f.Close()
	if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Error("programs that the handler starts would inherit it", err)
	}
	if _, err := f.Begin("upload", "a"); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(name); !strings.HasSuffix(string(b), "{\"n\":1,\"event\":\"upload\",\"path\":\"a\"}\n") {
		t.Errorf("%q", b)
	}
}

// TestNotOpen: a descriptor that is none must not let the act begin unrecorded.
func TestNotOpen(t *testing.T) {
	t.Setenv("SHZ_EVENT_FD", "1000")
	if act, err := Open().Begin("upload", "a"); err == nil || act != nil {
		t.Error("begun without a file", act)
	}
}

// TestLineThatDoesNotFit: the file may not grow. What does not fit leaves nothing behind, so that lines stay lines, and
// has no act that could end.
func TestLineThatDoesNotFit(t *testing.T) {
	f := newFile(t, t.TempDir())
	first, err := f.Begin("upload", "a")
	if err != nil {
		t.Fatal(err)
	}
	before := len(linesOf(t, f))
	limitFileSize(t, 200)
	if act, err := f.Begin("upload", strings.Repeat("x", 300)); !errors.Is(err, unix.EFBIG) || act != nil {
		t.Errorf("%v %v", act, err)
	}
	if after := len(linesOf(t, f)); after != before {
		t.Errorf("%d lines more", after-before)
	}
	first.End("ok", 1, "")
	if lines := linesOf(t, f); lines[len(lines)-1] != `{"n":1,"result":"ok","bytes":1}` {
		t.Errorf("%q", lines)
	}
}

// limitFileSize lets every file of this process end at size, until the test ends.
func limitFileSize(t *testing.T, size uint64) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(unix.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Setrlimit(unix.RLIMIT_FSIZE, &before) })
}

// inNamespace is set for the process that sees the small file system.
const inNamespace = "SHZ_TEST_EVENT_SPACE"

// TestTooMuch: what a request would tell beyond the bound is refused whole; what it has begun gets its name, and is told to its end.
func TestTooMuch(t *testing.T) {
	f := newFile(t, t.TempDir())
	path := strings.Repeat("x", 1<<20)
	var acts []*Act
	for {
		act, err := f.BeginBringing("upload", path, "1-2")
		if errors.Is(err, unix.EFBIG) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		acts = append(acts, act)
		if len(acts) > 2*maxSize>>20 {
			t.Fatal("there is no bound")
		}
	}
	before := f.size
	if _, err := f.BeginEach("delete", []string{path, "short"}); !errors.Is(err, unix.EFBIG) || f.size != before {
		t.Errorf("%v, %d bytes more", err, f.size-before)
	}
	if _, err := f.Begin("delete", strings.Repeat("x", int(maxSize-f.size)-100)); err != nil { // there is no room for one name more
		t.Fatal(err)
	}
	if err := acts[0].Name(strings.Repeat("x", 200)); err != nil {
		t.Errorf("what has begun gets no name: %v", err)
	}
	for _, act := range acts {
		act.End("ok", 1, "")
	}
	if st, err := f.f.Stat(); err != nil || f.Lost() != nil || st.Size() != f.size || st.Size() > maxSize+1<<20 {
		t.Errorf("%v, %v, %d bytes", err, f.Lost(), st.Size())
	}
}

// TestSpace: on a full disk no act begins, and one that has begun has room to say how it ended. It runs itself again in
// a mount namespace that ends with it.
func TestSpace(t *testing.T) {
	if dir := os.Getenv(inNamespace); dir != "" {
		onFullDisk(t, dir)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	for _, fs := range []string{"mount -t tmpfs -o size=64k tmpfs /mnt", "mkfs.ext4 -q -m 0 -b 1024 $1/img 256k && mount -o loop $1/img /mnt"} {
		t.Run(strings.Fields(fs)[0], func(t *testing.T) {
			script := "set -e; { " + fs + "; } || exit 77; shift; exec \"$@\""
			cmd := exec.Command("unshare", "-m", "sh", "-c", script, "sh", t.TempDir(), os.Args[0], "-test.run", "^TestSpace$", "-test.v")
			cmd.Env = append(os.Environ(), inNamespace+"=/mnt")
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() == 77 {
				t.Skipf("no such file system here: %s", out)
			}
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func onFullDisk(t *testing.T, dir string) {
	begun, after := newFile(t, dir), newFile(t, subfolder(t, dir, "after"))
	act, err := begun.Begin("upload", "a")
	if err != nil {
		t.Fatal(err)
	}
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	for size := 4096; size >= 1; size /= 2 {
		for _, err := filler.Write(make([]byte, size)); err == nil; _, err = filler.Write(make([]byte, size)) {
		}
	}
	filler.Sync()
	if refused, err := after.Begin("upload", "a"); !errors.Is(err, unix.ENOSPC) || refused != nil {
		t.Errorf("begun on a full disk: %v", err)
	}
	for i := range 20 { // the further files of the same form
		if _, err := begun.Begin("upload", fmt.Sprint("b", i)); err != nil {
			t.Errorf("further act: %v", err)
		}
	}
	act.End("no-space", -1, "")
	lines := linesOf(t, begun)
	if last := lines[len(lines)-1]; last != `{"n":1,"result":"no-space"}` {
		t.Errorf("the last line is %s", last)
	}
	// A form with hundreds of files on a full disk: what begins can end, and what could not end does not begin.
	var open []*Act
	for i := range 1000 {
		act, err := begun.Begin("upload", fmt.Sprint("c", i))
		if err != nil {
			if !errors.Is(err, unix.ENOSPC) {
				t.Error(err)
			}
			break
		}
		if i%2 == 0 {
			open = append(open, act)
		} else if act.End("ok", 1<<40, ""); begun.Lost() != nil {
			t.Fatalf("after %d acts: %v", i, begun.Lost())
		}
	}
	if len(open) == 500 {
		t.Error("the disk is not full")
	}
	for _, act := range open {
		act.End("ok", 1<<40, "")
	}
	if begun.Lost() != nil {
		t.Errorf("%d ends at last: %v", len(open), begun.Lost())
	}
}

func subfolder(t *testing.T, dir, name string) string {
	t.Helper()
	made := filepath.Join(dir, name)
	if err := os.Mkdir(made, 0o700); err != nil {
		t.Fatal(err)
	}
	return made
}
