package test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// eicar is the file by which scanners are tried. It stands here in two parts, so that none finds it in the sources.
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}` + `$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// startClamd starts ClamAV's daemon with one signature, and returns what ends it. clamdscan finds it by the usual file.
func startClamd(t *testing.T) (stop func()) {
	t.Helper()
	const settings = "/etc/clamav/clamd.conf"
	dir := t.TempDir()
	signature := "Eicar-Local:0:*:" + fmt.Sprintf("%x", eicar) + "\n"
	// What were sent through the socket, and not as a descriptor, would be too long.
	text := "StreamMaxLength 1\nLocalSocket /run/shz-clamd.ctl\nLocalSocketMode 666\nDatabaseDirectory " + dir + "\nForeground yes\nTemporaryDirectory " + dir + "\n"
	before, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.WriteFile(settings, before, 0o644) })
	for name, content := range map[string]string{settings: text, dir + "/local.ndb": signature} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("clamd")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() { cmd.Process.Kill(); cmd.Wait(); os.Remove("/run/shz-clamd.ctl") }
	t.Cleanup(stop)
	if !eventually(patience, func() bool { return exec.Command("clamdscan", "--ping", "1").Run() == nil }) {
		t.Fatal("clamd does not answer")
	}
	return stop
}

// TestVirusScan: what the scanner knows gets no name, as a file and inside a zip; a scanner that does not answer is said, and
// what is brought meanwhile goes by the setting.
func TestVirusScan(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	stop := startClamd(t)
	program := layout.PreUpload + "/virus-scan"
	if err := os.WriteFile(program, []byte("#!/bin/sh\nexec /usr/lib/sharezone/virus-scan\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(program) })
	dir := t.TempDir()
	for name, text := range map[string]string{"eicar": eicar, "clean": "nothing in it\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "sh", "-c", `cd "$1" && zip -q eicar.zip eicar clean && zip -q clean.zip clean`, "sh", dir)
	bring := func(name string) answer { return jsonAs(t, "bruno", "-T", dir+"/"+name, folder) }
	for name, want := range map[string]int{"clean": 201, "clean.zip": 201, "eicar": 422, "eicar.zip": 422} {
		if a := bring(name); a.status != want || exists(zonePath(zone, name)) != (want == 201) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	said := run(t, "shzadm", "activity", "--json")
	if !strings.Contains(said, `"rejected"`) {
		t.Errorf("the activity does not tell: %.1000s", said)
	}
	doctor := func() string { said, _ := output(t, "shzadm", "doctor", "--json"); return said }
	if strings.Contains(doctor(), "scanner-down") {
		t.Error("doctor finds the scanner down while it answers")
	}

	stop()
	if !strings.Contains(doctor(), "scanner-down") {
		t.Error("doctor does not tell that the scanner is down")
	}
	run(t, "rm", zonePath(zone, "clean"))
	if a := bring("clean"); a.status != 503 || exists(zonePath(zone, "clean")) {
		t.Errorf("scanner down: %d %s", a.status, a.body)
	}
	setConfig(t, "[uploads]\nunscanned = \"accept\"\n")
	if a := bring("clean"); a.status != 201 || !exists(zonePath(zone, "clean")) {
		t.Errorf("scanner down, accepted: %d %s", a.status, a.body)
	}
}
