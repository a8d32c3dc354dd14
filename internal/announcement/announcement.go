// Package announcement is what the administrator has to tell everybody: a text that stands on every page until a moment, and
// whether only administrators are let in meanwhile. Both are files below /var/lib/sharezone that root writes (shzadm announce,
// shzadm maintenance, or an editor) and handlers read as the user: the kernel says who an administrator is.
package announcement

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/text"
)

// MaxText bounds a text, in bytes: it stands above every page, on phones too.
const MaxText = 500

// maxFile is more than two texts, all of them escaped.
const maxFile = 8 << 10

// Announcement is the file's JSON object.
type Announcement struct {
	Italian string     `json:"it"`
	English string     `json:"en"`
	Until   *time.Time `json:"until"` // from then on it is not shown; null: until it is taken back
}

// Text is what is to be read in a language.
func (a Announcement) Text(l text.Language) string {
	if l == text.English {
		return a.English
	}
	return a.Italian
}

// ErrText: a text is empty, longer than MaxText, or has line breaks or other control characters.
var ErrText = errors.New("no text for an announcement")

// Read returns the announcement of now, nil if there is none. What cannot be read or understood is none: a mistake in it must
// not keep anybody from his files.
func Read(now time.Time) *Announcement {
	a, err := read(layout.Announcement)
	if err != nil || a.Until != nil && !now.Before(*a.Until) {
		return nil
	}
	return a
}

func read(path string) (*Announcement, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, err
	}
	a := new(Announcement)
	if err := json.Unmarshal(b, a); err != nil {
		return nil, err
	}
	return a, errors.Join(check(a.Italian), check(a.English))
}

func check(said string) error {
	if said == "" || len(said) > MaxText || !utf8.ValidString(said) {
		return ErrText
	}
	for _, r := range said {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return ErrText
		}
	}
	return nil
}

// Write makes it everybody's; nil takes it back.
func Write(a *Announcement) error {
	if a == nil {
		return remove(layout.Announcement)
	}
	if err := errors.Join(check(a.Italian), check(a.English)); err != nil {
		return err
	}
	b, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return write(layout.Announcement, append(b, '\n'), 0o644, 0)
}

// Maintenance says whether only administrators are let in, and whether the caller is one: root, and members of the group that
// may read the file.
func Maintenance() (on, administrator bool, err error) {
	f, err := os.OpenFile(layout.Maintenance, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return false, false, nil
	case errors.Is(err, os.ErrPermission):
		return true, false, nil
	case err != nil:
		return false, false, err
	}
	f.Close()
	return true, true, nil
}

// SetMaintenance begins or ends it; administrators is the number of their group.
func SetMaintenance(on bool, administrators uint32) error {
	if !on {
		return remove(layout.Maintenance)
	}
	return write(layout.Maintenance, nil, 0o640, int(administrators))
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// write replaces a file as a whole: handlers read it at any moment.
func write(path string, content []byte, mode os.FileMode, group int) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	err = errors.Join(err, f.Chown(0, group), f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
