package account

import (
	"slices"
	"strings"

	"sharezone/internal/layout"
)

// Company is the group of a partner company, with JSON keys like those of the interface. A group has no field for the
// company's full name: what its members have in theirs says it.
type Company struct {
	Name      string   `json:"group"` // "shz-acme"
	GID       uint32   `json:"gid"`
	Members   []string `json:"members"`
	Companies []string `json:"companies"` // what stands as company in the comment fields of the members
}

// Companies returns the companies' groups of this machine, sorted by name. The private group of a user who is called so
// is none.
func (n *Names) Companies() []Company {
	n.mu.Lock()
	n.load()
	groups := slices.Clone(n.fileGroups)
	n.mu.Unlock()
	companies := []Company{}
	for _, g := range groups {
		if _, private := n.User(g.Name); strings.HasPrefix(g.Name, layout.CompanyPrefix) && !private {
			companies = append(companies, n.newCompany(g))
		}
	}
	slices.SortFunc(companies, func(a, b Company) int { return strings.Compare(a.Name, b.Name) })
	return companies
}

// FindCompany returns one of them, also a directory server's.
func (n *Names) FindCompany(name string) (Company, bool) {
	g, ok := n.Group(name)
	if !ok || !strings.HasPrefix(name, layout.CompanyPrefix) {
		return Company{}, false
	}
	return n.newCompany(g), true
}

func (n *Names) newCompany(g Group) Company {
	c := Company{Name: g.Name, GID: g.GID, Members: []string{}, Companies: []string{}}
	for _, e := range n.Members(g.Name) {
		c.Members = append(c.Members, e.Name)
		if company := ParseGECOS(e.GECOS).Company; company != "" && !slices.Contains(c.Companies, company) {
			c.Companies = append(c.Companies, company)
		}
	}
	slices.Sort(c.Companies)
	return c
}
