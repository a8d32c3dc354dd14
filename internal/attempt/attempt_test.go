package attempt

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
)

// room is that of the tests: large enough that a tenth of it is more than a test brings.
const room = 500

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func newStore(t *testing.T) store {
	return store{folder: t.TempDir(), now: noon, limits: Limits{Pair: 3, Address: 10, Window: 15 * time.Minute}, room: room}
}

func (s store) later(d time.Duration) store {
	s.now = s.now.Add(d)
	return s
}

// try is one attempt with a wrong password, or a right one; it says whether the password was looked at.
func (s store) try(user, address string, right bool) bool {
	a, err := s.begin(user, netip.MustParseAddr(address))
	if err != nil && !errors.Is(err, ErrTooMany) {
		panic(err)
	}
	if err == nil && right {
		a.Right()
	}
	return err == nil
}

// TestPair: who guesses at one account keeps out himself, and nobody else.
func TestPair(t *testing.T) {
	s := newStore(t)
	for i := range 6 {
		if through := s.try("anna", "192.0.2.1", false); through != (i < 3) {
			t.Errorf("guess %d: %v", i, through)
		}
	}
	for what, through := range map[string]bool{
		"the right password from there": !s.try("anna", "192.0.2.1", true), "anna from elsewhere": s.try("anna", "192.0.2.2", true),
		"bruno from there": s.try("bruno", "192.0.2.1", true), "an unknown name from there": s.try("", "192.0.2.1", false),
		"a minute before the end": !s.later(14*time.Minute).try("anna", "192.0.2.1", true),
		"when the time is over":   s.later(15*time.Minute).try("anna", "192.0.2.1", true),
	} {
		if !through {
			t.Errorf("%s: not as it should be", what)
		}
	}
	for range 20 { // right ones in between: nothing adds up
		if !s.try("carla", "192.0.2.3", false) || !s.try("carla", "192.0.2.3", true) {
			t.Fatal("carla is shut out by what was forgotten")
		}
	}
}

// TestAddress: an address that guesses at many accounts is shut, but not for those who came in from there before.
func TestAddress(t *testing.T) {
	s := newStore(t)
	if !s.try("anna", "192.0.2.1", true) {
		t.Fatal("anna")
	}
	for i := range 20 {
		user := ""
		if i%2 == 0 {
			user = fmt.Sprint("user", i)
		}
		if through := s.try(user, "192.0.2.1", false); through != (i < 10) {
			t.Errorf("guess %d: %v", i, through)
		}
	}
	if s.try("bruno", "192.0.2.1", true) {
		t.Error("a stranger is let in from an address that guesses")
	}
	if !s.try("anna", "192.0.2.1", true) || !s.try("bruno", "192.0.2.9", true) {
		t.Error("anna, who was here before, or bruno from elsewhere is shut out")
	}
	for range 5 {
		s.try("anna", "192.0.2.1", false)
	}
	if s.try("anna", "192.0.2.1", true) {
		t.Error("who is known may guess without end")
	}
	if !s.later(16*time.Minute).try("bruno", "192.0.2.1", true) {
		t.Error("the address stays shut")
	}
	after := s.later(100 * 24 * time.Hour)
	for range 10 {
		after.try("", "192.0.2.1", false)
	}
	if after.try("anna", "192.0.2.1", true) {
		t.Error("who was here a hundred days ago is still known")
	}
}

// TestBuckets: what counts as one address.
func TestBuckets(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::", "2001:db8:1:2::1": "2001:db8:1:2::",
		"2001:db8:1:3::1": "2001:db8:1:3::", "fe80::1%eth0": "fe80::", "::1": "::",
	} {
		if got := Bucket(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %s, not %s", text, got, want)
		}
	}
}

// TestAtOnce: a hundred at once are a hundred.
func TestAtOnce(t *testing.T) {
	s := newStore(t)
	var through atomic.Int32
	var guessing sync.WaitGroup
	for range 100 {
		guessing.Go(func() {
			if s.try("anna", "192.0.2.1", false) {
				through.Add(1)
			}
		})
	}
	guessing.Wait()
	if through.Load() != 3 {
		t.Errorf("%d passwords were looked at, not 3", through.Load())
	}
}

