// Zoneid is the root helper that says which zone has which id, and whose it is. The notify worker asks it: activity is
// written, and shown, by id, but the id is an attribute that a zone's owner writes himself, and he could write there the id of
// another zone that he may read. So root keeps a register of the directory that each id was first seen on, and an id that
// is found on another directory is not believed.
//
// SECURITY: sudo lets the notify worker run it, nobody else. It takes nothing of its input but the operation's name; what it
// answers, names, ids and owners, the worker may know: it writes all activity.
//
// It changes nothing but the register.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
	"sharezone/internal/slot"
	"sharezone/internal/zone"
)

const (
	program = "zoneid" // in the log
	// deadline is how long it may take in all; a thousand zones take some milliseconds.
	deadline = 25 * time.Second
	// maxInput is longer than any request, in bytes.
	maxInput = 1 << 10
)

var limits = []privileged.Limit{
	{Resource: unix.RLIMIT_CORE},
	{Resource: unix.RLIMIT_CPU, Want: 20, Least: 5}, // seconds
	{Resource: unix.RLIMIT_NOFILE, Want: 256, Least: 64},
	{Resource: unix.RLIMIT_FSIZE, Want: privileged.Unlimited, Least: 1 << 20},
	{Resource: unix.RLIMIT_DATA, Want: privileged.Unlimited, Least: 256 << 20},
	{Resource: unix.RLIMIT_AS, Want: privileged.Unlimited, Least: 1 << 30},
}

func main() {
	out, status := serve()
	if b, err := json.Marshal(out); err == nil {
		os.Stdout.Write(append(b, '\n'))
	}
	os.Exit(status)
}

func serve() (helper.ZoneidReply, int) {
	// 1. Refuse if not root, or if the process cannot be made independent of whoever started it.
	if err := privileged.Settle(limits); err != nil {
		return failed("settle", err, privileged.ExitInternal)
	}
	time.AfterFunc(deadline, func() { os.Exit(privileged.ExitInternal) })
	// 2. Refuse if the caller is neither root nor the notify worker.
	names := account.NewNames()
	caller, err := privileged.ReadCaller(names)
	if err == nil && !caller.Root && !caller.Spool {
		err = fmt.Errorf("%s is not the notify worker", caller.Name)
	}
	if err != nil {
		return failed("caller", err, privileged.ExitUsage)
	}
	// 3. Refuse if the input is not one JSON object of the known fields.
	var q helper.ZoneidRequest
	if err := privileged.ReadRequest(os.Stdin, maxInput, &q); err != nil {
		return failed("input", err, privileged.ExitUsage)
	}
	// 4. Refuse if there is no such operation.
	if q.Op != "table" {
		return failed("operation", fmt.Errorf("%q of %s", q.Op, caller.Name), privileged.ExitUsage)
	}
	// 5. Refuse with "busy" if another one is at work: the register has one writer.
	lock, err := slot.Lock("zoneid")
	if errors.Is(err, slot.ErrTaken) {
		return helper.ZoneidReply{Error: "busy"}, privileged.ExitRefused
	}
	if err != nil {
		return failed("lock", err, privileged.ExitInternal)
	}
	defer lock.Close()
	out, err := table(names)
	if err != nil {
		return failed("table", err, privileged.ExitInternal)
	}
	return out, 0
}

// table looks at all zones and brings the register up to date.
func table(names *account.Names) (helper.ZoneidReply, error) {
	// 6. Refuse if the folder of the zones is not root's, zones cannot be looked at for a reason that is of no one alone, or the register cannot
	// be read.
	admin, err := zone.NewAdmin(layout.Base, names, account.Register{})
	if err != nil {
		return helper.ZoneidReply{}, err
	}
	defer admin.Close()
	found, unseen, err := admin.Identities()
	if err != nil { // the worker waits: of a zone that is taken for gone nobody would be told what happened in it
		return helper.ZoneidReply{}, err
	}
	for _, u := range unseen {
		privileged.Log(program, "zone", fmt.Errorf("%q (closed: %t) cannot be looked at: %w", u.Name, u.Closed, u.Err))
	}
	register, err := readRegister(layout.ZoneIDs)
	if err != nil {
		return helper.ZoneidReply{}, err
	}
	believed, doubtful, changed := judge(found, register, len(unseen) == 0)
	if slices.ContainsFunc(doubtful, func(d doubt) bool { return d.why == helper.NoRoom }) {
		privileged.Log(program, "register", fmt.Errorf("%s is full: what happens in new zones stands in the log of the whole system alone; zoneid(8) says what to do", layout.ZoneIDs))
	}
	if len(changed) > 0 {
		maps.Copy(register, changed)
		if err := writeRegister(layout.ZoneIDs, register); err != nil {
			return helper.ZoneidReply{}, err
		}
	}
	return tell(believed, doubtful, unseen, register), nil
}

// tell makes the answer. Of a zone that is gone the register says whose it was: its last acts are still to be recorded. Where some could
// not be looked at, each that is not found may be one of those.
func tell(believed []zone.Identity, doubtful []doubt, unseen []zone.Unseen, register map[string]binding) helper.ZoneidReply {
	var out helper.ZoneidReply
	here := make(map[string]bool, len(believed))
	for _, z := range believed {
		here[z.ID] = true
		out.Zones = append(out.Zones, known(z, register[z.ID].was))
	}
	for _, u := range unseen {
		if !u.Closed {
			out.Unseen = append(out.Unseen, u.Name)
		}
	}
	for _, d := range doubtful {
		here[d.ID] = here[d.ID] || len(unseen) == 0
		z := known(d.Identity, never)
		z.Why = d.why
		out.Doubtful = append(out.Doubtful, z)
	}
	for id, b := range register {
		if !here[id] {
			gone := known(zone.Identity{ID: id, Name: b.name, Owner: b.owner, Inode: b.inode, Born: b.born}, b.was)
			gone.Gone, gone.Unsure = len(unseen) == 0, len(unseen) > 0
			out.Zones = append(out.Zones, gone)
		}
	}
	return out
}

func known(z zone.Identity, was string) helper.KnownZone {
	if was == never {
		was = ""
	}
	dir := ""
	if z.Born > 0 {
		dir = fmt.Sprintf("%d-%d", z.Inode, z.Born)
	}
	return helper.KnownZone{ID: z.ID, Name: z.Name, Was: was, Dir: dir, Closed: z.Closed, Owner: z.Owner, Notify: z.Notify}
}

func failed(what string, err error, status int) (helper.ZoneidReply, int) {
	privileged.Log(program, what, err)
	return helper.ZoneidReply{Error: "internal"}, status
}
