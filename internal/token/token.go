// Package token keeps one-time links: who has the text of one may do one thing, once, for a while. It runs as root, in
// helpers; what is kept opens nothing by itself.
//
// MUST rules of this folder:
//   - the text of a token stands in no file of this package's: a record has its hash;
//   - asked again, one who has a token gets the same one while that has half its time left, and then another one beside it, so that the
//     older mail's link is right too; its text comes from the record's nonce and a key, of which either alone is worth nothing;
//   - what cannot be used any more is removed by whoever comes across it.
package token

import (
	"cmp"
	"crypto/hmac"
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
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/disk"
	"sharezone/internal/layout"
)

// Purpose is what a token is for.
type Purpose string

const (
	// Password is for setting a password without the old one.
	Password Purpose = "password"
	// Invitation is for setting the first one that its owner chooses.
	Invitation Purpose = "invitation"
	// Address is for saying that mail to it gets there. Who gave another one than his account has gets it by that.
	Address Purpose = "address"
)

// most bounds the machine's store; each is asked for with a name that exists, or by an administrator, and ends.
const most = 10000

// Machine is the store of the machine.
func Machine() Store { return Store{Folder: layout.Tokens, Now: time.Now, Room: most} }

// StateOf changes when somebody's password, mail address or role does, or his account is made anew: a mailbox that was taken from him has
// no good link any more, and none opens more than when it was sent. password is the field of shadow(5), role the highest.
func StateOf(uid uint32, password, email, role string) string {
	return hash(fmt.Sprintf("%d %s %s %s", uid, password, email, role))
}

// Store is a folder of root's, mode 0700: a file for each token, called by its public half, the key, and a lock.
type Store struct {
	Folder string
	Now    func() time.Time
	Room   int           // tokens at most
	Wait   time.Duration // for others, where something is changed; 0 = as long as it takes
}

// MostWrong is how often the secret half may be wrong for a token whose public half is right: who has seen a half, in a log or
// over a shoulder, does not get to guess, and who knows neither cannot make it void.
const MostWrong = 5

// Record is a token on the disk.
type Record struct {
	Version int       `json:"version"` // 1
	Purpose Purpose   `json:"purpose"`
	User    string    `json:"user"`
	UID     uint32    `json:"uid"`
	State   string    `json:"state"`           // of what it is about, as a hash: void when that has changed
	Zone    string    `json:"zone,omitempty"`  // to which it leads
	Email   string    `json:"email,omitempty"` // where it goes, if that is not the account's own address for certain
	Nonce   string    `json:"nonce"`           // 256 bits
	Hash    string    `json:"hash"`            // SHA-256 of the secret half
	Expires time.Time `json:"expires"`
	Wrong   int       `json:"wrong"`
}

const (
	version   = 1
	keySize   = 32 // bytes, as nonce and secret
	maxRecord = 4 << 10
)

// The refusals. Callers tell nobody which it was.
var (
	ErrUnknown = errors.New("no such token")
	ErrRoom    = errors.New("too many tokens")
	ErrSoon    = errors.New("one was sent a moment ago")
	ErrDay     = errors.New("as many were sent today as may be")

	errLate  = fmt.Errorf("%w: expired", ErrUnknown)
	errWrong = fmt.Errorf("%w: wrong", ErrUnknown)
)

// ErrBusy says that somebody else has been at the store for long: who uses a link, while the account's files are locked.
var ErrBusy = errors.New("the store of links is busy")

// lookWait is how long a look waits for that.
const lookWait = time.Second / 2

// form is that of a text: the public half, 64 bits, and the secret one.
var form = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9a-f]{16})-([0-9a-f]{64})$`) })

var idForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{16}$`) })

