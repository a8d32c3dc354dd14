package test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"sharezone/internal/layout"
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
		"locked": "usermod -L us-guest", "expired": "usermod -e 1 us-guest", "a password by hand": "echo us-guest:Other-word-4-me | chpasswd",
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
