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
	if len(names) == 0 {
		return Report{}, ErrPath // the zone itself: it is transferred
	}
	if err := checkSegments(names); err != nil {
		return Report{}, err
	}
	root, err := inspect(h.fd, h.name)
	if err != nil {
		return Report{}, err
	}
	if _, sound := h.admin.rightOwner(root); !sound {
		return Report{}, fmt.Errorf("%s: %w", h.name, ErrOwner) // as Apply: it would be the wrong one's
	}
	last := len(names) - 1
	parent, err := h.reachFolder(names[:last])
	if err != nil {
		return Report{}, err
	}
	defer unix.Close(parent)
	fd, err := reach(parent, names[last], unix.O_PATH)
	if err != nil {
		return Report{}, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Report{}, err
	}
	ours, kind := h.admin.people[st.Uid], st.Mode&unix.S_IFMT
	switch {
	case kind != unix.S_IFDIR && (kind != unix.S_IFREG || ours):
		return Report{}, unix.ENOTDIR
	case !ours && !foreign:
		return Report{}, ErrNotOurs
	case linked(&st):
		return Report{}, ErrLinked
	}
	access, err := acl.Access(h.fd)
	if err != nil {
		return Report{}, err
	}
	if !h.holds(parent) || checkMoved(parent, names[last], fd) != nil {
		return Report{}, ErrExchanged // moved out since it was reached
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
	r := ruleOf(h.stat.Uid, access)
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
