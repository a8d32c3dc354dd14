package zone

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// share calls Share and expects that nothing is refused.
func share(t *testing.T, admin *Admin, principal string, access Access) Report {
	t.Helper()
	report, err := admin.Share("demo", principal, access)
	if err != nil {
		t.Fatalf("%s=%s: %v", principal, access, err)
	}
	return report
}

// fill puts into the zone what its owner and a writer would bring, with the modes that the request side uses.
func fill(t *testing.T, root string) {
	t.Helper()
	if !as(t, "zt-anna", "umask 007; cd "+root+" && mkdir -m 1770 sub sub/deep && for f in a sub/b sub/deep/c; do echo hello > $f; chmod 640 $f; done") {
		t.Fatal("the owner may not fill her zone")
	}
}

// What the kernel lets a member do after each way of sharing, whatever the order in which content and member came.
func TestShareRights(t *testing.T) {
	type can struct{ list, read, readDeep, bring, bringDeep, spoil, remove bool }
	expected := map[Access]can{
		Read:  {list: true, read: true, readDeep: true},
		Write: {list: true, read: true, readDeep: true, bring: true, bringDeep: true},
		Drop:  {bring: true},
		None:  {},
	}
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	look := func(user string) can {
		c := asEach(t, user, "ls "+root, "cat "+root+"/a", "cat "+root+"/sub/deep/c", "echo x > "+root+"/new-$$", "echo x > "+root+"/sub/deep/new-$$",
			"echo spoilt >> "+root+"/sub/b", "rm -f "+root+"/sub/deep/c "+root+"/a")
		return can{list: c[0], read: c[1], readDeep: c[2], bring: c[3], bringDeep: c[4], spoil: c[5], remove: c[6]}
	}
	steps := []Access{Read, Write, Read, Drop, Write, Drop, Read, None, Write, None, Drop, None, None, Write, Write}
	for _, p := range []struct{ principal, user string }{{"user:zt-bruno", "zt-bruno"}, {"group:zt-acme", "zt-carla"}} {
		for i, access := range steps {
			share(t, admin, p.principal, access)
			if got := look(p.user); got != expected[access] {
				t.Errorf("%s, step %d, %s: %+v, want %+v", p.principal, i, access, got, expected[access])
			}
			sh(t, "rm -rf "+root+"/sub "+root+"/a "+root+"/new-*")
			fill(t, root) // what comes after sharing is shared too
			if got := look(p.user); got != expected[access] {
				t.Errorf("%s, step %d, %s, new content: %+v, want %+v", p.principal, i, access, got, expected[access])
			}
		}
		share(t, admin, p.principal, None)
	}
	if got := getfacl(t, root); strings.Contains(got, "bruno") || strings.Contains(got, "acme") {
		t.Errorf("entries are left:\n%s", got)
	}
}

// A zone that lost its lists, or its default one, gets them back by being shared: its owner reads what is brought from then on.
func TestShareWithoutLists(t *testing.T) {
	for _, damage := range []string{"setfacl -b -k", "setfacl -k", "setfacl -d -x u:zt-anna"} {
		base, admin := needCopy(t)
		root := base + "/demo"
		createDemo(t, admin)
		sh(t, damage+" "+root)
		share(t, admin, "user:zt-bruno", Write)
		if got := getfacl(t, root); !strings.Contains(got, "default:user:zt-anna:rwx") {
			t.Errorf("%s: the owner is not in the default list:\n%s", damage, got)
		}
		sh(t, "setfacl -n -m m::rwx "+root) // what the page's button for a shut zone does
		if !as(t, "zt-bruno", "umask 007; mkdir -m 1770 "+root+"/his && echo x > "+root+"/his/file && chmod 640 "+root+"/his/file") || !as(t, "zt-anna", "cat "+root+"/his/file") {
			t.Errorf("%s: the owner cannot read what was brought", damage)
		}
	}
	base, admin := needCopy(t)
	createDemo(t, admin)
	sh(t, "chown zt-carla "+base+"/demo") // by mistake: she may own none
	if share(t, admin, "user:zt-bruno", Read); strings.Contains(getfacl(t, base+"/demo"), "default:user:zt-carla") {
		t.Error("who got the zone by mistake gets into the default list")
	}
}

