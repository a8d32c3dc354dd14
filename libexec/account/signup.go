package main

import (
	"errors"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/admission"
	"sharezone/internal/config"
)

// signups returns the requests of people who have no account and ask for one.
func signups(w *work) error {
	settings, err := config.Read()
	if err != nil {
		return err
	}
	w.out.Signups, err = admission.List(settings)
	return err
}

// confirmSignup makes the account that somebody asks for, in the words that he confirmed, and has a link sent by which he chooses his
// password. Whoever was killed on the way is followed by the same question once more.
func confirmSignup(w *work) error {
	a, err := w.holdSignup()
	if err != nil {
		return err
	}
	defer a.Release()
	if a.User == w.Username {
		// 9 once more: what was begun is made on, and may have become more than an account of Share Zone's meanwhile.
		w.names = account.NewNames()
		if err := w.checkOurs(); err != nil && !errors.Is(err, change.ErrNoAccount) {
			return err
		}
	}
	actor, answers := w.caller.Name, w.caller.UID
	if w.caller.Root {
		actor, answers = "", 0
	}
	// 15. Refuse a name that is taken by anybody but the account that was begun for this request, and another name than that one's.
	until, made, err := a.Accept(w.Username, said(w.Expires), answers, actor, w.now)
	w.did, w.out.Invited = made, until
	if made {
		err = half("signup-not-sent", err)
	}
	if err != nil {
		return err
	}
	return w.showUser()
}

// declineSignup ends a request; the reason goes to whoever asked.
func declineSignup(w *work) error {
	a, err := w.holdSignup()
	if err != nil {
		return err
	}
	defer a.Release()
	w.out.Declined = a.Email
	return a.Decline(w.Reason, w.now)
}

// holdSignup finds the request that the caller has seen.
func (w *work) holdSignup() (*admission.Admission, error) {
	settings, err := config.Read()
	if err != nil {
		return nil, err
	}
	// 14. Refuse if the request is another one than was shown, or is none any more, and with "busy" if somebody else decides on it.
	a, err := admission.Hold(w.Signup, settings)
	if err != nil {
		return nil, err
	}
	// 2 once more: who has waited may be locked by now, or no administrator any more.
	if err := w.readCaller(); err != nil {
		a.Release()
		return nil, err
	}
	if !w.administers() {
		a.Release()
		return nil, errNotInviting
	}
	return a, nil
}
