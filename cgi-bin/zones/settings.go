package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/sys/unix"

	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/page"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// settingsView is the form that describes a zone, a new one or one that exists.
type settingsView struct {
	New         bool
	Here        templ.SafeURL // where it goes
	Name        string
	Title       string
	Description string
	Expires     string // YYYY-MM-DD
	Last        string // YYYY-MM-DD, the latest that can be chosen, "" = any
	Hint        string // what the site has for the last day
	MaxAge      string
	Notify      string
	Trash       string // "on", "off"; "" = it is not his to say
	Shown       string // when the form for a new zone was made
	Seen        string // stamp of what the zone says as the form is shown
	Commands    []string
}

// described are the fields of the form of a zone, as it would send them now.
func (s seen) described() url.Values {
	fields := url.Values{"title": {said(s.Title)}, "description": {said(s.Description)}, "expires": {said(s.Expires)}, "max_age": {""}, "trash": {zone.TrashOff}}
	if s.MaxAge != nil {
		fields.Set("max_age", strconv.Itoa(*s.MaxAge))
	}
	for _, choice := range notifyChoices {
		if choice.key == notifyKey(s.Notify) {
			fields.Set("notify", choice.value)
		}
	}
	if s.Trash {
		fields.Set("trash", "on")
	}
	return fields
}

// describedBy are the names of those fields.
func describedBy() []string { return strings.Fields(strings.ReplaceAll(metadataFields, "*", "")) }

// stamp has a mark of each value that the form of a zone is filled from: whether somebody else changed it since, and whether it was typed.
func (s seen) stamp() string {
	var b strings.Builder
	for _, field := range describedBy() {
		b.WriteString(mark(s.described().Get(field)))
	}
	return b.String()
}

func mark(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:markLength/2])
}

const markLength = 8

// merge gives the fields of a form that nobody touched since it was filled the values that hold now, so that an old page undoes no change of
// another's, and returns them, and those that somebody else has changed as well, to another value. Without a mark that is each that differs.
func (f form) merge(s seen, stamp string) (both, untouched []string) {
	if len(stamp) != len(s.stamp()) {
		stamp = strings.Repeat("-", len(s.stamp()))
	}
	for i, field := range describedBy() {
		now, was := s.described().Get(field), stamp[i*markLength:][:markLength]
		typed := f.text(field)
		switch {
		case typed == nil || *typed == now || was == mark(now): // nobody else changed it, or to the same
		case was == mark(*typed):
			f.fields.Set(field, now)
			untouched = append(untouched, field)
		default:
			both = append(both, field)
		}
	}
	return both, untouched
}

// changedMeanwhile refuses what was typed over another's change, and says what that was.
func (f form) changedMeanwhile(s seen, both []string) error {
	l := f.call.Language
	words := l.Say("zones-refused.changed")
	for _, field := range both {
		now := s.described().Get(field)
		switch {
		case field == "notify":
			now = l.Say("zones-notify." + notifyKey(s.Notify))
		case field == "trash":
			now = l.Say("zones-settings.trash-" + now)
		case now == "":
			now = l.Say("zones-settings.empty")
		case field == "expires":
			now = l.Day(now)
		}
		words += " " + l.Say("zones-settings.theirs", l.Say("zones-field."+fieldOf(field)), text.Name(strings.ReplaceAll(now, "\n", " ")))
	}
	refused := &helper.ZoneRefusal{Code: string(web.Conflict), Reason: "changed"}
	return &web.Told{Err: &web.Error{Code: web.Conflict, Err: refused}, Sentence: words}
}

// notifyChoices are the values of the field, as notifyKey names them, and what the form sends for each.
var notifyChoices = [...]struct{ key, value string }{
	{"default", ""}, {noNotify, noNotify}, {"upload", "upload"}, {"download", "download"}, {"both", "upload,download"},
}

// settingsFields are the names of the fields in the forms.
var settingsFields = []string{"name", "title", "description", "expires", "max_age", "notify"}

