package main

import (
	"testing"

	"sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/internal/helper"
	"sharezone/notify/queue"
)

// TestNotice: of which acts somebody is told.
func TestNotice(t *testing.T) {
	all := tells{true, true, true}
	none, both := "", "upload,download"
	owner, some, no := uint32(1001), int64(5), int64(0)
	path, zone := "p", "a"
	for _, row := range []struct {
		name   string
		tells  tells
		notify *string
		record event.Record
		zoneID string
		want   queue.Kind
		part   bool
	}{
		{"download", all, nil, event.Record{Event: "download", Result: "ok", Owner: &owner}, idOfA, queue.Taken, false},
		{"in an archive", all, nil, event.Record{Event: "zip", Result: "ok", Owner: &owner}, idOfA, queue.Taken, false},
		{"cut off", all, nil, event.Record{Event: "download", Result: event.Interrupted, Bytes: &some, Owner: &owner}, idOfA, queue.Taken, true},
		{"a look, cut off", all, nil, event.Record{Event: "preview", Result: event.Interrupted, Bytes: &some, Owner: &owner}, idOfA, queue.Taken, false},
		{"cut off before its first byte", all, nil, event.Record{Event: "download", Result: event.Interrupted, Bytes: &no, Owner: &owner}, idOfA, "", false},
		{"killed", all, nil, event.Record{Event: "download", Result: event.Interrupted, Owner: &owner}, idOfA, queue.Taken, true},
		{"a copy", all, nil, event.Record{Event: "copy", Result: "ok", Owner: &owner, From: &path}, idOfA, queue.Taken, false},
		{"a copy, killed", all, nil, event.Record{Event: "copy", Result: event.Interrupted, Owner: &owner}, idOfA, queue.Taken, true},
		{"refused", all, nil, event.Record{Event: "download", Result: "not-permitted", Owner: &owner}, idOfA, "", false},
		{"a zip that is stored", all, nil, event.Record{Event: "zip", Result: "ok", Arrived: true}, idOfA, queue.Arrived, false},
		{"no zone that is believed", all, nil, event.Record{Event: "download", Result: "ok", Owner: &owner}, "", "", false},
		{"of nothing by the owner's wish", all, &none, event.Record{Event: "download", Result: "ok", Owner: &owner}, idOfA, "", false},
		{"of nothing by the site's", tells{reach: true}, nil, event.Record{Event: "download", Result: "ok", Owner: &owner}, idOfA, "", false},
		{"the owner's wish goes before", tells{reach: true}, &both, event.Record{Event: "download", Result: "ok", Owner: &owner}, idOfA, queue.Taken, false},
		{"no mail at all", tells{uploads: true, downloads: true}, &both, event.Record{Event: "download", Result: "ok", Owner: &owner}, idOfA, "", false},
		{"upload", all, nil, event.Record{Event: "upload", Result: "ok", Arrived: true}, idOfA, queue.Arrived, false},
		{"upload, killed", all, nil, event.Record{Event: "upload", Result: event.Interrupted, File: "1-2", Named: true, Arrived: true}, idOfA, queue.Arrived, false},
		{"upload, killed before it came to the name", all, nil, event.Record{Event: "upload", Result: event.Interrupted, File: "1-2", Arrived: true}, idOfA, "", false},
		{"upload, killed, of which nothing is known", all, nil, event.Record{Event: "upload", Result: event.Interrupted, Arrived: true}, idOfA, "", false},
		{"upload that failed", all, nil, event.Record{Event: "upload", Result: "no-space", Arrived: true}, idOfA, "", false},
		{"upload where the owner wants none", all, &none, event.Record{Event: "upload", Result: "ok", Arrived: true}, idOfA, "", false},
		{"upload where the site wants none", tells{reach: true}, nil, event.Record{Event: "upload", Result: "ok", Arrived: true}, idOfA, "", false},
		{"rename", all, nil, event.Record{Event: "rename", Result: "ok"}, idOfA, "", false},
	} {
		zones := newTable(helper.ZoneidReply{Zones: []helper.KnownZone{{ID: idOfA, Name: "a", Notify: row.notify}}})
		row.record.Path, row.record.Zone, row.record.User = &path, &zone, "bruno"
		if copied := "the copy"; row.record.From != nil {
			row.record.Path = &copied
		}
		n, told := row.tells.notice(activity.Line{Record: row.record, ZoneID: row.zoneID}, zones)
		if told != (row.want != "") || told && (n.Kind != row.want || n.Part != row.part || n.Path != path || n.Doubt != (n.Kind == queue.Arrived && row.record.Result != "ok")) {
			t.Errorf("%s: %v %+v", row.name, told, n)
		}
	}
}

// TestNoticeOfCleaner: the owner of a zone is told what the cleaner did with it, whatever is chosen for files; of what was
// interrupted, if it was done.
func TestNoticeOfCleaner(t *testing.T) {
	none, day, zone := "", "2027-01-31", "a"
	open, closed, gone := helper.KnownZone{}, helper.KnownZone{Closed: true}, helper.KnownZone{Gone: true}
	for _, row := range []struct {
		event, result, user string
		path                *string
		zone                helper.KnownZone
		want                queue.Kind
	}{
		{"zone-warn", "ok", "root", &day, open, queue.Warned},
		{"zone-warn", event.Interrupted, "root", &day, open, ""}, // he is told by the next run
		{"zone-warn", "ok", "root", &day, closed, ""},
		{"zone-warn", "ok", "root", &day, gone, ""},
		{"zone-warn", "ok", "bruno", &day, open, ""},
		{"zone-close", "ok", "root", &day, closed, queue.Closed},
		{"zone-close", event.Interrupted, "root", &day, closed, queue.Closed},
		{"zone-close", event.Interrupted, "root", &day, open, ""},
		{"zone-close", "ok", "root", &day, open, ""}, // restored already
		{"zone-close", "busy", "root", &day, closed, ""},
		{"zone-close", "ok", "root", nil, closed, ""}, // by hand
		{"zone-remove", "ok", "root", &day, gone, queue.Removed},
		{"zone-remove", "ok", "root", nil, gone, ""}, // what was left of it
		{"zone-remove", event.Interrupted, "root", &day, gone, queue.Removed},
		{"zone-remove", event.Interrupted, "root", &day, closed, ""},
		{"zone-remove", "locked", "root", &day, gone, queue.Removed},
		{"zone-remove", "locked", "root", &day, closed, ""},
		{"expire", "ok", "root", &day, open, queue.Expired},
		{"expire", event.Interrupted, "root", &day, open, queue.Expired},
		{"expire", "locked", "root", &day, open, ""},
		{"purge", "ok", "root", &day, open, ""},
		{"zone-modify", "ok", "root", &day, open, ""},
	} {
		z := row.zone
		z.ID, z.Name, z.Owner, z.Notify = idOfA, "a", 1001, &none
		record := event.Record{Event: row.event, Result: row.result, User: row.user, Entry: event.EntryShell, Path: row.path, Zone: &zone}
		n, told := tells{reach: true}.notice(activity.Line{Record: record, ZoneID: idOfA}, newTable(helper.ZoneidReply{Zones: []helper.KnownZone{z}}))
		if told != (row.want != "") || told && (n.Kind != row.want || n.Owner != 1001) {
			t.Errorf("%+v: %v %+v", row, told, n)
		}
	}
}
