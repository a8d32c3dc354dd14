package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/acl"
	"sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/internal/helper"
)

// TestLine: to which zone an act belongs, by the id that was found and the name that was asked for.
func TestLine(t *testing.T) {
	const gone, copied, closed = "000000000000000000000000000000c1", "000000000000000000000000000000c2", "000000000000000000000000000000c3"
	zones := newTable(helper.ZoneidReply{
		Zones: []helper.KnownZone{{ID: idOfA, Name: "a", Was: "old"}, {ID: idOfB, Name: "b", Was: "a"}, {ID: gone, Name: "gone", Gone: true},
			{ID: closed, Name: "closed", Was: "thief", Closed: true}},
		Doubtful: []helper.KnownZone{{ID: idOfA, Name: "thief"}},
	})
	for _, row := range []struct{ name, id, want, why string }{
		{"a", idOfA, idOfA, "as it is"},
		{"old", idOfA, idOfA, "renamed meanwhile"},
		{"a", idOfB, "", "the former name of b, which another zone has now"},
		{"thief", idOfA, "", "a copied id"},
		{"b", idOfA, "", "another zone's name"},
		{"gone", gone, gone, "removed meanwhile"},
		{"gone", "", "", "no id, and no such zone any more"},
		{"closed", closed, closed, "closed meanwhile"},
		{"closed", "", "", "a closed zone has no name that is asked for"},
		{"thief", closed, "", "the former name of a closed zone, which one with a copied id has now"},
		{"a", "", idOfA, "delivered by somebody who may not read the id"},
		{"old", "", "", "the same, and renamed"},
		{"thief", "", "", "a zone that is not believed"},
		{"a", copied, "", "an id that nobody has"},
		{"nothing", "", "", "no zone"},
	} {
		r := event.Record{Zone: &row.name, ZoneID: row.id}
		if got := zones.line(r); got.ZoneID != row.want {
			t.Errorf("%s: zone %s, id %s: %q", row.why, row.name, row.id, got.ZoneID)
		}
	}
	if got := zones.line(event.Record{ZoneID: idOfA}); got.ZoneID != "" {
		t.Error("an act without a zone got one")
	}
}

// TestLineByDirectory: an act belongs to the zone of the directory in which it was done, whatever that was called then and before it was ever
// seen, and to no other one, whoever had the name before or took it later.
func TestLineByDirectory(t *testing.T) {
	const gone, closed, restored = "000000000000000000000000000000c1", "000000000000000000000000000000c3", "000000000000000000000000000000c4"
	const reopened = "000000000000000000000000000000c5"
	zones := newTable(helper.ZoneidReply{
		Zones: []helper.KnownZone{{ID: idOfA, Name: "after", Dir: "1-10", Owner: 1003}, {ID: idOfB, Name: "before", Dir: "2-20", Owner: 1004}, {ID: gone, Name: "gone", Dir: "3-30", Gone: true},
			{ID: closed, Name: "closed", Dir: "4-40", Closed: true}, {ID: restored, Name: "restored", Dir: "6-60000000000"}, {ID: reopened, Name: "reopened", Dir: "8-50900000000"}},
		Doubtful: []helper.KnownZone{{ID: closed, Name: "closed", Dir: "5-50"}},
	})
	for _, row := range []struct{ name, id, dir, want, why string }{
		{"before", idOfA, "1-10", idOfA, "renamed before it was ever seen, and another one has the name"},
		{"whatever", idOfA, "1-10", idOfA, "renamed twice"},
		{"before", idOfB, "2-20", idOfB, "the one that took the name"},
		{"before", idOfA, "2-20", "", "the same, with the id of the one that had the name"},
		{"before", idOfA, "9-90", "", "one that had the name, and the id of another, and is gone"},
		{"closed", closed, "4-40", closed, "closed meanwhile"},
		{"closed", closed, "5-50", "", "one that took the name of a closed zone, and its id"},
		{"gone", gone, "3-30", gone, "removed meanwhile"},
		{"gone", gone, "9-90", "", "one that took the name of a zone that is gone, and its id"},
		{"restored", restored, "7-70", restored, "restored from a backup meanwhile"},
		{"old", restored, "7-70", "", "the same, and renamed: nobody knows"},
		{"reopened", reopened, "8-50900000000", reopened, "closed, and given back"},
		{"reopened", reopened, "9-90", "", "one that had the name and the id of a closed zone, which was given back meanwhile"},
		{"before", "", "1-10", idOfA, "delivered by somebody who may not read the id, before it was renamed"},
		{"before", "", "2-20", idOfB, "the same in the one that took the name"},
		{"before", "", "9-90", "", "the same in one that had the name, and is gone"},
		{"before", idOfB, "", idOfB, "not known in which directory"},
	} {
		r := event.Record{Zone: &row.name, ZoneID: row.id, ZoneDir: row.dir, Time: time.Unix(50, 0)}
		if got := zones.line(r); got.ZoneID != row.want {
			t.Errorf("%s: zone %s, id %s, directory %s: %q", row.why, row.name, row.id, row.dir, got.ZoneID)
		}
	}
	// That it was made has no directory yet, and nobody's word for it but its owner's, or root's, counts.
	for _, row := range []struct {
		maker         uint32
		entry         string
		event, result string
		want          string
	}{
		{1003, "internal", "zone-create", "ok", idOfA}, {1009, event.EntryShell, "zone-create", "ok", idOfA}, {1004, "internal", "zone-create", "ok", ""},
		{1003, "internal", "zone-create", "exists", ""}, {1003, "internal", "upload", "ok", ""},
	} {
		before := "before"
		got := zones.line(event.Record{Zone: &before, ZoneID: idOfA, Event: row.event, Result: row.result, UID: row.maker, Entry: row.entry})
		if got.ZoneID != row.want {
			t.Errorf("%+v: %q", row, got.ZoneID)
		}
	}
}

