package helper

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sharezone/internal/layout"
)

// asGuest is set for the process that calls the helper as shzguest, in a mount namespace with a helper of its own.
const asGuest = "SHZ_TEST_HELPER"

// TestAuth puts scripts in the place of the helper and calls them through the real sudo and the installed sudoers file.
func TestAuth(t *testing.T) {
	if os.Getenv(asGuest) != "" {
		callHelpers(t)
		return
	}
	if os.Getenv("SHZ_COPY") == "" || os.Geteuid() != 0 {
		t.Skip("needs the installed sudoers file and users: run by test.sh in its copy of the machine")
	}
	// The test program lies where shzguest may not look.
	const script = `set -e; d=$(mktemp -d); chmod 755 $d; cp "$1" $d/program; mount --bind $d/program "$1"
		printf '#!/bin/sh\n. ` + scripts + `/now\n' >$d/auth; chmod 700 $d/auth; mount --bind $d/auth ` + layout.AuthHelper + `
		mkdir -p ` + scripts + `; chown shzguest ` + scripts + `; trap "rm -rf $d ` + scripts + `" EXIT
		setpriv --reuid=shzguest --regid=shzguest --clear-groups env ` + asGuest + `=yes $d/program -test.run '^TestAuth$' -test.v`
	out, err := exec.Command("unshare", "-m", "sh", "-c", script, "sh", os.Args[0]).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// scripts holds what the helper is to do.
const scripts = "/run/shztest-helper"

func callHelpers(t *testing.T) {
	for _, row := range []struct {
		name, script string
		want         string // what is wrong, "" = nothing
	}{
		{"answer", `echo '{"id":"x","user":"anna","roles":["base"],"must_change":true}'`, ""},
		{"refusal", `echo '{"error":"refused"}'; exit 1`, "helper: refused"},
		{"refusal and success", `echo '{"error":"busy"}'`, "helper: busy"},
		{"failure", `echo '{"error":"internal"}'; exit 4`, "helper: internal"},
		{"answer and failure", `echo '{"user":"anna"}'; exit 1`, "exit status 1"},
		{"nothing", `:`, "the helper answered nothing that can be read"},
		{"nothing and failure", `exit 2`, "exit status 2"},
		{"no JSON", `echo 'Segmentation fault'`, "the helper answered nothing that can be read"},
		{"two objects", `echo '{"user":"anna"}{"user":"bruno"}'`, "the helper answered nothing that can be read"},
		{"cut off", `printf '{"user":"anna"'`, "the helper answered nothing that can be read"},
		{"killed", `kill -9 $$`, "the helper answered nothing that can be read"},
		{"does not read", `exec <&-; sleep 0.1; echo '{"user":"anna","id":"x","roles":["base"],"must_change":true}'`, ""},
		{"no arguments", `[ $# = 0 ] && echo '{"user":"anna","id":"x","roles":["base"],"must_change":true}'`, ""},
		{"nothing of our environment", `[ -z "$PASSWORD$SHZ_TEST_HELPER" ] && [ "$SUDO_USER" = shzguest ] && echo '{"user":"anna","id":"x","roles":["base"],"must_change":true}'`, ""},
		{"the question", `[ "$(cat)" = '{"op":"login","username":"anna","password":"a\"\u003cb","entry":"internal","address":"192.0.2.7"}' ] && echo '{"user":"anna","id":"x","roles":["base"],"must_change":true}'`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("PASSWORD", "secret")
			write(t, row.script)
			reply, err := Auth(AuthRequest{Op: "login", Username: "anna", Password: `a"<b`, Entry: "internal", Address: "192.0.2.7"})
			if row.want == "" && (err != nil || reply.User != "anna" || reply.ID != "x" || !reply.MustChange || len(reply.Roles) != 1) {
				t.Errorf("%v %+v", err, reply)
			}
			if row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("%v, not %s", err, row.want)
			}
		})
	}
	t.Run("long fields", func(t *testing.T) {
		write(t, `n=$(wc -c); [ $n -le 8192 ] && [ $n -ge 3600 ] && echo '{"user":"anna"}'`)
		long, name := strings.Repeat("\x01", 1<<20), strings.Repeat("a", 64)
		for _, q := range []AuthRequest{{Op: "login", Username: long, Password: long, Code: long}, {Op: "password", Session: name, Old: long, New: long}, {Op: "factor-off", Session: name, Password: long, Code: long}} {
			if reply, err := Auth(q); err != nil || reply.User != "anna" {
				t.Errorf("%s: %v %+v", q.Op, err, reply)
			}
		}
	})
	t.Run("hangs", func(t *testing.T) {
		write(t, `sleep 2`)
		var reply AuthReply
		began := time.Now()
		err := ask(layout.AuthHelper, AuthRequest{}, &reply, 200*time.Millisecond)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 1500*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
	t.Run("not in sudoers", func(t *testing.T) {
		var reply AuthReply
		if err := ask("/bin/true", AuthRequest{}, &reply, 5*time.Second); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("sudo ran another program, or asked for a password: %v", err)
		}
	})
}

func write(t *testing.T, script string) {
	t.Helper()
	if err := os.WriteFile(scripts+"/now", []byte(script+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestPasswordThatJSONCannotCarry: it would arrive as another one, and be set as that.
func TestPasswordThatJSONCannotCarry(t *testing.T) {
	for _, q := range []AuthRequest{{Password: "caf\xe9"}, {Old: "\xff"}, {Old: "good", New: "\xc3"}, {Password: "good", Code: "\xff"}} {
		if _, err := Auth(q); err != Refusal("refused") {
			t.Errorf("%+v: %v", q, err)
		}
	}
}
