package token

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func newStore(t *testing.T) (Store, *time.Time) {
	t.Helper()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	return Store{Folder: t.TempDir(), Now: func() time.Time { return now }, Room: 3}, &now
}

func anna(state string) Record {
	return Record{Purpose: Password, User: "anna", UID: 1001, State: state}
}

func (s Store) issue(t *testing.T, of Record) string {
	t.Helper()
	sent := ""
	if err := s.Issue(of, s.Now().Add(time.Hour), 0, func(text string, _ Record) error { sent = text; return nil }); err != nil {
		t.Fatal(err)
	}
	return sent
}

func unsent(string, Record) error { return nil }

func works(Record) error { return nil }

// TestToken: once, within its time, as long as what it is about is what it was.
func TestToken(t *testing.T) {
	s, now := newStore(t)
	text := s.issue(t, anna("a"))
	if again := s.issue(t, anna("a")); again != text {
		t.Error("asked again it is another one")
	}
	if err := s.Issue(anna("a"), now.Add(time.Hour), time.Minute, unsent); !errors.Is(err, ErrSoon) {
		t.Errorf("sent without end: %v", err)
	}
	var used Record
	if err := s.Use(Password, text, func(r Record) error { used = r; return nil }); err != nil || used.User != "anna" || used.UID != 1001 || used.State != "a" {
		t.Errorf("%v %+v", err, used)
	}
	if err := s.Use(Password, text, works); !errors.Is(err, ErrUnknown) {
		t.Errorf("used twice: %v", err)
	}
	text = s.issue(t, anna("a"))
	weak := errors.New("weak")
	if err := s.Use(Password, text, func(Record) error { return weak }); !errors.Is(err, weak) {
		t.Error(err)
	}
	if next := s.issue(t, anna("b")); next == text || s.Use(Password, text, works) == nil || s.Use(Password, next, works) != nil {
		t.Error("a token of another state is good, or the one of this state is not")
	}
	text = s.issue(t, anna("a"))
	*now = now.Add(time.Hour)
	if err := s.Use(Password, text, works); !errors.Is(err, ErrUnknown) {
		t.Errorf("late: %v", err)
	}
	if ids, _ := s.ids(); len(ids) != 0 {
		t.Errorf("left: %v", ids)
	}
}

// TestTokenOnDisk: neither a record nor the key is the text, nor has it in it.
func TestTokenOnDisk(t *testing.T) {
	s, _ := newStore(t)
	_, half, _ := strings.Cut(s.issue(t, anna("a")), "-")
	entries, err := os.ReadDir(s.Folder)
	if err != nil || len(entries) != 4 { // record, key, lock, pace
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(s.name(e.Name()))
		info, _ := e.Info()
		if err != nil || strings.Contains(string(b), half) || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v %s", e.Name(), err, info.Mode(), b)
		}
	}
}

// TestTokenGuessed: whoever knows the public half alone makes the token void after some tries; any other text does nothing.
func TestTokenGuessed(t *testing.T) {
	s, _ := newStore(t)
	text := s.issue(t, anna("a"))
	id, half, _ := strings.Cut(text, "-")
	for _, other := range []string{
		"", text[:80], text + "0", strings.ToUpper(text), " " + text, text + "\n", "../" + text, "key-" + half, "lock-" + half, "0123456789abcdef-" + half, half,
		strings.Repeat("0", 16) + "-" + half, "\x00",
	} {
		if err := s.Use(Password, other, works); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v", other, err)
		}
	}
	wrong := id + "-" + strings.Repeat("0", 64)
	for range MostWrong {
		if _, err := s.Look(Password, wrong); !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
	}
	for range MostWrong - 1 {
		if err := s.Use(Password, wrong, works); !errors.Is(err, ErrUnknown) {
			t.Error(err)
		}
	}
	if err := s.Use(Password, text, func(Record) error { return errors.New("not yet") }); errors.Is(err, ErrUnknown) {
		t.Error("void too early")
	}
	s.Use(Password, wrong, works)
	if err := s.Use(Password, text, works); !errors.Is(err, ErrUnknown) {
		t.Errorf("guessed at, and good: %v", err)
	}
}

// TestTokenAtOnce: of many who use one at the same moment one does.
func TestTokenAtOnce(t *testing.T) {
	s, _ := newStore(t)
	text := s.issue(t, anna("a"))
	var group sync.WaitGroup
	var mutex sync.Mutex
	used := 0
	for range 20 {
		group.Go(func() {
			s.Use(Password, text, func(Record) error { mutex.Lock(); used++; mutex.Unlock(); return nil })
		})
	}
	group.Wait()
	if used != 1 {
		t.Errorf("used %d times", used)
	}
}

