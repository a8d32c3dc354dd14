package test

import (
	"html"
	"regexp"
	"strings"
	"testing"
)

// What a page shows for a shell is run by root: as long as it changes something, no path below a zone may stand in it, where a
// member with a shell could put a link.

var code = regexp.MustCompile(`<pre><code>(.*?)</code></pre>`)

func TestCommandsOfPages(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	if out, status := asUser(t, "bruno", "sh", "-ec", `cd "$1"; mkdir -m 1770 -- his -d; echo x >his/a; chmod 660 his/a; chmod 1700 his`, "sh", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	run(t, "sh", "-ec", `cp /etc/hostname "$1"; chattr +i "$1"`, "sh", zonePath(zone, "fixed"))
	for query, want := range map[string][]string{
		"?view=transfer":          {"shzadm zone transfer " + zone + " --owner NEW"},
		"?view=remove&path=his/a": {"shzadm zone remove " + zone + " his/a"},
		"?view=remove&path=-d":    {"shzadm zone remove " + zone + " -- -d"},
		"?view=who&path=his":      {"shzadm zone who " + zone + " his", "shzadm zone take " + zone + " his"},
		"?view=check":             {"shzadm zone take " + zone + " his", "shzadm zone apply " + zone, "shzadm zone take " + zone + " fixed", "find " + zonePath(zone) + " -xdev -inum "},
		"":                        {"shzadm zone share " + zone},
		"?view=space":             nil,
	} {
		a := curlAs(t, "anna", management+"/"+zone+query)
		var lines []string
		for _, found := range code.FindAllStringSubmatch(a.body, -1) {
			lines = append(lines, html.UnescapeString(found[1]))
		}
		all := "\n" + strings.Join(lines, "\n")
		if a.status != 200 || len(lines) == 0 {
			t.Errorf("%s: %d, %d commands", query, a.status, len(lines))
		}
		for _, w := range want {
			if !strings.Contains(all, "\n"+w) {
				t.Errorf("%s: no %q in %s", query, w, all)
			}
		}
		for _, line := range lines {
			looks := strings.HasPrefix(line, "getfacl ") || strings.HasPrefix(line, "du ")
			if !looks && strings.Contains(line, zonePath(zone)+"/") {
				t.Errorf("%s: %s", query, line)
			}
		}
	}
}

// TestShownSetfacl: the line that shares by hand leaves the zone as sharing does, also where everybody only reads: with the mask
// that the next one needs.
func TestShownSetfacl(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	page := curlAs(t, "anna", management+"/"+zone+"?find=carla")
	for _, found := range code.FindAllStringSubmatch(page.body, -1) {
		for _, line := range strings.Split(html.UnescapeString(found[1]), "\n") {
			if !strings.HasPrefix(line, "setfacl ") {
				continue
			}
			if !strings.Contains(line, "u:carla:") {
				t.Errorf("not of who was found: %s", line)
			}
			run(t, "sh", "-ec", line)
			for _, option := range []string{"-c", "-cd"} {
				if list := run(t, "getfacl", option, "-p", zonePath(zone)); !strings.Contains(list, "user:carla:r-x") || !strings.Contains(list, "mask::rwx") {
					t.Errorf("%s\n%s", line, list)
				}
			}
			if out, status := command(t, "shzadm", "zone", "check", zone); status != 0 {
				t.Errorf("%s: %s", line, out)
			}
			return
		}
	}
	t.Errorf("no such line: %s", page.body)
}
