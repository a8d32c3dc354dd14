package zone

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// The tests of this file and of share_test.go work as root with real users, ACLs and a real ext4, so they run only in a
// throw-away copy of a machine.

// needCopy makes the users of these tests and returns an empty base on an ext4 of its own.
func needCopy(t *testing.T) (base string, admin *Admin) {
	t.Helper()
	if os.Getenv("SHZ_COPY") != "1" || os.Geteuid() != 0 {
		t.Skip("makes users and mounts: only as root with SHZ_COPY=1, in a throw-away copy of a machine")
	}
	sh(t, `for g in shzbase shzmgr shzonly; do getent group $g >/dev/null || groupadd --system $g; done
		getent group zt-acme >/dev/null || groupadd zt-acme
		user() { getent passwd $1 >/dev/null || useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -M -G $2 $1; }
		user zt-anna shzbase,shzmgr; user zt-bruno shzbase; user zt-carla shzbase,zt-acme; user zt-staff users`)
	base = t.TempDir()
	sh(t, "chmod 711 "+base+"/.. "+base+"; truncate -s 1G "+base+".img; mkfs.ext4 -q -N 200000 "+base+".img; mount -o loop "+base+".img "+base+
		"; rmdir "+base+"/lost+found; chgrp shzmgr "+base+"; chmod 1770 "+base+"; setfacl -m g:shzbase:rx "+base)
	t.Cleanup(func() { sh(t, "umount "+base+"; rm "+base+".img") })
	return base, newTestAdmin(t, base)
}

