package attempt

import (
	"cmp"
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/layout"
)

// LimitsOf are the limits that the settings have.
func LimitsOf(l config.Login) Limits {
	return Limits{Pair: l.PairFailures, Address: l.AddressFailures, Window: l.FailureWindow}
}

// AddShut fills in of people from which addresses they are let in no more, though from others they are. Of whom that cannot be read it
// is not known, nil, and why is the error: the others have theirs.
func AddShut(users []account.User, limits Limits) error {
	return store{folder: layout.Attempts, now: time.Now(), limits: limits}.addShut(users)
}

func (s store) addShut(users []account.User) error {
	names, err := s.names()
	if err != nil {
		return err
	}
	byName := make(map[string]*account.User, len(users))
	for i := range users {
		users[i].ShutFrom = []account.ShutFrom{}
		byName[users[i].Name] = &users[i]
	}
	var unread error
	for _, name := range names {
		user, address, _ := cutPair(name)
		u := byName[user]
		if u == nil {
			continue
		}
		c, err := s.look(name)
		switch {
		case errors.Is(err, os.ErrNotExist): // forgotten meanwhile
		case err != nil:
			unread = errors.Join(unread, err)
			u.ShutFrom = nil
			delete(byName, user)
		case c.Failures >= s.limits.Pair:
			u.ShutFrom = append(u.ShutFrom, account.ShutFrom{Address: network(address), Until: c.Since.Add(s.limits.Window).UTC().Truncate(time.Second)})
		}
	}
	for _, u := range byName {
		slices.SortFunc(u.ShutFrom, func(a, b account.ShutFrom) int {
			return cmp.Or(b.Until.Compare(a.Until), cmp.Compare(a.Address, b.Address))
		})
	}
	return unread
}

// names are those of the files; none where nothing was counted yet.
func (s store) names() ([]string, error) {
	folder, err := os.Open(s.folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	return folder.Readdirnames(-1)
}

// cutPair takes the name of a file apart; false for one of an address alone. Names of a directory may have an @, addresses have none.
func cutPair(name string) (user, address string, is bool) {
	at := strings.LastIndexByte(name, '@')
	if at <= 0 {
		return "", "", false
	}
	return name[:at], name[at+1:], true
}

// network is an address as it is counted, with what of it is: of IPv6 the first 64 bits.
func network(bucket string) string {
	if a, err := netip.ParseAddr(bucket); err == nil && a.Is6() {
		return bucket + "/64"
	}
	return bucket
}
