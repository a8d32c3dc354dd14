package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/layout"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// asWhat says what this test program was started as: "handler", "impatient" for one that begins each long answer at once, "small" for one with a limit of file sizes, or "tests" in a mount namespace with a base of its own.
const asWhat = "SHZ_TEST_SHZ"

func init() {
	switch os.Getenv(asWhat) {
	case "small": // files of 1 MiB at most
		unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20})
		web.Run(answer)
		os.Exit(0)
	case "impatient":
		patience, thumbnailSeconds, thumbnailWait = 0, 1, 2*time.Second
		fallthrough
	case "handler":
		web.Run(answer)
		os.Exit(0)
	}
}

// The users of the tests; no account needs to exist for the kernel.
const (
	anna  = 4242 // owns the zone
	bruno = 4243
)

// newZone makes the zone "demo" of anna's in an empty base, with what prepare makes there as a shell, and says whether
// the test goes on: at first it starts itself again in a mount namespace, where the base is a tmpfs that nobody sees.
func newZone(t *testing.T, prepare string) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("mounting and becoming a user need root")
	}
	if os.Getenv(asWhat) == "" {
		script := "mount -t tmpfs tmpfs /srv && mkdir -m 711 " + layout.Base + ` && exec "$@"`
		cmd := exec.Command("unshare", "-m", "sh", "-c", script, "sh", os.Args[0], "-test.v", "-test.run", "^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), asWhat+"=tests")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return false
	}
	script := "set -e; umask 027; cd " + layout.Base + "; mkdir demo; cd demo; " + prepare + fmt.Sprintf("; chown -Rh %d:%[1]d .; chmod 1777 .", anna)
	if out, err := exec.Command("bash", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return true
}

// call is a request of a user, as the gate hands it to this component. The zero value is anna's GET of the zone.
type call struct {
	user   int // anna, if 0
	method string
	target string // below /cgi-bin/shz/
	set    map[string]string
	body   string
	event  *os.File
	queue  *os.File // nil: one in which nobody else is
	gone   bool     // the client takes a little of the answer and goes away
}

type reply struct {
	status int
	header http.Header
	body   string
	stderr string
	events string // what stands in the event file after the gate's line
}

func (q call) run(t *testing.T) reply {
	t.Helper()
	if q.user == 0 {
		q.user = anna
	}
	event := q.event
	if event == nil {
		var err error
		if event, err = os.OpenFile(filepath.Join(t.TempDir(), "event"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
			t.Fatal(err)
		}
		defer event.Close()
	}
	queue := q.queue
	if queue == nil {
		var err error
		if queue, err = os.Create(filepath.Join(t.TempDir(), "queue")); err != nil {
			t.Fatal(err)
		}
		defer queue.Close()
	}
	env := map[string]string{
		asWhat: "handler", "REQUEST_METHOD": http.MethodGet, "REQUEST_URI": "/cgi-bin/shz/" + q.target, "SERVER_PROTOCOL": "HTTP/1.1",
		"REMOTE_ADDR": "192.0.2.7", "HTTP_HOST": "share.example", "HTTP_ACCEPT": "application/json", "SHZ_REQUEST": "0123456789abcdef",
		"SHZ_ENTRY": "internal", "SHZ_USER": "someone", "SHZ_EVENT_FD": "3", "SHZ_QUEUE_FD": "4", "CONTENT_LENGTH": fmt.Sprint(len(q.body)),
	}
	if q.method != "" {
		env["REQUEST_METHOD"] = q.method
	}
	maps.Copy(env, q.set)
	cmd := exec.Command("/proc/self/exe")
	for name, value := range env {
		if value != "-" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	var out, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = strings.NewReader(q.body), &out, &stderr, []*os.File{event, queue}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(q.user), Gid: uint32(q.user)}}
	var err error
	if q.gone {
		err = runAndLeave(cmd)
	} else {
		err = cmd.Run()
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	r := reply{stderr: stderr.String()}
	if q.event == nil {
		events, err := os.ReadFile(event.Name())
		if err != nil {
			t.Fatal(err)
		}
		r.events = string(events)
	}
	if !q.gone {
		r.read(t, out.Bytes())
	}
	return r
}

func runAndLeave(cmd *exec.Cmd) error {
	cmd.Stdout = nil
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	io.CopyN(io.Discard, pipe, 100_000)
	pipe.Close()
	return cmd.Wait()
}

func (r *reply) read(t *testing.T, out []byte) {
	t.Helper()
	head, body, _ := bytes.Cut(out, []byte("\r\n\r\n"))
	text := strings.Replace(string(head), "Status:", "HTTP/1.1", 1) + "\r\n\r\n"
	got, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), &http.Request{Method: http.MethodHead})
	if err != nil {
		t.Fatalf("%v: %.300q\n%s", err, out, r.stderr)
	}
	r.status, r.header, r.body = got.StatusCode, got.Header, string(body)
	if length := r.header.Get("Content-Length"); length != "" && len(body) > 0 && length != fmt.Sprint(len(body)) {
		t.Errorf("Content-Length %s, and %d bytes", length, len(body))
	}
}

