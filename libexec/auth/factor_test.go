package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// codeOf is what an app shows now, or so many steps of 30 seconds later. It is good for some seconds yet.
func codeOf(t *testing.T, key string, later int64) string {
	t.Helper()
	if left := 30 - time.Now().Unix()%30; left < 8 {
		time.Sleep(time.Duration(left) * time.Second)
	}
	return codeAt(t, key, time.Now().Unix()/30+later)
}

// usedCode is the code by which somebody set his second factor up: the one of half a minute before now is soon another.
func usedCode(t *testing.T, name, key string) string {
	t.Helper()
	step, err := strconv.ParseInt(sh(t, `sed -n 's/^" DISALLOW_REUSE \([0-9]*\).*/\1/p' "/var/lib/sharezone/factors/$1"`, name), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return codeAt(t, key, step)
}

// codeAt is the code of a half minute since 1970.
func codeAt(t *testing.T, key string, step int64) string {
	t.Helper()
	secret, err := base32.StdEncoding.DecodeString(key)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha1.New, secret)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := h.Sum(nil)
	at := sum[19] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&(1<<31-1)%1000000)
}

// wrongCode is none that the app shows about now.
func wrongCode(t *testing.T, key string) string {
	for n := range 10 {
		code := fmt.Sprintf("%06d", n)
		if !slices.ContainsFunc([]int64{-2, -1, 0, 1, 2}, func(later int64) bool { return codeOf(t, key, later) == code }) {
			return code
		}
	}
	return ""
}

// policy sets what is asked of those who have no zones, until the test ends.
func policy(t *testing.T, value string) {
	t.Helper()
	sh(t, `f=/etc/sharezone/sharezone.toml; cp -p $f $f.factor; printf '[login]\nfailure_milliseconds = 300\n[entries.internal]\nsecond_factor_base = "%s"\n' "$1" >$f`, value)
	t.Cleanup(func() {
		sh(t, "f=/etc/sharezone/sharezone.toml; mv $f.factor $f; rm -f /var/lib/sharezone/factors/* /var/lib/sharezone/factors/.[!.]* /var/lib/sharezone/attempts/* /var/lib/sharezone/faillock-codes/*")
	})
}

// enrolled sets a second factor up in a session, and returns its key and the recovery codes. The code of now is used by it.
func enrolled(t *testing.T, name, file string) (key string, recovery []string) {
	t.Helper()
	a := ask(t, name, request{Op: "factor-begin", Session: file, Password: password})
	if a.status != 0 || a.Factor == nil {
		t.Fatalf("begin: %d %s %s", a.status, a.out, a.log)
	}
	b := ask(t, name, request{Op: "factor-confirm", Session: file, Code: codeOf(t, a.Factor.Key, -1)})
	if b.status != 0 || len(b.Recovery) != 10 {
		t.Fatalf("confirm: %d %s %s", b.status, b.out, b.log)
	}
	return a.Factor.Key, b.Recovery
}

// half logs in as far as the code.
func half(t *testing.T, name string) string {
	t.Helper()
	a := ask(t, layout.UserGuest, loginOf(name))
	file, ok := session.FileName(a.ID)
	if a.status != 0 || !ok || a.Lacks != session.LacksCode {
		t.Fatalf("login: %d %s %s", a.status, a.out, a.log)
	}
	t.Cleanup(func() { os.Remove(layout.Sessions + "/" + file) })
	return file
}

