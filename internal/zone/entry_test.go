package zone

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func namesOf(entries []Entry) []string {
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	return names
}

func list(t *testing.T, o *Object, order Order, offset, limit int) []Entry {
	t.Helper()
	entries, _, err := o.List(order, offset, limit)
	must(t, err)
	return entries
}

func setTime(path string, seconds int64) error {
	return unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{{Sec: seconds}, {Sec: seconds}}, unix.AT_SYMLINK_NOFOLLOW)
}

// TestListOrders sorts 10,000 entries in each way, and pages through them without losing or repeating one.
func TestListOrders(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("takes long on a disk: TestOnFileSystems runs it on a tmpfs")
	}
	dir, root := tree(t)
	type file struct {
		name string
		size int64
		time int64
	}
	files := make([]file, 10_000)
	for i := range files {
		f := file{fmt.Sprintf("%s %d", []string{"alfa", "Beta", "GAMMA", "è"}[i%4], i), int64(rand.IntN(3000)), 1_700_000_000 + int64(rand.IntN(3000))}
		must(t, makeFile(dir+"/"+f.name, ""))
		must(t, os.Truncate(dir+"/"+f.name, f.size), setTime(dir+"/"+f.name, f.time))
		files[i] = f
	}
	must(t, makeFile(dir+"/.shz-hidden", "x"), os.Mkdir(dir+"/.shz-folder", 0o700))
	byName := func(a, b file) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)), strings.Compare(a.name, b.name))
	}
	for by, compare := range map[string]func(a, b file) int{
		"name":     byName,
		"size":     func(a, b file) int { return cmp.Or(cmp.Compare(a.size, b.size), strings.Compare(a.name, b.name)) },
		"modified": func(a, b file) int { return cmp.Or(cmp.Compare(a.time, b.time), strings.Compare(a.name, b.name)) },
	} {
		slices.SortFunc(files, compare)
		want := make([]string, len(files))
		for i, f := range files {
			want[i] = f.name
		}
		for _, descending := range []bool{false, true} {
			if descending {
				slices.Reverse(want)
			}
			order := Order{By: by, Descending: descending}
			all := list(t, root, order, 0, 20_000)
			if !slices.Equal(namesOf(all), want) {
				t.Errorf("%+v: another order", order)
			}
			var paged []string
			for offset := 0; offset < len(files); offset += 3999 {
				entries, total, err := root.List(order, offset, 3999)
				if err != nil || total != len(files) || len(entries) != min(3999, total-offset) {
					t.Fatalf("%+v from %d: %d of %d, %v", order, offset, len(entries), total, err)
				}
				paged = append(paged, namesOf(entries)...)
			}
			if !slices.Equal(paged, want) {
				t.Errorf("%+v: the pages are not the whole", order)
			}
		}
	}
	for _, window := range [][2]int{{10_000, 5}, {20_000, 5}, {1 << 62, 1000}, {0, 0}} {
		entries, total, err := root.List(Order{By: "name"}, window[0], window[1])
		if err != nil || total != 10_000 || len(entries) != 0 {
			t.Errorf("%v: %d of %d, %v", window, len(entries), total, err)
		}
	}
}

// TestListKinds: each kind of object, also where a directory does not tell the kinds of its entries.
func TestListKinds(t *testing.T) {
	dir, root := tree(t)
	must(t, makeFile(dir+"/file", "12345"), os.Mkdir(dir+"/folder", 0o700), os.Symlink("file", dir+"/link"), os.Symlink("folder", dir+"/link to a folder"),
		os.Symlink("nothing", dir+"/dangling"), unix.Mkfifo(dir+"/fifo", 0o600), makeFile(dir+"/unreadable", "1"), os.Chmod(dir+"/unreadable", 0),
		os.Mkdir(dir+"/shut", 0), makeFile(dir+"/sparse", ""), os.Truncate(dir+"/sparse", 1<<40), makeFile(dir+"/.shz-x", ""), makeFile(dir+"/.hidden", ""))
	want := map[string]string{
		"file": "file 5", "folder": "dir -", "link": "other -", "link to a folder": "other -", "dangling": "other -", "fifo": "other -",
		"unreadable": "file 1", "shut": "dir -", "sparse": "file 1099511627776", ".hidden": "file 0",
	}
	for _, by := range []string{"name", "size", "modified"} {
		entries := list(t, root, Order{By: by}, 0, 100)
		if len(entries) != len(want) {
			t.Errorf("by %s: %q", by, namesOf(entries))
		}
		for _, e := range entries {
			size := "-"
			if e.Size != nil {
				size = fmt.Sprint(*e.Size)
			}
			if got := e.Kind + " " + size; got != want[e.Name] {
				t.Errorf("%s: %s, not %s", e.Name, got, want[e.Name])
			}
			if e.Owner == nil || *e.Owner != uint32(os.Geteuid()) || e.Modified == nil || time.Since(*e.Modified) > time.Hour {
				t.Errorf("%+v", e)
			}
		}
	}
}

