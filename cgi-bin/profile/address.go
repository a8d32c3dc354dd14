package main

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sharezone/internal/helper"
	"sharezone/internal/web"
)

// addressForm is what was typed into the form of the address, and what is wrong with it.
type addressForm struct{ Email, Message string }

// askAddress has a link sent to another address, or to the present one, which is the account's own when it is used.
func askAddress(c *web.Call, fields url.Values) error {
	for _, field := range []string{"email", "password"} {
		if len(fields[field]) != 1 {
			return web.WrongValue[string](field, "")
		}
	}
	email := strings.TrimSpace(fields.Get("email"))
	act, err := c.Event.BeginAbout("user-modify", c.User, "email-asked")
	if err != nil {
		return err
	}
	_, err = helper.Auth(helper.AuthRequest{Op: "address", Session: c.Session, Email: email, Password: web.Secret(fields.Get("password"))})
	var refusal helper.Refusal
	errors.As(err, &refusal)
	row, told := refusals[refusal]
	if told {
		err = web.Refuse(row.code, "address: "+string(refusal))
	}
	result := "ok"
	if err != nil {
		result = string(web.CodeOf(err))
	}
	act.End(result, -1, "")
	switch {
	case refusal == "ended":
		return err
	case told:
		return complain(c, row.code, row.field, email, c.Language.Say("profile.address-"+string(refusal)))
	case err != nil:
		return err
	}
	return done(c, "address")
}

// done leads back to the page.
func done(c *web.Call, what string) error {
	if !c.JSON {
		return c.SeeOther(here+"?done="+what, 0, nil)
	}
	o, err := ask(c)
	if err != nil {
		return err
	}
	return c.SeeOther("", http.StatusOK, o)
}

// cancelAddress takes back the link that went to another address: it may have been mistyped. It asks for no password, for it leaves all as
// it is.
func cancelAddress(c *web.Call) error {
	act, err := c.Event.BeginAbout("user-modify", c.User, "email-withdrawn")
	if err != nil {
		return err
	}
	_, err = helper.Auth(helper.AuthRequest{Op: "withdraw"})
	result := "ok"
	if err != nil {
		result = string(web.CodeOf(err))
	}
	act.End(result, -1, "")
	if err != nil {
		return err
	}
	return done(c, "address-cancel")
}

// refusals are what auth says to somebody about his address.
var refusals = map[helper.Refusal]struct {
	code  web.Code
	field string
}{
	"ended":       {web.NotLoggedIn, ""}, // meanwhile, by another browser or an administrator
	"refused":     {web.NotPermitted, "password"},
	"bad-address": {web.BadRequest, "email"},
	"soon":        {web.Busy, ""},
	"today":       {web.Busy, ""},
	"nothing":     {web.NotPermitted, ""},
}

// complain shows the page again with what is wrong; nothing was sent.
func complain(c *web.Call, code web.Code, field, email, message string) error {
	c.Refused = field
	c.Log(web.Refuse(code, "address"))
	if c.JSON {
		c.FailAs(code, message)
		return nil
	}
	return show(c, code.Status(), addressForm{Email: email, Message: message})
}
