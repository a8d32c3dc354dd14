package main

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/config"
	"sharezone/internal/web"
)

func searched(t *testing.T, r reply) (paths []string, complete bool) {
	t.Helper()
	var object findings
	if err := json.Unmarshal([]byte(r.body), &object); err != nil || r.status != 200 {
		t.Fatalf("%v %d %s", err, r.status, r.body)
	}
	for _, h := range object.Hits {
		paths = append(paths, h.Path+" "+h.Type+" "+h.URL)
	}
	slices.Sort(paths)
	return paths, object.Complete
}

func TestSearchAnswer(t *testing.T) {
	if !newZone(t, `mkdir -p a/Bericht/b shut; echo 1 >a/Bericht/b/BERICHT.txt; touch "a/$(printf 'bericht \351')" bericht-top shut/bericht; ln -s /etc a/bericht-link; chmod 0 shut
		mkdir .shz-bericht; for i in $(seq 1200); do : >a/f$i; done; mkdir drop; chmod 773 drop`) {
		return
	}
	get := func(query string) reply { return call{target: "demo/" + query}.run(t) }
	all := []string{
		"a/Bericht dir /cgi-bin/shz/demo/a/Bericht/", "a/Bericht/b/BERICHT.txt file /cgi-bin/shz/demo/a/Bericht/b/BERICHT.txt",
		"a/bericht \ufffd file /cgi-bin/shz/demo/a/bericht%20%E9", "a/bericht-link other /cgi-bin/shz/demo/a/", "bericht-top file /cgi-bin/shz/demo/bericht-top",
	}
	got, complete := searched(t, get("?search=bericht"))
	if !slices.Equal(got, all) || !complete {
		t.Errorf("%q %v", got, complete)
	}
	if got, complete = searched(t, get("a/Bericht/?search=bericht")); !slices.Equal(got, all[1:2]) || !complete {
		t.Errorf("paths of a folder: %q %v", got, complete)
	}
	if got, complete = searched(t, get("?search=*.TXT")); len(got) != 1 || !complete {
		t.Errorf("%q %v", got, complete)
	}
	if got, complete = searched(t, get("?search=bericht&limit=2")); len(got) != 2 || complete {
		t.Errorf("%q %v", got, complete)
	}
	if got, complete = searched(t, get("?search=bericht&limit=5")); len(got) != 5 || !complete {
		t.Errorf("%q %v", got, complete)
	}
	if got, complete = searched(t, get("?search=f1")); len(got) != 200 || complete {
		t.Errorf("%d %v", len(got), complete)
	}
	if got, complete = searched(t, get("?search=f*&limit=1000")); len(got) != 1000 || complete {
		t.Errorf("%d %v", len(got), complete)
	}
	if got, complete = searched(t, get("?search="+url.QueryEscape("../etc"))); len(got) != 0 || !complete {
		t.Errorf("%q %v", got, complete)
	}
	for query, status := range map[string]int{"?search=": 400, "?search=" + strings.Repeat("x", 1025): 400, "?search=x&limit=0": 400, "?search=x&limit=1001": 400,
		"?search=x&limit=-1": 400, "?search=x&limit=many": 400, "shut/?search=x": 403, "nothing/?search=x": 404, "bericht-top/?search=x": 404, "a/bericht-link/?search=x": 403} {
		if got := get(query); got.status != status {
			t.Errorf("%s: %d, not %d", query, got.status, status)
		}
	}
	if got := get("?search=bericht"); got.events != "" {
		t.Errorf("told: %s", got.events)
	}
	if got := (call{target: "demo/drop/?search=x", user: bruno}).run(t); got.status != 403 {
		t.Errorf("a drop box: %d %s", got.status, got.body)
	}
}

func TestSearchPage(t *testing.T) {
	if !newZone(t, `mkdir sub; touch 'sub/<svg onload=alert(1)>' "sub/$(printf 'svg\342\200\256x')"; for i in $(seq 250); do : >sub/f$i; done`) {
		return
	}
	html := map[string]string{"HTTP_ACCEPT": "text/html", "SHZ_LANG": "en"}
	got := call{target: "demo/?search=svg", set: html}.run(t)
	checkPage(t, got.body, []string{"&lt;svg onload=alert(1)&gt;", "[U+202E]", `href="/cgi-bin/shz/demo/sub/%3Csvg%20onload=alert%281%29%3E"`, "2 items found.", `value="svg"`, "</html>"},
		[]string{"<svg onload", "\u202e", "There may be more"})
	if got.status != 200 || got.header.Get("Content-Length") != "" {
		t.Errorf("%d %v", got.status, got.header)
	}
	checkPage(t, call{target: "demo/?search=f", set: html}.run(t).body, []string{"200 items found.", "There may be more"}, nil)
	checkPage(t, call{target: "demo/?search=%22%3E%3Cscript%3E", set: html}.run(t).body, []string{"0 items found.", `value="&#34;&gt;&lt;script&gt;"`}, []string{"<script>"})
	checkPage(t, call{target: "demo/", set: html}.run(t).body, []string{`role="search" action="/cgi-bin/shz/demo/"`}, nil)
	if got := (call{method: "HEAD", target: "demo/?search=svg", set: html}).run(t); got.status != 200 || got.body != "" {
		t.Errorf("%d %q", got.status, got.body)
	}
}

func TestSearchLimit(t *testing.T) {
	for text, want := range map[string]int{"": 200, "1": 1, "1000": 1000} {
		if got, err := searchLimit(text, config.Search{Hits: 200, MaxHits: 1000}); got != want || err != nil {
			t.Errorf("%q: %d %v", text, got, err)
		}
	}
	if got, err := searchLimit("", config.Search{Hits: 200, MaxHits: 100}); got != 100 || err != nil {
		t.Error(got, err)
	}
	for _, text := range []string{"0", "-1", "1001", "x", "1.5", " 1", "1e3", "99999999999999999999"} {
		if _, err := searchLimit(text, config.Search{Hits: 200, MaxHits: 1000}); web.CodeOf(err) != web.BadRequest {
			t.Errorf("%q: %v", text, err)
		}
	}
}
