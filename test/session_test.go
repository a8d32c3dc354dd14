package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// Sessions over real HTTP: where an id comes from, what ends it, and what an end does not touch. How the gate meets
// sessions that are damaged or forged is in gatesession_test.go, what an administrator takes away in TestWithdrawn.

// person makes an account of Share Zone's for one test. Its number is never used again.
func person(t *testing.T, name, password string, groups ...string) {
	t.Helper()
	needDemo(t)
	uid := strconv.Itoa(30000 + int(time.Now().UnixNano()/1e6%20000))
	if len(groups) == 0 {
		groups = []string{layout.GroupBase, layout.GroupOnly}
	}
	run(t, "useradd", "-u", uid, "-U", "-M", "-d", "/nonexistent", "-s", "/usr/sbin/nologin", "-G", strings.Join(groups, ","), name)
	t.Cleanup(func() {
		// A request of his may be ending yet, and userdel refuses for so long.
		if !eventually(patience, func() bool { _, status := command(t, "userdel", name); return status == 0 }) {
			t.Error("userdel " + name)
		}
	})
	setPassword(t, name, password)
}

// setPassword sets a password as root, past the rules for good ones. A crypt field, because chpasswd would ask PAM.
func setPassword(t *testing.T, name, password string) {
	t.Helper()
	cmd := exec.Command("perl", "-e", `local $/; my $p = <STDIN>; print crypt($p, '$6$'.int(rand(1e9)).'$')`)
	cmd.Stdin = strings.NewReader(password)
	hash, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(hash), "$6$") {
		t.Fatalf("crypt: %v %q", err, hash)
	}
	run(t, "usermod", "-p", string(hash), name)
}

// idIn is the session id that an answer sets, "" if none.
func idIn(a answer) string {
	for _, line := range a.header.Values("Set-Cookie") {
		if value, found := strings.CutPrefix(line, "SESSION_ID="); found {
			id, _, _ := strings.Cut(value, ";")
			return id
		}
	}
	return ""
}

// opened logs in and returns the session's id.
func opened(t *testing.T, user, password string) string {
	t.Helper()
	a := tryLogin(t, user, password)
	if a.status != 200 || idIn(a) == "" {
		t.Fatalf("login of %s: %d %s", user, a.status, a.body)
	}
	return idIn(a)
}

// with is curl with a session's id, asking for JSON.
func with(t *testing.T, id string, args ...string) answer {
	t.Helper()
	return curl(t, append([]string{"-H", "Cookie: SESSION_ID=" + id, "-H", "Accept: application/json"}, args...)...)
}

// alive says whether home answers, and for whom.
func alive(t *testing.T, id string) (user string) {
	t.Helper()
	a := with(t, id, "/cgi-bin/home")
	var who struct{ User string }
	json.Unmarshal([]byte(a.body), &who)
	if a.status != 200 && (a.status != 401 || a.code() != "not-logged-in") {
		t.Errorf("home: %d %s%s", a.status, a.body, a.stderr)
	}
	return who.User
}

// TestSessionFixation: an id that the browser brings never becomes the id of a login, whatever it was before.
func TestSessionFixation(t *testing.T) {
	d := needDemo(t)
	annas := opened(t, "anna", d.password["anna"])
	ended := opened(t, "bruno", d.password["bruno"])
	with(t, ended, "-X", "POST", "-d", "", "/cgi-bin/logout")
	invented, err := session.NewID()
	if err != nil {
		t.Fatal(err)
	}
	for what, brought := range map[string]string{
		"invented": invented, "ended": ended, "of somebody else": annas, "short": "x", "path": "../../x", "empty": "",
	} {
		a := tryLogin(t, "bruno", d.password["bruno"], "-H", "Cookie: SESSION_ID="+brought)
		id := idIn(a)
		if a.status != 200 || id == brought || len(id) != 43 {
			t.Errorf("%s: %d, cookie %q", what, a.status, id)
			continue
		}
		if user := alive(t, id); user != "bruno" {
			t.Errorf("%s: the new session is %q", what, user)
		}
		if user := alive(t, brought); user != "" && what != "of somebody else" {
			t.Errorf("%s: the id that was brought is a session of %s", what, user)
		}
	}
	if user := alive(t, annas); user != "anna" {
		t.Errorf("anna's session is now %q", user)
	}
	// A refused login gives no id, and neither does looking at the form.
	if a := tryLogin(t, "bruno", "wrong"); idIn(a) != "" {
		t.Error("a refused login sets a session")
	}
	if a := curl(t, "/cgi-bin/login"); idIn(a) != "" {
		t.Error("the form sets a session")
	}
	first, second := opened(t, "bruno", d.password["bruno"]), opened(t, "bruno", d.password["bruno"])
	if first == second {
		t.Error("two logins have one id")
	}
}

