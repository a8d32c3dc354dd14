package main

import (
	"errors"
	"fmt"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/config"
	"sharezone/internal/farewell"
	"sharezone/internal/invitation"
	"sharezone/internal/slot"
	"sharezone/internal/verification"
	"sharezone/internal/zone"
)

// halfError says what an invitation lacks whose account is made.
type halfError struct {
	missing string // a reason: not-sent, not-in-zone
	error
}

func (e *halfError) Unwrap() error { return e.error }

// half is nil where nothing is missing.
func half(missing string, err error) error {
	if err == nil {
		return nil
	}
	return &halfError{missing, err}
}

// invite makes an account of which nobody knows the password, has a link sent by which its owner chooses one, and lets it into a zone.
// What would be refused is seen before anything is made; the zone is this process's from then on.
func invite(w *work) error {
	settings, err := config.Read()
	if err == nil {
		err = invitation.Check(settings)
	}
	if err == nil {
		err = w.checkInviter(settings)
	}
	if err == nil {
		err = change.CheckDay(said(w.Expires), w.now)
	}
	if err == nil {
		err = change.CheckFree(w.Username, w.names) // before anybody waits: who has the name could not be locked meanwhile
	}
	if err != nil {
		return err
	}
	z, closeZone, err := w.holdZone()
	if err != nil {
		return err
	}
	defer closeZone()
	// 2 once more, and what follows from it: who has waited may be locked by now, or no administrator any more.
	if err := w.readCaller(); err != nil {
		return fmt.Errorf("%w: %w", errNotInviting, err)
	}
	if err := w.checkInviter(settings); err != nil {
		return err
	}
	if z != nil {
		if err := w.checkOwner(z); err != nil {
			return err
		}
	}
	if err := w.makeInvited(settings); err != nil {
		return err
	}
	err = half("not-sent", w.sendInvitation(settings))
	w.release() // who administers must not wait for the walk through the zone to lock somebody
	return errors.Join(err, half("not-in-zone", w.letIn(z)), w.showMade())
}

// makeInvited makes the account, and writes down who answers for it, while nobody else is counted among those whom the same one invited.
func (w *work) makeInvited(settings config.Settings) error {
	if !w.administers() {
		counting, err := slot.LockBefore(time.Now().Add(countTime), fmt.Sprintf("invite.%d", w.caller.UID))
		if err != nil {
			return err
		}
		defer slot.Remove(counting)
		// 2 once more: who has waited may be locked by now.
		if err := w.readCaller(); err != nil {
			return err
		}
		// 13. Refuse a manager who has invited as many in a month as the settings let him.
		invited, err := account.CountInvited(w.caller.UID, w.now.AddDate(0, -1, 0))
		if err == nil && invited >= settings.Login.Invitations {
			err = errMonth
		}
		if err != nil {
			return err
		}
	}
	_, err := w.make()
	if !w.did {
		return err
	}
	if err == nil {
		err = w.answerFor()
	}
	return half("not-sent", err)
}

// inviteAgain sends the link once more, or another one when that is over.
func inviteAgain(w *work) error {
	settings, err := config.Read()
	if err != nil {
		return err
	}
	if err := w.sendInvitation(settings); err != nil {
		return err
	}
	return w.showUser()
}

// verify has the link sent by which somebody says that mail to his address reaches him.
func verify(w *work) error {
	settings, err := config.Read()
	if err != nil {
		return err
	}
	if _, err := verification.Send(w.Username, "", settings.Login.Invitation, verifyPause, settings, w.now); err != nil {
		return err
	}
	w.did = true
	return w.showUser()
}

// verifyPause is how long the same link is not sent again.
const verifyPause = 5 * time.Minute

func (w *work) sendInvitation(settings config.Settings) error {
	actor := w.caller.Name
	if w.caller.Root {
		actor = "" // nobody whom the recipient could know
	}
	until, err := invitation.Send(w.Username, w.Zone, actor, settings, w.now)
	if err == nil {
		w.did, w.out.Invited = true, &until
	}
	return err
}

// answerFor writes down who invited the new one.
func (w *work) answerFor() error {
	if w.caller.Root {
		return nil
	}
	e, found := account.NewNames().User(w.Username)
	if !found {
		return change.ErrNoAccount
	}
	return change.SetSponsor(e.UID, w.caller.UID)
}

// The refusals of managers.
var (
	errNotInviting = errors.New("managers invite nobody")
	errRole        = errors.New("managers invite people without a role alone")
	errMonth       = errors.New("as many as a month has")
	errNotOwner    = errors.New("not the owner of the zone")
)

// checkInviter is a step more for a manager.
func (w *work) checkInviter(settings config.Settings) error {
	if w.administers() {
		return nil
	}
	// 11. Refuse a manager if the settings let none invite, or if he gives a role, or no zone.
	if settings.Login.Invitations == 0 {
		return errNotInviting
	}
	if said(w.Role) != "" && said(w.Role) != string(account.RoleBase) {
		return errRole
	}
	if w.Zone == "" {
		return &account.FieldError{Field: "zone", Reason: account.Missing}
	}
	return nil
}

const (
	// countTime is how long an invitation waits for another one of the same manager's.
	countTime = 5 * time.Second
	// zoneTime is how long it waits for another change of the zone.
	zoneTime  = 30 * time.Second
	zonePause = 100 * time.Millisecond
)

// errZoneHeld says that somebody else keeps changing the zone, and that nothing was made.
var errZoneHeld = errors.New("the zone is being changed")

// holdZone reaches and locks the zone, nil for none, for who may share it: as zonefix does, its owner and administrators.
func (w *work) holdZone() (*zone.Held, func(), error) {
	if w.Zone == "" {
		return nil, func() {}, nil
	}
	switch zone.Access(w.Access) {
	case zone.Read, zone.Write, zone.Drop:
	default:
		return nil, nil, &account.FieldError{Field: "access", Reason: account.BadForm}
	}
	admin, err := w.admin()
	if err != nil {
		return nil, nil, err
	}
	admin.Progress = w.progress
	z, err := admin.Reach(w.Zone)
	if err != nil {
		admin.Close()
		return nil, nil, err
	}
	release := func() {
		z.Release()
		admin.Close()
	}
	// 12. Refuse a manager who does not own the root that was reached, and with "busy" if somebody else keeps changing the zone.
	if err = w.checkOwner(z); err == nil {
		end := time.Now().Add(zoneTime)
		for err = z.Lock(); errors.Is(err, zone.ErrBusy) && time.Now().Before(end); err = z.Lock() {
			time.Sleep(zonePause)
		}
		if errors.Is(err, zone.ErrBusy) {
			err = fmt.Errorf("%s: %w", w.Zone, errZoneHeld)
		}
	}
	if err == nil {
		err = w.checkOwner(z) // it may have changed hands before it was this one's turn
	}
	if err != nil {
		release()
		return nil, nil, err
	}
	return z, release, nil
}

func (w *work) checkOwner(z *zone.Held) error {
	if w.administers() || z.Owner() == w.caller.UID {
		return nil
	}
	return errNotOwner
}

// letIn gives who was invited what he is to have in the zone. What in it does not open to him stands in the report.
func (w *work) letIn(z *zone.Held) error {
	if z == nil {
		return nil
	}
	z.Renew(account.NewNames()) // with the new one
	details, err := z.Details()
	if err != nil {
		return err
	}
	principal := "user:" + w.Username
	return w.record(farewell.Deed{Event: "zone-share", Path: principal + "=" + w.Access, Zone: details}, func() error {
		report, err := z.Share(principal, zone.Access(w.Access))
		w.out.Report = &report
		return err
	})
}
