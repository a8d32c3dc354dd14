package test

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/page/pagetest"
)

// Zones that are not as others: large, on another mount, without an owner, with a full list.

// TestZonesSlow: a helper that walks for long is waited for: the answer begins, tells how far it is, and ends with the
// result; who goes away does not stop what is recorded.
func TestZonesSlow(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	helper := layout.Helpers + "/zonefix"
	slow := t.TempDir() + "/slow"
	if err := os.WriteFile(slow, []byte("#!/bin/sh\nsleep $(cat /run/shztest-slow); echo '{\"progress\":1234}'; sleep 1.5; exec /run/shztest-zonefix\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	takes := func(seconds string) {
		t.Helper()
		if err := os.WriteFile("/run/shztest-slow", []byte(seconds), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	takes("4")
	run(t, "cp", "-p", helper, "/run/shztest-zonefix")
	run(t, "mount", "--bind", slow, helper)
	t.Cleanup(func() {
		unmountProgram(t, helper)
		os.Remove("/run/shztest-zonefix")
	})
	// A script gets the true status of what takes some seconds.
	a := jsonAs(t, "anna", "-d", "op=transfer&owner=bruno", at)
	if a.status != 400 || a.code() != "bad-request" {
		t.Errorf("refused after some seconds: %d %s", a.status, a.body)
	}
	a = curlAs(t, "anna", "-H", "Accept-Language: en", "-d", "op=share&principal=user:bruno&access=read", at)
	if a.status != 200 || !strings.Contains(a.body, "1,234 items so far") || !strings.Contains(a.body, "it holds from now on") || !strings.Contains(a.body, `href="`+at+`?done=share"`) || !strings.Contains(a.body, "</html>") {
		t.Errorf("page: %d %s", a.status, a.body)
	}
	pagetest.Check(t, a.body)
	run(t, "touch", zonePath(zone, "one"), zonePath(zone, "two"))
	run(t, "setfacl", "-m", "u:carla:rx", zonePath(zone, "one"), zonePath(zone, "two"))
	a = curlAs(t, "anna", "-H", "Accept-Language: en", "-d", "op=apply", at)
	if a.status != 200 || !strings.Contains(a.body, `name="op" value="apply"`) || !consentForm.MatchString(a.body) || !strings.Contains(a.body, "</html>") {
		t.Errorf("a question after some seconds: %d %s", a.status, a.body)
	}
	pagetest.Check(t, a.body)
	takes("15")
	a = jsonAs(t, "anna", "--max-time", "60", "-d", "op=transfer&owner=bruno", at)
	if a.status != 200 || !strings.HasPrefix(a.body, " ") || !json.Valid([]byte(a.body)) || a.code() != "bad-request" ||
		!strings.Contains(a.body, `"results":[{"name":"`+zone+`","status":"bad-request","message":"`) {
		t.Errorf("refused late: %d %s", a.status, a.body)
	}
	takes("4")
	found := newEvents(t, "zones", func() {
		if gone := curlAs(t, "anna", "--max-time", "3.6", "-d", "op=share&principal=user:carla&access=read", at); gone.exit != 28 {
			t.Errorf("curl: %d %d", gone.exit, gone.status)
		}
		noHandlers(t, "zones", "anna")
	})
	if len(found) != 1 || len(found[0].lines) != 2 || found[0].lines[1]["result"] != "ok" {
		t.Errorf("%+v", found)
	}
}

// TestZonesProblems: zones on other mounts, that can only be read, without an owner, without a list: shown, explained.
func TestZonesProblems(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	at := management + "/" + zone
	place := zonePath(zone)
	check := func(problem string, refusedShare int) {
		t.Helper()
		user := "anna"
		z := zoneIn(t, jsonAs(t, user, at))
		if !slices.Contains(z.Problems, problem) {
			t.Errorf("%q, not %s", z.Problems, problem)
		}
		for _, language := range []string{"it", "en"} {
			if a := curlAs(t, user, "-H", "Accept-Language: "+language, at); a.status != 200 || !strings.Contains(a.body, "alert-info") {
				t.Errorf("%s, %s: %d", problem, language, a.status)
			}
		}
		if page := curlAs(t, user, at); refusedShare != 200 {
			if strings.Contains(page.body, `name="op"`) {
				t.Errorf("%s: the page has a form that would be refused: %s", problem, page.body)
			}
			_, tabs, _ := strings.Cut(page.body, `<nav class="tabs"`)
			tabs, _, _ = strings.Cut(tabs, "</nav>")
			for _, link := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(tabs, -1) {
				if a := curlAs(t, user, html.UnescapeString(link[1])); a.status != 200 {
					t.Errorf("%s: the tab %s: %d", problem, link[1], a.status)
				}
			}
		}
		if a := form(t, user, at, true, "op=share", "principal=user:carla", "access=read"); a.status != refusedShare {
			t.Errorf("%s: sharing: %d %s", problem, a.status, a.body)
		}
	}
	if a := zoneIn(t, jsonAs(t, "anna", at)); len(a.Problems) != 0 {
		t.Errorf("%q", a.Problems)
	}
	if out, status := asUser(t, "anna", "chmod", "1700", place); status != 0 {
		t.Fatal(out)
	}
	check("shut", 200)
	run(t, "chmod", "1770", place)
	run(t, "gpasswd", "-d", "anna", layout.GroupManager)
	login(t, "anna")
	check("owner-not-manager", 403)
	run(t, "gpasswd", "-a", "anna", layout.GroupManager)
	login(t, "anna")
	t.Run("mount", func(t *testing.T) {
		mountOver(t, place, "mkfs.ext4 -q -m 0")
		check("other-mount", 403)
		run(t, "mount", "-o", "remount,ro", place)
		check("read-only", 403)
		noHandlers(t, "zones", "anna")
	})
	run(t, "chown", "7001:7001", place)
	t.Cleanup(func() { unix.Chown(place, uidOf(t, "anna"), uidOf(t, "anna")) })
	z := zoneIn(t, jsonAs(t, "admin", at))
	if !slices.Contains(z.Problems, "owner-gone") || z.Owner != "uid:7001" {
		t.Errorf("%+v", z)
	}
	if a := form(t, "admin", at, true, "op=transfer", "owner=anna"); a.status != 200 || zoneIn(t, a).Owner != "anna" {
		t.Errorf("the administrator gives it to a manager: %d %s", a.status, a.body)
	}
}

// TestZonesFull: where the file system holds no more entries, the answer recommends a group.
func TestZonesFull(t *testing.T) {
	zone := newZone(t)
	entries := ""
	for uid := 100000; uid < 100600; uid++ {
		entries += fmt.Sprintf("user:%d:r-x\n", uid)
	}
	for n := 600; n > 0; n -= 10 { // as many as there is room for
		list := strings.Join(strings.SplitAfter(entries, "\n")[:n], "")
		if _, status := command(t, "sh", "-c", `printf '%s' "$1" | setfacl -M - "$2"`, "sh", list, zonePath(zone)); status == 0 {
			break
		}
	}
	for i := 0; ; i++ { // and no byte more
		if _, status := command(t, "setfacl", "-m", fmt.Sprintf("u:%d:r-x", 200000+i), zonePath(zone)); status != 0 || i > 20 {
			break
		}
	}
	unchanged(t, zonePath(zone), func() {
		for language, word := range map[string]string{"it": "gruppo", "en": "group"} {
			a := jsonAs(t, "anna", "-H", "Accept-Language: "+language, "-d", "op=share&principal=user:bruno&access=read", management+"/"+zone)
			if a.status != 507 || a.code() != "no-space" || !strings.Contains(a.body, word) {
				t.Errorf("%d %s", a.status, a.body)
			}
			// The list takes the room of all attributes, and says so.
			for _, fields := range []string{"op=modify&title=" + strings.Repeat("a", 200), "op=keep&keep=" + strings.Repeat("b", 200)} {
				a := jsonAs(t, "anna", "-H", "Accept-Language: "+language, "-d", fields, management+"/"+zone)
				if a.status != 507 || a.code() != "no-space" || !strings.Contains(a.body, word) {
					t.Errorf("%s: %d %s", fields, a.status, a.body)
				}
			}
		}
		if out, status := command(t, "shzadm", "zone", "modify", zone, "--title", strings.Repeat("a", 200)); status != 1 || !strings.Contains(out, "share with a group") {
			t.Errorf("%d %s", status, out)
		}
	})
}
