package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"sharezone/internal/config"
	"sharezone/internal/schedule"
	"sharezone/internal/zone"
)

// changing are the system calls by which a run changes something that others, or the next run, see, or gets what it needs for that.
const changing = "openat,openat2,write,renameat,renameat2,unlinkat,mkdirat,setxattr,fsync,ftruncate,fallocate,flock,fchmod,fchmodat,fchownat"

// TestKilled: killed at any call that changes something, a run leaves what the next one ends: every zone and file is then as if nothing
// had been, what goes stands in the events, and what its owner is told by is there at least once.
func TestKilled(t *testing.T) { newSite(t).killed() }

// TestKilledInSubvolumes: nothing can be moved out of a zone that is a file system of its own, so what goes is moved aside in it.
func TestKilledInSubvolumes(t *testing.T) {
	s := newSiteOn(t, "mkfs.btrfs -q")
	s.subvolumes = true
	s.killed()
}

// alone makes the zone a subvolume, as shzadm zone add --limit does.
func (s *site) alone(name string) {
	s.t.Helper()
	if !s.subvolumes {
		return
	}
	sh(s.t, "cd "+s.base+"; mv "+name+" was; btrfs -q subvolume create "+name+"; chown --reference=was "+name+"; chmod --reference=was "+name+"; cd was; getfacl . | setfacl --set-file=- ../"+name+
		"; getfattr -d -m user.shz . | (cd ../"+name+"; setfattr --restore=-); cd ..; rmdir was; [[ $(stat -c %d "+name+") != $(stat -c %d .) ]]")
}

func (s *site) killed() {
	t := s.t
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal(err)
	}
	s.zone("calm", "", time.Now())
	calm := s.tree("calm")
	s.beforeKill()
	log, said, ended := s.killAt(changing, "")
	if !ended {
		t.Fatalf("not killed, and yet it failed:\n%s", said)
	}
	s.afterKill("none", calm)
	calls := make(map[string]map[string]int) // of each thread
	for _, m := range regexp.MustCompile(`(?m)^([0-9]+) +([a-z0-9_]+)\(`).FindAllStringSubmatch(log, -1) {
		if calls[m[2]] == nil {
			calls[m[2]] = make(map[string]int)
		}
		calls[m[2]][m[1]]++
	}
	killed := 0
	for call, threads := range calls {
		n := 0
		for _, count := range threads {
			n = max(n, count)
		}
		step := 1 + n/4
		if os.Getenv("SHZ_LONG") == "1" || call == "mkdirat" || call == "renameat2" || call == "unlinkat" { // between these something is half done
			step = 1
		}
		for when := 1; when <= n; when += step {
			s.beforeKill()
			if _, _, ended := s.killAt(call, fmt.Sprintf(":signal=KILL:when=%d", when)); !ended {
				killed++
			}
			s.afterKill(fmt.Sprintf("%s %d of %d", call, when, n), calm)
			if t.Failed() {
				return
			}
		}
	}
	if killed < 20 {
		t.Errorf("killed %d times in %v", killed, calls)
	}
	t.Logf("killed %d times in %v", killed, calls)
}

// removing are the jobs that change what is in zones.
var removing = []string{"warnings", "zones", "files", "uploads", "trash"}

// days is how far the clock of these runs is ahead: what was made a moment ago is old.
const days = 40

// beforeKill makes a zone of each kind: its owner is to be told, to be closed, to be removed, with old files, with a trash, and with what killed requests left.
func (s *site) beforeKill() {
	t, then := s.t, time.Now().AddDate(0, 0, days)
	t.Helper()
	sh(t, "cd "+s.base+"; rm -rf age soon over old bin bits .closed/*; rm -f "+s.cleaner.events+"/*")
	s.zone("soon", then.AddDate(0, 0, 3).Format(time.DateOnly), time.Now())
	s.zone("over", then.AddDate(0, 0, -1).Format(time.DateOnly), time.Now())
	s.zone("old", "", time.Now())
	if _, err := s.admin.CloseZone("old", time.Now()); err != nil {
		t.Fatal(err)
	}
	sh(t, "cd "+s.aging("age")+"; mkdir -p a/b keep; touch x a/y a/z a/b/w keep/x")
	s.zone("bin", "", time.Now())
	s.discard(s.base+"/bin", "20260101T000000.000000000Z-AAAAAAAAAAAA thrown", "20260102T000000.000000000Z-BBBBBBBBBBBB away")
	s.zone("bits", "", time.Now())
	sh(t, "cd "+s.base+"/bin; touch a/.shz-away-5-name; cd ../bits; mkdir -p .shz-grow-A/deep; touch .shz-grow-A/deep/x .shz-upload-2 .shz-done-2")
	if err := (schedule.State{Since: time.Unix(1, 0), Jobs: map[string]schedule.Run{}}).Write(s.cleaner.state); err != nil {
		t.Fatal(err)
	}
}

