package zone

import (
	"crypto/rand"
	"errors"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/transfer"
)

// OnExists says what happens when the name is taken.
type OnExists string

const (
	ExistsFail    OnExists = "fail"
	ExistsRename  OnExists = "rename"  // NAME (2).EXT
	ExistsReplace OnExists = "replace" // only what is the caller's own
	ExistsSkip    OnExists = "skip"
)

// Valid says whether the value is one of the four.
func (e OnExists) Valid() bool {
	return e == ExistsFail || e == ExistsRename || e == ExistsReplace || e == ExistsSkip
}

// fileMode is every uploaded file's: the group bits become the ACL's mask, which lets others read at most, so that a
// file is changed by nobody but who brought it.
const fileMode = 0o640

// maxCopies bounds the search for a free "NAME (n)".
const maxCopies = 1000

// Upload is a file that has no name yet. It becomes visible whole, by Commit, or not at all.
type Upload struct {
	dir    *Object
	name   string
	file   *os.File
	hidden string // its reserved name, where the file system has no files without one
	sweep  bool   // it needed a reserved name, and so looks after those that were left in the folder
	age    time.Duration
	exists OnExists
	match  func(*unix.Stat_t) bool // nil: whatever has the name

	inherited acl.ACL // the folder's default ACL, when the file was made or brought in line with it
	shut      bool    // its mode masks what it inherited, until it gets its name

	announce func(name string) error // nil, or what has to be known before the file may have the name
}

// Create begins an upload of name into the folder. It fails before the first byte where it can know already: no right
// to write (EACCES), name taken (EEXIST), not enough room for size bytes besides the reserve (ENOSPC; size is negative
// if unknown, and then only the reserve must be there).
func (o *Object) Create(name string, size int64, exists OnExists, keep Reserve) (*Upload, error) {
	if err := CheckNewName(name); err != nil {
		return nil, err
	}
	return o.create(name, size, exists, keep)
}

// create is Create for a name that something has elsewhere, whatever bytes it is made of.
func (o *Object) create(name string, size int64, exists OnExists, keep Reserve) (*Upload, error) {
	u, err := o.newUpload(name, exists)
	if err != nil {
		return nil, err
	}
	if err := u.openFile(); err != nil {
		return nil, err
	}
	if err := u.foresee(size, keep); err != nil {
		u.Abort()
		return nil, err
	}
	return u, nil
}

// newUpload looks at the default ACL before the file is made: what changes in between is seen by inherit.
func (o *Object) newUpload(name string, exists OnExists) (*Upload, error) {
	inherited, err := o.inherits()
	return &Upload{dir: o, name: name, exists: exists, age: LeftoverAge, inherited: inherited}, err
}

// openFile makes the file in the target folder, so that it inherits that folder's default ACL.
func (u *Upload) openFile() error {
	fd, err := unix.Openat(u.dir.fd, ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, fileMode)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) { // a file system without O_TMPFILE
		return u.openHidden()
	}
	if err != nil {
		return err
	}
	u.file = os.NewFile(uintptr(fd), "upload")
	return nil
}

// openHidden makes the file under a reserved name.
func (u *Upload) openHidden() error {
	hidden := uploadPrefix + rand.Text()
	const flags = unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(u.dir.fd, hidden, flags, fileMode)
	if err != nil {
		return err
	}
	u.file, u.hidden, u.sweep = os.NewFile(uintptr(fd), "upload"), hidden, true
	u.lock()
	return nil
}

// inherit gives the file what the folder's default ACL says now, if that is not what it said when the file was made: a zone
// that was shared, or taken from somebody, while a long upload ran. The walk of a share meets no file without a name.
func (u *Upload) inherit() error {
	now, err := u.dir.inherits()
	if err != nil || !u.shut && slices.Equal(now, u.inherited) {
		return err
	}
	list := acl.FromMode(fileMode)
	if now != nil {
		list = inheritedBy(now, fileMode)
	}
	err = acl.SetAccess(int(u.file.Fd()), list)
	if u.shut && now == nil && errors.Is(err, acl.ErrUnsupported) {
		err = u.file.Chmod(fileMode)
	}
	if err == nil {
		u.inherited, u.shut = now, false
	}
	return err
}

// inherits is the folder's default ACL, nil on a file system that has none.
func (o *Object) inherits() (acl.ACL, error) {
	list, err := acl.Default(o.fd)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil, nil
	}
	return list, err
}

