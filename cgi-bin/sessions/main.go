// Sessions shows where somebody is logged in, and ends a session: one's own, which libexec/auth knows, and to an administrator
// everybody's, which libexec/account tells. An id that is shown is the beginning of a hash and opens nothing.
package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/session"
	"sharezone/internal/web"
)

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	if err := c.Exact(); err != nil {
		return err
	}
	if c.Request.Method == http.MethodPost {
		return end(c)
	}
	if err := web.CheckFields("user all"+web.EachAddress, c.Request.URL.Query()); err != nil {
		return err
	}
	s, err := parseScope(c.Request.URL.Query())
	if err != nil {
		return err
	}
	sessions, err := list(c, s)
	if err != nil {
		return err
	}
	return c.Answer(http.StatusOK, map[string]any{"sessions": sessions}, sessionsPage(view(c), newTable(c, s, sessions)))
}

// scope is whose sessions are meant: one's own, those of a user, or everybody's.
type scope struct {
	user string
	all  bool
}

func parseScope(q url.Values) (scope, error) {
	s := scope{user: q.Get("user"), all: q.Get("all") == "1"}
	switch {
	case q.Get("all") != "" && !s.all:
		return s, web.WrongValue("all", q.Get("all"), "1")
	case s.user != "" && (s.all || !session.ValidUser(s.user)):
		return s, web.WrongValue[string]("user", s.user)
	}
	return s, nil
}

func (s scope) own() bool { return s.user == "" && !s.all }

// query is the scope as the address of the page has it.
func (s scope) query() url.Values {
	q := url.Values{}
	if s.all {
		q.Set("all", "1")
	}
	if s.user != "" {
		q.Set("user", s.user)
	}
	return q
}

// one is a session as JSON.
type one struct {
	helper.Session
	Current bool `json:"current"` // the one that this request came with
}

// list asks for the sessions. Who would be refused is not made to ask: sudo reports that as an attempt.
func list(c *web.Call, s scope) ([]one, error) {
	var found []helper.Session
	switch {
	case s.own():
		reply, err := helper.Auth(helper.AuthRequest{Op: "sessions"})
		if err != nil {
			return nil, err
		}
		found = reply.Sessions
	case !c.Administers():
		return nil, web.Refuse(web.NotPermitted, "not an administrator")
	default:
		reply, err := helper.Account(helper.AccountRequest{Op: "sessions", Username: s.user}, nil)
		if err != nil {
			return nil, err
		}
		found = reply.Sessions
		if _, there := account.NewNames().User(s.user); s.user != "" && len(found) == 0 && !there { // who is gone may have left some
			return nil, web.Refuse(web.NotFound, "no such user")
		}
	}
	all := make([]one, 0, len(found))
	for _, f := range found {
		if f.State != "ended" {
			all = append(all, one{f, c.Session != "" && strings.HasPrefix(c.Session, f.ID)})
		}
	}
	// The one at hand first, then what was used last.
	used := func(s one) (moment time.Time) {
		switch {
		case s.Current:
			moment = time.Now().AddDate(1, 0, 0)
		case s.LastUse != nil: // nil of one that is damaged
			moment = *s.LastUse
		}
		return moment
	}
	slices.SortStableFunc(all, func(a, b one) int { return used(b).Compare(used(a)) })
	return all, nil
}

// end ends one session: one's own, or as an administrator anybody's. What is refused is told too.
func end(c *web.Call) error {
	fields, err := c.Form()
	if err != nil {
		return err
	}
	if err := c.CheckForm("op id user all", "", fields); err != nil {
		return err
	}
	id, s := fields.Get("id"), scope{}
	if op := fields.Get("op"); op != "end" {
		return web.WrongValue("op", op, "end")
	}
	if len(id) != helper.SessionDigits {
		return web.WrongValue[string]("id", id)
	}
	if s, err = parseScope(fields); err != nil {
		return err
	}
	found, err := find(c, id)
	if err != nil {
		return err
	}
	act, err := c.Event.BeginFor("logout", found.about)
	if err != nil {
		return err
	}
	err = remove(id, found)
	result := "ok"
	if err != nil {
		result = string(web.CodeOf(err))
	}
	act.End(result, -1, "")
	if err != nil {
		return err
	}
	q := s.query()
	q.Set("done", "end")
	return c.SeeOther("/cgi-bin/sessions?"+q.Encode(), http.StatusOK, map[string]any{"ended": 1})
}

// whose session it is.
type whose struct {
	there, own bool
	about      string // whom ending it concerns, where that is another one; "" too where the file is damaged and does not say
}

// find says whose session it is, not one that is another's and not his to see.
func find(c *web.Call, id string) (whose, error) {
	for _, s := range []scope{{}, {all: true}} {
		if !s.own() && !c.Administers() {
			break
		}
		sessions, err := list(c, s)
		if err != nil {
			return whose{}, err
		}
		for _, found := range sessions {
			switch {
			case found.ID == id && s.own():
				return whose{there: true, own: true}, nil
			case found.ID == id:
				return whose{there: true, about: said(found.User)}, nil
			}
		}
	}
	return whose{}, nil
}

func remove(id string, found whose) (err error) {
	switch {
	case !found.there:
		return unix.ENOENT
	case found.own:
		_, err = helper.Auth(helper.AuthRequest{Op: "end", ID: id})
	default:
		_, err = helper.Account(helper.AccountRequest{Op: "end-session", Session: id}, nil)
	}
	if errors.Is(err, helper.Refusal("refused")) {
		return unix.ENOENT // ended meanwhile
	}
	return err
}

func view(c *web.Call) page.View {
	v := c.View(c.Language.Say("sessions.title"))
	if c.Done() == "end" {
		v.Notice = &page.Notice{Kind: page.OK, Text: c.Language.Say("sessions.ended")}
	}
	return v
}

// table is the page's list.
type table struct {
	All, Admin bool
	User       string // whose, "" = one's own or everybody's
	Rows       []row
	More       int
}

type row struct {
	ID, User, Entry, Address, Started, LastUse string
	Current, MustChange                        bool
	Half                                       string // what is said of one that lacks the second factor
}

// maxRows bounds what a page lists.
const maxRows = 200

func newTable(c *web.Call, s scope, sessions []one) table {
	t := table{All: s.all, Admin: c.Administers(), User: s.user, More: max(0, len(sessions)-maxRows)}
	for _, f := range sessions[:min(len(sessions), maxRows)] {
		half := ""
		switch {
		case f.State != "second-factor":
		case said(f.User) == c.User:
			half = c.Language.Say("sessions.half")
		default:
			half = c.Language.Say("sessions.half-other")
		}
		t.Rows = append(t.Rows, row{
			ID: f.ID, User: said(f.User), Entry: c.Language.Say("users-entry." + said(f.Entry)), Address: said(f.Address),
			Started: moment(c, f.Started), LastUse: moment(c, f.LastUse), Current: f.Current, MustChange: f.State == "must-change", Half: half,
		})
	}
	return t
}

func said(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func moment(c *web.Call, t *time.Time) string {
	if t == nil {
		return ""
	}
	return c.Language.Time(*t)
}
