// Zonefix is the root helper that does for a zone's owner what needs root: what others brought is theirs, so the owner
// cannot change its lists, take it over or remove it below the first level. Components reach it through sudo, with one
// JSON object on standard input; it answers JSON lines on standard output, {"progress":N} while it walks and the reply as
// the last one.
//
// SECURITY: sudo lets every member of shzmgr and shzadmin run it, also from a shell, with anything on standard input, while
// others do in the zone whatever they like. So the caller is SUDO_UID and nothing the input says; whether the zone is his
// is read off the descriptor of its root, and everything is done to that descriptor and what is reached beneath it.
//
// It does not read files, and it does not ask whether somebody may do something: it goes by the owner of the zone.
package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
	"sharezone/internal/slot"
	"sharezone/internal/zone"
)

const (
	// inputTime is how long the input is waited for: the process is root's, and a caller could leave thousands waiting.
	inputTime = 25 * time.Second
	// slotsPerCaller bounds how many of them one caller can have, waiting or at work.
	slotsPerCaller = 8
)

var limits = []privileged.Limit{
	{Resource: unix.RLIMIT_CORE},
	{Resource: unix.RLIMIT_CPU, Want: 3600, Least: 60}, // seconds; a walk has no other limit of time
	{Resource: unix.RLIMIT_NOFILE, Want: 256, Least: 64},
	{Resource: unix.RLIMIT_FSIZE, Want: privileged.Unlimited, Least: 1 << 20}, // what it writes are locks
	{Resource: unix.RLIMIT_DATA, Want: privileged.Unlimited, Least: 256 << 20},
	{Resource: unix.RLIMIT_AS, Want: privileged.Unlimited, Least: 1 << 30},
}

func main() {
	s := privileged.NewSpeaker(os.Stdout, privileged.AliveEvery)
	w := work{now: time.Now()}
	out, status := w.serve(s.Progress)
	s.End(out)
	w.slot.Close() // held until here: who does not read the answer has one process less to start
	os.Exit(status)
}

// work is one request on its way.
type work struct {
	helper.ZonefixRequest
	caller privileged.Caller
	slot   *os.File
	policy zone.Policy
	admin  *zone.Admin
	zone   *zone.Held // nil where the operation needs none
	now    time.Time
}

func (w *work) serve(progress func(int)) (helper.ZonefixReply, int) {
	// 1. Refuse if not root, or if the process cannot be made independent of whoever started it.
	if err := privileged.Settle(limits); err != nil {
		return failed("settle", err, privileged.ExitInternal)
	}
	// 2. Refuse if the caller is neither root without sudo, nor a manager or administrator of Share Zone.
	if _, err := w.readCaller(); err != nil {
		return failed("caller", err, privileged.ExitUsage)
	}
	// 3. Refuse with "busy" if this caller has as many of these processes as he may.
	var err error
	if w.slot, err = slot.LockOne(fmt.Sprintf("zonefix.%d", w.caller.UID), slotsPerCaller); err != nil {
		return w.refuse(err)
	}
	// 4. Refuse if the input does not come, or is not one JSON object of the known fields.
	late := time.AfterFunc(inputTime, func() { os.Exit(privileged.ExitUsage) })
	if err := privileged.ReadRequest(os.Stdin, helper.MaxRequest, &w.ZonefixRequest); err != nil {
		return failed("input", err, privileged.ExitUsage)
	}
	late.Stop()
	// 2 once more: the input may have come so late that he is none any more.
	names, err := w.readCaller()
	if err != nil {
		return failed("caller", err, privileged.ExitUsage)
	}
	// 5. Refuse if there is no such operation.
	op, found := operations[w.Op]
	if !found {
		return failed("operation", fmt.Errorf("%q of %s", w.Op, w.caller.Name), privileged.ExitUsage)
	}
	out, err := w.perform(op, names, progress)
	if err != nil {
		return w.refuse(err)
	}
	if op.changes {
		privileged.Note("zonefix", fmt.Sprintf("%s by %s", w.what(), w.caller.Name))
	}
	return out, 0
}

