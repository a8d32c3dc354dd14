package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/event"
	"sharezone/internal/layout"
	"sharezone/internal/schedule"
	"sharezone/internal/zone"
)

// site is a folder of zones of its own, and a cleaner for it.
type site struct {
	t          *testing.T
	base       string
	subvolumes bool // each zone is one, of Btrfs
	events     string
	admin      *zone.Admin
	cleaner
	told bytes.Buffer
}

// newSite needs root in a throw-away copy with an installation, for the locks of zones.
func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteOn(t, "mkfs.ext4 -q -N 16000")
}

// newSiteOn makes the file system of its zones with a command.
func newSiteOn(t *testing.T, mkfs string) *site {
	t.Helper()
	if os.Getenv("SHZ_COPY") != "1" || os.Geteuid() != 0 {
		t.Skip("makes users and mounts: only as root with SHZ_COPY=1, in a throw-away copy of a machine")
	}
	if _, err := os.Stat(layout.Slots); err != nil {
		t.Skip("needs an installation")
	}
	sh(t, `user() { getent passwd $1 >/dev/null || useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -M -G $2 $1; }
		user ct-anna shzbase,shzmgr; user ct-bruno shzbase`)
	s := &site{t: t, base: t.TempDir(), events: t.TempDir()}
	sh(t, "cd "+s.base+"; chmod 711 .. .; truncate -s 1G ../zones.img; "+mkfs+" ../zones.img; mount -o loop ../zones.img "+s.base)
	t.Cleanup(func() { sh(t, "umount "+s.base) })
	sh(t, "cd "+s.base+"; rm -df lost+found; chgrp shzmgr .; chmod 1770 .; setfacl -m g:shzbase:rx .; mkdir -m 700 .closed")
	s.admin = s.newAdmin()
	t.Cleanup(func() { s.admin.Close() })
	s.cleaner = cleaner{
		settings: config.Default(), say: english, out: &s.told, stop: func() bool { return false },
		jobs:  slices.DeleteFunc(slices.Clone(jobs), func(j job) bool { return j.name == "sessions" }),
		state: t.TempDir() + "/state.json", published: t.TempDir() + "/since", events: s.events, tokens: t.TempDir(), signups: t.TempDir(),
		open: func() (*zone.Admin, error) { return s.newAdmin(), nil },
	}
	if err := (schedule.State{Since: time.Unix(1, 0), Jobs: map[string]schedule.Run{}}).Write(s.state); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) newAdmin() *zone.Admin {
	admin, err := zone.NewAdmin(s.base, account.NewNames(), account.Register{})
	if err != nil {
		s.t.Fatal(err)
	}
	return admin
}

