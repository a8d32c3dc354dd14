package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	activitylog "sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

var zoneIDForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{32}$`) })

func activity(c *call, args []string) error {
	fs := c.flags()
	var f activitylog.Filter
	from := fs.String("from", "", "")
	to := fs.String("to", "", "")
	fs.StringVar(&f.User, "user", "", "")
	fs.StringVar(&f.Path, "path", "", "")
	eventName := fs.String("event", "", "")
	asCSV := fs.Bool("csv", false, "")
	operands, err := c.parse(fs, args, 0, 1)
	if err != nil {
		return err
	}
	var ok1, ok2 bool
	f.From, ok1 = activitylog.ParseMoment(*from, 0)
	f.To, ok2 = activitylog.ParseMoment(*to, 1)
	switch {
	case !ok1:
		return usageError(c.say.line("usage-moment", "--from"))
	case !ok2:
		return usageError(c.say.line("usage-moment", "--to"))
	case *eventName != "" && *eventName != activitylog.Taken && !slices.Contains(event.Names, *eventName):
		return usageError(c.say.line("usage-event", *eventName, strings.Join(event.Names, " ")+" "+activitylog.Taken))
	case c.json && *asCSV:
		return usageError(c.say.line("usage-form"))
	}
	if *eventName != "" {
		f.Events = []string{*eventName}
	}
	if len(operands) == 1 {
		if f.ZoneID, err = findZoneID(operands[0]); err != nil {
			return err
		}
	}
	found, damage, unread, readErr := readActivity(f)
	switch {
	case c.json:
		err = c.printJSON(map[string]any{"events": found, "total": len(found), "offset": 0, "complete": len(damage) == 0 && readErr == nil,
			"unreadable": unread, "damaged": append([]event.Damage{}, damage...)})
	case *asCSV:
		err = c.printCSV(found)
	default:
		err = c.printActivity(found)
	}
	if !c.json {
		for _, d := range damage {
			fmt.Fprint(c.errOut, c.say.line("activity-damaged", printable(layout.Events+"/"+d.File), d.Line, d.Reason))
		}
	}
	if err = errors.Join(err, readErr); err == nil && len(damage) > 0 {
		err = errFindings
	}
	return err
}

// readActivity reads the log, and what the worker has not taken yet.
func readActivity(f activitylog.Filter) ([]event.Record, []event.Damage, int, error) {
	folder := layout.SystemLog
	if f.ZoneID != "" {
		folder = layout.ZoneLogs + "/" + f.ZoneID
	}
	return readActivityIn(layout.Events, folder, f)
}

// readActivityIn reads the spool first: what is taken meanwhile is then in both, and told once. Of a request that lasts for days the log
// has the first acts, in the order in which the spool has them. unread is how many lines of the log are damaged.
func readActivityIn(spool, folder string, f activitylog.Filter) (found []event.Record, damage []event.Damage, unread int, err error) {
	var waiting []event.Record
	spooled := make(map[string]bool)
	damage, spoolErr := event.ReadFolder(spool, func(r event.Record) {
		waiting = append(waiting, r)
		spooled[r.Request] = true
	})
	found = []event.Record{}
	logged := make(map[string]int)
	unread, logErr := activitylog.Read(folder, func(l activitylog.Line) {
		if spooled[l.Request] && !l.Ended {
			logged[l.Request]++
		}
		if f.Matches(l) {
			found = append(found, l.Record)
		}
	})
	if unread > 0 {
		damage = append(damage, event.Damage{File: folder, Reason: fmt.Sprintf("%d lines that cannot be read", unread)})
	}
	for _, r := range waiting {
		switch {
		case f.ZoneID != "" && r.ZoneID != f.ZoneID:
		case logged[r.Request] > 0:
			logged[r.Request]--
		case f.Matches(activitylog.Line{Record: r, Taken: r.Owner != nil}):
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b event.Record) int { return a.Time.Compare(b.Time) })
	return found, damage, unread, errors.Join(spoolErr, logErr)
}

// findZoneID finds whose acts are meant by the name of a zone: those of its id, so a zone that was renamed keeps its
// history and another of the same name does not get it. The id itself serves for a zone that is gone.
func findZoneID(name string) (string, error) {
	admin, err := zoneAdmin()
	if err != nil {
		return "", err
	}
	defer admin.Close()
	z, err := showZone(admin, name, false)
	switch {
	case errors.Is(err, zone.ErrNotThere) && zoneIDForm().MatchString(name):
		return name, nil
	case err != nil:
		return "", err
	case z.ID == "":
		return "", fmt.Errorf("%s: %w", name, errNoID)
	}
	return z.ID, nil
}

var errNoID = errors.New("the zone has no id")

func bytesOf(r event.Record) string {
	if r.Bytes == nil {
		return ""
	}
	return strconv.FormatInt(*r.Bytes, 10)
}

func (c *call) printActivity(found []event.Record) error {
	rows := make([][]string, 0, len(found))
	for _, r := range found {
		path := activitylog.Path(r)
		if r.From != nil {
			path = activitylog.From(r) + " -> " + path
		}
		rows = append(rows, []string{moment(&r.Time), r.Event, r.User, text(r.About), r.Entry, text(r.Address), text(r.Zone),
			path, bytesOf(r), r.Result})
	}
	return c.printRows("activity-columns", rows)
}

func (c *call) printCSV(found []event.Record) error {
	var b strings.Builder
	table, err := activitylog.NewTable(&b, printable)
	for _, r := range found {
		err = errors.Join(err, table.Add(r))
	}
	if err = errors.Join(err, table.Flush()); err != nil {
		return err
	}
	return c.print(b.String())
}
