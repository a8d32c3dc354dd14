// Package wording reads the words that a site has put in the place of Share Zone's own in its messages: one file for each kind and
// language in /etc/sharezone/messages, as sharezone-messages(5) has it.
//
// MUST rules of this folder:
//   - a file is read only if nobody but root can have written it, and nobody but root can put another in its place;
//   - what stands in it is text. Names of a message are put in where they stand in braces, once, and nothing else is looked at, run or
//     read. A subject is one line, whatever the names are: they come as they can be shown (text.Name).
package wording

import (
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"sharezone/internal/text"
)

const (
	// maxFile bounds a file, in bytes: some pages.
	maxFile = 8 << 10
	// maxSubject bounds a subject, in bytes: far more than a mail program shows.
	maxSubject = 200
)

// names are what can stand in braces in the words of each kind. Of what others do there are two: of one person, and of several.
var names = map[string][]string{
	"taken": {"count", "actor", "zone"}, "arrived": {"count", "actor", "zone"},
	"several-taken": {"count", "zone"}, "several-arrived": {"count", "zone"},
	"taken-perhaps": {"count", "actor", "zone"}, "arrived-perhaps": {"count", "actor", "zone"},
	"several-taken-perhaps": {"count", "zone"}, "several-arrived-perhaps": {"count", "zone"},
	"warned": {"zone", "day"}, "closed": {"zone", "day"}, "removed": {"zone", "day"}, "expired": {"count", "zone"},
	"recover": {"user"}, "reset": {"user"}, "invite": {"user"}, "verify": {"user"}, "moved": {"user"},
	"signup": {}, "declined": {}, "asked": {"count"},
}

// Words are those of one message.
type Words struct{ subject, opening string }

// Fill puts in what the names stand for.
func (w Words) Fill(values map[string]string) (subject, opening string) {
	var pairs []string
	for name, value := range values {
		pairs = append(pairs, "{"+name+"}", value)
	}
	r := strings.NewReplacer(pairs...)
	return r.Replace(w.subject), r.Replace(w.opening)
}

// Site are the words of a site, by kind and language.
type Site map[string]Words

// Find returns those of a kind.
func (s Site) Find(kind string, l text.Language) (Words, bool) {
	w, found := s[kind+"-"+string(l)]
	return w, found
}

// Fault is why a file is not used.
type Fault string

// The faults.
const (
	Foreign    Fault = "foreign"    // others than root can write it, or put another in its place
	NoFile     Fault = "no-file"    // a link above all, whose target is not to be touched; or, of the folder, no folder
	Unreadable Fault = "unreadable" // the worker cannot read it
	Unknown    Fault = "unknown"    // there is no such kind or language
	Malformed  Fault = "malformed"
)

// Unused is a file that is not used: Share Zone's own words are.
type Unused struct {
	Name  string // "" = the folder
	Fault Fault
	Where string // of what is malformed
}

// end is that of the names that count: what editors and packages leave beside them does not.
const end = ".txt"

// Read reads a folder. Where it is not there, the site has no words of its own.
func Read(folder string) (Site, []Unused) {
	dir, err := os.OpenFile(folder, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []Unused{{Fault: faultOf(err)}}
	}
	defer dir.Close()
	if fault := checkOwner(dir, unix.S_IFDIR); fault != "" {
		return nil, []Unused{{Fault: fault}}
	}
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, []Unused{{Fault: Unreadable}}
	}
	site := make(Site)
	var unused []Unused
	for _, e := range entries {
		message, found := strings.CutSuffix(e.Name(), end)
		if !found || strings.HasPrefix(message, ".") {
			continue
		}
		w, fault, where := read(dir, e.Name(), message)
		if fault != "" {
			unused = append(unused, Unused{e.Name(), fault, where})
			continue
		}
		site[message] = w
	}
	slices.SortFunc(unused, func(a, b Unused) int { return strings.Compare(a.Name, b.Name) })
	return site, unused
}

func read(dir *os.File, name, message string) (Words, Fault, string) {
	at := strings.LastIndexByte(message, '-')
	if at < 0 || names[message[:at]] == nil || !slices.Contains(text.Languages, text.Language(message[at+1:])) {
		return Words{}, Unknown, ""
	}
	fd, err := unix.Openat(int(dir.Fd()), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return Words{}, faultOf(err), ""
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	if fault := checkOwner(f, unix.S_IFREG); fault != "" {
		return Words{}, fault, ""
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Words{}, Unreadable, ""
	}
	w, where := parse(string(b), names[message[:at]])
	if where != "" {
		return Words{}, Malformed, where
	}
	return w, "", ""
}

func faultOf(err error) Fault {
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ENXIO) {
		return NoFile
	}
	return Unreadable
}

// checkOwner looks at what is open. Where there is an ACL the group's digits are its mask: more than that it gives nobody.
func checkOwner(f *os.File, kind uint32) Fault {
	var st unix.Stat_t
	switch err := unix.Fstat(int(f.Fd()), &st); {
	case err != nil:
		return Unreadable
	case st.Mode&unix.S_IFMT != kind:
		return NoFile
	case st.Uid != 0 || st.Mode&0o022 != 0:
		return Foreign
	case st.Mode&0o004 == 0: // root, who checks it, could read it all the same
		return Unreadable
	}
	return ""
}

var inBraces = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{[a-z]+\}`) })

// parse returns the words, or which line is malformed: 0 = the whole.
func parse(file string, known []string) (w Words, where string) {
	if len(file) > maxFile || !utf8.ValidString(file) {
		return Words{}, "0"
	}
	lines := strings.Split(strings.TrimRight(file, "\n"), "\n")
	for i, line := range lines {
		strange := strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
		unknown := slices.ContainsFunc(inBraces().FindAllString(line, -1), func(name string) bool { return !slices.Contains(known, strings.Trim(name, "{}")) })
		if strange || unknown {
			return Words{}, strconv.Itoa(i + 1)
		}
	}
	switch {
	case strings.TrimSpace(lines[0]) == "" || len(lines[0]) > maxSubject:
		return Words{}, "1"
	case len(lines) < 3 || lines[1] != "":
		return Words{}, "2"
	}
	return Words{strings.TrimSpace(lines[0]), strings.Trim(strings.Join(lines[2:], "\n"), "\n")}, ""
}
