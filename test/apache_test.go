package test

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// What Apache does by itself: the static pages, and what it refuses before the gate is asked.

func rawGet(t *testing.T, uri string, headers ...string) answer {
	t.Helper()
	return raw(t, "GET "+uri+" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"+strings.Join(append(headers, ""), "\r\n")+"\r\n")
}

const errorPage = "/usr/share/sharezone/static/error.html"

// TestApacheRefuses: Apache answers with our page, with the headers that keep it harmless, and nothing keeps it.
func TestApacheRefuses(t *testing.T) {
	needDemo(t)
	page, err := os.ReadFile(errorPage)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a", 20000)
	for _, c := range []struct {
		request string
		status  int
	}{
		{"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /cgi-bin HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /static HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /.htaccess HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /static/src/style.css HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /static/../manifest HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /static/%2e%2e/manifest HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /static/..%2fmanifest HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /static/..%5cmanifest HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /static/../../../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET /cgi-bin/shz/a%2Fb HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /cgi-bin/shz/a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		{"GET /cgi-bin/shz/%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
		{"TRACE /cgi-bin/home HTTP/1.1\r\nHost: a\r\n\r\n", 405},
		{"PUT /static/style.css HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 405},
		{"DELETE /index.html HTTP/1.1\r\nHost: a\r\n\r\n", 405},
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
		{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"GET / HTTP/1.1\nHost: a\n\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400},
		{"POST /cgi-bin/home HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400},
		{"POST /cgi-bin/home HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
		{"GET /cgi-bin/" + long + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
		{"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + long + "\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 200) + "\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\nExpect: nonsense\r\n\r\n", 417},
	} {
		t.Run(fmt.Sprintf("%.60s", c.request), func(t *testing.T) {
			res := raw(t, c.request)
			if res.status != c.status {
				t.Errorf("status %d, want %d", res.status, c.status)
			}
			if res.body != string(page) {
				t.Errorf("not our page:\n%.300s", res.body)
			}
			if csp := res.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") {
				t.Errorf("Content-Security-Policy %q", csp)
			}
			if kept := res.header.Get("Cache-Control"); kept != "no-store" {
				t.Errorf("Cache-Control %q", kept)
			}
			if server := res.header.Get("Server"); server != "Apache" {
				t.Errorf("tells that it is %q", server)
			}
		})
	}
}

// TestApacheNoHTTP09: an answer without headers could be taken for anything.
func TestApacheNoHTTP09(t *testing.T) {
	needDemo(t)
	if res := raw(t, "GET /\r\n\r\n"); res.status != 400 {
		t.Errorf("status %d", res.status)
	}
}

// TestApacheLongPath: a path of 4095 bytes, each percent-encoded, and a Referer of that length come through to the gate.
func TestApacheLongPath(t *testing.T) {
	needDemo(t)
	path := "/cgi-bin/shz/demo/" + strings.Repeat("%61", 4095)
	for _, res := range []answer{
		rawGet(t, path, "Accept: application/json"),
		rawGet(t, "/cgi-bin/home", "Accept: application/json", "Referer: http://a"+path),
	} {
		if kind := res.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
			t.Errorf("Apache answered, not the gate: %d\n%.400s", res.status, res.body)
		}
	}
}

func TestApacheStatic(t *testing.T) {
	needDemo(t)
	for uri, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/index.html": "text/html; charset=utf-8", "/index_en.html": "text/html; charset=utf-8",
		"/static/style.css": "text/css; charset=utf-8", "/static/upload.js": "text/javascript; charset=utf-8", "/static/once.js": "text/javascript; charset=utf-8", "/static/pictures.js": "text/javascript; charset=utf-8", "/static/favicon.svg": "image/svg+xml; charset=utf-8",
		"/favicon.ico": "image/svg+xml; charset=utf-8",
	} {
		t.Run(uri, func(t *testing.T) {
			res := rawGet(t, uri)
			if res.status != 200 || len(res.body) == 0 {
				t.Errorf("status %d, %d bytes", res.status, len(res.body))
			}
			for name, value := range map[string]string{
				"Content-Type": kind, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
				"Cache-Control": "public, max-age=600", "Content-Encoding": "",
			} {
				if found := res.header.Get(name); found != value {
					t.Errorf("%s: %q, want %q", name, found, value)
				}
			}
			if packed := rawGet(t, uri, "Accept-Encoding: gzip"); packed.header.Get("Content-Encoding") != "gzip" {
				t.Error("not compressed")
			}
			if tag := res.header.Get("ETag"); tag == "" || rawGet(t, uri, "If-None-Match: "+tag).status != 304 {
				t.Errorf("sent again although the browser has it (ETag %q)", tag)
			}
		})
	}
}

// TestApacheCompressesNoHandler: the length of what a handler sends beside a secret would tell the secret.
func TestApacheCompressesNoHandler(t *testing.T) {
	needDemo(t)
	res := rawGet(t, "/cgi-bin/login", "Accept-Encoding: gzip")
	if encoding := res.header.Get("Content-Encoding"); res.status != 200 || encoding != "" {
		t.Errorf("status %d, Content-Encoding %q", res.status, encoding)
	}
}

// TestApacheModules: the instance has the modules of its configuration and no other.
func TestApacheModules(t *testing.T) {
	needDemo(t)
	out := run(t, "apache2ctl-sharezone", "-M")
	for line := range strings.Lines(out) {
		name, kind, _ := strings.Cut(strings.TrimSpace(line), "_module ")
		if kind != "(shared)" {
			continue
		}
		if !strings.Contains(" mpm_event authz_core alias cgid deflate dir env headers mime reqtimeout setenvif ", " "+name+" ") {
			t.Errorf("loads %s", name)
		}
	}
}
