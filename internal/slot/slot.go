// Package slot holds locks by name: how many of something run at a time, who changes a thing alone. A lock falls when its
// file is closed or the process ends, however it ends.
//
// The files lie where only root reaches them. A lock on a file or folder that others can open is none: whoever can read it
// can lock it for ever.
package slot

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// ErrTaken says that somebody else holds the lock.
var ErrTaken = errors.New("the lock is taken")

// Lock takes the lock of that name, or says ErrTaken at once.
func Lock(name string) (*os.File, error) {
	for {
		f, err := os.OpenFile(layout.Slots+"/"+name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, err
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			f.Close()
			return nil, ErrTaken
		}
		var st unix.Stat_t
		if err := unix.Fstat(int(f.Fd()), &st); err != nil {
			f.Close()
			return nil, err
		}
		if st.Nlink > 0 {
			return f, nil
		}
		f.Close() // Remove took its name between the two calls: somebody else may hold the new file of that name
	}
}

// pause is between two looks of who waits.
const pause = 50 * time.Millisecond

// LockBefore waits for the lock of that name, and says ErrTaken when end has come.
func LockBefore(end time.Time, name string) (*os.File, error) {
	for {
		f, err := Lock(name)
		if !errors.Is(err, ErrTaken) || !time.Now().Before(end) {
			return f, err
		}
		time.Sleep(pause)
	}
}

// Remove gives a lock back with its file, where names are as many as what they stand for: those of accounts, of which some
// come and go.
func Remove(f *os.File) {
	os.Remove(f.Name()) // one that stays is an empty file, which the next one takes
	f.Close()
}

// LockOne takes one of the locks NAME.0 to NAME.most-1, or says ErrTaken: most processes can have one at a time.
func LockOne(name string, most int) (*os.File, error) {
	for i := range most {
		f, err := Lock(fmt.Sprintf("%s.%d", name, i))
		if !errors.Is(err, ErrTaken) {
			return f, err
		}
	}
	return nil, ErrTaken
}
