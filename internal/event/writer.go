package event

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Header is the first line of an event file: who did what follows, and where. The gate writes it for requests, Create
// for what an administrator does in a shell.
type Header struct {
	Version   int       `json:"version"` // 1
	Time      time.Time `json:"time"`    // UTC, second precision
	Request   string    `json:"request"` // 16 hex digits; of the log lines too
	UID       uint32    `json:"uid"`
	User      string    `json:"user"` // shzguest for what happens before a login
	Component string    `json:"component"`
	Entry     string    `json:"entry"`   // internal, external or shell
	Address   string    `json:"address"` // "" for shell
	Zone      string    `json:"zone"`    // its name at that moment, "" where none is concerned
	ZoneID    string    `json:"zone_id"`
	ZoneDir   string    `json:"zone_dir,omitempty"` // which directory it is, as in Zone
}

// EntryShell is the entry of what was done on the machine itself.
const EntryShell = "shell"

const version = 1

// NameTime is how the name of an event file begins, so that names sort by time; "-" and the request's id follow.
const NameTime = "20060102T150405.000000000Z"

// Began is when the request of an event file began, by its name.
func Began(name string) (time.Time, bool) {
	if !fileForm().MatchString(name) {
		return time.Time{}, false
	}
	at, err := time.Parse(NameTime, name[:len(NameTime)])
	return at, err == nil
}

// Create makes an event file in a folder for the acts of a program that root runs, as the gate does for a request:
// locked until it is closed, or until the process ends, however it ends. Version and request are filled in, and the time if it is zero.
func Create(folder string, h Header) (*File, error) {
	id := make([]byte, 8)
	rand.Read(id) // never fails
	now := time.Now().UTC()
	h.Version, h.Request = version, hex.EncodeToString(id)
	if h.Time.IsZero() {
		h.Time = now
	}
	h.Time = h.Time.UTC().Truncate(time.Second)
	if reason := h.check(); reason != "" {
		return nil, fmt.Errorf("event file: %s", reason)
	}
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	name := folder + "/" + now.Format(NameTime) + "-" + h.Request
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o640)
	if err != nil {
		return nil, err
	}
	// Locked before the first line is there: a reader takes a file with a first line and no lock for a finished one.
	err = f.Chmod(0o640) // the folder's setgid bit makes it shzspool's to read
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err == nil {
		_, err = f.Write(append(line, '\n'))
	}
	if err != nil {
		err = errors.Join(err, os.Remove(name))
		f.Close()
		return nil, err
	}
	return &File{f: f}, nil
}

// Close lets the lock fall: nothing more comes.
func (f *File) Close() error {
	if f == nil {
		return nil
	}
	return f.f.Close()
}
