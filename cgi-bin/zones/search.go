package main

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/page"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// criteria are what zones are searched by; what is empty asks for nothing.
type criteria struct {
	Name, Owner, Member, Text string
	ExpiresBefore             string // YYYY-MM-DD, not included
	Mine                      bool
	State                     string // open, closed, all
}

// anyState is open and closed ones; a zone has one of the two.
const anyState = "all"

func parseCriteria(q url.Values) (criteria, error) {
	c := criteria{
		Name: q.Get("name"), Owner: q.Get("owner"), Member: q.Get("member"), Text: strings.TrimSpace(q.Get("text")),
		ExpiresBefore: q.Get("expires_before"), State: q.Get("state"),
	}
	bad := func(name string) (criteria, error) {
		return c, wrong(name, q.Get(name))
	}
	if _, err := time.Parse(time.DateOnly, c.ExpiresBefore); err != nil && c.ExpiresBefore != "" {
		return bad("expires_before")
	}
	switch q.Get("mine") {
	case "", "0":
	case "1":
		c.Mine = true
	default:
		return bad("mine")
	}
	if c.State == "" {
		c.State = string(zone.StateOpen)
		if c.Mine {
			c.State = anyState // a closed zone stays its owner's
		}
	}
	if c.State != string(zone.StateOpen) && c.State != string(zone.StateClosed) && c.State != anyState {
		return bad("state")
	}
	return c, nil
}

// given says whether there is something to search by; the state alone is nothing.
func (c criteria) given() bool {
	return c.Name+c.Owner+c.Member+c.Text+c.ExpiresBefore != "" || c.Mine
}

// matches says whether a zone meets all criteria.
func (c criteria) matches(s seen, user string) bool {
	expires := said(s.Expires)
	return (c.Name == "" || named(c.Name, s)) &&
		(c.Owner == "" || c.Owner == s.Owner) &&
		(c.Member == "" || hasMember(c.Member, s.Members)) &&
		(c.Text == "" || account.Match(c.Text, s.Name, said(s.Title), said(s.Description))) &&
		(c.ExpiresBefore == "" || expires != "" && expires < c.ExpiresBefore) && // of one length, so they compare as days
		(!c.Mine || s.Owner == user)
}

