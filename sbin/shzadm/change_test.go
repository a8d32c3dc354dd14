package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	activitylog "sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/session"
	"sharezone/internal/zone"
)

func TestParseMoment(t *testing.T) {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.Local)
	for text, want := range map[string]time.Time{"2026-11-22": day.AddDate(0, 0, 1), "2026-11-22T04:19:51+01:00": time.Unix(1795317591, 0)} {
		if got, ok := activitylog.ParseMoment(text, 1); !ok || !got.Equal(want) {
			t.Errorf("%s: %v", text, got)
		}
	}
	for _, text := range []string{"today", "2026-13-01", "22/11/2026", "2026-11-22 04:19", "0"} {
		if _, ok := activitylog.ParseMoment(text, 0); ok {
			t.Errorf("%s is taken for a moment", text)
		}
	}
}

// Names of files are for everybody to choose: none becomes a formula, a second line or a terminal's command.
func TestCSVOfHostileNames(t *testing.T) {
	var b strings.Builder
	c := &call{out: &b, say: textsEN}
	names := []string{"=cmd|' /C calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "a\nb,\"c", "\x1b[2J", "plain.pdf", "a=b"}
	var found []event.Record
	for i := range names {
		found = append(found, event.Record{Time: time.Unix(0, 0), Event: "upload", User: "bruno", Entry: "internal", Path: &names[i], Result: "ok"})
	}
	if err := c.printCSV(found); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(rows) != len(names)+1 {
		t.Fatal(err, len(rows))
	}
	want := []string{"path", "'=cmd|' /C calc'!A1", "'+1", "'-1", "'@SUM(A1)", `\x09=1`, `\x0d=1`, "' =1", `a\nb,"c`, `\x1b[2J`, "plain.pdf", "a=b"}
	for i, row := range rows {
		if row[7] != want[i] || strings.ContainsAny(row[7], "\n\r\t\x1b") {
			t.Errorf("%q, want %q", row[7], want[i])
		}
	}
}

func TestActor(t *testing.T) {
	for _, c := range []struct {
		user, uid, want string
	}{{"", "", "root"}, {"anna", "1002", "anna"}, {"anna", "", "root"}, {"a\nb", "1", "root"}, {"../x", "1", "root"}, {"anna", "-1", "root"}} {
		got, uid := actor(func(name string) string { return map[string]string{"SUDO_USER": c.user, "SUDO_UID": c.uid}[name] })
		if got != c.want || (got == "root") != (uid == 0) {
			t.Errorf("%+v: %s %d", c, got, uid)
		}
	}
}

