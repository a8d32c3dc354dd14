package test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/session"
	"sharezone/internal/slot"
	"sharezone/notify/queue"
)

const signupPage = "/cgi-bin/signup"

// canSignUp lets people ask for accounts, with a mail server that does not answer: what is sent stays in the queue.
func canSignUp(t *testing.T, more string) {
	t.Helper()
	clearSignups(t)
	setConfig(t, "[login]\nfailure_milliseconds = 300\n[mail]\nport = 1\n[entries.internal]\npublic_url = \""+needDemo(t).url+"\"\n[signup]\nentries = \"internal\"\n"+more)
	emptyMails(t)
	forgive(t)
}

func clearSignups(t *testing.T) {
	t.Helper()
	clear := func() { run(t, "sh", "-c", `rm -f "$1"/*`, "sh", layout.Signups) }
	clear()
	t.Cleanup(clear)
}

// askSignup sends the form.
func askSignup(t *testing.T, email, message string, args ...string) answer {
	t.Helper()
	return curl(t, append(args, "--data-urlencode", "full_name=Ada Neri", "--data-urlencode", "email="+email, "--data-urlencode", "company=Neri & C.",
		"--data-urlencode", "message="+message, signupPage)...)
}

// signupLink takes the link out of the mail to an address.
func signupLink(t *testing.T, address string) string {
	t.Helper()
	command(t, "runuser", "-u", layout.UserSpool, "--", "/usr/lib/sharezone/worker") // there is no mail server
	for _, m := range signupMails(t, queue.Signup) {
		if m.Address == address {
			return m.Items[0].Path
		}
	}
	t.Fatal("no mail to " + address)
	return ""
}

func signupMails(t *testing.T, kind queue.Kind) (found []queue.Message) {
	t.Helper()
	for _, name := range queueFiles(t, "*") {
		var m queue.Message
		if err := json.Unmarshal([]byte(read(t, name)), &m); err == nil && m.Kind == kind {
			found = append(found, m)
		}
	}
	return found
}

// signupState is what is kept of requests, with times.
func signupState(t *testing.T) string {
	t.Helper()
	return run(t, "sh", "-c", `cd "$1"; stat -c %y .; ls -lA --time-style=full-iso; cat * 2>/dev/null; true`, "sh", layout.Signups)
}

// waitingSignups are the requests that an administrator sees.
func waitingSignups(t *testing.T) (ids []string) {
	t.Helper()
	var got struct{ Signups []struct{ ID string } }
	a := jsonAs(t, "admin", "/cgi-bin/users?view=signups")
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, s := range got.Signups {
		ids = append(ids, s.ID)
	}
	return ids
}

// TestSignupOff: as shipped there is no such page, for nobody, inside and outside; nor where the entry, mails or an address for links are
// lacking.
func TestSignupOff(t *testing.T) {
	d := needDemo(t)
	const on = "[signup]\nentries = \"internal,external\"\n"
	inside := "[entries.internal]\npublic_url = \"" + d.url + "\"\n"
	for what, config := range map[string]string{
		"as shipped": "", "without public_url": on, "without mails": on + inside + "[mail]\nhost = \"\"\n", "of another entry": inside + "[signup]\nentries = \"external\"\n",
	} {
		setConfig(t, config)
		for _, args := range [][]string{{signupPage}, {"-d", "full_name=A&email=a@example.org", signupPage}, {signupPage + "?token=x"}, {"-d", "token=x", signupPage + "?confirm=1"}} {
			if a := curl(t, append(wantsJSON, args...)...); a.status != 404 || a.code() != "not-found" {
				t.Errorf("%s %q: %d %s", what, args, a.status, a.body)
			}
		}
		for _, user := range []string{"admin", "anna", "bruno"} {
			if a := jsonAs(t, user, signupPage); a.status != 404 {
				t.Errorf("%s, %s: %d %s", what, user, a.status, a.body)
			}
			if a := jsonAs(t, user, "/cgi-bin/menu"); strings.Contains(a.body, "signup") {
				t.Errorf("%s: the menu has it: %s", what, a.body)
			}
		}
		if a := curl(t, "-H", "Accept: text/html", "/cgi-bin/login"); strings.Contains(a.body, signupPage) {
			t.Errorf("%s: the login leads there", what)
		}
		if a := callGate(t, fromOutside(withSession("", "GET", signupPage))); a.status != 404 && a.status != 400 {
			t.Errorf("%s, from outside: %d %s", what, a.status, a.body)
		}
	}
	setConfig(t, on+"[entries.external]\npublic_url = \"https://share.test\"\n")
	call := fromOutside(withSession("", "GET", signupPage))
	call.set["HTTP_HOST"] = "share.test"
	if a := callGate(t, call); a.status != 200 {
		t.Errorf("outside, where it may: %d %s", a.status, a.body)
	}
	setConfig(t, on+"[entries.external]\npublic_url = \"https://share.test\"\ncomponents = \"home\"\n")
	call = fromOutside(withSession("", "GET", signupPage))
	call.set["HTTP_HOST"] = "share.test"
	if a := callGate(t, call); a.status != 403 {
		t.Errorf("outside, where the entry does not answer it: %d %s", a.status, a.body)
	}
}

