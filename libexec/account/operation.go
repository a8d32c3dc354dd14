package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/attempt"
	"sharezone/internal/config"
	"sharezone/internal/factor"
	"sharezone/internal/farewell"
	"sharezone/internal/helper"
	"sharezone/internal/invitation"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
	"sharezone/internal/secret"
	"sharezone/internal/session"
	"sharezone/internal/zone"
	"sharezone/notify/queue"
)

// operation is one row of the table.
type operation struct {
	changes  bool  // one at a time for each account, and noted
	makes    bool  // what it is about does not exist yet
	newGroup bool  // it is a group
	nobody   bool  // it is about nobody who has an account
	notSelf  error // what says that nobody does it to himself
	manager  bool  // managers may ask for it too
	run      func(*work) error
}

// operations is what can be asked for.
var operations = map[string]operation{
	"search":       {run: search},
	"show":         {run: show},
	"made":         {run: made},
	"create":       {changes: true, makes: true, run: create},
	"invite":       {changes: true, makes: true, manager: true, run: invite},
	"invite-again": {changes: true, run: inviteAgain},
	"modify":       {changes: true, run: modify},
	"verify":       {changes: true, run: verify},
	"lock":         {changes: true, notSelf: errSelf, run: lock},
	"unlock":       {changes: true, run: unlock},
	"forgive":      {changes: true, run: forgive},
	"drop-factor":  {changes: true, notSelf: errSelfFactor, run: dropFactor},
	"delete":       {changes: true, notSelf: errSelfDelete, run: remove},
	"password":     {changes: true, notSelf: errSelfPassword, run: password},
	"sessions":     {run: sessions},
	"end-session":  {run: endSession},
	"member":       {changes: true, run: member},
	"create-group": {changes: true, makes: true, newGroup: true, run: createGroup},

	"signups":        {run: signups},
	"signup-confirm": {changes: true, makes: true, run: confirmSignup},
	"signup-decline": {changes: true, makes: true, nobody: true, run: declineSignup},
}

// search returns a part of those who meet the criteria.
func search(w *work) error {
	find := account.Criteria{}
	if w.Find != nil {
		find = *w.Find
	}
	found, total, err := w.names.Find(find, w.shadow, w.now, w.Offset, w.Limit)
	if err != nil {
		return err
	}
	w.out.Total = total
	if err := signups(w); err != nil { // who looks for somebody finds him all the same
		privileged.Log(program, "requests for accounts", err)
	}
	w.out.Asking, w.out.Signups = len(w.out.Signups), nil
	w.out.Users, err = w.known(found)
	return err
}

// known adds what takes a look at each, for those who are shown.
func (w *work) known(users []account.User) ([]helper.KnownUser, error) {
	addShut(users)
	if err := errors.Join(account.AddLogins(users), w.names.AddSponsors(users, w.shadow, w.now)); err != nil {
		return nil, err
	}
	people := make([]account.Entry, 0, len(users))
	for _, u := range users {
		e, _ := w.names.User(u.Name)
		people = append(people, e)
	}
	ids, err := w.names.GroupIDs(people)
	if err != nil {
		return nil, err
	}
	known := make([]helper.KnownUser, len(users))
	for i, u := range users {
		known[i].User, known[i].Passwordless = u, w.shadow.NeverHadPassword(u.Name)
		state, err := factor.Installed().Look(factor.Person{Name: u.Name, UID: u.UID})
		if err != nil { // he cannot log in: an administrator finds him, and takes it off
			privileged.Log(program, "second factor of "+u.Name, err)
			state.Enrolled = true
		}
		known[i].SecondFactor = state.Enrolled
		if barred := w.whose(people[i], ids[u.Name]); barred != nil {
			known[i].Barred = refusalOf(barred).Reason
		}
	}
	return known, nil
}

// addShut says who is shut out from which addresses. Without settings that can be read nobody gets in at all, and it is not known; nor is it of
// whom it cannot be read. Nothing fails by that: who is looked for is found, and an account that was made is shown with its password.
func addShut(users []account.User) {
	settings, err := config.Read()
	if err == nil {
		err = attempt.AddShut(users, attempt.LimitsOf(settings.Login))
	}
	if err != nil {
		privileged.Log(program, "who is shut out", err)
	}
}

