package main

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"

	"sharezone/internal/event"
	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// changed is a zone after a change, with what the change did to its content, and its JSON form.
type changed struct {
	seen
	*zone.Report
	Warnings []warning `json:"warnings,omitempty"`
}

// warning is what a page asks about first, for scripts, which are taken at their word.
type warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// change is one act of zonefix.
type change struct {
	seen
	event, path string // what is told of it
	ask         helper.ZonefixRequest
	title       string // of the page, where it takes long
	view        string // of the zone's page where a question is asked
	done        string // what is said when it is done, a key below zones-done
	warnings    []warning
	location    func(after zone.Details, done string) string
	ill         func(err error) error // answers a refusal with the page that the form stood on; nil: an error page does

	question func(*helper.ZoneRefusal) templ.Component // is asked instead of refusing, nil = nothing; may be nil
}

// asks is the question that a page asks instead of refusing, nil = none.
func (c change) asks(err error) templ.Component {
	var refusal *helper.ZoneRefusal
	if c.question == nil || !errors.As(err, &refusal) {
		return nil
	}
	return c.question(refusal)
}

// fix has zonefix do it, records it, and answers.
func (f form) fix(c change) error {
	act, err := f.call.Event.BeginIn(c.concerned(), c.event, c.path)
	if err != nil {
		return err
	}
	var reply helper.ZonefixReply
	return f.await(work{
		title: c.title,
		about: []place{{[]string{c.Name}}},
		head:  zoneHead(f.call.Language, f.headOf(c.seen, "")),
		do: func(progress func(int)) (err error) {
			reply, err = f.zonefix(c.ask, progress)
			endAct(act, err)
			return err
		},
		well: func() (outcome, error) { return f.changedTo(c, reply) },
		ill: func(err error) error {
			if f.call.JSON {
				return f.told(err)
			}
			if body := c.asks(err); body != nil {
				f.call.Log(err)
				return zonePage{viewer: f.viewer, seen: c.seen, typed: f.fields, status: http.StatusConflict}.answer(c.view, nil, body)
			}
			if c.ill == nil {
				return f.told(err)
			}
			return c.ill(err)
		},
		told:     f.words,
		question: c.asks,
	})
}

// words are the code and the sentence of an error; what really happened goes to the log.
func (v viewer) words(err error) (web.Code, string) {
	v.call.Log(err)
	told := v.told(err)
	return web.CodeOf(told), v.call.Message(told)
}

// changedTo is the answer when it went well. Where something in the zone was left as it was, a page says so before the
// reader goes on.
func (f form) changedTo(c change, reply helper.ZonefixReply) (outcome, error) {
	after := c.seen
	if reply.Zone != nil {
		after = f.after(*reply.Zone)
	}
	l := f.call.Language
	done := c.done
	if reply.Report != nil {
		for _, s := range reply.Report.Still {
			c.warnings = append(c.warnings, warning{"still", l.Say("zones-share.still", f.stillWords(s))})
		}
		for _, principal := range reply.Report.Absent {
			c.warnings = append(c.warnings, warning{"absent", f.label(principal) + ": " + l.Say("zones-share.absent")})
		}
		for _, s := range reply.Report.Less {
			c.warnings = append(c.warnings, warning{"less", l.Say("zones-share.less", f.stillWords(s))})
		}
		if wider := f.reportOf(after.Name, *reply.Report); len(wider.Wider) > 0 {
			c.warnings = append(c.warnings, warning{"wider", l.Say("zones-report.wider") + " " + wider.briefly(l)})
		}
	}
	switch {
	case reply.Report == nil:
	case reply.Report.Denied:
		done = "denied"
	case done == "unshare" && len(reply.Report.Absent) > 0:
		done = "absent"
	}
	o := outcome{
		status: http.StatusOK, object: changed{after, reply.Report, c.warnings}, location: c.location(after.Details, done),
		notice: &page.Notice{Kind: page.OK, Text: l.Say("zones-done." + done)},
	}
	if reply.Report != nil && !f.call.JSON && (reply.Report.Incomplete() || len(reply.Report.Wider) > 0 || len(reply.Report.Absent) > 0 && done != "absent") {
		on := c.location(after.Details, "")
		o.body = reportBody(l, f.reportOf(after.Name, *reply.Report), templ.SafeURL(on)) // of a page that had begun before
		o.location = leftHref(*reply.Report, on)
		if reply.Report.Incomplete() {
			o.notice = &page.Notice{Kind: page.Info, Text: l.Say("zones-done.partly")}
		}
	}
	return o, nil
}

