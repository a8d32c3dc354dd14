package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// What a shell on the machine is good for: that of a member, of a local user who is none, and of www-data, which is what
// somebody has who took Apache over.

// attempt is something tried from a shell that must fail, with a status other than 0, and change nothing.
type attempt struct{ name, script string }

// tryAll runs each attempt as the user; $1, $2 ... are args.
func tryAll(t *testing.T, user string, attempts []attempt, args ...string) {
	t.Helper()
	if out, status := asUser(t, user, "sh", "-c", `test "$(id -un)" = "$1"`, "sh", user); status != 0 {
		t.Fatalf("%s has no shell here, so nothing that fails in it proves anything: %s", user, out)
	}
	for _, row := range attempts {
		out, status := asUser(t, user, append([]string{"sh", "-c", row.script, "sh"}, args...)...)
		if status == 0 {
			t.Errorf("%s: %s works: %.300s", user, row.name, out)
		}
	}
}

// treasures is everything that a shell must not change.
func treasures(t *testing.T, zone string) []string {
	t.Helper()
	all := append(snapshot(t, zonePath(zone)), snapshot(t, zonePath("demo"))...)
	all = append(all, snapshot(t, "/etc/shadow")...)
	for _, place := range []string{layout.Sessions, layout.Preferences, layout.Logins, layout.ZoneIDs, layout.CleanerState,
		layout.Logs, layout.Configuration, "/usr/lib/sharezone", "/etc/sudoers.d"} {
		all = append(all, snapshot(t, place)...)
	}
	return all
}

// counts is what is kept of wrong passwords.
func counts(t *testing.T) []string {
	t.Helper()
	return append(snapshot(t, layout.Attempts), snapshot(t, layout.Tallies)...)
}

// ofHandlers: $1 is the process of a handler that runs.
var ofHandlers = []attempt{
	{"environ", `cat /proc/$1/environ`},
	{"mem", `dd if=/proc/$1/mem of=/dev/null bs=1 count=1 skip=4194304`},
	{"writing mem", `printf x >/proc/$1/mem`},
	{"maps", `cat /proc/$1/maps`},
	{"auxv", `cat /proc/$1/auxv`},
	{"stack", `cat /proc/$1/stack`},
	{"system call", `cat /proc/$1/syscall`},
	{"descriptors", `ls /proc/$1/fd/ && test "$(ls /proc/$1/fd/)"`},
	{"descriptor 0", `cat /proc/$1/fd/0`},
	{"event by its descriptor", `for n in 3 4 5 6 7 8 9; do echo forged >>/proc/$1/fd/$n && exit 0; done; exit 1`},
	{"working directory", `ls /proc/$1/cwd/`},
	{"program", `cat /proc/$1/exe`},
	{"trace", `timeout 5 strace -p $1 2>&1 | grep -q "attached"`},
	// pidfd_open and pidfd_getfd have the same numbers on every architecture.
	{"a copy of a descriptor", `exec perl -e '$p = syscall(434, 0 + $ARGV[0], 0); die "no pidfd" if $p < 0;
		for (0 .. 9) { exit 0 if syscall(438, $p, $_, 0) >= 0 } exit 1' "$1"`},
}

