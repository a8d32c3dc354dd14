package zone

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"
)

// An upload that comes in several requests has two reserved names in the folder that it is for:
//
//	.shz-upload-ID  its bytes so far, mode 0600: what it inherits is masked, so nobody else reads it
//	.shz-done-ID    from just before it gets its name: how that went, for a client that lost the answer
//
// The caller finds them by the id alone, so that it works where he may not list, too. As long as .shz-upload-ID is the
// inode that the other one names, and that has not the name of which the other one speaks, or the other one is not there, the upload
// has no name yet; so whenever a process is
// killed, one of the two is true: it has no name and can go on, or it has its name and says so.
const (
	partialPrefix = ReservedPrefix + "upload-"
	donePrefix    = ReservedPrefix + "done-"
)

// attrUpload holds the Wanted of an upload; attrPending from where on its bytes are not checked yet.
const (
	attrUpload  = "user.shz.upload"
	attrPending = "user.shz.pending"
)

// PartialAge is how long an upload that nothing is added to is kept at least.
const PartialAge = LeftoverAge

// takeOverTime is how long a request waits for the one before it to end.
const takeOverTime = 10 * time.Second

// Wanted is what an upload is to become, as it was said at its beginning.
type Wanted struct {
	Name   []byte   `json:"name"`
	Length int64    `json:"length"`
	Exists OnExists `json:"on_exists"`
	Note   string   `json:"note,omitempty"` // the caller's own
}

// Done is how an upload ended.
type Done struct {
	Wanted
	Inode  uint64 `json:"inode"`  // of the bytes: what has the upload's name and another inode is what was replaced
	Status string `json:"status"` // created, replaced, skipped
}

// Partial is an upload as it stands.
type Partial struct {
	Wanted
	Offset  int64     // how many bytes there are
	Touched time.Time // when something was added last
	Done    *Done     // not nil: it has ended, and there is nothing to add to

	// Announce, if not nil, is told each name before the upload may have it; an error keeps it from getting it.
	Announce func(name string) error

	dir   *Object
	id    string
	fresh bool     // made by this process, so nobody knows the id yet
	file  *os.File // locked; nil after LookPartial
}

