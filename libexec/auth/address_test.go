package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	accounts "sharezone/internal/account"
	"sharezone/internal/layout"
	"sharezone/internal/secret"
)

// addressOf makes an account whose address is its own to change, and returns how one asks.
func addressOf(t *testing.T) (asked func(session, email, password string) answer, use func(name, link string) answer) {
	t.Helper()
	needCopy(t)
	sh(t, "f=/etc/sharezone/sharezone.toml; cp -p $f $f.old; printf '[login]\nfailure_milliseconds = 300\naddress_failures = 10000\nown_address = \"base\"\n[entries.internal]\npublic_url = \"https://share.example.org\"\n' >$f")
	t.Cleanup(func() { sh(t, "f=/etc/sharezone/sharezone.toml; mv $f.old $f") })
	remove := func() {
		sh(t, `for n in la-adr la-adr2; do userdel -f $n || true; groupdel $n || true; done 2>/dev/null; rm -f "$1"/* "$2"/* "$3"/*`, layout.Tokens, layout.Secrets, layout.Verified)
	}
	remove()
	t.Cleanup(remove)
	sh(t, `printf '%s\n' "$1" | shzadm user add la-adr --role base --full-name Anna --email old@example.org --password-stdin`, password)
	return func(session, email, password string) answer {
			return ask(t, "la-adr", request{Op: "address", Session: session, Email: email, Password: password})
		}, func(name, link string) answer {
			return ask(t, layout.UserGuest, request{Op: "verify", Username: name, Token: link, Entry: "internal", Address: "192.0.2.9"})
		}
}

// handedOver returns what went to the worker, of a kind, and takes it away.
func handedOver(t *testing.T, kind secret.Kind) (all []secret.Secret) {
	t.Helper()
	files, err := os.ReadDir(layout.Secrets)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		s, err := secret.Read(layout.Secrets, f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if s.Kind == kind {
			all = append(all, s)
			os.Remove(layout.Secrets + "/" + f.Name())
		}
	}
	return all
}

// emailNow is what the account has, and whether it is verified, as shzadm says.
func emailNow(t *testing.T, name string) (string, bool) {
	t.Helper()
	var u accounts.User
	if err := json.Unmarshal([]byte(sh(t, `shzadm user show "$1" --json`, name)), &u); err != nil || u.Email == nil {
		t.Fatalf("%+v %v", u, err)
	}
	return *u.Email, u.EmailVerified
}