// Rights that were being taken away when the process was killed are taken away by the next one, whatever it is asked for: also
// from what is not Share Zone's, to which nothing is given.
func TestShareNarrowing(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	record := func() bool {
		return sh(t, "getfattr -d -m trusted.shz.narrowing --absolute-names "+root) != ""
	}
	for _, next := range []Access{Read, Write, Drop, None} {
		createDemo(t, admin)
		share(t, admin, "user:zt-bruno", Write)
		sh(t, "mkdir -m 755 "+root+"/restored; echo x >"+root+"/restored/file; setfacl -R -m u:zt-bruno:rwx "+root+"/restored")
		// As the killed one leaves it: the record first, then the root, and nothing below.
		h, err := admin.hold("demo")
		must(t, err)
		id, _ := admin.names.UserID("zt-bruno")
		must(t, beginNarrowing(h.fd, acl.Entry{Tag: acl.User, ID: id}, ""))
		h.Release()
		sh(t, "setfacl -n -x u:zt-bruno,d:u:zt-bruno "+root)
		if !record() {
			t.Fatal("no record")
		}
		share(t, admin, "user:zt-bruno", next)
		if list := sh(t, "getfacl -cpR "+root+"/restored"); strings.Contains(list, "zt-bruno") {
			t.Errorf("%s: left:\n%s", next, list)
		}
		if record() {
			t.Errorf("%s: the record stays", next)
		}
		sh(t, "rm -rf "+root)
	}
	createDemo(t, admin)
	fill(t, root)
	share(t, admin, "user:zt-bruno", Write)
	during := false
	admin.Progress = func(int) { during = during || record() }
	share(t, admin, "user:zt-bruno", Read)
	if !during || record() {
		t.Errorf("a downgrade: record during the walk: %v, afterwards: %v", during, record())
	}
}

// The entries themselves, as getfacl shows them.
func TestShareEntries(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	report := share(t, admin, "user:zt-bruno", Write)
	share(t, admin, "group:zt-acme", Drop)
	if report.Folders != 2 || report.Files != 3 || len(report.Skipped) != 0 || report.Shut {
		t.Errorf("%+v", report)
	}
	const access = "user::rwx\nuser:zt-anna:rwx\nuser:zt-bruno:rwx\ngroup::---\nmask::rwx\nother::---\n"
	const inherited = "default:user::rwx\ndefault:user:zt-anna:rwx\ndefault:user:zt-bruno:rwx\ndefault:group::---\n" +
		"default:mask::rwx\ndefault:other::---"
	if got := getfacl(t, root); got != "user::rwx\nuser:zt-bruno:rwx\ngroup::---\ngroup:zt-acme:-wx\nmask::rwx\nother::---\n"+inherited {
		t.Errorf("root:\n%s", got)
	}
	if got := getfacl(t, root+"/sub/deep"); got != access+inherited {
		t.Errorf("folder:\n%s", got)
	}
	const file = "user::rw-\nuser:zt-anna:rwx\t#effective:r--\nuser:zt-bruno:rwx\t#effective:r--\ngroup::---\nmask::r--\nother::---"
	if got := getfacl(t, root+"/sub/b"); got != file {
		t.Errorf("file:\n%s", got)
	}
	if again := share(t, admin, "user:zt-bruno", Write); again.Folders+again.Files != 0 {
		t.Errorf("the same again changed %+v", again)
	}
	share(t, admin, "user:zt-bruno", None)
	if got := sh(t, "getfacl -Rp "+root+" | grep -c bruno; true"); got != "0" {
		t.Errorf("%s entries are left", got)
	}
	if got := sh(t, "getfacl -Rp "+root+" | grep -c zt-anna:rwx; true"); got != "8" {
		t.Errorf("the owner's entries were touched: %s of 8 left", got)
	}
}

