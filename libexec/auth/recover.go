package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

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
	// linkWait is how long a link waits for somebody who changes the account: everybody's logins are kept from one of their slots meanwhile.
	linkWait = time.Second / 2
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
	try, err := attempt.Begin("", address, attemptLimits(settings.Login))
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
	return token.Machine().Issue(of, time.Now().Add(settings.Login.RecoveryTime), mailPause, sendLink)
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
	purpose, check := token.Password, func(a account) error { return checkRecovery(a, settings) }
	if q.Op == "accept" {
		purpose, check = token.Invitation, checkLinked // whoever invited him has decided
	}
	var whose account
	zone := ""
	err := useLink(q, purpose, settings, func(a account, r token.Record) error {
		if err := check(a); err != nil {
			return errors.Join(token.ErrUnknown, err)
		}
		// 4. Refuse a password that could not be typed; PAM judges the rest.
		if !validPassword(q.New) || strings.ContainsFunc(q.New, unicode.IsControl) {
			return &told{"weak", "no password that PAM or a form could take"}
		}
		whose, zone = a, r.Zone
		return setPassword(settings.Entry(q.Entry).PAMService, a, q.Address, q.New)
	})
	if err != nil {
		return reply{}, err
	}
	if err := errors.Join(endOthers("", whose.uid), change.ForgivePasswords(whose.name), change.SetVerified(whose.uid, emailOf(whose.name))); err != nil {
		log("after a password by a link, of "+whose.name, err)
	}
	return reply{User: whose.name, Zone: zone}, nil
}

// lookAtLink says whether a link is good, as far as the store knows, for a page that would ask for something in vain. Programs that look
// into mails ask, too: it uses nothing up, and what is refused counts against the link alone.
func lookAtLink(q request, _ caller) (reply, error) {
	r, err := token.Machine().Find(token.Purpose(q.Purpose), q.Token)
	if err == nil && q.Username != r.User {
		err = token.ErrUnknown
	}
	if errors.Is(err, token.ErrUnknown) {
		return reply{}, &told{"refused", "link: " + err.Error()}
	}
	return reply{}, err
}

// useLink has a link used up by act, if it is good. What act says is token.ErrUnknown is answered as a link that is none.
func useLink(q request, purpose token.Purpose, settings config.Settings, act func(account, token.Record) error) error {
	address, err := parseOrigin(q)
	if err != nil {
		return err
	}
	// refused counts as a refused login of the address does. A good link is asked no more, wherever it is used: others may share the address.
	refused := func(err error) error {
		try, tooMany := attempt.Begin("", address, attemptLimits(settings.Login))
		logUncounted(try)
		return &told{"refused", fmt.Sprintf("link from %s: %v", address, errors.Join(err, tooMany))}
	}
	// 1. Refuse if the link is none, was used, is over, or had too many wrong secrets (internal/token); and if it is another's.
	found, err := token.Machine().Find(purpose, q.Token)
	if err == nil && q.Username != found.User {
		err = token.ErrUnknown
	}
	if errors.Is(err, token.ErrUnknown) {
		return refused(err)
	}
	if err != nil {
		return err
	}
	// 2. Refuse with "busy" if somebody else keeps changing the account: a lock or a new password between the look and the setting would
	// be undone. It comes before the lock of the links, as where people are invited.
	release, err := change.HoldWithin(linkWait, found.User)
	if err != nil {
		return err
	}
	defer release()
	err = token.Machine().Use(purpose, q.Token, func(r token.Record) error {
		// 3. Refuse if the account is not what it was, or may not have done to it any more what the link is for.
		a, err := findAccount(r.User)
		if err != nil || a.uid != r.UID || stateOf(a) != r.State {
			return errors.Join(token.ErrUnknown, err)
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