// ofState: $1 is the file of anna's session, $2 her preferences, $3 an event file.
var ofState = []attempt{
	{"list of sessions", `ls ` + layout.Sessions},
	{"a session", `cat "$1"`},
	{"a session's existence", `test -e "$1"`},
	{"touching a session", `touch "$1"`},
	{"removing a session", `rm -f "$1"`},
	{"making a session", `: >` + layout.Sessions + `/` + strings.Repeat("a", 64)},
	{"list of slots", `ls ` + layout.Slots},
	{"taking a slot", `flock -n ` + layout.Slots + `/auth.0 true`},
	{"removing a slot", `rm -f ` + layout.Slots + `/auth.0 && ! test -e ` + layout.Slots},
	{"list of preferences", `ls ` + layout.Preferences},
	{"another's preferences", `cat "$2"`},
	{"changing another's preferences", `echo {} >"$2"`},
	{"removing another's preferences", `rm -f "$2"`},
	{"making preferences", `echo {} >` + layout.Preferences + `/4242`},
	{"list of events", `ls ` + layout.Events},
	{"an event", `cat "$3"`},
	{"forging an event", `echo '{"event":"download"}' >>"$3"`},
	{"making an event", `: >` + layout.Events + `/20200101T000000.000000000Z-0123456789abcdef`},
	{"activity logs", `ls ` + layout.Logs},
	{"writing a log", `echo forged >` + layout.Logs + `/system.log`},
	{"Apache's log", `cat ` + apacheErrors},
	{"forging Apache's log", `echo forged >>` + apacheErrors},
	{"settings", `echo >>/etc/sharezone/sharezone.toml`},
	{"counts of wrong passwords", `ls ` + layout.Attempts + ` || ls ` + layout.Tallies},
	{"forgetting wrong passwords", `rm -rf ` + layout.Attempts + `/* ` + layout.Tallies + `/*; : >` + layout.Tallies + `/$(id -un)`},
	{"last logins", `ls ` + layout.Logins},
	{"forging a last login", `: >` + layout.Logins + `/4242`},
	{"ids of zones", `ls ` + layout.ZoneIDs},
	{"forging an id", `: >` + layout.ZoneIDs + `/` + strings.Repeat("a", 32)},
	{"the cleaner's state", `ls ` + layout.CleanerState},
	{"messages", `ls ` + layout.Queue + ` || ls ` + layout.Notices + ` || ls ` + layout.WorkerState},
	{"forging a message", `: >` + layout.Queue + `/waiting/x || : >` + layout.Notices + `/x`},
	{"an announcement", `echo x >` + layout.Announcement},
	{"maintenance", `: >` + layout.Maintenance},
	{"replacing a handler", `cp /bin/true ` + layout.Handlers + `/home`},
	{"another's zone root", `setfattr -n user.shz.title -v mine /srv/sharezone/demo`},
	{"opening another's zone", `setfacl -m u:carla:rwx /srv/sharezone/demo`},
	{"a new zone", `mkdir /srv/sharezone/forged`},
	{"a link into the zones", `ln /etc/hostname /srv/sharezone/demo/forged`},
}

// helpers are the programs that root runs for others. None is for anybody's shell, neither as it is nor to be read.
func helpers(t *testing.T) []attempt {
	t.Helper()
	names := []string{filepath.Base(layout.AuthHelper), filepath.Base(layout.AccessHelper), filepath.Base(layout.ZonefixHelper),
		filepath.Base(layout.AccountHelper), filepath.Base(layout.ZoneidHelper)}
	found, err := os.ReadDir(layout.Helpers)
	if err != nil {
		t.Fatal(err)
	}
	var all []attempt
	for _, entry := range found {
		if !slices.Contains(names, entry.Name()) {
			t.Errorf("%s is no helper that is known here", entry.Name())
		}
	}
	for _, name := range names {
		program := layout.Helpers + "/" + name
		if !exists(program) {
			t.Errorf("there is no %s", program)
		}
		all = append(all, attempt{name, program + ` </dev/null`}, attempt{"reading " + name, `cat ` + program},
			attempt{"writing " + name, `echo x >>` + program}, attempt{name + " by sudo with an argument", `echo '{}' | sudo -n ` + program + ` x`},
			attempt{name + " as another", `echo '{}' | sudo -n -u anna ` + program})
	}
	return all
}

// notForBase are the helpers that sudo gives to managers and administrators alone.
var notForBase = []attempt{
	{"access by sudo", `echo '{}' | sudo -n ` + layout.AccessHelper},
	{"zonefix by sudo", `echo '{}' | sudo -n ` + layout.ZonefixHelper},
	{"account by sudo", `echo '{}' | sudo -n ` + layout.AccountHelper},
	{"zoneid by sudo", `echo '{}' | sudo -n ` + layout.ZoneidHelper},
}

