package zone

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/text"
)

// resolve is how every path below the base is walked: never out of it, never through a symbolic link.
const resolve = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS

// Errors of paths as they were asked for. Everything else is the kernel's errno.
var (
	// ErrPath: a segment is empty, "." or "..", has a NUL, a slash or a damaged percent-encoding.
	ErrPath = errors.New("not a path")
	// ErrReserved: a name begins with ReservedPrefix. It is told as "not found".
	ErrReserved = errors.New("reserved name")
	// ErrNewName: a name that exists may be like that, but none such is made.
	ErrNewName = errors.New("not a name for something new")
)

// Path is what a request names: a zone and the names below it, as bytes.
type Path struct {
	Zone   string
	Names  []string
	Folder bool // it ended in a slash
}

// ParsePath reads the raw, percent-encoded part of the request line after /cgi-bin/shz/. It refuses instead of
// normalising, so that no two programs can understand the same path differently. The zone's name, which needs no
// encoding, has none: the gate reads it out of the raw path to say in which zone a request does something.
func ParsePath(raw string) (Path, error) {
	segments := strings.Split(raw, "/")
	if strings.Contains(segments[0], "%") {
		return Path{}, unix.ENOENT
	}
	last := len(segments) - 1
	var p Path
	if last > 0 && segments[last] == "" {
		p.Folder = true
		segments = segments[:last]
	}
	for i, segment := range segments {
		name, err := Unescape(segment)
		if err != nil {
			return Path{}, err
		}
		if i == 0 {
			p.Zone = name
		} else {
			p.Names = append(p.Names, name)
		}
	}
	if CheckName(p.Zone) != nil {
		return Path{}, unix.ENOENT
	}
	return p, nil
}

// Unescape decodes one percent-encoded segment and refuses what no name can be.
func Unescape(segment string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(segment); i++ {
		c := segment[i]
		if c == '%' {
			if i+2 >= len(segment) {
				return "", ErrPath
			}
			n, err := strconv.ParseUint(segment[i+1:i+3], 16, 8)
			if err != nil {
				return "", ErrPath
			}
			c, i = byte(n), i+2
		}
		b.WriteByte(c)
	}
	return b.String(), CheckSegment(b.String())
}

// CheckSegment returns ErrPath or ErrReserved for what cannot be one name of a path.
func CheckSegment(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return ErrPath
	}
	if strings.HasPrefix(name, ReservedPrefix) {
		return ErrReserved
	}
	return nil
}

// CheckNewName is CheckSegment for a name that is about to be made: no control characters, which would forge lines in
// whatever prints names, and something to be seen. Names that cp or SFTP brought may be otherwise.
func CheckNewName(name string) error {
	if err := CheckSegment(name); errors.Is(err, ErrReserved) {
		return ErrNewName
	} else if err != nil {
		return err
	}
	if strings.ContainsFunc(name, unicode.IsControl) || text.Invisible(name) {
		return ErrNewName
	}
	return nil
}

// pathPiece is how many bytes of a path the kernel is given at a time. It takes 4,096; a tree may be deeper.
const pathPiece = 2048

// Object is something below the base, reached and looked at, but not opened: an O_PATH descriptor, so that no FIFO
// waits and no device does anything.
type Object struct {
	fd   int
	stat unix.Stat_t

	trash *Trash   // of a folder, where what goes from it goes to: see KeepIn
	at    []string // where in the zone the folder lies

	keepAll bool // see KeepAll
}

// OpenBase reaches the directory that holds the zones.
func OpenBase() (*Object, error) {
	fd, err := unix.Open(layout.Base, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return newObject(fd)
}

// OpenZone reaches a zone's root: a directory directly below the base.
func OpenZone(name string) (*Object, error) {
	if CheckName(name) != nil {
		return nil, unix.ENOENT
	}
	base, err := OpenBase()
	if err != nil {
		return nil, err
	}
	defer base.Close()
	return base.reach(name, unix.O_DIRECTORY)
}

// Open reaches what names name below o, which is o itself for none. Long paths go in pieces.
func (o *Object) Open(names []string) (*Object, error) {
	at := o
	for len(names) > 0 {
		n, length := 0, 0
		for n < len(names) && (n == 0 || length+len(names[n]) < pathPiece) {
			length += len(names[n]) + 1
			n++
		}
		next, err := at.reach(strings.Join(names[:n], "/"), 0)
		if at != o {
			at.Close()
		}
		if err != nil {
			return nil, err
		}
		at, names = next, names[n:]
	}
	if at == o {
		return o.reach(".", 0)
	}
	return at, nil
}

func (o *Object) reach(path string, flags uint64) (*Object, error) {
	return o.reachAs(path, unix.O_PATH|flags)
}

func (o *Object) reachAs(path string, flags uint64) (*Object, error) {
	how := unix.OpenHow{Flags: unix.O_NOFOLLOW | unix.O_CLOEXEC | flags, Resolve: resolve}
	for tries := 0; ; tries++ {
		fd, err := unix.Openat2(o.fd, path, &how)
		if err == unix.EINTR || err == unix.EAGAIN && tries < 16 { // EAGAIN: a rename elsewhere on the way (openat2(2))
			continue
		}
		if err != nil {
			return nil, err
		}
		return newObject(fd)
	}
}

func newObject(fd int) (*Object, error) {
	o := &Object{fd: fd}
	if err := unix.Fstat(fd, &o.stat); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return o, nil
}

// Close gives the descriptor back.
func (o *Object) Close() { unix.Close(o.fd) }

// Descriptor is the O_PATH descriptor, valid until Close.
func (o *Object) Descriptor() int { return o.fd }

// Stat is what the kernel said when the object was reached.
func (o *Object) Stat() *unix.Stat_t { return &o.stat }

// Kind is "file", "dir" or "other": links, FIFOs, sockets, devices.
func (o *Object) Kind() string { return kind(o.stat.Mode) }

func kind(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return "file"
	case unix.S_IFDIR:
		return "dir"
	}
	return "other"
}

// OpenFile opens the very inode that was looked at, for reading. Anything but a regular file is EPERM without being
// touched; a file under a lease is EAGAIN.
func (o *Object) OpenFile() (*os.File, error) {
	if o.Kind() != "file" {
		return nil, unix.EPERM
	}
	return o.reopen(unix.O_RDONLY)
}

// reopen opens the inode behind the O_PATH descriptor; the kernel checks the permissions now.
func (o *Object) reopen(flags int) (*os.File, error) {
	path := descriptorPath(o.fd)
	for {
		fd, err := unix.Open(path, flags|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		return os.NewFile(uintptr(fd), "zone"), nil
	}
}

// Access asks the kernel what the caller may do with the directory. It serves to tell him; no act depends on it. Reading and writing are
// asked for one by one: two groups may give one each, and no entry both (acl(5)).
func (o *Object) Access() Access {
	may := func(mode uint32) bool {
		return unix.Faccessat2(o.fd, "", mode, unix.AT_EACCESS|unix.AT_EMPTY_PATH) == nil
	}
	switch read, write := may(unix.R_OK|unix.X_OK), may(unix.W_OK|unix.X_OK); {
	case read && write && o.stat.Uid == uint32(os.Geteuid()):
		return Own
	case read && write:
		return Write
	case read:
		return Read
	case write:
		return Drop
	}
	return None
}
