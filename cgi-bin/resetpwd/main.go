// Resetpwd gives somebody a new random password, for an administrator: libexec/account makes it, for accounts that Share Zone
// made and nobody else's. It is to be changed at the next login, and is shown here once.
package main

import (
	"errors"
	"net/http"
	"net/url"

	"sharezone/internal/helper"
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
	name := fields.Get("username")
	if len(fields["username"]) != 1 || !session.ValidUser(name) {
		return web.Refuse(web.BadRequest, "one username is wanted")
	}
	act, err := c.Event.BeginFor("password", name)
	if err != nil {
		return err
	}
	password, err := reset(c, name)
	result := "ok"
	if err != nil {
		result = string(web.CodeOf(err))
	}
	act.End(result, -1, "")
	if err != nil {
		return told(c, err)
	}
	return c.Answer(http.StatusOK, map[string]any{"username": name, "password": password, "must_change": true},
		newPasswordPage(c.View(c.Language.Say("resetpwd.title")), name, password))
}

// reset asks the helper. Who would be refused is not made to ask: sudo reports that as an attempt.
func reset(c *web.Call, name string) (string, error) {
	if !c.Administers() {
		return "", web.Refuse(web.NotPermitted, "not an administrator")
	}
	reply, err := helper.Account(helper.AccountRequest{Op: "password", Username: name}, nil)
	return reply.Password, err
}

// told adds the sentence that the users page has for a refusal.
func told(c *web.Call, err error) error {
	var refused *helper.AccountRefusal
	if errors.As(err, &refused) && refused.Reason != "" && c.Language.Knows("users-refused."+refused.Reason) {
		return &web.Told{Err: err, Sentence: c.Language.Say("users-refused." + refused.Reason)}
	}
	return err
}

func userHref(name string) string { return "/cgi-bin/users/" + url.PathEscape(name) }