// named compares a zone's name, and the one that a closed zone had: a part of it, or with * and ? the whole.
func named(pattern string, s seen) bool {
	names := []string{s.Name}
	if s.FormerName != nil {
		names = append(names, *s.FormerName)
	}
	pattern = strings.ToLower(pattern)
	for _, name := range names {
		if !strings.ContainsAny(pattern, "*?") {
			if strings.Contains(name, pattern) {
				return true
			}
			continue
		}
		// Brackets and backslashes mean themselves, and no zone's name has any.
		if is, err := path.Match(strings.NewReplacer(`[`, `\[`, `\`, `\\`).Replace(pattern), name); err == nil && is {
			return true
		}
	}
	return false
}

// hasMember finds "user:bruno", "group:shz-acme", or either by the name alone.
func hasMember(wanted string, members []zone.Member) bool {
	for _, m := range members {
		_, name, _ := strings.Cut(m.Principal, ":")
		if m.Principal == wanted || name == wanted {
			return true
		}
	}
	return false
}

// find returns the zones that meet the criteria, open ones first.
func (v viewer) find(c criteria) ([]seen, error) {
	zones := []seen{}
	for _, state := range [...]zone.State{zone.StateOpen, zone.StateClosed} {
		if c.State != string(state) && c.State != anyState {
			continue
		}
		found, err := v.all(state)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			if c.matches(s, v.call.User) {
				zones = append(zones, s)
			}
		}
	}
	return zones, nil
}

// listViews are the pages of no zone, by the parameter "view", with the fields that each takes.
var listViews = map[string]string{
	"":     "name owner member text expires_before mine state",
	"left": "on left* absent* wider* more more_absent more_wider shut",
	"new":  strings.Join(settingsFields, " "),
}

// list answers a search. A page without criteria shows one's own zones; a script must say what it wants.
func list(v viewer) error {
	known, found := listViews[v.query.Get("view")]
	if !found {
		return wrong("view", v.query.Get("view"))
	}
	if err := web.CheckFields("view "+known+web.EachAddress, v.query); err != nil {
		return err
	}
	switch v.query.Get("view") {
	case "left":
		return left(v)
	case "new":
		if v.call.JSON {
			return web.Refuse(web.BadRequest, "view=new is a form for people")
		}
		if !v.answers("create") {
			return v.refusedOutside()
		}
		if !zone.MayMakeZones() { // the kernel would say so when the form is sent
			return v.refusedMaking()
		}
		var typed url.Values
		if v.query.Has("name") { // the form in another language
			typed = v.query
		}
		return newZonePage(v, typed, http.StatusOK, nil)
	}
	c, err := parseCriteria(v.query)
	if err != nil {
		return err
	}
	searched := c.given()
	if !searched {
		if v.call.JSON {
			return &web.Told{Err: web.Refuse(web.BadRequest, "no criterion"), Sentence: v.call.Language.Say("zones-refused.criterion")}
		}
		c.Mine, c.State = zone.MayMakeZones(), anyState // who can have none of his own sees those that he reaches
	}
	zones, err := v.find(c)
	if err != nil {
		return err
	}
	if v.call.JSON {
		details := make([]zone.Details, len(zones))
		for i, s := range zones {
			details[i] = s.Details
		}
		return v.call.Answer(http.StatusOK, map[string]any{"zones": details}, nil)
	}
	l := v.listView(c, searched, zones)
	view := v.call.View(v.call.Language.Say(l.title()))
	view.Notice = doneNotice(v.call.Language, v.call.Done())
	return v.call.AnswerPage(http.StatusOK, listPage(view, l))
}

// refusedMaking answers who may make no zones.
func (v viewer) refusedMaking() error {
	return &web.Told{Err: unix.EACCES, Sentence: v.call.Language.Say("zones-refused.create")}
}

// maxRows bounds what a page lists; a search narrows it.
const maxRows = 200

// listView is the page of a search.
type listView struct {
	criteria
	Searched bool // otherwise these are one's own
	MayMake  bool // some of these may be his own
	New      bool // there is a link to the form for a new one
	Admin    bool
	Zones    []zoneRow
	Total    int
}

func (v viewer) listView(c criteria, searched bool, zones []seen) listView {
	l := listView{criteria: c, Searched: searched, MayMake: zone.MayMakeZones(), New: zone.MayMakeZones() && v.answers("create"), Admin: v.admin, Total: len(zones)}
	if !searched {
		l.criteria = criteria{}
	}
	for _, field := range []*string{&l.Text, &l.Owner, &l.Member} {
		*field = typable(*field)
	}
	for _, s := range zones[:min(len(zones), maxRows)] {
		l.Zones = append(l.Zones, v.row(s))
	}
	return l
}

// title is the key of what the page is called, heading of what stands over the list, and empty and advice of what stands in
// the place of one without zones.
func (l listView) title() string {
	if l.MayMake {
		return "zones.title"
	}
	return "zones.title-look"
}

// listTitle is the title for whom zones are looked at by.
func (v viewer) listTitle() string {
	return v.call.Language.Say(listView{MayMake: zone.MayMakeZones()}.title())
}

func (l listView) heading() string {
	switch {
	case l.Searched:
		return "zones.found"
	case l.MayMake:
		return "zones.mine"
	}
	return "zones.reached"
}

func (l listView) empty() string {
	switch {
	case l.Searched:
		return "zones.none-found"
	case l.MayMake:
		return "zones.none-mine"
	}
	return "home.empty"
}

func (l listView) advice() string {
	switch {
	case l.Searched:
		return "zones.none-found-advice"
	case l.MayMake:
		return "zones.none-mine-advice"
	}
	return "zones.not-manager-advice"
}

// doneNotice says what the form that led here has done.
func doneNotice(l language, done string) *page.Notice {
	if key := "zones-done." + done; l.Knows(key) {
		return &page.Notice{Kind: page.OK, Text: l.Say(key)}
	}
	return nil
}
