package web

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// testComponent names the component that this test program is when it is started as a CGI program.
const testComponent = "SHZ_TEST_WEB_COMPONENT"

func TestMain(m *testing.M) {
	if name := os.Getenv(testComponent); name != "" {
		Run(testComponents[name])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// testComponents are components with nothing but this package in them.
var testComponents = map[string]func(*Call) error{
	"form": func(c *Call) error {
		fields, err := c.Form("a", "b", "f", "")
		if err != nil {
			return err
		}
		return c.Answer(http.StatusOK, fields, nil)
	},
	"body": func(c *Call) error {
		b, err := io.ReadAll(c.Request.Body)
		if err != nil {
			return err
		}
		return c.Answer(http.StatusOK, string(b), nil)
	},
	"send":  sendBody,
	"parts": listParts,
	"deaf":  func(c *Call) error { return Refuse(Conflict, "it reads no body") },
	"call": func(c *Call) error {
		return c.Answer(http.StatusOK, map[string]any{
			"id": c.ID, "user": c.User, "entry": c.Entry, "address": c.Address, "session": c.Session, "must": c.MustChange,
			"language": c.Language, "rest": c.Rest(), "path": c.Path(), "size": c.Body.Size(), "method": c.Request.Method,
			"host": c.Request.Host, "event": c.Event != nil, "from": c.From(), "done": c.Done(),
		}, nil)
	},
	"redirect": func(c *Call) error { return c.SeeOther(c.Request.URL.Query().Get("to"), http.StatusOK, "to") },
	"new": func(c *Call) error {
		c.SetLocation(c.Path() + c.Request.URL.Query().Get("add"))
		return c.Answer(http.StatusCreated, "", nil)
	},
	"fail": func(c *Call) error {
		c.Writer().Header().Set("Cache-Control", "public")
		c.Writer().Header().Set("Content-Length", "3")
		c.Writer().Header().Set("Content-Range", "bytes */7")
		return Refuse(Code(c.Request.URL.Query().Get("code")), "not for\nthe browser: /srv/sharezone")
	},
	"cookie": func(c *Call) error {
		c.SetCookie(&http.Cookie{Name: "SESSION_ID", Value: "x"})
		return c.Answer(http.StatusOK, "", nil)
	},
	"surplus": func(c *Call) error { return writePieces(c, "5", "abc", "defgh", "ijk") },
	"short":   func(c *Call) error { return writePieces(c, "12", "abc") },
	"negative": func(c *Call) error {
		return writePieces(c, "-5", "abc")
	},
	"unchanged": func(c *Call) error {
		c.Writer().WriteHeader(http.StatusNotModified)
		return writePieces(c, "", "abc")
	},
	"half": func(c *Call) error {
		if err := writePieces(c, "12", "abc"); err != nil {
			return err
		}
		return Refuse(NoSpace, "in the middle")
	},
	"broken-page": func(c *Call) error {
		return c.AnswerPage(http.StatusOK, templ.ComponentFunc(func(_ context.Context, to io.Writer) error {
			io.WriteString(to, strings.Repeat("half a page ", 100_000))
			return Refuse(Busy, "in the middle of the page")
		}))
	},
	"file": func(c *Call) error {
		f, err := os.Open(os.Getenv("TEST_FILE"))
		if err != nil {
			return err
		}
		defer f.Close()
		c.Writer().Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(c.Writer(), c.Request, "", time.Unix(1793000000, 0), f)
		c.Log(errors.New("complete=" + strconv.FormatBool(c.Complete()) + " sent=" + strconv.FormatInt(c.Sent(), 10)))
		return nil
	},
}

func writePieces(c *Call, length string, pieces ...string) error {
	c.Writer().Header().Set("Content-Length", length)
	for _, piece := range pieces {
		if n, err := io.WriteString(c.Writer(), piece); err != nil || n != len(piece) {
			c.Log(errors.Join(errors.New("wrote "+strconv.Itoa(n)), err))
		}
	}
	return nil
}

type fileReceiver struct{ *os.File }

func (r fileReceiver) Receive(in *os.File, n int64) (int64, error) {
	if n < 0 {
		return io.Copy(r.File, in)
	}
	got, err := io.CopyN(r.File, in, n)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return got, err
}

func sendBody(c *Call) error {
	f, err := os.CreateTemp("", "")
	if err != nil {
		return err
	}
	os.Remove(f.Name())
	n, err := c.Body.SendTo(fileReceiver{f})
	if err != nil {
		return err
	}
	return c.Answer(http.StatusOK, n, nil)
}

func listParts(c *Call) error {
	var found []string
	err := c.Parts(func(p Part) error {
		b, err := io.ReadAll(io.LimitReader(p, 20))
		found = append(found, p.Name+"|"+p.FileName+"|"+string(b))
		if p.Name == "stop" {
			return Refuse(Exists, "stop")
		}
		return err
	})
	c.Log(errors.New(strconv.Itoa(len(found)) + " parts"))
	if err != nil {
		return err
	}
	return c.Answer(http.StatusOK, found, nil)
}

// cgiCall is a request as the gate hands it to a component. The zero value is a GET of a script.
type cgiCall struct {
	component string // of testComponents
	as        string // what the gate calls it by; "" is shz
	method    string
	uri       string
	set       map[string]string // further variables; "-" leaves one out
	body      string
	pipes     bool // standard input and output are pipes, as from mod_cgi; otherwise one socket, as from mod_cgid
	gone      bool // the web server gives the request up after the body
}

func (q cgiCall) environment() []string {
	env := map[string]string{
		testComponent: q.component, "REQUEST_METHOD": q.method, "REQUEST_URI": q.uri, "SERVER_PROTOCOL": "HTTP/1.1",
		"GATEWAY_INTERFACE": "CGI/1.1", "REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "share.example", "HTTP_ACCEPT": "application/json",
		"SHZ_REQUEST": "0123456789abcdef", "SHZ_ENTRY": "internal", "SHZ_USER": "anna",
	}
	if env["REQUEST_METHOD"] == "" {
		env["REQUEST_METHOD"] = http.MethodGet
	}
	if env["REQUEST_URI"] == "" {
		env["REQUEST_URI"] = "/cgi-bin/test"
	}
	if q.body != "" {
		env["CONTENT_LENGTH"] = strconv.Itoa(len(q.body))
	}
	maps.Copy(env, q.set)
	maps.DeleteFunc(env, func(_, value string) bool { return value == "-" })
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// cgiAnswer is what a web server would read.
type cgiAnswer struct {
	status int
	header http.Header
	body   string
	stderr string
}

func (a cgiAnswer) errorObject(t *testing.T) errorObject {
	t.Helper()
	var o errorObject
	if err := json.Unmarshal([]byte(a.body), &o); err != nil {
		t.Errorf("no error object: %v %q", err, a.body)
	}
	return o
}

// run starts the component and is its web server. It requires an answer that arrives whole: a socket closed with
// unread bytes in it is a reset, and the web server loses what it has not read yet.
func (q cgiCall) run(t *testing.T) cgiAnswer {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args[0] = layout.Handlers + "/" + cmp.Or(q.as, "shz")
	cmd.Env = q.environment()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	var theirs [2]*os.File
	write, read := q.connect(t, &theirs)
	cmd.Stdin, cmd.Stdout = theirs[0], theirs[1]
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs[0].Close()
	theirs[1].Close()
	go func() {
		io.WriteString(write, q.body)
		if q.pipes {
			write.Close()
			return
		}
		how := unix.SHUT_WR
		if q.gone {
			how = unix.SHUT_RDWR
		}
		unix.Shutdown(int(write.Fd()), how)
	}()
	out, readErr := io.ReadAll(read)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, stderr.String())
	}
	if q.gone {
		return cgiAnswer{stderr: stderr.String()}
	}
	if readErr != nil {
		t.Errorf("the answer is cut off: %v", readErr)
	}
	return parseAnswer(t, out, stderr.String())
}

func (q cgiCall) connect(t *testing.T, theirs *[2]*os.File) (write, read *os.File) {
	t.Helper()
	if q.pipes {
		in, write, err1 := os.Pipe()
		read, out, err2 := os.Pipe()
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { write.Close(); read.Close() })
		*theirs = [2]*os.File{in, out}
		return write, read
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, child := os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket")
	t.Cleanup(func() { ours.Close() })
	*theirs = [2]*os.File{child, child}
	return ours, ours
}

// parseAnswer reads a CGI response as Apache does, and refuses what Apache would.
func parseAnswer(t *testing.T, out []byte, stderr string) cgiAnswer {
	t.Helper()
	a := cgiAnswer{stderr: stderr}
	head, body, found := bytes.Cut(out, []byte("\r\n\r\n"))
	if !found || !bytes.HasPrefix(head, []byte("Status: ")) {
		t.Fatalf("no CGI answer: %.300q\n%s", out, stderr)
	}
	r, err := http.ReadResponse(bufio.NewReader(io.MultiReader(
		strings.NewReader("HTTP/1.1 "), bytes.NewReader(head[len("Status: "):]), strings.NewReader("\r\n\r\n"))),
		&http.Request{Method: http.MethodHead})
	if err != nil {
		t.Fatalf("%v: %.300q", err, head)
	}
	for line := range strings.Lines(string(head)) {
		if len(line) > 8191 {
			t.Errorf("Apache would not take this line of %d bytes: %.80s…", len(line), line)
		}
	}
	a.status, a.header, a.body = r.StatusCode, r.Header, string(body)
	return a
}
