package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/notify/queue"
)

// results are the acts of a log, as "PATH RESULT".
func results(t *testing.T, folder string) string {
	t.Helper()
	var found []string
	see := func(l activity.Line) {
		text := activity.Path(l.Record) + " " + l.Result
		if l.Ended {
			text += " ended"
		}
		found = append(found, text)
	}
	if damaged, err := activity.Read(folder, see); err != nil || damaged > 0 {
		t.Errorf("%d damaged, %v", damaged, err)
	}
	return strings.Join(found, ", ")
}

// TestStoppedHandler: what a request did that is under way for a day is recorded and told then, whatever step the worker is killed in;
// at its end nothing of that is there twice.
func TestStoppedHandler(t *testing.T) {
	for _, killed := range []string{"", "opened", "journal", "half", "appended", "noticed", "told", "committed", "removing", "removed"} {
		t.Run(killed, func(t *testing.T) {
			p := newPlace(t)
			p.tells.uploads = true
			f, err := event.Create(p.events, event.Header{UID: 1003, User: "bruno", Component: "shz", Entry: "internal", Address: "192.0.2.7", Zone: "a", ZoneID: idOfA})
			if err != nil {
				t.Fatal(err)
			}
			begin := func(act *event.Act, err error) *event.Act {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
				return act
			}
			named := begin(f.BeginBringing("upload", "named", "1-1"))
			if err := named.Name("named"); err != nil {
				t.Fatal(err)
			}
			early := begin(f.Begin("delete", "early"))
			begin(f.BeginBringing("upload", "whole", "2-2")).End("ok", 1, "")
			begin(f.BeginTaking("download", "taken", 1001))
			p.logs.now = time.Now().Add(23 * time.Hour)
			p.mustRun(t)
			if got := results(t, p.logs.system); got != "" {
				t.Fatalf("before a day is over: %s", got)
			}
			p.logs.now = p.logs.now.Add(2 * time.Hour)
			p.step = func(now string) {
				if now == killed {
					panic(stopped{})
				}
			}
			func() {
				defer func() { recover(); p.step = nil }()
				p.run()
			}()
			for range 2 {
				p.mustRun(t)
				p.logs.now = p.logs.now.Add(time.Hour)
			}
			const part = "named running, early running, whole ok, taken running"
			if got := results(t, p.logs.folder(idOfA)); got != part || p.noticed(t) != "named whole taken" || p.errandPaths(t) != "whole" {
				t.Fatalf("%s; told %q, programs %q", got, p.noticed(t), p.errandPaths(t))
			}
			early.End("partly", -1, "")
			p.logs.now = p.logs.now.Add(25 * time.Hour)
			p.mustRun(t)
			begin(f.BeginBringing("upload", "late", "3-3")).End("ok", 1, "")
			named.End("ok", 1, "named (2)")
			f.Close()
			p.mustRun(t)
			if got := results(t, p.logs.folder(idOfA)); got != part+", early partly ended, named (2) ok ended, taken interrupted ended, late ok" || results(t, p.logs.system) != got || p.waiting(t) != 0 {
				t.Errorf("%s; %d files wait", got, p.waiting(t))
			}
			programs := strings.Fields(p.errandPaths(t))
			if slices.Sort(programs); strings.Join(programs, " ") != "(2) late named taken whole" {
				t.Errorf("programs are told of %q", programs)
			}
			// "named" is told again only where it had no name then.
			var told []string
			sources, _ := p.worker.notices.list()
			for _, source := range sources {
				all, err := p.worker.notices.read(source)
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range all {
					told = append(told, fmt.Sprint(n.Path, " ", n.Kind, " ", n.Doubt, " ", n.Again))
				}
			}
			slices.Sort(told)
			arrived := string(queue.Arrived)
			want := []string{"late " + arrived + " false false", "named (2) " + arrived + " false false", "named " + arrived + " true false", "named " + arrived + " true true",
				"taken " + string(queue.Taken) + " false false", "whole " + arrived + " false false"}
			if !slices.Equal(told, want) {
				t.Errorf("%q, not %q", told, want)
			}
			if left, err := p.readLate(); err != nil || len(left) != 0 {
				t.Errorf("%v, %v", left, err)
			}
		})
	}
}

