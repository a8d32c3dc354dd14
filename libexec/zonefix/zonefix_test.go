package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
	"sharezone/internal/slot"
	"sharezone/internal/zone"
)

// asZonefix is set when this test program is started as the helper itself.
const asZonefix = "SHZ_TEST_ZONEFIX"

func TestMain(m *testing.M) {
	if os.Getenv(asZonefix) != "" {
		os.Unsetenv(asZonefix)
		main()
	}
	os.Exit(m.Run())
}

// needCopy skips what makes accounts and zones.
func needCopy(t *testing.T) {
	t.Helper()
	if os.Getenv("SHZ_COPY") == "" || os.Geteuid() != 0 {
		t.Skip("makes accounts and zones: run by test.sh in its copy of the machine")
	}
	sh(t, `user() { getent passwd $1 >/dev/null || useradd -M -U -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -s /usr/sbin/nologin -G $2 $1; }
		user zf-anna shzbase,shzmgr; user zf-dora shzbase,shzmgr; user zf-admin shzbase,shzmgr,shzadmin; user zf-bruno shzbase; user zf-out shzmgr; getent group zf-acme >/dev/null || groupadd zf-acme`)
	t.Cleanup(func() {
		for _, name := range []string{"zf-anna", "zf-dora", "zf-admin", "zf-bruno", "zf-out"} {
			exec.Command("userdel", "-f", name).Run()
		}
		exec.Command("groupdel", "zf-acme").Run()
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

// newZone makes a zone of zf-anna with some content, until the test ends, and returns its path.
func newZone(t *testing.T, name string) string {
	t.Helper()
	root := layout.Base + "/" + name
	sh(t, `shzadm zone add "$1" --owner zf-anna --title First >/dev/null; shzadm zone share "$1" user:zf-bruno=write >/dev/null; cd "$2"
		setpriv --reuid=zf-bruno --regid=zf-bruno --init-groups bash -c 'mkdir -m 1770 his; echo x > his/a; echo y > b; chmod 640 b his/a'`, name, root)
	t.Cleanup(func() {
		exec.Command("bash", "-c", "chattr -R -i "+root+"; rm -rf "+root+" "+layout.Closed+"/"+name+"*").Run()
	})
	return root
}

// answer is what the helper said, and how it ended.
type answer struct {
	helper.ZonefixReply
	status int
	lines  []string // standard output
	log    string
}

// ask asks as under sudo, or as root without it for "".
func ask(t *testing.T, as string, question any) answer {
	t.Helper()
	uid := ""
	if as != "" {
		uid = sh(t, `id -u -- "$1"`, as)
	}
	b, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	return askIn(t, uid, string(b), `exec "$@"`)
}

// askIn starts the helper by a shell, which can spoil what it inherits.
func askIn(t *testing.T, sudoUID, input, shell string) answer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-c", shell, "sh", self)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", asZonefix + "=yes"}
	if sudoUID != "" {
		cmd.Env = append(cmd.Env, "SUDO_UID="+sudoUID)
	}
	var out, log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &log
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	a := answer{status: cmd.ProcessState.ExitCode(), log: log.String()}
	if out.Len() > 0 {
		a.lines = strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if err := json.Unmarshal([]byte(a.lines[len(a.lines)-1]), &a.ZonefixReply); err != nil {
			t.Errorf("answered %q", out.String())
		}
	}
	return a
}

// state is everything about these tests' zones that a refusal must leave as it is.
func state(t *testing.T) string {
	t.Helper()
	return sh(t, "cd "+layout.Base+`; shopt -s nullglob; stat -c '%a %U %G %Z %n' . .closed; set -- zf-* .closed/zf-* .closed/.shz-* .shz-*; ls "$@"
		if (($#)); then find "$@" -printf '%i %p %m %U %G %n %s %C@\n' | sort -k 2; getfacl -RP "$@"; getfattr -dRPm - "$@" 2>/dev/null; fi`)
}

// TestSteps: each numbered step of zonefix(8) refuses, with its exit status and code, before anything changed.
func TestSteps(t *testing.T) {
	needCopy(t)
	newZone(t, "zf-steps")
	uid := func(name string) string { return sh(t, "id -u "+name) }
	anna := uid("zf-anna")
	const apply = `{"op":"apply","zone":"zf-steps"}`
	for _, row := range []struct {
		name, sudoUID, input, shell string
		status                      int
		code                        string
	}{
		{"1: not root", "", apply, `exec setpriv --reuid=4242 --regid=4242 --clear-groups "$@"`, privileged.ExitInternal, "internal"},
		{"1: root by saved uid alone", "", apply, `exec setpriv --ruid=4242 "$@"`, privileged.ExitInternal, "internal"},
		{"1: too few descriptors", anna, apply, `ulimit -n 20; exec setpriv --bounding-set -sys_resource "$@"`, privileged.ExitInternal, "internal"},
		{"1: too little time", anna, apply, `ulimit -t 20; exec setpriv --bounding-set -sys_resource "$@"`, privileged.ExitInternal, "internal"},
		{"2: root by sudo", "0", apply, "", privileged.ExitUsage, "internal"},
		{"2: nobody's uid", "4242", apply, "", privileged.ExitUsage, "internal"},
		{"2: a name", "zf-anna", apply, "", privileged.ExitUsage, "internal"},
		{"2: wraps around to 0", "4294967296", apply, "", privileged.ExitUsage, "internal"},
		{"2: web server", "33", apply, "", privileged.ExitUsage, "internal"},
		{"2: worker", uid("shzspool"), apply, "", privileged.ExitUsage, "internal"},
		{"2: guest", uid("shzguest"), apply, "", privileged.ExitUsage, "internal"},
		{"2: member", uid("zf-bruno"), apply, "", privileged.ExitUsage, "internal"},
		{"2: manager outside shzbase", uid("zf-out"), apply, "", privileged.ExitUsage, "internal"},
		{"4: no input", anna, ``, "", privileged.ExitUsage, "internal"},
		{"4: no object", anna, `["apply"]`, "", privileged.ExitUsage, "internal"},
		{"4: unknown field", anna, `{"op":"apply","zone":"zf-steps","uid":0}`, "", privileged.ExitUsage, "internal"},
		{"4: wrong kind", anna, `{"op":"apply","zone":["zf-steps"]}`, "", privileged.ExitUsage, "internal"},
		{"4: two objects", anna, apply + apply, "", privileged.ExitUsage, "internal"},
		{"4: too long", anna, apply + strings.Repeat(" ", 64<<10), "", privileged.ExitUsage, "internal"},
		{"5: no operation", anna, `{"zone":"zf-steps"}`, "", privileged.ExitUsage, "internal"},
		{"5: unknown operation", anna, `{"op":"Apply","zone":"zf-steps"}`, "", privileged.ExitUsage, "internal"},
		{"8: no zone", anna, `{"op":"apply"}`, "", privileged.ExitRefused, "not-found"},
		{"8: no such zone", anna, `{"op":"apply","zone":"zf-none"}`, "", privileged.ExitRefused, "not-found"},
		{"8: the folder of closed ones", anna, `{"op":"apply","zone":".closed"}`, "", privileged.ExitRefused, "not-found"},
		{"8: a path", anna, `{"op":"apply","zone":"zf-steps/his"}`, "", privileged.ExitRefused, "not-found"},
		{"8: up", "", `{"op":"apply","zone":".."}`, "", privileged.ExitRefused, "not-found"},
		{"8: not closed", anna, `{"op":"restore","zone":"zf-steps"}`, "", privileged.ExitRefused, "not-found"},
		{"8: closed is asked for", anna, `{"op":"show","zone":"zf-steps","closed":true}`, "", privileged.ExitRefused, "not-found"},
		{"9: another manager", uid("zf-dora"), apply, "", privileged.ExitRefused, "not-permitted"},
		{"9: another looks", uid("zf-dora"), `{"op":"show","zone":"zf-steps"}`, "", privileged.ExitRefused, "not-permitted"},
		{"9: another checks", uid("zf-dora"), `{"op":"check","zone":"zf-steps"}`, "", privileged.ExitRefused, "not-permitted"},
		{"9: another takes", uid("zf-dora"), `{"op":"transfer","zone":"zf-steps","owner":"zf-dora"}`, "", privileged.ExitRefused, "not-permitted"},
	} {
		t.Run(row.name, func(t *testing.T) { expectRefusal(t, row.sudoUID, row.input, row.shell, row.status, row.code) })
	}
	t.Run("3: all slots of the caller are taken", func(t *testing.T) {
		for i := range slotsPerCaller {
			defer hold(t, "zonefix."+anna+"."+string(rune('0'+i))).Close()
		}
		expectRefusal(t, anna, apply, "", privileged.ExitRefused, "busy")
		if a := ask(t, "zf-admin", helper.ZonefixRequest{Op: "show", Zone: "zf-steps"}); a.status != 0 {
			t.Errorf("another caller's slots are taken too: %+v", a)
		}
	})
	t.Run("6: the settings are refused", func(t *testing.T) {
		sh(t, "echo nonsense >> /etc/sharezone/sharezone.toml")
		defer sh(t, "sed -i '$d' /etc/sharezone/sharezone.toml")
		expectRefusal(t, anna, `{"op":"modify","zone":"zf-steps","title":"x"}`, "", privileged.ExitInternal, "internal")
	})
	t.Run("7: the folder of the zones is not root's", func(t *testing.T) {
		sh(t, "chown zf-anna "+layout.Base)
		defer sh(t, "chown root "+layout.Base)
		expectRefusal(t, anna, apply, "", privileged.ExitInternal, "internal")
	})
	t.Run("7: the register is damaged", func(t *testing.T) {
		sh(t, "sed -i '1s/^/nonsense /' /var/lib/sharezone/uids")
		defer sh(t, "sed -i '1s/^nonsense //' /var/lib/sharezone/uids")
		expectRefusal(t, anna, apply, "", privileged.ExitInternal, "internal")
	})
	t.Run("10: somebody else changes the zone", func(t *testing.T) {
		var st unix.Stat_t
		if err := unix.Stat(layout.Base+"/zf-steps", &st); err != nil {
			t.Fatal(err)
		}
		lock := hold(t, "zone."+sh(t, "stat -c %d.%i "+layout.Base+"/zf-steps"))
		defer lock.Close()
		for _, op := range []string{"modify", "share", "apply", "open", "remove", "take", "transfer", "close"} {
			expectRefusal(t, anna, `{"op":"`+op+`","zone":"zf-steps","path":"his","paths":["b"],"principal":"user:zf-bruno","access":"none","owner":"zf-dora"}`, "", privileged.ExitRefused, "busy")
		}
		for _, op := range []string{"show", "check", "space", "list"} {
			if a := ask(t, "zf-anna", helper.ZonefixRequest{Op: op, Zone: "zf-steps"}); a.status != 0 {
				t.Errorf("%s needs no lock: %+v", op, a)
			}
		}
	})
}

func hold(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := slot.Lock(name)
	if err != nil {
		t.Fatal(name, err)
	}
	return f
}

func expectRefusal(t *testing.T, sudoUID, input, shell string, status int, code string) {
	t.Helper()
	if shell == "" {
		shell = `exec "$@"`
	}
	before := state(t)
	a := askIn(t, sudoUID, input, shell)
	if a.status != status || len(a.lines) != 1 || a.Error != code || strings.Count(a.log, "\n") != 1 {
		t.Errorf("%.100s: %d %q, log %q", input, a.status, a.lines, a.log)
	}
	if a.Zone != nil || a.Zones != nil || a.Report != nil || a.Findings != nil || a.Space != nil || strings.Contains(strings.Join(a.lines, ""), "/") {
		t.Errorf("%.100s: says more than that: %q", input, a.lines)
	}
	if state(t) != before {
		t.Errorf("%.100s: something changed", input)
	}
}

// TestInherited: what a shell can leave to the program changes nothing of what it does.
func TestInherited(t *testing.T) {
	needCopy(t)
	newZone(t, "zf-inherit")
	uid := sh(t, "id -u zf-anna")
	for _, shell := range []string{
		`exec "$@" 2>&-`, `ulimit -f 0; exec "$@"`, `ulimit -S -f 1 -n 30 -t 1 -s 512; exec "$@"`, `umask 0; exec nice -n 19 "$@"`, `trap '' CHLD HUP TERM PIPE; exec "$@"`,
		`mkdir /run/zt; cd /run/zt; rmdir /run/zt; exec "$@"`, `GODEBUG=x LD_PRELOAD=/nonexistent exec "$@"`, `exec 0<<<'{"op":"show","zone":"zf-inherit"}' "$@"`,
	} {
		a := askIn(t, uid, `{"op":"show","zone":"zf-inherit"}`, shell)
		if a.status == privileged.ExitInternal && strings.Contains(shell, "ulimit") && strings.Contains(a.log, "too small") {
			continue // root without CAP_SYS_RESOURCE, as in containers, refuses before it begins
		}
		if a.status != 0 || a.Zone == nil || a.Zone.Name != "zf-inherit" {
			t.Errorf("%s: %d %q %s", shell, a.status, a.lines, a.log)
		}
	}
	if a := askIn(t, uid, `{"op":"show","zone":"zf-inherit"}`, `exec "$@" 1>&-`); a.status != 0 || len(a.lines) != 0 {
		t.Errorf("without standard output: %d %q", a.status, a.lines)
	}
}

func ptr[T any](v T) *T { return &v }

// TestOperations: what each answers when all is well, for the owner, an administrator and root.
func TestOperations(t *testing.T) {
	needCopy(t)
	root := newZone(t, "zf-ops")
	ok := func(as string, q helper.ZonefixRequest) answer {
		t.Helper()
		a := ask(t, as, q)
		if a.status != 0 || a.Error != "" || len(a.lines) == 0 {
			t.Fatalf("%+v as %q: %d %q %s", q, as, a.status, a.lines, a.log)
		}
		return a
	}
	for _, as := range []string{"zf-anna", "zf-admin", ""} {
		if a := ok(as, helper.ZonefixRequest{Op: "show", Zone: "zf-ops"}); a.Zone.Owner != "zf-anna" || len(a.ZoneID) != 32 || len(a.Zone.Members) != 1 {
			t.Errorf("%+v", a)
		}
	}
	names := func(a answer) (all []string) {
		for _, z := range a.Zones {
			all = append(all, z.Name)
		}
		return all
	}
	if own, all := names(ok("zf-anna", helper.ZonefixRequest{Op: "list"})), names(ok("zf-admin", helper.ZonefixRequest{Op: "list"})); !slices.Equal(own, []string{"zf-ops"}) || len(all) < 2 {
		t.Errorf("%v %v", own, all)
	}
	if none := ok("zf-dora", helper.ZonefixRequest{Op: "list"}); none.Zones == nil && !strings.Contains(none.lines[0], "{}") || len(none.Zones) != 0 {
		t.Errorf("%+v", none)
	}
	a := ok("zf-anna", helper.ZonefixRequest{Op: "modify", Zone: "zf-ops", Title: ptr("Second"), Expires: ptr("2099-12-31"), MaxAge: ptr(30), Notify: ptr("upload")})
	if *a.Zone.Title != "Second" || *a.Zone.Expires != "2099-12-31" || *a.Zone.MaxAge != 30 || *a.Zone.Notify != "upload" {
		t.Errorf("%+v", a.Zone)
	}
	a = ok("zf-anna", helper.ZonefixRequest{Op: "modify", Zone: "zf-ops", Title: ptr(""), Expires: ptr(""), MaxAge: ptr(0), ForgetNotify: true})
	if a.Zone.Title != nil || a.Zone.Expires != nil || a.Zone.MaxAge != nil || a.Zone.Notify != nil {
		t.Errorf("%+v", a.Zone)
	}
	a = ok("zf-anna", helper.ZonefixRequest{Op: "share", Zone: "zf-ops", Principal: "group:zf-acme", Access: "read"})
	if len(a.Zone.Members) != 2 || a.Report.Folders != 1 || a.Report.Files != 2 || len(a.Report.Skipped) != 0 {
		t.Errorf("%+v %+v", a.Zone, a.Report)
	}
	sh(t, "chmod 1700 "+root)
	if a = ok("zf-anna", helper.ZonefixRequest{Op: "open", Zone: "zf-ops"}); a.Zone.State != zone.StateOpen || sh(t, "stat -c %a "+root) != "1770" {
		t.Errorf("%+v", a.Zone)
	}
	sh(t, "setfacl -n -x g:zf-acme "+root+"/b; chmod 660 "+root+"/his/a")
	a = ok("zf-anna", helper.ZonefixRequest{Op: "check", Zone: "zf-ops"})
	if len(a.Findings) != 2 || a.More != 0 {
		t.Errorf("%+v", a.Findings)
	}
	if a = ok("zf-anna", helper.ZonefixRequest{Op: "apply", Zone: "zf-ops"}); a.Report.Files != 2 {
		t.Errorf("%+v", a.Report)
	}
	if a = ok("zf-anna", helper.ZonefixRequest{Op: "check", Zone: "zf-ops"}); len(a.Findings) != 0 {
		t.Errorf("%+v", a.Findings)
	}
	if a = ok("zf-anna", helper.ZonefixRequest{Op: "space", Zone: "zf-ops"}); a.Space.Files != 2 || a.Space.Folders != 1 || a.Space.Bytes == 0 {
		t.Errorf("%+v", a.Space)
	}
	if a = ok("zf-anna", helper.ZonefixRequest{Op: "take", Zone: "zf-ops", Path: "his"}); a.Report.Folders != 1 || sh(t, "stat -c %U "+root+"/his "+root+"/his/a | paste -sd' '") != "zf-anna zf-bruno" {
		t.Errorf("%+v", a.Report)
	}
	sh(t, "cd "+root+`; mkdir $'caf\xe9'; touch $'caf\xe9/x y'; chown -R zf-bruno caf*; mkdir -p -m 1770 .shz-trash-4242/20261129/folder; touch .shz-trash-4242/20261129/folder/x; chown -R zf-bruno .shz-trash-4242; chown 4242 .shz-trash-4242`)
	a = ok("zf-anna", helper.ZonefixRequest{Op: "remove", Zone: "zf-ops", Paths: []string{"caf%E9/x%20y", "nothing", "..", "", "a%2Fb", ".shz-x", "his/a/", "caf%E9", "b", ".shz-trash-4242", ".shz-trash-4242/20261129"}})
	want := []string{"ok", "not-found", "bad-request", "bad-request", "bad-request", "not-found", "bad-request", "ok", "ok", "not-found", "ok"}
	for i, r := range a.Results {
		if r.Status != want[i] {
			t.Errorf("%+v, want %s", r, want[i])
		}
	}
	if left := sh(t, "cd "+root+"; find . -mindepth 1 | sort | paste -sd' '"); len(a.Results) != len(want) || left != "./.shz-trash-4242 ./his ./his/a" {
		t.Errorf("%d results; left: %s", len(a.Results), left)
	}
	sh(t, "rmdir "+root+"/.shz-trash-4242")
	id := a.ZoneID
	if a = ok("zf-anna", helper.ZonefixRequest{Op: "transfer", Zone: "zf-ops", Owner: "zf-dora"}); a.Zone.Owner != "zf-dora" || id != "" {
		t.Errorf("%+v", a.Zone)
	}
	if a = ask(t, "zf-anna", helper.ZonefixRequest{Op: "close", Zone: "zf-ops"}); a.Error != "not-permitted" {
		t.Errorf("the old owner closes it: %+v", a)
	}
	if a = ok("zf-dora", helper.ZonefixRequest{Op: "close", Zone: "zf-ops"}); a.Zone.State != zone.StateClosed || *a.Zone.FormerName != "zf-ops" {
		t.Errorf("%+v", a.Zone)
	}
	if a = ok("zf-dora", helper.ZonefixRequest{Op: "list", Closed: true}); !slices.Equal(names(a), []string{"zf-ops"}) {
		t.Errorf("%+v", a.Zones)
	}
	if a = ok("zf-dora", helper.ZonefixRequest{Op: "show", Zone: "zf-ops", Closed: true}); a.Zone.State != zone.StateClosed {
		t.Errorf("%+v", a.Zone)
	}
	if a = ask(t, "zf-anna", helper.ZonefixRequest{Op: "restore", Zone: "zf-ops"}); a.Error != "not-found" || a.Reason != "not-closed" {
		t.Errorf("another restores it, or learns that there is one: %+v", a)
	}
	if a = ok("zf-admin", helper.ZonefixRequest{Op: "restore", Zone: "zf-ops", Expires: ptr("2098-01-01")}); a.Zone.State != zone.StateOpen || *a.Zone.Expires != "2098-01-01" {
		t.Errorf("%+v", a.Zone)
	}
}

// TestRefusals: the code and the reason of what an owner may ask for and does not get; nothing changes.
func TestRefusals(t *testing.T) {
	needCopy(t)
	root := newZone(t, "zf-ref")
	newZone(t, "zf-old")
	sh(t, "shzadm zone close zf-old >/dev/null; setfattr -n user.shz.expires -v 2020-01-01 "+layout.Closed+"/zf-old; cd "+root+"; cp /etc/hostname of-root; mkdir roots; ln -s his link; touch fixed; chattr +i fixed")
	full := root + "-full"
	newZone(t, "zf-ref-full")
	sh(t, "i=100000; while setfacl -m u:$i:rwx,d:u:$i:rwx "+full+" 2>/dev/null; do i=$((i+1)); done; while setfacl -m u:$i:x "+full+" 2>/dev/null; do i=$((i+1)); done; true")
	anna, before := sh(t, "id -u zf-anna"), state(t)
	for _, row := range []struct{ question, code, reason string }{
		{`{"op":"share","zone":"zf-ref","principal":"zf-bruno","access":"read"}`, "bad-request", "principal"},
		{`{"op":"share","zone":"zf-ref","principal":"user:zf-none","access":"read"}`, "bad-request", "no-such-user"},
		{`{"op":"share","zone":"zf-ref","principal":"user:-rf","access":"read"}`, "bad-request", "no-such-user"},
		{`{"op":"share","zone":"zf-ref","principal":"group:zf-none","access":"read"}`, "bad-request", "no-such-group"},
		{`{"op":"share","zone":"zf-ref","principal":"user:zf-out","access":"read"}`, "bad-request", "not-in-base"},
		{`{"op":"share","zone":"zf-ref","principal":"user:root","access":"write"}`, "bad-request", "not-in-base"},
		{`{"op":"share","zone":"zf-ref","principal":"user:zf-anna","access":"read"}`, "bad-request", "is-owner"},
		{`{"op":"share","zone":"zf-ref","principal":"user:zf-bruno","access":"own"}`, "bad-request", "value"},
		{`{"op":"share","zone":"zf-ref","principal":"user:zf-bruno"}`, "bad-request", "value"},
		{`{"op":"share","zone":"zf-ref","principal":"user:zf-bruno","access":"write","members":[{"principal":"user:zf-bruno","access":"read"}]}`, "bad-request", "value"},
		{`{"op":"share","zone":"zf-ref","principal":"user:zf-bruno","access":"write","sure":"yes"}`, "bad-request", "value"},
		{`{"op":"apply","zone":"zf-ref","sure":"0123456789abcdef0"}`, "bad-request", "value"},
		{`{"op":"share","zone":"zf-ref-full","principal":"user:zf-dora","access":"read"}`, "no-space", "full"},
		{`{"op":"modify","zone":"zf-ref","expires":"2020-01-01"}`, "bad-request", "past"},
		{`{"op":"modify","zone":"zf-ref","expires":"soon"}`, "bad-request", "value"},
		{`{"op":"modify","zone":"zf-ref","title":"a\u0000b"}`, "bad-request", "value"},
		{`{"op":"modify","zone":"zf-ref","max_age":-1}`, "bad-request", "value"},
		{`{"op":"modify","zone":"zf-ref","notify":"everything"}`, "bad-request", "value"},
		{`{"op":"take","zone":"zf-ref","path":""}`, "bad-request", ""},
		{`{"op":"take","zone":"zf-ref","path":"../zf-ref/his"}`, "bad-request", ""},
		{`{"op":"take","zone":"zf-ref","path":"his%00"}`, "bad-request", ""},
		{`{"op":"take","zone":"zf-ref","path":"b"}`, "bad-request", "no-folder"},
		{`{"op":"take","zone":"zf-ref","path":"link"}`, "bad-request", "no-folder"},
		{`{"op":"take","zone":"zf-ref","path":"roots"}`, "not-permitted", "foreign"},
		{`{"op":"transfer","zone":"zf-ref","owner":"zf-bruno"}`, "bad-request", "not-manager"},
		{`{"op":"transfer","zone":"zf-ref","owner":"zf-out"}`, "bad-request", "not-manager"},
		{`{"op":"transfer","zone":"zf-ref","owner":"zf-anna"}`, "bad-request", "same-person"},
		{`{"op":"transfer","zone":"zf-ref"}`, "bad-request", "no-such-user"},
		{`{"op":"restore","zone":"zf-none"}`, "not-found", "not-closed"},
		{`{"op":"restore","zone":"zf-old"}`, "conflict", "expired"},
		{`{"op":"restore","zone":"zf-old","expires":"2020-02-02"}`, "bad-request", "past"},
	} {
		a := askIn(t, anna, row.question, `exec "$@"`)
		if a.status != privileged.ExitRefused || a.Error != row.code || a.Reason != row.reason || len(a.lines) != 1 || strings.Count(a.log, "\n") != 1 {
			t.Errorf("%s: %d %q %s", row.question, a.status, a.lines, a.log)
		}
		after := state(t)
		if after != before {
			t.Errorf("%s: something changed", row.question)
		}
		before = after
	}
	a := ask(t, "zf-anna", helper.ZonefixRequest{Op: "remove", Zone: "zf-ref", Paths: []string{"fixed"}})
	if a.status != 0 || len(a.Results) != 1 || a.Results[0].Status != "not-permitted" {
		t.Errorf("%+v", a)
	}
	t.Run("policy", func(t *testing.T) {
		sh(t, "sed -i 's/^# max_expiry_days = 0/max_expiry_days = 30/' /etc/sharezone/sharezone.toml")
		defer sh(t, "sed -i 's/^max_expiry_days = 30/# max_expiry_days = 0/' /etc/sharezone/sharezone.toml")
		for _, q := range []string{`{"op":"modify","zone":"zf-ref","expires":"2099-01-01"}`, `{"op":"modify","zone":"zf-ref","expires":""}`, `{"op":"restore","zone":"zf-old","expires":"2099-01-01"}`} {
			a := askIn(t, sh(t, "id -u zf-anna"), q, `exec "$@"`)
			if a.Error != "bad-request" || a.Reason != "too-late" || a.Latest != sh(t, "date -d '+30 days' +%F") {
				t.Errorf("%s: %q", q, a.lines)
			}
		}
	})
	t.Run("read-only", func(t *testing.T) {
		sh(t, "chattr -i "+root+"/fixed; mount -o remount,ro,bind "+layout.Base)
		defer sh(t, "mount -o remount,rw,bind,nosuid,nodev,noexec "+layout.Base)
		for _, q := range []string{`{"op":"share","zone":"zf-ref","principal":"user:zf-dora","access":"read"}`, `{"op":"modify","zone":"zf-ref","title":"x"}`, `{"op":"close","zone":"zf-ref"}`,
			`{"op":"take","zone":"zf-ref","path":"his"}`, `{"op":"transfer","zone":"zf-ref","owner":"zf-dora"}`} {
			if a := askIn(t, sh(t, "id -u zf-anna"), q, `exec "$@"`); a.Error != "locked" || a.Reason != "read-only" {
				t.Errorf("%s: %q", q, a.lines)
			}
		}
		if a := ask(t, "zf-anna", helper.ZonefixRequest{Op: "remove", Zone: "zf-ref", Paths: []string{"b"}}); a.Results[0].Status != "locked" {
			t.Errorf("%+v", a.Results)
		}
	})
	t.Run("another mount", func(t *testing.T) {
		sh(t, "mkdir "+layout.Base+"/zf-mount; mount -t tmpfs tmpfs "+layout.Base+"/zf-mount; chown zf-anna "+layout.Base+"/zf-mount")
		defer sh(t, "umount "+layout.Base+"/zf-mount; rmdir "+layout.Base+"/zf-mount")
		if a := ask(t, "zf-anna", helper.ZonefixRequest{Op: "apply", Zone: "zf-mount"}); a.Error != "not-permitted" || a.Reason != "mount" {
			t.Errorf("%q", a.lines)
		}
	})
}

// TestProgress: how far it is, and: who does not read the answer holds no lock, and the process ends.
func TestProgress(t *testing.T) {
	needCopy(t)
	root := newZone(t, "zf-many")
	sh(t, "cd "+root+"; mkdir -p d{1..30}; for d in d*; do (cd $d; touch f{1..2000}); done; chown -R zf-anna .")
	a := ask(t, "zf-anna", helper.ZonefixRequest{Op: "share", Zone: "zf-many", Principal: "group:zf-acme", Access: "write"})
	last := 0
	for _, line := range a.lines[:len(a.lines)-1] {
		var step struct{ Progress int }
		if err := json.Unmarshal([]byte(line), &step); err != nil || step.Progress <= last {
			t.Errorf("%q after %d", line, last)
		}
		last = step.Progress
	}
	if a.status != 0 || a.Report.Files < 60000 || len(a.lines) < 2 {
		t.Errorf("%d %d lines %+v", a.status, len(a.lines), a.Report)
	}
	// Nobody reads: the pipe is small, and full already.
	self, _ := os.Executable()
	cmd := exec.Command("bash", "-c", `mkfifo /run/zf.fifo; exec 7<>/run/zf.fifo; rm /run/zf.fifo; head -c 65536 /dev/zero >&7; exec "$0" >&7`, self)
	cmd.Env = []string{"PATH=/usr/bin:/bin", asZonefix + "=yes", "SUDO_UID=" + sh(t, "id -u zf-anna")}
	cmd.Stdin = strings.NewReader(`{"op":"apply","zone":"zf-many"}`)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	free := false
	for range 200 {
		sh(t, "sleep 0.1")
		if f, err := slot.Lock("zone." + sh(t, "stat -c %d.%i "+root)); err == nil {
			f.Close()
			select {
			case <-ended:
				t.Fatal("it did not wait for its reader")
			default:
			}
			if free { // twice in a row: not before it began
				break
			}
			free = true
		}
	}
	if !free {
		t.Error("the lock is held by who does not read")
	}
	if err := <-ended; err != nil {
		t.Errorf("%v", err)
	}
}

// TestBySudo is the whole way of a component: the real sudo, the installed rule and the installed program.
func TestBySudo(t *testing.T) {
	needCopy(t)
	newZone(t, "zf-sudo")
	const zonefix = `exec setpriv --reuid="$1" --regid="$1" --init-groups sudo -n -- ` + layout.ZonefixHelper
	for _, row := range []struct {
		name, user, shell string
		want              []string // one of them must be in what is said
	}{
		{"owner", "zf-anna", zonefix, []string{`"owner":"zf-anna"`}},
		{"administrator", "zf-admin", zonefix, []string{`"owner":"zf-anna"`}},
		{"another manager", "zf-dora", zonefix, []string{`{"error":"not-permitted"}`}},
		{"another claims to be the owner", "zf-dora", `export SUDO_UID=$(id -u zf-anna) SUDO_USER=zf-anna; ` + zonefix, []string{`{"error":"not-permitted"}`}},
		{"another claims to be root", "zf-dora", `export SUDO_UID=0; ` + zonefix, []string{`{"error":"not-permitted"}`}},
		{"manager outside shzbase", "zf-out", zonefix, []string{`{"error":"internal"}`}},
		{"member", "zf-bruno", zonefix, []string{"password is required", "not allowed"}},
		{"worker", "shzspool", zonefix, []string{"password is required", "not allowed"}},
		{"guest", "shzguest", zonefix, []string{"password is required", "not allowed"}},
		{"web server", "www-data", zonefix, []string{"password is required", "not allowed"}},
		{"arguments", "zf-anna", zonefix + " apply", []string{"password is required", "not allowed"}},
		{"as another user", "zf-anna", `exec setpriv --reuid="$1" --regid="$1" --init-groups sudo -n -u zf-dora -- ` + layout.ZonefixHelper, []string{"password is required", "not allowed"}},
		{"environment", "zf-anna", `exec setpriv --reuid="$1" --regid="$1" --init-groups sudo -n GODEBUG=x -- ` + layout.ZonefixHelper, []string{"not allowed to set"}},
		{"directly", "zf-anna", `exec setpriv --reuid="$1" --regid="$1" --init-groups ` + layout.ZonefixHelper, []string{"Permission denied", "not root"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			cmd := exec.Command("bash", "-c", row.shell, "sh", row.user)
			cmd.Stdin = strings.NewReader(`{"op":"show","zone":"zf-sudo"}`)
			out, _ := cmd.CombinedOutput()
			if !slices.ContainsFunc(row.want, func(w string) bool { return strings.Contains(string(out), w) }) {
				t.Errorf("%s", out)
			}
		})
	}
}
