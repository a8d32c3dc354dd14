package main

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/activity"
	"sharezone/internal/disk"
)

// logs are the folders of the activity logs.
type logs struct {
	system, zones string // system: one folder; zones: one in it for each zone, called by its id
	admins        uint32 // gid of those who read all of them
	maxSize       int64  // bytes; a log that is longer is put aside
	keep          int    // so many that were put aside stay; 0 = all
	now           time.Time
}

// folder is where the lines of a zone stand.
func (l logs) folder(zoneID string) string { return l.zones + "/" + zoneID }

// textsOf is what is appended, by zone id; "" is the log of the whole system.
func textsOf(lines []activity.Line) (map[string][]byte, error) {
	texts := make(map[string][]byte)
	for _, l := range lines {
		var err error
		if texts[""], err = l.Append(texts[""]); err != nil {
			return nil, err
		}
		if l.ZoneID != "" {
			if texts[l.ZoneID], err = l.Append(texts[l.ZoneID]); err != nil {
				return nil, err
			}
		}
	}
	return texts, nil
}

// openLogs are the logs that a batch appends to, by zone id.
type openLogs struct {
	files   map[string]*os.File
	folders map[string]string
}

// open opens or makes the logs that texts are for, all or none; the errors are of those that cannot be.
func (l logs) open(texts map[string][]byte) (openLogs, []error) {
	o := openLogs{make(map[string]*os.File), make(map[string]string)}
	var failed []error
	for _, id := range slices.Sorted(maps.Keys(texts)) {
		folder := l.system
		if id != "" {
			folder = l.folder(id)
		}
		// 0644: who may read it is said by the folder, in one place for this file and those that were put aside.
		f, err := os.OpenFile(folder+"/"+activity.File, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW, 0o644)
		if err == nil {
			o.files[id], o.folders[id] = f, folder
			err = f.Chmod(0o644)
		}
		if err == nil {
			err = disk.SyncFolder(folder)
		}
		if err != nil {
			failed = append(failed, &logError{id, err})
		}
	}
	if len(failed) > 0 {
		o.close()
	}
	return o, failed
}

func (o openLogs) close() {
	for _, f := range o.files {
		f.Close()
	}
}

// ends is where the logs end now.
func (o openLogs) ends() []activity.End {
	var ends []activity.End
	for id, f := range o.files {
		var st unix.Stat_t
		if unix.Fstat(int(f.Fd()), &st) == nil { // it cannot fail for an open file
			ends = append(ends, activity.End{Folder: o.folders[id], Inode: st.Ino, Size: st.Size})
		}
	}
	return ends
}

// append writes all texts, and returns when they are on the disk; half is called between two.
func (o openLogs) append(texts map[string][]byte, half func()) error {
	for id, f := range o.files {
		if _, err := f.Write(texts[id]); err != nil {
			return &logError{id, err}
		}
		half()
	}
	for id, f := range o.files {
		if err := f.Sync(); err != nil {
			return &logError{id, err}
		}
	}
	return nil
}

// cutOne takes back what was appended after an end. One that is another file by now was put aside by hand: it is left alone.
func cutOne(e activity.End) error {
	f, err := os.OpenFile(e.Folder+"/"+activity.File, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return err
	}
	if st.Ino != e.Inode || st.Size <= e.Size {
		return nil
	}
	if err := f.Truncate(e.Size); err != nil {
		return err
	}
	return f.Sync()
}

// grant makes the folder of each zone, and lets its present owner and the administrators read it, nobody else.
func (l logs) grant(t table) (failed []error) {
	for _, z := range t.zones {
		if err := l.grantOne(l.folder(z.ID), z.Owner); err != nil {
			failed = append(failed, &logError{z.ID, err})
		}
	}
	return failed
}

func (l logs) grantOne(folder string, owner uint32) error {
	err := os.Mkdir(folder, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	f, err := os.OpenFile(folder, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	want := acl.FromMode(0o700).With(acl.Entry{Tag: acl.Group, ID: l.admins, Perm: acl.Read | acl.Execute})
	if owner != 0 { // root needs no entry, and a zone without an owner has none
		want = want.With(acl.Entry{Tag: acl.User, ID: owner, Perm: acl.Read | acl.Execute})
	}
	want = want.Remask()
	found, err := acl.Access(int(f.Fd()))
	if err != nil {
		return err
	}
	if slices.Equal(found, want) {
		return nil
	}
	return acl.SetAccess(int(f.Fd()), want)
}

// rotate puts aside the logs that have grown too long. It does so itself, and not logrotate(8): the journal goes by the
// size of a log, so nobody else may exchange one while a batch is written.
func (l logs) rotate(held troubles) error {
	folders := []string{l.system}
	entries, err := os.ReadDir(l.zones)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, keep := held[e.Name()]; !keep { // there may be something to be cut from it
			folders = append(folders, l.folder(e.Name()))
		}
	}
	var failed error
	for _, folder := range folders {
		failed = errors.Join(failed, l.rotateOne(folder))
	}
	return failed
}

func (l logs) rotateOne(folder string) error {
	name := folder + "/" + activity.File
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() < l.maxSize {
		return nil
	}
	if err != nil {
		return err
	}
	aside := name + "-" + l.now.UTC().Format(activity.RotatedTime)
	if _, err := os.Lstat(aside); err == nil {
		return nil // twice in a second: the next run does it
	}
	if err := os.Rename(name, aside); err != nil {
		return err
	}
	return l.removeOld(folder, filepath.Base(aside))
}

// removeOld leaves so many as stay. The newest was put aside just now, so a name that is later is of a clock that was set ahead, and older.
func (l logs) removeOld(folder, newest string) error {
	if l.keep == 0 {
		return nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var ahead, aside []string
	for _, e := range entries { // sorted, so by time
		switch name := e.Name(); {
		case !activity.IsRotated(name):
		case name > newest:
			ahead = append(ahead, name)
		default:
			aside = append(aside, name)
		}
	}
	aside = append(ahead, aside...)
	for len(aside) > l.keep {
		if err := os.Remove(folder + "/" + aside[0]); err != nil {
			return err
		}
		aside = aside[1:]
	}
	return nil
}
