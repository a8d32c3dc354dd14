package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"sharezone/internal/activity"
	"sharezone/internal/disk"
)

// The journal is one file: "journal.begun", renamed to "journal.committed". Never are there both.

// journal is the folder that it lies in.
type journal string

// entry is what the journal says of a batch.
type entry struct {
	Files   []string       `json:"files"`
	Damaged []string       `json:"damaged"`
	Notices string         `json:"notices"` // the file of what people are to be told; "" = nothing
	Errands string         `json:"errands"` // the same for programs of the site
	Logs    []activity.End `json:"logs"`
	Late    []late         `json:"late,omitempty"` // files that are recorded in part
}

// state is how far a batch has come.
type state int

const (
	none state = iota
	begun
	committed
)

func (j journal) begunName() string     { return string(j) + "/journal.begun" }
func (j journal) committedName() string { return string(j) + "/journal.committed" }

// begin writes the entry, on the disk before it counts.
func (j journal) begin(e entry) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return disk.Write(j.begunName(), b)
}

func (j journal) commit() error { return disk.Rename(j.begunName(), j.committedName()) }

// drop ends what the journal tells of.
func (j journal) drop() error {
	for _, name := range []string{j.begunName(), j.committedName()} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return disk.SyncFolder(string(j))
}

// read returns what an earlier run has left. A journal is whole: it got its name when it was on the disk.
func (j journal) read() (entry, state, error) {
	found := begun
	b, err := os.ReadFile(j.begunName())
	if errors.Is(err, fs.ErrNotExist) {
		found = committed
		b, err = os.ReadFile(j.committedName())
	}
	if errors.Is(err, fs.ErrNotExist) {
		return entry{}, none, nil
	}
	var e entry
	if err == nil {
		err = json.Unmarshal(b, &e)
	}
	return e, found, err
}
