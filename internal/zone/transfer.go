package zone

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// ErrSamePerson: nobody inherits from himself.
var ErrSamePerson = errors.New("this is the same person")

// Owned returns the zones of a uid, open and closed.
func (a *Admin) Owned(uid uint32) ([]Details, error) {
	all, err := a.List()
	var owned []Details
	for _, z := range all {
		if z.ownerID == uid {
			owned = append(owned, z)
		}
	}
	return owned, err
}

// giving is who gives everything to whom.
type giving struct {
	from, to     account.Entry
	privateGroup bool // the group of from is his alone, so files change it too
}

// Handover is what TransferAll did in one zone.
type Handover struct {
	Zone   Details // as it was before
	Owner  bool    // the zone itself changed hands
	Report Report
}

// CheckTransfer says why TransferAll would refuse.
func (a *Admin) CheckTransfer(from account.Entry, to string) error {
	_, _, err := a.prepareTransfer(from, to)
	return err
}

func (a *Admin) prepareTransfer(from account.Entry, to string) (account.Entry, []Details, error) {
	heir, ok := a.names.User(to)
	switch {
	case !ok:
		return heir, nil, fmt.Errorf("%s: %w", to, ErrNoSuchUser)
	case heir.UID < layout.MinUID || !a.names.InGroup(to, layout.GroupBase):
		return heir, nil, fmt.Errorf("%s: %w", to, ErrNotInBase)
	case heir.UID == from.UID:
		return heir, nil, fmt.Errorf("%s: %w", to, ErrSamePerson)
	}
	zones, err := a.List()
	if err != nil {
		return heir, nil, err
	}
	for _, z := range zones {
		if z.ownerID == from.UID && !a.names.InGroup(to, layout.GroupManager) {
			return heir, nil, fmt.Errorf("%s: %w", to, ErrNotManager)
		}
	}
	return heir, zones, nil
}

// TransferAll gives a person's zones, and his files in everybody's zones, to somebody else: the root of a zone first,
// then what lies in it. In his own zones the new owner also takes his place in all access lists; in others no list
// changes. The group changes where it was the person's private one. It tells what it did, also when it fails half-way;
// run again, it goes on.
func (a *Admin) TransferAll(from account.Entry, to string) ([]Handover, error) {
	heir, zones, err := a.prepareTransfer(from, to)
	if err != nil {
		return nil, err
	}
	group, _ := a.names.GroupName(from.GID)
	g := giving{from, heir, group == from.Name}
	var done []Handover
	for _, z := range zones {
		h := Handover{Zone: z}
		err := a.transfer(&h, g)
		if errors.Is(err, ErrNotThere) || errors.Is(err, ErrNotClosed) { // renamed, closed or restored since the list was made: another run finds it
			h.Report.Skipped = append(h.Report.Skipped, Skipped{Reason: SkipMoved})
		} else if err != nil {
			return done, fmt.Errorf("%s: %w", z.Name, err)
		}
		if h.Owner || h.Report.Folders+h.Report.Files+len(h.Report.Skipped) > 0 {
			done = append(done, h)
		}
	}
	return done, nil
}

func (a *Admin) transfer(h *Handover, g giving) error {
	reach := a.Reach
	if h.Zone.State == StateClosed {
		reach = a.ReachClosed
	}
	held, err := reach(h.Zone.Name)
	if err != nil {
		return err
	}
	defer held.Release()
	if err := held.Lock(); err != nil {
		return err
	}
	h.Owner = held.stat.Uid == g.from.UID
	if h.Owner {
		if err := transferRoot(held.fd, &held.stat, g); err != nil {
			return err
		}
	}
	lists := h.Owner
	if held.stat.Uid == g.to.UID {
		// A zone of the heir's may be one whose transfer was interrupted: its lists are looked through again. Not so where
		// the one who gives is a member himself, whom a transfer would have taken out of what is inherited.
		inherited, err := acl.Default(held.fd)
		if err != nil {
			return err
		}
		_, member := inherited.Find(acl.User, g.from.UID)
		lists = !member
	}
	if err := a.walk(held.fd, &h.Report, trashToo, ownership(g, lists)); err != nil {
		return err
	}
	if held.stat.Uid == g.from.UID || held.stat.Uid == g.to.UID {
		return held.settleTrash(&h.Report, g)
	}
	return held.passTrash(g.from.UID, g.to.UID)
}

// transferRoot gives the root to the heir. Until it is his, running the command again finds the zone among those of the old
// owner. Neither needs an entry as a member then: the heir owns it, and the old owner is to have nothing by an entry that he
// once gave himself. The heir's goes last: before that he would not get in, if this were interrupted. The old owner's goes first:
// the zone is no longer found among his when it has changed hands.
func transferRoot(fd int, st *unix.Stat_t, g giving) error {
	access, err := acl.Access(fd)
	if err != nil {
		return err
	}
	inherited, err := acl.Default(fd)
	if err != nil {
		return err
	}
	if err := acl.SetDefault(fd, exchanged(inherited, g.from.UID, g.to.UID)); err != nil {
		return err
	}
	access = access.Without(acl.User, g.from.UID)
	if err := acl.SetAccess(fd, access); err != nil {
		return err
	}
	if _, err = g.chown(fd, st); err != nil {
		return err
	}
	return acl.SetAccess(fd, access.Without(acl.User, g.to.UID))
}

// ownership is the change that gives to somebody what is another's; lists says whether he also takes the other's place
// in access lists. A file with several names stays as it is, and keeps the transfer from being whole if it concerns the
// one who gives.
func ownership(g giving, lists bool) change {
	return func(fd int, st *unix.Stat_t) (bool, error) {
		if linked(st) {
			return false, g.leftLinked(fd, st, lists)
		}
		changed := false
		if lists {
			var err error
			changed, err = changeACLs(fd, st, func(list acl.ACL, _ bool) acl.ACL { return exchanged(list, g.from.UID, g.to.UID) })
			if err != nil {
				return changed, err
			}
		}
		given, err := g.chown(fd, st)
		return changed || given, err
	}
}

// leftLinked is errLinked for a file that belongs to the one who gives, or whose list gives him what the other, who takes
// his place in it, does not have.
func (g giving) leftLinked(fd int, st *unix.Stat_t, lists bool) error {
	if st.Uid == g.from.UID {
		return errLinked
	}
	if !lists || st.Uid == g.to.UID {
		return nil
	}
	access, err := acl.Access(fd)
	gives, _ := access.Find(acl.User, g.from.UID)
	has, _ := access.Find(acl.User, g.to.UID)
	if gives&^has != 0 {
		return errLinked
	}
	return err
}

// exchanged is a list with the entry of one user under the name of another, who keeps what he had himself.
func exchanged(list acl.ACL, from, to uint32) acl.ACL {
	perm, there := list.Find(acl.User, from)
	if !there {
		return list
	}
	had, _ := list.Find(acl.User, to)
	return list.Without(acl.User, from).With(acl.Entry{Tag: acl.User, ID: to, Perm: perm | had})
}

// chown gives what is behind fd to another if it is the one's. st is from the descriptor, so it cannot be another file.
func (g giving) chown(fd int, st *unix.Stat_t) (bool, error) {
	if st.Uid != g.from.UID {
		return false, nil
	}
	gid := -1 // leave as it is
	if g.privateGroup && st.Gid == g.from.GID {
		gid = int(g.to.GID)
	}
	return true, unix.Fchownat(fd, "", int(g.to.UID), gid, unix.AT_EMPTY_PATH)
}
