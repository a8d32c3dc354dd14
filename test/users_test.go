package test

import (
	"html"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"sharezone/internal/layout"
	"sharezone/internal/page/pagetest"
)

const usersPage = "/cgi-bin/users"

// clearUsers removes what tests make of accounts, now and in the end.
func clearUsers(t *testing.T, names ...string) {
	t.Helper()
	remove := func() {
		for _, name := range names {
			exec.Command("userdel", "-f", name).Run()
			exec.Command("groupdel", name).Run()
		}
	}
	remove()
	t.Cleanup(remove)
}

// accounts is the state of all accounts.
func accounts(t *testing.T) string {
	t.Helper()
	return run(t, "sh", "-c", "sha256sum /etc/passwd /etc/shadow /etc/group /etc/gshadow; ls /var/lib/sharezone/sessions")
}

// TestCreatedTwice: who sends the form for a new account twice, as by a double click without scripts, is told by the second answer that he made
// it a moment ago, and offered a new password; it shows none and changes nothing. Nobody else is told that.
func TestCreatedTwice(t *testing.T) {
	needDemo(t)
	clearUsers(t, "us-twice", "us-other", "us-anew")
	const create = "op=create&full_name=Nuova&email=n%40example.org&username="
	english := []string{"-H", "Accept-Language: en"}
	const offers = `<form method="post" action="/cgi-bin/resetpwd"><input type="hidden" name="shz-user" value="admin"><button type="submit" name="username" value="us-twice"`
	answers := make([]answer, 2)
	var both sync.WaitGroup
	jar(t, "admin")
	for i := range answers {
		both.Go(func() { answers[i] = curlAs(t, "admin", append(english, "-d", create+"us-twice", usersPage)...) })
	}
	both.Wait()
	first, second := answers[0], answers[1]
	if first.status != 201 {
		first, second = second, first
	}
	if first.status != 201 || !strings.Contains(first.body, `class="password"`) {
		t.Fatalf("%d %s", first.status, first.body)
	}
	told := func(what string, a answer) {
		t.Helper()
		if a.status != 409 || !strings.Contains(a.body, "You made the account us-twice yourself a moment ago") || !strings.Contains(a.body, offers) || strings.Contains(a.body, `class="password"`) {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
		pagetest.Check(t, a.body)
	}
	told("of two at once", second)
	before := accounts(t)
	run(t, "runuser", "-u", "shzspool", "--", "/usr/lib/sharezone/worker") // which takes what the first one did
	told("a third one", curlAs(t, "admin", append(english, "-d", create+"us-twice", usersPage)...))
	if accounts(t) != before {
		t.Error("a third one changed something")
	}
	if a := curlAs(t, "admin", "-H", "Accept-Language: it", "-d", create+"us-twice", usersPage); !strings.Contains(a.body, "Hai creato tu stesso l&#39;account us-twice") {
		t.Errorf("in Italian: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "admin", append(english, "-d", create+"us-twice", usersPage)...); a.code() != "exists" || !strings.Contains(a.body, "us-twice yourself") {
		t.Errorf("as JSON: %d %s", a.status, a.body)
	}
	plain := func(what string, a answer) {
		t.Helper()
		if a.status != 409 || !strings.Contains(a.body, "There is an account of this name") || strings.Contains(a.body, "/cgi-bin/resetpwd") {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	run(t, "shzadm", "user", "add", "us-other", "--role", "base", "--full-name", "O", "--email", "o@example.org")
	plain("made by somebody else", curlAs(t, "admin", append(english, "-d", create+"us-other", usersPage)...))
	plain("once more, which is no account of his either", curlAs(t, "admin", append(english, "-d", create+"us-other", usersPage)...))
	plain("one that was there before", curlAs(t, "admin", append(english, "-d", create+"bruno", usersPage)...))
	// Deleted and made again within that time: it is the account of who made it last.
	anew := func() answer { return curlAs(t, "admin", append(english, "-d", create+"us-anew", usersPage)...) }
	if a := anew(); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	run(t, "shzadm", "user", "delete", "us-anew", "--files", "keep")
	run(t, "shzadm", "user", "add", "us-anew", "--role", "base", "--full-name", "N", "--email", "n@example.org")
	plain("made anew by somebody else", anew())
	run(t, "runuser", "-u", "shzspool", "--", "/usr/lib/sharezone/worker")
	plain("made anew by somebody else, as the log has it", anew())
	run(t, "shzadm", "user", "delete", "us-anew", "--files", "keep")
	if a := anew(); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := anew(); a.status != 409 || !strings.Contains(a.body, "You made the account us-anew yourself a moment ago") {
		t.Errorf("made anew by himself: %d %s", a.status, a.body)
	}
	setPassword(t, "us-twice", "Lampone-7-Treno-Verde")
	plain("whose owner has his own password", curlAs(t, "admin", append(english, "-d", create+"us-twice", usersPage)...))
}

// TestHeirsProposed: who gets what is somebody's is proposed among all who can get it: zones managers alone, files anybody.
func TestHeirsProposed(t *testing.T) {
	needDemo(t)
	clearUsers(t, "us-gone", "us-stray")
	clearZones(t, "us-hers")
	run(t, "shzadm", "user", "add", "us-gone", "--role", "manager", "--full-name", "Gone", "--email", "g@example.org")
	run(t, "useradd", "-M", "-G", layout.GroupManager, "us-stray") // who is in no Share Zone
	proposed := func(name string) bool {
		a := curlAs(t, "admin", usersPage+"/us-gone?view=delete")
		return strings.Contains(a.body, `<option value="`+name+`">`)
	}
	if !proposed("bruno") || !proposed("anna") || proposed("us-gone") || proposed("us-stray") {
		t.Error("files go to anybody in Share Zone")
	}
	run(t, "shzadm", "zone", "add", "us-hers", "--owner", "us-gone")
	if proposed("bruno") || !proposed("anna") || proposed("us-stray") {
		t.Error("zones go to managers alone")
	}
	if a := jsonAs(t, "admin", "-d", "op=delete&files=transfer&to=bruno", usersPage+"/us-gone"); a.status != 400 {
		t.Errorf("a zone to who is no manager: %d %s", a.status, a.body)
	}
	run(t, "sh", "-c", "rm -rf /srv/sharezone/us-hers")
	if a := jsonAs(t, "admin", "-d", "op=delete&files=transfer&to=bruno", usersPage+"/us-gone"); a.status != 200 {
		t.Errorf("files to who is proposed: %d %s", a.status, a.body)
	}
}

// TestUsersContract: what each request answers an administrator, in both forms.
func TestUsersContract(t *testing.T) {
	needDemo(t)
	clearUsers(t, "us-new", "us-ada", "us-past", "us-aged", "us-shut", "us-owner", "us-staff", "shz-us-rossi")
	run(t, "useradd", "-M", "us-staff")
	run(t, "shzadm", "user", "enable", "us-staff")
	run(t, "shzadm", "group", "add", "us-rossi")
	run(t, "shzadm", "user", "add", "us-past", "--role", "base", "--full-name", "Past", "--email", "p@example.org")
	run(t, "shzadm", "user", "add", "us-aged", "--role", "base", "--full-name", "Aged", "--email", "a@example.org")
	run(t, "chage", "-d", "2026-01-01", "-M", "30", "-I", "5", "us-aged")
	run(t, "shzadm", "user", "add", "us-shut", "--role", "base", "--full-name", "Shut", "--email", "s@example.org")
	run(t, "shzadm", "user", "lock", "us-shut")
	run(t, "chage", "-E", "2020-01-01", "us-past")
	run(t, "shzadm", "user", "add", "us-owner", "--role", "manager", "--full-name", "Owner", "--email", "o@example.org")
	run(t, "shzadm", "zone", "add", "us-owned", "--owner", "us-owner")
	t.Cleanup(func() { exec.Command("rm", "-rf", "/srv/sharezone/us-owned").Run() })
	asPrepared := ""
	prepare := func() {
		if asPrepared == accounts(t) {
			return
		}
		defer func() { asPrepared = accounts(t) }()
		exec.Command("userdel", "-f", "us-new").Run()
		exec.Command("userdel", "-f", "us-ada").Run()
		run(t, "sh", "-c", `echo Lampone-7-Treno-Verde | shzadm user add us-ada --role base --full-name "Ada Rossi" --company Rossi --email ada@example.org --password-stdin`)
	}
	const object = "Content-Type: application/json"
	const create = "op=create&username=us-new&full_name=Nuova&email=n%40example.org"
	for _, row := range []contractRow{
		{"search", "admin", []string{usersPage + "?username=us-a*"}, 200, 200, "", []string{`{"users":[`, `"username":"us-ada"`, `"uid":`, `"full_name":"Ada Rossi"`, `"company":"Rossi"`, `"email":"ada@example.org"`, `"phone":null`, `"roles":["base"]`, `"status":"active"`, `"expires":null`, `"language":null`, `"last_login":null`}, ""},
		{"by role and state", "admin", []string{usersPage + "?role=base&status=active&company=rossi"}, 200, 200, "", []string{`"username":"us-ada"`}, ""},
		{"nobody", "admin", []string{usersPage + "?full_name=xyzzy"}, 200, 200, "", []string{`{"users":[]`}, ""},
		{"no criterion", "admin", []string{usersPage}, 400, 200, "bad-request", nil, ""},
		{"no such role", "admin", []string{usersPage + "?role=root"}, 400, 400, "bad-request", nil, ""},
		{"no such state", "admin", []string{usersPage + "?status=x"}, 400, 400, "bad-request", nil, ""},
		{"no such place", "admin", []string{usersPage + "?username=a&offset=-1"}, 400, 400, "bad-request", nil, ""},
		{"no such view", "admin", []string{usersPage + "?view=x"}, 400, 400, "bad-request", nil, ""},
		{"form for a new one", "admin", []string{usersPage + "?view=new"}, 400, 200, "bad-request", nil, ""},
		{"groups", "admin", []string{usersPage + "?view=groups"}, 200, 200, "", []string{`{"groups":[`, `"group":"shz-us-rossi"`}, ""},
		{"one", "admin", []string{usersPage + "/us-ada"}, 200, 200, "", []string{`"username":"us-ada"`, `"sessions":[]`, `"zones":[`}, ""},
		{"form for a change", "admin", []string{usersPage + "/us-ada?view=edit"}, 200, 200, "", nil, ""},
		{"question before the end", "admin", []string{usersPage + "/us-ada?view=delete"}, 200, 200, "", nil, ""},
		{"who is not there", "admin", []string{usersPage + "/us-none"}, 404, 404, "not-found", nil, ""},
		{"of the system", "admin", []string{usersPage + "/root"}, 404, 404, "not-found", nil, ""},
		{"a path", "admin", []string{usersPage + "/us-ada/x"}, 404, 404, "not-found", nil, ""},

		{"create", "admin", []string{"-d", create, usersPage}, 201, 201, "", []string{`"username":"us-new"`, `"roles":["base"]`, `"status":"active"`, `"must_change":true`, `"password":"`}, ""},
		{"create, JSON", "admin", []string{"-H", object, "-d", `{"op":"create","username":"us-new","full_name":"N","email":"n@example.org","role":"manager","expires":"2099-12-31"}`, usersPage}, 201, 201, "", []string{`"roles":["base","manager"]`, `"expires":"2099-12-31"`}, ""},
		{"create, taken", "admin", []string{"-d", strings.Replace(create, "us-new", "us-ada", 1), usersPage}, 409, 409, "exists", nil, ""},
		{"create, of the system", "admin", []string{"-d", strings.Replace(create, "us-new", "daemon", 1), usersPage}, 409, 409, "exists", nil, ""},
		{"create, with a zone", "admin", []string{"-d", "op=create&username=us-new&full_name=N&email=n%40example.org&zone=demo&access=read", usersPage}, 400, 400, "bad-request", nil, ""},
		{"create, no address", "admin", []string{"-d", "op=create&username=us-new&full_name=N", usersPage}, 400, 400, "bad-request", nil, ""},
		{"create, an option", "admin", []string{"-d", strings.Replace(create, "us-new", "-rf", 1), usersPage}, 400, 400, "bad-request", nil, ""},
		{"create, a number", "admin", []string{"-d", strings.Replace(create, "us-new", "1000", 1), usersPage}, 400, 400, "bad-request", nil, ""},
		{"create, sponsor", "admin", []string{"-d", create + "&sponsor=anna", usersPage}, 400, 400, "bad-request", []string{"sponsor"}, ""},
		{"create, no channel", "admin", []string{"-d", create + "&channel=pigeon", usersPage}, 400, 400, "bad-request", []string{"mail, sms, both, none"}, ""},
		{"create, no language", "admin", []string{"-d", create + "&language=fr", usersPage}, 400, 400, "bad-request", []string{"it, en"}, ""},
		{"create, channel", "admin", []string{"-d", create + "&channel=none", usersPage}, 201, 201, "", []string{`"channel":"none"`}, ""},
		{"create, expired", "admin", []string{"-d", create + "&expires=2020-01-01", usersPage}, 400, 400, "bad-request", []string{"a day that has come"}, ""},
		{"an old password", "admin", []string{usersPage + "/us-aged"}, 200, 200, "", []string{`"status":"expired"`, `"must_change":true,"password_due":"2026-02-01"`}, ""},
		{"the role of who owns a zone", "admin", []string{"-d", "op=modify&username=us-owner&role=base", usersPage}, 200, 303, "", []string{`"warnings":[{"code":"owns-zones"`, "us-owned"}, usersPage + "/us-owner?done=modify-owner"},
		{"modify", "admin", []string{"-d", "op=modify&username=us-ada&phone=%2B39+059&company=", usersPage}, 200, 303, "", []string{`"phone":"+39 059"`, `"company":null`}, usersPage + "/us-ada?done=modify"},
		{"modify, by path", "admin", []string{"-d", "op=modify&expires=2020-01-01", usersPage + "/us-ada"}, 200, 303, "", []string{`"status":"expired"`}, usersPage + "/us-ada?done=modify"},
		{"modify, nothing", "admin", []string{"-d", "op=modify&username=us-ada", usersPage}, 400, 400, "bad-request", nil, ""},
		{"modify, old form", "admin", []string{"-d", "op=modify&username=us-ada&phone=%2B39+1&seen=0000000000000000", usersPage}, 409, 409, "conflict", nil, ""},
		{"modify, a second line", "admin", []string{"-d", "op=modify&username=us-ada&full_name=a%0aroot::0", usersPage}, 400, 400, "bad-request", nil, ""},
		{"modify, another name than in the path", "admin", []string{"-d", "op=modify&username=us-new&phone=1", usersPage + "/us-ada"}, 400, 400, "bad-request", nil, ""},
		{"modify, an invisible name", "admin", []string{"-d", "op=modify&username=us-ada&full_name=%E2%80%8B", usersPage}, 400, 400, "bad-request", nil, ""},
		{"modify, no mobile number", "admin", []string{"-d", "op=modify&username=us-ada&mobile=%2B%2B--333", usersPage}, 400, 400, "bad-request", []string{"+39 333 1234567"}, ""},
		{"modify, staff", "admin", []string{"-d", "op=modify&username=us-staff&phone=%2B39+1", usersPage}, 403, 403, "not-permitted", nil, ""},
		{"modify, root", "admin", []string{"-d", "op=modify&username=root&full_name=x", usersPage}, 403, 403, "not-permitted", nil, ""},
		{"modify, himself", "admin", []string{"-d", "op=modify&username=admin&role=base", usersPage}, 403, 403, "not-permitted", nil, ""},
		{"lock", "admin", []string{"-d", "op=lock&username=us-ada", usersPage}, 200, 303, "", []string{`"status":"locked"`}, usersPage + "/us-ada?done=lock"},
		{"delete, himself", "admin", []string{"-d", "op=delete&username=admin&files=keep", usersPage}, 403, 403, "not-permitted", []string{"another administrator does"}, ""},
		{"a password for himself", "admin", []string{"-d", "username=admin", resetPage}, 403, 403, "not-permitted", []string{"Change password"}, ""},
		{"lock, himself", "admin", []string{"-d", "op=lock&username=admin", usersPage}, 403, 403, "not-permitted", nil, ""},
		{"lock, nobody there", "admin", []string{"-d", "op=lock&username=us-none", usersPage}, 404, 404, "not-found", nil, ""},
		{"lock, of an expired one", "admin", []string{"-d", "op=lock&username=us-past", usersPage}, 200, 303, "", []string{`"status":"expired","locked":true`}, usersPage + "/us-past?done=lock"},
		{"unlock, of an expired one", "admin", []string{"-d", "op=unlock&username=us-past", usersPage}, 200, 303, "", []string{`"status":"expired","locked":false`}, usersPage + "/us-past?done=unlock-expired"},
		{"unlock", "admin", []string{"-d", "op=unlock&username=us-ada", usersPage}, 200, 303, "", []string{`"status":"active"`}, usersPage + "/us-ada?done=unlock"},
		{"forgive, of a locked one", "admin", []string{"-d", "op=forgive&username=us-shut", usersPage}, 200, 303, "", []string{`"status":"locked"`}, usersPage + "/us-shut?done=forgive"},
		{"member", "admin", []string{"-d", "op=member&username=us-ada&group=shz-us-rossi&member=1", usersPage}, 200, 303, "", []string{`"shz-us-rossi"`}, usersPage + "/us-ada?done=modify"},
		{"member, of sudo", "admin", []string{"-d", "op=member&username=us-ada&group=sudo&member=1", usersPage}, 400, 400, "bad-request", nil, ""},
		{"delete, unsaid", "admin", []string{"-d", "op=delete&username=us-ada", usersPage}, 400, 400, "bad-request", nil, ""},
		{"delete, to nobody", "admin", []string{"-d", "op=delete&username=us-ada&files=transfer", usersPage}, 400, 400, "bad-request", nil, ""},
		{"delete", "admin", []string{"-d", "op=delete&username=us-ada&files=keep", usersPage}, 200, 303, "", []string{`"username":"us-ada"`, `"deleted":true`}, usersPage + "?done=delete"},
		{"delete, given on", "admin", []string{"-d", "op=delete&username=us-ada&files=transfer&to=anna", usersPage}, 200, 303, "", []string{`"to":"anna"`, `"deleted":true`}, usersPage + "?done=delete"},
		{"delete, the owner of zones", "admin", []string{"-d", "op=delete&username=anna&files=keep", usersPage}, 409, 409, "conflict", nil, ""},
		{"unknown", "admin", []string{"-d", "op=chown&username=us-ada", usersPage}, 400, 400, "bad-request", nil, ""},
		{"two names", "admin", []string{"-d", "op=lock&username=us-ada&username=bruno", usersPage}, 400, 400, "bad-request", nil, ""},
		{"PUT", "admin", []string{"-T", "/etc/hostname", usersPage + "/us-ada"}, 405, 405, "method", nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.check(t, prepare) })
	}
	if a := curlAs(t, "admin", "-H", "Accept-Language: en", usersPage+"/us-aged"); !strings.Contains(a.body, "a new password opens it") || strings.Contains(a.body, "invite-again") {
		t.Errorf("an old password: %d %s", a.status, a.body)
	}
}

// TestUsersAreForAdministrators: each operation as everybody else, without a session, and by the external entry: refused,
// nothing changes, and who was logged in stands in the record.
func TestUsersAreForAdministrators(t *testing.T) {
	needDemo(t)
	for _, user := range []string{"anna", "bruno", "admin"} { // who logs in later is a change
		jar(t, user)
	}
	before := accounts(t)
	for op, fields := range map[string]string{
		"create": "&username=us-forged&full_name=F&email=f%40example.org", "modify": "&username=carla&role=admin", "lock": "&username=carla",
		"unlock": "&username=carla", "forgive": "&username=carla", "delete": "&username=carla&files=keep", "member": "&username=bruno&group=shz-x&member=1", "create-group": "&group=shz-us-forged",
		"invite-again": "&username=carla", "verify": "&username=carla", "drop-factor": "&username=carla&password=x",
	} {
		for _, user := range []string{"anna", "bruno"} {
			found := newEvents(t, "users", func() {
				if a := jsonAs(t, user, "-d", "op="+op+fields, usersPage); a.status != 403 || a.code() != "not-permitted" {
					t.Errorf("%s as %s: %d %s", op, user, a.status, a.body)
				}
			})
			if len(found) != 1 || len(found[0].lines) != 2 || found[0].Stamp.User != user || found[0].lines[1]["result"] != "not-permitted" {
				t.Errorf("%s as %s: %+v", op, user, found)
			}
		}
		if a := curl(t, "-d", "op="+op+fields, usersPage); a.status != 401 {
			t.Errorf("%s without a session: %d", op, a.status)
		}
		out, _ := asUser(t, "admin", "sh", "-c", `printf %s "$1" | env -i PATH=/usr/bin:/bin GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REMOTE_ADDR=10.9.8.7 HTTP_HOST=h HTTP_ACCEPT=application/json \
			SHZ_ENTRY=external SHZ_REQUEST=0123456789abcdef SHZ_USER=admin REQUEST_METHOD=POST CONTENT_TYPE=application/x-www-form-urlencoded CONTENT_LENGTH="${#1}" REQUEST_URI=`+usersPage+` SHZ_EVENT_FD=3 `+layout.Handlers+`/users 3>&1`, "sh", "op="+op+fields)
		if !strings.Contains(out, "Status: 403") || !strings.Contains(out, `"event":"user-modify"`) || !strings.Contains(out, `"result":"not-permitted"`) {
			t.Errorf("%s from outside: %.300s", op, out)
		}
	}
	for _, target := range []string{usersPage, usersPage + "?username=a", usersPage + "/bruno", usersPage + "?view=new", usersPage + "?view=groups", usersPage + "/bruno?view=delete"} {
		for _, user := range []string{"anna", "bruno"} {
			if a := curlAs(t, user, target); a.status != 403 || strings.Contains(a.body, "carla") {
				t.Errorf("%s as %s: %d", target, user, a.status)
			}
		}
	}
	for _, bad := range [][]string{{"-d", "op=lock&username=-rf", usersPage}, {"-d", "op=lock&username=carla", usersPage + "/bruno"}, {"-d", "op=modify&username=carla", usersPage}} {
		found := newEvents(t, "users", func() {
			if a := jsonAs(t, "admin", bad...); a.status != 400 {
				t.Errorf("%s: %d", bad, a.status)
			}
		})
		if len(found) != 1 || len(found[0].lines) != 2 || found[0].lines[1]["result"] != "bad-request" {
			t.Errorf("%s: %+v", bad, found)
		}
	}
	if a := jsonAs(t, "anna", "/cgi-bin/menu"); strings.Contains(a.body, usersPage) {
		t.Errorf("the menu of a manager: %s", a.body)
	}
	if a := jsonAs(t, "admin", "/cgi-bin/menu"); !strings.Contains(a.body, usersPage) {
		t.Errorf("the menu of an administrator: %s", a.body)
	}
	if a := curlAs(t, "admin", "-H", "Origin: http://elsewhere.example", "-d", "op=lock&username=carla", usersPage); a.status != 403 {
		t.Errorf("from another site: %d", a.status)
	}
	if after := accounts(t); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

// TestUsersRecorded: the record of a change says which fields changed, from what to what, on the page, in JSON and CSV; of a refused one nothing.
func TestUsersRecorded(t *testing.T) {
	needDemo(t)
	clearUsers(t, "us-said")
	for _, row := range []struct {
		args   string
		status int
	}{
		{"op=create&full_name=Said&email=s%40example.org", 201},
		{"op=modify&full_name=Said&company=A+%22B%22&email=t%40example.org&role=manager", 303},
		{"op=modify&company=A+%22B%22", 303}, {"op=modify&email=no", 400}, {"op=unlock", 303},
	} {
		if a := curlAs(t, "admin", "-d", row.args+"&username=us-said", usersPage); a.status != row.status {
			t.Errorf("%s: %d %s", row.args, a.status, a.body)
		}
	}
	command(t, "runuser", "-u", layout.UserSpool, "--", "/usr/lib/sharezone/worker")
	changed := `company=""->"A \"B\"", email="s@example.org"->"t@example.org", role="base"->"manager"`
	want := []string{`user-create admin full_name=""->"Said", email=""->"s@example.org", role=""->"base" ok`, "user-modify admin " + changed + " ok", "user-modify admin - ok", "user-modify admin - bad-request", "user-modify admin unlock ok"}
	if got := activityOf(t, "--user", "us-said"); !slices.Equal(got[max(0, len(got)-5):], want) {
		t.Errorf("%q", got)
	}
	if a := curlAs(t, "admin", "/cgi-bin/activity?user=us-said"); !strings.Contains(a.body, html.EscapeString(changed)) {
		t.Error(a.body)
	}
	if a := curlAs(t, "admin", "-H", "Accept: text/csv", "/cgi-bin/activity?user=us-said"); !strings.Contains(a.body, `"`+strings.ReplaceAll(changed, `"`, `""`)+`"`) {
		t.Error(a.body)
	}
}

// TestUsersTwoTabs: what describes somebody and was changed since a form was opened is not overwritten unasked.
func TestUsersTwoTabs(t *testing.T) {
	needDemo(t)
	clearUsers(t, "us-tabs")
	if a := curlAs(t, "admin", "-d", "op=create&username=us-tabs&full_name=Tabs&email=t%40example.org", usersPage); a.status != 201 {
		t.Fatalf("%d %.500s", a.status, a.body)
	}
	at := usersPage + "/us-tabs"
	first := stampOf(t, curlAs(t, "admin", at+"?view=edit"))
	if a := jsonAs(t, "admin", "-d", "op=modify&phone=%2B39+059", at); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	// A form that was carried over a login says still what it was filled from.
	if a := curlAs(t, "admin", "-d", "op=modify&phone=&shz-again=1&seen="+first, at); stampOf(t, a) != first {
		t.Errorf("the next press would undo the change of another unasked: %d %s", a.status, a.body)
	}
	late := curlAs(t, "admin", "-d", "op=modify&phone=&seen="+first, at)
	if late.status != 409 || stampOf(t, late) != first || !strings.Contains(late.body, `href="`+at+`?view=edit"`) {
		t.Fatalf("%d %s", late.status, late.body)
	}
	anew := stampOf(t, curlAs(t, "admin", at+"?view=edit"))
	// Pressed again, and after a look at what holds; not the other way round, as it makes the account what it was at first.
	for _, press := range []struct {
		seen   string
		status int
	}{{stampOf(t, late), 409}, {anew, 303}} {
		if a := curlAs(t, "admin", "-d", "op=modify&phone=&seen="+press.seen, at); a.status != press.status {
			t.Errorf("%s: %d %s", press.seen, a.status, a.body)
		}
	}
}

// TestUsersLife: an account from its first login to its end, what the machine's tools say of it, and what is recorded.
func TestUsersLife(t *testing.T) {
	needDemo(t)
	clearUsers(t, "us-life")
	var first string
	events := newEvents(t, "users", func() {
		a := curlAs(t, "admin", "-H", "Accept-Language: en", "-d", "op=create&username=us-life&full_name=%3Cb%3EL&email=l%40example.org&role=manager", usersPage)
		if a.status != 201 || strings.Contains(a.body, "<b>L") {
			t.Fatalf("%d %.500s", a.status, a.body)
		}
		_, rest, _ := strings.Cut(a.body, `<code class="password">`)
		first, _, _ = strings.Cut(rest, "<")
		if a := jsonAs(t, "admin", usersPage+"?username=us-life"); strings.Contains(a.body, first) {
			t.Error("the password is told again")
		}
		if a := curl(t, append(wantsJSON, "-d", "username=us-life", "--data-urlencode", "password="+first, "/cgi-bin/login")...); a.status != 200 || !strings.Contains(a.body, `"must_change":true`) {
			t.Errorf("first login: %d %s", a.status, a.body)
		}
		for _, op := range []string{"op=lock", "op=unlock", "op=modify&role=base", "op=delete&files=keep"} {
			if a := jsonAs(t, "admin", "-d", op, usersPage+"/us-life"); a.status != 200 {
				t.Errorf("%s: %d %s", op, a.status, a.body)
			}
			state := map[string]string{"op=lock": "L", "op=unlock": "P"}[op]
			if state != "" && strings.Fields(run(t, "passwd", "-S", "us-life"))[1] != state {
				t.Errorf("%s: passwd says otherwise", op)
			}
		}
	})
	var told []string
	for _, e := range events {
		for _, line := range e.lines {
			if name, begins := line["event"].(string); begins {
				told = append(told, name)
			}
			if line["event"] != nil && line["user"] != "us-life" || line["event"] == nil && line["result"] != "ok" || e.Stamp.User != "admin" {
				t.Errorf("%v", line)
			}
		}
		if log := read(t, e.name); strings.Contains(log, first) {
			t.Error("the password stands in the record")
		}
	}
	if !slices.Equal(told, []string{"user-create", "user-lock", "logout", "user-modify", "user-modify", "user-delete"}) {
		t.Errorf("%v", told)
	}
	if out, err := exec.Command("getent", "passwd", "us-life").CombinedOutput(); err == nil {
		t.Errorf("%s", out)
	}
}
