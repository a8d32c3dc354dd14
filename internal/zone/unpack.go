package zone

import (
	"errors"
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"sharezone/internal/archive"
)

// Unpack makes a folder of what an archive holds, each file and folder in it as if it were uploaded. The folder grows
// under a reserved name and appears when everything is in it and on disk: of an archive that is refused in the middle
// nothing stays. judge, if it is not nil, is asked about each file with its path below the folder. It returns how many bytes
// the files have together.
func (o *Object) Unpack(in archive.Reader, name string, exists OnExists, keep Reserve, judge func(*os.File, []string) error, announce Announce) (Landed, int64, error) {
	if err := CheckNewName(name); err != nil {
		return Landed{}, 0, err
	}
	skip, err := o.foreseeFolder(name, exists)
	if err != nil {
		return Landed{}, 0, err
	}
	if skip {
		return Landed{Name: name, Skipped: true}, 0, nil
	}
	hidden, made, err := o.makeHidden()
	if err != nil {
		return Landed{}, 0, err
	}
	defer made.Close()
	u := &unpacking{top: made, keep: keep, judge: judge}
	err = u.all(in)
	u.close()
	var landed Landed
	if err == nil {
		landed, err = o.appear(made, hidden, name, exists, announce)
	}
	if err != nil || landed.Skipped {
		return landed, 0, errors.Join(err, o.removeTree(hidden))
	}
	landed.Folder = true
	return landed, u.bytes, nil
}

// foreseeFolder spares work that would end in a name that is taken.
func (o *Object) foreseeFolder(name string, exists OnExists) (skip bool, err error) {
	var st unix.Stat_t
	if unix.Fstatat(o.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return false, nil
	}
	switch exists {
	case ExistsSkip:
		return true, nil
	case ExistsFail:
		return false, unix.EEXIST
	case ExistsReplace:
		return false, unix.EPERM
	}
	return false, nil
}

// unpacking is a folder that is filled from an archive.
type unpacking struct {
	top   *Object
	keep  Reserve
	judge func(*os.File, []string) error
	bytes int64

	// Archives go folder by folder: the last one stays open.
	path   []string
	folder *Object
}

func (u *unpacking) close() {
	if u.folder != nil {
		u.folder.Close()
		u.folder = nil
	}
}

func (u *unpacking) all(in archive.Reader) error {
	disk, err := u.top.reachAs(".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer disk.Close()
	for {
		e, err := in.Next()
		if errors.Is(err, io.EOF) {
			return unix.Syncfs(disk.fd)
		}
		if err == nil {
			err = u.one(in, e)
		}
		if err != nil {
			return err
		}
	}
}

// one makes one entry. What the kernel says of names that the archive chose is a refusal of the archive.
func (u *unpacking) one(in archive.Reader, e archive.Entry) error {
	for _, part := range e.Path {
		if CheckNewName(part) != nil {
			return &archive.Refusal{Reason: archive.BadName, Entry: e.Name}
		}
	}
	last := len(e.Path) - 1
	path := e.Path[:last]
	if e.Folder {
		path = e.Path
	}
	err := u.enter(path)
	if err == nil && !e.Folder {
		err = u.file(in, e, e.Path[last])
	}
	switch {
	case errors.Is(err, unix.EEXIST), errors.Is(err, unix.ENOTDIR):
		return &archive.Refusal{Reason: archive.Duplicate, Entry: e.Name}
	case errors.Is(err, unix.ENAMETOOLONG):
		return &archive.Refusal{Reason: archive.BadName, Entry: e.Name}
	}
	return err
}

// enter goes to a folder below the top, and makes what is missing of the way.
func (u *unpacking) enter(path []string) error {
	if u.folder != nil && slices.Equal(path, u.path) {
		return nil
	}
	folder, err := u.top.Open(path)
	if errors.Is(err, unix.ENOENT) {
		folder, err = u.make(path)
	}
	if err == nil && folder.Kind() != "dir" {
		folder.Close()
		err = unix.ENOTDIR
	}
	if err != nil {
		return err
	}
	u.close()
	u.path, u.folder = slices.Clone(path), folder
	return nil
}

func (u *unpacking) make(path []string) (*Object, error) {
	at, err := u.top.reach(".", unix.O_DIRECTORY)
	for _, name := range path {
		if err != nil {
			break
		}
		err = unix.Mkdirat(at.fd, name, folderMode)
		if err == nil || errors.Is(err, unix.EEXIST) {
			var next *Object
			next, err = at.reach(name, unix.O_DIRECTORY)
			at.Close()
			at = next
		}
	}
	if err != nil && at != nil {
		at.Close()
	}
	return at, err
}

// spaceStep is after how many bytes it is looked again whether there is room.
const spaceStep = 64 << 20

func (u *unpacking) file(in archive.Reader, e archive.Entry, name string) error {
	const flags = unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(u.folder.fd, name, flags, fileMode)
	if err != nil {
		return err
	}
	out := os.NewFile(uintptr(fd), "unpacked")
	defer out.Close()
	want := e.Size
	for {
		var space unix.Statfs_t
		if err := unix.Fstatfs(fd, &space); err != nil {
			return err
		}
		if !u.keep.hasRoom(&space, want) {
			return unix.ENOSPC
		}
		n, err := io.CopyN(out, in, spaceStep)
		u.bytes += n
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		want = max(0, want-n)
	}
	if u.judge != nil {
		if err := u.judge(out, e.Path); err != nil {
			return err
		}
	}
	st := unix.Stat_t{Mtim: unix.NsecToTimespec(e.Modified.UnixNano())}
	if e.Modified.IsZero() || e.Modified.Year() < 1970 || e.Modified.Year() > 2200 { // nanoseconds since 1970 end in 2262
		return nil
	}
	return keepTime(fd, &st)
}
