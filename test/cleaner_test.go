package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"sharezone/internal/layout"
)

// The cleaner as cron runs it. What becomes of zones in a year is tested in its own folder.

const cleanerProgram = "/usr/lib/sharezone/cleaner"

// cleanerRanBefore makes the cleaner one that has been at work for long, so that what is over goes now; every job is due.
func cleanerRanBefore(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(layout.CleanerState+"/state.json", []byte(`{"since":"2000-01-01T00:00:00Z","jobs":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
}

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
	cleanerRanBefore(t)
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

// TestAges: the owner sees what goes when, and chooses what stays; the cleaner keeps to it. Others neither see nor choose.
func TestAges(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	at := management + "/" + zone
	run(t, "shzadm", "zone", "modify", zone, "--max-age", "30")
	run(t, "mkdir", "-p", zonePath(zone)+"/<b>per cent%")
	write(t, "bruno", zonePath(zone)+"/<b>per cent%/x", "x")
	write(t, "bruno", zonePath(zone)+"/caff\xe9", "x")
	var found struct {
		MaxAge int `json:"max_age"`
		Top    []struct {
			Name, Raw   string
			Files, Soon int
			First       *time.Time
			Kept        bool
		} `json:"top_level"`
		Complete bool
	}
	look := func() string {
		t.Helper()
		a := jsonAs(t, "anna", at+"?view=ages")
		found.Top = nil
		if err := json.Unmarshal([]byte(a.body), &found); err != nil || a.status != 200 || found.MaxAge != 30 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		seen := ""
		for _, top := range found.Top {
			if days := time.Until(*top.First).Hours() / 24; days < 29 || days > 31 || top.Files != 1 || top.Soon != 0 {
				t.Errorf("%+v", top)
			}
			seen += fmt.Sprintf("%s%s %v;", top.Name, top.Raw, top.Kept)
		}
		return seen
	}
	if seen := look(); !found.Complete || seen != "<b>per cent% false;caff\ufffdcaff%E9 false;" {
		t.Errorf("before: %v %q", found.Complete, seen)
	}
	if a := curlAs(t, "anna", at+"?view=ages"); a.status != 200 || !strings.Contains(a.body, `value="%3Cb%3Eper%20cent%25"`) || strings.Contains(a.body, "<b>per") {
		t.Errorf("page: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "anna", "-d", "op=keep", "-d", "raw=caff%25E9", at); a.status != 200 {
		t.Errorf("keep: %d %s", a.status, a.body)
	}
	if kept := run(t, "getfattr", "--only-values", "--absolute-names", "-n", "user.shz.keep", zonePath(zone)); kept != "caff\xe9" {
		t.Errorf("kept: %q", kept)
	}
	if seen := look(); seen != "<b>per cent% false;caff\ufffdcaff%E9 true;" {
		t.Errorf("after: %q", seen)
	}
	cleanerRanBefore(t)
	if out := run(t, cleanerProgram, "--dry-run", "--once", "files", "--zone", zone, "--now", time.Now().AddDate(0, 0, 40).Format(time.RFC3339)); !strings.Contains(out, "per cent%/x") || strings.Contains(out, "caff") {
		t.Errorf("dry run: %s", out)
	}
	// On a machine where the cleaner is new, what was there before has its whole time from then on, for the page too.
	since := time.Now().Add(time.Second).Truncate(time.Second)
	time.Sleep(time.Until(since) + 10*time.Millisecond)
	state := fmt.Sprintf(`{"since":%q,"jobs":{}}`, since.Format(time.RFC3339))
	if err := os.WriteFile(layout.CleanerState+"/state.json", []byte(state), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, cleanerProgram, "--once", "warnings", "--zone", zone)
	if look(); !found.Top[0].First.Equal(since.Add(30 * 24 * time.Hour)) {
		t.Errorf("since %v: goes %v", since, found.Top[0].First)
	}
	cleanerRanBefore(t)
	for _, bad := range []string{"keep=..", "raw=a%252Fb", "raw=%25zz", "keep=a/b", "keep=", "keep=" + strings.Repeat("a", 300)} {
		if a := jsonAs(t, "anna", "-d", "op=keep", "-d", bad, at); a.status != 400 {
			t.Errorf("%s: %d %s", bad[:8], a.status, a.body)
		}
	}
	run(t, "mkdir", "-p", zonePath(zone)+"/empty/deep") // a folder with nothing in it goes too, so it can be kept
	if a := jsonAs(t, "anna", at+"?view=ages"); !strings.Contains(a.body, `"name":"empty","files":0,"bytes":0,"first":"20`) {
		t.Errorf("an empty folder: %s", a.body)
	}
	run(t, "rm", "-r", zonePath(zone)+"/empty")
	if a := jsonAs(t, "bruno", "-d", "op=keep", at); a.status != 403 {
		t.Errorf("bruno: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "anna", "-d", "op=keep", at); a.status != 200 || look() != "<b>per cent% false;caff\ufffdcaff%E9 false;" {
		t.Errorf("nothing kept: %d %s", a.status, a.body)
	}
}

// TestCleanerDaemon: where there is no cron it looks by itself, and ends when it is asked to.
func TestCleanerDaemon(t *testing.T) {
	zone := newZone(t)
	run(t, "setfattr", "-n", "user.shz.expires", "-v", "2020-12-31", zonePath(zone))
	cleanerRanBefore(t)
	daemon := exec.Command(cleanerProgram, "--daemon")
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	closed := func() bool { _, err := os.Stat(zonePath(zone)); return err != nil }
	for until := time.Now().Add(time.Minute); !closed() && time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
	}
	if !closed() {
		t.Error("nothing was done")
	}
	daemon.Process.Signal(syscall.SIGTERM)
	if err := daemon.Wait(); err != nil {
		t.Error(err)
	}
}

// TestCleanerRefuses: who is not root, and what it does not know.
func TestCleanerRefuses(t *testing.T) {
	needDemo(t)
	if out, status := asUser(t, "anna", cleanerProgram); status == 0 {
		t.Errorf("as anna: %d %s", status, out)
	}
	for _, args := range [][]string{{"--once", "tresh"}, {"x"}, {"--daemon", "--dry-run"}} {
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

// tellAnew has the cleaner and the worker say that no system log takes their lines, and the first of those, also if they did today.
func tellAnew(t *testing.T) {
	t.Helper()
	run(t, "rm", "-f", layout.CleanerState+"/unlogged", layout.WorkerState+"/unlogged")
}

// TestNoSystemLog: where there is none cron mails one line a day, of the cleaner and of the worker, and --status has what the cleaner could not do.
func TestNoSystemLog(t *testing.T) {
	needDemo(t)
	left := layout.Closed + "/.shz-removed-1-2-3-AAAA"
	status := func() string { return run(t, cleanerProgram, "--status") }
	sweep := []string{cleanerProgram, "--once", "uploads", "--now", time.Now().Add(25 * time.Hour).Format(time.RFC3339)}
	t.Cleanup(func() {
		run(t, "rm", "-f", left)
		tellAnew(t)
		run(t, sweep[0], sweep[1:]...)
	})
	run(t, "touch", left)
	tellAnew(t)
	silent := func(args ...string) string {
		t.Helper()
		out, status := command(t, "unshare", append([]string{"-m", "sh", "-c", `test ! -e /dev/log || mount --bind /dev/null /dev/log; exec "$@"`, "sh"}, args...)...)
		if status != 1 {
			t.Errorf("%q: %d %s", args, status, out)
		}
		return out
	}
	if first := silent(sweep...); strings.Count(first, "\n") != 1 || !strings.Contains(first, "(/dev/log: ") || !strings.Contains(first, "could not be swept") {
		t.Errorf("the cleaner says %q", first)
	}
	if again := silent(sweep...); again != "" || !strings.Contains(status(), "could not be swept") {
		t.Errorf("the cleaner says again %q; and its status is %s", again, status())
	}
	setConfig(t, "[cleaner]\nzones_schedule = \"TZ=0\"\n")
	worker := []string{"runuser", "-u", layout.UserSpool, "--", workerProgram}
	if first := silent(worker...); strings.Count(first, "\n") != 1 || !strings.Contains(first, "zones_schedule") {
		t.Errorf("the worker says %q", first)
	}
	if again := silent(worker...); again != "" {
		t.Errorf("the worker says again %q", again)
	}
}

// TestCleanerNow: by a moment that is named everything goes that has had its time then, however far ahead it is; the clock is not doubted
// for it, and what was done is due by the clock as before.
func TestCleanerNow(t *testing.T) {
	needDemo(t)
	state := layout.CleanerState + "/state.json"
	cleanerRanBefore(t)
	if err := os.Remove(state); err != nil { // the first run of all
		t.Fatal(err)
	}
	t.Cleanup(func() { cleanerRanBefore(t) })
	clean := func(job, zone string, days int) {
		t.Helper()
		run(t, cleanerProgram, "--once", job, "--zone", zone, "--now", time.Now().AddDate(0, 0, days).Format(time.RFC3339))
	}
	t.Run("files", func(t *testing.T) {
		zone := newZone(t, "user:bruno=write")
		plan := zonePath(zone) + "/plan"
		if a := jsonAs(t, "bruno", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/plan"); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		run(t, "shzadm", "zone", "modify", zone, "--max-age", "30")
		if clean("files", zone, 29); !exists(plan) {
			t.Error("gone before its time")
		}
		if clean("files", zone, 31); exists(plan) {
			t.Error("not gone")
		}
	})
	t.Run("zones", func(t *testing.T) {
		zone := newZone(t)
		closed := layout.Base + "/.closed/" + zone
		run(t, "shzadm", "zone", "modify", zone, "--expires", time.Now().AddDate(0, 0, 20).Format(time.DateOnly))
		if clean("zones", zone, 20); !exists(zonePath(zone)) {
			t.Error("closed before its last day was over")
		}
		if clean("zones", zone, 21); exists(zonePath(zone)) || !exists(closed) {
			t.Error("not closed")
		}
		if clean("zones", zone, 400); exists(closed) {
			t.Error("not removed")
		}
	})
	tellAnew(t)
	if said := run(t, cleanerProgram, "--once", "due"); strings.Contains(said, "clock") || strings.Contains(read(t, state), `"doubt"`) || strings.Contains(read(t, state), `"back"`) {
		t.Errorf("the clock is doubted: %s\n%s", said, read(t, state))
	}
}
