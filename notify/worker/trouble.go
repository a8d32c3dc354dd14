package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/activity"
	"sharezone/internal/disk"
	"sharezone/internal/event"
)

// A zone whose log cannot be written holds up no other one: event files with an act of it stay in the spool, in their order, until it
// can be. The log of the whole system is everybody's: without it all wait, and so they do when the disk is full.
//
// MUST: what is to be cut from a log is on the disk as that before the journal forgets it, and forgotten before anything is appended.

// troubles are the zones whose logs cannot be written, by id, and under "" the log of the whole system. They are written down anew by each run,
// so for doctor the age of the file says whether there was one.
type troubles map[string]activity.Trouble

// logError says which zone's log failed, "" = the one of the whole system.
type logError struct {
	id  string
	err error
}

func (e *logError) Error() string { return fmt.Sprintf("activity log %q: %v", e.id, e.err) }
func (e *logError) Unwrap() error { return e.err }

// errHeldUp says that a batch was given up because of the logs of some zones, which are known now.
var errHeldUp = errors.New("the logs of some zones cannot be written")

// ofAll says whether an error is one of the disk or the machine, and not of one log.
func ofAll(err error) bool {
	return slices.ContainsFunc([]error{unix.ENOSPC, unix.EDQUOT, unix.EFBIG, unix.EMFILE, unix.ENFILE, unix.ENOMEM}, func(e error) bool { return errors.Is(err, e) })
}

// hold takes note of what failed for logs, and returns errHeldUp if that was of zones alone.
func (w *worker) hold(failed []error, other error) error {
	for _, err := range failed {
		var of *logError
		if !errors.As(err, &of) || ofAll(err) {
			other = errors.Join(other, err)
			continue
		}
		if w.troubles.add(of.id, w.logs.now, of.err, nil); of.id == "" {
			other = errors.Join(other, err)
		}
	}
	if other == nil && len(failed) > 0 {
		other = errHeldUp
	}
	return other
}

// add keeps since when it is so.
func (t troubles) add(id string, now time.Time, err error, cut *activity.End) {
	one, known := t[id]
	if !known {
		one.Since = now
	}
	if one.Error = err.Error(); cut != nil {
		one.Cut = cut
	}
	t[id] = one
}

// waitsFor is a zone that holds something up: one whose log cannot be written, or of which nobody can say whether it is there, by its id, or
// one that cannot be looked at, by its name.
type waitsFor struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// holdsUp says whether a zone holds something up.
func (w *worker) holdsUp(f waitsFor, zones table) bool {
	_, held := w.troubles[f.ID]
	return held || f.ID != "" && zones.byID[f.ID].Unsure || f.Name != "" && zones.unseen[f.Name]
}

// waitsFor returns a zone that holds acts up, if one does.
func (w *worker) waitsFor(records []event.Record, zones table) (waitsFor, bool) {
	if len(w.troubles) == 0 && len(zones.unseen) == 0 && !zones.unsure {
		return waitsFor{}, false
	}
	for _, r := range records {
		of := []waitsFor{{ID: zones.line(r).ZoneID}}
		if r.Zone != nil {
			of = append(of, waitsFor{Name: *r.Zone})
		}
		if zones.byID[r.ZoneID].Unsure { // an id that only the act names holds nothing up otherwise
			of = append(of, waitsFor{ID: r.ZoneID})
		}
		for _, f := range of {
			if w.holdsUp(f, zones) {
				return f, true
			}
		}
	}
	return waitsFor{}, false
}

// holdUnseen takes note of zones that could not be looked at: their folders of logs have another owner by now, perhaps.
func (w *worker) holdUnseen(zones table) {
	for _, z := range zones.zones {
		if z.Unsure && zones.unseen[z.Name] {
			w.troubles.add(z.ID, w.logs.now, fmt.Errorf("the zone %s cannot be looked at", z.Name), nil)
		}
	}
	for name := range zones.unseen {
		w.warn(fmt.Errorf("zone %q cannot be looked at: what was done there waits", name))
	}
}

func (w *worker) troubleFile() string {
	return string(w.journal) + "/" + filepath.Base(activity.TroubleFile)
}

// retry cuts what is still to be cut. Other troubles are found again.
func (w *worker) retry() error {
	var err error
	w.troubles = make(troubles)
	if w.former, err = activity.ReadTroubles(w.troubleFile()); err != nil {
		if unread := new(fs.PathError); errors.As(err, &unread) {
			return err
		}
		w.warn(fmt.Errorf("%s is put aside, what it says of logs may be in them twice: %w", w.troubleFile(), err))
		w.former = nil
		return os.Rename(w.troubleFile(), w.troubleFile()+".damaged")
	}
	done := false
	for id, one := range w.former {
		if one.Cut == nil {
			continue
		}
		if err := cutOne(*one.Cut); err != nil {
			w.troubles.add(id, one.Since, err, one.Cut)
		} else {
			done = true
		}
	}
	if !done {
		return nil
	}
	return w.keepTroubles()
}

// keepTroubles writes them down.
func (w *worker) keepTroubles() error {
	for id, one := range w.troubles {
		if former, known := w.former[id]; known {
			one.Since = former.Since
			w.troubles[id] = one
		}
	}
	if len(w.troubles) == 0 {
		if err := os.Remove(w.troubleFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return disk.SyncFolder(string(w.journal))
	}
	b, err := json.Marshal(w.troubles)
	if err != nil {
		return err
	}
	return disk.Write(w.troubleFile(), b)
}

// cut takes back what was appended after ends. Of a zone's log of which it cannot be taken back now, it is before anything else is appended.
func (w *worker) cut(ends []activity.End) error {
	held := false
	for _, e := range ends {
		err := cutOne(e)
		if err == nil {
			continue
		}
		if e.Folder == w.logs.system {
			return err
		}
		w.troubles.add(filepath.Base(e.Folder), w.logs.now, err, &e)
		held = true
	}
	if !held {
		return nil
	}
	return w.keepTroubles()
}

// tellTroubles writes down for doctor what was found, and says it.
func (w *worker) tellTroubles() error {
	var said error
	for _, id := range slices.Sorted(maps.Keys(w.troubles)) {
		if id != "" { // else the run has failed, and says it
			said = errors.Join(said, fmt.Errorf("activity log of zone %s: %s; what was done there waits, if anything", id, w.troubles[id].Error))
		}
	}
	if len(w.troubles) == 0 && len(w.former) == 0 {
		return nil
	}
	return errors.Join(said, w.keepTroubles())
}
