package main

import (
	"cmp"
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/account/change"
	"sharezone/internal/admission"
	"sharezone/internal/announcement"
	"sharezone/internal/config"
	"sharezone/internal/factor"
	"sharezone/internal/farewell"
	"sharezone/internal/invitation"
	"sharezone/internal/layout"
	"sharezone/internal/signup"
	"sharezone/internal/verification"
	"sharezone/internal/zone"
)

// refusals is the table of errors that have one sentence each. Its %s is what was refused, mostly a name.
var refusals = []struct {
	err error
	key string
}{
	{errNotRoot, "not-root"},
	{errNoPassword, "no-password"},
	{errNoUser, "no-user"},
	{errNotShown, "not-shown"},
	{invitation.ErrOff, "invitations-off"},
	{invitation.ErrNot, "not-invited"},
	{verification.ErrNot, "not-verified"},
	{signup.ErrGone, "signup-gone"},
	{signup.ErrBusy, "busy"},
	{errNoSession, "no-session"},
	{errNoMessage, "no-message"},
	{errTwoMessages, "two-messages"},
	{errSending, "sending"},
	{errDamaged, "damaged-message"},
	{errTwoSessions, "two-sessions"},
	{errNoID, "no-id"},
	{farewell.ErrIncomplete, "incomplete"},
	{change.ErrNoAccount, "no-user"},
	{change.ErrNoGroup, "no-group"},
	{change.ErrMembers, "group-members"},
	{change.ErrSystemAccount, "system-account"},
	{change.ErrOwnAccount, "own-account"},
	{change.ErrEnabled, "enabled"},
	{change.ErrNotEnabled, "not-enabled"},
	{change.ErrLoginName, "login-name"},
	{change.ErrPasswordless, "passwordless"},
	{factor.ErrNone, "no-factor"},
	{change.ErrInUse, "in-use"},
	{change.ErrBusy, "busy"},
	{change.ErrNoUIDs, "no-uids"},
	{change.ErrLimits, "limits"},
	{zone.ErrName, "zone-name"},
	{zone.ErrExists, "zone-exists"},
	{errClosed, "closed-zone"},
	{zone.ErrNotThere, "no-zone"},
	{zone.ErrNotManager, "not-manager"},
	{zone.ErrOwner, "owner-wrong"},
	{zone.ErrPrincipal, "principal"},
	{zone.ErrNoSuchUser, "no-user"},
	{zone.ErrNoSuchGroup, "no-group"},
	{zone.ErrNotInBase, "not-in-base"},
	{zone.ErrTwice, "named-twice"},
	{zone.ErrIsOwner, "is-owner"},
	{zone.ErrTooMany, "too-many"},
	{zone.ErrPast, "past"},
	{zone.ErrNotClosed, "not-closed"},
	{zone.ErrExpired, "expired"},
	{zone.ErrSamePerson, "same-person"},
	{zone.ErrBaseNotReady, "no-base"},
	{errNoObject, "no-object"},
	{errNoPath, "no-path"},
	{errLinkOnWay, "link-on-way"},
	{errMovedOnWay, "moved"},
	{zone.ErrPlainZone, "plain-zone"},
	{zone.ErrOtherMount, "zone-mount"},
	{zone.ErrBusy, "zone-busy"},
	{zone.ErrPath, "zone-path"},
	{zone.ErrReserved, "reserved-name"},
	{zone.ErrLinked, "linked"},
	{zone.ErrExchanged, "exchanged"},
	{zone.ErrNotOurs, "foreign"},
	{errNoFolder, "no-folder"},
	{announcement.ErrText, "announce-text"},
	{errNotAllowed, "not-allowed"},
	{errInTheWay, "in-the-way"},
}

// explain says an error in the user's language; what only the machine has words for stays as it is.
func explain(err error, say texts) string {
	var field *account.FieldError
	var value zone.ValueError
	var exists *change.ExistsError
	var leftover *change.LeftoverError
	var tool *change.ToolError
	var notOurs *change.NotOursError
	var owner *farewell.OwnerError
	var shared *sharedError
	var settings *config.Error
	var late *zone.ExpiryError
	var half *halfInvited
	var out *zone.PutsOutError
	var gains *zone.GainsError
	var begun *admission.BegunError
	switch {
	case errors.As(err, &out):
		words := say.line("puts-out", subject(err, out), len(out.Members), grantWords(out.Members))
		if len(out.Gains) > 0 {
			words += "\n" + say.line("gains", subject(err, out), stillWords(out.Gains...))
		}
		return words
	case errors.As(err, &gains):
		return say.line("gains", subject(err, gains), stillWords(gains.Still...))
	case errors.As(err, &begun):
		return say.line("signup-begun", begun.Name)
	case errors.As(err, &half):
		return say.line(half.key, half.name, explain(half.error, say), half.mend)
	case errors.As(err, &settings):
		return say.sentence(configFinding(settings))
	case errors.As(err, &late):
		return say.line("too-late", late.Latest)
	case errors.As(err, &notOurs):
		return say.line("not-ours-"+notOurs.Act, notOurs.Name)
	case errors.As(err, &owner):
		return say.line("owns-zones", owner.User, strings.Join(owner.Zones, " "))
	case errors.As(err, &shared):
		return say.line("group-shared", shared.group, strings.Join(shared.zones, " "), "shzadm zone share "+shared.zones[0]+" group:"+shared.group+"=none")
	case errors.Is(err, change.ErrInUse): // the tool's own words say nothing more
		return say.line("in-use", subject(err, change.ErrInUse))
	case errors.As(err, &leftover):
		return say.line("leftover", explain(leftover.Cause, say), leftover.Name, leftover.Undo)
	case errors.As(err, &exists):
		return say.line(exists.Kind+"-exists", exists.Name)
	case errors.As(err, &field) && field.Field == "username":
		return say.line("user-name")
	case errors.As(err, &field) && field.Field == "group":
		return say.line("group-name")
	case errors.As(err, &field):
		return explainOption(field.Field, string(field.Reason), say)
	case errors.As(err, &value):
		return explainOption(strings.TrimPrefix(value.Attr, "user.shz."), string(value.Reason), say)
	case errors.As(err, &tool) && strings.HasSuffix(tool.Tool, "/chpasswd"):
		return say.line("password-refused", tool.Message)
	case errors.As(err, &tool):
		return say.line("tool", tool.Tool, tool.Code, tool.Message)
	}
	switch {
	case errors.Is(err, zone.ErrNoLimits):
		return say.line("no-limits", limitProblem(err, say))
	case errors.Is(err, unix.EDQUOT):
		return say.line("quota", err)
	case errors.Is(err, unix.EROFS):
		what, _, _ := strings.Cut(subject(err, unix.EROFS), "xattr.") // which names the descriptor
		return say.line("read-only", cmp.Or(strings.TrimSuffix(what, ": "), layout.Base))
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			if strings.Contains(say[r.key], "%s") {
				return say.line(r.key, subject(err, r.err))
			}
			return say.line(r.key)
		}
	}
	return say.line("failed", err)
}

// explainOption says what is wrong with the value of an option, and which values it takes. The field is called as in JSON.
func explainOption(field, reason string, say texts) string {
	name := strings.ReplaceAll(field, "_", "-")
	if name == "password" {
		name = "password-stdin"
	}
	return say.line("field", "--"+name, say.line("reason-"+reason), say.line("form-"+name))
}

// subject is what stands before our words in an error, such as the name of a zone.
func subject(err, known error) string {
	before, _, _ := strings.Cut(err.Error(), known.Error())
	return strings.TrimSuffix(before, ": ")
}
