// Factor is the second factor of whoever is logged in, or about to be: it takes the code that a half authenticated session lacks, and
// sets a second factor up, renews and ends it. Libexec/auth asks PAM and keeps the secrets; here it is only shown.
package main

import (
	"errors"
	"net/http"
	"net/url"

	"sharezone/internal/factor"
	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/session"
	"sharezone/internal/web"
)

const (
	// here is the component's address.
	here = "/cgi-bin/factor"
	home = "/cgi-bin/home"
)

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	if err := c.Exact(); err != nil {
		return err
	}
	query := c.Request.URL.Query()
	if err := web.CheckFields("next"+web.EachAddress, query); err != nil {
		return err
	}
	if c.Request.Method != http.MethodPost {
		return show(c, http.StatusOK, form{Next: web.LocalPath(query.Get("next"))})
	}
	fields, err := c.Form()
	if err != nil {
		return err
	}
	if err := c.CheckForm("op next otp password to carried", "", fields); err != nil {
		return err
	}
	f := form{Next: web.LocalPath(fields.Get("next")), Carried: web.CarriedIn(fields)}
	op := fields.Get("op")
	switch {
	case c.Lacks == string(session.LacksCode) && (op == "" || op == "code"):
		return logIn(c, fields, f)
	case c.Lacks == string(session.LacksCode):
		return web.Refuse(web.SecondFactor, "op="+op)
	case c.Lacks != "" && op != "begin" && op != "confirm":
		return web.Refuse(web.SecondFactor, "op="+op)
	case op == "begin", op == "confirm", op == "codes", op == "off":
		return change(c, op, fields, f)
	}
	return web.WrongValue("op", op, "begin", "confirm", "codes", "off")
}

// logIn takes the code. With a right one the session is another one, and whole.
func logIn(c *web.Call, fields url.Values, f form) error {
	act, err := c.Event.Begin("login", "")
	if err != nil {
		return err
	}
	reply, err := helper.Auth(helper.AuthRequest{Op: "code", Session: c.Session, Code: web.Secret(factor.Typed(fields.Get("otp")))})
	if errors.Is(err, helper.Refusal("refused")) {
		act.End(string(web.NotLoggedIn), -1, "")
		return complain(c, web.NotLoggedIn, "otp", "factor.wrong", f)
	}
	if err = refusal(err); err != nil {
		act.End(string(web.CodeOf(err)), -1, "")
		return err
	}
	act.End("ok", -1, "")
	carried := f.Carried
	if carried != nil && (c.JSON || !carried.TypedBy(reply.User)) {
		carried = nil // nobody's to see, or somebody else's
	}
	next := enter(c, reply, f.Next)
	switch {
	case carried != nil && reply.MustChange:
		return c.AskPassword(reply.User, carried, f.Next)
	case carried != nil:
		return c.GiveBack(carried, next, nil)
	}
	return c.SeeOther(next, http.StatusOK, loggedIn(c, reply))
}

// enter puts a new session in the place of the half authenticated one and returns where it begins.
func enter(c *web.Call, reply helper.AuthReply, next string) string {
	c.SetCookie(&http.Cookie{Name: "SESSION_ID", Value: reply.ID})
	switch {
	case reply.MustChange:
		return web.Before("/cgi-bin/chpwd", next, false)
	case next == "":
		return home
	}
	return next
}

// loggedIn is what the component login says of somebody who is in.
func loggedIn(c *web.Call, reply helper.AuthReply) map[string]any {
	answer := map[string]any{"user": reply.User, "roles": reply.Roles, "entry": c.Entry}
	if reply.MustChange {
		answer["must_change"] = true
	}
	return answer
}

// change sets a second factor up, in two steps, renews its recovery codes, or ends it.
func change(c *web.Call, op string, fields url.Values, f form) error {
	act, err := c.Event.Begin("second-factor", op)
	if err != nil {
		return err
	}
	reply, err := helper.Auth(helper.AuthRequest{
		Op: "factor-" + op, Session: c.Session, Password: web.Secret(fields.Get("password")), Code: web.Secret(factor.Typed(fields.Get("otp"))),
	})
	if errors.Is(err, helper.Refusal("refused")) {
		act.End(string(web.NotPermitted), -1, "")
		if op == "confirm" {
			return complain(c, web.BadRequest, "otp", "factor.wrong-confirm", f)
		}
		f.Op = op
		sentence := "chpwd.wrong"
		switch {
		case fields.Get("otp") != "":
			sentence = "factor.wrong-both"
		case lookAt(c).AskCode:
			sentence = "factor.code-missing"
		}
		return complain(c, web.NotPermitted, "password", sentence, f)
	}
	again := op == "confirm" && errors.Is(err, helper.Refusal("nothing"))
	if err = refusal(err); err != nil {
		act.End(string(web.CodeOf(err)), -1, "")
		if again && !c.JSON && lookAt(c).Enrolled { // the page with the recovery codes was loaded again
			return c.SeeOther(f.way("on"), 0, nil)
		}
		if key := sentences[op+" "+string(web.CodeOf(err))]; key != "" {
			return &web.Told{Err: err, Sentence: c.Language.Say(key)}
		}
		return err
	}
	act.End("ok", -1, "")
	switch op {
	case "begin":
		return c.SeeOther(f.way(""), http.StatusOK, map[string]any{"key": reply.Factor.Key, "uri": uri(c, reply.Factor.Key)})
	case "off":
		return c.SeeOther(f.way("off"), http.StatusOK, map[string]any{})
	}
	// The codes are shown in the answer itself, once: a redirect would have to keep them somewhere.
	object, next := map[string]any{}, here
	if reply.ID != "" {
		noteLogin(c)
		object, next = loggedIn(c, reply), enter(c, reply, f.Next)
		c.Lacks = ""
	}
	object["recovery_codes"] = reply.Recovery
	v := c.View(c.Language.Say("factor.recovery"))
	v.OneLanguage = true // the other page would have no codes
	return c.Answer(http.StatusOK, object, recoveryPage(v, reply.Recovery, next))
}

