package zone

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
)

// A folder that was shut becomes the owner's, and is open as the zone says; what is in it stays whose it was.
func TestTake(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	share(t, admin, "group:zt-acme", Read)
	sh(t, "cd "+root+"; setfacl -b -k his; chmod 700 his; mkdir of-root; ln -s his link; cp /etc/hostname file; chown zt-bruno file; mkdir -p "+base+"/other/x; ln -s "+base+"/other other")
	inside := sh(t, "cd "+root+"/his; stat -c '%U %G %a %n' c deep deep/d; getfacl c deep deep/d")
	for range 2 { // an interrupted run is run again
		report, err := admin.Take("demo", []string{"his"})
		if err != nil || report.Folders != 1 {
			t.Fatalf("%+v %v", report, err)
		}
	}
	if got := sh(t, "cd "+root+"; stat -c '%U %G %a' his"); got != "zt-anna zt-anna 1770" {
		t.Error(got)
	}
	const named = "user:zt-anna:rwx\nuser:zt-bruno:rwx\ngroup::---\ngroup:zt-acme:r-x\nmask::rwx\nother::---\n"
	if got := getfacl(t, root+"/his"); got+"\n" != "user::rwx\n"+named+"default:user::rwx\ndefault:"+strings.TrimSuffix(strings.ReplaceAll(named, "\n", "\ndefault:"), "default:") {
		t.Errorf("%s", got)
	}
	if after := sh(t, "cd "+root+"/his; stat -c '%U %G %a %n' c deep deep/d; getfacl c deep deep/d"); after != inside {
		t.Errorf("before\n%s\nafter\n%s", inside, after)
	}
	if !as(t, "zt-anna", "cd "+root+"/his && cat c && rm c") || !as(t, "zt-carla", "ls "+root+"/his") {
		t.Error("the zone's owner or a member gets in no better than before")
	}
	before := sh(t, "ls -lRn "+base+"; getfacl -Rp "+base)
	for path, want := range map[string]error{"link": unix.ENOTDIR, "file": unix.ENOTDIR, "nothing": unix.ENOENT, "": ErrPath, "..": ErrPath,
		"other/x": unix.ENOTDIR, "other/x/y": unix.ELOOP, ".shz-x": ErrReserved, "his/../his": ErrPath} {
		if _, err := admin.Take("demo", strings.Split(path, "/")); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", path, err, want)
		}
	}
	h := hold(t, admin)
	defer h.Release()
	if _, err := h.Take([]string{"of-root"}); !errors.Is(err, ErrNotOurs) {
		t.Errorf("an owner takes what is root's: %v", err)
	}
	if _, err := h.Take(nil); !errors.Is(err, ErrPath) {
		t.Errorf("the zone itself: %v", err)
	}
	if after := sh(t, "ls -lRn "+base+"; getfacl -Rp "+base); after != before {
		t.Errorf("a refusal changed something")
	}
}

// An administrator's shell gives the zone's owner what root or a backup put there, and nothing else, whatever a member does
// to the way there meanwhile.
func TestTakeForeign(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	share(t, admin, "group:zt-acme", Read)
	sh(t, "cd "+root+"; mkdir of-root; cp /etc/hostname of-root/f; chmod 666 of-root/f; ln of-root/f of-root/g; mkfifo fifo; mkdir -p "+base+"/other; echo secret >"+base+"/other/f; chmod 600 "+base+"/other/f")
	for path, want := range map[string]error{"of-root/f": ErrLinked, "fifo": unix.ENOTDIR, "b": unix.ENOTDIR} {
		if _, err := admin.Take("demo", strings.Split(path, "/")); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	sh(t, "rm "+root+"/of-root/g")
	for path, files := range map[string]int{"of-root": 0, "of-root/f": 1} {
		report, err := admin.Take("demo", strings.Split(path, "/"))
		if err != nil || report.Files != files || report.Folders != 1-files {
			t.Errorf("%s: %+v %v", path, report, err)
		}
	}
	if got := sh(t, "cd "+root+"; stat -c '%U %G %a' of-root of-root/f"); got != "zt-anna zt-anna 1770\nzt-anna zt-anna 640" {
		t.Errorf("%s", got)
	}
	if !as(t, "zt-carla", "cat "+root+"/of-root/f") || as(t, "zt-bruno", "echo x >>"+root+"/of-root/f") {
		t.Error("members get at it otherwise than at what is in the zone")
	}
	// The folder is his who looks on; he puts a link in its place again and again.
	sh(t, "cd "+root+"/his; mkdir way; echo x >way/f; ln -s "+base+"/other away; chown -h zt-bruno away way; chown root way/f")
	before := sh(t, "stat -c '%u %a' "+base+"/other/f")
	file, err := os.Open(root + "/his/way/f")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			default:
				unix.Renameat2(unix.AT_FDCWD, root+"/his/way", unix.AT_FDCWD, root+"/his/away", unix.RENAME_EXCHANGE)
			}
		}
	}()
	taken := 0
	for range 2000 {
		if _, err := admin.Take("demo", []string{"his", "way", "f"}); err == nil {
			taken++
		}
		if err := file.Chown(0, 0); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	<-ended
	if taken == 0 {
		t.Error("never taken")
	}
	if after := sh(t, "stat -c '%u %a' "+base+"/other/f"); after != before {
		t.Errorf("outside: %s, was %s", after, before)
	}
}

