package zone

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/layout"
)

// Linux can remove a name, not an inode: between a look at a name and its removal somebody may put another thing there.
// So what is to go is moved first, into a folder that only root reaches; there it is compared with what was looked at,
// and goes for good or back. The folder is .closed, or, where the zone is a file system of its own (a subvolume of
// Btrfs, into which nothing can be moved from another), one with a reserved name in the zone.

// asidePrefix begins the names of what was moved aside: .shz-removed-ZONE-INODE-BORN-RANDOM, with the inode of the zone and the identity
// of what was looked at. Should the process die in between, the next removal in the zone, which then holds its lock, finds
// it: what is what its name says was to go, and goes. A walk that removes many things has a folder of its own for them there: ownAside.
const asidePrefix = ReservedPrefix + "removed-"

// ownAside begins the names of the folders of walks through this zone.
func (h *Held) ownAside() string { return fmt.Sprintf("%s%d-own-", asidePrefix, h.stat.Ino) }

// isOwnAside says whether a folder has such a name, of whatever zone.
func isOwnAside(name string) bool {
	rest, isOne := strings.CutPrefix(name, asidePrefix)
	_, rest, cut := strings.Cut(rest, "-")
	return isOne && cut && strings.HasPrefix(rest, "own-")
}

// aside is where something was moved to.
type aside struct {
	dir  int // only root reaches it
	name string
}

// Remove removes what lies below an open zone at a path, as Held.Remove does.
func (a *Admin) Remove(name string, names []string) error {
	h, err := a.hold(name)
	if err != nil {
		return err
	}
	defer h.Release()
	return h.Remove(names)
}

// Remove removes what lies below the zone, which must be locked, at a path, whoever owns it, with everything in it. Where something in a folder
// cannot be removed the rest of it goes back under its name, or NAME (2), and the error is a PartlyRemoved.
func (h *Held) Remove(names []string) error {
	if len(names) == 0 {
		return ErrPath // the zone itself is closed, not removed
	}
	below := names
	if isTrash(names[0]) { // what lies in somebody's trash, also what its owner could not take out whole
		below = names[1:]
	}
	if err := checkSegments(below); err != nil {
		return err
	}
	parent, err := h.reachFolder(names[:len(names)-1])
	if err != nil {
		return err
	}
	defer unix.Close(parent)
	name := names[len(names)-1]
	closed, err := h.openAside()
	if err != nil {
		return err
	}
	defer unix.Close(closed)
	object, err := reach(parent, name, unix.O_PATH)
	if err != nil {
		// It may be what a removal that was interrupted had moved aside last.
		h.sweepNear(parent)
		return err
	}
	defer unix.Close(object)
	var st unix.Stat_t
	if err := unix.Fstat(object, &st); err != nil {
		return err
	}
	if len(names) == 1 && name == trashName(st.Uid) && st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return ErrReserved // it is his trash; what only has the name of another's is in that one's way
	}
	return h.removeAside(closed, parent, name, object, nil)
}

// openAside opens .closed, after what an interrupted removal in this zone left there, and in the zone where that is a file system of its own,
// has gone. Whoever removes many things does it once: the more zones are closed the longer it takes. What could not go hinders nothing here; the
// cleaner says it (SweepBase, SweepLeftovers).
func (h *Held) openAside() (int, error) {
	closed, err := h.openClosed()
	if err != nil {
		return -1, err
	}
	h.sweep(closed)
	same, err := sameFileSystem(closed, h.fd)
	if err != nil {
		unix.Close(closed)
		return -1, err
	}
	if !same {
		h.sweepNear(h.fd)
	}
	return closed, nil
}

// openClosed opens .closed, which must be root's alone.
func (h *Held) openClosed() (int, error) {
	closed, err := h.admin.reachClosed()
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(closed, &st); err != nil || st.Uid != 0 || st.Mode&0o077 != 0 {
		unix.Close(closed)
		return -1, fmt.Errorf("%w: %s must be root's alone: %w", ErrBaseNotReady, layout.Closed, err)
	}
	return closed, nil
}

