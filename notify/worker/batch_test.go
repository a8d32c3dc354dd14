package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/internal/helper"
)

const (
	idOfA = "0000000000000000000000000000000a"
	idOfB = "0000000000000000000000000000000b"
	admin = 4242 // gid
)

// place is a spool and logs of a test.
type place struct {
	*worker
	told   []string // to the syslog
	warned []string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	top := t.TempDir()
	for _, folder := range []string{"events", "damaged", "journal", "system", "zones", "notices", "errands"} {
		if err := os.Mkdir(top+"/"+folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if fd, err := os.Open(top); err == nil {
		defer fd.Close()
		if _, err := acl.Access(int(fd.Fd())); errors.Is(err, unix.EOPNOTSUPP) {
			t.Skip("this file system has no ACLs")
		}
	}
	p := &place{}
	p.worker = &worker{events: top + "/events", damaged: top + "/damaged", atOnce: readFiles, journal: journal(top + "/journal"),
		notices: notices(top + "/notices"), tells: tells{reach: true, downloads: true},
		errands: errands(top + "/errands"), hooks: hooks{upload: []string{"x"}, download: []string{"x"}},
		logs: logs{system: top + "/system", zones: top + "/zones", admins: admin, maxSize: 1 << 30, now: time.Now()},
		table: func() (table, error) {
			return newTable(helper.ZoneidReply{Zones: []helper.KnownZone{{ID: idOfA, Name: "a", Owner: 1001}, {ID: idOfB, Name: "b", Owner: 1002}}}), nil
		},
		tell: func(l activity.Line) { p.told = append(p.told, activity.Path(l.Record)) },
		warn: func(err error) { p.warned = append(p.warned, err.Error()) }}
	return p
}

// act leaves an event file that is finished, with an upload of that path, and returns its name.
func (p *place) act(t *testing.T, zone, id string, paths ...string) string {
	t.Helper()
	before, _ := os.ReadDir(p.events)
	f, err := event.Create(p.events, event.Header{UID: 1003, User: "bruno", Component: "shz", Entry: event.EntryShell, Zone: zone, ZoneID: id})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, path := range paths {
		a, err := f.Begin("upload", path)
		if err != nil {
			t.Fatal(err)
		}
		a.End("ok", 1, "")
	}
	after, _ := os.ReadDir(p.events)
	for _, e := range after {
		if !slices.ContainsFunc(before, func(o os.DirEntry) bool { return o.Name() == e.Name() }) {
			return e.Name()
		}
	}
	t.Fatal("no event file was made")
	return ""
}

// take leaves an event file with a download of that path, a file of owner's.
func (p *place) take(t *testing.T, zone, id string, owner uint32, path string) {
	t.Helper()
	f, err := event.Create(p.events, event.Header{UID: 1003, User: "bruno", Component: "shz", Entry: event.EntryShell, Zone: zone, ZoneID: id})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a, err := f.BeginTaking("download", path, owner)
	if err != nil {
		t.Fatal(err)
	}
	a.End("ok", 1, "")
}

// noticed are the paths of what is to be told.
func (p *place) noticed(t *testing.T) string {
	t.Helper()
	sources, err := p.worker.notices.list()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, source := range sources {
		all, err := p.worker.notices.read(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range all {
			found = append(found, n.Path)
		}
	}
	return strings.Join(found, " ")
}

// logged are the paths in a folder's log.
func logged(t *testing.T, folder string) string {
	t.Helper()
	var found []string
	damaged, err := activity.Read(folder, func(l activity.Line) { found = append(found, activity.Path(l.Record)) })
	if err != nil || damaged > 0 {
		t.Errorf("%s: %d damaged, %v", folder, damaged, err)
	}
	return strings.Join(found, " ")
}

func (p *place) waiting(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir(p.events)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func (p *place) mustRun(t *testing.T) {
	t.Helper()
	if err := p.run(); err != nil {
		t.Fatal(err)
	}
}

// TestRun: each act stands in the log of the system and of its zone, in the order of time; nothing stays behind.
func TestRun(t *testing.T) {
	p := newPlace(t)
	p.act(t, "a", idOfA, "1", "2")
	p.act(t, "b", idOfB, "3")
	p.act(t, "", "", "4")
	p.mustRun(t)
	p.act(t, "a", idOfA, "5")
	p.mustRun(t)
	for folder, want := range map[string]string{p.logs.system: "1 2 3 4 5", p.logs.folder(idOfA): "1 2 5", p.logs.folder(idOfB): "3"} {
		if got := logged(t, folder); got != want {
			t.Errorf("%s: %q, not %q", folder, got, want)
		}
	}
	if left, _ := os.ReadDir(string(p.journal)); p.waiting(t) != 0 || len(left) != 1 || strings.Join(p.told, " ") != "1 2 3 4 5" {
		t.Errorf("%d files, journal %v, told %q", p.waiting(t), left, p.told)
	}
}

// steps are the places in which a run can be stopped, in their order.
var steps = []string{"opened", "journal", "half", "appended", "noticed", "told", "committed", "removing", "removed"}

type stopped struct{}

// TestKilledAtEachStep: a run that ends anywhere leaves logs from which the next one makes the same as if nothing had been,
// also when that is stopped once more, while it mends.
func TestKilledAtEachStep(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // a thousand times it waits for the disk
	}
	for _, first := range steps {
		for _, second := range append([]string{""}, steps...) {
			t.Run(first+" "+second, func(t *testing.T) {
				p := newPlace(t)
				p.act(t, "a", idOfA, "1")
				p.mustRun(t)
				p.act(t, "a", idOfA, "2", "3")
				p.act(t, "b", idOfB, "4")
				p.act(t, "", "", "5")
				p.take(t, "a", idOfA, 1001, "taken")
				p.runUntil(t, first)
				if second != "" {
					p.act(t, "b", idOfB, "6")
					p.runUntil(t, second)
				}
				p.mustRun(t)
				want := map[string]string{p.logs.system: "1 2 3 4 5 taken", p.logs.folder(idOfA): "1 2 3 taken", p.logs.folder(idOfB): "4"}
				if second != "" {
					want[p.logs.system] += " 6"
					want[p.logs.folder(idOfB)] += " 6"
				}
				for folder, paths := range want {
					if got := logged(t, folder); got != paths {
						t.Errorf("%s: %q, not %q", filepath.Base(folder), got, paths)
					}
				}
				if got := p.noticed(t); got != "taken" {
					t.Errorf("%q is to be told", got)
				}
				if got := p.errandPaths(t); got != want[p.logs.system] {
					t.Errorf("programs are to be told of %q, not %q", got, want[p.logs.system])
				}
				if n := p.waiting(t); n != 0 {
					t.Errorf("%d event files stay", n)
				}
				if state := p.journalState(t); state != none {
					t.Errorf("the journal is in state %d", state)
				}
			})
		}
	}
}

func (p *place) journalState(t *testing.T) state {
	t.Helper()
	_, s, err := p.journal.read()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// runUntil stops a run in a step, as SIGKILL would. Not every step is reached by a run that mends.
func (p *place) runUntil(t *testing.T, at string) {
	t.Helper()
	p.step = func(now string) {
		if now == at {
			panic(stopped{})
		}
	}
	defer func() {
		p.step = nil
		if r := recover(); r != nil && r != any(stopped{}) {
			panic(r)
		}
	}()
	if err := p.run(); err != nil {
		t.Error(err)
	}
}

// TestNoSpace: what does not fit is taken back and stays in the spool; what fits later is there once.
func TestNoSpace(t *testing.T) {
	p := newPlace(t)
	p.act(t, "a", idOfA, strings.Repeat("x", 4<<20))
	p.mustRun(t)
	before := logged(t, p.logs.system)
	p.act(t, "a", idOfA, "2")
	p.act(t, "b", idOfB, strings.Repeat("y", 6<<10))
	info, err := os.Stat(p.logs.system + "/" + activity.File)
	if err != nil {
		t.Fatal(err)
	}
	limited(t, uint64(info.Size())+1000, func() {
		for range 2 {
			if err := p.run(); !errors.Is(err, unix.EFBIG) {
				t.Errorf("a full disk: %v", err)
			}
		}
	})
	if got := logged(t, p.logs.system); got != before || p.waiting(t) != 2 || logged(t, p.logs.folder(idOfB)) != "" {
		t.Errorf("%d bytes in the log, %d files", len(got), p.waiting(t))
	}
	p.mustRun(t)
	if got := logged(t, p.logs.system); got != before+" 2 "+strings.Repeat("y", 6<<10) || p.waiting(t) != 0 {
		t.Errorf("%d bytes in the log, %d files", len(got), p.waiting(t))
	}
}

// TestNoRotationMidBatch: as long as a batch is neither committed nor undone, its logs keep their names: the next run cuts them back.
func TestNoRotationMidBatch(t *testing.T) {
	p := newPlace(t)
	p.logs.maxSize = 1
	p.act(t, "a", idOfA, "1")
	folder := p.notices
	p.notices += "/none" // what is to be told cannot be written, nor taken back
	p.take(t, "a", idOfA, 1001, "taken")
	if err := p.run(); err == nil || p.journalState(t) != begun {
		t.Fatalf("%v, journal %d", err, p.journalState(t))
	}
	if aside, _ := filepath.Glob(p.logs.system + "/*-*"); len(aside) > 0 {
		t.Errorf("%q", aside)
	}
	p.notices = folder
	p.mustRun(t)
	if got := logged(t, p.logs.system); got != "1 taken" {
		t.Errorf("%q", got)
	}
}

// TestLongPaths: a batch ends early where paths are long.
func TestLongPaths(t *testing.T) {
	p := newPlace(t)
	long := strings.Repeat("x", 1<<20)
	var paths []string
	for range 15 {
		paths = append(paths, long)
	}
	p.act(t, "a", idOfA, paths...)
	p.act(t, "a", idOfA, long, long)
	p.act(t, "a", idOfA, "short")
	batches := 0
	p.step = func(at string) {
		if at == "committed" {
			batches++
		}
	}
	p.mustRun(t)
	if batches != 2 || p.waiting(t) != 0 {
		t.Errorf("%d batches, %d files left", batches, p.waiting(t))
	}
}

// limited lets no file grow beyond size while act runs.
func limited(t *testing.T, size uint64, act func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(unix.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(unix.RLIMIT_FSIZE, &before)
	act()
}

// TestUnderway: a request that lasts is left alone; what is damaged is put aside, and told as far as it can be read.
func TestUnderway(t *testing.T) {
	p := newPlace(t)
	f, err := event.Create(p.events, event.Header{UID: 1003, User: "bruno", Component: "shz", Entry: event.EntryShell, Zone: "a", ZoneID: idOfA})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Begin("download", "lasts"); err != nil {
		t.Fatal(err)
	}
	bad := p.act(t, "b", idOfB, "read")
	appendTo(t, p.events+"/"+bad, "nonsense\n")
	if err := os.WriteFile(p.events+"/strange", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.mustRun(t)
	if got := logged(t, p.logs.system); got != "read" || p.waiting(t) != 1 {
		t.Errorf("%q, %d files", got, p.waiting(t))
	}
	for _, name := range []string{bad, "strange"} {
		if _, err := os.Stat(p.damaged + "/" + name); err != nil {
			t.Error(err)
		}
	}
	f.Close()
	p.mustRun(t)
	var result string
	activity.Read(p.logs.folder(idOfA), func(l activity.Line) { result = l.Result })
	if got := logged(t, p.logs.system); got != "read lasts" || result != event.Interrupted {
		t.Errorf("%q, %s", got, result)
	}
}

func appendTo(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// TestManyFiles: more than a batch, and more than names are read at a time, the last of which first is under way.
func TestManyFiles(t *testing.T) {
	p := newPlace(t)
	p.worker.atOnce = batchFiles - 5
	var held *event.File
	for i := range batchFiles + 5 {
		if i != p.worker.atOnce-1 {
			p.act(t, "a", idOfA, fmt.Sprint(i))
			continue
		}
		var err error
		if held, err = event.Create(p.events, event.Header{UID: 1003, User: "bruno", Component: "shz", Entry: event.EntryShell, Zone: "a", ZoneID: idOfA}); err != nil {
			t.Fatal(err)
		}
	}
	p.mustRun(t)
	if n := len(strings.Fields(logged(t, p.logs.folder(idOfA)))); n != batchFiles+4 || p.waiting(t) != 1 {
		t.Errorf("%d acts, %d files", n, p.waiting(t))
	}
	held.Close()
	p.mustRun(t)
	if p.waiting(t) != 0 {
		t.Errorf("%d files", p.waiting(t))
	}
}
