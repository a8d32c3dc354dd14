package zone

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Emptying says what in the trash of a zone has had its time, and what came of it.
type Emptying struct {
	Due    func(born, changed time.Time) bool // by the times of the folder that was made when it was deleted
	Remove bool                               // the zone is then locked; else it is only counted
	Stop   func() bool                        // nil: never
	// Record is told where something lay that is due, and in what it returns how its removal went; what it refuses stays.
	Record func(paths []string) (func(errs []error), error)

	Seen, Found, Bytes, Failed int64
	First                      error // of the failures
}

// EmptyTrash finds what is due in the trash, or removes it, one deletion after the other. What its owner could not have removed himself
// stays and counts as failed, and so does what has no name of a deletion: whoever has a shell can move a folder into his trash that holds what others brought, and root must
// not remove that for him. It is looked at before, and again where nobody gets at it by name.
func (h *Held) EmptyTrash(e *Emptying) error {
	names, err := readNames(h.fd)
	for _, name := range names {
		if !isTrash(name) {
			continue
		}
		top, err := reach(h.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
		if err != nil {
			continue // somebody gave the name to something else
		}
		err = h.emptyTop(e, top)
		unix.Close(top)
		if err != nil {
			return err
		}
		if e.Remove {
			unix.Unlinkat(h.fd, name, unix.AT_REMOVEDIR) // if nothing is left in it
		}
	}
	return err
}

func (h *Held) emptyTop(e *Emptying, top int) error {
	var st unix.Stat_t
	names, err := readNames(top)
	if err = errors.Join(err, unix.Fstat(top, &st)); err != nil {
		return err
	}
	for _, name := range names {
		if e.Stop != nil && e.Stop() {
			return nil
		}
		e.Seen++
		if !deletionForm.MatchString(name) {
			if e.Failed++; e.First == nil {
				e.First = ErrStrange
			}
			continue
		}
		object, err := reach(top, name, unix.O_PATH)
		if err != nil {
			continue
		}
		halted, err := h.empty(e, top, name, object, st.Uid)
		unix.Close(object)
		if halted != nil {
			return halted
		}
		switch {
		case err == nil, errors.Is(err, unix.ENOENT), errors.Is(err, ErrExchanged): // restored meanwhile
		default:
			if e.Failed++; e.First == nil {
				e.First = err
			}
		}
	}
	return nil
}

// empty removes one deletion if it is due; halted is what must not go on.
func (h *Held) empty(e *Emptying, top int, name string, object int, owner uint32) (halted, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(object, &st); err != nil || !e.Due(born(object), time.Unix(st.Ctim.Unix())) {
		return nil, err
	}
	if isEmptyFolder(top, name) { // left behind by one who was killed
		if e.Remove {
			err = unix.Unlinkat(top, name, unix.AT_REMOVEDIR)
		}
		return nil, err
	}
	bytes, err := h.removableBy(top, name, owner)
	if err != nil {
		return nil, err
	}
	if !e.Remove {
		e.Found++
		e.Bytes += bytes
		if e.Record == nil {
			return nil, nil
		}
	}
	ended, err := e.Record([]string{h.discardedPath(object, name)})
	if err != nil || !e.Remove {
		return err, nil
	}
	err = h.removeAside(top, name, object, func(dir int, name string) error {
		_, err := h.removableBy(dir, name, owner)
		return err
	})
	if err == nil {
		e.Found++
		e.Bytes += bytes
	}
	ended([]error{err})
	return nil, err
}

// discardedPath is where something in the trash lay, or its folder there where that is not known.
func (h *Held) discardedPath(object int, name string) string {
	from, lost := discardedFrom(object)
	names, err := readNames(object)
	if lost || err != nil || len(names) == 0 {
		return name
	}
	return strings.Join(append(from, names[0]), "/")
}

// removableBy says how many bytes what has a name takes with all that is in it, or returns ErrStrange where a person, who could remove
// it itself, could not remove something in it: neither the thing nor the folder that it lies in is his.
func (h *Held) removableBy(dir int, name string, owner uint32) (bytes int64, err error) {
	fd, err := reach(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		var st unix.Stat_t
		err = unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		return st.Blocks * blockSize, err
	}
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	w := walker{hidden: true, progress: func(int) {}}
	note := func(oneErr error) {
		if err == nil {
			err = oneErr
		}
	}
	w.stop = func() bool { return err != nil }
	w.missed = func(_ string, reason SkipReason, oneErr error) {
		if reason == SkipMoved {
			oneErr = ErrExchanged
		}
		if oneErr == nil {
			oneErr = ErrStrange // a mount
		}
		note(oneErr)
	}
	see := func(st *unix.Stat_t) {
		var in unix.Stat_t
		if oneErr := unix.Fstat(w.here, &in); oneErr != nil {
			note(oneErr)
		} else if in.Uid != owner && st.Uid != owner {
			note(ErrStrange)
		}
		bytes += st.Blocks * blockSize
	}
	w.file = func(_ string, _ int, st *unix.Stat_t) { see(st) }
	w.folder = func(_ string, _ int, st *unix.Stat_t) bool {
		see(st)
		return true
	}
	_, runErr := w.run(fd)
	return bytes, errors.Join(err, runErr)
}
