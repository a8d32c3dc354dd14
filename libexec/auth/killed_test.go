package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sharezone/internal/layout"
	"sharezone/internal/secret"
	"sharezone/internal/session"
)

// writing are the system calls that change something another process sees.
var writing = []string{"openat", "openat2", "write", "pwrite64", "rename", "renameat", "renameat2", "unlink", "unlinkat", "ftruncate", "fchmod", "fchown", "chmod", "chown", "fsync",
	"fcntl", "flock", "utimensat", "futimesat"}

// asKilled asks the helper, which dies as it enters the call, the when-th of its thread. It says whether the helper ended by itself.
func asKilled(t *testing.T, as string, q request, call string, when int) (answer, bool) {
	t.Helper()
	a := askTraced(t, as, q, fmt.Sprintf("-e trace=%s -e inject=%s:signal=KILL:when=%d", call, call, when))
	return a, a.status >= 0 && a.status < 128
}

func askTraced(t *testing.T, as string, q request, options string) answer {
	t.Helper()
	input := fmt.Sprintf(`{"op":%q,"username":%q,"password":%q,"session":%q,"old":%q,"new":%q,"entry":%q,"address":%q,"token":%q}`, q.Op, q.Username, q.Password, q.Session, q.Old, q.New, q.Entry, q.Address, q.Token)
	uid := ""
	if as != "" {
		uid = sh(t, `id -u -- "$1"`, as)
	}
	return askIn(t, uid, input, "exec strace -f -qq -o "+traceFile+" "+options+` "$@"`)
}

const traceFile = "/run/auth-trace" // strace opens it before the helper leaves its working directory

// TestKilled: killed at any call that writes, a login leaves no session that is half of one and keeps nobody out, a change of the
// password leaves the old one or the new one and never a session that the other had opened, and a refresh or a logout leaves the
// session or none. What comes afterwards works as if nothing had been.
func TestKilled(t *testing.T) {
	needCopy(t)
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal(err)
	}
	newUser(t, "la-anna", "shzbase")
	t.Cleanup(func() { os.Remove(traceFile) })
	const next = "Zw4-nuova-9 ù"
	others := func() string { return sh(t, "grep -v ^la-anna: /etc/shadow; cat /etc/passwd /etc/group") }
	forget := func() { sh(t, `find "$@" -type f -delete`, layout.Attempts, layout.Tallies) }
	opens := func(secret string) bool {
		forget() // also a killed try counts as one
		q := loginOf("la-anna")
		q.Password = secret
		a := ask(t, layout.UserGuest, q)
		if file, ok := session.FileName(a.ID); ok {
			os.Remove(layout.Sessions + "/" + file)
		}
		return a.status == 0
	}
	// Wrong passwords wait for so long.
	sh(t, "f=/etc/sharezone/sharezone.toml; cp -p $f $f.old; printf '[login]\nfailure_milliseconds = 200\n' >$f")
	t.Cleanup(func() { sh(t, "f=/etc/sharezone/sharezone.toml; mv $f.old $f") })
	before := others()
	outcomes := make(map[bool]int) // of killed changes
	for _, row := range []struct {
		name    string
		prepare func() (as string, q request)
		check   func(t *testing.T, q request)
	}{
		{"login", func() (string, request) { return layout.UserGuest, loginOf("la-anna") }, func(t *testing.T, _ request) {
			all, err := session.List()
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range all {
				if s.Err == nil && (s.Record.User == "" || s.Record.Password == "") {
					t.Errorf("half of a session: %+v", s.Record)
				}
				os.Remove(layout.Sessions + "/" + s.Name)
			}
			if !opens(password) {
				t.Error("no login any more")
			}
		}},
		{"password", func() (string, request) {
			other := logIn(t, "la-anna")
			return "la-anna", request{Op: "password", Session: logIn(t, "la-anna"), Old: password, New: next, Username: other} // ignored there: kept for check
		}, func(t *testing.T, q request) {
			changed := opens(next)
			outcomes[changed]++
			if changed == opens(password) {
				t.Fatalf("the new password works: %v, the old one: %v", changed, !changed)
			}
			a := ask(t, "", request{Op: "refresh", Session: q.Username})
			if lives(q.Username) == changed || (a.status == 0) == changed {
				t.Errorf("changed: %v, and the session of another browser: %v, %d %s", changed, lives(q.Username), a.status, a.log)
			}
			os.Remove(layout.Sessions + "/" + q.Session)
		}},
		{"refresh", func() (string, request) {
			file := logIn(t, "la-anna")
			sh(t, "touch /etc/group") // makes it stale
			return "", request{Op: "refresh", Session: file}
		}, func(t *testing.T, q request) {
			ask(t, "", q)
			if lives(q.Session) {
				if r, _ := record(t, q.Session); r.User != "la-anna" || len(r.Groups) == 0 {
					t.Errorf("%+v", r)
				}
			}
			os.Remove(layout.Sessions + "/" + q.Session)
		}},
		{"logout", func() (string, request) { return "la-anna", request{Op: "logout", Session: logIn(t, "la-anna")} }, func(t *testing.T, q request) {
			if a := ask(t, "la-anna", q); a.status != 0 || lives(q.Session) {
				t.Errorf("a second time: %d %s %s", a.status, a.out, a.log)
			}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			forget()
			sh(t, `printf '%s:%s\n' "$1" "$2" | chpasswd`, "la-anna", password)
			as, q := row.prepare()
			if a := askTraced(t, as, q, "-e trace="+strings.Join(writing, ",?")); a.status != 0 {
				t.Fatalf("%d %s %s", a.status, a.out, a.log)
			}
			log, err := os.ReadFile(traceFile)
			if err != nil {
				t.Fatal(err)
			}
			calls := make(map[string]int)
			for _, m := range regexp.MustCompile(`(?m)^[0-9]+ +([a-z0-9_]+)\(`).FindAllStringSubmatch(string(log), -1) {
				calls[m[1]]++
			}
			killed := 0
			for call, n := range calls {
				step := 1 + n/6
				if os.Getenv("SHZ_LONG") == "1" {
					step = 1
				}
				for when := 1; when <= n; when += step {
					forget()
					sh(t, `printf '%s:%s\n' "$1" "$2" | chpasswd`, "la-anna", password)
					as, q := row.prepare()
					_, ended := asKilled(t, as, q, call, when)
					if !ended {
						killed++
					}
					t.Logf("%s %d: ended %v", call, when, ended)
					row.check(t, q)
					if after := others(); after != before {
						t.Fatalf("%s %d: other accounts were\n%s\nand are\n%s", call, when, before, after)
					}
				}
			}
			if killed < 3 {
				t.Errorf("killed %d times in %v", killed, calls)
			}
			for _, left := range []string{"/etc/passwd.lock", "/etc/shadow.lock", "/etc/group.lock"} {
				if _, err := os.Lstat(left); err == nil {
					t.Errorf("%s keeps everybody from changing accounts", filepath.Base(left))
				}
			}
		})
	}
	if outcomes[true] == 0 || outcomes[false] == 0 {
		t.Errorf("killed changes of the password: %v were made, of some each way", outcomes)
	}
}

