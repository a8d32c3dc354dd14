package account

import (
	"slices"
	"strings"

	"sharezone/internal/layout"
)

// Match says whether all words of a search stand in one of the texts each, whatever the case of their letters.
func Match(search string, texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, "\n"))
	for word := range strings.FieldsSeq(strings.ToLower(search)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

// FindPeople returns those in shzbase in whose name, full name, company or mail address the words of a search stand,
// sorted by name.
func (n *Names) FindPeople(search string) []Entry {
	var found []Entry
	for _, e := range n.Members(layout.GroupBase) {
		if c := ParseGECOS(e.GECOS); Match(search, e.Name, c.FullName, c.Company, c.Email) {
			found = append(found, e)
		}
	}
	return found
}

// FindCompanies returns the groups of partner companies in whose names the words of a search stand, sorted by name: those
// of /etc/group, and one of a directory service that the search names whole, for a directory need not tell all it has.
func (n *Names) FindCompanies(search string) []Group {
	n.Group(search) // asks for it
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []Group
	for name, g := range n.groupByName {
		if strings.HasPrefix(name, layout.CompanyPrefix) && Match(search, name) {
			found = append(found, *g)
		}
	}
	slices.SortFunc(found, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return found
}
