package main

import (
	"strings"

	"github.com/a-h/templ"

	"sharezone/internal/zone"
)

// zoneRow is one zone as the home page shows it.
type zoneRow struct {
	Name    string
	Title   string // "" = the name is shown instead
	Owner   string // "anna", or "uid:7001" when the account is gone
	Access  zone.Access
	May     string        // what the user can do there
	Expires string        // already formatted; "" = never
	Shut    bool          // it is the user's own, and its mode shuts him out
	State   string        // "open" or "closed"
	Href    templ.SafeURL // "" = not reachable, e.g. closed
	Manage  templ.SafeURL // "" = it is another's
}

// heading is what the zone is called: its title, or else its name. A title that shows nothing counts as none: the
// link to the zone would be empty.
func (z zoneRow) heading() string {
	if strings.TrimSpace(z.Title) == "" {
		return z.Name
	}
	return z.Title
}
