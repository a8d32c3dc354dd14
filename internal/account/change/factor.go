package change

import (
	"errors"
	"fmt"
	"os"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/factor"
	"sharezone/internal/slot"
)

// DropFactor takes the second factor off somebody who has lost his phone. He may be anybody who is in Share Zone: nothing of the account
// itself changes. The error is factor.ErrNone where there is none.
func DropFactor(name string) error {
	e, err := person(name, account.NewNames())
	if err != nil {
		return err
	}
	held, err := holdFactor(e.UID)
	if err != nil {
		return err
	}
	defer held.Close()
	if err := factor.Installed().Remove(name); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// holdFactor is the lock of libexec/auth: a PAM module that has just read the file would write it anew.
func holdFactor(uid uint32) (*os.File, error) {
	f, err := slot.LockBefore(time.Now().Add(holdTime), fmt.Sprintf("factor.%d.0", uid))
	if errors.Is(err, slot.ErrTaken) {
		err = ErrBusy
	}
	return f, err
}

// forgetFactor removes that of an account that is gone.
func forgetFactor(name string) error {
	if err := factor.Installed().Remove(name); !errors.Is(err, factor.ErrNone) {
		return err
	}
	return nil
}
