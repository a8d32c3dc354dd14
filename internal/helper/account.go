package helper

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/layout"
	"sharezone/internal/session"
	"sharezone/internal/zone"
)

// AccountRequest is what libexec/account is asked. Of what describes a user nil means: as it is.
type AccountRequest struct {
	Op       string            `json:"op"`
	Username string            `json:"username,omitempty"`
	FullName *string           `json:"full_name,omitempty"`
	Company  *string           `json:"company,omitempty"`
	Phone    *string           `json:"phone,omitempty"`
	Mobile   *string           `json:"mobile,omitempty"`
	Email    *string           `json:"email,omitempty"`
	Expires  *string           `json:"expires,omitempty"`
	Role     *string           `json:"role,omitempty"`
	Language *string           `json:"language,omitempty"`
	Zone     string            `json:"zone,omitempty"`    // that somebody is invited to
	Access   string            `json:"access,omitempty"`  // that he gets there
	Channel  *string           `json:"channel,omitempty"` // by which he is told
	Sponsor  *string           `json:"sponsor,omitempty"` // with modify
	To       string            `json:"to,omitempty"`      // who gets the files of a user who is deleted; "" = nobody
	Group    string            `json:"group,omitempty"`   // of a company
	Member   bool              `json:"member,omitempty"`
	Session  string            `json:"session,omitempty"` // its id for people
	Seen     string            `json:"seen,omitempty"`    // Stamp of what was changed: refused if he is another one by now
	Signup   string            `json:"signup,omitempty"`  // of who asks for an account: its id
	Reason   string            `json:"reason,omitempty"`  // why he gets none
	Find     *account.Criteria `json:"find,omitempty"`
	Offset   int               `json:"offset,omitempty"`
	Limit    int               `json:"limit,omitempty"` // 0 = all
}

// AccountReply is its answer.
type AccountReply struct {
	Error  string   `json:"error,omitempty"`  // a code of the interface
	Reason string   `json:"reason,omitempty"` // which of the refusals of that code
	Field  string   `json:"field,omitempty"`  // with the reason field: which one
	Why    string   `json:"why,omitempty"`    // with the reason field: an account.Reason
	Owns   []string `json:"owns,omitempty"`   // with the reason owns-zones: which
	Partly bool     `json:"partly,omitempty"` // with an error: something is done all the same, and a password that is told holds

	Users    []KnownUser  `json:"users,omitempty"`
	Total    int          `json:"total,omitempty"` // that were found, of which Users are a part
	User     *KnownUser   `json:"user,omitempty"`
	Sessions []Session    `json:"sessions,omitempty"`
	Zones    []UserZone   `json:"zones,omitempty"`
	Password string       `json:"password,omitempty"` // that was made: shown once, to be changed at the next login
	Sent     string       `json:"sent,omitempty"`     // to which address a password went instead
	Invited  *time.Time   `json:"invited,omitempty"`  // until then the link of an invitation is good
	Waits    bool         `json:"waits,omitempty"`    // its mail does: the mail server has not taken it
	Refused  string       `json:"refused,omitempty"`  // why its mail was put aside: what the mail server said
	Report   *zone.Report `json:"report,omitempty"`   // of the zone that somebody was invited to
	Goodbye  *Goodbye     `json:"goodbye,omitempty"`
	Left     []string     `json:"left,omitempty"`  // zones of who was changed, and may own none any more
	Deeds    []Deed       `json:"deeds,omitempty"` // what was done besides, to be told as acts

	Signups  []account.Request `json:"signups,omitempty"`  // of people who ask for an account
	Made     *time.Time        `json:"made,omitempty"`     // with made: when the caller made the account himself, a moment ago; nil: he did not
	Declined string            `json:"declined,omitempty"` // with signup-decline: the mail address
	Changed  string            `json:"changed,omitempty"`  // of whom was made or changed, also with an error: which fields, as account.Differences says
	Asking   int               `json:"asking,omitempty"`   // with search: how many they are
}

