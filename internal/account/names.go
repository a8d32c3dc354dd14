// Package account knows the people and groups of the machine: who has which number, who is in which group, and what
// Share Zone says of a person. It only reads; what changes accounts is in the package change below it, because no
// program that runs as a logged-in user may even contain it.
//
// It reads /etc/passwd and /etc/group in one pass (they may have thousands of lines), and asks NSS, by one getent(1)
// for many keys, only for what is not there. So it works in a static program, with LDAP, and costs no process on a
// machine that has only files.
package account

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Names translates between names and numbers. It reads on first use and remembers until the process ends: a process
// lives for one request or one command. It may be used by several goroutines.
type Names struct {
	root string                                               // "" or, in tests, where etc/passwd lies
	ask  func(database string, keys []string) ([]byte, error) // getent

	mu          sync.Mutex
	loaded      bool
	loadErr     error
	userByName  map[string]*Entry
	userByUID   map[uint32]*Entry
	groupByName map[string]*Group
	groupByGID  map[uint32]*Group
	memberOf    map[string][]*Group // only groups from files and those asked for; nil until somebody asks whose groups
	local       []*Entry            // what /etc/passwd has, by name
	fileGroups  []Group             // every line of /etc/group: for memberships each counts
	groups      []*Group            // the first of each name, as they were found
	stamp       [2]fileStamp        // of the two files
	asked       map[string]bool     // database and key: what NSS was asked already
}

// NewNames returns the names of this machine.
func NewNames() *Names { return &Names{ask: getent} }

// Fresh returns the names as they are now, which are the same while the two files are and NSS was not asked.
func (n *Names) Fresh() *Names {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.loaded && n.loadErr == nil && len(n.asked) == 0 && n.stamp[0].holds() && n.stamp[1].holds() {
		return n
	}
	return &Names{root: n.root, ask: n.ask}
}

// UserName returns the name of a uid.
func (n *Names) UserName(uid uint32) (string, bool) {
	e, ok := n.UserByUID(uid)
	if !ok {
		return "", false
	}
	return e.Name, true
}

// UserID returns the uid of a name.
func (n *Names) UserID(name string) (uint32, bool) {
	e, ok := n.User(name)
	return e.UID, ok
}

// GroupName returns the name of a gid.
func (n *Names) GroupName(gid uint32) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.load()
	if n.groupByGID[gid] == nil {
		n.askGroups([]string{number(gid)})
	}
	if g := n.groupByGID[gid]; g != nil {
		return g.Name, true
	}
	return "", false
}

// GroupID returns the gid of a name.
func (n *Names) GroupID(name string) (uint32, bool) {
	g, ok := n.Group(name)
	return g.GID, ok
}

// User returns the passwd entry of a name.
func (n *Names) User(name string) (Entry, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.load()
	if n.userByName[name] == nil && canAskName(name) {
		n.askUsers([]string{name})
	}
	return value(n.userByName[name])
}

// UserByUID returns the passwd entry of a uid.
func (n *Names) UserByUID(uid uint32) (Entry, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.load()
	if n.userByUID[uid] == nil {
		n.askUsers([]string{number(uid)})
	}
	return value(n.userByUID[uid])
}

// Group returns the group entry of a name.
func (n *Names) Group(name string) (Group, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.load()
	if n.groupByName[name] == nil && canAskName(name) {
		n.askGroups([]string{name})
	}
	return value(n.groupByName[name])
}

// Prefetch asks NSS once for all the given uids and gids that the files do not have. Whoever is about to show many
// names calls it first; without it everything works too, with a process per unknown number.
func (n *Names) Prefetch(uids, gids []uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.load()
	var users, groups []string
	for _, uid := range uids {
		if n.userByUID[uid] == nil {
			users = append(users, number(uid))
		}
	}
	for _, gid := range gids {
		if n.groupByGID[gid] == nil {
			groups = append(groups, number(gid))
		}
	}
	n.askUsers(users)
	n.askGroups(groups)
}

// Members returns the entries of everybody in a group, sorted by name: those whom group(5) lists and those whose
// primary group it is. A listed name that belongs to nobody is left out.
func (n *Names) Members(group string) []Entry {
	found := n.members(group)
	members := make([]Entry, len(found))
	for i, e := range found {
		members[i] = *e
	}
	return members
}

// members returns the members of all the groups.
func (n *Names) members(groups ...string) []*Entry {
	var members []*Entry
	for _, group := range groups {
		g, ok := n.Group(group)
		if !ok {
			continue
		}
		n.mu.Lock()
		var missing []string
		for _, name := range g.Members {
			if n.userByName[name] == nil && canAskName(name) {
				missing = append(missing, name)
			}
		}
		n.askUsers(missing)
		members = slices.Grow(members, len(g.Members))
		for _, name := range g.Members {
			if e := n.userByName[name]; e != nil {
				members = append(members, e)
			}
		}
		for _, e := range n.local {
			if e.GID == g.GID {
				members = append(members, e)
			}
		}
		n.mu.Unlock()
	}
	slices.SortFunc(members, compareEntries)
	return slices.CompactFunc(members, func(a, b *Entry) bool { return a.Name == b.Name })
}

// InGroup says whether a user is in a group, as his primary group or listed.
func (n *Names) InGroup(user, group string) bool {
	e, ok := n.User(user)
	g, found := n.Group(group)
	return ok && found && (e.GID == g.GID || slices.Contains(g.Members, user))
}

