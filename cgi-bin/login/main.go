// Login answers every request that needs a session and has none, and opens sessions. It runs as shzguest: it reads the
// form and shows the page; the password goes to libexec/auth, which decides.
package main

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"

	"sharezone/internal/factor"
	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/session"
	"sharezone/internal/text"
	"sharezone/internal/web"
)

const home = "/cgi-bin/home"

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	if c.Path() != "/cgi-bin/login" {
		return askToLogIn(c)
	}
	if c.Request.Method != http.MethodPost {
		query := c.Request.URL.Query()
		f := loginForm{Next: web.LocalPath(query.Get("next"))}
		if user := query.Get("user"); session.ValidUser(user) { // who has just chosen a password
			f.Username = user
		}
		return show(c, http.StatusOK, f)
	}
	return logIn(c)
}

// askToLogIn answers for another component: the form, which returns to the page that was asked for.
func askToLogIn(c *web.Call) error {
	refusal := web.Refuse(web.NotLoggedIn, "no session")
	if c.JSON {
		return refusal
	}
	c.Log(refusal)
	if m := c.Request.Method; m == http.MethodGet || m == http.MethodHead {
		return show(c, http.StatusUnauthorized, loginForm{Next: web.LocalPath(os.Getenv("REQUEST_URI"))})
	}
	if c.Path() == "/cgi-bin/logout" { // what was asked for has come already
		return show(c, http.StatusUnauthorized, loginForm{Ended: true})
	}
	next := c.From()                                            // the page with the form
	if carried := c.CarryForm(); carried != nil && next != "" { // another site's page gets nothing carried
		return show(c, http.StatusUnauthorized, loginForm{Next: web.LocalPath(next), Carried: carried, Message: c.Language.Say("login.kept")})
	}
	// What was sent is lost: it is said now, and again by the page that comes after the login.
	switch {
	case strings.HasPrefix(c.Path(), "/cgi-bin/shz/") && strings.HasSuffix(c.Path(), "/"):
		next = c.Path() + "?done=lost" // the folder into which something was to go
	case next == "":
		next = home
	}
	return show(c, http.StatusUnauthorized, loginForm{Next: web.LocalPath(next), Message: c.Language.Say("login.lost")})
}

func logIn(c *web.Call) error {
	fields, err := c.Form("username", "password", "otp") // the first counts, and is refused as any wrong one: strangers learn nothing else
	if err != nil {
		return err
	}
	// Keyboards of phones put a space after a word.
	username, next, carried := strings.TrimSpace(fields.Get("username")), web.LocalPath(fields.Get("next")), web.CarriedIn(fields)
	act, err := c.Event.BeginFor("login", recordable(username))
	if err != nil {
		return err
	}
	reply, err := helper.Auth(helper.AuthRequest{
		Op: "login", Username: web.Secret(username), Password: web.Secret(fields.Get("password")),
		Code: factor.Typed(fields.Get("otp")), Entry: c.Entry, Address: c.Address,
	})
	var refusal helper.Refusal
	if errors.As(err, &refusal) && refusal == "refused" {
		act.End("not-logged-in", -1, "")
		c.Log(web.Refuse(web.NotLoggedIn, "login refused")) // why stands in auth's line
		message := c.Language.Say("login.failed")
		if c.JSON {
			c.FailAs(web.NotLoggedIn, message)
			return nil
		}
		return show(c, http.StatusUnauthorized, loginForm{Next: next, Carried: carried, Username: username, Message: message})
	}
	if err != nil {
		act.End(string(web.CodeOf(err)), -1, "")
		return err
	}
	if reply.Lacks != "" {
		act.End(string(web.SecondFactor), -1, "")
	} else {
		act.End("ok", -1, "")
	}
	if carried != nil && !carried.TypedBy(reply.User) {
		carried = nil // somebody else's
	}
	c.SetCookie(&http.Cookie{Name: "SESSION_ID", Value: reply.ID})
	if reply.Language != "" {
		c.SetLanguage(text.Language(reply.Language))
	}
	switch {
	case reply.Lacks == string(session.LacksCode) && carried != nil && !c.JSON:
		v := c.View(c.Language.Say("factor.code-title"))
		v.OneLanguage = true
		return c.AnswerPage(http.StatusOK, codePage(v, carried, next))
	case reply.Lacks != "":
		next = web.Before("/cgi-bin/factor", next, carried != nil)
	case reply.MustChange && carried != nil && !c.JSON:
		return c.AskPassword(reply.User, carried, next)
	case reply.MustChange:
		next = web.Before("/cgi-bin/chpwd", next, false)
	case next == "":
		next = home
	}
	if carried != nil && !c.JSON && reply.Lacks == "" { // nothing can be shown before, and the server keeps nothing until then
		return c.GiveBack(carried, next, nil)
	}
	answer := map[string]any{"user": reply.User, "roles": reply.Roles, "entry": c.Entry}
	if reply.MustChange {
		answer["must_change"] = true
	}
	if reply.Lacks != "" {
		answer["second_factor"] = reply.Lacks
	}
	return c.SeeOther(next, http.StatusOK, answer)
}

// recordable is the user name as it may stand in a log: people type passwords into the wrong field.
func recordable(username string) string {
	if session.ValidUser(username) {
		return username
	}
	return "?"
}

func show(c *web.Call, status int, f loginForm) error {
	v := c.View(c.Language.Say("login.title"))
	v.OneLanguage = f.Carried != nil
	if s, err := c.Settings(); err == nil {
		f.Forgot = s.Recovers() && s.Entry(c.Entry).Answers("forgot")
		f.Signup = s.SignsUp(c.Entry) && s.Entry(c.Entry).Answers("signup")
	}
	if done := c.Done(); done == "forgot" || done == "invite" || done == "verify" { // by the link of a mail
		v.Notice = &page.Notice{Kind: page.OK, Text: c.Language.Say(done + ".done")}
	}
	if f.Ended {
		v.Notice = &page.Notice{Kind: page.Info, Text: c.Language.Say("login.ended")}
	}
	if f.Next != "" {
		v.URL = "/cgi-bin/login?" + url.Values{"next": {f.Next}}.Encode() // where the language link leads
	}
	return c.Answer(status, map[string]any{"entry": c.Entry}, loginPage(v, f))
}
