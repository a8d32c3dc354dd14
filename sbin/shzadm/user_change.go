package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/config"
	"sharezone/internal/farewell"
	"sharezone/internal/invitation"
	"sharezone/internal/layout"
	"sharezone/internal/verification"
)

// changedUser is a user with what a change did besides.
type changedUser struct {
	knownUser
	SessionsEnded *int      `json:"sessions_ended,omitempty"`
	ZonesLeft     []string  `json:"zones_left,omitempty"` // that he owns without being a manager
	Warnings      []warning `json:"warnings,omitempty"`

	left string // where those zones lie
}

// warning is what is left to do, or to know, after something was done: its code is the one that HTTP has for it.
type warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func newWarning(code, line string) warning { return warning{code, strings.TrimSuffix(line, "\n")} }

// changeUser records and does one change of an account: verb is what the record says of one that changes no field.
func (c *call) changeUser(name, event, verb string, do func() error) (changedUser, error) {
	if err := change.Prepare(); err != nil {
		return changedUser{}, err
	}
	var before account.User
	d := deed{event: event, path: verb, user: name, end: func() string { return differences(before) }}
	err := c.recordHeld(d, []string{name}, func() error {
		before, _ = findUser(name) // who is not found is refused
		return do()
	})
	if err != nil {
		return changedUser{}, err
	}
	u, err := findUser(name)
	return changedUser{knownUser: knowOne(u)}, err
}

// differences are those of somebody from what he was; of who cannot be read none are known.
func differences(before account.User) string {
	after, err := findUser(before.Name)
	if err != nil {
		return ""
	}
	return account.Differences(before, after)
}

func (c *call) showChanged(u changedUser) error {
	left := c.say.line("zones-left", u.left)
	if len(u.ZonesLeft) > 0 {
		u.Warnings = append(u.Warnings, newWarning("owns-zones", left))
	}
	if c.json {
		return c.printJSON(u)
	}
	roles, state := joinRoles(u.Roles), status(u.User)
	if roles == "" {
		roles = "-"
	}
	if state == "" {
		state = "-"
	}
	said := c.say.line("user-changed", printable(u.Name), roles, state)
	if u.SessionsEnded != nil {
		said += c.say.line("sessions-ended", *u.SessionsEnded)
	}
	if len(u.ZonesLeft) > 0 {
		said += left
	}
	return c.print(said)
}

func userEnable(c *call, args []string) error {
	fs := c.flags()
	role := fs.String("role", string(account.RoleBase), "")
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	u, err := c.changeUser(operands[0], "user-modify", "enable", func() error { return change.Enable(operands[0], account.Role(*role)) })
	if err != nil {
		return err
	}
	return c.showChanged(u)
}

// waits says whether somebody has the link of an invitation that is good.
func waits(name string) bool {
	u, err := findUser(name)
	if err != nil {
		return false
	}
	until, err := invitation.Pending(u)
	return err == nil && until != nil
}

func userModify(c *call, args []string) error {
	fs := c.flags()
	var to change.Changes
	var role, language, channel *string
	fs.Func("role", "", setText(&role))
	fs.Func("full-name", "", setText(&to.FullName))
	fs.Func("email", "", setText(&to.Email))
	fs.Func("phone", "", setText(&to.Phone))
	fs.Func("mobile", "", setText(&to.Mobile))
	fs.Func("company", "", setText(&to.Company))
	fs.Func("expires", "", setText(&to.Expires))
	fs.Func("language", "", setText(&language))
	fs.Func("channel", "", setText(&channel))
	fs.Func("sponsor", "", setText(&to.Sponsor))
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	to.Role = (*account.Role)(role)
	if to == (change.Changes{}) && language == nil && channel == nil {
		return usageError(c.say.line("usage-change"))
	}
	if err := cmp.Or(account.CheckLanguage(text(language)), account.CheckChannel(text(channel))); err != nil {
		return err
	}
	invited := waits(operands[0])
	u, err := c.changeUser(operands[0], "user-modify", "", func() error {
		if to != (change.Changes{}) {
			if err := change.Modify(operands[0], to); err != nil {
				return err
			}
		}
		return choose(operands[0], language, channel)
	})
	if err != nil {
		return err
	}
	if invited && !waits(u.Name) {
		fmt.Fprint(c.errOut, c.say.line("link-void", u.Name))
	}
	if to.Role != nil && *to.Role == account.RoleBase {
		u.ZonesLeft, u.left, err = zonesOf(u.UID)
	}
	return errors.Join(err, c.showChanged(u))
}

