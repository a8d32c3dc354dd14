package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"sharezone/internal/layout"
	"sharezone/internal/session"
	"sharezone/notify/queue"
)

// program runs the installed program, for verbs that change what their process is, as "queue retry" does.
func program(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	cmd := exec.Command("shzadm", args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), "LC_ALL=C.UTF-8"), &o, &e
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

// oneObject decodes what must be one JSON object and nothing after it.
func oneObject(t *testing.T, text string) map[string]json.RawMessage {
	t.Helper()
	var object map[string]json.RawMessage
	decoder := json.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&object); err != nil {
		t.Fatalf("no object: %v: %.300s", err, text)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		t.Fatalf("more than one object: %.300s", text)
	}
	return object
}

// TestQueueDamaged: a file that is no message hides no other, and can be taken away.
func TestQueueDamaged(t *testing.T) {
	needInstallation(t)
	whole := waitingMessage(t, "")
	id := "20200101T000000.000000000Z-" + strings.Repeat("6b", 16)
	file := layout.Queue + "/" + queue.Waiting + "/" + id + ".json"
	if err := os.WriteFile(file, []byte("{"), 0o640); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(file) })
	bash(t, "chown shzspool:shzspool "+file)
	if code, out, errOut := program(t, "queue", "list"); code != exitDone || !strings.Contains(out, whole) || !strings.Contains(out, id) {
		t.Errorf("%d %s%s", code, out, errOut)
	}
	if code, _, errOut := program(t, "queue", "retry", id); code != exitRefused || !strings.Contains(errOut, "no message; queue drop") {
		t.Errorf("retry: %d %s", code, errOut)
	}
	if code, _, errOut := program(t, "queue", "drop", id); code != exitDone {
		t.Errorf("drop: %d %s", code, errOut)
	}
	if code, out, _ := program(t, "queue", "list"); code != exitDone || !strings.Contains(out, whole) || strings.Contains(out, id) {
		t.Errorf("%d %s", code, out)
	}
}

// waitingMessage puts a message into the queue, addressed to nobody that exists, and returns its ID.
func waitingMessage(t *testing.T, reason string) string {
	t.Helper()
	now := time.Now()
	m := queue.Message{Version: 1, ID: now.UTC().Format("20060102T150405.000000000Z") + "-" + strings.Repeat("5a", 16),
		Key: queue.Key{Kind: queue.Arrived, UID: 4242, User: "dt-one", Actor: "dt-two", Zone: "dt-treacherous", ZoneID: strings.Repeat("0", 32)},
		// Not before tomorrow: the worker leaves it alone.
		Opened: now, Due: now, Count: 1, Items: []queue.Item{{Time: now, Path: "x"}}, Next: now.AddDate(0, 0, 1), Reason: reason}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	file := layout.Queue + "/" + queue.Waiting + "/" + m.ID + ".json"
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	bash(t, "chown "+layout.UserSpool+":"+layout.UserSpool+" "+file)
	t.Cleanup(func() { os.Remove(file) })
	return m.ID
}

