package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Renaming, moving and copying on a real ext4 with real ACLs: who can read what arrives, and what is there after the
// handler was killed.

// tracedForm runs the handler of a form as bruno under strace, as the gate would run it, and says whether it ended by
// itself. It returns strace's log.
func tracedForm(t *testing.T, folder, fields string, args ...string) (ended bool, log string) {
	t.Helper()
	file := t.TempDir() + "/strace"
	argv := append([]string{"-f", "-qq", "-o", file, "-u", "bruno"}, args...)
	cmd := exec.Command("strace", append(argv, "/usr/lib/sharezone/cgi-bin/shz")...)
	cmd.Stdin = strings.NewReader(fields)
	cmd.Env = []string{
		"PATH=/usr/bin:/bin", "SHZ_REQUEST=0123456789abcdef", "SHZ_ENTRY=internal", "SHZ_USER=bruno", "REQUEST_METHOD=POST",
		"SERVER_PROTOCOL=HTTP/1.1", "REMOTE_ADDR=127.0.0.1", "HTTP_HOST=127.0.0.1", "GATEWAY_INTERFACE=CGI/1.1",
		"HTTP_ACCEPT=application/json", "CONTENT_TYPE=application/x-www-form-urlencoded", "GOMAXPROCS=1",
		"CONTENT_LENGTH=" + strconv.Itoa(len(fields)), "REQUEST_URI=" + folder,
	}
	out, err := cmd.CombinedOutput()
	if err == nil && !strings.Contains(string(out), `"status":"ok"`) {
		t.Fatalf("%q %q: %s", fields, args, out)
	}
	return err == nil, read(t, file)
}

// mostTries is how often a killed call is tried: strace counts the calls of each thread by itself, and Go may spread them
// over several.
const mostTries = 20

// carryKilled is what is moved or copied, and what must be there afterwards wherever the handler died.
type carryKilled struct {
	name    string
	prepare string // a shell script of bruno's, in the zone from
	fields  string
	files   map[string]string // path below from: content; each must be whole in one of the zones, or in both
}

func carriesKilled(to string) []carryKilled {
	tree := "mkdir -p d/sub/empty; printf one >d/one; printf two >d/sub/two; printf three >d/sub/three"
	files := map[string]string{"d/one": "one", "d/sub/two": "two", "d/sub/three": "three"}
	file := map[string]string{"one": "one"}
	return []carryKilled{
		{"move file", "printf one >one", "op=move&name=one&to=/" + to + "/", file},
		{"copy file", "printf one >one", "op=copy&name=one&to=/" + to + "/", file},
		{"move folder", tree, "op=move&name=d&to=/" + to + "/", files},
		{"copy folder", tree, "op=copy&name=d&to=/" + to + "/", files},
	}
}

// run puts everything in its place, has the handler killed, and looks.
func (c carryKilled) run(t *testing.T, from, to string, args ...string) (ended bool, log string) {
	t.Helper()
	for _, zone := range []string{from, to} {
		run(t, "find", zonePath(zone), "-mindepth", "1", "-delete")
	}
	if out, status := asUser(t, "bruno", "sh", "-c", "cd "+zonePath(from)+"; "+c.prepare); status != 0 {
		t.Fatal(out)
	}
	ended, log = tracedForm(t, "/cgi-bin/shz/"+from+"/", c.fields, args...)
	arrived := 0
	for path, content := range c.files {
		seen := 0
		for _, zone := range []string{from, to} {
			b, err := os.ReadFile(zonePath(zone, path))
			if err == nil {
				seen++
				if zone == to {
					arrived++
				}
				if string(b) != content {
					t.Errorf("%s %q: %s in %s is %q", c.name, args, path, zone, b)
				}
			}
		}
		if seen == 0 {
			t.Errorf("%s %q: %s is lost", c.name, args, path)
		}
		if seen == 2 && ended && strings.HasPrefix(c.name, "move") {
			t.Errorf("%s %q: %s is doubled", c.name, args, path)
		}
	}
	if arrived != 0 && arrived != len(c.files) {
		t.Errorf("%s %q: %d of %d files arrived", c.name, args, arrived, len(c.files))
	}
	return ended, log
}

