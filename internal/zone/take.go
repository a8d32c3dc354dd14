package zone

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// ErrNotOurs: what belongs to nobody of Share Zone is given to nobody.
var ErrNotOurs = errors.New("belongs to nobody of Share Zone")

// ErrLinked: a file has several names, which may lie in another zone too.
var ErrLinked = errors.New("this file has several names")

// ErrNoFolder: only folders are taken, for whoever makes one may shut it again. A file of a member's is nobody else's to have.
var ErrNoFolder = errors.New("this is no folder")

// Take gives something in an open zone to its owner, as Held.TakeForeign does.
func (a *Admin) Take(name string, names []string) (Report, error) {
	h, err := a.hold(name)
	if err != nil {
		return Report{}, err
	}
	defer h.Release()
	return h.TakeForeign(names)
}

// Take makes a folder below the zone the zone's owner's, with the lists, mask and mode that a folder has: whoever made it
// may have shut it. What is in it keeps its owners and lists. The owner changes first, so that who had it cannot come in
// between; run again after an interruption, it goes on.
func (h *Held) Take(names []string) (Report, error) {
	return h.take(names, false)
}

// TakeForeign is Take as an administrator's shell has it: also of what belongs to nobody of Share Zone, and of such a file.
// What root or a backup put there can so be mended without naming a path to chown, which follows links.
func (h *Held) TakeForeign(names []string) (Report, error) {
	return h.take(names, true)
}

func (h *Held) take(names []string, foreign bool) (Report, error) {
	b, r, err := h.below(names)
	if err != nil {
		return Report{}, err
	}
	defer b.close()
	fd, st := b.fd, b.stat
	ours, kind := h.admin.people[st.Uid], st.Mode&unix.S_IFMT
	switch {
	case kind != unix.S_IFDIR && (kind != unix.S_IFREG || ours):
		return Report{}, fmt.Errorf("%w: %w", ErrNoFolder, unix.ENOTDIR)
	case !ours && !foreign:
		return Report{}, ErrNotOurs
	case linked(&st):
		return Report{}, ErrLinked
	}
	if !b.there(h) {
		return Report{}, ErrExchanged
	}
	if st.Uid != h.stat.Uid {
		gid := -1
		if owner, ok := h.admin.names.UserByUID(h.stat.Uid); ok {
			gid = int(owner.GID)
		}
		if err := unix.Fchownat(fd, "", int(h.stat.Uid), gid, unix.AT_EMPTY_PATH); err != nil {
			return Report{}, err
		}
	}
	report := Report{Skipped: []Skipped{}}
	if kind == unix.S_IFREG {
		report.Files = 1
		_, err = conform(fd, r, isFile)
	} else {
		report.Folders = 1
		err = openFolder(fd, r)
	}
	return report, full(h.fd, err)
}

// openFolder gives a folder the lists, mask and mode that a new one has.
func openFolder(fd int, r rule) error {
	open := acl.FromMode(0o700).With(acl.Entry{Tag: acl.Mask, Perm: permWrite})
	err := errors.Join(acl.SetAccess(fd, r.access(open, isFolder)), acl.SetDefault(fd, r.inherited))
	if err == nil {
		err = unix.Fchmodat(unix.AT_FDCWD, descriptorPath(fd), folderMode, 0)
	}
	return err
}

// ErrNotYours: what another shut he opens himself.
var ErrNotYours = errors.New("somebody else shut it")

// Open opens something in an open zone, whoever shut it.
func (a *Admin) Open(name string, names []string) (Report, error) {
	h, err := a.hold(name)
	if err != nil {
		return Report{}, err
	}
	defer h.Release()
	return h.Open(names, func(uint32) bool { return true })
}

// Open gives a file, or a folder with everything in it, the mask and lists that the zone makes of them: it was shut (chmod), or lost its list.
// Owners stay. It touches what belongs to those of whom mine is true: nobody else may widen what somebody shut.
func (h *Held) Open(names []string, mine func(uid uint32) bool) (Report, error) {
	b, r, err := h.below(names)
	if err != nil {
		return Report{}, err
	}
	defer b.close()
	opened := func(fd int, st *unix.Stat_t) (bool, error) {
		switch {
		case !h.admin.people[st.Uid]:
			return false, ErrNotOurs
		case linked(st):
			return false, errLinked
		case !mine(st.Uid):
			return false, nil // he goes on below: what is in it may be his
		}
		return openUp(fd, r, partOf(st))
	}
	kind := b.stat.Mode & unix.S_IFMT
	switch {
	case kind != unix.S_IFDIR && kind != unix.S_IFREG:
		return Report{}, unix.ENOTDIR
	case !h.admin.people[b.stat.Uid]:
		return Report{}, ErrNotOurs
	case linked(&b.stat):
		return Report{}, ErrLinked
	case !mine(b.stat.Uid):
		return Report{}, ErrNotYours
	case !b.there(h):
		return Report{}, ErrExchanged
	}
	report := Report{Skipped: []Skipped{}}
	if _, err := openUp(b.fd, r, partOf(&b.stat)); err != nil {
		return report, full(h.fd, err)
	}
	if kind == unix.S_IFREG {
		report.Files = 1
		return report, nil
	}
	err = h.admin.walk(b.fd, &report, contentOnly, opened)
	report.Folders++
	return report, err
}

// openUp makes one thing what the rule says, with the mask that a new one has.
func openUp(fd int, r rule, p part) (changed bool, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return false, err
	}
	open := func(list acl.ACL, inherited bool) acl.ACL {
		switch {
		case inherited:
			return withDenials(r.inherited, list)
		case p == isFile:
			return r.access(list.With(acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: acl.Read}), p)
		}
		return r.access(withFullMask(list), p)
	}
	if changed, err = changeACLs(fd, &st, open); err != nil || p == isFile {
		return changed, err
	}
	stuck, err := stick(fd, p)
	return changed || stuck, err
}

// below is something that was reached in a zone.
type below struct {
	parent, fd int // O_PATH
	name       string
	stat       unix.Stat_t
}

// below reaches what lies at names, with what the zone makes of it.
func (h *Held) below(names []string) (b below, r rule, err error) {
	if len(names) == 0 {
		return b, r, ErrPath // the zone itself
	}
	if err := checkSegments(names); err != nil {
		return b, r, err
	}
	root, err := inspect(h.fd, h.name)
	if err != nil {
		return b, r, err
	}
	if _, sound := h.admin.rightOwner(root); !sound {
		return b, r, fmt.Errorf("%s: %w", h.name, ErrOwner) // as Apply: it would be the wrong one's
	}
	b.name = names[len(names)-1]
	if b.parent, err = h.reachFolder(names[:len(names)-1]); err != nil {
		return b, r, err
	}
	if b.fd, err = reach(b.parent, b.name, unix.O_PATH); err != nil {
		unix.Close(b.parent)
		return b, r, err
	}
	if err = unix.Fstat(b.fd, &b.stat); err != nil {
		b.close()
	}
	return b, ruleOf(h.stat.Uid, root.Access), err
}

func (b below) close() {
	unix.Close(b.fd)
	unix.Close(b.parent)
}

// there says whether it was not moved out of the zone since it was reached.
func (b below) there(h *Held) bool {
	return h.holds(b.parent) && checkMoved(b.parent, b.name, b.fd) == nil
}
