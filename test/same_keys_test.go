package test

import (
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// keysOf are the keys of an object, and the object.
func keysOf(t *testing.T, what, text string) (keys []string, object map[string]json.RawMessage) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatalf("%s: %v: %.300s", what, err, text)
	}
	return slices.Sorted(maps.Keys(object)), object
}

// firstOf is the first object of a list in one.
func firstOf(t *testing.T, list json.RawMessage) string {
	t.Helper()
	var all []json.RawMessage
	if err := json.Unmarshal(list, &all); err != nil || len(all) == 0 {
		t.Fatalf("%v: %.300s", err, list)
	}
	return string(all[0])
}

// TestSameKeys: what a script gets of the same thing by HTTP and by shzadm has the same keys, but for what one of both alone knows.
func TestSameKeys(t *testing.T) {
	needDemo(t)
	clearUsers(t, "sk-mona", "sk-eva")
	clearZones(t, "sk-zone")
	run(t, "shzadm", "user", "add", "sk-eva", "--role", "base", "--full-name", "Eva", "--email", "e@example.org")
	run(t, "shzadm", "user", "lock", "sk-eva")
	run(t, "shzadm", "user", "add", "sk-mona", "--role", "manager", "--full-name", "Mona", "--email", "m@example.org")
	run(t, "shzadm", "zone", "add", "sk-zone", "--owner", "sk-mona")
	command(t, "runuser", "-u", layout.UserSpool, "--", workerProgram) // so there is activity
	for what, row := range map[string]struct {
		http, shell string
		httpAlone   string // keys that HTTP has beside
		shellAlone  string
		list        string // of which the objects are compared too
	}{
		"people":   {jsonAs(t, "admin", usersPage+"?username=sk-*").body, run(t, "shzadm", "user", "list", "--json"), "", "", "users"},
		"a person": {jsonAs(t, "admin", usersPage+"/sk-mona").body, run(t, "shzadm", "user", "show", "sk-mona", "--json"), "invited waits refused sessions zones", "", ""},
		"activity": {jsonAs(t, "admin", "/cgi-bin/activity").body, run(t, "shzadm", "activity", "--json"), "", "damaged", "events"},
		"a share": {
			jsonAs(t, "admin", "-d", "op=share", "-d", "principal=user:sk-eva", "-d", "access=none", management+"/sk-zone").body,
			run(t, "shzadm", "zone", "share", "sk-zone", "user:sk-eva=none", "--json"), "", "", "",
		},
		"a role that is taken": {
			jsonAs(t, "admin", "-d", "op=modify", "-d", "role=base", usersPage+"/sk-mona").body,
			run(t, "sh", "-c", "shzadm user modify sk-mona --role manager >/dev/null; shzadm user modify sk-mona --role base --json"), "", "", "",
		},
	} {
		compare := func(http, shell string) (h, s map[string]json.RawMessage) {
			t.Helper()
			byHTTP, h := keysOf(t, what+" by HTTP", http)
			byShell, s := keysOf(t, what+" by shzadm", shell)
			for _, key := range append(strings.Fields(row.httpAlone), "barred") {
				byHTTP = slices.DeleteFunc(byHTTP, func(k string) bool { return k == key })
			}
			for key := range strings.FieldsSeq(row.shellAlone) {
				byShell = slices.DeleteFunc(byShell, func(k string) bool { return k == key })
			}
			if !slices.Equal(byHTTP, byShell) {
				t.Errorf("%s:\nHTTP   %v\nshzadm %v", what, byHTTP, byShell)
			}
			return h, s
		}
		h, s := compare(row.http, row.shell)
		if row.list != "" {
			compare(firstOf(t, h[row.list]), firstOf(t, s[row.list]))
		}
		for _, key := range []string{"zones_left", "second_factor"} {
			if same := func(raw json.RawMessage) string { return strings.Join(strings.Fields(string(raw)), "") }; same(h[key]) != same(s[key]) {
				t.Errorf("%s: %s is %s by HTTP and %s by shzadm", what, key, h[key], s[key])
			}
		}
		if h["warnings"] != nil {
			var http, shell []struct{ Code, Message string }
			json.Unmarshal(h["warnings"], &http)
			json.Unmarshal(s["warnings"], &shell)
			if len(http) != 1 || len(shell) != 1 || http[0].Code != shell[0].Code || shell[0].Message == "" {
				t.Errorf("%s: warnings %s by HTTP and %s by shzadm", what, h["warnings"], s["warnings"])
			}
		}
	}
	if out, _ := exec.Command("shzadm", "zone", "share", "sk-zone", "user:sk-eva=read", "--json").Output(); !strings.Contains(string(out), `"code": "locked"`) {
		t.Errorf("that somebody is locked is no warning: %s", out)
	}
}
