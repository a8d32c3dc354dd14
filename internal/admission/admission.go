// Package admission decides on the requests of people who ask for an account: it makes it, or says no. It runs as root, in
// libexec/account and in shzadm.
//
// MUST: whoever is killed on the way leaves a request that the same decision ends in the same way: the name of the account stands in it
// before the account is made, and it is removed when the link to it has been handed over.
package admission

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/config"
	"sharezone/internal/invitation"
	"sharezone/internal/layout"
	"sharezone/internal/secret"
	"sharezone/internal/signup"
	"sharezone/internal/slot"
)

const (
	// holdTime is how long a decision waits for another one on the same request.
	holdTime = 5 * time.Second
	// mailTime is for how long a refusal waits for the mail server.
	mailTime = 7 * 24 * time.Hour
)

// BegunError says that the account of a request is made already, by another name than is asked for now.
type BegunError struct{ Name string }

func (e *BegunError) Error() string {
	return fmt.Sprintf("the account %q was made for it already", e.Name)
}

// List returns the requests that wait, the oldest first.
func List(settings config.Settings) ([]account.Request, error) {
	waiting, err := signup.Machine(settings.Signup).List()
	names := account.NewNames()
	owners := make(map[string][]string)
	if len(waiting) > 0 {
		for _, e := range names.Members(layout.GroupBase) {
			if email := strings.ToLower(account.ParseGECOS(e.GECOS).Email); email != "" {
				owners[email] = append(owners[email], e.Name)
			}
		}
	}
	all := []account.Request{}
	for _, r := range waiting {
		all = append(all, account.Request{
			ID: r.ID, FullName: r.FullName, Company: orNull(r.Company), Phone: orNull(r.Phone), Email: r.Email, Message: orNull(r.Message),
			Language: orNull(r.Language), Entry: r.Entry, Address: r.Address, Asked: r.Asked, Confirmed: r.Confirmed, Expires: r.Expires,
			Username: orNull(r.User), Accounts: append([]string{}, owners[strings.ToLower(r.Email)]...),
		})
	}
	return all, errors.Join(err, names.Err())
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Admission is one decision. Nobody else decides on the request until Release.
type Admission struct {
	signup.Request
	store    signup.Store
	settings config.Settings
	release  func()
}

// Hold finds a request that waits; signup.ErrGone says that it is another one by now, change.ErrBusy that somebody else decides on it.
func Hold(id string, settings config.Settings) (*Admission, error) {
	a := &Admission{store: signup.Machine(settings.Signup), settings: settings}
	if _, err := a.store.Find(id); err != nil { // so the name of the lock is that of a request
		return nil, err
	}
	lock, err := slot.LockBefore(time.Now().Add(holdTime), "signup-"+id)
	if errors.Is(err, slot.ErrTaken) {
		err = change.ErrBusy
	}
	if err != nil {
		return nil, err
	}
	a.release = func() { slot.Remove(lock) }
	if a.Request, err = a.store.Find(id); err != nil { // who held it before has decided
		a.release()
		return nil, err
	}
	return a, nil
}

// Release lets others decide.
func (a *Admission) Release() { a.release() }

// Accept makes the account of this name, which the caller holds, with the words of the request and a password that nobody learns; has the
// link sent by which its owner chooses one; and ends the request. answers is who answers for him, 0 = nobody; actor who invites him, "" =
// nobody whom he knows. until is nil where he has used that link already. made says that there is the account, also with an error.
func (a *Admission) Accept(name, expires string, answers uint32, actor string, now time.Time) (until *time.Time, made bool, err error) {
	if err := invitation.Check(a.settings); err != nil {
		return nil, false, err
	}
	if err := change.CheckDay(expires, now); err != nil {
		return nil, false, err
	}
	if a.User != "" && a.User != name {
		if begun, err := a.begun(a.User); err != nil || begun != nil {
			if err == nil {
				err = &BegunError{a.User}
			}
			return nil, false, err
		}
	}
	e, err := a.begun(name)
	if err != nil {
		return nil, false, err
	}
	var uid uint32
	in := false
	if e != nil && a.User == name {
		uid = e.UID
		if in, err = mend(name, now); err == nil && expires != "" {
			err = change.Modify(name, change.Changes{Expires: &expires})
		}
	} else {
		uid, err = a.make(name, expires, now)
	}
	if err != nil {
		return nil, false, err
	}
	if in {
		return nil, true, a.store.Settle(a.Request)
	}
	if err := change.SetLanguage(uid, a.Language); err != nil {
		return nil, true, err
	}
	if answers != 0 {
		if err := change.SetSponsor(uid, answers); err != nil {
			return nil, true, err
		}
	}
	last, err := invitation.Send(name, "", actor, a.settings, now)
	if err != nil {
		return nil, true, err
	}
	return &last, true, a.store.Settle(a.Request)
}

// begun is the account of a name if it was made for this request: Share Zone's own, with its address. Whoever made it by hand meanwhile
// has done what was asked for.
func (a *Admission) begun(name string) (*account.Entry, error) {
	names := account.NewNames()
	e, found := names.User(name)
	if err := names.Err(); err != nil {
		return nil, err
	}
	own := found && names.InGroup(name, layout.GroupOnly) && names.InGroup(name, layout.GroupBase)
	if !own || !strings.EqualFold(account.ParseGECOS(e.GECOS).Email, a.Email) {
		return nil, nil
	}
	return &e, nil
}

// make makes the account; its name stands in the request before.
func (a *Admission) make(name, expires string, now time.Time) (uint32, error) {
	if err := change.CheckName(name); err != nil {
		return 0, err
	}
	if err := change.CheckFree(name, account.NewNames()); err != nil {
		return 0, err
	}
	if err := change.CheckExpires(expires); err != nil {
		return 0, err
	}
	if err := a.store.Begin(a.Request, name); err != nil {
		return 0, err
	}
	a.User = name
	password, err := change.GeneratePassword() // which nobody learns
	if err != nil {
		return 0, err
	}
	return change.Create(change.Spec{Name: name, Role: account.RoleBase, Contact: a.Contact(), Expires: expires, Password: password, MustChange: true}, now)
}

// mend gives an account its first password if whoever made it was killed before that, or before it was to be changed. in says that its
// owner has chosen one himself.
func mend(name string, now time.Time) (in bool, err error) {
	shadow, err := account.ReadShadow()
	if err != nil {
		return false, err
	}
	u, found := account.NewNames().FindUser(name, shadow, now)
	if !found {
		return false, change.ErrNoAccount
	}
	one := []account.User{u}
	if err := account.AddLogins(one); err != nil {
		return false, err
	}
	chosen := shadow.HasPassword(name) && !shadow.MustChange(name)
	if chosen && (one[0].LastLogin != nil || one[0].EmailVerified) {
		return true, nil
	}
	if !chosen && !shadow.NeverHadPassword(name) {
		return false, nil
	}
	password, err := change.GeneratePassword()
	if err != nil {
		return false, err
	}
	return false, change.Reset(name, password)
}

// Decline ends a request. The reason, "" = none, goes to whoever asked. Where the account is made already BegunError says so: who was declined
// would get into it by a forgotten password.
func (a *Admission) Decline(reason string, now time.Time) error {
	if err := account.CheckWords("reason", reason); err != nil {
		return err
	}
	if a.User != "" {
		if e, err := a.begun(a.User); err != nil || e != nil {
			return cmp.Or(err, error(&BegunError{a.User}))
		}
	}
	if strings.TrimSpace(reason) != "" {
		if err := invitation.Check(a.settings); err != nil {
			return err
		}
		spool, found := account.NewNames().GroupID(layout.UserSpool)
		if !found {
			return errors.New("no group " + layout.UserSpool)
		}
		// Under the request's name: who decides again after a kill has one mail sent.
		err := secret.HandOver(layout.Secrets, a.ID, spool, secret.Secret{
			Kind: secret.Declined, Address: a.Email, Language: a.Language, Text: reason, Expires: now.Add(mailTime).UTC(),
		})
		if err != nil {
			return err
		}
	}
	return a.store.SettleSeen(a.Request)
}
