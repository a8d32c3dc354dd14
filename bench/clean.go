package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/layout"
	disk "sharezone/internal/zone"
)

// The zones that the cleaner goes through: as many as of a large company, with a few hundred files each.
const (
	agingZones   = 10_000
	agingFiles   = 100 // in each
	agingFolders = 4   // that they lie in
	agingBytes   = 4096
	roundsAging  = 3

	cleanerProgram = "/usr/lib/sharezone/cleaner"
	agingOwner     = "anna" // of the demo
	longAge        = 3650   // days
	shortAge       = 30
	aheadDays      = 40 // the cleaner is told that so much time has passed; for find the files are old by their time of modification
)

// aging is a tree of zones that have a maximum age.
type aging struct {
	zones, files int
	one          int // in so many zones has files that are due
	content      []byte
}

// compareCleaner lets the cleaner remove what is due in all zones, and find(1) the same.
func compareCleaner(zones, files int) (peak int, err error) {
	a := aging{zones: zones, files: files}
	if err := a.makeZones(); err != nil {
		return 0, err
	}
	for _, some := range []struct{ one, bytes int }{{100, 0}, {1, 0}, {1, agingBytes}} {
		a.one, a.content = some.one, make([]byte, some.bytes)
		if err := a.choose(); err != nil {
			return 0, err
		}
		rounds := roundsAging
		if a.one == 1 && zones > 5000 { // each time a million files are made anew, which takes longer than removing them
			rounds = 1
		}
		samples, err := alternate(rounds,
			way{"cleaner", func() (float64, error) { return a.timed(func() error { return a.byCleaner(&peak) }) }},
			way{"find", func() (float64, error) { return a.timed(a.byFind) }},
		)
		if err != nil {
			return 0, err
		}
		row(fmt.Sprintf("cleaner, %d files of %d bytes in %d zones, of which 1 in %d goes / find ! -newermt T -delete", zones*files, some.bytes, zones, a.one),
			"ms", samples[0], samples[1], below(1.5))
	}
	return peak, nil
}

func (a aging) root(i int) string { return fmt.Sprintf("%s/aging-%05d", layout.Base, i) }

func (a aging) makeZones() error {
	register, err := account.ReadRegister()
	if err != nil {
		return err
	}
	admin, err := disk.NewAdmin(layout.Base, account.NewNames(), register)
	if err != nil {
		return err
	}
	defer admin.Close()
	for i := range a.zones {
		days := longAge
		if err := admin.Create(filepath.Base(a.root(i)), agingOwner, disk.Metadata{MaxAge: &days}, time.Now()); err != nil {
			return err
		}
	}
	a.one = 1
	return a.fill()
}

// choose gives the maximum age by which they are due to one zone of so many.
func (a aging) choose() error {
	for i := range a.zones {
		days := longAge
		if i%a.one == 0 {
			days = shortAge
		}
		if err := unix.Setxattr(a.root(i), disk.AttrMaxAge, fmt.Append(nil, days), 0); err != nil {
			return err
		}
	}
	return nil
}

// fill makes the files that are due anew.
func (a aging) fill() error {
	old := []unix.Timespec{{Sec: 1e9}, {Sec: 1e9}}
	for i := 0; i < a.zones; i += a.one {
		for n := range a.files {
			folder := fmt.Sprintf("%s/folder %d", a.root(i), n%agingFolders)
			if err := os.MkdirAll(folder, 0o770); err != nil {
				return err
			}
			name := fmt.Sprintf("%s/%05d.pdf", folder, n)
			if err := os.WriteFile(name, a.content, 0o640); err != nil {
				return err
			}
			if err := unix.UtimesNanoAt(unix.AT_FDCWD, name, old, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// timed measures one way to remove what is due, until that is on the disk.
func (a aging) timed(remove func() error) (float64, error) {
	if err := a.fill(); err != nil {
		return 0, err
	}
	for i := 0; i < a.zones && a.one > 1; i++ { // what stays is new for find too
		if i%a.one != 0 {
			if err := a.touch(i); err != nil {
				return 0, err
			}
		}
	}
	unix.Sync()
	began := time.Now()
	err := remove()
	unix.Sync()
	took := milliseconds(began)
	if left, _ := filepath.Glob(a.root(0) + "/*/*.pdf"); err == nil && len(left) > 0 {
		err = fmt.Errorf("%d files are left", len(left))
	}
	return took, err
}

// touch makes the files of a zone new.
func (a aging) touch(i int) error {
	for n := range a.files {
		name := fmt.Sprintf("%s/folder %d/%05d.pdf", a.root(i), n%agingFolders, n)
		var st unix.Stat_t
		if err := unix.Stat(name, &st); err != nil || st.Mtim.Sec != 1e9 {
			return err
		}
		if err := unix.UtimesNanoAt(unix.AT_FDCWD, name, []unix.Timespec{{Nsec: unix.UTIME_NOW}, {Nsec: unix.UTIME_NOW}}, 0); err != nil {
			return err
		}
	}
	return nil
}

// byCleaner runs the job; peak is the largest resident set that it ever had, in KiB.
func (a aging) byCleaner(peak *int) error {
	state := []byte(`{"since":"2000-01-01T00:00:00Z","jobs":{}}`) // nothing is spared because the cleaner is new here
	if err := os.WriteFile(layout.CleanerState+"/state.json", state, 0o600); err != nil {
		return err
	}
	cmd := exec.Command(cleanerProgram, "--once", "files", "--no-limit", "--now", time.Now().AddDate(0, 0, aheadDays).Format(time.RFC3339))
	seen, err := runWatched(cmd)
	*peak = max(*peak, seen)
	events, _ := filepath.Glob(layout.Events + "/*")
	for _, name := range events { // nobody wants to read them here
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

func (a aging) byFind() error {
	args := make([]string, a.zones)
	for i := range args {
		args[i] = a.root(i)
	}
	out, err := exec.Command("find", append(args, "-type", "f", "!", "-newermt", "2010-01-01", "-delete")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %.1000s", err, out)
	}
	return nil
}
