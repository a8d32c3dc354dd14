package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// secondHost makes a host of its own that receives mail, behind a wire.
const secondHost = `
ip netns add mailhost
ip link add tomail type veth peer name toshare netns mailhost
ip addr add 192.0.2.20/24 dev tomail; ip link set tomail up
ip -n mailhost addr add 192.0.2.25/24 dev toshare; ip -n mailhost link set toshare up; ip -n mailhost link set lo up
`

// TestSecondHost: messages go to a smarthost on another machine; with the wire cut they wait, and each arrives once when it is back.
func TestSecondHost(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	sink := "/usr/sbin/smtp-sink"
	if !exists(sink) {
		t.Skip("Postfix is not installed")
	}
	if said, exit := output(t, "ip", "netns", "add", "mailhost"); exit != 0 {
		t.Skip("no network namespaces here: " + said)
	}
	run(t, "ip", "netns", "del", "mailhost")
	t.Cleanup(func() { command(t, "sh", "-c", "ip netns del mailhost; ip link del tomail") })
	run(t, "sh", "-ec", secondHost)
	inbox := t.TempDir()
	server := exec.Command("nsenter", "--net=/run/netns/mailhost", sink, "-u", "root", "-d", inbox+"/mail.", "192.0.2.25:25", "20")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	waitFor(t, "the second host", func() bool {
		_, exit := output(t, "nsenter", "--net=/run/netns/mailhost", "sh", "-c", "ss -ltn | grep -q 192.0.2.25:25")
		return exit == 0
	})
	setConfig(t, "[notices]\nwindow_minutes = 0\nlanguage = \"en\"\n[mail]\nhost = \"192.0.2.25\"\ntls = \"none\"\ndomain = \"elsewhere.test\"\n")
	work(t)
	emptyQueue(t)
	arrived := func() (all []string) {
		found, _ := filepath.Glob(inbox + "/*")
		for _, name := range found {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, subjectLine.FindString(string(b)))
		}
		return all
	}
	put(t, "bruno", zone, "one.txt")
	work(t)
	waitFor(t, "the first mail", func() bool { return len(arrived()) == 1 })
	run(t, "ip", "link", "set", "tomail", "down")
	put(t, "bruno", zone, "two.txt")
	for range 2 {
		work(t)
	}
	if n := queued(t, "waiting"); n != 1 || len(arrived()) != 1 {
		t.Errorf("with the wire cut %d wait, %q arrived", n, arrived())
	}
	run(t, "ip", "link", "set", "tomail", "up")
	waitFor(t, "the wire", func() bool {
		_, exit := output(t, "bash", "-c", "exec 3<>/dev/tcp/192.0.2.25/25")
		return exit == 0
	})
	for range 2 {
		work(t)
	}
	waitFor(t, "the second mail", func() bool { return len(arrived()) >= 2 })
	if all := arrived(); len(all) != 2 || !strings.Contains(all[0], "1 new file by bruno in the zone "+zone) || queued(t, "*") != 0 {
		t.Errorf("%q, %d in the queue", all, queued(t, "*"))
	}
}
