// Worker takes what requests have left in the spool of events, writes it into the activity logs, and tells people of it. cron
// starts it every minute, as shzspool.
//
// SECURITY: whoever makes something happen chooses names and paths, and nothing else of an event: the gate stamped the rest.
// The worker reads no file of a zone and follows no path in one. Of which zone an act is, and who may read the zone's log, is
// what libexec/zoneid tells, not what the act says.
//
// What it may not do: lose an act, or write it twice, or tell it twice. Each step can be the last one (kill -9, no space);
// batch.go and post.go say what the next run then finds. Only of a mail server that takes a message and does not live to say so
// nobody can know: that message is sent again.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/lessmail"
	"sharezone/internal/runlog"
	"sharezone/internal/syslog"
	"sharezone/notify/queue"
)

// errAtWork: another worker holds the lock, and does it all.
var errAtWork = errors.New("another worker is at work")

func main() {
	flag.Usage = func() { fmt.Fprintln(os.Stderr, "usage: worker") }
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	log := runLog{runlog.New("sharezone worker", layout.WorkerState+"/unlogged")}
	status := 0
	switch err := work(log); {
	case errors.Is(err, errAtWork):
	case err != nil:
		log.warn(err)
		status = 1
	}
	log.Close(os.Stderr)
	os.Exit(status)
}

// runLog is what the system log is told of this run.
type runLog struct{ *runlog.Run }

func (l runLog) tell(line string) { l.Write(syslog.DaemonInfo, line) }

// warn tells of what went wrong, or stops nothing.
func (l runLog) warn(err error) {
	l.Write(syslog.DaemonError, "sharezone worker: "+strconv.QuoteToASCII(err.Error()))
}

func work(log runLog) error {
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	syscall.Umask(0o027)
	// As root it would leave files behind that it cannot touch afterwards.
	if err := checkUser(); err != nil {
		return err
	}
	lock, err := lock(layout.WorkerState + "/lock")
	if err != nil {
		return err
	}
	defer lock.Close()
	settings, err := config.Read()
	if err != nil {
		return err
	}
	names := account.NewNames()
	w, err := newWorker(settings, names, log)
	if err != nil {
		return err
	}
	err = w.run()
	// Of a batch that could be neither committed nor undone nobody may be told yet.
	var told, errands []string
	if _, state, journalErr := w.journal.read(); journalErr == nil && state != begun {
		var toldErr, errandsErr error
		told, toldErr = notices(layout.Notices).list()
		errands, errandsErr = notices(layout.Errands).list()
		err = errors.Join(err, toldErr, errandsErr)
	}
	lock.Close() // neither who is asked who can read something holds up a log, nor a mail server, nor a program of the site
	if settings.Mail.Host != "" {
		err = errors.Join(err, makeMessages(settings, names, log, told), send(settings, names, log))
	}
	return errors.Join(err, runHooks(settings, log, w.hooks, errands))
}

// makeMessages makes messages of notices, unless another worker does. committed were listed under the lock of who writes them.
func makeMessages(settings config.Settings, names *account.Names, log runLog, committed []string) error {
	lock, err := lock(layout.WorkerState + "/post.lock")
	if errors.Is(err, errAtWork) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	p := post{notices: layout.Notices, queue: layout.Queue, memory: layout.WorkerState + "/taken.json", names: names,
		readers: helper.Readers, barred: sync.OnceValues(helper.Barred), window: settings.Notices.Window, often: log.oftenFor,
		channel: func(e account.Entry) account.Channel { return channelFor(settings.SMS, e, log.preferences(e.UID)) }, now: time.Now, tell: log.tell}
	now := time.Now() // before the names: what has changed since is told as a change
	return errors.Join(postSecrets(layout.Secrets, layout.Queue, names.Fresh(), now), p.run(committed))
}

// oftenFor is how often somebody wants to be told of a zone. Where nobody can say he is told.
func (l runLog) oftenFor(uid uint32, zoneID string) account.Often {
	return l.preferences(uid).OftenFor(zoneID)
}

// channelFor is by what somebody is told: as he chose, but short messages only where there are any, and he has a number.
func channelFor(s config.SMS, e account.Entry, chosen account.Preferences) account.Channel {
	if by := chosen.By(); !by.NeedsNumber() || numberOf(s, e) != "" {
		return by
	}
	return account.ByMail
}

// numberOf is where somebody's short messages go, "" = nowhere.
func numberOf(s config.SMS, e account.Entry) string {
	return s.Number(account.ParseGECOS(e.GECOS).Mobile)
}

// preferences is what somebody chose; if nobody can say, that is told, and it is nothing.
func (l runLog) preferences(uid uint32) account.Preferences {
	p, err := preferencesOf(uid)
	if err != nil {
		l.warn(fmt.Errorf("preferences of uid %d: %w", uid, err))
	}
	return p
}

// preferencesOf is what somebody chose.
func preferencesOf(uid uint32) (account.Preferences, error) {
	return orNone(account.ReadPreferences(uid))
}

// orNone takes a file that its owner keeps from the worker, by its mode or a lease on it, for none: it is his, and no fault to be told.
func orNone(p account.Preferences, err error) (account.Preferences, error) {
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EAGAIN) {
		return account.Preferences{}, nil
	}
	return p, err
}

// send sends what waits, unless another worker does.
func send(settings config.Settings, names *account.Names, log runLog) error {
	lock, err := lock(queue.SendLock)
	if errors.Is(err, errAtWork) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	s := newSender(settings, names, log)
	if s.key, err = lessmail.OwnKey(lessmail.KeyFile); err != nil { // mails go out without the link
		s.key = nil
		log.warn(err)
	}
	return s.run()
}

// runHooks tells the programs of the site, unless another worker does. sources were listed under the lock of who writes them.
func runHooks(settings config.Settings, log runLog, found hooks, sources []string) error {
	lock, err := lock(layout.WorkerState + "/hooks.lock")
	if errors.Is(err, errAtWork) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Close()
	r := runner{errands: layout.Errands, hooks: found, limits: limitsOf(settings.Notices), readers: helper.Readers, warn: log.warn}
	return r.run(sources)
}

func checkUser() error {
	spool, known := account.NewNames().User(layout.UserSpool)
	if !known || uint32(os.Geteuid()) != spool.UID {
		return fmt.Errorf("it must run as %s: runuser -u %s", layout.UserSpool, layout.UserSpool)
	}
	return nil
}

// lock is held until the process ends, however it ends.
func lock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		f.Close()
		return nil, errAtWork
	}
	return f, nil
}
