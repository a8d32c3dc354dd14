package test

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"sharezone/internal/page/pagetest"
)

// Requests that another site's page sends, that lie about themselves, or that two readers could understand in two ways.

// TestClaimedSuccess: an address that says that something was done, in a mail or on another site's page, shows no message
// of success; the page that really did it leads to one.
func TestClaimedSuccess(t *testing.T) {
	d := needDemo(t)
	zone := newZone(t, "user:bruno=write")
	folder, management := "/cgi-bin/shz/"+zone+"/", "/cgi-bin/zones/"+zone
	for _, row := range []struct{ user, from, at, says string }{
		{"bruno", folder, folder + "?done=mkdir", "The folder has been made."},
		{"bruno", folder, folder + "?done=delete&n=7", "7 items have been deleted."},
		{"anna", management, management + "?done=share", "it holds from now on"},
		{"bruno", "/cgi-bin/chpwd", "/cgi-bin/home?done=chpwd", "Your password has been changed."},
	} {
		page := func(from string) string {
			a := curl(t, "-H", "Cookie: SESSION_ID="+sessionID(t, row.user)+"; lang=en", "-e", from, row.at)
			if a.status != 200 {
				t.Fatalf("%s: %d", row.at, a.status)
			}
			return a.body
		}
		if !strings.Contains(page(d.url+row.from), row.says) {
			t.Errorf("%s: not after the form", row.at)
		}
		for _, from := range []string{"", "http://evil.example" + row.from, "http://evil.example/?" + d.url, d.url + "/"} {
			if strings.Contains(page(from), row.says) {
				t.Errorf("%s from %q claims a success", row.at, from)
			}
		}
	}
}

// TestClaimedSuccessTaken: neither a login nor the other language takes the claim along.
func TestClaimedSuccessTaken(t *testing.T) {
	d := needDemo(t)
	form := curl(t, "-H", "Accept-Language: en", "/cgi-bin/home?done=chpwd")
	if form.status != 401 || !strings.Contains(form.body, `name="next" value="/cgi-bin/home"`) {
		t.Errorf("%d %s", form.status, form.body)
	}
	for next, want := range map[string]string{
		"/cgi-bin/home?done=chpwd": "/cgi-bin/home", "/cgi-bin/shz/demo/?sort=size&done=delete&n=7": "/cgi-bin/shz/demo/?sort=size",
		"/cgi-bin/shz/demo/?done=lost": "/cgi-bin/shz/demo/?done=lost",
	} {
		a := curl(t, "--data-urlencode", "username=bruno", "--data-urlencode", "password="+d.password["bruno"], "--data-urlencode", "next="+next, "/cgi-bin/login")
		if got := strings.TrimPrefix(a.header.Get("Location"), d.url); a.status != 303 || got != want {
			t.Errorf("%s leads to %d %q", next, a.status, got)
		}
	}
	page := curl(t, "-H", "Cookie: SESSION_ID="+sessionID(t, "bruno"), "/cgi-bin/home?done=chpwd&n=7").body
	if strings.Contains(page, "done=") {
		t.Error("a link of the page has it")
	}
}

// TestSessionEndsBeforeForm: who sends a form after his session has ended is told so, and comes back to the form's page.
func TestSessionEndsBeforeForm(t *testing.T) {
	d := needDemo(t)
	for _, row := range []struct{ from, next, to, says string }{
		{d.url + "/cgi-bin/zones/x?view=share", "/cgi-bin/zones/x?view=share", "/cgi-bin/zones/x", "what you sent has not arrived"},
		{d.url + "/cgi-bin/sessions", "/cgi-bin/sessions", "/cgi-bin/sessions", "what you sent has not arrived"},
		{"http://evil.example/cgi-bin/zones/x", "/cgi-bin/home", "/cgi-bin/zones/x", "what you sent has not arrived"},
		{"", "/cgi-bin/home", "/cgi-bin/zones/x", "what you sent has not arrived"},
	} {
		a := curl(t, "-H", "Accept-Language: en", "-e", row.from, "-d", "op=share&principal=user:carla&access=read", row.to)
		if a.status != 401 || !strings.Contains(a.body, row.says) || !strings.Contains(a.body, `name="next" value="`+row.next+`"`) {
			t.Errorf("%q: %d %.2000s", row.from, a.status, a.body)
		}
	}
}

