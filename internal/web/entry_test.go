package web

import (
	"strings"
	"testing"
)

func TestCheckHost(t *testing.T) {
	const external, internal = "https://share.example.com", "http://intranet:8080"
	for _, row := range []struct {
		publicURL, host string
		refused         bool
	}{
		{"", "anything", false},
		{external, "share.example.com", false},
		{external, "SHARE.example.com:443", false},
		{external, "share.example.com:80", true},
		{external, "share.example.com.evil.example", true},
		{external, "192.0.2.1", true},
		{external, "", true},
		{internal, "intranet:8080", false},
		{internal, "intranet", true},
	} {
		err := checkHost(row.publicURL, row.host)
		if (err != nil) != row.refused || err != nil && CodeOf(err) != BadRequest {
			t.Errorf("%+v: %v", row, err)
		}
	}
}

// TestEntry: what is refused so is said in words, to a person and to a script.
func TestEntry(t *testing.T) {
	a := cgiCall{component: "call", as: "users", set: map[string]string{"SHZ_ENTRY": "external", "HTTP_ACCEPT_LANGUAGE": "en"}}.run(t)
	if a.status != 403 || !strings.Contains(a.body, `"not-permitted"`) || !strings.Contains(a.body, "not available from here") {
		t.Errorf("%d %s", a.status, a.body)
	}
	for as, want := range map[string]int{"shz": 200, "login": 200, "logout": 200, "refused": 200, "cleaner": 403} {
		if a := (cgiCall{component: "call", as: as, set: map[string]string{"SHZ_ENTRY": "external"}}).run(t); a.status != want {
			t.Errorf("%s: %d %s", as, a.status, a.body)
		}
	}
	// An entry that nobody knows lets nobody do anything.
	if a := (cgiCall{component: "call", as: "shz", set: map[string]string{"SHZ_ENTRY": "shell"}}).run(t); a.status != 403 {
		t.Errorf("no such entry: %d %s", a.status, a.body)
	}
}
