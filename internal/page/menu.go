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
// belong to "home". manages: he may make zones; administers: he may change people.
func Menu(l text.Language, user, path string, manages, administers bool) []MenuItem {
	if user == "" {
		return nil
	}
	is := func(component string) bool {
		rest, found := strings.CutPrefix(path, "/cgi-bin/"+component)
		return found && (rest == "" || rest[0] == '/')
	}
	items := []MenuItem{{Name: "home", Label: l.Say("menu.home"), Href: "/cgi-bin/home", Current: is("home") || is("shz")}}
	if manages {
		items = append(items, MenuItem{Name: "zones", Label: l.Say("menu.zones"), Href: "/cgi-bin/zones", Current: is("zones")})
	}
	if administers {
		items = append(items, MenuItem{Name: "users", Label: l.Say("menu.users"), Href: "/cgi-bin/users", Current: is("users")},
			MenuItem{Name: "activity", Label: l.Say("menu.activity"), Href: "/cgi-bin/activity", Current: is("activity")})
	}
	items = append(items, MenuItem{Name: "profile", Label: l.Say("menu.profile"), Href: "/cgi-bin/profile", Current: is("profile")})
	items = append(items, MenuItem{Name: "sessions", Label: l.Say("menu.sessions"), Href: "/cgi-bin/sessions", Current: is("sessions")})
	return append(items, MenuItem{Name: "chpwd", Label: l.Say("menu.chpwd"), Href: "/cgi-bin/chpwd", Current: is("chpwd")})
}
