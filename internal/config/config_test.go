package config

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParse(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"section misspelt", "[login]\n\n[sesions]\nidle_minutes = 5\n", "FILE:3: there is no setting sesions"},
		{"setting misspelt", "[sessions]\nidle = 5\n", "FILE:2: there is no setting sessions.idle"},
		{"capitals", "[sessions]\nIdle_Minutes = 5\n", "FILE:2: there is no setting sessions.Idle_Minutes"},
		{"in the wrong section", "[login]\nidle_minutes = 5\n", "FILE:2: there is no setting login.idle_minutes"},
		{"in no section", "# x\nidle_minutes = 5\n", "FILE:2: there is no setting idle_minutes"},
		{"section twice", "[login]\nslots = 4\n[login]\n", "FILE:3: Key 'login' has already been defined."},
		{"setting twice", "[login]\nslots = 4\nslots = 4\n", "FILE:3: Key 'login.slots' has already been defined."},
		{"list of sections", "\n[[login]]\nslots = 4\n", "FILE:2: there is no setting login"},
		{"section below a section", "[login.more]\nslots = 4\n", "FILE:1: there is no setting login.more"},
		{"setting as a section", "[login]\n[login.slots]\nx = 1\n", "FILE:2: login.slots must be a whole number from 1 to 64"},
		{"section as a setting", "login = 4\n", "FILE:1: there is no setting login"},
		{"text", "[login]\nslots = \"4\"\n", "FILE:2: login.slots must be a whole number from 1 to 64"},
		{"fraction", "[login]\nslots = 4.0\n", "FILE:2: login.slots must be a whole number from 1 to 64"},
		{"number for a text", "[cleaner]\nwarn_days = 7\n", "FILE:2: cleaner.warn_days must be days from 366 to 0, each less than the one before"},
		{"no such days", "[cleaner]\nwarn_days = \"3 7\"\n", "FILE:2: cleaner.warn_days must be days from 366 to 0, each less than the one before"},
		{"a schedule that panics", "[cleaner]\nzones_schedule = \"TZ=0\"\n",
			"FILE:2: cleaner.zones_schedule must be minute, hour, day, month and day of the week as in crontab(5)"},
		{"truth", "[login]\nslots = true\n", "FILE:2: login.slots must be a whole number from 1 to 64"},
		{"date", "[login]\nslots = 2026-11-22\n", "FILE:2: login.slots must be a whole number from 1 to 64"},
		{"list", "[login]\nslots = [\n4]\n", "FILE:2: login.slots must be a whole number from 1 to 64"},
		{"too little", "[login]\nslots = 0\n", "FILE:2: login.slots must be a whole number from 1 to 64"},
		{"negative", "[uploads]\nkeep_free_mib = -1\n", "FILE:2: uploads.keep_free_mib must be a whole number from 0 to 1073741824"},
		{"too much", "[login]\nslots = 65\n", "FILE:2: login.slots must be a whole number from 1 to 64"},
		{"huge", "[login]\nslots = 99999999999999999999\n", "FILE:2: 99999999999999999999 is out of range for int64"},
		{"the first of two", "[login]\nslots = 65\nwait = 1\n", "FILE:2: login.slots must be a whole number from 1 to 64"},
		{"the second of two", "[login]\nslots = 64\nwait = 1\n", "FILE:3: there is no setting login.wait"},
		{"no value", "[login]\nslots =\n", "FILE:2: expected value but found '\\n' instead"},
		{"shell", "slots=$(id)\n", "FILE:1: expected value but found '$' instead"},
		{"not UTF-8", "[login]\n# caff\xe9\nslots = 4\n", "FILE:2: invalid UTF-8 byte: 0xe9"},
		{"section's name in quotes", "[\"entries.external\"]\nidle_minutes = 4\n", "FILE:1: there is no setting \"entries.external\""},
		{"no such entry", "[entries.extern]\nidle_minutes = 4\n", "FILE:1: there is no setting entries.extern"},
		{"below the entries", "[entries]\nidle_minutes = 4\n", "FILE:2: there is no setting entries.idle_minutes"},
		{"entry as a setting", "[entries]\nexternal = 4\n", "FILE:2: there is no setting entries.external"},
		{"entries as a list", "[[entries]]\n", "FILE:1: there is no setting entries"},
		{"component", "[entries.external]\ncomponents = \"home ../gate\"\n",
			"FILE:2: entries.external.components must be \"*\" for all, or names below /cgi-bin/ with blanks between them"},
		{"service", "entries.external.pam_service = \"../shadow\"\n", "FILE:1: entries.external.pam_service must be small letters, digits, _ and -"},
		{"outside in the clear", "[entries.external]\npublic_url = \"http://share.example.com\"\n",
			"FILE:2: entries.external.public_url must be https, ://, a host and perhaps a port, as in \"https://share.example.com\"; or nothing"},
		{"empty name", "[login]\n\"\" = 4\n", "FILE:2: there is no setting login"}, // the parser takes the section for it
		{"control characters in a name", "\"a\\nb\\u001b[31m\" = 4\n", "FILE:1: there is no setting \"a\\nb\\u001b[31m\""},
	} {
		s, err := parse(row.text)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v, %+v", row.name, err, s)
			continue
		}
		if e.Path = "FILE"; e.Error() != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.name, e, row.want)
		}
		if s != (Settings{}) {
			t.Errorf("%s: refused, and yet %+v", row.name, s)
		}
	}
}

