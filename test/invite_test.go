package test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/slot"
	"sharezone/notify/queue"
)

// canInvite sets what invitations need, with a mail server that does not answer: what is sent stays in the queue.
func canInvite(t *testing.T) {
	t.Helper()
	setConfig(t, "[login]\nfailure_milliseconds = 300\n[mail]\nport = 1\n[entries.internal]\npublic_url = \""+needDemo(t).url+"\"\n")
	emptyMails(t)
	forgive(t) // what is asked without a session counts
}

// invitationOf takes the link's text out of the mail to somebody, and says what stands about it.
func invitationOf(t *testing.T, user string) (string, queue.Message) {
	t.Helper()
	command(t, "runuser", "-u", layout.UserSpool, "--", "/usr/lib/sharezone/worker") // there is no mail server
	for _, name := range queueFiles(t, "waiting") {
		var m queue.Message
		if err := json.Unmarshal([]byte(read(t, name)), &m); err == nil && m.Kind == queue.Invite && m.User == user && len(m.Items) == 1 {
			return m.Items[0].Path, m
		}
	}
	t.Fatal("no mail for " + user)
	return "", queue.Message{}
}

// accept sends the form of the link.
func accept(t *testing.T, user, token, password string, args ...string) answer {
	t.Helper()
	return curl(t, append(append([]string{}, wantsJSON...), append(args, "--data-urlencode", "user="+user, "--data-urlencode", "token="+token, "--data-urlencode", "new="+password,
		"--data-urlencode", "confirm="+password, forgotPage+"?invited=1")...)...)
}

