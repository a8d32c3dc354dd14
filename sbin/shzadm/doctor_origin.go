package main

import (
	"time"

	"sharezone/acl"
	"sharezone/internal/layout"
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

// orphan is the finding of a zone whose owner is not in Share Zone. The default ACL, which a chown leaves as it is,
// still says whose it was; where that is nobody who can own a zone, any manager is as good as another.
func (u *checkup) orphan(r zone.Root, path string) finding {
	f := finding{Check: "zone-orphan", Subject: path, Found: zone.OwnerName(r.Owner, u.names)}
	heir := u.formerOwner(r)
	if heir != "" {
		f.Check, f.Right = "zone-chowned", heir
	} else {
		for _, e := range u.names.Members(layout.GroupManager) {
			if u.isManager(e.Name) {
				heir = e.Name
				break
			}
		}
	}
	if heir != "" {
		f.Mend = "chown -h -- " + quote(heir) + " " + path
	}
	return f
}

// formerOwner is the manager whom the default ACL names with all rights: best one whom the access ACL does not name,
// as it need not name the owner; members who may write stand in both.
func (u *checkup) formerOwner(r zone.Root) string {
	member := ""
	for _, e := range r.Inherited {
		if e.Tag != acl.User || e.Perm != acl.Read|acl.Write|acl.Execute {
			continue
		}
		name, known := u.names.UserName(e.ID)
		if !known || !u.isManager(name) {
			continue
		}
		if _, listed := r.Access.Find(acl.User, e.ID); !listed {
			return name
		}
		if member == "" {
			member = name
		}
	}
	return member
}

// isManager says whether somebody can own a zone.
func (u *checkup) isManager(name string) bool {
	return u.names.InGroup(name, layout.GroupManager) && u.names.InGroup(name, layout.GroupBase)
}
