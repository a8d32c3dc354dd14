package main

import (
	"sort"
	"time"

	"sharezone/internal/activity"
)

// maxDays is how many days the bars show: the last ones of what is asked for.
const maxDays = 31

// traffic is what went well on a day.
type traffic struct {
	Files int
	Bytes int64
}

func (t *traffic) add(bytes *int64) {
	t.Files++
	if bytes != nil {
		t.Bytes += *bytes
	}
}

// day is one of the server's time zone.
type day struct {
	start        time.Time
	Brought, Got traffic
}

// days are the last days of a range, the first one first.
type days struct {
	all []day
	end time.Time
}

func newDays(from, to, now time.Time) days {
	last := now
	if !to.IsZero() {
		last = to.Add(-1)
	}
	y, m, d := last.Local().Date()
	at := func(back int) time.Time { return time.Date(y, m, d-back, 0, 0, 0, 0, time.Local) }
	n := days{end: at(-1)}
	back := maxDays - 1
	for back > 0 && !from.IsZero() && at(back-1).Compare(from) <= 0 {
		back--
	}
	for ; back >= 0; back-- {
		n.all = append(n.all, day{start: at(back)})
	}
	return n
}

// count adds what arrived or was taken, and went well.
func (n days) count(l activity.Line) {
	if l.Result != "ok" || !l.Time.Before(n.end) {
		return
	}
	i := sort.Search(len(n.all), func(i int) bool { return n.all[i].start.After(l.Time) }) - 1
	if i < 0 {
		return
	}
	switch {
	case l.Event == "upload":
		n.all[i].Brought.add(l.Bytes)
	case l.Event == "download", l.Event == "preview", l.Taken:
		n.all[i].Got.add(l.Bytes)
	}
}
