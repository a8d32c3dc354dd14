// Package queue holds the messages that are on their way to people, one JSON file each, in three folders:
//
//	open     still collects what one person does in a zone, for one recipient
//	waiting  is complete, and to be sent
//	failed   was refused for good, or could not be delivered in time; an administrator looks at it (shzadm queue)
//
// A message moves from one to the next by a rename. Whoever dies on the way leaves it in one of them.
//
// MUST rules of this folder:
//   - open has one writer, the worker, under the lock of who makes messages; waiting and failed one, under the lock of who sends;
//   - nothing is added to a message that may have been delivered: only open ones grow.
package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/disk"
	"sharezone/internal/layout"
)

// MaxItems is how many files a message names; of the others it says how many they are.
const MaxItems = 50

// maxPath is how much of a path a message says, in bytes: far more than anybody reads. What administrators write to somebody is shorter
// (account.MaxWords).
const maxPath = 2400

// mostSources is how many sources a message names before those are forgotten that are used up: one that collects for a day where
// something happens each second would have a hundred thousand, and be written anew with them each time.
const mostSources = 100

// maxFile bounds a file, in bytes: MaxItems paths of which JSON writes a byte in six at most, and the sources that wait.
const maxFile = 4 << 20

// Kind is of what somebody is told.
type Kind string

// The kinds. Each has its words in internal/text.
const (
	Taken   Kind = "taken"   // somebody took files of the recipient's
	Arrived Kind = "arrived" // somebody brought files that the recipient can read

	// Of requests that were killed. They are messages of their own, so that none says as a fact what nobody knows.
	PerhapsTaken   Kind = "taken-perhaps"   // how much was sent is not known
	PerhapsArrived Kind = "arrived-perhaps" // the file is not there, and may have been

	// By the cleaner, of a zone of the recipient's.
	Warned  Kind = "warned"  // its last day is near: the item's path
	Closed  Kind = "closed"  // it is closed since the item's time, because that day is over
	Removed Kind = "removed" // it is gone with everything in it
	Expired Kind = "expired" // files and folders are gone because of their age

	// By root, as internal/secret has them: the item's path is a link's or the password, and is good until the item's time.
	Recover Kind = "recover"
	Reset   Kind = "reset"
	Invite  Kind = "invite"
	Verify  Kind = "verify"
	Moved   Kind = "moved" // the item's path is the new address

	// To people who ask for an account, and have none.
	Signup   Kind = "signup"   // the item's path is the link by which the address is confirmed
	Declined Kind = "declined" // the item's path is why

	Asked Kind = "asked" // to administrators: each item's path is somebody who asks for an account
)

// Stranger says whether a message goes to somebody who has no account: to its address, in its language.
func (k Kind) Stranger() bool { return k == Signup || k == Declined }

// Secret says whether a message has what nobody but its recipient is to see.
func (k Kind) Secret() bool {
	return slices.Contains([]Kind{Recover, Reset, Invite, Verify, Moved, Signup, Declined}, k)
}

// Replaces says whether a message has what is good instead of what an older one to the same person has: of two links for the same the last
// one, and a password of root's, which makes all links void.
func (m Message) Replaces(older Message) bool {
	later := m.Opened.After(older.Opened)
	if m.Opened.Equal(older.Opened) && m.Kind == older.Kind && m.Kind != Verify && len(m.Items) > 0 && len(older.Items) > 0 { // both came in one run: of those that are good for as long
		later = m.Items[0].Time.After(older.Items[0].Time)
	}
	same := later && m.UID == older.UID && m.User == older.User
	switch older.Kind {
	case Recover, Reset, Invite, Verify:
		return same && (m.Kind == older.Kind || m.Kind == Reset)
	}
	return false
}

// Late says whether there is no use in sending a message any more.
func (m Message) Late(now time.Time) bool {
	return m.Kind.Secret() && (len(m.Items) == 0 || !now.Before(m.Items[0].Time))
}

// A run of the cleaner may bring something each minute for hours: its message is due when nothing has come for so long, at the latest
// after a day.
const (
	quiet      = 5 * time.Minute
	longestRun = 24 * time.Hour
)

// Reducible says whether the recipient can choose to have less of a kind: of what others do, not of what becomes of his zone.
func (k Kind) Reducible() bool {
	return slices.Contains([]Kind{Taken, Arrived, PerhapsTaken, PerhapsArrived}, k)
}

// Item is a file that a message tells of.
type Item struct {
	Time  time.Time `json:"time"`
	Path  string    `json:"path"` // below the zone, as it can be shown
	Bytes *int64    `json:"bytes"`
	Part  bool      `json:"part,omitempty"`  // not to its end
	Actor string    `json:"actor,omitempty"` // who did it, if the message is of several people
}

