package change

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"sharezone/internal/account"
	"sharezone/internal/token"
)

// Symbols of generated passwords: none that look alike on a phone or in print (0 O o, 1 l I i).
const (
	passwordFirst = "ABCDEFGHJKLMNPQRSTUVWXYZ"        // a phone's keyboard writes the first letter so
	passwordRest  = "abcdefghjkmnpqrstuvwxyz23456789" // 23 letters and 8 digits
	passwordSize  = 16
	passwordGroup = 4
)

// maxPassword is what PAM modules accept, in bytes (PAM_MAX_RESP_SIZE is 512 with its NUL).
const maxPassword = 511

// GeneratePassword returns a random password in four groups of four, such as "Kx7m-9qwe-r4tz-pm3d". One letter of 24
// and 15 symbols of 31 are 78.9 bits; that it contains a digit, as site rules may ask, costs less than 0.1 bit. A
// guesser who tries 100 a second online, or a million a second on a stolen shadow file, does not live to see it.
func GeneratePassword() (string, error) {
	for {
		var b strings.Builder
		for i := range passwordSize {
			symbols := passwordRest
			if i == 0 {
				symbols = passwordFirst
			} else if i%passwordGroup == 0 {
				b.WriteByte('-')
			}
			n, err := rand.Int(rand.Reader, big.NewInt(int64(len(symbols))))
			if err != nil {
				return "", err
			}
			b.WriteByte(symbols[n.Int64()])
		}
		if strings.ContainsAny(b.String(), "23456789") {
			return b.String(), nil
		}
	}
}

// ErrLocked says that an account is locked: a new password would open it.
var ErrLocked = errors.New("this account is locked")

// Reset gives an account that Share Zone made another password, to be changed at the next login, and forgets the refused
// logins; links that were sent are void. One that never had a password, because making it was interrupted, gets its first. A *PartlyError says that the
// password holds although something after it failed. Prepare must have been called.
func Reset(name, password string) error {
	e, err := own(name, "modify", account.NewNames())
	if err != nil {
		return err
	}
	if err := checkPassword(password); err != nil {
		return err
	}
	shadow, err := account.ReadShadow()
	if err != nil {
		return err
	}
	if !shadow.HasPassword(name) && !shadow.NeverHadPassword(name) {
		return fmt.Errorf("%s: %w", name, ErrLocked)
	}
	if err := run(name+":"+password+"\n", 1, chpasswd); err != nil {
		return err
	}
	if err := run("", 1, chage, "--lastday", "0", "--", name); err != nil {
		return partly(err)
	}
	return partly(errors.Join(token.Machine().Revoke(e.UID), Forgive(name)))
}

// checkPassword refuses what chpasswd's line of input or PAM cannot carry; whether it is good enough PAM decides.
func checkPassword(password string) error {
	switch {
	case password == "":
		return &account.FieldError{Field: "password", Reason: account.Missing}
	case len(password) > maxPassword:
		return &account.FieldError{Field: "password", Reason: account.TooLong}
	case !utf8.ValidString(password):
		return &account.FieldError{Field: "password", Reason: account.NotUTF8}
	case strings.ContainsFunc(password, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return &account.FieldError{Field: "password", Reason: account.Forbidden}
	}
	return nil
}
