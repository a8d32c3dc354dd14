package zone

import (
	"errors"
	"fmt"
	"os"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/slot"
)

// Held is a zone whose root was reached once: whatever happens to its name, what is asked and done goes to that directory.
type Held struct {
	admin  *Admin
	dir    int // where its name stands: the base, or .closed
	closed bool
	name   string
	fd     int // O_PATH
	stat   unix.Stat_t
	opened *os.File // for AgeRule: the root, for reading
	lock   *os.File
	narrow func() error // gives up the room that Lock has made under a limit
}

// Closed says whether it is a closed zone.
func (h *Held) Closed() bool { return h.closed }

// Reach returns an open zone.
func (a *Admin) Reach(name string) (*Held, error) {
	return a.reachIn(a.base, name, false, ErrNotThere)
}

// ReachClosed returns a closed zone, by the name that it has in .closed.
func (a *Admin) ReachClosed(name string) (*Held, error) {
	closed, err := a.reachClosed()
	if errors.Is(err, unix.ENOENT) {
		return nil, fmt.Errorf("%s: %w", name, ErrNotClosed)
	}
	if err != nil {
		return nil, err
	}
	return a.reachIn(closed, name, true, ErrNotClosed)
}

// reachIn takes dir over where it is that of closed zones.
func (a *Admin) reachIn(dir int, name string, closed bool, missing error) (*Held, error) {
	h := &Held{admin: a, dir: dir, closed: closed, name: name, fd: -1}
	if err := CheckName(name); err != nil {
		h.Release()
		return nil, err
	}
	var err error
	h.fd, err = reach(dir, name, unix.O_PATH|unix.O_DIRECTORY)
	if err == nil {
		err = unix.Fstat(h.fd, &h.stat)
	} else if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		err = missing
	} else if err == unix.EXDEV {
		err = fmt.Errorf("%w: %w", ErrOtherMount, err)
	}
	if err != nil {
		h.Release()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return h, nil
}

// hold is Reach and Lock.
func (a *Admin) hold(name string) (*Held, error) {
	h, err := a.Reach(name)
	if err != nil {
		return nil, err
	}
	if err := h.Lock(); err != nil {
		h.Release()
		return nil, err
	}
	return h, nil
}

// Owner is the uid of the zone's owner when the zone was reached or locked.
func (h *Held) Owner() uint32 { return h.stat.Uid }

// Lock makes the zone this process's to change, or says ErrBusy at once, and looks at it again: who waited for nobody
// may still have found it as it was before somebody else's change. In a zone that has used up its limit it makes room for
// the change. The lock is no lock of the directory itself, which every member could take; it goes by the file system and the
// inode (the root of every subvolume of a Btrfs is inode 256), so a new name does not get around it.
func (h *Held) Lock() error {
	if err := h.lockOnly(); err != nil {
		return err
	}
	var err error
	h.narrow, err = h.admin.widen(h.fd)
	return err
}

func (h *Held) lockOnly() error {
	lock, err := slot.Lock(fmt.Sprintf("zone.%d.%d", h.stat.Dev, h.stat.Ino))
	if errors.Is(err, slot.ErrTaken) {
		return fmt.Errorf("%s: %w", h.name, ErrBusy)
	}
	if err != nil {
		return err
	}
	h.lock = lock
	missing := ErrNotThere // closed, restored or renamed before it was this one's turn
	if h.closed {
		missing = ErrNotClosed
	}
	if err := checkMoved(h.dir, h.name, h.fd); err != nil {
		return fmt.Errorf("%s: %w", h.name, missing)
	}
	return unix.Fstat(h.fd, &h.stat)
}

// Release gives lock and descriptors back. What is released is not used again.
func (h *Held) Release() {
	if h.narrow != nil {
		h.narrow() // where it fails the next change puts the limit back: see widen
	}
	if h.lock != nil {
		h.lock.Close()
	}
	if h.opened != nil {
		h.opened.Close()
	}
	if h.fd >= 0 {
		unix.Close(h.fd)
	}
	if h.closed {
		unix.Close(h.dir)
	}
	h.narrow, h.lock, h.opened, h.fd, h.closed = nil, nil, nil, -1, false
}

// ID is the id of the zone, "" where there is none that can be believed.
func (h *Held) ID() string {
	if id := ReadMetadata(h.fd).ID; id != nil {
		return *id
	}
	return ""
}

// Renew takes names as they are now: of somebody who was made since the zone was reached.
func (h *Held) Renew(names *account.Names) { h.admin.names = names }

// Metadata is what the zone's root says of it now.
func (h *Held) Metadata() Metadata { return ReadMetadata(h.fd) }

// AgeRule is of the metadata what says which files have had their time: MaxAge, Keep and, of these two, what is Bad.
// It is asked before each thing that goes, so the root is opened for reading: through /proc an attribute takes some four times as long.
func (h *Held) AgeRule() (Metadata, error) {
	if h.opened == nil {
		fd, err := reach(h.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
		if err != nil {
			return Metadata{}, fmt.Errorf("%s: %w", h.name, err)
		}
		h.opened = os.NewFile(uintptr(fd), h.name)
	}
	return readMetadata(func(name string) ([]byte, error) { return xattr.FGet(h.opened, name) },
		func(name string) bool { return name == AttrMaxAge || name == AttrKeep }), nil
}

// Details says what the zone is now.
func (h *Held) Details() (Details, error) {
	r, err := inspect(h.fd, h.name)
	if err != nil {
		return Details{}, fmt.Errorf("%s: %w", h.name, err)
	}
	prefetch([]Root{r}, h.admin.names)
	state := StateOpen
	if h.closed {
		state = StateClosed
	}
	return h.admin.describe(r, state), nil
}

// path is the zone's path in commands that are shown.
func (h *Held) path() string {
	if h.closed {
		return h.admin.path + "/.closed/" + h.name
	}
	return h.admin.path + "/" + h.name
}
