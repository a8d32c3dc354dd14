package main

import (
	"errors"
	"fmt"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/config"
	"sharezone/internal/farewell"
	"sharezone/internal/invitation"
	"sharezone/internal/zone"
)

// invite makes an account of which nobody knows the password, lets it into a zone, and has a link sent by which its owner chooses
// one. What would be refused is seen before anything is made.
func invite(w *work) error {
	settings, err := config.Read()
	if err == nil {
		err = invitation.Check(settings)
	}
	if err == nil {
		err = w.checkInviter(settings)
	}
	if err == nil {
		err = w.checkZone()
	}
	if err != nil {
		return err
	}
	if _, err := w.make(); err != nil {
		return err
	}
	return errors.Join(w.answerFor(), w.letIn(), w.showUser(), w.sendInvitation(settings))
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
	e, found := account.NewNames().User(w.Username)
	if w.caller.Root || !found {
		return nil
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
	// 11. Refuse a manager if the settings let none invite, or not so many in a month, or if he gives a role, or no zone.
	if settings.Login.Invitations == 0 {
		return errNotInviting
	}
	if said(w.Role) != "" && said(w.Role) != string(account.RoleBase) {
		return errRole
	}
	if w.Zone == "" {
		return &account.FieldError{Field: "zone", Reason: account.Missing}
	}
	invited, err := account.CountInvited(w.caller.UID, w.now.AddDate(0, -1, 0))
	if err == nil && invited >= settings.Login.Invitations {
		err = errMonth
	}
	return err
}

// checkZone refuses a zone that is not open, or that is not the manager's who asks, and what can be given to nobody.
func (w *work) checkZone() error {
	if w.Zone == "" {
		return nil
	}
	switch zone.Access(w.Access) {
	case zone.Read, zone.Write, zone.Drop:
	default:
		return &account.FieldError{Field: "access", Reason: account.BadForm}
	}
	return w.inZone(func(*zone.Held) error { return nil })
}

// inZone reaches the zone for who may share it: as zonefix does, its owner and administrators.
func (w *work) inZone(do func(*zone.Held) error) error {
	admin, err := w.admin()
	if err != nil {
		return err
	}
	defer admin.Close()
	z, err := admin.Reach(w.Zone)
	if err != nil {
		return err
	}
	defer z.Release()
	// 12. Refuse a manager who does not own the root that was reached.
	if err := w.checkOwner(z); err != nil {
		return err
	}
	return do(z)
}

func (w *work) checkOwner(z *zone.Held) error {
	if w.administers() || z.Owner() == w.caller.UID {
		return nil
	}
	return errNotOwner
}

// letIn gives who was invited what he is to have in the zone.
func (w *work) letIn() error {
	if w.Zone == "" {
		return nil
	}
	w.names = account.NewNames() // with the new one
	var err error
	if w.register, err = account.ReadRegister(); err != nil {
		return err
	}
	return w.inZone(func(z *zone.Held) error {
		details, err := z.Details()
		if err != nil {
			return err
		}
		principal := "user:" + w.Username
		return w.record(farewell.Deed{Event: "zone-share", Path: principal + "=" + w.Access, Zone: details}, func() error {
			err := z.Lock()
			if err == nil {
				err = w.checkOwner(z) // it may have changed hands before it was this one's turn
			}
			if err != nil {
				return err
			}
			report, err := z.Share(principal, zone.Access(w.Access))
			if err == nil && report.Incomplete() {
				err = fmt.Errorf("%s: %w", w.Zone, zone.ErrBusy)
			}
			return err
		})
	})
}
