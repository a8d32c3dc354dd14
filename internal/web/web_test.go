package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"sharezone/internal/page"
)

func TestAcceptsJSON(t *testing.T) {
	for accept, want := range map[string]bool{
		"application/json": true, "Application/JSON": true, "text/html, application/json": true, "application/json;q=0.1": true,
		"application/json; charset=utf-8": true, " application/json ": true, "text/html;q=0.5,application/json;q=1": true,
		"": false, "*/*": false, "application/*": false, "text/html": false, "application/jsonp": false, "application/ld+json": false,
		"xapplication/json": false, "application/json;q=0": false, "application/json;q=0.000": false, "application/json ;q=0.0": false,
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8": false, "text/plain; x=\"application/json\"": false,
		",,,": false, ";": false, "application / json": false, "application/json\x00": false,
	} {
		if got := accepts(accept, "application/json"); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}

func TestLocalPath(t *testing.T) {
	for _, good := range []string{
		"/cgi-bin/home", "/cgi-bin/shz/demo/", "/cgi-bin/shz/demo/a%20b/?sort=size&order=desc", "/cgi-bin/shz/demo/caf%E9", "/cgi-bin/",
		"/cgi-bin/shz/demo/?next=//evil.example", "/cgi-bin/shz/demo/http://evil.example/", "/cgi-bin/home#//evil.example",
		"/cgi-bin/" + strings.Repeat("a", 7000),
	} {
		if got := LocalPath(good); got != good {
			t.Errorf("%.80q became %q", good, got)
		}
	}
	for _, bad := range []string{
		"", "/", "home", "cgi-bin/home", "/index.html", "/cgi-bin", "/cgi-binary/", "/CGI-BIN/home", "//evil.example/cgi-bin/", "///evil.example/cgi-bin/",
		"http://evil.example/cgi-bin/home", "https:/cgi-bin/home", "https:cgi-bin/home", "HTTP://evil.example", "//cgi-bin/home", "/\\evil.example/cgi-bin/",
		"\\\\evil.example", "/cgi-bin/\\evil.example", "/cgi-bin\\home", "/\t/evil.example", "/cgi-bin/\t/evil.example", "\t/cgi-bin/home", " /cgi-bin/home",
		"/cgi-bin/home\r\nSet-Cookie: SESSION_ID=x", "/cgi-bin/home\n", "/cgi-bin/home\r", "/cgi-bin/home\x00", "/cgi-bin/\x1bhome", "/cgi-bin/\x7f",
		"javascript:alert(1)", "JavaScript:alert(1)//cgi-bin/", "data:text/html,/cgi-bin/", "evil.example/cgi-bin/", "@evil.example/cgi-bin/", "user@evil.example",
		"//user@evil.example/cgi-bin/", "/%2f/evil.example/cgi-bin/", "%2fcgi-bin/home", "/%63gi-bin/home", "/cgi-bin/%", "/cgi-bin/%zz", "?next=/cgi-bin/", "#/cgi-bin/",
		"/cgi-bin/" + strings.Repeat("a", 9000), ".", "..", "/../cgi-bin/home", "./cgi-bin/home", "http:///cgi-bin/home", "://cgi-bin/", "/cgi-bin:80/",
	} {
		if got := LocalPath(bad); got != "" {
			t.Errorf("%.80q leads to %q", bad, got)
		}
	}
}

// TestCall: what the component is told, out of the environment of the gate.
func TestCall(t *testing.T) {
	a := cgiCall{
		component: "call", uri: "/cgi-bin/shz/demo/caf%E9//x%2Fy?lang=xx", set: map[string]string{
			"SHZ_SESSION": "f00f", "SHZ_MUST_CHANGE": "yes", "SHZ_ENTRY": "external", "HTTP_ACCEPT_LANGUAGE": "en-GB,it;q=0.5",
		},
	}.run(t)
	var got map[string]any
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatal(err, a.body, a.stderr)
	}
	for key, want := range map[string]any{
		"id": "0123456789abcdef", "user": "anna", "entry": "external", "address": "192.0.2.7", "session": "f00f", "must": true,
		"language": "en", "rest": "demo/caf%E9//x%2Fy", "path": "/cgi-bin/shz/demo/caf%E9//x%2Fy", "size": 0.0, "method": "GET",
		"host": "share.example", "event": false,
	} {
		if got[key] != want {
			t.Errorf("%s: %v, not %v", key, got[key], want)
		}
	}
	if a.status != 200 || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v", a.status, a.header)
	}
	checkHeaders(t, a)
}

