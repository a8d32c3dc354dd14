// Auth is the root helper that asks PAM and keeps the session store. The gate runs it to refresh a session; components
// reach it through sudo, with one JSON object on standard input and one on standard output.
//
// SECURITY: sudo lets every member of shzbase and shzguest run it, also from a shell, with anything on standard input.
// So each operation states its callers in the table, the caller is SUDO_UID and nothing the input says, and every value
// is checked here again. At most so many ask PAM at a time as the configuration says.
//
// It does not decide whether somebody may do something with files, and it never reads a password from its arguments.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	accounts "sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/config"
	"sharezone/internal/helper"
	"sharezone/internal/privileged"
	"sharezone/internal/session"
	"sharezone/internal/signup"
	"sharezone/internal/slot"
	"sharezone/internal/token"
)

// PAM modules keep state in the thread that started them (msteinert/pam does not see to it).
func init() { runtime.LockOSThread() }

// Exit statuses. A refusal that the caller must be told in words is a reply with "error" and status 1.
const (
	exitRefused  = privileged.ExitRefused
	exitUsage    = privileged.ExitUsage
	exitEnded    = 3 // refresh: the session is over, its file removed
	exitInternal = privileged.ExitInternal
)

// request is what stands on standard input; each operation uses some of the fields.
type request struct {
	Op       string `json:"op"`
	Username string `json:"username"`
	Password string `json:"password"`
	Entry    string `json:"entry"`
	Address  string `json:"address"`
	Session  string `json:"session"` // name of the session's file
	Old      string `json:"old"`
	New      string `json:"new"`
	ID       string `json:"id"` // of a session, as people see it
	Language string `json:"language"`
	Token    string `json:"token"` // of a link
	ZoneID   string `json:"zone_id"`
	Often    string `json:"often"`
	Channel  string `json:"channel"`
	Code     string `json:"code"` // of the second factor
	Email    string `json:"email"`
	Purpose  string `json:"purpose"` // of a link

	Applicant *accounts.Applicant `json:"applicant"` // who asks for an account
}

// reply is what stands on standard output. Error is one of refused, password, ended, weak, required, nothing, bad-address, soon, today, field, full, busy, no-space, internal.
type reply struct {
	Error      string   `json:"error,omitempty"`
	ID         string   `json:"id,omitempty"` // for the cookie
	User       string   `json:"user,omitempty"`
	Roles      []string `json:"roles,omitempty"`
	MustChange bool     `json:"must_change,omitempty"`
	OthersStay bool     `json:"others_stay,omitempty"` // with password: the caller's other sessions could not be ended
	Why        string   `json:"why,omitempty"`         // with weak: short, name and the like, "" where nothing more is known
	Limit      int      `json:"limit,omitempty"`       // with some of these: how many are wanted, or allowed

	Language string             `json:"language,omitempty"` // with login: the one that he chose
	Sessions []helper.Session   `json:"sessions,omitempty"`
	Account  *helper.OwnAccount `json:"account,omitempty"`

	Lacks    session.Lack   `json:"lacks,omitempty"`    // with login: what the second factor still needs
	Factor   *helper.Factor `json:"factor,omitempty"`   // the caller's
	Recovery []string       `json:"recovery,omitempty"` // codes that were made, shown once

	Email       string `json:"email,omitempty"`        // with link: the address that it is for
	AskPassword bool   `json:"ask_password,omitempty"` // to use it wants the account's password too

	Changed string `json:"changed,omitempty"` // with verify: of the account, as account.Difference says

	Applicant *accounts.Applicant `json:"applicant,omitempty"` // with the link of one: his words
	Confirmed bool                `json:"confirmed,omitempty"` // it was used

	Zone  string         `json:"zone,omitempty"`
	Often accounts.Often `json:"often,omitempty"`
}

// operations says who may ask for what: root (the gate, an administrator's shell), shzguest, or a member of shzbase for
// himself.
var operations = map[string]struct {
	root, guest, member bool
	run                 func(request, caller) (reply, error)
}{
	"login":    {guest: true, run: login},
	"forgot":   {guest: true, run: forgot},
	"recover":  {guest: true, run: recoverPassword},
	"accept":   {guest: true, run: recoverPassword},
	"verify":   {guest: true, run: verifyAddress},
	"refresh":  {root: true, run: refresh},
	"logout":   {member: true, run: logout},
	"password": {member: true, run: changePassword},
	"sessions": {member: true, run: ownSessions},
	"end":      {member: true, run: endSession},
	"account":  {member: true, run: ownAccount},
	"prove":    {member: true, run: provePassword},
	"language": {member: true, run: chooseLanguage},
	"messages": {member: true, run: chooseMessages},
	"notices":  {member: true, run: chooseNotices},
	"address":  {member: true, run: askAddress},
	"withdraw": {member: true, run: cancelAddress},
	"less":     {guest: true, run: lessMail},
	"link":     {guest: true, run: lookAtLink},

	"signup":         {guest: true, run: askSignup},
	"signup-link":    {guest: true, run: lookAtSignup},
	"signup-confirm": {guest: true, run: confirmSignup},

	"code":           {member: true, run: giveCode},
	"factor":         {member: true, run: ownFactor},
	"factor-begin":   {member: true, run: beginFactor},
	"factor-confirm": {member: true, run: confirmFactor},
	"factor-codes":   {member: true, run: renewRecovery},
	"factor-off":     {member: true, run: dropFactor},
}

