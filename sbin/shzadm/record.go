package main

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/admission"
	"sharezone/internal/announcement"
	"sharezone/internal/event"
	"sharezone/internal/farewell"
	"sharezone/internal/layout"
	"sharezone/internal/session"
	"sharezone/internal/signup"
	"sharezone/internal/zone"
)

// deed is what is noted of an act of the administrator's.
type deed struct {
	event  string // of event.Names
	path   string // what it says beyond the zone: with whom it was shared, which group
	user   string // the account that it concerns
	zone   string // its name
	zoneID string
	dir    string // which directory that is

	// end is what it says instead of path when it is over, "" = path; nil: the same. Asked by recordHeld, before somebody else may change the
	// account.
	end func() string
}

// onZone is a deed that concerns a zone. Without an id, which only a damaged or missing zone lacks, it still stands in
// the activity of the whole system.
func onZone(name, path string, z zone.Details, zoneName string) deed {
	d := deed{event: name, path: path, zoneID: z.ID, dir: z.Dir}
	if zone.CheckName(zoneName) == nil {
		d.zone = zoneName
	}
	return d
}

// record does something between the two lines of an event file of its own. Where no event file can be made the act is
// done all the same, and the lack said: on a full disk, of all moments, an administrator must be able to lock an
// account out.
func (c *call) record(d deed, do func() error) error {
	return c.recordEnd(d, func() (string, error) { return "", do() })
}

// recordEnd is record of what returns what its last line says.
func (c *call) recordEnd(d deed, do func() (path string, err error)) error {
	act, file := c.begin(d)
	path, err := do()
	act.End(resultOf(err), -1, path)
	file.Close()
	return err
}

// recordAll is record of several deeds that are one change, each in an event file of its own.
func (c *call) recordAll(deeds []deed, do func() error) error {
	if len(deeds) == 0 {
		return do()
	}
	return c.record(deeds[0], func() error { return c.recordAll(deeds[1:], do) })
}

// recordHeld is record for a change of accounts, which nobody else changes meanwhile.
func (c *call) recordHeld(d deed, names []string, do func() error) error {
	return c.recordEnd(d, func() (path string, err error) {
		release, err := change.Hold(names...)
		if err != nil {
			return "", err
		}
		defer release()
		if err = do(); d.end != nil && !errors.As(err, new(*change.ExistsError)) { // that one is somebody else's
			path = d.end()
		}
		return path, err
	})
}

func (c *call) begin(d deed) (*event.Act, *event.File) {
	name, uid := actor(c.getenv)
	file, err := event.Create(layout.Events, event.Header{UID: uid, User: name, Component: "shzadm", Entry: event.EntryShell,
		Zone: d.zone, ZoneID: d.zoneID, ZoneDir: d.dir})
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
	var notOurs *change.NotOursError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &field), errors.As(err, &value), errors.Is(err, zone.ErrName), errors.Is(err, zone.ErrPast), errors.Is(err, zone.ErrPath),
		errors.Is(err, announcement.ErrText), errors.Is(err, zone.ErrNoSuchUser), errors.Is(err, zone.ErrNoSuchGroup), errors.Is(err, zone.ErrNotInBase),
		errors.Is(err, zone.ErrPrincipal), errors.Is(err, zone.ErrTwice), errors.Is(err, zone.ErrIsOwner), errors.Is(err, zone.ErrNotManager), errors.Is(err, zone.ErrSamePerson):
		return "bad-request"
	case errors.As(err, &exists), errors.Is(err, zone.ErrExists):
		return "exists"
	case errors.Is(err, zone.ErrNotThere), errors.Is(err, zone.ErrNotClosed), errors.Is(err, change.ErrNoAccount), errors.Is(err, errNoUser), errors.Is(err, errNoSession),
		errors.Is(err, change.ErrNoGroup), errors.Is(err, errNoObject), errors.Is(err, errNoFolder), errors.Is(err, errNoMessage), errors.Is(err, zone.ErrReserved):
		return "not-found"
	case errors.As(err, &notOurs), errors.Is(err, errNotAllowed), errors.Is(err, errNotRoot), errors.Is(err, errLinkOnWay), errors.Is(err, zone.ErrLinked):
		return "not-permitted"
	case errors.Is(err, zone.ErrExchanged), errors.Is(err, signup.ErrGone), errors.As(err, new(*admission.BegunError)),
		errors.As(err, new(*zone.PutsOutError)), errors.As(err, new(*zone.GainsError)):
		return "conflict"
	case errors.Is(err, change.ErrBusy), errors.Is(err, change.ErrInUse), errors.Is(err, signup.ErrBusy), errors.Is(err, zone.ErrBusy), errors.Is(err, errInTheWay):
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
	var owner *farewell.OwnerError
	var shared *sharedError
	if errors.As(err, &owner) || errors.As(err, &shared) {
		return "refused"
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return "refused"
		}
	}
	return "internal"
}
