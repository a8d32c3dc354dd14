package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/landlock"
	"sharezone/internal/layout"
)

// The gate's steps, each made to refuse at least once. TestGateStepsAreTested sees to it that none is left out.

// A private mount namespace in which one thing of the installation is broken.
const (
	emptyTmpfs   = `mount -t tmpfs -o mode=0755 tmpfs `
	tmpfsCopyOf  = `d=/usr/lib/sharezone/cgi-bin; cp -a $d /run/shz-handlers.$$; mount -t tmpfs -o mode=0755 tmpfs $d; cp -a /run/shz-handlers.$$/. $d; rm -r /run/shz-handlers.$$; cd $d; `
	fakePasswd   = `sed 's/^shzguest:x:[0-9]*:[0-9]*:/shzguest:x:%s:/' /etc/passwd >/run/shz-passwd.$$; mount --bind /run/shz-passwd.$$ /etc/passwd; rm /run/shz-passwd.$$`
	withoutGuest = `sed '/^shzguest:/d' /etc/passwd >/run/shz-passwd.$$; mount --bind /run/shz-passwd.$$ /etc/passwd; rm /run/shz-passwd.$$`
	fakeAuth     = `printf '#!/bin/sh\n%s\n' >/run/shz-auth.$$; chmod 700 /run/shz-auth.$$; mount --bind /run/shz-auth.$$ /usr/lib/sharezone/libexec/auth; rm /run/shz-auth.$$`
)