// TestTokenStore: it is bounded, what has expired makes room, and what is damaged stops nobody.
func TestTokenStore(t *testing.T) {
	s, now := newStore(t)
	for i := range s.Room {
		s.issue(t, Record{Purpose: Password, User: "u", UID: uint32(2000 + i)})
	}
	if err := s.Issue(anna("a"), now.Add(time.Hour), 0, unsent); !errors.Is(err, ErrRoom) {
		t.Errorf("more than there is room for: %v", err)
	}
	*now = now.Add(2 * time.Hour)
	text := s.issue(t, anna("a"))
	if err := os.WriteFile(s.name("00000000000000aa"), []byte(`{"version":1,"hash":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Use(Password, "00000000000000aa-"+strings.Repeat("0", 64), works); !errors.Is(err, ErrUnknown) {
		t.Errorf("damaged: %v", err)
	}
	if err := os.WriteFile(s.name("key"), []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Issue(anna("a"), now.Add(time.Hour), 0, unsent); err == nil {
		t.Error("a spoilt key is taken")
	}
	if err := s.Use(Password, text, works); err != nil {
		t.Errorf("a token needs no key to be used: %v", err)
	}
}

// TestTokenSweep: what is no good any more goes, and nothing else.
func TestTokenSweep(t *testing.T) {
	s, now := newStore(t)
	s.issue(t, anna("a"))
	*now = now.Add(30 * time.Minute)
	text := s.issue(t, Record{Purpose: Password, User: "bruno", UID: 1002})
	if err := os.WriteFile(s.name("00000000000000aa"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(30 * time.Minute)
	for _, leave := range []bool{true, false} {
		told := map[string]bool{}
		seen, removed, err := s.Sweep(leave, func(r Record) { told[r.User] = true })
		if err != nil || seen != 3 || removed != 2 || len(told) != 2 || !told["anna"] || !told[""] {
			t.Errorf("leave %v: %v, %d of %d, %v", leave, err, removed, seen, told)
		}
	}
	if seen, removed, err := s.Sweep(false, func(Record) {}); err != nil || seen != 1 || removed != 0 {
		t.Errorf("again: %v, %d of %d", err, removed, seen)
	}
	if err := s.Use(Password, text, works); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.name("key")); err != nil {
		t.Error(err)
	}
}

// TestTokenAgain: who asks again late gets one that holds as long as the first did, and leads where that did; the older one is good to
// its end, and void when the other is used. What could not be sent is no reason not to send it.
func TestTokenAgain(t *testing.T) {
	s, now := newStore(t)
	of := anna("a")
	of.Zone = "offers"
	first := s.issue(t, of)
	of.Zone = ""
	*now = now.Add(30 * time.Minute)
	if again := s.issue(t, of); again != first {
		t.Error("half its time is left, and it is another one")
	}
	*now = now.Add(time.Minute)
	var got Record
	second := ""
	issue := func(pause time.Duration, sent error) error {
		return s.Issue(of, now.Add(time.Hour), pause, func(text string, r Record) error { second, got = text, r; return sent })
	}
	full := errors.New("full")
	if err := issue(time.Minute, full); !errors.Is(err, full) {
		t.Error(err)
	}
	failed := second
	if err := issue(time.Minute, nil); err != nil || second != failed {
		t.Errorf("what was not sent: %v", err)
	}
	if second == first || got.Zone != "offers" || !got.Expires.Equal(now.Add(time.Hour)) {
		t.Errorf("late: the same one %v, %+v", second == first, got)
	}
	if err := issue(time.Minute, nil); !errors.Is(err, ErrSoon) {
		t.Errorf("sent without end: %v", err)
	}
	for _, text := range []string{first, second} {
		if r, err := s.Find(Password, text); err != nil || r.User != "anna" {
			t.Errorf("%v %+v", err, r)
		}
	}
	if err := s.Use(Password, second, works); err != nil {
		t.Error(err)
	}
	if _, err := s.Find(Password, first); !errors.Is(err, ErrUnknown) {
		t.Errorf("the other was used: %v", err)
	}
}

// TestTokenElsewhere: somebody has a link for one address at a time, and who asks for another one waits as who asks for the same.
func TestTokenElsewhere(t *testing.T) {
	s, now := newStore(t)
	of := Record{Purpose: Address, User: "anna", UID: 1001, State: "s", Email: "a@example.org"}
	issue := func(email string) (text string, err error) {
		of.Email = email
		return text, s.Issue(of, now.Add(time.Hour), time.Minute, func(made string, _ Record) error { text = made; return nil })
	}
	first, err := issue("a@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := issue("b@example.org"); err != ErrSoon {
		t.Errorf("at once: %v", err)
	}
	if _, err := s.Find(Address, first); !errors.Is(err, ErrUnknown) {
		t.Errorf("the one before, from when another is asked for: %v", err)
	}
	*now = now.Add(2 * time.Minute)
	second, err := issue("b@example.org")
	if err != nil || second == first {
		t.Fatalf("%v", err)
	}
	if r, found, err := s.Pending(Address, 1001, "s"); err != nil || !found || r.Email != "b@example.org" {
		t.Errorf("%+v %v %v", r, found, err)
	}
	// A new password makes it void, and no other mail goes sooner by that.
	of.State = "another password"
	if _, err := issue("b@example.org"); err != ErrSoon {
		t.Errorf("with another password: %v", err)
	}
	if _, err := s.Find(Address, second); !errors.Is(err, ErrUnknown) {
		t.Errorf("of the former password: %v", err)
	}
	*now = now.Add(2 * time.Minute)
	third, err := issue("c@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Withdraw(Address, 1001, "c@example.org"); err != nil {
		t.Error(err)
	}
	if _, err := s.Find(Address, third); err != nil {
		t.Errorf("that of the present address: %v", err)
	}
	if err := s.Withdraw(Address, 1001, "old@example.org"); err != nil {
		t.Error(err)
	}
	if _, err := s.Find(Address, third); !errors.Is(err, ErrUnknown) {
		t.Errorf("taken back: %v", err)
	}
}

// TestTokenDay: so many strangers in a day, whatever becomes of the links, and none more by using one. Root is not bounded, and what goes to the
// account's own address is not either.
func TestTokenDay(t *testing.T) {
	s, now := newStore(t)
	issue := func(of Record, pause time.Duration) (text string, err error) {
		*now = now.Add(10 * time.Minute)
		return text, s.Issue(of, now.Add(time.Hour), pause, func(made string, _ Record) error { text = made; return nil })
	}
	to := func(n int) Record {
		return Record{Purpose: Address, User: "anna", UID: 1001, State: string(rune('a' + n)), Email: string(rune('a'+n)) + "@example.org"}
	}
	for n := range mostDay {
		text, err := issue(to(n), time.Minute)
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		if err := s.Use(Address, text, works); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := issue(to(9), time.Minute); err != ErrDay {
		t.Errorf("one more: %v", err)
	}
	if _, _, err := s.Sweep(false, func(Record) {}); err != nil {
		t.Error(err)
	}
	if _, err := issue(to(9), time.Minute); err != ErrDay {
		t.Errorf("after the cleaner: %v", err)
	}
	if _, err := issue(to(9), 0); err != nil {
		t.Errorf("root: %v", err)
	}
	of := to(9)
	of.UID = 1002
	if _, err := issue(of, time.Minute); err != nil {
		t.Errorf("another one: %v", err)
	}
	for range mostDay + 1 {
		if _, err := issue(anna("a"), time.Minute); err != nil {
			t.Errorf("a forgotten password: %v", err)
		}
	}
	*now = now.Add(day)
	if _, err := issue(to(9), time.Minute); err != nil {
		t.Errorf("the next day: %v", err)
	}
	if err := os.WriteFile(s.paceName(Address, 1001), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := issue(to(8), time.Minute); err != nil {
		t.Errorf("damaged: %v", err)
	}
	*now = time.Now().Add(2 * day)
	if _, _, err := s.Sweep(false, func(Record) {}); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(s.Folder); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}

// TestTokenPurpose: what is for one thing is not for another, and is not void by that; who looks finds what is good.
func TestTokenPurpose(t *testing.T) {
	s, now := newStore(t)
	of := anna("a")
	of.Purpose, of.Zone = Invitation, "offers"
	text, other := s.issue(t, of), s.issue(t, anna("a"))
	if text == other {
		t.Fatal("the same for both")
	}
	if err := s.Use(Password, text, works); !errors.Is(err, ErrUnknown) {
		t.Errorf("for something else: %v", err)
	}
	if r, found, err := s.Pending(Invitation, of.UID, of.State); err != nil || !found || r.Zone != "offers" {
		t.Errorf("pending: %v %v %+v", err, found, r)
	}
	if _, found, err := s.Pending(Invitation, of.UID+1, of.State); err != nil || found {
		t.Errorf("of another: %v %v", err, found)
	}
	if err := s.Use(Invitation, text, works); err != nil {
		t.Error(err)
	}
	if _, found, err := s.Pending(Invitation, of.UID, of.State); err != nil || found {
		t.Errorf("used, and pending: %v %v", err, found)
	}
	*now = now.Add(time.Hour)
	if _, found, err := s.Pending(Password, of.UID, of.State); err != nil || found {
		t.Errorf("late, and pending: %v %v", err, found)
	}
}
