package page

import (
	"strings"

	"sharezone/internal/text"
)

// ContentSecurityPolicy of every page: nothing is inline, nothing comes from elsewhere. Bootstrap's CSS draws its
// marks with data: images.
const ContentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Menu lists the functions of a user who is logged in; path is the page's, to mark the current one. A zone's folders
// belong to "home".
func Menu(l text.Language, user, path string) []MenuItem {
	if user == "" {
		return nil
	}
	is := func(component string) bool {
		rest, found := strings.CutPrefix(path, "/cgi-bin/"+component)
		return found && (rest == "" || rest[0] == '/')
	}
	return []MenuItem{
		{Name: "home", Label: l.Say("menu.home"), Href: "/cgi-bin/home", Current: is("home") || is("shz")},
		{Name: "chpwd", Label: l.Say("menu.chpwd"), Href: "/cgi-bin/chpwd", Current: is("chpwd")},
	}
}
