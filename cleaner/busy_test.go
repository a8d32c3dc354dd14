package main

import (
	"strings"
	"testing"
	"time"

	"sharezone/internal/schedule"
)

// A zone that somebody else changes is done a minute later, and one that is extended meanwhile is left alone.
func TestBusy(t *testing.T) {
	s := newSite(t)
	start := time.Now() // by which files are old
	today := start.Format(time.DateOnly)
	s.zone("over", today, start)
	s.at(start)
	s.acts()
	h, err := s.admin.Reach("over")
	if err == nil {
		err = h.Lock()
	}
	if err != nil {
		t.Fatal(err)
	}
	now := start.AddDate(0, 0, 1)
	s.at(now)
	if acts := s.acts(); len(acts) > 0 {
		t.Errorf("%q", acts)
	}
	h.Release()
	s.at(now.Add(time.Minute))
	if acts := strings.Join(s.acts(), "; "); acts != "zone-close over "+today+" ok" {
		t.Errorf("%s", acts)
	}
	root := s.aging("age")
	sh(t, "touch "+root+"/old")
	s.backdate("/age/old 400 400")
	if h, err = s.admin.Reach("age"); err == nil {
		err = h.Lock()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.at(now.AddDate(0, 0, 1)) // its lock is kept through both rounds
	h.Release()
	if acts := s.acts(); len(acts) > 0 {
		t.Errorf("%q", acts)
	}
	s.at(now.AddDate(0, 0, 1).Add(time.Minute))
	if acts := strings.Join(s.acts(), "; "); acts != "expire age old ok" {
		t.Errorf("%s", acts)
	}
}

// While somebody changes a zone for long it alone is looked at each minute, and the others when it is time.
func TestBusyAlone(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{"age", "other"} {
		sh(t, "touch "+s.aging(name)+"/old")
	}
	sh(t, "touch "+s.base+"/other/young")
	s.backdate("/age/old 400 400")
	h, err := s.admin.Reach("age")
	if err == nil {
		err = h.Lock()
	}
	if err != nil {
		t.Fatal(err)
	}
	year, month, day := time.Now().Date() // what is young is so by the clock of the kernel
	start := time.Date(year, month, day+1, 12, 0, 0, 0, time.Local)
	at := func(now time.Time, seen int64, left string) {
		t.Helper()
		s.at(now)
		state, err := schedule.ReadState(s.state)
		if run := state.Jobs["files"]; err != nil || run.Seen != seen || strings.Join(run.Left, " ") != left || run.Last.IsZero() != (left != "") {
			t.Errorf("%+v %v", run, err)
		}
	}
	s.now = start
	at(start, 4, "age") // the one that is busy gets a second chance
	at(start.Add(time.Minute), 6, "age")
	at(start.Add(2*time.Minute), 8, "age")
	s.only = "other"
	if err := s.run("files"); err != nil {
		t.Error(err)
	}
	s.only = ""
	at(start.Add(3*time.Minute), 4, "age") // the run for one is the last that is told, but the zone is not forgotten
	at(start.AddDate(0, 0, 1), 4, "age")
	h.Release()
	at(start.AddDate(0, 0, 1).Add(time.Minute), 5, "")
	at(start.AddDate(0, 0, 2), 2, "")
}

// TestBusyEnd: of the zones that end too only the one that was busy comes again at once, and nothing else is done anew.
func TestBusyEnd(t *testing.T) {
	s := newSite(t)
	start := time.Date(2027, 1, 1, 12, 0, 0, 0, time.Local)
	s.zone("one", "2027-01-01", start)
	s.zone("two", "2027-01-01", start)
	s.at(start)
	s.acts()
	h, err := s.admin.Reach("one")
	if err == nil {
		err = h.Lock()
	}
	if err != nil {
		t.Fatal(err)
	}
	now := start.AddDate(0, 0, 1)
	s.at(now)
	if acts := strings.Join(s.acts(), "; "); acts != "zone-close two 2027-01-01 ok" {
		t.Errorf("%s", acts)
	}
	s.zone("new", "2027-01-01", start) // it waits for the next day
	s.at(now.Add(time.Minute))
	if acts := s.acts(); len(acts) > 0 {
		t.Errorf("a minute later: %q", acts)
	}
	h.Release()
	s.at(now.Add(2 * time.Minute))
	if acts := strings.Join(s.acts(), "; "); acts != "zone-close one 2027-01-01 ok" {
		t.Errorf("%s", acts)
	}
}
