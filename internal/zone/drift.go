package zone

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/layout"
	"sharezone/internal/shell"
)

// Drift is something in a zone whose owner, mode or access list is not what the zone's root makes of it.
type Drift struct {
	Path  string   `json:"path"` // below the root, segments percent-encoded; "" is the root
	Kind  string   `json:"kind"`
	Found string   `json:"found"`
	Right string   `json:"right"`
	Mend  []string `json:"mend"`  // commands for a shell of root, for all findings in their order; empty where only a person can decide
	Apply bool     `json:"apply"` // the operation "apply" mends it

	Members []Member `json:"members,omitempty"` // whom it is about: of DriftUnlisted
	Owner   string   `json:"owner,omitempty"`   // of DriftShut below the root, whose it is
	Type    string   `json:"type,omitempty"`    // and what: file, dir
}

// The kinds say what is not as it should be.
const (
	DriftLost      = "lost"         // an entry of the root is missing, or gives less
	DriftExtra     = "extra"        // an entry that the root does not have, or that gives more
	DriftOdd       = "odd"          // an entry of the root whose permissions are no access of Share Zone's: r--, --x
	DriftDefault   = "default"      // the default ACL of a folder is not the one that the root makes
	DriftGroup     = "group"        // the file's group has permissions
	DriftShared    = "shared-group" // so it has, and others than the file's owner are in it
	DriftOther     = "other"        // everybody has permissions
	DriftSticky    = "sticky"       // a folder in which who may write removes and renames what is another's
	DriftWide      = "wide"         // a file that others than its owner may change
	DriftShut      = "shut"         // the mask keeps people from what the entries give them, or should
	DriftOwner     = "owner"        // belongs to nobody of Share Zone; of the root: to nobody who may own zones
	DriftOwns      = "owns"         // a folder of a member's who may only read: his own he can write into
	DriftUnlisted  = "unlisted"     // the root has lost its list, and people are still in those of the content
	DriftNoList    = "no-list"      // the root has lost its list, and nobody is in those of the content
	DriftNobody    = "nobody"       // the root is shared with somebody who does not exist
	DriftLinked    = "linked"       // a file with several names, which may lie in another zone too
	DriftImmutable = "immutable"    // nobody can change it (chattr +i, +a)
	DriftMount     = "mount"        // another file system, which is not looked into
	DriftValue     = "value"        // of the root: what describes the zone is not well formed, and counts for nothing
	DriftNoID      = "no-id"        // of the root: it has no id, so nothing is recorded as the zone's own
	DriftReserved  = "reserved"     // what has a name that Share Zone keeps for itself, so no page shows it: a folder, or where a trash would be, anything
	DriftUnread    = "unread"       // the kernel does not show it
)

// DriftKinds are all of them, for whoever has a sentence for each.
var DriftKinds = []string{DriftLost, DriftExtra, DriftOdd, DriftDefault, DriftGroup, DriftShared, DriftOther, DriftSticky, DriftWide,
	DriftShut, DriftOwner, DriftOwns, DriftUnlisted, DriftNoList, DriftNobody, DriftLinked, DriftImmutable, DriftMount, DriftValue, DriftNoID, DriftReserved, DriftUnread}

// sight is what a checkup sees of one thing.
type sight struct {
	part      part
	owner     uint32
	mode      uint32
	access    acl.ACL
	inherited acl.ACL // of a folder; nil: none
}

// The commands that mend are run by root, while somebody with a shell may exchange folders of the zone for links: so no
// command names a path below a zone to a program that follows it. Those of shzadm go by descriptors.

// MendID gives a zone an id. -h: by now a link of the owner's may have the zone's name.
func MendID(path string) string {
	return "setfattr -h -n " + AttrID + ` -v "$(od -An -v -N16 -tx1 /dev/urandom | tr -d ' \n')" -- ` + shell.Quote(path)
}

