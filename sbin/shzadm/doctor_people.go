package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"sharezone/internal/account"
	"sharezone/internal/factor"
	"sharezone/internal/layout"
)

// checkAccounts checks Share Zone's own groups and users.
func (u *checkup) checkAccounts(m manifest) {
	for _, name := range m.groups {
		g, ok := u.names.Group(name)
		if !u.check(ok, finding{Check: "no-group", Subject: name, Mend: u.addGroup(name)}) {
			continue
		}
		u.check(g.GID < layout.MinUID, finding{Check: "group-id", Subject: name, Found: strconv.Itoa(int(g.GID)),
			Mend: fmt.Sprintf("groupmod --gid %d -- %s && %s", u.freeSystemID(), name, install)})
	}
	shadow, err := account.ReadShadow()
	u.check(err == nil, finding{Check: "unreadable", Subject: "/etc/shadow", Found: errorText(err)})
	for _, want := range m.users {
		if group := u.outboxGroup(m); want.name == layout.UserSpool && group != "" {
			want.groups = append(slices.Clone(want.groups), group)
		}
		u.checkSystemUser(want, shadow)
	}
}

// addGroup is the command that makes one of our groups again: with the number that access lists have, and with its members,
// as long as the file before the last change still tells them.
func (u *checkup) addGroup(name string) string {
	former, ok := u.names.FormerGroup(name)
	if _, taken := u.names.GroupName(former.GID); !ok || taken || former.GID == 0 || former.GID >= layout.MinUID {
		return "groupadd --system -- " + name
	}
	mend := fmt.Sprintf("groupadd --system --gid %d -- %s", former.GID, name)
	members := slices.DeleteFunc(former.Members, func(member string) bool {
		_, known := u.names.User(member)
		return !known
	})
	if len(members) > 0 {
		mend += fmt.Sprintf(" && gpasswd -M %s %s", quote(strings.Join(members, ",")), name)
	}
	return mend
}

func (u *checkup) checkSystemUser(want manifestUser, shadow account.Shadow) {
	e, ok := u.names.User(want.name)
	if !u.check(ok, finding{Check: "no-user", Subject: want.name, Mend: fmt.Sprintf("useradd --system --no-create-home "+
		"--home-dir /nonexistent --shell /usr/sbin/nologin --gid %s --groups %s -- %s",
		want.group, quote(strings.Join(want.groups, ",")), want.name)}) {
		return
	}
	u.check(e.UID < layout.MinUID && e.UID != 0, finding{Check: "user-id", Subject: want.name,
		Found: strconv.Itoa(int(e.UID)),
		Mend:  fmt.Sprintf("usermod --uid %d -- %s && %s", u.freeSystemID(), want.name, install)})
	u.check(e.Shell == "/usr/sbin/nologin" && e.Home == "/nonexistent", finding{Check: "nologin", Subject: want.name,
		Found: e.Home + " " + e.Shell,
		Mend:  "usermod --home /nonexistent --shell /usr/sbin/nologin -- " + want.name})
	u.check(!shadow.HasPassword(want.name), finding{Check: "has-password", Subject: want.name,
		Mend: "usermod --password '!' -- " + want.name})
	found := u.names.GroupsOf(e)
	right := append([]string{want.group}, want.groups...)
	slices.Sort(found)
	slices.Sort(right)
	u.check(slices.Equal(found, right), finding{Check: "groups", Subject: want.name,
		Found: strings.Join(found, " "), Right: strings.Join(right, " "),
		Mend: fmt.Sprintf("usermod --gid %s --groups %s -- %s", want.group, quote(strings.Join(want.groups, ",")), want.name)})
}

// freeSystemID looks for a number below 1000 that is nobody's, from above as useradd --system does.
func (u *checkup) freeSystemID() uint32 {
	for id := uint32(layout.MinUID - 1); id > 100; id-- {
		_, user := u.names.UserByUID(id)
		_, group := u.names.GroupName(id)
		if !user && !group {
			return id
		}
	}
	return 100
}

// leave is the command that takes somebody out of a group; who has it as his primary group needs another one.
func (u *checkup) leave(e account.Entry, group string) string {
	if g, _ := u.names.Group(group); g.GID == e.GID {
		return "usermod --gid nogroup -- " + quote(e.Name)
	}
	return "gpasswd -d " + quote(e.Name) + " " + group
}

