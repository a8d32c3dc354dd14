package zone

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// prepareRemoval makes a zone of zt-anna in which zt-bruno brought things, and .closed.
func prepareRemoval(t *testing.T, admin *Admin, base string) string {
	t.Helper()
	root := base + "/demo"
	sh(t, "mkdir -p -m 700 "+base+"/.closed")
	createDemo(t, admin)
	share(t, admin, "user:zt-bruno", Write)
	if !as(t, "zt-bruno", "umask 007; cd "+root+" && mkdir -m 1770 his his/deep && for f in b his/c his/deep/d; do echo hello > $f; chmod 640 $f; done") {
		t.Fatal("a writer may not bring anything")
	}
	return root
}

// hold reaches and locks the zone demo.
func hold(t *testing.T, admin *Admin) *Held {
	t.Helper()
	h, err := admin.hold("demo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Release)
	return h
}

func nothingAside(t *testing.T, base string) {
	t.Helper()
	if left := sh(t, "find "+base+" -name '.shz-*'"); left != "" {
		t.Errorf("left: %s", left)
	}
}

func TestRemove(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	sh(t, "cd "+root+`; ln -s /etc/passwd link; ln -s nowhere dangling; mkfifo fifo; mknod null c 1 3; cp /etc/hostname of-root; mkdir -m 700 shut; touch shut/x
		ln b second; mkdir empty; touch $'odd\n\xff' "$(printf n%.0s {1..255})"; mkdir -p big/{1..20}/{1..20}; touch big/{1..20}/{1..20}/{1..5}; truncate -s 1T sparse`)
	h := hold(t, admin)
	for _, name := range []string{"link", "dangling", "fifo", "null", "of-root", "shut", "second", "empty", "odd\n\xff", strings.Repeat("n", 255), "big", "sparse", "his/c", "his"} {
		if err := h.Remove(strings.Split(name, "/")); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if left := sh(t, "cd "+root+"; find . -mindepth 1; stat -c %h b"); left != "./b\n1" {
		t.Errorf("left: %s", left)
	}
	if _, err := os.Stat("/etc/passwd"); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]error{"nothing": unix.ENOENT, "b/x": unix.ENOTDIR, "..": ErrPath, "": ErrPath, "b/..": ErrPath, "a\x00": ErrPath, ".shz-x": ErrReserved,
		"../demo/b": ErrPath, "b//": ErrPath} {
		if err := h.Remove(strings.Split(path, "/")); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", path, err, want)
		}
	}
	if err := h.Remove(nil); !errors.Is(err, ErrPath) {
		t.Errorf("the zone itself: %v", err)
	}
	sh(t, "cd "+root+"; ln -s .. up; mkdir sub; ln -s "+base+" sub/out; mkdir -p "+base+"/other; touch "+base+"/other/x")
	for _, path := range []string{"up/other", "sub/out/other/x", "sub/out/demo"} {
		if err := h.Remove(strings.Split(path, "/")); !errors.Is(err, unix.ELOOP) && !errors.Is(err, unix.ENOTDIR) {
			t.Errorf("%s: %v", path, err)
		}
	}
	sh(t, "ls "+base+"/other/x")
	nothingAside(t, base)
}

// What cannot be removed goes back to where it was, with everything that could not go.
func TestRemovePutsBack(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	h := hold(t, admin)
	for _, c := range []struct {
		damage, undo string
		name         string
		want         error
		partly       bool
		left         string
	}{
		{"chattr +i b", "chattr -i b", "b", unix.EPERM, false, "b his his/c his/deep his/deep/d"},
		{"chattr +a b", "chattr -a b", "b", unix.EPERM, false, "b his his/c his/deep his/deep/d"},
		{"chattr +i .", "chattr -i .", "b", unix.EPERM, false, "b his his/c his/deep his/deep/d"},
		{"mkdir his/deep/mnt; mount -t tmpfs tmpfs his/deep/mnt; touch his/deep/mnt/in", "umount his/deep/mnt; rmdir his/deep/mnt", "his/deep/mnt", unix.EXDEV, false, "b his his/c his/deep his/deep/d his/deep/mnt his/deep/mnt/in"},
		{"mkdir his/deep/mnt; mount -t tmpfs tmpfs his/deep/mnt; touch his/deep/mnt/in", "umount his/deep/mnt", "his", unix.EBUSY, true, "b his his/deep his/deep/mnt his/deep/mnt/in"},
		{"touch his/e his/f; chattr +i his/e", "chattr -i his/e", "his", unix.EPERM, true, "b his his/e"},
	} {
		sh(t, "cd "+root+"; "+c.damage)
		err := h.Remove(strings.Split(c.name, "/"))
		var partly *PartlyRemoved
		if !errors.Is(err, c.want) || errors.As(err, &partly) != c.partly {
			t.Errorf("%s: %v", c.damage, err)
		}
		if left := sh(t, "cd "+root+"; find . -mindepth 1 -printf '%P\n' | sort | paste -sd' '"); left != c.left {
			t.Errorf("%s: left %s", c.damage, left)
		}
		nothingAside(t, base)
		sh(t, "cd "+root+"; "+c.undo)
	}
	if err := h.Remove([]string{"his"}); err != nil {
		t.Error(err)
	}
}