// stateOf makes what ofState wants to reach: a session of anna's, her preferences, an event.
func stateOf(t *testing.T) []string {
	t.Helper()
	preferences := layout.Preferences + "/" + strconv.Itoa(uidOf(t, "anna")) + ".json"
	if !exists(preferences) {
		if err := os.WriteFile(preferences, []byte("{}\n"), 0o640); err != nil {
			t.Fatal(err)
		}
		run(t, "chown", "anna:"+layout.UserSpool, preferences)
		t.Cleanup(func() { os.Remove(preferences) })
	}
	found := newEvents(t, "login", func() { login(t, "anna") })
	if len(found) == 0 {
		t.Fatal("a login left no event")
	}
	return []string{sessionFile(t, sessionID(t, "anna")), preferences, found[0].name}
}

// TestShellOfMember: bruno's shell is worth what his login is worth, and what he does in it no more.
func TestShellOfMember(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	state := stateOf(t)
	noHandlers(t, "shz", "bruno")
	slowUploads(t, "bruno", zone, 1)
	slowUploads(t, "anna", zone, 1)
	own, other := handler(t, "shz", "bruno"), handler(t, "shz", "anna")
	before, event := append(treasures(t, zone), counts(t)...), read(t, state[2])
	for what, pid := range map[string]int{"his own": own, "anna's": other} {
		t.Run("handler "+what, func(t *testing.T) { tryAll(t, "bruno", ofHandlers, strconv.Itoa(pid)) })
	}
	t.Run("state", func(t *testing.T) { tryAll(t, "bruno", ofState, state...) })
	t.Run("helpers", func(t *testing.T) { tryAll(t, "bruno", append(helpers(t), notForBase...)) })
	t.Run("signals", func(t *testing.T) {
		tryAll(t, "bruno", []attempt{
			{"ending anna's handler", `kill -9 $1`}, {"its limits", `prlimit --pid $1 --nofile=1:1`}, {"ending Apache", `kill $2`},
		}, strconv.Itoa(other), strconv.Itoa(processes("apache2", 0)[0]))
	})
	compare(t, before, append(treasures(t, zone), counts(t)...))
	if read(t, state[2]) != event {
		t.Error("the event file was changed")
	}
	// He may end what is his. It is an interrupted upload: nothing of it stays, and the event file says that it began.
	if out, status := asUser(t, "bruno", "kill", "-9", strconv.Itoa(own)); status != 0 {
		t.Errorf("ending his own handler: %s", out)
	}
	noHandlers(t, "shz", "bruno")
	if names := list(t, "anna", "/cgi-bin/shz/"+zone+"/").entryNames(); len(names) != 0 {
		t.Errorf("left behind: %q", names)
	}
}

// TestShellRunsHandler: a handler that is run by hand is a program of the user's like any other. The name in its
// environment opens nothing, for nothing decides by it.
func TestShellRunsHandler(t *testing.T) {
	open, shut := pathZones(t)
	script := `cd / && exec env -i PATH=/usr/bin:/bin GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REMOTE_ADDR=10.9.8.7 HTTP_HOST=h \
		SHZ_ENTRY=internal SHZ_REQUEST=0123456789abcdef SHZ_USER="$1" REQUEST_METHOD="$2" REQUEST_URI="$3" CONTENT_LENGTH=0 ` + layout.Handlers + `/shz </dev/null`
	for _, row := range []struct{ method, target, want string }{
		{"GET", open + "/", "Status: 200"},
		{"GET", shut + "/secret.txt", "Status: 403"},
		{"PUT", shut + "/forged", "Status: 403"},
	} {
		unchanged(t, zonePath(shut), func() {
			out, _ := asUser(t, "bruno", "sh", "-c", script, "sh", "anna", row.method, "/cgi-bin/shz/"+row.target)
			if !strings.HasPrefix(out, row.want) || strings.Contains(out, marker) {
				t.Errorf("%s %s as \"anna\": %.300s", row.method, row.target, out)
			}
		})
	}
}

