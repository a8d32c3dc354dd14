// Package disk brings what is written to the disk before it counts: after a power failure a file is there whole, or as it was
// before.
package disk

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Unfinished is how the name of a file ends that is being written.
const Unfinished = ".new"

// Write puts a file of mode 0600 into its place, whole, over one that is there. It writes beside it first, under NAME.new: each
// file has one writer at a time, and what an interrupted one left is written over.
func Write(name string, b []byte) error { return write(name, b, func(*os.File) error { return nil }) }

// WriteFor is Write for a file of somebody else's, which a group reads (mode 0640).
func WriteFor(name string, b []byte, uid, gid uint32) error {
	return write(name, b, func(f *os.File) error {
		return errors.Join(f.Chown(int(uid), int(gid)), f.Chmod(0o640))
	})
}

func write(name string, b []byte, give func(*os.File) error) error {
	f, err := os.OpenFile(name+Unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = give(f)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name+Unfinished)) // a full disk needs the room
	}
	return Rename(name+Unfinished, name)
}

// Rename renames, and returns when the new name is on the disk.
func Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	err := SyncFolder(filepath.Dir(to))
	if filepath.Dir(from) != filepath.Dir(to) {
		err = errors.Join(err, SyncFolder(filepath.Dir(from)))
	}
	return err
}

// SyncFolder brings what was named, renamed or removed in a folder to the disk.
func SyncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Try returns the error of writing b into a folder, where nothing of it is left or is ever seen.
func Try(folder string, b []byte) error {
	fd, err := unix.Open(folder, unix.O_WRONLY|unix.O_TMPFILE|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return &os.PathError{Op: "open", Path: folder, Err: err}
	}
	f := os.NewFile(uintptr(fd), folder)
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}
