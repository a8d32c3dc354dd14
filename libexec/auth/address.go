package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	accounts "sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/attempt"
	"sharezone/internal/config"
	"sharezone/internal/privileged"
	"sharezone/internal/session"
	"sharezone/internal/token"
	"sharezone/internal/verification"
)

// askAddress has a link sent to the address that the caller says is his. Until it is used nothing changes. It takes his password: whoever
// finds a session open must not have the mail of an account come to himself.
func askAddress(q request, who caller) (reply, error) {
	return withPassword(who, func(settings config.Settings) (reply, error) {
		slot, err := takeSlot("auth", settings.Login)
		if err != nil {
			return reply{}, err
		}
		defer slot.Close()
		// 1. Refuse in half a session, or one that is over.
		f, r, err := openGood(q.Session, who, settings, session.LacksNothing)
		if err != nil {
			return reply{}, err
		}
		defer f.Close()
		// 2. Refuse what the account may not have, or what is no address.
		if err := checkOwnAddress(who.account, settings); err != nil {
			return reply{}, &told{"nothing", "address of " + who.name + ": " + err.Error()}
		}
		if err := checkNewAddress(who.name, q.Email); err != nil {
			return reply{}, err
		}
		// 3. Refuse a wrong password, as where it is changed.
		if !validPassword(q.Password) {
			return reply{}, &told{"refused", "no password that PAM could take"}
		}
		if err := prove(q.Password, r, who, settings, nil); err != nil {
			return reply{}, err
		}
		// 4. Refuse if a link was sent a moment ago, or many were today, to whichever addresses: nobody is to get many mails that he has not
		// asked for. The one before is void by then, if it went to another address.
		_, err = verification.Send(who.name, q.Email, settings.Login.RecoveryTime, mailPause, settings, time.Now())
		switch {
		case errors.Is(err, token.ErrSoon):
			return reply{}, &told{"soon", "address of " + who.name + ": " + err.Error()}
		case errors.Is(err, token.ErrDay):
			return reply{}, &told{"today", "address of " + who.name + ": " + err.Error()}
		case errors.Is(err, verification.ErrNot):
			return reply{}, &told{"nothing", "address of " + who.name + ": " + err.Error()}
		}
		return reply{}, err
	})
}

// cancelAddress takes back the link that went to another address than the caller has.
func cancelAddress(_ request, who caller) (reply, error) {
	return reply{}, token.Machine().Withdraw(token.Address, who.account.uid, emailOf(who.name))
}

// checkOwnAddress says why somebody's address is not his own to change.
func checkOwnAddress(a account, settings config.Settings) error {
	if !settings.Invites() {
		return errors.New("no mails are sent, or no public_url is set")
	}
	if role := a.roles[len(a.roles)-1]; !slices.Contains(strings.Split(settings.Login.OwnAddress, ","), role) {
		return errors.New("not by the role " + role)
	}
	return checkLinked(a)
}

// checkNewAddress refuses what cannot be in the account of somebody.
func checkNewAddress(name, email string) error {
	e, _ := accounts.NewNames().User(name)
	c := accounts.ParseGECOS(e.GECOS)
	c.Email = email
	_, err := accounts.FormatGECOS(c)
	if field := new(accounts.FieldError); errors.As(err, &field) || email == "" {
		return &told{"bad-address", fmt.Sprintf("address of %s: %q", name, email)}
	}
	return err
}

// verifyAddress takes the link by which an address is somebody's, with his password if it is another one than his account has. The answer
// to whatever is wrong with the link is the same, in the same time, as where a password is set by one.
func verifyAddress(q request, _ caller) (reply, error) {
	return byLink(q, tryVerify)
}

func tryVerify(q request, settings config.Settings) (reply, error) {
	var whose account
	changed := ""
	err := useLink(q, token.Address, settings, func(a account, r token.Record) error {
		if r.Email == emailOf(a.name) {
			return nil // it changes nothing
		}
		return proveOwner(q, a, settings)
	}, func(a account, r token.Record) error {
		whose = a
		former := emailOf(a.name)
		if r.Email == former {
			return change.SetVerified(a.uid, former)
		}
		if err := change.Prepare(); err != nil {
			return err
		}
		// Both are told before: this process may be killed, and usermod(8) go on without it. The worker drops the note if nothing changes.
		if err := verification.Note(a.name, a.uid, former, r.Email, time.Now()); err != nil {
			return err
		}
		privileged.Note("auth", fmt.Sprintf("address of %s: the link that went to %q puts it in the place of %q", a.name, r.Email, former))
		if err := change.Modify(a.name, change.Changes{Email: &r.Email}); err != nil {
			return err
		}
		changed = accounts.Difference("email", former, r.Email)
		if err := change.SetVerified(a.uid, r.Email); err != nil { // it is his now, and he must hear so
			log("address of "+a.name+" is not noted as verified", err)
		}
		return nil
	})
	return reply{User: whose.name, Changed: changed}, err
}

// proveOwner asks PAM for the password of whoever uses a link that went to another address than his account's: whoever reads that mailbox has
// the link, and it may be a stranger's by a typing error. It is judged, slowed down and counted as a login is, so a link gives no guesses
// that the login does not give, and a wrong one leaves the link good: its secret was right. Nobody is let in by a right one, so it is
// given back alone: a half authenticated session must get no new guesses at a code by it.
func proveOwner(q request, a account, settings config.Settings) error {
	address, err := parseOrigin(q)
	if err != nil {
		return err
	}
	// 1. Refuse a wrong password, too many of them, or an account that PAM lets nobody use now.
	wrong := func(reason any) error {
		return &told{"password", fmt.Sprintf("user %s from %s: %v", a.name, address, reason)}
	}
	if !validPassword(q.Password) {
		return wrong("no password that PAM could take")
	}
	try, err := attempt.Begin(a.name, address, attempt.LimitsOf(settings.Login))
	logUncounted(try)
	if err != nil {
		return wrong(err)
	}
	service := settings.Entry(q.Entry).PAMService
	if err := authenticate(service, a, address.String(), q.Password); err != nil {
		return wrong(err)
	}
	try.GiveBack()
	if _, err := accountState(service, a, address.String()); err != nil {
		return wrong(err)
	}
	return nil
}
