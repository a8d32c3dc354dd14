package test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sharezone/internal/layout"
)

// The login as whoever attacks it meets it. Names that no session may carry are in TestForgedUserNames, the slots in
// limits_test.go.

// requestID is what differs between two answers that are the same.
var requestID = regexp.MustCompile(`\b[0-9a-f]{16}\b`)

// told is what a refused login tells: status, headers, body, without what the client sent itself.
func told(a answer, username string) string {
	h := a.header.Clone()
	h.Del("Date")
	h.Del("X-Request-Id")
	h.Del("Content-Length") // there or not, as it happens: Apache adds it when the handler ended before it sent
	body := requestID.ReplaceAllString(a.body, "ID")
	return fmt.Sprintf("%d %v %s", a.status, h, strings.ReplaceAll(body, `value="`+username+`"`, `value="USER"`))
}

// inParallel calls act with each item, n at a time: a refused login takes a second.
func inParallel[T any](n int, items []T, act func(T)) {
	free := make(chan struct{}, n)
	var acting sync.WaitGroup
	for _, item := range items {
		free <- struct{}{}
		acting.Go(func() { act(item); <-free })
	}
	acting.Wait()
}

// TestLoginSaysNothing: why a login is refused shows neither in the text nor in the time.
func TestLoginSaysNothing(t *testing.T) {
	d := needDemo(t)
	const password = "Lampone-7-Treno-Verde"
	for _, row := range []struct{ name, then string }{
		{"serratura", "usermod -L serratura"}, {"scaduto", "chage -E 0 scaduto"}, {"spento", "chage -M 1 -I 1 -d 2020-01-01 spento"}, {"radice", "usermod -a -G root radice"},
	} {
		person(t, row.name, password)
		run(t, "sh", "-c", row.then)
	}
	person(t, "estraneo", password, layout.GroupOnly)
	type guess struct{ user, password string }
	// All reasons at once, for the text; the time limit holds for each.
	guesses := []guess{
		{"bruno", d.password["anna"]}, {"scaduto", password}, {"spento", password}, {"radice", password}, {"estraneo", password}, {"www-data", "wrong"},
		{"shzguest", ""}, {"serratura", "wrong"}, {"bruno", ""}, {"bruno", strings.Repeat("x", 513)}, {"..", "wrong"}, {"", ""},
		{strings.Repeat("n", 10<<10), "wrong"}, {"bruno", strings.Repeat("\x01", 10<<10)},
	}
	var texts sync.Map
	try := func(g guess) time.Duration {
		began := time.Now()
		a := tryLogin(t, g.user, g.password)
		took := time.Since(began)
		texts.Store(told(a, g.user), g.user)
		if a.status != 401 || idIn(a) != "" || took < time.Second {
			t.Errorf("%.30s with %.30q: %d after %v %s", g.user, g.password, a.status, took, a.body)
		}
		return took
	}
	inParallel(7, guesses, func(g guess) { try(g) })
	// One after the other, for the time.
	alone := []guess{{"bruno", "wrong"}, {"nessuno", "wrong"}, {"serratura", password}, {"root", "wrong"}}
	fastest := make([]time.Duration, len(alone))
	for round := range 2 {
		for i, g := range alone {
			if took := try(g); round == 0 || took < fastest[i] {
				fastest[i] = took
			}
		}
	}
	for i, took := range fastest {
		if difference := (took - fastest[0]).Abs(); difference > 300*time.Millisecond {
			t.Errorf("%s with %.30q takes %v, a wrong password %v", alone[i].user, alone[i].password, took, fastest[0])
		}
	}
	different := 0
	texts.Range(func(text, user any) bool { different++; return true })
	if different != 1 {
		texts.Range(func(text, user any) bool { t.Errorf("%.30s: %s", user, text); return true })
	}
	pages := make(map[string]string)
	var writing sync.Mutex
	inParallel(4, []string{"bruno", "nessuno", "serratura", "root"}, func(user string) {
		a := curl(t, "-d", "username="+user, "-d", "password="+password, "/cgi-bin/login")
		writing.Lock()
		defer writing.Unlock()
		pages[told(a, user)] = user
	})
	if len(pages) != 1 {
		t.Errorf("%d different pages: %q", len(pages), pages)
	}
}

