package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/schedule"
)

// What a machine runs out of, and a clock that goes wrong. A clock ahead is in TestClockAhead, kill -9 in TestKilled.

// due makes one zone to be closed, one to be removed, and one with an old file and an old folder, and returns when they are.
func (s *site) due() time.Time {
	s.t.Helper()
	start := time.Now()
	s.zone("over", start.Format(time.DateOnly), start)
	s.zone("old", "", start)
	if _, err := s.admin.CloseZone("old", start.AddDate(0, 0, -60)); err != nil {
		s.t.Fatal(err)
	}
	sh(s.t, "cd "+s.aging("age")+"; mkdir a; echo x >a/x; echo y >y")
	return start.AddDate(0, 0, 40)
}

// layout is what is left of what due made.
func (s *site) layout() string {
	s.t.Helper()
	return sh(s.t, "cd "+s.base+"; ls -d age/* over old .closed/* 2>/dev/null | LC_ALL=C sort | paste -sd' '")
}

const (
	nothingDone = ".closed/old age/a age/y over"
	allDone     = ".closed/over"
)

func (s *site) both() error {
	return errors.Join(s.run("zones"), s.run("files"))
}

// TestFull: on a disk without a block and an inode left everything goes that should; it is what helps. Without room for the events, or for
// the record of runs, nothing does.
func TestFull(t *testing.T) {
	s := newSite(t)
	s.now = s.due()
	s.noLimit = true
	sh(t, "cd "+s.base+"; mkdir full; cd full; mkdir many; (cd many; seq 20000 | xargs touch 2>/dev/null); "+
		"for n in 512M 256M 128M 64M 32M 16M 8M 4M 2M 1M 512K 128K 32K 8K 4K 4K; do fallocate -l $n f$n$RANDOM 2>/dev/null; done; true")
	if err := os.Mkdir(s.base+"/full/more", 0o700); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("not full: %v", err)
	}
	small := t.TempDir()
	sh(t, "mount -t tmpfs -o size=4k tmpfs "+small+"; head -c 4096 /dev/zero >"+small+"/x")
	t.Cleanup(func() { sh(t, "umount "+small) })
	events, state := s.events, s.cleaner.state
	s.cleaner.events = small
	if err := s.both(); !errors.Is(err, unix.ENOSPC) && (err == nil || !strings.Contains(err.Error(), "no space")) || s.layout() != nothingDone {
		t.Errorf("no room for events: %v, %s", err, s.layout())
	}
	s.cleaner.events = events
	sh(t, "cp "+state+" "+small+"/state.json 2>/dev/null; true")
	os.Remove(small + "/state.json")
	s.cleaner.state = small + "/state.json"
	if err := s.both(); !errors.Is(err, unix.ENOSPC) || s.layout() != nothingDone {
		t.Errorf("no room for the record: %v, %s", err, s.layout())
	}
	s.cleaner.state = state
	if err := s.both(); err != nil || s.layout() != allDone {
		t.Errorf("full: %v, %s", err, s.layout())
	}
	if acts := strings.Join(s.acts(), "; "); strings.Count(acts, " ok") != 5 || strings.Count(acts, ";") != 4 {
		t.Errorf("%s", acts)
	}
}

// TestReadOnly: what cannot be done on a disk that only can be read is told, and done when it can.
func TestReadOnly(t *testing.T) {
	s := newSite(t)
	s.now = s.due()
	s.noLimit = true
	sh(t, "mount -o remount,ro "+s.base)
	if err := s.both(); err == nil || !strings.Contains(err.Error(), "read-only") || s.layout() != nothingDone {
		t.Errorf("%v, %s", err, s.layout())
	}
	for _, act := range s.acts() {
		if !strings.HasSuffix(act, " locked") {
			t.Errorf("%s", act)
		}
	}
	state, err := schedule.ReadState(s.cleaner.state)
	if err != nil || state.Jobs["zones"].Failed == 0 || state.Jobs["files"].Failed == 0 {
		t.Errorf("%v %+v", err, state.Jobs)
	}
	sh(t, "mount -o remount,rw "+s.base)
	if err := s.both(); err != nil || s.layout() != allDone {
		t.Errorf("%v, %s", err, s.layout())
	}
}

