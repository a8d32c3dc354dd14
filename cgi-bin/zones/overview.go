package main

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/text"
	"sharezone/internal/zone"
)

// overviewView is the first page of a zone: what it is, who is in it, and the forms for both.
type overviewView struct {
	Here        templ.SafeURL
	Name        string
	Problems    []problem
	Everybody   bool // gets in, on the list or not
	Facts       []fact
	Description string
	Managed     bool
	Changes     bool // there are forms; not by the external entry
	Closed      bool
	Restorable  bool   // closed, and its last day is not over; otherwise the form asks for a new one
	Taken       string // closed, and another zone has its name: this one
	To          string // the name that the form proposes then
	Expires     string // YYYY-MM-DD, for the form
	Today       string // YYYY-MM-DD
	Latest      string // YYYY-MM-DD that the policy allows, "" = any
	Reopened    string // the last day that was typed for a closed zone
	Extend      []extension
	Members     []member
	Find        string
	Hits        []hit
	MoreHits    int
	Searched    bool
	Invite      templ.SafeURL // where somebody new is invited, "" = not by this person
	Still       string        // who was taken off the list and gets in all the same, or can do more than was chosen
	Who         templ.SafeURL
	Commands    []step
}

// problem is what is wrong with the zone, with the button that mends it.
type problem struct {
	Words  string
	Op     string // "" = none from here
	Submit string
}

// problems are what is wrong with the zone, for who may change it with what mends it.
func (p zonePage) problems() []problem {
	l := p.call.Language
	var problems []problem
	for _, code := range p.seen.Problems {
		row := problem{Words: l.Say("zones-problem." + string(code))}
		switch code {
		case zone.Shut:
			if slices.ContainsFunc(p.Members, func(m zone.Member) bool { return m.Access != zone.None }) {
				row.Words = l.Say("zones-problem.shut-owner")
			} else if p.Owner == p.call.User && p.Access == zone.None {
				row.Words = l.Say("zones-problem.shut-all")
			} else if len(p.Members) == 0 && p.Managed {
				row.Words = l.Say("zones-problem.shut-nobody")
			}
			row.Op, row.Submit = "open", l.Say("zones-check.open")
		case zone.Everybody:
			if p.unfit() {
				break // apply would be refused
			}
			row.Op, row.Submit = "apply", l.Say("zones-check.apply")
		}
		if !p.changes(p.seen) || p.State == zone.StateClosed {
			row.Op = ""
		}
		problems = append(problems, row)
	}
	if p.Managed && !p.answers("share") {
		problems = append(problems, problem{Words: l.Say("zones-refused.external")})
	}
	return problems
}

// unfit says whether a zone can be made what its root says: not under a wrong owner, nor without lists.
func (s seen) unfit() bool {
	return slices.ContainsFunc(s.Problems, func(p zone.Problem) bool { return p == zone.OwnerWrong || p == zone.OwnerGone || p == zone.NoACL })
}

// step is a line for a shell, and what of the page it does.
type step struct{ What, Line string }

// extension is a button that moves the last day.
type extension struct {
	Expires string // what the form sends
	Day     string // the same as it is read, "" = the zone gets no end
}

// member is somebody with whom the zone is shared.
type member struct {
	Principal, Label, About string
	Group, Gone             bool
	Access, Chosen          zone.Access // what holds; what stands there, which the form offers first
	Entry                   string      // what stands there, where that is not what it amounts to: "rwx", or "r--"
	Seen                    string      // the same for the form, which is refused when it has changed
	Bar                     string      // what keeps him from logging in, "" = nothing
	More                    string      // what he can do beyond that, by a group for example; "" = nothing
	Odd                     bool        // because nobody has that in Share Zone, not because the mask takes something
}

// hit is somebody with whom the zone could be shared.
type hit struct {
	Principal, Label, About string
	Group                   bool
	Who                     string      // of a group: how many are in it, and some of them
	By                      string      // of a person who is not on the list: by which groups he gets in
	Bar                     string      // as of a member
	Access                  zone.Access // what he has already, "" = nothing
	Seen                    string      // as of a member
}

// maxHits bounds what one search shows: more are no help to anybody.
const maxHits = 20

