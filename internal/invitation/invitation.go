// Package invitation has a link sent by which somebody for whom an account was made chooses his password. It runs as root,
// in libexec/account and in shzadm.
package invitation

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/layout"
	"sharezone/internal/secret"
	"sharezone/internal/token"
)

var (
	// ErrOff says that nobody can be invited.
	ErrOff = errors.New("no mails are sent, or no public_url is set")
	// ErrNot says that somebody cannot be invited again: he has chosen his password, or is locked, expired or not of Share Zone, or has no address.
	ErrNot = errors.New("not waiting for an invitation")
)

// Check says whether somebody could be invited.
func Check(s config.Settings) error {
	if !s.Invites() {
		return ErrOff
	}
	return nil
}

// Send hands the link to the worker and says until when it is good. Who has one gets the same again, which leads where it led.
func Send(name, zone, actor string, s config.Settings, now time.Time) (time.Time, error) {
	if err := Check(s); err != nil {
		return time.Time{}, err
	}
	names := account.NewNames()
	shadow, err := account.ReadShadow()
	if err != nil {
		return time.Time{}, err
	}
	u, found := names.FindUser(name, shadow, now)
	if err := names.Err(); err != nil {
		return time.Time{}, err
	}
	if !found || !shadow.MustChange(name) {
		return time.Time{}, fmt.Errorf("%s: %w", name, ErrNot)
	}
	register, err := account.ReadRegister()
	if err != nil {
		return time.Time{}, err
	}
	if why := names.CheckLinked(u, shadow, register); why != nil { // a link would be refused
		return time.Time{}, fmt.Errorf("%s: %w: %w", name, ErrNot, why)
	}
	last := End(u, now.Add(s.Login.Invitation))
	spool, found := names.GroupID(layout.UserSpool)
	if !found {
		return time.Time{}, errors.New("no group " + layout.UserSpool)
	}
	of := token.Record{Purpose: token.Invitation, User: name, UID: u.UID, State: StateOf(u, shadow), Zone: zone}
	var until time.Time
	err = token.Machine().Issue(of, last, 0, func(text string, r token.Record) error {
		until = End(u, r.Expires)
		id, _, _ := strings.Cut(text, "-")
		return secret.HandOver(layout.Secrets, id, spool, secret.Secret{
			Kind: secret.Invite, User: name, UID: u.UID, Actor: actor, Zone: r.Zone, Text: text, Expires: until.UTC(),
		})
	})
	return until, err
}

// StateOf is the state that a link of somebody is bound to, as libexec/auth makes it.
func StateOf(u account.User, shadow account.Shadow) string {
	email, role := "", ""
	if u.Email != nil {
		email = *u.Email
	}
	if len(u.Roles) > 0 {
		role = string(u.Roles[len(u.Roles)-1])
	}
	return token.StateOf(u.UID, shadow.Password(u.Name), email, role)
}

// End is when a link that holds until then is no good to somebody any more: his account may end sooner.
func End(u account.User, then time.Time) time.Time {
	if u.Expires != nil {
		if day, err := time.Parse(time.DateOnly, *u.Expires); err == nil && day.Before(then) {
			return day
		}
	}
	return then
}

// Pending says until when the link is good that somebody has, as his account is now; nil if he has none.
func Pending(u account.User) (*time.Time, error) {
	shadow, err := account.ReadShadow()
	if err != nil {
		return nil, err
	}
	r, found, err := token.Machine().Pending(token.Invitation, u.UID, StateOf(u, shadow))
	if err != nil || !found {
		return nil, err
	}
	until := End(u, r.Expires)
	return &until, nil
}
