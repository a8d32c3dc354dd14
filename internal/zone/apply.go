package zone

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// Apply makes the content of a zone carry what its root says: entries that are missing are added, entries that the root
// does not have are taken away unless they give nothing, the file's group and everybody get nothing, folders inherit what
// the root makes of its members, and are sticky; files can be changed by nobody but their owners. It touches what belongs
// to somebody of Share Zone, and makes no mask wider: what somebody shut stays shut, but of the owner's own what lost its list with the root. Run again after an interruption, it
// goes on. A zone that belongs to nobody whom it could be made after is refused with ErrOwner. Whom it would put out of most lists,
// because the root lost its own or a part of it, is said by a *PutsOutError, and who would only get more, because an entry of his own goes that
// gave less than his groups, by a *GainsError, unless who asks consents to it.
func (a *Admin) Apply(name string, consent Consent) (Report, error) {
	h, err := a.hold(name)
	if err != nil {
		return Report{}, err
	}
	defer h.Release()
	return h.Apply(consent)
}

// Apply is Admin's, of a zone that is held.
func (h *Held) Apply(consent Consent) (Report, error) {
	root, err := inspect(h.fd, h.name)
	if err != nil {
		return Report{}, err
	}
	// After a wrong owner everything would be made his, and nothing would say any more whose it was.
	if _, sound := h.admin.rightOwner(root); !sound {
		return Report{}, fmt.Errorf("%s: %w", h.name, ErrOwner)
	}
	if root.NoACL {
		return Report{}, acl.ErrUnsupported
	}
	if consent != Whatever { // who is sure of all needs no list of them
		if err := h.checkPutOut(root); !consent.covers(err) {
			return Report{}, fmt.Errorf("%s: %w", h.name, err)
		}
	}
	access, lost := root.Access, root.HasNoList()
	if lost { // that nobody was let in is nobody's will
		access = withFullMask(access)
	}
	r := ruleOf(h.stat.Uid, access)
	rootChanged := lost
	if !lost {
		if rootChanged, err = conform(h.fd, r, isRoot); err != nil {
			return Report{}, full(h.fd, err)
		}
	}
	report := Report{Shut: maskOf(access, isRoot) != permWrite}
	if rootChanged { // of what changes, it is a folder
		report.Folders++
	}
	err = h.admin.walk(h.fd, &report, contentOnly, h.newWidener(access, access).telling(func(fd int, st *unix.Stat_t, see func(found, now acl.ACL)) (bool, error) {
		if !h.admin.people[st.Uid] {
			return false, ErrNotOurs
		}
		if linked(st) {
			return false, errLinked
		}
		if lost && st.Uid == h.stat.Uid { // nor of his own what lost its list with the root
			if list, err := acl.Access(fd); err == nil && list.Minimal() {
				return openUp(fd, r, partOf(st))
			}
		}
		return conformSeen(fd, r, partOf(st), see)
	}))
	if err == nil {
		err = h.ownTrash(&report)
	}
	if err == nil && lost { // last: who runs it again after an interruption finds it lost
		if err = h.Unshut(); err == nil {
			_, err = conform(h.fd, r, isRoot)
			err = full(h.fd, err)
		}
	}
	return report, err
}

// CheckListed returns ErrUnlisted for a zone whose root lost its list while people are still in those of the content.
func (h *Held) CheckListed() error {
	root, err := inspect(h.fd, h.name)
	if err != nil || !root.HasNoList() {
		return err
	}
	standing, _, err := h.Standing(nil)
	if err == nil && len(standing) > 0 {
		err = ErrUnlisted
	}
	return err
}

// checkPutOut returns a *PutsOutError where Apply would put somebody out of most lists, or a *GainsError.
func (h *Held) checkPutOut(root Root) error {
	lists, _, err := h.readRoll(nil)
	if err != nil {
		return err
	}
	out, gains := h.losing(root, lists)
	switch {
	case len(out) > 0:
		return &PutsOutError{out, gains}
	case len(gains) > 0:
		return &GainsError{gains}
	}
	return nil
}

// Unshut opens a zone whose root somebody shut (chmod 700): owner and mask get all rights again, so that everybody has what the
// list says. Apply and Share leave that to a decision of its own.
func (a *Admin) Unshut(name string) error {
	h, err := a.hold(name)
	if err != nil {
		return err
	}
	defer h.Release()
	return h.Unshut()
}

// Unshut is Admin's, of a zone that is held.
func (h *Held) Unshut() error {
	access, err := acl.Access(h.fd)
	if err != nil {
		return err
	}
	after := withFullMask(access.With(acl.Entry{Tag: acl.UserObj, ID: acl.Undefined, Perm: permWrite}))
	if !slices.Equal(access, after) {
		// Without a mask the file's group had what the bits say; it is to have nothing.
		if _, masked := access.Find(acl.Mask, acl.Undefined); !masked {
			after = after.With(acl.Entry{Tag: acl.GroupObj, ID: acl.Undefined})
		}
		if err := acl.SetAccess(h.fd, after); err != nil {
			return full(h.fd, err)
		}
	}
	if _, err := stick(h.fd, isRoot); err != nil { // chmod 700 took that too
		return err
	}
	inherited, err := acl.Default(h.fd)
	if _, masked := inherited.Find(acl.Mask, acl.Undefined); err != nil || !masked {
		return err
	}
	open := withFullMask(inherited)
	if slices.Equal(inherited, open) {
		return nil
	}
	return full(h.fd, acl.SetDefault(h.fd, open))
}

// withFullMask is a list whose mask takes nothing away.
func withFullMask(list acl.ACL) acl.ACL {
	return list.With(acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: permWrite})
}

// conform makes one thing what the rule says.
func conform(fd int, r rule, p part) (changed bool, err error) {
	return conformSeen(fd, r, p, func(_, _ acl.ACL) {})
}

// conformSeen is conform that shows the lists which it changes, and what it makes of them.
func conformSeen(fd int, r rule, p part, see func(found, now acl.ACL)) (changed bool, err error) {
	access, err := acl.Access(fd)
	if err != nil {
		return false, err
	}
	if after := r.access(access, p); !slices.Equal(access, after) {
		changed = true
		see(access, after)
		if err := acl.SetAccess(fd, after); err != nil {
			return false, err
		}
	}
	if p == isFile {
		return changed, nil
	}
	inherited, err := acl.Default(fd)
	if err != nil {
		return changed, err
	}
	if after := r.inherits(inherited); !slices.Equal(inherited, after) {
		changed = true
		see(inherited, after)
		if err := acl.SetDefault(fd, after); err != nil {
			return true, err
		}
	}
	stuck, err := stick(fd, p)
	return changed || stuck, err
}

// stick makes a folder sticky, and of a root nothing else.
func stick(fd int, p part) (changed bool, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return false, err
	}
	mode := st.Mode&0o7777 | unix.S_ISVTX
	if p == isRoot {
		mode &^= unix.S_ISUID | unix.S_ISGID
	}
	if mode == st.Mode&0o7777 {
		return false, nil
	}
	return true, unix.Fchmodat(unix.AT_FDCWD, descriptorPath(fd), mode, 0)
}