// maxLeft is how many bytes the address of the page that says what was left has for it; what does not go in is counted. Some programs on the way
// take 2,000 bytes of an address.
const maxLeft = 1000

// leftHref is the page that says what a change left as it was, and leads on. A form ends with an address as every other, so that loading
// the page again changes nothing anew; what was left is in it, and nowhere kept.
func leftHref(r zone.Report, on string) string {
	q := url.Values{"view": {"left"}, "on": {on}}
	bytes := 0
	add := func(key, line string, more *int) {
		if bytes += len("&" + key + "=" + url.QueryEscape(line)); bytes > maxLeft {
			*more++
			return
		}
		q.Add(key, line)
	}
	more, absent, wider := r.More, 0, r.MoreWider
	for _, s := range r.Skipped {
		if s.Reason.Matters() {
			add("left", string(s.Reason)+":"+s.Path, &more)
		}
	}
	for _, principal := range r.Absent {
		add("absent", principal, &absent)
	}
	for _, w := range r.Wider {
		add("wider", w.Entry+":"+w.Principal+"/"+w.Path, &wider)
	}
	for key, n := range map[string]int{"more": more, "more_absent": absent, "more_wider": wider} {
		if n > 0 {
			q.Set(key, strconv.Itoa(n))
		}
	}
	if r.Shut {
		q.Set("shut", "1")
	}
	return withQuery(here, q)
}