// TestFactorLogin: with the real module, codes let in once, recovery codes too, and what lets in nobody counts.
func TestFactorLogin(t *testing.T) {
	needCopy(t)
	policy(t, "optional")
	newUser(t, "la-anna", "shzbase")
	first := logIn(t, "la-anna")
	other := logIn(t, "la-anna")
	key, recovery := enrolled(t, "la-anna", first)
	if !lives(first) || lives(other) {
		t.Error("a session that was opened by the password alone lives on, or the one in which it was set up does not")
	}
	file := half(t, "la-anna")
	if r, _ := record(t, file); r.Lacks != session.LacksCode || r.Idle > halfTime || r.Absolute != halfTime {
		t.Errorf("%+v", r)
	}
	for name, code := range map[string]string{"wrong": wrongCode(t, key), "used to set up": usedCode(t, "la-anna", key), "none": "", "the password": password, "too long": strings.Repeat("1", 600), "wrong recovery": "99999999", "option": "-1"} {
		if a := ask(t, "la-anna", request{Op: "code", Session: file, Code: code}); a.status != exitRefused || a.Error != "refused" || a.took < 300*time.Millisecond || strings.Contains(a.log, password) || !lives(file) {
			t.Errorf("%s: %d %s %s", name, a.status, a.out, a.log)
		}
	}
	code := codeOf(t, key, 0)
	a := ask(t, "la-anna", request{Op: "code", Session: file, Code: code})
	whole, ok := session.FileName(a.ID)
	if a.status != 0 || !ok || lives(file) || whole == file {
		t.Fatalf("%d %s %s", a.status, a.out, a.log)
	}
	if r, _ := record(t, whole); r.Lacks != session.LacksNothing || r.Absolute <= halfTime || r.User != "la-anna" {
		t.Errorf("%+v", r)
	}
	// The same code again, in the other form too: it is used.
	file = half(t, "la-anna")
	if a := ask(t, "la-anna", request{Op: "code", Session: file, Code: code}); a.Error != "refused" {
		t.Errorf("used code: %d %s", a.status, a.out)
	}
	q := loginOf("la-anna")
	if q.Code = code; ask(t, layout.UserGuest, q).Error != "refused" {
		t.Error("used code at the login")
	}
	// A recovery code at once with the password, and never again.
	q.Code = recovery[3]
	if a := ask(t, layout.UserGuest, q); a.status != 0 || a.Lacks != "" || a.ID == "" {
		t.Errorf("recovery: %d %s %s", a.status, a.out, a.log)
	}
	if a := ask(t, layout.UserGuest, q); a.Error != "refused" || a.ID != "" {
		t.Errorf("recovery again: %d %s", a.status, a.out)
	}
	q.Code, q.Password = codeOf(t, key, 1), "wrong"
	if a := ask(t, layout.UserGuest, q); a.Error != "refused" {
		t.Errorf("a right code with a wrong password: %d %s", a.status, a.out)
	}
	if out := sh(t, "stat -c '%a %U' /var/lib/sharezone/factors /var/lib/sharezone/factors/la-anna; grep -cE '^[0-9]{8}$' /var/lib/sharezone/factors/la-anna"); !strings.HasPrefix(out, "700 root\n") || !strings.HasSuffix(out, " root\n9") || strings.Contains(out, "4 root") {
		t.Error(out)
	}
}

// TestFactorOnce: of many who bring one code at the same time one gets in.
func TestFactorOnce(t *testing.T) {
	needCopy(t)
	policy(t, "optional")
	newUser(t, "la-anna", "shzbase")
	key, _ := enrolled(t, "la-anna", logIn(t, "la-anna"))
	files := make([]string, 5)
	for i := range files {
		files[i] = half(t, "la-anna")
	}
	code := codeOf(t, key, 0)
	var group sync.WaitGroup
	var mu sync.Mutex
	in := 0
	for _, file := range files {
		group.Go(func() {
			a := ask(t, "la-anna", request{Op: "code", Session: file, Code: code})
			mu.Lock()
			defer mu.Unlock()
			if a.ID != "" {
				in++
			}
		})
	}
	group.Wait()
	if in != 1 {
		t.Errorf("%d got in", in)
	}
}

