package zone

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/shell"
)

// Drift is something in a zone whose owner, mode or access list is not what the zone's root makes of it.
type Drift struct {
	Path  string   `json:"path"` // below the root, segments percent-encoded; "" is the root
	Kind  string   `json:"kind"`
	Found string   `json:"found"`
	Right string   `json:"right"`
	Mend  []string `json:"mend"`  // commands for a shell of root; empty where only a person can decide
	Apply bool     `json:"apply"` // the operation "apply" mends it
}

// The kinds say what is not as it should be.
const (
	DriftLost      = "lost"         // an entry of the root is missing, or gives less
	DriftExtra     = "extra"        // an entry that the root does not have, or that gives more
	DriftDefault   = "default"      // the default ACL of a folder is not the one that the root makes
	DriftGroup     = "group"        // the file's group has permissions
	DriftShared    = "shared-group" // so it has, and others than the file's owner are in it
	DriftOther     = "other"        // everybody has permissions
	DriftSticky    = "sticky"       // a folder in which who may write removes and renames what is another's
	DriftWide      = "wide"         // a file that others than its owner may change
	DriftShut      = "shut"         // the mask of a folder keeps people from what the entries give them
	DriftOwner     = "owner"        // belongs to nobody of Share Zone; of the root: to nobody who may own zones
	DriftNobody    = "nobody"       // the root is shared with somebody who does not exist
	DriftLinked    = "linked"       // a file with several names, which may lie in another zone too
	DriftImmutable = "immutable"    // nobody can change it (chattr +i, +a)
	DriftMount     = "mount"        // another file system, which is not looked into
	DriftUnread    = "unread"       // the kernel does not show it
)

// DriftKinds are all of them, for whoever has a sentence for each.
var DriftKinds = []string{DriftLost, DriftExtra, DriftDefault, DriftGroup, DriftShared, DriftOther, DriftSticky, DriftWide,
	DriftShut, DriftOwner, DriftNobody, DriftLinked, DriftImmutable, DriftMount, DriftUnread}

// sight is what a checkup sees of one thing.
type sight struct {
	part      part
	owner     uint32
	mode      uint32
	access    acl.ACL
	inherited acl.ACL // of a folder; nil: none
	path      string  // for commands
}

// comparison collects what differs between a thing and the rule.
type comparison struct {
	rule  rule
	seen  sight
	names acl.Names
	path  string // as a word of a command
	right acl.ACL
	drift []Drift
}

// compare says how the lists and the mode of a thing differ from what the rule makes of them, with commands that mend it
// when they are run in their order. None makes a mask wider but the one that says so.
func (r rule) compare(s sight, names acl.Names) []Drift {
	c := comparison{rule: r, seen: s, names: names, path: shell.Quote(s.path), right: r.access(s.access, s.part)}
	c.compareNamed()
	c.compareClass(DriftGroup, acl.GroupObj, "group::---")
	c.compareClass(DriftOther, acl.Other, "other::---")
	if mask := maskOf(s.access, isFolder); s.part == isFile && mask&^acl.Read != 0 {
		right := acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: mask & acl.Read}.String()
		c.add(DriftWide, acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: mask}.String(), right, c.setfacl("-m "+right))
	}
	if s.part != isFile {
		c.compareFolder()
	}
	return c.drift
}

func (c *comparison) add(kind string, found, right string, mend ...string) {
	c.drift = append(c.drift, Drift{Kind: kind, Found: found, Right: right, Mend: mend})
}

// setfacl is a command that changes the access ACL. A list without a mask has the file's group where the mask would
// be: changing one entry would say something about the other too, so the whole list is written.
func (c *comparison) setfacl(options string) string {
	if _, has := c.seen.access.Find(acl.Mask, acl.Undefined); !has {
		options = "--set " + shell.Quote(c.words(c.right))
	}
	return "setfacl " + options + " -- " + c.path
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
	var lostFound, lostRight, extraFound, extraRight acl.ACL
	var drop []string
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
		if e.Tag != acl.User && e.Tag != acl.Group {
			continue
		}
		if _, isWanted := wanted.Find(e.Tag, e.ID); !isWanted {
			extraFound = append(extraFound, e)
			text := e.Text(c.names)
			drop = append(drop, text[:strings.LastIndexByte(text, ':')])
		}
	}
	if len(lostRight) > 0 {
		c.add(DriftLost, c.brief(lostFound), c.brief(lostRight), c.setfacl("-n -m "+shell.Quote(c.words(lostRight))))
	}
	options := "-n"
	if len(extraRight) > 0 {
		options += " -m " + shell.Quote(c.words(extraRight))
	}
	if len(drop) > 0 {
		options += " -x " + shell.Quote(strings.Join(drop, ","))
	}
	if len(extraFound) > 0 {
		c.add(DriftExtra, c.brief(extraFound), c.brief(extraRight), c.setfacl(options))
	}
}

// maxBrief is how many entries are said of a list; the command has all.
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
		c.add(kind, acl.Entry{Tag: tag, ID: acl.Undefined, Perm: perm}.String(), nothing, c.setfacl("-n -m "+nothing))
	}
}

// compareFolder compares what only a folder has.
func (c *comparison) compareFolder() {
	s := c.seen
	if !slices.Equal(s.inherited, c.rule.inherited) {
		c.add(DriftDefault, c.brief(s.inherited), c.brief(c.rule.inherited),
			"setfacl -d --set "+shell.Quote(c.words(c.rule.inherited))+" -- "+c.path)
	}
	switch {
	case s.part == isRoot && s.mode&0o7000 != unix.S_ISVTX:
		c.add(DriftSticky, octal(s.mode), octal(s.mode&0o777|unix.S_ISVTX), "chmod ug-s,+t -- "+c.path)
	case s.mode&unix.S_ISVTX == 0:
		c.add(DriftSticky, octal(s.mode), octal(s.mode|unix.S_ISVTX), "chmod +t -- "+c.path)
	}
	mask := acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: maskOf(s.access, s.part)}
	own, _ := s.access.Find(acl.UserObj, acl.Undefined)
	switch {
	case s.part == isRoot && (mask.Perm != permWrite || own != permWrite):
		found := acl.Entry{Tag: acl.UserObj, ID: acl.Undefined, Perm: own}.String() + "," + mask.String()
		c.add(DriftShut, found, "user::rwx,mask::rwx", "setfacl -m user::rwx,mask::rwx -- "+c.path)
	case s.part == isFolder && c.keepsOut(mask.Perm):
		c.add(DriftShut, mask.String(), "mask::rwx", "setfacl -m mask::rwx -- "+c.path)
	}
}

// keepsOut: somebody whom the rule lets in, other than the folder's own owner, gets less by the mask.
func (c *comparison) keepsOut(mask acl.Perm) bool {
	return slices.ContainsFunc(c.rule.content, func(e acl.Entry) bool {
		return e.Perm&^mask != 0 && !(e.Tag == acl.User && e.ID == c.seen.owner)
	})
}
