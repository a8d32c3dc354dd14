package zone

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

func TestParsePath(t *testing.T) {
	long := strings.Repeat("a", 255)
	for raw, want := range map[string]Path{
		"demo":                        {Zone: "demo"},
		"demo/":                       {Zone: "demo", Folder: true},
		"demo/a":                      {Zone: "demo", Names: []string{"a"}},
		"demo/a/b c/":                 {Zone: "demo", Names: []string{"a", "b c"}, Folder: true},
		"demo/%61%2e%62":              {Zone: "demo", Names: []string{"a.b"}},
		"demo/%2e%2e%2e":              {Zone: "demo", Names: []string{"..."}},
		"demo/..%5c..%5cetc":          {Zone: "demo", Names: []string{`..\..\etc`}}, // a backslash is a character like another
		"demo/caf%E9":                 {Zone: "demo", Names: []string{"caf\xe9"}},
		"demo/%ff%fe/%80":             {Zone: "demo", Names: []string{"\xff\xfe", "\x80"}},
		"demo/caf\xc3\xa9":            {Zone: "demo", Names: []string{"café"}}, // unencoded bytes, as some clients send
		"demo/e%CC%81":                {Zone: "demo", Names: []string{"e\u0301"}},
		"demo/%C3%A9":                 {Zone: "demo", Names: []string{"é"}}, // the twin is another name
		"demo/A":                      {Zone: "demo", Names: []string{"A"}},
		"demo/%E2%80%AEfdp.exe":       {Zone: "demo", Names: []string{"\u202efdp.exe"}},
		"demo/%0d%0aX:%20y":           {Zone: "demo", Names: []string{"\r\nX: y"}}, // cp can bring such a name
		"demo/%1b%5b2J":               {Zone: "demo", Names: []string{"\x1b[2J"}},
		"demo/a+b":                    {Zone: "demo", Names: []string{"a+b"}},
		"demo/a%2Bb%25":               {Zone: "demo", Names: []string{"a+b%"}},
		"demo/%252e%252e":             {Zone: "demo", Names: []string{"%2e%2e"}}, // decoded once
		"demo/%252F":                  {Zone: "demo", Names: []string{"%2F"}},
		"demo/-rf":                    {Zone: "demo", Names: []string{"-rf"}},
		"demo/$(id);id":               {Zone: "demo", Names: []string{"$(id);id"}},
		"demo/<svg onload=x>":         {Zone: "demo", Names: []string{"<svg onload=x>"}},
		"demo/.hidden":                {Zone: "demo", Names: []string{".hidden"}},
		"demo/.shz":                   {Zone: "demo", Names: []string{".shz"}},
		"demo/.SHZ-x":                 {Zone: "demo", Names: []string{".SHZ-x"}},
		"demo/a.shz-x":                {Zone: "demo", Names: []string{"a.shz-x"}},
		"demo/ ":                      {Zone: "demo", Names: []string{" "}},
		"demo/" + long:                {Zone: "demo", Names: []string{long}},
		"demo/" + long + "a":          {Zone: "demo", Names: []string{long + "a"}}, // the file system says how long a name may be
		"a" + strings.Repeat("0", 62): {Zone: "a" + strings.Repeat("0", 62)},
		"9._-":                        {Zone: "9._-"},
	} {
		got, err := ParsePath(raw)
		if err != nil || got.Zone != want.Zone || got.Folder != want.Folder || !slices.Equal(got.Names, want.Names) {
			t.Errorf("%.80q: %+v %v", raw, got, err)
		}
	}
	if got, err := ParsePath("demo/" + strings.Repeat("a/", 5000)); err != nil || len(got.Names) != 5000 {
		t.Errorf("5000 levels: %d %v", len(got.Names), err)
	}
}

