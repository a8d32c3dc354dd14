package change

import (
	"errors"
	"fmt"
	"slices"

	"sharezone/internal/account"
	"sharezone/internal/layout"
	"sharezone/internal/session"
)

// The refusals of changes. NotOursError is another one.
var (
	ErrNoAccount     = errors.New("there is no such account")
	ErrSystemAccount = errors.New("this is an account of the system, not a person's")
	ErrOwnAccount    = errors.New("an account that Share Zone made is in already")
	ErrEnabled       = errors.New("this account is in Share Zone already")
	ErrNotEnabled    = errors.New("this account is not in Share Zone")
	ErrLoginName     = errors.New("nobody can log in to Share Zone with a name like this")
)

// NotOursError says that an account is somebody's own (of this machine or of a directory), and which change of it is
// therefore none of Share Zone's business.
type NotOursError struct {
	Name string
	Act  string // "modify", "lock" or "delete"
}

func (e *NotOursError) Error() string {
	return e.Act + ": Share Zone did not make the account " + e.Name
}

// Enable lets somebody's own account in. It goes into groups; nothing else of it is touched. What Share Zone knows of somebody who had the
// number before, perhaps he himself, is forgotten. Prepare must have been called.
func Enable(name string, role account.Role) error {
	if role.Groups() == nil {
		return &account.FieldError{Field: "role", Reason: account.BadForm}
	}
	names := account.NewNames()
	e, err := person(name, names)
	switch {
	case err != nil:
		return err
	case names.InGroup(name, layout.GroupOnly):
		return fmt.Errorf("%s: %w", name, ErrOwnAccount)
	case names.InGroup(name, layout.GroupBase):
		return fmt.Errorf("%s: %w", name, ErrEnabled)
	case !session.ValidUser(e.Name):
		return fmt.Errorf("%s: %w", name, ErrLoginName)
	}
	if err := forgetNumber(e.UID); err != nil {
		return err
	}
	return setRole(name, role, names)
}

// person finds an account that can be somebody's.
func person(name string, names *account.Names) (account.Entry, error) {
	e, ok := names.User(name)
	if !ok {
		if err := names.Err(); err != nil { // "not found" is only believed of a name service that answered
			return e, err
		}
		return e, fmt.Errorf("%s: %w", name, ErrNoAccount)
	}
	if e.UID < layout.MinUID || e.UID == layout.NobodyUID {
		return e, fmt.Errorf("%s: %w", name, ErrSystemAccount)
	}
	return e, nil
}

// own finds an account that Share Zone made.
func own(name, act string, names *account.Names) (account.Entry, error) {
	e, err := person(name, names)
	if err == nil && !names.InGroup(name, layout.GroupOnly) {
		err = &NotOursError{name, act}
	}
	return e, err
}

// setRole puts somebody into the groups of a role and takes him out of the others. He is taken out first, and shzbase,
// without which no role counts, comes last: what is interrupted gives less than was meant, never more.
func setRole(name string, role account.Role, names *account.Names) (err error) {
	changed := false
	defer func() {
		if changed {
			err = partly(err)
		}
	}()
	wanted := role.Groups()
	for _, group := range slices.Backward(account.RoleAdmin.Groups()) {
		if names.InGroup(name, group) && !slices.Contains(wanted, group) {
			if err := run("", 1, gpasswd, "--delete", name, group); err != nil {
				return err
			}
			changed = true
		}
	}
	for _, group := range slices.Backward(wanted) {
		if !names.InGroup(name, group) {
			if err := run("", 1, gpasswd, "--add", name, group); err != nil {
				return err
			}
			changed = true
		}
	}
	after := account.NewNames()
	for _, group := range account.RoleAdmin.Groups() {
		if after.InGroup(name, group) != slices.Contains(wanted, group) {
			return fmt.Errorf("gpasswd did not change whether %s is in %s", name, group)
		}
	}
	return nil
}
