package zone

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// Transfer gives one open zone to another manager, as Held.Transfer does.
func (a *Admin) Transfer(name, to string) (Report, error) {
	h, err := a.hold(name)
	if err != nil {
		return Report{}, err
	}
	defer h.Release()
	return h.Transfer(to)
}

// Transfer gives the zone, and what its owner has in it, to another manager, who also takes his place in the access lists.
// The root changes hands last: until then the old owner can run an interrupted transfer again. A second walk finds what
// he brought during the first. Given back to whose it was before a chown, the root alone changes.
func (h *Held) Transfer(to string) (Report, error) {
	names := h.admin.names
	heir, known := names.User(to)
	switch {
	case !known:
		return Report{}, fmt.Errorf("%s: %w", to, ErrNoSuchUser)
	case heir.UID < layout.MinUID || !names.InGroup(to, layout.GroupBase) || !names.InGroup(to, layout.GroupManager):
		return Report{}, fmt.Errorf("%s: %w", to, ErrNotManager)
	case heir.UID == h.stat.Uid:
		return Report{}, fmt.Errorf("%s: %w", to, ErrSamePerson)
	}
	root, err := inspect(h.fd, h.name)
	if err != nil {
		return Report{}, err
	}
	g := giving{from: account.Entry{UID: h.stat.Uid}, to: heir}
	from, known := names.UserByUID(h.stat.Uid)
	if known {
		group, _ := names.GroupName(from.GID)
		g.from, g.privateGroup = from, group == from.Name
	}
	if root.FormerOwner(names) == to { // back: what the other has in it stays his, if he is anybody, and both lists are as they were
		var report Report
		err := unix.Fchownat(h.fd, "", int(heir.UID), -1, unix.AT_EMPTY_PATH)
		if err == nil && !known && names.Err() == nil {
			err = h.admin.walk(h.fd, &report, trashToo, ownership(g, false))
		}
		err = errors.Join(err, h.settleTrash(&report, g))
		return report, err
	}
	// What is made from now on is the heir's to read.
	inherited, err := acl.Default(h.fd)
	if err == nil {
		if after := exchanged(inherited, g.from.UID, g.to.UID); !slices.Equal(after, inherited) {
			err = acl.SetDefault(h.fd, after)
		}
	}
	var report Report
	if err == nil {
		err = h.admin.walk(h.fd, &report, trashToo, ownership(g, true))
	}
	if err == nil {
		err = transferRoot(h.fd, &h.stat, g)
	}
	if err != nil {
		return report, full(h.fd, err)
	}
	err = h.admin.walk(h.fd, &report, trashToo, ownership(g, true))
	err = errors.Join(err, h.settleTrash(&report, g))
	return report, err
}

// settleTrash sees to the trash when the root has changed hands.
func (h *Held) settleTrash(report *Report, g giving) error {
	if err := unix.Fstat(h.fd, &h.stat); err != nil {
		return err
	}
	return errors.Join(h.passTrash(g.from.UID, g.to.UID), h.ownTrash(report))
}
