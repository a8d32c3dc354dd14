package test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// Paths: what stands in a request line, in every parameter that names something, and in the names of forms.

// marker is the content of what bruno must never get.
const marker = "NOT-FOR-BRUNO"

// pathZones makes a zone that bruno may write, with a folder "a", its prefix twin "ab" and files in them, and one that
// he may not enter, with the marker.
func pathZones(t *testing.T) (open, shut string) {
	t.Helper()
	open = newZone(t, "user:bruno=write")
	shut = "shut-" + open
	if len(shut) > 63 {
		shut = shut[:63]
	}
	run(t, "shzadm", "zone", "add", shut, "--owner", "anna")
	t.Cleanup(func() { os.RemoveAll(zonePath(shut)) })
	write(t, "anna", zonePath(shut, "secret.txt"), marker)
	if out, status := asUser(t, "anna", "mkdir", "-p", zonePath(open, "a", "b"), zonePath(open, "ab")); status != 0 {
		t.Fatal(out)
	}
	write(t, "anna", zonePath(open, "a", "file.txt"), "file")
	write(t, "anna", zonePath(open, "ab", "file.txt"), "file")
	return open, shut
}

// wrongPaths are refused, never understood as something else. ZONE and SHUT stand for the two zones.
var wrongPaths = []string{
	// out of the zone
	"ZONE/../SHUT/secret.txt", "ZONE/a/../../SHUT/secret.txt", "ZONE/..", "ZONE/../", "ZONE/a/..", "ZONE/a/../", "ZONE/a/../file.txt",
	"ZONE/%2e%2e/SHUT/secret.txt", "ZONE/%2E%2E/SHUT/secret.txt", "ZONE/.%2e/SHUT/secret.txt", "ZONE/%2e./SHUT/secret.txt",
	"ZONE/..%2fSHUT%2fsecret.txt", "ZONE/%2e%2e%2fSHUT%2fsecret.txt", "ZONE%2f..%2fSHUT/secret.txt", "ZONE/..%2FSHUT/secret.txt",
	"ZONE/%252e%252e/SHUT/secret.txt", "ZONE/..%252fSHUT/secret.txt", "ZONE/%c0%ae%c0%ae/SHUT/secret.txt", "ZONE/%e0%80%ae%e0%80%ae/SHUT/x",
	"ZONE/%uff0e%uff0e/SHUT/secret.txt", "ZONE/..;/SHUT/secret.txt", "ZONE/a;/../../SHUT/secret.txt", "ZONE/....//SHUT/secret.txt",
	"ZONE/.../SHUT/secret.txt", "ZONE/..%00/SHUT/secret.txt", "ZONE/..%0a/SHUT/secret.txt", "ZONE/%ef%bc%8e%ef%bc%8e/SHUT/secret.txt",
	"../../../etc/passwd", "../../../../../../../../etc/passwd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "ZONE/../../../../etc/passwd",
	"../home",
	// absolute
	"/etc/passwd", "//etc/passwd", "ZONE//etc/passwd", "ZONE/%2fetc%2fpasswd", "file:///etc/passwd", "ZONE/file:///etc/passwd", "C:/x", "~root",
	"/srv/sharezone/SHUT/secret.txt", "proc/self/root/etc/passwd",
	// not normal
	"ZONE//a/file.txt", "ZONE/a//file.txt", "ZONE/a/file.txt//", "ZONE//", "/ZONE/a/file.txt", "ZONE/./a/file.txt", "ZONE/a/./file.txt",
	"ZONE/%2e/a/file.txt", "ZONE/a/%2e/file.txt", "ZONE/.", "ZONE/./", "ZONE/a/.", "ZONE/a/file.txt/.", "ZONE/a/file.txt/", "./ZONE/a/file.txt",
	"ZONE%2fa/file.txt", "ZONE/a%2ffile.txt", "ZONE/a%2Ffile.txt",
	// NUL and broken percent signs
	"ZONE/a/file.txt%00", "ZONE/a/file.txt%00.pdf", "ZONE%00/a/file.txt", "ZONE/%00", "ZONE/a/file.txt%", "ZONE/a/file.txt%2", "ZONE/a/file.txt%zz",
	"ZONE/a/%+1file.txt", "ZONE/a/% 1file.txt", "ZONE/a/%0xfile.txt", "ZONE/a/%-1",
	// no zones
	".closed/", ".closed", "%2eclosed/", ".closed/x", "./", "../", ".", "..", "lost+found/", "-/", "_/", "%c3%a0/", "a/../ZONE/", "ZONE%0a/",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/",
	// reserved
	"ZONE/.shz-upload", "ZONE/.shz-upload/", "ZONE/.shz-/x", "ZONE/a/.shz-x", "ZONE/%2eshz-x", "ZONE/.sh%7a-x", "ZONE/.shz-x/../a/file.txt",
}

