// How the kernel is asked in somebody's place.
//
// MUST rules of this file:
//   - the credentials are those of one thread, which is locked, does nothing else, and ends with its goroutine; so the
//     system calls are raw ones: x/sys's Setresuid and Setresgid go through package syscall, which changes all threads
//     (unix.Setgroups, which does not, is used as it is);
//   - only the effective ids change. Real and saved uid stay root's: they are the way back, and what kill(2), ptrace(2) and
//     prlimit(2) look at, so the person whose turn it is cannot reach the thread meanwhile;
//   - a thread that does not come back is never used again: the error ends the program.

package main

import (
	"errors"
	"fmt"
	"runtime"
	"sort"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/zone"
)

// notStopped is where nobody is stopped.
const notStopped = -1

// answer is what the kernel said under somebody's uid.
type answer struct {
	read, write, enter bool
	stopped            int // how many names lead to the folder that he cannot pass; notStopped
}

// place is an object and the way to it.
type place struct {
	base   *zone.Object
	names  []string // from the base down: the zone, then what lies below it
	object *zone.Object
}

// errChanged means that something on the way was moved or removed while it was asked about.
var errChanged = errors.New("the way to it changed meanwhile")

// askKernel asks about everybody.
func (p place) askKernel(people []acl.Person) ([]answer, error) {
	answers := make([]answer, len(people))
	ended := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the runtime ends such a thread, and starts none from it
		ended <- p.askInPlaceOf(people, answers)
	}()
	return answers, <-ended
}

func (p place) askInPlaceOf(people []acl.Person, answers []answer) error {
	// 10. Refuse if root's capabilities would outlast the change of the uid.
	if err := checkSecurebits(); err != nil {
		return err
	}
	// 11. Refuse if somebody's ids cannot be taken, or root's not be taken back.
	for i, person := range people {
		if err := become(person); err != nil {
			return fmt.Errorf("becoming uid %d: %w", person.UID, err)
		}
		found, err := p.ask()
		if err := comeBack(); err != nil {
			return fmt.Errorf("coming back from uid %d: %w", person.UID, err)
		}
		if err != nil {
			return err
		}
		answers[i] = found
	}
	return nil
}

// ask asks for whoever the thread is. The way is gone as every program of his would go it; if he is stopped, some folder
// on it stops him, and so do all longer ways that lead through it.
func (p place) ask() (answer, error) {
	switch err := p.pass(len(p.names)); {
	case err == nil:
		return p.askObject(), nil
	case !errors.Is(err, unix.EACCES): // 12. Refuse if something on the way was moved meanwhile.
		return answer{}, fmt.Errorf("%w: %w", errChanged, err)
	}
	var moved error
	stopped := sort.Search(len(p.names), func(n int) bool {
		err := p.pass(n + 1)
		if err != nil && !errors.Is(err, unix.EACCES) {
			moved = err
		}
		return err != nil
	})
	if moved != nil || stopped == len(p.names) {
		return answer{}, errors.Join(errChanged, moved)
	}
	return answer{stopped: stopped}, nil
}

// pass goes to what the first n names lead to.
func (p place) pass(n int) error {
	o, err := p.base.Open(p.names[:n])
	if err == nil {
		o.Close()
	}
	return err
}

// askObject asks what the object itself allows: the very one that its owner, type and list are told of. A symbolic link
// has no rights to ask for, and nobody gets anywhere by it here.
func (p place) askObject() answer {
	if p.object.Stat().Mode&unix.S_IFMT == unix.S_IFLNK {
		return answer{stopped: notStopped}
	}
	may := func(mode uint32) bool {
		return unix.Faccessat2(p.object.Descriptor(), "", mode, unix.AT_EACCESS|unix.AT_EMPTY_PATH) == nil
	}
	found := answer{read: may(unix.R_OK), write: may(askedToWrite(p.object)), stopped: notStopped}
	found.enter = p.object.Kind() == "dir" && may(unix.X_OK)
	return found
}

// askedToWrite is what writing needs: making something in a folder is more than changing it.
func askedToWrite(o *zone.Object) uint32 {
	if o.Kind() == "dir" {
		return unix.W_OK | unix.X_OK
	}
	return unix.W_OK
}

// keep leaves one of the ids as it is.
const keep = ^uintptr(0)

// become gives the calling thread somebody's rights on files. Groups and gid go first: changing them needs root.
func become(p acl.Person) error {
	groups := make([]int, len(p.Groups))
	for i, gid := range p.Groups {
		groups[i] = int(gid)
	}
	if err := unix.Setgroups(groups); err != nil {
		return fmt.Errorf("setgroups: %w", err)
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESGID, keep, uintptr(p.GID), keep); errno != 0 {
		return fmt.Errorf("setresgid: %w", errno)
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, keep, uintptr(p.UID), keep); errno != 0 {
		return fmt.Errorf("setresuid: %w", errno)
	}
	return nil
}

// comeBack makes the thread root's again; its groups are the next person's matter, and after the last it ends.
func comeBack() error {
	if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, keep, 0, keep); errno != 0 {
		return fmt.Errorf("setresuid: %w", errno)
	}
	if uid := unix.Geteuid(); uid != 0 {
		return fmt.Errorf("the effective uid is %d", uid)
	}
	return nil
}

// checkSecurebits refuses a process that would keep root's capabilities under another uid (capabilities(7)): everybody
// would be answered what root may do.
func checkSecurebits() error {
	const noSetuidFixup = 1 << 2
	found, err := unix.PrctlRetInt(unix.PR_GET_SECUREBITS, 0, 0, 0, 0)
	if err != nil {
		return fmt.Errorf("securebits: %w", err)
	}
	if found&noSetuidFixup != 0 {
		return errors.New("securebits: capabilities would outlast the change of the uid")
	}
	return nil
}
