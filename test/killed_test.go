package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/zone"
	"sharezone/notify/queue"
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
	return tracedRequest(t, "PUT", source, target, nil, args...)
}

// tracedRequest is the same of any request; events is its event file, nil = none.
func tracedRequest(t *testing.T, method, source, target string, events *os.File, args ...string) (ended bool, said, log string) {
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
		"PATH=/usr/bin:/bin", "SHZ_REQUEST=0123456789abcdef", "SHZ_ENTRY=internal", "SHZ_USER=bruno", "REQUEST_METHOD=" + method,
		"SERVER_PROTOCOL=HTTP/1.1", "REMOTE_ADDR=127.0.0.1", "HTTP_HOST=127.0.0.1", "GATEWAY_INTERFACE=CGI/1.1",
		"GOMAXPROCS=1", "CONTENT_LENGTH=" + strconv.FormatInt(st.Size(), 10), "REQUEST_URI=" + target,
	}
	if events != nil {
		cmd.ExtraFiles, cmd.Env = []*os.File{events}, append(cmd.Env, "SHZ_EVENT_FD=3")
	}
	out, err := cmd.CombinedOutput()
	return err == nil, string(out), read(t, file)
}

// stamped makes an event file for a request of bruno's in a zone, as the gate does.
func stamped(t *testing.T, zone string) *os.File {
	t.Helper()
	now := time.Now().UTC()
	request := fmt.Sprintf("%016x", rand.Uint64())
	f, err := os.OpenFile(layout.Events+"/"+now.Format("20060102T150405.000000000Z")+"-"+request, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o640)
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}
	if err == nil {
		_, err = fmt.Fprintf(f, `{"version":1,"time":"%s","request":"%s","uid":%s,"user":"bruno","component":"shz","entry":"internal","address":"127.0.0.1","zone":"%s","zone_id":"%s"}`+"\n",
			now.Format(time.RFC3339), request, strconv.Itoa(uidOf(t, "bruno")), zone, zoneID(t, zone))
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// toldAnna are the files of which anna's messages tell that nobody sends; with a question mark what perhaps arrived.
func toldAnna(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, name := range queueFiles(t, "waiting") {
		var m queue.Message
		if err := json.Unmarshal([]byte(read(t, name)), &m); err != nil {
			t.Fatal(err)
		}
		for _, i := range m.Items {
			switch {
			case m.User != "anna":
			case m.Kind == queue.PerhapsArrived:
				paths = append(paths, i.Path+"?")
			default:
				paths = append(paths, i.Path)
			}
		}
	}
	slices.Sort(paths)
	return paths
}

// TestKilledHandlerIsTold: handlers of uploads and downloads are killed at each call that matters. What got its name reached those
// concerned, once, and what was about to get it anna as perhaps; whose file was perhaps taken knows it; and each act is in the log once.
func TestKilledHandlerIsTold(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	source, empty := randomFile(t, 200<<10), t.TempDir()+"/empty"
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	setConfig(t, "[notices]\ntell = \"upload,download\"\nwindow_minutes = 0\n[mail]\nhost = \"127.0.0.1\"\nport = 1\n")
	work(t)
	emptyQueue(t)
	t.Cleanup(func() { emptyQueue(t) })
	put(t, "anna", zone, "taken.bin")
	work(t)
	emptyQueue(t)
	id := zoneID(t, zone)
	var begun []string
	// untilItEnds kills a request at its first call, its second, and so on.
	untilItEnds := func(method, source, calls string, target func(n int) string) {
		t.Helper()
		for n, ended := 1, 0; ended < 2; n++ { // strace counts the calls of each thread by itself
			if n > 200 {
				t.Fatal("it never ends by itself")
			}
			f := stamped(t, zone)
			well, _, _ := tracedRequest(t, method, source, "/cgi-bin/shz/"+zone+"/"+target(n), f, "-e", "trace="+calls, "-e", "inject="+calls+":signal=KILL:when="+strconv.Itoa(n))
			if well {
				ended++
			}
			if text := read(t, f.Name()); strings.Count(text, "\n") > 1 {
				begun = append(begun, method)
			}
			f.Close()
			work(t)
		}
	}
	calls := []string{"linkat", "fsync", "write"} // at the first linkat a file has no name yet
	for _, call := range calls {
		untilItEnds("PUT", source, call, func(n int) string { return fmt.Sprintf("%s-%d.bin", call, n) })
	}
	uploads := len(begun)
	for _, call := range calls {
		untilItEnds("PUT", source, call, func(int) string { return "taken.bin?on_exists=rename" })
	}
	here, err := os.ReadDir(zonePath(zone))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, e := range here {
		if name := e.Name(); name != "taken.bin" && !strings.HasPrefix(name, ".") {
			want = append(want, name)
		}
	}
	if uploads < 5 || len(want) < 6 || len(want) >= len(begun) {
		t.Fatalf("of %d uploads that began %d got a name: they were killed at other calls than meant", len(begun), len(want))
	}
	got := toldAnna(t)
	all := len(got)
	got = slices.DeleteFunc(got, func(name string) bool { return strings.HasSuffix(name, "?") })
	if !slices.Equal(got, want) || len(got) == all {
		t.Errorf("anna is told of %q and of %d that she may have, there is %q", got, all-len(got), want)
	}
	emptyQueue(t)
	begun = nil
	var files []string
	for n := range 60 {
		name := fmt.Sprintf("of-anna-%02d", n)
		write(t, "anna", zonePath(zone, name), "some bytes")
		run(t, "setfacl", "-m", "u:bruno:r,m::r", zonePath(zone, name))
		files = append(files, name)
	}
	untilItEnds("GET", empty, "write,sendfile,splice,copy_file_range", func(n int) string { return files[n] })
	if got := toldAnna(t); len(begun) < 2 || len(got) != len(begun) {
		t.Errorf("%d downloads began, anna is told of %q", len(begun), got)
	}
	for range 2 {
		work(t)
	}
	acts := make(map[string]int)
	for _, act := range inLog(t, id, "") {
		acts[act]++
	}
	for act, n := range acts {
		if n > 1 && !strings.Contains(act, "taken") { // who is killed before he chose another name asked for this one
			t.Errorf("%d times in the log: %s", n, act)
		}
	}
	if left, err := os.ReadDir(layout.Events); err != nil || len(left) != 0 {
		t.Errorf("%d files are left in the spool, %v", len(left), err)
	}
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

// TestStoppedHandlerIsTold: whoever stops his handler hides what it did for a day, and no longer; when it goes on its end is recorded, and nobody
// is told twice.
func TestStoppedHandlerIsTold(t *testing.T) {
	top := newZone(t, "user:bruno=write")
	setConfig(t, "[notices]\ntell = \"upload,download\"\nwindow_minutes = 0\n[mail]\nhost = \"127.0.0.1\"\nport = 1\n")
	work(t)
	emptyQueue(t)
	t.Cleanup(func() { emptyQueue(t) })
	write(t, "bruno", zonePath(top, "stopped.txt"), "x")
	file, err := os.Open(zonePath(top, "stopped.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	f := stamped(t, top)
	fmt.Fprintf(f, `{"n":1,"event":"upload","path":"stopped.txt","file":"%s"}`+"\n"+`{"n":1,"path":"stopped.txt"}`+"\n", zone.FileIdentity(int(file.Fd())))
	expect := func(want ...string) {
		t.Helper()
		for range 2 {
			work(t)
		}
		if got := toldAnna(t); len(got) != min(1, len(want)) {
			t.Errorf("anna is told of %q", got)
		}
		if got := inLog(t, zoneID(t, top), "stopped"); !slices.Equal(got, want) {
			t.Errorf("the log has %q, not %q", got, want)
		}
	}
	expect()
	dayAgo := layout.Events + "/" + time.Now().UTC().Add(-25*time.Hour).Format("20060102T150405.000000000Z") + "-0123456789abcdef"
	if err := os.Rename(f.Name(), dayAgo); err != nil {
		t.Fatal(err)
	}
	expect("upload bruno stopped.txt running")
	fmt.Fprintln(f, `{"n":1,"result":"ok","bytes":1}`)
	f.Close()
	expect("upload bruno stopped.txt running", "upload bruno stopped.txt ok")
	if exists(dayAgo) {
		t.Error("it is left in the spool")
	}
}
