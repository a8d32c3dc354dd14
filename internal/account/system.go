package account

import (
	"errors"
	"strings"

	"sharezone/internal/layout"
)

// CheckLinked says why nobody sets the password of an account by a link that was sent to its address; nil if somebody may. What an account
// is more than one of Share Zone's is not to be got into by a mailbox.
func (n *Names) CheckLinked(u User, shadow Shadow, register Register) error {
	switch {
	case register.Names[u.UID] == "" || !n.InGroup(u.Name, layout.GroupOnly) || len(u.Roles) == 0:
		return errors.New("not an account that Share Zone made, or not in it any more")
	case u.Status == nil || *u.Status != Active || !shadow.HasPassword(u.Name):
		return errors.New("locked or expired")
	case u.Email == nil:
		return errors.New("no mail address")
	}
	e, _ := n.User(u.Name)
	ids, err := n.GroupIDs([]Entry{e})
	if err != nil {
		return err
	}
	for _, gid := range ids[e.Name] {
		name, _ := n.GroupName(gid)
		if g, _ := n.Group(name); g.IsSystem() && name != layout.GroupOnly {
			return errors.New("in a group of the system: " + name)
		}
	}
	return n.Err()
}

// IsSystem says whether a group is the system's: services and devices have their rights by it (www-data, adm, shadow), and who
// is in it is not said in Share Zone. Its own groups of people, and those of companies, are none.
func (g Group) IsSystem() bool {
	switch {
	case g.Name == layout.GroupBase || g.Name == layout.GroupManager || g.Name == layout.GroupAdmin:
		return false
	case strings.HasPrefix(g.Name, layout.CompanyPrefix):
		return false
	}
	return g.GID < layout.MinUID || g.GID == layout.NobodyUID
}
