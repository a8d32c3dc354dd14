package main

import (
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// identity is whom the process becomes.
type identity struct {
	guest      bool
	user       string
	uid, gid   uint32
	groups     []uint32
	mustChange bool
	lacks      session.Lack
}

func sessionFileName(id string) (string, bool) { return session.FileName(id) }

// identify finds whose request it is: the session's user, or shzguest when there is no valid session.
func identify(q *request, c component) (identity, *refusal) {
	if !c.guest {
		who, r := sessionUser(q)
		if r != nil || who.user != "" {
			return who, r
		}
	}
	return guest()
}

// sessionUser returns the user of the session, or an empty identity when the request has no valid one.
func sessionUser(q *request) (identity, *refusal) {
	nobody := identity{}
	if q.session == "" {
		return nobody, nil
	}
	// 8. Refuse if the session store cannot be read; a session that is absent, damaged, over or of the other entry is
	// no reason to refuse: the login form comes.
	f, err := session.Open(q.session, os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, session.ErrDamaged) || errors.Is(err, unix.ELOOP) {
		return nobody, nil
	}
	if err != nil {
		return nobody, &refusal{stepStore, "internal", "session store: " + err.Error()}
	}
	defer f.Close()
	end := time.Now().Add(refreshLimit)
	record, ok, err := readValid(q, f, end)
	// 9. Refuse if the account cannot be looked at again although the account files changed or a minute went by.
	if err == nil && ok && record.Stale(time.Now(), session.Stamp()) {
		record, ok, err = refreshed(q, f, end)
	}
	if err != nil {
		return nobody, &refusal{stepRefresh, "busy", err.Error()}
	}
	if !ok {
		return nobody, nil
	}
	touch(f)
	return identity{
		user: record.User, uid: record.UID, gid: record.GID, groups: record.Groups, mustChange: record.MustChange, lacks: record.Lacks,
	}, nil
}

// refreshed is the session after auth has looked at its account again. Of a session's requests one asks auth, and the others, of which a page
// has many at once, wait for what it wrote: else as many processes as requests would stand in each other's way until nobody waits any longer.
func refreshed(q *request, f *os.File, end time.Time) (session.Record, bool, error) {
	turn, err := session.Open(q.session, os.O_RDWR) // as such a lock needs it; nothing is written
	if err != nil {
		return session.Record{}, false, err
	}
	defer turn.Close() // the lock falls
	// Not flock, which auth needs.
	for lock := (&unix.Flock_t{Type: unix.F_WRLCK, Len: 1}); ; time.Sleep(10 * time.Millisecond) {
		err := unix.FcntlFlock(turn.Fd(), unix.F_OFD_SETLK, lock)
		if err == nil {
			break
		}
		if err != unix.EAGAIN && err != unix.EACCES && err != unix.EINTR {
			return session.Record{}, false, err
		}
		if time.Until(end) < refreshLeast { // what is begun now would only be ended
			return session.Record{}, false, errors.New("another request of the session has it refreshed for long")
		}
	}
	record, ok, err := readValid(q, f, end)
	if err != nil || !ok || !record.Stale(time.Now(), session.Stamp()) {
		return record, ok, err
	}
	switch err := refresh(q.session, end); {
	case errors.Is(err, errEnded):
		return session.Record{}, false, nil
	case err != nil:
		return session.Record{}, false, errors.New("refresh: " + err.Error())
	}
	if record, ok, err = readValid(q, f, end); err == nil && ok && time.Since(record.Refreshed) > session.RefreshAfter {
		err = errors.New("refresh changed nothing")
	}
	return record, ok, err
}

// readValid reads the session and says whether it is one of this entry whose time is not over.
func readValid(q *request, f *os.File, end time.Time) (session.Record, bool, error) {
	if err := lockShared(f, end); err != nil {
		return session.Record{}, false, err
	}
	defer unix.Flock(int(f.Fd()), unix.LOCK_UN) // auth needs it alone
	record, lastUse, err := session.Read(f)
	return record, err == nil && record.Entry == q.entry && !record.Ended(time.Now(), lastUse), nil
}

// errLocked says that auth holds the session longer than anybody waits.
var errLocked = errors.New("session is locked")

// lockShared waits for auth to have written the session, until end.
func lockShared(f *os.File, end time.Time) error {
	for ; ; time.Sleep(10 * time.Millisecond) {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err != unix.EWOULDBLOCK && err != unix.EINTR {
			return err
		}
		if time.Now().After(end) {
			return errLocked
		}
	}
}

// touch notes the use of the session in its mtime, at most every half minute: the idle limit is minutes.
func touch(f *os.File) {
	if st, err := f.Stat(); err == nil && time.Since(st.ModTime()) > 30*time.Second {
		now := []unix.Timeval{unix.NsecToTimeval(time.Now().UnixNano()), unix.NsecToTimeval(time.Now().UnixNano())}
		unix.Futimes(int(f.Fd()), now)
	}
}

// errEnded says that auth ended the session: locked, expired, changed or gone account.
var errEnded = errors.New("session ended")

// refreshLimit is how long a request waits for auth in all: LDAP that does not answer must not hold a browser longer, and a machine that is busy
// for a moment must refuse nobody. With less than refreshLeast of it left auth is not begun.
const (
	refreshLimit = 5 * time.Second
	refreshLeast = time.Second
)

// refresh has auth look at the account again, until end; auth writes the session file itself.
func refresh(name string, end time.Time) error {
	in, out, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	if _, err = out.WriteString(`{"op":"refresh","session":"` + name + `"}`); err == nil {
		err = out.Close()
	}
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	// The child must be root in every respect: with www-data's real uid PAM would ask for other things.
	p, err := os.StartProcess(layout.AuthHelper, []string{layout.AuthHelper}, &os.ProcAttr{
		Dir: "/", Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"},
		Files: []*os.File{in, null, os.Stderr},
		Sys:   &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 0, Gid: 0, Groups: []uint32{}}},
	})
	if err != nil {
		return err
	}
	timer := time.AfterFunc(time.Until(end), func() { p.Kill() })
	defer timer.Stop()
	state, err := p.Wait()
	if err != nil {
		return err
	}
	const exitEnded = 3 // libexec/auth
	switch {
	case state.ExitCode() == exitEnded:
		return errEnded
	case !state.Success():
		return errors.New("auth: " + state.String())
	}
	return nil
}