// absentPaths name nothing that exists, however much they look like something that does. A file may be made under such
// a name, so they are only looked at.
var absentPaths = []string{
	"ZONE/a/fil", "ZONE/a/file.tx", "ZONE/a/file.txtx", "ZONE/A/file.txt", "ZONE/a/FILE.TXT", "ZONE/aa/file.txt", "ZONE/abc/file.txt",
	"ZONEx/a/file.txt", "ZON/a/file.txt", "ZONE./a/file.txt", "ZONE%20/a/file.txt", "%20ZONE/a/file.txt", "ZONE+/a/file.txt",
	"ZONE/a/file.txt.", "ZONE/a/file.txt%20", "ZONE/a%20/file.txt", "ZONE/a./file.txt", "ZONE/a/file.txt::$DATA",
	`ZONE/..\SHUT\secret.txt`, "ZONE/..%5cSHUT%5csecret.txt", "ZONE/..%5c..%5csecret.txt", "ZONE/a%5c..%5cfile.txt", "ZONE/a%5cfile.txt",
	"ZONE/a/nothing?../file.txt", "ZONE/a/nothing?/../../SHUT/secret.txt", "ZONE/a%3f/file.txt", "ZONE/a/file.txt%3f", "ZONE/a/%23",
}

func TestWrongPaths(t *testing.T) {
	open, shut := pathZones(t)
	id := sessionID(t, "bruno")
	var boundary bytes.Buffer
	form := multipart.NewWriter(&boundary)
	part, _ := form.CreateFormFile("file", "brought.txt")
	part.Write([]byte("brought"))
	form.Close()

	before := snapshot(t, layout.Base)
	for _, path := range wrongPaths {
		path := strings.NewReplacer("ZONE", open, "SHUT", shut).Replace(path)
		for _, request := range []struct{ method, header, body string }{
			{"GET", "", ""},
			{"HEAD", "", ""},
			{"PUT", "Content-Length: 3", "put"},
			{"POST", fmt.Sprintf("Content-Length: %d\r\nContent-Type: %s", boundary.Len(), form.FormDataContentType()), boundary.String()},
		} {
			text := request.method + " /cgi-bin/shz/" + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept: application/json\r\n" +
				"Cookie: SESSION_ID=" + id + "\r\n"
			if request.header != "" {
				text += request.header + "\r\n"
			}
			a := raw(t, text+"\r\n"+request.body)
			if a.status < 400 || a.status > 499 {
				t.Errorf("%s %s: %d %.200q", request.method, path, a.status, a.body)
			}
			if strings.Contains(a.body, marker) || strings.Contains(a.body, "root:x:0:0") || strings.Contains(a.body, layout.Base) {
				t.Errorf("%s %s tells %.200q", request.method, path, a.body)
			}
		}
		if t.Failed() {
			compare(t, before, snapshot(t, layout.Base))
			if after := snapshot(t, layout.Base); !slices.Equal(before, after) {
				t.Fatalf("%s changed something", path)
			}
		}
	}
	compare(t, before, snapshot(t, layout.Base))
}

func TestAbsentPaths(t *testing.T) {
	open, shut := pathZones(t)
	unchanged(t, layout.Base, func() {
		for _, path := range absentPaths {
			path := strings.NewReplacer("ZONE", open, "SHUT", shut).Replace(path)
			if a := rawAs(t, "bruno", "GET /cgi-bin/shz/"+path); a.status != 404 && a.status != 400 || strings.Contains(a.body, marker) {
				t.Errorf("GET %s: %d %.200q", path, a.status, a.body)
			}
		}
	})
}