// isPartialID says whether text has the form of an id: 128 random bits in base32.
func isPartialID(text string) bool {
	return len(text) == 26 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// CreatePartial begins an upload. It fails where that is foreseeable, as Create does.
func (o *Object) CreatePartial(wanted Wanted, keep Reserve) (*Partial, error) {
	if err := CheckNewName(string(wanted.Name)); err != nil {
		return nil, err
	}
	p := &Partial{Wanted: wanted, Touched: time.Now(), dir: o, id: rand.Text(), fresh: true}
	const flags = unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(o.fd, partialPrefix+p.id, flags, 0o600)
	if err != nil {
		return nil, err
	}
	p.file = os.NewFile(uintptr(fd), "upload")
	u := Upload{dir: o, name: string(wanted.Name), file: p.file, exists: wanted.Exists}
	err = u.foresee(wanted.Length, keep)
	if err == nil {
		err = p.lock(0)
	}
	if err == nil {
		err = p.write(attrUpload, wanted)
	}
	if err != nil {
		return nil, errors.Join(err, p.Remove())
	}
	return p, nil
}

// ID is by what the upload is found again, in its folder.
func (p *Partial) ID() string { return p.id }

// LookPartial says how an upload of the caller's stands, without touching it. Another's is ENOENT.
func (o *Object) LookPartial(id string) (*Partial, error) {
	if !isPartialID(id) {
		return nil, unix.ENOENT
	}
	p := &Partial{dir: o, id: id}
	var err error
	if p.Done, err = o.readDone(id); err != nil {
		return nil, err
	}
	object, err := o.own(partialPrefix + id)
	if errors.Is(err, unix.ENOENT) && p.Done != nil {
		p.Wanted, p.Offset = p.Done.Wanted, p.Done.Length
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	defer object.Close()
	if p.Done != nil && (p.Done.Inode != object.stat.Ino || o.hasName(string(p.Done.Name), p.Done.Inode)) {
		p.Wanted, p.Offset = p.Done.Wanted, p.Done.Length
		return p, nil
	}
	p.Done = nil
	return p, p.read(object)
}

// hasName says whether an upload has got its name. It keeps the reserved one beside it for a moment where it replaces something.
func (o *Object) hasName(name string, inode uint64) bool {
	var st unix.Stat_t
	return unix.Fstatat(o.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && st.Ino == inode
}

// read takes what is known of an unfinished upload from its file.
func (p *Partial) read(object *Object) error {
	path := descriptorPath(object.fd)
	value, err := xattr.Get(path, attrUpload)
	if err != nil {
		return errors.Join(unix.ENOENT, err) // made by hand, or killed before it was told to anybody
	}
	if err := json.Unmarshal(value, &p.Wanted); err != nil {
		return errors.Join(unix.ENOENT, err)
	}
	if p.Length < 0 || !p.Exists.Valid() || CheckNewName(string(p.Name)) != nil {
		return errors.Join(unix.ENOENT, errors.New("an upload's attribute that Share Zone did not write"))
	}
	st := &object.stat
	p.Offset, p.Touched = st.Size, time.Unix(st.Mtim.Unix())
	if value, err := xattr.Get(path, attrPending); err == nil {
		var from int64
		if json.Unmarshal(value, &from) == nil && from >= 0 {
			p.Offset = min(p.Offset, from)
		}
	}
	// A client takes an upload that has all its bytes for finished. It is not before it has its name: so the last byte is
	// asked for again where a process was killed between the two, or the name was taken.
	p.Offset = min(p.Offset, max(0, p.Length-1))
	return nil
}

// TakePartial is LookPartial for who adds to the upload: it is locked, and a request that still adds to it is ended.
func (o *Object) TakePartial(id string) (*Partial, error) {
	p, err := o.LookPartial(id)
	if err != nil || p.Done != nil {
		return p, err
	}
	object, err := o.own(partialPrefix + id)
	if err != nil {
		return nil, err
	}
	defer object.Close()
	file, err := object.reopen(unix.O_RDWR)
	if err != nil {
		return nil, err
	}
	p.file = file
	if err := p.lock(takeOverTime); err != nil {
		p.Close()
		return nil, err
	}
	// The one before may have written more, or finished, until the lock fell.
	now, err := o.LookPartial(id)
	if err == nil && now.Done == nil {
		now.file, p.file = p.file, nil
		err = now.discard()
	}
	p.Close()
	return now, err
}

// own reaches a file of the caller's; what another has is not there.
func (o *Object) own(name string) (*Object, error) {
	object, err := o.reach(name, 0)
	if err != nil {
		return nil, err
	}
	if object.Kind() != "file" || object.stat.Uid != uint32(os.Geteuid()) {
		object.Close()
		return nil, unix.ENOENT
	}
	return object, nil
}

// lock keeps others from the upload: requests, and whoever sweeps up what was left.
func (p *Partial) lock(patience time.Duration) error {
	until := time.Now().Add(patience)
	if err := takeOver(p.file, patience); err != nil {
		return err
	}
	// Who sweeps has this lock while he removes the upload: what was added to it now would be lost.
	for unix.Flock(int(p.file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == unix.EWOULDBLOCK {
		if !time.Now().Before(until) {
			return ErrHeld
		}
		time.Sleep(lockPause)
	}
	return nil
}

// discard takes away what lies beyond the offset, and goes there.
func (p *Partial) discard() error {
	if err := p.file.Truncate(p.Offset); err != nil {
		return err
	}
	if err := xattr.Remove(descriptorPath(int(p.file.Fd())), attrPending); err != nil && !errors.Is(err, xattr.ENOATTR) {
		return err
	}
	_, err := p.file.Seek(p.Offset, io.SeekStart)
	return err
}

func (p *Partial) write(attr string, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return xattr.Set(descriptorPath(int(p.file.Fd())), attr, b)
}

// File is for who judges the content. Opening it a second time, and closing that, would take the lock away.
func (p *Partial) File() *os.File { return p.file }

// Left is how many bytes are still to come.
func (p *Partial) Left() int64 { return p.Length - p.Offset }

// MayAdd asks the kernel whether the caller can bring something to the folder. The file of the upload is his own, which he could fill
// long after he was allowed to read there alone.
func (p *Partial) MayAdd() error {
	return unix.Faccessat2(p.dir.fd, "", unix.W_OK|unix.X_OK, unix.AT_EACCESS|unix.AT_EMPTY_PATH)
}

// HasRoom says whether what is still to come leaves the reserve free.
func (p *Partial) HasRoom(keep Reserve) error {
	var space unix.Statfs_t
	if err := unix.Fstatfs(int(p.file.Fd()), &space); err != nil {
		return err
	}
	if !keep.hasRoom(&space, p.Left()) {
		return unix.ENOSPC
	}
	return nil
}

// Add writes at the end what send brings. What came before an error stays, and counts.
func (p *Partial) Add(send func(*Upload) (int64, error)) error {
	n, err := send(&Upload{file: p.file})
	p.Offset += n
	return err
}

// AddChecked is Add of bytes that count only if right says so afterwards, whatever happens to this process meanwhile.
func (p *Partial) AddChecked(send func(*Upload) (int64, error), right func() bool) (bool, error) {
	if err := p.write(attrPending, p.Offset); err != nil {
		return false, err
	}
	n, err := send(&Upload{file: p.file})
	if err != nil || !right() {
		return false, errors.Join(err, p.discard())
	}
	p.Offset += n
	return true, xattr.Remove(descriptorPath(int(p.file.Fd())), attrPending)
}

// Finish gives the upload its name, as Upload.Commit does. Where it fails, the upload stays as it is. How it ended is
// written down only where somebody could ask: one that came in a single request has no second name.
func (p *Partial) Finish(exists OnExists) (Done, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(p.file.Fd()), &st); err != nil {
		return Done{}, err
	}
	done := Done{Wanted: p.Wanted, Inode: st.Ino, Status: "created"}
	u := Upload{
		dir: p.dir, name: string(p.Name), file: p.file, hidden: partialPrefix + p.id, exists: exists, shut: true,
		announce: func(name string) error {
			done.Name = []byte(name)
			if err := p.remember(done); err != nil || p.Announce == nil {
				return err
			}
			return p.Announce(name)
		},
	}
	_, replaced, err := u.Commit()
	switch {
	case errors.Is(err, unix.EEXIST) && exists == ExistsSkip:
		done.Status, done.Inode, done.Name = "skipped", 0, p.Name
		if err := p.remember(done); err != nil {
			return Done{}, err
		}
		return done, unix.Unlinkat(p.dir.fd, partialPrefix+p.id, 0)
	case err != nil:
		if !u.shut && u.hidden != "" { // it may be long until it gets its name: nobody else reads it, nor locks it
			p.file.Chmod(0o600)
		}
		return Done{}, err
	}
	xattr.Remove(descriptorPath(int(p.file.Fd())), attrUpload)
	if replaced {
		done.Status = "replaced"
		p.remember(done) // with "created" in it, it is nearly right
	}
	return done, nil
}

// Remove gives the upload up. Of one that has ended only the memory goes.
func (p *Partial) Remove() error {
	err := unix.Unlinkat(p.dir.fd, donePrefix+p.id, 0) // first: see markOf
	if errors.Is(err, unix.ENOENT) {
		err = nil
	}
	if err == nil && p.Done == nil {
		err = unix.Unlinkat(p.dir.fd, partialPrefix+p.id, 0)
	}
	p.Close()
	return err
}

// Close gives the lock back.
func (p *Partial) Close() {
	if p.file != nil {
		p.file.Close()
	}
}

// maxDone is more than a Done can take, in bytes.
const maxDone = 8 << 10

// readDone returns nil where there is none that can be read.
func (o *Object) readDone(id string) (*Done, error) {
	object, err := o.own(donePrefix + id)
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer object.Close()
	file, err := object.reopen(unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxDone))
	if err != nil {
		return nil, err
	}
	var done Done
	if json.Unmarshal(b, &done) != nil || CheckSegment(string(done.Name)) != nil {
		return nil, nil // half of it: then the upload has no name yet
	}
	return &done, nil
}

// remember brings to disk how an upload ends.
func (p *Partial) remember(done Done) error {
	if p.fresh {
		return nil
	}
	b, err := json.Marshal(done)
	if err != nil {
		return err
	}
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(p.dir.fd, donePrefix+p.id, flags, 0o600)
	if err != nil {
		return err
	}
	file := os.NewFile(uintptr(fd), "done")
	_, err = file.Write(b)
	return errors.Join(err, file.Sync(), file.Close())
}
