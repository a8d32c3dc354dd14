// Package change makes and changes accounts. It runs as root, in shzadm and in the helper libexec/account, and does
// everything through the machine's own tools: absolute paths, fixed arguments, an environment of its own, secrets on
// standard input. No program that runs as a logged-in user imports it.
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

// Spec is an account to be made.
type Spec struct {
	Name       string
	Role       account.Role
	Contact    account.Contact
	Expires    string // YYYY-MM-DD, the day from which the account is disabled; "" is never
	Password   string
	MustChange bool // at the first login

	// Warn is told, in its own words, why PAM finds the password easy to guess, which root sets all the same; nil: nobody.
	Warn func(said string)
}

// ExistsError says that a name is taken on this machine, by somebody whom Share Zone made or by anybody else.
type ExistsError struct {
	Name string
	Kind string // "user" or "group"
}

func (e *ExistsError) Error() string { return fmt.Sprintf("%s %q exists", e.Kind, e.Name) }

// LeftoverError says that making an account failed, and that undoing it failed too.
type LeftoverError struct {
	Name  string
	Cause error // why it could not be made
	Undo  error // why it could not be removed
}

func (e *LeftoverError) Error() string {
	return fmt.Sprintf("%v; the account %q is left, locked: %v", e.Cause, e.Name, e.Undo)
}

// Unwrap gives the cause.
func (e *LeftoverError) Unwrap() error { return e.Cause }

