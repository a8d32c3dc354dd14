package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/lifetime"
	"sharezone/internal/syslog"
	"sharezone/internal/zone"
)

// warnOwners tells the owners of zones that their end is near, and the administrator what nobody understands.
func warnOwners(r *jobRun) error {
	err := r.zones(lifetime.Warn)
	if r.again != nil {
		return err
	}
	return errors.Join(err, r.each((*jobRun).noteUnknown))
}

// noteUnknown writes down attributes of a zone that look like settings and are none.
func (r *jobRun) noteUnknown(h *zone.Held, z zone.Details) error {
	names, err := h.UnknownAttributes()
	if err != nil || len(names) == 0 {
		return err
	}
	const some = 3 // the owner can make many
	if r.tell("unknown", z.Name, names[:min(len(names), some)], len(names)); !r.dryRun {
		r.note(z.Name, fmt.Sprintf("attributes that nobody knows: %.100q, %d in all", names[:min(len(names), some)], len(names)))
	}
	return nil
}

// endZones sets the last day of zones that would be open for longer than the site allows, closes those whose last day is over, and
// removes those that were closed long enough.
func endZones(r *jobRun) error {
	admin, err := r.open()
	if err != nil {
		return err
	}
	defer admin.Close()
	if r.again == nil {
		r.sweepRemnants(admin)
	}
	return r.zones(lifetime.Cap, lifetime.Close, lifetime.Remove)
}

// sweepRemnants removes what an interrupted removal of a zone left.
func (r *jobRun) sweepRemnants(admin *zone.Admin) {
	left, err := admin.Remnants()
	if err != nil {
		r.Fail(err.Error())
	}
	for _, z := range left {
		if r.only != "" && r.only != z.Name {
			continue
		}
		r.tell("remnant", z.Name)
		if r.dryRun || r.stop() {
			continue
		}
		// Without a day: the owner is told by the act that this one goes on with.
		err := r.record("zone-remove", z.Name, z.ID, "", func() (int64, error) { return -1, admin.ExpungeRemnant(z) })
		if err != nil {
			r.Fail(z.Name + ": " + err.Error())
			continue
		}
		r.Removed++
		r.note(z.Name, "what was left of it is removed")
	}
}

// zones looks at all zones and does these acts where they are due.
func (r *jobRun) zones(acts ...lifetime.Act) error {
	admin, err := r.open()
	if err != nil {
		return err
	}
	defer admin.Close()
	var failed error
	var busy []zone.Details
	for zones, err := range admin.Batches {
		failed = errors.Join(failed, err)
		for _, z := range zones {
			if r.stop() {
				r.ended = false
				return failed
			}
			if r.passes(z.Name) {
				continue
			}
			r.Seen++
			if v := r.judge(z, ""); !slices.Contains(acts, v.Act) {
				continue
			}
			switch err := r.zone(admin, z); {
			case errors.Is(err, zone.ErrBusy): // a change of the zone is under way: a minute later it is over
				r.ended = false
				busy = append(busy, z)
			case errors.Is(err, zone.ErrNotThere), errors.Is(err, zone.ErrNotClosed): // somebody closed, restored or renamed it
			case err != nil:
				r.Fail(z.Name + ": " + err.Error())
			}
		}
	}
	r.remember(busy)
	return failed
}

// judge says what becomes of a zone by now.
func (r *jobRun) judge(z zone.Details, told string) lifetime.Verdict {
	facts := lifetime.Zone{Told: lifetime.ParseWarning(told)}
	if z.Expires != nil {
		facts.Expires = *z.Expires
	}
	if z.Closed != nil {
		facts.Closed = *z.Closed
	}
	days, _ := lifetime.ParseDays(r.settings.Cleaner.WarnDays)
	longest := r.settings.Zone.MaxExpiry
	if r.behind {
		longest = 0 // counted from too early a day it would end zones that have not had their time
	}
	return lifetime.OfZone(facts, r.now, lifetime.ZonePolicy{Warn: days, Grace: r.settings.Cleaner.Grace, Max: longest, Since: r.since})
}

