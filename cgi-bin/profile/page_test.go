package main

import (
	"strings"
	"testing"

	"sharezone/internal/account"
	"sharezone/internal/page"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
)

func TestProfilePage(t *testing.T) {
	for l, title := range map[text.Language]string{text.Italian: "Il mio account", text.English: "My account"} {
		v := page.View{Language: l, Title: title, User: "anna", Menu: page.Menu(l, "anna", here, true, false), URL: here}
		html := pagetest.Render(t, profilePage(v, profileView{
			Facts: []fact{{"Name", "<b>Anna\u202e", true}, {"Day", "1 < 2", false}}, Language: "en", Elsewhere: true, Sessions: "3",
		}))
		for _, w := range []string{
			"<h1>" + title + "</h1>", `<form method="post" action="/cgi-bin/profile"`, `<option value="en" lang="en" selected>`, `<option value="it" lang="it">`,
			"&lt;b&gt;Anna", "1 &lt; 2", `<a href="/cgi-bin/sessions">3</a>`, `<a href="/cgi-bin/profile" aria-current="true">`,
		} {
			if !strings.Contains(html, w) {
				t.Errorf("%s: missing %s", l, w)
			}
		}
		html = pagetest.Render(t, profilePage(v, profileView{Often: account.Daily, Channel: account.ByBoth, Channels: account.Channels}))
		for _, w := range []string{`<option value="daily" selected>`, `<option value="both" selected>`, `for="field-often"`, `for="field-channel"`} {
			if !strings.Contains(html, w) {
				t.Errorf("%s: missing %s", l, w)
			}
		}
		html = pagetest.Render(t, profilePage(v, profileView{}))
		if strings.Contains(html, `name="channel"`) {
			t.Errorf("%s: a channel can be chosen where there is none", l)
		}
		if n := strings.Count(html, `"/cgi-bin/sessions"`); n != 2 { // in the two forms of the menu
			t.Errorf("%s: sessions are led to %d times", l, n)
		}
		if strings.Contains(html, l.Say("profile.elsewhere")) || strings.Contains(html, " selected") {
			t.Errorf("%s: %s", l, html)
		}
	}
}

// TestChannels: who is told by none can change it, also where there are no short messages.
func TestChannels(t *testing.T) {
	none, sms := account.ByNone, account.BySMS
	for _, row := range []struct {
		own       *account.Channel
		reachable bool
		want      account.Channel
		offered   int
	}{{nil, false, "", 0}, {nil, true, account.ByMail, 4}, {&sms, true, account.BySMS, 4}, {&sms, false, "", 0}, {&none, true, account.ByNone, 4}, {&none, false, account.ByNone, 2}} {
		if got, offered := channels(row.own, row.reachable); got != row.want || len(offered) != row.offered {
			t.Errorf("%+v: %s, %v", row, got, offered)
		}
	}
}
