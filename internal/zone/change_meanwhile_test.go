package zone

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// dora is one more manager.
func dora(t *testing.T, base string) {
	t.Helper()
	sh(t, "getent passwd zt-dora >/dev/null || useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -M -G shzbase,shzmgr zt-dora; mkdir -p -m 700 "+base+"/.closed")
}

// TestShareWhileGrowing: a folder that is being unpacked while its zone is shared, or taken from somebody, has the rights that hold when it appears.
func TestShareWhileGrowing(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	for _, row := range []struct {
		name, principal, reader string
		access                  Access
		reads                   bool
	}{{"given", "user:zt-carla", "zt-carla", Read, true}, {"taken", "user:zt-bruno", "zt-bruno", Drop, false}, {"changed", "user:zt-carla", "zt-carla", Write, true}} {
		t.Run(row.name, func(t *testing.T) {
			share(t, admin, "user:zt-bruno", Write)
			zone := objectAt(t, root)
			in := &meanwhile{listed: listed{entries: []string{"a/b=1"}}, act: func() {
				sh(t, "chown zt-anna: "+root+"/"+growingPrefix+"*")
				if report := share(t, admin, row.principal, row.access); report.Incomplete() {
					t.Errorf("%+v", report)
				}
				if row.reads && as(t, row.reader, "ls "+root+"/"+growingPrefix+"*") {
					t.Error("what grows is open to others")
				}
			}}
			if _, _, err := zone.Unpack(in, row.name, ExistsFail, Reserve{}, nil, nil); err != nil {
				t.Fatal(err)
			}
			sh(t, "chown -R zt-anna: "+root+"/"+row.name)
			if got := as(t, row.reader, "ls "+root+"/"+row.name+" && cat "+root+"/"+row.name+"/a/b"); got != row.reads {
				t.Errorf("%s reads it: %v\n%s", row.reader, got, sh(t, "getfacl -Rp "+root+"/"+row.name))
			}
			if got := as(t, "zt-carla", "cat "+root+"/"+row.name+"/a/b"); !got {
				t.Error("carla does not read it")
			}
		})
	}
}

// TestShareReusedNumbers: a file that has got the number of one which was seen before it was deleted is looked at.
func TestShareReusedNumbers(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	for _, row := range []struct {
		access Access
		want   string
	}{{Read, "300"}, {Drop, "0"}} {
		if row.access == Drop {
			share(t, admin, "user:zt-bruno", Write)
		}
		sh(t, "cd "+root+"; rm -f sub/deep/n*; for i in $(seq 300); do echo x > f$i; done; chown zt-anna: f*; chmod 640 f*")
		if row.access == Drop {
			share(t, admin, "user:zt-bruno", Write)
		}
		replaced := false
		admin.Progress = func(int) {
			if replaced {
				return
			}
			replaced = true
			sh(t, "rm "+root+"/f*")
			as(t, "zt-anna", "umask 027; cd "+root+"/sub/deep; for i in $(seq 300); do echo secret > n$i; done")
		}
		report := share(t, admin, "user:zt-bruno", row.access)
		admin.Progress = nil
		if got := sh(t, "cd "+root+"/sub/deep; getfacl -p n* | grep -c user:zt-bruno || true"); got != row.want || !replaced || report.Incomplete() {
			t.Errorf("%s: %s of 300 have the entry, want %s; %+v", row.access, got, row.want, report)
		}
	}
}

