package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sharezone/internal/activity"
	"sharezone/internal/config"
	"sharezone/internal/disk"
	"sharezone/internal/event"
	"sharezone/internal/helper"
	"sharezone/notify/queue"
)

// A notice is an act that somebody is to be told of. Those of a batch are one file, which belongs to the batch as the lines of
// the logs do: it is there if and only if the batch is committed. post.go makes messages of them.

// notice is one act. Who is to be told is found out later, so that nothing that asks for it can hold up the logs.
type notice struct {
	Kind   queue.Kind `json:"kind"`
	Time   time.Time  `json:"time"`
	Actor  string     `json:"actor"`
	Zone   string     `json:"zone"`
	ZoneID string     `json:"zone_id"`
	Path   string     `json:"path"`
	Raw    string     `json:"raw,omitempty"`
	Bytes  *int64     `json:"bytes"`
	Part   bool       `json:"part,omitempty"`
	Owner  uint32     `json:"owner"`           // uid; of what was taken, else of the zone
	File   string     `json:"file,omitempty"`  // which file arrived, as libexec/access can tell
	Again  bool       `json:"again,omitempty"` // there is one in doubt of the same file and name, perhaps not used up yet
	Doubt  bool       `json:"doubt,omitempty"` // who brought it was killed: the file was about to get its name, and may have it
}

// notices is the folder that the files lie in.
type notices string

const noticesEnd = ".jsonl"

func (n notices) name(source string) string { return string(n) + "/" + source + noticesEnd }

// write puts those of a batch on the disk.
func (n notices) write(source string, all []notice) error {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	for _, one := range all {
		if err := lines.Encode(one); err != nil {
			return err
		}
	}
	return disk.Write(n.name(source), b.Bytes())
}

// remove takes a file away, if it is there.
func (n notices) remove(source string) error {
	if err := os.Remove(n.name(source)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return disk.SyncFolder(string(n))
}

// sweep removes what was being written when its writer was killed: parts are of post.go, under its lock, all others of the worker.
func (n notices) sweep(parts bool) error {
	left, err := filepath.Glob(string(n) + "/*" + noticesEnd + disk.Unfinished)
	for _, name := range left {
		if strings.Contains(filepath.Base(name), queue.Part("", "")) == parts {
			err = errors.Join(err, os.Remove(name))
		}
	}
	return err
}

// list returns what there is, the oldest first.
func (n notices) list() ([]string, error) {
	entries, err := os.ReadDir(string(n))
	if err != nil {
		return nil, err
	}
	var sources []string
	for _, e := range entries {
		if source, found := strings.CutSuffix(e.Name(), noticesEnd); found {
			sources = append(sources, source)
		}
	}
	return sources, nil
}

func (n notices) read(source string) ([]notice, error) {
	f, err := os.Open(n.name(source))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []notice
	for lines := json.NewDecoder(f); lines.More(); {
		var one notice
		if err := lines.Decode(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// tells says of what people are told in zones whose owner has not decided.
type tells struct {
	reach              bool // there is a mail server; without one nobody is told of anything
	uploads, downloads bool
}

func tellsOf(s config.Settings) tells {
	return tells{reach: s.Mail.Host != ""}.of(s.Notices.Tell)
}

// of is of what is told where somebody decided so: "upload", "download", both with a comma, or nothing.
func (t tells) of(decided string) tells {
	kinds := strings.Split(decided, ",")
	return tells{t.reach, slices.Contains(kinds, "upload"), slices.Contains(kinds, "download")}
}

// in is what holds for one zone.
func (t tells) in(z helper.KnownZone) tells {
	if z.Notify == nil {
		return t
	}
	return t.of(*z.Notify)
}

// notice returns what is to be told of an act, if anything is. What belongs to no zone that is believed is told to nobody: its
// name could be another's.
func (t tells) notice(l activity.Line, zones table) (notice, bool) {
	z, known := zones.byID[l.ZoneID]
	if !known || l.Path == nil || !t.reach {
		return notice{}, false
	}
	n := notice{Time: l.Time, Actor: l.User, Zone: z.Name, ZoneID: z.ID, Path: *l.Path, Raw: l.Raw, Bytes: l.Bytes}
	if l.User == "root" && l.Entry == event.EntryShell {
		n.Owner = z.Owner
		return n.ofCleaner(l, z)
	}
	switch {
	case l.Arrived:
		n.Kind, n.Owner, n.File = queue.Arrived, z.Owner, l.File
		n.Doubt = l.Result == event.Interrupted && l.Named
		return n, (l.Result == "ok" || n.Doubt) && t.in(z).uploads && !z.Closed && !z.Gone
	case l.Owner != nil:
		if !t.in(z).downloads {
			return notice{}, false
		}
		n.Kind, n.Owner = queue.Taken, *l.Owner
		path, raw := l.What()
		n.Path, n.Raw = *path, raw
		cut := l.Result == event.Interrupted
		n.Part = cut && l.Event != "preview"                                  // a player breaks off whatever it asks for: each look would be told as two
		return n, l.Result == "ok" || cut && (l.Bytes == nil || *l.Bytes > 0) // nil: who was killed may have sent all of it
	}
	return notice{}, false
}

// ofCleaner says what is told of an act of the cleaner, always to the zone's owner. Of one that was interrupted nobody knows whether
// it was done but by what is there now; where it was not, the next run does it, and tells of it.
func (n notice) ofCleaner(l activity.Line, z helper.KnownZone) (notice, bool) {
	done := l.Result == "ok"
	switch l.Event {
	case "zone-warn":
		n.Kind = queue.Warned
		return n, done && !z.Closed && !z.Gone
	case "zone-close": // who closes it by hand names no day
		n.Kind = queue.Closed
		return n, (done || l.Result == event.Interrupted) && z.Closed
	case "zone-remove": // however it ended: what could not be removed is nobody's to reach any more
		n.Kind = queue.Removed
		return n, done || z.Gone
	case "expire":
		n.Kind, n.Part = queue.Expired, l.Result == event.Interrupted
		return n, done || n.Part
	}
	return notice{}, false
}
