// Users is where administrators look for people, make accounts, change, lock and delete them. It runs as the administrator
// who is logged in and changes nothing by itself: libexec/account does, through sudo, which asks who is in shzadmin. Here
// only questions are spared that would be refused, because sudo reports those as attempts.
package main

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/session"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// here is the component's address.
const here = "/cgi-bin/users"

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	v := viewer{call: c, query: c.Request.URL.Query()}
	if c.Request.Method == http.MethodPost {
		return post(v)
	}
	name := c.Rest()
	ask := v.mayAsk
	if name == "" && v.query.Get("view") == "new" {
		ask = v.mayInvite
	}
	if err := ask(); err != nil {
		return err
	}
	switch {
	case name != "" && !session.ValidUser(name):
		return v.told(&helper.AccountRefusal{Code: string(web.NotFound), Reason: "no-user"})
	case name != "":
		if err := web.CheckFields("view"+web.EachAddress, v.query); err != nil {
			return err
		}
		return v.show(name)
	}
	if err := c.Exact(); err != nil {
		return err
	}
	view := v.query.Get("view")
	known, there := views[view]
	if !there {
		return web.WrongValue("view", view, slices.Sorted(maps.Keys(views))[1:]...) // the first is none
	}
	if err := web.CheckFields("view "+known+web.EachAddress, v.query); err != nil {
		return err
	}
	switch {
	case view == "":
		return v.list()
	case view == "new" && !c.JSON:
		return v.newPage(url.Values{"zone": {v.query.Get("zone")}}, http.StatusOK, v.done())
	case view == "signups":
		return v.signups(nil, http.StatusOK, v.done())
	case view == "groups":
		return v.groupsPage(nil, http.StatusOK, v.done())
	}
	return web.WrongValue("view", view, "groups", "signups") // of the other there is a page alone
}

// views are the fields that the address of each page may have beside its own name and web.EachAddress.
var views = map[string]string{
	"":        "text username full_name company email group role status sponsor review offset limit",
	"new":     "zone",
	"groups":  "",
	"signups": "",
}

// viewer is who asks.
type viewer struct {
	call  *web.Call
	query url.Values
	twice string // the account that he made a moment ago, and has asked for again
}

// mayAsk says why it is no use to ask.
func (v viewer) mayAsk() error {
	switch {
	case v.call.Entry == "external":
		return v.refusal("external", web.Refuse(web.NotPermitted, "by the external entry"))
	case !v.call.Administers():
		return web.Refuse(web.NotPermitted, "not an administrator")
	}
	return nil
}

// mayInvite is mayAsk for what managers may do too, where the settings let them.
func (v viewer) mayInvite() error {
	err := v.mayAsk()
	if s, unread := v.call.Settings(); err != nil && unread == nil && v.call.Entry != "external" && s.Login.Invitations > 0 && zone.MayMakeZones() {
		return nil
	}
	return err
}

// refusal gives an error the sentence of a reason.
func (v viewer) refusal(reason string, err error) error {
	return &web.Told{Err: err, Sentence: v.call.Language.Say("users-refused." + reason)}
}

// href is the address of somebody's page.
func href(name string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	path := here
	if name != "" {
		path += "/" + url.PathEscape(name)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// done says what the form that led here has done.
func (v viewer) done() *page.Notice {
	if key := "users-done." + v.call.Done(); v.call.Language.Knows(key) {
		return &page.Notice{Kind: page.OK, Text: v.call.Language.Say("users-done." + v.call.Done())}
	}
	return nil
}

// criteria reads what is searched by.
func (v viewer) criteria() (account.Criteria, error) {
	get := func(key string) string { return strings.TrimSpace(v.query.Get(key)) }
	c := account.Criteria{
		Text: get("text"), Username: get("username"), FullName: get("full_name"), Company: get("company"), Email: get("email"),
		Group: get("group"), Role: account.Role(get("role")), Status: account.Status(get("status")),
		Sponsor: get("sponsor"), Review: get("review") == "1",
	}
	if c.Role != "" && c.Role.Groups() == nil {
		return c, web.WrongValue("role", string(c.Role), roles...)
	}
	switch c.Status {
	case "", account.Active, account.Locked, account.Expired:
		return c, nil
	}
	return c, web.WrongValue("status", string(c.Status), statuses...)
}

// pageRows is how many people a page lists.
const pageRows = 50

// number reads a number that may be absent.
func (v viewer) number(key string) (int, error) {
	value := v.query.Get(key)
	if value == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, web.WrongValue[string](key, value)
	}
	return n, nil
}

// list answers a search. A page without criteria shows everybody; a script must say what it wants.
func (v viewer) list() error {
	c, err := v.criteria()
	if err != nil {
		return err
	}
	if v.call.JSON && !c.Given() {
		return v.refusal("criterion", web.Refuse(web.BadRequest, "no criterion"))
	}
	offset, err1 := v.number("offset")
	limit, err2 := v.number("limit")
	if err := cmp.Or(err1, err2); err != nil {
		return err
	}
	if !v.call.JSON {
		limit = pageRows
	}
	reply, err := helper.Account(helper.AccountRequest{Op: "search", Find: &c, Offset: offset, Limit: limit}, nil)
	if err != nil {
		return v.told(err)
	}
	if v.call.JSON {
		f := found{reply.Users, reply.Total, offset}
		if f.Users == nil {
			f.Users = []helper.KnownUser{}
		}
		return v.call.Answer(http.StatusOK, f, nil)
	}
	view := v.call.View(v.call.Language.Say("users.title"))
	view.Notice = v.done()
	return v.call.AnswerPage(http.StatusOK, listPage(view, v.listView(c, offset, reply)))
}

// found is a part of a search's result as JSON.
type found struct {
	Users  []helper.KnownUser `json:"users"`
	Total  int                `json:"total"`
	Offset int                `json:"offset"`
}

// shown is one user with what belongs to him, and its JSON form.
type shown struct {
	helper.KnownUser
	Invited  *time.Time        `json:"invited"` // until then the link of an invitation is good
	Waits    bool              `json:"waits"`   // the mail server has not taken it
	Refused  *string           `json:"refused"` // it came to an end without arriving: what the mail server said
	Sessions []helper.Session  `json:"sessions"`
	Zones    []helper.UserZone `json:"zones"`
}

// ask is one user as he is now.
func (v viewer) ask(name string) (shown, error) {
	reply, err := helper.Account(helper.AccountRequest{Op: "show", Username: name}, nil)
	if err != nil {
		return shown{}, v.told(err)
	}
	s := shown{KnownUser: *reply.User, Invited: reply.Invited, Waits: reply.Waits, Sessions: reply.Sessions, Zones: reply.Zones}
	if reply.Refused != "" {
		s.Refused = &reply.Refused
	}
	if s.Sessions == nil {
		s.Sessions = []helper.Session{}
	}
	if s.Zones == nil {
		s.Zones = []helper.UserZone{}
	}
	return s, nil
}

func (v viewer) show(name string) error {
	s, err := v.ask(name)
	if err != nil {
		return err
	}
	return v.userPage(s, v.query.Get("view"), nil, http.StatusOK, v.done())
}
