package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sharezone/internal/layout"
	"sharezone/notify/queue"
)

// TestOwnerIsTold: through the last weeks of a zone its owner gets each mail on its day, once: three before the end, three more after
// she has extended it by the link of one, one of files that went, when it is closed, and when it is gone.
func TestOwnerIsTold(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	url := needDemo(t).url
	setConfig(t, "[notices]\nwindow_minutes = 0\nlanguage = \"en\"\n[mail]\ndomain = \"share.test\"\n[entries.internal]\npublic_url = \""+url+"\"\n[cleaner]\ngrace_days = 5\n")
	work(t)
	emptyQueue(t)
	cleanerRanBefore(t)
	t.Cleanup(func() { cleanerRanBefore(t) })
	year, month, day := time.Now().Date()
	today := time.Date(year, month, day, 0, 0, 0, 0, time.Local)
	on := func(days int) string { return today.AddDate(0, 0, days).Format(time.DateOnly) }
	run(t, "shzadm", "zone", "modify", zone, "--expires", on(10), "--max-age", "12", "--notify", "none")
	for i := range 3 {
		write(t, "bruno", fmt.Sprintf("%s/%d.txt", zonePath(zone), i), "x")
	}
	want := map[int]string{3: "warned " + on(10), 7: "warned " + on(10), 13: "expired 3", 23: "warned " + on(30), 27: "warned " + on(30),
		29: "warned " + on(30), 31: "closed " + on(30), 36: "removed " + on(31)}
	known := map[string]bool{}
	for days := range 37 { // then it is gone
		if days == 8 {
			extend(t, zone, on(30))
		}
		for _, job := range []string{"warnings", "files", "zones"} {
			run(t, cleanerProgram, "--once", job, "--zone", zone, "--no-limit", "--now", today.AddDate(0, 0, days).Format(time.RFC3339))
		}
		work(t) // there is no mail server yet: what it is to be told waits
		var told []string
		for _, m := range newMessages(t, known) {
			if m.User != "anna" || m.Zone != zone {
				t.Errorf("day %d: %+v", days, m)
			}
			what := m.Items[0].Path
			if m.Kind == queue.Expired {
				what = strconv.Itoa(m.Count)
			}
			told = append(told, string(m.Kind)+" "+what)
		}
		if got := strings.Join(told, "; "); got != want[days] {
			t.Errorf("day %d: %q, not %q", days, got, want[days])
		}
	}
	for _, name := range queueFiles(t, "open") { // what goes because of its age collects for five minutes more: let that be over
		run(t, "sed", "-i", `s/"due": "[^"]*"/"due": "`+time.Now().UTC().Format(time.RFC3339)+`"/`, name)
		run(t, "chown", layout.UserSpool, name)
	}
	work(t)
	for _, name := range queueFiles(t, "waiting") { // those that were tried wait a minute
		run(t, "shzadm", "queue", "retry", strings.TrimSuffix(filepath.Base(name), ".json"))
	}
	postfix(t)
	work(t)
	delivered(t)
	got := strings.Split(subjects("anna"), "; ")
	slices.Sort(got)
	for i, begin := range []string{"3 things have gone", "The zone " + zone + " ends on", "The zone " + zone + " ends on", "The zone " + zone + " ends on",
		"The zone " + zone + " ends on", "The zone " + zone + " ends on", "The zone " + zone + " has been removed", "The zone " + zone + " is closed"} {
		if i >= len(got) || !strings.HasPrefix(got[i], begin) {
			t.Fatalf("%d: not %q:\n%s", i, begin, strings.Join(got, "\n"))
		}
	}
	all := strings.ReplaceAll(strings.Join(mailbox("anna"), ""), "=\n", "")
	for _, link := range []string{"?view=3Dextend", "?view=3Dages", ""} {
		if !strings.Contains(all, url+"/cgi-bin/zones/"+zone+link) {
			t.Errorf("no link to %q in\n%s", link, all)
		}
	}
	if len(got) != len(want) || queued(t, "*") != 0 {
		t.Errorf("%d mails, %d in the queue", len(got), queued(t, "*"))
	}
}