// removeAside tries the folders for it in turn, first that of openAside: a rename goes no further than its file system. Where a person is named
// only what is his to remove goes (removableBy); it is looked at where nobody gets at it by name, and the rest goes back.
func (h *Held) removeAside(closed, parent int, name string, object int, person *uint32) error {
	err := h.removeInto(closed, parent, name, object, person)
	if errors.Is(err, unix.EXDEV) {
		err = h.removeNear(h.fd, parent, name, object, person)
	}
	if !errors.Is(err, unix.EXDEV) {
		return err
	}
	h.sweepNear(parent) // a file system in the zone
	return h.removeNear(parent, parent, name, object, person)
}

// removeNear is removeInto a folder that is made in near for it.
func (h *Held) removeNear(near, parent int, name string, object int, person *uint32) error {
	own := asidePrefix + rand.Text()
	if err := unix.Mkdirat(near, own, 0o700); err != nil {
		return err
	}
	dir, err := reachOwn(near, own)
	if err == nil {
		err = h.removeInto(dir, parent, name, object, person)
		unix.Close(dir)
	}
	if undo := unix.Unlinkat(near, own, unix.AT_REMOVEDIR); undo != nil && undo != unix.ENOENT && undo != unix.ENOTEMPTY {
		err = errors.Join(err, undo)
	}
	return err
}

