package main

import (
	"strings"
	"time"

	"sharezone/internal/zone"
)

// firstOfIDs says which zone an id belongs to when a copy has it too (cp -a, a restored backup): the one that was made
// first. Of two that were made at the same time, or where the file system does not say when, it is the first by name.
func firstOfIDs(roots []zone.Root) map[string]string {
	first, made := make(map[string]string), make(map[string]time.Time)
	for _, r := range roots { // in the order of their names
		if zone.CheckName(r.Name) != nil || r.Metadata.ID == nil {
			continue
		}
		id := *r.Metadata.ID
		if first[id] == "" || r.Born.Before(made[id]) {
			first[id], made[id] = r.Name, r.Born
		}
	}
	return first
}

// orphan is the finding of a zone whose owner is not in Share Zone, or got it (chown) without being allowed to own one. The
// default ACL, which a chown leaves as it is, still says whose it was; where that is nobody who can own a zone, any manager is
// as good as another.
func (u *checkup) orphan(r zone.Root, path string) finding {
	f := finding{Check: "zone-orphan", Subject: path, Found: zone.OwnerName(r.Owner, u.names)}
	if former := r.FormerOwner(u.names); former != "" {
		f.Check, f.Right = "zone-chowned", former
	}
	f.Mend = strings.Join(zone.MendOwner(r.Name, u.zones.Heir(r)), "")
	return f
}
