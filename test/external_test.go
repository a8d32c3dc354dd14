package test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The external entry: an instance of Apache of its own, which answers the proxy alone. The proxy's part is played by curl
// from another address of the machine.

const (
	externalAddress = "127.0.0.1:8181"
	proxyAddress    = "127.0.0.9"
	partner         = "X-Forwarded-For: 203.0.113.5"
)

// byProxy is a request of the proxy's; what it says of the client is for the caller to give.
func byProxy(t *testing.T, path string, args ...string) answer {
	t.Helper()
	return curl(t, append([]string{"--interface", proxyAddress, "-H", "Accept: application/json", "http://" + externalAddress + path}, args...)...)
}

func TestExternalEntry(t *testing.T) {
	d := needDemo(t)
	t.Cleanup(func() {
		if out, status := install(t, "--no-external"); status != 0 || !strings.Contains(out, "sharezone-external: stopped") {
			t.Errorf("--no-external: exit %d\n%s", status, out)
		}
		if exists("/run/apache2-sharezone-external/apache2.pid") {
			t.Error("it runs on")
		}
		healthy(t)
	})
	if out, status := install(t, "--external", externalAddress, "--proxy", proxyAddress); status != 0 ||
		!strings.Contains(out, "sharezone-external: started on "+externalAddress) || strings.Contains(out, "sharezone: restarted") {
		t.Fatalf("--external: exit %d\n%s", status, out)
	}
	if out, status := install(t); status != 0 || !strings.Contains(out, "nothing to change") {
		t.Errorf("again: exit %d\n%s", status, out)
	}
	zone := newZone(t, "user:bruno=write")
	t.Run("from elsewhere", externalFromElsewhere)
	jar := t.TempDir() + "/jar"
	login := byProxy(t, "/cgi-bin/login", "-H", partner, "-c", jar, "--data-urlencode", "username=bruno", "--data-urlencode", "password="+d.password["bruno"])
	if login.status != 200 || !strings.Contains(login.body, `"entry":"external"`) || !strings.Contains(login.header.Get("Set-Cookie"), "Secure") {
		t.Fatalf("login: %d %v %s", login.status, login.header, login.body)
	}
	cookie := "Cookie: SESSION_ID=" + cookieIn(t, jar)
	if records := sessionsOutside(t, "bruno"); len(records) != 1 || records[0].Address != "203.0.113.5" {
		t.Errorf("the session is of %+v", records)
	}
	t.Run("sessions", func(t *testing.T) {
		inside := "Cookie: SESSION_ID=" + sessionID(t, "bruno")
		for what, row := range map[string]struct {
			got  answer
			want int
		}{
			"its own, outside":  {byProxy(t, "/cgi-bin/home", "-H", partner, "-H", cookie), 200},
			"its own, inside":   {curl(t, "-H", "Accept: application/json", "-H", cookie, "/cgi-bin/home"), 401},
			"inside's, outside": {byProxy(t, "/cgi-bin/home", "-H", partner, "-H", inside), 401},
		} {
			if row.got.status != row.want {
				t.Errorf("%s: %d %s", what, row.got.status, row.got.body)
			}
		}
	})
	t.Run("claims", func(t *testing.T) {
		for _, header := range []string{
			"SHZ_ENTRY: internal", "Shz-Entry: internal", "X-Forwarded-Proto: http", "Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1", "Connection: X-Forwarded-For",
			"SHZ_PROXY: 10.0.0.1", "X_Forwarded_For: 10.0.0.1",
		} {
			a := byProxy(t, "/cgi-bin/zones", "-H", partner, "-H", cookie, "-H", header, "-d", "op=create", "-d", "name=from-outside")
			if a.status != 403 || exists(zonePath("from-outside")) {
				t.Errorf("%s: %d %s", header, a.status, a.body)
			}
		}
	})
	t.Run("transfer", func(t *testing.T) {
		const content = "from a partner\n"
		source := t.TempDir() + "/offer.txt"
		if err := os.WriteFile(source, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		path := "/cgi-bin/shz/" + zone + "/offer.txt"
		if a := byProxy(t, path, "-H", partner, "-H", cookie, "-T", source); a.status != 201 {
			t.Errorf("upload: %d %s", a.status, a.body)
		}
		if a := byProxy(t, path, "-H", partner, "-H", cookie); a.status != 200 || a.body != content {
			t.Errorf("download: %d %s", a.status, a.body)
		}
		if a := jsonAs(t, "anna", path); a.status != 200 || a.body != content {
			t.Errorf("inside: %d %s", a.status, a.body)
		}
	})
	t.Run("second factor", func(t *testing.T) {
		factorFromOutside(t, func(path string, args ...string) answer { return byProxy(t, path, append(args, "-H", partner)...) })
	})
	t.Run("lengths", externalLengths)
	t.Run("log", func(t *testing.T) {
		if a := byProxy(t, "/index.html?seen-in-the-log", "-H", partner); a.status != 200 {
			t.Fatal(a.status)
		}
		line := regexp.MustCompile(`(?m)^127\.0\.0\.9 .*"GET /index\.html\?seen-in-the-log .* "203\.0\.113\.5"$`)
		if !eventually(patience, func() bool { return line.MatchString(read(t, "/var/log/apache2-sharezone-external/access.log")) }) {
			t.Error("the log does not tell for whom the proxy asked")
		}
		byProxy(t, "/cgi-bin/forgot?token=of-a-mail", "-H", partner)
		line = regexp.MustCompile(`(?m)^127\.0\.0\.9 .*"GET /cgi-bin/forgot HTTP/1\.1" .* "203\.0\.113\.5"$`)
		if !eventually(patience, func() bool { return line.MatchString(read(t, "/var/log/apache2-sharezone-external/access.log")) }) {
			t.Error("the log does not tell of a link")
		}
		if strings.Contains(read(t, "/var/log/apache2-sharezone-external/access.log"), "of-a-mail") {
			t.Error("the link of a mail stands in the log")
		}
	})
	t.Run("HSTS", func(t *testing.T) {
		for internal, want := range map[string]bool{"http://share.example.com": true, "http://share.example.com:8080": true, "http://intranet": false, "https://share.example.com": false} {
			setConfig(t, "[entries.internal]\npublic_url = \""+internal+"\"\n[entries.external]\npublic_url = \"https://share.example.com\"\n")
			if said, _ := output(t, "shzadm", "doctor", "--json"); strings.Contains(said, `"hsts"`) != want {
				t.Errorf("%s: %s", internal, said)
			}
		}
	})
}

// externalFromElsewhere: nobody but the proxy gets anything, not even a page, whatever he says he is; and the proxy gets
// nothing when it does not say for whom.
func externalFromElsewhere(t *testing.T) {
	for _, path := range []string{"/", "/index.html", "/static/style.css", "/cgi-bin/login", "/cgi-bin/home"} {
		for _, headers := range [][]string{nil, {"-H", partner}, {"-H", "X-Forwarded-For: " + proxyAddress, "-H", "Forwarded: for=" + proxyAddress, "-H", "X-Real-IP: " + proxyAddress}} {
			if a := curl(t, append(headers, "http://"+externalAddress+path)...); a.status != 403 {
				t.Errorf("%s %v: %d", path, headers, a.status)
			}
		}
	}
	for _, headers := range [][]string{
		nil, {"-H", "X-Forwarded-For;"}, {"-H", "X-Forwarded-For: 10.0.0.1, 203.0.113.5"}, {"-H", "X-Forwarded-For: 10.0.0.1", "-H", partner}, {"-H", "X-Forwarded-For: unknown"},
		{"-H", "Forwarded: for=203.0.113.5"},
	} {
		if a := byProxy(t, "/cgi-bin/login", headers...); a.status != 500 || a.header.Get("Set-Cookie") != "" {
			t.Errorf("for nobody, %v: %d", headers, a.status)
		}
	}
	if a := byProxy(t, "/cgi-bin/login", "-H", partner); a.status != 200 {
		t.Errorf("the proxy: %d %s", a.status, a.body)
	}
	if a := byProxy(t, "/"); a.status != 200 {
		t.Errorf("the proxy, for the first page: %d", a.status)
	}
}

// externalLengths: where a proxy and Apache could disagree about the end of a request there is no second one.
func externalLengths(t *testing.T) {
	const inner = "GET /cgi-bin/home HTTP/1.1\r\nHost: smuggled\r\n\r\n"
	for _, row := range []struct {
		name, headers, body string
		status, answers     int
	}{
		{"chunked", "Transfer-Encoding: chunked\r\n", "3\r\na=b\r\n0\r\n\r\n", 401, 1},
		{"chunked in capitals", "Transfer-Encoding: Chunked\r\n", "3\r\na=b\r\n0\r\n\r\n", 401, 1},
		{"two equal lines", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "3\r\na=b\r\n0\r\n\r\n", 403, 1},
		{"twice in a line", "Transfer-Encoding: chunked, chunked\r\n", "3\r\na=b\r\n0\r\n\r\n", 403, 1},
		{"identity first", "Transfer-Encoding: identity, chunked\r\n", "3\r\na=b\r\n0\r\n\r\n", 403, 1},
		{"identity last", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n" + inner, 400, 1},
		{"lengths that differ", "Content-Length: 3\r\nContent-Length: 4\r\n", "a=b" + inner, 400, 1},
		{"both", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + inner, 0, 1},
	} {
		answers := rawByProxy(t, "POST /cgi-bin/login HTTP/1.1\r\nHost: h\r\nAccept: application/json\r\n"+partner+
			"\r\nContent-Type: application/x-www-form-urlencoded\r\n"+row.headers+"\r\n"+row.body)
		if len(answers) != row.answers || row.status != 0 && len(answers) > 0 && answers[0] != row.status {
			t.Errorf("%s: %v", row.name, answers)
		}
	}
}

// rawByProxy sends bytes as the proxy, and returns the statuses of all answers.
func rawByProxy(t *testing.T, text string) (statuses []int) {
	t.Helper()
	dialer := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(proxyAddress)}}
	conn, err := dialer.Dial("tcp", externalAddress)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	io.WriteString(conn, text)
	conn.(*net.TCPConn).CloseWrite()
	for in := bufio.NewReader(conn); ; {
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			return statuses
		}
		io.Copy(io.Discard, r.Body)
		statuses = append(statuses, r.StatusCode)
	}
}
