package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The interface that scripts and pages rely on, row by row, in both forms: JSON and HTML.

// row is one request and what both forms answer. A status of 0 is not asked for in that form.
type contractRow struct {
	name       string
	user       string // "": nobody
	args       []string
	json, html int
	code       string   // of the error, "" if none
	has        []string // what the JSON contains
	location   string   // of the 303, 308 or 201 that the page form gets
}

// check sends the request in both forms. A request that changes something is made ready anew before each.
func (row contractRow) check(t *testing.T, prepare func()) {
	for _, form := range []string{"application/json", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"} {
		want, machine := row.html, form == "application/json"
		if machine {
			want = row.json
		}
		if want == 0 {
			continue
		}
		prepare()
		args := append([]string{"-H", "Accept: " + form, "-H", "Accept-Language: en"}, row.args...)
		if row.user != "" {
			args = append([]string{"-b", jar(t, row.user)}, args...)
		}
		a := curl(t, args...)
		if a.status != want {
			t.Errorf("%s: %d, not %d: %.300s%s", form, a.status, want, a.body, a.stderr)
			continue
		}
		kind := a.header.Get("Content-Type")
		if machine {
			row.checkJSON(t, a, kind)
			continue
		}
		if row.location != "" && a.header.Get("Location") != row.location {
			t.Errorf("leads to %q, not %q", a.header.Get("Location"), row.location)
		}
		if want >= 400 && (!strings.HasPrefix(kind, "text/html") || !strings.Contains(a.body, `<html lang="en">`)) && !slices.Contains(row.args, "-I") {
			t.Errorf("page: %s %.200s", kind, a.body)
		}
	}
}

func (row contractRow) checkJSON(t *testing.T, a answer, kind string) {
	t.Helper()
	if slices.Contains(row.args, "-I") {
		return
	}
	if a.code() != row.code {
		t.Errorf("code %q, not %q: %.300s", a.code(), row.code, a.body)
	}
	if row.code != "" || len(row.has) > 0 {
		if kind != "application/json" || !json.Valid([]byte(a.body)) {
			t.Errorf("%s: %.300s", kind, a.body)
		}
	}
	for _, part := range row.has {
		if !strings.Contains(a.body, part) {
			t.Errorf("no %s in %s", part, a.body)
		}
	}
	if allow := a.header.Get("Allow"); (allow != "") != (row.code == "method") {
		t.Errorf("Allow %q", allow)
	}
	if retry := a.header.Get("Retry-After"); (retry != "") != (row.code == "busy") {
		t.Errorf("Retry-After %q", retry)
	}
}

