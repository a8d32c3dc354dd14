package main

import (
	"errors"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"sharezone/internal/config"
	"sharezone/internal/layout"
	"sharezone/internal/token"
)

// linkFor makes a link for an account as it is now.
func linkFor(t *testing.T, name string) string {
	t.Helper()
	a, err := findAccount(name)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	err = token.Machine().Issue(token.Record{Purpose: token.Password, User: name, UID: a.uid, State: stateOf(a)}, time.Now().Add(time.Hour), 0,
		func(made string, _ token.Record) error { text = made; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestRecover: a link sets one password, once, for the account that it was made for, as it was then and as the settings allow.
func TestRecover(t *testing.T) {
	needCopy(t)
	sh(t, "f=/etc/sharezone/sharezone.toml; cp -p $f $f.old; printf '[login]\nfailure_milliseconds = 300\naddress_failures = 10000\n[entries.internal]\npublic_url = \"https://share.example.org\"\n' >$f")
	defer sh(t, "f=/etc/sharezone/sharezone.toml; mv $f.old $f")
	const made = `printf '%s\n' "$2" | shzadm user add "$1" --role base --full-name Anna --email anna@example.org --password-stdin`
	const next = "Zw4-nuova-9 ù"
	remove := func() {
		sh(t, `for n in la-rec la-rec2; do userdel -f $n || true; groupdel $n || true; done 2>/dev/null; rm -f "$1"/* "$2"/*`, layout.Tokens, layout.Secrets)
	}
	defer remove()
	try := func(name, link, secret string) answer {
		return ask(t, layout.UserGuest, request{Op: "recover", Username: name, Token: link, New: secret, Entry: "internal", Address: "192.0.2.9"})
	}
	for what, spoil := range map[string]string{
		"password changed": `echo la-rec:Other-word-4-me | chpasswd`, "locked": `usermod -L la-rec`, "expired": `usermod -e 1 la-rec`,
		"manager": `gpasswd -a la-rec shzmgr`, "out of shzbase": `gpasswd -d la-rec shzbase`, "not made by Share Zone": `gpasswd -d la-rec shzonly`,
		"in a group of the system": `gpasswd -a la-rec adm`, "no address": `usermod -c Anna la-rec`, "another address": `shzadm user modify la-rec --email other@example.org`,
		"made anew":     `userdel -f la-rec; ` + strings.ReplaceAll(strings.ReplaceAll(made, "$2", password), "$1", "la-rec"),
		"late":          `cd ` + layout.Tokens + `; for f in ????????????????; do sed -i 's/"expires":"2/"expires":"1/' $f; done`,
		"settings":      `sed -i 's/^\[login\]/[login]\nrecovery = ""/' /etc/sharezone/sharezone.toml`,
		"no public_url": `sed -i /public_url/d /etc/sharezone/sharezone.toml`,
	} {
		t.Run(what, func(t *testing.T) {
			remove()
			sh(t, made, "la-rec", password)
			sh(t, "cp -p /etc/sharezone/sharezone.toml /etc/sharezone/sharezone.toml.as")
			defer sh(t, "mv /etc/sharezone/sharezone.toml.as /etc/sharezone/sharezone.toml")
			link := linkFor(t, "la-rec")
			sh(t, spoil)
			before := sh(t, "cat /etc/shadow")
			if a := try("la-rec", link, next); a.status != exitRefused || a.out != `{"error":"refused"}`+"\n" || a.took < 300*time.Millisecond {
				t.Errorf("%d %s after %v: %s", a.status, a.out, a.took, a.log)
			}
			if a := ask(t, layout.UserGuest, request{Op: "forgot", Username: "la-rec", Entry: "internal", Address: "192.0.2.9"}); what != "password changed" && what != "another address" && what != "made anew" && what != "late" &&
				(a.status != 0 || a.out != "{}\n" || a.took < 300*time.Millisecond || sh(t, "ls "+layout.Secrets) != "") {
				t.Errorf("asked: %d %s after %v: %s", a.status, a.out, a.took, a.log)
			}
			if sh(t, "cat /etc/shadow") != before {
				t.Error("a password changed")
			}
		})
	}
	remove()
	sh(t, made, "la-rec", password)
	sh(t, made, "la-rec2", password)
	link, other, file, others := linkFor(t, "la-rec"), linkFor(t, "la-rec2"), logIn(t, "la-rec"), logIn(t, "la-rec2")
	for what, row := range map[string]struct{ name, link, next, code string }{
		"another's name": {"la-rec2", link, next, "refused"}, "no name": {"", link, next, "refused"}, "no link": {"la-rec", "", next, "refused"},
		"another's link": {"la-rec", other, next, "refused"}, "root's name": {"root", link, next, "refused"}, "path": {"la-rec", "../../../../etc/shadow", next, "refused"},
		"weak": {"la-rec", link, "password", "weak"}, "empty": {"la-rec", link, "", "weak"}, "two lines": {"la-rec", link, next + "\nx", "weak"},
	} {
		if a := try(row.name, row.link, row.next); a.status != exitRefused || a.Error != row.code || strings.Contains(a.log, link) || strings.Contains(a.log, next) {
			t.Errorf("%s: %d %s %s", what, a.status, a.out, a.log)
		}
	}
	if a := try("la-rec", link, next); a.status != 0 || a.User != "la-rec" || lives(file) || !lives(others) {
		t.Errorf("%d %s %s; lives: own %v, another's %v", a.status, a.out, a.log, lives(file), lives(others))
	}
	logInWith(t, "la-rec", next)
	if a := try("la-rec", link, "Altra-parola-3 ò"); a.Error != "refused" {
		t.Errorf("twice: %s", a.out)
	}
}

// lockMeanwhile locks an account as an administrator does who is at it when somebody else begins: the lock of whoever changes it is held
// for a second.
func lockMeanwhile(t *testing.T, name string) (done func()) {
	t.Helper()
	file := layout.Slots + "/account-" + name
	c := exec.Command("flock", file, "sh", "-c", `echo; sleep 1; usermod -L "$1"`, "sh", name)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err == nil {
		_, err = out.Read(make([]byte, 1)) // it is held
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// TestLockedMeanwhile: who is locked while he sets a password has set none.
func TestLockedMeanwhile(t *testing.T) {
	needCopy(t)
	sh(t, "f=/etc/sharezone/sharezone.toml; cp -p $f $f.old; printf '[login]\nfailure_milliseconds = 300\naddress_failures = 10000\n[entries.internal]\npublic_url = \"https://share.example.org\"\n' >$f")
	defer sh(t, "f=/etc/sharezone/sharezone.toml; mv $f.old $f")
	remove := func() {
		sh(t, `userdel -f la-rec || true; rm -f "$1"/* "$2"/*`, layout.Tokens, layout.Secrets)
	}
	defer remove()
	for what, q := range map[string]request{"by a link": {Op: "recover"}, "by the old one": {Op: "password", Old: password}} {
		remove()
		sh(t, `printf '%s\n' "$2" | shzadm user add "$1" --role base --full-name Anna --email anna@example.org --password-stdin`, "la-rec", password)
		q.New, q.Session, q.Token = "Zw4-nuova-9 ù", logIn(t, "la-rec"), linkFor(t, "la-rec")
		q.Username, q.Entry, q.Address = "la-rec", "internal", "192.0.2.9"
		as := "la-rec"
		if q.Op == "recover" {
			as = layout.UserGuest
		}
		before := sh(t, "getent shadow la-rec | cut -d: -f2")
		done := lockMeanwhile(t, "la-rec")
		a := ask(t, as, q)
		done()
		busy := q.Op == "recover" && a.Error == "busy" // strangers can ask, so it does not wait for long
		if after := sh(t, "getent shadow la-rec | cut -d: -f2"); a.Error != "refused" && !busy || after != "!"+before {
			t.Errorf("%s: %d %s %s; the password was %s and is %s", what, a.status, a.out, a.log, before, after)
		}
	}
}

// TestChangedMeanwhile: what changes while it is asked who uses a link makes it refused.
func TestChangedMeanwhile(t *testing.T) {
	needCopy(t)
	sh(t, "f=/etc/sharezone/sharezone.toml; cp -p $f $f.old; printf '[login]\naddress_failures = 10000\n[entries.internal]\npublic_url = \"https://share.example.org\"\n' >$f")
	defer sh(t, "f=/etc/sharezone/sharezone.toml; mv $f.old $f")
	settings, err := config.Read()
	if err != nil {
		t.Fatal(err)
	}
	remove := func() { sh(t, `userdel -f la-rec || true; rm -f "$1"/* "$2"/*`, layout.Tokens, layout.Secrets) }
	defer remove()
	for what, command := range map[string]string{
		"nothing": "true", "locked": "usermod -L la-rec", "another password": "echo 'la-rec:Zw4-nuova-9 altra' | chpasswd", "another address": "usermod -c Anna,,,,third@example.org la-rec",
	} {
		remove()
		sh(t, `printf '%s\n' "$2" | shzadm user add "$1" --role base --full-name Anna --email anna@example.org --password-stdin`, "la-rec", password)
		q := request{Op: "recover", Username: "la-rec", Token: linkFor(t, "la-rec"), Entry: "internal", Address: "192.0.2.9"}
		used := false
		err := useLink(q, token.Password, settings,
			func(account, token.Record) error { sh(t, command); return nil },
			func(account, token.Record) error { used = true; return nil })
		var why *told
		if used != (what == "nothing") || !used && (!errors.As(err, &why) || why.code != "refused") {
			t.Errorf("%s: used %v: %v", what, used, err)
		}
	}
}

// TestLinkFromABusyAddress: of those behind one address some guess; who has a link uses it all the same.
func TestLinkFromABusyAddress(t *testing.T) {
	needCopy(t)
	sh(t, "f=/etc/sharezone/sharezone.toml; cp -p $f $f.old; printf '[login]\nfailure_milliseconds = 300\naddress_failures = 10\n[entries.internal]\npublic_url = \"https://share.example.org\"\n' >$f")
	defer sh(t, "f=/etc/sharezone/sharezone.toml; mv $f.old $f")
	sh(t, `rm -f "$1"/@192.0.2.*`, layout.Attempts)
	defer sh(t, `userdel -f la-rec || true; rm -f "$1"/* "$2"/* "$3"/@192.0.2.*`, layout.Tokens, layout.Secrets, layout.Attempts)
	sh(t, `printf '%s\n' "$2" | shzadm user add "$1" --role base --full-name Anna --email anna@example.org --password-stdin`, "la-rec", password)
	q := request{Op: "recover", Username: "la-rec", New: "Zw4-nuova-9 ù", Entry: "internal", Address: "192.0.2.36"}
	for range 11 {
		q.Token = strings.Repeat("0", 16) + "-" + strings.Repeat("0", 64)
		if a := ask(t, layout.UserGuest, q); a.Error != "refused" {
			t.Errorf("made up: %s", a.out)
		}
	}
	if a := ask(t, layout.UserGuest, request{Op: "login", Username: "la-rec", Password: password, Entry: "internal", Address: q.Address}); a.Error != "refused" {
		t.Errorf("links that were made up do not count: %s", a.out)
	}
	q.Token = linkFor(t, "la-rec")
	if a := ask(t, layout.UserGuest, q); a.status != 0 {
		t.Errorf("%d %s %s", a.status, a.out, a.log)
	}
}

// TestForgot: of what is asked for nobody is told anything; who may have a link has one sent, and not again at once.
func TestForgot(t *testing.T) {
	needCopy(t)
	sh(t, "f=/etc/sharezone/sharezone.toml; cp -p $f $f.old; printf '[login]\nfailure_milliseconds = 300\naddress_failures = 10\n[entries.internal]\npublic_url = \"https://share.example.org\"\n' >$f")
	defer sh(t, "f=/etc/sharezone/sharezone.toml; mv $f.old $f")
	defer sh(t, `for n in la-rec la-rec2; do userdel -f $n || true; done 2>/dev/null; rm -f "$1"/* "$2"/*`, layout.Tokens, layout.Secrets)
	for _, name := range []string{"la-rec", "la-rec2"} {
		sh(t, `printf '%s\n' "$2" | shzadm user add "$1" --role base --full-name Anna --email anna@example.org --password-stdin`, name, password)
	}
	sh(t, `rm -f "$1"/@192.0.2.*`, layout.Attempts) // of an earlier run
	asked := func(name, address string) answer {
		return ask(t, layout.UserGuest, request{Op: "forgot", Username: name, Entry: "internal", Address: address})
	}
	for i, name := range []string{"la-rec", "la-rec", "la-none", "root", "shzspool", "", "../x", "la-rec\n", strings.Repeat("x", 500)} {
		a := asked(name, "192.0.2.33")
		if a.status != 0 || a.out != "{}\n" || a.took < questionTime*300*time.Millisecond {
			t.Errorf("%q: %d %s after %v", name, a.status, a.out, a.took)
		}
		if files := strings.Fields(sh(t, "ls "+layout.Secrets)); len(files) != 1 {
			t.Errorf("%d. %q: handed over: %v", i, name, files)
		}
	}
	if state := sh(t, `stat -c '%a %U %G' "$1"/*`, layout.Secrets); state != "640 root shzspool" {
		t.Error(state)
	}
	asked("la-none", "192.0.2.33")
	if a := asked("la-rec2", "192.0.2.33"); a.out != "{}\n" || len(strings.Fields(sh(t, "ls "+layout.Secrets))) != 1 {
		t.Errorf("an address asks without end: %s %s", a.out, a.log)
	}
	if a := asked("la-rec2", "192.0.2.34"); a.out != "{}\n" || len(strings.Fields(sh(t, "ls "+layout.Secrets))) != 2 {
		t.Errorf("from elsewhere: %s %s", a.out, a.log)
	}
}

// TestForgotHoldsNoSlot: who asks for a link waits for his answer, and meanwhile keeps nobody from logging in.
func TestForgotHoldsNoSlot(t *testing.T) {
	needCopy(t)
	sh(t, "f=/etc/sharezone/sharezone.toml; cp -p $f $f.old; printf '[login]\nslots = 1\nfailure_milliseconds = 2000\naddress_failures = 10000\n[entries.internal]\npublic_url = \"https://share.example.org\"\n' >$f")
	defer sh(t, "f=/etc/sharezone/sharezone.toml; mv $f.old $f")
	var group sync.WaitGroup
	for range 4 { // each is answered after six seconds, and nobody waits for a slot for so long
		for _, q := range []request{{Op: "forgot", Username: "la-none"}, {Op: "recover", Username: "la-none", Token: "x", New: password}} {
			q.Entry, q.Address = "internal", "192.0.2.35"
			group.Go(func() {
				if a := ask(t, layout.UserGuest, q); a.Error == "busy" {
					t.Errorf("%s: %s", q.Op, a.out)
				}
			})
		}
	}
	group.Wait()
}

// TestLinkKeepsCodeCounts: whoever reads somebody's mail gets no new guesses at his codes by a link.
func TestLinkKeepsCodeCounts(t *testing.T) {
	needCopy(t)
	policy(t, "optional")
	sh(t, `f=/etc/sharezone/sharezone.toml; sed -i '/second_factor/a public_url = "https://share.example.org"' $f`)
	defer sh(t, `userdel -f la-rec || true; rm -f "$1"/* "$2"/*`, layout.Tokens, layout.Secrets)
	sh(t, `printf '%s\n' "$2" | shzadm user add "$1" --role base --full-name Anna --email anna@example.org --password-stdin`, "la-rec", password)
	key, _ := enrolled(t, "la-rec", logIn(t, "la-rec"))
	wrong := wrongCode(t, key)
	file := half(t, "la-rec")
	for range 3 {
		if a := ask(t, "la-rec", request{Op: "code", Session: file, Code: wrong}); a.Error != "refused" {
			t.Fatalf("%d %s %s", a.status, a.out, a.log)
		}
	}
	q := loginOf("la-rec")
	q.Password, q.Address = "wrong", "192.0.2.70"
	ask(t, layout.UserGuest, q)
	counted := func() string {
		return sh(t, `for d in faillock faillock-codes; do faillock --dir /var/lib/sharezone/$d --user la-rec | grep -c 192.0.2 || true; done; cat /var/lib/sharezone/attempts/la-rec@192.0.2.7 | grep -o '"failures":[0-9]*'`)
	}
	if got := counted(); got != "1\n3\n\"failures\":3" {
		t.Fatal(got)
	}
	a := ask(t, layout.UserGuest, request{Op: "recover", Username: "la-rec", Token: linkFor(t, "la-rec"), New: "Zw4-nuova-9 ù", Entry: "internal", Address: "192.0.2.9"})
	if got := counted(); a.status != 0 || got != "0\n3\n\"failures\":3" {
		t.Errorf("%d %s %s: %s", a.status, a.out, a.log, got)
	}
	sh(t, "shzadm user unlock la-rec")
	if got := sh(t, `for d in faillock faillock-codes; do faillock --dir /var/lib/sharezone/$d --user la-rec | grep -c 192.0.2 || true; done; cat /var/lib/sharezone/attempts/la-rec@* | grep -c '"failures":[1-9]' || true`); got != "0\n0\n0" {
		t.Errorf("an administrator's unlocking: %s", got)
	}
}
