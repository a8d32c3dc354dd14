package main

import (
	"errors"
	"fmt"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	activitylog "sharezone/internal/activity"
	"sharezone/internal/announcement"
	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

// announce says, shows or takes back what stands on every page.
func announce(c *call, args []string) error {
	fs := c.flags()
	italian, english, until := fs.String("it", "", ""), fs.String("en", "", ""), fs.String("until", "", "")
	end := fs.Bool("end", false, "")
	if _, err := c.parse(fs, args, 0, 0); err != nil {
		return err
	}
	says := given(fs, "it") || given(fs, "en")
	if *end && (says || given(fs, "until")) || given(fs, "until") && !says {
		return usageError(c.say.line("usage-announce"))
	}
	switch {
	case *end:
		if err := announcement.Write(nil); err != nil {
			return err
		}
	case says:
		a := &announcement.Announcement{Italian: *italian, English: *english}
		if !given(fs, "it") { // said in one language it is better than unsaid in the other
			a.Italian = *english
		}
		if !given(fs, "en") {
			a.English = *italian
		}
		if given(fs, "until") {
			t, ok := activitylog.ParseMoment(*until, 1)
			if !ok {
				return usageError(c.say.line("usage-moment", "--until"))
			}
			if !t.After(time.Now()) {
				return fmt.Errorf("%s: %w", *until, zone.ErrPast)
			}
			a.Until = &t
		}
		if err := announcement.Write(a); err != nil {
			return err
		}
	}
	a := announcement.Read(time.Now())
	if c.json {
		return c.printJSON(map[string]any{"announcement": a})
	}
	if a == nil {
		return c.print(c.say.line("announce-none") + "\n")
	}
	return c.printFields("announce-fields", a.Italian, a.English, moment(a.Until))
}

// maintenance begins, ends or shows whether only administrators are let in.
func maintenance(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 0, 1)
	if err != nil {
		return err
	}
	if len(operands) == 1 {
		on := operands[0] == "on"
		if !on && operands[0] != "off" {
			return usageError(c.say.line("usage-maintenance"))
		}
		names := account.NewNames()
		group, ok := names.GroupID(layout.GroupAdmin)
		if on && !ok {
			return errors.Join(fmt.Errorf("%s: %w", layout.GroupAdmin, change.ErrNoGroup), names.Err())
		}
		if err := announcement.SetMaintenance(on, group); err != nil {
			return err
		}
	}
	on, _, err := announcement.Maintenance()
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(map[string]any{"maintenance": on})
	}
	if on {
		return c.print(c.say.line("maintenance-on") + "\n")
	}
	return c.print(c.say.line("maintenance-off") + "\n")
}
