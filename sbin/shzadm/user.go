package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/attempt"
	"sharezone/internal/config"
	"sharezone/internal/factor"
	"sharezone/internal/syslog"
)

// maxPasswordLine bounds what is read from standard input, in bytes.
const maxPasswordLine = 1024

var (
	errNotRoot    = errors.New("not root")
	errNoPassword = errors.New("no password on standard input")
	errNoUser     = errors.New("no such user")
	errNotShown   = errors.New("made, but not shown")
)

// knownUser is a user with what HTTP says of him too.
type knownUser struct {
	account.User
	SecondFactor bool `json:"second_factor"` // is set up
	Passwordless bool `json:"passwordless"`  // making the account was interrupted before its first password
}

// know adds what takes a look at each. Who has a second factor that cannot be read has one: he is not let in without.
func know(users ...account.User) (known []knownUser, err error) {
	shadow, err := account.ReadShadow()
	known = make([]knownUser, len(users))
	for i, u := range users {
		state, unread := factor.Installed().Look(factor.Person{Name: u.Name, UID: u.UID})
		err = errors.Join(err, unread)
		known[i] = knownUser{u, state.Enrolled || unread != nil, shadow.NeverHadPassword(u.Name)}
	}
	return known, err
}

// knowOne is know of somebody who was changed: what cannot be found out of him undoes nothing.
func knowOne(u account.User) knownUser {
	known, _ := know(u)
	return known[0]
}

// madeUser is a user with the password that was generated for him, which is never shown again.
type madeUser struct {
	knownUser
	Password *string `json:"password"`
}

func userAdd(c *call, args []string) error {
	fs := c.flags()
	var spec change.Spec
	role := fs.String("role", "", "")
	fs.StringVar(&spec.Contact.FullName, "full-name", "", "")
	fs.StringVar(&spec.Contact.Email, "email", "", "")
	fs.StringVar(&spec.Contact.Phone, "phone", "", "")
	fs.StringVar(&spec.Contact.Mobile, "mobile", "", "")
	fs.StringVar(&spec.Contact.Company, "company", "", "")
	fs.StringVar(&spec.Expires, "expires", "", "")
	language := fs.String("language", "", "")
	weak := ""
	spec.Warn = func(said string) { weak = said }
	fromStdin := fs.Bool("password-stdin", false, "")
	fs.BoolVar(&spec.MustChange, "must-change", false, "")
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	for _, name := range []string{"role", "full-name", "email"} {
		if !given(fs, name) {
			return usageError(c.say.line("usage-needed", "--"+name))
		}
	}
	spec.Name, spec.Role = operands[0], account.Role(*role)
	if *fromStdin {
		spec.Password, err = readPassword(c.in)
	} else {
		spec.MustChange = true // somebody else has seen it
		spec.Password, err = change.GeneratePassword()
	}
	if err != nil {
		return err
	}
	if err := account.CheckLanguage(*language); err != nil {
		return err
	}
	if err := change.Prepare(); err != nil {
		return err
	}
	var uid uint32
	var lost error // the password is told all the same
	err = c.recordHeld(madeDeed(spec.Name), []string{spec.Name}, func() (err error) {
		if uid, err = change.Create(spec, time.Now()); err == nil && *language != "" {
			lost = change.SetLanguage(uid, *language)
		}
		return err
	})
	if err != nil {
		return err
	}
	if weak != "" {
		fmt.Fprint(c.errOut, c.say.line("weak-password", printable(weak)))
	}
	u, unseen := findUser(spec.Name)
	if unseen != nil {
		u = account.User{Name: spec.Name, UID: uid}
	}
	made := madeUser{knownUser: knowOne(u)}
	if !*fromStdin {
		made.Password = &spec.Password
	}
	if err := c.showMade(made); err != nil {
		return fmt.Errorf("%s: %w: %w", made.Name, errNotShown, err)
	}
	return errors.Join(lost, unseen)
}

// madeDeed is the one by which an account is made.
func madeDeed(name string) deed {
	return deed{event: "user-create", user: name, end: func() string {
		u, err := findUser(name)
		if err != nil {
			return ""
		}
		return account.Differences(account.User{}, u)
	}}
}

func (c *call) showMade(made madeUser) error {
	if c.json {
		return c.printJSON(made)
	}
	lines := c.say.line("user-made", made.Name, made.UID, joinRoles(made.Roles))
	if made.Password != nil {
		lines += c.say.line("user-password", *made.Password)
	}
	return c.print(lines)
}

// readPassword takes the first line, with or without its end.
func readPassword(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, maxPasswordLine)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", fmt.Errorf("stdin: %w", err)
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if line == "" {
		return "", errNoPassword
	}
	return line, nil
}

