package zone

import (
	"encoding/json"
	"errors"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

const (
	// maxSkips is how many skipped names are remembered by name; the others are counted.
	maxSkips = 100
	// maxPasses bounds how often a walk is repeated for what was moved or made meanwhile.
	maxPasses = 5
)

// SkipReason says why something in a zone was left as it is.
type SkipReason string

// The reasons.
const (
	SkipUpload   SkipReason = "upload"   // a .shz- name of an upload under way, or that one left
	SkipTrash    SkipReason = "trash"    // a .shz- name in somebody's trash, or the name of one
	SkipLeft     SkipReason = "left"     // a .shz- name of what a removal, a copy or a move put aside, or left
	SkipReserved SkipReason = "reserved" // another .shz- name, which Share Zone gives to nothing
	SkipKind     SkipReason = "kind"     // a link, FIFO, socket or device: never served to anybody
	SkipMount    SkipReason = "mount"    // another file system
	SkipLinked   SkipReason = "linked"   // a file with several names, which may lie in another zone too
	SkipOwner    SkipReason = "owner"    // belongs to nobody of Share Zone
	SkipOwns     SkipReason = "owns"     // a folder of the principal's own, in which he can still do what he was to do no more
	SkipMoved    SkipReason = "moved"    // moved away during the walk
	SkipFull     SkipReason = "full"     // no room for one more entry
	SkipError    SkipReason = "error"    // the kernel refused
)

// SkipReasons are all of them.
var SkipReasons = []SkipReason{SkipUpload, SkipTrash, SkipLeft, SkipReserved, SkipKind, SkipMount, SkipLinked, SkipOwner, SkipOwns, SkipMoved, SkipFull, SkipError}

// Matters says whether the skipped thing is content that the principal does not get as he should.
func (r SkipReason) Matters() bool { return r != SkipKind && !r.isName() }

// isName says whether the reason is the reserved name.
func (r SkipReason) isName() bool {
	return r == SkipUpload || r == SkipTrash || r == SkipLeft || r == SkipReserved
}

// Skipped is something that was left as it is.
type Skipped struct {
	Path   string // below the zone's root, as bytes
	Reason SkipReason
	Err    error // not in JSON
}

// skippedJSON has the path as the interface has names: readable, and percent-encoded beside it where it is no UTF-8.
type skippedJSON struct {
	Path   string     `json:"path"`
	Raw    string     `json:"raw,omitempty"`
	Reason SkipReason `json:"reason"`
}

// MarshalJSON loses no byte of the path.
func (s Skipped) MarshalJSON() ([]byte, error) {
	out := skippedJSON{Path: s.Path, Reason: s.Reason}
	if !utf8.ValidString(s.Path) {
		out.Raw = escape(strings.Split(s.Path, "/"))
	}
	return json.Marshal(out)
}

// escape is a path of names as the interface takes it: percent-encoded bytes between slashes.
func escape(names []string) string {
	escaped := make([]string, len(names))
	for i, name := range names {
		escaped[i] = url.PathEscape(name)
	}
	return strings.Join(escaped, "/")
}

// UnmarshalJSON finds the bytes of the path again.
func (s *Skipped) UnmarshalJSON(b []byte) error {
	var in skippedJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	*s = Skipped{Path: in.Path, Reason: in.Reason}
	if in.Raw == "" {
		return nil
	}
	var err error
	s.Path, err = url.PathUnescape(in.Raw)
	return err
}

// Report says what a change did to the content of a zone.
type Report struct {
	Folders int       `json:"folders"` // changed; by Apply the zone's own is one of them
	Files   int       `json:"files"`   // changed
	Skipped []Skipped `json:"skipped"`
	More    int       `json:"more"` // skipped and matters, beyond those in Skipped
	Shut    bool      `json:"shut"` // the mask of the root leaves less than was given
	// Denied: an entry that gives nothing stays in the root's list where rights were taken away; it keeps out whom a group would let in.
	Denied   bool     `json:"denied,omitempty"`
	DeniedTo []string `json:"-"`                // of whom
	Absent   []string `json:"absent,omitempty"` // who were to be taken off, and were on no list of the zone
	Still    []Still  `json:"still,omitempty"`
	Less     []Still  `json:"less,omitempty"` // to whom an entry of their own now does not give all that the groups on the list give

	Wider     []Widened `json:"wider,omitempty"`
	MoreWider int       `json:"more_wider,omitempty"` // beyond those in Wider

	unfinished bool // something was left as it was that another run might change
	moreOwns   int  // of More, the folders of the principal's own
}

// skip adds what was left as it is. What matters takes the room of what does not, so that a hundred links never hide the one file
// that somebody has to see to.
func (r *Report) skip(s Skipped) {
	r.unfinished = r.unfinished || s.Reason == SkipError || s.Reason == SkipFull || s.Reason == SkipMoved
	if len(r.Skipped) >= maxSkips {
		at := slices.IndexFunc(r.Skipped, func(s Skipped) bool { return !s.Reason.Matters() })
		switch {
		case !s.Reason.Matters():
			return
		case at < 0:
			r.More++
			if s.Reason == SkipOwns {
				r.moreOwns++
			}
			return
		}
		r.Skipped = slices.Delete(r.Skipped, at, at+1)
	}
	r.Skipped = append(r.Skipped, s)
}

// Incomplete says whether something was left as it was that members should see.
func (r Report) Incomplete() bool {
	for _, s := range r.Skipped {
		if s.Reason.Matters() {
			return true
		}
	}
	return r.More > 0 || r.Shut
}

// change is what a walk does to a file or folder, given by a descriptor: what it was when it was opened, and whether
// anything had to be changed. ErrNotOurs leaves it as it is, and with a folder what lies in it; errLinked a file.
type change func(fd int, st *unix.Stat_t) (changed bool, err error)

// errLinked: a file has several names.
var errLinked = errors.New("has several names")

// errStillOwns goes with a folder whose owner is one of those from whom rights are taken. It is changed all the same.
var errStillOwns = errors.New("belongs to whom rights are taken from")

// linked says whether a file has several names. One of them may lie in another zone, so it is changed in none; whether
// that matters, a change decides.
func linked(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFREG && st.Nlink > 1 }

// walk carries a change through the content of the zone behind root, top-down: what is made in a folder that was
// already changed inherits the change, so nothing escapes but what is moved meanwhile. It is repeated until nothing
// more is found and everything was there; a file that was seen is not looked at again. What lies in the trash is changed too, because it comes back.
//
// Folders that are being copied or unpacked are gone through too: they appear as they are. They stay shut by their mask. Who
// works in one that a transfer gives to somebody else is refused by the kernel from then on. Whoever owns a folder can give it such a
// name, so those with any reserved name are gone through.
func (a *Admin) walk(root int, report *Report, reaches scope, what change) error {
	known, err := newInodes()
	if err != nil {
		return err
	}
	for range maxPasses {
		c := changer{what: what, root: root, names: a.names, changesTrash: reaches != contentOnly,
			walker: walker{progress: a.tell, known: known, folders: true, hidden: reaches == allNames, workers: min(runtime.GOMAXPROCS(0), maxWorkers)}}
		c.walker.file, c.walker.folder, c.walker.missed = c.file, c.folder, c.skip
		if _, err := c.walker.run(root); err != nil {
			return err
		}
		a.seen += c.walker.done
		report.Folders += c.report.Folders
		report.Files += c.report.Files
		for _, w := range c.report.Wider {
			report.widen(w)
		}
		report.MoreWider += c.report.MoreWider
		report.Skipped, report.More = c.report.Skipped, c.report.More // the last pass says what remains
		report.unfinished, report.moreOwns = c.report.unfinished, c.report.moreOwns
		if c.report.Folders+c.report.Files == 0 && !c.walker.vanished {
			break
		}
	}
	return nil
}

// scope is what a walk changes.
type scope int

const (
	contentOnly scope = iota // neither the folders of the trash, into which members must not get, nor uploads under way
	trashToo                 // the folders of the trash as well, which change hands
	allNames                 // files with a reserved name as well: who owns a folder could keep another's under one
)

// maxWorkers is how many files of a folder are changed at a time: a walk is to be done soon, and not to take a machine
// of many processors.
const maxWorkers = 4

// changer carries a change through a tree once.
type changer struct {
	walker       walker
	root         int
	what         change
	names        acl.Names
	changesTrash bool
	report       Report
	mu           sync.Mutex
}

func (c *changer) file(name string, fd int, st *unix.Stat_t) {
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		c.skip(name, SkipKind, nil)
	default:
		changed, err := c.what(fd, st)
		if c.count(name, &c.report.Files, changed, err); err == nil {
			c.mu.Lock()
			c.walker.known.add(inodeOf(st))
			c.mu.Unlock()
		}
	}
}

