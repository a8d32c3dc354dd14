package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	accounts "sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/layout"
	"sharezone/internal/signup"
)

// TestSignupSteps: each numbered step of what somebody asks for who has no account refuses, and nothing is sent or kept then.
func TestSignupSteps(t *testing.T) {
	needCopy(t)
	sh(t, "f=/etc/sharezone/sharezone.toml; cp -p $f $f.old; printf '[login]\nfailure_milliseconds = 300\n[entries.internal]\npublic_url = \"https://share.example.org\"\n[signup]\nentries = \"internal\"\n' >$f")
	defer sh(t, `f=/etc/sharezone/sharezone.toml; mv $f.old $f; rm -f "$1"/* "$2"/*`, layout.Signups, layout.Secrets)
	clear := func() { sh(t, `rm -f "$1"/* "$2"/*`, layout.Signups, layout.Secrets) }
	ada := accounts.Applicant{FullName: "Ada Neri", Email: "ada@example.org", Language: "en"}
	try := func(q request) answer { return ask(t, layout.UserGuest, q) }
	asks := func(a accounts.Applicant) request {
		return request{Op: "signup", Applicant: &a, Entry: "internal", Address: "192.0.2.9"}
	}
	with := func(q request, change func(*request)) request { change(&q); return q }
	clear()
	var slots []interface{ Close() error }
	for name, row := range map[string]struct {
		before func()
		q      request
		code   string
	}{
		"signup 1, another entry": {nil, with(asks(ada), func(q *request) { q.Entry = "external" }), "nothing"},
		"signup 1, no words":      {nil, with(asks(ada), func(q *request) { q.Applicant = nil }), "nothing"},
		"signup 1, no address":    {nil, with(asks(ada), func(q *request) { q.Address = "here" }), "internal"},
		"signup 2, others ask": {func() {
			for i := range config.Default().Login.Slots {
				slots = append(slots, hold(t, fmt.Sprintf("signup.%d", i)))
			}
		}, asks(ada), "busy"},
		"signup 3, no name": {nil, asks(accounts.Applicant{Email: "ada@example.org"}), "field"},
		"signup 3, a colon": {nil, asks(accounts.Applicant{FullName: "a:0:0", Email: "ada@example.org"}), "field"},
		"signup 3, full": {func() {
			sh(t, `cd "$1"; for i in $(seq 1000); do printf '{"version":1,"hash":"%064d","expires":"2099-01-01T00:00:00Z"}\n' $i > $(printf %016x $i); done`, layout.Signups)
		}, asks(ada), "full"},
		"signup-link 1, none":     {nil, request{Op: "signup-link", Token: "x"}, "refused"},
		"signup-link 1, a path":   {nil, request{Op: "signup-link", Token: "../../../../etc/passwd"}, "refused"},
		"signup-confirm 1, entry": {nil, request{Op: "signup-confirm", Token: "x", Entry: "external"}, "nothing"},
		"signup-confirm 2, none":  {nil, request{Op: "signup-confirm", Token: strings.Repeat("0", 16) + "-" + strings.Repeat("0", 64), Entry: "internal"}, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			if row.before != nil {
				row.before()
			}
			kept := sh(t, `ls "$1" | grep -v lock || true`, layout.Signups)
			a := try(row.q)
			for _, s := range slots {
				s.Close()
			}
			slots = nil
			if a.status == 0 || a.Error != row.code || a.Applicant != nil {
				t.Errorf("%d %s %s", a.status, a.out, a.log)
			}
			if now := sh(t, `ls "$1" | grep -v lock || true`, layout.Signups); now != kept || sh(t, "ls "+layout.Secrets) != "" {
				t.Errorf("something is kept, or sent: %.200s", now)
			}
			clear()
		})
	}
	// 4: the answer is the same, and nothing is sent. Nor is a full spool told to the first alone.
	for i, sent := range []string{"1", "1"} {
		if a := try(asks(ada)); a.status != 0 || a.out != "{}\n" || a.took < 900*time.Millisecond || sh(t, "ls "+layout.Secrets+" | wc -l") != sent {
			t.Errorf("%d: %d %s after %v: %s", i, a.status, a.out, a.took, a.log)
		}
	}
	sh(t, `mount -t tmpfs -o size=4k tmpfs "$1"; head -c 9000 /dev/zero >"$1"/filler || true`, layout.Secrets)
	other := ada
	other.Email = "eva@example.org"
	first, second := try(asks(other)), try(asks(ada))
	sh(t, `umount "$1"`, layout.Secrets)
	if first.Error != "no-space" || first.out != second.out || first.took < 900*time.Millisecond || second.took < 900*time.Millisecond {
		t.Errorf("a full spool tells %s after %v from %s after %v", first.out, first.took, second.out, second.took)
	}
	// A link is late.
	store := signup.Machine(config.Signup{Daily: 9, ClientDaily: 9, Link: time.Hour, Keep: time.Hour})
	store.Now = func() time.Time { return time.Now().Add(-2 * time.Hour) }
	link := ""
	if err := store.Ask(accounts.Applicant{FullName: "Eva", Email: "eva@example.net", Language: "en"}, "internal", "192.0.2.1", "c", func(text string, _ signup.Request) error { link = text; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, op := range []string{"signup-link", "signup-confirm"} {
		if a := try(request{Op: op, Token: link, Entry: "internal"}); a.Error != "refused" || a.log != "" {
			t.Errorf("%s, late: %s %s", op, a.out, a.log)
		}
	}
}
