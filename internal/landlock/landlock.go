// Package landlock keeps a thread, and the program that it executes, from opening, making and removing files that its user may reach and it does not
// need: landlock(7). It knows nothing of chmod(2), chown(2), setxattr(2), utime(2), stat(2), and before version 3 of truncate(2).
// The calls are made here and not by a library, because the thread that executes a handler is the only one that needs it, and what a library
// does for all the others costs each request.
package landlock

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Access is what may be done with a place.
type Access uint64

// Kinds of access.
const (
	Read  Access = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR // of a folder; programs can be executed
	Write Access = Read | Device | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |             // all, in a folder
		unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REFER
	Device Access = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE // of a file
)

// Place is a file, or a folder with all that lies below it, file systems mounted there included.
type Place struct {
	Path   string
	Access Access
}

// Versions of Landlock: the first that lets files be moved from folder to folder, which Debian 12 has, and the first that knows of truncate(2).
const (
	withRefer    = 2
	withTruncate = 3
)

// IsThere says whether the kernel has a Landlock that can be used. A container may forbid the question.
func IsThere() bool { return version() >= withRefer }

func version() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// Confine lets this thread, and the program that it executes, reach these places and no others, as far as the user may. What is open stays open,
// and sockets can be reached by their names. It needs no_new_privs, and cannot be taken back. Where it is not there nothing is confined: it is a second wall.
// A place that is not there, or not for this user, is left out.
func Confine(places ...Place) error {
	handled := Write
	switch v := version(); {
	case v < withRefer:
		return nil
	case v < withTruncate:
		handled &^= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	rules := unix.LandlockRulesetAttr{Handled_access_fs: uint64(handled)}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rules)), unsafe.Sizeof(rules.Handled_access_fs), 0)
	if errno != 0 {
		return errno
	}
	defer unix.Close(int(fd))
	for _, p := range places {
		kind := unix.O_DIRECTORY // without it nothing is mounted on demand, and what is mounted later lies over the place
		if p.Access == Device {
			kind = 0
		}
		at, err := unix.Open(p.Path, unix.O_PATH|unix.O_CLOEXEC|kind, 0)
		switch err {
		case nil:
		case unix.ENOENT, unix.ENOTDIR, unix.EACCES:
			continue
		default:
			return err
		}
		rule := unix.LandlockPathBeneathAttr{Allowed_access: uint64(p.Access & handled), Parent_fd: int32(at)}
		_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, fd, unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
		unix.Close(at)
		if errno != 0 {
			return errno
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
