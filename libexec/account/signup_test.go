package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
	"sharezone/internal/signup"
)

// letSignUp lets mails with links go out while a test lasts.
func letSignUp(t *testing.T) {
	t.Helper()
	needCopy(t)
	sh(t, `cd /etc/sharezone; cp -p sharezone.toml sharezone.toml.ac; printf '[entries.internal]\npublic_url = "http://127.0.0.1:8080"\n' > sharezone.toml`)
	t.Cleanup(func() {
		exec.Command("bash", "-c", "cd /etc/sharezone; mv sharezone.toml.ac sharezone.toml; rm -f "+layout.Tokens+"/* "+layout.Secrets+"/* "+layout.Signups+"/*").Run()
	})
}

// signUp has somebody ask, and confirm his address, and returns the id.
func signUp(t *testing.T, email, message string) string {
	t.Helper()
	link := ""
	store := signup.Machine(config.Signup{Daily: 99, ClientDaily: 99, Link: time.Hour, Keep: time.Hour})
	store.Now = func() time.Time { return time.Now().Add(time.Duration(len(message)) * time.Hour / 10) } // nobody asks twice at once
	err := store.Ask(account.Applicant{FullName: "Ada Neri", Company: "Neri & C.", Email: email, Message: message, Language: "en"}, "external", "192.0.2.1", "c",
		func(text string, _ signup.Request) error { link = text; return nil })
	if err == nil {
		_, err = store.Confirm(link, func(signup.Request) error { return nil })
	}
	if err != nil {
		t.Fatal(err)
	}
	return link[:16]
}

func waiting() string { return "ls " + layout.Signups + " | grep -cx '[0-9a-f]\\{16\\}' || true" }

// TestSignup: an administrator sees who asks, gives the account with his words or declines with a reason, and decides on what he has seen.
func TestSignup(t *testing.T) {
	letSignUp(t)
	id := signUp(t, "ac-ada@example.org", "first")
	a := ask(t, "ac-admin", helper.AccountRequest{Op: "signups"})
	if len(a.Signups) != 1 || a.Signups[0].ID != id || *a.Signups[0].Message != "first" || a.Signups[0].Phone != nil || a.Signups[0].Username != nil || len(a.Signups[0].Accounts) != 0 {
		t.Fatalf("%+v", a)
	}
	if a := ask(t, "ac-admin", helper.AccountRequest{Op: "search", Find: &account.Criteria{Username: "ac-bruno"}}); a.Asking != 1 || len(a.Signups) != 0 || a.Total != 1 {
		t.Errorf("%+v", a)
	}
	next := signUp(t, "AC-Ada@example.org", "second")
	for _, q := range []helper.AccountRequest{{Op: "signup-confirm", Signup: id, Username: "ac-ada"}, {Op: "signup-decline", Signup: id, Reason: "no"}} {
		if a := ask(t, "ac-admin", q); a.status != privileged.ExitRefused || a.Error != "conflict" || a.Reason != "signup-gone" {
			t.Errorf("decided on what has changed: %+v", a)
		}
	}
	number := uid(t, "ac-admin")
	t.Run("14: somebody else decides", func(t *testing.T) {
		defer hold(t, "signup-"+next).Close()
		expectRefusal(t, number, `{"op":"signup-decline","signup":"`+next+`"}`, "", privileged.ExitRefused, "busy", "")
	})
	t.Run("15: the name is taken", func(t *testing.T) {
		expectRefusal(t, number, `{"op":"signup-confirm","username":"ac-bruno","signup":"`+next+`"}`, "", privileged.ExitRefused, "exists", "user")
		expectRefusal(t, number, `{"op":"signup-confirm","username":"root","signup":"`+next+`"}`, "", privileged.ExitRefused, "exists", "user")
		expectRefusal(t, number, `{"op":"signup-confirm","username":"ac-ada","expires":"2020-01-01","signup":"`+next+`"}`, "", privileged.ExitRefused, "bad-request", "field")
		expectRefusal(t, number, `{"op":"signup-decline","reason":"a\nb","signup":"`+next+`"}`, "", privileged.ExitRefused, "bad-request", "field")
	})
	a = ask(t, "ac-admin", helper.AccountRequest{Op: "signup-confirm", Signup: next, Username: "ac-ada", Expires: ptr("2099-12-31"), Email: ptr("other@example.org"), Role: ptr("admin")})
	if a.status != 0 || a.User == nil || *a.User.Email != "AC-Ada@example.org" || *a.User.Company != "Neri & C." || len(a.User.Roles) != 1 || *a.User.Language != "en" ||
		*a.User.Sponsor != "ac-admin" || *a.User.Expires != "2099-12-31" || !*a.User.MustChange || a.Password != "" || a.Invited == nil {
		t.Errorf("%+v %s", a, a.log)
	}
	if got := sh(t, waiting()+"; grep -h '\"kind\":\"invite\"' "+layout.Secrets+"/* | grep -c '\"user\":\"ac-ada\"'"); got != "0\n1" {
		t.Error(got)
	}
	id = signUp(t, "ac-ada@example.org", "a third time")
	if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signups"}); len(a.Signups) != 1 || fmt.Sprint(a.Signups[0].Accounts) != "[ac-ada]" {
		t.Errorf("who has the address already is not named: %+v", a.Signups)
	}
	sh(t, "rm -f "+layout.Secrets+"/*")
	if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-decline", Signup: id, Reason: "You have one <b>"}); a.status != 0 {
		t.Errorf("%+v", a)
	}
	if got := sh(t, waiting()+"; cat "+layout.Secrets+"/*"); !strings.HasPrefix(got, "0\n") || !strings.Contains(got, `"kind":"declined"`) || !strings.Contains(got, `You have one`) || !strings.Contains(got, `"language":"en"`) {
		t.Error(got)
	}
	sh(t, "rm -f "+layout.Secrets+"/*")
	id = signUp(t, "ac-mute@example.org", "")
	if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-decline", Signup: id}); a.status != 0 || sh(t, waiting()+"; ls "+layout.Secrets) != "0" {
		t.Errorf("%+v", a)
	}
	// Without mails nobody is let in by one, and no reason is thrown away.
	id = signUp(t, "ac-mute@example.org", "so")
	sh(t, "printf '[mail]\\nhost = \"\"\\n' > /etc/sharezone/sharezone.toml")
	expectRefusal(t, number, `{"op":"signup-decline","reason":"no","signup":"`+id+`"}`, "", privileged.ExitRefused, "conflict", "no-mail")
	expectRefusal(t, number, `{"op":"signup-confirm","username":"ac-mute","signup":"`+id+`"}`, "", privileged.ExitRefused, "conflict", "no-mail")
	if got := sh(t, waiting()); got != "1" {
		t.Error(got)
	}
}

