// Cleaner is the scheduled clean-up: it tells owners that their zones are near their end, closes and removes what has had its
// time, and sweeps up what was left behind. cron starts it every minute, as root; what is due by the settings is done.
//
// SECURITY: it removes what belongs to others, as root. What is to go, and why, is said by internal/lifetime, which touches
// nothing; how it goes, by descriptors and never outside the base, by internal/zone. Nothing that a user can write says more than when
// his own zone ends.
//
// What it may not do: remove what is young, or what could have been known to nobody before. Each step can be the last one (kill -9, no space);
// the next run ends what that one began.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
	"sharezone/internal/runlog"
	"sharezone/internal/schedule"
	"sharezone/internal/slot"
	"sharezone/internal/syslog"
	"sharezone/internal/zone"
)

// limits: a walk through a large zone may take long, and keeps little in memory.
var limits = []privileged.Limit{
	{Resource: unix.RLIMIT_CORE},
	{Resource: unix.RLIMIT_CPU, Want: privileged.Unlimited, Least: 60}, // seconds
	{Resource: unix.RLIMIT_NOFILE, Want: 1024, Least: 64},
	{Resource: unix.RLIMIT_FSIZE, Want: privileged.Unlimited, Least: 1 << 20},
	{Resource: unix.RLIMIT_DATA, Want: privileged.Unlimited, Least: 256 << 20},
	{Resource: unix.RLIMIT_AS, Want: privileged.Unlimited, Least: 1 << 30},
}

// stateFile is the record of runs.
const stateFile = "/state.json"

// due is what --once takes for whatever is due.
const due = "due"

// order is what is asked for on the command line.
type order struct {
	once, zone     string
	daemon, dryRun bool
	status, asJSON bool
	noLimit        bool
	now            time.Time // zero: the present moment
}

func main() {
	say := pickTexts(os.Getenv)
	o, err := parseOrder(os.Args[1:])
	if err != nil {
		fmt.Fprint(os.Stderr, say.line("usage", jobNames()))
		os.Exit(privileged.ExitUsage)
	}
	var log *runlog.Run
	if !o.daemon { // whose standard error is a log
		log = runlog.New("sharezone cleaner", layout.CleanerState+"/unlogged")
	}
	status := 0
	switch err := o.obey(say, log, os.Stdout); {
	case errors.Is(err, slot.ErrTaken) && o.once == due && !o.dryRun: // it does it all
	case err != nil:
		text := "sharezone cleaner: " + strconv.QuoteToASCII(err.Error())
		log.Write(syslog.DaemonError, text)
		if _, err := unix.IoctlGetTermios(int(os.Stderr.Fd()), unix.TCGETS); err == nil { // somebody is looking
			fmt.Fprintln(os.Stderr, text)
		}
		status = 1
	}
	log.Close(os.Stderr)
	os.Exit(status)
}

func parseOrder(args []string) (order, error) {
	var o order
	fs := flag.NewFlagSet("cleaner", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&o.once, "once", due, "")
	fs.BoolVar(&o.daemon, "daemon", false, "")
	fs.BoolVar(&o.dryRun, "dry-run", false, "")
	fs.BoolVar(&o.status, "status", false, "")
	fs.BoolVar(&o.asJSON, "json", false, "")
	fs.StringVar(&o.zone, "zone", "", "")
	fs.BoolVar(&o.noLimit, "no-limit", false, "")
	fs.Func("now", "", func(text string) (err error) {
		o.now, err = time.Parse(time.RFC3339, text)
		return err
	})
	err := fs.Parse(args)
	if err == nil && (fs.NArg() > 0 || o.once != due && jobOf(o.once) == nil || o.daemon && (o.dryRun || o.status || o.once != due || !o.now.IsZero()) ||
		o.status && (o.dryRun || !o.now.IsZero()) || o.asJSON && !o.status || (o.zone != "" || o.noLimit) && (o.once == due || o.status)) {
		err = errors.New("usage")
	}
	return o, err
}

func (o order) obey(say texts, log *runlog.Run, out io.Writer) error {
	// 1. Refuse if not root, or if the process cannot be made independent of whoever started it.
	if err := privileged.Settle(limits); err != nil {
		return err
	}
	if o.status {
		return showStatus(layout.CleanerState+stateFile, say, o.asJSON, out)
	}
	stop := stopOnSignal()
	if !o.daemon {
		return o.work(say, log, out, stop)
	}
	for !stop() {
		if err := o.work(say, log, out, stop); err != nil && !errors.Is(err, slot.ErrTaken) {
			log.Write(syslog.DaemonError, "sharezone cleaner: "+strconv.QuoteToASCII(err.Error()))
		}
		for range 60 {
			if stop() {
				break
			}
			time.Sleep(time.Second)
		}
	}
	return nil
}

