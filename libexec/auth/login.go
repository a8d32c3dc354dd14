package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	accounts "sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/attempt"
	"sharezone/internal/config"
	"sharezone/internal/factor"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// login verifies name and password and opens a session. Every refusal is the same one to the caller, and takes the same
// time, so that neither an unknown name nor a locked account shows in it; work that took longer is rounded up to the
// next multiple.
func login(q request, _ caller) (reply, error) {
	began := time.Now()
	settings, err := config.Read()
	if err != nil {
		return reply{}, err
	}
	out, err := tryLogin(q, settings, &began)
	padRefusal(err, began, settings.Login.Failure)
	return out, err
}

func padRefusal(err error, began time.Time, unit time.Duration) {
	var t *told
	if !errors.As(err, &t) || t.code != "refused" {
		return
	}
	pad(began, unit)
}

// pad lets pass what is missing to a multiple of a unit.
func pad(began time.Time, unit time.Duration) {
	wait := unit
	for wait < time.Since(began) {
		wait += unit
	}
	time.Sleep(wait - time.Since(began))
}

func tryLogin(q request, settings config.Settings, began *time.Time) (reply, error) {
	slot, err := takeSlot("auth", settings.Login)
	if err != nil {
		return reply{}, err
	}
	defer slot.Close()
	*began = time.Now() // the wait for a slot, of any length, must not push what PAM takes past the next second

	address, err := netip.ParseAddr(q.Address)
	if err != nil || address.Zone() != "" || q.Entry != "internal" && q.Entry != "external" {
		return reply{}, errors.New("entry or address")
	}
	refused := func(reason any) (reply, error) {
		name := q.Username
		if !session.ValidUser(name) {
			name = "?" // people type passwords into the wrong field
		}
		return reply{}, &told{"refused", fmt.Sprintf("user %s from %s: %v", name, address, reason)}
	}
	if !validPassword(q.Password) {
		return refused("no password that PAM could take")
	}
	stamp := session.Stamp() // before the account is read: what changes meanwhile makes the session stale
	a, err := findAccount(q.Username)
	stranger := errors.Is(err, errNotMember)
	if err != nil && !stranger {
		return reply{}, err
	}
	try, tooMany := attempt.Begin(a.name, address, attempt.LimitsOf(settings.Login))
	logUncounted(try)
	switch {
	case stranger:
		return refused(err) // PAM is not asked: nobody may try root's password here
	case tooMany != nil:
		return refused(tooMany)
	}
	entry := settings.Entry(q.Entry)
	if err := authenticate(entry.PAMService, a, address.String(), q.Password); err != nil {
		return refused(err)
	}
	lacks, err := lackOf(a, entry)
	if err != nil {
		return reply{}, err
	}
	if lacks != session.LacksCode && entry.Factor.Of(a.roles...) != config.FactorOff {
		if err := factor.Installed().Renamed(personOf(a)); err != nil {
			return refused(err)
		}
	}
	shown := false
	if lacks == session.LacksCode && q.Code != "" {
		if err := checkCode(settings.Login, entry, a, address.String(), q.Code); noAnswer(err) {
			try.GiveBack()
			return reply{}, err
		} else if err != nil {
			return refused(err)
		}
		lacks, shown = session.LacksNothing, true
	}
	if lacks == session.LacksCode {
		try.GiveBack()
	} else {
		try.Right()
	}
	mustChange, err := accountState(entry.PAMService, a, address.String())
	if err != nil {
		return refused(err)
	}
	id, err := openSession(q.Entry, address.String(), stamp, a, limitsOf(a, entry, settings, lacks), mustChange, lacks, shown)
	if err == nil && lacks == session.LacksNothing {
		noteLogin(a, q.Entry, address.String())
	}
	out := reply{ID: id, User: a.name, Roles: a.roles, MustChange: mustChange, Language: languageOf(a)}
	if lacks != session.LacksNothing {
		out.Lacks = lacks
	}
	return out, err
}

// limitsOf says when a session ends by itself. A half authenticated one does not last.
func limitsOf(a account, entry config.Entry, settings config.Settings, lacks session.Lack) config.SessionLimits {
	limits := settings.Session
	if slices.Contains(a.roles, "admin") {
		limits = settings.AdminSession
	}
	limits = entry.Within(limits)
	if lacks != session.LacksNothing {
		limits.Idle, limits.Absolute = min(limits.Idle, halfTime), halfTime
	}
	return limits
}

// languageOf is the one that somebody chose. That it cannot be read keeps nobody out.
func languageOf(a account) string {
	p, err := accounts.ReadPreferences(a.uid)
	if err != nil {
		log("preferences of "+a.name, err)
	}
	return string(p.Language)
}