// show returns one user with his invitation and sessions, and the zones that are his or that have him in their lists.
func show(w *work) error {
	if err := w.showUser(); err != nil {
		return err
	}
	u := w.out.User.User
	sessions, err := session.List()
	if err != nil {
		return err
	}
	if u.MustChange != nil && *u.MustChange {
		if w.out.Invited, err = invitation.Pending(u); err != nil {
			return err
		}
		if w.out.Invited != nil {
			w.out.Waits, w.out.Refused = mailOf(u, queue.Queue(layout.Queue))
		}
	}
	for _, s := range sessions {
		if s.Err == nil && s.Record.UID == u.UID {
			w.out.Sessions = append(w.out.Sessions, helper.NewSession(s, w.now))
		}
	}
	admin, err := w.admin()
	if err != nil {
		return err
	}
	defer admin.Close()
	zones, err := admin.List()
	if err != nil && len(zones) == 0 {
		return err
	}
	for _, z := range zones {
		if access := accessBy(z, u); access != zone.None {
			w.out.Zones = append(w.out.Zones, helper.UserZone{Name: z.Name, Access: access, State: z.State})
		}
	}
	return nil
}

// lookedAt bounds how many messages are read for a page: where more wait the mail server is away, and doctor says so.
const lookedAt = 1000

// mailOf says whether the mail with somebody's invitation was tried in vain, or else why the last one that came to an end was put aside. What
// cannot be read is told where the queue is looked at.
func mailOf(u account.User, messages queue.Queue) (waits bool, refused string) {
	newest := func(folder string) (newest queue.Message) {
		ids, err := messages.List(folder)
		if err != nil {
			privileged.Log(program, "messages", err)
		}
		for _, id := range ids[max(0, len(ids)-lookedAt):] {
			m, err := messages.Read(folder, id)
			if err == nil && m.Kind == queue.Invite && m.UID == u.UID && m.User == u.Name {
				newest = m
			}
		}
		return newest
	}
	m := newest(queue.Waiting)
	switch aside := newest(queue.Failed); {
	case m.ID != "": // another one is on its way
		return m.Reason != "", ""
	default:
		return false, aside.Reason
	}
}

// accessBy is what a zone's list gives somebody, by his name or one of his groups.
func accessBy(z zone.Details, u account.User) zone.Access {
	if z.Owner == u.Name {
		return zone.Own
	}
	best := zone.None
	if len(u.Roles) == 0 || z.State != zone.StateOpen {
		return best
	}
	for _, m := range z.Members {
		group, isGroup := cutPrincipal(m.Principal)
		if m.Principal != "user:"+u.Name && !(isGroup && slices.Contains(u.Groups, group)) {
			continue
		}
		if m.Principal == "user:"+u.Name {
			return m.Access // the kernel takes his own entry, whatever his groups have
		}
		if cmp.Compare(rank[m.Access], rank[best]) > 0 {
			best = m.Access
		}
	}
	return best
}

// rank orders what can be given.
var rank = map[zone.Access]int{zone.Drop: 1, zone.Read: 2, zone.Write: 3}

func cutPrincipal(principal string) (group string, is bool) {
	const prefix = "group:"
	if len(principal) > len(prefix) && principal[:len(prefix)] == prefix {
		return principal[len(prefix):], true
	}
	return "", false
}

// showUser returns the user as he is now; changes end with it.
func (w *work) showUser() error {
	var err error
	w.names = w.names.Fresh()
	if w.shadow, err = w.shadow.Fresh(); err != nil {
		return err
	}
	u, found := w.names.FindUser(w.Username, w.shadow, w.now)
	if err := w.names.Err(); err != nil {
		return err
	}
	if !found {
		return change.ErrNoAccount
	}
	if w.register, err = account.ReadRegister(); err != nil {
		return err
	}
	known, err := w.known([]account.User{u})
	if err == nil {
		w.out.User = &known[0]
	}
	return err
}

func (w *work) admin() (*zone.Admin, error) {
	return zone.NewAdmin(layout.Base, w.names, w.register)
}

func create(w *work) error {
	password, err := w.make()
	if w.did {
		w.out.Password = password
	}
	if err != nil {
		return err
	}
	return w.showMade()
}

// showMade is showUser of a new account.
func (w *work) showMade() error {
	err := w.showUser()
	if err == nil {
		w.out.Changed = account.Differences(account.User{}, w.out.User.User)
	}
	return err
}

