// Chpwd changes the password of the user who is logged in, through PAM. His other sessions end.
package main

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/web"
)

const (
	// here is the component's address.
	here = "/cgi-bin/chpwd"
	home = "/cgi-bin/home"
)

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	if err := c.Exact(); err != nil {
		return err
	}
	query := c.Request.URL.Query()
	if c.Request.Method != http.MethodPost {
		if err := web.CheckFields("next"+web.EachAddress, query); err != nil {
			return err
		}
		return show(c, http.StatusOK, page.PasswordForm{Next: onward(query), MustChange: c.MustChange})
	}
	fields, err := c.Form()
	if err != nil {
		return err
	}
	if err := c.CheckForm("old new confirm next to carried", "", fields); err != nil {
		return err
	}
	next, carried := onward(fields), web.CarriedIn(fields)
	if carried != nil && (c.JSON || !carried.TypedBy(c.User)) {
		carried = nil // nobody's to see, or somebody else's
	}
	if fields.Get("new") != fields.Get("confirm") {
		return complain(c, next, carried, web.BadRequest, "confirm", "mismatch", c.Language.Say("chpwd.mismatch"))
	}
	act, err := c.Event.Begin("password", "")
	if err != nil {
		return failed(c, next, carried, err)
	}
	reply, err := helper.Auth(helper.AuthRequest{
		Op: "password", Session: c.Session, Old: web.Secret(fields.Get("old")), New: web.Secret(fields.Get("new")),
	})
	var refusal helper.Refusal
	errors.As(err, &refusal)
	switch {
	case refusal == "ended": // meanwhile, by another browser or an administrator
		act.End("not-logged-in", -1, "")
		return web.Refuse(web.NotLoggedIn, "the session has ended")
	case refusal == "refused":
		act.End("not-permitted", -1, "")
		return complain(c, next, carried, web.NotPermitted, "old", "wrong", c.Language.Say("chpwd.wrong"))
	case refusal == "weak":
		act.End("bad-request", -1, "")
		return complain(c, next, carried, web.BadRequest, "new", "weak: "+reply.Why, c.Weak(reply.Why, reply.Limit))
	case err != nil:
		act.End(string(web.CodeOf(err)), -1, "")
		return failed(c, next, carried, err)
	}
	act.End("ok", -1, "")
	if carried != nil {
		notice := &page.Notice{Kind: page.OK, Text: c.Language.Say("chpwd.changed")}
		if reply.OthersStay {
			notice = &page.Notice{Kind: page.Error, Text: c.Language.Say("chpwd.others-stay")}
		}
		return c.GiveBack(carried, cmp.Or(next, home), notice)
	}
	if reply.OthersStay {
		return c.SeeOther(home+"?done=chpwd-others", http.StatusOK, map[string]any{"others_stay": true})
	}
	if next == "" || next == home { // where it is said
		next = home + "?done=chpwd"
	}
	return c.SeeOther(next, http.StatusOK, map[string]any{})
}

// onward is where the reader was going, "" = nowhere: this page and those before it lead to none.
func onward(fields url.Values) string {
	next := web.LocalPath(fields.Get("next"))
	switch path, _, _ := strings.Cut(next, "?"); path {
	case here, "/cgi-bin/login", "/cgi-bin/factor":
		return ""
	}
	return next
}

// complain shows the form again with what is wrong, and in which field; nothing was changed. The log, which has one language, gets the reason.
func complain(c *web.Call, next string, carried *web.Carried, code web.Code, field, reason, message string) error {
	c.Refused = field
	return again(c, next, carried, code, web.Refuse(code, reason), message)
}

// failed answers what is not his fault, that many come at once or the disk is full: what was carried is not lost by that either.
func failed(c *web.Call, next string, carried *web.Carried, err error) error {
	if carried == nil {
		return err
	}
	return again(c, next, carried, web.CodeOf(err), err, c.Message(err))
}

// again shows the form again, with what was carried.
func again(c *web.Call, next string, carried *web.Carried, code web.Code, why error, message string) error {
	c.Log(why)
	if c.JSON {
		c.FailAs(code, message)
		return nil
	}
	f := page.PasswordForm{Message: message, Next: next, MustChange: c.MustChange}
	if carried != nil {
		f.To, f.Carried = carried.To, carried.Encoded()
	}
	return show(c, code.Status(), f)
}

func show(c *web.Call, status int, f page.PasswordForm) error {
	v := c.View(c.Language.Say("chpwd.title"))
	v.OneLanguage = f.To != ""
	v.URL = web.Before(here, f.Next, false) // where the language link leads
	if f.MustChange {
		v.Menu = []page.MenuItem{} // nothing else would answer
	}
	return c.Answer(status, map[string]any{"must_change": f.MustChange}, page.PasswordPage(v, f))
}
