package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/internal/page"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
	"sharezone/internal/web"
)

// evil is a name that attacks the page.
const evil = "<svg onload=alert(1)>\u202e\"'&"

// act is one of bruno's on a path, some seconds after a moment.
func act(name, path string, at time.Time, bytes int64) activity.Line {
	address := "192.0.2.1"
	return activity.Line{Record: event.Record{Time: at, Event: name, User: "bruno", Entry: "internal", Address: &address, Path: &path, Bytes: &bytes, Result: "ok"}}
}

// TestWords: each event and result that a log can have is said in words.
func TestWords(t *testing.T) {
	for _, l := range []text.Language{text.Italian, text.English} {
		for _, name := range event.Names {
			if !l.Knows("activity-event." + name) {
				t.Errorf("%s: no word for %s", l, name)
			}
		}
		for _, code := range []string{"ok", event.Running, event.Interrupted, "not-permitted"} {
			if said := result(l, code); strings.Contains(said, "[") {
				t.Errorf("%s: %s", l, said)
			}
		}
	}
}

// TestSeeks: what a player or a download manager asks for in many requests is one row with all bytes; another file, person or hour is not.
func TestSeeks(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)
	acts := []event.Record{}
	add := func(name, path, user string, after time.Duration) {
		r := act(name, path, now.Add(after), 1000).Record
		r.User = user
		acts = append(acts, r)
	}
	add("preview", "film.mp4", "bruno", 0)
	add("preview", "film.mp4", "bruno", 20*time.Minute)
	add("preview", "film.mp4", "bruno", 21*time.Minute)
	add("preview", "film.mp4", "bruno", 22*time.Minute)
	add("download", "film.mp4", "bruno", 23*time.Minute)
	add("download", "film.mp4", "carla", 23*time.Minute)
	add("download", "other.mp4", "carla", 23*time.Minute)
	add("delete", "other.mp4", "carla", 24*time.Minute)
	add("delete", "other.mp4", "carla", 24*time.Minute)
	q, err := parseQuery(url.Values{}, false)
	if err != nil {
		t.Fatal(err)
	}
	l := text.English
	v := newView(&web.Call{Language: l}, log{zone: "demo"}, q, newReading(q, now), acts, 0)
	var got []string
	for _, r := range v.Rows {
		got = append(got, strings.ReplaceAll(fmt.Sprint(r.User, " ", r.Path, " ", r.Bytes, " ", r.Requests), "\u00a0", " "))
	}
	want := []string{"carla other.mp4 1.0 kB ", "carla other.mp4 1.0 kB ", "carla other.mp4 1.0 kB ", "carla film.mp4 1.0 kB ", "bruno film.mp4 1.0 kB ",
		"bruno film.mp4 3.0 kB 3 requests", "bruno film.mp4 1.0 kB "}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if v.Range.Shown != len(acts) {
		t.Errorf("the next page would begin after %d of %d", v.Range.Shown, len(acts))
	}
	v.Here = "/cgi-bin/activity/demo"
	if html := pagetest.Render(t, activityPage(page.View{Language: l, Title: "Activity", User: "anna", URL: "/"}, v)); !strings.Contains(html, "3 requests") {
		t.Error(html)
	}
}

func TestPage(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)
	q, err := parseQuery(url.Values{"user": {"bruno"}, "limit": {"2"}, "offset": {"1"}, "path": {"a b/" + evil}}, false)
	if err != nil {
		t.Fatal(err)
	}
	r := newReading(q, now)
	for i := range 5 {
		r.see(act("upload", fmt.Sprintf("a b/%s/%d", evil, i), now.Add(time.Duration(i)*time.Second), 7))
	}
	r.see(act("upload", "elsewhere", now, 7))
	acts := r.part(q.offset, q.limit)
	if r.total != 5 || len(acts) != 2 || !strings.HasSuffix(*acts[0].Path, "/2") || !strings.HasSuffix(*acts[1].Path, "/3") {
		t.Errorf("%d in all, %v", r.total, acts)
	}
	for _, l := range []text.Language{text.Italian, text.English} {
		c := &web.Call{Language: l}
		v := newView(c, log{zone: "demo"}, q, r, acts, 3)
		v.Here = "/cgi-bin/activity/demo"
		html := pagetest.Render(t, activityPage(page.View{Language: l, Title: title(l, log{zone: "demo"}), User: "anna", URL: "/"}, v))
		for _, wanted := range []string{"&lt;svg onload=alert(1)&gt;[U+202E]", l.Count("activity.damaged", 3), "offset=0", "offset=3", "format=csv", `href="/cgi-bin/zones/demo"`,
			`name="raw" value="a%20b%2F%3Csvg`, `height="60"`, l.Say("users-entry.internal") + ", 192.0.2.1"} {
			if !strings.Contains(html, wanted) {
				t.Errorf("missing %s in %s", wanted, html)
			}
		}
		if strings.Contains(html, "<svg onload") || strings.Contains(html, "\u202e") {
			t.Error("a name is shown as it is")
		}
		empty := newView(c, log{}, query{limit: 1}, newReading(query{limit: 1}, now), nil, 0)
		empty.Here = "/cgi-bin/activity"
		if html := pagetest.Render(t, activityPage(page.View{Language: l, URL: "/"}, empty)); strings.Contains(html, "chart") || !strings.Contains(html, "empty-state") {
			t.Error(html)
		}
	}
}

