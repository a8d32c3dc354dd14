// Gate is the only setuid program of Share Zone: root:www-data 4750. Apache runs it for every request below /cgi-bin/;
// it finds out who the caller is, becomes that user for good, and executes the component's handler.
//
// SECURITY: whoever can run it as www-data decides what stands in its environment. Nothing of that environment is
// believed but what Apache alone can set, everything is bounded, and the handler gets a fresh one. It takes no
// arguments (mod_cgid turns a query without "=" into some), reads no configuration, and executes only paths that are
// compiled in.
//
// BUGS: a session file that auth rewrites during a crash is damaged; its user logs in again.
//
// The steps are numbered as in gate(8). Each has its own exit status, 100 + step, and ends the gate when it refuses.
package main

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"sharezone/internal/landlock"
	"sharezone/internal/layout"
	"sharezone/internal/session"
	"sharezone/internal/syslog"
)

// A step of the gate; exit status 100 + step.
type step int

const (
	stepCaller      step = 1
	stepPrivilege   step = 2
	stepEnvironment step = 3
	stepRequest     step = 4
	stepEntry       step = 5
	stepComponent   step = 6
	stepMethod      step = 7
	stepStore       step = 8
	stepRefresh     step = 9
	stepAccount     step = 10
	stepWhole       step = 11
	stepHandler     step = 12
	stepSlot        step = 13
	stepEvent       step = 14
	stepLimits      step = 15
	stepBecome      step = 16
	stepProof       step = 17
	stepPrivileges  step = 18
	stepConfine     step = 19
	stepExecute     step = 20
)

// A refusal ends the gate. With a code of interface.md the component "refused" answers the browser, as shzguest;
// without one there is nobody who could, and Apache sends its own page.
type refusal struct {
	step   step
	code   string
	reason string
}

func (r *refusal) Error() string { return r.reason }

func main() {
	runtime.LockOSThread() // no_new_privs and Landlock belong to the thread that executes the handler
	syscall.Umask(0o077)

	var q request
	r := checkCaller() // steps 1 to 3
	if r == nil {
		q, r = readRequest(os.Environ()) // 4 and 5
	}
	if r == nil {
		r = enter(&q) // the rest; returns only to refuse
	}
	logRefusal(r, q)
	if r.code != "" {
		r = enterRefused(q, r)
		logRefusal(r, q)
	}
	os.Exit(100 + int(r.step))
}

// checkCaller refuses whoever is not Apache, and an installation in which the gate has no privilege to give up.
func checkCaller() *refusal {
	// 1. Refuse if the real uid is not www-data's: a shell user has no business here, nor has root.
	if os.Getuid() != layout.ApacheUID {
		return &refusal{stepCaller, "", "called by uid " + itoa(os.Getuid()) + ", not by Apache"}
	}
	// 2. Refuse if there is no privilege: nosuid mount, no_new_privs in Apache's unit, or a lost mode.
	if os.Geteuid() != 0 {
		return &refusal{stepPrivilege, "", "not setuid root: shzadm doctor tells why"}
	}
	if err := os.Chdir("/"); err != nil {
		return &refusal{stepPrivilege, "", "chdir /: " + err.Error()}
	}
	// 3. Refuse if the environment carries a variable that steers the Go runtime: Apache sends none but GOMAXPROCS=1, without which
	// each request starts threads that do nothing but give root up. GOTRACEBACK is not among them, because the runtime of a setuid program
	// sets it itself, to none.
	for _, name := range [...]string{"GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOCOVERDIR"} {
		if value, set := os.LookupEnv(name); set && (name != "GOMAXPROCS" || value != "1") {
			return &refusal{stepEnvironment, "", name + " is set"}
		}
	}
	return nil
}

// enter runs the component that the request names as the user of its session, or login as shzguest.
func enter(q *request) *refusal {
	// 6. Refuse if the table has no such component. 7. Refuse if the component has no such method.
	c, r := findComponent(q)
	if r != nil {
		return r
	}
	who, r := identify(q, c) // 8 and 9: session and refresh; for shzguest also 10
	if r != nil {
		return r
	}
	if who.guest && !c.guest {
		c = loginComponent()
	}
	// 10. Refuse if the account is not one that may stand behind a session.
	if r := checkIdentity(who); r != nil {
		return r
	}
	// 11. Refuse if the session is half authenticated, or the password must be changed, and the component is not one that serves
	// for that.
	if r := checkWhole(who, c); r != nil {
		return r
	}
	return become(q, c, who, nil)
}

// checkWhole lets nobody do anything but what is still lacking. An empty lack is shzguest's.
func checkWhole(who identity, c component) *refusal {
	switch {
	case who.guest, who.lacks == session.LacksNothing && (!who.mustChange || c.mustChange):
		return nil
	case who.lacks == session.LacksNothing:
		return &refusal{stepWhole, "password-expired", "password of " + who.user + " must be changed"}
	case c.half:
		return nil
	}
	return &refusal{stepWhole, "second-factor", "session of " + who.user + " lacks " + string(who.lacks) + " of the second factor"}
}

// enterRefused runs the component that tells the browser about the refusal in its language.
func enterRefused(q request, refused *refusal) *refusal {
	who, r := guest()
	if r != nil {
		return r
	}
	return become(&q, refusedComponent(), who, refused)
}

// become turns the process into the handler of c as who. It returns only to refuse.
func become(q *request, c component, who identity, refused *refusal) *refusal {
	// 12. Refuse if the handler is not a program of root's that only root can change.
	if r := checkHandler(c); r != nil {
		return r
	}
	// 13. Refuse if the user holds all his slots, or without a session the address, or there is no queue for what needs one.
	slots, r := takeSlots(q, who, c)
	if r != nil {
		return r
	}
	queue, r := openQueue(q, c)
	if r != nil {
		return r
	}
	// 14. Refuse if the request may have something to tell and the event file cannot be made.
	event, r := openEvent(q, c, who)
	if r != nil {
		return r
	}
	// 15. Refuse if a limit cannot be set.
	if r := setLimits(c); r != nil {
		return r
	}
	syscall.Umask(0o027)
	// 16. Refuse if groups, gid or uid cannot be set, in this order. 17. Refuse if root can be had back.
	if r := permanentlySetIdentity(who); r != nil {
		return r
	}
	if r := proveIdentity(who); r != nil {
		return r
	}
	// 18. Refuse if the handler could gain privileges by executing a program; those that need sudo are in the table.
	if !c.sudo {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return &refusal{stepPrivileges, "", "no_new_privs: " + err.Error()}
		}
	}
	// 19. Refuse if the handler cannot be kept from files that it does not need, where the kernel can do that.
	if c.places != nil {
		if err := landlock.Confine(c.places...); err != nil {
			return &refusal{stepConfine, "", "landlock: " + err.Error()}
		}
	}
	// 20. Refuse if the handler cannot be executed. Only the event, the slots and the queue go with it beyond stdio.
	if err := keepDescriptors(append(slots, event, queue)...); err != nil {
		return &refusal{stepExecute, "", "descriptors: " + err.Error()}
	}
	path := layout.Handlers + "/" + c.name
	err := syscall.Exec(path, []string{path}, environment(q, c, who, event, queue, refused))
	return &refusal{stepExecute, "", path + ": " + err.Error()}
}

// logRefusal writes one line, before any privilege is dropped. The query stays out: it may be the link of a mail.
func logRefusal(r *refusal, q request) {
	syslog.Write(syslog.AuthWarning, "sharezone gate: step "+itoa(int(r.step))+" refused: "+quote(r.reason)+
		" request="+q.id+" address="+q.address+" path="+quote(q.path()))
}
