// Package attempt counts refused logins by address, and by account and address, in small files that only root reaches.
//
// An account that one address guesses at is shut for that address first: whoever guesses keeps out himself, not its owner
// elsewhere (pam_faillock(8) counts what comes from all addresses together, and takes more). An address that guesses at
// many accounts is shut to all but those who came in from there before, because behind a proxy many share one.
//
// MUST rules of this folder:
//   - an attempt is counted before the password is looked at, and given back when it was right: a hundred at once are a
//     hundred, and a process that is killed counts;
//   - what cannot be counted is let through: a full disk must not keep everybody out, and pam_faillock counts too.
package attempt

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// ErrTooMany says that there were too many refusals for another attempt.
var ErrTooMany = errors.New("too many refused logins")

const (
	// knownFor is how long somebody is remembered to have come in from an address.
	knownFor = 90 * 24 * time.Hour
	// maxFiles bounds the folder. It is 40 MB on a disk with blocks of 4 KiB.
	maxFiles = 10_000
)

// Limits are the site's, from internal/config.
type Limits struct {
	Pair, Address int
	Window        time.Duration
}

// Attempt is one that was let through.
type Attempt struct {
	// Uncounted says why it could not be counted: it is let through, for a full disk must keep nobody out.
	Uncounted error

	store         store
	user, address string
}

// count is what a file holds. Since is the time of the first failure that counts.
type count struct {
	Failures int       `json:"failures"`
	Since    time.Time `json:"since"`
	Success  time.Time `json:"success"`
}

// store is the folder, and the time.
type store struct {
	folder string
	now    time.Time
	limits Limits
	room   int      // for so many files
	keep   []string // the names of this attempt, which do not make room for each other
}

// Begin counts an attempt, or refuses it. user is "" where there is no such account: then the address alone is counted,
// so nobody fills the folder with names.
func Begin(user string, address netip.Addr, limits Limits) (*Attempt, error) {
	return store{folder: layout.Attempts, now: time.Now(), limits: limits, room: maxFiles}.begin(user, address)
}

func (s store) begin(user string, address netip.Addr) (*Attempt, error) {
	a := &Attempt{store: s, user: user, address: Bucket(address)}
	s.keep = []string{a.pair(), "@" + a.address}
	known := false
	if user != "" {
		before, err := s.change(a.pair(), func(c *count) { s.fail(c, s.limits.Pair) })
		a.Uncounted = err
		if err == nil && before.Failures >= s.limits.Pair {
			return nil, fmt.Errorf("%w for %s from %s", ErrTooMany, user, a.address)
		}
		known = err == nil && s.now.Sub(before.Success) < knownFor
	}
	before, err := s.change("@"+a.address, func(c *count) { s.fail(c, s.limits.Address) })
	a.Uncounted = errors.Join(a.Uncounted, err)
	if err == nil && before.Failures >= s.limits.Address && !known {
		return nil, fmt.Errorf("%w from %s", ErrTooMany, a.address)
	}
	return a, nil
}

// Right says that the password was right: the failures of the account are forgotten, the address gets this one back.
func (a *Attempt) Right() {
	a.store.change(a.pair(), func(c *count) { *c = count{Success: a.store.now} })
	a.store.change("@"+a.address, func(c *count) { c.Failures = max(c.Failures-1, 0) })
}

// GiveBack says that the attempt was none that was refused, and none that let anybody in: the password was right, and more is asked
// for. What was refused before counts on, so that a right password buys no more guesses at a code.
func (a *Attempt) GiveBack() {
	for _, name := range [...]string{a.pair(), "@" + a.address} {
		a.store.change(name, func(c *count) { c.Failures = max(c.Failures-1, 0) })
	}
}

func (a *Attempt) pair() string { return a.user + "@" + a.address }

// Bucket is the address as it is counted. Of IPv6 a customer has at least 64 bits to choose from.
func Bucket(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		prefix, err := a.Prefix(64)
		if err == nil {
			return prefix.Masked().Addr().String()
		}
	}
	return a.String()
}

// fail counts one more. Beyond the limit nothing is added, so that the time from the first one holds.
func (s store) fail(c *count, limit int) {
	if c.Failures == 0 {
		c.Since = s.now
	}
	if c.Failures < limit {
		c.Failures++
	}
}

// change applies f to the count of a name, alone, and returns what it was before.
func (s store) change(name string, f func(*count)) (before count, err error) {
	file, err := s.openLocked(name)
	if err != nil {
		return count{}, err
	}
	defer file.Close()
	before = s.read(file)
	after := before
	f(&after)
	if after == before {
		return before, nil
	}
	line, err := json.Marshal(after)
	if err == nil {
		_, err = file.WriteAt(append(line, '\n'), 0)
	}
	if err == nil {
		err = file.Truncate(int64(len(line)) + 1)
	}
	return before, err
}

