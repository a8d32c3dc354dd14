package schedule

import "time"

// A clock that is years ahead, because a battery or a time server failed, would make everything old at once. Nobody can tell it from a
// machine that was off for so long; so after a jump ahead the clock has to show that it goes on as clocks do, before anything is
// closed or removed by it.

const (
	// maxAhead is how far the clock may go between two runs without being doubted: a machine is off for a long weekend.
	maxAhead = 4 * 24 * time.Hour
	// proof is for how long a clock must then go on.
	proof = 24 * time.Hour
	// proofEach is how much of that a run counts at most: jumps prove nothing, and a machine that is off at night needs some days.
	proofEach = time.Hour
)

// Doubt is what is known of a clock that jumped ahead.
type Doubt struct {
	Before time.Time     `json:"before"` // what it showed last before the jump
	Ran    time.Duration `json:"ran"`    // for how long it has gone on since, in nanoseconds
}

// Watch notes what the clock shows, and has the schedules go on from there where it was set back. It is called by each run; a record
// of runs that says nothing of the clock yet says when its jobs were done. changed: the record is to be written.
func (s *State) Watch(now time.Time) (changed bool) {
	if s.Since.IsZero() {
		s.Since = now // a record that was lost keeps things for longer, never for less
	}
	for name, job := range s.Jobs {
		if last := Anchor(job.Last, now); !last.Equal(job.Last) {
			job.Last, changed = last, true
			for _, t := range []*time.Time{&job.Began, &job.Full} {
				if t.After(now) {
					*t = last
				}
			}
			s.Jobs[name] = job
		}
	}
	doubt, behind := s.Doubt, s.Back > 0
	s.watch(now)
	return changed || doubt != s.Doubt || behind != (s.Back > 0)
}

func (s *State) watch(now time.Time) {
	last := s.Seen
	if last.IsZero() {
		for _, job := range s.Jobs {
			if job.Last.After(last) {
				last = job.Last
			}
		}
	}
	step := now.Sub(last)
	switch {
	case last.IsZero():
	case s.Doubt != nil && now.Sub(s.Doubt.Before) <= maxAhead: // it was set right
		s.Doubt = nil
	case step > maxAhead && s.Doubt == nil:
		s.Doubt = &Doubt{Before: last}
	case step > maxAhead:
		s.Doubt = &Doubt{Before: s.Doubt.Before}
	case s.Doubt != nil && step > 0:
		s.Doubt = &Doubt{Before: s.Doubt.Before, Ran: s.Doubt.Ran + min(step, proofEach)}
		if s.Doubt.Ran >= proof {
			s.Doubt = nil
		}
	}
	s.Seen = now
	switch {
	case !s.Behind(now) && s.Doubt == nil:
		if s.Back >= wrong {
			s.Since = now
		}
		if s.Back = 0; now.After(s.Most) {
			s.Most = now
		}
	case s.Behind(now) && step > 0:
		if s.Back += min(step, proofEach); s.Back >= proof { // it is the present, and what it showed before was not
			s.Most, s.Believed, s.Back = now, now, 0
		}
	}
}

// From is since when things go, by what the clock shows now. A clock that is behind does not take that back: it may be wrong for a
// minute, and what is old would then have no time left. It is believed after a day, like one that is ahead.
func (s *State) From(now time.Time) time.Time {
	if now.Before(s.Since) && !s.Believed.IsZero() {
		return s.Believed
	}
	return s.Since
}

// wrong is for how long a clock that was behind must have gone on to count: what was brought meanwhile has times of long ago, and
// nobody can tell it from what is old; so all counts from when it was set right. A machine without a battery shows 1970 at each start, but
// not for long.
const wrong = 2 * time.Minute

// maxBehind is how far a clock may be set back without being taken for wrong: a time server does it by less.
const maxBehind = time.Hour

// Behind says whether the clock shows less than it did once, and has not gone on for a day there: what is reckoned from the present may
// be too early.
func (s *State) Behind(now time.Time) bool { return now.Before(s.Most.Add(-maxBehind)) }
