// Package page is the one frame around every page, and the parts that pages are made of.
//
// MUST rules of this folder:
//   - no inline script and no style attribute: the Content-Security-Policy of every page forbids both;
//   - every page works without JavaScript; what is a change is a form with method POST;
//   - a name that somebody chose (file, zone, person) is shown through Name, never bare;
//   - no sentence stands here: the words come from internal/text.
package page

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"sharezone/internal/text"
)

// View is what the frame shows around a page's content.
type View struct {
	Language text.Language
	Title    string     // of the document: "Project drawings", "Log in"
	User     string     // login name; "" = nobody is logged in: no menu, no logout button
	FullName string     // "" = User is shown instead
	Entry    string     // "internal" or "external"; said in the footer, "" = not said
	Menu     []MenuItem // functions of this user, in the order shown
	URL      string     // this page as requested, raw: "/cgi-bin/shz/demo/?sort=size"; the language links lead back to it
	Notice   *Notice    // nil = nothing to say

	OneLanguage bool // no link to the other language: it would lose what the page carries

	Announcement string // what the administrator tells everybody, in the user's language; "" = nothing
	Maintenance  bool   // only administrators are let in now
}

// MenuItem is one function of the user.
type MenuItem struct {
	Name    string // of the component: "home"
	Label   string // in the user's language
	Href    templ.SafeURL
	Current bool // the page is this function's, or belongs to it
}

// NoticeKind says how a notice is shown and announced.
type NoticeKind string

const (
	OK    NoticeKind = "ok"
	Error NoticeKind = "error"
	Info  NoticeKind = "info"
)

// Notice tells how the last request went.
type Notice struct {
	Kind NoticeKind
	Text string // a whole sentence, in the user's language
}

// Crumb is one step of the way from the top to this page.
type Crumb struct {
	Label   string
	Href    templ.SafeURL // "" = shown without a link
	Current bool          // the last one: this page
}

// languageHref returns the address of this page in language l.
//
// What is not the address of a local page gives a link of the query alone, which a browser resolves against the page
// that it shows.
func languageHref(rawURL string, l text.Language) templ.SafeURL {
	path, query, _ := strings.Cut(rawURL, "?")
	if !local(path) {
		path = ""
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		values = url.Values{} // a query that no component reads either
	}
	for _, key := range [...]string{"done", "n"} { // the other page has done nothing
		values.Del(key)
	}
	values.Set("lang", string(l))
	return templ.SafeURL(path + "?" + values.Encode())
}

// welcomeHref is the static page that needs no login.
func welcomeHref(l text.Language) templ.SafeURL {
	if l == text.English {
		return "/index_en.html"
	}
	return "/"
}

// brandHref is where the name of the site leads: to the zones, or to the welcome page for who is not logged in.
func brandHref(v View) templ.SafeURL {
	if v.User == "" {
		return welcomeHref(v.Language)
	}
	return "/cgi-bin/home"
}

// displayName is how the frame calls the user.
func displayName(v View) string {
	if v.FullName != "" {
		return v.FullName
	}
	return v.User
}

// documentTitle is what the browser shows on its tab: the page first, because tabs are cut at the end.
func documentTitle(v View) string {
	if v.Title == "" {
		return "Share Zone"
	}
	return text.Name(v.Title) + " – Share Zone"
}
