package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// asAuth is set when this test program is started as the helper itself.
const asAuth = "SHZ_TEST_AUTH"

func TestMain(m *testing.M) {
	if os.Getenv(asAuth) != "" {
		os.Unsetenv(asAuth)
		main()
	}
	os.Exit(m.Run())
}

func TestReadRequest(t *testing.T) {
	for input, want := range map[string]request{
		`{}`: {}, `{"op":"login","username":"anna"}`: {Op: "login", Username: "anna"}, " {\"op\":\"x\"}\r\n\t ": {Op: "x"},
		`{"op":"a","op":"b"}`: {Op: "b"}, `{"password":"\u0000\n"}`: {Password: "\x00\n"},
		`{"op":"` + strings.Repeat("x", 8192-9) + `"}`: {Op: strings.Repeat("x", 8192-9)},
	} {
		if got, err := readRequest(strings.NewReader(input)); err != nil || got != want {
			t.Errorf("%.80s: %+v %v", input, got, err)
		}
	}
	for _, input := range []string{
		"", " ", "x", "[]", `"op"`, "1", `{`, `{"op"`, `{"op":"login"`, `{"op":1}`, `{"op":["login"]}`, `{"op":{"a":1}}`, `{"uid":0}`, `{"op":"login","root":true}`,
		`{"op":"login"}{"op":"logout"}`, `{"op":"login"} x`, `{"op":"login"}}`, `{"op":"login"}]`, `{"op":"login"},`, `{"op":"login"}` + "\x00", `{"op":"login"}null`,
		strings.Repeat("[", 8000), `{"op":"` + strings.Repeat("x", 8192) + `"}`, `{"op":"x"}` + strings.Repeat(" ", 8192), strings.Repeat("x", 1<<20),
	} {
		if got, err := readRequest(strings.NewReader(input)); err == nil || got != (request{}) {
			t.Errorf("%.80s: taken as %+v", input, got)
		}
	}
}

func TestValidPassword(t *testing.T) {
	for password, want := range map[string]bool{
		"a": true, " ": true, "a\nb": true, "perché": true, strings.Repeat("a", 511): true,
		"": false, strings.Repeat("a", 512): false, "a\x00": false, "\x00": false,
	} {
		if validPassword(password) != want {
			t.Errorf("%.20q: %v", password, !want)
		}
	}
}

