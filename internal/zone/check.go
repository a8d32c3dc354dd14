package zone

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// Checkup is what differs in a zone from what its root makes of it.
type Checkup struct {
	Findings []Drift
	More     int            // beyond those in Findings
	Kinds    map[string]int // how many of each kind there are in all
	Mendable int            // below the root, how many of all apply mends
	Others   int            // below the root, how many it does not: take does, or a person decides
	Standing []Member       // whom apply puts out of most of the lists
	Gains    []Still        // who gets more by apply than an entry of his own gives
	Complete bool           // false: stopped before the end
}

// checker looks through a zone and changes nothing.
type checker struct {
	walker walker
	zone   *Held
	rule   rule
	sound  bool // the zone's owner is who should be; otherwise apply comes after that
	limit  int
	shared map[gidOwner]bool
	reads  map[uint32]bool // by uid: readsAlone
	roll   roll
	trash  uint32 // whose trash is gone through
	result Checkup
}

type gidOwner struct{ gid, owner uint32 }

// Check compares a zone with its root. It names limit findings and counts the others; stop, where it is not nil, is asked
// from time to time whether to end.
func (h *Held) Check(limit int, stop func() bool) (Checkup, error) {
	r, err := inspect(h.fd, h.name)
	if err != nil {
		return Checkup{}, fmt.Errorf("%s: %w", h.name, err)
	}
	owner, sound := h.admin.rightOwner(r)
	c := checker{zone: h, rule: ruleOf(owner, r.Access), sound: sound, limit: limit, shared: make(map[gidOwner]bool), reads: make(map[uint32]bool), roll: newRoll()}
	c.result.Findings, c.result.Kinds = []Drift{}, make(map[string]int)
	if r.HasNoList() { // nothing says what the rest should be
		standing, complete, err := h.Standing(stop)
		if err != nil {
			return Checkup{}, fmt.Errorf("%s: %w", h.name, err)
		}
		if len(standing) > 0 || !complete {
			c.unlisted(r, standing)
			c.result.Standing = standing
			c.result.Complete = complete
			return c.result, nil
		}
	}
	for _, d := range h.admin.DriftOf(r) {
		c.take(d)
	}
	if r.Metadata.ID == nil {
		c.take(Drift{Kind: DriftNoID, Mend: []string{MendID(h.path())}})
	}
	for _, bad := range r.Metadata.Bad {
		if bad.Attr != AttrID { // said above
			c.take(Drift{Kind: DriftValue, Found: strings.TrimPrefix(bad.Attr, "user.shz.") + ": " + bad.Value,
				Mend: MendValue(bad.Attr, h.path())})
		}
	}
	c.walker = walker{file: c.file, folder: c.folder, missed: c.missed, progress: h.admin.tell, stop: stop, folders: true}
	if c.result.Complete, err = c.walker.run(h.fd); err == nil && c.result.Complete && sound { // else who owned it stands in all of them
		c.result.Standing, c.result.Gains = h.losing(r, c.roll)
	}
	if len(c.result.Standing)+len(c.result.Gains) > 0 { // apply refuses, until a person has decided about them
		for i, d := range c.result.Findings {
			if d.Apply {
				c.result.Findings[i].Mend = []string{}
			}
		}
	}
	return c.result, err
}

// apart are those who stand in most lists of the content and not in the root's: somebody took them off there by hand, or the list was lost,
// and perhaps made anew. Apply puts them out.
func (h *Held) apart(r Root, lists roll) []Member {
	least := 2
	if r.HasNoList() {
		least = 1
	}
	return slices.DeleteFunc(lists.standing(h, least), func(m Member) bool {
		e, err := h.admin.entryFor(m.Principal, m.Access, h.stat.Uid)
		perm, listed := r.Access.Find(e.Tag, e.ID)
		return err != nil || listed && (perm == 0 || accessOf(perm) != None) // whom somebody keeps out is meant to be
	})
}

