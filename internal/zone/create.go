package zone

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// NewID returns the id of a new zone: 16 random bytes in hexadecimal.
func NewID() string {
	var b [idLength / 2]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Create makes a zone of an owner who is in shzmgr. It grows under a hidden name and gets its own as the last step, so
// nobody ever sees one without its rights. Its id is m.ID, or a new one.
func (a *Admin) Create(name, owner string, m Metadata, now time.Time) error {
	return a.CreateLimited(name, owner, m, nil, now)
}

// CreateLimited makes a zone that may hold limit bytes; nil is no limit.
func (a *Admin) CreateLimited(name, owner string, m Metadata, limit *int64, now time.Time) error {
	if err := CheckName(name); err != nil {
		return err
	}
	person, ok := a.names.User(owner)
	if !ok {
		return fmt.Errorf("%s: %w", owner, ErrNoSuchUser)
	}
	if !a.names.InGroup(owner, layout.GroupManager) || !a.names.InGroup(owner, layout.GroupBase) || person.UID == 0 {
		return fmt.Errorf("%s: %w", owner, ErrNotManager)
	}
	if err := checkNotPast(m.Expires, now); err != nil {
		return err
	}
	if m.ID == nil {
		id := NewID()
		m.ID = &id
	}
	if err := m.Check(); err != nil {
		return err
	}
	hidden := ReservedPrefix + "new-" + NewID()
	if err := a.makeRoot(hidden, limit); err != nil {
		return fmt.Errorf("making a folder in the base: %w", err)
	}
	if err := a.finish(hidden, name, person, m); err != nil {
		if undo := unix.Unlinkat(a.base, hidden, unix.AT_REMOVEDIR); undo != nil && undo != unix.ENOENT {
			err = errors.Join(err, fmt.Errorf("removing %s again: %w", hidden, undo))
		}
		return err
	}
	return nil
}

// checkNotPast refuses an expiry date that is over; nil and "" are none.
func checkNotPast(expires *string, now time.Time) error {
	if expires == nil || *expires == "" {
		return nil
	}
	end, err := ExpiresAt(*expires)
	if err == nil && !now.Before(end) {
		err = fmt.Errorf("%s: %w", *expires, ErrPast)
	}
	return err
}

// finish dresses the new folder and gives it its name. The owner changes last but one: until then the folder is root's
// and nobody else can touch it or, the base being sticky, exchange it.
func (a *Admin) finish(hidden, name string, owner account.Entry, m Metadata) error {
	fd, err := reach(a.base, hidden, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Fchmod(fd, 0o1770); err != nil {
		return fmt.Errorf("mode: %w", err)
	}
	if err := WriteMetadata(fd, m); err != nil {
		return err
	}
	access, inherited := RootACLs(owner.UID, nil)
	if err := acl.SetAccess(fd, access); err != nil {
		return err
	}
	if err := acl.SetDefault(fd, inherited); err != nil {
		return err
	}
	if err := unix.Fchown(fd, int(owner.UID), int(owner.GID)); err != nil {
		return fmt.Errorf("owner: %w", err)
	}
	if err := unix.Fsync(fd); err != nil {
		return err
	}
	if err := unix.Renameat2(a.base, hidden, a.base, name, unix.RENAME_NOREPLACE); err != nil {
		if err == unix.EEXIST {
			return fmt.Errorf("%s: %w", name, ErrExists)
		}
		return fmt.Errorf("naming the zone: %w", err)
	}
	return a.syncBase()
}

// syncBase makes the names in the base last.
func (a *Admin) syncBase() error {
	fd, err := reach(a.base, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Fsync(fd)
}
