package helper

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

// ZonefixRequest is what libexec/zonefix is asked. Paths are below the zone, their segments percent-encoded; "" is its
// root. Of what describes a zone nil means: as it is.
type ZonefixRequest struct {
	Op           string        `json:"op"`
	Zone         string        `json:"zone,omitempty"`
	Closed       bool          `json:"closed,omitempty"`
	Title        *string       `json:"title,omitempty"`
	Description  *string       `json:"description,omitempty"`
	Expires      *string       `json:"expires,omitempty"`
	MaxAge       *int          `json:"max_age,omitempty"`
	Trash        *string       `json:"trash,omitempty"` // "off", or "" for on; the owner's alone to say
	Notify       *string       `json:"notify,omitempty"`
	ForgetNotify bool          `json:"forget_notify,omitempty"`
	Principal    string        `json:"principal,omitempty"`
	Access       string        `json:"access,omitempty"`
	Members      []zone.Member `json:"members,omitempty"` // of share, in the place of principal and access: several at once
	Path         string        `json:"path,omitempty"`
	Paths        []string      `json:"paths,omitempty"`
	Owner        string        `json:"owner,omitempty"`
	Sure         zone.Consent  `json:"sure,omitempty"` // of apply: who may be put out by it; of share: who may get more by being taken off
	To           string        `json:"to,omitempty"`   // of restore: another name than the zone had
}

// ZonefixReply is its answer.
type ZonefixReply struct {
	Error    string         `json:"error,omitempty"`  // a code of the interface
	Reason   string         `json:"reason,omitempty"` // which of the refusals of that code
	Latest   string         `json:"latest,omitempty"` // with the reason too-late: the last day that is allowed
	Attr     string         `json:"attr,omitempty"`   // with the reason value: which attribute
	Why      string         `json:"why,omitempty"`    // with the reason value: a zone.Reason
	Zone     *zone.Details  `json:"zone,omitempty"`
	ZoneID   string         `json:"zone_id,omitempty"`  // of that zone; what is recorded of it belongs to the id
	ZoneDir  string         `json:"zone_dir,omitempty"` // which directory it is
	Zones    []zone.Details `json:"zones,omitempty"`
	Report   *zone.Report   `json:"report,omitempty"`
	Results  []ItemResult   `json:"results,omitempty"`
	Findings []zone.Drift   `json:"findings,omitempty"`
	More     int            `json:"more,omitempty"`     // findings beyond those named
	Kinds    map[string]int `json:"kinds,omitempty"`    // how many of each kind there are in all
	Standing []zone.Member  `json:"standing,omitempty"` // whom apply puts out of most of the lists; with the reason puts-out, whom it would have put out
	Still    []zone.Still   `json:"still,omitempty"`    // who would get more by an entry of his that goes: by apply, or with the reasons gains and puts-out
	Space    *zone.Space    `json:"space,omitempty"`
}

// ItemResult is how an act on one of several paths ended.
type ItemResult struct {
	Path   string `json:"path"`
	Status string `json:"status"` // ok or a code of the interface
}

// ZoneRefusal is what zonefix or access refused.
type ZoneRefusal struct {
	Code, Reason, Latest, Attr, Why string

	Standing []zone.Member // with the reason puts-out
	Still    []zone.Still  // with the reasons gains and puts-out
}

func (r *ZoneRefusal) Error() string { return "zone helper: " + r.Code + " " + r.Reason }

// silence is how long zonefix may say nothing. It says from its beginning on, at least every ten seconds, that it is alive.
const silence = 2 * time.Minute

// ErrNoAnswer says that a helper has not been heard of for that long: sudo or a name service does not answer, or the machine
// stands still. What was asked for may still be done.
var ErrNoAnswer = errors.New("the helper gives no answer; what it was asked for may still be done")

// Zonefix asks libexec/zonefix and tells progress, which may be nil, how many files and folders are done. A *ZoneRefusal
// says what the helper said; any other error that it could not be asked. It may take as long as the zone is large.
func Zonefix(q ZonefixRequest, progress func(done int)) (ZonefixReply, error) {
	return zonefix(q, progress, silence)
}

func zonefix(q ZonefixRequest, progress func(done int), silence time.Duration) (ZonefixReply, error) {
	if in, err := json.Marshal(q); err == nil && len(in) > MaxRequest {
		return ZonefixReply{}, &ZoneRefusal{Code: "too-large"}
	}
	var out ZonefixReply
	err := askLines(layout.ZonefixHelper, q, &out, progress, silence)
	switch {
	case out.Error != "":
		return ZonefixReply{}, &ZoneRefusal{out.Error, out.Reason, out.Latest, out.Attr, out.Why, out.Standing, out.Still}
	case err != nil:
		return ZonefixReply{}, err
	}
	if out.Zone != nil {
		out.Zone.ID, out.Zone.Dir = out.ZoneID, out.ZoneDir
	}
	return out, nil
}

// follow reads lines until there are no more and returns the last one, which is the reply; the others tell progress.
func follow(in io.Reader, progress func(done int), silence time.Duration) (last []byte, err error) {
	lines := make(chan []byte)
	gone := make(chan struct{})
	defer close(gone)
	go readLines(in, lines, gone)
	for {
		select {
		case line, more := <-lines:
			if !more {
				return last, nil
			}
			var step struct{ Progress *int }
			if last = line; json.Unmarshal(line, &step) == nil && step.Progress != nil {
				last = nil // a helper that ends with this did not come to its end
				if progress != nil {
					progress(*step.Progress)
				}
			}
		case <-time.After(silence):
			return nil, ErrNoAnswer // the helper is root's, and cannot be ended from here
		}
	}
}

// readLines passes lines on, of any length, until there are no more or nobody wants them.
func readLines(in io.Reader, lines chan<- []byte, gone <-chan struct{}) {
	defer close(lines)
	for r := bufio.NewReader(in); ; {
		line, err := r.ReadBytes('\n')
		if len(line) > 0 {
			select {
			case lines <- line:
			case <-gone:
				return
			}
		}
		if err != nil {
			return
		}
	}
}
