package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// TestLogin: what stands in a new session, by role and entry.
func TestLogin(t *testing.T) {
	needCopy(t)
	for _, row := range []struct {
		name, groups   string
		roles          []string
		idle, absolute time.Duration
	}{
		{"la-base", "shzbase", []string{"base"}, 30 * time.Minute, 12 * time.Hour},
		{"la-manager", "shzbase,shzmgr", []string{"base", "manager"}, 30 * time.Minute, 12 * time.Hour},
		{"la-admin", "shzbase,shzmgr,shzadmin", []string{"base", "manager", "admin"}, 15 * time.Minute, 8 * time.Hour},
	} {
		newUser(t, row.name, row.groups)
		for entry, address := range map[string]string{"internal": "192.0.2.7", "external": "2001:db8::7"} {
			began := time.Now().Add(-time.Second)
			a := ask(t, layout.UserGuest, request{Op: "login", Username: row.name, Password: password, Entry: entry, Address: address})
			file, ok := session.FileName(a.ID)
			if a.status != 0 || !ok || a.User != row.name || !slices.Equal(a.Roles, row.roles) || a.MustChange || a.Error != "" || a.log != "" {
				t.Fatalf("%s: %d %s %s", row.name, a.status, a.out, a.log)
			}
			defer os.Remove(layout.Sessions + "/" + file)
			r, use := record(t, file)
			uid, _ := strconv.Atoi(sh(t, "id -u "+row.name))
			if r.User != row.name || int(r.UID) != uid || r.GID != r.UID || len(r.Groups) != len(row.roles)+1 || r.Entry != entry || r.Address != address ||
				r.Idle != row.idle || r.Absolute != row.absolute || r.Started.Before(began) || use.Before(began) || r.Stamp != session.Stamp() {
				t.Errorf("%+v, used %v", r, use)
			}
			var st unix.Stat_t
			if err := unix.Lstat(layout.Sessions+"/"+file, &st); err != nil || st.Mode != unix.S_IFREG|0o600 || st.Uid != 0 || st.Gid != 0 {
				t.Errorf("%v %o %d %d", err, st.Mode, st.Uid, st.Gid)
			}
			if b, _ := os.ReadFile(layout.Sessions + "/" + file); strings.Contains(string(b), a.ID) || strings.Contains(string(b), password) {
				t.Error("the file holds the id or the password")
			}
		}
	}
	one, two := logIn(t, "la-base"), logIn(t, "la-base")
	a, _ := record(t, one)
	b, _ := record(t, two)
	if one == two || a.Key == b.Key || a.Password == b.Password {
		t.Error("two sessions share an id, a key or a mark")
	}
}