// TestShellSudo: sudo gives a member the auth helper without arguments, and auth gives him nothing: not one operation
// on what is not his, whatever he writes on its standard input.
func TestShellSudo(t *testing.T) {
	d := needDemo(t)
	zone := newZone(t, "user:bruno=write")
	file := func(user string) string { return filepath.Base(sessionFile(t, sessionID(t, user))) }
	anna, bruno := file("anna"), file("bruno")
	before := treasures(t, zone)
	if out, _ := asUser(t, "bruno", "sudo", "-n", "-l"); strings.Count(out, "NOPASSWD") != 1 || !strings.Contains(out, layout.AuthHelper+` ""`) {
		t.Errorf("sudo -l: %s", out)
	}
	tryAll(t, "bruno", []attempt{
		{"sudo", `sudo -n id`},
		{"a shell", `sudo -n -s id`},
		{"sudo as anna", `sudo -n -u anna id`},
		{"auth as anna", `sudo -n -u anna ` + layout.AuthHelper},
		{"another group", `sudo -n -g shzadmin id`},
		{"arguments", `sudo -n ` + layout.AuthHelper + ` --help`},
		{"an empty argument more", `sudo -n ` + layout.AuthHelper + ` x ''`},
		{"a variable", `echo '{"op":"logout"}' | sudo -n LD_PRELOAD=/tmp/x ` + layout.AuthHelper},
		{"SUDO_UID", `echo '{"op":"refresh"}' | sudo -n SUDO_UID=0 ` + layout.AuthHelper},
		{"keeping the environment", `sudo -n -E ` + layout.AuthHelper},
		{"a copy", `cp /bin/true /tmp/auth.$$ && sudo -n /tmp/auth.$$; s=$?; rm -f /tmp/auth.$$; exit $s`},
		{"a path that leads there", `sudo -n /usr/lib/sharezone/../sharezone/libexec/auth`},
		{"edit", `EDITOR=true sudo -n -e /etc/shadow`},
	})
	for _, input := range []string{
		fmt.Sprintf(`{"op":"login","username":"anna","password":%q,"entry":"internal","address":"127.0.0.1"}`, d.password["anna"]),
		fmt.Sprintf(`{"op":"login","username":"bruno","password":%q,"entry":"internal","address":"127.0.0.1"}`, d.password["bruno"]),
		`{"op":"refresh","session":"` + anna + `"}`,
		`{"op":"refresh","session":"` + bruno + `"}`,
		`{"op":"password","session":"` + anna + `","old":"` + d.password["anna"] + `","new":"Lampone-7-Treno-Verde"}`,
		`{"op":"password","username":"anna","session":"` + bruno + `","old":"wrong","new":"Lampone-7-Treno-Verde"}`,
		`{"op":"password","session":"../../../etc/shadow","old":"x","new":"Lampone-7-Treno-Verde"}`,
		`{"op":"logout","session":"../../../etc/shadow"}`, `{"op":"logout","session":""}`, `{"op":"logout","uid":0,"session":"` + anna + `"}`,
		`{"op":"LOGOUT","session":"` + anna + `"}`, `{"op":""}`, `{}`, `null`, `[]`, ``, `{"op":"logout"} {"op":"logout"}`,
		strings.Repeat(" ", 9000) + `{"op":"logout","session":"` + anna + `"}`,
	} {
		out, status := asUser(t, "bruno", "sh", "-c", `printf %s "$1" | sudo -n `+layout.AuthHelper, "sh", input)
		if status == 0 || strings.Contains(out, `"id"`) || strings.Contains(out, "/etc/") {
			t.Errorf("%.100q: %d %s", input, status, out)
		}
	}
	// Another's session "is gone already": the answer does not tell whether there is one, and it stays.
	for _, name := range []string{anna, strings.Repeat("a", 64)} {
		out, status := asUser(t, "bruno", "sh", "-c", `printf %s "$1" | sudo -n `+layout.AuthHelper, "sh", `{"op":"logout","session":"`+name+`"}`)
		if status != 0 || strings.TrimSpace(out) != "{}" {
			t.Errorf("logout of %s: %d %s", name, status, out)
		}
	}
	compare(t, before, treasures(t, zone))
}