// Key is what makes several events one message.
type Key struct {
	Kind   Kind   `json:"kind"`
	UID    uint32 `json:"uid"` // the recipient
	User   string `json:"user"`
	Actor  string `json:"actor"` // who did it, "" = several people
	Zone   string `json:"zone"`  // its name
	ZoneID string `json:"zone_id"`
	SMS    bool   `json:"sms,omitempty"` // to be sent as a short message, not as a mail

	Address  string `json:"address,omitempty"`  // where it goes, "" = where the recipient's mail goes then
	Language string `json:"language,omitempty"` // of who has no account
}

// Message is one to one recipient.
type Message struct {
	Version int    `json:"version"` // 1
	ID      string `json:"id"`      // its name in the queue, and in the Message-ID
	Key
	Opened time.Time `json:"opened"`
	Due    time.Time `json:"due"` // until then it collects; its age counts from then
	Count  int       `json:"count"`
	Items  []Item    `json:"items"` // the first of Count

	// Sources are the notices that it was made of, those at least that may still be there: what was added once is not added again.
	Sources []string `json:"sources"`

	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next"`  // not before
	Reason   string    `json:"error"` // why it is still here
}

const version = 1

// Part is what a part of a source is called.
func Part(source, part string) string { return source + "+" + part }

// Whole is the source that a part is of, or that itself.
func Whole(source string) string {
	whole, _, _ := strings.Cut(source, "+")
	return whole
}

// Covers says whether a source is another one, or that is a part of it.
func Covers(source, other string) bool {
	return source == other || strings.HasPrefix(other, Part(source, ""))
}

// SendLock is held by whoever takes messages out of waiting or failed.
const SendLock = layout.WorkerState + "/send.lock"

// Queue is the folder that the three lie in.
type Queue string

// The three folders, as the verbs of shzadm name them.
const (
	Open    = "open"
	Waiting = "waiting"
	Failed  = "failed"
)

