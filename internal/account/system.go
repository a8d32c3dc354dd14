package account

import (
	"strings"

	"sharezone/internal/layout"
)

// IsSystem says whether a group is the system's: services and devices have their rights by it (www-data, adm, shadow), and who
// is in it is not said in Share Zone. Its own groups of people, and those of companies, are none.
func (g Group) IsSystem() bool {
	switch {
	case g.Name == layout.GroupBase || g.Name == layout.GroupManager || g.Name == layout.GroupAdmin:
		return false
	case strings.HasPrefix(g.Name, layout.CompanyPrefix):
		return false
	}
	return g.GID < layout.MinUID || g.GID == layout.NobodyUID
}
