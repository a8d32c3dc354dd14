package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	accounts "sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/config"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/lessmail"
	"sharezone/internal/syslog"
	"sharezone/internal/token"
	"sharezone/internal/verification"
	"sharezone/internal/zone"
)

// ownAccount is what somebody is told of himself: the part of shadow(5) that is about him, and his own file.
func ownAccount(_ request, who caller) (reply, error) {
	names := accounts.NewNames()
	shadow, err := accounts.ReadShadow()
	if err != nil {
		return reply{}, err
	}
	u, found := names.FindUser(who.name, shadow, time.Now())
	if err := names.Err(); err != nil {
		return reply{}, err
	}
	if !found || u.UID != who.account.uid {
		return reply{}, &told{"refused", who.name + " is somebody else by now"}
	}
	users := []accounts.User{u}
	if err := accounts.AddLogins(users); err != nil {
		return reply{}, err
	}
	chosen, err := accounts.ReadPreferences(who.account.uid)
	if err != nil {
		return reply{}, err
	}
	own := helper.OwnAccount{User: users[0], Often: chosen.OftenFor(""), Notices: chosen.Notices}
	if own.Notices == nil {
		own.Notices = map[string]accounts.ZoneNotices{}
	}
	if own.EmailPending, err = verification.Pending(u, shadow); err != nil && !errors.Is(err, token.ErrBusy) { // the page is there without it
		return reply{}, err
	}
	if settings, err := config.Read(); err == nil {
		own.EmailOwn = checkOwnAddress(who.account, settings) == nil
	}
	own.PasswordSet, _ = shadow.PasswordDays(who.name)
	return reply{Account: &own}, nil
}

// chooseLanguage writes down which language the caller wants; "" is none.
func chooseLanguage(q request, who caller) (reply, error) {
	if err := accounts.CheckLanguage(q.Language); err != nil {
		return reply{}, &told{"refused", err.Error()}
	}
	return reply{}, change.SetLanguage(who.account.uid, q.Language)
}

// chooseMessages writes down how often the caller wants to be told of what others do, and by what.
func chooseMessages(q request, who caller) (reply, error) {
	err := change.SetMessages(who.account.uid, accounts.Often(q.Often), accounts.Channel(q.Channel))
	if field := new(accounts.FieldError); errors.As(err, &field) {
		return reply{}, &told{"refused", err.Error()}
	}
	return reply{}, err
}

// chooseNotices changes how often the caller is told of a zone for which he has chosen before: by the link in a mail.
func chooseNotices(q request, who caller) (reply, error) {
	chosen, err := accounts.ReadPreferences(who.account.uid)
	if err != nil {
		return reply{}, err
	}
	z, there := chosen.Notices[q.ZoneID]
	if z.Often = accounts.Often(q.Often); !there || !slices.Contains(accounts.Oftens, z.Often) {
		return reply{}, &told{"refused", "no choice, or not for this zone"}
	}
	now, err := change.SetNotices(who.account.uid, q.ZoneID, z, false, presentZones)
	return reply{Zone: z.Zone, Often: now}, err
}

// presentZones are the ids of all zones there are, open and closed.
func presentZones() (map[string]bool, error) {
	admin, err := zone.NewAdmin(layout.Base, accounts.NewNames(), accounts.Register{})
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	all, unseen, err := admin.Identities()
	if len(unseen) > 0 { // it may be any of those that are not found
		err = unseen[0].Err
	}
	ids := make(map[string]bool, len(all))
	for _, z := range all {
		ids[z.ID] = true
	}
	return ids, err
}

// lessMail tells whoever has the link of a mail how often its recipient is told of the zone, and reduces that. The link is all
// that he shows, so it can do nothing else; whoever got hold of a mail can keep its recipient from the next ones, who sees it in
// his account.
func lessMail(q request, _ caller) (reply, error) {
	names := accounts.NewNames()
	worker, found := names.User(layout.UserSpool)
	if !found {
		return reply{}, errors.Join(fmt.Errorf("there is no user %s", layout.UserSpool), names.Err())
	}
	// 1. Refuse if the link was not signed by the worker.
	key, err := lessmail.ReadKey(lessmail.KeyFile, worker.UID)
	if errors.Is(err, fs.ErrNotExist) {
		return reply{}, &told{"refused", "no link was ever signed"}
	}
	if err != nil {
		return reply{}, err
	}
	link, err := key.Open(q.Token)
	if err != nil {
		return reply{}, &told{"refused", err.Error()}
	}
	// 2. Refuse if there is no such person any more.
	person, found := names.UserByUID(link.UID)
	if err := names.Err(); err != nil {
		return reply{}, err
	}
	if !found || link.UID == 0 || !names.InGroup(person.Name, layout.GroupBase) {
		return reply{}, &told{"refused", "the recipient is gone"}
	}
	// 3. Refuse if it is no choice.
	often := accounts.Often(q.Often)
	if often == "" {
		chosen, err := accounts.ReadPreferences(link.UID)
		return reply{Zone: link.Zone, Often: chosen.OftenFor(link.ZoneID)}, err
	}
	if !slices.Contains(accounts.Oftens, often) {
		return reply{}, &told{"refused", "no choice"}
	}
	chosen, err := accounts.ReadPreferences(link.UID)
	if err != nil {
		return reply{}, err
	}
	before := chosen.OftenFor(link.ZoneID)
	now, err := change.SetNotices(link.UID, link.ZoneID, accounts.ZoneNotices{Zone: link.Zone, Often: often}, true, presentZones)
	if accounts.IsFull(err) {
		return reply{}, &told{"full", err.Error()}
	}
	if field := new(accounts.FieldError); errors.As(err, &field) {
		return reply{}, &told{"refused", err.Error()}
	}
	if err == nil && now != before { // without a login, so there is no other trace of it
		syslog.Write(syslog.AuthprivNotice, fmt.Sprintf("sharezone auth: by the link in a mail uid %d is told of zone %q %s, no longer %s", link.UID, link.ZoneID, now, before))
	}
	return reply{Zone: link.Zone, Often: now}, err
}
