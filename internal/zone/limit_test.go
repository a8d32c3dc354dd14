package zone

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLimitedZonesAreApart: the roots of two zones with limits have the same inode number, and one is changed while the
// other is.
func TestLimitedZonesAreApart(t *testing.T) {
	base, _ := needCopy(t)
	image := base + ".btrfs"
	sh(t, fmt.Sprintf("truncate -s 256M %[1]s; mkfs.btrfs -q %[1]s; mount -o loop %[1]s %[2]s; btrfs quota enable %[2]s", image, base))
	t.Cleanup(func() { sh(t, "umount "+base+"; rm "+image) })
	admin := newTestAdmin(t, base)
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
