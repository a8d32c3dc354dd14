package zone

import (
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Aging says what in a zone has had its time, and what came of it.
type Aging struct {
	Due  func(born, changed time.Time) bool // by the times of arrival: born is zero where the file system does not say
	Keep []string                           // names at the top that stay, with all that is in them
	Stop func() bool                        // nil: never
	// Check is asked before something goes whether what the zone's owner chose still holds; its error ends the removal.
	Check func() error
	// Record is told what is about to be removed, in what it returns how that went; what it refuses stays. A look tells it what is
	// due, where it is not nil.
	Record func(paths []string) (func(errs []error), error)

	Seen        int64 // files
	SeenFolders int64
	Files       int64 // due, or removed
	Folders     int64
	Bytes       int64
	Failed      int64
	Skipped     []Skipped // the first of what could not be looked at or removed
}

// LookAged counts what is due; of folders those that are empty, or will be.
func (h *Held) LookAged(a *Aging) error { return (&ager{h: h, Aging: a}).run() }

// RemoveAged removes what is due from a zone: files, and folders that were due before and are empty then. The zone is locked before the
// first of it goes, if it is not.
// Files go the way that everything goes here (see asidePrefix), in batches: what is in one folder is moved aside, looked
// at again, and put back where it is not what was judged, or the folder lies in this zone no more. A folder is not moved: rmdir takes
// none that has something in it, and what was moved aside when the process died would go with what somebody put there meanwhile.
func (h *Held) RemoveAged(a *Aging) (err error) {
	g := &ager{h: h, Aging: a, removing: true}
	defer func() { err = errors.Join(err, g.end()) }()
	return g.run()
}

// begin is before something goes. The first time it locks the zone, and makes the folder to which things are moved: one of its own,
// because walks that move things into one folder, and remove them there, wait for each other.
func (g *ager) begin() (err error) {
	if g.own == "" {
		var on unix.Statfs_t
		if err = unix.Fstatfs(g.h.fd, &on); err == nil && on.Flags&unix.ST_RDONLY != 0 {
			err = unix.EROFS // and no act for each thing that stays
		}
		if err == nil && g.h.lock == nil {
			err = g.h.Lock()
		}
		if err == nil {
			err = g.openOwn()
		}
	}
	if err == nil {
		err = g.Check()
	}
	return err
}

func (g *ager) openOwn() (err error) {
	if g.near, err = g.h.openAside(); err != nil {
		return err
	}
	same, err := sameFileSystem(g.near, g.h.fd)
	if err == nil && !same { // a zone that is a subvolume: nothing can be moved out of it
		unix.Close(g.near)
		g.near, err = reach(g.h.fd, ".", unix.O_PATH|unix.O_DIRECTORY)
	}
	own := g.h.ownAside() + rand.Text()
	if err == nil {
		err = unix.Mkdirat(g.near, own, 0o700)
	}
	if err == nil {
		g.own = own
		g.aside, err = reachOwn(g.near, own)
	}
	return err
}

// end removes the folder that begin made.
func (g *ager) end() (err error) {
	if g.own != "" {
		err = unix.Unlinkat(g.near, g.own, unix.AT_REMOVEDIR)
	}
	for _, fd := range []int{g.near, g.aside} {
		if fd > 0 {
			unix.Close(fd)
		}
	}
	return err
}

// moving lets one walk at a time move things aside: Linux renames from one folder to another in turn in the whole of a file system, and
// whoever waits for that keeps a processor busy.
var moving sync.Mutex

func sameFileSystem(a, b int) (bool, error) {
	var x, y unix.Stat_t
	err := errors.Join(unix.Fstat(a, &x), unix.Fstat(b, &y))
	return x.Dev == y.Dev, err
}

// ager goes through a zone.
type ager struct {
	h *Held
	*Aging
	walker   walker
	removing bool
	near     int    // where the folder is that things are moved to; 0: nothing went yet
	own      string // its name
	aside    int
	moved    int // how many were
	restored returns
	fixed    []fixture   // of the levels of the walker
	stays    []bool      // of the levels of the walker: something in it is not due
	folders  []candidate // of the levels of the walker below the root: what was judged before their content went
	halted   error       // what must not go on
}

// fixture says whether nobody can take anything out of a folder, and whether that was told.
type fixture struct{ is, told bool }

type candidate struct {
	it  looked
	due bool
}

// looked is what was seen of something when it was judged.
type looked struct {
	name string
	fileIdentity
	modified unix.StatxTimestamp
	size     uint64
	bytes    int64
}

// unchanged: a file that was written since has another size or time of modification. Its change of status is no sign, because moving it
// aside is one.
func (it looked) unchanged(now looked) bool {
	return it.fileIdentity == now.fileIdentity && it.modified == now.modified && it.size == now.size
}

func (g *ager) run() error {
	g.walker = walker{hidden: true, files: g.files, folder: g.folder, left: g.leftFolder, missed: g.skip, progress: func(int) {}, stop: func() bool {
		return g.halted != nil || g.Stop != nil && g.Stop()
	}}
	g.stays, g.fixed = []bool{false}, []fixture{{is: isFixed(g.h.fd)}}
	err := g.restored.enter(0, g.h.fd)
	if err == nil {
		_, err = g.walker.run(g.h.fd)
	}
	return errors.Join(g.halted, err)
}

func (g *ager) skip(name string, reason SkipReason, err error) {
	g.stay()
	if reason == SkipMoved {
		return // it is somewhere else by now, and judged there
	}
	if g.Failed++; len(g.Skipped) < maxSkips {
		g.Skipped = append(g.Skipped, Skipped{g.path(name), reason, err})
	}
}

// stay notes that something in the current directory is not due.
func (g *ager) stay() { g.stays[len(g.walker.stack)-1] = true }

func (g *ager) path(name string) string { return strings.Join(g.walker.names(name), "/") }

// kept says whether a name in the current directory is one that stays.
func (g *ager) kept(name string) bool {
	return len(g.walker.stack) == 1 && slices.Contains(g.Keep, name)
}

// fixed are the attributes of what nobody can remove, not even root.
const fixed = unix.STATX_ATTR_IMMUTABLE | unix.STATX_ATTR_APPEND

func isFixed(fd int) bool {
	var st unix.Statx_t
	err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_TYPE, &st)
	return err != nil || st.Attributes&fixed != 0
}

