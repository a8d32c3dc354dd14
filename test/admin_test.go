package test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// activityOf is what shzadm activity tells, as "EVENT USER PATH RESULT", of a zone or with other words of its own.
func activityOf(t *testing.T, args ...string) []string {
	t.Helper()
	var got struct {
		Events []struct {
			Event, User, Result, Entry string
			Address, Path              *string
		}
		Damaged []any
	}
	if err := json.Unmarshal([]byte(run(t, "shzadm", append([]string{"activity", "--json"}, args...)...)), &got); err != nil || len(got.Damaged) > 0 {
		t.Fatal(err, got.Damaged)
	}
	var acts []string
	for _, e := range got.Events {
		path := "-"
		if e.Path != nil {
			path = *e.Path
		}
		if (e.Address == nil) != (e.Entry == "shell") {
			t.Errorf("%+v", e)
		}
		acts = append(acts, strings.Join([]string{e.Event, e.User, path, e.Result}, " "))
	}
	return acts
}

// An account that shzadm locks is out at its next request, and in again when it is unlocked.
func TestLockedByCommand(t *testing.T) {
	d := needDemo(t)
	bruno := login(t, "bruno")
	if a := curl(t, "-b", bruno, "-H", "Accept: application/json", d.url+"/cgi-bin/home"); a.status != 200 {
		t.Fatal(a.status)
	}
	t.Cleanup(func() { exec.Command("shzadm", "user", "unlock", "bruno").Run() })
	run(t, "shzadm", "user", "lock", "bruno")
	if out := run(t, "shzadm", "session", "list"); slices.Contains(strings.Fields(out), "bruno") {
		t.Errorf("still listed: %s", out)
	}
	if a := curl(t, "-b", bruno, "-H", "Accept: application/json", d.url+"/cgi-bin/home"); a.status != 401 {
		t.Errorf("after the lock: %d", a.status)
	}
	if a := tryLogin(t, "bruno", d.password["bruno"]); a.status != 401 {
		t.Errorf("a login with the lock: %d", a.status)
	}
	run(t, "shzadm", "user", "unlock", "bruno")
	login(t, "bruno")
	if out := run(t, "shzadm", "session", "list"); !slices.Contains(strings.Fields(out), "bruno") {
		t.Errorf("not listed: %s", out)
	}
	last := activityOf(t, "--user", "bruno")
	if n := len(last); n < 4 || last[n-4] != "logout root - ok" || last[n-3] != "login-failed bruno - not-logged-in" || last[n-2] != "user-modify root unlock ok" || last[n-1] != "login bruno - ok" {
		t.Errorf("%q", last)
	}
}

// A session that is ended by its id asks for a login at the next request; others go on.
func TestSessionEndedByCommand(t *testing.T) {
	d := needDemo(t)
	first, second := login(t, "bruno"), login(t, "bruno")
	id := sessionFile(t, cookieIn(t, first))
	id = id[strings.LastIndexByte(id, '/')+1:][:12]
	run(t, "shzadm", "session", "end", id)
	for jar, want := range map[string]int{first: 401, second: 200} {
		if a := curl(t, "-b", jar, "-H", "Accept: application/json", d.url+"/cgi-bin/home"); a.status != want {
			t.Errorf("%d, want %d", a.status, want)
		}
	}
}

// A zone that is closed is gone for everybody in the browser, and back with everything after it is restored.
func TestZoneClosedByCommand(t *testing.T) {
	d := needDemo(t)
	zone := newZone(t, "user:bruno=write")
	write(t, "anna", zonePath(zone, "file"), "hello")
	target := d.url + "/cgi-bin/shz/" + zone + "/file"
	if a := curlAs(t, "bruno", target); a.status != 200 {
		t.Fatal(a.status)
	}
	run(t, "shzadm", "zone", "close", zone)
	for _, user := range []string{"anna", "bruno", "admin"} {
		if a := jsonAs(t, user, target); a.status != 404 {
			t.Errorf("%s: %d", user, a.status)
		}
		if a := jsonAs(t, user, d.url+"/cgi-bin/home"); strings.Contains(string(a.body), `"`+zone+`"`) {
			t.Errorf("%s sees the closed zone", user)
		}
	}
	run(t, "shzadm", "zone", "restore", zone)
	if a := curlAs(t, "bruno", target); a.status != 200 || string(a.body) != "hello" {
		t.Errorf("after restoring: %d", a.status)
	}
	want := []string{"zone-create root - ok", "zone-share root user:bruno=write ok", "download bruno file ok", "zone-close root - ok",
		"zone-restore root - ok", "download bruno file ok"}
	if got := activityOf(t, zone); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q", got)
	}
}

// An upload shows as running while it lasts, and as interrupted when its handler was killed.
func TestActivityOfAKilledUpload(t *testing.T) {
	d := needDemo(t)
	zone := newZone(t, "user:bruno=write")
	cmd := curlCommand(t, "-b", jar(t, "bruno"), "--limit-rate", "64k", "-T", randomFile(t, 8<<20), d.url+"/cgi-bin/shz/"+zone+"/big")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := handler(t, "shz", "bruno")
	last := func() string { all := activityOf(t, zone); return all[len(all)-1] }
	if !eventually(patience, func() bool { return last() == "upload bruno big running" }) {
		t.Error(last())
	}
	kill(t, pid, 9)
	cmd.Wait()
	noHandlers(t, "shz", "bruno")
	if !eventually(10*time.Second, func() bool { return last() == "upload bruno big interrupted" }) {
		t.Error(last())
	}
}
