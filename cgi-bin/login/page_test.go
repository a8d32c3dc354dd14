package main

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"sharezone/internal/page"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
)

func TestLoginPage(t *testing.T) {
	for l, want := range map[text.Language][]string{
		text.Italian: {`<html lang="it">`, "<h1>Entra in Share Zone</h1>", "Nome utente</label>", "Hai dimenticato la password"},
		text.English: {`<html lang="en">`, "<h1>Log in to Share Zone</h1>", "User name</label>", "forgotten your password"},
	} {
		html := pagetest.Render(t, loginPage(page.View{Language: l}, loginForm{}))
		want = append(want, `<form method="post" action="/cgi-bin/login"`,
			`name="username" type="text" autocomplete="username" autocapitalize="none"`,
			`name="password" type="password" autocomplete="current-password"`)
		for _, w := range want {
			if !strings.Contains(html, w) {
				t.Errorf("%s: missing %s", l, w)
			}
		}
		for _, unwanted := range []string{`role="alert"`, `name="next"`, "/cgi-bin/logout", "<nav"} {
			if strings.Contains(html, unwanted) {
				t.Errorf("%s: must not contain %s", l, unwanted)
			}
		}
		if strings.Count(html, " autofocus") != 1 || strings.Count(html, " required") != 2 {
			t.Errorf("%s: want one field in focus and two required", l)
		}
	}
}

// Who comes by a link is told once what to do, and who may ask for an account not to ask somebody for it.
func TestLoginPageSays(t *testing.T) {
	for _, l := range text.Languages {
		v := page.View{Language: l, Notice: &page.Notice{Kind: page.OK, Text: l.Say("invite.done")}}
		if html := pagetest.Render(t, loginPage(v, loginForm{Username: "ada"})); strings.Contains(html, l.Say("login.intro")) || !strings.Contains(html, `value="ada"`) {
			t.Errorf("%s: %s", l, html)
		}
		for _, forgot := range []bool{false, true} {
			html := pagetest.Render(t, loginPage(page.View{Language: l}, loginForm{Forgot: forgot, Signup: true}))
			for _, key := range []string{"login.no-access", "login.help"} {
				if strings.Contains(html, templ.EscapeString(l.Say(key))) {
					t.Errorf("%s, %v: %s", l, forgot, key)
				}
			}
		}
	}
}

// Who can have a link sent is not told to ask somebody for a password.
func TestLoginPageForgot(t *testing.T) {
	for _, l := range text.Languages {
		for _, forgot := range []bool{false, true} {
			html := pagetest.Render(t, loginPage(page.View{Language: l}, loginForm{Forgot: forgot}))
			for _, key := range []string{"forgot.link", "login.no-access"} {
				if strings.Contains(html, ">"+templ.EscapeString(l.Say(key))+"<") != forgot {
					t.Errorf("%s, %v: %s", l, forgot, key)
				}
			}
			if strings.Contains(html, templ.EscapeString(l.Say("login.help"))) == forgot {
				t.Errorf("%s, %v: the hint", l, forgot)
			}
		}
	}
}

func TestLoginPageAfterRefusal(t *testing.T) {
	html := pagetest.Render(t, loginPage(page.View{Language: text.English}, loginForm{
		Next: `/cgi-bin/shz/demo/"><script>/`, Username: `x" autofocus onfocus="alert(1)`, Message: "No <b>way</b>.",
	}))
	for _, w := range []string{
		`role="alert">No &lt;b&gt;way&lt;/b&gt;.</div>`,
		`name="next" value="/cgi-bin/shz/demo/&#34;&gt;&lt;script&gt;/"`,
		`value="x&#34; autofocus onfocus=&#34;alert(1)"`,
	} {
		if !strings.Contains(html, w) {
			t.Errorf("missing %s", w)
		}
	}
	if _, password, _ := strings.Cut(html, `name="password"`); !strings.Contains(password[:strings.Index(password, ">")], " autofocus") {
		t.Error("after a refusal the password is to be typed again: it has the focus")
	}
}
