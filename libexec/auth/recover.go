package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	accounts "sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/attempt"
	"sharezone/internal/config"
	"sharezone/internal/layout"
	"sharezone/internal/secret"
	"sharezone/internal/session"
	"sharezone/internal/token"
)

const (
	// mailPause is how long nobody gets the same link again: mails are no means to annoy somebody by.
	mailPause = 5 * time.Minute
	// questionTime is how many times that of a refused login the answer to a question takes. Writing a link to a disk that others use too
	// must not show in it.
	questionTime = 3
	// linkWait is how long a link, or a question, waits for somebody who changes the account, or is at the store: everybody's logins are kept
	// from one of their slots meanwhile.
	linkWait = time.Second / 2
	// useWait is how long a link waits for others that are used: PAM sets a password in each of them.
	useWait = 5 * time.Second
)

// forgot has a link sent to whoever has forgotten his password, if he may have one. Whether anything was sent, for whom, and why
// not stands in the log alone: the answer is always the same and takes the same time.
func forgot(q request, _ caller) (reply, error) {
	settings, err := config.Read()
	if err != nil {
		return reply{}, err
	}
	slot, err := takeSlot("auth", settings.Login)
	if err != nil {
		return reply{}, err // whatever the name
	}
	began := time.Now()
	err = tryForgot(q, settings)
	slot.Close() // before the pause: strangers who ask must not keep others from logging in
	if err != nil {
		log("forgotten password", err)
	}
	pad(began, questionTime*settings.Login.Failure)
	return reply{}, nil
}

func tryForgot(q request, settings config.Settings) error {
	address, err := parseOrigin(q)
	if err != nil {
		return err
	}
	name := q.Username
	if !session.ValidUser(name) {
		name = "?"
	}
	// 1. Refuse if this address has asked or guessed too often. Each question counts as a refused login of the address: who asks for
	// many names is none that has forgotten his own.
	try, err := attempt.Begin("", address, attempt.LimitsOf(settings.Login))
	logUncounted(try)
	if err != nil {
		return fmt.Errorf("user %s from %s: %w", name, address, err)
	}
	// 2. Refuse if nobody has the name, or his password is not set by mail.
	a, err := findAccount(q.Username)
	if err == nil {
		err = checkRecovery(a, settings)
	}
	if err != nil {
		return fmt.Errorf("user %s from %s: %w", name, address, err)
	}
	// 3. Refuse if he had one sent a moment ago.
	of := token.Record{Purpose: token.Password, User: a.name, UID: a.uid, State: stateOf(a)}
	return links(linkWait).Issue(of, time.Now().Add(settings.Login.RecoveryTime), mailPause, sendLink)
}

// links is the store for who has a slot of those that log in.
func links(wait time.Duration) token.Store {
	s := token.Machine()
	s.Wait = wait
	return s
}

// sendLink hands a link to the worker.
func sendLink(text string, r token.Record) error {
	spool, found := accounts.NewNames().GroupID(layout.UserSpool)
	if !found {
		return errors.New("no group " + layout.UserSpool)
	}
	id, _, _ := strings.Cut(text, "-")
	return secret.HandOver(layout.Secrets, id, spool, secret.Secret{Kind: secret.Recover, User: r.User, UID: r.UID, Text: text, Expires: r.Expires.UTC()})
}

// checkRecovery says why an account's password is not set by mail.
func checkRecovery(a account, settings config.Settings) error {
	if !settings.Recovers() {
		return errors.New("no role may, no mails are sent, or no public_url is set")
	}
	if !slices.Contains(strings.Split(settings.Login.Recovery, ","), a.roles[len(a.roles)-1]) {
		return errors.New("not by the role " + a.roles[len(a.roles)-1])
	}
	return checkLinked(a)
}

// checkLinked says why nobody sets the password of an account by a link.
func checkLinked(a account) error {
	names := accounts.NewNames()
	shadow, err := accounts.ReadShadow()
	if err != nil {
		return err
	}
	register, err := accounts.ReadRegister()
	if err != nil {
		return err
	}
	u, found := names.FindUser(a.name, shadow, time.Now())
	if err := names.Err(); err != nil {
		return err
	}
	if !found || u.UID != a.uid {
		return errors.New("another account of this name")
	}
	return names.CheckLinked(u, shadow, register)
}

// stateOf is the state that a link of an account is bound to.
func stateOf(a account) string {
	return token.StateOf(a.uid, a.shadow, emailOf(a.name), a.roles[len(a.roles)-1])
}

func emailOf(name string) string {
	e, _ := accounts.NewNames().User(name)
	return accounts.ParseGECOS(e.GECOS).Email
}

// recoverPassword sets a password for who has a link, because he has forgotten his own or was invited. Whatever is wrong with the link, or
// has become of the account, it is refused in the same way, in the same time.
func recoverPassword(q request, _ caller) (reply, error) { return byLink(q, tryRecover) }

// byLink runs what somebody does by a link.
func byLink(q request, run func(request, config.Settings) (reply, error)) (reply, error) {
	settings, err := config.Read()
	if err != nil {
		return reply{}, err
	}
	slot, err := takeSlot("auth", settings.Login)
	if err != nil {
		return reply{}, err
	}
	began := time.Now()
	out, err := run(q, settings)
	slot.Close()
	var t *told
	if errors.As(err, &t) { // a weak password too: who has a link is no way to keep PAM busy
		pad(began, settings.Login.Failure)
	}
	return out, err
}