// TestContract: login, logout, home, menu, chpwd and shz.
func TestContract(t *testing.T) {
	d := needDemo(t)
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	etag := func() string { return curlAs(t, "bruno", "-I", folder+"own.txt").header.Get("ETag") }
	prepare := func() {
		run(t, "sh", "-c", `rm -rf "$1"/*`, "sh", zonePath(zone))
		write(t, "bruno", zonePath(zone, "own.txt"), "own")
		write(t, "anna", zonePath(zone, "annas.txt"), "annas")
		if out, status := asUser(t, "bruno", "sh", "-c", `mkdir "$1/sub" && chmod 1770 "$1/sub"`, "sh", zonePath(zone)); status != 0 {
			t.Fatal(out)
		}
		write(t, "anna", zonePath(zone, "caff\xe8"), "bytes")
	}
	prepare()
	const object = "Content-Type: application/json"
	host := "/etc/hostname"
	right := []string{"-d", "username=bruno", "--data-urlencode", "password=" + d.password["bruno"]}
	for _, row := range []contractRow{
		{"no session", "", []string{"/cgi-bin/home"}, 401, 401, "not-logged-in", nil, ""},
		{"no session, PUT", "", []string{"-T", host, folder + "x"}, 401, 401, "not-logged-in", nil, ""},
		{"login form", "", []string{"/cgi-bin/login"}, 200, 200, "", []string{`"entry":"internal"`}, ""},
		{"login", "", append(right, "/cgi-bin/login"), 200, 303, "", []string{`"user":"bruno"`, `"roles":["base"]`, `"entry":"internal"`}, "/cgi-bin/home"},
		{"login, next", "", append(right, "-d", "next="+folder, "/cgi-bin/login"), 200, 303, "", nil, folder},
		{"login, wrong", "", []string{"-d", "username=bruno&password=x", "/cgi-bin/login"}, 401, 401, "not-logged-in", nil, ""},
		{"home", "bruno", []string{"/cgi-bin/home"}, 200, 200, "", []string{`"user":"bruno"`, `"roles":["base"]`, `"zones":[{`, `"name":"` + zone + `"`, `"owner":"anna"`, `"access":"write"`, `"expires":null`, `"state":"open"`}, ""},
		{"home, by the owner", "anna", []string{"/cgi-bin/home"}, 200, 200, "", []string{`"roles":["base","manager"]`, `"access":"own"`}, ""},
		{"home below", "bruno", []string{"/cgi-bin/home/x"}, 404, 404, "not-found", nil, ""},
		{"menu", "bruno", []string{"/cgi-bin/menu"}, 200, 200, "", []string{`"functions":[{"name":"home"`, `"label":`, `"href":"/cgi-bin/home"`}, ""},
		{"method", "bruno", []string{"-X", "DELETE", "/cgi-bin/home"}, 405, 405, "method", nil, ""},
		{"method, no zone", "bruno", []string{"-X", "DELETE", "/cgi-bin/shz/"}, 405, 405, "method", nil, ""},
		{"method, no upload", "bruno", []string{"-X", "DELETE", folder + "own.txt"}, 405, 405, "method", nil, ""},
		{"component", "bruno", []string{"/cgi-bin/nothing"}, 404, 404, "not-found", nil, ""},
		{"password, mismatch", "bruno", []string{"-d", "old=a&new=b&confirm=c", "/cgi-bin/chpwd"}, 400, 400, "bad-request", nil, ""},
		{"password, wrong", "bruno", []string{"-d", "old=a&new=b&confirm=b", "/cgi-bin/chpwd"}, 403, 403, "not-permitted", nil, ""},

		{"no zone", "bruno", []string{"/cgi-bin/shz/"}, 200, 303, "", []string{`"/cgi-bin/home"`}, "/cgi-bin/home"},
		{"folder", "bruno", []string{folder + "?sort=size&order=desc&limit=2"}, 200, 200, "", []string{`"zone":"` + zone + `"`, `"path":`, `"access":"write"`, `"total":4`, `"offset":0`, `"entries":[{"name":`, `"type":`, `"size":`, `"modified":"20`, `"owner":`}, ""},
		{"no UTF-8", "bruno", []string{folder + "?limit=1000"}, 200, 200, "", []string{`"raw":"caff%E8"`, "caff\ufffd"}, ""},
		{"folder without a slash", "bruno", []string{folder + "sub"}, 308, 308, "", nil, folder + "sub/"},
		{"file with a slash", "bruno", []string{folder + "own.txt/"}, 404, 404, "not-found", nil, ""},
		{"absent", "bruno", []string{folder + "x"}, 404, 404, "not-found", nil, ""},
		{"of another's zone", "carla", []string{folder}, 403, 403, "not-permitted", nil, ""},
		{"bad sort", "bruno", []string{folder + "?sort=x"}, 400, 400, "bad-request", nil, ""},
		{"file", "bruno", []string{folder + "own.txt"}, 200, 200, "", nil, ""},
		{"file by bytes", "bruno", []string{folder + "caff%E8"}, 200, 200, "", nil, ""},
		{"HEAD", "bruno", []string{"-I", folder + "own.txt"}, 200, 200, "", nil, ""},
		{"HEAD, absent", "bruno", []string{"-I", folder + "x"}, 404, 404, "", nil, ""},
		{"range", "bruno", []string{"-r", "1-1", folder + "own.txt"}, 206, 206, "", nil, ""},
		{"range in another unit", "bruno", []string{"-H", "Range: lines=1", folder + "own.txt"}, 200, 200, "", nil, ""},
		{"range beyond", "bruno", []string{"-r", "9-", folder + "own.txt"}, 416, 416, "range", nil, ""},
		{"If-Match of another", "bruno", []string{"-H", `If-Match: "x"`, folder + "own.txt"}, 412, 412, "precondition", nil, ""},

		{"PUT", "bruno", []string{"-T", host, folder + "new"}, 201, 201, "", []string{`"name":"new"`, `"status":"created"`, `"url":"` + folder + `new"`}, folder + "new"},
		{"PUT, taken", "bruno", []string{"-T", host, folder + "own.txt"}, 409, 409, "exists", nil, ""},
		{"PUT, replace", "bruno", []string{"-T", host, folder + "own.txt?on_exists=replace"}, 200, 200, "", []string{`"status":"replaced"`}, ""},
		{"PUT, replace another's", "bruno", []string{"-T", host, folder + "annas.txt?on_exists=replace"}, 403, 403, "not-permitted", nil, ""},
		{"PUT, rename", "bruno", []string{"-T", host, folder + "own.txt?on_exists=rename"}, 201, 201, "", []string{`"name":"own (2).txt"`, `"status":"created"`}, folder + "own%20%282%29.txt"},
		{"PUT, skip", "bruno", []string{"-T", host, folder + "own.txt?on_exists=skip"}, 200, 200, "", []string{`"status":"skipped"`}, ""},
		{"PUT, If-None-Match", "bruno", []string{"-T", host, "-H", "If-None-Match: *", folder + "own.txt?on_exists=replace"}, 412, 412, "precondition", nil, ""},
		{"PUT, coded", "bruno", []string{"-T", host, "-H", "Content-Encoding: gzip", folder + "new"}, 415, 415, "unsupported", nil, ""},
		{"PUT a folder", "bruno", []string{"-X", "PUT", "-d", "x", folder + "sub/"}, 400, 400, "bad-request", nil, ""},
		{"PUT below nothing", "bruno", []string{"-T", host, folder + "x/new"}, 404, 404, "not-found", nil, ""},

		{"mkdir", "bruno", []string{"-d", "op=mkdir&name=new", folder}, 201, 303, "", []string{`"name":"new"`, `"status":"created"`, folder + "new/"}, folder + "?done=mkdir"},
		{"mkdir, JSON", "bruno", []string{"-H", object, "-d", `{"op":"mkdir","name":"new"}`, folder}, 201, 303, "", []string{`"name":"new"`}, ""},
		{"mkdir, raw", "bruno", []string{"-H", object, "-d", `{"op":"mkdir","name":{"raw":"n%E8w"}}`, folder}, 201, 303, "", []string{`"raw":"n%E8w"`}, ""},
		{"mkdir, taken", "bruno", []string{"-d", "op=mkdir&name=sub", folder}, 409, 409, "exists", nil, ""},
		{"PUT, If-None-Match, nothing there", "bruno", []string{"-T", host, "-H", "If-None-Match: *", folder + "brand-new.txt?on_exists=replace"}, 201, 201, "", []string{`"status":"created"`}, folder + "brand-new.txt"},
		{"mkdir, rename", "bruno", []string{"-d", "op=mkdir&name=sub&on_exists=rename", folder}, 201, 303, "", []string{`"sub (2)"`}, ""},
		{"mkdir, skip", "bruno", []string{"-d", "op=mkdir&name=sub&on_exists=skip", folder}, 200, 303, "", []string{`"skipped"`}, ""},
		{"mkdir, replace", "bruno", []string{"-d", "op=mkdir&name=sub&on_exists=replace", folder}, 400, 400, "bad-request", nil, ""},
		{"mkdir, bad name", "bruno", []string{"-d", "op=mkdir&name=..", folder}, 400, 400, "bad-request", nil, ""},
		{"delete", "bruno", []string{"-d", "op=delete&name=own.txt", folder}, 200, 303, "", []string{`"results":[{"name":"own.txt","status":"ok","message":`}, folder + "?done=discard&n=1"},
		{"delete, several", "bruno", []string{"-H", object, "-d", `{"op":"delete","name":["own.txt","annas.txt","x",{"raw":"caff%E8"},"sub"]}`, folder}, 200, 200, "",
			[]string{`"name":"own.txt","status":"ok"`, `"name":"annas.txt","status":"not-permitted"`, `"name":"x","status":"not-found"`, `"raw":"caff%E8","status":"not-permitted"`, `"name":"sub","status":"ok"`}, ""},
		{"delete nothing", "bruno", []string{"-d", "op=delete", folder}, 400, 400, "bad-request", nil, ""},
		{"move into itself", "bruno", []string{"-d", "op=move&name=sub", "--data-urlencode", "to=sub/", folder}, 200, 409, "", []string{`"name":"sub","status":"conflict"`}, ""},
		{"rename", "bruno", []string{"-d", "op=rename&name=own.txt&to=renamed.txt", folder}, 200, 303, "", []string{`"status":"ok"`}, ""},
		{"rename, taken", "bruno", []string{"-d", "op=rename&name=own.txt&to=sub", folder}, 200, 409, "", []string{`"name":"own.txt","status":"exists"`}, ""},
		{"unknown op", "bruno", []string{"-d", "op=explode&name=x", folder}, 400, 400, "bad-request", nil, ""},
		{"op by GET", "bruno", []string{folder + "?op=delete&name=own.txt"}, 200, 200, "", []string{`"own.txt"`}, ""},
		{"too large a form", "bruno", []string{"-d", "op=mkdir&x=" + strings.Repeat("x", 70<<10), folder}, 413, 413, "too-large", nil, ""},
		{"unknown type", "bruno", []string{"-H", "Content-Type: text/csv", "-d", "x", folder}, 415, 415, "unsupported", nil, ""},
		{"multipart", "bruno", []string{"-F", "file=@" + host + ";filename=a", "-F", "file=@" + host + ";filename=own.txt", folder}, 200, 200, "", []string{`"name":"a","status":"ok"`, `"name":"own.txt","status":"exists"`}, ""},
		{"multipart, well", "bruno", []string{"-F", "file=@" + host + ";filename=a", folder}, 200, 303, "", []string{`"status":"ok"`, `"url":"` + folder + `a"`}, folder + "?done=upload&n=1"},
		{"multipart, rename", "bruno", []string{"-F", "on_exists=rename", "-F", "file=@" + host + ";filename=own.txt", folder}, 200, 303, "", []string{`"own (2).txt"`}, ""},
		{"multipart, replace", "bruno", []string{"-F", "on_exists=replace", "-F", "file=@" + host + ";filename=own.txt", "-F", "file=@" + host + ";filename=annas.txt", folder}, 200, 200, "", []string{`"name":"own.txt","status":"ok"`, `"name":"annas.txt","status":"not-permitted"`}, ""},
		{"multipart, on_exists too late", "bruno", []string{"-F", "file=@" + host + ";filename=a", "-F", "on_exists=replace", "-F", "file=@" + host + ";filename=b", folder}, 200, 200, "",
			[]string{`"name":"a","status":"ok"`, `"name":"on_exists","status":"bad-request","message":"The field on_exists must stand before the files`, `"name":"b","status":"bad-request","message":"The field`}, ""},
		{"multipart, on_exists twice wrong", "bruno", []string{"-F", "on_exists=perhaps", "-F", "file=@" + host + ";filename=a", folder}, 400, 400, "bad-request", nil, ""},
		{"multipart, skip", "bruno", []string{"-F", "on_exists=skip", "-F", "file=@" + host + ";filename=own.txt", folder}, 200, 303, "", []string{`"status":"ok"`}, ""},
		{"from elsewhere", "bruno", []string{"-H", "Origin: http://evil.example", "-d", "op=mkdir&name=x", folder}, 403, 403, "not-permitted", nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			changes := slices.ContainsFunc(row.args, func(a string) bool {
				return a == "-T" || a == "-F" || strings.HasPrefix(a, "op=") || strings.HasPrefix(a, `{"op"`)
			})
			row.check(t, func() {
				if changes {
					prepare()
				}
			})
		})
	}
	prepare()
	if a := curlAs(t, "bruno", "-H", "If-None-Match: "+etag(), folder+"own.txt"); a.status != 304 || a.body != "" {
		t.Errorf("If-None-Match: %d %q", a.status, a.body)
	}
	if a := curlAs(t, "bruno", "-H", `If-Range: "x"`, "-r", "1-1", folder+"own.txt"); a.status != 200 || a.body != "own" {
		t.Errorf("If-Range of another: %d %q", a.status, a.body)
	}
}

