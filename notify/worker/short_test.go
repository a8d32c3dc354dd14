package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/notify/queue"
	"sharezone/notify/sms"
)

// phone is a transport that says what it was given.
type phone struct {
	texts []string
	fails error
	tried int
}

func (p *phone) Send(_, number, text string) error {
	if p.tried++; p.fails != nil {
		return p.fails
	}
	p.texts = append(p.texts, number+" "+text)
	return nil
}

// newPhone lets people of a post office have short messages; anna has a number, bruno has none.
func (o *postOffice) newPhone(t *testing.T) *phone {
	t.Helper()
	before := slices.Clone(entries)
	t.Cleanup(func() { copy(entries, before) })
	entries[0].GECOS = "Anna Rossi,,,333 1234567,anna@example.org"
	p := &phone{}
	o.sender.sms, o.sender.transport = config.SMS{Way: config.SMSGammu, To: "/nowhere", Country: "39"}, p
	o.mailroom.by = make(map[uint32]account.Channel)
	o.channel = func(e account.Entry) account.Channel {
		chosen, _ := o.chosen(e.UID)
		return channelFor(o.sender.sms, e, chosen)
	}
	return p
}

// arrives makes messages of one file that bruno brought into a zone of owner's, and sends what waits.
func (o *postOffice) arrives(t *testing.T, owner uint32, path string) {
	t.Helper()
	o.brings(t, "b"+path, owner, path)
	if err := errors.Join(o.mailroom.run(), o.send(time.Second)); err != nil {
		t.Fatal(err)
	}
}

