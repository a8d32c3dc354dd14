package test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// What a handler gets from the gate: seen by a probe that is mounted over one.

const probe = `#!/bin/sh
printf 'Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n'
echo [environment]; tr '\0' '\n' </proc/$$/environ
echo [arguments]; tr '\0' '\n' </proc/$$/cmdline
echo [status]; cat /proc/self/status
echo [limits]; cat /proc/$$/limits
echo [umask]; umask
echo [cwd]; pwd
echo [descriptors]; for f in /proc/$$/fd/*; do printf '%s ' "${f##*/}"; readlink "$f"; done
`

// report is what the probe said, by section.
type report map[string]string

func parseReport(text string) report {
	r, section := make(report), ""
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "["); ok && strings.HasSuffix(name, "]") {
			section = strings.TrimSuffix(name, "]")
			continue
		}
		r[section] += line
	}
	return r
}

// mountProbe puts the probe in the place of a handler, for Apache's requests as well.
func mountProbe(t *testing.T, components ...string) {
	t.Helper()
	needDemo(t)
	file := filepath.Join(t.TempDir(), "probe")
	if err := os.WriteFile(file, []byte(probe), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, component := range components {
		place := layout.Handlers + "/" + component
		run(t, "mount", "--bind", file, place)
		t.Cleanup(func() { unmountProgram(t, place) })
	}
}

// unmountProgram takes away what was mounted on a program, when the last process that runs it has ended.
func unmountProgram(t *testing.T, place string) {
	t.Helper()
	if !eventually(patience, func() bool { _, status := command(t, "umount", place); return status == 0 }) {
		t.Errorf("%s stays mounted", place)
	}
}

func TestHandlerIdentity(t *testing.T) {
	needDemo(t)
	for _, user := range []string{"admin", "anna", "bruno", "carla"} {
		sessionID(t, user) // before the probe stands in the place of the handlers
	}
	ids := map[string]string{layout.UserGuest: ""}
	for _, user := range []string{"admin", "anna", "bruno", "carla"} {
		ids[user] = forge(t, user, nil)
	}
	mountProbe(t, "login", "home", "menu", "shz", "chpwd", "logout")
	for user, id := range ids {
		for request, privileges := range map[string]string{
			"GET /cgi-bin/home": "1", "GET /cgi-bin/shz/demo/": "1", "PUT /cgi-bin/shz/demo/x": "1",
			"GET /cgi-bin/chpwd": "0", "POST /cgi-bin/logout": "0",
		} {
			if user == layout.UserGuest {
				privileges = "0" // login asks auth through sudo
			}
			method, uri, _ := strings.Cut(request, " ")
			a := callGate(t, withSession(id, method, uri))
			if a.status != 200 {
				t.Fatalf("%s %s: exit %d %s", user, request, a.exit, a.stderr)
			}
			checkIdentity(t, user, request, parseReport(a.body), privileges)
		}
	}
}

func checkIdentity(t *testing.T, user, request string, r report, noNewPrivs string) {
	t.Helper()
	uid, gid := strconv.Itoa(uidOf(t, user)), strings.TrimSpace(run(t, "id", "-g", user))
	groups := strings.Fields(run(t, "id", "-G", user))
	status := statusFields(r["status"])
	got := strings.Fields(status["Groups"])
	slices.Sort(groups)
	slices.Sort(got)
	for name, want := range map[string]string{
		"Uid": strings.Repeat(uid+"\t", 3) + uid, "Gid": strings.Repeat(gid+"\t", 3) + gid, "NoNewPrivs": noNewPrivs,
		"CapEff": "0000000000000000", "CapPrm": "0000000000000000", "CapInh": "0000000000000000", "CapAmb": "0000000000000000",
		"SigBlk": "0000000000000000",
	} {
		if status[name] != want {
			t.Errorf("%s %s: %s is %q, not %q", user, request, name, status[name], want)
		}
	}
	if !slices.Equal(got, groups) {
		t.Errorf("%s %s: groups %v, not %v", user, request, got, groups)
	}
	if strings.TrimSpace(r["umask"]) != "0027" || strings.TrimSpace(r["cwd"]) != "/" {
		t.Errorf("%s %s: umask %s, folder %s", user, request, r["umask"], r["cwd"])
	}
	for limit, want := range map[string]string{"Max core file size": "0", "Max open files": "1024"} {
		line := lineWith(r["limits"], limit)
		if field := strings.Fields(strings.TrimPrefix(line, limit)); len(field) < 2 || field[0] != want || field[1] != want {
			t.Errorf("%s %s: %q", user, request, line)
		}
	}
	for _, limit := range []string{"Max cpu time", "Max data size"} {
		if line := lineWith(r["limits"], limit); strings.Contains(line, "unlimited") {
			t.Errorf("%s %s: %q", user, request, line)
		}
	}
}

func lineWith(text, prefix string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
	return ""
}

// TestHandlerDescriptors: standard ones, the event file to append to, the slot, the queue for what decodes pictures; nothing of the caller's.
func TestHandlerDescriptors(t *testing.T) {
	needDemo(t)
	id := forge(t, "bruno", nil)
	mountProbe(t, "shz")
	call := withSession(id, "GET", "/cgi-bin/shz/demo/x?thumbnail=1")
	call.shell = `exec 5</etc/passwd 6>/dev/null 7<. 8</etc/hostname 9</etc/hosts; exec "$@"`
	a := callGate(t, call)
	kinds := make(map[string]int)
	for line := range strings.Lines(parseReport(a.body)["descriptors"]) {
		number, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case number == "0" || number == "1" || number == "2":
		case strings.HasPrefix(to, layout.Events+"/"):
			kinds["event"]++
		case strings.HasPrefix(to, layout.Slots+"/"+strconv.Itoa(uidOf(t, "bruno"))+"."):
			kinds["slot"]++
		case strings.HasPrefix(to, layout.Slots+"/decode."):
			kinds["queue"]++
		case to == layout.Handlers+"/shz": // sh reads the probe from it
		case to == "": // sh has just closed the folder in which it looked
		default:
			t.Errorf("descriptor %s is %s", number, to)
		}
	}
	if kinds["event"] != 1 || kinds["slot"] != 1 || kinds["queue"] != 1 {
		t.Errorf("%v: %s%s", kinds, a.body, a.stderr)
	}
}