func newTestAdmin(t *testing.T, base string) *Admin {
	t.Helper()
	admin, err := NewAdmin(base, account.NewNames(), account.Register{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	return admin
}

func sh(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.Command("/bin/bash", "-c", command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

// as runs a command as a user and says whether the kernel let him.
func as(t *testing.T, user, command string) bool {
	t.Helper()
	return asEach(t, user, command)[0]
}

// asEach is as for several commands, one after the other.
func asEach(t *testing.T, user string, commands ...string) (well []bool) {
	t.Helper()
	script := ""
	for _, command := range commands {
		script += "said=$({ " + command + "; } 2>&1) && echo done || echo \"refused: ${said//$'\\n'/ }\"\n"
	}
	out, err := exec.Command("/usr/bin/setpriv", "--reuid="+user, "--regid="+user, "--init-groups", "/bin/bash", "-c", script).CombinedOutput()
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if err != nil || len(lines) != len(commands) {
		t.Fatalf("%s: %q: %v\n%s", user, commands, err, out)
	}
	for i, line := range lines {
		well = append(well, line == "done")
		if line != "done" && !strings.Contains(line, "ermission denied") && !strings.Contains(line, "not permitted") {
			t.Fatalf("%s: %s: %s", user, commands[i], line)
		}
	}
	return well
}

func getfacl(t *testing.T, path string) string {
	return sh(t, "getfacl -cp -- '"+path+"'")
}

func createDemo(t *testing.T, admin *Admin) {
	t.Helper()
	if err := admin.Create("demo", "zt-anna", Metadata{Title: ptr("Demo")}, time.Now()); err != nil {
		t.Fatal(err)
	}
}

func TestCreate(t *testing.T) {
	base, admin := needCopy(t)
	m := Metadata{Title: ptr("Offerte è"), Expires: ptr("2099-12-31"), MaxAge: ptr(30), Notify: ptr("upload")}
	if err := admin.Create("demo", "zt-anna", m, time.Now()); err != nil {
		t.Fatal(err)
	}
	root := base + "/demo"
	if got := sh(t, "stat -c '%U %G %a' "+root); got != "zt-anna zt-anna 1770" {
		t.Errorf("owner and mode: %s", got)
	}
	const want = "user::rwx\ngroup::---\nmask::rwx\nother::---\ndefault:user::rwx\ndefault:user:zt-anna:rwx\n" +
		"default:group::---\ndefault:mask::rwx\ndefault:other::---"
	if got := getfacl(t, root); got != want {
		t.Errorf("ACLs:\n%s", got)
	}
	got := sh(t, "getfattr -d --absolute-names "+root+" | grep -v '^#' | sed 's/id=\"[0-9a-f]\\{32\\}\"/id=ID/' | sort")
	if got != "user.shz.expires=\"2099-12-31\"\nuser.shz.id=ID\nuser.shz.max_age=\"30\"\nuser.shz.notify=\"upload\"\n"+
		"user.shz.title=0sT2ZmZXJ0ZSDDqA==" {
		t.Errorf("attributes: %s", got)
	}
	if !as(t, "zt-anna", "cd "+root+" && touch mine && rm mine") || as(t, "zt-bruno", "ls "+root) || as(t, "zt-staff", "ls "+root) {
		t.Error("the owner must be able to work in the zone, and nobody else to enter it")
	}
	if left := sh(t, "ls -A "+base); left != "demo" {
		t.Errorf("in the base: %s", left)
	}
}

func TestCreateRefuses(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	sh(t, "cd "+base+"; touch file; ln -s /etc link; mkfifo fifo")
	before := sh(t, "ls -lAi "+base+"; getfacl -R "+base)
	for _, c := range []struct {
		name, owner string
		m           Metadata
		want        error
	}{
		{"demo", "zt-anna", Metadata{}, ErrExists},
		{"file", "zt-anna", Metadata{}, ErrExists},
		{"link", "zt-anna", Metadata{}, ErrExists},
		{"fifo", "zt-anna", Metadata{}, ErrExists},
		{"..", "zt-anna", Metadata{}, ErrName},
		{".closed", "zt-anna", Metadata{}, ErrName},
		{".shz-x", "zt-anna", Metadata{}, ErrName},
		{"a/b", "zt-anna", Metadata{}, ErrName},
		{"A", "zt-anna", Metadata{}, ErrName},
		{"new\n", "zt-anna", Metadata{}, ErrName},
		{strings.Repeat("a", 64), "zt-anna", Metadata{}, ErrName},
		{"", "zt-anna", Metadata{}, ErrName},
		{"new", "zt-bruno", Metadata{}, ErrNotManager},
		{"new", "root", Metadata{}, ErrNotManager},
		{"new", "zt-nobody", Metadata{}, ErrNoSuchUser},
		{"new", "-rf", Metadata{}, ErrNoSuchUser},
		{"new", "zt-anna", Metadata{Expires: ptr("2020-01-01")}, ErrPast},
		{"new", "zt-anna", Metadata{Expires: ptr("2027-02-30")}, ValueError{AttrExpires, "2027-02-30", BadForm}},
		{"new", "zt-anna", Metadata{Title: ptr("a\nb")}, ValueError{AttrTitle, "a\nb", Control}},
	} {
		if err := admin.Create(c.name, c.owner, c.m, time.Now()); !errors.Is(err, c.want) {
			t.Errorf("%q of %s: %v, want %v", c.name, c.owner, err, c.want)
		}
	}
	if after := sh(t, "ls -lAi "+base+"; getfacl -R "+base); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

func TestListAndShow(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	if err := admin.Create("another", "zt-anna", Metadata{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	sh(t, "cd "+base+`; mkdir lost+found .shz-new-x UPPER; touch file; ln -s /etc link; mkfifo fifo; mkdir -m 700 .closed
		mkdir .closed/old; chown 7001 .closed/old
		setfacl -m u:zt-bruno:rwx,g:zt-acme:rx,u:7002:wx,g:7003:r demo
		setfattr -n user.shz.description -v $'a\001b' demo; setfattr -n user.shz.expires -v tomorrow demo`)
	zones, err := newTestAdmin(t, base).List()
	got := fmt.Sprint(err, "\n")
	for _, z := range zones {
		got += fmt.Sprint(z.Name, " ", z.Owner, " ", z.State, " ", z.Members, z.Description == nil, z.Expires == nil, "\n")
	}
	const want = "<nil>\nanother zt-anna open [] true true\n" +
		"demo zt-anna open [{group:7003 none r--} {group:zt-acme read } {user:7002 drop } {user:zt-bruno write }] true true\n" +
		"old uid:7001 closed [] true true\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, name := range []string{"nothing", "file", "link", "fifo"} {
		if _, err := admin.Show(name); !errors.Is(err, ErrNotThere) {
			t.Errorf("%s: %v", name, err)
		}
	}
	sh(t, "chmod 1700 "+base+"/demo")
	if z, err := admin.Show("demo"); err != nil || z.Members[3].Access != None {
		t.Errorf("with the mask shut: %+v, %v", z, err)
	}
}

func TestBaseMustBeRoots(t *testing.T) {
	base, _ := needCopy(t)
	sh(t, "chown zt-anna "+base)
	if _, err := NewAdmin(base, account.NewNames(), account.Register{}); !errors.Is(err, ErrBaseNotReady) {
		t.Error(err)
	}
	if err := os.Symlink(base, base+"-link"); err != nil {
		t.Fatal(err)
	}
	sh(t, "chown 0 "+base)
	if _, err := NewAdmin(base+"-link", account.NewNames(), account.Register{}); !errors.Is(err, ErrBaseNotReady) {
		t.Error(err)
	}
	if !strings.HasPrefix(layout.Closed, layout.Base+"/") {
		t.Error(layout.Closed)
	}
}

func TestReachStaysInside(t *testing.T) {
	base, admin := needCopy(t)
	sh(t, "cd "+base+"; mkdir a; ln -s a link; ln -s /etc out; mkdir mnt; mount -t tmpfs tmpfs mnt")
	defer sh(t, "umount "+base+"/mnt")
	for name, want := range map[string]error{"..": unix.EXDEV, "/etc": unix.EXDEV, "a/../..": unix.EXDEV, "link/.": unix.ELOOP,
		"out/passwd": unix.ELOOP, "mnt": unix.EXDEV, "nothing": unix.ENOENT} {
		if fd, err := reach(admin.base, name, unix.O_PATH); err != want {
			t.Errorf("%s: descriptor %d, %v, want %v", name, fd, err, want)
		}
	}
}