// GroupsOf returns the names of the groups of a user, the primary one first. It knows the groups in files, and those
// of NSS that somebody has asked for.
func (n *Names) GroupsOf(e Entry) []string {
	var names []string
	if primary, ok := n.GroupName(e.GID); ok {
		names = append(names, primary)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.memberOf == nil { // many requests ask for nobody's groups
		n.memberOf = make(map[string][]*Group, len(n.userByName))
		n.addMembers(n.groups)
	}
	for _, g := range n.memberOf[e.Name] {
		if g.GID != e.GID && !slices.Contains(names, g.Name) {
			names = append(names, g.Name)
		}
	}
	return names
}

// HighestID returns the highest uid or gid of the files that lies from lowest to highest, 0 if there is none.
func (n *Names) HighestID(lowest, highest uint32) uint32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.load()
	var found uint32
	for uid := range n.userByUID {
		if uid >= lowest && uid <= highest {
			found = max(found, uid)
		}
	}
	for gid := range n.groupByGID {
		if gid >= lowest && gid <= highest {
			found = max(found, gid)
		}
	}
	return found
}

// FormerGroup returns a group as it was before the last change of /etc/group: shadow's tools keep that state in /etc/group-, and
// whoever deleted a group by mistake finds its number there. Its members are told only if groupdel(8) was the last change, which
// takes the group out of gshadow, too: otherwise the file may be from before somebody was taken out.
func (n *Names) FormerGroup(name string) (Group, bool) {
	before, err := os.ReadFile(n.root + "/etc/group-")
	now, err2 := os.ReadFile(n.root + "/etc/group")
	if err != nil || err2 != nil {
		return Group{}, false
	}
	var others []byte
	var line []byte
	for l := range bytes.Lines(before) {
		if bytes.HasPrefix(l, []byte(name+":")) {
			line = l
		} else {
			others = append(others, l...)
		}
	}
	shadow, err := os.ReadFile(n.root + "/etc/gshadow")
	deleted := err == nil && bytes.Equal(others, now) && !bytes.Contains(append([]byte("\n"), shadow...), []byte("\n"+name+":"))
	found := parseGroup(line)
	if len(found) == 0 {
		return Group{}, false
	}
	if !deleted {
		found[0].Members = nil
	}
	return found[0], true
}

// Err returns why the files of the machine could not be read or NSS did not answer; names may be missing then.
func (n *Names) Err() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.load()
	return n.loadErr
}

// load reads the two files once. Of two lines with the same name or number the first counts, as in the C library.
func (n *Names) load() {
	if n.loaded {
		return
	}
	n.loaded = true
	n.asked = make(map[string]bool)
	var text [2][]byte
	for i, name := range [...]string{"/etc/passwd", "/etc/group"} {
		var err error
		if text[i], n.stamp[i], err = readStamped(n.root + name); err != nil {
			n.loadErr = errors.Join(n.loadErr, err)
		}
	}
	people, groups := parsePasswd(text[0]), parseGroup(text[1])
	n.userByName, n.userByUID = make(map[string]*Entry, len(people)), make(map[uint32]*Entry, len(people))
	n.groupByName, n.groupByGID = make(map[string]*Group, len(groups)), make(map[uint32]*Group, len(groups))
	n.addUsers(people)
	n.local = make([]*Entry, 0, len(people))
	for i := range people {
		if e := &people[i]; n.userByName[e.Name] == e {
			n.local = append(n.local, e)
		}
	}
	slices.SortFunc(n.local, compareEntries)
	n.fileGroups = groups
	n.addGroups(groups)
}

func (n *Names) askUsers(keys []string) {
	answer := n.askOnce("passwd", keys)
	n.addUsers(parsePasswd(answer))
}

func (n *Names) askGroups(keys []string) {
	answer := n.askOnce("group", keys)
	n.addGroups(parseGroup(answer))
}

// askOnce asks for the keys that were not asked for before: what NSS does not know it will not know a moment later.
func (n *Names) askOnce(database string, keys []string) []byte {
	var fresh []string
	for _, key := range keys {
		if !n.asked[database+":"+key] {
			n.asked[database+":"+key] = true
			fresh = append(fresh, key)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	answer, err := n.ask(database, fresh)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a machine without getent has no NSS to ask
		n.loadErr = errors.Join(n.loadErr, err)
	}
	return answer
}

func (n *Names) addUsers(entries []Entry) {
	for i := range entries {
		e := &entries[i]
		if n.userByName[e.Name] == nil {
			n.userByName[e.Name] = e
		}
		if n.userByUID[e.UID] == nil {
			n.userByUID[e.UID] = e
		}
	}
}

func (n *Names) addGroups(groups []Group) {
	for i := range groups {
		g := &groups[i]
		if n.groupByName[g.Name] == nil {
			n.groupByName[g.Name] = g
			n.groups = append(n.groups, g)
			if n.memberOf != nil {
				n.addMembers([]*Group{g})
			}
		}
		if n.groupByGID[g.GID] == nil {
			n.groupByGID[g.GID] = g
		}
	}
}

func (n *Names) addMembers(groups []*Group) {
	for _, g := range groups {
		for _, member := range g.Members {
			n.memberOf[member] = append(n.memberOf[member], g)
		}
	}
}

func compareEntries(a, b *Entry) int { return strings.Compare(a.Name, b.Name) }

func value[T any](p *T) (T, bool) {
	if p == nil {
		var zero T
		return zero, false
	}
	return *p, true
}

func number(id uint32) string { return strconv.FormatUint(uint64(id), 10) }
