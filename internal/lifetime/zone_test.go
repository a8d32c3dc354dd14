package lifetime

import (
	"slices"
	"testing"
	"time"
)

func TestOfZone(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		moment, err := time.ParseInLocation("2006-01-02 15:04:05", text, rome)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	told := func(expires string, days int) Warning { return Warning{expires, days} }
	policy := ZonePolicy{Warn: []int{7, 3, 1}, Grace: 30}
	since, silent, at0, max10 := policy, policy, policy, policy
	since.Since, silent.Warn, at0.Grace, max10.Max = at("2027-06-01 00:00:00"), nil, 0, 10
	for _, row := range []struct {
		name   string
		zone   Zone
		now    string
		policy ZonePolicy
		act    Act
		why    Reason
		days   int
	}{
		{"no end", Zone{}, "2027-01-01 12:00:00", policy, Keep, NoEnd, 0},
		{"no date", Zone{Expires: "tomorrow"}, "2027-01-01 12:00:00", policy, Keep, BadDate, 0},
		{"no such day", Zone{Expires: "2027-02-30"}, "2027-03-31 12:00:00", policy, Keep, BadDate, 0},
		{"long before", Zone{Expires: "9999-12-31"}, "2027-01-01 12:00:00", policy, Keep, NotYet, 2912077},
		{"eight days", Zone{Expires: "2027-01-31"}, "2027-01-23 23:59:59", policy, Keep, NotYet, 8},
		{"seven days", Zone{Expires: "2027-01-31"}, "2027-01-24 00:00:00", policy, Warn, EndsSoon, 7},
		{"seven days, told", Zone{Expires: "2027-01-31", Told: told("2027-01-31", 7)}, "2027-01-24 23:00:00", policy, Keep, Told, 7},
		{"four days, told", Zone{Expires: "2027-01-31", Told: told("2027-01-31", 7)}, "2027-01-27 12:00:00", policy, Keep, Told, 4},
		{"three days", Zone{Expires: "2027-01-31", Told: told("2027-01-31", 7)}, "2027-01-28 00:00:00", policy, Warn, EndsSoon, 3},
		{"one day", Zone{Expires: "2027-01-31", Told: told("2027-01-31", 3)}, "2027-01-30 00:00:00", policy, Warn, EndsSoon, 1},
		{"two were missed", Zone{Expires: "2027-01-31"}, "2027-01-31 09:00:00", policy, Warn, EndsSoon, 0},
		{"the last day, told", Zone{Expires: "2027-01-31", Told: told("2027-01-31", 1)}, "2027-01-31 23:59:59", policy, Keep, Told, 0},
		{"told of an earlier end", Zone{Expires: "2027-01-31", Told: told("2026-12-31", 1)}, "2027-01-24 12:00:00", policy, Warn, EndsSoon, 7},
		{"no warnings", Zone{Expires: "2027-01-31"}, "2027-01-31 12:00:00", silent, Keep, NotYet, 0},
		{"the day after", Zone{Expires: "2027-01-31"}, "2027-02-01 00:00:00", policy, Close, LastDay, 0},
		{"years after", Zone{Expires: "1970-01-01"}, "2027-02-01 00:00:00", policy, Close, LastDay, 0},
		{"a day of 23 hours", Zone{Expires: "2027-03-28"}, "2027-03-28 23:59:59", policy, Warn, EndsSoon, 0},
		{"after a day of 23 hours", Zone{Expires: "2027-03-28"}, "2027-03-29 00:00:00", policy, Close, LastDay, 0},
		{"a day of 25 hours", Zone{Expires: "2027-10-31"}, "2027-10-31 23:59:59", policy, Warn, EndsSoon, 0},
		{"across a day of 23 hours", Zone{Expires: "2027-03-29"}, "2027-03-26 00:00:00", policy, Warn, EndsSoon, 3},
		{"just closed", Zone{Closed: at("2027-06-10 12:00:00"), Expires: "2027-01-31"}, "2027-06-10 12:00:00", policy, Keep, Grace, 0},
		{"grace", Zone{Closed: at("2027-06-10 12:00:00")}, "2027-07-10 11:59:59", policy, Keep, Grace, 0},
		{"grace is over", Zone{Closed: at("2027-06-10 12:00:00")}, "2027-07-10 12:00:00", policy, Remove, GraceOver, 0},
		{"closed before there was a cleaner", Zone{Closed: at("2020-06-10 12:00:00")}, "2027-06-30 23:59:59", since, Keep, Grace, 0},
		{"and later", Zone{Closed: at("2020-06-10 12:00:00")}, "2027-07-01 00:00:00", since, Remove, GraceOver, 0},
		{"closed in the future", Zone{Closed: at("2036-06-10 12:00:00")}, "2027-07-01 00:00:00", policy, Keep, Grace, 0},
		{"over before there was a cleaner", Zone{Expires: "2020-01-31"}, "2027-06-01 00:00:00", since, Warn, EndsSoon, 7},
		{"the same, told", Zone{Expires: "2020-01-31", Told: told("2020-01-31", 7)}, "2027-06-02 00:00:00", since, Keep, Told, 6},
		{"the same, on its last day", Zone{Expires: "2020-01-31", Told: told("2020-01-31", 3)}, "2027-06-08 23:59:59", since, Warn, EndsSoon, 0},
		{"the same, a day later", Zone{Expires: "2020-01-31", Told: told("2020-01-31", 1)}, "2027-06-09 00:00:00", since, Close, LastDay, 0},
		{"over on the day before there was a cleaner", Zone{Expires: "2027-05-31"}, "2027-06-01 00:00:00", since, Warn, EndsSoon, 7},
		{"on its last day when there was a cleaner", Zone{Expires: "2027-06-01"}, "2027-06-02 00:00:00", since, Close, LastDay, 0},
		{"no end, and there is a maximum", Zone{}, "2027-01-01 12:00:00", max10, Cap, TooLong, 0},
		{"no date, and there is a maximum", Zone{Expires: "tomorrow"}, "2027-01-01 12:00:00", max10, Cap, TooLong, 0},
		{"one day too late", Zone{Expires: "2027-01-12"}, "2027-01-01 23:59:59", max10, Cap, TooLong, 0},
		{"as late as can be", Zone{Expires: "2027-01-11"}, "2027-01-01 00:00:00", max10, Keep, NotYet, 10},
		{"over, and there is a maximum", Zone{Expires: "2026-12-31"}, "2027-01-01 00:00:00", max10, Close, LastDay, 0},
		{"closed, and there is a maximum", Zone{Closed: at("2027-06-10 12:00:00")}, "2027-06-10 12:00:00", max10, Keep, Grace, 0},
		{"no grace", Zone{Closed: at("2027-06-10 12:00:00")}, "2027-06-10 12:00:00", at0, Remove, GraceOver, 0},
	} {
		v := OfZone(row.zone, at(row.now), row.policy)
		if v.Act != row.act || v.Why != row.why || v.Days != row.days {
			t.Errorf("%s: %+v", row.name, v)
		}
		if v.Act == Cap {
			row.zone.Expires = v.Last
			if again := OfZone(row.zone, at(row.now), row.policy); again.Act == Cap || again.Days != row.policy.Max {
				t.Errorf("%s: after it: %+v", row.name, again)
			}
		}
		if v.Act != Warn {
			continue
		}
		row.zone.Told = v.Warn
		if again := OfZone(row.zone, at(row.now), row.policy); again.Act != Keep || again.Why != Told {
			t.Errorf("%s: warned twice: %+v", row.name, again)
		}
	}
}

func TestParseWarning(t *testing.T) {
	for _, text := range []string{"2027-01-31 7", "x 0"} {
		if w := ParseWarning(text); w.String() != text {
			t.Errorf("%q: %q", text, w)
		}
	}
	for _, text := range []string{"", "2027-01-31", "2027-01-31 07", "2027-01-31  7", "2027-01-31 7 ", "2027-01-31 x"} {
		if w := ParseWarning(text); w != (Warning{}) {
			t.Errorf("%q: %q", text, w)
		}
	}
}

func TestParseDays(t *testing.T) {
	for text, want := range map[string][]int{"": nil, "7 3 1": {7, 3, 1}, " 7  6 5 4 3 2 1 0 ": {7, 6, 5, 4, 3, 2, 1, 0}, "366": {366}} {
		if days, ok := ParseDays(text); !ok || !slices.Equal(days, want) {
			t.Errorf("%q: %v %v", text, days, ok)
		}
	}
	for _, text := range []string{"1 3", "3 3", "-1", "367", "7,3", "07", "x", "7 \x00", "99999999999999999999"} {
		if days, ok := ParseDays(text); ok {
			t.Errorf("%q: %v", text, days)
		}
	}
}
