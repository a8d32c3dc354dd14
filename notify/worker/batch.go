package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"sharezone/internal/activity"
	"sharezone/internal/disk"
	"sharezone/internal/event"
)

// A batch of event files is written in steps of which each can be the last:
//
//  1. The journal says how long each log is and which files are the batch, and is on the disk.
//  2. The lines are appended to the logs, what is to be told is written for post.go, and both are on the disk. Whoever dies
//     in here is undone: the next run cuts the logs back to where the journal says they ended, removes the notices, and the
//     files are all still there.
//  3. The journal is renamed: the batch is committed. That takes no space, so a disk that is full now cannot prevent it.
//  4. The event files are removed, then the journal. Whoever dies in here is completed: the next run removes the rest.
//
// So an act is in each of its logs once. It can be twice in the syslog, which is told between 2 and 3 and takes nothing
// back.

// batchFiles is how many event files are one batch: enough that waiting for the disk does not count, few enough that
// what they tell fits into memory (a request tells 64 MiB at most, internal/event).
const batchFiles = 500

// readFiles is how many names of event files are in memory at a time: for each so many the whole folder is read once more.
const readFiles = 5_000

// What ends a batch early: so many acts, or bytes of their paths, which have no limit of the kernel's.
const (
	batchLines = 20_000
	batchBytes = 16 << 20
)

// askAnew is how often the zones are asked after where nothing happens: an owner may have been changed by chown(1).
const askAnew = time.Hour

// worker is one run.
type worker struct {
	events, damaged string // folders
	atOnce          int    // readFiles; tests have less
	logs            logs
	journal         journal
	notices         notices
	errands         errands
	hooks           hooks // where there is nobody to tell, there are no errands
	tells           tells
	table           func() (table, error) // asks libexec/zoneid
	tell            func(activity.Line)   // to the syslog
	warn            func(error)           // the same, as an error
	late            map[string]late       // files that earlier runs recorded in part
	troubles        troubles
	former          troubles     // those that an earlier run has written down
	waiting         waiting      // what waits for zones
	untold          bool         // it was told that programs are told of nothing more
	step            func(string) // tests stop here; nil otherwise
}

// run takes all files whose requests are over.
func (w *worker) run() error {
	if err := w.retry(); err != nil {
		return err
	}
	if err := w.recover(); err != nil {
		return fmt.Errorf("recovery: %w", err)
	}
	if err := errors.Join(w.notices.sweep(false), notices(w.errands).sweep(false)); err != nil {
		return err
	}
	empty, err := event.Empty(w.events)
	if err != nil {
		return err
	}
	if w.late, err = w.readLate(); err != nil {
		return err
	}
	if empty && len(w.former) == 0 && !w.longAgo() { // what is in trouble is found anew by each run
		return w.tellTroubles()
	}
	zones, err := w.table()
	if err != nil {
		return fmt.Errorf("zoneid: %w", err)
	}
	if err := w.readWaiting(); err != nil {
		return err
	}
	w.holdUnseen(zones)
	if err := w.hold(append(w.logs.grant(zones), w.tryWaiting(zones)...), nil); err != nil && err != errHeldUp {
		return errors.Join(err, w.tellTroubles())
	}
	if err := os.WriteFile(w.askedFile(), nil, 0o600); err != nil {
		return err
	}
	takeErr := w.takeAll(zones)
	for known := -1; errors.Is(takeErr, errHeldUp) && len(w.troubles) > known; { // each time by a zone more
		known = len(w.troubles)
		takeErr = w.takeAll(zones)
	}
	takeErr = errors.Join(takeErr, w.tellTroubles())
	if _, state, err := w.journal.read(); err != nil || state == begun {
		return errors.Join(takeErr, err) // what is to be cut back stands in the logs of these names
	}
	return errors.Join(takeErr, w.logs.rotate(w.troubles))
}

// askedFile is as old as the last answer about the zones.
func (w *worker) askedFile() string { return string(w.journal) + "/asked" }

func (w *worker) longAgo() bool {
	info, err := os.Stat(w.askedFile())
	return err != nil || w.logs.now.Sub(info.ModTime()).Abs() >= askAnew
}

// takeAll takes files in batches, in their order. One that cannot be read is told, and keeps nobody else's waiting.
func (w *worker) takeAll(zones table) error {
	var b batch
	var unread error
	w.waiting.begin(func(f waitsFor) bool { return w.holdsUp(f, zones) })
	names, err := event.Next(w.events, "", w.atOnce, w.waiting.skips)
	if err != nil {
		return err
	}
	for len(names) > 0 {
		for _, name := range names {
			if err := w.take(&b, name, zones); err != nil {
				w.waiting.stays(name)
				unread = errors.Join(unread, err)
			}
			if len(b.files)+len(b.late) >= batchFiles || len(b.lines) >= batchLines || b.bytes >= batchBytes {
				if err := w.commit(b); err != nil {
					return errors.Join(unread, err)
				}
				b = batch{}
			}
		}
		if len(names) < w.atOnce { // what came since is for the next run
			break
		}
		if names, err = event.Next(w.events, names[len(names)-1], w.atOnce, w.waiting.skips); err != nil {
			return errors.Join(unread, err, w.commit(b))
		}
	}
	if err := w.commit(b); err != nil {
		return errors.Join(unread, err)
	}
	return errors.Join(unread, w.keepWaiting())
}

// batch is what is committed together.
type batch struct {
	files   []string // event files, to be removed
	damaged []string // those of them that are put aside instead
	late    []late   // files that stay
	lines   []activity.Line
	bytes   int // of their paths
	notices []notice
	errands []errand
}

