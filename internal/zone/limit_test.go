package zone

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// needLimits returns an empty base on a btrfs with quotas.
func needLimits(t *testing.T) (base string, admin *Admin) {
	t.Helper()
	base, _ = needCopy(t)
	image := base + ".btrfs"
	sh(t, fmt.Sprintf("truncate -s 256M %[1]s; mkfs.btrfs -q %[1]s; mount -o loop %[1]s %[2]s; btrfs quota enable %[2]s", image, base))
	t.Cleanup(func() { sh(t, "umount "+base+"; rm "+image) })
	return base, newTestAdmin(t, base)
}

// TestLimitedZonesAreApart: the roots of two zones with limits have the same inode number, and one is changed while the
// other is.
func TestLimitedZonesAreApart(t *testing.T) {
	base, admin := needLimits(t)
	limit := int64(32 << 20)
	var held []*Held
	for _, name := range []string{"one", "two"} {
		if err := admin.CreateLimited(name, "zt-anna", Metadata{}, &limit, time.Now()); err != nil {
			t.Fatal(err)
		}
		h, err := admin.hold(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		held = append(held, h)
	}
	if held[0].stat.Ino != held[1].stat.Ino {
		t.Error("they are no subvolumes")
	}
	if _, err := admin.hold("one"); err == nil || !strings.Contains(err.Error(), ErrBusy.Error()) {
		t.Errorf("changed twice at once: %v", err)
	}
	for _, h := range held {
		h.Release()
	}
	fd, err := unix.Open(base+"/one", unix.O_PATH, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if got, err := limitOf(fd); err != nil || got == nil || *got != limit {
		t.Errorf("limit %v, %v", got, err)
	}
	if err := os.WriteFile(base+"/one/file", make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	sh(t, "sync -f "+base)
	if free, err := freeOf(fd); err != nil || free > limit-4<<20 || free < limit-8<<20 {
		t.Errorf("free: %d, %v", free, err)
	}
}

// TestRaisedLimit: a full zone gets room for a change. Processes that are killed in the middle do not leave it more and more
// of it, and the next change, or whoever sets a limit, puts the right one back.
func TestRaisedLimit(t *testing.T) {
	base, admin := needLimits(t)
	limit := int64(16 << 20)
	if err := admin.CreateLimited("full", "zt-anna", Metadata{}, &limit, time.Now()); err != nil {
		t.Fatal(err)
	}
	sh(t, "cd "+base+"/full; chown zt-anna . ; setpriv --reuid=zt-anna --clear-groups head -c 20M /dev/urandom 2>/dev/null >x; sync -f .; btrfs quota rescan -w . >/dev/null")
	inForce := func() int64 {
		t.Helper()
		fd, err := unix.Open(base+"/full", unix.O_PATH, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		found, err := limitOf(fd)
		if err != nil || found == nil {
			t.Fatal(found, err)
		}
		return *found
	}
	killed := func() { // what a process leaves that is killed while it has the zone
		t.Helper()
		h, err := admin.hold("full")
		if err != nil {
			t.Fatal(err)
		}
		h.narrow = nil
		h.Release()
	}
	killed()
	first := inForce()
	if first <= limit || first > limit+2*spare {
		t.Fatalf("raised to %d", first)
	}
	for range 3 {
		killed()
	}
	if got := inForce(); got > first+1<<20 {
		t.Errorf("raised to %d by the first, to %d after four", first, got)
	}
	change := func() {
		t.Helper()
		h, err := admin.hold("full")
		if err != nil {
			t.Fatal(err)
		}
		h.Release()
		if got := inForce(); got != limit {
			t.Errorf("the limit is %d, not %d", got, limit)
		}
	}
	change()
	killed()
	sh(t, "rm "+base+"/full/x; sync -f "+base)
	change() // there is room by now, and nothing to raise
	sh(t, "head -c 15M /dev/urandom >"+base+"/full/x; sync -f "+base)
	killed()
	limit = 24 << 20
	if err := admin.SetLimit("full", &limit); err != nil {
		t.Fatal(err)
	}
	change()
	if left := sh(t, "ls "+layout.Slots+" | grep -c ^limit; true"); left != "0" {
		t.Errorf("%s records are left", left)
	}
}
