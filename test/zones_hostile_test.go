package test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/layout"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/session"
)

// What is thrown at the component zones: paths in every parameter, names that mean something, requests of other sites and by
// the other entry, and questions whose answers are not for who asks.

// zoneOperations are all changes, with fields that would do something.
func zoneOperations(zone string) map[string][]string {
	return map[string][]string{
		"create": {"op=create", "name=zh-forged"}, "modify": {"op=modify", "name=" + zone, "title=forged"}, "delete": {"op=delete", "name=" + zone},
		"share": {"op=share", "name=" + zone, "principal=user:carla", "access=write"}, "transfer": {"op=transfer", "name=" + zone, "owner=admin"},
		"apply": {"op=apply", "name=" + zone}, "remove": {"op=remove", "name=" + zone, "path=file.txt"}, "take": {"op=take", "name=" + zone, "path=sub"},
		"restore": {"op=restore", "name=zh-closed"}, "open": {"op=open", "name=" + zone}, "keep": {"op=keep", "name=" + zone, "keep=sub"},
	}
}

// zonesToLose makes what the operations are about.
func zonesToLose(t *testing.T) string {
	t.Helper()
	zone := newZone(t, "user:bruno=write")
	clearZones(t, "zh-closed", "zh-forged")
	run(t, "shzadm", "zone", "add", "zh-closed", "--owner", "anna")
	run(t, "shzadm", "zone", "close", "zh-closed")
	run(t, "shzadm", "zone", "modify", zone, "--max-age", "30")
	write(t, "bruno", zonePath(zone, "file.txt"), "x")
	if out, status := asUser(t, "bruno", "mkdir", zonePath(zone, "sub")); status != 0 {
		t.Fatal(out)
	}
	run(t, "chmod", "1750", zonePath(zone)) // what open would undo
	return zone
}

// TestZonesFromElsewhere: a page of another site changes nothing, whatever the owner's browser sends with it.
func TestZonesFromElsewhere(t *testing.T) {
	zone := zonesToLose(t)
	id := sessionID(t, "anna")
	unchanged(t, layout.Base, func() {
		for _, header := range []string{"Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site"} {
			for what, fields := range zoneOperations(zone) {
				for _, kind := range []string{"application/x-www-form-urlencoded", "application/json"} {
					data := strings.Join(fields, "&")
					if kind == "application/json" {
						data = jsonObject(t, fields)
					}
					if a := with(t, id, "-H", header, "-H", "Content-Type: "+kind, "-d", data, management); a.status != 403 || a.code() != "not-permitted" {
						t.Errorf("%s, %s, %s: %d %s", what, header, kind, a.status, a.body)
					}
				}
			}
		}
		for what, fields := range zoneOperations(zone) {
			if a := with(t, id, "-H", "Content-Type: text/plain", "-d", jsonObject(t, fields), management); a.status != 415 {
				t.Errorf("%s as text/plain: %d %s", what, a.status, a.body)
			}
			if a := with(t, id, management+"?"+strings.Join(fields, "&")); a.status != 200 && a.status != 400 {
				t.Errorf("%s by GET: %d %s", what, a.status, a.body)
			}
		}
	})
}

