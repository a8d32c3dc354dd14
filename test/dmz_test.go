package test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
ip netns add partner; ip netns add dmz
ip link add toproxy netns partner type veth peer name topartner netns dmz
ip link add todmz type veth peer name toinside netns dmz
ip -n partner addr add 198.51.100.5/24 dev toproxy; ip -n partner addr add 198.51.100.6/24 dev toproxy
ip -n dmz addr add 198.51.100.1/24 dev topartner; ip -n dmz addr add 192.0.2.80/24 dev toinside
ip addr add 192.0.2.10/24 dev todmz
ip -n partner link set lo up; ip -n partner link set toproxy up
ip -n dmz link set lo up; ip -n dmz link set topartner up; ip -n dmz link set toinside up
ip link set todmz up
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
	if _, exit := output(t, "sh", "-ec", dmzNetwork); exit != 0 {
		t.Skip("no network namespaces here")
	}
	dir := t.TempDir()
	certificate, key := dir+"/cert.pem", dir+"/key.pem"
	run(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2", "-subj", "/CN="+dmzHost,
		"-addext", "subjectAltName=DNS:"+dmzHost, "-keyout", key, "-out", certificate)
	dmz := func(args ...string) (string, int) {
		return output(t, "nsenter", append([]string{"--net=/run/netns/dmz", "./install.sh", "--dmz"}, args...)...)
	}
	t.Cleanup(func() {
		if out, exit := dmz("--uninstall"); exit != 0 || exists("/etc/apache2-sharezone-dmz/apache2.conf") || exists("/run/apache2-sharezone-dmz") {
			t.Errorf("--dmz --uninstall: exit %d\n%s", exit, out)
		}
		if out, status := install(t, "--no-external"); status != 0 {
			t.Errorf("--no-external: exit %d\n%s", status, out)
		}
		run(t, "sh", "-c", "ip netns del partner; ip netns del dmz")
	})
	if out, status := install(t, "--external", dmzBackend, "--proxy", dmzInside); status != 0 {
		t.Fatalf("--external: exit %d\n%s", status, out)
	}
	options := []string{"--backend", "http://" + dmzBackend, "--cert", certificate, "--key", key}
	if out, exit := dmz(options...); exit != 0 || !strings.Contains(out, "sharezone-dmz: started on 443") {
		t.Fatalf("--dmz: exit %d\n%s", exit, out)
	}
	if out, exit := dmz(options...); exit != 0 || strings.TrimSpace(out) != "nothing to change" {
		t.Errorf("--dmz again: exit %d\n%s", exit, out)
	}
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
	t.Run("paths", func(t *testing.T) { dmzPaths(t, certificate, cookie) })
	t.Run("lengths", func(t *testing.T) { dmzLengths(t, zone) })
	t.Run("nobody else", func(t *testing.T) {
		// Neither the partner nor a process of the proxy's machine that names no client gets anything of the inside.
		if out, exit := output(t, "nsenter", "--net=/run/netns/partner", "curl", "-sS", "--max-time", "2", "http://"+dmzBackend+"/"); exit == 0 {
			t.Errorf("the partner reaches the inside: %s", out)
		}
		out, _ := output(t, "nsenter", "--net=/run/netns/dmz", "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://"+dmzBackend+"/cgi-bin/login")
		if out != "500" {
			t.Errorf("for nobody: %s", out)
		}
	})
	t.Run("inside is down", func(t *testing.T) {
		control := func(verb string) {
			run(t, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "APACHE_CONFDIR=/etc/apache2-sharezone-external", "apache2ctl", verb)
			running := func() bool { return exists("/run/apache2-sharezone-external/apache2.pid") }
			if !eventually(patience, func() bool { return running() == (verb == "start") }) {
				t.Fatal(verb)
			}
		}
		control("stop")
		if a := partnerCurl(t, certificate, "/"); a.status != 503 || !strings.Contains(a.body, "This page cannot be shown") || !strings.Contains(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("%d %v %s", a.status, a.header, a.body)
		}
		control("start")
		if !eventually(patience, func() bool { return partnerCurl(t, certificate, "/").status == 200 }) {
			t.Error("it is not found again")
		}
	})
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
		}
	}
	if a := partnerCurl(t, certificate, "/cgi-bin/zones", "-H", cookie, "-d", "op=create", "-d", "name=from-outside"); a.status != 403 || exists(zonePath("from-outside")) {
		t.Errorf("administration: %d", a.status)
	}
}

// dmzLengths sends through the proxy what two servers could take for different requests: the answer to the second must
// never be one that nobody asked for.
func dmzLengths(t *testing.T, zone string) {
	const inner = "PUT /cgi-bin/shz/demo/smuggled HTTP/1.1\r\nHost: " + dmzHost + "\r\nContent-Length: 0\r\n\r\n"
	for _, row := range []struct{ name, headers, body string }{
		{"two equal lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
		{"twice in a line", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"},
		{"both", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + inner},
		{"identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n" + inner},
		{"two lengths", "Content-Length: 0\r\nContent-Length: " + fmt.Sprint(len(inner)) + "\r\n", inner},
		{"blank before the colon", "Transfer-Encoding : chunked\r\nContent-Length: " + fmt.Sprint(len(inner)) + "\r\n", inner},
		{"folded", "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + inner},
		{"huge chunk", "Transfer-Encoding: chunked\r\n", "ffffffffffffffff1\r\n" + inner},
	} {
		statuses := rawByPartner(t, "POST /cgi-bin/login HTTP/1.1\r\nHost: "+dmzHost+"\r\nContent-Type: application/x-www-form-urlencoded\r\n"+row.headers+"\r\n"+row.body)
		if len(statuses) > 1 || len(statuses) == 1 && strings.HasPrefix(statuses[0], "2") {
			t.Errorf("%s: %q", row.name, statuses)
		}
	}
	// Another request on the same connection to the inside is answered as itself.
	if statuses := rawByPartner(t, "GET / HTTP/1.1\r\nHost: "+dmzHost+"\r\n\r\nGET /cgi-bin/users HTTP/1.1\r\nHost: "+dmzHost+"\r\n\r\n"); strings.Join(statuses, " ") != "200 403" {
		t.Errorf("two in a row: %q", statuses)
	}
}

// rawByPartner sends bytes by TLS from the partner's namespace, with the help of openssl, and returns the statuses.
func rawByPartner(t *testing.T, text string) (statuses []string) {
	t.Helper()
	file := t.TempDir() + "/request"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := output(t, "sh", "-c", "(cat "+file+"; sleep 3) | timeout 20 nsenter --net=/run/netns/partner openssl s_client -quiet -no_ign_eof -connect "+dmzOutside+":443 2>/dev/null")
	for line := range strings.Lines(out) {
		if rest, found := strings.CutPrefix(line, "HTTP/1.1 "); found {
			statuses = append(statuses, rest[:3])
		}
	}
	return statuses
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
