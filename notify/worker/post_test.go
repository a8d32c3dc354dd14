package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/notify/queue"
)

// fewNames are those of the machine of these tests.
type fewNames struct{}

var entries = []account.Entry{{Name: "anna", UID: 1001, GECOS: "Anna Rossi,,,,anna@example.org"}, {Name: "bruno", UID: 1003, GECOS: "Bruno"}, {Name: "gone", UID: 1009}, {Name: "dora", UID: 1004}}

func (fewNames) find(right func(account.Entry) bool) (account.Entry, bool) {
	i := slices.IndexFunc(entries, right)
	if i < 0 {
		return account.Entry{}, false
	}
	return entries[i], true
}
func (n fewNames) User(name string) (account.Entry, bool) {
	return n.find(func(e account.Entry) bool { return e.Name == name })
}
func (n fewNames) UserByUID(uid uint32) (account.Entry, bool) {
	return n.find(func(e account.Entry) bool { return e.UID == uid })
}
func (fewNames) InGroup(u, g string) bool { return u != "gone" && u+g != "dorashzadmin" }
func (fewNames) GroupsOf(e account.Entry) []string {
	if e.Name == "bruno" {
		return []string{"bruno", "shz-acme"}
	}
	return []string{e.Name}
}
func (fewNames) Err() error { return nil }

type mailroom struct {
	*post
	clock   time.Time
	canRead map[string][]string // by path, as helpers take it
	files   map[string]string   // which file is there, by path
	asked   []string
	silent  error
	mute    string // a zone of which nothing can be asked
	barred  map[string]bool
	log     []string
	often   map[uint32]account.Often // what people chose for every zone
	by      map[uint32]account.Channel
}