// TestEachVerbHasJSON: every verb prints one object on request, when it does what it is asked for, when it refuses and when the
// command line is wrong, and tells how it is used.
func TestEachVerbHasJSON(t *testing.T) {
	prepareChanges(t)
	bash(t, "getent passwd dt-staff || useradd -M dt-staff")
	base := layout.Base + "/dt-json"
	bash(t, `cd /etc/sharezone; cp -p sharezone.toml sharezone.toml.dt; printf '[entries.internal]\npublic_url = "http://127.0.0.1:8080"\n' > sharezone.toml`) // for invitations
	t.Cleanup(func() {
		bash(t, "cd /etc/sharezone; mv sharezone.toml.dt sharezone.toml; rm -f "+layout.Tokens+"/* "+layout.Secrets+"/*; shzadm user delete dt-guest --files keep; shzadm user delete dt-asked --files keep; true")
		bash(t, "rm -rf "+base+" "+layout.Closed+"/dt-json; shzadm user delete dt-new --files keep; gpasswd -d dt-staff shzbase; userdel dt-staff; groupdel shz-dtjson; "+
			"shzadm announce --end; shzadm maintenance off; true")
	})
	ended := makeSession(t, "dt-one", 1901, func(r *session.Record) { r.Started = r.Started.Add(-24 * time.Hour) })
	first := waitingMessage(t, "")
	asked := askForAccounts(t, "a1@example.org", "a2@example.org")
	done := make(map[string]bool)
	for _, c := range []struct {
		verb, args, keys string // what the object has, "" for an error
		code             int
	}{
		{"user add", "dt-new --role base --full-name N --email n@example.org", "username password", exitDone},
		{"user add", "dt-new --role base --full-name N --email n@example.org", "", exitRefused},
		{"invite", "dt-guest --full-name G --email g@example.org", "username invited report", exitDone},
		{"invite", "dt-guest --full-name G --email g@example.org", "", exitRefused},
		{"signup list", "", "signups", exitDone},
		{"signup confirm", asked[0] + " dt-asked", "username invited", exitDone},
		{"signup confirm", asked[0] + " dt-asked", "", exitRefused},
		{"signup decline", asked[1] + " --reason no", "declined mailed", exitDone},
		{"signup decline", asked[1], "", exitRefused},
		{"user list", "", "users total offset", exitDone},
		{"user show", "dt-new", "username uid roles status expires second_factor passwordless shut_from", exitDone},
		{"user show", "dt-none", "", exitRefused},
		{"user enable", "dt-staff", "username roles", exitDone},
		{"user enable", "root", "", exitRefused},
		{"user factor", "dt-new --off", "username", exitDone},
		{"user factor", "dt-new --off", "", exitRefused},
		{"user verify", "dt-new", "username email email_verified", exitDone},
		{"user verify", "dt-staff", "", exitRefused},
		{"user modify", "dt-new --company Rossi", "username company", exitDone},
		{"user modify", "dt-none --company Rossi", "", exitRefused},
		{"user lock", "dt-new", "username status", exitDone},
		{"user lock", "dt-none", "", exitRefused},
		{"user unlock", "dt-new", "username status", exitDone},
		{"user unlock", "dt-none", "", exitRefused},
		{"group add", "dtjson", "group", exitDone},
		{"group add", "../x", "", exitRefused},
		{"group member", "dtjson dt-new", "group members", exitDone},
		{"group member", "dtjson dt-none", "", exitRefused},
		{"group list", "", "groups", exitDone},
		{"group delete", "dtjson", "", exitRefused},
		{"group add", "dtjson2", "group", exitDone},
		{"group delete", "dtjson2", "group", exitDone},
		{"zone add", "dt-json --owner dt-giver --title T", "name title owner", exitDone},
		{"zone add", "dt-json --owner dt-giver", "", exitRefused},
		{"zone share", "dt-json user:dt-new=write group:shz-dtjson=read", "name members folders files skipped more shut", exitDone},
		{"zone share", "dt-json user:dt-none=write", "", exitRefused},
		{"zone list", "", "zones", exitDone},
		{"zone show", "dt-json", "name members description max_age notify", exitDone},
		{"zone show", "dt-none", "", exitRefused},
		{"zone modify", "dt-json --title U", "name title", exitDone},
		{"zone modify", "dt-json --expires 2020-01-01", "", exitRefused},
		{"zone check", "dt-json", "findings more kinds standing", exitDone},
		{"zone check", "dt-none", "", exitRefused},
		{"zone apply", "dt-json", "name folders files skipped more shut", exitDone},
		{"zone apply", "dt-none", "", exitRefused},
		{"zone space", "dt-json", "bytes people free limit", exitDone},
		{"zone space", "dt-none", "", exitRefused},
		{"zone who", "dt-json", "people", exitDone},
		{"zone who", "dt-none", "", exitRefused},
		{"zone take", "dt-json folder", "name", exitDone},
		{"zone take", "dt-json nothing", "", exitRefused},
		{"zone open", "dt-json", "name", exitDone},
		{"zone open", "dt-none", "", exitRefused},
		{"zone remove", "dt-json folder", "results", exitDone},
		{"zone remove", "dt-none folder", "", exitRefused},
		{"zone transfer", "dt-json --owner dt-heir", "name owner", exitDone},
		{"zone transfer", "dt-json --owner dt-none", "", exitRefused},
		{"zone close", "dt-json", "name state", exitDone},
		{"zone close", "dt-none", "", exitRefused},
		{"zone restore", "dt-json", "name state", exitDone},
		{"zone restore", "dt-none", "", exitRefused},
		{"session list", "", "sessions", exitDone},
		{"session end", ended[:14], "ended", exitDone},
		{"session end", strings.Repeat("0", 14), "", exitRefused},
		{"queue list", "", "messages", exitDone},
		{"queue retry", first, "id user", exitDone},
		{"queue retry", "20200101T0000", "", exitRefused},
		{"queue drop", first, "id user", exitDone},
		{"queue drop", first, "", exitRefused},
		{"activity", "dt-json", "events total offset complete unreadable damaged", exitDone},
		{"activity", "dt-none", "", exitRefused},
		{"announce", "--en Hello", "announcement", exitDone},
		{"announce", "--en x --until yesterday", "", exitUsage},
		{"maintenance", "", "maintenance", exitDone},
		{"maintenance", "perhaps", "", exitUsage},
		{"user delete", "dt-new --files keep", "deleted", exitDone},
		{"user delete", "dt-none --files keep", "", exitRefused},
		{"doctor", "", "checks findings", -1}, // what other tests left is theirs
	} {
		if c.verb == "user factor" && c.code == exitDone {
			bash(t, "echo made by hand > "+layout.Factors+"/dt-new")
		}
		if c.verb == "zone take" && c.code == exitDone {
			bash(t, "setpriv --reuid=dt-new --regid=dt-new --init-groups mkdir "+base+"/folder")
		}
		code, out, errOut := program(t, append(strings.Fields(c.verb+" "+c.args), "--json")...)
		if code != c.code && c.code >= 0 {
			t.Errorf("%s %s: exit %d: %s%s", c.verb, c.args, code, out, errOut)
			continue
		}
		object := oneObject(t, out)
		if c.keys == "" {
			var said struct{ Code, Message string }
			if json.Unmarshal(object["error"], &said) != nil || said.Code == "" || said.Message == "" || errOut == "" {
				t.Errorf("%s %s: %s%s", c.verb, c.args, out, errOut)
			}
			continue
		}
		done[c.verb] = true
		for key := range strings.FieldsSeq(c.keys) {
			if _, ok := object[key]; !ok {
				t.Errorf("%s %s: no %q in %s", c.verb, c.args, key, out)
			}
		}
	}
	for _, v := range verbs {
		words := strings.Fields(v.name)
		if !done[v.name] {
			t.Errorf("%s: no object of it was seen", v.name)
		}
		code, out, errOut := shzadm(t, "", append(words, "--json", "--no-such-option")...)
		if object := oneObject(t, out); code != exitUsage || !strings.Contains(string(object["error"]), `"bad-request"`) || errOut == "" {
			t.Errorf("%s --no-such-option: exit %d: %s%s", v.name, code, out, errOut)
		}
		if code, out, errOut := shzadm(t, "", append(words, "--help")...); code != exitDone || !strings.Contains(out, "shzadm "+v.name) || errOut != "" {
			t.Errorf("%s --help: exit %d: %s%s", v.name, code, out, errOut)
		}
	}
}

