package test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

const externalCode = "/etc/pam.d/sharezone-external-code"

// factorFromOutside: by the external entry, too, the password alone opens a session that is refused everything but the code; codes are
// checked by that entry's own service. ask is a request from outside, by whichever way.
func factorFromOutside(t *testing.T, ask func(path string, args ...string) answer) {
	const password = "Lampone-7-Treno-Verde"
	forgive(t)
	setConfig(t, "[login]\nfailure_milliseconds = 300\n")
	person(t, "ilaria", password)
	zone := newZone(t, "user:ilaria=write")
	key, recovery := setUp(t, opened(t, "ilaria", password), password)
	login := []string{"--data-urlencode", "username=ilaria", "--data-urlencode", "password=" + password}
	first := ask("/cgi-bin/login", login...)
	half := idIn(first)
	if first.status != 200 || half == "" || factorOf(t, first).SecondFactor != "code" || !strings.Contains(first.header.Get("Set-Cookie"), "Secure") {
		t.Fatalf("login: %d %v %s", first.status, first.header, first.body)
	}
	cookie := func(id string) []string { return []string{"-H", "Cookie: SESSION_ID=" + id} }
	for _, row := range []struct {
		path string
		args []string
	}{
		{"home", nil}, {"menu", nil}, {"profile", nil}, {"chpwd", nil}, {"zones", nil}, {"shz/" + zone + "/", nil},
		{"chpwd", []string{"-d", "op=change"}}, {"profile", []string{"-d", "op=channel"}}, {"zones", []string{"-d", "op=create&name=half"}},
		{"shz/" + zone + "/", []string{"-d", "op=mkdir&name=half"}}, {"shz/" + zone + "/half", []string{"-T", "/etc/hostname"}},
		{"factor", []string{"-d", "op=off"}}, {"factor", []string{"-d", "op=begin"}},
	} {
		if a := ask("/cgi-bin/"+row.path, append(row.args, cookie(half)...)...); a.status != 403 || a.code() != "second-factor" {
			t.Errorf("%s %q: %d %s", row.path, row.args, a.status, a.body)
		}
	}
	if exists(zonePath(zone, "half")) || exists(zonePath("half")) {
		t.Error("a half authenticated session brought something")
	}
	if a := with(t, half, factorPage); a.status != 401 {
		t.Errorf("its session, inside: %d %s", a.status, a.body)
	}
	if a := ask(factorPage, append(cookie(half), "-d", "otp=000000")...); a.status != 401 || idIn(a) != "" {
		t.Errorf("a wrong code: %d %s", a.status, a.body)
	}
	t.Run("its own service", func(t *testing.T) {
		before := read(t, externalCode)
		t.Cleanup(func() { os.WriteFile(externalCode, []byte(before), 0o644) })
		if err := os.WriteFile(externalCode, []byte("auth required pam_deny.so\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if a := ask(factorPage, append(cookie(half), "-d", "otp="+recovery[0])...); a.status == 200 || idIn(a) != "" {
			t.Errorf("outside: %d %s", a.status, a.body)
		}
		if a := tryLogin(t, "ilaria", password, "-d", "otp="+recovery[1]); a.status != 200 {
			t.Errorf("inside: %d %s", a.status, a.body)
		}
	})
	whole := ask(factorPage, append(cookie(half), "-d", "otp="+appCode(t, key, 0))...)
	if said := factorOf(t, whole); whole.status != 200 || said.User != "ilaria" || said.Entry != "external" || idIn(whole) == half || exists(sessionFile(t, half)) {
		t.Fatalf("the code: %d %s", whole.status, whole.body)
	}
	if a := ask("/cgi-bin/shz/"+zone+"/whole", append(cookie(idIn(whole)), "-T", "/etc/hostname")...); a.status != 201 {
		t.Errorf("upload: %d %s", a.status, a.body)
	}
	t.Run("required", func(t *testing.T) {
		setConfig(t, "[login]\nfailure_milliseconds = 300\n[entries.external]\nsecond_factor_base = \"required\"\n")
		if a := ask("/cgi-bin/home", cookie(idIn(whole))...); a.status != 200 {
			t.Errorf("who has shown a code: %d %s", a.status, a.body)
		}
		a := ask("/cgi-bin/login", "--data-urlencode", "username=carla", "--data-urlencode", "password="+needDemo(t).password["carla"])
		if a.status != 200 || factorOf(t, a).SecondFactor != "enrolment" {
			t.Fatalf("who has none: %d %s", a.status, a.body)
		}
		if page := ask(factorPage, append(cookie(idIn(a)), "-d", "op=begin")...); page.status != 200 || len(factorOf(t, page).Key) != 32 {
			t.Errorf("set up from outside: %d %s", page.status, page.body)
		}
		if inside := tryLogin(t, "carla", needDemo(t).password["carla"]); inside.status != 200 || factorOf(t, inside).SecondFactor != "" {
			t.Errorf("who has none, inside: %d %s", inside.status, inside.body)
		}
	})
	acts := activityOf(t, "--user", "ilaria")
	if !slices.Contains(acts, "factor-asked ilaria - ok") {
		t.Errorf("not recorded: %q", acts)
	}
}
