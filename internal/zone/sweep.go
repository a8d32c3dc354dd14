package zone

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// What requests leave under reserved names when they are killed: files of uploads, the marks that uploads have ended, what was put
// aside to be removed, folders that were still growing. Nobody sees any of it. What was put aside is somebody's file, and gets its
// name again; everything else goes.
var leftoverPrefixes = []string{uploadPrefix, partialPrefix, donePrefix, awayPrefix, growingPrefix}

// Sweeping says what is left in a zone, and what came of it.
type Sweeping struct {
	Before time.Time   // what was changed later, by a clock that nobody sets, is no leftover
	Remove bool        // the zone is then locked; else it is only counted
	Stop   func() bool // nil: never

	Seen, Found, Bytes, Failed int64
	Returned                   int64 // files that were put aside, not among those found
	First                      error // of the failures
}

// SweepLeftovers finds what killed requests left. What a process holds locked is an upload under way, whatever the clocks say.
func (h *Held) SweepLeftovers(s *Sweeping) error {
	closed := -1
	if s.Remove {
		var err error
		if closed, err = h.openAside(); err != nil {
			return err
		}
		defer unix.Close(closed)
	}
	w := walker{hidden: true, progress: func(int) {}, stop: s.Stop}
	missed := func(err error) {
		if s.Failed++; s.First == nil {
			s.First = err
		}
	}
	w.missed = func(_ string, reason SkipReason, err error) {
		if reason == SkipError {
			missed(err)
		}
	}
	if s.Remove { // also where .closed is on the same file system: something in a nested one may have been moved here
		if err := h.sweepNear(h.fd); err != nil {
			missed(err)
		}
	}
	var sweep func(name string)
	sweep = func(name string) {
		if mark := markOf(w.here, name); mark != "" && s.Remove {
			if sweep(mark); markOf(w.here, name) != "" {
				return
			}
		}
		left, bytes, err := leftover(w.here, name, s.Before)
		if left < 0 {
			if err != nil {
				missed(err)
			}
			return
		}
		defer left.close()
		away := strings.HasPrefix(name, awayPrefix)
		switch {
		case err != nil || !s.Remove:
		case away:
			err = giveBack(w.here, name)
		default:
			err = h.removeAside(closed, w.here, name, int(left), nil)
		}
		switch {
		case err == nil && away:
			s.Returned++
		case err == nil:
			s.Found++
			s.Bytes += bytes
		case err != unix.ENOENT && !errors.Is(err, ErrExchanged):
			missed(err)
		}
	}
	w.files = func(names []string) []string {
		s.Seen += int64(len(names))
		for _, name := range names {
			if isLeftover(name) {
				sweep(name)
			}
		}
		return nil // where the file system does not tell folders apart, theirs are not looked into
	}
	w.folder = func(name string, _ int, st *unix.Stat_t) bool {
		if isLeftover(name) {
			sweep(name)
		} else if len(w.stack) == 1 && strings.HasPrefix(name, asidePrefix) && st.Uid == 0 && !s.Remove && movedSince(name, st).Before(s.Before) {
			s.Found++ // of a removal that was interrupted, in a zone that is a file system of its own
		}
		return !endsOtherwise(name, st.Uid, len(w.stack) == 1)
	}
	_, err := w.run(h.fd)
	return err
}

// giveBack gives what was put aside the name that it had, or NAME (2).
func giveBack(dir int, away string) error {
	name := nameBefore(away)
	to, err := name, error(nil)
	for i := 2; i <= maxCopies; i++ {
		if err = unix.Renameat2(dir, away, dir, to, unix.RENAME_NOREPLACE); err != unix.EEXIST {
			return err
		}
		to = numbered(name, i)
	}
	return err
}

// endsOtherwise says whether a folder is one that Share Zone made and ends as a whole: one that grows, a trash at the top of a zone, what is
// moved aside. Any other with a reserved name is somebody's who has a shell.
func endsOtherwise(name string, uid uint32, top bool) bool {
	return strings.HasPrefix(name, growingPrefix) || top && isTrash(name) || strings.HasPrefix(name, asidePrefix) && uid == 0
}

