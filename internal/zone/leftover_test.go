package zone

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// later is an age that everything has reached.
const later = -time.Minute

// lay puts a file under a reserved name of uploads, as one that was killed leaves it.
func lay(t *testing.T, dir, name string) string {
	t.Helper()
	path := dir + "/" + uploadPrefix + name
	must(t, makeFile(path, "left"))
	return path
}

// TestSweepUploads: of all that can have a reserved name only the caller's own, old and unlocked uploads go.
func TestSweepUploads(t *testing.T) {
	dir, root := tree(t)
	left := lay(t, dir, "left")
	root.SweepUploads()
	if _, err := os.Lstat(left); err != nil {
		t.Error("removed within a day:", err)
	}
	locked, err := os.Open(lay(t, dir, "locked"))
	must(t, err)
	defer locked.Close()
	must(t, unix.Flock(int(locked.Fd()), unix.LOCK_EX))
	must(t, makeFile(dir+"/plain", "x"), makeFile(dir+"/.shz-other", "x"), os.Symlink("plain", dir+"/"+uploadPrefix+"link"),
		os.Mkdir(dir+"/"+uploadPrefix+"folder", 0o700), unix.Mkfifo(dir+"/"+uploadPrefix+"fifo", 0o600))
	foreign := ""
	if os.Geteuid() == 0 {
		foreign = lay(t, dir, "foreign")
		must(t, os.Chown(foreign, 65534, 65534))
	}
	within(t, func() { root.sweepUploads(later) })
	if _, err := os.Lstat(left); !os.IsNotExist(err) {
		t.Error("what was left is still there:", err)
	}
	for _, path := range []string{locked.Name(), dir + "/plain", dir + "/.shz-other", dir + "/" + uploadPrefix + "link",
		dir + "/" + uploadPrefix + "folder", dir + "/" + uploadPrefix + "fifo", foreign} {
		if _, err := os.Lstat(path); path != "" && err != nil {
			t.Error(err)
		}
	}
	locked.Close() // its process ended
	root.sweepUploads(later)
	if _, err := os.Lstat(locked.Name()); !os.IsNotExist(err) {
		t.Error("what was locked once is still there:", err)
	}
}

// TestUploadsLookAfterLeftovers: who needs a reserved name removes those that were left; an upload that needs none does
// not read the folder for it. What is under way beside it stays and ends well.
func TestUploadsLookAfterLeftovers(t *testing.T) {
	for _, c := range []struct {
		exists         OnExists
		hidden, sweeps bool
	}{{ExistsReplace, false, true}, {ExistsReplace, true, true}, {ExistsFail, true, true}, {ExistsFail, false, false}} {
		dir, root := tree(t)
		if c.exists == ExistsReplace {
			must(t, makeFile(dir+"/name", "old"))
		}
		left := lay(t, dir, "left")
		beside, err := create(root, "beside", ExistsFail, true)
		must(t, err)
		u, err := create(root, "name", c.exists, c.hidden)
		must(t, err)
		u.age = later
		_, _, err = u.Commit()
		u.Abort()
		if _, gone := os.Lstat(left); err != nil || os.IsNotExist(gone) != c.sweeps {
			t.Errorf("%+v: %v, and what was left: %v", c, err, gone)
		}
		if _, _, err := beside.Commit(); err != nil {
			t.Errorf("%+v: an upload under way: %v", c, err)
		}
		beside.Abort()
		if now := state(t, dir); !c.sweeps != strings.Contains(now, ReservedPrefix) {
			t.Errorf("%+v: there is %s", c, now)
		}
	}
}

// TestReplaceIsLocked: also the moment in which a whole file waits under a reserved name is told by the lock.
func TestReplaceIsLocked(t *testing.T) {
	dir, root := tree(t)
	must(t, makeFile(dir+"/name", "old"))
	u, err := create(root, "name", ExistsReplace, false)
	must(t, err)
	defer u.Abort()
	u.Require(func(*unix.Stat_t) bool { // asked while both have their names exchanged
		other, err := os.Open(dir + "/name")
		must(t, err)
		defer other.Close()
		if err := unix.Flock(int(other.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != unix.EWOULDBLOCK {
			t.Errorf("the new file is not locked: %v", err)
		}
		return true
	})
	if _, replaced, err := u.Commit(); err != nil || !replaced {
		t.Error(replaced, err)
	}
}
