package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/lessmail"
	"sharezone/internal/text"
	"sharezone/notify/mail"
	"sharezone/notify/mail/mailtest"
	"sharezone/notify/queue"
)

// postOffice is a queue, a sender and a mail server.
type postOffice struct {
	*mailroom
	*sender
	server *mailtest.Server
	lines  []string // to the syslog
	warned int      // lines that are errors

	languages map[uint32]text.Language
	damaged   uint32          // whose preferences cannot be read
	outside   map[string]bool // who cannot log in
}

// chosen are the preferences of the people of these tests.
func (o *postOffice) chosen(uid uint32) (account.Preferences, error) {
	if uid == o.damaged {
		return account.Preferences{}, unix.EIO
	}
	p := account.Preferences{Language: o.languages[uid], Channel: o.mailroom.by[uid]}
	if often := o.mailroom.often[uid]; often != "" {
		p.Notices = map[string]account.ZoneNotices{idOfA: {Zone: "a", Often: often}}
	}
	return p, nil
}

// invited are people for whom somebody answers.
func invited(people ...string) func(uint32) (account.Sponsor, bool, error) {
	return func(uid uint32) (account.Sponsor, bool, error) {
		e, _ := fewNames{}.UserByUID(uid)
		return account.Sponsor{UID: 1001}, slices.Contains(people, e.Name), nil
	}
}

func newPostOffice(t *testing.T) *postOffice {
	t.Helper()
	o := &postOffice{mailroom: newMailroom(t), server: mailtest.Start(t, false, "")}
	o.window = 0
	o.sender = &sender{queue: o.mailroom.queue, names: fewNames{}, preferences: o.chosen, sponsor: invited("dora"), barred: func() (map[string]bool, error) { return o.outside, nil }, settings: config.Mail{GiveUp: 5 * 24 * time.Hour},
		language: "en", from: "sharezone@example.org", domain: "example.net",
		internal: config.Entry{Components: "*", PublicURL: "https://inside.example.org"}, external: config.Entry{Components: "shz", PublicURL: "https://share.example.org"},
		now: func() time.Time { return o.clock },
		dial: func() (connection, error) {
			c, err := mail.Dial(context.Background(), mail.Server{Host: "localhost", Port: o.server.Port, TLS: "none", Hello: "share", Timeout: 10 * time.Second})
			if err != nil {
				return nil, err
			}
			return c, nil
		},
		tell: func(line string) { o.lines = append(o.lines, line) }, warn: func(string) { o.warned++ }}
	return o
}

// send lets so much time pass, and runs the sender.
func (o *postOffice) send(after time.Duration) error {
	o.clock = o.clock.Add(after)
	o.sender.broken = 0
	return o.sender.run()
}

// taken makes messages to anna that wait.
func (o *postOffice) taken(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		o.takes(t, fmt.Sprint("s", i, o.clock.Unix()), 1001, fmt.Sprint("file-", i, "-", o.clock.Unix()))
		o.clock = o.clock.Add(time.Nanosecond) // each its own name
		if err := o.mailroom.run(); err != nil {
			t.Fatal(err)
		}
	}
}

