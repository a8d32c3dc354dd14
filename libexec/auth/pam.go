package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode"

	"github.com/msteinert/pam/v2"
)

// maxAnswers bounds a conversation: pam_pwquality with retries would ask for ever.
const maxAnswers = 8

// maxPassword is what crypt(3) can hash: CRYPT_MAX_PASSPHRASE_SIZE without its NUL. pam_unix fails at one byte more.
const maxPassword = 511

func validPassword(p string) bool {
	return p != "" && len(p) <= maxPassword && !strings.ContainsRune(p, 0)
}

// checkNew refuses a new password that PAM could not take, or no form; PAM judges the rest.
func checkNew(p string) error {
	switch {
	case p == "":
		return &told{"weak", "no new password"}
	case len(p) > maxPassword:
		return &told{"weak", fmt.Sprintf("the new password is longer than %d bytes", maxPassword)}
	case strings.ContainsFunc(p, unicode.IsControl):
		return &told{"weak", "a control character in the new password"}
	}
	return nil
}

// conversation answers every hidden prompt with secret and collects what modules say.
type conversation struct {
	secret  string
	answers int
	said    []string
}

func (c *conversation) RespondPAM(style pam.Style, text string) (string, error) {
	switch style {
	case pam.PromptEchoOff:
		if c.answers++; c.answers > maxAnswers {
			return "", errors.New("too many prompts")
		}
		return c.secret, nil
	case pam.ErrorMsg, pam.TextInfo:
		c.said = append(c.said, text)
		return "", nil
	}
	return "", errors.New("a module asks what a web form cannot answer")
}

// withPAM runs f in a PAM transaction for the user. service is the file in /etc/pam.d, which each entry has its own of: an
// administrator can ask more of those who come from outside. No session is opened: a login by web is none (pam_systemd,
// pam_limits and the like have no place in the service file).
func withPAM(service, user, address string, c *conversation, f func(*pam.Transaction) error) error {
	// Without a file of its own PAM would go by /etc/pam.d/other, which Debian has ask what a console asks.
	if _, err := os.Stat("/etc/pam.d/" + service); err != nil {
		return err
	}
	t, err := pam.Start(service, user, c)
	if err != nil {
		return err
	}
	defer t.End()
	if err := t.SetItem(pam.Rhost, address); err != nil {
		return err
	}
	if err := t.SetItem(pam.Tty, "sharezone"); err != nil {
		return err
	}
	if err := f(t); err != nil {
		return err
	}
	// A module may map the name to another; the session must be the one of whom we looked up.
	found, err := t.GetItem(pam.User)
	if err == nil && found != user {
		err = fmt.Errorf("PAM turned user %q into %q", user, found)
	}
	return err
}

// authenticate asks PAM for the password; nil means right.
func authenticate(service string, a account, address, password string) error {
	c := &conversation{secret: password}
	return withPAM(service, a.name, address, c, func(t *pam.Transaction) error {
		return t.Authenticate(pam.Silent | pam.DisallowNullAuthtok)
	})
}

// accountState asks PAM whether the account may be used now: expiry of account and password, and what the
// administrator's modules say. mustChange is true when only the password is over.
func accountState(service string, a account, address string) (mustChange bool, err error) {
	err = withPAM(service, a.name, address, &conversation{}, func(t *pam.Transaction) error {
		return t.AcctMgmt(pam.Silent)
	})
	if errors.Is(err, pam.ErrNewAuthtokReqd) {
		return true, nil
	}
	return false, err
}

// saysNo tells an answer about the account from a service that cannot give one.
func saysNo(err error) bool {
	for _, no := range [...]error{pam.ErrAcctExpired, pam.ErrAuthtokExpired, pam.ErrCredExpired, pam.ErrPermDenied, pam.ErrAuth, pam.ErrUserUnknown} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// setPassword changes the password through PAM's password stack. It runs with real uid 0, so PAM does not ask for the
// old one: who calls it has verified that before.
func setPassword(service string, a account, address, password string) error {
	c := &conversation{secret: password}
	err := withPAM(service, a.name, address, c, func(t *pam.Transaction) error {
		err := t.ChangeAuthTok(0)
		if errors.Is(err, pam.ErrAuthtokLockBusy) {
			err = t.ChangeAuthTok(0) // another passwd or useradd held the files' lock
		}
		return err
	})
	if err != nil && len(c.said) > 0 {
		return &told{"weak", strings.Join(c.said, "; ")}
	}
	return err
}
