package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	accounts "sharezone/internal/account"
	"sharezone/internal/layout"
	"sharezone/internal/secret"
)

// addressOf makes an account whose address is its own to change, and returns how one asks.
func addressOf(t *testing.T) (asked func(session, email, password string) answer, use func(name, link, password string) answer) {
	t.Helper()
	needCopy(t)
	sh(t, "f=/etc/sharezone/sharezone.toml; cp -p $f $f.old; printf '[login]\nfailure_milliseconds = 300\naddress_failures = 10000\n[entries.internal]\npublic_url = \"https://share.example.org\"\n' >$f")
	t.Cleanup(func() { sh(t, "f=/etc/sharezone/sharezone.toml; mv $f.old $f") })
	remove := func() {
		sh(t, `for n in la-adr la-adr2; do userdel -f $n || true; groupdel $n || true; done 2>/dev/null; rm -f "$1"/* "$2"/* "$3"/*`, layout.Tokens, layout.Secrets, layout.Verified)
	}
	remove()
	t.Cleanup(remove)
	sh(t, `printf '%s\n' "$1" | shzadm user add la-adr --role base --full-name Anna --email old@example.org --password-stdin`, password)
	return func(session, email, password string) answer {
			return ask(t, "la-adr", request{Op: "address", Session: session, Email: email, Password: password})
		}, func(name, link, password string) answer {
			return ask(t, layout.UserGuest, request{Op: "verify", Username: name, Token: link, Password: password, Entry: "internal", Address: "192.0.2.9"})
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
	if a := asked(file, "new@example.org", password); a.Error != "soon" || len(handedOver(t, secret.Verify)) != 0 {
		t.Errorf("at once: %d %s", a.status, a.out)
	}
	sh(t, `printf '%s\n' "$1" | shzadm user add la-adr2 --role base --full-name Anna --email second@example.org --password-stdin`, password)
	for what, row := range map[string][2]string{
		"another's name": {"la-adr2", link}, "no name": {"", link}, "no link": {"la-adr", ""}, "wrong": {"la-adr", link[:17] + strings.Repeat("0", 64)},
	} {
		if a := use(row[0], row[1], password); a.status != exitRefused || a.out != `{"error":"refused"}`+"\n" || a.took < 300*time.Millisecond || strings.Contains(a.log, link) {
			t.Errorf("%s: %d %s after %v: %s", what, a.status, a.out, a.took, a.log)
		}
	}
	if a := ask(t, layout.UserGuest, request{Op: "recover", Username: "la-adr", Token: link, New: "Zw4-nuova-9 ù", Entry: "internal", Address: "192.0.2.9"}); a.Error != "refused" {
		t.Errorf("it sets a password: %s", a.out)
	}
	// The same link on its way a second time has its name: what the worker removes when it has made a message of that must not be the note.
	sh(t, `: > "$1"; chgrp shzspool "$1"; chmod 640 "$1"`, layout.Secrets+"/"+link[:16])
	if a := use("la-adr", link, password); a.status != 0 {
		t.Fatalf("%d %s %s", a.status, a.out, a.log)
	}
	sh(t, `test ! -s "$1" && rm "$1"`, layout.Secrets+"/"+link[:16])
	if email, verified := emailNow(t, "la-adr"); email != "new@example.org" || !verified || !lives(file) {
		t.Errorf("%s, verified %v; the session lives: %v", email, verified, lives(file))
	}
	told := handedOver(t, secret.Moved)
	if len(told) != 1 || told[0].Address != "old@example.org" || told[0].Text != "new@example.org" {
		t.Errorf("the former address is told: %+v", told)
	}
	if a := use("la-adr", link, password); a.Error != "refused" {
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
	if a := use("la-adr", sent[0].Text, ""); a.status != 0 || len(handedOver(t, secret.Moved)) != 0 {
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

// TestAddressNotNoted: that an address cannot be noted as verified keeps neither its owner from it nor the former one from being told.
func TestAddressNotNoted(t *testing.T) {
	asked, use := addressOf(t)
	if a := asked(logIn(t, "la-adr"), "new@example.org", password); a.status != 0 {
		t.Fatalf("%d %s %s", a.status, a.out, a.log)
	}
	link := handedOver(t, secret.Verify)[0].Text
	sh(t, `mkdir -p "$1/$(id -u la-adr)/x"`, layout.Verified)
	defer sh(t, `rm -rf "$1/"*`, layout.Verified)
	a := use("la-adr", link, password)
	if got := sh(t, "getent passwd la-adr"); a.status != 0 || !strings.Contains(got, "new@example.org") {
		t.Errorf("%d %s %s: %s", a.status, a.out, a.log, got)
	}
	if told := handedOver(t, secret.Moved); len(told) != 1 || told[0].Address != "old@example.org" {
		t.Errorf("%+v", told)
	}
}

// TestAddressTakenBack: who sees that it was mistyped makes the link void at once, by taking it back or by giving another address; no mail
// goes sooner by that.
func TestAddressTakenBack(t *testing.T) {
	for what, row := range map[string]struct {
		take func(file string, asked func(session, email, password string) answer) answer
		code string
	}{
		"taken back": {func(string, func(_, _, _ string) answer) answer { return ask(t, "la-adr", request{Op: "withdraw"}) }, ""},
		"another address": {func(file string, asked func(_, _, _ string) answer) answer {
			return asked(file, "anna@example.org", password)
		}, "soon"},
		"the present one": {func(file string, asked func(_, _, _ string) answer) answer {
			return asked(file, "old@example.org", password)
		}, "soon"},
	} {
		t.Run(what, func(t *testing.T) {
			asked, use := addressOf(t)
			file := logIn(t, "la-adr")
			if a := asked(file, "gmial@example.org", password); a.status != 0 {
				t.Fatalf("%d %s %s", a.status, a.out, a.log)
			}
			link := handedOver(t, secret.Verify)[0].Text
			if a := row.take(file, asked); a.Error != row.code || len(handedOver(t, secret.Verify)) != 0 {
				t.Errorf("%d %s %s", a.status, a.out, a.log)
			}
			if a := ask(t, "la-adr", request{Op: "account"}); !strings.Contains(a.out, `"email_pending":""`) {
				t.Errorf("%s", a.out)
			}
			if a := use("la-adr", link, password); a.Error != "refused" {
				t.Errorf("the link: %d %s", a.status, a.out)
			}
			if a := asked(file, "anna@example.org", password); a.Error != "soon" {
				t.Errorf("at once: %d %s", a.status, a.out)
			}
		})
	}
	// That of an administrator to the present address is not the caller's to take back.
	_, use := addressOf(t)
	sh(t, "shzadm user verify la-adr")
	link := handedOver(t, secret.Verify)[0].Text
	if a := ask(t, "la-adr", request{Op: "withdraw"}); a.status != 0 {
		t.Errorf("%d %s", a.status, a.out)
	}
	if a := use("la-adr", link, ""); a.status != 0 {
		t.Errorf("%d %s %s", a.status, a.out, a.log)
	}
}

// TestAddressIsVoid: a link to another address holds for the account as it was, and as long as the settings let him.
func TestAddressIsVoid(t *testing.T) {
	for what, spoil := range map[string]string{
		"password changed": `echo la-adr:Other-word-4-me | chpasswd`, "locked": `usermod -L la-adr`, "expired": `usermod -e 1 la-adr`,
		"manager": `gpasswd -a la-adr shzmgr`, "in a group of the system": `gpasswd -a la-adr adm`, "another address meanwhile": `shzadm user modify la-adr --email third@example.org`,
		"settings":      `sed -i 's/^.login./[login]\nown_address = ""/' /etc/sharezone/sharezone.toml`,
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
			if a := use("la-adr", link, password); a.Error != "refused" || sh(t, "cat /etc/passwd; ls "+layout.Verified) != before {
				t.Errorf("%d %s %s", a.status, a.out, a.log)
			}
			again := what == "late" || what == "guessed" || what == "another address meanwhile" // the account may have one, but not at once
			if a := asked(file, "new@example.org", password); a.status == 0 || (a.Error == "soon") != again || len(handedOver(t, secret.Verify)) != 0 {
				t.Errorf("he asks again: %d %s", a.status, a.out)
			}
			if what == "password changed" {
				if a := asked(logInWith(t, "la-adr", "Other-word-4-me"), "stranger@example.org", "Other-word-4-me"); a.Error != "soon" || len(handedOver(t, secret.Verify)) != 0 {
					t.Errorf("with the new one: %d %s", a.status, a.out)
				}
			}
		})
	}
}

// TestAddressPassword: whoever reads the mailbox of an address that was mistyped has the link, and nothing by it; his guesses count as those at a
// login, shut nobody out who comes from elsewhere, and leave the link good.
func TestAddressPassword(t *testing.T) {
	asked, use := addressOf(t)
	policy(t, "optional")
	sh(t, `f=/etc/sharezone/sharezone.toml; sed -i 's|^second_factor|public_url = "https://share.example.org"\n&|; s|^.login.|&\npair_failures = 5|' $f`)
	file := logIn(t, "la-adr")
	enrolled(t, "la-adr", file)
	if a := asked(file, "gmial@example.org", password); a.status != 0 {
		t.Fatalf("%d %s %s", a.status, a.out, a.log)
	}
	link := handedOver(t, secret.Verify)[0].Text
	look := ask(t, layout.UserGuest, request{Op: "link", Username: "la-adr", Token: link, Purpose: "address"})
	if look.status != 0 || look.Email != "gmial@example.org" || !look.AskPassword {
		t.Errorf("%d %s %s", look.status, look.out, look.log)
	}
	counted := func() string {
		return sh(t, `faillock --dir /var/lib/sharezone/faillock --user la-adr | grep -c 192.0.2.9 || true; grep -o '"failures":[0-9]*' /var/lib/sharezone/attempts/la-adr@192.0.2.9 || true`)
	}
	for _, wrong := range []string{"", strings.Repeat("x", 512), "wrong", "wrong", link} {
		a := use("la-adr", link, wrong)
		if a.Error != "password" || a.status != exitRefused || a.took < 300*time.Millisecond || strings.Contains(a.log, link[17:]) {
			t.Errorf("%.20q: %d %s after %v: %s", wrong, a.status, a.out, a.took, a.log)
		}
	}
	if email, verified := emailNow(t, "la-adr"); email != "old@example.org" || verified || len(handedOver(t, secret.Moved)) != 0 {
		t.Errorf("%s, verified %v", email, verified)
	}
	if got := counted(); got != "3\n\"failures\":3" {
		t.Errorf("counted: %s", got)
	}
	ask(t, layout.UserGuest, request{Op: "forgot", Username: "la-adr", Entry: "internal", Address: "192.0.2.8"})
	if sent := handedOver(t, secret.Recover); len(sent) != 1 || sent[0].Address != "" { // that of the account
		t.Errorf("%+v", sent)
	}
	for range 2 {
		use("la-adr", link, "wrong")
	}
	if a := use("la-adr", link, password); a.Error != "password" {
		t.Errorf("as many guesses as he likes: %d %s", a.status, a.out)
	}
	half(t, "la-adr") // she herself, from another address
	sh(t, "shzadm user unlock la-adr")
	use("la-adr", link, "wrong")
	if a := use("la-adr", link, password); a.status != 0 {
		t.Fatalf("%d %s %s", a.status, a.out, a.log)
	}
	if email, verified := emailNow(t, "la-adr"); email != "gmial@example.org" || !verified {
		t.Errorf("%s, verified %v", email, verified)
	}
	if got := counted(); got != "0\n\"failures\":1" { // as after a right password to which a code is to follow
		t.Errorf("after a right one: %s", got)
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
	// An administrator who has waited for that gives it another one in the next moment, which is not verified by it.
	link = linkFor(t, "la-adr")
	sh(t, `cd "$1" && seq -f "%064.0f" 20000 | xargs touch`, layout.Sessions) // through which auth goes meanwhile, to end some
	defer sh(t, `cd "$1" && seq -f "%064.0f" 20000 | xargs rm -f`, layout.Sessions)
	admin := exec.Command("sh", "-c", `until test "$(getent shadow la-adr)" != "$0"; do :; done; exec flock "$1" usermod -c Anna,,,,other@example.org la-adr`,
		sh(t, "getent shadow la-adr"), layout.Slots+"/account-la-adr")
	if err := admin.Start(); err != nil {
		t.Fatal(err)
	}
	a = ask(t, layout.UserGuest, request{Op: "recover", Username: "la-adr", Token: link, New: "Zw5-nuova-9 ù", Entry: "internal", Address: "192.0.2.9"})
	if err := admin.Wait(); err != nil {
		t.Error(err)
	}
	if email, verified := emailNow(t, "la-adr"); a.status != 0 || email != "other@example.org" || verified {
		t.Errorf("%d %s; %s, verified: %v", a.status, a.out, email, verified)
	}
}

// TestLook: whether a link is good is told as its use would, and without a trace.
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
		if a := look(row[0], row[1], row[2]); a.Error != "refused" || a.log != "" {
			t.Errorf("%s: %d %s %s", what, a.status, a.out, a.log)
		}
	}
	for range 6 {
		if a := look("la-adr", link[:17]+strings.Repeat("0", 64), "password"); a.Error != "refused" || a.log != "" {
			t.Errorf("wrong: %d %s %s", a.status, a.out, a.log)
		}
	}
	if a := look("la-adr", link, "password"); a.status != 0 {
		t.Errorf("void by looks: %s", a.out)
	}
	// Who uses a link may wait for the account's files; who only looks does not wait for him, nor does who asks for a link of his own, or uses one.
	done := holdLinks(t)
	for what, q := range map[string]request{"look": {Op: "link", Purpose: "password", Token: link}, "question": {Op: "forgot"}, "use": {Op: "recover", Token: link, New: "Zw4-nuova-9 ù"}} {
		q.Username, q.Entry, q.Address = "la-adr", "internal", "192.0.2.9"
		if a := ask(t, layout.UserGuest, q); a.Error != map[string]string{"look": "busy", "use": "busy"}[what] || a.took > 10*time.Second {
			t.Errorf("%s: %d %s after %v", what, a.status, a.out, a.took)
		}
	}
	if a := ask(t, "la-adr", request{Op: "account"}); a.status != 0 || a.took > 10*time.Second {
		t.Errorf("My account: %d %s after %v", a.status, a.out, a.took)
	}
	done()
	sh(t, "usermod -L la-adr")
	if a := look("la-adr", link, "password"); a.Error != "refused" {
		t.Errorf("of an account that is locked: %s", a.out)
	}
}

// holdLinks holds the store of links, as who uses one.
func holdLinks(t *testing.T) (done func()) {
	t.Helper()
	f, err := os.OpenFile(layout.Tokens+"/lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() { f.Close() }
}

// TestProve: a password is one's own, in a session of one's own, and guessing takes as long as at a login.
func TestProve(t *testing.T) {
	addressOf(t)
	file := logIn(t, "la-adr")
	for _, row := range []struct{ what, session, password, code string }{
		{"wrong", file, "wrong", "refused"}, {"none", file, "", "refused"}, {"no session", strings.Repeat("0", 64), password, "ended"}, {"right", file, password, ""},
	} {
		a := ask(t, "la-adr", request{Op: "prove", Session: row.session, Password: row.password})
		if a.Error != row.code || row.code == "refused" && a.took < 300*time.Millisecond {
			t.Errorf("%s: %d %s after %v", row.what, a.status, a.out, a.took)
		}
	}
	if got := sh(t, "faillock --dir /var/lib/sharezone/faillock --user la-adr | grep -c 192.0.2 || true"); got != "0" {
		t.Errorf("counts after a right one: %s", got)
	}
}