func isLeftover(name string) bool {
	for _, prefix := range leftoverPrefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// heldFile is a descriptor, with its lock where it is a file's.
type heldFile int

func (f heldFile) close() { unix.Close(int(f)) }

// leftover opens what has a reserved name; -1: it is none that was left, or is gone.
func leftover(dir int, name string, before time.Time) (left heldFile, bytes int64, err error) {
	object, err := reach(dir, name, unix.O_PATH)
	if err != nil {
		return -1, 0, nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(object, &st); err != nil || !time.Unix(st.Ctim.Unix()).Before(before) {
		unix.Close(object)
		return -1, 0, nil
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR && !strings.HasPrefix(name, growingPrefix) {
		unix.Close(object)
		return -1, 0, nil // no request leaves a folder of such a name: somebody made it
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		if alone, err := isLeftAlone(object, st.Uid, before, 0); !alone || err != nil {
			unix.Close(object)
			return -1, 0, err
		}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return heldFile(object), st.Blocks * blockSize, nil
	}
	unix.Close(object)
	file, err := reach(dir, name, unix.O_RDONLY|unix.O_NONBLOCK) // nothing else can be locked
	if err != nil {
		return -1, 0, nil
	}
	var now unix.Stat_t
	if unix.Fstat(file, &now) != nil || inodeOf(&now) != inodeOf(&st) || unix.Flock(file, unix.LOCK_EX|unix.LOCK_NB) != nil {
		unix.Close(file)
		return -1, 0, nil
	}
	return heldFile(file), st.Blocks * blockSize, nil
}

// maxGrown is how deep a folder that was still growing is looked into: a descriptor is open for each level, and two zones are swept at a
// time.
const maxGrown = 256

// isLeftAlone says whether all that lies in a folder is of its owner and old, too. Whoever gives a folder a reserved name must not
// have root remove what others put into it, and what still grows is no leftover. What is deeper than maxGrown stays, and is an error.
func isLeftAlone(folder int, owner uint32, before time.Time, depth int) (bool, error) {
	if depth > maxGrown {
		return false, unix.ELOOP
	}
	names, err := readNames(folder)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		object, err := reach(folder, name, unix.O_PATH)
		if errors.Is(err, unix.ENOENT) {
			continue
		}
		if err != nil {
			return false, err
		}
		var st unix.Stat_t
		err = unix.Fstat(object, &st)
		alone := err == nil && st.Uid == owner && time.Unix(st.Ctim.Unix()).Before(before)
		if alone && st.Mode&unix.S_IFMT == unix.S_IFDIR {
			alone, err = isLeftAlone(object, owner, before, depth+1)
		}
		unix.Close(object)
		if !alone || err != nil {
			return false, err
		}
	}
	return true, nil
}

// SweepBase removes what was left beside the zones: folders that were to become one, and in .closed what an interrupted removal
// had moved aside and no later one in the same zone has ended.
func (a *Admin) SweepBase(before time.Time) (removed int64, err error) {
	names, err := readNames(a.base)
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		var st unix.Stat_t
		if !strings.HasPrefix(name, ReservedPrefix) || unix.Fstatat(a.base, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil ||
			!time.Unix(st.Ctim.Unix()).Before(before) {
			continue
		}
		if unix.Unlinkat(a.base, name, unix.AT_REMOVEDIR) == nil { // they are empty; what is not is somebody's, and doctor's
			removed++
		}
	}
	closed, err := a.reachClosed()
	if err != nil {
		return removed, err
	}
	defer unix.Close(closed)
	left := asideLeft{before: before}
	a.sweepAside(closed, "", &left)
	if left.first != nil {
		err = fmt.Errorf("%s: %d could not be swept, the first: %w", layout.Closed, left.failed, left.first)
	}
	return removed + left.removed, err
}

// asideLeft is what becomes of what was moved aside before a moment.
type asideLeft struct {
	before          time.Time
	removed, failed int64
	first           error // of the failures
}

func (l *asideLeft) fail(name string, err error) {
	if l.failed++; l.first == nil {
		l.first = fmt.Errorf("%s: %w", name, err)
	}
}

// errNotLookedAt: a removal was killed between moving it and comparing it with what was to go. It is somebody's, and stays for the administrator.
var errNotLookedAt = errors.New("moved away by a removal that was interrupted, and not what was to go")

// movedSince is since when something lies aside. A folder that a removal made for itself was changed last when something came or went: to be swept
// in vain is no change.
func movedSince(name string, st *unix.Stat_t) time.Time {
	own := isOwnAside(name) || !strings.Contains(strings.TrimPrefix(name, asidePrefix), "-")
	if own && st.Uid == 0 && st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return time.Unix(st.Mtim.Unix())
	}
	return time.Unix(st.Ctim.Unix())
}

// sweepAside removes what was moved aside into a folder, or into one of a walk in it; path is where that is, with a slash at its end.
func (a *Admin) sweepAside(dir int, path string, l *asideLeft) {
	names, err := readNamesWith(dir, asidePrefix)
	if err != nil {
		l.fail(path+".", err)
	}
	slices.Sort(names) // the first is the same each time
	for _, name := range names {
		var st unix.Stat_t
		if unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil || !movedSince(name, &st).Before(l.before) {
			continue
		}
		it, err := identifyFile(dir, name, 0)
		switch {
		case err != nil:
		case isAside(name, it):
			if err = a.raze(aside{dir, name}, nil); err == nil {
				l.removed++
			}
		case isOwnAside(name):
			err = a.sweepOwnAside(dir, name, l)
		default:
			err = errNotLookedAt
		}
		if err != nil && err != unix.ENOENT {
			l.fail(path+name, err)
		}
	}
}

// sweepOwnAside sweeps the folder of a walk. What stays in it is a failure of its own.
func (a *Admin) sweepOwnAside(dir int, name string, l *asideLeft) error {
	own, err := reachOwn(dir, name)
	if err != nil {
		return err
	}
	failed := l.failed
	a.sweepAside(own, name+"/", l)
	unix.Close(own)
	if err := unix.Unlinkat(dir, name, unix.AT_REMOVEDIR); l.failed == failed {
		return err
	}
	return nil
}

// Aside is something that a removal moved away, and that is still there.
type Aside struct {
	Path string // below the base
	Zone string // where it was, of a closed one the name that it had when it was open; "" = that zone is not there any more
}

// LeftAside returns what was moved aside before a moment, in .closed and in zones that are file systems of their own: nobody looked at it, or it
// cannot be removed.
func (a *Admin) LeftAside(before time.Time) (left []Aside, err error) {
	closed, err := a.reachClosed()
	if err != nil {
		return nil, err
	}
	defer unix.Close(closed)
	var of unix.Stat_t
	if err := unix.Fstat(closed, &of); err != nil {
		return nil, err
	}
	zones := make(map[inode]string) // their names
	err = eachZone(a.base, func(zone int, name string, st *unix.Stat_t) error {
		zones[inodeOf(st)] = name
		if st.Dev == of.Dev {
			return nil
		}
		asides, err := asidesIn(zone, before)
		for _, aside := range asides {
			left = append(left, Aside{name + "/" + aside, name})
		}
		return err
	})
	err = errors.Join(err, eachZone(closed, func(zone int, name string, st *unix.Stat_t) error {
		zones[inodeOf(st)] = readClosing(zone, st, name).name
		return nil
	}))
	asides, oneErr := asidesIn(closed, before)
	for _, name := range asides { // nothing comes here from another file system, on which a zone can have the same number
		number, _, _ := strings.Cut(strings.TrimPrefix(name, asidePrefix), "-")
		n, _ := strconv.ParseUint(number, 10, 64) // 0 is no inode's
		left = append(left, Aside{filepath.Base(layout.Closed) + "/" + name, zones[inode{of.Dev, n}]})
	}
	return left, errors.Join(err, oneErr)
}

// eachZone does something with each zone that lies in a folder and can be reached; of the others who looks at zones tells.
func eachZone(dir int, do func(zone int, name string, st *unix.Stat_t) error) error {
	names, err := readNames(dir)
	slices.Sort(names)
	for _, name := range names {
		if CheckName(name) != nil {
			continue
		}
		zone, oneErr := reach(dir, name, unix.O_PATH|unix.O_DIRECTORY)
		if oneErr != nil {
			continue
		}
		var st unix.Stat_t
		if oneErr = unix.Fstat(zone, &st); oneErr == nil {
			oneErr = do(zone, name, &st)
		}
		unix.Close(zone)
		err = errors.Join(err, oneErr)
	}
	return err
}

// asidesIn are the names of what was moved aside into a folder before a moment. What has such a name in a zone and is not root's is somebody's.
func asidesIn(dir int, before time.Time) (old []string, err error) {
	names, err := readNamesWith(dir, asidePrefix)
	var of unix.Stat_t
	if err == nil {
		err = unix.Fstat(dir, &of)
	}
	slices.Sort(names)
	for _, name := range names {
		var st unix.Stat_t
		if unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && (of.Uid == 0 || st.Uid == 0) && movedSince(name, &st).Before(before) {
			old = append(old, name)
		}
	}
	return old, err
}
