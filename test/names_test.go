package test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/page/pagetest"
)

// Names as text: whatever a file, a folder, a zone or a person is called, a page has not one element or attribute more,
// an answer not one header, a log not one line. What names are stored as is in TestNames (paths_test.go).

// treacherous are names that mean something to whatever shows them. Those with bytes that no upload may bring are made in a
// shell, as cp or SFTP leaves them.
var treacherous = []string{
	`<svg onload=alert(1)>`, `"><script>alert(1)`, `' onmouseover='alert(1)`, `" autofocus onfocus="alert(1)`, `"><h1>x`, `<!--`, `]]>`,
	`&lt;b&gt;&amp;&#x3c;`, `{{7*7}}`, `javascript:alert(1)`, "a\r\nSet-Cookie: SESSION_ID=x", "a\nsharezone shz: request=forged", "\x1b[2J\x1b]0;x\x07", "\x1b[31m",
	`$(id)`, "`id`", `;id`, `| id`, `-o`, `--help`, `-rf`, "\u202efdp.exe", "\u200b", "a\u2028b", "\xff\xfe", "caff\xe8", "\xed\xa0\x80", "a\tb", "\x7f",
	strings.Repeat("<", 255), strings.Repeat("\u00e8", 127), `%3Csvg%3E`, `%0d%0aX: y`, `a?b#c`, `..%2f`, `"; filename="x.exe`, `*`, `~root`, `\\host\x`,
}

// skeleton is a page without its text and without the values of attributes: what no name may change. A page that is not
// well formed, or that has a script or a link to elsewhere, fails the test.
func skeleton(t *testing.T, html string) []string {
	t.Helper()
	pagetest.Check(t, html)
	decoder := xml.NewDecoder(strings.NewReader(html))
	decoder.Strict, decoder.AutoClose, decoder.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var all []string
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			slices.Sort(all) // a name changes its place in a listing
			return all
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			line := token.Name.Local
			for _, a := range token.Attr {
				line += " " + a.Name.Local
			}
			all = append(all, line)
		case xml.Comment, xml.ProcInst:
			all = append(all, fmt.Sprintf("%T", token))
		}
	}
}

// visible fails for what a page must not contain as it is: controls, and what changes the direction of what follows.
func visible(t *testing.T, what, text string) {
	t.Helper()
	if i := strings.IndexFunc(text, func(c rune) bool {
		return c < ' ' && c != '\n' && c != '\t' || c == 0x7f || c == '\u202e' || c == '\u200b' || c == '\u2028'
	}); i >= 0 {
		t.Errorf("%s contains %q", what, text[i:min(i+20, len(text))])
	}
}

