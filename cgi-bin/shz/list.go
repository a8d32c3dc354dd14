package main

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"
	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/page"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// listing is a folder as JSON.
type listing struct {
	Zone    string      `json:"zone"`
	Path    string      `json:"path"`
	Raw     string      `json:"raw,omitempty"` // path percent-encoded, where it is no UTF-8
	Access  zone.Access `json:"access"`
	Total   *int        `json:"total"` // null: one may deliver here and not look
	Offset  int         `json:"offset"`
	Entries []entry     `json:"entries"`
	Seen    string      `json:"seen,omitempty"` // of the names on all pages: see zone.Seen
}

type entry struct {
	Name     string  `json:"name"`
	Raw      string  `json:"raw,omitempty"` // percent-encoded bytes, where the name is no UTF-8
	Type     string  `json:"type"`
	Size     *int64  `json:"size"`
	Modified *string `json:"modified"`
	Owner    *string `json:"owner"`
}

// window is which part of a folder is asked for, and in which order.
type window struct {
	order         zone.Order
	offset, limit int
	usual         int // the limit of a request that names none
	filter        string
}

// maxFilter bounds the text by which entries are chosen, in bytes: longer than a name none matches.
const maxFilter = 255

// firstWindow is what is shown when nothing is asked for.
func firstWindow(limits config.Listing) window {
	usual := min(limits.Entries, limits.MaxEntries)
	return window{order: zone.Order{By: "name"}, limit: usual, usual: usual}
}

func parseWindow(query url.Values, limits config.Listing) (window, error) {
	w := firstWindow(limits)
	bad := func(name string) (window, error) { return w, web.Refuse(web.BadRequest, name+"="+query.Get(name)) }
	switch by := query.Get("sort"); by {
	case "", "name", "size", "modified":
		if by != "" {
			w.order.By = by
		}
	default:
		return bad("sort")
	}
	switch query.Get("order") {
	case "", "asc":
	case "desc":
		w.order.Descending = true
	default:
		return bad("order")
	}
	if w.filter = query.Get("filter"); len(w.filter) > maxFilter {
		return bad("filter")
	}
	if w.filter != "" {
		w.order.Filter = zone.NewPattern(w.filter)
	}
	var err error
	if text := query.Get("offset"); text != "" {
		if w.offset, err = strconv.Atoi(text); err != nil || w.offset < 0 {
			return bad("offset")
		}
	}
	if text := query.Get("limit"); text != "" {
		if w.limit, err = strconv.Atoi(text); err != nil || w.limit < 1 || w.limit > limits.MaxEntries {
			return bad("limit")
		}
	}
	return w, nil
}

func list(c *web.Call, root, folder *zone.Object, path zone.Path) error {
	settings, err := c.Settings()
	if err != nil {
		return err
	}
	w, err := parseWindow(c.Request.URL.Query(), settings.Listing)
	if err != nil {
		return err
	}
	object := listing{Zone: path.Zone, Path: below(path.Names), Access: accessTo(root, folder), Offset: w.offset}
	if !utf8.ValidString(object.Path) {
		object.Raw = (&url.URL{Path: object.Path}).EscapedPath()
	}
	w.order.Seen = new(zone.Seen)
	found, total, err := folder.List(w.order, w.offset, w.limit)
	names := account.NewNames()
	switch {
	case errors.Is(err, unix.EACCES) && object.Access == zone.Drop: // a drop box: no entries, and no number of them
	case err != nil:
		return err
	default:
		object.Total, object.Seen = &total, w.order.Seen.String()
		object.Entries = describe(found, names)
	}
	if c.JSON {
		return c.Answer(http.StatusOK, object, nil)
	}
	return c.AnswerPage(http.StatusOK, folderPage(folderFrame(c, object), viewOf(c, root, folder, object, path, w, found)))
}

// accessTo is what the caller may do in the folder; for the zone's owner it is his zone down to the last folder.
func accessTo(root, folder *zone.Object) zone.Access {
	in, all := folder.Access(), root.Access()
	if in == zone.Own && all != zone.Own {
		return zone.Write
	}
	if in == zone.Write && all == zone.Own {
		return zone.Own
	}
	return in
}

