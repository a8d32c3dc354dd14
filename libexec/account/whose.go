package main

import (
	"errors"
	"fmt"
	"slices"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/layout"
)

var (
	errPrivileged   = errors.New("the account is in a group of the system")
	errSelf         = errors.New("nobody does this to himself")
	errSelfPassword = errors.New("nobody gives himself a password here")
	errSelfFactor   = errors.New("nobody takes his own second factor off here")
	errSelfDelete   = errors.New("nobody deletes himself")
	errNoSession    = errors.New("there is no such session")
	errChanged      = errors.New("somebody changed the account since it was looked at")
)

// ownGroups are the groups of the system that Share Zone's own accounts are in.
var ownGroups = []string{layout.GroupBase, layout.GroupManager, layout.GroupAdmin, layout.GroupOnly}

// checkOurs returns nil for an account that an administrator of Share Zone may change.
func (w *work) checkOurs() error {
	e, found := w.names.User(w.Username)
	if err := w.names.Err(); err != nil { // "not found" is only believed of a name service that answered
		return err
	}
	if !found {
		return fmt.Errorf("%s: %w", w.Username, change.ErrNoAccount)
	}
	ids, err := w.names.GroupIDs([]account.Entry{e})
	if err != nil {
		return err
	}
	return w.whose(e, ids[e.Name])
}

// whose says why an account is none of ours: by its number, by what made it, by its groups. sudo, adm, docker, disk and the
// like have numbers below those of people; one that a site made itself is a person's group to it, and to us.
func (w *work) whose(e account.Entry, groups []uint32) error {
	_, given := w.register.Names[e.UID]
	switch {
	case e.UID < layout.MinUID || e.UID == layout.NobodyUID:
		return fmt.Errorf("%s: %w", e.Name, change.ErrSystemAccount)
	case !given || !w.names.InGroup(e.Name, layout.GroupOnly):
		return &change.NotOursError{Name: e.Name, Act: "change"}
	}
	for _, gid := range groups {
		if gid >= layout.MinUID && gid != layout.NobodyUID {
			continue
		}
		if name, _ := w.names.GroupName(gid); !slices.Contains(ownGroups, name) {
			return fmt.Errorf("%s: %w: %d %s", e.Name, errPrivileged, gid, name)
		}
	}
	return nil
}

// checkSelf refuses what would take from the caller himself what he is doing this with.
func (w *work) checkSelf(op operation) error {
	uid, _ := w.names.UserID(w.Username)
	if w.caller.Root || uid != w.caller.UID {
		return nil
	}
	err := op.notSelf
	if err == nil && (w.Role != nil || w.Expires != nil) {
		err = errSelf
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", w.Username, err)
}
