package zone

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
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
	Filter     *Pattern // nil: all entries
	Seen       *Seen    // nil, or what gets the names of all pages
}

// shows says whether a name is one of those that are listed.
func (o Order) shows(name []byte) bool { return o.Filter == nil || o.Filter.Matches(name) }

// List returns the entries from offset on, limit at most, and how many there are in all. Of a large folder only as many
// names are held as stand before the end of what is returned, and only what is returned is looked at, unless the order
// needs more; nothing is opened.
func (o *Object) List(order Order, offset, limit int) (entries []Entry, total int, err error) {
	dir, err := o.reopen(unix.O_RDONLY | unix.O_DIRECTORY)
	if err != nil {
		return nil, 0, err
	}
	defer dir.Close()
	fd := int(dir.Fd())
	keep := offset + limit
	if keep < 0 {
		keep = math.MaxInt
	}
	if order.By == "name" {
		first := selection[string]{keep: keep, compare: directed(compareNames[string], order.Descending)}
		err = visitNames(fd, func(name []byte) {
			if !order.shows(name) {
				return
			}
			total++
			if order.Seen != nil {
				order.Seen.add(name)
			}
			// Compared as bytes: of 100,000 names, strings are made of those that are held.
			if last, full := first.last(); full && (compareNames(name, last) < 0) == order.Descending {
				return
			}
			first.add(string(name))
		})
		return look(fd, page(first.sorted(), offset, limit)), total, err
	}
	first := selection[Entry]{keep: keep, compare: directed(order.compareEntries, order.Descending)}
	err = visitNames(fd, func(name []byte) {
		if !order.shows(name) {
			return
		}
		total++
		if order.Seen != nil {
			order.Seen.add(name)
		}
		first.add(lookAt(fd, string(name)))
	})
	return page(first.sorted(), offset, limit), total, err
}

// Names are those of all entries, or of those that a pattern matches, in order.
func (o *Object) Names(filter *Pattern) ([]string, error) {
	dir, err := o.reopen(unix.O_RDONLY | unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	var names []string
	err = visitNames(int(dir.Fd()), func(name []byte) {
		if filter == nil || filter.Matches(name) {
			names = append(names, string(name))
		}
	})
	slices.SortFunc(names, compareNames[string])
	return names, err
}

// listBuffer holds some thousand entries: a folder of 100,000 costs a hundred calls.
const listBuffer = 64 << 10

// visitNames calls see for each name that people may see. The bytes are valid until see returns.
func visitNames(fd int, see func(name []byte)) error {
	return visitEntries(fd, func(name []byte, _ direntHead) { see(name) })
}

// visitEntries is visitNames with what the folder knows of each.
func visitEntries(fd int, see func([]byte, direntHead)) error {
	buffer := make([]byte, listBuffer)
	for {
		n, err := unix.Getdents(fd, buffer)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return err
		}
		for name, head := range direntNames(buffer[:n]) {
			if !bytes.HasPrefix(name, []byte(ReservedPrefix)) {
				see(name, head)
			}
		}
	}
}

// page is the part of all from offset on.
func page[T any](all []T, offset, limit int) []T {
	first := min(offset, len(all))
	return all[first : first+min(limit, len(all)-first)]
}

func directed[T any](compare func(a, b T) int, descending bool) func(a, b T) int {
	if descending {
		return func(a, b T) int { return compare(b, a) }
	}
	return compare
}

// compareNames puts names in the order of their letters, whatever their case, and equal ones in that of their bytes.
func compareNames[T string | []byte](a T, b string) int {
	if c := compareFolded(a, b); c != 0 {
		return c
	}
	return strings.Compare(string(a), b)
}

// compareFolded compares what strings.ToLower would make of both, without making it as long as both are ASCII.
func compareFolded[T string | []byte](a T, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := a[i], b[i]
		if x >= utf8.RuneSelf || y >= utf8.RuneSelf {
			return strings.Compare(strings.ToLower(string(a[i:])), strings.ToLower(b[i:]))
		}
		if c := cmp.Compare(lower(x), lower(y)); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// look stats each entry, without following and without opening. One that vanished meanwhile, or that the kernel says
// nothing about because the folder may be read but not entered, is left out of what is known, not out of the list.
func look(dirfd int, names []string) []Entry {
	entries := make([]Entry, len(names))
	for i, name := range names {
		entries[i] = lookAt(dirfd, name)
	}
	return entries
}

func lookAt(dirfd int, name string) Entry {
	e := Entry{Name: name, Kind: "other"}
	var st unix.Stat_t
	if unix.Fstatat(dirfd, name, &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return e
	}
	modified := time.Unix(st.Mtim.Unix())
	// Copies: a pointer into st would keep all its 144 bytes.
	owner, size := st.Uid, st.Size
	e.Kind, e.Modified, e.Owner = kind(st.Mode), &modified, &owner
	if e.Kind == "file" {
		e.Size = &size
	}
	return e
}

// compareEntries compares by size or time; what is unknown comes first, equal ones by name.
func (o Order) compareEntries(a, b Entry) int {
	c := strings.Compare(a.Name, b.Name)
	if o.By == "size" {
		return cmp.Or(compareKnown(a.Size, b.Size, cmp.Compare), c)
	}
	return cmp.Or(compareKnown(a.Modified, b.Modified, time.Time.Compare), c)
}

func compareKnown[T any](a, b *T, compare func(T, T) int) int {
	switch {
	case a != nil && b != nil:
		return compare(*a, *b)
	case a != nil:
		return 1
	case b != nil:
		return -1
	}
	return 0
}

// ListZones returns the names below the base that can be zones, in order, without those where looking could take for
// ever.
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
	mounts, err := mountsIn(layout.Base)
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		system, mounted := mounts[name]
		return CheckName(name) != nil || mounted && !local[system]
	})
	slices.Sort(names)
	return names, nil
}