// TestAddress: the former address holds until the link is used that went to the new one; then that is told.
func TestAddress(t *testing.T) {
	asked, use := addressOf(t)
	file := logIn(t, "la-adr")
	for what, row := range map[string]struct{ session, email, password, code string }{
		"wrong password": {file, "new@example.org", "wrong", "refused"}, "no session": {strings.Repeat("0", 64), "new@example.org", password, "ended"},
		"no address": {file, "", password, "bad-address"}, "two addresses": {file, "new@example.org,x@example.org", password, "bad-address"},
		"a line more": {file, "new@example.org\nBcc: x@example.org", password, "bad-address"}, "an option": {file, "-oQ@example.org", password, "bad-address"},
	} {
		a := asked(row.session, row.email, row.password)
		if a.Error != row.code || sh(t, "ls "+layout.Secrets+" "+layout.Tokens+" | grep -E '^[0-9a-f]{16}$' || true") != "" {
			t.Errorf("%s: %d %s %s", what, a.status, a.out, a.log)
		}
		if row.code == "refused" && a.took < 300*time.Millisecond {
			t.Errorf("%s after %v", what, a.took)
		}
	}
	if a := asked(file, "new@example.org", password); a.status != 0 || strings.Contains(a.out, "-") {
		t.Fatalf("%d %s %s", a.status, a.out, a.log)
	}
	sent := handedOver(t, secret.Verify)
	if len(sent) != 1 || sent[0].Address != "new@example.org" || sent[0].User != "la-adr" {
		t.Fatalf("%+v", sent)
	}
	link := sent[0].Text
	if email, verified := emailNow(t, "la-adr"); email != "old@example.org" || verified {
		t.Errorf("before the link is used: %s, verified %v", email, verified)
	}
	if a := ask(t, "la-adr", request{Op: "account"}); !strings.Contains(a.out, `"email_pending":"new@example.org"`) || !strings.Contains(a.out, `"email_own":true`) || strings.Contains(a.out, link) {
		t.Errorf("%s", a.out)
	}
	// Nobody gets many mails that he has not asked for: neither the same address, nor one after the other.
	for _, email := range []string{"new@example.org", "stranger@example.org"} {
		if a := asked(file, email, password); a.Error != "soon" || len(handedOver(t, secret.Verify)) != 0 {
			t.Errorf("%s at once: %d %s", email, a.status, a.out)
		}
	}
	sh(t, `printf '%s\n' "$1" | shzadm user add la-adr2 --role base --full-name Anna --email second@example.org --password-stdin`, password)
	for what, row := range map[string][2]string{
		"another's name": {"la-adr2", link}, "no name": {"", link}, "no link": {"la-adr", ""}, "wrong": {"la-adr", link[:17] + strings.Repeat("0", 64)},
	} {
		if a := use(row[0], row[1]); a.status != exitRefused || a.out != `{"error":"refused"}`+"\n" || a.took < 300*time.Millisecond || strings.Contains(a.log, link) {
			t.Errorf("%s: %d %s after %v: %s", what, a.status, a.out, a.took, a.log)
		}
	}
	if a := ask(t, layout.UserGuest, request{Op: "recover", Username: "la-adr", Token: link, New: "Zw4-nuova-9 ù", Entry: "internal", Address: "192.0.2.9"}); a.Error != "refused" {
		t.Errorf("it sets a password: %s", a.out)
	}
	if a := use("la-adr", link); a.status != 0 {
		t.Fatalf("%d %s %s", a.status, a.out, a.log)
	}
	if email, verified := emailNow(t, "la-adr"); email != "new@example.org" || !verified || !lives(file) {
		t.Errorf("%s, verified %v; the session lives: %v", email, verified, lives(file))
	}
	told := handedOver(t, secret.Moved)
	if len(told) != 1 || told[0].Address != "old@example.org" || told[0].Text != "new@example.org" {
		t.Errorf("the former address is told: %+v", told)
	}
	if a := use("la-adr", link); a.Error != "refused" {
		t.Errorf("twice: %s", a.out)
	}
	// By hand it is another address, which nobody has verified; with the one before it is as it was.
	sh(t, "usermod -c 'Anna,,,,third@example.org' la-adr")
	if _, verified := emailNow(t, "la-adr"); verified {
		t.Error("an address by usermod counts as verified")
	}
	// A link to the address that the account has says that it is right, whoever asks.
	sh(t, "shzadm user verify la-adr")
	if sent = handedOver(t, secret.Verify); len(sent) != 1 || sent[0].Address != "third@example.org" {
		t.Fatalf("%+v", sent)
	}
	if a := use("la-adr", sent[0].Text); a.status != 0 || len(handedOver(t, secret.Moved)) != 0 {
		t.Errorf("%d %s %s", a.status, a.out, a.log)
	}
	if email, verified := emailNow(t, "la-adr"); email != "third@example.org" || !verified {
		t.Errorf("%s, verified %v", email, verified)
	}
	sh(t, "shzadm user delete la-adr --files keep")
	if left := sh(t, "ls "+layout.Verified); left != "" {
		t.Errorf("of who is gone: %s", left)
	}
}

