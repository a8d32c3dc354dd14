package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"sharezone/internal/attempt"
	"sharezone/internal/config"
	"sharezone/internal/factor"
	"sharezone/internal/helper"
	"sharezone/internal/session"
)

// halfTime is how long a half authenticated session lasts: time to find the phone, and to set it up.
const halfTime = 15 * time.Minute

func personOf(a account) factor.Person { return factor.Person{Name: a.name, UID: a.uid} }

// lackOf says what is asked of somebody whose password was right.
func lackOf(a account, entry config.Entry) (session.Lack, error) {
	policy := entry.Factor.Of(a.roles...)
	if policy == config.FactorOff {
		return session.LacksNothing, nil
	}
	state, err := factor.Installed().Look(personOf(a))
	switch {
	case err != nil:
		return "", err
	case state.Enrolled:
		return session.LacksCode, nil
	case policy == config.FactorRequired:
		return session.LacksEnrolment, nil
	}
	return session.LacksNothing, nil
}

// lockFactor keeps others, and the PAM module in other processes, from somebody's secret: of two that bring the same code at
// the same time one finds it used.
func lockFactor(a account, login config.Login) (*os.File, error) {
	return takeSlot(fmt.Sprintf("factor.%d", a.uid), config.Login{Slots: 1, Wait: login.Wait})
}

// noServiceError says that no code can be checked at all, whatever it is.
type noServiceError struct{ why string }

func (e *noServiceError) Error() string { return "second factor: " + e.why }

// checkService says what is missing to check the codes of an entry. PAM itself would not say it: to it, and to what counts failures, a
// module that is not there has refused.
func checkService(entry config.Entry) error {
	const module = "pam_google_authenticator.so"
	if _, err := os.Stat("/etc/pam.d/" + entry.CodeService()); err != nil {
		return &noServiceError{err.Error()}
	}
	found, _ := filepath.Glob("/usr/lib/*/security/" + module) // Debian has a folder for each architecture
	if len(found) == 0 {
		return &noServiceError{module + " is not installed"}
	}
	return nil
}

// checkCode asks PAM for a code; nil means right.
func checkCode(login config.Login, entry config.Entry, a account, address, code string) error {
	if err := checkService(entry); err != nil {
		return err
	}
	if !factor.ValidCode(code) {
		return errors.New("no code of a second factor")
	}
	own, err := lockFactor(a, login)
	if err != nil {
		return err
	}
	defer own.Close()
	if err := authenticate(entry.CodeService(), a, address, code); err != nil {
		return fmt.Errorf("second factor: %w", err)
	}
	return nil
}

// noAnswer tells what says nothing of a code.
func noAnswer(err error) bool {
	missing := new(noServiceError)
	return errors.Is(err, errTaken) || errors.As(err, &missing)
}

// giveCode turns a half authenticated session into a whole one, if the code is right. A wrong one counts as a wrong password does, and takes
// the same time.
func giveCode(q request, who caller) (reply, error) {
	began := time.Now()
	settings, err := config.Read()
	if err != nil {
		return reply{}, err
	}
	out, err := tryCode(q, who, settings, &began)
	padRefusal(err, began, settings.Login.Failure)
	return out, err
}

func tryCode(q request, who caller, settings config.Settings, began *time.Time) (reply, error) {
	slot, err := takeSlot("auth", settings.Login)
	if err != nil {
		return reply{}, err
	}
	defer slot.Close()
	*began = time.Now()
	// 1. Refuse if it is no session of the caller's that lacks a code, its time is over, or his account is not what it was.
	f, r, err := openGood(q.Session, who, settings, session.LacksCode)
	if err != nil {
		return reply{}, err
	}
	defer f.Close()
	address, err := netip.ParseAddr(r.Address)
	if err != nil {
		return reply{}, err
	}
	// 2. Refuse if this address has guessed too often. 3. Refuse if PAM says that the code is wrong, or was used, or that there were too
	// many.
	try, err := attempt.Begin(who.name, address, attempt.LimitsOf(settings.Login))
	logUncounted(try)
	if err == nil {
		err = checkCode(settings.Login, settings.Entry(r.Entry), who.account, r.Address, q.Code)
	}
	if noAnswer(err) {
		try.GiveBack()
		return reply{}, err
	}
	if err != nil {
		return reply{}, &told{"refused", fmt.Sprintf("user %s from %s: %v", who.name, address, err)}
	}
	try.Right()
	return openWhole(f, r, who, settings)
}

