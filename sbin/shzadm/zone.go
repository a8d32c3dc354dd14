package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/farewell"
	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

// changedZone is a zone with what a change did to its content.
type changedZone struct {
	zone.Details
	zone.Report
	Warnings []warning `json:"warnings,omitempty"`
}

func (c *call) printChanged(after zone.Details, report zone.Report, warnings ...warning) error {
	report.Skipped = append([]zone.Skipped{}, report.Skipped...) // a list also where there is nothing in it
	return c.printJSON(changedZone{after, report, warnings})
}

func zoneAdmin() (*zone.Admin, error) {
	register, err := account.ReadRegister()
	if err != nil {
		return nil, err
	}
	return zone.NewAdmin(layout.Base, account.NewNames(), register)
}

func zoneAdd(c *call, args []string) error {
	fs := c.flags()
	owner := fs.String("owner", "", "")
	title := fs.String("title", "", "")
	description := fs.String("description", "", "")
	expires := fs.String("expires", "", "")
	maxAge := fs.String("max-age", "", "")
	notify := fs.String("notify", "", "")
	limitText := fs.String("limit", "", "")
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if !given(fs, "owner") {
		return usageError(c.say.line("usage-needed", "--owner"))
	}
	m := zone.Metadata{Title: title, Description: description}
	if given(fs, "expires") {
		m.Expires = expires
	}
	if given(fs, "notify") {
		m.Notify = notifyValue(notify)
	}
	if given(fs, "max-age") {
		if m.MaxAge, err = parseMaxAge(*maxAge); err != nil {
			return err
		}
	}
	limit, err := parseLimit(*limitText)
	if err != nil {
		return err
	}
	id := zone.NewID() // made here, so that the record of the act belongs to the zone
	m.ID = &id
	policy, err := zonePolicy()
	if err != nil {
		return err
	}
	now := time.Now()
	m = policy.Complete(m, now)
	if err := policy.CheckExpiry(m.Expires, now); err != nil {
		return err
	}
	admin, err := zoneAdmin()
	if err != nil {
		return err
	}
	defer admin.Close()
	err = c.record(onZone("zone-create", "", zone.Details{ID: id}, operands[0]), func() error {
		return admin.CreateLimited(operands[0], *owner, m, limit, now)
	})
	if err != nil {
		return err
	}
	made, err := admin.Show(operands[0])
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(made)
	}
	return c.print(c.say.line("zone-made", made.Name, made.Owner, layout.Base+"/"+made.Name))
}

func zoneShare(c *call, args []string) error {
	const most = 1000
	fs := c.flags()
	sure := fs.Bool("sure", false, "")
	operands, err := c.parse(fs, args, 2, most)
	if err != nil {
		return err
	}
	name := operands[0]
	var grants []zone.Member
	for _, word := range operands[1:] {
		principal, access, ok := strings.Cut(word, "=")
		switch a := zone.Access(access); {
		case !ok || a != zone.Read && a != zone.Write && a != zone.Drop && a != zone.None:
			return usageError(c.say.line("usage-grant", word))
		default:
			grants = append(grants, zone.Member{Principal: principal, Access: a})
		}
	}
	admin, err := zoneAdmin()
	if err != nil {
		return err
	}
	defer admin.Close()
	z, err := showOpen(admin, name)
	if err != nil {
		return err
	}
	for _, g := range grants { // all of them before the first is granted
		if err := admin.CheckShare(z, g.Principal, g.Access); err != nil {
			return err
		}
	}
	shadow, err := account.ReadShadow()
	if err != nil {
		return err
	}
	var deeds []deed
	var warnings []warning
	warn := func(code, line string) {
		fmt.Fprint(c.errOut, line)
		warnings = append(warnings, newWarning(code, line))
	}
	for _, g := range grants {
		deeds = append(deeds, onZone("zone-share", g.Principal+"="+string(g.Access), z, name))
		if group, isGroup := strings.CutPrefix(g.Principal, "group:"); isGroup && g.Access != zone.None {
			if found, known := account.NewNames().Group(group); known && found.IsSystem() {
				warn("system", c.say.line("zone-system", group))
			}
		}
		if user, isUser := strings.CutPrefix(g.Principal, "user:"); isUser && g.Access != zone.None {
			if status := shadow.Bars(user, time.Now()); status != "" {
				warn(string(status), c.say.line("zone-"+string(status), user))
			}
		}
	}
	var report zone.Report
	err = c.recordAll(deeds, func() (err error) {
		report, err = admin.ShareAll(name, grants, consent(*sure))
		return err
	})
	if !c.json {
		err = errors.Join(err, c.showReport(name, grants, report, err == nil))
	}
	if err != nil {
		return err
	}
	if c.json {
		after, showErr := admin.Show(name)
		if err = showErr; err == nil {
			err = c.printChanged(after, report, append(warnings, c.warningsOf(name, report)...)...)
		}
	}
	if err == nil && report.Incomplete() {
		err = errFindings
	}
	return err
}

