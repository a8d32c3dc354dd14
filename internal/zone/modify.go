package zone

import (
	"errors"
	"fmt"
	"time"

	"github.com/pkg/xattr"
)

// Modify writes the fields of m that are not nil on the root of an open zone; empty ones remove their attributes, as
// WriteMetadata does. forgetNotify removes that of Notify, whose empty value means something. Everything is checked
// before anything is written.
func (a *Admin) Modify(name string, m Metadata, forgetNotify bool, now time.Time) error {
	h, err := a.hold(name)
	if err != nil {
		return err
	}
	defer h.Release()
	return h.Modify(m, forgetNotify, now)
}

// Modify is Admin's, of a zone that is held.
func (h *Held) Modify(m Metadata, forgetNotify bool, now time.Time) error {
	return modifyRoot(h.fd, m, forgetNotify, now)
}

// CapExpiry sets the expiry date of a zone that is locked, and nothing else.
func (h *Held) CapExpiry(date string) error { return WriteMetadata(h.fd, Metadata{Expires: &date}) }

// GiveID gives a zone that is locked, and has no id that can be believed, a new one.
func (h *Held) GiveID() error {
	id := NewID()
	return WriteMetadata(h.fd, Metadata{ID: &id})
}

// Modify is the same as the caller, on a zone's root o: the kernel says whether it is his.
func (o *Object) Modify(m Metadata, forgetNotify bool, now time.Time) error {
	return modifyRoot(o.fd, m, forgetNotify, now)
}

func modifyRoot(fd int, m Metadata, forgetNotify bool, now time.Time) error {
	if err := checkNotPast(m.Expires, now); err != nil {
		return err
	}
	m.ID = nil // it is made once
	if err := WriteMetadata(fd, m); err != nil {
		return err
	}
	// What is not well formed goes with it: it counted for nothing. What is to stay does count: its owner says it anew.
	for _, bad := range ReadMetadata(fd).Bad {
		if bad.Attr == AttrID || bad.Attr == AttrKeep {
			continue
		}
		if err := removeAttribute(fd, bad.Attr); err != nil {
			return err
		}
	}
	if forgetNotify {
		return removeAttribute(fd, AttrNotify)
	}
	return nil
}

// removeAttribute looks first: where a quota is used up, removing is refused even if there is nothing to remove.
func removeAttribute(fd int, name string) error {
	if _, err := xattr.Get(descriptorPath(fd), name); errors.Is(err, xattr.ENOATTR) {
		return nil
	}
	if err := xattr.Remove(descriptorPath(fd), name); err != nil && !errors.Is(err, xattr.ENOATTR) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