// code is the error code of the answer, "" if it is no error.
func (r reply) code() string {
	var object struct{ Error struct{ Code string } }
	json.Unmarshal([]byte(r.body), &object)
	return object.Error.Code
}

var limits = config.Listing{Entries: 200, MaxEntries: 1000}

func TestParseWindow(t *testing.T) {
	for query, want := range map[string]window{
		"":                      {order: zone.Order{By: "name"}, offset: 0, limit: 200},
		"sort=&order=&offset=":  {order: zone.Order{By: "name"}, offset: 0, limit: 200},
		"sort=size&order=desc":  {order: zone.Order{By: "size", Descending: true}, offset: 0, limit: 200},
		"sort=modified":         {order: zone.Order{By: "modified"}, offset: 0, limit: 200},
		"offset=5&limit=1":      {order: zone.Order{By: "name"}, offset: 5, limit: 1},
		"limit=1000&order=asc":  {order: zone.Order{By: "name"}, offset: 0, limit: 1000},
		"offset=99999999999999": {order: zone.Order{By: "name"}, offset: 99999999999999, limit: 200},
		"other=x&sort=name":     {order: zone.Order{By: "name"}, offset: 0, limit: 200},
	} {
		want.usual = limits.Entries
		values, _ := url.ParseQuery(query)
		if got, err := parseWindow(values, limits); err != nil || got != want {
			t.Errorf("%s: %+v %v", query, got, err)
		}
	}
	for _, query := range []string{
		"sort=owner", "sort=Name", "sort=name%00", "sort=../x", "order=up", "order=DESC", "offset=-1", "offset=x", "offset=1.5", "offset=0x1", "offset=%201",
		"offset=99999999999999999999", "limit=0", "limit=-1", "limit=1001", "limit=x", "limit=1e3",
	} {
		values, _ := url.ParseQuery(query)
		if _, err := parseWindow(values, limits); web.CodeOf(err) != web.BadRequest {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestWindowHref(t *testing.T) {
	for _, row := range []struct {
		w    window
		want string
	}{
		{window{order: zone.Order{By: "name"}, offset: 0, limit: 200}, "/x/?order=asc&sort=name"},
		{window{order: zone.Order{By: "size", Descending: true}, offset: 400, limit: 100}, "/x/?limit=100&offset=400&order=desc&sort=size"},
	} {
		row.w.usual = limits.Entries
		if got := row.w.href("/x/"); string(got) != row.want {
			t.Errorf("%s, not %s", got, row.want)
		}
		values, _ := url.ParseQuery(row.want[len("/x/?"):])
		if back, err := parseWindow(values, limits); err != nil || back != row.w {
			t.Errorf("%s leads to %+v, not back to %+v", row.want, back, row.w)
		}
	}
}

func TestDescribe(t *testing.T) {
	size, owner, nobody := int64(5), uint32(0), uint32(4_000_000_001)
	at := func(year int) *time.Time { t := time.Date(year, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)); return &t }
	b, err := json.Marshal(describe([]zone.Entry{
		{Name: "a", Kind: "file", Size: &size, Modified: at(2026), Owner: &owner},
		{Name: "caf\xe9 \"x\"", Kind: "dir", Modified: at(1901), Owner: &nobody},
		{Name: "\u202e", Kind: "other", Modified: at(12026)},
		{Name: "b", Kind: "file", Modified: at(-1)},
	}, account.NewNames()))
	want := `[{"name":"a","type":"file","size":5,"modified":"2026-01-02T02:04:05Z","owner":"root"},` +
		`{"name":"caf` + "\ufffd" + ` \"x\"","raw":"caf%E9%20%22x%22","type":"dir","size":null,"modified":"1901-01-02T02:04:05Z","owner":"uid:4000000001"},` +
		`{"name":"` + "\u202e" + `","type":"other","size":null,"modified":null,"owner":null},{"name":"b","type":"file","size":null,"modified":null,"owner":null}]`
	if err != nil || string(b) != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, b, want)
	}
}