// A process that is killed between any two steps leaves what the next removal in the zone ends.
func TestRemoveAfterKill(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	h := hold(t, admin)
	sh(t, "touch "+root+"/keep")
	var zone unix.Stat_t
	if err := unix.Lstat(root, &zone); err != nil {
		t.Fatal(err)
	}
	aside := func(zone uint64, it fileIdentity) string {
		return fmt.Sprintf("%s/.closed/.shz-removed-%d-%v-X", base, zone, it)
	}
	itself := func(path string) fileIdentity {
		it, err := identifyFile(unix.AT_FDCWD, path, 0)
		if err != nil || it.born == 0 {
			t.Fatal(it, err)
		}
		return it
	}
	again := itself(root + "/keep")
	again.born-- // its number was given again
	mv := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	mv(root+"/b", aside(zone.Ino, itself(root+"/b")))
	mv(root+"/his", aside(zone.Ino, itself(root+"/his")))
	mv(root+"/keep", aside(zone.Ino, again))
	sh(t, "touch "+aside(zone.Ino, fileIdentity{4242, 0})+" "+aside(4242, fileIdentity{4243, 0})) // swapped in at the last moment; another zone's
	// What was in folders of walks, of this zone and of another one.
	own := func(zone uint64, it fileIdentity) string {
		return fmt.Sprintf("%s/.closed/.shz-removed-%d-own-%d", base, zone, it.inode)
	}
	sh(t, "touch "+root+"/aged "+root+"/kept")
	aged, kept := itself(root+"/aged"), itself(root+"/kept")
	for it, of := range map[fileIdentity]uint64{aged: zone.Ino, kept: 4242} {
		if err := os.Mkdir(own(of, it), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	mv(root+"/aged", own(zone.Ino, aged)+"/"+filepath.Base(aside(zone.Ino, aged)))
	mv(root+"/kept", own(4242, kept)+"/"+filepath.Base(aside(4242, kept)))
	sh(t, "touch "+root+"/next")
	if err := h.Remove([]string{"next"}); err != nil {
		t.Fatal(err)
	}
	if sh(t, "ls -A "+own(4242, kept)) == "" {
		t.Error("what another zone's walk had moved aside is gone")
	}
	sh(t, "rm -r "+own(4242, kept))
	if left := sh(t, "ls -A "+base+"/.closed "+root); strings.Count(left, ".shz-removed-") != 3 || !strings.Contains(left, fmt.Sprintf("-%v-X", again)) {
		t.Errorf("left: %s", left)
	}
}

// While a zone's owner removes, others exchange what is to go for links and for other things, move its folder out of the
// zone, and fill folders that are being emptied. Nothing but what was in the zone under that name ever goes.
func TestRemoveAgainstSwaps(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	sh(t, "cd "+base+"; mkdir -p outside/keep; for i in $(seq 50); do echo precious > outside/keep/$i; done; chown -R zt-bruno outside; chmod 755 outside")
	before := sh(t, "cd "+base+"/outside; find keep -type f | sort | xargs sha256sum")
	h := hold(t, admin)
	var stop atomic.Bool
	var group sync.WaitGroup
	swaps := 0
	group.Go(func() {
		for ; !stop.Load(); swaps++ {
			os.Symlink(base+"/outside/keep", root+"/his/evil")
			unix.Renameat2(unix.AT_FDCWD, root+"/his/victim", unix.AT_FDCWD, root+"/his/evil", unix.RENAME_EXCHANGE)
			os.Rename(root+"/his", base+"/outside/his")
			// The files are in the folder only while it lies outside: what the removal has in its hands then comes back first.
			exchange := func() error {
				return unix.Renameat2(unix.AT_FDCWD, base+"/outside/keep", unix.AT_FDCWD, base+"/outside/his/victim", unix.RENAME_EXCHANGE)
			}
			if exchange() == nil {
				for exchange() != nil && !stop.Load() {
				}
			}
			os.Rename(base+"/outside/his", root+"/his")
		}
	})
	removed := 0
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		sh(t, "mkdir -p "+root+"/his/victim/sub 2>/dev/null; touch "+root+"/his/victim/sub/f 2>/dev/null; true")
		for range 200 {
			if h.Remove([]string{"his", "victim"}) == nil {
				removed++
				break
			}
		}
	}
	stop.Store(true)
	group.Wait()
	// Whatever the swaps left where: the fifty files are somewhere outside of what was removed.
	kept := sh(t, "cd "+base+`; find . -path '*/[0-9]*' -type f -exec sha256sum {} + | wc -l`)
	if removed == 0 || swaps < 100 {
		t.Errorf("%d removals, %d swaps: the test saw nothing", removed, swaps)
	}
	if kept != "50" || before == "" {
		t.Errorf("%s of 50 files are left", kept)
	}
	nothingAside(t, base)
}

// A folder that somebody keeps filling ends in an answer, and what could not go is there again.
func TestRemoveWhileFilled(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	h := hold(t, admin)
	dir, err := unix.Open(root+"/his/deep", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(dir)
	var stop atomic.Bool
	var group sync.WaitGroup
	group.Go(func() {
		for i := 0; !stop.Load(); i++ {
			if fd, err := unix.Openat(dir, fmt.Sprint("f", i), unix.O_CREAT|unix.O_WRONLY|unix.O_CLOEXEC, 0o640); err == nil {
				unix.Close(fd)
			}
		}
	})
	began := time.Now()
	err = h.Remove([]string{"his"})
	stop.Store(true)
	group.Wait()
	var partly *PartlyRemoved
	if err != nil && !errors.As(err, &partly) || time.Since(began) > time.Minute {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	if _, statErr := os.Stat(root + "/his"); (statErr == nil) != (err != nil) {
		t.Errorf("%v, but %v", err, statErr)
	}
	nothingAside(t, base)
}

// A zone that is a subvolume of Btrfs is a file system of its own, and so is a subvolume in a zone.
func TestRemoveInSubvolumes(t *testing.T) {
	base, _ := needCopy(t)
	image := filepath.Join(t.TempDir(), "btrfs")
	mount := t.TempDir()
	sh(t, "truncate -s 300M "+image+"; mkfs.btrfs -q "+image+"; mount -o loop "+image+" "+mount+"; chmod 1770 "+mount+"; chgrp shzmgr "+mount+"; setfacl -m g:shzbase:rx "+mount)
	t.Cleanup(func() { sh(t, "umount "+mount) })
	admin := newTestAdmin(t, mount)
	sh(t, "mkdir -m 700 "+mount+"/.closed; btrfs -q subvolume create "+mount+"/sub; chmod 711 "+mount+"/..")
	createDemo(t, admin)
	sh(t, "cd "+mount+"; cp -a demo copy; shopt -s dotglob; getfacl -p demo > "+base+"/acl; rm -rf copy; mv demo old; btrfs -q subvolume snapshot . demo; rm -rf demo/*; chown zt-anna: demo; chmod 1770 demo"+
		"; setfacl -b -k demo; sed -n 's/^# file: .*/# file: demo/;p' "+base+"/acl > "+base+"/acl2; cd "+mount+"; setfacl --set-file="+base+"/acl2 demo; setfattr -n user.shz.id -v 0123456789abcdef0123456789abcdef demo")
	root := mount + "/demo"
	if sh(t, "stat -c %d "+root) == sh(t, "stat -c %d "+mount) {
		t.Fatal("the zone is no subvolume")
	}
	share(t, admin, "user:zt-bruno", Write)
	as(t, "zt-bruno", "umask 007; cd "+root+"; mkdir his; mkdir his/deep; touch his/a his/deep/b")
	sh(t, "btrfs -q subvolume create "+root+"/nested; mkdir -p "+root+"/nested/dir; touch "+root+"/nested/dir/x "+root+"/nested/y "+root+"/keep")
	h := hold(t, admin)
	for _, path := range []string{"his/a", "nested/dir", "his", "nested/y", "nested"} {
		if err := h.Remove(strings.Split(path, "/")); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		nothingAside(t, mount)
	}
	if left := sh(t, "cd "+root+"; find . -mindepth 1"); left != "./keep" {
		t.Errorf("left: %s", left)
	}
	// Killed in the middle: the folder with the reserved name and what is in it go with the next removal.
	sh(t, fmt.Sprintf("cd %s; mkdir -m 700 .shz-removed-X; touch next; i=$(stat -c %%i keep)-$(date -d \"$(stat -c %%w keep)\" +%%s%%N); mv keep .shz-removed-X/.shz-removed-%d-$i-Y", root, h.stat.Ino))
	left := Sweeping{Before: time.Now().Add(time.Hour)}
	if err := h.SweepLeftovers(&left); err != nil || left.Found != 1 {
		t.Errorf("what a killed removal left is not found: %v %+v", err, left)
	}
	if err := h.Remove([]string{"next"}); err != nil {
		t.Error(err)
	}
	nothingAside(t, mount)
	// What has had its time goes from there too, but not from a file system in it.
	sh(t, "cd "+root+"; mkdir -p aged/deep; touch aged/deep/a aged/b; btrfs -q subvolume create nested; touch nested/c")
	a := Aging{
		Due:    func(time.Time, time.Time) bool { return true },
		Check:  func() error { return nil },
		Record: func([]string) (func([]error), error) { return func([]error) {}, nil },
	}
	if err := h.RemoveAged(&a); err != nil || a.Files != 2 || a.Folders != 2 || a.Failed != 1 {
		t.Errorf("%v %+v", err, a)
	}
	if left := sh(t, "cd "+root+"; find . -mindepth 1 | sort | paste -sd' '"); left != "./nested ./nested/c" {
		t.Errorf("left: %s", left)
	}
	nothingAside(t, mount)
}
