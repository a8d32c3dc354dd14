package zone

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Reserve is the space of a file system that no upload may take; the larger of the two holds. It is a rule between
// people of good will: by cp the last byte can still be had.
type Reserve struct {
	Bytes   int64
	Percent int // of the whole file system
}

// hasRoom says whether the reserve is still there after size bytes more. A negative size is not known: then the reserve
// must be there now.
func (r Reserve) hasRoom(space *unix.Statfs_t, size int64) bool {
	if space.Blocks == 0 {
		return true // a file system that does not say how large it is
	}
	unit := uint64(space.Frsize) // 0 where a file system knows only one size
	if unit == 0 {
		unit = uint64(space.Bsize)
	}
	free, need := space.Bavail*unit, uint64(max(size, 0))
	keep := max(uint64(r.Bytes), space.Blocks/100*uint64(r.Percent)*unit)
	return need <= free && free-need >= keep
}

// Growing writes into the file of an upload of which nobody knows how large it becomes: every 64 MiB it is looked whether
// the reserve is still there.
func (u *Upload) Growing(keep Reserve) io.Writer { return &growing{file: u.file, keep: keep} }

type growing struct {
	file  *os.File
	keep  Reserve
	since int64 // bytes since it was looked
}

func (g *growing) Write(p []byte) (int, error) {
	if g.since += int64(len(p)); g.since >= spaceStep {
		g.since = 0
		var space unix.Statfs_t
		if err := unix.Fstatfs(int(g.file.Fd()), &space); err != nil {
			return 0, err
		}
		if !g.keep.hasRoom(&space, int64(len(p))) {
			return 0, unix.ENOSPC
		}
	}
	return g.file.Write(p)
}
