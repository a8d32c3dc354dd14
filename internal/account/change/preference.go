package change

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/disk"
	"sharezone/internal/layout"
	"sharezone/internal/text"
)

// SetLanguage writes down which language somebody chose; "" is none. He may be anybody's account: nothing of it changes.
func SetLanguage(uid uint32, language string) error {
	if err := account.CheckLanguage(language); err != nil {
		return err
	}
	return choose(uid, func(p *account.Preferences) error {
		p.Language = text.Language(language)
		return nil
	})
}

// SetChannel writes down by what somebody wants to be told; "" is no choice.
func SetChannel(uid uint32, channel string) error {
	if err := account.CheckChannel(channel); err != nil {
		return err
	}
	return choose(uid, func(p *account.Preferences) error {
		p.Channel = account.Channel(channel)
		return nil
	})
}

// SetMessages writes down how often somebody wants to be told of what others do, where he chooses nothing else for a zone, and by
// what; a channel "" stays as it is.
func SetMessages(uid uint32, often account.Often, channel account.Channel) error {
	if err := account.CheckChannel(string(channel)); err != nil {
		return err
	}
	if !slices.Contains(account.Oftens, often) {
		return &account.FieldError{Field: "often", Reason: account.BadForm}
	}
	return choose(uid, func(p *account.Preferences) error {
		p.Often = often
		if channel != "" {
			p.Channel = channel
		}
		return nil
	})
}

// SetNotices writes down how often somebody wants to be told of a zone, and returns what holds then. What is only to reduce
// changes nothing that is as little already. Where he has chosen for as many zones as one can, what he chose for those that are not
// present, by id, is forgotten first.
func SetNotices(uid uint32, zoneID string, z account.ZoneNotices, onlyReduce bool, present func() (map[string]bool, error)) (account.Often, error) {
	set := func(makeRoom func(*account.Preferences)) (now account.Often, err error) {
		now = z.Often
		err = choose(uid, func(p *account.Preferences) error {
			if before := p.OftenFor(zoneID); onlyReduce && !z.Often.LessThan(before) {
				now = before
				return nil
			}
			makeRoom(p)
			return p.SetOften(zoneID, z)
		})
		return now, err
	}
	now, err := set(func(*account.Preferences) {})
	if !account.IsFull(err) {
		return now, err
	}
	zones, presentErr := present() // it takes its time, so not under the lock of all choices
	if presentErr != nil {
		return now, errors.Join(err, presentErr)
	}
	return set(func(p *account.Preferences) { p.KeepZones(zones) })
}

// choose changes preferences: read, changed and written by one at a time. They belong to him, so he reads them as himself.
func choose(uid uint32, change func(*account.Preferences) error) error {
	folder, err := os.Open(layout.Preferences)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := unix.Flock(int(folder.Fd()), unix.LOCK_EX); err != nil { // nobody but root can open it
		return err
	}
	p, err := account.ReadPreferences(uid)
	if err != nil {
		return err
	}
	if err := change(&p); err != nil {
		return err
	}
	reader, found := account.NewNames().GroupID(layout.UserSpool)
	if !found {
		return fmt.Errorf("group %s: %w", layout.UserSpool, ErrNoGroup)
	}
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return disk.WriteFor(account.PreferencesFile(uid), append(b, '\n'), uid, reader)
}