// A file that its owner closed stays closed, and so does a folder; a zone that was shut is not opened.
func TestShareNeverWidensAMask(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	sh(t, "cd "+root+"; chmod 600 a; setfacl -b sub/b; chmod 604 sub/b; setfacl -bk sub/deep; chmod 700 sub/deep")
	share(t, admin, "user:zt-bruno", Write)
	// With an empty mask the kernel does not look at the entries at all, and others are those of the mode: as before.
	for path, may := range map[string]bool{"a": false, "sub/b": true, "sub/deep": false, "sub": true} {
		if as(t, "zt-bruno", "ls "+root+"/"+path+" && cd "+root+"; test -d "+path+" && ls "+path+" || cat "+path) != may {
			t.Errorf("%s: may %v\n%s", path, !may, getfacl(t, root+"/"+path))
		}
	}
	if got := sh(t, "cd "+root+"; stat -c %a a sub/b sub/deep | paste -sd' '"); got != "600 604 1700" && got != "600 604 700" {
		t.Errorf("modes: %s", got)
	}
	sh(t, "chmod 1700 "+root)
	if report := share(t, admin, "user:zt-carla", Read); !report.Shut {
		t.Error("that the zone is shut was not said")
	}
	if as(t, "zt-carla", "ls "+root) || as(t, "zt-bruno", "ls "+root) {
		t.Error("a shut zone was opened")
	}
}

func TestShareRefuses(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	share(t, admin, "user:zt-bruno", Write)
	before := sh(t, "getfacl -Rp "+root)
	for _, c := range []struct {
		zone, principal string
		access          Access
		want            error
	}{
		{"nothing", "user:zt-bruno", Read, ErrNotThere},
		{"../demo", "user:zt-bruno", Read, ErrName},
		{"demo", "zt-bruno", Read, ErrPrincipal},
		{"demo", "users:zt-bruno", Read, ErrPrincipal},
		{"demo", "user:", Read, ErrPrincipal},
		{"demo", "", None, ErrPrincipal},
		{"demo", "user:zt-nobody", Read, ErrNoSuchUser},
		{"demo", "user:-rf", Read, ErrNoSuchUser},
		{"demo", "user:7001", Read, ErrNoSuchUser},
		{"demo", "user:" + sh(t, "id -u zt-bruno"), Read, ErrNoSuchUser}, // a number is no name
		{"demo", "user:4294967295", None, ErrNoSuchUser},
		{"demo", "user:-1", None, ErrNoSuchUser},
		{"demo", "group:zt-nobody", Read, ErrNoSuchGroup},
		{"demo", "user:zt-staff", Read, ErrNotInBase},
		{"demo", "user:root", Write, ErrNotInBase},
		{"demo", "user:zt-anna", Read, ErrIsOwner},
		{"demo", "user:zt-anna", None, ErrIsOwner},
	} {
		if _, err := admin.Share(c.zone, c.principal, c.access); !errors.Is(err, c.want) {
			t.Errorf("%s %s=%s: %v, want %v", c.zone, c.principal, c.access, err, c.want)
		}
	}
	for _, access := range []Access{"", Own, "execute"} {
		if _, err := admin.Share("demo", "user:zt-carla", access); err == nil {
			t.Errorf("access %q was taken", access)
		}
	}
	if sh(t, "getfacl -Rp "+root) != before {
		t.Error("something changed")
	}
	sh(t, "setfacl -m u:7001:rwx,d:u:7001:rwx "+root+" "+root+"/sub; setfacl -n -m g:7003:r "+root+"/a")
	share(t, admin, "user:7001", None)
	share(t, admin, "group:7003", None)
	if sh(t, "getfacl -Rp "+root) != before {
		t.Error("entries of nobody are left")
	}
}