// TestFactorGuess: right passwords buy no guesses at a code: for the address, and from many addresses for the account.
func TestFactorGuess(t *testing.T) {
	needCopy(t)
	policy(t, "optional")
	sh(t, `sed -i 's/^\[login\]/[login]\npair_failures = 4/' /etc/sharezone/sharezone.toml; cp -p /etc/sharezone/faillock.conf /run/la-faillock; sed -i 's/^deny.*/deny = 6/' /etc/sharezone/faillock.conf`)
	defer sh(t, "mv /run/la-faillock /etc/sharezone/faillock.conf")
	newUser(t, "la-anna", "shzbase")
	key, _ := enrolled(t, "la-anna", logIn(t, "la-anna"))
	from := func(address string) string {
		q := loginOf("la-anna")
		q.Address = address
		file, _ := session.FileName(ask(t, layout.UserGuest, q).ID)
		return file
	}
	wrong := wrongCode(t, key)
	for i := range 4 {
		file := from("192.0.2.1")
		if !lives(file) {
			t.Fatalf("the password is refused after %d wrong codes", i)
		}
		ask(t, "la-anna", request{Op: "code", Session: file, Code: wrong})
	}
	if from("192.0.2.1") != "" {
		t.Error("the address still gets as far as the code")
	}
	for _, address := range []string{"192.0.2.2", "192.0.2.3"} {
		ask(t, "la-anna", request{Op: "code", Session: from(address), Code: wrong})
	}
	file := from("192.0.2.4")
	if !lives(file) {
		t.Fatal("the password is refused elsewhere, too")
	}
	if a := ask(t, "la-anna", request{Op: "code", Session: file, Code: codeOf(t, key, 0)}); a.Error != "refused" {
		t.Errorf("a right code after six wrong ones: %d %s", a.status, a.out)
	}
	sh(t, "shzadm user unlock la-anna || faillock --dir /var/lib/sharezone/faillock-codes --user la-anna --reset")
	if a := ask(t, "la-anna", request{Op: "code", Session: file, Code: codeOf(t, key, 1)}); a.status != 0 || a.ID == "" {
		t.Errorf("after the reset: %d %s %s", a.status, a.out, a.log)
	}
}

// TestFactorHalf: a half authenticated session is good for nothing that needs a whole one, nor is one of another kind or of another's.
func TestFactorHalf(t *testing.T) {
	needCopy(t)
	policy(t, "optional")
	newUser(t, "la-anna", "shzbase")
	newUser(t, "la-bruno", "shzbase")
	whole := logIn(t, "la-anna")
	key, _ := enrolled(t, "la-anna", whole)
	brunos := logIn(t, "la-bruno")
	file := half(t, "la-anna")
	before := sh(t, "sha256sum /var/lib/sharezone/factors/*; getent shadow la-anna")
	for name, row := range map[string]struct {
		as string
		q  request
	}{
		"password":          {"la-anna", request{Op: "password", Session: file, Old: password, New: "Another-9-prova"}},
		"look":              {"la-anna", request{Op: "factor", Session: file}},
		"begin":             {"la-anna", request{Op: "factor-begin", Session: file, Password: password}},
		"confirm":           {"la-anna", request{Op: "factor-confirm", Session: file, Code: codeOf(t, key, 0)}},
		"codes":             {"la-anna", request{Op: "factor-codes", Session: file, Password: password}},
		"off":               {"la-anna", request{Op: "factor-off", Session: file, Password: password}},
		"code of a whole":   {"la-anna", request{Op: "code", Session: whole, Code: codeOf(t, key, 0)}},
		"code by another":   {"la-bruno", request{Op: "code", Session: file, Code: codeOf(t, key, 0)}},
		"look by another":   {"la-bruno", request{Op: "factor", Session: whole}},
		"off by another":    {"la-bruno", request{Op: "factor-off", Session: whole, Password: password}},
		"another's session": {"la-anna", request{Op: "factor-off", Session: brunos, Password: password}},
		"no session":        {"la-anna", request{Op: "code", Code: codeOf(t, key, 0)}},
		"a path":            {"la-anna", request{Op: "code", Session: "../factors/la-anna", Code: codeOf(t, key, 0)}},
	} {
		if a := ask(t, row.as, row.q); a.status != exitRefused || a.Error != "ended" || a.ID != "" || a.Factor != nil {
			t.Errorf("%s: %d %s %s", name, a.status, a.out, a.log)
		}
	}
	for _, as := range []string{"", layout.UserGuest} {
		for _, op := range []string{"code", "factor", "factor-begin", "factor-confirm", "factor-codes", "factor-off"} {
			if a := ask(t, as, request{Op: op, Session: file, Password: password, Code: codeOf(t, key, 0)}); a.status != exitUsage {
				t.Errorf("%s as %q: %d %s", op, as, a.status, a.out)
			}
		}
	}
	if after := sh(t, "sha256sum /var/lib/sharezone/factors/*; getent shadow la-anna"); after != before {
		t.Error("something changed")
	}
	sh(t, `touch -d "20 minutes ago" "$1"`, layout.Sessions+"/"+file)
	if a := ask(t, "la-anna", request{Op: "code", Session: file, Code: codeOf(t, key, 0)}); a.Error != "ended" {
		t.Errorf("too late: %d %s", a.status, a.out)
	}
	if a := ask(t, "la-anna", request{Op: "logout", Session: half(t, "la-anna")}); a.status != 0 {
		t.Errorf("logout: %d %s", a.status, a.out)
	}
}

