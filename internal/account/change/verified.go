package change

import (
	"sharezone/internal/account"
	"sharezone/internal/disk"
)

// SetVerified writes down that mail to an address reaches somebody.
func SetVerified(uid uint32, email string) error {
	return disk.Write(account.VerifiedFile(uid), []byte(email+"\n"))
}
