package test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"sharezone/internal/landlock"
)

// tries stands for a handler: it says of each thing that it tries whether the kernel lets it.
const tries = `#!/bin/sh
printf 'Content-Type: text/plain\n\n'
try() { if sh -c "$2" >/dev/null 2>&1; then echo "$1 yes"; else echo "$1 no"; fi; }
try private 'cat /home/shz-private/of-bruno'
try bashrc 'echo x >>/home/shz-private/of-bruno'
try empty 'perl -e "truncate(q(/home/shz-private/of-bruno), 0) or exit 1"'
try listed 'ls /home/shz-private'
try spool 'ls /var/spool/sharezone-open'
try settings 'cat /etc/passwd'
try program 'getent passwd bruno'
try device 'echo >/dev/null'
try zone 'cat ZONE/file'
try change 'echo >ZONE/other; mkdir ZONE/d; mv ZONE/other ZONE/d/; rm -r ZONE/d'
try temporary 'f=$(mktemp) && rm $f'
`

// TestConfined: where the kernel has Landlock a handler without a helper reaches what it needs, and nothing else of what its user may reach.
func TestConfined(t *testing.T) {
	needDemo(t)
	if !landlock.IsThere() {
		t.Skip("this kernel has no Landlock")
	}
	zone := newZone(t, "user:bruno=write")
	if out, status := asUser(t, "bruno", "sh", "-c", "echo x >"+zonePath(zone)+"/file"); status != 0 {
		t.Fatal(out)
	}
	run(t, "install", "-d", "-o", "bruno", "/home/shz-private", "/var/spool/sharezone-open")
	t.Cleanup(func() { os.RemoveAll("/home/shz-private"); os.RemoveAll("/var/spool/sharezone-open") })
	run(t, "sh", "-c", "echo x >/home/shz-private/of-bruno; chown bruno /home/shz-private/of-bruno")
	script := strings.ReplaceAll(tries, "ZONE", zonePath(zone))
	cookie := "SESSION_ID=" + sessionID(t, "bruno")
	for name, want := range map[string]string{
		"zones": "private yes, bashrc yes, empty yes, listed yes, spool yes, settings yes, program yes, device yes, zone yes, change yes, temporary yes", // it has a helper: the row of the comparison
		"menu":  "private no, bashrc no, empty no, listed no, spool no, settings yes, program yes, device yes, zone no, change no, temporary no",
		"home":  "private no, bashrc no, empty no, listed no, spool no, settings yes, program yes, device yes, zone yes, change no, temporary no",
		"shz":   "private no, bashrc no, empty no, listed no, spool no, settings yes, program yes, device yes, zone yes, change yes, temporary yes",
	} {
		a := callGate(t, gateCall{
			prepare: tmpfsCopyOf + "cat >" + name + " <<'END'\n" + script + "\nEND\nchmod 755 " + name,
			set:     map[string]string{"REQUEST_URI": "/cgi-bin/" + name, "HTTP_COOKIE": cookie},
		})
		_, said, _ := strings.Cut(a.body, "\n\n")
		if said == "" {
			said = a.body
		}
		if got := strings.Join(strings.Split(strings.TrimSpace(said), "\n"), ", "); got != want {
			t.Errorf("%s (exit %d, %d):\n%s\nwant\n%s\n%s", name, a.exit, a.status, got, want, a.stderr)
		}
		if b := read(t, "/home/shz-private/of-bruno"); name != "zones" && b == "" {
			t.Errorf("%s: the file is empty", name)
		}
		run(t, "sh", "-c", "echo x >/home/shz-private/of-bruno")
	}
	// A kernel without it serves all the same, and so does Debian 12's, which does not know truncate(2).
	for _, said := range []string{"error=EOPNOTSUPP", "retval=1:when=1", "retval=2:when=1"} {
		a := callGate(t, gateCall{strace: []string{"-e", "inject=landlock_create_ruleset:" + said}, set: map[string]string{"REQUEST_URI": "/cgi-bin/menu", "HTTP_COOKIE": cookie}})
		if a.status != 200 {
			t.Errorf("Landlock says %s: %d %s", said, a.status, a.stderr)
		}
	}
	var said struct{ Landlock bool }
	if out, _ := output(t, "shzadm", "doctor", "--json"); json.Unmarshal([]byte(out), &said) != nil || !said.Landlock {
		t.Errorf("doctor: %s", out)
	}
}
