package test

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// snapshot is the state of a tree in text, a line per object: name, inode, mode, owner, links, size, times, ACLs, other
// attributes, content. Two that are equal mean that nothing changed in between, not even for a moment: the change time
// of an inode cannot be put back.
func snapshot(t *testing.T, top string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(top, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		lines = append(lines, describe(t, top, name))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func describe(t *testing.T, top, name string) string {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(name, &st); err != nil {
		t.Fatal(name, err)
	}
	short, err := filepath.Rel(top, name)
	if err != nil {
		t.Fatal(err)
	}
	line := fmt.Sprintf("%q ino=%d mode=%06o owner=%d:%d links=%d size=%d mtime=%d ctime=%d", short, st.Ino, st.Mode,
		st.Uid, st.Gid, st.Nlink, st.Size, st.Mtim.Nano(), st.Ctim.Nano())
	for _, attr := range attributes(t, name) {
		value := make([]byte, 64<<10)
		n, err := unix.Lgetxattr(name, attr, value)
		if err != nil {
			t.Fatal(name, attr, err)
		}
		line += " " + attr + "=" + hex.EncodeToString(value[:n])
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		if st.Size <= 16<<20 {
			line += " content=" + digestOf(t, name)
		}
	case unix.S_IFLNK:
		target, err := os.Readlink(name)
		if err != nil {
			t.Fatal(err)
		}
		line += fmt.Sprintf(" target=%q", target)
	}
	return line
}

func attributes(t *testing.T, name string) []string {
	t.Helper()
	list := make([]byte, 64<<10)
	n, err := unix.Llistxattr(name, list)
	if err != nil {
		t.Fatal(name, err)
	}
	names := strings.FieldsFunc(string(list[:n]), func(c rune) bool { return c == 0 })
	slices.Sort(names)
	return names
}

// unchanged runs something that must be refused and compares the state of a tree before and after.
func unchanged(t *testing.T, top string, act func()) {
	t.Helper()
	before := snapshot(t, top)
	act()
	compare(t, before, snapshot(t, top))
}

func compare(t *testing.T, before, after []string) {
	t.Helper()
	for _, line := range before {
		if !slices.Contains(after, line) {
			t.Errorf("was: %s", line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			t.Errorf("is:  %s", line)
		}
	}
}
