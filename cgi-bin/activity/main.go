// Activity shows who did what: in one zone to its owner, and everything to administrators. It reads the activity logs as the
// user; whose they are is said by the access lists of their folders, and the kernel keeps to them. What it finds out by itself is
// only the id by which a zone's log is called, and an id that somebody gave his zone opens nothing.
package main

import (
	"cmp"
	"errors"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// here is the component's address.
const here = "/cgi-bin/activity"

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	q, err := parseQuery(c.Request.URL.Query(), c.JSON)
	if err != nil {
		return tellMoment(c.Language, err)
	}
	found, err := findLog(c)
	if err != nil {
		return err
	}
	if q.csv || c.Accepts("text/csv") {
		return writeCSV(c, found, q.filter)
	}
	r := newReading(q, time.Now())
	damaged, err := activity.Read(found.folder, r.see)
	if err != nil {
		return err
	}
	acts := r.part(q.offset, q.limit)
	return c.Answer(http.StatusOK, map[string]any{
		"events": acts, "total": r.total, "offset": q.offset, "complete": len(acts) == r.total && damaged == 0, "unreadable": damaged,
	}, activityPage(c.View(title(c.Language, found)), newView(c, found, q, r, acts, damaged)))
}

// tellMoment says of a field that is to say when what it takes.
func tellMoment(l text.Language, err error) error {
	if wrong, is := errors.AsType[web.FieldError](err); is && wrong.Reason == web.WrongField && (wrong.Field == "from" || wrong.Field == "to") {
		return &web.Told{Err: err, Sentence: l.Say("activity.moment-wrong", wrong.Field)}
	}
	return err
}

// log is what is asked for.
type log struct {
	folder string
	zone   string // as it stands in the address; "" = all
}

var idForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{32}$`) })

// findLog finds the log of the zone that the path names, or the one of the whole system.
func findLog(c *web.Call) (log, error) {
	name := c.Rest()
	if name == "" {
		if c.Entry == "external" { // nobody administers by it
			return log{}, web.Refuse(web.NotPermitted, "by the external entry")
		}
		return log{folder: layout.SystemLog}, c.Exact()
	}
	if zone.CheckName(name) != nil {
		return log{}, unix.ENOENT
	}
	id, mine, err := idOf(name)
	if err != nil && !mine && (c.Administers() || zone.MayMakeZones()) { // sudo lets no others ask
		id, err = idByZonefix(name)
		mine = err == nil && !c.Administers()
	}
	if errors.Is(err, unix.ENOENT) && idForm().MatchString(name) && c.Administers() { // of a zone that is gone
		id, err = name, nil
	}
	if errors.Is(err, errNoID) {
		return log{}, &web.Told{Err: err, Sentence: c.Language.Say("activity.no-id")}
	}
	if err != nil {
		return log{}, err
	}
	if c.Entry == "external" && !mine {
		return log{}, web.Refuse(web.NotPermitted, "by the external entry, and not the owner's")
	}
	found := log{layout.ZoneLogs + "/" + id, name}
	if _, err := os.Stat(found.folder); errors.Is(err, unix.ENOENT) && !mine {
		switch {
		case id == name:
			return log{}, unix.ENOENT
		case !c.Administers(): // a log that the worker has not made yet lets nobody in either
			return log{}, unix.EACCES
		}
	}
	return found, nil
}

// idOf reads a zone's id as the user, and says whether the zone is his.
func idOf(name string) (id string, mine bool, err error) {
	root, err := zone.OpenZone(name)
	if err != nil {
		return "", false, err
	}
	defer root.Close()
	if m := zone.ReadMetadata(root.Descriptor()); m.ID != nil {
		return *m.ID, root.Mine(), nil
	}
	if root.Mine() {
		return "", true, errNoID
	}
	return "", false, unix.EACCES
}

// errNoID: who may see a zone's log is told that it has none; to others it is shut as every other.
var errNoID = web.Refuse(web.Conflict, "the zone has no id")

// idByZonefix asks about a zone that the user does not get into: to an administrator zonefix tells of all, to an owner of his own.
func idByZonefix(name string) (string, error) {
	var last error
	for _, closed := range []bool{false, true} {
		reply, err := helper.Zonefix(helper.ZonefixRequest{Op: "show", Zone: name, Closed: closed}, nil)
		if err == nil && reply.Zone != nil {
			if reply.Zone.ID == "" {
				return "", errNoID
			}
			return reply.Zone.ID, nil
		}
		if last = cmp.Or(err, error(unix.ENOENT)); !isNotFound(last) {
			return "", last
		}
	}
	return "", unix.ENOENT
}

func isNotFound(err error) bool { return web.CodeOf(err) == web.NotFound }

// maxKept bounds what the paths of the acts take that are kept, in bytes: a path may be as long as its folders are deep.
const maxKept = 8 << 20

// reading is what remains of a log that went by: the last acts that were asked for, and how many there were.
type reading struct {
	filter activity.Filter
	keep   int
	kept   []event.Record
	size   int
	total  int
	days   days
}

func newReading(q query, now time.Time) *reading {
	return &reading{filter: q.filter, keep: q.offset + q.limit, days: newDays(q.filter.From, q.filter.To, now)}
}

func (r *reading) see(l activity.Line) {
	if !r.filter.Matches(l) {
		return
	}
	r.total++
	r.days.count(l)
	r.kept = append(r.kept, l.Record)
	r.size += pathSize(l.Record)
	for len(r.kept) > r.keep || r.size > maxKept {
		r.size -= pathSize(r.kept[0])
		r.kept[0] = event.Record{}
		r.kept = r.kept[1:]
	}
}

func pathSize(r event.Record) int {
	return len(r.Raw) + len(said(r.Path)) + len(r.FromRaw) + len(said(r.From))
}

// part are acts in the order of time: the last ones but offset, limit of them at most.
func (r *reading) part(offset, limit int) []event.Record {
	end := max(0, len(r.kept)-offset)
	acts := append([]event.Record{}, r.kept[max(0, end-limit):end]...)
	slices.SortStableFunc(acts, func(a, b event.Record) int { return a.Time.Compare(b.Time) })
	return acts
}

// writeCSV sends all that is asked for, as it is read.
func writeCSV(c *web.Call, from log, f activity.Filter) error {
	var table *activity.Table
	var writeErr error
	begin := func() {
		h := c.Writer().Header()
		h.Set("Content-Type", "text/csv; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="`+strings.TrimPrefix(from.zone+"-activity.csv", "-")+`"`)
		table, writeErr = activity.NewTable(c.Writer(), text.Name)
	}
	damaged, err := activity.Read(from.folder, func(l activity.Line) {
		if writeErr != nil || !f.Matches(l) {
			return
		}
		if table == nil {
			begin()
		}
		if writeErr == nil {
			writeErr = table.Add(l.Record)
		}
	})
	if table == nil && err != nil {
		return err
	}
	if table == nil {
		begin()
	}
	switch { // the answer has begun: what is missing can be said in it alone
	case writeErr != nil:
	case err != nil:
		writeErr = table.AddRemark(c.Language.Say("activity.broken"))
	case damaged > 0:
		writeErr = table.AddRemark(c.Language.Count("activity.damaged", damaged))
	}
	return errors.Join(err, writeErr, table.Flush())
}
