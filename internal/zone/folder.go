package zone

import (
	"errors"

	"golang.org/x/sys/unix"
)

// folderMode is every new folder's: sticky, so that who may write in it removes and renames only what is his. The
// group bits are the mask of what it inherits.
const folderMode = 0o1770

// MakeFolder makes a folder in o. It returns the name, which is another one after ExistsRename, and whether it was made:
// a folder that is there already is EEXIST, or kept after ExistsSkip. There is no replacing of a folder.
func (o *Object) MakeFolder(name string, exists OnExists) (made string, created bool, err error) {
	if err := CheckNewName(name); err != nil {
		return "", false, err
	}
	made = name
	for i := 2; ; i++ {
		err := unix.Mkdirat(o.fd, made, folderMode)
		switch {
		case err == nil:
			return made, true, o.sync()
		case !errors.Is(err, unix.EEXIST):
			return "", false, err
		case exists == ExistsSkip && o.isFolder(name):
			return name, false, nil
		case exists != ExistsRename || i > maxCopies:
			return "", false, err
		}
		made = numbered(name, i)
	}
}

func (o *Object) isFolder(name string) bool {
	var st unix.Stat_t
	return unix.Fstatat(o.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && kind(st.Mode) == "dir"
}

// sync brings a folder's names to disk, where one may read it; a drop box cannot be opened, and its file system decides
// when.
func (o *Object) sync() error {
	dir, err := o.reopen(unix.O_RDONLY | unix.O_DIRECTORY)
	if errors.Is(err, unix.EACCES) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// maxDepth bounds how deep Remove goes: it holds a descriptor for each level, and the gate allows a handler 1,024.
const maxDepth = 900

// ErrTooDeep says that a folder has more levels below it than Remove goes down.
var ErrTooDeep = errors.New("too many levels")

// PartlyRemoved says that a folder stayed because of something in it; what could be removed is gone.
type PartlyRemoved struct{ Err error }

func (e *PartlyRemoved) Error() string { return "partly removed: " + e.Err.Error() }
func (e *PartlyRemoved) Unwrap() error { return e.Err }

// Remove removes the entry of that name and, if it is a folder, everything in it, as far as the kernel lets the caller:
// what is another's stays, with the folders above it, and the first error comes back in a PartlyRemoved.
func (o *Object) Remove(name string) error {
	if err := CheckSegment(name); err != nil {
		return err
	}
	return o.remove(name, 0)
}

func (o *Object) remove(name string, depth int) error {
	err := unix.Unlinkat(o.fd, name, 0)
	if !errors.Is(err, unix.EISDIR) && !(errors.Is(err, unix.EPERM) && o.isFolder(name)) {
		return err
	}
	if err = unix.Unlinkat(o.fd, name, unix.AT_REMOVEDIR); !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.EEXIST) {
		return err
	}
	if depth == maxDepth {
		return ErrTooDeep
	}
	folder, err := o.reachAs(name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if err != nil {
		return err
	}
	first := folder.empty(depth)
	folder.Close()
	if err = unix.Unlinkat(o.fd, name, unix.AT_REMOVEDIR); err == nil || first == nil {
		return err
	}
	var below *PartlyRemoved
	if errors.As(first, &below) {
		return first
	}
	return &PartlyRemoved{first}
}

// empty removes what is in the folder, which is open for reading, and returns the first error. Reserved names go too:
// they are uploads that never ended.
func (o *Object) empty(depth int) error {
	var first error
	buffer := make([]byte, direntBuffer)
	for {
		entries, err := readDirents(o.fd, buffer)
		if err != nil {
			return errors.Join(first, err)
		}
		if len(entries) == 0 {
			return first
		}
		for _, e := range entries {
			if err := o.remove(e.name, depth+1); err != nil && first == nil {
				first = err
			}
		}
	}
}