// TestAddressIsVoid: a link to another address holds for the account as it was, and as long as the settings let him.
func TestAddressIsVoid(t *testing.T) {
	for what, spoil := range map[string]string{
		"password changed": `echo la-adr:Other-word-4-me | chpasswd`, "locked": `usermod -L la-adr`, "expired": `usermod -e 1 la-adr`,
		"manager": `gpasswd -a la-adr shzmgr`, "in a group of the system": `gpasswd -a la-adr adm`, "another address meanwhile": `shzadm user modify la-adr --email third@example.org`,
		"settings":      `sed -i 's/^own_address = .*/own_address = ""/' /etc/sharezone/sharezone.toml`,
		"late":          `cd ` + layout.Tokens + `; for f in ????????????????; do sed -i 's/"expires":"2/"expires":"1/' $f; done`,
		"guessed":       `cd ` + layout.Tokens + `; for f in ????????????????; do sed -i 's/"wrong":0/"wrong":5/' $f; done`,
		"no public_url": `sed -i /public_url/d /etc/sharezone/sharezone.toml`,
	} {
		t.Run(what, func(t *testing.T) {
			asked, use := addressOf(t)
			file := logIn(t, "la-adr")
			if a := asked(file, "new@example.org", password); a.status != 0 {
				t.Fatalf("%d %s %s", a.status, a.out, a.log)
			}
			link := handedOver(t, secret.Verify)[0].Text
			sh(t, spoil)
			before := sh(t, "cat /etc/passwd; ls "+layout.Verified)
			if a := use("la-adr", link); a.Error != "refused" || sh(t, "cat /etc/passwd; ls "+layout.Verified) != before {
				t.Errorf("%d %s %s", a.status, a.out, a.log)
			}
			again := what == "late" || what == "guessed" || what == "another address meanwhile" // the account may have one
			if a := asked(file, "new@example.org", password); (a.status == 0) != again {
				t.Errorf("he asks again: %d %s", a.status, a.out)
			}
		})
	}
}

// TestLinkVerifies: who has used a link that went to his address is known to get mail there.
func TestLinkVerifies(t *testing.T) {
	addressOf(t)
	link := linkFor(t, "la-adr")
	if _, verified := emailNow(t, "la-adr"); verified {
		t.Error("before")
	}
	a := ask(t, layout.UserGuest, request{Op: "recover", Username: "la-adr", Token: link, New: "Zw4-nuova-9 ù", Entry: "internal", Address: "192.0.2.9"})
	if _, verified := emailNow(t, "la-adr"); a.status != 0 || !verified {
		t.Errorf("%d %s; verified: %v", a.status, a.out, verified)
	}
}

// TestLook: whether a link is good is told without using it up; a wrong secret counts against the link as ever.
func TestLook(t *testing.T) {
	addressOf(t)
	link := linkFor(t, "la-adr")
	look := func(name, link, purpose string) answer {
		return ask(t, layout.UserGuest, request{Op: "link", Username: name, Token: link, Purpose: purpose})
	}
	for range 10 {
		if a := look("la-adr", link, "password"); a.status != 0 || a.out != "{}\n" {
			t.Fatalf("%d %s %s", a.status, a.out, a.log)
		}
	}
	for what, row := range map[string][3]string{
		"another's name": {"root", link, "password"}, "another purpose": {"la-adr", link, "invitation"}, "none": {"la-adr", "", "password"}, "a path": {"la-adr", "../key", "password"},
		"another link": {"la-adr", strings.Repeat("0", 16) + link[16:], "password"},
	} {
		if a := look(row[0], row[1], row[2]); a.Error != "refused" || strings.Contains(a.log, link[17:]) {
			t.Errorf("%s: %d %s %s", what, a.status, a.out, a.log)
		}
	}
	for range 5 {
		look("la-adr", link[:17]+strings.Repeat("0", 64), "password")
	}
	if a := look("la-adr", link, "password"); a.Error != "refused" {
		t.Errorf("guessed five times: %s", a.out)
	}
}

// TestProve: a password is one's own, in a session of one's own, and guessing takes as long as at a login.
func TestProve(t *testing.T) {
	addressOf(t)
	file := logIn(t, "la-adr")
	for what, row := range map[string]struct{ session, password, code string }{
		"wrong": {file, "wrong", "refused"}, "none": {file, "", "refused"}, "no session": {strings.Repeat("0", 64), password, "ended"}, "right": {file, password, ""},
	} {
		a := ask(t, "la-adr", request{Op: "prove", Session: row.session, Password: row.password})
		if a.Error != row.code || row.code == "refused" && a.took < 300*time.Millisecond {
			t.Errorf("%s: %d %s after %v", what, a.status, a.out, a.took)
		}
	}
	if got := sh(t, "faillock --dir /var/lib/sharezone/faillock --user la-adr | grep -c 192.0.2 || true"); got != "0" {
		t.Errorf("counts after a right one: %s", got)
	}
}