// source is what the notices of a batch are called; "" if it has none. No other batch is: the file is removed with it.
func (b batch) source() string {
	switch {
	case len(b.notices) == 0:
		return ""
	case len(b.files) == 0:
		return b.late[0].lateSource()
	}
	return b.files[0]
}

// errandSource is the same for what programs are told.
func (b batch) errandSource() string {
	switch {
	case len(b.errands) == 0:
		return ""
	case len(b.files) == 0:
		return b.late[0].lateSource()
	}
	return b.files[0]
}

// take adds one file to the batch, if its request is over.
func (w *worker) take(b *batch, name string, zones table) error {
	records, state, damage, err := event.Read(w.events, name, w.isLate(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	if f, waits := w.waitsFor(records, zones); waits {
		w.waiting.add(name, f)
		return nil
	}
	switch {
	case state == event.Underway && w.isLate(name) && (len(records) == 0 || records[0].Entry != event.EntryShell): // what root runs may last
		w.waiting.stays(name)
		w.takePart(b, name, records, zones)
		return nil
	case state != event.Finished:
		w.waiting.stays(name)
		return nil
	}
	b.files = append(b.files, name)
	if len(damage) > 0 {
		b.damaged = append(b.damaged, name)
	}
	for i, r := range records {
		if l := zones.line(r); !w.takeRest(b, name, i, l, zones) {
			b.log(l)
			w.announce(b, l, zones)
		}
	}
	return nil
}

// log adds a line.
func (b *batch) log(l activity.Line) {
	b.lines = append(b.lines, l)
	if l.Path != nil {
		b.bytes += len(*l.Path) + len(l.Raw)
	}
}

// announce adds what is to be told of an act.
func (w *worker) announce(b *batch, l activity.Line, zones table) {
	if n, told := w.tells.notice(l, zones); told {
		b.notices = append(b.notices, n)
	}
	if e, told := w.hooks.errand(l, zones); told {
		b.errands = append(b.errands, e)
	}
}

// bounded are the errands of a batch: none as long as too many wait.
func (w *worker) bounded(all []errand) ([]errand, error) {
	if len(all) == 0 {
		return nil, nil
	}
	full, err := w.errands.full()
	if err != nil || !full {
		return all, err
	}
	if !w.untold {
		w.warn(fmt.Errorf("%d MiB wait in %s for programs of the site: they are told of nothing more until it is less", maxErrands>>20, w.errands))
		w.untold = true
	}
	return nil, nil
}

// commit writes a batch and takes its files away.
func (w *worker) commit(b batch) error {
	if len(b.files) == 0 && len(b.late) == 0 {
		return nil
	}
	texts, err := textsOf(b.lines)
	if err != nil {
		return err
	}
	if b.errands, err = w.bounded(b.errands); err != nil {
		return err
	}
	open, failed := w.logs.open(texts)
	if len(failed) > 0 {
		return w.hold(failed, nil)
	}
	defer open.close()
	w.pause("opened")
	if err := w.journal.begin(entry{Files: b.files, Damaged: b.damaged, Logs: open.ends(), Notices: b.source(), Errands: b.errandSource(), Late: b.late}); err != nil {
		return err
	}
	w.pause("journal")
	if err := open.append(texts, func() { w.pause("half") }); err != nil {
		return w.hold([]error{err}, w.recover())
	}
	w.pause("appended")
	if source := b.source(); source != "" {
		if err := w.notices.write(source, b.notices); err != nil {
			return errors.Join(err, w.recover())
		}
	}
	if source := b.errandSource(); source != "" {
		if err := w.errands.write(source, b.errands); err != nil {
			return errors.Join(err, w.recover())
		}
	}
	w.pause("noticed")
	for _, l := range b.lines {
		w.tell(l)
	}
	w.pause("told")
	if err := w.journal.commit(); err != nil {
		return errors.Join(err, w.recover())
	}
	w.pause("committed")
	return w.clear(entry{Files: b.files, Damaged: b.damaged, Late: b.late})
}

// recover undoes or completes what an earlier run has begun.
func (w *worker) recover() error {
	e, state, err := w.journal.read()
	if err != nil {
		return err
	}
	switch state {
	case begun:
		if err := w.cut(e.Logs); err != nil {
			return err
		}
		if e.Notices != "" {
			if err := w.notices.remove(e.Notices); err != nil {
				return err
			}
		}
		if e.Errands != "" {
			if err := w.errands.remove(e.Errands); err != nil {
				return err
			}
		}
		return w.journal.drop()
	case committed:
		return w.clear(e)
	}
	return nil
}

// clear removes the files of a batch that is committed, then the journal.
func (w *worker) clear(e entry) error {
	if err := w.keepLate(e); err != nil {
		return err
	}
	aside := make(map[string]bool, len(e.Damaged))
	for _, name := range e.Damaged {
		aside[name] = true
	}
	for i, name := range e.Files {
		var err error
		if aside[name] {
			err = os.Rename(w.events+"/"+name, w.damaged+"/"+name)
		} else {
			err = os.Remove(w.events + "/" + name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if i == 0 {
			w.pause("removing")
		}
	}
	w.pause("removed")
	for _, folder := range []string{w.events, w.damaged} { // before the journal forgets them
		if err := disk.SyncFolder(folder); err != nil {
			return err
		}
	}
	return w.journal.drop()
}

func (w *worker) pause(at string) {
	if w.step != nil {
		w.step(at)
	}
}