// checkPeople checks what the roles and the accounts that Share Zone made rest on. Share Zone's own users have been
// checked already.
func (u *checkup) checkPeople(m manifest) {
	isOwn := func(e account.Entry) bool {
		return slices.ContainsFunc(m.users, func(own manifestUser) bool { return own.name == e.Name })
	}
	members := func(group string) []account.Entry { return slices.DeleteFunc(u.names.Members(group), isOwn) }
	for _, e := range members(layout.GroupBase) {
		u.check(e.UID >= layout.MinUID && e.UID != layout.NobodyUID, finding{Check: "system-member", Subject: e.Name,
			Found: strconv.Itoa(int(e.UID)), Mend: u.leave(e, layout.GroupBase)})
	}
	base := members(layout.GroupBase)
	for _, group := range []string{layout.GroupManager, layout.GroupAdmin} {
		for _, e := range members(group) {
			// Where the group of everybody is empty it was lost, and the roles are what is left to tell who was in it.
			if len(base) == 0 {
				u.check(false, finding{Check: "role", Subject: e.Name, Found: group, Right: layout.GroupBase,
					Mend: "gpasswd -a " + quote(e.Name) + " " + layout.GroupBase})
				continue
			}
			u.check(u.names.InGroup(e.Name, layout.GroupBase), finding{Check: "role", Subject: e.Name, Found: group,
				Right: layout.GroupBase, Mend: u.leave(e, group)})
		}
	}
	for _, e := range members(layout.GroupAdmin) {
		u.check(u.names.InGroup(e.Name, layout.GroupManager), finding{Check: "role", Subject: e.Name,
			Found: layout.GroupAdmin, Right: layout.GroupManager,
			Mend: "gpasswd -a " + quote(e.Name) + " " + layout.GroupManager})
	}
	register, err := account.ReadRegister()
	if u.check(err == nil, registerFinding(err)) {
		u.checkCompanies(register)
	}
	u.checkFactors(register)
	for _, e := range members(layout.GroupBase) {
		// The name is compared, too: whoever got a used number by useradd alone is none of ours.
		made := register.Names[e.UID] == e.Name
		u.check(!made || u.names.InGroup(e.Name, layout.GroupOnly), finding{Check: "lost-only", Subject: e.Name,
			Right: layout.GroupOnly, Mend: "gpasswd -a " + quote(e.Name) + " " + layout.GroupOnly})
	}
	for _, e := range members(layout.GroupOnly) {
		// Who was taken out of the group by hand stays out; that nobody at all is in it, nobody wanted.
		u.check(len(base) > 0, finding{Check: "lost-base", Subject: e.Name,
			Right: layout.GroupBase, Mend: "gpasswd -a " + quote(e.Name) + " " + layout.GroupBase})
		u.check(e.Shell == "/usr/sbin/nologin", finding{Check: "shell", Subject: e.Name, Found: e.Shell,
			Mend: "usermod --shell /usr/sbin/nologin -- " + quote(e.Name)})
		if err == nil {
			u.check(register.Has(e.UID), finding{Check: "unregistered", Subject: e.Name, Found: strconv.Itoa(int(e.UID)),
				Right: account.RegisterPath,
				Mend: fmt.Sprintf("echo %s >> %s", quote(fmt.Sprintf("%d %s %s", e.UID, e.Name, "0000-00-00")),
					account.RegisterPath)})
		}
	}
}

// checkFactors checks that each second factor stands under the name of who has it. Under another name it keeps its owner out, or is
// for nobody, until somebody else gets the name.
func (u *checkup) checkFactors(register account.Register) {
	kept, err := factor.Installed().List()
	if errors.Is(err, fs.ErrNotExist) {
		return // checkItem says so
	}
	u.check(err == nil, finding{Check: "unreadable", Subject: layout.Factors, Found: errorText(err)})
	for _, k := range kept {
		path := layout.Factors + "/" + k.Name
		e, found := u.names.User(k.Name)
		owner, known := u.names.UserByUID(k.UID)
		if known = known && k.UID != 0 && owner.Name != k.Name; known {
			u.check(false, finding{Check: "factor-renamed", Subject: path, Found: owner.Name,
				Mend: fmt.Sprintf("mv -n -T -- %s %s", quote(path), quote(layout.Factors+"/"+owner.Name))})
			continue
		}
		f := finding{Check: "factor-nobody", Subject: path, Found: k.Name}
		if found || register.Has(k.UID) { // of whom else, a directory that does not answer may know
			f.Mend = "rm -- " + quote(path)
		}
		u.check(found && (k.UID == 0 || k.UID == e.UID), f)
	}
}

// checkCompanies checks that the number of a group with which zones are shared is never given to another one.
func (u *checkup) checkCompanies(register account.Register) {
	for _, g := range u.names.Companies() {
		u.check(register.Has(g.GID), finding{Check: "unregistered-group", Subject: g.Name, Found: strconv.Itoa(int(g.GID)),
			Right: account.RegisterPath,
			Mend:  fmt.Sprintf("echo %s >> %s", quote(fmt.Sprintf("%d %s 0000-00-00", g.GID, g.Name)), account.RegisterPath)})
	}
}

// registerFinding: a line that nobody understands becomes a comment, so it can still be read. The accounts that exist
// are compared with the register afterwards.
func registerFinding(err error) finding {
	f := finding{Check: "register", Subject: account.RegisterPath, Found: errorText(err)}
	var damaged *account.RegisterError
	if errors.As(err, &damaged) {
		f.Mend = fmt.Sprintf("sed -i '%ds/^/# /' %s", damaged.Line, account.RegisterPath)
	}
	return f
}
