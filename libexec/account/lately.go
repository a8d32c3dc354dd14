package main

import (
	"os"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/internal/layout"
)

const (
	// latelyIs is how long ago an account was made "a moment ago": who goes back to the form, too, sends it again within that.
	latelyIs = 10 * time.Minute
	// latelyWait is how long a request that makes the account is waited for: it has made it, and is about to write down that it did.
	latelyWait = 3 * time.Second
	// latelyFiles bounds how many event files are looked at; the worker takes what is finished within a minute.
	latelyFiles = 5000
	// latelyLog is how much of the end of the log is read, in bytes: ten thousand acts, which is more than what ten minutes hold.
	latelyLog = 4 << 20
)

// made says when the caller himself made an account a moment ago, of which nobody has used the first password yet. The acts say so, as the
// gate has stamped them: those that the worker has not taken, and the log. A form that is sent twice is told apart so from a name that is taken.
// An account may be deleted and made again within that time: the last act counts, whoever did it.
func made(w *work) error {
	e, found := w.names.User(w.Username)
	grown, err := os.Stat(account.RegisterPath)
	if err != nil || !found || w.register.Names[e.UID] != e.Name || !w.shadow.MustChange(e.Name) || w.now.Sub(grown.ModTime()) > latelyIs {
		return err // the register grows with each account
	}
	var last event.Record
	underway := make(map[bool]bool) // by whether they are the caller's
	see := func(last *event.Record, r event.Record) {
		switch {
		case r.Event != "user-create" && r.Event != "user-delete", r.About == nil || *r.About != e.Name, w.now.Sub(r.Time) > latelyIs:
		case r.Result == event.Running && r.Event == "user-create":
			underway[r.User == w.caller.Name] = true
		case r.Result == "ok" && !r.Time.Before(last.Time): // they come in order, and times are of seconds
			*last = r
		}
	}
	mine := func() bool { return last.Event == "user-create" && last.User == w.caller.Name }
	read := make(map[string]bool) // files to which nothing is added any more
	for end := w.now.Add(latelyWait); ; time.Sleep(latelyWait / 30) {
		clear(underway)
		names, err := event.Next(layout.Events, w.now.Add(-latelyIs).UTC().Format(event.NameTime), latelyFiles, func(name string) bool { return read[name] })
		if err != nil {
			return err
		}
		for _, name := range names {
			records, state, _, err := event.Read(layout.Events, name, true)
			if err != nil {
				continue // taken by the worker meanwhile, or damaged, which doctor tells
			}
			read[name] = state == event.Finished
			for _, r := range records {
				see(&last, r)
			}
		}
		// Only what could make another answer is waited for.
		if !underway[!mine()] || time.Now().After(end) {
			break
		}
	}
	perhaps := underway[false] // somebody else may just have made it anew
	// After the spool, for what the worker takes is in the one or in the other. Of a log that was just put aside the plain answer comes.
	var logged event.Record
	if err := activity.ReadEnd(layout.SystemLog, latelyLog, func(l activity.Line) { see(&logged, l.Record) }); err != nil {
		return err
	}
	if logged.Time.After(last.Time) {
		last = logged
	}
	if mine() && !perhaps {
		w.out.Made = &last.Time
	}
	return nil
}
