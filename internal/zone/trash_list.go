package zone

import (
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Discarded is something in the trash.
type Discarded struct {
	ID      string // UID-TIME-RANDOM
	Entry          // with the name that it had
	From    []string
	Lost    bool // it is not known where it lay
	By      uint32
	Deleted time.Time
}

// Place is where it lies in the zone, as EmptyTrash records it: where it lay before, whoever deleted it may have written himself.
func (d Discarded) Place() []string {
	number, name, _ := strings.Cut(d.ID, "-")
	return []string{trashPrefix + number, name, d.Name}
}

// List returns what of the trash the caller may see, the last that was deleted first: limit of it, after offset, and how much there is.
func (t *Trash) List(offset, limit int) ([]Discarded, int, error) {
	ids, err := t.ids()
	if err != nil {
		return nil, 0, err
	}
	total := len(ids)
	ids = ids[min(offset, total):]
	var found []Discarded
	for _, id := range ids[:min(limit, len(ids))] {
		if d, err := t.Look(id); err == nil { // else restored, or emptied, meanwhile
			found = append(found, d)
		}
	}
	return found, total, nil
}

// Holds says whether there is anything that the caller sees in it. Each page of a folder asks, so none is read to its end.
func (t *Trash) Holds() bool {
	tops, err := t.tops()
	return err == nil && slices.ContainsFunc(tops, func(name string) bool {
		top, err := t.open(name, unix.O_PATH)
		if err != nil {
			return false // another's
		}
		defer top.Close()
		return !isEmptyFolder(top.fd, ".")
	})
}

// Last returns, by name, what was deleted last of each of the names in a folder.
func (t *Trash) Last(at []string, names []string) (map[string]Discarded, error) {
	ids, err := t.ids()
	if err != nil {
		return nil, err
	}
	wanted := make(map[string]bool)
	for _, name := range names {
		wanted[name] = true
	}
	last := make(map[string]Discarded)
	for _, id := range ids {
		if len(wanted) == 0 {
			break
		}
		if d, err := t.Look(id); err == nil && wanted[d.Name] && !d.Lost && slices.Equal(d.From, at) {
			last[d.Name] = d
			delete(wanted, d.Name)
		}
	}
	return last, nil
}

// ids are those of everything that the caller may see, the last first.
func (t *Trash) ids() ([]string, error) {
	tops, err := t.tops()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, name := range tops {
		top, err := t.open(name, unix.O_RDONLY)
		if err != nil {
			continue // another's
		}
		names, err := readNames(top.fd)
		top.Close()
		if err != nil {
			return nil, err
		}
		for _, one := range names {
			if !deletionForm().MatchString(one) {
				continue
			}
			ids = append(ids, strings.TrimPrefix(name, trashPrefix)+"-"+one)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		_, a, _ = strings.Cut(a, "-")
		_, b, _ = strings.Cut(b, "-")
		return strings.Compare(b, a)
	})
	return ids, nil
}

// tops are the names of the folders of the trash into which the caller sees: his own, and of the zone's owner all.
func (t *Trash) tops() ([]string, error) {
	me := uint32(os.Geteuid())
	if t.root.stat.Uid != me {
		return []string{trashName(me)}, nil
	}
	root, err := t.root.reachAs(".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil { // he has shut his zone to himself
		return []string{trashName(me)}, nil
	}
	defer root.Close()
	names, err := readNames(root.fd)
	return slices.DeleteFunc(names, func(name string) bool { return !isTrash(name) }), err
}

// Look returns what has an id.
func (t *Trash) Look(id string) (Discarded, error) {
	d, err := t.reach(id)
	if err != nil {
		return Discarded{}, err
	}
	defer d.close()
	object, err := d.dir.reach(d.item, 0)
	if err != nil {
		return Discarded{}, err
	}
	defer object.Close()
	found := Discarded{ID: id, By: d.top.stat.Uid, Deleted: born(d.dir.fd)}
	if found.Deleted.IsZero() {
		found.Deleted = time.Unix(d.dir.stat.Ctim.Unix())
	}
	found.From, found.Lost = d.from()
	modified := time.Unix(object.stat.Mtim.Unix())
	found.Entry = Entry{Name: d.item, Kind: object.Kind(), Modified: &modified, Owner: &object.stat.Uid}
	if found.Kind == "file" {
		found.Size = &object.stat.Size
	}
	return found, nil
}
