package main

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/page"
)

// signup is a request with a decision on somebody who asks for an account: on what was shown, whose id the form says.
func (f form) signup() (helper.AccountRequest, error) {
	q := helper.AccountRequest{Op: f.op, Username: f.name, Signup: f.fields.Get("signup"), Expires: f.text("expires")}
	if f.op == "signup-decline" {
		q.Username, q.Reason = "", account.Paragraph(f.fields.Get("reason"))
	}
	return q, nil
}

// signupView is a request on the page.
type signupView struct {
	account.Request
	Facts             []fact
	Username, Expires string // in its form
	Reason            string
	Typed             bool // it is the one that was sent
}

// signups lists who asks for an account, with a form for each; typed is what was sent before.
func (v viewer) signups(typed url.Values, status int, notice *page.Notice) error {
	reply, err := helper.Account(helper.AccountRequest{Op: "signups"}, nil)
	if err != nil {
		return v.told(err)
	}
	if v.call.JSON {
		all := reply.Signups
		if all == nil {
			all = []account.Request{}
		}
		return v.call.Answer(http.StatusOK, map[string]any{"signups": all}, nil)
	}
	taken := isTaken(account.NewNames())
	var all []signupView
	for _, r := range reply.Signups {
		s := signupView{Request: r, Facts: v.signupFacts(r), Username: proposed(r, taken)}
		if s.Typed = typed.Get("signup") == r.ID; s.Typed {
			s.Expires, s.Reason = typed.Get("expires"), typed.Get("reason")
			if typed.Has("username") {
				s.Username = typed.Get("username")
			}
		}
		all = append(all, s)
	}
	head := v.call.View(v.call.Language.Say("signups.title"))
	head.Notice = notice
	return v.call.AnswerPage(status, signupsPage(head, all))
}

func (v viewer) signupFacts(r account.Request) []fact {
	l := v.call.Language
	facts := []fact{{l.Say("users-field.email"), r.Email, true}}
	for _, f := range []struct {
		label string
		value *string
	}{{l.Say("users-field.company"), r.Company}, {l.Say("users-field.phone"), r.Phone}, {l.Say("signup.message"), r.Message}, {l.Say("signups.begun"), r.Username}} {
		if f.value != nil {
			facts = append(facts, fact{f.label, *f.value, true})
		}
	}
	if len(r.Accounts) > 0 {
		facts = append(facts, fact{l.Say("signups.accounts"), strings.Join(r.Accounts, ", "), true})
	}
	if r.Language != nil {
		facts = append(facts, fact{l.Say("users-field.language"), l.Say("language." + *r.Language), false})
	}
	return append(facts, fact{l.Say("signups.asked"), v.moment(&r.Asked), false}, fact{l.Say("signups.from"), l.Say("users-entry."+r.Entry) + ", " + r.Address, false},
		fact{l.Say("signups.confirmed"), v.moment(&r.Confirmed), false}, fact{l.Say("signups.until"), v.moment(&r.Expires), false})
}

// proposed is a user name for who asks: the one that was begun, or what of the address can be one, with a number where somebody has it.
func proposed(r account.Request, taken func(name string) bool) string {
	if r.Username != nil {
		return *r.Username
	}
	local, _, _ := strings.Cut(strings.ToLower(r.Email), "@")
	name := strings.TrimLeft(strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c) {
			return c
		}
		return -1
	}, local), "0123456789._-")
	name = strings.TrimPrefix(name[:min(len(name), 31)], "shz-")
	for n, free := 2, name; free != ""; n++ {
		if !taken(free) {
			return free
		}
		number := strconv.Itoa(n)
		free = name[:min(len(name), 31-len(number))] + number
	}
	return ""
}

// isTaken says whether a user or a group of the machine has a name, which a new account cannot get then.
func isTaken(names *account.Names) func(string) bool {
	return func(name string) bool {
		_, user := names.User(name)
		_, group := names.Group(name)
		return user || group
	}
}