// idForm is that of names and of IDs: the moment in which it was opened, and what it is about.
var idForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]{8}T[0-9]{6}\.[0-9]{9}Z-)?[0-9a-f]{32}$`) })

// IsID says whether a text has the form of a message's ID.
func IsID(text string) bool { return idForm().MatchString(text) }

const idTime = "20060102T150405.000000000Z"

func (q Queue) name(folder, id string) string { return string(q) + "/" + folder + "/" + id + ".json" }

// openID is the same for all events that are one message.
func (k Key) openID() string {
	about := fmt.Appendf(nil, "%q %d %q %q", k.Kind, k.UID, k.Actor, k.ZoneID)
	if k.SMS {
		about = append(about, " sms"...)
	}
	sum := sha256.Sum256(about)
	return hex.EncodeToString(sum[:16])
}

// ErrDamaged says that a file is no message.
var ErrDamaged = errors.New("no message")

// Add puts items, the first of count, into the message of this key that is open, or opens one, for so long; what the cleaner did has times of its own. What came from the same source before
// is not added again.
func (q Queue) Add(k Key, source string, items []Item, count int, now time.Time, window time.Duration) error {
	id := k.openID()
	m, err := q.Read(Open, id)
	opened := Message{Version: version, ID: now.UTC().Format(idTime) + "-" + id, Opened: now, Due: now.Add(window)}
	if errors.Is(err, fs.ErrNotExist) {
		m, err = opened, nil
	}
	if errors.Is(err, ErrDamaged) { // who is told of this key must not wait until somebody mends it
		m, err = opened, q.setAside(id)
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(m.Sources, func(s string) bool { return Covers(s, source) }) {
		return nil
	}
	m.Key = k // the zone's present name
	m.Sources = append(m.Sources, source)
	switch k.Kind {
	case Warned, Closed, Removed: // nothing more comes
		m.Due = now
	case Expired:
		m.Due = now.Add(quiet)
		if last := m.Opened.Add(longestRun); m.Due.After(last) {
			m.Due = last
		}
	}
	m.Count += count
	for _, i := range items[:min(len(items), MaxItems-len(m.Items))] {
		if len(i.Path) > maxPath {
			i.Path = strings.ToValidUTF8(i.Path[:maxPath], "") + "…"
		}
		m.Items = append(m.Items, i)
	}
	return q.write(Open, id, m)
}

// setAside puts an open file that is no message where an administrator looks at it, or drops it.
func (q Queue) setAside(id string) error { return disk.Rename(q.name(Open, id), q.name(Failed, id)) }

// Close moves what has collected long enough to the waiting ones. What has something of a source that is not used up stays:
// more of that may be added yet, and it would be told twice once this one is away.
func (q Queue) Close(now time.Time, pending func(source string) bool) error {
	ids, err := q.List(Open)
	if err != nil {
		return err
	}
	var failed error
	for _, id := range ids {
		m, err := q.Read(Open, id)
		if errors.Is(err, ErrDamaged) {
			err = errors.Join(err, q.setAside(id))
		}
		if err != nil {
			failed = errors.Join(failed, err) // the others need not wait for it
			continue
		}
		if len(m.Sources) > mostSources {
			m.Sources = slices.DeleteFunc(m.Sources, func(s string) bool { return !pending(s) })
			if err := q.write(Open, id, m); err != nil {
				failed = errors.Join(failed, err)
				continue
			}
		}
		early := now.Before(m.Due) && now.After(m.Opened.Add(-time.Minute)) // a clock that was set back holds nothing up
		if early || slices.ContainsFunc(m.Sources, pending) {
			continue
		}
		if err := disk.Rename(q.name(Open, id), q.name(Waiting, m.ID)); err != nil {
			return errors.Join(failed, err)
		}
	}
	return failed
}

// List returns the IDs of a folder's messages, sorted, and so the older ones of waiting and failed first.
func (q Queue) List(folder string) ([]string, error) {
	entries, err := os.ReadDir(string(q) + "/" + folder)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range entries {
		if id, found := strings.CutSuffix(e.Name(), ".json"); found && IsID(id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Oldest returns since when the oldest message of a folder is complete, and how many there are, of those that were so before some time;
// the zero time is all.
func (q Queue) Oldest(folder string, before time.Time) (since time.Time, count int, err error) {
	ids, err := q.List(folder)
	for _, id := range ids {
		m, readErr := q.Read(folder, id)
		if readErr != nil { // sent meanwhile, or told by whoever sends
			continue
		}
		if !before.IsZero() && !m.Due.Before(before) {
			continue
		}
		if count++; since.IsZero() || m.Due.Before(since) {
			since = m.Due
		}
	}
	return since, count, err
}

// Read returns one message.
func (q Queue) Read(folder, id string) (Message, error) {
	name := q.name(folder, id)
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return Message{}, err
	}
	defer f.Close()
	var m Message
	info, err := f.Stat()
	switch {
	case err != nil:
		return Message{}, err
	case !info.Mode().IsRegular() || info.Size() > maxFile:
		return Message{}, fmt.Errorf("%s is %w", filepath.Base(name), ErrDamaged)
	}
	err = json.NewDecoder(f).Decode(&m)
	var unread *fs.PathError
	switch {
	case errors.As(err, &unread):
		return Message{}, err
	case err != nil || m.Version != version || !IsID(m.ID):
		return Message{}, errors.Join(fmt.Errorf("%s is %w", filepath.Base(name), ErrDamaged), err)
	}
	return m, nil
}

func (q Queue) write(folder, id string, m Message) error {
	b, err := json.MarshalIndent(m, "", "\t") // an administrator reads it
	if err != nil {
		return err
	}
	return disk.Write(q.name(folder, id), append(b, '\n'))
}

// Note writes down why a message waits that was not tried.
func (q Queue) Note(m Message, reason string) error {
	m.Reason = reason
	return q.write(Waiting, m.ID, m)
}

// Delay writes down why a message that waits was not delivered, and when it may be tried again.
func (q Queue) Delay(m Message, reason string, next time.Time) error {
	m.Attempts++
	m.Reason, m.Next = reason, next
	return q.write(Waiting, m.ID, m)
}

// Fail puts a message aside that waits, with the reason.
func (q Queue) Fail(m Message, reason string) error {
	m.Attempts++
	m.Reason = reason
	if err := q.write(Waiting, m.ID, m); err != nil { // the reason first: a rename moves both
		return err
	}
	return disk.Rename(q.name(Waiting, m.ID), q.name(Failed, m.ID))
}

// Retry lets one that was put aside, or has to wait, be sent at once, as if it were new.
func (q Queue) Retry(folder string, m Message, now time.Time) error {
	m.Attempts, m.Next, m.Due = 0, time.Time{}, now
	if err := q.write(folder, m.ID, m); err != nil || folder == Waiting {
		return err
	}
	return disk.Rename(q.name(folder, m.ID), q.name(Waiting, m.ID))
}

// Remove takes a message away: it was delivered, or nobody wants it any more.
func (q Queue) Remove(folder, id string) error {
	if err := os.Remove(q.name(folder, id)); err != nil {
		return err
	}
	return disk.SyncFolder(string(q) + "/" + folder)
}