// reachOwn opens a folder of ours that lies in one of somebody else's, and makes it root's alone: what it inherited goes.
func reachOwn(dir int, name string) (int, error) {
	fd, err := reach(dir, name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if err == nil && st.Uid != 0 {
		err = fmt.Errorf("%s: %w", name, ErrExchanged)
	}
	if err == nil {
		err = acl.SetAccess(fd, acl.FromMode(0o700))
	}
	if err == nil {
		err = acl.SetDefault(fd, nil)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// removeInto moves what has the name into dir and removes it there, if it is the object that was looked at and its folder
// still lies in the zone.
func (h *Held) removeInto(dir, parent int, name string, object int, person *uint32) error {
	var st unix.Stat_t
	if err := unix.Fstat(object, &st); err != nil {
		return err
	}
	if !h.holds(parent) { // before, too: what would have to come back is better left where it is
		return fmt.Errorf("%s: %w", name, ErrExchanged)
	}
	it, err := identifyFile(object, "", unix.AT_EMPTY_PATH)
	if err != nil {
		return err
	}
	place := aside{dir, h.asideName(it) + rand.Text()}
	if err := unix.Renameat2(parent, name, dir, place.name, unix.RENAME_NOREPLACE); err != nil {
		return err
	}
	err = checkMoved(dir, place.name, object)
	if err == nil && !h.holds(parent) {
		err = fmt.Errorf("%s: %w", name, ErrExchanged)
	}
	if err == nil && person != nil {
		_, err = h.removableBy(dir, place.name, *person)
	}
	if err != nil {
		return errors.Join(err, h.putBack(place, parent, name))
	}
	if err = h.admin.raze(place, person); err == nil {
		return nil
	}
	err = errors.Join(err, h.putBack(place, parent, name))
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		err = &PartlyRemoved{Err: err}
	}
	return err
}

// fileIdentity is nobody else's on a file system: a number that became free is given again, but not with the same time of birth. That is 0
// where the file system does not say.
type fileIdentity struct {
	inode uint64
	born  int64 // nanoseconds since 1970
}

func identityOf(st *unix.Statx_t) fileIdentity {
	if st.Mask&unix.STATX_BTIME == 0 {
		return fileIdentity{inode: st.Ino}
	}
	return fileIdentity{st.Ino, st.Btime.Sec*1e9 + int64(st.Btime.Nsec)}
}

// FileIdentity is what tells the file behind a descriptor from all others of its file system, "" if that cannot be found out.
func FileIdentity(fd int) string {
	it, err := identifyFile(fd, "", unix.AT_EMPTY_PATH)
	if err != nil || it.born < 0 {
		return ""
	}
	return it.String()
}

// identifyFile looks at a name in a directory, or, with AT_EMPTY_PATH, at what is behind a descriptor.
func identifyFile(dir int, name string, flags int) (fileIdentity, error) {
	var st unix.Statx_t
	err := unix.Statx(dir, name, flags|unix.AT_SYMLINK_NOFOLLOW, unix.STATX_INO|unix.STATX_BTIME, &st)
	return identityOf(&st), err
}

func (it fileIdentity) String() string {
	return strconv.FormatUint(it.inode, 10) + "-" + strconv.FormatInt(it.born, 10)
}

// asideName is how the name of something of this zone begins when it was moved aside.
func (h *Held) asideName(it fileIdentity) string {
	return asidePrefix + strconv.FormatUint(h.stat.Ino, 10) + "-" + it.String() + "-"
}

// isAside says whether what has the name is what was to be removed, of whatever zone.
func isAside(name string, it fileIdentity) bool {
	rest, isOne := strings.CutPrefix(name, asidePrefix)
	_, rest, cut := strings.Cut(rest, "-")
	return isOne && cut && strings.HasPrefix(rest, it.String()+"-")
}

// putBack gives what was moved aside its name again, or, where that is taken meanwhile, NAME (2). When its folder is gone
// it goes to the top of the zone.
func (h *Held) putBack(place aside, parent int, name string) error {
	var err error
	for _, dir := range []int{parent, h.fd} {
		to := name
		for i := 2; i <= maxCopies; i++ {
			err = unix.Renameat2(place.dir, place.name, dir, to, unix.RENAME_NOREPLACE)
			if err == nil {
				return nil
			}
			if err != unix.EEXIST {
				break
			}
			to = numbered(name, i)
		}
	}
	return fmt.Errorf("putting %s back: %w", place.name, err)
}

// holds says whether a folder lies in the zone, whatever its name is now: it may have been moved out after it was reached.
func (h *Held) holds(folder int) bool {
	at := folder
	var last inode
	for {
		var st unix.Stat_t
		err := unix.Fstat(at, &st)
		here, up := inodeOf(&st), -1
		if err == nil && here != inodeOf(&h.stat) && here != last { // "/" lies in itself
			up, err = above(at, unix.O_PATH)
		}
		if at != folder {
			unix.Close(at)
		}
		if up < 0 {
			return err == nil && here == inodeOf(&h.stat)
		}
		at, last = up, here
	}
}

// sweep removes what an interrupted removal in this zone left in a folder that only root reaches. What stays is tried
// again the next time.
func (h *Held) sweep(dir int) error {
	names, err := readNamesWith(dir, asidePrefix)
	for _, name := range names {
		if strings.HasPrefix(name, h.ownAside()) {
			err = errors.Join(err, h.sweepOwn(dir, name))
		} else if it, oneErr := identifyFile(dir, name, 0); oneErr == nil && strings.HasPrefix(name, h.asideName(it)) {
			err = errors.Join(err, h.admin.raze(aside{dir, name}, nil))
		}
	}
	return err
}

// sweepOwn sweeps a folder that a removal made for itself.
func (h *Held) sweepOwn(near int, name string) error {
	dir, err := reachOwn(near, name)
	if err != nil {
		return err
	}
	err = h.sweep(dir)
	unix.Close(dir)
	if undo := unix.Unlinkat(near, name, unix.AT_REMOVEDIR); err == nil && undo != nil {
		err = fmt.Errorf("%s, of a removal that was interrupted: %w", name, undo)
	}
	return err
}

// sweepNear sweeps what removeNear left in a folder of the zone. Other folders of such names are somebody's.
func (h *Held) sweepNear(near int) error {
	names, err := readNamesWith(near, asidePrefix)
	for _, name := range names {
		if oneErr := h.sweepOwn(near, name); !errors.Is(oneErr, ErrExchanged) && !errors.Is(oneErr, unix.ENOTDIR) && !errors.Is(oneErr, unix.ELOOP) {
			err = errors.Join(err, oneErr)
		}
	}
	return err
}

func checkSegments(names []string) error {
	for _, name := range names {
		if err := CheckSegment(name); err != nil {
			return err
		}
	}
	return nil
}

// reachFolder opens a folder below the zone, of a path of any length.
func (h *Held) reachFolder(names []string) (int, error) {
	at, err := reach(h.fd, ".", unix.O_PATH|unix.O_DIRECTORY)
	for len(names) > 0 && err == nil {
		n, length := 0, 0
		for n < len(names) && (n == 0 || length+len(names[n]) < pathPiece) {
			length += len(names[n]) + 1
			n++
		}
		var next int
		next, err = reach(at, strings.Join(names[:n], "/"), unix.O_PATH|unix.O_DIRECTORY)
		unix.Close(at)
		at, names = next, names[n:]
	}
	return at, err
}
