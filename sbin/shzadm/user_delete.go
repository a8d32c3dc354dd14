package main

import (
	"errors"
	"strings"
	"time"

	"sharezone/internal/account/change"
	"sharezone/internal/farewell"
)

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
	case (*files == "transfer") != (*to != ""):
		return usageError(c.say.line("usage-heir"))
	}
	if err := change.Prepare(); err != nil {
		return err
	}
	// Before anything is looked at: the heir must not go, nor the account change, until the end.
	held := []string{operands[0]}
	if *to != "" {
		held = append(held, *to)
	}
	release, err := change.Hold(held...)
	if err != nil {
		return err
	}
	defer release()
	admin, err := zoneAdmin()
	if err != nil {
		return err
	}
	defer admin.Close()
	f, err := farewell.New(admin, operands[0], *to)
	if err != nil {
		return err
	}
	f.Record = c.recordStep
	var gone farewell.Result
	err = c.record(deed{event: "user-delete", user: operands[0]}, func() (err error) {
		gone, err = f.Say(time.Now())
		return err
	})
	if err != nil && len(gone.Skipped) == 0 {
		return err
	}
	return errors.Join(c.showDeleted(gone), err)
}

// recordStep notes what is done on the way, each as an act of its own.
func (c *call) recordStep(d farewell.Deed, do func() error) error {
	if d.User != "" {
		return c.record(deed{event: d.Event, user: d.User, path: d.Path}, do)
	}
	return c.record(onZone(d.Event, d.Path, d.Zone, d.Zone.Name), do)
}

func (c *call) showDeleted(gone farewell.Result) error {
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
