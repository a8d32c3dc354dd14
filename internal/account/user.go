package account

import (
	"slices"
	"strings"
	"time"

	"sharezone/internal/layout"
)

// Role is what a person may do in Share Zone. Each role contains the one before it.
type Role string

// The roles.
const (
	RoleBase    Role = "base"
	RoleManager Role = "manager" // may own zones
	RoleAdmin   Role = "admin"
)

// roleGroups is the table of roles: who is in the group has the role.
var roleGroups = []struct {
	role  Role
	group string
}{
	{RoleBase, layout.GroupBase},
	{RoleManager, layout.GroupManager},
	{RoleAdmin, layout.GroupAdmin},
}

// Groups returns the groups of an account with this role, nil for a role that does not exist.
func (r Role) Groups() []string {
	var groups []string
	for _, g := range roleGroups {
		groups = append(groups, g.group)
		if g.role == r {
			return groups
		}
	}
	return nil
}

// Status says whether a person can log in.
type Status string

// The states of an account.
const (
	Active  Status = "active"
	Locked  Status = "locked"  // no password can match: usermod -L, or none was ever set
	Expired Status = "expired" // the account's last day is over, or its password was not renewed in time
)

// User is a person, with the JSON keys of the interface. What is absent or unreadable is null.
type User struct {
	Name        string     `json:"username"`
	UID         uint32     `json:"uid"`
	FullName    *string    `json:"full_name"`
	Company     *string    `json:"company"`
	Email       *string    `json:"email"`
	Phone       *string    `json:"phone"`
	Mobile      *string    `json:"mobile"`
	Roles       []Role     `json:"roles"`
	Status      *Status    `json:"status"`  // null where shadow(5) has no line, as for people in LDAP
	Locked      *bool      `json:"locked"`  // also of one that is expired, whose lock its status does not say
	Expires     *string    `json:"expires"` // the day from which the account is disabled, as chage -l says it
	MustChange  *bool      `json:"must_change"`
	PasswordDue *string    `json:"password_due"` // the first day on which the password must be changed
	Language    *string    `json:"language"`
	Channel     *Channel   `json:"channel"` // by which he is told; null: he has chosen none
	LastLogin   *time.Time `json:"last_login"`
	Groups      []string   `json:"groups"`
	Sponsor     *string    `json:"sponsor"` // who invited him, and answers for him
	Review      bool       `json:"review"`  // that one is locked, expired or gone, and he is not

	FailedLogins  *int       `json:"failed_logins"`  // since the last right password
	FailedCodes   *int       `json:"failed_codes"`   // of a second factor, since the last right one
	ShutUntil     *time.Time `json:"shut_until"`     // by so many of them, from all addresses, that the right ones are refused, too
	ShutFrom      []ShutFrom `json:"shut_from"`      // addresses, by so many of them from there; null: not known
	EmailVerified bool       `json:"email_verified"` // mail to the address is known to reach him
}

// ShutFrom is an address from which alone somebody is let in no more, for so many were refused from there.
type ShutFrom struct {
	Address string    `json:"address"` // with /64 where it stands for all that begin with the same 64 bits
	Until   time.Time `json:"until"`
}

// Shadow is what only root can read of accounts: shadow(5) and, after ReadLogins, the last logins and the refused ones.
type Shadow struct {
	stamp   fileStamp
	entries map[string]shadowEntry
	logins  map[uint32]time.Time
	refused map[string]refusals

	chosen   map[uint32]Preferences
	verified map[uint32]string
}

// ReadShadow reads /etc/shadow.
func ReadShadow() (Shadow, error) {
	text, stamp, err := readStamped("/etc/shadow")
	if err != nil {
		return Shadow{}, err
	}
	return Shadow{stamp: stamp, entries: parseShadow(text)}, nil
}

// Fresh is ReadShadow, which reads the file only if it has changed.
func (s Shadow) Fresh() (Shadow, error) {
	if s.entries != nil && s.stamp.holds() {
		return s, nil
	}
	return ReadShadow()
}

// Password is the field of an account, "" where it has no line.
func (s Shadow) Password(name string) string { return s.entries[name].password }

// HasPassword says whether an account has a password that can match.
func (s Shadow) HasPassword(name string) bool {
	return strings.HasPrefix(s.entries[name].password, "$")
}

// HasLockedPassword says whether an account has a password that a lock ("!", usermod -L) keeps from matching.
func (s Shadow) HasLockedPassword(name string) bool {
	password := s.entries[name].password
	return strings.HasPrefix(password, "!") && strings.HasPrefix(strings.TrimLeft(password, "!"), "$")
}

// NeverHadPassword says whether an account is as useradd(8) leaves it: with a lock, and no password behind it.
func (s Shadow) NeverHadPassword(name string) bool {
	password := s.entries[name].password
	return password != "" && strings.Trim(password, "!") == ""
}

