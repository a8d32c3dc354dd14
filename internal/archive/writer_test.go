package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func random(size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

var when = time.Date(2026, 3, 1, 12, 34, 56, 789, time.UTC)

// member is an entry as readers of the standard library see it.
type member struct {
	name, content string
	method        uint16
	modified      time.Time
	folder        bool
	odd           string // what should not be there
}

func readZip(t *testing.T, b []byte) (all []member) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in) // the checksum too
		if err != nil {
			t.Errorf("%q: %v", f.Name, err)
		}
		m := member{name: f.Name, content: string(content), method: f.Method, modified: f.Modified, folder: f.Mode().IsDir()}
		if f.NonUTF8 {
			m.odd = "not said to be UTF-8"
		}
		all = append(all, m)
	}
	return all
}

func readTar(t *testing.T, b []byte) (all []member) {
	t.Helper()
	if len(b)%block != 0 {
		t.Errorf("%d bytes", len(b))
	}
	r := tar.NewReader(bytes.NewReader(b))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		m := member{name: h.Name, content: string(content), modified: h.ModTime, folder: h.Typeflag == tar.TypeDir}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.AccessTime.IsZero() || !h.ChangeTime.IsZero() {
			m.odd = fmt.Sprintf("%+v", h)
		}
		all = append(all, m)
	}
}

type format struct {
	name string
	make func(io.Writer) Writer
	read func(*testing.T, []byte) []member
}

var formats = []format{{"zip", NewZip, readZip}, {"tar", NewTar, readTar}}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func add(w Writer, name, content string) error {
	return w.File(strings.Split(name, "/"), strings.NewReader(content), int64(len(content)), when)
}

func TestWriters(t *testing.T) {
	large := string(random(3<<20 + 17))
	text := strings.Repeat("the same words again and again\n", 100_000)
	long := strings.Repeat("n", 255)
	for _, f := range formats {
		var b bytes.Buffer
		w := f.make(&b)
		must(t, w.Folder([]string{"folder"}, when), add(w, "folder/large", large), add(w, "folder/text", text), add(w, "empty", ""), add(w, "è 日本 🙂", "x"),
			add(w, strings.TrimSuffix(strings.Repeat(long+"/", 8), "/"), "deep"), add(w, "-rf", "x"), w.Folder([]string{"empty folder"}, when), w.Close())
		got := f.read(t, b.Bytes())
		names := []string{}
		for _, m := range got {
			names = append(names, m.name)
			if m.odd != "" || !m.modified.Equal(when.Truncate(time.Second)) || m.folder != strings.HasSuffix(m.name, "/") {
				t.Errorf("%s: %.60q: %s, %v, folder %v", f.name, m.name, m.odd, m.modified, m.folder)
			}
		}
		want := []string{"folder/", "folder/large", "folder/text", "empty", "è 日本 🙂", strings.TrimSuffix(strings.Repeat(long+"/", 8), "/"), "-rf", "empty folder/"}
		if !slices.Equal(names, want) {
			t.Fatalf("%s: %.300q", f.name, names)
		}
		if got[1].content != large || got[2].content != text || got[3].content != "" || got[4].content != "x" || got[5].content != "deep" {
			t.Errorf("%s: other bytes", f.name)
		}
		if f.name == "zip" && (got[1].method != zip.Store || got[2].method != zip.Deflate || got[3].method != zip.Store || b.Len() > len(large)+200_000) {
			t.Errorf("methods %d %d %d, %d bytes", got[1].method, got[2].method, got[3].method, b.Len())
		}
	}
}

// TestZipStores: what an extension says is compressed is not tried, whatever its first bytes.
func TestZipStores(t *testing.T) {
	zeros := strings.Repeat("\x00", 1<<20)
	var b bytes.Buffer
	w := NewZip(&b)
	must(t, add(w, "a.JPG", zeros), add(w, "b.txt", zeros), add(w, "c", "x"), add(w, "d.txt", string(random(4096))+strings.Repeat("\x00", 100)), w.Close())
	got := readZip(t, b.Bytes())
	for i, want := range []uint16{zip.Store, zip.Deflate, zip.Store, zip.Store} {
		if got[i].method != want {
			t.Errorf("%s: method %d", got[i].name, got[i].method)
		}
	}
	if got[0].content != zeros || got[1].content != zeros {
		t.Error("other bytes")
	}
}

// TestZipNames: what another system would take for a way out, or cannot show, is percent-encoded.
func TestZipNames(t *testing.T) {
	for name, want := range map[string]string{
		`..\..\evil.exe`: "..%5C..%5Cevil.exe", "C:evil": "C%3Aevil", "caf\xe9": "caf%E9", "a\nb": "a%0Ab", "\x1b[2J": "%1B[2J", "a:b": "a%3Ab", "ab:c": "ab:c", "\ufffd": "\ufffd",
		"100%": "100%", "100%5": "100%5", "a%5Cb": "a%255Cb", `a\b`: "a%5Cb", "%e9": "%25e9", "%zz": "%zz", "%%41": "%%2541", "è": "è", "\xff\xfe": "%FF%FE", "\u202e": "\u202e", "...": "...", "a b": "a b", "\x7f": "%7F",
	} {
		var b bytes.Buffer
		w := NewZip(&b)
		must(t, w.File([]string{"x", name}, strings.NewReader("x"), 1, when), w.Close())
		if got := readZip(t, b.Bytes()); got[0].name != "x/"+want || got[0].odd != "" {
			t.Errorf("%q: %q %s", name, got[0].name, got[0].odd)
		}
	}
}