func tryRecover(q request, settings config.Settings) (reply, error) {
	purpose := token.Password
	if q.Op == "accept" {
		purpose = token.Invitation
	}
	var whose account
	zone, address := "", ""
	err := useLink(q, purpose, settings, nil, func(a account, r token.Record) error {
		// 5. Refuse a password that could not be typed; PAM judges the rest.
		if err := checkNew(q.New); err != nil {
			return err
		}
		whose, zone, address = a, r.Zone, emailOf(a.name) // an administrator who waits for the account may give it another one right afterwards
		return setPassword(settings.Entry(q.Entry).PAMService, a, q.Address, q.New)
	})
	if err != nil {
		return reply{}, err
	}
	if err := errors.Join(endOthers("", whose.uid), change.ForgivePasswords(whose.name), change.SetVerified(whose.uid, address)); err != nil {
		log("after a password by a link, of "+whose.name, err)
	}
	return reply{User: whose.name, Zone: zone}, nil
}

// lookAtLink says whether a link is good, for a page that would ask for something in vain, and what that asks for. Programs that look
// into mails ask, too: it leaves no trace, neither in the store nor, of a link that is none, in the log; to guess at 256 bits is no use.
func lookAtLink(q request, _ caller) (reply, error) {
	settings, err := config.Read()
	if err != nil {
		return reply{}, err
	}
	// 1. Refuse what would be refused where it is used, before it asks for more than the link.
	purpose := token.Purpose(q.Purpose)
	a, r, err := openLink(q, purpose, settings, token.Machine().Look)
	if errors.Is(err, token.ErrUnknown) {
		return reply{}, &told{code: "refused"}
	}
	if err != nil || purpose != token.Address {
		return reply{}, err
	}
	return reply{Email: r.Email, AskPassword: r.Email != emailOf(a.name)}, nil
}

// openLink finds what a link is for, and leaves it there.
func openLink(q request, purpose token.Purpose, settings config.Settings, find func(token.Purpose, string) (token.Record, error)) (account, token.Record, error) {
	r, err := find(purpose, q.Token)
	if err == nil && q.Username != r.User {
		err = token.ErrUnknown
	}
	if err != nil {
		return account{}, r, err
	}
	a, err := ownerOf(r, settings)
	return a, r, err
}

// ownerOf is the account of a link, token.ErrUnknown if it is not what it was, or may not have done to it any more what the link is for.
func ownerOf(r token.Record, settings config.Settings) (account, error) {
	a, err := findAccount(r.User)
	if err == nil && (a.uid != r.UID || stateOf(a) != r.State) {
		err = errors.New("the account has changed since")
	}
	if err == nil {
		switch {
		case r.Purpose == token.Password:
			err = checkRecovery(a, settings)
		case r.Purpose == token.Address && r.Email != emailOf(a.name):
			err = checkOwnAddress(a, settings)
		default:
			err = checkLinked(a) // whoever invited him, or wants to know whether his address is right, has decided
		}
	}
	if err != nil {
		return a, errors.Join(token.ErrUnknown, err)
	}
	return a, nil
}

// useLink has a link used up by act, if it is good, and prove, before it, says who uses it; nil asks for no more than the link.
func useLink(q request, purpose token.Purpose, settings config.Settings, prove, act func(account, token.Record) error) error {
	address, err := parseOrigin(q)
	if err != nil {
		return err
	}
	// refused counts as a refused login of the address does. A good link is asked no more, wherever it is used: others may share the address.
	refused := func(err error) error {
		try, tooMany := attempt.Begin("", address, attempt.LimitsOf(settings.Login))
		logUncounted(try)
		return &told{"refused", fmt.Sprintf("link from %s: %v", address, errors.Join(err, tooMany))}
	}
	// 1. Refuse if the link is none, was used, is over, or had too many wrong secrets (internal/token); if it is another's; or if the
	// account is not what it was, or may not have done to it any more what the link is for.
	a, found, err := openLink(q, purpose, settings, links(useWait).Find)
	if errors.Is(err, token.ErrUnknown) {
		return refused(err)
	}
	if err != nil {
		return err
	}
	// 2. Refuse a wrong password, where one is wanted. Nothing is held meanwhile: PAM may take long.
	if prove != nil {
		if err := prove(a, found); err != nil {
			return err
		}
	}
	// 3. Refuse with "busy" if somebody else keeps changing the account: a lock or a new password between the look and the setting would
	// be undone. It comes before the lock of the links, as where people are invited.
	release, err := change.HoldWithin(linkWait, found.User)
	if err != nil {
		return err
	}
	defer release()
	err = links(useWait).Use(purpose, q.Token, func(r token.Record) error {
		// 4. Refuse if the account has changed since the first look.
		a, err := ownerOf(r, settings)
		if err != nil {
			return err
		}
		return act(a, r)
	})
	if errors.Is(err, token.ErrUnknown) {
		return refused(err)
	}
	return err
}

// parseOrigin is from where somebody asks, as the component says it.
func parseOrigin(q request) (netip.Addr, error) {
	address, err := netip.ParseAddr(q.Address)
	if err != nil || address.Zone() != "" || q.Entry != "internal" && q.Entry != "external" {
		return address, errors.New("entry or address")
	}
	return address, nil
}
