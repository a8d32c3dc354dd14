package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/activity"
	"sharezone/internal/disk"
	"sharezone/internal/event"
	"sharezone/internal/layout"
	"sharezone/notify/queue"
)

// Of one file of notices, messages are made in steps of which each can be the last:
//
//  1. Each recipient's message is written. It names the file as its source, so the next run adds nothing twice; and a message
//     with a source that is still there is not sent (queue.Close), so what is added later is added to the same one.
//  2. When that was done for all files of a run, what was taken is remembered, for an hour.
//  3. The files are removed.
//
// This has a lock of its own: who can read what came is asked of the kernel, for thousands of files and people, and no log waits for it.

// once is for how long taking a file again is not told again: a player or a download manager fetches one in many parts. Nor is an act
// of the cleaner that was killed before it could write down that it is done.
const once = time.Hour

// maxTaken is of how many acts that is known, and of how many files (addFile) besides; of more in an hour the first are told again.
const maxTaken = 100_000

// postTime is after how long the rest of the files waits for the next run, because mails that are ready wait for this one.
const postTime = time.Minute

// names is what is asked of account.Names.
type names interface {
	User(name string) (account.Entry, bool)
	UserByUID(uid uint32) (account.Entry, bool)
	InGroup(user, group string) bool
	GroupsOf(e account.Entry) []string
	Err() error
}

// askReaders asks libexec/access who can read each of several files.
type askReaders func(zone, id string, paths, files []string) ([][]string, error)

// post makes messages of notices.
type post struct {
	notices notices
	queue   queue.Queue
	memory  string // a file: what was taken within the last hour
	names   names
	readers askReaders
	barred  func() (map[string]bool, error) // the same; who cannot log in
	window  time.Duration
	often   func(uid uint32, zoneID string) account.Often
	channel func(account.Entry) account.Channel // that holds for somebody
	now     func() time.Time
	tell    func(line string) // to the syslog
	step    func(string)      // tests stop here; nil otherwise
}

// run makes messages of the notices of batches that are committed. What stands in the way of one file is told, and keeps no other one
// waiting.
func (p *post) run(committed []string) error {
	if err := p.notices.sweep(true); err != nil {
		return err
	}
	all, err := p.notices.list() // anew: who had the lock before has used some up, or divided them
	if err != nil {
		return err
	}
	taken, err := p.remembered()
	if err != nil {
		return err
	}
	mine := make(map[string]bool, len(committed))
	for _, source := range committed {
		mine[queue.Whole(source)] = true
	}
	var made []string
	begun, learned := p.now(), false
	for _, source := range all {
		if !mine[queue.Whole(source)] || p.now().Sub(begun) >= postTime {
			continue
		}
		if slices.ContainsFunc(all, func(s string) bool { return s != source && queue.Covers(s, source) }) {
			err = errors.Join(err, p.notices.remove(source)) // a split that was stopped: nothing of its parts was told
			continue
		}
		fresh, oneErr := p.post(source, taken)
		if oneErr != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", source, oneErr))
			continue
		}
		maps.Copy(taken, fresh)
		learned = learned || len(fresh) > 0
		made = append(made, source)
	}
	if learned {
		if rememberErr := p.remember(taken); rememberErr != nil {
			err, made = errors.Join(err, rememberErr), nil
		}
	}
	p.pause("remembered")
	for _, source := range made {
		err = errors.Join(err, p.notices.remove(source))
	}
	left, listErr := p.notices.list()
	if listErr != nil {
		return errors.Join(err, listErr)
	}
	return errors.Join(err, p.queue.Close(p.now(), func(source string) bool {
		return slices.ContainsFunc(left, func(other string) bool { return queue.Covers(source, other) })
	}))
}

