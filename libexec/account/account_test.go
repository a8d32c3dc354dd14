package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
	"sharezone/internal/slot"
	"sharezone/internal/zone"
)

// asAccount is set when this test program is started as the helper itself.
const asAccount = "SHZ_TEST_ACCOUNT"

func TestMain(m *testing.M) {
	if os.Getenv(asAccount) != "" {
		os.Unsetenv(asAccount)
		main()
	}
	os.Exit(m.Run())
}

// needCopy skips what makes accounts, and makes two administrators and a staff member of the machine's own.
func needCopy(t *testing.T) {
	t.Helper()
	if os.Getenv("SHZ_COPY") == "" || os.Geteuid() != 0 {
		t.Skip("makes accounts: run by test.sh in its copy of the machine")
	}
	sh(t, `add() { getent passwd $1 >/dev/null || echo "Sommer-wind-42" | shzadm user add $1 --role $2 --full-name "Full $1" --company Acme --email $1@example.org --password-stdin >/dev/null; }
		add ac-admin admin; add ac-other admin; add ac-anna manager; add ac-bruno base
		getent passwd ac-staff >/dev/null || { useradd -M -U -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 ac-staff; shzadm user enable ac-staff --role manager >/dev/null; }`)
	t.Cleanup(func() {
		exec.Command("bash", "-c", `for u in $(getent passwd | cut -d: -f1 | grep ^ac-); do userdel -f $u; done; for g in $(getent group | cut -d: -f1 | grep ^shz-ac-); do groupdel $g; done; rm -f /etc/*.lock`).Run()
	})
}

