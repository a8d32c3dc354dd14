package main

import (
	"fmt"
	"strconv"
	"time"

	"sharezone/internal/lifetime"
	"sharezone/internal/zone"
)

// emptyTrash removes for good what has been in the trash for long enough.
func emptyTrash(r *jobRun) error { return r.each((*jobRun).emptyOne) }

// emptyOne looks first, as age does. What is too much for one run is done by several, the oldest first: whoever deleted it wanted it to go,
// and a trash that is full stays so until somebody looks. An owner who turned the trash off keeps what is in it as long as everybody does.
func (r *jobRun) emptyOne(h *zone.Held, z zone.Details) error {
	days := max(1, r.settings.Trash.KeepDays) // without a trash: what is left of one
	found := zone.Emptying{Stop: r.stop, Due: func(born, changed time.Time) bool {
		return lifetime.Aged(born, changed, r.since, r.now, days)
	}}
	going := found
	if r.dryRun {
		found.Record = func(paths []string) (func([]error), error) {
			for _, path := range paths {
				r.tell("trash", z.Name, strconv.Quote(path), days)
			}
			return nil, nil
		}
	}
	err := h.EmptyTrash(&found)
	r.Seen += found.Seen
	if err != nil || found.Found == 0 && (found.Folders == 0 || r.dryRun) {
		r.strange(z.Name, found)
		return err
	}
	if found.Found > 0 {
		r.tell("trash-zone", z.Name, z.Owner, days, found.Found, found.Seen, found.Bytes)
	}
	limit := lifetime.Limit{Files: r.settings.Cleaner.LimitFiles, Percent: r.settings.Cleaner.LimitPercent}
	if limit.Exceeded(found.Found, found.Seen) && !r.noLimit {
		if going.Most = limit.Most(found.Seen); going.Most == 0 {
			r.tell("trash-many", z.Name)
			r.Stopped = true
			return fmt.Errorf("%d of %d are due in the trash, and limit_files and limit_percent are 0: none was removed", found.Found, found.Seen)
		}
		r.tell("trash-some", z.Name, going.Most)
	}
	if r.dryRun {
		return nil
	}
	if err := h.Lock(); err != nil {
		return err
	}
	log := ageLog{run: r, event: "purge", zone: z.Name, id: h.ID()}
	defer log.close()
	going.Remove, going.Record = true, log.record
	err = h.EmptyTrash(&going)
	r.Removed += going.Found
	r.Freed += going.Bytes
	r.strange(z.Name, going)
	if going.Found > 0 {
		r.note(z.Name, fmt.Sprintf("%d of %d were in the trash for more than %d days: removed, %d bytes", going.Found, found.Found, days, going.Bytes))
	}
	return err
}

// strange makes failures of what could not be looked at or removed.
func (r *jobRun) strange(name string, e zone.Emptying) {
	if e.First != nil {
		r.Fail(fmt.Sprintf("%s: the trash: %v", name, e.First))
		r.Failed += e.Failed - 1
	}
}
