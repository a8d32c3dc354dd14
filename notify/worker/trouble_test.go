package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/activity"
	"sharezone/internal/helper"
)

// spoil puts something in the place of a zone's folder of logs; mend puts the folder back.
func (p *place) spoil(t *testing.T, id string) (mend func()) {
	t.Helper()
	folder, away := p.logs.folder(id), t.TempDir()+"/away"
	if err := errors.Join(os.MkdirAll(folder, 0o700), os.Rename(folder, away), os.WriteFile(folder, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := errors.Join(os.Remove(folder), os.Rename(away, folder)); err != nil {
			t.Fatal(err)
		}
	}
}

// spoilings are the ways in which the log of the zone a cannot be written: the one is found before anything is read, the other by who writes.
var spoilings = map[string]func(t *testing.T, p *place) (mend func()){
	"folder": func(t *testing.T, p *place) func() { return p.spoil(t, idOfA) },
	"log": func(t *testing.T, p *place) func() {
		if err := os.MkdirAll(p.logs.folder(idOfA)+"/"+activity.File, 0o700); err != nil {
			t.Fatal(err)
		}
		return func() { os.Remove(p.logs.folder(idOfA) + "/" + activity.File) }
	},
}

// mustHold fails unless a run says that the zone a is held up.
func (p *place) mustHold(t *testing.T) {
	t.Helper()
	if err := p.run(); err == nil || !strings.Contains(err.Error(), "activity log of zone "+idOfA) {
		t.Errorf("%v", err)
	}
}

func (p *place) readTroubles(t *testing.T) map[string]activity.Trouble {
	t.Helper()
	all, err := activity.ReadTroubles(p.troubleFile())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestTroubledZone: what was done in a zone whose log cannot be written waits, in its order; all else goes on, and it is known since when.
func TestTroubledZone(t *testing.T) {
	for name, spoil := range spoilings {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			mend := spoil(t, p)
			p.act(t, "a", idOfA, "a1")
			p.act(t, "b", idOfB, "b1")
			p.take(t, "a", idOfA, 1001, "a2")
			p.take(t, "b", idOfB, 1002, "b2")
			began := p.logs.now
			for range 2 {
				p.mustHold(t)
				p.logs.now = p.logs.now.Add(time.Minute)
			}
			p.act(t, "b", idOfB, "b3")
			p.act(t, "a", idOfA, "a3")
			p.mustHold(t)
			if got := logged(t, p.logs.folder(idOfB)); got != "b1 b2 b3" || logged(t, p.logs.system) != got || p.noticed(t) != "b2" || p.errandPaths(t) != got || p.waiting(t) != 3 {
				t.Errorf("%q, told %q, programs %q, %d wait", got, p.noticed(t), p.errandPaths(t), p.waiting(t))
			}
			if known := p.readTroubles(t); len(known) != 1 || !known[idOfA].Since.Equal(began) || known[idOfA].Error == "" {
				t.Errorf("%+v", known)
			}
			mend()
			for range 2 {
				p.mustRun(t)
			}
			if got := logged(t, p.logs.folder(idOfA)); got != "a1 a2 a3" || logged(t, p.logs.system) != "b1 b2 b3 "+got || p.noticed(t) != "a2 b2" || p.waiting(t) != 0 {
				t.Errorf("%q, all %q, told %q, %d wait", got, logged(t, p.logs.system), p.noticed(t), p.waiting(t))
			}
			if known := p.readTroubles(t); len(known) > 0 {
				t.Errorf("%+v", known)
			}
		})
	}
}

// TestTroubledCut: where a worker was killed, and a zone's log cannot be cut back then, nothing is appended to that before it is; nothing is
// there twice, wherever the next one is killed too.
func TestTroubledCut(t *testing.T) {
	for _, killed := range append([]string{""}, steps...) {
		t.Run(killed, func(t *testing.T) {
			p := newPlace(t)
			p.act(t, "a", idOfA, "0")
			p.mustRun(t)
			p.act(t, "a", idOfA, "1")
			p.act(t, "b", idOfB, "2")
			p.runUntil(t, "appended")
			mend := p.spoil(t, idOfA)
			p.act(t, "b", idOfB, "3")
			if killed != "" {
				func() {
					defer func() { recover(); p.step = nil }()
					p.step = func(at string) {
						if at == killed {
							panic(stopped{})
						}
					}
					p.run()
				}()
			}
			p.logs.maxSize = 1 // the others are put aside
			for range 2 {
				p.act(t, "b", idOfB, "x")
				p.mustHold(t)
				p.logs.now = p.logs.now.Add(time.Second)
			}
			if known := p.readTroubles(t); known[idOfA].Cut == nil {
				t.Errorf("%+v", known)
			}
			mend()
			p.act(t, "a", idOfA, "4")
			p.mustRun(t)
			if a, b, all := logged(t, p.logs.folder(idOfA)), logged(t, p.logs.folder(idOfB)), logged(t, p.logs.system); a != "0 1 4" || b != "2 3 x x" || all != "0 2 3 x x 1 4" {
				t.Errorf("%q, %q, all %q", a, b, all)
			}
		})
	}
}