// TestInvitation: an administrator invites somebody into a zone; the link of the mail lets him choose his password, once, and he
// stands in the zone. Nobody else invites.
func TestInvitation(t *testing.T) {
	zone := newZone(t)
	clearUsers(t, "us-guest", "us-guest2")
	about := []string{"-d", "op=invite", "-d", "username=us-guest", "-d", "full_name=Gina", "-d", "company=Gamma", "-d", "expires=2099-01-31"}
	invite := func(user string, more ...string) answer {
		return jsonAs(t, user, append(append(append([]string{"-d", "email=g@share.test"}, about...), more...), "/cgi-bin/users")...)
	}
	for _, user := range []string{"anna", "bruno", "admin"} {
		jar(t, user) // a login is a session more
	}
	before := accounts(t)
	if a := invite("admin"); a.status != 409 || a.code() != "conflict" {
		t.Errorf("without a public_url: %d %s", a.status, a.body)
	}
	canInvite(t)
	for what, row := range map[string]struct {
		a      answer
		status int
	}{
		"manager": {invite("anna"), 403}, "base": {invite("bruno"), 403},
		"no session":        {curl(t, append(wantsJSON, "-d", "op=invite&username=us-guest&full_name=G&email=g@share.test", "/cgi-bin/users")...), 401},
		"another site":      {invite("admin", "-H", "Origin: http://evil.example"), 403},
		"no such zone":      {invite("admin", "-d", "zone=no-such-zone", "-d", "access=read"), 400},
		"no such access":    {invite("admin", "-d", "zone="+zone, "-d", "access=own"), 400},
		"a path for a zone": {invite("admin", "-d", "zone=../etc", "-d", "access=read"), 400},
		"no address":        {jsonAs(t, "admin", append(about, "/cgi-bin/users")...), 400},
		"again, nobody":     {jsonAs(t, "admin", "-d", "op=invite-again", "-d", "username=us-guest", "/cgi-bin/users"), 404},
		"again, root":       {jsonAs(t, "admin", "-d", "op=invite-again", "-d", "username=root", "/cgi-bin/users"), 403},
		"again, bruno":      {jsonAs(t, "admin", "-d", "op=invite-again", "-d", "username=bruno", "/cgi-bin/users"), 409},
		"again, by anna":    {jsonAs(t, "anna", "-d", "op=invite-again", "-d", "username=bruno", "/cgi-bin/users"), 403},
	} {
		if row.a.status != row.status {
			t.Errorf("%s: %d %s", what, row.a.status, row.a.body)
		}
	}
	if accounts(t) != before {
		t.Fatal("something was made")
	}
	if files, _ := os.ReadDir(layout.Secrets); len(files) != 0 {
		t.Fatalf("handed over: %v", files)
	}
	var made struct {
		Username, Password string
		Invited            time.Time
	}
	a := invite("admin", "-d", "zone="+zone, "-d", "access=write")
	if err := json.Unmarshal([]byte(a.body), &made); err != nil || a.status != 201 || made.Username != "us-guest" || made.Password != "" || time.Until(made.Invited) < 6*24*time.Hour {
		t.Fatalf("%v %d %s", err, a.status, a.body)
	}
	link, m := invitationOf(t, "us-guest")
	if m.Actor != "admin" || m.Zone != zone {
		t.Errorf("%+v", m)
	}
	if listed := run(t, "shzadm", "queue", "list", "--json"); strings.Contains(listed, link) {
		t.Error("the list of messages has the link")
	}
	if a := jsonAs(t, "admin", "/cgi-bin/users/us-guest"); !strings.Contains(a.body, `"invited":"20`) || strings.Contains(a.body, link[17:]) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := curlAs(t, "admin", "-H", "Accept-Language: en", "/cgi-bin/users/us-guest"); !strings.Contains(a.body, "the mail server has not taken it yet") {
		t.Errorf("nothing says that the mail waits: %d %s", a.status, a.body)
	}
	emptyQueue(t)
	if a := jsonAs(t, "admin", "-d", "op=invite-again", "-d", "username=us-guest", "/cgi-bin/users"); a.status != 200 {
		t.Errorf("again: %d %s", a.status, a.body)
	}
	if again, m := invitationOf(t, "us-guest"); again != link || m.Zone != zone {
		t.Errorf("again it is another link: %+v", m)
	}
	const password = "Cicala-4-Ponte-Grigio"
	page := curl(t, "-H", "Accept: text/html", "-b", "lang=en", forgotPage+"?invited=1&user=us-guest&token="+link)
	if page.status != 200 || !strings.Contains(page.body, "Your user name is us-guest") || !regexp.MustCompile(`action="/cgi-bin/forgot\?invited=1"`).MatchString(page.body) {
		t.Errorf("%d %s", page.status, page.body)
	}
	for _, made := range []string{"&user=Call%20Lucia%20at%20059%20123&token=" + link, "&user=us-guest&token=", "&token=" + link} {
		page := curl(t, "-H", "Accept: text/html", "-b", "lang=en", forgotPage+"?invited=1"+made)
		if page.status != 403 || strings.Contains(page.body, "Call Lucia at") || strings.Contains(page.body, "<form method=\"post\" action=\"/cgi-bin/forgot") || !strings.Contains(page.body, "no good any more") {
			t.Errorf("%s: %d %s", made, page.status, page.body)
		}
	}
	weak := curl(t, "-H", "Accept: text/html", "-b", "lang=en", "-d", "user=us-guest&token="+link+"&new=password&confirm=password", forgotPage+"?invited=1")
	if language := `href="` + forgotPage + `?invited=1&amp;lang=it&amp;token=` + link + `&amp;user=us-guest"`; weak.status != 400 || !strings.Contains(weak.body, language) {
		t.Errorf("the other language has lost the invitation: %d %s", weak.status, weak.body)
	}
	for what, row := range map[string]struct {
		a      answer
		status int
	}{
		"weak": {accept(t, "us-guest", link, "password"), 400}, "another's name": {accept(t, "bruno", link, password), 403},
		"no link": {accept(t, "us-guest", "", password), 403}, "from another site": {accept(t, "us-guest", link, password, "-H", "Origin: http://evil.example"), 403},
		"by a forgotten password": {curl(t, append(wantsJSON, "-d", "user=us-guest2&token="+link+"&new="+password+"&confirm="+password, forgotPage)...), 403},
	} {
		if row.a.status != row.status {
			t.Errorf("%s: %d %s", what, row.a.status, row.a.body)
		}
	}
	found := newEvents(t, "forgot", func() {
		if a := accept(t, "us-guest", link, password); a.status != 200 || !strings.Contains(a.body, `"zone":"`+zone+`"`) {
			t.Fatalf("%d %s", a.status, a.body)
		}
	})
	if len(found) != 1 || found[0].lines[0]["event"] != "password" || found[0].lines[0]["user"] != "us-guest" {
		t.Errorf("%+v", found)
	}
	if a := accept(t, "us-guest", link, password+"9"); a.status != 403 {
		t.Errorf("twice: %d %s", a.status, a.body)
	}
	id := sessionAfterLogin(t, "us-guest", password)
	if a := curl(t, append(wantsJSON, "-b", "SESSION_ID="+id, "/cgi-bin/shz/"+zone+"/")...); a.status != 200 || !strings.Contains(a.body, `"access":"write"`) {
		t.Errorf("in the zone: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "admin", "-d", "op=invite-again", "-d", "username=us-guest", "/cgi-bin/users"); a.status != 409 {
		t.Errorf("again, when the password is chosen: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "admin", "/cgi-bin/users/us-guest"); !strings.Contains(a.body, `"invited":null`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if out, exit := output(t, "grep", "-rl", link[17:], "/var/log", layout.State, layout.Events, layout.Secrets); exit != 1 {
		t.Errorf("the link stands in %s", out)
	}
}

// TestInvitationIsVoid: locked, ended, given a password by hand or made anew, an account is not opened by the link that was sent before.
func TestInvitationIsVoid(t *testing.T) {
	needDemo(t)
	for what, spoil := range map[string]string{
		"locked": "usermod -L us-guest", "locked and unlocked": "shzadm user lock us-guest; shzadm user unlock us-guest", "expired": "usermod -e 1 us-guest", "a password by hand": "echo us-guest:Other-word-4-me | chpasswd",
		"out of shzbase": "gpasswd -d us-guest shzbase", "in a group of the system": "gpasswd -a us-guest adm",
		"late": "cd " + layout.Tokens + `; for f in ????????????????; do sed -i 's/"expires":"2/"expires":"1/' $f; done`,
	} {
		t.Run(what, func(t *testing.T) {
			clearUsers(t, "us-guest")
			canInvite(t)
			out := run(t, "shzadm", "invite", "us-guest", "--full-name", "Gina", "--email", "g@share.test", "--json")
			if !strings.Contains(out, `"invited": "20`) || strings.Contains(out, "password") && strings.Contains(out, `"password":`) {
				t.Error(out)
			}
			link, m := invitationOf(t, "us-guest")
			if m.Actor != "us-guest" { // root is nobody whom people know
				t.Errorf("%+v", m)
			}
			run(t, "sh", "-c", spoil)
			before := read(t, "/etc/shadow")
			if a := accept(t, "us-guest", link, "Cicala-4-Ponte-Grigio"); a.status != 403 {
				t.Errorf("%d %s", a.status, a.body)
			}
			if read(t, "/etc/shadow") != before {
				t.Error("a password changed")
			}
		})
	}
}

// TestInviteByShell: what the page refuses the command refuses, and makes nothing.
func TestInviteByShell(t *testing.T) {
	zone := newZone(t)
	clearUsers(t, "us-guest")
	before := accounts(t)
	basic := []string{"invite", "us-guest", "--full-name", "Gina", "--email", "g@share.test"}
	refuse := func(what string, exit int, args ...string) {
		t.Helper()
		if out, status := command(t, "shzadm", args...); status != exit {
			t.Errorf("%s: %d %s", what, status, out)
		}
	}
	refuse("no public_url", 1, basic...)
	canInvite(t)
	refuse("no zone of this name", 1, append(basic, "--zone", "no-such-zone")...)
	refuse("no such access", 2, append(basic, "--zone", zone, "--access", "none")...)
	refuse("no address", 2, basic[:4]...)
	refuse("somebody's name", 1, append([]string{"invite", "bruno"}, basic[2:]...)...)
	refuse("again, nobody", 1, "invite", "us-guest", "--again")
	refuse("again, bruno", 1, "invite", "bruno", "--again")
	refuse("again, with what it does not change", 2, "invite", "us-guest", "--again", "--json", "--zone", zone)
	if accounts(t) != before {
		t.Error("something was made")
	}
	run(t, "shzadm", append(basic, "--zone", zone, "--access", "drop")...)
	link, m := invitationOf(t, "us-guest")
	if m.Zone != zone {
		t.Errorf("%+v", m)
	}
	if out := run(t, "getfacl", "-cp", zonePath(zone)); !strings.Contains(out, "user:us-guest:-wx") {
		t.Error(out)
	}
	emptyQueue(t)
	run(t, "shzadm", "invite", "us-guest", "--again")
	if again, _ := invitationOf(t, "us-guest"); again != link {
		t.Error("again it is another link")
	}
}

// TestManagersInvite: into their own zones, without a role, so many in a month; and only where the settings say so.
func TestManagersInvite(t *testing.T) {
	zone := newZone(t)
	clearUsers(t, "us-guest", "us-guest2", "us-guest3", "us-boss")
	canInvite(t)
	run(t, "find", layout.Sponsors, "-user", "anna", "-delete") // an earlier run's count too
	run(t, "sh", "-c", `echo Lampone-7-Treno-Verde | shzadm user add us-boss --role manager --full-name B --email b@share.test --password-stdin`)
	invite := func(user, guest string, more ...string) answer {
		return jsonAs(t, user, append(append([]string{"-d", "op=invite&full_name=G&email=g@share.test&username=" + guest}, more...), "/cgi-bin/users")...)
	}
	for _, user := range []string{"anna", "bruno", "admin"} {
		jar(t, user) // a login is a session more
	}
	session := "SESSION_ID=" + sessionAfterLogin(t, "us-boss", "Lampone-7-Treno-Verde")
	byBoss := func(more ...string) answer {
		return curl(t, append(append(append([]string{}, wantsJSON...), "-b", session, "-d", "op=invite&full_name=G&email=g@share.test&username=us-guest3"), append(more, "/cgi-bin/users")...)...)
	}
	before := accounts(t)
	into := []string{"-d", "zone=" + zone, "-d", "access=write"}
	if a := invite("anna", "us-guest", into...); a.status != 403 {
		t.Errorf("off: %d %s", a.status, a.body)
	}
	// By the helper itself, which the handler spares the question.
	const helper = ` | sudo -n ` + layout.AccountHelper
	question := `echo '{"op":"invite","username":"us-guest","full_name":"G","email":"g@share.test","zone":"` + zone + `","access":"write"}'` + helper
	if out, status := asUser(t, "anna", "sh", "-c", question); status != 1 || !strings.Contains(out, `"reason":"no-inviting"`) {
		t.Errorf("off, by a shell: %d %s", status, out)
	}
	setConfig(t, "[login]\nfailure_milliseconds = 300\ninvitations_monthly = 2\n[mail]\nport = 1\n[entries.internal]\npublic_url = \""+needDemo(t).url+"\"\n")
	for what, row := range map[string]struct {
		a      answer
		status int
	}{
		"base": {invite("bruno", "us-guest", into...), 403}, "no zone": {invite("anna", "us-guest"), 400}, "no access": {invite("anna", "us-guest", into[:2]...), 400},
		"a role": {invite("anna", "us-guest", append(into, "-d", "role=manager")...), 403}, "somebody there is": {invite("anna", "bruno", into...), 409},
		"another's zone": {byBoss(into...), 403}, "root": {invite("anna", "root", into...), 409},
		"another operation": {jsonAs(t, "anna", "-d", "op=create&full_name=G&email=g@share.test&username=us-guest", "/cgi-bin/users"), 403},
		"again":             {jsonAs(t, "anna", "-d", "op=invite-again&username=bruno", "/cgi-bin/users"), 403},
		"another site":      {invite("anna", "us-guest", append(into, "-H", "Origin: http://evil.example")...), 403},
		"no session":        {curl(t, append(wantsJSON, "-d", "op=invite&username=us-guest&full_name=G&email=g@share.test&access=read&zone="+zone, "/cgi-bin/users")...), 401},
		"people":            {jsonAs(t, "anna", "/cgi-bin/users?username=b"), 403}, "a person": {jsonAs(t, "anna", "/cgi-bin/users/bruno"), 403},
	} {
		if row.a.status != row.status {
			t.Errorf("%s: %d %s", what, row.a.status, row.a.body)
		}
	}
	if out, status := asUser(t, "bruno", "sh", "-c", question); status == 0 || !strings.Contains(out, "sudo:") {
		t.Errorf("bruno, by a shell: %d %s", status, out)
	}
	out, _ := asUser(t, "anna", "sh", "-c", `printf %s "$1" | env -i PATH=/usr/bin:/bin GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REMOTE_ADDR=10.9.8.7 HTTP_HOST=h HTTP_ACCEPT=application/json \
		SHZ_ENTRY=external SHZ_REQUEST=0123456789abcdef SHZ_USER=anna REQUEST_METHOD=POST CONTENT_TYPE=application/x-www-form-urlencoded CONTENT_LENGTH="${#1}" REQUEST_URI=/cgi-bin/users SHZ_EVENT_FD=3 `+layout.Handlers+`/users 3>&1`,
		"sh", "op=invite&username=us-guest&full_name=G&email=g@share.test&access=read&zone="+zone)
	if !strings.Contains(out, "Status: 403") {
		t.Errorf("from outside: %.300s", out)
	}
	if accounts(t) != before {
		t.Fatal("something was made")
	}
	page := curlAs(t, "anna", "-H", "Accept: text/html", "-b", "lang=en", "/cgi-bin/zones/"+zone)
	const form = "/cgi-bin/users?view=new&amp;zone="
	if !strings.Contains(page.body, form+zone) {
		t.Errorf("the zone's page leads to no invitation: %d", page.status)
	}
	page = curlAs(t, "anna", "-H", "Accept: text/html", "/cgi-bin/users?view=new&zone="+zone)
	if page.status != 200 || !strings.Contains(page.body, `name="zone" value="`+zone+`"`) && !strings.Contains(page.body, `value="`+zone+`"`) || strings.Contains(page.body, `name="role"`) || strings.Contains(page.body, `value="create"`) {
		t.Errorf("%d %s", page.status, page.body)
	}
	if a := invite("anna", "us-guest", into...); a.status != 201 || !strings.Contains(a.body, `"sponsor":"anna"`) || strings.Contains(a.body, `"password":`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if list := run(t, "getfacl", "-cp", zonePath(zone)); !strings.Contains(list, "user:us-guest:rwx") {
		t.Error(list)
	}
	if _, m := invitationOf(t, "us-guest"); m.Actor != "anna" || m.Zone != zone {
		t.Errorf("%+v", m)
	}
	if a := curlAs(t, "anna", "-H", "Accept: text/html", "-d", "op=invite&full_name=G&email=g@share.test&username=us-guest2&access=read&zone="+zone, "/cgi-bin/users"); a.status != 303 || !strings.Contains(a.header.Get("Location"), "view=new") {
		t.Errorf("%d %s", a.status, a.header.Get("Location"))
	}
	if a := invite("anna", "us-guest3", into...); a.status != 403 {
		t.Errorf("the third of a month: %d %s", a.status, a.body)
	}
	run(t, "touch", "-d", "32 days ago", layout.Sponsors+"/"+strings.TrimSpace(run(t, "id", "-u", "us-guest")))
	if a := invite("anna", "us-guest3", into...); a.status != 201 {
		t.Errorf("one was longer ago than a month: %d %s", a.status, a.body)
	}
}

// holdZone keeps everybody else from changing a zone until what it returns is closed.
func holdZone(t *testing.T, zone string) *os.File {
	t.Helper()
	lock, err := slot.Lock("zone." + strings.TrimSpace(run(t, "stat", "-c", "%d.%i", zonePath(zone))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	return lock
}

// TestInvitationInParts: nothing is made while somebody else keeps changing the zone; what in it opens to nobody is told and hinders
// nothing; of what fails after the account is made the page says what is missing.
func TestInvitationInParts(t *testing.T) {
	zone := newZone(t)
	clearUsers(t, "us-guest", "us-guest2", "us-guest3", "us-guest4")
	canInvite(t)
	jar(t, "admin")
	invite := func(guest string) answer {
		return curlAs(t, "admin", "-H", "Accept: application/json", "-b", "lang=en", "-d", "op=invite&full_name=G&email=g@share.test&access=read&username="+guest+"&zone="+zone, "/cgi-bin/users")
	}
	lists := func() string { return run(t, "getfacl", "-cp", zonePath(zone)) }
	held := holdZone(t, zone)
	answered := make(chan answer)
	go func() { answered <- invite("us-guest") }()
	select {
	case a := <-answered:
		t.Fatalf("it did not wait: %d %s", a.status, a.body)
	case <-time.After(2 * time.Second):
	}
	if out, status := command(t, "id", "us-guest"); status == 0 {
		t.Errorf("made before its zone was free: %s", out)
	}
	held.Close()
	if a := <-answered; a.status != 201 || !strings.Contains(lists(), "user:us-guest:r-x") {
		t.Errorf("when it was free: %d %s", a.status, a.body)
	}
	run(t, "sh", "-c", `cd "$1"; echo x > one; chown anna: one; ln one other`, "sh", zonePath(zone))
	if a := invite("us-guest2"); a.status != 201 || !strings.Contains(a.body, `"path":"one"`) || !strings.Contains(lists(), "user:us-guest2:r-x") {
		t.Errorf("a file with two names: %d %s", a.status, a.body)
	}
	if _, m := invitationOf(t, "us-guest2"); m.Zone != zone {
		t.Errorf("%+v", m)
	}
	run(t, "chattr", "+i", zonePath(zone))
	a := invite("us-guest3")
	run(t, "chattr", "-i", zonePath(zone))
	if a.status < 400 || !strings.Contains(a.body, "is not in the zone") || strings.Contains(lists(), "us-guest3") {
		t.Errorf("a zone that cannot be shared: %d %s", a.status, a.body)
	}
	invitationOf(t, "us-guest3")
	run(t, "mv", layout.Secrets, layout.Secrets+".away")
	a = invite("us-guest4")
	run(t, "mv", layout.Secrets+".away", layout.Secrets)
	if a.status < 400 || !strings.Contains(a.body, "was not sent") {
		t.Errorf("a link that cannot be handed over: %d %s", a.status, a.body)
	}
	run(t, "shzadm", "invite", "us-guest4", "--again")
	invitationOf(t, "us-guest4")
}

// TestAcceptAtOnce: one link sets one password, and none while somebody else changes the account, of which nobody waits for long.
func TestAcceptAtOnce(t *testing.T) {
	needDemo(t)
	clearUsers(t, "us-guest")
	canInvite(t)
	run(t, "shzadm", "invite", "us-guest", "--full-name", "Gina", "--email", "g@share.test")
	link, _ := invitationOf(t, "us-guest")
	held, err := slot.Lock("account-us-guest")
	if err != nil {
		t.Fatal(err)
	}
	a := accept(t, "us-guest", link, "Cicala-4-Ponte-Grigio")
	slot.Remove(held)
	if a.code() != "busy" {
		t.Errorf("while it is changed: %d %s", a.status, a.body)
	}
	passwords := []string{"Cicala-4-Ponte-Grigio", "Lampone-7-Treno-Verde", "Zattera-2-Fiume-Rosso"}
	answers := make([]answer, len(passwords))
	var all sync.WaitGroup
	for i, password := range passwords {
		all.Go(func() { answers[i] = accept(t, "us-guest", link, password) })
	}
	all.Wait()
	done := 0
	for i, a := range answers {
		switch {
		case a.status == 200:
			done++
			sessionAfterLogin(t, "us-guest", passwords[i])
		case a.status != 403 && a.code() != "busy":
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if done != 1 {
		t.Errorf("%d of them: %+v", done, answers)
	}
}

// TestInvitationFollowsTheAccount: no link goes to who could not use it; a link ends with the account; another address or role makes it
// void, and another one goes to the address that holds now, into the same zone.
func TestInvitationFollowsTheAccount(t *testing.T) {
	zone := newZone(t)
	clearUsers(t, "us-guest")
	canInvite(t)
	ask := func(form string) answer { return jsonAs(t, "admin", "-d", form, "/cgi-bin/users") }
	const invite = "op=invite&username=us-guest&full_name=G&email=g@share.test&access=read&zone="
	if a := ask(invite + zone + "&expires=2020-01-01"); a.status != 400 {
		t.Errorf("over already: %d %s", a.status, a.body)
	}
	if out, status := command(t, "shzadm", "invite", "us-guest", "--full-name", "G", "--email", "g@share.test", "--expires", "2020-01-01"); status != 1 {
		t.Errorf("over already, by the command: %d %s", status, out)
	}
	if out, status := command(t, "id", "us-guest"); status == 0 {
		t.Fatalf("made: %s", out)
	}
	tomorrow := time.Now().UTC().AddDate(0, 0, 2).Format(time.DateOnly)
	if a := ask(invite + zone + "&expires=" + tomorrow); a.status != 201 || !strings.Contains(a.body, `"invited":"`+tomorrow+`T00:00:00Z"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	first, _ := invitationOf(t, "us-guest")
	for what, by := range map[string][2]string{
		"expired": {"usermod -e 1 us-guest", "usermod -e " + tomorrow + " us-guest"}, "locked": {"usermod -L us-guest", "usermod -U us-guest"},
		"out of shzbase": {"gpasswd -d us-guest shzbase", "gpasswd -a us-guest shzbase"},
	} {
		run(t, "sh", "-c", by[0])
		if a := ask("op=invite-again&username=us-guest"); a.status != 409 {
			t.Errorf("again, %s: %d %s", what, a.status, a.body)
		}
		if out, status := command(t, "shzadm", "invite", "us-guest", "--again"); status != 1 || !strings.Contains(out, ": us-guest") {
			t.Errorf("again, %s, by the command: %d %s", what, status, out)
		}
		run(t, "sh", "-c", by[1])
	}
	emptyQueue(t)
	for _, change := range []string{"email=other@share.test", "role=manager"} {
		if a := ask("op=modify&username=us-guest&" + change); a.status != 200 {
			t.Fatalf("%s: %d %s", change, a.status, a.body)
		}
		link, m := invitationOf(t, "us-guest")
		if link == first || m.Zone != zone {
			t.Errorf("%s: %+v", change, m)
		}
		if a := accept(t, "us-guest", first, "Cicala-4-Ponte-Grigio"); a.status != 403 {
			t.Errorf("%s, by the older link: %d %s", change, a.status, a.body)
		}
		first = link
		emptyQueue(t)
	}
	if out := run(t, "shzadm", "user", "modify", "us-guest", "--email", "third@share.test"); !strings.Contains(out, "--again") {
		t.Error(out)
	}
	if a := jsonAs(t, "admin", "/cgi-bin/users/us-guest"); !strings.Contains(a.body, `"invited":null`) {
		t.Errorf("the page says that a void link is good: %d %s", a.status, a.body)
	}
}

// TestInviterIsLocked: an invitation that is under way keeps nobody from locking who invites, or from giving the zone to somebody else; and
// then it makes nothing.
func TestInviterIsLocked(t *testing.T) {
	zone := newZone(t)
	clearUsers(t, "us-guest", "us-boss")
	canInvite(t)
	setConfig(t, "[login]\ninvitations_monthly = 2\n[mail]\nport = 1\n[entries.internal]\npublic_url = \""+needDemo(t).url+"\"\n")
	run(t, "sh", "-c", `echo Lampone-7-Treno-Verde | shzadm user add us-boss --role manager --full-name B --email b@share.test --password-stdin; shzadm zone transfer "$1" --owner us-boss`, "sh", zone)
	asks := func(name string) string {
		return `echo '{"op":"invite","username":"` + name + `","full_name":"G","email":"g@share.test","zone":"` + zone + `","access":"write"}' | sudo -n ` + layout.AccountHelper
	}
	question := asks("us-guest")
	// Who has the name already is not held meanwhile, so he can be locked: it is refused before anybody waits.
	held := holdZone(t, zone)
	if out, _ := asUser(t, "us-boss", "sh", "-c", asks("us-boss")); !strings.Contains(out, "exists") {
		t.Errorf("himself: %s", out)
	}
	held.Close()
	for _, row := range []struct{ meanwhile, says string }{{"chown anna " + zonePath(zone), `"reason":"not-owner"`}, {"shzadm user lock us-boss", `"not-permitted"`},
		{"shzadm user unlock us-boss; gpasswd -d us-boss shzadmin; gpasswd -d us-boss shzmgr", `"not-permitted"`}} {
		if strings.Contains(row.meanwhile, "shzadmin") {
			run(t, "sh", "-c", "shzadm user unlock us-boss; usermod -aG shzadmin us-boss")
		}
		run(t, "chown", "us-boss", zonePath(zone))
		held := holdZone(t, zone)
		answered := make(chan string)
		go func() {
			out, _ := asUser(t, "us-boss", "sh", "-c", question)
			answered <- out
		}()
		select {
		case out := <-answered:
			t.Fatal(out)
		case <-time.After(2 * time.Second):
		}
		run(t, "sh", "-c", row.meanwhile)
		held.Close()
		if out := <-answered; !strings.Contains(out, row.says) {
			t.Errorf("%s: %s", row.meanwhile, out)
		}
		if out, status := command(t, "id", "us-guest"); status == 0 {
			t.Fatalf("%s: he has another account: %s", row.meanwhile, out)
		}
	}
}

// TestSponsor: who invited somebody answers for him, which ls shows; when he is locked, expired or gone, those whom he invited are listed
// until somebody else answers for them.
func TestSponsor(t *testing.T) {
	canInvite(t)
	clearUsers(t, "us-guest", "us-boss")
	run(t, "sh", "-c", `echo Lampone-7-Treno-Verde | shzadm user add us-boss --role manager --full-name B --email b@share.test --password-stdin`)
	if a := jsonAs(t, "admin", "-d", "op=invite&username=us-guest&full_name=Gina&email=g@share.test", "/cgi-bin/users"); a.status != 201 || !strings.Contains(a.body, `"sponsor":"admin","review":false`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	file := layout.Sponsors + "/" + strings.TrimSpace(run(t, "id", "-u", "us-guest"))
	sponsor := func() string { return strings.TrimSpace(run(t, "stat", "-c", "%U %s", file)) }
	if s := sponsor(); s != "admin 0" {
		t.Errorf("ls -l says %q", s)
	}
	for what, args := range map[string][]string{"nobody": {"sponsor=us-none"}, "root": {"sponsor=root"}, "himself": {"sponsor=us-guest"}} {
		if a := jsonAs(t, "admin", "-d", "op=modify&username=us-guest&"+args[0], "/cgi-bin/users"); a.status != 400 || sponsor() != "admin 0" {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	if a := jsonAs(t, "bruno", "-d", "op=modify&username=us-guest&sponsor=bruno", "/cgi-bin/users"); a.status != 403 || sponsor() != "admin 0" {
		t.Errorf("by bruno: %d %s", a.status, a.body)
	}
	run(t, "shzadm", "user", "modify", "us-guest", "--sponsor", "us-boss")
	uid := strings.TrimSpace(run(t, "id", "-u", "us-boss"))
	for _, step := range []struct {
		command, sponsor string
		listed           bool
	}{
		{"true", "us-boss", false},
		{"usermod -L us-boss", "us-boss", true},
		{"usermod -U us-boss", "us-boss", false},
		{"usermod -e 1 us-boss", "us-boss", true},
		{"usermod -e '' us-boss; gpasswd -d us-boss shzbase", "us-boss", true},
		{"shzadm user delete us-boss --files keep", "uid:" + uid, true},
		{"shzadm user lock us-guest", "uid:" + uid, false},
		{"shzadm user unlock us-guest", "uid:" + uid, true},
	} {
		run(t, "sh", "-c", step.command)
		if out := run(t, "shzadm", "user", "list", "--review"); strings.Contains(out, "us-guest") != step.listed {
			t.Errorf("%s: %s", step.command, out)
		}
		for query, listed := range map[string]bool{"review=1": step.listed, "username=us-guest": true, "sponsor=" + step.sponsor: true, "sponsor=bruno": false} {
			a := jsonAs(t, "admin", "/cgi-bin/users?"+query)
			if strings.Contains(a.body, `"username":"us-guest"`) != listed || listed && !strings.Contains(a.body, `"sponsor":"`+step.sponsor+`"`) {
				t.Errorf("%s: %s: %d %s", step.command, query, a.status, a.body)
			}
		}
	}
	// The form has whom it shows, also when he is gone, and is saved with him; since when stays.
	run(t, "touch", "-d", "2026-01-31 UTC", file)
	for _, who := range []string{"uid:" + uid, "admin"} {
		if a := jsonAs(t, "admin", "-d", "op=modify&username=us-guest&full_name=Gina+Neri&sponsor="+who, "/cgi-bin/users"); a.status != 200 || !strings.Contains(a.body, `"sponsor":"`+who+`"`) {
			t.Errorf("saved with %s: %d %s", who, a.status, a.body)
		}
		if since := run(t, "date", "-u", "-r", file, "+%F"); !strings.HasPrefix(since, "2026-01-31") {
			t.Errorf("%s: since %s", who, since)
		}
	}
	run(t, "chown", uid, file)
	page := curlAs(t, "admin", "-H", "Accept: text/html", "-b", "lang=en", "/cgi-bin/users/us-guest")
	if !strings.Contains(page.body, "To review") || !strings.Contains(page.body, "uid:"+uid) {
		t.Errorf("%d %s", page.status, page.body)
	}
	if a := jsonAs(t, "admin", "-d", "op=modify&username=us-guest&sponsor=admin", "/cgi-bin/users"); a.status != 200 || sponsor() != "admin 0" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if out := run(t, "shzadm", "user", "list", "--review", "--json"); strings.Contains(out, "us-guest") {
		t.Error(out)
	}
	run(t, "shzadm", "user", "delete", "us-guest", "--files", "keep")
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", file, err)
	}
}