// TestTextOfEntries: files and folders, in the listing, in the folder itself, in the question before removing, in those
// that ask for another name, place or zip, in the page that says what failed, in a search, in the page for what is not there, and as JSON.
func TestTextOfEntries(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	logged := len(read(t, apacheErrors))
	page := func(args ...string) []string {
		a := curlAs(t, "bruno", append([]string{"-H", "Accept-Language: it"}, args...)...)
		if a.status >= 500 || a.status == 303 {
			t.Errorf("%q: %d", args, a.status)
		}
		visible(t, "the page", a.body)
		for name, values := range a.header {
			visible(t, name, strings.Join(values, " "))
		}
		return skeleton(t, a.body)
	}
	pages := func(name string) map[string][]string {
		script := `cd "$1" && printf x >"./$2" && mkdir "./d$2" && chmod 0640 "./$2"`
		if out, status := asUser(t, "anna", "sh", "-c", script, "sh", zonePath(zone), name); status != 0 {
			if len(name) < 255 {
				t.Fatalf("%q: %s", name, out)
			}
			asUser(t, "anna", "sh", "-c", `cd "$1" && mkdir dlong`, "sh", zonePath(zone))
		}
		defer run(t, "find", zonePath(zone), "-mindepth", "1", "-delete")
		l := list(t, "bruno", folder)
		if len(l.Entries) != 2 {
			t.Errorf("%q: %+v", name, l.Entries)
		}
		if a := rawAs(t, "bruno", "GET "+folder+escape(name)); a.status != 200 || a.body != "x" {
			t.Errorf("GET %q: %d %s", name, a.status, a.body)
		} else {
			checkHeaders(t, name, a)
		}
		raw := "raw=" + url.QueryEscape(url.PathEscape(name))
		inside := "d" + name
		if len(name) >= 255 {
			inside = "dlong"
		}
		return map[string][]string{
			"listing": page(folder), "listing by size": page(folder + "?sort=size&order=desc&limit=1"), "folder": page(folder + escape(inside) + "/"),
			"question": page(folder + "?ask=delete&" + raw), "failed": page("-d", "op=delete&"+raw, folder), // anna's: not bruno's to remove
			"rename": page(folder + "?ask=rename&" + raw), "where": page(folder + "?ask=copy&" + raw), "zip": page(folder + "?ask=zip&" + raw),
			"not copied": page("-d", "op=move&to=%2F"+zone+"%2F&"+raw, folder), "not an archive": page("-d", "op=unzip&"+raw, folder), "search": page(folder + "?search=*"),
			"absent": page(folder + escape(name[:len(name)-1]+"z")),
		}
	}
	plain := pages("plain.bin") // whose page has no link to look at it, like those of all others
	for _, name := range treacherous {
		for where, lines := range pages(name) {
			want := slices.Clone(plain[where])
			if where == "rename" && (name == "\u200b" || name == "\x7f") { // nothing of it can be typed: nothing is offered
				field := slices.IndexFunc(want, func(line string) bool { return strings.HasPrefix(line, "input class id name type value ") })
				want[field] = strings.Replace(want[field], " value", "", 1)
				slices.Sort(want)
			}
			if !slices.Equal(lines, want) {
				t.Errorf("%q changes the %s page: %q, not %q", name, where, lines, want)
			}
		}
	}
	checkLog(t, logged)
}

// checkLog: each line of ours since then is one of our lines and can be shown on a terminal.
func checkLog(t *testing.T, since int) {
	t.Helper()
	ours := 0
	for line := range strings.Lines(read(t, apacheErrors)[since:]) {
		if strings.HasPrefix(line, "sharezone ") {
			ours++
		}
		if strings.Contains(line, "request=forged") && strings.HasPrefix(line, "sharezone shz: request=forged") {
			t.Errorf("forged: %q", line)
		}
		if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(c rune) bool { return c < ' ' || c > '~' }); i >= 0 {
			t.Errorf("the log has %q", line)
		}
	}
	if ours == 0 {
		t.Log("the log goes elsewhere: there is a /dev/log")
	}
}

// TestTextBrought: what PUT, mkdir and forms make of such names: one Location, one line in the log, one object a line in
// the event file, the name as it is in JSON; or a refusal with which nothing changes.
func TestTextBrought(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	logged := len(read(t, apacheErrors))
	for _, name := range treacherous {
		object, err := json.Marshal(map[string]any{"op": "mkdir", "name": map[string]string{"raw": url.PathEscape("d" + name)}})
		if err != nil {
			t.Fatal(err)
		}
		found := newEvents(t, "shz", func() { // which reads each line as JSON
			for what, a := range map[string]answer{
				"PUT":   rawBody(t, "bruno", "PUT "+folder+escape(name), "x"),
				"mkdir": jsonAs(t, "bruno", "-H", "Content-Type: application/json", "-d", string(object), folder),
			} {
				if a.status != 201 && a.status != 400 || len(a.header.Values("Set-Cookie")) > 0 || !json.Valid([]byte(a.body)) {
					t.Errorf("%s %q: %d %v %s", what, name, a.status, a.header, a.body)
				}
				if location := a.header.Get("Location"); what == "PUT" && a.status == 201 && location != folder+url.PathEscape(name) {
					t.Errorf("%q: Location %q", name, location)
				}
			}
		})
		for _, e := range found {
			if len(e.lines) > 3 || strings.IndexFunc(read(t, e.name), func(c rune) bool { return c < ' ' && c != '\n' }) >= 0 {
				t.Errorf("%q in %s: %q", name, e.name, read(t, e.name))
			}
		}
	}
	checkLog(t, logged)
}