// stopOnSignal returns what says whether somebody wants the program to end; it then does so between two acts.
func stopOnSignal() func() bool {
	var asked atomic.Bool
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-c
		asked.Store(true)
	}()
	return asked.Load
}

// work does what is due, or the job that was asked for.
func (o order) work(say texts, log *runlog.Run, out io.Writer, stop func() bool) error {
	// 2. Refuse if another one is at work.
	lock, err := slot.Lock("cleaner")
	if err != nil {
		return err
	}
	defer lock.Close()
	// 3. Refuse if the settings are not understood: nothing goes by a date that nobody set.
	settings, err := config.Read()
	if err != nil {
		return err
	}
	c := cleaner{
		settings: settings, dryRun: o.dryRun, only: o.zone, noLimit: o.noLimit, say: say, log: log, out: out, stop: stop, now: o.now, given: o.now,
		jobs: jobs, state: layout.CleanerState + stateFile, published: layout.CleanerSince, events: layout.Events, tokens: layout.Tokens, signups: layout.Signups,
		open: func() (*zone.Admin, error) {
			register, err := account.ReadRegister()
			if err != nil {
				return nil, err
			}
			return zone.NewAdmin(layout.Base, account.NewNames(), register)
		},
	}
	if c.now.IsZero() {
		c.now = time.Now()
	}
	if err := c.knows(o.zone); err != nil {
		return err
	}
	return c.run(o.once)
}

// knows refuses the name of a zone that is none: what is misspelt would be done without a word.
func (c *cleaner) knows(name string) error {
	if name == "" {
		return nil
	}
	admin, err := c.open()
	if err != nil {
		return err
	}
	defer admin.Close()
	if _, err = admin.Show(name); errors.Is(err, zone.ErrNotThere) {
		if _, errClosed := admin.ShowClosed(name); errClosed == nil {
			return nil
		}
		left, _ := admin.Remnants()
		if slices.ContainsFunc(left, func(z zone.Remnant) bool { return z.Name == name }) {
			return nil
		}
	}
	return err
}

// cleaner is one run of the program.
type cleaner struct {
	settings config.Settings
	now      time.Time
	given    time.Time // the same, if --now says it: events have it then, and it is not the clock's
	dryRun   bool
	only     string // the zone that alone is looked at; "" is all
	noLimit  bool   // an administrator has looked
	jobs     []job
	say      texts
	log      *runlog.Run
	out      io.Writer
	stop     func() bool
	state    string // the file
	events   string // the folder
	tokens   string // the same
	signups  string // the same

	published string // the file that says all people since when things go
	open      func() (*zone.Admin, error)
	since     time.Time // what was there before counts from here: see lifetime
	behind    bool      // the clock shows less than it did, and is not believed yet
}