// hostile is an environment as a dishonest client or a careless Apache might bring it about.
var hostile = map[string]string{
	"LD_PRELOAD": "/tmp/evil.so", "LD_LIBRARY_PATH": "/tmp", "LD_AUDIT": "/tmp/evil.so", "GLIBC_TUNABLES": "glibc.malloc.mxfast=1",
	"PATH": "/tmp", "IFS": "/", "BASH_ENV": "/tmp/evil", "ENV": "/tmp/evil", "PS4": "$(id)", "PYTHONPATH": "/tmp",
	"BASH_FUNC_id%%": "() { :; }", "HTTP_PROXY": "http://evil.example/", "HTTPS_PROXY": "http://evil.example/", "ALL_PROXY": "x",
	"TMPDIR": "/tmp/evil", "HOME": "/root", "TZ": "/etc/shadow", "LANG": "../../etc", "LC_ALL": "xx", "SHELL": "/tmp/sh", "USER": "root",
	"HTTP_X_FORWARDED_FOR": "10.9.8.7", "HTTP_FORWARDED": "for=10.9.8.7", "HTTP_X_REAL_IP": "10.9.8.7", "HTTP_AUTHORIZATION": "Basic eDp5",
	"REMOTE_USER": "admin", "AUTH_TYPE": "Basic", "PATH_INFO": "/../x", "PATH_TRANSLATED": "/etc/passwd", "SCRIPT_NAME": "/x",
	"SCRIPT_FILENAME": "/etc/passwd", "DOCUMENT_ROOT": "/", "REDIRECT_URL": "/x", "CONTEXT_PREFIX": "/x",
	"SHZ_USER": "admin", "SHZ_REQUEST": "forged", "SHZ_SESSION": "forged", "SHZ_EVENT_FD": "1", "SHZ_QUEUE_FD": "1", "SHZ_MUST_CHANGE": "yes",
	"SHZ_REFUSED": "busy", "SHZ_LANG": "xx", "SUDO_UID": "0", "SUDO_USER": "root", "GOTRACEBACK": "crash", "GOROOT": "/tmp", "GODEBUGX": "1",
	"": "nameless", "=": "=", "NOEQUALS": "", "GREEK_\u03b1": "\xff\xfe",
}

