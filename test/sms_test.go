package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sharezone/notify/sms"
)

// Short messages, through a real gammu-smsd with a phone that is none.

// gammu starts gammu-smsd, and returns its outbox, and what it says.
func gammu(t *testing.T) (outbox string, log func() string) {
	t.Helper()
	needDemo(t)
	if _, err := os.Stat("/usr/bin/gammu-smsd"); err != nil {
		t.Skip("gammu-smsd is not installed")
	}
	top := t.TempDir()
	for folder := filepath.Dir(top); ; folder = top { // the worker gets there
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if folder == top {
			break
		}
	}
	for _, folder := range []string{"dev", "inbox", "outbox", "sent", "error"} {
		if err := os.Mkdir(top+"/"+folder, 0o770); err != nil {
			t.Fatal(err)
		}
	}
	outbox = top + "/outbox"
	run(t, "chgrp", "gammu", outbox)
	run(t, "chmod", "0770", outbox)
	if err := os.WriteFile(top+"/rc", fmt.Appendf(nil, `[gammu]
model = dummy
connection = none
device = %[1]s/dev
[smsd]
service = files
inboxpath = %[1]s/inbox/
outboxpath = %[1]s/outbox/
sentsmspath = %[1]s/sent/
errorsmspath = %[1]s/error/
logfile = %[1]s/log
transmitformat = auto
debuglevel = 255
checksecurity = 0
commtimeout = 1
loopsleep = 1
`, top), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("gammu-smsd", "-c", top+"/rc")
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		daemon.Process.Kill()
		daemon.Wait()
	})
	return outbox, func() string {
		b, _ := os.ReadFile(top + "/log") // not there before it has begun
		return string(b)
	}
}

var transmitted = regexp.MustCompile(`Transmitted \S+ \(total: (\d)\) to (\S+),`)

var foundText = regexp.MustCompile(`Found \d sms to .*`)

// TestSMS: who chose short messages gets them on the telephone, as many as were counted, whatever the file is called, and no mail.
func TestSMS(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	outbox, log := gammu(t)
	preferencesOf(t, "anna") // go away with the test
	preferencesOf(t, "bruno")
	setConfig(t, "[notices]\nwindow_minutes = 0\nlanguage = \"en\"\n[entries.internal]\npublic_url = \""+needDemo(t).url+"\"\n[sms]\ntransport = \"gammu:"+outbox+"\"\ncountry = \"39\"\n")
	if out, status := command(t, "shzadm", "user", "modify", "anna", "--channel", "sms"); status != 1 || !strings.Contains(out, "--channel") {
		t.Errorf("without a number: %d %s", status, out)
	}
	t.Cleanup(func() {
		run(t, "shzadm", "user", "modify", "anna", "--mobile", "", "--channel", "")
		run(t, "gpasswd", "-d", "shzspool", "gammu")
	})
	run(t, "shzadm", "user", "modify", "anna", "--mobile", "333 1234567")
	if page := curlAs(t, "anna", profilePage).body; !strings.Contains(page, `name="channel"`) {
		t.Error("who has a number is offered no channel")
	}
	if page := curlAs(t, "bruno", profilePage).body; strings.Contains(page, `name="channel"`) {
		t.Error("who has no number is offered a channel")
	}
	run(t, "shzadm", "user", "modify", "bruno", "--channel", "none")
	if page := curlAs(t, "bruno", profilePage).body; !strings.Contains(page, `<option value="none" selected>`) || strings.Contains(page, `value="sms"`) {
		t.Error("who is told by none does not see it, or cannot change it")
	}
	if a := jsonAs(t, "bruno", "-d", "op=messages&often=now&channel=mail", profilePage); a.status != 200 || !strings.Contains(a.body, `"channel":"mail"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := jsonAs(t, "anna", "-d", "op=messages&often=now&channel=both", profilePage); a.status != 200 || !strings.Contains(a.body, `"channel":"both"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	modify := func(fields string) answer {
		return jsonAs(t, "admin", "-d", "op=modify&username=anna&"+fields, usersPage)
	}
	if a := modify("mobile=&channel=both"); a.status != 400 || !strings.Contains(run(t, "getent", "passwd", "anna"), "333 1234567") {
		t.Errorf("SMS without a number, by an administrator: %d %s", a.status, a.body)
	}
	if a := modify("channel=sms"); a.status != 200 || !strings.Contains(a.body, `"channel":"sms"`) {
		t.Errorf("by an administrator: %d %s", a.status, a.body)
	}
	if page := curlAs(t, "admin", usersPage+"/anna?view=edit").body; !strings.Contains(page, `<option value="sms" selected>`) {
		t.Error("the form of her account does not show the channel")
	}
	if out, _ := command(t, "shzadm", "doctor"); !strings.Contains(out, "usermod --gid shzspool --groups gammu -- shzspool") {
		t.Errorf("doctor does not see that the worker cannot write there: %s", out)
	}
	run(t, "usermod", "-aG", "gammu", "shzspool")
	if out, _ := command(t, "shzadm", "doctor"); strings.Contains(out, outbox) || strings.Contains(out, "shzspool") {
		t.Errorf("doctor finds fault with a group of the worker's: %s", out)
	}
	work(t)
	emptyQueue(t)
	var want []string
	for _, file := range []struct{ path, name string }{
		{"plain.txt", "plain.txt"},
		{"%E2%82%AC%3Cb%3E%24%28id%29.txt", "€<b>$(id).txt"},
		{"%F0%9F%98%80.txt", "😀.txt"},
	} {
		if a := jsonAs(t, "bruno", "-d", "x", "-X", "PUT", "/cgi-bin/shz/"+zone+"/"+file.path); a.status != 201 {
			t.Fatalf("%s: %d %s", file.path, a.status, a.body)
		}
		text := "Share Zone: 1 new file by bruno in the zone " + zone + ": " + file.name + " " + needDemo(t).url + "/cgi-bin/shz/" + zone + "/"
		_, parts := sms.Count(text)
		want = append(want, fmt.Sprintf("%d to +393331234567", parts))
		work(t)
		work(t)
		waitFor(t, "the telephone to take "+file.path, func() bool { return len(transmitted.FindAllString(log(), -1)) == len(want) })
		if !strings.Contains(log(), `with text "`+text[:60]) {
			t.Errorf("%s: not that text", file.path)
		}
	}
	var got []string
	for _, m := range transmitted.FindAllStringSubmatch(log(), -1) {
		got = append(got, m[1]+" to "+m[2])
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") || queued(t, "waiting")+queued(t, "failed") != 0 {
		t.Errorf("%q, not %q; %d wait, %d failed: %s", got, want, queued(t, "waiting"), queued(t, "failed"), strings.Join(foundText.FindAllString(log(), -1), "\n"))
	}
}
