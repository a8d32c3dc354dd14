package page

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"sharezone/internal/page/pagetest"
)

const static = "../../static/"

func readStatic(t *testing.T, name string) string {
	t.Helper()
	html, err := os.ReadFile(static + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(html)
}

// The pages that Apache sends by itself keep the rules of the others, because the same policy is sent with them.
func TestStaticPages(t *testing.T) {
	for name, wanted := range map[string][]string{
		"index.html":    {`<html lang="it">`, `href="/cgi-bin/home"`, `href="/index_en.html" lang="en" hreflang="en">English`},
		"index_en.html": {`<html lang="en">`, `href="/cgi-bin/home?lang=en"`, `href="/" lang="it" hreflang="it">Italiano`},
		"error.html":    {`<html lang="it">`, `lang="en"`, `href="/"`, `href="/index_en.html"`},
	} {
		html := readStatic(t, name)
		pagetest.Check(t, html)
		contains(t, html, append(wanted, `href="/static/style.css"`, `href="/static/favicon.svg"`, "<main", "viewport")...)
	}
}

var tags = regexp.MustCompile(`</?[a-z0-9]+`)

func TestWelcomePagesAreTwins(t *testing.T) {
	italian := strings.Join(tags.FindAllString(readStatic(t, "index.html"), -1), " ")
	english := strings.Join(tags.FindAllString(readStatic(t, "index_en.html"), -1), " ")
	if italian != english {
		t.Errorf("the welcome pages differ in more than their words:\n%s\n%s", italian, english)
	}
}

// The policy allows nothing from elsewhere; a style sheet that asked for it would be half a style sheet.
func TestStyleSheets(t *testing.T) {
	files, err := os.ReadDir(static + "src")
	if err != nil {
		t.Fatal(err)
	}
	styles := 0
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".css") {
			continue
		}
		styles++
		css := readStatic(t, "src/"+file.Name())
		lacks(t, css, "http:", "https:", "url(//", "!important")
	}
	if styles == 0 {
		t.Error("no style sheet found")
	}
	contains(t, readStatic(t, "src/colours.css"), "prefers-color-scheme: dark")
}
