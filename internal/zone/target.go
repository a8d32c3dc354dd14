package zone

import (
	"strings"

	"golang.org/x/sys/unix"
)

// Target is a folder as a form names it: from the top, "/ZONE/PATH/", or below the folder that the form went to,
// "PATH/".
type Target struct {
	Zone  string // "" = below the folder
	Names []string
}

// ParseTarget reads a target in bytes or, encoded, in percent-encoding. The slash at the end may be missing.
func ParseTarget(text string, encoded bool) (Target, error) {
	check := func(segment string) (string, error) { return segment, CheckSegment(segment) }
	if encoded {
		check = Unescape
	}
	rest, fromTop := strings.CutPrefix(text, "/")
	var t Target
	for i, segment := range strings.Split(strings.TrimSuffix(rest, "/"), "/") {
		name, err := check(segment)
		if err != nil {
			return Target{}, err
		}
		if fromTop && i == 0 {
			t.Zone = name
			continue
		}
		t.Names = append(t.Names, name)
	}
	if fromTop && CheckName(t.Zone) != nil {
		return Target{}, unix.ENOENT
	}
	return t, nil
}

// Folders returns the names of the folders in o in order, from offset on, limit at most, and how many there are.
func (o *Object) Folders(offset, limit int) (names []string, total int, err error) {
	dir, err := o.reopen(unix.O_RDONLY | unix.O_DIRECTORY)
	if err != nil {
		return nil, 0, err
	}
	defer dir.Close()
	first := selection[string]{keep: offset + limit, compare: compareNames[string]}
	err = visitEntries(int(dir.Fd()), func(name []byte, head direntHead) {
		if kind := head.kindName(); kind == "dir" || kind == "" && o.isFolder(string(name)) {
			total++
			first.add(string(name))
		}
	})
	return page(first.sorted(), offset, limit), total, err
}
