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

	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
)

// asHelper is set for this test program when it is to be the helper, and not to run tests.
const asHelper = "SHZ_TEST_ZONEID"

func TestMain(m *testing.M) {
	if os.Getenv(asHelper) != "" {
		os.Unsetenv(asHelper)
		main()
	}
	os.Exit(m.Run())
}

// askIn starts the helper by a shell, which can spoil what it inherits, as sudo would for that uid; "" is root without it.
func askIn(t *testing.T, sudoUID, input, shell string) (reply helper.ZoneidReply, status int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-c", shell, "sh", self)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", asHelper + "=yes"}
	if sudoUID != "" {
		cmd.Env = append(cmd.Env, "SUDO_UID="+sudoUID)
	}
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout = strings.NewReader(input), &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &reply); err != nil {
		t.Errorf("answered %q", out.String())
	}
	return reply, cmd.ProcessState.ExitCode()
}

func sh(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.Command("bash", "-ec", command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestSteps: each numbered step refuses, and nothing is told then.
func TestSteps(t *testing.T) {
	if os.Getenv("SHZ_COPY") == "" || os.Geteuid() != 0 {
		t.Skip("makes accounts and changes the installation: run by test.sh in its copy of the machine")
	}
	const ask, plain = `{"op":"table"}`, `exec "$@"`
	sh(t, "useradd -M -U -s /usr/sbin/nologin -G shzbase,shzmgr,shzadmin zi-admin")
	defer sh(t, "userdel zi-admin")
	worker := sh(t, "id -u "+layout.UserSpool)
	for _, row := range []struct {
		name, sudoUID, input, shell string
		status                      int
		code                        string
	}{
		{"1: not root", "", ask, `exec setpriv --reuid=4242 --regid=4242 --clear-groups "$@"`, privileged.ExitInternal, "internal"},
		{"1: too few descriptors", worker, ask, `ulimit -n 20; exec setpriv --bounding-set -sys_resource "$@"`, privileged.ExitInternal, "internal"},
		{"2: an administrator", sh(t, "id -u zi-admin"), ask, plain, privileged.ExitUsage, "internal"},
		{"2: the guest", sh(t, "id -u "+layout.UserGuest), ask, plain, privileged.ExitUsage, "internal"},
		{"2: nobody's number", "4242", ask, plain, privileged.ExitUsage, "internal"},
		{"2: no number", "x", ask, plain, privileged.ExitUsage, "internal"},
		{"3: no JSON", worker, "x", plain, privileged.ExitUsage, "internal"},
		{"3: a field more", worker, `{"op":"table","zone":"demo"}`, plain, privileged.ExitUsage, "internal"},
		{"3: two objects", worker, ask + ask, plain, privileged.ExitUsage, "internal"},
		{"3: too long", worker, strings.Repeat(" ", maxInput) + ask, plain, privileged.ExitUsage, "internal"},
		{"4: no operation", worker, `{}`, plain, privileged.ExitUsage, "internal"},
		{"4: another one", worker, `{"op":"bind"}`, plain, privileged.ExitUsage, "internal"},
		{"5: another one at work", worker, ask, `exec 9>` + layout.Slots + `/zoneid; flock 9; "$@" 9>&-`, privileged.ExitRefused, "busy"},
		{"6: zones of somebody else's", worker, ask, `chown 4242 ` + layout.Base + `; "$@"; s=$?; chown 0 ` + layout.Base + `; exit $s`, privileged.ExitInternal, "internal"},
		{"6: no register", worker, ask, `mv ` + layout.ZoneIDs + `{,.away}; "$@"; s=$?; mv ` + layout.ZoneIDs + `{.away,}; exit $s`, privileged.ExitInternal, "internal"},
	} {
		reply, status := askIn(t, row.sudoUID, row.input, row.shell)
		if status != row.status || reply.Error != row.code || len(reply.Zones)+len(reply.Doubtful) > 0 {
			t.Errorf("%s: exit %d, %+v", row.name, status, reply)
		}
	}
	for _, uid := range []string{worker, ""} {
		if reply, status := askIn(t, uid, ask, plain); status != 0 || reply.Error != "" {
			t.Errorf("%q: exit %d, %+v", uid, status, reply)
		}
	}
}

// TestSickZone: whichever of the calls fails that look at zones, no zone is taken for gone; and where it is one zone's alone the others are told.
func TestSickZone(t *testing.T) {
	if os.Getenv("SHZ_COPY") == "" || os.Geteuid() != 0 {
		t.Skip("changes the installation: run by test.sh in its copy of the machine")
	}
	const ask, plain = `{"op":"table"}`, `exec "$@"`
	first, status := askIn(t, "", ask, plain)
	if status != 0 || len(first.Zones) == 0 {
		t.Fatalf("exit %d, %+v", status, first)
	}
	sick := 0
	for n := range 40 {
		reply, status := askIn(t, "", ask, fmt.Sprintf(`exec strace -f -qq -o /dev/null -e trace=openat2 -e inject=openat2:error=EIO:when=%d "$@"`, n+1))
		if reply.Error != "" && status == privileged.ExitInternal {
			continue // nothing is known then
		}
		if len(reply.Unseen) > 0 {
			sick++
		}
		for _, z := range first.Zones {
			at := slices.IndexFunc(reply.Zones, func(now helper.KnownZone) bool { return now.ID == z.ID })
			if at < 0 || reply.Zones[at].Gone && !z.Gone {
				t.Errorf("call %d: %s is taken for gone: %+v", n+1, z.Name, reply)
			}
		}
	}
	if sick == 0 {
		t.Error("none of these calls looks at a zone")
	}
}
