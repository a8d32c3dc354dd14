package zone

import (
	"errors"
	"os"

	"sharezone/acl"
	"sharezone/internal/layout"
)

// ErrOwner: nobody whom it could be made after owns the zone.
var ErrOwner = errors.New("the zone belongs to nobody who may own it")

// mayOwn says whether somebody can own a zone.
func mayOwn(names membership, user string) bool {
	return names.InGroup(user, layout.GroupManager) && names.InGroup(user, layout.GroupBase)
}

// FormerOwner is the manager whose zone this was before its root was given (chown) to somebody who may not own it, "" where
// it was not, or nobody knows. A chown leaves both lists as they are: the default ACL names the owner with all rights, the
// access ACL does not name him.
func (r Root) FormerOwner(names membership) string {
	if owner, known := names.UserName(r.Owner); known && mayOwn(names, owner) {
		return ""
	}
	for _, e := range r.Inherited {
		if e.Tag != acl.User || e.Perm != permWrite || e.ID == r.Owner {
			continue
		}
		if _, member := r.Access.Find(acl.User, e.ID); member {
			continue
		}
		if name, known := names.UserName(e.ID); known && mayOwn(names, name) {
			return name
		}
	}
	return ""
}

// Heir is who could own a zone whose owner is gone, or may not own it: whose it was, or a manager whom its default ACL names,
// otherwise any, "" where there is none.
func (a *Admin) Heir(r Root) string {
	if former := r.FormerOwner(a.names); former != "" {
		return former
	}
	for _, e := range r.Inherited {
		if name, known := a.names.UserName(e.ID); known && e.Tag == acl.User && e.Perm == permWrite && mayOwn(a.names, name) {
			return name
		}
	}
	for _, e := range a.names.Members(layout.GroupManager) {
		if e.UID >= layout.MinUID && e.UID != r.Owner && mayOwn(a.names, e.Name) {
			return e.Name
		}
	}
	return ""
}

// rightOwner is after whom the zone is made: its owner, or whose it was before it was given to somebody who may not own it. Not
// sound: it is not the owner, or nobody.
func (a *Admin) rightOwner(r Root) (uid uint32, sound bool) {
	if former, ok := a.names.User(r.FormerOwner(a.names)); ok {
		return former.UID, false
	}
	_, known := a.names.UserName(r.Owner)
	return r.Owner, known || a.names.Err() != nil
}

// WasMine says whether the lists of a zone's root look as a chown of the caller's own zone leaves them: see FormerOwner. Whoever finds the zone can
// read them.
func (o *Object) WasMine() bool {
	uid := uint32(os.Geteuid())
	access, err := acl.Access(o.fd)
	inherited, inheritedErr := acl.Default(o.fd)
	if err != nil || inheritedErr != nil || o.stat.Uid == uid {
		return false
	}
	perm, _ := inherited.Find(acl.User, uid)
	_, member := access.Find(acl.User, uid)
	return perm == permWrite && !member
}