// post makes messages of one file, and returns what is to be remembered of it.
func (p *post) post(source string, taken memory) (fresh memory, err error) {
	all, err := p.notices.read(source)
	if err != nil {
		return nil, err
	}
	readers, unasked, err := p.readersOf(all)
	if err != nil {
		return nil, errors.Join(err, p.split(source, all, unasked))
	}
	fresh = make(memory)
	messages := make(map[queue.Key]*collected)
	var order []queue.Key
	channels := make(map[uint32]account.Channel)
	collects := make(map[queue.Key]collecting) // each of these and of channels asks for a file
	for i, n := range all {
		away := n.Doubt && readers[i] == nil // it never got there, has another name by now, or is renamed again and again: the owner hears of it
		if n.once() && !fresh.add(n, taken) || n.File != "" && !fresh.addFile(n, taken, away, p.now()) {
			continue
		}
		recipients, err := p.recipients(n, readers[i])
		if err != nil {
			return nil, err
		}
		if len(recipients) == 0 && n.Actor == "root" {
			p.tell(fmt.Sprintf("sharezone mail: nobody to tell, the owner is uid %d: %s of zone %s, %s", n.Owner, n.Kind, n.Zone, strconv.QuoteToASCII(n.Path)))
		}
		for _, r := range recipients {
			k := queue.Key{Kind: n.kindFor(away), UID: r.UID, User: r.Name, Actor: n.Actor, Zone: n.Zone, ZoneID: n.ZoneID}
			c, known := collects[k]
			if !known {
				c = p.collecting(k)
				collects[k] = c
			}
			if c.window < 0 {
				continue
			}
			item := queue.Item{Time: n.Time, Path: n.Path, Bytes: n.Bytes, Part: n.Part}
			if c.several {
				item.Actor, k.Actor = n.Actor, ""
			}
			if _, known := channels[r.UID]; !known {
				channels[r.UID] = p.channel(r)
			}
			by := channels[r.UID]
			if away && by.NeedsNumber() { // there is no room for why
				by = account.ByMail
			}
			for _, k := range ways(k, by) {
				m := messages[k]
				if m == nil {
					m = &collected{}
					messages[k] = m
					order = append(order, k)
				}
				m.add(item, c.window)
			}
		}
	}
	for _, k := range order {
		m := messages[k]
		if err := p.queue.Add(k, source, m.items, m.count, p.now(), m.window); err != nil {
			return nil, err
		}
		p.pause("added")
	}
	return fresh, nil
}

// collected is what one message gets of a file of notices: the first that it names, and how many they are. Of thousands of files for
// thousands of people all would not fit into memory.
type collected struct {
	items  []queue.Item
	count  int
	window time.Duration
}

func (m *collected) add(i queue.Item, window time.Duration) {
	if m.count++; len(m.items) < queue.MaxItems {
		m.items = append(m.items, i)
	}
	m.window = window
}

// ways are the messages by which somebody is told: a mail, a short message, both or none. What becomes of his zones he is told always.
func ways(k queue.Key, by account.Channel) []queue.Key {
	short := k
	short.SMS = true
	switch {
	case by == account.BySMS:
		return []queue.Key{short}
	case by == account.ByBoth:
		return []queue.Key{k, short}
	case by == account.ByNone && k.Kind.Reducible():
		return nil
	}
	return []queue.Key{k}
}

// collecting is for how long a message collects, negative where its recipient wants none, and whether what several people do is one.
type collecting struct {
	window  time.Duration
	several bool
}

// collecting is as the recipient chose for the zone. Who wants to be told once an hour or a day does not want that for each person.
func (p *post) collecting(k queue.Key) collecting {
	if !k.Kind.Reducible() {
		return collecting{window: p.window}
	}
	switch p.often(k.UID, k.ZoneID) {
	case account.Never:
		return collecting{window: -1}
	case account.Daily:
		return collecting{max(p.window, 24*time.Hour), true}
	case account.Hourly:
		return collecting{max(p.window, time.Hour), true}
	}
	return collecting{window: p.window}
}

// zone is one that is asked about.
type zone struct{ name, id string }

