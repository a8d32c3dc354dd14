package zone

import (
	"slices"
	"testing"
)

// Who is kept out by hand, where a group lets him in, stays out when his own entries are taken from the zone.
func TestShareKeepsDenials(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	share(t, admin, "group:zt-acme", Read) // zt-carla is in it
	share(t, admin, "user:zt-carla", Write)
	sh(t, "cd "+root+"; setfacl -n -m u:zt-carla:---,d:u:zt-carla:--- sub; setfacl -n -m u:zt-carla:--- a; setfacl -m u:7001:---,d:u:7001:--- .")
	for range 2 {
		share(t, admin, "user:zt-carla", None)
		if !as(t, "zt-carla", "ls "+root) || as(t, "zt-carla", "ls "+root+"/sub") || as(t, "zt-carla", "cat "+root+"/a") {
			t.Errorf("she gets in where she was kept out:\n%s", sh(t, "getfacl -Rp "+root))
		}
	}
	if got := sh(t, "getfacl -cp "+root+"/sub | grep -c 'zt-carla:---'"); got != "2" {
		t.Errorf("%s of 2 entries are left", got)
	}
	share(t, admin, "user:zt-carla", Drop) // takes away before it gives
	if as(t, "zt-carla", "ls "+root+"/sub") {
		t.Error("she gets in as one who only delivers")
	}
	sh(t, "setfacl -n -m u:zt-carla:--- "+root)
	share(t, admin, "user:zt-carla", None)
	if as(t, "zt-carla", "ls "+root) {
		t.Error("kept out of the whole zone, she gets in")
	}
	share(t, admin, "user:zt-carla", Write)
	if !as(t, "zt-carla", "ls "+root+" "+root+"/sub && cat "+root+"/a") {
		t.Error("what was given by name is not had")
	}
	share(t, admin, "user:7001", None) // nobody is kept out by that
	if got := sh(t, "getfacl -p "+root+" | grep -c :7001:; true"); got != "0" {
		t.Errorf("%s entries of nobody are left", got)
	}
}

// Who is to be taken off, and was on no list, is told also where others lose something, or where something of others' changes in the content.
func TestShareTellsAbsent(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	share(t, admin, "user:zt-bruno", Write)
	sh(t, "setfacl -n -m u:7001:r-x "+root+"/sub")
	report, err := admin.ShareAll("demo", []Member{{Principal: "user:zt-bruno", Access: None}, {Principal: "user:zt-carla", Access: None}, {Principal: "user:7001", Access: None}, {Principal: "user:7002", Access: None}}, Whatever)
	if err != nil || report.Folders+report.Files == 0 || !slices.Equal(report.Absent, []string{"user:zt-carla", "user:7002"}) {
		t.Errorf("%+v: %v", report, err)
	}
}
