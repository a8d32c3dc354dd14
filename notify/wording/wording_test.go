package wording

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/text"
)

const good = "New in {zone}\n\nHello, there are {count}.\n\nGood bye {other} {\n"

// TestParse: a subject, an empty line, a text; nothing that a header, a terminal or a reader could take for more.
func TestParse(t *testing.T) {
	known := []string{"zone", "count", "other"}
	w, where := parse(good, known)
	if subject, opening := w.Fill(map[string]string{"zone": "{count}", "count": "3"}); where != "" || subject != "New in {count}" || opening != "Hello, there are 3.\n\nGood bye {other} {" {
		t.Errorf("line %q: %q, %q", where, subject, opening)
	}
	for file, want := range map[string]string{
		"": "1", "\n\ntext": "1", "  \n\ntext": "1", "subject": "2", "subject\n": "2", "subject\n\n": "2", "subject\ntext\n": "2", "subject\n \ntext": "2",
		"sub\rject\n\ntext": "1", "subject\r\n\r\ntext\r\n": "1", "subject\n\nte\x1b[2Jxt": "3", "sub\u2028ject\n\ntext": "1", "subject\n\n\xff": "0", "subject\x00\n\ntext": "1",
		"subject\n\n{password}": "3", "{user}\n\ntext": "1", strings.Repeat("x", maxSubject+1) + "\n\ntext": "1", "s\n\n" + strings.Repeat("x", maxFile): "0",
	} {
		if _, where := parse(file, known); where != want {
			t.Errorf("%.30q: line %q, not %q", file, where, want)
		}
	}
}

// TestRead: only what is root's alone is read; of the rest Share Zone's own words are used, and it is named.
func TestRead(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("words of a site are root's")
	}
	folder := t.TempDir()
	put := func(name, file string) string {
		t.Helper()
		path := folder + "/" + name
		if err := os.WriteFile(path, []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	known := "New in {zone}\n\nHello.\n"
	put("arrived-en.txt", known)
	put("several-taken-it.txt", known)
	for _, beside := range []string{"arrived-it.txt~", "arrived-it.txt.dpkg-old", ".arrived-it.txt", "README"} {
		put(beside, known)
	}
	put("arrived-fr.txt", known)
	put("none-it.txt", known)
	put("arrived.txt", known)
	put("closed-it.txt", "New in {user}\n\nHello.\n")
	os.Chown(put("warned-it.txt", known), 4242, 4242)
	os.Chmod(put("warned-en.txt", known), 0o664)
	os.Chmod(put("removed-en.txt", known), 0o640)
	os.Symlink("arrived-en.txt", folder+"/removed-it.txt")
	os.Mkdir(folder+"/expired-it.txt", 0o755)
	unix.Mkfifo(folder+"/expired-en.txt", 0o644)
	site, unused := Read(folder)
	if _, found := site.Find("arrived", text.English); !found || len(site) != 2 {
		t.Errorf("%v", site)
	}
	want := map[string]Fault{"arrived-fr.txt": Unknown, "none-it.txt": Unknown, "arrived.txt": Unknown, "closed-it.txt": Malformed, "warned-it.txt": Foreign, "warned-en.txt": Foreign,
		"removed-en.txt": Unreadable, "removed-it.txt": NoFile, "expired-it.txt": NoFile, "expired-en.txt": NoFile}
	for _, u := range unused {
		if want[u.Name] != u.Fault {
			t.Errorf("%s: %s, not %s", u.Name, u.Fault, want[u.Name])
		}
	}
	if len(unused) != len(want) {
		t.Errorf("%v", unused)
	}
	os.Chmod(folder, 0o775)
	if site, unused := Read(folder); len(site) > 0 || len(unused) != 1 || unused[0] != (Unused{Fault: Foreign}) {
		t.Errorf("a folder that others write: %v, %v", site, unused)
	}
	if site, unused := Read(folder + "/absent"); site != nil || unused != nil {
		t.Errorf("no folder: %v, %v", site, unused)
	}
}
