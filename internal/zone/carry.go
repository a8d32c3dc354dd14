package zone

import (
	"cmp"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/transfer"
)

// The refusals of moving and copying. Everything else is the kernel's errno.
var (
	// ErrKind: a link, FIFO, socket or device. Only files and folders are moved and copied.
	ErrKind = errors.New("neither file nor folder")
	// ErrInside: a folder into itself, or into a folder below it.
	ErrInside = errors.New("a folder into itself")
	// ErrUnsteady: the file was changed while it was copied.
	ErrUnsteady = errors.New("changed while it was copied")
)

// Doubled says that something was copied and could not be removed where it came from: it is in both places.
type Doubled struct{ Err error }

func (e *Doubled) Error() string { return "copied, but not removed: " + e.Err.Error() }
func (e *Doubled) Unwrap() error { return e.Err }

// Carrier moves and copies entries of one folder into another one. Names are kept, whatever bytes they are made of.
//
// What arrives has the ACL of where it lands. A move within a zone between folders that give the same to what is made in
// them is a rename, and the object stays what it is. Every other move is a copy, which belongs to the caller, and its
// source is removed when the copy is safe on disk. Copies keep the time of modification; they have no extended
// attributes, and their age begins anew.
//
// A file appears whole, a folder with everything in it, or nothing appears. Until then a folder lies under a reserved
// name, which an interrupted request leaves behind.
type Carrier struct {
	From, To *Object
	SameZone bool
	Exists   OnExists
	Keep     Reserve
	Batch    bool // what is only renamed is brought to disk by Sync, for many at once
	Announce Announce
	// Taking hears of each file of somebody else's, and whose it is, before any of its bytes is copied: path begins with the entry's name.
	// What it returns hears how many were and what went wrong. Of a folder it may have heard, and then the folder gets no name.
	Taking func(path []string, owner uint32) (end func(bytes int64, err error), err error)

	as string // the name that it gets; "" is the one that it has
}

// Carried is how it went with one entry.
type Carried struct {
	Landed
	Bytes int64 // copied; -1: it was renamed
	// Of a folder: what was left out of it and so stays where it is (ErrKind, ErrUnsteady, the kernel's refusals), or
	// is in both places now (Doubled). What appears in a folder meanwhile stays too.
	Left []Left
	More int // left out, beyond those
}

// Left is something in a folder that was left out.
type Left struct {
	Path []string // below the folder
	Err  error
}

// maxLeft is how many of those are remembered by name.
const maxLeft = 100

// Copy copies an entry.
func (c *Carrier) Copy(name string) (Carried, error) { return c.carry(name, false) }

// Move moves an entry.
func (c *Carrier) Move(name string) (Carried, error) { return c.carry(name, true) }

func (c *Carrier) carry(name string, moving bool) (Carried, error) {
	if err := CheckSegment(name); err != nil {
		return Carried{}, err
	}
	object, err := c.From.Open([]string{name})
	if err != nil {
		return Carried{}, err
	}
	defer object.Close()
	if object.Kind() == "other" {
		return Carried{}, ErrKind
	}
	to := cmp.Or(c.as, name)
	skip, err := c.foresee(object, to, moving)
	if err != nil {
		return Carried{}, err
	}
	if skip {
		return skipped(to), nil
	}
	done, err := c.carryObject(object, name, to, moving)
	done.Folder = object.Kind() == "dir" && !done.Skipped
	return done, err
}

// Sync brings to disk what was renamed. Until then a machine that stops may find it where it was.
func (c *Carrier) Sync() { syncBoth(c.From, c.To) }

func skipped(name string) Carried {
	return Carried{Landed: Landed{Name: name, Skipped: true}, Bytes: -1}
}

func (c *Carrier) carryObject(object *Object, name, to string, moving bool) (Carried, error) {
	if moving {
		rename, err := c.renames()
		if err != nil {
			return Carried{}, err
		}
		if rename {
			rename := c.From.renameTo
			if c.Batch {
				rename = c.From.renameUnsynced
			}
			landed, err := rename(name, c.To, to, c.Exists)
			if !errors.Is(err, unix.EXDEV) {
				return Carried{Landed: landed, Bytes: -1}, err
			}
		}
	}
	if object.Kind() == "dir" {
		return c.carryFolder(object, name, to, moving)
	}
	return c.carryFile(object, name, to, moving)
}

