package zone

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// trashTree is a zone whose trash keeps what goes from its root.
func trashTree(t *testing.T) (string, *Object, *Trash) {
	t.Helper()
	dir, root := tree(t)
	trash := root.Trash()
	root.KeepIn(trash, nil)
	return dir, root, trash
}

func discard(t *testing.T, from *Object, name string) {
	t.Helper()
	if kept, err := from.Discard(name); err != nil || !kept {
		t.Fatalf("%.40q: kept %v, %v", name, kept, err)
	}
}

func inTrash(t *testing.T, trash *Trash) []Discarded {
	t.Helper()
	found, total, err := trash.List(0, 1000)
	if err != nil || total != len(found) {
		t.Fatalf("%d of %d: %v", len(found), total, err)
	}
	return found
}

func inodeAt(t *testing.T, path string) uint64 {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(path, &st))
	return st.Ino
}

// TestTrash: whatever was deleted comes back as the same object.
func TestTrash(t *testing.T) {
	dir, root, trash := trashTree(t)
	long := strings.Repeat("n", 255)
	must(t, makeFile(dir+"/file", "content"), os.MkdirAll(dir+"/folder/sub/empty", 0o750), makeFile(dir+"/folder/sub/x", "x"), os.Mkdir(dir+"/empty", 0o750),
		unix.Mkfifo(dir+"/fifo", 0o640), os.Symlink("/etc/passwd", dir+"/link"), makeFile(dir+"/"+long, ""), makeFile(dir+"/odd\n\xff", ""))
	inodes := map[string]uint64{}
	for _, name := range []string{"file", "folder", "empty", "fifo", "link", long, "odd\n\xff"} {
		inodes[name] = inodeAt(t, dir+"/"+name)
		discard(t, root, name)
	}
	if left := state(t, dir); left != trashPrefix+strconv.Itoa(os.Geteuid())+" d---------" {
		t.Errorf("left: %s", left)
	}
	found := inTrash(t, trash)
	if len(found) != len(inodes) {
		t.Fatalf("%d are listed", len(found))
	}
	for _, d := range found {
		if d.Lost || len(d.From) > 0 || d.By != uint32(os.Geteuid()) || time.Since(d.Deleted) > time.Hour || *d.Owner != d.By {
			t.Errorf("%+v", d)
		}
		landed, err := trash.Restore(d.ID, root, "", ExistsFail, Reserve{})
		if err != nil || landed.Name != d.Name || landed.Bytes >= 0 || landed.Folder != (d.Kind == "dir") || inodeAt(t, dir+"/"+d.Name) != inodes[d.Name] {
			t.Errorf("%.40q: %+v %v", d.Name, landed, err)
		}
	}
	if b, _ := os.ReadFile(dir + "/folder/sub/x"); string(b) != "x" {
		t.Errorf("in the folder: %q", b)
	}
	if left := inTrash(t, trash); len(left) != 0 {
		t.Errorf("left in the trash: %+v", left)
	}
	if exists(filepath.Join(dir, trashPrefix+strconv.Itoa(os.Geteuid()))) {
		t.Error("an empty trash stays")
	}
}

