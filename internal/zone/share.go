package zone

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

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

// ShareAll is Held's, of the zone of that name. It refuses with a *GainsError, unless who asks consents to it.
func (a *Admin) ShareAll(name string, members []Member, consent Consent) (Report, error) {
	h, err := a.hold(name)
	if err != nil {
		return Report{}, err
	}
	defer h.Release()
	if err := h.CheckGains(members, consent); err != nil {
		return Report{}, err
	}
	return h.ShareAll(members)
}

// Share is Admin's, of a zone that is held.
func (h *Held) Share(principal string, access Access) (Report, error) {
	return h.ShareAll([]Member{{Principal: principal, Access: access}})
}

// ShareAll is Share with several, of whom each may be named once: the root gets all of them or, where one is refused or has no room, none,
// and what lies in it is walked through for all at once.
//
// Entries of the principals' that give nothing stay where rights are taken away: somebody wrote them by hand, to keep out whom a group
// lets in.
func (h *Held) ShareAll(members []Member) (Report, error) {
	fd := h.fd
	before, err := acl.Access(fd)
	if err != nil {
		return Report{}, err
	}
	inherited, err := acl.Default(fd)
	if err != nil {
		return Report{}, err
	}
	s, err := h.sharing(members, before)
	if err != nil {
		return Report{}, err
	}
	var report Report
	report.Denied, report.DeniedTo = len(s.denied) > 0, s.denied
	report.Less = h.lessened(s, members, before)
	if report.Still, err = h.Still(members); err != nil {
		return report, err
	}
	w := h.newWidener(before, s.afterwards(before))
	unmark, err := s.mark(fd)
	if err != nil {
		return Report{}, err
	}
	// Before anything is taken away inside: whether there is room for all shows here.
	if err := s.addToRoot(fd, true); err != nil {
		return Report{}, errors.Join(full(fd, err), unmark())
	}
	if len(s.narrowed) > 0 {
		if err := h.narrowAll(s, w, &report); err != nil {
			return report, err
		}
		report.Absent = s.absent(members, before, inherited)
	}
	report.Shut, err = isShut(fd, s.granted)
	if err != nil || len(s.content) == 0 {
		return report, err
	}
	both := Report{Skipped: slices.DeleteFunc(report.Skipped, func(s Skipped) bool { return s.Reason != SkipOwns }), More: report.moreOwns}
	err = h.admin.walk(fd, &report, contentOnly, w.telling(h.admin.addition(s.content))) // finds the others again
	for _, s := range report.Skipped {
		both.skip(s)
	}
	report.Skipped, report.More = both.Skipped, report.More+both.More
	return report, err
}

// sharing is what becomes of the entries of a zone.
type sharing struct {
	all      acl.ACL         // who they are, in the order in which they were named
	granted  acl.ACL         // what the root's access list gets
	content  acl.ACL         // of these what its default one and everything in it get: who may only deliver has no entry there
	narrowed acl.ACL         // what is taken away everywhere before: they had more, or are to have none
	marked   acl.ACL         // of these whom the content may name although the root does not: see attrNarrowing
	nobody   acl.ACL         // of these those of nobody, whom no group lets in
	leftover acl.ACL         // of these those whose entry at the root gives nothing because a downgrade was interrupted
	byHand   acl.ACL         // and those whose entry was written so
	owners   map[uint32]bool // see ownersOf
	owner    uint32          // whom the default list is to name, 0 for nobody
	denied   []string        // who are to have nothing, have an entry that gives nothing, and keep it

	taken map[acl.Entry]*atomic.Bool // of the narrowed, from whom something was taken away: the content may name whom the root does not
}

