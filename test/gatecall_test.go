package test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// gateCall is one run of the gate, without Apache, so that it meets what Apache would never send.
type gateCall struct {
	uid     int               // of the caller; 0 means Apache's
	set     map[string]string // variables beside or instead of a plain request's; "-" removes one
	environ []string          // the whole environment instead, as it is, doubles included
	args    []string
	stdin   string
	prepare string   // shell commands run as root before, in a mount namespace of their own
	strace  []string // arguments of strace: make the kernel refuse
	shell   string   // run by the caller instead of the gate itself: closes descriptors and the like; "$@" is the gate
}

// gateAnswer is how it ended. The exit status is the step's number + 100, also when the component "refused" answered.
type gateAnswer struct {
	exit   int
	status int // of the CGI answer; 0 = none, so Apache would send its own 500
	body   string
	stderr string
}

// step is the number of the step that refused, 0 if none did.
func (a gateAnswer) step() int {
	if a.exit > 100 && a.exit < 128 {
		return a.exit - 100
	}
	return 0
}

// plainRequest is what Apache sends for GET /cgi-bin/login.
func plainRequest() map[string]string {
	return map[string]string{
		"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8080",
		"REQUEST_METHOD": "GET", "REQUEST_URI": "/cgi-bin/login", "QUERY_STRING": "", "REMOTE_ADDR": "127.0.0.1",
		"REMOTE_PORT": "40000", "HTTP_HOST": "127.0.0.1:8080", "HTTP_ACCEPT": "application/json", "SHZ_ENTRY": "internal",
		"PATH": "/usr/local/bin:/usr/bin:/bin",
	}
}

func (c gateCall) environment() []string {
	if c.environ != nil {
		return c.environ
	}
	all := plainRequest()
	for name, value := range c.set {
		if all[name] = value; value == "-" {
			delete(all, name)
		}
	}
	var environ []string
	for name, value := range all {
		environ = append(environ, name+"="+value)
	}
	slices.Sort(environ)
	return environ
}

func callGate(t *testing.T, c gateCall) gateAnswer {
	t.Helper()
	needCopy(t)
	if c.uid == 0 {
		c.uid = layout.ApacheUID
	}
	argv := append([]string{layout.Gate}, c.args...)
	credential := &syscall.Credential{Uid: uint32(c.uid), Gid: layout.ApacheUID}
	environ := c.environment()
	if c.shell != "" {
		argv = append([]string{"/bin/sh", "-c", c.shell, "sh"}, argv...)
	}
	switch {
	case c.prepare != "": // env -i, because unshare and sh would add variables of their own
		inner := append([]string{"setpriv", "--reuid", strconv.Itoa(c.uid), "--regid", "33", "--clear-groups", "env", "-i"}, environ...)
		argv = append([]string{"unshare", "-m", "--propagation", "private", "sh", "-ec", c.prepare + `; exec "$@"`, "sh"}, append(inner, argv...)...)
		credential, environ = nil, os.Environ()
	case c.strace != nil:
		argv = append(append([]string{"strace", "-f", "-qq", "-o", "/dev/null", "-u", "www-data"}, c.strace...), argv...)
		credential = nil
	}
	return start(t, argv, environ, credential, c.stdin)
}

// callGateRoot is the gate called by root, whom the kernel would let in.
func callGateRoot(t *testing.T) gateAnswer {
	t.Helper()
	needCopy(t)
	return start(t, []string{layout.Gate}, gateCall{}.environment(), nil, "")
}

// start runs a program with exactly this environment; exec.Cmd would remove doubles.
func start(t *testing.T, argv, environ []string, credential *syscall.Credential, stdin string) gateAnswer {
	t.Helper()
	path, err := exec.LookPath(argv[0])
	if err != nil {
		path = argv[0] // 4750: root alone can look it up
	}
	in, inWriter := pipe(t)
	outReader, out := pipe(t)
	errReader, stderr := pipe(t)
	p, err := os.StartProcess(path, argv, &os.ProcAttr{
		Dir: "/", Env: environ, Files: []*os.File{in, out, stderr}, Sys: &syscall.SysProcAttr{Credential: credential},
	})
	for _, f := range []*os.File{in, out, stderr} {
		f.Close()
	}
	if err != nil { // the kernel did not let it start
		return gateAnswer{exit: 126, stderr: err.Error()}
	}
	timer := time.AfterFunc(patience, func() { p.Kill() })
	defer timer.Stop()
	go func() {
		io.WriteString(inWriter, stdin)
		inWriter.Close()
	}()
	said := make(chan string)
	go func() {
		b, _ := io.ReadAll(errReader)
		said <- string(b)
	}()
	body, _ := io.ReadAll(outReader)
	a := gateAnswer{stderr: <-said}
	state, err := p.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if !timer.Stop() {
		t.Errorf("the gate hung: %q", argv)
	}
	a.exit = state.ExitCode()
	a.status, a.body = parseCGI(string(body))
	return a
}

func pipe(t *testing.T) (*os.File, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// parseCGI reads a CGI response (RFC 3875, 6); status 0 if it is none.
func parseCGI(text string) (int, string) {
	line, rest, found := strings.Cut(text, "\r\n")
	status, isStatus := strings.CutPrefix(line, "Status: ")
	if !found || !isStatus {
		return 0, text
	}
	r, err := http.ReadResponse(bufio.NewReader(strings.NewReader("HTTP/1.0 "+status+"\r\n"+rest)), nil)
	if err != nil {
		return 0, text
	}
	body, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(body)
}

// forge stores a session of a demo user under a new id, changed as edit says, and returns the id. What stands in it is
// taken from a real one.
func forge(t *testing.T, user string, edit func(*session.Record)) string {
	t.Helper()
	record := realRecord(t, user)
	if edit != nil {
		edit(&record)
	}
	b, err := record.Format()
	if err != nil {
		t.Fatal(err)
	}
	return store(t, string(b))
}

// realRecord is the user's present session, looked at again if anything changed since.
func realRecord(t *testing.T, user string) session.Record {
	t.Helper()
	file := sessionFile(t, sessionID(t, user))
	record, err := session.Parse([]byte(read(t, file)))
	if err == nil && !record.Stale(time.Now().Add(10*time.Second), session.Stamp()) {
		return record
	}
	if a := jsonAs(t, user, "/cgi-bin/home"); a.status != 200 {
		t.Fatalf("%s is not logged in: %d %s", user, a.status, a.body)
	}
	if record, err = session.Parse([]byte(read(t, file))); err != nil {
		t.Fatal(err)
	}
	return record
}

// store writes a session file with any content and returns the id that leads to it.
func store(t *testing.T, content string) string {
	t.Helper()
	id, err := session.NewID()
	if err != nil {
		t.Fatal(err)
	}
	name := sessionFile(t, id)
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(name) })
	return id
}

// holdSlots takes the locks of slot files whose names a format makes of 0 to n-1, and returns what gives them back.
func holdSlots(t *testing.T, format string, n int) func() {
	t.Helper()
	var held []*os.File
	for i := range n {
		f, err := os.OpenFile(layout.Slots+"/"+fmt.Sprintf(format, i), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, f)
		free := func() bool { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil }
		if !eventually(patience, free) {
			t.Fatalf("%s is held by somebody else", f.Name())
		}
	}
	return func() {
		for _, f := range held {
			f.Close()
		}
	}
}
