package archive

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// FuzzArchive: whatever the bytes are, what comes out has paths of names and stays within the limits, and what is
// refused is refused by a *Refusal.
func FuzzArchive(f *testing.F) {
	f.Add(zipped(f, zfile("a/è.txt", "content"), zraw("caf\x82"), zfile("b/", "")))
	f.Add(zipped(f, zfile("../a", "x"), zmode("link", fs.ModeSymlink|0o777)))
	tape := tarred(f, tfile("./a/è.txt", "content"), tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, tfile(strings.Repeat("long/", 60)+"a", "x"))
	f.Add(tape)
	f.Add(gz(f, tape))
	f.Add(zst(f, tape))
	f.Add(sparseTar())
	limits := Limits{Entries: 20, Bytes: 1 << 20, Ratio: 200, Depth: 10}
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := Open(inMemory(t, content), limits)
		entries, bytes := 0, int64(0)
		for err == nil {
			var e Entry
			if e, err = r.Next(); err != nil {
				break
			}
			entries++
			checkPath(t, e.Name, e.Path)
			if !e.Folder {
				var n int64
				n, err = io.Copy(io.Discard, r)
				bytes += n
			}
		}
		if r != nil {
			r.Close()
		}
		var refused *Refusal
		if !errors.Is(err, io.EOF) && !errors.As(err, &refused) {
			t.Errorf("neither the end nor a refusal: %v", err)
		}
		if entries > limits.Entries || bytes > limits.Bytes {
			t.Errorf("%d entries, %d bytes", entries, bytes)
		}
	})
}

// inMemory is a file of that content which has no name.
func inMemory(t *testing.T, content []byte) *os.File {
	fd, err := unix.MemfdCreate("archive", unix.MFD_CLOEXEC)
	must(t, err)
	file := os.NewFile(uintptr(fd), "archive")
	t.Cleanup(func() { file.Close() })
	_, err = file.Write(content)
	must(t, err)
	return file
}

// FuzzName: the name of an entry becomes names below one folder, or is refused; read again they are the same.
func FuzzName(f *testing.F) {
	for _, name := range []string{"a/b", "./a/", ".", "../a", "a/../b", "/a", "C:a", "a\\b", "a//b", "caf\x82", "e\u0300", "a\x00b", strings.Repeat("a", 256)} {
		f.Add(name, false)
		f.Add(name, true)
	}
	f.Fuzz(func(t *testing.T, name string, folder bool) {
		path, reason := parsePath(decodeName(name), folder)
		if reason != "" {
			if path != nil {
				t.Errorf("%q: refused, and yet %q", name, path)
			}
			return
		}
		if len(path) == 0 {
			if !folder {
				t.Errorf("%q is a file without a name", name)
			}
			return
		}
		checkPath(t, name, path)
		if again, reason := parsePath(strings.Join(path, "/"), folder); !slices.Equal(again, path) {
			t.Errorf("%q is %q, and that is %q %s", name, path, again, reason)
		}
	})
}

func checkPath(t *testing.T, name string, path []string) {
	t.Helper()
	if len(path) == 0 {
		t.Errorf("%q: no path", name)
	}
	for _, part := range path {
		if part == "" || part == "." || part == ".." || len(part) > maxName || strings.ContainsAny(part, "/\\\x00") {
			t.Errorf("%q has the part %q", name, part)
		}
	}
}