// twoZones are zones of anna's to which bruno may write.
func twoZones(t *testing.T) (from, to string) {
	t.Helper()
	from = newZone(t, "user:bruno=write", "user:carla=read")
	to = from + "-2"
	run(t, "shzadm", "zone", "add", to, "--owner", "anna")
	t.Cleanup(func() {
		if err := os.RemoveAll(zonePath(to)); err != nil {
			t.Error(err)
		}
	})
	run(t, "shzadm", "zone", "share", to, "user:bruno=write", "user:admin=read")
	return from, to
}

// TestCarryStopsAtEachStep: a file and a folder between two zones, killed at the calls that write.
func TestCarryStopsAtEachStep(t *testing.T) {
	from, to := twoZones(t)
	for i, calls := range [][]string{
		{"copy_file_range 1", "utimensat 1", "fsync 1", "linkat 1", "fsync 2", "renameat2 1", "unlinkat 1"},
		{"copy_file_range 1", "fsync 1", "linkat 1"},
		{"mkdirat 1", "mkdirat 2", "copy_file_range 2", "utimensat 3", "syncfs 1", "renameat2 1", "renameat2 2", "unlinkat 1", "renameat2 3", "unlinkat 4"},
		{"mkdirat 1", "mkdirat 3", "copy_file_range 3", "syncfs 1", "renameat2 1"},
	} {
		c := carriesKilled(to)[i]
		for _, call := range calls {
			name, when, _ := strings.Cut(call, " ")
			ended := true
			for tries := 0; ended && tries < mostTries; tries++ {
				ended, _ = c.run(t, from, to, "-e", "trace="+name, "-e", "inject="+name+":signal=KILL:when="+when)
			}
			if ended {
				t.Errorf("%s: the handler never came to %s", c.name, call)
			}
		}
	}
}

// TestCarryStopsAtEachCall does the same at every system call.
func TestCarryStopsAtEachCall(t *testing.T) {
	needLong(t)
	from, to := twoZones(t)
	for _, c := range carriesKilled(to) {
		ended, log := c.run(t, from, to)
		calls := make(map[string]int)
		for _, m := range regexp.MustCompile(`(?m)^[0-9]+ +([a-z0-9_]+)\(`).FindAllStringSubmatch(log, -1) {
			calls[m[1]]++
		}
		if !ended || calls["copy_file_range"] == 0 {
			t.Fatalf("%s: %v", c.name, calls)
		}
		for call, n := range calls {
			for when := 1; when <= n && when <= 60; when++ {
				c.run(t, from, to, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, when))
			}
		}
	}
}

// TestRenameStopsAtEachStep: renaming within a zone, also onto a file that it replaces.
func TestRenameStopsAtEachStep(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	place := func(name string) string { return zonePath(zone, name) }
	for _, call := range []string{"renameat2 1", "renameat2 2", "unlinkat 1"} {
		name, when, _ := strings.Cut(call, " ")
		ended := true
		for tries := 0; ended && tries < mostTries; tries++ {
			os.Remove(place("new"))
			write(t, "bruno", place("old"), "content")
			write(t, "bruno", place("new"), "replaced")
			ended, _ = tracedForm(t, "/cgi-bin/shz/"+zone+"/", "op=rename&name=old&to=new&on_exists=replace", "-e", "trace="+name, "-e", "inject="+name+":signal=KILL:when="+when)
			both := []string{read(t, place("new"))}
			if exists(place("old")) {
				both = append(both, read(t, place("old")))
			}
			if got := strings.Join(both, " "); got != "replaced content" && got != "content replaced" && got != "content" {
				t.Errorf("%s: %s", call, got)
			}
		}
		if ended {
			t.Errorf("the handler never came to %s", call)
		}
	}
}