// checkHeaders requires the headers that stand in every answer.
func checkHeaders(t *testing.T, a cgiAnswer) {
	t.Helper()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Content-Security-Policy": page.ContentSecurityPolicy, "Referrer-Policy": "same-origin",
		"X-Content-Type-Options": "nosniff", "Vary": "Accept, Accept-Language, Cookie", "X-Request-Id": "0123456789abcdef",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
}

// TestForeign: changing requests that a page of another site makes a browser send (CWE-352).
func TestForeign(t *testing.T) {
	for _, row := range []struct {
		name, method string
		set          map[string]string
		refused      bool
	}{
		{"a script", "POST", nil, false},
		{"our page", "POST", map[string]string{"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ORIGIN": "http://share.example"}, false},
		{"typed into the browser", "POST", map[string]string{"HTTP_SEC_FETCH_SITE": "none"}, false},
		{"our page in an old browser", "POST", map[string]string{"HTTP_ORIGIN": "http://share.example"}, false},
		{"our page behind TLS", "POST", map[string]string{"HTTP_ORIGIN": "https://share.example"}, false},
		{"other site", "POST", map[string]string{"HTTP_SEC_FETCH_SITE": "cross-site"}, true},
		{"other site, claiming our origin", "POST", map[string]string{"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_ORIGIN": "http://share.example"}, true},
		{"other host of the domain", "POST", map[string]string{"HTTP_SEC_FETCH_SITE": "same-site"}, true},
		{"other word", "POST", map[string]string{"HTTP_SEC_FETCH_SITE": "Same-Origin"}, true},
		{"other origin", "POST", map[string]string{"HTTP_ORIGIN": "http://evil.example"}, true},
		{"other port", "POST", map[string]string{"HTTP_ORIGIN": "http://share.example:8080"}, true},
		{"prefix of our host", "POST", map[string]string{"HTTP_ORIGIN": "http://share.example.evil.example"}, true},
		{"hidden origin", "POST", map[string]string{"HTTP_ORIGIN": "null"}, true},
		{"hidden origin without a host", "POST", map[string]string{"HTTP_ORIGIN": "null", "HTTP_HOST": "-"}, false},
		{"PUT", "PUT", map[string]string{"HTTP_ORIGIN": "http://evil.example"}, true},
		{"PATCH", "PATCH", map[string]string{"HTTP_SEC_FETCH_SITE": "cross-site"}, true},
		{"unknown method", "get", map[string]string{"HTTP_SEC_FETCH_SITE": "cross-site"}, true},
		{"looking from elsewhere", "GET", map[string]string{"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_ORIGIN": "http://evil.example"}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, pipes := range []bool{false, true} {
				a := cgiCall{component: "call", method: row.method, set: row.set, body: strings.Repeat("x=y&", 9000), pipes: pipes}.run(t)
				if refused := a.status == 403 && a.errorObject(t).Error.Code == NotPermitted; refused != row.refused || !refused && a.status != 200 {
					t.Errorf("%d %s", a.status, a.body)
				}
			}
		})
	}
}

