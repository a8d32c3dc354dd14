// Account is the root helper that makes and changes people's accounts for administrators of Share Zone, and for managers
// those whom they invite. Components reach it through sudo, with one JSON object on standard input; it answers JSON lines on
// standard output, {"progress":N} while files change hands and the reply as the last one.
//
// SECURITY: sudo lets every member of shzadmin and shzmgr run it, also from a shell, with anything on standard input. So the caller is
// SUDO_UID and nothing the input says, and what it changes are accounts that Share Zone itself made and that no group of
// the system makes more than that: who administers Share Zone must not become root by giving root's friends a new
// password. Numbers are compared, of the group that somebody is in and of the account in the register.
//
// It does not read zones' contents, and it knows no passwords but the one that it makes.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
	"sharezone/internal/session"
	"sharezone/internal/slot"
	"sharezone/internal/zone"
)

const (
	// inputTime is how long the input is waited for: the process is root's, and a caller could leave thousands waiting.
	inputTime = 25 * time.Second
	// slotsPerCaller bounds how many of them one caller can have, waiting or at work.
	slotsPerCaller = 8
	// collectFrom, in bytes, is more than a page about thousands of people takes: collecting before would cost it a quarter of its time.
	collectFrom = 64 << 20
)

var limits = []privileged.Limit{
	{Resource: unix.RLIMIT_CORE},                       // a core would hold a password
	{Resource: unix.RLIMIT_CPU, Want: 3600, Least: 60}, // seconds; giving files on walks through all zones
	{Resource: unix.RLIMIT_NOFILE, Want: 256, Least: 256},
	{Resource: unix.RLIMIT_FSIZE, Want: privileged.Unlimited, Least: privileged.Unlimited}, // a smaller one would cut /etc/shadow short
	{Resource: unix.RLIMIT_DATA, Want: privileged.Unlimited, Least: 1 << 30},
	{Resource: unix.RLIMIT_AS, Want: privileged.Unlimited, Least: 1 << 30},
}

func main() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(collectFrom)
	s := privileged.NewSpeaker(os.Stdout, privileged.AliveEvery)
	w := work{names: account.NewNames(), now: time.Now()}
	out, status := w.serve(s.Progress)
	s.End(out)
	w.slot.Close() // held until here: who does not read the answer has one process less to start
	os.Exit(status)
}

// work is one request on its way.
type work struct {
	helper.AccountRequest
	caller   privileged.Caller
	slot     *os.File
	names    *account.Names
	shadow   account.Shadow
	register account.Register
	now      time.Time
	progress func(int)
	release  func() // gives back the accounts that are held
	did      bool   // what was asked for, although something after it may fail
	out      helper.AccountReply
}

func (w *work) serve(progress func(int)) (helper.AccountReply, int) {
	w.progress = progress
	// 1. Refuse if not root, or if the process cannot be made independent of whoever started it.
	if err := privileged.Settle(limits); err != nil {
		return failed("settle", err, privileged.ExitInternal)
	}
	if err := change.Prepare(); err != nil {
		return failed("settle", err, privileged.ExitInternal)
	}
	// 2. Refuse if the caller is neither root without sudo, nor an administrator or manager of Share Zone, or is locked or expired: what he
	// left running must not make him another account.
	if err := w.readCaller(); err != nil {
		return failed("caller", err, privileged.ExitUsage)
	}
	// 3. Refuse with "busy" if this caller has as many of these processes as he may.
	var err error
	if w.slot, err = slot.LockOne(fmt.Sprintf("account.%d", w.caller.UID), slotsPerCaller); err != nil {
		return w.refuse(err)
	}
	// 4. Refuse if the input does not come, or is not one JSON object of the known fields.
	late := time.AfterFunc(inputTime, func() { os.Exit(privileged.ExitUsage) })
	if err := privileged.ReadRequest(os.Stdin, helper.MaxRequest, &w.AccountRequest); err != nil {
		return failed("input", err, privileged.ExitUsage)
	}
	late.Stop()
	// 2 once more: the input may have come so late that he is none any more.
	if err := w.readCaller(); err != nil {
		return failed("caller", err, privileged.ExitUsage)
	}
	// 5. Refuse if there is no such operation for this caller: of managers, all but an invitation.
	op, found := operations[w.Op]
	if !found || !w.administers() && !op.manager {
		return failed("operation", fmt.Errorf("%q of %s", w.Op, w.caller.Name), privileged.ExitUsage)
	}
	if err := w.perform(op); err != nil {
		return w.refuse(err)
	}
	if op.changes {
		privileged.Note(program, w.what())
	}
	return w.out, 0
}

// readCaller finds out who asks, as groups and locks are now.
func (w *work) readCaller() (err error) {
	w.names = w.names.Fresh()
	if w.caller, err = privileged.ReadCaller(w.names); err != nil {
		return err
	}
	if !w.administers() && !w.caller.Manager {
		return fmt.Errorf("%s: neither in %s nor in %s", w.caller.Name, layout.GroupAdmin, layout.GroupManager)
	}
	if w.shadow, err = w.shadow.Fresh(); err != nil {
		return err
	}
	if why := w.shadow.Bars(w.caller.Name, w.now); why != "" && !w.caller.Root {
		return fmt.Errorf("%s: %s", w.caller.Name, why)
	}
	return nil
}

func (w *work) administers() bool { return w.caller.Root || w.caller.Admin }

// perform is the rest of the steps.
func (w *work) perform(op operation) error {
	// 6. Refuse if the register of uids is damaged.
	var err error
	if w.register, err = account.ReadRegister(); err != nil {
		return err
	}
	if !op.changes {
		return op.run(w)
	}
	// 7. Refuse if what is to be changed has no name that Share Zone gives.
	name := w.Username
	switch {
	case op.nobody:
		return op.run(w)
	case op.newGroup:
		name, err = w.Group, change.CheckGroupName(w.Group)
	default:
		err = change.CheckName(w.Username)
	}
	if err != nil && !op.makes {
		err = change.ErrNoAccount // there may be one, but it is not Share Zone's
	}
	if err != nil {
		return err
	}
	if w.To != "" && !session.ValidUser(w.To) {
		return fmt.Errorf("%q: %w", w.To, zone.ErrNoSuchUser)
	}
	// 8. Refuse with "busy" if somebody else keeps changing the same account, or the one that gets its files.
	held := []string{name}
	if w.To != "" {
		held = append(held, w.To)
	}
	release, err := change.Hold(held...)
	if err != nil {
		return err
	}
	w.release = sync.OnceFunc(release)
	defer w.release()
	if !op.makes {
		w.names = account.NewNames() // as they are now
		// 9. Refuse if there is no such account, if Share Zone did not make it, or if a group makes it more than that.
		if err := w.checkOurs(); err != nil {
			return err
		}
		// 10. Refuse what somebody must not do to himself: he would lock himself out, and perhaps everybody.
		if err := w.checkSelf(op); err != nil {
			return err
		}
	}
	return op.run(w)
}

// program is what the helper is called in the log.
const program = "account"

// what says in the log what was asked for, of whom and by whom.
func (w *work) what() string {
	text := w.Op
	for _, which := range []string{w.Username, w.Group, w.To, w.Signup} {
		if which != "" {
			text += fmt.Sprintf(" %.80s", which)
		}
	}
	return text + " by " + w.caller.Name
}

func failed(what string, err error, status int) (helper.AccountReply, int) {
	privileged.Log(program, what, err)
	return helper.AccountReply{Error: "internal"}, status
}