// names are names that a file may have, exactly as it was asked for, and no program may take them for anything else.
var names = []string{
	"plain.txt", "two words.txt", " leading", "trailing ", "trailing.", "...", "....", "..a", ".hidden", "a..b", "~", "~root", "-", "--help",
	"-rf", "-o evil", "$(id)", "`id`", "${HOME}", ";id", "a;b", "&", "a&b=c", "a=b", "|", ">", "<svg onload=alert(1)>", `"quoted"`, "'", `back\slash`,
	`..\..\up`, `C:\x`, "*", "?", "[a-z]", "{a,b}", "#1", "a#b", "%41", "%2e%2e", "%2F", "%00", "100%", "a+b", "a:b", "a@b", "a,b", "(2)", "file (2).txt", "caffè",
	"caff\u00e8", "caffe\u0300", "Straße", "日本語.txt", "\U0001F4C4.txt", "\u202Etxt.exe", "\u200Bzero", "\u2028line", "\ufeffbom", "A", "a", "ı", "I",
	"caff\xe8.txt", "\xff\xfe", "\xc0\xae\xc0\xae", "\xed\xa0\x80", "con", "nul.txt", "aux", "index.html", "shell.php", ".htaccess", ".shz", ".shzx", "shz-x",
	"a\u00a0b", "file.txt?on_exists=replace", "file.tar.gz", "LICENSE", strings.Repeat("n", 255), strings.Repeat("\u00e8", 127), strings.Repeat("\xe8", 255),
}

// escape writes a name as a segment of a request line, every byte but letters and digits encoded.
func escape(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// TestNames: each goes up, is listed, comes down, and is on disk under these bytes and no others.
func TestNames(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	want := []string{}
	for _, name := range names {
		if slices.Contains(want, name) {
			continue // "caffè" stands twice on purpose: as typed and as bytes
		}
		want = append(want, name)
		target := "/cgi-bin/shz/" + zone + "/" + escape(name)
		// Apache decides about %2F, %00 and the like in a path; in a name they stand encoded twice.
		a := rawBody(t, "bruno", "PUT "+target, "content of "+name)
		if a.status != 201 {
			t.Errorf("PUT %q: %d %s", name, a.status, a.body)
			continue
		}
		b, err := os.ReadFile(zonePath(zone) + "/" + name)
		if err != nil || string(b) != "content of "+name {
			t.Errorf("%q on disk: %v", name, err)
		}
		if a = rawAs(t, "bruno", "GET "+target); a.status != 200 || a.body != "content of "+name {
			t.Errorf("GET %q: %d %.100s", name, a.status, a.body)
		}
		checkHeaders(t, name, a)
		// A name that is taken stays as it is.
		if a := rawBody(t, "bruno", "PUT "+target, "second"); a.status != 409 {
			t.Errorf("PUT %q again: %d %s", name, a.status, a.body)
		}
	}
	files, err := os.ReadDir(zonePath(zone))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(want, f.Name()) {
			t.Errorf("on disk is %q", f.Name())
		}
	}
	if len(files) != len(want) {
		t.Errorf("%d names on disk, %d brought", len(files), len(want))
	}
	checkListing(t, zone, want)
}

// checkHeaders: no name breaks out of its header, and none makes a browser run the file.
func checkHeaders(t *testing.T, name string, a answer) {
	t.Helper()
	for _, header := range []string{"Content-Disposition", "Content-Type", "X-Content-Type-Options", "Content-Security-Policy"} {
		if len(a.header.Values(header)) != 1 {
			t.Errorf("%q: %s is %q", name, header, a.header.Values(header))
		}
	}
	disposition := a.header.Get("Content-Disposition")
	if !strings.HasPrefix(disposition, `attachment; filename="`) || strings.Count(disposition, `"`) != 2 ||
		strings.ContainsFunc(disposition, func(c rune) bool { return c < ' ' || c > '~' }) {
		t.Errorf("%q: Content-Disposition %q", name, disposition)
	}
	if kind := a.header.Get("Content-Type"); kind != "application/octet-stream" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%q: Content-Type %q", name, kind)
	}
}

func checkListing(t *testing.T, zone string, want []string) {
	t.Helper()
	listed := []string{}
	for _, e := range list(t, "bruno", "/cgi-bin/shz/"+zone+"/?limit=1000").Entries {
		name := e.Name
		if e.Raw != "" {
			var err error
			if name, err = url.PathUnescape(e.Raw); err != nil {
				t.Error(e.Raw, err)
			}
		}
		listed = append(listed, name)
	}
	for _, name := range want {
		if !slices.Contains(listed, name) {
			t.Errorf("%q is not listed", name)
		}
	}
	page := curlAs(t, "bruno", "-H", "Accept: text/html", "/cgi-bin/shz/"+zone+"/?limit=1000")
	if page.status != 200 || strings.Contains(page.body, "<svg onload") || strings.Contains(page.body, "\x1b") {
		t.Errorf("page: %d", page.status)
	}
	for _, href := range hrefs(page.body, "/cgi-bin/shz/"+zone+"/") {
		if a := rawAs(t, "bruno", "HEAD "+href); a.status != 200 {
			t.Errorf("the page leads to %s: %d", href, a.status)
		}
	}
}