// TestFactorOwn: what changes a second factor asks for the password; it is off and on as he says.
func TestFactorOwn(t *testing.T) {
	needCopy(t)
	policy(t, "optional")
	newUser(t, "la-anna", "shzbase")
	file := logIn(t, "la-anna")
	key, old := enrolled(t, "la-anna", file)
	for _, op := range []string{"factor-begin", "factor-codes", "factor-off"} {
		for _, secret := range []string{"", "wrong", codeOf(t, key, 0)} {
			if a := ask(t, "la-anna", request{Op: op, Session: file, Password: secret}); a.Error != "refused" || a.took < 300*time.Millisecond {
				t.Errorf("%s with %q: %d %s", op, secret, a.status, a.out)
			}
		}
	}
	if a := ask(t, "la-anna", request{Op: "factor", Session: file}); a.Factor == nil || !a.Factor.Enrolled || a.Factor.Recovery != 10 || a.Factor.Key != "" || strings.Contains(a.out, key) {
		t.Errorf("%s", a.out)
	}
	renewed := ask(t, "la-anna", request{Op: "factor-codes", Session: file, Password: password})
	q := loginOf("la-anna")
	if q.Code = old[0]; ask(t, layout.UserGuest, q).Error != "refused" {
		t.Error("an old recovery code")
	}
	if q.Code = renewed.Recovery[0]; ask(t, layout.UserGuest, q).status != 0 {
		t.Error("a new recovery code")
	}
	// Another phone: the old one is good until the new one is confirmed.
	begun := ask(t, "la-anna", request{Op: "factor-begin", Session: file, Password: password})
	if q.Code = codeOf(t, key, 0); ask(t, layout.UserGuest, q).status != 0 {
		t.Error("the old phone, while the new one is set up")
	}
	if a := ask(t, "la-anna", request{Op: "factor-confirm", Session: file, Code: wrongCode(t, begun.Factor.Key)}); a.Error != "refused" {
		t.Errorf("%d %s", a.status, a.out)
	}
	if a := ask(t, "la-anna", request{Op: "factor-confirm", Session: file, Code: codeOf(t, begun.Factor.Key, 0)}); a.status != 0 {
		t.Errorf("%d %s", a.status, a.out)
	}
	if q.Code = codeOf(t, key, 1); ask(t, layout.UserGuest, q).Error != "refused" {
		t.Error("the old phone is still good")
	}
	if a := ask(t, "la-anna", request{Op: "factor-confirm", Session: file, Code: codeOf(t, key, 0)}); a.Error != "nothing" {
		t.Errorf("%d %s", a.status, a.out)
	}
	if a := ask(t, "la-anna", request{Op: "factor-off", Session: file, Password: password}); a.status != 0 {
		t.Errorf("%d %s", a.status, a.out)
	}
	logIn(t, "la-anna")
}

