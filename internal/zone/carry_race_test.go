package zone

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What happens at the same time, and what the kernel does not let go: nothing is lost, nothing is doubled without a word.

// TestCarryUnsteady: a file that is written while it is copied does not arrive, and stays.
func TestCarryUnsteady(t *testing.T) {
	for _, moving := range []bool{false, true} {
		tries := 0
		for !carryUnsteady(t, moving) { // where the machine has other things to do nobody writes meanwhile
			if tries++; tries == 20 {
				t.Errorf("moving=%v: a file that is written arrives", moving)
				break
			}
		}
	}
}

// carryUnsteady is false where there was no change during one of two copies.
func carryUnsteady(t *testing.T, moving bool) bool {
	from, to, c := carrier(t, ExistsFail)
	must(t, os.Mkdir(from+"/dir", 0o750), makeFile(from+"/dir/file", strings.Repeat("x", 16<<20)), makeFile(from+"/dir/calm", "x"))
	must(t, os.Link(from+"/dir/file", from+"/file"))
	if sharesBlocks(t, from+"/file") {
		t.Skip("a copy takes no time: it shares its blocks (FICLONE)")
	}
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				os.Chmod(from+"/file", 0o640-os.FileMode(i%2)*0o40)
				time.Sleep(100 * time.Microsecond)
			}
		}
	}()
	_, fileErr := c.carry("file", moving)
	got, err := c.carry("dir", moving)
	close(stop)
	<-done
	if fileErr == nil || err == nil && len(got.Left) == 0 || exists(to+"/file") || exists(to+"/dir/file") { // or one only after it was copied
		return false
	}
	if !errors.Is(fileErr, ErrUnsteady) {
		t.Errorf("moving=%v: %v", moving, fileErr)
	}
	if err != nil || len(got.Left) != 1 || !errors.Is(got.Left[0].Err, ErrUnsteady) {
		t.Errorf("moving=%v: %+v %v", moving, got, err)
	}
	if now := state(t, to) + "; " + state(t, to+"/dir"); now != "dir d---------; calm ---------- x" {
		t.Errorf("moving=%v: there is %.200s", moving, now)
	}
	if !exists(from+"/file") || !exists(from+"/dir/file") || exists(from+"/dir/calm") == moving {
		t.Errorf("moving=%v: %d entries stay", moving, len(stateBelow(t, from)))
	}
	return true
}

// sharesBlocks says whether the file system copies a file in one moment, whatever its size (ioctl_ficlone(2)).
func sharesBlocks(t *testing.T, path string) bool {
	source, err := os.Open(path)
	must(t, err)
	defer source.Close()
	f, err := os.CreateTemp(filepath.Dir(path), "clone")
	must(t, err)
	defer os.Remove(f.Name())
	defer f.Close()
	return unix.IoctlFileClone(int(f.Fd()), int(source.Fd())) == nil
}

// TestCarryMeanwhile: between the copy and the removal of a folder others work in it.
func TestCarryMeanwhile(t *testing.T) {
	from, to, c := carrier(t, ExistsFail)
	dir := from + "/x"
	must(t, os.MkdirAll(dir+"/sub", 0o750), os.Mkdir(dir+"/gone", 0o750), os.Mkdir(to+"/made", 0o750))
	for _, name := range []string{"/same", "/written", "/replaced", "/removed", "/sub/same", "/sub/times"} {
		must(t, makeFile(dir+name, "old"))
	}
	var done Carried
	source, made := objectAt(t, dir), objectAt(t, to+"/made")
	what, err := c.copyTree(source, "d", made, true, &done)
	must(t, err)
	before := modified(t, dir+"/sub/times")
	time.Sleep(20 * time.Millisecond) // the clock of change times goes in steps
	must(t, makeFile(dir+"/written", "NEW"), makeFile(dir+"/new", "new"), makeFile(dir+"/other", "alt"), os.Rename(dir+"/other", dir+"/replaced"),
		os.Remove(dir+"/removed"), os.Remove(dir+"/gone"), makeFile(dir+"/sub/times", "NEW"), os.Chtimes(dir+"/sub/times", before, before))
	c.removeSource(source, "x", made, what, &done)
	if now := state(t, dir); now != "new ---------- new; replaced ---------- alt; sub d---------; written ---------- NEW" {
		t.Errorf("stays: %s", now)
	}
	if now := state(t, dir+"/sub"); now != "times ---------- NEW" { // same size, same time of modification
		t.Errorf("stays in sub: %s", now)
	}
	told := map[string]bool{}
	for _, l := range done.Left {
		var doubled *Doubled
		if !errors.As(l.Err, &doubled) {
			t.Errorf("%q: %v", l.Path, l.Err)
		}
		told[strings.Join(l.Path, "/")] = true
	}
	if !told["written"] || !told["replaced"] || !told["sub/times"] || told["same"] {
		t.Errorf("told: %v", told)
	}
}