func describe(found []zone.Entry, names *account.Names) []entry {
	var uids []uint32
	for _, e := range found {
		if e.Owner != nil {
			uids = append(uids, *e.Owner)
		}
	}
	names.Prefetch(uids, nil) // one question to NSS for all
	entries := make([]entry, len(found))
	for i, e := range found {
		entries[i] = entry{Type: e.Kind, Size: e.Size, Modified: shownTime(e.Modified)}
		entries[i].Name, entries[i].Raw = shown(e.Name)
		if e.Owner != nil {
			owner := zone.OwnerName(*e.Owner, names)
			entries[i].Owner = &owner
		}
	}
	return entries
}

// shownTime is a time as JSON says it; nil also for what RFC 3339 cannot say.
func shownTime(t *time.Time) *string {
	if t == nil || t.UTC().Year() < 0 || t.UTC().Year() > 9999 {
		return nil
	}
	text := t.UTC().Format(time.RFC3339)
	return &text
}

// shown is a name as JSON can say it, and its bytes percent-encoded where it is no UTF-8.
func shown(name string) (text, raw string) {
	if utf8.ValidString(name) {
		return name, ""
	}
	return strings.ToValidUTF8(name, "\uFFFD"), url.PathEscape(name)
}

func folderFrame(c *web.Call, object listing) page.View {
	title := object.Zone
	if object.Path != "" {
		title = object.Path[strings.LastIndexByte(object.Path, '/')+1:]
	}
	v := c.View(title)
	query := c.Request.URL.Query()
	n, _ := strconv.Atoi(query.Get("n"))
	v.Notice = doneNotice(c, n)
	return v
}

// viewOf is the same as the JSON object, in words.
func viewOf(c *web.Call, root, folder *zone.Object, object listing, path zone.Path, w window, found []zone.Entry) folderView {
	here := c.Path()
	f := folderView{
		Zone: object.Zone, Path: object.Path, Access: object.Access, May: c.May(object.Access), Sort: w.order.By, Order: "asc",
		Offset: w.offset, Limit: w.limit, Filter: w.filter, Crumbs: crumbs(c, path),
		Upload: object.Access != zone.Read, Delete: object.Access == zone.Write || object.Access == zone.Own,
		Here:     templ.SafeURL(here),
		SortHref: make(map[string]templ.SafeURL),
	}
	if days, err := (form{call: c, root: root}).trashDays(); err == nil && (days > 0 || zone.TrashOf(root).Holds()) {
		f.Trash = trashHref(folderHref(zone.Path{Zone: path.Zone}), 0)
	}
	if title := zone.ReadMetadata(root.Descriptor()).Title; title != nil {
		f.ZoneTitle = *title
	}
	if root.Access() == zone.Own {
		f.Manage = templ.SafeURL("/cgi-bin/zones/" + f.Zone)
		f.Who = templ.SafeURL("/cgi-bin/zones/" + f.Zone + "?" + url.Values{"view": {"who"}, "path": {f.Path}}.Encode())
	}
	if w.order.Descending {
		f.Order = "desc"
	}
	for _, by := range [...]string{"name", "size", "modified"} {
		next := w
		next.order.By, next.order.Descending, next.offset = by, by == w.order.By && !w.order.Descending, 0
		f.SortHref[by] = next.href(here)
	}
	thumbnails := 0
	for i, e := range object.Entries {
		r := row(c, here, e, found[i])
		r.offerThumbnail(folder, &thumbnails)
		// The sticky bit lets remove what is one's own, and anything in a folder of one's own. It is the kernel that
		// decides; this only spares a box that leads to a refusal.
		r.Removable = f.Delete && (ownedBy(found[i].Owner) || folder.Stat().Uid == uint32(os.Geteuid()))
		f.Entries = append(f.Entries, r)
	}
	if object.Total == nil {
		return f
	}
	f.Total, f.Seen = *object.Total, object.Seen
	if w.offset > 0 {
		previous := w
		previous.offset = max(0, w.offset-w.limit)
		f.PreviousHref = previous.href(here)
	}
	if w.offset+len(found) < f.Total {
		next := w
		next.offset += w.limit
		f.NextHref = next.href(here)
	}
	return f
}

