package main

import (
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"sharezone/internal/account"
	"sharezone/internal/layout"
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
	Latest      string // YYYY-MM-DD that the policy allows, "" = any
	Extend      []extension
	Members     []member
	Find        string
	Hits        []hit
	MoreHits    int
	Searched    bool
	Commands    []string
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
			row.Op, row.Submit = "open", l.Say("zones-check.open")
		case zone.Everybody:
			row.Op, row.Submit = "apply", l.Say("zones-check.apply")
		}
		if !p.Managed || !p.answers(row.Op) || p.State == zone.StateClosed || slices.Contains(p.seen.Problems, zone.OtherMount) {
			row.Op = ""
		}
		problems = append(problems, row)
	}
	if p.Managed && !p.answers("share") {
		problems = append(problems, problem{Words: l.Say("zones-refused.external")})
	}
	return problems
}

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
	Entry                   string      // what stands there, where the mask takes something of it: "rwx"
}

// hit is somebody with whom the zone could be shared.
type hit struct {
	Principal, Label, About string
	Group                   bool
	Access                  zone.Access // what he has already, "" = nothing
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
		Changes: p.Managed && p.answers("share"), Closed: p.State == zone.StateClosed, Expires: said(p.Expires), Find: typable(strings.TrimSpace(p.query.Get("find"))),
	}
	o.Problems, o.Everybody = p.problems(), slices.Contains(p.seen.Problems, zone.Everybody)
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
	o.Latest, o.Extend = latest(policy, now), extend(l, policy, o.Expires, now)
	if end, err := zone.ExpiresAt(o.Expires); o.Expires == "" || err == nil && now.Before(end) {
		o.Restorable = true
	}
	if former := said(p.FormerName); o.Closed && zone.IsTaken(former) {
		o.Taken, o.To = former, typable(p.typed.Get("to"))
		if o.To == "" {
			o.To = zone.NameLike(former, zone.IsTaken)
		}
	}
	if o.Find != "" && !o.Closed {
		o.Searched = true
		o.Hits, o.MoreHits = p.search(o.Find)
	}
	o.Commands = p.overviewCommands(o)
	return p.answer("", p.seen, overviewBody(l, o))
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

func (p zonePage) member(m zone.Member) member {
	kind, name, _ := strings.Cut(m.Principal, ":")
	row := member{Principal: m.Principal, Label: name, Group: kind == "group", Access: m.Access, Chosen: m.Access, Entry: m.Entry}
	if row.Group {
		g, known := p.names.Group(name)
		row.Gone = !known
		if known && g.IsSystem() {
			row.About = p.call.Language.Say("zones-members.system")
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
	}
	return row
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
	for _, g := range p.names.FindCompanies(find) {
		hits = append(hits, hit{Principal: "group:" + g.Name, Label: g.Name, Group: true, Access: has("group:" + g.Name)})
	}
	for _, e := range p.names.FindPeople(find) {
		if e.Name == p.Owner {
			continue
		}
		h := hit{Principal: "user:" + e.Name, Access: has("user:" + e.Name)}
		h.Label, h.About, _ = p.about(e.Name)
		hits = append(hits, h)
	}
	return hits[:min(len(hits), maxHits)], max(0, len(hits)-maxHits)
}

// overviewCommands are what does the same in a shell.
func (p zonePage) overviewCommands(o overviewView) []string {
	path := layout.Base + "/" + p.Name
	if o.Closed {
		words := []string{"shzadm", "zone", "restore", p.Name}
		if !o.Restorable {
			words = append(words, "--expires", "YYYY-MM-DD")
		}
		if o.Taken != "" {
			words = append(words, "--name", o.To)
		}
		return []string{command(words...)}
	}
	lines := []string{command("getfacl", path)}
	for _, e := range o.Extend {
		lines = append(lines, command("shzadm", "zone", "modify", p.Name, "--expires", e.Expires))
	}
	example := "user:NAME"
	if len(o.Hits) > 0 {
		example = o.Hits[0].Principal
	} else if len(o.Members) > 0 {
		example = o.Members[0].Principal
	}
	for _, access := range [...]string{"read", "write", "drop", "none"} {
		lines = append(lines, command("shzadm", "zone", "share", p.Name, example+"="+access))
	}
	if strings.HasPrefix(p.Owner, "uid:") {
		return lines // the next needs an account
	}
	short := strings.Replace(strings.Replace(example, "user:", "u:", 1), "group:", "g:", 1)
	// As the owner, who could put a link in the place of the zone, which setfacl would follow. Without -n it would make the mask
	// from the entries: r-x where all only read, and nobody could be given more.
	return append(lines, command("runuser", "-u", p.Owner, "--", "setfacl", "-n", "-m", short+":r-x,d:"+short+":r-x", path))
}
