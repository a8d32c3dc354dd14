package zone

import (
	"fmt"
	"time"
)

// Policy is what the site wants of zones. Everything is in days, and 0 is none.
type Policy struct{ DefaultExpiry, MaxExpiry, DefaultMaxAge int }

// ExpiryError says that a zone was to be open longer than the policy allows.
type ExpiryError struct{ Latest string } // YYYY-MM-DD

func (e *ExpiryError) Error() string {
	return fmt.Sprintf("a zone may be open until %s at most", e.Latest)
}

// Complete gives a new zone what nothing was said of: an expiry date, which must be where there is a maximum, and a maximum
// age. An empty expiry date says that there is to be no end; where there is a maximum, it is as if nothing were said.
func (p Policy) Complete(m Metadata, now time.Time) Metadata {
	days := p.DefaultExpiry
	if p.MaxExpiry > 0 && (days == 0 || days > p.MaxExpiry) {
		days = p.MaxExpiry
	}
	if days > 0 && (m.Expires == nil || *m.Expires == "" && p.MaxExpiry > 0) {
		end := inDays(now, days)
		m.Expires = &end
	}
	if p.DefaultMaxAge > 0 && m.MaxAge == nil {
		m.MaxAge = &p.DefaultMaxAge
	}
	return m
}

// CheckExpiry refuses with an *ExpiryError what is about to be written as a zone's expiry date: a day that is too far
// away, or none where there is a maximum. A nil one changes nothing, so a zone that exists keeps its own.
func (p Policy) CheckExpiry(expires *string, now time.Time) error {
	if p.MaxExpiry == 0 || expires == nil {
		return nil
	}
	if _, err := ExpiresAt(*expires); err != nil && *expires != "" {
		return err
	}
	latest := inDays(now, p.MaxExpiry)
	if *expires == "" || *expires > latest { // of one length, so they compare as days
		return &ExpiryError{latest}
	}
	return nil
}

// Longest is the day until which a zone can be extended now: as far as the policy allows, or as new zones get. "" is
// none: without a policy a zone needs no end.
func (p Policy) Longest(now time.Time) string {
	if p.MaxExpiry > 0 {
		return inDays(now, p.MaxExpiry)
	}
	if p.DefaultExpiry > 0 {
		return inDays(now, p.DefaultExpiry)
	}
	return ""
}

// inDays is the day so many days after today, in the server's time zone.
func inDays(now time.Time, days int) string {
	return now.Local().AddDate(0, 0, days).Format(time.DateOnly)
}
