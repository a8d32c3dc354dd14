package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/quota"
	"sharezone/internal/zone"
)

// changeContent records and does one change of what lies in a zone, and says what it left as it was. heading is the key of
// the sentence for what was changed.
func (c *call) changeContent(name, event, path, heading string, do func(*zone.Admin) (zone.Report, error)) error {
	admin, err := zoneAdmin()
	if err != nil {
		return err
	}
	defer admin.Close()
	before, err := showOpen(admin, name)
	if err != nil {
		return err
	}
	var report zone.Report
	err = c.record(onZone(event, path, before, name), func() (err error) {
		report, err = do(admin)
		return err
	})
	if err != nil {
		return err
	}
	after, err := admin.Show(name)
	if err != nil {
		return err
	}
	if c.json {
		err = c.printChanged(after, report, c.warningsOf(name, report)...)
	} else {
		text := c.say.line(heading, name, after.Owner, report.Folders, report.Files)
		if report.Shut {
			text += c.say.line("zone-shut", name, name)
		}
		for _, w := range c.warningsOf(name, report) {
			text += w.Message + "\n"
		}
		err = c.print(text + c.skippedLines(report.Skipped, report.More))
	}
	if err == nil && report.Incomplete() {
		err = errFindings
	}
	return err
}

// consent is what --sure says.
func consent(sure bool) zone.Consent {
	if sure {
		return zone.Whatever
	}
	return ""
}

func zoneApply(c *call, args []string) error {
	fs := c.flags()
	sure := fs.Bool("sure", false, "")
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	path := "apply"
	if *sure {
		path = "apply sure"
	}
	return c.changeContent(operands[0], "zone-modify", path, "zone-applied", func(admin *zone.Admin) (zone.Report, error) {
		return admin.Apply(operands[0], consent(*sure))
	})
}

func zoneOpen(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 1, 2)
	if err != nil {
		return err
	}
	if len(operands) == 2 {
		names := splitPath(operands[1])
		return c.changeContent(operands[0], "zone-modify", "open="+encodePath(strings.Join(names, "/")), "zone-opened", func(admin *zone.Admin) (zone.Report, error) {
			report, err := admin.Open(operands[0], names)
			return report, about(operands[1], err)
		})
	}
	return c.changeZone(operands[0], "zone-modify", "open", func(admin *zone.Admin) (zone.Details, error) {
		if err := admin.Unshut(operands[0]); err != nil {
			return zone.Details{}, err
		}
		return admin.Show(operands[0])
	})
}

func zoneTransfer(c *call, args []string) error {
	fs := c.flags()
	owner := fs.String("owner", "", "")
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if !given(fs, "owner") {
		return usageError(c.say.line("usage-needed", "--owner"))
	}
	return c.changeContent(operands[0], "zone-transfer", "user:"+*owner, "zone-transferred", func(admin *zone.Admin) (zone.Report, error) {
		return admin.Transfer(operands[0], *owner)
	})
}

func zoneTake(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 2, 2)
	if err != nil {
		return err
	}
	names := splitPath(operands[1])
	return c.changeContent(operands[0], "zone-modify", "take="+encodePath(strings.Join(names, "/")), "zone-taken", func(admin *zone.Admin) (zone.Report, error) {
		report, err := admin.Take(operands[0], names)
		return report, about(operands[1], err)
	})
}

// splitPath is a path of the shell as names; the slash at the end is the shell's completion.
func splitPath(path string) []string { return strings.Split(strings.TrimSuffix(path, "/"), "/") }

// The refusals of the kernel about a path below a zone, besides those of "zone who".
var (
	errNoFolder   = errors.New("not a folder")
	errNotAllowed = errors.New("the system refused")
	errInTheWay   = errors.New("another file system is mounted there")
)

