package signup

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/config"
)

func newStore(t *testing.T) (Store, *time.Time) {
	t.Helper()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	limits := config.Signup{Daily: 20, ClientDaily: 5, Link: 24 * time.Hour, Keep: 30 * 24 * time.Hour}
	return Store{Folder: t.TempDir(), Now: func() time.Time { return now }, Room: 8, Limits: limits}, &now
}

func words(email, message string) account.Applicant {
	return account.Applicant{FullName: "Ada Neri", Email: email, Message: message, Language: "it"}
}

// ask asks as one of many who ask, and returns the link.
func (s Store) ask(t *testing.T, a account.Applicant) string {
	t.Helper()
	sent := ""
	if err := s.Ask(a, "external", "192.0.2.1", random(4), func(text string, _ Request) error { sent = text; return nil }); err != nil {
		t.Fatal(err)
	}
	return sent
}

func unsent(string, Request) error { return nil }

func told(Request) error { return nil }

// state is what is in the folder, with times.
func (s Store) state(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(s.Folder)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(s.name(e.Name()))
		fmt.Fprintln(&b, e.Name(), info.ModTime(), string(text))
	}
	return b.String()
}

// TestRequest: from the question to the list, with a link of which no file has the text; to look at it changes nothing.
func TestRequest(t *testing.T) {
	s, now := newStore(t)
	text := s.ask(t, words("ada@example.org", "Offers of 2027"))
	before := s.state(t)
	if strings.Contains(before, text[17:]) {
		t.Errorf("the link stands in the store: %s", before)
	}
	for _, wrong := range []string{"", "x", text[:16], text + "0", strings.Repeat("0", 16) + text[16:], text[:17] + strings.Repeat("0", 64), "../" + text} {
		if _, err := s.Look(wrong); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v", wrong, err)
		}
		if _, err := s.Confirm(wrong, told); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if r, err := s.Look(text); err != nil || r.Message != "Offers of 2027" || !r.Confirmed.IsZero() {
		t.Errorf("%+v %v", r, err)
	}
	if all, err := s.List(); err != nil || len(all) != 0 || s.state(t) != before {
		t.Errorf("%v %v, or something changed", all, err)
	}
	lost := errors.New("not told")
	if _, err := s.Confirm(text, func(Request) error { return lost }); !errors.Is(err, lost) || s.state(t) != before {
		t.Errorf("nobody is told, and it waits all the same: %v", err)
	}
	tells := 0
	for range 2 {
		if r, err := s.Confirm(text, func(Request) error { tells++; return nil }); err != nil || r.Confirmed.IsZero() {
			t.Errorf("%+v %v", r, err)
		}
	}
	all, err := s.List()
	if err != nil || len(all) != 1 || all[0].ID != text[:16] || tells != 1 {
		t.Fatalf("%+v %v, told %d times", all, err, tells)
	}
	*now = now.Add(25 * time.Hour) // the link's time is over, the request's is not
	if _, err := s.Find(text[:16]); err != nil {
		t.Error(err)
	}
	*now = now.Add(31 * 24 * time.Hour)
	if _, err := s.Find(text[:16]); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	for _, bad := range []account.Applicant{words("", ""), words("<b>", ""), words("a@b.it", "x\ny"), words("a@b.it", strings.Repeat("x", 601)), {Email: "a@b.it"}, {FullName: "a:b", Email: "a@b.it"}} {
		if err := s.Ask(bad, "external", "192.0.2.1", "c", unsent); !errors.As(err, new(*account.FieldError)) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestLaterWords: a link confirms the words that it was sent for, whoever asks afterwards with others; who asks anew has another id, and the
// one before is gone when the new one waits.
func TestLaterWords(t *testing.T) {
	s, now := newStore(t)
	first := s.ask(t, words("ada@example.org", "mine"))
	*now = now.Add(pause)
	second := s.ask(t, words("ADA@Example.org", "a stranger's"))
	if r, err := s.Look(first); err != nil || r.Message != "mine" {
		t.Errorf("%+v %v", r, err)
	}
	if r, err := s.Confirm(first, told); err != nil || r.Message != "mine" {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := s.Look(second); !errors.Is(err, ErrUnknown) {
		t.Errorf("another one of the same address is good still: %v", err)
	}
	*now = now.Add(pause)
	third := s.ask(t, words("ada@example.org", "mine, with more"))
	if _, err := s.Find(first[:16]); err != nil {
		t.Errorf("a question takes away what waits: %v", err)
	}
	seen, _ := s.Find(first[:16])
	if _, err := s.Confirm(third, told); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(first[:16]); !errors.Is(err, ErrGone) {
		t.Errorf("decided is what nobody asks for any more: %v", err)
	}
	if err := s.Begin(seen, "ada"); !errors.Is(err, ErrGone) {
		t.Errorf("the same, when it was found before: %v", err)
	}
	// Who changes the words on the disk has no link for them.
	r, err := s.read(third[:16])
	if err != nil {
		t.Fatal(err)
	}
	r.Message = "others"
	if err := s.write(r); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Look(third); !errors.Is(err, ErrUnknown) {
		t.Errorf("the link is good for other words: %v", err)
	}
}

// TestKilledBetween: who was killed before he removed the one before leaves two; the later one counts, and both go with it.
func TestKilledBetween(t *testing.T) {
	s, now := newStore(t)
	first := s.ask(t, words("ada@example.org", "1"))
	if _, err := s.Confirm(first, told); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadFile(s.name(first[:16]))
	if err != nil {
		t.Fatal(err)
	}
	*now = now.Add(pause)
	second := s.ask(t, words("ada@example.org", "2"))
	if _, err := s.Confirm(second, told); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.name(first[:16]), left, 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := s.List()
	if err != nil || len(all) != 1 || all[0].ID != second[:16] {
		t.Fatalf("%+v %v", all, err)
	}
	if err := s.Settle(all[0]); err != nil {
		t.Fatal(err)
	}
	if ids, err := s.ids(); err != nil || len(ids) != 0 {
		t.Errorf("left: %v %v", ids, err)
	}
}

// TestSettleSeen: who declines one removes none that was confirmed since.
func TestSettleSeen(t *testing.T) {
	s, now := newStore(t)
	seen := confirmed(t, s, "a@example.org")
	*now = now.Add(pause)
	since := confirmed(t, s, "A@example.org")
	if err := s.SettleSeen(seen); err != nil {
		t.Fatal(err)
	}
	if all, err := s.List(); err != nil || len(all) != 1 || all[0].ID != since.ID {
		t.Errorf("%+v %v", all, err)
	}
	if err := s.SettleSeen(since); err != nil {
		t.Fatal(err)
	}
	if ids, err := s.ids(); err != nil || len(ids) != 0 {
		t.Errorf("left: %v %v", ids, err)
	}
}

// TestBegun: an account that was begun for somebody is not forgotten: he asks anew, time passes, an administrator still sees its name.
func TestBegun(t *testing.T) {
	s, now := newStore(t)
	if err := s.Begin(confirmed(t, s, "ada@example.org"), "ada"); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(pause)
	anew := confirmed(t, s, "Ada@example.org")
	*now = now.Add(2 * s.Limits.Keep)
	if all, err := s.List(); err != nil || len(all) != 1 || all[0].ID != anew.ID || all[0].User != "ada" {
		t.Errorf("%+v %v", all, err)
	}
	if _, removed, err := s.Sweep(false, func(Request) {}); err != nil || removed != 0 {
		t.Errorf("%d removed, %v", removed, err)
	}
	if err := s.SettleSeen(anew); err != nil {
		t.Fatal(err)
	}
	if ids, err := s.ids(); err != nil || len(ids) != 0 {
		t.Errorf("left: %v %v", ids, err)
	}
}

// confirmed is a request that waits.
func confirmed(t *testing.T, s Store, email string) Request {
	t.Helper()
	var link string
	err := s.Ask(words(email, ""), "external", "192.0.2.1", "c", func(text string, _ Request) error { link = text; return nil })
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Confirm(link, told)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestNotSent: a mail that could not be handed over counts as none.
func TestNotSent(t *testing.T) {
	s, _ := newStore(t)
	for range perAddress + 1 {
		err := s.Ask(words("a@example.org", ""), "external", "192.0.2.1", "c", func(string, Request) error { return unix.ENOSPC })
		if !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
	}
	confirmed(t, s, "a@example.org")
}

// TestBounds: mails are bounded for a mailbox, however it is spelt, for who asks, and for all; a day later they count anew.
func TestBounds(t *testing.T) {
	s, now := newStore(t)
	s.Room = 1000
	asks := func(email, client string) error {
		return s.Ask(words(email, ""), "external", "192.0.2.1", client, unsent)
	}
	many := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ErrMany) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := asks("ada.neri@example.org", "1"); err != nil {
		t.Fatal(err)
	}
	for i, spelt := range []string{"ada.neri@example.org", "Ada.Neri@example.org", "ada.neri@EXAMPLE.org", "ada.neri+shop@example.org", "adaneri@example.org"} {
		many(spelt, asks(spelt, fmt.Sprint("2.", i)))
	}
	for i := range perAddress - 1 {
		*now = now.Add(pause)
		if err := asks("ada.neri@example.org", fmt.Sprint("3.", i)); err != nil {
			t.Error(err)
		}
	}
	*now = now.Add(pause)
	many("one more today", asks("ada.neri@example.org", "4"))
	for i := range 5 { // one who asks for many addresses, of which some had enough, is one who asks often
		if i == 0 {
			many("a mailbox that had enough", asks("ada.neri@example.org", "5"))
		} else if err := asks(fmt.Sprintf("five%d@example.org", i), "5"); err != nil {
			t.Error(err)
		}
	}
	many("a sixth time", asks("six@example.org", "5"))
	sent := perAddress + 4
	for i := sent; i < s.Limits.Daily; i++ {
		if err := asks(fmt.Sprintf("all%d@example.org", i), fmt.Sprint("6.", i)); err != nil {
			t.Error(err)
		}
	}
	many("beyond the day's mails", asks("one-more@example.org", "7"))
	*now = now.Add(day)
	if err := asks("ada.neri@example.org", "5"); err != nil {
		t.Errorf("on another day: %v", err)
	}
	*now = now.Add(-48 * time.Hour) // a clock that is set back keeps nobody out
	if err := asks("ada.neri@example.org", "5"); err != nil {
		t.Errorf("with the clock set back: %v", err)
	}
	// Whoever has many addresses on the network does not fill the disk with them.
	s.Limits.Daily = 2
	for i := range 10 * clientsPerMail {
		many("for a mailbox that has one", asks("ada.neri@example.org", fmt.Sprint("8.", i)))
	}
	if c, err := s.readCounts(); err != nil || len(c.Clients) > 2*clientsPerMail {
		t.Errorf("%d are counted: %v", len(c.Clients), err)
	}
}

// TestFullStore: a full store says so to everybody in the same way, loses nothing, and what is over makes room.
func TestFullStore(t *testing.T) {
	s, now := newStore(t)
	waiting := s.ask(t, words("ada@example.org", ""))
	if _, err := s.Confirm(waiting, told); err != nil {
		t.Fatal(err)
	}
	for i := range s.Room - 1 {
		s.ask(t, words(fmt.Sprintf("n%d@example.org", i), ""))
	}
	before := s.state(t)
	for _, email := range []string{"new@example.org", "ada@example.org", "n0@example.org"} {
		if err := s.Ask(words(email, ""), "external", "192.0.2.1", "c", unsent); !errors.Is(err, ErrRoom) {
			t.Errorf("%s: %v", email, err)
		}
	}
	if s.state(t) != before {
		t.Error("something has changed")
	}
	*now = now.Add(s.Limits.Link)
	s.ask(t, words("new@example.org", ""))
	if ids, err := s.ids(); err != nil || len(ids) != 2 {
		t.Errorf("left: %v %v", ids, err)
	}
	if _, err := s.Find(waiting[:16]); err != nil {
		t.Errorf("what waits made room: %v", err)
	}
}

// TestSweep: what is over goes, what waits stays; of whom the counts tell is forgotten a day later.
func TestSweep(t *testing.T) {
	s, now := newStore(t)
	over, waits := s.ask(t, words("over@example.org", "")), s.ask(t, words("waits@example.org", ""))
	if _, err := s.Confirm(waits, told); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.name(strings.Repeat("0", 16)), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(s.Limits.Link)
	before := s.state(t)
	var named []string
	tell := func(r Request) { named = append(named, r.Email) }
	if seen, removed, err := s.Sweep(true, tell); err != nil || seen != 3 || removed != 2 || s.state(t) != before {
		t.Errorf("%d %d %v", seen, removed, err)
	}
	if seen, removed, err := s.Sweep(false, tell); err != nil || seen != 3 || removed != 2 || len(named) != 4 {
		t.Errorf("%d %d %v %q", seen, removed, err, named)
	}
	if _, err := s.Look(over); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if after := s.state(t); strings.Contains(after, "over@") || !strings.Contains(after, "waits@") || strings.Contains(after, "counts") {
		t.Error(after)
	}
}

// TestBusy: who is at the store for long keeps others waiting for a while, and nobody who only looks.
func TestBusy(t *testing.T) {
	s, _ := newStore(t)
	text := s.ask(t, words("ada@example.org", ""))
	lock, err := s.lock()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	began := time.Now()
	if _, err := s.Look(text); err != nil || time.Since(began) > lockWait/2 {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	if err := s.Ask(words("b@example.org", ""), "external", "192.0.2.1", "c", unsent); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
}

// TestFullDisk: what cannot be written is refused, and leaves everything as it was: a link is good still, what waits still waits.
func TestFullDisk(t *testing.T) {
	if os.Getenv("SHZ_COPY") == "" || os.Geteuid() != 0 {
		t.Skip("mounts: run by test.sh in its copy of the machine")
	}
	s, now := newStore(t)
	if err := unix.Mount("tmpfs", s.Folder, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(s.Folder, unix.MNT_DETACH)
	waits, link := s.ask(t, words("waits@example.org", "")), s.ask(t, words("link@example.org", ""))
	r, err := s.Confirm(waits, told)
	if err != nil {
		t.Fatal(err)
	}
	filler := s.name("filler")
	if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	*now = now.Add(pause)
	before := s.state(t)
	for _, email := range []string{"new@example.org", "link@example.org", "waits@example.org"} {
		if err := s.Ask(words(email, ""), "external", "192.0.2.1", "c", unsent); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("%s: %v", email, err)
		}
	}
	if _, err := s.Confirm(link, told); !errors.Is(err, unix.ENOSPC) {
		t.Error(err)
	}
	if err := s.Begin(r, "waits"); !errors.Is(err, unix.ENOSPC) {
		t.Error(err)
	}
	if s.state(t) != before {
		t.Error("something has changed")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Confirm(link, told); err != nil {
		t.Error(err)
	}
	if err := s.Settle(r); err != nil {
		t.Error(err)
	}
}
