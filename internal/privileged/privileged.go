// Package privileged is what every root helper does before it looks at what it is asked for. Helpers are reached through
// sudo by people who may start them from a shell too, with any environment, limits, signals and standard input.
//
// MUST rules of this folder:
//   - nothing is taken over from the caller but SUDO_UID, which sudo sets and a caller cannot;
//   - nothing here decides what somebody may do: each helper says that in its own numbered steps;
//   - it returns errors, main exits.
package privileged

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"sharezone/internal/syslog"
)

// Exit statuses that all helpers have. A refusal that the caller must be told in words is a reply with "error" and
// ExitRefused.
const (
	ExitRefused  = 1
	ExitUsage    = 2 // not called as it must be
	ExitInternal = 4
)

// Limit is a resource limit that a helper gives itself. Root may raise one only with CAP_SYS_RESOURCE, which containers
// lack; then what the caller left must be enough.
type Limit struct {
	Resource    int
	Want, Least uint64
}

// Unlimited is RLIM_INFINITY.
const Unlimited = ^uint64(0)

// Settle takes nothing over from the caller: sudo hands on limits (a small RLIMIT_FSIZE would cut a file short), signals
// and the working directory.
func Settle(limits []Limit) error {
	if os.Geteuid() != 0 || os.Getuid() != 0 {
		return errors.New("not root")
	}
	// A terminal's stop signals too: who has a shell must not stop it while it holds a slot or a lock.
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGPIPE, syscall.SIGTERM, syscall.SIGXFSZ,
		syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU)
	syscall.Umask(0o077)
	if err := os.Chdir("/"); err != nil {
		return err
	}
	for _, l := range limits {
		if err := l.set(); err != nil {
			return err
		}
	}
	return nil
}

func (l Limit) set() error {
	err := syscall.Setrlimit(l.Resource, &syscall.Rlimit{Cur: l.Want, Max: l.Want})
	if err == nil {
		return nil
	}
	var found syscall.Rlimit
	if e := syscall.Getrlimit(l.Resource, &found); e != nil {
		return e
	}
	if found.Max < l.Least {
		return fmt.Errorf("rlimit %d of %d is too small: %w", l.Resource, found.Max, err)
	}
	return syscall.Setrlimit(l.Resource, &syscall.Rlimit{Cur: found.Max, Max: found.Max})
}

// CallerUID is who ran sudo. bySudo is false where nobody did: then root himself runs the program, nobody else can.
func CallerUID() (uid uint32, bySudo bool, err error) {
	text, bySudo := os.LookupEnv("SUDO_UID")
	if !bySudo {
		return 0, false, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, true, fmt.Errorf("SUDO_UID %q: not a uid", text)
	}
	return uint32(n), true, nil
}

// ReadRequest reads one JSON object of at most most bytes, with no other keys than into has.
func ReadRequest(r io.Reader, most int64, into any) error {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return err
	}
	if int64(len(b)) > most {
		return errors.New("too long")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errors.New("not the JSON object that is expected")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

// Log writes one line about what a helper refused, or where it failed.
func Log(helper, what string, err error) {
	syslog.Write(syslog.AuthprivNotice, "sharezone "+helper+": "+strconv.QuoteToASCII(what+": "+err.Error()))
}

// Note writes one line about what a helper did.
func Note(helper, what string) {
	syslog.Write(syslog.AuthprivNotice, "sharezone "+helper+": "+strconv.QuoteToASCII(what))
}
