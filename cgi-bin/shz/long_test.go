package main

import (
	"os"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// TestLongAnswer: an answer that begins before the end says the same in the end, and all is done.
func TestLongAnswer(t *testing.T) {
	if !newZone(t, "touch a b c d; mkdir to") {
		return
	}
	late := func(fields string, html bool) reply {
		t.Helper()
		set := map[string]string{asWhat: "impatient", "CONTENT_TYPE": "application/x-www-form-urlencoded"}
		if html {
			set["HTTP_ACCEPT"], set["SHZ_LANG"] = "text/html", "en"
		}
		return call{method: "POST", target: "demo/", body: fields, set: set}.run(t)
	}
	is := func(name string) bool {
		_, err := os.Lstat(layout.Base + "/demo/" + name)
		return err == nil
	}
	got := late("op=delete&for_good=1&name=a&name=nonesuch", false)
	if says := results(t, got); !strings.HasPrefix(got.body, " ") || !strings.Contains(says, "a ok") || !strings.Contains(says, "nonesuch not-found") || is("a") {
		t.Errorf("%d %q", got.status, got.body)
	}
	got = late("op=move&name=b&to=/demo/to/", false)
	if says := results(t, got); !strings.HasPrefix(got.body, " ") || !strings.Contains(says, "b ok") || is("b") || !is("to/b") {
		t.Errorf("%d %q", got.status, got.body)
	}
	if !strings.Contains(got.events, `"result":"ok"`) {
		t.Errorf("events: %s", got.events)
	}
	for fields, says := range map[string]string{
		"op=delete&for_good=1&name=c&name=nonesuch": "nonesuch",
		"op=delete&for_good=1&name=d":               "1 item",
		"op=restore&id=0-x":                         "0-x",
		"op=purge&id=0-x":                           "0-x",
	} {
		got := late(fields, true)
		at := strings.Index(got.body, `class="progress-lines"`)
		if got.status != 200 || at < 0 || !strings.Contains(got.body[at:], says) || !strings.Contains(got.body[at:], `class="btn btn-primary" href="/cgi-bin/shz/demo/`) || !strings.HasSuffix(strings.TrimSpace(got.body), "</html>") {
			t.Errorf("%s: %d %s", fields, got.status, got.body)
		}
	}
	if is("c") || is("d") {
		t.Error("not all is done")
	}
}
