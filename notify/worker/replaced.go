package main

import (
	"errors"
	"io/fs"
	"slices"

	"sharezone/notify/queue"
)

// replaced says whether another message waits that has what is good instead of what this one has. What waits is read once in a run, and
// only when it matters: there may be thousands.
func (s *sender) replaced(m queue.Message) (bool, error) {
	if !m.Kind.Secret() {
		return false, nil
	}
	if s.secrets == nil {
		s.secrets = []queue.Message{}
		for _, folder := range []string{queue.Open, queue.Waiting} {
			ids, err := s.queue.List(folder)
			if err != nil {
				return false, err
			}
			for _, id := range ids {
				other, err := s.queue.Read(folder, id)
				if err == nil && other.Kind.Secret() {
					s.secrets = append(s.secrets, other)
				}
				if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, queue.ErrDamaged) { // which are told where they are sent
					return false, err
				}
			}
		}
	}
	return slices.ContainsFunc(s.secrets, func(other queue.Message) bool { return other.Replaces(m) }), nil
}