// logUncounted tells the administrator that the limits on guessing do not hold for now.
func logUncounted(try *attempt.Attempt) {
	if try != nil && try.Uncounted != nil {
		log("an attempt is not counted", try.Uncounted)
	}
}

// noteLogin writes when and from where somebody logged in last, as lastlog(8) has it for terminals. The time is the
// file's. That it cannot be written keeps nobody out.
func noteLogin(a account, entry, address string) {
	f, err := os.OpenFile(accounts.LoginFile(a.uid), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err == nil {
		_, err = fmt.Fprintf(f, "%s %s %s %s\n", time.Now().UTC().Format(time.RFC3339), a.name, entry, address)
		f.Close()
	}
	if err != nil {
		log("last login of "+a.name, err)
	}
}

// openSession writes the session file under a fresh id; an id that the browser brought is never used (fixation).
func openSession(
	entry, address, stamp string, a account, limits config.SessionLimits, mustChange bool, lacks session.Lack, code bool,
) (string, error) {
	r := session.Record{
		User: a.name, UID: a.uid, Entry: entry, Address: address, Started: time.Now(), MustChange: mustChange,
		Idle: limits.Idle, Absolute: limits.Absolute, Lacks: lacks, Code: code,
	}
	if err := mark(&r, a); err != nil {
		return "", err
	}
	update(&r, a, stamp)
	return store(r)
}

// store writes the file of a new session.
func store(r session.Record) (id string, err error) {
	if id, err = session.NewID(); err != nil {
		return "", err
	}
	if err := makeRoom(r.UID); err != nil {
		log("sessions of "+r.User, err)
	}
	name, _ := session.FileName(id)
	f, err := os.OpenFile(layout.Sessions+"/"+name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if err := session.Write(f, r); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return id, nil
}

// Of more sessions than manySessions in all, one user keeps ownSessionsMost: whoever logs in without end must not make it long for
// everybody to look through them. Below, nobody is asked how many he has, for each would have to be opened.
const (
	manySessions    = 5000
	ownSessionsMost = 20
)

// makeRoom ends the sessions of uid that were not used for longest, where there are too many.
func makeRoom(uid uint32) error {
	folder, err := os.Open(layout.Sessions)
	if err != nil {
		return err
	}
	defer folder.Close()
	if names, err := folder.Readdirnames(manySessions); err != nil || len(names) < manySessions {
		return nil // io.EOF: fewer, or none
	}
	all, err := session.List()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(s session.Found) bool { return s.Err != nil || s.Record.UID != uid })
	if len(all) < ownSessionsMost {
		return nil
	}
	slices.SortFunc(all, func(a, b session.Found) int { return b.LastUse.Compare(a.LastUse) })
	for _, s := range all[ownSessionsMost-1:] {
		err = errors.Join(err, session.End(s.Name))
	}
	return err
}

// mark binds the session to the account's present password.
func mark(r *session.Record, a account) error {
	key := make([]byte, 32)
	rand.Read(key) // never fails: crypto/rand ends the process instead
	r.Key = hex.EncodeToString(key)
	var err error
	r.Password, err = session.PasswordMark(r.Key, a.shadow)
	return err
}

// update takes over what NSS says now.
func update(r *session.Record, a account, stamp string) {
	r.GID, r.Groups, r.Refreshed, r.Stamp = a.gid, a.groups, time.Now(), stamp
}

var errEnded = errors.New("session ended")

// refresh looks at the account again and writes the answer into the session, or ends it: account gone, another uid,
// locked, expired, another password, no longer in shzbase.
func refresh(q request, _ caller) (reply, error) {
	if err := checkSessionName(q.Session); err != nil {
		return reply{}, err
	}
	settings, err := config.Read()
	if err != nil {
		return reply{}, err
	}
	slot, err := takeSlot("refresh", settings.Login)
	if err != nil {
		return reply{}, err
	}
	defer slot.Close()
	f, err := openLocked(q.Session)
	if err != nil {
		return reply{}, err
	}
	defer f.Close()
	r, lastUse, err := session.Read(f)
	if err != nil {
		return end(f, "session", err)
	}
	if !r.Stale(time.Now(), session.Stamp()) {
		return reply{}, nil // another request of this session was faster
	}
	err = lookAgain(&r, settings)
	if over := new(overError); errors.As(err, &over) {
		return end(f, r.User, over.why)
	}
	if err != nil {
		return reply{}, err // a service that does not answer is no reason to log anybody out
	}
	return reply{}, writeKeepingUse(f, r, lastUse)
}

// overError says why a session goes on no longer.
type overError struct{ why error }

func (e *overError) Error() string { return e.why.Error() }

// lookAgain writes into a session what NSS and PAM say of its account now. The error is an *overError if they say that it ends.
func lookAgain(r *session.Record, settings config.Settings) error {
	stamp := session.Stamp() // before the account is read
	a, err := findAccount(r.User)
	if errors.Is(err, errNotMember) {
		return &overError{err}
	}
	if err != nil {
		return err
	}
	expected, err := session.PasswordMark(r.Key, a.shadow)
	if err != nil || expected != r.Password || a.uid != r.UID {
		return &overError{errors.New("password or account changed")}
	}
	r.MustChange, err = accountState(settings.Entry(r.Entry).PAMService, a, r.Address)
	if saysNo(err) {
		return &overError{err}
	}
	if err != nil {
		return err
	}
	if r.Lacks == session.LacksNothing {
		// A role or a policy that came after the login, or a second factor that was made or taken off by hand.
		lacks, err := lackOf(a, settings.Entry(r.Entry))
		if err != nil {
			return err
		}
		if lacks == session.LacksEnrolment || lacks == session.LacksCode && !r.Code {
			return &overError{errors.New("it lacks a second factor by now: " + string(lacks))}
		}
	}
	update(r, a, stamp)
	return nil
}

// openLocked opens a session for writing, alone; errEnded if it was ended meanwhile.
func openLocked(name string) (*os.File, error) {
	f, err := session.Open(name, os.O_RDWR)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errEnded
	}
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil || st.Nlink == 0 {
		f.Close()
		return nil, errEnded
	}
	return f, nil
}

