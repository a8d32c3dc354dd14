package main

import (
	"html"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// evil is a name that attacks the page, and evilText the same as a page must show it.
const (
	evil     = "<svg onload=alert(1)>\u202e\"'&"
	evilText = "&lt;svg onload=alert(1)&gt;[U+202E]&#34;&#39;&amp;"
)

func viewFor(l text.Language) page.View {
	return page.View{Language: l, Title: "x", User: "admin", Menu: page.Menu(l, "admin", here, true, true), URL: here}
}

func check(t *testing.T, html string, wanted, unwanted []string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(html, w) {
			t.Errorf("missing %s", w)
		}
	}
	for _, u := range append(unwanted, "<svg onload", "%!", "[users") {
		if strings.Contains(html, u) {
			t.Errorf("must not contain %s", u)
		}
	}
}

func TestListPage(t *testing.T) {
	for _, l := range []text.Language{text.Italian, text.English} {
		rows := []row{{Label: evil, Name: "bruno", About: evil, Role: "R", Status: "S", LastLogin: "L", Href: "/cgi-bin/users/bruno"}}
		html := pagetest.Render(t, listPage(viewFor(l), listView{Criteria: account.Criteria{Company: "x"}, Users: rows, Total: 70, Range: page.Range{Total: 70, Shown: 50, NextHref: "/cgi-bin/users?offset=50"}}))
		check(t, html, []string{evilText, `href="/cgi-bin/users/bruno"`, l.Count("users.found", 70), `href="/cgi-bin/users?offset=50"`, `<details class="more" open`, `href="/cgi-bin/users" aria-current`}, nil)
		check(t, pagetest.Render(t, listPage(viewFor(l), listView{})), []string{l.Say("users.none")}, []string{"<table"})
	}
}

func TestUserPage(t *testing.T) {
	u := userView{Name: "bruno", Label: evil, Here: "/cgi-bin/users/bruno", Facts: []fact{{"F", evil, true}}, Groups: []string{"shz-acme"}, Companies: []string{"shz-acme", "shz-b"},
		Zones: []zoneRow{{Name: "demo", Href: "/cgi-bin/zones/demo", Access: zone.Write}}, Sessions: []sessionRow{{"E", "192.0.2.1", "A", "B"}}}
	for _, l := range []text.Language{text.Italian, text.English} {
		buttons := []string{`value="lock"`, `view=edit`, `view=delete`, `name="member" value="0"`, `name="member" value="1"`}
		check(t, pagetest.Render(t, userPage(viewFor(l), u)), append(buttons, evilText, "shz-acme", l.Say("zones-access.write"), "192.0.2.1"), []string{`class="btn btn-outline-secondary">` + l.Say("users-lock.unlock")})
		barred := u
		barred.Barred = l.Say("users-refused.not-ours")
		check(t, pagetest.Render(t, userPage(viewFor(l), barred)), []string{barred.Barred}, buttons)
		locked := u
		locked.Locked = true
		check(t, pagetest.Render(t, userPage(viewFor(l), locked)), []string{l.Say("users-lock.unlock")}, []string{`value="lock"`})
		asked := u
		asked.Invitable, asked.Group = true, "shz-nowhere"
		check(t, pagetest.Render(t, userPage(viewFor(l), asked)), []string{l.Say("users-invite.submit"), `value="shz-nowhere"`}, []string{html.EscapeString(l.Say("users-invite.again"))})
		asked.Invited = true
		check(t, pagetest.Render(t, userPage(viewFor(l), asked)), []string{html.EscapeString(l.Say("users-invite.again"))}, []string{l.Say("users-invite.submit")})
		self := u
		self.Self = true
		check(t, pagetest.Render(t, userPage(viewFor(l), self)), []string{`view=edit`}, []string{`value="lock"`, `view=delete`})
		u := u
		u.View, u.Owned = "delete", 2
		check(t, pagetest.Render(t, userPage(viewFor(l), u)), []string{`name="op" value="delete"`, l.Count("users-delete.owns", 2), `value="keep" disabled`, html.EscapeString(l.Say("users-delete.no-manager")), `href="/cgi-bin/users?role=base"`}, []string{`value="lock"`})
		u.Heirs = []heir{{"anna", evil}}
		check(t, pagetest.Render(t, userPage(viewFor(l), u)), []string{`<option value="anna">`, l.Say("users-delete.to-manager")}, []string{html.EscapeString(l.Say("users-delete.no-manager"))})
		u.Owned, u.Heirs = 0, nil
		check(t, pagetest.Render(t, userPage(viewFor(l), u)), []string{html.EscapeString(l.Say("users-delete.to-help"))}, []string{html.EscapeString(l.Say("users-delete.no-manager")), l.Say("users-delete.to-manager")})
		u.View, u.Form = "edit", formView{Here: u.Here, Op: "modify", FullName: evil, Seen: "0123", Role: account.RoleManager}
		check(t, pagetest.Render(t, userPage(viewFor(l), u)), []string{`name="seen" value="0123"`, `value="manager" selected`, `name="email"`}, []string{`name="username"`})
	}
}