func userList(c *call, args []string) error {
	fs := c.flags()
	review := fs.Bool("review", false, "")
	if _, err := c.parse(fs, args, 0, 0); err != nil {
		return err
	}
	names := account.NewNames()
	shadow, err := readShadow()
	if err != nil {
		return err
	}
	users := names.Users(shadow, time.Now())
	addShut(users)
	if err := names.AddSponsors(users, shadow, time.Now()); err != nil {
		return err
	}
	if *review {
		users = slices.DeleteFunc(users, func(u account.User) bool { return !u.Review })
	}
	if c.json {
		known, unknown := know(users...)
		err = errors.Join(unknown, c.printJSON(map[string]any{"users": known, "total": len(known), "offset": 0}))
	} else {
		rows := make([][]string, 0, len(users))
		for _, u := range users {
			rows = append(rows, []string{u.Name, strconv.FormatUint(uint64(u.UID), 10), joinRoles(u.Roles), status(u),
				text(u.Expires), text(u.FullName), text(u.Company), text(u.Email)})
		}
		err = c.printRows("user-columns", rows)
	}
	return errors.Join(err, names.Err())
}

func userShow(c *call, args []string) error {
	operands, err := c.parse(c.flags(), args, 1, 1)
	if err != nil {
		return err
	}
	u, err := findUser(operands[0])
	if err != nil {
		return err
	}
	known, unknown := know(u)
	if c.json {
		return errors.Join(unknown, c.printJSON(known[0]))
	}
	mustChange := ""
	if u.MustChange != nil {
		mustChange = c.say.line(map[bool]string{true: "yes", false: "no"}[*u.MustChange])
	}
	refused, codes := "", ""
	if u.FailedLogins != nil {
		refused, codes = strconv.Itoa(*u.FailedLogins), strconv.Itoa(*u.FailedCodes)
	}
	verified := ""
	if u.Email != nil {
		verified = c.say.line(map[bool]string{true: "yes", false: "no"}[u.EmailVerified])
	}
	return errors.Join(unknown, c.printFields("user-fields", u.Name, strconv.FormatUint(uint64(u.UID), 10), text(u.FullName), text(u.Company),
		text(u.Email), verified, text(u.Phone), text(u.Mobile), joinRoles(u.Roles), status(u), text(u.Expires), mustChange,
		strings.Join(u.Groups, " "), text(u.Language), text((*string)(u.Channel)), moment(u.LastLogin), refused, text(u.Sponsor),
		c.say.line(map[bool]string{true: "yes", false: "no"}[known[0].SecondFactor]), codes, moment(u.ShutUntil), shutFrom(u.ShutFrom), text(u.PasswordDue)))
}

func findUser(name string) (account.User, error) {
	names := account.NewNames()
	shadow, err := readShadow()
	if err != nil {
		return account.User{}, err
	}
	u, ok := names.FindUser(name, shadow, time.Now())
	if err := names.Err(); err != nil && !ok {
		return u, err
	}
	if !ok {
		return u, fmt.Errorf("%s: %w", name, errNoUser)
	}
	one := []account.User{u}
	addShut(one)
	err = names.AddSponsors(one, shadow, time.Now())
	return one[0], err
}

// addShut says who is shut out from which addresses; not where the settings cannot be read, which doctor tells, nor of whom what is
// counted cannot be.
func addShut(users []account.User) {
	settings, err := config.Read()
	if err != nil {
		return
	}
	if err := attempt.AddShut(users, attempt.LimitsOf(settings.Login)); err != nil {
		syslog.Write(syslog.AuthprivNotice, "sharezone shzadm: "+strconv.QuoteToASCII("who is shut out: "+err.Error()))
	}
}

// shutFrom writes from which addresses somebody is shut out, and until when.
func shutFrom(all []account.ShutFrom) string {
	lines := make([]string, 0, len(all))
	for _, s := range all {
		lines = append(lines, s.Address+" "+moment(&s.Until))
	}
	return strings.Join(lines, ", ")
}

// readShadow reads what only root can read of accounts, with their logins.
func readShadow() (account.Shadow, error) {
	shadow, err := account.ReadShadow()
	if err == nil {
		err = shadow.ReadLogins()
	}
	return shadow, err
}

func joinRoles(roles []account.Role) string {
	var b strings.Builder
	for i, r := range roles {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(string(r))
	}
	return b.String()
}

// status in the words of the interface, which scripts know too; of one that is expired also whether it is locked.
func status(u account.User) string {
	if u.Status == nil {
		return ""
	}
	if *u.Status == account.Expired && *u.Locked {
		return "expired,locked"
	}
	return string(*u.Status)
}