// TestLoginBurst: forty bad logins at once from one address (all partners share the proxy's) keep nobody else out; the one
// whose password was guessed at gets in from elsewhere.
func TestLoginBurst(t *testing.T) {
	d := needDemo(t)
	forgive(t)
	var guessing sync.WaitGroup
	began := time.Now()
	for i := range 40 {
		guessing.Go(func() {
			a := tryLogin(t, "bruno", fmt.Sprint("guess", i))
			if a.status != 401 && a.status != 503 {
				t.Errorf("guess %d: %d %s", i, a.status, a.body)
			}
		})
	}
	// As a person does who is told that there are too many requests at once.
	in := eventually(time.Minute, func() bool { return tryLogin(t, "anna", d.password["anna"]).status == 200 })
	if took := time.Since(began); !in {
		t.Errorf("anna was not let in, after %v", took)
	}
	guessing.Wait()
	if took := time.Since(began); took > 90*time.Second { // on two idle cores it takes six
		t.Errorf("forty guesses took %v", took)
	}
	if a := tryLogin(t, "bruno", d.password["bruno"], "--interface", "127.0.0.9"); a.status != 200 {
		t.Errorf("bruno from elsewhere: %d %s", a.status, a.body)
	}
}

// TestLoginNext: after the login a browser is led to a path of ours, whatever next says.
func TestLoginNext(t *testing.T) {
	d := needDemo(t)
	for _, next := range []string{
		"///evil.example/", "////evil.example/cgi-bin/", `\\evil.example`, `/\/evil.example/`, "http:evil.example", "https:/cgi-bin/home",
		"javascript:alert(1)", "data:text/html,x", "/cgi-bin/../../../evil", "/cgi-bin/home\r\nSet-Cookie: SESSION_ID=x", "/cgi-bin/home\nX-Evil: 1",
		"/cgi-bin/%0d%0aX-Evil:%201", "/cgi-bin/\thome", "/\t/evil.example/cgi-bin/", "//127.0.0.1:8080@evil.example/cgi-bin/", "/cgi-bin/\u2028",
		"/cgi-bin/" + strings.Repeat("a", 9000), " //evil.example/cgi-bin/", "/cgi-bin", "/static/style.css", "home", "", "/cgi-bin/%zz",
		"/cgi-bin//evil.example/", `/cgi-bin/\evil.example`, "/cgi-bin/home#@evil.example", "/cgi-bin/home?next=//evil.example", "/cgi-bin/<svg onload=x>",
	} {
		form := curl(t, "-G", "--data-urlencode", "next="+next, "/cgi-bin/login")
		a := curl(t, "--data-urlencode", "username=carla", "--data-urlencode", "password="+d.password["carla"], "--data-urlencode", "next="+next, "/cgi-bin/login")
		if form.status != 200 || a.status != 303 || a.header.Get("X-Evil") != "" || len(a.header.Values("Set-Cookie")) != 1 {
			t.Errorf("%.60q: form %d, login %d %v", next, form.status, a.status, a.header)
			continue
		}
		base, _ := url.Parse(d.url + "/cgi-bin/login")
		to, err := base.Parse(a.header.Get("Location"))
		if err != nil || to.Scheme != base.Scheme || to.Host != base.Host || to.User != nil || !strings.HasPrefix(a.header.Get("Location"), "/cgi-bin/") {
			t.Errorf("%.60q leads to %q", next, a.header.Get("Location"))
		}
		if strings.Contains(form.body, "<svg onload") {
			t.Errorf("%.60q stands in the form as it is", next)
		}
	}
}