// hrefs are the links of a page that lie below a path and are longer than it.
func hrefs(page, below string) []string {
	var found []string
	for _, part := range strings.Split(page, `href="`)[1:] {
		href, _, _ := strings.Cut(part, `"`)
		if strings.HasPrefix(href, below) && len(href) > len(below) && href[len(below)] != '?' {
			found = append(found, strings.ReplaceAll(href, "&amp;", "&"))
		}
	}
	return found
}

// rawBody is rawAs with a body.
func rawBody(t *testing.T, user, line, body string) answer {
	t.Helper()
	return raw(t, line+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept: application/json\r\nCookie: SESSION_ID="+sessionID(t, user)+
		"\r\nContent-Length: "+fmt.Sprint(len(body))+"\r\n\r\n"+body)
}

// TestNewNamesRefused: names that are not made, though a shell can make them and they can be read then.
func TestNewNamesRefused(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	for _, name := range []string{
		"a\nb", "a\rb", "a\r\nSet-Cookie: x=y", "\t", "a\x01", "\x1b[2J", "a\x7f", "\u0085", ".shz-x", strings.Repeat("n", 256), strings.Repeat("\u00e8", 128),
		strings.Repeat("n", 4096), strings.Repeat("n", 5000),
	} {
		unchanged(t, zonePath(zone), func() {
			a := rawBody(t, "bruno", "PUT /cgi-bin/shz/"+zone+"/"+escape(name), "x")
			if a.status != 400 && a.status != 404 {
				t.Errorf("PUT %.40q: %d %s", name, a.status, a.body)
			}
		})
	}
	for _, name := range []string{"a\nb", "\x1b[2J", "a\r\nSet-Cookie: x=y"} {
		write(t, "anna", zonePath(zone, name), "x")
		a := rawAs(t, "bruno", "GET /cgi-bin/shz/"+zone+"/"+escape(name))
		if a.status != 200 || a.body != "x" || a.header.Get("Set-Cookie") != "" {
			t.Errorf("GET %q: %d %v", name, a.status, a.header)
		}
		checkHeaders(t, name, a)
	}
	if page := curlAs(t, "bruno", "/cgi-bin/shz/"+zone+"/"); page.status != 200 || strings.Contains(page.body, "\x1b") {
		t.Errorf("page: %d, escape sequence: %v", page.status, strings.Contains(page.body, "\x1b"))
	}
}

