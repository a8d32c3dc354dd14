package main

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"sharezone/internal/helper"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// checkView is what in a zone is not as its root makes it.
type checkView struct {
	Here     templ.SafeURL
	Groups   []findingGroup
	Transfer templ.SafeURL // where the zone is given to another: "" unless its owner is wrong, and who looks may
	Person   string        // who decides where no command does
	Open     bool          // the zone is shut, and the button opens it: first, as Apply makes no mask wider
	Apply    bool          // the button mends at least one of them
	Out      []standing    // whom that button puts out of most of the lists
	Gains    string        // who gets more by it, and by which groups
	Commands []string
}

// findingGroup are those of which the same is to be said, on one card.
type findingGroup struct {
	kind         string
	Title, Words string
	Total        int
	Rows         []findingRow // the first of them
	More         int          // beyond those
	Found, Right string       // where they are the same for all rows
	People       []standing
	Apply        bool
	Decided      bool // the words say who mends it
	Commands     []string
	Partly       bool // the commands are for those that are named
	differ       bool // something that is not named is otherwise
}

// findingRow is one of them.
type findingRow struct {
	Path         string
	Href         templ.SafeURL // who can do what with it; of what lies in the trash, that
	About        string        // in whose trash it lies
	Found, Right string
	Remove       templ.SafeURL // where it is asked whether it is to go; "" = not from here
	Take         string        // the folder that a button makes the zone owner's, percent-encoded
	Open         string        // the user's own file that a button opens, percent-encoded
}

// standing is somebody who is in the lists of the content of a zone that lost its own.
type standing struct {
	Label, May string
	Member     string        // as the form that shares with all of them sends it; "" = not from here
	Href       templ.SafeURL // where the zone is shared with him; "" = not from here
}

// maxAlike is how many things a card names: the others are like them.
const maxAlike = 20

// name is what a finding is about.
func (f findingRow) name(l language) string {
	if f.Path == "" {
		return l.Say("zones-check.root")
	}
	return f.Path
}

// unescaped is a path whose names may be reserved.
func unescaped(path string) string {
	names := strings.Split(path, "/")
	for i, segment := range names {
		names[i], _ = zone.Unescape(segment)
	}
	return strings.Join(names, "/")
}

// discarded says of a path in the trash whose it is, and what the thing there is called; "" of what is no such path, or of a folder of the trash.
func (v viewer) discarded(path string) (owner, name string) {
	parts := strings.SplitN(path, "/", 3) // a person's folder, that of one deletion, and the rest
	number, inTrash := strings.CutPrefix(parts[0], ".shz-trash-")
	uid, err := strconv.ParseUint(number, 10, 32)
	if !inTrash || err != nil || len(parts) < 3 {
		return "", ""
	}
	if user, known := v.names.UserName(uint32(uid)); known {
		return v.person(user), parts[2]
	}
	return zone.OwnerName(uint32(uid), v.names), parts[2]
}

// foundFacts are what is there and what should be, where there is something to say.
func foundFacts(l language, found, right string) []fact {
	facts := []fact{{l.Say("zones-check.found"), found, true}, {l.Say("zones-check.right"), right, true}}
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
}

// checkObject is the JSON form.
type checkObject struct {
	Findings []zone.Drift   `json:"findings"`
	More     int            `json:"more"`
	Kinds    map[string]int `json:"kinds"`
	Standing []zone.Member  `json:"standing"` // whom "apply" puts out
}

func (p zonePage) check() error {
	var reply helper.ZonefixReply
	l := p.call.Language
	return p.await(work{
		title: p.titleOf("check"),
		head:  zoneHead(l, p.headOf(p.seen, "check")),
		do: func(progress func(int)) (err error) {
			reply, err = p.zonefix(helper.ZonefixRequest{Op: "check", Zone: p.Name}, progress)
			return err
		},
		well: func() (outcome, error) {
			kinds := make(map[string]int) // an object also where there are none
			maps.Copy(kinds, reply.Kinds)
			return outcome{
				status: p.status, object: checkObject{append([]zone.Drift{}, reply.Findings...), reply.More, kinds, append([]zone.Member{}, reply.Standing...)},
				body: checkBody(l, p.checkView(reply)), notice: p.notice,
			}, nil
		},
		ill:  p.told,
		told: p.words,
	})
}

