package test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The instance with TLS: install.sh --tls, with a certificate of its own making or with one that is given.

const (
	tlsAddress = "127.0.0.1:8443"
	selfSigned = "/etc/apache2-sharezone/tls/self-signed"
)

// certificateOf connects as a client that trusts the certificates in a file, and returns the server's.
func certificateOf(t *testing.T, trusted string) *x509.Certificate {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(read(t, trusted)))
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", tlsAddress, &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if v := conn.ConnectionState().Version; v != tls.VersionTLS13 {
		t.Errorf("speaks version %x with a new client", v)
	}
	return conn.ConnectionState().PeerCertificates[0]
}

func TestInstallTLS(t *testing.T) {
	d := needDemo(t)
	run(t, "rm", "-f", selfSigned+".pem", selfSigned+".key")
	t.Cleanup(func() {
		out, status := install(t, "--demo", "--no-tls")
		if status != 0 || !strings.Contains(out, "\nShare Zone: "+d.url+"/\n") {
			t.Errorf("--no-tls: exit %d\n%s", status, out)
		}
	})
	// The port follows, the address stays.
	out, status := install(t, "--tls")
	if status != 0 || !strings.Contains(out, "restarted on "+tlsAddress) {
		t.Fatalf("--tls: exit %d\n%s", status, out)
	}
	certificate := certificateOf(t, selfSigned+".pem")
	if left := time.Until(certificate.NotAfter); left < 800*24*time.Hour || left > 825*24*time.Hour {
		t.Errorf("the certificate is valid for %v", left)
	}
	host, _ := os.Hostname()
	for _, name := range []string{"127.0.0.1", "::1", "localhost", host} {
		if err := certificate.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	var st unix.Stat_t
	if err := unix.Lstat(selfSigned+".key", &st); err != nil || st.Mode != unix.S_IFREG|0o600 || st.Uid != 0 {
		t.Errorf("the key has mode %o, owner %d (%v)", st.Mode, st.Uid, err)
	}
	t.Run("protocol", tlsProtocol)
	t.Run("session", tlsSession)
	t.Run("refused", tlsRefused)

	// A certificate that is given, in a folder whose name has a blank.
	dir := filepath.Join(t.TempDir(), "our ca")
	makePair(t, dir, "share.example.com")
	out, status = install(t, "--tls", "--cert", dir+"/cert.pem", "--key", dir+"/key.pem")
	if status != 0 || !strings.Contains(out, "certificate "+dir+"/cert.pem ends on") {
		t.Errorf("--cert: exit %d, or no warning that it ends tomorrow\n%s", status, out)
	}
	if got := certificateOf(t, dir+"/cert.pem"); got.Subject.CommonName != "share.example.com" {
		t.Errorf("sends the certificate of %s", got.Subject)
	}
	// Nothing said: nothing changed. And the self-signed one is kept for the day when it is wanted again.
	if out, status = install(t); status != 0 || !strings.Contains(out, "nothing to change") {
		t.Errorf("upgrade: exit %d\n%s", status, out)
	}
	block, _ := pem.Decode([]byte(read(t, selfSigned+".pem")))
	if block == nil || !bytes.Equal(block.Bytes, certificate.Raw) {
		t.Error("the self-signed certificate was made again")
	}
}

// makePair makes a certificate for a name, for one day, and its key.
func makePair(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "1",
		"-subj", "/CN="+name, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", dir+"/key.pem", "-out", dir+"/cert.pem")
}

// tlsProtocol: the old versions and the weak ciphers are refused; what is not TLS gets no page.
func tlsProtocol(t *testing.T) {
	for _, c := range []struct {
		name   string
		config *tls.Config
		works  bool
	}{
		{"TLS 1.0", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, false},
		{"TLS 1.1", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		{"TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12}, true},
		{"no forward secrecy", &tls.Config{MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384}}, false},
		{"CBC", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false},
	} {
		c.config.InsecureSkipVerify = true
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", tlsAddress, c.config)
		if err == nil {
			conn.Close()
		}
		if (err == nil) != c.works {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if a := curl(t, "http://"+tlsAddress+"/cgi-bin/login"); a.status == 200 || a.status == 303 {
		t.Errorf("answers http: %d", a.status)
	}
}

// tlsSession: a session from login to a broken download.
func tlsSession(t *testing.T) {
	d := needDemo(t)
	zone := newZone(t)
	site, folder := "https://"+tlsAddress, "/cgi-bin/shz/"+zone+"/"
	cookies := filepath.Join(t.TempDir(), "cookies")
	secure := func(args ...string) answer {
		return curl(t, append([]string{"--cacert", selfSigned + ".pem", "-b", cookies, "-H", "Accept: application/json"}, args...)...)
	}
	a := secure("-c", cookies, "-d", "username=anna", "-d", "password="+d.password["anna"], site+"/cgi-bin/login")
	if cookie := a.header.Get("Set-Cookie"); a.status != 200 || !strings.Contains(cookie, "; Secure") || !strings.Contains(cookie, "; HttpOnly") {
		t.Fatalf("login: %d, Set-Cookie %q", a.status, a.header.Get("Set-Cookie"))
	}
	if hsts := a.header.Get("Strict-Transport-Security"); hsts != "" {
		t.Errorf("nobody could go back: %q", hsts)
	}
	// The browser's own form: its Origin is https.
	if a = secure("-H", "Origin: "+site, "-H", "Sec-Fetch-Site: same-origin", "-F", "file=@/etc/hostname", site+folder); a.status != 200 {
		t.Errorf("form: %d %s", a.status, a.body)
	}
	source := randomFile(t, 48*mib)
	if a = secure("-T", source, site+folder+"a.bin"); a.status != 201 {
		t.Fatalf("PUT: %d %s", a.status, a.body)
	}
	sum := newDigest()
	a = curlTo(t, sum, "--cacert", selfSigned+".pem", "-b", cookies, site+folder+"a.bin")
	if a.status != 200 || a.exit != 0 || sum.text() != digestOf(t, source) {
		t.Errorf("GET: %d, curl %d", a.status, a.exit)
	}
	// What breaks off is told from what is whole on this way too: both directions, with and without a length.
	noHandlers(t, "shz", "anna")
	part := filepath.Join(t.TempDir(), "part")
	cut := curlCommand(t, "--cacert", selfSigned+".pem", "-b", cookies, "--limit-rate", "4M", "-o", part, site+folder+"a.bin")
	if err := cut.Start(); err != nil {
		t.Fatal(err)
	}
	// Killed before its headers it would be an error page, which is whole.
	if !eventually(patience, func() bool { st, err := os.Stat(part); return err == nil && st.Size() > mib }) {
		t.Fatal("the download does not begin")
	}
	kill(t, handler(t, "shz", "anna"), unix.SIGKILL)
	if cut.Wait(); cut.ProcessState.ExitCode() != 18 {
		t.Errorf("handler killed: curl ended with %d, not 18 (partial file)", cut.ProcessState.ExitCode())
	}
	for name, length := range map[string]string{"length.bin": "Content-Length: 1000000", "chunked.bin": "Transfer-Encoding: chunked"} {
		brokenUpload(t, "PUT "+folder+name+" HTTP/1.1\r\nHost: "+tlsAddress+"\r\n"+length+"\r\nCookie: SESSION_ID="+
			cookieIn(t, cookies)+"\r\n\r\n400\r\n"+strings.Repeat("x", 1024)+"\r\n")
		noHandlers(t, "shz", "anna")
		if exists(zonePath(zone, name)) {
			t.Errorf("%s: half an upload is there", name)
		}
	}
}

// brokenUpload sends the beginning of a request and closes.
func brokenUpload(t *testing.T, request string) {
	t.Helper()
	conn, err := tls.Dial("tcp", tlsAddress, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(conn, request); err != nil {
		t.Error(err)
	}
	handler(t, "shz", "anna")
	conn.Close()
}

// tlsRefused: certificates with which Apache could not start, or would ask a passphrase for. The site goes on as it is.
func tlsRefused(t *testing.T) {
	dir, other := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	makePair(t, dir, "a")
	makePair(t, other, "b")
	run(t, "openssl", "pkey", "-in", dir+"/key.pem", "-aes128", "-passout", "pass:secret", "-out", dir+"/locked.pem")
	run(t, "cp", dir+"/key.pem", dir+"/open.pem")
	run(t, "chmod", "0644", dir+"/open.pem")
	run(t, "sh", "-c", "echo nonsense >"+dir+"/nonsense.pem")
	before := apacheProcesses(t)
	for _, c := range []struct{ certificate, key, says string }{
		{dir + "/nothing.pem", dir + "/key.pem", "nothing.pem is not a certificate"},
		{dir + "/nonsense.pem", dir + "/key.pem", "nonsense.pem is not a certificate"},
		{dir + "/key.pem", dir + "/key.pem", "key.pem is not a certificate"},
		{dir, dir + "/key.pem", "is not a certificate"},
		{dir + "/cert.pem", dir + "/nothing.pem", "nothing.pem is not a private key"},
		{dir + "/cert.pem", dir + "/cert.pem", "cert.pem is not a private key"},
		{dir + "/cert.pem", dir + "/locked.pem", "locked.pem is not a private key in PEM form without passphrase"},
		{dir + "/cert.pem", other + "/key.pem", "is not the key of the certificate"},
		{dir + "/cert.pem", dir + "/open.pem", "can be read by everybody"},
	} {
		refused(t, c.says, "", "./install.sh", "--tls", "--cert", c.certificate, "--key", c.key)
	}
	if after := apacheProcesses(t); after != before {
		t.Errorf("Apache was restarted: %q, then %q", before, after)
	}
}
