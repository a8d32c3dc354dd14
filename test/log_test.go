package test

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// logLine is the one line of a request (internal/web).
var logLine = regexp.MustCompile(`sharezone ([a-z]+): request=([0-9a-f]{16}) user=([a-z0-9-]*) entry=(internal|external) code=([a-z-]+)((?: "(?:[^"\\]|\\.)*")*)` +
	` address=([0-9a-f.:]+) method=([A-Z]+) status=(\d{3}) ms=(\d+) bytes=(\d+)$`)

// TestLogLines: each request has one line, which says who did what from where, how it ended, and how much went out.
func TestLogLines(t *testing.T) {
	needDemo(t)
	if exists("/dev/log") {
		t.Fatal("a log daemon takes the lines: this test reads Apache's log")
	}
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	write(t, "anna", zonePath(zone, "ten.txt"), "0123456789")
	for _, row := range []struct {
		name, user string
		args       []string
		want       string // component, user, code, method, status
		reasons    bool
	}{
		{"a page", "bruno", []string{"/cgi-bin/home"}, "home bruno ok GET 200", false},
		{"a download", "bruno", []string{folder + "ten.txt"}, "shz bruno ok GET 200", false},
		{"a range", "bruno", []string{"-r", "3-5", folder + "ten.txt"}, "shz bruno ok GET 206", false},
		{"a head", "bruno", []string{"-I", folder + "ten.txt"}, "shz bruno ok HEAD 200", false},
		{"not changed", "bruno", []string{"-z", "Tue, 01 Jan 2099 00:00:00 GMT", folder + "ten.txt"}, "shz bruno ok GET 304", false},
		{"an upload", "bruno", []string{"-T", "/etc/hostname", folder + "new.txt"}, "shz bruno ok PUT 201", false},
		{"an existing name", "bruno", []string{"-T", "/etc/hostname", folder + "new.txt"}, "shz bruno exists PUT 409", true},
		{"a form", "bruno", []string{"-d", "op=mkdir&name=made", folder}, "shz bruno ok POST 201", false},
		{"no such file", "bruno", []string{folder + "nothing"}, "shz bruno not-found GET 404", true},
		{"a name that would break a line", "bruno", []string{folder + `%22%20address=9.9.9.9%0Asharezone%20shz:%20request=0`}, "shz bruno not-found GET 404", true},
		{"not permitted", "carla", []string{folder + "ten.txt"}, "shz carla not-permitted GET 403", true},
		{"no session", "", []string{folder}, "login  not-logged-in GET 401", true},
		{"a wrong password", "", []string{"-d", "username=bruno&password=wrong", "/cgi-bin/login"}, "login  not-logged-in POST 401", true},
		{"a wrong old password, by the form", "bruno", []string{"-H", "Accept: text/html", "-d", "old=wrong&new=Neue-Wege-2031&confirm=Neue-Wege-2031", "/cgi-bin/chpwd"}, "chpwd bruno not-permitted POST 403", true},
		{"a session that is over, as a page", "", []string{"-H", "Accept: text/html", "-H", "Cookie: SESSION_ID=" + strings.Repeat("A", 43), folder}, "login  not-logged-in GET 401", true},
		{"no such component", "bruno", []string{"/cgi-bin/nothing"}, "refused  not-found GET 404", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			from := len(read(t, apacheErrors))
			args := row.args
			if !slices.Contains(args, "Accept: text/html") {
				args = append([]string{"-H", "Accept: application/json"}, args...)
			}
			if row.user != "" {
				args = append([]string{"-H", "Cookie: SESSION_ID=" + sessionID(t, row.user)}, args...)
			}
			a := curl(t, args...)
			id := a.header.Get("X-Request-Id")
			var lines []string
			eventually(patience, func() bool {
				lines = linesOf(read(t, apacheErrors)[from:], id)
				return len(lines) > 0
			})
			if len(lines) != 1 {
				t.Fatalf("%d lines for request %s (%d):\n%s", len(lines), id, a.status, strings.Join(lines, "\n"))
			}
			f := logLine.FindStringSubmatch(lines[0])
			if f == nil {
				t.Fatalf("%q", lines[0])
			}
			size := len(a.body)
			if f[8] == "HEAD" {
				size = 0 // curl -I prints the header
			}
			if got := strings.Join([]string{f[1], f[3], f[5], f[8], f[9]}, " "); got != row.want {
				t.Errorf("%s, not %s: %s", got, row.want, lines[0])
			}
			if f[4] != "internal" || f[7] != "127.0.0.1" || f[9] != strconv.Itoa(a.status) || f[11] != strconv.Itoa(size) || (f[6] != "") != row.reasons {
				t.Errorf("status %d, %d bytes: %s", a.status, size, lines[0])
			}
		})
	}
}

