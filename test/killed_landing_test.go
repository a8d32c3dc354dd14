package test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sharezone/internal/event"
)

// TestKilledLandingIsTold: handlers that unpack, copy or move from another zone are killed at each call that matters. What got its name reached
// those concerned, once; what was about to get it anna as perhaps, and it is not there.
func TestKilledLandingIsTold(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	second := newZone2(t, zone)
	setConfig(t, "[notices]\ntell = \"upload,download\"\nwindow_minutes = 0\n[mail]\nhost = \"127.0.0.1\"\nport = 1\n")
	if out, status := asUser(t, "bruno", "sh", "-c", `cd "$1" && mkdir in && echo x >in/a && tar -cf in.tar in && for i in $(seq 60); do cp -r in folder-$i; echo y >file-$i; done`, "sh",
		zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	work(t)
	emptyQueue(t)
	t.Cleanup(func() { emptyQueue(t) })
	form, next := t.TempDir()+"/form", 0
	untilItEnds := func(call string, fields func(n int) string) (began int) {
		t.Helper()
		for n, ended := 1, 0; ended < 2; n++ { // strace counts the calls of each thread by itself
			if n > 60 {
				t.Fatal("it never ends by itself")
			}
			next++
			if err := os.WriteFile(form, []byte(fields(next)), 0o644); err != nil {
				t.Fatal(err)
			}
			f := stamped(t, zone)
			well, _, _ := tracedRequest(t, "POST", form, "/cgi-bin/shz/"+zone+"/", f, "-e", "trace="+call, "-e", "inject="+call+":signal=KILL:when="+strconv.Itoa(n),
				"-E", "CONTENT_TYPE=application/x-www-form-urlencoded")
			if well {
				ended++
			}
			if strings.Count(read(t, f.Name()), "\n") > 1 {
				began++
			}
			f.Close()
			work(t)
		}
		return began
	}
	for _, row := range []struct {
		what   string
		calls  []string
		lands  string // zone
		fields func(n int) string
	}{
		{"unpacked", []string{"write", "renameat2"}, zone, func(n int) string { return fmt.Sprintf("op=unzip&name=in.tar&to=unpacked-%d", n) }},
		{"folder", []string{"write", "renameat2"}, second, func(n int) string { return fmt.Sprintf("op=copy&name=folder-%d&to=/%s/", n, second) }},
		{"file", []string{"write", "linkat"}, second, func(n int) string { return fmt.Sprintf("op=move&name=file-%d&to=/%s/", n, second) }},
	} {
		began, perhaps := 0, 0
		next = 0
		for _, call := range row.calls {
			began += untilItEnds(call, row.fields)
		}
		var there, sure []string
		entries, err := os.ReadDir(zonePath(row.lands))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), row.what+"-") {
				there = append(there, e.Name())
			}
		}
		for _, name := range toldAnna(t) {
			if strings.HasSuffix(name, "?") {
				perhaps++
			} else {
				sure = append(sure, name)
			}
		}
		if !slices.Equal(sure, there) || perhaps == 0 || len(there) < 5 || len(there) >= began {
			t.Errorf("of %d that began anna is told of %q, and of %d that she may have; there is %q", began, sure, perhaps, there)
		}
		emptyQueue(t)
	}
	interrupted := 0
	for _, act := range inLog(t, zoneID(t, second), "") {
		if strings.Contains(act, event.Interrupted) {
			interrupted++
		}
	}
	if interrupted == 0 {
		t.Error("nothing was interrupted")
	}
}
