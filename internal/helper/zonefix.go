package helper

import "sharezone/internal/zone"

// ZonefixRequest is what libexec/zonefix is asked. Paths are below the zone, their segments percent-encoded; "" is its
// root. Of what describes a zone nil means: as it is.
type ZonefixRequest struct {
	Op           string   `json:"op"`
	Zone         string   `json:"zone,omitempty"`
	Closed       bool     `json:"closed,omitempty"`
	Title        *string  `json:"title,omitempty"`
	Description  *string  `json:"description,omitempty"`
	Expires      *string  `json:"expires,omitempty"`
	MaxAge       *int     `json:"max_age,omitempty"`
	Notify       *string  `json:"notify,omitempty"`
	ForgetNotify bool     `json:"forget_notify,omitempty"`
	Principal    string   `json:"principal,omitempty"`
	Access       string   `json:"access,omitempty"`
	Path         string   `json:"path,omitempty"`
	Paths        []string `json:"paths,omitempty"`
	Owner        string   `json:"owner,omitempty"`
}

// ZonefixReply is its answer.
type ZonefixReply struct {
	Error    string         `json:"error,omitempty"`  // a code of the interface
	Reason   string         `json:"reason,omitempty"` // which of the refusals of that code
	Latest   string         `json:"latest,omitempty"` // with the reason too-late: the last day that is allowed
	Attr     string         `json:"attr,omitempty"`   // with the reason value: which attribute
	Why      string         `json:"why,omitempty"`    // with the reason value: a zone.Reason
	Zone     *zone.Details  `json:"zone,omitempty"`
	Zones    []zone.Details `json:"zones,omitempty"`
	Report   *zone.Report   `json:"report,omitempty"`
	Results  []ItemResult   `json:"results,omitempty"`
	Findings []zone.Drift   `json:"findings,omitempty"`
	More     int            `json:"more,omitempty"` // findings beyond those named
	Space    *zone.Space    `json:"space,omitempty"`
}

// ItemResult is how an act on one of several paths ended.
type ItemResult struct {
	Path   string `json:"path"`
	Status string `json:"status"` // ok or a code of the interface
}

// ZoneRefusal is what zonefix or access refused.
type ZoneRefusal struct{ Code, Reason, Latest, Attr, Why string }

func (r *ZoneRefusal) Error() string { return "zone helper: " + r.Code + " " + r.Reason }
