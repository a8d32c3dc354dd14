package main

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/layout"
	"sharezone/internal/schedule"
	"sharezone/internal/zone"
)

// checkZones checks what lies in the base.
func (u *checkup) checkZones() {
	register, _ := account.ReadRegister() // said among the people
	admin, err := zone.NewAdmin(layout.Base, u.names, register)
	if err != nil {
		return // said among the paths
	}
	defer admin.Close()
	u.zones, u.driftEnd = admin, time.Now().Add(driftTime)
	var roots []zone.Root
	err = admin.Inspect(func(r zone.Root) { roots = append(roots, r) })
	first := firstOfIDs(roots)
	for _, r := range roots {
		switch {
		case isKnown(r):
		case zone.CheckName(r.Name) != nil || !r.IsDir:
			u.check(false, u.stray(r, roots))
		default:
			u.checkZone(r, first)
		}
	}
	err = errors.Join(err, u.checkAsides(admin))
	u.check(err == nil, finding{Check: "unreadable", Subject: layout.Base, Found: errorText(err)})
}

// checkAsides checks that nothing lies aside which the cleaner could not end when it looked for such things the last time: what was younger then,
// or came since, it may yet. Whose it is, and whether it is missed, a person must say.
func (u *checkup) checkAsides(admin *zone.Admin) error {
	state, _ := schedule.ReadState(cleanerState) // said of the cleaner
	run := state.Jobs["uploads"]
	looked := run.Last
	if run.Full.Before(looked) {
		looked = run.Full // since then only at some zones
	}
	asides, err := admin.LeftAside(looked.Add(-zone.LeftoverAge))
	for _, a := range asides {
		f := finding{Check: "zone-aside", Subject: layout.Base + "/" + a.Path, Found: a.Zone}
		if a.Zone == "" {
			f.Check = "aside"
		}
		u.check(false, f)
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil // there is no such folder: said among the paths
	}
	return err
}

// isKnown: what lies in the base without being a zone. A file system's own lost+found is there when it is the base.
func isKnown(r zone.Root) bool {
	return r.IsDir && (layout.Base+"/"+r.Name == layout.Closed || r.Name == "lost+found" && r.Owner == 0)
}

func (u *checkup) checkZone(r zone.Root, first map[string]string) {
	path := layout.Base + "/" + r.Name
	if !u.checkZoneMount(r, path) {
		return
	}
	hasOwner := u.checkZoneOwner(r, path)
	newID := zone.MendID(path)
	if id := r.Metadata.ID; u.check(id != nil, finding{Check: "zone-id", Subject: path, Mend: newID}) {
		other := first[*id]
		u.check(other == r.Name, finding{Check: "zone-twin", Subject: path, Found: layout.Base + "/" + other, Mend: newID})
	}
	for _, bad := range r.Metadata.Bad {
		switch bad.Attr {
		case zone.AttrID: // said above
		case zone.AttrKeep: // without it, what is to stay would go
			u.check(false, finding{Check: "zone-keep", Subject: path, Found: bad.Error()})
		default:
			u.check(false, finding{Check: "metadata", Subject: path, Found: bad.Error(), Mend: strings.Join(zone.MendValue(bad.Attr, path), "; ")})
		}
	}
	if hasOwner && !r.NoACL && u.checkZoneList(r, path) { // the default ACL names him
		u.checkZoneContent(r, path)
	}
}

// checkZoneMount says what is wrong with a file system that is mounted on a zone, and whether the zone itself can be
// looked at. Of the base's own it was said already.
func (u *checkup) checkZoneMount(r zone.Root, path string) bool {
	u.check(!r.Mounted, finding{Check: "zone-mount", Subject: path, Found: r.System})
	if r.Mounted && !r.Unseen {
		u.check(!r.ReadOnly, finding{Check: "zone-read-only", Subject: path, Mend: "mount -o remount,rw " + path})
		u.check(!r.NoACL, finding{Check: "zone-acls", Subject: path})
	}
	return !r.Unseen
}

// checkZoneOwner says whether the zone keeps its owner. Who lost the role gets it back by the command; the zone of
// somebody who may no longer use Share Zone, or is nobody, is given to another (orphan), and what somebody got by chown back: letting a person in again is
// not for a command that is run among others.
func (u *checkup) checkZoneOwner(r zone.Root, path string) bool {
	owner, known := u.names.UserName(r.Owner)
	if known && u.names.InGroup(owner, layout.GroupBase) && r.FormerOwner(u.names) == "" {
		u.check(u.names.InGroup(owner, layout.GroupManager), finding{Check: "zone-owner", Subject: path, Found: owner,
			Right: layout.GroupManager, Mend: zone.MendManager(owner)})
		return true
	}
	if known && len(u.names.Members(layout.GroupBase)) == 0 {
		return true // the group is lost, not its owner: checkPeople
	}
	u.check(false, u.orphan(r, path))
	return false
}
