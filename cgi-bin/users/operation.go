package main

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"sharezone/internal/account"
	"sharezone/internal/event"
	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/session"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// operation is a row of the table of what a form can ask for.
type operation struct {
	event   string // what is told of it
	manager bool   // managers may ask for it too
	group   bool   // it is about nobody who has an account: a company's group, or who asks for one
	ask     func(form) (helper.AccountRequest, error)
	done    string // what is said when it went well, a key below users-done
	view    string // the page that the form stood on, shown again with what was wrong
	fields  string // what it may have beside op and username, as web.CheckFields takes them: a misspelt "expires" would make an account without an end
}

// described are the fields that describe somebody. Who answers for a new one is who invites him; another one is named later.
const described = "full_name company phone mobile email expires role language channel"

var operations = map[string]operation{
	"create":       {event: "user-create", ask: form.described, done: "create", view: "new", fields: described + " zone access"},
	"invite":       {event: "user-create", manager: true, ask: form.described, done: "invite", view: "new", fields: described + " zone access"},
	"invite-again": {event: "user-modify", ask: form.plain, done: "invite"},
	"verify":       {event: "user-modify", ask: form.plain, done: "verify"},
	"modify":       {event: "user-modify", ask: form.described, done: "modify", view: "edit", fields: described + " sponsor seen"},
	"lock":         {event: "user-lock", ask: form.plain, done: "lock"},
	"unlock":       {event: "user-modify", ask: form.plain, done: "unlock"},
	"forgive":      {event: "user-modify", ask: form.plain, done: "forgive"},
	"drop-factor":  {event: "second-factor", ask: form.plain, done: "drop-factor", view: "factor", fields: "password"},
	"delete":       {event: "user-delete", ask: form.farewell, done: "delete", view: "delete", fields: "files to"},
	"member":       {event: "group-modify", ask: form.membership, done: "modify", fields: "group member"},
	"create-group": {event: "group-create", group: true, ask: form.plain, done: "create-group", view: "groups", fields: "group"},

	"signup-confirm": {event: "user-create", ask: form.signup, done: "signup-confirm", view: "signups", fields: "signup expires"},
	"signup-decline": {event: "signup-decline", group: true, ask: form.signup, done: "signup-decline", view: "signups", fields: "signup reason"},
}

// form is what was sent.
type form struct {
	viewer
	fields url.Values
	op     string
	row    operation
	name   string // the account that it is about
}

// post records what is asked for before it asks: also what is refused is told.
func post(v viewer) error {
	fields, again, err := v.call.FormOrAgain()
	if err != nil {
		return err
	}
	f := form{viewer: v, fields: fields, op: fields.Get("op"), name: strings.TrimSpace(fields.Get("username"))}
	var found bool
	if f.row, found = operations[f.op]; !found {
		return web.WrongValue("op", f.op, slices.Sorted(maps.Keys(operations))...)
	}
	if err := v.call.CheckForm("op username "+f.row.fields, "", fields); err != nil {
		return err
	}
	q, wrong := f.request()
	if again {
		return f.showAgain()
	}
	act, err := f.begin(q)
	if err != nil {
		return err
	}
	var reply helper.AccountReply
	if err = wrong; err == nil {
		reply, err = f.send(q)
	}
	v.call.Tell(reply.Deeds)
	if !errors.Is(err, helper.ErrNoAnswer) { // without an end it counts as interrupted
		act.End(resultOf(err), -1, cmp.Or(reply.Declined, reply.Changed))
	}
	switch {
	case err != nil && reply.Password != "":
		m := made{helper.KnownUser{User: account.User{Name: f.name}}, reply.Password}
		return v.call.FailWithPassword(v.told(err), v.call.Language.Say("users-made.title"), m.Name, m.Password, func(head page.View) templ.Component {
			return madePage(head, m)
		})
	case err != nil:
		return f.again(f.takenBySelf(v.told(err)))
	}
	return f.answer(q, reply)
}

// takenBySelf says of a name that is taken, where it is so, that the same administrator has just made the account: a form that is sent twice,
// as by a double click, has its second answer shown, and the page with the password is lost.
func (f *form) takenBySelf(err error) error {
	var refused *helper.AccountRefusal
	if f.op != "create" || !errors.As(err, &refused) || refused.Reason != "user" {
		return err
	}
	reply, unknown := helper.Account(helper.AccountRequest{Op: "made", Username: f.name}, nil)
	if unknown != nil {
		f.call.Log(unknown)
	}
	if reply.Made == nil {
		return err
	}
	f.viewer.twice = f.name
	return &web.Told{Err: err, Sentence: f.call.Language.Say("users-refused.user-again", f.name, f.call.Language.Time(*reply.Made))}
}

