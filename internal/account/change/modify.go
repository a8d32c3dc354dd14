package change

import (
	"fmt"
	"strings"

	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// Changes are the new values of what is not nil; an empty text removes one.
type Changes struct {
	FullName, Company, Phone, Mobile, Email *string
	Expires                                 *string
	Role                                    *account.Role
	Sponsor                                 *string
}

// ofAccount says whether more changes than groups.
func (c Changes) ofAccount() bool {
	return c.FullName != nil || c.Company != nil || c.Phone != nil || c.Mobile != nil || c.Email != nil || c.Expires != nil || c.Sponsor != nil
}

// Modify changes an account that Share Zone made, or the role of any that is in it. Everything is checked before
// anything is changed; a *PartlyError says that something is all the same. Prepare must have been called.
func Modify(name string, c Changes) error {
	names := account.NewNames()
	e, err := person(name, names)
	if err != nil {
		return err
	}
	if c.ofAccount() {
		if e, err = own(name, "modify", names); err != nil {
			return err
		}
	} else if !names.InGroup(name, layout.GroupBase) && !names.InGroup(name, layout.GroupOnly) {
		return fmt.Errorf("%s: %w", name, ErrNotEnabled)
	}
	if c.Role != nil && c.Role.Groups() == nil {
		return &account.FieldError{Field: "role", Reason: account.BadForm}
	}
	var args []string
	gecos, err := c.apply(account.ParseGECOS(e.GECOS))
	if err != nil {
		return err
	}
	if c.ofAccount() && gecos != e.GECOS {
		args = append(args, "--comment", gecos)
	}
	if c.Expires != nil {
		if err := CheckExpires(*c.Expires); err != nil {
			return err
		}
		args = append(args, "--expiredate", *c.Expires)
	}
	sponsor, some := uint32(0), false
	if c.Sponsor != nil {
		if same, err := isSponsor(e.UID, *c.Sponsor, names); err != nil {
			return err
		} else if same {
			c.Sponsor = nil
		}
	}
	if c.Sponsor != nil {
		if sponsor, some, err = checkSponsor(name, *c.Sponsor, names); err != nil {
			return err
		}
	}
	if len(args) > 0 {
		if err := run("", 1, usermod, append(args, "--", name)...); err != nil {
			return err
		}
	}
	switch {
	case some:
		err = SetSponsor(e.UID, sponsor)
	case c.Sponsor != nil:
		err = forgetSponsor(e.UID)
	}
	if err == nil && c.Role != nil {
		err = setRole(name, *c.Role, names)
	}
	if len(args) > 0 || c.Sponsor != nil {
		err = partly(err)
	}
	return err
}

// apply returns the comment field with the changes. Of what stands there only what is given is checked for being
// present: an account whose address somebody spoilt by hand can still get a telephone number.
func (c Changes) apply(contact account.Contact) (string, error) {
	if !c.ofAccount() {
		return "", nil
	}
	for _, f := range []struct {
		field    string
		to       *string
		value    *string
		required bool
	}{
		{"full_name", &contact.FullName, c.FullName, true},
		{"company", &contact.Company, c.Company, false},
		{"phone", &contact.Phone, c.Phone, false},
		{"mobile", &contact.Mobile, c.Mobile, false},
		{"email", &contact.Email, c.Email, true},
	} {
		if f.value == nil {
			continue
		}
		*f.to = strings.TrimSpace(*f.value)
		if f.required && *f.to == "" {
			return "", &account.FieldError{Field: f.field, Reason: account.Missing}
		}
	}
	return account.FormatGECOS(contact.Trimmed()) // also what somebody's own tools have put there
}
