package transfer

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// copyChunk is what one copy_file_range(2) is asked for: a signal or an error is noticed between two of them.
const copyChunk = 64 << 20

// Copy makes an empty file the copy of another one of so many bytes: as references to the same blocks where the file
// system can, holes as holes. It returns how many bytes were copied, without the holes; io.ErrUnexpectedEOF when the
// source has become shorter.
func Copy(out, in *os.File, size int64) (copied int64, err error) {
	for at := int64(0); at < size; {
		begin, end, err := extent(in, at, size)
		if err != nil {
			return copied, err
		}
		n, err := copyExtent(out, in, begin, end-begin)
		copied += n
		if err != nil {
			return copied, err
		}
		at = end
	}
	return copied, out.Truncate(size) // what ended in a hole
}

// extent is the next part from at on that is no hole, empty at size if there is none.
func extent(in *os.File, at, size int64) (begin, end int64, err error) {
	begin, err = unix.Seek(int(in.Fd()), at, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO): // a hole until the end, or shorter by now
		return size, size, nil
	case errors.Is(err, unix.EINVAL): // a file system that knows no holes
		return at, size, nil
	case err != nil:
		return 0, 0, err
	}
	end, err = unix.Seek(int(in.Fd()), begin, unix.SEEK_HOLE)
	return min(begin, size), min(end, size), err
}

func copyExtent(out, in *os.File, at, length int64) (copied int64, err error) {
	from, to := at, at
	for copied < length {
		n, err := unix.CopyFileRange(int(in.Fd()), &from, int(out.Fd()), &to, int(min(length-copied, copyChunk)), 0)
		switch {
		case err == unix.EINTR:
			continue
		case cannotCopy(err):
			rest, err := copyBytes(out, in, at+copied, length-copied)
			return copied + rest, err
		case err != nil:
			return copied, err
		case n == 0:
			return copied, io.ErrUnexpectedEOF
		}
		writeOut(out, at+copied, int64(n))
		copied += int64(n)
	}
	return copied, nil
}

// writeOut has the kernel begin to bring bytes to disk, so that the fsync at the end finds little left to do.
func writeOut(out *os.File, at, length int64) {
	if length >= writeBehind {
		unix.SyncFileRange(int(out.Fd()), at, length, unix.SYNC_FILE_RANGE_WRITE)
	}
}

// cannotCopy says that copy_file_range(2) has no way between the two files, for example from one file system to another.
func cannotCopy(err error) bool {
	return cannotMove(err) || err == unix.EXDEV || err == unix.EOPNOTSUPP || err == unix.EPERM
}

// copyBytes copies through this process.
func copyBytes(out, in *os.File, at, length int64) (int64, error) {
	n, err := io.Copy(plainWriter{io.NewOffsetWriter(out, at)}, io.NewSectionReader(in, at, length))
	if err == nil && n < length {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
