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
