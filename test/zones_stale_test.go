package test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sharezone/internal/page/pagetest"
)

// Pages that are older than what they show, and requests that are not well formed: nothing happens unseen, and it is said why.

// TestZonesStaleRow: whom somebody else has taken off the list meanwhile does not get in again by a page from before.
func TestZonesStaleRow(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	at := management + "/" + zone
	stamp := regexp.MustCompile(`name="principal" value="user:bruno"[^>]*>\s*<input type="hidden" name="seen" value="([^"]*)"`)
	page := curlAs(t, "anna", at)
	row := stamp.FindStringSubmatch(page.body)
	if row == nil {
		t.Fatal(page.body)
	}
	run(t, "shzadm", "zone", "share", zone, "user:bruno=none")
	if a := form(t, "anna", at, true, "op=share", "principal=user:bruno", "access=read", "seen="+row[1]); a.status != 409 || a.code() != "conflict" {
		t.Errorf("%d %s", a.status, a.body)
	}
	a := curlAs(t, "anna", "-d", "op=share&principal=user:bruno&access=read&seen="+row[1], at)
	if a.status != 409 || strings.Contains(a.body, "user:bruno") {
		t.Errorf("%d %s", a.status, a.body)
	}
	pagetest.Check(t, a.body)
	if a := jsonAs(t, "bruno", "/cgi-bin/shz/"+zone+"/"); a.status != 403 {
		t.Errorf("bruno: %d", a.status)
	}
	// As the page has it now, and as a script does without.
	hits := curlAs(t, "anna", at+"?find=bruno")
	if row = stamp.FindStringSubmatch(hits.body); row == nil {
		t.Fatal(hits.body)
	}
	for _, fields := range []string{"op=share&principal=user:bruno&access=read&seen=" + row[1], "op=share&principal=user:bruno&access=write"} {
		if a := curlAs(t, "anna", "-d", fields, at); a.status != 303 {
			t.Errorf("%q: %d %s", fields, a.status, a.body)
		}
	}
	if a := curlAs(t, "anna", "-H", "Accept-Language: en", at+"?find=anna"); !strings.Contains(a.body, "Is the owner") && !strings.Contains(a.body, "The owner") || strings.Contains(a.body, `value="user:anna"`) {
		t.Errorf("she is found, and is the owner: %s", a.body)
	}
}

// TestZonesClosedMeanwhile: a page from before the zone was closed leads to what opens it again.
func TestZonesClosedMeanwhile(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	at := management + "/" + zone
	if a := curlAs(t, "anna", "-H", "Accept-Language: en", at+"?view=close"); !regexp.MustCompile(`open it again from this page for [0-9]+ days`).MatchString(a.body) {
		t.Errorf("%d %s", a.status, a.body)
	}
	run(t, "shzadm", "zone", "close", zone)
	for _, view := range []string{"", "?view=close", "?view=settings", "?view=check", "?view=transfer"} {
		a := curlAs(t, "anna", at+view)
		if a.status != 200 || !strings.Contains(a.body, `value="restore"`) || strings.Contains(a.body, "</span>Chiusa") {
			t.Errorf("%s: %d %s", view, a.status, a.body)
		}
	}
	for _, fields := range [][]string{{"op=share", "principal=user:bruno", "access=write"}, {"op=delete"}, {"op=modify", "title=x"}} {
		a := form(t, "anna", at, true, fields...)
		if a.status != 404 || !strings.Contains(a.body, "chiusa") && !strings.Contains(a.body, "closed") {
			t.Errorf("%q: %d %s", fields, a.status, a.body)
		}
		if a := form(t, "bruno", at, true, fields...); a.status != 404 || strings.Contains(a.body, "chiusa") || strings.Contains(a.body, "closed") {
			t.Errorf("%q, bruno: %d %s", fields, a.status, a.body)
		}
	}
	for _, words := range [][]string{{"share", zone, "user:bruno=read"}, {"modify", zone, "--title", "x"}, {"close", zone}, {"apply", zone}} {
		if out, status := shzadm(t, append([]string{"zone"}, words...)...); status == 0 || !strings.Contains(out, "this zone is closed; shzadm zone restore") {
			t.Errorf("%q: %d %s", words, status, out)
		}
	}
	if out, status := shzadm(t, "zone", "close", zone+"-not"); status == 0 || !strings.Contains(out, "no such zone") {
		t.Errorf("%d %s", status, out)
	}
}

