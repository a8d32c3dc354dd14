package schedule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// State is what is known of past runs.
type State struct {
	Since    time.Time      `json:"since"` // when the first run was that this file knows of
	Seen     time.Time      `json:"seen"`  // what the clock showed last
	Doubt    *Doubt         `json:"doubt,omitempty"`
	Most     time.Time      `json:"most"`              // the latest that it showed and was believed
	Back     time.Duration  `json:"back,omitempty"`    // for how long it has gone on since it shows less than that, in nanoseconds
	Believed time.Time      `json:"believed,omitzero"` // when it was believed although it shows less
	Jobs     map[string]Run `json:"jobs"`
}

// Run is how a job went the last time.
type Run struct {
	Last     time.Time `json:"last"`  // when it began; the schedule goes on from there. Zero: never to its end
	Began    time.Time `json:"began"` // later than Last: it is running, or was interrupted
	Seconds  float64   `json:"seconds"`
	Seen     int64     `json:"seen"` // things that were looked at
	Warned   int64     `json:"warned"`
	Capped   int64     `json:"capped"`
	Closed   int64     `json:"closed"`
	Removed  int64     `json:"removed"`
	Freed    int64     `json:"freed"`          // bytes
	Failed   int64     `json:"failed"`         // things of which it could not be done
	Failures []string  `json:"failures"`       // the first of them
	Stopped  bool      `json:"stopped"`        // by a limit that protects from removing too much
	Full     time.Time `json:"full,omitzero"`  // when it began the last time with all zones
	Left     []string  `json:"left,omitempty"` // zones that somebody else was changing: they alone come next, until it is time for all
}

// maxFailures is how many failures of a run are remembered in words, of so many bytes: a path can have a hundred thousand.
const (
	maxFailures = 20
	maxFailure  = 500
)

// Add counts what another part of the run has done.
func (r *Run) Add(part Run) {
	r.Seen += part.Seen
	r.Warned += part.Warned
	r.Capped += part.Capped
	r.Closed += part.Closed
	r.Removed += part.Removed
	r.Freed += part.Freed
	r.Failed += part.Failed
	r.Failures = append(r.Failures, part.Failures...)
	r.Failures = r.Failures[:min(len(r.Failures), maxFailures)]
	r.Stopped = r.Stopped || part.Stopped
}

// Fail counts a failure.
func (r *Run) Fail(what string) {
	if r.Failed++; len(r.Failures) < maxFailures {
		r.Failures = append(r.Failures, what[:min(len(what), maxFailure)])
	}
}

// ErrState is returned for a file that says nothing that can be believed.
var ErrState = errors.New("not a record of runs")

// ReadState reads the record of runs; a file that is not there yet is an empty one.
func ReadState(name string) (State, error) {
	empty := State{Jobs: map[string]Run{}}
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return empty, nil
	}
	if err != nil {
		return empty, err
	}
	var s State
	if err := json.Unmarshal(b, &s); err != nil || s.Jobs == nil || s.Since.IsZero() {
		return empty, fmt.Errorf("%s: %w", name, ErrState)
	}
	return s, nil
}

// Write replaces the file by a whole one: whoever is killed meanwhile leaves the old one or the new one.
func (s State) Write(name string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