// foresee spares a long copy that could not end well, and says whether it is to be skipped. What decides comes later.
func (c *Carrier) foresee(object *Object, name string, moving bool) (skip bool, err error) {
	if object.Kind() == "dir" {
		inside, err := c.To.liesIn(object)
		if err != nil {
			return false, err
		}
		if inside {
			return false, ErrInside
		}
	}
	if moving && !removableFrom(c.From, &object.stat) {
		return false, unix.EPERM
	}
	var st unix.Stat_t
	if unix.Fstatat(c.To.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return false, nil
	}
	switch c.Exists {
	case ExistsSkip:
		return true, nil
	case ExistsFail:
		return false, unix.EEXIST
	case ExistsReplace:
		if object.Kind() != "file" || !replaceable(&st) {
			return false, unix.EPERM
		}
	}
	return false, nil
}

// removableFrom says what the kernel will answer when an entry is to be taken out of a folder: one may write in it, and
// where it is sticky the entry or the folder must be one's own.
func removableFrom(folder *Object, st *unix.Stat_t) bool {
	uid := uint32(os.Geteuid())
	if unix.Faccessat2(folder.fd, "", unix.W_OK|unix.X_OK, unix.AT_EACCESS|unix.AT_EMPTY_PATH) != nil {
		return false
	}
	return folder.stat.Mode&unix.S_ISVTX == 0 || folder.stat.Uid == uid || st.Uid == uid || uid == 0
}

// liesIn says whether o is the other folder or lies below it.
func (o *Object) liesIn(other *Object) (bool, error) {
	at, err := o.reach(".", unix.O_DIRECTORY)
	if err != nil {
		return false, err
	}
	defer func() { at.Close() }()
	for {
		if inodeOf(&at.stat) == inodeOf(&other.stat) {
			return true, nil
		}
		fd, err := unix.Openat(at.fd, "..", unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return false, err
		}
		up, err := newObject(fd)
		if err != nil {
			return false, err
		}
		top := inodeOf(&up.stat) == inodeOf(&at.stat) // the root directory is its own parent
		at.Close()
		at = up
		if top {
			return false, nil
		}
	}
}

// renames says whether a move can be a rename: the object would get the same ACL in both folders.
func (c *Carrier) renames() (bool, error) {
	if inodeOf(&c.From.stat) == inodeOf(&c.To.stat) {
		return true, nil
	}
	if !c.SameZone || c.From.stat.Dev != c.To.stat.Dev {
		return false, nil
	}
	from, err := acl.Default(c.From.fd)
	if err == nil || errors.Is(err, acl.ErrUnsupported) {
		var to acl.ACL
		if to, err = acl.Default(c.To.fd); err == nil {
			return slices.Equal(from, to), nil
		}
	}
	if errors.Is(err, acl.ErrUnsupported) {
		return true, nil
	}
	return false, err
}

// carryFile copies a file as if it were uploaded.
func (c *Carrier) carryFile(object *Object, name, to string, moving bool) (all Carried, failed error) {
	in, err := object.OpenFile()
	if err != nil {
		return Carried{}, err
	}
	defer in.Close()
	taken, err := c.taking(object, name)
	if err != nil {
		return Carried{}, err
	}
	defer func() { taken(all.Bytes, failed) }()
	upload, err := c.To.create(to, spaceOf(&object.stat), c.Exists, c.Keep)
	if errors.Is(err, unix.EEXIST) && c.Exists == ExistsSkip {
		return skipped(to), nil
	}
	if err != nil {
		return Carried{}, err
	}
	defer upload.Abort()
	upload.Announce(func(name string) error { return c.Announce.tell(name, int(upload.file.Fd())) })
	seen, bytes, err := copyContent(upload.file, in)
	if err != nil {
		return Carried{}, err
	}
	var copied unix.Stat_t
	if err := unix.Fstat(int(upload.file.Fd()), &copied); err != nil {
		return Carried{}, err
	}
	landed, replaced, err := upload.Commit()
	if errors.Is(err, unix.EEXIST) && c.Exists == ExistsSkip {
		return skipped(to), nil
	}
	if err != nil {
		return Carried{}, err
	}
	done := Carried{Landed: Landed{Name: landed, Replaced: replaced}, Bytes: bytes}
	if !moving {
		return done, nil
	}
	err = c.From.takeAway(name, func(st *unix.Stat_t) bool { return unchanged(st, &seen) })
	if err == nil {
		c.From.sync()
		return done, nil
	}
	// Nothing is doubled: the copy goes. One that replaced a file stays, because that one is gone.
	if !replaced && c.To.takeAway(landed, func(st *unix.Stat_t) bool { return inodeOf(st) == inodeOf(&copied) }) == nil {
		return Carried{}, err
	}
	return done, &Doubled{err}
}