// Issue hands the text of a token to send, with its record: of the one that is there already as long as that has half the time that a
// new one has. of says what it is for; expires holds for a new one alone, which leads where the older one does if of does not say. One
// that was for another address is void at once, also where nothing is sent: not sooner than pause after the last time, whatever became of that one, and
// to addresses of which nobody knows whose they are not more than mostDay times in a day. pause 0 is root's, who waits for nothing.
func (s Store) Issue(of Record, expires time.Time, pause time.Duration, send func(text string, r Record) error) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	key, err := s.key()
	if err != nil {
		return err
	}
	now := s.Now()
	id, r, err := s.find(of)
	if err != nil {
		return err
	}
	before, err := s.readPace(of.Purpose, of.UID)
	if err != nil {
		return err
	}
	if err := before.check(now, pause, of.Email != ""); err != nil {
		return err
	}
	if id == "" || r.Expires.Sub(now) < expires.Sub(now)/2 {
		of.Zone = cmp.Or(of.Zone, r.Zone)
		id, r = random(8), of
		r.Version, r.Nonce, r.Expires, r.Wrong = version, random(keySize), expires, 0
		r.Hash = hash(secret(key, r.Nonce))
		if err := s.write(id, r); err != nil {
			return err
		}
	}
	if err := send(id+"-"+secret(key, r.Nonce), r); err != nil {
		return err
	}
	return s.writePace(of.Purpose, of.UID, before.sent(now)) // not before it was: what could not be sent can be asked for again
}

// find returns the token that is there for the same purpose and address, of several the one that holds longest, "" if none is. It removes
// what is good for nothing, and those for another address.
func (s Store) find(of Record) (id string, found Record, err error) {
	ids, err := s.ids()
	if err != nil {
		return "", Record{}, err
	}
	left := 0
	for _, one := range ids {
		r, err := s.read(one)
		if err != nil {
			return "", Record{}, err
		}
		same := r.Purpose == of.Purpose && r.UID == of.UID
		switch {
		case same && r.User == of.User && r.State == of.State && r.Email == of.Email && s.good(r):
			left++
			if id == "" || r.Expires.After(found.Expires) {
				id, found = one, r
			}
		case same, !s.good(r):
			if same && r.User == of.User {
				found.Zone = cmp.Or(found.Zone, r.Zone) // one after it leads there too
			}
			if err := s.remove(one); err != nil {
				return "", Record{}, err
			}
		default:
			left++
		}
	}
	if left >= s.Room && id == "" {
		return "", Record{}, ErrRoom
	}
	return id, found, nil
}

// Find returns the record of a text's token, which it leaves there. A text that is not right counts against the token whose public
// half it has.
func (s Store) Find(purpose Purpose, text string) (Record, error) {
	lock, err := s.lock()
	if err != nil {
		return Record{}, err
	}
	defer lock.Close()
	return s.open(purpose, text)
}

// Look is Find without any trace: programs that look into mails open links, too.
func (s Store) Look(purpose Purpose, text string) (Record, error) {
	lock, err := s.lockFor(unix.LOCK_SH, lookWait)
	if err != nil {
		return Record{}, err
	}
	defer lock.Close()
	_, r, err := s.match(purpose, text)
	return r, err
}

// Use is Find, has the token used, and makes it and those beside it void when that went well. Whether what the record is about is still so, use must see.
func (s Store) Use(purpose Purpose, text string, use func(Record) error) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	r, err := s.open(purpose, text)
	if err != nil {
		return err
	}
	if err := use(r); err != nil {
		return err
	}
	err = s.removeAll(func(other Record) bool { return other.Purpose == purpose && other.UID == r.UID })
	s.endPause(purpose, r.UID) // where that cannot be written he waits some minutes for the next link; what this one did is done
	return err
}

// Revoke removes whatever somebody has.
func (s Store) Revoke(uid uint32) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	return s.removeAll(func(r Record) bool { return r.UID == uid })
}

// Withdraw removes what somebody has for a purpose, but what went to the address keep.
func (s Store) Withdraw(purpose Purpose, uid uint32, keep string) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	return s.removeAll(func(r Record) bool { return r.Purpose == purpose && r.UID == uid && r.Email != keep })
}

func (s Store) removeAll(which func(Record) bool) error {
	ids, err := s.ids()
	for _, id := range ids {
		r, readErr := s.read(id)
		if readErr == nil && which(r) {
			readErr = s.remove(id)
		}
		err = errors.Join(err, readErr)
	}
	return err
}

// match returns the record of a text's token, and its id.
func (s Store) match(purpose Purpose, text string) (id string, r Record, err error) {
	halves := form().FindStringSubmatch(text)
	if halves == nil {
		return "", r, fmt.Errorf("%w: not of its form", ErrUnknown)
	}
	id = halves[1]
	r, err = s.read(id)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = ErrUnknown
	case err != nil:
	case !s.good(r):
		err = errLate
	case r.Purpose != purpose:
		err = fmt.Errorf("%w: for something else", ErrUnknown)
	case subtle.ConstantTimeCompare([]byte(hash(halves[2])), []byte(r.Hash)) != 1:
		err = errWrong
	}
	return id, r, err
}

