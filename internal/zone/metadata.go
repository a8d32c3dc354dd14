package zone

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"

	"sharezone/internal/text"
)

// Limits of the metadata, in bytes. Together they stay below 1 KiB, because ext4 shares about 4 KiB per inode among
// all attributes and both ACLs, and what metadata takes is missing for members.
const (
	idLength       = 32 // 16 random bytes in hexadecimal
	maxTitle       = 256
	maxDescription = 400
	maxKeep        = 256
	maxMaxAge      = 36500 // days: a hundred years, so that sums of days never overflow a date
)

// MaxBytes is how long a text may be, 0 for what is none.
func MaxBytes(attr string) int {
	return map[string]int{AttrTitle: maxTitle, AttrDescription: maxDescription, AttrKeep: maxKeep}[attr]
}

// Metadata is what a zone's root says of the zone. A nil field is absent, unreadable or not believed: the owner of a
// zone can write anything into its attributes, so what is not well formed stands in Bad and nowhere else.
type Metadata struct {
	ID          *string
	Title       *string
	Description *string
	Expires     *string // YYYY-MM-DD
	MaxAge      *int    // days
	Notify      *string // "upload", "download", "upload,download" or ""
	Keep        []string
	Trash       *string // "off"
	Bad         []ValueError
}

// Reason says what is wrong with a value, in a form that can be translated.
type Reason string

// The reasons.
const (
	TooLong Reason = "too-long"
	NotUTF8 Reason = "not-utf8"
	Control Reason = "control" // control characters or line separators
	BadForm Reason = "form"    // not what this attribute's values look like
)

// ValueError says that an attribute has, or was to be given, a value that it cannot have.
type ValueError struct {
	Attr   string // AttrTitle, for example
	Value  string // at most the first 80 bytes
	Reason Reason
}

func (e ValueError) Error() string {
	return fmt.Sprintf("%s: %q: %s", e.Attr, e.Value, e.Reason)
}

type attribute struct {
	name  string
	check func(value string) Reason // "" is good
	store func(m *Metadata, value string)
	load  func(m *Metadata) *string // nil: leave as it is
}

// attributes is the table of all metadata: what each value looks like and where it goes. The order is the order in
// which values are written, and the id comes first: a zone with an id but without a title is whole, the other way not.
var attributes = []attribute{
	{AttrID, checkID,
		func(m *Metadata, v string) { m.ID = &v },
		func(m *Metadata) *string { return m.ID }},
	{AttrTitle, func(v string) Reason { return checkText(v, maxTitle, false) },
		func(m *Metadata, v string) { m.Title = &v },
		func(m *Metadata) *string { return m.Title }},
	{AttrDescription, func(v string) Reason { return checkText(v, maxDescription, true) },
		func(m *Metadata, v string) { m.Description = &v },
		func(m *Metadata) *string { return m.Description }},
	{AttrExpires, checkExpires,
		func(m *Metadata, v string) { m.Expires = &v },
		func(m *Metadata) *string { return m.Expires }},
	{AttrMaxAge, checkMaxAge,
		func(m *Metadata, v string) { n, _ := strconv.Atoi(v); m.MaxAge = &n },
		func(m *Metadata) *string { return formatMaxAge(m.MaxAge) }},
	{AttrNotify, checkNotify,
		func(m *Metadata, v string) { m.Notify = &v },
		func(m *Metadata) *string { return m.Notify }},
	{AttrKeep, checkKeep,
		func(m *Metadata, v string) { m.Keep = strings.Split(v, "/") },
		func(m *Metadata) *string { return joinKeep(m.Keep) }},
	{AttrTrash, checkTrash,
		func(m *Metadata, v string) { m.Trash = &v },
		func(m *Metadata) *string { return m.Trash }},
}

// ReadMetadata reads the metadata of a zone's root through any descriptor of it, also an O_PATH one. Whoever may not
// read the root (a member who may only deliver) gets empty metadata: the kernel said so.
func ReadMetadata(fd int) Metadata {
	path := descriptorPath(fd)
	// Most zones have few, and each that is asked for in vain takes as long as one that is there. Who cannot be told which asks for all.
	there, err := xattr.List(path)
	return readMetadata(func(name string) ([]byte, error) { return xattr.Get(path, name) },
		func(name string) bool { return err != nil || slices.Contains(there, name) })
}

// readMetadata reads the attributes that are wanted.
func readMetadata(get func(name string) ([]byte, error), wanted func(name string) bool) Metadata {
	var m Metadata
	for _, a := range attributes {
		if !wanted(a.name) {
			continue
		}
		raw, err := get(a.name)
		if errors.Is(err, unix.EIO) || errors.Is(err, unix.EUCLEAN) || errors.Is(err, unix.ENOMEM) {
			m.Bad = append(m.Bad, ValueError{Attr: a.name, Reason: BadForm}) // there may be one, and nobody can say which
			continue
		}
		if err != nil || len(raw) == 0 && a.name != AttrNotify {
			continue
		}
		if e := valueError(a.name, string(raw), a.check); e != nil {
			m.Bad = append(m.Bad, *e)
			continue
		}
		a.store(&m, string(raw))
	}
	return m
}

// IsBad says whether an attribute has a value that is not well formed.
func (m Metadata) IsBad(attr string) bool {
	return slices.ContainsFunc(m.Bad, func(e ValueError) bool { return e.Attr == attr })
}

// UnknownAttributes are the names of attributes of the zone's root that look like metadata and are none: a slip of the hand perhaps.
func (h *Held) UnknownAttributes() ([]string, error) {
	names, err := xattr.List(descriptorPath(h.fd))
	return slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasPrefix(name, "user.shz.") || name == AttrRestored ||
			slices.ContainsFunc(attributes, func(a attribute) bool { return a.name == name })
	}), err
}

