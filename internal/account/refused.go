package account

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/layout"
)

// ReadLogins adds what auth and pam_faillock(8) wrote down: when somebody logged in last, and how often he was refused
// since; what he chose, and at which address mail reaches him. Where that cannot be read it is not known.
func (s *Shadow) ReadLogins() error {
	s.logins, s.refused, s.chosen = make(map[uint32]time.Time), make(map[string]int), make(map[uint32]Preferences)
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
	tallies, err := readFolder(layout.Tallies)
	if err != nil {
		return err
	}
	for _, f := range tallies {
		if f.Size() == 0 {
			continue // nearly all of them: a right password empties it
		}
		tally, err := os.ReadFile(layout.Tallies + "/" + f.Name())
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		s.refused[f.Name()] = countTally(tally)
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
	tallyValid  = 1
)

// countTally counts the refused logins that a tally still holds.
func countTally(tally []byte) int {
	n := 0
	for ; len(tally) >= tallyRecord; tally = tally[tallyRecord:] {
		if binary.NativeEndian.Uint16(tally[tallyStatus:])&tallyValid != 0 {
			n++
		}
	}
	return n
}

// addLogins fills what ReadLogins knows of a person.
func (s Shadow) addLogins(u *User) {
	if s.logins == nil {
		return
	}
	if last, ok := s.logins[u.UID]; ok {
		u.LastLogin = &last
	}
	refused := s.refused[u.Name]
	u.FailedLogins = &refused
	u.addChosen(s.chosen[u.UID])
	u.addVerified(s.verified[u.UID])
}

func (u *User) addChosen(p Preferences) {
	u.Language = orNull(string(p.Language))
	if p.Channel != "" {
		u.Channel = &p.Channel
	}
}

// AddLogins fills in of a few people what ReadLogins finds out of everybody.
func AddLogins(users []User) error {
	for i := range users {
		u := &users[i]
		last, err := os.Stat(LoginFile(u.UID))
		if err == nil {
			when := last.ModTime().UTC().Truncate(time.Second)
			u.LastLogin = &when
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		tally, err := os.ReadFile(layout.Tallies + "/" + u.Name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		p, err := ReadPreferences(u.UID)
		if err != nil {
			return err
		}
		refused := countTally(tally)
		u.FailedLogins = &refused
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
