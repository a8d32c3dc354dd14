package zone

import (
	"crypto/rand"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// carryFolder copies a folder under a reserved name in the target, brings it to disk, gives it its name, and then removes
// what was copied of the source.
func (c *Carrier) carryFolder(object *Object, name, to string, moving bool) (Carried, error) {
	hidden, made, err := c.To.makeHidden()
	if err != nil {
		return Carried{}, err
	}
	defer made.Close()
	var done Carried
	copied, err := c.copyTree(object, name, made, moving, &done)
	if err == nil {
		done.Landed, err = c.To.appear(made, hidden, to, c.Exists, c.Announce)
	}
	if err != nil {
		return Carried{}, errors.Join(err, c.To.removeTree(hidden))
	}
	if done.Skipped {
		return skipped(to), c.To.removeTree(hidden)
	}
	if moving {
		c.removeSource(object, name, made, copied, &done)
	}
	return done, nil
}

// growingPrefix begins the reserved names of folders that are copied or unpacked. What an interrupted request leaves there
// is nothing that was ever seen.
const growingPrefix = ReservedPrefix + "grow-"

// makeHidden makes a folder under a reserved name, in which something grows that is to appear as a whole. The mask of what
// it inherits is empty until then: whoever else gets into the zone, by a shell for example, does not get into it.
func (o *Object) makeHidden() (name string, made *Object, err error) {
	name = growingPrefix + rand.Text()
	if err := unix.Mkdirat(o.fd, name, folderMode&^0o077); err != nil {
		return "", nil, err
	}
	made, err = o.reach(name, unix.O_DIRECTORY)
	if err != nil {
		return "", nil, errors.Join(err, unix.Unlinkat(o.fd, name, unix.AT_REMOVEDIR))
	}
	return name, made, nil
}

// appear opens a folder to those whom it inherited, and gives it its name. Nothing is put in the place of a folder.
func (o *Object) appear(made *Object, hidden, name string, exists OnExists, announce Announce) (Landed, error) {
	mode := uint32(folderMode)
	inherited, err := acl.Default(made.fd)
	if errors.Is(err, acl.ErrUnsupported) || err == nil && len(inherited) == 0 {
		mode, err = folderMode&^0o027, nil // nothing but the group: it gets what the gate's umask leaves it
	}
	if err == nil {
		err = unix.Fchmodat(unix.AT_FDCWD, descriptorPath(made.fd), mode, 0)
	}
	if err != nil {
		return Landed{}, err
	}
	landed, err := o.renameAnnounced(made, hidden, name, exists, announce)
	switch {
	case errors.Is(err, unix.EEXIST) && exists == ExistsSkip:
		return Landed{Name: name, Skipped: true}, nil
	case errors.Is(err, unix.EEXIST) && exists == ExistsReplace:
		err = unix.EPERM
	}
	return landed, err
}

// renameAnnounced gives a folder the name, or the first free one of "name (2)", … where that may be, each after it was announced.
func (o *Object) renameAnnounced(made *Object, hidden, name string, exists OnExists, announce Announce) (Landed, error) {
	to := name
	for i := 2; ; i++ {
		err := error(unix.EEXIST)
		var landed Landed
		if exists != ExistsRename || !o.has(to) { // a name that is taken need not be announced
			if err = announce.tell(to, made.fd); err == nil {
				landed, err = o.renameTo(hidden, o, to, ExistsFail)
			}
		}
		if !errors.Is(err, unix.EEXIST) || exists != ExistsRename || i > maxCopies {
			return landed, err
		}
		to = numbered(name, i)
	}
}

// leave notes what was left out of a folder.
func (d *Carried) leave(path []string, err error) {
	if len(d.Left) == maxLeft {
		d.More++
		return
	}
	d.Left = append(d.Left, Left{path, err})
}

// maxFresh is how many files that were changed after the copy had begun are remembered; of a file that was not, its
// change time says that it is still what was copied.
const maxFresh = 10_000

// copied is what is known of a tree after it was copied.
type copied struct {
	began unix.Timespec           // by the clock that sets change times
	fresh map[inode]unix.Timespec // change times of files that were changed since then, or whose time lies in the future
}

// copyTree copies everything below a folder, which is called top, into another one, which is new and nobody's but the caller's.
func (c *Carrier) copyTree(from *Object, top string, to *Object, moving bool, done *Carried) (copied, error) {
	target, err := newShadow(to)
	if err != nil {
		return copied{}, err
	}
	defer func() { target.close() }()
	t := &treeCopier{target: target, keep: c.Keep, moving: moving, done: done}
	t.taking = func(object *Object, path []string) (func(int64, error), error) {
		return c.taking(object, append([]string{top}, path...)...)
	}
	t.began, t.fresh = to.stat.Ctim, make(map[inode]unix.Timespec)
	// Opened before anything is written: syncfs(2) tells of what went wrong since then.
	disk, err := to.reachAs(".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return copied{}, err
	}
	defer disk.Close()
	if err := from.tour(t, false); err != nil {
		return copied{}, err
	}
	if err := keepTime(disk.fd, &from.stat); err != nil {
		return copied{}, err
	}
	return t.copied, unix.Syncfs(disk.fd) // one for all: thousands of fsync(2) would take minutes
}

// treeCopier is the visitor that copies.
type treeCopier struct {
	copied
	target *shadow
	keep   Reserve
	moving bool
	done   *Carried
	taking func(object *Object, path []string) (func(int64, error), error)
}

func (t *treeCopier) see(w *tour, e entryFound) (bool, error) {
	name := string(e.name)
	if e.kind == "other" {
		t.done.leave(w.path(name), ErrKind)
		return false, nil
	}
	object, err := w.here.reach(name, 0)
	if errors.Is(err, unix.ENOENT) { // removed since the folder was read
		return false, nil
	}
	if err == nil {
		defer object.Close()
		if object.Kind() != e.kind {
			err = ErrUnsteady
		} else if t.moving && !removableFrom(w.here, &object.stat) {
			err = unix.EPERM
		}
	}
	if err != nil || e.kind == "dir" {
		if err != nil {
			t.done.leave(w.path(name), err)
		}
		return err == nil, nil
	}
	err = t.copyFile(object, name, w.path(name))
	if refusal, ok := errors.AsType[*sourceRefused](err); ok {
		t.done.leave(w.path(name), refusal.err)
		return false, nil
	}
	return false, err
}

// sourceRefused is what concerns one file of the source; every other error ends the copy.
type sourceRefused struct{ err error }

func (e *sourceRefused) Error() string { return e.err.Error() }
func (e *sourceRefused) Unwrap() error { return e.err }

func (t *treeCopier) copyFile(object *Object, name string, path []string) (failed error) {
	in, err := object.OpenFile()
	if err != nil {
		return &sourceRefused{err}
	}
	defer in.Close()
	taken, err := t.taking(object, path)
	if err != nil {
		return &sourceRefused{err}
	}
	var bytes int64
	defer func() { taken(bytes, failed) }()
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(t.target.here.fd, name, flags, fileMode)
	if err != nil {
		return err
	}
	out := os.NewFile(uintptr(fd), "copy")
	defer out.Close()
	var space unix.Statfs_t
	if err := unix.Fstatfs(fd, &space); err != nil {
		return err
	}
	if !t.keep.hasRoom(&space, spaceOf(&object.stat)) {
		return unix.ENOSPC
	}
	var seen unix.Stat_t
	seen, bytes, err = copyContent(out, in)
	t.done.Bytes += bytes
	if errors.Is(err, ErrUnsteady) {
		if err := unix.Unlinkat(t.target.here.fd, name, 0); err != nil {
			return err
		}
		return &sourceRefused{err}
	}
	if err != nil {
		return err
	}
	if t.moving && !earlier(seen.Ctim, t.began) && len(t.fresh) < maxFresh {
		t.fresh[inodeOf(&seen)] = seen.Ctim
	}
	return nil
}

func (t *treeCopier) enter(_ *tour, name string) error {
	if err := unix.Mkdirat(t.target.here.fd, name, folderMode); err != nil {
		return err
	}
	return t.target.down(name)
}

func (t *treeCopier) leave(w *tour) error {
	if err := keepTime(t.target.here.fd, &w.here.stat); err != nil {
		return err
	}
	return t.target.up()
}

func (t *treeCopier) left(*tour, string) error { return nil }

func (t *treeCopier) refused(w *tour, name string, err error) error {
	t.done.leave(w.path(name), err)
	return nil
}

func earlier(a, b unix.Timespec) bool { return a.Sec < b.Sec || a.Sec == b.Sec && a.Nsec < b.Nsec }

// removeSource removes what was copied. Nothing else goes: what came or was changed meanwhile, and what the kernel does
// not let go, stays and is told.
func (c *Carrier) removeSource(object *Object, name string, made *Object, what copied, done *Carried) {
	copy, err := newShadow(made)
	if err != nil {
		done.leave(nil, &Doubled{err})
		return
	}
	defer func() { copy.close() }()
	r := &sourceRemover{copied: what, copy: copy, done: done}
	if err := object.tour(r, false); err != nil {
		done.leave(nil, &Doubled{err})
		return
	}
	var st unix.Stat_t
	err = unix.Fstatat(c.From.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && inodeOf(&st) != inodeOf(&object.stat) {
		err = ErrUnsteady
	}
	if err == nil {
		err = unix.Unlinkat(c.From.fd, name, unix.AT_REMOVEDIR)
	}
	r.keepFolder(nil, err)
	c.From.sync()
}

// sourceRemover is the visitor that removes from a tree what its copy holds.
type sourceRemover struct {
	copied
	copy *shadow
	done *Carried
}

func (r *sourceRemover) see(w *tour, e entryFound) (bool, error) {
	name := string(e.name)
	var there unix.Stat_t
	if unix.Fstatat(r.copy.here.fd, name, &there, unix.AT_SYMLINK_NOFOLLOW) != nil || kind(there.Mode) != e.kind || e.kind == "other" ||
		there.Uid != uint32(os.Geteuid()) {
		return false, nil // it was left out of the copy, which was told then, or it came meanwhile, also there by somebody else
	}
	if e.kind == "dir" {
		return true, nil
	}
	err := w.here.takeAway(name, func(st *unix.Stat_t) bool {
		if kind(st.Mode) != "file" || st.Size != there.Size || st.Mtim != there.Mtim {
			return false
		}
		seen, fresh := r.fresh[inodeOf(st)]
		return earlier(st.Ctim, r.began) || fresh && seen == st.Ctim
	})
	if err != nil && !errors.Is(err, unix.ENOENT) {
		r.done.leave(w.path(name), &Doubled{err})
	}
	return false, nil
}

func (r *sourceRemover) enter(_ *tour, name string) error { return r.copy.down(name) }
func (r *sourceRemover) leave(*tour) error                { return r.copy.up() }

func (r *sourceRemover) left(w *tour, name string) error {
	r.keepFolder(w.path(name), unix.Unlinkat(w.here.fd, name, unix.AT_REMOVEDIR))
	return nil
}

// keepFolder tells of a folder that could not be removed, unless that is because of what was told already.
func (r *sourceRemover) keepFolder(path []string, err error) {
	full := errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST)
	if err == nil || errors.Is(err, unix.ENOENT) || full && len(r.done.Left) > 0 {
		return
	}
	r.done.leave(path, &Doubled{err})
}

func (r *sourceRemover) refused(w *tour, name string, err error) error {
	r.done.leave(w.path(name), &Doubled{err})
	return nil
}