// TestFrom: a message of success stands only on a page to which a page of this site led.
func TestFrom(t *testing.T) {
	for _, row := range []struct{ referer, from string }{
		{"", ""},
		{"http://share.example/cgi-bin/zones/a?view=share&x=%C3%A9", "/cgi-bin/zones/a?view=share&x=%C3%A9"},
		{"https://share.example/cgi-bin/home", "/cgi-bin/home"}, // behind TLS
		{"http://SHARE.example/cgi-bin/home#x", "/cgi-bin/home"},
		{"http://share.example/", ""},
		{"http://share.example/static/x.html", ""},
		{"http://share.example:8080/cgi-bin/home", ""},
		{"http://share.example.evil.example/cgi-bin/home", ""},
		{"http://share.example@evil.example/cgi-bin/home", ""},
		{"http://evil.example/cgi-bin/home?share.example", ""},
		{"//evil.example/cgi-bin/home", ""},
		{"/cgi-bin/home", ""},
		{"share.example", ""},
		{"mailto:share.example", ""},
		{"http://share.example/cgi-bin/a%zz", ""},
		{"http://share.example/cgi-bin/" + strings.Repeat("a", 9000), ""},
		{"http://share.example/cgi-bin/\\evil.example", "/cgi-bin/%5Cevil.example"},
	} {
		a := cgiCall{component: "call", uri: "/cgi-bin/test?done=it", set: map[string]string{"HTTP_REFERER": row.referer}}.run(t)
		var got struct{ From, Done string }
		if err := json.Unmarshal([]byte(a.body), &got); err != nil {
			t.Fatal(err, a.body)
		}
		if got.From != row.from || (got.Done == "it") != (row.from != "") {
			t.Errorf("%.80q: from %q, done %q", row.referer, got.From, got.Done)
		}
	}
}

// TestDoneAfterLink: where one comes from the page of a mail's link, which says the site alone, that is enough.
func TestDoneAfterLink(t *testing.T) {
	for referer, want := range map[string]string{"http://share.example/": "it", "http://evil.example/": "", "": ""} {
		a := cgiCall{component: "call", uri: "/cgi-bin/login?done=it", set: map[string]string{"HTTP_REFERER": referer}}.run(t)
		var got struct{ Done string }
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || got.Done != want {
			t.Errorf("%q: %v %s", referer, err, a.body)
		}
	}
}

func TestLanguageIsKept(t *testing.T) {
	for _, row := range []struct{ query, cookie, accept, language, set string }{
		{"", "", "", "it", ""},
		{"", "", "en", "en", ""},
		{"", "it", "en", "it", ""},
		{"?lang=en", "it", "it", "en", "lang=en"},
		{"?lang=it", "", "en", "it", "lang=it"},
		{"?lang=de", "en", "", "en", ""},
		{"?lang=EN", "", "", "it", ""},
		{"?lang=en%0d%0aSet-Cookie:%20x=y", "", "", "it", ""},
		{"?lang=", "", "en", "en", ""},
	} {
		a := cgiCall{component: "call", uri: "/cgi-bin/test" + row.query, set: map[string]string{"SHZ_LANG": row.cookie, "HTTP_ACCEPT_LANGUAGE": row.accept}}.run(t)
		cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
		if !strings.Contains(a.body, `"language":"`+row.language+`"`) || cookie != row.set || a.header.Get("X") != "" {
			t.Errorf("%+v: %q %s", row, cookie, a.body)
		}
	}
}

func TestCookie(t *testing.T) {
	for https, want := range map[string]string{
		"-": "SESSION_ID=x; Path=/; HttpOnly; SameSite=Lax", "on": "SESSION_ID=x; Path=/; HttpOnly; Secure; SameSite=Lax",
	} {
		if got := (cgiCall{component: "cookie", set: map[string]string{"HTTPS": https}}.run(t)).header.Get("Set-Cookie"); got != want {
			t.Errorf("HTTPS=%s: %s", https, got)
		}
	}
}