// inheritedBy is what the kernel gives to a file that is made with this mode where the default ACL holds (acl(5), OBJECT
// CREATION AND DEFAULT ACLs).
func inheritedBy(list acl.ACL, mode uint32) acl.ACL {
	group := acl.GroupObj
	if _, masked := list.Find(acl.Mask, acl.Undefined); masked {
		group = acl.Mask
	}
	out := slices.Clone(list)
	for i := range out {
		switch out[i].Tag {
		case acl.UserObj:
			out[i].Perm &= acl.Perm(mode >> 6 & 7)
		case group:
			out[i].Perm &= acl.Perm(mode >> 3 & 7)
		case acl.Other:
			out[i].Perm &= acl.Perm(mode & 7)
		}
	}
	return out
}

// lock says, until the process ends, that what has the reserved name is an upload under way. Where the file system has
// no locks, who sweeps gets none either, and everything stays.
func (u *Upload) lock() { unix.Flock(int(u.file.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// foresee refuses what cannot end well. It is a courtesy: Commit and the writes decide.
func (u *Upload) foresee(size int64, keep Reserve) error {
	var st unix.Stat_t
	if err := unix.Fstatat(u.dir.fd, u.name, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil {
		switch {
		case u.exists == ExistsFail || u.exists == ExistsSkip:
			return unix.EEXIST
		case u.exists == ExistsReplace && !replaceable(&st):
			return unix.EPERM
		}
	} else if errors.Is(err, unix.ENAMETOOLONG) {
		return err
	}
	var space unix.Statfs_t
	if err := unix.Fstatfs(int(u.file.Fd()), &space); err != nil {
		return err
	}
	if !keep.hasRoom(&space, size) {
		return unix.ENOSPC
	}
	return nil
}

// replaceable says what may be put aside for a new file: a regular file of the caller's own.
func replaceable(st *unix.Stat_t) bool {
	return kind(st.Mode) == "file" && st.Uid == uint32(os.Geteuid())
}

// ErrChanged says that what has the name is not what the caller saw (If-Match), or is gone.
var ErrChanged = errors.New("changed meanwhile")

// Require makes a replacement depend on what is replaced, judged at the moment of the exchange.
func (u *Upload) Require(match func(*unix.Stat_t) bool) { u.match = match }

// Receive takes n bytes from in, or all if n is negative; see transfer.Receive.
func (u *Upload) Receive(in *os.File, n int64) (int64, error) { return transfer.Receive(u.file, in, n) }

// File is for writers that are no descriptor, such as a part of a multipart body, and for who judges the content.
func (u *Upload) File() *os.File { return u.file }

// Announce has the caller told each name before the file may have it. An error of his keeps it from getting it.
func (u *Upload) Announce(tell func(name string) error) { u.announce = tell }

// Announce is told each name before what lands may have it, and what tells that from all others (FileIdentity). An error keeps it from
// getting it. Nil: nobody is told.
type Announce func(name, file string) error

func (a Announce) tell(name string, fd int) error {
	if a == nil {
		return nil
	}
	return a(name, FileIdentity(fd))
}

// Commit brings the bytes to disk and then gives the file its name, atomically. It returns the name, which is another
// one after ExistsRename, and whether it replaced a file. EEXIST when the name was taken meanwhile.
func (u *Upload) Commit() (name string, replaced bool, err error) {
	if err := u.file.Sync(); err != nil {
		return "", false, err
	}
	if err := u.inherit(); err != nil {
		return "", false, err
	}
	name = u.name
	switch u.exists {
	case ExistsReplace:
		replaced, err = u.replace()
	case ExistsRename:
		name, err = u.link(maxCopies)
	default:
		_, err = u.link(1)
	}
	if err != nil {
		return "", false, err
	}
	// Once more, for what changed between the look and the name; from now on a walk finds the file.
	u.inherit()
	// A second fsync, for the name: ext4 brings the directory entry to disk with the inode's new link count.
	// It has its name already: an error here would make the client send it again.
	u.file.Sync()
	if u.sweep {
		u.dir.sweepUploads(u.age)
	}
	return name, replaced, nil
}

// link gives the file the first free name of name, "name (2)", …, tries at most.
func (u *Upload) link(tries int) (string, error) {
	name := u.name
	for i := 2; ; i++ {
		err := error(unix.EEXIST)
		if tries == 1 || !u.dir.has(name) { // a name that is taken need not be announced
			err = u.appear(name)
		}
		if !errors.Is(err, unix.EEXIST) || i > tries {
			return name, err
		}
		name = numbered(u.name, i)
	}
}

// has says whether something has the name.
func (o *Object) has(name string) bool {
	var st unix.Stat_t
	return unix.Fstatat(o.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil
}

// numbered is "drawing (2).pdf" for drawing.pdf. A name that begins with its only dot has no extension; one that
// would become too long loses bytes at the end of its stem, whole characters where it is UTF-8.
func numbered(name string, n int) string {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	if stem == "" || len(ext) > 16 {
		stem, ext = name, ""
	}
	mark := " (" + strconv.Itoa(n) + ")"
	limit := 255 - len(mark) - len(ext)
	if len(stem) <= limit {
		return stem + mark + ext
	}
	for utf8.ValidString(stem) && !utf8.RuneStart(stem[limit]) {
		limit--
	}
	return stem[:limit] + mark + ext
}

// appear gives the file its name; EEXIST if somebody else has it.
func (u *Upload) appear(name string) error {
	if err := u.tell(name); err != nil {
		return err
	}
	if u.hidden == "" {
		return u.linkAt(u.dir, name)
	}
	err := unix.Renameat2(u.dir.fd, u.hidden, u.dir.fd, name, unix.RENAME_NOREPLACE)
	if err == nil {
		u.hidden = ""
	}
	return err
}

// linkAt gives the file a name in a folder, beside those that it has.
func (u *Upload) linkAt(folder *Object, name string) error {
	return unix.Linkat(unix.AT_FDCWD, descriptorPath(int(u.file.Fd())), folder.fd, name, unix.AT_SYMLINK_FOLLOW)
}

// tell announces the name.
func (u *Upload) tell(name string) error {
	if u.announce == nil {
		return nil
	}
	return u.announce(name)
}

// replace exchanges the file with the one that has the name, looks at what came out, and puts it back if it is not the
// caller's own: so nothing that appears in between can be lost.
//
// Where the zone has a trash, the file gets a name there too, that of the old one. The call that gives it the place of the old one
// then puts that one into the trash, so whoever is killed at any time loses neither. Killed just before it, he leaves the new one in
// the trash; killed after it, a second, hidden name of the new one.
func (u *Upload) replace() (bool, error) {
	if u.match == nil {
		if err := u.appear(u.name); !errors.Is(err, unix.EEXIST) {
			return false, err
		}
	}
	if u.hidden == "" {
		u.lock()
		hidden := uploadPrefix + rand.Text()
		if err := u.appear(hidden); err != nil {
			return false, err
		}
		u.hidden, u.sweep = hidden, true
	}
	place, err := u.dir.prepareTrash()
	if err != nil {
		return false, err
	}
	defer place.close()
	in, second := u.dir, u.hidden // where the old one gets
	if place != nil {
		err := u.linkAt(place.dir, u.name)
		if err == nil {
			in, second = place.dir, u.name
		} else if !errors.Is(err, unix.EXDEV) { // else something is mounted in the zone, and has no trash
			return false, err
		}
	}
	unlink := func() {
		if in != u.dir {
			unix.Unlinkat(in.fd, second, 0)
		}
	}
	isOurs := func() bool {
		var st, ours unix.Stat_t
		return unix.Fstatat(in.fd, second, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && unix.Fstat(int(u.file.Fd()), &ours) == nil && inodeOf(&st) == inodeOf(&ours)
	}
	exchange := func() error {
		return unix.Renameat2(in.fd, second, u.dir.fd, u.name, unix.RENAME_EXCHANGE)
	}
	if err := exchange(); err != nil {
		unlink()
		switch {
		case !errors.Is(err, unix.ENOENT):
			return false, err
		case u.match != nil:
			return false, ErrChanged
		}
		return false, u.appear(u.name) // what had the name is gone meanwhile
	}
	if err := u.mayReplace(in, second); err != nil {
		if undo := exchange(); undo != nil {
			if in == u.dir {
				u.hidden = "" // what has the hidden name now is another file: Abort must not remove it
			}
			return false, errors.Join(err, undo)
		}
		switch ours := isOurs(); {
		case ours:
			unlink()
		case in == u.dir:
			u.hidden = "" // somebody replaced the new one meanwhile: his is what came back, and it stays
		}
		return false, err
	}
	unix.Unlinkat(u.dir.fd, u.hidden, 0) // the new file has its name already, whatever becomes of this one
	u.hidden = ""
	return true, nil
}

// mayReplace looks at what the file took the place of.
func (u *Upload) mayReplace(in *Object, name string) error {
	var old unix.Stat_t
	if err := unix.Fstatat(in.fd, name, &old, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if u.match != nil && !u.match(&old) {
		return ErrChanged
	}
	if !replaceable(&old) {
		return unix.EPERM
	}
	return nil
}

// Abort gives up what was not committed; after Commit it only closes.
func (u *Upload) Abort() {
	if u.hidden != "" {
		unix.Unlinkat(u.dir.fd, u.hidden, 0)
	}
	u.file.Close()
}