// TestShareOwnFolders: a folder of his own lets somebody do more than he is given. That is told, by the change and by the check, and taking
// it mends it.
func TestShareOwnFolders(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	finds := func(path string) bool {
		found, _ := check(t, admin)
		return slices.ContainsFunc(found, func(d Drift) bool { return d.Path == path && d.Kind == DriftOwns && len(d.Mend) == 1 })
	}
	for _, row := range []struct{ principal, user string }{{"user:zt-bruno", "zt-bruno"}, {"group:zt-acme", "zt-carla"}} {
		his := "of-" + row.user
		share(t, admin, row.principal, Write)
		if !as(t, row.user, "umask 007; mkdir -m 1770 "+root+"/"+his) {
			t.Fatal("no folder")
		}
		if finds(his) {
			t.Errorf("%s may write, and his folder is a finding", row.user)
		}
		for _, access := range []Access{Read, Drop} {
			report := share(t, admin, row.principal, access)
			if !slices.Contains(report.Skipped, Skipped{Path: his, Reason: SkipOwns}) || !report.Incomplete() {
				t.Errorf("%s=%s: %+v", row.principal, access, report)
			}
		}
		share(t, admin, row.principal, Read)
		if !finds(his) {
			t.Errorf("the check does not find the folder of %s", row.user)
		}
		if _, err := admin.Take("demo", []string{his}); err != nil {
			t.Fatal(err)
		}
		if as(t, row.user, "echo x > "+root+"/"+his+"/after") || finds(his) {
			t.Errorf("%s writes in the folder that was taken, or it is a finding yet", row.user)
		}
		if report := share(t, admin, row.principal, None); report.Incomplete() {
			t.Errorf("%+v", report)
		}
	}
}

// TestShareFullDisk: a full disk is no full list, and what could not be taken away is taken away by the next change.
func TestShareFullDisk(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	for _, id := range []string{"20000", "20001", "20002", "20003", "20004", "20005"} {
		sh(t, "setfacl -R -m u:"+id+":rwx,d:u:"+id+":rwx "+root)
	}
	sh(t, "mkdir -m 1770 "+root+"/x{1..50}; chown zt-anna "+root+"/x*; dd if=/dev/zero of="+base+"/big bs=1M 2>/dev/null; for i in $(seq 2000); do echo x > "+base+"/s$i 2>/dev/null || break; done")
	report, err := admin.Share("demo", "user:zt-bruno", Read)
	if errors.Is(err, ErrTooMany) || slices.ContainsFunc(report.Skipped, func(s Skipped) bool { return s.Reason == SkipFull }) {
		t.Errorf("a full disk is told as a full list: %v %+v", err, report)
	}
	report, err = admin.Share("demo", "user:20001", None)
	t.Logf("%+v %v", report, err)
	if err == nil && !report.Incomplete() {
		t.Skip("there was room for it after all")
	}
	sh(t, "rm "+base+"/big "+base+"/s*")
	if report, err := admin.Share("demo", "user:20001", None); err != nil || report.Incomplete() {
		t.Errorf("%+v %v", report, err)
	}
	if left := sh(t, "getfacl -Rnp "+root+" | grep -c :20001: || true"); left != "0" || sh(t, "getfattr -d -m trusted.shz.narrowing "+root) != "" {
		t.Errorf("%s entries are left, or the record", left)
	}
}

