package main

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/notify/mail"
	"sharezone/notify/queue"
)

// mortal is a connection of a sender that is killed before or after a mail was taken.
type mortal struct {
	connection
	dies *string
}

func (m mortal) Send(l mail.Letter) (mail.Outcome, error) {
	if *m.dies == "before" {
		panic(stopped{})
	}
	outcome, err := m.connection.Send(l)
	if *m.dies == "after" && outcome == mail.Delivered {
		panic(stopped{})
	}
	return outcome, err
}

var dayFile = regexp.MustCompile(`file-\d+-\d+`)

// smallDisk lets what the test makes from now on lie on a disk of its own, which it can fill while something is done. Without a copy of
// the machine there is none, and it is never full.
func smallDisk(t *testing.T) (full func(act func())) {
	t.Helper()
	if os.Getenv("SHZ_COPY") == "" {
		return func(act func()) { act() }
	}
	disk, err := os.MkdirTemp("", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		unix.Unmount(disk, unix.MNT_DETACH)
		os.Remove(disk)
	})
	t.Setenv("TMPDIR", disk)
	filler := disk + "/filler"
	return func(act func()) {
		if err := os.WriteFile(filler, make([]byte, 2<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("the disk is not full: %v", err)
		}
		act()
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
	}
}

// TestADay: for a day there is no mail server, each run is killed in another step, and the disk is full in between; then the server
// breaks off, stalls at what it takes, and puts off. In the end each recipient has each file once; twice is the same mail alone,
// where nobody lived to see that it was taken. Each act is in the log once.
func TestADay(t *testing.T) {
	full := smallDisk(t)
	p, o := newPlace(t), newPostOffice(t)
	p.worker.notices, p.worker.tells = o.mailroom.notices, tells{reach: true, uploads: true}
	dies := ""
	dial := o.sender.dial
	o.sender.dial = func() (connection, error) {
		c, err := dial()
		if err != nil {
			return nil, err
		}
		return mortal{c, &dies}, nil
	}
	killed := 0
	survive := func(act func()) {
		defer func() {
			switch r := recover(); r {
			case nil:
			case any(stopped{}):
				killed++
			default:
				panic(r)
			}
		}()
		act()
	}
	cron := func() { // as work has it
		survive(func() {
			p.run() // what it says is the full disk's
			if _, state, err := p.journal.read(); err == nil && state != begun {
				o.mailroom.run()
			}
			o.send(0)
		})
	}
	const hours = 24
	up := o.server.Port
	o.server.Port = 1
	steps := []string{"opened", "journal", "half", "appended", "noticed", "told", "committed", "removing", "removed", "added", "remembered", ""}
	o.canRead = make(map[string][]string)
	for hour := range hours {
		for n := range 2 {
			path := fmt.Sprintf("file-%d-%d", hour, n)
			o.canRead[path] = []string{"dora"}
			p.act(t, "a", idOfA, path)
		}
		stop := func(now string) {
			if now == steps[hour%len(steps)] {
				panic(stopped{})
			}
		}
		p.step, o.mailroom.step = stop, stop
		if hour%5 == 3 {
			full(cron)
		} else {
			cron()
		}
		o.clock = o.clock.Add(time.Hour)
	}
	if killed < hours/2 || len(o.server.Mails()) != 0 {
		t.Fatalf("%d were killed, %d mails", killed, len(o.server.Mails()))
	}
	o.server.Port = up
	p.step, o.mailroom.step = nil, nil
	answers := []string{"drop", "take and drop", "450 later", "", ""}
	asked := 0
	o.server.Answer = func(command string) string {
		if command != "." {
			return ""
		}
		asked++
		return answers[asked%len(answers)]
	}
	for _, dies = range []string{"before", "after", "", "after", ""} {
		cron()
		o.clock = o.clock.Add(longestWait)
	}
	o.server.Answer = func(string) string { return "" }
	for range 20 {
		cron()
		o.clock = o.clock.Add(longestWait)
	}
	told := make(map[string]map[string]bool) // by recipient and file: in which mails
	for _, m := range o.server.Mails() {
		read, err := netmail.ReadMessage(strings.NewReader(m.Text))
		if err != nil {
			t.Fatal(err)
		}
		id := read.Header.Get("Message-Id")
		plain, _, _ := strings.Cut(m.Text, "text/html")
		for _, file := range dayFile.FindAllString(plain, -1) {
			key := m.To + " " + file
			if told[key] == nil {
				told[key] = make(map[string]bool)
			}
			told[key][id] = true
		}
	}
	for hour := range hours {
		for n := range 2 {
			file := fmt.Sprintf("file-%d-%d", hour, n)
			for _, to := range []string{"anna@example.org", "dora@example.net"} {
				if mails := told[to+" "+file]; len(mails) != 1 {
					t.Errorf("%s is told of %s in %d mails", to, file, len(mails))
				}
			}
			if lines := strings.Count(logged(t, p.logs.folder(idOfA))+" ", file+" "); lines != 1 {
				t.Errorf("%s is in the log %d times", file, lines)
			}
		}
	}
	for _, folder := range []string{queue.Open, queue.Waiting, queue.Failed} {
		if left := o.told(t, folder); left != "" {
			t.Errorf("%s: %s", folder, left)
		}
	}
}

// TestSourcesAreForgotten: a message that collects for a day does not grow with what it was made of; what waits is not told twice all the same.
func TestSourcesAreForgotten(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // hundreds of times it waits for the disk
	}
	m := newMailroom(t)
	m.often = map[uint32]account.Often{1001: account.Daily}
	const many = 350
	for i := range many {
		m.brings(t, fmt.Sprintf("%03d", i), 1001, "x")
		m.clock = m.clock.Add(time.Second)
		if i%50 == 49 {
			m.runUntil("remembered") // and does it again
		}
		m.mustRun(t)
	}
	ids, err := m.queue.List(queue.Open)
	if err != nil || len(ids) == 0 {
		t.Fatal(ids, err)
	}
	for _, id := range ids {
		if one, err := m.queue.Read(queue.Open, id); err != nil || one.Count != many || len(one.Sources) > 150 {
			t.Errorf("%s: %d told, made of %d, %v", one.User, one.Count, len(one.Sources), err)
		}
	}
}
