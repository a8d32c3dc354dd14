package schedule

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"
)

// ReadSince says since when things go, as the record of runs has it, for those who may not read that: pages say what goes when. Before
// the first run of all it is now.
func ReadSince(name string, now time.Time) (time.Time, error) {
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return now, err
	}
	since, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(string(b)))
	if err != nil { // cut short by a power failure: the next run writes it anew
		return now, nil
	}
	return since, nil
}

// PublishSince writes where all can read it since when things go by what the clock shows now.
func (s State) PublishSince(name string, now time.Time) error {
	since := s.From(now)
	if found, err := ReadSince(name, time.Time{}); err == nil && found.Equal(since) {
		return nil
	}
	if err := os.WriteFile(name+".new", []byte(since.Format(time.RFC3339Nano)+"\n"), 0o644); err != nil {
		return err
	}
	if err := os.Chmod(name+".new", 0o644); err != nil { // whatever the umask is
		return err
	}
	return os.Rename(name+".new", name)
}
