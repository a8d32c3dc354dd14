package event

import (
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// Names are the events that there are, as the interface lists them.
var Names = []string{
	"login", "logout", "login-failed", "password", "password-asked", "address-refused", "factor-asked", "second-factor", "upload", "download", "preview", "zip", "unzip", "mkdir", "rename", "move",
	"copy", "delete", "restore", "purge", "zone-create", "zone-modify", "zone-share", "zone-close", "zone-remove", "zone-restore",
	"zone-transfer", "zone-warn", "user-create", "user-modify", "user-lock", "user-delete", "expire",
	"group-create", "group-modify", "group-delete", "signup", "signup-decline",
}

// Results of acts that did not say how they ended.
const (
	Running     = "running"     // the request still holds its lock
	Interrupted = "interrupted" // it does not (the process was killed, the machine stopped), or says so: the client went away
)

// Record is one act, with the JSON keys of the interface. What is absent is null.
type Record struct {
	Time    time.Time `json:"time"`
	Event   string    `json:"event"` // one of Names
	User    string    `json:"user"`  // who did it
	UID     uint32    `json:"-"`     // of the process that did it, as the gate stamped it
	Entry   string    `json:"entry"`
	Address *string   `json:"address"`
	Zone    *string   `json:"zone"` // as it was called then
	Path    *string   `json:"path"` // below the zone; for zone-share PRINCIPAL=ACCESS; of the cleaner: for zone-warn and zone-close the last day, for zone-remove the day of closing; for groups GROUP, GROUP=member, GROUP=none; for user-create and user-modify what changed, as account.Differences says
	Raw     string    `json:"raw,omitempty"`
	From    *string   `json:"from,omitempty"` // what was renamed, moved, copied or unpacked to Path, in the same zone
	FromRaw string    `json:"from_raw,omitempty"`
	Bytes   *int64    `json:"bytes"`
	Result  string    `json:"result"` // ok, an error code, Running or Interrupted
	About   *string   `json:"about"`  // the account that it concerns, where that is not who did it
	Request string    `json:"request"`
	ZoneID  string    `json:"-"`
	ZoneDir string    `json:"-"` // as in Zone
	File    string    `json:"-"` // what tells a file that is brought from all others
	Named   bool      `json:"-"` // it was about to get its name when the act was interrupted: perhaps it has it
	Owner   *uint32   `json:"-"` // uid of whose file was taken
	Arrived bool      `json:"-"` // if all went well: Path is what the zone has now and had not before
}

var (
	fileForm      = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{9}Z-[0-9a-f]{16}$`) })
	requestForm   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{16}$`) })
	zoneForm      = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([a-z0-9][a-z0-9._-]{0,62})?$`) })
	zoneIDForm    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9a-f]{32})?$`) })
	componentForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z_-]{1,32}$`) })
	fileIDForm    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]{1,20}-[0-9]{1,20})?$`) })
	resultForm    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z-]{0,31}$`) })
)

// check says what is wrong with a header, "" for nothing.
func (h Header) check() string {
	address, err := netip.ParseAddr(h.Address)
	switch {
	case h.Version != version:
		return "another version"
	case h.Time.IsZero():
		return "no time"
	case !requestForm().MatchString(h.Request):
		return "no request id"
	case !session.ValidUser(h.User):
		return "no user"
	case !componentForm().MatchString(h.Component):
		return "no component"
	case h.Entry != "internal" && h.Entry != "external" && h.Entry != EntryShell:
		return "no entry"
	case h.Entry == EntryShell && h.Address != "", h.Entry != EntryShell && (err != nil || address.String() != h.Address || address.Zone() != ""):
		return "no address"
	case !zoneForm().MatchString(h.Zone) || !zoneIDForm().MatchString(h.ZoneID) || !fileIDForm().MatchString(h.ZoneDir):
		return "no zone"
	}
	return ""
}

// line is begin, naming and end in one: which of them it is, its fields say.
type line struct {
	N      int     `json:"n"`
	Event  string  `json:"event"`
	User   string  `json:"user"`
	Path   string  `json:"path"`
	Raw    string  `json:"raw"`
	Result string  `json:"result"`
	Bytes  *int64  `json:"bytes"`
	File   string  `json:"file"`
	Owner  *uint32 `json:"owner"`
	Zone   string  `json:"zone"`
	ZoneID string  `json:"zone_id"`

	ZoneDir string `json:"zone_dir"`
}

// names says whether the line names a zone.
func (l line) names() bool { return l.Zone != "" || l.ZoneID != "" || l.ZoneDir != "" }

// acts are the acts of one file in the order in which they began.
type acts struct {
	header  Header
	records []Record
	index   map[int]int  // n: which of records, those that have begun
	named   map[int]line // which of records: the name that it was about to get
	last    int          // highest n
}

// add takes a line in and says what is wrong with it, "" for nothing.
func (a *acts) add(text []byte) string {
	var l line
	if !parse(text, &l) {
		return "not a line of an event file"
	}
	at, begun := a.index[l.N]
	switch {
	case l.Event == "" && l.Result == "" && l.Path != "" && begun && a.records[at].name(l):
		if a.named == nil {
			a.named = make(map[int]line)
		}
		a.named[at] = l
		return ""
	case l.Event == "" && l.Result == "" && begun && a.records[at].take(l):
		return ""
	case (l.Event == "") == (l.Result == ""):
		return "neither a beginning nor an end"
	case l.Event != "" && l.N <= a.last:
		return "an act that has begun already"
	case l.Event != "" && !slices.Contains(Names, l.Event):
		return "unknown event"
	case l.names() && (l.Event == "" || !namesZone(a.header.Component, l.Event)):
		return "a zone that is not for this line to name"
	case l.Owner != nil && !takes(l.Event):
		return "an owner that is not for this line to name"
	case l.File != "" && !brings(l.Event) || !fileIDForm().MatchString(l.File):
		return "a file that is not for this line to name"
	case !zoneForm().MatchString(l.Zone) || !zoneIDForm().MatchString(l.ZoneID) || !fileIDForm().MatchString(l.ZoneDir):
		return "not a zone"
	case l.Event != "":
		a.last = l.N
		a.index[l.N] = len(a.records)
		a.records = append(a.records, a.begin(l))
		return ""
	case !begun:
		return "the end of an act that has not begun"
	case a.records[at].Result != "":
		return "an act that has ended already"
	case !resultForm().MatchString(l.Result) || l.Result == Running:
		return "not a result"
	case l.User != "" || l.Bytes != nil && *l.Bytes < 0:
		return "not an end"
	}
	a.records[at].end(l)
	return ""
}

func (a *acts) begin(l line) Record {
	h := a.header
	r := Record{Time: h.Time, Event: l.Event, User: h.User, UID: h.UID, Entry: h.Entry, Address: orNull(h.Address), Zone: orNull(h.Zone),
		Path: orNull(l.Path), Raw: l.Raw, About: orNull(l.User), Request: h.Request, ZoneID: h.ZoneID, ZoneDir: h.ZoneDir, File: l.File, Owner: l.Owner}
	// Who is about to log in is nobody yet. For a link to a new password anybody can ask, and make one up (end).
	if h.User == layout.UserGuest && l.User != "" && l.Event == "login" {
		r.User, r.About = l.User, nil
	}
	if l.names() {
		r.Zone, r.ZoneID, r.ZoneDir = orNull(l.Zone), l.ZoneID, l.ZoneDir
	}
	r.Arrived = l.Event == "upload" || l.Event == "zip" && l.Owner == nil || l.names() && h.Component == "shz"
	return r
}

func (r *Record) end(l line) {
	r.Result, r.Bytes = l.Result, l.Bytes
	if l.Path != "" { // the name that it got in the end
		r.get(l)
		r.Arrived = r.Arrived || r.Event == "unzip" // else what was unpacked lies in another zone, which has an act of its own
	}
	if r.Event == "password" && r.User == layout.UserGuest && r.Result == "ok" && r.About != nil {
		r.User, r.About = *r.About, nil // his link was good
	}
	if r.Event == "user-modify" && r.User == layout.UserGuest && r.About != nil { // by a link that went to an address, as anybody can make one up
		switch r.Result {
		case "ok":
			r.User = *r.About
		case "not-permitted":
			r.Event = "address-refused"
		}
	}
	switch {
	case r.Event == "login" && l.Result == "second-factor": // the password was right, and whoever knows it is not in yet
		r.Event, r.Result = "factor-asked", "ok"
	case r.Event == "login" && r.Result != "ok":
		r.Event = "login-failed"
	}
}

// get gives an act the path that a line says. What had another one in the zone before keeps it: else a file could not be followed
// through the record.
func (r *Record) get(l line) {
	if (lands(r.Event) || r.Event == "rename") && !r.Arrived {
		r.From, r.FromRaw = r.Path, r.Raw
	}
	r.Path, r.Raw = &l.Path, l.Raw
}

// name takes from a line, which says what name a file is about to get, what tells that from others; false: it is not for the line to say.
func (r *Record) name(l line) bool {
	if r.Result != "" || !fileIDForm().MatchString(l.File) {
		return false
	}
	if l.File == "" {
		return r.File != "" && brings(r.Event)
	}
	if !lands(r.Event) || !r.Arrived && r.Event != "unzip" || r.File != "" && r.File != l.File {
		return false
	}
	r.File = l.File
	return true
}

// take takes from a line whose file it is that is copied, moved or unpacked; false: it is not for the line to say.
func (r *Record) take(l line) bool {
	if l.Owner == nil || l.Path != "" || l.File != "" || l.names() || r.Result != "" || !lands(r.Event) || r.Arrived || r.Owner != nil {
		return false
	}
	r.Owner = l.Owner
	return true
}

// cut is an act of which nothing says how it ended: under the name that it was about to give, if it came to that.
func (a *acts) cut(at int, result string) {
	r := &a.records[at]
	r.Result = result
	if l, named := a.named[at]; named {
		r.get(l)
		r.Named = true
		r.Arrived = true // of what is unpacked nothing before says that it lies here
	}
}

// parse takes one JSON object with known keys, and nothing after it.
func parse(text []byte, to any) bool {
	if !utf8.Valid(text) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(to) != nil {
		return false
	}
	_, err := d.Token()
	return err == io.EOF
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
