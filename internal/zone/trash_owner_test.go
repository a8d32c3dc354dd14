package zone

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/account"
)

// TestTrashAfterTransfer: who gave his zone away, and is a member of it now, deletes as before; what he deleted while it was his is
// in the trash of the heir.
func TestTrashAfterTransfer(t *testing.T) {
	for _, all := range []bool{false, true} {
		for _, had := range []bool{false, true} { // the heir has a trash there already
			base, _ := needCopy(t)
			dora(t, base)
			admin := newTestAdmin(t, base)
			createDemo(t, admin)
			root := base + "/demo"
			share(t, admin, "user:zt-dora", Write)
			as(t, "zt-anna", "cd "+root+"; umask 027; echo x >first; echo x >second")
			as(t, "zt-dora", "cd "+root+"; umask 027; echo x >hers")
			wantTrash(t, "zt-anna", root, "discard first", "true <nil>")
			want := "first <nil>"
			if had {
				wantTrash(t, "zt-dora", root, "discard hers", "true <nil>")
				want = "first,hers <nil>"
			}
			var err error
			if all {
				anna, _ := account.NewNames().User("zt-anna")
				_, err = admin.TransferAll(anna, "zt-dora")
			} else {
				_, err = admin.Transfer("demo", "zt-dora")
			}
			if err != nil {
				t.Fatal(err)
			}
			wantTrash(t, "zt-dora", root, "list", want)
			share(t, admin, "user:zt-anna", Write)
			as(t, "zt-anna", "cd "+root+"; umask 027; echo x >third")
			wantTrash(t, "zt-anna", root, "discard third", "true <nil>")
			wantTrash(t, "zt-anna", root, "list", "third <nil>")
			wantTrash(t, "zt-dora", root, "restore first", strings.Replace(want, " ", ",third ", 1))
		}
	}
}

// TestTrashOfWrongOwner: what was deleted while a zone was somebody's by a chown is not his to read any more when it is given back.
func TestTrashOfWrongOwner(t *testing.T) {
	for _, mend := range []string{"give back", "apply"} {
		base, admin := needCopy(t)
		createDemo(t, admin)
		root := base + "/demo"
		share(t, admin, "user:zt-carla", Write)
		share(t, admin, "user:zt-bruno", Write)
		as(t, "zt-carla", "cd "+root+"; umask 007; mkdir hers; echo x >hers/file")
		sh(t, "chown zt-bruno "+root)
		wantTrash(t, "zt-carla", root, "discard hers", "true <nil>")
		wantTrash(t, "zt-bruno", root, "list", "hers <nil>")
		var err error
		if mend == "apply" {
			sh(t, "chown zt-anna "+root)
			_, err = admin.Apply("demo", "")
		} else {
			_, err = admin.Transfer("demo", "zt-anna")
		}
		if err != nil {
			t.Fatal(err)
		}
		wantTrash(t, "zt-bruno", root, "list", " <nil>")
		wantTrash(t, "zt-carla", root, "list", "hers <nil>")
		wantTrash(t, "zt-anna", root, "list", "hers <nil>")
		if lists := sh(t, "cd "+root+"; getfacl -pc .shz-trash-* .shz-trash-*/*"); strings.Contains(lists, "zt-bruno") || strings.Count(lists, "default:user:zt-anna:rwx") != 2 {
			t.Errorf("%s: %s", mend, lists)
		}
	}
}

// TestTrashGivesNothing: whatever name a folder gets from who may move it, it is opened for the owner of the zone neither by apply nor by a
// transfer, where it is root's, or another's than whose the trash is, or somebody shut it.
func TestTrashGivesNothing(t *testing.T) {
	for _, act := range []string{"apply", "transfer"} {
		base, _ := needCopy(t)
		dora(t, base)
		admin := newTestAdmin(t, base)
		createDemo(t, admin)
		root := base + "/demo"
		share(t, admin, "user:zt-bruno", Write)
		share(t, admin, "user:zt-carla", Write)
		const deletion = "/20260101T000000.000000000Z-ABCDEFGHIJKL"
		sh(t, "cd "+root+"; umask 022; mkdir -m 700 secret; echo x >secret/file; mkdir .shz-trash-8; mkdir -m 700 .shz-trash-8"+deletion+"; echo x >.shz-trash-8"+deletion+"/file")
		as(t, "zt-bruno", "mkdir -m 1770 "+root+"/his")
		as(t, "zt-carla", "cd "+root+"; umask 027; mkdir -m 700 his/hers his"+deletion+" shut; echo x >his/hers/file; echo x >his"+deletion+"/file; echo x >shut/file; mkdir -m 700 bare; setfacl -b -k bare; echo x >bare/file; echo x >thrown")
		wantTrash(t, "zt-carla", root, "discard thrown", "true <nil>")
		if !as(t, "zt-bruno", "mv "+root+"/his "+root+"/.shz-trash-9") ||
			!as(t, "zt-anna", "cd "+root+"; mv secret .shz-trash-7; mv shut .shz-trash-10; mv bare .shz-trash-11") {
			t.Fatal("not moved")
		}
		shut := []string{".shz-trash-7/file", ".shz-trash-8" + deletion + "/file", ".shz-trash-9/hers/file", ".shz-trash-9" + deletion + "/file", ".shz-trash-10/file", ".shz-trash-11/file"}
		lists := "getfacl -pnc " + root + "/.shz-trash-[78] " + root + "/.shz-trash-8/* | grep mask" // a transfer changes names
		before := sh(t, lists)
		var report Report
		var err error
		owner := "zt-anna"
		if act == "apply" {
			report, err = admin.Apply("demo", "")
		} else {
			owner = "zt-dora"
			report, err = admin.Transfer("demo", owner)
		}
		if err != nil {
			t.Fatal(err)
		}
		if after := sh(t, lists); after != before {
			t.Errorf("%s: what is root's has become\n%s", act, after)
		}
		for _, path := range shut {
			if as(t, owner, "cat "+root+"/"+path) {
				t.Errorf("%s: %s gets in: %s", act, owner, path)
			}
		}
		if !slices.ContainsFunc(report.Skipped, func(s Skipped) bool { return s.Path == ".shz-trash-7" && s.Reason == SkipOwner }) {
			t.Errorf("%s: %+v", act, report)
		}
		wantTrash(t, owner, root, "list", "thrown <nil>")
	}
}

