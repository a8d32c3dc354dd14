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
)

// made says when the caller himself made an account a moment ago, of which nobody has used the first password yet. His own acts say so, as the
// gate has stamped them: those that the worker has not taken, and the log. A form that is sent twice is told apart so from a name that is taken.
func made(w *work) error {
	e, found := w.names.User(w.Username)
	last, err := os.Stat(account.RegisterPath)
	if err != nil || !found || w.register.Names[e.UID] != e.Name || !w.shadow.MustChange(e.Name) || w.now.Sub(last.ModTime()) > latelyIs {
		return err // the register grows with each account
	}
	for end := w.now.Add(latelyWait); ; time.Sleep(latelyWait / 30) {
		underway := false
		see := func(r event.Record) {
			if r.Event != "user-create" || r.User != w.caller.Name || r.About == nil || *r.About != e.Name || w.now.Sub(r.Time) > latelyIs {
				return
			}
			switch r.Result {
			case "ok":
				w.out.Made = &r.Time
			case event.Running:
				underway = true
			}
		}
		names, err := event.Next(layout.Events, w.now.Add(-latelyIs).UTC().Format(event.NameTime), latelyFiles, func(string) bool { return false })
		if err != nil {
			return err
		}
		for _, name := range names {
			records, _, _, err := event.Read(layout.Events, name, true)
			if err != nil {
				continue // taken by the worker meanwhile, or damaged, which doctor tells
			}
			for _, r := range records {
				see(r)
			}
		}
		if w.out.Made == nil {
			if _, err := activity.Read(layout.SystemLog, func(l activity.Line) { see(l.Record) }); err != nil {
				return err
			}
		}
		if w.out.Made != nil || !underway || time.Now().After(end) {
			return nil
		}
	}
}