func (p zonePage) overview() error {
	l := p.call.Language
	if p.State == zone.StateOpen {
		p.Quota = quotas(p.Name)
	}
	o := overviewView{
		Here: templ.SafeURL(zoneHref(p.Name, p.State)), Name: p.Name, Facts: p.facts(), Description: said(p.Description), Managed: p.Managed,
		Changes: p.changes(p.seen), Closed: p.State == zone.StateClosed, Expires: said(p.Expires), Find: p.find(),
	}
	o.Problems, o.Everybody = p.problems(), slices.Contains(p.seen.Problems, zone.Everybody)
	if !p.call.JSON && len(p.Members) > 0 {
		p.names.Members(layout.GroupBase) // one question to a directory for all of them
	}
	for _, m := range p.Members {
		o.Members = append(o.Members, p.member(m))
	}
	if p.call.JSON || !o.Changes {
		return p.answer("", p.seen, overviewBody(l, o))
	}
	policy, err := p.policy()
	if err != nil {
		return err
	}
	now := time.Now()
	o.Today, o.Latest, o.Extend = now.Local().Format(time.DateOnly), latest(policy, now), extend(l, policy, o.Expires, now)
	o.Reopened = typable(p.typed.Get("expires"))
	if end, err := zone.ExpiresAt(o.Expires); o.Expires == "" || err == nil && now.Before(end) {
		o.Restorable = true
	}
	if former := said(p.FormerName); o.Closed && zone.IsTaken(former) {
		o.Taken, o.To = former, typable(p.typed.Get("to"))
		if o.To == "" {
			o.To = zone.NameLike(former, zone.IsTaken)
		}
	}
	if gone := p.query.Get("of"); gone != "" && (p.call.Done() == "unshare" || p.call.Done() == "absent") {
		o.Still, o.Who = p.still(gone)
	} else if gone != "" && p.call.Done() == "share" {
		o.Still, o.Who = p.beyond(gone)
	}
	if o.Find != "" && !o.Closed {
		o.Searched = true
		o.Hits, o.MoreHits = p.search(o.Find)
	}
	if s, err := p.call.Settings(); err == nil && !o.Closed && p.call.Entry != "external" && s.Invites() && (p.call.Administers() || p.Owner == p.call.User && s.Login.Invitations > 0) {
		o.Invite = templ.SafeURL("/cgi-bin/users?" + url.Values{"view": {"new"}, "zone": {p.Name}}.Encode())
	}
	p.addBars(&o)
	o.Commands = p.overviewCommands(o)
	return p.answer("", p.seen, overviewBody(l, o))
}

// addBars says of whom the zone is, or could be, shared with what keeps him from logging in.
func (p zonePage) addBars(o *overviewView) {
	var users []string
	add := func(principal string) {
		if name, isUser := strings.CutPrefix(principal, "user:"); isUser {
			users = append(users, name)
		}
	}
	for _, h := range o.Hits {
		add(h.Principal)
	}
	for _, m := range o.Members {
		if !m.Gone {
			add(m.Principal)
		}
	}
	if o.Closed {
		return
	}
	l, people := p.call.Language, p.asked(p.Name, users)
	for i, m := range o.Members {
		person := people[strings.TrimPrefix(m.Principal, "user:")]
		o.Members[i].Bar = bar(l, person)
		if exceeds(person, m.Access) {
			o.Members[i].More = l.Say("zones-members.more", can(l, person, "dir"))
		}
	}
	for i, h := range o.Hits {
		o.Hits[i].Bar = bar(l, people[strings.TrimPrefix(h.Principal, "user:")])
	}
}

// still says of somebody who was taken off the list that he gets in all the same, as the kernel answers, and where more of that
// stands. Of the members of a group it says that they may.
func (p zonePage) still(principal string) (string, templ.SafeURL) {
	l := p.call.Language
	kind, name, _ := strings.Cut(principal, ":")
	if kind == "group" {
		return l.Say("zones-unshare.group"), templ.SafeURL(zoneHref(p.Name, p.State, "view", "who"))
	}
	reply, err := p.access(helper.AccessRequest{Op: "who", Zone: p.Name, Users: []string{name}})
	if err != nil {
		p.call.Log(err) // he may have no account any more
		return "", ""
	}
	for _, person := range reply.People {
		if person.Enter {
			label, _, _ := p.about(name)
			return l.Say("zones-unshare.still", text.Name(label), text.Name(p.why(person))), templ.SafeURL(zoneHref(p.Name, p.State, "view", "who", "as", name))
		}
	}
	return "", ""
}

