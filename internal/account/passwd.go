package account

import (
	"bytes"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Entry is a line of passwd(5).
type Entry struct {
	Name  string
	UID   uint32
	GID   uint32 // primary group
	GECOS string
	Home  string
	Shell string
}

// Group is a line of group(5).
type Group struct {
	Name    string
	GID     uint32
	Members []string // without those whose primary group it is
}

// shadowEntry is what Share Zone looks at in a line of shadow(5). Days count from 1970-01-01 in UTC; -1 is an empty
// field.
type shadowEntry struct {
	password   string
	lastChange int
	maximum    int
	inactive   int
	expire     int
}

// parsePasswd reads passwd(5) as the C library does: a malformed line is skipped, and so are the "+" and "-" lines of
// the old compat mode. A NUL cannot be in a name and would hide the rest of it from C programs, so it spoils its line.
func parsePasswd(text []byte) []Entry {
	entries := make([]Entry, 0, bytes.Count(text, []byte("\n"))+1)
	for fields := range lines(text, 7) {
		uid, ok1 := parseID(fields[2])
		gid, ok2 := parseID(fields[3])
		if ok1 && ok2 {
			entries = append(entries, Entry{fields[0], uid, gid, fields[4], fields[5], fields[6]})
		}
	}
	return entries
}

func parseGroup(text []byte) []Group {
	groups := make([]Group, 0, bytes.Count(text, []byte("\n"))+1)
	for fields := range lines(text, 4) {
		gid, ok := parseID(fields[2])
		if !ok {
			continue
		}
		g := Group{Name: fields[0], GID: gid}
		if n := strings.Count(fields[3], ","); n > 0 {
			g.Members = make([]string, 0, n+1)
		}
		for member := range strings.SplitSeq(fields[3], ",") {
			if member = strings.TrimSpace(member); member != "" {
				g.Members = append(g.Members, member)
			}
		}
		groups = append(groups, g)
	}
	return groups
}

func parseShadow(text []byte) map[string]shadowEntry {
	entries := make(map[string]shadowEntry, bytes.Count(text, []byte("\n"))+1)
	for fields := range lines(text, 9) {
		if _, twice := entries[fields[0]]; twice {
			continue
		}
		entries[fields[0]] = shadowEntry{
			password:   fields[1],
			lastChange: parseDays(fields[2]),
			maximum:    parseDays(fields[4]),
			inactive:   parseDays(fields[6]),
			expire:     parseDays(fields[7]),
		}
	}
	return entries
}

// lines yields the lines of text that have exactly n fields and a name. Each begins in the place of the one before.
func lines(text []byte, n int) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		fields := make([]string, n)
		for line := range strings.Lines(string(text)) {
			rest := strings.TrimSuffix(line, "\n")
			if rest == "" || strings.IndexByte(rest, 0) >= 0 || strings.IndexByte("+-#:", rest[0]) >= 0 {
				continue
			}
			i, more := 0, true
			for ; more && i < n; i++ {
				fields[i], rest, more = strings.Cut(rest, ":")
			}
			if i == n && !more && !yield(fields) {
				return
			}
		}
	}
}

// fileStamp tells a state of a file: tools exchange these files whole, and an editor that does not changes the time.
type fileStamp struct {
	name string
	info fs.FileInfo
}

// readStamped reads a file with the stamp of what was read.
func readStamped(name string) ([]byte, fileStamp, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fileStamp{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fileStamp{}, err
	}
	text := make([]byte, 0, info.Size()+bytes.MinRead) // ReadFrom wants so much room, or copies
	b := bytes.NewBuffer(text)
	_, err = b.ReadFrom(f)
	return b.Bytes(), fileStamp{name, info}, err
}

// holds says whether the file is still the one that was read.
func (s fileStamp) holds() bool {
	now, err := os.Stat(s.name)
	return err == nil && os.SameFile(now, s.info) && now.Size() == s.info.Size() && changed(now) == changed(s.info)
}

// changed is the time of the last change, which nobody can set.
func changed(info fs.FileInfo) syscall.Timespec { return info.Sys().(*syscall.Stat_t).Ctim }

// parseID accepts what can be somebody's number. The highest number means "leave as it is" to chown(2) and is nobody.
func parseID(text string) (uint32, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err == nil && n != 1<<32-1
}

func parseDays(text string) int {
	if text == "" { // most are
		return -1
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}
