package activity

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"sharezone/internal/event"
)

// line is an act on a path at a second of one minute.
func line(second int, path string) Line {
	l := Line{Record: event.Record{Time: time.Date(2026, 11, 22, 4, 19, second, 0, time.UTC), Event: "upload", User: "bruno",
		Entry: "internal", Path: &path, Result: "ok", Request: "0123456789abcdef"}, ZoneID: "00112233445566778899aabbccddeeff"}
	return l
}

func write(t *testing.T, name string, lines ...Line) {
	t.Helper()
	var b []byte
	for _, l := range lines {
		var err error
		if b, err = l.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
}

// paths are what Read sees, in its order.
func paths(t *testing.T, folder string) (found []string, damaged int) {
	t.Helper()
	damaged, err := Read(folder, func(l Line) {
		if l.ZoneID != l.Record.ZoneID {
			t.Errorf("zone %q and %q", l.ZoneID, l.Record.ZoneID)
		}
		found = append(found, *l.Path)
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, damaged
}

// TestReadOverRotation: older files first, whatever their names sort like among others; no file counts twice.
func TestReadOverRotation(t *testing.T) {
	folder := t.TempDir()
	write(t, folder+"/"+File+"-20261122T041900", line(2, "second"))
	write(t, folder+"/"+File+"-20251231T235959", line(1, "first"))
	write(t, folder+"/"+File, line(3, "third"), line(4, "fourth"))
	write(t, folder+"/"+File+"-20261122", line(9, "not ours"))
	write(t, folder+"/"+File+".1.gz", line(9, "not ours"))
	if got, damaged := paths(t, folder); strings.Join(got, " ") != "first second third fourth" || damaged != 0 {
		t.Errorf("%q, %d damaged", got, damaged)
	}
	if got, damaged := paths(t, folder+"/nothing"); got != nil || damaged != 0 {
		t.Errorf("of no folder: %q", got)
	}
	os.Remove(folder + "/" + File)
	if got, _ := paths(t, folder); strings.Join(got, " ") != "first second" {
		t.Errorf("between two logs: %q", got)
	}
}

// TestReadEnd: of the log that is written to the last lines that are whole in so many bytes, and nothing of what was put aside.
func TestReadEnd(t *testing.T) {
	folder := t.TempDir()
	write(t, folder+"/"+File+"-20261122T041900", line(1, "aside"))
	end := func(most int64) (found string) {
		t.Helper()
		if err := ReadEnd(folder, most, func(l Line) { found += *l.Path + " " }); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if got := end(1 << 20); got != "" {
		t.Errorf("without a log: %q", got)
	}
	write(t, folder+"/"+File, line(2, "first"), line(3, "second"), line(4, "third"))
	text, err := line(4, "third").Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	one := int64(len(text))
	for most, want := range map[int64]string{0: "", one - 1: "", one: "third ", one + 9: "third ", 2*one + 1: "second third ", 1 << 20: "first second third "} {
		if got := end(most); got != want {
			t.Errorf("of %d bytes: %q, not %q", most, got, want)
		}
	}
}

// TestReadDamaged: what is damaged is counted, and hides nothing else; a line that is being written is no damage.
func TestReadDamaged(t *testing.T) {
	folder := t.TempDir()
	log := folder + "/" + File
	long := strings.Repeat("\x01", 400<<10) // six times as long as JSON
	write(t, log, line(1, "a"), line(2, long))
	for _, text := range []string{"nonsense\n", "{}\n", "\n", `{"time":"2026-11-22T04:19:51Z"}` + "\n", strings.Repeat("x", maxLine+1<<20) + "\n"} {
		f, _ := os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0)
		f.WriteString(text)
		f.Close()
	}
	write(t, log, line(3, "b"))
	f, _ := os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0)
	f.WriteString(`{"time":"2026-11-22T04:19:5`)
	f.Close()
	got, damaged := paths(t, folder)
	if len(got) != 3 || got[0] != "a" || got[1] != long || got[2] != "b" || damaged != 5 {
		t.Errorf("%d lines, %d damaged", len(got), damaged)
	}
}

// TestHostileLines: no name brings a line of its own, and each comes back.
func TestHostileLines(t *testing.T) {
	folder := t.TempDir()
	names := []string{"a\nb", "a\r\n{}", `"`, `\`, "\x00", "\x1b[2J", "\u2028", "<b>", "=1+1", "\U0001f600", ""}
	for i, name := range names {
		write(t, folder+"/"+File, line(i, name))
	}
	got, damaged := paths(t, folder)
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", names) || damaged != 0 {
		t.Errorf("%q, %d damaged", got, damaged)
	}
	b, err := os.ReadFile(folder + "/" + File)
	if n := strings.Count(string(b), "\n"); err != nil || n != len(names) || strings.ContainsAny(string(b), "\x00\x1b\r\u2028") {
		t.Errorf("%d lines: %q", n, b)
	}
}

func TestFilter(t *testing.T) {
	about := "carla"
	r := line(30, "a/b.pdf").Record
	r.ZoneID, r.About = "id", &about
	moment := r.Time
	raw := r
	replaced := "caf\ufffd/x"
	raw.Path, raw.Raw = &replaced, "caf%E9/x"
	taken, owner := r, uint32(1001)
	taken.Owner = &owner
	renamed, former := r, "old/b.pdf"
	renamed.From = &former
	for _, row := range []struct {
		name string
		f    Filter
		r    event.Record
		want bool
	}{
		{"everything", Filter{}, r, true},
		{"zone", Filter{ZoneID: "id"}, r, true},
		{"another zone", Filter{ZoneID: "di"}, r, false},
		{"who did it", Filter{User: "bruno"}, r, true},
		{"whom it concerns", Filter{User: "carla"}, r, true},
		{"somebody else", Filter{User: "anna"}, r, false},
		{"event", Filter{Events: []string{"download", "upload"}}, r, true},
		{"taken", Filter{Events: []string{Taken}}, taken, true},
		{"not taken", Filter{Events: []string{Taken}}, r, false},
		{"another event", Filter{Events: []string{"download"}}, r, false},
		{"file", Filter{Path: "a/b.pdf"}, r, true},
		{"folder", Filter{Path: "a"}, r, true},
		{"folder with a slash", Filter{Path: "a/"}, r, true},
		{"part of a name", Filter{Path: "a/b"}, r, false},
		{"below a file", Filter{Path: "a/b.pdf/c"}, r, false},
		{"bytes that are no text", Filter{Path: "caf\xe9"}, raw, true},
		{"what is shown for them", Filter{Path: "caf\ufffd"}, raw, false},
		{"what it was called before", Filter{Path: "old/b.pdf"}, renamed, true},
		{"the folder that it lay in", Filter{Path: "old"}, renamed, true},
		{"what it is called now", Filter{Path: "a"}, renamed, true},
		{"from then on", Filter{From: moment}, r, true},
		{"later", Filter{From: moment.Add(1)}, r, false},
		{"until then", Filter{To: moment}, r, false},
		{"until after", Filter{To: moment.Add(1)}, r, true},
	} {
		if got := row.f.Matches(Line{Record: row.r, Taken: row.r.Owner != nil}); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}

// TestCSV: cells that a spreadsheet would take for a formula, and what breaks lines.
func TestCSV(t *testing.T) {
	records := []event.Record{line(1, "=cmd|' /C calc'!A0").Record, line(2, " +1").Record, line(3, "a,\"b\"\r\nc").Record, line(4, "plain").Record,
		line(5, "a;=1;+2; -3\t@4\t\"=5;b=c-d").Record, line(6, "＝1;＋2;－3;＠4;a＝").Record}
	size := int64(7)
	former := "a;=1"
	records[3].Bytes, records[3].From = &size, &former
	var b strings.Builder
	table, err := NewTable(&b, func(s string) string { return s })
	for _, r := range records {
		err = errors.Join(err, table.Add(r))
	}
	if err = errors.Join(err, table.AddRemark("not all"), table.Flush()); err != nil {
		t.Fatal(err)
	}
	const start, end = "upload,bruno,,internal,,,", ",,ok,\r\n"
	want := strings.Join(Columns, ",") + "\r\n" +
		"2026-11-22T04:19:01Z," + start + "'=cmd|' /C calc'!A0" + end +
		"2026-11-22T04:19:02Z," + start + "' +1" + end +
		"2026-11-22T04:19:03Z," + start + "\"a,\"\"b\"\"\r\nc\"" + end +
		"2026-11-22T04:19:04Z," + start + "plain,7,ok,a;'=1\r\n" +
		"2026-11-22T04:19:05Z," + start + "\"a;'=1;'+2;' -3\t'@4\t'\"\"=5;b=c-d\"" + end +
		"2026-11-22T04:19:06Z," + start + "'＝1;'＋2;'－3;'＠4;a＝" + end + ",,,,,,,,,not all,\r\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
