// Package runlog is what the system log is told of one run of a program that cron starts each minute.
package runlog

import (
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"sharezone/internal/syslog"
)

// Run is one run. Where the system log takes nothing its lines are not written to standard error, which cron would mail, each minute, but one that
// says so, once a day. A nil Run is syslog.Write.
type Run struct {
	program, mark string // the mark is as old as the last time that it was said
	socket        string // tests have another one
	mu            sync.Mutex
	lost          int
	first         string // of the lines that were lost, an error if there is one
	isError       bool
	why           error
}

// New is one of a program, which may write the file mark.
func New(program, mark string) *Run { return &Run{program: program, mark: mark, socket: syslog.Socket} }

// Write is as syslog.Write.
func (r *Run) Write(p syslog.Priority, line string) {
	if r == nil {
		syslog.Write(p, line)
		return
	}
	r.note(p, line, syslog.Send(r.socket, p, line))
}

func (r *Run) note(p syslog.Priority, line string, err error) {
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost++
	if isError := p&7 <= 3; r.lost == 1 || isError && !r.isError {
		r.first, r.isError, r.why = line, isError, err
	}
}

// silence is how long nothing is said of a system log that takes nothing.
const silence = 24 * time.Hour

// Close says to errOut what was lost, unless it was said a moment ago.
func (r *Run) Close(errOut io.Writer) {
	if r == nil || r.lost == 0 {
		return
	}
	if info, err := os.Stat(r.mark); err == nil && time.Since(info.ModTime()).Abs() < silence {
		return
	}
	text := r.program + ": the system log (" + syslog.Socket + ": " + r.why.Error() + ") did not take " + strconv.Itoa(r.lost) + " lines of this run; this is said once a day; the first: " + r.first
	err := os.WriteFile(r.mark, nil, 0o600)
	if now := time.Now(); err == nil {
		err = os.Chtimes(r.mark, now, now)
	}
	if err != nil {
		text += " (and again, for that it was said cannot be noted: " + strconv.QuoteToASCII(err.Error()) + ")"
	}
	io.WriteString(errOut, text+"\n")
}