// TestContractOfSessions: logout and a changed password, which use up the session that asks for them.
func TestContractOfSessions(t *testing.T) {
	const one, two = "Lampone-7-Treno-Verde", "Cicala-4-Ponte-Grigio"
	person(t, "ilaria", one)
	for _, row := range []struct {
		name     string
		args     []string
		json     string // what it contains
		location string
		over     bool // the session that asked
	}{
		{"logout", []string{"-d", "", "/cgi-bin/logout"}, "", "/", true},
		{"password", []string{"-d", "old=" + one, "-d", "new=" + two, "-d", "confirm=" + two, "/cgi-bin/chpwd"}, "", "/cgi-bin/home?done=chpwd", false},
		{"password on the way", []string{"-d", "old=" + one, "-d", "new=" + two, "-d", "confirm=" + two, "-d", "next=/cgi-bin/shz/demo/?sort=size", "/cgi-bin/chpwd"}, "", "/cgi-bin/shz/demo/?sort=size", false},
		{"password on the way home", []string{"-d", "old=" + one, "-d", "new=" + two, "-d", "confirm=" + two, "-d", "next=/cgi-bin/home", "/cgi-bin/chpwd"}, "", "/cgi-bin/home?done=chpwd", false},
		{"password on the way to itself", []string{"-d", "old=" + one, "-d", "new=" + two, "-d", "confirm=" + two, "-d", "next=/cgi-bin/chpwd?lang=it", "/cgi-bin/chpwd"}, "", "/cgi-bin/home?done=chpwd", false},
		{"password on the way elsewhere", []string{"-d", "old=" + one, "-d", "new=" + two, "-d", "confirm=" + two, "-d", "next=//evil.example/cgi-bin/", "/cgi-bin/chpwd"}, "", "/cgi-bin/home?done=chpwd", false},
	} {
		for _, form := range []string{"application/json", "text/html"} {
			run(t, "sh", "-c", `echo "$0:$1" | chpasswd`, "ilaria", one)
			id, other := idIn(tryLogin(t, "ilaria", one)), idIn(tryLogin(t, "ilaria", one))
			a := curl(t, append([]string{"-H", "Accept: " + form, "-H", "Cookie: SESSION_ID=" + id}, row.args...)...)
			if form == "text/html" {
				if a.status != 303 || a.header.Get("Location") != row.location {
					t.Errorf("%s: %d to %q, not to %q", row.name, a.status, a.header.Get("Location"), row.location)
				}
			} else if a.status != 200 || !json.Valid([]byte(a.body)) || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %d %s", row.name, a.status, a.body)
			}
			if user := alive(t, id); (user == "") != row.over {
				t.Errorf("%s, %s: the session is then %q's", row.name, form, user)
			}
			if user := alive(t, other); (user == "") == row.over { // the other sessions end with the password, and not with a logout
				t.Errorf("%s, %s: the other session is then %q's", row.name, form, user)
			}
		}
	}
}

