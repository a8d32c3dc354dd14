package change

import (
	"errors"
	"io/fs"
	"os"

	"sharezone/internal/account"
	"sharezone/internal/attempt"
	"sharezone/internal/factor"
	"sharezone/internal/layout"
)

// Forgive forgets the refused logins of an account, so that it is shut no more for having been guessed at. It may be
// anybody's that is in Share Zone: nothing of the account itself changes.
func Forgive(name string) error {
	if _, err := person(name, account.NewNames()); err != nil {
		return err
	}
	return errors.Join(attempt.Forget(name), resetTally(layout.Tallies, name), resetTally(layout.CodeTallies, name))
}

// ForgivePasswords forgets the refused passwords alone, for who has set his own by a link. Codes of a second factor count on, and the
// counts by address are of both: otherwise whoever reads somebody's mail would have as many codes as he likes.
func ForgivePasswords(name string) error {
	e, err := person(name, account.NewNames())
	if err != nil {
		return err
	}
	state, err := factor.Installed().Look(factor.Person{Name: e.Name, UID: e.UID})
	if err == nil && !state.Enrolled {
		err = attempt.Forget(name)
	}
	return errors.Join(err, resetTally(layout.Tallies, name))
}

// resetTally has faillock(8) forget what stands in a folder of pam_faillock(8).
func resetTally(folder, name string) error {
	if _, err := os.Lstat(folder + "/" + name); errors.Is(err, fs.ErrNotExist) {
		return nil // faillock(8) would make one
	}
	return run("", -1, faillock, "--dir", folder, "--user", name, "--reset")
}

// forgetLogins removes what is written down of the logins of an account that is gone, and its second factor.
func forgetLogins(e account.Entry) error {
	err := attempt.Forget(e.Name)
	if gone := factor.Installed().Remove(e.Name); !errors.Is(gone, factor.ErrNone) {
		err = errors.Join(err, gone)
	}
	for _, path := range []string{layout.Tallies + "/" + e.Name, layout.CodeTallies + "/" + e.Name, account.LoginFile(e.UID)} {
		if gone := os.Remove(path); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
