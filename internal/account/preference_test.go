package account

import (
	"os"
	"strings"
	"testing"
	"time"

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

// TestShut: what pam_faillock(8) counts shuts an account for as long as faillock.conf(5) says.
func TestShut(t *testing.T) {
	now := time.Unix(10_000, 0)
	for conf, want := range map[string]int64{
		"deny = 3 # so many\nfail_interval = 900\nunlock_time = 900\n": 10_800, "deny = 4\n": 0, "deny=3\nunlock_time=50": 0, "": 10_500,
		"deny = 3\nunlock_time = never\n": 9_900 + forever, "deny = 3\nfail_interval = 60\n": 0, "deny = 0\n": 0,
	} {
		got := parseFaillock([]byte(conf)).shut([]int64{9_700, 9_900, 9_800}, now)
		if want == 0 && !got.IsZero() || want != 0 && got.Unix() != want {
			t.Errorf("%q: %v, not %d", conf, got, want)
		}
	}
}

// TestMustChange: a password is to be changed that was given, or is too old.
func TestMustChange(t *testing.T) {
	names, _ := fakeNames(t, nil)
	for line, want := range map[string]bool{"20000:0:90:7:::": true, "20000:0:99999:7:::": false, "0:0:90:7:::": true, "20700:0:90:7:::": false, "20689:0:90:7:::": true, "::::::": false} {
		shadow := Shadow{entries: parseShadow([]byte("anna:$y$x:" + line + "\n"))}
		u, found := names.FindUser("anna", shadow, time.Unix(20780*24*60*60, 0))
		if !found || *u.MustChange != want {
			t.Errorf("%s: %+v", line, u)
		}
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
