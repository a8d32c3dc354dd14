package privileged

import (
	"errors"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// asHelper is set when this test program is started as a helper would be.
const asHelper = "SHZ_TEST_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(asHelper) != "" {
		if err := Settle([]Limit{{unix.RLIMIT_CORE, 0, 0}, {unix.RLIMIT_NOFILE, 64, 32}}); err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
			os.Exit(ExitInternal)
		}
		os.Stdout.WriteString("settled\n")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestReadRequest(t *testing.T) {
	type request struct {
		Op    string   `json:"op"`
		Paths []string `json:"paths"`
	}
	for input, want := range map[string]request{
		`{}`: {}, ` {"op":"a"} `: {Op: "a"}, `{"op":"` + strings.Repeat("x", 91) + `"}`: {Op: strings.Repeat("x", 91)}, `{"paths":["a",""]}`: {Paths: []string{"a", ""}},
	} {
		var got request
		if err := ReadRequest(strings.NewReader(input), 100, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v %v", input, got, err)
		}
	}
	for _, input := range []string{
		"", " ", "null x", "[]", `"op"`, `{`, `{"op":1}`, `{"uid":0}`, `{"op":"a"}{"op":"b"}`, `{"op":"a"},`, `{"op":"` + strings.Repeat("x", 92) + `"}`,
		`{"op":"a"}` + strings.Repeat(" ", 100), `{"paths":"a"}`,
	} {
		var got request
		if err := ReadRequest(strings.NewReader(input), 100, &got); err == nil {
			t.Errorf("%s: taken as %v", input, got)
		}
	}
}

func TestCallerUID(t *testing.T) {
	for text, want := range map[string]uint32{"0": 0, "1003": 1003, "4294967295": 4294967295} {
		t.Setenv("SUDO_UID", text)
		if uid, bySudo, err := CallerUID(); uid != want || !bySudo || err != nil {
			t.Errorf("%q: %d %v %v", text, uid, bySudo, err)
		}
	}
	for _, text := range []string{"", " ", "anna", "-1", "+1", "4294967296", "0x0", "1\n", "1 0"} {
		t.Setenv("SUDO_UID", text)
		if uid, bySudo, err := CallerUID(); !bySudo || err == nil {
			t.Errorf("%q: %d %v %v", text, uid, bySudo, err)
		}
	}
	os.Unsetenv("SUDO_UID")
	if uid, bySudo, err := CallerUID(); uid != 0 || bySudo || err != nil {
		t.Errorf("unset: %d %v %v", uid, bySudo, err)
	}
}

// needCopy skips what makes accounts or needs root.
func needCopy(t *testing.T) {
	t.Helper()
	if os.Getenv("SHZ_COPY") != "1" || os.Geteuid() != 0 {
		t.Skip("makes accounts: run by test.sh in its copy of the machine")
	}
}

func sh(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.Command("bash", "-ec", command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestReadCaller(t *testing.T) {
	needCopy(t)
	for name, groups := range map[string]string{"pv-base": "shzbase", "pv-mgr": "shzbase,shzmgr", "pv-admin": "shzbase,shzmgr,shzadmin", "pv-out": "shzmgr,shzadmin",
		"pv-root": "shzbase,root", "pv-gid": "shzbase -g 0", "pv-low": "shzbase -r"} {
		sh(t, "useradd -M -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -G "+groups+" "+name)
		t.Cleanup(func() { exec.Command("userdel", "-f", name).Run() })
	}
	for name, want := range map[string]Caller{
		"pv-base": {Base: true}, "pv-mgr": {Base: true, Manager: true}, "pv-admin": {Base: true, Manager: true, Admin: true}, layout.UserSpool: {Spool: true},
		"pv-out": {}, "pv-root": {}, "pv-gid": {}, "pv-low": {}, "root": {}, "www-data": {}, "nobody": {}, layout.UserGuest: {},
	} {
		uid := sh(t, "id -u "+name)
		t.Setenv("SUDO_UID", uid)
		got, err := ReadCaller(account.NewNames())
		if want == (Caller{}) {
			if !errors.Is(err, ErrNotMember) || got != want {
				t.Errorf("%s: %+v %v", name, got, err)
			}
			continue
		}
		want.Name, want.UID = name, got.UID
		if err != nil || got != want || sh(t, "id -un "+uid) != name {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	t.Setenv("SUDO_UID", "4242")
	if got, err := ReadCaller(account.NewNames()); !errors.Is(err, ErrNotMember) {
		t.Errorf("nobody's uid: %+v %v", got, err)
	}
	os.Unsetenv("SUDO_UID")
	if got, err := ReadCaller(account.NewNames()); err != nil || got != (Caller{Name: "root", Root: true}) {
		t.Errorf("root: %+v %v", got, err)
	}
}

// TestSettle starts this program as a helper: another user is refused, and so is who leaves too little and cannot be
// overruled; everything else that a shell leaves changes nothing.
func TestSettle(t *testing.T) {
	needCopy(t)
	for shell, want := range map[string]string{
		`exec "$0"`:                            "settled",
		`ulimit -n 40; ulimit -f 0; exec "$0"`: "settled",
		`mkdir /run/pv; cd /run/pv; rmdir /run/pv; exec "$0"`: "settled",
		`cp "$0" /run/pv-program; chmod 755 /run/pv-program; setpriv --reuid=4242 --clear-groups /run/pv-program; s=$?; rm /run/pv-program; exit $s`: "not root",
		`exec setpriv --ruid=4242 "$0"`:                                "not root",
		`ulimit -n 20; exec setpriv --bounding-set -sys_resource "$0"`: "rlimit 7 of 20 is too small",
	} {
		cmd := exec.Command("bash", "-c", shell, "/proc/self/exe")
		if self, err := os.Executable(); err == nil {
			cmd.Args[3] = self
		}
		cmd.Env = append(os.Environ(), asHelper+"=yes")
		out, err := cmd.CombinedOutput()
		if !strings.Contains(string(out), want) || (err == nil) != (want == "settled") {
			t.Errorf("%s: %v %s", shell, err, out)
		}
	}
}
