package schedule

import (
	"testing"
	"time"
)

// TestWatch: a clock that jumps ahead is doubted until it has gone on for a day, or is set right.
func TestWatch(t *testing.T) {
	start := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	years, minute := start.AddDate(9, 0, 0), time.Minute
	run := func(s State, from time.Time, each time.Duration, n int) (State, time.Time) {
		for range n {
			from = from.Add(each)
			s.Watch(from)
		}
		return s, from
	}
	doubted := func(what string, s State, want bool) {
		t.Helper()
		if got := s.Doubt != nil; got != want {
			t.Errorf("%s: doubted %v", what, got)
		}
	}
	var s State
	s.Watch(start)
	doubted("the first run", s, false)
	old := State{Jobs: map[string]Run{"a": {Last: start}, "b": {Last: start.Add(-time.Hour)}}}
	old.Watch(years)
	doubted("a record that knows nothing of the clock", old, true)
	weekend, _ := run(s, start, maxAhead, 1)
	doubted("off for a long weekend", weekend, false)

	s.Watch(years)
	doubted("years ahead", s, true)
	short, now := run(s, years, minute, 24*60-1)
	doubted("a day less a minute", short, true)
	day, _ := run(short, now, minute, 1)
	doubted("a day", day, false)
	twice := short
	twice.Watch(now.AddDate(1, 0, 0))
	if twice.Doubt == nil || twice.Doubt.Ran != 0 || !twice.Doubt.Before.Equal(start) {
		t.Errorf("another jump: %+v", twice.Doubt)
	}
	few, _ := run(s, years, 2*24*time.Hour, 23)
	doubted("twenty-three runs in weeks", few, true)

	right := short
	right.Watch(start.Add(time.Hour))
	doubted("set right", right, false)
	earlier := short
	earlier.Watch(start.Add(-time.Hour))
	doubted("set back to before", earlier, false)
	wrong := short
	wrong.Watch(start.AddDate(5, 0, 0))
	doubted("set back, and still years ahead", wrong, true)
}

// TestWatchBack: where the clock is set back the schedules go on from there, also for who reads the record only; and it is believed
// after a day, so that neither what it showed before nor what it shows for a minute decides for long.
func TestWatchBack(t *testing.T) {
	start := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	years := start.AddDate(9, 0, 0)
	s := State{Since: start.AddDate(0, 0, -5), Seen: years, Most: years, Jobs: map[string]Run{"a": {Last: years}, "b": {Last: start.Add(-time.Hour)}}}
	if !s.Watch(start) || !s.Jobs["a"].Last.Equal(start) || !s.Jobs["b"].Last.Equal(start.Add(-time.Hour)) {
		t.Errorf("set back: %+v", s)
	}
	if now := start.Add(time.Minute); !s.Watch(now) || !s.Jobs["a"].Last.Equal(start) || !s.Behind(now) {
		t.Errorf("a minute later: %+v", s)
	}
	for minutes := 2; minutes < 24*60; minutes++ {
		if s.Watch(start.Add(time.Duration(minutes)*time.Minute)) || !s.Most.Equal(years) {
			t.Fatalf("minute %d: %+v", minutes, s)
		}
	}
	if day := start.AddDate(0, 0, 1); !s.Watch(day) || s.Behind(day) || !s.Most.Equal(day) || !s.From(day).Equal(start.AddDate(0, 0, -5)) {
		t.Errorf("a day later: %+v", s)
	}

	old := time.Unix(1000, 0) // a machine without a battery, for a minute
	before := State{Since: start, Seen: start, Most: start, Jobs: map[string]Run{}}
	before.Watch(old)
	before.Watch(start.Add(time.Hour))
	if from := before.From(start.Add(time.Hour)); !from.Equal(start) || before.Back != 0 {
		t.Errorf("1970 for a minute: %v %+v", from, before)
	}
	// What was brought while the clock was behind for longer has times of long ago: all counts from when it was set right and believed.
	longer := State{Since: start, Seen: start, Most: start, Jobs: map[string]Run{}}
	for minute := range 5 {
		longer.Watch(old.Add(time.Duration(minute) * time.Minute))
	}
	right := start.Add(time.Hour)
	for hours := range 30 { // from 1970 it looks like a jump ahead
		longer.Watch(right.Add(time.Duration(hours) * time.Hour))
	}
	if day := right.AddDate(0, 0, 1); longer.Doubt != nil || longer.Since.Before(right) || longer.Since.After(day) || longer.Back != 0 {
		t.Errorf("1970 for five minutes: %+v", longer)
	}
	short := State{Since: start, Seen: start, Most: start.AddDate(0, 0, 2), Jobs: map[string]Run{}} // two days behind
	for minute := range 5 {
		short.Watch(start.Add(time.Duration(minute) * time.Minute))
	}
	if right := start.AddDate(0, 0, 2); !short.Watch(right) || !short.Since.Equal(right) {
		t.Errorf("two days behind for five minutes: %+v", short)
	}
	var first State // made by a clock that was ahead
	first.Watch(years)
	for hours := range 26 {
		first.Watch(start.Add(time.Duration(hours) * time.Hour))
	}
	if from := first.From(start.AddDate(0, 0, 2)); from.Before(start) || from.After(start.AddDate(0, 0, 1)) {
		t.Errorf("first in 2036: %v", from)
	}
}
