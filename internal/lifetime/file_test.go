package lifetime

import (
	"testing"
	"time"
)

func TestAged(t *testing.T) {
	now := time.Date(2027, 3, 28, 12, 0, 0, 0, time.UTC)
	ago := func(days float64) time.Time { return now.Add(-time.Duration(days * 24 * float64(time.Hour))) }
	for _, row := range []struct {
		name          string
		born, changed time.Time
		days          int
		want          bool
	}{
		{"no maximum age", ago(1000), ago(1000), 0, false},
		{"young", ago(1), ago(1), 30, false},
		{"as old as it may be", ago(30), ago(30), 30, false},
		{"old", ago(30.01), ago(30.01), 30, true},
		{"old, and moved here yesterday", ago(100), ago(1), 30, false},
		{"old, and moved here seven days ago", ago(100), ago(7), 30, false},
		{"old, and moved here eight days ago", ago(100), ago(8), 30, true},
		{"a maximum of a day", ago(1.5), ago(1.5), 1, true},
		{"a maximum of a day, changed since", ago(1.5), ago(0.5), 1, false},
		{"a maximum of a day, changed before", ago(9), ago(1.1), 1, true},
		{"from the future", ago(-1000), ago(-1000), 1, false},
		{"born in the future", ago(-1), ago(100), 1, false},
		{"1970", time.Unix(0, 0), time.Unix(0, 0), 36500, false},
		{"1900", time.Unix(-1<<31, 0), time.Unix(-1<<31, 0), 36500, true},
		{"unborn and young", time.Time{}, ago(8), 30, false},
		{"unborn and old", time.Time{}, ago(31), 30, true},
	} {
		if got := Aged(row.born, row.changed, time.Time{}, now, row.days); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
	for _, row := range []struct {
		since time.Time
		want  bool
	}{{now, false}, {ago(30), false}, {ago(30.01), true}, {ago(-1000), false}} {
		if got := Aged(ago(1000), ago(1000), row.since, now, 30); got != row.want {
			t.Errorf("years old, and things go since %v: %v", row.since, got)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, row := range []struct {
		files, percent, due, total int64
		want                       bool
	}{
		{1000, 50, 0, 0, false}, {1000, 50, 1000, 1000, false}, {1000, 50, 1001, 1001, true}, {1000, 50, 1001, 2002, false},
		{1000, 50, 1001, 2001, true}, {0, 50, 1, 1, true}, {1000, 0, 1000, 9999999, false}, {1000, 0, 1001, 9999999, true},
		{0, 100, 9, 9, false},
	} {
		if got := (Limit{row.files, row.percent}).Exceeded(row.due, row.total); got != row.want {
			t.Errorf("%+v", row)
		}
		most := (Limit{row.files, row.percent}).Most(row.total)
		if got := row.due > most; got != row.want {
			t.Errorf("%+v: %d may go", row, most)
		}
	}
}
