package btrfs

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestFSID compares with what statfs(2) said on a machine.
func TestFSID(t *testing.T) {
	const uuid = "ea8ebe10-abe0-4ffd-a208-38a0f5d3a612"
	for id, want := range map[uint64]string{5: "488686b05e33e9ea", 256: "488686b05e33e8ef", 1<<32 + 257: "488686b15e33e8ee"} {
		val := fsid(uuid, id)
		if got := fmt.Sprintf("%08x%08x", uint32(val[0]), uint32(val[1])); got != want {
			t.Errorf("%d: %s, not %s", id, got, want)
		}
	}
	for _, odd := range []string{"", "features", "ea8ebe10-abe0-4ffd-a208-38a0f5d3a6", "zz8ebe10-abe0-4ffd-a208-38a0f5d3a612"} {
		if val := fsid(odd, 5); val != [2]int32{} {
			t.Errorf("%q: %x", odd, val)
		}
	}
}

// mountBtrfs puts a new btrfs on a folder of its own.
func mountBtrfs(t *testing.T) string {
	t.Helper()
	if os.Getenv("SHZ_COPY") != "1" || os.Geteuid() != 0 {
		t.Skip("mounts: only as root with SHZ_COPY=1, in a throw-away copy of a machine")
	}
	place := t.TempDir()
	image := "/dev/shm/btrfs-test-" + strings.ReplaceAll(t.Name(), "/", "-") + ".img"
	sh(t, fmt.Sprintf("truncate -s 256M %[1]s; mkfs.btrfs -q %[1]s; mount -o loop %[1]s %[2]s", image, place))
	t.Cleanup(func() { sh(t, fmt.Sprintf("umount %s; rm %s", place, image)) })
	return place
}

func sh(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.Command("/bin/bash", "-ec", command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

func open(t *testing.T, place string) int {
	t.Helper()
	f, err := os.Open(place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return int(f.Fd())
}

// TestSubvolumes: what is made, limited and read is what the kernel enforces.
func TestSubvolumes(t *testing.T) {
	place := mountBtrfs(t)
	base := open(t, place)
	if _, err := Of(base); !errors.Is(err, ErrNoQuotas) {
		t.Errorf("before quotas are enabled: %v", err)
	}
	if _, err := Of(open(t, "/proc")); !errors.Is(err, ErrOther) {
		t.Errorf("/proc: %v", err)
	}
	if err := Create(base, "early"); err != nil {
		t.Fatal(err)
	}
	sh(t, "btrfs quota enable "+place+"; btrfs quota rescan -w "+place)
	if err := Create(base, "-odd name;$(id)"); err != nil {
		t.Error(err)
	}
	if err := Create(base, "early"); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("twice: %v", err)
	}
	sh(t, "mkdir "+place+"/plain")
	if s, err := Of(open(t, place+"/plain")); err != nil || s.IsRoot || s.ID != 5 {
		t.Errorf("a folder: %+v, %v", s, err)
	}
	fd := open(t, place+"/early")
	s, err := Of(fd)
	if err != nil || !s.IsRoot || sh(t, "btrfs inspect-internal rootid "+place+"/early") != fmt.Sprint(s.ID) {
		t.Fatalf("%+v, %v", s, err)
	}
	if u, err := s.Usage(); err != nil || u.Limit != nil || u.Used <= 0 {
		t.Errorf("no limit: %+v, %v", u, err)
	}
	limit := int64(8 << 20)
	if err := SetLimit(base, s, &limit); err != nil {
		t.Fatal(err)
	}
	if out := sh(t, "head -c 9000000 /dev/urandom 2>&1 >"+place+"/early/x || true"); !strings.Contains(out, "quota") {
		t.Errorf("9 MB in 8 MiB: %s", out)
	}
	sh(t, "sync -f "+place)
	if u, err := s.Usage(); err != nil || u.Limit == nil || *u.Limit != limit || u.Used < limit/2 || u.Used > limit {
		t.Errorf("full: %+v, %v", u, err)
	}
	sh(t, "btrfs qgroup limit -e 4M "+place+"/early")
	if u, err := s.Usage(); err != nil || u.Limit == nil || *u.Limit != 4<<20 {
		t.Errorf("of what it holds alone: %+v, %v", u, err)
	}
	sh(t, fmt.Sprintf("btrfs qgroup limit -e none 0/%d %s", s.ID, place))
	if err := SetLimit(base, s, nil); err != nil { // also of one that is full
		t.Fatal(err)
	}
	if u, err := s.Usage(); err != nil || u.Limit != nil {
		t.Errorf("taken away: %+v, %v", u, err)
	}
	if err := SetLimit(base, Subvolume{ID: 999999}, &limit); err == nil {
		t.Error("a subvolume that is not there has a limit")
	}
}

// TestSeveral: several file systems are told apart.
func TestSeveral(t *testing.T) {
	first := mountBtrfs(t)
	t.Run("second", func(t *testing.T) {
		second := mountBtrfs(t)
		sh(t, fmt.Sprintf("for d in %s %s; do btrfs quota enable $d; btrfs subvolume create $d/zone; done", first, second))
		a, err1 := Of(open(t, first+"/zone"))
		b, err2 := Of(open(t, second+"/zone"))
		if err1 != nil || err2 != nil || a.ID != b.ID || a.groups == b.groups {
			t.Errorf("%+v, %v; %+v, %v", a, err1, b, err2)
		}
	})
}