// taking tells of a file that is about to be copied, unless it is one's own.
func (c *Carrier) taking(object *Object, path ...string) (end func(int64, error), err error) {
	if c.Taking == nil || object.stat.Uid == uint32(os.Geteuid()) {
		return func(int64, error) {}, nil
	}
	return c.Taking(path, object.stat.Uid)
}

// spaceOf is how much room a copy of a file takes at most: its holes stay holes.
func spaceOf(st *unix.Stat_t) int64 { return min(st.Size, st.Blocks*512) }

// copyContent copies the bytes and the time of modification of a file into a new one, and returns what the source was
// like. ErrUnsteady: it was changed meanwhile, so what was copied may never have been its content.
func copyContent(out, in *os.File) (seen unix.Stat_t, bytes int64, err error) {
	if err := unix.Fstat(int(in.Fd()), &seen); err != nil {
		return seen, 0, err
	}
	bytes, err = transfer.Copy(out, in, seen.Size)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = ErrUnsteady
	}
	if err != nil {
		return seen, bytes, err
	}
	var after unix.Stat_t
	if err := unix.Fstat(int(in.Fd()), &after); err != nil {
		return seen, bytes, err
	}
	if !unchanged(&after, &seen) {
		return seen, bytes, ErrUnsteady
	}
	return seen, bytes, keepTime(int(out.Fd()), &seen)
}

// unchanged says that it is the same object in the same state. Change times are the kernel's, and a rename sets them too.
func unchanged(now, before *unix.Stat_t) bool {
	return inodeOf(now) == inodeOf(before) && now.Size == before.Size && now.Mtim == before.Mtim && now.Ctim == before.Ctim
}

// keepTime gives what is behind fd the time of modification of something else.
func keepTime(fd int, of *unix.Stat_t) error {
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, of.Mtim}
	return unix.UtimesNanoAt(unix.AT_FDCWD, descriptorPath(fd), times, 0)
}

// awayPrefix begins the reserved names of files that are about to be removed, because they were copied elsewhere: RANDOM-NAME
// follows. Should the process die before it has looked at what it put aside, that may be anybody's file: the cleaner gives it back.
const awayPrefix = ReservedPrefix + "away-"

// awayName is a new one for a file; of a name that is too long for it only the random part.
func awayName(name string) string {
	random := awayPrefix + rand.Text()
	if len(random)+1+len(name) > unix.NAME_MAX {
		return random
	}
	return random + "-" + name
}

// nameBefore is what a file was called that was put aside, or a new name where that is not known.
func nameBefore(away string) string {
	random, name, found := strings.Cut(strings.TrimPrefix(away, awayPrefix), "-")
	if found && CheckSegment(name) == nil {
		return name
	}
	return "recovered-" + random
}

// takeAway removes what has the name if it is what is meant; ErrUnsteady otherwise. A name cannot be removed only if it is
// a certain file's, so it is put aside first, looked at, and put back if it is another one.
func (o *Object) takeAway(name string, meant func(*unix.Stat_t) bool) error {
	var st unix.Stat_t
	if err := unix.Fstatat(o.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if !meant(&st) {
		return ErrUnsteady
	}
	hidden := awayName(name)
	if err := unix.Renameat2(o.fd, name, o.fd, hidden, unix.RENAME_NOREPLACE); err != nil {
		return err
	}
	before := st
	err := unix.Fstatat(o.fd, hidden, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && (inodeOf(&st) != inodeOf(&before) || st.Size != before.Size || st.Mtim != before.Mtim) {
		err = ErrUnsteady
	}
	if err == nil {
		err = unix.Unlinkat(o.fd, hidden, 0)
	}
	if err != nil {
		_, back := o.renameTo(hidden, o, name, ExistsRename)
		err = errors.Join(err, back)
	}
	return err
}