// TestContractForms: the same keys as a form, as multipart without a file, and as JSON do the same.
func TestContractForms(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	for _, pair := range [][2]string{{"op", "delete"}, {"name", "a"}, {"name", "b"}} {
		if err := parts.WriteField(pair[0], pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	parts.Close()
	file := filepath.Join(t.TempDir(), "form")
	if err := os.WriteFile(file, body.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for kind, data := range map[string]string{
		"application/x-www-form-urlencoded": "op=delete&name=a&name=b", "application/json": `{"op":"delete","name":["a","b"]}`,
		"application/json; charset=utf-8": `{"op":"delete","name":["a",{"raw":"%62"}],"x":null}`, parts.FormDataContentType(): "@" + file,
	} {
		write(t, "bruno", zonePath(zone, "a"), "a")
		write(t, "bruno", zonePath(zone, "b"), "b")
		a := jsonAs(t, "bruno", "-H", "Content-Type: "+kind, "--data-binary", data, folder)
		if a.status != 200 || strings.Count(a.body, `"ok"`) != 2 || exists(zonePath(zone, "a")) || exists(zonePath(zone, "b")) {
			t.Errorf("%s: %d %s", kind, a.status, a.body)
		}
	}
}

// TestContractMustChange: an expired password lets one in as far as chpwd and logout.
func TestContractMustChange(t *testing.T) {
	const password = "Lampone-7-Treno-Verde"
	person(t, "ilaria", password)
	run(t, "chage", "-d", "0", "ilaria")
	a := tryLogin(t, "ilaria", password)
	if a.status != 200 || !strings.Contains(a.body, `"must_change":true`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	id := idIn(a)
	for _, target := range []string{"/cgi-bin/home", "/cgi-bin/menu", "/cgi-bin/shz/demo/"} {
		if a := with(t, id, target); a.status != 403 || a.code() != "password-expired" {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
		if a := curl(t, "-H", "Cookie: SESSION_ID="+id, target); a.status != 303 || a.header.Get("Location") != "/cgi-bin/chpwd?next="+url.QueryEscape(target) {
			t.Errorf("%s as a page: %d to %q", target, a.status, a.header.Get("Location"))
		}
	}
	if a := curl(t, "-d", "username=ilaria", "-d", "password="+password, "-d", "next=/cgi-bin/shz/demo/", "/cgi-bin/login"); a.status != 303 || a.header.Get("Location") != "/cgi-bin/chpwd?next=%2Fcgi-bin%2Fshz%2Fdemo%2F" {
		t.Errorf("login as a page: %d to %q", a.status, a.header.Get("Location"))
	}
	form := func(args ...string) answer {
		return curl(t, append([]string{"-H", "Accept-Language: en", "-H", "Cookie: SESSION_ID=" + id}, args...)...)
	}
	for what, a := range map[string]answer{
		"the page": form("/cgi-bin/chpwd?next=%2Fcgi-bin%2Fprofile"), "what was refused": form("-d", "old=x&new=y&confirm=z&next=%2Fcgi-bin%2Fprofile", "/cgi-bin/chpwd"),
	} {
		if !strings.Contains(a.body, `name="next" value="/cgi-bin/profile"`) || !strings.Contains(a.body, `href="/cgi-bin/chpwd?lang=it&amp;next=%2Fcgi-bin%2Fprofile"`) {
			t.Errorf("%s has lost where it was to go: %s", what, a.body)
		}
	}
	fields := []string{"-d", "old=" + password, "-d", "new=Cicala-4-Ponte-Grigio", "-d", "confirm=Cicala-4-Ponte-Grigio", "/cgi-bin/chpwd"}
	if a := with(t, id, fields...); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if user := alive(t, id); user != "ilaria" {
		t.Errorf("with the new password: %q", user)
	}
}

// TestContractDrop: who may deliver alone sees nothing, and brings files all the same.
func TestContractDrop(t *testing.T) {
	zone := newZone(t, "user:bruno=drop")
	folder := "/cgi-bin/shz/" + zone + "/"
	write(t, "anna", zonePath(zone, "secret.txt"), "secret")
	a := jsonAs(t, "bruno", folder)
	if a.status != 200 || !strings.Contains(a.body, `"access":"drop"`) || !strings.Contains(a.body, `"total":null`) || strings.Contains(a.body, "secret") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := jsonAs(t, "bruno", "-T", "/etc/hostname", folder+"delivery"); a.status != 201 {
		t.Errorf("PUT: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "bruno", "-F", "file=@/etc/hostname;filename=form", folder); !strings.Contains(a.body, `"ok"`) {
		t.Errorf("form: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "anna", folder+"delivery"); a.status != 200 {
		t.Errorf("the owner: %d %s", a.status, a.body)
	}
}

// TestContractBusy: no slot is 503 with a time to come back, in both forms.
func TestContractBusy(t *testing.T) {
	needDemo(t)
	jar(t, "bruno")
	realRecord(t, "bruno")
	defer holdSlots(t, fmt.Sprint(uidOf(t, "bruno"))+".%d", slotsPerUser)()
	checkBusy(t, "JSON", jsonAs(t, "bruno", "/cgi-bin/home"))
	a := curlAs(t, "bruno", "/cgi-bin/home")
	if a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "<html") {
		t.Errorf("page: %d %v", a.status, a.header)
	}
}

// proof is a test as SECURITY.md names it.
var proof = regexp.MustCompile("`([a-z0-9/-]+/[a-z0-9_]+_test\\.go):(Test\\w+)`")

// TestSecurityDocument: each test that SECURITY.md names exists, and each row of its tables names one.
func TestSecurityDocument(t *testing.T) {
	text := read(t, "../SECURITY.md")
	for _, m := range proof.FindAllStringSubmatch(text, -1) {
		if name := filepath.Join("..", m[1]); !exists(name) || !strings.Contains(read(t, name), "func "+m[2]+"(t *testing.T)") {
			t.Errorf("there is no %s:%s", m[1], m[2])
		}
	}
	rows := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| he tries") {
			continue
		}
		if rows++; !proof.MatchString(line) {
			t.Errorf("nothing proves: %s", line)
		}
	}
	if rows < 20 {
		t.Errorf("%d rows", rows)
	}
}