// TestSessionAfterLogout: the id is worth nothing, its file is gone, and the user's other session goes on.
func TestSessionAfterLogout(t *testing.T) {
	d := needDemo(t)
	id, other := opened(t, "bruno", d.password["bruno"]), opened(t, "bruno", d.password["bruno"])
	a := curl(t, "-H", "Cookie: SESSION_ID="+id, "-d", "", "/cgi-bin/logout") // as a page does
	cookie := a.header.Get("Set-Cookie")
	if a.status != 303 || a.header.Get("Location") != "/" || !strings.HasPrefix(cookie, "SESSION_ID=;") || !strings.Contains(cookie, "Max-Age=0") {
		t.Errorf("%d to %q, cookie %q", a.status, a.header.Get("Location"), cookie)
	}
	if exists(sessionFile(t, id)) {
		t.Error("the session's file is still there")
	}
	for _, args := range [][]string{
		{"/cgi-bin/home"}, {"-d", "", "/cgi-bin/logout"}, {"-T", "/etc/hostname", "/cgi-bin/shz/demo/after-logout"},
	} {
		if a := with(t, id, args...); a.status != 401 || idIn(a) != "" {
			t.Errorf("%q: %d %s", args, a.status, a.body)
		}
	}
	if a := curl(t, "-H", "Accept-Language: en", "-H", "Cookie: SESSION_ID="+id, "-d", "", "/cgi-bin/logout"); a.status != 401 ||
		!strings.Contains(a.body, "You are logged out") || strings.Contains(a.body, "has not arrived") {
		t.Errorf("logging out twice: %d %s", a.status, a.body)
	}
	if user := alive(t, other); user != "bruno" {
		t.Error("the other session ended too")
	}
}

// TestSessionAfterPassword: a new password ends the user's other sessions, however it was set; changed by chpwd the
// one in which that was done goes on, and a refused change ends none.
func TestSessionAfterPassword(t *testing.T) {
	const name, first, second, third = "elisa", "Lampone-7-Treno-Verde", "Cicala-4-Ponte-Grigio", "Ortica-9-Vento-Rosso"
	person(t, name, first)
	bruno := sessionID(t, "bruno")
	here, there := opened(t, name, first), opened(t, name, first)
	change := func(old, new, confirm string) answer {
		return with(t, here, "--data-urlencode", "old="+old, "--data-urlencode", "new="+new, "--data-urlencode", "confirm="+confirm, "/cgi-bin/chpwd")
	}
	for _, row := range []struct {
		old, new, confirm string
		status            int
	}{
		{"wrong", second, second, 403}, {first, second, third, 400}, {first, "abc", "abc", 400}, {first, first, first, 400},
		{"", second, second, 403}, {first, "", "", 400}, {first, second + strings.Repeat("x", 10000), second + strings.Repeat("x", 10000), 400},
	} {
		if a := change(row.old, row.new, row.confirm); a.status != row.status {
			t.Errorf("%.20q to %.20q: %d %s", row.old, row.new, a.status, a.body)
		}
		if alive(t, here) != name || alive(t, there) != name {
			t.Fatalf("%.20q to %.20q: refused, and a session ended", row.old, row.new)
		}
	}
	if a := change(first, second, second); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if user := alive(t, here); user != name {
		t.Error("the session in which it was changed ended")
	}
	if user := alive(t, there); user != "" || exists(sessionFile(t, there)) {
		t.Error("another session outlived the old password")
	}
	if a := tryLogin(t, name, first); a.status != 401 {
		t.Errorf("the old password: %d", a.status)
	}
	opened(t, name, second)
	setPassword(t, name, third) // as passwd does in a shell
	if user := alive(t, here); user != "" {
		t.Error("a session outlived a password set by root")
	}
	if user := alive(t, bruno); user != "bruno" {
		t.Error("bruno's session ended too")
	}
}