// guest is shzguest. It is read from /etc/passwd alone: a system account is never in a directory service.
func guest() (identity, *refusal) {
	f, err := os.Open("/etc/passwd")
	if err != nil {
		return identity{}, &refusal{stepAccount, "", err.Error()}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64*mib))
	if err != nil {
		return identity{}, &refusal{stepAccount, "", err.Error()}
	}
	for line := range strings.Lines(string(b)) {
		rest, found := strings.CutPrefix(line, layout.UserGuest+":")
		fields := strings.Split(rest, ":")
		if !found || len(fields) < 3 {
			continue
		}
		uid, err1 := strconv.ParseUint(fields[1], 10, 32)
		gid, err2 := strconv.ParseUint(fields[2], 10, 32)
		if err1 == nil && err2 == nil {
			who := identity{
				guest: true, user: layout.UserGuest, uid: uint32(uid), gid: uint32(gid), groups: []uint32{uint32(gid)},
			}
			return who, checkIdentity(who)
		}
	}
	return identity{}, &refusal{stepAccount, "", "no account " + layout.UserGuest}
}

// checkIdentity refuses uids and gids that no request may run as, whatever the session file or /etc/passwd says. For
// shzguest there is no code: nobody is left who could tell the browser.
func checkIdentity(who identity) *refusal {
	low, high, code := uint32(layout.MinUID), uint32(1<<32-2), "not-permitted"
	if who.guest {
		low, high, code = 1, layout.MinUID-1, ""
	}
	if who.uid < low || who.uid > high || who.uid == layout.ApacheUID || who.uid == layout.NobodyUID {
		return &refusal{stepAccount, code, "uid " + itoa(int(who.uid)) + " of " + who.user + " is not one to run as"}
	}
	if who.gid == 0 || slices.Contains(who.groups, 0) {
		return &refusal{stepAccount, code, who.user + " is in group 0"}
	}
	return nil
}

// permanentlySetIdentity gives up root: groups and gid first, uid last, in all threads (syscall, not x/sys, whose
// Setgroups changes the calling thread alone).
func permanentlySetIdentity(who identity) *refusal {
	groups := make([]int, len(who.groups))
	for i, g := range who.groups {
		groups[i] = int(g)
	}
	if err := syscall.Setgroups(groups); err != nil {
		return &refusal{stepBecome, "", "setgroups: " + err.Error()}
	}
	if err := syscall.Setresgid(int(who.gid), int(who.gid), int(who.gid)); err != nil {
		return &refusal{stepBecome, "", "setresgid: " + err.Error()}
	}
	if err := syscall.Setresuid(int(who.uid), int(who.uid), int(who.uid)); err != nil {
		return &refusal{stepBecome, "", "setresuid: " + err.Error()}
	}
	return nil
}

// proveIdentity looks at what the kernel says now, and tries to come back.
func proveIdentity(who identity) *refusal {
	ruid, euid, suid := unix.Getresuid()
	rgid, egid, sgid := unix.Getresgid()
	for _, id := range [...]int{ruid, euid, suid} {
		if id != int(who.uid) {
			return &refusal{stepProof, "", "a uid is still " + itoa(id)}
		}
	}
	for _, id := range [...]int{rgid, egid, sgid} {
		if id != int(who.gid) {
			return &refusal{stepProof, "", "a gid is still " + itoa(id)}
		}
	}
	found, err := unix.Getgroups()
	if err != nil || len(found) != len(who.groups) {
		return &refusal{stepProof, "", "supplementary groups differ"}
	}
	for _, g := range found {
		if !slices.Contains(who.groups, uint32(g)) {
			return &refusal{stepProof, "", "supplementary group " + itoa(g) + " is left"}
		}
	}
	if syscall.Setuid(0) == nil || syscall.Setgid(0) == nil || syscall.Setresuid(-1, 0, -1) == nil {
		return &refusal{stepProof, "", "root can be had back"}
	}
	return nil
}
