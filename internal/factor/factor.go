// Package factor keeps the secrets of the second factor, in the form that pam_google_authenticator(8) reads and writes: one file of
// root's for each person, called by the login name.
//
// MUST rules of this folder:
//   - whether a code at a login is right the PAM module says, and nobody else: codes are looked at here to set a secret up alone;
//   - whoever changes a file holds the lock of its owner (libexec/auth), for the module writes it too;
//   - no function returns a secret that is in force.
package factor

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/layout"
)

const (
	// keyBytes is what RFC 4226 recommends; its base32 needs no padding.
	keyBytes = 20
	// period of a code, in seconds; apps know no other.
	period = 30
	// recoveryCodes are made at a time.
	recoveryCodes = 10
	// pendingFor is how long a secret may be set up that was shown.
	pendingFor = 15 * time.Minute
)

var (
	// ErrNone says that there is nothing to set up, or to change.
	ErrNone = errors.New("no second factor")
	// ErrWrong says that a code is not one of the secret that is set up.
	ErrWrong = errors.New("wrong code")
)

// Store is the folder, and the time.
type Store struct {
	Folder string
	Now    func() time.Time
}

// Installed is the store of the machine.
func Installed() Store { return Store{layout.Factors, time.Now} }

// Person is whose secret it is. A file that says another uid is of a namesake who is gone.
type Person struct {
	Name string
	UID  uint32
}

// State is what may be told of somebody's second factor.
type State struct {
	Enrolled bool `json:"enrolled"`
	Recovery int  `json:"recovery_codes"` // that are left
}

// Look says whether somebody has a second factor. A file that says no uid was made by hand, and counts. Without the folder nothing can
// be said, after half a restore for example: nobody is let in without his second factor then.
func (s Store) Look(p Person) (State, error) {
	lines, err := read(s.path(p))
	if errors.Is(err, fs.ErrNotExist) {
		_, err := os.Stat(s.Folder)
		return State{}, err
	}
	if err != nil {
		return State{}, err
	}
	if uid, said := option(lines, "UID"); said && uid != number(p.UID) {
		return State{}, nil
	}
	state := State{Enrolled: true}
	for _, line := range lines[1:] {
		if isRecovery(line) {
			state.Recovery++
		}
	}
	return state, nil
}

// Renamed returns an error if a file of another name says that it is this person's: his login name was changed by usermod(8), and his
// second factor would be off without anybody's having turned it off. It reads all files, so it is for logins of who has none.
func (s Store) Renamed(p Person) error {
	files, err := os.ReadDir(s.Folder)
	if err != nil {
		return err
	}
	for _, file := range files {
		if name := file.Name(); name == p.Name || name[0] == '.' || strings.Contains(name, "~") { // no login name: what is being written, or was
			continue
		}
		lines, err := read(filepath.Join(s.Folder, file.Name()))
		if err != nil { // taken off meanwhile, or unreadable: one such file must not keep all others out
			continue
		}
		if uid, _ := option(lines, "UID"); uid == number(p.UID) {
			return fmt.Errorf("the second factor of %s stands under another name, %s: rename it, or remove it if it is a predecessor's", p.Name, filepath.Join(s.Folder, file.Name()))
		}
	}
	return nil
}

// Kept is a file of the folder.
type Kept struct {
	Name string // of its owner when it was made
	UID  uint32 // that it says, 0 = none: it was made by hand
}

// List returns whose second factors there are. A file that cannot be read says no uid.
func (s Store) List() ([]Kept, error) {
	files, err := os.ReadDir(s.Folder)
	var all []Kept
	for _, file := range files {
		if strings.ContainsAny(file.Name(), ".~") { // no login name: what is being written, or was
			continue
		}
		k := Kept{Name: file.Name()}
		if lines, err := read(filepath.Join(s.Folder, k.Name)); err == nil {
			said, _ := option(lines, "UID")
			uid, _ := strconv.ParseUint(said, 10, 32)
			k.UID = uint32(uid)
		}
		all = append(all, k)
	}
	return all, err
}

// Begin makes a secret that is to be set up in a session, and returns it.
func (s Store) Begin(p Person, session string) (key string, err error) {
	random := make([]byte, keyBytes)
	rand.Read(random) // never fails: crypto/rand ends the process instead
	key = base32.StdEncoding.EncodeToString(random)
	return key, s.write(s.pending(p), []string{key, `" TOTP_AUTH`, `" UID ` + number(p.UID), `" SESSION ` + session})
}

