package main

import (
	"errors"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/admission"
	"sharezone/internal/config"
)

// signupList lists who has no account and asks for one.
func signupList(c *call, args []string) error {
	if _, err := c.parse(c.flags(), args, 0, 0); err != nil {
		return err
	}
	settings, err := config.Read()
	if err != nil {
		return err
	}
	all, err := admission.List(settings)
	if c.json {
		return errors.Join(err, c.printJSON(map[string]any{"signups": all}))
	}
	rows := make([][]string, 0, len(all))
	for _, r := range all {
		rows = append(rows, []string{r.ID, moment(&r.Confirmed), r.FullName, text(r.Company), r.Email, strings.Join(r.Accounts, " "), text(r.Username), text(r.Message)})
	}
	return errors.Join(err, c.printRows("signup-columns", rows))
}

// signedUpUser is who was given the account that he asked for.
type signedUpUser struct {
	knownUser
	Invited *time.Time `json:"invited"` // until then the link is good by which he chooses his password; null: he has done so
}

// signupConfirm makes the account that somebody asks for, in the words that he confirmed.
func signupConfirm(c *call, args []string) error {
	fs := c.flags()
	expires := fs.String("expires", "", "")
	operands, err := c.parse(fs, args, 2, 2)
	if err != nil {
		return err
	}
	id, name := operands[0], operands[1]
	settings, err := config.Read()
	if err == nil {
		err = change.Prepare()
	}
	if err != nil {
		return err
	}
	person, _ := actor(c.getenv)
	if person == "root" {
		person = "" // nobody whom the recipient could know
	}
	answers, err := sponsorFor(name, "", person)
	if err != nil {
		return err
	}
	var sponsor uint32
	if answers != nil {
		sponsor = answers.UID
	}
	var until *time.Time
	err = c.recordHeld(deed{event: "user-create", user: name, path: "signup"}, []string{name}, func() error {
		a, err := admission.Hold(id, settings)
		if err != nil {
			return err
		}
		defer a.Release()
		var made bool
		until, made, err = a.Accept(name, *expires, sponsor, person, time.Now())
		if made && err != nil {
			return &halfInvited{key: "invited-not-sent", name: name, mend: "shzadm signup confirm " + id + " " + name, error: err}
		}
		return err
	})
	if err != nil {
		return err
	}
	u, err := findUser(name)
	switch {
	case err != nil:
		return err
	case c.json:
		return c.printJSON(signedUpUser{knowOne(u), until})
	case until == nil:
		return c.print(c.say.line("signup-in", name))
	}
	return c.print(c.say.line("user-invited", name, text(u.Email), moment(until)))
}

// signupDecline ends a request; the reason goes to whoever asked.
func signupDecline(c *call, args []string) error {
	fs := c.flags()
	reason := fs.String("reason", "", "")
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	settings, err := config.Read()
	if err != nil {
		return err
	}
	a, err := admission.Hold(operands[0], settings)
	if err != nil {
		return err
	}
	defer a.Release()
	words := account.Paragraph(*reason)
	err = c.record(deed{event: "signup-decline", path: a.Email}, func() error { return a.Decline(words, time.Now()) })
	switch {
	case err != nil:
		return err
	case c.json:
		return c.printJSON(map[string]any{"declined": a.Email, "mailed": words != ""})
	case words == "":
		return c.print(c.say.line("signup-declined", a.Email))
	}
	return c.print(c.say.line("signup-declined-mailed", a.Email))
}