// TestCarryGivesAccess: who may read in the target reads what arrives there, and who may read where it came from alone
// does not any more. getfacl says the same as of an upload.
func TestCarryGivesAccess(t *testing.T) {
	from, to := twoZones(t)
	script := `cd "$1"; mkdir -p d/sub; printf x >d/sub/file; printf x >f; printf x >g; mkdir d2; printf x >d2/file`
	if out, status := asUser(t, "bruno", "sh", "-c", script, "sh", zonePath(from)); status != 0 {
		t.Fatal(out)
	}
	for _, fields := range [][]string{{"op=move", "name=d"}, {"op=move", "name=f"}, {"op=copy", "name=g"}, {"op=copy", "name=d2"}} {
		a := form(t, "bruno", "/cgi-bin/shz/"+from+"/", false, append(fields, "to=/"+to+"/")...)
		if a.status != 200 || !strings.Contains(a.body, `"status":"ok"`) {
			t.Errorf("%v: %d %s", fields, a.status, a.body)
		}
	}
	if a := curlAs(t, "bruno", "-T", "/etc/hostname", "/cgi-bin/shz/"+to+"/upload"); a.status != 201 {
		t.Fatal(a.status)
	}
	acl := func(name string) string { return run(t, "getfacl", "-c", "-p", "--", zonePath(to, name)) }
	for _, name := range []string{"f", "g", "d/sub/file", "d2/file"} {
		if got, want := acl(name), acl("upload"); got != want {
			t.Errorf("%s:\n%s\nnot\n%s", name, got, want)
		}
		if a := curlAs(t, "admin", "/cgi-bin/shz/"+to+"/"+name); a.status != 200 || a.body != "x" {
			t.Errorf("admin reads %s: %d", name, a.status)
		}
		if _, status := asUser(t, "carla", "cat", zonePath(to, name)); status == 0 {
			t.Errorf("carla reads %s", name)
		}
	}
	// Both zones' owners see it.
	for zone, path := range map[string]string{from: "f", to: "f"} {
		if told := run(t, "shzadm", "activity", zone, "--json"); !strings.Contains(told, `"event": "move"`) || !strings.Contains(told, `"path": "`+path+`"`) {
			t.Errorf("the activity of %s: %s", zone, told)
		}
	}
	if exists(zonePath(from, "d")) || exists(zonePath(from, "f")) || !exists(zonePath(from, "g")) || !exists(zonePath(from, "d2/file")) {
		t.Error("what was moved stays, or what was copied is gone")
	}
	// Who reads alone copies to where he may write, and moves nothing.
	if a := form(t, "admin", "/cgi-bin/shz/"+to+"/", false, "op=move", "name=f", "to=/"+to+"/d"); !strings.Contains(a.body, "not-permitted") {
		t.Error(a.body)
	}
}

// TestCarryHundredThousand: as many files as that, moved between zones in one request, in little memory.
func TestCarryHundredThousand(t *testing.T) {
	needLong(t)
	from, to := twoZones(t)
	script := `mkdir "$1/d" && cd "$1/d" && seq -f 'file %06g' 99000 | xargs -d '\n' touch && seq -f 'folder %06g' 1000 | xargs -d '\n' mkdir`
	if out, status := asUser(t, "bruno", "sh", "-c", script, "sh", zonePath(from)); status != 0 {
		t.Fatal(out)
	}
	body, err := json.Marshal(map[string]string{"op": "move", "name": "d", "to": "/" + to + "/"})
	if err != nil {
		t.Fatal(err)
	}
	cmd := curlCommand(t, "-b", jar(t, "bruno"), "-H", "Accept: application/json", "-H", "Content-Type: application/json", "--data-binary", string(body),
		"--max-time", "600", "-o", filepath.Join(t.TempDir(), "answer"), "/cgi-bin/shz/"+from+"/")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := handler(t, "shz", "bruno")
	most := 0
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			break
		}
		if kib, _ := strconv.Atoi(strings.TrimSuffix(statusFields(string(status))["VmHWM"], " kB")); kib > most {
			most = kib
		}
		run(t, "sleep", "0.2")
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if most == 0 || most > 40<<10 {
		t.Errorf("the handler took %d KiB", most)
	}
	if exists(zonePath(from, "d")) {
		t.Error("the source is still there")
	}
	if l := list(t, "bruno", "/cgi-bin/shz/"+to+"/d/?limit=1"); l.Total == nil || *l.Total != 100_000 {
		t.Errorf("%+v", l)
	}
}