// losing are those whose own entries Apply takes away: who would be out of the content, because no group lets him into that, and who would get
// more by groups on the list.
func (h *Held) losing(r Root, lists roll) (out []Member, gains []Still) {
	rule := ruleOf(h.stat.Uid, r.Access)
	byGroup := func(e acl.Entry) (in bool) {
		if e.Tag != acl.User {
			return false
		}
		given, through := groupsOf(rule.members, e.ID, h.admin.names)
		principal := principalOf(e, h.admin.names)
		if given&^e.Perm != 0 && !slices.ContainsFunc(gains, func(s Still) bool { return s.Principal == principal }) {
			gains = append(gains, Still{principal, accessOf(given), through, true})
		}
		inside, _ := groupsOf(rule.content, e.ID, h.admin.names)
		return inside != 0
	}
	for _, e := range r.Access {
		if e.Perm != 0 && accessOf(e.Perm) == None && e.ID != h.stat.Uid { // nothing that Share Zone gives
			byGroup(e)
		}
	}
	return slices.DeleteFunc(h.apart(r, lists), func(m Member) bool {
		e, err := h.admin.entryFor(m.Principal, m.Access, h.stat.Uid)
		return err == nil && byGroup(e)
	}), gains
}

// unlisted says of a root that lost its list whose it is, if that is wrong too, and who should be in the list.
func (c *checker) unlisted(r Root, standing []Member) {
	for _, d := range c.zone.admin.DriftOf(r) {
		if d.Kind == DriftOwner {
			c.take(d)
		}
	}
	for _, d := range c.zone.admin.OpenToMore(r, c.zone.path()) {
		c.take(d)
	}
	if len(standing) > 0 {
		c.take(Unlisted(r.Name, standing))
	}
}

func (c *checker) take(d Drift) {
	switch {
	case d.Path == "":
	case d.Apply:
		c.result.Mendable++
	default:
		c.result.Others++
	}
	c.result.Kinds[d.Kind]++
	if len(c.result.Findings) == c.limit {
		c.result.More++
		return
	}
	c.result.Findings = append(c.result.Findings, d)
}

// DriftOf is what differs at a zone's root by itself: its owner, entries of nobody, and what its lists and mode should be
// after its members.
func (a *Admin) DriftOf(r Root) []Drift {
	var found []Drift
	right, sound := a.rightOwner(r)
	if owner, known := a.names.UserName(r.Owner); a.names.Err() == nil && (!known || !mayOwn(a.names, owner)) {
		d := Drift{Kind: DriftOwner, Found: OwnerName(r.Owner, a.names), Right: r.FormerOwner(a.names)}
		if d.Mend = MendOwner(r.Name, a.Heir(r)); known && d.Right == "" && a.names.InGroup(owner, layout.GroupBase) { // he lost the role
			d.Mend = []string{MendManager(owner)}
		}
		found = append(found, d) // before the others: they go by whose the zone is
	}
	for _, e := range r.Access {
		if a.isNobody(e) {
			principal := principalOf(e, a.names)
			found = append(found, Drift{Kind: DriftNobody, Found: principal,
				Mend: []string{"shzadm zone share " + r.Name + " " + principal + "=none"}})
		}
	}
	// Those are taken away by a command of their own, from the content too.
	access := slices.DeleteFunc(slices.Clone(r.Access), a.isNobody)
	s := sight{part: isRoot, owner: right, mode: r.Mode, access: access}
	if r.Inherited != nil {
		s.inherited = slices.DeleteFunc(slices.Clone(r.Inherited), func(e acl.Entry) bool {
			return a.isNobody(e) && !(e.Tag == acl.User && e.ID == right) // the owner's stays, gone or not: it belongs there until the zone is another's
		})
	}
	for _, d := range ruleOf(right, access).compare(s, a.names) {
		if d.Kind == DriftShut { // first: apply makes no mask wider, and ends with an error where one is in its way
			d.Mend = mendRootShut(r.Name)
			found = slices.Insert(found, 0, d)
			continue
		}
		d.Apply, d.Mend = sound, mendApply(r.Name)
		found = append(found, d)
	}
	return found
}

