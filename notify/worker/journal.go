package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// The journal is one file: "journal.begun", renamed to "journal.committed". Never are there both.

// journal is the folder that it lies in.
type journal string

// entry is what the journal says of a batch.
type entry struct {
	Files   []string `json:"files"`
	Damaged []string `json:"damaged"`
	Logs    []logEnd `json:"logs"`
}

// logEnd is how long a log was when a batch began. The inode tells it from one that has come into its place.
type logEnd struct {
	Folder string `json:"folder"`
	Inode  uint64 `json:"inode"`
	Size   int64  `json:"size"`
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
	if err := writeSynced(string(j)+"/journal.new", b); err != nil {
		return err
	}
	return j.rename(string(j)+"/journal.new", j.begunName())
}

func (j journal) commit() error { return j.rename(j.begunName(), j.committedName()) }

// drop ends what the journal tells of.
func (j journal) drop() error {
	for _, name := range []string{j.begunName(), j.committedName()} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncFolder(string(j))
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

func (j journal) rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFolder(string(j))
}

func writeSynced(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder brings what was named, renamed or removed in a folder to the disk.
func syncFolder(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
