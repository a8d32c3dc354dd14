// Package invitation has a link sent by which somebody for whom an account was made chooses his password. It runs as root,
// in libexec/account and in shzadm.
package invitation

import (
	"errors"
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
	// ErrNot says that somebody cannot be invited again: he has chosen his password, or is locked, or has no address.
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
	if !found || !shadow.HasPassword(name) || !shadow.MustChange(name) || u.Email == nil {
		return time.Time{}, ErrNot
	}
	spool, found := names.GroupID(layout.UserSpool)
	if !found {
		return time.Time{}, errors.New("no group " + layout.UserSpool)
	}
	of := token.Record{Purpose: token.Invitation, User: name, UID: u.UID, State: token.StateOf(u.UID, shadow.Password(name), *u.Email), Zone: zone}
	var until time.Time
	err = token.Machine().Issue(of, now.Add(s.Login.Invitation), 0, func(text string, r token.Record) error {
		until = r.Expires
		id, _, _ := strings.Cut(text, "-")
		return secret.HandOver(layout.Secrets, id, spool, secret.Secret{
			Kind: secret.Invite, User: name, UID: u.UID, Actor: actor, Zone: r.Zone, Text: text, Expires: r.Expires.UTC(),
		})
	})
	return until, err
}

// Pending says until when somebody's link is good; nil if he has none.
func Pending(uid uint32) (*time.Time, error) {
	r, found, err := token.Machine().Pending(token.Invitation, uid)
	if err != nil || !found {
		return nil, err
	}
	return &r.Expires, nil
}
