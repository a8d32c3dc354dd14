package zone

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"sharezone/internal/btrfs"
	"sharezone/internal/layout"
)

// spare is how much must be left, in bytes, for root to change access lists, owners and attributes: btrfs counts them too,
// and sets some 500 KiB aside for each change until it is on disk.
const spare = 8 << 20

// raised is the record of a limit that was raised for the moment of a change. It is written before and removed after it, so
// a process that is killed in between leaves it, and the next change of the zone puts the true limit back. It lies among the
// locks, named by file system and subvolume: a zone that is full has no room for it.
type raised struct {
	file         string
	limit, wider int64
}

func raisedOf(s btrfs.Subvolume) raised { return raised{file: layout.Slots + "/limit." + s.Name()} }

// trueLimit is the limit that a zone has but for what an interrupted change left of it. A record whose limit is not the one
// in force any more, because somebody set another, says nothing.
func (r raised) trueLimit(found *int64) *int64 {
	text, err := os.ReadFile(r.file)
	if err != nil || found == nil {
		return found
	}
	var limit, wider int64
	if n, err := fmt.Sscanf(string(text), "%d %d\n", &limit, &wider); err != nil || n != 2 || wider != *found {
		return found
	}
	return &limit
}

// write makes the record last, whole or not at all.
func (r raised) write() error {
	f, err := os.CreateTemp(layout.Slots, "limit-*")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d %d\n", r.limit, r.wider)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), r.file)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

func (r raised) forget() error {
	if err := os.Remove(r.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// widen raises the limit of a zone that is nearly used up, and returns what lowers it again: a member who filled a zone
// could not be taken out of it otherwise. Where there is no limit it does nothing. Held.Lock and Release call the two.
//
// BUGS: whoever writes meanwhile may take the spare, at each change anew; taking somebody out of a full zone counts for
// more. A process that is killed in between leaves the limit higher by it until the zone is changed again.
func (a *Admin) widen(fd int) (narrow func() error, err error) {
	narrow = func() error { return nil }
	s, err := btrfs.Of(fd)
	if err != nil || !s.IsRoot {
		return narrow, nil
	}
	u, err := s.Usage()
	if err != nil {
		return narrow, err
	}
	r := raisedOf(s)
	limit := r.trueLimit(u.Limit)
	restore := func() error {
		if err := btrfs.SetLimit(a.base, s, limit); err != nil {
			return err // the record stays
		}
		return r.forget()
	}
	if limit != u.Limit { // what an interrupted change left goes first: between its record and a new one nothing is lost
		if err := restore(); err != nil {
			return narrow, err
		}
	}
	if limit == nil || *limit-u.Used >= spare {
		return narrow, r.forget()
	}
	r.limit, r.wider = *limit, max(*limit, u.Used)+spare
	if err := r.write(); err != nil {
		return narrow, err
	}
	return restore, btrfs.SetLimit(a.base, s, &r.wider)
}