func TestParseForms(t *testing.T) {
	want := Default()
	want.Session.Idle, want.Login.Slots = 5*time.Minute, 64
	for _, text := range []string{
		"[sessions]\nidle_minutes = 5\n[login]\nslots = 64",
		"[sessions]\r\nidle_minutes = 5\r\n[login]\r\nslots = 64\r\n",
		"sessions.idle_minutes = 5\nlogin.slots = 0x40\n",
		"login = { slots = 6_4 }\nsessions = { idle_minutes = 5 }\n",
		"[entries.internal]\n[entries]\n[sessions]\nidle_minutes = 5\n[login]\nslots = 64\n",
		"\ufeff[login]\nslots = 64 # as many as the machine bears\n\n[zones]\n[sessions]\nidle_minutes = 5\n",
	} {
		if s, err := parse(text); err != nil || s != want {
			t.Errorf("%q: %v %+v", text, err, s)
		}
	}
}

// TestEachSetting: both limits of each are accepted, each changes something, and no two change the same.
func TestEachSetting(t *testing.T) {
	seen := map[Settings]string{Default(): "the default"}
	for _, row := range table {
		name := row.section + "." + row.name
		if row.text != nil {
			s := Default()
			row.text.apply(&s, row.text.fallback+" ")
			if other, taken := seen[s]; taken || !row.text.check(row.text.fallback) || row.text.check("\x00") {
				t.Errorf("%s: the default is not allowed, or a NUL is, or it does the same as %q", name, other)
			}
			seen[s] = name
			continue
		}
		if row.fallback < row.least || row.fallback > row.most {
			t.Errorf("%s: the default is not allowed", name)
		}
		for _, n := range []int64{row.least, row.most} {
			if n == row.fallback {
				continue
			}
			s := Default()
			row.apply(&s, n)
			if other, taken := seen[s]; taken {
				t.Errorf("%s = %d does the same as %s", name, n, other)
			}
			seen[s] = name
		}
	}
}

// TestTexts: what is refused as a text, and what is told of it.
func TestTexts(t *testing.T) {
	for _, row := range []struct{ name, value string }{
		{"mail.host", "25"}, {"mail.host", `"a b"`}, {"mail.host", `"-a"`}, {"mail.host", `"a\nb"`}, {"mail.host", `["a"]`},
		{"mail.tls", `"Auto"`}, {"mail.tls", `""`}, {"mail.user", `"a\u0000"`}, {"mail.from", `"A <a@b>"`}, {"mail.from", `"a@b\r\nBcc: c@d"`},
		{"mail.domain", `"a@b"`},
		{"notices.tell", `"download,upload"`}, {"notices.language", `"de"`},
	} {
		s, err := parse(row.name + " = " + row.value + "\n")
		var e *Error
		if !errors.As(err, &e) || e.Problem != BadValue || e.Line != 1 || !strings.HasPrefix(e.Error(), ":1: "+row.name+" must be ") || s != (Settings{}) {
			t.Errorf("%s = %s: %v", row.name, row.value, err)
		}
	}
}

