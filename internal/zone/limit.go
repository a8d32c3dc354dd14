package zone

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"sharezone/internal/btrfs"
	"sharezone/internal/layout"
)

// The limit of a zone is the file system's: a zone with one is a subvolume of a btrfs, and the kernel refuses what goes
// beyond (EDQUOT). Nothing of Share Zone counts anything.

// LeastLimit is the smallest limit, in bytes. btrfs sets some 100 KiB aside for each change: with less than this hardly
// a folder could be made.
const LeastLimit = 1 << 20

// The refusals of limits.
var (
	ErrNoLimits  = errors.New("the file system of the zones keeps no limits of single zones")
	ErrPlainZone = errors.New("this zone is a plain folder")
)

// limitOf returns the limit of the zone whose root is behind fd, in bytes; nil is none. Of a zone that is a plain folder
// it is none, whatever limit there is for all of them together.
func limitOf(fd int) (*int64, error) {
	s, err := btrfs.Of(fd)
	if errors.Is(err, btrfs.ErrOther) || errors.Is(err, btrfs.ErrNoQuotas) || err == nil && !s.IsRoot {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	u, err := s.Usage()
	return u.Limit, err
}

// freeOf returns how many bytes can still be brought to what is behind fd by who is not root: as many as the file system
// has, or as the limit leaves that is in force there.
func freeOf(fd int) (int64, error) {
	var space unix.Statfs_t
	if err := unix.Fstatfs(fd, &space); err != nil {
		return 0, err
	}
	free := int64(space.Bavail) * space.Frsize
	s, err := btrfs.Of(fd)
	if err != nil {
		return free, nil
	}
	u, err := s.Usage()
	if err == nil && u.Limit != nil {
		free = min(free, max(*u.Limit-u.Used, 0))
	}
	return free, err
}

// CheckLimits returns nil where zones can have limits, or ErrNoLimits with the reason.
func (a *Admin) CheckLimits() error {
	if _, err := btrfs.Of(a.base); err != nil {
		return fmt.Errorf("%s: %w: %w", layout.Base, ErrNoLimits, err)
	}
	if err := btrfs.HasProgram(); err != nil {
		return fmt.Errorf("%s: %w: %w", layout.Base, ErrNoLimits, err)
	}
	return nil
}

// SetLimit changes the limit of an open zone that was made with one; nil ends it. One that is smaller than what the zone
// holds is taken: nothing is removed, and nothing comes in.
func (a *Admin) SetLimit(name string, limit *int64) error {
	h, err := a.Reach(name)
	if err != nil {
		return err
	}
	defer h.Release()
	if err := h.lockOnly(); err != nil {
		return err
	}
	if err := a.CheckLimits(); err != nil {
		return err
	}
	s, err := btrfs.Of(h.fd)
	if err == nil && !s.IsRoot {
		err = ErrPlainZone
	}
	if err == nil {
		err = btrfs.SetLimit(a.base, s, limit)
	}
	if err == nil {
		err = raisedOf(s).forget()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// makeRoot makes the folder that becomes a zone; with a limit it is a subvolume. Closing and restoring rename it like
// any other.
func (a *Admin) makeRoot(hidden string, limit *int64) error {
	if limit == nil {
		return unix.Mkdirat(a.base, hidden, 0o700)
	}
	if err := a.CheckLimits(); err != nil {
		return err
	}
	if err := btrfs.Create(a.base, hidden); err != nil {
		return err
	}
	if err := a.limitNew(hidden, limit); err != nil {
		return errors.Join(err, unix.Unlinkat(a.base, hidden, unix.AT_REMOVEDIR))
	}
	return nil
}

func (a *Admin) limitNew(hidden string, limit *int64) error {
	fd, err := reach(a.base, hidden, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	s, err := btrfs.Of(fd)
	if err != nil {
		return err
	}
	return btrfs.SetLimit(a.base, s, limit)
}