// split makes two of a file of notices before any of it is told: what is of zones that could not be asked about waits by itself, and
// the next run tells the rest. Whoever dies before the file is removed leaves its parts too, and the next run removes them.
func (p *post) split(source string, all []notice, unasked map[zone]bool) error {
	var waits, rest []notice
	for _, n := range all {
		if n.Kind == queue.Arrived && unasked[zone{n.Zone, n.ZoneID}] {
			waits = append(waits, n)
		} else {
			rest = append(rest, n)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	if err := errors.Join(p.notices.write(queue.Part(source, "rest"), rest), p.notices.write(queue.Part(source, "waits"), waits)); err != nil {
		return err
	}
	p.pause("split")
	return p.notices.remove(source)
}

// readersOf are those who can read what arrived, for each notice; nil for the others, and for what is not there any more. Of each
// zone is asked once; unasked are those that gave no answer.
func (p *post) readersOf(all []notice) (readers [][]string, unasked map[zone]bool, err error) {
	asked := make(map[zone][]int) // which notices
	for i, n := range all {
		if n.Kind == queue.Arrived {
			z := zone{n.Zone, n.ZoneID}
			asked[z] = append(asked[z], i)
		}
	}
	readers, unasked = make([][]string, len(all)), make(map[zone]bool)
	for z, which := range asked {
		paths, files := make([]string, len(which)), make([]string, len(which))
		for i, n := range which {
			if paths[i] = all[n].encoded(); all[n].Doubt {
				files[i] = all[n].File
			}
		}
		found, oneErr := p.readers(z.name, z.id, paths, files)
		if oneErr != nil {
			err = errors.Join(err, fmt.Errorf("readers in %s: %w", z.name, oneErr))
			unasked[z] = true
			continue
		}
		for i, n := range which {
			readers[n] = found[i]
		}
	}
	return readers, unasked, err
}

// encoded is the path as helpers take it.
func (n notice) encoded() string { return encoded(event.Record{Path: &n.Path, Raw: n.Raw}) }

func encoded(r event.Record) string {
	segments := strings.Split(activity.Bytes(r), "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	return strings.Join(segments, "/")
}

// recipients are those who are told of an act: readers, and the owner unless he cannot log in; never who did it himself.
func (p *post) recipients(n notice, readers []string) ([]account.Entry, error) {
	var found []account.Entry
	if owner, known := p.names.UserByUID(n.Owner); known && p.names.InGroup(owner.Name, layout.GroupBase) {
		barred, err := p.barred()
		if err != nil {
			return nil, err
		}
		if !barred[owner.Name] { // readers are those who are not
			found = append(found, owner)
		}
	}
	for _, name := range readers {
		if e, known := p.names.User(name); known {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b account.Entry) int { return strings.Compare(a.Name, b.Name) })
	found = slices.CompactFunc(found, func(a, b account.Entry) bool { return a.Name == b.Name })
	found = slices.DeleteFunc(found, func(e account.Entry) bool { return e.Name == n.Actor })
	return found, p.names.Err() // of a name service that did not answer, the next run knows more
}

func (p *post) pause(at string) {
	if p.step != nil {
		p.step(at)
	}
}

// kindFor is what a message is called that tells of it; away: it arrived, and is not there.
func (n notice) kindFor(away bool) queue.Kind {
	switch {
	case away:
		return queue.PerhapsArrived
	case n.Kind == queue.Taken && n.Part && n.Bytes == nil:
		return queue.PerhapsTaken
	}
	return n.Kind
}

// once says whether the same again is told only once within the hour.
func (n notice) once() bool { return n.Kind != queue.Arrived && n.Kind != queue.Expired }

// memory is what was taken by whom, and when first, and of what else somebody was told.
type memory map[string]time.Time

// add says whether that is to be told: not if the same person took the same file of the same owner within the hour, by m or by what
// was known before.
func (m memory) add(n notice, before memory) bool {
	path := n.Raw
	if path == "" {
		path = n.Path
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %q %t", n.Kind, n.Actor, n.ZoneID, n.Owner, path, n.Part))
	key := hex.EncodeToString(sum[:16])
	for _, known := range []memory{m, before} {
		if at, found := known[key]; found && n.Time.Sub(at).Abs() < once {
			return false
		}
	}
	m[key] = n.Time
	return true
}

// keepFiles is for how long it is known of which files somebody was told whose handler was killed: whoever goes on with such an upload
// ends it as if nothing had been.
const keepFiles = 30 * 24 * time.Hour

const filePrefix = "file-"

// addFile says whether it is to be told that a file arrived: not again where that was found out of one whose handler was killed or stopped. Under
// another name it is; and what is away is told to one person, once, as something that may be. It is known from now, and not from when the
// request began: a handler may be stopped for longer than that.
func (m memory) addFile(n notice, before memory, away bool, now time.Time) bool {
	if away && n.Again {
		return false
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %s", n.ZoneID, n.File, n.encoded()))
	key := filePrefix + hex.EncodeToString(sum[:16])
	_, told := m[key]
	if _, found := before[key]; found {
		told = true
	}
	if (n.Doubt || n.Again) && !away {
		m[key] = now
	}
	return !told
}

func isFileKey(key string) bool { return strings.HasPrefix(key, filePrefix) }

// bound forgets the oldest of a kind, if they are more than most.
func (m memory) bound(kind func(key string) bool, most int) {
	var moments []time.Time
	for key, t := range m {
		if kind(key) {
			moments = append(moments, t)
		}
	}
	if len(moments) <= most {
		return
	}
	slices.SortFunc(moments, time.Time.Compare)
	first := moments[len(moments)-most]
	maps.DeleteFunc(m, func(key string, t time.Time) bool { return kind(key) && t.Before(first) })
}

// remembered reads what an earlier run wrote. Without it, or with what cannot be read, something is told once more.
func (p *post) remembered() (memory, error) {
	m := make(memory)
	b, err := os.ReadFile(p.memory)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(b, &m) != nil {
		return make(memory), nil
	}
	return m, nil
}

// remember forgets what is an hour older than the latest that it knows: a run that catches up with a day goes by the time of
// the acts. What is of an hour that has not come is of a clock that was set ahead for a moment: it would be the latest for long.
func (p *post) remember(m memory) error {
	var latest time.Time
	for key, t := range m {
		if t.Sub(p.now()) >= once {
			delete(m, key)
		} else if t.After(latest) && !isFileKey(key) {
			latest = t
		}
	}
	for key, t := range m {
		if isFileKey(key) && p.now().Sub(t) >= keepFiles || !isFileKey(key) && latest.Sub(t) >= once {
			delete(m, key)
		}
	}
	m.bound(isFileKey, maxTaken)
	m.bound(func(key string) bool { return !isFileKey(key) }, maxTaken)
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return disk.Write(p.memory, b)
}
