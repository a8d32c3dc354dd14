package test

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Uploads that are killed between two steps, by strace: the handler dies as it enters a system call.

// tracedUpload says whether the traced handler of an upload ended by itself, which is well then, and returns strace's log.
func tracedUpload(t *testing.T, source, target string, args ...string) (ended bool, log string) {
	t.Helper()
	ended, said, log := traced(t, source, target, args...)
	if ended && !strings.HasPrefix(said, "Status: 20") {
		t.Fatalf("%q: %s", args, said)
	}
	return ended, log
}

// traced runs the handler of an upload as bruno under strace, as the gate would run it. It returns whether it ended by
// itself, what it answered, and strace's log.
func traced(t *testing.T, source, target string, args ...string) (ended bool, said, log string) {
	t.Helper()
	in, err := os.Open(source)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/strace"
	argv := append([]string{"-f", "-qq", "-o", file, "-u", "bruno"}, args...)
	cmd := exec.Command("strace", append(argv, "/usr/lib/sharezone/cgi-bin/shz")...)
	cmd.Stdin = in
	cmd.Env = []string{
		"PATH=/usr/bin:/bin", "SHZ_REQUEST=0123456789abcdef", "SHZ_ENTRY=internal", "SHZ_USER=bruno", "REQUEST_METHOD=PUT",
		"SERVER_PROTOCOL=HTTP/1.1", "REMOTE_ADDR=127.0.0.1", "HTTP_HOST=127.0.0.1", "GATEWAY_INTERFACE=CGI/1.1",
		"GOMAXPROCS=1", "CONTENT_LENGTH=" + strconv.FormatInt(st.Size(), 10), "REQUEST_URI=" + target,
	}
	out, err := cmd.CombinedOutput()
	return err == nil, string(out), read(t, file)
}

// TestUploadStopsAtEachStep: up to the linkat there is nothing, after it the whole file.
func TestUploadStopsAtEachStep(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	source := randomFile(t, 3*mib)
	for i, row := range []struct {
		call, when string
		whole      bool
	}{
		{"openat2", "1", false},
		{"fstatfs", "1", false},
		{"fsync", "1", false},
		{"linkat", "1", false},
		{"fsync", "2", true},
	} {
		t.Run(row.call+" "+row.when, func(t *testing.T) {
			name := fmt.Sprintf("step%d.bin", i)
			space := free(t, zonePath(zone))
			before := snapshot(t, zonePath(zone))
			// strace counts the calls of each thread by itself, and the second can be another thread's first.
			ended := true
			for try := 0; ended && try < mostTries; try++ {
				os.Remove(zonePath(zone, name))
				ended, _ = tracedUpload(t, source, "/cgi-bin/shz/"+zone+"/"+name, "-e", "trace="+row.call, "-e", "inject="+row.call+":signal=KILL:when="+row.when)
			}
			if ended {
				t.Fatal("the handler never came to this call")
			}
			if !row.whole {
				compare(t, before, snapshot(t, zonePath(zone)))
				if lost := space - free(t, zonePath(zone)); lost > mib {
					t.Errorf("%d bytes are gone", lost)
				}
				return
			}
			if digestOf(t, zonePath(zone, name)) != digestOf(t, source) {
				t.Error("a name without its bytes")
			}
		})
	}
}

// TestUploadStopsAtEachCall does the same at every system call that an upload makes, for a new file and for one that
// replaces another: under the name stands nothing, all of the old file or all of the new one.
func TestUploadStopsAtEachCall(t *testing.T) {
	needLong(t)
	zone := newZone(t, "user:bruno=write")
	source := randomFile(t, 200<<10)
	want := digestOf(t, source)
	for _, query := range []string{"", "?on_exists=replace"} {
		_, log := tracedUpload(t, source, "/cgi-bin/shz/"+zone+"/counted.bin"+query)
		calls := make(map[string]int)
		for _, m := range regexp.MustCompile(`(?m)^[0-9]+ +([a-z0-9_]+)\(`).FindAllStringSubmatch(log, -1) {
			calls[m[1]]++
		}
		if calls["linkat"] == 0 || calls["fsync"] < 2 {
			t.Fatalf("calls of an upload: %v", calls)
		}
		place := zonePath(zone, "x.bin")
		for call, n := range calls {
			for when := 1; when <= n && when <= 40; when++ {
				run(t, "find", zonePath(zone), "-mindepth", "1", "-delete")
				old := "nothing"
				if query != "" {
					write(t, "bruno", place, "old")
					old = digestOf(t, place)
				}
				tracedUpload(t, source, "/cgi-bin/shz/"+zone+"/x.bin"+query, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, when))
				got := "nothing"
				if exists(place) {
					got = digestOf(t, place)
				}
				if got != old && got != want {
					t.Errorf("%s %d%s: half of a file", call, when, query)
				}
				if query != "" && len(oldFiles(t, zone)) != 1 {
					t.Errorf("%s %d: the old file is %q", call, when, oldFiles(t, zone))
				}
				// Replacing needs a second name, which may stay, reserved, until a day has gone by.
				if left := hidden(t, zonePath(zone)); len(left) > 0 && query == "" {
					t.Errorf("%s %d: left behind %q", call, when, left)
				}
			}
		}
	}
}