// Check returns the first ValueError of what m is about to write.
func (m Metadata) Check() error {
	for _, a := range attributes {
		v := a.load(&m)
		if v == nil {
			continue
		}
		if e := valueError(a.name, *v, a.check); e != nil {
			return *e
		}
	}
	return nil
}

// Changes says in short what m would change, for the record: of texts that they do, of the rest to what. forgetNotify as in Modify.
func (m Metadata) Changes(forgetNotify bool) string {
	var all []string
	add := func(name string, value *string, absent string) {
		if value != nil {
			all = append(all, name+"="+cmp.Or(*value, absent))
		}
	}
	if m.Title != nil {
		all = append(all, "title")
	}
	if m.Description != nil {
		all = append(all, "description")
	}
	add("expires", m.Expires, "none")
	if m.MaxAge != nil {
		all = append(all, fmt.Sprintf("max_age=%d", *m.MaxAge))
	}
	if forgetNotify {
		all = append(all, "notify=default")
	}
	add("notify", m.Notify, "none")
	add("trash", m.Trash, "on")
	if m.Keep != nil {
		names := make([]string, len(m.Keep))
		for i, name := range m.Keep { // encoded: it is anybody's, and may look like another change
			names[i] = url.PathEscape(name)
		}
		all = append(all, "keep="+strings.Join(names, "/"))
	}
	return strings.Join(all, ", ")
}

// WriteMetadata writes the fields of m that are not nil; an empty text, a maximum age of 0 and an empty list remove
// their attributes (an empty Notify is a value: nothing is told). It checks everything before it writes anything.
func WriteMetadata(fd int, m Metadata) error {
	if err := m.Check(); err != nil {
		return err
	}
	path := descriptorPath(fd)
	for _, a := range attributes {
		v := a.load(&m)
		if v == nil {
			continue
		}
		if *v == "" && a.name != AttrNotify {
			if err := xattr.Remove(path, a.name); err != nil && !errors.Is(err, xattr.ENOATTR) {
				return fmt.Errorf("%s: %w", a.name, err)
			}
			continue
		}
		if err := xattr.Set(path, a.name, []byte(*v)); err != nil {
			return fmt.Errorf("%s: %w", a.name, full(fd, err)) // the lists may have taken the room of all attributes
		}
	}
	return nil
}

// ExpiresAt returns the moment from which a zone that expires on date is no longer open: a zone is open through its
// last day, in the server's time zone.
func ExpiresAt(date string) (time.Time, error) {
	day, err := time.ParseInLocation(time.DateOnly, date, time.Local)
	if err != nil {
		return time.Time{}, ValueError{AttrExpires, clip(date), BadForm}
	}
	return day.AddDate(0, 0, 1), nil
}

// descriptorPath names the inode behind fd. The path calls are used because the descriptor calls refuse O_PATH; the
// magic link leads to the very inode, never through a name that somebody could exchange.
func descriptorPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

func valueError(attr, value string, check func(string) Reason) *ValueError {
	if reason := check(value); reason != "" {
		return &ValueError{attr, clip(value), reason}
	}
	return nil
}

func clip(value string) string { return value[:min(len(value), 80)] }

func checkID(v string) Reason {
	if len(v) != 32 || strings.Trim(v, "0123456789abcdef") != "" {
		return BadForm
	}
	return ""
}

// checkText accepts any Unicode text of which something is seen and that stays on its line; lines allows line feeds too.
func checkText(v string, limit int, lines bool) Reason {
	switch {
	case len(v) > limit:
		return TooLong
	case !utf8.ValidString(v):
		return NotUTF8
	case strings.ContainsFunc(v, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) && !(lines && r == '\n')
	}):
		return Control
	case text.Invisible(v):
		return Control
	}
	return ""
}

func checkExpires(v string) Reason {
	if v == "" {
		return ""
	}
	day, err := time.Parse(time.DateOnly, v)
	if err != nil || day.Year() < 1970 {
		return BadForm
	}
	return ""
}

func checkMaxAge(v string) Reason {
	if v == "" {
		return ""
	}
	if n, err := strconv.Atoi(v); err != nil || strconv.Itoa(n) != v || n < 1 || n > maxMaxAge {
		return BadForm
	}
	return ""
}

func checkNotify(v string) Reason {
	switch v {
	case "", "upload", "download", "upload,download":
		return ""
	}
	return BadForm
}

// checkKeep accepts names separated by slashes, the one byte (besides NUL) that no name contains.
func checkKeep(v string) Reason {
	if len(v) > maxKeep {
		return TooLong
	}
	if v == "" {
		return ""
	}
	for name := range strings.SplitSeq(v, "/") {
		if name == "" || name == "." || name == ".." || strings.ContainsRune(name, 0) {
			return BadForm
		}
	}
	return ""
}

func checkTrash(v string) Reason {
	if v == "" || v == TrashOff {
		return ""
	}
	return BadForm
}

// TrashOff is the one value of AttrTrash.
const TrashOff = "off"

// HasTrash says whether what is deleted in the zone is kept for a while.
func (m Metadata) HasTrash() bool { return m.Trash == nil || *m.Trash != TrashOff }

func formatMaxAge(days *int) *string {
	if days == nil {
		return nil
	}
	text := ""
	if *days != 0 {
		text = strconv.Itoa(*days)
	}
	return &text
}

func joinKeep(names []string) *string {
	if names == nil {
		return nil
	}
	text := strings.Join(names, "/")
	return &text
}
