package zone

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
)

// List returns all zones, the open ones and then the closed ones, each sorted by name. What could not be read is
// joined in the error; the rest is returned all the same.
func (a *Admin) List() ([]Details, error) {
	open, err1 := a.listFolder(a.base, StateOpen)
	closed, err := a.reachClosed()
	if err != nil {
		if err == unix.ENOENT {
			err = nil
		}
		return open, errors.Join(err1, err)
	}
	defer unix.Close(closed)
	rest, err2 := a.listFolder(closed, StateClosed)
	return append(open, rest...), errors.Join(err1, err2)
}

// batchZones is how many zones Batches has in memory at a time.
const batchZones = 100

// Batches yields the zones that List returns, some at a time: of those that are still to come only the names are kept. The closed ones
// come first, so that nobody meets one twice that he closes meanwhile. What could not be read comes in the error beside the others of
// its batch.
func (a *Admin) Batches(yield func([]Details, error) bool) {
	closed, err := a.reachClosed()
	switch {
	case err == nil:
		more := a.batches(closed, StateClosed, yield)
		unix.Close(closed)
		if !more {
			return
		}
	case err != unix.ENOENT && !yield(nil, err):
		return
	}
	a.batches(a.base, StateOpen, yield)
}

func (a *Admin) batches(dir int, state State, yield func([]Details, error) bool) bool {
	names, err := readNames(dir)
	slices.Sort(names)
	for batch := range slices.Chunk(names, batchZones) {
		zones, oneErr := a.listNames(dir, batch, state)
		if !yield(zones, errors.Join(err, oneErr)) {
			return false
		}
		err = nil
	}
	return err == nil || yield(nil, err)
}

// Show returns one open zone.
func (a *Admin) Show(name string) (Details, error) {
	return a.showIn(a.base, name, StateOpen, ErrNotThere)
}

// ShowClosed returns one closed zone, by the name that it has in .closed.
func (a *Admin) ShowClosed(name string) (Details, error) {
	closed, err := a.reachClosed()
	if errors.Is(err, unix.ENOENT) {
		return Details{}, fmt.Errorf("%s: %w", name, ErrNotClosed)
	}
	if err != nil {
		return Details{}, err
	}
	defer unix.Close(closed)
	return a.showIn(closed, name, StateClosed, ErrNotClosed)
}

// showIn shows also a zone that a mount covers, which nobody can hold.
func (a *Admin) showIn(dir int, name string, state State, missing error) (Details, error) {
	if err := CheckName(name); err != nil {
		return Details{}, err
	}
	r, err := inspectAt(dir, name)
	if errors.Is(err, unix.ENOENT) || err == nil && !r.IsDir {
		return Details{}, fmt.Errorf("%s: %w", name, missing)
	}
	if err != nil {
		return Details{}, fmt.Errorf("%s: %w", name, err)
	}
	prefetch([]Root{r}, a.names)
	return a.describe(r, state), nil
}

// listFolder describes whatever in a folder can be a zone by its name and kind; doctor looks at the rest.
func (a *Admin) listFolder(dir int, state State) ([]Details, error) {
	names, err := readNames(dir)
	slices.Sort(names)
	zones, err2 := a.listNames(dir, names, state)
	return zones, errors.Join(err, err2)
}

// listNames describes the zones of these names. All roots are read before any name is looked up, so that a directory server is asked
// once for all of them.
func (a *Admin) listNames(dir int, names []string, state State) ([]Details, error) {
	var found []Root
	err := inspectNames(dir, names, func(r Root) {
		if r.IsDir && CheckName(r.Name) == nil {
			found = append(found, r)
		}
	})
	prefetch(found, a.names)
	zones := make([]Details, len(found))
	for i, r := range found {
		zones[i] = a.describe(r, state)
	}
	return zones, err
}

// prefetch asks for all owners and members at once.
func prefetch(roots []Root, names *account.Names) {
	var uids, gids []uint32
	for _, r := range roots {
		uids = append(uids, r.Owner)
		for _, e := range r.Access {
			switch e.Tag {
			case acl.User:
				uids = append(uids, e.ID)
			case acl.Group:
				gids = append(gids, e.ID)
			}
		}
	}
	names.Prefetch(uids, gids)
}

func (a *Admin) describe(r Root, state State) Details { return r.details(state, a.names) }

