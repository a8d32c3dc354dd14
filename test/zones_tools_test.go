package test

import (
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// TestZonesDoneByTools: what pages do with a zone is done with the shell's tools, and undone with them; pages and JSON say each time what is.
func TestZonesDoneByTools(t *testing.T) {
	const name = "zt-hand"
	clearZones(t, name)
	at, root := management+"/"+name, zonePath(name)
	if a := form(t, "anna", management, true, "op=create", "name="+name); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	state := func() string {
		t.Helper()
		z := zoneIn(t, jsonAs(t, "anna", at))
		text := func(s *string) string {
			if s == nil {
				return "-"
			}
			return *s
		}
		age := "-"
		if z.MaxAge != nil {
			age = strings.Repeat("d", *z.MaxAge)
		}
		return strings.Join([]string{z.State, z.members(), text(z.Title), text(z.Description), text(z.Expires), text(z.Notify), age, strings.Join(z.Problems, " ")}, "|")
	}
	untouched := state()
	lists := run(t, "getfacl", "-cp", root)
	// -n: setfacl would make the mask anew otherwise, and with it shut the zone or open it.
	for _, row := range []struct{ what, done, undone, want string }{
		{"read", "setfacl -n -m u:carla:r-x,d:u:carla:r-x .", "setfacl -n -x u:carla,d:u:carla .", "|user:carla=read|"},
		{"write", "setfacl -n -m u:carla:rwx,d:u:carla:rwx .", "setfacl -n -x u:carla,d:u:carla .", "|user:carla=write|"},
		{"drop", "setfacl -n -m u:carla:-wx .", "setfacl -n -x u:carla .", "|user:carla=drop|"},
		{"a group", "setfacl -n -m g:shzmgr:r-x,d:g:shzmgr:r-x .", "setfacl -n -x g:shzmgr,d:g:shzmgr .", "|group:shzmgr=read|"},
		{"title", "setfattr -n user.shz.title -v 'By hand' .", "setfattr -x user.shz.title .", "|By hand|"},
		{"description", "setfattr -n user.shz.description -v 'By hand' .", "setfattr -x user.shz.description .", "|By hand|"},
		{"last day", "setfattr -n user.shz.expires -v 2098-02-28 .", "setfattr -x user.shz.expires .", "|2098-02-28|"},
		{"age", "setfattr -n user.shz.max_age -v 3 .", "setfattr -x user.shz.max_age .", "|ddd|"},
		{"notices", "setfattr -n user.shz.notify -v upload .", "setfattr -x user.shz.notify .", "|upload|"},
		{"shut", "chmod 1700 .", "chmod 1770 .", "|shut"},
		{"open to all", "chmod o+rx .", "chmod o-rx .", "|everybody"},
	} {
		do := func(script string) {
			t.Helper()
			if out, status := asUser(t, "anna", "sh", "-ec", `cd "$1"; `+script, "sh", root); status != 0 {
				t.Fatalf("%s: %s", script, out)
			}
		}
		do(row.done)
		if got := state(); !strings.Contains(got, row.want) || got == untouched {
			t.Errorf("%s: %s", row.what, got)
		}
		do(row.undone)
		if got := state(); got != untouched {
			t.Errorf("%s, undone: %s, was %s", row.what, got, untouched)
		}
		if got := run(t, "getfacl", "-cp", root); got != lists {
			t.Errorf("%s, undone:\n%s\nwas\n%s", row.what, got, lists)
		}
	}
	t.Run("keep", func(t *testing.T) {
		if a := jsonAs(t, "anna", "-T", "/etc/hostname", "/cgi-bin/shz/"+name+"/stays.txt"); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		kept := func() bool {
			a := curlAs(t, "anna", at+"?view=ages")
			return a.status == 200 && strings.Contains(a.body, " checked")
		}
		if out, status := asUser(t, "anna", "setfattr", "-n", "user.shz.max_age", "-v", "3", root); status != 0 || kept() {
			t.Fatalf("%s: %v", out, kept())
		}
		if out, status := asUser(t, "anna", "setfattr", "-n", "user.shz.keep", "-v", "stays.txt", root); status != 0 || !kept() {
			t.Errorf("%s: %v", out, kept())
		}
		if out, status := asUser(t, "anna", "setfattr", "-x", "user.shz.keep", root); status != 0 || kept() {
			t.Errorf("%s: %v", out, kept())
		}
	})
	t.Run("mv", func(t *testing.T) {
		before := state()
		run(t, "mv", root, layout.Closed+"/"+name)
		if z := zoneIn(t, jsonAs(t, "anna", at)); z.State != "closed" {
			t.Errorf("closed: %+v", z)
		}
		if a := jsonAs(t, "anna", "/cgi-bin/shz/"+name+"/"); a.status != 404 {
			t.Errorf("closed, and open: %d", a.status)
		}
		run(t, "mv", layout.Closed+"/"+name, root)
		if got := state(); got != before {
			t.Errorf("back: %s, was %s", got, before)
		}
		if a := jsonAs(t, "anna", "/cgi-bin/shz/"+name+"/stays.txt"); a.status != 200 {
			t.Errorf("back: %d", a.status)
		}
	})
}

// TestZonesOfAGroup: who is in a group that a zone is shared with gets in, delivers, and is out when he leaves the group, or the group the zone; closing
// and opening again changes nothing of that.
func TestZonesOfAGroup(t *testing.T) {
	const name = "zg-group"
	clearZones(t, name)
	person(t, "zg-nino", "Lampone-7-Treno-Verde")
	run(t, "shzadm", "group", "add", "zgbrun")
	t.Cleanup(func() { run(t, "groupdel", "shz-zgbrun") })
	at, folder := management+"/"+name, "/cgi-bin/shz/"+name+"/"
	do := func(fields ...string) {
		t.Helper()
		if a := form(t, "anna", at, true, fields...); a.status != 200 {
			t.Fatalf("%q: %d %s", fields, a.status, a.body)
		}
	}
	if a := form(t, "anna", management, true, "op=create", "name="+name); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := jsonAs(t, "anna", "-T", "/etc/hostname", folder+"annas.txt"); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	id := opened(t, "zg-nino", "Lampone-7-Treno-Verde")
	try := func(what string, lists, reads, brings int) {
		t.Helper()
		got := [3]int{with(t, id, folder).status, with(t, id, folder+"annas.txt").status, with(t, id, "-T", "/etc/hostname", folder+what).status}
		if got != [3]int{lists, reads, brings} {
			t.Errorf("%s: lists %d, reads %d, brings %d", what, got[0], got[1], got[2])
		}
	}
	do("op=share", "principal=group:shz-zgbrun", "access=write")
	try("not-in-it", 403, 403, 403)
	run(t, "gpasswd", "-a", "zg-nino", "shz-zgbrun")
	try("in-it", 200, 200, 201)
	do("op=share", "principal=group:shz-zgbrun", "access=read")
	try("reads", 200, 200, 403)
	// One group reads, another delivers: who is in both writes, and the page says so.
	run(t, "shzadm", "group", "add", "zgdrop")
	t.Cleanup(func() { run(t, "groupdel", "shz-zgdrop") })
	run(t, "gpasswd", "-a", "zg-nino", "shz-zgdrop")
	do("op=share", "principal=group:shz-zgdrop", "access=drop")
	if a := with(t, id, folder); !strings.Contains(a.body, `"access":"write"`) {
		t.Errorf("in both: %s", a.body)
	}
	try("both", 200, 200, 201)
	do("op=share", "principal=group:shz-zgdrop", "access=none")
	do("op=share", "principal=group:shz-zgbrun", "access=drop")
	if a := with(t, id, folder); strings.Contains(a.body, "annas.txt") {
		t.Errorf("drop lists: %s", a.body)
	}
	if a := with(t, id, "-T", "/etc/hostname", folder+"delivered"); a.status != 201 {
		t.Errorf("drop: %d %s", a.status, a.body)
	}
	do("op=share", "principal=group:shz-zgbrun", "access=write")
	do("op=delete")
	try("closed", 404, 404, 404)
	do("op=restore")
	try("again", 200, 200, 201)
	run(t, "gpasswd", "-d", "zg-nino", "shz-zgbrun")
	try("left", 403, 403, 403)
	run(t, "gpasswd", "-a", "zg-nino", "shz-zgbrun")
	do("op=share", "principal=group:shz-zgbrun", "access=none")
	try("taken", 403, 403, 403)
}
