package test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sharezone/internal/layout"
)

// The black-box tests of this folder run against the real thing: `./install.sh --demo` in a throw-away copy of the
// machine. test.sh makes the copy, installs, and says where install.sh's words are; without that they are skipped.
//
// MUST rules of this folder:
//   - a test that expects a refusal compares the state before and after (snapshot);
//   - each request has a time limit; a request that hangs is a failed test, not a stuck run;
//   - what a test makes or changes is its own zone, or is put back when it ends.

// demo is what install.sh said last: where it runs, and the passwords that it made up.
type demo struct {
	url      string // http://127.0.0.1:8080
	password map[string]string
}

var demoFacts = sync.OnceValues(func() (demo, error) {
	b, err := os.ReadFile(os.Getenv("SHZ_DEMO"))
	if err != nil {
		return demo{}, err
	}
	d := demo{password: make(map[string]string)}
	if url := regexp.MustCompile(`http://[0-9.]+:[0-9]+`).FindString(string(b)); url != "" {
		d.url = url
	}
	for _, m := range regexp.MustCompile(`(?m)^\s+(admin|anna|bruno|carla)\s+(?:admin|manager|base)\s+(\S+)$`).FindAllStringSubmatch(string(b), -1) {
		d.password[m[1]] = m[2]
	}
	if d.url == "" || len(d.password) != 4 {
		return d, fmt.Errorf("SHZ_DEMO does not tell the address and four passwords:\n%s", b)
	}
	return d, nil
})

// needCopy skips the test where it may not run: it needs root, and changes users and file systems.
func needCopy(t *testing.T) {
	t.Helper()
	if os.Getenv("SHZ_COPY") != "1" || os.Geteuid() != 0 {
		t.Skip("runs in the throw-away copy that test.sh makes (SHZ_COPY=1, root)")
	}
}

// needDemo is needCopy with an installation.
func needDemo(t *testing.T) demo {
	t.Helper()
	needCopy(t)
	d, err := demoFacts()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// needLong skips what takes minutes.
func needLong(t *testing.T) {
	t.Helper()
	if os.Getenv("SHZ_LONG") != "1" {
		t.Skip("takes minutes: test.sh --long")
	}
}

// rounds is how often something that depends on luck is tried: in the ordinary run, and with --long.
func rounds(ordinary, long int) int {
	if os.Getenv("SHZ_LONG") == "1" {
		return long
	}
	return ordinary
}

// newZone makes a zone of anna's with grants like "user:bruno=write", and removes it when the test ends. It returns the
// zone's name.
func newZone(t *testing.T, grants ...string) string {
	t.Helper()
	needDemo(t)
	// shzadm's rule for names: a-z 0-9 . _ -
	name := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(t.Name()), "-")
	if len(name) > 40 {
		name = name[len(name)-40:]
	}
	name = strings.Trim(name, "-")
	run(t, "shzadm", "zone", "add", name, "--owner", "anna")
	t.Cleanup(func() {
		exec.Command("chattr", "-R", "-i", zonePath(name)).Run()
		if err := os.RemoveAll(zonePath(name)); err != nil {
			t.Error(err)
		}
	})
	if len(grants) > 0 {
		run(t, "shzadm", append([]string{"zone", "share", name}, grants...)...)
	}
	return name
}

// zonePath is the place of a name in a zone, or of the zone.
func zonePath(zone string, names ...string) string {
	return filepath.Join(append([]string{layout.Base, zone}, names...)...)
}

// run runs a command as root, which must succeed, and returns its output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// asUser runs a command as a user from a shell, as staff with a shell account do, and returns output and exit status.
func asUser(t *testing.T, name string, argv ...string) (output string, status int) {
	t.Helper()
	cmd := exec.Command("runuser", append([]string{"-u", name, "--"}, argv...)...)
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("runuser: %v", err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// write makes a file as root with a person's ownership, as cp or SFTP would have left it: the zone's ACL is inherited.
func write(t *testing.T, owner, name, content string) {
	t.Helper()
	out, status := asUser(t, owner, "sh", "-c", `printf %s "$1" >"$2" && chmod 0640 "$2"`, "sh", content, name)
	if status != 0 {
		t.Fatalf("%s: %s", name, out)
	}
}

func uidOf(t *testing.T, name string) int {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	return uid
}
