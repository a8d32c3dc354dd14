// Package signup keeps the requests of people who have no account and ask for one, until an administrator has decided. It runs as root,
// in helpers, shzadm and the cleaner.
//
// MUST rules of this folder:
//   - what somebody asked with never changes under its id: who uses a link confirms the words that it was sent for, and an administrator
//     decides on those that he has seen. Who asks anew has another id;
//   - the text of a link stands in no file of this package's: a record has a hash of it and of the words;
//   - a stranger's question costs two small files at most, counts.go says how many in a day, and nothing of what others do waits for it:
//     the store has a lock of its own. What has ended is removed by the cleaner, many with one write.
package signup

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/disk"
	"sharezone/internal/layout"
)

// room is how many requests there are at most, whether their address is confirmed or not: some days of as many mails as are sent in one.
const room = 1000

// lockWait is how long who asks, or decides, waits for another one: they write some small files.
const lockWait = 2 * time.Second

// Machine is the store of the machine.
func Machine(s config.Signup) Store {
	return Store{Folder: layout.Signups, Now: time.Now, Room: room, Limits: s}
}

// Store is a folder of root's, mode 0700: a file for each request, called by its id, the counts, and a lock.
type Store struct {
	Folder string
	Now    func() time.Time
	Room   int
	Limits config.Signup
}

// Request is one on the disk.
type Request struct {
	Version int    `json:"version"` // 1
	ID      string `json:"-"`
	account.Applicant
	Entry     string    `json:"entry"`
	Address   string    `json:"address"` // on the network, of who asked
	Asked     time.Time `json:"asked"`
	Hash      string    `json:"hash"`
	Expires   time.Time `json:"expires"`            // of the link; once that was used, of the request, where no account was begun
	Confirmed time.Time `json:"confirmed,omitzero"` // when the link was used
	User      string    `json:"user,omitempty"`     // the name by which an administrator has begun to make the account
}

const (
	version   = 1
	maxRecord = 16 << 10 // bytes
)

var (
	// ErrUnknown says that a link is none, or is over.
	ErrUnknown = errors.New("no such request")
	// ErrGone says that there is no request of this id any more: it was decided, is over, or another one has taken its place.
	ErrGone = errors.New("the request has changed meanwhile")
	// ErrRoom says that there are as many as there can be.
	ErrRoom = errors.New("too many requests")
	// ErrBusy says that somebody else has been at the store for long.
	ErrBusy = errors.New("the store of requests is busy")
)

var (
	linkForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9a-f]{16})-([0-9a-f]{64})$`) })
	idForm   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{16}$`) })
)

// Ask keeps a request and has the link sent by which its address is confirmed. Who asks too often is refused by an error that is ErrMany
// too; of those that go by the mail address nobody may be told, nor may the time tell them.
func (s Store) Ask(a account.Applicant, entry, address, client string, send func(text string, r Request) error) error {
	if err := a.Check(); err != nil {
		return err
	}
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := s.makeRoom(); err != nil { // first: it says nothing of any address
		return err
	}
	now := s.Now()
	uncount, err := s.count(a.Email, client, now)
	if err != nil {
		return err
	}
	id, secret := random(8), random(sha256.Size)
	r := Request{Version: version, ID: id, Applicant: a, Entry: entry, Address: address, Asked: now.UTC(), Hash: hash(secret, a), Expires: now.Add(s.Limits.Link).UTC()}
	if err = s.write(r); err == nil {
		err = send(id+"-"+secret, r)
	}
	if err != nil { // nothing was sent, so nothing counts
		return errors.Join(err, s.remove(func(other Request) bool { return other.ID == id }), uncount())
	}
	return nil
}

// makeRoom removes what is over if there are as many as there can be.
func (s Store) makeRoom() error {
	ids, err := s.ids()
	if err != nil || len(ids) < s.Room {
		return err
	}
	if err := s.remove(func(r Request) bool { return !s.good(r) }); err != nil {
		return err
	}
	if ids, err = s.ids(); err == nil && len(ids) >= s.Room {
		err = ErrRoom
	}
	return err
}

// Look returns the request of a link and leaves no trace: programs that look into mails open links, too. A file is there whole or not at
// all, so it waits for nobody.
func (s Store) Look(text string) (Request, error) {
	halves := linkForm().FindStringSubmatch(text)
	if halves == nil {
		return Request{}, fmt.Errorf("%w: not of its form", ErrUnknown)
	}
	r, err := s.read(halves[1])
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r, ErrUnknown
	case err != nil:
		return r, err
	case !s.good(r) || subtle.ConstantTimeCompare([]byte(hash(halves[2], r.Applicant)), []byte(r.Hash)) != 1:
		return Request{}, fmt.Errorf("%w: late or wrong", ErrUnknown)
	}
	return r, nil
}

// Confirm is Look by who would have the request decided. tell tells administrators, before it is kept: who dies on the way has his link
// still, and they may be told twice. Once more it changes nothing. What else is there of the same address is gone.
func (s Store) Confirm(text string, tell func(Request) error) (Request, error) {
	lock, err := s.lock()
	if err != nil {
		return Request{}, err
	}
	defer lock.Close()
	r, err := s.Look(text)
	if err != nil || !r.Confirmed.IsZero() {
		return r, err
	}
	if err := tell(r); err != nil {
		return r, err
	}
	if r.User, err = s.begun(r); err != nil {
		return r, err
	}
	now := s.Now()
	r.Confirmed, r.Expires = now.UTC(), now.Add(s.Limits.Keep).UTC()
	if err := s.write(r); err != nil {
		return r, err
	}
	return r, s.remove(func(other Request) bool { return other.ID != r.ID && addressOf(other) == addressOf(r) })
}

