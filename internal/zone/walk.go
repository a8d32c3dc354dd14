package zone

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// walker goes through a tree from the top down with one open directory, whatever its depth: it climbs by "..", and
// believes it only when that is the directory it came from.
type walker struct {
	// file sees what is no folder, by an O_PATH descriptor.
	file func(name string, fd int, st *unix.Stat_t)
	// folder sees a folder before what is in it, by one that is open for reading, and says whether to go in.
	folder func(name string, fd int, st *unix.Stat_t) bool
	// files, where it is not nil, sees the names of one batch that are no folders instead of file, and returns those that are.
	files func(names []string) (folders []string)
	// left, where it is not nil, is told the name of a folder that the walk came out of, now in the directory above it.
	left func(name string)
	// missed is told what could not be seen: name in the current directory, or that directory itself for "".
	missed func(name string, reason SkipReason, err error)

	known    *inodes // files that need not be seen; nil: none
	hidden   bool    // reserved names too
	folders  bool    // of these the folders: the trash, those that are being copied or unpacked, which appear with the lists that they have, and what somebody called so
	vanished bool    // something was not there any more under the name by which it was listed: gone, or renamed
	workers  int     // how many may call file and missed at a time; 0 is one
	progress func(done int)
	stop     func() bool // nil: never; asked once for each batch of names

	root  int
	stack []level
	here  int // the directory of the last level, open for reading
	done  int
	mu    sync.Mutex // for folders of the last level
}

// level is a directory on the way from the root to where the walker is.
type level struct {
	name    string
	inode   inode
	offset  int64    // where reading goes on
	folders []string // found in the last batch, still to be entered
}

type inode struct{ dev, number uint64 }

func inodeOf(st *unix.Stat_t) inode { return inode{st.Dev, st.Ino} }

// inodes is a set of files that were there before a moment. A number that became free since can be another file's, so whether
// one is in the set its time of birth says too, which nobody can set; where a file system has none, nothing is in it.
type inodes struct {
	before unix.Timespec    // births after it are not believed
	bits   map[inode]uint64 // numbers lie close together, so it takes little more than a bit for each
}

// newInodes is an empty set. Times of birth are of the clock that is read here.
func newInodes() (*inodes, error) {
	var now unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &now)
	return &inodes{now, make(map[inode]uint64)}, err
}

func (s *inodes) add(i inode) {
	s.bits[inode{i.dev, i.number / 64}] |= 1 << (i.number % 64)
}

// has says whether the name in the folder behind fd, which was listed with a number, is a file of the set.
func (s *inodes) has(fd int, name string, i inode) bool {
	if s == nil || s.bits[inode{i.dev, i.number / 64}]&(1<<(i.number%64)) == 0 {
		return false
	}
	var st unix.Statx_t
	err := unix.Statx(fd, name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_STATX_DONT_SYNC, unix.STATX_INO|unix.STATX_BTIME, &st)
	born := unix.Timespec{Sec: st.Btime.Sec, Nsec: int64(st.Btime.Nsec)}
	return err == nil && st.Mask&unix.STATX_BTIME != 0 && st.Ino == i.number && earlier(born, s.before)
}

// run walks through what lies below root. It says whether it came to the end.
func (w *walker) run(root int) (complete bool, err error) {
	w.root, w.here = root, -1
	defer func() { w.leave() }()
	if err := w.relocate(); err != nil {
		return false, err
	}
	buffer := make([]byte, direntBuffer)
	for len(w.stack) > 0 {
		top := &w.stack[len(w.stack)-1]
		if n := len(top.folders); n > 0 {
			name := top.folders[n-1]
			top.folders = top.folders[:n-1]
			w.enter(name)
			continue
		}
		if w.stop != nil && w.stop() {
			return false, nil
		}
		if !w.stillThere() {
			w.missed("", SkipMoved, nil)
			w.stack = w.stack[:len(w.stack)-1]
			if err := w.relocate(); err != nil {
				return false, err
			}
			continue
		}
		entries, err := w.batch(top, buffer)
		if err != nil {
			w.missed("", SkipError, err)
		}
		if len(entries) == 0 {
			if err := w.climb(); err != nil {
				return false, err
			}
			continue
		}
		w.done += len(entries)
		names := w.sift(top, entries)
		if w.files != nil {
			top.folders = append(top.folders, w.files(names)...)
		} else {
			w.visit(top, names)
		}
		w.progress(w.done)
	}
	return true, nil
}

func (w *walker) batch(top *level, buffer []byte) ([]dirent, error) {
	if _, err := unix.Seek(w.here, top.offset, unix.SEEK_SET); err != nil {
		return nil, err
	}
	entries, err := readDirents(w.here, buffer)
	if len(entries) > 0 {
		top.offset = entries[len(entries)-1].next
	}
	return entries, err
}

// sift remembers the folders of a batch and returns the names that must be looked at.
func (w *walker) sift(top *level, entries []dirent) []string {
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		switch {
		case w.passes(e.name) && !(w.folders && (e.kind == unix.DT_DIR || e.kind == unix.DT_UNKNOWN)):
			w.missed(e.name, w.reserved(e.name), nil)
		case e.kind == unix.DT_REG && w.known.has(w.here, e.name, inode{top.inode.dev, e.inode}):
		case e.kind == unix.DT_DIR: // entering finds out whether it still is one
			top.folders = append(top.folders, e.name)
		default:
			names = append(names, e.name)
		}
	}
	return names
}

// passes says whether a file's name is one that is passed by: a reserved one.
func (w *walker) passes(name string) bool {
	return !w.hidden && strings.HasPrefix(name, ReservedPrefix)
}

