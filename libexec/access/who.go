package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

// maxUsers is how many people can be asked about by name; without names it is everybody.
const maxUsers = 100

// who says of each person what he can do with an object, and why.
func who(q asked) (helper.AccessReply, error) {
	p, path, err := q.reach()
	if err != nil {
		return helper.AccessReply{}, err
	}
	defer p.close()
	entries, err := q.people()
	if err != nil {
		return helper.AccessReply{}, err
	}
	people, answers, err := p.askAbout(entries, q.names)
	if err != nil {
		return helper.AccessReply{}, err
	}
	shadow, err := account.ReadShadow()
	if err != nil {
		return helper.AccessReply{}, err
	}
	x := newExplainer(p, path, q.names)
	told := make([]helper.Person, len(people))
	for i, e := range entries {
		told[i] = x.person(e.Name, people[i], answers[i])
		told[i].Status = string(shadow.Bars(e.Name, time.Now()))
	}
	st := p.object.Stat()
	object := helper.Object{
		Type:  p.object.Kind(),
		Owner: zone.OwnerName(st.Uid, q.names),
		Group: groupName(q.names, st.Gid),
		Mode:  fmt.Sprintf("%04o", st.Mode&0o7777),
	}
	return helper.AccessReply{Object: &object, People: told}, nil
}

// barred names those of shzbase who cannot log in.
func barred(q asked) (helper.AccessReply, error) {
	// 7. Refuse whoever is neither root, the notify worker nor an administrator.
	if c := q.caller; !(c.Root || c.Spool || c.Admin) {
		return helper.AccessReply{}, &refusal{"not-permitted", "", "accounts"}
	}
	_, users, err := q.divide()
	return helper.AccessReply{Users: users}, err
}

// divide tells those whom the request is about who can log in from those who cannot, whose names it returns. Who was invited and has
// not set his first password yet is none of the latter: he has a link by which he gets in.
func (q asked) divide() (can []account.Entry, cannot []string, err error) {
	entries, err := q.people()
	if err != nil {
		return nil, nil, err
	}
	shadow, err := account.ReadShadow()
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		status := shadow.Bars(e.Name, time.Now())
		if status == "" || status == account.Locked && shadow.NeverHadPassword(e.Name) {
			can = append(can, e)
		} else {
			cannot = append(cannot, e.Name)
		}
	}
	return can, cannot, nil
}

// readers names those who can log in and read an object, or each of several.
func readers(q asked) (helper.AccessReply, error) {
	if len(q.Paths) > 0 {
		return readersOfEach(q)
	}
	p, _, err := q.reach()
	if err != nil {
		return helper.AccessReply{}, err
	}
	defer p.close()
	entries, _, err := q.divide()
	if err != nil {
		return helper.AccessReply{}, err
	}
	_, answers, err := p.askAbout(entries, q.names)
	if err != nil {
		return helper.AccessReply{}, err
	}
	users := []string{}
	for i, a := range answers {
		if a.read {
			users = append(users, entries[i].Name)
		}
	}
	return helper.AccessReply{Users: users}, nil
}

// askAbout asks the kernel about people as they would be after a login now.
func (p place) askAbout(entries []account.Entry, names *account.Names) ([]acl.Person, []answer, error) {
	groups, err := names.GroupIDs(entries)
	if err != nil {
		return nil, nil, err
	}
	people := make([]acl.Person, len(entries))
	for i, e := range entries {
		people[i] = acl.Person{UID: e.UID, GID: e.GID, Groups: groups[e.Name]}
	}
	answers, err := p.askKernel(people)
	return people, answers, err
}