// mendApply makes everything in a zone what its root says.
func mendApply(zone string) []string { return []string{"shzadm zone apply " + zone} }

// MendSurely is that where somebody is put out of most lists by it, which the plain command refuses. It is no finding's, nor is the plain one
// then: who runs what is said of each has not been told whom it puts out.
func MendSurely(zone string) string { return "shzadm zone apply " + zone + " --sure" }

// MendManager gives the owner of a zone back the role without which he may own none.
func MendManager(owner string) string {
	return "gpasswd -a " + shell.Quote(owner) + " " + layout.GroupManager
}

// MendOwner gives a zone to somebody who may own it, with what is its owner's in it; to whose it was, the zone alone.
func MendOwner(zone, heir string) []string {
	if heir == "" {
		return []string{} // nobody may
	}
	return []string{"shzadm zone transfer " + zone + " --owner " + shell.Quote(heir)}
}

// mendTake gives something in a zone to its owner, open as the zone says.
func mendTake(zone string, names []string) []string {
	return []string{belowZone("take", zone, names)}
}

// belowZone is a command about something in a zone.
func belowZone(verb, zone string, names []string) string {
	command := "shzadm zone " + verb + " " + zone + " "
	if strings.HasPrefix(names[0], "-") {
		command += "-- "
	}
	return command + shell.Quote(strings.Join(names, "/"))
}

// mendRootShut opens a zone that somebody shut.
func mendRootShut(zone string) []string { return []string{"shzadm zone open " + zone} }

// MendValue takes away an attribute of a zone's root: -h, for by now a link of the owner's may have the zone's name. Not what is to stay
// whatever its age: without it, that goes.
func MendValue(attr, root string) []string {
	if attr == AttrKeep {
		return []string{}
	}
	return []string{"setfattr -h -x " + attr + " -- " + root}
}

// mendImmutable finds the thing by its inode: until the command has run nobody can rename it or put another in its place.
func mendImmutable(root string, ino uint64) []string {
	return []string{fmt.Sprintf(`find %s -xdev -inum %d -execdir chattr -i -a -- {} \;`, root, ino)}
}

// comparison collects what differs between a thing and the rule.
type comparison struct {
	rule  rule
	seen  sight
	names acl.Names
	drift []Drift
}

// compare says how the lists and the mode of a thing differ from what the rule makes of them.
func (r rule) compare(s sight, names acl.Names) []Drift {
	c := comparison{rule: r, seen: s, names: names}
	c.compareNamed()
	c.compareClass(DriftGroup, acl.GroupObj, "group::---")
	c.compareClass(DriftOther, acl.Other, "other::---")
	if mask := maskOf(s.access, isFolder); s.part == isFile && mask&^acl.Read != 0 {
		right := acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: mask & acl.Read}.String()
		c.add(DriftWide, acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: mask}.String(), right)
	}
	if s.part != isFile {
		c.compareFolder()
	} else if mask := maskOf(s.access, isFile); r.keepsOut(mask, s) {
		c.add(DriftShut, acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: mask}.String(), "mask::r--")
	}
	return c.drift
}

func (c *comparison) add(kind, found, right string) {
	c.drift = append(c.drift, Drift{Kind: kind, Found: found, Right: right, Mend: []string{}})
}

// words is a list in one word, as setfacl takes it.
func (c *comparison) words(list acl.ACL) string {
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = e.Text(c.names)
	}
	return strings.Join(texts, ",")
}

