package test

import (
	"encoding/json"
	"html"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

const forgotPage = "/cgi-bin/forgot"

// TestForgottenPassword: from the question to the login, with a link that only the mail has.
func TestForgottenPassword(t *testing.T) {
	needDemo(t)
	if a := curl(t, "-H", "Accept: application/json", "-d", "username=anna", forgotPage); a.status != 403 {
		t.Errorf("without a public_url: %d %s", a.status, a.body)
	}
	setConfig(t, "[entries.internal]\npublic_url = \"http://127.0.0.1:8080\"\n[login]\nfailure_milliseconds = 300\n[mail]\nport = 1\n")
	forgive(t) // each question counts
	emptyMails(t)
	clearUsers(t, "us-forgot")
	run(t, "sh", "-c", `echo Lampone-7-Treno-Verde | shzadm user add us-forgot --role base --full-name F --email f@share.test --language en --password-stdin`)
	preferencesOf(t, "us-forgot")
	changed, asked := activityOf(t, "--user", "anna", "--event", "password"), activityOf(t, "--user", "anna", "--event", "password-asked")
	for _, accept := range []string{"application/json", "text/html"} {
		var bodies []string
		for _, name := range []string{"us-forgot", "us-none", "anna", "root", "<b>"} {
			a := curl(t, "-H", "Accept: "+accept, "-H", "Accept-Language: en", "--data-urlencode", "username="+name, forgotPage)
			if accept == "text/html" {
				if a = arrive(t, a, "-H", "Accept-Language: en"); !strings.Contains(a.body, "the link is on its way") {
					t.Errorf("%s: %d %s", name, a.status, a.body)
				}
			}
			if a.status != 200 {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
			bodies = append(bodies, a.body)
		}
		for _, b := range bodies {
			if b != bodies[0] {
				t.Errorf("answers differ: %s and %s", b, bodies[0])
			}
		}
	}
	// Whoever asks is nobody: it was not anna, and her password is what it was.
	if now := activityOf(t, "--user", "anna", "--event", "password"); !slices.Equal(now, changed) {
		t.Errorf("that anna has changed her password: %q", now)
	}
	if now := activityOf(t, "--user", "anna", "--event", "password-asked"); len(now) != len(asked)+2 || now[len(now)-1] != "password-asked shzguest - ok" {
		t.Errorf("that somebody asked for anna: %q", now)
	}
	files, err := os.ReadDir(layout.Secrets)
	if err != nil || len(files) != 1 {
		t.Fatalf("handed over: %v %v", files, err)
	}
	command(t, "runuser", "-u", layout.UserSpool, "--", "/usr/lib/sharezone/worker") // there is no mail server
	waiting := queueFiles(t, "waiting")
	if files, _ := os.ReadDir(layout.Secrets); len(files) != 0 || len(waiting) != 1 {
		t.Fatalf("left: %v; waiting: %v", files, waiting)
	}
	var m struct {
		Kind, User string
		Items      []struct{ Path string }
	}
	if err := json.Unmarshal([]byte(read(t, waiting[0])), &m); err != nil || m.Kind != "recover" || m.User != "us-forgot" || len(m.Items) != 1 {
		t.Fatalf("%v %+v", err, m)
	}
	link := m.Items[0].Path
	for range 2 { // opening it uses nothing up
		a := curl(t, "-A", "reader-"+link[:16], "-H", "Accept: text/html", forgotPage+"?user=us-forgot&token="+link)
		if policy := a.header.Get("Referrer-Policy"); policy != "origin" {
			t.Errorf("what the page asks for says where it stands: %q", policy)
		}
		if found := regexp.MustCompile(`name="token" value="([^"]*)"`).FindStringSubmatch(a.body); a.status != 200 || found == nil || html.UnescapeString(found[1]) != link {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	id := strings.TrimSpace(sessionAfterLogin(t, "us-forgot", "Lampone-7-Treno-Verde"))
	set := func(user, token, password, confirm string) answer {
		return curl(t, "-H", "Accept: application/json", "--data-urlencode", "user="+user, "--data-urlencode", "token="+token, "--data-urlencode", "new="+password,
			"--data-urlencode", "confirm="+confirm, forgotPage)
	}
	const next = "Cicala-4-Ponte-Grigio"
	for what, row := range map[string]struct {
		a      answer
		status int
	}{
		"mismatch": {set("us-forgot", link, next, next+"x"), 400}, "weak": {set("us-forgot", link, "password", "password"), 400}, "another's": {set("anna", link, next, next), 403},
		"no link": {set("us-forgot", "", next, next), 403}, "wrong link": {set("us-forgot", strings.Repeat("0", 16)+"-"+strings.Repeat("0", 64), next, next), 403},
		"a path":            {curl(t, "-H", "Accept: application/json", forgotPage+"/x?user=us-forgot&token="+link), 404},
		"from another site": {curl(t, "-H", "Accept: application/json", "-H", "Origin: http://evil.example", "-d", "user=us-forgot&token="+link+"&new="+next+"&confirm="+next, forgotPage), 403},
	} {
		if row.a.status != row.status {
			t.Errorf("%s: %d %s", what, row.a.status, row.a.body)
		}
		if policy := row.a.header.Get("Referrer-Policy"); policy != "origin" && what != "from another site" {
			t.Errorf("%s: what its page asks for says where it stands: %q", what, policy)
		}
	}
	// Nor was it anna whose name came with a link that was none.
	if now := activityOf(t, "--user", "anna", "--event", "password"); len(now) != len(changed)+1 || now[len(now)-1] != "password shzguest - not-permitted" {
		t.Errorf("that anna used a link: %q", now)
	}
	weak := curl(t, "-H", "Accept: text/html", "-H", "Accept-Language: en", "-d", "user=us-forgot&token="+link+"&new=password&confirm=password", forgotPage)
	if language := `href="` + forgotPage + `?lang=it&amp;token=` + link + `&amp;user=us-forgot"`; weak.status != 400 || !strings.Contains(weak.body, language) {
		t.Errorf("the other language has lost the link: %d %s", weak.status, weak.body)
	}
	found := newEvents(t, "forgot", func() {
		if a := set("us-forgot", link, next, next); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	})
	if len(found) != 1 || found[0].lines[0]["event"] != "password" || found[0].lines[0]["user"] != "us-forgot" || strings.Contains(read(t, found[0].name), link[17:]) {
		t.Errorf("%+v", found)
	}
	if a := curl(t, "-b", "SESSION_ID="+id, "-H", "Accept: application/json", "/cgi-bin/home"); a.status != 401 {
		t.Errorf("a session of the old password goes on: %d", a.status)
	}
	sessionAfterLogin(t, "us-forgot", next)
	_, other, _ := strings.Cut(linkFor(t, "us-forgot"), "?")
	if a := arrive(t, curl(t, "-d", other+"&new="+next+"7&confirm="+next+"7", forgotPage), "-H", "Accept-Language: en"); a.status != 200 || !strings.Contains(a.body, "The new password holds") || !strings.Contains(a.body, `name="username"`) {
		t.Errorf("the page: %d %s", a.status, a.body)
	}
	if a := set("us-forgot", link, next+"9", next+"9"); a.status != 403 {
		t.Errorf("twice: %d %s", a.status, a.body)
	}
	if a := curl(t, "-H", "Accept: text/html", "-H", "Accept-Language: en", forgotPage+"?user=us-forgot&token="+link); a.status != 403 || strings.Contains(a.body, `name="new"`) || !strings.Contains(a.body, "no good any more") {
		t.Errorf("a used link asks for a password: %d %s", a.status, a.body)
	}
	// What Apache refuses itself is answered by a page of another address.
	curl(t, "-A", "refused-"+link[:16], "-X", "TRACE", forgotPage+"?user=us-forgot&token="+link)
	curl(t, "-A", "absolute-"+link[:16], "--request-target", "http://127.0.0.1:8080"+forgotPage+"?user=us-forgot&token="+link, forgotPage)
	// What stands at its address asks for more; error.log names the Referer of what is refused.
	for _, path := range []string{"/static/style.css", "/cgi-bin"} {
		curl(t, "-A", "asked-"+link[:16], "-H", "Referer: http://127.0.0.1:8080"+forgotPage+"?user=us-forgot&token="+link, path)
	}
	for _, line := range []string{`"GET /cgi-bin/forgot HTTP/1.1" 200 [^\n]*"reader-` + link[:16], `"TRACE /cgi-bin/forgot HTTP/1.1" 405 [^\n]*"refused-` + link[:16],
		`"GET /cgi-bin/forgot HTTP/1.1" [^\n]*"absolute-` + link[:16],
		`"GET /static/style.css HTTP/1.1" 200 [^\n]*"http://127\.0\.0\.1:8080/cgi-bin/forgot" "asked-` + link[:16]} {
		if !eventually(patience, func() bool {
			return regexp.MustCompile(line).MatchString(read(t, "/var/log/apache2-sharezone/access.log"))
		}) {
			t.Errorf("not in the log: %s", line)
		}
	}
	// What the gate refuses it says in a line of its own.
	if a := curl(t, "-X", "OPTIONS", forgotPage+"?user=us-forgot&token="+link); a.status != 405 {
		t.Errorf("OPTIONS: %d %s", a.status, a.body)
	}
	if out, exit := output(t, "grep", "-rl", link[17:], "/var/log", layout.State, layout.Events); exit != 1 {
		t.Errorf("it stands in %s", out)
	}
}

// linkFor asks for a link as somebody who has forgotten his password does, and takes it out of the mail.
func linkFor(t *testing.T, user string) string {
	t.Helper()
	emptyQueue(t)
	if a := curl(t, "-d", "username="+user, forgotPage); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	command(t, "runuser", "-u", layout.UserSpool, "--", "/usr/lib/sharezone/worker") // there is no mail server
	for _, name := range queueFiles(t, "waiting") {
		var m struct {
			Kind, User string
			Items      []struct{ Path string }
		}
		if err := json.Unmarshal([]byte(read(t, name)), &m); err == nil && m.Kind == "recover" && m.User == user && len(m.Items) == 1 {
			return forgotPage + "?" + url.Values{"user": {user}, "token": {m.Items[0].Path}}.Encode()
		}
	}
	t.Fatal("no mail for " + user)
	return ""
}

// sessionAfterLogin logs in and returns the session's id.
func sessionAfterLogin(t *testing.T, user, password string) string {
	t.Helper()
	jar := t.TempDir() + "/jar"
	if a := tryLogin(t, user, password, "-c", jar); a.status != 200 {
		t.Fatalf("login: %d %s", a.status, a.body)
	}
	return cookieIn(t, jar)
}