// people returns whom the request is about, sorted by name: those it names, or everybody in shzbase. A name service that
// does not answer is an error: people who are missing would look like people who cannot get in.
func (q asked) people() ([]account.Entry, error) {
	if len(q.Users) == 0 {
		return q.names.Members(layout.GroupBase), q.names.Err()
	}
	// 9. Refuse if too many people are named, or one who does not exist.
	if len(q.Users) > maxUsers {
		return nil, &refusal{"bad-request", "", fmt.Sprintf("%d users", len(q.Users))}
	}
	var named []account.Entry
	for _, name := range q.Users {
		e, known := q.names.User(name)
		if !known && q.names.Err() != nil {
			return nil, q.names.Err()
		}
		if !known {
			return nil, &refusal{"not-found", "no-such-user", fmt.Sprintf("%q", name)}
		}
		named = append(named, e)
	}
	slices.SortFunc(named, func(a, b account.Entry) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(named), nil
}

// reach finds the object that the request is about, as root, and returns its path segment for segment too.
func (q asked) reach() (place, []string, error) {
	base, err := zone.OpenBase()
	if err != nil {
		return place{}, nil, err
	}
	p := place{base: base}
	path, err := p.find(q)
	if err != nil {
		p.close()
	}
	return p, path, err
}

func (p *place) find(q asked) ([]string, error) {
	// 6. Refuse if there is no such zone, or more than one has the id.
	name, err := p.zoneName(q)
	if err != nil {
		return nil, err
	}
	root, err := p.base.Open([]string{name})
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if root.Kind() != "dir" {
		return nil, fmt.Errorf("%s: %w", name, unix.ENOTDIR)
	}
	if q.ZoneID != "" && idOf(root) != q.ZoneID { // another one may have taken the name since
		return nil, &refusal{"not-found", "", fmt.Sprintf("zone %s with the id %q", name, q.ZoneID)}
	}
	// 7. Refuse whoever is neither root, the notify worker, an administrator nor the owner of the zone's root.
	if c := q.caller; !(c.Root || c.Spool || c.Admin || c.UID == root.Stat().Uid) {
		return nil, &refusal{"not-permitted", "", "zone " + name}
	}
	// 8. Refuse if the path is none, or leads to nothing.
	p.names = []string{name}
	var path []string
	if q.Path != "" {
		path = strings.Split(q.Path, "/")
	}
	for _, segment := range path {
		below, err := zone.Unescape(segment)
		if err != nil {
			return nil, err
		}
		p.names = append(p.names, below)
	}
	p.object, err = root.Open(p.names[1:])
	return path, err
}

// close gives the descriptors back.
func (p place) close() {
	if p.object != nil {
		p.object.Close()
	}
	p.base.Close()
}

// zoneName is the name of the zone that is asked about; without one the id is looked for in all zones.
func (p place) zoneName(q asked) (string, error) {
	switch {
	case q.Zone == "" && q.ZoneID == "":
		return "", &refusal{"bad-request", "name", "no zone"}
	case q.Zone != "" && zone.CheckName(q.Zone) != nil:
		return "", &refusal{"not-found", "", fmt.Sprintf("zone %q", q.Zone)}
	case q.Zone != "":
		return q.Zone, nil
	}
	names, err := zone.ListZones()
	if err != nil {
		return "", err
	}
	var found []string
	for _, name := range names {
		root, err := p.base.Open([]string{name})
		if err != nil {
			continue // gone since, or nothing that is a zone
		}
		if root.Kind() == "dir" && idOf(root) == q.ZoneID {
			found = append(found, name)
		}
		root.Close()
	}
	switch len(found) {
	case 0:
		return "", &refusal{"not-found", "", fmt.Sprintf("no zone has the id %q", q.ZoneID)}
	case 1:
		return found[0], nil
	}
	return "", &refusal{"conflict", "", fmt.Sprintf("the id %q is that of %q", q.ZoneID, found)}
}

// idOf returns the id of a zone, "" where there is none that can be believed.
func idOf(root *zone.Object) string {
	if id := zone.ReadMetadata(root.Descriptor()).ID; id != nil {
		return *id
	}
	return ""
}