// newZonePage is the form for a new zone, with what was typed and what was wrong with it.
func newZonePage(v viewer, typed url.Values, status int, notice *page.Notice) error {
	l := v.call.Language
	f := settingsView{New: true, Here: here, Shown: strconv.FormatInt(time.Now().Unix(), 10)}
	policy, err := v.policy()
	if err != nil {
		return err
	}
	now := time.Now()
	if whole := policy.Complete(zone.Metadata{}, now); typed == nil {
		f.Expires = said(whole.Expires)
		if whole.MaxAge != nil {
			f.MaxAge = strconv.Itoa(*whole.MaxAge)
		}
	}
	v.complete(&f, policy, typed, now)
	f.Commands = []string{command(append([]string{"shzadm", "zone", "add", nameOr(f.Name), "--owner", v.call.User}, f.options(false)...)...)}
	view := v.call.View(l.Say("zones-new.title"))
	if v.call.Request.Method == http.MethodPost { // the other language has the same form, with what was typed
		again := url.Values{"view": {"new"}}
		for _, key := range settingsFields {
			again.Set(key, typed.Get(key))
		}
		view.URL = withQuery(here, again)
	}
	view.Notice = notice
	return v.call.AnswerPage(status, newPage(view, f))
}

// nameOr stands for a name that is not typed yet.
func nameOr(name string) string {
	if zone.CheckName(name) != nil {
		return "NAME"
	}
	return name
}

// complete adds what both forms have: how late the last day may be, and what was typed before.
func (v viewer) complete(f *settingsView, policy zone.Policy, typed url.Values, now time.Time) {
	l := v.call.Language
	f.Hint = l.Say("zones-settings.expires-help")
	if allowed := latest(policy, now); allowed != "" {
		f.Hint = l.Say("zones-settings.expires-latest", l.Day(allowed))
		f.Last = max(allowed, f.Expires) // a zone keeps a day that the policy would not give any more
	}
	f.fill(typed)
}

// fill takes what there is of these values.
func (f *settingsView) fill(typed url.Values) {
	for key, to := range map[string]*string{
		"name": &f.Name, "title": &f.Title, "description": &f.Description, "expires": &f.Expires, "max_age": &f.MaxAge, "notify": &f.Notify, "trash": &f.Trash,
		"seen": &f.Seen, // what was typed was typed over that, whatever holds now
	} {
		if _, there := typed[key]; there {
			*to = typable(unixLines(typed.Get(key)))
		}
	}
}

func (p zonePage) settings() error {
	policy, err := p.policy()
	if err != nil {
		return err
	}
	f := settingsView{Here: templ.SafeURL(zoneHref(p.Name, p.State)), Name: p.Name, Seen: p.stamp()}
	now := p.described()
	if p.Access != zone.Own { // whether there is a trash is for the owner to say
		now.Del("trash")
	}
	f.fill(now)
	p.complete(&f, policy, p.typed, time.Now())
	// What makes the zone as the form says, which is as it is now where nothing is typed: an example to change.
	f.Commands = []string{command(append([]string{"shzadm", "zone", "modify", p.Name}, f.options(true)...)...)}
	return p.answer("settings", nil, settingsBody(p.call.Language, f))
}

// options are the form's fields as shzadm takes them; those that are empty only if all are wanted. The trash is never empty.
func (f settingsView) options(all bool) []string {
	var words []string
	for _, o := range [...]struct{ option, value string }{
		{"--title", f.Title}, {"--description", f.Description}, {"--expires", f.Expires}, {"--max-age", f.MaxAge}, {"--notify", f.Notify}, {"--trash", f.Trash},
	} {
		if all && o.option != "--trash" || o.value != "" {
			words = append(words, o.option, o.value)
		}
	}
	return words
}

