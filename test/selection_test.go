package test

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
)

// All entries of a large folder are chosen by one word, with or without a filter, whatever page one looks at.

func TestSelectionAcrossPages(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	script := `cd "$1"; mkdir many to; cd many; for i in $(seq 300); do echo $i >a$i.txt; echo $i >B$i.dat; done; chmod 640 *; echo x >"$(printf 'a\351.txt')"`
	if out, status := asUser(t, "bruno", "sh", "-ec", script, "sh", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	many := folder + "many/"
	if got := list(t, "bruno", many+"?filter=A*.TXT&limit=10"); *got.Total != 301 || len(got.Entries) != 10 {
		t.Errorf("%d of %d", len(got.Entries), *got.Total)
	}
	if got := list(t, "bruno", many+"?filter=b1&sort=size&limit=1000"); *got.Total != 111 || len(got.Entries) != 111 {
		t.Errorf("%d of %d", len(got.Entries), *got.Total)
	}
	if a := jsonAs(t, "bruno", many+"?filter="+strings.Repeat("a", 256)); a.status != 400 {
		t.Errorf("a filter longer than any name: %d", a.status)
	}
	seenOf := func(query string) string {
		t.Helper()
		_, after, found := strings.Cut(jsonAs(t, "bruno", many+query).body, `"seen":"`)
		if !found {
			t.Fatal("the list does not say what is seen")
		}
		seen, _, _ := strings.Cut(after, `"`)
		return seen
	}
	seen := seenOf("?filter=a*.txt&limit=1")
	page := curlAs(t, "bruno", many+"?filter=a*.txt&offset=200")
	for _, part := range []string{`name="all"`, `name="seen" value="` + seen + `"`, `name="filter" value="a*.txt"`, "301", "filter=a%2A.txt"} {
		if page.status != 200 || !strings.Contains(page.body, part) {
			t.Errorf("%d, without %s", page.status, part)
		}
	}
	// The page that asks has an address, and names the first of them.
	asked := curlAs(t, "bruno", "-d", "op=ask-delete&all=1&filter=a*.txt&seen="+seen, many)
	location := asked.header.Get("Location")
	if asked.status != 303 || !strings.Contains(location, "all=1") || !strings.Contains(location, "seen="+seen) {
		t.Fatalf("%d %s", asked.status, location)
	}
	if a := curlAs(t, "bruno", location[strings.Index(location, "/cgi-bin"):]); a.status != 200 || !strings.Contains(a.body, `name="all" value="1"`) || strings.Contains(a.body, `name="raw"`) ||
		!strings.Contains(a.body, "a1.txt") {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, op := range []string{"ask-move", "ask-copy"} {
		if a := curlAs(t, "bruno", "-L", "-d", "op="+op+"&all=1&filter=&seen="+seenOf(""), many); a.status != 200 || !strings.Contains(a.body, `name="all" value="1"`) {
			t.Errorf("%s: %d", op, a.status)
		}
	}
	// What was chosen is what was seen: nothing is done with others.
	for _, op := range []string{"delete", "archive", "move&to=" + url.QueryEscape("/"+zone+"/to/")} {
		if a := jsonAs(t, "bruno", "-d", "op="+op+"&all=1&filter=a*.txt&total=300", many); a.status != 409 || a.code() != "conflict" {
			t.Errorf("%s of others than were seen: %d %.200s", op, a.status, a.body)
		}
		if a := jsonAs(t, "bruno", "-d", "op="+op+"&all=1&filter=nothing", many); a.status != 400 {
			t.Errorf("%s of nothing: %d %.200s", op, a.status, a.body)
		}
	}
	// One that went and one that came are as many as before.
	script = `cd "$1/many"; mv a1.txt a0.txt`
	if out, status := asUser(t, "bruno", "sh", "-ec", script, "sh", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	if a := jsonAs(t, "bruno", "-d", "op=delete&all=1&filter=a*.txt&seen="+seen, many); a.status != 409 || a.code() != "conflict" {
		t.Errorf("delete of another than was seen: %d %.200s", a.status, a.body)
	}
	a := jsonAs(t, "bruno", "-d", "op=archive&format=tar&all=1&filter=a*.txt&total=301", many)
	files := 0
	for r := tar.NewReader(strings.NewReader(a.body)); ; files++ {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || !strings.Contains(h.Name, "a") || !strings.HasSuffix(h.Name, ".txt") {
			t.Fatal(h, err)
		}
	}
	if files != 301 {
		t.Errorf("%d files in the archive", files)
	}
	well := func(a answer, n int) {
		t.Helper()
		if a.status != 200 || strings.Count(a.body, `"status":"ok"`) != n {
			t.Errorf("%d, %d well, not %d", a.status, strings.Count(a.body, `"status":"ok"`), n)
		}
	}
	well(jsonAs(t, "bruno", "-d", "op=move&all=1&filter=*.dat&to="+url.QueryEscape("/"+zone+"/to/"), many), 300)
	well(jsonAs(t, "bruno", "-d", "op=delete&all=1&seen="+seenOf(""), many), 301)
	if got := list(t, "bruno", many); *got.Total != 0 {
		t.Errorf("%d are left", *got.Total)
	}
	if got := list(t, "bruno", folder+"to/"); *got.Total != 300 {
		t.Errorf("%d came", *got.Total)
	}
	// Of many that fail a page lists some, and says how many more.
	run(t, "chattr", "-R", "+i", zonePath(zone, "to"))
	b := curlAs(t, "bruno", "-d", "op=delete&all=1", folder+"to/")
	if b.status != 200 || strings.Count(b.body, "<strong>") != 100 || !strings.Contains(b.body, fmt.Sprint(300-100)) {
		t.Errorf("%d, %d bytes", b.status, len(b.body))
	}
}
