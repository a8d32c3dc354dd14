package main

import (
	"strings"
	"testing"

	"sharezone/internal/page"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
)

func TestForgotPage(t *testing.T) {
	for _, l := range text.Languages {
		v := page.View{Language: l, Title: l.Say("forgot.title"), URL: here}
		for _, row := range []struct {
			form forgotForm
			has  []string
		}{
			{forgotForm{}, []string{`<form method="post" action="/cgi-bin/forgot"`, `name="username" type="text"`}},
			{forgotForm{Sent: true}, []string{`role="status"`}},
			{forgotForm{User: `a"><b>`, Token: `"><script>`}, []string{`name="token" value="&#34;&gt;&lt;script&gt;"`, `value="a&#34;&gt;&lt;b&gt;"`, `name="new" type="password"`, `name="confirm" type="password"`}},
			{forgotForm{Message: "<no>"}, []string{`role="alert">&lt;no&gt;</div>`, `name="username"`}},
			{forgotForm{Void: true, Invited: true}, []string{`href="/cgi-bin/login"`}}, // of who has used it: the mail is his bookmark
			{forgotForm{Void: true, Verifies: true, Recovers: true}, []string{`href="/cgi-bin/login"`, `href="/cgi-bin/profile"`}},
		} {
			html := pagetest.Render(t, forgotPage(v, row.form))
			for _, w := range row.has {
				if !strings.Contains(html, w) {
					t.Errorf("%s %+v: missing %s", l, row.form, w)
				}
			}
		}
	}
}
