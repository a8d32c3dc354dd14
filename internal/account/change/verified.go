package change

import (
	"errors"
	"io/fs"
	"os"

	"sharezone/internal/account"
	"sharezone/internal/disk"
)

// SetVerified writes down that mail to an address reaches somebody.
func SetVerified(uid uint32, email string) error {
	return disk.Write(account.VerifiedFile(uid), []byte(email+"\n"))
}

// forgetVerified removes that of an account that is gone.
func forgetVerified(uid uint32) error {
	if err := os.Remove(account.VerifiedFile(uid)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