// about puts what an error is about before it, and our words for the kernel's, as explain wants it.
func about(what string, err error) error {
	if err == nil {
		return nil
	}
	for _, row := range [...]struct{ errno, told error }{
		{unix.ENOENT, errNoObject}, {unix.ENOTDIR, errNoFolder}, {unix.ELOOP, errLinkOnWay}, {unix.EPERM, errNotAllowed},
		{unix.EBUSY, errInTheWay}, {unix.EXDEV, errInTheWay},
	} {
		if errors.Is(err, row.errno) {
			err = fmt.Errorf("%w: %w", row.told, err)
			break
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// removal is how the removal of one path ended, with the JSON keys of the interface.
type removal struct {
	Name    string `json:"name"`
	Raw     string `json:"raw,omitempty"`
	Status  string `json:"status"` // ok or a code
	Message string `json:"message"`
}

func zoneRemove(c *call, args []string) error {
	const most = 1000
	operands, err := c.parse(c.flags(), args, 2, most)
	if err != nil {
		return err
	}
	admin, err := zoneAdmin()
	if err != nil {
		return err
	}
	defer admin.Close()
	name := operands[0]
	before, err := admin.Show(name)
	if err != nil {
		return err
	}
	var text strings.Builder
	results := []removal{}
	refused := false
	for _, path := range operands[1:] {
		names := splitPath(path)
		err := c.record(onZone("delete", strings.Join(names, "/"), before, name), func() error {
			return about(path, admin.Remove(name, names))
		})
		r := removal{Name: strings.ToValidUTF8(path, "\ufffd"), Status: resultOf(err)}
		if !utf8.ValidString(path) {
			r.Raw = encodePath(path)
		}
		key := "zone-removed"
		if err != nil {
			refused = true
			key, r.Message = "zone-not-removed", explain(err, c.say)
		}
		text.WriteString(c.say.line(key, printable(path), printable(r.Message)))
		results = append(results, r)
	}
	if c.json {
		err = c.printJSON(map[string]any{"results": results})
	} else {
		err = c.print(text.String())
	}
	if err == nil && refused {
		err = errFindings
	}
	return err
}

// maxFindings is how many findings of a zone are told; the others are counted.
const maxFindings = 200

func zoneCheck(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 1, 1)
	if err != nil {
		return err
	}
	findings := 0
	err = c.look(operands[0], func(h *zone.Held) (any, string, error) {
		found, err := h.Check(maxFindings, nil)
		findings = len(found.Findings)
		kinds := make(map[string]int) // an object also where there are none
		maps.Copy(kinds, found.Kinds)
		return map[string]any{"findings": found.Findings, "more": found.More, "kinds": kinds, "standing": append([]zone.Member{}, found.Standing...)}, c.driftLines(operands[0], found), err
	})
	if err == nil && findings > 0 {
		err = errFindings
	}
	return err
}

// driftLines say each finding in two lines, as doctor does.
func (c *call) driftLines(name string, found zone.Checkup) string {
	var b strings.Builder
	apply := "shzadm zone apply " + name
	if len(found.Standing) > 0 && found.Kinds[zone.DriftUnlisted] == 0 { // a lost list says so itself
		b.WriteString(c.say.line("drift-puts-out", len(found.Standing), grantWords(found.Standing), name, zone.MendSurely(name)))
	}
	if len(found.Gains) > 0 {
		b.WriteString(c.say.line("drift-gains", stillWords(found.Gains...), zone.MendSurely(name)))
	}
	for _, d := range found.Findings {
		where := layout.Base + "/" + name
		if path, err := url.PathUnescape(d.Path); err == nil && path != "" {
			where += "/" + path
		}
		values := strings.NewReplacer("%[1]s", printable(where), "%[2]s", cmp.Or(printable(d.Found), "-"), "%[3]s", printable(d.Right))
		line := c.say.line("drift-" + d.Kind)
		if d.Kind == zone.DriftValue && strings.HasPrefix(d.Found, "keep: ") { // no command: a person says what is to stay
			line = c.say.line("drift-keep")
		} else if d.Kind == zone.DriftReserved && len(d.Mend) > 0 {
			line = c.say.line("drift-reserved-trash")
		}
		b.WriteString(values.Replace(line) + "\n")
		for _, line := range d.Mend {
			b.WriteString("  " + printable(line) + "\n")
		}
	}
	switch {
	case len(found.Findings) == 0:
		b.WriteString(c.say.line("drift-none", name))
	case found.More > 0:
		b.WriteString(c.say.line("zone-more", found.More))
	}
	if found.Mendable > 0 && len(found.Standing)+len(found.Gains) == 0 { // else both ways stand at the top
		b.WriteString(c.say.line("drift-apply", found.Mendable, apply))
	}
	return b.String()
}

// grantWords are members as zone share takes them.
func grantWords(members []zone.Member) string {
	words := make([]string, len(members))
	for i, m := range members {
		words[i] = quote(m.Principal + "=" + string(m.Access))
	}
	return strings.Join(words, " ")
}

func zoneSpace(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 1, 1)
	if err != nil {
		return err
	}
	return c.look(operands[0], func(h *zone.Held) (any, string, error) {
		s, err := h.SpaceAndQuotas(func(uint32) bool { return true })
		return s, c.spaceLines(operands[0], s), err
	})
}

// look reads something of an open zone, as an object and in words, and prints one of them.
func (c *call) look(name string, read func(*zone.Held) (object any, words string, err error)) error {
	admin, err := zoneAdmin()
	if err != nil {
		return err
	}
	defer admin.Close()
	h, err := admin.Reach(name)
	if err != nil {
		return err
	}
	defer h.Release()
	object, words, err := read(h)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if c.json {
		return c.printJSON(object)
	}
	return c.print(words)
}

// spaceLines are what a zone takes as a whole, and by person and name, largest first.
func (c *call) spaceLines(name string, s zone.Space) string {
	limit := "-"
	if s.Limit != nil {
		limit = strconv.FormatInt(*s.Limit, 10)
	}
	var b strings.Builder
	b.WriteString(c.say.line("space", name, s.Bytes, s.Files, s.Folders, s.Free, limit))
	for _, part := range []struct {
		heading string
		shares  []zone.SpaceShare
	}{{"space-people", s.People}, {"space-top", s.Top}} {
		b.WriteString(c.say.line(part.heading))
		for _, share := range part.shares {
			fmt.Fprintf(&b, "%14d %9d  %s%s\n", share.Bytes, share.Files, printable(share.Name), c.quotaWords(share.Quota))
		}
	}
	return b.String()
}

// quotaWords is what a person has on the whole file system, and may have.
func (c *call) quotaWords(q *quota.Quota) string {
	words := ""
	if q != nil && q.Limit != nil {
		words += c.say.line("space-quota", q.Used, *q.Limit)
	}
	if q != nil && q.FileLimit != nil {
		words += c.say.line("space-quota-files", q.Files, *q.FileLimit)
	}
	return words
}