// linesOf are the lines that handlers wrote of a request: the helpers behind them have lines of their own.
func linesOf(log, id string) []string {
	var lines []string
	for line := range strings.Lines(log) {
		if strings.Contains(line, "request="+id+" ") && strings.Contains(line, " status=") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

// TestLogRotation: logrotate turns the log over as it is shipped; what is under way goes on, and later requests are in the new
// file, which has the same owner and mode.
func TestLogRotation(t *testing.T) {
	needDemo(t)
	const rules, older = "/etc/logrotate.d/apache2-sharezone", apacheErrors + ".1"
	zone := newZone(t, "user:bruno=write")
	big := zonePath(zone, "big")
	run(t, "truncate", "-s", "64M", big)
	run(t, "chown", "anna:anna", big)
	id := sessionID(t, "bruno")
	before := curl(t, "-H", "Cookie: SESSION_ID="+id, "/cgi-bin/home").header.Get("X-Request-Id")
	got := t.TempDir() + "/got"
	download := curlCommand(t, "-H", "Cookie: SESSION_ID="+id, "--limit-rate", "16M", "-o", got, "/cgi-bin/shz/"+zone+"/big")
	if err := download.Start(); err != nil {
		t.Fatal(err)
	}
	if !eventually(patience, func() bool { return len(linesOf(read(t, apacheErrors), before)) == 1 }) {
		t.Fatalf("request %s has no line", before)
	}
	run(t, "logrotate", "--force", "--state", t.TempDir()+"/state", rules)
	if err := download.Wait(); err != nil {
		t.Error("the download that was under way:", err)
	} else if size := len(read(t, got)); size != 64<<20 {
		t.Errorf("the download that was under way ended after %d bytes", size)
	}
	if len(linesOf(read(t, older), before)) != 1 {
		t.Errorf("request %s is not in %s", before, older)
	}
	var after string
	if !eventually(patience, func() bool {
		after = curl(t, "-H", "Cookie: SESSION_ID="+id, "/cgi-bin/home").header.Get("X-Request-Id")
		return after != "" && eventually(patience/10, func() bool { return len(linesOf(read(t, apacheErrors), after)) == 1 })
	}) {
		t.Errorf("request %s is not in the new log", after)
	}
	if got := strings.TrimSpace(run(t, "stat", "-c", "%a %U %G", apacheErrors)); got != "640 root adm" {
		t.Error(got)
	}
	for _, log := range []string{apacheErrors, older} {
		if out, status := asUser(t, "bruno", "cat", log); status == 0 {
			t.Errorf("bruno reads %s: %.100s", log, out)
		}
	}
}

// ownLogDaemon is the socket of a log daemon for programs in a mount namespace of their own, which prepare makes.
func ownLogDaemon(t *testing.T) (socket *net.UnixConn, prepare string) {
	t.Helper()
	devices := filepath.Join(t.TempDir(), "dev")
	if err := os.Mkdir(devices, 0o755); err != nil {
		t.Fatal(err)
	}
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(devices, "log"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	if err := os.Chmod(filepath.Join(devices, "log"), 0o666); err != nil {
		t.Fatal(err)
	}
	return socket, "for f in null zero full random urandom tty; do : >>" + devices + "/$f; mount --bind /dev/$f " + devices + "/$f; done; mount --rbind " + devices + " /dev"
}

// TestLogToSyslog: where a log daemon runs, the lines of the gate, of handlers and of helpers go there, each with its priority, and
// none to Apache's log. A daemon that does not read holds nobody up: then the line goes to Apache's log.
func TestLogToSyslog(t *testing.T) {
	needDemo(t)
	home := withSession(sessionID(t, "bruno"), "GET", "/cgi-bin/home")
	guess := gateCall{stdin: "username=bruno&password=wrong", set: map[string]string{"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/x-www-form-urlencoded",
		"CONTENT_LENGTH": "29", "HTTP_HOST": "127.0.0.1:8080", "HTTP_ORIGIN": "http://127.0.0.1:8080"}}
	for _, row := range []struct {
		name   string
		call   gateCall
		status int
		want   []string // each is the beginning of a line: priority, moment, text
	}{
		{"a handler", home, 200, []string{`^<30>[A-Z][a-z]{2} [ 0-9]\d [0-9:]{8} sharezone home: request=[0-9a-f]{16} user=bruno entry=internal code=ok .* status=200 `}},
		{"the gate", gateCall{set: map[string]string{"SHZ_ENTRY": "-"}}, 0, []string{`^<36>.{15} sharezone gate: step 5 refused: `}},
		{"the auth helper", guess, 401, []string{`^<85>.{15} sharezone auth: `, `^<30>.{15} sharezone login: .* code=not-logged-in `}},
	} {
		t.Run(row.name, func(t *testing.T) {
			socket, prepare := ownLogDaemon(t)
			row.call.prepare = prepare
			a := callGate(t, row.call)
			if a.status != row.status || strings.Contains(a.stderr, "sharezone") {
				t.Errorf("%d %s: %s", a.status, a.body, a.stderr)
			}
			socket.SetReadDeadline(time.Now().Add(time.Second)) // all was sent before the gate ended
			var told []string
			for b := make([]byte, 1<<16); ; {
				n, err := socket.Read(b)
				if err != nil {
					break
				}
				told = append(told, string(b[:n]))
			}
			for _, want := range row.want {
				if !slices.ContainsFunc(told, regexp.MustCompile(want).MatchString) {
					t.Errorf("no %s in %q", want, told)
				}
			}
		})
	}
	t.Run("a daemon that does not read", func(t *testing.T) {
		socket, prepare := ownLogDaemon(t)
		full, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(full)
		for err == nil {
			err = unix.Sendto(full, []byte("full"), 0, &unix.SockaddrUnix{Name: socket.LocalAddr().String()})
		}
		home.prepare = prepare
		if a := callGate(t, home); a.status != 200 || strings.Count(a.stderr, "sharezone home: request=") != 1 {
			t.Errorf("%d %s: %s", a.status, err, a.stderr)
		}
	})
}
