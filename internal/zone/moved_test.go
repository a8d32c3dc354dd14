package zone

import (
	"strings"
	"testing"
	"time"
)

// Zones lie in one file system, so who may write in two of them can move a folder of his own from one to the other, with
// what others put into it. These tests hold what SECURITY.md says of that: which rule there cannot be, and what protects.

// everything is all that the kernel says of each thing below a folder but numbers and times.
const everything = `find . -printf '%P %y %m %u %g %n %s\n' | sort; getfacl -R . | sort; getfattr -Rd -m - . 2>&1 | sort; lsattr -Rap . 2>&1 | sort`

// prepareMoves makes zt-dora a manager who may write in zt-anna's zone demo, and the owner of the zone own; zt-bruno may write
// in both.
func prepareMoves(t *testing.T) (base string, admin *Admin) {
	t.Helper()
	base, _ = needCopy(t)
	sh(t, "getent passwd zt-dora >/dev/null || useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -M -G shzbase,shzmgr zt-dora; mkdir -m 700 "+base+"/.closed")
	admin = newTestAdmin(t, base)
	createDemo(t, admin)
	if err := admin.Create("own", "zt-dora", Metadata{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, principal := range []string{"user:zt-bruno", "user:zt-dora"} {
		share(t, admin, principal, Write)
	}
	if _, err := admin.Share("own", "user:zt-bruno", Write); err != nil {
		t.Fatal(err)
	}
	return base, admin
}

// TestMovesLeaveNoTrace: of a folder in which somebody shut something while it lay in another zone the kernel says exactly what
// it says of one that never left. So no rule of take, apply or remove can tell what was kept private in another zone from
// what a member shuts in this one, which its owner may open.
func TestMovesLeaveNoTrace(t *testing.T) {
	base, _ := prepareMoves(t)
	private := func(zone string) string {
		return "cd " + base + "/" + zone + "/folder && mkdir -m 1770 his && echo secret >his/file && chmod 640 his/file && chmod 700 his"
	}
	seen := func() string {
		out := sh(t, "cd "+base+"/own; "+everything)
		for _, part := range []string{"his d 700 ", "default:user:zt-bruno:rwx", "user.shz.id=", " ./his\n"} {
			if !strings.Contains(out, part) && !strings.Contains(out, strings.Replace(part, "./", "./folder/", 1)) {
				t.Errorf("no %q in what is compared:\n%s", part, out)
			}
		}
		return out
	}

	if !as(t, "zt-dora", "mkdir -m 1770 "+base+"/own/folder") || !as(t, "zt-bruno", private("own")) {
		t.Fatal("a member brings nothing into the zone")
	}
	stayed := seen()
	sh(t, "rm -r "+base+"/own/folder")
	if !as(t, "zt-dora", "mkdir -m 1770 "+base+"/own/folder; mv -T "+base+"/own/folder "+base+"/demo/folder") ||
		!as(t, "zt-bruno", private("demo")) || !as(t, "zt-dora", "mv -T "+base+"/demo/folder "+base+"/own/folder") {
		t.Fatal("the folder does not get to the other zone and back")
	}
	if moved := seen(); moved != stayed {
		t.Errorf("the kernel tells them apart:\n%s\nand\n%s", stayed, moved)
	}

	// The zone's root is no firmer ground: it is a folder of its owner's too, and can lie in another zone for a while.
	sh(t, "rm -r "+base+"/own/folder")
	if !as(t, "zt-bruno", "mkdir -m 700 "+base+"/own/his") {
		t.Fatal("a member brings nothing into the zone")
	}
	stayed = seen()
	sh(t, "rmdir "+base+"/own/his")
	if !as(t, "zt-dora", "mv -T "+base+"/own "+base+"/demo/own") || !as(t, "zt-bruno", "mkdir -m 700 "+base+"/demo/own/his") ||
		!as(t, "zt-dora", "mv -T "+base+"/demo/own "+base+"/own") {
		t.Fatal("the zone does not get into the other one and back")
	}
	if moved := seen(); moved != stayed {
		t.Errorf("the kernel tells them apart:\n%s\nand\n%s", stayed, moved)
	}
}

// TestMovedStaysPrivate: what somebody keeps in a folder of his own nobody else moves to another zone; a file that he shut
// nothing opens there, wherever it lay.
func TestMovedStaysPrivate(t *testing.T) {
	base, admin := prepareMoves(t)
	demo, own := base+"/demo", base+"/own"
	if !as(t, "zt-dora", "mkdir -m 1770 "+demo+"/hers") ||
		!as(t, "zt-bruno", "cd "+demo+" && mkdir -m 1770 open hers/open && mkdir -m 700 shut hers/shut && echo secret >open/file && echo secret >hers/file && chmod 600 hers/file && echo secret >file && echo secret >hers/open/file && chmod 600 hers/open/file") {
		t.Fatal("who may write brings nothing")
	}
	for _, name := range []string{"open", "shut", "file", "open/file", "hers/shut"} {
		if as(t, "zt-dora", "mv -T "+demo+"/"+name+" "+own+"/moved") {
			t.Errorf("%s of another's was moved to another zone", name)
		}
	}
	if !as(t, "zt-dora", "mv "+demo+"/hers "+own+"/") {
		t.Fatal("a folder of one's own does not get into another zone: SECURITY.md says it does")
	}
	if _, err := admin.Share("own", "group:zt-acme", Write); err != nil {
		t.Error(err)
	}
	if _, err := admin.Apply("own", Whatever); err != nil {
		t.Error(err)
	}
	if _, err := admin.Take("own", []string{"hers", "open"}); err != nil {
		t.Error(err)
	}
	for _, who := range []string{"zt-dora", "zt-carla"} {
		for _, name := range []string{"hers/file", "hers/open/file"} {
			if as(t, who, "cat "+own+"/"+name) {
				t.Errorf("%s reads %s, which another shut in another zone", who, name)
			}
		}
	}
	if !as(t, "zt-bruno", "cat "+own+"/hers/file") {
		t.Error("who has entered the zone does not get at his own file")
	}
}
