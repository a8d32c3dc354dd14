package web

import (
	"sharezone/internal/event"
	"sharezone/internal/helper"
)

// Tell notes what a helper did besides what it was asked for: sessions that ended, zones that changed hands.
func (c *Call) Tell(deeds []helper.Deed) {
	for _, d := range deeds {
		var act *event.Act
		var err error
		if d.Zone != "" {
			act, err = c.Event.BeginIn(event.Zone{Name: d.Zone, ID: d.ZoneID, Dir: d.Dir}, d.Event, d.Path)
		} else {
			act, err = c.Event.BeginAbout(d.Event, d.User, d.Path)
		}
		if err != nil {
			c.Log(err) // it is done all the same
		}
		act.End(d.Result, -1, "")
	}
}