// Stamp changes with each change of what describes somebody.
func Stamp(u account.User) string {
	b, _ := json.Marshal([]any{u.UID, u.FullName, u.Company, u.Phone, u.Mobile, u.Email, u.Expires, u.Roles, u.Language, u.Channel, u.Sponsor}) // cannot fail
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// KnownUser is a user, and whether the web can change him.
type KnownUser struct {
	account.User
	Barred string `json:"barred"` // "" = it can; not-ours, system, privileged

	SecondFactor bool `json:"second_factor"` // is set up
	Passwordless bool `json:"passwordless"`  // making the account was interrupted before its first password
}

// UserZone is a zone that a user owns or gets into.
type UserZone struct {
	Name   string      `json:"name"`
	Access zone.Access `json:"access"`
	State  zone.State  `json:"state"`
	ID     string      `json:"-"`
}

// Goodbye is what is left to say of a user who is deleted.
type Goodbye struct {
	Name    string         `json:"username"`
	UID     uint32         `json:"uid"`
	Files   string         `json:"files"` // keep or transfer
	To      *string        `json:"to"`
	Zones   []string       `json:"zones"`   // that changed hands
	Skipped []zone.Skipped `json:"skipped"` // with the names of their zones in front
	More    int            `json:"more"`    // beyond those named
	Deleted bool           `json:"deleted"`
}

// Deed is an act that was done on the way.
type Deed struct {
	Event  string `json:"event"`
	Path   string `json:"path,omitempty"`
	User   string `json:"user,omitempty"` // whom it concerns, where no zone is
	Zone   string `json:"zone,omitempty"`
	ZoneID string `json:"zone_id,omitempty"`
	Dir    string `json:"zone_dir,omitempty"`
	Result string `json:"result"`
}

// SessionDigits of the name of a session's file are its id for people. The name is the SHA-256 of what is in the cookie,
// so an id that is shown opens nothing; 48 bits are unambiguous among any number of sessions that a machine can have.
const SessionDigits = 12

// Session is a session as people see it. What a damaged file does not say is null.
type Session struct {
	ID      string     `json:"id"`
	User    *string    `json:"user"`
	UID     *uint32    `json:"uid"`
	Entry   *string    `json:"entry"`
	Address *string    `json:"address"`
	Started *time.Time `json:"started"`
	LastUse *time.Time `json:"last_use"`
	State   string     `json:"state"` // active, second-factor (half authenticated), must-change, ended, damaged
}

// NewSession describes what lies in the store.
func NewSession(f session.Found, now time.Time) Session {
	s := Session{ID: f.Name[:min(len(f.Name), SessionDigits)], State: "damaged"}
	if f.Err != nil {
		return s
	}
	r, started, lastUse := f.Record, f.Record.Started.UTC(), f.LastUse.UTC().Truncate(time.Second)
	s.User, s.UID, s.Entry, s.Address, s.Started, s.LastUse = &r.User, &r.UID, &r.Entry, &r.Address, &started, &lastUse
	switch {
	case r.Ended(now, f.LastUse):
		s.State = "ended"
	case r.Lacks != session.LacksNothing:
		s.State = "second-factor"
	case r.MustChange:
		s.State = "must-change"
	default:
		s.State = "active"
	}
	return s
}

// AccountRefusal is what libexec/account refused.
type AccountRefusal struct {
	Code, Reason, Field, Why string
	Owns                     []string
	Partly                   bool
}

func (r *AccountRefusal) Error() string { return "account helper: " + r.Code + " " + r.Reason }

// Account asks libexec/account and tells progress, which may be nil, how many files and folders are done. An
// *AccountRefusal says what the helper said, with what it did before; any other error that it could not be asked.
func Account(q AccountRequest, progress func(done int)) (AccountReply, error) {
	var out AccountReply
	if in, err := json.Marshal(q); err == nil && len(in) > MaxRequest {
		return out, &AccountRefusal{Code: "too-large"}
	}
	err := askLines(layout.AccountHelper, q, &out, progress, silence)
	if out.Error != "" {
		return out, &AccountRefusal{out.Error, out.Reason, out.Field, out.Why, out.Owns, out.Partly}
	}
	return out, err
}

// askLines runs a helper that answers in lines, of which the last one is the reply.
func askLines(program string, question, answer any, progress func(done int), silence time.Duration) error {
	cmd, err := command(program, question)
	if err != nil {
		return err
	}
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	last, err := follow(pipe, progress, silence)
	if err != nil {
		return err
	}
	err = cmd.Wait()
	if json.Unmarshal(last, answer) != nil {
		return errors.Join(errNothingReadable, err)
	}
	return err
}
