package change

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"sharezone/internal/account"
	"sharezone/internal/disk"
	"sharezone/internal/layout"
)

// SetSponsor writes down who answers for somebody. Since when somebody does stays as it is: whoever takes people over has not invited them.
func SetSponsor(uid, sponsor uint32) error {
	group, found := account.NewNames().GroupID(layout.UserSpool)
	if !found {
		return fmt.Errorf("group %s: %w", layout.UserSpool, ErrNoGroup)
	}
	file := account.SponsorFile(uid)
	if err := os.Lchown(file, int(sponsor), int(group)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return disk.WriteFor(file, nil, sponsor, group)
}

// isSponsor says whether that is who answers for somebody already, also one who could not be named any more.
func isSponsor(uid uint32, name string, names *account.Names) (bool, error) {
	s, found, err := account.ReadSponsor(uid)
	if err != nil || !found {
		return false, err
	}
	now, _ := names.SponsorName(s.UID)
	return now == name, nil
}

// checkSponsor returns the uid of whoever is to answer for somebody, who must be of Share Zone; false: nobody does any more.
func checkSponsor(name, sponsor string, names *account.Names) (uid uint32, some bool, err error) {
	if sponsor == "" {
		return 0, false, nil
	}
	e, found := names.User(sponsor)
	if err := names.Err(); err != nil && !found {
		return 0, false, err
	}
	if !found || sponsor == name || e.UID < layout.MinUID || !names.InGroup(sponsor, layout.GroupBase) {
		return 0, false, &account.FieldError{Field: "sponsor", Reason: account.BadForm}
	}
	return e.UID, true, nil
}

// forgetSponsor removes who answers for an account.
func forgetSponsor(uid uint32) error {
	return remove(account.SponsorFile(uid))
}