func ownedBy(uid *uint32) bool { return uid != nil && *uid == uint32(os.Geteuid()) }

func (w window) href(here string) templ.SafeURL {
	q := url.Values{"sort": {w.order.By}, "order": {"asc"}}
	if w.order.Descending {
		q.Set("order", "desc")
	}
	if w.offset > 0 {
		q.Set("offset", strconv.Itoa(w.offset))
	}
	if w.filter != "" {
		q.Set("filter", w.filter)
	}
	if w.limit != w.usual {
		q.Set("limit", strconv.Itoa(w.limit))
	}
	return templ.SafeURL(here + "?" + q.Encode())
}

func row(c *web.Call, here string, e entry, found zone.Entry) entryRow {
	r := entryRow{Name: found.Name, Raw: url.PathEscape(found.Name), Kind: e.Type}
	switch e.Type {
	case "file":
		r.Href = templ.SafeURL(here + url.PathEscape(found.Name))
		if viewable[extension(found.Name)] {
			r.View = r.Href + "?inline=1"
		}
		if pictured[extension(found.Name)] {
			r.Thumbnail = r.Href + "?thumbnail=1"
		}
	case "dir":
		r.Href = templ.SafeURL(here + url.PathEscape(found.Name) + "/")
	}
	if e.Size != nil {
		r.Size = c.Language.Size(*e.Size)
	}
	if found.Modified != nil {
		r.Modified = c.Language.Time(*found.Modified)
	}
	if e.Owner != nil {
		r.Owner = *e.Owner
	}
	return r
}

// offerThumbnail leaves the small picture out beyond maxThumbnails of a page, and where none can come.
func (r *entryRow) offerThumbnail(folder *zone.Object, offered *int) {
	if r.Thumbnail == "" {
		return
	}
	if *offered++; *offered > maxThumbnails || !beginsAsPicture(folder, r.Name) {
		r.Thumbnail = ""
	}
}

func crumbs(c *web.Call, path zone.Path) []crumb {
	href := "/cgi-bin/shz/" + url.PathEscape(path.Zone) + "/"
	all := []crumb{
		{Label: c.Language.Say("home.title"), Href: "/cgi-bin/home"},
		{Label: path.Zone, Href: templ.SafeURL(href)},
	}
	for _, name := range path.Names {
		href += url.PathEscape(name) + "/"
		all = append(all, crumb{Label: name, Href: templ.SafeURL(href)})
	}
	all[len(all)-1].Current = true
	return all
}

// showResults is the folder's first page with how the items of a form ended.
func (f form) showResults(items []item, done string) error {
	settings, err := f.call.Settings()
	if err != nil {
		return err
	}
	w := firstWindow(settings.Listing)
	object := listing{Zone: f.path.Zone, Path: below(f.path.Names), Access: accessTo(f.root, f.folder)}
	w.order.Seen = new(zone.Seen)
	found, total, err := f.folder.List(w.order, w.offset, w.limit)
	if err == nil {
		object.Total, object.Entries, object.Seen = &total, describe(found, account.NewNames()), w.order.Seen.String()
	}
	view := viewOf(f.call, f.root, f.folder, object, f.path, w, found)
	view.Done = done
	status := http.StatusOK
	for _, i := range items {
		view.Results = append(view.Results, i.result(f.call))
		if len(items) == 1 {
			status = web.Code(i.Status).Status()
		}
	}
	return f.call.AnswerPage(status, folderPage(folderFrame(f.call, object), view))
}

// result is how the item ended, as the page says it.
func (i item) result(c *web.Call) result {
	r := result{Name: i.Name, Message: i.Message, OK: i.Status == "ok", Remove: templ.SafeURL(i.remove)}
	for _, left := range i.Left {
		name := left.Path
		if name == "" {
			name = i.Name
		}
		r.Left = append(r.Left, result{Name: name, Message: left.Message})
	}
	if i.LeftMore > 0 {
		r.Message += " " + c.Language.Count("choose.more", i.LeftMore)
	}
	return r
}
