// Zones as root reaches them: shzadm, and the helper that does for owners what needs root.
//
// MUST rules of the files whose functions belong to Admin and Held:
//   - everything below the base is reached by reach, which follows no symbolic link, leaves no mount and climbs nowhere;
//   - a zone is reached once (Held), and whatever is asked and done goes to that descriptor;
//   - look at the descriptor, then act on the same descriptor, never on a name again;
//   - rights are given only on what belongs to somebody of Share Zone, and no mask is ever made wider.
//
// What descriptors cannot prevent: a folder may be moved away by its owner while it is being walked. The walk notices
// it at the next batch of entries and says so.

package zone

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// The refusals of the administrator's side. Errors of the kernel are passed on as they are.
var (
	ErrExists       = errors.New("this name is taken")
	ErrNotThere     = errors.New("there is no such zone")
	ErrNotManager   = errors.New("the owner of a zone must be in " + layout.GroupManager)
	ErrPrincipal    = errors.New("a principal is user:NAME or group:NAME")
	ErrNoSuchUser   = errors.New("there is no such user")
	ErrNoSuchGroup  = errors.New("there is no such group")
	ErrNotInBase    = errors.New("this user is not in " + layout.GroupBase)
	ErrTwice        = errors.New("is named twice")
	ErrIsOwner      = errors.New("this is the zone's owner, who has all rights")
	ErrTooMany      = errors.New("the access list is full")
	ErrPast         = errors.New("this day is over")
	ErrBaseNotReady = errors.New("the base directory is missing or not root's")
	ErrOtherMount   = errors.New("something is mounted on this zone") // with EXDEV
	ErrBusy         = errors.New("another change of this zone is under way")
)

// Admin does as root what concerns whole zones.
type Admin struct {
	// Progress, where it is not nil, is told from time to time how many files and folders a walk has seen.
	Progress func(done int)

	seen   int    // by walks that have ended
	path   string // of the base directory: for commands that are shown, nothing is reached by it
	base   int    // O_PATH descriptor of the base directory
	names  *account.Names
	people map[uint32]bool // uids whose files may be shared: shzbase, and whoever was given a uid by Share Zone
}

// NewAdmin returns an Admin for the zones below base, which is layout.Base outside tests.
func NewAdmin(base string, names *account.Names, register account.Register) (*Admin, error) {
	fd, err := unix.Open(base, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrBaseNotReady, base, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Uid != 0 {
		unix.Close(fd)
		return nil, fmt.Errorf("%w: %s: owner is uid %d", ErrBaseNotReady, base, st.Uid)
	}
	people := make(map[uint32]bool)
	for _, e := range names.Members(layout.GroupBase) {
		people[e.UID] = true
	}
	for uid := range register.Names {
		people[uid] = true // what somebody left behind when he left the company is still part of the zone
	}
	delete(people, 0) // should root be in shzbase: nothing of root's is ever given to anybody
	return &Admin{path: base, base: fd, names: names, people: people}, nil
}

// tell says how much of the present walk is done, besides those before.
func (a *Admin) tell(done int) {
	if a.Progress != nil {
		a.Progress(a.seen + done)
	}
}

// Close releases the base directory.
func (a *Admin) Close() { unix.Close(a.base) }

// reach opens one name in a directory. A last symbolic link is opened as itself with O_PATH and refused without.
func reach(dir int, name string, flags int) (int, error) {
	how := unix.OpenHow{
		Flags:   uint64(flags | unix.O_NOFOLLOW | unix.O_CLOEXEC),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
	for range 100 { // EAGAIN: somebody renamed something at the same moment, openat2(2)
		fd, err := unix.Openat2(dir, name, &how)
		if err != unix.EAGAIN && err != unix.EINTR {
			return fd, err
		}
	}
	return -1, unix.EAGAIN
}
