package account

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/text"
)

// TestReadPreferences: a file that its owner spoilt is no choice, and no error that would keep a mail from him.
func TestReadPreferences(t *testing.T) {
	dir, own := t.TempDir(), uint32(os.Getuid())
	name := dir + "/file"
	for content, want := range map[string]text.Language{
		`{"language":"en"}`: "en", `{"language":"it"}` + "\n": "it", `{"language":""}`: "", `{}`: "", `{"language":"en","later":[1]}`: "en",
		``: "", `null`: "", `[]`: "", `{"language":`: "", `{"language":"fr"}`: "", `{"language":7}`: "", `{"language":"en\r\nBcc: x"}`: "", `{"language":"en"}x`: "",
		`{"language":"en","x":"` + strings.Repeat("x", maxPreferences) + `"}`: "", strings.Repeat("[", 60<<10): "", "\x00\xff": "",
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := readPreferences(name, own); err != nil || p.Language != want {
			t.Errorf("%.60q: %q %v", content, p.Language, err)
		}
	}
	right := dir + "/right"
	if err := os.WriteFile(right, []byte(`{"language":"en"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, make := range map[string]func() error{
		"link": func() error { return os.Symlink(right, dir+"/link") }, "pipe": func() error { return unix.Mkfifo(dir+"/pipe", 0o600) },
		"folder": func() error { return os.Mkdir(dir+"/folder", 0o700) }, "none": func() error { return nil },
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		if p, err := readPreferences(dir+"/"+what, own); err != nil || p.Language != "" {
			t.Errorf("%s: %q %v", what, p.Language, err)
		}
	}
	if p, err := readPreferences(right, own+1); err != nil || p.Language != "" {
		t.Errorf("another's: %q %v", p.Language, err)
	}
	if p, err := readPreferences(right, own); err != nil || p.Language != "en" {
		t.Errorf("one's own: %q %v", p.Language, err)
	}
}

func TestPasswordDays(t *testing.T) {
	shadow := Shadow{entries: parseShadow([]byte("kept:$y$x:20000:0:99999:7:::\ndue:$y$x:20000:0:90:7:::\nforced:$y$x:0:0:99999:7:::\nunsaid:$y$x:::::::\n"))}
	for name, want := range map[string][2]string{
		"kept": {"2024-10-04", ""}, "due": {"2024-10-04", "2025-01-03"}, "forced": {"", ""}, "unsaid": {"", ""}, "nobody": {"", ""},
	} {
		set, due := shadow.PasswordDays(name)
		if said(set) != want[0] || said(due) != want[1] {
			t.Errorf("%s: set %q, due %q", name, said(set), said(due))
		}
	}
}