// TestAddressKilled: killed on the way, the helper or the usermod(8) that it has started, the former address is told of every change that was
// made.
func TestAddressKilled(t *testing.T) {
	asked, _ := addressOf(t)
	t.Cleanup(func() { os.Remove(traceFile) })
	t.Cleanup(func() { sh(t, "rm -f /etc/passwd.lock /etc/shadow.lock") })
	outcomes := make(map[bool]int)
	for _, row := range []struct {
		call string
		most int
	}{{"renameat", 6}, {"rename", 1}, {"unlinkat", 2}, {"fsync", 6}} {
		for when := 1; when <= row.most; when++ {
			sh(t, `rm -f "$1"/* "$2"/*; usermod -c "Anna,,,,old@example.org" la-adr`, layout.Tokens, layout.Secrets)
			if a := asked(logIn(t, "la-adr"), "new@example.org", password); a.status != 0 {
				t.Fatalf("%d %s %s", a.status, a.out, a.log)
			}
			link := handedOver(t, secret.Verify)[0].Text
			q := request{Op: "verify", Username: "la-adr", Password: password, Token: link, Entry: "internal", Address: "192.0.2.9"}
			_, ended := asKilled(t, layout.UserGuest, q, row.call, when)
			email, _ := emailNow(t, "la-adr")
			notes := handedOver(t, secret.Moved)
			t.Logf("%s %d: ended %v, %s, %d notes", row.call, when, ended, email, len(notes))
			if email == "new@example.org" && (len(notes) != 1 || notes[0].Address != "old@example.org") {
				t.Errorf("%s %d: nobody is told: %+v", row.call, when, notes)
			}
			if !ended {
				outcomes[email == "new@example.org"]++
			}
		}
	}
	if outcomes[true] == 0 || outcomes[false] == 0 {
		t.Errorf("killed: %v changes were made, of some each way", outcomes)
	}
}
