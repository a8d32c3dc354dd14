package activity

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"sharezone/internal/event"
)

// Taken asks, as an event, for all acts by which somebody took a file, whichever events these are.
const Taken = "taken"

// Filter says which acts are asked for; what is empty asks for all.
type Filter struct {
	ZoneID, User string
	Events       []string  // names, or Taken; none asks for all
	Path         string    // a file, or a folder with all below it; also what was called so before it was renamed or moved
	From, To     time.Time // the first moment, and the first that is not asked for
}

// Matches says whether an act is asked for.
func (f Filter) Matches(l Line) bool {
	r := l.Record
	return (f.ZoneID == "" || r.ZoneID == f.ZoneID) &&
		(f.User == "" || r.User == f.User || r.About != nil && *r.About == f.User) &&
		(len(f.Events) == 0 || slices.Contains(f.Events, r.Event) || l.Taken && slices.Contains(f.Events, Taken)) &&
		(f.Path == "" || below(Bytes(r), f.Path) || r.From != nil && below(FromBytes(r), f.Path)) &&
		(f.From.IsZero() || !r.Time.Before(f.From)) &&
		(f.To.IsZero() || r.Time.Before(f.To))
}

// below compares whole segments: "a" is not above "ab".
func below(path, top string) bool {
	rest, found := strings.CutPrefix(path, strings.TrimSuffix(top, "/"))
	return found && (rest == "" || rest[0] == '/')
}

// Bytes is the path of an act as the kernel knows it, "" where it has none.
func Bytes(r event.Record) string { return bytesOf(r.Path, r.Raw) }

// FromBytes is the path that it had before, "" where it had none.
func FromBytes(r event.Record) string { return bytesOf(r.From, r.FromRaw) }

func bytesOf(text *string, raw string) string {
	if path, err := url.PathUnescape(raw); raw != "" && err == nil {
		return path
	}
	return orEmpty(text)
}

// ParseMoment reads a day of the server's time zone, or a moment of RFC 3339. A day that ends a range belongs to it:
// add is how many days later the range ends. "" is the zero time.
func ParseMoment(text string, add int) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return day.AddDate(0, 0, add), true
	}
	moment, err := time.Parse(time.RFC3339, text)
	return moment, err == nil
}
