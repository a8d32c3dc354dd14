package main

import (
	"strings"
	"testing"

	"sharezone/internal/account"
	"sharezone/internal/page"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
)

func TestSignupPage(t *testing.T) {
	hostile := account.Applicant{FullName: `<b>"A`, Email: "a@example.org", Message: "</textarea><script>"}
	for _, l := range text.Languages {
		v := page.View{Language: l, Title: l.Say("signup.title"), URL: here}
		for _, row := range []struct {
			form signupForm
			has  []string
		}{
			{signupForm{}, []string{`<form method="post" action="/cgi-bin/signup"`, `name="full_name" type="text"`, `name="email" type="email"`, `name="message" rows="4" maxlength="600"`}},
			{signupForm{Applicant: hostile, Wrong: "<no>"}, []string{`role="alert">&lt;no&gt;</div>`, `value="&lt;b&gt;&#34;A"`, `&lt;/textarea&gt;&lt;script&gt;</textarea>`}},
			{signupForm{Sent: true}, []string{`role="status"`}},
			{signupForm{Applicant: hostile, Token: `"><script>`}, []string{`action="/cgi-bin/signup?confirm=1"`, `name="token" value="&#34;&gt;&lt;script&gt;"`, `&lt;/textarea&gt;&lt;script&gt;</bdi>`, "a@example.org"}},
			{signupForm{Applicant: hostile, Done: true}, []string{`role="status"`, "a@example.org"}},
			{signupForm{Void: true, Wrong: "x"}, []string{`href="/cgi-bin/signup"`}},
		} {
			html := pagetest.Render(t, signupPage(v, row.form))
			for _, w := range row.has {
				if !strings.Contains(html, w) {
					t.Errorf("%s %+v: missing %s in %s", l, row.form, w, html)
				}
			}
		}
	}
}

// TestSentences: whatever is wrong with a field is said in words.
func TestSentences(t *testing.T) {
	for _, l := range text.Languages {
		for _, field := range []string{"full_name", "company", "phone", "email", "message"} {
			for _, why := range []account.Reason{account.Missing, account.TooLong, account.NotUTF8, account.Forbidden, account.Invisible, account.BadForm} {
				if said := sentence(l, &account.FieldError{Field: field, Reason: why}); strings.Contains(said, "users-") || strings.Contains(said, "%!") {
					t.Error(said)
				}
			}
		}
	}
}
