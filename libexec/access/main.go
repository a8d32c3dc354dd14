// Access is the root helper that asks the kernel in somebody else's place: who can do what with an object of a zone, and
// why. Components reach it through sudo, with one JSON object on standard input and one on standard output.
//
// SECURITY: sudo lets every manager, administrator and the notify worker run it, also from a shell, with anything on
// standard input. So each operation states its callers in the table, the caller is SUDO_UID and nothing the input says,
// and a manager is told of his own zones alone. What it says of people follows from groups and lists that members with a
// shell can read too.
//
// It changes nothing, opens no file, and decides nothing: the kernel answers, under each person's own ids.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/privileged"
	"sharezone/internal/slot"
	"sharezone/internal/zone"
)

// asked is a request, and who makes it.
type asked struct {
	helper.AccessRequest
	caller privileged.Caller
	names  *account.Names
	slot   *os.File
	file   string // which of Files the path is about
}

// operations says who may ask for what: root (an administrator's shell), the notify worker, administrators, and managers
// about the zones that they own; of accounts managers learn nothing by "barred".
var operations = map[string]struct {
	worker bool
	run    func(asked) (helper.AccessReply, error)
}{
	"who":     {run: who},
	"readers": {worker: true, run: readers},
	"barred":  {worker: true, run: barred},
}

// limits: nothing here needs more than memory for some thousand people.
var limits = []privileged.Limit{
	{Resource: unix.RLIMIT_CORE},
	{Resource: unix.RLIMIT_CPU, Want: 20, Least: 5}, // seconds
	{Resource: unix.RLIMIT_NOFILE, Want: 256, Least: 64},
	{Resource: unix.RLIMIT_DATA, Want: privileged.Unlimited, Least: 256 << 20},
	{Resource: unix.RLIMIT_AS, Want: privileged.Unlimited, Least: 1 << 30},
}

const (
	// deadline is how long it may take in all, whatever blocks: a directory service, or a caller who does not read.
	deadline = 25 * time.Second
	// slotsPerCaller bounds how many of these processes one caller can have, waiting or at work: who has a shell could leave
	// thousands of root's waiting for their input, or for somebody who reads their answer.
	slotsPerCaller = 8
)

func main() {
	var q asked
	out, status := q.serve()
	if b, err := json.Marshal(out); err == nil {
		os.Stdout.Write(append(b, '\n'))
	}
	q.slot.Close() // held until here: who does not read the answer has one process less to start
	os.Exit(status)
}

func (q *asked) serve() (helper.AccessReply, int) {
	// 1. Refuse if not root, or if the process cannot be made independent of whoever started it.
	if err := privileged.Settle(limits); err != nil {
		return failed("settle", err, privileged.ExitInternal)
	}
	time.AfterFunc(deadline, func() { os.Exit(privileged.ExitInternal) })
	// 2. Refuse if the caller is neither root, the notify worker nor a person in shzbase.
	q.names = account.NewNames()
	caller, err := privileged.ReadCaller(q.names)
	if err != nil {
		return failed("caller", err, privileged.ExitUsage)
	}
	q.caller = caller
	// 3. Refuse with "busy" if this caller has as many of these processes as he may.
	if !caller.Root { // he has no need of sudo to start processes of root's
		if q.slot, err = slot.LockOne(fmt.Sprintf("access.%d", caller.UID), slotsPerCaller); err != nil {
			return q.refuse("slot", err)
		}
	}
	// 4. Refuse if the input is not one JSON object of the known fields.
	if err := privileged.ReadRequest(os.Stdin, helper.MaxRequest, &q.AccessRequest); err != nil {
		return failed("input", err, privileged.ExitUsage)
	}
	// 5. Refuse if there is no such operation for this caller.
	op, found := operations[q.Op]
	if !found || !(caller.Root || caller.Admin || caller.Manager || caller.Spool && op.worker) {
		return failed("operation", fmt.Errorf("%q is not for %s", q.Op, caller.Name), privileged.ExitUsage)
	}
	out, err := op.run(*q)
	if err != nil {
		return q.refuse(q.Op, err)
	}
	return out, 0
}

// refuse ends the process with the reply for an error.
func (q *asked) refuse(what string, err error) (helper.AccessReply, int) {
	code, reason := codeOf(err)
	if code == "internal" {
		return failed(what, err, privileged.ExitInternal)
	}
	privileged.Log(program, what+" for "+q.caller.Name, err)
	return helper.AccessReply{Error: code, Reason: reason}, privileged.ExitRefused
}

const program = "access" // in the log

func failed(what string, err error, status int) (helper.AccessReply, int) {
	privileged.Log(program, what, err)
	return helper.AccessReply{Error: "internal"}, status
}

// refusal is what the caller is told: a code of the interface, and a reason that says more. What it was about goes to
// the log alone.
type refusal struct{ code, reason, about string }

func (r *refusal) Error() string { return r.code + " " + r.reason + ": " + r.about }

// codeOf puts an error into the words of the interface.
func codeOf(err error) (code, reason string) {
	var told *refusal
	if errors.As(err, &told) {
		return told.code, told.reason
	}
	for _, row := range codes {
		if errors.Is(err, row.err) {
			return row.code, ""
		}
	}
	return "internal", ""
}

// codes says of what stands in the way of a path the same as the pages do. What changed meanwhile comes first: the
// reason is in its chain.
var codes = []struct {
	err  error
	code string
}{
	{errChanged, "busy"},
	{slot.ErrTaken, "busy"},
	{zone.ErrPath, "bad-request"},
	{zone.ErrReserved, "not-found"},
	{unix.ENOENT, "not-found"},
	{unix.ENOTDIR, "not-found"},
	{unix.ENAMETOOLONG, "bad-request"},
	{unix.ELOOP, "not-permitted"}, // a symbolic link on the way
	{unix.EXDEV, "not-permitted"}, // out of the base
	{unix.EAGAIN, "busy"},         // renames on the way, all the time
}