// TestTrashTold: where things lay, also below folders and where the way is too long to be told; the last comes first.
func TestTrashTold(t *testing.T) {
	dir, root, trash := trashTree(t)
	deep := []string{"a", "b\n\xff"}
	must(t, os.MkdirAll(dir+"/a/b\n\xff", 0o750), makeFile(dir+"/a/b\n\xff/x", "first"))
	folder, err := root.Open(deep)
	must(t, err)
	defer folder.Close()
	folder.KeepIn(trash, deep)
	discard(t, folder, "x")
	must(t, makeFile(dir+"/a/b\n\xff/x", "second"), makeFile(dir+"/x", "elsewhere"))
	discard(t, folder, "x")
	discard(t, root, "x")
	found, err := trash.Last(deep, []string{"x", "y"})
	d := found["x"]
	if len(found) != 1 || err != nil || !slices.Equal(d.From, deep) || *d.Size != int64(len("second")) {
		t.Errorf("%+v %v", d, err)
	}
	if found, err := trash.Last([]string{"a"}, []string{"x"}); len(found) != 0 || err != nil {
		t.Errorf("%v %v", found, err)
	}
	var far []string
	for range 300 {
		far = append(far, strings.Repeat("d", 250))
	}
	must(t, makeFile(dir+"/y", ""))
	root.KeepIn(trash, far)
	discard(t, root, "y")
	if found := inTrash(t, trash); len(found) != 4 || !slices.ContainsFunc(found, func(d Discarded) bool { return d.Name == "y" && d.Lost }) {
		t.Errorf("%+v", found)
	}
	if some, total, err := trash.List(1, 2); len(some) != 2 || total != 4 || err != nil {
		t.Error(some, total, err)
	}
	if some, total, err := trash.List(9, 2); len(some) != 0 || total != 4 || err != nil {
		t.Error(some, total, err)
	}
}

// TestTrashReplaced: what is replaced is kept, by an upload and by a rename, and by both of an upload's ways.
func TestTrashReplaced(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		dir, root, trash := trashTree(t)
		must(t, makeFile(dir+"/a", "old"))
		if name, replaced, err := upload(root, "a", ExistsReplace, hidden, nil); name != "a" || !replaced || err != nil {
			t.Fatal(name, replaced, err)
		}
		must(t, makeFile(dir+"/b", "newest"))
		if done, err := root.Rename("b", "a", ExistsReplace); err != nil || !done.Replaced {
			t.Fatal(done, err)
		}
		found := inTrash(t, trash)
		if len(found) != 2 || found[0].Name != "a" || found[1].Name != "a" {
			t.Fatalf("%+v", found)
		}
		if _, err := trash.Restore(found[0].ID, root, "", ExistsFail, Reserve{}); !errors.Is(err, unix.EEXIST) {
			t.Error("a name that is taken:", err)
		}
		if len(inTrash(t, trash)) != 2 {
			t.Error("it is lost")
		}
		if landed, err := trash.Restore(found[0].ID, root, "", ExistsRename, Reserve{}); err != nil || landed.Name != "a (2)" {
			t.Error(landed, err)
		}
		if landed, err := trash.Restore(found[1].ID, root, "other", ExistsFail, Reserve{}); err != nil || landed.Name != "other" {
			t.Error(landed, err)
		}
		var got []string
		for _, name := range []string{"a", "a (2)", "other"} {
			b, _ := os.ReadFile(dir + "/" + name)
			got = append(got, string(b))
		}
		if slices.Sort(got); strings.Join(got, " ") != "new newest old" {
			t.Errorf("%q", got)
		}
	}
}

// TestTrashNone: without a trash things go for good; the trash forgets what is purged.
func TestTrashNone(t *testing.T) {
	dir, root := tree(t)
	must(t, makeFile(dir+"/a", ""), os.MkdirAll(dir+"/d/e", 0o750))
	for _, name := range []string{"a", "d"} {
		if kept, err := root.Discard(name); kept || err != nil {
			t.Error(name, kept, err)
		}
	}
	if all := state(t, dir); all != "" {
		t.Error(all)
	}
	for _, name := range []string{"", ".", "..", "a/b", "a\x00", ".shz-x"} {
		if _, err := root.Discard(name); !errors.Is(err, CheckSegment(name)) {
			t.Errorf("%q: %v", name, err)
		}
	}
	trash := root.Trash()
	root.KeepIn(trash, nil)
	must(t, os.MkdirAll(dir+"/d/e", 0o750), makeFile(dir+"/d/e/f", ""))
	discard(t, root, "d")
	must(t, trash.Purge(inTrash(t, trash)[0].ID))
	if len(inTrash(t, trash)) != 0 {
		t.Error("it is still there")
	}
	if kept, err := root.Discard("nothing"); kept || !errors.Is(err, unix.ENOENT) {
		t.Error(kept, err)
	}
	if exists(filepath.Join(dir, trashPrefix+strconv.Itoa(os.Geteuid()))) {
		t.Error("an empty trash stays")
	}
	must(t, unix.Setxattr(dir, AttrTrash, []byte(TrashOff), 0))
	if root.Trash() != nil {
		t.Error("its owner has turned it off")
	}
}