// TestSessionLimits: the last use prolongs a session up to its idle limit, never past the absolute one. Times are
// changed in the file; a clock that was set back looks the same.
func TestSessionLimits(t *testing.T) {
	d := needDemo(t)
	record := realRecord(t, "bruno")
	for _, row := range []struct {
		name  string
		used  time.Duration // relative to now
		edit  func(*session.Record)
		alive bool
	}{
		{"just used", 0, nil, true},
		{"idle, a minute before its end", -record.Idle + time.Minute, nil, true},
		{"idle, a minute past its end", -record.Idle - time.Minute, nil, false},
		{"old, a minute before its end", 0, func(r *session.Record) { r.Started = time.Now().Add(-r.Absolute + time.Minute) }, true},
		{"old, a minute past its end", 0, func(r *session.Record) { r.Started = time.Now().Add(-r.Absolute - time.Minute) }, false},
		{"clock set back by half a minute", 30 * time.Second, func(r *session.Record) { r.Started = time.Now().Add(30 * time.Second) }, true},
		{"clock set back by an hour", time.Hour, func(r *session.Record) { r.Started = time.Now().Add(time.Hour) }, false},
		{"used in the year 2100", 75 * 365 * 24 * time.Hour, nil, false},
		{"used in 1970", time.Until(time.Unix(1, 0)), nil, false},
		{"looked at in the future", 0, func(r *session.Record) { r.Refreshed = time.Now().Add(time.Hour) }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			id := forge(t, "bruno", row.edit)
			file := sessionFile(t, id)
			setTime(t, file, time.Now().Add(row.used))
			if user := alive(t, id); (user == "bruno") != row.alive {
				t.Fatalf("answers for %q", user)
			}
			if !row.alive {
				return
			}
			var st unix.Stat_t
			if err := unix.Stat(file, &st); err != nil || time.Since(time.Unix(st.Mtim.Unix())) > 10*time.Second {
				t.Errorf("not marked as used: %v", err)
			}
			if now, err := session.Parse([]byte(read(t, file))); err != nil || time.Until(now.Refreshed) > 2*time.Second {
				t.Errorf("looked at %v from now: %v", time.Until(now.Refreshed), err)
			}
		})
	}
	// Being refused is no use: asking again and again keeps nothing alive.
	id := forge(t, "bruno", func(r *session.Record) { r.Entry = "external" })
	old := time.Now().Add(-5 * time.Minute).Truncate(time.Second)
	setTime(t, sessionFile(t, id), old)
	alive(t, id)
	if st, err := os.Stat(sessionFile(t, id)); err != nil || !st.ModTime().Equal(old) {
		t.Errorf("a session of the other entry was prolonged: %v", err)
	}
	if a := tryLogin(t, "bruno", d.password["bruno"]); a.status != 200 {
		t.Errorf("a new login: %d", a.status)
	}
}

// TestSessionInParallel: many requests of one session while it has to be looked at again all get their answer, and the
// file is whole afterwards.
func TestSessionInParallel(t *testing.T) {
	needDemo(t)
	for round := range 3 {
		id := forge(t, "bruno", func(r *session.Record) { r.Stamp = strings.Repeat("0", 64) })
		answers := make(chan string)
		const n = 12
		for range n {
			go func() { answers <- alive(t, id) }()
		}
		for range n {
			if user := <-answers; user != "bruno" {
				t.Errorf("round %d: answered for %q", round, user)
			}
		}
		if record, err := session.Parse([]byte(read(t, sessionFile(t, id)))); err != nil || record.Stamp != session.Stamp() {
			t.Errorf("round %d: %v", round, err)
		}
	}
}

