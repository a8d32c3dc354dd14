package zone

import (
	"cmp"
	"io/fs"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Entry is one row of a folder. What the kernel would not tell is nil.
type Entry struct {
	Name     string // bytes, as they stand in the directory
	Kind     string // file, dir, other
	Size     *int64 // bytes; nil for what is no file
	Modified *time.Time
	Owner    *uint32 // uid
}

// Order says how a listing is sorted.
type Order struct {
	By         string // name, size, modified
	Descending bool
}

// List returns the entries from offset on, limit at most, and how many there are in all. Only the names are read of
// the whole folder, and only what is returned is looked at, unless the order needs more; nothing is opened.
func (o *Object) List(order Order, offset, limit int) (entries []Entry, total int, err error) {
	dir, err := o.reopen(unix.O_RDONLY | unix.O_DIRECTORY)
	if err != nil {
		return nil, 0, err
	}
	defer dir.Close()
	found, err := dir.ReadDir(-1)
	if err != nil {
		return nil, 0, err
	}
	found = slices.DeleteFunc(found, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ReservedPrefix) })
	total = len(found)
	fd := int(dir.Fd())
	if order.By != "name" {
		entries = look(fd, found)
		sortEntries(entries, order)
		return page(entries, offset, limit), total, nil
	}
	keys := make([]string, len(found)) // folded once, not at each comparison
	index := make([]int, len(found))
	for i, e := range found {
		keys[i], index[i] = strings.ToLower(e.Name()), i
	}
	slices.SortFunc(index, func(a, b int) int {
		c := cmp.Or(strings.Compare(keys[a], keys[b]), strings.Compare(found[a].Name(), found[b].Name()))
		if order.Descending {
			return -c
		}
		return c
	})
	shown := make([]fs.DirEntry, 0, limit)
	for _, i := range page(index, offset, limit) {
		shown = append(shown, found[i])
	}
	return look(fd, shown), total, nil
}

// page is the part of all from offset on.
func page[T any](all []T, offset, limit int) []T {
	first := min(offset, len(all))
	return all[first : first+min(limit, len(all)-first)]
}

// look stats each entry, without following and without opening. One that vanished meanwhile is left out of what is
// known about it, not out of the list.
func look(dirfd int, found []fs.DirEntry) []Entry {
	entries := make([]Entry, len(found))
	for i, e := range found {
		entries[i] = Entry{Name: e.Name(), Kind: kindOfType(e.Type())}
		var st unix.Stat_t
		if unix.Fstatat(dirfd, e.Name(), &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
			continue
		}
		modified := time.Unix(st.Mtim.Unix())
		entries[i].Kind, entries[i].Modified, entries[i].Owner = kind(st.Mode), &modified, &st.Uid
		if entries[i].Kind == "file" {
			entries[i].Size = &st.Size
		}
	}
	return entries
}

func kindOfType(t fs.FileMode) string {
	switch {
	case t.IsDir():
		return "dir"
	case t.IsRegular():
		return "file"
	}
	return "other"
}

// sortEntries sorts by size or time; what is unknown comes first, equal ones by name.
func sortEntries(entries []Entry, order Order) {
	key := func(e Entry) int64 {
		switch {
		case order.By == "size" && e.Size != nil:
			return *e.Size
		case order.By == "modified" && e.Modified != nil:
			return e.Modified.UnixNano()
		}
		return -1
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		c := cmp.Or(cmp.Compare(key(a), key(b)), strings.Compare(a.Name, b.Name))
		if order.Descending {
			return -c
		}
		return c
	})
}

// ListZones returns the names below the base that can be zones, in order.
func ListZones() ([]string, error) {
	base, err := OpenBase()
	if err != nil {
		return nil, err
	}
	defer base.Close()
	dir, err := base.reopen(unix.O_RDONLY | unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return CheckName(name) != nil })
	slices.Sort(names)
	return names, nil
}