// beyond says who of a principal can do more, as the kernel answers, than the list has for it, or that he has less than his groups.
func (p zonePage) beyond(principal string) (string, templ.SafeURL) {
	i := slices.IndexFunc(p.Members, func(m zone.Member) bool { return m.Principal == principal })
	if i < 0 || p.Members[i].Access != zone.Read && p.Members[i].Access != zone.Drop {
		return "", ""
	}
	l, who := p.call.Language, templ.SafeURL(zoneHref(p.Name, p.State, "view", "who"))
	kind, name, _ := strings.Cut(principal, ":")
	var sentences []string
	if by := zone.ByGroups(p.Members, name, p.names); kind == "user" && by.Access != zone.None && by.Access != p.Members[i].Access {
		sentences = append(sentences, l.Say("zones-share.less", p.stillWords(by)))
	}
	users := []string{name}
	if kind == "group" {
		users = nil
		for _, e := range p.names.Members(name) {
			if e.Name != p.Owner {
				users = append(users, e.Name)
			}
		}
	}
	if len(users) > maxAsked { // silence about the first of them would mean that there is nobody
		return l.Say("zones-share.large"), who
	}
	var more []string
	for _, person := range p.asked(p.Name, users) {
		if exceeds(person, p.Members[i].Access) {
			label, _, _ := p.about(person.User)
			more = append(more, l.Say("zones-share.beyond", text.Name(label), text.Name(can(l, person, "dir"))))
		}
	}
	slices.Sort(more)
	sentences = append(sentences, more[:min(len(more), maxNamed)]...)
	if len(more) > maxNamed {
		sentences = append(sentences, l.Say("zones-share.beyond-more", l.Number(int64(len(more)-maxNamed))))
	}
	if len(sentences) == 0 {
		return "", ""
	}
	return strings.Join(sentences, " "), who
}

// latest is the last day that the policy allows, "" = any.
func latest(policy zone.Policy, now time.Time) string {
	if policy.MaxExpiry == 0 {
		return ""
	}
	return policy.Longest(now)
}

// extend is as far as the policy allows; without one by a month, or for ever. None where the last day is as far away already
// as a button could move it.
func extend(l language, policy zone.Policy, expires string, now time.Time) []extension {
	longest := policy.Longest(now)
	if expires == "" || longest != "" && longest <= expires {
		return nil
	}
	if longest != "" {
		return []extension{{longest, l.Day(longest)}}
	}
	from := now.Local()
	if day, err := time.ParseInLocation(time.DateOnly, expires, time.Local); err == nil && day.After(from) {
		from = day
	}
	next := nextMonth(from).Format(time.DateOnly)
	return []extension{{next, l.Day(next)}, {}}
}

// nextMonth is the same day of the next month, or the last one where that has none: AddDate makes 3 March of 31 January.
func nextMonth(day time.Time) time.Time {
	next := day.AddDate(0, 1, 0)
	if next.Day() != day.Day() {
		next = next.AddDate(0, 0, -next.Day())
	}
	return next
}

// listed is how the list stands for a principal, in a word that changes with it.
func (s seen) listed(principal string) string {
	if i := slices.IndexFunc(s.Members, func(m zone.Member) bool { return m.Principal == principal }); i >= 0 {
		return string(s.Members[i].Access) + s.Members[i].Entry
	}
	return "-"
}

// unlisted says whether a principal has no right of Share Zone's by the list, and nobody wrote there that he is to have none.
func (s seen) unlisted(principal string) bool {
	return !slices.ContainsFunc(s.Members, func(m zone.Member) bool {
		return m.Principal == principal && (m.Access != zone.None || m.Entry == "---")
	})
}

func (p zonePage) member(m zone.Member) member {
	kind, name, _ := strings.Cut(m.Principal, ":")
	row := member{Principal: m.Principal, Label: name, Group: kind == "group", Access: m.Access, Chosen: m.Access, Entry: m.Entry, Seen: p.listed(m.Principal)}
	if row.Group {
		g, known := p.names.Group(name)
		row.Group, row.Gone = known, !known
		if known {
			row.About = p.call.Language.Say("zones-members." + p.kindOf(g))
		}
	} else {
		row.Label, row.About, row.Gone = p.about(name)
	}
	switch m.Entry {
	case "rwx":
		row.Chosen = zone.Write
	case "r-x":
		row.Chosen = zone.Read
	case "-wx":
		row.Chosen = zone.Drop
	case "":
	default:
		row.Odd = true
	}
	return row
}

// kindOf says what a group is, as keys of the catalogue have it.
func (v viewer) kindOf(g account.Group) string {
	switch g.Name {
	case layout.GroupBase:
		return "everyone"
	case layout.GroupManager:
		return "managers"
	case layout.GroupAdmin:
		return "admins"
	}
	switch e, isUser := v.names.User(g.Name); {
	case g.IsSystem():
		return "system"
	case isUser && e.GID == g.GID:
		return "private"
	case strings.HasPrefix(g.Name, layout.CompanyPrefix):
		return "group"
	}
	return "other"
}

// listed is what the list says of a member of whom the mask takes something away.
func (m member) listed(l language) string {
	switch m.Entry {
	case "rwx", "r-x", "-wx":
		return l.Say("zones-choice." + string(m.Chosen))
	}
	return m.Entry
}

