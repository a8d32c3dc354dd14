package main

import (
	"bytes"
	"strings"
	"testing"
)

// optionsWithForm are the options whose values are checked.
var optionsWithForm = []string{"role", "full-name", "company", "phone", "mobile", "email", "expires", "reason", "language", "channel", "sponsor", "password-stdin", "title",
	"description", "max-age", "notify", "trash"}

// A value that an option does not take: which option it is, which form is wanted, with an example of it where it is not
// one of a few words, in both languages, and nothing is changed.
func TestWrongValues(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	person := []string{"user", "add", "dt-wrong", "--role", "base", "--full-name", "X", "--email", "x@example.org"}
	zone := []string{"zone", "add", "dt-wrong", "--owner", "dt-manager"}
	long := strings.Repeat("x", 500)
	asked := askForAccounts(t, "dt-wrong@example.org")[0]
	tested := make(map[string]bool)
	for _, c := range []struct {
		command       []string
		option, value string
		example       string
	}{
		{person, "role", "king", "manager"},
		{person, "full-name", "Rossi, Anna", "Anna Rossi"},
		{person, "full-name", "", "Anna Rossi"},
		{person, "full-name", long, "Anna Rossi"},
		{person, "company", "a=b", "Rossi S.p.A."},
		{person, "phone", "none", "+39 02 1234567"},
		{person, "mobile", "12", "+39 333 1234567"},
		{person, "email", "anna", "anna@example.com"},
		{person, "email", "", "anna@example.com"},
		{person, "email", "Anna <anna@example.org>", "anna@example.com"},
		{person, "expires", "tomorrow", "2027-12-31"},
		{person, "expires", "31/12/2027", "2027-12-31"},
		{person, "language", "fr", "en"},
		{[]string{"user", "modify", "dt-base"}, "channel", "fax", "both"},
		{[]string{"user", "modify", "dt-base"}, "channel", "sms", "both"},
		{[]string{"user", "modify", "dt-base"}, "sponsor", "nobody", "Share Zone"},
		{[]string{"user", "modify", "dt-base"}, "sponsor", "dt-base", "Share Zone"},
		{person, "password-stdin", "a\tb", "511"},
		{[]string{"user", "modify", "dt-base"}, "role", "", "manager"},
		{[]string{"user", "modify", "dt-base"}, "email", "nonsense", "anna@example.com"},
		{[]string{"user", "modify", "dt-base"}, "expires", "2027", "2027-12-31"},
		{[]string{"signup", "decline", asked}, "reason", strings.Repeat("x", 601), "600"},
		{zone, "title", "a\x1b[2J", "256"},
		{zone, "title", long, "256"},
		{zone, "description", "caf\xe9", "400"},
		{zone, "expires", "tomorrow", "2027-12-31"},
		{zone, "max-age", "x", "30"},
		{zone, "max-age", "0", "30"},
		{zone, "max-age", "99999", "30"},
		{zone, "notify", "everything", "upload,download"},
		{[]string{"zone", "modify", "dt-zone"}, "max-age", "-1", "30"},
		{[]string{"zone", "modify", "dt-zone"}, "expires", "soon", "2027-12-31"},
		{[]string{"zone", "modify", "dt-zone"}, "trash", "yes", "off"},
		{[]string{"zone", "modify", "dt-zone"}, "trash", "", "off"},
	} {
		tested[c.option] = true
		for _, say := range []texts{textsEN, textsIT} {
			args, input := append(c.command[:len(c.command):len(c.command)], "--"+c.option, c.value), ""
			if c.option == "password-stdin" {
				args, input = args[:len(args)-1], c.value+"\n"
			}
			var out, errOut bytes.Buffer
			code := run(args, strings.NewReader(input), &out, &errOut, say)
			said := errOut.String()
			if code != exitRefused || !strings.HasPrefix(said, "shzadm: --"+c.option+": ") || !strings.Contains(said, say["form-"+c.option]) ||
				!strings.Contains(said, c.example) {
				t.Errorf("%s %q: exit %d, %s%s", c.option, c.value, code, out.String(), said)
			}
		}
	}
	for _, option := range optionsWithForm {
		if !tested[option] {
			t.Errorf("--%s is not tested", option)
		}
	}
	if left := bash(t, "getent passwd dt-wrong; ls -d /srv/sharezone/dt-wrong 2>/dev/null; true"); left != "" {
		t.Errorf("made all the same: %s", left)
	}
	expectHealth(t)
}
