package zone

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// Ages says when what lies in a zone goes because of its age, by the first name below the root, as the caller sees it.
type Ages struct {
	Top      []AgeShare `json:"top_level"` // what goes first comes first; maxTop of them, and those that stay
	Complete bool       `json:"complete"`  // false: there was no time to look at everything, or somebody moved a folder
}

// AgeShare is the part of one name.
type AgeShare struct {
	Name  string
	Files int64
	Bytes int64
	First time.Time // when the first of its files goes, or, without any, of its folders
	Soon  int64     // files that go before the moment that was asked for
	Kept  bool      // it stays, whatever its age
}

// MarshalJSON loses no byte of the name.
func (s AgeShare) MarshalJSON() ([]byte, error) {
	out := struct {
		Name  string     `json:"name"`
		Raw   string     `json:"raw,omitempty"`
		Files int64      `json:"files"`
		Bytes int64      `json:"bytes"`
		First *time.Time `json:"first"`
		Soon  int64      `json:"soon"`
		Kept  bool       `json:"kept"`
	}{Name: s.Name, Files: s.Files, Bytes: s.Bytes, Soon: s.Soon, Kept: s.Kept}
	if !utf8.ValidString(s.Name) {
		out.Raw = url.PathEscape(s.Name)
	}
	if !s.First.IsZero() {
		utc := s.First.UTC().Truncate(time.Second)
		out.First = &utc
	}
	return json.Marshal(out)
}

// Ages looks at everything below the root, until the time is over. ends says when something goes by the times of its arrival.
func (o *Object) Ages(ends func(born, changed time.Time) time.Time, soon, until time.Time) (Ages, error) {
	g := ages{ends: ends, soon: soon, until: until, top: make(map[string]*AgeShare)}
	for _, name := range ReadMetadata(o.fd).Keep {
		g.share(name).Kept = true
	}
	err := g.restored.enter(0, o.fd)
	if err == nil {
		err = o.tour(&g, false)
	}
	if err == errStop || err == ErrMoved {
		g.cut, err = true, nil
	}
	found := Ages{Top: []AgeShare{}, Complete: !g.cut}
	for _, share := range g.top {
		found.Top = append(found.Top, *share)
	}
	slices.SortFunc(found.Top, func(a, b AgeShare) int {
		if a.Kept != b.Kept { // at the end
			if b.Kept {
				return -1
			}
			return 1
		}
		if a.Kept {
			return cmp.Compare(a.Name, b.Name)
		}
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Name, b.Name))
	})
	kept := slices.IndexFunc(found.Top, func(s AgeShare) bool { return s.Kept })
	if kept < 0 {
		kept = len(found.Top)
	}
	if kept > maxTop {
		found.Top = slices.Delete(found.Top, maxTop, kept)
	}
	return found, err
}

// ages adds up what a tour sees.
type ages struct {
	ends        func(born, changed time.Time) time.Time
	soon, until time.Time
	top         map[string]*AgeShare
	restored    returns
	cut         bool
}

func (g *ages) share(name string) *AgeShare {
	share := g.top[name]
	if share == nil {
		share = &AgeShare{Name: name}
		g.top[name] = share
	}
	return share
}

// see counts what is no folder. Of a name with nothing else in it the folders say when the first of them goes.
func (g *ages) see(w *tour, e entryFound) (bool, error) {
	folder := e.kind == "dir"
	var st unix.Statx_t
	if unix.Statx(w.here.fd, string(e.name), unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st) != nil {
		return folder, nil // gone, or the folder may be read but not entered
	}
	name := string(e.name)
	if len(w.stack) > 1 {
		name = w.stack[1].name
	}
	share := g.share(name)
	if folder && share.Files > 0 {
		return true, nil
	}
	var born time.Time
	if st.Mask&unix.STATX_BTIME != 0 {
		born = time.Unix(st.Btime.Sec, int64(st.Btime.Nsec))
	}
	end := g.ends(born, laterOf(time.Unix(st.Ctime.Sec, int64(st.Ctime.Nsec)), g.restored.at(len(w.stack)-1)))
	if !folder {
		if share.Files == 0 {
			share.First = time.Time{}
		}
		share.Files++
		share.Bytes += int64(st.Blocks) * blockSize
		if end.Before(g.soon) {
			share.Soon++
		}
	}
	if share.First.IsZero() || end.Before(share.First) {
		share.First = end
	}
	return folder, nil
}

func (g *ages) enter(w *tour, _ string) error {
	if time.Now().After(g.until) {
		return errStop
	}
	return g.restored.enter(len(w.stack)-1, w.here.fd)
}

func (g *ages) leave(*tour) error        { return nil }
func (g *ages) left(*tour, string) error { return nil }

func (g *ages) refused(*tour, string, error) error {
	g.cut = true
	return nil
}
