package zone

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/acl"
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
	return newZone{a.base, name, person.UID, m,
		func(hidden string) error { return a.makeRoot(hidden, limit) },
		func(fd int) error { return unix.Fchown(fd, int(person.UID), int(person.GID)) },
	}.make(now)
}

// MakeZone makes a zone of the caller's own in o, which is the base. That he may make one is the kernel's to say.
func (o *Object) MakeZone(name string, m Metadata, now time.Time) error {
	if err := CheckName(name); err != nil {
		return err
	}
	return newZone{o.fd, name, uint32(os.Geteuid()), m,
		func(hidden string) error { return unix.Mkdirat(o.fd, hidden, 0o700) },
		func(int) error { return nil },
	}.make(now)
}

// newZone is a zone that is about to be made.
type newZone struct {
	base  int
	name  string
	owner uint32
	m     Metadata
	root  func(hidden string) error // makes the folder
	give  func(fd int) error        // makes it the owner's, where it is not his already
}

func (z newZone) make(now time.Time) error {
	if err := checkNotPast(z.m.Expires, now); err != nil {
		return err
	}
	if z.m.ID == nil {
		id := NewID()
		z.m.ID = &id
	}
	if err := z.m.Check(); err != nil {
		return err
	}
	hidden := ReservedPrefix + "new-" + NewID()
	if err := z.root(hidden); err != nil {
		return fmt.Errorf("making a folder in the base: %w", err)
	}
	if err := z.finish(hidden); err != nil {
		if undo := unix.Unlinkat(z.base, hidden, unix.AT_REMOVEDIR); undo != nil && undo != unix.ENOENT {
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

// finish dresses the new folder and gives it its name. The owner changes last but one: until then what root makes is
// root's, and nobody else can touch it or, the base being sticky, exchange it.
func (z newZone) finish(hidden string) error {
	fd, err := reach(z.base, hidden, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Fchmod(fd, 0o1770); err != nil {
		return fmt.Errorf("mode: %w", err)
	}
	if err := WriteMetadata(fd, z.m); err != nil {
		return err
	}
	access, inherited := RootACLs(z.owner, nil)
	if err := acl.SetAccess(fd, access); err != nil {
		return err
	}
	if err := acl.SetDefault(fd, inherited); err != nil {
		return err
	}
	if err := z.give(fd); err != nil {
		return fmt.Errorf("owner: %w", err)
	}
	if err := unix.Fsync(fd); err != nil {
		return err
	}
	if err := unix.Renameat2(z.base, hidden, z.base, z.name, unix.RENAME_NOREPLACE); err != nil {
		if err == unix.EEXIST {
			return fmt.Errorf("%s: %w", z.name, ErrExists)
		}
		return fmt.Errorf("naming the zone: %w", err)
	}
	return syncFolder(z.base)
}

// syncBase makes the names in the base last.
func (a *Admin) syncBase() error { return syncFolder(a.base) }

// syncFolder makes the names in a directory last, which is given by any descriptor.
func syncFolder(dir int) error {
	fd, err := reach(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Fsync(fd)
}