// TestLoginForms: what a form may carry beside a name and a password.
func TestLoginForms(t *testing.T) {
	d := needDemo(t)
	long := strings.Repeat("n", 10<<10)
	right := url.QueryEscape(d.password["bruno"])
	const form, object = "application/x-www-form-urlencoded", "application/json"
	type row struct {
		name, kind, body string
		status           int
	}
	inParallel(6, []row{
		{"right", form, "username=bruno&password=" + right, 200},
		{"right, JSON", object, `{"username":"bruno","password":"` + d.password["bruno"] + `"}`, 200},
		{"a space after the name, as phones write it", form, "username=bruno+&password=" + right, 200},
		{"a name of 10 KB", form, "username=" + long + "&password=x", 401},
		{"a password of 10 KB", form, "username=bruno&password=" + long, 401},
		{"a form of 70 KB", form, "username=bruno&x=" + strings.Repeat("x", 70<<10), 413},
		{"NUL after the name", form, "username=bruno%00&password=" + right, 401},
		{"NUL after the password", form, "username=bruno&password=" + right + "%00", 401},
		{"line break after the password", form, "username=bruno&password=" + right + "%0a", 401},
		{"two names, the first counts", form, "username=nessuno&username=bruno&password=" + right, 401},
		{"two passwords, the first counts", form, "username=bruno&password=x&password=" + right, 401},
		{"another role", form, "username=bruno&roles=admin&uid=0&entry=external&password=" + right, 200},
		{"an object as a name", object, `{"username":{"$ne":null},"password":"x"}`, 400},
		{"a number as a password", object, `{"username":"bruno","password":1}`, 401},
		{"null as a password", object, `{"username":"bruno","password":null}`, 401},
		{"no object", object, `"bruno"`, 400},
		{"null", object, `null`, 400},
		{"deep", object, strings.Repeat("[", 20000), 400},
		{"no JSON", object, `{"username":`, 400},
		{"two objects", object, `{"username":"bruno"}{"password":"x"}`, 400},
		{"bytes that are no UTF-8", form, "username=bruno&password=%ff%fe", 401},
		{"broken percent sign", form, "username=bruno&password=%zz", 400},
		{"text/plain, as a foreign form can send it", "text/plain", "username=bruno&password=" + right, 415},
		{"no type", "", "username=bruno&password=" + right, 415},
		{"XML", "application/xml", "<username>bruno</username>", 415},
	}, func(row row) {
		file := filepath.Join(t.TempDir(), "body")
		if err := os.WriteFile(file, []byte(row.body), 0o600); err != nil {
			t.Fatal(err)
		}
		a := curl(t, "-H", "Accept: application/json", "-H", "Content-Type: "+row.kind, "--data-binary", "@"+file, "/cgi-bin/login")
		if a.status != row.status || (idIn(a) != "") != (row.status == 200) {
			t.Errorf("%s: %d %.200s", row.name, a.status, a.body)
		}
		if strings.Contains(a.body, `"admin"`) {
			t.Errorf("%s: %s", row.name, a.body)
		}
	})
	// In the address a password would stand in logs and histories: it counts for nothing there.
	for _, method := range []string{"GET", "HEAD"} {
		if a := curl(t, "-X", method, "-o", "/dev/null", "/cgi-bin/login?username=bruno&password="+right); a.status != 200 || idIn(a) != "" {
			t.Errorf("%s: %d", method, a.status)
		}
	}
}

// TestLoginPasswords: every byte of a password counts, and none is changed on the way.
func TestLoginPasswords(t *testing.T) {
	person(t, "giada", "x")
	for _, password := range []string{
		" spaces, perché-Größe-密码-🔑, quotes \" ' \\ $(id) %41 %00 +plus&amp=; tab\t and \x01control ", strings.Repeat("p", 511),
	} {
		setPassword(t, "giada", password)
		if a := tryLogin(t, "giada", password); a.status != 200 {
			t.Errorf("%.40q: %d %s", password, a.status, a.body)
		}
		var trying sync.WaitGroup
		for _, wrong := range []string{password + " ", password[:len(password)-1], password + "\x00", password + "%00", strings.ToUpper(password) + "x"} {
			trying.Go(func() {
				file := filepath.Join(t.TempDir(), "body")
				os.WriteFile(file, []byte("username=giada&password="+url.QueryEscape(wrong)), 0o600)
				if a := curl(t, "-H", "Accept: application/json", "--data-binary", "@"+file, "/cgi-bin/login"); a.status != 401 {
					t.Errorf("%.40q instead of %.40q: %d", wrong, password, a.status)
				}
			})
		}
		trying.Wait()
	}
	// crypt(3) and PAM end at 511 or 512 bytes: what is longer must be refused, not cut.
	setPassword(t, "giada", strings.Repeat("p", 511))
	for _, n := range []int{510, 512, 513, 4096} {
		if a := tryLogin(t, "giada", strings.Repeat("p", n)); a.status != 401 {
			t.Errorf("%d bytes for a password of 511: %d", n, a.status)
		}
	}
}

// TestLoginFromElsewhere: a page of another site cannot log anybody in (to an account of the attacker's).
func TestLoginFromElsewhere(t *testing.T) {
	d := needDemo(t)
	for _, header := range []string{"Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: http://127.0.0.1:81"} {
		for _, form := range []string{"application/json", "text/html"} {
			a := curl(t, "-H", header, "-H", "Accept: "+form, "-d", "username=carla", "-d", "password="+d.password["carla"], "/cgi-bin/login")
			if a.status != http.StatusForbidden || idIn(a) != "" {
				t.Errorf("%s, %s: %d %v", header, form, a.status, a.header)
			}
		}
	}
	if a := curl(t, "-H", "Origin: "+d.url, "-d", "username=carla", "-d", "password="+d.password["carla"], "/cgi-bin/login"); a.status != 303 || idIn(a) == "" {
		t.Errorf("from our own form: %d", a.status)
	}
}
