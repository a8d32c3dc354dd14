package change

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// ErrNoGroup says that there is no such group of a company.
var ErrNoGroup = errors.New("there is no such group")

// groupForm leaves groupadd no name to refuse (it takes 32 characters).
var groupForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^` + layout.CompanyPrefix + `[a-z0-9][a-z0-9._-]{0,26}$`)
})

// CheckGroupName returns a *account.FieldError unless name can be that of a company's group.
func CheckGroupName(name string) error {
	if !groupForm().MatchString(name) {
		return &account.FieldError{Field: "group", Reason: account.BadForm}
	}
	return nil
}

// isLikeOurs says whether a name is that of a group of Share Zone's but for the hyphen: whoever shared with shz-admin would mean shzadmin.
func isLikeOurs(name string) bool {
	return slices.Contains([]string{layout.GroupBase, layout.GroupManager, layout.GroupAdmin, layout.GroupOnly}, strings.Replace(name, "-", "", 1))
}

// CreateGroup makes the group of a company. Its number is never given again, as a user's is not: whoever got it would
// inherit what is shared with the company. Prepare must have been called.
func CreateGroup(name string, now time.Time) (gid uint32, err error) {
	if err := CheckGroupName(name); err != nil {
		return 0, err
	}
	if isLikeOurs(name) {
		return 0, &account.FieldError{Field: "group", Reason: account.BadForm}
	}
	register, err := openRegister()
	if err != nil {
		return 0, err
	}
	defer register.close()
	names := account.NewNames()
	if err := CheckFree(name, names); err != nil {
		return 0, err
	}
	if gid, err = register.take(name, names, now); err != nil {
		return 0, err
	}
	if err := run("", 10, groupadd, "--gid", strconv.FormatUint(uint64(gid), 10), "--", name); err != nil {
		return 0, err
	}
	if made, ok := account.NewNames().GroupID(name); !ok || made != gid {
		return 0, fmt.Errorf("groupadd made gid %d instead of %d", made, gid)
	}
	return gid, nil
}

// ErrMembers says that somebody is in a group.
var ErrMembers = errors.New("somebody is in this group")

// DeleteGroup removes the group of a company in which nobody is. Its number stays in the register for good. Entries of access lists
// are the caller's to see to: what is left keeps the number. Prepare must have been called.
func DeleteGroup(name string, now time.Time) error {
	if err := CheckGroupName(name); err != nil {
		return err
	}
	register, err := openRegister()
	if err != nil {
		return err
	}
	defer register.close()
	names := account.NewNames()
	g, ok := names.Group(name)
	members := len(g.Members) + len(names.Members(name)) // those who are nobody any more, and those whose own group it is
	switch err := names.Err(); {
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("%s: %w", name, ErrNoGroup)
	case members > 0:
		return fmt.Errorf("%s: %w", name, ErrMembers)
	}
	if err := register.keep(g.GID, name, now); err != nil {
		return err
	}
	return run("", 10, groupdel, "--", name)
}

// CheckMember says why SetMember would refuse. A member may use Share Zone already; anybody can leave.
func CheckMember(group, user string, in bool) error {
	names := account.NewNames()
	if err := CheckGroupName(group); err != nil {
		return err
	}
	g, ok := names.Group(group)
	if err := names.Err(); err != nil && !ok {
		return err
	}
	if !ok {
		return fmt.Errorf("%s: %w", group, ErrNoGroup)
	}
	if !in && slices.Contains(g.Members, user) { // also a name that is nobody's any more
		return nil
	}
	if _, err := person(user, names); err != nil {
		return err
	}
	if in && !names.InGroup(user, layout.GroupBase) {
		return fmt.Errorf("%s: %w", user, ErrNotEnabled)
	}
	return nil
}

// SetMember puts a user into a company's group or takes him out; who is where he should be stays there. Prepare must
// have been called.
func SetMember(group, user string, in bool) error {
	if err := CheckMember(group, user, in); err != nil {
		return err
	}
	listed := func() bool {
		g, _ := account.NewNames().Group(group)
		return slices.Contains(g.Members, user)
	}
	if listed() == in {
		return nil
	}
	act := "--delete"
	if in {
		act = "--add"
	}
	if err := run("", 1, gpasswd, act, user, group); err != nil {
		return err
	}
	if listed() != in {
		return fmt.Errorf("gpasswd did not change whether %s is in %s", user, group)
	}
	return nil
}
