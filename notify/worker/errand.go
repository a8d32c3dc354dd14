package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"sharezone/internal/activity"
	"sharezone/internal/config"
	"sharezone/internal/disk"
	"sharezone/internal/event"
	"sharezone/internal/hook"
)

// An errand is an act that programs of the site are to be told of. Those of a batch are one file, committed with it as the
// notices are. They are run afterwards, under a lock of their own: a program that takes its time holds up neither logs nor mail.
// After each act it is written down how far the file is done, so whoever is killed on the way leaves one act to be told again.

// errand is an act, and which programs are told.
type errand struct {
	Upload bool          `json:"upload"` // those of post_upload.d; else of post_download.d
	Act    activity.Line `json:"act"`
	File   string        `json:"file,omitempty"` // who brought it was killed: it is told if this file has got its name
	Zone   string        `json:"zone,omitempty"` // what its zone is called since
}

// maxArgument bounds a path as an argument, in bytes: the kernel takes no longer ones (MAX_ARG_STRLEN), and JSON has it whole.
const maxArgument = 100 << 10

// hooks are the programs of the site.
type hooks struct {
	upload, download               []string
	uploadUnknown, downloadUnknown bool // which they are could not be found out
}

// findHooks lists the programs. A folder that cannot be read, or is not root's alone, is told; what its programs are to be told of waits.
func findHooks(upload, download string, warn func(error)) hooks {
	find := func(folder string) (programs []string, unknown bool) {
		programs, err := hook.Programs(folder)
		if err != nil {
			warn(err)
		}
		return programs, err != nil
	}
	var h hooks
	h.upload, h.uploadUnknown = find(upload)
	h.download, h.downloadUnknown = find(download)
	return h
}

// limitsOf bounds one run of a program of the site.
func limitsOf(n config.Notices) hook.Limits { return hook.Limits{Time: n.HookTime, Memory: n.HookData} }

// errand returns what programs are told of an act, if there are any for it.
func (h hooks) errand(l activity.Line, zones table) (errand, bool) {
	switch {
	case l.Arrived:
		e := errand{Upload: true, Act: l}
		if z, known := zones.byID[l.ZoneID]; known && l.Result == event.Interrupted && l.Named {
			e.File, e.Zone = l.File, z.Name
		}
		return e, (l.Result == "ok" || e.File != "") && (len(h.upload) > 0 || h.uploadUnknown)
	case l.Owner != nil:
		part := l.Result == event.Interrupted && (l.Bytes == nil || *l.Bytes > 0)
		l.Path, l.Raw = l.What()
		l.From, l.FromRaw = nil, ""
		return errand{Act: l}, (l.Result == "ok" || part) && (len(h.download) > 0 || h.downloadUnknown)
	}
	return errand{}, false
}

// errands is the folder that the files lie in.
type errands string

const doneEnd = ".done"

// maxErrands is how many bytes may wait for programs, some 100,000 acts. Where they take their time for days, or their folder is not
// root's alone, the disk is not filled: it is events and mails that must not be lost.
const maxErrands = 64 << 20

// full says whether no more may wait.
func (e errands) full() (bool, error) {
	entries, err := os.ReadDir(string(e))
	if err != nil {
		return false, err
	}
	var bytes int64
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) { // done meanwhile
			continue
		}
		if err != nil {
			return false, err
		}
		bytes += info.Size()
	}
	return bytes >= maxErrands, nil
}

func (e errands) write(source string, all []errand) error {
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	for _, one := range all {
		if err := lines.Encode(one); err != nil {
			return err
		}
	}
	return disk.Write(notices(e).name(source), b.Bytes())
}

// remove takes a file away, and then how far it was done.
func (e errands) remove(source string) error {
	if err := notices(e).remove(source); err != nil {
		return err
	}
	if err := os.Remove(string(e) + "/" + source + doneEnd); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// done is how many acts of a file programs were told of.
func (e errands) done(source string) (int, error) {
	b, err := os.ReadFile(string(e) + "/" + source + doneEnd)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(b))
}

// sweep removes what says how far files are done that are gone, and what was being written so: whoever did that was killed on the way.
func (e errands) sweep() error {
	entries, err := os.ReadDir(string(e))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name, unfinished := strings.CutSuffix(entry.Name(), disk.Unfinished)
		source, found := strings.CutSuffix(name, doneEnd)
		if !found {
			continue
		}
		if _, err := os.Lstat(notices(e).name(source)); !unfinished && !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.Remove(string(e) + "/" + entry.Name()); err != nil {
			return err
		}
	}
	return nil
}

// runner tells the programs.
type runner struct {
	errands errands
	hooks   hooks
	limits  hook.Limits
	readers askReaders
	warn    func(error)
	step    func(string) // tests stop here; nil otherwise
}

// run does the errands of some files. A program that fails is told, and not run again.
func (r *runner) run(sources []string) (err error) {
	for _, source := range sources {
		if oneErr := r.runOne(source); oneErr != nil && !errors.Is(oneErr, fs.ErrNotExist) { // done by another worker meanwhile
			err = errors.Join(err, fmt.Errorf("errands %s: %w", source, oneErr))
		}
	}
	return errors.Join(err, r.errands.sweep())
}

func (r *runner) runOne(source string) error {
	f, err := os.Open(notices(r.errands).name(source))
	if err != nil {
		return err
	}
	defer f.Close()
	done, err := r.errands.done(source)
	if err != nil {
		return err
	}
	lines := json.NewDecoder(f)
	for n := 0; lines.More(); n++ {
		var e errand
		if err := lines.Decode(&e); err != nil {
			return err
		}
		if n < done {
			continue
		}
		if e.Upload && r.hooks.uploadUnknown || !e.Upload && r.hooks.downloadUnknown {
			return nil // told by findHooks; a later run goes on here
		}
		if e.File != "" {
			there, err := r.readers(e.Zone, e.Act.ZoneID, []string{encoded(e.Act.Record)}, []string{e.File})
			if err != nil {
				return err
			}
			if there[0] == nil {
				continue
			}
		}
		if err := r.tell(e); err != nil {
			return err
		}
		if r.step != nil {
			r.step("told")
		}
		if err := disk.Write(string(r.errands)+"/"+source+doneEnd, []byte(strconv.Itoa(n+1))); err != nil {
			return err
		}
	}
	return r.errands.remove(source)
}

func (r *runner) tell(e errand) error {
	programs := r.hooks.download
	if e.Upload {
		programs = r.hooks.upload
	}
	act, err := json.Marshal(e.Act)
	if err != nil {
		return err
	}
	path := activity.Bytes(e.Act.Record)
	if len(path) > maxArgument {
		path = ""
	}
	zone := ""
	if e.Act.Zone != nil && e.Act.ZoneID != "" { // else it is what the act claims
		zone = *e.Act.Zone
	}
	facts := hook.Facts{User: e.Act.User, Zone: zone, Path: path, Entry: e.Act.Entry, Request: e.Act.Request}
	for _, program := range programs {
		if err := hook.Tell(program, []string{e.Act.Event, e.Act.User, zone, path}, append(act, '\n'), facts, r.limits); err != nil {
			r.warn(err)
		}
	}
	return nil
}