// run does one job, or all that are due. What fails is remembered and told; a later run tries again.
func (c *cleaner) run(which string) error {
	state, damaged := schedule.ReadState(c.state)
	if c.dryRun && c.given.IsZero() && state.Since.IsZero() && damaged == nil {
		fmt.Fprint(c.out, c.say.line("first"))
	}
	failed := errors.Join(damaged, c.watch(&state))
	c.since = state.From(c.now)
	c.behind = state.Behind(c.now)
	if !c.dryRun {
		failed = errors.Join(failed, state.PublishSince(c.published, c.now))
	}
	doubted := state.Doubt != nil && !c.noLimit && c.given.IsZero() // who names the moment means it
	if doubted && c.dryRun {
		fmt.Fprint(c.out, c.say.line("clock", stamp(state.Doubt.Before)))
	}
	inTurn := slices.Clone(c.jobs)
	if which == due { // one that ends before its time each time, whatever kills it, comes last then
		slices.SortStableFunc(inTurn, func(a, b job) int {
			return lateness(state.Jobs[a.name]).Compare(lateness(state.Jobs[b.name]))
		})
	}
	for _, j := range inTurn {
		last := state.Jobs[j.name]
		before := last
		var again []string
		switch {
		case which != due && which != j.name, c.stop():
			continue
		case doubted && j.removes && !c.dryRun: // it stays due
			if which == j.name {
				failed = errors.Join(failed, fmt.Errorf("%s: %w since %s", j.name, errClock, state.Doubt.Before.Format(time.RFC3339)))
			}
			continue
		case which == due:
			s, err := schedule.Parse(*j.schedule(&c.settings))
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			if !s.Due(last.Last, c.now) {
				continue
			}
			if !s.Due(last.Full, c.now) {
				again = last.Left
			}
		}
		if !c.dryRun {
			last.Began = c.now
			state.Jobs[j.name] = last
			if err := state.Write(c.state); err != nil {
				return errors.Join(failed, err) // what is not written down is not begun
			}
		}
		r := c.do(j, again)
		if r.Failed > 0 {
			failed = errors.Join(failed, fmt.Errorf("%s: %d failures: %q", j.name, r.Failed, r.Failures))
		}
		if again != nil {
			r.Add(last)
			r.Full = last.Full
		}
		if !r.ended {
			r.Last = last.Last
		}
		if c.only != "" { // the others are due as they were
			r.Last, r.Began, r.Full, r.Left = before.Last, before.Began, before.Full, before.Left
		}
		if !c.dryRun {
			state.Jobs[j.name] = r.Run
			if err := state.Write(c.state); err != nil {
				return errors.Join(failed, err)
			}
		}
	}
	return failed
}

// lateness is when a job began that did not end since; others have none.
func lateness(r schedule.Run) time.Time {
	if r.Began.After(r.Last) {
		return r.Began
	}
	return time.Time{}
}

// errClock: nothing is closed or removed by a clock that jumped ahead.
var errClock = errors.New("the clock jumped ahead and did not go on for a day yet")

// watchEach is how often the time is written down where no job is due: each time the disk is waited for.
const watchEach = 10 * time.Minute

// watch compares the clock with what it showed last. A moment that somebody names says nothing of the clock.
func (c *cleaner) watch(state *schedule.State) error {
	if !c.given.IsZero() {
		if state.Since.IsZero() {
			state.Since = time.Now()
		}
		return nil
	}
	before, doubt, back := state.Seen, state.Doubt, state.Back
	changed := state.Watch(c.now)
	if c.dryRun || !changed && c.now.Sub(before).Abs() < watchEach {
		return nil
	}
	if back == 0 && state.Back > 0 {
		c.log.Write(syslog.DaemonError, fmt.Sprintf("sharezone cleaner: the clock shows %s, and showed %s before: nothing is counted from the present until it has gone on for a day",
			c.now.Format(time.RFC3339), state.Most.Format(time.RFC3339)))
	}
	if doubt == nil && state.Doubt != nil {
		c.log.Write(syslog.DaemonError, fmt.Sprintf("sharezone cleaner: the clock went from %s to %s: nothing is closed or removed until it has gone on for a day",
			state.Doubt.Before.Format(time.RFC3339), c.now.Format(time.RFC3339)))
	}
	return state.Write(c.state)
}

// jobRun is a job under way.
type jobRun struct {
	schedule.Run
	*cleaner
	ended bool     // false: it is due again at once, because it was stopped or somebody else held a lock
	again []string // the zones that alone are looked at; nil is all
}

// do does a job. What goes wrong in it is one of its failures, a panic too: the other jobs are done all the same.
func (c *cleaner) do(j job, again []string) (r *jobRun) {
	began := time.Now()
	r = &jobRun{Run: schedule.Run{Last: c.now, Began: c.now, Full: c.now, Failures: []string{}}, cleaner: c, ended: true, again: again}
	defer func() {
		if reason := recover(); reason != nil {
			r.Fail(fmt.Sprint("panic: ", reason))
		}
		r.Seconds = time.Since(began).Seconds()
		if !c.dryRun && r.Warned+r.Capped+r.Closed+r.Removed+r.Failed > 0 {
			c.log.Write(syslog.DaemonInfo, fmt.Sprintf("sharezone cleaner: %s: seen %d, warned %d, capped %d, closed %d, removed %d, freed %d bytes, failed %d, %.1f s",
				j.name, r.Seen, r.Warned, r.Capped, r.Closed, r.Removed, r.Freed, r.Failed, r.Seconds))
		}
	}()
	if err := j.do(r); err != nil {
		r.Fail(err.Error())
	}
	return r
}
