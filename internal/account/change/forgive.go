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
	err := attempt.Forget(name)
	for _, folder := range []string{layout.Tallies, layout.CodeTallies} {
		if _, none := os.Lstat(folder + "/" + name); none == nil { // else faillock(8) would make one
			err = errors.Join(err, run("", -1, faillock, "--dir", folder, "--user", name, "--reset"))
		}
	}
	return err
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