// TestCarryNew: what came into a folder meanwhile stays, and the folder is said to be in both places.
func TestCarryNew(t *testing.T) {
	from, to, c := carrier(t, ExistsFail)
	must(t, os.MkdirAll(from+"/x/sub", 0o750), os.Mkdir(to+"/made", 0o750), makeFile(from+"/x/sub/file", "old"))
	var done Carried
	source, made := objectAt(t, from+"/x"), objectAt(t, to+"/made")
	what, err := c.copyTree(source, "d", made, true, &done)
	must(t, err, makeFile(from+"/x/sub/new", "new"))
	c.removeSource(source, "x", made, what, &done)
	if now := state(t, from+"/x/sub"); now != "new ---------- new" || len(done.Left) != 1 || !errors.Is(done.Left[0].Err, unix.ENOTEMPTY) {
		t.Errorf("%s; told %v", now, done.Left)
	}
}

// TestCarryFresh: files that the clock says were changed in the future, or just now, are moved as others are.
func TestCarryFresh(t *testing.T) {
	from, to, c := carrier(t, ExistsFail)
	must(t, os.Mkdir(from+"/x", 0o750), makeFile(from+"/x/file", "x"), os.Mkdir(to+"/made", 0o750))
	var done Carried
	source, made := objectAt(t, from+"/x"), objectAt(t, to+"/made")
	made.stat.Ctim = unix.Timespec{} // the copy began long before the file was made
	what, err := c.copyTree(source, "d", made, true, &done)
	must(t, err)
	c.removeSource(source, "x", made, what, &done)
	if len(done.Left) > 0 || exists(from+"/x") {
		t.Errorf("%v", done.Left)
	}
}

// TestTakeAway: what gets the name in between is put back.
func TestTakeAway(t *testing.T) {
	dir, root := tree(t)
	must(t, makeFile(dir+"/name", "meant"), makeFile(dir+"/other", "not meant"))
	err := root.takeAway("name", func(*unix.Stat_t) bool {
		must(t, os.Rename(dir+"/other", dir+"/name"))
		return true
	})
	if got := state(t, dir); !errors.Is(err, ErrUnsteady) || got != "name ---------- not meant" {
		t.Errorf("%v: %s", err, got)
	}
	if err := root.takeAway("name", func(*unix.Stat_t) bool { return false }); !errors.Is(err, ErrUnsteady) || !exists(dir+"/name") {
		t.Error(err)
	}
	if err := root.takeAway("name", func(*unix.Stat_t) bool { return true }); err != nil || state(t, dir) != "" {
		t.Error(err, state(t, dir))
	}
}

