package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/lessmail"
)

const lessPage = "/cgi-bin/less"

var lessLink = regexp.MustCompile(`/cgi-bin/less\?t=([A-Za-z0-9_.-]+)`)

// TestLessMail: the link in a mail shows a page to who is not logged in and changes nothing; its form reduces, and can do no more;
// in his account the recipient chooses as he likes.
func TestLessMail(t *testing.T) {
	postfix(t)
	zone := newZone(t, "user:bruno=write")
	file := preferencesOf(t, "anna")
	os.Remove(file)
	setConfig(t, "[notices]\nwindow_minutes = 0\nlanguage = \"en\"\n[mail]\ndomain = \"share.test\"\n[entries.internal]\npublic_url = \""+needDemo(t).url+"\"\n")
	work(t)
	delivered(t)
	emptyQueue(t)
	mails := func(name string) int {
		t.Helper()
		put(t, "bruno", zone, name)
		work(t)
		delivered(t)
		return len(mailbox("anna"))
	}
	if mails("one.txt") == 0 {
		t.Fatal("there is no mail")
	}
	body := strings.ReplaceAll(strings.ReplaceAll(mailbox("anna")[0], "=\n", ""), "=3D", "=")
	found := lessLink.FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("no link in %s", body)
	}
	token := found[1]
	at := lessPage + "?t=" + token
	another := strings.ToLower(token)
	for _, row := range []contractRow{
		{"page", "", []string{at}, 200, 200, "", []string{`"zone":"` + zone + `"`, `"often":"now"`}, ""},
		{"page, HEAD", "", []string{"-I", at}, 200, 200, "", nil, ""},
		{"logged in as another", "bruno", []string{at}, 200, 200, "", []string{`"often":"now"`}, ""},
		{"no token", "", []string{lessPage}, 404, 404, "not-found", nil, ""},
		{"another token", "", []string{lessPage + "?t=" + another}, 404, 404, "not-found", nil, ""},
		{"long token", "", []string{lessPage + "?t=" + strings.Repeat("a", 5000)}, 404, 404, "not-found", nil, ""},
		{"POST, another token", "", []string{"-d", "often=none", "-d", "t=" + another, lessPage}, 404, 404, "not-found", nil, ""},
		{"POST, no choice", "", []string{"-d", "t=" + token, lessPage}, 400, 400, "bad-request", nil, ""},
		{"POST, an unknown choice", "", []string{"-d", "often=weekly", "-d", "t=" + token, lessPage}, 400, 400, "bad-request", nil, ""},
		{"POST, from another site", "", []string{"-H", "Origin: http://evil.example", "-d", "often=none", "-d", "t=" + token, lessPage}, 403, 403, "not-permitted", nil, ""},
		{"the button, another token", "", []string{"-d", "List-Unsubscribe=One-Click", lessPage + "?t=" + another}, 404, 404, "not-found", nil, ""},
		{"the button, other words", "", []string{"-d", "List-Unsubscribe=Two-Clicks", at}, 400, 400, "bad-request", nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.check(t, func() {}) })
	}
	if exists(file) {
		t.Fatal("something has changed")
	}
	logged := len(read(t, apacheErrors))
	done := lessPage + "?" + url.Values{"t": {token}, "done": {"less"}}.Encode()
	contractRow{"daily", "", []string{"-d", "often=daily", "-d", "t=" + token, lessPage}, 200, 303, "", []string{`"often":"daily"`}, done}.check(t, func() {})
	contractRow{"more", "", []string{"-d", "often=now", "-d", "t=" + token, lessPage}, 200, 303, "", []string{`"often":"daily"`}, done}.check(t, func() {})
	contractRow{"the button of a mail program", "", []string{"-d", "List-Unsubscribe=One-Click", at}, 200, 200, "", []string{`"often":"none"`}, ""}.check(t, func() {})
	if state := strings.TrimSpace(run(t, "stat", "-c", "%a %U %G", file)); state != "640 anna shzspool" {
		t.Error(state)
	}
	changes := func() int {
		return strings.Count(read(t, apacheErrors)[logged:], "sharezone auth: by the link in a mail uid ")
	}
	if !exists("/dev/log") && !eventually(patience, func() bool { return changes() == 2 }) { // not the one that asked for more
		t.Errorf("%d changes are in the log", changes())
	}
	before := len(mailbox("anna"))
	if got := mails("two.txt"); got != before {
		t.Errorf("%d mails, not %d", got, before)
	}

	id := zoneID(t, zone)
	choose := func(user, id, often string) answer {
		return jsonAs(t, user, "-d", "op=notices", "-d", "zone_id="+id, "-d", "often="+often, profilePage)
	}
	if a := jsonAs(t, "anna", profilePage); !strings.Contains(a.body, `"notices":{"`+id+`":{"zone":"`+zone+`","often":"none"}}`) {
		t.Errorf("the account says %s", a.body)
	}
	if page := curlAs(t, "anna", "-H", "Accept-Language: en", profilePage).body; !strings.Contains(page, "Mail from "+zone) {
		t.Error("the account's page does not say so")
	}
	for _, bad := range []struct {
		user, id, often string
		status          int
	}{{"bruno", id, "now", 404}, {"anna", strings.Repeat("0", 32), "none", 404}, {"anna", id, "weekly", 400}, {"anna", "../x", "none", 404}} {
		if a := choose(bad.user, bad.id, bad.often); a.status != bad.status {
			t.Errorf("%+v: %d %s", bad, a.status, a.body)
		}
	}
	if a := choose("anna", id, "now"); a.status != 200 || !strings.Contains(a.body, `"notices":{}`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if got := mails("three.txt"); got != before+1 {
		t.Errorf("%d mails, not %d", got, before+1)
	}
	// He has chosen for as many zones as one can: those that are gone make room, and where none is he is told why.
	fill := func(ids []string) {
		chosen := make(map[string]any)
		for _, id := range ids {
			chosen[id] = map[string]string{"zone": "gone", "often": "daily"}
		}
		b, err := json.Marshal(map[string]any{"notices": chosen})
		if err == nil {
			err = os.WriteFile(file, b, 0o640)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var gone []string
	for n := range 300 {
		gone = append(gone, fmt.Sprintf("%032x", n))
	}
	fill(gone)
	contractRow{"room is made", "", []string{"-d", "often=daily", "-d", "t=" + token, lessPage}, 200, 303, "", []string{`"often":"daily"`}, done}.check(t, func() {})
	if kept := read(t, file); strings.Contains(kept, gone[7]) || !strings.Contains(kept, id) {
		t.Errorf("kept: %s", kept)
	}
	var present []string
	for n := range 300 {
		name := zonePath(fmt.Sprintf("less-%03d", n))
		t.Cleanup(func() { os.Remove(name) })
		present = append(present, fmt.Sprintf("%032x", 0xabc000+n))
		if err := errors.Join(os.Mkdir(name, 0o700), unix.Setxattr(name, "user.shz.id", []byte(present[n]), 0)); err != nil {
			t.Fatal(err)
		}
	}
	fill(present)
	contractRow{"no room", "", []string{"-d", "often=daily", "-d", "t=" + token, lessPage}, 409, 409, "conflict", nil, ""}.check(t, func() {})
	if page := curl(t, "-H", "Accept-Language: en", "-d", "often=daily", "-d", "t="+token, lessPage).body; !strings.Contains(page, "300 zones already") {
		t.Error("the page does not say why")
	}
	if kept := read(t, file); strings.Contains(kept, id) || !strings.Contains(kept, present[7]) {
		t.Errorf("kept: %s", kept)
	}
	os.Remove(file)
	// Nobody makes a link but the worker: its key is its own.
	for _, user := range []string{"anna", layout.UserGuest, "www-data"} {
		if out, status := asUser(t, user, "cat", lessmail.KeyFile); status == 0 {
			t.Errorf("%s reads the key: %q", user, out)
		}
	}
}
