package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sharezone/internal/layout"
	"sharezone/notify/queue"
)

const (
	sessionsPage = "/cgi-bin/sessions"
	resetPage    = "/cgi-bin/resetpwd"
)

// shownSession is one as JSON tells it.
type shownSession struct {
	ID, User, Entry, Address, State string
	Current                         bool
}

// sessionsSeen asks for sessions with a cookie of an own session.
func sessionsSeen(t *testing.T, id, query string) map[string]shownSession {
	t.Helper()
	a := curl(t, append(wantsJSON, "-b", "SESSION_ID="+id, sessionsPage+query)...)
	var object struct{ Sessions []shownSession }
	if err := json.Unmarshal([]byte(a.body), &object); err != nil || a.status != 200 {
		t.Fatalf("%s: %d %s", query, a.status, a.body)
	}
	seen := make(map[string]shownSession)
	for _, s := range object.Sessions {
		seen[s.ID] = s
	}
	return seen
}

// shownID is the id by which people know a session.
func shownID(t *testing.T, id string) string { return filepath.Base(sessionFile(t, id))[:12] }

// TestSessionsPage: everybody sees and ends his own, administrators everybody's, nobody else another's.
func TestSessionsPage(t *testing.T) {
	d := needDemo(t)
	fresh := func(user string) string {
		jar := filepath.Join(t.TempDir(), "jar")
		if a := tryLogin(t, user, d.password[user], "-c", jar); a.status != 200 {
			t.Fatal(user, a.status, a.body)
		}
		return cookieIn(t, jar)
	}
	here, there, annas, admins := fresh("bruno"), fresh("bruno"), fresh("anna"), fresh("admin")
	post := func(id string, fields string) answer {
		return curl(t, append(wantsJSON, "-b", "SESSION_ID="+id, "-d", fields, sessionsPage)...)
	}
	alive := func(id string) bool {
		return curl(t, append(wantsJSON, "-b", "SESSION_ID="+id, "/cgi-bin/menu")...).status == 200
	}
	own := sessionsSeen(t, here, "")
	if s := own[shownID(t, here)]; s.User != "bruno" || s.Entry != "internal" || s.Address == "" || !s.Current || s.State != "active" {
		t.Errorf("%+v", own)
	}
	if s := own[shownID(t, there)]; s.User != "bruno" || s.Current {
		t.Errorf("%+v", own)
	}
	for id, s := range own {
		if s.User != "bruno" || len(id) != 12 {
			t.Errorf("%s %+v", id, s)
		}
	}
	for _, query := range []string{"?all=1", "?user=anna", "?user=bruno"} {
		if a := curl(t, append(wantsJSON, "-b", "SESSION_ID="+here, sessionsPage+query)...); a.status != 403 || strings.Contains(a.body, shownID(t, annas)) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	for _, fields := range []string{"op=end&id=" + shownID(t, annas), "op=end&id=" + shownID(t, annas) + "&all=1", "op=end&id=000000000000"} {
		found := newEvents(t, "sessions", func() {
			if a := post(here, fields); a.status != 404 || a.code() != "not-found" {
				t.Errorf("%s: %d %s", fields, a.status, a.body)
			}
		})
		if len(found) != 1 || len(found[0].lines) != 2 || found[0].lines[1]["result"] != "not-found" {
			t.Errorf("%s: %+v", fields, found)
		}
	}
	for _, fields := range []string{"op=end", "op=end&id=", "op=end&id=../../etc/shadow", "op=end&id=" + filepath.Base(sessionFile(t, annas)), "id=" + shownID(t, here), "op=end&id=" + shownID(t, here) + "&all=2"} {
		if a := post(here, fields); a.status != 400 {
			t.Errorf("%s: %d %s", fields, a.status, a.body)
		}
	}
	if !alive(annas) || !alive(there) || !alive(here) {
		t.Fatal("a session has ended that must not")
	}
	if a := post(here, "op=end&id="+shownID(t, there)); a.status != 200 || alive(there) || !alive(here) {
		t.Errorf("ending an own one: %d %s", a.status, a.body)
	}
	if all := sessionsSeen(t, admins, "?all=1"); all[shownID(t, annas)].User != "anna" || all[shownID(t, here)].User != "bruno" || !all[shownID(t, admins)].Current {
		t.Errorf("%+v", all)
	}
	if of := sessionsSeen(t, admins, "?user=anna"); of[shownID(t, annas)].User != "anna" || of[shownID(t, here)].User != "" {
		t.Errorf("%+v", of)
	}
	if a := curl(t, append(wantsJSON, "-b", "SESSION_ID="+admins, sessionsPage+"?user=nosuch")...); a.status != 404 {
		t.Errorf("of nobody: %d %s", a.status, a.body)
	}
	found := newEvents(t, "sessions", func() {
		a := curl(t, "-b", "SESSION_ID="+admins, "-d", "op=end&all=1&id="+shownID(t, annas), sessionsPage)
		if a.status != 303 || a.header.Get("Location") != sessionsPage+"?all=1&done=end" || alive(annas) {
			t.Errorf("%d %v", a.status, a.header)
		}
	})
	if len(found) != 1 || found[0].lines[0]["event"] != "logout" || found[0].lines[0]["user"] != "anna" || found[0].Stamp.User != "admin" {
		t.Errorf("%+v", found)
	}
	for _, query := range []string{"?all=2", "?user=../x", "?user=anna&all=1"} {
		if a := curl(t, "-b", "SESSION_ID="+admins, sessionsPage+query); a.status != 400 {
			t.Errorf("%s: %d", query, a.status)
		}
	}
	if a := curl(t, sessionsPage); a.status != 401 {
		t.Errorf("without a session: %d", a.status)
	}
}

// TestResetPassword: an administrator gives a new one to an account that Share Zone made; nobody else does, to nobody else.
func TestResetPassword(t *testing.T) {
	needDemo(t)
	clearUsers(t, "us-reset", "us-staff2")
	output(t, "shzadm", "session", "end", "--user", "us-reset") // of a former account of this name
	run(t, "sh", "-c", `echo Lampone-7-Treno-Verde | shzadm user add us-reset --role base --full-name "R" --email r@example.org --password-stdin; useradd -M us-staff2; shzadm user enable us-staff2`)
	setConfig(t, "[login]\nreset = \"show\"\n")
	for _, user := range []string{"anna", "bruno", "admin"} {
		jar(t, user)
	}
	login := func(password string) answer {
		return curl(t, append(wantsJSON, "-c", "-", "-d", "username=us-reset", "--data-urlencode", "password="+password, "/cgi-bin/login")...)
	}
	if a := login("Lampone-7-Treno-Verde"); a.status != 200 {
		t.Fatal(a.status, a.body)
	}
	before := accounts(t)
	for _, row := range []struct {
		user, name string
		status     int
	}{{"anna", "us-reset", 403}, {"bruno", "us-reset", 403}, {"bruno", "bruno", 403}, {"admin", "admin", 403}, {"admin", "root", 403}, {"admin", "us-staff2", 403}, {"admin", "us-none", 404}, {"admin", "-x", 400}} {
		if a := jsonAs(t, row.user, "--data-urlencode", "username="+row.name, resetPage); a.status != row.status || strings.Contains(a.body, `"password"`) {
			t.Errorf("%s of %s: %d %s", row.name, row.user, a.status, a.body)
		}
	}
	if a := curlAs(t, "admin", resetPage); a.status != 405 {
		t.Errorf("GET: %d", a.status)
	}
	if after := accounts(t); after != before {
		t.Errorf("something changed")
	}
	var made struct {
		Username, Password string
	}
	found := newEvents(t, "resetpwd", func() {
		a := jsonAs(t, "admin", "-d", "username=us-reset", resetPage)
		if err := json.Unmarshal([]byte(a.body), &made); err != nil || a.status != 200 || len(made.Password) != 19 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	})
	if len(found) != 1 || found[0].lines[0]["event"] != "password" || found[0].lines[0]["user"] != "us-reset" || strings.Contains(read(t, found[0].name), made.Password) {
		t.Errorf("%+v", found)
	}
	if out := run(t, "shzadm", "session", "list", "--json"); strings.Contains(out, `"us-reset"`) {
		t.Error("a session of the old password goes on")
	}
	if a := login("Lampone-7-Treno-Verde"); a.status != 401 {
		t.Errorf("the old password: %d", a.status)
	}
	if a := login(made.Password); a.status != 200 || !strings.Contains(a.body, `"must_change":true`) {
		t.Errorf("the new password: %d %s", a.status, a.body)
	}
	run(t, "passwd", "-l", "us-reset")
	if a := jsonAs(t, "admin", "-d", "username=us-reset", resetPage); a.status != 409 || a.code() != "conflict" {
		t.Errorf("of a locked account: %d %s", a.status, a.body)
	}
	if state := strings.Fields(run(t, "passwd", "-S", "us-reset"))[1]; state != "L" {
		t.Errorf("a locked account is %s", state)
	}
}

// TestResetPasswordByMail: the password goes to the address of the account and is shown to nobody on the way; where there is no
// address it is shown.
func TestResetPasswordByMail(t *testing.T) {
	needDemo(t)
	clearUsers(t, "us-mailed", "us-nowhere")
	setConfig(t, "[mail]\nport = 1\n[entries.internal]\npublic_url = \"http://127.0.0.1:8080\"\n")
	emptyMails(t)
	for name, contact := range map[string]string{"us-mailed": "M,,,,m@share.test", "us-nowhere": "N"} {
		run(t, "sh", "-c", `echo Lampone-7-Treno-Verde | shzadm user add "$1" --role base --full-name X --email x@share.test --password-stdin; usermod -c "$2" "$1"`, "sh", name, contact)
	}
	var made struct{ Sent, Password string }
	a := jsonAs(t, "admin", "-d", "username=us-nowhere", resetPage)
	if err := json.Unmarshal([]byte(a.body), &made); err != nil || a.status != 200 || len(made.Password) != 19 || made.Sent != "" {
		t.Errorf("without an address: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "bruno", "-d", "username=us-mailed", resetPage); a.status != 403 {
		t.Errorf("by bruno: %d", a.status)
	}
	if files, err := os.ReadDir(layout.Secrets); err != nil || len(files) != 0 {
		t.Errorf("handed over: %v %v", files, err)
	}
	sent := curlAs(t, "admin", "-d", "username=us-mailed", resetPage)
	if a := curlAs(t, "admin", "-H", "Accept-Language: en", "-e", needDemo(t).url+usersPage, sent.header.Get("Location")); sent.status != 303 || a.status != 200 || !strings.Contains(a.body, "on its way by mail") || !strings.Contains(a.body, "m@share.test") || strings.Contains(a.body, `class="password"`) {
		t.Errorf("page: %d %s", a.status, a.body)
	}
	emptySecrets(t)
	made.Password = ""
	a = jsonAs(t, "admin", "-d", "username=us-mailed", resetPage)
	if err := json.Unmarshal([]byte(a.body), &made); err != nil || a.status != 200 || made.Password != "" || made.Sent != "m@share.test" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	command(t, "runuser", "-u", layout.UserSpool, "--", "/usr/lib/sharezone/worker") // there is no mail server
	waiting := queueFiles(t, "waiting")
	var m queue.Message
	if len(waiting) != 1 || json.Unmarshal([]byte(read(t, waiting[0])), &m) != nil || m.Kind != queue.Reset || m.User != "us-mailed" || len(m.Items) != 1 || len(m.Items[0].Path) != 19 {
		t.Fatalf("waiting: %v %+v", waiting, m)
	}
	password := m.Items[0].Path
	if listed := run(t, "shzadm", "queue", "list", "--json"); !strings.Contains(listed, `"reset"`) || strings.Contains(listed, password) {
		t.Errorf("the list of messages: %s", listed)
	}
	if out, exit := output(t, "grep", "-rl", password, "/var/log", layout.State, layout.Events, layout.Secrets); exit != 1 {
		t.Errorf("it stands in %s", out)
	}
	if a := tryLogin(t, "us-mailed", password); a.status != 200 || !strings.Contains(a.body, `"must_change":true`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// emptyMails takes away what is to be sent, before a test and after it: doctor tells of what waits.
func emptyMails(t *testing.T) {
	t.Helper()
	empty := func() {
		emptyQueue(t)
		emptySecrets(t)
	}
	empty()
	t.Cleanup(empty)
}

// emptySecrets forgets what was handed over.
func emptySecrets(t *testing.T) {
	t.Helper()
	run(t, "sh", "-c", `rm -f "$1"/*`, "sh", layout.Secrets)
}
