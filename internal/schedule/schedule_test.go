package schedule

import (
	"errors"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for _, text := range []string{"* * * * *", "30 2 * * *", "*/10 * * * *", "0 6 * * mon-fri", "5,35 0-6/2 1 jan,jul *", "0 0 29 2 *"} {
		if _, err := Parse(text); err != nil {
			t.Error(err)
		}
	}
	for _, text := range []string{"", " ", "TZ=0", "CRON_TZ=Europe/Rome", "CRON_TZ=Europe/Rome 0 2 * * *", "@daily", "@every 0s", "@every 1h", "0 0 30 2 *",
		"0 0 31 4,6 *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "* * * *", "* * * * * *", "a * * * *", "*/0 * * * *",
		"5-1 * * * *", "-1 * * * *", "1- * * * *", ",, * * * *", "\x00", "0 2 * * *\n", "99999999999999999999 * * * *"} {
		if s, err := Parse(text); !errors.Is(err, ErrSchedule) || s != (Schedule{}) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("30 2 * * *")
	f.Add("TZ=0")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := Parse(text); err == nil {
			s.Due(time.Unix(1, 0), time.Unix(2, 0))
		}
	})
}

func place(t *testing.T, name string) *time.Location {
	t.Helper()
	at, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// runs are the times at which something is done when it is asked about every minute.
func runs(t *testing.T, text string, from, to time.Time, off func(time.Time) bool) []string {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var done []string
	last := from
	for now := from.Add(time.Minute); !now.After(to); now = now.Add(time.Minute) {
		if off != nil && off(now) {
			continue
		}
		if s.Due(last, now) {
			done = append(done, now.Format("02 15:04 -0700"))
			last = now
		}
	}
	return done
}

func equal(t *testing.T, name string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d %q, want %d", name, len(got), got, len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: %q, want %q", name, got[i], want[i])
		}
	}
}

// In Rome the clock goes from 2:00 to 3:00 on 28 March 2027 and from 3:00 back to 2:00 on 31 October.
func TestSummerTime(t *testing.T) {
	rome := place(t, "Europe/Rome")
	spring := func(day, hour int) time.Time { return time.Date(2027, 3, day, hour, 0, 0, 0, rome) }
	equal(t, "the hour that is skipped", runs(t, "30 2 * * *", spring(27, 0), spring(29, 12), nil),
		[]string{"27 02:30 +0100", "28 03:00 +0200", "29 02:30 +0200"})
	equal(t, "the hour after it", runs(t, "0 3 * * *", spring(27, 0), spring(29, 12), nil),
		[]string{"27 03:00 +0100", "28 03:00 +0200", "29 03:00 +0200"})
	equal(t, "every hour in spring", runs(t, "30 * * * *", spring(28, 0), spring(28, 5), nil),
		[]string{"28 00:30 +0100", "28 01:30 +0100", "28 03:30 +0200", "28 04:30 +0200"})
	autumn := func(day, hour int) time.Time { return time.Date(2027, 10, day, hour, 0, 0, 0, rome) }
	equal(t, "the hour that is repeated", runs(t, "30 2 * * *", autumn(30, 0), time.Date(2027, 11, 1, 12, 0, 0, 0, rome), nil),
		[]string{"30 02:30 +0200", "31 02:30 +0200", "01 02:30 +0100"})
	equal(t, "every hour in autumn", runs(t, "30 * * * *", autumn(31, 1), autumn(31, 4), nil),
		[]string{"31 01:30 +0200", "31 02:30 +0200", "31 02:30 +0100", "31 03:30 +0100"})
	if n := len(runs(t, "*/10 * * * *", autumn(31, 0), autumn(31, 6), nil)); n != 7*6 {
		t.Errorf("every ten minutes: %d in seven hours", n)
	}
	equal(t, "every hour of a Sunday", runs(t, "0 * * * 0", spring(13, 22), spring(15, 3), nil)[:1], []string{"14 00:00 +0100"})
	if sundays := runs(t, "0 * * * 0", spring(13, 22), spring(15, 3), nil); len(sundays) != 24 || sundays[23] != "14 23:00 +0100" {
		t.Errorf("every hour of a Sunday: %q", sundays)
	}
	katmandu := place(t, "Asia/Kathmandu") // 5:45 hours from UTC
	day := time.Date(2027, 1, 1, 0, 0, 0, 0, katmandu)
	equal(t, "an odd offset", runs(t, "30 * * * *", day, day.Add(2*time.Hour), nil), []string{"01 00:30 +0545", "01 01:30 +0545"})
}

// A machine that was off does once what it missed.
func TestCatchUp(t *testing.T) {
	rome := place(t, "Europe/Rome")
	day := func(n, hour int) time.Time { return time.Date(2027, 6, n, hour, 0, 0, 0, rome) }
	off := func(now time.Time) bool { return now.After(day(3, 0)) && now.Before(day(10, 9)) }
	equal(t, "a week", runs(t, "10 0 * * *", day(1, 12), day(12, 0), off),
		[]string{"02 00:10 +0200", "10 09:00 +0200", "11 00:10 +0200"})
}

func TestClockSetBack(t *testing.T) {
	s, err := Parse("10 0 * * *")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2027, 6, 1, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name string
		last time.Time
		next time.Time
	}{
		{"it was 2036 for a while", now.AddDate(9, 0, 0), time.Date(2027, 6, 2, 0, 10, 0, 0, time.UTC)},
		{"an hour", now.Add(maxBack), time.Date(2027, 6, 2, 0, 10, 0, 0, time.UTC)},
		{"never before", time.Time{}, now},
		{"it was 1970", time.Unix(1000, 0), now},
	} {
		last, at := row.last, now
		for ; at.Before(row.next); at = at.Add(time.Minute) {
			if last = Anchor(last, at); s.Due(last, at) {
				t.Errorf("%s: due at %v", row.name, at)
			}
		}
		if last = Anchor(last, at); !s.Due(last, at) {
			t.Errorf("%s: not due at %v", row.name, at)
		}
	}
}
