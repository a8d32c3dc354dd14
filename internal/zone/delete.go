package zone

import (
	"errors"

	"golang.org/x/sys/unix"
)

// PartlyRemoved says that a folder stayed because of something in it; what could be removed is gone.
type PartlyRemoved struct {
	Err  error
	Gone bool // something was removed
}

func (e *PartlyRemoved) Error() string { return "partly removed: " + e.Err.Error() }
func (e *PartlyRemoved) Unwrap() error { return e.Err }

// Remove removes the entry of that name and, if it is a folder, everything in it, as far as the kernel lets the caller:
// what is another's stays, with the folders above it, and the first error comes back in a PartlyRemoved.
func (o *Object) Remove(name string) error {
	if err := CheckSegment(name); err != nil {
		return err
	}
	return o.removeTree(name)
}

// removeTree is Remove for any name.
func (o *Object) removeTree(name string) error {
	full, err := o.unlink(name)
	if !full {
		return err
	}
	folder, err := o.reach(name, unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer folder.Close()
	r := &remover{}
	// Reserved names go too: they are uploads that never ended.
	if err := folder.tour(r, true); err != nil {
		r.note(err)
	}
	err = unix.Unlinkat(o.fd, name, unix.AT_REMOVEDIR)
	if err == nil || errors.Is(err, unix.ENOENT) { // somebody else removed it when it was empty
		return err
	}
	r.note(err) // what came after the tour had passed keeps the folder
	return &PartlyRemoved{r.first, r.gone}
}

// unlink removes what is no folder, and a folder with nothing in it. full: there is something in it.
func (o *Object) unlink(name string) (full bool, err error) {
	err = unix.Unlinkat(o.fd, name, 0)
	if !errors.Is(err, unix.EISDIR) && !(errors.Is(err, unix.EPERM) && o.isFolder(name)) {
		return false, err
	}
	err = unix.Unlinkat(o.fd, name, unix.AT_REMOVEDIR)
	return errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST), err
}

// remover empties a folder, and remembers the first thing that the kernel refused, and whether it let anything be removed.
type remover struct {
	first error
	gone  bool
}

func (r *remover) note(err error) {
	if err == nil {
		r.gone = true
	} else if r.first == nil {
		r.first = err
	}
}

func (r *remover) see(w *tour, e entryFound) (bool, error) {
	full, err := w.here.unlink(string(e.name))
	if !full {
		r.note(err)
	}
	return full, nil
}

func (r *remover) enter(*tour, string) error { return nil }
func (r *remover) leave(*tour) error         { return nil }

func (r *remover) left(w *tour, name string) error {
	r.note(unix.Unlinkat(w.here.fd, name, unix.AT_REMOVEDIR))
	return nil
}

func (r *remover) refused(_ *tour, _ string, err error) error {
	r.note(err)
	return nil
}