// readers are the uids and gids that a zone's folder names.
func readers(t *testing.T, folder string) (users, groups []uint32) {
	t.Helper()
	f, err := os.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, err := acl.Access(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		switch e.Tag {
		case acl.User:
			users = append(users, e.ID)
		case acl.Group:
			groups = append(groups, e.ID)
		case acl.Other, acl.GroupObj:
			if e.Perm != 0 {
				t.Errorf("%s: %+v", folder, e)
			}
		}
	}
	return users, groups
}

// TestGrant: the present owner reads, and no former one; what was put aside is behind the same door.
func TestGrant(t *testing.T) {
	p := newPlace(t)
	owner := uint32(1001)
	p.table = func() (table, error) {
		return newTable(helper.ZoneidReply{Zones: []helper.KnownZone{{ID: idOfA, Name: "a", Owner: owner}}}), nil
	}
	for _, owner = range []uint32{1001, 1001, 1002, 0} {
		p.act(t, "a", idOfA, "x")
		p.mustRun(t)
		want := []uint32{owner}
		if owner == 0 {
			want = nil
		}
		if users, groups := readers(t, p.logs.folder(idOfA)); !slices.Equal(users, want) || !slices.Equal(groups, []uint32{admin}) {
			t.Errorf("of %d: users %v, groups %v", owner, users, groups)
		}
	}
	owner = 1003
	p.mustRun(t) // nothing happened, and the last answer is young
	if users, _ := readers(t, p.logs.folder(idOfA)); len(users) != 0 {
		t.Errorf("asked again: %v", users)
	}
	p.logs.now = time.Now().Add(2 * askAnew)
	p.mustRun(t)
	if users, _ := readers(t, p.logs.folder(idOfA)); !slices.Equal(users, []uint32{1003}) {
		t.Errorf("after chown by hand: %v", users)
	}
}

// TestRotate: what has grown too long is put aside under a name of its time, and nothing is lost by that; only so many stay.
func TestRotate(t *testing.T) {
	p := newPlace(t)
	p.logs.maxSize = 1
	for i, path := range []string{"1", "2", "3", "4"} {
		p.logs.now = time.Date(2026, 11, 28, 15, 12, i, 0, time.UTC)
		p.act(t, "a", idOfA, path)
		p.mustRun(t)
	}
	if got := logged(t, p.logs.folder(idOfA)); got != "1 2 3 4" {
		t.Errorf("%q", got)
	}
	p.act(t, "a", idOfA, "5")
	p.mustRun(t) // in the same second as the last one: it waits
	p.logs.keep = 2
	p.logs.now = p.logs.now.Add(time.Minute)
	p.act(t, "a", idOfA, "6")
	p.mustRun(t)
	var names []string
	entries, _ := os.ReadDir(p.logs.folder(idOfA))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	want := activity.File + "-20261128T151203 " + activity.File + "-20261128T151303"
	if got := strings.Join(names, " "); got != want || logged(t, p.logs.folder(idOfA)) != "4 5 6" {
		t.Errorf("%q: %q", got, logged(t, p.logs.folder(idOfA)))
	}
}

// TestRotateClockAhead: logs that were put aside while the clock was ahead are older than the one that was put aside now.
func TestRotateClockAhead(t *testing.T) {
	p := newPlace(t)
	p.logs.maxSize, p.logs.keep = 1, 2
	for i, now := range []int{2036, 2037, 2026, 2027, 2028} {
		p.logs.now = time.Date(now, 11, 28, 15, 12, 0, 0, time.UTC)
		p.act(t, "a", idOfA, fmt.Sprint(i))
		p.mustRun(t)
		if got := logged(t, p.logs.folder(idOfA)); !strings.Contains(got, fmt.Sprint(i)) {
			t.Errorf("%d is gone: %q", i, got)
		}
	}
	if got := logged(t, p.logs.folder(idOfA)); got != "3 4" {
		t.Errorf("%q", got)
	}
}

// TestASCII: a line for the syslog is the same JSON, without anything that a log or a terminal could take for more.
func TestASCII(t *testing.T) {
	for text, want := range map[string]string{`"é\u0000"`: `"\u00e9\u0000"`, "\"\u202e\U0001f600\x7f\"": `"\u202e\ud83d\ude00\u007f"`} {
		if got := asciiJSON([]byte(text)); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
	if got := asciiJSON([]byte(`"` + strings.Repeat("é", 5000) + `"`)); len(got) > 9000 || !strings.HasSuffix(got, "(cut)") {
		t.Errorf("%d bytes", len(got))
	}
}
