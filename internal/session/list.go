package session

import (
	"errors"
	"os"
	"time"

	"sharezone/internal/layout"
)

// Found is a session file as it lies in the store.
type Found struct {
	Name    string // of the file
	Record  Record
	LastUse time.Time
	Err     error // why the file says nothing; Record is empty then
}

// List returns what lies in the store, sorted by file name. Only root can. Files that are gone before they are read
// are left out; those that cannot be read are returned with their error.
func List() ([]Found, error) {
	entries, err := os.ReadDir(layout.Sessions)
	if err != nil {
		return nil, err
	}
	all := make([]Found, 0, len(entries))
	for _, e := range entries {
		found := Found{Name: e.Name(), Err: ErrDamaged}
		if ValidFileName(e.Name()) {
			found.Record, found.LastUse, found.Err = readFile(e.Name())
		}
		if !errors.Is(found.Err, os.ErrNotExist) {
			all = append(all, found)
		}
	}
	return all, nil
}

func readFile(name string) (Record, time.Time, error) {
	f, err := Open(name, os.O_RDONLY)
	if err != nil {
		return Record{}, time.Time{}, err
	}
	defer f.Close()
	return Read(f)
}

// End removes a session: its cookie is worth nothing from now on. One that is gone already is no error: that is what
// was asked for. What is under way goes on to its end, as a handler no longer looks at the session.
func End(name string) error {
	if !ValidFileName(name) {
		return os.ErrNotExist
	}
	if err := os.Remove(layout.Sessions + "/" + name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