func newMailroom(t *testing.T) *mailroom {
	t.Helper()
	top := t.TempDir()
	for _, folder := range []string{"/notices", "/queue", "/queue/open", "/queue/waiting", "/queue/failed"} {
		if err := os.Mkdir(top+folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	m := &mailroom{clock: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
	m.post = &post{notices: notices(top + "/notices"), queue: queue.Queue(top + "/queue"), memory: top + "/taken.json", names: fewNames{},
		window: 5 * time.Minute, now: func() time.Time { return m.clock }, tell: func(line string) { m.log = append(m.log, line) },
		channel: func(e account.Entry) account.Channel { return cmp.Or(m.by[e.UID], account.ByMail) },
		often:   func(uid uint32, _ string) account.Often { return cmp.Or(m.often[uid], account.AtOnce) },
		barred:  func() (map[string]bool, error) { return m.barred, nil },
		readers: func(zone, id string, paths, files []string) ([][]string, error) {
			if zone == m.mute {
				return nil, errors.New("no answer")
			}
			m.asked = append(m.asked, zone+" "+id+" "+strings.Join(paths, " "))
			all := make([][]string, len(paths))
			for i, path := range paths {
				if all[i] = m.canRead[path]; files[i] != "" && files[i] != m.files[path] {
					all[i] = nil
				}
			}
			return all, m.silent
		}}
	return m
}

// run makes messages of all notices there are.
func (m *mailroom) run() error {
	all, err := m.notices.list()
	return errors.Join(err, m.post.run(all))
}

// left are the files of notices.
func (m *mailroom) left(t *testing.T) string {
	t.Helper()
	all, err := m.notices.list()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

// brings leaves notices: bruno brought these into a zone of owner's.
func (m *mailroom) brings(t *testing.T, source string, owner uint32, paths ...string) {
	t.Helper()
	var all []notice
	for _, path := range paths {
		all = append(all, notice{Kind: queue.Arrived, Time: m.clock, Actor: "bruno", Zone: "a", ZoneID: idOfA, Path: path, Owner: owner})
	}
	if err := m.notices.write(source, all); err != nil {
		t.Fatal(err)
	}
}

// takes leaves notices: bruno took these of owner's.
func (m *mailroom) takes(t *testing.T, source string, owner uint32, paths ...string) {
	t.Helper()
	var all []notice
	for _, path := range paths {
		all = append(all, notice{Kind: queue.Taken, Time: m.clock, Actor: "bruno", Zone: "a", ZoneID: idOfA, Path: path, Owner: owner})
	}
	if err := m.notices.write(source, all); err != nil {
		t.Fatal(err)
	}
}

// told is what stands in a folder's messages: "USER: PATH PATH".
func (m *mailroom) told(t *testing.T, folder string) string {
	t.Helper()
	ids, err := m.queue.List(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, id := range ids {
		one, err := m.queue.Read(folder, id)
		if err != nil {
			t.Fatal(err)
		}
		line := one.User + ":"
		for _, i := range one.Items {
			if line += " " + i.Path; i.Part || one.Kind == queue.PerhapsArrived {
				line += "?"
			}
		}
		all = append(all, line)
	}
	return strings.Join(all, "; ")
}

// runUntil stops a run in a step, as SIGKILL would.
func (m *mailroom) runUntil(at string) {
	m.step = func(now string) {
		if now == at {
			panic(stopped{})
		}
	}
	defer func() { recover(); m.step = nil }()
	m.run()
}

func (m *mailroom) mustRun(t *testing.T) {
	t.Helper()
	if err := m.run(); err != nil {
		t.Fatal(err)
	}
}

// TestPost: what one person takes within the window is one message, to the owner alone; it waits when the window is over.
func TestPost(t *testing.T) {
	m := newMailroom(t)
	m.takes(t, "1", 1001, "x", "y")
	m.takes(t, "2", 1003, "his own")
	m.takes(t, "3", 1009, "of one who is in no zone")
	m.takes(t, "4", 7777, "of nobody")
	m.mustRun(t)
	m.clock = m.clock.Add(4 * time.Minute)
	m.takes(t, "5", 1001, "z")
	m.mustRun(t)
	if got := m.told(t, queue.Open); got != "anna: x y z" || m.told(t, queue.Waiting) != "" {
		t.Errorf("%q, waiting %q", got, m.told(t, queue.Waiting))
	}
	m.clock = m.clock.Add(time.Minute)
	m.takes(t, "6", 1001, "w")
	m.mustRun(t) // it is taken along: the message was still open
	m.takes(t, "7", 1001, "v")
	m.mustRun(t)
	if got := m.told(t, queue.Waiting); got != "anna: x y z w" || m.told(t, queue.Open) != "anna: v" {
		t.Errorf("waiting %q, open %q", got, m.told(t, queue.Open))
	}
	if left, _ := m.notices.list(); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
}

// TestArrived: those who can read a file are told of it, and the zone's owner, of all that one person brought at once; not who
// brought it. The kernel is asked once for each file of notices.
func TestArrived(t *testing.T) {
	m := newMailroom(t)
	m.canRead = make(map[string][]string)
	var paths []string
	for i := range 500 {
		path := fmt.Sprintf("è/%03d", i)
		paths = append(paths, path)
		m.canRead["%C3%A8/"+path[len("è/"):]] = []string{"anna", "bruno", "dora", "nobody"}
	}
	m.brings(t, "1", 1001, paths[:400]...)
	m.brings(t, "2", 1001, paths[400:]...)
	m.brings(t, "3", 1001, "removed since")
	m.brings(t, "4", 1009, "of an owner who is in no zone")
	m.mustRun(t)
	if len(m.asked) != 4 || !strings.HasPrefix(m.asked[0], "a "+idOfA+" %C3%A8/000 %C3%A8/001 ") {
		t.Errorf("%d questions: %.80q", len(m.asked), m.asked)
	}
	ids, err := m.queue.List(queue.Open)
	if err != nil || len(ids) != 2 {
		t.Fatalf("%v %q", err, m.told(t, queue.Open))
	}
	counts := make(map[string]int)
	for _, id := range ids {
		one, err := m.queue.Read(queue.Open, id)
		if err != nil || len(one.Items) != queue.MaxItems || one.Items[0].Path != "è/000" {
			t.Errorf("%v %d items", err, len(one.Items))
		}
		counts[one.User] = one.Count
	}
	if counts["anna"] != 501 || counts["dora"] != 500 {
		t.Errorf("%v", counts)
	}
	m.silent = unix.EIO // the helper cannot be asked
	m.brings(t, "5", 1001, "later")
	if err := m.run(); !errors.Is(err, unix.EIO) {
		t.Errorf("%v", err)
	}
	m.silent = nil
	m.mustRun(t)
	if left, _ := m.notices.list(); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
}

// TestKilledUpload: what somebody brought whose handler was killed is told if his file, and no other, has the name; once, also where he
// goes on with it and ends it, before or after that was found out, but again under another name. What is not there the owner alone is
// told, as something that may be.
func TestKilledUpload(t *testing.T) {
	m := newMailroom(t)
	m.window = 0
	m.canRead = map[string][]string{"there": {"dora"}, "other": {"dora"}, "retried": {"dora"}}
	m.files = map[string]string{"there": "1-1", "other": "2-3", "retried": "4-4"}
	leave := func(source, path, file string, doubt bool) {
		n := notice{Kind: queue.Arrived, Time: m.clock, Actor: "bruno", Zone: "a", ZoneID: idOfA, Path: path, Owner: 1001, File: file, Doubt: doubt}
		if err := m.notices.write(source, []notice{n}); err != nil {
			t.Fatal(err)
		}
	}
	leave("1", "there", "1-1", true)
	leave("2", "other", "2-2", true)
	leave("3", "gone", "3-3", true)
	leave("4", "retried", "4-4", true)
	leave("5", "retried", "4-4", false)
	m.mustRun(t)
	m.clock = m.clock.Add(3 * time.Hour)
	leave("6", "retried", "4-4", false)
	leave("7", "there", "1-1", true)
	leave("8", "whole", "5-5", false)
	leave("9", "retried as another", "4-4", false)
	leave("9a", "gone", "3-3", false)
	m.mustRun(t)
	m.mustRun(t)
	again := notice{Kind: queue.Arrived, Time: m.clock, Actor: "bruno", Zone: "a", ZoneID: idOfA, Path: "stopped", Owner: 1001, File: "6-6"}
	for source, n := range map[string]notice{"b": again, "late": again} { // where both wait, the end comes first
		n.Again, n.Doubt = source == "b", source == "late"
		if err := m.notices.write(source, []notice{n}); err != nil {
			t.Fatal(err)
		}
	}
	m.canRead["stopped"], m.files["stopped"], m.clock = []string{}, "6-6", m.clock.Add(time.Second)
	m.mustRun(t)
	want := []string{"anna: other? gone?", "anna: stopped", "anna: there retried", "anna: whole retried as another gone", "dora: there retried"}
	if got := slices.Sorted(strings.SplitSeq(m.told(t, queue.Waiting), "; ")); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if left := m.left(t); left != "" {
		t.Errorf("%q are left", left)
	}
}

// TestCommitted: notices of a batch that was not committed when the run began are left alone; after some time so are the rest; and what
// was taken is written down once for all of them.
func TestCommitted(t *testing.T) {
	m := newMailroom(t)
	for _, source := range []string{"1", "2", "3", "4"} {
		m.takes(t, source, 1001, source)
	}
	m.brings(t, "0", 1001, "x")
	if err := m.post.run([]string{"0", "1", "2"}); err != nil {
		t.Fatal(err)
	}
	if got, left := m.told(t, queue.Open), m.left(t); !strings.Contains(got, "anna: 1 2") || left != "3 4" {
		t.Errorf("%q, %q are left", got, left)
	}
	os.Remove(m.memory)
	m.step = func(at string) {
		if _, err := os.Stat(m.memory); at == "added" && err == nil {
			t.Error("it is written down for each file of notices")
		}
	}
	m.mustRun(t)
	if _, err := os.Stat(m.memory); err != nil {
		t.Error(err)
	}
	m.step = nil
	ask := m.readers
	m.readers = func(zone, id string, paths, files []string) ([][]string, error) {
		m.clock = m.clock.Add(postTime)
		return ask(zone, id, paths, files)
	}
	m.brings(t, "5", 1001, "y")
	m.brings(t, "6", 1001, "z")
	for _, want := range []string{"6", ""} {
		m.mustRun(t)
		if got := m.left(t); got != want {
			t.Errorf("left: %q, not %q", got, want)
		}
	}
}

// TestTakenBound: of what was taken within the hour so much is remembered and no more, and it puts out nothing of files that arrived.
func TestTakenBound(t *testing.T) {
	m := newMailroom(t)
	many := make(memory)
	for i := range maxTaken + 10 {
		many[fmt.Sprint(i)] = m.clock.Add(-time.Duration(i) * time.Millisecond)
	}
	many[filePrefix+"x"] = m.clock.Add(-24 * time.Hour)
	if err := m.remember(many); err != nil {
		t.Fatal(err)
	}
	got, err := m.remembered()
	_, newest := got["0"]
	if _, file := got[filePrefix+"x"]; err != nil || len(got) != maxTaken+1 || !newest || !file {
		t.Errorf("%d, %v", len(got), err)
	}
}

// TestUnaskedZone: of a zone about which the helper gives no answer what came waits; what came into others with it is told once, also
// when the worker is killed between, or a run before had told some.
func TestUnaskedZone(t *testing.T) {
	for _, killed := range []string{"", "split", "added"} {
		t.Run(killed, func(t *testing.T) {
			m := newMailroom(t)
			m.canRead = map[string][]string{"x": {"anna"}, "y": {"anna"}}
			of := func(zone, id, path string) notice {
				return notice{Kind: queue.Arrived, Time: m.clock, Actor: "bruno", Zone: zone, ZoneID: id, Path: path, Owner: 1001}
			}
			if err := m.notices.write("1", []notice{of("a", idOfA, "x"), of("b", idOfB, "y")}); err != nil {
				t.Fatal(err)
			}
			if killed == "added" {
				m.runUntil("added")
			}
			m.mute = "b"
			if killed == "split" {
				m.runUntil("split")
			}
			for range 3 { // it waits each time anew
				if err := m.run(); err == nil {
					t.Error("that there was no answer is told to nobody")
				}
				m.clock = m.clock.Add(6 * time.Minute)
			}
			first := m.told(t, queue.Waiting)
			if killed == "" && first != "anna: x" {
				t.Errorf("%q", first)
			}
			m.mute = ""
			m.mustRun(t)
			m.clock = m.clock.Add(6 * time.Minute)
			m.mustRun(t)
			if got := m.told(t, queue.Waiting); got != "anna: x; anna: y" && got != "anna: y; anna: x" {
				t.Errorf("%q, then %q", first, got)
			}
			if left, _ := m.notices.list(); len(left) > 0 || m.told(t, queue.Open) != "" {
				t.Errorf("%q are left, open %q", left, m.told(t, queue.Open))
			}
		})
	}
}

// TestBarred: an owner whose account is locked or has expired is told nothing; of what the cleaner does the log tells.
func TestBarred(t *testing.T) {
	m := newMailroom(t)
	m.barred = map[string]bool{"anna": true}
	m.takes(t, "1", 1001, "x")
	m.cleans(t, "2", queue.Expired, 1001, "old")
	m.mustRun(t)
	if got := m.told(t, queue.Open); got != "" || len(m.log) != 1 || !strings.Contains(m.log[0], "nobody to tell") {
		t.Errorf("%q, %q", got, m.log)
	}
}

// TestDamagedMessage: a message that cannot be read while it collects is put aside, and what comes next is told in another one.
func TestDamagedMessage(t *testing.T) {
	for _, closing := range []bool{false, true} {
		m := newMailroom(t)
		m.takes(t, "1", 1001, "x")
		m.mustRun(t)
		ids, err := m.queue.List(queue.Open)
		if err != nil || len(ids) != 1 {
			t.Fatal(ids, err)
		}
		if err := os.WriteFile(string(m.queue)+"/open/"+ids[0]+".json", []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if closing {
			if err := m.run(); !errors.Is(err, queue.ErrDamaged) {
				t.Errorf("%v", err)
			}
		}
		m.takes(t, "2", 1001, "y")
		m.mustRun(t)
		aside, _ := m.queue.List(queue.Failed)
		if left, _ := m.notices.list(); m.told(t, queue.Open) != "anna: y" || !slices.Equal(aside, ids) || len(left) > 0 {
			t.Errorf("%q, aside %q, left %q", m.told(t, queue.Open), aside, left)
		}
	}
}

// TestMemory: of thousands of files for hundreds of people only what their messages name is held.
func TestMemory(t *testing.T) {
	var m collected
	for range 100 * queue.MaxItems {
		m.add(queue.Item{Path: "x"}, time.Minute)
	}
	if m.count != 100*queue.MaxItems || len(m.items) != queue.MaxItems || cap(m.items) > 2*queue.MaxItems {
		t.Errorf("%d of %d", len(m.items), m.count)
	}
	room := newMailroom(t)
	var paths []string
	for i := range 3 * queue.MaxItems {
		paths = append(paths, fmt.Sprint(i))
	}
	room.takes(t, "1", 1001, paths...)
	room.mustRun(t)
	ids, _ := room.queue.List(queue.Open)
	if one, err := room.queue.Read(queue.Open, ids[0]); err != nil || one.Count != len(paths) || len(one.Items) != queue.MaxItems || one.Items[0].Path != "0" {
		t.Errorf("%d of %d, %v", len(one.Items), one.Count, err)
	}
}

// TestClockAhead: an act of a moment in which the clock was a year ahead makes nobody forget what was told.
func TestClockAhead(t *testing.T) {
	m := newMailroom(t)
	now := m.clock
	m.clock = now.AddDate(1, 0, 0)
	m.takes(t, "1", 1001, "far")
	m.mustRun(t)
	m.clock = now
	for i, source := range []string{"2", "3", "4"} {
		m.clock = now.Add(time.Duration(i) * 10 * time.Minute)
		m.takes(t, source, 1001, "x")
		m.mustRun(t)
	}
	if all := m.told(t, queue.Waiting) + m.told(t, queue.Open); strings.Count(all, " x") != 1 {
		t.Errorf("%q", all)
	}
}

// TestEncoded: paths reach the helper byte for byte.
func TestEncoded(t *testing.T) {
	for _, row := range []struct{ path, raw, want string }{
		{"a/b", "", "a/b"}, {"a b%/?#", "", "a%20b%25/%3F%23"}, {"caf\ufffd/x", "caf%E9/x", "caf%E9/x"}, {"a\r\n", "", "a%0D%0A"},
	} {
		if got := (notice{Path: row.path, Raw: row.raw}).encoded(); got != row.want {
			t.Errorf("%q: %s", row.path, got)
		}
	}
}

// TestOnce: parts of one file within an hour are one, whatever the message they would stand in; whole and not whole are two.
func TestOnce(t *testing.T) {
	m := newMailroom(t)
	m.window = 0
	for i, minutes := range []int{0, 1, 30, 28, 1} {
		m.clock = m.clock.Add(time.Duration(minutes) * time.Minute)
		m.takes(t, string(rune('1'+i)), 1001, "film", "film")
		m.mustRun(t)
	}
	if got := m.told(t, queue.Waiting); got != "anna: film; anna: film" {
		t.Errorf("%q", got)
	}
	m.clock = m.clock.Add(time.Second)
	part := notice{Kind: queue.Taken, Time: m.clock, Actor: "bruno", Zone: "a", ZoneID: idOfA, Path: "film", Owner: 1001, Part: true}
	if err := m.notices.write("part", []notice{part}); err != nil {
		t.Fatal(err)
	}
	m.mustRun(t)
	if got := m.told(t, queue.Waiting); got != "anna: film; anna: film; anna: film?" {
		t.Errorf("%q", got)
	}
	m.clock = m.clock.Add(time.Second)
	m.takes(t, "of another", 1004, "film") // hers has come into its place
	m.mustRun(t)
	if got := m.told(t, queue.Waiting); got != "anna: film; anna: film; anna: film?; dora: film" {
		t.Errorf("%q", got)
	}
}

// TestPostKilled: a run that ends anywhere is made good by the next, and nobody is told anything twice.
func TestPostKilled(t *testing.T) {
	for _, at := range []string{"added", "remembered"} {
		for _, window := range []time.Duration{0, time.Minute} {
			m := newMailroom(t)
			m.window = window
			m.takes(t, "1", 1001, "x", "y")
			m.runUntil(at)
			m.mustRun(t)
			m.clock = m.clock.Add(time.Hour)
			m.mustRun(t)
			if got := m.told(t, queue.Waiting); got != "anna: x y" || m.told(t, queue.Open) != "" {
				t.Errorf("%s, %s: %q", at, window, got)
			}
		}
	}
}

// TestPending: a message that may still get something of the same notices is not sent.
func TestPending(t *testing.T) {
	m := newMailroom(t)
	m.window = 0
	m.takes(t, "1", 1001, "x")
	if err := os.Mkdir(m.memory+".new", 0o700); err != nil { // what was taken cannot be remembered
		t.Fatal(err)
	}
	if err := m.run(); !errors.Is(err, unix.EISDIR) {
		t.Errorf("%v", err)
	}
	m.takes(t, "2", 1001, "y")
	if err := m.run(); err == nil || m.told(t, queue.Waiting) != "" || m.told(t, queue.Open) != "anna: x y" {
		t.Errorf("%v, %q waits", err, m.told(t, queue.Waiting))
	}
	os.Remove(m.memory + ".new")
	m.mustRun(t)
	if got := m.told(t, queue.Waiting); got != "anna: x y" {
		t.Errorf("%q", got)
	}
}

// cleans leaves notices: the cleaner did this in a zone of owner's.
func (m *mailroom) cleans(t *testing.T, source string, kind queue.Kind, owner uint32, paths ...string) {
	t.Helper()
	var all []notice
	for _, path := range paths {
		all = append(all, notice{Kind: kind, Time: m.clock, Actor: "root", Zone: "a", ZoneID: idOfA, Path: path, Owner: owner})
	}
	if err := m.notices.write(source, all); err != nil {
		t.Fatal(err)
	}
}

// TestOfCleaner: its owner is told of a zone, once also where the cleaner repeats what it could not write down. What a run removes
// because of its age is one message, however long it takes, and what the next run removes another one. Of an owner without an account
// the log tells.
func TestOfCleaner(t *testing.T) {
	m := newMailroom(t)
	m.window = 24 * time.Hour // which is for files alone
	m.cleans(t, "1", queue.Warned, 1001, "2027-01-31")
	m.mustRun(t)
	m.clock = m.clock.Add(6 * time.Minute)
	m.cleans(t, "2", queue.Warned, 1001, "2027-01-31") // it was killed, and is there again
	m.cleans(t, "3", queue.Closed, 1001, "2027-01-31")
	m.cleans(t, "4", queue.Closed, 7777, "2027-01-31")
	m.mustRun(t)
	if got := m.told(t, queue.Waiting); got != "anna: 2027-01-31; anna: 2027-01-31" {
		t.Errorf("%q", got)
	}
	if len(m.log) != 1 || !strings.Contains(m.log[0], "uid 7777") || !strings.Contains(m.log[0], "closed of zone a") {
		t.Errorf("%q", m.log)
	}
	m = newMailroom(t)
	for minute := range 40 { // of one run
		m.cleans(t, fmt.Sprint("e", minute), queue.Expired, 1001, "same")
		m.mustRun(t)
		m.clock = m.clock.Add(time.Minute)
	}
	m.clock = m.clock.Add(5 * time.Minute)
	m.mustRun(t)
	m.clock = m.clock.Add(23 * time.Hour)
	m.cleans(t, "next", queue.Expired, 1001, "next")
	m.mustRun(t)
	if got := m.told(t, queue.Waiting); got != "anna:"+strings.Repeat(" same", 40) || m.told(t, queue.Open) != "anna: next" {
		t.Errorf("%q, %q", got, m.told(t, queue.Open))
	}
	for turn := range 26 * 15 { // without end
		m.cleans(t, fmt.Sprint("f", turn), queue.Expired, 1001, "more")
		m.mustRun(t)
		m.clock = m.clock.Add(4 * time.Minute)
	}
	if got := strings.Count(m.told(t, queue.Waiting), ";"); got != 1 {
		t.Errorf("%d more messages in 26 hours", got)
	}
}

// TestOften: what others do is told as seldom as the recipient chose; what becomes of his zone at once.
func TestOften(t *testing.T) {
	m := newMailroom(t)
	m.annaWants(account.Daily)
	m.takes(t, "1", 1001, "x")
	m.mustRun(t)
	m.clock = m.clock.Add(23 * time.Hour)
	m.takes(t, "2", 1001, "y")
	m.mustRun(t)
	if got := m.told(t, queue.Waiting); got != "" {
		t.Errorf("within a day: %q", got)
	}
	m.clock = m.clock.Add(61 * time.Minute)
	m.mustRun(t)
	if got := m.told(t, queue.Waiting); got != "anna: x y" {
		t.Errorf("after a day: %q", got)
	}
	m.annaWants(account.Hourly)
	m.takes(t, "3", 1001, "z")
	m.mustRun(t)
	m.clock = m.clock.Add(59 * time.Minute)
	m.mustRun(t)
	early := m.told(t, queue.Open)
	m.clock = m.clock.Add(2 * time.Minute)
	m.mustRun(t)
	if late := m.told(t, queue.Open); early != "anna: z" || late != "" {
		t.Errorf("within an hour %q, then %q", early, late)
	}
	m.annaWants(account.Never)
	m.takes(t, "4", 1001, "unwanted")
	m.brings(t, "5", 1001, "unwanted too")
	if err := m.notices.write("6", []notice{{Kind: queue.Closed, Time: m.clock, Actor: "root", Zone: "a", ZoneID: idOfA, Path: "2026-11-28", Owner: 1001}}); err != nil {
		t.Fatal(err)
	}
	m.mustRun(t)
	open, waiting := m.told(t, queue.Open), m.told(t, queue.Waiting) // what becomes of a zone waits for no window
	if open != "" || !strings.HasSuffix(waiting, "anna: 2026-11-28") || strings.Contains(waiting, "unwanted") {
		t.Errorf("none: %q, %q", open, waiting)
	}
	if left, _ := m.notices.list(); len(left) != 0 {
		t.Errorf("%q are left", left)
	}
}

// TestSeveral: what several people do in an hour or a day is one message, which says who did what; at once it is one of each.
func TestSeveral(t *testing.T) {
	for often, want := range map[account.Often]int{account.AtOnce: 3, account.Hourly: 1, account.Daily: 1} {
		m := newMailroom(t)
		m.annaWants(often)
		var all []notice
		for i, actor := range []string{"bruno", "carla", "dora", "bruno"} {
			all = append(all, notice{Kind: queue.Arrived, Time: m.clock, Actor: actor, Zone: "a", ZoneID: idOfA, Path: fmt.Sprint("f", i), Owner: 1001})
		}
		for i, n := range all { // of several batches
			if err := m.notices.write(fmt.Sprint("s", i), []notice{n}); err != nil {
				t.Fatal(err)
			}
		}
		m.mustRun(t)
		m.clock = m.clock.Add(25 * time.Hour)
		m.mustRun(t)
		ids, err := m.queue.List(queue.Waiting)
		if err != nil || len(ids) != want {
			t.Errorf("%s: %v, %d messages", often, err, len(ids))
		}
		for _, id := range ids {
			got, err := m.queue.Read(queue.Waiting, id)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, i := range got.Items {
				said = append(said, i.Path+" "+i.Actor)
			}
			if text := strings.Join(said, ", "); want == 1 && (got.Actor != "" || got.Count != 4 || text != "f0 bruno, f1 carla, f2 dora, f3 bruno") || want == 3 && (got.Actor == "" || strings.Contains(text, "bruno")) {
				t.Errorf("%s: %+v", often, got)
			}
		}
	}
}

func (m *mailroom) annaWants(o account.Often) { m.often = map[uint32]account.Often{1001: o} }

// TestAskedOnce: for how long a message collects is asked once for each, whatever it has in it.
func TestAskedOnce(t *testing.T) {
	m := newMailroom(t)
	asked := 0
	m.post.often = func(uint32, string) account.Often { asked++; return account.Never }
	m.takes(t, "1", 1001, "x", "y", "z")
	m.mustRun(t)
	if asked != 1 || m.told(t, queue.Open) != "" {
		t.Errorf("asked %d times, %q", asked, m.told(t, queue.Open))
	}
}
