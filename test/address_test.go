package test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/layout"
	"sharezone/notify/queue"
)

// verifyLink has the worker make messages, and takes the link out of the one that goes to an address.
func verifyLink(t *testing.T, user, address string) (link, text string) {
	t.Helper()
	command(t, "runuser", "-u", layout.UserSpool, "--", "/usr/lib/sharezone/worker") // there is no mail server
	for _, name := range queueFiles(t, "waiting") {
		var m queue.Message
		if err := json.Unmarshal([]byte(read(t, name)), &m); err == nil && m.Kind == queue.Verify && m.User == user && m.Address == address && len(m.Items) == 1 {
			text = m.Items[0].Path
			return forgotPage + "?" + url.Values{"user": {user}, "token": {text}, "verify": {"1"}}.Encode(), text
		}
	}
	t.Fatal("no mail to " + address)
	return "", ""
}

// TestOwnAddress: from My account to the mail at the former address, with a link that nothing but the mail has.
func TestOwnAddress(t *testing.T) {
	d := needDemo(t)
	setConfig(t, "[entries.internal]\npublic_url = \""+d.url+"\"\n[login]\nfailure_milliseconds = 300\n[mail]\nport = 1\n")
	forgive(t)
	emptyMails(t)
	clearUsers(t, "us-addr")
	const password = "Lampone-7-Treno-Verde"
	run(t, "sh", "-c", `echo `+password+` | shzadm user add us-addr --role base --full-name F --email old@share.test --language en --password-stdin`)
	preferencesOf(t, "us-addr")
	id := sessionAfterLogin(t, "us-addr", password)
	html := func(args ...string) answer {
		return curl(t, append([]string{"-b", "SESSION_ID=" + id, "-H", "Accept: text/html", "-H", "Accept-Language: en"}, args...)...)
	}
	post := func(email, secret string) []string {
		return []string{"-H", "Origin: " + d.url, "-d", "op=address", "--data-urlencode", "email=" + email, "--data-urlencode", "password=" + secret, "/cgi-bin/profile"}
	}
	if a := html("/cgi-bin/profile"); a.status != 200 || !strings.Contains(a.body, "Not verified") || !strings.Contains(a.body, `value="old@share.test"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for what, row := range map[string]struct {
		a      answer
		status int
		says   string
	}{
		"wrong password":    {html(post("new@share.test", "wrong")...), 403, "The password is not right"},
		"no address":        {html(post("<b>", password)...), 400, "no mail address"},
		"from another site": {html(append([]string{"-H", "Origin: http://evil.example"}, post("new@share.test", password)[2:]...)...), 403, ""},
	} {
		if row.a.status != row.status || !strings.Contains(row.a.body, row.says) || strings.Contains(row.a.body, "<b>") {
			t.Errorf("%s: %d %s", what, row.a.status, row.a.body)
		}
	}
	asked := newEvents(t, "profile", func() {
		if a := html(post("new@share.test", password)...); a.status != 303 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	})
	if len(asked) != 1 || asked[0].lines[0]["event"] != "user-modify" || asked[0].lines[0]["path"] != "email-asked" || strings.Contains(read(t, asked[0].name), password) {
		t.Errorf("%+v", asked)
	}
	if a := html("-H", "Referer: "+d.url+"/cgi-bin/profile", "/cgi-bin/profile?done=address"); !strings.Contains(a.body, "A link went to new@share.test") || !strings.Contains(a.body, "The link is on its way") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := html(post("new@share.test", password)...); a.status != 503 || !strings.Contains(a.body, "some minutes") {
		t.Errorf("at once: %d %s", a.status, a.body)
	}
	link, text := verifyLink(t, "us-addr", "new@share.test")
	for range 2 { // who opens it is perhaps a program that looks into mails
		a := curl(t, "-A", "verify-"+text[:16], "-H", "Accept: text/html", "-H", "Accept-Language: en", link)
		if a.status != 200 || !strings.Contains(a.body, "Is new@share.test, where the link went, the mail address of the account us-addr?") || !strings.Contains(a.body, `name="password"`) || a.header.Get("Referrer-Policy") != "origin" ||
			!strings.Contains(a.body, `action="/cgi-bin/forgot?verify=1"`) || !strings.Contains(a.body, `href="/cgi-bin/forgot?lang=it&amp;token=`+text+`&amp;user=us-addr&amp;verify=1"`) {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if got := run(t, "getent", "passwd", "us-addr"); !strings.Contains(got, "old@share.test") {
		t.Errorf("before anybody has said that it is his: %s", got)
	}
	confirm := func(user, token, secret string) answer {
		return curl(t, "-H", "Accept: application/json", "-H", "Accept-Language: en", "--data-urlencode", "user="+user, "--data-urlencode", "token="+token,
			"--data-urlencode", "password="+secret, forgotPage+"?verify=1")
	}
	if a := curl(t, "-H", "Accept: application/json", link); a.status != 200 || !strings.Contains(a.body, `"email":"new@share.test"`) || !strings.Contains(a.body, `"ask_password":true`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Who has the link alone has nothing; the page says so and is there again.
	for _, secret := range []string{"", "wrong"} {
		said := newEvents(t, "forgot", func() {
			a := curl(t, "-H", "Accept: text/html", "-H", "Accept-Language: en", "-d", "user=us-addr", "-d", "token="+text, "-d", "password="+secret, forgotPage+"?verify=1")
			if a.status != 403 || !strings.Contains(a.body, "The password is not right") || !strings.Contains(a.body, "Is new@share.test") || !strings.Contains(a.body, `name="password"`) {
				t.Errorf("%q: %d %s", secret, a.status, a.body)
			}
		})
		if a := confirm("us-addr", text, secret); a.status != 403 || !strings.Contains(a.body, "The password is not right") {
			t.Errorf("%q: %d %s", secret, a.status, a.body)
		}
		if len(said) != 1 || said[0].lines[0]["user"] != "us-addr" || said[0].lines[1]["result"] != "not-permitted" {
			t.Errorf("%+v", said)
		}
	}
	if got := run(t, "getent", "passwd", "us-addr"); !strings.Contains(got, "old@share.test") {
		t.Errorf("with the link alone: %s", got)
	}
	known := confirm("us-addr", strings.Repeat("0", 16)+"-"+strings.Repeat("0", 64), password)
	said, _, _ := strings.Cut(known.body, `"request"`)
	if unknown := confirm("us-none", strings.Repeat("0", 16)+"-"+strings.Repeat("0", 64), password); known.status != 403 || !strings.HasPrefix(unknown.body, said+`"request"`) {
		t.Errorf("answers differ: %d %s and %s", known.status, known.body, unknown.body)
	}
	used := newEvents(t, "forgot", func() {
		if a := confirm("us-addr", text, password); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	})
	if len(used) != 1 || used[0].lines[0]["event"] != "user-modify" || used[0].lines[0]["user"] != "us-addr" || strings.Contains(read(t, used[0].name), text[17:]) {
		t.Errorf("%+v", used)
	}
	if a := arrive(t, answer{status: 303, header: http.Header{"Location": {"/cgi-bin/login?done=verify"}}}, "-H", "Accept-Language: en"); !strings.Contains(a.body, "mail for this account goes to this address") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := confirm("us-addr", text, password); a.status != 403 {
		t.Errorf("twice: %d %s", a.status, a.body)
	}
	if a := html("/cgi-bin/profile"); a.status != 200 || !strings.Contains(a.body, `value="new@share.test"`) || strings.Contains(a.body, "Not verified") {
		t.Errorf("%d %s", a.status, a.body)
	}
	command(t, "runuser", "-u", layout.UserSpool, "--", "/usr/lib/sharezone/worker")
	if waiting := queueFiles(t, "waiting"); !slices.ContainsFunc(waiting, func(name string) bool {
		return strings.Contains(read(t, name), `"kind": "moved"`) && strings.Contains(read(t, name), `"address": "old@share.test"`)
	}) {
		t.Errorf("the former address is not told: %q", waiting)
	}
	if !eventually(patience, func() bool {
		return regexp.MustCompile(`"GET /cgi-bin/forgot HTTP/1.1" 200 [^\n]*"verify-` + text[:16]).MatchString(read(t, "/var/log/apache2-sharezone/access.log"))
	}) {
		t.Error("not in the log")
	}
	if out, exit := output(t, "grep", "-rl", text[17:], "/var/log", layout.State, layout.Events); exit != 1 {
		t.Errorf("it stands in %s", out)
	}
	// An administrator sees what is not verified, and has the link sent.
	run(t, "shzadm", "user", "modify", "us-addr", "--email", "third@share.test")
	admin := jsonAs(t, "admin", "/cgi-bin/users/us-addr")
	if admin.status != 200 || !strings.Contains(admin.body, `"email_verified":false`) {
		t.Errorf("%d %s", admin.status, admin.body)
	}
	if a := jsonAs(t, "admin", "-H", "Origin: "+d.url, "-d", "op=verify", "/cgi-bin/users/us-addr"); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := jsonAs(t, "admin", "-H", "Origin: "+d.url, "-d", "op=verify", "/cgi-bin/users/us-addr"); a.status != 503 {
		t.Errorf("at once: %d %s", a.status, a.body)
	}
	link, text = verifyLink(t, "us-addr", "third@share.test")
	if a := curl(t, "-H", "Accept: text/html", "-H", "Accept-Language: en", link); a.status != 200 || !strings.Contains(a.body, "Is third@share.test") || strings.Contains(a.body, `name="password"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := confirm("us-addr", text, ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := jsonAs(t, "admin", "/cgi-bin/users/us-addr"); !strings.Contains(a.body, `"email_verified":true`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	// What was mistyped is taken back by one button.
	if a := html(post("gmial@share.test", password)...); a.status != 303 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	_, text = verifyLink(t, "us-addr", "gmial@share.test")
	if a := html("/cgi-bin/profile"); a.status != 200 || !strings.Contains(a.body, "A link went to gmial@share.test") || !strings.Contains(a.body, `value="address-cancel"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	taken := newEvents(t, "profile", func() {
		if a := html("-H", "Origin: "+d.url, "-d", "op=address-cancel", "/cgi-bin/profile"); a.status != 303 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	if len(taken) != 1 || taken[0].lines[0]["path"] != "email-withdrawn" {
		t.Errorf("%+v", taken)
	}
	if a := html("/cgi-bin/profile"); a.status != 200 || strings.Contains(a.body, "gmial") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := confirm("us-addr", text, password); a.status != 403 {
		t.Errorf("taken back: %d %s", a.status, a.body)
	}
	// By the settings it is nobody's own.
	setConfig(t, "[entries.internal]\npublic_url = \""+d.url+"\"\n[login]\nfailure_milliseconds = 300\nown_address = \"\"\n[mail]\nport = 1\n")
	if a := html("/cgi-bin/profile"); a.status != 200 || strings.Contains(a.body, `name="email"`) {
		t.Errorf("where it is off: %d %s", a.status, a.body)
	}
	if a := html(post("new@share.test", password)...); a.status != 403 {
		t.Errorf("where it is off: %d %s", a.status, a.body)
	}
}
