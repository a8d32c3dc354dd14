package zone

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"

	"golang.org/x/sys/unix"
)

// direntBuffer holds about 250 entries: few enough that what a walk remembers per level stays small in a tree of any
// depth, many enough that a folder of 100,000 costs 400 calls.
const direntBuffer = 8 << 10

// dirent is an entry of a directory as getdents64(2) gives it.
type dirent struct {
	name string
	direntHead
}

type direntHead struct {
	inode uint64
	next  int64 // where the entry after it begins
	kind  byte  // DT_DIR and so on; DT_UNKNOWN where the file system does not say
}

// readDirents reads one batch, without "." and ".."; no entries are the end.
func readDirents(fd int, buffer []byte) ([]dirent, error) {
	for {
		n, err := unix.Getdents(fd, buffer)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading a directory: %w", err)
		}
		if n == 0 {
			return nil, nil
		}
		if entries := parseDirents(buffer[:n]); len(entries) > 0 {
			return entries, nil
		}
	}
}

// parseDirents reads a batch.
func parseDirents(buffer []byte) []dirent {
	var entries []dirent
	for name, head := range direntNames(buffer) {
		entries = append(entries, dirent{string(name), head})
	}
	return entries
}

// direntNames reads struct linux_dirent64: inode 8 bytes, offset of the next one 8, length of the record 2, type 1, name up
// to a NUL. It gives the names, which lie in the buffer, and what stands before them, without "." and "..".
func direntNames(buffer []byte) iter.Seq2[[]byte, direntHead] {
	const header = 19
	return func(yield func([]byte, direntHead) bool) {
		for len(buffer) > header {
			head := direntHead{binary.NativeEndian.Uint64(buffer), int64(binary.NativeEndian.Uint64(buffer[8:])), buffer[18]}
			length := int(binary.NativeEndian.Uint16(buffer[16:]))
			if length <= header || length > len(buffer) {
				return
			}
			name, _, _ := bytes.Cut(buffer[header:length], []byte{0})
			if string(name) != "." && string(name) != ".." && !yield(name, head) {
				return
			}
			buffer = buffer[length:]
		}
	}
}

// kindName is file, dir or other, "" where the file system does not say it here.
func (d direntHead) kindName() string {
	switch d.kind {
	case unix.DT_REG:
		return "file"
	case unix.DT_DIR:
		return "dir"
	case unix.DT_UNKNOWN:
		return ""
	}
	return "other"
}