// writeKeepingUse writes the record without making the session look used: its mtime is the last use.
func writeKeepingUse(f *os.File, r session.Record, lastUse time.Time) error {
	if err := session.Write(f, r); err != nil {
		return err
	}
	t := unix.NsecToTimeval(lastUse.UnixNano())
	return unix.Futimes(int(f.Fd()), []unix.Timeval{t, t})
}

func end(f *os.File, user string, why error) (reply, error) {
	log("session of "+user+" ended", why)
	if err := os.Remove(f.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return reply{}, err
	}
	return reply{}, errEnded
}

// logout ends a session of the caller's own. One that is gone already is no error: that is what was asked for.
func logout(q request, who caller) (reply, error) {
	f, r, err := openOwn(q.Session, who, session.LacksNothing, session.LacksCode, session.LacksEnrolment)
	if errors.Is(err, errEnded) {
		return reply{}, nil
	}
	if err != nil {
		return reply{}, err
	}
	defer f.Close()
	return reply{User: r.User}, os.Remove(f.Name())
}

// ownSessions are those of the caller.
func ownSessions(_ request, who caller) (reply, error) {
	all, err := session.List()
	if err != nil {
		return reply{}, err
	}
	var out reply
	for _, s := range all {
		if s.Err == nil && s.Record.UID == who.account.uid {
			out.Sessions = append(out.Sessions, helper.NewSession(s, time.Now()))
		}
	}
	return out, nil
}

// endSession ends one of the caller's, by the id that people see. Another's is refused just as one that is not there.
func endSession(q request, who caller) (reply, error) {
	all, err := session.List()
	if err != nil {
		return reply{}, err
	}
	for _, s := range all {
		if len(q.ID) == helper.SessionDigits && strings.HasPrefix(s.Name, q.ID) && s.Err == nil && s.Record.UID == who.account.uid {
			return logout(request{Session: s.Name}, who)
		}
	}
	return reply{}, &told{"refused", "no such session"}
}

// openOwn opens a session, locked; another user's is refused just as one that does not exist is not found. What it may lack of the
// second factor is named by whoever asks.
func openOwn(name string, who caller, lacks ...session.Lack) (*os.File, session.Record, error) {
	if err := checkSessionName(name); err != nil {
		return nil, session.Record{}, err
	}
	f, err := openLocked(name)
	if err != nil {
		return nil, session.Record{}, err
	}
	r, _, err := session.Read(f)
	if err != nil || r.UID != who.account.uid || !slices.Contains(lacks, r.Lacks) {
		f.Close()
		return nil, session.Record{}, errEnded
	}
	return f, r, nil
}

// changePassword verifies the caller's old password itself, since PAM does not ask root for it, and ends all his
// sessions but the one he stands in. A wrong old password takes as long as a refused login: a session left open on
// somebody's desk is no place to try passwords quickly.
func changePassword(q request, who caller) (reply, error) {
	return withPassword(who, func(settings config.Settings) (reply, error) { return tryChange(q, who, settings) })
}

