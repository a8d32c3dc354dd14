package main

import (
	"net/netip"
	"slices"
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
		for _, pair := range environment(&q, c, identity{user: "anna"}, 3, -1, nil) {
			if len(pair) > maxVariable+32 || hasControl(pair) || strings.HasPrefix(pair, "HTTP_PROXY=") {
				t.Errorf("%q is handed on", pair)
			}
		}
	})
}

// FuzzExternalRequest: by the external entry a client's address is the proxy's word, one address, and from nowhere else.
func FuzzExternalRequest(f *testing.F) {
	f.Add("192.0.2.80", "192.0.2.80", "203.0.113.5")
	f.Add("::ffff:192.0.2.80", "192.0.2.80", "::ffff:203.0.113.5")
	f.Add("2001:db8::80", "2001:DB8:0::80", "2001:db8:1::5%eth0")
	f.Add("192.0.2.81", "192.0.2.80", "203.0.113.5")
	f.Add("192.0.2.80", "192.0.2.80", "10.0.0.1, 203.0.113.5")
	f.Add("192.0.2.80", "", "0.0.0.0")
	f.Fuzz(func(t *testing.T, peer, proxy, forwardedFor string) {
		q, r := readRequest([]string{
			"GATEWAY_INTERFACE=CGI/1.1", "SHZ_ENTRY=external", "SHZ_PROXY=" + proxy, "REQUEST_URI=/cgi-bin/home", "REQUEST_METHOD=GET", "REMOTE_ADDR=" + peer,
			"HTTP_X_FORWARDED_FOR=" + forwardedFor,
		})
		if r != nil {
			if r.step != stepRequest && r.step != stepEntry {
				t.Errorf("refused at %d: %s", r.step, r.reason)
			}
			return
		}
		from, err := netip.ParseAddr(peer)
		own, errProxy := netip.ParseAddr(proxy)
		client, errClient := netip.ParseAddr(forwardedFor)
		if err != nil || errProxy != nil || errClient != nil {
			t.Fatalf("peer %q, proxy %q, client %q", peer, proxy, forwardedFor)
		}
		if from.Unmap().WithZone("") != own.Unmap().WithZone("") || q.address != client.Unmap().String() || client.Zone() != "" {
			t.Errorf("peer %q, proxy %q, client %q: %q", peer, proxy, forwardedFor, q.address)
		}
		c, _ := findComponent(&q)
		handed := environment(&q, c, identity{user: "anna"}, 3, -1, nil)
		if !slices.Contains(handed, "REMOTE_ADDR="+q.address) || slices.ContainsFunc(handed, func(pair string) bool {
			return strings.HasPrefix(pair, "HTTP_X_FORWARDED_FOR=") || strings.HasPrefix(pair, "SHZ_PROXY=")
		}) {
			t.Errorf("handed on: %q", handed)
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
