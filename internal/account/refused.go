package account

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sharezone/internal/layout"
)

// ReadLogins adds what auth and pam_faillock(8) wrote down: when somebody logged in last, and how often he was refused
// since; what he chose, and at which address mail reaches him. Where that cannot be read it is not known.
func (s *Shadow) ReadLogins() error {
	s.logins, s.refused, s.chosen = make(map[uint32]time.Time), make(map[string]refusals), make(map[uint32]Preferences)
	s.verified = make(map[uint32]string)
	chosen, err := readFolder(layout.Preferences)
	if err != nil {
		return err
	}
	for _, f := range chosen {
		if uid, ok := parseID(strings.TrimSuffix(f.Name(), ".json")); ok {
			p, err := ReadPreferences(uid)
			if err != nil {
				return err
			}
			s.chosen[uid] = p
		}
	}
	verified, err := readFolder(layout.Verified)
	if err != nil {
		return err
	}
	for _, f := range verified {
		if uid, ok := parseID(f.Name()); ok {
			if s.verified[uid], err = readVerified(uid); err != nil {
				return err
			}
		}
	}
	logins, err := readFolder(layout.Logins)
	if err != nil {
		return err
	}
	for _, f := range logins {
		if uid, ok := parseID(f.Name()); ok {
			s.logins[uid] = f.ModTime().UTC().Truncate(time.Second)
		}
	}
	limits := sync.OnceValues(readFaillock)
	for _, folder := range [...]string{layout.Tallies, layout.CodeTallies} {
		tallies, err := readFolder(folder)
		if err != nil {
			return err
		}
		for _, f := range tallies {
			if _, read := s.refused[f.Name()]; read || f.Size() == 0 {
				continue // nearly all of them: a right password empties it
			}
			if s.refused[f.Name()], err = readRefusals(f.Name(), time.Now(), limits); err != nil {
				return err
			}
		}
	}
	return nil
}

// readFolder returns the files of a folder of root's; none where there is no such folder yet.
func readFolder(name string) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	files := make([]fs.FileInfo, 0, len(entries))
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() {
			files = append(files, info)
		}
	}
	return files, nil
}

// A record of a tally: source[52], reserved (2 bytes), status (2), time (8), in the order of the machine's bytes
// (modules/pam_faillock/faillock.h).
const (
	tallyRecord = 64
	tallyStatus = 54
	tallyTime   = 56
	tallyValid  = 1
)

// refusals is what pam_faillock(8) still holds against somebody.
type refusals struct {
	logins, codes int
	shut          time.Time // zero: he is let in
}

// readRefusals reads both tallies of somebody. The limits are asked for only if something counts.
func readRefusals(name string, now time.Time, limits func() (faillock, error)) (r refusals, err error) {
	for _, t := range []struct {
		folder string
		count  *int
	}{{layout.Tallies, &r.logins}, {layout.CodeTallies, &r.codes}} {
		tally, err := os.ReadFile(t.folder + "/" + name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return r, err
		}
		times := parseTally(tally)
		if *t.count = len(times); len(times) == 0 {
			continue
		}
		limits, err := limits()
		if err != nil {
			return r, err // without it PAM lets nobody in
		}
		if shut := limits.shut(times, now); shut.After(r.shut) {
			r.shut = shut
		}
	}
	return r, nil
}

// parseTally returns when the refusals were that a tally still holds.
func parseTally(tally []byte) (times []int64) {
	for ; len(tally) >= tallyRecord; tally = tally[tallyRecord:] {
		if binary.NativeEndian.Uint16(tally[tallyStatus:])&tallyValid != 0 {
			times = append(times, int64(binary.NativeEndian.Uint64(tally[tallyTime:])))
		}
	}
	return times
}

// faillock is what faillock.conf(5) says; the times are in seconds.
type faillock struct{ deny, interval, unlock int64 }

// forever stands for "never" in it, and for an account that is not opened by the time alone.
const forever = 1000 * 365 * 24 * 60 * 60

func readFaillock() (faillock, error) {
	text, err := os.ReadFile(layout.Configuration + "/faillock.conf")
	return parseFaillock(text), err
}

func parseFaillock(text []byte) faillock {
	f := faillock{deny: 3, interval: 900, unlock: 600}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		key, value, _ := strings.Cut(line, "=")
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		switch strings.TrimSpace(key) {
		case "deny":
			f.deny = n
		case "fail_interval":
			f.interval = n
		case "unlock_time":
			if f.unlock = n; err != nil || n == 0 || n > forever { // "never"
				f.unlock = forever
			}
		}
	}
	return f
}

// shut says as pam_faillock(8) does until when the account is, zero: it is not.
func (f faillock) shut(times []int64, now time.Time) time.Time {
	latest, failures := slices.Max(times), int64(0)
	for _, t := range times {
		if latest-t < f.interval {
			failures++
		}
	}
	until := time.Unix(latest+f.unlock, 0).UTC()
	if f.deny == 0 || failures < f.deny || until.Before(now) {
		return time.Time{}
	}
	return until
}

// addLogins fills what ReadLogins knows of a person.
func (s Shadow) addLogins(u *User) {
	if s.logins == nil {
		return
	}
	if last, ok := s.logins[u.UID]; ok {
		u.LastLogin = &last
	}
	u.addRefused(s.refused[u.Name])
	u.addChosen(s.chosen[u.UID])
	u.addVerified(s.verified[u.UID])
}

func (u *User) addRefused(r refusals) {
	u.FailedLogins, u.FailedCodes = &r.logins, &r.codes
	if !r.shut.IsZero() {
		u.ShutUntil = &r.shut
	}
}

func (u *User) addChosen(p Preferences) {
	u.Language = orNull(string(p.Language))
	if p.Channel != "" {
		u.Channel = &p.Channel
	}
}

// AddLogins fills in of a few people what ReadLogins finds out of everybody.
func AddLogins(users []User) error {
	limits := sync.OnceValues(readFaillock)
	for i := range users {
		u := &users[i]
		last, err := os.Stat(LoginFile(u.UID))
		if err == nil {
			when := last.ModTime().UTC().Truncate(time.Second)
			u.LastLogin = &when
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		refused, err := readRefusals(u.Name, time.Now(), limits)
		if err != nil {
			return err
		}
		p, err := ReadPreferences(u.UID)
		if err != nil {
			return err
		}
		u.addRefused(refused)
		u.addChosen(p)
		address, err := readVerified(u.UID)
		if err != nil {
			return err
		}
		u.addVerified(address)
	}
	return nil
}

// LoginFile is where auth notes the last login of a uid.
func LoginFile(uid uint32) string {
	return layout.Logins + "/" + strconv.FormatUint(uint64(uid), 10)
}