// TestLoginRefused: whatever the reason, the same answer, after the same time.
func TestLoginRefused(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	newUser(t, "la-locked", "shzbase")
	newUser(t, "la-expired", "shzbase")
	newUser(t, "la-inactive", "shzbase")
	newUser(t, "la-out", "users")
	newUser(t, "la-mgr", "shzmgr,shzadmin") // without shzbase the other groups give nothing
	newUser(t, "la-root", "shzbase,root")
	newUser(t, "la-gid0", "shzbase")
	newUser(t, "la-low", "shzbase", "-r")
	newUser(t, "la-empty", "shzbase")
	sh(t, `usermod -L la-locked; chage -E 0 la-expired; chage -d 2020-01-01 -M 30 -I 10 la-inactive; passwd -d la-empty >/dev/null; usermod -g 0 la-gid0
		printf 'root:%s\n' "$1" | chpasswd; usermod -aG shzbase root`, password)
	defer sh(t, "gpasswd -d root shzbase; passwd -l root")
	var group sync.WaitGroup
	for name, q := range map[string]request{
		"wrong": {Username: "la-anna", Password: "wrong"}, "case": {Username: "la-anna", Password: strings.ToUpper(password)}, "unknown": {Username: "la-nobody"},
		"locked": {Username: "la-locked"}, "expired": {Username: "la-expired"}, "password long over": {Username: "la-inactive"}, "outside": {Username: "la-out"},
		"roles without the base": {Username: "la-mgr"}, "in group root": {Username: "la-root"}, "primary group 0": {Username: "la-gid0"}, "uid below 1000": {Username: "la-low"},
		"root": {Username: "root"}, "system account": {Username: "www-data"}, "guest": {Username: layout.UserGuest}, "nobody": {Username: "nobody"},
		"empty name": {Username: ""}, "name in capitals": {Username: "ZT-ANNA"}, "name with a blank": {Username: "la-anna "}, "name with a line": {Username: "la-anna\n"},
		"name with NUL": {Username: "la-anna\x00"}, "uid": {Username: sh(t, "id -u la-anna")}, "option": {Username: "-rf"}, "path": {Username: "../la-anna"}, "dots": {Username: ".."},
		"long name": {Username: strings.Repeat("a", 4000)}, "not UTF-8": {Username: "la-\xff"}, "name with a colon": {Username: "la-anna:x"},
		"NUL": {Username: "la-anna", Password: password + "\x00"}, "513 bytes": {Username: "la-anna", Password: strings.Repeat("a", 513)},
		"512 bytes": {Username: "la-anna", Password: strings.Repeat("a", 512)}, "line": {Username: "la-anna", Password: password + "\n"}, "blank": {Username: "la-anna", Password: " "},
		"its hash": {Username: "la-anna", Password: sh(t, "getent shadow la-anna | cut -d: -f2")},
		"none":     {Username: "la-anna", Password: "-"}, "none where there is none": {Username: "la-empty", Password: "-"}, "some where there is none": {Username: "la-empty"},
	} {
		q.Op, q.Entry, q.Address = "login", "internal", "192.0.2.7"
		switch q.Password {
		case "":
			q.Password = password // the right one, where there is one
		case "-":
			q.Password = ""
		}
		group.Go(func() { // each takes a second
			a := ask(t, layout.UserGuest, q)
			if a.status != exitRefused || a.out != `{"error":"refused"}`+"\n" {
				t.Errorf("%s: %d %s %s", name, a.status, a.out, a.log)
			}
			if a.took < time.Second {
				t.Errorf("%s: answered after %v already", name, a.took)
			}
			if strings.Count(a.log, "\n") != 1 || strings.Contains(a.log, password) {
				t.Errorf("%s: log %q", name, a.log)
			}
		})
	}
	group.Wait()
}

// TestLoginBadCall: what only a broken component sends; it is not an answer about an account.
func TestLoginBadCall(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	before := sh(t, "ls "+layout.Sessions)
	for _, change := range []func(*request){
		func(q *request) { q.Entry = "" }, func(q *request) { q.Entry = "Internal" }, func(q *request) { q.Entry = "internal\nuid=0" }, func(q *request) { q.Address = "" },
		func(q *request) { q.Address = "localhost" }, func(q *request) { q.Address = "192.0.2.7, 192.0.2.8" }, func(q *request) { q.Address = "fe80::1%a\nuid=0" },
	} {
		q := loginOf("la-anna")
		change(&q)
		if a := ask(t, layout.UserGuest, q); a.status != exitInternal || a.Error != "internal" || a.ID != "" {
			t.Errorf("%+v: %d %s", q, a.status, a.out)
		}
	}
	if after := sh(t, "ls "+layout.Sessions); after != before {
		t.Error("a session was opened")
	}
}

// TestManyLogins: more at once than there are slots; each gets a session of its own.
func TestManyLogins(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	var group sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for range 20 {
		group.Go(func() {
			a := ask(t, layout.UserGuest, loginOf("la-anna"))
			mu.Lock()
			defer mu.Unlock()
			file, ok := session.FileName(a.ID)
			if ok {
				defer os.Remove(layout.Sessions + "/" + file)
			}
			if a.Error != "busy" && (!ok || seen[file]) {
				t.Errorf("%d %s %s", a.status, a.out, a.log)
			}
			seen[file] = true
		})
	}
	group.Wait()
	if len(seen) < 8 {
		t.Errorf("only %d sessions", len(seen))
	}
}

