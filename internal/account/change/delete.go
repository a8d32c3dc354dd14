package change

import (
	"errors"
	"fmt"
	"time"

	"sharezone/internal/account"
)

// ErrInUse says that a process of the account's still runs: a transfer under way, mostly.
var ErrInUse = errors.New("a process of this account is still running")

// userdelInUse is with which exit code userdel says so (userdel(8)).
const userdelInUse = 8

// Shut is the first step of deleting an account that Share Zone made: locked and expired, so that nothing of its
// begins any more, whatever comes next. It returns who that is. Prepare must have been called.
func Shut(name string) (account.Entry, error) {
	e, err := own(name, "delete", account.NewNames())
	if err != nil {
		return e, err
	}
	return e, run("", 1, usermod, "--lock", "--expiredate", "1", "--", name)
}

// CheckDelete returns who it is, or why Shut would refuse.
func CheckDelete(name string) (account.Entry, error) { return own(name, "delete", account.NewNames()) }

// Delete removes an account after Shut, with its private group. Uid and gid stay in the register for good. Files and
// entries of access lists are the caller's to see to: what is left keeps the number.
func Delete(e account.Entry, now time.Time) error {
	register, err := openRegister()
	if err != nil {
		return err
	}
	defer register.close()
	if err := register.keep(e.UID, e.Name, now); err != nil {
		return err
	}
	if found, ok := account.NewNames().User(e.Name); !ok || found.UID != e.UID {
		return fmt.Errorf("%s: %w", e.Name, ErrNoAccount)
	}
	err = run("", 1, userdel, "--", e.Name)
	var failed *ToolError
	if errors.As(err, &failed) && failed.Code == userdelInUse {
		return fmt.Errorf("%s: %w: %w", e.Name, ErrInUse, err)
	}
	if err != nil {
		return err
	}
	if gid, left := account.NewNames().GroupID(e.Name); left && gid == e.GID { // USERGROUPS_ENAB no in login.defs(5)
		return run("", 10, groupdel, "--", e.Name)
	}
	return nil
}