// TestTreacherousTexts: what owners, members and mail servers wrote does nothing to the terminal of an administrator: it neither moves
// the cursor, nor begins a line, nor turns the direction of what is read.
func TestTreacherousTexts(t *testing.T) {
	prepareChanges(t)
	const (
		base   = layout.Base + "/dt-treacherous"
		words  = "\x1b]0;owned\a\x1b[2J\nroot  0  \u202etxt.exe\u2028\u0085\x9b1m\r"
		quoted = `$'\e]0;owned\a\e[2J\nroot  0  \u202etxt.exe\u2028\u0085\x9b1m\r'`
	)
	bash(t, "shzadm zone add dt-treacherous --owner dt-giver; shzadm zone share dt-treacherous user:dt-plain=write; cd "+base+"; "+
		"for n in title description; do setfattr -n user.shz.$n -v "+quoted+" .; done; mkdir "+quoted+"; chown dt-plain: "+quoted+"; : >"+quoted+"/"+quoted+"; "+
		"chmod 0 "+quoted+"; sed -i 's/^\\(dt-plain:[^:]*:[^:]*:[^:]*:\\)[^:]*/\\1X\\x1b[2J\\xe2\\x80\\xae,R\\x9bossi,,,x@example.org/' /etc/passwd")
	t.Cleanup(func() {
		bash(t, "rm -rf "+base+"; usermod -c X,,,,x@example.org dt-plain")
	})
	waitingMessage(t, strings.ToValidUTF8(words, "")) // JSON has no other
	for _, command := range []string{"user list", "user show dt-plain", "group list", "zone list", "zone show dt-treacherous", "zone check dt-treacherous",
		"zone apply dt-treacherous", "zone space dt-treacherous", "zone who dt-treacherous", "zone who dt-treacherous " + strconv.Quote(words), "session list", "queue list",
		"activity dt-treacherous", "doctor", "zone remove dt-treacherous " + strconv.Quote(words)} {
		args := strings.Fields(command)
		if quote := strings.Index(command, `"`); quote >= 0 {
			args = append(strings.Fields(command[:quote]), words)
		}
		_, out, errOut := program(t, args...)
		if out == "" {
			t.Errorf("%s says nothing: %s", command, errOut)
		}
		for _, r := range out + errOut {
			if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || r == unicode.ReplacementChar) {
				t.Errorf("%s: %q in %q", command, r, out+errOut)
				break
			}
		}
		for line := range strings.Lines(out + errOut) {
			if strings.HasPrefix(line, "root  0") {
				t.Errorf("%s: a line of its own in %q", command, out+errOut)
			}
		}
	}
}
