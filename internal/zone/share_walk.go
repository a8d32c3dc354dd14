package zone

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
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
	SkipUpload SkipReason = "upload" // a .shz- name: an upload under way
	SkipKind   SkipReason = "kind"   // a link, FIFO, socket or device: never served to anybody
	SkipMount  SkipReason = "mount"  // another file system
	SkipLinked SkipReason = "linked" // a file with several names, which may lie in another zone too
	SkipOwner  SkipReason = "owner"  // belongs to nobody of Share Zone
	SkipMoved  SkipReason = "moved"  // moved away during the walk
	SkipFull   SkipReason = "full"   // no room for one more entry
	SkipError  SkipReason = "error"  // the kernel refused
)

// Matters says whether the skipped thing is content that the principal does not get as he should.
func (r SkipReason) Matters() bool { return r != SkipUpload && r != SkipKind }

// Skipped is something that was left as it is.
type Skipped struct {
	Path   string     `json:"path"` // below the zone's root
	Reason SkipReason `json:"reason"`
	Err    error      `json:"-"`
}

// Report says what sharing did to the content of a zone.
type Report struct {
	Folders int // changed
	Files   int // changed
	Skipped []Skipped
	More    int  // skipped and matters, beyond those in Skipped
	Shut    bool // the mask of the root leaves less than was given
}

// change is what a walk does to a file or folder, given by a descriptor: what it was when it was opened, and whether
// anything had to be changed. errNotOurs leaves it as it is, and with a folder what lies in it; errLinked a file.
type change func(fd int, st *unix.Stat_t) (changed bool, err error)

var (
	errNotOurs = errors.New("belongs to nobody of Share Zone")
	errLinked  = errors.New("has several names")
)

// linked says whether a file has several names. One of them may lie in another zone, so it is changed in none; whether
// that matters, a change decides.
func linked(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFREG && st.Nlink > 1 }

// walk carries a change through the content of the zone behind root, top-down: what is made in a folder that was
// already changed inherits the change, so nothing escapes but what is moved meanwhile. It is repeated until nothing
// more is found.
func walk(root int, report *Report, what change) error {
	for range maxPasses {
		w := walker{what: what}
		if err := w.run(root); err != nil {
			return err
		}
		report.Folders += w.report.Folders
		report.Files += w.report.Files
		report.Skipped, report.More = w.report.Skipped, w.report.More // the last pass says what remains
		if w.report.Folders+w.report.Files == 0 {
			break
		}
	}
	return nil
}

// walker goes through a tree with one open directory, whatever its depth: it climbs by "..", and believes it only when
// that is the directory it came from.
type walker struct {
	what   change
	report Report

	root  int
	stack []level
	here  int // the directory of the last level, open for reading
}

// level is a directory on the way from the root to where the walker is.
type level struct {
	name    string
	inode   inode
	offset  int64    // where reading goes on
	folders []string // found in the last batch, still to be entered
}

type inode struct{ dev, number uint64 }

func inodeOf(st *unix.Stat_t) inode { return inode{st.Dev, st.Ino} }

func (w *walker) run(root int) error {
	w.root, w.here = root, -1
	defer func() { w.leave() }()
	if err := w.relocate(); err != nil {
		return err
	}
	buffer := make([]byte, direntBuffer)
	for len(w.stack) > 0 {
		top := &w.stack[len(w.stack)-1]
		if n := len(top.folders); n > 0 {
			name := top.folders[n-1]
			top.folders = top.folders[:n-1]
			w.enter(name)
			continue
		}
		if !w.stillThere() {
			w.skip("", SkipMoved, nil)
			w.stack = w.stack[:len(w.stack)-1]
			if err := w.relocate(); err != nil {
				return err
			}
			continue
		}
		entries, err := w.batch(top, buffer)
		if err != nil {
			w.skip("", SkipError, err)
		}
		if len(entries) == 0 {
			if err := w.climb(); err != nil {
				return err
			}
			continue
		}
		for _, e := range entries {
			w.visit(top, e.name)
		}
	}
	return nil
}

func (w *walker) batch(top *level, buffer []byte) ([]dirent, error) {
	if _, err := unix.Seek(w.here, top.offset, unix.SEEK_SET); err != nil {
		return nil, err
	}
	entries, err := readDirents(w.here, buffer)
	if len(entries) > 0 {
		top.offset = entries[len(entries)-1].next
	}
	return entries, err
}

// visit changes a file and remembers a folder.
func (w *walker) visit(top *level, name string) {
	if strings.HasPrefix(name, ReservedPrefix) {
		w.skip(name, SkipUpload, nil)
		return
	}
	fd, st, ok := w.look(name, unix.O_PATH)
	if !ok {
		return
	}
	defer unix.Close(fd)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		top.folders = append(top.folders, name)
	case unix.S_IFREG:
		changed, err := w.what(fd, &st)
		w.count(name, &w.report.Files, changed, err)
	default:
		w.skip(name, SkipKind, nil)
	}
}