// TestZonesParameters: the answer to a value that is not valid names the parameter.
func TestZonesParameters(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	for query, name := range map[string]string{"?mine=7": "mine", "?expires_before=soon": "expires_before", "?state=x": "state", "/" + zone + "?view=x": "view", "/" + zone + "?state=x": "state"} {
		if a := jsonAs(t, "anna", management+query); a.status != 400 || a.code() != "bad-request" || !strings.Contains(a.body, name+".") {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	for name, fields := range map[string][]string{"op": {"op=x"}, "principal": {"op=share", "access=read"}, "access": {"op=share", "principal=user:bruno", "access=all"}, "owner": {"op=transfer"}} {
		if a := form(t, "anna", at, true, fields...); a.status != 400 || !strings.Contains(a.body, name+".") {
			t.Errorf("%q: %d %s", fields, a.status, a.body)
		}
	}
	for field, says := range map[string]string{"expires=31.3.2027": "2027-03-31", "max_age=many": "1 to 36500", "max_age=99999": "1 to 36500", "max_age=0": "1 to 36500", "notify=loudly": "upload,download"} {
		if a := jsonAs(t, "anna", "-H", "Accept-Language: en", "-d", "op=modify&"+field, at); a.status != 400 || !strings.Contains(a.body, says) {
			t.Errorf("%s: %d %s", field, a.status, a.body)
		}
	}
	if a := form(t, "anna", management, false, "op=create", "name="+zone+"-none", "max_age=0"); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
	// The question whether to remove something names something that is there.
	run(t, "sh", "-ec", `echo x >"$1/here"; mkdir "$1/folder"`, "sh", zonePath(zone))
	for query, status := range map[string]int{"": 400, "&path=": 400, "&path=/": 400, "&path=nosuch": 404, "&path=here/x": 404, "&raw=.shz-trash-1": 404, "&path=here": 200, "&path=folder/": 200} {
		if a := curlAs(t, "anna", at+"?view=remove"+query); a.status != status || strings.Contains(a.body, `value="delete"`) || strings.Contains(a.body, `value="remove"`) != (status == 200) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	// A text that was pasted is taken as it looks.
	if a := form(t, "anna", at, false, "op=modify", "title=Plans\u202e\u200b", "description=one\ttwo"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if z := zoneIn(t, jsonAs(t, "anna", at)); z.Title == nil || *z.Title != "Plans" || z.Description == nil || *z.Description != "one two" {
		t.Errorf("%+v", z)
	}
}

// TestZonesLanguageOfForm: who changes the language of a form that was refused still has what was typed.
func TestZonesLanguageOfForm(t *testing.T) {
	link := regexp.MustCompile(`class="header-link" href="([^"]*lang=(?:it|en)[^"]*)"`)
	a := curlAs(t, "anna", "-d", url.Values{"op": {"create"}, "name": {"Not A Name"}, "title": {"What & I typed"}, "description": {"two\nlines"}, "expires": {"2098-01-31"}, "max_age": {""}, "notify": {"none"}}.Encode(), management)
	to := link.FindStringSubmatch(a.body)
	if a.status != 400 || to == nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	a = curlAs(t, "anna", html.UnescapeString(to[1]))
	for _, kept := range []string{`value="Not A Name"`, `value="What &amp; I typed"`, "two\nlines</textarea>", `value="2098-01-31"`} {
		if !strings.Contains(a.body, kept) {
			t.Errorf("%s: not in %s", kept, a.body)
		}
	}
	zone := newZone(t)
	a = curlAs(t, "anna", "-d", "op=modify&expires=nonsense", management+"/"+zone)
	if to = link.FindStringSubmatch(a.body); a.status != 400 || to == nil || !strings.Contains(to[1], "/"+zone+"?lang=") || !strings.Contains(to[1], "view=settings") {
		t.Errorf("%d %q", a.status, to)
	}
}