// killAt runs the jobs in a process of its own, which dies as its thread enters the call as inject says. It returns what strace saw, what
// the process said, and whether it ended by itself.
func (s *site) killAt(call, inject string) (log, said string, ended bool) {
	s.t.Helper()
	trace := s.t.TempDir() + "/trace"
	args := []string{"-f", "-qq", "-o", trace, "-e", "trace=" + call}
	if inject != "" {
		args = append(args, "-e", "inject="+call+inject)
	}
	cmd := exec.Command("strace", append(args, os.Args[0], "-test.run", "^TestKilledWorker$")...)
	cmd.Env = append(os.Environ(), "CT_BASE="+s.base, "CT_EVENTS="+s.cleaner.events, "CT_STATE="+s.cleaner.state, "CT_SINCE="+s.published)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	b, err := os.ReadFile(trace)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b), string(out), exit == nil
}

// TestKilledWorker is the process that TestKilled kills.
func TestKilledWorker(t *testing.T) {
	base := os.Getenv("CT_BASE")
	if base == "" {
		t.Skip("started by TestKilled")
	}
	runtime.LockOSThread() // strace counts the calls of each thread
	s := &site{t: t, base: base}
	s.cleaner = cleaner{settings: config.Default(), now: time.Now().AddDate(0, 0, days), noLimit: true, jobs: jobs, say: english, out: os.Stdout,
		stop: func() bool { return false }, state: os.Getenv("CT_STATE"), events: os.Getenv("CT_EVENTS"), published: os.Getenv("CT_SINCE"),
		open: func() (*zone.Admin, error) { return s.newAdmin(), nil }}
	for _, job := range removing {
		if err := s.run(job); err != nil {
			t.Error(err)
		}
	}
}

// afterKill runs the jobs once more, and looks at everything.
func (s *site) afterKill(at, calm string) {
	t := s.t
	t.Helper()
	s.now, s.noLimit = time.Now().AddDate(0, 0, days), true
	for _, job := range removing {
		if err := s.run(job); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
	if left := sh(t, "cd "+s.base+"; ls -A . .closed age soon bin bin/a bits | paste -sd' '"); left != ".: .closed age bin bits calm soon  .closed: over  age: keep  bin: a x  bin/a: b name y  bits: a x  soon: a x" {
		t.Errorf("%s: left: %s", at, left)
	}
	if after := s.tree("calm"); after != calm {
		t.Errorf("%s: the zone that nobody touches is\n%s\nand was\n%s", at, after, calm)
	}
	count := make(map[string]int)
	for _, act := range s.acts() {
		count[strings.Replace(act, "purge bin .shz-trash-"+sh(t, "id -u ct-bruno")+"/", "purge bin ", 1)]++
	}
	then := time.Now().AddDate(0, 0, days)
	for _, act := range []string{"zone-warn soon " + then.AddDate(0, 0, 3).Format(time.DateOnly), "zone-close over " + then.AddDate(0, 0, -1).Format(time.DateOnly),
		"zone-remove old " + time.Now().Format(time.DateOnly), "expire age x", "expire age a/y", "expire age a/z", "expire age a/b/w", "expire age a/b/", "expire age a/",
		"purge bin 20260101T000000.000000000Z-AAAAAAAAAAAA/thrown", "purge bin 20260102T000000.000000000Z-BBBBBBBBBBBB/away"} {
		// A warning can be recorded twice, when what it says could not be noted on the zone.
		ok, interrupted := count[act+" ok"], count[act+" interrupted"]
		if ok+interrupted == 0 || ok > 1 && !strings.HasPrefix(act, "zone-warn") || ok > 2 || strings.HasPrefix(act, "zone-warn") && ok == 0 {
			t.Errorf("%s: %s: ok %d, interrupted %d times, in %v", at, act, ok, interrupted, count)
		}
	}
}