func (p zonePage) checkView(reply helper.ZonefixReply) checkView {
	l := p.call.Language
	c := checkView{Here: templ.SafeURL(zoneHref(p.Name, p.State)), Person: l.Say("zones-check.person")}
	if p.admin {
		c.Person = l.Say("zones-check.person-admin")
	}
	foreign := make(map[string]bool) // what belongs to nobody of Share Zone: no button takes that
	mendable := false
	for _, d := range reply.Findings {
		foreign[d.Path] = foreign[d.Path] || d.Kind == zone.DriftOwner
		mendable = mendable || d.Apply
		if d.Path == "" && d.Kind == zone.DriftOwner && p.admin && p.answers("transfer") {
			c.Transfer = templ.SafeURL(zoneHref(p.Name, p.State, "view", "transfer"))
		}
		c.Apply = c.Apply || d.Apply && p.changes(p.seen)
		c.Open = c.Open || d.Path == "" && d.Kind == zone.DriftShut && p.changes(p.seen)
	}
	if c.Apply {
		c.Out, c.Gains = p.standing(reply.Standing), p.stillWords(reply.Still...)
	}
	if mendable {
		c.Commands = []string{command("shzadm", "zone", "apply", p.Name)}
		if len(reply.Standing)+len(reply.Still) > 0 {
			c.Commands = []string{zone.MendSurely(p.Name)}
		}
	}
	for _, d := range reply.Findings {
		p.group(&c, d, foreign[d.Path])
	}
	named := make(map[string]int)
	for _, g := range c.Groups {
		named[g.kind] += g.Total
	}
	for _, kind := range zone.DriftKinds { // of a large zone some are only counted
		rest := reply.Kinds[kind] - named[kind]
		if rest <= 0 {
			continue
		}
		i := slices.IndexFunc(c.Groups, func(g findingGroup) bool { return g.kind == kind })
		if i < 0 {
			i, c.Groups = len(c.Groups), append(c.Groups, findingGroup{kind: kind, Title: l.Say("zones-kind." + kind), Words: l.Say("zones-drift." + kind), Decided: true})
		}
		c.Groups[i].Total += rest
	}
	for i := range c.Groups {
		if slices.Equal(c.Groups[i].Commands, c.Commands) {
			c.Groups[i].Commands = nil // it stands below all of them
		}
		c.Groups[i].More = c.Groups[i].Total - len(c.Groups[i].Rows)
		c.Groups[i].fold()
	}
	return c
}

// group puts a finding on the card of those of which the same is to be said.
func (p zonePage) group(c *checkView, d zone.Drift, foreign bool) {
	l := p.call.Language
	g := findingGroup{kind: d.Kind, Title: l.Say("zones-kind.unknown"), Words: l.Say("zones-drift.unknown"), Apply: d.Apply}
	if l.Knows("zones-drift." + d.Kind) {
		g.Title, g.Words = l.Say("zones-kind."+d.Kind), l.Say("zones-drift."+d.Kind)
	}
	if d.Path == "" && d.Kind == zone.DriftOwner {
		g.Title = l.Say("zones-kind.zone-owner")
	}
	switch {
	case d.Path == "" && d.Kind == zone.DriftOwner && d.Right != "":
		g.Words, g.Decided = l.Say("zones-drift.zone-chowned"), true
	case d.Path == "" && d.Kind == zone.DriftOwner && slices.Contains(p.seen.Problems, zone.OwnerNotManager):
		g.Words, g.Decided = l.Say("zones-drift.zone-demoted"), true
	case d.Path == "" && d.Kind == zone.DriftOwner:
		g.Words, g.Decided = l.Say("zones-drift.zone-owner"), true
	case d.Path == "" && d.Kind == zone.DriftShut:
		g.Words = l.Say("zones-drift.zone-shut")
	case d.Kind == zone.DriftValue && strings.HasPrefix(d.Found, "keep: "):
		g.Words = l.Say("zones-problem.bad-keep")
	case foreign && d.Path != "" && d.Kind != zone.DriftOwner && d.Kind != zone.DriftImmutable:
		g.Words, g.Decided = g.Words+" "+l.Say("zones-refused.foreign"), true
	}
	row := findingRow{Found: d.Found, Right: d.Right}
	isFile := d.Kind == zone.DriftShut && d.Type == "file"
	if isFile {
		if !foreign {
			g.Words = l.Say("zones-drift.shut-file")
		}
		row.About = l.Say("zones-check.of", p.person(d.Owner))
	}
	if at, err := parseEncoded(d.Path); err == nil {
		row.Path, row.Href = at.bytes(), whoHref(p.Name, at)
		switch {
		case d.Path == "" || foreign || d.Kind != zone.DriftShut && d.Kind != zone.DriftOwns || !p.answers("take") || p.unfit():
		case !isFile:
			row.Take = at.encoded()
		case d.Owner == p.call.User:
			row.Open = at.encoded()
		}
	} else { // it has, or lies in, what has a reserved name: no page leads there
		row.Path = unescaped(d.Path)
		if owner, name := p.discarded(row.Path); name != "" { // as whoever threw it away calls it
			row.Path, row.About = name, l.Say("zones-check.in-trash", owner)
			row.Href = templ.SafeURL(withQuery("/cgi-bin/shz/"+p.Name+"/", url.Values{"trash": {"1"}}))
		}
		switch inTrash, below := zone.InTrash(d.Path); {
		case inTrash && d.Kind == zone.DriftReserved && !below:
			g.Words, g.Decided = l.Say("zones-drift.reserved-trash"), true
			if p.changes(p.seen) && p.answers("remove") {
				row.Remove = templ.SafeURL(zoneHref(p.Name, p.State, "view", "remove", "raw", d.Path))
			}
		case inTrash && d.Kind == zone.DriftOwner:
			g.Words, g.Decided = l.Say("zones-drift.owner-trash"), true
		}
	}
	if d.Kind == zone.DriftUnlisted {
		row.Found = ""
		g.People = p.standing(d.Members)
	}
	i := slices.IndexFunc(c.Groups, func(o findingGroup) bool { return o.kind == g.kind && o.Words == g.Words && o.Apply == g.Apply })
	if i < 0 {
		i, c.Groups = len(c.Groups), append(c.Groups, g)
	}
	at := &c.Groups[i]
	at.Total++
	if len(at.Rows) == maxAlike {
		at.differ = at.differ || row.Found != at.Rows[0].Found || row.Right != at.Rows[0].Right
		at.Partly = at.Partly || slices.ContainsFunc(d.Mend, func(line string) bool { return !slices.Contains(at.Commands, line) })
		return
	}
	at.Rows = append(at.Rows, row)
	for _, line := range d.Mend {
		if !slices.Contains(at.Commands, line) { // one command mends most of it at once
			at.Commands = append(at.Commands, line)
		}
	}
}