// request is what the helper is to be asked, and what is wrong with it.
func (f *form) request() (helper.AccountRequest, error) {
	name, path := f.name, f.call.Rest()
	f.name = "" // in the record there is no name that nobody can have
	switch {
	case path != "" && name != "" && name != path:
		return helper.AccountRequest{}, web.Refuse(web.BadRequest, "another name than in the path")
	case path != "":
		name = path
	}
	switch {
	case f.row.group:
	case !session.ValidUser(name):
		return helper.AccountRequest{}, &helper.AccountRefusal{Code: string(web.BadRequest), Reason: "field", Field: "username", Why: "form"}
	default:
		f.name = name
	}
	return f.row.ask(*f)
}

func (f form) send(q helper.AccountRequest) (helper.AccountReply, error) {
	if err := f.may(); err != nil {
		return helper.AccountReply{}, err
	}
	if f.op == "drop-factor" {
		if err := f.prove(); err != nil {
			return helper.AccountReply{}, err
		}
	}
	return helper.Account(q, nil)
}

// prove asks for the administrator's own password: whoever finds his session open must not take second factors off.
func (f form) prove() error {
	_, err := helper.Auth(helper.AuthRequest{Op: "prove", Session: f.call.Session, Password: web.Secret(f.fields.Get("password"))})
	switch {
	case errors.Is(err, helper.Refusal("refused")):
		return &helper.AccountRefusal{Code: string(web.NotPermitted), Reason: "own-password", Field: "password"}
	case errors.Is(err, helper.Refusal("ended")): // meanwhile, by another browser or an administrator
		return web.Refuse(web.NotLoggedIn, "the session has ended")
	}
	return err
}

// may says why it is no use to ask for what the form is about.
func (f form) may() error {
	if f.row.manager {
		return f.mayInvite()
	}
	return f.mayAsk()
}

func resultOf(err error) string {
	if err == nil {
		return "ok"
	}
	return string(web.CodeOf(err))
}

// begin notes what is asked for.
func (f form) begin(q helper.AccountRequest) (*event.Act, error) {
	path := q.Group
	switch {
	case f.op == "drop-factor":
		path = "off"
	case f.op == "unlock", f.op == "forgive", f.op == "verify", f.op == "invite-again":
		path = f.op
	case f.op == "signup-confirm":
		path = "signup"
	case f.row.group:
		return f.call.Event.Begin(f.row.event, path)
	case f.op == "member" && q.Member:
		path += "=member"
	case f.op == "member":
		path += "=none"
	}
	return f.call.Event.BeginAbout(f.row.event, f.name, path)
}

// text is a field that may be absent, which is nil.
func (f form) text(key string) *string {
	if _, there := f.fields[key]; !there {
		return nil
	}
	value := strings.TrimSpace(f.fields.Get(key))
	return &value
}

func (f form) plain() (helper.AccountRequest, error) {
	return helper.AccountRequest{Op: f.op, Username: f.name, Group: strings.TrimSpace(f.fields.Get("group"))}, nil
}

// described is a request with what describes somebody.
func (f form) described() (helper.AccountRequest, error) {
	q := helper.AccountRequest{
		Op: f.op, Username: f.name, FullName: f.text("full_name"), Company: f.text("company"), Phone: f.text("phone"), Mobile: f.text("mobile"),
		Email: f.text("email"), Expires: f.text("expires"), Role: f.text("role"), Language: f.text("language"), Channel: f.text("channel"), Sponsor: f.text("sponsor"), Seen: f.fields.Get("seen"),
	}
	if f.op == "invite" {
		if q.Zone = strings.TrimSpace(f.fields.Get("zone")); q.Zone != "" {
			q.Access = f.fields.Get("access")
		}
	}
	if f.op == "create" && strings.TrimSpace(f.fields.Get("zone")) != "" { // which nobody would be let into
		return q, &helper.AccountRefusal{Code: string(web.BadRequest), Reason: "zone-by-invitation", Field: "zone"}
	}
	if f.op == "modify" && q.FullName == nil && q.Company == nil && q.Phone == nil && q.Mobile == nil && q.Email == nil && q.Expires == nil && q.Role == nil && q.Language == nil && q.Channel == nil && q.Sponsor == nil {
		return q, f.refusal("nothing", web.Refuse(web.BadRequest, "nothing to change"))
	}
	return q, nil
}

func (f form) farewell() (helper.AccountRequest, error) {
	q := helper.AccountRequest{Op: f.op, Username: f.name, To: strings.TrimSpace(f.fields.Get("to"))}
	switch files := f.fields.Get("files"); {
	case files == "keep" && q.To == "", files == "transfer" && q.To != "":
		return q, nil
	case files == "transfer":
		return q, &helper.AccountRefusal{Code: string(web.BadRequest), Reason: "no-heir"}
	}
	return q, &helper.AccountRefusal{Code: string(web.BadRequest), Reason: "files"}
}

