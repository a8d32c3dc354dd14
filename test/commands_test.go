package test

import (
	"html"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What a page shows for a shell is run by root: as long as it changes something, no path below a zone may stand in it, where a
// member with a shell could put a link.

var code = regexp.MustCompile(`<pre><code>(.*?)</code></pre>`)

func TestCommandsOfPages(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	manager(t, "zc-marta")
	if out, status := asUser(t, "bruno", "sh", "-ec", `cd "$1"; mkdir -m 1770 -- his -d; echo x >his/a; chmod 660 his/a; chmod 1700 his`, "sh", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	run(t, "shzadm", "zone", "modify", zone, "--max-age", "30")
	run(t, "sh", "-ec", `cp /etc/hostname "$1"; chattr +i "$1"`, "sh", zonePath(zone, "fixed"))
	for query, want := range map[string][]string{
		"?view=transfer":          {"shzadm zone transfer " + zone + " --owner NEW"},
		"?view=transfer&find=zc-": {"shzadm zone transfer " + zone + " --owner zc-marta"},
		"?view=who&as=bruno":      {"shzadm zone who --as bruno " + zone},
		"?view=remove&path=his/a": {"shzadm zone remove " + zone + " his/a"},
		"?view=remove&path=-d":    {"shzadm zone remove " + zone + " -- -d"},
		"?view=who&path=his":      {"shzadm zone who " + zone + " his", "shzadm zone take " + zone + " his"},
		"?view=check":             {"shzadm zone take " + zone + " his", "shzadm zone apply " + zone, "shzadm zone take " + zone + " fixed", "find " + zonePath(zone) + " -xdev -inum "},
		"":                        {"shzadm zone share " + zone, "runuser -u anna -- setfacl -n -m "},
		"?view=ages":              {"setfattr -h -n user.shz.keep "},
		"?view=space":             {"shzadm zone space " + zone},
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
			looks := strings.HasPrefix(line, "getfacl ") || strings.HasPrefix(line, "du ") || strings.HasPrefix(line, "runuser -u bruno -- ls -ld ")
			if !looks && strings.Contains(line, zonePath(zone)+"/") {
				t.Errorf("%s: %s", query, line)
			}
			asOwner := strings.HasPrefix(line, "runuser -u anna -- ")
			if !looks && !asOwner && strings.Contains(line, zonePath(zone)) && !strings.HasPrefix(line, "find ") && !strings.HasPrefix(line, "setfattr -h ") {
				t.Errorf("%s follows a link in the place of the zone: %s", query, line)
			}
		}
	}
}

// TestCommandsFollowNoLink: the owner has put a link in the place of the zone when root runs what pages and doctor had shown.
func TestCommandsFollowNoLink(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	run(t, "shzadm", "zone", "modify", zone, "--max-age", "30")
	run(t, "setfattr", "-x", "user.shz.id", zonePath(zone))
	run(t, "chmod", "1700", zonePath(zone))
	shut, _ := command(t, "shzadm", "zone", "apply", zone)
	if !strings.Contains(shut, "shzadm zone open "+zone) {
		t.Errorf("shut: %s", shut)
	}
	lines := []string{"shzadm zone open " + zone}
	for _, query := range []string{"", "?view=ages"} {
		lines = append(lines, shownCommands(t, "anna", management+"/"+zone+query)...)
	}
	doctor, _ := command(t, "shzadm", "doctor")
	for line := range strings.Lines(doctor) {
		if strings.Contains(line, "setfattr") && strings.Contains(line, zonePath(zone)) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	target := t.TempDir()
	run(t, "chmod", "0755", target, filepath.Dir(target))
	state := func() string {
		return run(t, "sh", "-c", `stat -c %a "$1"; getfacl -p "$1"; getfattr -dm- "$1"`, "sh", target)
	}
	before, ran := state(), 0
	if out, status := asUser(t, "anna", "sh", "-ec", `mv "$1" "$1-away"; ln -s "$2" "$1"`, "sh", zonePath(zone), target); status != 0 {
		t.Fatal(out)
	}
	t.Cleanup(func() { run(t, "sh", "-ec", `rm "$1"; mv "$1-away" "$1"`, "sh", zonePath(zone)) })
	for _, line := range lines {
		if strings.Contains(line, "cleaner") {
			continue
		}
		if strings.Contains(line, "setf") {
			ran++
		}
		out, err := exec.Command("bash", "-c", line).CombinedOutput()
		if after := state(); after != before {
			t.Errorf("%s (%v %s)\n%s\nwas\n%s", line, err, out, after, before)
		}
	}
	if ran < 3 {
		t.Errorf("only %d of setfacl and setfattr in %q", ran, lines)
	}
}

// TestShownSetfacl: the line that shares by hand leaves the zone as sharing does, also where everybody only reads: with the mask
// that the next one needs.
func TestShownSetfacl(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	page := curlAs(t, "anna", management+"/"+zone+"?find=carla")
	for _, found := range code.FindAllStringSubmatch(page.body, -1) {
		for _, line := range strings.Split(html.UnescapeString(found[1]), "\n") {
			if !strings.Contains(line, " setfacl ") {
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
			run(t, "setfacl", "-b", zonePath(zone)) // no list, so no mask that -n could keep
			if a := curlAs(t, "anna", management+"/"+zone); a.status != 200 || strings.Contains(a.body, "setfacl -n") {
				t.Errorf("without a list: %d %s", a.status, a.body)
			}
			return
		}
	}
	t.Errorf("no such line: %s", page.body)
}
