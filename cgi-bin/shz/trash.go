package main

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/event"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// keepIn has what goes from a folder kept in the trash of its zone, where there is one.
func keepIn(c *web.Call, root, folder *zone.Object, at []string) error {
	settings, err := c.Settings()
	if err == nil && settings.Trash.KeepDays > 0 {
		folder.KeepIn(root.Trash(), at)
	}
	return err
}

// trashDays is for how long what is deleted here is kept; 0: it is not.
func (f form) trashDays() (int, error) {
	settings, err := f.call.Settings()
	if err != nil || f.root.Trash() == nil {
		return 0, err
	}
	return settings.Trash.KeepDays, nil
}

// discarded is something in the trash, as JSON.
type discarded struct {
	ID string `json:"id"`
	entry
	Path    *string `json:"path"` // of the folder where it was, below the zone; null: not known
	PathRaw string  `json:"path_raw,omitempty"`
	By      string  `json:"by"`
	Deleted *string `json:"deleted"`
	Until   *string `json:"until"` // then it is removed for good
}

type trashListing struct {
	Zone    string      `json:"zone"`
	Total   int         `json:"total"`
	Offset  int         `json:"offset"`
	Entries []discarded `json:"trash"`
}

// listTrash shows what the caller may see of the zone's trash: what he deleted, and the zone's owner everything.
func listTrash(c *web.Call, root *zone.Object, path zone.Path) error {
	return showTrash(c, root, path, http.StatusOK, nil, "")
}

func showTrash(c *web.Call, root *zone.Object, path zone.Path, status int, results []trashResult, done string) error {
	settings, err := c.Settings()
	if err != nil {
		return err
	}
	w, err := parseWindow(c.Request.URL.Query(), settings.Listing)
	if err != nil {
		return err
	}
	keep := settings.Trash.KeepDays
	found, total, err := zone.TrashOf(root).List(w.offset, w.limit)
	if err != nil {
		return err
	}
	object := trashListing{Zone: path.Zone, Total: total, Offset: w.offset, Entries: describeDiscarded(found, keep)}
	if c.JSON {
		return c.Answer(http.StatusOK, object, nil)
	}
	here := folderHref(zone.Path{Zone: path.Zone})
	v := c.View(c.Language.Say("trash.title"))
	n, _ := strconv.Atoi(c.Request.URL.Query().Get("n"))
	v.Notice = doneNotice(c, n)
	t := trashView{
		Here: here, Crumbs: crumbs(c, zone.Path{Zone: path.Zone}), Days: keep, Done: done, Results: results,
		Off: keep == 0 || root.Trash() == nil, Total: total, Offset: w.offset,
	}
	t.Crumbs[len(t.Crumbs)-1].Current = false
	t.Crumbs = append(t.Crumbs, crumb{Label: v.Title, Current: true})
	for i, d := range object.Entries {
		t.Entries = append(t.Entries, trashRowOf(c, path.Zone, d, found[i], keep))
	}
	if w.offset > 0 {
		t.PreviousHref = trashHref(here, max(0, w.offset-w.limit))
	}
	if w.offset+w.limit < total {
		t.NextHref = trashHref(here, w.offset+w.limit)
	}
	return c.AnswerPage(status, trashPage(v, t))
}

func trashHref(here string, offset int) templ.SafeURL {
	q := url.Values{"trash": {"1"}}
	if offset > 0 {
		q.Set("offset", strconv.Itoa(offset))
	}
	return templ.SafeURL(here + "?" + q.Encode())
}

func describeDiscarded(found []zone.Discarded, keep int) []discarded {
	names := account.NewNames()
	entries := make([]zone.Entry, len(found))
	for i, d := range found {
		entries[i] = d.Entry
	}
	all := make([]discarded, len(found))
	for i, e := range describe(entries, names) {
		d := found[i]
		all[i] = discarded{ID: d.ID, entry: e, By: zone.OwnerName(d.By, names), Deleted: shownTime(&d.Deleted)}
		if !d.Lost {
			text, raw := shownPath(d.From)
			all[i].Path, all[i].PathRaw = &text, raw
		}
		until := goneAt(d.Deleted, keep)
		all[i].Until = shownTime(&until)
	}
	return all
}

// goneAt is when the cleaner may remove something from the trash.
func goneAt(deleted time.Time, keep int) time.Time { return deleted.AddDate(0, 0, max(1, keep)) }

// trashView is a page of the trash.
type trashView struct {
	Here                   string // the zone's root: where forms go
	Crumbs                 []crumb
	Days                   int // that things stay; 0: there is no trash
	Off                    bool
	Entries                []trashRow
	Total, Offset          int
	PreviousHref, NextHref templ.SafeURL
	Results                []trashResult // of the last form
	Done                   string        // restore or purge
}

// trashRow is one thing in the trash, as text.
type trashRow struct {
	entryRow
	ID, From, By, Deleted, Until string
}

