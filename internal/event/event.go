// Package event writes what a request does into the event file that the gate opened for it. The file is locked while
// the request lasts; when the lock falls, the notify worker takes it. The handler has a descriptor and no name, and the
// first line, with user, entry, address and zone, is the gate's.
//
// A line is a JSON object: {"n":1,"event":"upload","path":"a/b.pdf"} before an act begins, before the first byte goes
// out or the name appears; {"n":1,"result":"ok","bytes":12} when it has ended. An act without its end was interrupted. What a file
// that is brought can be known by stands in "file", and {"n":1,"path":"a/b (2).pdf"} says that it is about to get this name: so of who
// was killed between name and end can be found out whether it was done. What is unpacked, or comes from another zone, is made after its
// act began: there the second of these lines says both. {"n":1,"owner":1001} says whose file is copied, moved or unpacked.
package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strconv"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// For each act that begins room is kept in the file, so that a disk that fills up during an upload leaves some for saying how it
// ended.
const (
	reserve = 8 << 10 // bytes: for the longest names
	endSize = 128     // bytes of an end without a name; with its share in the line that begins the next act
)

// maxSize bounds an event file, in bytes: the worker holds what it tells in memory, and an archive of a deep tree would tell paths of
// hundreds of kilobytes for each empty file. It is more than a hundred thousand acts.
const maxSize = 64 << 20

// File is the request's event file. A nil File is valid and records nothing: the gate's table knows which requests can
// have something to tell.
type File struct {
	f    *os.File
	acts int

	open       int   // acts whose end is owed
	size, kept int64 // bytes that were written, and for which there is room
	lost       error // why an end could not be written
}

// Lost says why the end of an act could not be written: it counts as interrupted.
func (f *File) Lost() error {
	if f == nil {
		return nil
	}
	return f.lost
}

// Open takes over the descriptor that the gate passed in the variable SHZ_EVENT_FD; nil if it passed none.
func Open() *File {
	fd, err := strconv.Atoi(os.Getenv("SHZ_EVENT_FD"))
	if err != nil || fd < 3 {
		return nil
	}
	unix.CloseOnExec(fd)
	return &File{f: os.NewFile(uintptr(fd), "event")}
}

// Act is one thing that a request does.
type Act struct {
	file   *File
	n      int
	brings bool // a file that can be told from all others
}

// taking is a line between the two: whose file it is, which only the open file says.
type taking struct {
	N     int    `json:"n"`
	Owner uint32 `json:"owner"`
}

// Take notes that what is carried or unpacked is a file of owner's, who is told that it was taken. An error means that it must not be read.
func (a *Act) Take(owner uint32) error {
	if a == nil {
		return nil
	}
	return a.between(taking{a.n, owner})
}

// begin and end are the two lines of an act.
type begin struct {
	N     int    `json:"n"`
	Event string `json:"event"`          // a name of the interface's list
	User  string `json:"user,omitempty"` // the account that it is about, where that is not the one who acts
	Path  string `json:"path,omitempty"` // below the zone
	Raw   string `json:"raw,omitempty"`  // Path percent-encoded, where it is no UTF-8

	File   string  `json:"file,omitempty"`    // of one that is brought: brings
	Owner  *uint32 `json:"owner,omitempty"`   // uid, of a file that is taken: takes
	Zone   string  `json:"zone,omitempty"`    // where the gate does not know it: namesZone
	ZoneID string  `json:"zone_id,omitempty"` // the same

	ZoneDir string `json:"zone_dir,omitempty"`
}

// namesZone says who names the zone of an act himself: the component zones, because the zone stands in a form, may not
// exist yet, or lies closed; and shz when something arrives in another zone than the one that was asked. For everything
// else the reader believes the gate alone.
func namesZone(component, event string) bool {
	switch component {
	case "zones":
		return true
	case "users": // what was somebody's who is deleted
		return event == "zone-transfer" || event == "zone-share"
	case "shz":
		return event == "move" || event == "copy" || event == "unzip"
	}
	return false
}

// takes says of which acts the owner of the file is noted: he is told of them, and by the time that he is the file may be
// gone, or another one may have its name.
func takes(event string) bool {
	return event == "download" || event == "preview" || event == "zip" || lands(event)
}

// brings says by which acts a file that has all its bytes gets a name.
func brings(event string) bool { return event == "upload" || event == "zip" }

// lands says by which acts a file, or a folder with all that is in it, gets a name that is not there yet when they begin.
func lands(event string) bool { return event == "unzip" || event == "move" || event == "copy" }

// Zone is the zone that an act concerns. The id stands on its directory, where its owner writes it, and could write another zone's; so Dir is
// what tells that directory from all others, whatever it is called later: "INODE-BIRTH" (zone.FileIdentity), "" where that is not known.
type Zone struct{ Name, ID, Dir string }

// naming is a line between the two.
type naming struct {
	N    int    `json:"n"`
	Path string `json:"path"`
	Raw  string `json:"raw,omitempty"`
	File string `json:"file,omitempty"` // of what lands
}

type end struct {
	N      int    `json:"n"`
	Result string `json:"result"` // "ok" or an error code of the interface
	Path   string `json:"path,omitempty"`
	Raw    string `json:"raw,omitempty"`
	Bytes  *int64 `json:"bytes,omitempty"`
}

// Begin notes that an act begins. An error (no space, above all) means that it must not begin.
func (f *File) Begin(event, path string) (*Act, error) {
	return f.begin(begin{Event: event, Path: path})
}

