package main

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/page"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// listView is the page of a search.
type listView struct {
	account.Criteria
	Users []row
	Total int
	Range page.Range

	Asking int // people who ask for an account
}

// row is a user in the list.
type row struct {
	Label, Name, About string
	Role, Status, Shut string
	Href               templ.SafeURL
	LastLogin          string
}

func (v viewer) listView(c account.Criteria, offset int, reply helper.AccountReply) listView {
	l := listView{Criteria: c, Asking: reply.Asking, Total: reply.Total, Range: page.Range{Total: reply.Total, Offset: offset, Shown: len(reply.Users)}}
	for _, u := range reply.Users {
		l.Users = append(l.Users, row{
			Label: label(u), Name: u.Name, About: said(u.Company), Role: v.call.Language.Say(roleKey(u)), Status: v.call.Language.Say(statusKey(u)), Href: templ.SafeURL(href(u.Name)),
			LastLogin: v.moment(u.LastLogin), Shut: v.shut(u),
		})
	}
	if offset > 0 {
		l.Range.PreviousHref = v.at(max(0, offset-pageRows))
	}
	if offset+len(reply.Users) < reply.Total {
		l.Range.NextHref = v.at(offset + pageRows)
	}
	return l
}

// at is the same search from another row on.
func (v viewer) at(offset int) templ.SafeURL {
	q := url.Values{}
	for key, values := range v.query {
		if key != "offset" && key != "done" && key != "lang" {
			q[key] = values
		}
	}
	q.Set("offset", strconv.Itoa(offset))
	return templ.SafeURL(here + "?" + q.Encode())
}

// label is how people call somebody.
func label(u helper.KnownUser) string {
	if full := said(u.FullName); strings.TrimSpace(full) != "" {
		return full
	}
	return u.Name
}