func trashRowOf(c *web.Call, zoneName string, d discarded, found zone.Discarded, keep int) trashRow {
	r := trashRow{entryRow: row(c, "", d.entry, found.Entry), ID: d.ID, By: d.By, Deleted: c.Language.Time(found.Deleted), Until: c.Language.Time(goneAt(found.Deleted, keep))}
	if d.Path != nil {
		r.From = zoneName + "/" + *d.Path
	}
	return r
}

// trashResult is how it ended with one thing, and what can be done about it.
type trashResult struct {
	result
	ID     string
	Taken  string // the name that something else has
	NoHome bool   // its folder is gone
	Remove string // where it lies, for the form by which the owner of the zone has it removed; "" = there is none
}

// restore brings things back from the trash: those that ids name, to where they were or to a folder, and names to the folder that
// the form went to, of each what was deleted there last.
func (f form) restore() error {
	exists, err := onExists(f.fields.Get("on_exists"))
	if err != nil {
		return err
	}
	keep, err := reserveOf(f.call)
	if err != nil {
		return err
	}
	trash := zone.TrashOf(f.root)
	ids := f.fields["id"]
	if len(ids) == 0 {
		names, err := f.names()
		if err != nil {
			return f.nothingChosen(err)
		}
		return f.restoreNames(trash, names, exists, keep)
	}
	as := f.fields.Get("as")
	if as != "" && len(ids) > 1 {
		return web.Refuse(web.BadRequest, "one name for several")
	}
	var to *zone.Target
	if f.fields.Get("to") != "" || f.fields.Get("to_raw") != "" {
		t, err := f.parseTarget()
		if err == nil && t.Zone != f.path.Zone {
			err = web.Refuse(web.BadRequest, "into another zone")
		}
		if err != nil {
			return err
		}
		to = &t
	}
	results := make([]trashResult, len(ids))
	restore := func(i int) item {
		id := ids[i]
		d, err := trash.Look(id)
		if err != nil {
			one := f.itemOf(id, err, "")
			results[i] = trashResult{result: one.result(f.call)}
			return one
		}
		names := d.From
		if to != nil {
			names = to.Names
		}
		lost := d.Lost && to == nil
		one, err := f.restoreOne(trash, d, names, lost, as, exists, keep)
		results[i] = trashResult{result: one.result(f.call), ID: id}
		var told *web.Told
		if results[i].NoHome = errors.As(err, &told) && !errors.Is(err, zone.ErrStrange); errors.Is(err, unix.EEXIST) {
			results[i].Taken = d.Name
		}
		return one
	}
	return f.doAllInTrash(len(ids), restore, "restore", results)
}

func (f form) restoreNames(trash *zone.Trash, names []string, exists zone.OnExists, keep zone.Reserve) error {
	last, err := trash.Last(f.path.Names, names)
	if err != nil {
		return err
	}
	restore := func(i int) item {
		d, found := last[names[i]]
		if !found {
			return f.itemOf(names[i], unix.ENOENT, "")
		}
		one, _ := f.restoreOne(trash, d, f.path.Names, false, "", exists, keep)
		return one
	}
	return f.doAll(many{len(names), restore, func() string { return "restore" }, f.answer, f.call.Path()})
}

// restoreOne brings one thing back, to a folder of the zone.
func (f form) restoreOne(trash *zone.Trash, d zone.Discarded, at []string, lost bool, as string, exists zone.OnExists, keep zone.Reserve) (item, error) {
	done, to, err := f.restoreTo(trash, d, at, lost, as, exists, keep)
	words := landedWords("restore", done.Landed)
	if len(done.Left) > 0 {
		words = "restore.partly"
	}
	i := f.itemOf(d.Name, err, f.call.Language.Say("did."+words))
	if err == nil || done.Name != "" {
		f.landed(&i, folderHref(to), done.Landed)
	}
	f.tellLeft(&i, done)
	return i, err
}

func (f form) restoreTo(trash *zone.Trash, d zone.Discarded, at []string, lost bool, as string, exists zone.OnExists, keep zone.Reserve) (zone.Carried, zone.Path, error) {
	to := zone.Path{Zone: f.path.Zone, Names: at, Folder: true}
	if lost {
		return zone.Carried{}, to, &web.Told{Err: web.Refuse(web.NotFound, "where it was is not known"), Sentence: f.call.Language.Say("trash.lost")}
	}
	needs := uint32(zone.OwnerWrites)
	if len(at) > 0 {
		needs = 0
	}
	f.call.InZone(f.path.Zone, f.root, needs)
	folder, err := f.root.Open(at)
	if err == nil && folder.Kind() != "dir" {
		folder.Close()
		err = unix.ENOTDIR
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		text, _ := shownPath(at)
		return zone.Carried{}, to, &web.Told{Err: err, Sentence: f.call.Language.Say("trash.gone", "/"+text)}
	}
	if err != nil {
		return zone.Carried{}, to, err
	}
	defer folder.Close()
	if err := keepIn(f.call, f.root, folder, at); err != nil {
		return zone.Carried{}, to, err
	}
	name := as
	if name == "" {
		name = d.Name
	}
	act, err := f.call.Event.Begin("restore", belowOf(to, name))
	if err != nil {
		return zone.Carried{}, to, err
	}
	done, err := trash.Restore(d.ID, folder, as, exists, keep)
	if errors.Is(err, zone.ErrStrange) {
		err = &web.Told{Err: err, Sentence: f.call.Language.Say("trash.strange-restore")}
	}
	final := ""
	if err == nil && !done.Skipped && done.Name != name {
		final = belowOf(to, done.Name)
	}
	result := landedResult(done.Landed, err)
	if len(done.Left) > 0 {
		result = web.CodeOf(done.Left[0].Err)
	}
	act.End(string(result), done.Bytes, final)
	return done, to, err
}

