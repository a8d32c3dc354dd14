package zone

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// What a checkup sees in the trash of a zone: who gets at more there than he should. Apply goes through it too. What keeps people from
// what lies there is as it should be, and what somebody shut before he threw it away is told when it comes back.

// inTrash says whether the current directory is somebody's trash, or lies in it.
func (c *checker) inTrash() bool {
	return len(c.walker.stack) > 1 && isTrash(c.walker.stack[1].name)
}

// isNoMatterInTrash says whether nobody gets at more by it, and nothing keeps it from being mended.
func isNoMatterInTrash(d Drift) bool {
	switch d.Kind {
	case DriftExtra, DriftGroup, DriftOther, DriftWide, DriftImmutable, DriftOwner:
		return false
	}
	return true
}

// seeTrash compares a folder of the trash, a person's or that of one deletion, and says whether to go in. Who may move a folder can give it
// the name of somebody else's trash, which is then in the way of that one's.
func (c *checker) seeTrash(name string, fd int, st *unix.Stat_t) bool {
	if len(c.walker.stack) == 1 {
		c.trash = st.Uid
		if trashName(st.Uid) != name {
			c.take(Drift{Path: escape(c.walker.names(name)), Kind: DriftReserved, Found: OwnerName(st.Uid, c.zone.admin.names), Mend: []string{belowZone("remove", c.zone.name, []string{name})}})
			return true
		}
	} else if st.Uid != c.trash { // content of the zone, whatever folder it lies in
		c.see(name, fd, st)
		return true
	}
	ours := c.zone.admin.people[st.Uid] || c.zone.admin.names.Err() != nil
	access, err := acl.Access(fd)
	inherited, inheritedErr := acl.Default(fd)
	if err != nil || inheritedErr != nil || !ours { // apply leaves it as it is, and nobody of Share Zone gets in by its being root's
		return true
	}
	after, passedOn := trashLists(access, inherited, st.Uid, c.zone.stat.Uid, true)
	var found []string
	for _, e := range beyond(access, after) {
		found = append(found, e.Text(c.zone.admin.names))
	}
	for _, e := range beyond(inherited, passedOn) {
		found = append(found, "default:"+e.Text(c.zone.admin.names))
	}
	if len(found) > 0 {
		c.take(Drift{Path: escape(c.walker.names(name)), Kind: DriftExtra, Found: strings.Join(found[:min(len(found), maxBrief)], ","),
			Mend: mendApply(c.zone.name), Apply: c.sound && !isImmutable(fd)})
	}
	return true
}

// beyond are the entries of a list that give more than another one.
func beyond(found, right acl.ACL) acl.ACL {
	return slices.DeleteFunc(slices.Clone(found), func(e acl.Entry) bool {
		perm, _ := right.Find(e.Tag, e.ID)
		return e.Tag == acl.UserObj || e.Tag == acl.Mask || e.Perm&^perm == 0
	})
}
