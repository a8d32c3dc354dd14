// Package farewell ends an account that Share Zone made: it is locked first, so that nothing of its begins any more, and
// removed last, so that a farewell that was interrupted can be said again. What lay in between is undone by nothing: zones
// and files change hands, access lists forget the account.
//
// It runs as root, in shzadm and in libexec/account.
package farewell

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/layout"
	"sharezone/internal/session"
	"sharezone/internal/zone"
)

// ErrIncomplete says that not all files could be given on: the account is locked, and still there.
var ErrIncomplete = errors.New("not everything could be transferred")

// OwnerError refuses to end the account of the owner of zones, which would then belong to nobody.
type OwnerError struct {
	User  string
	Zones []string
}

func (e *OwnerError) Error() string { return e.User + " owns zones: " + strings.Join(e.Zones, " ") }

// Result is what is left to say of a user.
type Result struct {
	Name    string         `json:"username"`
	UID     uint32         `json:"uid"`
	Files   string         `json:"files"` // keep or transfer
	To      *string        `json:"to"`
	Zones   []string       `json:"zones"`   // that changed hands
	Skipped []zone.Skipped `json:"skipped"` // with their whole paths
	More    int            `json:"more"`    // beyond those named
	Deleted bool           `json:"deleted"`
}

// Deed is an act on the way, in the words of events.
type Deed struct {
	Event, Path string
	User        string // whom it concerns, where no zone is
	Zone        zone.Details
}

// Farewell is one on its way.
type Farewell struct {
	Admin *zone.Admin
	// Record does an act between the two lines that tell of it.
	Record func(d Deed, do func() error) error

	who    account.Entry
	result Result
}

// New refuses before anything is changed. to is who gets zones and files; "" is nobody: files keep the number.
func New(admin *zone.Admin, name, to string) (*Farewell, error) {
	who, err := change.CheckDelete(name)
	if err != nil {
		return nil, err
	}
	f := &Farewell{Admin: admin, who: who, result: Result{
		Name: who.Name, UID: who.UID, Files: "keep", Zones: []string{}, Skipped: []zone.Skipped{},
	}}
	if to != "" {
		f.result.Files, f.result.To = "transfer", &to
		return f, admin.CheckTransfer(who, to)
	}
	owned, err := admin.Owned(who.UID)
	if err != nil || len(owned) == 0 {
		return f, err
	}
	refused := &OwnerError{User: who.Name}
	for _, z := range owned {
		refused.Zones = append(refused.Zones, ZonePath(z))
	}
	return nil, refused
}

// Say ends the account. The result says what was done, also when it could not be done to its end: then the error is a
// *change.PartlyError, for at least the account is shut. Whoever calls it holds the account, and the heir's
// (change.Hold): one that is deleted meanwhile would leave files to a number that nobody has.
func (f *Farewell) Say(now time.Time) (Result, error) {
	if _, err := change.Shut(f.who.Name); err != nil {
		return f.result, err
	}
	if err := f.end(now); err != nil {
		return f.result, &change.PartlyError{Err: err}
	}
	f.result.Deleted = true
	return f.result, nil
}

// end is what follows when nothing of the account's begins any more.
func (f *Farewell) end(now time.Time) error {
	if _, err := EndSessions(f.who.UID, f.Record); err != nil {
		return err
	}
	if err := change.CheckIdle(f.who); err != nil {
		return err
	}
	if f.result.To != nil {
		if err := f.handOver(); err != nil {
			return err
		}
	}
	if err := f.leaveZones(); err != nil {
		return err
	}
	return change.Delete(f.who, now)
}

// EndSessions ends those of a uid and says how many there were.
func EndSessions(uid uint32, record func(Deed, func() error) error) (int, error) {
	all, err := session.List()
	ended := 0
	for _, s := range all {
		if s.Err != nil || s.Record.UID != uid {
			continue
		}
		if e := record(Deed{Event: "logout", User: s.Record.User}, func() error { return session.End(s.Name) }); e != nil {
			err = errors.Join(err, e)
			continue
		}
		ended++
	}
	return ended, err
}

// handOver gives everything to the heir, and tells of each zone that changed hands.
func (f *Farewell) handOver() error {
	done, err := f.Admin.TransferAll(f.who, *f.result.To)
	incomplete := false
	for _, h := range done {
		if h.Owner {
			f.result.Zones = append(f.result.Zones, ZonePath(h.Zone))
			f.Record(Deed{Event: "zone-transfer", Path: "user:" + *f.result.To, Zone: h.Zone}, func() error { return nil })
		}
		for _, s := range h.Report.Skipped {
			s.Path = ZonePath(h.Zone) + "/" + s.Path
			f.result.Skipped = append(f.result.Skipped, s)
		}
		f.result.More += h.Report.More
		incomplete = incomplete || h.Report.Incomplete()
	}
	if err == nil && incomplete {
		err = fmt.Errorf("%s: %w", f.who.Name, ErrIncomplete)
	}
	return err
}

// leaveZones takes the account out of the access lists of the open zones that name it: an entry of a number that
// nobody has is only in the way, of doctor for example.
func (f *Farewell) leaveZones() error {
	zones, err := f.Admin.List()
	if err != nil {
		return err
	}
	principal := "user:" + f.who.Name
	for _, z := range zones {
		for _, m := range z.Members {
			if m.Principal != principal || z.State != zone.StateOpen {
				continue
			}
			err := f.Record(Deed{Event: "zone-share", Path: principal + "=none", Zone: z}, func() error {
				_, err := f.Admin.Share(z.Name, principal, zone.None)
				return err
			})
			if err != nil && !errors.Is(err, zone.ErrNotThere) {
				return err
			}
		}
	}
	return nil
}

// ZonePath is where a zone lies.
func ZonePath(z zone.Details) string {
	if z.State == zone.StateClosed {
		return layout.Closed + "/" + z.Name
	}
	return layout.Base + "/" + z.Name
}
