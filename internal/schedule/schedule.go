// Package schedule says when a job is due, by the five fields of crontab(5). robfig/cron parses them; around it stands what
// it lacks: its parser can panic, it passes over what falls into the hour that the clock skips in spring, it comes twice in the
// hour that is repeated in autumn, and it knows nothing of a machine that was off or of a clock that was set back.
package schedule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// ErrSchedule is returned for a text that is no schedule, or one that never comes.
var ErrSchedule = errors.New("not a schedule")

// maxText is longer than any schedule that somebody can read, in bytes.
const maxText = 200

// Schedule is when something is to be done.
type Schedule struct {
	times  cron.Schedule // in UTC: see wall
	hourly bool          // every hour of every day: then hours are real ones
}

// Parse reads minute, hour, day of the month, month and day of the week. No "@daily" and no "TZ=": times are those of the server.
func Parse(text string) (s Schedule, err error) {
	refuse := func(reason any) (Schedule, error) {
		return Schedule{}, fmt.Errorf("%q: %w: %v", text, ErrSchedule, reason)
	}
	defer func() {
		if reason := recover(); reason != nil {
			s, err = refuse(reason)
		}
	}()
	if len(text) > maxText || strings.Trim(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ*/,- ") != "" {
		return refuse("characters that no schedule has")
	}
	fields := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	times, err := fields.Parse(text)
	if err != nil {
		return refuse(err)
	}
	spec, isSpec := times.(*cron.SpecSchedule)
	if !isSpec {
		return refuse("not five fields")
	}
	spec.Location = time.UTC
	const everyHour, anyDay = 1<<24 - 1, 1 << 63 // the bit that cron sets for "*"
	s = Schedule{times: spec, hourly: spec.Hour&everyHour == everyHour && spec.Dom&spec.Month&spec.Dow&anyDay != 0}
	if s.times.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() { // 30 February
		return refuse("it never comes")
	}
	return s, nil
}

// wall is a moment as the server's clock shows it, called UTC: there each hour comes once and none is left out. So what falls
// into the hour that is skipped in spring is due when the clock shows the next one, and what was done in the hour that is
// repeated in autumn is not due again in the repetition. What comes every hour goes by real hours instead.
func (s Schedule) wall(t time.Time) time.Time {
	if s.hourly {
		_, offset := t.Zone()
		return t.UTC().Add(time.Duration(offset%3600) * time.Second) // minutes are those of the clock, in Kathmandu too
	}
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return time.Date(year, month, day, hour, minute, second, t.Nanosecond(), time.UTC)
}

// maxBack is how far the last time may lie in the future without anybody wondering: clocks are corrected by seconds.
const maxBack = time.Hour

// Due says whether there was a time of the schedule since last, which is when it was done last (zero: never). However many were
// missed, it is due once. The times are those of now's location.
func (s Schedule) Due(last, now time.Time) bool {
	if last.IsZero() {
		return true
	}
	next := s.times.Next(s.wall(last.In(now.Location())))
	return !last.After(now) && !next.IsZero() && !next.After(s.wall(now))
}

// Anchor is the last time to go on from: last, or now where the clock was set back so far that nothing would be due for long.
func Anchor(last, now time.Time) time.Time {
	if last.Sub(now) > maxBack {
		return now
	}
	return last
}
