package test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/layout"
	"sharezone/internal/page/pagetest"
)

const activityHere = "/cgi-bin/activity"

// shownActs is what the page tells in JSON.
type shownActs struct {
	Events []struct {
		Event, User, Path, Raw, Result, Entry string
		From                                  string
		FromRaw                               string `json:"from_raw"`
		Bytes                                 *int64
	}
	Total, Unreadable int
	Complete          bool
}

// actsAs asks for acts as somebody, who must get them.
func actsAs(t *testing.T, user, path string) shownActs {
	t.Helper()
	a := jsonAs(t, user, activityHere+path)
	var found shownActs
	if err := json.Unmarshal([]byte(a.body), &found); err != nil || a.status != 200 {
		t.Fatalf("%s as %s: %d %.500s", path, user, a.status, a.body)
	}
	return found
}

// names are what was done, as "EVENT USER PATH RESULT".
func (s shownActs) names() (acts []string) {
	for _, e := range s.Events {
		acts = append(acts, strings.Join([]string{e.Event, e.User, e.Path, e.Result}, " "))
	}
	return acts
}

// TestActivityPage: the owner sees what was done in his zone, administrators everything, nobody else anything.
func TestActivityPage(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	foreign := zone + "-2"
	clearZones(t, foreign)
	run(t, "shzadm", "zone", "add", foreign, "--owner", "anna")
	manager(t, "heir")
	heirs := filepath.Join(t.TempDir(), "jar")
	if a := tryLogin(t, "heir", "Lampone-7-Treno-Verde", "-c", heirs); a.status != 200 {
		t.Fatal(a.status, a.body)
	}
	jars.Store("heir", heirs)
	t.Cleanup(func() { jars.Delete("heir") })
	const formula = "=1+1 <b>.txt"
	put(t, "bruno", zone, url.PathEscape(formula))
	put(t, "bruno", zone, "b.txt")
	if a := curlAs(t, "anna", "/cgi-bin/shz/"+zone+"/b.txt"); a.status != 200 {
		t.Fatal(a.status)
	}
	work(t)
	id := zoneID(t, zone)
	where := "/" + zone
	for _, row := range []contractRow{
		{"owner", "anna", []string{activityHere + where}, 200, 200, "", []string{`"events":[{`, `"event":"upload"`, `"user":"bruno"`, `"entry":"internal"`, `"address":"127.0.0.1"`, `"path":"b.txt"`, `"bytes":1`, `"result":"ok"`, `"complete":true`}, ""},
		{"administrator", "admin", []string{activityHere + where}, 200, 200, "", []string{`"path":"b.txt"`}, ""},
		{"administrator, a zone that he is no member of", "admin", []string{activityHere + "/" + foreign}, 200, 200, "", []string{`"events":[`}, ""},
		{"administrator, by id", "admin", []string{activityHere + "/" + id}, 200, 200, "", []string{`"path":"b.txt"`}, ""},
		{"administrator, everything", "admin", []string{activityHere}, 200, 200, "", []string{`"zone":"` + zone + `"`}, ""},
		{"member", "bruno", []string{activityHere + where}, 403, 403, "not-permitted", nil, ""},
		{"stranger", "carla", []string{activityHere + where}, 403, 403, "not-permitted", nil, ""},
		{"another manager", "heir", []string{activityHere + where}, 403, 403, "not-permitted", nil, ""},
		{"another manager, by id", "heir", []string{activityHere + "/" + id}, 404, 404, "not-found", nil, ""},
		{"owner, everything", "anna", []string{activityHere}, 403, 403, "not-permitted", nil, ""},
		{"member, everything", "bruno", []string{activityHere}, 403, 403, "not-permitted", nil, ""},
		{"member, everything as CSV", "bruno", []string{activityHere + "?format=csv"}, 403, 403, "not-permitted", nil, ""},
		{"nobody", "", []string{activityHere + where}, 401, 401, "not-logged-in", nil, ""},
		{"no such zone", "anna", []string{activityHere + "/no-such-zone"}, 404, 404, "not-found", nil, ""},
		{"no such zone, administrator", "admin", []string{activityHere + "/no-such-zone"}, 404, 404, "not-found", nil, ""},
		{"no such id", "admin", []string{activityHere + "/" + strings.Repeat("0", 32)}, 404, 404, "not-found", nil, ""},
		{"no zone's name", "admin", []string{activityHere + "/%2e%2e"}, 404, 404, "not-found", nil, ""},
		{"below a zone", "anna", []string{activityHere + where + "/x"}, 404, 404, "not-found", nil, ""},
		{"slash", "admin", []string{activityHere + "/"}, 404, 404, "not-found", nil, ""},
		{"wrong event", "anna", []string{activityHere + where + "?event=nonsense"}, 400, 400, "bad-request", nil, ""},
		{"wrong day", "anna", []string{activityHere + where + "?from=yesterday"}, 400, 400, "bad-request", []string{"2026-11-22T18:00:00+01:00"}, ""},
		{"an end before the beginning", "anna", []string{activityHere + where + "?from=2026-12-01&to=2026-11-01"}, 400, 400, "bad-request", []string{"2026-11-22T18:00:00+01:00"}, ""},
		{"POST", "anna", []string{"-d", "x=y", activityHere + where}, 405, 405, "method", nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.check(t, func() {}) })
	}

	t.Run("filter", func(t *testing.T) {
		for query, want := range map[string][]string{
			"?user=bruno":           {"upload bruno " + formula + " ok", "upload bruno b.txt ok"},
			"?event=download":       {"download anna b.txt ok"},
			"?event=upload&limit=1": {"upload bruno b.txt ok"},
			"?path=b.txt":           {"upload bruno b.txt ok", "download anna b.txt ok"},
			"?event=download,upload&path=" + url.QueryEscape(formula): {"upload bruno " + formula + " ok"},
			"?to=2020-01-01":         nil,
			"?event=upload&offset=1": {"upload bruno " + formula + " ok"},
		} {
			if got := actsAs(t, "anna", where+query).names(); !slices.Equal(got, want) {
				t.Errorf("%s: %q, not %q", query, got, want)
			}
		}
		if found := actsAs(t, "anna", where+"?event=upload&limit=1"); found.Complete || found.Total != 2 {
			t.Errorf("a part is told as the whole: %+v", found)
		}
	})

	t.Run("CSV", func(t *testing.T) {
		for _, args := range [][]string{{"-H", "Accept: text/csv", activityHere + where}, {activityHere + where + "?format=csv"}} {
			a := curlAs(t, "anna", args...)
			rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
			if err != nil || a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") || len(rows) < 4 || rows[0][0] != "time" {
				t.Fatalf("%d %v %s", a.status, err, a.body)
			}
			if !slices.ContainsFunc(rows, func(row []string) bool { return row[7] == "'"+formula }) {
				t.Errorf("a formula stays one: %q", rows)
			}
		}
	})

	t.Run("page", func(t *testing.T) {
		a := curlAs(t, "anna", "-H", "Accept: text/html", "-H", "Accept-Language: en", activityHere+where)
		pagetest.Check(t, a.body)
		for _, wanted := range []string{"=1+1 &lt;b&gt;.txt", "Uploads and downloads by day", "<rect", "In numbers", `href="/cgi-bin/zones/` + zone + `"`} {
			if !strings.Contains(a.body, wanted) {
				t.Errorf("missing %s", wanted)
			}
		}
		details := func(user string) string {
			return curlAs(t, user, "-H", "Accept-Language: en", "/cgi-bin/shz/"+zone+"/?ask=details&name=b.txt").body
		}
		if link := activityHere + where + "?event=taken&amp;path=b.txt"; !strings.Contains(details("anna"), link) || strings.Contains(details("bruno"), "/cgi-bin/activity") {
			t.Errorf("details lead the owner, and him alone, to %s", link)
		}
		if body := curlAs(t, "anna", "/cgi-bin/zones/"+zone).body; !strings.Contains(body, `href="`+activityHere+where+`"`) {
			t.Error("the zone's page does not lead there")
		}
	})

	t.Run("copied id", func(t *testing.T) {
		clearZones(t, "act-thief")
		run(t, "shzadm", "zone", "add", "act-thief", "--owner", "heir")
		run(t, "setfattr", "-n", "user.shz.id", "-v", id, zonePath("act-thief"))
		if a := jsonAs(t, "heir", activityHere+"/act-thief"); a.status != 403 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})

	t.Run("closed and handed over", func(t *testing.T) {
		run(t, "shzadm", "zone", "transfer", zone, "--owner", "heir")
		work(t)
		if found := actsAs(t, "heir", where); len(found.Events) < 4 {
			t.Errorf("%q", found.names())
		}
		if a := jsonAs(t, "anna", activityHere+where); a.status != 403 {
			t.Errorf("the former owner gets %d", a.status)
		}
		run(t, "shzadm", "zone", "close", zone)
		work(t)
		for _, user := range []string{"heir", "admin"} {
			if got := actsAs(t, user, where).names(); !strings.HasPrefix(got[len(got)-1], "zone-close ") {
				t.Errorf("%s: %q", user, got)
			}
		}
		run(t, "shzadm", "zone", "restore", zone)
	})
}