// details is everything that is said of a root.
func (r Root) details(state State, names *account.Names) Details {
	m := r.Metadata
	d := Details{
		Problems:    r.Problems(names),
		Limit:       r.limit,
		Free:        r.free,
		Summary:     NewSummary(r.Name, r.Owner, m, "", state, names),
		Description: m.Description,
		MaxAge:      m.MaxAge,
		Notify:      m.Notify,
		Trash:       m.HasTrash(),
		Members:     membersOf(r.Access.Without(acl.User, r.Owner), names), // the kernel asks no entry about him
		ownerID:     r.Owner,
	}
	if m.ID != nil {
		d.ID = *m.ID
	}
	d.Dir = r.Dir
	if r.HasNoList() || r.Unseen {
		d.Members = nil
	}
	if r.Unseen {
		d.Owner = ""
	}
	if state == StateClosed {
		d.Closed, d.FormerName = &r.closing.at, &r.closing.name
	}
	return d
}

// Root is what was found in the base: the root of a zone, or something else.
type Root struct {
	Name      string
	Owner     uint32
	Mode      uint32 // with the sticky bit, without the type
	IsDir     bool
	Access    acl.ACL
	Inherited acl.ACL // nil: none
	Metadata  Metadata
	Born      time.Time // zero where the file system does not say
	Dir       string    // which directory it is, as FileIdentity says

	Mounted  bool   // something is mounted there
	System   string // of which type, "ext4" for example
	Unseen   bool   // it was not looked at: of the rest only the name is known
	ReadOnly bool
	NoACL    bool // the file system says that it has none

	closing closing // counts for a closed zone alone
	limit   *int64  // of the zone alone; nil: none
	free    *int64  // nil: unknown
}

// Inspect calls see for everything in the base, in order, whatever it is called and whatever it is.
func (a *Admin) Inspect(see func(Root)) error {
	names, err := readNames(a.base)
	slices.Sort(names)
	return errors.Join(err, inspectNames(a.base, names, see))
}

func inspectNames(dir int, names []string, see func(Root)) (err error) {
	for _, name := range names {
		r, oneErr := inspectAt(dir, name)
		switch {
		case errors.Is(oneErr, unix.ENOENT): // gone since
		case oneErr != nil:
			err = errors.Join(err, fmt.Errorf("%s: %w", name, oneErr))
		default:
			see(r)
		}
	}
	return err
}

// inspect reads the root behind fd.
func inspect(fd int, name string) (Root, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Root{}, err
	}
	r := Root{Name: name, Owner: st.Uid, Mode: st.Mode & 0o7777, IsDir: st.Mode&unix.S_IFMT == unix.S_IFDIR}
	if !r.IsDir {
		return r, nil
	}
	var err1, err2 error
	r.Access, err1 = acl.Access(fd)
	r.Inherited, err2 = acl.Default(fd)
	err := errors.Join(err1, err2)
	if errors.Is(err, acl.ErrUnsupported) {
		r.NoACL, err = true, nil
	}
	r.Metadata, r.Born, r.Dir = ReadMetadata(fd), born(fd), FileIdentity(fd)
	r.closing = readClosing(fd, &st, name)
	return r, errors.Join(err, r.measure(fd))
}

// measure reads what the file system of a root says of itself.
func (r *Root) measure(fd int) error {
	var space unix.Statfs_t
	if err := unix.Fstatfs(fd, &space); err != nil {
		return err
	}
	r.ReadOnly = space.Flags&unix.ST_RDONLY != 0
	limit, err1 := limitOf(fd)
	free, err2 := freeOf(fd)
	r.limit, r.free = limit, &free
	return errors.Join(err1, err2)
}

// Born is when the object arrived, the zero time where the file system does not say.
func (o *Object) Born() time.Time { return born(o.fd) }

// born is when a file was made. Nobody can set that, and mv keeps it; a copy has its own.
func born(fd int) time.Time {
	var stx unix.Statx_t
	err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &stx)
	if err != nil || stx.Mask&unix.STATX_BTIME == 0 {
		return time.Time{}
	}
	return time.Unix(stx.Btime.Sec, int64(stx.Btime.Nsec))
}

// readNames returns the names in a directory given by any descriptor.
func readNames(dir int) ([]string, error) { return readNamesWith(dir, "") }

// readNamesWith reads those names in a folder that begin with prefix.
func readNamesWith(dir int, prefix string) ([]string, error) {
	fd, err := reach(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var names []string
	buffer := make([]byte, direntBuffer)
	for {
		entries, err := readDirents(fd, buffer)
		if err != nil || len(entries) == 0 {
			return names, err
		}
		for _, e := range entries {
			if strings.HasPrefix(e.name, prefix) {
				names = append(names, e.name)
			}
		}
	}
}
