package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
)

// asRole is what this test program is started as, when not to run tests.
const asRole = "SHZ_TEST_ACCESS"

func TestMain(m *testing.M) {
	role := os.Getenv(asRole)
	os.Unsetenv(asRole)
	switch role {
	case "helper":
		main()
	case "asker":
		ask()
	case "neighbour":
		neighbour()
	default:
		os.Exit(m.Run())
	}
}

// needCopy skips what makes accounts and zones.
func needCopy(t *testing.T) {
	t.Helper()
	if os.Getenv("SHZ_COPY") == "" || os.Geteuid() != 0 {
		t.Skip("makes accounts and zones: run by test.sh in its copy of the machine")
	}
}

func sh(t *testing.T, command string, args ...string) string {
	t.Helper()
	out, err := exec.Command("bash", append([]string{"-ec", command, "sh"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", command, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// newUser makes an account in the groups given, until the test ends, and returns its uid.
func newUser(t *testing.T, name, groups string) string {
	t.Helper()
	sh(t, `useradd -M -U -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -s /usr/sbin/nologin -G "$2" "$1"`, name, groups)
	t.Cleanup(func() { exec.Command("userdel", "-f", name).Run() })
	return sh(t, `id -u "$1"`, name)
}

// newZone makes a zone of somebody's, as a manager makes it by hand, until the test ends. It may have any mode.
func newZone(t *testing.T, name, owner string) string {
	t.Helper()
	top := layout.Base + "/" + name
	t.Cleanup(func() { // a test may have mounted something, or made it immutable
		exec.Command("sh", "-c", `umount "$1"/*; chattr -R -i "$1"; rm -rf "$1"`, "sh", top).Run()
	})
	sh(t, `mkdir -m 1770 "$1"; chown "$2:$2" "$1"; setfacl -m g::-,m::rwx "$1"`, top, owner)
	return top
}

// answered is what the helper said, and how it ended.
type answered struct {
	helper.AccessReply
	status int
	out    string // standard output as it came
	log    string
	took   time.Duration
	cpu    time.Duration // of all processors
}

// person returns what was said about somebody.
func (a answered) person(t *testing.T, name string) helper.Person {
	t.Helper()
	for _, p := range a.People {
		if p.User == name {
			return p
		}
	}
	t.Fatalf("nothing about %s in %s", name, a.out)
	return helper.Person{}
}

// askAs asks as somebody, whom sudo would have told the helper of; "" is root without sudo.
func askAs(t *testing.T, user string, question any) answered {
	t.Helper()
	uid := ""
	if user != "" {
		n, known := account.NewNames().UserID(user)
		if !known {
			t.Fatal("there is no ", user)
		}
		uid = fmt.Sprint(n)
	}
	input, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	return askIn(t, uid, string(input), `exec "$@"`)
}

// askIn starts the helper by a shell, which can spoil what it inherits.
func askIn(t *testing.T, sudoUID, input, shell string) answered {
	t.Helper()
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-c", shell, "sh", self)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", asRole + "=helper"}
	if sudoUID != "" {
		cmd.Env = append(cmd.Env, "SUDO_UID="+sudoUID)
	}
	var out, log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &log
	began := time.Now()
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	a := answered{status: cmd.ProcessState.ExitCode(), out: out.String(), log: log.String(), took: time.Since(began)}
	a.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if err := json.Unmarshal(out.Bytes(), &a.AccessReply); err != nil {
		t.Fatalf("%s: %v\n%s", input, err, a.log)
	}
	return a
}

type request = helper.AccessRequest

// TestSteps: each numbered step of access(8) refuses, with its exit status and one line in the log, and says nothing else.
func TestSteps(t *testing.T) {
	needCopy(t)
	owner := newUser(t, "ac-owner", "shzbase,shzmgr")
	other := newUser(t, "ac-other", "shzbase,shzmgr")
	base := newUser(t, "ac-base", "shzbase")
	newUser(t, "ac-out", "shzmgr,shzadmin")
	top := newZone(t, "ac-steps", "ac-owner")
	sh(t, `mkdir "$1/folder" "$1/.shz-hidden"; ln -s folder "$1/link"; mkfifo "$1/fifo"; setfacl -m o::rx "$1"`, top)
	for _, twin := range []string{"ac-one", "ac-two"} {
		sh(t, `setfattr -n user.shz.id -v 00000000000000000000000000000abc "$1"`, newZone(t, twin, "ac-owner"))
	}
	const good = `{"op":"who","zone":"ac-steps"}`
	in := func(path string) string { return `{"op":"who","zone":"ac-steps","path":"` + path + `"}` }
	users := func(n int) string {
		return `{"op":"who","zone":"ac-steps","users":[` + strings.Repeat(`"ac-owner",`, n-1) + `"ac-owner"]}`
	}
	const internal, refused, usage = privileged.ExitInternal, privileged.ExitRefused, privileged.ExitUsage
	// That it is this step which refuses, where several could.
	logged := map[string]string{
		"1: too few descriptors":             "rlimit",
		"10: root's capabilities would stay": "securebits",
		"11: ids cannot be taken":            "becoming uid",
		"11: root cannot come back":          "coming back from uid",
	}
	for _, row := range []struct {
		name, sudoUID, input, shell string
		status                      int
		says                        string
	}{
		{"1: not root", "", good, `cp "$1" /run/ac-program; chmod 755 /run/ac-program; exec setpriv --reuid=4242 --regid=4242 --clear-groups /run/ac-program`, internal, "internal"},
		{"1: root by saved uid alone", "", good, `exec setpriv --ruid=4242 "$@"`, internal, "internal"},
		{"1: too few descriptors", "", good, `ulimit -n 20; exec setpriv --bounding-set -sys_resource "$@"`, internal, "internal"},
		{"2: root by sudo", "0", good, "", usage, "internal"},
		{"2: nobody's uid", "4242", good, "", usage, "internal"},
		{"2: empty uid", " ", good, "", usage, "internal"},
		{"2: a name", "ac-owner", good, "", usage, "internal"},
		{"2: wraps around to 0", "4294967296", good, "", usage, "internal"},
		{"2: web server", "33", good, "", usage, "internal"},
		{"2: guest", sh(t, "id -u shzguest"), good, "", usage, "internal"},
		{"2: manager and administrator outside shzbase", sh(t, "id -u ac-out"), good, "", usage, "internal"},
		{"4: no input", owner, ``, "", usage, "internal"},
		{"4: no object", owner, `[]`, "", usage, "internal"},
		{"4: unknown field", owner, `{"op":"who","zone":"ac-steps","uid":0}`, "", usage, "internal"},
		{"4: two objects", owner, good + good, "", usage, "internal"},
		{"4: too long", owner, in(strings.Repeat("x", 64<<10)), "", usage, "internal"},
		{"5: no operation", owner, `{"zone":"ac-steps"}`, "", usage, "internal"},
		{"5: unknown operation", owner, `{"op":"Who","zone":"ac-steps"}`, "", usage, "internal"},
		{"5: a member", base, good, "", usage, "internal"},
		{"5: a member asks for readers", base, `{"op":"readers","zone":"ac-steps"}`, "", usage, "internal"},
		{"5: the worker asks who", sh(t, "id -u shzspool"), good, "", usage, "internal"},
		{"6: no zone", owner, `{"op":"who"}`, "", refused, "bad-request name"},
		{"6: no such zone", owner, `{"op":"who","zone":"ac-none"}`, "", refused, "not-found"},
		{"6: closed zones", "", `{"op":"who","zone":".closed"}`, "", refused, "not-found"},
		{"6: above", "", `{"op":"who","zone":".."}`, "", refused, "not-found"},
		{"6: the base", "", `{"op":"who","zone":"."}`, "", refused, "not-found"},
		{"6: a path", "", `{"op":"who","zone":"ac-steps/folder"}`, "", refused, "not-found"},
		{"6: encoded", "", `{"op":"who","zone":"ac%2dsteps"}`, "", refused, "not-found"},
		{"6: no such id", "", `{"op":"who","zone_id":"00000000000000000000000000000000"}`, "", refused, "not-found"},
		{"6: another id", "", `{"op":"who","zone":"ac-steps","zone_id":"00000000000000000000000000000abc"}`, "", refused, "not-found"},
		{"6: id of two", "", `{"op":"who","zone_id":"00000000000000000000000000000abc"}`, "", refused, "conflict"},
		{"7: another manager", other, good, "", refused, "not-permitted"},
		{"7: another manager, of what is not there", other, in("none"), "", refused, "not-permitted"},
		{"7: another manager asks for readers", other, `{"op":"readers","zone":"ac-steps"}`, "", refused, "not-permitted"},
		{"7: another manager, by id", other, `{"op":"who","zone":"ac-one","zone_id":"00000000000000000000000000000abc"}`, "", refused, "not-permitted"},
		{"8: above", owner, in(".."), "", refused, "bad-request"},
		{"8: above, encoded", owner, in("%2e%2e/x"), "", refused, "bad-request"},
		{"8: here", owner, in("folder/."), "", refused, "bad-request"},
		{"8: empty segment", owner, in("folder//x"), "", refused, "bad-request"},
		{"8: slash at the end", owner, in("folder/"), "", refused, "bad-request"},
		{"8: absolute", owner, in("/etc"), "", refused, "bad-request"},
		{"8: slash encoded", owner, in("folder%2fx"), "", refused, "bad-request"},
		{"8: NUL", owner, in("folder%00"), "", refused, "bad-request"},
		{"8: damaged encoding", owner, in("%4"), "", refused, "bad-request"},
		{"8: name too long", owner, in(strings.Repeat("x", 256)), "", refused, "bad-request"},
		{"8: backslash", owner, in(`..%5cetc`), "", refused, "not-found"},
		{"8: nothing there", owner, in("none"), "", refused, "not-found"},
		{"8: prefix of a name", owner, in("fold"), "", refused, "not-found"},
		{"8: reserved", owner, in(".shz-hidden"), "", refused, "not-found"},
		{"8: below a FIFO", owner, in("fifo/x"), "", refused, "not-found"},
		{"8: through a link", owner, in("link/x"), "", refused, "not-permitted"},
		{"8: one path and several", owner, `{"op":"readers","zone":"ac-steps","path":"folder","paths":["folder"]}`, "", refused, "bad-request"},
		{"9: nobody of that name", owner, `{"op":"who","zone":"ac-steps","users":["ac-owner","ac-nobody"]}`, "", refused, "not-found no-such-user"},
		{"9: no name", owner, `{"op":"who","zone":"ac-steps","users":[""]}`, "", refused, "not-found no-such-user"},
		{"9: an option", owner, `{"op":"who","zone":"ac-steps","users":["--help"]}`, "", refused, "not-found no-such-user"},
		{"9: a number", owner, `{"op":"who","zone":"ac-steps","users":["0"]}`, "", refused, "not-found no-such-user"},
		{"9: too many", owner, users(maxUsers + 1), "", refused, "bad-request"},
		{"10: root's capabilities would stay", "", good, `exec setpriv --securebits +no_setuid_fixup "$@"`, internal, "internal"},
		{"11: ids cannot be taken", "", good, `exec strace -f -qq -o /dev/null -e trace=setresgid -e inject=setresgid:error=EPERM:when=1 "$@"`, internal, "internal"},
		{"11: root cannot come back", "", good, `exec strace -f -qq -o /dev/null -e trace=setresuid -e inject=setresuid:error=EPERM:when=2 "$@"`, internal, "internal"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.shell == "" {
				row.shell = `exec "$@"`
			}
			a := askIn(t, row.sudoUID, row.input, row.shell)
			said := strings.TrimSpace(a.Error + " " + a.Reason)
			if want := logged[row.name]; !strings.Contains(a.log, want) {
				t.Errorf("log %q, not %q", a.log, want)
			}
			if a.status != row.status || said != row.says || a.Object != nil || a.People != nil || a.Users != nil || strings.Count(a.log, "\n") != 1 {
				t.Errorf("%d %s, log %q", a.status, a.out, a.log)
			}
		})
	}
	for _, row := range []struct{ uid, input string }{{owner, good}, {"", good}, {owner, in("folder")}, {owner, users(maxUsers)}} {
		if a := askIn(t, row.uid, row.input, `exec "$@"`); a.status != 0 || a.Error != "" || a.log != "" || len(a.People) == 0 {
			t.Errorf("%.80s is refused too: %d %s %s", row.input, a.status, a.out, a.log)
		}
	}
	os.Remove("/run/ac-program")
}

// TestInherited: what a shell can leave to the program changes nothing of what it says.
func TestInherited(t *testing.T) {
	needCopy(t)
	owner := newUser(t, "ac-owner", "shzbase,shzmgr")
	newZone(t, "ac-inherited", "ac-owner")
	const input = `{"op":"who","zone":"ac-inherited","users":["ac-owner","root"]}`
	want := askIn(t, owner, input, `exec "$@"`)
	if want.status != 0 {
		t.Fatal(want.out, want.log)
	}
	for _, shell := range []string{
		`umask 0; ulimit -c unlimited; exec nice -n 19 "$@"`, `ulimit -f 0; exec "$@"`, `ulimit -n 30; exec "$@"`, `trap '' CHLD HUP TERM PIPE; exec "$@"`,
		`mkdir /run/ac; cd /run/ac; rmdir /run/ac; exec "$@"`, `exec "$@" 2>&-`, `exec setpriv --groups=4,24,27 --regid=100 "$@"`,
		`export GODEBUG=x LD_PRELOAD=/x PATH=/x; exec "$@"`, `exec setpriv --inh-caps=+setuid --ambient-caps=+setuid "$@"`,
	} {
		a := askIn(t, owner, input, shell)
		if strings.Contains(shell, "ulimit -n") && strings.Contains(a.log, "too small") {
			continue // root without CAP_SYS_RESOURCE, as in containers, refuses before it begins
		}
		if a.status != 0 || a.out != want.out {
			t.Errorf("%s: %d %s%s", shell, a.status, a.out, a.log)
		}
	}
}

// TestCallers: the zone's owner, administrators, root and, for readers, the notify worker are told, and nobody else.
func TestCallers(t *testing.T) {
	needCopy(t)
	for name, groups := range map[string]string{"ac-owner": "shzbase,shzmgr", "ac-other": "shzbase,shzmgr", "ac-admin": "shzbase,shzadmin", "ac-base": "shzbase", "ac-former": "shzbase", "ac-out": "users"} {
		newUser(t, name, groups)
	}
	newZone(t, "ac-callers", "ac-owner")
	newZone(t, "ac-formers", "ac-former") // whose owner is no manager any more
	for _, row := range []struct {
		user, zone   string
		who, readers int
	}{
		{"", "ac-callers", 0, 0},
		{"ac-owner", "ac-callers", 0, 0},
		{"ac-admin", "ac-callers", 0, 0},
		{"ac-admin", "ac-formers", 0, 0},
		{layout.UserSpool, "ac-callers", privileged.ExitUsage, 0},
		{"ac-other", "ac-callers", privileged.ExitRefused, privileged.ExitRefused},
		{"ac-owner", "ac-formers", privileged.ExitRefused, privileged.ExitRefused},
		{"ac-former", "ac-formers", privileged.ExitUsage, privileged.ExitUsage},
		{"ac-base", "ac-callers", privileged.ExitUsage, privileged.ExitUsage},
		{"ac-out", "ac-callers", privileged.ExitUsage, privileged.ExitUsage},
		{layout.UserGuest, "ac-callers", privileged.ExitUsage, privileged.ExitUsage},
		{"www-data", "ac-callers", privileged.ExitUsage, privileged.ExitUsage},
		{"nobody", "ac-callers", privileged.ExitUsage, privileged.ExitUsage},
		{"root", "ac-callers", privileged.ExitUsage, privileged.ExitUsage}, // by sudo
	} {
		for op, status := range map[string]int{"who": row.who, "readers": row.readers} {
			a := askAs(t, row.user, request{Op: op, Zone: row.zone})
			if told := len(a.People)+len(a.Users) > 0; a.status != status || told != (status == 0) {
				t.Errorf("%s asks %s of %s: %d %.200s%s", row.user, op, row.zone, a.status, a.out, a.log)
			}
		}
	}
}

// TestBySudo is the whole way of a component: the real sudo, the installed rule and the installed program.
func TestBySudo(t *testing.T) {
	needCopy(t)
	newUser(t, "ac-owner", "shzbase,shzmgr")
	newUser(t, "ac-admin", "shzbase,shzadmin")
	newUser(t, "ac-base", "shzbase")
	newZone(t, "ac-sudo", "ac-owner")
	const run = `exec setpriv --reuid="$1" --regid="$1" --init-groups sudo -n -- ` + layout.AccessHelper
	const who, readers = `{"op":"who","zone":"ac-sudo"}`, `{"op":"readers","zone":"ac-sudo"}`
	for _, row := range []struct {
		name, user, shell, input string
		want                     []string // one of them must be in what is said
	}{
		{"owner", "ac-owner", run, who, []string{`"user":"ac-owner"`}},
		{"administrator", "ac-admin", run, who, []string{`"user":"ac-owner"`}},
		{"worker", layout.UserSpool, run, readers, []string{`{"users":["ac-owner"]}`}},
		{"another claims to be root", "ac-base", `export SUDO_UID=0; ` + run, who, []string{"password is required", "not allowed"}},
		{"owner claims to be root", "ac-owner", `export SUDO_UID=0; ` + run, `{"op":"who","zone":"demo"}`, []string{"not-permitted"}},
		{"member", "ac-base", run, who, []string{"password is required", "not allowed"}},
		{"guest", layout.UserGuest, run, who, []string{"password is required", "not allowed"}},
		{"web server", "www-data", run, who, []string{"password is required", "not allowed"}},
		{"arguments", "ac-owner", run + " --as root", who, []string{"password is required", "not allowed"}},
		{"environment", "ac-owner", strings.Replace(run, "-n --", "-n GODEBUG=x --", 1), who, []string{"not allowed to set"}},
		{"directly", "ac-owner", strings.Replace(run, "sudo -n -- ", "sh -c ", 1), who, []string{"Permission denied"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			cmd := exec.Command("bash", "-c", row.shell, "sh", row.user)
			cmd.Stdin = strings.NewReader(row.input)
			out, _ := cmd.CombinedOutput()
			if !slices.ContainsFunc(row.want, func(w string) bool { return strings.Contains(string(out), w) }) {
				t.Errorf("%s", out)
			}
		})
	}
}

func TestCodes(t *testing.T) {
	for err, want := range map[error]string{
		fmt.Errorf("x: %w", errChanged):                        "busy ",
		&refusal{"not-found", "no-such-user", "x"}:             "not-found no-such-user",
		fmt.Errorf("x: %w", &refusal{"conflict", "", "y"}):     "conflict ",
		fmt.Errorf("anything that nobody has foreseen: %d", 1): "internal ",
	} {
		if code, reason := codeOf(err); code+" "+reason != want {
			t.Errorf("%v: %s %s", err, code, reason)
		}
	}
}