// sharing finds out who they are, and what a root with this list makes of them.
func (h *Held) sharing(members []Member, before acl.ACL) (s sharing, err error) {
	s.owners, s.taken = make(map[uint32]bool), make(map[acl.Entry]*atomic.Bool)
	after := before
	for _, m := range members {
		if m.Access != None && m.Access.perm() == 0 {
			return s, ValueError{Attr: "access", Value: clip(string(m.Access)), Reason: BadForm}
		}
		e, err := h.admin.entryFor(m.Principal, m.Access, h.stat.Uid)
		if err != nil {
			return s, err
		}
		if _, twice := s.all.Find(e.Tag, e.ID); twice {
			return s, fmt.Errorf("%s: %w", m.Principal, ErrTwice)
		}
		s.all = append(s.all, e)
		old, had := before.Find(e.Tag, e.ID)
		if begun := isNarrowing(h.fd, e); m.Access == None || m.Access == Drop || had && old&^e.Perm != 0 || begun {
			s.narrowed, s.taken[e] = append(s.narrowed, e), new(atomic.Bool)
			if m.Access != Drop || had || before.Minimal() || begun || len(members) == 1 { // there is not room for any number of them
				s.marked = append(s.marked, e)
			}
			switch empty := m.Access == None && had && old == 0; {
			case h.admin.isNobody(e):
				s.nobody = append(s.nobody, e)
			case empty && begun && !isByHand(h.fd, e):
				s.leftover = append(s.leftover, e)
			case empty:
				s.denied = append(s.denied, m.Principal)
				s.byHand = append(s.byHand, e)
			}
		}
		if m.Access == None {
			after = after.Without(e.Tag, e.ID)
			continue
		}
		s.granted = append(s.granted, e)
		if after = after.With(e); m.Access != Drop {
			s.content = append(s.content, e)
		}
	}
	for _, e := range s.narrowed {
		maps.Copy(s.owners, h.admin.ownersOf(e, h.stat.Uid, after))
	}
	if len(s.content) > 0 {
		s.owner, err = h.namedByDefault()
	}
	return s, err
}

// without takes away from a list those who get less.
func (s sharing) without(list acl.ACL, _ bool) acl.ACL {
	for _, e := range s.narrowed {
		found, there := list.Find(e.Tag, e.ID)
		if _, nobody := s.nobody.Find(e.Tag, e.ID); there && (found != 0 || nobody) {
			list = list.Without(e.Tag, e.ID)
			s.taken[e].Store(true)
		}
	}
	return list
}

// absent are those who are to have nothing, stand in none of the lists of the root, and lost nothing in the content.
func (s sharing) absent(members []Member, lists ...acl.ACL) (absent []string) {
	for i, m := range members {
		listed := slices.ContainsFunc(lists, func(list acl.ACL) bool { _, there := list.Find(s.all[i].Tag, s.all[i].ID); return there })
		if m.Access == None && !listed && !s.taken[s.all[i]].Load() {
			absent = append(absent, m.Principal)
		}
	}
	return absent
}

// withoutAtRoot is without for the root, where an interrupted downgrade leaves an entry: see addToRoot.
func (s sharing) withoutAtRoot(list acl.ACL, inherited bool) acl.ACL {
	list = s.without(list, inherited)
	for _, e := range s.leftover {
		if found, there := list.Find(e.Tag, e.ID); there && found == 0 && !inherited {
			list = list.Without(e.Tag, e.ID)
		}
	}
	return list
}

// mark records whose rights are taken away, before anything changes: see attrNarrowing. unmark takes back what was not recorded before.
func (s sharing) mark(fd int) (unmark func() error, err error) {
	var marked acl.ACL
	unmark = func() (err error) {
		for _, e := range marked {
			err = errors.Join(err, endNarrowing(fd, e))
		}
		return err
	}
	for _, e := range s.marked {
		before := isNarrowing(fd, e)
		value := ""
		if _, found := s.byHand.Find(e.Tag, e.ID); found {
			value = byHand
		}
		if err := beginNarrowing(fd, e, value); err != nil {
			return nil, errors.Join(err, unmark())
		}
		if !before {
			marked = append(marked, e)
		}
	}
	return unmark, nil
}

