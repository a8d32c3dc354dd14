package activity

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"sharezone/internal/layout"
)

// TroubleFile is where the worker writes down which zones' logs cannot be written: what was done there waits in the spool. Each run that finds
// one writes it anew.
const TroubleFile = layout.WorkerState + "/trouble.json"

// Trouble is what stands in the way of a zone's log.
type Trouble struct {
	Since time.Time `json:"since"`
	Error string    `json:"error"`
	Cut   *End      `json:"cut,omitempty"` // what was appended after it does not count, and is still to be taken away
}

// End is how long a log was when a batch began. The inode tells it from one that has come into its place.
type End struct {
	Folder string `json:"folder"`
	Inode  uint64 `json:"inode"`
	Size   int64  `json:"size"`
}

// ReadTroubles returns them by the zones' ids; under "" is the log of the whole system.
func ReadTroubles(file string) (map[string]Trouble, error) {
	all := make(map[string]Trouble)
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	return all, err
}