// TestChannels: who chose what gets it; who has no number gets a mail.
func TestChannels(t *testing.T) {
	const link = " https://inside.example.org/cgi-bin/shz/a/"
	for by, want := range map[account.Channel]string{
		"":             "mail",
		account.ByMail: "mail",
		account.BySMS:  "+393331234567 Share Zone: 1 new file by bruno in the zone a: è.txt" + link,
		account.ByBoth: "mail; +393331234567 Share Zone: 1 new file by bruno in the zone a: è.txt" + link,
		account.ByNone: "",
	} {
		o := newPostOffice(t)
		p := o.newPhone(t)
		o.mailroom.by[1001] = by
		o.arrives(t, 1001, "è.txt")
		var got []string
		for range o.server.Mails() {
			got = append(got, "mail")
		}
		got = append(got, p.texts...)
		if strings.Join(got, "; ") != want || o.told(t, queue.Waiting) != "" {
			t.Errorf("%s: %q; %s waits", by, got, o.told(t, queue.Waiting))
		}
	}
	o := newPostOffice(t)
	p := o.newPhone(t)
	o.mailroom.by[1003] = account.BySMS
	o.takes(t, "t", 1003, "x") // by bruno himself: nobody is told
	if err := o.mailroom.notices.write("u", []notice{{Kind: queue.Taken, Time: o.clock, Actor: "anna", Zone: "a", ZoneID: idOfA, Path: "p", Owner: 1003}}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(o.mailroom.run(), o.send(time.Second)); err != nil || len(o.server.Mails()) != 1 || p.tried != 0 {
		t.Errorf("without a number: %v, %d mails, %d tried", err, len(o.server.Mails()), p.tried)
	}
}

// TestOwnZoneByNone: who wants to be told of nothing is told what becomes of his own zone.
func TestOwnZoneByNone(t *testing.T) {
	o := newPostOffice(t)
	o.newPhone(t)
	o.mailroom.by[1001] = account.ByNone
	if err := o.mailroom.notices.write("w", []notice{{Kind: queue.Warned, Time: o.clock, Actor: "root", Zone: "a", ZoneID: idOfA, Path: "2026-12-06", Owner: 1001}}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(o.mailroom.run(), o.send(time.Second)); err != nil || len(o.server.Mails()) != 1 {
		t.Errorf("%v, %d mails", err, len(o.server.Mails()))
	}
}

// scale is a transport that takes everything, and says how much memory is in use meanwhile.
type scale struct{ most uint64 }

func (s *scale) Send(string, string, string) error {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.most = max(s.most, m.HeapAlloc)
	return nil
}

// TestManyShort: however many short messages wait, one at a time is in memory.
func TestManyShort(t *testing.T) {
	o := newPostOffice(t)
	o.newPhone(t)
	o.mailroom.by[1001] = account.BySMS
	s := &scale{}
	o.sender.transport = s
	items := make([]queue.Item, queue.MaxItems)
	for i := range items {
		items[i].Path = strings.Repeat("x", 1000)
	}
	const many = 200 // of 50 KB
	for i := range many {
		k := queue.Key{Kind: queue.Arrived, UID: 1001, User: "anna", Actor: "bruno", Zone: "a", ZoneID: fmt.Sprint(i), SMS: true}
		if err := o.mailroom.queue.Add(k, "s", items, len(items), o.clock, 0); err != nil {
			t.Fatal(err)
		}
	}
	before := scale{}
	err := errors.Join(o.mailroom.run(), before.Send("", "", ""), o.send(time.Second))
	if err != nil || o.told(t, queue.Waiting) != "" {
		t.Errorf("%v; %.100s waits", err, o.told(t, queue.Waiting))
	}
	if s.most > before.most+2<<20 {
		t.Errorf("%d bytes are in use, %d before", s.most, before.most)
	}
}

// TestShortLater: one that was not taken is tried again, one that never will be is put aside, and one that was is never sent again.
func TestShortLater(t *testing.T) {
	o := newPostOffice(t)
	p := o.newPhone(t)
	o.mailroom.by[1001] = account.BySMS
	p.fails = errors.New("no signal")
	o.arrives(t, 1001, "x")
	m := o.waits(t, queue.Waiting)
	if !m.SMS || m.Attempts != 1 || m.Reason != "no signal" || !m.Next.Equal(o.clock.Add(firstWait)) {
		t.Errorf("%+v", m)
	}
	p.fails = nil
	for range 3 {
		if err := o.send(2 * time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.texts) != 1 || o.told(t, queue.Waiting) != "" {
		t.Errorf("%q, %s waits", p.texts, o.told(t, queue.Waiting))
	}
	p.fails = fmt.Errorf("%w: no such number", sms.ErrRefused)
	o.arrives(t, 1001, "y")
	if m := o.waits(t, queue.Failed); !m.SMS || m.Reason != "refused: no such number" {
		t.Errorf("%+v", m)
	}
}

// TestShortDay: somebody gets so many short messages on one day, and then mails; who has both gets the mails alone. The log says when.
func TestShortDay(t *testing.T) {
	for _, by := range []account.Channel{account.BySMS, account.ByBoth} {
		o := newPostOffice(t)
		p := o.newPhone(t)
		o.sender.sms.PerDay, o.sender.shortDay = 2, t.TempDir()+"/day"
		o.mailroom.by[1001] = by
		for i := range 4 {
			o.arrives(t, 1001, fmt.Sprint("f", i))
			o.clock = o.clock.Add(time.Second)
		}
		mails := 2
		if by == account.ByBoth {
			mails = 4
		}
		said := strings.Count(strings.Join(o.lines, "\n"), "all that sms.per_day allows")
		if len(p.texts) != 2 || len(o.server.Mails()) != mails || said != 1 || o.told(t, queue.Waiting) != "" {
			t.Errorf("%s: %q, %d mails, log %q", by, p.texts, len(o.server.Mails()), o.lines)
		}
		o.clock = o.clock.Add(24 * time.Hour)
		if o.arrives(t, 1001, "next day"); len(p.texts) != 3 {
			t.Errorf("%s, the next day: %q", by, p.texts)
		}
	}
}

// TestShortHoldsUpNothing: a transport that takes nothing is asked three times in a run, and mails go out before.
func TestShortHoldsUpNothing(t *testing.T) {
	o := newPostOffice(t)
	p := o.newPhone(t)
	o.mailroom.by[1001] = account.ByBoth
	p.fails = errors.New("no signal")
	for i := range 5 {
		o.brings(t, fmt.Sprint("b", i), 1001, fmt.Sprint("f", i))
		if err := o.mailroom.run(); err != nil {
			t.Fatal(err)
		}
		o.clock = o.clock.Add(time.Second)
	}
	if err := o.send(0); err != nil || len(o.server.Mails()) != 5 || p.tried != mostBroken {
		t.Errorf("%v, %d mails, %d tried", err, len(o.server.Mails()), p.tried)
	}
}

// TestNumberGone: what waits for a number that is gone is told by mail, once; and nobody who wants nothing by now is told.
func TestNumberGone(t *testing.T) {
	for _, row := range []struct {
		by, now account.Channel
		mails   int
	}{{account.BySMS, account.BySMS, 1}, {account.ByBoth, account.ByBoth, 1}, {account.BySMS, account.ByNone, 0}} {
		o := newPostOffice(t)
		p := o.newPhone(t)
		p.fails = errors.New("no signal")
		o.mailroom.by[1001] = row.by
		o.arrives(t, 1001, "x")
		entries[0].GECOS = "Anna Rossi,,,,anna@example.org"
		o.mailroom.by[1001] = row.now
		for range 2 {
			if err := o.send(time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		if len(o.server.Mails()) != row.mails || o.told(t, queue.Waiting) != "" {
			t.Errorf("%s, then %s: %d mails, %s waits", row.by, row.now, len(o.server.Mails()), o.told(t, queue.Waiting))
		}
	}
}

// TestGateway: a short message for a gateway is a mail of its text alone.
func TestGateway(t *testing.T) {
	o := newPostOffice(t)
	o.newPhone(t)
	o.sender.sms, o.sender.transport = config.SMS{Way: config.SMSMail, To: "{number}@sms.example.org", Country: "39"}, nil
	o.mailroom.by[1001] = account.BySMS
	o.arrives(t, 1001, "x\r\nBcc: y")
	mails := o.server.Mails()
	if len(mails) != 1 || mails[0].To != "393331234567@sms.example.org" || strings.Contains(mails[0].Text, "html") || strings.Contains(mails[0].Text, "\nBcc:") ||
		!strings.Contains(mails[0].Text, "Subject: Share Zone\r\n") || !strings.Contains(strings.ReplaceAll(mails[0].Text, "=\r\n", ""), "zone a: x[U+000D][U+000A]Bcc: y https://inside") {
		t.Errorf("%+v", mails)
	}
}