// narrowAll takes away everywhere what they had, and gives them at the root what they are to have.
func (h *Held) narrowAll(s sharing, w *widener, report *Report) error {
	// The access ACL of the root is the first to change: lookups stop at once.
	if _, err := changeACLs(h.fd, &h.stat, s.withoutAtRoot); err != nil {
		return err
	}
	if err := h.admin.walk(h.fd, report, allNames, w.telling(removal(s.without, s.owners))); err != nil {
		return err
	}
	if err := s.addToRoot(h.fd, false); err != nil {
		return full(h.fd, err)
	}
	if report.unfinished {
		return nil
	}
	for _, e := range s.marked {
		if err := endNarrowing(h.fd, e); err != nil {
			return err
		}
	}
	return nil
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

// addition gives entries to what belongs to somebody of Share Zone.
func (a *Admin) addition(entries acl.ACL) func(int, *unix.Stat_t, func(found, now acl.ACL)) (bool, error) {
	return func(fd int, st *unix.Stat_t, see func(found, now acl.ACL)) (bool, error) {
		if linked(st) {
			return false, errLinked
		}
		if !a.people[st.Uid] {
			return false, ErrNotOurs
		}
		return changeACLs(fd, st, func(list acl.ACL, inherited bool) acl.ACL {
			before := list
			for _, e := range entries {
				if found, there := list.Find(e.Tag, e.ID); there && found == e.Perm {
					continue
				}
				if inherited {
					list = inheritedWith(list, e)
				} else {
					list = withoutWiderMask(list, e)
				}
			}
			see(before, list)
			return list
		})
	}
}

// removal takes an entry away from everything, whoever owns it: that harms nobody. No entry says what one may do in a folder of
// one's own: those of owners stay theirs, and are told.
func removal(without func(list acl.ACL, inherited bool) acl.ACL, owners map[uint32]bool) func(int, *unix.Stat_t, func(found, now acl.ACL)) (bool, error) {
	return func(fd int, st *unix.Stat_t, see func(found, now acl.ACL)) (bool, error) {
		if linked(st) {
			return false, errLinked
		}
		changed, err := changeACLs(fd, st, func(list acl.ACL, inherited bool) acl.ACL {
			after := without(list, inherited)
			see(list, after)
			return after
		})
		if err == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR && owners[st.Uid] {
			err = errStillOwns
		}
		return changed, err
	}
}

// ownersOf are the people whose own folders give them more than the entry that they get: those whom it names, when it
// lets them in but not write. Who does not get in at all cannot reach his folders. Of a group, the owner of the zone loses nothing,
// nor does who may write by another entry of the root's list, as it will be.
func (a *Admin) ownersOf(e acl.Entry, owner uint32, after acl.ACL) map[uint32]bool {
	owners := make(map[uint32]bool)
	switch access := accessOf(e.Perm); {
	case access == None || access == Write:
	case e.Tag == acl.User:
		owners[e.ID] = true
	default:
		if group, known := a.names.GroupName(e.ID); known {
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

// addToRoot gives what is granted to the root, to both ACLs or to none. The owner gets into the default one where somebody took him out of
// it (setfacl -k): else he would not reach what the others bring from now on. At first those of whom something is to be taken away have the
// place of their entry and no right: they may have more than it in what lies inside.
func (s sharing) addToRoot(fd int, first bool) error {
	if len(s.granted) == 0 {
		return nil
	}
	access, err := acl.Access(fd)
	if err != nil {
		return err
	}
	after := access
	if first {
		after = s.without(access, false)
	}
	for _, e := range s.granted {
		if _, narrowed := s.narrowed.Find(e.Tag, e.ID); narrowed && first {
			e.Perm = 0
		}
		after = withoutWiderMask(after, e)
	}
	if access.Minimal() { // it lost its list: that nobody was let in is nobody's will, and the file's group keeps what it has
		after = after.With(acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: permWrite})
	}
	if err := acl.SetAccess(fd, after); err != nil {
		return err
	}
	if len(s.content) == 0 {
		return nil
	}
	inherited, err := acl.Default(fd)
	if err == nil {
		if first {
			inherited = s.without(inherited, true)
		}
		for _, e := range s.content {
			inherited = inheritedWith(inherited, e)
		}
		if _, named := inherited.Find(acl.User, s.owner); !named && s.owner != 0 {
			inherited = inherited.With(acl.Entry{Tag: acl.User, ID: s.owner, Perm: permWrite})
		}
		err = acl.SetDefault(fd, inherited)
	}
	if err != nil {
		err = errors.Join(err, acl.SetAccess(fd, access))
	}
	return err
}

// isShut says whether the mask of the root keeps one of the entries from what it says. Whoever made it so (chmod 700) shut the
// zone for everybody; sharing with one more person must not open it for all.
func isShut(fd int, granted acl.ACL) (bool, error) {
	access, err := acl.Access(fd)
	return err == nil && slices.ContainsFunc(granted, func(e acl.Entry) bool { return access.Effective(e) != e.Perm }), err
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