// TestStore: what is wrong with the folder keeps nobody out, and it stays bounded.
func TestStore(t *testing.T) {
	for _, content := range []string{"", "{", "null", `{"failures":"x"}`, `{"failures":99,"since":"2030-01-01T00:00:00Z"}`, string(make([]byte, 5000))} {
		s := newStore(t)
		os.WriteFile(filepath.Join(s.folder, "anna@192.0.2.1"), []byte(content), 0o600)
		if !s.try("anna", "192.0.2.1", true) || !s.try("anna", "192.0.2.1", false) {
			t.Errorf("%.30q shuts anna out", content)
		}
	}
	gone := newStore(t)
	gone.folder += "/nowhere"
	linked := newStore(t)
	os.Symlink("/etc/passwd", filepath.Join(linked.folder, "anna@192.0.2.1"))
	before, _ := os.ReadFile("/etc/passwd")
	if !gone.try("anna", "192.0.2.1", true) || !linked.try("anna", "192.0.2.1", true) {
		t.Error("shut out by what is wrong with the folder")
	}
	if after, _ := os.ReadFile("/etc/passwd"); string(after) != string(before) {
		t.Error("a link was followed")
	}

	full := newStore(t)
	full.try("anna", "192.0.2.1", true)
	for i := range room {
		os.WriteFile(filepath.Join(full.folder, fmt.Sprintf("@10.%d.%d.1", i/256, i%256)), nil, 0o600)
	}
	full.try("bruno", "192.0.2.2", true)
	names, _ := os.ReadDir(full.folder)
	if len(names) > 10 {
		t.Errorf("%d files are left", len(names))
	}
	if _, err := os.Stat(filepath.Join(full.folder, "anna@192.0.2.1")); err != nil {
		t.Error("what is still worth something was removed")
	}
	// Thousands of addresses with a failure each: who goes on guessing is counted all the same.
	crowded := newStore(t)
	for i := range room {
		line := fmt.Sprintf(`{"failures":1,"since":%q}`, noon.Add(-time.Duration(i)*time.Millisecond).Format(time.RFC3339Nano))
		os.WriteFile(filepath.Join(crowded.folder, fmt.Sprintf("@10.%d.%d.1", i/256, i%256)), []byte(line), 0o600)
	}
	looked := 0
	for range 20 {
		if crowded.try("bruno", "192.0.2.2", false) {
			looked++
		}
	}
	if names, _ := os.ReadDir(crowded.folder); looked != crowded.limits.Pair || len(names) < room*8/10 || len(names) > room {
		t.Errorf("%d guesses were looked at, %d files are left", looked, len(names))
	}
	if _, err := os.Stat(filepath.Join(crowded.folder, "@10.0.1.1")); err != nil {
		t.Error("the youngest failures were forgotten first")
	}
	// Nearly all of them remember people: guesses are counted on, and of the people the latest are remembered.
	for _, people := range []int{room, room - 1, room - 10, room / 2} {
		known := newStore(t)
		for i := range people {
			line := fmt.Sprintf(`{"success":%q}`, noon.Add(-time.Duration(i)*time.Minute).Format(time.RFC3339))
			os.WriteFile(filepath.Join(known.folder, fmt.Sprintf("u%d@192.0.2.9", i)), []byte(line), 0o600)
		}
		for i := range room - people {
			os.WriteFile(filepath.Join(known.folder, fmt.Sprintf("@10.%d.%d.1", i/256, i%256)), []byte(`{"failures":1,"since":"2026-11-01T11:59:00Z"}`), 0o600)
		}
		looked := 0
		for range 20 {
			if known.try("bruno", "192.0.2.2", false) {
				looked++
			}
		}
		if _, err := os.Stat(filepath.Join(known.folder, "u0@192.0.2.9")); looked != known.limits.Pair || err != nil {
			t.Errorf("%d remembered: %d guesses were looked at, the latest is remembered: %v", people, looked, err)
		}
		if names, _ := os.ReadDir(known.folder); len(names) > room*91/100 {
			t.Errorf("%d remembered: %d files are left, so the next attempts look at all of them again", people, len(names))
		}
	}
	if err := full.each("anna", full.remove); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(full.folder, "anna@192.0.2.1")); err == nil {
		t.Error("anna is not forgotten")
	}
	if _, err := os.Stat(filepath.Join(full.folder, "bruno@192.0.2.2")); err != nil {
		t.Error("bruno is forgotten too")
	}
}