// TestTrashIDs: an id is no path.
func TestTrashIDs(t *testing.T) {
	dir, root, trash := trashTree(t)
	me := strconv.Itoa(os.Geteuid())
	must(t, makeFile(dir+"/a", ""), os.MkdirAll(dir+"/.shz-trash-x/y", 0o750), os.Mkdir(dir+"/b", 0o750), makeFile(dir+"/b/c", ""))
	discard(t, root, "a")
	id := inTrash(t, trash)[0].ID
	top := dir + "/" + trashPrefix + me
	must(t, os.Symlink("../b", top+"/link"), makeFile(top+"/file", ""), os.Mkdir(top+"/empty", 0o750), os.Mkdir(top+"/odd", 0o750), makeFile(top+"/odd/.shz-y", ""))
	for _, id := range []string{"", "-", me, me + "-", me + "-..", me + "-.", me + "-../b", me + "-link", me + "-file", me + "-empty", me + "-odd", me + "-nothing",
		me + "-a\x00b", "x-y", "../b-c", "99999999999999-x", "-1-x", "4294967295-x"} {
		if _, err := trash.Look(id); err == nil {
			t.Errorf("%q is something", id)
		}
		if _, err := trash.Restore(id, root, "z", ExistsFail, Reserve{}); err == nil {
			t.Errorf("%q comes back", id)
		}
		if err := trash.Purge(id); err == nil {
			t.Errorf("%q goes", id)
		}
	}
	if !exists(dir+"/b/c") || exists(dir+"/z") || !exists(top+"/odd/.shz-y") {
		t.Error("something happened")
	}
	for _, as := range []string{"..", "a/b", ".shz-x", "a\nb"} {
		if _, err := trash.Restore(id, root, as, ExistsFail, Reserve{}); err == nil {
			t.Errorf("it is called %q", as)
		}
	}
}

// TestTrashHolds: whether there is anything costs the same however much there is.
func TestTrashHolds(t *testing.T) {
	dir, root, trash := trashTree(t)
	if trash.Holds() {
		t.Error("it holds something from the beginning")
	}
	must(t, makeFile(dir+"/a", ""))
	discard(t, root, "a")
	top := dir + "/" + trashName(uint32(os.Geteuid()))
	for i := range 5000 {
		must(t, os.Mkdir(fmt.Sprintf("%s/20260102T030405.%09dZ-AAAAAAAAAAAA", top, i), 0o700))
	}
	if n := testing.AllocsPerRun(10, func() { trash.Holds() }); !trash.Holds() || n > 1000 {
		t.Errorf("%v allocations for 5001", n)
	}
	for i := range 5000 {
		must(t, os.Remove(fmt.Sprintf("%s/20260102T030405.%09dZ-AAAAAAAAAAAA", top, i)))
	}
	for _, d := range inTrash(t, trash) {
		must(t, trash.Purge(d.ID))
	}
	if trash.Holds() {
		t.Error("it holds something in the end")
	}
}

