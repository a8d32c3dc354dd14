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
	"strings"
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
	// pruneEvery is how often the folder is looked through while it is full of what must stay.
	pruneEvery = time.Minute
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
}

// Begin counts an attempt, or refuses it. user is "" where there is no such account: then the address alone is counted,
// so nobody fills the folder with names.
func Begin(user string, address netip.Addr, limits Limits) (*Attempt, error) {
	return store{layout.Attempts, time.Now(), limits}.begin(user, address)
}

func (s store) begin(user string, address netip.Addr) (*Attempt, error) {
	a := &Attempt{store: s, user: user, address: bucket(address)}
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

func (a *Attempt) pair() string { return a.user + "@" + a.address }

// bucket is the address as it is counted. Of IPv6 a customer has at least 64 bits to choose from.
func bucket(a netip.Addr) string {
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
	file, err := s.open(name)
	if err != nil {
		return count{}, err
	}
	defer file.Close()
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		return count{}, err
	}
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

// makeRoom keeps the folder bounded: when it is full, what says nothing any more goes, and if nothing does, the oldest tenth of what
// counts failures alone. Who wants to be forgotten so must fail from thousands of addresses for a few guesses.
func (s store) makeRoom() error {
	folder, err := os.Open(s.folder)
	if err != nil {
		return err
	}
	defer folder.Close()
	names, err := folder.Readdirnames(maxFiles)
	if err != nil && err != io.EOF || len(names) < maxFiles {
		return nil
	}
	const stamp = ".pruned"
	if st, err := os.Lstat(filepath.Join(s.folder, stamp)); err == nil && s.now.Sub(st.ModTime()).Abs() < pruneEvery {
		return errFull
	}
	type failing struct {
		name  string
		since time.Time
	}
	var over []string
	var failed []failing
	for _, name := range names {
		switch c, err := s.look(name); {
		case err != nil || s.now.Sub(c.Success) < knownFor:
		case c.Failures == 0:
			over = append(over, name)
		default:
			failed = append(failed, failing{name, c.Since})
		}
	}
	if len(over) == 0 {
		slices.SortFunc(failed, func(a, b failing) int { return a.since.Compare(b.since) })
		for _, f := range failed[:min(len(failed), maxFiles/10)] {
			over = append(over, f.name)
		}
	}
	removed := false
	for _, name := range over {
		removed = os.Remove(filepath.Join(s.folder, name)) == nil || removed
	}
	if removed {
		return nil
	}
	// All of them remember people. To look at thousands of files again for each attempt would bring nothing.
	if err := os.WriteFile(filepath.Join(s.folder, stamp), nil, 0o600); err != nil {
		return err
	}
	os.Chtimes(filepath.Join(s.folder, stamp), s.now, s.now)
	return errFull
}

// look reads a file of the folder.
func (s store) look(name string) (count, error) {
	if name[0] == '.' {
		return count{}, os.ErrInvalid
	}
	file, err := os.OpenFile(filepath.Join(s.folder, name), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return count{}, err
	}
	defer file.Close()
	return s.read(file), nil
}

// Forget removes what is counted of an account from all addresses: an administrator let it in again, or it is gone.
func Forget(user string) error { return store{folder: layout.Attempts}.forget(user) }

func (s store) forget(user string) error {
	entries, err := os.ReadDir(s.folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		at := strings.LastIndexByte(e.Name(), '@') // names of a directory may have one, addresses have none
		if at <= 0 || e.Name()[:at] != user {
			continue
		}
		if err := os.Remove(filepath.Join(s.folder, e.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