// TestForgiven: whom an administrator lets in again is still known where he came in before, whatever others did there.
func TestForgiven(t *testing.T) {
	s := newStore(t)
	const office = "192.0.2.1"
	s.try("anna", office, true)
	for range 3 {
		s.try("anna", office, false)
		s.try("bruno", office, false)
	}
	for range 20 { // names that nobody has
		s.try("", office, false)
	}
	if s.try("anna", office, true) {
		t.Fatal("anna is not shut out")
	}
	for _, user := range []string{"anna", "bruno"} {
		if err := s.forgive(user); err != nil {
			t.Error(err)
		}
	}
	if !s.try("anna", office, true) {
		t.Error("anna is not known any more")
	}
	s.try("", office, false) // as anna gave one back
	if s.try("bruno", office, true) {
		t.Error("bruno, who never was there, is")
	}
	if err := s.forgive("carla"); err != nil {
		t.Error(err)
	}
	if names, _ := os.ReadDir(s.folder); len(names) != 3 { // anna's, bruno's new one, the address's
		t.Errorf("%d files", len(names))
	}
}

// TestShut: of who is shut out it is known from where and until when, and of nobody else; forgiving ends it.
func TestShut(t *testing.T) {
	s := newStore(t)
	people := func(s store) map[string][]account.ShutFrom {
		users := []account.User{{Name: "anna"}, {Name: "a@b"}, {Name: "bruno"}}
		if err := s.addShut(users); err != nil {
			t.Fatal(err)
		}
		found := make(map[string][]account.ShutFrom)
		for _, u := range users {
			if u.ShutFrom == nil {
				t.Errorf("%s: not known", u.Name)
			}
			found[u.Name] = u.ShutFrom
		}
		return found
	}
	if all := people(store{folder: s.folder + "/none", now: noon, limits: s.limits}); len(all["anna"]) != 0 {
		t.Errorf("nothing was counted yet: %v", all)
	}
	for range 4 {
		s.try("anna", "192.0.2.1", false)
		s.later(time.Minute).try("anna", "2001:db8::1", false)
		s.try("a@b", "192.0.2.1", false)
	}
	s.try("bruno", "192.0.2.1", false)
	until := noon.Add(15 * time.Minute)
	want := map[string][]account.ShutFrom{
		"anna": {{Address: "2001:db8::/64", Until: until.Add(time.Minute)}, {Address: "192.0.2.1", Until: until}}, "a@b": {{Address: "192.0.2.1", Until: until}}, "bruno": {},
	}
	if got := people(s); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	// What cannot be read hides nobody else's; what is damaged counts nothing, at logins either.
	bad := s.folder + "/anna@192.0.2.7"
	if err := errors.Join(os.Symlink("/etc/passwd", bad), os.WriteFile(s.folder+"/bruno@192.0.2.7", []byte(`{"failures":`), 0o600)); err != nil {
		t.Fatal(err)
	}
	users := []account.User{{Name: "anna"}, {Name: "a@b"}, {Name: "bruno"}}
	if err := s.addShut(users); !errors.Is(err, unix.ELOOP) || users[0].ShutFrom != nil || !reflect.DeepEqual(users[1].ShutFrom, want["a@b"]) || users[2].ShutFrom == nil {
		t.Errorf("with a file that cannot be read: %v, %v", err, users)
	}
	if err := os.Remove(bad); err != nil {
		t.Fatal(err)
	}
	if err := s.forgive("anna"); err != nil {
		t.Fatal(err)
	}
	if got := people(s); len(got["anna"]) != 0 || len(got["a@b"]) != 1 {
		t.Errorf("after anna was forgiven: %v", got)
	}
	if got := people(s.later(15 * time.Minute)); len(got["a@b"]) != 0 {
		t.Errorf("when the time is over: %v", got)
	}
}
