package main

import (
	"os"
	"strings"
	"testing"

	activitylog "sharezone/internal/activity"
	"sharezone/internal/event"
)

// TestActivityOfLongRequest: of a request that the log has in part, what it did since is shown too, and nothing twice.
func TestActivityOfLongRequest(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef"
	spool, log := t.TempDir(), t.TempDir()
	f, err := event.Create(spool, event.Header{User: "bruno", Component: "shz", Entry: "internal", Address: "192.0.2.7", Zone: "a", ZoneID: id})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, path := range []string{"1", "2", "3"} {
		act, err := f.Begin("delete", path)
		if err != nil {
			t.Fatal(err)
		}
		if path != "3" {
			act.End("ok", -1, "")
		}
	}
	var inSpool []event.Record
	if _, err := event.ReadFolder(spool, func(r event.Record) { inSpool = append(inSpool, r) }); err != nil {
		t.Fatal(err)
	}
	// When the worker looked, "2" was under way; it looked once more when that had ended.
	running, ended := inSpool[1], inSpool[1]
	running.Result = event.Running
	var text []byte
	for _, l := range []activitylog.Line{{Record: inSpool[0]}, {Record: running}, {Record: ended, Ended: true}} {
		l.ZoneID = id
		if text, err = l.Append(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(log+"/"+activitylog.File, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, filter := range []activitylog.Filter{{}, {ZoneID: id}, {ZoneID: id, Path: "3"}} {
		found, damage, _, err := readActivityIn(spool, log, filter)
		var shown []string
		for _, r := range found {
			shown = append(shown, *r.Path+" "+r.Result)
		}
		want := "1 ok, 2 running, 2 ok, 3 running"
		if filter.Path != "" {
			want = "3 running"
		}
		if got := strings.Join(shown, ", "); got != want || err != nil || len(damage) > 0 {
			t.Errorf("%+v: %s, %v, %v", filter, got, damage, err)
		}
	}
}
