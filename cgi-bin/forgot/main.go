// Forgot is for who has forgotten his password: it has a link sent to his mail address, and takes the new password from who has the
// link. Who was invited chooses his first one here, and who has a link that went to a mail address says that it reaches him. It runs as shzguest; libexec/auth decides, and tells nobody whether there is such an account.
package main

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"sharezone/internal/helper"
	"sharezone/internal/session"
	"sharezone/internal/text"
	"sharezone/internal/web"
)

const (
	// here is the component's address.
	here = "/cgi-bin/forgot"
	// login is where one gets in.
	login = "/cgi-bin/login"
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
	fields := c.Request.URL.Query() // of a link; nothing is asked about it: mail scanners open it too
	if c.Request.Method == http.MethodPost {
		if fields, err = c.Form(); err != nil {
			return err
		}
		known := "username"
		if fields.Has("token") {
			known = "user token new confirm password"
		}
		if err := c.CheckForm(known, "invited verify", fields); err != nil {
			return err
		}
	}
	f := forgotForm{User: fields.Get("user"), Token: fields.Get("token"), Recovers: s.Recovers()}
	f.Invited = fields.Has("token") && c.Request.URL.Query().Get("invited") == "1" // where the link leads says so, for what its form sends too
	f.Verifies = fields.Has("token") && c.Request.URL.Query().Get("verify") == "1"
	if !s.Recovers() && !f.Invited && !f.Verifies {
		return &web.Told{Err: web.Refuse(web.NotPermitted, "no role may, no mails are sent, or no public_url is set"), Sentence: c.Language.Say("forgot.off")}
	}
	switch {
	case c.Request.Method != http.MethodPost && fields.Has("token") && (f.Token == "" || !session.ValidUser(f.User)):
		// Whoever makes up a link must not have a sentence of his own shown here.
		return again(c, f.void(), web.NotPermitted, f.say(c.Language, "void"))
	case c.Request.Method != http.MethodPost && fields.Has("token"):
		return look(c, http.StatusOK, f)
	case c.Request.Method != http.MethodPost:
		f.Sent = c.Done() == "sent"
		return show(c, http.StatusOK, f)
	case f.Verifies:
		return verify(c, f, fields.Get("password"))
	case fields.Has("token"):
		return set(c, f, fields.Get("new"), fields.Get("confirm"))
	}
	return send(c, strings.TrimSpace(fields.Get("username")))
}

// look shows what a link asks for, if that would be taken. Nothing of the link is used up.
func look(c *web.Call, status int, f forgotForm) error {
	reply, err := helper.Auth(helper.AuthRequest{Op: "link", Username: f.User, Token: f.Token, Purpose: f.purpose()})
	if errors.Is(err, helper.Refusal("refused")) { // and nobody is told who reads logs: anybody can make links up
		return again(c, f.void(), web.NotPermitted, f.say(c.Language, "void"))
	}
	if err != nil {
		return err
	}
	f.Email, f.AskPassword = reply.Email, reply.AskPassword
	return show(c, status, f)
}

// send has a link sent, perhaps.
func send(c *web.Call, name string) error {
	act, err := c.Event.BeginFor("password-asked", recordable(name))
	if err != nil {
		return err
	}
	_, err = helper.Auth(helper.AuthRequest{Op: "forgot", Username: name, Entry: c.Entry, Address: c.Address})
	act.End(resultOf(err), -1, "")
	if err != nil {
		return err
	}
	return c.SeeOther(here+"?done=sent", http.StatusOK, map[string]any{})
}

// set takes the new password.
func set(c *web.Call, f forgotForm, password, confirm string) error {
	if password != confirm {
		return complain(c, f, web.BadRequest, c.Language.Say("chpwd.mismatch"))
	}
	act, err := c.Event.BeginFor("password", recordable(f.User))
	if err != nil {
		return err
	}
	op := "recover"
	if f.Invited {
		op = "accept"
	}
	reply, err := helper.Auth(helper.AuthRequest{Op: op, Username: f.User, Token: f.Token, New: web.Secret(password), Entry: c.Entry, Address: c.Address})
	act.End(resultOf(err), -1, "")
	switch {
	case errors.Is(err, helper.Refusal("refused")):
		return complain(c, f.void(), web.NotPermitted, f.say(c.Language, "void"))
	case errors.Is(err, helper.Refusal("weak")):
		return complain(c, f, web.BadRequest, c.Weak(reply.Why, reply.Limit))
	case err != nil:
		return err
	}
	done, object := "forgot", map[string]any{}
	if f.Invited {
		done = "invite"
	}
	way := url.Values{"done": {done}, "user": {f.User}} // the login says so, and has the name
	if reply.Zone != "" {
		object["zone"] = reply.Zone
		way.Set("next", "/cgi-bin/shz/"+url.PathEscape(reply.Zone)+"/")
	}
	return c.SeeOther(login+"?"+way.Encode(), http.StatusOK, object)
}

