// Package pagetest renders pages in tests and refuses what no page may contain.
package pagetest

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"
)

// missingText is what text.Language.Say returns for a key that does not exist: "[home.title]".
var missingText = regexp.MustCompile(`\[[a-z-]+(\.[a-z-]+)+\]`)

// Render returns the component's HTML. The test fails if it contains a script that is no file of ours, inline style, an event handler, an address
// of another site, two equal ids, a reference to an id that is not there, a form that is no search and sends nothing by
// POST, or a text that is missing in the catalogue.
func Render(t *testing.T, c templ.Component) string {
	t.Helper()
	return RenderContext(t, context.Background(), c)
}

// RenderContext is Render with a context, which carries a component's children (templ.WithChildren).
func RenderContext(t *testing.T, ctx context.Context, c templ.Component) string {
	t.Helper()
	var html strings.Builder
	if err := c.Render(ctx, &html); err != nil {
		t.Fatalf("render: %v", err)
	}
	if found := missingText.FindString(html.String()); found != "" {
		t.Errorf("no text for %s", found)
	}
	Check(t, html.String())
	return html.String()
}

// Check is Render for a page that exists already. It reads the HTML as a parser does that knows no recovery, so an
// unclosed element is an error too.
func Check(t *testing.T, html string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(html))
	decoder.Strict = false
	decoder.AutoClose = xml.HTMLAutoClose
	decoder.Entity = xml.HTMLEntity
	ids := map[string]bool{}
	var references []string
	var open []string
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if !isVoid(name) {
				open = append(open, name)
			}
			references = append(references, checkElement(t, token, ids)...)
		case xml.EndElement:
			name := token.Name.Local
			if isVoid(name) {
				continue // RawToken closes <br/> by itself
			}
			if len(open) == 0 || open[len(open)-1] != name {
				t.Fatalf("</%s> closes nothing; open: %v", name, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("not closed: %v", open)
	}
	for _, id := range references {
		if !ids[id] {
			t.Errorf("reference to id %q, which is not there", id)
		}
	}
}

// checkElement checks one element, remembers its id, and returns the ids that it refers to.
func checkElement(t *testing.T, element xml.StartElement, ids map[string]bool) (references []string) {
	t.Helper()
	tag := element.Name.Local
	if tag == "style" || tag == "base" || tag == "iframe" || tag == "object" {
		t.Errorf("<%s> in a page", tag)
	}
	attributes := map[string]string{}
	for _, a := range element.Attr {
		name, value := a.Name.Local, a.Value
		attributes[name] = value
		switch {
		case name == "style" || strings.HasPrefix(name, "on"):
			t.Errorf("<%s %s>: the Content-Security-Policy forbids it", tag, name)
		case name == "id":
			if ids[value] {
				t.Errorf("id %q stands twice", value)
			}
			ids[value] = true
		case name == "for" || name == "popovertarget":
			references = append(references, value)
		case strings.HasPrefix(name, "aria-") && (strings.HasSuffix(name, "by") || name == "aria-controls"):
			references = append(references, strings.Fields(value)...)
		case name == "href" || name == "src" || name == "action":
			if id, isFragment := strings.CutPrefix(value, "#"); isFragment {
				references = append(references, id)
			} else if !isLocal(value) {
				t.Errorf("<%s %s=%q> leads out of the site", tag, name, value)
			}
		}
	}
	if tag == "script" && !strings.HasPrefix(attributes["src"], "/static/") {
		t.Errorf("<script src=%q>: scripts are files of our own", attributes["src"])
	}
	if tag == "form" && attributes["method"] != "post" && (attributes["method"] != "get" || attributes["role"] != "search") {
		t.Errorf("<form method=%q>: what is sent changes something, unless it is a search", attributes["method"])
	}
	return references
}

// isLocal accepts a path of this site and a query alone.
func isLocal(address string) bool {
	if strings.HasPrefix(address, "?") {
		return true
	}
	return strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") && !strings.ContainsAny(address, "\\\t\r\n")
}

// isVoid reports whether HTML gives the element no end tag.
func isVoid(tag string) bool {
	switch tag {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr":
		return true
	}
	return false
}
