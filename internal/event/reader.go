package event

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxHeader bounds the first line, in bytes: all that the gate stamps into it is short.
	maxHeader = 64 << 10
	// readSize is how much is read at a time, in bytes: nearly all files are shorter, and of a hundred thousand of them larger buffers
	// are gigabytes that somebody has to clear and collect.
	readSize = 4 << 10
	// maxLine bounds a line, in bytes. A path has no limit of the kernel's, because folders are reached one after the
	// other; JSON takes six times as much for it, percent-encoding three times: room for a path of 1 MiB, a tar's longest.
	maxLine = 16 << 20
	// youngFile is how long a file may lack its first line: the gate writes it microseconds after it made the file.
	youngFile = time.Minute
	// maxDamage is how many damaged lines of one file are told.
	maxDamage = 20
)

// Damage is a line that no program of Share Zone wrote so, or a file that cannot be taken for an event file. Line 0 is
// the file as a whole.
type Damage struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// State is what a file still holds back.
type State int

// The states.
const (
	Finished State = iota // the lock is free: nothing more comes
	Underway              // the request lasts
	Unready               // no first line yet, and too young to be called damaged
)

// ReadFolder calls see for every act that the event files of a folder tell, in the order of their files' time. Damage
// is told and passed over; an error is that of a folder or file that cannot be read.
func ReadFolder(folder string, see func(Record)) ([]Damage, error) {
	entries, err := os.ReadDir(folder) // sorted: names begin with the time
	if err != nil {
		return nil, err
	}
	var damage []Damage
	for _, e := range entries {
		records, _, bad, oneErr := Read(folder, e.Name(), true)
		if oneErr != nil && !errors.Is(oneErr, fs.ErrNotExist) { // taken by the worker meanwhile
			err = errors.Join(err, fmt.Errorf("%s: %w", e.Name(), oneErr))
		}
		damage = append(damage, bad...)
		for _, r := range records {
			see(r)
		}
	}
	return damage, err
}

// EachName calls see for each name of a folder, in no order.
func EachName(folder string, see func(name string)) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		some, err := f.Readdirnames(1000)
		for _, name := range some {
			see(name)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Next returns the names of a folder that come after one, in their order, which is that of their files' time, and of them the first
// most, without those to skip: of a backlog not all names are kept in memory. Fewer than most are the last ones.
func Next(folder, after string, most int, skip func(name string) bool) ([]string, error) {
	var names []string
	first := func() {
		slices.Sort(names)
		names = names[:min(most, len(names))]
	}
	err := EachName(folder, func(name string) {
		if name <= after || skip(name) {
			return
		}
		if names = append(names, name); len(names) >= 2*most+1000 {
			first()
		}
	})
	if err != nil {
		return nil, err
	}
	first()
	return names, nil
}

// Empty says whether a folder has no file.
func Empty(folder string) (bool, error) {
	f, err := os.Open(folder)
	if err != nil {
		return false, err
	}
	defer f.Close()
	_, err = f.Readdirnames(1)
	if err == io.EOF {
		return true, nil
	}
	return false, err
}

// Oldest returns since when the oldest file lies in a folder that nobody writes to any more, the zero time where there is none.
func Oldest(folder string) (time.Time, error) {
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		_, state, _, oneErr := Read(folder, e.Name(), false)
		info, infoErr := e.Info()
		if errors.Join(oneErr, infoErr) == nil && state == Finished {
			return info.ModTime(), nil
		}
	}
	return time.Time{}, err
}

// Read returns what one event file tells and whether more is to come. underway is whether to read what tells more later: it may be long,
// and stay so for days.
func Read(folder, name string, underway bool) ([]Record, State, []Damage, error) {
	whole := func(reason string) ([]Record, State, []Damage, error) {
		return nil, Finished, []Damage{{name, 0, reason}}, nil
	}
	if !fileForm().MatchString(name) {
		return whole("not the name of an event file")
	}
	f, err := os.OpenFile(folder+"/"+name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		return whole("a symbolic link")
	}
	if err != nil {
		return nil, Finished, nil, err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, Finished, nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != 0 && st.Uid != uint32(os.Geteuid()) {
		return whole("not a file of root's")
	}
	ready, err := hasFirstLine(f)
	if err != nil {
		return nil, Finished, nil, err
	}
	if !ready {
		if age := time.Since(time.Unix(st.Mtim.Unix())); age < youngFile && age > -youngFile {
			return nil, Unready, nil, nil
		}
		return whole("no first line")
	}
	state, err := stateOf(f)
	if err != nil {
		return nil, Finished, nil, err
	}
	if state == Underway && !underway {
		return nil, Underway, nil, nil
	}
	records, damage, err := readActs(f, name, state)
	return records, state, damage, err
}

// hasFirstLine: the lock counts from then on. Looked at before, it would be taken from under the gate, which gives a
// request up whose file it cannot lock.
func hasFirstLine(f *os.File) (bool, error) {
	b := make([]byte, readSize)
	for at := 0; at < maxHeader; at += len(b) {
		n, err := f.ReadAt(b, int64(at))
		switch {
		case bytes.IndexByte(b[:n], '\n') >= 0:
			return true, nil
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		}
	}
	return true, nil
}

// stateOf asks for the lock and gives it back. Acts are read after that, so what a finished file tells is complete.
func stateOf(f *os.File) (State, error) {
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err {
	case nil:
		return Finished, unix.Flock(int(f.Fd()), unix.LOCK_UN)
	case unix.EWOULDBLOCK:
		return Underway, nil
	default:
		return Finished, fmt.Errorf("flock: %w", err)
	}
}

func readActs(f io.Reader, name string, state State) ([]Record, []Damage, error) {
	var damage []Damage
	tell := func(line int, reason string) {
		if reason != "" && len(damage) < maxDamage {
			damage = append(damage, Damage{name, line, reason})
		}
	}
	a := acts{index: make(map[int]int)}
	in := bufio.NewReaderSize(f, readSize)
	for number := 1; ; number++ {
		text, err := readLine(in)
		switch {
		case err == io.EOF && len(text) > 0 && state == Finished:
			tell(number, "a line without its end")
		case err == errTooLong:
			tell(number, "a line that is too long")
			err = skipLine(in)
		case err == nil && number == 1:
			if !parse(text, &a.header) {
				tell(1, "not the first line of an event file")
			} else {
				tell(1, a.header.check())
			}
		case err == nil:
			tell(number, a.add(text))
		}
		if number == 1 && len(damage) > 0 {
			return nil, damage, nil // without it nothing says whose acts these are
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, damage, err
		}
	}
	for i := range a.records {
		switch r := &a.records[i]; {
		case r.Result == "" && state == Underway:
			a.cut(i, Running)
		case r.Result == "":
			a.cut(i, Interrupted)
		}
	}
	return a.records, damage, nil
}

var errTooLong = errors.New("the line is too long")

// readLine returns the next line. Nearly all fit into the reader's buffer, and only of the others a copy is made.
func readLine(in *bufio.Reader) ([]byte, error) {
	text, err := in.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return text, err
	}
	long := bytes.Clone(text)
	for err == bufio.ErrBufferFull && len(long) < maxLine {
		text, err = in.ReadSlice('\n')
		long = append(long, text...)
	}
	if err == bufio.ErrBufferFull {
		return long, errTooLong
	}
	return long, err
}

func skipLine(in *bufio.Reader) error {
	for {
		if _, err := in.ReadSlice('\n'); err != bufio.ErrBufferFull {
			return err
		}
	}
}