func TestMadeAndNew(t *testing.T) {
	for _, l := range []text.Language{text.Italian, text.English} {
		m := made{Password: "Kx7m-9qwe-r4tz-pm3d"}
		m.Name = "ada"
		check(t, pagetest.Render(t, madePage(viewFor(l), m)), []string{m.Password, " ada "}, nil)
		check(t, pagetest.Render(t, newPage(viewFor(l), formView{Here: here, Op: "create", Company: evil})), []string{`name="op" value="create"`, `name="username"`}, []string{l.Say("users-new.mobile-help")})
		check(t, pagetest.Render(t, newPage(viewFor(l), formView{Here: here, Op: "create", SMS: true})), []string{l.Say("users-new.mobile-help")}, nil)
		check(t, pagetest.Render(t, newPage(viewFor(l), formView{Here: here, Op: "invite", Invites: true, Zone: evil})),
			[]string{`name="op" value="invite"`, `name="username"`, html.EscapeString(l.Say("users-invite.own-zone-help"))}, []string{`value="create"`, `name="role"`, l.Say("users-invite.zone-help")})
		check(t, pagetest.Render(t, groupsPage(viewFor(l), []groupRow{{"shz-acme", 1, "/x"}}, "")), []string{"shz-acme", l.Count("users.found", 1)}, nil)
	}
}

// TestStamp: whatever a form shows changes the mark; a login does not.
func TestStamp(t *testing.T) {
	base := account.User{Name: "a", UID: 1, Roles: []account.Role{account.RoleBase}}
	value, now := "x", time.Now()
	for name, change := range map[string]func(*account.User){
		"uid": func(u *account.User) { u.UID = 2 }, "name": func(u *account.User) { u.FullName = &value }, "role": func(u *account.User) { u.Roles = nil },
		"expires": func(u *account.User) { u.Expires = &value }, "email": func(u *account.User) { u.Email = &value },
	} {
		u := base
		change(&u)
		if helper.Stamp(u) == helper.Stamp(base) {
			t.Errorf("%s does not change it", name)
		}
	}
	u := base
	u.LastLogin = &now
	if helper.Stamp(u) != helper.Stamp(base) {
		t.Error("a login changes it")
	}
}

// TestSentences: every reason that the helper's manual names has its sentence.
func TestSentences(t *testing.T) {
	for _, l := range []text.Language{text.Italian, text.English} {
		for _, reason := range strings.Fields("user group no-user no-group no-heir not-manager same-person self system not-ours privileged changed not-enabled passwordless no-factor in-use zone-busy incomplete no-uids leftover") {
			if !l.Knows("users-refused." + reason) {
				t.Errorf("%s: nothing is said of %s", l, reason)
			}
		}
	}
}

// TestChoicesAreNamed: who gives a value that is none of a few is told which there are.
func TestChoicesAreNamed(t *testing.T) {
	for _, l := range []text.Language{text.Italian, text.English} {
		v := viewer{call: &web.Call{Language: l}}
		for field, choices := range map[string]string{
			"role": listed(roles), "access": listed(accesses), "language": listed(text.Languages), "channel": listed(account.Channels),
		} {
			said := v.sentence(&helper.AccountRefusal{Code: string(web.BadRequest), Reason: "field", Field: field, Why: string(account.BadForm)})
			if !strings.Contains(said, ": "+choices) {
				t.Errorf("%s, of %s: %q does not name %s", l, field, said, choices)
			}
		}
	}
}

func listed[T ~string](values []T) string {
	all := ""
	for _, v := range values {
		all += ", " + string(v)
	}
	return all[2:]
}

// TestProposed: the user name that is proposed to who confirms a request is one that an account can have, and nobody has.
func TestProposed(t *testing.T) {
	begun := "ada.b"
	long := strings.Repeat("a", 31)
	taken := func(name string) bool {
		return slices.Contains([]string{"ada", "ada2", "begun", long}, name)
	}
	for name, r := range map[string]account.Request{
		"ada3": {Email: "Ada@example.org"}, "eva": {Email: "7.Eva!@example.org"}, "ada.b": {Email: "x@example.org", Username: &begun}, "": {Email: "è@example.org"},
		long[:30] + "2": {Email: long + "@example.org"}, "x": {Email: "shz-x@example.org"},
	} {
		if got := proposed(r, taken); got != name {
			t.Errorf("%s: %q, not %q", r.Email, got, name)
		}
	}
}
