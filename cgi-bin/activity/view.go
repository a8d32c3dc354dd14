package main

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/internal/page"
	"sharezone/internal/text"
	"sharezone/internal/web"
)

// activityView is the page.
type activityView struct {
	Here   templ.SafeURL
	Crumbs []page.Crumb // of a zone; nil of the whole system
	Zone   string       // "" = all, and the rows say which

	From, To, User string
	Path           string // where it can be typed
	Raw            string // where it cannot, percent-encoded
	Events         string
	Kinds          []option
	Filtered       bool

	Rows    []actRow
	Range   page.Range
	Too     bool // there is more than can be paged through
	Damaged int
	CSV     templ.SafeURL
	Charts  []chart
	Days    []dayRow
}

type option struct{ Value, Label string }

// actRow is one act, or several requests of one.
type actRow struct {
	Time, Event, User, About, Zone, Path, Former, Bytes, Result, From string

	Requests string // how many, where it was not one
	requests int
	bytes    int64
}

// dayRow is a day in numbers.
type dayRow struct{ Day, Brought, BroughtBytes, Got, GotBytes string }

// chart are two bars for each day.
type chart struct {
	Title, Most string // Most: how much the highest bar is
	First, Last string // days
	Width       int
	Bars        []bar
}

// bar is in units of the drawing, chartHeight high; a day takes dayWidth.
type bar struct {
	X, Height int
	Got       bool
	Title     string
}

const (
	chartHeight = 60
	dayWidth    = 10
	barWidth    = 4
)

func title(l text.Language, of log) string {
	if of.zone == "" {
		return l.Say("activity.title")
	}
	return l.Say("activity.title-zone", of.zone)
}

func newView(c *web.Call, of log, q query, r *reading, acts []event.Record, damaged int) activityView {
	l := c.Language
	v := activityView{
		Here: templ.SafeURL(c.Path()), Zone: of.zone, From: q.from, To: q.to, User: q.filter.User, Events: q.events,
		Path: q.filter.Path, Kinds: kinds(l, q.events), Filtered: len(q.values()) > 0, Damaged: damaged,
		Charts: charts(l, r.days), Days: dayRows(l, r.days),
	}
	if of.zone != "" {
		v.Crumbs = []page.Crumb{{Label: l.Say("zones.title"), Href: "/cgi-bin/zones"}, {Label: of.zone, Href: templ.SafeURL("/cgi-bin/zones/" + of.zone)},
			{Label: l.Say("activity.tab"), Current: true}}
	}
	if text.Name(v.Path) != v.Path {
		v.Path, v.Raw = "", url.PathEscape(q.filter.Path)
	}
	var newer event.Record
	for _, act := range slices.Backward(acts) { // the newest first
		if last := len(v.Rows) - 1; last >= 0 && goesOn(act, newer) {
			v.Rows[last].add(l, act)
		} else {
			v.Rows = append(v.Rows, row(l, act))
		}
		newer = act
	}
	href := func(name, value string) templ.SafeURL {
		values := q.values()
		values.Set(name, value)
		return templ.SafeURL(c.Path() + "?" + strings.ReplaceAll(values.Encode(), "+", "%20"))
	}
	v.CSV = href("format", "csv")
	v.Range = page.Range{Total: r.total, Offset: q.offset, Shown: len(acts)}
	if q.offset > 0 {
		v.Range.PreviousHref = href("offset", strconv.Itoa(max(0, q.offset-q.limit)))
	}
	if next := q.offset + len(acts); next < r.total && len(acts) > 0 {
		if v.Too = next > maxOffset; !v.Too {
			v.Range.NextHref = href("offset", strconv.Itoa(next))
		}
	}
	return v
}

// kinds are what one can choose from.
func kinds(l text.Language, chosen string) []option {
	all := []option{{"", l.Say("activity.all-events")}, {activity.Taken, l.Say("activity.taken")}}
	for _, name := range event.Names {
		all = append(all, option{name, l.Say("activity-event." + name)})
	}
	if !slices.ContainsFunc(all, func(o option) bool { return o.Value == chosen }) { // several, which an address named
		all = append(all, option{chosen, strings.ReplaceAll(chosen, ",", ", ")})
	}
	return all
}

