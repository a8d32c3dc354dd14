package test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// harmless are what wapiti says of every site that does not do what it names, and why this one does not.
var harmless = map[string]string{
	"X-Frame-Options is not set":                  "frame-ancestors of the policy is newer, and says it",
	"X-XSS-Protection is not set":                 "the filter that it was for is in no browser any more",
	"Strict-Transport-Security is not set":        "inside is http by default; the proxy sets it (TestDMZ)",
	"Secure flag is not set in the cookie : lang": "the same; by https it is",
}

// TestWapiti: a scanner of web applications (the Debian package wapiti, where it is installed) goes through the pages as somebody who
// is logged in, sends to each form and address what has broken others, and finds nothing that is one.
func TestWapiti(t *testing.T) {
	needLong(t)
	d := needDemo(t)
	if _, err := exec.LookPath("wapiti"); err != nil {
		t.Skip("there is no wapiti")
	}
	const password = "Lampone-7-Treno-Verde"
	person(t, "ilaria", password) // who may be locked by what is sent
	zone := newZone(t, "user:ilaria=write")
	write(t, "ilaria", zonePath(zone, "letter.txt"), "hello")
	id := opened(t, "ilaria", password)
	report := t.TempDir() + "/report.json"
	site := withoutEnds(t, d.url, id)
	args := []string{"-u", site + "/", "-s", site + "/cgi-bin/home", "-s", site + "/cgi-bin/shz/" + zone + "/", "--scope", "domain",
		"--store-session", t.TempDir(), "--no-bugreport", "-v", "0", "-f", "json", "-o", report, "-t", "30", "--max-scan-time", "180", "--max-attack-time", "60"}
	if out, exit := output(t, "wapiti", args...); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, out)
	}
	var said struct {
		Vulnerabilities, Anomalies map[string][]struct{ Method, Path, Info, Parameter string }
		Infos                      struct {
			Crawled int `json:"crawled_pages_nbr"`
		}
	}
	if err := json.Unmarshal([]byte(read(t, report)), &said); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []map[string][]struct{ Method, Path, Info, Parameter string }{said.Vulnerabilities, said.Anomalies} {
		for name, all := range kind {
			for _, one := range all {
				if harmless[strings.TrimSpace(one.Info)] == "" {
					t.Errorf("%s: %s %s %s: %s", name, one.Method, one.Path, one.Parameter, one.Info)
				}
			}
		}
	}
	if user := alive(t, id); user != "ilaria" {
		t.Error("the session ended meanwhile: most was tried as nobody")
	}
}

// withoutEnds is an address at which somebody is logged in, and at which nothing ends his session: the scan would end with it, and the
// wapiti of Debian 12 cannot leave anything out (its -x fails with any Python since 3.11).
func withoutEnds(t *testing.T, address, id string) string {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		r.Out.Header.Set("Cookie", "SESSION_ID="+id)
	}}
	ends := regexp.MustCompile(`^/cgi-bin/(logout|chpwd|sessions|factor)`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && ends.MatchString(r.URL.Path) {
			http.NotFound(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
