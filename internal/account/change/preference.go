package change

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	return choose(uid, func(p *account.Preferences) { p.Language = text.Language(language) })
}

// SetChannel writes down by what somebody wants to be told; "" is no choice.
func SetChannel(uid uint32, channel string) error {
	if err := account.CheckChannel(channel); err != nil {
		return err
	}
	return choose(uid, func(p *account.Preferences) { p.Channel = account.Channel(channel) })
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
	return choose(uid, func(p *account.Preferences) {
		p.Often = often
		if channel != "" {
			p.Channel = channel
		}
	})
}

// SetNotices writes down how often somebody wants to be told of a zone, and returns what holds then. What is only to reduce
// changes nothing that is as little already. Where he has chosen for as many zones as one can, what he chose for those that are not
// present, by id, is forgotten first.
func SetNotices(uid uint32, zoneID string, z account.ZoneNotices, onlyReduce bool, present func() (map[string]bool, error)) (account.Often, error) {
	var refused error
	now := z.Often
	err := choose(uid, func(p *account.Preferences) {
		if before := p.OftenFor(zoneID); onlyReduce && !z.Often.LessThan(before) {
			now = before
			return
		}
		if refused = p.SetOften(zoneID, z); !account.IsFull(refused) {
			return
		}
		zones, err := present()
		if err != nil {
			refused = err
			return
		}
		p.KeepZones(zones)
		refused = p.SetOften(zoneID, z)
	})
	return now, errors.Join(refused, err)
}

// choose changes preferences: read, changed and written by one at a time. They belong to him, so he reads them as himself.
func choose(uid uint32, change func(*account.Preferences)) error {
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
	change(&p)
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

// forgetPreferences removes those of an account that is gone.
func forgetPreferences(uid uint32) error {
	if err := os.Remove(account.PreferencesFile(uid)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