// TestTrashTaken: what is called as the trash and is none gets nothing.
func TestTrashTaken(t *testing.T) {
	for kind, make := range map[string]func(string) error{
		"file": func(path string) error { return makeFile(path, "") },
		"fifo": func(path string) error { return unix.Mkfifo(path, 0o640) },
		"link": func(path string) error { return os.Symlink("other", path) },
		"folder": func(path string) error {
			return errors.Join(os.Mkdir(path, 0o777), os.Chmod(path, 0o777), os.Chown(path, 4343, -1))
		},
	} {
		dir, root, _ := trashTree(t)
		must(t, makeFile(dir+"/a", ""), os.Mkdir(dir+"/other", 0o750))
		if err := make(filepath.Join(dir, trashPrefix+strconv.Itoa(os.Geteuid()))); err != nil {
			if kind == "folder" && os.Geteuid() != 0 {
				continue // only root gives away
			}
			t.Fatal(err)
		}
		within(t, func() {
			if kept, err := root.Discard("a"); kept || !errors.Is(err, ErrTrashTaken) || !exists(dir+"/a") {
				t.Errorf("%s: %v %v", kind, kept, err)
			}
		})
	}
}

// TestTrashStrange: a folder with what is not one's own to remove stays.
func TestTrashStrange(t *testing.T) {
	withoutPrivileges(t)
	zone := os.Getenv(onFileSystem)
	root := objectAt(t, zone)
	trash := root.Trash()
	root.KeepIn(trash, nil)
	for range 2 {
		if kept, err := root.Discard("sticky"); kept || !errors.Is(err, ErrStrange) || !exists(zone+"/sticky/foreign") {
			t.Errorf("%v %v", kept, err)
		}
	}
	if len(inTrash(t, trash)) != 0 {
		t.Error("it is in the trash")
	}
}

// TestTrashMeanwhile: two who delete, restore and replace the same name at once lose nothing.
func TestTrashMeanwhile(t *testing.T) {
	_, root, trash := trashTree(t)
	const files = 60
	var ended atomic.Bool
	done := make(chan bool)
	go func() {
		defer close(done)
		for !ended.Load() {
			found, _, err := trash.List(0, 5)
			if err != nil {
				t.Error(err)
				return
			}
			for _, d := range found {
				trash.Restore(d.ID, root, "", ExistsRename, Reserve{})
			}
		}
	}()
	for range files {
		if _, _, err := upload(root, "a", ExistsReplace, false, nil); err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EEXIST) {
			t.Error(err)
		}
		if _, err := root.Discard("a"); err != nil && !errors.Is(err, unix.ENOENT) {
			t.Error(err)
		}
	}
	ended.Store(true)
	<-done
	for _, d := range inTrash(t, trash) {
		if _, err := trash.Restore(d.ID, root, "", ExistsRename, Reserve{}); err != nil {
			t.Error(err)
		}
	}
	names, err := readNames(root.fd)
	if n := len(slices.DeleteFunc(names, func(name string) bool { return strings.HasPrefix(name, ReservedPrefix) })); err != nil || n != files {
		t.Errorf("%d of %d files: %v", n, files, err)
	}
}

// TestTrashGoesMeanwhile: an empty trash can go at any moment, and what is deleted then is kept all the same.
func TestTrashGoesMeanwhile(t *testing.T) {
	dir, root, trash := trashTree(t)
	top := dir + "/" + trashPrefix + strconv.Itoa(os.Geteuid())
	var end atomic.Bool
	done := make(chan int)
	go func() {
		gone := 0
		for !end.Load() { // at any moment, but with a pause: who removes it always at once lets nobody make one
			if unix.Rmdir(top) == nil {
				gone++
			}
			time.Sleep(time.Duration(gone%7) * 50 * time.Microsecond)
		}
		done <- gone
	}()
	for range 200 {
		must(t, makeFile(dir+"/file", "content"))
		discard(t, root, "file")
		for _, d := range inTrash(t, trash) {
			if _, err := trash.Restore(d.ID, root, "", ExistsFail, Reserve{}); err != nil {
				t.Errorf("restore: %v", err)
			}
		}
		if t.Failed() {
			break
		}
		must(t, os.Remove(dir+"/file"))
	}
	end.Store(true)
	if gone := <-done; gone == 0 {
		t.Error("it never went meanwhile")
	}
}