// TestMustChange: a password that is over lets its owner in to choose another one, and says so.
func TestMustChange(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	for _, command := range []string{"chage -d 0 la-anna", "chage -d 2020-01-01 -M 30 la-anna", "passwd -e la-anna"} {
		sh(t, command)
		a := ask(t, layout.UserGuest, loginOf("la-anna"))
		if a.status != 0 || !a.MustChange {
			t.Fatalf("%s: %d %s %s", command, a.status, a.out, a.log)
		}
		file, _ := session.FileName(a.ID)
		if r, _ := record(t, file); !r.MustChange {
			t.Errorf("%s: the session does not say so", command)
		}
		os.Remove(layout.Sessions + "/" + file)
		sh(t, "chage -d $(date +%F) -M 99999 la-anna")
	}
}

// TestRefresh: what an administrator does with an account ends or changes its sessions.
func TestRefresh(t *testing.T) {
	needCopy(t)
	for _, row := range []struct {
		name, command string
		ended         bool
		check         func(before, after session.Record) bool
	}{
		{"nothing", "true", false, func(a, b session.Record) bool { return fmt.Sprint(a) == fmt.Sprint(b) }},
		{"another account changed", "usermod -c $RANDOM shzguest", false, func(a, b session.Record) bool { return a.Stamp != b.Stamp && len(a.Groups) == len(b.Groups) }},
		{"locked", "usermod -L la-r", true, nil},
		{"locked by passwd", "passwd -l la-r", true, nil},
		{"expired", "chage -E 0 la-r", true, nil},
		{"expired yesterday", "chage -E $(date -d yesterday +%F) la-r", true, nil},
		{"out of shzbase", "gpasswd -d la-r shzbase", true, nil},
		{"in group 0", "gpasswd -a la-r root", true, nil},
		{"primary group 0", "usermod -g 0 la-r", true, nil},
		{"new password", "echo la-r:Other-9-prova | chpasswd", true, nil},
		{"same password set again", "getent shadow la-r >/run/zt; printf '%s:%s\n' la-r \"$1\" | chpasswd", true, nil},
		{"password removed", "passwd -d la-r", true, nil},
		{"removed", "userdel la-r", true, nil},
		{"removed and made again with its uid", "u=$(id -u la-r); userdel la-r; useradd -M -U -u $u -G shzbase la-r; printf '%s:%s\n' la-r \"$1\" | chpasswd", true, nil},
		{"another uid", "usermod -u 4343 la-r", true, nil},
		{"renamed", "usermod -l la-renamed la-r", true, nil},
		{"password to be changed", "chage -d 0 la-r", false, func(_, b session.Record) bool { return b.MustChange }},
		{"manager", "gpasswd -a la-r shzmgr", false, func(a, b session.Record) bool { return len(b.Groups) == len(a.Groups)+1 }},
		{"another primary group", "usermod -g users la-r", false, func(a, b session.Record) bool {
			return b.GID == 100 && slices.Contains(b.Groups, 100) && !slices.Contains(b.Groups, a.GID)
		}},
		{"groups file gone for a moment", "cp /etc/group /etc/g; mv /etc/g /etc/group", false, func(a, b session.Record) bool { return a.Stamp != b.Stamp }},
		{"session file damaged", "echo admin=yes >>" + layout.Sessions + "/$2", true, nil},
		{"session file empty", ": >" + layout.Sessions + "/$2", true, nil},
		{"session ended by hand", "rm " + layout.Sessions + "/$2", true, nil},
		{"a minute went by", "sed -i 's/^refreshed=.*/refreshed=1793000000/' " + layout.Sessions + "/$2; chmod 600 " + layout.Sessions + "/$2", false,
			func(_, b session.Record) bool { return time.Since(b.Refreshed) < time.Minute }},
	} {
		t.Run(row.name, func(t *testing.T) {
			newUser(t, "la-r", "shzbase")
			defer sh(t, "userdel -f la-r 2>/dev/null || true; userdel -f la-renamed 2>/dev/null || true; groupdel la-r 2>/dev/null || true")
			file := logIn(t, "la-r")
			before, _ := record(t, file)
			path := layout.Sessions + "/" + file
			sh(t, row.command, password, file)
			used := time.Now().Add(-5 * time.Minute).Truncate(time.Second)
			if lives(file) {
				if err := os.Chtimes(path, used, used); err != nil {
					t.Fatal(err)
				}
			}
			a := ask(t, "", request{Op: "refresh", Session: file})
			if row.ended {
				if a.status != exitEnded || lives(file) || a.out != "{}\n" {
					t.Errorf("%d %s %s; lives: %v", a.status, a.out, a.log, lives(file))
				}
				return
			}
			after, use := record(t, file)
			if a.status != 0 || a.out != "{}\n" || !row.check(before, after) || !use.Equal(used) {
				t.Errorf("%d %s %s, used %v\nbefore %+v\nafter  %+v", a.status, a.out, a.log, use, before, after)
			}
			if after.User != before.User || after.UID != before.UID || after.Password != before.Password || !after.Started.Equal(before.Started) || after.Idle != before.Idle {
				t.Errorf("before %+v\nafter  %+v", before, after)
			}
			if after.Stale(time.Now(), session.Stamp()) {
				t.Error("it is stale again at once")
			}
		})
	}
	for _, name := range []string{"", "..", "../../../etc/shadow", strings.Repeat("0", 63), strings.Repeat("F", 64), strings.Repeat("0", 64) + "/"} {
		if a := ask(t, "", request{Op: "refresh", Session: name}); a.status != exitRefused || a.Error != "refused" {
			t.Errorf("%q: %d %s", name, a.status, a.out)
		}
	}
	if a := ask(t, "", request{Op: "refresh", Session: strings.Repeat("0", 64)}); a.status != exitEnded {
		t.Errorf("no such session: %d %s", a.status, a.out)
	}
}