// TestTypedIsCarriedOverALogin: a form that was sent when the session had ended comes back after the login, on each of the three ways
// as it was typed, and nothing is done by it; no password goes along, and what is too much is lost and said.
func TestTypedIsCarriedOverALogin(t *testing.T) {
	d := needDemo(t)
	zone := newZone(t)
	at := management + "/" + zone
	inputs := regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
	hidden := func(page string) (fields []string) {
		for _, m := range inputs.FindAllStringSubmatch(page, -1) {
			fields = append(fields, "--data-urlencode", html.UnescapeString(m[1])+"="+html.UnescapeString(m[2]))
		}
		return fields
	}
	send := func(user, to string, fields ...string) answer {
		args := []string{"-H", "Accept-Language: en", "-e", d.url + to + "?view=settings"}
		if user != "" {
			args = append(args, "-H", "Cookie: SESSION_ID="+sessionID(t, user))
		}
		return curl(t, append(append(args, fields...), to)...)
	}
	folder := "/cgi-bin/shz/" + zone + "/"
	run(t, "mkdir", zonePath(zone, "old"))
	secrets := []string{"-d", "password=secret-7", "-d", "old=secret-8"}
	described := []string{"--data-urlencode", "title=Typed <b>&amp;", "--data-urlencode", "description=Two\r\nlines", "--data-urlencode", "expires=2098-01-31"}
	named := []string{"-d", "raw=old", "--data-urlencode", "to=Typed <b>&amp;"}
	typed := map[string][]string{"modify": described, "create": described, "keep": {"-d", "keep=old"}, "rename": named, "zip": named}
	for _, row := range []struct{ user, to, op, shows string }{
		{"anna", at, "modify", `value="Typed &lt;b&gt;&amp;amp;"`},
		{"anna", at, "keep", "Nothing has been saved yet"},
		{"anna", management, "create", `value="Typed &lt;b&gt;&amp;amp;"`},
		{"anna", folder, "rename", `value="Typed &lt;b&gt;&amp;amp;"`},
		{"anna", folder, "zip", `value="Typed &lt;b&gt;&amp;amp;"`},
	} {
		fields := append([]string{"-d", "op=" + row.op + "&shz-user=" + row.user}, append(secrets, typed[row.op]...)...)
		if row.to != folder {
			fields = append(fields, "-d", "name="+zone)
		}
		asked := send("", row.to, fields...)
		if asked.status != 401 || !strings.Contains(asked.body, "What you sent is kept") || strings.Contains(asked.body, "secret-") || strings.Contains(asked.body, "hreflang") {
			t.Fatalf("%s: %d %s", row.op, asked.status, asked.body)
		}
		refused := curl(t, append(hidden(asked.body), "-d", "username=anna&password=wrong", "/cgi-bin/login")...)
		if refused.status != 401 {
			t.Fatalf("%s: %d %s", row.op, refused.status, refused.body)
		}
		logIn := func(user string) answer {
			return curl(t, append(hidden(refused.body), "-H", "Accept-Language: en", "--data-urlencode", "username="+user, "--data-urlencode", "password="+d.password[user], "/cgi-bin/login")...)
		}
		if other := logIn("admin"); other.status != 303 || strings.Contains(other.body, "Typed") {
			t.Errorf("%s, given to somebody else: %d %s", row.op, other.status, other.body)
		}
		back := logIn(row.user)
		if back.status != 200 || !strings.Contains(back.body, `action="`+row.to+`"`) || !strings.Contains(back.header.Get("Set-Cookie"), "SESSION_ID=") || strings.Contains(back.body, d.password[row.user]) {
			t.Fatalf("%s: %d %s", row.op, back.status, back.body)
		}
		pagetest.Check(t, back.body)
		var shown answer
		unchanged(t, zonePath(zone), func() { shown = send(row.user, row.to, hidden(back.body)...) })
		if shown.status != 200 || !strings.Contains(shown.body, "Nothing has been saved yet") || !strings.Contains(shown.body, row.shows) || strings.Contains(shown.body, "shz-again") {
			t.Errorf("%s: %d %s", row.op, shown.status, shown.body)
		}
		pagetest.Check(t, shown.body)
	}
	// Whose it is stands in the forms themselves; nothing is kept for nobody.
	run(t, "shzadm", "zone", "modify", zone, "--max-age", "30")
	for _, address := range []string{
		at, at + "?find=carla", at + "?view=settings", at + "?view=ages", at + "?view=close", at + "?view=transfer&find=a", management + "?view=new", folder,
		folder + "?ask=rename&raw=old", folder + "?search=old", folder + "?trash=1", "/cgi-bin/home", "/cgi-bin/chpwd", "/cgi-bin/profile", "/cgi-bin/sessions", "/cgi-bin/factor",
	} {
		a := curl(t, "-H", "Cookie: SESSION_ID="+sessionID(t, "anna"), address)
		forms := strings.Count(a.body, `<form method="post"`)
		if a.status != 200 || forms == 0 || strings.Count(a.body, `name="shz-user" value="anna"`) != forms {
			t.Errorf("%s: %d %s", address, a.status, a.body)
		}
		pagetest.Check(t, a.body)
	}
	for _, typist := range []string{"", "&shz-user="} {
		if a := send("", at, "-d", "op=modify&title=Typed"+typist); a.status != 401 || strings.Contains(a.body, "Typed") || !strings.Contains(a.body, "what you sent has not arrived") {
			t.Errorf("kept for nobody: %d %s", a.status, a.body)
		}
	}
	// What has nothing to show is not said to be kept, nor taken for a wish.
	for _, op := range []string{"share&principal=user:carla&access=read", "apply", "open", "transfer&owner=anna", "delete", "remove&path=x", "take&path=x", "x"} {
		if a := send("", at, "-d", "op="+op); a.status != 401 || !strings.Contains(a.body, "what you sent has not arrived") || strings.Contains(a.body, `name="carried"`) || !strings.Contains(a.body, "hreflang") {
			t.Errorf("%s: %d %s", op, a.status, a.body)
		}
		unchanged(t, zonePath(zone), func() {
			if a := send("anna", at, "-d", "shz-again=1&op="+op); a.status != 400 {
				t.Errorf("%s: %d %s", op, a.status, a.body)
			}
		})
	}
	// Whoever else logs in there is shown what he may see, and nothing is done.
	again := []string{"-d", "op=modify&title=x&shz-again=1"}
	unchanged(t, zonePath(zone), func() {
		if a := send("carla", at, again...); a.status != 403 && a.status != 404 {
			t.Errorf("carla: %d %s", a.status, a.body)
		}
		if a := send("bruno", usersPage, "-d", "op=create&username=x&shz-again=1"); a.status != 403 {
			t.Errorf("bruno: %d %s", a.status, a.body)
		}
	})
	if a := send("bruno", management, "-d", "op=create&name=tc-none&shz-again=1"); a.status != 403 || strings.Contains(a.body, `name="op"`) {
		t.Errorf("a form for a zone, to who makes none: %d %s", a.status, a.body)
	}
	if a := send("admin", usersPage, "-d", "op=create&username=tc-none&full_name=Typed&shz-again=1"); a.status != 200 || !strings.Contains(a.body, `value="tc-none"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	// A page that was made for another user, who was logged in in this browser then, is not obeyed either.
	unchanged(t, zonePath(zone), func() {
		for to, fields := range map[string][]string{
			at: {"-d", "op=modify&title=x&shz-user=anna"}, at + "?": {"-d", "op=share&principal=user:carla&access=write&shz-user=anna"}, "/cgi-bin/chpwd": {"-d", "old=x&new=y&confirm=y&shz-user=anna"},
			"/cgi-bin/profile": {"-d", "language=it&shz-user=anna"}, "/cgi-bin/sessions": {"-d", "op=end&id=x&shz-user=anna"}, "/cgi-bin/factor": {"-d", "op=begin&shz-user=anna"},
			usersPage: {"-d", "op=lock&username=carla&shz-user=anna"}, "/cgi-bin/resetpwd": {"-d", "username=carla&shz-user=anna"},
		} {
			if a := send("admin", to, fields...); a.status != 409 || !strings.Contains(a.body, "You are logged in as admin now") {
				t.Errorf("%s %s: %d %s", to, fields, a.status, a.body)
			}
		}
		for _, fields := range [][]string{{"-d", "op=mkdir&name=x&shz-user=bruno"}, {"-F", "shz-user=bruno", "-F", "file=@/etc/hostname"}} {
			if a := send("anna", folder, fields...); a.status != 409 || !strings.Contains(a.body, "You are logged in as anna now") {
				t.Errorf("%s: %d %s", fields, a.status, a.body)
			}
		}
		// Also of who cannot reach the zone, and would be told that it is not there.
		if a := send("carla", folder, "-d", "op=mkdir&name=x&shz-user=anna"); a.status != 409 || !strings.Contains(a.body, "You are logged in as carla now") {
			t.Errorf("mkdir by carla: %d %s", a.status, a.body)
		}
		// The script that uploads says it in a header, and does not try again.
		for _, user := range []string{"bruno", "carla"} {
			for _, request := range [][]string{{"-T", "/etc/hostname", folder + "new"}, {"-X", "POST", "-H", "Tus-Resumable: 1.0.0", "-H", "Upload-Length: 1", folder}, {"-X", "PATCH", folder + "?upload=x"}, {"-d", "op=mkdir&name=x", folder}} {
				a := curl(t, append([]string{"-H", "Cookie: SESSION_ID=" + sessionID(t, user), "-H", "Accept-Language: en", "-H", "Shz-Page-User: anna", "-H", "Accept: application/json"}, request...)...)
				if a.status != 403 || a.code() != "not-permitted" || !strings.Contains(a.body, "logged in as "+user) {
					t.Errorf("%s %s: %d %s", user, request, a.status, a.body)
				}
			}
		}
	})
	// What cannot show a form again takes none for a wish.
	unchanged(t, zonePath(zone), func() {
		if a := send("anna", folder, "-d", "op=delete&raw=old&shz-again=1"); a.status != 400 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	if a := send("bruno", "/cgi-bin/sessions", "-d", "op=end&id=x&shz-again=1"); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, to := range []string{"https://evil.example/", "/cgi-bin/chpwd", "/cgi-bin/zones/../chpwd", "//evil.example/cgi-bin/zones"} {
		a := curl(t, "--data-urlencode", "username=anna", "--data-urlencode", "password="+d.password["anna"], "--data-urlencode", "to="+to, "-d", "carried=op%3Dmodify", "/cgi-bin/login")
		if a.status != 303 {
			t.Errorf("%s: %d %s", to, a.status, a.body)
		}
	}
	if a := send("", at, "-d", "op=modify&shz-user=anna", "-d", "description="+strings.Repeat("x", 20<<10)); a.status != 401 || !strings.Contains(a.body, "what you sent has not arrived") {
		t.Errorf("%d %.500s", a.status, a.body)
	}
}

// TestElsewhereRefused: what changes something and was sent by another site is refused, in both forms, for each
// component, and changes nothing.
func TestElsewhereRefused(t *testing.T) {
	d := needDemo(t)
	zone := newZone(t, "user:bruno=write")
	write(t, "bruno", zonePath(zone, "own.txt"), "own")
	folder := "/cgi-bin/shz/" + zone + "/"
	own := strings.TrimPrefix(d.url, "http://")
	id := sessionID(t, "bruno")
	requests := map[string][]string{
		"mkdir":         {"-d", "op=mkdir&name=forged", folder},
		"mkdir, JSON":   {"-H", "Content-Type: application/json", "-d", `{"op":"mkdir","name":"forged"}`, folder},
		"delete":        {"-d", "op=delete&name=own.txt", folder},
		"form":          {"-F", "file=@/etc/hostname", folder},
		"PUT":           {"-T", "/etc/hostname", folder + "forged"},
		"PUT, replaced": {"-T", "/etc/hostname", folder + "own.txt?on_exists=replace"},
		"password":      {"-d", "old=a&new=b&confirm=b", "/cgi-bin/chpwd"},
		"logout":        {"-d", "", "/cgi-bin/logout"},
	}
	unchanged(t, zonePath(zone), func() {
		for _, header := range []string{
			"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: nonsense", "Origin: http://evil.example", "Origin: null",
			"Origin: http://evil.example:8080", "Origin: http://127.0.0.1:81", "Origin: http://127.0.0.1", "Origin: https://127.0.0.1", "Origin: http://" + own + ".evil.example",
			"Origin: http://evil.example#" + own, "Origin: file://", "Origin: http://127.0.0.2:8080", "Origin: http://localhost:8080", "Origin: ://" + own, "Origin: " + own,
		} {
			for what, args := range requests {
				if a := with(t, id, append([]string{"-H", header}, args...)...); a.status != 403 || a.code() != "not-permitted" {
					t.Errorf("%s, %s: %d %s", what, header, a.status, a.body)
				}
			}
		}
		a := curl(t, "-H", "Cookie: SESSION_ID="+id, "-H", "Origin: null", "-d", "op=mkdir&name=forged", folder)
		if a.status != 403 || !strings.Contains(a.body, "<html") {
			t.Errorf("page: %d %.200s", a.status, a.body)
		}
		// What a form of another site can send without being asked, were it not for its origin.
		for _, kind := range []string{"text/plain", "text/plain; charset=application/json", "", "application/csp-report"} {
			if a := with(t, id, "-H", "Content-Type: "+kind, "-d", `{"op":"mkdir","name":"forged","x":"="}`, folder); a.status != 415 {
				t.Errorf("%s: %d %s", kind, a.status, a.body)
			}
		}
		// OPTIONS says what uploads speak, which is the same for everybody.
		for method, status := range map[string]int{"DELETE": 403, "PATCH": 403, "OPTIONS": 204, "PROPFIND": 403, "MOVE": 403} {
			if a := with(t, id, "-X", method, "-H", "Sec-Fetch-Site: cross-site", folder+"own.txt"); a.status != status {
				t.Errorf("%s: %d %s", method, a.status, a.body)
			}
		}
		for _, query := range []string{"?op=delete&name=own.txt", "?op=mkdir&name=forged", "?_method=DELETE"} {
			with(t, id, folder+query)
			with(t, id, "-H", "X-HTTP-Method-Override: DELETE", folder+"own.txt"+query)
		}
	})
	if user := alive(t, id); user != "bruno" {
		t.Error("a foreign page ended the session")
	}
	for _, header := range []string{"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Origin: " + d.url, "X-None: x"} {
		name := "made by " + strings.NewReplacer("/", "-", ":", "-").Replace(header)
		if a := with(t, id, "-H", header, "-d", "op=mkdir&name="+url.QueryEscape(name), folder); a.status != 201 {
			t.Errorf("%s: %d %s", header, a.status, a.body)
		}
	}
	// Answers carry nothing that would let another site's script read them.
	a := with(t, id, "-H", "Origin: http://evil.example", folder)
	for name := range a.header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: %s", name, a.header.Get(name))
		}
	}
}

// TestElsewhereHost: no answer is made of the Host that the request names, and none of what a proxy could have said.
func TestElsewhereHost(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	id := sessionID(t, "bruno")
	found := newEvents(t, "shz", func() {
		for i, headers := range []string{
			"Host: evil.example", "Host: 127.0.0.1\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-For: 10.9.8.7\r\nForwarded: for=10.9.8.7;host=evil.example",
			"Host: 127.0.0.1\r\nX-Forwarded-For: 10.9.8.7\r\nConnection: X-Forwarded-For", "Host: evil.example:99999\r\nX-Real-IP: 10.9.8.7",
			"Host: 127.0.0.1\r\nX_Forwarded_For: 10.9.8.7\r\nREMOTE_ADDR: 10.9.8.7\r\nProxy: http://evil.example", "Host: ",
		} {
			target := fmt.Sprintf("/cgi-bin/shz/%s/folder", zone)
			a := raw(t, fmt.Sprintf("PUT %s%d HTTP/1.1\r\n%s\r\nCookie: SESSION_ID=%s\r\nContent-Length: 1\r\n\r\nx", target, i, headers, id))
			if a.status != 201 && a.status != 400 || strings.Contains(fmt.Sprint(a.header), "evil") || strings.Contains(a.body, "evil") {
				t.Errorf("%q: %d %v", headers, a.status, a.header)
			}
			if location := a.header.Get("Location"); a.status == 201 && location != fmt.Sprint(target, i) {
				t.Errorf("%q: Location %q", headers, location)
			}
		}
		// The absolute form of a request line.
		raw(t, fmt.Sprintf("PUT http://evil.example/cgi-bin/shz/%s/absolute HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: SESSION_ID=%s\r\nContent-Length: 1\r\n\r\nx", zone, id))
	})
	if len(found) == 0 {
		t.Error("no event")
	}
	for _, e := range found {
		if e.Stamp.Address != "127.0.0.1" {
			t.Errorf("recorded as coming from %s", e.Stamp.Address)
		}
	}
}

// conversation sends bytes, in parts, closes the sending side, and returns all that came back.
func conversation(t *testing.T, pause time.Duration, parts ...string) []answer {
	t.Helper()
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(needDemo(t).url, "http://"), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	for i, part := range parts {
		if i > 0 {
			time.Sleep(pause)
		}
		if _, err := io.WriteString(conn, part); err != nil {
			break // refused before all of it was sent
		}
	}
	conn.(*net.TCPConn).CloseWrite()
	var answers []answer
	for in := bufio.NewReader(conn); ; {
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			return answers
		}
		body, _ := io.ReadAll(r.Body)
		answers = append(answers, answer{status: r.StatusCode, header: r.Header, body: string(body)})
	}
}

// TestElsewhereBodies: a body is as long as the request says, in one way only; what follows it is never a request that
// nobody sent, and what is missing is never made up for.
func TestElsewhereBodies(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	id := sessionID(t, "bruno")
	request := func(method, name, headers, body string) string {
		return fmt.Sprintf("%s /cgi-bin/shz/%s/%s HTTP/1.1\r\nHost: h\r\nAccept: application/json\r\nCookie: SESSION_ID=%s\r\n%s\r\n%s", method, zone, name, id, headers, body)
	}
	inner := request("PUT", "smuggled", "Content-Length: 1\r\n", "x")
	for _, row := range []struct {
		name, headers, body, content string // content "": no file
	}{
		{"right", "Content-Length: 5\r\n", "hello", "hello"},
		{"empty", "Content-Length: 0\r\n", "", "-"},
		{"short", "Content-Length: 50\r\n", "hello", ""},
		{"long", "Content-Length: 5\r\nConnection: close\r\n", "hello, and more", "hello"},
		{"negative", "Content-Length: -5\r\n", "hello", ""},
		{"plus", "Content-Length: +5\r\n", "hello", ""},
		{"hexadecimal", "Content-Length: 0x5\r\n", "hello", ""},
		{"exponent", "Content-Length: 1e1\r\n", "hello", ""},
		{"list", "Content-Length: 5, 5\r\n", "hello", ""},
		{"two", "Content-Length: 5\r\nContent-Length: 6\r\n", "hello", ""},
		{"beyond 64 bits", "Content-Length: 18446744073709551621\r\n", "hello", ""},
		{"nine exabytes", "Content-Length: 9223372036854775807\r\n", "hello", ""},
		{"underscore", "Content_Length: 5\r\nContent-Length: 2\r\nConnection: close\r\n", "hello", "he"},
		{"chunks", "Transfer-Encoding: chunked\r\n", "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n", "hello"},
		{"chunks, cut between two", "Transfer-Encoding: chunked\r\n", "2\r\nhe\r\n", ""},
		{"chunks, cut in one", "Transfer-Encoding: chunked\r\n", "5\r\nhe", ""},
		{"chunks, cut before the end", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n", ""},
		{"chunk of no number", "Transfer-Encoding: chunked\r\n", "zz\r\nhello\r\n0\r\n\r\n", ""},
		{"chunk of negative length", "Transfer-Encoding: chunked\r\n", "-5\r\nhello\r\n0\r\n\r\n", ""},
		{"chunk beyond 64 bits", "Transfer-Encoding: chunked\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n", ""},
		{"chunk longer than it says", "Transfer-Encoding: chunked\r\n", "2\r\nhello\r\n0\r\n\r\n", ""},
		{"unknown coding", "Transfer-Encoding: gzip, chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", ""},
		{"identity", "Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "hello", ""},
		{"misspelt coding", "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", "hello", ""},
		{"blank before the colon", "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + inner, ""},
		{"control character", "Transfer-Encoding: \x0bchunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + inner, ""},
		{"bare CR", "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + inner, ""},
		{"bare LF", "X: y\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + inner, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := snapshotNames(t)
			answers := conversation(t, 0, request("PUT", "body", row.headers, row.body))
			for _, a := range answers {
				if well := a.status >= 200 && a.status < 300; well != (row.content != "") {
					t.Errorf("%d %.200s", a.status, a.body)
				}
			}
			noHandlers(t, "shz", "bruno")
			if row.content == "" {
				if after := snapshotNames(t); len(after) != len(before) {
					t.Errorf("there is more: %q", after)
				}
				return
			}
			if len(answers) != 1 {
				t.Errorf("%d answers", len(answers))
			}
			if got, _ := os.ReadFile(zonePath(zone, "body")); string(got) != strings.Trim(row.content, "-") {
				t.Errorf("the file has %q", got)
			}
			os.Remove(zonePath(zone, "body"))
		})
	}
	// Both lengths: RFC 9112, 6.3 lets a server go by the chunks if it closes the connection afterwards.
	for _, headers := range []string{
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 500\r\n", "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n",
	} {
		answers := conversation(t, 0, request("PUT", "body", headers, "0\r\n\r\n"+inner))
		if len(answers) > 1 || exists(zonePath(zone, "smuggled")) {
			t.Errorf("%q: %d answers, smuggled: %v", headers, len(answers), exists(zonePath(zone, "smuggled")))
		}
		os.Remove(zonePath(zone, "body"))
	}
	// A refused request whose body is another request is one request.
	for _, line := range []string{"POST", "DELETE"} {
		answers := conversation(t, 0, request(line, "", fmt.Sprintf("Content-Length: %d\r\nContent-Type: text/plain\r\n", len(inner)), inner))
		if len(answers) != 1 || exists(zonePath(zone, "smuggled")) {
			t.Errorf("%s: %d answers, smuggled: %v", line, len(answers), exists(zonePath(zone, "smuggled")))
		}
	}
	// Two requests one after the other are two.
	if answers := conversation(t, 0, request("PUT", "one", "Content-Length: 1\r\n", "1")+request("PUT", "two", "Content-Length: 1\r\n", "2")); len(answers) != 2 ||
		answers[0].status != 201 || answers[1].status != 201 {
		t.Errorf("one after the other: %+v", answers)
	}
}

// TestElsewhereSlowBody: a body that comes in drops is taken, holds one handler, and nobody else waits for it.
func TestElsewhereSlowBody(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	id := sessionID(t, "bruno")
	head := fmt.Sprintf("PUT /cgi-bin/shz/%s/slow HTTP/1.1\r\nHost: h\r\nCookie: SESSION_ID=%s\r\nContent-Length: 4\r\n\r\n", zone, id)
	came := make(chan []answer)
	go func() { came <- conversation(t, 4*time.Second, head+"s", "l", "o", "w") }()
	handler(t, "shz", "bruno")
	began := time.Now()
	if names := list(t, "bruno", "/cgi-bin/shz/"+zone+"/").entryNames(); len(names) != 0 || time.Since(began) > 8*time.Second { // who waits does so for twelve
		t.Errorf("meanwhile: %q after %v", names, time.Since(began))
	}
	if answers := <-came; len(answers) != 1 || answers[0].status != 201 || read(t, zonePath(zone, "slow")) != "slow" {
		t.Errorf("%+v", answers)
	}
}

// TestElsewhereRanges: what a Range asks for costs no more than the file, and is the file's.
func TestElsewhereRanges(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	content := strings.Repeat("0123456789", 100)
	write(t, "anna", zonePath(zone, "file"), content)
	for _, row := range []struct {
		value  string
		status int
		body   string // "": not compared
	}{
		{"bytes=0-0", 206, "0"}, {"bytes=5-9", 206, "56789"}, {"bytes=-3", 206, "789"}, {"bytes=990-", 206, "0123456789"}, {"bytes=990-99999", 206, "0123456789"},
		{"bytes=-99999", 206, content}, {"bytes=0-", 206, content}, {"bytes=-0", 416, ""}, {"bytes=1000-", 416, ""}, {"bytes=1000-2000", 416, ""}, {"bytes=5-2", 416, ""},
		{"bytes=--5", 416, ""}, {"bytes=-5-", 416, ""}, {"bytes=a-b", 416, ""}, {"bytes=0x0-0x5", 416, ""}, {"bytes=18446744073709551616-", 416, ""},
		{"bytes=0-18446744073709551616", 416, ""}, {"bytes=9223372036854775807-", 416, ""}, {"items=0-1", 200, content}, {"bytes", 200, content}, // RFC 9110, 14.2
		{"bytes=0-1,5-6", 206, ""}, {"bytes=0-,0-,0-", 200, content}, {"bytes=0-999,0-999", 200, content}, {"bytes=" + strings.Repeat("0-0,", 1000) + "0-0", 200, content},
		{"bytes=" + strings.Repeat("0-,", 15) + "0-", 200, content},
	} {
		a := jsonAs(t, "bruno", "-H", "Range: "+row.value, "/cgi-bin/shz/"+zone+"/file")
		if a.status != row.status || row.body != "" && a.body != row.body || len(a.body) > 2*len(content) {
			t.Errorf("%.60s: %d, %d bytes %.200s", row.value, a.status, len(a.body), a.body)
		}
		// RFC 9110, 15.5.17: how long the file is, where the range is one at all.
		where := a.header.Get("Content-Range")
		if row.status == 416 && (a.code() != "range" || where != "bytes */1000" && (where != "" || strings.HasPrefix(row.value, "bytes=1000"))) {
			t.Errorf("%.60s: Content-Range %q %s", row.value, where, a.body)
		}
	}
}
