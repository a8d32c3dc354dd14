package main

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// TestPassword: the password changes through PAM, and with it everything that the old one opened ends.
func TestPassword(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	newUser(t, "la-bruno", "shzbase")
	file, bruno := logIn(t, "la-anna"), logIn(t, "la-bruno")
	const next = "Zw4-nuova-9 ù"
	long := strings.Repeat("aB3-", 130)
	// Refused ones wait for so long, one after the other.
	const failure = 300 * time.Millisecond
	sh(t, "f=/etc/sharezone/sharezone.toml; cp -p $f $f.old; printf '[login]\nfailure_milliseconds = 300\n' >$f")
	defer sh(t, "f=/etc/sharezone/sharezone.toml; mv $f.old $f")
	before := sh(t, "cat /etc/shadow; stat -c '%a %U %G' /etc/shadow")
	for name, row := range map[string]struct{ session, old, next, code string }{
		"wrong old": {file, "wrong", next, "refused"}, "empty old": {file, "", next, "refused"}, "empty new": {file, password, "", "weak"},
		"old with NUL": {file, password + "\x00", next, "refused"}, "new with NUL": {file, password, next + "\x00", "weak"},
		"new with a line break": {file, password, next + "\n1", "weak"},
		"new of 512 bytes":      {file, password, long[:512], "weak"}, "old of 513 bytes": {file, long[:513], next, "refused"},
		"same": {file, password, password, "weak"}, "short": {file, password, "aB3-", "weak"}, "one letter": {file, password, strings.Repeat("a", 30), "weak"},
		"in a dictionary": {file, password, "password", "weak"}, "the name": {file, password, "la-anna", "weak"},
		"another's session": {bruno, password, next, "ended"}, "no session": {"", password, next, "ended"}, "unknown session": {strings.Repeat("0", 64), password, next, "ended"},
		"path": {"../../../../etc/shadow", password, next, "ended"},
	} {
		a := ask(t, "la-anna", request{Op: "password", Session: row.session, Old: row.old, New: row.next})
		if why, known := map[string]string{"same": "old", "short": "short", "the name": "short", "one letter": "palindrome"}[name]; known && a.Why != why {
			t.Errorf("%s: said to be %q: %s", name, a.Why, a.log)
		}
		if a.status != exitRefused || a.Error != row.code || strings.Contains(a.log, next) || strings.Contains(a.log, password) {
			t.Errorf("%s: %d %s %s", name, a.status, a.out, a.log)
		}
		if row.code == "refused" && a.took < failure {
			t.Errorf("%s: refused after %v: passwords could be tried quickly", name, a.took)
		}
	}
	var group sync.WaitGroup
	answers := make([]answer, 6)
	for i := range answers {
		group.Go(func() {
			answers[i] = ask(t, "la-anna", request{Op: "password", Session: file, Old: "wrong", New: next})
		})
	}
	group.Wait()
	tried := 0
	for _, a := range answers {
		if a.Error == "refused" {
			tried++
		} else if a.Error != "busy" {
			t.Errorf("many at once: %d %s %s", a.status, a.out, a.log)
		}
	}
	if tried == 0 || tried > 3 { // three only where starting six processes takes longer than two refusals
		t.Errorf("%d of %d passwords were tried at once", tried, len(answers))
	}
	if after := sh(t, "cat /etc/shadow; stat -c '%a %U %G' /etc/shadow"); after != before || !lives(file) || !lives(bruno) {
		t.Errorf("/etc/shadow was\n%s\nand is\n%s", before, after)
	}
	sh(t, "chage -d 0 la-anna")
	other := logIn(t, "la-anna")
	before = sh(t, "grep -v ^la-anna: /etc/shadow; stat -c '%a %U %G' /etc/shadow")
	a := ask(t, "la-anna", request{Op: "password", Session: file, Old: password, New: next})
	if a.status != 0 || a.User != "la-anna" {
		t.Fatalf("%d %s %s", a.status, a.out, a.log)
	}
	if !lives(file) || lives(other) || !lives(bruno) {
		t.Errorf("lives: own %v, other %v, bruno's %v", lives(file), lives(other), lives(bruno))
	}
	if after := sh(t, "grep -v ^la-anna: /etc/shadow; stat -c '%a %U %G' /etc/shadow"); after != before {
		t.Errorf("/etc/shadow was\n%s\nand is\n%s", before, after)
	}
	if r, _ := record(t, file); r.MustChange || r.Stale(time.Now(), session.Stamp()) {
		t.Errorf("%+v", r)
	}
	sh(t, "touch /etc/passwd")
	if a := ask(t, "", request{Op: "refresh", Session: file}); a.status != 0 || !lives(file) {
		t.Errorf("the session he stands in: %d %s", a.status, a.log)
	}
	if a := ask(t, layout.UserGuest, loginOf("la-anna")); a.Error != "refused" {
		t.Error("the old password still holds")
	}
	logInWith(t, "la-anna", next)
	if hash := sh(t, "getent shadow la-anna | cut -d: -f2"); !strings.HasPrefix(hash, "$y$") {
		t.Errorf("hashed as %.5s", hash)
	}
}

// TestPasswordForms: long ones, lines, any letters; what can be set opens a session afterwards.
func TestPasswordForms(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	old := password
	random := make([]byte, 512) // nothing that a dictionary could have
	rand.NewChaCha8([32]byte{1}).Read(random)
	long := base64.StdEncoding.EncodeToString(random)
	for name, next := range map[string]string{
		"line": "prima riga 1\nSeconda riga", "letters": "漢字かな交じり文 è ß", "quotes": `a"b\c'd$(id);x`, "blanks": "  Xq7 molte parole  ",
		"511 bytes": long[1:512], "512 bytes": long[2:514],
	} {
		t.Run(name, func(t *testing.T) {
			file := logInWith(t, "la-anna", old)
			a := ask(t, "la-anna", request{Op: "password", Session: file, Old: old, New: next})
			if a.Error == "weak" && (len(next) > maxPassword || name == "line") {
				next = old
			} else if a.status != 0 {
				t.Fatalf("%d %s %s", a.status, a.out, a.log)
			}
			logInWith(t, "la-anna", next)
			old = next
		})
	}
}
