package zone

import (
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Emptying says what in the trash of a zone has had its time, and what came of it.
type Emptying struct {
	Due    func(born, changed time.Time) bool // by the times of the folder that was made when it was deleted
	Remove bool                               // the zone is then locked; else it is only counted
	Most   int64                              // of those that are due only so many, the oldest; 0: all
	Stop   func() bool                        // nil: never
	// Record is told where something lies in the zone that is due, and in what it returns how its removal went; what it refuses stays.
	Record func(paths []string) (func(errs []error), error)

	Seen, Found, Bytes, Failed int64
	Folders                    int   // of persons, with nothing left in them
	First                      error // of the failures

	aside    int       // where what is to be removed goes first
	restored time.Time // the zone came back from .closed: until then nobody could take anything out
}

// EmptyTrash finds what is due in the trash, or removes it, one deletion after the other. What its owner could not have removed himself
// stays and counts as failed, and so does what has no name of a deletion: whoever has a shell can move a folder into his trash that holds what others brought, and root must
// not remove that for him. It is looked at before, again where nobody gets at it by name, and each thing once more as it goes.
func (h *Held) EmptyTrash(e *Emptying) error {
	var st unix.Stat_t
	if err := unix.Fstat(h.fd, &st); err != nil {
		return err
	}
	e.restored = restored(h.fd, st.Ctim)
	if e.Remove {
		var err error
		if e.aside, err = h.openAside(); err != nil {
			return err
		}
		defer unix.Close(e.aside)
	}
	tops, all, err := h.deletions(e)
	for _, d := range all {
		if e.Stop != nil && e.Stop() || e.Most > 0 && e.Found == e.Most {
			break
		}
		halted, oneErr := h.emptyAt(e, d)
		if halted != nil {
			return errors.Join(err, halted)
		}
		switch {
		case oneErr == nil, errors.Is(oneErr, unix.ENOENT), errors.Is(oneErr, ErrExchanged): // restored meanwhile
		default:
			e.fail(oneErr)
		}
	}
	for _, name := range tops {
		if isEmptyFolder(h.fd, name) {
			e.Folders++
		}
		if e.Remove {
			unix.Unlinkat(h.fd, name, unix.AT_REMOVEDIR) // if nothing is left in it
		}
	}
	return err
}

func (e *Emptying) fail(err error) {
	if e.Failed++; e.First == nil {
		e.First = err
	}
}

// placedDeletion is the folder of one deletion, by the names that lead there from the zone.
type placedDeletion struct{ top, name string }

// deletions are all that there are, the oldest first, and the folders of persons that they lie in.
func (h *Held) deletions(e *Emptying) (tops []string, all []placedDeletion, err error) {
	names, err := readNamesWith(h.fd, trashPrefix)
	for _, top := range names {
		if !isTrash(top) {
			continue
		}
		fd, reachErr := reach(h.fd, top, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
		if reachErr != nil {
			continue // somebody gave the name to something else
		}
		found, oneErr := readNames(fd)
		unix.Close(fd)
		tops, err = append(tops, top), errors.Join(err, oneErr)
		for _, name := range found {
			if e.Seen++; deletionForm().MatchString(name) {
				all = append(all, placedDeletion{top, name})
			} else {
				e.fail(ErrStrange)
			}
		}
	}
	slices.SortFunc(all, func(a, b placedDeletion) int { return strings.Compare(a.name, b.name) })
	return tops, all, err
}

// emptyAt is empty of a deletion that is found by its names.
func (h *Held) emptyAt(e *Emptying, d placedDeletion) (halted, err error) {
	top, err := reach(h.fd, d.top, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if err != nil {
		return nil, unix.ENOENT // it has gone, or somebody gave the name to something else
	}
	defer unix.Close(top)
	var st unix.Stat_t
	if err := unix.Fstat(top, &st); err != nil {
		return err, nil
	}
	object, err := reach(top, d.name, unix.O_PATH)
	if err != nil {
		return nil, unix.ENOENT
	}
	defer unix.Close(object)
	return h.empty(e, top, d, object, st.Uid)
}

// empty removes one deletion if it is due; halted is what must not go on.
func (h *Held) empty(e *Emptying, top int, d placedDeletion, object int, owner uint32) (halted, err error) {
	name := d.name
	var st unix.Stat_t
	if err := unix.Fstat(object, &st); err != nil || !e.Due(born(object), laterOf(time.Unix(st.Ctim.Unix()), e.restored)) {
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
	ended, err := e.Record([]string{d.path(object)})
	if err != nil || !e.Remove {
		return err, nil
	}
	err = h.removeAside(e.aside, top, name, object, &owner)
	if err == nil {
		e.Found++
		e.Bytes += bytes
	}
	ended([]error{err})
	return nil, err
}

// path is where something in the trash lies. Where it lay before is what its folder says, which is the deleter's to write: nothing that
// root records.
func (d placedDeletion) path(object int) string {
	way := []string{d.top, d.name}
	if names, err := readNames(object); err == nil && len(names) > 0 {
		way = append(way, names[0])
	}
	return strings.Join(way, "/")
}

// removableBy says how many bytes what has a name takes with all that is in it, or returns ErrStrange where something in it is not a
// person's to remove (isHis), who could remove it itself.
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
		} else if !isHis(&in, st, owner) {
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
