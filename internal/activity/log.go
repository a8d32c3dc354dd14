// Package activity is the activity log: one JSON object a line, in one folder for the whole system and one for each zone,
// called by its id. The notify worker writes; who may read a folder is said by its ACL, and the kernel keeps to it.
//
// A folder holds activity.log, and what was put aside when that grew too long: activity.log-20261128T151200, older ones first
// by name. Lines stand in the order in which requests ended.
package activity

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/event"
)

const (
	// File is the log that is written to.
	File = "activity.log"
	// RotatedTime is how the name of one that was put aside ends, after File and "-".
	RotatedTime = "20060102T150405"
	// maxLine bounds a line, in bytes: that of an act is shorter than the two that told it.
	maxLine = 32 << 20
)

// Line is one act as it stands in a log.
type Line struct {
	event.Record
	ZoneID string `json:"zone_id,omitempty"` // the zone that it belongs to; "" = none that is believed
	Taken  bool   `json:"taken,omitempty"`   // somebody took a file; without it "zip" made one
	Ended  bool   `json:"ended,omitempty"`   // it says how an act ended that a line before has as running
}

// What is what an act concerns: of what was taken the file as it was called then, not the copy.
func (l Line) What() (path *string, raw string) {
	if l.Owner != nil && l.From != nil {
		return l.From, l.FromRaw
	}
	return l.Path, l.Raw
}

// Append adds the line's text to b.
func (l Line) Append(b []byte) ([]byte, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return b, err
	}
	return append(append(b, text...), '\n'), nil
}

// Read calls see for each line of the log in folder, the oldest first, and returns how many lines could not be read. Without a
// log there are no lines.
func Read(folder string, see func(Line)) (damaged int, err error) {
	// The current file first: what is put aside after this moment was opened under its old name.
	current, err := open(folder, File)
	if errors.Is(err, fs.ErrNotExist) {
		current, err = nil, nil
	}
	if err != nil {
		return 0, err
	}
	defer current.Close() // of nil: an error that nobody needs
	names, err := rotated(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		f, err := open(folder, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since, because of its age
		}
		if err != nil {
			return damaged, err
		}
		if !sameFile(f, current) {
			n, readErr := readFile(f, see)
			damaged, err = damaged+n, readErr
		}
		f.Close()
		if err != nil {
			return damaged, err
		}
	}
	if current == nil {
		return damaged, nil
	}
	n, err := readFile(current, see)
	return damaged + n, err
}

// ReadEnd calls see for each line that is whole in the last bytes, as many as most, of the log that is written to: not of what was put aside.
// The log of an hour ago may be gigabytes, and who asks for the last minutes need not read them.
func ReadEnd(folder string, most int64, see func(Line)) error {
	f, err := open(folder, File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.Seek(max(0, st.Size()-most), io.SeekStart); err != nil {
		return err
	}
	_, err = readFile(f, see) // what is left of the first line counts as damaged: it begins in the middle
	return err
}

func open(folder, name string) (*os.File, error) {
	return os.OpenFile(folder+"/"+name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
}

// rotated are the names of what was put aside, the oldest first.
func rotated(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if IsRotated(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// IsRotated says whether a name is that of a log that was put aside.
func IsRotated(name string) bool {
	stamp, isLog := strings.CutPrefix(name, File+"-")
	_, err := time.Parse(RotatedTime, stamp)
	return isLog && err == nil
}

func sameFile(a, b *os.File) bool {
	if b == nil {
		return false
	}
	one, err1 := a.Stat()
	other, err2 := b.Stat()
	return err1 == nil && err2 == nil && os.SameFile(one, other)
}

// readFile reads lines up to the last that is whole: what follows is being written.
func readFile(f *os.File, see func(Line)) (damaged int, err error) {
	in := bufio.NewReaderSize(f, 64<<10)
	for {
		text, err := readLine(in)
		if err == io.EOF {
			return damaged, nil
		}
		if err != nil && err != errTooLong {
			return damaged, err
		}
		var l Line
		if err != nil || json.Unmarshal(text, &l) != nil || l.Time.IsZero() || l.Event == "" {
			damaged++
			continue
		}
		l.Record.ZoneID = l.ZoneID
		see(l)
	}
}

var errTooLong = errors.New("the line is too long")

// readLine returns the next line. Nearly all fit into the reader's buffer, and only of the others a copy is made; of one that is
// too long nothing is kept, but its end is looked for.
func readLine(in *bufio.Reader) ([]byte, error) {
	text, err := in.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return text, err
	}
	long, tooLong := bytes.Clone(text), false
	for err == bufio.ErrBufferFull {
		text, err = in.ReadSlice('\n')
		if tooLong = tooLong || len(long)+len(text) > maxLine; tooLong {
			long = nil
		} else {
			long = append(long, text...)
		}
	}
	if tooLong && err == nil {
		err = errTooLong
	}
	return long, err
}
