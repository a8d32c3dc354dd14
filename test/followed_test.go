package test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestFileIsFollowed: a file that is renamed and moved is found in the record by each name that it had.
func TestFileIsFollowed(t *testing.T) {
	const zone = "act-follow"
	needDemo(t)
	clearZones(t, zone)
	run(t, "shzadm", "zone", "add", zone, "--owner", "anna")
	run(t, "shzadm", "zone", "share", zone, "user:bruno=write")
	here := "/cgi-bin/shz/" + zone + "/"
	put(t, "bruno", zone, "caf%E9.exe")
	for _, fields := range []string{"op=mkdir&name=d", "op=rename&raw=caf%25E9.exe&to=offer.pdf", "op=move&name=offer.pdf&to=d"} {
		if a := jsonAs(t, "bruno", "-d", fields, here); a.status > 201 {
			t.Fatalf("%s: %d %s", fields, a.status, a.body)
		}
	}
	work(t)
	for path, want := range map[string][]string{
		"caf\xe9.exe":  {"upload caf\ufffd.exe", "rename offer.pdf < caf\ufffd.exe caf%E9.exe"},
		"offer.pdf":    {"rename offer.pdf < caf\ufffd.exe caf%E9.exe", "move d/offer.pdf < offer.pdf "},
		"d/offer.pdf":  {"move d/offer.pdf < offer.pdf "},
		"nothing.like": nil,
	} {
		var got []string
		for _, e := range actsAs(t, "anna", "/"+zone+"?raw="+url.QueryEscape(url.PathEscape(path))).Events {
			line := e.Event + " " + e.Path
			if e.From != "" {
				line += " < " + e.From + " " + e.FromRaw
			}
			got = append(got, line)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, not %q", path, got, want)
		}
	}
	if body := curlAs(t, "anna", "-H", "Accept-Language: en", activityHere+"/"+zone+"?event=move").body; !strings.Contains(body, "Before:") {
		t.Error("the page does not say what it was called before")
	}
	if out := run(t, "shzadm", "activity", zone, "--event", "rename"); !strings.Contains(out, "caf%E9.exe -> offer.pdf") {
		t.Errorf("%s", out)
	}
	if a := curlAs(t, "anna", "-H", "Accept: text/csv", activityHere+"/"+zone+"?event=rename"); !strings.Contains(a.body, ",ok,caf%E9.exe\r\n") {
		t.Errorf("%s", a.body)
	}
}

// TestCopyTakes: who copies or unpacks a file of somebody else's has taken it, as by a download; what is his own is not told.
func TestCopyTakes(t *testing.T) {
	const zone, elsewhere = "act-take", "act-taker"
	needDemo(t)
	clearZones(t, zone, elsewhere)
	for _, name := range []string{zone, elsewhere} {
		run(t, "shzadm", "zone", "add", name, "--owner", "anna")
	}
	run(t, "shzadm", "zone", "share", zone, "user:bruno=write", "user:carla=write")
	run(t, "shzadm", "zone", "share", elsewhere, "user:carla=write")
	here := "/cgi-bin/shz/" + zone + "/"
	post := func(user, fields string) {
		t.Helper()
		if a := jsonAs(t, user, "-d", fields, here); a.status > 201 || strings.Contains(a.body, `"not-`) {
			t.Fatalf("%s: %d %s", fields, a.status, a.body)
		}
	}
	post("bruno", "op=mkdir&name=d")
	for _, name := range []string{"a", "b", "d/c"} {
		put(t, "bruno", zone, name)
	}
	post("bruno", "op=zip&name=a&to=p.zip")
	put(t, "carla", zone, "own")
	work(t)
	post("carla", "op=mkdir&name=mine")
	post("carla", "op=copy&name=a&name=d&name=own&to=/"+elsewhere+"/")
	post("carla", "op=copy&name=b&to=mine")
	post("carla", "op=unzip&name=p.zip&to=mine/p")
	post("carla", "op=unzip&name=p.zip&to=/"+elsewhere+"/p")
	post("anna", "op=move&name=b&to=/"+elsewhere+"/")
	work(t)
	want := []string{"copy carla a ok", "copy carla d/c ok", "copy carla mine/b ok", "unzip carla p.zip ok", "unzip carla p.zip ok", "move anna b ok"}
	var got []string
	for _, act := range actsAs(t, "anna", "/"+zone+"?event=taken").names() {
		if !strings.HasPrefix(act, "zip bruno") {
			got = append(got, act)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	if got := actsAs(t, "anna", "/"+zone+"?event=taken&path=b").names(); !slices.Equal(got, []string{"copy carla mine/b ok", "move anna b ok"}) {
		t.Errorf("who has taken b: %q", got)
	}
	if out := run(t, "shzadm", "activity", zone, "--event", "taken", "--user", "anna"); !strings.Contains(out, " move ") {
		t.Error(out)
	}
}