// TestTextOfZones: titles of zones, which a manager can set with setfattr to any bytes, and full names of users.
func TestTextOfZones(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	home := func() []string {
		a := curlAs(t, "bruno", "/cgi-bin/home")
		visible(t, "home", a.body)
		if j := jsonAs(t, "bruno", "/cgi-bin/home"); j.status != 200 || !json.Valid([]byte(j.body)) {
			t.Errorf("JSON: %d %s", j.status, j.body)
		}
		return append(skeleton(t, a.body), skeleton(t, curlAs(t, "bruno", "/cgi-bin/shz/"+zone+"/").body)...)
	}
	setTitle := func(title string) {
		if out, status := asUser(t, "anna", "setfattr", "-n", "user.shz.title", "-v", "0x"+fmt.Sprintf("%x", title), zonePath(zone)); status != 0 {
			t.Fatal(out)
		}
	}
	setTitle("plain")
	plain := home()
	for _, title := range treacherous {
		setTitle(title)
		got := home()
		// A title that is refused as a whole shows the name instead, without the line that repeats it.
		if !slices.Equal(got, plain) && len(got) > len(plain) {
			t.Errorf("title %q:\n%q\n%q", title, got, plain)
		}
	}
	field := strings.Split(lineWith(read(t, "/etc/passwd"), "bruno:"), ":")[4]
	t.Cleanup(func() { run(t, "usermod", "-c", field, "bruno") })
	for _, name := range treacherous {
		if strings.ContainsAny(name, ":\n\x00") {
			continue // no line of passwd(5)
		}
		// By sed: usermod refuses some of these, a directory service does not.
		run(t, "perl", "-pi", "-e", `BEGIN { $n = shift } s/^(bruno:[^:]*:\d+:\d+:)[^:]*/$1$n/`, "--", name, "/etc/passwd")
		if got := home(); len(got) > len(plain) {
			t.Errorf("full name %q:\n%q", name, got)
		}
	}
}

// TestTextOfMessages: an error says in the user's language what to do, the page and the JSON the same, with the number
// that the log has, and never a path of the machine.
func TestTextOfMessages(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	asked := regexp.MustCompile(`[0-9a-f]{16}`)
	for _, target := range []string{"/cgi-bin/shz/" + zone + "/nothing", "/cgi-bin/nothing", "/cgi-bin/shz/" + zone + "/?sort=x", "/cgi-bin/shz/nothing/"} {
		words := make(map[string]bool)
		for _, language := range []string{"it", "en"} {
			j := jsonAs(t, "bruno", "-H", "Accept-Language: "+language, target)
			p := curlAs(t, "bruno", "-H", "Accept-Language: "+language, target)
			var object struct {
				Error struct{ Code, Message, Request string }
			}
			if err := json.Unmarshal([]byte(j.body), &object); err != nil || object.Error.Message == "" || j.status != p.status {
				t.Errorf("%s: %d %s, page %d", target, j.status, j.body, p.status)
			}
			words[object.Error.Message] = true
			if !strings.Contains(p.body, strings.ReplaceAll(object.Error.Message, "'", "&#39;")) || !strings.Contains(p.body, `lang="`+language+`"`) {
				t.Errorf("%s, %s: the page says something else than %q", target, language, object.Error.Message)
			}
			for _, body := range []string{j.body, p.body} {
				for _, place := range []string{"/srv/", "/var/", "/usr/lib", "/etc/", "openat2", "errno", "goroutine"} {
					if strings.Contains(body, place) {
						t.Errorf("%s names %s: %s", target, place, body)
					}
				}
			}
			for _, a := range []answer{j, p} {
				id := a.header.Get("X-Request-Id")
				if !asked.MatchString(id) || !strings.Contains(a.body, id) {
					t.Errorf("%s: request %q is not in the answer", target, id)
				}
				if exists("/dev/log") {
					continue
				}
				if !eventually(patience, func() bool { return strings.Contains(read(t, apacheErrors), "request="+id) }) {
					t.Errorf("%s: request %s is not in the log", target, id)
				}
			}
		}
		if len(words) != 2 {
			t.Errorf("%s: %v", target, words)
		}
	}
	if _, err := os.Stat(apacheErrors); err != nil {
		t.Error(err)
	}
}