// allowed are the only names that may reach a handler.
var allowed = strings.Fields(`PATH LANG GOMAXPROCS SHZ_REQUEST SHZ_ENTRY SHZ_LANG SHZ_USER SHZ_EVENT_FD SHZ_SESSION SHZ_TIME SHZ_MUST_CHANGE
	CONTENT_LENGTH CONTENT_TYPE GATEWAY_INTERFACE HTTPS HTTP_ACCEPT HTTP_ACCEPT_LANGUAGE HTTP_CONTENT_LANGUAGE HTTP_EXPECT HTTP_HOST
	HTTP_IF_MATCH HTTP_IF_MODIFIED_SINCE HTTP_IF_NONE_MATCH HTTP_IF_RANGE HTTP_IF_UNMODIFIED_SINCE HTTP_ORIGIN HTTP_RANGE HTTP_REFERER
	HTTP_CONTENT_RANGE HTTP_SEC_FETCH_SITE HTTP_SHZ_PAGE_USER HTTP_TRANSFER_ENCODING HTTP_USER_AGENT QUERY_STRING REMOTE_ADDR REMOTE_PORT
	REQUEST_METHOD REQUEST_URI SERVER_NAME SERVER_PORT SERVER_PROTOCOL`)

func TestHandlerEnvironment(t *testing.T) {
	needDemo(t)
	id := forge(t, "bruno", nil)
	mountProbe(t, "home", "login")
	for _, cookie := range []string{"SESSION_ID=" + id + "; lang=en", ""} {
		call := withSession(id, "GET", "/cgi-bin/home")
		for name, value := range hostile {
			call.set[name] = value
		}
		call.set["HTTP_COOKIE"] = cookie
		a := callGate(t, call)
		if a.status != 200 {
			t.Fatal(a.exit, a.stderr)
		}
		env := checkEnvironment(t, parseReport(a.body)["environment"], id)
		user, lang := "bruno", "en"
		if cookie == "" {
			user, lang = "", ""
		}
		for name, want := range map[string]string{
			"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "SHZ_ENTRY": "internal", "SHZ_USER": user, "SHZ_LANG": lang, "REMOTE_ADDR": "127.0.0.1",
		} {
			if env[name] != want {
				t.Errorf("%s=%q, not %q", name, env[name], want)
			}
		}
	}
}

// checkEnvironment refuses every name that is not allowed, and the session's id anywhere.
func checkEnvironment(t *testing.T, text, id string) map[string]string {
	t.Helper()
	env := make(map[string]string)
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !slices.Contains(allowed, name) {
			t.Errorf("the handler gets %s=%.40q", name, value)
		}
		env[name] = value
	}
	if strings.Contains(text, id) {
		t.Error("the handler gets the session's id")
	}
	if len(env["SHZ_REQUEST"]) != 16 || strings.Trim(env["SHZ_REQUEST"], "0123456789abcdef") != "" {
		t.Errorf("SHZ_REQUEST=%q", env["SHZ_REQUEST"])
	}
	return env
}

