package test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/notify/mail/mailtest"
)

// secondHost makes a host of its own that receives mail, behind a wire.
const secondHost = `
ip netns add mailhost
ip link add tomail type veth peer name toshare netns mailhost
ip addr add 192.0.2.20/24 dev tomail; ip link set tomail up
ip -n mailhost addr add 192.0.2.25/24 dev toshare; ip -n mailhost link set toshare up; ip -n mailhost link set lo up
`

// makeSecondHost makes it, until the test ends.
func makeSecondHost(t *testing.T) {
	t.Helper()
	if said, exit := output(t, "ip", "netns", "add", "mailhost"); exit != 0 {
		t.Skip("no network namespaces here: " + said)
	}
	run(t, "ip", "netns", "del", "mailhost")
	t.Cleanup(func() { command(t, "sh", "-c", "ip netns del mailhost; ip link del tomail") })
	run(t, "sh", "-ec", secondHost)
}

// listenThere listens on the second host: a socket stays in the network namespace in which it was made.
func listenThere(t *testing.T) net.Listener {
	t.Helper()
	var l net.Listener
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this
		there, err := os.Open("/run/netns/mailhost")
		if err == nil {
			err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			l, err = net.Listen("tcp4", "192.0.2.25:25")
		}
		made <- err
	}()
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	return l
}

// TestSecondHost: messages go to a smarthost on another machine; with the wire cut they wait, and each arrives once when it is back.
func TestSecondHost(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	sink := "/usr/sbin/smtp-sink"
	if !exists(sink) {
		t.Skip("Postfix is not installed")
	}
	makeSecondHost(t)
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

var messageID = regexp.MustCompile(`(?mi)^Message-ID:\s*<[^>]+>`)

// TestMailWay: bruno brings 500 files, and a mail server on a second host stalls, refuses one recipient, and drops the connection
// after it took a mail; the worker is killed meanwhile. In the end, by way of the machine's own Postfix, anna has one message that lists
// the files up to its limit, carla none, and bruno is told that anna took one.
func TestMailWay(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:admin=read")
	postfix(t)
	makeSecondHost(t)
	server := mailtest.Serve(t, listenThere(t), false, "")
	stalls, goOn, answers := make(chan bool, 10), make(chan bool), make(chan string, 10)
	server.Answer = func(command string) string {
		switch {
		case command == "RCPT admin@elsewhere.test":
			return "550 5.1.1 nobody of this name"
		case command != ".":
			return ""
		}
		select {
		case answer := <-answers:
			if answer == "stall" {
				stalls <- true
				<-goOn
				return "drop"
			}
			return answer
		default:
			return ""
		}
	}
	const settings = "[notices]\ntell = \"upload,download\"\nwindow_minutes = 0\nlanguage = \"en\"\n[mail]\ntls = \"none\"\ndomain = \"elsewhere.test\"\n"
	for _, user := range []string{"anna", "bruno", "admin"} { // the demo's people have addresses here
		run(t, "shzadm", "user", "modify", user, "--email", user+"@elsewhere.test")
		t.Cleanup(func() { run(t, "shzadm", "user", "modify", user, "--email", user+"@localhost") })
	}
	setConfig(t, settings+"host = \"192.0.2.25\"\n")
	work(t)
	emptyQueue(t)
	t.Cleanup(func() { emptyQueue(t) })
	folder := t.TempDir()
	form := []string{"-X", "POST"}
	for i := range 500 {
		name := fmt.Sprintf("%s/b-%03d.txt", folder, i)
		if err := os.WriteFile(name, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		form = append(form, "-F", "file=@"+name)
	}
	if a := jsonAs(t, "bruno", append(form, "/cgi-bin/shz/"+zone+"/")...); a.status != 200 {
		t.Fatal(a.status, a.body)
	}
	mails := func(to string) (all []mailtest.Mail) {
		ids := make(map[string]bool) // the same once more is the same
		for _, m := range server.Mails() {
			if id := messageID.FindString(m.Text); m.To == to+"@elsewhere.test" && !ids[id] {
				ids[id] = true
				all = append(all, m)
			}
		}
		return all
	}

	// It stalls: another worker writes the logs meanwhile, and nothing is lost with the one that waited.
	answers <- "stall"
	cmd := exec.Command("setpriv", "--reuid", layout.UserSpool, "--regid", layout.UserSpool, "--init-groups", workerProgram)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-stalls:
	case <-time.After(patience):
		t.Fatal("nothing comes to the second host")
	}
	put(t, "anna", zone, "meanwhile.txt")
	work(t)
	if got := inLog(t, zoneID(t, zone), "meanwhile.txt"); len(got) != 1 {
		t.Errorf("the log has %q", got)
	}
	cmd.Process.Kill()
	cmd.Wait()
	close(goOn)
	if n := queued(t, "waiting"); n == 0 || len(server.Mails()) != 0 {
		t.Errorf("%d wait, %d mails", n, len(server.Mails()))
	}

	// It refuses one recipient, and the first mail that it takes it does not live to say so.
	answers <- "take and drop"
	work(t)
	if n := queued(t, "failed"); n == 0 || len(mails("admin")) != 0 {
		t.Errorf("%d failed, of admin %d arrived", n, len(mails("admin")))
	}
	// Now the machine's own Postfix has it all, and gives it to the second host.
	server.Answer = func(string) string { return "" }
	run(t, "postconf", "-e", "relayhost=[192.0.2.25]", "smtpd_relay_restrictions=permit_mynetworks, reject")
	t.Cleanup(func() { run(t, "postconf", "-X", "relayhost") })
	run(t, "postfix", "reload")
	setConfig(t, settings)
	for _, state := range []string{"waiting", "failed"} {
		for _, name := range queueFiles(t, state) {
			run(t, "shzadm", "queue", "retry", strings.TrimSuffix(filepath.Base(name), ".json"))
		}
	}
	work(t)
	if a := curlAs(t, "anna", "/cgi-bin/shz/"+zone+"/b-007.txt"); a.status != 200 {
		t.Fatal(a.status)
	}
	for range 2 {
		work(t)
	}
	delivered(t)
	if n := queued(t, "*"); n != 0 {
		t.Errorf("%d are left in the queue", n)
	}
	count := func(to, subject string) (n int, text string) {
		for _, m := range mails(to) {
			if strings.Contains(m.Text, "\nSubject: "+subject+"\r\n") || strings.Contains(m.Text, "\nSubject: "+subject+"\n") {
				n, text = n+1, m.Text
			}
		}
		return n, text
	}
	arrivals := "500 new files by bruno in the zone " + zone
	n, text := count("anna", arrivals)
	if n != 1 || !strings.Contains(text, "b-000.txt") || !strings.Contains(text, "b-049.txt") || strings.Contains(text, "b-050.txt") || !strings.Contains(text, "and 450 more") {
		t.Errorf("anna has %d such messages: %s", n, text)
	}
	if n, _ := count("admin", arrivals); n != 1 || len(mails("anna")) != 1 {
		t.Errorf("admin has %d, anna %d in all", n, len(mails("anna")))
	}
	if n, _ := count("bruno", "1 file taken by anna from the zone "+zone); n != 1 {
		t.Errorf("bruno has %d receipts", n)
	}
	if got := mails("carla"); len(got) != 0 {
		t.Errorf("carla is told: %q", got)
	}
}
