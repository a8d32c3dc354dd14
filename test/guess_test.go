package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// How often passwords may be guessed at. Each client has an address of its own here: all of 127.0.0.0/8 is this machine's.

// forgive forgets all refused logins, before a test that counts them and after it.
func forgive(t *testing.T) {
	t.Helper()
	forget := func() {
		for _, folder := range []string{layout.Attempts, layout.Tallies, layout.CodeTallies} {
			files, err := filepath.Glob(folder + "/*")
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	forget()
	t.Cleanup(forget)
}

// from logs in from an address, with n wrong passwords first. It says whether it was let in.
func from(t *testing.T, address, user, password string, wrong int) bool {
	t.Helper()
	for range wrong {
		if a := tryLogin(t, user, "wrong", "--interface", address); a.status != 401 {
			t.Errorf("%s with a wrong password: %d %s", user, a.status, a.body)
		}
	}
	a := tryLogin(t, user, password, "--interface", address)
	if a.status != 200 && a.status != 401 {
		t.Errorf("%s: %d %s", user, a.status, a.body)
	}
	return a.status == 200
}

// shown is what shzadm says of a user.
func shown(t *testing.T, name string) account.User {
	t.Helper()
	out, status := shzadm(t, "user", "show", "--json", name)
	var u account.User
	if err := json.Unmarshal([]byte(out), &u); err != nil || status != 0 {
		t.Fatalf("exit %d, %v: %s", status, err, out)
	}
	return u
}

// TestGuessesAtOneAccount: an address that guesses at an account is shut out from it, and nobody else is.
func TestGuessesAtOneAccount(t *testing.T) {
	d := needDemo(t)
	forgive(t)
	setConfig(t, "[login]\npair_failures = 4\nfailure_milliseconds = 300\n")
	bruno := d.password["bruno"]
	for range 2 {
		if !from(t, "127.0.0.2", "bruno", bruno, 3) {
			t.Error("three guesses shut bruno out; the right password must end the count")
		}
	}
	if from(t, "127.0.0.2", "bruno", bruno, 4) {
		t.Error("four guesses, and the right password is still asked for")
	}
	alone, other := tryLogin(t, "bruno", bruno, "--interface", "127.0.0.2"), tryLogin(t, "nessuno", bruno, "--interface", "127.0.0.2")
	if told(alone, "bruno") != told(other, "nessuno") {
		t.Errorf("it shows that an account is shut:\n%s\n%s", told(alone, "bruno"), told(other, "nessuno"))
	}
	if !from(t, "127.0.0.3", "bruno", bruno, 0) || !from(t, "127.0.0.2", "carla", d.password["carla"], 0) {
		t.Error("bruno elsewhere, or carla there, is shut out too")
	}
	if out, status := shzadm(t, "user", "unlock", "bruno"); status != 0 {
		t.Fatal(out)
	}
	if !from(t, "127.0.0.2", "bruno", bruno, 0) {
		t.Error("unlocking did not open bruno's account again")
	}
}

// TestShutFromOneAddress: administrators see who is shut out from one address alone, from which one and until when, and forgiving opens it.
func TestShutFromOneAddress(t *testing.T) {
	needDemo(t)
	forgive(t)
	setConfig(t, "[login]\npair_failures = 4\nfailure_milliseconds = 300\n")
	const password = "Lampone-7-Treno-Verde"
	clearUsers(t, "bersaglio")
	run(t, "shzadm", "user", "add", "bersaglio", "--role", "base", "--full-name", "Bersaglio", "--email", "b@example.org")
	setPassword(t, "bersaglio", password)
	if u := shown(t, "bersaglio"); u.ShutFrom == nil || len(u.ShutFrom) != 0 {
		t.Errorf("before: %v", u.ShutFrom)
	}
	if from(t, "127.0.3.2", "bersaglio", password, 4) {
		t.Error("four guesses, and the right password is still asked for")
	}
	one := func(what string, users ...account.User) {
		t.Helper()
		if len(users) != 1 {
			t.Fatalf("%s: %v", what, users)
		}
		u := users[0]
		if len(u.ShutFrom) != 1 || u.ShutFrom[0].Address != "127.0.3.2" || time.Until(u.ShutFrom[0].Until) < 10*time.Minute || u.ShutUntil != nil {
			t.Errorf("%s: shut from %v, from everywhere until %v", what, u.ShutFrom, u.ShutUntil)
		}
	}
	one("shzadm user show", shown(t, "bersaglio"))
	if out, _ := shzadm(t, "user", "show", "bersaglio"); !strings.Contains(out, "127.0.3.2 20") {
		t.Errorf("shzadm user show:\n%s", out)
	}
	var list struct{ Users []account.User }
	a := jsonAs(t, "admin", usersPage+"?username=bersaglio")
	if err := json.Unmarshal([]byte(a.body), &list); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	one("the search", list.Users...)
	var u account.User
	if a := jsonAs(t, "admin", usersPage+"/bersaglio"); json.Unmarshal([]byte(a.body), &u) != nil {
		t.Fatal(a.body)
	}
	one("his page", u)
	for language, want := range map[string][2]string{
		"en": {"So many refused from 127.0.3.2 that from there, and from there alone", "shut by refused logins only from 127.0.3.2 until"},
		"it": {"Così tanti rifiuti da 127.0.3.2 che da lì, e solo da lì", "chiuso dagli accessi rifiutati solo da 127.0.3.2 fino a"},
	} {
		for i, path := range []string{usersPage + "/bersaglio", usersPage + "?text=bersaglio"} {
			if a := curlAs(t, "admin", "-H", "Accept-Language: "+language, path); a.status != 200 || !strings.Contains(a.body, want[i]) {
				t.Errorf("%s in %s: %d, without %q:\n%s", path, language, a.status, want[i], a.body)
			}
		}
	}
	// From two addresses: neither is it alone.
	if from(t, "127.0.3.3", "bersaglio", password, 4) {
		t.Error("four guesses from another address, and the right password is still asked for")
	}
	for language, want := range map[string]string{
		"en": `shut by refused logins only from 127\.0\.3\.3 until [^;<]+; from 127\.0\.3\.2 until `, "it": `chiuso dagli accessi rifiutati solo da 127\.0\.3\.3 fino a [^;<]+; da 127\.0\.3\.2 fino a `,
	} {
		if a := curlAs(t, "admin", "-H", "Accept-Language: "+language, usersPage+"?text=bersaglio"); !regexp.MustCompile(want).MatchString(a.body) {
			t.Errorf("from two in %s: %d, without %q:\n%s", language, a.status, want, a.body)
		}
	}
	if a := jsonAs(t, "admin", "-d", "op=forgive", usersPage+"/bersaglio"); a.status != 200 || !strings.Contains(a.body, `"shut_from":[]`) {
		t.Errorf("forgiving: %d %s", a.status, a.body)
	}
	if !from(t, "127.0.3.2", "bersaglio", password, 0) {
		t.Error("forgiving did not let him in again from there")
	}
}

// TestShutUnread: what is counted of somebody and cannot be read hides neither him nor anybody else.
func TestShutUnread(t *testing.T) {
	needDemo(t)
	forgive(t)
	clearUsers(t, "bersaglio")
	run(t, "shzadm", "user", "add", "bersaglio", "--role", "base", "--full-name", "Bersaglio", "--email", "b@example.org")
	bad := layout.Attempts + "/bersaglio@127.0.3.4"
	t.Cleanup(func() { os.Remove(bad) })
	if err := os.Symlink("/etc/passwd", bad); err != nil {
		t.Fatal(err)
	}
	for what, out := range map[string]string{
		"the page of people": jsonAs(t, "admin", usersPage+"?text=r").body, "shzadm user list": run(t, "sh", "-c", "shzadm user list --json 2>/dev/null"), // where nothing takes the log
	} {
		var list struct{ Users []account.User }
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			t.Fatalf("%s: %v: %s", what, err, out)
		}
		known := make(map[string]bool)
		for _, u := range list.Users {
			known[u.Name] = u.ShutFrom != nil
		}
		if is, listed := known["bersaglio"]; is || !listed || !known["bruno"] {
			t.Errorf("%s: %v", what, known)
		}
	}
	if a := jsonAs(t, "admin", "-d", "op=lock", usersPage+"/bersaglio"); a.status != 200 || !strings.Contains(a.body, `"shut_from":null`) {
		t.Errorf("what is shown after an act: %d %s", a.status, a.body)
	}
}

// TestGuessesFromOneAddress: behind an address that guesses at many accounts those stay who were in before.
func TestGuessesFromOneAddress(t *testing.T) {
	d := needDemo(t)
	forgive(t)
	setConfig(t, "[login]\naddress_failures = 10\nfailure_milliseconds = 300\n")
	if !from(t, "127.0.0.4", "bruno", d.password["bruno"], 0) {
		t.Fatal("bruno")
	}
	for i := range 10 {
		tryLogin(t, fmt.Sprint("nessuno", i), "wrong", "--interface", "127.0.0.4")
	}
	if from(t, "127.0.0.4", "carla", d.password["carla"], 0) {
		t.Error("carla, who was never there, is let in from an address that guesses")
	}
	if !from(t, "127.0.0.4", "bruno", d.password["bruno"], 1) || !from(t, "127.0.0.5", "carla", d.password["carla"], 0) {
		t.Error("bruno, who was there before, or carla elsewhere, is shut out")
	}
	if names, _ := filepath.Glob(layout.Attempts + "/*nessuno*"); len(names) > 0 {
		t.Errorf("names that nobody has fill the folder: %q", names)
	}
}

// TestGuessesFromManyAddresses: pam_faillock counts those of an account together; what it knows is shown, and forgotten.
func TestGuessesFromManyAddresses(t *testing.T) {
	needDemo(t)
	forgive(t)
	const file, password = "/etc/sharezone/faillock.conf", "Lampone-7-Treno-Verde"
	before := read(t, file)
	t.Cleanup(func() { os.WriteFile(file, []byte(before), 0o644) })
	few := strings.Replace(before, "deny = 50", "deny = 5", 1)
	if few == before {
		t.Fatalf("%s does not say how many it denies:\n%s", file, before)
	}
	if err := os.WriteFile(file, []byte(few), 0o644); err != nil {
		t.Fatal(err)
	}
	setConfig(t, "[login]\nfailure_milliseconds = 300\n")
	person(t, "bersaglio", password)
	if u := shown(t, "bersaglio"); u.LastLogin != nil || u.FailedLogins == nil || *u.FailedLogins != 0 {
		t.Errorf("never there: %+v", u)
	}
	if !from(t, "127.0.1.1", "bersaglio", password, 4) {
		t.Error("four guesses shut the account")
	}
	if u := shown(t, "bersaglio"); u.LastLogin == nil || *u.FailedLogins != 0 {
		t.Errorf("after a login: %+v", u)
	}
	for i := range 5 {
		tryLogin(t, "bersaglio", "wrong", "--interface", fmt.Sprint("127.0.2.", i+1))
	}
	if u := shown(t, "bersaglio"); *u.FailedLogins != 5 || u.ShutUntil == nil || time.Until(*u.ShutUntil) < 10*time.Minute {
		t.Errorf("%d refused logins, not 5, shut until %v", *u.FailedLogins, u.ShutUntil)
	}
	if a := curlAs(t, "admin", "-H", "Accept-Language: en", usersPage+"/bersaglio"); !strings.Contains(a.body, "nobody is let in until") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if from(t, "127.0.3.1", "bersaglio", password, 0) {
		t.Error("five guesses from five addresses, and the right password is still asked for")
	}
	if listed := run(t, "faillock", "--dir", layout.Tallies, "--user", "bersaglio"); !strings.Contains(listed, "127.0.2.5") {
		t.Errorf("faillock shows:\n%s", listed)
	}
	shzadm(t, "user", "unlock", "bersaglio")
	if u := shown(t, "bersaglio"); *u.FailedLogins != 0 || u.ShutUntil != nil || !from(t, "127.0.3.1", "bersaglio", password, 0) {
		t.Error("unlocking did not open the account again")
	}
}

// TestFaillockReadOnce: a page of people reads the limits of refused logins once, however many people were refused.
func TestFaillockReadOnce(t *testing.T) {
	needDemo(t)
	forgive(t)
	setConfig(t, "[login]\nfailure_milliseconds = 300\n")
	for _, user := range []string{"anna", "bruno", "carla"} {
		tryLogin(t, user, "wrong", "--interface", "127.0.4.1")
	}
	jar(t, "admin") // whose login reads it, too
	watch, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(watch)
	if _, err := unix.InotifyAddWatch(watch, "/etc/sharezone/faillock.conf", unix.IN_OPEN|unix.IN_CLOSE_NOWRITE); err != nil { // two, for equal ones in a row become one
		t.Fatal(err)
	}
	for what, do := range map[string]func() string{
		"the page of people": func() string { return jsonAs(t, "admin", usersPage+"?text=a").body }, "shzadm user list": func() string { return run(t, "shzadm", "user", "list", "--json") },
	} {
		if body := do(); !strings.Contains(strings.ReplaceAll(body, " ", ""), `"failed_logins":1`) {
			t.Errorf("%s: nobody was refused:\n%s", what, body)
		}
		events := make([]byte, 4096)
		if n, err := unix.Read(watch, events); err != nil || n != 2*unix.SizeofInotifyEvent {
			t.Errorf("%s read it %d times, %v", what, n/2/unix.SizeofInotifyEvent, err)
		}
	}
}

// TestGuessesForgotten: nothing is left of the logins of an account that was deleted.
func TestGuessesForgotten(t *testing.T) {
	needDemo(t)
	forgive(t)
	setConfig(t, "[login]\nfailure_milliseconds = 300\n")
	const password = "Lampone-7-Treno-Verde"
	out, status := shzadm(t, "user", "add", "partita", "--role", "base", "--full-name", "Partita", "--email", "p@example.org", "--json")
	var made account.User
	if err := json.Unmarshal([]byte(out), &made); err != nil || status != 0 {
		t.Fatalf("exit %d, %v: %s", status, err, out)
	}
	t.Cleanup(func() { command(t, "userdel", "partita") }) // where the test ends early
	setPassword(t, "partita", password)
	if !from(t, "127.0.0.6", "partita", password, 0) || from(t, "127.0.0.6", "partita", "wrong", 0) {
		t.Fatal("partita")
	}
	files := []string{account.LoginFile(made.UID), layout.Attempts + "/partita@127.0.0.6", layout.Tallies + "/partita"}
	for _, file := range files {
		if !exists(file) {
			t.Errorf("%s was not made", file)
		}
	}
	if out, status := shzadm(t, "user", "delete", "partita", "--files", "keep"); status != 0 {
		t.Fatal(out)
	}
	for _, file := range files {
		if exists(file) {
			t.Errorf("%s is left", file)
		}
	}
}
