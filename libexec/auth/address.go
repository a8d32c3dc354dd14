package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	accounts "sharezone/internal/account"
	"sharezone/internal/account/change"
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
		// 4. Refuse if a link was sent a moment ago, to whichever address: nobody is to get many mails that he has not asked for.
		_, err = verification.Send(who.name, q.Email, settings.Login.RecoveryTime, mailPause, settings, time.Now())
		switch {
		case errors.Is(err, token.ErrSoon):
			return reply{}, &told{"soon", "address of " + who.name + ": " + err.Error()}
		case errors.Is(err, verification.ErrNot):
			return reply{}, &told{"nothing", "address of " + who.name + ": " + err.Error()}
		}
		return reply{}, err
	})
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

// verifyAddress takes the link by which an address is somebody's. The answer to whatever is wrong is the same, in the same time, as where
// a password is set by a link.
func verifyAddress(q request, _ caller) (reply, error) {
	return byLink(q, tryVerify)
}

func tryVerify(q request, settings config.Settings) (reply, error) {
	var whose account
	var former, address string
	err := useLink(q, token.Address, settings, func(a account, r token.Record) error {
		former, address = emailOf(a.name), r.Email
		check := checkLinked(a) // where an administrator wants to know whether it is right
		if address != former {
			check = checkOwnAddress(a, settings)
		}
		if check != nil {
			return errors.Join(token.ErrUnknown, check)
		}
		whose = a
		if address != former {
			if err := change.Prepare(); err != nil {
				return err
			}
			if err := change.Modify(a.name, change.Changes{Email: &address}); err != nil {
				return err
			}
		}
		return change.SetVerified(a.uid, address)
	})
	if err != nil {
		return reply{}, err
	}
	if address != former {
		privileged.Note("auth", fmt.Sprintf("address of %s changed by the link that went to it", whose.name))
		if err := verification.Note(whose.name, whose.uid, former, address, time.Now()); err != nil {
			log("note to the former address of "+whose.name, err)
		}
	}
	return reply{User: whose.name}, nil
}
