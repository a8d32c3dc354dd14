package change

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"time"

	"sharezone/internal/slot"
)

const (
	// holdTime is how long a change waits for another one of the same account: those take some tenths of a second.
	holdTime  = 5 * time.Second
	holdPause = 50 * time.Millisecond
)

// Hold keeps everybody else who changes accounts with this package away from those of these names until release is called: a
// change takes several tools and looks in between. ErrBusy says that somebody else keeps one. The names are taken in their
// order, so that two who want the same never wait for each other.
func Hold(names ...string) (release func(), err error) {
	names = slices.Clone(names)
	slices.Sort(names)
	var held []*os.File
	release = func() {
		for _, f := range held {
			slot.Remove(f)
		}
	}
	end := time.Now().Add(holdTime)
	for _, name := range slices.Compact(names) {
		f, err := slot.Lock(lockName(name))
		for errors.Is(err, slot.ErrTaken) && time.Now().Before(end) {
			time.Sleep(holdPause)
			f, err = slot.Lock(lockName(name))
		}
		if errors.Is(err, slot.ErrTaken) {
			err = fmt.Errorf("%s: %w", name, ErrBusy)
		}
		if err != nil {
			release()
			return nil, err
		}
		held = append(held, f)
	}
	return release, nil
}

// lockName takes any word for a name: what is no account's is refused by whoever holds it.
func lockName(name string) string { return "account-" + url.PathEscape(name) }
