package zone

import (
	"bytes"
	"errors"

	"golang.org/x/sys/unix"
)

// ErrMoved says that a folder was moved to another place while a walk was in it, so the walk lost its way.
var ErrMoved = errors.New("a folder was moved during the walk")

// visitor is what a tour does with what it comes past. Each method may end the tour by an error.
type visitor interface {
	// see is called for each entry, and says of a folder whether to go into it.
	see(w *tour, e entryFound) (enter bool, err error)
	// enter is called when the tour has gone into a folder: w.here is that folder now.
	enter(w *tour, name string) error
	// leave is called before the tour goes out of a folder; it is not called for the one where it began.
	leave(w *tour) error
	// left is called when the tour is back in the folder above.
	left(w *tour, name string) error
	// refused tells of a folder that cannot be opened or read to its end; name is "" for the one where the tour is.
	refused(w *tour, name string, err error) error
}

// entryFound is an entry as its folder knows it. The name is valid during the call.
type entryFound struct {
	name []byte
	kind string // file, dir, other
}

// tour is a walk through a tree as the user. Whatever the depth of the tree and the size of its folders, two folders are
// open and a batch of names a level is remembered: further up it climbs by "..", and believes it only when that is the
// folder it came from. Links are never followed.
type tour struct {
	visitor  visitor
	reserved bool    // reserved names are seen too
	here     *Object // where the tour is, open for reading
	above    *Object // the folder above it, where the tour has come down to here: nil after it has climbed
	stack    []level
}

// path is the way from where the tour began to an entry of the present folder, or to the folder itself for "".
func (w *tour) path(name string) []string {
	var names []string
	for _, l := range w.stack[1:] {
		names = append(names, l.name)
	}
	if name != "" {
		names = append(names, name)
	}
	return names
}

// tour walks through everything below o. An error of opening o itself is returned and not told to the visitor.
func (o *Object) tour(v visitor, reserved bool) error {
	here, err := o.reachAs(".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	w := &tour{visitor: v, reserved: reserved, here: here, stack: []level{{inode: inodeOf(&here.stat)}}}
	defer func() {
		w.here.Close()
		w.forget()
	}()
	buffer := make([]byte, direntBuffer)
	for {
		top := &w.stack[len(w.stack)-1]
		if n := len(top.folders); n > 0 {
			name := top.folders[n-1]
			top.folders = top.folders[:n-1]
			if err := w.enter(name); err != nil {
				return err
			}
			continue
		}
		more, err := w.batch(top, buffer)
		if err == nil && more {
			continue
		}
		if err == nil && len(w.stack) == 1 {
			return nil
		}
		if err == nil {
			err = w.climb()
		}
		if err != nil {
			return err
		}
	}
}

// batch reads some entries of the present folder and shows them; none are the end.
func (w *tour) batch(top *level, buffer []byte) (more bool, err error) {
	// The folder may have been opened anew since the last batch.
	if _, err := unix.Seek(w.here.fd, top.offset, unix.SEEK_SET); err != nil {
		return false, w.visitor.refused(w, "", err)
	}
	n, err := unix.Getdents(w.here.fd, buffer)
	if err == unix.EINTR {
		return true, nil
	}
	if err != nil {
		return false, w.visitor.refused(w, "", err)
	}
	if top.offset, err = unix.Seek(w.here.fd, 0, unix.SEEK_CUR); err != nil {
		return false, w.visitor.refused(w, "", err)
	}
	for name, head := range direntNames(buffer[:n]) {
		if !w.reserved && bytes.HasPrefix(name, []byte(ReservedPrefix)) {
			continue
		}
		found := entryFound{name: name, kind: head.kindName()}
		if found.kind == "" {
			var st unix.Stat_t
			if unix.Fstatat(w.here.fd, string(name), &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
				st.Mode = 0 // gone, or the folder may be read but not entered
			}
			found.kind = kind(st.Mode)
		}
		enter, err := w.visitor.see(w, found)
		if err != nil {
			return false, err
		}
		if enter {
			top.folders = append(top.folders, string(name))
		}
	}
	return n > 0, nil
}

// enter goes into a folder. One that is gone meanwhile is passed over.
func (w *tour) enter(name string) error {
	next, err := w.here.reachAs(name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return w.visitor.refused(w, name, err)
	}
	w.forget()
	w.above, w.here = w.here, next
	w.stack = append(w.stack, level{name: name, inode: inodeOf(&next.stat)})
	return w.visitor.enter(w, name)
}

// climb goes back to the folder above.
func (w *tour) climb() error {
	if err := w.visitor.leave(w); err != nil {
		return err
	}
	last := len(w.stack) - 1
	up := w.above
	w.above = nil
	if up == nil { // one may enter the present folder, because the tour came down through it
		var err error
		if up, err = w.here.parent(unix.O_RDONLY, w.stack[last-1].inode); err != nil {
			return err
		}
	}
	name := w.stack[last].name
	w.here.Close()
	w.here, w.stack = up, w.stack[:last]
	return w.visitor.left(w, name)
}

// forget closes the folder above.
func (w *tour) forget() {
	if w.above != nil {
		w.above.Close()
		w.above = nil
	}
}

// parent opens the folder in which o lies, if it is the one expected.
func (o *Object) parent(flags int, expected inode) (*Object, error) {
	fd, err := unix.Openat(o.fd, "..", flags|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	up, err := newObject(fd)
	if err != nil {
		return nil, err
	}
	if inodeOf(&up.stat) != expected {
		up.Close()
		return nil, ErrMoved
	}
	return up, nil
}

// shadow is the place in a second tree that belongs to where a tour is in the first: it goes down and up with it.
type shadow struct {
	here *Object
	way  []inode // from where it began to where it is
}

func newShadow(top *Object) (*shadow, error) {
	here, err := top.reach(".", unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return &shadow{here, []inode{inodeOf(&here.stat)}}, nil
}

func (s *shadow) down(name string) error {
	next, err := s.here.reach(name, unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	s.here.Close()
	s.here, s.way = next, append(s.way, inodeOf(&next.stat))
	return nil
}

func (s *shadow) up() error {
	last := len(s.way) - 1
	up, err := s.here.parent(unix.O_PATH, s.way[last-1])
	if err != nil {
		return err
	}
	s.here.Close()
	s.here, s.way = up, s.way[:last]
	return nil
}

func (s *shadow) close() { s.here.Close() }
