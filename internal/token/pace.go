package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sharezone/internal/disk"
)

// mostDay is how many links go in a day to addresses that somebody says are his: the server must be no means to write to strangers.
const mostDay = 5

const day = 24 * time.Hour

// pace is when somebody's links of one purpose were sent. It is kept apart from them: a link that is void by a new password was sent all the
// same.
type pace struct {
	Last  time.Time `json:"last"`
	Since time.Time `json:"since"` // the first that counts for the day
	Count int       `json:"count"`
}

// check refuses one more.
func (p pace) check(now time.Time, pause time.Duration, bounded bool) error {
	if since := now.Sub(p.Last); since >= 0 && since < pause {
		return ErrSoon
	}
	if age := now.Sub(p.Since); pause > 0 && bounded && p.Count >= mostDay && age >= 0 && age < day { // the clock may have been set back
		return ErrDay
	}
	return nil
}

// sent is the pace after one more.
func (p pace) sent(now time.Time) pace {
	if age := now.Sub(p.Since); age < 0 || age >= day {
		p.Since, p.Count = now, 0
	}
	return pace{Last: now, Since: p.Since, Count: p.Count + 1}
}

func (s Store) paceName(purpose Purpose, uid uint32) string {
	return s.name(fmt.Sprintf("pace-%s-%d", purpose, uid))
}

// readPace returns what is kept; what is damaged says nothing, like a damaged record.
func (s Store) readPace(purpose Purpose, uid uint32) (p pace, err error) {
	b, err := os.ReadFile(s.paceName(purpose, uid))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return p, err
	}
	if json.Unmarshal(b, &p) != nil {
		return pace{}, nil
	}
	return p, nil
}

func (s Store) writePace(purpose Purpose, uid uint32, p pace) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return disk.Write(s.paceName(purpose, uid), append(b, '\n'))
}

// endPause lets who has used a link have another one at once; the day's count stays.
func (s Store) endPause(purpose Purpose, uid uint32) error {
	p, err := s.readPace(purpose, uid)
	if err != nil || p.Last.IsZero() {
		return err
	}
	p.Last = time.Time{}
	return s.writePace(purpose, uid, p)
}

// sweepPaces removes those that refuse nothing any more.
func (s Store) sweepPaces() error {
	names, err := filepath.Glob(s.name("pace-*"))
	for _, name := range names {
		info, infoErr := os.Lstat(name)
		if infoErr == nil && s.Now().Sub(info.ModTime()) >= day {
			infoErr = os.Remove(name)
		}
		err = errors.Join(err, infoErr)
	}
	return err
}
