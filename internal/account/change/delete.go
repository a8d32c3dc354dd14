package change

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
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

// CheckIdle returns ErrInUse while a process of the account's runs, so that nothing is taken from it before userdel(8)
// would refuse for the same reason.
func CheckIdle(e account.Entry) error {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	for _, p := range processes {
		if _, err := strconv.Atoi(p.Name()); err != nil {
			continue
		}
		// The folder itself is root's where a process may not be traced, as ours: the real uid stands in status.
		status, err := os.ReadFile("/proc/" + p.Name() + "/status")
		if err != nil {
			continue // gone meanwhile
		}
		_, rest, _ := strings.Cut(string(status), "\nUid:\t")
		if uid, _, _ := strings.Cut(rest, "\t"); uid == strconv.FormatUint(uint64(e.UID), 10) {
			return fmt.Errorf("%s: %w", e.Name, ErrInUse)
		}
	}
	return nil
}

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
	err = errors.Join(forgetName(e.Name), forgetFactor(e.Name), forgetNumber(e.UID))
	if gid, left := account.NewNames().GroupID(e.Name); left && gid == e.GID { // USERGROUPS_ENAB no in login.defs(5)
		err = errors.Join(err, run("", 10, groupdel, "--", e.Name))
	}
	return err
}
