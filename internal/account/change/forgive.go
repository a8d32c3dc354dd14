package change

import (
	"errors"
	"io/fs"
	"os"

	"sharezone/internal/account"
	"sharezone/internal/attempt"
	"sharezone/internal/factor"
	"sharezone/internal/layout"
	"sharezone/internal/session"
	"sharezone/internal/token"
)

// Forgive forgets the refused logins of an account, so that it is shut no more for having been guessed at. It may be
// anybody's that is in Share Zone: nothing of the account itself changes.
func Forgive(name string) error {
	if _, err := person(name, account.NewNames()); err != nil {
		return err
	}
	return errors.Join(attempt.Forgive(name), resetTally(layout.Tallies, name), resetTally(layout.CodeTallies, name))
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
		err = attempt.Forgive(name)
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

// forgetName removes what is counted under the name of an account that is gone. A second factor stays: it may be that of somebody who has
// another name by now.
func forgetName(name string) error {
	return errors.Join(attempt.Forget(name), remove(layout.Tallies+"/"+name, layout.CodeTallies+"/"+name))
}

// forgetNumber removes what is written down under the number of an account that is gone: links, sessions, the last login, choices, whose
// address is known, who answers for it. useradd(8) gives numbers again that Share Zone did not give; whoever gets one, and is let in,
// inherits nothing of that.
func forgetNumber(uid uint32) error {
	err := remove(account.LoginFile(uid), account.PreferencesFile(uid), account.SponsorFile(uid), account.VerifiedFile(uid))
	if links := token.Machine().Revoke(uid); !errors.Is(links, fs.ErrNotExist) {
		err = errors.Join(err, links)
	}
	all, listErr := session.List()
	if !errors.Is(listErr, fs.ErrNotExist) {
		err = errors.Join(err, listErr)
	}
	for _, s := range all {
		if s.Err == nil && s.Record.UID == uid {
			err = errors.Join(err, session.End(s.Name))
		}
	}
	return err
}

// remove removes files that need not be there.
func remove(paths ...string) (err error) {
	for _, path := range paths {
		if gone := os.Remove(path); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