// TestRefusedPaths: what is not a path of the zone, and what is no file or folder there.
func TestRefusedPaths(t *testing.T) {
	if !newZone(t, `mkdir sub shut; echo content >file; mkfifo fifo; ln -s file link; ln -s .. sub/up; ln -s /etc etc; echo x >shut/x; chmod 0 shut
		echo x >.shz-partial; echo x >unreadable; chmod 0 unreadable; mkdir ../other; touch ../plain; ln -s demo ../alias; mkdir ../.closed`) {
		return
	}
	for target, want := range map[string]int{
		"demo/": 200, "demo/file": 200, "demo/sub/": 200, "demo": 308, "demo/sub": 308, "demo/file/": 404, "demo/nothing": 404, "demo/nothing/": 404,
		"demo/file/x": 404, "demo/link": 403, "demo/link/": 403, "demo/etc/": 403, "demo/etc/passwd": 403, "demo/sub/up/": 403, "demo/sub/up/file": 403, "demo/fifo": 403,
		"demo/fifo/": 403, "demo/unreadable": 403, "demo/shut": 308, "demo/shut/": 403, "demo/shut/x": 403, "demo/.shz-partial": 404, "demo/.shz-": 404,
		"demo/..": 400, "demo/../other/": 400, "demo/%2e%2e/": 400, "demo//": 400, "demo//file": 400, "demo/./file": 400, "demo/file%00": 400, "demo/%2Fetc%2Fpasswd": 400,
		"demo/sub%2f..%2ffile": 400, "demo/%zz": 400, "/": 400, "/demo/": 400, "../": 400, "..": 400, "%64emo/": 404, "Demo/": 404, "nothing/": 404, "plain": 404, "plain/": 404,
		"alias/": 404, "alias/file": 404, ".closed/": 404, "demo/" + strings.Repeat("n", 256): 400, "demo/" + strings.Repeat("n/", 3000): 404,
		"demo/?sort=owner": 400, "demo/?limit=9999": 400, "demo/?sort=size&order=desc&offset=1&limit=1": 200, "demo?sort=size": 308,
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if got := (call{method: method, target: target}).run(t); got.status != want {
				t.Errorf("%s %.60s: %d, not %d: %.200s", method, target, got.status, want, got.body)
			}
		}
	}
	if got := (call{target: "demo/sub?sort=size"}).run(t).header.Get("Location"); got != "/cgi-bin/shz/demo/sub/?sort=size" {
		t.Errorf("Location %q", got)
	}
	if got := (call{target: ""}).run(t); got.status != 200 || got.body != `{"url":"/cgi-bin/home"}`+"\n" {
		t.Errorf("no zone: %d %s", got.status, got.body)
	}
	if got := (call{target: "", set: map[string]string{"HTTP_ACCEPT": "text/html"}}).run(t); got.status != 303 || got.header.Get("Location") != "/cgi-bin/home" {
		t.Errorf("no zone: %d %v", got.status, got.header)
	}
}

func TestListing(t *testing.T) {
	if !newZone(t, `mkdir sub drop; for i in 3 1 2; do echo $i >"sub/File $i"; done; touch .shz-x "$(printf 'caf\351')" '<svg onload=alert(1)>'; chmod 773 drop`) {
		return
	}
	root := call{target: "demo/"}.run(t)
	var l listing
	if err := json.Unmarshal([]byte(root.body), &l); err != nil || l.Zone != "demo" || l.Path != "" || l.Access != zone.Own || *l.Total != 4 || len(l.Entries) != 4 {
		t.Errorf("%v %s", err, root.body)
	}
	if l.Entries[1].Raw != "caf%E9" || l.Entries[1].Name != "caf\ufffd" {
		t.Errorf("%+v", l.Entries[1])
	}
	if root.events != "" {
		t.Errorf("looking is told: %s", root.events)
	}
	sub := call{target: "demo/sub/?sort=name&order=desc&offset=1&limit=1"}.run(t)
	if !strings.Contains(sub.body, `"path":"sub","access":"own","total":3,"offset":1,"entries":[{"name":"File 2","type":"file","size":2,`) {
		t.Error(sub.body)
	}
	// One may deliver into a drop box, and is told neither what is in it nor how much.
	drop := call{target: "demo/drop/", user: bruno}.run(t)
	if drop.status != 200 || !strings.Contains(drop.body, `"access":"drop","total":null,"offset":0,"entries":null}`) {
		t.Errorf("%d %s", drop.status, drop.body)
	}
	if foreign := (call{target: "demo/", user: bruno}).run(t); !strings.Contains(foreign.body, `"access":"write"`) {
		t.Errorf("bruno: %d %.200s", foreign.status, foreign.body)
	}
	page := call{target: "demo/", set: map[string]string{"HTTP_ACCEPT": "text/html"}}.run(t)
	if page.status != 200 || strings.Contains(page.body, "<svg onload") || !strings.Contains(page.body, `href="/cgi-bin/shz/demo/caf%E9"`) || strings.Contains(page.body, ".shz-x") {
		t.Errorf("%d %s", page.status, page.body)
	}
	if head := (call{method: "HEAD", target: "demo/"}).run(t); head.status != 200 || head.body != "" || head.events != "" {
		t.Errorf("%d %q %q", head.status, head.body, head.events)
	}
	// The address of a deep folder is longer than a header may be.
	deep := strings.Repeat(strings.Repeat("a", 250)+"/", 12)
	if err := os.MkdirAll(layout.Base+"/demo/"+deep, 0o755); err != nil {
		t.Fatal(err)
	}
	address := "demo/" + strings.TrimSuffix(strings.ReplaceAll(deep, "a", "%61"), "/")
	if got := (call{target: address}).run(t); got.status != 308 || got.header.Get("Location") != "./"+strings.Repeat("%61", 250)+"/" {
		t.Errorf("%d %.100q", got.status, got.header.Get("Location"))
	}
	if got := (call{target: address + "/"}).run(t); got.status != 200 {
		t.Errorf("%d %.200s", got.status, got.body)
	}
}