// TestShellOfStranger: a local user who is no member has the names of accounts and nothing else.
func TestShellOfStranger(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	state := stateOf(t)
	slowUploads(t, "bruno", zone, 1)
	before := append(treasures(t, zone), counts(t)...)
	tryAll(t, "nobody", ofHandlers, strconv.Itoa(handler(t, "shz", "bruno")))
	tryAll(t, "nobody", ofState, state...)
	tryAll(t, "nobody", append(helpers(t), notForBase...))
	tryAll(t, "nobody", []attempt{
		{"names of zones", `ls ` + layout.Base},
		{"a zone", `ls ` + layout.Base + `/demo`},
		{"a file", `cat ` + layout.Base + `/demo/Readme.txt`},
		{"auth by sudo", `echo '{"op":"logout"}' | sudo -n ` + layout.AuthHelper},
		{"the gate", layout.Gate},
	})
	compare(t, before, append(treasures(t, zone), counts(t)...))
}

// TestShellOfApache: www-data has what cookies give to whoever has them, and nothing by itself.
func TestShellOfApache(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	state := stateOf(t)
	slowUploads(t, "bruno", zone, 1)
	before := append(treasures(t, zone), counts(t)...)
	tryAll(t, "www-data", ofHandlers, strconv.Itoa(handler(t, "shz", "bruno")))
	tryAll(t, "www-data", ofState, state...)
	tryAll(t, "www-data", append(helpers(t), notForBase...))
	tryAll(t, "www-data", []attempt{
		{"names of zones", `ls ` + layout.Base},
		{"a file", `cat ` + layout.Base + `/demo/Readme.txt`},
		{"sudo", `sudo -n id`},
		{"auth by sudo", `echo '{"op":"logout"}' | sudo -n ` + layout.AuthHelper},
		{"auth as shzguest", `sudo -n -u ` + layout.UserGuest + ` ` + layout.AuthHelper},
		{"the gate, traced", `strace -f -o /dev/null env GATEWAY_INTERFACE=CGI/1.1 ` + layout.Gate}, // traced it is not setuid: step 2
		{"ending a handler", `kill -9 ` + strconv.Itoa(handler(t, "shz", "bruno"))},
	})
	compare(t, before, append(treasures(t, zone), counts(t)...))
	// The gate gives what a cookie gives: without one, and with the name of a session's file, the login.
	for _, cookie := range []string{"", "SESSION_ID=" + filepath.Base(state[0])} {
		call := withSession("", "GET", "/cgi-bin/home")
		call.set["HTTP_COOKIE"] = cookie
		if a := callGate(t, call); a.status != 401 {
			t.Errorf("cookie %q: %d %s", cookie, a.status, a.body)
		}
	}
	if a := callGate(t, withSession(sessionID(t, "bruno"), "GET", "/cgi-bin/shz/"+zone+"/")); a.status != 200 {
		t.Errorf("with bruno's cookie: %d %s", a.status, a.body)
	}
}

// TestShellSeesZones: what SECURITY.md says openly that members see.
func TestShellSeesZones(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	for _, row := range []struct {
		script string
		works  bool
	}{
		{`ls ` + layout.Base + ` | grep -qx ` + zone, true}, // also carla, who may not enter
		{`ls ` + zonePath(zone), false},
		{`getfacl -p ` + zonePath(zone) + ` | grep -q user:bruno`, true}, // the ACL is read through the base
		{`getfattr -n user.shz.id ` + zonePath(zone), false},
		{`ls ` + layout.Closed, false},
	} {
		if out, status := asUser(t, "carla", "sh", "-c", row.script); (status == 0) != row.works {
			t.Errorf("carla: %s: %d %s", row.script, status, out)
		}
	}
	var st unix.Stat_t
	if err := unix.Stat(layout.Base, &st); err != nil || st.Mode&0o007 != 0 {
		t.Errorf("others see the zones: %o %v", st.Mode, err)
	}
}

// TestShellTools: without the tool an attempt would fail for the wrong reason.
func TestShellTools(t *testing.T) {
	needCopy(t)
	for _, name := range []string{"strace", "perl", "flock", "setfattr", "setfacl", "getfacl", "prlimit", "sudo", "dd"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Errorf("%s is missing: what it would try proves nothing", name)
		}
	}
}
