// Package secret hands what one mail alone may hold, a link or a password, from root's helpers to the worker: one file
// each, because no event may hold one. Its name becomes the source of the message, so what the worker repeats after a kill adds nothing.
package secret

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/disk"
)

// Kind is of the mail; the worker's queue calls them the same.
type Kind string

const (
	Recover Kind = "recover" // a link by which a forgotten password is set
	Reset   Kind = "reset"   // a password that an administrator had made
	Invite  Kind = "invite"  // a link by which somebody who was invited chooses his password
	Verify  Kind = "verify"  // a link by which somebody says that mail to an address reaches him
	Moved   Kind = "moved"   // that his mail goes to another address from now on, which is the text

	// To people who have no account: to Address, in Language.
	Signup   Kind = "signup"   // a link by which who asks for an account confirms his address
	Declined Kind = "declined" // why he gets none, which is the text

	Asked Kind = "asked" // to an administrator: that somebody, who is the text, asks for an account
)

// Secret is one of them.
type Secret struct {
	Kind     Kind      `json:"kind"`
	User     string    `json:"user"` // to whom
	UID      uint32    `json:"uid"`
	Address  string    `json:"address,omitempty"`  // where it goes, "" = to that of the account
	Language string    `json:"language,omitempty"` // of who has no account that would say it
	Actor    string    `json:"actor,omitempty"`    // who wants it, "" = he himself
	Zone     string    `json:"zone,omitempty"`     // to which it leads
	Text     string    `json:"text"`
	Expires  time.Time `json:"expires"` // it is of no use afterwards
}

// maxFile bounds a file, in bytes.
const maxFile = 4 << 10

var idForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{16}$`) })

// ValidID says whether a text has the form of a file's name; another one is still being written.
func ValidID(text string) bool { return idForm().MatchString(text) }

// NewID makes a name.
func NewID() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b)
}

// HandOver puts a secret into a folder for a group; one of the same name is replaced.
func HandOver(folder, id string, gid uint32, s Secret) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return disk.WriteFor(folder+"/"+id, append(b, '\n'), 0, gid)
}

// Read returns what lies in a folder.
func Read(folder, id string) (Secret, error) {
	var s Secret
	f, err := os.OpenFile(folder+"/"+id, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return s, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return s, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return s, errors.New("no file of root's")
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}