// killAt puts a program in the place of a tool that kills whoever runs it, before or after it has done its work.
func killAt(t *testing.T, tool string, after bool) (mend func()) {
	t.Helper()
	folder := t.TempDir()
	sh(t, `cp -p "$1" "$2/real"`, tool, folder)
	script := "#!/bin/sh\nkill -9 $PPID\nexit 1\n"
	if after {
		script = "#!/bin/sh\n" + folder + "/real \"$@\"\nkill -9 $PPID\n"
	}
	if err := os.WriteFile(folder+"/tool", []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	sh(t, `chmod 755 "$1"; mount --bind "$1/tool" "$2"`, folder, tool)
	return func() { sh(t, `umount "$1"`, tool) }
}

// TestSignupKilled: wherever whoever makes the account is killed, the same decision ends in the same state: one account, one link, no request.
func TestSignupKilled(t *testing.T) {
	letSignUp(t)
	for i, row := range []struct {
		tool  string
		after bool
		made  bool // there is the account by then
	}{
		{"/usr/sbin/useradd", false, false}, {"/usr/sbin/useradd", true, true}, {"/usr/sbin/chpasswd", false, true}, {"/usr/sbin/chpasswd", true, true},
		{"/usr/bin/chage", false, true}, {"/usr/bin/chage", true, true},
	} {
		t.Run(fmt.Sprint(row.tool, row.after), func(t *testing.T) {
			sh(t, "rm -f "+layout.Secrets+"/* "+layout.Signups+"/*")
			name := fmt.Sprintf("ac-killed%d", i)
			id := signUp(t, name+"@example.org", "")
			mend := killAt(t, row.tool, row.after)
			a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: name})
			mend()
			if a.status != -1 {
				t.Fatalf("it was not killed: %+v", a)
			}
			if there := exec.Command("getent", "passwd", name).Run() == nil; there != row.made {
				t.Fatalf("the account is there: %v", there)
			}
			if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signups"}); len(a.Signups) != 1 || a.Signups[0].Username == nil || *a.Signups[0].Username != name {
				t.Fatalf("%+v", a.Signups)
			}
			if i%2 == 1 { // who waits for his mail asks anew
				if id = signUp(t, strings.ToUpper(name)+"@example.org", "still waiting"); row.made {
					if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-decline", Signup: id}); a.Error != "conflict" || a.Reason != "signup-begun" || a.Why != name {
						t.Errorf("declined, and the account stays: %+v", a)
					}
				}
			}
			if row.made {
				a := ask(t, "ac-other", helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: name + "b"})
				if a.Error != "conflict" || a.Reason != "signup-begun" || a.Why != name || exec.Command("getent", "passwd", name+"b").Run() == nil {
					t.Errorf("a second account: %+v", a)
				}
			}
			a = ask(t, "ac-admin", helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: name})
			if a.status != 0 || a.Invited == nil || a.User.Passwordless || !*a.User.MustChange || *a.User.Sponsor != "ac-admin" || *a.User.Language != "en" {
				t.Errorf("%+v %s", a, a.log)
			}
			if got := sh(t, waiting()+`; grep -c "$1@example.org" /etc/passwd; ls `+layout.Secrets+` | wc -l; id -nG $1`, name); got != "0\n1\n1\n"+name+" shzbase shzonly" {
				t.Error(got)
			}
			if sh(t, "passwd -S "+name+" | cut -d' ' -f2") != "P" {
				t.Error("it has no password")
			}
		})
	}
	t.Run("before the request is removed", func(t *testing.T) {
		sh(t, "rm -f "+layout.Secrets+"/* "+layout.Signups+"/*")
		id := signUp(t, "ac-late@example.org", "")
		record := layout.Signups + "/" + id
		text := must(os.ReadFile(record))(t)
		if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: "ac-late"}); a.status != 0 {
			t.Fatalf("%+v", a)
		}
		back := strings.Replace(string(text), `"version":1`, `"version":1,"user":"ac-late"`, 1)
		for _, chosen := range []bool{false, true} { // its owner has used the link meanwhile
			if err := os.WriteFile(record, []byte(back), 0o600); err != nil {
				t.Fatal(err)
			}
			if chosen {
				sh(t, "chage -d $(date +%F) ac-late; echo ac-late@example.org > "+layout.Verified+"/$(id -u ac-late)")
			}
			if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-decline", Signup: id}); a.Error != "conflict" || a.Reason != "signup-begun" || sh(t, waiting()) != "1" {
				t.Errorf("declined, and the account stays: %+v", a)
			}
			sh(t, "usermod -aG adm ac-late")
			before := sh(t, "getent shadow ac-late")
			if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: "ac-late"}); a.Error != "not-permitted" || sh(t, "getent shadow ac-late") != before {
				t.Errorf("of more than Share Zone's: %+v", a)
			}
			sh(t, "gpasswd -d ac-late adm")
			a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: "ac-late"})
			if a.status != 0 || (a.Invited == nil) != chosen || sh(t, waiting()) != "0" || sh(t, "getent shadow ac-late") != before || sh(t, "grep -c ac-late@ /etc/passwd") != "1" {
				t.Errorf("chosen %v: %+v %s", chosen, a, a.log)
			}
		}
	})
	t.Run("a last day that is said when it is made on", func(t *testing.T) {
		sh(t, "rm -f "+layout.Secrets+"/* "+layout.Signups+"/*")
		id := signUp(t, "ac-ends@example.org", "")
		record := layout.Signups + "/" + id
		text := must(os.ReadFile(record))(t)
		if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: "ac-ends", Expires: ptr("foo")}); a.Error != "bad-request" || string(must(os.ReadFile(record))(t)) != string(text) {
			t.Errorf("no day: %+v", a)
		}
		if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: "ac-ends"}); a.status != 0 {
			t.Fatalf("%+v", a)
		}
		if err := os.WriteFile(record, []byte(strings.Replace(string(text), `"version":1`, `"version":1,"user":"ac-ends"`, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: "ac-ends", Expires: ptr("2099-12-31")}); a.status != 0 || *a.User.Expires != "2099-12-31" {
			t.Errorf("%+v", a)
		}
	})
	t.Run("an account of this name that was not made for it", func(t *testing.T) {
		sh(t, "rm -f "+layout.Signups+"/*")
		id := signUp(t, "ac-foreign@example.org", "")
		record := layout.Signups + "/" + id
		text := strings.Replace(string(must(os.ReadFile(record))(t)), `"version":1`, `"version":1,"user":"ac-bruno"`, 1) // killed before useradd
		if err := os.WriteFile(record, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		before := state(t)
		if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: "ac-bruno"}); a.Error != "exists" || state(t) != before {
			t.Errorf("%+v", a)
		}
		if a := ask(t, "ac-admin", helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: "ac-foreign"}); a.status != 0 {
			t.Errorf("it is stuck: %+v", a)
		}
	})
}

// TestSignupAtOnce: two administrators who confirm at the same moment make one account.
func TestSignupAtOnce(t *testing.T) {
	letSignUp(t)
	id := signUp(t, "ac-twice@example.org", "")
	answers := make(chan answer, 2)
	for _, who := range []string{"ac-admin", "ac-other"} {
		go func() {
			answers <- ask(t, who, helper.AccountRequest{Op: "signup-confirm", Signup: id, Username: "ac-by-" + who[3:]})
		}()
	}
	done := 0
	for range 2 {
		a := <-answers
		switch {
		case a.status == 0:
			done++
		case a.Reason != "signup-gone" && a.Reason != "signup-begun" && a.Error != "busy":
			t.Errorf("%+v %s", a, a.log)
		}
	}
	if got := sh(t, "grep -c ac-twice@ /etc/passwd"); got != "1" || done != 1 {
		t.Errorf("%s accounts, %d were told so", got, done)
	}
}
