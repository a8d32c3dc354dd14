package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"sharezone/internal/activity"
	"sharezone/internal/disk"
	"sharezone/internal/event"
)

// A request that is under way for a day is recorded as far as it has come: whoever stops his own handler (SIGSTOP) would hide for
// ever what it did. Of each such file it is written down, with the batch, which acts were recorded, so the end brings none twice. What
// was still under way then stands in the log as that; a second line says how it ended.

// lateAfter is how long a request may last until then, and until it is looked at anew. Few honest ones do: a large file over a slow line.
const lateAfter = 24 * time.Hour

// late is how much of a file is recorded.
type late struct {
	Name    string    `json:"name"`
	Acts    int       `json:"acts"`    // so many, in their order
	Running []int     `json:"running"` // which of them were under way
	Since   time.Time `json:"since"`   // when it was looked at last

	Asked map[int]string `json:"asked,omitempty"` // under which name it was asked of those of them who is to be told
}

// lateFile holds those of all files that are recorded in part.
func (w *worker) lateFile() string { return string(w.journal) + "/late.json" }

func (w *worker) readLate() (map[string]late, error) {
	all := make(map[string]late)
	b, err := os.ReadFile(w.lateFile())
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &all); err != nil {
		w.warn(fmt.Errorf("%s is put aside, what it says of requests that last for days is recorded once more: %w", w.lateFile(), err))
		return make(map[string]late), os.Rename(w.lateFile(), w.lateFile()+".damaged")
	}
	return all, nil
}

// keepLate writes down what a batch recorded in part, and forgets the files that it ended; done twice it is the same. The run that wrote
// it may come by the same files again.
func (w *worker) keepLate(e entry) error {
	all, err := w.readLate()
	if err != nil {
		return err
	}
	changed := len(e.Late) > 0
	for _, l := range e.Late {
		all[l.Name] = l
	}
	for _, name := range e.Files {
		if _, there := all[name]; there {
			delete(all, name)
			changed = true
		}
	}
	if changed {
		b, err := json.Marshal(all)
		if err == nil {
			err = disk.Write(w.lateFile(), b)
		}
		if err != nil {
			return err
		}
	}
	w.late = all
	return nil
}

// isLate says whether a file that is under way is to be recorded in part now.
func (w *worker) isLate(name string) bool {
	since := w.late[name].Since
	if since.IsZero() {
		since, _ = event.Began(name)
	}
	return w.logs.now.Sub(since).Abs() >= lateAfter // a clock was ahead, perhaps
}

// takePart adds what a file tells that is under way. Programs of the site are told of what lasts when it has ended.
func (w *worker) takePart(b *batch, name string, records []event.Record, zones table) {
	before := w.late[name]
	now := late{Name: name, Acts: len(records), Since: w.logs.now, Asked: make(map[int]string)}
	for _, i := range before.Running {
		switch {
		case i >= len(records):
		case records[i].Result == event.Running:
			now.Running = append(now.Running, i)
			if l := zones.line(records[i]); l.Owner == nil { // that a file is taken was told at the first look
				w.ask(b, &now, i, l, zones, before.Asked[i])
			}
		default:
			w.takeEnd(b, zones.line(records[i]), zones, before.Asked[i])
		}
	}
	for i, r := range records[min(before.Acts, len(records)):] {
		l := zones.line(r)
		b.log(l)
		if r.Result != event.Running {
			w.announce(b, l, zones)
			continue
		}
		now.Running = append(now.Running, before.Acts+i)
		w.ask(b, &now, before.Acts+i, l, zones, "")
	}
	b.late = append(b.late, now)
}

// ask adds what is to be told of an act that is under way, as of one that was killed: by what can be found out. At each look anew, because
// it may have got its name since. asked is the name under which it was asked for before.
func (w *worker) ask(b *batch, now *late, at int, l activity.Line, zones table, asked string) {
	l.Result = event.Interrupted
	n, told := w.tells.notice(l, zones)
	if !told {
		return
	}
	if n.File != "" {
		now.Asked[at] = n.encoded()
		n.Again = asked == n.encoded()
	}
	b.notices = append(b.notices, n)
}

// takeRest adds an act of a file that is over and was recorded in part, and says whether it was one of those.
func (w *worker) takeRest(b *batch, name string, i int, l activity.Line, zones table) bool {
	before, there := w.late[name]
	if !there || i >= before.Acts {
		return false
	}
	if slices.Contains(before.Running, i) {
		w.takeEnd(b, l, zones, before.Asked[i])
	}
	return true
}

// takeEnd adds how an act ended that the log has as running. What has arrived is told, if it was not (memory.addFile); that a file is
// taken was.
func (w *worker) takeEnd(b *batch, l activity.Line, zones table, asked string) {
	l.Ended = true
	b.log(l)
	if n, told := w.tells.notice(l, zones); told && l.Owner == nil {
		n.Again = asked == n.encoded()
		b.notices = append(b.notices, n)
	}
	if e, told := w.hooks.errand(l, zones); told {
		b.errands = append(b.errands, e)
	}
}

// lateSource is what the notices of a batch are called that ends no file. The day is in it, because the file is looked at anew on the next one,
// perhaps with nothing new in it, but with other files beside; done again after a crash the same day it is the same.
func (l late) lateSource() string {
	return fmt.Sprintf("late-%s-%d-%s", l.Name, l.Acts, l.Since.UTC().Format("20060102"))
}
