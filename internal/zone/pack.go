package zone

import (
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/archive"
)

// Packer takes what is packed: archive.Writer without its end.
type Packer interface {
	Folder(path []string, modified time.Time) error
	File(path []string, content io.Reader, size int64, modified time.Time) error
}

// Packing hands entries of a folder, and everything below them, to a Packer, as far as the user may read it. What he may
// not, and what is neither file nor folder, is told to Refused; the rest goes on. An error of the Packer or of Begin ends it.
type Packing struct {
	Folder  *Object
	To      Packer
	Refused func(path []string, err error)
	// Begin hears of each file, and whose it is, before any of its bytes is packed; what it returns, how many were and what
	// went wrong.
	Begin func(path []string, owner uint32) (end func(bytes int64, err error), err error)

	Bytes int64 // of the files that were packed
	Left  int   // how often Refused was called
}

// All packs everything in the folder.
func (p *Packing) All() error { return p.below(p.Folder, nil) }

// Entry packs one entry.
func (p *Packing) Entry(name string) error {
	if err := CheckSegment(name); err != nil {
		p.refuse([]string{name}, err)
		return nil
	}
	return p.entry(p.Folder, nil, name)
}

// entry packs an entry of a folder; within is the way to that folder.
func (p *Packing) entry(in *Object, within []string, name string) error {
	path := append(within[:len(within):len(within)], name)
	object, err := in.reach(name, 0)
	if err != nil {
		p.refuse(path, err)
		return nil
	}
	defer object.Close()
	switch object.Kind() {
	case "file":
		return p.file(object, path)
	case "dir":
		if err := p.folder(path, &object.stat); err != nil {
			return err
		}
		return p.below(object, path)
	}
	p.refuse(path, ErrKind)
	return nil
}

// below packs what lies in a folder; within is the way to it.
func (p *Packing) below(folder *Object, within []string) error {
	v := &packer{Packing: p, within: within}
	err := folder.tour(v, false)
	if err != nil && !v.failed {
		p.refuse(within, err)
		return nil
	}
	return err
}

func (p *Packing) folder(path []string, stat *unix.Stat_t) error {
	return p.unlessEntry(path, p.To.Folder(path, modifiedAt(stat)))
}

// unlessEntry tells of an entry that the archive cannot hold, and lets the others go on.
func (p *Packing) unlessEntry(path []string, err error) error {
	if errors.Is(err, archive.ErrEntry) {
		p.refuse(path, err)
		return nil
	}
	return err
}

func (p *Packing) refuse(path []string, err error) {
	p.Left++
	p.Refused(path, err)
}

func (p *Packing) file(object *Object, path []string) error {
	f, err := object.OpenFile()
	if err != nil {
		p.refuse(path, err)
		return nil
	}
	defer f.Close()
	var before, after unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &before); err != nil {
		p.refuse(path, err)
		return nil
	}
	end, err := p.Begin(path, before.Uid)
	if err != nil {
		return err
	}
	content := &io.LimitedReader{R: f, N: before.Size}
	err = p.To.File(path, content, before.Size, modifiedAt(&before))
	end(before.Size-content.N, err)
	if err != nil {
		return p.unlessEntry(path, err)
	}
	p.Bytes += before.Size - content.N
	if unix.Fstat(int(f.Fd()), &after) != nil || content.N > 0 || !unchanged(&after, &before) {
		reason := error(ErrUnsteady) // it is in the archive, and may be half of this and half of that
		if _, err := f.Read(make([]byte, 1)); content.N > 0 && err != nil && !errors.Is(err, io.EOF) {
			reason = err // the disk's, most often; asked again, because a Packer does not say what a reader said
		}
		p.refuse(path, reason)
	}
	return nil
}

func modifiedAt(st *unix.Stat_t) time.Time { return time.Unix(st.Mtim.Unix()) }

// packer is the visitor that packs. Its errors are the Packer's: those of the tour itself end it too, and are told apart
// by failed.
type packer struct {
	*Packing
	within []string // the way from the folder of the Packing to where the tour began
	failed bool
}

func (p *packer) path(w *tour, name string) []string {
	return append(p.within[:len(p.within):len(p.within)], w.path(name)...)
}

func (p *packer) check(err error) error {
	p.failed = p.failed || err != nil
	return err
}

func (p *packer) see(w *tour, e entryFound) (bool, error) {
	if e.kind == "dir" {
		return true, nil
	}
	return false, p.check(p.entry(w.here, p.path(w, ""), string(e.name)))
}

func (p *packer) enter(w *tour, _ string) error {
	return p.check(p.folder(p.path(w, ""), &w.here.stat))
}

func (p *packer) leave(*tour) error        { return nil }
func (p *packer) left(*tour, string) error { return nil }

func (p *packer) refused(w *tour, name string, err error) error {
	p.refuse(p.path(w, name), err)
	return nil
}

// Readable says whether the folder can be listed; what the kernel says otherwise.
func (o *Object) Readable() error {
	dir, err := o.reopen(unix.O_RDONLY | unix.O_DIRECTORY)
	if err == nil {
		dir.Close()
	}
	return err
}

// Exists returns nil if any of the entries is there, and why the last one is not.
func (o *Object) Exists(names []string) error {
	err := error(unix.ENOENT)
	for _, name := range names {
		if err = CheckSegment(name); err != nil {
			continue
		}
		var st unix.Stat_t
		if err = unix.Fstatat(o.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil || !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return err
}
