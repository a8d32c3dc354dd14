package change

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/layout"
)

func ptr[T any](v T) *T { return &v }

func groupsOf(t *testing.T, name string) string {
	return sh(t, "id -nG "+name+" | tr ' ' '\\n' | grep ^shz | sort | paste -sd' '")
}

// prepareStaff makes somebody's own account, as a machine has it.
func prepareStaff(t *testing.T) {
	t.Helper()
	needCopy(t)
	sh(t, "userdel ct-staff 2>/dev/null; useradd -m -s /bin/bash -c 'Staff,,,' ct-staff && echo 'ct-staff:Sommer-wind-42' | chpasswd")
}

// Enabling touches groups and nothing else.
func TestEnable(t *testing.T) {
	prepareStaff(t)
	line := sh(t, "getent passwd ct-staff; getent shadow ct-staff")
	// Somebody had the number before.
	uid := sh(t, "id -u ct-staff")
	traces := layout.Logins + "/" + uid + " " + layout.Preferences + "/" + uid + ".json " + layout.Sponsors + "/" + uid + " " + layout.Verified + "/" + uid
	sh(t, "mkdir -p "+layout.Logins+" "+layout.Preferences+" "+layout.Sponsors+" "+layout.Verified+"; touch "+traces)
	if err := Enable("ct-staff", account.RoleManager); err != nil {
		t.Fatal(err)
	}
	if got := groupsOf(t, "ct-staff"); got != "shzbase shzmgr" {
		t.Errorf("groups: %s", got)
	}
	if got := sh(t, "getent passwd ct-staff; getent shadow ct-staff"); got != line {
		t.Errorf("the account changed: %s", got)
	}
	if left := sh(t, "ls "+traces+" 2>/dev/null || true"); left != "" {
		t.Errorf("he inherits %s", left)
	}
	sh(t, "mkdir -p "+layout.Tallies+"; touch "+layout.Tallies+"/ct-own")
	must(Create(spec("ct-own"), time.Now()))
	if left := sh(t, "ls "+layout.Tallies+"/ct-own 2>/dev/null || true"); left != "" {
		t.Errorf("he inherits %s", left)
	}
	sh(t, "useradd -o -u 0 -g 0 -M ct-toor; useradd -o -u 65534 -M ct-nobody; useradd --badname -M ct-new@example.org 2>/dev/null || true")
	before := files(t)
	for name, want := range map[string]error{"ct-staff": ErrEnabled, "ct-own": ErrOwnAccount, "root": ErrSystemAccount, "www-data": ErrSystemAccount,
		"nobody": ErrSystemAccount, "ct-toor": ErrSystemAccount, "ct-nobody": ErrSystemAccount, "ct-none": ErrNoAccount, "": ErrNoAccount,
		"-rf": ErrNoAccount, "..": ErrNoAccount, "a:b": ErrNoAccount, "a\nb": ErrNoAccount} {
		if err := Enable(name, account.RoleBase); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", name, err, want)
		}
	}
	var field *account.FieldError
	if err := Enable("ct-none", "root"); !errors.As(err, &field) {
		t.Error(err)
	}
	if files(t) != before {
		t.Error("something changed")
	}
}

func TestModifyOwnAccount(t *testing.T) {
	needCopy(t)
	s := spec("ct-modify")
	s.Contact.Company, s.Expires = "Rossi", "2099-12-31"
	must(Create(s, time.Now()))
	if err := Modify(s.Name, Changes{Phone: ptr("+39 059"), Company: ptr(""), Expires: ptr(""), Role: ptr(account.RoleAdmin)}); err != nil {
		t.Fatal(err)
	}
	if got := sh(t, "getent passwd ct-modify | cut -d: -f5; getent shadow ct-modify | cut -d: -f8"); got != "Anna,,+39 059,,anna@example.org" {
		t.Errorf("%s", got)
	}
	for _, c := range []struct {
		role   account.Role
		groups string
	}{{account.RoleAdmin, "shzadmin shzbase shzmgr shzonly"}, {account.RoleBase, "shzbase shzonly"}, {account.RoleManager, "shzbase shzmgr shzonly"}} {
		if err := Modify(s.Name, Changes{Role: &c.role}); err != nil || groupsOf(t, s.Name) != c.groups {
			t.Errorf("%s: %v, %s", c.role, err, groupsOf(t, s.Name))
		}
	}
	before := files(t)
	for i, c := range []Changes{{Email: ptr("")}, {FullName: ptr("")}, {Email: ptr("no")}, {Company: ptr("a:b")}, {FullName: ptr("a,b")},
		{Phone: ptr("call me")}, {Expires: ptr("tomorrow")}, {Expires: ptr("-1")}, {Role: ptr(account.Role("root"))},
		{FullName: ptr("good"), Role: ptr(account.Role(""))}, {Company: ptr("a\nroot:x:0:0")}} {
		var field *account.FieldError
		if err := Modify(s.Name, c); !errors.As(err, &field) {
			t.Errorf("case %d: %v", i, err)
		}
	}
	if files(t) != before {
		t.Error("something changed")
	}
}

