package test

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The whole way of a partner: a browser, the reverse proxy with real TLS, the external entry. Three network namespaces, joined
// by veth: the partner reaches the proxy alone, and the proxy the external entry alone.

const (
	dmzPartner = "198.51.100.5" // in the namespace "partner"
	dmzOutside = "198.51.100.1" // the proxy's, towards the partner
	dmzInside  = "192.0.2.80"   // the proxy's, towards the inside
	dmzBackend = "192.0.2.10:8181"
	dmzHost    = "share.example.com"
)

// dmzNetwork makes the namespaces. The inside is where the tests are. nsenter and not "ip netns exec" runs what is to be in one:
// that would make a namespace of mounts too, in which install.sh sees /proc of its Apache otherwise.
const dmzNetwork = `
ip netns add dmz
ip link add toproxy netns partner type veth peer name topartner netns dmz
ip link add todmz type veth peer name toinside netns dmz
for n in $(seq 5 16); do ip -n partner addr add 198.51.100.$n/24 dev toproxy; done
ip -n dmz addr add 198.51.100.1/24 dev topartner; ip -n dmz addr add 192.0.2.80/24 dev toinside
ip addr add 192.0.2.10/24 dev todmz
ip -n partner link set lo up; ip -n partner link set toproxy up
ip -n dmz link set lo up; ip -n dmz link set topartner up; ip -n dmz link set toinside up
ip link set todmz up
# The proxy's machine is no wall by itself here: the partner's packets come through to the inside, and the answers back.
nsenter --net=/run/netns/dmz sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
ip -n partner route add 192.0.2.0/24 via 198.51.100.1
ip route add 198.51.100.0/24 via 192.0.2.80
`

// partnerCurl is curl in the partner's namespace, which asks for the public name.
func partnerCurl(t *testing.T, certificate, path string, args ...string) answer {
	t.Helper()
	headers := filepath.Join(t.TempDir(), "headers")
	all := append([]string{
		"--net=/run/netns/partner", "curl", "-sS", "-g", "--path-as-is", "--max-time", "60", "-D", headers, "--cacert", certificate,
		"--resolve", dmzHost + ":443:" + dmzOutside, "-H", "Accept: application/json",
	}, append(args, "https://"+dmzHost+path)...)
	body, exit := output(t, "nsenter", all...)
	b, _ := os.ReadFile(headers)
	a := answer{exit: exit, body: body}
	a.status, a.header = lastHeader(b)
	return a
}

