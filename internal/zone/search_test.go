package zone

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestPattern(t *testing.T) {
	for _, row := range []struct {
		pattern   string
		yes, none []string
	}{
		{"draw", []string{"draw", "DRAW", "Drawing 1.pdf", "a withdrawal"}, []string{"dra", "d.raw", "drà w", ""}},
		{"PDF", []string{"a.pdf", "PDF", "pdf.txt"}, []string{"p.df"}},
		{"perché", []string{"Perch\u00e9.txt", "PERCH\u00c9", "perche\u0301", "PERCHE\u0301 no"}, []string{"perche", "perch"}},
		{"perche\u0301", []string{"Perch\u00e9.txt", "PERCHE\u0301"}, []string{"perche"}},
		{"e", []string{"perche"}, []string{"\u00e9", "e\u0301"}},
		{"straße", []string{"Straße 1", "STRAßE"}, []string{"strasse"}},
		{"ΑΘΉΝΑ", []string{"αθήνα.txt"}, []string{"αθηνα"}},
		{"Ω", []string{"\u2126", "ω"}, nil}, // the sign for ohm is the letter
		{"日本", []string{"日本語.pdf"}, []string{"日.本"}},
		{"\uff21", []string{"\uff41"}, []string{"a"}}, // of full width
		{"*.pdf", []string{"a.pdf", ".PDF", "a.b.pdf"}, []string{"a.pdf ", "apdf", "a.pdfx"}},
		{"a*", []string{"a", "Abc"}, []string{"ba"}},
		{"*a", []string{"a", "ba"}, []string{"ab"}},
		{"a*b", []string{"ab", "axxb", "aab", "abb"}, []string{"a", "b", "abc", "ba"}},
		{"a*b*c", []string{"abc", "a b b c", "abcbc"}, []string{"acb", "ab", "bc"}},
		{"*a*a*", []string{"aa", "banana"}, []string{"a", "bab"}},
		{"a*a", []string{"aa", "aba"}, []string{"a"}},
		{"?", []string{"a", "é", "e\u0301", "日"}, []string{"", "ab"}},
		{"file ?.txt", []string{"file 1.txt", "FILE ù.TXT"}, []string{"file 10.txt", "file .txt"}},
		{"*", []string{"", "anything", "\xff"}, nil},
		{"**", []string{"", "x"}, nil},
		{"*?", []string{"x", "xy"}, []string{""}},
		{"?*?", []string{"xy", "xyz"}, []string{"x"}},
		{"[a]", []string{"x[A]y"}, []string{"a"}},
		{`\*`, []string{`\`, `\x`}, []string{"*"}},
		{"caf\xe9", []string{"caf\xe9", "CAF\xe9.txt"}, []string{"café"}},
		{"-rf", []string{"-rf"}, nil},
		{"$(id)", []string{"a $(ID)"}, nil},
	} {
		p := NewPattern(row.pattern)
		for _, name := range row.yes {
			if !p.Matches([]byte(name)) {
				t.Errorf("%q does not find %q", row.pattern, name)
			}
		}
		for _, name := range row.none {
			if p.Matches([]byte(name)) {
				t.Errorf("%q finds %q", row.pattern, name)
			}
		}
	}
}

// TestPatternIsQuick: no pattern makes a name cost more than its length times the pattern's.
func TestPatternIsQuick(t *testing.T) {
	p := NewPattern(strings.Repeat("*a", 120) + "b")
	name := []byte(strings.Repeat("a", 255))
	began := time.Now()
	for range 1000 {
		if p.Matches(name) {
			t.Fatal("it matches")
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a thousand names took %v", took)
	}
}

// TestPatternAgreesWithListing: names that a listing takes for the same but for their case are the same to a search.
func TestPatternAgreesWithListing(t *testing.T) {
	names := []string{"a", "A", "é", "É", "ß", "ẞ", "ς", "σ", "Σ", "ı", "i", "I", "İ", "K", "\u212a", "ǆ", "ǅ", "x\xff", "X\xff", "日"}
	for _, a := range names {
		for _, b := range names {
			if compareFolded(a, b) == 0 && !NewPattern(a).Matches([]byte(b)) {
				t.Errorf("%q does not find %q", a, b)
			}
		}
	}
}

// found are the paths that a search comes past, in order.
func found(t *testing.T, o *Object, text string, most int, until time.Time) (paths []string, complete bool) {
	t.Helper()
	s, err := o.NewSearch(NewPattern(text))
	must(t, err)
	defer s.Close()
	complete = s.Run(until, func(h Hit) bool {
		if len(paths) == most {
			return false
		}
		paths = append(paths, strings.Join(h.Path, "/")+" "+h.Kind)
		return true
	})
	slices.Sort(paths)
	return paths, complete
}

func TestSearch(t *testing.T) {
	dir, root := tree(t)
	must(t, os.MkdirAll(dir+"/a/Report/b", 0o750), makeFile(dir+"/report.txt", "x"), makeFile(dir+"/a/Report/b/REPORT \xff", ""), makeFile(dir+"/a/other", ""),
		os.Symlink("/etc", dir+"/a/report-link"), os.Symlink("..", dir+"/a/up"), unix.Mkfifo(dir+"/a/report.fifo", 0o600),
		os.Mkdir(dir+"/"+ReservedPrefix+"report", 0o750), makeFile(dir+"/"+ReservedPrefix+"report/report", ""), makeFile(dir+"/a/"+ReservedPrefix+"report", ""))
	later := time.Now().Add(time.Minute)
	want := []string{"a/Report dir", "a/Report/b/REPORT \xff file", "a/report-link other", "a/report.fifo other", "report.txt file"}
	if got, complete := found(t, root, "report", 100, later); !slices.Equal(got, want) || !complete {
		t.Errorf("%q, complete %v", got, complete)
	}
	// As many as there are is all of them; one fewer is not.
	if got, complete := found(t, root, "report", len(want), later); len(got) != len(want) || !complete {
		t.Errorf("%d, complete %v", len(got), complete)
	}
	if got, complete := found(t, root, "report", len(want)-1, later); len(got) != len(want)-1 || complete {
		t.Errorf("%d, complete %v", len(got), complete)
	}
	if got, complete := found(t, root, "report", 100, time.Now().Add(-time.Second)); complete {
		t.Errorf("after the time is over: %q", got)
	}
	if got, complete := found(t, root, "passwd", 100, later); len(got) > 0 || !complete {
		t.Errorf("through a link: %q %v", got, complete)
	}
	file := objectAt(t, dir+"/report.txt")
	if _, err := file.NewSearch(NewPattern("x")); !errors.Is(err, unix.ENOTDIR) {
		t.Error(err)
	}
}

// TestSearchPermissions: what may not be read is passed over, without a word.
func TestSearchPermissions(t *testing.T) {
	withoutPrivileges(t)
	dir, root := tree(t)
	must(t, os.MkdirAll(dir+"/shut/in", 0o750), makeFile(dir+"/shut/name", ""), os.MkdirAll(dir+"/names only", 0o750), makeFile(dir+"/names only/name", ""), makeFile(dir+"/name", ""),
		os.Chmod(dir+"/shut", 0o300), os.Chmod(dir+"/names only", 0o400))
	t.Cleanup(func() { os.Chmod(dir+"/shut", 0o700); os.Chmod(dir+"/names only", 0o700) })
	want := []string{"name file", "names only dir", "names only/name other"}
	if got, complete := found(t, root, "name", 100, time.Now().Add(time.Minute)); !slices.Equal(got, want) || !complete {
		t.Errorf("%q, complete %v", got, complete)
	}
	if _, err := objectAt(t, dir+"/shut").NewSearch(NewPattern("name")); !errors.Is(err, unix.EACCES) {
		t.Error(err)
	}
}

// TestSearchMoved: a folder that is moved away while one looks into it ends the search, which says so.
func TestSearchMoved(t *testing.T) {
	dir, root := tree(t)
	must(t, os.MkdirAll(dir+"/a/b/d", 0o750), makeFile(dir+"/a/b/d/name", ""), os.Mkdir(dir+"/c", 0o750))
	s, err := root.NewSearch(NewPattern("name"))
	must(t, err)
	defer s.Close()
	if s.Run(time.Now().Add(time.Minute), func(Hit) bool { must(t, os.Rename(dir+"/a/b", dir+"/c/b")); return true }) {
		t.Error("complete")
	}
}

// TestSearchMany: two thousand folders of names, in as much memory as few.
func TestSearchMany(t *testing.T) {
	dir, root := tree(t)
	const folders, files = 200, 20
	for i := range folders {
		must(t, os.Mkdir(filepath.Join(dir, fmt.Sprint("folder ", i)), 0o750))
		for j := range files {
			must(t, makeFile(filepath.Join(dir, fmt.Sprint("folder ", i), fmt.Sprint("file ", j)), ""))
		}
	}
	if got, complete := found(t, root, "*", folders*(files+1), time.Now().Add(time.Minute)); len(got) != folders*(files+1) || !complete {
		t.Errorf("%d, complete %v", len(got), complete)
	}
	s, err := root.NewSearch(NewPattern("not there"))
	must(t, err)
	defer s.Close()
	must(t, visitEntries(s.top.fd, func(_ []byte, head direntHead) {
		if head.kindName() == "" {
			t.Skip("each name costs a look at the file here")
		}
	}))
	_, err = unix.Seek(s.top.fd, 0, unix.SEEK_SET)
	must(t, err)
	per := testing.AllocsPerRun(3, func() { s.Run(time.Now().Add(time.Minute), func(Hit) bool { return true }) })
	if per > files/2*folders {
		t.Errorf("%.0f allocations for %d names: one a name is too many", per, folders*files)
	}
}
