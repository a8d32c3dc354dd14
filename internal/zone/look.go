package zone

import (
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// Look is what the caller sees of a zone, before names stand for numbers.
type Look struct {
	Access Access
	Mine   bool
	root   Root
}

// Look looks at the zone whose root o is. What the kernel does not let the caller read is left out.
func (o *Object) Look(name string) Look {
	r, _ := inspect(o.fd, name) // with an error, what could be read
	r.Mounted = isMount(name)
	return Look{o.Access(), o.Mine(), r}
}

// Describe puts all of them into words. A directory service is asked once for all of their numbers.
func Describe(looks []Look, names *account.Names) []Details {
	roots := make([]Root, len(looks))
	for i, l := range looks {
		roots[i] = l.root
	}
	prefetch(roots, names)
	all := make([]Details, len(looks))
	for i, l := range looks {
		d := l.root.details(StateOpen, names)
		d.Access = l.Access
		if d.Access == Drop || d.Access == None { // he may not read the id
			d.Problems = slices.DeleteFunc(d.Problems, func(p Problem) bool { return p == NoID })
		}
		all[i] = d
	}
	return all
}

// MayMakeZones asks the kernel whether the caller may make a folder in the base. It serves to offer him that or not; no
// act depends on it. Of a disk that can only be read the kernel says that and nothing of who asks; then the base's group does.
func MayMakeZones() bool {
	err := unix.Faccessat2(unix.AT_FDCWD, layout.Base, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	if err != unix.EROFS {
		return err == nil
	}
	var st unix.Stat_t
	groups, err := unix.Getgroups()
	return err == nil && unix.Stat(layout.Base, &st) == nil && (unix.Getegid() == int(st.Gid) || slices.Contains(groups, int(st.Gid)))
}

// IsTaken says whether something has a name in the base, a zone or anything else.
func IsTaken(name string) bool {
	base, err := OpenBase()
	if err != nil {
		return false
	}
	defer base.Close()
	var st unix.Stat_t
	return unix.Fstatat(base.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil
}

// Mine says whether the caller owns the object.
func (o *Object) Mine() bool { return o.stat.Uid == uint32(os.Geteuid()) }

// ShutsOwner says whether the mode of the caller's own object keeps from him what is its owner's (chmod). Only that decides what he may there, and a
// zone is his all the same.
func (o *Object) ShutsOwner() bool { return o.Withholds(OwnerReads | OwnerWrites | OwnerEnters) }

// The bits of a mode that give its owner something.
const (
	OwnerReads  = 0o400
	OwnerWrites = 0o200
	OwnerEnters = 0o100
)

// Withholds says whether the mode of the caller's own object keeps any of these bits from him.
func (o *Object) Withholds(bits uint32) bool { return o.Mine() && o.stat.Mode&bits != bits }

// isMount says whether the way from the base to the zone leads to another mount.
func isMount(name string) bool {
	base, err := OpenBase()
	if err != nil {
		return false
	}
	defer base.Close()
	fd, err := reach(base.fd, name, unix.O_PATH|unix.O_DIRECTORY)
	if err == nil {
		unix.Close(fd)
	}
	return errors.Is(err, unix.EXDEV)
}
