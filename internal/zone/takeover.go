package zone

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ErrHeld says that another request writes into the same upload and could not be brought to an end.
var ErrHeld = errors.New("another request holds the upload")

// lockPause is between two looks at a lock whose holder is just coming or going.
const lockPause = 20 * time.Millisecond

// takeOver locks a file for this process. A client whose connection broke comes back while the request of the broken one
// still waits for bytes, perhaps for ever; so that process is asked to end (SIGTERM), and what it has written stays. It is
// a lock of fcntl(2), not of flock(2), because only of those the kernel tells who holds them. The kernel also decides whether
// the holder may be told to end: his uid must be the caller's.
//
// BUGS: the lock falls when this process closes any descriptor of the file (fcntl_locking(2)).
func takeOver(file *os.File, patience time.Duration) error {
	for until := time.Now().Add(patience); ; time.Sleep(lockPause) {
		err := unix.FcntlFlock(file.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		if err == nil || !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EINTR) {
			return err
		}
		left := time.Until(until)
		if left <= 0 {
			return ErrHeld
		}
		if err := endHolder(file, left); err != nil {
			return err
		}
	}
}

// endHolder ends the process that holds the lock, if it is there and surely the holder: the descriptor of the process is
// opened first, and then the kernel is asked again who holds the lock. A pid that passed to another process between
// the two would be that of a holder again, or of nobody.
func endHolder(file *os.File, patience time.Duration) error {
	pid, err := holder(file)
	if err != nil || pid == 0 {
		return err
	}
	process, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return errors.Join(ErrHeld, err)
	}
	defer unix.Close(process)
	if now, err := holder(file); err != nil || now != pid {
		return err
	}
	if err := unix.PidfdSendSignal(process, unix.SIGTERM, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return errors.Join(ErrHeld, err)
	}
	// A holder that gives the file its name right now ends by itself.
	_, err = unix.Poll([]unix.PollFd{{Fd: int32(process), Events: unix.POLLIN}}, int(patience.Milliseconds())+1)
	if errors.Is(err, unix.EINTR) {
		err = nil
	}
	return err
}

// holder is the process that has the file locked; 0: none. One that cannot be seen from here, on another machine or in
// another container, is ErrHeld.
func holder(file *os.File) (int, error) {
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(file.Fd(), unix.F_GETLK, &lock); err != nil {
		return 0, err
	}
	if lock.Type == unix.F_UNLCK {
		return 0, nil
	}
	if lock.Pid <= 0 {
		return 0, ErrHeld
	}
	return int(lock.Pid), nil
}