// What is not content of the zone is left as it is, and said.
func TestShareSkips(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	sh(t, "cd "+root+`; mkdir -p ../other mnt roots; mount -t tmpfs tmpfs mnt; touch mnt/in ../other/secret roots/in of-root
		chown -R zt-anna mnt ../other; chown zt-anna roots/in; ln ../other/secret hard; ln -s ../other/secret link
		ln -s /nowhere dangling; mkfifo fifo; mknod null c 1 3; touch .shz-upload-1 $'odd\n\xff name'
		chown zt-anna .shz-upload-1 odd* mnt; chown -h zt-anna link dangling fifo null`)
	defer sh(t, "umount "+root+"/mnt")
	untouched := func() string {
		return sh(t, "cd "+root+"; getfacl -p ../other/secret hard null fifo of-root roots roots/in .shz-upload-1 mnt/in mnt 2>&1; ls -l /dev/null")
	}
	before := untouched()
	report := share(t, admin, "user:zt-bruno", Write)
	var got []string
	for _, s := range report.Skipped {
		got = append(got, fmt.Sprintf("%q %s", s.Path, s.Reason))
	}
	slices.Sort(got)
	want := []string{`".shz-upload-1" upload`, `"dangling" kind`, `"fifo" kind`, `"hard" linked`, `"link" kind`, `"mnt" mount`,
		`"null" kind`, `"of-root" owner`, `"roots" owner`}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if after := untouched(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if !as(t, "zt-bruno", "cat "+root+"/odd*") {
		t.Error("a name that is not UTF-8 was not shared")
	}
	// Taking away needs no owner of ours.
	sh(t, "setfacl -m u:zt-bruno:rwx "+root+"/of-root "+root+"/roots "+root+"/roots/in")
	share(t, admin, "user:zt-bruno", None)
	if got := sh(t, "cd "+root+"; getfacl -p of-root roots roots/in | grep -c bruno; true"); got != "0" {
		t.Errorf("%s entries are left", got)
	}
}

// What has a reserved name is told as what it is: an upload, somebody's trash, what was put aside, or none of these.
func TestShareTellsReservedNames(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	share(t, admin, "user:zt-bruno", Read)
	sh(t, "cd "+root+`; mkdir -p .shz-trash-7/20260101T000000-X/sub in; chown -R zt-bruno .shz-trash-7; chown zt-anna in
		touch .shz-put-A in/.shz-upload-B in/.shz-done-B .shz-removed-1 in/.shz-away-C-x .shz-grow-D in/.shz-trash-8 .shz-x .shz-trash-9
		touch .shz-trash-7/20260101T000000-X/sub/.shz-upload-E .shz-trash-7/20260101T000000-X/two
		ln .shz-trash-7/20260101T000000-X/two .shz-trash-7/20260101T000000-X/too
		chown zt-bruno .shz-[!t]* in/.shz-* .shz-trash-9 .shz-trash-7/*/*`)
	want := []string{".shz-grow-D left", ".shz-put-A upload", ".shz-removed-1 left", ".shz-trash-7/20260101T000000-X/sub/.shz-upload-E trash",
		".shz-trash-7/20260101T000000-X/too linked", ".shz-trash-7/20260101T000000-X/two linked", ".shz-trash-9 trash", ".shz-x reserved",
		"in/.shz-away-C-x left", "in/.shz-done-B upload", "in/.shz-trash-8 reserved", "in/.shz-upload-B upload"}
	applied, err := admin.Apply("demo", Whatever)
	if err != nil {
		t.Fatal(err)
	}
	for how, report := range map[string]Report{"share": share(t, admin, "user:zt-bruno", Write), "apply": applied} {
		var told []string
		for _, s := range report.Skipped {
			told = append(told, s.Path+" "+string(s.Reason))
		}
		if slices.Sort(told); !slices.Equal(told, want) {
			t.Errorf("%s: got\n%q, wanted\n%q", how, told, want)
		}
	}
}

// Flat in memory and descriptors: a thousand levels, a folder of 100,000 entries.
func TestShareLargeTrees(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	const levels, files = 1000, 100_000
	uid := 0
	fmt.Sscan(sh(t, "id -u zt-anna"), &uid)
	dir, err := unix.Open(root, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range levels { // a path of 200,000 bytes, so step by step
		name := strings.Repeat("n", 200)
		if i == 500 {
			for n := range files {
				fd, err := unix.Openat(dir, fmt.Sprintf("f%d", n), unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o640)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(unix.Fchown(fd, uid, uid), unix.Close(fd)); err != nil {
					t.Fatal(err)
				}
			}
		}
		err := errors.Join(unix.Mkdirat(dir, name, 0o1770), unix.Fchownat(dir, name, uid, uid, 0))
		if err != nil {
			t.Fatal(err)
		}
		next, err := unix.Openat(dir, name, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(dir)
		dir = next
	}
	defer unix.Close(dir)

	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = 40
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	added, err1 := admin.Share("demo", "user:zt-bruno", Read)
	list, err2 := acl.Access(dir)
	removed, err3 := admin.Share("demo", "user:zt-bruno", None)
	if err := errors.Join(err1, err2, err3, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)); err != nil {
		t.Fatal(err)
	}
	for _, r := range []Report{added, removed} {
		if r.Folders != levels || r.Files != files || len(r.Skipped)+r.More != 0 {
			t.Errorf("folders %d, files %d, skipped %v", r.Folders, r.Files, r.Skipped)
		}
	}
	bruno, _ := admin.names.UserID("zt-bruno")
	if perm, ok := list.Find(acl.User, bruno); !ok || perm != permRead {
		t.Errorf("at the bottom: %v", list)
	}
}

// TestShareAll: several are shared with at once, whatever each had before, or none of them is, and nothing is left that says otherwise.
func TestShareAll(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	all := func(grants ...string) (Report, error) {
		var members []Member
		for _, g := range grants {
			principal, access, _ := strings.Cut(g, "=")
			members = append(members, Member{Principal: principal, Access: Access(access)})
		}
		return admin.ShareAll("demo", members, Whatever)
	}
	state := func() string {
		return sh(t, "getfacl -Rp "+root+"; getfattr -d -m trusted.shz.narrowing --absolute-names "+root)
	}
	share(t, admin, "user:zt-bruno", Write)
	share(t, admin, "user:zt-carla", Write)
	for _, c := range []struct {
		grants []string
		want   error
	}{
		{[]string{"user:zt-bruno=none", "group:zt-acme=read", "user:nobody-here=read"}, ErrNoSuchUser},
		{[]string{"user:zt-bruno=read", "user:zt-anna=read"}, ErrIsOwner},
		{[]string{"user:zt-bruno=read", "group:zt-acme=read", "user:zt-bruno=none"}, ErrTwice},
	} {
		before := state()
		if _, err := all(c.grants...); !errors.Is(err, c.want) || state() != before {
			t.Errorf("%q: %v\nbefore\n%s\nafter\n%s", c.grants, err, before, state())
		}
	}
	// One gets less, one nothing, one something for the first time, in one walk.
	report, err := all("user:zt-bruno=read", "group:zt-acme=write", "user:zt-carla=none")
	if err != nil || report.Folders != 4 || report.Files != 6 { // each once where somebody is taken away, once where somebody is given
		t.Errorf("%+v %v", report, err)
	}
	if got := state(); strings.Contains(got, "user:zt-bruno:rwx") || strings.Count(got, "user:zt-bruno:r-x") != 9 || strings.Contains(got, "zt-carla") ||
		strings.Count(got, "group:zt-acme:rwx") != 9 || strings.Contains(got, "narrowing") {
		t.Errorf("%s", got)
	}
	// There is no room for one of them: who was to get less keeps what he has, and no record says that it is being taken away.
	var entries []string
	for id := 100_000; id < 100_220; id++ {
		entries = append(entries, fmt.Sprintf("u:%d:rwx,d:u:%d:rwx", id, id))
	}
	sh(t, "setfacl -m "+strings.Join(entries, ",")+" "+root+"; i=200000; while setfacl -m u:$i:rwx "+root+" 2>/dev/null; do i=$((i+1)); done; setfacl -x u:$((i-1)) "+root)
	before := state()
	if _, err := all("group:zt-acme=read", "user:zt-carla=write"); !errors.Is(err, ErrTooMany) || state() != before {
		t.Errorf("%v\nbefore\n%s\nafter\n%s", err, before, state())
	}
	// Whose entries go at the same time takes no room.
	if _, err := all("group:zt-acme=none", "user:zt-carla=read"); err != nil {
		t.Errorf("one for another: %v", err)
	}
	// Several who may only deliver, in a list with room for them.
	sh(t, "setfacl -k -b "+root+"; setfacl -m g::---,g:shzbase:---,m:rwx "+root)
	var drops []string
	for i := range 120 {
		name := fmt.Sprintf("zt-drop%d", i)
		sh(t, "getent group "+name+" >/dev/null || groupadd "+name)
		drops = append(drops, "group:"+name+"=drop")
	}
	admin.names = admin.names.Fresh()
	if _, err := all(drops...); err != nil || strings.Contains(state(), "narrowing") {
		t.Errorf("120 who deliver: %v", err)
	}
}

// TestShareLeavesOut: whoever is to have less has nothing at the root before anything inside is changed, so that no run that ends in between
// leaves him what he had.
func TestShareLeavesOut(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	fill(t, base+"/demo")
	share(t, admin, "user:zt-bruno", Write)
	h, err := admin.hold("demo")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	before, err := acl.Access(h.fd)
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.sharing([]Member{{Principal: "user:zt-bruno", Access: Read}, {Principal: "user:zt-carla", Access: Read}}, before)
	if err == nil {
		err = s.addToRoot(h.fd, true)
	}
	list, unread := acl.Access(h.fd)
	if err := errors.Join(err, unread); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]acl.Perm{"zt-bruno": 0, "zt-carla": permRead} {
		id, _ := admin.names.UserID(name)
		if perm, there := list.Find(acl.User, id); !there || perm != want {
			t.Errorf("%s: %v %v", name, perm, there)
		}
	}
	if _, err := h.Share("user:zt-bruno", Read); err != nil || strings.Contains(sh(t, "getfacl -Rp "+base+"/demo"), "zt-bruno:rwx") {
		t.Errorf("run again: %v", err)
	}
}

// The access list is full: the root stays as it was, and a sentence can recommend a group.
func TestShareFull(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	var entries []string
	for id := 100_000; id < 100_200; id++ {
		entries = append(entries, fmt.Sprintf("u:%d:rwx,d:u:%d:rwx", id, id))
	}
	sh(t, "setfacl -m "+strings.Join(entries, ",")+" "+root)
	for id := 100_200; ; id++ {
		if exec.Command("setfacl", "-m", fmt.Sprintf("u:%d:rwx,d:u:%d:rwx", id, id), root).Run() != nil {
			sh(t, fmt.Sprintf("setfacl -x u:%d,d:u:%d %s", id, id, root))
			break
		}
	}
	// Room for one more entry in the access ACL, but not in both.
	sh(t, "i=200000; while setfacl -m u:$i:rwx "+root+" 2>/dev/null; do i=$((i+1)); done; setfacl -x u:$((i-1)) "+root)
	before := getfacl(t, root)
	if _, err := admin.Share("demo", "user:zt-bruno", Write); !errors.Is(err, ErrTooMany) {
		t.Errorf("%v", err)
	}
	if getfacl(t, root) != before {
		t.Error("the root changed")
	}
	if _, err := admin.Share("demo", "user:zt-bruno", Drop); err != nil {
		t.Errorf("there was room for one: %v", err)
	}
}

// While the walk goes on, its owner exchanges a folder for a link to another zone, and moves folders away. Nothing
// outside may change, and the walk must end.
func TestShareWhileTreeMoves(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	sh(t, "cd "+base+"; mkdir -p other/x/y/z away; touch other/x/secret other/secret; chown -R zt-anna other away; cd "+root+
		"; mkdir -p m/x/y/z; touch m/x/y/z/f; chown -R zt-anna m; ln -s ../other evil; chown -h zt-anna evil")
	before := sh(t, "getfacl -Rp "+base+"/other")
	var stop atomic.Bool
	done := make(chan int)
	go func() {
		n := 0
		for ; !stop.Load(); n++ {
			unix.Renameat2(unix.AT_FDCWD, root+"/m", unix.AT_FDCWD, root+"/evil", unix.RENAME_EXCHANGE)
			os.Rename(root+"/sub", base+"/away/sub")
			os.Rename(base+"/away/sub", root+"/sub")
		}
		done <- n
	}()
	for range 100 {
		share(t, admin, "user:zt-bruno", Write)
		share(t, admin, "user:zt-bruno", None)
	}
	stop.Store(true)
	if n := <-done; n < 100 {
		t.Errorf("only %d exchanges: the test saw nothing", n)
	}
	if after := sh(t, "getfacl -Rp "+base+"/other"); after != before {
		t.Errorf("another zone was changed:\n%s", after)
	}
	if got := sh(t, "getfacl -Rp "+root+" | grep -c bruno; true"); got != "0" {
		share(t, admin, "user:zt-bruno", None) // moved meanwhile: the next run has it
		if got := sh(t, "getfacl -Rp "+root+" | grep -c bruno; true"); got != "0" {
			t.Errorf("%s entries are left", got)
		}
	}
}

// TestShareReachesReservedNames: who gives his folder, or what others put into it, a name that no page shows keeps no rights there, and
// the check names the folder.
func TestShareReachesReservedNames(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	root := base + "/demo"
	share(t, admin, "user:zt-bruno", Write)
	share(t, admin, "user:zt-carla", Write)
	as(t, "zt-bruno", "cd "+root+"; mkdir -m 1770 his thrown grown")
	as(t, "zt-carla", "cd "+root+"; umask 007; for d in his thrown grown; do mkdir -p $d/hers; echo x >$d/hers/file; done; echo x >his/file")
	if !as(t, "zt-bruno", "cd "+root+"; mv his/file his/.shz-file && mv his .shz-his && mv thrown .shz-trash-7 && mv grown "+growingPrefix+"X && cat .shz-*/hers/file .shz-his/.shz-file") {
		t.Fatal("not moved")
	}
	if report := share(t, admin, "user:zt-bruno", Drop); report.unfinished {
		t.Errorf("%+v", report)
	}
	for _, path := range []string{".shz-his/hers", ".shz-trash-7/hers", growingPrefix + "X/hers"} {
		if as(t, "zt-bruno", "cat "+root+"/"+path+"/file") || as(t, "zt-bruno", "touch "+root+"/"+path+"/new") {
			t.Errorf("bruno still gets into %s:\n%s", path, getfacl(t, root+"/"+path))
		}
	}
	if as(t, "zt-bruno", "cat "+root+"/.shz-his/.shz-file") {
		t.Error("bruno still reads what has a reserved name")
	}
	found, _ := check(t, admin)
	var named []string
	for _, d := range found {
		if d.Kind == DriftReserved {
			named = append(named, d.Path+" "+d.Found)
		}
	}
	slices.Sort(named)
	if !slices.Equal(named, []string{".shz-his zt-bruno", ".shz-trash-7 zt-bruno"}) {
		t.Errorf("%q", named)
	}
}
