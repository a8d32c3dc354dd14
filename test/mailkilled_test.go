package test

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sharezone/internal/layout"
	"sharezone/notify/mail/mailtest"
)

var killedFile = regexp.MustCompile(`killed-[0-9]+\.txt`)

// TestWorkerKilledMailing: the real program, killed as it enters a system call on the way from a request to a mail, with --long each of
// them, and another act waiting each time. In the end each recipient has each file in one message, which comes twice where the
// mail server took it and the worker did not live to hear it; and each act is in the log once.
func TestWorkerKilledMailing(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:admin=read")
	server := mailtest.Start(t, false, "")
	setConfig(t, fmt.Sprintf("[notices]\nwindow_minutes = 0\nlanguage = \"en\"\n[mail]\nhost = \"127.0.0.1\"\nport = %d\ntls = \"none\"\n", server.Port))
	work(t)
	emptyQueue(t)
	t.Cleanup(func() { emptyQueue(t) })
	before := len(server.Mails())
	expected, killed := 0, 0
	for _, row := range []struct {
		call string
		step int
	}{{"connect", 1}, {"renameat", 2}, {"unlinkat", 2}, {"fsync", 4}, {"write", 5}, {"openat", 7}} {
		for n, ended := 1, false; !ended; n += rounds(row.step, 1) {
			if n > 1000 {
				t.Fatal("it never ends by itself")
			}
			if expected++; expected%20 == 0 {
				work(t) // a message names 50 files, and what waits is one
			}
			put(t, "bruno", zone, fmt.Sprintf("killed-%d.txt", expected))
			cmd := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-u", layout.UserSpool, "-e", "trace="+row.call,
				"-e", "inject="+row.call+":signal=SIGKILL:when="+strconv.Itoa(n), workerProgram)
			out, err := cmd.CombinedOutput()
			ended = err == nil
			switch cmd.ProcessState.ExitCode() {
			case -1:
				killed++
			case 0, 1: // 1: what it had started was killed
			default:
				t.Fatalf("%s %d: %s", row.call, n, out)
			}
		}
	}
	for range 3 {
		work(t)
	}
	if n := queued(t, "*"); n != 0 {
		t.Errorf("%d are left in the queue", n)
	}
	told := make(map[string]map[string]bool) // by recipient and file: in which messages
	for _, m := range server.Mails()[before:] {
		id := messageID.FindString(m.Text)
		if id == "" {
			t.Fatal(m.Text)
		}
		plain, _, _ := strings.Cut(m.Text, "text/html")
		for _, file := range killedFile.FindAllString(plain, -1) {
			if told[m.To+" "+file] == nil {
				told[m.To+" "+file] = make(map[string]bool)
			}
			told[m.To+" "+file][id] = true
		}
	}
	if len(told) != 2*expected {
		t.Errorf("%d files are told, of %d for two people each", len(told), expected)
	}
	for what, messages := range told {
		if len(messages) != 1 {
			t.Errorf("%s is in %d messages", what, len(messages))
		}
	}
	if got := inLog(t, zoneID(t, zone), "killed-"); len(got) != expected {
		t.Errorf("the log has %d acts of %d", len(got), expected)
	}
	t.Logf("killed %d times, %d mails", killed, len(server.Mails())-before)
}