// isNobody says whether an entry names a user or group that does not exist. While the names do not answer nobody is one: what is
// offered against nobody's entries would take everything from somebody.
func (a *Admin) isNobody(e acl.Entry) bool {
	if a.names.Err() != nil {
		return false
	}
	known := true
	switch e.Tag {
	case acl.User:
		_, known = a.names.UserName(e.ID)
	case acl.Group:
		_, known = a.names.GroupName(e.ID)
	}
	return !known
}

func (c *checker) file(name string, fd int, st *unix.Stat_t) {
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return // a link, FIFO, socket or device: never served to anybody
	}
	if st.Nlink > 1 && c.inTrash() { // perhaps what another replaced, for a day
		c.open(name, fd, st)
		return
	}
	if st.Nlink > 1 {
		c.take(Drift{Path: escape(c.walker.names(name)), Kind: DriftLinked, Found: strconv.FormatUint(uint64(st.Nlink), 10),
			Right: "1", Mend: []string{}})
		c.open(name, fd, st)
		return
	}
	c.see(name, fd, st)
}

// open says who gets at a file with several names besides those who should: nothing but the loss of the other names lets apply change that.
func (c *checker) open(name string, fd int, st *unix.Stat_t) {
	access, err := acl.Access(fd)
	if err != nil {
		return
	}
	s := sight{part: isFile, owner: st.Uid, mode: st.Mode & 0o7777, access: access}
	for _, d := range c.rule.compare(s, c.zone.admin.names) {
		if d.Kind == DriftOther || d.Kind == DriftWide || d.Kind == DriftGroup || d.Kind == DriftExtra {
			d.Path, d.Mend = escape(c.walker.names(name)), []string{}
			c.take(d)
		}
	}
}

func (c *checker) folder(name string, fd int, st *unix.Stat_t) bool {
	switch {
	case c.walker.isTrash(name):
		return c.seeTrash(name, fd, st)
	case strings.HasPrefix(name, ReservedPrefix):
		c.missed(name, c.walker.reserved(name), nil)
		return false
	}
	c.see(name, fd, st)
	return true
}

// see compares one file or folder.
func (c *checker) see(name string, fd int, st *unix.Stat_t) {
	s := sight{part: partOf(st), owner: st.Uid, mode: st.Mode & 0o7777}
	var err error
	if s.access, err = acl.Access(fd); err == nil && s.part == isFolder {
		s.inherited, err = acl.Default(fd)
	}
	if err != nil {
		c.missed(name, SkipError, err)
		return
	}
	inTrash := c.inTrash()
	if !inTrash {
		c.roll.add(s.access, c.zone.stat.Uid)
	}
	fixed := isImmutable(fd)
	ours := c.zone.admin.people[st.Uid] || c.zone.admin.names.Err() != nil
	owns := ours && !inTrash && s.part == isFolder && c.readsAlone(st.Uid)
	if c.agrees(s) && ours && !fixed && !owns {
		return
	}
	names := c.walker.names(name)
	var found []Drift
	if fixed { // first: nothing else can be mended before
		found = append(found, Drift{Kind: DriftImmutable, Mend: mendImmutable(c.zone.path(), st.Ino)})
	}
	if !ours { // second: apply leaves it as it is
		d := Drift{Kind: DriftOwner, Found: OwnerName(st.Uid, c.zone.admin.names), Right: OwnerName(c.rule.owner, c.zone.admin.names), Mend: mendTake(c.zone.name, names)}
		if inTrash { // nothing is taken there: it is removed, or comes back first
			d.Right, d.Mend = "", []string{}
		}
		found = append(found, d)
	}
	if owns {
		found = append(found, Drift{Kind: DriftOwns, Found: OwnerName(st.Uid, c.zone.admin.names),
			Right: OwnerName(c.rule.owner, c.zone.admin.names), Mend: mendTake(c.zone.name, names)})
	}
	for _, d := range c.rule.compare(s, c.zone.admin.names) {
		if d.Mend = mendApply(c.zone.name); !ours { // apply leaves it, and to take it, which is said first, mends this too
			d.Mend = []string{}
		}
		if d.Kind == DriftShut {
			d.Owner, d.Type, d.Mend = OwnerName(st.Uid, c.zone.admin.names), "dir", mendTake(c.zone.name, names)
			if s.part == isFile { // its maker's still; of a folder he could shut it again
				d.Type, d.Mend = "file", []string{belowZone("open", c.zone.name, names)}
			}
		}
		found = append(found, d)
	}
	if inTrash {
		found = slices.DeleteFunc(found, isNoMatterInTrash)
	}
	for _, d := range found {
		if d.Kind == DriftGroup && c.isShared(st) {
			group, _ := c.zone.admin.names.GroupName(st.Gid)
			d.Kind, d.Found = DriftShared, d.Found+" "+group
		}
		d.Path = escape(names)
		d.Apply = c.sound && ours && !fixed && d.Kind != DriftShut && d.Kind != DriftOwns
		c.take(d)
	}
}

