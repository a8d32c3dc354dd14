package test

import (
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// The cleaner as cron runs it. What becomes of zones in a year is tested in its own folder.

const cleanerProgram = "/usr/lib/sharezone/cleaner"

// TestCleanerCloses: a zone whose last day is over is closed, who was logged in finds it no more, its owner reads why in its
// activity, and an administrator brings it back with its members.
func TestCleanerCloses(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	if a := jsonAs(t, "bruno", folder); a.status != 200 {
		t.Fatalf("before: %d", a.status)
	}
	acl := run(t, "getfacl", "--absolute-names", zonePath(zone))
	run(t, "setfattr", "-n", "user.shz.expires", "-v", "2020-12-31", zonePath(zone))
	if out := run(t, cleanerProgram, "--once", "zones", "--dry-run"); !strings.Contains(out, zone) {
		t.Errorf("dry run: %s", out)
	}
	if a := jsonAs(t, "bruno", folder); a.status != 200 {
		t.Errorf("after a dry run: %d", a.status)
	}
	run(t, cleanerProgram, "--once", "zones")
	if a := jsonAs(t, "bruno", folder); a.status != 404 {
		t.Errorf("closed: %d", a.status)
	}
	work(t)
	run(t, "/usr/sbin/shzadm", "zone", "restore", zone, "--expires", "2099-12-31")
	if out := run(t, "/usr/sbin/shzadm", "activity", zone, "--json"); !strings.Contains(out, `"event": "zone-close"`) {
		t.Errorf("activity: %s", out)
	}
	if after := run(t, "getfacl", "--absolute-names", zonePath(zone)); after != acl {
		t.Errorf("restored:\n%s\nbefore:\n%s", after, acl)
	}
	if a := jsonAs(t, "bruno", folder); a.status != 200 {
		t.Errorf("restored: %d", a.status)
	}
}

// TestCleanerSessions: the file of a session that has ended goes, that of one in use stays, and so does what is none.
func TestCleanerSessions(t *testing.T) {
	jsonAs(t, "bruno", "/cgi-bin/home")
	used := sessionFile(t, sessionID(t, "bruno"))
	ended, foreign := layout.Sessions+"/"+strings.Repeat("0a", 32), layout.Sessions+"/"+strings.Repeat("0b", 32)
	run(t, "cp", "-p", used, ended)
	run(t, "touch", "-d", "40 days ago", ended)
	run(t, "install", "-m", "0600", "/etc/hostname", foreign)
	t.Cleanup(func() { run(t, "rm", "-f", ended, foreign) })
	run(t, cleanerProgram, "--once", "sessions")
	if left := run(t, "bash", "-c", "ls "+used+" "+ended+" "+foreign+" 2>/dev/null; true"); left != used+"\n"+foreign+"\n" && left != foreign+"\n"+used+"\n" {
		t.Errorf("left: %s", left)
	}
}

// TestCleanerRefuses: who is not root, and what it does not know.
func TestCleanerRefuses(t *testing.T) {
	needDemo(t)
	if out, status := asUser(t, "anna", cleanerProgram); status == 0 {
		t.Errorf("as anna: %d %s", status, out)
	}
	for _, args := range [][]string{{"--once", "trash"}, {"x"}, {"--daemon", "--dry-run"}} {
		if out, status := command(t, cleanerProgram, args...); status != 2 || !strings.HasPrefix(out, "usage:") {
			t.Errorf("%q: %d %s", args, status, out)
		}
	}
	if out, status := command(t, "flock", layout.Slots+"/cleaner", cleanerProgram); status != 0 || out != "" {
		t.Errorf("another one at work: %d %s", status, out)
	}
	setConfig(t, "[cleaner]\nzones_schedule = \"TZ=0\"\n")
	if out, status := command(t, cleanerProgram); status != 1 {
		t.Errorf("settings that are not understood: %d %s", status, out)
	}
}