// TestNamedWhileStopped: of a file that gets its name after the first look at a stopped handler it is asked at each later one, and known
// under which name it was before.
func TestNamedWhileStopped(t *testing.T) {
	p := newPlace(t)
	p.tells.uploads = true
	f, err := event.Create(p.events, event.Header{UID: 1003, User: "bruno", Component: "shz", Entry: "internal", Address: "192.0.2.7", Zone: "a", ZoneID: idOfA})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	act, err := f.BeginBringing("upload", "x", "1-1")
	if err != nil {
		t.Fatal(err)
	}
	look := func(want string) {
		t.Helper()
		before, _ := p.worker.notices.list()
		p.logs.now = p.logs.now.Add(25 * time.Hour)
		p.mustRun(t)
		after, _ := p.worker.notices.list()
		got := ""
		for _, source := range after {
			if slices.Contains(before, source) {
				continue
			}
			all, err := p.worker.notices.read(source)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range all {
				got += fmt.Sprint(n.Path, " ", n.Doubt, " ", n.Again)
			}
		}
		if got != want {
			t.Errorf("told %q, not %q", got, want)
		}
	}
	name := func(path string) {
		t.Helper()
		if err := act.Name(path); err != nil {
			t.Fatal(err)
		}
	}
	look("")
	name("x")
	look("x true false")
	look("x true true")
	name("x (2)")
	look("x (2) true false")
	f.Close() // killed
	look("x (2) true true")
	if got := results(t, p.logs.system); got != "x running, x (2) interrupted ended" {
		t.Error(got)
	}
}

// TestLaterLook: what may have arrived of a stopped handler is told once as that, and once when it is there, however long he is stopped.
func TestLaterLook(t *testing.T) {
	m := newMailroom(t)
	m.window, m.canRead, m.files = 0, map[string][]string{}, map[string]string{}
	began := m.clock
	for day := range 80 {
		n := notice{Kind: queue.Arrived, Time: began, Actor: "bruno", Zone: "a", ZoneID: idOfA, Path: "x", Owner: 1001, File: "1-1", Doubt: true, Again: day > 0}
		if err := m.notices.write(fmt.Sprintf("late-%02d", day), []notice{n}); err != nil {
			t.Fatal(err)
		}
		if day == 35 {
			m.canRead["x"], m.files["x"] = []string{"dora"}, "1-1"
		}
		m.mustRun(t)
		m.clock = m.clock.Add(24 * time.Hour)
	}
	if got := m.told(t, queue.Waiting); got != "anna: x?; anna: x; dora: x" && got != "anna: x?; dora: x; anna: x" {
		t.Errorf("%q", got)
	}
}

// TestPerhapsByMail: what may have arrived is told by mail, also to who has chosen short messages.
func TestPerhapsByMail(t *testing.T) {
	for _, by := range []account.Channel{account.BySMS, account.ByBoth} {
		m := newMailroom(t)
		m.window = 0
		m.channel = func(account.Entry) account.Channel { return by }
		n := notice{Kind: queue.Arrived, Time: m.clock, Actor: "bruno", Zone: "a", ZoneID: idOfA, Path: "x", Owner: 1001, File: "1-1", Doubt: true}
		if err := m.notices.write("1", []notice{n}); err != nil {
			t.Fatal(err)
		}
		m.mustRun(t)
		if got := m.told(t, queue.Waiting); got != "anna: x?" {
			t.Errorf("%s: %q", by, got)
		}
		ids, _ := m.queue.List(queue.Waiting)
		for _, id := range ids {
			if one, err := m.queue.Read(queue.Waiting, id); err != nil || one.SMS {
				t.Errorf("%s: %+v, %v", by, one, err)
			}
		}
	}
}

