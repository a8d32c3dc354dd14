package main

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	"sharezone/internal/event"
	"sharezone/internal/lifetime"
	"sharezone/internal/zone"
)

// endFiles removes what has been in a zone for longer than its maximum age.
func endFiles(r *jobRun) error { return r.each((*jobRun).age) }

// sweepUploads removes what killed requests left.
func sweepUploads(r *jobRun) error {
	if !r.dryRun && r.only == "" {
		admin, err := r.open()
		if err != nil {
			return err
		}
		removed, err := admin.SweepBase(r.leftSince())
		admin.Close()
		r.Removed += removed
		if err != nil {
			r.Fail(err.Error())
		}
	}
	return r.each((*jobRun).sweep)
}

func (r *jobRun) leftSince() time.Time { return r.now.Add(-zone.LeftoverAge) }

// workers is how many zones are done at a time: each thing that goes is moved before, which costs twice what rm does. Only one of them moves
// things at a time (zone.Held.RemoveAged), so there are twice as many as a small machine has processors.
const workers = 4

// maxLeft is how many zones are remembered that somebody else was changing; where there are more, all are looked at again.
const maxLeft = 100

// each does something with each open zone. One that somebody else is changing gets a second chance at the end.
func (r *jobRun) each(do func(*jobRun, *zone.Held, zone.Details) error) error {
	admin, err := r.open()
	if err != nil {
		return err
	}
	defer admin.Close()
	var failed error
	busy, err := r.together(func(yield func(zone.Details) bool) {
		for zones, err := range admin.Batches {
			failed = errors.Join(failed, err)
			for _, z := range zones {
				if z.Closed == nil && !r.passes(z.Name) && !yield(z) {
					return
				}
			}
		}
	}, do)
	left := busy
	if err == nil && len(busy) > 0 && !r.stop() {
		if left, err = r.together(slices.Values(busy), do); err != nil {
			left = busy
		}
	}
	if len(left) > 0 || r.stop() {
		r.ended = false // a minute later the change is over
	}
	r.remember(left)
	return errors.Join(failed, err)
}

// passes says whether a zone is none of those that are looked at.
func (r *jobRun) passes(name string) bool {
	return r.only != "" && r.only != name || r.again != nil && !slices.Contains(r.again, name)
}

// remember has zones that somebody else was changing come next, without the others.
func (r *jobRun) remember(busy []zone.Details) {
	if len(busy) > maxLeft || r.stop() {
		return
	}
	for _, z := range busy {
		r.Left = append(r.Left, z.Name)
	}
}

// together does it with zones, some at a time, and returns those that somebody else is changing.
func (r *jobRun) together(zones iter.Seq[zone.Details], do func(*jobRun, *zone.Held, zone.Details) error) (busy []zone.Details, err error) {
	n := workers
	if r.dryRun {
		n = 1 // what it says has an order
	}
	queue := make(chan zone.Details)
	runs := make([]*jobRun, n)
	lefts := make([][]zone.Details, n)
	var group sync.WaitGroup
	for i := range n {
		admin, openErr := r.open() // it looks names up, each for itself
		if openErr != nil {
			err = openErr
			break
		}
		defer admin.Close()
		runs[i] = &jobRun{cleaner: r.cleaner}
		group.Go(func() {
			for z := range queue {
				lefts[i] = append(lefts[i], runs[i].one(admin, z, do)...)
			}
		})
	}
	func() {
		defer group.Wait()
		defer close(queue) // also if zones panics
		for z := range zones {
			if err != nil || r.stop() {
				break
			}
			queue <- z
		}
	}()
	for i, own := range runs {
		if own != nil {
			r.Add(own.Run)
			busy = append(busy, lefts[i]...)
		}
	}
	return busy, err
}

// one does it with one zone, and returns it where somebody else is changing it.
func (r *jobRun) one(admin *zone.Admin, z zone.Details, do func(*jobRun, *zone.Held, zone.Details) error) (busy []zone.Details) {
	switch err := r.reach(admin, z, do); {
	case errors.Is(err, zone.ErrBusy):
		return []zone.Details{z}
	case err != nil && !errors.Is(err, zone.ErrNotThere):
		r.Fail(z.Name + ": " + err.Error())
	}
	return nil
}

// reach does it with one zone. A panic there is its failure, and nobody else's.
func (r *jobRun) reach(admin *zone.Admin, z zone.Details, do func(*jobRun, *zone.Held, zone.Details) error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	h, err := admin.Reach(z.Name)
	if err != nil {
		return err
	}
	defer h.Release()
	return do(r, h, z)
}

