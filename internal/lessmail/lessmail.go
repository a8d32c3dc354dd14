// Package lessmail is the link in a mail by which its recipient gets less of them from a zone, without a login. The worker
// signs it, libexec/auth checks it; who has one can do nothing by it but reduce that one person's mail from that one zone.
package lessmail

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/disk"
	"sharezone/internal/layout"
)

// Link says whose mail it is, and from which zone.
type Link struct {
	UID    uint32 `json:"u"`
	ZoneID string `json:"i"`
	Zone   string `json:"z"` // as it was called then
}

// Key signs links. It never changes: a link stays good for as long as the mail is kept.
type Key []byte

// KeyFile is the worker's, which makes it when it is first needed; root reads it.
const KeyFile = layout.WorkerState + "/less-mail-key"

const keySize = 32 // bytes

// ErrLink: it was not signed with this key.
var ErrLink = errors.New("not a link of ours")

// purpose keeps what is signed here apart from whatever else may once be signed with the same key.
const purpose = "sharezone less mail 1\n"

var encoding = base64.RawURLEncoding.Strict()

// MaxToken is longer than any token, in bytes.
const MaxToken = 300

// Token is a link as it stands in an address.
func (k Key) Token(l Link) (string, error) {
	b, err := json.Marshal(l)
	return encoding.EncodeToString(b) + "." + encoding.EncodeToString(k.sum(b)), err
}

// Open returns the link of a token.
func (k Key) Open(token string) (l Link, err error) {
	body, sum, found := strings.Cut(token, ".")
	if !found || len(token) > MaxToken || strings.ContainsAny(token, "\r\n") { // which base64 passes over
		return l, ErrLink
	}
	b, bodyErr := encoding.DecodeString(body)
	signed, sumErr := encoding.DecodeString(sum)
	if bodyErr != nil || sumErr != nil || !hmac.Equal(signed, k.sum(b)) {
		return l, ErrLink
	}
	return l, json.Unmarshal(b, &l)
}

func (k Key) sum(b []byte) []byte {
	h := hmac.New(sha256.New, k)
	io.WriteString(h, purpose)
	h.Write(b)
	return h.Sum(nil)
}

// ReadKey reads the key, which must be a file of the worker's.
func ReadKey(name string, owner uint32) (Key, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != owner || st.Mode&0o077 != 0 || st.Size != keySize {
		return nil, errors.New(name + " is no key of the worker's")
	}
	b := make([]byte, keySize)
	_, err = io.ReadFull(f, b)
	return b, err
}

// OwnKey is ReadKey for the worker, which makes one where there is none.
func OwnKey(name string) (Key, error) {
	k, err := ReadKey(name, uint32(os.Geteuid()))
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	k = make(Key, keySize)
	rand.Read(k) // never fails: crypto/rand ends the process instead
	return k, disk.Write(name, k)
}
