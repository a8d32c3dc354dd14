package lifetime

import "time"

// settled is how long something must have lain unchanged where it is before its age counts: a file keeps its time of birth when
// it is moved here from elsewhere, but not that of its last change of status, and that time nobody can set.
const settled = 7 * 24 * time.Hour

// Aged says whether something in a zone has been there for more than so many days; 0 is no maximum.
func Aged(born, changed, since, now time.Time, days int) bool {
	return days > 0 && Ends(born, changed, since, days).Before(now)
}

// Ends is the moment after which something has been there for so many days, if nothing changes. Its time of modification does not
// matter: that is the word of whoever brought it. born is zero where the file system does not say. What was there before things went
// at all, which is since a moment, counts from then: nobody was told that it would go.
func Ends(born, changed, since time.Time, days int) time.Time {
	age := time.Duration(days) * 24 * time.Hour
	end, rested := born.Add(age), changed.Add(min(age, settled))
	if born.IsZero() {
		end = changed.Add(age)
	}
	for _, later := range []time.Time{rested, since.Add(age)} {
		if later.After(end) {
			end = later
		}
	}
	return end
}

// Limit protects a zone from losing too much in one run, because a clock or a maximum age is wrong.
type Limit struct {
	Files   int64 // so many may go in any case
	Percent int64 // more only if they are at most so many percent
}

// Most is how many of total files it lets go.
func (l Limit) Most(total int64) int64 { return max(l.Files, total*l.Percent/100) }

// Exceeded says whether due of total files are too many.
func (l Limit) Exceeded(due, total int64) bool { return due > l.Files && due*100 > total*l.Percent }
