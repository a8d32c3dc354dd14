package main

import (
	"strings"
	"testing"

	"sharezone/internal/account"
	"sharezone/internal/page"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
)

// TestPage: only what is less can be chosen.
func TestPage(t *testing.T) {
	for _, l := range []text.Language{text.Italian, text.English} {
		for often, choices := range map[account.Often]int{account.AtOnce: 3, account.Hourly: 2, account.Daily: 1, account.Never: 0} {
			html := pagetest.Render(t, lessPage(page.View{Language: l, Title: l.Say("less.title", "demo"), URL: here}, lessView{Token: `a"b`, Often: often, Choices: fewer(often)}))
			shown := strings.ReplaceAll(html, "&#39;", "'")
			if n := strings.Count(html, `name="often"`); n != choices || strings.Contains(html, `value="now"`) || !strings.Contains(shown, l.Say("often-is."+string(often))) {
				t.Errorf("%s: %d choices in %s", often, n, html)
			}
			if strings.Contains(html, `a"b`) {
				t.Error("the token is shown as it is")
			}
		}
	}
}