// TestSessionEndsDuringUpload: what is under way arrives; what comes after it is refused; after a new login the user
// goes on.
func TestSessionEndsDuringUpload(t *testing.T) {
	d := needDemo(t)
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	source := randomFile(t, 4*mib)
	for what, end := range map[string]func(id string){
		"logout":  func(id string) { with(t, id, "-d", "", "/cgi-bin/logout") },
		"removed": func(id string) { os.Remove(sessionFile(t, id)) },
	} {
		t.Run(what, func(t *testing.T) {
			noHandlers(t, "shz", "bruno")
			id := opened(t, "bruno", d.password["bruno"])
			cmd := curlCommand(t, "-H", "Cookie: SESSION_ID="+id, "-H", "Expect:", "--limit-rate", "3M", "-o", "/dev/null", "-w", "%{http_code}",
				"-T", source, folder+what+".bin")
			var status strings.Builder
			cmd.Stdout = &status
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			handler(t, "shz", "bruno")
			end(id)
			if alive(t, id) != "" {
				t.Error("the session goes on")
			}
			cmd.Wait()
			if status.String() != "201" || digestOf(t, zonePath(zone, what+".bin")) != digestOf(t, source) {
				t.Errorf("the upload under way: %s", status.String())
			}
			if a := with(t, id, "-T", "/etc/hostname", folder+"next"); a.status != 401 || exists(zonePath(zone, "next")) {
				t.Errorf("the next upload: %d", a.status)
			}
		})
	}
	if a := jsonAs(t, "bruno", "-T", "/etc/hostname", folder+"next"); a.status != 201 {
		t.Errorf("after a new login: %d %s", a.status, a.body)
	}
}

// TestSessionStoreFull: no room for one more session: the login says so, nothing half-written stays, and sessions that
// are there go on, also when they must be written again.
func TestSessionStoreFull(t *testing.T) {
	d := needDemo(t)
	record := realRecord(t, "bruno")
	record.Stamp = strings.Repeat("0", 64) // must be written again
	content, err := record.Format()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, options, fill string }{
		{"no blocks", "size=8k", "head -c 4096 /dev/zero >" + layout.Sessions + "/filler"},
		{"no inodes", "size=1m,nr_inodes=2", "true"},
		{"read-only", "size=1m", "mount -o remount,ro " + layout.Sessions},
	} {
		t.Run(row.name, func(t *testing.T) {
			run(t, "mount", "-t", "tmpfs", "-o", "mode=0700,"+row.options, "tmpfs", layout.Sessions)
			t.Cleanup(func() { run(t, "umount", layout.Sessions) })
			id, err := session.NewID()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(sessionFile(t, id), content, 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, "sh", "-c", row.fill)
			before, _ := filepath.Glob(layout.Sessions + "/*")
			for _, form := range []string{"application/json", "text/html"} {
				a := tryLogin(t, "anna", d.password["anna"], "-H", "Accept: "+form)
				want, code := 507, "no-space"
				if row.name == "read-only" {
					want, code = 500, "internal"
				}
				if a.status != want || form == "application/json" && a.code() != code || idIn(a) != "" {
					t.Errorf("login, %s: %d %.300s", form, a.status, a.body)
				}
			}
			if after, _ := filepath.Glob(layout.Sessions + "/*"); fmt.Sprint(before) != fmt.Sprint(after) {
				t.Errorf("before: %q\nafter: %q", before, after)
			}
			if row.name == "read-only" {
				return
			}
			if user := alive(t, id); user != "bruno" {
				t.Errorf("a session that is there: %q", user)
			}
		})
	}
	if a := tryLogin(t, "anna", d.password["anna"]); a.status != 200 {
		t.Errorf("with room again: %d %s", a.status, a.body)
	}
}

// TestSessionsByThousands: two thousand sessions slow neither a login nor a new password.
func TestSessionsByThousands(t *testing.T) {
	d := needDemo(t)
	record := realRecord(t, "bruno")
	content, err := record.Format()
	if err != nil {
		t.Fatal(err)
	}
	const n = 2000
	for range n {
		store(t, string(content))
	}
	began := time.Now()
	opened(t, "anna", d.password["anna"])
	if took := time.Since(began); took > patience/2 {
		t.Errorf("a login took %v", took)
	}
	person(t, "fabio", "Lampone-7-Treno-Verde")
	id := opened(t, "fabio", "Lampone-7-Treno-Verde")
	began = time.Now()
	a := with(t, id, "-d", "old=Lampone-7-Treno-Verde", "-d", "new=Cicala-4-Ponte-Grigio", "-d", "confirm=Cicala-4-Ponte-Grigio", "/cgi-bin/chpwd")
	if took := time.Since(began); a.status != 200 || took > patience/2 {
		t.Errorf("a new password: %d, %v", a.status, took)
	}
	files, err := os.ReadDir(layout.Sessions)
	if err != nil || len(files) < n {
		t.Errorf("%d sessions: %v", len(files), err)
	}
}
