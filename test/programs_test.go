package test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// TestProgramsOfTheSite: the real worker tells programs what arrived and what was taken, as shzspool, and nobody else's program.
func TestProgramsOfTheSite(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	work(t)
	out := layout.WorkerState + "/told-to-programs"
	t.Cleanup(func() { os.Remove(out) })
	for _, folder := range []string{layout.PostUpload, layout.PostDownload} {
		program := folder + "/tell"
		script := "#!/bin/sh\n[ \"$3\" = " + zone + " ] && { id -un; echo \"$1 $2 $4\"; cat; } >>" + out + "\n"
		if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Remove(program) })
	}
	put(t, "bruno", zone, "a%20b.txt")
	if a := curlAs(t, "anna", "/cgi-bin/shz/"+zone+"/a%20b.txt"); a.status != 200 {
		t.Fatal(a.status)
	}
	if a := jsonAs(t, "bruno", "-d", "x", "-X", "PUT", "/cgi-bin/shz/"+zone+"/a%20b.txt"); a.status != 409 {
		t.Fatal(a.status)
	}
	work(t)
	work(t)
	lines := strings.Split(read(t, out), "\n")
	if len(lines) != 7 || lines[0] != layout.UserSpool || lines[1] != "upload bruno a b.txt" || lines[4] != "download anna a b.txt" {
		t.Fatalf("%q", lines)
	}
	for _, text := range []string{lines[2], lines[5]} {
		var act struct{ Zone, Path, Result string }
		if err := json.Unmarshal([]byte(text), &act); err != nil || act.Zone != zone || act.Path != "a b.txt" || act.Result != "ok" {
			t.Errorf("%s: %v", text, err)
		}
	}
	run(t, "chown", "bruno:", layout.PostUpload+"/tell")
	put(t, "bruno", zone, "later.txt")
	work(t)
	if now := read(t, out); strings.Contains(now, "later.txt") {
		t.Errorf("a program of bruno's ran: %q", now)
	}
}
