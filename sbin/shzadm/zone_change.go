package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/farewell"
	"sharezone/internal/zone"
)

// noNotify is how the empty value of Notify is written in a command: nobody is told of anything.
const noNotify = "none"

// parseMaxAge reads the option --max-age; empty means none.
func parseMaxAge(text string) (*int, error) {
	days := 0
	if text == "" {
		return &days, nil
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < 1 {
		return nil, zone.ValueError{Attr: zone.AttrMaxAge, Value: text, Reason: zone.BadForm}
	}
	return &days, nil
}

func zoneModify(c *call, args []string) error {
	fs := c.flags()
	var m zone.Metadata
	var maxAge, notify, trash, limitText *string
	fs.Func("title", "", setText(&m.Title))
	fs.Func("description", "", setText(&m.Description))
	fs.Func("expires", "", setText(&m.Expires))
	fs.Func("max-age", "", setText(&maxAge))
	fs.Func("notify", "", setText(&notify))
	fs.Func("trash", "", setText(&trash))
	fs.Func("limit", "", setText(&limitText))
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if fs.NFlag() == 0 || fs.NFlag() == 1 && given(fs, "json") {
		return usageError(c.say.line("usage-change"))
	}
	if maxAge != nil {
		if m.MaxAge, err = parseMaxAge(*maxAge); err != nil {
			return err
		}
	}
	forgetNotify := notify != nil && *notify == ""
	if !forgetNotify {
		m.Notify = notifyValue(notify)
	}
	if trash != nil {
		switch m.Trash = trash; *trash {
		case "on":
			m.Trash = new(string) // the absent attribute
		case "": // which would be the same: a variable of a script that is not set says neither
			return zone.ValueError{Attr: zone.AttrTrash, Value: *trash, Reason: zone.BadForm}
		}
	}
	limit, err := parseLimit(text(limitText))
	if err != nil {
		return err
	}
	if err := checkLatest(m.Expires); err != nil {
		return err
	}
	changes := m.Changes(forgetNotify)
	if limitText != nil {
		changes = strings.TrimPrefix(changes+", limit="+*limitText, ", ")
	}
	return c.changeZone(operands[0], "zone-modify", changes, func(admin *zone.Admin) (zone.Details, error) {
		if limitText != nil { // first: a zone that is full has no room for a longer title
			if err := admin.SetLimit(operands[0], limit); err != nil {
				return zone.Details{}, err
			}
		}
		if err := admin.Modify(operands[0], m, forgetNotify, time.Now()); err != nil {
			return zone.Details{}, err
		}
		return admin.Show(operands[0])
	})
}

// notifyValue is the attribute's value for what an option said.
func notifyValue(option *string) *string {
	if option != nil && *option == noNotify {
		return new(string)
	}
	return option
}

// checkLatest refuses an expiry date that the settings do not allow.
func checkLatest(expires *string) error {
	if expires == nil {
		return nil
	}
	policy, err := zonePolicy()
	if err != nil {
		return err
	}
	return policy.CheckExpiry(expires, time.Now())
}

// errClosed is ErrNotThere of a zone that is closed.
var errClosed = fmt.Errorf("closed: %w", zone.ErrNotThere)

// showOpen is an open zone; of a closed one it says that it is that.
func showOpen(admin *zone.Admin, name string) (zone.Details, error) {
	z, err := admin.Show(name)
	if errors.Is(err, zone.ErrNotThere) {
		if _, closedErr := admin.ShowClosed(name); closedErr == nil {
			err = fmt.Errorf("%s: %w", name, errClosed)
		}
	}
	return z, err
}

// changeZone records and does one change of a zone, and shows it.
func (c *call) changeZone(name, event, changes string, do func(*zone.Admin) (zone.Details, error)) error {
	admin, err := zoneAdmin()
	if err != nil {
		return err
	}
	defer admin.Close()
	before, err := showOpen(admin, name)
	if event == "zone-restore" {
		before, _ = admin.ShowClosed(name)
	} else if errors.Is(err, errClosed) {
		return err
	}
	concerned := name
	if before.FormerName != nil {
		concerned = *before.FormerName
	}
	var after zone.Details
	err = c.record(onZone(event, changes, before, concerned), func() error {
		after, err = do(admin)
		return err
	})
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(after)
	}
	if after.State == zone.StateClosed {
		return c.print(c.say.line("zone-closed", name, farewell.ZonePath(after), after.Name))
	}
	return c.print(c.say.line("zone-changed", after.Name, after.Owner, farewell.ZonePath(after)))
}

func zoneClose(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 1, 1)
	if err != nil {
		return err
	}
	return c.changeZone(operands[0], "zone-close", "", func(admin *zone.Admin) (zone.Details, error) {
		name, err := admin.CloseZone(operands[0], time.Now())
		if err != nil {
			return zone.Details{}, err
		}
		return admin.ShowClosed(name)
	})
}

func zoneRestore(c *call, args []string) error {
	fs := c.flags()
	var expires *string
	fs.Func("expires", "", setText(&expires))
	to := fs.String("name", "", "")
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if err := checkLatest(expires); err != nil {
		return err
	}
	return c.changeZone(operands[0], "zone-restore", "", func(admin *zone.Admin) (zone.Details, error) {
		name, err := admin.RestoreZoneAs(operands[0], *to, expires, time.Now())
		if err != nil {
			return zone.Details{}, err
		}
		return admin.Show(name)
	})
}

// showZone finds an open zone, or the closed one of that name where there is none or closed is asked for.
func showZone(admin *zone.Admin, name string, closed bool) (zone.Details, error) {
	if !closed {
		z, err := admin.Show(name)
		if !errors.Is(err, zone.ErrNotThere) {
			return z, err
		}
		if z, closedErr := admin.ShowClosed(name); closedErr == nil {
			return z, nil
		}
		return z, err
	}
	return admin.ShowClosed(name)
}
