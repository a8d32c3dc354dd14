// Profile shows somebody what is known of him, and lets him choose the language in which he is spoken to, and where his mail goes. What stands in
// shadow(5) and the file of his choices libexec/auth tells and writes; what describes him administrators change (users).
package main

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/text"
	"sharezone/internal/web"
)

// here is the component's address.
const here = "/cgi-bin/profile"

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	if err := c.Exact(); err != nil {
		return err
	}
	if c.Request.Method == http.MethodPost {
		return choose(c)
	}
	if err := web.CheckFields(web.EachAddress, c.Request.URL.Query()); err != nil {
		return err
	}
	return show(c, http.StatusOK, addressForm{})
}

// show is the page, with what was typed into the form of the address.
func show(c *web.Call, status int, typed addressForm) error {
	o, err := ask(c)
	if err != nil {
		return err
	}
	head := c.View(c.Language.Say("profile.title"))
	switch c.Done() {
	case "address":
		head.Notice = &page.Notice{Kind: page.OK, Text: c.Language.Say("profile.address-sent")}
	case "address-cancel":
		head.Notice = &page.Notice{Kind: page.OK, Text: c.Language.Say("profile.address-void")}
	case "language":
		head.Notice = &page.Notice{Kind: page.OK, Text: c.Language.Say("profile.chosen")}
	case "often":
		head.Notice = &page.Notice{Kind: page.OK, Text: c.Language.Say("profile.often-changed")}
	}
	if typed.Message != "" {
		head.Notice = &page.Notice{Kind: page.Error, Text: typed.Message}
	}
	return c.Answer(status, o, profilePage(head, view(c, o, typed)))
}

// own is what is known of the user, and its JSON form.
type own struct {
	helper.OwnAccount
	Sessions []helper.Session `json:"sessions"`
}

func ask(c *web.Call) (own, error) {
	reply, err := helper.Auth(helper.AuthRequest{Op: "account"})
	if err != nil {
		return own{}, err
	}
	if reply.Account == nil {
		return own{}, errors.New("auth told nothing of the account")
	}
	o := own{*reply.Account, []helper.Session{}}
	if reply, err = helper.Auth(helper.AuthRequest{Op: "sessions"}); err != nil {
		return own{}, err
	}
	for _, s := range reply.Sessions {
		if s.State != "ended" {
			o.Sessions = append(o.Sessions, s)
		}
	}
	return o, nil
}

// operations are what a form can ask for, with the fields that it may have beside op, as web.CheckFields takes them.
var operations = map[string]string{
	"modify":         "language",
	"messages":       "often channel",
	"notices":        "zone_id often",
	"address":        "email password",
	"address-cancel": "",
}

// choose writes down a language. The browser speaks it from now on, and others from their next login.
func choose(c *web.Call) error {
	fields, err := c.Form()
	if err != nil {
		return err
	}
	op := fields.Get("op")
	known, there := operations[op]
	if !there {
		return web.WrongValue("op", op, slices.Sorted(maps.Keys(operations))...)
	}
	if err := c.CheckForm("op "+known, "", fields); err != nil {
		return err
	}
	switch op {
	case "notices":
		return chooseOften(c, fields)
	case "messages":
		return chooseMessages(c, fields)
	case "address":
		return askAddress(c, fields)
	case "address-cancel":
		return cancelAddress(c)
	}
	language := fields.Get("language")
	if language != "" && account.CheckLanguage(language) != nil || len(fields["language"]) != 1 {
		return web.WrongValue("language", language, text.Languages[:]...)
	}
	act, err := c.Event.BeginAbout("user-modify", c.User, "language="+language)
	if err != nil {
		return err
	}
	_, err = helper.Auth(helper.AuthRequest{Op: "language", Language: language})
	result := "ok"
	if err != nil {
		result = string(web.CodeOf(err))
	}
	act.End(result, -1, "")
	if err != nil {
		return err
	}
	c.SetLanguage(text.Language(language))
	if !c.JSON {
		return c.SeeOther(here+"?done=language", 0, nil)
	}
	o, err := ask(c)
	if err != nil {
		return err
	}
	return c.SeeOther("", http.StatusOK, o)
}

// chooseMessages writes down how often he is told of what others do, and by what, if he is offered a choice.
func chooseMessages(c *web.Call, fields url.Values) error {
	often, channel := fields.Get("often"), account.Channel(fields.Get("channel"))
	if !slices.Contains(account.Oftens, account.Often(often)) {
		return web.WrongValue("often", often, account.Oftens...)
	}
	if account.CheckChannel(string(channel)) != nil {
		return web.WrongValue("channel", string(channel), account.Channels...)
	}
	o, err := ask(c)
	if err != nil {
		return err
	}
	if channel.NeedsNumber() && !reachable(c, o) {
		return &web.Told{Err: web.Refuse(web.BadRequest, "short messages do not get there"),
			Sentence: c.Language.Say("users-refused.field", c.Language.Say("users-field.channel"), c.Language.Say("users-value.no-number"))}
	}
	said := "often=" + often
	if channel != "" {
		said += ",channel=" + string(channel)
	}
	act, err := c.Event.BeginAbout("user-modify", c.User, said)
	if err != nil {
		return err
	}
	_, err = helper.Auth(helper.AuthRequest{Op: "messages", Often: often, Channel: string(channel)})
	result := "ok"
	if err != nil {
		result = string(web.CodeOf(err))
	}
	act.End(result, -1, "")
	if err != nil {
		return err
	}
	if !c.JSON {
		return c.SeeOther(here+"?done=often", 0, nil)
	}
	if o, err = ask(c); err != nil {
		return err
	}
	return c.SeeOther("", http.StatusOK, o)
}

// reachable says whether short messages get to him.
func reachable(c *web.Call, o own) bool {
	s, err := c.Settings()
	return err == nil && o.Mobile != nil && s.SMS.Number(*o.Mobile) != ""
}

// chooseOften changes how often he is told of a zone that he gets less mail from.
func chooseOften(c *web.Call, fields url.Values) error {
	id, often := fields.Get("zone_id"), fields.Get("often")
	if id == "" {
		return web.WrongValue[string]("zone_id", id)
	}
	if !slices.Contains(account.Oftens, account.Often(often)) {
		return web.WrongValue("often", often, account.Oftens...)
	}
	act, err := c.Event.BeginAbout("user-modify", c.User, "often="+often)
	if err != nil {
		return err
	}
	_, err = helper.Auth(helper.AuthRequest{Op: "notices", ZoneID: id[:min(len(id), 100)], Often: often})
	if errors.Is(err, helper.Refusal("refused")) {
		err = web.Refuse(web.NotFound, "no choice for this zone")
	}
	result := "ok"
	if err != nil {
		result = string(web.CodeOf(err))
	}
	act.End(result, -1, "")
	if err != nil {
		return err
	}
	if !c.JSON {
		return c.SeeOther(here+"?done=often", 0, nil)
	}
	o, err := ask(c)
	if err != nil {
		return err
	}
	return c.SeeOther("", http.StatusOK, o)
}