// look sees what has a name in a directory, and says whether it is a folder, and due. What cannot be removed is an error before it is
// an act: it would be one each night.
func (g *ager) look(dir int, name string) (it looked, folder, due bool, err error) {
	var st unix.Statx_t
	// Whoever has mounted something of his own there is not asked, nor waited for.
	const flags = unix.AT_SYMLINK_NOFOLLOW | unix.AT_NO_AUTOMOUNT | unix.AT_STATX_DONT_SYNC
	if err := unix.Statx(dir, name, flags, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st); err != nil {
		return looked{}, false, false, err
	}
	if st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0 {
		return looked{}, false, false, unix.EXDEV
	}
	it = looked{name: name, fileIdentity: identityOf(&st), modified: st.Mtime, size: st.Size, bytes: int64(st.Blocks) * blockSize}
	if st.Nlink > 1 {
		it.bytes = 0 // it lies somewhere else too
	}
	var born time.Time
	if st.Mask&unix.STATX_BTIME != 0 {
		born = time.Unix(st.Btime.Sec, int64(st.Btime.Nsec))
	}
	changed := laterOf(time.Unix(st.Ctime.Sec, int64(st.Ctime.Nsec)), g.restored.at(len(g.walker.stack)-1))
	folder, due = st.Mode&unix.S_IFMT == unix.S_IFDIR, g.Due(born, changed)
	if due && st.Attributes&fixed != 0 {
		return it, folder, false, unix.EPERM
	}
	return it, folder, due, nil
}

// files judges what is no folder in the current directory, and returns what is one. A name that Share Zone keeps for itself is judged as
// any other, unless it is one that is swept up; else whoever has a shell could keep things under it.
func (g *ager) files(names []string) (folders []string) {
	var going []looked
	for _, name := range names {
		if isLeftover(name) {
			g.stay()
			continue
		}
		it, folder, due, err := g.look(g.walker.here, name)
		switch {
		case err != nil:
			g.walker.failed(name, err)
		case folder:
			folders = append(folders, name)
		case g.kept(name):
			g.stay()
		default:
			if g.Seen++; due {
				going = append(going, it)
			} else {
				g.stay()
			}
		}
	}
	if len(going) == 0 {
		return folders
	}
	if here := &g.fixed[len(g.walker.stack)-1]; here.is {
		if g.stay(); !here.told {
			g.skip("", SkipError, unix.EPERM)
			here.told = true
		}
		return folders
	}
	if g.removing {
		for some := range slices.Chunk(going, max(1, maxPaths/(len(g.path(""))+unix.NAME_MAX))) {
			if g.halted == nil {
				g.remove(g.walker.here, some)
			}
		}
		return folders
	}
	g.Files += int64(len(going))
	for _, it := range going {
		g.Bytes += it.bytes
	}
	if g.Record != nil {
		g.Record(g.paths(going))
	}
	return folders
}

