package account

import (
	"cmp"
	"errors"
	"maps"
	"regexp"
	"slices"
	"sync"
)

// Often is how often somebody wants to be told of what is done in a zone.
type Often string

// The choices, from the most mail to the least.
const (
	AtOnce Often = "now"    // as the machine's settings say
	Hourly Often = "hourly" // collected for an hour
	Daily  Often = "daily"  // collected for a day
	Never  Often = "none"
)

// Oftens are all of them, in that order.
var Oftens = []Often{AtOnce, Hourly, Daily, Never}

// LessThan says whether o is less mail than other.
func (o Often) LessThan(other Often) bool {
	return slices.Index(Oftens, o) > slices.Index(Oftens, other)
}

// ZoneNotices is what somebody chose for a zone.
type ZoneNotices struct {
	Zone  string `json:"zone"` // its name then; the id counts
	Often Often  `json:"often"`
}

// maxZones bounds for how many zones somebody chooses, so that his file stays far below maxPreferences.
const maxZones = 300

var (
	zoneIDForm   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{32}$`) })
	zoneNameForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`) })
)

// OftenFor is what he chose for a zone.
func (p Preferences) OftenFor(zoneID string) Often {
	if z, chosen := p.Notices[zoneID]; chosen {
		return z.Often
	}
	return cmp.Or(p.Often, AtOnce)
}

// SetOften writes a choice for a zone down. What holds for all zones is none.
func (p *Preferences) SetOften(zoneID string, z ZoneNotices) error {
	if !zoneIDForm().MatchString(zoneID) || !z.valid() {
		return &FieldError{"often", BadForm}
	}
	if z.Often == cmp.Or(p.Often, AtOnce) {
		delete(p.Notices, zoneID)
		return nil
	}
	if _, there := p.Notices[zoneID]; !there && len(p.Notices) >= maxZones {
		return &FieldError{"often", TooLong}
	}
	if p.Notices == nil {
		p.Notices = make(map[string]ZoneNotices)
	}
	p.Notices[zoneID] = z
	return nil
}

// IsFull says whether a choice failed because he has chosen for as many zones as one can.
func IsFull(err error) bool {
	var field *FieldError
	return errors.As(err, &field) && field.Field == "often" && field.Reason == TooLong
}

// KeepZones forgets what he chose for zones that are not among these, by id.
func (p *Preferences) KeepZones(present map[string]bool) {
	maps.DeleteFunc(p.Notices, func(id string, _ ZoneNotices) bool { return !present[id] })
}

func (z ZoneNotices) valid() bool {
	return zoneNameForm().MatchString(z.Zone) && slices.Contains(Oftens, z.Often)
}

// dropInvalid takes away what he can have chosen nowhere.
func (p *Preferences) dropInvalid() {
	if CheckChannel(string(p.Channel)) != nil {
		p.Channel = ""
	}
	if !slices.Contains(Oftens, p.Often) {
		p.Often = ""
	}
	maps.DeleteFunc(p.Notices, func(id string, z ZoneNotices) bool { return !zoneIDForm().MatchString(id) || !z.valid() })
}
