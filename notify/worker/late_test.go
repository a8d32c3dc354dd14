package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/notify/queue"
)

// results are the acts of a log, as "PATH RESULT".
func results(t *testing.T, folder string) string {
	t.Helper()
	var found []string
	if damaged, err := activity.Read(folder, func(l activity.Line) { found = append(found, activity.Path(l.Record)+" "+l.Result) }); err != nil || damaged > 0 {
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
			const part = "named running, whole ok, taken running"
			if got := results(t, p.logs.folder(idOfA)); got != part || p.noticed(t) != "named whole taken" || p.errandPaths(t) != "whole" {
				t.Fatalf("%s; told %q, programs %q", got, p.noticed(t), p.errandPaths(t))
			}
			begin(f.BeginBringing("upload", "late", "3-3")).End("ok", 1, "")
			named.End("ok", 1, "")
			f.Close()
			p.mustRun(t)
			if got := results(t, p.logs.folder(idOfA)); got != part+", late ok" || results(t, p.logs.system) != got || p.waiting(t) != 0 {
				t.Errorf("%s; %d files wait", got, p.waiting(t))
			}
			programs := strings.Fields(p.errandPaths(t))
			if slices.Sort(programs); strings.Join(programs, " ") != "late named taken whole" {
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
					told = append(told, fmt.Sprint(n.Path, " ", n.Kind, " ", n.Doubt))
				}
			}
			slices.Sort(told)
			want := []string{"late " + string(queue.Arrived) + " false", "named " + string(queue.Arrived) + " false", "named " + string(queue.Arrived) + " true",
				"taken " + string(queue.Taken) + " false", "whole " + string(queue.Arrived) + " false"}
			if !slices.Equal(told, want) {
				t.Errorf("%q, not %q", told, want)
			}
			if left, err := p.readLate(); err != nil || len(left) != 0 {
				t.Errorf("%v, %v", left, err)
			}
		})
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