// choose writes down which language somebody wants, and by what he is told; nil: as it is.
func choose(name string, language, channel *string) error {
	if language == nil && channel == nil {
		return nil
	}
	u, err := findUser(name)
	if err != nil {
		return err
	}
	if channel != nil {
		settings, err := config.Read()
		if err != nil {
			return err
		}
		if account.Channel(*channel).NeedsNumber() && settings.SMS.Number(text(u.Mobile)) == "" {
			return &account.FieldError{Field: "channel", Reason: account.NoNumber}
		}
		if err := change.SetChannel(u.UID, *channel); err != nil {
			return err
		}
	}
	if language == nil {
		return nil
	}
	return change.SetLanguage(u.UID, *language)
}

// zonesOf are the names of somebody's zones, and where they lie; none where there is no base yet.
func zonesOf(uid uint32) (names []string, paths string, err error) {
	admin, err := zoneAdmin()
	if err != nil {
		return nil, "", err
	}
	defer admin.Close()
	owned, err := admin.Owned(uid)
	for _, z := range owned {
		names = append(names, z.Name)
		paths += " " + farewell.ZonePath(z)
	}
	return names, strings.TrimPrefix(paths, " "), err
}

func userLock(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 1, 1)
	if err != nil {
		return err
	}
	u, err := c.changeUser(operands[0], "user-lock", "", func() error { return change.Lock(operands[0]) })
	if err != nil {
		return err
	}
	// They are worth nothing any more as it is, because the password's mark in them is wrong now; removed, they are
	// not listed either.
	ended, err := farewell.EndSessions(u.UID, c.recordStep)
	u.SessionsEnded = &ended
	return errors.Join(err, c.showChanged(u))
}

// userFactor takes somebody's second factor off. Without --off nothing is done by mistake.
func userFactor(c *call, args []string) error {
	fs := c.flags()
	off := fs.Bool("off", false, "")
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if !*off {
		return usageError(c.say.line("usage-change"))
	}
	if err := change.Prepare(); err != nil {
		return err
	}
	err = c.recordHeld(deed{event: "second-factor", path: "off", user: operands[0]}, operands, func() error { return change.DropFactor(operands[0]) })
	if err != nil {
		return err
	}
	u, err := findUser(operands[0])
	if err != nil {
		return err
	}
	return c.showChanged(changedUser{knownUser: knowOne(u)})
}

// userVerify has the link sent by which somebody says that mail to his address reaches him.
func userVerify(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 1, 1)
	if err != nil {
		return err
	}
	settings, err := config.Read()
	if err != nil {
		return err
	}
	u, err := c.changeUser(operands[0], "user-modify", "verify", func() error {
		_, err := verification.Send(operands[0], "", settings.Login.Invitation, 0, settings, time.Now())
		return err
	})
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(u)
	}
	return c.print(c.say.line("user-verify", printable(u.Name), printable(text(u.Email))))
}

func userUnlock(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 1, 1)
	if err != nil {
		return err
	}
	u, err := c.changeUser(operands[0], "user-modify", "unlock", func() error { return change.Unlock(operands[0]) })
	if err != nil {
		return err
	}
	if !account.NewNames().InGroup(u.Name, layout.GroupOnly) && !c.json {
		switch *cmp.Or(u.Status, new(account.Status)) { // the rest is for who administers the machine, or a directory, to change
		case account.Locked:
			return c.print(c.say.line("user-forgiven-locked", printable(u.Name)))
		case account.Expired:
			return c.print(c.say.line("user-forgiven-expired", printable(u.Name)))
		}
		return c.print(c.say.line("user-forgiven", printable(u.Name)))
	}
	return c.showChanged(u)
}