// age removes what is due in a zone. It looks first, whether that is too much, unless an administrator has said that nothing is. Nobody is
// held up meanwhile: the zone is locked only where something is due, and not too much.
func (r *jobRun) age(h *zone.Held, z zone.Details) error {
	m := h.Metadata()
	if m.MaxAge == nil {
		return nil
	}
	if m.IsBad(zone.AttrKeep) { // or cannot be read: some of it is to stay, and nobody knows what
		r.Fail(z.Name + ": " + zone.AttrKeep + " is not well formed: nothing was removed")
		return nil
	}
	days := *m.MaxAge
	found := zone.Aging{Keep: m.Keep, Stop: r.stop, Due: func(born, changed time.Time) bool {
		return lifetime.Aged(born, changed, r.since, r.now, days)
	}}
	going := found
	if !r.noLimit || r.dryRun {
		if goes, err := r.lookAged(h, z, &found, days); !goes {
			return err
		}
	}
	// The owner needs no lock to write it. What he chose is looked at once more where it is another thing by now.
	going.Check = func() error {
		now, err := h.AgeRule()
		if err == nil && (now.MaxAge == nil || *now.MaxAge != days || now.IsBad(zone.AttrKeep) || !slices.Equal(now.Keep, m.Keep)) {
			err = fmt.Errorf("%s: its owner chose anew meanwhile: %w", z.Name, zone.ErrBusy)
		}
		return err
	}
	log := ageLog{run: r, event: "expire", zone: z.Name}
	if m.ID != nil {
		log.id = *m.ID
	}
	defer log.close()
	going.Record = log.record
	err := h.RemoveAged(&going)
	if errors.Is(err, zone.ErrBusy) && going.Files+going.Folders == 0 {
		return err // and nothing is counted: it gets a second chance
	}
	if r.noLimit {
		r.Seen += going.Seen
	}
	r.Removed += going.Files + going.Folders
	r.Freed += going.Bytes
	r.skipped(z.Name, going)
	if going.Files+going.Folders > 0 {
		r.note(z.Name, fmt.Sprintf("%d files and %d folders were there for more than %d days: removed, %d bytes", going.Files, going.Folders, days, going.Bytes))
	}
	return err
}

// lookAged looks what is due in a zone, and says whether it goes: not in a dry run, which tells it, and not where it is too much.
func (r *jobRun) lookAged(h *zone.Held, z zone.Details, found *zone.Aging, days int) (goes bool, err error) {
	if r.dryRun {
		found.Record = func(paths []string) (func([]error), error) {
			for _, path := range paths {
				r.tell("aged", z.Name, strconv.Quote(path), days)
			}
			return nil, nil
		}
	}
	err = h.LookAged(found)
	if r.Seen += found.Seen; err != nil || found.Files+found.Folders == 0 {
		r.skipped(z.Name, *found)
		return false, err
	}
	r.tell("aged-zone", z.Name, z.Owner, found.Files, found.Seen, found.Folders, found.Bytes, days)
	limit := lifetime.Limit{Files: r.settings.Cleaner.LimitFiles, Percent: r.settings.Cleaner.LimitPercent}
	due, all := found.Files+found.Folders, found.Seen+found.SeenFolders
	if limit.Exceeded(due, all) && !r.noLimit {
		r.tell("too-many", z.Name)
		r.Stopped = true
		return false, fmt.Errorf("%d of %d files and folders are due, more than limit_files and limit_percent: none was removed", due, all)
	}
	return !r.dryRun, nil
}

// skipped makes failures of what could not be looked at or removed.
func (r *jobRun) skipped(name string, a zone.Aging) {
	for _, s := range a.Skipped {
		r.Fail(fmt.Sprintf("%s/%s: %s: %v", name, s.Path, s.Reason, s.Err))
	}
	r.Failed += a.Failed - int64(len(a.Skipped))
}

// maxActs and maxActBytes are how many acts an event file of the cleaner has, and how long their paths are together: who reads one keeps
// all of it in memory.
const (
	maxActs     = 1000
	maxActBytes = 4 << 20
)

// ageLog records what goes from one zone because of its age, or of its time in the trash.
type ageLog struct {
	run      *jobRun
	event    string
	zone, id string
	file     *event.File
	acts     int
	bytes    int // of paths
}

func (l *ageLog) record(paths []string) (func([]error), error) {
	bytes := 0
	for _, path := range paths {
		bytes += len(path)
	}
	if l.file == nil || l.acts+len(paths) > maxActs || l.bytes+bytes > maxActBytes {
		l.close()
		file, err := l.run.newEvents(l.zone, l.id)
		if err != nil {
			return nil, err
		}
		l.file = file
	}
	l.acts += len(paths)
	l.bytes += bytes
	acts, err := l.file.BeginEach(l.event, paths)
	if err != nil {
		return nil, err
	}
	return func(errs []error) {
		results := make([]string, len(errs))
		for i, err := range errs {
			results[i] = resultOf(err)
		}
		l.file.EndEach(acts, results)
	}, nil
}

func (l *ageLog) close() {
	l.file.Close()
	l.file, l.acts, l.bytes = nil, 0, 0
}

// sweep removes from a zone what killed requests left in it, and gives back what they had put aside. It is no act: nobody ever saw
// what goes, and what comes back is where it was.
func (r *jobRun) sweep(h *zone.Held, z zone.Details) error {
	found := zone.Sweeping{Before: r.leftSince(), Stop: r.stop}
	going := found
	err := h.SweepLeftovers(&found)
	r.Seen += found.Seen
	if err != nil || found.Found+found.Returned == 0 {
		return errors.Join(err, found.First)
	}
	if r.tell("uploads", z.Name, found.Found, found.Bytes, found.Returned); r.dryRun {
		return nil
	}
	if err := h.Lock(); err != nil {
		return err
	}
	going.Remove = true
	err = h.SweepLeftovers(&going)
	r.Removed += going.Found
	r.Freed += going.Bytes
	if going.Returned > 0 {
		r.note(z.Name, fmt.Sprintf("%d files that killed requests had put aside: given back", going.Returned))
	}
	if going.Found > 0 {
		r.note(z.Name, fmt.Sprintf("%d left by killed requests: removed, %d bytes", going.Found, going.Bytes))
	}
	return errors.Join(err, going.First)
}
