// Package session is the form of a session file: one per login, in layout.Sessions, written by libexec/auth and read
// by the gate, both as root. It knows nothing of PAM, HTTP or cookies' attributes.
//
// MUST rules of this folder:
//   - standard library and x/sys only: the gate imports it;
//   - whoever knows a file's name cannot log in with it: the name is the SHA-256 of the id in the cookie;
//   - every value has a form that is checked when it is written and again when it is read, so that no stored value
//     can bring a line, a key or a user of its own.
package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

const (
	// idBytes is the entropy of an id: 256 bits.
	idBytes = 32
	// maxFileSize bounds what is read of a session file; 65,536 groups (NGROUPS_MAX) of 10 digits do not fit, 6,000 do.
	maxFileSize = 64 << 10
	// RefreshAfter is how long the answer of PAM and NSS is believed while the local account files are unchanged;
	// it is how late a change in LDAP holds.
	RefreshAfter = 60 * time.Second
)

// Record is what a session file holds.
type Record struct {
	User       string        // login name as PAM returned it
	UID        uint32        // never below layout.MinUID
	GID        uint32        // primary group
	Groups     []uint32      // supplementary groups, the primary one included
	Entry      string        // "internal" or "external": the session is valid on this one alone
	Address    string        // of the client that logged in, as Apache saw it
	Started    time.Time     // second precision
	Refreshed  time.Time     // when auth last asked NSS and PAM
	Idle       time.Duration // the session ends when it was not used for so long; last use is the file's mtime
	Absolute   time.Duration // the session ends so long after Started, used or not
	MustChange bool          // the password has expired: nothing but chpwd and logout
	Lacks      Lack          // what the second factor still needs: nothing but that and logout
	Code       bool          // a code of the second factor was given in it, or the session is the one in which it was set up
	Key        string        // hex, random: key of Password
	Password   string        // hex HMAC-SHA256 under Key of the account's shadow field; a new password ends the session
	Stamp      string        // Stamp() at Refreshed
}

// Lack is what a session still needs of the second factor. Such a session is half authenticated: the password was right, and no more
// is known of whoever has it.
type Lack string

const (
	LacksNothing   Lack = "none"
	LacksCode      Lack = "code"      // of a second factor that is set up
	LacksEnrolment Lack = "enrolment" // the second factor is required and not set up
)

// NewID returns a fresh session id: 43 characters of base64url.
func NewID() (string, error) {
	b := make([]byte, idBytes)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// FileName returns the name of the session file that belongs to the id of a cookie, and false when it cannot be an id.
func FileName(id string) (string, bool) {
	if len(id) != base64.RawURLEncoding.EncodedLen(idBytes) {
		return "", false
	}
	if b, err := base64.RawURLEncoding.Strict().DecodeString(id); err != nil || len(b) != idBytes {
		return "", false
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:]), true
}

// ValidFileName says whether name has the form that FileName gives.
func ValidFileName(name string) bool { return isHex(name, 2*sha256.Size) }

// ErrDamaged is returned for a file that is not exactly what Format writes.
var ErrDamaged = errors.New("session file is damaged")

// Open opens the session file of that name, unlocked. The error is os.ErrNotExist when there is no such session and
// ErrDamaged when the file is not a regular one that belongs to root alone.
func Open(name string, flags int) (*os.File, error) {
	if !ValidFileName(name) {
		return nil, os.ErrNotExist
	}
	path := layout.Sessions + "/" + name
	fd, err := -1, error(unix.EINTR)
	for err == unix.EINTR {
		fd, err = unix.Open(path, flags|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if err == nil && (st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != 0 || st.Mode&0o077 != 0 || st.Nlink > 1) {
		err = ErrDamaged
	}
	if err == nil {
		// As one that does not block it would begin the runtime's poller, in which the gate has nothing: threads and calls for each request.
		err = unix.SetNonblock(fd, false)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// Read returns what the open file holds and when the session was last used.
func Read(f *os.File) (Record, time.Time, error) {
	st, err := f.Stat()
	if err != nil {
		return Record{}, time.Time{}, err
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, maxFileSize+1))
	if err != nil {
		return Record{}, time.Time{}, err
	}
	r, err := Parse(b)
	return r, st.ModTime(), err
}

// Write replaces what the open file holds. It does not rename a new file into place, because that would bring back a
// session that was ended meanwhile; a file cut short by a crash is damaged, and its user logs in again. It writes over
// what is there and cuts off the rest afterwards: emptied first, the file would lose its block, and on a full disk
// everybody whose session is written again would be logged out.
func Write(f *os.File, r Record) error {
	b, err := r.Format()
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(b, 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(b)))
}

// Ended says whether the session's time is over at now. A clock set back does not lengthen it by more than the
// limits themselves: a last use or a start in the future counts as ended once it is further away than a minute.
func (r Record) Ended(now, lastUse time.Time) bool {
	const skew = time.Minute
	return now.Sub(lastUse) > r.Idle || now.Sub(r.Started) > r.Absolute ||
		lastUse.Sub(now) > skew || r.Started.Sub(now) > skew
}

// Stale says whether auth must look at the account again before the record is believed.
func (r Record) Stale(now time.Time, stamp string) bool {
	age := now.Sub(r.Refreshed)
	return r.Stamp != stamp || age > RefreshAfter || age < -time.Second
}

// stamped are the files whose change makes every session stale: what useradd, usermod, gpasswd, chage and passwd write.
// The machine's id is one of them, so a session store that was copied to another machine is worth nothing there.
var stamped = [...]string{"/etc/passwd", "/etc/shadow", "/etc/group", "/etc/machine-id"}

// Stamp identifies the present state of the local account files by inode, size and times, without reading them.
func Stamp() string {
	h := sha256.New()
	for _, name := range stamped {
		var st unix.Stat_t
		if err := unix.Stat(name, &st); err != nil {
			io.WriteString(h, name+" absent\n")
			continue
		}
		for _, v := range [...]int64{int64(st.Ino), st.Size, st.Mtim.Nano(), st.Ctim.Nano()} {
			io.WriteString(h, strconv.FormatInt(v, 10)+" ")
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func isHex(s string, length int) bool {
	if len(s) != length {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// ValidUser says whether name can be a login name: letters, digits, and . _ - @ after the first character (a directory
// may have names like anna@example.org), at most 64 bytes. What may be created is narrower (internal/account).
func ValidUser(name string) bool {
	if name == "" || len(name) > 64 || strings.Trim(name, ".") == "" {
		return false
	}
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
		if !letter && (i == 0 || c != '.' && c != '-' && c != '@') {
			return false
		}
	}
	return true
}
