package main

import (
	"errors"
	"fmt"
	"strings"

	"sharezone/internal/helper"
	"sharezone/internal/privileged"
	"sharezone/internal/zone"
)

// whichZone says where an operation finds its zone.
type whichZone int

const (
	noZone     whichZone = iota
	openZone             // below the base
	closedZone           // in .closed
	askedZone            // where the request says
)

// operation is one row of the table.
type operation struct {
	zone     whichZone
	changes  bool // one at a time for each zone, and noted
	settings bool // it goes by the site's policy
	run      func(*work) (helper.ZonefixReply, error)
}

// operations is what can be asked for.
var operations = map[string]operation{
	"list":     {run: list},
	"show":     {zone: askedZone, run: show},
	"check":    {zone: openZone, run: check},
	"space":    {zone: askedZone, run: space},
	"modify":   {zone: openZone, changes: true, settings: true, run: modify},
	"share":    {zone: openZone, changes: true, run: share},
	"apply":    {zone: openZone, changes: true, run: apply},
	"open":     {zone: openZone, changes: true, run: unshut},
	"remove":   {zone: openZone, changes: true, run: remove},
	"take":     {zone: openZone, changes: true, run: take},
	"transfer": {zone: openZone, changes: true, run: transfer},
	"close":    {zone: openZone, changes: true, run: shut},
	"restore":  {zone: closedZone, changes: true, settings: true, run: restore},
}

// maxFindings is how many findings of a checkup are named; the others are counted.
const maxFindings = 200

// list returns the zones of the caller, or all of them to an administrator. One that cannot be read is noted and left out.
func list(w *work) (helper.ZonefixReply, error) {
	var zones []zone.Details
	var err error
	if w.caller.Root || w.caller.Admin {
		zones, err = w.admin.List()
	} else {
		zones, err = w.admin.Owned(w.caller.UID)
	}
	if err != nil {
		privileged.Log("zonefix", "list", err)
	}
	out := helper.ZonefixReply{Zones: []zone.Details{}}
	for _, z := range zones {
		if (z.State == zone.StateClosed) == w.Closed {
			out.Zones = append(out.Zones, z)
		}
	}
	return out, nil
}

// show returns the zone as it is now; other operations end with it.
func show(w *work) (helper.ZonefixReply, error) {
	z, err := w.zone.Details()
	if err != nil {
		return helper.ZonefixReply{}, err
	}
	return helper.ZonefixReply{Zone: &z, ZoneID: z.ID, ZoneDir: z.Dir}, nil
}

// showAfter is show where what was asked for went well.
func showAfter(w *work, report *zone.Report, err error) (helper.ZonefixReply, error) {
	if err != nil {
		return helper.ZonefixReply{}, err
	}
	if report != nil && report.Skipped == nil {
		report.Skipped = []zone.Skipped{}
	}
	out, err := show(w)
	out.Report = report
	return out, err
}

func check(w *work) (helper.ZonefixReply, error) {
	c, err := w.zone.Check(maxFindings, nil)
	return helper.ZonefixReply{Findings: c.Findings, More: c.More, Kinds: c.Kinds, Standing: c.Standing, Still: c.Gains}, err
}

func space(w *work) (helper.ZonefixReply, error) {
	s, err := w.zone.SpaceAndQuotas(func(uid uint32) bool { return w.caller.Root || w.caller.Admin || uid == w.caller.UID })
	return helper.ZonefixReply{Space: &s}, err
}

func modify(w *work) (helper.ZonefixReply, error) {
	if err := w.policy.CheckExpiry(w.Expires, w.now); err != nil {
		return helper.ZonefixReply{}, err
	}
	if w.Trash != nil && w.zone.Owner() != w.caller.UID && !w.caller.Root { // who deletes in it relies on its owner's choice
		return helper.ZonefixReply{}, errNotOwner
	}
	m := zone.Metadata{Title: w.Title, Description: w.Description, Expires: w.Expires, MaxAge: w.MaxAge, Notify: w.Notify, Trash: w.Trash}
	return showAfter(w, nil, w.zone.Modify(m, w.ForgetNotify, w.now))
}

