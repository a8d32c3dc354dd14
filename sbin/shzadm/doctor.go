package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/landlock"
	"sharezone/internal/layout"
	"sharezone/internal/shell"
	"sharezone/internal/zone"
)

// finding is something that is not as it should be. In JSON it is free of language; the sentence is made from the
// texts "finding-CHECK" with what is concerned, what was found and what is right.
type finding struct {
	Check   string `json:"check"`
	Subject string `json:"subject"`
	Found   string `json:"found"`
	Right   string `json:"right"`
	Mend    string `json:"mend"` // a command for bash, run as root in the checkout; "" where none can mend it
}

// checkup counts checks and collects findings.
type checkup struct {
	names    *account.Names
	checks   int
	findings []finding
	notes    []string // files that an administrator changed, as he may
	partial  []string // zones that were looked into only in part
	left     []left   // what lies in zones and is for a person to decide

	zones    *zone.Admin
	driftEnd time.Time
}

// left is how much in a zone no command mends unasked: a folder that its maker shut, a file with several names.
type left struct {
	Zone  string `json:"zone"`
	Count int    `json:"count"`
}

// check counts one check and takes the finding if it is not ok.
func (u *checkup) check(ok bool, f finding) bool {
	u.checks++
	if !ok {
		u.findings = append(u.findings, f)
	}
	return ok
}

// install is what mends whatever comes out of the checkout.
const install = "./install.sh"

// toolTime is how long a tool that only looks may take.
const toolTime = 30 * time.Second

// doctor checks the installation in the order in which things build on each other, so that the commands of the findings
// can be run from the first to the last.
func doctor(c *call, args []string) error {
	if _, err := c.parse(c.flags(), args, 0, 0); err != nil {
		return err
	}
	u := &checkup{names: account.NewNames(), findings: []finding{}, notes: []string{}, partial: []string{}, left: []left{}}
	m, err := readManifest(layout.Manifest)
	if u.check(err == nil, finding{Check: "manifest", Subject: layout.Manifest, Found: errorText(err), Mend: install}) {
		u.checkLocks()
		u.checkAccounts(m)
		u.checkBase(m)
		for _, item := range m.items {
			u.checkItem(item)
		}
		u.checkContents(m)
		u.checkPrograms()
		u.checkSudo()
		u.checkPAM()
		u.checkConfig()
		u.checkApache()
		u.checkScanner()
		u.checkSitePrograms()
		u.checkAppArmor()
		u.checkPeople(m)
		u.checkZones()
		u.checkCleaner()
		u.checkWorker()
		err := u.names.Err()
		u.check(err == nil, finding{Check: "names", Subject: "/etc/nsswitch.conf", Found: errorText(err)})
	}
	return c.showFindings(u)
}

func (c *call) showFindings(u *checkup) error {
	var err error
	limits, note := c.limitsNote()
	if c.json {
		err = c.printJSON(map[string]any{"checks": u.checks, "findings": u.findings, "changed": u.notes, "partial": u.partial, "left": u.left, "limits": limits, "landlock": landlock.IsThere()})
	} else {
		var b strings.Builder
		for _, f := range u.findings {
			mend := f.Mend
			if mend == "" {
				mend = c.say.line("doctor-no-mend")
			}
			fmt.Fprintf(&b, "%s\n  %s\n", c.say.sentence(f), printable(mend))
		}
		for _, path := range u.notes {
			b.WriteString(c.say.line("doctor-changed", path))
		}
		for _, path := range u.partial {
			b.WriteString(c.say.line("doctor-partial", path))
		}
		for _, l := range u.left {
			b.WriteString(c.say.line("doctor-left", layout.Base+"/"+l.Zone, l.Count, l.Zone))
		}
		b.WriteString(note)
		if !landlock.IsThere() {
			b.WriteString(c.say.line("doctor-no-landlock"))
		}
		if len(u.findings) == 0 {
			b.WriteString(c.say.line("doctor-well", u.checks))
		} else {
			b.WriteString(c.say.line("doctor-found", u.checks, len(u.findings)))
		}
		err = c.print(b.String())
	}
	if err == nil && len(u.findings) > 0 {
		err = errFindings
	}
	return err
}

// sentence says a finding. The texts use %[1]s, %[2]s and %[3]s, each or not.
func (t texts) sentence(f finding) string {
	values := strings.NewReplacer("%[1]s", printable(f.Subject), "%[2]s", printable(f.Found), "%[3]s", printable(f.Right))
	return values.Replace(t.line("finding-" + f.Check))
}

// tool runs a program of the machine that only looks, and returns what it said.
func tool(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), toolTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
	cmd.Dir = "/"
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return firstLine(string(out)), err
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// quote makes one word of a command for bash.
func quote(word string) string { return shell.Quote(word) }