// TestActivityPageDamaged: what cannot be read is skipped, and said in each form.
func TestActivityPageDamaged(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	put(t, "bruno", zone, "a.txt")
	work(t)
	folder := layout.ZoneLogs + "/" + zoneID(t, zone)
	// Put aside, with damage in it.
	old := filepath.Join(folder, "activity.log-20200101T000000")
	if err := os.Rename(filepath.Join(folder, "activity.log"), old); err != nil {
		t.Fatal(err)
	}
	run(t, "sh", "-c", `printf 'nonsense\n{"time":\n' >>"$1"`, "sh", old)
	put(t, "bruno", zone, "b.txt")
	work(t)
	where := "/" + zone + "?event=upload"
	found := actsAs(t, "anna", where)
	if fmt.Sprint(found.names()) != "[upload bruno a.txt ok upload bruno b.txt ok]" || found.Unreadable != 2 || found.Complete {
		t.Errorf("%+v", found)
	}
	if a := curlAs(t, "anna", "-H", "Accept-Language: en", activityHere+where); !strings.Contains(a.body, "2 lines of the log cannot be read") {
		t.Error("the page does not say so")
	}
	if a := curlAs(t, "anna", "-H", "Accept-Language: en", activityHere+where+"&format=csv"); !strings.HasSuffix(a.body, "are missing here. An administrator can look at them.,\r\n") {
		t.Errorf("the table ends with %q", a.body[max(0, len(a.body)-200):])
	}
}

