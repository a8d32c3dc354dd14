package main

import (
	"cmp"
	"errors"
	"flag"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/config"
	"sharezone/internal/invitation"
	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

// invitedUser is a user who chooses his password by a link.
type invitedUser struct {
	knownUser
	Invited time.Time    `json:"invited"` // until then it is good
	Report  *zone.Report `json:"report"`  // of the zone that he was let into; null: of none
}

// invite makes an account of which nobody knows the password, lets it into a zone, and has a link sent. Of an account that waits
// for one it sends the link again.
func invite(c *call, args []string) error {
	fs := c.flags()
	spec := change.Spec{Role: account.RoleBase, MustChange: true}
	role := fs.String("role", string(account.RoleBase), "")
	fs.StringVar(&spec.Contact.FullName, "full-name", "", "")
	fs.StringVar(&spec.Contact.Email, "email", "", "")
	fs.StringVar(&spec.Contact.Company, "company", "", "")
	fs.StringVar(&spec.Expires, "expires", "", "")
	language := fs.String("language", "", "")
	zoneName := fs.String("zone", "", "")
	access := fs.String("access", string(zone.Read), "")
	sponsor := fs.String("sponsor", "", "")
	again := fs.Bool("again", false, "")
	operands, err := c.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	name := operands[0]
	for _, needed := range []string{"full-name", "email"} {
		if !*again && !given(fs, needed) {
			return usageError(c.say.line("usage-needed", "--"+needed))
		}
	}
	if *again {
		fs.Visit(func(f *flag.Flag) {
			if f.Name != "again" && f.Name != "json" {
				err = usageError(c.say.line("usage-again", "--"+f.Name))
			}
		})
		if err != nil {
			return err
		}
	}
	switch zone.Access(*access) {
	case zone.Read, zone.Write, zone.Drop:
	default:
		return usageError(c.say.line("usage-grant", "--access "+*access))
	}
	settings, err := config.Read()
	if err == nil {
		err = invitation.Check(settings)
	}
	if err == nil {
		err = account.CheckLanguage(*language)
	}
	if err == nil {
		err = change.CheckDay(spec.Expires, time.Now())
	}
	if err == nil {
		err = change.Prepare()
	}
	if err != nil {
		return err
	}
	var z zone.Details
	if *zoneName != "" && !*again {
		admin, err := zoneAdmin()
		if err != nil {
			return err
		}
		z, err = showOpen(admin, *zoneName)
		admin.Close()
		if err != nil {
			return err
		}
	}
	person, _ := actor(c.getenv)
	if person == "root" {
		person = "" // nobody whom the recipient could know
	}
	answers, err := sponsorFor(name, *sponsor, person)
	if err != nil {
		return err
	}
	if answers != nil {
		person = answers.Name
	}
	d := madeDeed(name)
	if *again {
		d = deed{event: "user-modify", path: "invite-again", user: name}
	} else if spec.Password, err = change.GeneratePassword(); err != nil { // which nobody learns
		return err
	}
	spec.Name, spec.Role = name, account.Role(*role)
	var until time.Time
	err = c.recordHeld(d, []string{name}, func() error {
		if *again {
			var err error
			until, err = invitation.Send(name, z.Name, person, settings, time.Now())
			return err
		}
		uid, err := change.Create(spec, time.Now())
		if err != nil {
			return err
		}
		if answers != nil {
			err = change.SetSponsor(uid, answers.UID)
		}
		if err == nil && *language != "" {
			err = change.SetLanguage(uid, *language)
		}
		if err == nil {
			until, err = invitation.Send(name, z.Name, person, settings, time.Now())
		}
		if err != nil {
			return &halfInvited{key: "invited-not-sent", name: name, mend: "shzadm invite " + name + " --again", error: err}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var report *zone.Report
	if z.Name != "" { // nobody waits for the account meanwhile
		if report, err = c.letIn(z, name, zone.Access(*access)); err != nil {
			return &halfInvited{key: "invited-not-in-zone", name: name, mend: "shzadm zone share " + z.Name + " user:" + name + "=" + *access, error: err}
		}
	}
	u, err := findUser(name)
	if err != nil {
		return err
	}
	if c.json {
		err = c.printJSON(invitedUser{knowOne(u), until, report})
	} else {
		err = c.print(c.say.line("user-invited", name, text(u.Email), moment(&until)))
	}
	if report != nil && !c.json {
		err = errors.Join(err, c.showReport(z.Name, []zone.Member{{Principal: "user:" + name, Access: zone.Access(*access)}}, *report, true))
	}
	if err == nil && report != nil && report.Incomplete() {
		err = errFindings
	}
	return err
}

// halfInvited says what an invitation lacks whose account is made, and by which command one gets it.
type halfInvited struct {
	key, name, mend string
	error
}

func (e *halfInvited) Unwrap() error { return e.error }

// sponsorFor is who answers for whom is invited: who is said to, or who asks, if he is somebody of Share Zone.
func sponsorFor(invited, said, asks string) (*account.Entry, error) {
	names := account.NewNames()
	e, found := names.User(cmp.Or(said, asks))
	if found && e.Name != invited && names.InGroup(e.Name, layout.GroupBase) {
		return &e, nil
	}
	if said != "" {
		return nil, cmp.Or(names.Err(), error(&account.FieldError{Field: "sponsor", Reason: account.BadForm}))
	}
	return nil, nil
}

// letIn gives somebody what he is to have in a zone.
func (c *call) letIn(z zone.Details, user string, access zone.Access) (*zone.Report, error) {
	admin, err := zoneAdmin() // which knows the new account
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	var report zone.Report
	principal := "user:" + user
	err = c.record(onZone("zone-share", principal+"="+string(access), z, z.Name), func() (err error) {
		report, err = admin.Share(z.Name, principal, access)
		return err
	})
	return &report, err
}
