// Signup is where who has no account asks for one, and, by the link in a mail, confirms the mail address. It runs as shzguest; libexec/auth
// keeps the request, and tells nobody whether anything was sent. An administrator decides, on the page of people.
package main

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/text"
	"sharezone/internal/web"
)

// here is the component's address. Where a link is confirmed the query says so: the gate opens an event file for that alone, so that
// strangers make none by asking.
const (
	here    = "/cgi-bin/signup"
	confirm = here + "?confirm=1"
)

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	// What the page asks for next, of a refusal too, would tell the logs its address.
	c.Writer().Header().Set("Referrer-Policy", "origin")
	if err := c.Exact(); err != nil {
		return err
	}
	s, err := c.Settings()
	if err != nil {
		return err
	}
	if !s.SignsUp(c.Entry) {
		return web.Refuse(web.NotFound, "nobody asks for an account by this entry")
	}
	query := c.Request.URL.Query()
	switch {
	case c.Request.Method == http.MethodPost && query.Get("confirm") == "1":
		return take(c)
	case c.Request.Method == http.MethodPost:
		return ask(c)
	case c.Done() == "sent":
		return show(c, http.StatusOK, signupForm{Sent: true})
	case query.Has("token"): // nothing is asked about it that would change anything: mail scanners open it too
		return look(c, query.Get("token"))
	}
	return show(c, http.StatusOK, signupForm{})
}

// ask has a link sent, perhaps. What no account could have is said at once.
func ask(c *web.Call) error {
	fields, err := c.Form()
	if err != nil {
		return err
	}
	if err := c.CheckForm("full_name company phone email message", "", fields); err != nil {
		return err
	}
	trimmed := func(key string) string { return strings.TrimSpace(fields.Get(key)) }
	f := signupForm{Applicant: account.Applicant{
		FullName: trimmed("full_name"), Company: trimmed("company"), Phone: trimmed("phone"), Email: trimmed("email"),
		Message: account.Paragraph(fields.Get("message")), Language: string(c.Language),
	}}
	var wrong *account.FieldError
	if err := f.Check(); errors.As(err, &wrong) {
		c.Refused = wrong.Field
		return complain(c, f, web.BadRequest, sentence(c.Language, wrong))
	}
	_, err = helper.Auth(helper.AuthRequest{Op: "signup", Applicant: &f.Applicant, Entry: c.Entry, Address: c.Address})
	switch {
	case errors.Is(err, helper.Refusal("full")):
		return complain(c, f, web.NoSpace, c.Language.Say("signup.full"))
	case errors.Is(err, helper.Refusal("busy")):
		return complain(c, f, web.Busy, c.Language.Say("signup.busy"))
	case errors.Is(err, helper.Refusal("no-space")):
		return complain(c, f, web.NoSpace, c.Language.Say("signup.no-space"))
	case err != nil:
		return err
	}
	return c.SeeOther(here+"?done=sent", http.StatusOK, signupForm{}.object())
}

// look shows what a link confirms, without a trace.
func look(c *web.Call, token string) error {
	reply, err := helper.Auth(helper.AuthRequest{Op: "signup-link", Token: token[:min(len(token), maxToken)]})
	if errors.Is(err, helper.Refusal("refused")) { // and nobody is told who reads logs: anybody can make links up
		return again(c, signupForm{Void: true}, web.NotPermitted, c.Language.Say("signup.void"))
	}
	if err != nil {
		return err
	}
	return show(c, http.StatusOK, signupForm{Applicant: *reply.Applicant, Token: token, Done: reply.Confirmed})
}

// maxToken is more than any link has, in bytes: what is longer is none, however it goes on.
const maxToken = 100

// take takes the link. What is none makes no event.
func take(c *web.Call) error {
	fields, err := c.Form()
	if err != nil {
		return err
	}
	if err := c.CheckForm("token", "confirm", fields); err != nil {
		return err
	}
	token := fields.Get("token")
	token = token[:min(len(token), maxToken)]
	reply, err := helper.Auth(helper.AuthRequest{Op: "signup-link", Token: token})
	if err == nil && !reply.Confirmed {
		reply, err = record(c, token, reply.Applicant.Email)
	}
	switch {
	case errors.Is(err, helper.Refusal("refused")):
		return complain(c, signupForm{Void: true}, web.NotPermitted, c.Language.Say("signup.void"))
	case errors.Is(err, helper.Refusal("no-space")):
		return complain(c, signupForm{Void: true}, web.NoSpace, c.Language.Say("signup.again"))
	case err != nil:
		return err
	}
	return c.SeeOther(link(token), http.StatusOK, signupForm{Applicant: *reply.Applicant, Done: true}.object()) // whose page says that it is done
}

// record has the link confirmed between the two lines of an event.
func record(c *web.Call, token, email string) (helper.AuthReply, error) {
	act, err := c.Event.Begin("signup", email)
	if err != nil {
		return helper.AuthReply{}, err
	}
	reply, err := helper.Auth(helper.AuthRequest{Op: "signup-confirm", Token: token, Entry: c.Entry})
	result := "ok"
	if errors.Is(err, helper.Refusal("refused")) { // over, a moment after the look
		result = string(web.NotPermitted)
	} else if err != nil {
		result = string(web.CodeOf(err))
	}
	act.End(result, -1, "")
	return reply, err
}

// sentence says what is wrong with a field.
func sentence(l text.Language, e *account.FieldError) string {
	why := string(e.Reason)
	if e.Reason == account.BadForm && l.Knows("users-value."+e.Field) {
		why = e.Field // says what it looks like
	}
	label := l.Say("signup.message")
	if l.Knows("users-field." + e.Field) {
		label = l.Say("users-field." + e.Field)
	}
	return l.Say("users-refused.field", label, l.Say("users-value."+why))
}

// complain shows a form again with what is wrong, and logs it.
func complain(c *web.Call, f signupForm, code web.Code, message string) error {
	c.Log(web.Refuse(code, "signup"))
	return again(c, f, code, message)
}

// again shows a form again with what is wrong.
func again(c *web.Call, f signupForm, code web.Code, message string) error {
	if c.JSON {
		c.FailAs(code, message)
		return nil
	}
	f.Wrong = message
	return show(c, code.Status(), f)
}

// signupForm is what the page shows: the question, or, with a link, what it confirms.
type signupForm struct {
	account.Applicant
	Token      string
	Sent, Done bool
	Void       bool   // there is nothing to be asked for
	Wrong      string // "" = nothing
}

// link is the address that a mail has.
func link(token string) string { return here + "?" + url.Values{"token": {token}}.Encode() }

func (f signupForm) object() map[string]any {
	object := map[string]any{}
	if f.Token != "" || f.Done {
		object["full_name"], object["company"], object["phone"], object["email"], object["message"] = f.FullName, f.Company, f.Phone, f.Email, f.Message
		object["confirmed"] = f.Done
	}
	return object
}

func show(c *web.Call, status int, f signupForm) error {
	v := c.View(c.Language.Say("signup.title"))
	v.URL = here
	if f.Token != "" { // the language link leads back to it
		v.URL = link(f.Token)
	}
	return c.Answer(status, f.object(), signupPage(v, f))
}
