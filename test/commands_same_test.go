package test

import (
	"fmt"
	"html"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// shownCommands are the lines for a shell on a page.
func shownCommands(t *testing.T, user, address string) []string {
	t.Helper()
	page := curlAs(t, user, address)
	var lines []string
	for _, found := range code.FindAllStringSubmatch(page.body, -1) {
		lines = append(lines, html.UnescapeString(found[1]))
	}
	if len(lines) == 0 {
		t.Fatalf("%s: %d, no command: %s", address, page.status, page.body)
	}
	return lines
}

// zoneState is all that makes a zone, open or closed, but its name, its id and times.
func zoneState(t *testing.T, zone string) string {
	t.Helper()
	return run(t, "bash", "-ec", `cd "$1/$2" 2>/dev/null || { cd "$1/.closed/$2"; echo closed; }
		find . -printf '%P %y %m %u %g %s\n' | sort
		getfacl -Rp . | sort
		getfattr -Rd -m '^user' . | grep -v '^user.shz.id=' | sed 's/^\(user.shz.restored\)=.*/\1/' | sort`, "bash", layout.Base, zone)
}

// TestCommandsDoTheSame: each change on a page has there the line for a shell that does the same. Of two equal zones one is
// changed by the form and one by the line; they are equal again, and other than before.
func TestCommandsDoTheSame(t *testing.T) {
	needDemo(t)
	manager(t, "cs-marta")
	const byForm, byLine = "cs-form", "cs-line"
	clearZones(t, byForm, byLine)
	prepare := func(zone string) {
		run(t, "shzadm", "zone", "add", zone, "--owner", "anna", "--title", "It's \"new\"", "--expires", "2098-01-31", "--max-age", "9")
		run(t, "shzadm", "zone", "share", zone, "user:bruno=write")
		if out, status := asUser(t, "bruno", "sh", "-ec", `cd "$1"; mkdir -m 700 his; echo x >his/a; echo x >b; chmod 660 b`, "sh", zonePath(zone)); status != 0 {
			t.Fatal(out)
		}
	}
	closed := func(zone string) { run(t, "shzadm", "zone", "close", zone) }
	expired := func(zone string) {
		run(t, "setfattr", "-n", "user.shz.expires", "-v", "2001-01-01", zonePath(zone))
		closed(zone)
	}
	for _, row := range []struct {
		name   string
		before func(zone string) // what happens to the zone first
		form   string            // fields
		page   string            // where the line stands, after the zone's address
		line   string            // how it begins, ZONE for the zone
		typed  []string          // what a person puts in the place of what
	}{
		{"create", nil, "op=create", "", "shzadm zone add NAME --owner anna", []string{"NAME", byLine}},
		{"settings", prepare, "op=modify|title=|description=two\nlines|expires=|max_age=|notify=none", "?view=settings", "shzadm zone modify ZONE ",
			[]string{`'It'\''s "new"'`, "''", "--description ''", "--description \"two\nlines\"", "2098-01-31", "''", "--max-age 9", "--max-age=", "--notify ''", "--notify none"}},
		{"extend", prepare, "op=modify|expires=2098-02-28", "", "shzadm zone modify ZONE --expires 2098-02-28", nil},
		{"no end", prepare, "op=modify|expires=", "", "shzadm zone modify ZONE --expires ''", nil},
		{"share", prepare, "op=share|principal=user:carla|access=read", "?find=carla", "shzadm zone share ZONE user:carla=read", nil},
		{"share to deliver", prepare, "op=share|principal=user:carla|access=drop", "?find=carla", "shzadm zone share ZONE user:carla=drop", nil},
		{"less", prepare, "op=share|principal=user:bruno|access=read", "", "shzadm zone share ZONE user:bruno=read", nil},
		{"none", prepare, "op=share|principal=user:bruno|access=none", "", "shzadm zone share ZONE user:bruno=none", nil},
		{"apply", prepare, "op=apply", "?view=check", "shzadm zone apply ZONE", nil},
		{"open", func(zone string) { prepare(zone); run(t, "chmod", "1700", zonePath(zone)) }, "op=open", "?view=check", "shzadm zone open ZONE", nil},
		{"take", prepare, "op=take|path=his", "?view=who&path=his", "shzadm zone take ZONE his", nil},
		{"keep", prepare, "op=keep|keep=his", "?view=ages", "setfattr -h -n user.shz.keep -v ", []string{"NAME", "his"}},
		{"keep what looks like a code", func(zone string) {
			prepare(zone)
			run(t, "mkdir", zonePath(zone, "0x41"), zonePath(zone, `a\"b`))
			run(t, "setfattr", "-n", "user.shz.keep", "-v", `"0x41/a\\\"b/his"`, zonePath(zone))
		}, `op=keep|keep=0x41|raw=a%5C%22b`, "?view=ages", "setfattr -h -n user.shz.keep -v ", []string{"/his", ""}},
		{"keep nothing", func(zone string) {
			prepare(zone)
			run(t, "setfattr", "-n", "user.shz.keep", "-v", "his", zonePath(zone))
		},
			"op=keep", "?view=ages", "setfattr -h -x user.shz.keep ", nil},
		{"remove", prepare, "op=remove|path=his/a", "?view=remove&path=his/a", "shzadm zone remove ZONE his/a", nil},
		{"transfer", prepare, "op=transfer|owner=cs-marta", "?view=transfer", "shzadm zone transfer ZONE --owner NEW", []string{"NEW", "cs-marta"}},
		{"close", prepare, "op=delete", "?view=close", "shzadm zone close ZONE", nil},
		{"restore", func(zone string) { prepare(zone); closed(zone) }, "op=restore", "?state=closed", "shzadm zone restore ZONE", nil},
		{"restore, expired", func(zone string) { prepare(zone); expired(zone) }, "op=restore|expires=2098-12-31", "?state=closed", "shzadm zone restore ZONE --expires ",
			[]string{"YYYY-MM-DD", "2098-12-31"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			run(t, "sh", "-c", `cd "$1" && rm -rf "$2" "$3" ".closed/$2"* ".closed/$3"*`, "sh", layout.Base, byForm, byLine)
			before, address := "", management+"?view=new"
			if row.before != nil {
				row.before(byForm)
				row.before(byLine)
				before, address = zoneState(t, byLine), management+"/"+byLine+row.page
			}
			line, begins := "", strings.Replace(row.line, "ZONE", byLine, 1)
			for _, shown := range shownCommands(t, "anna", address) {
				if line == "" && strings.HasPrefix(shown, begins) {
					line = shown
				}
			}
			if line == "" {
				t.Fatalf("%s: no line %q in %q", address, begins, shownCommands(t, "anna", address))
			}
			if a := form(t, "anna", management, false, append(strings.Split(row.form, "|"), "name="+byForm)...); a.status/100 != 2 {
				t.Fatalf("the form: %d %s", a.status, a.body)
			}
			for i := 0; i+1 < len(row.typed); i += 2 {
				if !strings.Contains(line, row.typed[i]) {
					t.Errorf("no %s in %s", row.typed[i], line)
				}
				line = strings.Replace(line, row.typed[i], row.typed[i+1], 1)
			}
			// That something was left is told by both, and by the line's status too.
			if out, status := command(t, "bash", "-ec", line); status != 0 && !(row.name == "less" && status == 1 && strings.Contains(out, "a folder of his own")) {
				t.Fatalf("%s: exit status %d\n%s", line, status, out)
			}
			made, same := zoneState(t, byForm), zoneState(t, byLine)
			if made != same {
				t.Errorf("%s\nthe form made\n%s\nthe line\n%s", line, made, same)
			}
			if same == before {
				t.Errorf("%s changed nothing", line)
			}
		})
	}
}

// TestCommandsOfARefusedForm: what was typed stands in the line too.
func TestCommandsOfARefusedForm(t *testing.T) {
	needDemo(t)
	clearZones(t, "cs-typed")
	a := curlAs(t, "anna", "--data-urlencode", "op=create", "--data-urlencode", "name=cs-typed", "--data-urlencode", "title=A; b", "--data-urlencode", "expires=2001-01-01", management)
	want := fmt.Sprintf("shzadm zone add cs-typed --owner anna --title %s --expires 2001-01-01", "'A; b'")
	if a.status != 400 || !strings.Contains(html.UnescapeString(a.body), "<code>"+want+"</code>") {
		t.Errorf("%d, no %q in %s", a.status, want, a.body)
	}
}
