package test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFormsAreTold: the field that names the user is put after `<form method="post"` (internal/web/made.go), so that is how all forms begin that
// change something.
func TestFormsAreTold(t *testing.T) {
	form, seen := regexp.MustCompile(`(?i)<form[\s>]`), 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".templ") {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, at := range form.FindAllIndex(b, -1) {
			seen++
			rest := string(b[at[0]:])
			if !strings.HasPrefix(rest, `<form method="post"`) && !strings.HasPrefix(rest, `<form method="get"`) {
				t.Errorf("%s: %.60q", path, rest)
			}
		}
		return nil
	})
	if err != nil || seen < 30 {
		t.Fatalf("%d forms: %v", seen, err)
	}
}