// withPassword runs what asks for the caller's password.
func withPassword(who caller, run func(config.Settings) (reply, error)) (reply, error) {
	began := time.Now()
	settings, err := config.Read()
	if err != nil {
		return reply{}, err
	}
	// One at a time for each user, before a slot is asked for: who has a shell must not hold them all. The time after a
	// wrong password counts: otherwise many at once would try as many passwords as none of them had to wait.
	own, err := lockSlot(fmt.Sprintf("password.%d", who.account.uid))
	if err != nil {
		return reply{}, err
	}
	defer own.Close()
	out, err := run(settings)
	padRefusal(err, began, settings.Login.Failure)
	return out, err
}

func tryChange(q request, who caller, settings config.Settings) (reply, error) {
	slot, err := takeSlot("auth", settings.Login)
	if err != nil {
		return reply{}, err
	}
	defer slot.Close()
	f, r, err := openOwn(q.Session, who, session.LacksNothing)
	if err != nil {
		return reply{}, &told{"ended", "no session of one's own"}
	}
	defer f.Close()
	if !validPassword(q.Old) {
		return reply{}, &told{"refused", "no password that PAM could take"}
	}
	if err := checkNew(q.New); err != nil {
		return reply{}, err
	}
	// Who changes the account meanwhile waits: the new password would undo his lock, or replace the one that he sets.
	release, err := change.Hold(who.name)
	if err != nil {
		return reply{}, err
	}
	defer release()
	if err := prove(q.Old, r, who, settings, nil); err != nil {
		return reply{}, err
	}
	if q.Old == q.New {
		return reply{}, &told{"weak", "the new password is the old one"}
	}
	if err := setPassword(settings.Entry(r.Entry).PAMService, who.account, r.Address, q.New); err != nil {
		return reply{}, err
	}
	// The password is the new one now, and whoever asked must hear so. What fails from here on ends sessions, which lack the mark
	// of the new password, all but those of a directory's account: their marks are all of no password.
	others := endOthers(q.Session, r.UID)
	if err := errors.Join(others, keepOwn(f, r, who)); err != nil {
		log("after the change of a password of "+r.User, err)
	}
	return reply{User: r.User, OthersStay: others != nil && who.account.shadow == ""}, nil
}

// provePassword says whether a password is the caller's, before something that his session alone must not do.
func provePassword(q request, who caller) (reply, error) {
	return withPassword(who, func(settings config.Settings) (reply, error) {
		slot, err := takeSlot("auth", settings.Login)
		if err != nil {
			return reply{}, err
		}
		defer slot.Close()
		// 1. Refuse in half a session, or one that is over.
		f, r, err := openGood(q.Session, who, settings, session.LacksNothing)
		if err != nil {
			return reply{}, err
		}
		defer f.Close()
		// 2. Refuse a wrong password.
		if !validPassword(q.Password) {
			return reply{}, &told{"refused", "no password that PAM could take"}
		}
		return reply{User: who.name}, prove(q.Password, r, who, settings, nil)
	})
}

// prove asks PAM for the caller's password, in a session of his, and for what more there is.
func prove(password string, r session.Record, who caller, settings config.Settings, more func() error) error {
	address, err := netip.ParseAddr(r.Address)
	if err != nil {
		return err
	}
	try, err := attempt.Begin(who.name, address, attempt.LimitsOf(settings.Login))
	logUncounted(try)
	if err == nil {
		err = authenticate(settings.Entry(r.Entry).PAMService, who.account, r.Address, password)
	}
	if err == nil && more != nil {
		err = more()
	}
	if noAnswer(err) {
		try.GiveBack()
		return err
	}
	if err != nil {
		return &told{"refused", "old password: " + err.Error()}
	}
	try.Right()
	return nil
}

// keepOwn binds the session in which the password was changed to the new one.
func keepOwn(f *os.File, r session.Record, who caller) error {
	stamp := session.Stamp()
	a, err := findAccount(who.name)
	if err != nil {
		return err
	}
	r.MustChange = false
	if err := mark(&r, a); err != nil {
		return err
	}
	update(&r, a, stamp)
	return session.Write(f, r)
}

// endOthers removes the sessions of uid but the one kept. It would be enough that their password mark is wrong now;
// removed, they are not listed any more either.
func endOthers(keep string, uid uint32) (failed error) {
	entries, err := os.ReadDir(layout.Sessions)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == keep {
			continue
		}
		err := endIfOf(e.Name(), uid)
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, session.ErrDamaged) { // ended meanwhile, or lets nobody in
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// endIfOf removes a session that is of uid.
func endIfOf(name string, uid uint32) error {
	f, err := session.Open(name, os.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	r, _, err := session.Read(f)
	if err != nil || r.UID != uid {
		return err
	}
	return os.Remove(f.Name())
}