// TestCarryPermissions: what the kernel keeps stays where it is, is not doubled, and is told.
func TestCarryPermissions(t *testing.T) {
	withoutPrivileges(t)
	top := os.Getenv(onFileSystem)
	from, to, c := carrier(t, ExistsFail)

	// Of another's in a sticky folder of another's: not removable, so it is not copied either.
	sticky := &Carrier{From: objectAt(t, top+"/sticky"), To: c.To}
	if _, err := sticky.Move("foreign"); !errors.Is(err, unix.EPERM) || state(t, to) != "" {
		t.Errorf("%v; there is %s", err, state(t, to))
	}
	if _, err := sticky.Copy("foreign"); err != nil || state(t, to) != "foreign ---------- root" {
		t.Errorf("%v; there is %s", err, state(t, to))
	}
	must(t, os.Remove(to+"/foreign"))

	// In a folder that is moved: unreadable, and not removable.
	must(t, os.MkdirAll(from+"/x/shut", 0o750), os.Mkdir(from+"/x/fixed", 0o750), makeFile(from+"/x/secret", "x"), makeFile(from+"/x/open", "x"),
		makeFile(from+"/x/shut/in", "x"), makeFile(from+"/x/fixed/in", "x"), os.Chmod(from+"/x/secret", 0), os.Chmod(from+"/x/shut", 0), os.Chmod(from+"/x/fixed", 0o550))
	t.Cleanup(func() { os.Chmod(from+"/x/shut", 0o700); os.Chmod(from+"/x/fixed", 0o700) })
	got, err := c.Move("x")
	must(t, err)
	told := map[string]error{}
	for _, l := range got.Left {
		told[strings.Join(l.Path, "/")] = l.Err
	}
	if !errors.Is(told["secret"], unix.EACCES) || !errors.Is(told["shut"], unix.EACCES) || !errors.Is(told["fixed/in"], unix.EPERM) || len(told) != 3 {
		t.Errorf("told: %v", told)
	}
	if now := state(t, to+"/x"); now != "fixed d---------; open ---------- x" {
		t.Errorf("arrived: %s", now)
	}
	if exists(from+"/x/open") || !exists(from+"/x/secret") || !exists(from+"/x/fixed/in") {
		t.Errorf("stayed: %s", state(t, from+"/x/fixed"))
	}

	// A target that may not be written, or is full: nothing appears and nothing goes.
	must(t, makeFile(from+"/file", "x"), os.Mkdir(from+"/dir", 0o750), makeFile(from+"/dir/in", "x"))
	before := state(t, from+"/dir")
	var space unix.Statfs_t
	must(t, unix.Statfs(to, &space))
	if space.Blocks > 0 { // otherwise the file system does not say how large it is
		c.Keep.Percent = 100
		for _, name := range []string{"file", "dir"} {
			if _, err := c.Move(name); !errors.Is(err, unix.ENOSPC) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	must(t, os.Chmod(to, 0o550))
	for _, name := range []string{"file", "dir"} {
		if _, err := c.Move(name); !errors.Is(err, unix.EACCES) || state(t, from+"/dir") != before {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, os.Chmod(to, 0o750))
	if now := state(t, to); now != "x d---------" {
		t.Errorf("there is %s", now)
	}
}

// TestCarryDeep: a tree of 1,000 levels goes, is removed, and takes a handful of descriptors.
func TestCarryDeep(t *testing.T) {
	from, to, c := carrier(t, ExistsFail)
	fd, err := unix.Open(from, unix.O_PATH|unix.O_CLOEXEC, 0)
	must(t, err)
	var names []string
	for range 1000 {
		name := "level of a deep tree"
		must(t, unix.Mkdirat(fd, name, 0o700))
		next, err := unix.Openat(fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		must(t, err)
		unix.Close(fd)
		fd, names = next, append(names, name)
	}
	deep, err := newObject(fd)
	must(t, err)
	upload, err := deep.Create("file", 7, ExistsFail, Reserve{})
	must(t, err)
	upload.File().WriteString("content")
	_, _, err = upload.Commit()
	must(t, err)
	upload.Abort()
	deep.Close()
	var limit unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: limit.Max}))
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	if got, err := c.Move(names[0]); err != nil || len(got.Left) > 0 || got.Bytes != 7 {
		t.Fatalf("%+v %v", got, err)
	}
	if state(t, from) != "" {
		t.Error("the source is still there")
	}
	if _, content, err := readObject(c.To, append(names, "file")); content != "content" || err != nil {
		t.Error(content, err)
	}
	if err := c.To.Remove(names[0]); err != nil || state(t, to) != "" {
		t.Error(err)
	}
}

// TestCarryMany: more entries and more folders than one batch of names holds.
func TestCarryMany(t *testing.T) {
	from, _, c := carrier(t, ExistsFail)
	must(t, os.Mkdir(from+"/x", 0o750))
	const files, folders = 4000, 1000
	for i := range files {
		must(t, makeFile(filepath.Join(from, "x", "file "+strconv.Itoa(i)), ""))
	}
	for i := range folders {
		must(t, os.Mkdir(filepath.Join(from, "x", "folder "+strconv.Itoa(i)), 0o750))
	}
	if got, err := c.Move("x"); err != nil || len(got.Left) > 0 {
		t.Fatal(got, err)
	}
	if exists(from + "/x") {
		t.Error("the source is still there")
	}
	entries, total, err := c.To.List(Order{By: "name"}, 0, 10)
	if err != nil || total != 1 || entries[0].Name != "x" {
		t.Error(entries, err)
	}
	x, err := c.To.Open([]string{"x"})
	must(t, err)
	defer x.Close()
	if _, total, err := x.List(Order{By: "name"}, 0, 1); err != nil || total != files+folders {
		t.Error(total, err)
	}
}