func TestQuery(t *testing.T) {
	for _, bad := range []string{"from=x", "to=2026-02-30", "user=%0a", "user=a+b", "event=x", "event=upload,x", "format=xml", "offset=-1", "offset=10001", "limit=0", "limit=10001", "limit=x", "raw=%25zz", "path=../x", "path=a//b", "path=./a", "from=2026-11-23&to=2026-11-22", "evnt=upload", "user=a&user=b"} {
		v, _ := url.ParseQuery(bad)
		if _, err := parseQuery(v, true); web.CodeOf(err) != web.BadRequest {
			t.Errorf("%s: %v", bad, err)
		}
	}
	q, err := parseQuery(url.Values{"event": {"upload", "download,zip"}, "raw": {"/caf%E9/"}, "from": {"2026-11-22"}, "to": {"2026-11-22"}}, true)
	if err != nil || fmt.Sprint(q.filter.Events) != "[upload download zip]" || q.filter.Path != "caf\xe9" || q.filter.To.Sub(q.filter.From) != 24*time.Hour || q.limit != jsonLimit {
		t.Errorf("%+v %v", q, err)
	}
}

// TestDays: what went well, on its day; the last days of a range, and no more than there are bars for.
func TestDays(t *testing.T) {
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.Local) }
	for _, row := range []struct {
		name      string
		from, to  time.Time
		days      int
		firstBack int // days before the 22nd
	}{
		{"everything", time.Time{}, time.Time{}, maxDays, maxDays - 1},
		{"three days", at(20, 5), time.Time{}, 3, 2},
		{"one day", at(20, 0), at(21, 0), 1, 2},
		{"up to then", time.Time{}, at(21, 0), maxDays, maxDays + 1},
		{"far more", at(-300, 0), at(23, 0), maxDays, maxDays - 1},
		{"from tomorrow on", at(23, 0), time.Time{}, 1, 0},
	} {
		n := newDays(row.from, row.to, at(22, 12))
		if len(n.all) != row.days || !n.all[0].start.Equal(at(22-row.firstBack, 0)) {
			t.Errorf("%s: %d days from %s", row.name, len(n.all), n.all[0].start)
		}
	}
	n := newDays(at(20, 0), time.Time{}, at(22, 12))
	made, got, failed := act("zip", "made.zip", at(21, 2), 100), act("zip", "in an archive", at(21, 3), 30), act("upload", "x", at(21, 4), 9)
	got.Taken, failed.Result = true, event.Interrupted
	for _, l := range []activity.Line{act("upload", "a", at(20, 0), 5), act("upload", "b", at(20, 23), 6), act("download", "a", at(21, 1), 20), made, got, failed,
		act("upload", "before", at(19, 23), 1), act("upload", "after", at(23, 0), 1), act("delete", "a", at(21, 1), 1)} {
		n.count(l)
	}
	if a, b, c := n.all[0], n.all[1], n.all[2]; a.Brought != (traffic{2, 11}) || a.Got != (traffic{}) || b.Brought != (traffic{}) || b.Got != (traffic{2, 50}) || c.Brought.Files+c.Got.Files != 0 {
		t.Errorf("%+v", n.all)
	}
}

// TestReadingIsFlat: long paths make the part that is kept shorter, and not the number of what there is.
func TestReadingIsFlat(t *testing.T) {
	r := newReading(query{limit: maxLimit}, time.Now())
	long := strings.Repeat("x", 1<<20)
	for range 200 {
		l := act("upload", long, time.Now(), 1)
		l.Raw = long // counts too
		r.see(l)
	}
	if r.total != 200 || len(r.kept) != maxKept>>21 || r.size > maxKept {
		t.Errorf("%d in all, %d kept, %d bytes", r.total, len(r.kept), r.size)
	}
}