// TestFactorRequired: who has none can do nothing but set one up, and cannot turn it off.
func TestFactorRequired(t *testing.T) {
	needCopy(t)
	policy(t, "required")
	newUser(t, "la-anna", "shzbase")
	var files [2]string
	for i := range files {
		a := ask(t, layout.UserGuest, loginOf("la-anna"))
		if files[i], _ = session.FileName(a.ID); a.Lacks != session.LacksEnrolment {
			t.Fatalf("%d %s %s", a.status, a.out, a.log)
		}
	}
	if a := ask(t, "la-anna", request{Op: "password", Session: files[0], Old: password, New: "Another-9-prova"}); a.Error != "ended" {
		t.Errorf("%d %s", a.status, a.out)
	}
	stale := ask(t, "la-anna", request{Op: "factor-begin", Session: files[1]})
	if stale.status != 0 {
		t.Fatalf("%d %s %s", stale.status, stale.out, stale.log)
	}
	sh(t, "cp -p "+layout.Sessions+"/"+files[1]+" /run/la-stale")
	begun := ask(t, "la-anna", request{Op: "factor-begin", Session: files[0]})
	a := ask(t, "la-anna", request{Op: "factor-confirm", Session: files[0], Code: codeOf(t, begun.Factor.Key, 0)})
	whole, ok := session.FileName(a.ID)
	if a.status != 0 || !ok || len(a.Recovery) != 10 || lives(files[0]) || lives(files[1]) || !lives(whole) {
		t.Fatalf("%d %s %s", a.status, a.out, a.log)
	}
	defer os.Remove(layout.Sessions + "/" + whole)
	// Even if the other half authenticated session were there yet, the password alone replaces nothing.
	sh(t, "mv /run/la-stale "+layout.Sessions+"/"+files[1])
	for _, q := range []request{{Op: "factor-begin"}, {Op: "factor-off"}, {Op: "factor-codes"}, {Op: "factor-confirm", Code: codeOf(t, stale.Factor.Key, 0)}} {
		q.Session = files[1]
		if a := ask(t, "la-anna", q); a.Error != "ended" {
			t.Errorf("%s: %d %s", q.Op, a.status, a.out)
		}
	}
	if a := ask(t, "la-anna", request{Op: "factor-off", Session: whole, Password: password}); a.Error != "required" {
		t.Errorf("%d %s", a.status, a.out)
	}
	// A namesake who is made anew has none of his predecessor's.
	sh(t, "userdel -f la-anna; useradd -M -U -u 4444 -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -G shzbase la-anna; printf 'la-anna:%s\n' \"$1\" | chpasswd", password)
	if a := ask(t, layout.UserGuest, loginOf("la-anna")); a.Lacks != session.LacksEnrolment {
		t.Errorf("%d %s %s", a.status, a.out, a.log)
	}
}

// TestFactorChangedMeanwhile: who is locked, or whose password is another one, between the two steps of a login does not take the second.
func TestFactorChangedMeanwhile(t *testing.T) {
	needCopy(t)
	for what, command := range map[string]string{"locked": "usermod -L la-anna", "expired": "chage -E 0 la-anna", "another password": "echo la-anna:Other-9-prova | chpasswd"} {
		t.Run(what, func(t *testing.T) {
			policy(t, "required")
			newUser(t, "la-anna", "shzbase")
			login := ask(t, layout.UserGuest, loginOf("la-anna"))
			file, _ := session.FileName(login.ID)
			begun := ask(t, "la-anna", request{Op: "factor-begin", Session: file})
			if begun.Factor == nil {
				t.Fatalf("%d %s %s", begun.status, begun.out, begun.log)
			}
			sh(t, "cp -p /etc/shadow /run/la-shadow")
			sh(t, command)
			a := ask(t, "la-anna", request{Op: "factor-confirm", Session: file, Code: codeOf(t, begun.Factor.Key, -1)})
			if a.Error != "ended" || a.ID != "" || lives(file) || sh(t, "ls "+layout.Factors) != "" {
				t.Errorf("setting up: %d %s %s", a.status, a.out, a.log)
			}
			sh(t, "cat /run/la-shadow >/etc/shadow; rm -f /run/la-shadow /var/lib/sharezone/factors/.[!.]*")
			login = ask(t, layout.UserGuest, loginOf("la-anna"))
			file, _ = session.FileName(login.ID)
			begun = ask(t, "la-anna", request{Op: "factor-begin", Session: file})
			whole := ask(t, "la-anna", request{Op: "factor-confirm", Session: file, Code: codeOf(t, begun.Factor.Key, -1)})
			if whole.status != 0 {
				t.Fatalf("%d %s %s", whole.status, whole.out, whole.log)
			}
			file = half(t, "la-anna")
			sh(t, command)
			a = ask(t, "la-anna", request{Op: "code", Session: file, Code: codeOf(t, begun.Factor.Key, 0)})
			if a.Error != "ended" || a.ID != "" || lives(file) {
				t.Errorf("the code: %d %s %s", a.status, a.out, a.log)
			}
			sh(t, "rm -f "+layout.Sessions+"/*")
		})
	}
}

