package account

import (
	"path"
	"slices"
	"strings"
	"time"

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

// FindCompanies returns the groups of partner companies in whose names, or in the names of their members' companies, the words
// of a search stand, sorted by name: those of /etc/group, and one of a directory service that the search names whole, for a
// directory need not tell all it has.
func (n *Names) FindCompanies(search string) []Group {
	n.Group(search) // asks for it
	n.mu.Lock()
	var found []Group
	for name, g := range n.groupByName {
		if strings.HasPrefix(name, layout.CompanyPrefix) {
			found = append(found, *g)
		}
	}
	n.mu.Unlock()
	found = slices.DeleteFunc(found, func(g Group) bool {
		return !Match(search, g.Name) && !Match(search, append(n.newCompany(g).Companies, g.Name)...)
	})
	slices.SortFunc(found, func(a, b Group) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// Criteria are what users are searched by; what is empty asks for nothing.
type Criteria struct {
	Text     string `json:"text,omitempty"` // words that stand somewhere in what is known of somebody
	Username string `json:"username,omitempty"`
	FullName string `json:"full_name,omitempty"`
	Company  string `json:"company,omitempty"`
	Email    string `json:"email,omitempty"`
	Group    string `json:"group,omitempty"`
	Role     Role   `json:"role,omitempty"` // the highest that somebody has
	Status   Status `json:"status,omitempty"`
	Sponsor  string `json:"sponsor,omitempty"`
	Review   bool   `json:"review,omitempty"` // those whose sponsor is there no more
}

// Given says whether there is something to search by.
func (c Criteria) Given() bool { return c != Criteria{} }

// Matches says whether a user meets all criteria.
func (c Criteria) Matches(u User) bool {
	return (c.Text == "" || Match(c.Text, u.Name, said(u.FullName), said(u.Company), said(u.Email))) &&
		(c.Username == "" || matchName(c.Username, u.Name)) &&
		(c.FullName == "" || Match(c.FullName, said(u.FullName))) &&
		(c.Company == "" || Match(c.Company, said(u.Company))) &&
		(c.Email == "" || Match(c.Email, said(u.Email))) &&
		(c.Group == "" || slices.Contains(u.Groups, c.Group)) &&
		(c.Role == "" || len(u.Roles) > 0 && u.Roles[len(u.Roles)-1] == c.Role) &&
		(c.Sponsor == "" || said(u.Sponsor) == c.Sponsor) &&
		(!c.Review || u.Review) &&
		(c.Status == "" || u.Status != nil && *u.Status == c.Status || c.Status == Locked && u.Locked != nil && *u.Locked)
}

// mayMatch says of whom nothing is known yet but his line whether he can meet the criteria: all that words are looked for in stands there.
func (c Criteria) mayMatch(e *Entry) bool {
	for _, words := range [...]string{c.Text, c.FullName, c.Company, c.Email} {
		if words != "" && !Match(words, e.Name, e.GECOS) {
			return false
		}
	}
	return c.Username == "" || matchName(c.Username, e.Name)
}

// Find returns a part of those of Users who meet the criteria, and how many do. limit 0 is no limit. Of thousands only those are looked
// at closely who may be shown, or may meet them.
func (n *Names) Find(c Criteria, shadow Shadow, now time.Time, offset, limit int) (found []User, total int, err error) {
	people := n.members(layout.GroupBase, layout.GroupOnly)
	if !c.Given() {
		return n.newUsers(part(people, offset, limit), shadow, now), len(people), n.Err()
	}
	people = slices.DeleteFunc(people, func(e *Entry) bool { return !c.mayMatch(e) })
	users := n.newUsers(people, shadow, now)
	own := c
	own.Sponsor, own.Review = "", false
	users = slices.DeleteFunc(users, func(u User) bool { return !own.Matches(u) })
	if own != c {
		if err := n.AddSponsors(users, shadow, now); err != nil {
			return nil, 0, err
		}
		users = slices.DeleteFunc(users, func(u User) bool { return !c.Matches(u) })
	}
	return part(users, offset, limit), len(users), n.Err()
}

func part[T any](all []T, offset, limit int) []T {
	all = all[min(max(offset, 0), len(all)):]
	if limit > 0 {
		all = all[:min(limit, len(all))]
	}
	return all
}

// matchName compares a login name: a part of it, or with * and ? the whole.
func matchName(pattern, name string) bool {
	pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	if !strings.ContainsAny(pattern, "*?") {
		return strings.Contains(name, pattern)
	}
	// Brackets and backslashes mean themselves.
	is, err := path.Match(strings.NewReplacer(`[`, `\[`, `\`, `\\`).Replace(pattern), name)
	return err == nil && is
}

func said(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
