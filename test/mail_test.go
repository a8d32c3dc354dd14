package test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// Messages, through a real Postfix of the machine itself.

// postfix starts the machine's Postfix, which delivers to files in /var/mail; other domains than the machine's it refuses.
func postfix(t *testing.T) {
	t.Helper()
	needDemo(t)
	if _, err := os.Stat("/usr/sbin/postfix"); err != nil {
		t.Skip("Postfix is not installed")
	}
	for _, setting := range []string{"inet_interfaces=loopback-only", "inet_protocols=ipv4", "mydestination=localhost, share.test", "myhostname=share.test",
		"mailbox_size_limit=0", "maillog_file=/var/log/postfix.log", "maillog_file_prefixes=/var", "alias_maps=", "mailbox_command=", "home_mailbox=",
		"smtpd_relay_restrictions=reject_unauth_destination"} {
		run(t, "postconf", "-e", setting)
	}
	run(t, "postconf", "-M", "postlog/unix-dgram=postlog unix-dgram n - n - 1 postlogd")
	os.RemoveAll("/var/log/postfix.log")
	run(t, "postfix", "start")
	t.Cleanup(func() { command(t, "postfix", "stop") })
	waitFor(t, "Postfix", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:25")
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// waitFor waits until something is so.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	if !eventually(patience, is) {
		t.Fatalf("%s: not within %s", what, patience)
	}
}

// mailbox are the mails that somebody got, each from its headers to its end.
func mailbox(user string) []string {
	b, err := os.ReadFile("/var/mail/" + user)
	if err != nil {
		return nil
	}
	return strings.Split(string(b), "\nFrom sharezone@")
}

var subjectLine = regexp.MustCompile(`(?m)^Subject: (.*)$`)

func subjects(user string) string {
	var all []string
	for _, m := range mailbox(user) {
		if s := subjectLine.FindStringSubmatch(m); s != nil {
			all = append(all, s[1])
		}
	}
	return strings.Join(all, "; ")
}

// delivered waits until Postfix has nothing left: then who got no mail gets none.
func delivered(t *testing.T) {
	t.Helper()
	waitFor(t, "Postfix to deliver", func() bool { return run(t, "postqueue", "-j") == "" })
}

func queued(t *testing.T, folder string) int {
	t.Helper()
	return len(queueFiles(t, folder))
}