// TestReadOnlyNothingDue: where nothing has had its time nobody is told that it could not go.
func TestReadOnlyNothingDue(t *testing.T) {
	s := newSite(t)
	root := s.aging("age")
	sh(t, "touch "+root+"/young; mount -o remount,ro "+s.base)
	for _, s.noLimit = range []bool{false, true} {
		s.now = time.Now()
		if err := s.run("files"); err != nil {
			t.Errorf("no limit %t: %v", s.noLimit, err)
		}
	}
	sh(t, "mount -o remount,rw "+s.base)
	if left := s.list(root); left != "young" {
		t.Errorf("left: %s", left)
	}
}

// TestDeep: a tree of a thousand levels goes, file by file because of its age or as a whole with its zone, with as few descriptors
// as there are; no path is as long as its names are together.
func TestDeep(t *testing.T) {
	s := newSite(t)
	s.noLimit = true
	name := strings.Repeat("d", 30)
	deep := func(root string) {
		dir, err := unix.Open(root, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		for range 1000 {
			if err == nil {
				err = unix.Mkdirat(dir, name, 0o770)
			}
			below := -1
			if err == nil {
				below, err = unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
			}
			unix.Close(dir)
			dir = below
		}
		if err == nil {
			file := -1
			file, err = unix.Openat(dir, "file", unix.O_CREAT|unix.O_WRONLY, 0o640)
			unix.Close(file)
		}
		unix.Close(dir)
		if err != nil {
			t.Fatal(err)
		}
	}
	s.now = s.due()
	deep(s.base + "/age/a")
	deep(s.base + "/.closed/old")
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = 40
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	err := s.both()
	if back := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); back != nil {
		t.Fatal(back)
	}
	if err != nil || s.layout() != allDone {
		t.Errorf("%v, %s", err, s.layout())
	}
	longest := 0
	for _, act := range s.acts() {
		longest = max(longest, len(act))
		if !strings.HasSuffix(act, " ok") {
			t.Errorf("%.100s", act)
		}
	}
	if longest < 30*1000 { // PATH_MAX is 4096
		t.Errorf("the longest act has %d bytes", longest)
	}
}

// TestClockBack: a clock that is set back keeps everything for longer, and brings no warning twice; jobs go on from the time that it shows.
func TestClockBack(t *testing.T) {
	s := newSite(t)
	start := time.Date(2027, 5, 10, 12, 0, 0, 0, time.Local)
	s.zone("soon", "2027-05-12", start)
	s.at(start)
	if acts := strings.Join(s.acts(), "; "); acts != "zone-warn soon 2027-05-12 ok" {
		t.Errorf("%s", acts)
	}
	for days := -30; days < 2; days++ {
		s.at(start.AddDate(0, 0, days))
	}
	// By then one day is left, which is another warning than that of two.
	if acts := strings.Join(s.acts(), "; "); acts != "zone-warn soon 2027-05-12 ok" {
		t.Errorf("set back, and forth again: %s", acts)
	}
	for hours := range 40 {
		s.at(start.AddDate(0, 0, 2).Add(time.Duration(hours) * time.Hour))
	}
	if acts := strings.Join(s.acts(), "; "); acts != "zone-close soon 2027-05-12 ok" {
		t.Errorf("%s", acts)
	}
}

// TestClockSetBack: after the clock was set back the jobs run on their days, though each run reads what the one before it wrote.
func TestClockSetBack(t *testing.T) {
	s := newSite(t)
	start := time.Date(2027, 5, 10, 12, 0, 0, 0, time.Local)
	s.at(start.AddDate(9, 0, 0))
	s.zone("over", "2027-05-10", start)
	for minutes := 0; minutes < 24*60; minutes += 5 {
		s.at(start.Add(time.Duration(minutes) * time.Minute))
	}
	if acts := strings.Join(s.acts(), "; "); acts != "zone-close over 2027-05-10 ok" {
		t.Errorf("%q", acts)
	}
	var says strings.Builder
	if err := showStatus(s.state, english, false, &says); err != nil || !strings.Contains(says.String(), "The clock showed more before") {
		t.Errorf("%v %s", err, says.String())
	}
}
