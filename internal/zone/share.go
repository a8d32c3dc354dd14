package zone

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/layout"
)

// Share sets what a principal ("user:bruno", "group:shz-acme") may do in a zone: on its root at once, then on what lies
// in it. None of somebody who is gone is written with his number ("user:7001").
//
// The root decides, because whoever cannot pass it reaches nothing below: rights are taken from it first and given to
// it first. Less than before is taken away everywhere and then given again, so that an interrupted run never leaves a
// folder deep inside in which somebody may still write. Run again, it goes on where it stopped.
func (a *Admin) Share(name, principal string, access Access) (Report, error) {
	h, err := a.hold(name)
	if err != nil {
		return Report{}, err
	}
	defer h.Release()
	return h.Share(principal, access)
}

// Share is Admin's, of a zone that is held. Entries of the principal's that give nothing stay where rights are taken away:
// somebody wrote them by hand, to keep out whom a group lets in.
func (h *Held) Share(principal string, access Access) (Report, error) {
	if access != None && access.perm() == 0 {
		return Report{}, ValueError{Attr: "access", Value: clip(string(access)), Reason: BadForm}
	}
	a, fd := h.admin, h.fd
	entry, err := a.entryFor(principal, access, h.stat.Uid)
	if err != nil {
		return Report{}, err
	}
	before, err := acl.Access(fd)
	if err != nil {
		return Report{}, err
	}
	var report Report
	old, had := before.Find(entry.Tag, entry.ID)
	if access == None || access == Drop || had && old&^entry.Perm != 0 || isNarrowing(fd, entry) {
		if err := beginNarrowing(fd, entry); err != nil {
			return Report{}, err
		}
		nobody := a.isNobody(entry) // whom no group lets in
		without := func(list acl.ACL, _ bool) acl.ACL {
			found, there := list.Find(entry.Tag, entry.ID)
			if !there || found == 0 && !nobody {
				return list
			}
			return list.Without(entry.Tag, entry.ID)
		}
		report.Denied = access == None && had && old == 0 && !nobody
		// The access ACL of the root is the first to change: lookups stop at once.
		if _, err := changeACLs(fd, &h.stat, without); err != nil {
			return Report{}, err
		}
		if err := a.walk(fd, &report, allNames, removal(without, a.ownersOf(entry, access, h.stat.Uid, before))); err != nil {
			return report, err
		}
		if !report.unfinished {
			if err := endNarrowing(fd, entry); err != nil {
				return report, err
			}
		}
		if access == None {
			return report, nil
		}
	}
	owner, err := h.namedByDefault()
	if err != nil {
		return report, err
	}
	if err := addToRoot(fd, entry, owner); err != nil {
		return report, full(fd, err)
	}
	report.Shut, err = isShut(fd, entry)
	if err != nil || access == Drop {
		return report, err
	}
	both := Report{Skipped: slices.DeleteFunc(report.Skipped, func(s Skipped) bool { return s.Reason != SkipOwns }), More: report.moreOwns}
	err = a.walk(fd, &report, contentOnly, a.addition(entry)) // finds the others again
	for _, s := range report.Skipped {
		both.skip(s)
	}
	report.Skipped, report.More = both.Skipped, report.More+both.More
	return report, err
}

// CheckShare says before a change whether Share would refuse whom it is given.
func (a *Admin) CheckShare(z Details, principal string, access Access) error {
	_, err := a.entryFor(principal, access, z.ownerID)
	return err
}

// entryFor finds out who a principal is.
func (a *Admin) entryFor(principal string, access Access, owner uint32) (acl.Entry, error) {
	kind, name, _ := strings.Cut(principal, ":")
	e := acl.Entry{Perm: access.perm()}
	var known bool
	switch kind {
	case "user":
		e.Tag = acl.User
		e.ID, known = a.names.UserID(name)
	case "group":
		e.Tag = acl.Group
		e.ID, known = a.names.GroupID(name)
	}
	if e.Tag == 0 || name == "" {
		return e, fmt.Errorf("%s: %w", principal, ErrPrincipal)
	}
	if err := a.names.Err(); err != nil && !known {
		return e, err
	}
	if access == None {
		if id, err := strconv.ParseUint(name, 10, 32); !known && err == nil {
			e.ID, known = uint32(id), id < uint64(acl.Undefined)
		}
	}
	switch {
	case !known && e.Tag == acl.User:
		return e, fmt.Errorf("%s: %w", name, ErrNoSuchUser)
	case !known:
		return e, fmt.Errorf("%s: %w", name, ErrNoSuchGroup)
	case e.Tag == acl.User && e.ID == owner:
		return e, fmt.Errorf("%s: %w", name, ErrIsOwner)
	case e.Tag == acl.User && access != None && !a.names.InGroup(name, layout.GroupBase):
		return e, fmt.Errorf("%s: %w", name, ErrNotInBase)
	}
	return e, nil
}

// addition gives an entry to what belongs to somebody of Share Zone.
func (a *Admin) addition(e acl.Entry) change {
	return func(fd int, st *unix.Stat_t) (bool, error) {
		if linked(st) {
			return false, errLinked
		}
		if !a.people[st.Uid] {
			return false, ErrNotOurs
		}
		return changeACLs(fd, st, func(list acl.ACL, inherited bool) acl.ACL {
			if found, there := list.Find(e.Tag, e.ID); there && found == e.Perm {
				return list
			}
			if inherited {
				return inheritedWith(list, e)
			}
			return withoutWiderMask(list, e)
		})
	}
}

