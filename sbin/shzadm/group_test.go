package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"sharezone/internal/account"
	"sharezone/internal/event"
)

// The groups of companies, from the command line to the machine.
func TestGroupCommands(t *testing.T) {
	prepareChanges(t)
	goesAway(t, "dt-stranger", "dt-ann", "dt-bob", "shz-acme", "shz-abcdefghijklmnopqrstuvwxyz1", "shz-3m.it_x-y")
	bash(t, "getent passwd dt-stranger || useradd -M dt-stranger; "+
		"for n in ann bob; do echo Sommer-wind-42 | shzadm user add dt-$n --role base --full-name X --company 'Acme & Figli' --email x@example.org --password-stdin; done")
	for _, c := range []struct {
		args string
		code int
		says string
		look string // a command whose output must be shown
		seen string
	}{
		{"group add acme", exitDone, "Group shz-acme: gid", "getent group shz-acme | cut -d: -f1,4", "shz-acme:"},
		{"group add acme", exitRefused, "a group of this name exists: shz-acme", "", ""},
		{"group add shz-acme", exitRefused, "a group of this name exists: shz-acme", "", ""},
		{"group add ../x", exitRefused, "the name of a company's group", "", ""},
		{"group add Acme", exitRefused, "the name of a company's group", "", ""},
		{"group add a:b", exitRefused, "the name of a company's group", "", ""},
		{"group add -- -rf", exitRefused, "the name of a company's group", "", ""},
		{"group add admin", exitRefused, "the name of a company's group", "getent group shz-admin || echo none", "none"},
		{"group add shz-", exitRefused, "the name of a company's group", "", ""},
		{"group add abcdefghijklmnopqrstuvwxyz12", exitRefused, "the name of a company's group", "", ""},
		{"group add abcdefghijklmnopqrstuvwxyz1", exitDone, "Group shz-abcdefghijklmnopqrstuvwxyz1", "getent group shz-abcdefghijklmnopqrstuvwxyz1", "shz-"},
		{"group add 3m.it_x-y --json", exitDone, `"group": "shz-3m.it_x-y"`, "getent group shz-3m.it_x-y", "shz-3m"},
		{"user add shz-user --role base --full-name X --email x@example.org", exitRefused, "the name of a user", "getent passwd shz-user || echo none", "none"},
		{"group member acme dt-ann dt-none", exitRefused, "there is no such user: dt-none", "getent group shz-acme | cut -d: -f4", ""},
		{"group member acme dt-ann dt-stranger", exitRefused, "shzadm user enable dt-stranger", "getent group shz-acme | cut -d: -f4", ""},
		{"group member acme root", exitRefused, "account of the system", "", ""},
		{"group member shzadmin dt-ann", exitRefused, "there is no such group: shz-shzadmin", "id -nG dt-ann", "shzonly"},
		{"group member nothing dt-ann", exitRefused, "there is no such group: shz-nothing", "", ""},
		{"group member acme dt-ann dt-bob", exitDone, "members: dt-ann dt-bob", "id -nG dt-bob", "shz-acme"},
		{"group member shz-acme dt-ann", exitDone, "members: dt-ann dt-bob", "", ""},
		{"group member acme --remove dt-bob dt-heir", exitDone, "members: dt-ann\n", "id -nG dt-bob | grep -c acme; true", "0"},
		{"group list", exitDone, "dt-ann", "", ""},
		{"group list", exitDone, "Acme & Figli", "", ""},
		{"zone add dt-shared --owner dt-heir", exitDone, "Zone dt-shared", "", ""},
		{"zone share dt-shared group:shz-acme=read", exitDone, "group:shz-acme=read", "", ""},
		{"zone show dt-shared", exitDone, "group:shz-acme=read", "", ""},
		{"group delete acme", exitRefused, "shzadm zone share dt-shared group:shz-acme=none", "getent group shz-acme | cut -d: -f1", "shz-acme"},
		{"zone share dt-shared group:shz-acme=none", exitDone, "", "", ""},
		{"group delete acme", exitRefused, "somebody is in shz-acme", "getent group shz-acme | cut -d: -f1", "shz-acme"},
		{"group member acme --remove dt-ann", exitDone, "members: -", "", ""},
		{"group delete nothing", exitRefused, "there is no such group: shz-nothing", "", ""},
		{"group delete ../x", exitRefused, "there is no such group", "", ""},
		{"group delete 3m.it_x-y --json", exitDone, `"group": "shz-3m.it_x-y"`, "getent group shz-3m.it_x-y || echo none", "none"},
		{"group delete acme", exitDone, "Group shz-acme removed", "getent group shz-acme || grep ' shz-acme ' /var/lib/sharezone/uids", " shz-acme "},
		{"group delete acme", exitRefused, "there is no such group: shz-acme", "", ""},
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
	bash(t, "rm -r /srv/sharezone/dt-shared; userdel dt-stranger")
	expectHealth(t)
}

// Who left Share Zone, or exists no more, can still be taken out of a company's group.
func TestGroupMemberWhoIsGone(t *testing.T) {
	prepareChanges(t)
	goesAway(t, "dt-leaves", "shz-gone")
	bash(t, "shzadm group add gone; echo Sommer-wind-42 | shzadm user add dt-leaves --role base --full-name X --email x@example.org --password-stdin; "+
		"shzadm group member gone dt-leaves; gpasswd -d dt-leaves shzbase; shzadm group member gone dt-leaves --remove")
	if seen := bash(t, "getent group shz-gone | cut -d: -f4"); seen != "" {
		t.Error(seen)
	}
	bash(t, "gpasswd -a dt-leaves shzbase; shzadm group member gone dt-leaves; shzadm user delete dt-leaves --files keep")
	if seen := bash(t, "getent group shz-gone | cut -d: -f4"); seen != "" {
		t.Errorf("deleted, and still a member: %s", seen)
	}
	expectHealth(t)
}

// The number of a group is neither a later group's nor a later user's, and doctor says where it could be.
func TestGroupNumbersAreNotReused(t *testing.T) {
	prepareChanges(t)
	goesAway(t, "dt-number", "shz-number", "shz-number2", "shz-byhand")
	bash(t, "shzadm group add number")
	gid := bash(t, "getent group shz-number | cut -d: -f3")
	bash(t, "groupdel shz-number; shzadm group add number2; shzadm user add dt-number --role base --full-name X --email x@example.org")
	for _, look := range []string{"getent group shz-number2 | cut -d: -f3", "id -u dt-number", "id -g dt-number"} {
		if seen := bash(t, look); seen == gid {
			t.Errorf("%s gives %s again", look, seen)
		}
	}
	bash(t, "groupadd shz-byhand")
	_, findings := examine(t)
	if len(findings) != 1 || findings[0].Check != "unregistered-group" {
		t.Fatalf("%+v", findings)
	}
	bash(t, findings[0].Mend)
	expectHealth(t)
	register, err := account.ReadRegister()
	if err != nil || len(register.Groups) < 3 {
		t.Errorf("%+v, %v", register, err)
	}
	for id, name := range register.Names {
		if strings.HasPrefix(name, "shz-") {
			t.Errorf("%d %s counts as a person", id, name)
		}
	}
}

// What was done with groups is recorded: who, whom, which group.
func TestGroupEvents(t *testing.T) {
	prepareChanges(t)
	goesAway(t, "shz-events")
	events := func() (told []string) {
		_, out, _ := shzadm(t, "", "activity", "--json")
		var got struct{ Events []event.Record }
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		for _, r := range got.Events {
			if r.Path != nil && strings.HasPrefix(*r.Path, "shz-events") {
				told = append(told, strings.TrimSpace(r.Event+" "+*r.Path+" "+text(r.About))+" "+r.Result)
			}
		}
		return told
	}
	before := events()
	bash(t, "shzadm group add events; shzadm group member events dt-giver dt-heir; shzadm group member events dt-heir --remove; shzadm group add events || true")
	told := events()[len(before):]
	want := []string{"group-create shz-events ok", "group-modify shz-events=member dt-giver ok", "group-modify shz-events=member dt-heir ok",
		"group-modify shz-events=none dt-heir ok", "group-create shz-events exists"}
	if !reflect.DeepEqual(told, want) {
		t.Errorf("%q", told)
	}
}
