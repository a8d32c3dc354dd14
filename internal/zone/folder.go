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
			o.sync() // that it fails takes nothing back: the folder is there
			return made, true, nil
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