// read returns what counts now of what stands in a file; one that is damaged says nothing.
func (s store) read(file *os.File) count {
	var c count
	b, err := io.ReadAll(io.NewSectionReader(file, 0, 4096))
	if err != nil || json.Unmarshal(b, &c) != nil {
		return count{}
	}
	if age := s.now.Sub(c.Since); age >= s.limits.Window || age < -time.Minute { // also after the clock was set back
		c.Failures, c.Since = 0, time.Time{}
	}
	return c
}

// openLocked opens a file alone. One that was removed while its lock was waited for counts nothing: it is opened anew.
func (s store) openLocked(name string) (*os.File, error) {
	for range 100 {
		file, err := s.open(name)
		if err != nil {
			return nil, err
		}
		var st unix.Stat_t
		err = errors.Join(unix.Flock(int(file.Fd()), unix.LOCK_EX), unix.Fstat(int(file.Fd()), &st))
		if err == nil && st.Nlink > 0 {
			return file, nil
		}
		file.Close()
		if err != nil {
			return nil, err
		}
	}
	return nil, errFull
}

func (s store) open(name string) (*os.File, error) {
	path := filepath.Join(s.folder, name)
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if !errors.Is(err, os.ErrNotExist) {
		return file, err
	}
	if err := s.makeRoom(); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
}

var errFull = errors.New("the folder of attempts is full")

// makeRoom keeps the folder bounded: when it is full, what says nothing any more goes, and at least a tenth, so that the next thousand
// names need no look at all of them: of the people who are remembered those who have not come for longest, as long as they fill
// more than half, then the oldest failures. Who wants to be forgotten so must fail from thousands of addresses for a few guesses.
func (s store) makeRoom() error {
	folder, err := os.Open(s.folder)
	if err != nil {
		return err
	}
	defer folder.Close()
	names, err := folder.Readdirnames(s.room)
	if err != nil && err != io.EOF || len(names) < s.room {
		return nil
	}
	type dated struct {
		name string
		time time.Time
	}
	var goes []string
	var known, failed []dated
	for _, name := range names {
		switch c, err := s.look(name); {
		case err != nil || slices.Contains(s.keep, name):
		case s.now.Sub(c.Success) < knownFor:
			known = append(known, dated{name, c.Success})
		case c.Failures > 0:
			failed = append(failed, dated{name, c.Since})
		default:
			goes = append(goes, name)
		}
	}
	oldest := func(all []dated, most int) {
		slices.SortFunc(all, func(a, b dated) int { return a.time.Compare(b.time) })
		for _, d := range all[:max(0, min(len(all), most, s.room/10-len(goes)))] {
			goes = append(goes, d.name)
		}
	}
	oldest(known, len(known)-s.room/2)
	oldest(failed, len(failed))
	removed := false
	for _, name := range goes {
		removed = os.Remove(filepath.Join(s.folder, name)) == nil || removed
	}
	if !removed {
		return errFull
	}
	return nil
}

// look reads a file of the folder. One that another process has just made, and will write, is none yet.
func (s store) look(name string) (count, error) {
	file, err := os.OpenFile(filepath.Join(s.folder, name), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return count{}, err
	}
	defer file.Close()
	st, err := file.Stat()
	if err == nil && st.Size() == 0 && s.now.Sub(st.ModTime()).Abs() < time.Minute {
		err = os.ErrNotExist
	}
	return s.read(file), err
}

// Forget removes what is known of an account from all addresses: it is gone.
func Forget(user string) error {
	s := store{folder: layout.Attempts}
	return s.each(user, s.remove)
}

// Forgive forgets the refusals of an account from all addresses: an administrator lets it in again. From where it came in before stays known: it
// is let in from there however many others were refused.
func Forgive(user string) error {
	ever := Limits{Window: 1<<63 - 1} // also what counts no more
	return store{folder: layout.Attempts, now: time.Now(), limits: ever, room: maxFiles}.forgive(user)
}

func (s store) forgive(user string) error {
	return s.each(user, func(name string) error {
		before, err := s.change(name, func(c *count) { c.Failures, c.Since = 0, time.Time{} })
		if err == nil && before.Success.IsZero() {
			err = s.remove(name)
		}
		return err
	})
}

func (s store) remove(name string) error {
	if err := os.Remove(filepath.Join(s.folder, name)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// each does it with what is counted of an account from each address.
func (s store) each(user string, do func(name string) error) error {
	names, err := s.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		if of, _, is := cutPair(name); !is || of != user {
			continue
		}
		if err := do(name); err != nil {
			return err
		}
	}
	return nil
}
