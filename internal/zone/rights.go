package zone

import (
	"cmp"
	"slices"
	"strconv"

	"sharezone/acl"
)

// The permissions behind each access. Execute is what lets somebody pass through a folder.
const (
	permRead  = acl.Read | acl.Execute
	permWrite = acl.Read | acl.Write | acl.Execute
	permDrop  = acl.Write | acl.Execute
)

// perm returns the permissions of an access, 0 for none.
func (a Access) perm() acl.Perm {
	switch a {
	case Read:
		return permRead
	case Write:
		return permWrite
	case Drop:
		return permDrop
	}
	return 0
}

// accessOf returns what permissions on a folder amount to; combinations that Share Zone does not use give none.
func accessOf(p acl.Perm) Access {
	switch p {
	case permRead:
		return Read
	case permWrite:
		return Write
	case permDrop:
		return Drop
	}
	return None
}

// RootACLs returns the two ACLs that the root of a zone has: the owner everything, the file's group and others nothing,
// the named entries what they say. Whoever may only deliver stands in the access ACL alone; the default ACL names the
// owner too, so that he reaches what others bring.
func RootACLs(owner uint32, named []acl.Entry) (access, inherited acl.ACL) {
	access = acl.ACL{
		{Tag: acl.UserObj, ID: acl.Undefined, Perm: permWrite},
		{Tag: acl.GroupObj, ID: acl.Undefined},
		{Tag: acl.Mask, ID: acl.Undefined, Perm: permWrite},
		{Tag: acl.Other, ID: acl.Undefined},
	}
	inherited = access.With(acl.Entry{Tag: acl.User, ID: owner, Perm: permWrite})
	for _, e := range named {
		access = access.With(e)
		if e.Perm == permRead || e.Perm == permWrite {
			inherited = inherited.With(e)
		}
	}
	return access, inherited
}

// membersOf lists the named entries of a zone's access ACL with what is left of them under its mask.
func membersOf(a acl.ACL, names acl.Names) []Member {
	members := []Member{}
	for _, e := range a {
		if e.Tag != acl.User && e.Tag != acl.Group {
			continue
		}
		m := Member{Principal: principalOf(e, names), Access: accessOf(a.Effective(e))}
		if e.Perm != m.Access.perm() {
			m.Entry = e.Perm.String()
		}
		members = append(members, m)
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.Principal, b.Principal) })
	return members
}

// principalOf names whom an entry is about; nobody's number stays a number, as getfacl shows it.
func principalOf(e acl.Entry, names acl.Names) string {
	number := strconv.FormatUint(uint64(e.ID), 10)
	if e.Tag == acl.User {
		if name, ok := names.UserName(e.ID); ok {
			return "user:" + name
		}
		return "user:" + number
	}
	if name, ok := names.GroupName(e.ID); ok {
		return "group:" + name
	}
	return "group:" + number
}