// questionView is a page that asks before something is done that others will notice.
type questionView struct {
	Here     templ.SafeURL // where the answer goes, and the way back
	Title    string
	Question string
	Advice   string
	Op       string
	Submit   string
	Raw      string // of the path, percent-encoded
	Shown    string // the path as people read it
	Find     string // what managers were searched by
	Searched bool
	Managers []managerChoice
	More     int // managers beyond those
	Fields   []field
	Commands []string
}

// field is one that the answer sends along.
type field struct{ Name, Value string }

// managerChoice is somebody who can own a zone.
type managerChoice struct{ Name, Label, About string }

// transfer asks who the new owner is.
func (p zonePage) transfer() error {
	l := p.call.Language
	q := questionView{
		Here: templ.SafeURL(zoneHref(p.Name, p.State)), Title: l.Say("zones-transfer.title"), Question: l.Say("zones-transfer.question"),
		Advice: l.Say("zones-transfer.advice"), Op: "transfer", Submit: l.Say("zones-transfer.submit"),
	}
	if by := zone.ByGroups(p.Members, p.Owner, p.names); by.Access != zone.None {
		q.Advice = l.Say("zones-transfer.stays", p.stillWords(by))
	}
	q.Find = p.find()
	q.Searched = q.Find != ""
	people := p.names.FindPeople(q.Find)
	if !q.Searched {
		people = p.names.Members(layout.GroupManager)
	}
	for _, e := range people {
		if e.Name == p.Owner || !p.names.InGroup(e.Name, layout.GroupManager) {
			continue
		}
		if len(q.Managers) == maxHits {
			q.More++
			continue
		}
		m := managerChoice{Name: e.Name}
		m.Label, m.About, _ = p.about(e.Name)
		q.Managers = append(q.Managers, m)
	}
	heir := "NEW"
	if q.Searched && len(q.Managers) > 0 {
		heir = q.Managers[0].Name
	}
	q.Commands = []string{command("shzadm", "zone", "transfer", p.Name, "--owner", heir)}
	return p.answer("transfer", nil, transferBody(l, q))
}

// find is what people are searched by, also of a form that was refused.
func (p zonePage) find() string {
	if p.typed.Has("find") {
		return typable(strings.TrimSpace(p.typed.Get("find")))
	}
	return typable(strings.TrimSpace(p.query.Get("find")))
}

// sharing asks before a zone is shared with a group that is other people than one may think.
func (p zonePage) sharing(principal, access string) error {
	l, kind := p.call.Language, p.askedAbout(principal)
	return p.answer("", nil, questionBody(l, questionView{
		Here: templ.SafeURL(zoneHref(p.Name, p.State)), Title: l.Say("zones-asked-title." + kind),
		Question: l.Say("zones-asked-question."+kind, text.Name(strings.TrimPrefix(principal, "group:"))), Advice: l.Say("zones-asked-advice." + kind),
		Op: "share", Submit: l.Say("zones-share.system-submit"), Fields: []field{{"principal", principal}, {"access", access}, {"find", p.find()}, {"seen", p.listed(principal)}, {"sure", "1"}},
		Commands: []string{command("shzadm", "zone", "share", p.Name, principal+"="+access)},
	}))
}

// gaining asks before somebody is taken off the list who has more by a group than his entry gives.
func (p zonePage) gaining(principal string, refused *helper.ZoneRefusal) templ.Component {
	l := p.call.Language
	return questionBody(l, questionView{
		Here: templ.SafeURL(zoneHref(p.Name, p.State)), Title: l.Say("zones-asked-title.gains"),
		Question: p.sentence(refused), Advice: l.Say("zones-asked-advice.gains"),
		Op: "share", Submit: l.Say("zones-asked.gains-submit"), Fields: []field{{"principal", principal}, {"access", string(zone.None)}, {"find", p.find()}, {"seen", p.listed(principal)}, agreed(refused)},
		Commands: []string{command("shzadm", "zone", "share", p.Name, principal+"=none", "--sure")},
	})
}