func main() {
	out, status := serve()
	if b, err := json.Marshal(out); err == nil {
		os.Stdout.Write(append(b, '\n'))
	}
	os.Exit(status)
}

func serve() (reply, int) {
	// 1. Refuse if not root, or if the process cannot be made independent of whoever started it.
	if err := privileged.Settle(limits); err != nil {
		return failed("settle", err, exitInternal)
	}
	time.AfterFunc(deadline, func() { os.Exit(exitInternal) })
	// 2. Refuse if the caller is neither root, shzguest nor a member of shzbase.
	who, err := readCaller()
	if err != nil {
		return failed("caller", err, exitUsage)
	}
	// 3. Refuse with "busy" if this member has as many of these processes as he may. Those of shzguest are bounded by the
	// gate, and nobody has a shell as he.
	if who.member {
		taken, err := slot.LockOne(fmt.Sprintf("auth-caller.%d", who.account.uid), slotsPerCaller)
		if err != nil {
			return refused("slot", err)
		}
		defer taken.Close()
	}
	// 4. Refuse if the input is not one JSON object of the known fields.
	q, err := readRequest(os.Stdin)
	if err != nil {
		return failed("input", err, exitUsage)
	}
	// 5. Refuse if there is no such operation for this caller.
	op, found := operations[q.Op]
	if !found || !(op.root && who.root || op.guest && who.guest || op.member && who.member) {
		return failed("operation", fmt.Errorf("%q is not for %s", q.Op, who.name), exitUsage)
	}
	out, err := op.run(q, who)
	switch {
	case err == nil:
		return out, 0
	case errors.Is(err, errEnded):
		return reply{}, exitEnded
	}
	return refused(q.Op, err)
}

// slotsPerCaller is how many of these processes a member may have at a time: his browser ends a few sessions, or changes a
// password, once in a while.
const slotsPerCaller = 8

// refused turns an error into the code that the caller is told.
func refused(what string, err error) (reply, int) {
	var told *told
	code := "internal"
	switch {
	case errors.As(err, &told):
		code = told.code
	case errors.Is(err, slot.ErrTaken), errors.Is(err, change.ErrBusy), errors.Is(err, token.ErrBusy), errors.Is(err, signup.ErrBusy):
		code = "busy"
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		code = "no-space"
	default:
		return failed(what, err, exitInternal)
	}
	if told == nil || told.reason != "" {
		log(what, err)
	}
	out := reply{Error: code}
	if code == "weak" {
		out.Why, out.Limit = weakness(told.reason)
	}
	return out, exitRefused
}

// told is a refusal whose code the caller hears; the reason goes to the log alone, "" = not even there.
type told struct{ code, reason string }

func (t *told) Error() string { return t.code + ": " + t.reason }

func failed(what string, err error, status int) (reply, int) {
	log(what, err)
	return reply{Error: "internal"}, status
}

// log writes one line about what was refused, or failed.
func log(what string, err error) { privileged.Log("auth", what, err) }

// deadline is how long it may take in all, whatever blocks: a directory service, or a caller who gives it a full pipe to
// write to while it holds a slot. Callers wait 30 s.
const deadline = 25 * time.Second

var limits = []privileged.Limit{
	{Resource: unix.RLIMIT_CORE},                    // a core would hold passwords
	{Resource: unix.RLIMIT_CPU, Want: 60, Least: 5}, // seconds; usermod(8) has the rest of them
	{Resource: unix.RLIMIT_NOFILE, Want: 256, Least: 64},
	{Resource: unix.RLIMIT_FSIZE, Want: privileged.Unlimited, Least: privileged.Unlimited}, // a smaller one would cut /etc/shadow short
	{Resource: unix.RLIMIT_DATA, Want: privileged.Unlimited, Least: 256 << 20},
	{Resource: unix.RLIMIT_AS, Want: privileged.Unlimited, Least: 1 << 30},
}

// readRequest takes 8 KiB at most: the longest password is 511 bytes.
func readRequest(r io.Reader) (request, error) {
	var q request
	if err := privileged.ReadRequest(r, 8<<10, &q); err != nil {
		return request{}, err
	}
	return q, nil
}

// takeSlot bounds how many instances ask PAM at a time, so that a thousand logins cost memory and processor time for a
// few. Refreshes have slots of their own: who tries passwords must not keep those out who are in. The lock falls when
// the returned file is closed or the process ends.
func takeSlot(kind string, login config.Login) (*os.File, error) {
	for end := time.Now().Add(login.Wait); time.Now().Before(end); time.Sleep(25 * time.Millisecond) {
		for i := range login.Slots {
			f, err := lockSlot(fmt.Sprintf("%s.%d", kind, i))
			if !errors.Is(err, errTaken) {
				return f, err
			}
		}
	}
	return nil, errTaken
}

var errTaken = &told{"busy", "all slots are taken"}

// lockSlot takes one slot, or says errTaken at once.
func lockSlot(name string) (*os.File, error) {
	f, err := slot.Lock(name)
	if errors.Is(err, slot.ErrTaken) {
		return nil, errTaken
	}
	return f, err
}

func checkSessionName(name string) error {
	if !session.ValidFileName(name) {
		return &told{"refused", "not a session's name"}
	}
	return nil
}