// enter changes a folder and goes into it: changed first, so that what is made in it from now on is as it should be.
func (w *walker) enter(name string) {
	fd, st, ok := w.look(name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if !ok {
		return
	}
	changed, err := w.what(fd, &st)
	w.count(name, &w.report.Folders, changed, err)
	if errors.Is(err, errNotOurs) {
		unix.Close(fd) // without the folder what is in it cannot be reached either
		return
	}
	unix.Close(w.here)
	w.here = fd
	w.stack = append(w.stack, level{name: name, inode: inodeOf(&st)})
}

// look opens a name in the current directory and sees what it is.
func (w *walker) look(name string, flags int) (fd int, st unix.Stat_t, ok bool) {
	fd, err := reach(w.here, name, flags)
	switch {
	case err == nil:
		if err = unix.Fstat(fd, &st); err == nil {
			return fd, st, true
		}
		unix.Close(fd)
		w.skip(name, SkipError, err)
	case err == unix.ENOENT: // removed since the directory was read
	case err == unix.EXDEV:
		w.skip(name, SkipMount, nil)
	case err == unix.ENOTDIR || err == unix.ELOOP: // was a folder a moment ago
		w.skip(name, SkipMoved, nil)
	default:
		w.skip(name, SkipError, err)
	}
	return -1, st, false
}

// climb goes back to the directory above.
func (w *walker) climb() error {
	w.stack = w.stack[:len(w.stack)-1]
	if len(w.stack) == 0 {
		return nil
	}
	up, err := unix.Openat(w.here, "..", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == nil {
		var st unix.Stat_t
		if unix.Fstat(up, &st) == nil && inodeOf(&st) == w.stack[len(w.stack)-1].inode {
			unix.Close(w.here)
			w.here = up
			return nil
		}
		unix.Close(up)
	}
	w.skip("", SkipMoved, nil)
	return w.relocate()
}

// stillThere says whether the current directory lies where it was entered.
func (w *walker) stillThere() bool {
	if len(w.stack) == 1 {
		return true
	}
	up, err := unix.Openat(w.here, "..", unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(up)
	var st unix.Stat_t
	return unix.Fstat(up, &st) == nil && inodeOf(&st) == w.stack[len(w.stack)-2].inode
}

// relocate descends again from the root along the stack, as far as everything is where it was.
func (w *walker) relocate() error {
	w.leave()
	fd, err := reach(w.root, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return err
	}
	if len(w.stack) == 0 {
		w.stack = append(w.stack, level{inode: inodeOf(&st)})
	}
	w.here = fd
	for i := 1; i < len(w.stack); i++ {
		next, err := reach(w.here, w.stack[i].name, unix.O_RDONLY|unix.O_DIRECTORY)
		if err == nil && (unix.Fstat(next, &st) != nil || inodeOf(&st) != w.stack[i].inode) {
			unix.Close(next)
			err = unix.ENOENT
		}
		if err != nil {
			w.stack = w.stack[:i]
			return nil
		}
		unix.Close(w.here)
		w.here = next
	}
	return nil
}

func (w *walker) leave() {
	if w.here >= 0 {
		unix.Close(w.here)
		w.here = -1
	}
}

func (w *walker) count(name string, counter *int, changed bool, err error) {
	switch err = full(err); {
	case errors.Is(err, errNotOurs):
		w.skip(name, SkipOwner, nil)
	case errors.Is(err, errLinked):
		w.skip(name, SkipLinked, nil)
	case errors.Is(err, ErrTooMany):
		w.skip(name, SkipFull, err)
	case err != nil:
		w.skip(name, SkipError, err)
	case changed:
		*counter++
	}
}

// skip remembers that name in the current directory, or the directory itself for "", was left as it is. What matters
// takes the room of what does not, so that a hundred links never hide the one file that somebody has to see to.
func (w *walker) skip(name string, reason SkipReason, err error) {
	if len(w.report.Skipped) == maxSkips {
		at := slices.IndexFunc(w.report.Skipped, func(s Skipped) bool { return !s.Reason.Matters() })
		switch {
		case !reason.Matters():
			return
		case at < 0:
			w.report.More++
			return
		}
		w.report.Skipped = slices.Delete(w.report.Skipped, at, at+1)
	}
	var path strings.Builder
	for _, l := range w.stack[1:] {
		path.WriteString(l.name + "/")
	}
	w.report.Skipped = append(w.report.Skipped, Skipped{path.String() + name, reason, err})
}