// TestTrashWithoutRoom: a folder called as a trash whose lists cannot be written is told, and keeps nothing else from being done.
func TestTrashWithoutRoom(t *testing.T) {
	for _, act := range []string{"apply", "transfer"} {
		base, _ := needCopy(t)
		dora(t, base)
		admin := newTestAdmin(t, base)
		createDemo(t, admin)
		root := base + "/demo"
		share(t, admin, "user:zt-bruno", Write)
		as(t, "zt-bruno", "cd "+root+"; mkdir .shz-trash-7; setfacl -b -k .shz-trash-7; for size in 1000 100 10 1; do for i in $(seq 99); do "+
			"setfattr -n user.$size.$i -v $(printf %0${size}d 0) .shz-trash-7 2>/dev/null || break; done; done")
		as(t, "zt-anna", "cd "+root+"; umask 077; mkdir hers; setfacl -b -k hers")
		var report Report
		var err error
		if act == "apply" {
			report, err = admin.Apply("demo", "")
		} else {
			report, err = admin.Transfer("demo", "zt-dora")
		}
		if err != nil {
			t.Errorf("%s: %v", act, err)
		}
		if !slices.ContainsFunc(report.Skipped, func(s Skipped) bool { return s.Path == ".shz-trash-7" && s.Reason == SkipFull }) || !report.unfinished {
			t.Errorf("%s: %+v", act, report)
		}
		if act == "apply" && !strings.Contains(getfacl(t, root+"/hers"), "user:zt-bruno:rwx") {
			t.Error("the content was not gone through")
		}
		if owner := sh(t, "stat -c %U "+root); act == "transfer" && owner != "zt-dora" {
			t.Error(owner)
		}
	}
}

// TestWrongOwner: a zone that was given away by a chown goes back to whose it was, not to a manager who is a member of it; until
// then nothing in it is given to its owner.
func TestWrongOwner(t *testing.T) {
	base, _ := needCopy(t)
	dora(t, base)
	sh(t, `low=$(id -u zt-anna); while getent passwd $low >/dev/null; do low=$((low - 1)); done
		useradd -u $low -N -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -M -G shzbase,shzmgr zt-early`)
	defer sh(t, "userdel zt-early")
	admin := newTestAdmin(t, base)
	createDemo(t, admin)
	root := base + "/demo"
	for _, user := range []string{"zt-early", "zt-dora", "zt-bruno"} {
		share(t, admin, "user:"+user, Write)
	}
	as(t, "zt-dora", "mkdir "+root+"/hers")
	sh(t, "chown zt-bruno "+root)
	found, _ := check(t, admin)
	if len(found) == 0 || found[0].Kind != DriftOwner || found[0].Right != "zt-anna" || !slices.Equal(found[0].Mend, MendOwner("demo", "zt-anna")) {
		t.Errorf("%+v", found)
	}
	if _, err := admin.Take("demo", []string{"hers"}); !errors.Is(err, ErrOwner) || sh(t, "stat -c %U "+root+"/hers") != "zt-dora" {
		t.Errorf("taken: %v", err)
	}
}

// TestShareTellsOwnersWhoLose: of a group that may only read now, not the owner of the zone, nor who may write by himself.
func TestShareTellsOwnersWhoLose(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	root := base + "/demo"
	sh(t, "usermod -aG zt-acme zt-anna; usermod -aG zt-acme zt-bruno")
	defer sh(t, "gpasswd -d zt-anna zt-acme; gpasswd -d zt-bruno zt-acme")
	admin = newTestAdmin(t, base)
	share(t, admin, "group:zt-acme", Write)
	share(t, admin, "user:zt-bruno", Write)
	as(t, "zt-anna", "mkdir -m 1770 "+root+"/annas")
	as(t, "zt-bruno", "mkdir -m 1770 "+root+"/brunos")
	as(t, "zt-carla", fmt.Sprintf("mkdir -m 1770 %s/carlas %[1]s/%sX", root, growingPrefix))
	report := share(t, admin, "group:zt-acme", Read)
	var told []string
	for _, s := range report.Skipped {
		told = append(told, s.Path+" "+string(s.Reason))
	}
	if !slices.Equal(told, []string{"carlas owns"}) {
		t.Errorf("%q", told)
	}
}

