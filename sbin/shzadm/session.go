package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/session"
)

// sessionDigits of the name of a session's file are its id here. The name is the SHA-256 of what is in the cookie, so
// an id that is shown opens nothing; 48 bits are unambiguous among any number of sessions that a machine can have.
const sessionDigits = 12

var (
	errNoSession   = errors.New("no such session")
	errTwoSessions = errors.New("several sessions")
)

// sessionRow is a session, in JSON too. What a damaged file does not say is null.
type sessionRow struct {
	ID      string     `json:"id"`
	User    *string    `json:"user"`
	UID     *uint32    `json:"uid"`
	Entry   *string    `json:"entry"`
	Address *string    `json:"address"`
	Started *time.Time `json:"started"`
	LastUse *time.Time `json:"last_use"`
	State   string     `json:"state"` // active, must-change, ended, damaged
}

func newSessionRow(f session.Found, now time.Time) sessionRow {
	row := sessionRow{ID: f.Name[:min(len(f.Name), sessionDigits)], State: "damaged"}
	if f.Err != nil {
		return row
	}
	r, started, lastUse := f.Record, f.Record.Started.UTC(), f.LastUse.UTC().Truncate(time.Second)
	row.User, row.UID, row.Entry, row.Address, row.Started, row.LastUse = &r.User, &r.UID, &r.Entry, &r.Address, &started, &lastUse
	switch {
	case r.Ended(now, f.LastUse):
		row.State = "ended"
	case r.MustChange:
		row.State = "must-change"
	default:
		row.State = "active"
	}
	return row
}

func sessionList(c *call, args []string) error {
	if _, err := c.parse(c.flags(), args, 0, 0); err != nil {
		return err
	}
	all, err := session.List()
	if err != nil {
		return err
	}
	found := make([]sessionRow, 0, len(all))
	for _, f := range all {
		found = append(found, newSessionRow(f, time.Now()))
	}
	if c.json {
		return c.printJSON(map[string]any{"sessions": found})
	}
	rows := make([][]string, 0, len(found))
	for _, r := range found {
		uid := ""
		if r.UID != nil {
			uid = strconv.FormatUint(uint64(*r.UID), 10)
		}
		rows = append(rows, []string{r.ID, text(r.User), uid, text(r.Entry), text(r.Address), moment(r.Started), moment(r.LastUse), r.State})
	}
	return c.printRows("session-columns", rows)
}

// moment is a time as an administrator reads it, in the server's time zone.
func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

func sessionEnd(c *call, args []string) error {
	fs := c.flags()
	user := fs.String("user", "", "")
	all := fs.Bool("all", false, "")
	operands, err := c.parse(fs, args, 0, 1)
	if err != nil {
		return err
	}
	chosen := len(operands)
	for _, isGiven := range []bool{given(fs, "user"), *all} {
		if isGiven {
			chosen++
		}
	}
	if chosen != 1 {
		return usageError(c.say.line("usage-sessions"))
	}
	sessions, err := session.List()
	if err != nil {
		return err
	}
	var doomed []session.Found
	if len(operands) == 1 {
		doomed, err = findSession(sessions, operands[0])
	} else {
		for _, s := range sessions {
			if *all || s.Err == nil && s.Record.User == *user {
				doomed = append(doomed, s)
			}
		}
	}
	if err != nil {
		return err
	}
	ended, err := c.endSessions(doomed)
	if c.json {
		return errors.Join(err, c.printJSON(map[string]any{"ended": ended}))
	}
	return errors.Join(err, c.print(c.say.line("sessions-ended", ended)))
}

// findSession finds the one session whose file's name begins with id.
func findSession(all []session.Found, id string) ([]session.Found, error) {
	var found []session.Found
	for _, s := range all {
		if len(id) >= sessionDigits && strings.HasPrefix(s.Name, id) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("%s: %w", id, errNoSession)
	case 1:
		return found, nil
	}
	return nil, fmt.Errorf("%s: %w", id, errTwoSessions)
}

// endSessions removes sessions and says how many. What is in the store without being a session stays: doctor's part.
func (c *call) endSessions(doomed []session.Found) (int, error) {
	ended := 0
	var failed error
	for _, s := range doomed {
		if !session.ValidFileName(s.Name) {
			continue
		}
		err := c.record(deed{event: "logout", user: s.Record.User}, func() error { return session.End(s.Name) })
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		ended++
	}
	return ended, failed
}

// endSessionsOf ends those of a uid.
func (c *call) endSessionsOf(uid uint32) (int, error) {
	all, err := session.List()
	if err != nil {
		return 0, err
	}
	var doomed []session.Found
	for _, s := range all {
		if s.Err == nil && s.Record.UID == uid {
			doomed = append(doomed, s)
		}
	}
	return c.endSessions(doomed)
}