// make makes the account with a password that is to be changed.
func (w *work) make() (password string, err error) {
	if password, err = change.GeneratePassword(); err != nil {
		return "", err
	}
	spec := change.Spec{
		Name: w.Username, Role: account.RoleBase, Expires: said(w.Expires), Password: password, MustChange: true,
		Contact: account.Contact{FullName: said(w.FullName), Company: said(w.Company), Phone: said(w.Phone), Mobile: said(w.Mobile), Email: said(w.Email)},
	}
	if w.Role != nil {
		spec.Role = account.Role(*w.Role)
	}
	if err := account.CheckLanguage(said(w.Language)); err != nil {
		return "", err
	}
	if err := w.checkChannel(); err != nil {
		return "", err
	}
	uid, err := change.Create(spec, w.now)
	if err != nil {
		return "", err
	}
	w.did = true
	if said(w.Language) != "" {
		err = change.SetLanguage(uid, *w.Language)
	}
	if said(w.Channel) != "" {
		err = errors.Join(err, change.SetChannel(uid, *w.Channel))
	}
	return password, err
}

func modify(w *work) error {
	if err := w.showUser(); err != nil {
		return err
	}
	before := w.out.User.User
	err := w.modify(before)
	if w.did {
		err = errors.Join(err, w.showUser())
		w.out.Changed = account.Differences(before, w.out.User.User)
	}
	if err == nil && said(w.Role) == string(account.RoleBase) {
		w.out.Left, err = w.owned()
	}
	return err
}

// owned are the zones of whom the request is about.
func (w *work) owned() ([]string, error) {
	admin, err := w.admin()
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	zones, err := admin.Owned(w.out.User.UID)
	var owned []string
	for _, z := range zones {
		owned = append(owned, z.Name)
	}
	return owned, err
}

func (w *work) modify(before account.User) error {
	to := change.Changes{
		FullName: w.FullName, Company: w.Company, Phone: w.Phone, Mobile: w.Mobile, Email: w.Email, Expires: w.Expires,
		Role: (*account.Role)(w.Role), Sponsor: w.Sponsor,
	}
	if w.Seen != "" && helper.Stamp(before) != w.Seen {
		return errChanged
	}
	if err := account.CheckLanguage(said(w.Language)); err != nil {
		return err
	}
	if err := w.checkChannel(); err != nil {
		return err
	}
	var sent error
	if to != (change.Changes{}) {
		if sent = w.changeInvited(to); sent != nil && !w.did {
			return sent
		}
	}
	if w.Language != nil {
		if err := w.chooseLanguage(); err != nil {
			return errors.Join(sent, err)
		}
	}
	if w.Channel != nil {
		if err := w.chooseChannel(); err != nil {
			return errors.Join(sent, err)
		}
	}
	return sent
}

// changeInvited changes somebody; where that makes the link of an invitation void, another one goes out, to the address that holds now.
func (w *work) changeInvited(to change.Changes) error {
	before, err := invitation.Pending(w.out.User.User)
	if err != nil {
		return err
	}
	err = change.Modify(w.Username, to)
	w.did = err == nil || errors.As(err, new(*change.PartlyError))
	if err != nil {
		return err
	}
	if before == nil {
		return nil
	}
	if err := w.showUser(); err != nil {
		return err
	}
	if after, err := invitation.Pending(w.out.User.User); err != nil || after != nil {
		return err
	}
	settings, err := config.Read()
	if err == nil {
		err = w.sendInvitation(settings)
	}
	return half("not-sent", err)
}

// checkChannel refuses short messages to somebody without a number for them; it may be the one that is given with it.
func (w *work) checkChannel() error {
	if err := account.CheckChannel(said(w.Channel)); err != nil || !account.Channel(said(w.Channel)).NeedsNumber() {
		return err
	}
	settings, err := config.Read()
	if err != nil {
		return err
	}
	number := said(w.Mobile)
	if e, found := w.names.User(w.Username); found && w.Mobile == nil {
		number = account.ParseGECOS(e.GECOS).Mobile
	}
	if settings.SMS.Number(number) == "" {
		return &account.FieldError{Field: "channel", Reason: account.NoNumber}
	}
	return nil
}

func (w *work) chooseChannel() error {
	e, found := w.names.User(w.Username)
	if !found {
		return change.ErrNoAccount
	}
	if err := change.SetChannel(e.UID, *w.Channel); err != nil {
		return err
	}
	w.did = true
	return nil
}

func (w *work) chooseLanguage() error {
	e, found := w.names.User(w.Username)
	if !found {
		return change.ErrNoAccount
	}
	if err := change.SetLanguage(e.UID, *w.Language); err != nil {
		return err
	}
	w.did = true
	return nil
}

// lock also ends his sessions: they are worth nothing any more, and removed they are not listed either.
func lock(w *work) error {
	if err := change.Lock(w.Username); err != nil {
		return err
	}
	w.did = true
	if err := w.showUser(); err != nil {
		return err
	}
	_, err := farewell.EndSessions(w.out.User.UID, w.record)
	return err
}

