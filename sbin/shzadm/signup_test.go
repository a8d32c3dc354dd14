package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/layout"
	"sharezone/internal/signup"
)

// askForAccounts has people ask, confirm their addresses and wait, and returns the ids of their requests.
func askForAccounts(t *testing.T, emails ...string) (ids []string) {
	t.Helper()
	store := signup.Machine(config.Signup{Daily: 99, ClientDaily: 99, Link: time.Hour, Keep: time.Hour})
	t.Cleanup(func() { bash(t, "rm -f "+layout.Signups+"/*") })
	for _, email := range emails {
		link := ""
		err := store.Ask(account.Applicant{FullName: "Ada Neri", Email: email, Message: "Offers"}, "external", "192.0.2.1", "c", func(text string, _ signup.Request) error {
			link = text
			return nil
		})
		if err == nil {
			_, err = store.Confirm(link, func(signup.Request) error { return nil })
		}
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, link[:16])
	}
	return ids
}

// TestSignups: who asks is listed, confirmed with his words, or declined; doctor names who waits for more than a day.
func TestSignups(t *testing.T) {
	prepareChanges(t)
	bash(t, `cd /etc/sharezone; cp -p sharezone.toml sharezone.toml.dt; printf '[entries.internal]\npublic_url = "http://127.0.0.1:8080"\n' > sharezone.toml`)
	t.Cleanup(func() {
		bash(t, "cd /etc/sharezone; mv sharezone.toml.dt sharezone.toml; rm -f "+layout.Tokens+"/* "+layout.Secrets+"/*; shzadm user delete dt-asked --files keep; true")
	})
	ids := askForAccounts(t, "su1@example.org", "su2@example.org")
	if code, out, _ := program(t, "signup", "list"); code != exitDone || !strings.Contains(out, ids[0]) || !strings.Contains(out, "su2@example.org") || !strings.Contains(out, "Offers") {
		t.Errorf("%d %s", code, out)
	}
	if _, out, _ := program(t, "doctor"); strings.Contains(out, "shzadm signup list") {
		t.Errorf("at once: %s", out)
	}
	record := layout.Signups + "/" + ids[1]
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), `"confirmed":"`)
	old := strings.Replace(string(text), `"confirmed":"`+after[:10], `"confirmed":"`+time.Now().AddDate(0, 0, -2).UTC().Format(time.DateOnly), 1)
	if err := os.WriteFile(record, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := program(t, "doctor"); !strings.Contains(out, "shzadm signup list") {
		t.Errorf("after two days: %s", out)
	}
	if code, _, errOut := program(t, "signup", "confirm", ids[0], "dt-plain"); code != exitRefused || !strings.Contains(errOut, "dt-plain") {
		t.Errorf("a name that is taken: %d %s", code, errOut)
	}
	if code, out, errOut := program(t, "signup", "confirm", ids[0], "dt-asked", "--expires", "2099-12-31"); code != exitDone || !strings.Contains(out, "su1@example.org") {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	if got := bash(t, "getent passwd dt-asked | cut -d: -f5; id -nG dt-asked; ls "+layout.Secrets+" | wc -l"); got != "Ada Neri,,,,su1@example.org\ndt-asked shzbase shzonly\n1" {
		t.Error(got)
	}
	if code, _, errOut := program(t, "signup", "confirm", ids[0], "dt-other"); code != exitRefused || !strings.Contains(errOut, "changed meanwhile") {
		t.Errorf("once more: %d %s", code, errOut)
	}
	if code, _, errOut := program(t, "signup", "decline", ids[1], "--reason", strings.Repeat("x", 601)); code != exitRefused || !strings.Contains(errOut, "--reason") {
		t.Errorf("%d %s", code, errOut)
	}
	if code, out, errOut := program(t, "signup", "decline", ids[1]); code != exitDone || !strings.Contains(out, "nothing was sent") {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	if code, out, _ := program(t, "signup", "list", "--json"); code != exitDone || strings.Contains(out, "example.org") {
		t.Errorf("%d %s", code, out)
	}
	for event, says := range map[string]string{"user-create": `"path": "signup"`, "signup-decline": "su2@example.org"} {
		if !strings.Contains(bash(t, "runuser -u shzspool -- /usr/lib/sharezone/worker; shzadm activity --json --event "+event), says) {
			t.Errorf("%s is not recorded with %s", event, says)
		}
	}
}