// One zone goes to another manager with what its owner has in it, whatever moment an earlier run was killed at.
func TestTransfer(t *testing.T) {
	base, _ := needCopy(t)
	sh(t, "getent passwd zt-dora >/dev/null || useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -M -G shzbase,shzmgr zt-dora; mkdir -m 700 "+base+"/.closed")
	admin := newTestAdmin(t, base)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	share(t, admin, "user:zt-bruno", Write)
	share(t, admin, "user:zt-dora", Read)
	as(t, "zt-bruno", "umask 027; echo hello > "+root+"/his; chmod 640 "+root+"/his")
	sh(t, "cd "+root+"; chmod 600 sub/b; ln a second; cp /etc/hostname of-root; setfacl -b of-root")
	for to, want := range map[string]error{"zt-bruno": ErrNotManager, "zt-staff": ErrNotManager, "root": ErrNotManager, "zt-anna": ErrSamePerson, "zt-no": ErrNoSuchUser, "-x": ErrNoSuchUser} {
		before := sh(t, "ls -lRn "+base+"; getfacl -Rp "+base)
		if _, err := admin.Transfer("demo", to); !errors.Is(err, want) {
			t.Errorf("%s: %v", to, err)
		}
		if sh(t, "ls -lRn "+base+"; getfacl -Rp "+base) != before {
			t.Errorf("%s: something changed", to)
		}
	}
	// Killed in the middle of the first walk: half of it is the heir's already.
	sh(t, "cd "+root+"; chown zt-dora: sub/deep sub/deep/c; setfacl -n -x u:zt-anna -m u:zt-dora:rwx,d:u:zt-dora:rwx sub/deep; setfacl -d -x u:zt-anna sub/deep")
	report, err := admin.Transfer("demo", "zt-dora")
	if err != nil || len(report.Skipped) != 2 || report.Skipped[0].Reason != SkipLinked || report.Folders == 0 {
		t.Errorf("%+v %v", report, err)
	}
	owners := sh(t, "cd "+root+"; stat -c '%U:%G %n' . sub sub/b sub/deep sub/deep/c a his of-root")
	const want = "zt-dora:zt-dora .\nzt-dora:zt-dora sub\nzt-dora:zt-dora sub/b\nzt-dora:zt-dora sub/deep\nzt-dora:zt-dora sub/deep/c\nzt-anna:zt-anna a\nzt-bruno:zt-bruno his\nroot:root of-root"
	if owners != want {
		t.Errorf("%s", owners)
	}
	if _, short := check(t, admin); fmt.Sprint(short) != "[a extra a linked of-root lost of-root owner of-root shut second extra second linked sub/b shut]" && fmt.Sprint(short) != "[a extra a linked of-root group of-root lost of-root other of-root owner second extra second linked sub/b shut]" {
		t.Errorf("drift after the transfer: %q", short)
	}
	if !as(t, "zt-dora", "cat "+root+"/his && rm "+root+"/his") || as(t, "zt-anna", "ls "+root) || !as(t, "zt-bruno", "cat "+root+"/sub/deep/c") {
		t.Error("the heir, the old owner or a member may do what he should not, or the reverse")
	}
}

// The zone of somebody who is gone can be given to a manager as well.
func TestTransferOfNobody(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	fill(t, base+"/demo")
	sh(t, "chown -R 7007:7007 "+base+"/demo")
	if _, err := admin.Transfer("demo", "zt-anna"); err != nil {
		t.Fatal(err)
	}
	if got := sh(t, "cd "+base+"/demo; find . ! -user zt-anna"); got != "" {
		t.Errorf("left: %s", got)
	}
}

func TestSpace(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	sh(t, "cd "+root+`; head -c 300000 /dev/zero > his/large; ln his/large second; chown zt-bruno his/large; truncate -s 1T sparse; ln -s /etc link; mkfifo fifo
		head -c 100000 /dev/zero > .shz-upload; echo > $'caf\xe9'; mkdir mnt; mount -t tmpfs tmpfs mnt; head -c 500000 /dev/zero > mnt/in; chown -h 7001 link`)
	defer sh(t, "umount "+root+"/mnt")
	sh(t, "cd "+root+"; touch covered; head -c 700000 /dev/zero >mnt/over; mount --bind mnt/over covered")
	defer sh(t, "umount "+root+"/covered")
	h, err := admin.Reach("demo")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	s, err := h.Space()
	if err != nil {
		t.Fatal(err)
	}
	var want int64
	fmt.Sscan(sh(t, "du -xs --block-size=1 "+root), &want)
	if s.Bytes != want || s.Files != 9 || s.Folders != 2 || s.Free <= 0 || s.Limit != nil {
		t.Errorf("%d bytes, du says %d; %+v", s.Bytes, want, s)
	}
	var people int64
	names := ""
	for _, p := range s.People {
		people += p.Bytes
		names += p.Name + " "
	}
	if people != s.Bytes || !strings.Contains(names, "uid:7001 ") || s.People[0].Name != "zt-bruno" {
		t.Errorf("%+v", s.People)
	}
	var du int64
	fmt.Sscan(sh(t, "du -s --block-size=1 "+root+"/his"), &du)
	if s.Top[0].Name != "his" && s.Top[0].Name != "second" || len(s.Top) != 7 {
		t.Errorf("%+v", s.Top)
	}
	var back Space
	b, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(b, &back)
	}
	if err != nil || !reflect.DeepEqual(s, back) || !strings.Contains(string(b), `"raw":"caf%E9"`) {
		t.Errorf("%v\n%s\n%+v", err, b, back)
	}
}