// open is match by who would use it.
func (s Store) open(purpose Purpose, text string) (Record, error) {
	id, r, err := s.match(purpose, text)
	switch {
	case errors.Is(err, errLate):
		return r, errors.Join(err, s.remove(id))
	case errors.Is(err, errWrong):
		r.Wrong++
		err := fmt.Errorf("%w for the %d. time, for %s", err, r.Wrong, r.User)
		if r.Wrong >= MostWrong {
			return r, errors.Join(err, s.remove(id))
		}
		return r, errors.Join(err, s.write(id, r))
	}
	return r, err
}

// Pending returns the token that somebody has for a purpose, if it is good in his present state; of several the one that holds longest.
func (s Store) Pending(purpose Purpose, uid uint32, state string) (r Record, found bool, err error) {
	lock, err := s.lockFor(unix.LOCK_SH, lookWait)
	if err != nil {
		return r, false, err
	}
	defer lock.Close()
	ids, err := s.ids()
	if err != nil {
		return r, false, err
	}
	for _, id := range ids {
		one, err := s.read(id)
		if err != nil {
			return r, false, err
		}
		if one.Purpose == purpose && one.UID == uid && one.State == state && s.good(one) && one.Expires.After(r.Expires) {
			r, found = one, true
		}
	}
	return r, found, nil
}

// Sweep tells of each token that cannot be used any more and removes it, or leaves it there.
func (s Store) Sweep(leave bool, tell func(Record)) (seen, removed int, err error) {
	lock, err := s.lock()
	if err != nil {
		return 0, 0, err
	}
	defer lock.Close()
	ids, err := s.ids()
	if err != nil {
		return 0, 0, err
	}
	for _, id := range ids {
		r, err := s.read(id)
		if err != nil {
			return len(ids), removed, err
		}
		if s.good(r) {
			continue
		}
		tell(r)
		if !leave {
			if err := s.remove(id); err != nil {
				return len(ids), removed, err
			}
		}
		removed++
	}
	if leave {
		return len(ids), removed, nil
	}
	return len(ids), removed, s.sweepPaces()
}

func (s Store) good(r Record) bool { return s.Now().Before(r.Expires) && r.Wrong < MostWrong }

func (s Store) name(id string) string { return s.Folder + "/" + id }

// lock keeps everybody else away from the store: what is done in it takes some system calls, and setting a password.
func (s Store) lock() (*os.File, error) { return s.lockFor(unix.LOCK_EX, s.Wait) }

// lockFor says ErrBusy when it has waited for long; 0 waits as long as it takes.
func (s Store) lockFor(how int, wait time.Duration) (*os.File, error) {
	f, err := os.OpenFile(s.name("lock"), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if wait > 0 {
		how |= unix.LOCK_NB
	}
	err = unix.Flock(int(f.Fd()), how)
	for end := time.Now().Add(wait); err == unix.EWOULDBLOCK && time.Now().Before(end); err = unix.Flock(int(f.Fd()), how) {
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

// key is made when it is first needed. Without the one that it was made with a token is asked for anew.
func (s Store) key() (string, error) {
	b, err := os.ReadFile(s.name("key"))
	if errors.Is(err, fs.ErrNotExist) {
		key := random(keySize)
		return key, disk.Write(s.name("key"), []byte(key+"\n"))
	}
	if key := strings.TrimSpace(string(b)); err == nil && len(key) == 2*keySize {
		return key, nil
	}
	return "", errors.Join(errors.New("the key of tokens is damaged; remove it, and links that were sent are void"), err)
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

// read returns a record; one that is damaged is no good to anybody, and expired.
func (s Store) read(id string) (Record, error) {
	b, err := os.ReadFile(s.name(id))
	if err != nil {
		return Record{}, err
	}
	var r Record
	if len(b) > maxRecord || json.Unmarshal(b, &r) != nil || r.Version != version || len(r.Hash) != 2*sha256.Size {
		return Record{}, nil
	}
	return r, nil
}

func (s Store) write(id string, r Record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return disk.Write(s.name(id), append(b, '\n'))
}

func (s Store) remove(id string) error {
	if err := os.Remove(s.name(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return disk.SyncFolder(s.Folder)
}

// secret is the half that opens.
func secret(key, nonce string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(nonce))
	return hex.EncodeToString(h.Sum(nil))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func random(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b)
}
