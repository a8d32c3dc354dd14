package test

import (
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// TestMaintenance: while the administrator works on the installation only administrators are let in, also those who have a
// session; the others are told so in their language, in both forms, and come in again afterwards.
func TestMaintenance(t *testing.T) {
	needDemo(t)
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	t.Cleanup(func() { run(t, "shzadm", "maintenance", "off") })
	calls := map[string][]string{
		"home": {"/cgi-bin/home"}, "folder": {folder}, "upload": {"-T", "/etc/hostname", folder + "x"}, "form": {"-d", "op=mkdir&name=made", folder},
		"zones": {"/cgi-bin/zones?mine=1"}, "password": {"-d", "old=a&new=b&confirm=b", "/cgi-bin/chpwd"},
	}
	unchanged(t, zonePath(zone), func() {
		run(t, "shzadm", "maintenance", "on")
		if got := strings.TrimSpace(run(t, "stat", "-c", "%U %G %a", layout.Maintenance)); got != "root shzadmin 640" {
			t.Error(got)
		}
		for what, args := range calls {
			for _, user := range []string{"anna", "bruno"} {
				if a := jsonAs(t, user, args...); a.status != 503 || a.code() != "busy" || a.header.Get("Retry-After") == "" {
					t.Errorf("%s, %s: %d %s", user, what, a.status, a.body)
				}
			}
		}
		for language, says := range map[string]string{"en": "is being worked on", "it": "è in manutenzione"} {
			a := curl(t, "-H", "Cookie: SESSION_ID="+sessionID(t, "bruno")+"; lang="+language, folder)
			if a.status != 503 || !strings.Contains(a.body, says) || strings.Contains(a.body, "shzadm") || !strings.Contains(a.body, "<html") {
				t.Errorf("%s: %d %s", language, a.status, a.body)
			}
		}
	})
	if a := jsonAs(t, "admin", "/cgi-bin/home"); a.status != 200 {
		t.Errorf("admin: %d %s", a.status, a.body)
	}
	if a := curl(t, "-H", "Cookie: SESSION_ID="+sessionID(t, "admin")+"; lang=en", "/cgi-bin/home"); !strings.Contains(a.body, "shzadm maintenance off") {
		t.Error("an administrator's page does not remind of it")
	}
	if a := tryLogin(t, "admin", needDemo(t).password["admin"]); a.status != 200 {
		t.Errorf("an administrator cannot log in: %d %s", a.status, a.body)
	}
	if out := run(t, "shzadm", "maintenance", "--json"); !strings.Contains(out, `"maintenance": true`) {
		t.Error(out)
	}
	if _, status := asUser(t, "bruno", "rm", "-f", layout.Maintenance); status == 0 {
		t.Error("bruno ends it")
	}
	if a := jsonAs(t, "bruno", "/cgi-bin/home"); a.status != 503 {
		t.Errorf("after bruno's shell: %d", a.status)
	}
	if a := jsonAs(t, "bruno", "-d", "", "/cgi-bin/logout"); a.status != 200 {
		t.Errorf("he cannot log out: %d %s", a.status, a.body)
	}
	// Who may read the file is an administrator: a mode that is too wide is a finding.
	run(t, "chmod", "644", layout.Maintenance)
	if out, status := command(t, "shzadm", "doctor"); status != 1 || !strings.Contains(out, layout.Maintenance) {
		t.Errorf("doctor: %d %s", status, out)
	}
	run(t, "shzadm", "maintenance", "off")
	jar(t, "bruno")
	for what, args := range map[string][]string{"home": calls["home"], "folder": calls["folder"], "upload": calls["upload"]} {
		if a := jsonAs(t, "bruno", args...); a.status/100 != 2 {
			t.Errorf("afterwards, %s: %d %s", what, a.status, a.body)
		}
	}
}

// TestAnnouncement: what the administrator says stands on every page, the form for the login too, in the reader's language, until
// its time is over; a text is text.
func TestAnnouncement(t *testing.T) {
	needDemo(t)
	t.Cleanup(func() { run(t, "shzadm", "announce", "--end") })
	page := func(language, user, at string) string {
		cookie := "lang=" + language
		if user != "" {
			cookie += "; SESSION_ID=" + sessionID(t, user)
		}
		return curl(t, "-H", "Cookie: "+cookie, at).body
	}
	stands := func(text string, want bool, language string) {
		t.Helper()
		for _, at := range []string{"/cgi-bin/home", "/cgi-bin/shz/demo/", "/cgi-bin/chpwd", "/cgi-bin/shz/demo/nothing", "/cgi-bin/nothing"} {
			if strings.Contains(page(language, "bruno", at), text) != want {
				t.Errorf("%s on %s: not %v", text, at, want)
			}
		}
		if strings.Contains(page(language, "", "/cgi-bin/login"), text) != want {
			t.Errorf("%s on the login form: not %v", text, want)
		}
	}
	run(t, "shzadm", "announce", "--it", "Stasera <b>fermo</b> & a posto", "--en", "Down tonight")
	stands("Stasera &lt;b&gt;fermo&lt;/b&gt; &amp; a posto", true, "it")
	stands("Down tonight", true, "en")
	stands("Down tonight", false, "it")
	run(t, "shzadm", "announce", "--en", "Only English")
	stands("Only English", true, "it")
	run(t, "sh", "-c", `echo '{"it":"Passato","en":"Past","until":"2020-01-01T00:00:00Z"}' >"$1"`, "sh", layout.Announcement)
	stands("Past", false, "en")
	run(t, "shzadm", "announce", "--en", "To come", "--until", "2099-01-01")
	stands("To come", true, "en")
	for _, damage := range []string{"nonsense", `{"it":"x","en":""}`, `{"it":"a\nb","en":"a\nb"}`} { // by an editor
		run(t, "sh", "-c", `printf %s "$1" >"$2"`, "sh", damage, layout.Announcement)
		if a := jsonAs(t, "bruno", "/cgi-bin/home"); a.status != 200 {
			t.Errorf("%s: %d", damage, a.status)
		}
		stands("To come", false, "en")
	}
	for _, args := range [][]string{{"--en", ""}, {"--en", "a\nb"}, {"--en", strings.Repeat("x", 501)}, {"--en", "x", "--until", "soon"}, {"--en", "x", "--until", "2020-01-01"}, {"--until", "2099-01-01"}, {"--end", "--en", "x"}} {
		if out, status := command(t, "shzadm", append([]string{"announce"}, args...)...); status == 0 {
			t.Errorf("%q is taken: %s", args, out)
		}
	}
	run(t, "shzadm", "announce", "--end")
	if out := run(t, "shzadm", "announce", "--json"); !strings.Contains(out, `"announcement": null`) {
		t.Error(out)
	}
	if out := run(t, "shzadm", "doctor"); !strings.Contains(out, "no findings") {
		t.Error(out)
	}
}