// nameForm is narrower than what Debian's useradd takes (it accepts "12345" and "mario@x.it"), so that a name is never
// an option, a number, a path or two names.
var nameForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9._-]{0,30}$`) })

// CheckName returns a *account.FieldError unless name can be that of an account of Share Zone. An account has a group of
// its own name, which must not pass for a company's.
func CheckName(name string) error {
	if !nameForm().MatchString(name) || strings.HasPrefix(name, layout.CompanyPrefix) {
		return &account.FieldError{Field: "username", Reason: account.BadForm}
	}
	return nil
}

// Create makes an account: it exists, with its groups and its password, or it does not exist at all. What cannot be
// undone is said by a *LeftoverError; such an account is locked. Prepare must have been called.
func Create(spec Spec, now time.Time) (uid uint32, err error) {
	spec.Contact = spec.Contact.Trimmed()
	gecos, err := check(spec)
	if err == nil {
		err = CheckDay(spec.Expires, now)
	}
	if err != nil {
		return 0, err
	}
	register, err := openRegister()
	if err != nil {
		return 0, err
	}
	defer register.close()

	for try := 1; ; try++ {
		names := account.NewNames() // read under the lock: two of us never see the same next uid
		if err := CheckFree(spec.Name, names); err != nil {
			return 0, err
		}
		if uid, err = register.take(spec.Name, names, now); err != nil {
			return 0, err
		}
		if err := forgetName(spec.Name); err != nil { // of somebody whom userdel(8) alone has removed
			return 0, err
		}
		err := makeAccount(spec, uid, gecos)
		if err == nil {
			return uid, nil
		}
		err = undo(spec.Name, uid, err)
		if try == uidTries || !errors.Is(err, errNumberTaken) || errors.As(err, new(*LeftoverError)) {
			return 0, err
		}
	}
}

// uidTries: somebody's own useradd, which knows nothing of the register, may take the same next number in the same moment.
const uidTries = 5

// errNumberTaken says so.
var errNumberTaken = errors.New("the number was taken by somebody else in the same moment")

// useraddNotUnique is the exit code of useradd for a uid that exists (useradd(8)).
const useraddNotUnique = 4

func check(spec Spec) (gecos string, err error) {
	if err := CheckName(spec.Name); err != nil {
		return "", err
	}
	if spec.Role.Groups() == nil {
		return "", &account.FieldError{Field: "role", Reason: account.BadForm}
	}
	if spec.Contact.FullName == "" {
		return "", &account.FieldError{Field: "full_name", Reason: account.Missing}
	}
	if spec.Contact.Email == "" {
		return "", &account.FieldError{Field: "email", Reason: account.Missing}
	}
	if err := CheckExpires(spec.Expires); err != nil {
		return "", err
	}
	if err := checkPassword(spec.Password); err != nil {
		return "", err
	}
	return account.FormatGECOS(spec.Contact)
}

// CheckExpires accepts a day that is later than what the tools take for a number of days, and "" for none.
func CheckExpires(text string) error {
	if text == "" {
		return nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1971 || day.Year() > 9999 {
		return &account.FieldError{Field: "expires", Reason: account.BadForm}
	}
	return nil
}

// CheckDay refuses a last day that has come already: nobody could use what is made. What is no day at all is for CheckExpires.
func CheckDay(expires string, now time.Time) error {
	if day, err := time.Parse(time.DateOnly, expires); err == nil && !now.Before(day) {
		return &account.FieldError{Field: "expires", Reason: account.Past}
	}
	return nil
}

// CheckFree refuses a name that is taken. It asks the files and NSS. A private group has the name of its user, so both must be free.
func CheckFree(name string, names *account.Names) error {
	_, user := names.User(name)
	_, group := names.Group(name)
	if err := names.Err(); err != nil {
		return err
	}
	switch {
	case user:
		return &ExistsError{name, "user"}
	case group:
		return &ExistsError{name, "group"}
	// A group can list somebody who is gone: whoever gets his name is in it, in sudo too.
	case slices.ContainsFunc(names.GroupsOf(account.Entry{Name: name, GID: layout.NobodyUID}), func(g string) bool { return g != "nogroup" }):
		return &ExistsError{name, "member"}
	}
	return nil
}

func makeAccount(spec Spec, uid uint32, gecos string) error {
	number := strconv.FormatUint(uint64(uid), 10)
	args := []string{
		"--uid", number, "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin",
		"--groups", strings.Join(append(spec.Role.Groups(), layout.GroupOnly), ","),
		"--comment", gecos,
		// Each account would take 65536 subordinate ids for containers, and the range is used up after 9155 (exit 16).
		"--key", "SUB_UID_COUNT=0", "--key", "SUB_GID_COUNT=0",
	}
	if spec.Expires != "" {
		args = append(args, "--expiredate", spec.Expires)
	}
	err := run("", 1, useradd, append(args, "--", spec.Name)...)
	var failed *ToolError
	if errors.As(err, &failed) && failed.Code == useraddNotUnique {
		return fmt.Errorf("%w: %w", errNumberTaken, err)
	}
	if err != nil {
		return err
	}
	if err := verifyIdentity(spec, uid); err != nil {
		return err
	}
	// From here on the account exists and is locked ("!"); the password comes last but one, so that what is interrupted
	// is an account into which nobody gets.
	said, err := runSaying(spec.Name+":"+spec.Password+"\n", 1, chpasswd)
	if err != nil {
		return err
	}
	if _, weak, found := strings.Cut(said, "BAD PASSWORD: "); found && spec.Warn != nil { // pam_pwquality(8), pam_unix(8)
		weak, _, _ = strings.Cut(weak, "\n")
		spec.Warn(weak)
	}
	if spec.MustChange {
		if err := run("", 1, chage, "--lastday", "0", "--", spec.Name); err != nil {
			return err
		}
	}
	return verifyPassword(spec)
}

// verifyIdentity looks at what useradd made: it chooses another gid when the number is taken in the same moment.
func verifyIdentity(spec Spec, uid uint32) error {
	names := account.NewNames()
	e, ok := names.User(spec.Name)
	if !ok || e.UID != uid || e.GID != uid {
		return fmt.Errorf("%w: useradd made uid %d, gid %d instead of %d", errNumberTaken, e.UID, e.GID, uid)
	}
	wanted := append(spec.Role.Groups(), layout.GroupOnly)
	for _, group := range wanted {
		if !names.InGroup(spec.Name, group) {
			return fmt.Errorf("useradd did not put %s into %s", spec.Name, group)
		}
	}
	for _, group := range names.GroupsOf(e) {
		if group != spec.Name && !slices.Contains(wanted, group) {
			return fmt.Errorf("%s stands in the group %s", spec.Name, group)
		}
	}
	return nil
}

func verifyPassword(spec Spec) error {
	shadow, err := account.ReadShadow()
	if err != nil {
		return err
	}
	if !shadow.HasPassword(spec.Name) {
		return errors.New("chpasswd set no password")
	}
	if spec.MustChange && !shadow.MustChange(spec.Name) {
		return errors.New("chage did not ask for a change of the password")
	}
	return nil
}

// undo removes what makeAccount made, and only that: the entry must have the uid that was just taken. Removing is safe
// for the uid because the register keeps it out of use.
func undo(name string, uid uint32, cause error) error {
	names := account.NewNames()
	e, exists := names.User(name)
	if !exists || e.UID != uid {
		return cause
	}
	if err := run("", 1, userdel, "--", name); err != nil {
		// A password may have been set already; the account must not stay open.
		lockErr := run("", 1, usermod, "--lock", "--expiredate", "1", "--", name)
		return &LeftoverError{name, cause, errors.Join(err, lockErr)}
	}
	if _, left := account.NewNames().Group(name); left {
		return &LeftoverError{name, cause, errors.New("its private group is left")}
	}
	return cause
}