// refusals are calls that the gate must refuse: with which step, and with which status for the browser (0: none, so
// Apache sends its own 500).
var refusals = []struct {
	name   string
	step   int
	status int
	call   gateCall
}{
	{"another user", 1, 0, gateCall{uid: 1}},
	{"user of an account", 1, 0, gateCall{uid: 4242}},
	{"no_new_privs", 2, 0, gateCall{shell: `exec setpriv --no-new-privs "$@"`}},
	{"nosuid mount", 2, 0, gateCall{prepare: `mount --bind /usr/lib/sharezone /usr/lib/sharezone; mount -o remount,bind,nosuid /usr/lib/sharezone`}},
	{"GODEBUG", 3, 0, gateCall{set: map[string]string{"GODEBUG": "inittrace=1"}}},
	{"GODEBUG empty", 3, 0, gateCall{set: map[string]string{"GODEBUG": ""}}},
	{"GOGC", 3, 0, gateCall{set: map[string]string{"GOGC": "off"}}},
	{"GOMAXPROCS", 3, 0, gateCall{set: map[string]string{"GOMAXPROCS": "2"}}},
	{"GOMAXPROCS empty", 3, 0, gateCall{set: map[string]string{"GOMAXPROCS": ""}}},
	{"GOMEMLIMIT", 3, 0, gateCall{set: map[string]string{"GOMEMLIMIT": "1"}}},
	{"GOCOVERDIR", 3, 0, gateCall{set: map[string]string{"GOCOVERDIR": "/etc"}}},

	{"empty environment", 4, 0, gateCall{environ: []string{}}},
	{"no CGI", 4, 0, gateCall{set: map[string]string{"GATEWAY_INTERFACE": "-"}}},
	{"another CGI", 4, 0, gateCall{set: map[string]string{"GATEWAY_INTERFACE": "CGI/1.2"}}},
	{"no address", 4, 0, gateCall{set: map[string]string{"REMOTE_ADDR": "-"}}},
	{"empty address", 4, 0, gateCall{set: map[string]string{"REMOTE_ADDR": ""}}},
	{"address is a name", 4, 0, gateCall{set: map[string]string{"REMOTE_ADDR": "localhost"}}},
	{"two addresses", 4, 0, gateCall{set: map[string]string{"REMOTE_ADDR": "10.0.0.1, 10.0.0.2"}}},
	{"address with a line", 4, 400, gateCall{set: map[string]string{"REMOTE_ADDR": "10.0.0.1\nuser=admin"}}},
	{"no request line", 4, 400, gateCall{set: map[string]string{"REQUEST_URI": "-"}}},
	{"root of the site", 4, 400, gateCall{set: map[string]string{"REQUEST_URI": "/"}}},
	{"doubled slash", 4, 400, gateCall{set: map[string]string{"REQUEST_URI": "//cgi-bin/home"}}},
	{"other prefix", 4, 400, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-binary/home"}}},
	{"URI of another scheme", 4, 400, gateCall{set: map[string]string{"REQUEST_URI": "ftp://h/cgi-bin/home"}}},
	{"encoded prefix", 4, 400, gateCall{set: map[string]string{"REQUEST_URI": "/cgi%2dbin/home"}}},
	{"long URI", 4, 400, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/home?" + strings.Repeat("a", 64<<10)}}},
	{"long query", 4, 400, gateCall{set: map[string]string{"QUERY_STRING": strings.Repeat("a", 120<<10)}}},
	{"long header", 4, 400, gateCall{set: map[string]string{"HTTP_USER_AGENT": strings.Repeat("a", 64<<10)}}},
	{"long cookie", 4, 400, gateCall{set: map[string]string{"HTTP_COOKIE": strings.Repeat("a", 64<<10)}}},
	{"newline in the URI", 4, 400, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/home\nX: y"}}},
	{"escape in the URI", 4, 400, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/home?\x1b[2J"}}},
	{"carriage return in a header", 4, 400, gateCall{set: map[string]string{"HTTP_ACCEPT_LANGUAGE": "it\r\nX: y"}}},
	{"delete in a header", 4, 400, gateCall{set: map[string]string{"HTTP_HOST": "h\x7f"}}},

	{"no entry", 5, 0, gateCall{set: map[string]string{"SHZ_ENTRY": "-"}}},
	{"empty entry", 5, 0, gateCall{set: map[string]string{"SHZ_ENTRY": ""}}},
	{"unknown entry", 5, 0, gateCall{set: map[string]string{"SHZ_ENTRY": "Internal"}}},
	{"from outside, and not by the proxy", 5, 0, gateCall{set: map[string]string{
		"SHZ_ENTRY": "external", "SHZ_PROXY": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}}},
	{"from outside, for nobody", 5, 0, gateCall{set: map[string]string{"SHZ_ENTRY": "external", "SHZ_PROXY": "192.0.2.1", "REMOTE_ADDR": "192.0.2.1"}}},
	{"from outside, for whom the client names", 5, 0, gateCall{set: map[string]string{
		"SHZ_ENTRY": "external", "SHZ_PROXY": "192.0.2.1", "REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "10.0.0.1, 203.0.113.9"}}},
	{"from outside, without a proxy", 5, 0, gateCall{set: map[string]string{"SHZ_ENTRY": "external", "HTTP_X_FORWARDED_FOR": "203.0.113.9", "HTTP_SHZ_PROXY": "127.0.0.1"}}},
	{"entry by header", 5, 0, gateCall{set: map[string]string{"SHZ_ENTRY": "-", "HTTP_SHZ_ENTRY": "internal"}}},

	{"no component", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/"}}},
	{"unknown component", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/nothing"}}},
	{"component in capitals", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/Home"}}},
	{"prefix of a component", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/hom"}}},
	{"component and more", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/homes"}}},
	{"encoded component", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/h%6fme"}}},
	{"dots", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/../libexec/auth"}}},
	{"dots after a component", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/./home"}}},
	{"refused by name", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/refused"}}},
	{"the gate by name", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/gate"}}},
	{"a helper by name", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/auth"}}},
	{"an absolute path", 6, 404, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin//bin/sh"}}},

	{"no method", 7, 400, gateCall{set: map[string]string{"REQUEST_METHOD": "-"}}},
	{"GET logout", 7, 405, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/logout"}}},
	{"POST home", 7, 405, gateCall{set: map[string]string{"REQUEST_URI": "/cgi-bin/home", "REQUEST_METHOD": "POST"}}},
	{"PUT login", 7, 405, gateCall{set: map[string]string{"REQUEST_METHOD": "PUT"}}},
	{"method in small letters", 7, 405, gateCall{set: map[string]string{"REQUEST_METHOD": "get"}}},
	{"two methods", 7, 405, gateCall{set: map[string]string{"REQUEST_METHOD": "GET HEAD"}}},
	{"TRACE", 7, 405, gateCall{set: map[string]string{"REQUEST_METHOD": "TRACE"}}},
	{"method of 8,000 bytes", 7, 405, gateCall{set: map[string]string{"REQUEST_METHOD": strings.Repeat("G", 8000)}}},

	{"guest is root", 10, 0, gateCall{prepare: fmt.Sprintf(fakePasswd, "0:0")}},
	{"guest is Apache", 10, 0, gateCall{prepare: fmt.Sprintf(fakePasswd, "33:33")}},
	{"guest is a person", 10, 0, gateCall{prepare: fmt.Sprintf(fakePasswd, "1500:1500")}},
	{"guest is in group root", 10, 0, gateCall{prepare: fmt.Sprintf(fakePasswd, "900:0")}},
	{"no guest", 10, 0, gateCall{prepare: withoutGuest}},
	{"no /etc/passwd", 10, 0, gateCall{prepare: `mount --bind /dev/null /etc/passwd`}},

	{"handler missing", 12, 0, gateCall{prepare: tmpfsCopyOf + `rm login`}},
	{"handler is a link", 12, 0, gateCall{prepare: tmpfsCopyOf + `ln -sf /bin/true login`}},
	{"handler is a folder", 12, 0, gateCall{prepare: tmpfsCopyOf + `rm login; mkdir login`}},
	{"handler of another", 12, 0, gateCall{prepare: tmpfsCopyOf + `chown 33 login`}},
	{"handler others may write", 12, 0, gateCall{prepare: tmpfsCopyOf + `chmod 0757 login`}},
	{"handler a group may write", 12, 0, gateCall{prepare: tmpfsCopyOf + `chmod 0775 login`}},
	{"handler is setuid", 12, 0, gateCall{prepare: tmpfsCopyOf + `chmod 4711 login`}},
	{"handler is setgid", 12, 0, gateCall{prepare: tmpfsCopyOf + `chmod 2711 login`}},

	{"slots missing", 13, 500, gateCall{prepare: emptyTmpfs + `/var/lib/sharezone`}},
	{"slots full", 13, 507, gateCall{prepare: `mount -t tmpfs -o nr_inodes=2 tmpfs /var/lib/sharezone; mkdir /var/lib/sharezone/slots`}},
	{"slot is a link", 13, 500, gateCall{prepare: emptyTmpfs + `/var/lib/sharezone; cd /var/lib/sharezone; mkdir slots; cd slots
		u=$(id -u shzguest); for i in $(seq 0 95); do ln -s /etc/shadow $u.$i; done`}},

	{"events missing", 14, 500, gateCall{prepare: emptyTmpfs + `/var/spool/sharezone`, set: map[string]string{"REQUEST_METHOD": "POST"}}},
	{"events full", 14, 507, gateCall{prepare: `mount -t tmpfs -o nr_inodes=1 tmpfs /var/spool/sharezone/events`, set: map[string]string{"REQUEST_METHOD": "POST"}}},
	{"events full of bytes", 14, 507, gateCall{prepare: `mount -t tmpfs -o size=4k tmpfs /var/spool/sharezone/events; head -c 4096 /dev/zero >/var/spool/sharezone/events/x`, set: map[string]string{"REQUEST_METHOD": "POST"}}},
	{"events nearly full of files", 14, 507, gateCall{prepare: `mount -t tmpfs -o nr_inodes=100 tmpfs /var/spool/sharezone/events; cd /var/spool/sharezone/events; seq 90 | xargs touch`, set: map[string]string{"REQUEST_METHOD": "POST"}}},
	{"events nearly full of bytes", 14, 507, gateCall{prepare: `mount -t tmpfs -o size=400k tmpfs /var/spool/sharezone/events; head -c 376832 /dev/zero >/var/spool/sharezone/events/x`, set: map[string]string{"REQUEST_METHOD": "POST"}}},

	{"no limit", 15, 0, gateCall{strace: []string{"-e", "inject=prlimit64:error=EPERM:when=3+"}}},
	{"no group change", 16, 0, gateCall{strace: []string{"-e", "inject=setgroups:error=EPERM"}}},
	{"no gid change", 16, 0, gateCall{strace: []string{"-e", "inject=setresgid:error=EPERM"}}},
	{"no uid change", 16, 0, gateCall{strace: []string{"-e", "inject=setresuid:error=EAGAIN"}}},
	{"uid change that does nothing", 17, 0, gateCall{strace: []string{"-e", "inject=setresuid:retval=0"}}},
	{"gid change that does nothing", 17, 0, gateCall{strace: []string{"-e", "inject=setresgid:retval=0"}}},
	{"group change that does nothing", 17, 0, gateCall{strace: []string{"-e", "inject=setgroups:retval=0"}}},
	{"way back to root", 17, 0, gateCall{strace: []string{"-e", "inject=setuid:retval=0"}}},
	{"no_new_privs fails", 18, 0, gateCall{
		strace: []string{"-e", "inject=prctl:error=EINVAL"}, set: map[string]string{"REQUEST_URI": "/cgi-bin/home"},
	}},
	{"no set of rules", 19, 0, gateCall{
		strace: []string{"-e", "inject=landlock_create_ruleset:error=ENOMEM:when=2"}, set: map[string]string{"REQUEST_URI": "/cgi-bin/home"},
	}},
	{"a rule fails", 19, 0, gateCall{
		strace: []string{"-e", "inject=landlock_add_rule:error=ENOMEM:when=3"}, set: map[string]string{"REQUEST_URI": "/cgi-bin/home"},
	}},
	{"rules that do not hold", 19, 0, gateCall{
		strace: []string{"-e", "inject=landlock_restrict_self:error=E2BIG"}, set: map[string]string{"REQUEST_URI": "/cgi-bin/home"},
	}},
	{"descriptors stay", 20, 0, gateCall{strace: []string{"-e", "inject=close_range:error=ENOSYS"}}},
	{"handler does not start", 20, 0, gateCall{prepare: tmpfsCopyOf + `: >login`}},
}

func TestGateRefuses(t *testing.T) {
	needDemo(t)
	zones := snapshot(t, layout.Base)
	for _, row := range refusals {
		t.Run(fmt.Sprintf("%02d %s", row.step, row.name), func(t *testing.T) {
			if row.step == 19 && !landlock.IsThere() {
				t.Skip("this kernel has no Landlock")
			}
			if row.step == 18 || row.step == 19 { // login reaches sudo: only a component with a session has no_new_privs and is confined
				row.call.set["HTTP_COOKIE"] = "SESSION_ID=" + sessionID(t, "bruno")
			}
			checkRefusal(t, callGate(t, row.call), row.step, row.status)
		})
	}
	t.Run("13 slots taken", func(t *testing.T) {
		defer holdSlots(t, strconv.Itoa(uidOf(t, layout.UserGuest))+".%d", 96)()
		checkRefusal(t, callGate(t, gateCall{}), 13, 503)
	})
	t.Run("13 slots of the address taken", func(t *testing.T) {
		// 192.0.2.7 and another address whose bucket is another one.
		bucket := guestBucket(t, "192.0.2.7")
		defer holdSlots(t, bucket+".%d", slotsPerUser)()
		from := func(address string) gateCall { return gateCall{set: map[string]string{"REMOTE_ADDR": address}} }
		checkRefusal(t, callGate(t, from("192.0.2.7")), 13, 503)
		for _, other := range []gateCall{from("192.0.2.8"), fromOutside(from("192.0.2.7"))} {
			if a := callGate(t, other); a.status != 200 && a.status != 401 {
				t.Errorf("%v: %d %s", other.set, a.status, a.stderr)
			}
		}
	})
	t.Run("14 the last of the spool", func(t *testing.T) {
		post := func(files int, cookie string) gateCall {
			return gateCall{
				prepare: fmt.Sprintf(`mount -t tmpfs -o nr_inodes=100 tmpfs /var/spool/sharezone/events; cd /var/spool/sharezone/events; seq %d | xargs touch`, files),
				set:     map[string]string{"REQUEST_METHOD": "POST", "REQUEST_URI": "/cgi-bin/login", "HTTP_COOKIE": cookie, "CONTENT_TYPE": "application/x-www-form-urlencoded"},
			}
		}
		if a := callGate(t, post(80, "")); a.status != 401 { // as without a password
			t.Errorf("a stranger while a fifth is free: %d %s", a.status, a.stderr)
		}
		checkRefusal(t, callGate(t, post(95, "")), 14, 507)
		out := post(95, "SESSION_ID="+sessionID(t, "bruno"))
		out.set["REQUEST_URI"] = "/cgi-bin/logout"
		if a := callGate(t, out); a.status != 200 {
			t.Errorf("who is logged in, with the last: %d %s", a.status, a.stderr)
		}
	})
	t.Run("01 root", func(t *testing.T) { checkRefusal(t, callGateRoot(t), 1, 0) })
	compare(t, zones, snapshot(t, layout.Base))
}

// guestBucket finds which slot files an address takes without a session, by looking at the ones that the gate makes.
func guestBucket(t *testing.T, address string) string {
	t.Helper()
	names, _ := filepath.Glob(layout.Slots + "/" + strconv.Itoa(uidOf(t, layout.UserGuest)) + ".internal.*")
	for _, name := range names {
		os.Remove(name)
	}
	callGate(t, gateCall{set: map[string]string{"REMOTE_ADDR": address}})
	names, _ = filepath.Glob(layout.Slots + "/" + strconv.Itoa(uidOf(t, layout.UserGuest)) + ".internal.*")
	if len(names) != 1 {
		t.Fatalf("slot files of one request: %q", names)
	}
	return strings.TrimSuffix(filepath.Base(names[0]), filepath.Ext(names[0]))
}

func checkRefusal(t *testing.T, a gateAnswer, step, status int) {
	t.Helper()
	if a.step() != step || a.status != status {
		t.Fatalf("exit %d, status %d; want step %d, status %d\n%s%s", a.exit, a.status, step, status, a.body, a.stderr)
	}
	// One line in the log, whatever came in. Lines of a helper or of the component that answered may stand beside it.
	said := 0
	for line := range strings.Lines(a.stderr) {
		if strings.HasPrefix(line, "sharezone gate: step "+strconv.Itoa(step)+" refused: ") {
			said++
		}
		if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(c rune) bool { return c < ' ' || c > '~' }); i >= 0 {
			t.Errorf("the log has byte %#x in %q", line[i], line)
		}
	}
	if said != 1 {
		t.Errorf("%d lines of the log say which step refused:\n%s", said, a.stderr)
	}
	if status > 0 && !strings.Contains(a.body, `"request":"`) {
		t.Errorf("answer %q", a.body)
	}
}

// TestGateStepsAreTested: a step without a refusing test is a step that may be missing.
func TestGateStepsAreTested(t *testing.T) {
	tested := make(map[string]bool)
	for _, row := range refusals {
		tested[strconv.Itoa(row.step)] = true
	}
	for _, n := range []string{"8", "9", "11"} { // gatesession_test.go
		tested[n] = true
	}
	for name, n := range constants(t, "../cgi-bin/gate/main.go", "step") {
		if !tested[n] {
			t.Errorf("%s (%s) is refused by no test", name, n)
		}
	}
}

// TestGateIsNotForUsers: the kernel lets nobody but Apache's group execute it.
func TestGateIsNotForUsers(t *testing.T) {
	needDemo(t)
	for _, user := range []string{"anna", "bruno", "admin", layout.UserGuest, layout.UserSpool} {
		if out, status := asUser(t, user, layout.Gate); status == 0 || !strings.Contains(out, "ermission denied") {
			t.Errorf("%s: %d %s", user, status, out)
		}
	}
	var setuid []string
	filepath.WalkDir("/usr/lib/sharezone", func(name string, _ os.DirEntry, _ error) error {
		var st unix.Stat_t
		if unix.Lstat(name, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Mode&(unix.S_ISUID|unix.S_ISGID) != 0 {
			setuid = append(setuid, name)
		}
		return nil
	})
	if fmt.Sprint(setuid) != "["+layout.Gate+"]" {
		t.Errorf("setuid programs: %v", setuid)
	}
}

// TestGateWithOddDescriptors: standard descriptors that are closed or read-only are no way to write elsewhere.
func TestGateWithOddDescriptors(t *testing.T) {
	needDemo(t)
	before := snapshot(t, layout.Sessions)
	for _, shell := range []string{
		`exec "$@" <&-`, `exec "$@" >&-`, `exec "$@" 2>&-`, `exec "$@" <&- >&-`, `exec "$@" <&- >&- 2>&-`,
		`exec "$@" <&- 2>&-`, `exec "$@" </dev/null >/dev/full 2>/dev/full`, `exec "$@" >/dev/null </`,
	} {
		a := callGate(t, gateCall{shell: shell})
		if a.exit > 127 || a.exit < 0 {
			t.Errorf("%s: exit %d %s", shell, a.exit, a.stderr)
		}
	}
	compare(t, before, snapshot(t, layout.Sessions))
}

// TestGateDoubledVariables: of a variable that stands twice in the environment the handler gets one, the one that the
// gate believed.
func TestGateDoubledVariables(t *testing.T) {
	needDemo(t)
	id := forge(t, "bruno", nil)
	mountProbe(t, "home", "login")
	environ := withSession(id, "GET", "/cgi-bin/home").environment()
	for _, doubled := range []string{"SHZ_ENTRY=external", "REQUEST_METHOD=POST", "REMOTE_ADDR=10.9.8.7", "HTTP_COOKIE=lang=it", "REQUEST_URI=/cgi-bin/login"} {
		name, _, _ := strings.Cut(doubled, "=")
		a := callGate(t, gateCall{environ: append(environ, doubled)})
		env := parseReport(a.body)["environment"]
		if a.status == 200 && (strings.Count(env, name+"=") > 1 || strings.Contains(env, doubled+"\n") || !strings.Contains(env, "SHZ_USER=bruno\n")) {
			t.Errorf("%s: the handler gets\n%s", doubled, env)
		}
		if a.status != 200 && a.step() != 4 {
			t.Errorf("%s: exit %d, status %d %s", doubled, a.exit, a.status, a.stderr)
		}
	}
}

// TestGateTakesNoArguments: mod_cgid makes arguments of a query without "=".
func TestGateTakesNoArguments(t *testing.T) {
	needDemo(t)
	for _, args := range [][]string{{"-h"}, {"--help"}, {"-c", "id"}, {strings.Repeat("x", 100<<10)}, {""}} {
		if a := callGate(t, gateCall{args: args}); a.status != 200 || a.exit != 0 {
			t.Errorf("%.20q: exit %d, status %d %s", args, a.exit, a.status, a.stderr)
		}
	}
}
