package main

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/schedule"
)

const (
	cleanerProgram = "/usr/lib/sharezone/cleaner"
	cleanerState   = layout.CleanerState + "/state.json"
	// cleanerIdle is how long it may be that the cleaner did not write down a run: its schedules are daily at most as shipped, and
	// a machine may be off for a weekend.
	cleanerIdle = 4 * 24 * time.Hour
)

// checkCleaner checks that the clock's program runs, and what it could not do the last time.
func (u *checkup) checkCleaner() {
	state, err := schedule.ReadState(cleanerState)
	if errors.Is(err, schedule.ErrState) {
		u.check(false, finding{Check: "cleaner-state", Subject: cleanerState, Mend: "rm -- " + cleanerState})
		return
	}
	written, statErr := os.Stat(cleanerState)
	if statErr != nil {
		if written, statErr = os.Stat(cleanerProgram); statErr != nil {
			return // said among the paths
		}
	}
	u.check(err == nil && time.Since(written.ModTime()) < cleanerIdle, finding{Check: "cleaner-idle", Subject: cleanerProgram,
		Found: written.ModTime().Local().Format("2006-01-02 15:04"), Mend: "systemctl enable --now cron"})
	if d := state.Doubt; d != nil {
		u.check(false, finding{Check: "cleaner-clock", Subject: cleanerProgram, Found: d.Before.Local().Format("2006-01-02 15:04"),
			Right: state.Seen.Local().Format("2006-01-02 15:04"), Mend: cleanerProgram + " --status"})
	}
	if state.Back > 0 {
		u.check(false, finding{Check: "cleaner-back", Subject: cleanerProgram, Found: state.Most.Local().Format("2006-01-02 15:04"),
			Right: state.Seen.Local().Format("2006-01-02 15:04"), Mend: cleanerProgram + " --status"})
	}
	for _, job := range slices.Sorted(maps.Keys(state.Jobs)) {
		run := state.Jobs[job]
		f := finding{Check: "cleaner-failed", Subject: job, Found: strconv.FormatInt(run.Failed, 10)}
		if len(run.Failures) > 0 {
			f.Right = run.Failures[0]
		}
		u.check(run.Failed == 0, f)
		ended := run.Last
		if ended.IsZero() {
			ended = state.Since
		}
		u.check(!run.Began.After(run.Last) || state.Seen.Sub(ended) < cleanerIdle, finding{Check: "cleaner-unfinished", Subject: job,
			Found: ended.Local().Format("2006-01-02 15:04"), Right: cmp.Or(strings.Join(run.Left, ", "), "–"), Mend: cleanerProgram + " --once " + job})
	}
}