// begun is the name of the account that was begun for another request of the same address: who asks anew has that one still.
func (s Store) begun(r Request) (string, error) {
	ids, err := s.ids()
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		other, err := s.read(id)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", err
		case other.User != "" && addressOf(other) == addressOf(r):
			return other.User, nil
		}
	}
	return "", nil
}

// List returns the requests that wait for an administrator, the oldest first.
func (s Store) List() ([]Request, error) {
	ids, err := s.ids()
	latest := make(map[string]Request) // of one address the last one alone: who was killed may have left another
	for _, id := range ids {
		r, readErr := s.read(id)
		if errors.Is(readErr, fs.ErrNotExist) {
			continue
		}
		err = errors.Join(err, readErr)
		if key := addressOf(r); s.good(r) && !r.Confirmed.IsZero() && latest[key].Confirmed.Before(r.Confirmed) {
			latest[key] = r
		}
	}
	var all []Request
	for _, r := range latest {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Request) int { return cmp.Or(a.Confirmed.Compare(b.Confirmed), strings.Compare(a.ID, b.ID)) })
	return all, err
}

// Find returns one of those; ErrGone says that it is none any more.
func (s Store) Find(id string) (Request, error) {
	all, err := s.List()
	for _, r := range all {
		if r.ID == id {
			return r, nil
		}
	}
	return Request{}, cmp.Or(err, ErrGone)
}

// Begin notes the name of the account that is about to be made for a request.
func (s Store) Begin(r Request, user string) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	if _, err := s.Find(r.ID); err != nil {
		return err
	}
	r.User = user
	return s.write(r)
}

// Settle removes a request that was decided, and what else there is of the same address.
func (s Store) Settle(r Request) error {
	return s.settle(func(other Request) bool { return addressOf(other) == addressOf(r) })
}

// SettleSeen is Settle without what was confirmed since: nobody has seen that.
func (s Store) SettleSeen(r Request) error {
	return s.settle(func(other Request) bool {
		return other.ID == r.ID || addressOf(other) == addressOf(r) && !other.Confirmed.After(r.Confirmed)
	})
}

func (s Store) settle(which func(Request) bool) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	return s.remove(which)
}

// Sweep tells of each request that is over and removes it, or leaves it there.
func (s Store) Sweep(leave bool, tell func(Request)) (seen, removed int, err error) {
	lock, err := s.lock()
	if err != nil {
		return 0, 0, err
	}
	defer lock.Close()
	ids, err := s.ids()
	if err != nil {
		return 0, 0, err
	}
	over := func(r Request) bool { return !s.good(r) }
	for _, id := range ids {
		r, err := s.read(id)
		if err != nil {
			return len(ids), removed, err
		}
		if over(r) {
			tell(r)
			removed++
		}
	}
	if leave {
		return len(ids), removed, nil
	}
	return len(ids), removed, errors.Join(s.remove(over), s.sweepCounts())
}

// good says whether a request is not over. One for which an account was begun is not, until somebody decides: else nobody would know whose that is.
func (s Store) good(r Request) bool { return r.User != "" || s.Now().Before(r.Expires) }

// addressOf is the mail address of a request as another one of the same has it: case is nobody's way to have two.
func addressOf(r Request) string { return strings.ToLower(r.Email) }

// remove removes some, and brings that to the disk at once for all of them.
func (s Store) remove(which func(Request) bool) error {
	ids, err := s.ids()
	removed := false
	for _, id := range ids {
		r, oneErr := s.read(id)
		if oneErr == nil && which(r) {
			oneErr = os.Remove(s.name(id))
			removed = true
		}
		if !errors.Is(oneErr, fs.ErrNotExist) {
			err = errors.Join(err, oneErr)
		}
	}
	if removed {
		err = errors.Join(err, disk.SyncFolder(s.Folder))
	}
	return err
}

func (s Store) name(id string) string { return s.Folder + "/" + id }

// lock keeps everybody else away who would change something.
func (s Store) lock() (*os.File, error) {
	f, err := os.OpenFile(s.name("lock"), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	for end := time.Now().Add(lockWait); err == unix.EWOULDBLOCK && time.Now().Before(end); err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) {
		time.Sleep(10 * time.Millisecond)
	}
	if err == unix.EWOULDBLOCK {
		err = ErrBusy
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (s Store) ids() ([]string, error) {
	entries, err := os.ReadDir(s.Folder)
	var ids []string
	for _, e := range entries {
		if idForm().MatchString(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	return ids, err
}

// read returns a record; one that is damaged is over.
func (s Store) read(id string) (Request, error) {
	b, err := os.ReadFile(s.name(id))
	if err != nil {
		return Request{}, err
	}
	var r Request
	if len(b) > maxRecord || json.Unmarshal(b, &r) != nil || r.Version != version || len(r.Hash) != 2*sha256.Size {
		r = Request{}
	}
	r.ID = id
	return r, nil
}

func (s Store) write(r Request) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return disk.Write(s.name(r.ID), append(b, '\n'))
}

// hash is of the secret half of a link, and of the words that it confirms.
func hash(secret string, words account.Applicant) string {
	b, _ := json.Marshal(words) // cannot fail
	sum := sha256.Sum256(append([]byte(secret+"\n"), b...))
	return hex.EncodeToString(sum[:])
}

func random(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b)
}
