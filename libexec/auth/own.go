package main

import (
	"time"

	accounts "sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/helper"
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
	own := helper.OwnAccount{User: users[0]}
	own.PasswordSet, own.PasswordDue = shadow.PasswordDays(who.name)
	return reply{Account: &own}, nil
}

// chooseLanguage writes down which language the caller wants; "" is none.
func chooseLanguage(q request, who caller) (reply, error) {
	if err := accounts.CheckLanguage(q.Language); err != nil {
		return reply{}, &told{"refused", err.Error()}
	}
	return reply{}, change.SetLanguage(who.account.uid, q.Language)
}
