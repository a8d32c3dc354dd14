package zone

import (
	"slices"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// rule is what the root of a zone makes of everything in it. It is the one place that says so: apply makes things so,
// check finds what differs, doctor looks at roots by it.
type rule struct {
	owner     uint32  // of the zone
	members   acl.ACL // named entries of the root, drop boxes' partners too
	content   acl.ACL // named entries of everything in it: members who see it, and the owner
	inherited acl.ACL // the default ACL of the root and of every folder
}

// ruleOf reads the rule off the access ACL of a root. Entries that are no access of Share Zone's say nothing, and the
// owner needs none.
func ruleOf(owner uint32, root acl.ACL) rule {
	r := rule{owner: owner}
	for _, e := range root {
		named := e.Tag == acl.User || e.Tag == acl.Group
		if named && accessOf(e.Perm) != None && !(e.Tag == acl.User && e.ID == owner) {
			r.members = append(r.members, e)
		}
	}
	_, r.inherited = RootACLs(owner, r.members)
	for _, e := range r.inherited {
		if e.Tag == acl.User || e.Tag == acl.Group {
			r.content = append(r.content, e)
		}
	}
	return r
}

// denies says whether an entry names somebody and gives him nothing. Share Zone writes none such: somebody did by hand, to keep
// one out whom a group lets in. Without it he would get in, so it stays, unless he himself is a member.
func denies(e acl.Entry) bool {
	return e.Perm == 0 && (e.Tag == acl.User || e.Tag == acl.Group)
}

// withDenials adds to a list the denials that were found.
func withDenials(list, found acl.ACL) acl.ACL {
	for _, e := range found {
		if _, ours := list.Find(e.Tag, e.ID); denies(e) && !ours {
			list = list.With(e)
		}
	}
	return list
}

// inherits is what the rule makes of a default ACL. A mask that keeps people out of what is made there stays: somebody shut it.
func (r rule) inherits(found acl.ACL) acl.ACL {
	list := withDenials(r.inherited, found)
	if mask, shut := narrowMask(found); shut {
		list = list.With(acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: mask})
	}
	return list
}

// narrowMask is the mask of a default ACL that has one which leaves less than everything.
func narrowMask(inherited acl.ACL) (mask acl.Perm, shut bool) {
	mask, masked := inherited.Find(acl.Mask, acl.Undefined)
	return mask, masked && mask != permWrite
}

// part is where in a zone something stands.
type part int

const (
	isRoot part = iota
	isFolder
	isFile
)

func partOf(st *unix.Stat_t) part {
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return isFolder
	}
	return isFile
}

// named are the entries that must stand in the access ACL of a part, these and no others but denials, in the canonical order.
func (r rule) named(p part) acl.ACL {
	if p == isRoot {
		return r.members
	}
	return r.content
}

// access is what the rule makes of an access ACL. The owner's own permissions stay, and so does the mask: where there is
// none it is what the file's group had, and for a file it lets others read at most.
func (r rule) access(found acl.ACL, p part) acl.ACL {
	own, _ := found.Find(acl.UserObj, acl.Undefined)
	named := r.named(p)
	groups := slices.IndexFunc(named, func(e acl.Entry) bool { return e.Tag == acl.Group })
	if groups < 0 {
		groups = len(named)
	}
	after := make(acl.ACL, 0, len(named)+4)
	after = append(after, acl.Entry{Tag: acl.UserObj, ID: acl.Undefined, Perm: own})
	after = append(after, named[:groups]...)
	after = append(after, acl.Entry{Tag: acl.GroupObj, ID: acl.Undefined})
	after = append(after, named[groups:]...)
	after = append(after, acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: maskOf(found, p)}, acl.Entry{Tag: acl.Other, ID: acl.Undefined})
	return withDenials(after, found)
}

// maskOf is what is left of the mask that an ACL has, or of what its group's permissions are as a mask.
func maskOf(a acl.ACL, p part) acl.Perm {
	mask, has := a.Find(acl.Mask, acl.Undefined)
	if !has {
		mask, _ = a.Find(acl.GroupObj, acl.Undefined)
	}
	if p == isFile {
		mask &= acl.Read
	}
	return mask
}