// folder judges a folder before its content changes it.
func (g *ager) folder(name string, fd int, st *unix.Stat_t) bool {
	if g.kept(name) || endsOtherwise(name, st.Uid, len(g.walker.stack) == 1) {
		g.stay()
		return false
	}
	g.stays = append(g.stays[:len(g.walker.stack)], false)
	if err := g.restored.enter(len(g.walker.stack), fd); err != nil {
		g.skip(name, SkipError, err)
		return false
	}
	g.SeenFolders++
	it, _, due, err := g.look(g.walker.here, name)
	if err != nil {
		g.walker.failed(name, err)
	}
	g.fixed = append(g.fixed[:len(g.walker.stack)], fixture{isFixed(fd), err != nil})
	g.folders = append(g.folders[:len(g.walker.stack)-1], candidate{it, due})
	return true
}

// leftFolder removes the folder that the walk comes out of, if it was due and is empty.
func (g *ager) leftFolder(name string) {
	at := len(g.walker.stack) - 1
	if g.halted != nil || at >= len(g.folders) || g.fixed[at].is || !g.folders[at].due || g.folders[at].it.name != name || !g.removing && g.stays[at+1] ||
		g.removing && !isEmptyFolder(g.walker.here, name) {
		g.stay()
		return
	}
	if g.removing {
		g.removeFolder(g.walker.here, g.folders[at].it)
		return
	}
	if g.Folders++; g.Record != nil {
		g.Record([]string{g.path(name) + "/"})
	}
}

func isEmptyFolder(dir int, name string) bool {
	fd, err := reach(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	entries, err := readDirents(fd, make([]byte, direntBuffer))
	return err == nil && len(entries) == 0
}

// removeFolder removes a folder that is empty.
func (g *ager) removeFolder(parent int, it looked) {
	if g.halted = g.begin(); g.halted != nil {
		return
	}
	done, err := g.Record([]string{g.path(it.name) + "/"})
	if err != nil {
		g.halted = err
		return
	}
	now, _, _, err := g.look(parent, it.name)
	if err == nil && (it.fileIdentity != now.fileIdentity || !g.h.holds(parent)) {
		err = ErrExchanged
	}
	if err == nil {
		err = unix.Unlinkat(parent, it.name, unix.AT_REMOVEDIR)
	}
	if err == nil {
		g.Folders++
	}
	g.failed(it, err)
	done([]error{err})
}

// maxPaths is how many bytes of paths are told at once: a folder may lie some thousand levels deep.
const maxPaths = 1 << 20

func (g *ager) paths(of []looked) []string {
	paths := make([]string, len(of))
	for i, it := range of {
		paths[i] = g.path(it.name)
	}
	return paths
}

// remove removes files of one folder.
func (g *ager) remove(parent int, going []looked) {
	if g.halted = g.begin(); g.halted != nil {
		return
	}
	done, err := g.Record(g.paths(going))
	if err != nil {
		g.halted = err // what cannot be recorded stays
		return
	}
	errs := make([]error, len(going))
	places := make([]aside, len(going))
	putBack := func(i int, why error) {
		if errs[i] = why; places[i].name != "" {
			if err := g.h.putBack(places[i], parent, going[i].name); err != nil {
				errs[i] = err
			}
		}
	}
	func() {
		moving.Lock()
		defer moving.Unlock() // also if it panics: that is this zone's failure, and nobody else is to wait for it
		for i, it := range going {
			g.moved++ // a file with two names goes twice
			places[i] = aside{g.aside, g.h.asideName(it.fileIdentity) + strconv.Itoa(g.moved)}
			if errs[i] = unix.Renameat2(parent, it.name, g.aside, places[i].name, unix.RENAME_NOREPLACE); errs[i] != nil {
				places[i].name = ""
			} else if now, _, _, err := g.look(g.aside, places[i].name); err != nil || !it.unchanged(now) {
				putBack(i, ErrExchanged) // at once: whoever is killed leaves there only what was to go
			}
		}
	}()
	away := !g.h.holds(parent)
	for i, it := range going {
		if errs[i] == nil && away {
			putBack(i, ErrExchanged)
		} else if errs[i] == nil {
			if err := unix.Unlinkat(g.aside, places[i].name, 0); err != nil {
				putBack(i, err)
			}
		}
		if errs[i] == nil {
			g.Files++
			g.Bytes += it.bytes
		}
		g.failed(it, errs[i])
	}
	done(errs)
}

// failed tells what stays. What is another thing by now, or gone, is nobody's failure: it is judged by the next run.
func (g *ager) failed(it looked, err error) {
	switch {
	case err == nil, err == unix.ENOENT, err == ErrExchanged, errors.Is(err, unix.ENOTEMPTY):
	case errors.Is(err, unix.EBUSY):
		g.skip(it.name, SkipMount, err)
	default:
		g.skip(it.name, SkipError, err)
	}
}