func TestDMZ(t *testing.T) {
	d := needDemo(t)
	if said, exit := output(t, "ip", "netns", "add", "partner"); exit != 0 {
		t.Skip("no network namespaces here: " + said)
	}
	t.Cleanup(func() { run(t, "sh", "-c", "ip netns del partner; ip netns del dmz") })
	run(t, "sh", "-ec", dmzNetwork)
	dir := t.TempDir()
	certificate, key := dir+"/cert.pem", dir+"/key.pem"
	run(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2", "-subj", "/CN="+dmzHost,
		"-addext", "subjectAltName=DNS:"+dmzHost, "-keyout", key, "-out", certificate)
	dmz := func(args ...string) (string, int) {
		return output(t, "nsenter", append([]string{"--net=/run/netns/dmz", "./install.sh", "--dmz"}, args...)...)
	}
	t.Cleanup(func() {
		if out, exit := dmz("--uninstall"); exit != 0 || exists("/run/apache2-sharezone-dmz") {
			t.Errorf("--dmz --uninstall: exit %d\n%s", exit, out)
		}
		for _, pattern := range []string{"/etc/apache2-sharezone-dmz/*", "/etc/logrotate.d/*dmz*", "/etc/systemd/system/*dmz*", "/var/lib/sharezone/pending/dmz*"} {
			if left, _ := filepath.Glob(pattern); len(left) > 0 {
				t.Errorf("--dmz --uninstall leaves %v", left)
			}
		}
		if _, exit := output(t, "nsenter", "--net=/run/netns/dmz", "nft", "list", "table", "inet", "sharezone_dmz"); exit == 0 {
			t.Error("--dmz --uninstall leaves the limit")
		}
		run(t, "rm", "-r", "/var/log/apache2-sharezone-dmz") // which it leaves
		if out, status := install(t, "--no-external"); status != 0 {
			t.Errorf("--no-external: exit %d\n%s", status, out)
		}
	})
	if out, status := install(t, "--external", dmzBackend, "--proxy", dmzInside); status != 0 {
		t.Fatalf("--external: exit %d\n%s", status, out)
	}
	options := []string{"--backend", "http://" + dmzBackend, "--cert", certificate, "--key", key}
	if out, exit := dmz(options...); exit != 0 || !strings.Contains(out, "sharezone-dmz: started on 443") {
		t.Fatalf("--dmz: exit %d\n%s", exit, out)
	}
	if out, exit := dmz(options[:2]...); exit != 0 || strings.TrimSpace(out) != "nothing to change" {
		t.Errorf("--dmz again: exit %d\n%s", exit, out)
	}
	run(t, "logrotate", "-d", "/etc/logrotate.d/apache2-sharezone-dmz")
	zone := newZone(t, "user:bruno=write")
	jar := dir + "/jar"
	login := partnerCurl(t, certificate, "/cgi-bin/login", "-c", jar, "--data-urlencode", "username=bruno", "--data-urlencode", "password="+d.password["bruno"],
		"-H", "X-Forwarded-For: 10.0.0.1", "-H", "Connection: X-Forwarded-For", "-H", "Forwarded: for=10.0.0.1", "-H", "X-Real-IP: 10.0.0.1")
	if login.status != 200 || !strings.Contains(login.body, `"entry":"external"`) || !strings.Contains(login.header.Get("Set-Cookie"), "Secure") ||
		login.header.Get("Strict-Transport-Security") == "" {
		t.Fatalf("login: %d %v %s", login.status, login.header, login.body)
	}
	if records := sessionsOutside(t, "bruno"); len(records) != 1 || records[0].Address != dmzPartner {
		t.Errorf("the session is of %+v", records)
	}
	cookie := "Cookie: SESSION_ID=" + cookieIn(t, jar)
	t.Run("transfer", func(t *testing.T) { dmzTransfer(t, certificate, cookie, zone) })
	t.Run("TLS", func(t *testing.T) { dmzTLS(t, certificate) })
	t.Run("large", func(t *testing.T) { dmzLarge(t, certificate, cookie) })
	t.Run("paths", func(t *testing.T) { dmzPaths(t, certificate, cookie) })
	t.Run("second factor", func(t *testing.T) {
		factorFromOutside(t, func(path string, args ...string) answer { return partnerCurl(t, certificate, path, args...) })
	})
	t.Run("lengths", func(t *testing.T) { dmzLengths(t, certificate) })
	t.Run("links", func(t *testing.T) { dmzLinks(t, certificate) })
	t.Run("nobody else", func(t *testing.T) {
		// Neither the partner nor a process of the proxy's machine that names no client gets anything of the inside.
		for _, claim := range []string{"X-Forwarded-For: 203.0.113.5", "X-Forwarded-For: " + dmzInside} {
			out, _ := output(t, "nsenter", "--net=/run/netns/partner", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", "-H", claim,
				"http://"+dmzBackend+"/index.html")
			if out != "403" {
				t.Errorf("the partner, past the proxy, with %s: %s", claim, out)
			}
		}
		out, _ := output(t, "nsenter", "--net=/run/netns/dmz", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://"+dmzBackend+"/cgi-bin/login")
		if out != "500" {
			t.Errorf("for nobody: %s", out)
		}
	})
	t.Run("reload", func(t *testing.T) { dmzReload(t, certificate, cookie, zone) })
	t.Run("one client", func(t *testing.T) { dmzOneClient(t, certificate) })
	t.Run("guessing", func(t *testing.T) { dmzGuessing(t, certificate, d.password) })
	t.Run("many", func(t *testing.T) { dmzMany(t, certificate) })
	t.Run("restart", func(t *testing.T) { dmzRestart(t, certificate, cookie, zone) })
	t.Run("slow clients", func(t *testing.T) { dmzSlow(t, certificate, cookie, zone) })
	t.Run("inside is down", func(t *testing.T) {
		first := strings.TrimSpace(read(t, "/run/apache2-sharezone-external/apache2.pid"))
		apacheControl(t, "external", "stop")
		if !eventually(patience, func() bool { return !exists("/proc/" + first) }) { // it has its address till then
			t.Fatal("Apache does not stop")
		}
		if a := partnerCurl(t, certificate, "/"); a.status != 503 || !strings.Contains(a.body, "This page cannot be shown") || !strings.Contains(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("%d %v %s", a.status, a.header, a.body)
		} else if policy := a.header.Get("Referrer-Policy"); policy != "origin" {
			t.Errorf("what it asks for says where it stands: %q", policy)
		}
		apacheControl(t, "external", "start")
		if !eventually(patience, func() bool { return partnerCurl(t, certificate, "/").status == 200 }) {
			t.Error("it is not found again")
		}
	})
	t.Run("another port", func(t *testing.T) {
		if out, exit := dmz("--listen", "8443"); exit != 0 || !strings.Contains(out, "restarted on 8443") {
			t.Errorf("exit %d\n%s", exit, out)
		}
		if out, exit := dmz(); exit != 0 || strings.TrimSpace(out) != "nothing to change" {
			t.Errorf("what was chosen is not kept: exit %d\n%s", exit, out)
		}
	})
}

// openMany opens connections to the proxy from one of the partner's addresses, says how many it got, and holds them.
const openMany = `
import socket, sys
held = []
for i in range(100):
    try: held.append(socket.create_connection(("198.51.100.1", 443), 20, (sys.argv[1], 0)))
    except ConnectionError: pass
print(len(held), flush=True)
sys.stdin.read()
`

// dmzOneClient: one address has its share of the connections, and another is served meanwhile.
func dmzOneClient(t *testing.T, certificate string) {
	cmd := exec.Command("nsenter", "--net=/run/netns/partner", "python3", "-c", openMany, dmzPartner)
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if got := strings.TrimSpace(line); got != "60" {
		t.Errorf("one address has %q connections", got)
	}
	if a := partnerCurl(t, certificate, "/favicon.ico", "--interface", dmzPartner); a.exit == 0 {
		t.Errorf("one more: %d", a.status)
	}
	if a := partnerCurl(t, certificate, "/favicon.ico", "--interface", "198.51.100.6"); a.status != 200 {
		t.Errorf("another address meanwhile: exit %d, %d", a.exit, a.status)
	}
	hold.Close()
	cmd.Wait()
	if !eventually(patience, func() bool {
		return partnerCurl(t, certificate, "/favicon.ico", "--interface", dmzPartner).status == 200
	}) {
		t.Error("refused for good")
	}
}

// dmzTransfer: what goes up comes down, byte for byte, and an upload that breaks off leaves nothing.
func dmzTransfer(t *testing.T, certificate, cookie, zone string) {
	source := t.TempDir() + "/large"
	run(t, "sh", "-c", "head -c 50M /dev/urandom > "+source)
	path := "/cgi-bin/shz/" + zone + "/large"
	if a := partnerCurl(t, certificate, path, "-H", cookie, "-T", source); a.status != 201 {
		t.Fatalf("upload: %d %s", a.status, a.body)
	}
	for what, chunked := range map[string][]string{"a%20b": nil, "chunked": {"-H", "Transfer-Encoding: chunked"}} {
		if a := partnerCurl(t, certificate, "/cgi-bin/shz/"+zone+"/"+what, append(chunked, "-H", cookie, "-T", "/etc/passwd")...); a.status != 201 {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	if read(t, zonePath(zone, "a b")) != read(t, "/etc/passwd") || read(t, zonePath(zone, "chunked")) != read(t, "/etc/passwd") {
		t.Error("small uploads differ")
	}
	if a := partnerCurl(t, certificate, path, "-H", cookie); a.status != 200 || fmt.Sprintf("%x", sha256.Sum256([]byte(a.body))) != sum(t, source) {
		t.Errorf("download: %d, %d bytes", a.status, len(a.body))
	}
	if a := partnerCurl(t, certificate, path, "-H", cookie, "-H", "Range: bytes=10-19"); a.status != 206 || len(a.body) != 10 {
		t.Errorf("range: %d %d", a.status, len(a.body))
	}
	broken := partnerCurl(t, certificate, "/cgi-bin/shz/"+zone+"/broken", "-H", cookie, "-T", source, "--limit-rate", "10M", "--max-time", "1")
	if broken.exit == 0 {
		t.Error("the upload did not break off")
	}
	noHandlers(t, "shz", "bruno")
	if exists(zonePath(zone, "broken")) {
		t.Error("half a file is there")
	}
}

// dmzReload: a reload of both Apaches breaks off no upload and no download, and meanwhile others are served.
func dmzReload(t *testing.T, certificate, cookie, zone string) {
	source := t.TempDir() + "/moving"
	run(t, "sh", "-c", "head -c 30M /dev/urandom > "+source)
	path := "/cgi-bin/shz/" + zone + "/moving"
	for _, row := range []struct {
		name string
		args []string
		want int
	}{{"upload", []string{"-T", source}, 201}, {"download", nil, 200}} {
		ended := make(chan answer)
		go func() {
			ended <- partnerCurl(t, certificate, path, append(row.args, "-H", cookie, "--limit-rate", "6M")...)
		}()
		time.Sleep(time.Second)
		for _, instance := range []string{"dmz", "external"} {
			apacheControl(t, instance, "graceful")
		}
		if !eventually(patience, func() bool { return partnerCurl(t, certificate, "/favicon.ico").status == 200 }) {
			t.Errorf("%s: nobody else is served after a reload", row.name)
		}
		select {
		case a := <-ended:
			t.Errorf("%s: ended before the reload was over: %d", row.name, a.status)
			continue
		default:
		}
		a := <-ended
		if a.exit != 0 || a.status != row.want {
			t.Errorf("%s: exit %d, %d %.200s", row.name, a.exit, a.status, a.body)
		}
		if row.args == nil && fmt.Sprintf("%x", sha256.Sum256([]byte(a.body))) != sum(t, source) {
			t.Errorf("%s: %d bytes, others", row.name, len(a.body))
		}
	}
	if sum(t, zonePath(zone, "moving")) != sum(t, source) {
		t.Error("the upload is another file")
	}
}

func sum(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	io.Copy(h, f)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// dmzPaths: the proxy asks the inside for what partners need, and a path means the same to both.
func dmzPaths(t *testing.T, certificate, cookie string) {
	for path, want := range map[string]int{
		"/": 200, "/index_en.html": 200, "/static/style.css": 200, "/favicon.ico": 200, "/cgi-bin/home": 200, "/cgi-bin/shz/": 303, "/cgi-bin/menu": 200,
		"/cgi-bin/users": 403, "/cgi-bin/resetpwd": 403, "/cgi-bin/homes": 403, "/cgi-bin/": 403, "/server-status": 403, "/error.html": 403, "/cgi-bin": 403,
		"/cgi-bin/users/../home": 403, "/cgi-bin/home/../users": 403, "/cgi-bin/users/%2e%2e/home": 403, "/cgi-bin/home/%2E%2E/users": 403, "/cgi-bin//users": 403, "/cgi-bin/./users": 403,
		"//cgi-bin/home": 403, "/%63gi-bin/users": 403, "/CGI-BIN/users": 403, "/static/../cgi-bin/users": 403, "/cgi-bin/home?next=//evil/../x": 200,
	} {
		if a := partnerCurl(t, certificate, path, "-H", cookie); a.status != want && (want != 303 || a.status/100 != 3 && a.status != 200) {
			t.Errorf("%s: %d", path, a.status)
		} else if want == 403 && !strings.Contains(a.body, "This page cannot be shown") {
			t.Errorf("%s: not our page:\n%.300s", path, a.body)
		}
	}
	if a := partnerCurl(t, certificate, "/cgi-bin/zones", "-H", cookie, "-d", "op=create", "-d", "name=from-outside"); a.status != 403 || exists(zonePath("from-outside")) {
		t.Errorf("administration: %d", a.status)
	}
}

// dmzLinks: the link of a mail stands in no log.
func dmzLinks(t *testing.T, certificate string) {
	partnerCurl(t, certificate, "/cgi-bin/forgot?token=of-a-mail-by-the-proxy")
	// What its page asks for, and what either refuses, of which error.log names the Referer.
	for _, path := range []string{"/static/style.css", "/cgi-bin/users", "/static/none"} {
		partnerCurl(t, certificate, path, "-H", "Referer: https://"+dmzHost+"/cgi-bin/forgot?token=of-a-mail-by-the-proxy")
	}
	for _, instance := range []string{"sharezone-dmz", "sharezone-external"} {
		log := "/var/log/apache2-" + instance + "/access.log"
		for _, request := range []string{`"GET /cgi-bin/forgot HTTP/1.1"`, `"GET /static/none HTTP/1.1"`} {
			if !eventually(patience, func() bool { return strings.Contains(read(t, log), request) }) {
				t.Errorf("%s: not in it: %s", log, request)
			}
		}
	}
	if out, exit := output(t, "grep", "-rl", "of-a-mail-by-the-proxy", "/var/log"); exit != 1 {
		t.Errorf("the link stands in %s", out)
	}
}

// dmzLengths sends through the proxy what two servers could take for different requests. The inside must never see the
// request that is hidden in another's body, and nobody afterwards may get an answer that is not his: neither on the same
// connection, nor on one of those between the two servers, which all clients share.
func dmzLengths(t *testing.T, certificate string) {
	const log = "/var/log/apache2-sharezone-external/access.log"
	const following = "GET /favicon.ico HTTP/1.1\r\nHost: " + dmzHost + "\r\n\r\n"
	const last = "GET /favicon.ico HTTP/1.1\r\nHost: " + dmzHost + "\r\nConnection: close\r\n\r\n"
	favicon := read(t, "/usr/share/sharezone/static/favicon.svg")
	before := len(read(t, log))
	seen := func(request string) bool { return strings.Contains(read(t, log)[before:], request) }
	// The log tells what is looked for in it.
	partnerCurl(t, certificate, "/cgi-bin/login?smuggled=control")
	if !eventually(patience, func() bool { return seen("GET /cgi-bin/login?smuggled=control ") }) {
		t.Fatal("a request is not in " + log)
	}
	inner := func(n int) string {
		return fmt.Sprintf("GET /cgi-bin/login?smuggled=row-%d HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 203.0.113.5\r\n\r\n", n, dmzHost)
	}
	length := len(inner(0))
	for n, row := range []struct{ name, headers, before string }{
		{"two equal lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
		{"twice in a line", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"},
		{"both", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
		{"both, the other way", fmt.Sprintf("Transfer-Encoding: chunked\r\nContent-Length: %d\r\n", 5+length), "0\r\n\r\n"},
		{"identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"},
		{"unknown coding", fmt.Sprintf("Transfer-Encoding: xchunked\r\nContent-Length: %d\r\n", 5+length), "0\r\n\r\n"},
		{"two lengths", fmt.Sprintf("Content-Length: 0\r\nContent-Length: %d\r\n", length), ""},
		{"lengths in a list", fmt.Sprintf("Content-Length: 0, %d\r\n", length), ""},
		{"signed length", fmt.Sprintf("Content-Length: +%d\r\n", length), ""},
		{"blank before the colon", fmt.Sprintf("Transfer-Encoding : chunked\r\nContent-Length: %d\r\n", length), ""},
		{"folded", "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"},
		{"hidden by Connection", fmt.Sprintf("Connection: Content-Length\r\nContent-Length: %d\r\n", length), ""},
		{"huge chunk", "Transfer-Encoding: chunked\r\n", "ffffffffffffffff1\r\n"},
		{"chunk with a bare line feed", "Transfer-Encoding: chunked\r\n", "0\n\n"},
		{"a body that is one", fmt.Sprintf("Content-Length: %d\r\n", length), ""},
	} {
		answers := rawByPartner(t, "POST /cgi-bin/login HTTP/1.1\r\nHost: "+dmzHost+"\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
			row.headers+"\r\n"+row.before+inner(n)+last)
		// The first is of the POST itself. Where the body is not over for the proxy either, the picture is all that may follow.
		for i, a := range answers {
			if a.status == 200 && (i == 0 || a.body != favicon) {
				t.Errorf("%s: answer %d of %d is %d\n%.200s", row.name, i+1, len(answers), a.status, a.body)
			}
		}
		for range 6 {
			if a := partnerCurl(t, certificate, "/favicon.ico"); a.status != 200 || a.body != favicon {
				t.Errorf("%s: another client got %d %.200s", row.name, a.status, a.body)
			}
		}
		if seen(fmt.Sprintf("GET /cgi-bin/login?smuggled=row-%d ", n)) {
			t.Errorf("%s: the inside saw the hidden request", row.name)
		}
	}
	// Two in a row on one connection get each its own answer.
	answers := rawByPartner(t, following+"GET /cgi-bin/users HTTP/1.1\r\nHost: "+dmzHost+"\r\n\r\n"+last)
	if len(answers) != 3 || answers[0].body != favicon || answers[1].status != 403 || answers[2].body != favicon {
		t.Errorf("three in a row: %v", answers)
	}
}

// rawByPartner sends bytes by TLS from the partner's namespace, with the help of openssl, and returns all answers.
func rawByPartner(t *testing.T, text string) (answers []answer) {
	t.Helper()
	cmd := exec.Command("timeout", "20", "nsenter", "--net=/run/netns/partner", "openssl", "s_client", "-quiet", "-no_ign_eof", "-connect", dmzOutside+":443")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	io.WriteString(in, text)
	// The proxy ends the connection after the last request, or 5 s after the last answer.
	for from := bufio.NewReader(out); ; {
		r, err := http.ReadResponse(from, nil)
		if err != nil {
			break
		}
		body, _ := io.ReadAll(r.Body)
		answers = append(answers, answer{status: r.StatusCode, header: r.Header, body: string(body)})
	}
	in.Close()
	cmd.Wait()
	return answers
}

// output runs a command in the checkout, and returns what it said on both and its exit status.
func output(t *testing.T, name string, args ...string) (said string, exit int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = ".."
	b, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}
