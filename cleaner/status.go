package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"sharezone/internal/schedule"
)

// stamp is a moment as it is shown.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// showStatus tells of the last run of each job.
func showStatus(file string, say texts, asJSON bool, out io.Writer) error {
	state, err := schedule.ReadState(file)
	if err != nil {
		return err
	}
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(state)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, say.line("status-columns"))
	for _, j := range jobs {
		r := state.Jobs[j.name]
		fmt.Fprintf(w, "%s\t%s\t%.1f\t%d\t%d\t%d\t%d\t%d\t%d\n", j.name, stamp(r.Last), r.Seconds, r.Seen, r.Warned, r.Closed, r.Removed, r.Freed, r.Failed)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if d := state.Doubt; d != nil {
		fmt.Fprint(out, say.line("status-clock", stamp(d.Before), d.Ran.Round(time.Minute)))
	}
	if state.Back > 0 {
		fmt.Fprint(out, say.line("status-behind", stamp(state.Most), state.Back.Round(time.Minute)))
	}
	for _, j := range jobs {
		r := state.Jobs[j.name]
		if r.Began.After(r.Last) && len(r.Left) == 0 {
			fmt.Fprint(out, say.line("status-interrupted", j.name, stamp(r.Began)))
		}
		if len(r.Left) > 0 {
			fmt.Fprint(out, say.line("status-left", j.name, r.Left))
		}
		for _, failure := range r.Failures {
			fmt.Fprint(out, say.line("status-failure", j.name, strconv.Quote(failure)))
		}
	}
	return nil
}
