package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"
	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/layout"
	"sharezone/internal/lifetime"
	"sharezone/internal/page"
	"sharezone/internal/quota"
	"sharezone/internal/schedule"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

type language = text.Language

// zonePage is one zone that is looked at, or shown again because a form was refused.
type zonePage struct {
	viewer
	seen
	typed  url.Values // of the refused form: what was typed stays
	status int
	notice *page.Notice
}

// views are the pages of a zone, by the parameter "view".
var views = map[string]struct {
	show    func(zonePage) error
	managed bool   // for the owner and administrators: by the external entry nobody else would refuse these
	closed  bool   // there is one of a closed zone
	op      string // of a form or a question, which is nothing for scripts: what these do instead
	fields  string
}{
	"":         {show: zonePage.overview, closed: true, fields: "find of"},
	"extend":   {show: zonePage.extending, managed: true, op: "modify", closed: true},
	"settings": {show: zonePage.settings, managed: true, op: "modify"},
	"who":      {show: zonePage.who, managed: true, fields: "path raw as*"},
	"check":    {show: zonePage.check, managed: true},
	"space":    {show: zonePage.space, managed: true},
	"ages":     {show: zonePage.ages, managed: true},
	"transfer": {show: zonePage.transfer, managed: true, op: "transfer", fields: "find"},
	"close":    {show: zonePage.closing, managed: true, op: "delete"},
	"remove":   {show: zonePage.removing, managed: true, op: "remove", fields: "path raw"},
}

func show(v viewer, name string) error {
	view, found := views[v.query.Get("view")]
	state := v.query.Get("state")
	closed := state == string(zone.StateClosed)
	switch {
	case state != "" && state != string(zone.StateOpen) && !closed:
		return wrong("state", state)
	case !found || closed && !view.closed:
		return wrong("view", v.query.Get("view"))
	case view.op != "" && v.call.JSON:
		return &web.Told{Err: web.Refuse(web.BadRequest, "a page for people"), Sentence: v.call.Language.Say("zones-refused.for-people", v.query.Get("view"), view.op)}
	}
	if err := web.CheckFields("view state "+view.fields+web.EachAddress, v.query); err != nil {
		return err
	}
	s, err := v.look(name, closed)
	if errors.Is(err, unix.ENOENT) && state == "" && (view.closed || !v.call.JSON) && v.manages() { // a link from before it was closed
		if s, closedErr := v.lookClosed(name); closedErr == nil {
			return zonePage{viewer: v, seen: s, status: http.StatusOK}.overview() // with the form to restore it
		}
	}
	err = v.closedSince(name, err)
	if err != nil {
		return v.told(err)
	}
	if view.managed && !s.Managed {
		return web.Refuse(web.NotPermitted, "neither the owner nor an administrator")
	}
	if view.op != "" && !v.answers("modify") {
		return v.refusedOutside()
	}
	return view.show(zonePage{viewer: v, seen: s, status: http.StatusOK, notice: doneNotice(v.call.Language, v.call.Done())})
}

// answer sends the page of a view, or its object.
func (p zonePage) answer(view string, object any, body templ.Component) error {
	v := p.call.View(p.titleOf(view))
	if p.call.Request.Method == http.MethodPost { // the other language has the page that the form stood on
		v.URL = zoneHref(p.Name, p.State)
		if view != "" {
			v.URL = zoneHref(p.Name, p.State, "view", view)
		}
	}
	v.Notice = p.notice
	return p.call.Answer(p.status, object, framed(v, zoneHead(p.call.Language, p.headOf(p.seen, view)), body))
}

// titleOf is the title of the document, by which tabs of a browser and a reader's list of windows tell the pages of a zone apart.
func (p zonePage) titleOf(view string) string {
	if l := p.call.Language; l.Knows("zones.tab-" + view) {
		return l.Say("zones.tab-"+view) + ": " + p.Name
	}
	return p.Name
}

// head is what every page of a zone begins with.
type head struct {
	Name    string
	List    string // what the page is called that lists zones
	Heading string // its title or, where that shows nothing, its name
	May     string // what the user can do there
	Closed  bool
	Files   templ.SafeURL // "" = he does not reach them
	Tabs    []tab
}

// tab is a link to one of the zone's pages.
type tab struct {
	Label   string
	Href    templ.SafeURL
	Current bool
}

func (v viewer) headOf(s seen, view string) head {
	h := head{Name: s.Name, List: v.listTitle(), Heading: s.Name, May: v.call.May(s.Access), Closed: s.State == zone.StateClosed}
	if title := said(s.Title); strings.TrimSpace(title) != "" {
		h.Heading = title
	}
	if h.Closed {
		return h
	}
	if s.Access != zone.None {
		h.Files = templ.SafeURL("/cgi-bin/shz/" + s.Name + "/")
	}
	if s.Managed {
		l := v.call.Language
		for _, t := range [...]tab{
			{Label: l.Say("zones.tab-overview")}, {Label: l.Say("zones.tab-who"), Href: "who"}, {Label: l.Say("zones.tab-check"), Href: "check"},
			{Label: l.Say("zones.tab-space"), Href: "space"}, {Label: l.Say("zones.tab-ages"), Href: "ages"},
			{Label: l.Say("zones.tab-settings"), Href: "settings"},
		} {
			name := string(t.Href)
			switch name {
			case "settings":
				if !v.answers("modify") || slices.Contains(s.Problems, zone.ReadOnly) {
					continue
				}
			case "ages":
				if s.MaxAge == nil && !s.badKeep() || !readable(s.Access) { // a bad keep is mended there
					continue
				}
			case "who", "check", "space":
				if !v.helped(s) {
					continue
				}
			}
			t.Current, t.Href = name == view, templ.SafeURL(zoneHref(s.Name, s.State))
			if name != "" {
				t.Href = templ.SafeURL(zoneHref(s.Name, s.State, "view", name))
			}
			h.Tabs = append(h.Tabs, t)
		}
		if v.call.Answers("activity") && !slices.Contains(s.Problems, zone.NoID) && !slices.Contains(s.Problems, zone.OtherMount) {
			h.Tabs = append(h.Tabs, tab{Label: l.Say("activity.tab"), Href: templ.SafeURL("/cgi-bin/activity/" + s.Name)})
		}
	}
	return h
}

