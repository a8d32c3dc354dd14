package main

import (
	"net/netip"
	"strings"
	"testing"
)

// FuzzRequest: of whatever a browser puts into request line and headers, the handler gets no control character, and no
// more than Apache's own limits let through.
func FuzzRequest(f *testing.F) {
	f.Add("/cgi-bin/shz/caf%E9/\xe9?a=/b", "GET", "192.0.2.7", "it")
	f.Add("https://example.org/cgi-bin/home", "POST", "::ffff:192.0.2.7", "a\nb")
	f.Add("/cgi-bin/../gate", "get", "fe80::1%eth0", "\x00")
	f.Fuzz(func(t *testing.T, uri, method, address, accept string) {
		q, r := readRequest([]string{
			"GATEWAY_INTERFACE=CGI/1.1", "SHZ_ENTRY=internal", "REQUEST_URI=" + uri, "REQUEST_METHOD=" + method, "REMOTE_ADDR=" + address, "HTTP_ACCEPT=" + accept,
			"HTTP_PROXY=" + accept,
		})
		if len(q.id) != 16 {
			t.Error("no request id for the log")
		}
		if r != nil {
			if r.step != stepRequest {
				t.Errorf("refused at %d: %s", r.step, r.reason)
			}
			return
		}
		if a, err := netip.ParseAddr(q.address); err != nil || a.Is4In6() || a.Zone() != "" {
			t.Errorf("address %q", q.address)
		}
		if !strings.HasPrefix(q.uri, "/cgi-bin/") {
			t.Errorf("path %q", q.uri)
		}
		c, _ := findComponent(&q)
		for _, pair := range environment(&q, c, identity{user: "anna"}, 3, nil) {
			if len(pair) > maxVariable+32 || hasControl(pair) || strings.HasPrefix(pair, "HTTP_PROXY=") {
				t.Errorf("%q is handed on", pair)
			}
		}
	})
}

// FuzzCookie: two of one name are none, and what is looked for in the store is the name of a file of its own.
func FuzzCookie(f *testing.F) {
	for _, header := range []string{
		"SESSION_ID=" + goodID, "lang=it; SESSION_ID=" + goodID, "SESSION_ID=" + goodID + ";SESSION_ID=" + goodID, "SESSION_ID=../../etc/passwd", "session_id=" + goodID,
		"SESSION_ID=\"" + goodID + "\"", " SESSION_ID = " + goodID, "lang=it;lang=en", ";;=;", "SESSION_ID=" + strings.Repeat("A", 42) + "F",
	} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		var q request
		q.readCookies(header)
		if q.session != "" && (len(q.session) != 64 || strings.Trim(q.session, "0123456789abcdef") != "" || strings.Count(header, "SESSION_ID=") < 1) {
			t.Errorf("session %q", q.session)
		}
		if q.language != "" && q.language != "it" && q.language != "en" {
			t.Errorf("language %q", q.language)
		}
		var twice request
		if twice.readCookies(header + "; SESSION_ID=" + goodID); q.session != "" && twice.session != "" {
			t.Error("a second session is believed")
		}
	})
}
