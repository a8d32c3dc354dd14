package test

import (
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// TestAccountCallers: who is let at libexec/account, by the real sudo: administrators. Of others nothing changes.
func TestAccountCallers(t *testing.T) {
	needDemo(t)
	const ask = ` | sudo -n ` + layout.AccountHelper
	out, status := asUser(t, "admin", "sh", "-c", `echo '{"op":"show","username":"bruno"}'`+ask)
	if status != 0 || !strings.Contains(out, `"username":"bruno"`) || !strings.Contains(out, `"barred":""`) {
		t.Errorf("%d %s", status, out)
	}
	before := run(t, "sha256sum", "/etc/passwd", "/etc/group", "/etc/shadow")
	// Managers may ask for one thing, which is off here.
	for _, op := range []string{"lock", "modify", "create", "invite-again", "search", "show", "password", "sessions", "delete", "member"} {
		if out, status := asUser(t, "anna", "sh", "-c", `echo '{"op":"`+op+`","username":"carla"}'`+ask); status != 2 || strings.Contains(out, "carla\"") {
			t.Errorf("anna %s: %d %s", op, status, out)
		}
	}
	for _, user := range []string{"bruno", "carla", "nobody", "www-data", layout.UserGuest, layout.UserSpool} {
		out, status := asUser(t, user, "sh", "-c", `echo '{"op":"lock","username":"carla"}'`+ask)
		if status == 0 || !strings.Contains(out, "sudo:") {
			t.Errorf("%s: %d %s", user, status, out)
		}
	}
	tryAll(t, "admin", []attempt{
		{"arguments", `sudo -n ` + layout.AccountHelper + ` --help`},
		{"as himself", layout.AccountHelper},
		{"SUDO_UID", `echo '{"op":"lock","username":"admin"}' | sudo -n SUDO_UID=0 ` + layout.AccountHelper},
		{"root's password", `echo '{"op":"unlock","username":"root"}'` + ask},
	})
	if after := run(t, "sha256sum", "/etc/passwd", "/etc/group", "/etc/shadow"); after != before {
		t.Error("something changed")
	}
}
