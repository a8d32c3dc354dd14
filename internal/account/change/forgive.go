package change

import (
	"errors"
	"io/fs"
	"os"

	"sharezone/internal/account"
	"sharezone/internal/attempt"
	"sharezone/internal/layout"
)

// Forgive forgets the refused logins of an account, so that it is shut no more for having been guessed at. It may be
// anybody's that is in Share Zone: nothing of the account itself changes.
func Forgive(name string) error {
	if _, err := person(name, account.NewNames()); err != nil {
		return err
	}
	err := attempt.Forget(name)
	if _, none := os.Lstat(layout.Tallies + "/" + name); none != nil {
		return err // faillock(8) would make one
	}
	return errors.Join(err, run("", -1, faillock, "--dir", layout.Tallies, "--user", name, "--reset"))
}

// forgetLogins removes what is written down of the logins of an account that is gone.
func forgetLogins(e account.Entry) error {
	err := attempt.Forget(e.Name)
	for _, path := range []string{layout.Tallies + "/" + e.Name, account.LoginFile(e.UID)} {
		if gone := os.Remove(path); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