// waits is one message that waits, as it is on the disk.
func (o *postOffice) waits(t *testing.T, folder string) queue.Message {
	t.Helper()
	ids, err := o.mailroom.queue.List(folder)
	if err != nil || len(ids) == 0 {
		t.Fatalf("%s: %v %v", folder, ids, err)
	}
	m, err := o.mailroom.queue.Read(folder, ids[0])
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestSend: it is delivered once, to the account's address; of one without an address to his name at the domain.
func TestSend(t *testing.T) {
	o := newPostOffice(t)
	o.taken(t, 3)
	o.clock = o.clock.Add(time.Second)
	if err := o.mailroom.notices.write("b", []notice{{Kind: queue.Taken, Time: o.clock, Actor: "anna", Zone: "a", ZoneID: idOfA, Path: "p", Owner: 1003}}); err != nil {
		t.Fatal(err)
	}
	if err := o.mailroom.run(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := o.send(0); err != nil {
			t.Fatal(err)
		}
	}
	mails := o.server.Mails()
	if len(mails) != 4 || mails[0].To != "anna@example.org" || mails[3].To != "bruno@example.net" || o.server.Dials() != 1 {
		t.Errorf("%d connections, %+v", o.server.Dials(), mails)
	}
	for n, want := range map[int]string{0: "https://inside.example.org/cgi-bin/shz/a/", 3: "https://share.example.org/cgi-bin/shz/a/"} {
		if text := strings.ReplaceAll(mails[n].Text, "=\r\n", ""); !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if len(o.lines) != 4 || !strings.HasSuffix(o.lines[0], `to=anna kind=taken address="anna@example.org" delivered`) {
		t.Errorf("%q", o.lines)
	}
	if o.told(t, queue.Waiting) != "" || o.told(t, queue.Failed) != "" {
		t.Error("something is left")
	}
}

// TestBarredMeanwhile: whose account was locked while a message waited gets none of it; a link by which he gets in he does.
func TestBarredMeanwhile(t *testing.T) {
	o := newPostOffice(t)
	o.taken(t, 1)
	o.outside = map[string]bool{"anna": true}
	if err := o.send(time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := o.server.Mails(); len(got) != 0 || o.told(t, queue.Waiting) != "" || !strings.Contains(strings.Join(o.lines, "\n"), "dropped, the account is locked") {
		t.Errorf("%v, waiting %q, log %q", got, o.told(t, queue.Waiting), o.lines)
	}
	o.window = 0
	if err := o.mailroom.queue.Add(queue.Key{Kind: queue.Recover, UID: 1001, User: "anna"}, "s", []queue.Item{{Time: o.clock.Add(time.Hour), Path: "token"}}, 1, o.clock, 0); err != nil {
		t.Fatal(err)
	}
	if err := o.mailroom.run(); err != nil {
		t.Fatal(err)
	}
	if err := o.send(0); err != nil || len(o.server.Mails()) != 1 {
		t.Errorf("%v, %v", err, o.server.Mails())
	}
}

// TestLanguageOfMails: it is the recipient's; where he has none, or nobody can say, the machine's.
func TestLanguageOfMails(t *testing.T) {
	o := newPostOffice(t)
	o.languages, o.damaged = map[uint32]text.Language{1001: "it"}, 1003
	for i, row := range []struct {
		uid    uint32
		want   string
		warned int
	}{{1001, `<html lang=3D"it">`, 0}, {1003, `<html lang=3D"en">`, 1}} {
		if err := o.mailroom.notices.write("l", []notice{{Kind: queue.Taken, Time: o.clock, Actor: "carla", Zone: "a", ZoneID: idOfA, Path: "p", Owner: row.uid}}); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(o.mailroom.run(), o.send(time.Minute)); err != nil {
			t.Fatal(err)
		}
		mails := o.server.Mails()
		if len(mails) != i+1 || !strings.Contains(strings.ReplaceAll(mails[i].Text, "=\r\n", ""), row.want) || o.warned != row.warned {
			t.Errorf("%d: warned %d, %+v", row.uid, o.warned, mails)
		}
	}
}

// TestBackOff: "not now" is tried again, later each time, and after five days not any more.
func TestBackOff(t *testing.T) {
	o := newPostOffice(t)
	tries := 0
	o.server.Answer = func(command string) string {
		if strings.HasPrefix(command, "RCPT") {
			tries++
			return "450 4.2.0 greylisted"
		}
		return ""
	}
	o.taken(t, 1)
	for range 24 * 60 { // a simulated day, a run each minute
		if err := o.send(time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if tries < 24 || tries > 32 {
		t.Errorf("%d tries in a day", tries)
	}
	if m := o.waits(t, queue.Waiting); m.Attempts != tries || !strings.Contains(m.Reason, "greylisted") {
		t.Errorf("%+v", m)
	}
	o.clock = o.clock.Add(-24 * 300 * time.Hour) // set back: it does not wait until the clock is there again
	before := tries
	if err := o.send(0); err != nil || tries != before+1 {
		t.Errorf("%v, %d tries", err, tries-before)
	}
	o.clock = o.clock.Add(24 * 300 * time.Hour)
	if err := o.send(4 * 24 * time.Hour); err != nil || o.told(t, queue.Waiting) != "" {
		t.Errorf("%v: it waits for ever", err)
	}
	if m := o.waits(t, queue.Failed); !strings.Contains(m.Reason, "greylisted") {
		t.Errorf("%+v", m)
	}
}

// TestLess: a mail has a link that is its recipient's and its zone's; what is not wanted any more is not sent.
func TestLess(t *testing.T) {
	o := newPostOffice(t)
	o.key = lessmail.Key("0123456789abcdef0123456789abcdef")
	o.taken(t, 1)
	if err := o.send(0); err != nil {
		t.Fatal(err)
	}
	body := strings.ReplaceAll(strings.ReplaceAll(o.server.Mails()[0].Text, "=\r\n", ""), "=3D", "=")
	head, body, _ := strings.Cut(body, "\r\n\r\n")
	_, rest, _ := strings.Cut(body, "https://inside.example.org/cgi-bin/less?t=")
	token, _, _ := strings.Cut(rest, "\r\n")
	if link, err := o.key.Open(token); err != nil || link != (lessmail.Link{UID: 1001, ZoneID: idOfA, Zone: "a"}) {
		t.Errorf("%+v %v in %s", link, err, body)
	}
	if !strings.Contains(head, "less?t="+token+">") {
		t.Errorf("the button of mail programs has another link: %s", head)
	}
	for _, without := range []func(){func() { o.key = nil }, func() { o.key, o.internal.Components = lessmail.Key("k"), "shz" }} { // no key, or not answered there
		before := len(o.server.Mails())
		without()
		o.clock = o.clock.Add(time.Minute) // another file
		o.taken(t, 1)
		if err := o.send(0); err != nil || len(o.server.Mails()) != before+1 || strings.Contains(strings.ToLower(o.server.Mails()[before].Text), "less?t=") || strings.Contains(o.server.Mails()[before].Text, "List-Unsubscribe") {
			t.Errorf("%v %+v", err, o.server.Mails()[before:])
		}
	}
	o.clock = o.clock.Add(time.Minute)
	o.taken(t, 1)
	o.annaWants(account.Never)
	if err := o.send(time.Minute); err != nil || len(o.server.Mails()) != 3 || o.told(t, queue.Waiting) != "" {
		t.Errorf("%d mails, waiting %q, %v", len(o.server.Mails()), o.told(t, queue.Waiting), err)
	}
}

// TestAlarm: what waits for long is told once an hour, for as long as it does, whoever puts it off.
func TestAlarm(t *testing.T) {
	o := newPostOffice(t)
	o.settings.Alarm, o.alarmed = 2*time.Hour, t.TempDir()+"/alarmed"
	says := "451 not now"
	o.server.Answer = func(command string) string {
		if command == "DATA" {
			return says
		}
		return ""
	}
	o.taken(t, 2)
	for i, row := range []struct {
		after  time.Duration
		warned int
	}{{0, 0}, {119 * time.Minute, 0}, {2 * time.Minute, 1}, {30 * time.Minute, 1}, {31 * time.Minute, 2}} {
		if err := o.send(row.after); err != nil || o.warned != row.warned {
			t.Errorf("%d: %d errors told, not %d; %v", i, o.warned, row.warned, err)
		}
	}
	says = ""
	if err := o.send(2 * time.Hour); err != nil || o.warned != 2 || o.told(t, queue.Waiting) != "" {
		t.Errorf("%d told, left: %s; %v", o.warned, o.told(t, queue.Waiting), err)
	}
	says = "451 not now"
	o.taken(t, 1)
	if err := o.send(121 * time.Minute); err != nil || o.warned != 3 { // a new one, within an hour of the last or not
		t.Errorf("%d told; %v", o.warned, err)
	}
}

// TestAlarmOfOpen: a message that was due and still collects, because something of it cannot be used up, is told as one that waits.
func TestAlarmOfOpen(t *testing.T) {
	o := newPostOffice(t)
	o.settings.Alarm, o.alarmed = 2*time.Hour, t.TempDir()+"/alarmed"
	for uid, window := range map[uint32]time.Duration{1001: time.Hour, 1002: 24 * time.Hour} { // the second one collects as it should
		if err := o.mailroom.queue.Add(queue.Key{Kind: queue.Taken, UID: uid, User: "anna"}, "s", []queue.Item{{Path: "x"}}, 1, o.clock, window); err != nil {
			t.Fatal(err)
		}
	}
	o.sender.warn = func(line string) {
		if o.warned++; !strings.Contains(line, " 1 messages ") {
			t.Error(line)
		}
	}
	for i, row := range []struct {
		after  time.Duration
		warned int
	}{{0, 0}, {179 * time.Minute, 0}, {2 * time.Minute, 1}} {
		if err := o.send(row.after); err != nil || o.warned != row.warned {
			t.Errorf("%d: %d errors told, not %d; %v", i, o.warned, row.warned, err)
		}
	}
}

// TestDailyIsNotOld: what collected for a day has not waited: it is tried again, nobody is alarmed, and its date is today's.
func TestDailyIsNotOld(t *testing.T) {
	o := newPostOffice(t)
	o.settings.Alarm, o.alarmed, o.settings.GiveUp = 2*time.Hour, t.TempDir()+"/alarmed", 24*time.Hour
	o.annaWants(account.Daily)
	o.takes(t, "s", 1001, "x")
	o.mustRun(t)
	o.clock = o.clock.Add(24 * time.Hour)
	due := o.clock
	o.mustRun(t)
	says := "451 not now"
	o.server.Answer = func(command string) string {
		if command == "DATA" {
			return says
		}
		return ""
	}
	if err := o.send(time.Minute); err != nil || o.warned != 0 || o.waits(t, queue.Waiting).Attempts != 1 {
		t.Errorf("%v, %d alarms, failed: %q", err, o.warned, o.told(t, queue.Failed))
	}
	says = ""
	if err := o.send(time.Hour); err != nil || len(o.server.Mails()) != 1 || !strings.Contains(o.server.Mails()[0].Text, "Date: "+due.Format("Mon, 02 Jan 2006")) {
		t.Errorf("%v %+v", err, o.server.Mails())
	}
}

// TestRetry: what was given up is as if it were new.
func TestRetry(t *testing.T) {
	o := newPostOffice(t)
	o.server.Answer = func(string) string { return "451 not now" }
	o.taken(t, 1)
	if err := o.send(o.settings.GiveUp); err != nil {
		t.Fatal(err)
	}
	if err := o.mailroom.queue.Retry(queue.Failed, o.waits(t, queue.Failed), o.clock); err != nil {
		t.Fatal(err)
	}
	if err := o.send(time.Minute); err != nil || o.told(t, queue.Waiting) == "" {
		t.Errorf("%v, failed: %q", err, o.told(t, queue.Failed))
	}
}

// TestHiddenPreferences: what its owner keeps from the worker is no choice; any other failure is told.
func TestHiddenPreferences(t *testing.T) {
	some := account.Preferences{Language: "it"}
	for _, hidden := range []error{unix.EACCES, &os.PathError{Op: "open", Err: unix.EAGAIN}} {
		if p, err := orNone(some, hidden); err != nil || p.Language != "" {
			t.Errorf("%v: %+v %v", hidden, p, err)
		}
	}
	if p, err := orNone(some, nil); err != nil || p.Language != "it" {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := orNone(some, unix.EIO); !errors.Is(err, unix.EIO) {
		t.Error(err)
	}
}

// TestRefused: a recipient whom the server does not know is put aside; the others get theirs.
func TestRefused(t *testing.T) {
	o := newPostOffice(t)
	n := 0
	o.server.Answer = func(command string) string {
		if strings.HasPrefix(command, "RCPT") {
			if n++; n == 2 {
				return "550 no such user \x1b[2J"
			}
		}
		return ""
	}
	o.taken(t, 3)
	if err := o.send(0); err != nil {
		t.Fatal(err)
	}
	if m := o.waits(t, queue.Failed); len(o.server.Mails()) != 2 || o.told(t, queue.Waiting) != "" || !strings.Contains(m.Reason, "no such user") {
		t.Errorf("%d mails, %+v", len(o.server.Mails()), m)
	}
	if strings.Contains(strings.Join(o.lines, ""), "\x1b") {
		t.Errorf("%q", o.lines)
	}
}

// TestForget: what was put aside stays, but for a secret whose time is over.
func TestForget(t *testing.T) {
	o := newPostOffice(t)
	o.server.Answer = func(command string) string {
		if strings.HasPrefix(command, "RCPT") {
			return "550 no such user"
		}
		return ""
	}
	o.taken(t, 1)
	k := queue.Key{Kind: queue.Reset, UID: 1001, User: "anna", Actor: "anna", ZoneID: "x"}
	if err := o.mailroom.queue.Add(k, "x", []queue.Item{{Time: o.clock.Add(time.Hour), Path: "a-secret"}}, 1, o.clock, 0); err != nil {
		t.Fatal(err)
	}
	if err := o.mailroom.run(); err != nil {
		t.Fatal(err)
	}
	for after, left := range map[time.Duration]int{0: 2, 59 * time.Minute: 2} {
		if err := o.send(after); err != nil {
			t.Fatal(err)
		}
		if ids, _ := o.mailroom.queue.List(queue.Failed); len(ids) != left {
			t.Errorf("after %v: %v", after, ids)
		}
	}
	if err := o.send(time.Minute); err != nil {
		t.Fatal(err)
	}
	if m := o.waits(t, queue.Failed); m.Kind != queue.Taken || !strings.Contains(strings.Join(o.lines, ""), "kind=reset dropped, ") {
		t.Errorf("%+v %q", m, o.lines)
	}
	if ids, _ := o.mailroom.queue.List(queue.Failed); len(ids) != 1 {
		t.Errorf("left: %v", ids)
	}
}

// TestLaterInvitation: an invitation that was refused is looked at no more once a later one has arrived; that of somebody else stays.
func TestLaterInvitation(t *testing.T) {
	o := newPostOffice(t)
	invite := func(user string, uid uint32, answer string) {
		t.Helper()
		o.server.Answer = func(command string) string {
			if strings.HasPrefix(command, "RCPT") {
				return answer
			}
			return ""
		}
		o.clock = o.clock.Add(time.Minute)
		k := queue.Key{Kind: queue.Invite, UID: uid, User: user, Address: user + "@example.org"}
		if err := o.mailroom.queue.Add(k, fmt.Sprint("x", o.clock.Unix()), []queue.Item{{Time: o.clock.Add(time.Hour), Path: "/a-link"}}, 1, o.clock, 0); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(o.mailroom.run(), o.send(0)); err != nil {
			t.Fatal(err)
		}
	}
	invite("bruno", 1003, "550 no such user")
	invite("anna", 1001, "550 no such user")
	invite("anna", 1001, "")
	if ids, _ := o.mailroom.queue.List(queue.Failed); len(o.server.Mails()) != 1 || len(ids) != 1 || o.waits(t, queue.Failed).User != "bruno" {
		t.Errorf("%d mails, %v %q", len(o.server.Mails()), ids, o.lines)
	}
}

// TestEntryFor: links lead by an entry that answers what they are for; partners' by the external one, and the others' by the other if
// there is a choice.
func TestEntryFor(t *testing.T) {
	const inside, outside = "http://inside.example.org", "https://share.example.org"
	for _, row := range []struct {
		internal, external, externalAnswers, component, anna, bruno string // bruno is a partner, and dora, who was invited
	}{
		{inside, outside, "*", "forgot", inside, outside},
		{inside, outside, "home shz", "forgot", inside, inside},
		{inside, outside, "home shz", "login", inside, outside},
		{inside, "", "*", "forgot", inside, inside},
		{"", outside, "*", "forgot", outside, outside},
		{"", outside, "home shz", "forgot", outside, outside}, // nothing better is known
		{"", "", "*", "forgot", "", ""},
	} {
		o := newPostOffice(t)
		o.sender.internal.PublicURL, o.sender.external = row.internal, config.Entry{Components: row.externalAnswers, PublicURL: row.external}
		for name, want := range map[string]string{"anna": row.anna, "bruno": row.bruno, "dora": row.bruno} {
			to, _ := fewNames{}.User(name)
			if e := o.sender.entryFor(to, row.component); e.PublicURL != want {
				t.Errorf("%+v: %s is sent to %q", row, name, e.PublicURL)
			}
		}
	}
}

// TestServerDown: for a day; each message is delivered once when it is there again.
func TestServerDown(t *testing.T) {
	o := newPostOffice(t)
	up, down := o.server.Port, 1
	o.server.Port = down
	o.taken(t, 3)
	for range 24 {
		if err := o.send(time.Hour); err != nil {
			t.Error(err)
		}
	}
	if o.warned != 24 {
		t.Errorf("the administrator is told %d times that there is no mail server", o.warned)
	}
	if m := o.waits(t, queue.Waiting); m.Attempts != 0 || m.Reason == "" {
		t.Errorf("%+v", m)
	}
	o.server.Port = up
	if err := o.send(time.Minute); err != nil || len(o.server.Mails()) != 3 {
		t.Errorf("%v, %d mails", err, len(o.server.Mails()))
	}
	o.taken(t, 1)
	o.server.Port = down
	o.send(5 * 24 * time.Hour)
	if m := o.waits(t, queue.Failed); m.Reason == "" {
		t.Errorf("%+v", m)
	}
}

// TestSilentServer: of one that takes connections and says nothing, the reason is written down once, whatever our port was.
func TestSilentServer(t *testing.T) {
	o := newPostOffice(t)
	port := 40000
	o.dial = func() (connection, error) {
		port++
		return nil, fmt.Errorf("dial failed: read tcp 127.0.0.1:%d->127.0.0.1:25: i/o timeout", port)
	}
	o.taken(t, 1)
	var before os.FileInfo
	for range 3 {
		if err := o.send(time.Minute); err != nil {
			t.Fatal(err)
		}
		found, _ := filepath.Glob(string(o.mailroom.queue) + "/waiting/*")
		info, err := os.Stat(found[0])
		if err != nil {
			t.Fatal(err)
		}
		if before != nil && !os.SameFile(before, info) {
			t.Error("the message is written anew")
		}
		before = info
	}
}

// TestBroken: a server that breaks off at each mail is left alone after three, and gets all later.
func TestBroken(t *testing.T) {
	o := newPostOffice(t)
	broken := true
	o.server.Answer = func(command string) string {
		if command == "DATA" && broken {
			return "drop"
		}
		return ""
	}
	o.taken(t, 6)
	if err := o.send(0); err != nil || o.warned != 1 || o.server.Dials() != mostBroken {
		t.Errorf("%v, %d warnings, %d connections", err, o.warned, o.server.Dials())
	}
	broken = false
	if err := o.send(time.Minute); err != nil || len(o.server.Mails()) != 6 {
		t.Errorf("%v, %d mails", err, len(o.server.Mails()))
	}
}

// TestNobody: who is not in Share Zone any more gets nothing, and nothing waits for him.
func TestNobody(t *testing.T) {
	o := newPostOffice(t)
	o.taken(t, 1)
	m := o.waits(t, queue.Waiting)
	for _, k := range []queue.Key{{Kind: queue.Taken, UID: 1001, User: "gone"}, {Kind: queue.Taken, UID: 1, User: "anna"}, {Kind: queue.Taken, User: "nobody"}} {
		if err := o.mailroom.queue.Add(k, "x", m.Items, m.Count, o.clock, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.mailroom.run(); err != nil {
		t.Fatal(err)
	}
	if err := o.send(0); err != nil || len(o.server.Mails()) != 1 || o.told(t, queue.Waiting) != "" {
		t.Errorf("%v, %d mails, %q", err, len(o.server.Mails()), o.told(t, queue.Waiting))
	}
}
