package main

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"
	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/lifetime"
	"sharezone/internal/schedule"
	"sharezone/internal/zone"
)

// agesView says what in a zone goes when, and lets its owner choose what stays.
type agesView struct {
	Here     templ.SafeURL
	Rule     string
	Changes  bool // he may choose
	Rows     []ageRow
	Partly   bool
	Commands []string
}

// ageRow is a name at the top of the zone.
type ageRow struct {
	Name  string
	Raw   string // percent-encoded, what the form sends
	When  string
	Files string
	Soon  string
	Kept  bool
}

// soonDays is what is called soon.
const soonDays = 7

// ages looks as the user himself, who sees of his zone what the kernel shows him.
func (p zonePage) ages() error {
	settings, err := p.call.Settings()
	if err != nil {
		return err
	}
	days := 0
	if p.MaxAge != nil {
		days = *p.MaxAge
	}
	var found zone.Ages
	return p.await(work{
		title: p.titleOf("ages"),
		head:  zoneHead(p.call.Language, p.headOf(p.seen, "ages")),
		do: func(func(int)) (err error) {
			found, err = lookAges(p.Name, days, time.Now(), settings.Search.Time)
			if p.badKeep() {
				found.Top = undated(found.Top)
			}
			return err
		},
		well: func() (outcome, error) {
			return outcome{status: p.status, object: agesObject{p.MaxAge, found}, body: agesBody(p.call.Language, p.agesView(days, found)), notice: p.notice}, nil
		},
		ill:  p.told,
		told: p.words,
	})
}

// badKeep says whether nothing goes because what stays is not known.
func (s seen) badKeep() bool { return slices.Contains(s.Problems, zone.BadKeep) }

// undated are the same names where nothing goes.
func undated(top []zone.AgeShare) []zone.AgeShare {
	for i := range top {
		top[i].First, top[i].Soon = time.Time{}, 0
	}
	return top
}

// agesObject is the JSON form.
type agesObject struct {
	MaxAge *int `json:"max_age"`
	zone.Ages
}

func (p zonePage) agesView(days int, found zone.Ages) agesView {
	l := p.call.Language
	v := agesView{Here: templ.SafeURL(zoneHref(p.Name, p.State)), Rule: l.Say("zones-ages.none"), Changes: p.Access == zone.Own && p.answers("keep") && !slices.Contains(p.Problems, zone.ReadOnly) && (days > 0 || p.badKeep())}
	if days > 0 {
		v.Rule = l.Count("zones-ages.rule", days)
		v.Commands = []string{command("/usr/lib/sharezone/cleaner", "--dry-run", "--once", "files", "--zone", p.Name)}
	}
	if p.badKeep() {
		v.Rule = l.Say("zones-ages.bad-keep")
	}
	v.Partly = !found.Complete
	var kept []string
	for _, share := range found.Top {
		row := ageRow{Name: share.Name, Raw: place{[]string{share.Name}}.encoded(), Files: l.Number(share.Files), Soon: l.Number(share.Soon), Kept: share.Kept, When: "–"}
		if p.typed != nil {
			row.Kept = slices.Contains(p.typed["raw"], row.Raw)
		}
		switch {
		case share.Kept:
			row.When, row.Soon = l.Say("zones-ages.stays"), l.Number(0)
			kept = append(kept, share.Name)
		case !share.First.IsZero():
			row.When = l.Date(share.First)
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Changes {
		v.Commands = append(v.Commands, keepCommands(p.Name, kept)...)
	}
	return v
}

// lookAges looks at nothing where nothing goes.
func lookAges(name string, days int, now time.Time, most time.Duration) (zone.Ages, error) {
	if days == 0 {
		return zone.Ages{Top: []zone.AgeShare{}, Complete: true}, nil
	}
	root, err := zone.OpenZone(name)
	if err != nil {
		return zone.Ages{}, err
	}
	defer root.Close()
	since, err := schedule.ReadSince(layout.CleanerSince, now)
	if err != nil {
		return zone.Ages{}, err
	}
	ends := func(born, changed time.Time) time.Time { return lifetime.Ends(born, changed, since, days) }
	return root.Ages(ends, now.AddDate(0, 0, soonDays), now.Add(most))
}

// keepCommands make these names stay, or others in their place; and none.
func keepCommands(name string, kept []string) []string {
	path, value, lines := layout.Base+"/"+name, "NAME", []string{}
	if len(kept) > 0 {
		value = strings.Join(kept, "/")
		lines = append(lines, command("setfattr", "-h", "-x", zone.AttrKeep, path))
	}
	// Between quotes setfattr takes for a code nothing but these two; -h follows no link, should the owner have put one there.
	value = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	return slices.Insert(lines, 0, command("setfattr", "-h", "-n", zone.AttrKeep, "-v", value, path))
}

// keep chooses which names at the top of the zone stay, whatever their age: those that the form names, and no others.
func (f form) keep() error {
	s, err := f.changing()
	if err != nil {
		return err
	}
	kept := []string{}
	add := func(name string) { // a page and a script may both name it, and there is not room for many
		if !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	for _, name := range f.fields["keep"] {
		if zone.CheckSegment(name) != nil {
			return wrong("keep", name)
		}
		add(name)
	}
	for _, raw := range f.fields["raw"] {
		at, err := parseEncoded(raw)
		if err != nil || len(at.names) != 1 {
			return wrong("raw", raw)
		}
		add(at.names[0])
	}
	m := zone.Metadata{Keep: kept}
	if err := m.Check(); err != nil {
		return f.keepAgain(s, err)
	}
	act, err := f.call.Event.BeginIn(s.concerned(), "zone-modify", m.Changes(false))
	if err != nil {
		return err
	}
	err = f.modifyAsUser(m, false, time.Now())
	endAct(act, f.told(err))
	if err != nil {
		return f.keepAgain(s, err)
	}
	return f.call.SeeOther(zoneHref(f.name, zone.StateOpen, "view", "ages", "done", "keep"), http.StatusOK, struct {
		Keep    []any `json:"keep"`
		Missing []any `json:"missing,omitempty"`
	}{inJSON(kept), inJSON(missing(f.name, kept))})
}

// inJSON are names as a request in JSON takes them, also one that is not UTF-8.
func inJSON(names []string) []any {
	all := make([]any, len(names))
	for i, name := range names {
		if all[i] = name; !utf8.ValidString(name) {
			all[i] = map[string]string{"raw": place{[]string{name}}.encoded()}
		}
	}
	return all
}

// missing are those of the names that nothing at the top of the zone has: a mistake in typing would be noticed when what was to stay is gone.
func missing(name string, kept []string) []string {
	root, err := zone.OpenZone(name)
	if err != nil {
		return nil
	}
	defer root.Close()
	return slices.DeleteFunc(slices.Clone(kept), func(name string) bool {
		var st unix.Stat_t
		return !errors.Is(unix.Fstatat(root.Descriptor(), name, &st, unix.AT_SYMLINK_NOFOLLOW), unix.ENOENT)
	})
}

// keepAgain answers a refused choice: people find it as they made it.
func (f form) keepAgain(s seen, err error) error {
	if f.call.JSON {
		return f.told(err)
	}
	return f.again(s, err, zonePage.ages)
}
