package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

// driftTime is how long doctor looks into zones, in all: it is to answer while somebody waits. shzadm zone check has no
// limit.
const driftTime = 20 * time.Second

// checkZoneRights tells how a root differs from what its members make of it, as one finding: its commands belong together.
// Entries of nobody come first, because shzadm zone share takes them from the content too. The rule is internal/zone's. apply is what comes
// instead of the plain command where that would be refused.
func (u *checkup) checkZoneRights(r zone.Root, path, apply string) {
	var found, right, mend []string
	add := func(commands []string) { // one command mends most of it at once
		for _, command := range commands {
			if !slices.Contains(mend, command) {
				mend = append(mend, command)
			}
		}
	}
	for _, d := range u.zones.DriftOf(r) {
		switch d.Kind {
		case zone.DriftOwner: // said already
		case zone.DriftNobody:
			u.check(false, finding{Check: "zone-nobody", Subject: path, Found: d.Found, Mend: d.Mend[0]})
		default:
			found, right = append(found, driftText(d.Kind, d.Found)), append(right, driftText(d.Kind, d.Right))
			if d.Apply {
				d.Mend = []string{apply}
			}
			add(d.Mend)
		}
	}
	u.check(len(mend) == 0, finding{Check: "zone-rights", Subject: path, Found: strings.Join(found, " "),
		Right: strings.Join(right, " "), Mend: strings.Join(mend, " && ")})
}

// checkZoneList says of a zone that lost its list who is in those of its content. Before they are in it again, what mends the rest
// would put them out.
func (u *checkup) checkZoneList(r zone.Root, path string) bool {
	if !r.HasNoList() {
		return true
	}
	h, err := u.zones.Reach(r.Name)
	if err != nil {
		return false // renamed or closed since
	}
	defer h.Release()
	standing, complete, err := h.Standing(u.late)
	u.check(err == nil, finding{Check: "unreadable", Subject: path, Found: errorText(err)})
	switch {
	case err != nil:
	case !complete:
		u.partial = append(u.partial, path)
	case len(standing) > 0:
		d := zone.Unlisted(r.Name, standing)
		u.check(false, finding{Check: "zone-unlisted", Subject: path, Found: d.Found, Mend: strings.Join(d.Mend, " && ")})
		for _, d := range u.zones.OpenToMore(r, path) {
			u.check(false, finding{Check: "zone-rights", Subject: path, Found: driftText(d.Kind, d.Found), Right: driftText(d.Kind, d.Right), Mend: d.Mend[0]})
		}
	default:
		return true
	}
	return false
}

// late says whether doctor has looked into zones as long as it may.
func (u *checkup) late() bool { return time.Now().After(u.driftEnd) }

// driftText is a list or mode of a root in one word.
func driftText(kind, text string) string {
	switch {
	case text == "":
		text = "-"
	case kind == zone.DriftDefault:
		text = "default:" + strings.ReplaceAll(text, ",", ",default:")
	}
	return text
}

// checkZoneContent tells how the root differs, and counts what in a zone differs from it, as far as there is time.
func (u *checkup) checkZoneContent(r zone.Root, path string) {
	h, err := u.zones.Reach(r.Name)
	if err != nil {
		return // renamed or closed since
	}
	defer h.Release()
	found, err := h.Check(0, u.late)
	mend := "shzadm zone apply " + r.Name
	if len(found.Standing)+len(found.Gains) > 0 { // which refuses: it says whom it would put out, and a person decides
		mend = "shzadm zone check " + r.Name
	}
	u.checkZoneRights(r, path, mend)
	u.check(err == nil, finding{Check: "unreadable", Subject: path, Found: errorText(err)})
	u.check(found.Mendable == 0, finding{Check: "zone-drift", Subject: path, Found: strconv.Itoa(found.Mendable), Mend: mend})
	if found.Others > 0 {
		u.left = append(u.left, left{r.Name, found.Others})
	}
	if err == nil && !found.Complete {
		u.partial = append(u.partial, layout.Base+"/"+r.Name)
	}
}