func TestFindSession(t *testing.T) {
	one, two := strings.Repeat("a", 64), strings.Repeat("a", 13)+strings.Repeat("b", 51)
	all := []session.Found{{Name: one}, {Name: two}}
	for id, want := range map[string]error{one: nil, one[:14]: nil, one[:13]: errTwoSessions, one[:11]: errNoSession, "": errNoSession,
		strings.Repeat("c", 12): errNoSession, "../" + one: errNoSession} {
		if _, err := findSession(all, id); !errors.Is(err, want) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// makeSession puts a session into the store, as auth does, and returns the name of its file.
func makeSession(t *testing.T, user string, uid uint32, edit func(*session.Record)) string {
	t.Helper()
	id, err := session.NewID()
	if err != nil {
		t.Fatal(err)
	}
	name, _ := session.FileName(id)
	now := time.Now()
	r := session.Record{User: user, UID: uid, GID: uid, Groups: []uint32{uid}, Entry: "internal", Address: "192.0.2.7", Started: now, Refreshed: now,
		Idle: time.Hour, Absolute: 12 * time.Hour, Lacks: session.LacksNothing, Key: strings.Repeat("0f", 32), Password: strings.Repeat("1e", 32), Stamp: strings.Repeat("2d", 32)}
	if edit != nil {
		edit(&r)
	}
	b, err := r.Format()
	if err == nil {
		err = os.WriteFile(layout.Sessions+"/"+name, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(layout.Sessions + "/" + name) })
	return name
}

func TestSessionCommands(t *testing.T) {
	needInstallation(t)
	list := func() map[string]helper.Session {
		var got struct{ Sessions []helper.Session }
		code, out, errOut := shzadm(t, "", "session", "list", "--json")
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitDone || errOut != "" {
			t.Fatal(err, code, errOut)
		}
		rows := make(map[string]helper.Session)
		for _, r := range got.Sessions {
			rows[r.ID] = r
		}
		return rows
	}
	for name := range list() {
		if code, _, errOut := shzadm(t, "", "session", "end", name); code != exitDone {
			t.Fatal(errOut)
		}
	}
	active := makeSession(t, "dt-one", 1901, nil)
	second := makeSession(t, "dt-one", 1901, func(r *session.Record) { r.MustChange = true })
	over := makeSession(t, "dt-two", 1902, func(r *session.Record) { r.Started = r.Started.Add(-24 * time.Hour) })
	damaged := strings.Repeat("ab", 32)
	if err := os.WriteFile(layout.Sessions+"/"+damaged, []byte("user=root\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := list()
	for name, want := range map[string]string{active: "active", second: "must-change", over: "ended", damaged: "damaged"} {
		if r := rows[name[:helper.SessionDigits]]; r.State != want || (r.User == nil) != (want == "damaged") {
			t.Errorf("%s: %+v", want, r)
		}
	}
	if r := rows[active[:helper.SessionDigits]]; *r.User != "dt-one" || *r.UID != 1901 || *r.Entry != "internal" || *r.Address != "192.0.2.7" || time.Since(*r.LastUse) > time.Minute {
		t.Errorf("%+v", r)
	}
	for _, c := range []struct {
		args string
		code int
		says string
		left int
	}{
		{"session end", exitUsage, "one of the three", 4},
		{"session end --all --user dt-one", exitUsage, "one of the three", 4},
		{"session end --all=false", exitUsage, "one of the three", 4},
		{"session end " + active[:11], exitRefused, "there is no such session", 4},
		{"session end ../../../etc/passwd", exitRefused, "there is no such session", 4},
		{"session end --user nobody-such", exitRefused, "there is no such user: nobody-such", 4},
		{"session end " + active[:12], exitDone, "Sessions ended: 1", 3},
		{"session end " + active[:12], exitRefused, "there is no such session", 3},
		{"session end --user dt-one --json", exitDone, `"ended": 1`, 2},
		{"session end --all", exitDone, "Sessions ended: 2", 0},
		{"session list", exitDone, "LAST_USE", 0},
	} {
		code, out, errOut := shzadm(t, "", strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errOut, c.says) || len(list()) != c.left {
			t.Errorf("%s: exit %d, %s%s, %d left", c.args, code, out, errOut, len(list()))
		}
	}
}

// prepareChanges makes an owner, an heir and a zone of the owner's for one test.
func prepareChanges(t *testing.T) {
	t.Helper()
	needInstallation(t)
	for name, role := range map[string]string{"dt-giver": "manager", "dt-heir": "manager", "dt-plain": "base"} {
		if bash(t, "getent passwd "+name+"; true") == "" {
			bash(t, "echo Sommer-wind-42 | shzadm user add "+name+" --role "+role+" --full-name X --email x@example.org --password-stdin")
		}
	}
}

// goesAway takes people and companies' groups away when the test ends, so that it can run again in the same copy.
func goesAway(t *testing.T, names ...string) {
	t.Cleanup(func() {
		for _, name := range names {
			if strings.HasPrefix(name, "shz-") {
				bash(t, "! getent group "+name+" || groupdel "+name)
			} else {
				bash(t, "! getent passwd "+name+" || userdel "+name)
			}
		}
	})
}

// The verbs from the command line to the machine: each step with its exit code, a word of its answer, and a command
// that shows what became of it.
func TestChangeCommands(t *testing.T) {
	needInstallation(t)
	bash(t, "! getent passwd dt-plain || shzadm user delete dt-plain --files keep") // made anew, so that its creation is told
	prepareChanges(t)
	bash(t, "getent passwd dt-staff || useradd -M -s /bin/bash dt-staff")
	bash(t, "install -m 600 /dev/null "+layout.Attempts+"/dt-staff@192.0.2.1")
	makeSession(t, "dt-plain", 1, func(r *session.Record) { r.UID = uidOf(t, "dt-plain") })
	base := layout.Base + "/dt-mine"
	for _, c := range []struct {
		args string
		code int
		says string
		look string // a command whose output must be shown
		seen string
	}{
		{"user enable dt-staff --role manager", exitDone, "User dt-staff: base,manager", "id -nG dt-staff", "shzmgr"},
		{"user enable dt-staff", exitRefused, "is in Share Zone already", "", ""},
		{"user enable root", exitRefused, "account of the system", "", ""},
		{"user enable dt-plain", exitRefused, "Share Zone made this account", "", ""},
		{"user enable dt-nothing", exitRefused, "no such user", "", ""},
		{"user enable dt-staff --role king", exitRefused, "--role", "", ""},
		{"user lock dt-staff", exitRefused, "usermod -L dt-staff", "passwd -S dt-staff", ""},
		{"user unlock dt-staff", exitDone, "usermod -U dt-staff", "ls " + layout.Attempts + " | grep -c dt-staff; passwd -S dt-staff", "0\ndt-staff L"},
		{"user modify dt-staff --email a@example.org", exitRefused, "chfn dt-staff", "", ""},
		{"user delete dt-staff --files keep", exitRefused, "gpasswd -d dt-staff shzbase", "", ""},
		{"user modify dt-staff --role base --json", exitDone, `"username": "dt-staff"`, "id -nG dt-staff", "shzbase"},
		{"user modify dt-plain", exitUsage, "nothing to change", "", ""},
		{"user modify dt-plain --company Rossi --expires 2099-12-31", exitDone, "User dt-plain: base, active", "getent passwd dt-plain", "X,Rossi,,,x@example.org"},
		{"user modify dt-plain --email nonsense", exitRefused, "--email", "", ""},
		{"user modify dt-nothing --role base", exitRefused, "no such user", "", ""},
		{"user lock dt-plain", exitDone, "Sessions ended: 1", "passwd -S dt-plain", "dt-plain L"},
		{"user unlock dt-plain", exitDone, "User dt-plain: base, active", "passwd -S dt-plain", "dt-plain P"},
		{"zone add dt-mine --owner dt-giver --title Mine", exitDone, "Zone dt-mine", "", ""},
		{"zone share dt-mine user:dt-plain=write", exitDone, "dt-plain=write", "", ""},
		{"zone share dt-mine user:dt-heir=read user:dt-typo=read", exitRefused, "no such user", "getfacl -cp " + base + " | grep -c dt-heir; true", "0"},
		{"zone share dt-mine user:dt-heir=read group:shz-typo=read --json", exitRefused, "", "getfacl -cp " + base + " | grep -c dt-heir; true", "0"},
		{"zone modify dt-mine", exitUsage, "nothing to change", "", ""},
		{"zone modify dt-mine --json", exitUsage, "nothing to change", "", ""},
		{"zone modify dt-mine --title= --max-age 30 --notify none --expires 2099-12-31", exitDone, "Zone dt-mine of dt-giver", "getfattr -d " + base, `user.shz.notify=""`},
		{"zone modify dt-mine --notify= --max-age=", exitDone, "Zone dt-mine", "getfattr -d " + base + " | grep -c -e notify -e max_age -e title; true", "0"},
		{"zone modify dt-mine --expires 2020-01-01", exitRefused, "this day is over", "", ""},
		{"zone modify dt-mine --max-age 0", exitRefused, "--max-age", "", ""},
		{"zone modify dt-none --title x", exitRefused, "no such zone: dt-none", "", ""},
		{"user modify dt-giver --role base", exitDone, "still owns zones", "id -nG dt-giver", "shzbase"},
		{"user modify dt-giver --role manager", exitDone, "base,manager", "", ""},
		{"zone close dt-mine --json", exitDone, `"state": "closed"`, "ls " + layout.Closed, "dt-mine"},
		{"zone close dt-mine", exitRefused, "this zone is closed", "", ""},
		{"zone show dt-mine", exitDone, "closed", "", ""},
		{"zone list --closed", exitDone, "dt-mine", "", ""},
		{"zone restore dt-mine", exitDone, "Zone dt-mine of dt-giver", "getfacl -cp " + base, "user:dt-plain:rwx"},
		{"zone restore dt-mine", exitRefused, "no such closed zone", "", ""},
		{"user delete dt-giver", exitUsage, "--files", "", ""},
		{"user delete dt-giver --files shred", exitUsage, "keep or transfer", "", ""},
		{"user delete dt-giver --files transfer", exitUsage, "--to", "", ""},
		{"user delete dt-giver --files keep --to dt-heir", exitUsage, "--to", "", ""},
		{"user delete dt-giver --files keep", exitRefused, "owns zones", "getent passwd dt-giver && passwd -S dt-giver", "dt-giver P"},
		{"user delete dt-giver --files transfer --to dt-plain", exitRefused, "only a manager", "passwd -S dt-giver", "dt-giver P"},
		{"user delete dt-giver --files transfer --to dt-heir", exitDone, "So did these zones: " + base, "stat -c %U " + base + "; getent passwd dt-giver || echo gone", "dt-heir\ngone"},
		{"user delete dt-plain --files keep --json", exitDone, `"deleted": true`, "getfacl -cp " + base + " | grep -c ^user:[0-9a-z]; true", "0"},
	} {
		code, out, errOut := shzadm(t, "", strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errOut, c.says) || (code == exitDone) != (errOut == "") {
			t.Errorf("%s: exit %d, %s%s", c.args, code, out, errOut)
		}
		if c.look == "" {
			continue
		}
		if seen := bash(t, c.look); !strings.Contains(seen, c.seen) {
			t.Errorf("%s: %s: %s", c.args, c.look, seen)
		}
	}
	bash(t, "gpasswd -d dt-staff shzbase")
	if code, out, errOut := shzadm(t, "", "user", "unlock", "dt-staff"); code != exitRefused || !strings.Contains(errOut, "usermod -L dt-staff") {
		t.Errorf("of nobody of Share Zone's: exit %d, %s%s", code, out, errOut)
	}
	bash(t, "gpasswd -a dt-staff shzbase")
	checkRecorded(t)
	bash(t, "rm -rf "+base+"; gpasswd -d dt-staff shzbase; userdel dt-staff")
	expectHealth(t)
}

// Others' files with several names keep nobody; his own does, and is named by its whole path.
func TestDeleteWithLinkedFiles(t *testing.T) {
	prepareChanges(t)
	base := layout.Base + "/dt-linked"
	bash(t, "shzadm zone add dt-linked --owner dt-heir; shzadm zone share dt-linked user:dt-giver=write; cd "+base+"; "+
		"setpriv --reuid=dt-heir --regid=dt-heir --init-groups sh -c 'echo x >of-heir; ln of-heir of-heir-too'; "+
		"setpriv --reuid=dt-giver --regid=dt-giver --init-groups sh -c 'mkdir sub; echo x >sub/his; ln sub/his sub/his-too'")
	defer bash(t, "rm -rf "+base+" "+layout.Closed+"/dt-linked")
	command := strings.Fields("user delete dt-giver --files transfer --to dt-heir")
	code, out, errOut := shzadm(t, "", command...)
	if code != exitRefused || !strings.Contains(out, base+"/sub/his: ") || !strings.Contains(out, base+"/sub/his-too: ") ||
		strings.Contains(out, "of-heir") || !strings.Contains(errOut, "dt-giver") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	bash(t, "rm "+base+"/sub/his-too; shzadm zone close dt-linked")
	if code, out, errOut = shzadm(t, "", command...); code != exitDone {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	if owner := bash(t, "stat -c %U "+layout.Closed+"/dt-linked/sub/his"); owner != "dt-heir" {
		t.Errorf("it belongs to %s", owner)
	}
}

// checkRecorded looks for what the verbs above did in the activity: of the zone and of a user.
func checkRecorded(t *testing.T) {
	t.Helper()
	for _, c := range []struct{ args, want string }{
		{"dt-mine", "zone-create zone-share zone-modify zone-modify zone-modify zone-close zone-restore zone-transfer zone-share"},
		{"--user dt-plain", "user-create user-modify user-modify user-modify user-lock logout user-modify user-delete"},
		{"dt-mine --event zone-modify", "zone-modify zone-modify zone-modify"},
		{"dt-mine --to 2020-01-01", ""},
	} {
		code, out, errOut := shzadm(t, "", append([]string{"activity", "--json"}, strings.Fields(c.args)...)...)
		var got struct{ Events []event.Record }
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != exitDone || errOut != "" {
			t.Fatal(err, code, errOut)
		}
		if c.args == "--user dt-plain" {
			var said []string
			for _, r := range got.Events[len(got.Events)-8:] {
				said = append(said, *cmp.Or(r.Path, new(string)))
			}
			if want := []string{`full_name=""->"X", email=""->"x@example.org", role=""->"base"`, "enable", `company=""->"Rossi", expires=""->"2099-12-31"`, "", "", "", "unlock", ""}; !slices.Equal(said, want) {
				t.Errorf("what was changed: %q", said)
			}
		}
		names := make([]string, 0, len(got.Events))
		for _, r := range got.Events {
			names = append(names, r.Event)
			if r.Entry != "shell" || r.Address != nil || r.User != "root" {
				t.Errorf("%+v", r)
			}
		}
		told := strings.Join(names, " ")
		told = told[max(0, strings.LastIndex(told, "user-create")):] // before it are those of an earlier account of the name
		if told != c.want {
			t.Errorf("%s: %v", c.args, names)
		}
	}
}

func uidOf(t *testing.T, name string) uint32 {
	t.Helper()
	u, err := findUser(name)
	if err != nil {
		t.Fatal(err)
	}
	return u.UID
}

// Whose acts are shown goes by the zone's id: a renamed zone keeps its history, a namesake does not get it.
func TestActivityFollowsTheZone(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	bash(t, "shzadm zone add dt-first --owner dt-manager; shzadm zone modify dt-first --title x; mv "+layout.Base+"/dt-first "+layout.Base+"/dt-moved; "+
		"shzadm zone add dt-first --owner dt-manager")
	defer bash(t, "rm -r "+layout.Base+"/dt-first")
	count := func(what string) int {
		_, out, _ := shzadm(t, "", "activity", what)
		return strings.Count(out, "\n") - 1
	}
	if moved, namesake := count("dt-moved"), count("dt-first"); moved != 2 || namesake != 1 {
		t.Errorf("%d and %d acts", moved, namesake)
	}
	id := bash(t, "getfattr -n user.shz.id --only-values --absolute-names "+layout.Base+"/dt-moved")
	bash(t, "rm -r "+layout.Base+"/dt-moved")
	if gone := count(id); gone != 2 {
		t.Errorf("of a zone that is gone: %d acts", gone)
	}
	for args, says := range map[string]string{"activity dt-moved": "no such zone", "activity --event eat": "there is no event eat",
		"activity --from then": "--from", "activity --json --csv": "exclude"} {
		if code, _, errOut := shzadm(t, "", strings.Fields(args)...); code == exitDone || !strings.Contains(errOut, says) {
			t.Errorf("%s: %s", args, errOut)
		}
	}
	strange := layout.Events + "/20261122T041951.000000001Z-0123456789abcdef"
	bash(t, "echo nonsense > "+strange)
	defer os.Remove(strange)
	if code, out, errOut := shzadm(t, "", "activity", "dt-first"); code != exitRefused || !strings.Contains(errOut, strange+", line 1") || !strings.Contains(out, "zone-create") {
		t.Errorf("exit %d: %s", code, errOut)
	}
}

// What cannot be recorded is done all the same, and said.
func TestWithoutSpool(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	bash(t, "mv "+layout.Events+" "+layout.Events+".away")
	defer bash(t, "rm -rf "+layout.Events+"; mv "+layout.Events+".away "+layout.Events)
	code, _, errOut := shzadm(t, "", "zone", "modify", "dt-zone", "--title", "Recorded nowhere")
	if code != exitDone || !strings.Contains(errOut, "cannot be recorded as zone-modify") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if admin, err := zoneAdmin(); err == nil {
		defer admin.Close()
		if z, err := admin.Show("dt-zone"); err != nil || text(z.Title) != "Recorded nowhere" || z.State != zone.StateOpen {
			t.Errorf("%+v, %v", z, err)
		}
	}
}

// A password that root may set and people may not is set, and it is said why.
func TestWeakPassword(t *testing.T) {
	needInstallation(t)
	goesAway(t, "dt-weak", "dt-good")
	for name, row := range map[string]struct{ password, says string }{
		"dt-weak": {"abc", "warning: the password holds, but is easy to guess: The password is shorter than 8 characters\n"}, "dt-good": {"Sommer-wind-42", ""},
	} {
		code, _, errOut := shzadm(t, row.password+"\n", "user", "add", name, "--role", "base", "--full-name", "X", "--email", "x@example.org", "--password-stdin")
		if code != exitDone || errOut != row.says {
			t.Errorf("%s: exit %d, %q", name, code, errOut)
		}
	}
}

// TestMadeTwice: the record of an account that was not made says nothing of the one that has the name.
func TestMadeTwice(t *testing.T) {
	needInstallation(t)
	goesAway(t, "dt-twice")
	command := []string{"user", "add", "dt-twice", "--role", "base", "--full-name", "Confidential", "--email", "x@example.org"}
	for _, want := range []int{exitDone, exitRefused} {
		if code, out, errOut := shzadm(t, "", command...); code != want {
			t.Fatalf("exit %d: %s%s", code, out, errOut)
		}
	}
	_, out, _ := shzadm(t, "", "activity", "--json", "--user", "dt-twice", "--event", "user-create")
	var got struct{ Events []event.Record }
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Events) != 2 {
		t.Fatal(err, out)
	}
	if made, refused := got.Events[0], got.Events[1]; made.Path == nil || refused.Path != nil || refused.Result != "exists" {
		t.Errorf("%s", out)
	}
}