// TestSignup: from the question to the login, in both languages, with a link that only the mail has and an administrator who decides.
func TestSignup(t *testing.T) {
	canSignUp(t, "")
	clearUsers(t, "us-ada")
	for l, says := range map[string]string{"it": "Non hai un account", "en": "No account?"} {
		if a := curl(t, "-H", "Accept: text/html", "-H", "Accept-Language: "+l, "/cgi-bin/login"); !strings.Contains(a.body, says) || !strings.Contains(a.body, `href="`+signupPage+`"`) {
			t.Errorf("%s: %s", l, a.body)
		}
		a := curl(t, "-H", "Accept: text/html", "-H", "Accept-Language: "+l, "-d", "full_name=A:B&email=a@example.org&message=because", signupPage)
		if a.status != 400 || !strings.Contains(a.body, "because") || !strings.Contains(a.body, `role="alert"`) || !strings.Contains(a.body, "is-invalid") {
			t.Errorf("%s: %d %s", l, a.status, a.body)
		}
	}
	asked := askSignup(t, "ada@example.org", "Offers\r\nof 2027 <b>", "-H", "Accept: text/html", "-H", "Accept-Language: it")
	if a := arrive(t, asked, "-H", "Accept-Language: it"); a.status != 200 || !strings.Contains(a.body, "un link è in viaggio") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if made := newEvents(t, "signup", func() { askSignup(t, "other@example.org", "") }); len(made) != 0 {
		t.Errorf("who asks makes event files: %+v", made)
	}
	link := signupLink(t, "ada@example.org")
	if m := signupMails(t, queue.Signup); len(m) != 2 || m[0].Language == "" || strings.Contains(fmt.Sprint(m), "Offers") {
		t.Errorf("%+v", m)
	}
	before := signupState(t)
	for range 2 { // programs that look into mails open it
		a := curl(t, "-A", "signup-"+link[:16], "-H", "Accept: text/html", "-H", "Accept-Language: en", signupPage+"?token="+link)
		if a.status != 200 || !strings.Contains(a.body, "Offers of 2027 &lt;b&gt;") || !strings.Contains(a.body, "ada@example.org") || a.header.Get("Referrer-Policy") != "origin" ||
			!strings.Contains(a.body, `action="/cgi-bin/signup?confirm=1"`) || !strings.Contains(a.body, `href="/cgi-bin/signup?lang=it&amp;token=`+link+`"`) {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	take := func(token string, args ...string) answer {
		return curl(t, append(append(append([]string{}, wantsJSON...), args...), "--data-urlencode", "token="+token, signupPage+"?confirm=1")...)
	}
	made := newEvents(t, "signup", func() {
		for what, row := range map[string]struct {
			a      answer
			status int
		}{
			"no link": {take(""), 403}, "wrong link": {take(strings.Repeat("0", 16) + "-" + strings.Repeat("0", 64)), 403}, "its first half": {take(link[:17] + strings.Repeat("0", 64)), 403},
			"a long one": {take(strings.Repeat("x", 5000)), 403}, "another site": {take(link, "-H", "Origin: http://evil.example"), 403}, "not by that address": {curl(t, append(wantsJSON, "-d", "token="+link, signupPage)...), 400},
			"a path": {curl(t, append(wantsJSON, signupPage+"/x?token="+link)...), 404}, "by GET": {curl(t, append(wantsJSON, signupPage+"?confirm=1&token="+link)...), 200},
			"no method": {curl(t, append(wantsJSON, "-X", "DELETE", signupPage)...), 405},
		} {
			if row.a.status != row.status {
				t.Errorf("%s: %d %s", what, row.a.status, row.a.body)
			}
		}
	})
	for _, f := range made {
		if len(f.lines) > 0 {
			t.Errorf("a link that is none is recorded: %+v", f)
		}
	}
	if ids := waitingSignups(t); signupState(t) != before || len(ids) != 0 {
		t.Errorf("something has changed, or waits: %q", ids)
	}
	made = newEvents(t, "signup", func() {
		for range 2 {
			if a := take(link); a.status != 200 || !strings.Contains(a.body, `"confirmed":true`) {
				t.Errorf("%d %s", a.status, a.body)
			}
		}
	})
	acts := 0
	for _, f := range made {
		if len(f.lines) > 0 {
			acts++
		}
		if strings.Contains(read(t, f.name), link[17:]) {
			t.Error("the event has the link")
		}
	}
	if acts != 1 {
		t.Errorf("%d acts of one link: %+v", acts, made)
	}
	ids := waitingSignups(t)
	if len(ids) != 1 || ids[0] != link[:16] {
		t.Fatal(ids)
	}
	signupDecide(t, ids[0])
	if out, exit := output(t, "grep", "-rl", link[17:], "/var/log", layout.State, layout.Events); exit != 1 {
		t.Errorf("the link stands in %s", out)
	}
	if line := `"GET /cgi-bin/signup HTTP/1.1" 200 [^\n]*"signup-` + link[:16]; !eventually(patience, func() bool {
		return regexp.MustCompile(line).MatchString(read(t, "/var/log/apache2-sharezone/access.log"))
	}) {
		t.Errorf("not in the log: %s", line)
	}
}

// signupDecide is the part of who administers: others see nothing, and what he confirms is what he saw.
func signupDecide(t *testing.T, id string) {
	t.Helper()
	for _, user := range []string{"anna", "bruno"} {
		for _, args := range [][]string{{"/cgi-bin/users?view=signups"}, {"-d", "op=signup-confirm&username=us-ada&signup=" + id, "/cgi-bin/users"}, {"-d", "op=signup-decline&signup=" + id, "/cgi-bin/users"}} {
			if a := jsonAs(t, user, args...); a.status != 403 || strings.Contains(a.body, "ada@") {
				t.Errorf("%s %q: %d %s", user, args, a.status, a.body)
			}
		}
	}
	if a := curl(t, append(wantsJSON, "/cgi-bin/users?view=signups")...); a.status != 401 {
		t.Errorf("without a session: %d %s", a.status, a.body)
	}
	half := forge(t, "admin", func(r *session.Record) { r.Lacks = session.LacksCode })
	for _, args := range [][]string{{"/cgi-bin/users?view=signups"}, {"-d", "op=signup-confirm&username=us-ada&signup=" + id, "/cgi-bin/users"}} {
		if a := curl(t, append(append(append([]string{}, wantsJSON...), "-b", "SESSION_ID="+half), args...)...); a.status != 403 && a.status != 401 || strings.Contains(a.body, "ada@") {
			t.Errorf("half authenticated, %q: %d %s", args, a.status, a.body)
		}
	}
	if a := curl(t, append(wantsJSON, "-b", "SESSION_ID="+half, signupPage)...); a.status != 200 { // as without one: it is nobody's page
		t.Errorf("the page, half authenticated: %d %s", a.status, a.body)
	}
	from := fromOutside(withSession(forge(t, "admin", func(r *session.Record) { r.Entry = "external" }), "GET", "/cgi-bin/users?view=signups"))
	if a := callGate(t, from); a.status != 403 || strings.Contains(a.body, "ada@") {
		t.Errorf("from outside: %d %s", a.status, a.body)
	}
	for l, says := range map[string]string{"it": "1 persona chiede un account", "en": "1 person asks for an account"} {
		if a := curlAs(t, "admin", "-H", "Accept: text/html", "/cgi-bin/users?lang="+l); !strings.Contains(a.body, says) {
			t.Errorf("%s: %d %s", l, a.status, a.body)
		}
		if a := curlAs(t, "admin", "-H", "Accept: text/html", "/cgi-bin/users?view=signups&lang="+l); a.status != 200 || !strings.Contains(a.body, "Offers of 2027 &lt;b&gt;") || !strings.Contains(a.body, `value="`+id+`"`) || !strings.Contains(a.body, `value="ada"`) {
			t.Errorf("%s: %d %s", l, a.status, a.body)
		}
	}
	decide := func(fields ...string) answer { return form(t, "admin", "/cgi-bin/users", false, fields...) }
	for what, row := range map[string]struct {
		a      answer
		status int
	}{
		"another id":      {decide("op=signup-confirm", "username=us-ada", "signup="+strings.Repeat("0", 16)), 409},
		"a path":          {decide("op=signup-decline", "signup=../tokens/lock"), 409},
		"no name":         {decide("op=signup-confirm", "signup="+id), 400},
		"a taken name":    {decide("op=signup-confirm", "username=bruno", "signup="+id), 409},
		"a day that came": {decide("op=signup-confirm", "username=us-ada", "expires=2020-01-01", "signup="+id), 400},
		"another site":    {jsonAs(t, "admin", "-H", "Origin: http://evil.example", "-d", "op=signup-confirm&username=us-ada&signup="+id, "/cgi-bin/users"), 403},
	} {
		if row.a.status != row.status {
			t.Errorf("%s: %d %s", what, row.a.status, row.a.body)
		}
	}
	if a := curlAs(t, "admin", "-H", "Accept: text/html", "-d", "op=signup-confirm&username=bruno&signup="+id, "/cgi-bin/users"); a.status != 409 || !strings.Contains(a.body, `value="bruno"`) {
		t.Errorf("what was typed is lost: %d %s", a.status, a.body)
	}
	if a := decide("op=signup-confirm", "username=us-ada", "signup="+id); a.status != 201 || !strings.Contains(a.body, `"email":"ada@example.org"`) || !strings.Contains(a.body, `"sponsor":"admin"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	preferencesOf(t, "us-ada")
	if a := decide("op=signup-confirm", "username=us-ada2", "signup="+id); a.status != 409 || !strings.Contains(a.body, "meanwhile") && !strings.Contains(a.body, "nel frattempo") {
		t.Errorf("twice: %d %s", a.status, a.body)
	}
	token, m := invitationOf(t, "us-ada")
	if m.Actor != "admin" {
		t.Errorf("%+v", m)
	}
	if a := accept(t, "us-ada", token, "Cicala-4-Ponte-Grigio"); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	sessionAfterLogin(t, "us-ada", "Cicala-4-Ponte-Grigio")
	told := signupMails(t, queue.Asked)
	if len(told) != 1 || told[0].User != "admin" || len(told[0].Items) != 1 || !strings.Contains(told[0].Items[0].Path, "ada@example.org") || told[0].Due.Sub(told[0].Opened) != time.Hour {
		t.Errorf("administrators are told %+v", told)
	}
	for event, want := range map[string]string{"signup": "signup shzguest ada@example.org ok", "user-create": "user-create admin signup ok"} {
		if got := activityOf(t, "--event", event); len(got) == 0 || !slices.Contains(got, want) {
			t.Errorf("%s: %q", event, got)
		}
	}
}

// TestSignupDeclined: a reason goes by mail, to who asked, in his language; what was decided is recorded.
func TestSignupDeclined(t *testing.T) {
	canSignUp(t, "")
	for i, reason := range []string{"Ask your\r\nfirm <b>", ""} {
		email := fmt.Sprintf("no%d@example.org", i)
		askSignup(t, email, "", "-H", "Accept-Language: en")
		link := signupLink(t, email)
		if a := arrive(t, curl(t, "-d", "token="+link, signupPage+"?confirm=1"), "-H", "Accept-Language: en"); a.status != 200 || !strings.Contains(a.body, "Your request is with those") {
			t.Fatalf("%d %s", a.status, a.body)
		}
		a := form(t, "admin", "/cgi-bin/users", false, "op=signup-decline", "signup="+link[:16], "reason="+reason)
		if a.status != 200 || !strings.Contains(a.body, email) || !strings.Contains(a.body, fmt.Sprintf(`"mailed":%v`, reason != "")) {
			t.Errorf("%d %s", a.status, a.body)
		}
		if a := curl(t, append(wantsJSON, signupPage+"?token="+link)...); a.status != 403 {
			t.Errorf("the link is good still: %d %s", a.status, a.body)
		}
		command(t, "runuser", "-u", layout.UserSpool, "--", "/usr/lib/sharezone/worker")
		if got := activityOf(t, "--event", "signup-decline"); len(got) == 0 || got[len(got)-1] != "signup-decline admin "+email+" ok" {
			t.Errorf("%q", got)
		}
	}
	mails := signupMails(t, queue.Declined)
	if len(mails) != 1 || mails[0].Address != "no0@example.org" || mails[0].Language != "en" || mails[0].Items[0].Path != "Ask your firm <b>" {
		t.Errorf("%+v", mails)
	}
}

// TestSignupTellsNothing: whoever asks gets the same answer in the same time, whether there is an account or a request of that address, and
// beyond every bound; and no more mails than the bounds allow.
func TestSignupTellsNothing(t *testing.T) {
	canSignUp(t, "mails_daily = 6\nasks_daily = 8\n")
	run(t, "shzadm", "user", "modify", "bruno", "--email", "bruno@share.test")
	var bodies []string
	var times []time.Duration
	ask := func(email string) {
		began := time.Now()
		a := askSignup(t, email, "", "-H", "Accept: text/html", "-H", "Accept-Language: en")
		times = append(times, time.Since(began))
		if a.status != 303 {
			t.Errorf("%s: %d %s", email, a.status, a.body)
		}
		bodies = append(bodies, a.header.Get("Location")+a.body)
	}
	for _, email := range []string{"new@example.org", "bruno@share.test", "new@example.org", "NEW+x@example.org", "n.ew@Example.org", "two@example.org", "three@example.org", "four@example.org", "five@example.org", "six@example.org"} {
		ask(email)
	}
	for i, b := range bodies {
		if b != bodies[0] {
			t.Errorf("answer %d differs: %s", i, b)
		}
		if times[i] < 900*time.Millisecond || times[i] > patience/2 {
			t.Errorf("answer %d after %v", i, times[i])
		}
	}
	if got := strings.Count(run(t, "ls", layout.Secrets), "\n"); got != 5 { // of eight that count, three were to one mailbox once more
		t.Errorf("%d mails", got)
	}
}

// TestSignupSlots: who asks for an account takes no slot of those who log in, and waits for none of them.
func TestSignupSlots(t *testing.T) {
	d := needDemo(t)
	canSignUp(t, "")
	take := func(name string) (release func()) {
		var held []*os.File
		for i := range 64 {
			if f, err := slot.Lock(fmt.Sprintf("%s.%d", name, i)); err == nil {
				held = append(held, f)
			}
		}
		return func() {
			for _, f := range held {
				f.Close()
			}
		}
	}
	release := take("auth")
	if a := askSignup(t, "slots@example.org", ""); a.status != 303 {
		t.Errorf("while all slots of logins are taken: %d %s", a.status, a.body)
	}
	release()
	release = take("signup")
	if a := tryLogin(t, "bruno", d.password["bruno"]); a.status != 200 {
		t.Errorf("while all slots of those who ask are taken: %d %s", a.status, a.body)
	}
	if a := askSignup(t, "slots2@example.org", "", "-H", "Accept: text/html", "-H", "Accept-Language: en"); a.status != 503 || !strings.Contains(a.body, "try again in a minute") || !strings.Contains(a.body, "slots2@example.org") {
		t.Errorf("%d %s", a.status, a.body)
	}
	release()
}

// TestSignupFull: a full disk and a full store are said in a sentence, and nothing is lost by them.
func TestSignupFull(t *testing.T) {
	canSignUp(t, "")
	askSignup(t, "first@example.org", "")
	link := signupLink(t, "first@example.org")
	run(t, "sh", "-c", `cp -a "$1" /run/shz-signups; mount -t tmpfs -o mode=0700,size=16k tmpfs "$1"; cp -a /run/shz-signups/. "$1"; head -c 100000 /dev/zero >"$1"/filler || true`, "sh", layout.Signups)
	mounted := true
	unmount := func() {
		if mounted {
			run(t, "sh", "-c", `umount "$1"; rm -rf /run/shz-signups`, "sh", layout.Signups)
			mounted = false
		}
	}
	t.Cleanup(unmount)
	html := []string{"-H", "Accept: text/html", "-H", "Accept-Language: en"}
	for _, email := range []string{"second@example.org", "first@example.org"} {
		if a := askSignup(t, email, "words", html...); a.status != 507 || !strings.Contains(a.body, "no room at the moment") || !strings.Contains(a.body, "words") {
			t.Errorf("%s: %d %s", email, a.status, a.body)
		}
	}
	if a := curl(t, append(html, "-d", "token="+link, signupPage+"?confirm=1")...); a.status != 507 || !strings.Contains(a.body, "use the link in the mail again") {
		t.Errorf("%d %s", a.status, a.body)
	}
	unmount()
	if a := curl(t, append(html, "-d", "token="+link, signupPage+"?confirm=1")...); a.status != 303 {
		t.Errorf("the link is lost: %d %s", a.status, a.body)
	}
	run(t, "sh", "-c", `cd "$1"; for i in $(seq 1000); do printf '{"version":1,"hash":"%064d","expires":"2099-01-01T00:00:00Z"}\n' $i > $(printf %016x $i); done`, "sh", layout.Signups)
	if a := askSignup(t, "third@example.org", "words", html...); a.status != 507 || !strings.Contains(a.body, "too many wait already") || !strings.Contains(a.body, "words") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if ids := waitingSignups(t); !slices.Equal(ids, []string{link[:16]}) {
		t.Error(ids)
	}
}
