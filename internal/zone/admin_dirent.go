package zone

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// direntBuffer holds about 250 entries: few enough that what a walk remembers per level stays small in a tree of any
// depth, many enough that a folder of 100,000 costs 400 calls.
const direntBuffer = 8 << 10

// dirent is an entry of a directory as getdents64(2) gives it.
type dirent struct {
	name  string
	next  int64 // where the entry after it begins
	inode uint64
	kind  byte // DT_DIR and so on; DT_UNKNOWN where the file system does not say
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

// parseDirents reads struct linux_dirent64: inode 8 bytes, offset 8, length of the record 2, type 1, name up to a NUL.
func parseDirents(buffer []byte) []dirent {
	const header = 19
	var entries []dirent
	for len(buffer) > header {
		offset := int64(binary.NativeEndian.Uint64(buffer[8:]))
		length := int(binary.NativeEndian.Uint16(buffer[16:]))
		if length <= header || length > len(buffer) {
			break
		}
		name, _, _ := strings.Cut(string(buffer[header:length]), "\x00")
		if name != "." && name != ".." {
			entries = append(entries, dirent{name, offset, binary.NativeEndian.Uint64(buffer), buffer[18]})
		}
		buffer = buffer[length:]
	}
	return entries
}
