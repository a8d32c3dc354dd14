package main

import (
	"errors"
	"fmt"

	"sharezone/internal/account"
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
		err = w.checkZone()
	}
	if err != nil {
		return err
	}
	if _, err := w.make(); err != nil {
		return err
	}
	return errors.Join(w.letIn(), w.showUser(), w.sendInvitation(settings))
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

// checkZone refuses a zone that is not open, and what can be given to nobody.
func (w *work) checkZone() error {
	if w.Zone == "" {
		return nil
	}
	switch zone.Access(w.Access) {
	case zone.Read, zone.Write, zone.Drop:
	default:
		return &account.FieldError{Field: "access", Reason: account.BadForm}
	}
	admin, err := w.admin()
	if err != nil {
		return err
	}
	defer admin.Close()
	_, err = admin.Show(w.Zone)
	return err
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
	admin, err := w.admin()
	if err != nil {
		return err
	}
	defer admin.Close()
	z, err := admin.Show(w.Zone)
	if err != nil {
		return err
	}
	principal := "user:" + w.Username
	return w.record(farewell.Deed{Event: "zone-share", Path: principal + "=" + w.Access, Zone: z}, func() error {
		report, err := admin.Share(w.Zone, principal, zone.Access(w.Access))
		if err == nil && report.Incomplete() {
			err = fmt.Errorf("%s: %w", w.Zone, zone.ErrBusy)
		}
		return err
	})
}