// compareNamed compares the named entries: lost is what gives too little, extra what gives too much.
func (c *comparison) compareNamed() {
	var lostFound, lostRight, extraFound, extraRight, odd acl.ACL
	wanted := c.rule.named(c.seen.part)
	for _, want := range wanted {
		found, has := c.seen.access.Find(want.Tag, want.ID)
		is := acl.Entry{Tag: want.Tag, ID: want.ID, Perm: found}
		switch {
		case !has:
			lostRight = append(lostRight, want)
		case want.Perm&^found != 0:
			lostFound, lostRight = append(lostFound, is), append(lostRight, want)
		case found != want.Perm:
			extraFound, extraRight = append(extraFound, is), append(extraRight, want)
		}
	}
	for _, e := range c.seen.access {
		if e.Tag != acl.User && e.Tag != acl.Group || denies(e) {
			continue
		}
		_, isWanted := wanted.Find(e.Tag, e.ID)
		switch {
		case isWanted:
		case c.seen.part == isRoot && accessOf(e.Perm) == None:
			odd = append(odd, e)
		default:
			extraFound = append(extraFound, e)
		}
	}
	if len(lostRight) > 0 {
		c.add(DriftLost, c.brief(lostFound), c.brief(lostRight))
	}
	if len(odd) > 0 {
		c.add(DriftOdd, c.brief(odd), "")
	}
	if len(extraFound) > 0 {
		c.add(DriftExtra, c.brief(extraFound), c.brief(extraRight))
	}
}

// maxBrief is how many entries are said of a list.
const maxBrief = 8

func (c *comparison) brief(list acl.ACL) string {
	text := c.words(list[:min(len(list), maxBrief)])
	if len(list) > maxBrief {
		text += ",…"
	}
	return text
}

// compareClass: nobody gets in by the file's group or as everybody.
func (c *comparison) compareClass(kind string, tag acl.Tag, nothing string) {
	if perm, _ := c.seen.access.Find(tag, acl.Undefined); perm != 0 {
		c.add(kind, acl.Entry{Tag: tag, ID: acl.Undefined, Perm: perm}.String(), nothing)
	}
}

// compareFolder compares what only a folder has.
func (c *comparison) compareFolder() {
	s := c.seen
	if right := c.rule.inherits(s.inherited); !slices.Equal(s.inherited, right) {
		c.add(DriftDefault, c.brief(s.inherited), c.brief(right))
	}
	switch {
	case s.part == isRoot && s.mode&(unix.S_ISUID|unix.S_ISGID) != 0:
		c.add(DriftSticky, octal(s.mode), octal(folderMode|unix.S_ISVTX))
	case s.mode&unix.S_ISVTX == 0 && s.mode&0o022 != 0: // where nobody else writes, nobody removes
		c.add(DriftSticky, octal(s.mode), octal(s.mode&^0o007|unix.S_ISVTX)) // what everybody has goes, too
	}
	mask := acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: maskOf(s.access, s.part)}
	own, _ := s.access.Find(acl.UserObj, acl.Undefined)
	switch {
	case s.part == isRoot && s.access.Minimal(): // nothing was shut: there is nothing that a mask could take away from
		c.add(DriftNoList, c.brief(s.access), c.brief(c.rule.access(withFullMask(s.access), isRoot)))
	case s.part == isRoot && (mask.Perm != permWrite || own != permWrite):
		found := acl.Entry{Tag: acl.UserObj, ID: acl.Undefined, Perm: own}.String() + "," + mask.String()
		c.add(DriftShut, found, "user::rwx,mask::rwx")
	case s.part == isFolder && c.rule.keepsOut(mask.Perm, s):
		c.add(DriftShut, mask.String(), "mask::rwx")
	default:
		inherited, shut := narrowMask(s.inherited)
		if shut && (s.part == isRoot || c.rule.keepsOut(inherited, s)) {
			c.add(DriftShut, "default:"+acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: inherited}.String(), "default:mask::rwx")
		}
	}
}

// keepsOut: somebody whom the rule lets in, other than its own owner, gets less by the mask.
func (r rule) keepsOut(mask acl.Perm, s sight) bool {
	most := acl.Perm(permWrite)
	if s.part == isFile {
		most = acl.Read
	}
	return slices.ContainsFunc(r.content, func(e acl.Entry) bool {
		return e.Perm&most&^mask != 0 && !(e.Tag == acl.User && e.ID == s.owner)
	})
}
