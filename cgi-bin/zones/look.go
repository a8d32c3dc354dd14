package main

import (
	"errors"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/event"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/quota"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// seen is a zone as somebody sees it, and its JSON form.
type seen struct {
	zone.Details
	Managed bool `json:"-"` // it is his, or he is an administrator: the page has what changes it

	Quota *quota.Quotas `json:"quota,omitempty"` // what the user and his group may have where the zone lies; of the one zone that is looked at
}

// concerned is the zone as an act names it.
func (s seen) concerned() event.Zone {
	name := s.Name
	if s.FormerName != nil {
		name = *s.FormerName
	}
	return event.Zone{Name: name, ID: s.ID, Dir: s.Dir}
}

// look finds one zone. Whom it does not let in is told what he is told when he asks for its files.
func (v viewer) look(name string, closed bool) (seen, error) {
	if closed {
		return v.lookClosed(name)
	}
	root, err := zone.OpenZone(name)
	if err != nil {
		return seen{}, err
	}
	defer root.Close()
	s := v.see(root.Look(name))[0]
	if s.Access == zone.None && !s.Managed {
		if v.manages() && root.WasMine() {
			return seen{}, &web.Told{Err: unix.EACCES, Sentence: v.call.Language.Say("zones-refused.no-longer", v.person(s.Owner))}
		}
		return seen{}, unix.EACCES
	}
	if s.Managed && !readable(s.Access) {
		if reply, err := v.zonefix(helper.ZonefixRequest{Op: "show", Zone: name}, nil); err == nil && reply.Zone != nil {
			s = v.asTold(*reply.Zone, s.Access)
		}
	}
	return s, nil
}

// see is what the kernel shows the user of zones.
func (v viewer) see(looks ...zone.Look) []seen {
	all := make([]seen, len(looks))
	for i, d := range zone.Describe(looks, v.names) {
		all[i] = seen{Details: d, Managed: looks[i].Mine || v.admin}
		if !all[i].Managed {
			all[i].Members = v.own(d.Members)
		}
	}
	return all
}

// helped says whether zonefix and access would answer the user about a zone: not who owns one and is no manager any more, and
// nobody about one that is another mount.
func (v viewer) helped(s seen) bool {
	return s.Managed && v.manages() && !slices.Contains(s.Problems, zone.OtherMount)
}

// changes says whether there is anything for the user to change in a zone: that its pages offer what would be refused, whatever
// is chosen, helps nobody.
func (v viewer) changes(s seen) bool {
	return v.helped(s) && v.answers("share") && !slices.Contains(s.Problems, zone.ReadOnly)
}

// own are the members through whom the user gets in. The list itself can be read by whoever has a shell (getfacl); who has
// none does not learn here with whom else a zone is shared.
func (v viewer) own(members []zone.Member) []zone.Member {
	return slices.DeleteFunc(members, func(m zone.Member) bool {
		kind, name, _ := strings.Cut(m.Principal, ":")
		return !(kind == "user" && name == v.call.User || kind == "group" && v.inGroup(name))
	})
}

// asTold is what zonefix tells of a zone, with what the kernel lets the user do in it.
func (v viewer) asTold(d zone.Details, access zone.Access) seen {
	d.Access = access
	return seen{Details: d, Managed: true}
}

// readable says whether somebody with this access can read a zone's attributes.
func readable(a zone.Access) bool { return a == zone.Own || a == zone.Write || a == zone.Read }

// closedSince says of a zone that is not there that it is closed, to whom that one is to be seen: he has a page from before.
func (v viewer) closedSince(name string, err error) error {
	if !errors.Is(err, unix.ENOENT) || !v.manages() {
		return err
	}
	if _, closedErr := v.lookClosed(name); closedErr != nil {
		return err
	}
	return &web.Told{Err: err, Sentence: v.call.Language.Say("zones-refused.closed")}
}

func (v viewer) lookClosed(name string) (seen, error) {
	reply, err := v.zonefix(helper.ZonefixRequest{Op: "show", Zone: name, Closed: true}, nil)
	if err != nil {
		return seen{}, err
	}
	if reply.Zone == nil {
		return seen{}, errors.New("zonefix: no zone in the answer")
	}
	if !v.maySee(*reply.Zone) {
		return seen{}, unix.EACCES
	}
	return v.asTold(*reply.Zone, v.accessToClosed(*reply.Zone)), nil
}

// quotas asks the kernel as the user, who may ask about himself and his group.
func quotas(name string) *quota.Quotas {
	root, err := zone.OpenZone(name)
	if err != nil {
		return nil
	}
	defer root.Close()
	return quota.Of(root.Descriptor(), uint32(os.Geteuid()), uint32(os.Getegid()))
}

// maySee says whether a closed zone that zonefix tells of is the user's to see: it tells an administrator of all, also one who
// came by the external entry.
func (v viewer) maySee(d zone.Details) bool { return v.admin || d.Owner == v.call.User }

// accessToClosed: nobody gets into a closed zone, but it stays its owner's.
func (v viewer) accessToClosed(d zone.Details) zone.Access {
	if d.Owner == v.call.User {
		return zone.Own
	}
	return zone.None
}

// all are the zones that the user sees: those that he reaches or owns, for an administrator all; of closed ones those that
// zonefix tells.
func (v viewer) all(state zone.State) ([]seen, error) {
	if state == zone.StateClosed {
		return v.allClosed()
	}
	names, err := zone.ListZones()
	if err != nil {
		return nil, err
	}
	more := v.unreadable()
	var looks []zone.Look
	for _, name := range names {
		root, err := zone.OpenZone(name)
		if err != nil {
			continue // no directory, a link, or closed since the list was read
		}
		l := root.Look(name)
		root.Close()
		if l.Mine || v.admin || l.Access != zone.None {
			looks = append(looks, l)
		}
	}
	zones := v.see(looks...)
	for i, s := range zones {
		if d, told := more[s.Name]; told && !readable(s.Access) {
			zones[i] = v.asTold(d, s.Access)
		}
	}
	return zones, nil
}

// unreadable is what zonefix tells of the zones of which an administrator can see no more than the names.
func (v viewer) unreadable() map[string]zone.Details {
	if !v.admin {
		return nil
	}
	reply, err := v.zonefix(helper.ZonefixRequest{Op: "list"}, nil)
	if err != nil {
		v.call.Log(err) // the list has the names all the same
	}
	zones := make(map[string]zone.Details, len(reply.Zones))
	for _, d := range reply.Zones {
		zones[d.Name] = d
	}
	return zones
}

func (v viewer) allClosed() ([]seen, error) {
	zones := []seen{}
	if !v.manages() {
		return zones, nil
	}
	reply, err := v.zonefix(helper.ZonefixRequest{Op: "list", Closed: true}, nil)
	if err != nil {
		return nil, err
	}
	for _, d := range reply.Zones {
		if v.maySee(d) {
			zones = append(zones, v.asTold(d, v.accessToClosed(d)))
		}
	}
	return zones, nil
}

// manages says whether sudo lets the user ask zonefix; who would be refused is not made to ask, because sudo reports that
// to the administrator as an attempt.
func (v viewer) manages() bool { return v.admin || v.inGroup(layout.GroupManager) }

func (v viewer) refusedNoManager() error {
	return &web.Told{Err: web.Refuse(web.NotPermitted, "neither a manager nor an administrator"), Sentence: v.call.Language.Say("zones-refused.no-manager")}
}

// zonefix asks the helper.
func (v viewer) zonefix(q helper.ZonefixRequest, progress func(int)) (helper.ZonefixReply, error) {
	if !v.manages() {
		return helper.ZonefixReply{}, v.refusedNoManager()
	}
	if progress == nil {
		progress = func(int) {}
	}
	return helper.Zonefix(q, progress)
}
