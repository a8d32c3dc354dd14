package main

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/announcement"
	"sharezone/internal/event"
	"sharezone/internal/layout"
	"sharezone/internal/session"
	"sharezone/internal/zone"
)

// deed is what is noted of an act of the administrator's.
type deed struct {
	event  string // of event.Names
	path   string // what it says beyond the zone: with whom it was shared, which group
	user   string // the account that it concerns
	zone   string // its name
	zoneID string
}

// onZone is a deed that concerns a zone. Without an id, which only a damaged or missing zone lacks, it still stands in
// the activity of the whole system.
func onZone(name, path string, z zone.Details, zoneName string) deed {
	d := deed{event: name, path: path, zoneID: z.ID}
	if zone.CheckName(zoneName) == nil {
		d.zone = zoneName
	}
	return d
}

// record does something between the two lines of an event file of its own. Where no event file can be made the act is
// done all the same, and the lack said: on a full disk, of all moments, an administrator must be able to lock an
// account out.
func (c *call) record(d deed, do func() error) error {
	act, file := c.begin(d)
	err := do()
	act.End(resultOf(err), -1, "")
	file.Close()
	return err
}

// recordHeld is record for a change of accounts, which nobody else changes meanwhile.
func (c *call) recordHeld(d deed, names []string, do func() error) error {
	return c.record(d, func() error {
		release, err := change.Hold(names...)
		if err != nil {
			return err
		}
		defer release()
		return do()
	})
}

func (c *call) begin(d deed) (*event.Act, *event.File) {
	name, uid := actor(c.getenv)
	file, err := event.Create(layout.Events, event.Header{UID: uid, User: name, Component: "shzadm", Entry: event.EntryShell,
		Zone: d.zone, ZoneID: d.zoneID})
	var act *event.Act
	switch {
	case err != nil:
	case d.user != "":
		act, err = file.BeginAbout(d.event, d.user, d.path)
	default:
		act, err = file.Begin(d.event, d.path)
	}
	if err != nil {
		fmt.Fprint(c.errOut, c.say.line("not-recorded", d.event, printable(err.Error())))
	}
	return act, file
}

// actor is who became root by sudo, or else root. The variables are sudo's, or root's own word for himself.
func actor(getenv func(string) string) (string, uint32) {
	name := getenv("SUDO_USER")
	uid, err := strconv.ParseUint(getenv("SUDO_UID"), 10, 32)
	if err != nil || !session.ValidUser(name) {
		return "root", 0
	}
	return name, uint32(uid)
}

// resultOf is an error in the words of the interface.
func resultOf(err error) string {
	var field *account.FieldError
	var value zone.ValueError
	var exists *change.ExistsError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &field), errors.As(err, &value), errors.Is(err, zone.ErrName), errors.Is(err, zone.ErrPast), errors.Is(err, zone.ErrPath),
		errors.Is(err, announcement.ErrText):
		return "bad-request"
	case errors.As(err, &exists), errors.Is(err, zone.ErrExists):
		return "exists"
	case errors.Is(err, zone.ErrNotThere), errors.Is(err, zone.ErrNotClosed), errors.Is(err, change.ErrNoAccount), errors.Is(err, errNoUser), errors.Is(err, errNoSession),
		errors.Is(err, change.ErrNoGroup), errors.Is(err, errNoObject), errors.Is(err, errNoFolder), errors.Is(err, zone.ErrReserved):
		return "not-found"
	case errors.Is(err, errNotAllowed), errors.Is(err, errNotRoot), errors.Is(err, errLinkOnWay), errors.Is(err, zone.ErrLinked):
		return "not-permitted"
	case errors.Is(err, zone.ErrExchanged):
		return "conflict"
	case errors.Is(err, change.ErrBusy), errors.Is(err, change.ErrInUse), errors.Is(err, zone.ErrBusy), errors.Is(err, errInTheWay):
		return "busy"
	case errors.Is(err, unix.ENOSPC):
		return "no-space"
	case errors.Is(err, unix.EDQUOT):
		return "quota"
	case errors.Is(err, unix.EROFS):
		return "locked"
	case errors.Is(err, zone.ErrNoLimits):
		return "refused"
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return "refused"
		}
	}
	return "internal"
}