// removal takes an entry away from everything, whoever owns it: that harms nobody. No entry says what one may do in a folder of
// one's own: those of owners stay theirs, and are told.
func removal(without func(list acl.ACL, inherited bool) acl.ACL, owners map[uint32]bool) change {
	return func(fd int, st *unix.Stat_t) (bool, error) {
		if linked(st) {
			return false, errLinked
		}
		changed, err := changeACLs(fd, st, without)
		if err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR && owners[st.Uid] {
			err = errStillOwns
		}
		return changed, err
	}
}

// ownersOf are the people whose own folders give them more than the access that they get: those whom the entry names, when it
// lets them in but not write. Who does not get in at all cannot reach his folders. Of a group, the owner of the zone loses nothing,
// nor does who may write by another entry of the root's list, as it was before.
func (a *Admin) ownersOf(e acl.Entry, access Access, owner uint32, before acl.ACL) map[uint32]bool {
	owners := make(map[uint32]bool)
	switch {
	case access == None || access == Write:
	case e.Tag == acl.User:
		owners[e.ID] = true
	default:
		if group, known := a.names.GroupName(e.ID); known {
			after := before.Without(e.Tag, e.ID).With(e)
			for _, member := range a.names.Members(group) {
				owners[member.UID] = member.UID != owner && accessOf(a.permOf(after, member.UID)) != Write
			}
		}
	}
	return owners
}

// changeACLs puts what edit makes of the access ACL behind fd, and of a folder's default ACL, in their place, and says
// whether that was necessary.
func changeACLs(fd int, st *unix.Stat_t, edit func(list acl.ACL, inherited bool) acl.ACL) (bool, error) {
	access, err := acl.Access(fd)
	if err != nil {
		return false, err
	}
	changed := false
	if after := edit(access, false); !slices.Equal(access, after) {
		changed = true
		if err := acl.SetAccess(fd, after); err != nil {
			return false, err
		}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return changed, nil
	}
	inherited, err := acl.Default(fd)
	if err != nil {
		return changed, err
	}
	if after := edit(inherited, true); !slices.Equal(inherited, after) {
		return true, acl.SetDefault(fd, after)
	}
	return changed, nil
}

// namedByDefault is the owner that the default ACL of the root is to name, 0 for nobody: whoever may own no zone got it by mistake (chown).
func (h *Held) namedByDefault() (uint32, error) {
	names := h.admin.names
	if owner, known := names.UserName(h.stat.Uid); known && mayOwn(names, owner) {
		return h.stat.Uid, nil
	}
	return 0, names.Err()
}

// addToRoot gives the entry to the root, to both ACLs or to none. The owner gets into the default one where somebody took him out of it
// (setfacl -k): else he would not reach what the others bring from now on.
func addToRoot(fd int, e acl.Entry, owner uint32) error {
	access, err := acl.Access(fd)
	if err != nil {
		return err
	}
	after := withoutWiderMask(access, e)
	if access.Minimal() { // it lost its list: that nobody was let in is nobody's will, and the file's group keeps what it has
		after = after.With(acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: permWrite})
	}
	if err := acl.SetAccess(fd, after); err != nil {
		return err
	}
	if e.Perm == permDrop {
		return nil
	}
	inherited, err := acl.Default(fd)
	if err == nil {
		inherited = inheritedWith(inherited, e)
		if _, named := inherited.Find(acl.User, owner); !named && owner != 0 {
			inherited = inherited.With(acl.Entry{Tag: acl.User, ID: owner, Perm: permWrite})
		}
		err = acl.SetDefault(fd, inherited)
	}
	if err != nil {
		err = errors.Join(err, acl.SetAccess(fd, access))
	}
	return err
}

// isShut says whether the mask of the root keeps the entry from what it says. Whoever made it so (chmod 700) shut the
// zone for everybody; sharing with one more person must not open it for all.
func isShut(fd int, e acl.Entry) (bool, error) {
	access, err := acl.Access(fd)
	return err == nil && access.Effective(e) != e.Perm, err
}

// withoutWiderMask adds an entry without giving anybody anything by the mask: one that is there stays, a new one is
// what the file's group had.
func withoutWiderMask(a acl.ACL, e acl.Entry) acl.ACL {
	if _, has := a.Find(acl.Mask, acl.Undefined); !has {
		group, _ := a.Find(acl.GroupObj, acl.Undefined)
		a = a.With(acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: group})
	}
	return a.With(e)
}

// inheritedWith adds an entry to a default ACL; a folder that has none gets one that gives nothing to anybody else, with the mask
// that a root's has: one made of this entry would keep the next from what it gives.
func inheritedWith(a acl.ACL, e acl.Entry) acl.ACL {
	if a == nil {
		a = acl.FromMode(0o700).With(acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: permWrite})
	}
	return a.With(e)
}

// full turns the kernel's words for "no room for attributes" into ours. The same ones say that the disk is full, which the
// file system behind fd tells apart: what is left to root alone is not enough for this either.
func full(fd int, err error) error {
	var space unix.Statfs_t
	if errors.Is(err, unix.ENOSPC) && unix.Fstatfs(fd, &space) == nil && space.Bavail == 0 {
		return err
	}
	if noRoom(err) {
		return fmt.Errorf("%w: %w", ErrTooMany, err)
	}
	return err
}

func noRoom(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.E2BIG) }
