package zone

import (
	"golang.org/x/sys/unix"
)

// razer removes a tree that lies where only root reaches it. Whoever had a folder of it open can still make, rename and
// remove in there, so it goes by descriptors, climbs only to where it came from, and begins again a few times for what
// was made meanwhile.
type razer struct {
	stack []level
	here  int // the directory of the last level, open for reading
	first error
	done  int

	person *uint32 // whose alone may go (isHis), nil: whoever's
}

// raze removes something that was moved aside. It goes on after an error, and returns the first one. What is not the person's, if one is named,
// stays: somebody may have moved it in there since all of it was looked at.
func (a *Admin) raze(place aside, person *uint32) error {
	for range maxPasses {
		flags := 0
		if isFolderAt(place.dir, place.name) {
			flags = unix.AT_REMOVEDIR
		}
		err := unix.Unlinkat(place.dir, place.name, flags)
		if err == nil || err == unix.ENOENT {
			return nil
		}
		if err != unix.ENOTEMPTY && err != unix.EEXIST {
			return err
		}
		r := razer{here: -1, person: person}
		r.run(place, a.tell)
		if a.seen += r.done; r.first != nil {
			return r.first
		}
	}
	return unix.ENOTEMPTY // somebody fills it faster than it is emptied
}

func (r *razer) run(place aside, progress func(int)) {
	defer func() {
		if r.here >= 0 {
			unix.Close(r.here)
		}
	}()
	if !r.enter(place.dir, place.name) {
		return
	}
	buffer := make([]byte, direntBuffer)
	for len(r.stack) > 0 {
		top := &r.stack[len(r.stack)-1]
		if n := len(top.folders); n > 0 {
			name := top.folders[n-1]
			top.folders = top.folders[:n-1]
			r.enter(r.here, name)
			continue
		}
		if n := len(r.stack); n > 1 && !liesIn(r.here, r.stack[n-2].inode) {
			return // moved out by somebody who had it open: what is his to move is his to keep
		}
		_, err := unix.Seek(r.here, top.offset, unix.SEEK_SET)
		var entries []dirent
		if err == nil {
			entries, err = readDirents(r.here, buffer)
		}
		r.note(err)
		if len(entries) == 0 {
			if !r.climb() {
				return
			}
			continue
		}
		top.offset = entries[len(entries)-1].next
		for _, e := range entries {
			r.remove(top, e.name)
		}
		progress(r.done)
	}
}

func (r *razer) note(err error) {
	if r.first == nil && err != nil && err != unix.ENOENT {
		r.first = err
	}
}

// remove removes what is no folder, and remembers what is one.
func (r *razer) remove(top *level, name string) {
	r.done++
	if r.person != nil && !r.isHis(name) {
		r.note(ErrStrange)
		return
	}
	err := unix.Unlinkat(r.here, name, 0)
	if err == unix.EISDIR || err == unix.EPERM && isFolderAt(r.here, name) { // EPERM: immutable, or POSIX's word for EISDIR
		top.folders = append(top.folders, name)
		return
	}
	r.note(err)
}

// isHis says whether what has the name is the person's to remove; what is gone is.
func (r *razer) isHis(name string) bool {
	var in, st unix.Stat_t
	err := unix.Fstatat(r.here, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	return err == unix.ENOENT || err == nil && unix.Fstat(r.here, &in) == nil && isHis(&in, &st, *r.person)
}

func isFolderAt(dir int, name string) bool {
	var st unix.Stat_t
	return unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR
}

// enter goes into a folder, unless it is empty and can be removed at once.
func (r *razer) enter(dir int, name string) bool {
	err := unix.Unlinkat(dir, name, unix.AT_REMOVEDIR)
	if err != unix.ENOTEMPTY && err != unix.EEXIST {
		r.note(err)
		return false
	}
	fd, err := reach(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	var st unix.Stat_t
	if err == nil {
		if err = unix.Fstat(fd, &st); err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		r.note(err)
		return false
	}
	if r.here >= 0 {
		unix.Close(r.here)
	}
	r.here = fd
	r.stack = append(r.stack, level{name: name, inode: inodeOf(&st)})
	return true
}

// climb goes back to the directory above and removes the one that it comes from. It ends when that lies somewhere else by
// now: the next pass finds what is left.
func (r *razer) climb() bool {
	left := r.stack[len(r.stack)-1]
	r.stack = r.stack[:len(r.stack)-1]
	if len(r.stack) == 0 {
		return false
	}
	up, err := above(r.here, unix.O_RDONLY)
	if err != nil {
		r.note(err)
		return false
	}
	unix.Close(r.here)
	r.here = up
	var st unix.Stat_t
	if unix.Fstat(up, &st) != nil || inodeOf(&st) != r.stack[len(r.stack)-1].inode {
		return false
	}
	if err := unix.Unlinkat(up, left.name, unix.AT_REMOVEDIR); err != unix.ENOTEMPTY && err != unix.EEXIST {
		r.note(err)
	}
	return true
}