// TestTarNames: bytes stay what they are.
func TestTarNames(t *testing.T) {
	for _, name := range []string{`..\x`, "caf\xe9", "a\nb", strings.Repeat("\xff", 255), strings.Repeat("è", 127)} {
		var b bytes.Buffer
		w := NewTar(&b)
		must(t, add(w, "x/"+name, "content"), w.Folder([]string{name}, when), w.Close())
		got := readTar(t, b.Bytes())
		if got[0].name != "x/"+name || got[0].content != "content" || got[1].name != name+"/" {
			t.Errorf("%q: %+v", name, got)
		}
	}
}

// TestTimes: no time makes an archive unreadable.
func TestTimes(t *testing.T) {
	for _, f := range formats {
		for _, year := range []int{-100, 1, 1901, 1969, 1970, 1979, 2038, 2105, 2106, 2107, 2108, 2500, 9999, 20000} {
			var b bytes.Buffer
			w := f.make(&b)
			must(t, w.File([]string{"x"}, strings.NewReader("x"), 1, time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)), w.Close())
			got := f.read(t, b.Bytes())
			if f.name == "zip" && (got[0].modified.Year() < 1980 || got[0].modified.Year() > 2107) {
				t.Errorf("%d: %v", year, got[0].modified)
			}
		}
	}
}

// TestContentEnds: content that is shorter or longer than was said, or breaks off, leaves the rest of the archive whole.
func TestContentEnds(t *testing.T) {
	for _, f := range formats {
		for _, content := range []io.Reader{strings.NewReader("abc"), strings.NewReader(strings.Repeat("y", 2000)), iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abcdef"))), iotest.ErrReader(io.ErrUnexpectedEOF)} {
			var b bytes.Buffer
			w := f.make(&b)
			must(t, w.File([]string{"x"}, content, 1000, when), add(w, "after", "whole"), w.Close())
			got := f.read(t, b.Bytes())
			if len(got) != 2 || got[1].content != "whole" || f.name == "tar" && len(got[0].content) != 1000 {
				t.Errorf("%s: %+v", f.name, got)
			}
		}
	}
}

// moving is a writer that a file can be moved to.
type moving struct {
	bytes.Buffer
	moved int64
}

func (m *moving) ReadFrom(from io.Reader) (int64, error) {
	n, err := m.Buffer.ReadFrom(from)
	m.moved += n
	return n, err
}

// TestTarMoves: the content of a file goes by ReadFrom, and no more of it than the header says.
func TestTarMoves(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(name, random(5000), 0o600))
	for _, limit := range []int64{5000, 3000, 7000} {
		f, err := os.Open(name)
		must(t, err)
		defer f.Close()
		var to moving
		w := NewTar(&to)
		must(t, w.File([]string{"x"}, &io.LimitedReader{R: f, N: limit}, min(limit, 6000), when), w.Close())
		got := readTar(t, to.Bytes())
		if to.moved != min(limit, 5000) || !strings.HasPrefix(got[0].content, string(random(5000))[:to.moved]) || int64(len(got[0].content)) != min(limit, 6000) {
			t.Errorf("%d: moved %d, %d bytes", limit, to.moved, len(got[0].content))
		}
	}
}

// failing takes so many bytes and then no more.
type failing struct{ left int }

func (f *failing) Write(b []byte) (int, error) {
	if len(b) > f.left {
		return 0, io.ErrClosedPipe
	}
	f.left -= len(b)
	return len(b), nil
}

// TestWriterGone: who takes the archive goes away, at whatever moment.
func TestWriterGone(t *testing.T) {
	for _, f := range formats {
		for left := 0; left < 80_000; left += 700 {
			w := f.make(&failing{left})
			err := errors.Join(w.Folder([]string{"a"}, when), add(w, "b", string(random(70_000))), add(w, "c", strings.Repeat("x", 9000)), w.Close())
			if err != nil && !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%s after %d bytes: %v", f.name, left, err)
			}
			if err == nil && left < 70_000 {
				t.Errorf("%s: %d bytes were enough", f.name, left)
			}
		}
	}
}

// TestZipFull: the entry after the last one is refused, and then one more is taken, which says so.
func TestZipFull(t *testing.T) {
	w := NewZip(io.Discard).(*zipWriter)
	w.entries = maxZipEntries - 1
	if err := add(w, "last", ""); err != nil {
		t.Error(err)
	}
	if err := add(w, "too many", ""); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if err := errors.Join(add(w, "report", ""), w.Close()); err != nil {
		t.Error(err)
	}
}

// TestMemory: a large file costs no more than a small one.
func TestMemory(t *testing.T) {
	for _, f := range formats {
		per := testing.AllocsPerRun(1, func() {
			w := f.make(io.Discard)
			w.File([]string{"x"}, io.LimitReader(zeros{}, 200<<20), 200<<20, when)
			w.Close()
		})
		if per > 500 {
			t.Errorf("%s: %.0f allocations for 200 MiB", f.name, per)
		}
	}
}
