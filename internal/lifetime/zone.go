// Package lifetime is what the cleaner goes by: from what is known of a thing, the moment, and the site's policy follows what
// becomes of it, and why. It reads nothing and changes nothing, so everything that it says can be tried in a table.
package lifetime

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Act is what becomes of something.
type Act string

// The acts.
const (
	Keep   Act = "keep"
	Cap    Act = "cap"    // its last day comes sooner than it says, by the site's maximum
	Warn   Act = "warn"   // its owner is told that its end is near
	Close  Act = "close"  // out of everybody's reach, and can be brought back
	Remove Act = "remove" // gone for good
)

// Reason says why.
type Reason string

// The reasons.
const (
	NoEnd     Reason = "no-end"     // it has no last day
	BadDate   Reason = "bad-date"   // what it says of its last day is no date
	TooLong   Reason = "too-long"   // it has no last day, or one later than the site allows
	NotYet    Reason = "not-yet"    // its time is not over
	EndsSoon  Reason = "ends-soon"  // so many days are left
	Told      Reason = "told"       // the same, and its owner knows
	LastDay   Reason = "last-day"   // its last day is over
	Grace     Reason = "grace"      // closed, and can be brought back for some days more
	GraceOver Reason = "grace-over" // closed, and these are over
)

// ZonePolicy is what the site wants of zones whose time ends.
type ZonePolicy struct {
	Warn  []int // so many days before the last day is over its owner is told, descending
	Grace int   // so many days a closed zone can be brought back
	Max   int   // so many days a zone is open from now at most; 0: without end
	// Since is since when zones are closed and removed at all. Grace counts from here at the earliest, and so do the warnings of a
	// zone whose last day was over by then.
	Since time.Time
}

// Zone is what is known of a zone.
type Zone struct {
	Expires string    // YYYY-MM-DD, open through that day; "" is none
	Closed  time.Time // when it was closed; zero: it is open
	Told    Warning
}

// Warning is what the owner of a zone was told: so many days before a last day.
type Warning struct {
	Expires string
	Days    int
}

// Verdict is what becomes of a zone, and why.
type Verdict struct {
	Act    Act
	Why    Reason
	Days   int       // until its end, for EndsSoon; 0 is today
	Last   string    // the day on whose end it is closed, YYYY-MM-DD, for Cap, Warn and Close
	Warn   Warning   // for Warn: what is to be remembered
	Before time.Time // for Grace: until when it can be brought back
}

const secondsPerDay = 24 * 60 * 60 // of dates, which are midnights of UTC

// OfZone judges a zone. Days are those of now's location.
func OfZone(z Zone, now time.Time, p ZonePolicy) Verdict {
	if !z.Closed.IsZero() {
		return ofClosed(z, now, p)
	}
	last, err := time.Parse(time.DateOnly, z.Expires)
	if latest := dateOf(now).AddDate(0, 0, p.Max); p.Max > 0 && (err != nil || last.After(latest)) {
		return Verdict{Act: Cap, Why: TooLong, Last: latest.Format(time.DateOnly)}
	}
	if z.Expires == "" {
		return Verdict{Act: Keep, Why: NoEnd}
	}
	if err != nil {
		return Verdict{Act: Keep, Why: BadDate}
	}
	// Dates without hours: a day of 23 hours is a day.
	if since := dateOf(p.Since.In(now.Location())); last.Before(since) {
		last = since
		if len(p.Warn) > 0 {
			last = since.AddDate(0, 0, slices.Max(p.Warn))
		}
	}
	left := int((last.Unix() - dateOf(now).Unix()) / secondsPerDay)
	if left < 0 {
		return Verdict{Act: Close, Why: LastDay, Last: last.Format(time.DateOnly)}
	}
	// The nearest of the days of warning that has come: who missed two of them is told once.
	nearest := -1
	for _, days := range p.Warn {
		if left <= days && (nearest < 0 || days < nearest) {
			nearest = days
		}
	}
	switch {
	case nearest < 0:
		return Verdict{Act: Keep, Why: NotYet, Days: left}
	case z.Told.Expires == z.Expires && z.Told.Days <= nearest:
		return Verdict{Act: Keep, Why: Told, Days: left}
	}
	return Verdict{Act: Warn, Why: EndsSoon, Days: left, Last: last.Format(time.DateOnly), Warn: Warning{z.Expires, nearest}}
}

func dateOf(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// GraceEnds is until when a zone that was closed can be brought back.
func (p ZonePolicy) GraceEnds(closed time.Time, in *time.Location) time.Time {
	if p.Since.After(closed) {
		closed = p.Since
	}
	return closed.In(in).AddDate(0, 0, p.Grace)
}

func ofClosed(z Zone, now time.Time, p ZonePolicy) Verdict {
	if end := p.GraceEnds(z.Closed, now.Location()); now.Before(end) {
		return Verdict{Act: Keep, Why: Grace, Before: end}
	}
	return Verdict{Act: Remove, Why: GraceOver}
}

// String is a warning as it is remembered, "2027-01-31 7".
func (w Warning) String() string { return w.Expires + " " + strconv.Itoa(w.Days) }

// ParseWarning is the reverse of String; anything else is no warning.
func ParseWarning(text string) Warning {
	day, days, _ := strings.Cut(text, " ")
	n, err := strconv.Atoi(days)
	if w := (Warning{day, n}); err == nil && w.String() == text {
		return w
	}
	return Warning{}
}

// maxDays bounds the days of a warning: a year.
const maxDays = 366

// ParseDays reads days like "7 3 1", descending and each once; "" is none.
func ParseDays(text string) (days []int, ok bool) {
	for _, word := range strings.Fields(text) {
		n, err := strconv.Atoi(word)
		if err != nil || strconv.Itoa(n) != word || n < 0 || n > maxDays {
			return nil, false
		}
		days = append(days, n)
	}
	descends := slices.IsSortedFunc(days, func(a, b int) int { return b - a })
	return days, descends && len(slices.Compact(slices.Clone(days))) == len(days)
}