// lookAt is the second factor as it is; one that cannot be looked at is none.
func lookAt(c *web.Call) helper.Factor {
	reply, err := helper.Auth(helper.AuthRequest{Op: "factor", Session: c.Session})
	if err != nil {
		return helper.Factor{}
	}
	return *reply.Factor
}

// noteLogin tells that somebody is in who has set his second factor up on the way.
func noteLogin(c *web.Call) {
	act, err := c.Event.Begin("login", "")
	if err != nil {
		c.Log(err)
		return
	}
	act.End("ok", -1, "")
}

// sentences are said of a refusal with a code of its own.
var sentences = map[string]string{"off not-permitted": "factor.required", "confirm conflict": "factor.late"}

// refusal turns what the helper refused into an error of the interface.
func refusal(err error) error {
	switch {
	case errors.Is(err, helper.Refusal("ended")): // meanwhile, by another browser or an administrator
		return web.Refuse(web.NotLoggedIn, "the session has ended")
	case errors.Is(err, helper.Refusal("required")):
		return web.Refuse(web.NotPermitted, "a second factor is required")
	case errors.Is(err, helper.Refusal("nothing")):
		return web.Refuse(web.Conflict, "no second factor to do that with")
	}
	return err
}

// complain shows the page again with what is wrong, and in which field.
func complain(c *web.Call, code web.Code, field, key string, f form) error {
	c.Refused = field
	c.Log(web.Refuse(code, key))
	f.Message = c.Language.Say(key)
	if c.JSON {
		c.FailAs(code, f.Message)
		return nil
	}
	return show(c, code.Status(), f)
}

func show(c *web.Call, status int, f form) error {
	v := c.View(c.Language.Say("factor.title"))
	v.URL = f.way("") // where the language link leads
	switch c.Done() {
	case "lost": // by login
		v.Notice = &page.Notice{Kind: page.Error, Text: c.Language.Say("folder.lost")}
	case "off":
		v.Notice = &page.Notice{Kind: page.OK, Text: c.Language.Say("factor.is-off")}
	case "on":
		v.Notice = &page.Notice{Kind: page.Info, Text: c.Language.Say("factor.is-on")}
	}
	if c.Lacks == string(session.LacksCode) {
		v.Title, v.OneLanguage = c.Language.Say("factor.code-title"), f.Carried != nil
		return c.Answer(status, map[string]any{"second_factor": c.Lacks}, codePage(v, f))
	}
	reply, err := helper.Auth(helper.AuthRequest{Op: "factor", Session: c.Session})
	if err = refusal(err); err != nil {
		return err
	}
	object := map[string]any{"policy": reply.Factor.Policy, "required": reply.Factor.Required, "enrolled": reply.Factor.Enrolled, "recovery_codes": reply.Factor.Recovery,
		"ask_code": reply.Factor.AskCode, "asked": reply.Factor.Asked}
	if c.Lacks != "" {
		object["second_factor"] = c.Lacks
	}
	f.Factor, f.Forced = *reply.Factor, c.Lacks != ""
	if f.Key == "" {
		return c.Answer(status, object, statePage(v, f))
	}
	v.Title = c.Language.Say("factor.setup-title")
	f.URI = uri(c, f.Key)
	object["key"], object["uri"] = f.Key, f.URI
	if f.QR, err = drawQR(f.URI); err != nil {
		return err
	}
	return c.Answer(status, object, setupPage(v, f))
}

// uri is a secret as apps take it. They list it by where it is for.
func uri(c *web.Call, key string) string {
	issuer := "Share Zone"
	if s, err := c.Settings(); err == nil {
		if u, err := url.Parse(s.Entry(c.Entry).PublicURL); err == nil && u.Host != "" {
			issuer += " (" + u.Host + ")"
		}
	}
	return factor.URI(key, issuer, c.User)
}