func said(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// roleOf is the highest role, "" for who has none any more.
func roleOf(u helper.KnownUser) account.Role {
	if len(u.Roles) == 0 {
		return ""
	}
	return u.Roles[len(u.Roles)-1]
}

func roleKey(u helper.KnownUser) string {
	if r := roleOf(u); r != "" {
		return "users-role." + string(r)
	}
	return "users-role.none"
}

func statusKey(u helper.KnownUser) string {
	if u.Status == nil {
		return "users-status.unknown"
	}
	if *u.Status == account.Expired && *u.Locked {
		return "users-status.expired-locked"
	}
	return "users-status." + string(*u.Status)
}

// shut says that somebody is not let in for refused logins, whatever the status of his account is.
func (v viewer) shut(u helper.KnownUser) string {
	switch {
	case u.ShutUntil != nil:
		return v.call.Language.Say("users-status.shut", v.moment(u.ShutUntil))
	case len(u.ShutFrom) > 0:
		from := make([]string, 0, len(u.ShutFrom))
		for _, s := range u.ShutFrom {
			from = append(from, v.call.Language.Say("users-status.from-until", s.Address, v.moment(&s.Until)))
		}
		return v.call.Language.Say("users-status.shut-from", strings.Join(from, "; "))
	}
	return ""
}

func (v viewer) moment(t *time.Time) string {
	if t == nil {
		return v.call.Language.Say("users.never")
	}
	return v.call.Language.Time(*t)
}

// fact is a line of what is known of somebody.
type fact struct {
	Label, Value string
	Chosen       bool // somebody chose the value: it is shown as a name
}

func (v viewer) facts(u helper.KnownUser) []fact {
	l := v.call.Language
	facts := []fact{{l.Say("users-field.username"), u.Name, true}}
	for _, f := range []struct {
		key   string
		value *string
	}{{"company", u.Company}, {"email", u.Email}, {"phone", u.Phone}, {"mobile", u.Mobile}} {
		if f.value != nil {
			facts = append(facts, fact{l.Say("users-field." + f.key), *f.value, true})
		}
		if f.key == "email" && f.value != nil {
			facts = append(facts, fact{l.Say("users.email-verified"), l.Say(map[bool]string{true: "profile.verified", false: "profile.not-verified"}[u.EmailVerified]), false})
		}
	}
	expires := l.Say("users.never")
	if u.Expires != nil {
		expires = l.Day(*u.Expires)
	}
	facts = append(facts, fact{l.Say("users-field.role"), l.Say(roleKey(u)), false}, fact{l.Say("users.status"), l.Say(statusKey(u)), false},
		fact{l.Say("users-field.expires"), expires, false}, fact{l.Say("users.last-login"), v.moment(u.LastLogin), false})
	if u.FailedLogins != nil && *u.FailedLogins > 0 {
		facts = append(facts, fact{l.Say("users.failed"), l.Number(int64(*u.FailedLogins)), false})
	}
	if u.FailedCodes != nil && *u.FailedCodes > 0 {
		facts = append(facts, fact{l.Say("users.failed-codes"), l.Number(int64(*u.FailedCodes)), false})
	}
	if u.ShutUntil != nil {
		facts = append(facts, fact{l.Say("users.shut"), v.moment(u.ShutUntil), false})
	}
	for _, s := range u.ShutFrom {
		facts = append(facts, fact{l.Say("users.shut-from", s.Address), v.moment(&s.Until), false})
	}
	if u.SecondFactor {
		facts = append(facts, fact{l.Say("factor.title"), l.Say("users-factor.on"), false})
	}
	switch {
	case u.Status != nil && *u.Status == account.Expired && (u.Expires == nil || *u.Expires > time.Now().UTC().Format(time.DateOnly)):
		facts = append(facts, fact{l.Say("users.password"), l.Say("users.password-over"), false})
	case u.MustChange != nil && *u.MustChange:
		facts = append(facts, fact{l.Say("users.password"), l.Say("users.must-change"), false})
	}
	if u.Language != nil {
		facts = append(facts, fact{l.Say("users-field.language"), l.Say("language." + *u.Language), false})
	}
	if u.Sponsor != nil {
		facts = append(facts, fact{l.Say("users-field.sponsor"), *u.Sponsor, true})
	}
	if u.Review {
		facts = append(facts, fact{l.Say("users.review"), l.Say("users.sponsor-left"), false})
	}
	if u.Channel != nil {
		facts = append(facts, fact{l.Say("users-field.channel"), l.Say("channel." + string(*u.Channel)), false})
	}
	return append(facts, fact{l.Say("users.number"), strconv.FormatUint(uint64(u.UID), 10), false})
}

// userView is somebody's page.
type userView struct {
	Name, Label string
	Here        templ.SafeURL
	View        string
	Barred      string // a sentence: why he cannot be changed here
	Self        bool
	Locked      bool
	Factor      bool // a second factor is set up
	// Passwordless: making the account was interrupted, and its first password mends it.
	Passwordless bool
	Facts        []fact
	Sessions     []sessionRow
	Zones        []zoneRow
	Owned        int
	Groups       []string // of companies
	Companies    []string // the groups that there are
	Group        string   // as typed
	Form         formView
	Invitable    bool // he has not chosen his password yet
	Invited      bool // the link is on its way, or there
	Verifiable   bool // it is not known that mail to his address reaches him
	Heirs        []heir
	To           string
}

// toHelp says who can get what is the user's.
func (u userView) toHelp() string {
	if u.Owned > 0 {
		return "users-delete.to-manager"
	}
	return "users-delete.to-help"
}

type sessionRow struct{ Entry, Address, Started, LastUse string }

type zoneRow struct {
	Name   string
	Href   templ.SafeURL
	Access zone.Access
	Closed bool
}

// heir is somebody who can get the files of who is deleted.
type heir struct{ Name, Label string }

// maxHeirs is how many people are proposed: a browser loads them all. The name of any other can be typed.
const maxHeirs = 500

// heirs are those who can get what is somebody's: all of Share Zone, but of zones managers alone, who may own them.
func heirs(names *account.Names, of string, zones bool) (all []heir) {
	group := layout.GroupBase
	if zones {
		group = layout.GroupManager
	}
	for _, e := range names.Members(group) {
		if e.Name != of && e.UID >= layout.MinUID && names.InGroup(e.Name, layout.GroupBase) && len(all) < maxHeirs {
			all = append(all, heir{e.Name, account.ParseGECOS(e.GECOS).FullName})
		}
	}
	return all
}

// userPage shows somebody, or one of the forms about him.
func (v viewer) userPage(s shown, view string, typed url.Values, status int, notice *page.Notice) error {
	switch view {
	case "", "edit", "delete", "factor":
	default:
		return web.WrongValue("view", view, "edit", "delete", "factor")
	}
	if v.call.JSON {
		return v.call.Answer(status, s, nil)
	}
	l := v.call.Language
	u := userView{
		Name: s.Name, Label: label(s.KnownUser), Here: templ.SafeURL(href(s.Name)), View: view, Self: s.Name == v.call.User,
		Locked: s.Locked != nil && *s.Locked, Passwordless: s.Passwordless, Factor: s.SecondFactor, Facts: v.facts(s.KnownUser), To: typed.Get("to"),
	}
	if typed.Get("member") == "1" {
		u.Group = typed.Get("group")
	}
	u.Invitable = s.MustChange != nil && *s.MustChange && s.PasswordDue == nil && s.Email != nil && *s.Status == account.Active && v.invites()
	u.Verifiable = !u.Invitable && s.Email != nil && !s.EmailVerified && s.Status != nil && *s.Status == account.Active && v.invites()
	u.Invited = s.Invited != nil
	if u.Invited {
		u.Facts = append(u.Facts, fact{l.Say("users.invited"), v.moment(s.Invited), false})
		if s.Refused != nil {
			u.Facts = append(u.Facts, fact{l.Say("users-invite.mail"), l.Say("users-invite.refused", text.Name(*s.Refused)), false})
		}
		if s.Waits {
			u.Facts = append(u.Facts, fact{l.Say("users-invite.mail"), l.Say("users-invite.waits"), false})
		}
	}
	if s.Barred != "" {
		u.Barred = l.Say("users-refused." + s.Barred)
		u.View = ""
	}
	for _, one := range s.Sessions {
		if one.State != "ended" {
			u.Sessions = append(u.Sessions, sessionRow{l.Say("users-entry." + said(one.Entry)), said(one.Address), v.moment(one.Started), v.moment(one.LastUse)})
		}
	}
	for _, z := range s.Zones {
		r := zoneRow{Name: z.Name, Access: z.Access, Closed: z.State == zone.StateClosed, Href: templ.SafeURL("/cgi-bin/zones/" + z.Name)}
		if r.Closed {
			r.Href += "?state=closed"
		}
		if z.Access == zone.Own {
			u.Owned++
		}
		u.Zones = append(u.Zones, r)
	}
	for _, g := range s.Groups {
		if strings.HasPrefix(g, layout.CompanyPrefix) {
			u.Groups = append(u.Groups, g)
		}
	}
	names := account.NewNames()
	for _, g := range names.FindCompanies("") {
		u.Companies = append(u.Companies, g.Name)
	}
	u.Form = formView{
		Here: u.Here, Op: "modify", Username: s.Name, FullName: said(s.FullName), Company: said(s.Company), Phone: said(s.Phone),
		Mobile: said(s.Mobile), Email: said(s.Email), Expires: said(s.Expires), Language: said(s.Language), Role: roleOf(s.KnownUser), Sponsored: s.Sponsor != nil, Sponsor: said(s.Sponsor), Self: u.Self, Seen: helper.Stamp(s.User),
	}
	u.Form.SMS = v.textsPhones()
	if settings, err := v.call.Settings(); err == nil && settings.SMS.Number(said(s.Mobile)) != "" {
		if u.Form.Channel = account.ByMail; s.Channel != nil {
			u.Form.Channel = *s.Channel
		}
	}
	u.Form.fill(typed)
	u.Form.Stale = u.Form.Seen != helper.Stamp(s.User)
	if u.View == "delete" {
		u.Heirs = heirs(names, s.Name, u.Owned > 0)
	}
	head := v.call.View(u.Label)
	head.Notice = notice
	return v.call.AnswerPage(status, userPage(head, u))
}

// formView is the form that describes somebody.
type formView struct {
	Here                                templ.SafeURL
	Op                                  string
	Username, FullName, Company         string
	Phone, Mobile, Email, Expires, Seen string
	Role                                account.Role
	Sponsored                           bool // somebody answers for him
	Sponsor                             string
	Stale                               bool // he was changed since the form was filled
	Self                                bool // role and last day are not his own to change
	Language                            string
	Channel                             account.Channel // "" = there is no choice
	Invites                             bool            // by mail
	Again                               string          // an account that was made a moment ago: it can have a new password
	SMS                                 bool            // the site sends short messages
	Zone                                string
	Access                              zone.Access
}

// zoneHelp is what is said of the zone: a manager has to name one.
func (f formView) zoneHelp() string {
	if f.Op == "invite" {
		return "users-invite.own-zone-help"
	}
	return "users-invite.zone-help"
}

// mobileHelp says what the number is for, "" where nothing is sent to it.
func (f formView) mobileHelp(l text.Language) string {
	if f.SMS {
		return l.Say("users-new.mobile-help")
	}
	return ""
}

// invites says whether somebody can be invited by mail.
func (v viewer) invites() bool {
	s, err := v.call.Settings()
	return err == nil && s.Invites()
}

// textsPhones says whether the site sends short messages.
func (v viewer) textsPhones() bool {
	s, err := v.call.Settings()
	return err == nil && s.SMS.Way != ""
}

// fill takes what was typed before.
func (f *formView) fill(typed url.Values) {
	for key, to := range map[string]*string{
		"username": &f.Username, "full_name": &f.FullName, "company": &f.Company, "phone": &f.Phone, "mobile": &f.Mobile, "email": &f.Email,
		"expires": &f.Expires, "zone": &f.Zone, "sponsor": &f.Sponsor,
		"seen": &f.Seen, // what was typed was typed over that, whatever holds now
	} {
		if _, there := typed[key]; there {
			*to = typed.Get(key)
		}
	}
	if typed.Has("language") && account.CheckLanguage(typed.Get("language")) == nil {
		f.Language = typed.Get("language")
	}
	if by := account.Channel(typed.Get("channel")); f.Channel != "" && slices.Contains(account.Channels, by) {
		f.Channel = by
	}
	if a := zone.Access(typed.Get("access")); slices.Contains(accesses, a) {
		f.Access = a
	}
	if role := account.Role(typed.Get("role")); role.Groups() != nil {
		f.Role = role
	}
}

// newPage is the form for a new account.
func (v viewer) newPage(typed url.Values, status int, notice *page.Notice) error {
	f := formView{Here: here, Op: "create", Again: v.twice, Role: account.RoleBase, Invites: v.invites(), SMS: v.textsPhones(), Access: zone.Read}
	title := "users-new.title"
	if !v.call.Administers() {
		f.Op, title = "invite", "users-invite.page"
	}
	f.fill(typed)
	head := v.call.View(v.call.Language.Say(title))
	head.Notice = notice
	return v.call.AnswerPage(status, newPage(head, f))
}

// groupsPage lists the groups of companies.
func (v viewer) groupsPage(typed url.Values, status int, notice *page.Notice) error {
	if names := account.NewNames(); v.call.JSON {
		groups := names.Companies()
		if err := names.Err(); err != nil {
			return err
		}
		return v.call.Answer(status, map[string]any{"groups": groups}, nil)
	}
	head := v.call.View(v.call.Language.Say("users-groups.title"))
	head.Notice = notice
	var groups []groupRow
	for _, g := range account.NewNames().FindCompanies("") {
		groups = append(groups, groupRow{g.Name, len(g.Members), templ.SafeURL(here + "?group=" + url.QueryEscape(g.Name))})
	}
	return v.call.AnswerPage(status, groupsPage(head, groups, typed.Get("group")))
}

type groupRow struct {
	Name    string
	Members int
	Href    templ.SafeURL
}

// roles are the choices of a form, and statuses those of the search.
var (
	roles    = []account.Role{account.RoleBase, account.RoleManager, account.RoleAdmin}
	accesses = []zone.Access{zone.Read, zone.Write, zone.Drop}
	statuses = []account.Status{account.Active, account.Locked, account.Expired}
)
