package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/internal/helper"
	"sharezone/internal/hook"
)

// errandPaths are the paths of which programs have still to be told.
func (p *place) errandPaths(t *testing.T) string {
	t.Helper()
	sources, err := notices(p.errands).list()
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, source := range sources {
		b, err := os.ReadFile(notices(p.errands).name(source))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var e errand
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(line, err)
			}
			paths = append(paths, activity.Path(e.Act.Record))
		}
	}
	return strings.Join(paths, " ")
}

// site makes two folders of programs, by name, and a runner for them that writes errors down.
func site(t *testing.T, upload, download map[string]string) (r *runner, out string, errs *[]string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("the programs must be root's")
	}
	top := t.TempDir()
	out = top + "/out"
	for folder, programs := range map[string]map[string]string{"up": upload, "down": download, "errands": nil} {
		if err := os.Mkdir(filepath.Join(top, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, script := range programs {
			if err := os.WriteFile(filepath.Join(top, folder, name), []byte("#!/bin/sh\nout="+out+"\n"+script+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	errs = new([]string)
	warn := func(err error) { *errs = append(*errs, err.Error()) }
	return &runner{errands: errands(top + "/errands"), hooks: findHooks(top+"/up", top+"/down", warn), limits: hook.Limits{Time: 20 * time.Second}, warn: warn}, out, errs
}

// done is an act with this end.
func done(name, path, result string) activity.Line {
	zone, bytes, owner := "demo", int64(7), uint32(1001)
	l := activity.Line{Record: event.Record{Time: time.Date(2026, 11, 22, 4, 19, 51, 0, time.UTC), Event: name, User: "bruno", Entry: "internal",
		Zone: &zone, Path: &path, Bytes: &bytes, Result: result, Request: "0123456789abcdef"}, ZoneID: idOfA}
	if l.Arrived = name == "upload"; !l.Arrived {
		l.Owner = &owner
	}
	return l
}

// do writes the errands of acts, as a batch does, and runs them.
func (r *runner) do(t *testing.T, source string, acts ...activity.Line) error {
	t.Helper()
	var all []errand
	zones := newTable(helper.ZoneidReply{Zones: []helper.KnownZone{{ID: idOfA, Name: "renamed"}}})
	for _, l := range acts {
		if e, told := r.hooks.errand(l, zones); told {
			all = append(all, e)
		}
	}
	if err := r.errands.write(source, all); err != nil {
		t.Fatal(err)
	}
	return r.run([]string{source})
}

// TestPrograms: who is told of what, and how.
func TestPrograms(t *testing.T) {
	r, out, errs := site(t,
		map[string]string{"a": `echo "up $# $1 $2 $3 $4 $SHZ_PATH $HOME" >>$out; cat >>$out`, "b": `echo "b" >>$out`, "b.bak": "echo no >>$out"},
		map[string]string{"fails": "echo why >&2; exit 3", "slow": "sleep 60", "z": `echo "down $1 $4" >>$out; readlink /proc/self/fd/1 >>$out`})
	r.limits.Time = 5 * time.Second
	hostile := "-rf $(id)\n\"'.txt"
	if err := r.do(t, "s", done("upload", hostile, "ok"), done("upload", "refused", "quota"), done("download", "x", "ok"), done("zip", "part", event.Interrupted), done("download", "y", "not-permitted")); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(out)
	lines := strings.Split(string(b), "\n")
	var act map[string]any
	if len(lines) != 10 || lines[0]+"\n"+lines[1] != "up 4 upload bruno demo "+hostile+" "+strings.Split(hostile, "\n")[0] || json.Unmarshal([]byte(lines[3]), &act) != nil ||
		act["path"] != hostile || act["event"] != "upload" || act["zone_id"] != idOfA || lines[4] != "b" || lines[5] != "down download x" || lines[7] != "down zip part" {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
	if len(*errs) != 4 || !strings.Contains((*errs)[0], "/fails: ") || !strings.Contains((*errs)[0], "why") || !strings.Contains((*errs)[1], "too long") {
		t.Errorf("%q", *errs)
	}
	if left, _ := os.ReadDir(string(r.errands)); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
}

// TestProgramsKilled: of what was told before the worker was killed, at most one act is told again; nothing is lost.
func TestProgramsKilled(t *testing.T) {
	r, out, _ := site(t, map[string]string{"a": `echo "$4" >>$out`}, nil)
	var acts []activity.Line
	for i := range 5 {
		acts = append(acts, done("upload", fmt.Sprint(i), "ok"))
	}
	told := 0
	r.step = func(string) {
		if told++; told == 3 {
			panic(stopped{})
		}
	}
	func() {
		defer func() { recover() }()
		r.do(t, "s", acts...)
	}()
	if err := r.run([]string{"s"}); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(out); string(b) != "0\n1\n2\n2\n3\n4\n" {
		t.Errorf("%q", b)
	}
	if err := r.run([]string{"s"}); err != nil { // another worker was faster
		t.Error(err)
	}
}

// TestUnsafePrograms: what another could have put there is told, and not run.
func TestUnsafePrograms(t *testing.T) {
	for name, spoil := range map[string]func(folder string) error{
		"another's folder":  func(folder string) error { return os.Chown(folder, 4242, 0) },
		"another's program": func(folder string) error { return os.Chown(folder+"/a", 4242, 0) },
		"open program":      func(folder string) error { return os.Chmod(folder+"/a", 0o757) },
		"link": func(folder string) error {
			return errors.Join(os.Rename(folder+"/a", folder+"/a.x"), os.Symlink("a.x", folder+"/a"))
		},
	} {
		r, out, errs := site(t, map[string]string{"a": "echo run >>$out"}, nil)
		up := filepath.Dir(out) + "/up"
		if err := spoil(up); err != nil {
			t.Fatal(err)
		}
		r.hooks = findHooks(up, "/nonexistent", r.warn)
		if err := r.do(t, "s", done("upload", "x", "ok")); err != nil {
			t.Error(name, err)
		}
		if b, _ := os.ReadFile(out); len(b) > 0 || len(*errs) == 0 {
			t.Errorf("%s: %q, %q", name, b, *errs)
		}
		if name != "another's folder" {
			continue
		}
		if err := os.Chown(up, 0, 0); err != nil { // it was so for a moment: nothing is lost
			t.Fatal(err)
		}
		r.hooks = findHooks(up, "/nonexistent", r.warn)
		if err := r.run([]string{"s"}); err != nil {
			t.Error(err)
		}
		if b, _ := os.ReadFile(out); string(b) != "run\n" {
			t.Errorf("mended: %q, %q", b, *errs)
		}
	}
}

// TestClaimedZone: an act that no zone's log has names its zone without proof.
func TestClaimedZone(t *testing.T) {
	r, out, errs := site(t, map[string]string{"a": `echo "$# [$3] [$SHZ_ZONE]" >>$out`}, nil)
	claimed := done("upload", "x", "ok")
	claimed.ZoneID = ""
	if err := r.do(t, "s", claimed, done("upload", "y", "ok")); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(out); string(b) != "4 [] []\n4 [demo] [demo]\n" || len(*errs) > 0 {
		t.Errorf("%q %q", b, *errs)
	}
}

// TestDone: how far a file is done is believed only where it can be read, and does not outlive the file.
func TestDone(t *testing.T) {
	r, out, _ := site(t, map[string]string{"a": "echo run >>$out"}, nil)
	folder := string(r.errands)
	for _, make := range []func(name string) error{func(name string) error { return os.Mkdir(name, 0o700) }, func(name string) error { return os.WriteFile(name, nil, 0o600) }} {
		if err := make(folder + "/s" + doneEnd); err != nil {
			t.Fatal(err)
		}
		if err := r.do(t, "s", done("upload", "x", "ok")); err == nil {
			t.Error("it is taken for none")
		}
		if b, _ := os.ReadFile(out); len(b) > 0 {
			t.Errorf("told: %q", b)
		}
		if err := os.Remove(folder + "/s" + doneEnd); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"gone" + doneEnd, "s" + doneEnd + ".new"} {
		if err := os.WriteFile(folder+"/"+name, []byte("3"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.run([]string{"s"}); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(folder); len(left) != 0 {
		t.Errorf("%d files are left, the first %s", len(left), left[0].Name())
	}
}

// TestErrandsBound: what waits for programs has an end, which is told once; logs go on, and so do errands when there is room again.
func TestErrandsBound(t *testing.T) {
	p := newPlace(t)
	heap := string(p.errands) + "/heap" + noticesEnd
	if err := errors.Join(os.WriteFile(heap, nil, 0o600), os.Truncate(heap, maxErrands)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two"} {
		p.act(t, "a", idOfA, name)
		p.mustRun(t)
	}
	if len(p.warned) != 1 || !strings.Contains(p.warned[0], "64 MiB wait") || len(p.told) != 2 {
		t.Errorf("warned %q, logged %q", p.warned, p.told)
	}
	if left, _ := notices(p.errands).list(); len(left) != 1 {
		t.Errorf("%q", left)
	}
	if err := os.Truncate(heap, maxErrands-1); err != nil {
		t.Fatal(err)
	}
	p.act(t, "a", idOfA, "three")
	p.mustRun(t)
	if err := os.Remove(heap); err != nil {
		t.Fatal(err)
	}
	if got := p.errandPaths(t); got != "three" {
		t.Errorf("%q", got)
	}
}

// TestProgramsOfKilledUpload: of an upload whose handler was killed programs are told if it got its name, whatever its zone is called now.
func TestProgramsOfKilledUpload(t *testing.T) {
	r, out, _ := site(t, map[string]string{"a": `echo "$4" >>$out`}, nil)
	r.readers = func(zone, id string, paths, files []string) ([][]string, error) {
		if paths[0] == "unknown" {
			return nil, errors.New("no answer")
		}
		if zone != "renamed" || id != idOfA || files[0] != "1-"+paths[0] {
			return [][]string{nil}, nil
		}
		return [][]string{{}}, nil
	}
	killed := func(path, file string) activity.Line {
		l := done("upload", path, event.Interrupted)
		l.File, l.Named = file, file != ""
		return l
	}
	if err := r.do(t, "s", killed("there", "1-there"), killed("not", "1-other"), killed("old", ""), done("upload", "whole", "ok"), killed("unknown", "1-unknown"), done("upload", "later", "ok")); err == nil {
		t.Error("that nobody could say it is told to nobody")
	}
	if b, _ := os.ReadFile(out); string(b) != "there\nwhole\n" {
		t.Errorf("%q", b)
	}
	r.readers = func(string, string, []string, []string) ([][]string, error) { return [][]string{nil}, nil }
	if err := r.run([]string{"s"}); err != nil {
		t.Error(err)
	}
	if b, _ := os.ReadFile(out); string(b) != "there\nwhole\nlater\n" {
		t.Errorf("%q", b)
	}
}
