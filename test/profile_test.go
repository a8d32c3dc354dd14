package test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

const profilePage = "/cgi-bin/profile"

// preferencesOf is the file of somebody's choices, which goes away with the test.
func preferencesOf(t *testing.T, user string) string {
	t.Helper()
	name := layout.Preferences + "/" + strconv.Itoa(uidOf(t, user)) + ".json"
	t.Cleanup(func() { os.Remove(name) })
	return name
}

// TestProfile: somebody sees himself alone, and the language that he chooses is spoken to him.
func TestProfile(t *testing.T) {
	d := needDemo(t)
	file := preferencesOf(t, "bruno")
	os.Remove(file)
	uid := strconv.Itoa(uidOf(t, "bruno"))
	for _, row := range []contractRow{
		{"own account", "bruno", []string{profilePage}, 200, 200, "", []string{`"username":"bruno"`, `"uid":` + uid, `"full_name":`, `"roles":["base"]`, `"status":"active"`,
			`"expires":null`, `"language":null`, `"password_set":"20`, `"password_due":null`, `"sessions":[{"id":"`}, ""},
		{"another's", "bruno", []string{profilePage + "?username=anna"}, 400, 400, "bad-request", nil, ""},
		{"below", "bruno", []string{profilePage + "/anna"}, 404, 404, "not-found", nil, ""},
		{"no session", "", []string{profilePage}, 401, 401, "not-logged-in", nil, ""},
		{"method", "bruno", []string{"-X", "PUT", "-d", "language=en", profilePage}, 405, 405, "method", nil, ""},
		{"no operation", "bruno", []string{"-d", "language=en", profilePage}, 400, 400, "bad-request", nil, ""},
		{"no language", "bruno", []string{"-d", "op=modify", profilePage}, 400, 400, "bad-request", nil, ""},
		{"two languages", "bruno", []string{"-d", "op=modify&language=en&language=it", profilePage}, 400, 400, "bad-request", nil, ""},
		{"an unknown one", "bruno", []string{"-d", "op=modify&language=fr", profilePage}, 400, 400, "bad-request", nil, ""},
		{"from another site", "bruno", []string{"-H", "Origin: http://evil.example", "-d", "op=modify&language=en", profilePage}, 403, 403, "not-permitted", nil, ""},
		{"messages, nothing chosen", "bruno", []string{"-d", "op=messages", profilePage}, 400, 400, "bad-request", nil, ""},
		{"messages, unknown", "bruno", []string{"-d", "op=messages&often=weekly", profilePage}, 400, 400, "bad-request", nil, ""},
		{"messages, unknown channel", "bruno", []string{"-d", "op=messages&often=daily&channel=fax", profilePage}, 400, 400, "bad-request", nil, ""},
		{"messages by SMS, which there are none", "bruno", []string{"-d", "op=messages&often=daily&channel=sms", profilePage}, 400, 400, "bad-request", nil, ""},
		{"messages, daily", "bruno", []string{"-d", "op=messages&often=daily", profilePage}, 200, 303, "", []string{`"often":"daily"`, `"channel":null`, `"username":"bruno"`}, profilePage + "?done=often"},
		{"another's choice", "bruno", []string{"-d", "op=modify&language=en&username=anna", profilePage}, 400, 400, "bad-request", nil, ""},
		{"a choice", "bruno", []string{"-d", "op=modify&language=en", profilePage}, 200, 303, "", []string{`"language":"en"`, `"username":"bruno"`}, profilePage + "?done=language"},
	} {
		t.Run(row.name, func(t *testing.T) { row.check(t, func() {}) })
	}
	if exists(preferencesOf(t, "anna")) {
		t.Error("something was chosen for anna")
	}
	found := newEvents(t, "profile", func() { jsonAs(t, "bruno", "-d", "op=modify&language=en", profilePage) })
	if len(found) != 1 || found[0].lines[0]["event"] != "user-modify" || found[0].lines[0]["user"] != "bruno" || found[0].lines[1]["result"] != "ok" {
		t.Errorf("%+v", found)
	}
	login := curl(t, "-d", "username=bruno", "--data-urlencode", "password="+d.password["bruno"], "/cgi-bin/login")
	if cookies := strings.Join(login.header.Values("Set-Cookie"), "\n"); login.status != 303 || !strings.Contains(cookies, "lang=en;") {
		t.Errorf("after a login: %d %s", login.status, cookies)
	}
	if a := jsonAs(t, "bruno", "-d", "op=modify&language=", profilePage); a.status != 200 || !strings.Contains(a.body, `"language":null`) {
		t.Errorf("none again: %d %s", a.status, a.body)
	}
	if a := outside(t, "bruno", "GET", profilePage); a.status != 200 || !strings.Contains(a.body, "bruno") {
		t.Errorf("from outside: %d %s", a.status, a.body)
	}
}

// TestLanguageOfUsers: an administrator says which language somebody is spoken to in, and so does shzadm.
func TestLanguageOfUsers(t *testing.T) {
	needDemo(t)
	clearUsers(t, "us-lang", "us-lang2")
	const create = "op=create&username=us-lang&full_name=N&email=n%40example.org&language="
	jar(t, "admin")
	before := accounts(t)
	if a := jsonAs(t, "admin", "-d", create+"fr", usersPage); a.status != 400 || accounts(t) != before {
		t.Errorf("an unknown one: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "admin", "-d", create+"en", usersPage); a.status != 201 || !strings.Contains(a.body, `"language":"en"`) {
		t.Fatalf("create: %d %s", a.status, a.body)
	}
	file := preferencesOf(t, "us-lang")
	if a := jsonAs(t, "admin", "-d", "op=modify&username=us-lang&language=it", usersPage); a.status != 200 || !strings.Contains(a.body, `"language":"it"`) {
		t.Errorf("modify: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "admin", "-d", "op=modify&username=us-lang&language=x", usersPage); a.status != 400 {
		t.Errorf("modify: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "admin", usersPage+"?username=us-lang"); !strings.Contains(a.body, `"language":"it"`) {
		t.Errorf("search: %s", a.body)
	}
	if a := jsonAs(t, "anna", "-d", "op=modify&username=us-lang&language=en", usersPage); a.status != 403 {
		t.Errorf("as a manager: %d", a.status)
	}
	if a := jsonAs(t, "admin", "-d", "op=modify&username=root&language=en", usersPage); a.status != 403 || exists(layout.Preferences+"/0.json") {
		t.Errorf("root's: %d", a.status)
	}
	if a := jsonAs(t, "admin", "-d", "op=delete&username=us-lang&files=keep", usersPage); a.status != 200 || exists(file) {
		t.Errorf("a choice outlives its account: %d", a.status)
	}
	run(t, "sh", "-c", `echo Lampone-7-Treno-Verde | shzadm user add us-lang2 --role base --full-name N --email n@example.org --language en --password-stdin`)
	if out := run(t, "shzadm", "user", "show", "us-lang2", "--json"); !strings.Contains(out, `"language": "en"`) {
		t.Error(out)
	}
	preferencesOf(t, "us-lang2")
	if out := run(t, "shzadm", "user", "modify", "us-lang2", "--language", "", "--json"); !strings.Contains(out, `"language": null`) {
		t.Error(out)
	}
}
