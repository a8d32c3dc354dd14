package zone

import (
	"errors"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// ErrNotOurs: what belongs to nobody of Share Zone is given to nobody.
var ErrNotOurs = errors.New("belongs to nobody of Share Zone")

// Take makes a folder of an open zone its owner's, as Held.Take does.
func (a *Admin) Take(name string, names []string) (Report, error) {
	h, err := a.hold(name)
	if err != nil {
		return Report{}, err
	}
	defer h.Release()
	return h.Take(names)
}

// Take makes a folder below the zone the zone's owner's, with the lists, mask and mode that a folder has: whoever made it
// may have shut it. What is in it keeps its owners and lists. The owner changes first, so that who had it cannot come in
// between; run again after an interruption, it goes on.
func (h *Held) Take(names []string) (Report, error) {
	if len(names) == 0 {
		return Report{}, ErrPath // the zone itself: it is transferred
	}
	if err := checkSegments(names); err != nil {
		return Report{}, err
	}
	fd, err := h.reachFolder(names)
	if err != nil {
		return Report{}, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Report{}, err
	}
	if !h.admin.people[st.Uid] {
		return Report{}, ErrNotOurs
	}
	access, err := acl.Access(h.fd)
	if err != nil {
		return Report{}, err
	}
	if !h.holds(fd) {
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
	r := ruleOf(h.stat.Uid, access)
	open := acl.FromMode(0o700).With(acl.Entry{Tag: acl.Mask, Perm: permWrite})
	err = errors.Join(acl.SetAccess(fd, r.access(open, isFolder)), acl.SetDefault(fd, r.inherited))
	if err == nil {
		err = unix.Fchmodat(unix.AT_FDCWD, descriptorPath(fd), folderMode, 0)
	}
	return Report{Folders: 1, Skipped: []Skipped{}}, full(err)
}
