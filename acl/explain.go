package acl

import (
	"cmp"
	"math/bits"
	"slices"
)

// Person is somebody as file permissions know him.
type Person struct {
	UID    uint32
	GID    uint32   // primary group
	Groups []uint32 // all others; GID may stand among them
}

// Explanation says which entry of an access ACL decides about somebody.
type Explanation struct {
	Entry  Entry   // as it stands in the list; of several group entries the one that gives most
	Masked bool    // the mask takes something of Entry away
	Also   []Entry // further entries of his groups that give something which no entry before them does

	given []Perm // what each of these gives, under the mask
}

// Explain says why the kernel answers as it does when p asks for a file of this owner and group with the access ACL a.
// It is never to be asked in place of the kernel, which also knows capabilities and read-only mounts.
//
// It follows acl_permission_check in fs/namei.c and posix_acl_permission in fs/posix_acl.c. The owner has the owner's
// entry, somebody whom an entry names has that one, and both have no other, whatever their groups have. Entries of
// groups do not add up: one of them must give all that is asked for at once. Where the kernel does not look at the list, because the mask is
// empty, and everybody has nothing, the entry is told all the same that the mask takes everything from.
func (a ACL) Explain(owner, group uint32, p Person) Explanation {
	switch perm, named := a.Find(User, p.UID); {
	case p.UID == owner:
		return a.explainBy(a.entry(UserObj))
	case a.Mode()&0o070 == 0 && !p.in(group) && a.entry(Other).Perm != 0: // the list is not looked at then: see Effective
		return a.explainBy(a.entry(Other))
	case named:
		return a.explainBy(Entry{User, p.UID, perm})
	}
	var matching []Entry
	for _, e := range a {
		if e.Tag == GroupObj && p.in(group) || e.Tag == Group && p.in(e.ID) {
			matching = append(matching, e)
		}
	}
	if len(matching) == 0 {
		return a.explainBy(a.entry(Other))
	}
	return a.explainBy(matching...)
}

// explainBy puts together what the entries that count for somebody give him.
func (a ACL) explainBy(entries ...Entry) Explanation {
	slices.SortStableFunc(entries, func(x, y Entry) int {
		return cmp.Or(cmp.Compare(weight(a.Effective(y)), weight(a.Effective(x))), cmp.Compare(weight(y.Perm), weight(x.Perm)))
	})
	x := Explanation{Entry: entries[0], Masked: a.Effective(entries[0]) != entries[0].Perm}
	for i, e := range entries {
		perm := a.Effective(e)
		if i > 0 && x.Allows(perm) {
			continue
		}
		x.given = append(x.given, perm)
		if i > 0 {
			x.Also = append(x.Also, e)
		}
	}
	return x
}

// Allows says whether all of want is given at once. Who may read and may write can still be refused both together.
func (x Explanation) Allows(want Perm) bool {
	return slices.ContainsFunc(x.given, func(perm Perm) bool { return perm&want == want })
}

// entry returns an entry that names nobody; one that is missing gives nothing.
func (a ACL) entry(t Tag) Entry {
	perm, _ := a.Find(t, Undefined)
	return Entry{t, Undefined, perm}
}

func (p Person) in(gid uint32) bool { return p.GID == gid || slices.Contains(p.Groups, gid) }

func weight(p Perm) int { return bits.OnesCount16(uint16(p)) }