// needCopy skips what asks the real PAM about real accounts.
func needCopy(t *testing.T) {
	t.Helper()
	if os.Getenv("SHZ_COPY") == "" || os.Geteuid() != 0 {
		t.Skip("makes accounts and asks PAM: run by test.sh in its copy of the machine")
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

// password is every test account's.
const password = "Xq7-prova-8 è"

// newUser makes an account with a password, in the groups given, until the test ends.
func newUser(t *testing.T, name, groups string, args ...string) {
	t.Helper()
	sh(t, `name=$1 groups=$2; shift 2; useradd -M -U -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -s /usr/sbin/nologin -G "$groups" "$@" "$name"`, append([]string{name, groups}, args...)...)
	t.Cleanup(func() {
		exec.Command("userdel", "-f", name).Run()
		exec.Command("groupdel", name).Run() // where it was no longer his primary one
	})
	sh(t, `printf '%s:%s\n' "$1" "$2" | chpasswd`, name, password)
}

// answer is what the helper said, and how it ended.
type answer struct {
	reply
	status int
	out    string // standard output as it came
	log    string
	took   time.Duration
}

// caller of a question: an account's name as under sudo, or "" for root without it.
func ask(t *testing.T, as string, question any) answer {
	t.Helper()
	uid := ""
	if as != "" {
		uid = sh(t, `id -u -- "$1"`, as)
	}
	input, isText := question.(string)
	if !isText {
		b, err := json.Marshal(question)
		if err != nil {
			t.Fatal(err)
		}
		input = string(b)
	}
	return askIn(t, uid, input, `exec "$@"`)
}

// askIn starts the helper by a shell, which can spoil what it inherits.
func askIn(t *testing.T, sudoUID, input, shell string) answer {
	t.Helper()
	cmd := exec.Command("bash", "-c", shell, "sh", "/proc/self/exe")
	if self, err := os.Readlink("/proc/self/exe"); err != nil {
		t.Fatal(err)
	} else {
		cmd.Args[len(cmd.Args)-1] = self
	}
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", asAuth + "=yes"}
	if sudoUID != "" {
		cmd.Env = append(cmd.Env, "SUDO_UID="+sudoUID)
	}
	var out, log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &log
	began := time.Now()
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	a := answer{status: cmd.ProcessState.ExitCode(), out: out.String(), log: log.String(), took: time.Since(began)}
	json.Unmarshal(out.Bytes(), &a.reply)
	return a
}

func loginOf(name string) request {
	return request{Op: "login", Username: name, Password: password, Entry: "internal", Address: "192.0.2.7"}
}

// logIn opens a session and returns its file's name.
func logIn(t *testing.T, name string) string { t.Helper(); return logInWith(t, name, password) }

// record reads a session, and the time of its last use.
func record(t *testing.T, name string) (session.Record, time.Time) {
	t.Helper()
	f, err := session.Open(name, os.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, use, err := session.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return r, use
}

func lives(name string) bool {
	_, err := os.Lstat(layout.Sessions + "/" + name)
	return err == nil
}

// TestSteps: each numbered step of auth(8) refuses, with its exit status, before anything changed.
func TestSteps(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	newUser(t, "la-out", "users")
	file := logIn(t, "la-anna")
	uid := sh(t, "id -u la-anna")
	for _, row := range []struct {
		name    string
		sudoUID string
		input   string
		shell   string
		status  int
	}{
		{"1: not root", "", `{"op":"refresh"}`, `exec setpriv --reuid=4242 --regid=4242 --clear-groups "$@"`, exitInternal},
		{"1: root by saved uid alone", "", `{"op":"refresh"}`, `exec setpriv --ruid=4242 "$@"`, exitInternal},
		{"1: no right to a larger limit", uid, `{"op":"logout"}`, `ulimit -f 1; exec setpriv --bounding-set -sys_resource "$@"`, exitInternal},
		{"1: too few descriptors", uid, `{"op":"logout"}`, `ulimit -n 20; exec setpriv --bounding-set -sys_resource "$@"`, exitInternal},
		{"2: root by sudo", "0", `{"op":"logout"}`, "", exitUsage},
		{"2: nobody's uid", "4242", `{"op":"logout"}`, "", exitUsage},
		{"2: empty uid", " ", `{"op":"logout"}`, "", exitUsage},
		{"2: a name", "la-anna", `{"op":"logout"}`, "", exitUsage},
		{"2: negative", "-1", `{"op":"logout"}`, "", exitUsage},
		{"2: wraps around to 0", "4294967296", `{"op":"logout"}`, "", exitUsage},
		{"2: web server", "33", `{"op":"login"}`, "", exitUsage},
		{"2: worker", sh(t, "id -u shzspool"), `{"op":"login"}`, "", exitUsage},
		{"2: outside shzbase", sh(t, "id -u la-out"), `{"op":"logout"}`, "", exitUsage},
		{"4: no input", uid, ``, "", exitUsage},
		{"4: no object", uid, `[]`, "", exitUsage},
		{"4: unknown field", uid, `{"op":"logout","uid":0}`, "", exitUsage},
		{"4: two objects", uid, `{"op":"logout"}{"op":"logout"}`, "", exitUsage},
		{"4: too long", uid, `{"op":"logout","session":"` + strings.Repeat("x", 9000) + `"}`, "", exitUsage},
		{"5: no operation", uid, `{}`, "", exitUsage},
		{"5: unknown operation", uid, `{"op":"Logout"}`, "", exitUsage},
		{"5: member refreshes", uid, `{"op":"refresh","session":"` + file + `"}`, "", exitUsage},
		{"5: member logs in", uid, `{"op":"login"}`, "", exitUsage},
		{"5: root logs in", "", `{"op":"login"}`, "", exitUsage},
		{"5: root logs out", "", `{"op":"logout","session":"` + file + `"}`, "", exitUsage},
		{"5: member asks for a link", uid, `{"op":"forgot","username":"la-anna","entry":"internal","address":"192.0.2.7"}`, "", exitUsage},
		{"5: member uses a link", uid, `{"op":"recover","username":"la-anna"}`, "", exitUsage},
		{"5: member accepts an invitation", uid, `{"op":"accept","username":"la-anna"}`, "", exitUsage},
		{"5: root accepts an invitation", "", `{"op":"accept","username":"la-anna"}`, "", exitUsage},
		{"5: root uses a link", "", `{"op":"recover","username":"la-anna"}`, "", exitUsage},
		{"5: root asks of himself", "", `{"op":"account"}`, "", exitUsage},
		{"5: root chooses", "", `{"op":"language","language":"en"}`, "", exitUsage},
		{"5: guest asks of himself", sh(t, "id -u shzguest"), `{"op":"account"}`, "", exitUsage},
		{"5: guest chooses", sh(t, "id -u shzguest"), `{"op":"language","language":"en"}`, "", exitUsage},
		{"5: member uses the link of a mail", uid, `{"op":"less","token":"x","often":"none"}`, "", exitUsage},
		{"5: root uses the link of a mail", "", `{"op":"less","token":"x","often":"none"}`, "", exitUsage},
		{"5: guest chooses for a zone", sh(t, "id -u shzguest"), `{"op":"notices","often":"none"}`, "", exitUsage},
		{"5: root sets a password", "", `{"op":"password","session":"` + file + `"}`, "", exitUsage},
		{"5: guest refreshes", sh(t, "id -u shzguest"), `{"op":"refresh","session":"` + file + `"}`, "", exitUsage},
		{"5: guest logs out", sh(t, "id -u shzguest"), `{"op":"logout","session":"` + file + `"}`, "", exitUsage},
		{"5: guest sets a password", sh(t, "id -u shzguest"), `{"op":"password","session":"` + file + `"}`, "", exitUsage},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := sh(t, "sha256sum /etc/shadow /etc/passwd; ls "+layout.Sessions)
			if row.shell == "" {
				row.shell = `exec "$@"`
			}
			a := askIn(t, row.sudoUID, row.input, row.shell)
			if a.status != row.status || a.out != `{"error":"internal"}`+"\n" || strings.Count(a.log, "\n") != 1 {
				t.Errorf("%d %q, log %q", a.status, a.out, a.log)
			}
			if after := sh(t, "sha256sum /etc/shadow /etc/passwd; ls "+layout.Sessions); after != before {
				t.Error("something changed")
			}
		})
	}
	t.Run("3: all slots of the caller taken", func(t *testing.T) { testCallerSlots(t, uid) })
	t.Run("7: all slots taken", func(t *testing.T) { testSlots(t, file) })
}

// TestOperationsAreForTheirCallers: whoever asks for what is not his is refused, whatever it is.
func TestOperationsAreForTheirCallers(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	file := logIn(t, "la-anna")
	before := sh(t, "sha256sum /etc/shadow /etc/passwd; ls "+layout.Sessions+" "+layout.Tokens+" "+layout.Secrets)
	for name, op := range operations {
		for as, may := range map[string]bool{"": op.root, layout.UserGuest: op.guest, "la-anna": op.member} {
			q := request{Op: name, Username: "la-anna", Password: password, Session: file, Email: "x@example.org", New: "Zw4-nuova-9 ù", Entry: "internal", Address: "192.0.2.7"}
			if may {
				continue
			}
			if a := ask(t, as, q); a.status != exitUsage || a.out != `{"error":"internal"}`+"\n" || strings.Count(a.log, "\n") != 1 {
				t.Errorf("%s as %q: %d %s %q", name, as, a.status, a.out, a.log)
			}
		}
	}
	if after := sh(t, "sha256sum /etc/shadow /etc/passwd; ls "+layout.Sessions+" "+layout.Tokens+" "+layout.Secrets); after != before {
		t.Errorf("something changed:\n%s\n%s", before, after)
	}
}

// hold locks a slot, as a process of the helper does.
func hold(t *testing.T, slot string) *os.File {
	t.Helper()
	f, err := os.OpenFile(layout.Slots+"/"+slot, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Fatal(slot, err)
	}
	return f
}

// testCallerSlots holds all slots of one member, as processes of his would that wait for their input: what he sends is not even
// read, and nobody else is kept out.
func testCallerSlots(t *testing.T, uid string) {
	for i := range slotsPerCaller {
		defer hold(t, fmt.Sprintf("auth-caller.%s.%d", uid, i)).Close()
	}
	if a := askIn(t, uid, "no object", `exec "$@"`); a.status != exitRefused || a.Error != "busy" || strings.Count(a.log, "\n") != 1 {
		t.Errorf("%d %q, log %q", a.status, a.out, a.log)
	}
	if a := ask(t, layout.UserGuest, loginOf("la-anna")); a.status != 0 {
		t.Errorf("the login form is kept out: %d %s", a.status, a.log)
	}
	newUser(t, "la-other", "")
	if a := ask(t, "la-other", `{"op":"logout","session":"none"}`); a.Error == "busy" {
		t.Errorf("another member is kept out: %d %s", a.status, a.log)
	}
}

// testSlots holds all slots, as so many logins would.
func testSlots(t *testing.T, file string) {
	const slots = 8 // the default of sharezone.toml
	for i := range slots {
		for _, kind := range []string{"auth", "refresh"} {
			defer hold(t, fmt.Sprintf("%s.%d", kind, i)).Close()
		}
	}
	sh(t, "touch /etc/passwd")
	var group sync.WaitGroup
	for as, q := range map[string]request{
		layout.UserGuest: loginOf("la-anna"), "": {Op: "refresh", Session: file}, "la-anna": {Op: "password", Session: file, Old: password, New: password + "x"},
	} {
		group.Go(func() {
			if a := ask(t, as, q); a.status != exitRefused || a.Error != "busy" || a.took < time.Second {
				t.Errorf("%s: %d %s after %v", q.Op, a.status, a.out, a.took)
			}
		})
	}
	group.Wait()
	if a := ask(t, "la-anna", request{Op: "logout", Session: strings.Repeat("0", 64)}); a.status != 0 {
		t.Errorf("logging out needs no PAM: %d %s", a.status, a.out)
	}
}

// TestInherited: what a shell can leave to the program changes nothing of what it does, and /etc/shadow stays whole.
func TestInherited(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	uid := sh(t, "id -u la-anna")
	old := password
	for i, shell := range []string{
		`exec "$@" 2>&-`, `exec 1>&- 2>&-; exec "$@"`, `ulimit -f 1; exec "$@"`, `ulimit -f 0; exec "$@"`, `ulimit -n 30; exec "$@"`,
		`ulimit -S -f 1 -n 30 -t 1 -s 512; exec "$@"`, `umask 0; ulimit -c unlimited; exec nice -n 19 "$@"`, `trap '' CHLD HUP TERM PIPE; exec "$@"`,
		`mkdir /run/zt; cd /run/zt; rmdir /run/zt; exec "$@"`,
	} {
		t.Run(shell, func(t *testing.T) {
			file := logInWith(t, "la-anna", old)
			next := fmt.Sprintf("%s %d", password, i)
			lines := sh(t, "wc -l </etc/shadow; stat -c '%a %U %G' /etc/shadow; grep -v ^la-anna: /etc/shadow | sha256sum")
			input, err := json.Marshal(request{Op: "password", Session: file, Old: old, New: next})
			if err != nil {
				t.Fatal(err)
			}
			a := askIn(t, uid, string(input), shell)
			if a.status == exitInternal && strings.Contains(shell, "ulimit") && strings.Contains(a.log, "too small") {
				next = old // root without CAP_SYS_RESOURCE, as in containers, refuses before it begins
			} else if a.status != 0 || strings.Contains(shell, "1>&-") != (a.out == "") {
				t.Errorf("%d %s %s", a.status, a.out, a.log)
			}
			if after := sh(t, "wc -l </etc/shadow; stat -c '%a %U %G' /etc/shadow; grep -v ^la-anna: /etc/shadow | sha256sum"); after != lines {
				t.Errorf("/etc/shadow was\n%s\nand is\n%s", lines, after)
			}
			if a := ask(t, layout.UserGuest, request{Op: "login", Username: "la-anna", Password: next, Entry: "internal", Address: "192.0.2.7"}); a.status != 0 {
				t.Errorf("the new password does not hold: %s", a.log)
			}
			if r, _ := record(t, file); r.User != "la-anna" {
				t.Errorf("%+v", r)
			}
			old = next
		})
	}
	if left := sh(t, "ls /etc/*.lock /etc/nshadow /etc/npasswd 2>/dev/null || true"); strings.Contains(strings.ReplaceAll(left, "/etc/.pwd.lock", ""), "/etc/") {
		t.Errorf("left: %s", left)
	}
}

// logInWith is logIn with another password than the test accounts'.
func logInWith(t *testing.T, name, secret string) string {
	t.Helper()
	q := loginOf(name)
	q.Password = secret
	a := ask(t, layout.UserGuest, q)
	file, ok := session.FileName(a.ID)
	if a.status != 0 || !ok || a.User != name {
		t.Fatalf("login of %s: %d %s %s", name, a.status, a.out, a.log)
	}
	t.Cleanup(func() { os.Remove(layout.Sessions + "/" + file) })
	return file
}

// TestBySudo is the whole way of a component: the real sudo, the installed rule and the installed program.
func TestBySudo(t *testing.T) {
	needCopy(t)
	newUser(t, "la-anna", "shzbase")
	newUser(t, "la-out", "users")
	const helper = `exec setpriv --reuid="$1" --regid="$1" --init-groups sudo -n -- ` + layout.AuthHelper
	for _, row := range []struct {
		name, user, shell string
		want              []string // one of them must be in what is said
	}{
		{"guest", layout.UserGuest, helper, []string{`{"error":"internal"}`}},
		{"member", "la-anna", helper, []string{`{"error":"internal"}`}},
		{"another claims to be root", "la-anna", `export SUDO_UID=0; ` + helper, []string{"la-anna"}},
		{"outsider", "la-out", helper, []string{"password is required", "not allowed"}},
		{"web server", "www-data", helper, []string{"password is required", "not allowed"}},
		{"arguments", "la-anna", helper + " --op login", []string{"password is required", "not allowed"}},
		{"another program", "la-anna", `exec setpriv --reuid="$1" --regid="$1" --init-groups sudo -n -- /usr/bin/id`, []string{"password is required", "not allowed"}},
		{"environment", "la-anna", `exec setpriv --reuid="$1" --regid="$1" --init-groups sudo -n GODEBUG=x -- ` + layout.AuthHelper, []string{"not allowed to set"}},
		{"directly", "la-anna", `exec setpriv --reuid="$1" --regid="$1" --init-groups ` + layout.AuthHelper, []string{"Permission denied", "not root"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			cmd := exec.Command("bash", "-c", row.shell, "sh", row.user)
			cmd.Stdin = strings.NewReader(`{"op":"refresh"}`)
			out, _ := cmd.CombinedOutput()
			if !slices.ContainsFunc(row.want, func(w string) bool { return strings.Contains(string(out), w) }) {
				t.Errorf("%s", out)
			}
		})
	}
}
