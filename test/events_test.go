package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// Event files: what the gate stamps and a handler adds, before anybody takes them away.

// eventFile is one request's.
type eventFile struct {
	name  string
	Stamp struct {
		Request, User, Component, Entry, Address, Zone string
		UID                                            int
		ZoneID                                         string `json:"zone_id"`
	}
	lines []map[string]any // after the gate's
}

// newEvents are the files of requests of a component that came while act ran.
func newEvents(t *testing.T, component string, act func()) []eventFile {
	t.Helper()
	old := make(map[string]bool)
	before, _ := filepath.Glob(layout.Events + "/*")
	for _, name := range before {
		old[name] = true
	}
	act()
	var found []eventFile
	after, _ := filepath.Glob(layout.Events + "/*")
	for _, name := range after {
		if old[name] {
			continue
		}
		awaitEnd(t, name)
		e := eventFile{name: name}
		first, rest, _ := strings.Cut(read(t, name), "\n")
		if err := json.Unmarshal([]byte(first), &e.Stamp); err != nil {
			t.Fatal(name, first, err)
		}
		for line := range strings.Lines(rest) {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Fatal(name, line, err)
			}
			e.lines = append(e.lines, object)
		}
		if e.Stamp.Component == component {
			found = append(found, e)
		}
	}
	return found
}

// awaitEnd waits until the handler is done with its event file, as the last line comes after the last byte of the answer; not
// for ever, because some tests look at one that goes on.
func awaitEnd(t *testing.T, name string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 200 {
		if unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) == nil {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
}

func TestEvents(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	id := strings.TrimSpace(run(t, "getfattr", "--only-values", "-n", "user.shz.id", "--absolute-names", zonePath(zone)))
	jar(t, "bruno")
	for _, row := range []struct {
		name   string
		args   []string
		event  string // "": nothing to tell
		path   string
		result string
		bytes  float64
	}{
		{"upload", []string{"-d", "@/etc/debian_version", "-X", "PUT", folder + "a%20b.txt"}, "upload", "a b.txt", "ok", -1},
		{"name taken", []string{"-d", "xyz", "-X", "PUT", folder + "a%20b.txt"}, "", "", "", 0},
		{"download", []string{folder + "a%20b.txt"}, "download", "a b.txt", "ok", -1},
		{"part", []string{"-r", "0-1", folder + "a%20b.txt"}, "download", "a b.txt", "ok", 2},
		{"looking", []string{folder}, "", "", "", 0},
		{"head", []string{"-I", folder + "a%20b.txt"}, "", "", "", 0},
		{"no such file", []string{folder + "nothing"}, "", "", "", 0},
		{"no such zone", []string{"/cgi-bin/shz/nothing-of-this-name/x"}, "", "", "", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			found := newEvents(t, "shz", func() { jsonAs(t, "bruno", row.args...) })
			var lines []map[string]any
			for _, e := range found {
				for _, line := range e.lines {
					if line["event"] != nil || line["result"] != nil {
						lines = append(lines, line)
					} else if line["path"] != row.path {
						t.Errorf("it is about to get the name %v", line["path"])
					}
				}
				if e.Stamp.User != "bruno" || e.Stamp.UID != uidOf(t, "bruno") || e.Stamp.Entry != "internal" || e.Stamp.Address != "127.0.0.1" {
					t.Errorf("stamp %+v", e.Stamp)
				}
				if row.event != "" && (e.Stamp.Zone != zone || e.Stamp.ZoneID != id) {
					t.Errorf("zone %q id %q, not %q %q", e.Stamp.Zone, e.Stamp.ZoneID, zone, id)
				}
				checkEventFile(t, e.name)
			}
			if row.event == "" {
				if len(lines) > 0 {
					t.Errorf("tells %v", lines)
				}
				return
			}
			if len(lines) != 2 || lines[0]["event"] != row.event || lines[0]["path"] != row.path || lines[1]["result"] != row.result {
				t.Fatalf("tells %v", lines)
			}
			if row.bytes >= 0 && lines[1]["bytes"] != row.bytes {
				t.Errorf("bytes %v, not %v", lines[1]["bytes"], row.bytes)
			}
		})
	}
}

// checkEventFile: root's, readable by the worker's group, by nobody else, not even by whose request it was.
func checkEventFile(t *testing.T, name string) {
	t.Helper()
	if got := strings.TrimSpace(run(t, "stat", "-c", "%U:%G %a", name)); got != "root:"+layout.UserSpool+" 640" {
		t.Errorf("%s is %s", name, got)
	}
	for _, user := range []string{"bruno", "anna", "admin", layout.UserGuest, "www-data"} {
		if out, status := asUser(t, user, "cat", name); status == 0 {
			t.Errorf("%s reads %s", user, out)
		}
		if _, status := asUser(t, user, "ls", layout.Events); status == 0 {
			t.Errorf("%s lists the events", user)
		}
	}
}

// TestLoginEvents: the account that it is about, never what else was typed.
func TestLoginEvents(t *testing.T) {
	d := needDemo(t)
	for _, row := range []struct{ user, password, told, result string }{
		{"bruno", d.password["bruno"], "bruno", "ok"},
		{"bruno", "wrong", "bruno", "not-logged-in"},
		{"nessuno", "wrong", "nessuno", "not-logged-in"},
		{"my secret password", "bruno", "?", "not-logged-in"},
		{"a\nb", "x", "?", "not-logged-in"},
	} {
		found := newEvents(t, "login", func() { tryLogin(t, row.user, row.password) })
		if len(found) != 1 || len(found[0].lines) != 2 {
			t.Errorf("%q: %+v", row.user, found)
			continue
		}
		begin, end := found[0].lines[0], found[0].lines[1]
		if begin["event"] != "login" || begin["user"] != row.told || end["result"] != row.result || found[0].Stamp.User != layout.UserGuest {
			t.Errorf("%q: %+v %v", row.user, found[0].Stamp, found[0].lines)
		}
		if text := read(t, found[0].name); strings.Contains(text, row.password) && row.password != "x" && row.password != "bruno" {
			t.Errorf("the password stands in %s", found[0].name)
		}
	}
}

// TestInterruptedEvent: while a request lasts its file is locked; when the handler is killed the lock falls, and the act
// has no end.
func TestInterruptedEvent(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	source := randomFile(t, 8*mib)
	found := newEvents(t, "shz", func() {
		cmd := curlCommand(t, "-b", jar(t, "bruno"), "--limit-rate", "2M", "-H", "Expect:", "-o", "/dev/null", "-T", source, "/cgi-bin/shz/"+zone+"/x")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait()
		pid := handler(t, "shz", "bruno")
		if !eventually(patience, func() bool { return nameless(pid) > 0 }) {
			t.Error("the upload did not begin")
		}
		locked := 0
		names, _ := filepath.Glob(layout.Events + "/*")
		for _, name := range names {
			if isLocked(t, name) {
				locked++
			}
		}
		if locked != 1 {
			t.Errorf("%d event files are locked during a request", locked)
		}
		kill(t, pid, unix.SIGKILL)
	})
	if len(found) != 1 || len(found[0].lines) != 1 || found[0].lines[0]["event"] != "upload" {
		t.Fatalf("%+v", found)
	}
	if !eventually(patience, func() bool { return !isLocked(t, found[0].name) }) {
		t.Error("still locked")
	}
}

func isLocked(t *testing.T, name string) bool {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil
}
