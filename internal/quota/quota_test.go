package quota

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func made(numbers ...uint64) *answer {
	var a answer
	for i, n := range numbers {
		binary.NativeEndian.PutUint64(a[8*i:], n)
	}
	return &a
}

func TestRead(t *testing.T) {
	for _, row := range []struct {
		in   *answer
		want string
	}{
		{made(), `null`},
		{made(0, 0, 5000, 0, 0, 7), `null`}, // counted, and not limited
		{made(20, 10, 5000, 0, 0, 7), `{"used":5000,"limit":20480,"files":7,"file_limit":null,"until":null}`},
		{made(0, 10, 20000, 0, 0, 7, 86400), `{"used":20000,"limit":10240,"files":7,"file_limit":null,"until":"1970-01-02T00:00:00Z"}`},
		{made(0, 0, 1, 9, 8, 8, 90000, 3600), `{"used":1,"limit":null,"files":8,"file_limit":9,"until":"1970-01-01T01:00:00Z"}`},
		{made(1<<63, 0, 1<<63), `{"used":9223372036854775807,"limit":9223372036854775807,"files":0,"file_limit":null,"until":null}`},
	} {
		if b, err := json.Marshal(row.in.read()); string(b) != row.want {
			t.Errorf("%s %v, want %s", b, err, row.want)
		}
	}
}

// TestNone: a file system without quotas, and a descriptor of nothing.
func TestNone(t *testing.T) {
	if q := Of(int(os.Stdin.Fd()), 0, 0); q != nil {
		t.Errorf("%+v", q)
	}
	if q := Of(-1, 0, 0); q != nil {
		t.Errorf("%+v", q)
	}
}

// TestKernel: what the kernel limits is what it tells, also by a descriptor with O_PATH.
func TestKernel(t *testing.T) {
	if os.Getenv("SHZ_COPY") != "1" || os.Geteuid() != 0 {
		t.Skip("mounts: only as root with SHZ_COPY=1, in a throw-away copy of a machine")
	}
	place := t.TempDir()
	sh := func(command string) error {
		out, err := exec.Command("/bin/sh", "-ec", command).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%s: %w\n%s", command, err, out)
		}
		return err
	}
	if err := sh("truncate -s 64M " + place + ".img; mkfs.ext4 -q -O quota -E quotatype=usrquota:grpquota " + place + ".img"); err != nil {
		t.Fatal(err)
	}
	if err := sh("mount -o loop,usrquota,grpquota " + place + ".img " + place); err != nil {
		t.Skipf("this kernel has no quotas on ext4 (CONFIG_QFMT_V2): %v", err)
	}
	t.Cleanup(func() {
		if err := sh("umount " + place + "; rm " + place + ".img"); err != nil {
			t.Error(err)
		}
	})
	fd, err := unix.Open(place, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	const uid, gid = 54321, 54322
	if q := Of(fd, uid, gid); q != nil {
		t.Errorf("before: %+v", q)
	}
	const setQuota, limits = 0x800008, 1 | 4 // Q_SETQUOTA; QIF_BLIMITS | QIF_ILIMITS
	for kind, id := range map[uintptr]uint32{userQuota: uid, groupQuota: gid} {
		if err := quotactl(fd, setQuota, kind, id, made(1024, 512, 0, 10, 0, 0, 0, 0, limits)); err != nil {
			t.Fatal(err)
		}
	}
	if err := sh(fmt.Sprintf("head -c 100000 /dev/urandom >%[1]s/a; chown %d:%d %[1]s/a; sync -f %[1]s", place, uid, gid)); err != nil {
		t.Fatal(err)
	}
	q := Of(fd, uid, gid)
	if q == nil || q.User == nil || q.Group == nil || *q.User.Limit != 1<<20 || *q.User.FileLimit != 10 || q.User.Used < 100000 || q.User.Files != 1 || q.Group.Used != q.User.Used {
		t.Errorf("%+v", q)
	}
}