// TestTroubleWhereNothingWaits: as long as a zone is in trouble each run finds it, keeps since when, and writes it down anew: by that doctor knows
// that there are runs.
func TestTroubleWhereNothingWaits(t *testing.T) {
	p := newPlace(t)
	mend := p.spoil(t, idOfA)
	began := p.logs.now
	for range 3 {
		if err := os.Chtimes(p.troubleFile(), began.Add(-time.Hour), began.Add(-time.Hour)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		p.mustHold(t)
		info, err := os.Stat(p.troubleFile())
		if err != nil || info.ModTime().Before(began.Add(-time.Minute)) || !p.readTroubles(t)[idOfA].Since.Equal(began) {
			t.Fatalf("%v, %+v", err, p.readTroubles(t))
		}
		p.logs.now = p.logs.now.Add(time.Minute)
	}
	mend()
	p.mustRun(t)
	if known := p.readTroubles(t); len(known) > 0 {
		t.Errorf("%+v", known)
	}
}

// TestTroubledSystem: it is written down, too, that the log of the whole system cannot be written, since when, and which zones' cannot besides.
func TestTroubledSystem(t *testing.T) {
	p := newPlace(t)
	if err := os.Mkdir(p.logs.system+"/"+activity.File, 0o700); err != nil {
		t.Fatal(err)
	}
	p.spoil(t, idOfA)
	p.act(t, "b", idOfB, "b1")
	began := p.logs.now
	for range 2 {
		if err := p.run(); err == nil || !strings.Contains(err.Error(), `activity log ""`) {
			t.Errorf("%v", err)
		}
		if known := p.readTroubles(t); len(known) != 2 || !known[""].Since.Equal(began) || known[""].Error == "" || p.waiting(t) != 1 {
			t.Errorf("%+v", known)
		}
		p.logs.now = p.logs.now.Add(time.Minute)
	}
}

// TestHold: what is not one zone's trouble holds up all.
func TestHold(t *testing.T) {
	p := newPlace(t)
	for _, row := range []struct {
		id   string
		err  error
		only bool
	}{{idOfA, unix.EIO, true}, {idOfA, unix.ENOSPC, false}, {idOfA, unix.EDQUOT, false}, {idOfA, unix.EFBIG, false}, {idOfA, unix.EMFILE, false}, {"", unix.EIO, false}} {
		p.troubles = make(troubles)
		err := p.hold([]error{&logError{row.id, row.err}}, nil)
		if (err == errHeldUp) != row.only || (len(p.troubles) == 1) != (row.err == unix.EIO) || !row.only && !errors.Is(err, row.err) {
			t.Errorf("%+v: %v, %+v", row, err, p.troubles)
		}
	}
}

// TestTroublesDamaged: where it cannot be read which logs are in trouble, that is told, and the logs go on.
func TestTroublesDamaged(t *testing.T) {
	p := newPlace(t)
	if err := os.WriteFile(p.troubleFile(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.act(t, "a", idOfA, "x")
	p.mustRun(t)
	if got := logged(t, p.logs.folder(idOfA)); got != "x" || len(p.warned) != 1 {
		t.Errorf("%q; warned %q", got, p.warned)
	}
}

// TestUnseenZone: what was done in a zone that could not be looked at waits, whatever it was called before and whoever says it was there; of
// others that are not found too nobody knows whether they are gone.
func TestUnseenZone(t *testing.T) {
	p := newPlace(t)
	const idOfGone, idOfNew = "0000000000000000000000000000000c", "0000000000000000000000000000000d"
	all := p.table
	b := helper.KnownZone{ID: idOfB, Name: "b", Owner: 1002}
	p.table = func() (table, error) {
		return newTable(helper.ZoneidReply{Unseen: []string{"a", "new"},
			Zones: []helper.KnownZone{{ID: idOfA, Name: "a", Owner: 1001, Unsure: true}, {ID: idOfGone, Name: "gone", Owner: 1001, Unsure: true}, b}}), nil
	}
	p.act(t, "a", idOfA, "a1")
	p.act(t, "a", "", "a2") // delivered by somebody who may not read the id
	p.act(t, "renamed", idOfA, "a3")
	p.act(t, "gone", idOfGone, "c")
	p.act(t, "new", idOfNew, "d")
	p.act(t, "b", idOfB, "b1")
	p.act(t, "", "", "x")
	p.mustHold(t)
	if got := logged(t, p.logs.system); got != "b1 x" || p.waiting(t) != 5 || len(p.warned) != 2 || p.readTroubles(t)[idOfA].Error == "" {
		t.Errorf("%q, %d wait, warned %q, %+v", got, p.waiting(t), p.warned, p.readTroubles(t))
	}
	p.table = all
	p.mustRun(t)
	if got := logged(t, p.logs.folder(idOfA)); got != "a1 a2" || logged(t, p.logs.system) != "b1 x a1 a2 a3 c d" || p.waiting(t) != 0 || len(p.readTroubles(t)) > 0 {
		t.Errorf("%q, all %q, %d wait", got, logged(t, p.logs.system), p.waiting(t))
	}
}
