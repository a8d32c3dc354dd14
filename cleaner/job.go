package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/config"
	"sharezone/internal/event"
	"sharezone/internal/session"
	"sharezone/internal/signup"
	"sharezone/internal/token"
	"sharezone/internal/zone"
)

// job is one thing that is done on a schedule.
type job struct {
	name     string
	schedule func(*config.Settings) *string
	removes  bool // what does not come back: not by a clock that is doubted
	do       func(*jobRun) error
}

// jobs is the table of all of them, in the order in which they are done when several are due.
var jobs = []job{
	{"warnings", func(s *config.Settings) *string { return &s.Cleaner.Warnings }, false, warnOwners},
	{"zones", func(s *config.Settings) *string { return &s.Cleaner.Zones }, true, endZones},
	{"files", func(s *config.Settings) *string { return &s.Cleaner.Files }, true, endFiles},
	{"uploads", func(s *config.Settings) *string { return &s.Cleaner.Uploads }, true, sweepUploads},
	{"trash", func(s *config.Settings) *string { return &s.Cleaner.Trash }, true, emptyTrash},
	{"sessions", func(s *config.Settings) *string { return &s.Cleaner.Sessions }, true, endSessions},
	{"tokens", func(s *config.Settings) *string { return &s.Cleaner.Tokens }, true, endTokens},
}

func jobOf(name string) *job {
	for i := range jobs {
		if jobs[i].name == name {
			return &jobs[i]
		}
	}
	return nil
}

func jobNames() string {
	names := []string{due}
	for _, j := range jobs {
		names = append(names, j.name)
	}
	return strings.Join(names, "|")
}

// tell says in a dry run what would be done.
func (r *jobRun) tell(key string, args ...any) {
	if r.dryRun {
		r.out.Write([]byte(r.say.line(key, args...)))
	}
}

// record does something between the two lines of an event file. What cannot be recorded is not done: it waits until it can be.
func (r *jobRun) record(name, zoneName, zoneID, path string, do func() (bytes int64, err error)) error {
	file, err := r.newEvents(zoneName, zoneID)
	if err != nil {
		return err
	}
	defer file.Close()
	act, err := file.Begin(name, path)
	if err != nil {
		return err
	}
	bytes, err := do()
	if err != nil {
		bytes = -1
	}
	act.End(resultOf(err), bytes, "")
	return err
}

func (r *jobRun) newEvents(zoneName, zoneID string) (*event.File, error) {
	return event.Create(r.events, event.Header{Time: r.given, User: "root", Component: "cleaner", Entry: event.EntryShell, Zone: zoneName, ZoneID: zoneID})
}

// resultOf is an error in the words of the interface.
func resultOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, zone.ErrBusy):
		return "busy"
	case errors.Is(err, zone.ErrExchanged):
		return "conflict"
	case errors.Is(err, zone.ErrNotThere), errors.Is(err, zone.ErrNotClosed), errors.Is(err, unix.ENOENT):
		return "not-found"
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EBUSY), errors.Is(err, unix.EROFS):
		return "locked"
	case errors.Is(err, unix.ENOSPC):
		return "no-space"
	}
	return "internal"
}

// endSessions removes the files of sessions that have ended by themselves; the gate believes them no more. Those that end
// otherwise (logout, an account that was locked) are removed by who ends them.
func endSessions(r *jobRun) error {
	all, err := session.List()
	for _, found := range all {
		if r.Seen++; found.Err != nil || !found.Record.Ended(r.now, found.LastUse) {
			continue
		}
		r.tell("session", found.Record.User, stamp(found.LastUse))
		if !r.dryRun {
			if err := session.End(found.Name); err != nil {
				r.Fail(err.Error())
				continue
			}
		}
		r.Removed++
	}
	return err
}

// endTokens removes what is left of links that are no good any more, and requests for an account that nobody has confirmed or decided on.
func endTokens(r *jobRun) error {
	store := token.Store{Folder: r.tokens, Now: func() time.Time { return r.now }}
	seen, removed, err := store.Sweep(r.dryRun, func(t token.Record) { r.tell("token", strconv.Quote(t.User), stamp(t.Expires)) })
	r.Seen, r.Removed = int64(seen), int64(removed)
	if err != nil {
		return err
	}
	requests := signup.Store{Folder: r.signups, Now: store.Now}
	seen, removed, err = requests.Sweep(r.dryRun, func(s signup.Request) { r.tell("signup", strconv.Quote(s.Email), stamp(s.Expires)) })
	r.Seen, r.Removed = r.Seen+int64(seen), r.Removed+int64(removed)
	return err
}