// BeginIn is Begin with the zone that the act concerns, for those of which namesZone says so.
func (f *File) BeginIn(zone Zone, event, path string) (*Act, error) {
	return f.begin(begin{Event: event, Path: path, Zone: zone.Name, ZoneID: zone.ID, ZoneDir: zone.Dir})
}

// BeginTaking is Begin for an act by which somebody takes a file of owner's.
func (f *File) BeginTaking(event, path string, owner uint32) (*Act, error) {
	return f.begin(begin{Event: event, Path: path, Owner: &owner})
}

// BeginBringing is Begin for an act by which a file gets a name: file is what tells it from all others (zone.FileIdentity), "" = nothing.
func (f *File) BeginBringing(event, path, file string) (*Act, error) {
	return f.begin(begin{Event: event, Path: path, File: file})
}

// Name notes which name the file is about to get. An error means that it must not. What could begin can be named too.
func (a *Act) Name(path string) error {
	if a == nil || !a.brings {
		return nil
	}
	return a.between(naming{N: a.n, Path: path, Raw: raw(path)})
}

// NameLanding is Name for what lands: file is what tells it from all others, "" = nothing.
func (a *Act) NameLanding(path, file string) error {
	if a == nil || file == "" {
		return nil
	}
	return a.between(naming{N: a.n, Path: path, Raw: raw(path), File: file})
}

func (a *Act) between(line any) error {
	err := a.file.start(maxSize+reserve, line)
	if err == nil {
		a.file.open-- // it is no other act, whose end would be owed
	}
	return err
}

// BeginFor is Begin for an act that concerns another account: user.
func (f *File) BeginFor(event, user string) (*Act, error) {
	return f.begin(begin{Event: event, User: user})
}

// BeginAbout is BeginFor for an act that says more than whom it concerns: which group, for example.
func (f *File) BeginAbout(event, user, path string) (*Act, error) {
	return f.begin(begin{Event: event, User: user, Path: path})
}

// start writes the lines of acts that begin, all or none, after it set aside what the ends of all acts need that are under way then.
// EFBIG says that the request tells too much, more bytes than most: what is left is for another one.
func (f *File) start(most int64, lines ...any) error {
	text, err := encode(lines)
	if err != nil {
		return err
	}
	if f.kept == 0 {
		st, err := f.f.Stat()
		if err != nil {
			return err
		}
		f.size = st.Size()
	}
	if f.size+int64(len(text)) > most {
		return unix.EFBIG
	}
	need := f.size + int64(len(text)) + int64(f.open+len(lines))*endSize + reserve
	if need > f.kept {
		err := unix.EINTR
		for err == unix.EINTR {
			err, _ = unix.Fallocate(int(f.f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, need+reserve).(unix.Errno)
		}
		if err == unix.ENOSPC || err == unix.EDQUOT || err == unix.EIO {
			return err
		}
		f.kept = need + reserve // also where the file system cannot set anything aside
	}
	if err := f.append(text); err != nil {
		return err
	}
	f.open += len(lines)
	return nil
}

func (f *File) begin(line begin) (*Act, error) {
	if f == nil {
		return nil, nil
	}
	f.acts++
	line.N, line.Raw = f.acts, raw(line.Path)
	if err := f.start(maxSize, line); err != nil {
		return nil, err
	}
	return &Act{f, f.acts, line.File != ""}, nil
}

// BeginEach begins an act for each path, with one system call.
func (f *File) BeginEach(event string, paths []string) ([]*Act, error) {
	if f == nil {
		return nil, nil
	}
	lines, acts := make([]any, len(paths)), make([]*Act, len(paths))
	for i, path := range paths {
		f.acts++
		lines[i], acts[i] = begin{N: f.acts, Event: event, Path: path, Raw: raw(path)}, &Act{file: f, n: f.acts}
	}
	return acts, f.start(maxSize, lines...)
}

// EndEach notes how acts of one file ended, with one system call.
func (f *File) EndEach(acts []*Act, results []string) {
	lines := make([]any, len(acts))
	for i, act := range acts {
		lines[i] = end{N: act.n, Result: results[i]}
	}
	if f != nil {
		f.finish(lines...)
	}
}

// raw is a path percent-encoded where JSON cannot carry its bytes, "" otherwise.
func raw(path string) string {
	if utf8.ValidString(path) {
		return ""
	}
	return (&url.URL{Path: path}).EscapedPath()
}

// End notes how the act ended. bytes is negative where the act moves none; name is the name that the file got in the
// end where it is another one than asked for.
func (a *Act) End(result string, bytes int64, name string) {
	if a == nil {
		return
	}
	line := end{N: a.n, Result: result, Path: name, Raw: raw(name)}
	if bytes >= 0 {
		line.Bytes = &bytes
	}
	a.file.finish(line)
}

// finish writes the lines of acts that ended. Without them the acts count as interrupted, which is the truth as far as anybody can prove.
func (f *File) finish(lines ...any) {
	f.open -= len(lines)
	text, err := encode(lines)
	if err == nil {
		err = f.append(text)
	}
	if f.lost == nil {
		f.lost = err
	}
}

func encode(lines []any) ([]byte, error) {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	for _, line := range lines {
		if err := to.Encode(line); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// append writes lines with one system call. What fitted of them on a full disk is taken back: the next line would continue the
// last one.
func (f *File) append(lines []byte) error {
	n, err := f.f.Write(lines)
	if err == nil {
		f.size += int64(n)
	} else if n > 0 {
		if st, statErr := f.f.Stat(); statErr == nil {
			err = errors.Join(err, f.f.Truncate(st.Size()-int64(n)))
		}
	}
	return err
}