func row(l text.Language, r event.Record) actRow {
	a := actRow{Time: l.Time(r.Time), Event: l.Say("activity-event." + r.Event), User: r.User, About: said(r.About), Zone: said(r.Zone),
		Path: activity.Bytes(r), Former: activity.FromBytes(r), Result: result(l, r.Result), From: from(l, r)}
	if r.Bytes != nil {
		a.Bytes, a.bytes = l.Size(*r.Bytes), *r.Bytes
	}
	a.requests = 1
	return a
}

// seekPause is the longest time between two requests for one file that are shown as one.
const seekPause = 10 * time.Minute

// goesOn says whether somebody took a file and then, newer, took more of it: players of films ask for a part at each jump, and download
// managers for several. The log, and CSV and JSON, have each request.
func goesOn(act, newer event.Record) bool {
	return (act.Event == "download" || act.Event == "preview") && act.Event == newer.Event && act.Result == newer.Result && act.User == newer.User && act.Entry == newer.Entry &&
		said(act.Address) == said(newer.Address) && said(act.Zone) == said(newer.Zone) && activity.Bytes(act) == activity.Bytes(newer) &&
		newer.Time.Sub(act.Time) <= seekPause
}

// add is what a row says of an earlier request besides; when, and how it ended, stay those of the last one.
func (a *actRow) add(l text.Language, r event.Record) {
	if r.Bytes != nil {
		a.bytes += *r.Bytes
		a.Bytes = l.Size(a.bytes)
	}
	a.requests++
	a.Requests = l.Count("activity.requests", a.requests)
}

func result(l text.Language, code string) string {
	if l.Knows("activity-result." + code) {
		return l.Say("activity-result." + code)
	}
	return l.Say("activity.failed", code)
}

// from says where the request came from.
func from(l text.Language, r event.Record) string {
	if r.Entry == event.EntryShell {
		return l.Say("activity.shell")
	}
	return l.Say("users-entry."+r.Entry) + ", " + said(r.Address)
}

func said(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// charts are the bars of files and of bytes; nothing where there are none.
func charts(l text.Language, n days) []chart {
	var files, bytes [][2]int64
	var mostFiles, mostBytes int64
	for _, d := range n.all {
		files = append(files, [2]int64{int64(d.Brought.Files), int64(d.Got.Files)})
		bytes = append(bytes, [2]int64{d.Brought.Bytes, d.Got.Bytes})
		mostFiles = max(mostFiles, int64(d.Brought.Files), int64(d.Got.Files))
		mostBytes = max(mostBytes, d.Brought.Bytes, d.Got.Bytes)
	}
	if mostFiles == 0 {
		return nil
	}
	all := []chart{draw(l, n, files, mostFiles, l.Number)}
	all[0].Title = l.Say("activity.files-a-day")
	if mostBytes > 0 {
		all = append(all, draw(l, n, bytes, mostBytes, l.Size))
		all[1].Title = l.Say("activity.bytes-a-day")
	}
	return all
}

func draw(l text.Language, n days, values [][2]int64, most int64, show func(int64) string) chart {
	c := chart{Most: show(most), First: l.Date(n.all[0].start), Last: l.Date(n.all[len(n.all)-1].start), Width: len(values) * dayWidth}
	for i, pair := range values {
		for which, value := range pair {
			if value == 0 {
				continue
			}
			key := "activity.brought"
			if which == 1 {
				key = "activity.got"
			}
			c.Bars = append(c.Bars, bar{
				X:      i*dayWidth + 1 + which*barWidth,
				Height: max(1, int(float64(value)/float64(most)*chartHeight)),
				Got:    which == 1,
				Title:  l.Date(n.all[i].start) + ": " + l.Say(key) + " " + show(value),
			})
		}
	}
	return c
}

// dayRows are the same in numbers: the days on which there was something.
func dayRows(l text.Language, n days) []dayRow {
	var rows []dayRow
	for _, d := range n.all {
		if d.Brought.Files+d.Got.Files > 0 {
			rows = append(rows, dayRow{l.Date(d.start), l.Number(int64(d.Brought.Files)), l.Size(d.Brought.Bytes), l.Number(int64(d.Got.Files)), l.Size(d.Got.Bytes)})
		}
	}
	return rows
}

// describe is what a screen reader says of a chart.
func (c chart) describe(l text.Language) string {
	return l.Say("activity.chart", c.Title, c.First, c.Last, c.Most)
}
