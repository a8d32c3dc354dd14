package main

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"

	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// changed is a zone after a change, with what the change did to its content, and its JSON form.
type changed struct {
	seen
	*zone.Report
}

// change is one act of zonefix.
type change struct {
	seen
	event, path string // what is told of it
	ask         helper.ZonefixRequest
	title       string // of the page, where it takes long
	done        string // what is said when it is done, a key below zones-done
	location    func(after zone.Details, done string) string
	ill         func(err error) error // answers a refusal with the page that the form stood on; nil: an error page does
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
			if c.ill == nil || f.call.JSON {
				return f.told(err)
			}
			return c.ill(err)
		},
		told: f.words,
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
	if reply.Report != nil && reply.Report.Denied {
		done = "denied"
	}
	o := outcome{
		status: http.StatusOK, object: changed{after, reply.Report}, location: c.location(after.Details, done),
		notice: &page.Notice{Kind: page.OK, Text: l.Say("zones-done." + done)},
	}
	if reply.Report != nil && reply.Report.Incomplete() && !f.call.JSON {
		on := c.location(after.Details, "")
		o.body = reportBody(l, reportOf(l, *reply.Report), templ.SafeURL(on)) // of a page that had begun before
		o.location = leftHref(*reply.Report, on)
		o.notice = &page.Notice{Kind: page.Info, Text: l.Say("zones-done.partly")}
	}
	return o, nil
}

// maxLeft is how many bytes of paths the address of the page has that says what was left; the other paths are counted. Some programs on
// the way take 2,000 bytes of an address.
const maxLeft = 1000

// leftHref is the page that says what a change left as it was, and leads on. A form ends with an address as every other, so that loading
// the page again changes nothing anew; what was left is in it, and nowhere kept.
func leftHref(r zone.Report, on string) string {
	q := url.Values{"view": {"left"}, "on": {on}}
	bytes, more := 0, r.More
	for _, s := range r.Skipped {
		if !s.Reason.Matters() {
			continue
		}
		line := string(s.Reason) + ":" + s.Path
		if bytes += len(url.QueryEscape(line)); bytes > maxLeft {
			more++
			continue
		}
		q.Add("left", line)
	}
	if more > 0 {
		q.Set("more", strconv.Itoa(more))
	}
	if r.Shut {
		q.Set("shut", "1")
	}
	return withQuery(here, q)
}

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
	view := v.call.View(v.call.Language.Say("zones-report.page"))
	view.Notice = &page.Notice{Kind: page.Info, Text: v.call.Language.Say("zones-done.partly")}
	return v.call.AnswerPage(http.StatusOK, leftPage(view, reportOf(v.call.Language, r), templ.SafeURL(on)))
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
	principal, err1 := f.one("principal")
	access, err2 := f.one("access")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	switch zone.Access(access) {
	case zone.Read, zone.Write, zone.Drop, zone.None:
	default:
		return parameterError{"access", access}
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
	if access == string(zone.None) {
		done, pairs = "unshare", []string{"of", principal}
	} else if f.askedAbout(principal) != "" && !f.call.JSON && f.fields.Get("sure") != "1" {
		return zonePage{viewer: f.viewer, seen: s, typed: f.fields, status: http.StatusOK}.sharing(principal, access)
	}
	if find := typable(f.fields.Get("find")); find != "" { // the others that were found are next
		pairs = append(pairs, "find", find)
	}
	return f.fix(change{
		seen: s, event: "zone-share", path: principal + "=" + access, title: f.call.Language.Say("zones-share.title"), done: done,
		ask: helper.ZonefixRequest{Op: "share", Zone: f.name, Principal: principal, Access: access},
		location: func(after zone.Details, done string) string {
			p := zonePage{viewer: f.viewer, seen: seen{Details: after}}
			if words, _ := p.beyond(principal); words != "" { // the page says it
				pairs = append(pairs, "of", principal)
			}
			return zoneHref(after.Name, after.State, append(pairs, "done", done)...)
		},
		ill: func(err error) error { return f.again(s, err, zonePage.overview) },
	})
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

func (f form) apply() error {
	s, err := f.changing()
	if err != nil {
		return err
	}
	return f.fix(change{
		seen: s, event: "zone-modify", title: f.call.Language.Say("zones-check.title"), done: "apply",
		ask:      helper.ZonefixRequest{Op: "apply", Zone: f.name},
		location: backToCheck,
	})
}

// open undoes what shut the zone for everybody but its owner.
func (f form) open() error {
	s, err := f.changing()
	if err != nil {
		return err
	}
	return f.fix(change{
		seen: s, event: "zone-modify", title: f.call.Language.Say("zones-check.title"), done: "open",
		ask:      helper.ZonefixRequest{Op: "open", Zone: f.name},
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
	if day := f.text("expires"); day != nil && *day != "" {
		q.Expires = day
	}
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
	paths, err := f.paths()
	if err != nil {
		return err
	}
	if len(paths) != 1 || len(paths[0].names) == 0 {
		return web.Refuse(web.BadRequest, "one folder below the zone is wanted")
	}
	s, err := f.changing()
	if err != nil {
		return err
	}
	p := paths[0]
	return f.fix(change{
		seen: s, event: "zone-modify", path: p.bytes(), title: f.call.Language.Say("zones-who.title"), done: "take",
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
}

func reportOf(l language, r zone.Report) reportView {
	v := reportView{More: r.More, Shut: r.Shut}
	for _, s := range r.Skipped {
		if s.Reason.Matters() {
			v.Skipped = append(v.Skipped, item{Name: s.Path, Message: l.Say("zones-skip." + string(s.Reason))})
		}
	}
	return v
}
