package change

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// These tests make accounts, so they run only as root in a throw-away copy of a machine.
func needCopy(t *testing.T) {
	t.Helper()
	if os.Getenv("SHZ_COPY") != "1" || os.Geteuid() != 0 {
		t.Skip("makes accounts: only as root with SHZ_COPY=1, in a throw-away copy of a machine")
	}
	for _, group := range []string{layout.GroupBase, layout.GroupManager, layout.GroupAdmin, layout.GroupOnly} {
		sh(t, "getent group "+group+" >/dev/null || groupadd --system "+group)
	}
	sh(t, "mkdir -p "+layout.State)
	t.Setenv("HOSTILE", "1")
	if err := Prepare(); err != nil {
		t.Fatal(err)
	}
}

func sh(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.Command("/bin/bash", "-c", command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

// files is the state of all account files, for "nothing changed".
func files(t *testing.T) string {
	return sh(t, "sha256sum /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/subuid /etc/subgid; ls /etc/*.lock 2>/dev/null; true")
}

func spec(name string) Spec {
	s := good()
	s.Name, s.Password = name, "Sommer-wind-42"
	return s
}

func TestCreate(t *testing.T) {
	needCopy(t)
	for _, c := range []struct {
		role   account.Role
		groups string
	}{
		{account.RoleBase, "shzbase shzonly"},
		{account.RoleManager, "shzbase shzmgr shzonly"},
		{account.RoleAdmin, "shzadmin shzbase shzmgr shzonly"},
	} {
		s := spec("ct-" + string(c.role))
		s.Role, s.Expires, s.MustChange = c.role, "2099-12-31", c.role == account.RoleBase
		s.Contact = account.Contact{FullName: "Anna Caffè", Company: "Rossi & Figli", Phone: "+39 059", Email: "anna@example.org"}
		s.Password = "pass:word ünd mehr"
		uid, err := Create(s, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%s:x:%d:%d:Anna Caffè,Rossi & Figli,+39 059,,anna@example.org:/nonexistent:/usr/sbin/nologin", s.Name, uid, uid)
		if got := sh(t, "getent passwd "+s.Name); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if got := sh(t, "id -nG "+s.Name+" | tr ' ' '\\n' | grep -vx "+s.Name+" | sort | paste -sd' '"); got != c.groups {
			t.Errorf("groups: %s", got)
		}
		if got := sh(t, "id -gn "+s.Name); got != s.Name {
			t.Errorf("primary group: %s", got)
		}
		if got := sh(t, "passwd -S "+s.Name+" | cut -d' ' -f2"); got != "P" {
			t.Errorf("state of the password: %s", got)
		}
		if got := sh(t, "chage -l "+s.Name+" | grep -c 'must be changed'; true"); (got == "3") != s.MustChange {
			t.Errorf("must change: %s", got)
		}
		if got := sh(t, "chage -l "+s.Name+" | grep 'Account expires'"); !strings.HasSuffix(got, "Dec 31, 2099") {
			t.Errorf("expires: %s", got)
		}
		if got := sh(t, "cat /etc/subuid /etc/subgid | grep -c ^"+s.Name+"; ls /var/mail; true"); got != "0" {
			t.Errorf("subordinate ids or mail: %s", got)
		}
		sh(t, `P='`+s.Password+`' perl -e '$h=(getpwnam($ARGV[0]))[1]; exit(crypt($ENV{P},$h) ne $h)' `+s.Name)
		if got := sh(t, "tail -n 1 "+account.RegisterPath); !strings.HasPrefix(got, fmt.Sprintf("%d %s ", uid, s.Name)) {
			t.Errorf("register: %s", got)
		}
		u, ok := account.NewNames().FindUser(s.Name, must(account.ReadShadow()), time.Now())
		if !ok || *u.Status != account.Active || *u.MustChange != s.MustChange || *u.Expires != "2099-12-31" {
			t.Errorf("%+v", u)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestCreateRefusesTakenNames(t *testing.T) {
	needCopy(t)
	sh(t, "groupadd ct-group; useradd -M ct-other; sed -i 's/^sudo:.*[^:]$/&,ct-gone/; s/^sudo:.*:$/&ct-gone/' /etc/group")
	t.Cleanup(func() { sh(t, "sed -i '/^sudo:/{s/,ct-gone//; s/:ct-gone/:/}' /etc/group") })
	before := files(t)
	for name, kind := range map[string]string{"root": "user", "www-data": "user", "shzbase": "group", "ct-group": "group", "ct-other": "user", "ct-gone": "member"} {
		_, err := Create(spec(name), time.Now())
		var exists *ExistsError
		if !errors.As(err, &exists) || exists.Kind != kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if files(t) != before {
		t.Error("something changed")
	}
}

// A uid never comes back: not after userdel, not when the register alone knows it, not when a group has the number.
func TestUIDsAreNotReused(t *testing.T) {
	needCopy(t)
	first := must(Create(spec("ct-first"), time.Now()))
	sh(t, "userdel ct-first")
	second := must(Create(spec("ct-second"), time.Now()))
	sh(t, fmt.Sprintf("groupadd -g %d ct-number", second+1))
	third := must(Create(spec("ct-third"), time.Now()))
	if second <= first || third <= second+1 {
		t.Errorf("%d %d %d", first, second, third)
	}
	if again, err := Create(spec("ct-first"), time.Now()); err != nil || again <= third {
		t.Errorf("%d, %v", again, err)
	}
	sh(t, fmt.Sprintf("printf '%d torn' >> %s", 59000, account.RegisterPath)) // the machine stopped while writing
	if after, err := Create(spec("ct-torn"), time.Now()); err != nil || after > 58000 {
		t.Errorf("%d, %v", after, err)
	}
	damaged := must(os.ReadFile(account.RegisterPath))
	sh(t, "echo nonsense >> "+account.RegisterPath)
	if uid, err := Create(spec("ct-damaged"), time.Now()); err == nil {
		t.Errorf("guessed %d from a damaged register", uid)
	}
	if err := os.WriteFile(account.RegisterPath, damaged, 0o644); err != nil {
		t.Fatal(err)
	}
	sh(t, "cp /etc/login.defs /tmp/defs; sed -i 's/^UID_MAX.*/UID_MAX 1005/' /etc/login.defs")
	defer sh(t, "cp /tmp/defs /etc/login.defs")
	if uid, err := Create(spec("ct-last"), time.Now()); !errors.Is(err, ErrNoUIDs) {
		t.Errorf("%d, %v", uid, err)
	}
}

func TestCreateInParallel(t *testing.T) {
	needCopy(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	uids := make(map[uint32]bool)
	for i := range 6 {
		wg.Go(func() {
			uid, err := Create(spec(fmt.Sprintf("ct-par%d", i)), time.Now())
			mu.Lock()
			defer mu.Unlock()
			if err != nil || uids[uid] {
				t.Errorf("uid %d: %v", uid, err)
			}
			uids[uid] = true
		})
	}
	wg.Wait()
}

// replaceTool puts another program in the place of one of the tools.
func replaceTool(t *testing.T, tool, script string) {
	t.Helper()
	fake := t.TempDir() + "/tool"
	if err := os.WriteFile(fake, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	sh(t, "mount --bind "+fake+" "+tool)
	t.Cleanup(func() { sh(t, "umount "+tool) })
}

// Whatever fails after the first step leaves no account.
func TestCreateIsUndone(t *testing.T) {
	needCopy(t)
	for tool, script := range map[string]string{
		useradd:  "echo 'no space left'; exit 1",
		chpasswd: "echo 'BAD PASSWORD'; exit 1",
		chage:    "exit 3",
	} {
		t.Run(tool[strings.LastIndexByte(tool, '/')+1:], func(t *testing.T) {
			replaceTool(t, tool, script)
			before := files(t)
			s := spec("ct-undone")
			s.MustChange = true
			_, err := Create(s, time.Now())
			var failed *ToolError
			if !errors.As(err, &failed) || failed.Tool != tool {
				t.Errorf("%v", err)
			}
			if files(t) != before {
				t.Error("something is left: " + sh(t, "grep ct-undone /etc/passwd /etc/group /etc/shadow; true"))
			}
		})
	}
	t.Run("chpasswd lies", func(t *testing.T) {
		replaceTool(t, chpasswd, "exit 0")
		before := files(t)
		if _, err := Create(spec("ct-undone"), time.Now()); err == nil || files(t) != before {
			t.Errorf("%v", err)
		}
	})
}

// What cannot be undone is locked, and said.
func TestLeftoverIsLocked(t *testing.T) {
	needCopy(t)
	replaceTool(t, chage, "exit 3")
	replaceTool(t, userdel, "echo 'currently used by process 1'; exit 8")
	s := spec("ct-left")
	s.MustChange = true
	_, err := Create(s, time.Now())
	var left *LeftoverError
	if !errors.As(err, &left) || left.Name != s.Name {
		t.Fatalf("%v", err)
	}
	if got := sh(t, "passwd -S ct-left | cut -d' ' -f2; getent shadow ct-left | cut -d: -f8"); got != "L\n1" {
		t.Errorf("not locked: %s", got)
	}
}

func TestCreateWaitsForTheLock(t *testing.T) {
	needCopy(t)
	sleeper := exec.Command("/bin/sleep", "60")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	defer sleeper.Wait()
	defer sleeper.Process.Kill()
	sh(t, fmt.Sprintf("printf %d > /etc/passwd.lock", sleeper.Process.Pid))
	time.AfterFunc(time.Second, func() { os.Remove("/etc/passwd.lock") })
	if _, err := Create(spec("ct-waits"), time.Now()); err != nil {
		t.Error(err)
	}
	sh(t, fmt.Sprintf("printf %d > /etc/passwd.lock", sleeper.Process.Pid))
	defer os.Remove("/etc/passwd.lock")
	if _, err := Create(spec("ct-busy"), time.Now()); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
}
