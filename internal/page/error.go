package page

import (
	"strings"

	"github.com/a-h/templ"
)

// errorView gives the page the title that belongs to the code; a code without one is our mistake.
func errorView(v View, code string) View {
	if !v.Language.Knows("error-title." + code) {
		code = "internal"
	}
	v.Title = v.Language.Say("error-title." + code)
	return v
}

// backHref accepts local paths alone, so that a link of ours never leads to another site.
func backHref(v View, back string) templ.SafeURL {
	if local(back) {
		return templ.SafeURL(back)
	}
	return brandHref(v)
}

// local reports whether address is a path of this site. "//host/" and "/\host/" are not: browsers read both as the
// address of another host. Nor is what contains a tab or line break, which browsers take out before they read it.
func local(address string) bool {
	return strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") && !strings.HasPrefix(address, `/\`) &&
		!strings.ContainsAny(address, "\t\r\n")
}