func sh(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.Command("/bin/bash", "-c", command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

func ptr[T any](v T) *T { return &v }

// zone makes a zone of ct-anna's in which ct-bruno may write, with something of his in it.
func (s *site) zone(name, expires string, now time.Time) {
	s.t.Helper()
	m := zone.Metadata{ID: ptr(zone.NewID())}
	if expires != "" {
		m.Expires = &expires
	}
	if err := s.admin.Create(name, "ct-anna", m, now); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.admin.Share(name, "user:ct-bruno", zone.Write); err != nil {
		s.t.Fatal(err)
	}
	s.alone(name)
	sh(s.t, "cd "+s.base+"/"+name+" && setpriv --reuid=ct-bruno --regid=ct-bruno --init-groups bash -c 'umask 007; mkdir -m 1770 a a/b && for f in x a/y a/b/z; do echo hello > $f; chmod 640 $f; done'")
}

// at is one run of what is due; it must not fail.
func (s *site) at(now time.Time) {
	s.t.Helper()
	s.now = now
	if err := s.run(due); err != nil {
		s.t.Errorf("%v: %v", now, err)
	}
}

// pass lets time go by without the minutes in between.
func (s *site) pass(now time.Time) {
	s.t.Helper()
	state, err := schedule.ReadState(s.state)
	if err != nil {
		s.t.Fatal(err)
	}
	state.Seen, s.now = now, now
	if err := state.Write(s.state); err != nil {
		s.t.Fatal(err)
	}
}

// proven is pass with a clock that is believed again.
func (s *site) proven(now time.Time) {
	s.t.Helper()
	state, err := schedule.ReadState(s.state)
	if err != nil {
		s.t.Fatal(err)
	}
	if state.Doubt = nil; state.Write(s.state) != nil {
		s.t.Fatal("the state cannot be written")
	}
	s.pass(now)
}

// acts are the events since the last call, as "zone-warn offers 2027-03-29 ok".
func (s *site) acts() []string {
	s.t.Helper()
	var acts []string
	damage, err := event.ReadFolder(s.events, func(r event.Record) {
		path := ""
		if r.Path != nil {
			path = " " + *r.Path
		}
		if r.ZoneID == "" || r.User != "root" || r.Entry != event.EntryShell {
			s.t.Errorf("%+v", r)
		}
		acts = append(acts, r.Event+" "+*r.Zone+path+" "+r.Result)
	})
	if err != nil || len(damage) > 0 {
		s.t.Fatal(damage, err)
	}
	files, _ := filepath.Glob(s.events + "/*")
	for _, f := range files {
		os.Remove(f)
	}
	slices.Sort(acts)
	return acts
}

// state is everything that a zone is.
func (s *site) tree(name string) string {
	return sh(s.t, "cd "+s.base+"/"+name+" && getfacl -R . && find . -printf '%p %i %u %m %s %T@\\n' | sort && getfattr -dR -m user.shz . | grep -v expires")
}

func inRome(t *testing.T) *time.Location {
	t.Helper()
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	before := time.Local
	time.Local = rome
	t.Cleanup(func() { time.Local = before })
	return rome
}

// A year passes: owners are told on the right days, once each; zones close on the day after their last and go after the
// grace period, whatever the clock does in March and October and although the machine is off for a week.
func TestYear(t *testing.T) {
	s := newSite(t)
	rome := inRome(t)
	day := func(month time.Month, day, hour int) time.Time {
		return time.Date(2027, month, day, hour, 0, 0, 0, rome)
	}
	start := day(1, 1, 0)
	s.zone("offers", "2027-03-29", start)
	s.zone("off", "2027-08-10", start)
	s.zone("forever", "", start)
	before := s.tree("offers")
	happens := map[time.Time]func(){
		day(4, 10, 12): func() {
			if name, err := s.admin.RestoreZone("offers", ptr("2027-06-30"), day(4, 10, 12)); name != "offers" || err != nil {
				t.Error(name, err)
			}
			if after := s.tree("offers"); after != before {
				t.Errorf("restored:\n%s\nbefore:\n%s", after, before)
			}
		},
		day(6, 28, 12): func() {
			if err := s.admin.Modify("offers", zone.Metadata{Expires: ptr("2027-10-31")}, false, day(6, 28, 12)); err != nil {
				t.Error(err)
			}
		},
	}
	want := map[string]string{
		"03-22 06": "zone-warn offers 2027-03-29 ok", "03-26 06": "zone-warn offers 2027-03-29 ok", "03-28 06": "zone-warn offers 2027-03-29 ok",
		"03-30 03": "zone-close offers 2027-03-29 ok",
		"06-23 06": "zone-warn offers 2027-06-30 ok", "06-27 06": "zone-warn offers 2027-06-30 ok",
		"08-03 06": "zone-warn off 2027-08-10 ok",                                               // then the machine is off
		"08-13 00": "zone-close off 2027-08-10 ok", "09-12 03": "zone-remove off 2027-08-13 ok", // a day later: its clock could have been ahead
		"10-24 06": "zone-warn offers 2027-10-31 ok", "10-28 06": "zone-warn offers 2027-10-31 ok", "10-30 06": "zone-warn offers 2027-10-31 ok",
		"11-01 03": "zone-close offers 2027-10-31 ok", "12-01 03": "zone-remove offers 2027-11-01 ok",
	}
	happened := map[string]string{}
	for now := start; now.Year() == 2027; now = now.Add(time.Hour) {
		if f := happens[now]; f != nil {
			f()
		}
		if now.Hour()%3 != 0 && now.Before(day(8, 12, 0)) || now.Hour()%3 != 0 && now.After(day(8, 14, 0)) || now.After(day(8, 4, 0)) && now.Before(day(8, 12, 0)) {
			continue
		}
		s.at(now)
		if acts := s.acts(); len(acts) > 0 {
			happened[now.Format("01-02 15")] = strings.Join(acts, "; ")
		}
	}
	for when, what := range want {
		if happened[when] != what {
			t.Errorf("%s: %q, want %q", when, happened[when], what)
		}
	}
	for when, what := range happened {
		if want[when] == "" {
			t.Errorf("%s: %q, want nothing", when, what)
		}
	}
	if left := sh(t, "cd "+s.base+"; ls -A . .closed | paste -sd' '"); left != ".: .closed forever  .closed:" {
		t.Errorf("left: %s", left)
	}
	state, err := schedule.ReadState(s.state)
	if err != nil || state.Jobs["zones"].Failed != 0 || state.Jobs["zones"].Seen != 1 {
		t.Errorf("%+v %v", state, err)
	}
}

// No zone is open for longer than the site allows, whatever its owner writes into its attributes and however many there are.
func TestMaximum(t *testing.T) {
	s := newSite(t)
	start := time.Date(2027, 1, 1, 12, 0, 0, 0, time.Local)
	s.zone("far", "2099-12-31", start)
	s.zone("near", "2027-01-20", start)
	s.zone("bad", "", start)
	sh(t, "setfattr -n user.shz.expires -v tomorrow "+s.base+"/bad")
	if _, err := s.admin.CloseZone("near", start); err != nil { // a closed one has its time of grace
		t.Fatal(err)
	}
	const more = 120 // more than are read at a time
	for i := range more {
		if err := s.admin.Create(fmt.Sprintf("many-%d", i), "ct-anna", zone.Metadata{ID: ptr(zone.NewID())}, start); err != nil {
			t.Fatal(err)
		}
	}
	sh(t, "setfattr -n user.shz.expiry -v 2027-01-05 "+s.base+"/many-119")
	sh(t, "setfattr -n user.shz.description -v "+strings.Repeat("x", 500)+" "+s.base+"/far")
	s.settings.Zone.MaxExpiry = 30
	s.dryRun = true
	if s.at(start); strings.Count(s.told.String(), "ends on 2027-01-31, as max_expiry_days says\n") != more+2 || len(s.acts()) > 0 {
		t.Errorf("dry: %s", s.told.String())
	}
	if want := "zone many-119: attributes that nobody knows: [\"user.shz.expiry\"], 1 in all\n"; strings.Count(s.told.String(), "nobody knows") != 1 || !strings.Contains(s.told.String(), want) {
		t.Errorf("dry: %s", s.told.String())
	}
	s.dryRun = false
	s.at(start)
	if acts := s.acts(); len(acts) != more+2 || acts[0] != "zone-modify bad expires=2027-01-31 ok" || acts[1] != "zone-modify far expires=2027-01-31 ok" {
		t.Errorf("%q", acts)
	}
	ends := "getfattr --only-values -n user.shz.expires " + s.base + "/{far,bad,many-0,many-119} 2>/dev/null"
	if got := sh(t, ends); got != strings.Repeat("2027-01-31", 4) {
		t.Error(got)
	}
	if size := sh(t, "getfattr --only-values -n user.shz.description "+s.base+"/far 2>/dev/null | wc -c"); size != "500" {
		t.Errorf("a description of %s bytes is left, of 500 that nobody understood", size)
	}
	s.at(start.AddDate(-1, 0, 0)) // a clock that is behind ends nothing
	if got := sh(t, ends); got != strings.Repeat("2027-01-31", 4) || len(s.acts()) > 0 {
		t.Error(got)
	}
	s.at(start.Add(4 * time.Hour)) // from a year before that is a jump
	s.proven(start.AddDate(0, 0, 1))
	s.at(start.AddDate(0, 0, 1)) // the day that was set stays
	if state, err := schedule.ReadState(s.state); err != nil || !state.Jobs["zones"].Last.Equal(s.now) {
		t.Errorf("%+v %v", state, err)
	}
	if got := sh(t, ends); got != strings.Repeat("2027-01-31", 4) || len(s.acts()) > 0 {
		t.Error(got)
	}
}

// A dry run says what, why and how much, and changes nothing.
func TestDryRun(t *testing.T) {
	s := newSite(t)
	start := time.Date(2027, 1, 1, 12, 0, 0, 0, time.Local)
	s.zone("soon", "2027-01-03", start)
	s.zone("over", "2027-01-01", start)
	s.zone("old", "", start)
	if _, err := s.admin.CloseZone("old", start.AddDate(0, 0, -40)); err != nil {
		t.Fatal(err)
	}
	s.dryRun = true
	os.Remove(s.state)
	s.at(start.AddDate(0, 0, 1))
	if got := s.told.String(); !strings.HasPrefix(got, "This would be the first run: ") || strings.Contains(got, "removed") || strings.Contains(got, "closed,") {
		t.Errorf("before the first run: %s", got)
	}
	s.told.Reset()
	if err := (schedule.State{Since: start.AddDate(-1, 0, 0), Jobs: map[string]schedule.Run{}}).Write(s.state); err != nil {
		t.Fatal(err)
	}
	everything := func() string {
		return sh(t, "cd "+s.base+"; find . -printf '%p %i %C@\\n'; cat "+s.state+"; ls "+s.events)
	}
	before := everything()
	s.at(start.AddDate(0, 0, 1))
	if after := everything(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	want := regexp.MustCompile(`^zone soon: its owner ct-anna is told that it ends on 2027-01-03 \(days left: 1\)
zone old of ct-anna: removed, closed since 2026-11-22 12:00 \(files: 3, folders: 2, bytes: [0-9]+\)
zone over of ct-anna: closed, its last day was 2027-01-01
$`)
	if got := s.told.String(); !want.MatchString(got) {
		t.Errorf("%s", got)
	}
}

// What cannot be removed is told, not fought; the rest goes, and when it can be removed it does.
func TestImmutable(t *testing.T) {
	s := newSite(t)
	start := time.Date(2027, 1, 1, 12, 0, 0, 0, time.Local)
	s.zone("old", "", start)
	s.at(start)
	if _, err := s.admin.CloseZone("old", start); err != nil {
		t.Fatal(err)
	}
	sh(t, "chattr +i "+s.base+"/.closed/old/a/y")
	s.pass(start.AddDate(0, 0, 31))
	if err := s.run("zones"); err == nil || !strings.Contains(err.Error(), "operation not permitted") {
		t.Errorf("%v", err)
	}
	if left := sh(t, "cd "+s.base+"/.closed; find . -type f | sed 's/-[A-Z0-9]*\\//-R\\//'"); left != "./.shz-expired-old-R/a/y" {
		t.Errorf("left: %s", left)
	}
	if _, err := s.admin.RestoreZone("old", nil, s.now); err == nil {
		t.Error("half a zone was restored")
	}
	if err := s.run("zones"); err == nil {
		t.Error("what is left is not told")
	}
	sh(t, "chattr -i "+s.base+"/.closed/*/a/y "+s.base+"/.closed/.shz-*/a/y 2>/dev/null || true")
	if err := s.run("zones"); err != nil {
		t.Error(err)
	}
	if left := sh(t, "ls -A "+s.base+"/.closed"); left != "" {
		t.Errorf("left: %s", left)
	}
	if acts := strings.Join(s.acts(), "; "); acts != "zone-remove old 2027-01-01 locked; zone-remove old locked; zone-remove old ok" {
		t.Errorf("%s", acts)
	}
}

// TestTurns: a job that ends before its time, whatever it is that kills it, is not in the way of those that stand behind it.
func TestTurns(t *testing.T) {
	s := newSite(t)
	var order []string
	s.cleaner.jobs = slices.Clone(jobs)
	for i := range s.cleaner.jobs {
		name := jobs[i].name
		s.cleaner.jobs[i].do = func(*jobRun) error {
			order = append(order, name)
			return nil
		}
	}
	now := time.Now()
	state := schedule.State{Since: now.AddDate(-1, 0, 0), Seen: now, Most: now, Jobs: map[string]schedule.Run{
		"zones": {Last: now.AddDate(0, 0, -3), Began: now.Add(-2 * time.Minute)}, "files": {Last: now.AddDate(0, 0, -3), Began: now.Add(-time.Minute)}}}
	if err := state.Write(s.state); err != nil {
		t.Fatal(err)
	}
	s.at(now)
	if got := strings.Join(order, " "); got != "warnings uploads trash sessions tokens zones files" {
		t.Error(got)
	}
}

// TestStatus: what is left over of the last runs is told in words, in both languages.
func TestStatus(t *testing.T) {
	file := t.TempDir() + "/state.json"
	day := time.Date(2027, 1, 1, 12, 0, 0, 0, time.Local)
	state := schedule.State{Since: day, Seen: day, Most: day.AddDate(0, 0, 9), Back: time.Hour, Doubt: &schedule.Doubt{Before: day, Ran: 2 * time.Hour}, Jobs: map[string]schedule.Run{
		"zones": {Last: day, Began: day, Seconds: 1.25, Seen: 7, Warned: 6, Closed: 5, Removed: 4, Freed: 3, Failed: 2, Failures: []string{"a\x1b[31m: busy"}},
		"files": {Began: day, Left: []string{"much", "more"}},
		"trash": {Last: day, Began: day.Add(time.Hour)},
	}}
	if err := state.Write(file); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		say   texts
		lines []string
	}{
		{english, []string{"zones     2027-01-01 12:00  1.2      7     6       5       4        3      2", "sessions  -", "(before: 2027-01-01 12:00)", "so far: 2h0m0s",
			"(2027-01-10 12:00)", "trash: began 2027-01-01 13:00", `files: somebody was changing these zones, which come again at once: ["much" "more"]`, `zones: "a\x1b[31m: busy"`}},
		{italian, []string{"LAVORO", "trash: cominciato 2027-01-01 13:00 e non ancora finito", `files: qualcuno stava modificando queste aree, che vengono di nuovo subito: ["much" "more"]`}},
	} {
		var out strings.Builder
		if err := showStatus(file, row.say, false, &out); err != nil {
			t.Error(err)
		}
		for _, line := range row.lines {
			if !strings.Contains(out.String(), line) {
				t.Errorf("no %q in %s", line, out.String())
			}
		}
		if strings.Contains(out.String(), "files: began") {
			t.Errorf("what waits is told as interrupted: %s", out.String())
		}
	}
	var out strings.Builder
	if err := showStatus(file, english, true, &out); err != nil || !strings.Contains(out.String(), `"left": [`) {
		t.Errorf("%v %s", err, out.String())
	}
	if err := showStatus(file+"x", english, false, &out); err != nil {
		t.Errorf("never run: %v", err)
	}
}

// Without room for an event nothing is closed or removed, and no state means more patience, not less.
func TestNothingUnrecorded(t *testing.T) {
	s := newSite(t)
	start := time.Date(2027, 1, 1, 12, 0, 0, 0, time.Local)
	s.zone("over", "2027-01-01", start)
	s.zone("old", "", start)
	if _, err := s.admin.CloseZone("old", start.AddDate(-1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	events := s.events
	s.cleaner.events = events + "/nothing"
	s.now = start.AddDate(0, 0, 1)
	if err := s.run("zones"); err == nil {
		t.Error("nobody is told")
	}
	if left := sh(t, "cd "+s.base+"; ls -d over .closed/old | paste -sd' '"); left != ".closed/old over" {
		t.Errorf("left: %s", left)
	}
	s.cleaner.events = events
	if err := os.WriteFile(s.state, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.run("zones"); err == nil {
		t.Error("the damaged record of runs is not told")
	}
	if acts := strings.Join(s.acts(), "; "); acts != "" {
		t.Errorf("%s", acts)
	}
	for range 8 {
		s.now = s.now.AddDate(0, 0, 1)
		if err := s.run("zones"); err != nil {
			t.Error(err)
		}
	}
	if acts := strings.Join(s.acts(), "; "); acts != "zone-close over 2027-01-09 ok" {
		t.Errorf("%s", acts)
	}
}

// TestUpgrade: where there was no cleaner before, nothing that is old goes at its first run: owners are told first, and files have
// their whole time again.
func TestUpgrade(t *testing.T) {
	s := newSite(t)
	if err := os.Remove(s.state); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	s.zone("over", "", start)
	sh(t, "setfattr -n user.shz.expires -v 2020-01-01 "+s.base+"/over")
	s.zone("shut", "", start)
	if _, err := s.admin.CloseZone("shut", start.AddDate(-2, 0, 0)); err != nil {
		t.Fatal(err)
	}
	root := s.aging("age")
	sh(t, "touch "+root+"/old "+root+"/older")
	s.backdate("/age/old 40 40", "/age/older 4000 4000")
	happened := map[string]int{} // on which day
	for day := range 40 {
		for hour := range 24 {
			s.at(start.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour))
		}
		for _, act := range s.acts() {
			happened[act] = day
		}
	}
	on := func(year, day int) string { return start.AddDate(year, 0, day).Format(time.DateOnly) }
	for act, after := range map[string]int{"zone-close over " + on(0, 7) + " ok": 7, "zone-remove shut " + on(-2, 0) + " ok": 29, "expire age old ok": 29, "expire age older ok": 29} {
		if day := happened[act]; day < after || day > after+2 {
			t.Errorf("%s: day %d", act, day)
		}
	}
	if happened["zone-warn over "+on(0, 7)+" ok"] == 0 {
		t.Errorf("its owner was not told: %v", happened)
	}
}

// TestClockAhead: by a clock that jumps years ahead nothing is closed or removed until it has gone on for a day; and nothing at all
// if it is set right before. What somebody asks for by name is refused, unless he has looked.
func TestClockAhead(t *testing.T) {
	t.Run("goes on", func(t *testing.T) { clockAhead(t, false) })
	t.Run("set right", func(t *testing.T) { clockAhead(t, true) })
}

func clockAhead(t *testing.T, right bool) {
	s := newSite(t)
	start := time.Now()
	s.zone("open", start.AddDate(1, 0, 0).Format(time.DateOnly), start)
	s.zone("shut", "", start)
	if _, err := s.admin.CloseZone("shut", start); err != nil {
		t.Fatal(err)
	}
	root := s.aging("age")
	sh(t, "touch "+root+"/young")
	s.at(start)
	s.acts()
	ahead := start.AddDate(9, 0, 0)
	for minutes := 0; minutes < 23*60; minutes += 30 {
		s.at(ahead.Add(time.Duration(minutes) * time.Minute))
	}
	for _, job := range []string{"zones", "files", "uploads", "trash"} {
		if err := s.run(job); !errors.Is(err, errClock) {
			t.Errorf("%s: %v", job, err)
		}
	}
	var says strings.Builder
	if err := showStatus(s.state, english, false, &says); err != nil || !strings.Contains(says.String(), "The clock jumped ahead") {
		t.Errorf("%v %s", err, says.String())
	}
	if acts := s.acts(); len(acts) > 0 {
		t.Errorf("%q", acts)
	}
	after := ahead.Add(25 * time.Hour)
	zones := "zone-close open " + start.AddDate(1, 0, 0).Format(time.DateOnly) + " ok; zone-remove shut " + start.Format(time.DateOnly) + " ok"
	want := "expire age young ok; " + zones
	if right {
		after, want = start.Add(25*time.Hour), ""
	}
	for minutes := range 3 {
		s.at(after.Add(time.Duration(minutes) * time.Hour))
	}
	if acts := strings.Join(s.acts(), "; "); acts != want {
		t.Errorf("set right %v: %s", right, acts)
	}
	s.now = after.AddDate(9, 0, 0)
	if err := s.run("zones"); !errors.Is(err, errClock) {
		t.Errorf("another jump: %v", err)
	}
	s.noLimit = true
	if err := s.run("zones"); err != nil {
		t.Error(err)
	}
	if acts := strings.Join(s.acts(), "; "); right && acts != zones {
		t.Errorf("an administrator has looked: %s", acts)
	}
}

// TestOneZone: who asks for one zone leaves the remnants of the others.
func TestOneZone(t *testing.T) {
	s := newSite(t)
	s.zone("one", "", time.Now())
	sh(t, "mkdir "+s.base+"/.closed/.shz-expired-one-AAAA "+s.base+"/.closed/.shz-expired-other-AAAA")
	s.now, s.only = time.Now(), "one"
	if err := s.run("zones"); err != nil {
		t.Error(err)
	}
	if left := sh(t, "ls -A "+s.base+"/.closed"); left != ".shz-expired-other-AAAA" {
		t.Errorf("left: %s", left)
	}
	s.zone("shut", "", time.Now())
	if _, err := s.admin.CloseZone("shut", time.Now()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"": nil, "one": nil, "shut": nil, "onee": zone.ErrNotThere, "../one": zone.ErrName} {
		if err := s.knows(name); !errors.Is(err, want) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestOrders(t *testing.T) {
	for _, args := range []string{"", "--once due", "--once zones --dry-run --now 2027-01-01T00:00:00+01:00", "--daemon", "--status", "--status --json"} {
		if _, err := parseOrder(strings.Fields(args)); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
	for _, args := range []string{"x", "--once", "--once x", "--now 2027", "--daemon --dry-run", "--daemon --once zones", "--json", "--daemon --now 2027-01-01T00:00:00Z"} {
		if _, err := parseOrder(strings.Fields(args)); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

func TestTexts(t *testing.T) {
	verbs := regexp.MustCompile(`%[^ ]`)
	if len(english) != len(italian) {
		t.Errorf("%d and %d sentences", len(english), len(italian))
	}
	for key, sentence := range english {
		if a, b := fmt.Sprint(verbs.FindAllString(sentence, -1)), fmt.Sprint(verbs.FindAllString(italian[key], -1)); a != b {
			t.Errorf("%s: %s and %s", key, a, b)
		}
	}
}
