package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/event"
	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

var zoneIDForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// filter says which acts are asked for; what is empty asks for all.
type filter struct {
	zoneID, user, event string
	from, to            time.Time // the first moment, and the first that is not asked for
}

func (f filter) matches(r event.Record) bool {
	return (f.zoneID == "" || r.ZoneID == f.zoneID) &&
		(f.user == "" || r.User == f.user || text(r.About) == f.user) &&
		(f.event == "" || r.Event == f.event) &&
		(f.from.IsZero() || !r.Time.Before(f.from)) &&
		(f.to.IsZero() || r.Time.Before(f.to))
}

func activity(c *call, args []string) error {
	fs := c.flags()
	var f filter
	from := fs.String("from", "", "")
	to := fs.String("to", "", "")
	fs.StringVar(&f.user, "user", "", "")
	fs.StringVar(&f.event, "event", "", "")
	asCSV := fs.Bool("csv", false, "")
	operands, err := c.parse(fs, args, 0, 1)
	if err != nil {
		return err
	}
	var ok1, ok2 bool
	f.from, ok1 = parseMoment(*from, 0)
	f.to, ok2 = parseMoment(*to, 1)
	switch {
	case !ok1:
		return usageError(c.say.line("usage-moment", "--from"))
	case !ok2:
		return usageError(c.say.line("usage-moment", "--to"))
	case f.event != "" && !slices.Contains(event.Names, f.event):
		return usageError(c.say.line("usage-event", f.event, strings.Join(event.Names, " ")))
	case c.json && *asCSV:
		return usageError(c.say.line("usage-form"))
	}
	if len(operands) == 1 {
		if f.zoneID, err = findZoneID(operands[0]); err != nil {
			return err
		}
	}
	found := []event.Record{}
	damage, readErr := event.ReadFolder(layout.Events, func(r event.Record) {
		if f.matches(r) {
			found = append(found, r)
		}
	})
	switch {
	case c.json:
		err = c.printJSON(map[string]any{"events": found, "damaged": append([]event.Damage{}, damage...)})
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
	case errors.Is(err, zone.ErrNotThere) && zoneIDForm.MatchString(name):
		return name, nil
	case err != nil:
		return "", err
	case z.ID == "":
		return "", fmt.Errorf("%s: %w", name, errNoID)
	}
	return z.ID, nil
}

var errNoID = errors.New("the zone has no id")

// parseMoment reads a day of the server's time zone, or a moment of RFC 3339. A day that ends a range belongs to it:
// add is how many days later the range ends.
func parseMoment(text string, add int) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return day.AddDate(0, 0, add), true
	}
	moment, err := time.Parse(time.RFC3339, text)
	return moment, err == nil
}

// pathOf is the path of an act as it can be typed again: percent-encoded where it is no text.
func pathOf(r event.Record) string {
	if r.Raw != "" {
		return r.Raw
	}
	return text(r.Path)
}

func bytesOf(r event.Record) string {
	if r.Bytes == nil {
		return ""
	}
	return strconv.FormatInt(*r.Bytes, 10)
}

func (c *call) printActivity(found []event.Record) error {
	rows := make([][]string, 0, len(found))
	for _, r := range found {
		rows = append(rows, []string{moment(&r.Time), r.Event, r.User, text(r.About), r.Entry, text(r.Address), text(r.Zone),
			pathOf(r), bytesOf(r), r.Result})
	}
	return c.printRows("activity-columns", rows)
}

// printCSV writes RFC 4180 with the keys of JSON as heading, the same in every language. A spreadsheet takes a cell
// that begins like a formula for one, whatever its quotes, and names of files are for everybody to choose: such a cell
// gets an apostrophe in front.
func (c *call) printCSV(found []event.Record) error {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	rows := [][]string{{"time", "event", "user", "about", "entry", "address", "zone", "path", "bytes", "result"}}
	for _, r := range found {
		row := []string{r.Time.UTC().Format(time.RFC3339), r.Event, r.User, text(r.About), r.Entry, text(r.Address), text(r.Zone),
			pathOf(r), bytesOf(r), r.Result}
		for i := range row {
			row[i] = plainCell(row[i])
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return c.print(b.String())
}

func plainCell(text string) string {
	text = printable(text)
	if start := strings.TrimLeft(text, " "); start != "" && strings.ContainsRune("=+-@", rune(start[0])) {
		return "'" + text
	}
	return text
}
