package main

import (
	"strings"
	"testing"

	"sharezone/internal/page"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
	"sharezone/internal/zone"
)

func viewFor(l text.Language) page.View {
	return page.View{Language: l, User: "anna", Menu: page.Menu(l, "anna", "/cgi-bin/home", true, false), URL: "/cgi-bin/home"}
}

func TestHomePage(t *testing.T) {
	rows := []zoneRow{
		{Name: "demo", Title: "<svg onload=alert(1)>\u202e", Owner: "anna", Access: zone.Own, May: "First <may>.", Expires: "22/11/2026", State: "open",
			Href: "/cgi-bin/shz/demo/"},
		{Name: "acme", Title: " ", Owner: "uid:7001", Access: zone.Write, State: "open", Href: "/cgi-bin/shz/acme/"},
		{Name: "old", Title: "Old", Owner: "bruno", Access: zone.Read, State: "closed"},
		{Name: "box", Owner: "bruno", Access: zone.Drop, State: "open", Href: "/cgi-bin/shz/box/"},
	}
	html := pagetest.Render(t, homePage(viewFor(text.Italian), rows))
	for _, w := range []string{
		`<a href="/cgi-bin/shz/demo/"><bdi dir="auto">&lt;svg onload=alert(1)&gt;[U+202E]</bdi></a>`,
		`<dd><bdi dir="auto">demo</bdi></dd>`, `<bdi dir="auto">uid:7001</bdi>`, "22/11/2026", "nessuna",
		`<a href="/cgi-bin/shz/acme/"><bdi dir="auto">acme</bdi></a>`, // a title of spaces leaves nothing to click on
		"First &lt;may&gt;.", `zone-closed`, "Chiusa",
	} {
		if !strings.Contains(html, w) {
			t.Errorf("missing %s", w)
		}
	}
	if strings.Contains(html, `>Old</bdi></a>`) {
		t.Error("a link to a zone that cannot be reached")
	}
	english := pagetest.Render(t, homePage(viewFor(text.English), rows))
	for _, w := range []string{"Shared zones", "none", "Closed"} {
		if !strings.Contains(english, w) {
			t.Errorf("missing %s", w)
		}
	}
}

func TestHomePageEmpty(t *testing.T) {
	for l, w := range map[text.Language]string{
		text.Italian: "Chiedi alla persona con cui devi scambiare i file",
		text.English: "Ask the person with whom you exchange files",
	} {
		v := viewFor(l)
		v.Menu = page.Menu(l, "carla", "/cgi-bin/home", false, false)
		if html := pagetest.Render(t, homePage(v, nil)); !strings.Contains(html, w) || strings.Contains(html, `class="zones"`) || strings.Contains(html, "/cgi-bin/zones") {
			t.Errorf("%s: the empty page does not say whom to ask", l)
		}
		if html := pagetest.Render(t, homePage(viewFor(l), nil)); strings.Contains(html, w) || !strings.Contains(html, `class="btn btn-primary" href="/cgi-bin/zones"`) {
			t.Errorf("%s: who manages zones is not led there", l)
		}
	}
}
