package main

import (
	"cmp"
	"slices"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/text"
	"sharezone/internal/web"
)

// profileView is what the page shows.
type profileView struct {
	Facts     []fact
	Language  string // that was chosen, "" = none
	Elsewhere bool   // the account is not in the machine's own files: its password may be changed elsewhere
	Often     account.Often
	Address   addressForm
	OwnEmail  bool            // he may have another address
	Pending   string          // a sentence: a link went to another address
	Channel   account.Channel // by which he is told, "" = there is no choice
	Channels  []account.Channel
	Notices   []zoneNotices
	Factor    bool   // this entry has a second factor
	Sessions  string // how many there are, and the link to them; "" = this entry does not show them
}

// fact is a line of what is known.
type fact struct {
	Label, Value string
	Chosen       bool // somebody chose the value: it is shown as a name
}

// zoneNotices is a zone from which he gets less mail.
type zoneNotices struct {
	ID string
	account.ZoneNotices
}

func view(c *web.Call, o own, typed addressForm) profileView {
	l := c.Language
	facts := []fact{{l.Say("users-field.username"), o.Name, true}}
	for _, f := range []struct {
		key   string
		value *string
	}{{"full_name", o.FullName}, {"company", o.Company}, {"email", o.Email}, {"phone", o.Phone}, {"mobile", o.Mobile}} {
		if f.value != nil {
			facts = append(facts, fact{l.Say("users-field." + f.key), *f.value, true})
		}
		if f.key == "email" && f.value != nil {
			facts = append(facts, fact{l.Say("users.email-verified"), l.Say(map[bool]string{true: "profile.verified", false: "profile.not-verified"}[o.EmailVerified]), false})
		}
	}
	role := account.RoleBase
	if n := len(o.Roles); n > 0 {
		role = o.Roles[n-1]
	}
	facts = append(facts, fact{l.Say("users-field.role"), l.Say("users-role." + string(role)), false})
	last := l.Say("users.never")
	if o.LastLogin != nil {
		last = l.Time(*o.LastLogin)
	}
	facts = append(facts, fact{l.Say("users.last-login"), last, false})
	v := profileView{Often: o.Often, Elsewhere: o.Status == nil, OwnEmail: o.EmailOwn, Address: typed}
	if v.Address.Email == "" && o.Email != nil {
		v.Address.Email = *o.Email
	}
	if o.EmailPending != "" {
		v.Pending = l.Say("profile.address-pending", text.Name(o.EmailPending))
	}
	v.Channel, v.Channels = channels(o.Channel, reachable(c, o))
	if o.Language != nil {
		v.Language = *o.Language
	}
	day := func(label string, value *string, none string) {
		if value != nil {
			none = l.Day(*value)
		}
		if none != "" {
			facts = append(facts, fact{label, none, false})
		}
	}
	if !v.Elsewhere {
		day(l.Say("profile.password-set"), o.PasswordSet, "")
		day(l.Say("profile.password-due"), o.PasswordDue, "")
		day(l.Say("users-field.expires"), o.Expires, l.Say("users.never"))
	}
	v.Facts = facts
	for id, z := range o.Notices {
		v.Notices = append(v.Notices, zoneNotices{id, z})
	}
	slices.SortFunc(v.Notices, func(a, b zoneNotices) int { return cmp.Or(cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.ID, b.ID)) })
	if s, err := c.Settings(); err == nil {
		entry := s.Entry(c.Entry)
		var roles []string
		for _, r := range o.Roles {
			roles = append(roles, string(r))
		}
		v.Factor = entry.Factor.Of(roles...) != config.FactorOff
		if entry.Answers("sessions") {
			v.Sessions = l.Count("profile.sessions", len(o.Sessions))
		}
	}
	return v
}

// channels are those that one may choose from, and which it is; "" where there is nothing to choose. Whoever is told by none sees it, and
// comes back from it, also where there are no short messages: an administrator may have set it, or he chose it when there were.
func channels(own *account.Channel, reachable bool) (account.Channel, []account.Channel) {
	switch {
	case reachable && own != nil:
		return *own, account.Channels
	case reachable:
		return account.ByMail, account.Channels
	case own != nil && *own == account.ByNone:
		return account.ByNone, []account.Channel{account.ByMail, account.ByNone}
	}
	return "", nil
}