// TestFormNames: the file names of a multipart form are names, never paths.
func TestFormNames(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	base := snapshotNames(t)
	for _, row := range []struct{ sent, made string }{ // made "": refused
		{"plain.txt", "plain.txt"},
		{"../../up.txt", "up.txt"}, {"/etc/cron.d/evil", "evil"}, {`C:\Users\x\letter.doc`, "letter.doc"}, {`..\..\win.txt`, "win.txt"},
		{"a/b/c.txt", "c.txt"}, {"trailing/", ""}, {"..", ""}, {".", ""}, {"", ""}, {"a/..", ""}, {`a\..`, ""}, {".shz-x", ""}, {"x/.shz-x", ""},
		{"a\x00b", ""}, {"a\x01b", ""}, {strings.Repeat("n", 256), ""}, {"$(id).txt", "$(id).txt"}, {"caff\xe8.txt", "caff\xe8.txt"},
		{"-rf", "-rf"}, {"<b>.html", "<b>.html"}, {"%2e%2e%2fx", "%2e%2e%2fx"},
	} {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		// Written by hand: the library escapes what an attacker would not.
		fmt.Fprintf(&body, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n\r\nx\r\n--%s--\r\n",
			form.Boundary(), strings.ReplaceAll(row.sent, `\`, `\\`), form.Boundary())
		a := raw(t, fmt.Sprintf("POST /cgi-bin/shz/%s/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept: application/json\r\nCookie: SESSION_ID=%s\r\n"+
			"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", zone, sessionID(t, "bruno"), form.FormDataContentType(), body.Len(), body.String()))
		if row.made == "" {
			if strings.Contains(a.body, `"status":"ok"`) {
				t.Errorf("%q: %d %s", row.sent, a.status, a.body)
			}
			continue
		}
		if _, err := os.Lstat(zonePath(zone) + "/" + row.made); err != nil || a.status != 200 {
			t.Errorf("%q: %v, %d %s", row.sent, err, a.status, a.body)
		}
		os.Remove(zonePath(zone) + "/" + row.made)
	}
	if after := snapshotNames(t); !slices.Equal(base, after) {
		t.Errorf("before: %q\nafter: %q", base, after)
	}
}

// snapshotNames are all names below the base.
func snapshotNames(t *testing.T) []string {
	t.Helper()
	return strings.Split(run(t, "find", layout.Base, "-print0"), "\x00")
}

// TestWrongParameters: every parameter refuses what it does not know, instead of taking something else.
func TestWrongParameters(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	write(t, "bruno", zonePath(zone, "own.txt"), "own")
	unchanged(t, zonePath(zone), func() {
		for _, query := range []string{
			"sort=owner", "sort=../x", "sort=name%00", "order=up", "order=ASC", "offset=-1", "offset=x", "offset=1.5", "offset=99999999999999999999",
			"limit=0", "limit=-1", "limit=1001", "limit=1e3", "limit=0x10", "limit=%20", "limit=9223372036854775808",
		} {
			if a := jsonAs(t, "bruno", "/cgi-bin/shz/"+zone+"/?"+query); a.status != 400 || a.code() != "bad-request" {
				t.Errorf("%s: %d %.200s", query, a.status, a.body)
			}
		}
		for _, value := range []string{"Replace", "replace%00", "overwrite", "replace,rename", "../replace", "1"} {
			if a := jsonAs(t, "bruno", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/own.txt?on_exists="+value); a.status != 400 {
				t.Errorf("on_exists=%s: %d %s", value, a.status, a.body)
			}
		}
		for _, header := range []string{"Content-Range: bytes 0-2/10", "Content-Length: -1", "Content-Length: 5x"} {
			if a := jsonAs(t, "bruno", "-T", "/etc/hostname", "-H", header, "/cgi-bin/shz/"+zone+"/own.txt?on_exists=replace"); a.status != 400 {
				t.Errorf("%s: %d %s", header, a.status, a.body)
			}
		}
		for _, target := range []string{"", "/", "/a/", "/own.txt/", "/own.txt/x"} {
			if a := rawBody(t, "bruno", "PUT /cgi-bin/shz/"+zone+target, "x"); a.status < 400 || a.status > 499 {
				t.Errorf("PUT %q: %d %s", target, a.status, a.body)
			}
		}
	})
	for query, want := range map[string]int{"lang=xx": 200, "lang=../../etc": 200, "uploaded=-5": 200, "offset=1000000": 200, "unknown=1": 200, "%": 200, "limit=1000": 200} {
		if a := jsonAs(t, "bruno", "/cgi-bin/shz/"+zone+"/?"+query); a.status != want {
			t.Errorf("%s: %d %.200s", query, a.status, a.body)
		}
	}
}

// TestDeepPaths: a path may be longer than the 4,096 bytes that one system call takes.
func TestDeepPaths(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	segment := strings.Repeat("d", 200)
	script := `chdir shift or die; $d = shift; for (1..30) { mkdir $d and chdir $d or die }; open F, ">file.txt"; print F "deep"; chmod 0640, "file.txt"`
	if out, status := asUser(t, "anna", "perl", "-e", script, zonePath(zone), segment); status != 0 {
		t.Fatal(out)
	}
	deep := "/cgi-bin/shz/" + zone + "/" + strings.Repeat(segment+"/", 30) // curl itself loses the cookie at 8,000 bytes
	if a := jsonAs(t, "bruno", deep+"file.txt"); a.status != 200 || a.body != "deep" {
		t.Errorf("6,000 bytes deep: %d %.200s", a.status, a.body)
	}
	if l := list(t, "bruno", deep); len(l.Entries) != 1 {
		t.Errorf("%+v", l)
	}
	if a := jsonAs(t, "bruno", "-T", "/etc/hostname", deep+"brought.txt"); a.status != 201 {
		t.Errorf("PUT: %d %.200s", a.status, a.body)
	}
	if a := jsonAs(t, "bruno", deep+strings.Repeat("x/", 8000)); a.status != 414 && a.status != 400 {
		t.Errorf("24,000 bytes: %d %.200s", a.status, a.body)
	}
}
