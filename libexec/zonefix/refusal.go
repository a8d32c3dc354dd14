package main

import (
	"errors"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/helper"
	"sharezone/internal/privileged"
	"sharezone/internal/slot"
	"sharezone/internal/zone"
)

// refusals is what each error is to the caller, read from the top: some wrap an errno that stands further down. An error
// that is not here is "internal", and its reason stands in the log alone.
var refusals = []struct {
	err          error
	code, reason string
}{
	{errNotOwner, "not-permitted", ""},
	{slot.ErrTaken, "busy", ""},
	{zone.ErrBusy, "busy", "held"},
	{zone.ErrName, "not-found", "name"},
	{zone.ErrNotThere, "not-found", ""},
	{zone.ErrNotClosed, "not-found", "not-closed"},
	{zone.ErrExists, "exists", ""},
	{zone.ErrExpired, "conflict", "expired"},
	{zone.ErrExchanged, "conflict", ""},
	{zone.ErrPrincipal, "bad-request", "principal"},
	{zone.ErrNoSuchUser, "bad-request", "no-such-user"},
	{zone.ErrNoSuchGroup, "bad-request", "no-such-group"},
	{zone.ErrNotInBase, "bad-request", "not-in-base"},
	{zone.ErrTwice, "bad-request", "twice"},
	{zone.ErrIsOwner, "bad-request", "is-owner"},
	{zone.ErrNotManager, "bad-request", "not-manager"},
	{zone.ErrOwner, "conflict", "owner"},
	{zone.ErrUnlisted, "conflict", "unlisted"},
	{zone.ErrSamePerson, "bad-request", "same-person"},
	{zone.ErrPast, "bad-request", "past"},
	{zone.ErrTooMany, "no-space", "full"},
	{zone.ErrPath, "bad-request", ""},
	{zone.ErrReserved, "not-found", ""},
	{zone.ErrNotOurs, "not-permitted", "foreign"},
	{zone.ErrNotYours, "not-permitted", "not-yours"},
	{zone.ErrLinked, "conflict", "linked"},
	{zone.ErrNoFolder, "bad-request", "no-folder"},
	{zone.ErrBaseNotReady, "internal", ""},
	{acl.ErrUnsupported, "conflict", "no-acl"},
	{unix.ENOENT, "not-found", ""},
	{unix.ENOTDIR, "not-found", ""},
	{unix.EACCES, "not-permitted", ""},
	{unix.EPERM, "not-permitted", ""}, // immutable
	{unix.ELOOP, "not-permitted", ""}, // a symbolic link on the way
	{unix.EXDEV, "not-permitted", "mount"},
	{unix.EROFS, "locked", "read-only"},
	{unix.EEXIST, "exists", ""},
	{unix.ENOTEMPTY, "conflict", ""},
	{unix.ENAMETOOLONG, "bad-request", ""},
	{unix.EBUSY, "busy", ""}, // a mount in what is to go
	{unix.EAGAIN, "busy", ""},
	{unix.EMFILE, "busy", ""},
	{unix.ENFILE, "busy", ""},
	{unix.ENOMEM, "busy", ""},
	{unix.ENOSPC, "no-space", ""},
	{unix.EDQUOT, "quota", ""},
}

// refusalOf is the reply that an error becomes.
func refusalOf(err error) helper.ZonefixReply {
	var late *zone.ExpiryError
	var value zone.ValueError
	var damaged *account.RegisterError
	var settings *config.Error
	var out *zone.PutsOutError
	var gains *zone.GainsError
	switch {
	case errors.As(err, &out):
		return helper.ZonefixReply{Error: "conflict", Reason: "puts-out", Standing: out.Members, Still: out.Gains}
	case errors.As(err, &gains):
		return helper.ZonefixReply{Error: "conflict", Reason: "gains", Still: gains.Still}
	case errors.As(err, &damaged), errors.As(err, &settings):
		return helper.ZonefixReply{Error: "internal"}
	case errors.As(err, &late):
		return helper.ZonefixReply{Error: "bad-request", Reason: "too-late", Latest: late.Latest}
	case errors.As(err, &value):
		return helper.ZonefixReply{Error: "bad-request", Reason: "value", Attr: value.Attr, Why: string(value.Reason)}
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return helper.ZonefixReply{Error: r.code, Reason: r.reason}
		}
	}
	return helper.ZonefixReply{Error: "internal"}
}

// refuse ends the process with the reply for an error.
func (w *work) refuse(err error) (helper.ZonefixReply, int) {
	privileged.Log("zonefix", w.what()+" by "+w.caller.Name, err)
	out := refusalOf(err)
	if out.Error == "internal" {
		return out, privileged.ExitInternal
	}
	return out, privileged.ExitRefused
}
