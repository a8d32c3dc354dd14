package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"sharezone/internal/layout"
	"sharezone/internal/privileged"
	"sharezone/internal/session"
)

// caller is who ran sudo, or root when nobody did.
type caller struct {
	root, guest, member bool
	name                string
	account             account // of a member
}

// readCaller believes SUDO_UID: sudo always sets it, and without sudo only root can run this program.
func readCaller() (caller, error) {
	uid, bySudo, err := privileged.CallerUID()
	if err != nil {
		return caller{}, err
	}
	if !bySudo {
		return caller{root: true, name: "root"}, nil
	}
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return caller{}, fmt.Errorf("SUDO_UID %d: %w", uid, err)
	}
	if u.Username == layout.UserGuest {
		return caller{guest: true, name: u.Username}, nil
	}
	a, err := findAccount(u.Username)
	if err != nil {
		return caller{}, err
	}
	return caller{member: true, name: a.name, account: a}, nil
}

// account is a person as NSS knows him now: /etc/passwd and /etc/group, or LDAP.
type account struct {
	name     string
	uid, gid uint32
	groups   []uint32
	roles    []string
	shadow   string // password field of shadow(5), "" where the account has none there (LDAP)
}

var errNotMember = errors.New("no account in " + layout.GroupBase)

// findAccount returns the account, errNotMember if there is none that may use Share Zone: unknown, a system account,
// outside shzbase, or in group 0.
func findAccount(name string) (account, error) {
	if !session.ValidUser(name) {
		return account{}, errNotMember
	}
	u, err := user.Lookup(name)
	if err != nil {
		var unknown user.UnknownUserError
		if errors.As(err, &unknown) {
			return account{}, errNotMember
		}
		return account{}, err
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err1 != nil || err2 != nil || u.Username != name {
		return account{}, errNotMember
	}
	a := account{name: u.Username, uid: uint32(uid), gid: uint32(gid)}
	if a.uid < layout.MinUID || a.uid == layout.NobodyUID {
		return account{}, errNotMember
	}
	ids, err := u.GroupIds()
	if err != nil {
		return account{}, err
	}
	for _, text := range ids {
		g, err := strconv.ParseUint(text, 10, 32)
		if err != nil || g == 0 {
			return account{}, errNotMember
		}
		a.groups = append(a.groups, uint32(g))
	}
	if a.roles, err = rolesOf(ids); err != nil {
		return account{}, err
	}
	if len(a.roles) == 0 {
		return account{}, errNotMember
	}
	a.shadow, err = shadowField(name)
	return a, err
}

// rolesOf names the roles that group ids give; none without shzbase, whatever the other groups.
func rolesOf(ids []string) ([]string, error) {
	var roles []string
	for _, row := range [...]struct{ group, role string }{
		{layout.GroupBase, "base"}, {layout.GroupManager, "manager"}, {layout.GroupAdmin, "admin"},
	} {
		g, err := user.LookupGroup(row.group)
		if err != nil {
			return nil, fmt.Errorf("group %s: %w", row.group, err)
		}
		if slices.Contains(ids, g.Gid) {
			roles = append(roles, row.role)
		} else if row.role == "base" {
			return nil, nil
		}
	}
	return roles, nil
}

// shadowField is the password field of shadow(5), "" if the account has no line there.
func shadowField(name string) (string, error) {
	f, err := os.Open("/etc/shadow")
	if err != nil {
		return "", err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); ; {
		if !lines.Scan() {
			return "", lines.Err()
		}
		if rest, found := strings.CutPrefix(lines.Text(), name+":"); found {
			field, _, _ := strings.Cut(rest, ":")
			return field, nil
		}
	}
}