// reserved says what a reserved name in the current directory is.
func (w *walker) reserved(name string) SkipReason {
	switch {
	case isTrash(w.names(name)[0]):
		return SkipTrash
	case isUploads(name):
		return SkipUpload
	case strings.HasPrefix(name, asidePrefix), strings.HasPrefix(name, awayPrefix), strings.HasPrefix(name, growingPrefix):
		return SkipLeft
	}
	return SkipReserved
}

// visit sees files, several at a time where that is allowed: a change costs a file five system calls, where setfacl -R
// has three, and no lookup in /proc.
func (w *walker) visit(top *level, names []string) {
	part := max(1, (len(names)+max(1, w.workers)-1)/max(1, w.workers))
	var group sync.WaitGroup
	for some := range slices.Chunk(names, part) {
		each := func() {
			for _, name := range some {
				if !w.see(name) {
					w.mu.Lock()
					top.folders = append(top.folders, name)
					w.mu.Unlock()
				}
			}
		}
		if w.workers < 2 {
			each()
		} else {
			group.Go(each)
		}
	}
	group.Wait()
}

// see sees a file; false says that it is a folder.
func (w *walker) see(name string) bool {
	fd, st, ok := w.look(name, unix.O_PATH)
	if !ok {
		return true
	}
	defer unix.Close(fd)
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return false
	}
	if w.passes(name) {
		w.missed(name, w.reserved(name), nil)
		return true
	}
	w.file(name, fd, &st)
	return true
}

// enter sees a folder and goes into it: seen first, so that what is made in it from now on is as a change has made it.
func (w *walker) enter(name string) {
	fd, st, ok := w.look(name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if !ok {
		return
	}
	if !w.folder(name, fd, &st) {
		unix.Close(fd)
		return
	}
	unix.Close(w.here)
	w.here = fd
	w.stack = append(w.stack, level{name: name, inode: inodeOf(&st)})
}

// look opens a name in the current directory and sees what it is.
func (w *walker) look(name string, flags int) (fd int, st unix.Stat_t, ok bool) {
	fd, err := reach(w.here, name, flags)
	if err == nil {
		if err = unix.Fstat(fd, &st); err == nil {
			return fd, st, true
		}
		unix.Close(fd)
	}
	w.failed(name, err)
	return -1, st, false
}

func (w *walker) failed(name string, err error) {
	switch {
	case err == unix.ENOENT: // removed or renamed since the directory was read
		w.mu.Lock()
		w.vanished = true
		w.mu.Unlock()
	case err == unix.EXDEV:
		w.missed(name, SkipMount, nil)
	case err == unix.ENOTDIR || err == unix.ELOOP: // was a folder a moment ago
		w.missed(name, SkipMoved, nil)
	default:
		w.missed(name, SkipError, err)
	}
}

// climb goes back to the directory above.
func (w *walker) climb() error {
	name := w.stack[len(w.stack)-1].name
	w.stack = w.stack[:len(w.stack)-1]
	if len(w.stack) == 0 {
		return nil
	}
	up, err := above(w.here, unix.O_RDONLY)
	if err == nil {
		var st unix.Stat_t
		if unix.Fstat(up, &st) == nil && inodeOf(&st) == w.stack[len(w.stack)-1].inode {
			unix.Close(w.here)
			w.here = up
			if w.left != nil {
				w.left(name)
			}
			return nil
		}
		unix.Close(up)
	}
	w.missed("", SkipMoved, nil)
	return w.relocate()
}

// stillThere says whether the current directory lies where it was entered.
func (w *walker) stillThere() bool {
	return len(w.stack) == 1 || liesIn(w.here, w.stack[len(w.stack)-2].inode)
}

// liesIn says whether a directory lies directly in another one now.
func liesIn(fd int, parent inode) bool {
	up, err := above(fd, unix.O_PATH)
	if err != nil {
		return false
	}
	defer unix.Close(up)
	var st unix.Stat_t
	return unix.Fstat(up, &st) == nil && inodeOf(&st) == parent
}

// above opens the directory that a directory lies in now.
func above(fd, flags int) (int, error) {
	return unix.Openat(fd, "..", flags|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

// relocate descends again from the root along the stack, as far as everything is where it was.
func (w *walker) relocate() error {
	w.leave()
	fd, err := reach(w.root, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return err
	}
	if len(w.stack) == 0 {
		w.stack = append(w.stack, level{inode: inodeOf(&st)})
	}
	w.here = fd
	for i := 1; i < len(w.stack); i++ {
		next, err := reach(w.here, w.stack[i].name, unix.O_RDONLY|unix.O_DIRECTORY)
		if err == nil && (unix.Fstat(next, &st) != nil || inodeOf(&st) != w.stack[i].inode) {
			unix.Close(next)
			err = unix.ENOENT
		}
		if err != nil {
			w.stack = w.stack[:i]
			return nil
		}
		unix.Close(w.here)
		w.here = next
	}
	return nil
}

// isTrash says whether a folder in the current directory is one of the trash: a person's, or that of one deletion.
func (w *walker) isTrash(name string) bool {
	return w.folders && (len(w.stack) == 1 && isTrash(name) || len(w.stack) == 2 && isTrash(w.stack[1].name) && deletionForm().MatchString(name))
}

func (w *walker) leave() {
	if w.here >= 0 {
		unix.Close(w.here)
		w.here = -1
	}
}

// names are the names from the root to name in the current directory, or to that directory itself for "".
func (w *walker) names(name string) []string {
	var names []string
	for _, l := range w.stack[1:] {
		names = append(names, l.name)
	}
	if name != "" {
		names = append(names, name)
	}
	return names
}