// verify takes what whoever has the link says: that mail to the address gets there.
func verify(c *web.Call, f forgotForm, password string) error {
	act, err := c.Event.BeginAbout("user-modify", recordable(f.User), "email")
	if err != nil {
		return err
	}
	reply, err := helper.Auth(helper.AuthRequest{Op: "verify", Username: f.User, Token: f.Token, Password: web.Secret(password), Entry: c.Entry, Address: c.Address})
	act.End(resultOf(err), -1, reply.Changed)
	switch {
	case errors.Is(err, helper.Refusal("refused")) && utf8.ValidString(password): // another was not asked about: no account has it
		return complain(c, f.void(), web.NotPermitted, f.say(c.Language, "void"))
	case (errors.Is(err, helper.Refusal("refused")) || errors.Is(err, helper.Refusal("password"))) && !c.JSON:
		c.Refused, f.Message = "password", c.Language.Say("verify.wrong")
		c.Log(web.Refuse(web.NotPermitted, "forgot"))
		return look(c, web.NotPermitted.Status(), f)
	case errors.Is(err, helper.Refusal("refused")), errors.Is(err, helper.Refusal("password")):
		return complain(c, f, web.NotPermitted, c.Language.Say("verify.wrong"))
	case err != nil:
		return err
	}
	return c.SeeOther(login+"?done=verify", http.StatusOK, map[string]any{})
}

func resultOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, helper.Refusal("weak")):
		return string(web.BadRequest)
	case errors.Is(err, helper.Refusal("refused")), errors.Is(err, helper.Refusal("password")):
		return string(web.NotPermitted)
	}
	return string(web.CodeOf(err))
}

// recordable is a name as it may stand in a log: people type passwords into the wrong field.
func recordable(name string) string {
	if session.ValidUser(name) {
		return name
	}
	return "?"
}

// complain shows a form again with what is wrong, and logs it.
func complain(c *web.Call, f forgotForm, code web.Code, message string) error {
	c.Log(web.Refuse(code, "forgot"))
	return again(c, f, code, message)
}

// again shows a form again with what is wrong.
func again(c *web.Call, f forgotForm, code web.Code, message string) error {
	if c.JSON {
		c.FailAs(code, message)
		return nil
	}
	f.Message = message
	return show(c, code.Status(), f)
}

// forgotForm is what the page shows: the question for a name, or, with a link, for the new password. None is ever shown again.
type forgotForm struct {
	User, Token string
	Invited     bool   // the link is that of an invitation
	Verifies    bool   // it is for an address
	Email       string // which is that
	AskPassword bool   // it is another one than the account has
	Sent        bool
	Void        bool   // there is nothing to be asked for
	Recovers    bool   // who has forgotten his password may ask for a link
	Message     string // what is wrong, "" = nothing
}

// void is the page of a link that is no good: it says nothing that stood in the link. Who has used it already is shown the way in.
func (f forgotForm) void() forgotForm {
	return forgotForm{Invited: f.Invited, Verifies: f.Verifies, Recovers: f.Recovers, Void: true}
}

// say is a sentence that differs for who was invited.
func (f forgotForm) say(l text.Language, name string) string {
	switch {
	case f.Invited:
		return l.Say("invite." + name)
	case f.Verifies:
		return l.Say("verify." + name)
	}
	return l.Say("forgot." + name)
}

// purpose is what the link is for, as internal/token calls it.
func (f forgotForm) purpose() string {
	switch {
	case f.Invited:
		return "invitation"
	case f.Verifies:
		return "address"
	}
	return "password"
}

// action is where the form goes.
func (f forgotForm) action() string {
	switch {
	case f.Invited:
		return here + "?invited=1"
	case f.Verifies:
		return here + "?verify=1"
	}
	return here
}

func show(c *web.Call, status int, f forgotForm) error {
	object := map[string]any{}
	if f.Email != "" {
		object["email"], object["ask_password"] = f.Email, f.AskPassword
	}
	v := c.View(f.say(c.Language, "title"))
	if f.Token != "" { // the language link leads back to the form, also after a refusal
		link := url.Values{"user": {f.User}, "token": {f.Token}}
		if f.Invited {
			link.Set("invited", "1")
		}
		if f.Verifies {
			link.Set("verify", "1")
		}
		v.URL = here + "?" + link.Encode()
	}
	return c.Answer(status, object, forgotPage(v, f))
}