func sh(t *testing.T, command string, args ...string) string {
	t.Helper()
	out, err := exec.Command("bash", append([]string{"-ec", command, "sh"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", command, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func uid(t *testing.T, name string) string { return sh(t, `id -u -- "$1"`, name) }

// answer is what the helper said, and how it ended.
type answer struct {
	helper.AccountReply
	status int
	out    string
	log    string
}

func ask(t *testing.T, as string, q helper.AccountRequest) answer {
	t.Helper()
	number := ""
	if as != "" {
		number = uid(t, as)
	}
	b, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	return askIn(t, number, string(b), "")
}

// askIn starts the helper by a shell, which can spoil what it inherits.
func askIn(t *testing.T, sudoUID, input, shell string) answer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if shell == "" {
		shell = `exec "$@"`
	}
	cmd := exec.Command("bash", "-c", shell, "sh", self)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", asAccount + "=yes"}
	if sudoUID != "" {
		cmd.Env = append(cmd.Env, "SUDO_UID="+sudoUID)
	}
	var out, log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &log
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	a := answer{status: cmd.ProcessState.ExitCode(), out: out.String(), log: log.String()}
	if lines := strings.Split(strings.TrimSpace(a.out), "\n"); out.Len() > 0 {
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &a.AccountReply); err != nil {
			t.Errorf("answered %q", a.out)
		}
	}
	return a
}

// state is everything that a refusal must leave as it is.
func state(t *testing.T) string {
	t.Helper()
	return sh(t, `sha256sum /etc/passwd /etc/group /etc/shadow /etc/gshadow /var/lib/sharezone/uids; ls /var/lib/sharezone/sessions /etc/*.lock 2>/dev/null || true`)
}

func expectRefusal(t *testing.T, sudoUID, input, shell string, status int, code, reason string) {
	t.Helper()
	before := state(t)
	a := askIn(t, sudoUID, input, shell)
	if a.status != status || a.Error != code || a.Reason != reason || strings.Count(a.log, "\n") != 1 {
		t.Errorf("%.100s: %d %q, log %q", input, a.status, a.out, a.log)
	}
	if a.User != nil || a.Users != nil || a.Password != "" || strings.Contains(a.out, "/") {
		t.Errorf("%.100s: says more than that: %q", input, a.out)
	}
	if state(t) != before {
		t.Errorf("%.100s: something changed", input)
	}
}

// TestSteps: each numbered step of account(8) refuses, with its exit status, code and reason, before anything changed.
func TestSteps(t *testing.T) {
	needCopy(t)
	admin := uid(t, "ac-admin")
	const lock = `{"op":"lock","username":"ac-bruno"}`
	for _, row := range []struct {
		name, sudoUID, input, shell string
		status                      int
		code, reason                string
	}{
		{"1: not root", "", lock, `exec setpriv --reuid=4242 --regid=4242 --clear-groups "$@"`, privileged.ExitInternal, "internal", ""},
		{"1: root by saved uid alone", "", lock, `exec setpriv --ruid=4242 "$@"`, privileged.ExitInternal, "internal", ""},
		{"1: too few descriptors", admin, lock, `ulimit -n 20; exec setpriv --bounding-set -sys_resource "$@"`, privileged.ExitInternal, "internal", ""},
		{"1: files too small", admin, lock, `ulimit -f 100; exec setpriv --bounding-set -sys_resource "$@"`, privileged.ExitInternal, "internal", ""},
		{"2: root by sudo", "0", lock, "", privileged.ExitUsage, "internal", ""},
		{"2: nobody's uid", "4242", lock, "", privileged.ExitUsage, "internal", ""},
		{"2: a name", "ac-admin", lock, "", privileged.ExitUsage, "internal", ""},
		{"2: wraps around to 0", "4294967296", lock, "", privileged.ExitUsage, "internal", ""},
		{"2: web server", "33", lock, "", privileged.ExitUsage, "internal", ""},
		{"2: worker", uid(t, "shzspool"), lock, "", privileged.ExitUsage, "internal", ""},
		{"2: guest", uid(t, "shzguest"), lock, "", privileged.ExitUsage, "internal", ""},
		{"2: member", uid(t, "ac-bruno"), lock, "", privileged.ExitUsage, "internal", ""},
		{"5: manager", uid(t, "ac-anna"), `{"op":"search"}`, "", privileged.ExitUsage, "internal", ""},
		{"4: no input", admin, ``, "", privileged.ExitUsage, "internal", ""},
		{"4: no object", admin, `["lock"]`, "", privileged.ExitUsage, "internal", ""},
		{"4: unknown field", admin, `{"op":"lock","username":"ac-bruno","uid":0}`, "", privileged.ExitUsage, "internal", ""},
		{"4: wrong kind", admin, `{"op":"lock","username":["ac-bruno"]}`, "", privileged.ExitUsage, "internal", ""},
		{"4: two objects", admin, lock + lock, "", privileged.ExitUsage, "internal", ""},
		{"4: too long", admin, lock + strings.Repeat(" ", 64<<10), "", privileged.ExitUsage, "internal", ""},
		{"5: no operation", admin, `{"username":"ac-bruno"}`, "", privileged.ExitUsage, "internal", ""},
		{"5: unknown operation", admin, `{"op":"Lock","username":"ac-bruno"}`, "", privileged.ExitUsage, "internal", ""},
		{"7: no name", admin, `{"op":"lock"}`, "", privileged.ExitRefused, "not-found", "no-user"},
		{"7: an option", admin, `{"op":"lock","username":"-rf"}`, "", privileged.ExitRefused, "not-found", "no-user"},
		{"7: an option to make", admin, `{"op":"create","username":"--root=/tmp"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"7: a path", admin, `{"op":"create","username":"../x"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"7: a number", admin, `{"op":"delete","username":"0"}`, "", privileged.ExitRefused, "not-found", "no-user"},
		{"7: two lines", admin, `{"op":"create","username":"a\nroot"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"7: a company's name", admin, `{"op":"create","username":"shz-acme"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"7: another group", admin, `{"op":"create-group","group":"sudo"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"9: no such account", admin, `{"op":"lock","username":"ac-none"}`, "", privileged.ExitRefused, "not-found", "no-user"},
		{"9: root", admin, `{"op":"unlock","username":"root"}`, "", privileged.ExitRefused, "not-permitted", "system"},
		{"9: of the system", admin, `{"op":"delete","username":"www-data"}`, "", privileged.ExitRefused, "not-permitted", "system"},
		{"9: nobody", admin, `{"op":"lock","username":"nobody"}`, "", privileged.ExitRefused, "not-permitted", "system"},
		{"9: the worker", admin, `{"op":"unlock","username":"shzspool"}`, "", privileged.ExitRefused, "not-permitted", "system"},
		{"9: staff", admin, `{"op":"lock","username":"ac-staff"}`, "", privileged.ExitRefused, "not-permitted", "not-ours"},
		{"9: the role of staff", admin, `{"op":"modify","username":"ac-staff","role":"base"}`, "", privileged.ExitRefused, "not-permitted", "not-ours"},
		{"10: himself", admin, `{"op":"lock","username":"ac-admin"}`, "", privileged.ExitRefused, "not-permitted", "self"},
		{"5: a manager who locks", uid(t, "ac-anna"), lock, "", privileged.ExitUsage, "internal", ""},
		{"5: a manager who makes an account", uid(t, "ac-anna"), `{"op":"create","username":"ac-new","full_name":"N","email":"n@example.org"}`, "", privileged.ExitUsage, "internal", ""},
		{"5: a manager who invites again", uid(t, "ac-anna"), `{"op":"invite-again","username":"ac-bruno"}`, "", privileged.ExitUsage, "internal", ""},
		{"7: an invitation of a path", admin, `{"op":"invite","username":"../x","full_name":"N","email":"n@example.org"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"9: an invitation of staff", admin, `{"op":"invite-again","username":"ac-staff"}`, "", privileged.ExitRefused, "not-permitted", "not-ours"},
		{"9: an invitation of root", admin, `{"op":"invite-again","username":"root"}`, "", privileged.ExitRefused, "not-permitted", "system"},
		{"5: a manager who looks who asks for an account", uid(t, "ac-anna"), `{"op":"signups"}`, "", privileged.ExitUsage, "internal", ""},
		{"5: a manager who gives one", uid(t, "ac-anna"), `{"op":"signup-confirm","signup":"0000000000000000","username":"ac-new"}`, "", privileged.ExitUsage, "internal", ""},
		{"5: a manager who gives none", uid(t, "ac-anna"), `{"op":"signup-decline","signup":"0000000000000000"}`, "", privileged.ExitUsage, "internal", ""},
		{"7: a path for who asked", admin, `{"op":"signup-confirm","signup":"0000000000000000","username":"../x"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"14: nobody asked", admin, `{"op":"signup-confirm","signup":"0000000000000000","username":"ac-new"}`, "", privileged.ExitRefused, "conflict", "signup-gone"},
		{"14: a path for a request", admin, `{"op":"signup-decline","signup":"../tokens/lock"}`, "", privileged.ExitRefused, "conflict", "signup-gone"},
		{"14: the lock for a request", admin, `{"op":"signup-decline","signup":"lock"}`, "", privileged.ExitRefused, "conflict", "signup-gone"},
		{"values: an invitation without an address for links", admin, `{"op":"invite","username":"ac-new","full_name":"N","email":"n@example.org"}`, "", privileged.ExitRefused, "conflict", "no-mail"},
		{"9: the password of staff", admin, `{"op":"password","username":"ac-staff"}`, "", privileged.ExitRefused, "not-permitted", "not-ours"},
		{"9: root's password", admin, `{"op":"password","username":"root"}`, "", privileged.ExitRefused, "not-permitted", "system"},
		{"10: his own password", admin, `{"op":"password","username":"ac-admin"}`, "", privileged.ExitRefused, "not-permitted", "self-password"},
		{"10: deleting himself", admin, `{"op":"delete","username":"ac-admin","to":"ac-other"}`, "", privileged.ExitRefused, "not-permitted", "self-delete"},
		{"10: his own second factor", admin, `{"op":"drop-factor","username":"ac-admin"}`, "", privileged.ExitRefused, "not-permitted", "self-factor"},
		{"10: his own role", admin, `{"op":"modify","username":"ac-admin","role":"base"}`, "", privileged.ExitRefused, "not-permitted", "self"},
		{"10: his own end", admin, `{"op":"modify","username":"ac-admin","expires":"2020-01-01"}`, "", privileged.ExitRefused, "not-permitted", "self"},
		{"values: a name that is taken", admin, `{"op":"create","username":"ac-bruno","full_name":"B","email":"b@example.org"}`, "", privileged.ExitRefused, "exists", "user"},
		{"values: a group's name", admin, `{"op":"create","username":"sudo","full_name":"B","email":"b@example.org"}`, "", privileged.ExitRefused, "exists", "group"},
		{"values: a day that has come", admin, `{"op":"create","username":"ac-new","full_name":"B","email":"b@example.org","expires":"2020-01-01"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"values: no address", admin, `{"op":"create","username":"ac-new","full_name":"B"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"values: another role", admin, `{"op":"modify","username":"ac-bruno","role":"sudo"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"values: a second line", admin, `{"op":"modify","username":"ac-bruno","full_name":"x\nroot::0:0"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"values: another field", admin, `{"op":"modify","username":"ac-bruno","full_name":"x:0:0"}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"values: no group of a company", admin, `{"op":"member","username":"ac-bruno","group":"sudo","member":true}`, "", privileged.ExitRefused, "bad-request", "field"},
		{"values: no heir", admin, `{"op":"delete","username":"ac-bruno","to":"ac-none"}`, "", privileged.ExitRefused, "bad-request", "no-heir"},
		{"values: root as heir", admin, `{"op":"delete","username":"ac-bruno","to":"root"}`, "", privileged.ExitRefused, "bad-request", "no-heir"},
	} {
		t.Run(row.name, func(t *testing.T) {
			expectRefusal(t, row.sudoUID, row.input, row.shell, row.status, row.code, row.reason)
		})
	}
	t.Run("3: all slots of the caller are taken", func(t *testing.T) {
		for i := range slotsPerCaller {
			defer hold(t, "account."+admin+"."+string(rune('0'+i))).Close()
		}
		expectRefusal(t, admin, `{"op":"search"}`, "", privileged.ExitRefused, "busy", "")
		if a := ask(t, "ac-other", helper.AccountRequest{Op: "search"}); a.status != 0 {
			t.Errorf("another caller's slots are taken too: %+v", a)
		}
	})
	t.Run("6: the register is damaged", func(t *testing.T) {
		sh(t, "sed -i '1s/^/nonsense /' /var/lib/sharezone/uids")
		defer sh(t, "sed -i '1s/^nonsense //' /var/lib/sharezone/uids")
		expectRefusal(t, admin, lock, "", privileged.ExitInternal, "internal", "")
	})
	t.Run("8: somebody else changes the account", func(t *testing.T) {
		defer hold(t, "account-ac-bruno").Close()
		expectRefusal(t, admin, lock, "", privileged.ExitRefused, "busy", "")
		if a := ask(t, "ac-admin", helper.AccountRequest{Op: "show", Username: "ac-bruno"}); a.status != 0 {
			t.Errorf("looking needs no lock: %+v", a)
		}
	})
	t.Run("8: somebody else changes the heir", func(t *testing.T) {
		defer hold(t, "account-ac-other").Close()
		expectRefusal(t, admin, `{"op":"delete","username":"ac-bruno","to":"ac-other"}`, "", privileged.ExitRefused, "busy", "")
	})
	t.Run("2: locked or expired", func(t *testing.T) {
		const invite = `{"op":"invite","username":"ac-new","full_name":"N","email":"n@example.org"}`
		for _, user := range []string{"ac-other", "ac-anna"} {
			for spoil, mend := range map[string]string{"usermod -L ": "usermod -U ", "usermod -e 1 ": "usermod -e '' "} {
				sh(t, spoil+user)
				expectRefusal(t, uid(t, user), invite, "", privileged.ExitUsage, "internal", "")
				sh(t, mend+user)
			}
		}
	})
	t.Run("2: the role is gone when the input comes", func(t *testing.T) {
		defer sh(t, "gpasswd -a ac-other shzadmin")
		before := sh(t, "getent shadow ac-bruno")
		cmd := exec.Command("bash", "-c", `{ until [ -e /run/ac-late ]; do sleep 0.05; done; printf %s "$2"; } | "$1"`, "sh", must(os.Executable())(t), lock)
		cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", asAccount + "=yes", "SUDO_UID=" + uid(t, "ac-other")}
		defer os.Remove("/run/ac-late")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for taken := false; !taken; time.Sleep(10 * time.Millisecond) { // its slot: it has seen who asks
			for _, n := range []string{".0", ".1"} { // the second, if it came while the first was looked at
				f, err := slot.Lock("account." + uid(t, "ac-other") + n)
				if errors.Is(err, slot.ErrTaken) {
					taken = true
				} else {
					f.Close()
				}
			}
		}
		sh(t, "gpasswd -d ac-other shzadmin; touch /run/ac-late")
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != privileged.ExitUsage || sh(t, "getent shadow ac-bruno") != before {
			t.Errorf("he was asked as what he no more is: %v", err)
		}
	})
	t.Run("9: a group of the system", func(t *testing.T) {
		for _, group := range []string{"sudo", "adm", "root", "shadow"} {
			sh(t, "gpasswd -a ac-bruno "+group)
			for _, op := range []string{"modify", "lock", "unlock", "delete"} {
				expectRefusal(t, admin, `{"op":"`+op+`","username":"ac-bruno","to":"ac-other"}`, "", privileged.ExitRefused, "not-permitted", "privileged")
			}
			sh(t, "gpasswd -d ac-bruno "+group)
		}
		sh(t, "usermod -g adm ac-bruno")
		expectRefusal(t, admin, lock, "", privileged.ExitRefused, "not-permitted", "privileged")
		sh(t, "usermod -g ac-bruno ac-bruno")
	})
	t.Run("9: put into shzonly by hand", func(t *testing.T) {
		sh(t, "gpasswd -a ac-staff shzonly")
		defer sh(t, "gpasswd -d ac-staff shzonly")
		expectRefusal(t, admin, `{"op":"lock","username":"ac-staff"}`, "", privileged.ExitRefused, "not-permitted", "not-ours")
	})
	t.Run("tools: the files are locked", func(t *testing.T) {
		sh(t, "sleep 60 >/dev/null 2>&1 & echo $! > /etc/passwd.lock")
		defer sh(t, "kill $(cat /etc/passwd.lock); rm /etc/passwd.lock")
		expectRefusal(t, admin, lock, "", privileged.ExitRefused, "busy", "")
	})
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func hold(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := slot.Lock(name)
	if err != nil {
		t.Fatal(name, err)
	}
	return f
}

func ptr[T any](v T) *T { return &v }

// TestOperations: what each does when all is well, as the machine's own tools say it.
func TestOperations(t *testing.T) {
	needCopy(t)
	ok := func(q helper.AccountRequest) answer {
		t.Helper()
		a := ask(t, "ac-admin", q)
		if a.status != 0 || a.Error != "" {
			t.Fatalf("%+v: %d %q %s", q, a.status, a.out, a.log)
		}
		return a
	}
	a := ok(helper.AccountRequest{Op: "create", Username: "ac-new", FullName: ptr("Ada Nuova"), Email: ptr("ada@example.org"), Expires: ptr("2099-12-31"), Role: ptr("manager")})
	if a.User == nil || a.User.Barred != "" || *a.User.Status != account.Active || !*a.User.MustChange || len(a.Password) != 19 || strings.Contains(a.log, a.Password) {
		t.Errorf("%+v %s", a, a.log)
	}
	if got := sh(t, "getent passwd ac-new | cut -d: -f5,6,7; id -nG ac-new"); got != "Ada Nuova,,,,ada@example.org:/nonexistent:/usr/sbin/nologin\nac-new shzbase shzmgr shzonly" {
		t.Error(got)
	}
	ok(helper.AccountRequest{Op: "create-group", Group: "shz-ac-rossi"})
	a = ok(helper.AccountRequest{Op: "member", Username: "ac-new", Group: "shz-ac-rossi", Member: true})
	if !slices.Contains(a.User.Groups, "shz-ac-rossi") {
		t.Errorf("%+v", a.User)
	}
	a = ok(helper.AccountRequest{Op: "modify", Username: "ac-new", Role: ptr("base"), Company: ptr("Rossi & Figli"), Expires: ptr("")})
	if len(a.User.Roles) != 1 || *a.User.Company != "Rossi & Figli" || a.User.Expires != nil {
		t.Errorf("%+v", a.User)
	}
	sh(t, "shzadm zone add ac-zone --owner ac-anna; shzadm zone share ac-zone group:shz-ac-rossi=write; shzadm zone share ac-zone user:ac-bruno=drop")
	t.Cleanup(func() { exec.Command("rm", "-rf", "/srv/sharezone/ac-zone").Run() })
	for user, want := range map[string]zone.Access{"ac-new": zone.Write, "ac-bruno": zone.Drop, "ac-anna": zone.Own} {
		if a := ok(helper.AccountRequest{Op: "show", Username: user}); !slices.Contains(a.Zones, helper.UserZone{Name: "ac-zone", Access: want, State: zone.StateOpen}) {
			t.Errorf("%s: %+v", user, a.Zones)
		}
	}
	if a = ok(helper.AccountRequest{Op: "lock", Username: "ac-new"}); *a.User.Status != account.Locked || sh(t, "passwd -S ac-new | cut -d' ' -f2") != "L" {
		t.Errorf("%+v", a.User)
	}
	if a = ok(helper.AccountRequest{Op: "search", Find: &account.Criteria{Username: "ac-n", Status: account.Locked}}); a.Total != 1 || a.Users[0].Name != "ac-new" {
		t.Errorf("%+v", a)
	}
	if a := ask(t, "ac-admin", helper.AccountRequest{Op: "password", Username: "ac-new"}); a.status != privileged.ExitRefused || a.Reason != "locked" || a.Password != "" || sh(t, "passwd -S ac-new | cut -d' ' -f2") != "L" {
		t.Errorf("a password for a locked account: %+v", a)
	}
	if a = ok(helper.AccountRequest{Op: "unlock", Username: "ac-new"}); *a.User.Status != account.Active {
		t.Errorf("%+v", a.User)
	}
	a = ok(helper.AccountRequest{Op: "search", Find: &account.Criteria{Username: "ac-*"}, Offset: 1, Limit: 3})
	if a.Total != 6 || len(a.Users) != 3 || a.Users[0].Name != "ac-anna" || a.Users[0].FailedLogins == nil {
		t.Errorf("%+v", a)
	}
	for _, u := range ok(helper.AccountRequest{Op: "search", Find: &account.Criteria{Username: "ac-staff"}}).Users {
		if u.Barred != "not-ours" {
			t.Errorf("%+v", u)
		}
	}
	// The owner of a zone goes when somebody takes it.
	if a := ask(t, "ac-admin", helper.AccountRequest{Op: "delete", Username: "ac-anna"}); a.status != privileged.ExitRefused || a.Reason != "owns-zones" || !slices.Equal(a.Owns, []string{"ac-zone"}) {
		t.Errorf("%+v", a)
	}
	number := uid(t, "ac-anna")
	a = ok(helper.AccountRequest{Op: "delete", Username: "ac-anna", To: "ac-other"})
	if !a.Goodbye.Deleted || !slices.Equal(a.Goodbye.Zones, []string{"ac-zone"}) || len(a.Deeds) != 1 || a.Deeds[0].Event != "zone-transfer" || a.Deeds[0].Zone != "ac-zone" || len(a.Deeds[0].ZoneID) != 32 {
		t.Errorf("%+v %+v", a.Goodbye, a.Deeds)
	}
	if got := sh(t, "stat -c %U /srv/sharezone/ac-zone; getent passwd ac-anna || echo gone; grep -c \"^$1 ac-anna \" /var/lib/sharezone/uids", number); got != "ac-other\ngone\n1" {
		t.Error(got)
	}
	a = ok(helper.AccountRequest{Op: "delete", Username: "ac-bruno"})
	if !a.Goodbye.Deleted || a.Goodbye.Files != "keep" || len(a.Deeds) != 1 || a.Deeds[0].Path != "user:ac-bruno=none" {
		t.Errorf("%+v %+v", a.Goodbye, a.Deeds)
	}
}

// TestInherited: what a shell can leave to the program changes nothing of what it does, and leaves no lock behind.
func TestInherited(t *testing.T) {
	needCopy(t)
	admin := uid(t, "ac-admin")
	for _, shell := range []string{
		`exec "$@" 2>&-`, `ulimit -f 0; exec "$@"`, `ulimit -S -f 1 -n 30 -t 1 -s 512; exec "$@"`, `umask 0; exec nice -n 19 "$@"`, `umask 777; exec "$@"`,
		`trap '' CHLD HUP TERM PIPE; exec "$@"`, `mkdir /run/at; cd /run/at; rmdir /run/at; exec "$@"`, `GODEBUG=x LD_PRELOAD=/nonexistent exec "$@"`,
	} {
		a := askIn(t, admin, `{"op":"modify","username":"ac-bruno","phone":"+39 059 1"}`, shell)
		if a.status == privileged.ExitInternal && strings.Contains(shell, "ulimit") && strings.Contains(a.log, "too small") {
			continue // root without CAP_SYS_RESOURCE, as in containers, refuses before it begins
		}
		if a.status != 0 || a.User == nil || *a.User.Phone != "+39 059 1" {
			t.Errorf("%s: %d %q %s", shell, a.status, a.out, a.log)
		}
		if got := sh(t, "stat -c '%a %U %G' /etc/passwd /etc/shadow; ls /etc/*.lock 2>/dev/null || true; usermod -c 'F ac-bruno,,,,b@example.org' ac-bruno"); got != "644 root root\n640 root shadow" {
			t.Errorf("%s: %s", shell, got)
		}
	}
}

// breakTool puts a program that fails in the place of a tool, with what it says.
func breakTool(t *testing.T, tool, says string) {
	t.Helper()
	fake := t.TempDir() + "/tool"
	if err := os.WriteFile(fake, []byte("#!/bin/sh\necho "+says+"\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	sh(t, `mount --bind "$1" "$2"`, fake, tool)
	t.Cleanup(func() { exec.Command("umount", tool).Run() })
}

// TestDoneInPart: an error after the change does not hide what is done, least of all a password that nobody else knows.
func TestDoneInPart(t *testing.T) {
	needCopy(t)
	t.Run("a password", func(t *testing.T) {
		before := sh(t, "getent shadow ac-bruno")
		breakTool(t, "/usr/bin/chage", "broken")
		a := ask(t, "ac-admin", helper.AccountRequest{Op: "password", Username: "ac-bruno"})
		if a.status != privileged.ExitInternal || len(a.Password) != 19 || !a.Partly || sh(t, "getent shadow ac-bruno") == before {
			t.Errorf("%+v", a)
		}
	})
	t.Run("a role", func(t *testing.T) {
		breakTool(t, "/usr/bin/gpasswd", "broken")
		a := ask(t, "ac-admin", helper.AccountRequest{Op: "modify", Username: "ac-bruno", Phone: ptr("+39 1"), Role: ptr("manager")})
		if a.Error != "internal" || !a.Partly || !strings.Contains(sh(t, "getent passwd ac-bruno"), ",+39 1,") {
			t.Errorf("%+v", a)
		}
		a = ask(t, "ac-admin", helper.AccountRequest{Op: "modify", Username: "ac-bruno", Role: ptr("manager")})
		if a.Error != "internal" || a.Partly {
			t.Errorf("nothing was done: %+v", a)
		}
	})
	t.Run("a farewell", func(t *testing.T) {
		breakTool(t, "/usr/sbin/userdel", "broken")
		a := ask(t, "ac-admin", helper.AccountRequest{Op: "delete", Username: "ac-bruno"})
		if a.Error != "internal" || !a.Partly || a.Goodbye == nil || a.Goodbye.Deleted || sh(t, "passwd -S ac-bruno | cut -d' ' -f2") != "L" {
			t.Errorf("%+v", a)
		}
	})
}

// TestHalfMade: an account of which making was interrupted before its password gets one; that of a locked one stays its own.
func TestHalfMade(t *testing.T) {
	needCopy(t)
	sh(t, "usermod -p '!' ac-bruno")
	if a := ask(t, "ac-admin", helper.AccountRequest{Op: "unlock", Username: "ac-bruno"}); a.Reason != "passwordless" {
		t.Errorf("%+v", a)
	}
	if a := ask(t, "ac-admin", helper.AccountRequest{Op: "show", Username: "ac-bruno"}); !a.User.Passwordless {
		t.Errorf("%+v", a.User)
	}
	defer sh(t, "rm -f "+layout.Secrets+"/*")
	a := ask(t, "ac-admin", helper.AccountRequest{Op: "password", Username: "ac-bruno"})
	if a.status != 0 || a.Password != "" || a.Sent != "ac-bruno@example.org" || *a.User.Status != account.Active || !*a.User.MustChange || a.User.Passwordless {
		t.Errorf("%+v", a)
	}
}

// TestDamagedSession: what lies damaged in the store is ended as a session is.
func TestDamagedSession(t *testing.T) {
	needCopy(t)
	name := strings.Repeat("ac", 32)
	sh(t, "umask 077; echo damaged > /var/lib/sharezone/sessions/"+name)
	if a := ask(t, "ac-admin", helper.AccountRequest{Op: "end-session", Session: name[:helper.SessionDigits]}); a.status != 0 {
		t.Errorf("%+v", a)
	}
	if _, err := os.Lstat("/var/lib/sharezone/sessions/" + name); err == nil {
		t.Error("it is still there")
	}
}

// TestAtOnce: two administrators, shzadm and useradd by hand change accounts at the same time; each does what he was told or
// says that he could not, and nothing of anybody's is lost: whoever changes one field leaves the others as somebody else has
// just made them.
func TestAtOnce(t *testing.T) {
	needCopy(t)
	var wait sync.WaitGroup
	made := make([]answer, 6)
	for i := range made {
		wait.Go(func() {
			made[i] = ask(t, []string{"ac-admin", "ac-other"}[i%2], helper.AccountRequest{Op: "create", Username: "ac-at-" + string(rune('a'+i)), FullName: ptr("At Once"), Email: ptr("at@example.org")})
		})
	}
	// Each changes a field of his own several times, and knows which value was the last that was taken.
	last := make([]string, 4)
	for i, change := range []func(value string) bool{
		func(v string) bool {
			return ask(t, "ac-admin", helper.AccountRequest{Op: "modify", Username: "ac-bruno", Phone: &v}).status == 0
		},
		func(v string) bool {
			return ask(t, "ac-other", helper.AccountRequest{Op: "modify", Username: "ac-bruno", Company: &v}).status == 0
		},
		func(v string) bool {
			return exec.Command("shzadm", "user", "modify", "ac-bruno", "--mobile", v).Run() == nil
		},
		func(v string) bool {
			return exec.Command("shzadm", "user", "modify", "ac-bruno", "--full-name", v).Run() == nil
		},
	} {
		wait.Go(func() {
			for n := range 4 {
				if v := fmt.Sprintf("3330000%d%d%d", i, i, n); change(v) {
					last[i] = v
				}
			}
		})
	}
	sh(t, `for i in 1 2 3 4; do for try in $(seq 100); do useradd -M -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 ac-hand$i && break; sleep 0.1; done 2>/dev/null; done; id ac-hand1 ac-hand2 ac-hand3 ac-hand4`)
	wait.Wait()
	numbers := make(map[uint32]bool)
	for i, a := range made {
		switch {
		case a.Error == "busy":
		case a.status != 0 || a.User == nil:
			t.Errorf("%d: %d %s %s", i, a.status, a.out, a.log)
		case numbers[a.User.UID] || sh(t, "id -u "+a.User.Name) != fmt.Sprint(a.User.UID) || len(strings.Fields(sh(t, "id -nG "+a.User.Name))) != 3:
			t.Errorf("%d: %+v", i, a.User)
		default:
			numbers[a.User.UID] = true
		}
	}
	if len(numbers) == 0 || slices.Contains(last, "") {
		t.Errorf("made %d, changed %q", len(numbers), last)
	}
	if got, want := sh(t, "getent passwd ac-bruno | cut -d: -f5"), last[3]+","+last[1]+","+last[0]+","+last[2]+",ac-bruno@example.org"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := sh(t, `pwck -rq >/dev/null 2>&1 || pwck -r | grep -v "directory '/" | grep ac- || true; cut -d: -f3 /etc/passwd | sort | uniq -d; ls /etc/*.lock /var/lib/sharezone/slots/account-ac-* 2>/dev/null || true`); got != "" {
		t.Error(got)
	}
}