// TestTrust: the file of this test's user stands for root's.
func TestTrust(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sharezone.toml")
	uid := uint32(os.Geteuid())
	read := func(owner uint32) (Settings, error) { return readFile(file, owner) }
	refused := func(name string, owner uint32, want Problem) {
		t.Helper()
		s, err := read(owner)
		var e *Error
		if !errors.As(err, &e) || e.Problem != want || e.Path != file || s != (Settings{}) {
			t.Errorf("%s: %v %+v", name, err, s)
		}
	}
	if s, err := read(uid); err != nil || s != Default() {
		t.Errorf("absent: %v %+v", err, s)
	}
	put := func(text string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(file, []byte(text), 0o600), os.Chmod(file, mode)); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []os.FileMode{0o644, 0o600, 0o444} {
		put("[login]\nslots = 4\n", mode)
		if s, err := read(uid); err != nil || s.Login.Slots != 4 {
			t.Errorf("mode %o: %v %+v", mode, err, s)
		}
		os.Chmod(file, 0o600)
	}
	refused("of another user", uid+1, Untrusted)
	for _, mode := range []os.FileMode{0o664, 0o646, 0o666, 0o620} {
		put("", mode)
		refused(mode.String(), uid, Untrusted)
	}
	put(strings.Repeat("#\n", maxFile/2), 0o644)
	if _, err := read(uid); err != nil {
		t.Errorf("64 KiB: %v", err)
	}
	put(strings.Repeat("#\n", maxFile/2)+"#", 0o644)
	refused("64 KiB and 1", uid, Unreadable)
	put("[login\n", 0o644)
	refused("damaged", uid, BadSyntax)

	os.Rename(file, file+".real")
	os.Symlink(file+".real", file)
	refused("link", uid, Untrusted)
	os.Remove(file)
	os.Mkdir(file, 0o755)
	refused("folder", uid, Untrusted)
	os.Remove(file)
	if err := unix.Mkfifo(file, 0o644); err != nil {
		t.Fatal(err)
	}
	refused("FIFO", uid, Untrusted)
	os.Remove(file)
	os.WriteFile(filepath.Join(dir, "f"), nil, 0o644)
	file = filepath.Join(dir, "f", "sharezone.toml")
	refused("no folder above", uid, Unreadable)
}

// TestACL: an entry that lets somebody write counts as group or other write permission does.
func TestACL(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sharezone.toml")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("setfacl", "-m", "u:12345:rw", file).CombinedOutput(); err != nil {
		t.Skipf("setfacl: %v %s", err, out)
	}
	var e *Error
	if _, err := readFile(file, uint32(os.Geteuid())); !errors.As(err, &e) || e.Problem != Untrusted {
		t.Errorf("%v", err)
	}
}

// TestErrorWrapsNothing: a kernel's error in here is no answer to what the user asked for.
func TestErrorWrapsNothing(t *testing.T) {
	if _, err := readFile("/dev/null/sharezone.toml", 0); errors.Unwrap(err) != nil || errors.Is(err, unix.ENOTDIR) {
		t.Error(err)
	}
}

// BenchmarkRead reads the shipped file with every setting in force: what a request pays at most.
func BenchmarkRead(b *testing.B) {
	text, err := os.ReadFile(shippedFile)
	if err != nil {
		b.Fatal(err)
	}
	all := string(text)
	for _, row := range table {
		all = strings.Replace(all, "# "+row.name+" = ", row.name+" = ", 1)
	}
	file := filepath.Join(b.TempDir(), "sharezone.toml")
	if err := os.WriteFile(file, []byte(all), 0o644); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if s, err := readFile(file, uint32(os.Geteuid())); err != nil || s != Default() {
			b.Fatal(err, s)
		}
	}
}

// TestComments: what is said of a line is said of the same line, and what may only look like a comment is none.
func TestComments(t *testing.T) {
	for text, want := range map[string]string{
		"# a\n\n# b\n[nothing]\n":                          ":4: there is no setting nothing",
		"#\n[mail]\n# c\n\"from\" = \"\"\"\n# x\n\"\"\"\n": ":6: mail.from",
		"# \x01\n":      ":1: ",
		"# caf\xe9\n":   ":1: ",
		"# one\r\n#two": "",
	} {
		_, err := parse(text)
		if err != nil && (want == "" || !strings.Contains(err.Error(), want)) || err == nil && want != "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}
