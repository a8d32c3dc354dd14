package account

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// VerifiedFile is what says to which address mail is known to reach a uid: its one line. Whoever gives the account another address,
// by usermod(8) too, need not touch it, because it is compared.
func VerifiedFile(uid uint32) string {
	return layout.Verified + "/" + strconv.FormatUint(uint64(uid), 10)
}

// readVerified returns the address at which mail is known to reach a uid, "" if none is.
func readVerified(uid uint32) (string, error) {
	f, err := os.OpenFile(VerifiedFile(uid), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxEmail+2))
	return strings.TrimSuffix(string(b), "\n"), err
}

// addVerified fills in whether somebody's address is the one that is known to reach him.
func (u *User) addVerified(address string) {
	u.EmailVerified = u.Email != nil && *u.Email == address
}
