package main

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/admission"
	"sharezone/internal/factor"
	"sharezone/internal/farewell"
	"sharezone/internal/helper"
	"sharezone/internal/invitation"
	"sharezone/internal/layout"
	"sharezone/internal/privileged"
	"sharezone/internal/signup"
	"sharezone/internal/slot"
	"sharezone/internal/token"
	"sharezone/internal/verification"
	"sharezone/internal/zone"
)

// refusals is what each error is to the caller, read from the top. An error that is not here is "internal", and its reason
// stands in the log alone.
var refusals = []struct {
	err          error
	code, reason string
}{
	{slot.ErrTaken, "busy", ""},
	{change.ErrBusy, "busy", ""},
	{change.ErrInUse, "busy", "in-use"},
	{errNoSession, "not-found", ""},
	{change.ErrLocked, "conflict", "locked"},
	{invitation.ErrOff, "conflict", "no-mail"},
	{invitation.ErrNot, "conflict", "not-invited"},
	{verification.ErrNot, "conflict", "not-verified"},
	{token.ErrBusy, "busy", ""},
	{token.ErrSoon, "busy", "soon"},
	{token.ErrDay, "busy", "today"},
	{zone.ErrName, "bad-request", "no-zone"},
	{zone.ErrNotThere, "bad-request", "no-zone"},
	{signup.ErrGone, "conflict", "signup-gone"},
	{signup.ErrBusy, "busy", ""},
	{errNotInviting, "not-permitted", "no-inviting"},
	{errRole, "not-permitted", "base-only"},
	{errMonth, "not-permitted", "month"},
	{errZoneHeld, "busy", "zone-held"},
	{errNotOwner, "not-permitted", "not-owner"},
	{errChanged, "conflict", "changed"},
	{errSelf, "not-permitted", "self"},
	{errSelfPassword, "not-permitted", "self-password"},
	{errSelfFactor, "not-permitted", "self-factor"},
	{errSelfDelete, "not-permitted", "self-delete"},
	{errPrivileged, "not-permitted", "privileged"},
	{change.ErrSystemAccount, "not-permitted", "system"},
	{change.ErrNoAccount, "not-found", "no-user"},
	{change.ErrNoGroup, "not-found", "no-group"},
	{change.ErrNotEnabled, "conflict", "not-enabled"},
	{change.ErrPasswordless, "conflict", "passwordless"},
	{factor.ErrNone, "conflict", "no-factor"},
	{change.ErrNoUIDs, "no-space", "no-uids"},
	{farewell.ErrIncomplete, "conflict", "incomplete"},
	{zone.ErrNoSuchUser, "bad-request", "no-heir"},
	{zone.ErrNotInBase, "bad-request", "no-heir"},
	{zone.ErrNotManager, "bad-request", "not-manager"},
	{zone.ErrSamePerson, "bad-request", "same-person"},
	{zone.ErrBusy, "busy", "zone-busy"},
	{unix.EROFS, "locked", ""},
	{unix.EMFILE, "busy", ""},
	{unix.ENFILE, "busy", ""},
	{unix.ENOMEM, "busy", ""},
	{unix.ENOSPC, "no-space", ""},
	{unix.EDQUOT, "quota", ""},
}

// refusalOf is the reply that an error becomes.
func refusalOf(err error) helper.AccountReply {
	var field *account.FieldError
	var exists *change.ExistsError
	var leftover *change.LeftoverError
	var notOurs *change.NotOursError
	var owner *farewell.OwnerError
	var half *halfError
	var begun *admission.BegunError
	switch {
	case errors.As(err, &begun):
		return helper.AccountReply{Error: "conflict", Reason: "signup-begun", Field: "username", Why: begun.Name}
	case errors.As(err, &half):
		return helper.AccountReply{Error: refusalOf(half.error).Error, Reason: half.missing}
	case errors.As(err, &leftover):
		return helper.AccountReply{Error: "internal", Reason: "leftover"}
	case errors.As(err, &field):
		return helper.AccountReply{Error: "bad-request", Reason: "field", Field: field.Field, Why: string(field.Reason)}
	case errors.As(err, &exists):
		return helper.AccountReply{Error: "exists", Reason: exists.Kind}
	case errors.As(err, &notOurs):
		return helper.AccountReply{Error: "not-permitted", Reason: "not-ours"}
	case errors.As(err, &owner):
		return helper.AccountReply{Error: "conflict", Reason: "owns-zones", Owns: names(owner.Zones)}
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return helper.AccountReply{Error: r.code, Reason: r.reason}
		}
	}
	return helper.AccountReply{Error: "internal"}
}

// refuse is the reply for an error. What had been done before it is told too.
func (w *work) refuse(err error) (helper.AccountReply, int) {
	privileged.Log(program, w.what(), err)
	out := refusalOf(err)
	out.Deeds, out.Goodbye, out.Password, out.Declined, out.Changed = w.out.Deeds, w.out.Goodbye, w.out.Password, w.out.Declined, w.out.Changed
	out.Partly = w.did || errors.As(err, new(*change.PartlyError))
	if out.Error == "internal" {
		return out, privileged.ExitInternal
	}
	return out, privileged.ExitRefused
}

// names are those of zones, or of what lies in them, by their paths: the machine's are nobody's business.
func names(paths []string) []string {
	own := make([]string, len(paths))
	for i, p := range paths {
		own[i] = strings.TrimPrefix(strings.TrimPrefix(p, layout.Closed+"/"), layout.Base+"/")
	}
	return own
}
