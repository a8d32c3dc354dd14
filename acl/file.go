// The ACLs of open files.
//
// MUST rules of this file:
//   - descriptors only, and they may be O_PATH. fgetxattr(2) and fsetxattr(2) refuse those (EBADF), so each call goes
//     through the name that /proc has for the descriptor, which leads to that very file and follows nothing else;
//   - the errno of a refusal stays in the chain of the error, for the one place that turns errors into a status.

package acl

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"
)

const (
	accessAttr  = "system.posix_acl_access"
	defaultAttr = "system.posix_acl_default"
)

var (
	// ErrUnsupported is returned where the file system has no ACLs.
	ErrUnsupported = errors.New("the file system has no ACLs")
	// ErrSymlink is returned for a descriptor of a symbolic link: links have no ACLs anywhere.
	ErrSymlink = errors.New("a symbolic link has no ACL")
)

// steadyTries bounds how often Access looks again at a file that is changed between its system calls.
const steadyTries = 100

// Access returns the access ACL of the file behind fd. A file without one has permission bits alone, and the minimal
// ACL that says the same is returned.
func Access(fd int) (ACL, error) {
	stat := func() (unix.Stat_t, error) {
		st, err := status(fd)
		if err != nil {
			err = failed("reading", accessAttr, fd, err)
		}
		return st, err
	}
	return steadyAccess(stat, func() (ACL, error) { return read(fd, accessAttr) })
}

// steadyAccess reads the list, and the bits if there is no list.
//
// Most files in a zone have one, and then that is all. Otherwise there are two system calls. If a list is set or removed in between, the group's bits are the mask, and taking them
// for the group's own permissions would give the group what only the named entries had. So the bits count only if
// the file was the same before and after. BUGS: the kernel itself stores the list and the bits one after the other,
// so a change that is interrupted in just that place goes unseen. Whoever writes back what he read must keep others
// from changing it meanwhile, as with every file.
func steadyAccess(stat func() (unix.Stat_t, error), list func() (ACL, error)) (ACL, error) {
	if a, err := list(); err != nil || a != nil {
		return a, err
	}
	before, err := stat()
	for range steadyTries {
		if err != nil {
			return nil, err
		}
		if a, err := list(); err != nil || a != nil {
			return a, err
		}
		var after unix.Stat_t
		if after, err = stat(); err == nil && before.Mode == after.Mode && before.Ctim == after.Ctim {
			return FromMode(after.Mode), nil
		}
		before = after
	}
	return nil, fmt.Errorf("reading %s: the file changes all the time: %w", accessAttr, unix.EAGAIN)
}

// Default returns the default ACL of the directory behind fd, or nil if it has none.
func Default(fd int) (ACL, error) {
	return read(fd, defaultAttr)
}

// SetAccess replaces the access ACL of the file behind fd, and with it the permission bits: the group's become the
// mask. A minimal ACL leaves permission bits and no list. Set-user-ID and sticky stay; set-group-ID falls if the
// caller is neither in the file's group nor has CAP_FSETID. Only the file's owner and CAP_FOWNER may.
func SetAccess(fd int, a ACL) error {
	return write(fd, accessAttr, a)
}

// SetDefault replaces the default ACL of the directory behind fd; nil removes it. A list that is empty but not nil
// is refused: it is the result of a mistake, and removing would be the wrong answer to it.
func SetDefault(fd int, a ACL) error {
	if a != nil {
		return write(fd, defaultAttr, a)
	}
	// Not every file system forgives removing what is not there.
	if err := xattr.Remove(procName(fd), defaultAttr); err != nil && !errors.Is(err, unix.ENODATA) {
		return failed("removing", defaultAttr, fd, err)
	}
	return nil
}

func procName(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// read returns nil if the attribute is not there. Lists are short: a walk through a large tree is faster when most need
// no memory of their own.
func read(fd int, attr string) (ACL, error) {
	var short [256]byte
	value := short[:]
	n, err := unix.Getxattr(procName(fd), attr, value)
	if err == nil {
		value = value[:n]
	} else if !errors.Is(err, unix.ENODATA) {
		value, err = xattr.Get(procName(fd), attr)
	}
	if errors.Is(err, unix.ENODATA) {
		return nil, nil
	}
	if err != nil {
		return nil, failed("reading", attr, fd, err)
	}
	a, err := Decode(value)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", attr, err)
	}
	return a, nil
}

func write(fd int, attr string, a ACL) error {
	value, err := a.Encode()
	if err != nil {
		return fmt.Errorf("setting %s: %w", attr, err)
	}
	if err := xattr.Set(procName(fd), attr, value); err != nil {
		return failed("setting", attr, fd, err)
	}
	return nil
}

func status(fd int) (unix.Stat_t, error) {
	var st unix.Stat_t
	for {
		if err := unix.Fstat(fd, &st); err != unix.EINTR {
			return st, err
		}
	}
}

// failed says what was done to which attribute. The name in /proc means nothing to a reader of the log: the caller
// knows the file and names it.
func failed(did, attr string, fd int, err error) error {
	var detail *xattr.Error
	if errors.As(err, &detail) {
		err = detail.Err
	}
	switch st, statErr := status(fd); {
	case errors.Is(err, unix.ENOENT) && statErr != nil:
		err = statErr // not the file is missing, the descriptor is closed
	case errors.Is(err, unix.ENOENT):
		err = errors.New("/proc is not mounted") // without the errno: no file of the user's is missing
	case errors.Is(err, unix.EOPNOTSUPP) && statErr == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK:
		err = fmt.Errorf("%w: %w", ErrSymlink, err)
	case errors.Is(err, unix.EOPNOTSUPP):
		err = fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return fmt.Errorf("%s %s: %w", did, attr, err)
}