// TestZonesByExternalEntry: looking is answered, changing is not, for owners and administrators alike.
func TestZonesByExternalEntry(t *testing.T) {
	zone := zonesToLose(t)
	for _, user := range []string{"anna", "admin"} {
		id := forge(t, user, func(r *session.Record) { r.Entry = "external" })
		call := func(method, uri, body string) gateAnswer {
			c := withSession(id, method, uri)
			c.set["QUERY_STRING"] = strings.TrimPrefix(uri[strings.IndexByte(uri+"?", '?'):], "?")
			if method == "POST" {
				c.stdin = body
				c.set["CONTENT_TYPE"], c.set["CONTENT_LENGTH"], c.set["HTTP_ORIGIN"] = "application/x-www-form-urlencoded", fmt.Sprint(len(body)), "http://127.0.0.1:8080"
			}
			return callGate(t, fromOutside(c))
		}
		unchanged(t, layout.Base, func() {
			for what, fields := range zoneOperations(zone) {
				a := call("POST", management, strings.Join(fields, "&"))
				if a.status != 403 || !strings.Contains(a.body, "not-permitted") {
					t.Errorf("%s, %s: %d %s", user, what, a.status, a.body)
				}
			}
		})
		for _, query := range []string{"?view=settings", "?view=close", "?view=transfer"} {
			if a := call("GET", management+"/"+zone+query, ""); a.status != 400 { // a form, and the gate's call asks for JSON
				t.Errorf("%s, %s: %d %s", user, query, a.status, a.body)
			}
		}
		// Everybody sees his own zones there, and an administrator no others: neither rights nor names of people.
		want := map[string]int{"anna": 200, "admin": 403}[user]
		for _, query := range []string{"", "?view=who", "?view=check", "?view=space", "?view=ages", "?find=a"} {
			if a := call("GET", management+"/"+zone+query, ""); a.status != want || user == "admin" && strings.Contains(a.body, "bruno") {
				t.Errorf("%s looks at %s: %d %s", user, query, a.status, a.body)
			}
		}
		for _, query := range []string{"?name=*", "?text=zone", "?state=closed&name=*"} {
			if a := call("GET", management+query, ""); a.status != 200 || user == "admin" && strings.Contains(a.body, `"owner":"anna"`) {
				t.Errorf("%s searches %s: %d %s", user, query, a.status, a.body)
			}
		}
		if a := call("GET", management+"/zh-closed?state=closed", ""); a.status != want {
			t.Errorf("%s looks at a closed zone: %d %s", user, a.status, a.body)
		}
		if user == "admin" {
			run(t, "shzadm", "zone", "share", zone, "user:admin=read")
			for query, want := range map[string]int{"": 200, "?view=who": 403, "?view=check": 403, "?view=space": 403, "?view=ages": 403} {
				if a := call("GET", management+"/"+zone+query, ""); a.status != want || strings.Contains(a.body, "bruno") {
					t.Errorf("an administrator who is a member looks at %q: %d %s", query, a.status, a.body)
				}
			}
		}
	}
}