// TestTransferLeavesNothing: the old owner has nothing by an entry that he gave himself.
func TestTransferLeavesNothing(t *testing.T) {
	base, _ := needCopy(t)
	dora(t, base)
	admin := newTestAdmin(t, base)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	as(t, "zt-anna", "setfacl -m u:zt-anna:rwx "+root)
	share(t, admin, "user:zt-dora", Read)
	if report, err := admin.Transfer("demo", "zt-dora"); err != nil || report.Incomplete() {
		t.Fatalf("%+v %v", report, err)
	}
	if as(t, "zt-anna", "ls "+root) || !as(t, "zt-dora", "cat "+root+"/a && rm "+root+"/a") {
		t.Errorf("the old owner gets in, or the new one does not:\n%s", getfacl(t, root))
	}
	if found, _ := check(t, admin); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

// TestTransferAllOfAMember: who takes over everything of somebody who was a member of his own zone changes nothing of the lists there.
func TestTransferAllOfAMember(t *testing.T) {
	base, _ := needCopy(t)
	dora(t, base)
	admin := newTestAdmin(t, base)
	if err := admin.Create("demo", "zt-dora", Metadata{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	share(t, admin, "user:zt-anna", Write)
	as(t, "zt-dora", "umask 007; mkdir -m 1770 "+base+"/demo/sub; echo x > "+base+"/demo/sub/f; chmod 640 "+base+"/demo/sub/f")
	anna, _ := admin.names.User("zt-anna")
	if _, err := admin.TransferAll(anna, "zt-dora"); err != nil {
		t.Fatal(err)
	}
	if found, _ := check(t, admin); len(found) > 0 || !as(t, "zt-anna", "cat "+base+"/demo/sub/f") {
		t.Errorf("she does not read on: %+v", found)
	}
}

// TestApplyKeepsDefaultMask: who has folders made so that nothing new in them is anybody's but the owner's keeps that.
func TestApplyKeepsDefaultMask(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	share(t, admin, "user:zt-bruno", Write)
	share(t, admin, "group:zt-acme", Read)
	as(t, "zt-bruno", "umask 007; mkdir -m 1770 "+root+"/his; setfacl -d -m m::--- "+root+"/his")
	sh(t, "setfacl -d -x g:zt-acme "+root+"/his; setfacl -d -m m::--- "+root+"/his") // and something to mend
	if _, err := admin.Apply("demo", ""); err != nil {
		t.Fatal(err)
	}
	as(t, "zt-bruno", "umask 022; echo private > "+root+"/his/new")
	if as(t, "zt-carla", "cat "+root+"/his/new") || !strings.Contains(getfacl(t, root+"/his"), "default:group:zt-acme:r-x") {
		t.Errorf("after apply:\n%s", getfacl(t, root+"/his"))
	}
	found, _ := check(t, admin)
	if len(found) != 2 || found[0].Kind != DriftShut || found[0].Found != "default:mask::---" || found[1].Path != "his/new" || found[1].Kind != DriftShut || found[1].Owner != "zt-bruno" {
		t.Errorf("%+v", found)
	}
	if _, err := admin.Open("demo", []string{"his", "new"}); err != nil || !as(t, "zt-carla", "cat "+root+"/his/new") {
		t.Errorf("%v\n%s", err, getfacl(t, root+"/his/new"))
	}
	if _, err := admin.Take("demo", []string{"his"}); err != nil {
		t.Fatal(err)
	}
	if found, _ := check(t, admin); len(found) > 0 {
		t.Errorf("after it was taken: %+v", found)
	}
	// Of the zone itself: its own decision, too.
	sh(t, "setfacl -d -m m::r-x "+root)
	if _, err := admin.Apply("demo", ""); err != nil || !strings.Contains(getfacl(t, root), "default:mask::r-x") {
		t.Errorf("%v\n%s", err, getfacl(t, root))
	}
	if err := admin.Unshut("demo"); err != nil {
		t.Fatal(err)
	}
	if found, _ := check(t, admin); len(found) > 0 {
		t.Errorf("after it was opened: %+v", found)
	}
}

// TestShareFollowsARename: a folder that is renamed between reading its name and opening it is found under the new one.
func TestShareFollowsARename(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	sh(t, "cd "+root+"; mkdir -m 1770 a m z; echo x > m/file; chmod 640 m/file; chown -R zt-anna: .; setfacl -n -m u:zt-bruno:rx,d:u:zt-bruno:rx a z")
	renamed := false
	admin.Progress = func(int) {
		if renamed {
			return
		}
		renamed = true
		if err := os.Rename(filepath.Join(root, "m"), filepath.Join(root, "n")); err != nil {
			t.Error(err)
		}
	}
	share(t, admin, "user:zt-bruno", Read)
	if !as(t, "zt-bruno", "cat "+root+"/n/file") || !renamed {
		t.Error("what was renamed meanwhile was not shared")
	}
}