// agrees is compare in short, for the many that are as they should be.
func (c *checker) agrees(s sight) bool {
	if !slices.Equal(s.access, c.rule.access(s.access, s.part)) {
		return false
	}
	_, shut := narrowMask(s.inherited)
	return s.part == isFile && !c.rule.keepsOut(maskOf(s.access, isFile), s) || s.part != isFile && !shut && slices.Equal(s.inherited, c.rule.inherits(s.inherited)) && s.mode&unix.S_ISVTX != 0 && s.mode&0o070 == 0o070
}

// readsAlone says whether somebody is a member who may read and not write: a folder of his own lets him do that all the same.
func (c *checker) readsAlone(uid uint32) bool {
	if reads, known := c.reads[uid]; known {
		return reads
	}
	reads := uid != c.rule.owner && accessOf(c.zone.admin.permOf(c.rule.members, uid)) == Read
	c.reads[uid] = reads
	return reads
}

// permOf is what the named entries of a list give somebody. The kernel's rule: his own entry decides; of several groups each gives
// what it has.
func (a *Admin) permOf(list acl.ACL, uid uint32) acl.Perm {
	perm, named := list.Find(acl.User, uid)
	if !named {
		perm, _ = groupsOf(withFullMask(list), uid, a.names)
	}
	return perm
}

// isShared says whether others than a file's owner are in its group.
func (c *checker) isShared(st *unix.Stat_t) bool {
	key := gidOwner{st.Gid, st.Uid}
	shared, known := c.shared[key]
	if !known {
		names := c.zone.admin.names
		if group, ok := names.GroupName(st.Gid); ok {
			shared = slices.ContainsFunc(names.Members(group), func(e account.Entry) bool { return e.UID != st.Uid })
		}
		c.shared[key] = shared
	}
	return shared
}

// missed: what is moved away meanwhile is no drift, and an upload under way neither. A folder with a reserved name is one that no page
// shows, if it is not of the trash, or being made. What is no folder and has the name of somebody's trash is in the way of that.
func (c *checker) missed(name string, reason SkipReason, err error) {
	d := Drift{Path: escape(c.walker.names(name)), Mend: []string{}}
	switch reason {
	case SkipUpload, SkipTrash, SkipLeft, SkipReserved:
		var st unix.Stat_t
		err := unix.Fstatat(c.walker.here, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		isFolder, ofTrash := st.Mode&unix.S_IFMT == unix.S_IFDIR, len(c.walker.stack) == 1 && isTrash(name)
		if err != nil || isFolder == ofTrash || strings.HasPrefix(name, growingPrefix) {
			return
		}
		d.Kind, d.Found = DriftReserved, OwnerName(st.Uid, c.zone.admin.names)
		if ofTrash {
			d.Mend = []string{belowZone("remove", c.zone.name, []string{name})}
		}
	case SkipMount:
		d.Kind = DriftMount
	case SkipError:
		d.Kind, d.Found = DriftUnread, err.Error()
	default:
		return
	}
	c.take(d)
}

// isImmutable says whether not even root can change what is behind fd. Where the file system does not tell, trying does.
func isImmutable(fd int) bool {
	var stx unix.Statx_t
	err := unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, &stx)
	return err == nil && stx.Attributes&(unix.STATX_ATTR_IMMUTABLE|unix.STATX_ATTR_APPEND) != 0
}

func octal(mode uint32) string { return fmt.Sprintf("%04o", mode&0o7777) }