// emptyQueue takes away what other tests have left on its way.
func emptyQueue(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{layout.Notices + "/*", layout.Queue + "/*/*", layout.WorkerState + "/taken.json", "/var/mail/*"} {
		found, _ := filepath.Glob(pattern)
		for _, name := range found {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestReceipt: who takes a file is told to the owner of the file, nobody else, once, in words, with a link to the configured host.
func TestReceipt(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=read")
	setConfig(t, "[notices]\ntell = \"download\"\nwindow_minutes = 0\nlanguage = \"en\"\n[mail]\ndomain = \"share.test\"\n[entries.internal]\npublic_url = \""+needDemo(t).url+"\"\n")
	work(t)
	emptyQueue(t)
	postfix(t) // not before, or what others have left is under way in it
	put(t, "bruno", zone, "b-1.txt")
	put(t, "bruno", zone, "b-2.txt")
	put(t, "anna", zone, "a.txt")
	for _, file := range []string{"b-1.txt", "b-2.txt?inline=1", "a.txt"} { // to look at it is to take it
		for range 2 { // twice within the hour is once
			if a := curlAs(t, "carla", "/cgi-bin/shz/"+zone+"/"+file); a.status != 200 {
				t.Fatal(a.status)
			}
		}
	}
	curlAs(t, "bruno", "/cgi-bin/shz/"+zone+"/b-1.txt") // his own
	curlAs(t, "carla", "/cgi-bin/shz/"+zone+"/absent.txt")
	for range 3 {
		work(t)
	}
	delivered(t)
	if got := subjects("bruno"); got != "2 files taken by carla from the zone "+zone {
		t.Errorf("bruno: %s", got)
	}
	if got := subjects("anna"); got != "1 file taken by carla from the zone "+zone {
		t.Errorf("anna: %s", got)
	}
	if got := subjects("carla"); got != "" {
		t.Errorf("carla: %s", got)
	}
	if looked := activityOf(t, zone, "--event", "preview"); !slices.Equal(looked, []string{"preview carla b-2.txt ok", "preview carla b-2.txt ok"}) {
		t.Errorf("what was looked at: %q", looked)
	}
	m := strings.Join(mailbox("bruno"), "")
	for _, want := range []string{"To: <bruno@localhost>", "Auto-Submitted: auto-generated", "b-1.txt", "b-2.txt", needDemo(t).url + "/cgi-bin/shz/" + zone} {
		if !strings.Contains(strings.ReplaceAll(m, "=\n", ""), want) {
			t.Errorf("no %q in\n%s", want, m)
		}
	}
	if strings.Contains(m, "a.txt") || queued(t, "*") != 0 {
		t.Errorf("%d in the queue; %s", queued(t, "*"), m)
	}
}

// TestArrivals: what bruno brings at once is one message to anna, which names some and counts all; carla, who may not enter, and
// bruno himself get none. What is gone before anybody looked is told to the zone's owner alone.
func TestArrivals(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:admin=read")
	setConfig(t, "[notices]\nwindow_minutes = 0\nlanguage = \"en\"\n")
	work(t)
	emptyQueue(t)
	postfix(t)
	folder := t.TempDir()
	form := []string{"-X", "POST"}
	for i := range 480 {
		name := fmt.Sprintf("%s/b-%03d.txt", folder, i)
		if err := os.WriteFile(name, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		form = append(form, "-F", "file=@"+name)
	}
	if a := jsonAs(t, "bruno", append(form, "/cgi-bin/shz/"+zone+"/")...); a.status != 200 {
		t.Fatal(a.status, a.body)
	}
	for i := range 19 {
		put(t, "bruno", zone, fmt.Sprintf("c-%d.txt", i))
	}
	put(t, "bruno", zone, "gone.txt")
	if err := os.Remove(zonePath(zone) + "/gone.txt"); err != nil {
		t.Fatal(err)
	}
	work(t)
	delivered(t)
	if got := subjects("anna"); got != "500 new files by bruno in the zone "+zone {
		t.Errorf("anna: %s", got)
	}
	if got := subjects("admin"); got != "499 new files by bruno in the zone "+zone {
		t.Errorf("admin: %s", got)
	}
	if got := subjects("carla") + subjects("bruno"); got != "" {
		t.Errorf("carla and bruno: %s", got)
	}
	if m := mailbox("anna")[0]; !strings.Contains(m, "b-000.txt") || !strings.Contains(m, "b-049.txt") || strings.Contains(m, "b-050.txt") || !strings.Contains(m, "and 450 more") {
		t.Error(m)
	}
	if queued(t, "*") != 0 {
		t.Errorf("%d in the queue", queued(t, "*"))
	}
}

// TestMailRefused: an address that the mail server refuses is put aside with its reason; without a mail server everything waits,
// and goes out when there is one.
func TestMailRefused(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=read")
	setConfig(t, "[notices]\ntell = \"download\"\nwindow_minutes = 0\n[mail]\ndomain = \"share.test\"\n")
	work(t)
	emptyQueue(t)
	put(t, "bruno", zone, "x.txt")
	curlAs(t, "carla", "/cgi-bin/shz/"+zone+"/x.txt")
	run(t, "shzadm", "user", "modify", "bruno", "--email", "bruno@elsewhere.test")
	t.Cleanup(func() { run(t, "shzadm", "user", "modify", "bruno", "--email", "bruno@localhost") })
	if out, status := asUser(t, layout.UserSpool, workerProgram); status != 0 || queued(t, "waiting") != 1 {
		t.Fatalf("without a mail server: %d %s, %d wait", status, out, queued(t, "waiting"))
	}
	postfix(t)
	work(t)
	if queued(t, "failed") != 1 || queued(t, "waiting") != 0 {
		t.Fatalf("%d failed, %d wait", queued(t, "failed"), queued(t, "waiting"))
	}
	found, _ := filepath.Glob(layout.Queue + "/failed/*.json")
	if text := read(t, found[0]); !strings.Contains(text, "Relay access denied") {
		t.Error(text)
	}
	// The administrator sees it, sends it again when the address is right, and can take one away.
	if out := run(t, "shzadm", "queue", "list"); !strings.Contains(out, "Relay access denied") || !strings.Contains(out, "failed") {
		t.Error(out)
	}
	id := strings.TrimSuffix(filepath.Base(found[0]), ".json")
	for _, args := range [][]string{{"retry", "20"}, {"retry", "19990101T0000"}, {"drop", "../failed/" + id}} {
		if out, status := command(t, "shzadm", append([]string{"queue"}, args...)...); status != 1 || queued(t, "failed") != 1 {
			t.Errorf("%v: %d %s", args, status, out)
		}
	}
	run(t, "shzadm", "user", "modify", "bruno", "--email", "bruno@localhost")
	if out := run(t, "shzadm", "queue", "list", "--json"); strings.Contains(out, `"0001-`) || !strings.Contains(out, `"next": null`) {
		t.Errorf("a time that is not known: %s", out)
	}
	if out := run(t, "shzadm", "queue", "retry", id); !strings.HasSuffix(out, "\n") {
		t.Errorf("no line: %q", out)
	}
	if owner := run(t, "stat", "-c", "%U:%G %a", layout.Queue+"/waiting/"+id+".json"); strings.TrimSpace(owner) != "shzspool:shzspool 600" {
		t.Error(owner)
	}
	work(t)
	delivered(t)
	if subjects("bruno") == "" {
		t.Error("bruno got nothing")
	}
	if queued(t, "*") != 0 {
		t.Errorf("%d in the queue", queued(t, "*"))
	}
	put(t, "bruno", zone, "y.txt")
	curlAs(t, "carla", "/cgi-bin/shz/"+zone+"/y.txt")
	run(t, "postfix", "stop")
	work(t)
	left, _ := filepath.Glob(layout.Queue + "/waiting/*.json")
	if len(left) != 1 {
		t.Fatalf("%q wait", left)
	}
	run(t, "shzadm", "queue", "drop", strings.TrimSuffix(filepath.Base(left[0]), ".json"), "--json")
	if queued(t, "*") != 0 {
		t.Errorf("%d in the queue", queued(t, "*"))
	}
	emptyQueue(t)
}

// TestNotifyOfZone: a zone's owner decides of what its people are told.
func TestNotifyOfZone(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=read")
	setConfig(t, "[notices]\ntell = \"download\"\nwindow_minutes = 1440\n")
	work(t)
	emptyQueue(t)
	put(t, "bruno", zone, "x.txt")
	put(t, "bruno", zone, "y.txt")
	run(t, "shzadm", "zone", "modify", zone, "--notify", "none")
	curlAs(t, "carla", "/cgi-bin/shz/"+zone+"/x.txt")
	work(t)
	if n := queued(t, "open"); n != 0 {
		t.Errorf("%d messages although the owner wants none", n)
	}
	run(t, "shzadm", "zone", "modify", zone, "--notify", "download")
	curlAs(t, "carla", "/cgi-bin/shz/"+zone+"/y.txt")
	work(t)
	if n := queued(t, "open"); n != 1 {
		t.Errorf("%d messages", n)
	}
	emptyQueue(t)
}
