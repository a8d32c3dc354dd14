// Package zone reaches what lies below the base directory: zones, their metadata, their entries.
//
// MUST rules of this folder:
//   - below a zone everything is reached by descriptor (openat2), never by a path string;
//   - symbolic links are never followed, whoever made them and wherever they point;
//   - nothing here asks whether a user may do something: the system call is made and its answer reported.
package zone

import (
	"errors"
	"fmt"
	"strings"
)

// Extended attributes on a zone's root, and nowhere else. Writing them needs the owner's uid or root, because the
// root is sticky (xattr(7)).
const (
	AttrID          = "user.shz.id"
	AttrTitle       = "user.shz.title"
	AttrDescription = "user.shz.description"
	AttrExpires     = "user.shz.expires" // YYYY-MM-DD, open through that day, server time
	AttrMaxAge      = "user.shz.max_age" // days
	AttrNotify      = "user.shz.notify"  // upload,download
	AttrKeep        = "user.shz.keep"    // top-level names that the cleaner spares
	AttrTrash       = "user.shz.trash"   // off: what is deleted is removed at once
)

// AttrClosed is on the root of a closed zone: when it was closed, and its name; in an open one it means nothing. Only root
// reads and writes trusted attributes. The owner may have kept a descriptor of the root from before it was closed, by which
// he still writes the others.
const AttrClosed = "trusted.shz.closed"

// ReservedPrefix begins names that Share Zone keeps for itself: partial uploads, names in transition. They are
// hidden and refused everywhere.
const ReservedPrefix = ".shz-"

// Access is what a principal may do in a zone.
type Access string

const (
	Own   Access = "own"   // owner of the zone's root
	Write Access = "write" // rwx
	Read  Access = "read"  // r-x
	Drop  Access = "drop"  // -wx on the root alone: deliver without seeing
	None  Access = "none"
)

// maxName is how long the name of a zone can be, in bytes.
const maxName = 63

// ErrName is returned for a name that no zone can have.
var ErrName = errors.New("a zone's name has 1 to 63 of a-z 0-9 . _ - and begins with a letter or digit")

// CheckName returns ErrName unless name can be a zone's.
func CheckName(name string) error {
	if name == "" || len(name) > 63 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" || strings.IndexByte("._-", name[0]) >= 0 {
		return fmt.Errorf("%q: %w", name, ErrName)
	}
	return nil
}

// NameLike makes a name that a zone can have, and that is not taken, of one that it cannot have: "Offers 2027" becomes
// offers-2027.
func NameLike(name string, taken func(string) bool) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789._-", r) {
			b.WriteRune(r)
		} else if !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	like := strings.Trim(b.String(), "._-")
	like = like[:min(len(like), maxName)]
	if like == "" {
		like = "zone"
	}
	n := 1
	for taken(suffixed(like, n)) {
		n++
	}
	return suffixed(like, n)
}
