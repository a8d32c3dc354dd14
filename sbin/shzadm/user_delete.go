package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/zone"
)

// errIncomplete ends a deletion whose files could not all be given on: the account is locked and still there.
var errIncomplete = errors.New("not everything could be transferred")

// ownsZonesError refuses to delete the owner of zones, which would then belong to nobody.
type ownsZonesError struct {
	user  string
	zones []string
}

func (e *ownsZonesError) Error() string { return e.user + " owns zones: " + strings.Join(e.zones, " ") }

// deletedUser is what is left to say of a user.
type deletedUser struct {
	Name    string         `json:"username"`
	UID     uint32         `json:"uid"`
	Files   string         `json:"files"` // keep or transfer
	To      *string        `json:"to"`
	Zones   []string       `json:"zones"`   // that changed hands
	Skipped []zone.Skipped `json:"skipped"` // with their whole paths
	More    int            `json:"more"`    // beyond those named
	Deleted bool           `json:"deleted"`
}

func userDelete(c *call, args []string) error {
	fs := c.flags()
	files := fs.String("files", "", "")
	to := fs.String("to", "", "")
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	switch {
	case !given(fs, "files"):
		return usageError(c.say.line("usage-needed", "--files"))
	case *files != "keep" && *files != "transfer":
		return usageError(c.say.line("usage-files"))
	case (*files == "transfer") != given(fs, "to"):
		return usageError(c.say.line("usage-heir"))
	}
	if err := change.Prepare(); err != nil {
		return err
	}
	admin, err := zoneAdmin()
	if err != nil {
		return err
	}
	defer admin.Close()
	who, err := change.CheckDelete(operands[0])
	if err == nil {
		err = checkFarewell(admin, who, *to)
	}
	if err != nil {
		return err
	}
	gone := deletedUser{Name: who.Name, UID: who.UID, Files: *files, Zones: []string{}, Skipped: []zone.Skipped{}}
	if given(fs, "to") {
		gone.To = to
	}
	err = c.record(deed{event: "user-delete", user: who.Name}, func() error { return c.deleteUser(admin, who, &gone) })
	if err != nil && len(gone.Skipped) == 0 {
		return err
	}
	return errors.Join(c.showDeleted(gone), err)
}

// checkFarewell refuses before anything is changed.
func checkFarewell(admin *zone.Admin, who account.Entry, to string) error {
	if to != "" {
		return admin.CheckTransfer(who, to)
	}
	owned, err := admin.Owned(who.UID)
	if err != nil || len(owned) == 0 {
		return err
	}
	refused := &ownsZonesError{user: who.Name}
	for _, z := range owned {
		refused.zones = append(refused.zones, zonePath(z))
	}
	return refused
}

// deleteUser locks first, so that nothing new begins, and removes the account last: until then the command can be run
// again.
func (c *call) deleteUser(admin *zone.Admin, who account.Entry, gone *deletedUser) error {
	if _, err := change.Shut(who.Name); err != nil {
		return err
	}
	if _, err := c.endSessionsOf(who.UID); err != nil {
		return err
	}
	if err := change.CheckIdle(who); err != nil {
		return err
	}
	if gone.To != nil {
		if err := c.handOver(admin, who, gone); err != nil {
			return err
		}
	}
	if err := c.leaveZones(admin, who); err != nil {
		return err
	}
	if err := change.Delete(who, time.Now()); err != nil {
		return err
	}
	gone.Deleted = true
	return nil
}

// handOver gives everything to the heir, and notes each zone that changed hands.
func (c *call) handOver(admin *zone.Admin, who account.Entry, gone *deletedUser) error {
	done, err := admin.TransferAll(who, *gone.To)
	incomplete := false
	for _, h := range done {
		if h.Owner {
			gone.Zones = append(gone.Zones, zonePath(h.Zone))
			c.record(onZone("zone-transfer", "user:"+*gone.To, h.Zone, h.Zone.Name), func() error { return nil })
		}
		for _, s := range h.Report.Skipped {
			s.Path = zonePath(h.Zone) + "/" + s.Path
			gone.Skipped = append(gone.Skipped, s)
		}
		gone.More += h.Report.More
		incomplete = incomplete || isIncomplete(h.Report)
	}
	if err == nil && incomplete {
		err = fmt.Errorf("%s: %w", who.Name, errIncomplete)
	}
	return err
}

// leaveZones takes the account out of the access lists of the open zones that name it: an entry of a number that
// nobody has is only in the way, of doctor for example.
func (c *call) leaveZones(admin *zone.Admin, who account.Entry) error {
	zones, err := admin.List()
	if err != nil {
		return err
	}
	principal := "user:" + who.Name
	for _, z := range zones {
		for _, m := range z.Members {
			if m.Principal != principal || z.State != zone.StateOpen {
				continue
			}
			err := c.record(onZone("zone-share", principal+"=none", z, z.Name), func() error {
				_, err := admin.Share(z.Name, principal, zone.None)
				return err
			})
			if err != nil && !errors.Is(err, zone.ErrNotThere) {
				return err
			}
		}
	}
	return nil
}

func (c *call) showDeleted(gone deletedUser) error {
	if c.json {
		return c.printJSON(gone)
	}
	var b strings.Builder
	if gone.Deleted {
		b.WriteString(c.say.line("user-deleted", gone.Name, gone.UID))
	}
	if gone.To != nil && gone.Deleted {
		b.WriteString(c.say.line("user-heir", *gone.To))
	}
	if len(gone.Zones) > 0 {
		b.WriteString(c.say.line("user-zones", strings.Join(gone.Zones, " ")))
	}
	b.WriteString(c.skippedLines(gone.Skipped, gone.More))
	return c.print(b.String())
}