// openFactor opens a session of the caller's that lacks nothing but what is named, if its time is not over.
func openFactor(name string, who caller, lacks ...session.Lack) (*os.File, session.Record, error) {
	f, _, err := openOwn(name, who, lacks...)
	if err != nil {
		return nil, session.Record{}, &told{"ended", "no session of one's own for this"}
	}
	r, lastUse, err := session.Read(f)
	if err == nil && r.Ended(time.Now(), lastUse) {
		err = &told{"ended", "the session is over"}
	}
	if err != nil {
		f.Close()
		return nil, session.Record{}, err
	}
	return f, r, nil
}

// openGood is openFactor, where something is to come of it. The gate lets half authenticated sessions through to here for a quarter of an
// hour: somebody who was locked, or whose password was changed, since the first step takes no second one.
func openGood(name string, who caller, settings config.Settings, lacks ...session.Lack) (*os.File, session.Record, error) {
	f, r, err := openFactor(name, who, lacks...)
	if err != nil {
		return nil, session.Record{}, err
	}
	err = lookAgain(&r, settings)
	if over := new(overError); errors.As(err, &over) {
		_, err = end(f, r.User, over.why)
		if errors.Is(err, errEnded) {
			err = &told{"ended", "by what has become of the account"}
		}
	}
	if err != nil {
		f.Close()
		return nil, session.Record{}, err
	}
	return f, r, nil
}

// openWhole opens a session in the place of a half authenticated one. It gets an id of its own: who knew the other one knows nothing.
// What it holds of the account is of openGood, before the code was looked at: what changed since makes it stale.
func openWhole(f *os.File, r session.Record, who caller, settings config.Settings) (reply, error) {
	limits := limitsOf(who.account, settings.Entry(r.Entry), settings, session.LacksNothing)
	r.Lacks, r.Code, r.Started, r.Idle, r.Absolute = session.LacksNothing, true, time.Now(), limits.Idle, limits.Absolute
	id, err := store(r)
	if err != nil {
		return reply{}, err
	}
	if err := os.Remove(f.Name()); err != nil {
		log("half authenticated session of "+r.User, err)
	}
	noteLogin(who.account, r.Entry, r.Address)
	return reply{ID: id, User: r.User, Roles: who.account.roles, MustChange: r.MustChange}, nil
}

// ownFactor is what the caller is told of his second factor. The secret is told while it is being set up, in that session alone.
func ownFactor(q request, who caller) (reply, error) {
	settings, err := config.Read()
	if err != nil {
		return reply{}, err
	}
	f, r, err := openFactor(q.Session, who, session.LacksNothing, session.LacksEnrolment)
	if err != nil {
		return reply{}, err
	}
	defer f.Close()
	out := helper.Factor{Policy: string(settings.Entry(r.Entry).Factor.Of(who.account.roles...)), Required: requires(settings, who.account)}
	for _, entry := range [...]config.Entry{settings.Internal, settings.External} {
		out.Asked = out.Asked || entry.Factor.Of(who.account.roles...) != config.FactorOff
	}
	store := factor.Installed()
	if out.State, err = store.Look(personOf(who.account)); err != nil {
		return reply{}, err
	}
	out.AskCode = out.Enrolled && !r.Code
	if out.Key, err = store.Pending(personOf(who.account), q.Session); err != nil && !errors.Is(err, factor.ErrNone) {
		return reply{}, err
	}
	return reply{Factor: &out}, nil
}

// requires says whether somebody must have a second factor to come in by any entry.
func requires(settings config.Settings, a account) bool {
	return settings.Internal.Factor.Of(a.roles...) == config.FactorRequired || settings.External.Factor.Of(a.roles...) == config.FactorRequired
}

// beginFactor makes a secret and shows it. The one that is in force stays until the new one is confirmed.
func beginFactor(q request, who caller) (reply, error) {
	return changeFactor(q, who, func(_ session.Record, settings config.Settings) (reply, error) {
		asked := false
		for _, entry := range [...]config.Entry{settings.Internal, settings.External} {
			if entry.Factor.Of(who.account.roles...) == config.FactorOff {
				continue
			}
			asked = true
			if err := checkService(entry); err != nil { // he would keep himself out
				return reply{}, err
			}
		}
		if !asked {
			return reply{}, &told{"nothing", "there is no second factor for this role"}
		}
		key, err := factor.Installed().Begin(personOf(who.account), q.Session)
		return reply{Factor: &helper.Factor{Key: key}}, err
	})
}

// renewRecovery makes new recovery codes.
func renewRecovery(q request, who caller) (reply, error) {
	return changeFactor(q, who, func(_ session.Record, _ config.Settings) (reply, error) {
		codes, err := factor.Installed().Renew(personOf(who.account))
		return reply{Recovery: codes}, orNothing(err)
	})
}

// dropFactor takes the caller's second factor away, where he need not have one.
func dropFactor(q request, who caller) (reply, error) {
	return changeFactor(q, who, func(_ session.Record, settings config.Settings) (reply, error) {
		if requires(settings, who.account) {
			return reply{}, &told{"required", "his role must have one"}
		}
		return reply{}, orNothing(factor.Installed().Remove(who.name))
	})
}