func (f form) membership() (helper.AccountRequest, error) {
	q := helper.AccountRequest{Op: f.op, Username: f.name, Group: strings.TrimSpace(f.fields.Get("group"))}
	switch f.fields.Get("member") {
	case "1":
		q.Member = true
	case "0":
	default:
		return q, web.WrongValue("member", f.fields.Get("member"), "1", "0")
	}
	return q, nil
}

// made is a new user with the password that was made for him, and its JSON form.
type made struct {
	helper.KnownUser
	Password string `json:"password"`
}

// invited is who was sent a link, and its JSON form.
type invited struct {
	helper.KnownUser
	Invited *time.Time   `json:"invited"` // until then it is good
	Report  *zone.Report `json:"report"`  // of the zone that he was let into; null: of none
}

// modified is a user after a change that leaves something to do, and its JSON form.
type modified struct {
	*helper.KnownUser
	ZonesLeft []string  `json:"zones_left"` // that he owns without being a manager
	Warnings  []warning `json:"warnings"`
}

// warning is what is left to do.
type warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// answer is what came of it. The page of a new account is an answer of its own, because it shows the password, once: a
// redirect would have to keep it somewhere.
func (f form) answer(q helper.AccountRequest, reply helper.AccountReply) error {
	switch f.op {
	case "create":
		m := made{*reply.User, reply.Password}
		return f.call.Answer(http.StatusCreated, m, madePage(f.call.View(f.call.Language.Say("users-made.title")), m))
	case "invite":
		done := f.row.done
		if reply.Report != nil && reply.Report.Incomplete() {
			done = "invite-partly"
		}
		to := href(f.name, "done", done)
		if !f.call.Administers() { // who does not see people's pages
			to = href("", "view", "new", "zone", q.Zone, "done", done)
		}
		return f.call.SeeOther(to, http.StatusCreated, invited{*reply.User, reply.Invited, reply.Report})
	case "invite-again":
		return f.call.SeeOther(href(f.name, "done", f.row.done), http.StatusOK, invited{*reply.User, reply.Invited, nil})
	case "create-group":
		return f.call.SeeOther(href("", "view", "groups", "done", f.row.done), http.StatusCreated, map[string]string{"group": q.Group})
	case "delete":
		return f.call.SeeOther(href("", "done", f.row.done), http.StatusOK, reply.Goodbye)
	case "signup-confirm":
		done := f.row.done
		if reply.Invited == nil {
			done = "signup-in"
		}
		return f.call.SeeOther(href(f.name, "done", done), http.StatusCreated, invited{*reply.User, reply.Invited, nil})
	case "signup-decline":
		done := f.row.done
		if q.Reason != "" {
			done = "signup-declined"
		}
		return f.call.SeeOther(href("", "view", "signups", "done", done), http.StatusOK, map[string]any{"declined": reply.Declined, "mailed": q.Reason != ""})
	}
	done := f.row.done
	switch {
	case f.op == "modify" && reply.Invited != nil:
		done = "invite-anew"
	case f.op == "unlock" && reply.User.Status != nil && *reply.User.Status == account.Expired:
		done = "unlock-expired"
	case len(reply.Left) > 0:
		m := modified{reply.User, reply.Left, []warning{{"owns-zones", f.call.Language.Say("users.left", strings.Join(reply.Left, ", "))}}}
		return f.call.SeeOther(href(f.name, "done", "modify-owner"), http.StatusOK, m)
	}
	return f.call.SeeOther(href(f.name, "done", done), http.StatusOK, reply.User)
}

// again shows the page that a form stood on once more, with what went wrong and what was typed.
func (f form) again(err error) error {
	if f.call.JSON || f.may() != nil {
		return err
	}
	f.call.Log(err)
	if f.page(web.CodeOf(err).Status(), &page.Notice{Kind: page.Error, Text: f.call.Message(err)}) != nil {
		return err
	}
	return nil
}

// showAgain shows a form as it was typed when a session ended.
func (f form) showAgain() error {
	if err := f.may(); err != nil {
		return err
	}
	return f.page(http.StatusOK, &page.Notice{Kind: page.Info, Text: f.call.Language.Say("form.again")})
}

// page is the one that the form stood on, with what was typed.
func (f form) page(status int, notice *page.Notice) error {
	switch f.row.view {
	case "new":
		return f.newPage(f.fields, status, notice)
	case "groups":
		return f.groupsPage(f.fields, status, notice)
	case "signups":
		return f.signups(f.fields, status, notice)
	}
	s, err := f.ask(f.name)
	if err != nil {
		return err
	}
	return f.userPage(s, f.row.view, f.fields, status, notice)
}