// about is how a person is shown: name, company and login name, and whether there is no such account.
func (v viewer) about(name string) (label, about string, gone bool) {
	e, known := v.names.User(name)
	if !known {
		return name, "", true
	}
	c := account.ParseGECOS(e.GECOS)
	if strings.TrimSpace(c.FullName) == "" {
		return name, c.Company, false
	}
	about = name
	if c.Company != "" {
		about = c.Company + " · " + name
	}
	return c.FullName, about, false
}

// search finds people and companies to share with.
func (p zonePage) search(find string) ([]hit, int) {
	var hits []hit
	has := func(principal string) zone.Access {
		if i := slices.IndexFunc(p.Members, func(m zone.Member) bool { return m.Principal == principal }); i >= 0 {
			return p.Members[i].Access
		}
		return ""
	}
	groups := p.names.FindCompanies(find)
	if g, known := p.names.Group(find); known && !strings.HasPrefix(find, layout.CompanyPrefix) && p.kindOf(g) != "private" {
		groups = append(groups, g) // of others the whole name is wanted: nobody is to come upon them
	}
	// What is said of each is looked up, so of those alone that are shown.
	people := p.names.FindPeople(find)
	more := max(0, len(groups)+len(people)-maxHits)
	groups = groups[:min(len(groups), maxHits)]
	people = people[:min(len(people), maxHits-len(groups))]
	for _, g := range groups {
		h := hit{Principal: "group:" + g.Name, Label: g.Name, Group: true, Access: has("group:" + g.Name), Who: p.membersOf(g), Seen: p.listed("group:" + g.Name)}
		h.About = p.call.Language.Say("zones-members." + p.kindOf(g))
		if c, known := p.names.FindCompany(g.Name); known && len(c.Companies) > 0 {
			h.About = strings.Join(c.Companies, " · ")
		}
		hits = append(hits, h)
	}
	for _, e := range people {
		h := hit{Principal: "user:" + e.Name, Access: has("user:" + e.Name), Seen: p.listed("user:" + e.Name)}
		if e.Name == p.Owner {
			h.Access = zone.Own
		}
		h.Label, h.About, _ = p.about(e.Name)
		if by := zone.ByGroups(p.Members, e.Name, p.names); h.Access == "" && by.Access != zone.None {
			h.By = p.stillWords(by)
		}
		hits = append(hits, h)
	}
	return hits, more
}

// maxNamed is how many members of a group are named: who knows the company sees whether it is the one.
const maxNamed = 5

// membersOf says how many are in a group, and who.
func (p zonePage) membersOf(g account.Group) string {
	members := p.names.Members(g.Name)
	var named []string
	for _, e := range members[:min(len(members), maxNamed)] {
		label, _, _ := p.about(e.Name)
		named = append(named, label)
	}
	words := p.call.Language.Count("zones-share.people", len(members))
	if len(named) > 0 {
		words += ": " + strings.Join(named, ", ")
	}
	if len(members) > len(named) {
		words += ", …"
	}
	return words
}

// overviewCommands are what does the same in a shell.
func (p zonePage) overviewCommands(o overviewView) []step {
	l := p.call.Language
	var steps []step
	add := func(what string, words ...string) {
		steps = append(steps, step{l.Say("zones-commands." + what), command(words...)})
	}
	path := layout.Base + "/" + p.Name
	if o.Closed {
		words := []string{"shzadm", "zone", "restore", p.Name}
		if !o.Restorable {
			words = append(words, "--expires", "YYYY-MM-DD")
		}
		if o.Taken != "" {
			words = append(words, "--name", o.To)
		}
		add("restore", words...)
		return steps
	}
	example := "user:NAME"
	if i := slices.IndexFunc(o.Hits, func(h hit) bool { return h.Access != zone.Own }); i >= 0 {
		example = o.Hits[i].Principal
	} else if len(o.Members) > 0 {
		example = o.Members[0].Principal
	}
	for _, access := range [...]string{"read", "write", "drop", "none"} {
		add("share", "shzadm", "zone", "share", p.Name, example+"="+access)
	}
	for _, e := range o.Extend {
		add("extend", "shzadm", "zone", "modify", p.Name, "--expires", e.Expires)
	}
	add("list", "getfacl", path)
	if strings.HasPrefix(p.Owner, "uid:") || slices.Contains(p.seen.Problems, zone.NoACL) {
		return steps // the next needs an account, and a mask: where there is no list, -n makes one that lets nobody in
	}
	short := strings.Replace(strings.Replace(example, "user:", "u:", 1), "group:", "g:", 1)
	// As the owner, who could put a link in the place of the zone, which setfacl would follow. Without -n it would make the mask
	// from the entries: r-x where all only read, and nobody could be given more.
	add("root", "runuser", "-u", p.Owner, "--", "setfacl", "-n", "-m", short+":r-x,d:"+short+":r-x", path)
	return steps
}