// password makes another one, by which his sessions end.
func password(w *work) error {
	made, err := change.GeneratePassword()
	if err != nil {
		return err
	}
	err = change.Reset(w.Username, made)
	if err == nil || errors.As(err, new(*change.PartlyError)) { // also then it is the password, and nobody else knows it
		w.did, w.out.Password = true, made
	}
	if err != nil {
		return err
	}
	if err := w.showUser(); err != nil {
		return err
	}
	if err := w.mail(made); err != nil {
		privileged.Log(program, "password not sent", err) // so it is shown
	}
	_, err = farewell.EndSessions(w.out.User.UID, w.record)
	return err
}

// mailTime is for how long a password waits for the mail server.
const mailTime = 7 * 24 * time.Hour

// mail has the password that was made sent, where the settings want that and there is somebody to send it to.
func (w *work) mail(password string) error {
	settings, err := config.Read()
	if err != nil {
		return err
	}
	u := w.out.User.User
	if settings.Login.Reset != "mail" || settings.Mail.Host == "" || u.Email == nil {
		return nil
	}
	spool, found := w.names.GroupID(layout.UserSpool)
	if !found {
		return errors.New("no group " + layout.UserSpool)
	}
	s := secret.Secret{Kind: secret.Reset, User: u.Name, UID: u.UID, Text: password, Expires: w.now.Add(mailTime).UTC()}
	if err := secret.HandOver(layout.Secrets, secret.NewID(), spool, s); err != nil {
		return err
	}
	w.out.Password, w.out.Sent = "", *u.Email
	return nil
}

// sessions are everybody's, or those of a user.
func sessions(w *work) error {
	all, err := session.List()
	if err != nil {
		return err
	}
	for _, s := range all {
		if w.Username == "" || s.Err == nil && s.Record.User == w.Username {
			w.out.Sessions = append(w.out.Sessions, helper.NewSession(s, w.now))
		}
	}
	return nil
}

// endSession ends one, of anybody: the account stays as it is, and its owner logs in again.
func endSession(w *work) error {
	all, err := session.List()
	if err != nil {
		return err
	}
	for _, s := range all {
		if len(w.Session) == helper.SessionDigits && session.ValidFileName(s.Name) && strings.HasPrefix(s.Name, w.Session) {
			privileged.Note(program, fmt.Sprintf("end-session of %q by %s", s.Record.User, w.caller.Name)) // "": the file is damaged
			return session.End(s.Name)
		}
	}
	return errNoSession
}

func unlock(w *work) error {
	if err := change.Unlock(w.Username); err != nil {
		return err
	}
	w.did = true
	return w.showUser()
}

// forgive forgets refused logins alone: a lock that somebody puts on meanwhile stays.
func forgive(w *work) error {
	if err := change.Forgive(w.Username); err != nil {
		return err
	}
	w.did = true
	return w.showUser()
}

// dropFactor takes off the second factor of somebody who has lost his phone. One's own one turns off with the password.
func dropFactor(w *work) error {
	if err := change.DropFactor(w.Username); err != nil {
		return err
	}
	w.did = true
	return w.showUser()
}

func remove(w *work) error {
	admin, err := w.admin()
	if err != nil {
		return err
	}
	defer admin.Close()
	admin.Progress = w.progress
	f, err := farewell.New(admin, w.Username, w.To)
	if err != nil {
		return err
	}
	f.Record = w.record
	result, err := f.Say(w.now)
	result.Zones = names(result.Zones)
	for i, s := range result.Skipped {
		result.Skipped[i].Path = names([]string{s.Path})[0]
	}
	w.out.Goodbye = (*helper.Goodbye)(&result)
	return err
}

func member(w *work) error {
	if err := change.SetMember(w.Group, w.Username, w.Member); err != nil {
		return err
	}
	w.did = true
	return w.showUser()
}

func createGroup(w *work) error {
	_, err := change.CreateGroup(w.Group, w.now)
	return err
}

// record keeps an act for the component, which tells of it: its event file has who, when and from where.
func (w *work) record(d farewell.Deed, do func() error) error {
	err := do()
	result := "ok"
	if err != nil {
		result = refusalOf(err).Error
	}
	w.out.Deeds = append(w.out.Deeds, helper.Deed{Event: d.Event, Path: d.Path, User: d.User, Zone: d.Zone.Name, ZoneID: d.Zone.ID, Dir: d.Zone.Dir, Result: result})
	return err
}

func said(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