// purge removes things in the trash for good.
func (f form) purge() error {
	ids := f.fields["id"]
	if len(ids) == 0 {
		return f.nothingChosen(web.Refuse(web.BadRequest, "no id"))
	}
	trash := zone.TrashOf(f.root)
	results := make([]trashResult, len(ids))
	purge := func(i int) item {
		id := ids[i]
		name, remove := id, ""
		d, err := trash.Look(id)
		if err == nil {
			name = d.Name
			var act *event.Act
			if act, err = f.call.Event.Begin("purge", below(d.Place())); err == nil {
				if err = trash.Purge(id); errors.Is(err, zone.ErrStrange) {
					remove = f.rawInTrash(d)
					err = &web.Told{Err: err, Sentence: f.call.Language.Say("trash.strange-purge")}
				}
				act.End(string(resultOf(err)), -1, "")
			}
		}
		one := f.itemOf(name, err, f.call.Language.Say("delete.ok"))
		one.remove = "" // what has this name where it lay is something else
		results[i] = trashResult{result: one.result(f.call), ID: id, Remove: remove}
		return one
	}
	return f.doAllInTrash(len(ids), purge, "purge", results)
}

// rawInTrash names to the page of zones what lies in the trash and can only be removed as root, if the caller may have that done: the
// zone's owner, who can make zones, by the entry that has that page. "" = not.
func (f form) rawInTrash(d zone.Discarded) string {
	if !f.root.Mine() || f.call.Entry == "external" || !f.call.Answers("zones") || !zone.MayMakeZones() {
		return ""
	}
	place := d.Place()
	return place[0] + "/" + place[1]
}

// askPurge shows what is about to be removed for good; it changes nothing.
func (f form) askPurge() error {
	ids := f.fields["id"]
	if len(ids) == 0 || f.call.JSON {
		return f.nothingChosen(web.Refuse(web.BadRequest, "a question to people"))
	}
	trash := zone.TrashOf(f.root)
	var found []zone.Discarded
	for _, id := range ids {
		if d, err := trash.Look(id); err == nil {
			found = append(found, d)
		}
	}
	v := f.call.View(f.call.Language.Say("trash.purge-title"))
	return f.call.AnswerPage(http.StatusOK, askPurgePage(v, folderHref(zone.Path{Zone: f.path.Zone}), found))
}

// nothingChosen leads people back who pressed a button before they had chosen anything: that is no mistake for an error page.
func (f form) nothingChosen(err error) error {
	if f.call.JSON {
		return err
	}
	return f.call.SeeOther(string(trashHref(folderHref(zone.Path{Zone: f.path.Zone}), 0))+"&done=nothing", http.StatusOK, nil)
}

// doAllInTrash is doAll, answered on the page of the trash.
func (f form) doAllInTrash(count int, one func(i int) item, done string, results []trashResult) error {
	answer := func(items []item, done string) error { return f.answerTrash(items, results, done) }
	return f.doAll(many{count, one, func() string { return done }, answer, string(trashHref(folderHref(zone.Path{Zone: f.path.Zone}), 0))})
}

// answerTrash is answer, on the page of the trash.
func (f form) answerTrash(items []item, results []trashResult, done string) error {
	object := map[string]any{"results": items}
	if f.call.JSON {
		return f.call.Answer(http.StatusOK, object, nil)
	}
	status, failed := http.StatusOK, false
	for _, i := range items {
		if i.Status != "ok" {
			failed = true
			if len(items) == 1 {
				status = web.Code(i.Status).Status()
			}
		}
	}
	if !failed {
		q := url.Values{"trash": {"1"}, "done": {done}, "n": {strconv.Itoa(len(items))}}
		return f.call.SeeOther(folderHref(zone.Path{Zone: f.path.Zone})+"?"+q.Encode(), http.StatusOK, object)
	}
	return showTrash(f.call, f.root, f.path, status, results, done)
}

// results are those of the page, as those of a folder.
func (t trashView) results() []result {
	all := make([]result, len(t.Results))
	for i, r := range t.Results {
		all[i] = r.result
	}
	return all
}