// TestZonesForOthers: who neither owns the zone nor is an administrator changes nothing and is told nothing more.
func TestZonesForOthers(t *testing.T) {
	zone := zonesToLose(t)
	manager(t, "zh-marta")
	marta := opened(t, "zh-marta", "Lampone-7-Treno-Verde")
	do := map[string]func(args ...string) answer{
		"bruno": func(args ...string) answer { return jsonAs(t, "bruno", args...) }, "carla": func(args ...string) answer { return jsonAs(t, "carla", args...) },
		"zh-marta": func(args ...string) answer { return with(t, marta, args...) },
	}
	unchanged(t, layout.Base, func() {
		for user, ask := range do {
			for what, fields := range zoneOperations(zone) {
				if what == "create" && user == "zh-marta" {
					continue
				}
				if a := ask("-d", strings.Join(fields, "&"), management); a.status != 403 && !(what == "restore" && a.status == 404) {
					t.Errorf("%s, %s: %d %s", user, what, a.status, a.body)
				}
			}
			for _, query := range []string{"?view=who", "?view=who&path=file.txt", "?view=check", "?view=space", "?view=ages", "?state=closed"} {
				a := ask(management + "/" + zone + query)
				if a.status != 403 && a.status != 404 || strings.Contains(a.body, "bruno") || strings.Contains(a.body, "file.txt") {
					t.Errorf("%s, %s: %d %s", user, query, a.status, a.body)
				}
			}
		}
	})
	// The search for people is the owner's: nobody reads the list of partners by it.
	for _, user := range []string{"bruno", "carla"} {
		a := curlAs(t, user, management+"/"+zone+"?find=a")
		if strings.Contains(a.body, "admin") || strings.Contains(a.body, "carla</strong>") || strings.Contains(a.body, "value=\"user:") {
			t.Errorf("%s finds people: %s", user, a.body)
		}
	}
	// Names of closed zones are root's to see: another manager is answered as if there were none.
	for _, args := range [][]string{{management + "/NAME?state=closed"}, {"-d", "op=restore&name=NAME", management}} {
		var answers []string
		for _, name := range []string{"zh-closed", "zh-never"} {
			ask := slices.Clone(args)
			for i := range ask {
				ask[i] = strings.ReplaceAll(ask[i], "NAME", name)
			}
			a := do["zh-marta"](append(slices.Clone(wantsJSON), ask...)...)
			message, _, _ := strings.Cut(a.body, `"request"`)
			answers = append(answers, fmt.Sprint(a.status, message))
		}
		if answers[0] != answers[1] || !strings.HasPrefix(answers[0], "404") {
			t.Errorf("%q: %q", args, answers)
		}
	}
	if a := jsonAs(t, "bruno", management+"/zh-closed?state=closed"); strings.Contains(a.body, "anna") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestZonesWrongParameters: no parameter is understood as something else, and none leads out of the zone.
func TestZonesWrongParameters(t *testing.T) {
	open, shut := pathZones(t)
	at := management + "/" + open
	paths := []string{
		"..", ".", "../" + shut, "../" + shut + "/secret.txt", "a/../../" + shut, "/etc/passwd", "//", "a//b", "./a", "a/.", ".shz-x", "a/.shz-x", "\x00", "a\x00b", "../.closed",
		strings.Repeat("n", 256), strings.Repeat("d/", 1500) + "x", "%2e%2e/" + shut, "..\\" + shut, "a/../file.txt",
	}
	names := append([]string{"", "Demo", "../" + shut, shut + "/", "/srv/sharezone/" + shut, ".closed", ".shz-new-x", "-rf", "--help", "a b", "a%2Fb", "\x00", "x\n", strings.Repeat("n", 64), "demo\x00"}, paths...)
	principals := []string{"", "user", "user:", ":", "user:root", "user:www-data", "group:no-such-group", "user:0", "user:-1", "user:../../x", "other:", "mask::rwx", "user:bruno,group:x",
		"user:bruno\ngroup:root", "user:" + strings.Repeat("x", 5000), "user:$(id)", "User:bruno", "user: bruno", "d:user:bruno"}
	long := strings.Repeat("x", 5000)
	texts := map[string][]string{
		"title": {long, "a\nb", "a\x00", "\xff"}, "description": {long, "\x1b[31m", "\xff"}, "expires": {"x", "2026-13-01", "2026-2-1", "9999999-01-01", "-1", "2001-01-01", "2099-01-01\n"},
		"max_age": {"x", "-1", "1.5", "1e3", "36501", "99999999999999999999", "0x10"}, "notify": {"x", "Upload", "upload;download", "upload,upload"},
	}
	ops := [][]string{
		{"create"}, {"modify", "title=x"}, {"delete"}, {"restore"}, {"share", "principal=user:carla", "access=read"}, {"transfer", "owner=admin"}, {"remove", "path=a"}, {"take", "path=a"}, {"open", "path=a"}, {"apply"},
	}
	turn := 0 // the forms take turns: what is refused in one is refused in the other (TestContractForms)
	refused := func(target string, fields ...string) {
		t.Helper()
		turn++
		json := turn%2 == 0 && !slices.ContainsFunc(fields, func(f string) bool { return !validJSON(f) })
		a := form(t, "anna", target, json, fields...)
		if (a.status < 400 || a.status >= 500) && (a.status != 200 || !strings.Contains(a.body, `"results"`) || strings.Contains(a.body, `"status":"ok"`)) {
			t.Errorf("%.200q, JSON %v: %d %.300s", fields, json, a.status, a.body)
		}
		for _, place := range []string{"/srv/", "/var/", "/usr/lib", "openat2", marker} {
			if strings.Contains(a.body, place) {
				t.Errorf("%.200q names %s: %.300s", fields, place, a.body)
			}
		}
	}
	unchanged(t, layout.Base, func() {
		for i, name := range names {
			for j, op := range ops {
				if i < 3 || i%len(ops) == j {
					refused(management, append([]string{"op=" + op[0], "name=" + name}, op[1:]...)...)
				}
			}
		}
		many := `{"op":"remove","path":["x"` + strings.Repeat(`,"`+strings.Repeat("è", 100)+`"`, 150) + "]}" // percent-encoded more than the helper reads
		if a := jsonAs(t, "anna", "-H", "Content-Type: application/json", "--data-binary", many, at); a.status != 413 || a.code() != "too-large" {
			t.Errorf("many long paths: %d %.300s", a.status, a.body)
		}
		for i, p := range paths {
			op := []string{"op=remove", "op=take", "op=open"}[i%3]
			refused(at, op, "path="+p)
			refused(at, op, "raw="+strings.ReplaceAll(url.PathEscape(p), "%2F", "/"))
		}
		for _, p := range principals {
			refused(at, "op=share", "principal="+p, "access=read")
			refused(at, "op=transfer", "owner="+strings.TrimPrefix(p, "user:")+"\n")
		}
		for key, values := range texts {
			for i, value := range values {
				if i%2 == 0 {
					refused(at, "op=modify", key+"="+value)
				} else {
					refused(management, "op=create", "name=zh-forged", key+"="+value)
				}
			}
		}
		for _, access := range []string{"", "own", "READ", "rwx", "read,write", "none "} {
			refused(at, "op=share", "principal=user:carla", "access="+access)
		}
		for _, p := range paths {
			a := curlAs(t, "anna", at+"?view=who&path="+url.QueryEscape(p))
			if a.status < 400 || a.status >= 500 || strings.Contains(a.body, marker) {
				t.Errorf("who %.40q: %d", p, a.status)
			}
		}
		for _, user := range []string{"../x", "-rf", "$(id)", strings.Repeat("x", 5000), "\x00", "a\nb"} {
			if a := jsonAs(t, "anna", at+"?view=who&as="+url.QueryEscape(user)); a.status < 400 || a.status >= 500 {
				t.Errorf("as %.40q: %d %.200s", user, a.status, a.body)
			}
		}
	})
}

// validJSON says whether a value can be sent as JSON at all without becoming another.
func validJSON(value string) bool {
	b, err := json.Marshal(value)
	var back string
	return err == nil && json.Unmarshal(b, &back) == nil && back == value
}

// valuesOfFields are what forms send back, where a text must stay what it is.
var valuesOfFields = regexp.MustCompile(`(?s) value="[^"]*"|<textarea.*?</textarea>`)

// TestTextOfZonePages: titles, descriptions, names of files and people, in all pages of a zone.
func TestTextOfZonePages(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=read")
	run(t, "shzadm", "zone", "modify", zone, "--max-age", "30")
	at := management + "/" + zone
	logged := len(read(t, apacheErrors))
	field := strings.Split(lineWith(read(t, "/etc/passwd"), "bruno:"), ":")[4]
	t.Cleanup(func() { run(t, "usermod", "-c", field, "bruno") })
	page := func(target string) []string {
		a := curlAs(t, "anna", "-H", "Accept-Language: it", target)
		if a.status != 200 && a.status != 404 {
			t.Errorf("%s: %d", target, a.status)
		}
		pagetest.Check(t, a.body)
		visible(t, target, valuesOfFields.ReplaceAllString(a.body, ""))
		return skeleton(t, a.body)
	}
	// In two lines, so that a description is one of two lines or none.
	pages := func(name string, all bool) map[string][]string {
		run(t, "setfattr", "-n", "user.shz.title", "-v", "0x"+fmt.Sprintf("%x", name), zonePath(zone))
		run(t, "setfattr", "-n", "user.shz.description", "-v", "0x"+fmt.Sprintf("%x", name), zonePath(zone))
		if !strings.ContainsAny(name, ":\n\x00,") {
			run(t, "perl", "-pi", "-e", `BEGIN { $n = shift } s/^(bruno:[^:]*:\d+:\d+:)[^:]*/$1$n,$n/`, "--", name, "/etc/passwd")
		}
		script := `cd "$1" && printf x >"./$2" && chmod 0666 "./$2"` // which the check finds
		if out, status := asUser(t, "bruno", "sh", "-c", script, "sh", zonePath(zone), name); status != 0 {
			t.Fatalf("%q: %s", name, out)
		}
		defer run(t, "find", zonePath(zone), "-mindepth", "1", "-delete")
		path := url.QueryEscape(name)
		targets := map[string]string{
			"list": management + "?name=" + zone, "overview": at + "?find=bruno", "settings": at + "?view=settings", "check": at + "?view=check", "space": at + "?view=space", "ages": at + "?view=ages", "close": at + "?view=close",
			"who": at + "?view=who&path=" + path, "remove": at + "?view=remove&path=" + path, "transfer": at + "?view=transfer", "absent": at + "?view=who&path=" + path + "z",
		}
		found := make(map[string][]string)
		for where, target := range targets {
			if all || where == "overview" || where == "check" || where == "who" {
				found[where] = page(target)
			}
		}
		return found
	}
	plain, refused := pages("plain.txt", true), pages("re\x01fused", true) // the latter is said to count for nothing
	for i, name := range treacherous {
		if len(name) > 250 {
			name = name[:250]
		}
		for where, lines := range pages(name, i%8 == 0) {
			want := plain[where]
			// A text that is refused as a whole is not shown, but said to be, as title, as description or both; and a line break in
			// a description is none of the name.
			most := max(len(want), len(refused[where]))
			if strings.Contains(name, "\n") { // a title that counts for nothing, with a description of two lines
				most += 3
			}
			if !slices.Equal(lines, want) && len(lines) > most+2*strings.Count(name, "\n") {
				t.Errorf("%q changes the page %s: %d elements, not %d", name, where, len(lines), len(want))
			}
		}
	}
	checkLog(t, logged)
}

// TestZonesOfEvents: what a request did stands in its zone's record, one object a line, whatever it was called.
func TestZonesOfEvents(t *testing.T) {
	zone := newZone(t)
	id := strings.TrimSpace(run(t, "getfattr", "--only-values", "-n", "user.shz.id", "--absolute-names", zonePath(zone)))
	for _, name := range []string{"a\nb", "\x1b[2J", "caff\xe8", `"},{"n":9`, "-rf"} {
		write(t, "anna", zonePath(zone, name), "x")
		found := newEvents(t, "zones", func() {
			form(t, "anna", management+"/"+zone, false, "op=remove", "path="+name)
		})
		if len(found) != 1 || len(found[0].lines) != 2 {
			t.Fatalf("%q: %+v", name, found)
		}
		begin, end := found[0].lines[0], found[0].lines[1]
		if begin["event"] != "delete" || begin["zone"] != zone || begin["zone_id"] != id || end["result"] != "ok" || exists(zonePath(zone, name)) {
			t.Errorf("%q: %v %v", name, begin, end)
		}
	}
	// What is refused before anything is done tells nothing; what zonefix refuses is told with its code.
	found := newEvents(t, "zones", func() {
		form(t, "anna", management, true, "op=create", "name=../x")
		form(t, "bruno", management, true, "op=create", "name=zh-forged")
	})
	told := 0
	for _, e := range found {
		for _, line := range e.lines {
			if told++; line["result"] != nil && line["result"] != "not-permitted" {
				t.Errorf("%v", line)
			}
		}
	}
	if told != 2 {
		t.Errorf("%d lines", told)
	}
	if out := run(t, "shzadm", "activity", "--json"); !strings.Contains(out, `"damaged":[]`) && !strings.Contains(out, `"damaged": []`) {
		t.Errorf("damage: %.300s", out)
	}
}