func TestSeeOther(t *testing.T) {
	html := map[string]string{"HTTP_ACCEPT": "text/html"}
	for to, want := range map[string]string{
		"/cgi-bin/home": "/cgi-bin/home", "/cgi-bin/a%0d%0aSet-Cookie:%20x=y": "/cgi-bin/a  Set-Cookie: x=y",
	} {
		a := cgiCall{component: "redirect", uri: "/cgi-bin/test?to=" + to, set: html}.run(t)
		if got := a.header.Get("Location"); a.status != 303 || got != want || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%d %q", a.status, got)
		}
	}
	if a := (cgiCall{component: "redirect", uri: "/cgi-bin/test?to=/x"}).run(t); a.status != 200 || a.body != "\"to\"\n" || a.header.Get("Location") != "" {
		t.Errorf("a script gets %d %q", a.status, a.body)
	}
}

// TestLongLocation: Apache answers 500 for a header of more than 8 KiB, after the file was stored.
func TestLongLocation(t *testing.T) {
	long := "/cgi-bin/shz/demo/" + strings.Repeat("d/", 5000)
	for _, row := range []struct{ path, add, want string }{
		{"/cgi-bin/shz/demo/a", "/", "/cgi-bin/shz/demo/a/"},
		{long + "a", "/?sort=size", "./a/?sort=size"},
		{long, "?done=upload", "./?done=upload"},
		{long + "a:b", "", "./a:b"},
		{"/cgi-bin/shz/demo/a", strings.Repeat("x", 9000), ""},
	} {
		a := cgiCall{component: "new", uri: row.path + "?add=" + strings.NewReplacer("/", "%2F", "?", "%3F").Replace(row.add)}.run(t)
		if got := a.header.Get("Location"); a.status != 201 || got != row.want {
			t.Errorf("%d %.80q, not %q", a.status, got, row.want)
		}
	}
}

// TestBrokenRequest: what the gate or Apache should have refused is refused here too, in its form and with a whole
// answer, whether or not a body was sent with it.
func TestBrokenRequest(t *testing.T) {
	for name, set := range map[string]map[string]string{
		"no method":            {"REQUEST_METHOD": "-"},
		"no protocol":          {"SERVER_PROTOCOL": "-"},
		"protocol":             {"SERVER_PROTOCOL": "HTTP/x"},
		"percent":              {"REQUEST_URI": "/cgi-bin/shz/demo/%zz"},
		"half a percent":       {"REQUEST_URI": "/cgi-bin/shz/demo/%2"},
		"host":                 {"HTTP_HOST": "a b"},
		"length in words":      {"CONTENT_LENGTH": "five"},
		"negative length":      {"CONTENT_LENGTH": "-5"},
		"length with a plus":   {"CONTENT_LENGTH": "+5"},
		"length with a blank":  {"CONTENT_LENGTH": "5 "},
		"length beyond 63 bit": {"CONTENT_LENGTH": "9223372036854775808"},
		"length beyond 62 bit": {"CONTENT_LENGTH": "4611686018427387904"},
		"two lengths":          {"CONTENT_LENGTH": "5, 6"},
	} {
		t.Run(name, func(t *testing.T) {
			a := cgiCall{component: "call", method: "POST", set: set, body: strings.Repeat("x", 300_000)}.run(t)
			if a.status != 400 || a.errorObject(t).Error.Code != BadRequest {
				t.Errorf("%d %s", a.status, a.body)
			}
			checkHeaders(t, a)
		})
	}
}

func TestHead(t *testing.T) {
	for _, component := range []string{"call", "surplus", "short", "fail", "redirect"} {
		for _, accept := range []string{"application/json", "text/html"} {
			if component == "call" && accept == "text/html" {
				continue // it has no page
			}
			a := cgiCall{component: component, method: http.MethodHead, uri: "/cgi-bin/test?code=busy&to=/x", set: map[string]string{"HTTP_ACCEPT": accept}}.run(t)
			if a.body != "" || a.status == 0 {
				t.Errorf("%s: %d %q", component, a.status, a.body)
			}
		}
	}
}