func (c *call) showReport(name string, grants []zone.Member, r zone.Report, done bool) error {
	var b strings.Builder
	for _, g := range grants {
		if done {
			b.WriteString(c.say.line("zone-shared", name, g.Principal, string(g.Access), r.Folders, r.Files))
		}
	}
	for _, w := range c.warningsOf(name, r) {
		b.WriteString(w.Message + "\n")
	}
	if r.Shut {
		b.WriteString(c.say.line("zone-shut", name, name))
	}
	b.WriteString(c.skippedLines(r.Skipped, r.More))
	return c.print(b.String())
}

// warningsOf are what the report of a zone that was shared says of people.
func (c *call) warningsOf(name string, r zone.Report) []warning {
	var all []warning
	for _, principal := range r.Absent {
		all = append(all, newWarning("absent", c.say.line("zone-absent", name, principal)))
	}
	for _, principal := range r.DeniedTo {
		all = append(all, newWarning("denied", c.say.line("zone-denied", name, principal)))
	}
	for _, s := range r.Still {
		all = append(all, newWarning("still", c.say.line("zone-still", name, stillWords(s))))
	}
	for _, s := range r.Less {
		all = append(all, newWarning("less", c.say.line("zone-less", name, stillWords(s))))
	}
	for _, w := range r.Wider {
		all = append(all, newWarning("wider", c.say.line("zone-wider", name, printable(w.Path), w.Principal, w.Entry)))
	}
	if r.MoreWider > 0 {
		all = append(all, newWarning("wider", c.say.line("zone-wider-more", name, r.MoreWider)))
	}
	return all
}

// stillWords say by which groups people get in, and what they give.
func stillWords(still ...zone.Still) string {
	words := make([]string, len(still))
	for i, s := range still {
		words[i] = s.Principal + "=" + string(s.Access) + " (" + strings.Join(s.Through, ", ") + ")"
	}
	return strings.Join(words, "; ")
}

func (c *call) skippedLines(skipped []zone.Skipped, more int) string {
	var b strings.Builder
	for _, s := range skipped {
		reason := c.say.line("skip-" + string(s.Reason))
		if s.Err != nil && s.Reason == zone.SkipError {
			reason += " (" + s.Err.Error() + ")"
		}
		if inTrash, _ := zone.InTrash(s.Path); inTrash && s.Reason.Matters() {
			reason = c.say.line("skip-in-trash") + ": " + reason
		}
		b.WriteString(c.say.line("zone-skipped", printable(s.Path), printable(reason)))
	}
	if more > 0 {
		b.WriteString(c.say.line("zone-more", more))
	}
	return b.String()
}

func zoneList(c *call, args []string) error {
	fs := c.flags()
	closed := fs.Bool("closed", false, "")
	if _, err := c.parse(fs, args, 0, 0); err != nil {
		return err
	}
	admin, err := zoneAdmin()
	if err != nil {
		return err
	}
	defer admin.Close()
	zones, listErr := admin.List()
	if *closed {
		zones = slices.DeleteFunc(zones, func(z zone.Details) bool { return z.State != zone.StateClosed })
	}
	if c.json {
		err = c.printJSON(map[string]any{"zones": zones})
	} else {
		rows := make([][]string, 0, len(zones))
		for _, z := range zones {
			rows = append(rows, []string{z.Name, z.Owner, string(z.State), text(z.Expires), strconv.Itoa(len(z.Members)),
				moment(z.Closed), problemCodes(z), text(z.Title)})
		}
		err = c.printRows("zone-columns", rows)
	}
	return errors.Join(err, listErr)
}

func zoneShow(c *call, args []string) error {
	fs := c.flags()
	closed := fs.Bool("closed", false, "")
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	admin, err := zoneAdmin()
	if err != nil {
		return err
	}
	defer admin.Close()
	z, err := showZone(admin, operands[0], *closed)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(z)
	}
	maxAge := ""
	if z.MaxAge != nil {
		maxAge = strconv.Itoa(*z.MaxAge)
	}
	members := make([]string, 0, len(z.Members))
	for _, m := range z.Members {
		members = append(members, m.Principal+"="+string(m.Access))
	}
	err = c.printFields("zone-fields", z.Name, text(z.Title), text(z.Description), z.Owner, string(z.State),
		text(z.Expires), maxAge, text(z.Notify), strings.Join(members, " "), farewell.ZonePath(z), moment(z.Closed), text(z.FormerName),
		formatSize(z.Limit), formatSize(z.Free))
	return errors.Join(err, c.print(c.problemLines(z)))
}