func TestParsePathRefuses(t *testing.T) {
	for raw, want := range map[string]error{
		"": ErrPath, "/": ErrPath, "//": ErrPath, "/demo": ErrPath, "//demo/a": ErrPath, ".": ErrPath, "..": ErrPath, "../": ErrPath, "./demo": ErrPath,
		"demo//": ErrPath, "demo//a": ErrPath, "demo/a//": ErrPath, "demo/a//b": ErrPath, "demo/.": ErrPath, "demo/./a": ErrPath, "demo/a/.": ErrPath,
		"demo/a/./": ErrPath, "demo/..": ErrPath, "demo/../": ErrPath, "demo/../demo/a": ErrPath, "demo/a/../b": ErrPath, "demo/a/..": ErrPath,
		"demo/%2e": ErrPath, "demo/%2E%2e": ErrPath, "demo/%2e%2e/": ErrPath, "demo/.%2e/a": ErrPath, "demo/%2e./a": ErrPath, "demo/%2e%2e%2f%2e%2e": ErrPath,
		"demo/%2F": ErrPath, "demo/a%2fb": ErrPath, "demo/a%2F..%2Fb": ErrPath, "demo/%2f": ErrPath, "demo/..%2f": ErrPath,
		"demo/%00": ErrPath, "demo/a%00.txt": ErrPath, "demo/a\x00": ErrPath, "demo/%": ErrPath, "demo/%2": ErrPath, "demo/a%": ErrPath, "demo/%zz": ErrPath,
		"demo/%+2": ErrPath, "demo/%-1": ErrPath, "demo/%0x": ErrPath, "demo/% 1": ErrPath, "demo/%u0041": ErrPath, "demo/%\xff\xff": ErrPath, "demo/%%": ErrPath,
		"demo/.shz-x": ErrReserved, "demo/.shz-": ErrReserved, "demo/%2eshz-x": ErrReserved, "demo/.shz%2dx": ErrReserved, "demo/a/.shz-x/b": ErrReserved,
		".shz-x": ErrReserved, ".closed": unix.ENOENT, ".hidden/": unix.ENOENT, "Demo": unix.ENOENT, "DEMO/a": unix.ENOENT, "demo ": unix.ENOENT, " demo": unix.ENOENT,
		"dem\xc3\xb2": unix.ENOENT, "demo\n": unix.ENOENT, "-demo": unix.ENOENT, "_demo": unix.ENOENT, "demo\\a": unix.ENOENT, "demo:a": unix.ENOENT, "demo;a": unix.ENOENT,
		"a" + strings.Repeat("0", 63): unix.ENOENT, "lost+found": unix.ENOENT,
		// The gate says in the event file which zone it is, and reads it as it stands.
		"%64emo": unix.ENOENT, "d%65mo/a": unix.ENOENT, "%2e%2e": unix.ENOENT, "%2e%2e/etc": unix.ENOENT, "demo%2fa": unix.ENOENT, "demo%00": unix.ENOENT, "%": unix.ENOENT,
	} {
		got, err := ParsePath(raw)
		if !errors.Is(err, want) || got.Zone != "" || got.Names != nil {
			t.Errorf("%q: %+v %v, not %v", raw, got, err, want)
		}
	}
}

// FuzzParsePath: what is taken names a zone and entries below it and nothing else, and the same bytes encoded in
// another way are the same path.
func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{"demo/a%2eb/", "demo/%2e%2e/%00", "demo//a", "%64emo", "demo/.shz-x", "demo/caf%E9/..%5c", "demo/%c0%ae%c0%ae/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := ParsePath(raw)
		if err != nil {
			return
		}
		if CheckName(p.Zone) != nil || !strings.HasPrefix(raw, p.Zone) {
			t.Errorf("%q is in the zone %q", raw, p.Zone)
		}
		again := p.Zone
		for _, name := range p.Names {
			if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") || strings.HasPrefix(name, ReservedPrefix) {
				t.Errorf("%q has the name %q", raw, name)
			}
			again += "/" + url.PathEscape(name)
		}
		if p.Folder {
			again += "/"
		}
		if q, err := ParsePath(again); err != nil || fmt.Sprint(q) != fmt.Sprint(p) {
			t.Errorf("%q and %q differ: %+v %v", raw, again, q, err)
		}
	})
}

