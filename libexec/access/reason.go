package main

import (
	"errors"
	"strconv"
	"strings"

	"sharezone/acl"
	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/zone"
)

// rights are what the reason for an answer is looked for in: the list of one object, read as root.
type rights struct {
	list         acl.ACL // nil where none explains anything: links, lists that are damaged
	inherited    acl.ACL // of a folder: what is made in it begins with that
	owner, group uint32
}

// readRights reads them. A file system without lists goes by the permission bits. Names of groups are asked for at once.
func readRights(o *zone.Object, names *account.Names) rights {
	st := o.Stat()
	list, err := acl.Access(o.Descriptor())
	if errors.Is(err, acl.ErrUnsupported) && !errors.Is(err, acl.ErrSymlink) {
		list = acl.FromMode(st.Mode)
	}
	var gids []uint32
	for _, e := range list {
		if e.Tag == acl.Group {
			gids = append(gids, e.ID)
		}
	}
	names.Prefetch(nil, gids)
	inherited, _ := acl.Default(o.Descriptor()) // without one nothing is said
	return rights{list, inherited, st.Uid, st.Gid}
}

// explainer finds the reason for what the kernel answered. Where it finds none that fits, because something changed, the
// file system is mounted read-only, or the person is root, the answer stands without one.
type explainer struct {
	place
	path   []string // as it was asked, segment for segment: what names[1:] are, encoded
	names  *account.Names
	rights map[int]rights // by how many names lead there; the folders where somebody is stopped, and the object
}

func newExplainer(p place, path []string, names *account.Names) explainer {
	return explainer{p, path, names, map[int]rights{len(p.names): readRights(p.object, names)}}
}

// person puts the answer about somebody into words.
func (x explainer) person(name string, p acl.Person, a answer) helper.Person {
	told := helper.Person{User: name, Read: a.read, Write: a.write, Enter: a.enter, Owner: p.UID == x.object.Stat().Uid}
	decides, fits := x.at(len(x.place.names)), fitsObject
	if a.stopped != notStopped {
		stopped := x.stoppedPath(a.stopped)
		told.Stopped = &stopped
		decides, fits = x.at(a.stopped), fitsFolder
	}
	if decides.list == nil {
		return told
	}
	if a.enter && !a.read && decides.inherited != nil {
		// As of somebody else's file, with a group that he is not in.
		if reason := decides.inherited.Explain(acl.Undefined, acl.Undefined, p); reason.Allows(acl.Read) {
			told.Inside = x.entryName(reason.Entry)
		}
	}
	reason := decides.list.Explain(decides.owner, decides.group, p)
	if !fits(x.place, reason, a) {
		return told
	}
	told.Entry, told.Perm, told.Masked = x.entryName(reason.Entry), reason.Entry.Perm.String(), reason.Masked
	if reason.Masked {
		mask, _ := decides.list.Find(acl.Mask, acl.Undefined)
		told.Mask = mask.String()
	}
	for _, e := range reason.Also {
		told.Also = append(told.Also, x.entryName(e))
	}
	return told
}

// fitsObject says whether the reason gives what the kernel answered about the object, and nothing else.
func fitsObject(p place, reason acl.Explanation, a answer) bool {
	enter := p.object.Kind() == "dir" && reason.Allows(acl.Execute)
	return reason.Allows(acl.Read) == a.read && reason.Allows(acl.Perm(askedToWrite(p.object))) == a.write && enter == a.enter
}

// fitsFolder says whether the reason keeps somebody from passing.
func fitsFolder(_ place, reason acl.Explanation, _ answer) bool { return !reason.Allows(acl.Execute) }

// at returns the rights of what the first n names lead to.
func (x explainer) at(n int) rights {
	if known, ok := x.rights[n]; ok {
		return known
	}
	var found rights
	if o, err := x.base.Open(x.place.names[:n]); err == nil {
		found = readRights(o, x.names)
		o.Close()
	}
	x.rights[n] = found
	return found
}

// aboveZone is the path of the folder of all zones, which no path below a zone can be.
const aboveZone = "/"

func (x explainer) stoppedPath(n int) string {
	if n == 0 {
		return aboveZone
	}
	return strings.Join(x.path[:n-1], "/")
}

func (x explainer) entryName(e acl.Entry) string {
	switch e.Tag {
	case acl.UserObj:
		return "owner"
	case acl.GroupObj:
		return "group"
	case acl.User:
		return "user:" + userName(x.names, e.ID)
	case acl.Group:
		return "group:" + groupName(x.names, e.ID)
	}
	return "other"
}

// userName and groupName are numbers where nobody has a name, as getfacl(1) shows them.
func userName(names *account.Names, uid uint32) string {
	if name, ok := names.UserName(uid); ok {
		return name
	}
	return strconv.FormatUint(uint64(uid), 10)
}

func groupName(names *account.Names, gid uint32) string {
	if name, ok := names.GroupName(gid); ok {
		return name
	}
	return strconv.FormatUint(uint64(gid), 10)
}
