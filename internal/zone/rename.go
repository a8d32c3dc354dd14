package zone

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Landed is where an entry that was renamed, moved or copied got to.
type Landed struct {
	Name     string // the name it has now, which is another one than asked for after ExistsRename
	Replaced bool   // it took the place of a file
	Skipped  bool   // the name was taken, so nothing was done (ExistsSkip)
	Folder   bool   // it is a folder
}

// Rename gives an entry of the folder another name in it; it stays the same object, with its ACL, its owner and its age.
func (o *Object) Rename(name, to string, exists OnExists) (Landed, error) {
	if err := CheckSegment(name); err != nil {
		return Landed{}, err
	}
	if err := CheckNewName(to); err != nil {
		return Landed{}, err
	}
	folder := o.isFolder(name)
	done, err := o.renameTo(name, o, to, exists)
	if err == nil && !done.Skipped {
		done.Folder = folder
	}
	return done, err
}

// renameTo gives an entry a name in another folder of the same file system, or in its own.
func (o *Object) renameTo(name string, folder *Object, to string, exists OnExists) (Landed, error) {
	done, err := o.renameUnsynced(name, folder, to, exists)
	if err == nil && !done.Skipped {
		syncBoth(o, folder)
	}
	return done, err
}

// syncBoth brings two folders to disk. What was renamed has its name already: what cannot be brought there now, the file system
// brings later.
func syncBoth(from, to *Object) {
	to.sync()
	if inodeOf(&from.stat) != inodeOf(&to.stat) {
		from.sync()
	}
}

// renameUnsynced is renameTo that leaves it to the file system when it is on the disk.
func (o *Object) renameUnsynced(name string, folder *Object, to string, exists OnExists) (Landed, error) {
	done := Landed{Name: to}
	for i := 2; ; i++ {
		err := unix.Renameat2(o.fd, name, folder.fd, done.Name, unix.RENAME_NOREPLACE)
		taken := errors.Is(err, unix.EEXIST)
		switch {
		case taken && exists == ExistsSkip:
			return Landed{Name: to, Skipped: true}, nil
		case taken && exists == ExistsReplace:
			done.Replaced = true
			err = o.exchange(name, folder, to)
		case taken && exists == ExistsRename && i <= maxCopies:
			done.Name = numbered(to, i)
			continue
		}
		if err != nil {
			return Landed{}, err
		}
		return done, nil
	}
}

// exchange puts the file with a name into the place of another one and removes that, or moves it to the trash. As with an upload that
// replaces, what came out of the place is looked at, and put back unless it is a file of the caller's own. Who is killed in between
// leaves both files to be seen, under each other's names.
func (o *Object) exchange(name string, folder *Object, to string) error {
	place, err := folder.prepareTrash()
	if err != nil {
		return err
	}
	defer place.close()
	swap := func() error { return unix.Renameat2(o.fd, name, folder.fd, to, unix.RENAME_EXCHANGE) }
	if err := swap(); err != nil {
		return err
	}
	var in, out unix.Stat_t
	err = unix.Fstatat(folder.fd, to, &in, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil {
		err = unix.Fstatat(o.fd, name, &out, unix.AT_SYMLINK_NOFOLLOW)
	}
	if err != nil {
		return err
	}
	if inodeOf(&in) == inodeOf(&out) { // two names of one file, or one name: exchanging does nothing
		return unix.EEXIST
	}
	if kind(in.Mode) != "file" || !replaceable(&out) {
		return errors.Join(unix.EPERM, swap())
	}
	err = place.take(o, name, to)
	if errors.Is(err, unix.EXDEV) { // something is mounted in the zone, and has no trash
		err = unix.Unlinkat(o.fd, name, 0)
	}
	if err != nil {
		return errors.Join(err, swap())
	}
	return nil
}
