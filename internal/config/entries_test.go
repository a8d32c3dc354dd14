package config

import (
	"testing"
	"time"
)

func TestEntry(t *testing.T) {
	s, err := parse("[entries.external]\ncomponents = \"home shz\"\nidle_minutes = 10\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		entry, component string
		answers          bool
	}{
		{"internal", "home", true}, {"internal", "users", true}, {"external", "home", true}, {"external", "shz", true},
		{"external", "zones", false}, {"external", "sh", false}, {"external", "home shz", false}, {"external", "", false}, {"external", "*", false},
		{"", "home", false}, {"shell", "home", false},
	} {
		if got := s.Entry(row.entry).Answers(row.component); got != row.answers {
			t.Errorf("%+v: %v", row, got)
		}
	}
	long, short := SessionLimits{time.Hour, 2 * time.Hour}, SessionLimits{time.Minute, 2 * time.Hour}
	if got := s.External.Within(long); got != (SessionLimits{10 * time.Minute, 2 * time.Hour}) {
		t.Errorf("%+v", got)
	}
	if got := s.External.Within(short); got != short {
		t.Errorf("%+v", got)
	}
	if got := s.Internal.Within(long); got != long {
		t.Errorf("%+v", got)
	}
	if Default().External.Answers("users") || Default().External.Answers("resetpwd") || Default().External.Answers("invite") {
		t.Errorf("administration from outside: %q", Default().External.Components)
	}
}

func TestIsOrigin(t *testing.T) {
	for v, want := range map[string]bool{
		"https://share.example.com": true, "https://share.example.com:8443": true, "https://192.0.2.1": true, "https://[2001:db8::1]:443": true, "https://localhost": true,
		"http://share.example.com": false, "https://share.example.com/": false, "https://share.example.com:": false, "https://share.example.com?x": false,
		"https://share.example.com#x": false, "https://user@share.example.com": false, "https://": false, "https:share": false, "//share.example.com": false,
		"https://Share.example.com": false, "HTTPS://share.example.com": false, "https://share_x": false, "https://a..b": false, "https://-a": false,
		"https://share.example.com:0": false, "https://share.example.com:x": false, "https://a\nb": false, "https://[fe80::1%25eth0]": false, "https://è.it": false, " https://a": false,
	} {
		if got := isOrigin(v, []string{"https"}); got != want {
			t.Errorf("%q: %v", v, got)
		}
	}
	if !isOrigin("http://intranet:8080", []string{"https", "http"}) || isOrigin("httpss://intranet", []string{"https", "http"}) {
		t.Error("schemes")
	}
}

// TestFactorsOf: who is a manager and an administrator is asked for what is the stricter of both.
func TestFactorsOf(t *testing.T) {
	f := Factors{Base: FactorRequired, Manager: FactorOff, Admin: FactorOptional}
	for _, row := range []struct {
		roles []string
		want  Factor
	}{
		{nil, FactorRequired}, {[]string{"base"}, FactorRequired}, {[]string{"base", "manager"}, FactorOff}, {[]string{"base", "admin"}, FactorOptional},
		{[]string{"base", "manager", "admin"}, FactorOptional},
	} {
		if got := f.Of(row.roles...); got != row.want {
			t.Errorf("%v: %s", row.roles, got)
		}
	}
	f = Factors{FactorOff, FactorRequired, FactorOff}
	if got := f.Of("base", "manager", "admin"); got != FactorRequired {
		t.Errorf("the highest role counts alone: %s", got)
	}
}