// TestEnvironmentThroughApache: headers that try to become variables.
func TestEnvironmentThroughApache(t *testing.T) {
	needDemo(t)
	id := forge(t, "bruno", nil)
	mountProbe(t, "home")
	a := rawHeaders(t, id, "GET /cgi-bin/home?x&y", "Proxy: http://evil.example/", "X_Forwarded_For: 10.9.8.7", "X-Forwarded-For: 10.9.8.7",
		"Shz-Entry: external", "SHZ_ENTRY: external", "Shz-User: admin", "LD_PRELOAD: /tmp/evil.so", "Content_Length: 5",
		"Range: bytes=0-1", "Authorization: Basic eDp5", "Connection: X-Forwarded-For, close", "GODEBUG: inittrace=1",
		"Accept-Language: it", "Accept_Language: en", "Transfer_Encoding: chunked", "REMOTE_ADDR: 10.9.8.7", "Remote-Addr: 10.9.8.7")
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	env := checkEnvironment(t, parseReport(a.body)["environment"], id)
	for name, want := range map[string]string{
		"SHZ_ENTRY": "internal", "SHZ_USER": "bruno", "REMOTE_ADDR": "127.0.0.1", "HTTP_ACCEPT_LANGUAGE": "it", "CONTENT_LENGTH": "",
		"HTTP_TRANSFER_ENCODING": "",
	} {
		if env[name] != want {
			t.Errorf("%s=%q, not %q", name, env[name], want)
		}
	}
	if arguments := strings.Split(strings.TrimSpace(parseReport(a.body)["arguments"]), "\n"); len(arguments) != 2 {
		t.Errorf("sh and the probe had arguments: %q", arguments)
	}
}

func rawHeaders(t *testing.T, id, line string, headers ...string) answer {
	t.Helper()
	all := append([]string{line + " HTTP/1.1", "Host: 127.0.0.1", "Cookie: SESSION_ID=" + id}, headers...)
	return raw(t, strings.Join(all, "\r\n")+"\r\n\r\n")
}

// TestHandlersAreUnreadable: a user with a shell can neither read nor trace the program that runs as him.
func TestHandlersAreUnreadable(t *testing.T) {
	needDemo(t)
	for _, component := range []string{"login", "home", "menu", "shz", "chpwd", "logout", "refused"} {
		if out, status := asUser(t, "bruno", "cat", layout.Handlers+"/"+component); status == 0 {
			t.Errorf("%s can be read: %.20q", component, out)
		}
	}
	zone := newZone(t, "user:bruno=write")
	source := randomFile(t, 8*mib)
	cmd := curlCommand(t, "-b", jar(t, "bruno"), "--limit-rate", "2M", "-H", "Expect:", "-o", "/dev/null", "-T", source, "/cgi-bin/shz/"+zone+"/x")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	pid := handler(t, "shz", "bruno")
	for _, name := range []string{"environ", "mem", "maps", "fd/0"} {
		if out, status := asUser(t, "bruno", "sh", "-c", `cat "$1" >/dev/null`, "sh", fmt.Sprintf("/proc/%d/%s", pid, name)); status == 0 {
			t.Errorf("bruno reads %s of his handler: %s", name, out)
		}
	}
	if out, status := asUser(t, "bruno", "timeout", "5", "strace", "-p", strconv.Itoa(pid)); status == 124 || !strings.Contains(out, "not permitted") {
		t.Errorf("bruno traces his handler: %d %s", status, out)
	}
}

// TestForgedUserNames: names that a session must not carry are no names of the interface either.
func TestForgedUserNames(t *testing.T) {
	needDemo(t)
	names := make(chan string)
	var trying sync.WaitGroup
	for range 4 { // each refusal takes a second
		trying.Go(func() {
			for name := range names {
				a := curl(t, "-H", "Accept: application/json", "-d", "username="+url.QueryEscape(name)+"&password=x", "/cgi-bin/login")
				if a.status != 401 || a.code() != "not-logged-in" || a.header.Get("Set-Cookie") != "" {
					t.Errorf("%.40q: %d %s", name, a.status, a.body)
				}
			}
		})
	}
	for _, name := range []string{
		"..", "-rf", "a/b", "root", "www-data", "nobody", "shzguest", "anna\x00", "anna\nroot", "a=b", " anna", "anna ", "ANNA", "anna@",
		strings.Repeat("a", 300), "", "%61nna", "$(id)", "../../etc/passwd", "*",
	} {
		if session.ValidUser(name) && (strings.ContainsAny(name, "/\x00\n= ") || name == "..") {
			t.Errorf("%q is a valid user", name)
		}
		names <- name
	}
	close(names)
	trying.Wait()
}
