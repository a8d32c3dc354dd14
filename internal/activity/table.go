package activity

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/event"
)

// Columns head a table of acts, the same in every language: the keys of JSON.
var Columns = []string{"time", "event", "user", "about", "entry", "address", "zone", "path", "bytes", "result"}

// WriteCSV writes RFC 4180. A spreadsheet takes a cell that begins like a formula for one, whatever its quotes, and names of
// files are for everybody to choose: such a cell gets an apostrophe in front. show makes visible what hides in a cell.
func WriteCSV(to io.Writer, records []event.Record, show func(string) string) error {
	w := csv.NewWriter(to)
	w.UseCRLF = true
	if err := w.Write(Columns); err != nil {
		return err
	}
	for _, r := range records {
		row := []string{r.Time.UTC().Format(time.RFC3339), r.Event, r.User, orEmpty(r.About), r.Entry, orEmpty(r.Address),
			orEmpty(r.Zone), Path(r), number(r.Bytes), r.Result}
		for i := range row {
			row[i] = plainCell(show(row[i]))
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// Path is the path of an act as it can be typed again: percent-encoded where it is no text.
func Path(r event.Record) string {
	if r.Raw != "" {
		return r.Raw
	}
	return orEmpty(r.Path)
}

func plainCell(cell string) string {
	if start := strings.TrimLeft(cell, " "); start != "" && strings.ContainsRune("=+-@", rune(start[0])) {
		return "'" + cell
	}
	return cell
}

func orEmpty(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

func number(value *int64) string {
	if value == nil {
		return ""
	}
	return strconv.FormatInt(*value, 10)
}
