package activity

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"sharezone/internal/event"
)

// Filter says which acts are asked for; what is empty asks for all.
type Filter struct {
	ZoneID, User string
	Events       []string  // names; none asks for all
	Path         string    // a file, or a folder with all below it
	From, To     time.Time // the first moment, and the first that is not asked for
}

// Matches says whether an act is asked for.
func (f Filter) Matches(r event.Record) bool {
	return (f.ZoneID == "" || r.ZoneID == f.ZoneID) &&
		(f.User == "" || r.User == f.User || r.About != nil && *r.About == f.User) &&
		(len(f.Events) == 0 || slices.Contains(f.Events, r.Event)) &&
		(f.Path == "" || below(Bytes(r), f.Path)) &&
		(f.From.IsZero() || !r.Time.Before(f.From)) &&
		(f.To.IsZero() || r.Time.Before(f.To))
}

// below compares whole segments: "a" is not above "ab".
func below(path, top string) bool {
	rest, found := strings.CutPrefix(path, strings.TrimSuffix(top, "/"))
	return found && (rest == "" || rest[0] == '/')
}

// Bytes is the path of an act as the kernel knows it, "" where it has none.
func Bytes(r event.Record) string {
	if r.Raw != "" {
		if path, err := url.PathUnescape(r.Raw); err == nil {
			return path
		}
	}
	if r.Path == nil {
		return ""
	}
	return *r.Path
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
