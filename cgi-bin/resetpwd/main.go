// Resetpwd gives somebody a new random password, for an administrator: libexec/account makes it, for accounts that Share Zone
// made and nobody else's. It is to be changed at the next login, and goes by mail or is shown here once, as the settings say.
package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/a-h/templ"

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
	fields, err := c.Form()
	if err != nil {
		return err
	}
	if err := c.CheckForm("username", "", fields); err != nil {
		return err
	}
	name := fields.Get("username")
	if len(fields["username"]) != 1 || !session.ValidUser(name) {
		return web.WrongValue[string]("username", name)
	}
	act, err := c.Event.BeginFor("password", name)
	if err != nil {
		return err
	}
	reply, err := reset(c, name)
	c.Tell(reply.Deeds)
	result := "ok"
	if err != nil {
		result = string(web.CodeOf(err))
	}
	act.End(result, -1, "")
	title, html := c.Language.Say("resetpwd.title"), func(head page.View) templ.Component {
		return newPasswordPage(head, name, reply.Password)
	}
	switch {
	case err != nil && reply.Password != "":
		return c.FailWithPassword(told(c, err), title, name, reply.Password, html)
	case err != nil:
		return told(c, err)
	}
	made := map[string]any{"username": name, "must_change": true}
	if reply.Sent != "" {
		made["sent"] = reply.Sent
		return c.SeeOther(userHref(name)+"?done=resetpwd", http.StatusOK, made)
	}
	// The password is shown in the answer itself, once: a redirect would have to keep it somewhere.
	made["password"] = reply.Password
	return c.Answer(http.StatusOK, made, html(c.View(title)))
}

// reset asks the helper. Who would be refused is not made to ask: sudo reports that as an attempt.
func reset(c *web.Call, name string) (helper.AccountReply, error) {
	if !c.Administers() {
		return helper.AccountReply{}, web.Refuse(web.NotPermitted, "not an administrator")
	}
	return helper.Account(helper.AccountRequest{Op: "password", Username: name}, nil)
}

// told adds the sentence that the users page has for a refusal.
func told(c *web.Call, err error) error {
	var refused *helper.AccountRefusal
	if errors.As(err, &refused) && refused.Partly {
		return &web.Told{Err: err, Sentence: c.Language.Say("users-refused.partly")}
	}
	if errors.As(err, &refused) && refused.Reason != "" && c.Language.Knows("users-refused."+refused.Reason) {
		return &web.Told{Err: err, Sentence: c.Language.Say("users-refused." + refused.Reason)}
	}
	return err
}

func userHref(name string) string { return "/cgi-bin/users/" + url.PathEscape(name) }
