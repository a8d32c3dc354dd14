// Package verification has a link sent to a mail address by which its owner says that mail gets there. Who gives his account another
// address has it changed by that. It runs as root, in libexec/auth, libexec/account and shzadm.
package verification

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/invitation"
	"sharezone/internal/layout"
	"sharezone/internal/secret"
	"sharezone/internal/token"
)

// ErrNot says that somebody's address is not verified by a link: the account is locked, expired or not of Share Zone, or has
// no address.
var ErrNot = errors.New("no account whose address is verified by a link")

// noteTime is for how long a note to a former address waits for the mail server.
const noteTime = 7 * 24 * time.Hour

// Send hands the link for an address of somebody's to the worker, and says until when it is good: email, or his own if that is "". He gets
// the same one again, not sooner than pause after the last time; one for another address is void.
func Send(name, email string, hold, pause time.Duration, s config.Settings, now time.Time) (time.Time, error) {
	if err := invitation.Check(s); err != nil {
		return time.Time{}, err
	}
	names := account.NewNames()
	u, shadow, err := find(name, names, now)
	if err != nil {
		return time.Time{}, err
	}
	if email == "" {
		email = *u.Email
	}
	spool, found := names.GroupID(layout.UserSpool)
	if !found {
		return time.Time{}, errors.New("no group " + layout.UserSpool)
	}
	of := token.Record{Purpose: token.Address, User: u.Name, UID: u.UID, State: invitation.StateOf(u, shadow), Email: email}
	var until time.Time
	err = token.Machine().Issue(of, invitation.End(u, now.Add(hold)), pause, func(text string, r token.Record) error {
		until = r.Expires
		id, _, _ := strings.Cut(text, "-")
		return secret.HandOver(layout.Secrets, id, spool, secret.Secret{
			Kind: secret.Verify, User: u.Name, UID: u.UID, Address: r.Email, Text: text, Expires: r.Expires.UTC(),
		})
	})
	return until, err
}

// find returns who has a link sent.
func find(name string, names *account.Names, now time.Time) (account.User, account.Shadow, error) {
	shadow, err := account.ReadShadow()
	if err != nil {
		return account.User{}, shadow, err
	}
	register, err := account.ReadRegister()
	if err != nil {
		return account.User{}, shadow, err
	}
	u, found := names.FindUser(name, shadow, now)
	if err := names.Err(); err != nil {
		return u, shadow, err
	}
	if !found {
		return u, shadow, fmt.Errorf("%s: %w", name, ErrNot)
	}
	if why := names.CheckLinked(u, shadow, register); why != nil {
		return u, shadow, fmt.Errorf("%s: %w: %w", name, ErrNot, why)
	}
	return u, shadow, nil
}

// Pending says for which other address somebody has a link that is good, as his account is now; "" if for none.
func Pending(u account.User, shadow account.Shadow) (string, error) {
	r, found, err := token.Machine().Pending(token.Address, u.UID, invitation.StateOf(u, shadow))
	if err != nil || !found || u.Email != nil && r.Email == *u.Email {
		return "", err
	}
	return r.Email, nil
}

// Note has the former address of somebody told where his mail goes, once it does not go there any more. It has a name of its own: by
// another one's the worker, which reads and removes by name, could remove it unread. Who tries again may have it told twice.
func Note(name string, uid uint32, former, address string, now time.Time) error {
	spool, found := account.NewNames().GroupID(layout.UserSpool)
	if !found {
		return errors.New("no group " + layout.UserSpool)
	}
	return secret.HandOver(layout.Secrets, secret.NewID(), spool, secret.Secret{
		Kind: secret.Moved, User: name, UID: uid, Address: former, Text: address, Expires: now.Add(noteTime).UTC(),
	})
}
