package main

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// TestEndOthers: a session that cannot be removed is told, and keeps no other one.
func TestEndOthers(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	newUser(t, "la-bruno", "shzbase")
	own, stuck, other, bruno := logIn(t, "la-anna"), logIn(t, "la-anna"), logIn(t, "la-anna"), logIn(t, "la-bruno")
	uid, err := strconv.Atoi(sh(t, "id -u la-anna"))
	if err != nil {
		t.Fatal(err)
	}
	sh(t, `mount --bind "$1" "$1"`, layout.Sessions+"/"+stuck) // a name on which something is mounted is not removed
	defer sh(t, `umount "$1"`, layout.Sessions+"/"+stuck)
	unreadable := layout.Sessions + "/" + strings.Repeat("0", len(own))
	sh(t, `ln -s /nonexistent "$1"`, unreadable)
	if err := endOthers(own, 4_000_000_000); !errors.Is(err, unix.ELOOP) {
		t.Errorf("one that cannot be opened: %v", err)
	}
	sh(t, `rm "$1" && mkdir "$1"`, unreadable)
	if err := endOthers(own, 4_000_000_000); err != nil {
		t.Errorf("what is no session, and lets nobody in: %v", err)
	}
	sh(t, `rmdir "$1"`, unreadable)
	if err := endOthers(own, uint32(uid)); err == nil || lives(other) || !lives(own) || !lives(stuck) || !lives(bruno) {
		t.Errorf("%v; lives: other %v, own %v, stuck %v, bruno's %v", err, lives(other), lives(own), lives(stuck), lives(bruno))
	}
}

// TestOwn: everybody is told of himself, and chooses for himself.
func TestOwn(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase", "-c", "Anna,,,,anna@example.org")
	newUser(t, "la-bruno", "shzbase")
	a := ask(t, "la-anna", request{Op: "account", Username: "la-bruno"})
	if a.status != 0 || a.Account == nil || a.Account.Name != "la-anna" || a.Account.PasswordSet == nil || a.Account.Language != nil || *a.Account.Email != "anna@example.org" {
		t.Fatalf("%d %s %s", a.status, a.out, a.log)
	}
	if strings.Contains(a.out, "$") {
		t.Errorf("a password's hash is told: %s", a.out)
	}
	file := layout.Preferences + "/" + sh(t, "id -u la-anna") + ".json"
	t.Cleanup(func() { sh(t, `rm -f "$1"`, file) })
	for _, language := range []string{"fr", "EN", "en\n", "../en", "\x00"} {
		if a := ask(t, "la-anna", request{Op: "language", Language: language}); a.status != exitRefused || a.Error != "refused" {
			t.Errorf("%q: %d %s", language, a.status, a.out)
		}
	}
	for _, language := range []string{"en", "it"} {
		if a := ask(t, "la-anna", request{Op: "language", Language: language, Username: "la-bruno"}); a.status != 0 {
			t.Fatalf("%d %s %s", a.status, a.out, a.log)
		}
		if a := ask(t, "la-anna", request{Op: "account"}); *a.Account.Language != language {
			t.Errorf("%s", a.out)
		}
	}
	if state := sh(t, `stat -c '%a %U %G' "$1"`, file); state != "640 la-anna shzspool" {
		t.Error(state)
	}
	if a := ask(t, "la-bruno", request{Op: "account"}); a.Account.Language != nil {
		t.Errorf("another's choice: %s", a.out)
	}
	if a := ask(t, "shzguest", loginOf("la-anna")); a.Language != "it" {
		t.Errorf("login: %s", a.out)
	}
	// What the owner makes of his file is no choice, and the next one mends it.
	sh(t, `setpriv --reuid=la-anna --regid=la-anna --init-groups sh -c 'head -c 300000 /dev/zero >"$1"' sh "$1"`, file)
	if a := ask(t, "shzguest", loginOf("la-anna")); a.status != 0 || a.Language != "" {
		t.Errorf("spoilt: %d %s %s", a.status, a.out, a.log)
	}
	if a := ask(t, "la-anna", request{Op: "language", Language: "en"}); a.status != 0 || sh(t, `cat "$1"`, file) != `{"language":"en"}` {
		t.Errorf("mended: %d %s", a.status, a.log)
	}
	for _, wrong := range []request{{Op: "messages"}, {Op: "messages", Often: "twice"}, {Op: "messages", Often: "daily", Channel: "fax"}} {
		if a := ask(t, "la-anna", wrong); a.status != exitRefused || a.Error != "refused" {
			t.Errorf("%+v: %d %s", wrong, a.status, a.out)
		}
	}
	for _, row := range []struct{ channel, want string }{{"both", "both"}, {"", "both"}, {"mail", "mail"}} {
		if a := ask(t, "la-anna", request{Op: "messages", Often: "daily", Channel: row.channel, Username: "la-bruno"}); a.status != 0 {
			t.Errorf("%+v: %d %s", row, a.status, a.log)
		}
		if a := ask(t, "la-anna", request{Op: "account"}); a.Account.Often != "daily" || a.Account.Channel == nil || string(*a.Account.Channel) != row.want {
			t.Errorf("%+v: %s", row, a.out)
		}
	}
	if a := ask(t, "la-bruno", request{Op: "account"}); a.Account.Often != "now" || a.Account.Channel != nil {
		t.Errorf("another's choice: %s", a.out)
	}
	sh(t, `rm "$1"`, file)
	if a := ask(t, "la-anna", request{Op: "language"}); a.status != 0 || sh(t, `cat "$1"`, file) != `{}` {
		t.Errorf("none: %d %s", a.status, a.log)
	}
}
