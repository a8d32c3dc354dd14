package change

import (
	"errors"
	"fmt"

	"sharezone/internal/account"
	"sharezone/internal/layout"
	"sharezone/internal/token"
)

// ErrPasswordless says that an account has no password behind its lock, so unlocking it would open it to everybody or,
// as usermod decides, do nothing.
var ErrPasswordless = errors.New("this account has no password")

// Lock keeps the password of an account that Share Zone made from matching, as usermod -L does; the password itself is
// kept. One that is locked already stays so. Links that were sent do not come back to life when it is unlocked. Prepare must have been
// called.
func Lock(name string) error {
	e, err := own(name, "lock", account.NewNames())
	if err != nil {
		return err
	}
	if err := run("", 1, usermod, "--lock", "--", name); err != nil {
		return err
	}
	if err := verifyLock(name, true); err != nil {
		return err
	}
	return partly(token.Machine().Revoke(e.UID))
}

// Unlock makes it match again, and forgets the refused logins. Of somebody's own account, whose password is none of Share Zone's business,
// it forgets those alone. Prepare must have been called.
func Unlock(name string) error {
	names := account.NewNames()
	_, err := own(name, "lock", names)
	if errors.As(err, new(*NotOursError)) && names.InGroup(name, layout.GroupBase) {
		return Forgive(name)
	}
	if err != nil {
		return err
	}
	shadow, err := account.ReadShadow()
	if err != nil {
		return err
	}
	if shadow.HasPassword(name) {
		return Forgive(name)
	}
	if !shadow.HasLockedPassword(name) {
		return fmt.Errorf("%s: %w", name, ErrPasswordless)
	}
	if err := run("", 1, usermod, "--unlock", "--", name); err != nil {
		return err
	}
	if err := verifyLock(name, false); err != nil {
		return err
	}
	return partly(Forgive(name))
}

func verifyLock(name string, locked bool) error {
	shadow, err := account.ReadShadow()
	if err == nil && shadow.HasPassword(name) == locked {
		err = fmt.Errorf("usermod did not change the lock of %s", name)
	}
	return err
}