// TestActivityPageLong: a million lines, a hundred thousand without --long, within the memory of a short log.
func TestActivityPageLong(t *testing.T) {
	zone := newZone(t)
	work(t)
	folder := layout.ZoneLogs + "/" + zoneID(t, zone)
	lines := rounds(100_000, 1_000_000)
	run(t, "sh", "-c", `yes '{"time":"2026-11-22T04:19:51Z","event":"upload","user":"bruno","entry":"internal","address":"192.0.2.1","zone":"x","path":"a/b.pdf","bytes":1,"result":"ok","about":null,"request":"0123456789abcdef","zone_id":"00112233445566778899aabbccddeeff"}' | head -n "$1" >"$2"`,
		"sh", fmt.Sprint(lines), folder+"/activity.log")
	// More than a short log needs is refused: the limit stands for the process that Apache started.
	out, status := asUser(t, "anna", "sh", "-c", `ulimit -v 1500000; ulimit -d 200000; exec env SHZ_USER=anna SHZ_ENTRY=internal REQUEST_METHOD=GET SERVER_PROTOCOL=HTTP/1.1 HTTP_ACCEPT="$1" REQUEST_URI="$2" HTTP_HOST=x GOMAXPROCS=1 "$3"`, "sh",
		"application/json", activityHere+"/"+zone, layout.Handlers+"/activity")
	if status != 0 || !strings.Contains(out, fmt.Sprintf(`"total":%d`, lines)) || !strings.Contains(out, `"complete":false`) {
		t.Errorf("%d %.500s", status, out)
	}
	csvOut, status := asUser(t, "anna", "sh", "-c", `ulimit -v 1500000; ulimit -d 200000; env SHZ_USER=anna SHZ_ENTRY=internal REQUEST_METHOD=GET SERVER_PROTOCOL=HTTP/1.1 HTTP_ACCEPT="$1" REQUEST_URI="$2" HTTP_HOST=x GOMAXPROCS=1 "$3" 2>/dev/null | wc -l`, "sh",
		"text/csv", activityHere+"/"+zone, layout.Handlers+"/activity")
	var n int
	if fmt.Sscan(csvOut, &n); status != 0 || n < lines {
		t.Errorf("%d lines: %q", n, csvOut)
	}
}
