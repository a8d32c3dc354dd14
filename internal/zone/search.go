package zone

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// Hit is what a search found.
type Hit struct {
	Entry
	Path []string // from the folder in which the search began, the name included
}

// errStop ends a search that has enough.
var errStop = errors.New("enough")

// Search looks for names below a folder.
type Search struct {
	top     *Object
	pattern *Pattern
}

// NewSearch opens the folder in which a search begins.
func (o *Object) NewSearch(p *Pattern) (*Search, error) {
	top, err := o.reachAs(".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return &Search{top, p}, nil
}

// Close gives the descriptor back.
func (s *Search) Close() { s.top.Close() }

// Run calls found for each entry whose name matches, in the order in which they come, until that returns false or the time
// is over. It sees what the user sees: a folder that he may not read is passed over, and that makes it no less complete.
// It is not complete when it ended early, or when something else kept it from looking everywhere.
func (s *Search) Run(until time.Time, found func(Hit) bool) (complete bool) {
	v := &searcher{pattern: s.pattern, until: until, found: found, complete: true}
	err := s.top.tour(v, false)
	return v.complete && err == nil
}

// searcher is the visitor that compares names.
type searcher struct {
	pattern  *Pattern
	until    time.Time
	found    func(Hit) bool
	complete bool
	seen     int
}

// clockSteps is how many names are compared between two looks at the clock.
const clockSteps = 1024

func (s *searcher) see(w *tour, e entryFound) (bool, error) {
	if s.seen++; s.seen%clockSteps == 0 && time.Now().After(s.until) {
		return false, errStop
	}
	if s.pattern.Matches(e.name) {
		name := string(e.name)
		if !s.found(Hit{lookAt(w.here.fd, name), w.path(name)}) {
			return false, errStop
		}
	}
	return e.kind == "dir", nil
}

func (s *searcher) enter(*tour, string) error {
	if time.Now().After(s.until) {
		return errStop
	}
	return nil
}

func (s *searcher) leave(*tour) error        { return nil }
func (s *searcher) left(*tour, string) error { return nil }

func (s *searcher) refused(_ *tour, _ string, err error) error {
	if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.ENOTDIR) && !errors.Is(err, unix.ELOOP) { // no folder any more
		s.complete = false
	}
	return nil
}
