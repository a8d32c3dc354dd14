package zone

import (
	"errors"
	"fmt"
	"slices"

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

// Unseen is a zone that could not be looked at.
type Unseen struct {
	Name   string // of a closed one as it is called in the folder of those
	Closed bool
	Err    error
}

// Identities returns those of all zones, open and closed, and which could not be looked at: of what is not found then nobody knows
// whether it is gone. An error says that nothing can be known. So it is where there is no folder of closed ones, which install.sh makes:
// what is looked at is the place where the zones' file system is to be mounted.
func (a *Admin) Identities() ([]Identity, []Unseen, error) {
	closed, err := a.reachClosed()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", layout.Closed, err)
	}
	defer unix.Close(closed)
	all, unseen, err := identitiesIn(a.base, false)
	if err != nil {
		return nil, nil, err
	}
	more, moreUnseen, err := identitiesIn(closed, true)
	if err != nil {
		return nil, nil, err
	}
	return append(all, more...), append(unseen, moreUnseen...), nil
}

// ofAll are the errors that say nothing of one zone.
var ofAll = []error{unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.EINTR}

func identitiesIn(dir int, closed bool) (found []Identity, unseen []Unseen, err error) {
	names, err := readNames(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		if CheckName(name) != nil {
			continue
		}
		fd, err := reach(dir, name, unix.O_PATH|unix.O_DIRECTORY)
		switch err {
		case unix.ENOENT, unix.ENOTDIR, unix.ELOOP, unix.EXDEV: // gone since, no directory, a link, or covered by a mount: no zone
			continue
		}
		var one Identity
		if err == nil {
			one, err = identify(fd, name, closed)
			unix.Close(fd)
		}
		switch {
		case slices.ContainsFunc(ofAll, func(all error) bool { return errors.Is(err, all) }):
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		case err != nil:
			unseen = append(unseen, Unseen{name, closed, err})
		default:
			found = append(found, one)
		}
	}
	return found, unseen, nil
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
