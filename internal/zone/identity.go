package zone

import (
	"errors"
	"fmt"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
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

// Identities returns those of all zones, open and closed. An error says that something could not be looked at: which zone it is of,
// nobody knows then, and none may be taken for gone. So it is where there is no folder of closed ones, which install.sh makes: what is
// looked at is the place where the zones' file system is to be mounted.
func (a *Admin) Identities() ([]Identity, error) {
	closed, err := a.reachClosed()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", layout.Closed, err)
	}
	defer unix.Close(closed)
	all, err := identitiesIn(a.base, false)
	if err != nil {
		return nil, err
	}
	more, err := identitiesIn(closed, true)
	return append(all, more...), err
}

func identitiesIn(dir int, closed bool) ([]Identity, error) {
	names, err := readNames(dir)
	if err != nil {
		return nil, err
	}
	var found []Identity
	for _, name := range names {
		if CheckName(name) != nil {
			continue
		}
		fd, err := reach(dir, name, unix.O_PATH|unix.O_DIRECTORY)
		switch err {
		case nil:
		case unix.ENOENT, unix.ENOTDIR, unix.ELOOP, unix.EXDEV: // gone since, no directory, a link, or covered by a mount: no zone
			continue
		default:
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		one, err := identify(fd, name, closed)
		unix.Close(fd)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		found = append(found, one)
	}
	return found, nil
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
	} else if _, err := xattr.Get(descriptorPath(fd), AttrID); err != nil && !errors.Is(err, unix.ENODATA) && !errors.Is(err, unix.EOPNOTSUPP) {
		return Identity{}, err // it may have one
	}
	if b := born(fd); !b.IsZero() {
		one.Born = b.UnixNano()
	}
	return one, nil
}
