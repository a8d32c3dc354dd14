package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// minute is when the requests of these tests begin: lately, as the worker takes what a handler holds for more than a day.
var minute = time.Now().UTC().Truncate(time.Minute).Add(-time.Minute)

// file leaves a finished event file with an upload of that path, whose request began so long after the minute.
func (p *place) file(t *testing.T, after time.Duration, zone, id, path string) string {
	t.Helper()
	request := fmt.Sprintf("%016x", int64(after))
	name := p.events + "/" + minute.Add(after).Format("20060102T150405.000000000Z") + "-" + request
	text := fmt.Sprintf(`{"version":1,"time":%q,"request":%q,"uid":1003,"user":"bruno","component":"shz","entry":"internal","address":"192.0.2.7","zone":%q,"zone_id":%q}
{"n":1,"event":"upload","path":%q}
{"n":1,"result":"ok","bytes":1}
`, minute.Format(time.RFC3339), request, zone, id, path)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// mustLog fails unless these are the acts of the logs of a and b.
func (p *place) mustLog(t *testing.T, a, b string) {
	t.Helper()
	if gotA, gotB := logged(t, p.logs.folder(idOfA)), logged(t, p.logs.folder(idOfB)); gotA != a || gotB != b {
		t.Errorf("a has %q, not %q; b %q, not %q", gotA, a, gotB, b)
	}
}

// TestWaitingIsNotRead: what waits for a zone is read once, and not again by each run; what comes between it is taken at once if it is of
// another zone, and waits in its order if it is of that one; what is mended comes at once.
func TestWaitingIsNotRead(t *testing.T) {
	for name, spoil := range spoilings {
		t.Run(name, func(t *testing.T) { waitingIsNotRead(t, spoil) })
	}
}

func waitingIsNotRead(t *testing.T, spoil func(t *testing.T, p *place) (mend func())) {
	p := newPlace(t)
	mend := spoil(t, p)
	p.file(t, 1*time.Second, "a", idOfA, "a1")
	p.file(t, 2*time.Second, "b", idOfB, "b2")
	last := p.file(t, 5*time.Second, "a", idOfA, "a5")
	p.mustHold(t)
	p.file(t, 6*time.Second, "b", idOfB, "b6")
	p.file(t, 7*time.Second, "a", idOfA, "a7")
	if got := p.opened(t, func() { p.mustHold(t) }); got != "6 7" {
		t.Errorf("%q are read", got)
	}
	if got := p.opened(t, func() { p.mustHold(t) }); got != "" {
		t.Errorf("%q are read", got)
	}
	p.file(t, 3*time.Second, "b", idOfB, "b3") // a clock that was set back
	p.file(t, 4*time.Second, "a", idOfA, "a4")
	p.mustHold(t)
	if got := p.opened(t, func() { p.mustHold(t) }); got != "" {
		t.Errorf("%q are read", got)
	}
	if got := logged(t, p.logs.folder(idOfB)); got != "b2 b6 b3" || p.waiting(t) != 4 {
		t.Errorf("%q, %d wait", got, p.waiting(t))
	}
	if err := os.Remove(last); err != nil { // by hand
		t.Fatal(err)
	}
	mend()
	p.mustRun(t)
	p.mustLog(t, "a1 a4 a7", "b2 b6 b3")
	if _, err := os.Stat(p.waitingFile()); !errors.Is(err, fs.ErrNotExist) || p.waiting(t) != 0 {
		t.Errorf("%v, %d wait", err, p.waiting(t))
	}
}

// opened are the seconds of the event files that an act opens, each once.
func (p *place) opened(t *testing.T, act func()) string {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := unix.InotifyAddWatch(fd, p.events, unix.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	act()
	var seen strings.Builder
	for b := make([]byte, 64<<10); ; {
		n, err := unix.Read(fd, b)
		if err != nil {
			break
		}
		seen.Write(b[:n])
	}
	var names []string
	for s := range 10 {
		if strings.Contains(seen.String(), minute.Format("20060102T1504")+fmt.Sprintf("0%d.", s)) {
			names = append(names, fmt.Sprint(s))
		}
	}
	return strings.Join(names, " ")
}

// TestWaitingBetween: a request that lasts, among what waits, is taken when it is over, or waits too if it is of the same zone.
func TestWaitingBetween(t *testing.T) {
	p := newPlace(t)
	mend := p.spoil(t, idOfA)
	p.file(t, 1*time.Second, "a", idOfA, "a1")
	lasting := make(map[string]*os.File)
	for i, zone := range []string{"a", "b"} {
		name := p.file(t, time.Duration(2+i)*time.Second, zone, map[string]string{"a": idOfA, "b": idOfB}[zone], zone+" lasts")
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		lasting[zone] = f
	}
	p.file(t, 9*time.Second, "a", idOfA, "a9")
	for range 2 {
		p.mustHold(t)
	}
	if blocks := p.worker.waiting.known; len(blocks) != 1 || blocks[0].Count != 2 || len(blocks[0].Apart) != 2 {
		t.Errorf("%+v", blocks)
	}
	for _, f := range lasting {
		f.Close()
	}
	for range 2 {
		p.mustHold(t)
	}
	if blocks := p.worker.waiting.known; len(blocks) != 1 || blocks[0].Count != 3 || len(blocks[0].Apart) != 0 {
		t.Errorf("%+v", blocks)
	}
	if got := logged(t, p.logs.folder(idOfB)); got != "b lasts" {
		t.Errorf("%q", got)
	}
	mend()
	p.mustRun(t)
	p.mustLog(t, "a1 a lasts a9", "b lasts")
}

// TestWaitingKilled: whichever step a run is killed in while things wait, or are mended, nothing is lost, told twice, or out of its order, also
// where the note is damaged.
func TestWaitingKilled(t *testing.T) {
	for _, killed := range steps {
		for _, damage := range []string{"", "{", "[{}]", "a folder"} {
			t.Run(killed+damage, func(t *testing.T) {
				p := newPlace(t)
				mend := p.spoil(t, idOfA)
				p.file(t, 1*time.Second, "a", idOfA, "a1")
				p.file(t, 3*time.Second, "a", idOfA, "a3")
				p.mustHold(t)
				p.file(t, 2*time.Second, "b", idOfB, "b2")
				p.file(t, 4*time.Second, "a", idOfA, "a4")
				p.runKilled(killed)
				p.mustHold(t)
				var err error
				switch damage {
				case "":
				case "a folder": // nothing depends on the note
					os.Remove(p.waitingFile())
					err = os.Mkdir(p.waitingFile(), 0o700)
				default:
					err = os.WriteFile(p.waitingFile(), []byte(damage), 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
				mend()
				p.file(t, 5*time.Second, "a", idOfA, "a5")
				p.runKilled(killed)
				p.mustRun(t)
				p.mustLog(t, "a1 a3 a4 a5", "b2")
				if p.waiting(t) != 0 {
					t.Errorf("%d wait", p.waiting(t))
				}
			})
		}
	}
}

// runKilled stops a run in a step, if it gets there.
func (p *place) runKilled(at string) {
	defer func() { recover(); p.step = nil }()
	p.step = func(now string) {
		if now == at {
			panic(stopped{})
		}
	}
	p.run()
}

// TestWaitingMended: of two zones that wait the one that is mended does so no longer, also where one request did something in both.
func TestWaitingMended(t *testing.T) {
	p := newPlace(t)
	mendA, mendB := p.spoil(t, idOfA), p.spoil(t, idOfB)
	p.file(t, 1*time.Second, "a", idOfA, "a1")
	p.file(t, 2*time.Second, "b", idOfB, "b2")
	p.file(t, 3*time.Second, "a", idOfA, "a3")
	for range 2 {
		p.mustHold(t)
	}
	mendB()
	for range 2 {
		p.mustHold(t)
	}
	mendA()
	p.mustRun(t)
	p.mustLog(t, "a1 a3", "b2")
}

// TestWaitingBlocks: many files are some blocks, however few came at a time, and those in the place of which one came are read anew.
func TestWaitingBlocks(t *testing.T) {
	p := newPlace(t)
	mend := p.spoil(t, idOfA)
	const many = 2*blockFiles + 500
	for i := range many {
		p.file(t, time.Duration(i)*time.Second, "a", idOfA, fmt.Sprint(i))
		if i%700 == 0 || i >= many-20 {
			p.mustHold(t)
		}
	}
	p.mustHold(t)
	counts := func() (n []int) {
		for _, b := range p.worker.waiting.known {
			n = append(n, b.Count)
		}
		return n
	}
	if got := counts(); len(got) > 5 || slices.Max(got) > blockFiles {
		t.Errorf("%d", got)
	}
	p.file(t, 500*time.Second+1, "b", idOfB, "b")
	p.mustHold(t)
	sum := 0
	for _, n := range counts() {
		sum += n
	}
	if sum < many-blockFiles || sum >= many {
		t.Errorf("%d of %d are in blocks that are as they were", sum, many)
	}
	if got := logged(t, p.logs.folder(idOfB)); got != "b" {
		t.Errorf("%q", got)
	}
	mend()
	p.mustRun(t)
	if got := strings.Fields(logged(t, p.logs.folder(idOfA))); len(got) != many || got[0] != "0" || got[many-1] != fmt.Sprint(many-1) {
		t.Errorf("%d", len(got))
	}
}
