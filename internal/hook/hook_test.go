package hook

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
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
	for name, row := range map[string]struct {
		programs map[string]string
		want     error
	}{
		"nobody":                    {nil, nil},
		"content":                   {map[string]string{"a": `test "$(cat)" = content`}, nil},
		"each reads from the start": {map[string]string{"a": "cat >/dev/null", "b": `test "$(cat)" = content`}, nil},
		"refused":                   {map[string]string{"a": "exit 1"}, ErrRefused},
		"refused by the second":     {map[string]string{"a": "exit 0", "b": "exit 99"}, ErrRefused},
		"killed":                    {map[string]string{"a": "kill -9 $$"}, ErrRefused},
		"facts":                     {map[string]string{"a": `test "$SHZ_USER/$SHZ_ZONE/$SHZ_PATH/$SHZ_ENTRY/$SHZ_REQUEST" = 'anna/demo/a/$(id) b/internal/77' && test $# = 0 && test "$HOME" = ""`}, nil},
		"no leftovers":              {map[string]string{"a.bak": "exit 1", "a~": "exit 1", ".a": "exit 1", "a.dpkg-old": "exit 1"}, nil},
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
