package zone

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// Describe is what the caller sees of the zone whose root o is. What the kernel does not let him read is null.
func (o *Object) Describe(name string, names *account.Names) Details {
	m := ReadMetadata(o.fd)
	d := Details{
		Summary:     NewSummary(name, o.stat.Uid, m, o.Access(), StateOpen, names),
		Description: m.Description,
		MaxAge:      m.MaxAge,
		Notify:      m.Notify,
		ownerID:     o.stat.Uid,
	}
	if m.ID != nil {
		d.ID = *m.ID
	}
	if access, err := acl.Access(o.fd); err == nil {
		d.Members = membersOf(access, names)
	}
	return d
}

// MayMakeZones asks the kernel whether the caller may make a folder in the base. It serves to offer him that or not; no
// act depends on it.
func MayMakeZones() bool {
	return unix.Faccessat2(unix.AT_FDCWD, layout.Base, unix.W_OK|unix.X_OK, unix.AT_EACCESS) == nil
}

// Mine says whether the caller owns the object.
func (o *Object) Mine() bool { return o.stat.Uid == uint32(os.Geteuid()) }

// Condition is what people of a zone should know of it, because not everything works there as elsewhere.
type Condition string

// The conditions.
const (
	OnMount   Condition = "mount"      // another file system is mounted there: what needs root is not done
	ReadOnly  Condition = "read-only"  // the file system can only be read
	NoACLs    Condition = "no-acls"    // the root has no access list: it was lost, or the file system has none
	OwnerGone Condition = "owner-gone" // the owner's account is gone or may no longer use Share Zone
	OwnerOut  Condition = "owner-out"  // the owner is no longer a manager
	Shut      Condition = "shut"       // the mask of the root shuts everybody out but the owner
)

// Conditions are those of the zone of that name, whose root o is.
func (o *Object) Conditions(name string, names *account.Names) []Condition {
	var found []Condition
	if isMount(name) {
		found = append(found, OnMount)
	}
	var fs unix.Statfs_t
	if unix.Fstatfs(o.fd, &fs) == nil && fs.Flags&unix.ST_RDONLY != 0 {
		found = append(found, ReadOnly)
	}
	access, err := acl.Access(o.fd)
	if errors.Is(err, acl.ErrUnsupported) || access.Minimal() { // newer kernels read a list that cannot be set as none
		found = append(found, NoACLs)
	}
	owner, known := names.UserName(o.stat.Uid)
	switch {
	case !known || !names.InGroup(owner, layout.GroupBase):
		found = append(found, OwnerGone)
	case !names.InGroup(owner, layout.GroupManager):
		found = append(found, OwnerOut)
	}
	if mask, has := access.Find(acl.Mask, acl.Undefined); has && mask == 0 {
		found = append(found, Shut)
	}
	return found
}

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