// agreed is the field by which who goes on agrees to what he was told, and to nothing that came meanwhile.
func agreed(refused *helper.ZoneRefusal) field {
	return field{"sure", string(zone.ConsentTo(refused.Standing, refused.Still))}
}

// puttingOut asks before rights are put right where that puts people out, or gives them more.
func (p zonePage) puttingOut(refused *helper.ZoneRefusal) templ.Component {
	l := p.call.Language
	return questionBody(l, questionView{
		Here: templ.SafeURL(zoneHref(p.Name, p.State)), Title: l.Say("zones-asked-apply-title." + refused.Reason),
		Question: p.sentence(refused), Advice: l.Say("zones-asked-advice." + refused.Reason),
		Op: "apply", Submit: l.Say("zones-asked-apply." + refused.Reason), Fields: []field{agreed(refused)},
		Commands: []string{zone.MendSurely(p.Name)},
	})
}

// extending asks until when the zone is to be open: the page that a warning leads to.
func (p zonePage) extending() error {
	if p.State == zone.StateClosed {
		return p.overview() // with the form to restore it
	}
	policy, err := p.policy()
	if err != nil {
		return err
	}
	l := p.call.Language
	q := questionView{Here: templ.SafeURL(zoneHref(p.Name, p.State)), Title: l.Say("zones-extend.title"), Question: l.Say("zones-extend.none")}
	extensions := extend(l, policy, said(p.Expires), time.Now())
	switch {
	case len(extensions) > 0:
		q.Question = l.Say("zones-extend.question", p.ends(p.seen))
		for _, e := range extensions {
			q.Commands = append(q.Commands, command("shzadm", "zone", "modify", p.Name, "--expires", e.Expires))
		}
	case p.Expires == nil && policy.MaxExpiry > 0: // the cleaner has not been there yet
		q.Question = l.Say("zones-extend.capped", l.Day(latest(policy, time.Now())))
	case p.Expires != nil:
		q.Question = l.Say("zones-extend.longest", p.ends(p.seen))
	}
	return p.answer("extend", nil, extendBody(l, q, extensions))
}

// closing asks before the zone is closed.
func (p zonePage) closing() error {
	l := p.call.Language
	settings, err := p.call.Settings()
	if err != nil {
		return err
	}
	return p.answer("close", nil, questionBody(l, questionView{
		Here: templ.SafeURL(zoneHref(p.Name, p.State)), Title: l.Say("zones-close.title"), Question: l.Say("zones-close.question"),
		Advice: l.Say("zones-close.advice", l.Count("zones.days", settings.Cleaner.Grace)), Op: "delete", Submit: l.Say("zones-close.submit"),
		Commands: []string{command("shzadm", "zone", "close", p.Name)},
	}))
}

// removing asks before something in the zone is removed for good.
func (p zonePage) removing() error {
	l := p.call.Language
	at, _, err := p.place()
	if errors.Is(err, zone.ErrReserved) { // a folder that has the name of another's trash
		at, err = parseReserved(p.query.Get("raw"))
	}
	if err != nil {
		return err
	}
	if len(at.names) == 0 {
		return wrong("path", "")
	}
	if p.absent(at) {
		return unix.ENOENT
	}
	return p.answer("remove", nil, questionBody(l, questionView{
		Here: templ.SafeURL(zoneHref(p.Name, p.State)), Title: l.Say("delete.title"), Question: l.Count("delete.question", 1),
		Advice: l.Say("zones-remove.advice"), Op: "remove", Submit: l.Say("delete.submit"), Raw: at.encoded(), Shown: at.bytes(),
		Commands: []string{belowCommand("remove", p.Name, at)},
	}))
}

// absent says whether the kernel tells the user that there is nothing; what it does not let him see zonefix may remove for him.
func (p zonePage) absent(at place) bool {
	root, err := zone.OpenZone(p.Name)
	if err != nil {
		return errors.Is(err, unix.ENOENT)
	}
	defer root.Close()
	found, err := root.Open(at.names)
	if err == nil {
		found.Close()
	}
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR)
}
