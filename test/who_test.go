package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"sharezone/internal/helper"
)

// shzadmWho runs "shzadm zone who" in a language, as an administrator who became root by sudo does.
func shzadmWho(t *testing.T, lang string, args ...string) (output string, status int) {
	t.Helper()
	cmd := exec.Command("shzadm", append([]string{"zone", "who"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL="+lang, "SUDO_UID="+strconv.Itoa(uidOf(t, "carla")), "SUDO_USER=carla")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// rowOf is the row that a table has about a user, its cells separated by one blank.
func rowOf(table, user string) string {
	for line := range strings.Lines(table) {
		if cells := strings.Fields(line); len(cells) > 0 && cells[0] == user {
			return strings.Join(cells, " ")
		}
	}
	return ""
}

// TestZoneWho: the administrator's table of who can get in, and why.
func TestZoneWho(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	write(t, "bruno", zonePath(zone, "a list.txt"), "x")
	run(t, "install", "-d", "-o", "bruno", "-g", "bruno", "-m", "0700", zonePath(zone, "shut"))
	write(t, "bruno", zonePath(zone, "shut", "file"), "x")
	top := zonePath(zone)
	for _, row := range []struct{ lang, path, head, user, want string }{
		{"C", "", top + ": folder of anna, group anna, mode 1770", "anna", "anna list, create, enter owner rwx -"},
		{"C", "", top, "bruno", "bruno list, create, enter user:bruno rwx -"},
		{"C", "", top, "carla", "carla - other --- -"},
		{"C", "a list.txt", top + "/a list.txt: file of bruno", "bruno", "bruno read, write owner rw- -"},
		{"C", "a list.txt", top, "anna", "anna read user:anna rwx, mask r-- -"},
		{"C", "a list.txt", top, "carla", "carla - other --- " + top},
		{"C", "shut/file", top, "anna", "anna - user:anna rwx, mask --- " + top + "/shut"},
		{"C", "shut/", top + "/shut: folder of bruno", "bruno", "bruno list, create, enter owner rwx -"},
		{"it_IT.UTF-8", "", top + ": cartella di anna, gruppo anna, modo 1770", "bruno", "bruno elencare, creare, entrare user:bruno rwx -"},
		{"it_IT.UTF-8", "a list.txt", top, "anna", "anna leggere user:anna rwx, maschera r-- -"},
	} {
		out, status := shzadmWho(t, row.lang, zone, row.path)
		if status != 0 || !strings.HasPrefix(out, row.head) || rowOf(out, row.user) != row.want {
			t.Errorf("%q: %d, not %q\n%s", row.path, status, row.want, out)
		}
	}
	for _, row := range []struct {
		lang, want string
		status     int
		args       []string
	}{
		{"C", "there is no such zone, folder or file: /srv/sharezone/no-such-zone", 1, []string{"no-such-zone"}},
		{"C", "there is no such zone, folder or file: " + top + "/none", 1, []string{zone, "none"}},
		{"C", "not a path below a zone: " + top + "/..", 1, []string{zone, ".."}},
		{"C", "not a path below a zone: " + top + "//etc", 1, []string{zone, "/etc"}},
		{"C", "there is no such user: nobody-here", 1, []string{zone, "--as", "nobody-here"}},
		{"it_IT.UTF-8", "non c'è nessuna area, cartella o file con questo nome: " + top + "/none", 1, []string{zone, "none"}},
		{"C", "something is missing", 2, nil},
		{"C", "not understood: c", 2, []string{"a", "b", "c"}},
	} {
		if out, status := shzadmWho(t, row.lang, row.args...); status != row.status || !strings.Contains(out, row.want) {
			t.Errorf("%q: %d %s", row.args, status, out)
		}
	}
	out, status := shzadmWho(t, "C", zone, "--json", "--as", "bruno", "--as", "www-data", "shut/file")
	var reply helper.AccessReply
	if err := json.Unmarshal([]byte(out), &reply); err != nil || status != 0 || len(reply.People) != 2 || reply.Object.Owner != "bruno" {
		t.Fatalf("%v %d %s", err, status, out)
	}
	if p := reply.People[0]; p.User != "bruno" || !p.Read || !p.Write || p.Stopped != nil || p.Entry != "owner" || !p.Owner {
		t.Errorf("%+v", p)
	}
	if p := reply.People[1]; p.User != "www-data" || p.Read || p.Stopped == nil || *p.Stopped != "/" {
		t.Errorf("%+v", p)
	}
	if out, status := asUser(t, "anna", "/usr/sbin/shzadm", "zone", "who", zone); status != 1 || !strings.Contains(out, "only root") {
		t.Errorf("%d %s", status, out)
	}
}

// TestZoneWhoFollows: what is changed by hand shows in the next table.
func TestZoneWhoFollows(t *testing.T) {
	zone := newZone(t)
	carla := func() string {
		out, _ := shzadmWho(t, "C", zone, "--as", "carla")
		return rowOf(out, "carla")
	}
	for _, row := range []struct{ command, want string }{
		{"true", "carla - other --- -"},
		{"setfacl -m u:carla:rx $1", "carla list, enter user:carla r-x -"},
		{"chmod g-r $1", "carla enter user:carla r-x, mask --x -"},
		{"chmod g-rwx $1", "carla - user:carla r-x, mask --- -"}, // Linux does not look at the list then: it comes to the same
		{"chmod g+rwx $1; groupadd shz-who; gpasswd -a carla shz-who; setfacl -m g:shz-who:rwx,u:carla:- $1", "carla - user:carla --- -"},
		{"setfacl -x u:carla $1", "carla list, create, enter group:shz-who rwx -"},
		{"gpasswd -d carla shz-who", "carla - other --- -"},
		{"chown carla $1", "carla list, create, enter owner rwx -"},
		{"chown anna $1", "carla - other --- -"},
		{"setfacl -m u:carla:rwx $1; mount --bind $1 $1; mount -o remount,bind,ro $1", "carla list, enter not by the access list -"},
		{"umount $1; groupdel shz-who", "carla list, create, enter user:carla rwx -"},
	} {
		run(t, "sh", "-ec", row.command, "sh", zonePath(zone))
		if got := carla(); got != row.want {
			t.Errorf("%s: %q, not %q", row.command, got, row.want)
		}
	}
	run(t, "sh", "-c", `umount "$1"; groupdel shz-who; true`, "sh", zonePath(zone))
}

// TestZoneWhoSharedPrimaryGroup: where people have one primary group, and a zone's folder belongs to it, the table and the page say
// of each of them what the kernel does.
func TestZoneWhoSharedPrimaryGroup(t *testing.T) {
	zone := newZone(t)
	run(t, "groupadd", "wh-staff")
	t.Cleanup(func() { run(t, "groupdel", "wh-staff") }) // after the people: cleaning up goes backwards
	for _, name := range []string{"wh-ada", "wh-ugo"} {
		t.Cleanup(func() { run(t, "groupdel", name) }) // it is not his primary group any more, so userdel leaves it
		person(t, name, "Lampone-7-Treno-Verde", "shzbase", "shzonly")
		run(t, "usermod", "-g", "wh-staff", name)
	}
	for _, row := range []struct{ command, ada, ugo string }{
		{"chgrp wh-staff $1; chmod 1770 $1", "wh-ada - group --- -", "wh-ugo - group --- -"},
		{"setfacl -m g::rx $1", "wh-ada list, enter group r-x -", "wh-ugo list, enter group r-x -"},
		{"setfacl -m u:wh-ugo:- $1", "wh-ada list, enter group r-x -", "wh-ugo - user:wh-ugo --- -"},
		{"setfacl -b $1; chmod 1700 $1", "wh-ada - group --- -", "wh-ugo - group --- -"},
	} {
		run(t, "sh", "-ec", row.command, "sh", zonePath(zone))
		out, _ := shzadmWho(t, "C", zone)
		page := english(t, "anna", management+"/"+zone+"?view=who&as=wh-ada")
		for user, want := range map[string]string{"wh-ada": row.ada, "wh-ugo": row.ugo} {
			if got := rowOf(out, user); got != want {
				t.Errorf("%s: %q, not %q", row.command, got, want)
			}
			_, status := asUser(t, user, "ls", zonePath(zone))
			if lists := strings.Contains(want, "list"); lists != (status == 0) {
				t.Errorf("%s: the kernel lets %s list: %v", row.command, user, status == 0)
			}
		}
		if strings.Contains(row.ada, "list") {
			shows(t, page, 200, "see what is there", "is in the group that owns it")
		} else {
			shows(t, page, 200, "nothing", "not:see what is there")
		}
	}
}

// TestDropReadsByGroup: who may only deliver, and is in a group that reads, reads what he knows the name of, as the kernel has it: the
// page says so when he is given that, beside his name, and in the table.
func TestDropReadsByGroup(t *testing.T) {
	zone := newZone(t, "group:shzbase=read")
	at := management + "/" + zone
	write(t, "anna", zonePath(zone, "plan.txt"), "x")
	a := followed(t, "anna", english(t, "anna", at, "op=share", "principal=user:carla", "access=drop"))
	shows(t, a, 200, "can do more, though: bring files, read files whose name they know (group shzbase).", "?view=who", "In all: bring files, read files")
	if _, status := asUser(t, "carla", "cat", zonePath(zone, "plan.txt")); status != 0 {
		t.Error("carla does not read it")
	}
	shows(t, english(t, "anna", at+"?view=who&as=carla"), 200, "bring files, read files whose name they know (group shzbase)")
	if out, _ := shzadmWho(t, "C", zone); rowOf(out, "carla") != "carla create, enter, read by name (group:shzbase) user:carla -wx -" {
		t.Error(rowOf(out, "carla"))
	}
	english(t, "anna", at, "op=share", "principal=group:shzbase", "access=none")
	shows(t, english(t, "anna", at), 200, "May only deliver", "not:In all:")
	if _, status := asUser(t, "carla", "cat", zonePath(zone, "plan.txt")); status == 0 {
		t.Error("carla reads it")
	}
	shows(t, english(t, "anna", at+"?view=who&as=carla"), 200, "bring files", "not:whose name they know")
	a = followed(t, "anna", english(t, "anna", at, "op=share", "principal=user:carla", "access=drop"))
	shows(t, a, 200, "not:can do more, though")
}