func share(w *work) (helper.ZonefixReply, error) {
	members := w.Members
	switch {
	case len(members) > 0 && w.Principal+w.Access != "": // the log would say what was not done
		return helper.ZonefixReply{}, zone.ValueError{Attr: "members", Value: w.Principal, Reason: zone.BadForm}
	case len(members) == 0:
		members = []zone.Member{{Principal: w.Principal, Access: zone.Access(w.Access)}}
	}
	if !w.Sure.Valid() {
		return helper.ZonefixReply{}, errConsent
	}
	if err := w.zone.CheckGains(members, w.Sure); err != nil {
		return helper.ZonefixReply{}, err
	}
	report, err := w.zone.ShareAll(members)
	return showAfter(w, &report, err)
}

// errConsent refuses a sure of no form that there is.
var errConsent = zone.ValueError{Attr: "sure", Reason: zone.BadForm}

func apply(w *work) (helper.ZonefixReply, error) {
	if !w.Sure.Valid() {
		return helper.ZonefixReply{}, errConsent
	}
	report, err := w.zone.Apply(w.Sure)
	return showAfter(w, &report, err)
}

// unshut refuses a root that lost its list: with a mask it would count as one that shares with nobody, and apply would put out all. Who
// wants that says so in a shell.
func unshut(w *work) (helper.ZonefixReply, error) {
	if w.Path != "" {
		return openBelow(w)
	}
	if err := w.zone.CheckListed(); err != nil {
		return showAfter(w, nil, err)
	}
	return showAfter(w, nil, w.zone.Unshut())
}

// openBelow opens what is the caller's own: what another shut in the zone, or keeps there without a list, the owner of the zone does not open.
func openBelow(w *work) (helper.ZonefixReply, error) {
	names, err := parsePath(w.Path)
	if err != nil {
		return helper.ZonefixReply{}, err
	}
	report, err := w.zone.Open(names, func(uid uint32) bool { return w.caller.Root || uid == w.caller.UID })
	return showAfter(w, &report, err)
}

// remove goes on after a path that cannot be removed: each has its own result.
func remove(w *work) (helper.ZonefixReply, error) {
	out := helper.ZonefixReply{Results: []helper.ItemResult{}}
	for _, path := range w.Paths {
		names, err := parsePath(path)
		if err == nil {
			err = w.zone.Remove(names)
		}
		result := helper.ItemResult{Path: path, Status: "ok"}
		if err != nil {
			privileged.Log("zonefix", fmt.Sprintf("remove from zone %s of %.200s by %s", w.Zone, path, w.caller.Name), err)
			result.Status = refusalOf(err).Error
		}
		out.Results = append(out.Results, result)
	}
	return out, nil
}

func take(w *work) (helper.ZonefixReply, error) {
	names, err := parsePath(w.Path)
	if err != nil {
		return helper.ZonefixReply{}, err
	}
	report, err := w.zone.Take(names)
	return showAfter(w, &report, err)
}

func transfer(w *work) (helper.ZonefixReply, error) {
	report, err := w.zone.Transfer(w.Owner)
	return showAfter(w, &report, err)
}

func shut(w *work) (helper.ZonefixReply, error) {
	_, err := w.zone.Shut(w.now)
	return showAfter(w, nil, err)
}

func restore(w *work) (helper.ZonefixReply, error) {
	if err := w.policy.CheckExpiry(w.Expires, w.now); err != nil {
		return helper.ZonefixReply{}, err
	}
	_, err := w.zone.RestoreAs(w.To, w.Expires, w.now)
	return showAfter(w, nil, err)
}

// parsePath reads a path below a zone: percent-encoded names between slashes, none for "". Which reserved ones can be meant says the act.
func parsePath(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	var names []string
	for segment := range strings.SplitSeq(path, "/") {
		name, err := zone.Unescape(segment)
		if err != nil && !errors.Is(err, zone.ErrReserved) {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}