// zoneRow is a zone in a list.
type zoneRow struct {
	Name, Heading, Owner string
	Access               zone.Access
	Managed, Closed      bool
	Expires              string
	Href                 templ.SafeURL
}

func (v viewer) row(s seen) zoneRow {
	h := v.headOf(s, "")
	return zoneRow{
		Name: s.Name, Heading: h.Heading, Owner: s.Owner, Access: s.Access, Managed: s.Managed, Closed: h.Closed,
		Expires: v.ends(s), Href: templ.SafeURL(zoneHref(s.Name, s.State)),
	}
}

// beyond says how many zones a list leaves out.
func beyond(l language, n int) string { return l.Count("zones.more", n) }

// ends says when the zone ends.
func (v viewer) ends(s seen) string {
	l := v.call.Language
	switch end, err := zone.ExpiresAt(said(s.Expires)); {
	case s.Expires == nil && s.State == zone.StateOpen && !readable(s.Access) && !s.Managed:
		return l.Say("zones.not-shown") // who may only deliver cannot read it
	case s.Expires == nil:
		return l.Say("home.never")
	case err == nil && !time.Now().Before(end):
		return l.Say("zones.over", l.Day(*s.Expires))
	}
	return l.Day(*s.Expires)
}

// fact is a line of what is known of a zone.
type fact struct {
	Label, Value string
	Chosen       bool // somebody chose the value: it is shown as a name
}

func (p zonePage) facts() []fact {
	l := p.call.Language
	facts := []fact{{l.Say("home.name"), p.Name, true}, {l.Say("home.owner"), p.person(p.Owner), true}, {l.Say("home.expires"), p.ends(p.seen), false}}
	if p.State == zone.StateClosed && p.Closed != nil {
		facts = append(facts, fact{l.Say("zones.closed-on"), l.Time(*p.Closed), false})
		settings, settingsErr := p.call.Settings()
		if since, err := schedule.ReadSince(layout.CleanerSince, time.Now()); err == nil && settingsErr == nil {
			policy := lifetime.ZonePolicy{Grace: settings.Cleaner.Grace, Since: since}
			facts = append(facts, fact{l.Say("zones.removed-on"), l.Date(policy.GraceEnds(*p.Closed, time.Local)), false})
		}
		if former := said(p.FormerName); former != p.Name {
			facts = append(facts, fact{l.Say("zones.former-name"), former, true})
		}
	}
	if p.Quota != nil {
		for _, of := range [...]struct {
			whom  string
			quota *quota.Quota
		}{{"user", p.Quota.User}, {"group", p.Quota.Group}} {
			if of.quota != nil {
				facts = append(facts, fact{l.Say("zones-quota." + of.whom), quotaWords(l, of.quota), false})
			}
		}
	}
	if p.MaxAge != nil {
		facts = append(facts, fact{l.Say("zones.files-stay"), l.Count("zones.days", *p.MaxAge), false})
	}
	if !p.Trash {
		facts = append(facts, fact{l.Say("trash.title"), l.Say("zones-settings.trash-off"), false})
	}
	if p.Managed {
		facts = append(facts, fact{l.Say("zones-field.notify"), l.Say("zones-notify." + notifyKey(p.Notify)), false})
	}
	return facts
}

// quotaWords says what somebody has of what he may have.
func quotaWords(l language, q *quota.Quota) string {
	var words []string
	if q.Limit != nil {
		words = append(words, l.Say("zones-quota.bytes", l.Size(q.Used), l.Size(*q.Limit)))
	}
	if q.FileLimit != nil {
		words = append(words, l.Say("zones-quota.files", l.Number(q.Files), l.Number(*q.FileLimit)))
	}
	if q.Until != nil {
		words = append(words, l.Say("zones-quota.until", l.Time(*q.Until)))
	}
	return strings.Join(words, "; ")
}

// notifyKey is the end of a key for what people are told of, and what the form sends for it.
func notifyKey(notify *string) string {
	switch {
	case notify == nil:
		return "default"
	case *notify == "":
		return noNotify
	case *notify == "upload,download":
		return "both"
	}
	return *notify
}

// person is how a user is shown: full name and login name, or what there is.
func (v viewer) person(name string) string {
	if e, known := v.names.User(name); known {
		if full := account.ParseGECOS(e.GECOS).FullName; strings.TrimSpace(full) != "" {
			return full + " (" + name + ")"
		}
	}
	return name
}

// typable is a text as the value of a field: nothing where it has what cannot be typed, and would come back as another text.
func typable(text string) string {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
		return ""
	}
	return text
}

// fieldOf is an attribute as the keys of the catalogue say it.
func fieldOf(attr string) string {
	return strings.ReplaceAll(strings.TrimPrefix(attr, "user.shz."), "_", "-")
}
