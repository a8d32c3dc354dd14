package hook

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// site is a folder with programs, by name.
func site(t *testing.T, programs map[string]string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("the programs must be root's")
	}
	folder := t.TempDir()
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// brought is a file without a name, as an upload has it.
func brought(t *testing.T, text string) *os.File {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err == nil {
		_, err = file.WriteString(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func TestJudge(t *testing.T) {
	signal.Ignore(syscall.SIGTERM, syscall.SIGPIPE) // as who judges does
	defer signal.Reset(syscall.SIGTERM, syscall.SIGPIPE)
	for name, row := range map[string]struct {
		programs map[string]string
		want     error
	}{
		"nobody":                    {nil, nil},
		"content":                   {map[string]string{"a": `test "$(cat)" = content`}, nil},
		"each reads from the start": {map[string]string{"a": "cat >/dev/null", "b": `test "$(cat)" = content`}, nil},
		"refused":                   {map[string]string{"a": "exit 1"}, ErrRefused},
		"refused by the second":     {map[string]string{"a": "exit 0", "b": "exit 99"}, ErrRefused},
		"later":                     {map[string]string{"a": "exit 75"}, ErrUndecided},
		"killed":                    {map[string]string{"a": "kill -9 $$"}, ErrRefused},
		"facts":                     {map[string]string{"a": `test "$SHZ_USER/$SHZ_ZONE/$SHZ_PATH/$SHZ_ENTRY/$SHZ_REQUEST" = 'anna/demo/a/$(id) b/internal/77' && test $# = 0 && test "$HOME" = ""`}, nil},
		"no leftovers":              {map[string]string{"a.bak": "exit 1", "a~": "exit 1", ".a": "exit 1", "a.dpkg-old": "exit 1"}, nil},
		"leaves something":          {map[string]string{"a": "sleep 5 & exit 0"}, nil},
		"told to end":               {map[string]string{"a": "kill -TERM $$; exit 0"}, ErrRefused},
		"nobody reads it":           {map[string]string{"a": "kill -PIPE $$; exit 0"}, ErrRefused},
		"slow":                      {map[string]string{"a": "sleep 60 & sleep 60"}, ErrSlow},
	} {
		t.Run(name, func(t *testing.T) {
			limit := 20 * time.Second
			if row.want == ErrSlow {
				limit = 200 * time.Millisecond
			}
			file := brought(t, "content")
			err := Judge(site(t, row.programs), file, Facts{"anna", "demo", "a/$(id) b", "internal", "77"}, limit)
			if !errors.Is(err, row.want) || row.want == nil && err != nil {
				t.Errorf("%v, not %v", err, row.want)
			}
			if at, _ := file.Seek(0, io.SeekCurrent); row.want == nil && len(row.programs) > 0 && at != 7 {
				t.Errorf("left at %d", at)
			}
		})
	}
	if err := Judge("/nonexistent/pre_upload.d", nil, Facts{}, time.Second); err != nil {
		t.Error(err)
	}
	err := Judge(site(t, map[string]string{"a": `echo "found: Eicar" >&2; exit 1`}), brought(t, ""), Facts{}, 20*time.Second)
	if !strings.Contains(err.Error(), "found: Eicar") {
		t.Errorf("what it complains of is lost: %v", err)
	}
}

// TestUnsafe: what another could have put there ends the upload, and is not run.
func TestUnsafe(t *testing.T) {
	for name, spoil := range map[string]func(folder string) error{
		"another's folder":  func(folder string) error { return os.Chown(folder, 4242, 0) },
		"open folder":       func(folder string) error { return os.Chmod(folder, 0o775) },
		"another's program": func(folder string) error { return os.Chown(folder+"/a", 4242, 0) },
		"open program":      func(folder string) error { return os.Chmod(folder+"/a", 0o757) },
		"link":              func(folder string) error { return os.Symlink("/bin/true", folder+"/b") },
		"folder in it":      func(folder string) error { return os.Mkdir(folder+"/b", 0o755) },
		"not a program":     func(folder string) error { return os.Chmod(folder+"/a", 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := site(t, map[string]string{"a": "exit 0"})
			if err := spoil(folder); err != nil {
				t.Fatal(err)
			}
			if err := Judge(folder, brought(t, ""), Facts{}, 20*time.Second); err == nil || errors.Is(err, ErrRefused) || errors.Is(err, ErrSlow) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestOutlived: who judges is killed; the program that nobody can stop for being slow any more ends too.
func TestOutlived(t *testing.T) {
	if folder := os.Getenv("HOOK_TEST_FOLDER"); folder != "" {
		Judge(folder, brought(t, ""), Facts{Path: folder + "/pid"}, time.Minute)
		return
	}
	folder := site(t, map[string]string{"a": `echo $$ >"$SHZ_PATH~" && mv "$SHZ_PATH~" "$SHZ_PATH" && exec sleep 60`})
	judging := exec.Command(os.Args[0], "-test.run=^TestOutlived$")
	judging.Env = append(os.Environ(), "HOOK_TEST_FOLDER="+folder)
	if err := judging.Start(); err != nil {
		t.Fatal(err)
	}
	program := 0
	for end := time.Now().Add(30 * time.Second); program == 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if b, err := os.ReadFile(folder + "/pid"); err == nil {
			program, _ = strconv.Atoi(strings.TrimSpace(string(b)))
		}
	}
	judging.Process.Kill()
	judging.Wait()
	if program == 0 {
		t.Fatal("the program did not begin")
	}
	for end := time.Now().Add(20 * time.Second); syscall.Kill(program, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			syscall.Kill(program, syscall.SIGKILL)
			t.Fatal("the program goes on")
		}
	}
}

// TestLimits: who is told has so much of everything, and so has what it starts. It waits until the limits are there, which are set just
// after it has begun.
func TestLimits(t *testing.T) {
	out := t.TempDir() + "/out"
	const wait = `n=0; while [ "$(ulimit -t)" != 20 ] || [ "$(ulimit -d)" != 65536 ] || [ "$(ulimit -c)" != 0 ] || [ "$(ulimit -n)" != 256 ]; do n=$((n + 1)); [ $n = 1000 ] && break; sleep 0.01; done; `
	folder := site(t, map[string]string{
		"a": wait + `(echo $(ulimit -t) $(ulimit -d) $(ulimit -n) $(ulimit -c) $(grep -c "Max processes  *256 " /proc/self/limits)) >"$1"`,
		"b": wait + `head -c 300000000 /dev/zero | tail -n 1 >/dev/null`, // tail keeps the line in memory
		"c": `echo $(ulimit -t) >"$1"`,
	})
	tell := func(program string, limits Limits) error {
		return Tell(folder+"/"+program, []string{out}, nil, Facts{}, limits)
	}
	bounded := Limits{Time: 20 * time.Second, Memory: 64 << 20}
	if err := tell("a", bounded); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(out); string(b) != "20 65536 256 0 1\n" {
		t.Errorf("%q", b)
	}
	if err := tell("b", bounded); !errors.Is(err, ErrRefused) {
		t.Errorf("300 MB in 64 MiB: %v", err)
	}
	if err := tell("c", Limits{Time: 20 * time.Second}); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(out); string(b) == "20\n" {
		t.Error("who judges is bounded")
	}
}