// TestRefreshAtOnce: many requests of one session come together when an account file has changed.
func TestRefreshAtOnce(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	file := logIn(t, "la-anna")
	sh(t, "touch /etc/group")
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			if a := ask(t, "", request{Op: "refresh", Session: file}); a.status != 0 && a.Error != "busy" {
				t.Errorf("%d %s %s", a.status, a.out, a.log)
			}
		})
	}
	group.Wait()
	if r, _ := record(t, file); r.Stale(time.Now(), session.Stamp()) {
		t.Errorf("%+v", r)
	}
}

func TestLogout(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	newUser(t, "la-bruno", "shzbase")
	first, second, others := logIn(t, "la-anna"), logIn(t, "la-anna"), logIn(t, "la-bruno")
	if a := ask(t, "la-anna", request{Op: "logout", Session: first}); a.status != 0 || lives(first) || !lives(second) || !lives(others) {
		t.Errorf("%d %s", a.status, a.out)
	}
	for name, file := range map[string]string{"another's": others, "gone": first, "unknown": strings.Repeat("0", 64)} {
		if a := ask(t, "la-anna", request{Op: "logout", Session: file}); a.status != exitEnded && (a.status != 0 || a.out != "{}\n") || !lives(others) {
			t.Errorf("%s: %d %s", name, a.status, a.out)
		}
	}
	for _, bad := range []string{"", "..", "../slots/auth.0", "/etc/passwd", second[1:], strings.ToUpper(second)} {
		if a := ask(t, "la-anna", request{Op: "logout", Session: bad}); a.status != exitRefused || a.Error != "refused" || !lives(second) {
			t.Errorf("%q: %d %s", bad, a.status, a.out)
		}
	}
}

// TestTooManySessions: who logs in without end ends his own oldest sessions, once there are very many in all.
func TestTooManySessions(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	newUser(t, "la-bruno", "shzbase")
	bruno, oldest := logIn(t, "la-bruno"), logIn(t, "la-anna")
	for range ownSessionsMost + 1 {
		logIn(t, "la-anna")
	}
	if !lives(oldest) {
		t.Error("ended though there are few")
	}
	sh(t, `touch -d "1 hour ago" "$1"`, layout.Sessions+"/"+oldest)
	sh(t, fmt.Sprintf(`for i in $(seq -f "%%064.0f" %d); do : >"$1/$i"; done`, manySessions), layout.Sessions)
	t.Cleanup(func() { sh(t, `find "$1" -name "00000000*" -delete`, layout.Sessions) })
	last := logIn(t, "la-anna")
	all, err := session.List()
	if err != nil {
		t.Fatal(err)
	}
	own := 0
	for _, s := range all {
		if s.Err == nil && s.Record.User == "la-anna" {
			own++
		}
	}
	if own != ownSessionsMost || lives(oldest) || !lives(last) || !lives(bruno) {
		t.Errorf("%d of his own; the oldest %v, the last %v, another's %v", own, lives(oldest), lives(last), lives(bruno))
	}
}