// zone does with one zone what is due. It is held and looked at once more: its owner may have extended it a moment ago.
func (r *jobRun) zone(admin *zone.Admin, z zone.Details) error {
	reach := admin.Reach
	if z.Closed != nil {
		reach = admin.ReachClosed
	}
	h, err := reach(z.Name)
	if err != nil {
		return err
	}
	defer h.Release()
	if !r.dryRun { // that changes nothing, and is in nobody's way
		if err := h.Lock(); err != nil {
			return err
		}
	}
	if z, err = h.Details(); err != nil {
		return err
	}
	if z.ID == "" && !r.dryRun { // it was made by hand: of an act in it nobody could be told
		if err := h.GiveID(); err != nil { // its owner may have filled the attributes; it ends all the same
			r.Fail(z.Name + ": it has no id, so nobody is told of it: " + err.Error())
		} else if z, err = h.Details(); err != nil {
			return err
		}
	}
	switch v := r.judge(z, h.Told()); v.Act {
	case lifetime.Cap:
		return r.capExpiry(h, z, v.Last)
	case lifetime.Warn:
		return r.warn(h, z, v)
	case lifetime.Close:
		return r.close(h, z, v)
	case lifetime.Remove:
		return r.remove(h, z)
	}
	return nil
}

// warn makes the event that the owner is told by, and remembers it. Where that cannot be remembered he is told again by the
// next run of this job; the other way round he might never be.
func (r *jobRun) warn(h *zone.Held, z zone.Details, v lifetime.Verdict) error {
	if r.tell("warn", z.Name, z.Owner, v.Last, v.Days); r.dryRun {
		r.Warned++
		return nil
	}
	err := r.record("zone-warn", z.Name, z.ID, v.Last, func() (int64, error) { return -1, nil })
	if err != nil {
		return err
	}
	r.Warned++
	r.note(z.Name, "its owner is told that it ends on "+v.Last)
	return h.SetTold(v.Warn.String())
}

// capExpiry: the owner can write any day into his zone's attributes, and a maximum may be newer than the zone.
func (r *jobRun) capExpiry(h *zone.Held, z zone.Details, last string) error {
	if r.tell("cap", z.Name, z.Owner, last); r.dryRun {
		r.Capped++
		return nil
	}
	err := r.record("zone-modify", z.Name, z.ID, "expires="+last, func() (int64, error) {
		return -1, h.CapExpiry(last)
	})
	if err == nil {
		r.Capped++
		r.note(z.Name, "it ends on "+last+", as max_expiry_days says")
	}
	return err
}

func (r *jobRun) close(h *zone.Held, z zone.Details, v lifetime.Verdict) error {
	if r.tell("close", z.Name, z.Owner, v.Last); r.dryRun {
		r.Closed++
		return nil
	}
	err := r.record("zone-close", z.Name, z.ID, v.Last, func() (int64, error) {
		_, err := h.Shut(r.now)
		return -1, err
	})
	if err == nil {
		r.Closed++
		r.note(z.Name, "closed: its last day was "+v.Last)
	}
	return err
}

func (r *jobRun) remove(h *zone.Held, z zone.Details) error {
	space, err := h.Sum()
	if err != nil {
		return err
	}
	r.tell("remove", z.Name, z.Owner, stamp(*z.Closed), space.Files, space.Folders, space.Bytes)
	if !r.dryRun {
		err := r.record("zone-remove", *z.FormerName, z.ID, z.Closed.Local().Format(time.DateOnly), func() (int64, error) { return space.Bytes, h.Expunge() })
		if err != nil {
			return err
		}
		r.note(z.Name, fmt.Sprintf("removed: closed since %s, %d files, %d bytes", stamp(*z.Closed), space.Files, space.Bytes))
	}
	r.Removed++
	r.Freed += space.Bytes
	return nil
}

// note writes one line about what was done with a zone.
func (r *jobRun) note(name, what string) {
	r.log.Write(syslog.DaemonInfo, "sharezone cleaner: zone "+strings.Trim(strconv.QuoteToASCII(name), `"`)+": "+what)
}
