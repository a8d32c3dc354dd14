package zone

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

// What root does with the trash of a zone that changes hands, and where it was made while the zone belonged to somebody else.

// ownTrash gives the folders of the trash, and those of each deletion, the lists that they have under the zone's owner: who owned it
// before, also by a chown, gets into none that is not his. Any name can be given to any folder, so only what is a person's changes,
// and no mask gets wider. What fails is in the report: one member must not keep the others' from being seen to.
func (h *Held) ownTrash(report *Report) error {
	names, err := readNames(h.fd)
	for _, name := range names {
		if isTrash(name) {
			h.ownTrashOf(report, name)
		}
	}
	return err
}

// ownTrashOf is ownTrash of one person's. What is no folder, or gone by now, has nothing to shut.
func (h *Held) ownTrashOf(report *Report, name string) {
	top, err := reach(h.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if err != nil {
		return
	}
	defer unix.Close(top)
	var st unix.Stat_t
	if err := unix.Fstat(top, &st); err != nil || !h.admin.people[st.Uid] {
		report.skip(Skipped{name, SkipOwner, err})
		return
	}
	h.shutTrash(report, name, top, st.Uid)
	deletions, err := readNames(top)
	h.skipFailed(report, name, err)
	for _, deletion := range deletions {
		if !deletionForm().MatchString(deletion) {
			continue // content of the zone, whatever folder it lies in
		}
		fd, err := reach(top, deletion, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
		if err != nil {
			continue
		}
		if belongs(fd, st.Uid) {
			h.shutTrash(report, name+"/"+deletion, fd, st.Uid)
		}
		unix.Close(fd)
	}
}

func (h *Held) shutTrash(report *Report, path string, fd int, deleter uint32) {
	changed, err := shutTrash(fd, deleter, h.stat.Uid, true)
	if changed && err == nil {
		report.Folders++
	}
	h.skipFailed(report, path, err)
}

// skipFailed is how a walk tells an error.
func (h *Held) skipFailed(report *Report, path string, err error) {
	switch err = full(h.fd, err); {
	case errors.Is(err, ErrTooMany):
		report.skip(Skipped{path, SkipFull, err})
	case err != nil:
		report.skip(Skipped{path, SkipError, err})
	}
}

// passTrash makes the trash of one person, whose things have become another's, part of the other's: under the old name it would be
// in the way of the one, who may delete something in the zone again. It does what the other could do himself.
func (h *Held) passTrash(from, to uint32) error {
	old, name := trashName(from), trashName(to)
	fd, err := reach(h.fd, old, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if err != nil {
		return nil // he has none
	}
	defer unix.Close(fd)
	if !belongs(fd, to) {
		return nil
	}
	if err := unix.Renameat2(h.fd, old, h.fd, name, unix.RENAME_NOREPLACE); !errors.Is(err, unix.EEXIST) {
		return err
	}
	into, err := reach(h.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if err != nil {
		return nil // something else has the name
	}
	defer unix.Close(into)
	if !belongs(into, to) {
		return nil
	}
	names, err := readNames(fd)
	for _, deletion := range names {
		err = errors.Join(err, unix.Renameat2(fd, deletion, into, deletion, unix.RENAME_NOREPLACE))
	}
	unix.Unlinkat(h.fd, old, unix.AT_REMOVEDIR)
	return err
}

func belongs(fd int, uid uint32) bool {
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && st.Uid == uid
}

// trashName is what the folder of a person's trash is called.
func trashName(uid uint32) string { return trashPrefix + strconv.FormatUint(uint64(uid), 10) }
