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

// holdTime is how long a change waits for another one of the same account: those take some tenths of a second.
const holdTime = 5 * time.Second

// Hold keeps everybody else who changes accounts with this package away from those of these names until release is called: a
// change takes several tools and looks in between. ErrBusy says that somebody else keeps one. The names are taken in their
// order, so that two who want the same never wait for each other.
func Hold(names ...string) (release func(), err error) { return HoldWithin(holdTime, names...) }

// HoldWithin is Hold for who cannot wait so long.
func HoldWithin(wait time.Duration, names ...string) (release func(), err error) {
	names = slices.Clone(names)
	slices.Sort(names)
	var held []*os.File
	release = func() {
		for _, f := range held {
			slot.Remove(f)
		}
	}
	end := time.Now().Add(wait)
	for _, name := range slices.Compact(names) {
		f, err := slot.LockBefore(end, lockName(name))
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