// entryForm is what an entry of a list gives.
var entryForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[r-][w-][x-]$`) })

// left is that page. Whoever makes such an address himself is led on.
func left(v viewer) error {
	on := web.LocalPath(v.query.Get("on"))
	if on != here && !strings.HasPrefix(on, here+"/") && !strings.HasPrefix(on, here+"?") {
		on = here
	}
	if v.call.JSON {
		return web.Refuse(web.BadRequest, "view=left is a page")
	}
	if v.call.From() == "" && v.call.Request.Header.Get("Sec-Fetch-Site") != "same-origin" {
		return v.call.SeeOther(on, http.StatusOK, nil)
	}
	r := zone.Report{Shut: v.query.Has("shut")}
	r.More, _ = strconv.Atoi(v.query.Get("more"))
	for _, line := range v.query["left"] {
		reason, path, _ := strings.Cut(line, ":")
		if v.call.Language.Knows("zones-skip." + reason) {
			r.Skipped = append(r.Skipped, zone.Skipped{Reason: zone.SkipReason(reason), Path: path})
		}
	}
	for _, principal := range v.query["absent"] {
		if checkPrincipal(principal) == nil {
			r.Absent = append(r.Absent, principal)
		}
	}
	r.MoreWider, _ = strconv.Atoi(v.query.Get("more_wider"))
	for _, line := range v.query["wider"] {
		entry, line, _ := strings.Cut(line, ":")
		principal, path, _ := strings.Cut(line, "/")
		if entryForm().MatchString(entry) && checkPrincipal(principal) == nil {
			r.Wider = append(r.Wider, zone.Widened{Path: path, Principal: principal, Entry: entry})
		}
	}
	view := v.call.View(v.call.Language.Say("zones-report.page"))
	crumbs := []page.Crumb{{Label: v.listTitle(), Href: here}}
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(on, here), "/"), "?")
	if name != "" {
		crumbs = append(crumbs, page.Crumb{Label: name, Href: templ.SafeURL(here + "/" + name)})
	}
	crumbs = append(crumbs, page.Crumb{Label: view.Title, Current: true})
	report := v.reportOf(name, r)
	report.MoreAbsent, _ = strconv.Atoi(v.query.Get("more_absent"))
	return v.call.AnswerPage(http.StatusOK, leftPage(view, crumbs, report, templ.SafeURL(on)))
}

// after is a zone as zonefix tells it after a change. What the user himself may do in it the kernel says.
func (v viewer) after(d zone.Details) seen {
	access := v.accessToClosed(d)
	if d.State == zone.StateOpen {
		access = zone.None
		if root, err := zone.OpenZone(d.Name); err == nil {
			access = root.Access()
			root.Close()
		}
	}
	return v.asTold(d, access)
}

// backToZone is where most forms lead: the page of the zone, with what was done.
func backToZone(after zone.Details, done string) string {
	return zoneHref(after.Name, after.State, "done", done)
}

// backToCheck is the page with what differs.
func backToCheck(after zone.Details, done string) string {
	return zoneHref(after.Name, after.State, "view", "check", "done", done)
}

func (f form) share() error {
	if members := append(f.fields["member"], f.fields["members"]...); len(members) > 0 {
		return f.shareAll(members)
	}
	if !f.call.JSON && !f.fields.Has("principal") { // the form of those who were in a list that was lost
		return &web.Told{Err: web.Refuse(web.BadRequest, "no member"), Sentence: f.call.Language.Say("zones-refused.nobody-ticked")}
	}
	principal, err1 := f.one("principal")
	access, err2 := f.one("access")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if !isGiven(access) {
		return wrong("access", access)
	}
	sure, err := f.consent()
	if err != nil {
		return err
	}
	if err := checkPrincipal(principal); err != nil {
		return f.told(err)
	}
	s, err := f.changing()
	if err != nil {
		return err
	}
	if stamp := f.text("seen"); stamp != nil && *stamp != s.listed(principal) { // a page from before somebody else's change
		err := &helper.ZoneRefusal{Code: string(web.Conflict), Reason: "members-changed"}
		if f.call.JSON {
			return f.told(err)
		}
		return f.again(s, err, zonePage.overview)
	}
	done, pairs := "share", []string(nil)
	var warnings []warning
	if kind := f.askedAbout(principal); access == string(zone.None) {
		done, pairs = "unshare", []string{"of", principal}
	} else if kind != "" && sure == "" {
		if !f.call.JSON {
			return zonePage{viewer: f.viewer, seen: s, typed: f.fields, status: http.StatusOK}.sharing(principal, access)
		}
		warnings = f.warnings(principal)
	}
	if find := typable(f.fields.Get("find")); find != "" { // the others that were found are next
		pairs = append(pairs, "find", find)
	}
	return f.fix(change{
		seen: s, event: "zone-share", path: principal + "=" + access, title: f.call.Language.Say("zones-share.title"), done: done, warnings: warnings,
		ask: helper.ZonefixRequest{Op: "share", Zone: f.name, Principal: principal, Access: access, Sure: sure},
		location: func(after zone.Details, done string) string {
			p := zonePage{viewer: f.viewer, seen: seen{Details: after}}
			if words, _ := p.beyond(principal); words != "" { // the page says it
				pairs = append(pairs, "of", principal)
			}
			return zoneHref(after.Name, after.State, append(pairs, "done", done)...)
		},
		ill: func(err error) error { return f.again(s, err, zonePage.overview) },
		question: func(refused *helper.ZoneRefusal) templ.Component {
			if refused.Reason != "gains" {
				return nil
			}
			return zonePage{viewer: f.viewer, seen: s, typed: f.fields}.gaining(principal, refused)
		},
	})
}

// isGiven says whether an access is one that a form gives.
func isGiven(access string) bool {
	switch zone.Access(access) {
	case zone.Read, zone.Write, zone.Drop, zone.None:
		return true
	}
	return false
}

// warnings say in words what a page asks about.
func (v viewer) warnings(principal string) []warning {
	kind, l := v.askedAbout(principal), v.call.Language
	if kind == "" {
		return nil
	}
	return []warning{{kind, l.Say("zones-asked-question."+kind, text.Name(strings.TrimPrefix(principal, "group:"))) + " " + l.Say("zones-asked-advice."+kind)}}
}

// shareAll shares with several at once, all of them or none, as the command does: also what the check offers of a zone that lost its list.
// Each is recorded by itself.
func (f form) shareAll(members []string) error {
	if f.fields.Has("principal") || f.fields.Has("access") {
		return wrong("member", members[0])
	}
	sure, err := f.consent()
	if err != nil {
		return err
	}
	ask := helper.ZonefixRequest{Op: "share", Zone: f.name, Sure: sure}
	c := change{done: "share", location: backToCheck}
	for _, member := range members {
		at := strings.LastIndex(member, "=")
		if at < 0 || !isGiven(member[at+1:]) || checkPrincipal(member[:at]) != nil {
			return wrong("member", member)
		}
		ask.Members = append(ask.Members, zone.Member{Principal: member[:at], Access: zone.Access(member[at+1:])})
		c.warnings = append(c.warnings, f.warnings(member[:at])...)
	}
	s, err := f.changing()
	if err != nil {
		return err
	}
	c.seen = s
	for _, m := range ask.Members { // the page named those who were in no list: somebody shared, or took one out, since it was made
		if !f.call.JSON && !s.unlisted(m.Principal) {
			return f.told(&helper.ZoneRefusal{Code: string(web.Conflict), Reason: "members-changed"})
		}
	}
	var acts []*event.Act
	for _, m := range ask.Members {
		act, err := f.call.Event.BeginIn(s.concerned(), "zone-share", m.Principal+"="+string(m.Access))
		if err != nil {
			endAll(acts, err)
			return err
		}
		acts = append(acts, act)
	}
	var reply helper.ZonefixReply
	return f.await(work{
		title: f.call.Language.Say("zones-share.title"),
		about: []place{{[]string{s.Name}}},
		head:  zoneHead(f.call.Language, f.headOf(s, "")),
		do: func(progress func(int)) (err error) {
			reply, err = f.zonefix(ask, progress)
			endAll(acts, err)
			return err
		},
		well: func() (outcome, error) { return f.changedTo(c, reply) },
		ill:  f.told,
		told: f.words,
	})
}

// endAll is endAct of several acts that are one change.
func endAll(acts []*event.Act, err error) {
	for _, act := range acts {
		endAct(act, err)
	}
}

// askedAbout is what a principal is of which is asked once more, because others get in by it than one may think: services by a
// group of the system, everybody by shzbase, one person by his own group. A script is taken at its word.
func (v viewer) askedAbout(principal string) string {
	name, isGroup := strings.CutPrefix(principal, "group:")
	g, known := v.names.Group(name)
	if !isGroup || !known {
		return ""
	}
	switch kind := v.kindOf(g); kind {
	case "system", "everyone", "private":
		return kind
	}
	return ""
}

// checkPrincipal refuses what cannot be one, before it stands in a log. Who it is zonefix says.
func checkPrincipal(principal string) error {
	kind, name, _ := strings.Cut(principal, ":")
	if kind != "user" && kind != "group" || name == "" || len(name) > 256 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return &helper.ZoneRefusal{Code: string(web.BadRequest), Reason: "principal"}
	}
	return nil
}

// consent is what somebody agreed to: whatever it is, as a script may, or what the page has told him.
func (f form) consent() (zone.Consent, error) {
	c := zone.Consent(f.fields.Get("sure"))
	if !c.Valid() {
		return "", wrong("sure", string(c))
	}
	return c, nil
}

func (f form) apply() error {
	sure, err := f.consent()
	if err != nil {
		return err
	}
	s, err := f.changing()
	if err != nil {
		return err
	}
	path := "apply"
	if sure != "" { // he says that he was told whom it puts out
		path = "apply sure"
	}
	return f.fix(change{
		seen: s, event: "zone-modify", path: path, title: f.call.Language.Say("zones-check.title"), done: "apply",
		ask:      helper.ZonefixRequest{Op: "apply", Zone: f.name, Sure: sure},
		location: backToCheck,
		view:     "check",
		question: func(refused *helper.ZoneRefusal) templ.Component {
			if refused.Reason != "puts-out" && refused.Reason != "gains" {
				return nil
			}
			return zonePage{viewer: f.viewer, seen: s}.puttingOut(refused)
		},
	})
}

// open undoes what shut the zone for everybody but its owner or, where a path is named, something of the user's own in it.
func (f form) open() error {
	if f.fields.Has("path") || f.fields.Has("raw") {
		return f.openBelow()
	}
	s, err := f.changing()
	if err != nil {
		return err
	}
	return f.fix(change{
		seen: s, event: "zone-modify", path: "open", title: f.call.Language.Say("zones-check.title"), done: "open",
		ask:      helper.ZonefixRequest{Op: "open", Zone: f.name},
		location: backToCheck,
	})
}

// changingBelow is the one thing below the zone that a form is about, and the zone.
func (f form) changingBelow() (p chosenPath, s seen, err error) {
	if p, err = f.onePath(); err == nil {
		s, err = f.changing()
	}
	return p, s, err
}

func (f form) openBelow() error {
	p, s, err := f.changingBelow()
	if err != nil {
		return err
	}
	return f.fix(change{
		seen: s, event: "zone-modify", path: "open=" + p.encoded(), title: f.call.Language.Say("zones-check.title"), done: "open-file",
		ask:      helper.ZonefixRequest{Op: "open", Zone: f.name, Path: p.encoded()},
		location: backToCheck,
	})
}

func (f form) transfer() error {
	owner, err := f.one("owner")
	if err != nil {
		return err
	}
	if err := checkPrincipal("user:" + owner); err != nil {
		return f.told(&helper.ZoneRefusal{Code: string(web.BadRequest), Reason: "no-such-user"})
	}
	s, err := f.changing()
	if err != nil {
		return err
	}
	return f.fix(change{
		seen: s, event: "zone-transfer", path: "user:" + owner, title: f.call.Language.Say("zones-transfer.title"), done: "transfer",
		ask: helper.ZonefixRequest{Op: "transfer", Zone: f.name, Owner: owner},
		location: func(d zone.Details, done string) string {
			if f.admin {
				return backToZone(d, done)
			}
			return withQuery(here, url.Values{"done": {done}}) // it is not his to look at any more
		},
		ill: func(err error) error { return f.again(s, err, zonePage.transfer) },
	})
}

func (f form) closeZone() error {
	s, err := f.changing()
	if err != nil {
		return err
	}
	return f.fix(change{
		seen: s, event: "zone-close", title: f.call.Language.Say("zones-close.title"), done: "close",
		ask: helper.ZonefixRequest{Op: "close", Zone: f.name}, location: backToZone,
	})
}

func (f form) restore() error {
	if err := zone.CheckName(f.name); err != nil {
		return f.told(err)
	}
	s, err := f.look(f.name, true)
	if err != nil {
		return f.told(err)
	}
	q := helper.ZonefixRequest{Op: "restore", Zone: f.name}
	q.Expires = f.text("expires") // an empty one: without an end, where the site allows that
	if to := f.text("to"); to != nil && *to != "" {
		if err := zone.CheckName(*to); err != nil && f.call.JSON {
			return f.told(err)
		} else if err != nil {
			return f.again(s, err, zonePage.overview)
		}
		q.To = *to
	}
	return f.fix(change{
		seen: s, event: "zone-restore", title: f.call.Language.Say("zones-restore.title"), done: "restore", ask: q,
		location: backToZone,
		ill:      func(err error) error { return f.again(s, err, zonePage.overview) },
	})
}

// take makes a folder in the zone the zone's owner's.
func (f form) take() error {
	p, s, err := f.changingBelow()
	if err != nil {
		return err
	}
	return f.fix(change{
		seen: s, event: "zone-modify", path: "take=" + p.encoded(), title: f.call.Language.Say("zones-who.title"), done: "take",
		ask: helper.ZonefixRequest{Op: "take", Zone: f.name, Path: p.encoded()},
		location: func(d zone.Details, done string) string {
			return zoneHref(d.Name, d.State, "view", "who", "path", p.bytes(), "done", done)
		},
	})
}

// again shows the page that a form stood on once more, with what went wrong and what was typed.
func (f form) again(s seen, err error, view func(zonePage) error) error {
	code, message := f.words(err)
	if f.call.Refused == "name" && f.fields.Has("to") { // of a closed zone: the one that it is to get
		f.call.Refused = "to"
	}
	return view(zonePage{viewer: f.viewer, seen: s, typed: f.fields, status: code.Status(), notice: &page.Notice{Kind: page.Error, Text: message}})
}

// reportView is what a change left as it was.
type reportView struct {
	Skipped []item
	More    int
	Shut    bool

	Absent     []item // who were to be taken off, and were on no list
	MoreAbsent int

	Wider     []item // where somebody's entry gave less, and is gone
	MoreWider int
}

// left says whether something was left as it was.
func (r reportView) left() bool { return len(r.Skipped) > 0 || r.More > 0 || r.Shut }

// briefly names some of what is wider.
func (r reportView) briefly(l language) string {
	var words []string
	for _, i := range r.Wider[:min(len(r.Wider), maxBriefly)] {
		words = append(words, text.Name(i.Name)+": "+i.Message)
	}
	if more := r.MoreWider + len(r.Wider) - len(words); more > 0 {
		words = append(words, l.Count("zones-check.more", more))
	}
	return strings.Join(words, "; ")
}

// reportOf leads to where a folder of somebody's own is made the owner's, in the zone of that name; without one it leads nowhere.
func (v viewer) reportOf(name string, r zone.Report) reportView {
	l := v.call.Language
	report := reportView{More: r.More, Shut: r.Shut, MoreWider: r.MoreWider}
	for _, w := range r.Wider {
		i := item{Name: w.Path, Message: v.label(w.Principal) + " (" + w.Entry + ")"}
		if name != "" {
			i.href = whoHref(name, place{strings.Split(w.Path, "/")})
		}
		report.Wider = append(report.Wider, i)
	}
	for _, principal := range r.Absent {
		report.Absent = append(report.Absent, item{Name: v.label(principal)})
	}
	for _, s := range r.Skipped {
		if !s.Reason.Matters() {
			continue
		}
		i := item{Name: s.Path, Message: l.Say("zones-skip." + string(s.Reason))}
		if s.Reason == zone.SkipOwns && name != "" {
			i.href = whoHref(name, place{strings.Split(s.Path, "/")})
		}
		if owner, thing := v.discarded(s.Path); thing != "" { // as whoever threw it away calls it
			i.Name, i.Message = thing, l.Say("zones-check.in-trash", text.Name(owner))+": "+i.Message
		}
		report.Skipped = append(report.Skipped, i)
	}
	return report
}