// TestFactorCrossEntry: by an entry that asks for no code, the password alone does not change what another entry asks for.
func TestFactorCrossEntry(t *testing.T) {
	needCopy(t)
	policy(t, "off")
	sh(t, `printf '[entries.external]\nsecond_factor_base = "required"\n' >>/etc/sharezone/sharezone.toml`)
	newUser(t, "la-anna", "shzbase")
	outside := loginOf("la-anna")
	outside.Entry = "external"
	login := ask(t, layout.UserGuest, outside)
	file, _ := session.FileName(login.ID)
	begun := ask(t, "la-anna", request{Op: "factor-begin", Session: file})
	if login.Lacks != session.LacksEnrolment || begun.Factor == nil {
		t.Fatalf("%s %s %s", login.out, begun.out, begun.log)
	}
	key := begun.Factor.Key
	used := codeOf(t, key, -1) // once: half a minute later the code before the present one is another
	set := ask(t, "la-anna", request{Op: "factor-confirm", Session: file, Code: used})
	if set.status != 0 {
		t.Fatalf("%d %s %s", set.status, set.out, set.log)
	}
	if whole, _ := session.FileName(set.ID); true {
		if r, _ := record(t, whole); !r.Code {
			t.Error("the session in which it was set up does not say so")
		}
	}
	before := sh(t, "cat /var/lib/sharezone/factors/la-anna")
	inside := logIn(t, "la-anna")
	if r, _ := record(t, inside); r.Code {
		t.Error("a session that showed no code says that it did")
	}
	if a := ask(t, "la-anna", request{Op: "factor", Session: inside}); a.Factor == nil || !a.Factor.AskCode {
		t.Errorf("%s", a.out)
	}
	for _, op := range []string{"factor-begin", "factor-codes", "factor-off"} {
		for what, code := range map[string]string{"none": "", "wrong": wrongCode(t, key), "used": used} {
			if a := ask(t, "la-anna", request{Op: op, Session: inside, Password: password, Code: code}); a.Error != "refused" || a.took < 300*time.Millisecond {
				t.Errorf("%s, %s: %d %s %s", op, what, a.status, a.out, a.log)
			}
		}
	}
	if a := ask(t, "la-anna", request{Op: "factor-confirm", Session: inside, Code: codeOf(t, key, 0)}); a.Error != "ended" {
		t.Errorf("confirm: %d %s", a.status, a.out)
	}
	if left := sh(t, "cat /var/lib/sharezone/factors/la-anna; ls -A /var/lib/sharezone/factors"); left != before+"\nla-anna" {
		t.Errorf("something changed: %s", left)
	}
	sh(t, "rm -f /var/lib/sharezone/attempts/* /var/lib/sharezone/faillock-codes/*")
	// A code with the password is enough, once in a session.
	if a := ask(t, "la-anna", request{Op: "factor-codes", Session: inside, Password: password, Code: codeOf(t, key, 0)}); a.status != 0 || len(a.Recovery) != 10 {
		t.Errorf("%d %s %s", a.status, a.out, a.log)
	}
	if r, _ := record(t, inside); !r.Code {
		t.Error("the session does not remember its code")
	}
	if a := ask(t, "la-anna", request{Op: "factor-begin", Session: inside, Password: password}); a.status != 0 {
		t.Errorf("%d %s %s", a.status, a.out, a.log)
	}
}

