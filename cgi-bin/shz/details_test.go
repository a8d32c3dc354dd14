package main

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
	"sharezone/internal/zone"
)

// emptySum is the SHA-256 of no bytes, helloSum that of "hello\n".
const (
	emptySum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	helloSum = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
)

func TestDetails(t *testing.T) {
	if !newZone(t, `echo hello >'<b>.txt'; : >empty; mkdir sub; ln -s /etc/passwd link; mkfifo fifo; : >.shz-hidden; echo x >"$(printf 'caf\351')"; echo secret >shut; chmod 0 shut; : >sub/deep`) {
		return
	}
	var got struct{ Details []detail }
	ask := func(query string) []detail {
		t.Helper()
		r := call{target: query}.run(t)
		got.Details = nil
		if err := json.Unmarshal([]byte(r.body), &got); err != nil || r.status != 200 {
			t.Fatalf("%s: %d %s", query, r.status, r.body)
		}
		if r.events != "" {
			t.Errorf("told: %s", r.events)
		}
		return got.Details
	}
	all := ask("demo/?ask=details&sha256=1&name=%3Cb%3E.txt&name=empty&name=sub&name=link&name=fifo&name=nothing&name=.shz-hidden&name=..&name=sub/deep&raw=caf%25E9")
	for i, want := range []struct{ kind, sum, status string }{
		{"file", helloSum, "ok"}, {"file", emptySum, "ok"}, {"dir", "", "ok"}, {"other", "", "ok"}, {"other", "", "ok"}, {"", "", "not-found"},
		{"", "", ""}, {"", "", "bad-request"}, {"", "", "bad-request"}, {"file", "", "ok"},
	} {
		d := all[i]
		if want.status == "" {
			if d.Status == "ok" || d.Owner != nil {
				t.Errorf("a reserved name: %+v", d)
			}
			continue
		}
		if (d.Type != nil) != (want.kind != "") || d.Type != nil && *d.Type != want.kind || d.Status != want.status || want.sum != "" && (d.SHA256 == nil || *d.SHA256 != want.sum) || want.kind != "file" && (d.SHA256 != nil || d.Size != nil) {
			t.Errorf("%+v, not %+v", d, want)
		}
		if (d.Status == "ok") != (d.Owner != nil && d.Modified != nil && d.Message == "") {
			t.Errorf("%+v", d)
		}
	}
	if all[9].Raw != "caf%E9" || *all[0].Size != 6 {
		t.Errorf("%+v %+v", all[9], all[0])
	}
	if all := ask("demo/?ask=details&name=empty"); all[0].SHA256 != nil {
		t.Error("a checksum that nobody asked for")
	}
	if d := ask("demo/?ask=details&sha256=1&name=shut")[0]; d.Type == nil || *d.Type != "file" || d.Status != "not-permitted" || d.SHA256 != nil || d.Owner == nil {
		t.Errorf("not to be read: %+v", d)
	}
	if r := (call{target: "demo/?ask=details"}).run(t); r.status != 400 {
		t.Errorf("no name: %d", r.status)
	}
	// By the buttons: chosen, shown, and asked for the checksum.
	if r := posted(t, "demo/", "op=ask-details", true); r.status != 303 || r.header.Get("Location") != "/cgi-bin/shz/demo/?done=nothing" {
		t.Errorf("nothing chosen: %d %v", r.status, r.header)
	}
	r := posted(t, "demo/", "op=ask-details&raw=%253Cb%253E.txt&sha256=1", true)
	to := r.header.Get("Location")
	if r.status != 303 || !strings.Contains(to, "ask=details") {
		t.Fatalf("%d %v", r.status, r.header)
	}
	html := call{target: strings.TrimPrefix(to, "/cgi-bin/shz/"), set: map[string]string{"HTTP_ACCEPT": "text/html", "SHZ_LANG": "en"}}.run(t).body
	checkPage(t, html, []string{helloSum, `<bdi dir="auto">&lt;b&gt;.txt</bdi>`, "<dt>Size</dt><dd><bdi dir=\"auto\">6 bytes</bdi></dd>", "Back to the folder"}, []string{"<b>", "Compute SHA-256"})
}

// TestSumOf: none of what takes too long, and none of what changes while it is read.
func TestSumOf(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err == nil {
		err = file.Truncate(64 << 20)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text, err := sumOf(file, time.Now()); !errors.Is(err, os.ErrDeadlineExceeded) || text != "" {
		t.Errorf("%q %v", text, err)
	}
	started, stop, done := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for i := int64(0); ; i++ {
			if file.WriteAt([]byte{byte(i)}, i%4096); i == 0 {
				close(started)
			}
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	<-started
	text, err := sumOf(file, time.Now().Add(time.Minute))
	if close(stop); !errors.Is(err, zone.ErrChanged) || text != "" {
		t.Errorf("%q %v", text, err)
	}
	<-done
	if text, err := sumOf(file, time.Now().Add(time.Minute)); len(text) != 64 || err != nil {
		t.Errorf("%q %v", text, err)
	}
}

func TestDetailsPage(t *testing.T) {
	d := detailsView{Here: "/cgi-bin/shz/demo/", Crumbs: hostileFolder().Crumbs, Chosen: []chosenField{{"raw", "caf%E9%0D%0A"}, {"raw", "x"}}, Sum: true}
	for _, e := range hostileFolder().Entries {
		d.Items = append(d.Items, detailRow{entryRow: e, Arrived: "22/11/2026 14:03", SHA256: helloSum, Message: "<i>"})
	}
	d.Items = append(d.Items, detailRow{entryRow: entryRow{Name: "gone"}, Message: "Non c'è."})
	v := viewFor(text.Italian)
	v.Title = "Dettagli"
	checkPage(t, pagetest.Render(t, detailsPage(v, d)), []string{
		`<input type="hidden" name="raw" value="caf%E9%0D%0A">`, `<dt>Arrivato</dt>`, `invoice[U+202E]fdp.exe`, "Calcola SHA-256", "&lt;i&gt;",
		`<input type="hidden" name="op" value="ask-details">`,
	}, []string{"<img", "<svg onload", "\u202e", "<i>"})
}

// TestDetailsOfMany: a page tells of so many that a browser can show it, and says how many there are beside; a script gets all.
func TestDetailsOfMany(t *testing.T) {
	if !newZone(t, `for i in $(seq 250); do : >"$i.txt"; done`) {
		return
	}
	page := call{target: "demo/?ask=details&all=1&total=250", set: map[string]string{"HTTP_ACCEPT": "text/html"}}.run(t)
	if n := strings.Count(page.body, `<section class="details">`); page.status != 200 || n != maxDetails || !strings.Contains(page.body, text.Italian.Count("details.more", 50)) {
		t.Errorf("%d: %d on the page", page.status, n)
	}
	if all := (call{target: "demo/?ask=details&all=1&total=250"}).run(t); strings.Count(all.body, `"arrived":`) != 250 {
		t.Errorf("a script gets %d", strings.Count(all.body, `"arrived":`))
	}
}