// Pending returns the secret that is to be set up in a session, ErrNone if there is none, or it was shown too long ago.
func (s Store) Pending(p Person, session string) (key string, err error) {
	lines, err := read(s.pending(p))
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNone
	}
	if err != nil {
		return "", err
	}
	st, err := os.Stat(s.pending(p))
	if err != nil {
		return "", err
	}
	uid, _ := option(lines, "UID")
	of, _ := option(lines, "SESSION")
	if age := s.Now().Sub(st.ModTime()); uid != number(p.UID) || of != session || age > pendingFor || age < -time.Minute {
		return "", ErrNone
	}
	return lines[0], nil
}

// Confirm puts the secret that was shown in a session in force, if a code of it is right, and returns its recovery codes. That code is
// good for no login any more.
func (s Store) Confirm(p Person, session, code string) (recovery []string, err error) {
	key, err := s.Pending(p, session)
	if err != nil {
		return nil, err
	}
	secret, err := base32.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, err
	}
	at := s.Now().Unix() / period
	for _, step := range [...]int64{at, at - 1, at + 1} { // as the module's WINDOW_SIZE 3
		if subtle.ConstantTimeCompare([]byte(codeAt(secret, step)), []byte(code)) != 1 {
			continue
		}
		recovery = newRecovery()
		lines := []string{key, `" TOTP_AUTH`, `" WINDOW_SIZE 3`, `" DISALLOW_REUSE ` + strconv.FormatInt(step, 10), `" UID ` + number(p.UID)}
		if err := s.write(s.path(p), append(lines, recovery...)); err != nil {
			return nil, err
		}
		return recovery, s.forget(p)
	}
	return nil, ErrWrong
}

// Renew makes new recovery codes; the old ones are worth nothing any more.
func (s Store) Renew(p Person) (recovery []string, err error) {
	lines, err := read(s.path(p))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	if uid, said := option(lines, "UID"); said && uid != number(p.UID) {
		return nil, ErrNone
	}
	kept := lines[:1]
	for _, line := range lines[1:] {
		if !isRecovery(line) {
			kept = append(kept, line)
		}
	}
	recovery = newRecovery()
	return recovery, s.write(s.path(p), append(kept, recovery...))
}

// Remove takes a second factor away, also one that is being set up. ErrNone if there was none.
func (s Store) Remove(name string) error {
	p := Person{Name: name}
	err := os.Remove(s.path(p))
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNone
	}
	return errors.Join(err, s.forget(p))
}

// forget removes what was to be set up.
func (s Store) forget(p Person) error {
	if err := os.Remove(s.pending(p)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s Store) path(p Person) string { return filepath.Join(s.Folder, p.Name) }

// pending is a name that no login has (session.ValidUser).
func (s Store) pending(p Person) string { return filepath.Join(s.Folder, "."+p.Name) }

// read returns the lines of a file: the secret first, then options and recovery codes.
func read(path string) ([]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimRight(string(b), "\n"), "\n"), nil
}

// write replaces a file whole: a login at that moment sees the old secret or the new one.
func (s Store) write(path string, lines []string) error {
	f, err := os.CreateTemp(s.Folder, ".new~") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// option is the value of an option, which the file has as a line of its own: `" NAME VALUE`.
func option(lines []string, name string) (value string, found bool) {
	for _, line := range lines {
		if value, found = strings.CutPrefix(line, `" `+name+" "); found {
			return value, true
		}
	}
	return "", false
}

// isRecovery says whether a line is a recovery code: eight digits, as the module has them.
func isRecovery(line string) bool { return len(line) == 8 && strings.Trim(line, "0123456789") == "" }

func newRecovery() []string {
	all := make([]string, recoveryCodes)
	for i := range all {
		n, _ := rand.Int(rand.Reader, big.NewInt(90_000_000)) // never fails
		all[i] = strconv.FormatInt(10_000_000+n.Int64(), 10)  // the module takes none that begins with 0
	}
	return all
}

// ValidCode says whether text has the form of a code: of an app, or for recovery.
func ValidCode(text string) bool {
	return (len(text) == 6 || len(text) == 8) && strings.Trim(text, "0123456789") == ""
}

// Typed is a code as somebody typed it, without the blanks with which apps show it.
func Typed(text string) string { return strings.Join(strings.Fields(text), "") }

// codeAt is the code of a step of time (RFC 6238, with what all apps take: HMAC-SHA-1, 6 digits).
func codeAt(secret []byte, step int64) string {
	h := hmac.New(sha1.New, secret)
	binary.Write(h, binary.BigEndian, step)
	sum := h.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:])&0x7fffffff%1_000_000)
}

// URI is a secret as apps take it, from a QR code or a link. The issuer says where it is for; a colon, as before a port, would end it.
func URI(key, issuer, name string) string {
	issuer = strings.ReplaceAll(issuer, ":", " ")
	return "otpauth://totp/" + url.PathEscape(issuer+":"+name) + "?secret=" + key + "&issuer=" + url.PathEscape(issuer)
}

func number(uid uint32) string { return strconv.FormatUint(uint64(uid), 10) }