// oldFiles are those in the zone, and in its trash, with the content old; what is swept away one day does not count.
func oldFiles(t *testing.T, zone string) []string {
	t.Helper()
	return strings.Fields(run(t, "find", zonePath(zone), "-type", "f", "-not", "-name", ".shz-put-*", "-exec", "grep", "-lx", "old", "{}", ";"))
}

// TestReplaceKilled: wherever a replacement is killed, the old file is whole under its name or in the trash, and the new one whole or
// not there.
func TestReplaceKilled(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	source := randomFile(t, 100<<10)
	want := digestOf(t, source)
	place := zonePath(zone, "x.bin")
	for _, row := range []struct {
		call, when string
		replaced   bool
	}{
		{"linkat", "2", false},    // its hidden name
		{"mkdirat", "2", false},   // the folder in the trash
		{"linkat", "3", false},    // its name there
		{"renameat2", "1", false}, // the exchange
		{"unlinkat", "1", true},   // the hidden name goes
		{"fsync", "2", true},
	} {
		t.Run(row.call+" "+row.when, func(t *testing.T) {
			ended := true
			for try := 0; ended && try < mostTries; try++ {
				run(t, "find", zonePath(zone), "-mindepth", "1", "-delete")
				write(t, "bruno", place, "old")
				ended, _ = tracedUpload(t, source, "/cgi-bin/shz/"+zone+"/x.bin?on_exists=replace", "-e", "trace="+row.call, "-e", "inject="+row.call+":signal=KILL:when="+row.when)
			}
			if ended {
				t.Fatal("the handler never came to this call")
			}
			left := oldFiles(t, zone)
			if len(left) != 1 || strings.Contains(left[0], "/.shz-trash-") != row.replaced || row.replaced != (digestOf(t, place) == want) {
				t.Errorf("the old one is %q", left)
			}
			if names := list(t, "bruno", "/cgi-bin/shz/"+zone+"/").entryNames(); len(names) != 1 {
				t.Errorf("the folder shows %q", names)
			}
			if row.replaced {
				says(t, "bruno", "/cgi-bin/shz/"+zone+"/", "ok", "op=restore", "id="+inTrash(t, "bruno", zone, "x.bin").ID, "on_exists=rename")
				if read(t, zonePath(zone, "x (2).bin")) != "old" {
					t.Error("the old one does not come back")
				}
			}
		})
	}
}

// TestReplaceKilledWithoutTrash: the old file is to go for good, and lies hidden beside the new one. The next replacement looks at it,
// and leaves it until it is a day old (leftover_test.go of internal/zone).
func TestReplaceKilledWithoutTrash(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	if out, status := asUser(t, "anna", "setfattr", "-n", "user.shz.trash", "-v", "off", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	source := randomFile(t, 100<<10)
	place := zonePath(zone, "x.bin")
	ended := true
	for try := 0; ended && try < mostTries; try++ {
		run(t, "find", zonePath(zone), "-mindepth", "1", "-delete")
		write(t, "bruno", place, "old")
		ended, _ = tracedUpload(t, source, "/cgi-bin/shz/"+zone+"/x.bin?on_exists=replace", "-e", "trace=unlinkat", "-e", "inject=unlinkat:signal=KILL:when=1")
	}
	if ended {
		t.Fatal("the handler never came to this call")
	}
	left := hidden(t, zonePath(zone))
	if digestOf(t, place) != digestOf(t, source) || len(left) != 1 || !strings.HasPrefix(left[0], ".shz-put-") || read(t, zonePath(zone, left[0])) != "old" {
		t.Fatalf("left: %q", left)
	}
	if names := list(t, "bruno", "/cgi-bin/shz/"+zone+"/").entryNames(); len(names) != 1 {
		t.Errorf("the folder shows %q", names)
	}
	if _, log := tracedUpload(t, source, "/cgi-bin/shz/"+zone+"/x.bin?on_exists=replace"); !strings.Contains(log, left[0][:30]) { // strace shows 32 bytes
		t.Error("the next replacement does not look after it")
	}
	if now := hidden(t, zonePath(zone)); len(now) != 1 || now[0] != left[0] {
		t.Errorf("left: %q", now)
	}
}
