package test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sharezone/internal/layout"
)

// What many, slow and hostile clients do to each other and to the inside, by the whole way of TestDMZ.

// The partner's addresses are 198.51.100.5 to .16: the proxy lets each have 60 connections.
const (
	firstPartner = 5
	lastPartner  = 16
)

func partnerAddress(n int) string {
	return fmt.Sprintf("198.51.100.%d", firstPartner+n%(lastPartner-firstPartner+1))
}

// apacheControl has one of Share Zone's instances of Apache do something.
func apacheControl(t *testing.T, instance, verb string) {
	t.Helper()
	run(t, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "APACHE_CONFDIR=/etc/apache2-sharezone-"+instance, "apache2ctl", verb)
}

// partnerLogin logs in from an address and returns the answer.
func partnerLogin(t *testing.T, certificate, address, user, password string, args ...string) answer {
	t.Helper()
	return partnerCurl(t, certificate, "/cgi-bin/login", append(args, "--interface", address, "--data-urlencode", "username="+user, "--data-urlencode", "password="+password)...)
}

// dmzTLS: what openssl s_client says of the proxy, and the headers that each answer of the way has.
func dmzTLS(t *testing.T, certificate string) {
	for _, row := range []struct {
		name, options, works string // with which protocol it works; "" = it does not
	}{
		{"TLS 1.0", "-tls1 -cipher ALL:@SECLEVEL=0", ""},
		{"TLS 1.1", "-tls1_1 -cipher ALL:@SECLEVEL=0", ""},
		{"no forward secrecy", "-tls1_2 -cipher AES128-GCM-SHA256:AES256-GCM-SHA384", ""},
		{"CBC", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256", ""},
		{"TLS 1.2", "-tls1_2", "TLSv1.2"},
		{"TLS 1.3", "-tls1_3", "TLSv1.3"},
	} {
		args := append([]string{"--net=/run/netns/partner", "timeout", "60", "openssl", "s_client", "-brief", "-connect", dmzOutside + ":443", "-servername", dmzHost,
			"-CAfile", certificate, "-verify_return_error", "-verify_hostname", dmzHost}, strings.Fields(row.options)...)
		said, exit := output(t, "nsenter", args...)
		if works := exit == 0; works != (row.works != "") || works && (!strings.Contains(said, "Protocol version: "+row.works) || !strings.Contains(said, "Verification: OK")) {
			t.Errorf("%s: exit %d\n%s", row.name, exit, said)
		}
	}
	// The last three are the proxy's own: it refuses them.
	for _, path := range []string{"/", "/static/style.css", "/cgi-bin/login", "/cgi-bin/home", "/cgi-bin/users", "/error.html", "/%2e%2e%2fetc"} {
		a := partnerCurl(t, certificate, path)
		for name, want := range map[string]string{"Strict-Transport-Security": "max-age=63072000", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'",
			"Referrer-Policy": "", "Permissions-Policy": "camera=()"} {
			if got := a.header.Values(name); len(got) != 1 || !strings.HasPrefix(got[0], want) {
				t.Errorf("%s, %d: %s is %q", path, a.status, name, got)
			}
		}
	}
}

// dmzLarge: 5 GiB go up by the whole way, and come down again.
func dmzLarge(t *testing.T, certificate, cookie string) {
	needLong(t)
	const size = 5 * gib
	image := emptyImage(t, "dmz", "7G")
	run(t, "mkfs.ext4", "-q", "-m", "0", image)
	coverBase(t, image)
	zone := newZone(t, "user:bruno=write")
	source := fileWithHoles(t, size)
	want := digestOf(t, source)
	path := "/cgi-bin/shz/" + zone + "/large.bin"
	watch := watchDisk(t, layout.Base)
	began := time.Now()
	if a := partnerCurl(t, certificate, path, "-H", cookie, "--max-time", "3000", "-T", source); a.exit != 0 || a.status != 201 {
		t.Fatalf("upload: exit %d, %d %s", a.exit, a.status, a.body)
	}
	up, most := time.Since(began), watch()
	if got := digestOf(t, zonePath(zone, "large.bin")); got != want {
		t.Error("another file arrived")
	}
	if most > size+64*mib {
		t.Errorf("%d MiB were on the disk", most/mib)
	}
	began = time.Now()
	came, exit := output(t, "sh", "-c", `"$@" | sha256sum`, "sh", "nsenter", "--net=/run/netns/partner", "curl", "-sS", "--fail", "--max-time", "3000",
		"--cacert", certificate, "--resolve", dmzHost+":443:"+dmzOutside, "-H", cookie, "https://"+dmzHost+path)
	down := time.Since(began)
	if exit != 0 || strings.Fields(came)[0] != want {
		t.Errorf("download: exit %d, %s", exit, came)
	}
	t.Logf("5 GiB up in %.0f s, down in %.0f s; at most %d MiB on the disk", up.Seconds(), down.Seconds(), most/mib)
}

// dmzGuessing: a partner who guesses at another's password, and says he is the other's address, shuts out himself alone.
func dmzGuessing(t *testing.T, certificate string, passwords map[string]string) {
	const guesser, other = "198.51.100.16", "198.51.100.15"
	forgive(t)
	var group sync.WaitGroup
	for range 4 { // a few at a time: who is told to wait has not guessed
		group.Go(func() {
			for n := range 10 {
				if a := partnerLogin(t, certificate, guesser, "bruno", fmt.Sprint("Wrong-", n), "-H", "X-Forwarded-For: "+other, "-H", "Forwarded: for="+other); a.status != 401 {
					t.Errorf("a wrong password: %d %s", a.status, a.body)
				}
			}
		})
	}
	group.Wait()
	if a := partnerLogin(t, certificate, guesser, "bruno", passwords["bruno"]); a.status == 200 {
		t.Error("who has guessed 40 times can still try")
	}
	for _, user := range []string{"bruno", "carla"} {
		a := partnerLogin(t, certificate, other, user, passwords[user])
		if a.status != 200 {
			t.Errorf("%s, from his own address: %d %s", user, a.status, a.body)
			continue
		}
		partnerCurl(t, certificate, "/cgi-bin/logout", "-X", "POST", "-H", "Cookie: SESSION_ID="+idIn(a))
	}
}

// dmzMany: 200 uploads at the same time, and then 200 downloads, come to their ends and bring what was sent. Ten people have
// twenty each: 24 requests of one are served at a time.
func dmzMany(t *testing.T, certificate string) {
	const people, each = 10, 20
	const password = "Lampone-7-Treno-Verde"
	var rights []string
	var users []string
	for n := range people {
		user := "dmz-many" + strconv.Itoa(n)
		person(t, user, password)
		users, rights = append(users, user), append(rights, "user:"+user+"=write")
	}
	zone := newZone(t, rights...)
	cookies := make([]string, people)
	for n, user := range users {
		a := partnerLogin(t, certificate, partnerAddress(n), user, password)
		if a.status != 200 {
			t.Fatalf("login of %s: %d %s", user, a.status, a.body)
		}
		cookies[n] = "Cookie: SESSION_ID=" + idIn(a)
	}
	dir := t.TempDir()
	source := func(n int) string { return filepath.Join(dir, strconv.Itoa(n)) }
	for n := range people * each {
		if err := os.WriteFile(source(n), []byte(strings.Repeat(fmt.Sprintf("%06d\n", n), 30000)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Slow enough for all of them to be under way together. A client that this machine does not let run for 20 seconds is told so
	// (408, RequestReadTimeout), and one for whom it has no time that it is busy (503): both try again, as a browser does.
	transfer := func(n int, args ...string) (a answer) {
		args = append(args, "--interface", partnerAddress(n), "-H", cookies[n%people], "--limit-rate", "40k", "--max-time", "300")
		for range 3 {
			if a = partnerCurl(t, certificate, fmt.Sprintf("/cgi-bin/shz/%s/%d", zone, n), args...); a.status != 408 && a.status != 503 {
				break
			}
			t.Logf("%d: %d", n, a.status)
			time.Sleep(5 * time.Second) // Retry-After
		}
		return a
	}
	together := func(one func(n int)) {
		var group sync.WaitGroup
		for n := range people * each {
			group.Go(func() { one(n) })
		}
		group.Wait()
	}
	together(func(n int) {
		if a := transfer(n, "-T", source(n)); a.status != 201 {
			t.Errorf("upload %d: exit %d, %d %.200s", n, a.exit, a.status, a.body)
		}
	})
	for n := range people * each {
		if read(t, zonePath(zone, strconv.Itoa(n))) != read(t, source(n)) {
			t.Errorf("upload %d is another file", n)
		}
	}
	together(func(n int) {
		if a := transfer(n); a.status != 200 || a.body != read(t, source(n)) {
			t.Errorf("download %d: exit %d, %d, %d bytes", n, a.exit, a.status, len(a.body))
		}
	})
}

// dmzRestart: either Apache is stopped hard while an upload is under way. What had been accepted is there, the upload goes on,
// and in the end the file is the one that was sent.
func dmzRestart(t *testing.T, certificate, cookie, zone string) {
	const size, first = 30 << 20, 5 << 20
	source := t.TempDir() + "/source"
	run(t, "sh", "-c", fmt.Sprintf("head -c %d /dev/urandom > %s", size, source))
	tus := func(path string, args ...string) answer {
		return partnerCurl(t, certificate, path, append(args, "-H", cookie, "-H", "Tus-Resumable: 1.0.0")...)
	}
	patch := func(path string, from, count int, args ...string) answer {
		part := t.TempDir() + "/part"
		run(t, "sh", "-c", fmt.Sprintf("tail -c +%d %s | head -c %d > %s", from+1, source, count, part))
		return tus(path, append(args, "-X", "PATCH", "-H", "Content-Type: application/offset+octet-stream", "-H", "Upload-Offset: "+strconv.Itoa(from), "--data-binary", "@"+part)...)
	}
	for _, instance := range []string{"external", "dmz"} {
		created := tus("/cgi-bin/shz/"+zone+"/", "-X", "POST", "-H", "Upload-Length: "+strconv.Itoa(size), "-H", "Upload-Metadata: filename "+base64Of("restart-"+instance))
		if created.status != 201 {
			t.Fatalf("%s: %d %s", instance, created.status, created.body)
		}
		path := created.header.Get("Location")
		if i := strings.Index(path, "/cgi-bin/"); i > 0 {
			path = path[i:]
		}
		if a := patch(path, 0, first); a.status != 204 {
			t.Fatalf("%s: %d %s", instance, a.status, a.body)
		}
		ended := make(chan answer)
		go func() { ended <- patch(path, first, size-first, "--limit-rate", "6M") }()
		time.Sleep(2 * time.Second)
		apacheControl(t, instance, "restart")
		if a := <-ended; a.status == 204 {
			t.Errorf("%s: the restart ended no upload: %d", instance, a.status)
		}
		var a answer
		if !eventually(patience, func() bool { a = tus(path, "-I"); return a.status == 200 }) {
			t.Fatalf("%s: %d %s", instance, a.status, a.body)
		}
		offset, err := strconv.Atoi(a.header.Get("Upload-Offset"))
		if err != nil || offset < first {
			t.Fatalf("%s: %q of %d that were accepted", instance, a.header.Get("Upload-Offset"), first)
		}
		t.Logf("%s: goes on at %d", instance, offset)
		if a := patch(path, offset, size-offset); a.status != 204 {
			t.Fatalf("%s: %d %s", instance, a.status, a.body)
		}
		if sum(t, zonePath(zone, "restart-"+instance)) != sum(t, source) {
			t.Errorf("%s: another file arrived", instance)
		}
	}
}

// slowClients opens 500 connections to the proxy from ten addresses, which say as little as they can: some do not even finish the handshake, some a
// header, some the body of a login, some that of an upload by a member. It prints "ready" when all have begun, and stays.
const slowClients = `
import socket, ssl, sys, threading, time
certificate, cookie, path = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)
begun = threading.Semaphore(0)
def one(n):
    try:
        s = socket.create_connection(("198.51.100.1", 443), 30, ("198.51.100.%d" % (5 + n % 10), 0))
        if n % 5 == 0:
            s.sendall(b"\x16\x03\x01")
        else:
            s = context.wrap_socket(s, server_hostname="share.example.com")
            s.sendall({1: b"GET / HTTP/1.1\r\nHost: ",
                2: b"POST /cgi-bin/login HTTP/1.1\r\nHost: share.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\nusername=",
                3: b"PUT " + path.encode() + b"%d HTTP/1.1\r\nHost: share.example.com\r\nCookie: " % n + cookie.encode() + b"\r\nContent-Length: 900000\r\n\r\n",
                4: b"GET /static/style.css HTTP/1.1\r\nHost: share.example.com\r\nX: "}[n % 5])
    except OSError as e:
        print(n, e, file=sys.stderr)
        begun.release()
        return
    begun.release()
    while True:
        time.sleep(1)
        try: s.sendall(b"a" * 30)
        except OSError: return
for n in range(500): threading.Thread(target=one, args=(n,), daemon=True).start()
for n in range(500): begun.acquire()
print("ready", flush=True)
sys.stdin.read()
`

// dmzSlow: 500 slow clients at the proxy, and the inside is used as before; another partner is served too.
func dmzSlow(t *testing.T, certificate, cookie, zone string) {
	anna := sessionID(t, "anna")
	inside := func() time.Duration {
		began := time.Now()
		for range 10 {
			if a := with(t, anna, "/cgi-bin/home"); a.status != 200 {
				t.Errorf("inside: %d", a.status)
			}
		}
		return time.Since(began)
	}
	before := inside()
	cmd := exec.Command("nsenter", "--net=/run/netns/partner", "python3", "-c", slowClients, certificate, strings.TrimPrefix(cookie, "Cookie: "), "/cgi-bin/shz/"+zone+"/slow")
	cmd.Stderr = os.Stderr
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
	defer func() { hold.Close(); cmd.Wait() }()
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q", line)
	}
	during := inside()
	t.Logf("ten requests inside: %v, with 500 slow clients outside %v", before, during)
	if during > 5*before+2*time.Second {
		t.Errorf("ten requests inside take %v, and took %v before", during, before)
	}
	// Slow bodies hold places of the proxy's to ask the inside until their time is over (RequestReadTimeout), unevenly in its four processes.
	for _, path := range []string{"/favicon.ico", "/cgi-bin/login"} {
		var a answer
		if !eventually(3*patience, func() bool {
			a = partnerCurl(t, certificate, path, "--interface", partnerAddress(10))
			return a.status == 200
		}) {
			t.Errorf("another partner, %s: exit %d, %d %s", path, a.exit, a.status, a.body)
		}
	}
}