// Bars says why somebody cannot log in: Locked or Expired; "" where shadow(5) does not keep him.
func (s Shadow) Bars(name string, now time.Time) Status {
	e, ok := s.entries[name]
	if status := e.status(now); ok && status != Active {
		return status
	}
	return ""
}

// MustChange says whether the next login asks for a new password.
func (s Shadow) MustChange(name string) bool {
	e, ok := s.entries[name]
	return ok && e.lastChange == 0
}

// PasswordDays returns the day on which somebody's password was set, and the first on which it must be changed; nil is not
// known, or never.
func (s Shadow) PasswordDays(name string) (set, due *string) {
	e, ok := s.entries[name]
	if !ok || e.lastChange <= 0 {
		return nil, nil
	}
	set = day(e.lastChange)
	if e.maximum >= 0 && e.maximum < never {
		due = day(e.lastChange + e.maximum + 1)
	}
	return set, due
}

// never is from which maximum age, in days, a password is not meant to be changed at all (login.defs(5) has 99999).
const never = 10000

// daysOf is a moment in the days of shadow(5), since 1970.
func daysOf(now time.Time) int { return int(now.Unix() / (24 * 60 * 60)) }

// day writes a number of days since 1970.
func day(days int) *string {
	text := time.Unix(0, 0).UTC().AddDate(0, 0, days).Format(time.DateOnly)
	return &text
}

// status follows pam_unix: the day in the field is the first on which the account is disabled, and a password that
// was not changed within its maximum age and the grace after it disables the account too.
func (e shadowEntry) status(now time.Time) Status {
	today := daysOf(now)
	switch {
	case e.expire >= 0 && today >= e.expire,
		e.inactive >= 0 && e.maximum >= 0 && e.lastChange > 0 && today > e.lastChange+e.maximum+e.inactive:
		return Expired
	case e.locked():
		return Locked
	}
	return Active
}

// locked says whether no password can match; an empty one cannot either: Share Zone's PAM stack has no nullok.
func (e shadowEntry) locked() bool {
	return e.password == "" || strings.ContainsAny(e.password[:1], "!*")
}

// Users returns everybody who has to do with Share Zone, sorted by name: the members of shzbase, and the accounts that
// Share Zone made, also those that are out of use.
func (n *Names) Users(shadow Shadow, now time.Time) []User {
	return n.newUsers(n.members(layout.GroupBase, layout.GroupOnly), shadow, now)
}

// FindUser returns one person; false unless he belongs to Share Zone.
func (n *Names) FindUser(name string, shadow Shadow, now time.Time) (User, bool) {
	e, ok := n.User(name)
	if !ok || !n.InGroup(name, layout.GroupBase) && !n.InGroup(name, layout.GroupOnly) {
		return User{}, false
	}
	return n.newUsers([]*Entry{&e}, shadow, now)[0], true
}

// Roles returns the roles of a user. A role counts only together with shzbase: who was taken out of it may do nothing.
func (n *Names) Roles(name string) []Role {
	roles := []Role{}
	for _, g := range roleGroups {
		if n.InGroup(name, g.group) {
			roles = append(roles, g.role)
		} else if g.role == RoleBase {
			return roles
		}
	}
	return roles
}

// newUsers takes each one's roles from his groups, so that a list of thousands does not search the groups of roles for each.
func (n *Names) newUsers(people []*Entry, shadow Shadow, now time.Time) []User {
	gids := make(map[string]uint32, len(roleGroups))
	for _, g := range roleGroups {
		if gid, found := n.GroupID(g.group); found {
			gids[g.group] = gid
		}
	}
	users := make([]User, 0, len(people))
	for _, e := range people {
		u := n.newUser(e, shadow, now)
		for _, g := range roleGroups {
			gid, found := gids[g.group]
			if found && (e.GID == gid || slices.Contains(u.Groups, g.group)) {
				u.Roles = append(u.Roles, g.role)
			} else if g.role == RoleBase {
				break
			}
		}
		users = append(users, u)
	}
	return users
}

func (n *Names) newUser(e *Entry, shadow Shadow, now time.Time) User {
	c := ParseGECOS(e.GECOS)
	u := User{
		Name:     e.Name,
		UID:      e.UID,
		FullName: orNull(c.FullName),
		Company:  orNull(c.Company),
		Email:    orNull(c.Email),
		Phone:    orNull(c.Phone),
		Mobile:   orNull(c.Mobile),
		Roles:    []Role{},
		Groups:   n.GroupsOf(*e),
	}
	if s, ok := shadow.entries[e.Name]; ok {
		_, due := shadow.PasswordDays(e.Name)
		status, locked, mustChange := s.status(now), s.locked(), s.lastChange == 0 || due != nil && *due <= *day(daysOf(now))
		u.Status, u.Locked, u.MustChange, u.PasswordDue = &status, &locked, &mustChange, due
		if s.expire >= 0 {
			u.Expires = day(s.expire)
		}
	}
	shadow.addLogins(&u)
	return u
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
