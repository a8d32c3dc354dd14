package test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/config"
	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// fromOutside makes a call one that came by the external entry: from its proxy, for a client with the address that the
// call has so far.
func fromOutside(c gateCall) gateCall {
	client := c.set["REMOTE_ADDR"]
	if client == "" {
		client = "203.0.113.9"
	}
	c.set["REMOTE_ADDR"], c.set["HTTP_X_FORWARDED_FOR"], c.set["SHZ_PROXY"] = "192.0.2.1", client, "192.0.2.1"
	c.set["SHZ_ENTRY"], c.set["HTTPS"] = "external", "on"
	return c
}

// TestProxyComponents: what the reverse proxy asks the inside for is what the external entry answers as shipped, and what a login needs.
func TestProxyComponents(t *testing.T) {
	found := regexp.MustCompile(`<LocationMatch "\^/\(cgi-bin/\(([a-z|]+)\)`).FindStringSubmatch(read(t, "../etc/apache/dmz.conf"))
	if found == nil {
		t.Fatal("no list of components")
	}
	want := append(strings.Fields(config.Default().External.Components), "login", "logout", "factor")
	slices.Sort(want)
	if got := strings.Split(found[1], "|"); !slices.Equal(got, want) {
		t.Errorf("the proxy lets through %q, not %q", got, want)
	}
}

// outside sends a request by the external entry with a session of it.
func outside(t *testing.T, user, method, uri string) gateAnswer {
	t.Helper()
	id := forge(t, user, func(r *session.Record) { r.Entry = "external" })
	return callGate(t, fromOutside(withSession(id, method, uri)))
}

// TestEntryComponents: what the administrator does not name is refused, on the entry that he does not name it for.
func TestEntryComponents(t *testing.T) {
	needDemo(t)
	for _, row := range []struct {
		text     string
		answered []string
	}{
		{"", []string{"home", "menu", "shz/demo/", "zones?mine=1", "chpwd", "profile"}},
		{"[entries.external]\ncomponents = \"home menu\"\n", []string{"home", "menu"}},
		{"[entries.external]\ncomponents = \"\"\n", nil},
		{"[entries.internal]\ncomponents = \"home\"\n[entries.external]\ncomponents = \"*\"\n", []string{"home", "menu", "shz/demo/", "zones?mine=1", "chpwd", "profile"}},
	} {
		setConfig(t, row.text)
		for _, path := range []string{"home", "menu", "shz/demo/", "zones?mine=1", "chpwd", "profile"} {
			a, want := outside(t, "anna", "GET", "/cgi-bin/"+path), 403
			if slices.Contains(row.answered, path) {
				want = 200
			}
			if a.status != want || want == 403 && !strings.Contains(a.body, `"not-permitted"`) {
				t.Errorf("%q: %s from outside: %d %s", row.text, path, a.status, a.body)
			}
			inside := 200
			if strings.Contains(row.text, "internal") && path != "home" {
				inside = 403
			}
			if a := jsonAs(t, "anna", "/cgi-bin/"+path); a.status != inside {
				t.Errorf("%q: %s from inside: %d %s", row.text, path, a.status, a.body)
			}
		}
		a := outside(t, "anna", "GET", "/cgi-bin/menu")
		for _, name := range []string{"home", "zones", "chpwd"} {
			offered := strings.Contains(a.body, `"name":"`+name+`"`)
			if slices.Contains(row.answered, "menu") && offered != (row.text == "" || name == "home" || strings.Contains(row.text, "*")) {
				t.Errorf("%q: the menu outside: %s", row.text, a.body)
			}
		}
		if a := outside(t, "anna", "POST", "/cgi-bin/logout"); a.status != 200 {
			t.Errorf("%q: logout: %d %s", row.text, a.status, a.body)
		}
	}
}

// TestEntryURL: with a public URL the entry answers for its host alone, and for no other entry's.
func TestEntryURL(t *testing.T) {
	needDemo(t)
	setConfig(t, "[entries.external]\npublic_url = \"https://share.example.com\"\n")
	id := forge(t, "anna", func(r *session.Record) { r.Entry = "external" })
	for host, want := range map[string]int{
		"share.example.com": 200, "share.example.com:443": 200, "Share.Example.Com": 200, "evil.example": 400, "share.example.com.evil.example": 400,
		"share.example.com:8443": 400, "127.0.0.1:8080": 400, "-": 400,
	} {
		for _, path := range []string{"/cgi-bin/home", "/cgi-bin/login"} {
			c := fromOutside(withSession(id, "GET", path))
			c.set["HTTP_HOST"] = host
			if a := callGate(t, c); a.status != want || want == 400 && !strings.Contains(a.body, "https://share.example.com") {
				t.Errorf("%s of %s: %d %s", path, host, a.status, a.body)
			}
		}
		// Who has no session gets the form in the place of the page; it is not shown under another name either.
		c := fromOutside(gateCall{set: map[string]string{"HTTP_HOST": host, "REQUEST_URI": "/cgi-bin/home"}})
		if a := callGate(t, c); want == 400 && a.status != 400 || want == 200 && a.status != 401 {
			t.Errorf("without a session, %s: %d %s", host, a.status, a.body)
		}
	}
	if a := jsonAs(t, "anna", "/cgi-bin/home"); a.status != 200 {
		t.Errorf("inside: %d", a.status)
	}
}

// TestEntryLogin: each entry has its PAM service and shortens sessions, an administrator's too. A service without a file
// lets nobody in, though PAM itself would go by its service "other".
func TestEntryLogin(t *testing.T) {
	d := needDemo(t)
	login := func(user string) gateAnswer {
		form := url.Values{"username": {user}, "password": {d.password[user]}}.Encode()
		c := fromOutside(gateCall{stdin: form, set: map[string]string{
			"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": fmt.Sprint(len(form)),
		}})
		return callGate(t, c)
	}
	setConfig(t, "[entries.external]\npam_service = \"sharezone-lost\"\n")
	if a := login("carla"); a.status != 401 {
		t.Errorf("without a service: %d %s", a.status, a.body)
	}
	if a := tryLogin(t, "carla", d.password["carla"]); a.status != 200 {
		t.Errorf("inside: %d %s", a.status, a.body)
	}
	setConfig(t, "[entries.external]\nidle_minutes = 2\nabsolute_hours = 300\n")
	for _, user := range []string{"carla", "admin"} {
		if a := login(user); a.status != 200 || !strings.Contains(a.body, `"entry":"external"`) {
			t.Fatalf("%s: %d %s", user, a.status, a.body)
		}
		records := sessionsOutside(t, user)
		if len(records) != 1 || records[0].Idle != 2*time.Minute || records[0].Absolute > 12*time.Hour {
			t.Errorf("%s: %+v", user, records)
		}
	}
}

// sessionsOutside are somebody's sessions of the external entry, which end with the test.
func sessionsOutside(t *testing.T, user string) (found []session.Record) {
	t.Helper()
	files, _ := filepath.Glob(layout.Sessions + "/*")
	for _, file := range files {
		if r, err := session.Parse([]byte(read(t, file))); err == nil && r.User == user && r.Entry == "external" {
			found = append(found, r)
			t.Cleanup(func() { os.Remove(file) })
		}
	}
	return found
}
