package main

import (
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
	Findings []findingRow
	More     int
	Transfer templ.SafeURL // where the zone is given to another: "" unless its owner is wrong, and who looks may
	Person   string        // who decides where no command does
	Open     bool          // the zone is shut, and the button opens it: first, as Apply makes no mask wider
	Apply    bool          // the button mends at least one of them
	Commands []string
}

// findingRow is one of them.
type findingRow struct {
	Path         string
	Href         templ.SafeURL // who can do what with it
	Words        string
	Found, Right string
	Mend         []string
	Apply        bool
	Take         string // the folder that a button makes the zone owner's, percent-encoded
	Decided      bool   // the words say who mends it
}

// name is what a finding is about.
func (f findingRow) name(l language) string {
	if f.Path == "" {
		return l.Say("zones-check.root")
	}
	return f.Path
}

// checkObject is the JSON form.
type checkObject struct {
	Findings []zone.Drift `json:"findings"`
	More     int          `json:"more"`
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
			return outcome{
				status: p.status, object: checkObject{append([]zone.Drift{}, reply.Findings...), reply.More},
				body: checkBody(l, p.checkView(reply)), notice: p.notice,
			}, nil
		},
		ill:  p.told,
		told: p.words,
	})
}

func (p zonePage) checkView(reply helper.ZonefixReply) checkView {
	l := p.call.Language
	c := checkView{
		Here: templ.SafeURL(zoneHref(p.Name, p.State)), More: reply.More,
		Person: l.Say("zones-check.person"), Commands: []string{command("shzadm", "zone", "apply", p.Name)},
	}
	if p.admin {
		c.Person = l.Say("zones-check.person-admin")
	}
	for _, d := range reply.Findings {
		row := findingRow{Found: d.Found, Right: d.Right, Mend: d.Mend, Apply: d.Apply, Words: l.Say("zones-drift.unknown")}
		if l.Knows("zones-drift." + d.Kind) {
			row.Words = l.Say("zones-drift." + d.Kind)
		}
		if d.Path == "" && d.Kind == zone.DriftOwner {
			row.Words, row.Decided = l.Say("zones-drift.zone-owner"), true
			if d.Right != "" {
				row.Words = l.Say("zones-drift.zone-chowned")
			}
			if p.admin && p.answers("transfer") {
				c.Transfer = templ.SafeURL(zoneHref(p.Name, p.State, "view", "transfer"))
			}
		}
		if d.Kind == zone.DriftValue && strings.HasPrefix(d.Found, "keep: ") {
			row.Words = l.Say("zones-problem.bad-keep")
		}
		if at, err := parseEncoded(d.Path); err == nil {
			row.Path, row.Href = at.bytes(), whoHref(p.Name, at)
			if d.Path != "" && (d.Kind == zone.DriftShut || d.Kind == zone.DriftOwns) && p.answers("take") && !p.unfit() {
				row.Take = at.encoded()
			}
		}
		c.Apply = c.Apply || d.Apply && p.changes(p.seen)
		c.Open = c.Open || d.Path == "" && d.Kind == zone.DriftShut && p.changes(p.seen)
		c.Findings = append(c.Findings, row)
	}
	return c
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
		Commands: []string{command("du", "-sh", "--", zonePath(p.Name, place{}))},
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
