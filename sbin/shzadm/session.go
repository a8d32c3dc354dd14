package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/helper"
	"sharezone/internal/session"
)

var (
	errNoSession   = errors.New("no such session")
	errTwoSessions = errors.New("several sessions")
)

func sessionList(c *call, args []string) error {
	if _, err := c.parse(c.flags(), args, 0, 0); err != nil {
		return err
	}
	all, err := session.List()
	if err != nil {
		return err
	}
	found := make([]helper.Session, 0, len(all))
	for _, f := range all {
		found = append(found, helper.NewSession(f, time.Now()))
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
		if len(doomed) == 0 && !*all { // of an account that is gone some may be left
			_, err = findUser(*user)
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
		if len(id) >= helper.SessionDigits && strings.HasPrefix(s.Name, id) {
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
