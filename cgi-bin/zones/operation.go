package main

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/event"
	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// operation is a row of the table of what a form can ask for.
type operation struct {
	do      func(form) error
	outside bool   // also by the external entry
	view    string // where its form stands
	fields  string // that it may have, beside op and name
}

// operations is the whole table. Administration by the external entry is refused: what a partner's network can reach
// must not be able to open a zone.
func operations() map[string]operation {
	return map[string]operation{
		"create":   {do: form.create, view: "new", fields: metadataFields + " " + shownField},
		"modify":   {do: form.modify, view: "settings", fields: metadataFields + " seen " + shownFields},
		"share":    {do: form.share, fields: "principal access entry member* members* find seen sure"},
		"apply":    {do: form.apply, fields: "sure"},
		"open":     {do: form.open, fields: "path raw"},
		"transfer": {do: form.transfer, view: "transfer", fields: "owner find"},
		"delete":   {do: form.closeZone},
		"restore":  {do: form.restore, fields: "to expires"},
		"remove":   {do: form.remove, fields: "path* raw*"},
		"take":     {do: form.take, fields: "path raw"},
		"keep":     {do: form.keep, view: "ages", fields: "keep* raw*"},
	}
}

// answers says whether an operation is answered at all by the entry that the request came by; a page offers no other.
func (v viewer) answers(op string) bool {
	return !v.outside() || operations()[op].outside
}

// outside says whether the request came by the external entry.
func (v viewer) outside() bool { return v.call.Entry == "external" }

func (v viewer) refusedOutside() error {
	return &web.Told{Err: web.Refuse(web.NotPermitted, "by the external entry"), Sentence: v.call.Language.Say("zones-refused.external")}
}

// form is what was sent, and about which zone.
type form struct {
	viewer
	name   string
	fields url.Values
}

func post(v viewer, name string) error {
	fields, again, err := v.call.FormOrAgain(several()...)
	if err != nil {
		return err
	}
	op, found := operations()[fields.Get("op")]
	if !found {
		return wrong("op", fields.Get("op"))
	}
	named := maps.Clone(fields) // a key with null is no field, but it must be one that there is
	for _, field := range v.call.Nulls() {
		named[field] = nil
		if op := fields.Get("op"); op == "modify" && field != "trash" && slices.Contains(describedBy(), field) || op == "restore" && field == "expires" {
			fields[field] = []string{""} // what there was is taken off
		}
	}
	if err := errors.Join(web.CheckFields("op name "+op.fields, named), web.CheckFields("state"+web.EachAddress, v.query)); err != nil {
		return err
	}
	if !v.answers(fields.Get("op")) {
		return v.refusedOutside()
	}
	f := form{v, name, fields}
	if f.name == "" {
		f.name, err = f.one("name")
	} else if given := fields.Get("name"); fields.Has("name") && given != name {
		err = wrong("name", given) // another than in the path
	}
	if err != nil {
		return err
	}
	if again {
		return f.showAgain(op.view)
	}
	return op.do(f)
}

// showAgain shows a form as it was typed when a session ended.
func (f form) showAgain(view string) error {
	notice := &page.Notice{Kind: page.Info, Text: f.call.Language.Say("form.again")}
	if view == "new" {
		if !zone.MayMakeZones() { // as where the form is asked for
			return f.refusedMaking()
		}
		return newZonePage(f.viewer, f.fields, http.StatusOK, notice)
	}
	s, err := f.look(f.name, f.fields.Get("op") == "restore")
	if err = f.closedSince(f.name, err); err != nil {
		return f.told(err)
	}
	if views[view].managed && !s.Managed {
		return web.Refuse(web.NotPermitted, "neither the owner nor an administrator")
	}
	return views[view].show(zonePage{viewer: f.viewer, seen: s, typed: f.fields, status: http.StatusOK, notice: notice})
}

// wrong refuses the value of a field, or that there is none.
func wrong(field, value string) error {
	if value == "" {
		return web.FieldError{Field: field, Reason: web.NoField}
	}
	return web.FieldError{Field: field, Reason: web.WrongField}
}

// one is a field that must be there.
func (f form) one(key string) (string, error) {
	value := f.fields.Get(key)
	if value == "" {
		return "", wrong(key, "")
	}
	return value, nil
}

// text is a field that may be absent, which is nil.
func (f form) text(key string) *string {
	values := f.fields[key]
	if len(values) == 0 {
		return nil
	}
	value := unixLines(values[0])
	if key == "title" || key == "description" {
		value = unseen.Replace(value)
	}
	return &value
}