// TestListTimes: clocks and clients can set any time.
func TestListTimes(t *testing.T) {
	dir, root := tree(t)
	for name, seconds := range map[string]int64{
		"a 1901": -2_147_483_648, "b 1969": -1, "c 1970": 0, "d 2038": 2_147_483_648, "e 2262": 9_223_372_036, "f 2380": 12_960_000_000,
	} {
		must(t, makeFile(dir+"/"+name, ""), setTime(dir+"/"+name, seconds))
	}
	var st unix.Stat_t
	if must(t, unix.Lstat(dir+"/f 2380", &st)); st.Mtim.Sec != 12_960_000_000 {
		t.Skip("this file system knows no such times")
	}
	entries := list(t, root, Order{By: "modified"}, 0, 10)
	if names := namesOf(entries); !slices.IsSorted(names) || len(names) != 6 {
		t.Errorf("%q", names)
	}
	for _, e := range entries {
		if e.Name == "a 1901" && e.Modified.Year() != 1901 || e.Name == "f 2380" && e.Modified.Year() != 2380 {
			t.Errorf("%s: %v", e.Name, e.Modified)
		}
	}
}

// TestListUnknown: a folder that one may read and not enter has names, and the kernel says nothing more.
func TestListUnknown(t *testing.T) {
	withoutPrivileges(t)
	dir, root := tree(t)
	must(t, os.Mkdir(dir+"/sub", 0o700), makeFile(dir+"/sub/b", "x"), makeFile(dir+"/sub/a", ""), os.Mkdir(dir+"/sub/c", 0o700), os.Chmod(dir+"/sub", 0o400))
	defer os.Chmod(dir+"/sub", 0o700)
	sub, err := root.Open([]string{"sub"})
	must(t, err)
	defer sub.Close()
	for _, by := range []string{"name", "size", "modified"} {
		entries := list(t, sub, Order{By: by}, 0, 10)
		if !slices.Equal(namesOf(entries), []string{"a", "b", "c"}) {
			t.Errorf("by %s: %q", by, namesOf(entries))
		}
		for _, e := range entries {
			if e.Kind != "other" || e.Size != nil || e.Modified != nil || e.Owner != nil {
				t.Errorf("%+v", e)
			}
		}
	}
}

// TestListOrderOfUnknown: what has no size or time comes first, or last.
func TestListOrderOfUnknown(t *testing.T) {
	size, early, late := int64(0), time.Unix(-1e9, 0), time.Unix(12_960_000_000, 0)
	for _, row := range []struct {
		order Order
		want  []string
	}{
		{Order{By: "size"}, []string{"none 1", "none 2", "zero"}},
		{Order{By: "size", Descending: true}, []string{"zero", "none 2", "none 1"}},
		{Order{By: "modified"}, []string{"none 1", "none 2", "early", "late"}},
		{Order{By: "modified", Descending: true}, []string{"late", "early", "none 2", "none 1"}},
	} {
		entries := []Entry{{Name: "none 2"}, {Name: "none 1"}}
		if row.order.By == "size" {
			entries = append(entries, Entry{Name: "zero", Size: &size})
		} else {
			entries = append(entries, Entry{Name: "late", Modified: &late}, Entry{Name: "early", Modified: &early})
		}
		first := selection[Entry]{keep: 10, compare: directed(row.order.compareEntries, row.order.Descending)}
		for _, e := range entries {
			first.add(e)
		}
		if found := namesOf(first.sorted()); !slices.Equal(found, row.want) {
			t.Errorf("%+v: %q", row.order, found)
		}
	}
}

func TestListNothing(t *testing.T) {
	dir, root := tree(t)
	if entries, total, err := root.List(Order{By: "name"}, 0, 10); len(entries) != 0 || total != 0 || err != nil {
		t.Error(entries, total, err)
	}
	must(t, makeFile(dir+"/file", ""), os.Symlink(".", dir+"/link"))
	for _, name := range []string{"file", "link"} {
		o, err := root.Open([]string{name})
		must(t, err)
		defer o.Close()
		if _, _, err := o.List(Order{By: "name"}, 0, 10); !errors.Is(err, unix.ENOTDIR) && !errors.Is(err, unix.ELOOP) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