func TestCheckNewName(t *testing.T) {
	for _, good := range []string{"a", "a b", "perché.txt", "-rf", "--help", "a\\b", "<svg onload=x>", "\"", "...", ".a", ".shz", "caf\xe9", "\xff", "a\u202e", "漢字", "a\u00adb"} {
		if err := CheckNewName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for name, want := range map[string]error{
		"": ErrPath, ".": ErrPath, "..": ErrPath, "a/b": ErrPath, "/": ErrPath, "a\x00": ErrPath,
		".shz-x": ErrNewName, "a\n": ErrNewName, "\r": ErrNewName, "a\tb": ErrNewName, "\x1b[2J": ErrNewName, "\x7f": ErrNewName, "\x01": ErrNewName,
		"\u200b": ErrNewName, " ": ErrNewName, "\u202e": ErrNewName, // nothing to be seen
		"a\u0085b": ErrNewName, "\u009b2J": ErrNewName, // C1: a new line, and a terminal's escape sequence
	} {
		if err := CheckNewName(name); !errors.Is(err, want) {
			t.Errorf("%q: %v, not %v", name, err, want)
		}
	}
	for c := range rune(0x100) {
		if refused := CheckNewName("a"+string(c)) != nil; refused != (unicode.IsControl(c) || c == '/') {
			t.Errorf("%U: refused %v", c, refused)
		}
	}
}

func TestNumbered(t *testing.T) {
	for _, row := range []struct {
		name string
		n    int
		want string
	}{
		{"drawing.pdf", 2, "drawing (2).pdf"}, {"drawing", 3, "drawing (3)"}, {"a.tar.gz", 2, "a.tar (2).gz"}, {".bashrc", 2, ".bashrc (2)"},
		{".config.json", 2, ".config (2).json"}, {"a.", 2, "a (2)."}, {"...", 2, ".. (2)."}, {"a (2).pdf", 2, "a (2) (2).pdf"}, {" ", 2, "  (2)"},
		{"report. final version of march", 2, "report. final version of march (2)"}, {"caf\xe9.txt", 2, "caf\xe9 (2).txt"},
		{strings.Repeat("a", 255), 2, strings.Repeat("a", 251) + " (2)"},
		{strings.Repeat("a", 251), 2, strings.Repeat("a", 251) + " (2)"},
		{strings.Repeat("a", 251), 1000, strings.Repeat("a", 248) + " (1000)"},
		{strings.Repeat("a", 251) + ".pdf", 12, strings.Repeat("a", 246) + " (12).pdf"},
		{strings.Repeat("è", 127), 2, strings.Repeat("è", 125) + " (2)"},
		{"x" + strings.Repeat("è", 127), 2, "x" + strings.Repeat("è", 125) + " (2)"},
		{strings.Repeat("漢", 85), 2, strings.Repeat("漢", 83) + " (2)"},
		{strings.Repeat("\xe9", 255), 2, strings.Repeat("\xe9", 251) + " (2)"},
		{strings.Repeat("\x80", 255), 2, strings.Repeat("\x80", 251) + " (2)"},
		{"\xe9" + strings.Repeat("è", 127), 2, "\xe9" + strings.Repeat("è", 125) + " (2)"},
	} {
		got := numbered(row.name, row.n)
		if got != row.want || len(got) > 255 || utf8.ValidString(got) != utf8.ValidString(row.name) || CheckNewName(got) != nil {
			t.Errorf("%.30q, %d: %q (%d bytes), not %q", row.name, row.n, got, len(got), row.want)
		}
	}
}

// TestRenamingGivesUp: the search for a free name has an end.
func TestRenamingGivesUp(t *testing.T) {
	dir, root := tree(t)
	must(t, makeFile(dir+"/a", ""))
	for i := 2; i <= maxCopies; i++ {
		must(t, makeFile(fmt.Sprintf("%s/a (%d)", dir, i), ""))
	}
	if name, _, err := upload(root, "a", ExistsRename, false, nil); !errors.Is(err, unix.EEXIST) {
		t.Error(name, err)
	}
	must(t, os.Remove(fmt.Sprintf("%s/a (%d)", dir, maxCopies)))
	if name, _, err := upload(root, "a", ExistsRename, false, nil); err != nil || name != fmt.Sprintf("a (%d)", maxCopies) {
		t.Error(name, err)
	}
}
