package web

import (
	"strings"
	"testing"

	"sharezone/internal/config"
)

func TestJudgeEntry(t *testing.T) {
	s := config.Default()
	external := s.External
	external.PublicURL = "https://share.example.com"
	for _, row := range []struct {
		entry           config.Entry
		component, host string
		want            Code
	}{
		{s.Internal, "users", "anything", ""},
		{s.External, "shz", "anything", ""},
		{s.External, "users", "share.example.com", NotPermitted},
		{s.Entry("shell"), "shz", "", NotPermitted},
		{external, "shz", "share.example.com", ""},
		{external, "shz", "SHARE.example.com:443", ""},
		{external, "shz", "share.example.com:80", BadRequest},
		{external, "shz", "share.example.com.evil.example", BadRequest},
		{external, "shz", "192.0.2.1", BadRequest},
		{external, "shz", "", BadRequest},
		{config.Entry{Components: "*", PublicURL: "http://intranet:8080"}, "shz", "intranet:8080", ""},
		{config.Entry{Components: "*", PublicURL: "http://intranet:8080"}, "shz", "intranet", BadRequest},
	} {
		err := judgeEntry(row.entry, row.component, row.host)
		if err == nil != (row.want == "") || err != nil && CodeOf(err) != row.want {
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
}