// readCaller finds out who asks, as the groups are now.
func (w *work) readCaller() (names *account.Names, err error) {
	names = account.NewNames()
	if w.caller, err = privileged.ReadCaller(names); err == nil && !w.caller.Root && !w.caller.Manager && !w.caller.Admin {
		err = fmt.Errorf("%s: neither in %s nor in %s", w.caller.Name, layout.GroupManager, layout.GroupAdmin)
	}
	return names, err
}

// perform is the rest of the steps. When it returns, the zone's lock has fallen: who does not read the answer does not hold
// it.
func (w *work) perform(op operation, names *account.Names, progress func(int)) (helper.ZonefixReply, error) {
	// 6. Refuse if the settings are refused, where the operation goes by them.
	if op.settings {
		s, err := config.Read()
		if err != nil {
			return helper.ZonefixReply{}, err
		}
		w.policy = zone.Policy(s.Zone)
	}
	// 7. Refuse if the register of uids is damaged or the folder of the zones is not root's.
	register, err := account.ReadRegister()
	if err == nil {
		w.admin, err = zone.NewAdmin(layout.Base, names, register)
	}
	if err != nil {
		return helper.ZonefixReply{}, err
	}
	defer w.admin.Close()
	w.admin.Progress = progress
	if op.zone == noZone {
		return op.run(w)
	}
	// 8. Refuse if there is no such zone.
	if op.zone == closedZone || op.zone == askedZone && w.Closed {
		w.zone, err = w.admin.ReachClosed(w.Zone)
	} else {
		w.zone, err = w.admin.Reach(w.Zone)
	}
	if err != nil {
		return helper.ZonefixReply{}, err
	}
	defer w.zone.Release()
	// 9. Refuse if the caller neither owns the root that was reached nor is an administrator.
	if err := w.checkOwner(); err != nil {
		return helper.ZonefixReply{}, err
	}
	if op.changes {
		// 10. Refuse with "busy" if somebody else is changing the zone, or if it changed hands before it was this one's turn.
		err := w.zone.Lock()
		if err == nil {
			err = w.checkOwner()
		}
		if err != nil {
			return helper.ZonefixReply{}, err
		}
	}
	return op.run(w)
}

// errNotOwner: the zone is somebody else's.
var errNotOwner = errors.New("not the owner of the zone")

// checkOwner answers of somebody else's closed zone as if there were none: nobody but root sees the names of those.
func (w *work) checkOwner() error {
	switch {
	case w.caller.Root || w.caller.Admin || w.zone.Owner() == w.caller.UID:
		return nil
	case w.zone.Closed():
		return zone.ErrNotClosed
	}
	return errNotOwner
}

// maxNoted is how many of several paths or members the log names.
const maxNoted = 10

// what says in the log what was asked for, with whom, and of which paths.
func (w *work) what() string {
	text := fmt.Sprintf("%s of zone %.80s", w.Op, w.Zone)
	for _, which := range []string{w.Principal, w.Access, w.Owner, w.To, w.Path} {
		if which != "" {
			text += fmt.Sprintf(" %.200s", which)
		}
	}
	if w.Sure != "" {
		text += " sure"
	}
	for _, m := range w.Members[:min(len(w.Members), maxNoted)] {
		text += fmt.Sprintf(" %.200s %.20s", m.Principal, m.Access)
	}
	if more := len(w.Members) - maxNoted; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	for _, path := range w.Paths[:min(len(w.Paths), maxNoted)] {
		text += fmt.Sprintf(" %.200s", path)
	}
	if more := len(w.Paths) - maxNoted; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func failed(what string, err error, status int) (helper.ZonefixReply, int) {
	privileged.Log("zonefix", what, err)
	return helper.ZonefixReply{Error: "internal"}, status
}
