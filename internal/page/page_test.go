package page

import (
	"context"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
)

// anna is a user whose every word that somebody could choose is hostile.
func anna(l text.Language) View {
	return View{
		Language: l,
		Title:    "a\u202eb<script>",
		User:     "anna",
		FullName: `Anna "<svg onload=alert(1)>" Rossi`,
		Entry:    "internal",
		Menu: []MenuItem{
			{Name: "home", Label: "Home & co", Href: "/cgi-bin/home", Current: true},
			{Name: "chpwd", Label: "Password", Href: "/cgi-bin/chpwd"},
		},
		URL:    "/cgi-bin/shz/demo/?sort=size&offset=200",
		Notice: &Notice{Kind: OK, Text: "1 < 2"},
	}
}

func renderFrame(t *testing.T, v View) string {
	t.Helper()
	return pagetest.RenderContext(t, templ.WithChildren(context.Background(), templ.Raw("<h1>content</h1>")), Frame(v))
}

func contains(t *testing.T, html string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(html, w) {
			t.Errorf("missing: %s", w)
		}
	}
}

func lacks(t *testing.T, html string, unwanted ...string) {
	t.Helper()
	for _, u := range unwanted {
		if strings.Contains(html, u) {
			t.Errorf("must not contain: %s", u)
		}
	}
}

func TestFrame(t *testing.T) {
	html := renderFrame(t, anna(text.Italian))
	contains(t, html,
		`<html lang="it">`,
		"<title>a[U+202E]b&lt;script&gt; – Share Zone</title>",
		`href="/static/style.css"`,
		`href="#content"`, `<main id="content"`,
		`<form method="post" action="/cgi-bin/logout">`,
		`<bdi dir="auto">Anna &#34;&lt;svg onload=alert(1)&gt;&#34; Rossi</bdi>`,
		`<a href="/cgi-bin/home" aria-current="true">Home &amp; co</a>`,
		`<a href="/cgi-bin/chpwd">Password</a>`,
		`<details class="menu-folded">`,
		`role="status">1 &lt; 2</div>`,
		`href="/cgi-bin/shz/demo/?lang=en&amp;offset=200&amp;sort=size" lang="en" hreflang="en">English</a>`,
		"dalla rete interna",
		"<h1>content</h1>",
	)
	if n := strings.Count(html, `aria-current="true"`); n != 2 {
		t.Errorf("the current function is marked %d times, want once in each menu", n)
	}

	english := anna(text.English)
	english.Entry = "external"
	contains(t, renderFrame(t, english), `<html lang="en">`, "Skip to content", "Log out", "Italiano</a>", "from the internet")
}

func TestFrameWithoutUser(t *testing.T) {
	html := renderFrame(t, View{Language: text.English, Title: "Log in"})
	lacks(t, html, "/cgi-bin/logout", "<nav", "<details", "menu-wide")
	contains(t, html, "layout-plain", `class="brand" href="/index_en.html"`)
}

func TestLanguageHref(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"/cgi-bin/home", "/cgi-bin/home?lang=en"},
		{"/cgi-bin/home?lang=it", "/cgi-bin/home?lang=en"},
		{"/cgi-bin/shz/demo/caf%E9%2F/?sort=name&name=a%26b", "/cgi-bin/shz/demo/caf%E9%2F/?lang=en&name=a%26b&sort=name"},
		{"", "?lang=en"},
		{"//evil.example/x?a=b", "?a=b&lang=en"},
		{`/\evil.example/`, "?lang=en"},
		{"/\t/evil.example/", "?lang=en"},
		{"https://evil.example/", "?lang=en"},
		{"javascript:alert(1)", "?lang=en"},
		{"/x?%zz;", "/x?lang=en"},
	} {
		if got := string(languageHref(c.url, text.English)); got != c.want {
			t.Errorf("languageHref(%q) = %q, want %q", c.url, got, c.want)
		}
	}
}

// The codes of every answer that refuses something (doc: error codes of the interface).
var errorCodes = []string{
	"bad-request", "not-logged-in", "not-permitted", "password-expired", "second-factor", "not-found", "method", "exists", "conflict",
	"precondition", "too-large", "unsupported", "range", "locked", "internal", "busy", "no-space", "quota",
}

func TestErrorPage(t *testing.T) {
	for _, l := range []text.Language{text.Italian, text.English} {
		for _, code := range errorCodes {
			message := l.Say("error." + code)
			html := pagetest.Render(t, ErrorPage(anna(l), code, message, "f00d<1>", "/cgi-bin/shz/demo/", ""))
			contains(t, html,
				"<h1>"+templ.EscapeString(l.Say("error-title."+code))+"</h1>",
				`<p role="alert" class="lead">`+templ.EscapeString(message)+"</p>",
				"<code>f00d&lt;1&gt;</code>",
				`class="btn btn-primary" href="/cgi-bin/shz/demo/"`)
		}
	}
	contains(t, pagetest.Render(t, ErrorPage(View{}, "never heard of", "x", "", "", "")), "<h1>Qualcosa non ha funzionato</h1>")
	html := pagetest.Render(t, ErrorPage(View{}, "internal", "x", "", "", ""))
	lacks(t, html, "<code>")
	contains(t, html, `class="btn btn-primary" href="/"`)
}

func TestErrorPageLeadsNowhereElse(t *testing.T) {
	for _, back := range []string{
		"https://evil.example/", "//evil.example/", `/\evil.example/`, "javascript:alert(1)", "/\n/evil.example", "evil", "",
	} {
		html := pagetest.Render(t, ErrorPage(anna(text.Italian), "not-found", "x", "1", back, ""))
		contains(t, html, `class="btn btn-primary" href="/cgi-bin/home"`)
	}
}

func TestMenu(t *testing.T) {
	if items := Menu(text.Italian, "", "/cgi-bin/home", true, false); items != nil {
		t.Errorf("a menu for nobody: %v", items)
	}
	for _, c := range []struct{ path, current string }{
		{"/cgi-bin/home", "home"}, {"/cgi-bin/home/", "home"}, {"/cgi-bin/chpwd", "chpwd"}, {"/cgi-bin/homes", ""},
		{"/cgi-bin/shz/home/", "home"}, {"/cgi-bin/shz", "home"}, {"/cgi-bin/shzone/", ""}, {"", ""},
		{"/cgi-bin/zones", "zones"}, {"/cgi-bin/zones/demo", "zones"}, {"/cgi-bin/zonesx", ""},
	} {
		for _, item := range Menu(text.English, "anna", c.path, true, false) {
			if item.Current != (item.Name == c.current) {
				t.Errorf("%s: %s current: %v", c.path, item.Name, item.Current)
			}
		}
	}
	for _, l := range []text.Language{text.Italian, text.English} {
		v := View{Language: l, User: "anna", Menu: Menu(l, "anna", "/cgi-bin/home", true, false)}
		contains(t, renderFrame(t, v), `<a href="/cgi-bin/home" aria-current="true">`, `<a href="/cgi-bin/zones">`, `<a href="/cgi-bin/chpwd">`)
		v.Menu = Menu(l, "bruno", "/cgi-bin/home", false, false)
		lacks(t, renderFrame(t, v), "/cgi-bin/zones")
	}
}

func TestContentSecurityPolicy(t *testing.T) {
	lacks(t, ContentSecurityPolicy, "unsafe", "*", "http", "blob:")
	contains(t, ContentSecurityPolicy, "default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'")
}
