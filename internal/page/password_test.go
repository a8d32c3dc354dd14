package page_test

import (
	"strings"
	"testing"

	"sharezone/internal/page"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
)

func TestPasswordPage(t *testing.T) {
	for l, title := range map[text.Language]string{text.Italian: "Cambia password", text.English: "Change password"} {
		v := page.View{Language: l, User: "anna", Menu: page.Menu(l, "anna", "/cgi-bin/chpwd", true, false)}
		html := pagetest.Render(t, page.PasswordPage(v, page.PasswordForm{}))
		for _, w := range []string{
			"<h1>" + title + "</h1>", `<form method="post" action="/cgi-bin/chpwd"`,
			`name="old" type="password" autocomplete="current-password"`,
			`name="new" type="password" autocomplete="new-password"`,
			`name="confirm" type="password" autocomplete="new-password"`,
			`<input type="text" autocomplete="username" value="anna" readonly hidden>`, "<nav",
		} {
			if !strings.Contains(html, w) {
				t.Errorf("%s: missing %s", l, w)
			}
		}
		if strings.Contains(html, `class="alert`) {
			t.Errorf("%s: a message before anything happened", l)
		}
	}
}

func TestPasswordPageMustChange(t *testing.T) {
	v := page.View{Language: text.Italian, User: "anna"}
	html := pagetest.Render(t, page.PasswordPage(v, page.PasswordForm{Message: "<no>", MustChange: true}))
	for _, w := range []string{`role="alert">&lt;no&gt;</div>`, `role="status">Prima di continuare`, "/cgi-bin/logout"} {
		if !strings.Contains(html, w) {
			t.Errorf("missing %s", w)
		}
	}
}