func (c *changer) folder(name string, fd int, st *unix.Stat_t) bool {
	if !c.changesTrash && c.walker.isTrash(name) {
		return true
	}
	changed, err := c.what(fd, st)
	c.count(name, &c.report.Folders, changed, err)
	return !errors.Is(err, ErrNotOurs) // without the folder what is in it cannot be reached either
}

func (c *changer) count(name string, counter *int, changed bool, err error) {
	if wider := (*errWidened)(nil); errors.As(err, &wider) {
		c.widen(name, wider.entries)
		err = wider.err
	}
	switch err = full(c.root, err); {
	case errors.Is(err, errStillOwns):
		c.count(name, counter, changed, nil)
		names := c.walker.names(name)
		growing := slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, growingPrefix) })
		if !growing && !isTrash(names[0]) { // what he threw away, and what is being made, is nobody's to write into
			c.skip(name, SkipOwns, nil)
		}
	case errors.Is(err, ErrNotOurs):
		c.skip(name, SkipOwner, nil)
	case errors.Is(err, errLinked):
		c.skip(name, SkipLinked, nil)
	case errors.Is(err, ErrTooMany):
		c.skip(name, SkipFull, err)
	case err != nil:
		c.skip(name, SkipError, err)
	case changed:
		c.mu.Lock()
		*counter++
		c.mu.Unlock()
	}
}

// widen remembers what gave less; what was thrown away nobody reaches.
func (c *changer) widen(name string, entries acl.ACL) {
	names := c.walker.names(name)
	if isTrash(names[0]) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range entries {
		c.report.widen(Widened{strings.Join(names, "/"), principalOf(e, c.names), e.Perm.String()})
	}
}

// skip remembers that name in the current directory, or the directory itself for "", was left as it is.
func (c *changer) skip(name string, reason SkipReason, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := strings.Join(c.walker.names(name), "/")
	if name == "" && path != "" {
		path += "/"
	}
	c.report.skip(Skipped{path, reason, err})
}