// extend goes by the link of a warning: a page, which changes nothing and is the owner's, has the form.
func extend(t *testing.T, zone, until string) {
	t.Helper()
	link := management + "/" + zone + "?view=extend"
	before := run(t, "getfattr", "-d", "--absolute-names", zonePath(zone))
	if a := curl(t, link); a.status != 401 || !strings.Contains(a.body, "view=extend") {
		t.Errorf("not logged in: %d %s", a.status, a.body)
	}
	if a := curlAs(t, "bruno", link); a.status != 403 {
		t.Errorf("bruno: %d", a.status)
	}
	a := curlAs(t, "anna", link)
	if a.status != 200 || strings.Count(a.body, `name="expires" value="`) != 2 || !strings.Contains(a.body, `method="post"`) {
		t.Errorf("anna: %d %s", a.status, a.body)
	}
	if after := run(t, "getfattr", "-d", "--absolute-names", zonePath(zone)); after != before {
		t.Errorf("looking changed\n%s to\n%s", before, after)
	}
	if a := curlAs(t, "anna", "-d", "op=modify", "-d", "expires="+until, management+"/"+zone); a.status != 303 {
		t.Errorf("extending: %d %s", a.status, a.body)
	}
}

func queueFiles(t *testing.T, folder string) []string {
	t.Helper()
	found, err := filepath.Glob(layout.Queue + "/" + folder + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// newMessages are those in the queue that are not known yet.
func newMessages(t *testing.T, known map[string]bool) []queue.Message {
	t.Helper()
	var all []queue.Message
	for _, name := range queueFiles(t, "*") {
		if known[filepath.Base(name)] {
			continue
		}
		known[filepath.Base(name)] = true
		var m queue.Message
		if err := json.Unmarshal([]byte(read(t, name)), &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// TestOwnerIsToldOnce: a cleaner that is killed as it writes something, at any place, and goes on a minute later, tells the owner of each
// thing once, also when the worker has told of the first half meanwhile.
func TestOwnerIsToldOnce(t *testing.T) {
	zone := newZone(t)
	setConfig(t, "[notices]\nwindow_minutes = 0\n[cleaner]\ngrace_days = 5\n")
	work(t)
	cleanerRanBefore(t)
	t.Cleanup(func() { cleanerRanBefore(t) })
	trace := filepath.Join(t.TempDir(), "trace")
	killed := 0
	for when := 1; when <= 5; when++ { // of each thread: the places differ from run to run
		emptyQueue(t)
		if when > 1 {
			run(t, "shzadm", "zone", "add", zone, "--owner", "anna")
		}
		run(t, "shzadm", "zone", "modify", zone, "--expires", time.Now().AddDate(0, 0, 2).Format(time.DateOnly))
		for _, row := range []struct {
			job  string
			days int
			want queue.Kind
		}{{"warnings", 0, queue.Warned}, {"zones", 3, queue.Closed}, {"zones", 9, queue.Removed}} {
			args := []string{"--once", row.job, "--zone", zone, "--no-limit", "--now", time.Now().AddDate(0, 0, row.days).Format(time.RFC3339)}
			inject := fmt.Sprintf("inject=write,setxattr:signal=KILL:when=%d", when)
			_, status := command(t, "strace", append([]string{"-f", "-qq", "-o", trace, "-e", "trace=write,setxattr", "-e", inject, cleanerProgram}, args...)...)
			if status != 0 {
				killed++
			}
			work(t)
			tellAnew(t)
			if out, status := command(t, cleanerProgram, args...); status != 0 && !(row.want == queue.Removed && strings.Contains(out, "there is no such zone")) {
				t.Errorf("killed at write %d, and again: %s", when, out)
			}
			work(t)
			told := newMessages(t, map[string]bool{})
			if len(told) != 1 || told[0].Kind != row.want || told[0].User != "anna" || told[0].Zone != zone {
				t.Errorf("killed at write %d (status %d): %d messages instead of %s: %+v", when, status, len(told), row.want, told)
			}
			for _, name := range queueFiles(t, "*") {
				os.Remove(name)
			}
		}
		if exists(zonePath(zone)) {
			t.Fatalf("write %d: the zone is there", when)
		}
	}
	if killed < 8 {
		t.Errorf("killed %d times", killed)
	}
	t.Logf("killed %d times", killed)
}
