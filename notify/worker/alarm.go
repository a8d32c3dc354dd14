package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"sharezone/internal/disk"
	"sharezone/notify/queue"
)

// alarmEvery is how often the same is told: cron runs the worker each minute.
const alarmEvery = time.Hour

// alarm tells the administrator that messages do not get away, whatever the reason: a server that is down is told at each run,
// and one that takes some and puts off the others is not. The file says when he was told last.
func (s *sender) alarm() error {
	if s.settings.Alarm == 0 {
		return nil
	}
	since, count, err := s.queue.Oldest(queue.Waiting, time.Time{})
	if err != nil {
		return err
	}
	still, stuck, err := s.queue.Oldest(queue.Open, s.now().Add(-s.settings.Alarm)) // due, and do not get out of there
	if err != nil {
		return err
	}
	if stuck > 0 && (count == 0 || still.Before(since)) {
		since = still
	}
	count += stuck
	if count == 0 || s.now().Sub(since) <= s.settings.Alarm {
		if err := os.Remove(s.alarmed); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if info, err := os.Stat(s.alarmed); err == nil && s.now().Sub(info.ModTime()).Abs() < alarmEvery {
		return nil
	}
	s.warn(fmt.Sprintf("sharezone worker: %d messages wait, the oldest since %s; shzadm queue list says why, and of those that still collect this log", count, since.UTC().Format(time.RFC3339)))
	if err := disk.Write(s.alarmed, nil); err != nil { // told each minute rather than never
		return err
	}
	return os.Chtimes(s.alarmed, s.now(), s.now())
}
