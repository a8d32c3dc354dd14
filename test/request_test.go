package test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// patience is how long any request may take that moves no large file.
const patience = 20 * time.Second

// answer is what a client got.
type answer struct {
	status int // 0: no answer
	header http.Header
	body   string
	exit   int    // curl's
	stderr string // curl's
}

// code is the error code in a JSON answer, "" if there is none.
func (a answer) code() string {
	var object struct{ Error struct{ Code string } }
	json.Unmarshal([]byte(a.body), &object)
	return object.Error.Code
}

// wantsJSON asks for the machine's form of the answer.
var wantsJSON = []string{"-H", "Accept: application/json"}

// curl runs the real curl. An argument that begins with /cgi-bin/ or is / gets the address before it. Paths go as they
// are: no dots are removed, no brackets understood.
func curl(t *testing.T, args ...string) answer {
	t.Helper()
	var body bytes.Buffer
	a := curlTo(t, &body, args...)
	a.body = body.String()
	return a
}

// arrive is where a form led, as a browser gets there: its page says no more than the site when it asks (Referrer-Policy).
func arrive(t *testing.T, a answer, args ...string) answer {
	t.Helper()
	if a.status != 303 {
		t.Errorf("a form was answered by %d %s", a.status, a.body)
	}
	return curl(t, append(args, "-e", needDemo(t).url+"/", a.header.Get("Location"))...)
}

// curlTo is curl with the body going elsewhere: large ones are not kept.
func curlTo(t *testing.T, body io.Writer, args ...string) answer {
	t.Helper()
	headers := filepath.Join(t.TempDir(), "headers")
	cmd := curlCommand(t, append([]string{"-D", headers}, args...)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = body, &said
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	a := answer{exit: cmd.ProcessState.ExitCode(), stderr: said.String()}
	b, _ := os.ReadFile(headers)
	a.status, a.header = lastHeader(b)
	return a
}

func curlCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	d := needDemo(t)
	all := []string{"-sS", "-g", "--path-as-is", "--max-time", "20"}
	for _, a := range args {
		if a == "/" || strings.HasPrefix(a, "/cgi-bin") || strings.HasPrefix(a, "/static/") || strings.HasPrefix(a, "//cgi-bin") {
			a = d.url + a
		}
		all = append(all, a)
	}
	return exec.Command("curl", all...)
}

// lastHeader reads the header block of the final answer, after those of 100 Continue and the like.
func lastHeader(b []byte) (int, http.Header) {
	blocks := bytes.Split(bytes.TrimSpace(b), []byte("\r\n\r\n"))
	last := append(blocks[len(blocks)-1], "\r\n\r\n"...)
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(last)), &http.Request{Method: http.MethodHead})
	if err != nil {
		return 0, nil
	}
	return r.StatusCode, r.Header
}

// curlAs is curl with the session of a user, which it opens by a real login where there is none.
func curlAs(t *testing.T, user string, args ...string) answer {
	t.Helper()
	return curl(t, append([]string{"-b", jar(t, user)}, args...)...)
}

// jsonAs is curlAs that asks for JSON.
func jsonAs(t *testing.T, user string, args ...string) answer {
	t.Helper()
	return curlAs(t, user, append(wantsJSON, args...)...)
}

// jars are the cookie jars by user.
var jars sync.Map

// jar returns the user's cookie jar. A session that has ended meanwhile is replaced by a new one.
func jar(t *testing.T, user string) string {
	t.Helper()
	if found, ok := jars.Load(user); ok && exists(sessionFile(t, cookieIn(t, found.(string)))) {
		return found.(string)
	}
	return login(t, user)
}

// login opens a new session in a new jar.
func login(t *testing.T, user string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jar")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, user)
	a := tryLogin(t, user, needDemo(t).password[user], "-c", file)
	if a.status != 200 {
		t.Fatalf("login of %s: %d %s%s", user, a.status, a.body, a.stderr)
	}
	jars.Store(user, file)
	return file
}

// tryLogin sends the login form as a script does.
func tryLogin(t *testing.T, user, password string, args ...string) answer {
	t.Helper()
	args = append(args, "-H", "Accept: application/json", "--data-urlencode", "username="+user,
		"--data-urlencode", "password="+password, "/cgi-bin/login")
	return curl(t, args...)
}

// cookieIn is the session id in a jar.
func cookieIn(t *testing.T, jar string) string {
	t.Helper()
	for line := range strings.Lines(read(t, jar)) {
		if field := strings.Fields(line); len(field) == 7 && field[5] == "SESSION_ID" {
			return field[6]
		}
	}
	t.Fatalf("no SESSION_ID in %s", jar)
	return ""
}

// sessionID is the id of the user's session.
func sessionID(t *testing.T, user string) string { t.Helper(); return cookieIn(t, jar(t, user)) }

// sessionFile is where the session of an id is stored.
func sessionFile(t *testing.T, id string) string {
	t.Helper()
	name, ok := session.FileName(id)
	if !ok {
		t.Fatalf("%q is no session id", id)
	}
	return layout.Sessions + "/" + name
}

// raw sends bytes that no client would send, and reads the answer. A connection that is closed without one is status 0.
func raw(t *testing.T, request string) answer {
	t.Helper()
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(needDemo(t).url, "http://"), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Logf("send: %v", err) // refused before all of it was sent
	}
	method, _, _ := strings.Cut(request, " ")
	r, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			t.Errorf("no answer within %v to %.200q", patience, request)
		}
		return answer{}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Logf("body: %v", err)
	}
	return answer{status: r.StatusCode, header: r.Header, body: string(body)}
}

// rawAs is raw for "METHOD TARGET" with headers of the user's session before those given.
func rawAs(t *testing.T, user, line string, headers ...string) answer {
	t.Helper()
	all := append([]string{
		line + " HTTP/1.1", "Host: 127.0.0.1", "Connection: close", "Accept: application/json",
		"Cookie: SESSION_ID=" + sessionID(t, user),
	}, headers...)
	return raw(t, strings.Join(all, "\r\n")+"\r\n\r\n")
}

// digest is a hash that also counts.
type digest struct {
	hash.Hash
	bytes int64
}

func newDigest() *digest { return &digest{Hash: sha256.New()} }

func (d *digest) Write(b []byte) (int, error) {
	d.bytes += int64(len(b))
	return d.Hash.Write(b)
}

func (d *digest) text() string { return hex.EncodeToString(d.Sum(nil)) }

// digestOf is the SHA-256 of a file.
func digestOf(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := newDigest()
	if _, err := io.Copy(d, f); err != nil {
		t.Fatal(err)
	}
	return d.text()
}