// Paths of any bytes survive JSON.
func TestReportJSON(t *testing.T) {
	in := Report{Folders: 1, Files: 2, Skipped: []Skipped{{Path: "a/caf\xe9/", Reason: SkipMoved}, {Path: "è %41", Reason: SkipOwner}}, More: 3, Shut: true}
	b, err := json.Marshal(in)
	var out Report
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil || !reflect.DeepEqual(in, out) {
		t.Errorf("%v %s %+v", err, b, out)
	}
}

// One change of a zone at a time, whatever name it has; a member can hold no lock of it.
func TestLock(t *testing.T) {
	base, admin := needCopy(t)
	sh(t, "getent passwd zt-dora >/dev/null || useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -M -G shzbase,shzmgr zt-dora; mkdir -m 700 "+base+"/.closed")
	createDemo(t, admin)
	share(t, admin, "user:zt-bruno", Read)
	h := hold(t, admin)
	sh(t, "mv "+base+"/demo "+base+"/renamed")
	for what, act := range map[string]func(*Admin) error{
		"share":    func(a *Admin) error { _, err := a.Share("renamed", "user:zt-bruno", Write); return err },
		"apply":    func(a *Admin) error { _, err := a.Apply("renamed", ""); return err },
		"remove":   func(a *Admin) error { return a.Remove("renamed", []string{"x"}) },
		"take":     func(a *Admin) error { _, err := a.Take("renamed", []string{"x"}); return err },
		"transfer": func(a *Admin) error { _, err := a.Transfer("renamed", "zt-anna"); return err },
		"modify":   func(a *Admin) error { return a.Modify("renamed", Metadata{}, false, time.Now()) },
		"close":    func(a *Admin) error { _, err := a.CloseZone("renamed", time.Now()); return err },
		"all": func(a *Admin) error {
			_, err := a.TransferAll(account.Entry{UID: h.Owner(), Name: "zt-anna"}, "zt-dora")
			return err
		},
	} {
		if err := act(newTestAdmin(t, base)); !errors.Is(err, ErrBusy) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := admin.Show("renamed"); err != nil {
		t.Errorf("looking needs no lock: %v", err)
	}
	h.Release()
	// A lock on the directory, which any reader can take, is none.
	member := exec.Command("setpriv", "--reuid=zt-bruno", "--regid=zt-bruno", "--init-groups", "bash", "-c", "exec 9<"+base+"/renamed; flock -x 9; echo; exec sleep 60")
	out, err := member.StdoutPipe()
	if err == nil {
		err = member.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer member.Wait()
	defer member.Process.Kill()
	out.Read(make([]byte, 1))
	if _, err := admin.Share("renamed", "user:zt-bruno", None); err != nil {
		t.Error(err)
	}
}

// TestLockMovedMeanwhile: between reaching a zone and locking it somebody else closed or restored it, or its owner put another
// in its place. What was reached is not changed then under a name that is not its own.
func TestLockMovedMeanwhile(t *testing.T) {
	base, admin := needCopy(t)
	sh(t, "mkdir -m 700 "+base+"/.closed")
	createDemo(t, admin)
	open, err := admin.Reach("demo")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Release()
	other := newTestAdmin(t, base)
	if _, err := other.CloseZone("demo", time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := open.Lock(); !errors.Is(err, ErrNotThere) {
		t.Errorf("closed meanwhile: %v", err)
	}
	open.Release()
	closed, err := admin.ReachClosed("demo")
	if err != nil {
		t.Fatal(err)
	}
	defer closed.Release()
	if _, err := other.RestoreZone("demo", nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := closed.Lock(); !errors.Is(err, ErrNotClosed) {
		t.Errorf("restored meanwhile: %v", err)
	}
	closed.Release()
	again, err := admin.Reach("demo")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Release()
	sh(t, "mv "+base+"/demo "+base+"/away; mkdir "+base+"/demo")
	if err := again.Lock(); !errors.Is(err, ErrNotThere) {
		t.Errorf("exchanged meanwhile: %v", err)
	}
}
