package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"sharezone/internal/disk"
	"sharezone/notify/queue"
)

// shortDay is how many short messages went to whom on one day of the machine: each is paid for, and some telephones have no end of them.
type shortDay struct {
	Day  string         `json:"day"`
	Sent map[uint32]int `json:"sent"` // by uid
}

// today reads what an earlier run wrote today. What cannot be read counts as nothing: somebody gets a few more.
func (s *sender) today() (shortDay, error) {
	now := shortDay{s.now().Format(time.DateOnly), make(map[uint32]int)}
	b, err := os.ReadFile(s.shortDay)
	if errors.Is(err, fs.ErrNotExist) {
		return now, nil
	}
	if err != nil {
		return shortDay{}, err
	}
	var found shortDay
	if json.Unmarshal(b, &found) != nil || found.Day != now.Day || found.Sent == nil {
		return now, nil
	}
	return found, nil
}

// full says whether somebody has had all the short messages of a day.
func (s *sender) full(m queue.Message) (bool, error) {
	if s.sms.PerDay == 0 {
		return false, nil
	}
	day, err := s.today()
	return day.Sent[m.UID] >= s.sms.PerDay, err
}

// count counts a short message that was taken. Whoever dies before it is counted costs one more.
func (s *sender) count(m queue.Message) error {
	if s.sms.PerDay == 0 {
		return nil
	}
	day, err := s.today()
	if err != nil {
		return err
	}
	day.Sent[m.UID]++
	if day.Sent[m.UID] == s.sms.PerDay {
		s.tell(fmt.Sprintf("sharezone mail: to=%s has had %d short messages today, all that sms.per_day allows: more go as mails", m.User, s.sms.PerDay))
	}
	b, err := json.Marshal(day)
	if err != nil {
		return err
	}
	return disk.Write(s.shortDay, b)
}