// TestFactorLacking: a session that lacks what is asked of its user by now ends; one that showed a code goes on.
func TestFactorLacking(t *testing.T) {
	needCopy(t)
	policy(t, "optional")
	sh(t, `printf 'second_factor_admin = "required"\n' >>/etc/sharezone/sharezone.toml`)
	newUser(t, "la-anna", "shzbase")
	newUser(t, "la-bruno", "shzbase")
	with, without := logIn(t, "la-anna"), logIn(t, "la-bruno")
	enrolled(t, "la-anna", with)
	sh(t, "touch /etc/group") // else nobody looks at it again
	before, _ := record(t, without)
	if a := ask(t, "", request{Op: "refresh", Session: without}); a.status != 0 || !lives(without) {
		t.Errorf("%d %s", a.status, a.log)
	} else if after, _ := record(t, without); after.Stamp == before.Stamp {
		t.Error("it was not looked at")
	}
	sh(t, "gpasswd -a la-anna shzadmin; gpasswd -a la-bruno shzadmin")
	for file, want := range map[string]int{with: 0, without: exitEnded} {
		if a := ask(t, "", request{Op: "refresh", Session: file}); a.status != want || lives(file) != (want == 0) {
			t.Errorf("%d, want %d: %s", a.status, want, a.log)
		}
	}
	if a := ask(t, layout.UserGuest, loginOf("la-bruno")); a.Lacks != session.LacksEnrolment {
		t.Errorf("%d %s", a.status, a.out)
	}
	// Taken off, it is to be set up anew.
	sh(t, "rm /var/lib/sharezone/factors/la-anna; touch /etc/passwd")
	if a := ask(t, "", request{Op: "refresh", Session: with}); a.status != exitEnded || lives(with) {
		t.Errorf("%d %s", a.status, a.log)
	}
}

// TestFactorUnsure: somebody whose second factor cannot be found, but may be there, does not come in by the password.
func TestFactorUnsure(t *testing.T) {
	needCopy(t)
	policy(t, "optional")
	newUser(t, "la-anna", "shzbase")
	enrolled(t, "la-anna", logIn(t, "la-anna"))
	renamed := loginOf("la-anna2")
	sh(t, "usermod -l la-anna2 la-anna")
	a := ask(t, layout.UserGuest, renamed)
	sh(t, "usermod -l la-anna la-anna2; mv /var/lib/sharezone/factors /var/lib/sharezone/factors.old")
	b := ask(t, layout.UserGuest, loginOf("la-anna"))
	sh(t, "mv /var/lib/sharezone/factors.old /var/lib/sharezone/factors")
	if a.Error != "refused" || !strings.Contains(a.log, "another name") {
		t.Errorf("renamed: %d %s %s", a.status, a.out, a.log)
	}
	if b.status != exitInternal || b.ID != "" {
		t.Errorf("without the folder: %d %s %s", b.status, b.out, b.log)
	}
	half(t, "la-anna")
}

// TestFactorService: where no code can be checked nobody sets a second factor up, and what is no answer counts as none.
func TestFactorService(t *testing.T) {
	needCopy(t)
	policy(t, "optional")
	newUser(t, "la-anna", "shzbase")
	newUser(t, "la-bruno", "shzbase")
	key, _ := enrolled(t, "la-anna", logIn(t, "la-anna"))
	file, other := half(t, "la-anna"), logIn(t, "la-bruno")
	const counts = "cat /var/lib/sharezone/attempts/la-anna@* | grep -o '.failures.:[0-9]*'; cat /var/lib/sharezone/faillock-codes/la-anna 2>/dev/null | wc -c"
	before := sh(t, counts)
	for _, missing := range []string{"/etc/pam.d/sharezone-code", sh(t, "ls /usr/lib/*/security/pam_google_authenticator.so")} {
		sh(t, `mv "$1" "$1.away"`, missing)
		q := loginOf("la-anna")
		q.Code = codeOf(t, key, 0)
		answers := []answer{ask(t, "la-anna", request{Op: "code", Session: file, Code: q.Code}), ask(t, layout.UserGuest, q), ask(t, "la-bruno", request{Op: "factor-begin", Session: other, Password: password})}
		sh(t, `mv "$1.away" "$1"`, missing)
		for i, a := range answers {
			if a.status != exitInternal || a.Error != "internal" || a.ID != "" || !strings.Contains(a.log, "second factor") {
				t.Errorf("without %s, %d: %d %s %s", missing, i, a.status, a.out, a.log)
			}
		}
	}
	if after := sh(t, counts); after != before {
		t.Errorf("counted: %s, then %s", before, after)
	}
	if a := ask(t, "la-anna", request{Op: "code", Session: file, Code: codeOf(t, key, 0)}); a.status != 0 {
		t.Errorf("%d %s %s", a.status, a.out, a.log)
	}
}
