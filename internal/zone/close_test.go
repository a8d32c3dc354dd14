package zone

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
)

func TestSuffixed(t *testing.T) {
	for _, c := range []struct {
		name, want string
		n          int
	}{{"demo", "demo", 1}, {"demo", "demo.2", 2}, {strings.Repeat("a", 63), strings.Repeat("a", 61) + ".9", 9},
		{strings.Repeat("a", 60), strings.Repeat("a", 59) + ".100", 100}} {
		if got := suffixed(c.name, c.n); got != c.want || CheckName(got) != nil {
			t.Errorf("%s", got)
		}
	}
}

// A closed zone is out of everybody's reach and comes back as it was.
func TestCloseAndRestore(t *testing.T) {
	base, admin := needCopy(t)
	sh(t, "mkdir -m 700 "+base+"/.closed")
	createDemo(t, admin)
	fill(t, base+"/demo")
	share(t, admin, "user:zt-bruno", Write)
	state := func() string {
		return sh(t, "cd "+base+"/demo && getfacl -R . && ls -lRi . && getfattr -dR -m user.shz .")
	}
	before := state()
	now := time.Date(2026, 11, 22, 4, 19, 51, 0, time.UTC)
	if name, err := admin.CloseZone("demo", now); name != "demo" || err != nil {
		t.Fatal(name, err)
	}
	for _, user := range []string{"zt-anna", "zt-bruno"} {
		if as(t, user, "ls "+base+"/.closed") || as(t, user, "cat "+base+"/.closed/demo/a") {
			t.Errorf("%s reaches the closed zone", user)
		}
	}
	z, err := admin.ShowClosed("demo")
	if err != nil || z.State != StateClosed || !z.Closed.Equal(now) || *z.FormerName != "demo" || z.Owner != "zt-anna" {
		t.Errorf("%+v, %v", z, err)
	}
	if _, err := admin.Show("demo"); !errors.Is(err, ErrNotThere) {
		t.Error(err)
	}
	createDemo(t, admin) // a namesake
	if name, err := admin.CloseZone("demo", now); name != "demo.2" || err != nil {
		t.Fatal(name, err)
	}
	if name, err := admin.RestoreZone("demo", nil, now); name != "demo" || err != nil {
		t.Fatal(name, err)
	}
	if after := state(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	for name, want := range map[string]error{"demo.2": ErrExists, "demo": ErrNotClosed, "..": ErrName, "nothing": ErrNotClosed} {
		if _, err := admin.RestoreZone(name, nil, now); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	sh(t, "mv "+base+"/demo "+base+"/other; ln -s /etc "+base+"/.closed/link; touch "+base+"/.closed/file")
	for _, name := range []string{"link", "file"} {
		if _, err := admin.RestoreZone(name, nil, now); !errors.Is(err, ErrNotClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if name, err := admin.RestoreZone("demo.2", nil, now); name != "demo" || err != nil { // the name that it had
		t.Errorf("%s, %v", name, err)
	}
	for _, name := range []string{"nothing", "..", ".closed", "link"} {
		if _, err := admin.CloseZone(name, now); err == nil {
			t.Errorf("%s was closed", name)
		}
	}
}

// TestClosingForged: who kept a descriptor of his zone's root writes its attributes also when it is closed, and says by that
// neither when it was closed nor what it was called.
func TestClosingForged(t *testing.T) {
	base, admin := needCopy(t)
	sh(t, "mkdir -m 700 "+base+"/.closed")
	createDemo(t, admin)
	owner := exec.Command("setpriv", "--reuid=zt-anna", "--regid=zt-anna", "--init-groups", "bash", "-c", `exec 9<"$1"; echo; read; cd /proc/self/fd/9 || exit
		for space in user trusted; do setfattr -n $space.shz.closed -v "2099-01-01T00:00:00Z other" .; done; setfattr -n user.forged -v yes .; echo`, "bash", base+"/demo")
	in, err1 := owner.StdinPipe()
	out, err2 := owner.StdoutPipe()
	if err := errors.Join(err1, err2, owner.Start()); err != nil {
		t.Fatal(err)
	}
	defer owner.Wait()
	defer in.Close()
	out.Read(make([]byte, 1))
	now := time.Now()
	if _, err := admin.CloseZone("demo", now); err != nil {
		t.Fatal(err)
	}
	in.Write([]byte("\n"))
	out.Read(make([]byte, 1))
	if got := sh(t, "getfattr -n user.forged --only-values --absolute-names "+base+"/.closed/demo"); got != "yes" {
		t.Errorf("he writes nothing by his descriptor: %s", got)
	}
	z, err := admin.ShowClosed("demo")
	if err != nil || *z.FormerName != "demo" || now.Sub(*z.Closed).Abs() > time.Minute {
		t.Errorf("%+v, %v", z, err)
	}
	if name, err := admin.RestoreZone("demo", nil, now); name != "demo" || err != nil {
		t.Error(name, err)
	}
}

// What the record says is believed only in its form, and in an open zone it means nothing.
func TestClosingRecord(t *testing.T) {
	base, admin := needCopy(t)
	sh(t, "mkdir -m 700 "+base+"/.closed")
	createDemo(t, admin)
	sh(t, "setfattr -n trusted.shz.closed -v '2001-01-01T00:00:00Z other' "+base+"/demo")
	if z, err := admin.Show("demo"); err != nil || z.Closed != nil || z.FormerName != nil {
		t.Errorf("%+v, %v", z, err)
	}
	now := time.Now()
	if _, err := admin.CloseZone("demo", now); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"", "nonsense", "2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z ../x", "2001-01-01T00:00:00Z a b", "2001-01-01T02:00:00+02:00 other"} {
		sh(t, "setfattr -n trusted.shz.closed -v '"+value+"' "+base+"/.closed/demo")
		z, err := admin.ShowClosed("demo")
		if err != nil || *z.FormerName != "demo" || now.Sub(*z.Closed).Abs() > time.Minute {
			t.Errorf("%q: %+v, %v", value, z, err)
		}
	}
	// A root without room for one more attribute is closed all the same.
	sh(t, "setfattr -x trusted.shz.closed "+base+"/.closed/demo")
	if _, err := admin.RestoreZone("demo", nil, now); err != nil {
		t.Fatal(err)
	}
	sh(t, "cd "+base+"; for i in $(seq 60); do setfattr -n user.filler$i -v $(printf %040d 0) demo 2>/dev/null || break; done; true")
	if name, err := admin.CloseZone("demo", now); name != "demo" || err != nil {
		t.Error(name, err)
	}
}

func TestExpiredZonesNeedANewDay(t *testing.T) {
	base, admin := needCopy(t)
	sh(t, "mkdir -m 700 "+base+"/.closed")
	createDemo(t, admin)
	now := time.Now()
	sh(t, "setfattr -n user.shz.expires -v 2020-01-01 "+base+"/demo")
	if _, err := admin.CloseZone("demo", now); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		expires *string
		want    error
	}{{nil, ErrExpired}, {ptr("2020-01-02"), ErrPast}, {ptr("soon"), ValueError{AttrExpires, "soon", BadForm}}} {
		if _, err := admin.RestoreZone("demo", c.expires, now); !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
	if name, err := admin.RestoreZone("demo", ptr("2099-12-31"), now); name != "demo" || err != nil {
		t.Fatal(name, err)
	}
	if z, err := admin.Show("demo"); err != nil || *z.Expires != "2099-12-31" {
		t.Errorf("%+v, %v", z, err)
	}
}

func TestModify(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	now := time.Now()
	id, err := admin.Show("demo")
	if err != nil {
		t.Fatal(err)
	}
	m := Metadata{ID: ptr(NewID()), Title: ptr(""), Description: ptr("a\nb"), Expires: ptr("2099-12-31"), MaxAge: ptr(7), Notify: ptr("")}
	if err := admin.Modify("demo", m, false, now); err != nil {
		t.Fatal(err)
	}
	z, err := admin.Show("demo")
	if err != nil || z.ID != id.ID || z.Title != nil || *z.Description != "a\nb" || *z.Expires != "2099-12-31" || *z.MaxAge != 7 || *z.Notify != "" {
		t.Errorf("%+v, %v", z, err)
	}
	if err := admin.Modify("demo", Metadata{MaxAge: ptr(0), Expires: ptr("")}, true, now); err != nil {
		t.Fatal(err)
	}
	if z, err = admin.Show("demo"); err != nil || z.MaxAge != nil || z.Expires != nil || z.Notify != nil || z.Description == nil {
		t.Errorf("%+v, %v", z, err)
	}
	before := sh(t, "getfattr -d --absolute-names "+base+"/demo")
	for _, m := range []Metadata{{Title: ptr("good"), Expires: ptr("2020-01-01")}, {Title: ptr("good"), Description: ptr("a\x00b")},
		{Title: ptr("good"), Notify: ptr("everything")}, {Title: ptr("good"), MaxAge: ptr(1000000)}} {
		if err := admin.Modify("demo", m, true, now); err == nil {
			t.Errorf("%+v", m)
		}
	}
	if after := sh(t, "getfattr -d --absolute-names "+base+"/demo"); after != before {
		t.Errorf("something changed: %s", after)
	}
	if err := admin.Modify("nothing", Metadata{}, false, now); !errors.Is(err, ErrNotThere) {
		t.Error(err)
	}
}

// Zones and files go to the heir: what he may do then is what the owner could, and nobody else gains anything.
func TestTransferAll(t *testing.T) {
	base, _ := needCopy(t)
	sh(t, "getent passwd zt-dora >/dev/null || useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -M -G shzbase,shzmgr zt-dora; mkdir -m 700 "+base+"/.closed")
	admin := newTestAdmin(t, base)
	createDemo(t, admin)
	fill(t, base+"/demo")
	share(t, admin, "user:zt-bruno", Write)
	share(t, admin, "user:zt-dora", Read)
	for _, name := range []string{"of-dora", "old"} {
		owner := map[string]string{"of-dora": "zt-dora", "old": "zt-anna"}[name]
		if err := admin.Create(name, owner, Metadata{}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := admin.CloseZone("old", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Share("of-dora", "user:zt-anna", Write); err != nil {
		t.Fatal(err)
	}
	as(t, "zt-anna", "umask 027; echo hello > "+base+"/of-dora/hers")
	as(t, "zt-bruno", "umask 027; echo hello > "+base+"/demo/his")
	sh(t, "cd "+base+"/demo; ln -s /etc/passwd link; chown -h zt-anna link; ln a second; cp /etc/hostname of-root; chmod 600 sub/b; chattr +i sub/deep/c")
	anna := account.Entry{}
	for _, e := range account.NewNames().Members("shzmgr") {
		if e.Name == "zt-anna" {
			anna = e
		}
	}
	for to, want := range map[string]error{"zt-bruno": ErrNotManager, "zt-staff": ErrNotInBase, "root": ErrNotInBase, "zt-anna": ErrSamePerson, "zt-no": ErrNoSuchUser} {
		before := sh(t, "ls -lRn "+base)
		if _, err := admin.TransferAll(anna, to); !errors.Is(err, want) {
			t.Errorf("%s: %v", to, err)
		}
		if sh(t, "ls -lRn "+base) != before {
			t.Errorf("%s: something changed", to)
		}
	}
	done, err := admin.TransferAll(anna, "zt-dora")
	got := fmt.Sprint(err)
	for _, h := range done {
		got += fmt.Sprint("; ", h.Zone.Name, " ", h.Owner, " ", h.Report.Folders, " ", h.Report.Files)
		for _, s := range h.Report.Skipped {
			got += " " + s.Path + ":" + string(s.Reason)
		}
	}
	for _, want := range []string{"<nil>; demo true 2 ", " a:linked", " second:linked", " link:kind", " sub/deep/c:error", "; of-dora false 0 1", "; old true 0 0"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	owners := sh(t, "cd "+base+"; stat -c '%U:%G %n' demo demo/sub demo/sub/b demo/a demo/his demo/of-root demo/sub/deep/c of-dora/hers .closed/old")
	const want = "zt-dora:zt-dora demo\nzt-dora:zt-dora demo/sub\nzt-dora:zt-dora demo/sub/b\nzt-anna:zt-anna demo/a\nzt-bruno:zt-bruno demo/his\n" +
		"root:root demo/of-root\nzt-anna:zt-anna demo/sub/deep/c\nzt-dora:zt-dora of-dora/hers\nzt-dora:zt-dora .closed/old"
	if owners != want {
		t.Errorf("got\n%s\nwant\n%s", owners, want)
	}
	sh(t, "cd "+base+"/demo; chattr -i sub/deep/c; rm second")
	if _, err := admin.TransferAll(anna, "zt-dora"); err != nil { // goes on where it was kept from
		t.Fatal(err)
	}
	if left := sh(t, "find "+base+" -user zt-anna ! -type l; getfacl -pRn "+base+"/demo "+base+"/.closed | grep -c user:"+fmt.Sprint(anna.UID)+": ; true"); left != "0" {
		t.Errorf("left: %s", left)
	}
	root := getfacl(t, base+"/demo")
	if !strings.Contains(root, "default:user:zt-dora:rwx") || strings.Contains("\n"+root, "\nuser:zt-dora") || !strings.Contains(root, "user:zt-bruno:rwx") {
		t.Errorf("%s", root)
	}
	if !as(t, "zt-dora", "cat "+base+"/demo/his "+base+"/demo/sub/deep/c && rm "+base+"/demo/his") || as(t, "zt-anna", "ls "+base+"/demo") ||
		!as(t, "zt-bruno", "cat "+base+"/demo/a") || as(t, "zt-bruno", "cat "+base+"/demo/sub/b") {
		t.Error("the heir, the old owner or a member may do what he should not, or the reverse")
	}
}