// unseen makes a pasted text what is seen of it: a tab is a blank; what turns the direction of a line round, or has no width, goes.
var unseen = strings.NewReplacer("\t", " ", "\u200b", "", "\ufeff", "", "\u202a", "", "\u202b", "", "\u202c", "", "\u202d", "", "\u202e", "",
	"\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "")

// unixLines are the lines of a text as they are kept; browsers send CR LF.
func unixLines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// noNotify is how a form writes that nobody is told of anything; the empty field is: as the site has it.
const noNotify = "none"

// metadataFields are what describes a zone.
const metadataFields = "title description expires max_age notify* trash"

// shownFields are what answers tell of a zone besides, and this does not change: who sends an object back as he got it is not refused for
// them, as long as they say what is so.
const shownFields = "owner access state members* limit free problems* closed former_name"

// checkShown refuses what would be another change than this one. How much room is left, and which problems there are, changes by itself.
func (f form) checkShown(s seen) error {
	var members []string
	for _, m := range s.Members {
		members = append(members, m.Principal+"="+string(m.Access))
	}
	limit, closed := "", ""
	if s.Limit != nil {
		limit = strconv.FormatInt(*s.Limit, 10)
	}
	if s.Closed != nil {
		closed = s.Closed.Format(time.RFC3339)
	}
	for field, is := range map[string][]string{
		"owner": {s.Owner}, "access": {string(s.Access)}, "state": {string(s.State)}, "limit": {limit}, "closed": {closed}, "former_name": {said(s.FormerName)}, "members": members,
	} {
		if given := f.fields[field]; len(given) > 0 && given[0] != "" && !slices.Equal(given, is) {
			return wrong(field, given[0])
		}
	}
	return nil
}

// metadata reads what describes a zone. forget: what people are told of is to be as the site has it.
func (f form) metadata() (m zone.Metadata, forget bool, err error) {
	m = zone.Metadata{Title: f.text("title"), Description: f.text("description"), Expires: f.text("expires")}
	if days := f.text("max_age"); days != nil {
		n := 0
		if *days != "" {
			if n, err = strconv.Atoi(*days); err != nil || n < 1 {
				return m, false, zone.ValueError{Attr: zone.AttrMaxAge, Value: *days, Reason: zone.BadForm}
			}
		}
		m.MaxAge = &n
	}
	if values := f.fields["notify"]; len(values) > 0 {
		notify := strings.Join(values, ",")
		if notify == "download,upload" {
			notify = "upload,download"
		}
		forget = notify == ""
		if notify == noNotify {
			notify = ""
		}
		if !forget {
			m.Notify = &notify
		}
	}
	if trash := f.text("trash"); trash != nil {
		switch *trash {
		case "on", "true":
			m.Trash = new(string) // the absent attribute
		case zone.TrashOff, "false":
			off := zone.TrashOff
			m.Trash = &off
		default:
			return m, false, zone.ValueError{Attr: zone.AttrTrash, Value: *trash, Reason: zone.BadForm}
		}
	}
	return m, forget, m.Check()
}

// policy is what the site wants of zones.
func (v viewer) policy() (zone.Policy, error) {
	settings, err := v.call.Settings()
	if err != nil {
		return zone.Policy{}, err
	}
	return zone.Policy(settings.Zone), nil
}

// create makes a zone as the user himself would by mkdir.
func (f form) create() error {
	err := f.makeZone()
	if err != nil && !f.call.JSON && zone.MayMakeZones() { // for who may not the form is no use, nor is its command
		told := f.told(err)
		f.call.Log(err)
		return newZonePage(f.viewer, f.fields, web.CodeOf(told).Status(), &page.Notice{Kind: page.Error, Text: f.call.Message(told)})
	}
	if err != nil {
		return f.told(err)
	}
	made, err := f.look(f.name, false)
	if err != nil {
		return err
	}
	return f.call.SeeOther(zoneHref(f.name, zone.StateOpen, "done", "create"), http.StatusCreated, made)
}

func (f form) makeZone() error {
	if err := zone.CheckName(f.name); err != nil {
		return err
	}
	m, _, err := f.metadata()
	if err != nil {
		return err
	}
	policy, err := f.policy()
	if err != nil {
		return err
	}
	now := time.Now()
	m = policy.Complete(m, now)
	if err := policy.CheckExpiry(m.Expires, now); err != nil {
		return err
	}
	base, err := zone.OpenBase()
	if err != nil {
		return err
	}
	defer base.Close()
	id := zone.NewID() // made here, so that the event belongs to the zone
	m.ID = &id
	act, err := f.call.Event.BeginIn(event.Zone{Name: f.name, ID: id}, "zone-create", "")
	if err != nil {
		return err
	}
	err = base.MakeZone(f.name, m, now)
	if errors.Is(err, zone.ErrExists) && f.hasMade(m) {
		act.End(string(web.Exists), -1, "") // the zone is told of by the request that made it
		return nil
	}
	if errors.Is(err, unix.EACCES) {
		err = &web.Told{Err: err, Sentence: f.call.Language.Say("zones-refused.create")}
	}
	act.End(string(resultOf(f.told(err))), -1, "")
	return err
}

// shownField is when the page of a form was made, in seconds since 1970.
const shownField = "shown"

// hasMade says whether what has the name is the zone that this very form has made already, as by a double click: the user's own, born
// after the form was shown, and described as it says.
func (f form) hasMade(m zone.Metadata) bool {
	shown, err := strconv.ParseInt(f.fields.Get(shownField), 10, 64)
	if err != nil {
		return false
	}
	root, err := zone.OpenZone(f.name)
	if err != nil {
		return false
	}
	defer root.Close()
	made := zone.ReadMetadata(root.Descriptor())
	same := func(asked, found *string) bool { return said(asked) == said(found) }
	days := func(n *int) int {
		if n == nil {
			return 0
		}
		return *n
	}
	return root.Mine() && root.Born().Unix() >= shown && same(m.Title, made.Title) && same(m.Description, made.Description) &&
		same(m.Expires, made.Expires) && same(m.Notify, made.Notify) && same(m.Trash, made.Trash) && days(m.MaxAge) == days(made.MaxAge)
}

// modify changes what describes a zone: as the user himself, whose attributes they are, and by zonefix where the kernel
// says that they are not his.
func (f form) modify() error {
	s, err := f.changing()
	if err != nil {
		return err
	}
	if err := f.checkShown(s); err != nil {
		return err
	}
	if err := f.describe(s); err != nil {
		if f.call.JSON {
			return f.told(err)
		}
		var refusal *helper.ZoneRefusal
		if errors.As(err, &refusal) && refusal.Reason == "changed" {
			f.fields.Del("seen") // now he is told, and may send it all the same
		}
		return f.again(s, err, zonePage.settings)
	}
	after, err := f.look(f.name, false)
	if err != nil {
		return err
	}
	return f.call.SeeOther(zoneHref(f.name, zone.StateOpen, "done", "modify"), http.StatusOK, after)
}

func (f form) describe(s seen) error {
	var both, untouched []string
	if stamp := f.text("seen"); stamp != nil {
		both, untouched = f.merge(s, *stamp)
	}
	typed := f
	typed.fields = maps.Clone(f.fields) // the page that comes back has all of them
	for _, field := range untouched {
		typed.fields.Del(field)
	}
	m, forget, err := typed.metadata()
	if err != nil {
		return err
	}
	if len(both) > 0 {
		return f.changedMeanwhile(s, both)
	}
	if m.Title == nil && m.Description == nil && m.Expires == nil && m.MaxAge == nil && m.Notify == nil && m.Trash == nil && !forget {
		if len(untouched) > 0 { // all that he sees is as it is by now
			return nil
		}
		return web.FieldError{Field: strings.Join(describedBy(), ", "), Reason: web.NoField}
	}
	policy, err := f.policy()
	if err != nil {
		return err
	}
	now := time.Now()
	if m.Expires != nil && *m.Expires == said(s.Expires) {
		m.Expires = nil // a zone that exists keeps its day, also when the policy has changed
	}
	if err := policy.CheckExpiry(m.Expires, now); err != nil {
		return err
	}
	act, err := f.call.Event.BeginIn(s.concerned(), "zone-modify", m.Changes(forget))
	if err != nil {
		return err
	}
	err = f.modifyAsUser(m, forget, now)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EDQUOT) { // root makes room under a limit
		_, err = f.zonefix(helper.ZonefixRequest{
			Op: "modify", Zone: f.name, Title: m.Title, Description: m.Description, Expires: m.Expires, MaxAge: m.MaxAge,
			Notify: m.Notify, ForgetNotify: forget, Trash: m.Trash,
		}, nil)
	}
	endAct(act, f.told(err))
	return err
}

// endAct records how an act ended. Of what a helper does not answer that is not known: without an end it counts as interrupted.
func endAct(act *event.Act, err error) {
	if !errors.Is(err, helper.ErrNoAnswer) {
		act.End(string(resultOf(err)), -1, "")
	}
}

func (f form) modifyAsUser(m zone.Metadata, forget bool, now time.Time) error {
	root, err := zone.OpenZone(f.name)
	if err != nil {
		return err
	}
	defer root.Close()
	return root.Modify(m, forget, now)
}

// changing is the open zone that a form is about, as it was before.
func (f form) changing() (seen, error) {
	if err := zone.CheckName(f.name); err != nil {
		return seen{}, f.told(err)
	}
	s, err := f.look(f.name, false)
	return s, f.closedSince(f.name, err)
}

// resultOf is "ok" or the code of an error, as events and results say it.
func resultOf(err error) web.Code {
	if err == nil {
		return "ok"
	}
	return web.CodeOf(err)
}

// said is a text that may be absent.
func said(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
