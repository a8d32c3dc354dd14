package zone

import (
	"errors"

	"golang.org/x/sys/unix"
)

// Identity is what tells the root of a zone from every other directory. Its owner writes the id, and can write there what
// he read in another zone; inode and birth he cannot choose, and a new name does not change them. (The device's number
// would not do: that of a loop device or a subvolume is another one after each mount.)
type Identity struct {
	Name   string // where it is closed: the one that it had when it was open
	Closed bool
	ID     string // "" = it has none that can be believed
	Owner  uint32
	Notify *string // of what its people are told; nil = as the site has it
	Inode  uint64
	Born   int64 // nanoseconds since 1970; 0 where the file system does not say
}

// Identities returns those of all zones, open and closed. What cannot be looked at is joined in the error; the rest is
// returned all the same.
func (a *Admin) Identities() ([]Identity, error) {
	all, err := identitiesIn(a.base, false)
	closed, closedErr := a.reachClosed()
	if errors.Is(closedErr, unix.ENOENT) {
		return all, err
	}
	if closedErr != nil {
		return all, errors.Join(err, closedErr)
	}
	defer unix.Close(closed)
	more, closedErr := identitiesIn(closed, true)
	return append(all, more...), errors.Join(err, closedErr)
}

func identitiesIn(dir int, closed bool) ([]Identity, error) {
	names, err := readNames(dir)
	var found []Identity
	for _, name := range names {
		if CheckName(name) != nil {
			continue
		}
		fd, oneErr := reach(dir, name, unix.O_PATH|unix.O_DIRECTORY)
		if oneErr != nil { // gone since, no directory, or covered by a mount: no zone of which something could be told
			continue
		}
		one, oneErr := identify(fd, name, closed)
		unix.Close(fd)
		if oneErr != nil {
			err = errors.Join(err, oneErr)
			continue
		}
		found = append(found, one)
	}
	return found, err
}

func identify(fd int, name string, closed bool) (Identity, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Identity{}, err
	}
	one := Identity{Name: name, Closed: closed, Owner: st.Uid, Inode: st.Ino}
	if closed {
		one.Name = readClosing(fd, &st, name).name
	}
	m := ReadMetadata(fd)
	if one.Notify = m.Notify; m.ID != nil {
		one.ID = *m.ID
	}
	if b := born(fd); !b.IsZero() {
		one.Born = b.UnixNano()
	}
	return one, nil
}
