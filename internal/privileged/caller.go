package privileged

import (
	"errors"
	"fmt"

	"sharezone/internal/account"
	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// Caller is who asks a helper: root himself, the notify worker, or a person of Share Zone.
type Caller struct {
	UID  uint32
	Name string

	Root  bool // nobody ran sudo
	Spool bool // the notify worker

	Base, Manager, Admin bool // of a person: groups as they are now; without Base there are none
}

// ErrNotMember says that somebody may not use Share Zone.
var ErrNotMember = errors.New("no account in " + layout.GroupBase)

// ReadCaller finds out who asks. Whoever is neither root, the worker nor a person in shzbase is ErrNotMember; so is root
// by sudo, who has no need of it, and a person in group 0.
func ReadCaller(names *account.Names) (Caller, error) {
	uid, bySudo, err := CallerUID()
	if err != nil {
		return Caller{}, err
	}
	if !bySudo {
		return Caller{Name: "root", Root: true}, nil
	}
	e, known := names.UserByUID(uid)
	if !known {
		return Caller{}, errors.Join(fmt.Errorf("uid %d: %w", uid, ErrNotMember), names.Err())
	}
	c := Caller{UID: uid, Name: e.Name}
	if e.Name == layout.UserSpool && e.UID < layout.MinUID {
		c.Spool = true
		return c, nil
	}
	inRoots := e.GID == 0 || names.InGroup(e.Name, "root")
	if !session.ValidUser(e.Name) || uid < layout.MinUID || uid == layout.NobodyUID || inRoots || !names.InGroup(e.Name, layout.GroupBase) {
		return Caller{}, errors.Join(fmt.Errorf("%s: %w", e.Name, ErrNotMember), names.Err())
	}
	c.Base = true
	c.Manager = names.InGroup(e.Name, layout.GroupManager)
	c.Admin = names.InGroup(e.Name, layout.GroupAdmin)
	return c, nil
}