// Of somebody's own account the role changes, and nothing else.
func TestOthersAccountsStayTheirs(t *testing.T) {
	prepareStaff(t)
	if err := Modify("ct-staff", Changes{Role: ptr(account.RoleBase)}); !errors.Is(err, ErrNotEnabled) {
		t.Error(err)
	}
	if err := Enable("ct-staff", account.RoleAdmin); err != nil {
		t.Fatal(err)
	}
	if err := Modify("ct-staff", Changes{Role: ptr(account.RoleBase)}); err != nil || groupsOf(t, "ct-staff") != "shzbase" {
		t.Error(err, groupsOf(t, "ct-staff"))
	}
	before := files(t)
	for act, err := range map[string]error{
		"modify": Modify("ct-staff", Changes{Email: ptr("a@example.org"), Role: ptr(account.RoleAdmin)}),
		"lock":   Lock("ct-staff"),
		"delete": func() error { _, err := Shut("ct-staff"); return err }(),
	} {
		var refused *NotOursError
		if !errors.As(err, &refused) || refused.Act != act || refused.Name != "ct-staff" {
			t.Errorf("%s: %v", act, err)
		}
	}
	sh(t, "gpasswd -a root shzonly >/dev/null") // somebody's mistake must not make root ours
	if err := Lock("root"); !errors.Is(err, ErrSystemAccount) {
		t.Error(err)
	}
	sh(t, "gpasswd -d root shzonly >/dev/null")
	if sh(t, "getent passwd ct-staff root; getent shadow ct-staff root") == "" || strings.Split(files(t), "\n")[0] != strings.Split(before, "\n")[0] {
		t.Error("something changed")
	}
}

func TestLockAndUnlock(t *testing.T) {
	needCopy(t)
	s := spec("ct-lock")
	must(Create(s, time.Now()))
	matches := `P='` + s.Password + `' perl -e '$h=(getpwnam("ct-lock"))[1]; exit(crypt($ENV{P},$h) ne $h)'`
	for range 2 { // locking what is locked is no error
		if err := Lock(s.Name); err != nil {
			t.Fatal(err)
		}
		if got := sh(t, "passwd -S ct-lock | cut -d' ' -f2"); got != "L" || exec.Command("/bin/bash", "-c", matches).Run() == nil {
			t.Error("not locked: " + got)
		}
	}
	for range 2 {
		if err := Unlock(s.Name); err != nil {
			t.Fatal(err)
		}
		sh(t, matches)
	}
	sh(t, "usermod -p '!' ct-lock")
	before := files(t)
	if err := Unlock(s.Name); !errors.Is(err, ErrPasswordless) || files(t) != before {
		t.Error(err)
	}
	for _, field := range []string{"*", "", "!!"} {
		sh(t, "usermod -p '"+field+"' ct-lock")
		if err := Unlock(s.Name); !errors.Is(err, ErrPasswordless) {
			t.Errorf("%q: %v", field, err)
		}
	}
	replaceTool(t, usermod, "exit 0")
	sh(t, "echo 'ct-lock:Sommer-wind-42' | chpasswd")
	if err := Lock(s.Name); err == nil {
		t.Error("a usermod that does nothing is believed")
	}
}

// A removed account's numbers are not given again, and an account that is in use stays, shut.
func TestDelete(t *testing.T) {
	needCopy(t)
	s := spec("ct-delete")
	uid := must(Create(s, time.Now()))
	sh(t, "sed -i '/ ct-delete /d' "+account.RegisterPath) // a register that lost its line
	e, err := Shut(s.Name)
	if err != nil || e.UID != uid {
		t.Fatal(e, err)
	}
	if got := sh(t, "passwd -S ct-delete | cut -d' ' -f2; getent shadow ct-delete | cut -d: -f8"); got != "L\n1" {
		t.Errorf("not shut: %s", got)
	}
	busy := exec.Command("/usr/bin/setpriv", fmt.Sprintf("--reuid=%d", uid), "--clear-groups", "/bin/sleep", "60")
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // until setpriv has become it
	err = Delete(e, time.Now())
	busy.Process.Kill()
	busy.Wait()
	if !errors.Is(err, ErrInUse) || sh(t, "getent passwd ct-delete") == "" {
		t.Errorf("%v", err)
	}
	if err := Delete(e, time.Now()); err != nil {
		t.Fatal(err)
	}
	if left := sh(t, "getent passwd ct-delete; getent group ct-delete; grep -c ct-delete /etc/group /etc/shadow /etc/gshadow | grep -v :0; true"); left != "" {
		t.Errorf("left: %s", left)
	}
	if !must(account.ReadRegister()).Has(uid) {
		t.Error("the uid could be given again")
	}
	if again := must(Create(s, time.Now())); again <= uid {
		t.Errorf("uid %d came back as %d", uid, again)
	}
	if err := Delete(e, time.Now()); !errors.Is(err, ErrNoAccount) { // a namesake with another number
		t.Error(err)
	}
	if _, err := Shut("ct-none"); !errors.Is(err, ErrNoAccount) {
		t.Error(err)
	}
}