// changeFactor runs what needs the caller's password: a session that was left open on somebody's desk must not keep him out, nor
// take from him what protects him. Who has to set his second factor up has given it just now.
func changeFactor(q request, who caller, run func(session.Record, config.Settings) (reply, error)) (reply, error) {
	return withPassword(who, func(settings config.Settings) (reply, error) {
		slot, err := takeSlot("auth", settings.Login)
		if err != nil {
			return reply{}, err
		}
		defer slot.Close()
		// 1. Refuse if it is no session of the caller's, or it lacks more than that he sets his second factor up.
		f, r, err := openGood(q.Session, who, settings, session.LacksNothing, session.LacksEnrolment)
		if err != nil {
			return reply{}, err
		}
		defer f.Close()
		// 2. Refuse if the password is wrong, or the code where one is wanted.
		if r.Lacks == session.LacksNothing {
			if !validPassword(q.Password) {
				return reply{}, &told{"refused", "no password that PAM could take"}
			}
			if err := proveBoth(q, f, &r, who, settings); err != nil {
				return reply{}, err
			}
		}
		own, err := lockFactor(who.account, settings.Login)
		if err != nil {
			return reply{}, err
		}
		defer own.Close()
		if err := mayChange(r, who.account); err != nil {
			return reply{}, err
		}
		return run(r, settings)
	})
}

// proveBoth asks for the password, and for a code of the second factor that is in force, if the session never showed one: by an entry
// that asks for none, the password alone would put another phone in force for the entry that does.
func proveBoth(q request, f *os.File, r *session.Record, who caller, settings config.Settings) error {
	state, err := factor.Installed().Look(personOf(who.account))
	if err != nil {
		return err
	}
	if !state.Enrolled {
		err = factor.Installed().Renamed(personOf(who.account)) // it would be put in force beside the one under the former name
	}
	if err != nil {
		return err
	}
	if r.Code || !state.Enrolled {
		return prove(q.Password, *r, who, settings, nil)
	}
	entry := settings.Entry(r.Entry)
	if entry.Factor.Of(who.account.roles...) == config.FactorOff { // it may have no service for codes
		entry = settings.OtherEntry(r.Entry)
	}
	err = prove(q.Password, *r, who, settings, func() error { return checkCode(settings.Login, entry, who.account, r.Address, q.Code) })
	if err != nil {
		return err
	}
	r.Code = true
	return session.Write(f, *r)
}

// confirmFactor puts the secret that was shown in force, if the caller's phone has it. A half authenticated session becomes a whole one.
func confirmFactor(q request, who caller) (reply, error) {
	return withPassword(who, func(settings config.Settings) (reply, error) {
		f, r, err := openGood(q.Session, who, settings, session.LacksNothing, session.LacksEnrolment)
		if err != nil {
			return reply{}, err
		}
		defer f.Close()
		own, err := lockFactor(who.account, settings.Login)
		if err != nil {
			return reply{}, err
		}
		defer own.Close()
		if err := mayChange(r, who.account); err != nil {
			return reply{}, err
		}
		codes, err := factor.Installed().Confirm(personOf(who.account), q.Session, q.Code)
		if errors.Is(err, factor.ErrWrong) {
			return reply{}, &told{"refused", "second factor of " + who.name + ": " + err.Error()}
		}
		if err != nil {
			return reply{}, orNothing(err)
		}
		out, keep := reply{User: who.name}, q.Session
		if r.Lacks == session.LacksEnrolment {
			if out, err = openWhole(f, r, who, settings); err != nil {
				return reply{}, err
			}
			keep, _ = session.FileName(out.ID)
		} else {
			r.Code = true
			if err := session.Write(f, r); err != nil { // it ends then, when it is looked at again
				log("session of "+who.name, err)
			}
		}
		// Whoever came in by the password alone is to show the second factor, too.
		if err := endOthers(keep, r.UID); err != nil {
			log("after "+who.name+" set a second factor up", err)
		}
		out.Recovery = codes
		return out, nil
	})
}

// mayChange refuses a session that showed no code where there is a second factor in force by now, set up in another one: the password
// alone must not replace it.
func mayChange(r session.Record, a account) error {
	if r.Code {
		return nil
	}
	state, err := factor.Installed().Look(personOf(a))
	switch {
	case err != nil:
		return err
	case state.Enrolled:
		return &told{"ended", "set up in another session meanwhile"}
	}
	return factor.Installed().Renamed(personOf(a))
}

func orNothing(err error) error {
	if errors.Is(err, factor.ErrNone) {
		return &told{"nothing", err.Error()}
	}
	return err
}
