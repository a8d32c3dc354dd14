package activity

import (
	"cmp"
	"encoding/csv"
	"io"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"sharezone/internal/event"
)

// Columns head a table of acts, the same in every language: the keys of JSON.
var Columns = []string{"time", "event", "user", "about", "entry", "address", "zone", "path", "bytes", "result", "from"}

// Table writes RFC 4180. A spreadsheet takes a cell that begins like a formula for one, whatever its quotes, and names of
// files are for everybody to choose: such a cell gets an apostrophe in front. Where the list separator is a semicolon, as in Italian,
// or somebody chose the tab, what follows one is a cell too.
type Table struct {
	rows *csv.Writer
	show func(string) string
}

// NewTable writes the heading. show makes visible what hides in a cell.
func NewTable(to io.Writer, show func(string) string) (*Table, error) {
	t := &Table{csv.NewWriter(to), show}
	t.rows.UseCRLF = true
	return t, t.rows.Write(Columns)
}

// Add writes an act.
func (t *Table) Add(r event.Record) error {
	row := []string{r.Time.UTC().Format(time.RFC3339), r.Event, r.User, orEmpty(r.About), r.Entry, orEmpty(r.Address),
		orEmpty(r.Zone), Path(r), number(r.Bytes), r.Result, From(r)}
	for i := range row {
		row[i] = plainCell(t.show(row[i]))
	}
	return t.rows.Write(row)
}

// AddRemark writes a row that is no act, at the end of what is not whole: what is wrong stands where results do.
func (t *Table) AddRemark(text string) error {
	row := make([]string, len(Columns))
	row[slices.Index(Columns, "result")] = plainCell(t.show(text))
	return t.rows.Write(row)
}

// Flush writes what is buffered.
func (t *Table) Flush() error {
	t.rows.Flush()
	return t.rows.Error()
}

// Path is the path of an act as it can be typed again: percent-encoded where it is no text.
func Path(r event.Record) string { return cmp.Or(r.Raw, orEmpty(r.Path)) }

// From is the path that it had before, in the same way.
func From(r event.Record) string { return cmp.Or(r.FromRaw, orEmpty(r.From)) }

// formula is how one begins, also with the full-width signs.
var formula = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(^|[;\t\r\n])([\p{Zs}"]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])`)
})

func plainCell(cell string) string {
	return formula().ReplaceAllString(cell, "$1'$2")
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