// TestShareTellsAll: many folders of the principal's own are named and counted once, with what else is told, and the change is
// finished.
func TestShareTellsAll(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	root := base + "/demo"
	share(t, admin, "user:zt-bruno", Write)
	as(t, "zt-bruno", "cd "+root+"; for i in $(seq 130); do mkdir -m 1770 his$i; done")
	sh(t, "cd "+root+"; for i in $(seq 20); do mkdir roots$i; done")
	report := share(t, admin, "user:zt-bruno", Read)
	if len(report.Skipped) != maxSkips || len(report.Skipped)+report.More != 150 || report.unfinished {
		t.Errorf("%d named and %d more, unfinished: %v", len(report.Skipped), report.More, report.unfinished)
	}
	bruno, _ := admin.names.UserID("zt-bruno")
	h := hold(t, admin)
	defer h.Release()
	entry, err := admin.entryFor("user:zt-bruno", Read, h.stat.Uid)
	if err != nil || entry.ID != bruno || isNarrowing(h.fd, entry) {
		t.Errorf("still being taken away: %v", err)
	}
}

// TestCheckTrash: who gets at more in a trash than he should is found, with what lies there and was made open, and mended by apply; a stranger's
// thing is told; what has the name of another's trash is told, and goes by a removal, which takes nobody's own trash.
func TestCheckTrash(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	root := base + "/demo"
	share(t, admin, "user:zt-bruno", Write)
	share(t, admin, "user:zt-carla", Write)
	as(t, "zt-carla", "cd "+root+"; umask 007; mkdir -m 1770 hers; echo x >hers/file; chmod 640 hers/file; echo x >shut; chmod 600 shut; mkdir -m 1700 closed")
	for _, name := range []string{"hers", "shut", "closed"} {
		wantTrash(t, "zt-carla", root, "discard "+name, "true <nil>")
	}
	if found, short := check(t, admin); short != nil {
		t.Fatalf("nothing is wrong yet: %+v", found)
	}
	carla, _ := admin.names.UserID("zt-carla")
	trash := trashName(carla)
	at := sh(t, "cd "+root+"; echo "+trash+"/*/hers")
	deletion, _, _ := strings.Cut(strings.TrimPrefix(at, trash+"/"), "/")
	sh(t, "cd "+root+"; setfacl -m u:zt-bruno:rwx "+trash+"; setfacl -m u:zt-bruno:r-x,d:u:zt-bruno:r-x "+trash+"/"+deletion+"; chmod 666 "+at+"/file; setfacl -n -m u:zt-staff:r "+at)
	want := []string{trash + " extra", trash + "/" + deletion + " extra", at + " extra", at + "/file other", at + "/file wide"}
	slices.Sort(want)
	if found, short := check(t, admin); !slices.Equal(short, want) || slices.ContainsFunc(found, func(d Drift) bool { return !d.Apply }) {
		t.Errorf("found %+v, want %q", found, want)
	}
	if _, err := admin.Apply("demo", ""); err != nil {
		t.Error(err)
	}
	if found, short := check(t, admin); short != nil {
		t.Errorf("after apply: %+v", found)
	}
	sh(t, "chown root: "+root+"/"+at+"/file")
	if found, short := check(t, admin); !slices.Equal(short, []string{at + "/file owner"}) || found[0].Apply || len(found[0].Mend) != 0 {
		t.Errorf("%+v", found)
	}
	sh(t, "chown zt-carla: "+root+"/"+at+"/file")

	// The name of another's.
	sh(t, "mkdir -m 700 "+base+"/.closed")
	bruno, _ := admin.names.UserID("zt-bruno")
	as(t, "zt-carla", "cd "+root+"; umask 007; mkdir -m 1770 "+trashName(bruno)+"; echo x >"+trashName(bruno)+"/file; chmod 640 "+trashName(bruno)+"/file")
	found, _ := check(t, admin)
	if !slices.ContainsFunc(found, func(d Drift) bool {
		return d.Path == trashName(bruno) && d.Kind == DriftReserved && d.Found == "zt-carla" && !d.Apply
	}) {
		t.Errorf("%+v", found)
	}
	if err := admin.Remove("demo", []string{trash}); !errors.Is(err, ErrReserved) || !exists(root+"/"+at) {
		t.Errorf("carla's own trash: %v", err)
	}
	if err := admin.Remove("demo", []string{trashName(bruno)}); err != nil || exists(root+"/"+trashName(bruno)) {
		t.Errorf("%v", err)
	}
	if found, short := check(t, admin); short != nil {
		t.Errorf("%+v", found)
	}
}