// TestPerhapsApart: what was taken only perhaps is told in a message of its own, by its words; what was taken in part is a fact.
func TestPerhapsApart(t *testing.T) {
	m := newMailroom(t)
	m.window = 0
	some := int64(5)
	one := notice{Kind: queue.Taken, Time: m.clock, Actor: "bruno", Zone: "a", ZoneID: idOfA, Owner: 1001, Part: true}
	part, perhaps, whole := one, one, one
	part.Path, perhaps.Path, whole.Path = "part", "perhaps", "whole"
	part.Bytes, whole.Part = &some, false
	if err := m.notices.write("1", []notice{part, perhaps, whole}); err != nil {
		t.Fatal(err)
	}
	m.mustRun(t)
	ids, err := m.queue.List(queue.Waiting)
	got := make(map[queue.Kind]string)
	for _, id := range ids {
		one, readErr := m.queue.Read(queue.Waiting, id)
		err = errors.Join(err, readErr)
		for _, i := range one.Items {
			got[one.Kind] += i.Path + " "
		}
	}
	if err != nil || len(ids) != 2 || got[queue.Taken] != "part whole " || got[queue.PerhapsTaken] != "perhaps " {
		t.Errorf("%v, %q", err, got)
	}
}

// TestLateOfABatchBefore: what a run recorded in part it does not record once more when it begins again because of a zone's log.
func TestLateOfABatchBefore(t *testing.T) {
	p := newPlace(t)
	p.tells.uploads = true
	f, err := event.Create(p.events, event.Header{UID: 1003, User: "bruno", Component: "shz", Entry: "internal", Address: "192.0.2.7", Zone: "b", ZoneID: idOfB})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	whole, err := f.Begin("upload", "whole")
	if err != nil {
		t.Fatal(err)
	}
	whole.End("ok", 1, "")
	for range batchFiles {
		p.act(t, "b", idOfB)
	}
	p.act(t, "a", idOfA, "held")
	if err := os.MkdirAll(p.logs.folder(idOfA)+"/"+activity.File, 0o700); err != nil {
		t.Fatal(err)
	}
	p.logs.now = time.Now().Add(25 * time.Hour)
	p.mustHold(t)
	if got := results(t, p.logs.folder(idOfB)); got != "whole ok" || results(t, p.logs.system) != got || p.noticed(t) != "whole" || p.waiting(t) != 2 {
		t.Errorf("%s; told %q, %d wait", got, p.noticed(t), p.waiting(t))
	}
}

// TestStoppedHandlersOfTwoDays: what is recorded of other files on another day takes nothing from what waits to be told of the first.
func TestStoppedHandlersOfTwoDays(t *testing.T) {
	p := newPlace(t)
	take := func(path string) {
		t.Helper()
		f, err := event.Create(p.events, event.Header{UID: 1003, User: "bruno", Component: "shz", Entry: "internal", Address: "192.0.2.7", Zone: "a", ZoneID: idOfA})
		if err == nil && path != "" {
			_, err = f.BeginTaking("download", path, 1001)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
	}
	take("") // stopped before it did anything: looked at each day
	take("first")
	p.logs.now = time.Now().Add(25 * time.Hour)
	p.mustRun(t)
	take("second")
	p.logs.now = p.logs.now.Add(25 * time.Hour)
	p.mustRun(t)
	told := strings.Fields(p.noticed(t))
	if slices.Sort(told); strings.Join(told, " ") != "first second" {
		t.Errorf("told of %q", told)
	}
}

// TestLateDamaged: where it cannot be read what was recorded of requests that last, that is told, and the logs go on.
func TestLateDamaged(t *testing.T) {
	p := newPlace(t)
	if err := os.WriteFile(p.lateFile(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.act(t, "a", idOfA, "x")
	p.mustRun(t)
	if got := results(t, p.logs.system); got != "x ok" || len(p.warned) != 1 || !strings.Contains(p.warned[0], p.lateFile()) {
		t.Errorf("%s; warned %q", got, p.warned)
	}
}

// TestUnfinishedFiles: what a worker that was killed was writing goes with the next run; parts are another one's.
func TestUnfinishedFiles(t *testing.T) {
	p := newPlace(t)
	for _, folder := range []string{string(p.worker.notices), string(p.errands)} {
		for _, name := range []string{"1.jsonl.new", "2.jsonl", "3+rest.jsonl.new"} {
			if err := os.WriteFile(folder+"/"+name, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.mustRun(t)
	for _, folder := range []string{string(p.worker.notices), string(p.errands)} {
		if left, _ := filepath.Glob(folder + "/*"); len(left) != 2 {
			t.Errorf("%q", left)
		}
	}
}