// fold says once what is the same of all.
func (g *findingGroup) fold() {
	if len(g.Rows) == 0 || g.differ {
		return
	}
	first := g.Rows[0]
	for _, r := range g.Rows {
		if r.Found != first.Found || r.Right != first.Right {
			return
		}
	}
	g.Found, g.Right = first.Found, first.Right
	for i := range g.Rows {
		g.Rows[i].Found, g.Rows[i].Right = "", ""
	}
}

// standing are people, each with where the zone is shared with him again.
func (p zonePage) standing(members []zone.Member) []standing {
	var people []standing
	for _, m := range members {
		kind, name, _ := strings.Cut(m.Principal, ":")
		s := standing{Label: name, May: p.call.Language.Say("zones-access." + string(m.Access))}
		if kind == "user" {
			s.Label = p.person(name)
		}
		if p.changes(p.seen) && p.answers("share") {
			if p.askedAbout(m.Principal) == "" { // of others the page of the zone, where the link leads, asks first
				s.Member = m.Principal + "=" + string(m.Access)
			}
			s.Href = templ.SafeURL(zoneHref(p.Name, p.State, "find", name) + "#share")
		}
		people = append(people, s)
	}
	return people
}

// spaceView is what a zone takes on the disk.
type spaceView struct {
	Facts    []fact
	People   []spaceRow
	Top      []spaceRow
	Commands []string
}

// spaceRow is the part of one person or one name.
type spaceRow struct {
	Label string
	Href  templ.SafeURL
	Size  string
	Files string
	Part  int // of the whole, in percent
	Quota string
}

// percent writes a part of a whole.
func percent(n int) string { return strconv.Itoa(n) + "\u00a0%" }

func (p zonePage) space() error {
	var reply helper.ZonefixReply
	l := p.call.Language
	return p.await(work{
		title: p.titleOf("space"),
		head:  zoneHead(l, p.headOf(p.seen, "space")),
		do: func(progress func(int)) (err error) {
			reply, err = p.zonefix(helper.ZonefixRequest{Op: "space", Zone: p.Name}, progress)
			return err
		},
		well: func() (outcome, error) {
			if reply.Space == nil {
				return outcome{}, web.Refuse(web.Internal, "zonefix: no space in the answer")
			}
			return outcome{status: p.status, object: reply.Space, body: spaceBody(l, p.spaceView(*reply.Space)), notice: p.notice}, nil
		},
		ill:  p.told,
		told: p.words,
	})
}

func (p zonePage) spaceView(s zone.Space) spaceView {
	l := p.call.Language
	v := spaceView{
		Facts: []fact{
			{l.Say("zones-space.used"), l.Size(s.Bytes), false}, {l.Say("zones-space.files"), l.Number(s.Files), false},
			{l.Say("zones-space.folders"), l.Number(s.Folders), false}, {l.Say("zones-space.free"), l.Size(s.Free), false},
		},
		Commands: []string{command("shzadm", "zone", "space", p.Name), command("du", "-sh", "--", zonePath(p.Name, place{}))},
	}
	if s.Limit != nil {
		v.Facts = append(v.Facts, fact{l.Say("zones-space.limit"), l.Size(*s.Limit), false})
	}
	part := func(bytes int64) int { return int(bytes * 100 / max(s.Bytes, 1)) }
	for _, share := range s.People {
		row := spaceRow{Label: p.person(share.Name), Size: l.Size(share.Bytes), Files: l.Number(share.Files), Part: part(share.Bytes)}
		if share.Quota != nil {
			row.Quota = l.Say("zones-quota.person", quotaWords(l, share.Quota))
		}
		v.People = append(v.People, row)
	}
	for _, share := range s.Top {
		v.Top = append(v.Top, spaceRow{
			Label: share.Name, Href: whoHref(p.Name, place{[]string{share.Name}}), Size: l.Size(share.Bytes), Files: l.Number(share.Files), Part: part(share.Bytes),
		})
	}
	return v
}
