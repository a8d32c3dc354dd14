package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

// posted sends a form to a folder.
func posted(t *testing.T, folder, fields string, html bool) reply {
	t.Helper()
	set := map[string]string{"CONTENT_TYPE": "application/x-www-form-urlencoded"}
	if html {
		set["HTTP_ACCEPT"] = "text/html"
		set["SHZ_LANG"] = "en"
	}
	return call{method: "POST", target: folder, body: fields, set: set}.run(t)
}

// asked is posted for a question: its page, which has an address of its own.
func asked(t *testing.T, folder, fields string) reply {
	t.Helper()
	got := posted(t, folder, fields, true)
	to := strings.TrimPrefix(got.header.Get("Location"), "/cgi-bin/shz/")
	if got.status != 303 || !strings.Contains(to, "?ask=") || got.events != "" {
		t.Fatalf("%s: %d %q %s", fields, got.status, to, got.events)
	}
	return call{target: to, set: map[string]string{"HTTP_ACCEPT": "text/html", "SHZ_LANG": "en"}}.run(t)
}

// results are the items of an answer, in one line each.
func results(t *testing.T, r reply) string {
	t.Helper()
	var object struct{ Results []item }
	if err := json.Unmarshal([]byte(r.body), &object); err != nil || r.status != 200 {
		return fmt.Sprint(r.status, " ", r.code())
	}
	var lines []string
	for _, i := range object.Results {
		line := i.Name + " " + i.Status
		if i.To != "" {
			line += " -> " + i.URL
		}
		for _, l := range i.Left {
			line += " [" + l.Path + " " + l.Status + "]"
		}
		if i.Message == "" || strings.HasPrefix(i.Message, "[") {
			t.Errorf("%s says %q", i.Name, i.Message)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

const prepareMoves = `mkdir -p a/b sub; echo 1 >a/one; echo 2 >a/b/two; echo 3 >three.txt; echo 4 >sub/three.txt; echo 5 >$'caf\351\n' ; ln -s three.txt link
	mkdir -p ../other/deep ../shut ../list; echo t >../list/theirs; chown -R 4242:4242 ../other ../list/theirs; chmod 1770 ../other; chmod 700 ../shut; chmod 755 ../list`

func TestRenameOperation(t *testing.T) {
	if !newZone(t, prepareMoves) {
		return
	}
	for _, row := range []struct{ fields, want string }{
		{"op=rename&name=three.txt&to=drei.txt", "three.txt ok -> /cgi-bin/shz/demo/drei.txt"},
		{"op=rename&name=drei.txt&to=a", "drei.txt exists"},
		{"op=rename&name=drei.txt&to=a&on_exists=rename", "drei.txt ok -> /cgi-bin/shz/demo/a%20%282%29"},
		{"op=rename&name=a+(2)&to=a&on_exists=skip", "a (2) ok -> /cgi-bin/shz/demo/a"},
		{"op=rename&name=a+(2)&to=a&on_exists=replace", "a (2) not-permitted"},
		{"op=rename&name=a+(2)&to=caf%25E9", "a (2) ok -> /cgi-bin/shz/demo/caf%25E9"},
		{"op=rename&raw=caf%25E9%250A&to=back", "caf\ufffd\n ok -> /cgi-bin/shz/demo/back"},
		{"op=rename&name=back&to=three.txt%0A", "back bad-request"},
		{"op=rename&name=back&to=a/x", "back bad-request"},
		{"op=rename&name=back&to=..", "back bad-request"},
		{"op=rename&name=back&to=", "back bad-request"},
		{"op=rename&name=back", "back bad-request"},
		{"op=rename&name=back&to=.shz-x", "back bad-request"},
		{"op=rename&name=../other/deep&to=x", "../other/deep bad-request"},
		{"op=rename&name=nothing&to=x", "nothing not-found"},
		{"op=rename&name=link&to=linked", "link ok -> /cgi-bin/shz/demo/linked"},
		{"op=rename&name=a&name=sub&to=x", "400 bad-request"},
		{"op=rename&to=x", "400 bad-request"},
		{"op=rename&name=a&to=x&on_exists=maybe", "400 bad-request"},
	} {
		if got := results(t, posted(t, "demo/", row.fields, false)); got != row.want {
			t.Errorf("%s: %s, not %s", row.fields, got, row.want)
		}
	}
	told := posted(t, "demo/", "op=rename&name=sub&to=under", false).events
	if told != `{"n":1,"event":"rename","path":"sub"}`+"\n"+`{"n":1,"result":"ok","path":"under"}`+"\n" {
		t.Error(told)
	}
	if got := posted(t, "demo/", "op=rename&name=under&to=sub", true); got.status != 303 || got.header.Get("Location") != "/cgi-bin/shz/demo/?done=rename&n=1" {
		t.Errorf("%d %v", got.status, got.header)
	}
	// In a browser a name that cannot be is asked for again, with what was typed.
	got := posted(t, "demo/", "op=rename&raw=sub&to=a", true)
	if got.status != 409 || !strings.Contains(got.body, `value="a"`) || !strings.Contains(got.body, `aria-invalid="true"`) || !strings.Contains(got.body, `name="raw" value="sub"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestMoveOperation(t *testing.T) {
	if !newZone(t, prepareMoves) {
		return
	}
	for _, row := range []struct{ fields, want string }{
		{"op=move&name=three.txt&to=a/b/", "three.txt ok -> /cgi-bin/shz/demo/a/b/three.txt"},
		{"op=move&name=sub&to=a", "sub ok -> /cgi-bin/shz/demo/a/sub/"},
		{"op=move&name=a&to=/other/deep/", "a ok -> /cgi-bin/shz/other/deep/a/"},
		{"op=copy&raw=caf%25E9%250A&to_raw=/demo/", "caf\ufffd\n exists"},
		{"op=copy&raw=caf%25E9%250A&to_raw=/demo/&on_exists=rename", "caf\ufffd\n ok -> /cgi-bin/shz/demo/caf%E9%0A%20%282%29"},
		{"op=copy&raw=caf%25E9%250A&name=nothing&name=link&to=/other", "nothing not-found; link not-permitted; caf\ufffd\n ok -> /cgi-bin/shz/other/caf%E9%0A"},
		{"op=copy&raw=caf%25E9%250A&to=/other&on_exists=skip", "caf\ufffd\n ok -> /cgi-bin/shz/other/caf%E9%0A"},
		{"op=move&raw=caf%25E9%250A&to=/other&on_exists=replace", "caf\ufffd\n ok -> /cgi-bin/shz/other/caf%E9%0A"},
		{"op=copy&name=x&to=/shut/", "403 not-permitted"},
		{"op=copy&name=link&to=/list/", "link not-permitted"},
		{"op=copy&name=x&to=/nothing/", "404 not-found"},
		{"op=copy&name=x&to=/Other/", "404 not-found"},
		{"op=copy&name=x&to=/other/../shut/", "400 bad-request"},
		{"op=copy&name=x&to=../other/", "400 bad-request"},
		{"op=copy&name=x&to=./", "400 bad-request"},
		{"op=copy&name=x&to=/", "400 bad-request"},
		{"op=copy&name=x&to=//other", "400 bad-request"},
		{"op=copy&name=x&to=/other//deep", "400 bad-request"},
		{"op=copy&name=x&to=/other/.shz-x", "404 not-found"},
		{"op=copy&name=x&to=/other/deep%00", "400 bad-request"},
		{"op=copy&name=x&to_raw=/other/%252e%252e/", "400 bad-request"},
		{"op=copy&name=x&to_raw=/other/deep%252f..", "400 bad-request"},
		{"op=copy&name=x&to=link", "404 not-found"},
		{"op=copy&name=x&to=", "400 bad-request"},
		{"op=copy&to=/other", "400 bad-request"},
		{"op=copy&name=x&to=/other&on_exists=all", "400 bad-request"},
	} {
		if got := results(t, posted(t, "demo/", row.fields, false)); got != row.want {
			t.Errorf("%s: %s, not %s", row.fields, got, row.want)
		}
	}
	if got := inZone(t); !strings.Contains(got, " (2) 4242 640 5\n") || strings.Contains(got, "three.txt 4242") || strings.Contains(got, ".shz-") {
		t.Error(got)
	}
	for name, want := range map[string]string{"one": "1\n", "b/two": "2\n", "b/three.txt": "3\n", "sub/three.txt": "4\n"} {
		if b, err := os.ReadFile(layout.Base + "/other/deep/a/" + name); err != nil || string(b) != want {
			t.Errorf("%s: %q %v", name, b, err)
		}
	}
	// Another zone learns of what arrives in it, under the name that it got.
	told := posted(t, "other/", "op=copy&name=deep&to=/demo/&on_exists=rename", false).events + posted(t, "other/", "op=copy&name=deep&to=/demo/&on_exists=rename", false).events
	if !strings.Contains(told, `{"n":2,"event":"copy","path":"deep","zone":"demo","zone_dir":"`+identity(t, "demo")+`"}`) || !strings.Contains(told, `{"n":1,"result":"ok","bytes":8}`) ||
		!strings.Contains(told, `{"n":2,"result":"ok","path":"deep (2)","bytes":8}`) {
		t.Error(told)
	}
	// Where one may only read, nothing arrives, and nothing goes.
	if got := results(t, posted(t, "other/", "op=copy&name=deep&to=/list/", false)); got != "deep not-permitted" {
		t.Error(got)
	}
	if got := results(t, posted(t, "list/", "op=move&name=theirs&to=/demo/", false)); got != "theirs not-permitted" {
		t.Error(got)
	}
	if got := results(t, posted(t, "other/", "op=move&name=deep&to=deep/a/b&name=deep", false)); got != "deep conflict; deep conflict" {
		t.Error(got)
	}
	if got := inZone(t); strings.Contains(got, "theirs") || strings.Contains(got, ".shz-") {
		t.Error(got)
	}
}

// TestMoveLeft: what cannot go with its folder is told, in the result, in the event and on the page.
func TestMoveLeft(t *testing.T) {
	if !newZone(t, `mkdir -p a/sub ../other; chown 4242 ../other; echo 1 >a/one; ln -s one a/link; mkfifo "a/sub/$(printf 'f\351')"`) {
		return
	}
	for _, op := range []string{"copy", "move"} {
		got := posted(t, "demo/", "op="+op+"&name=a&to=/other/&on_exists=rename", false)
		line := results(t, got)
		if !strings.HasPrefix(line, "a not-permitted -> /cgi-bin/shz/other/a") || !strings.Contains(line, "[link not-permitted]") || !strings.Contains(line, "[sub/f\ufffd not-permitted]") {
			t.Error(line)
		}
		if !strings.Contains(got.body, `"raw":"sub/f%E9"`) || !strings.Contains(got.events, `{"n":1,"result":"not-permitted","bytes":2}`) || !strings.Contains(got.events, `"bytes":2}`) {
			t.Error(got.body, got.events)
		}
	}
	page := posted(t, "demo/", "op=copy&name=a&to=/other/&on_exists=rename", true)
	if page.status != 403 || !strings.Contains(page.body, "Copied, but without what follows.") || !strings.Contains(page.body, `<bdi dir="auto">sub/f`+"\ufffd") {
		t.Errorf("%d %s", page.status, page.body)
	}
	if got := inZone(t); !strings.Contains(got, "a/link") || strings.Contains(got, "a/one") {
		t.Error(got)
	}
}

// TestChoose: the pages on which one looks for a folder carry what was chosen along, and change nothing.
func TestChoose(t *testing.T) {
	if !newZone(t, prepareMoves+`; mkdir "../other/<b>"$'\351' ../drop; chown 4242 ../other/*; chmod 755 ..; chmod 773 ../drop; for i in $(seq 250); do mkdir sub/f$i; done`) {
		return
	}
	before := inZone(t)
	chosen := "op=ask-copy&raw=caf%25E9%250A&raw=a"
	for _, row := range []struct {
		at             string
		want, unwanted []string
	}{
		{"", []string{`name="raw" value="caf%E9%0A"`, `name="raw" value="a"`, `name="to_raw" value="/demo/"`, `value="copy" class="btn btn-primary"`, "Copy 2 items",
			`formaction="/cgi-bin/shz/demo/?at=%2F"`, `formaction="/cgi-bin/shz/demo/?at=%2Fdemo%2Fa%2F"`}, []string{"three.txt", "ask-move"}},
		{"/", []string{"?at=%2Fdemo%2F", "?at=%2Fother%2F", "?at=%2Fdrop%2F", "?at=%2Flist%2F"}, []string{`value="copy"`, "?at=%2Fshut%2F", `name="to_raw"`}},
		{"/other/", []string{`name="to_raw" value="/other/"`, "?at=%2Fother%2F%253Cb%253E%25E9%2F", "&lt;b&gt;"}, []string{"<b>"}},
		{"/other/%3Cb%3E%E9/", []string{`name="to_raw" value="/other/%3Cb%3E%E9/"`}, nil},
		{"/list/", []string{"You can only read here."}, []string{`value="copy"`, `name="to_raw"`}},
		{"/drop/", []string{`name="to_raw" value="/drop/"`, `value="copy"`}, nil},
		{"/demo/sub/", []string{`at=%2Fdemo%2Fsub%2F&amp;offset=200"`}, []string{"offset=0", `>f99<`}},
		{"/demo/sub/&offset=200", []string{`?at=%2Fdemo%2Fsub%2F"`, `>f99<`}, []string{"offset=400", `>f100<`}},
	} {
		target := "demo/"
		if row.at != "" {
			at, rest, _ := strings.Cut(row.at, "&")
			target += "?at=" + url.QueryEscape(at) + "&" + rest
		}
		got := asked(t, target, chosen)
		if got.status != 200 || got.events != "" {
			t.Errorf("%s: %d %s", row.at, got.status, got.events)
		}
		checkPage(t, got.body, row.want, row.unwanted)
	}
	for at, status := range map[string]int{"/shut/": 403, "/nothing/": 404, "/demo/three.txt/": 404, "/demo/link/": 404, "/../": 400, "demo/": 400, "/other/%2e%2e/": 400, "/demo/%zz/": 400} {
		if got := asked(t, "demo/?at="+url.QueryEscape(at), chosen); got.status != status {
			t.Errorf("%s: %d, not %d", at, got.status, status)
		}
	}
	if got := asked(t, "demo/?offset=-1", chosen); got.status != 400 {
		t.Error(got.status)
	}
	if got := posted(t, "demo/", "op=ask-move", true); got.status != 303 || got.header.Get("Location") != "/cgi-bin/shz/demo/?done=nothing" {
		t.Errorf("%d %v", got.status, got.header)
	}
	// More names than an address holds: the page comes at once.
	if got := posted(t, "demo/", "op=ask-copy"+strings.Repeat("&raw=a", 1000), true); got.status != 200 || !strings.Contains(got.body, "Copy 1,000 items") {
		t.Errorf("%d %.500s", got.status, got.body)
	}
	if got := posted(t, "demo/", chosen, false); got.status != 400 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if after := inZone(t); after != before {
		t.Errorf("something changed:\n%s", after)
	}
}

// TestAskRename: the question is a page of its own, reached by a link.
func TestAskRename(t *testing.T) {
	if !newZone(t, prepareMoves) {
		return
	}
	html := map[string]string{"HTTP_ACCEPT": "text/html", "SHZ_LANG": "en"}
	got := call{target: "demo/?ask=rename&raw=caf%25E9%250A", set: html}.run(t)
	checkPage(t, got.body, []string{`name="raw" value="caf%E9%0A"`, `value="rename"`, "New name", "[U+000A]"}, nil)
	if got.status != 200 || got.events != "" {
		t.Errorf("%d %s", got.status, got.events)
	}
	for _, raw := range []string{"", "..", "a%2Fb", "%zz", "%00", ".shz-x"} {
		if got := (call{target: "demo/?ask=rename&raw=" + url.QueryEscape(raw), set: html}).run(t); got.status != 400 && got.status != 404 {
			t.Errorf("%q: %d", raw, got.status)
		}
	}
	list := call{target: "demo/", set: html}.run(t)
	checkPage(t, list.body, []string{`href="/cgi-bin/shz/demo/?ask=rename&amp;raw=three.txt"`, `?ask=rename&amp;raw=caf%25E9%250A"`, `value="ask-move"`, `value="ask-copy"`}, nil)
	reader := call{target: "list/", set: html}.run(t)
	checkPage(t, reader.body, []string{`value="ask-copy"`, `name="raw" value="theirs"`}, []string{`value="ask-move"`, `value="ask-delete"`, "ask=rename"})
}

// identity is what tells the directory of a zone from all others.
func identity(t *testing.T, name string) string {
	t.Helper()
	fd, err := unix.Open(layout.Base+"/"+name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	return zone.FileIdentity(fd)
}
