package main

import (
	"errors"
	"strings"

	"sharezone/internal/helper"
	"sharezone/internal/web"
)

// told gives a refusal of the helper its code and, where its reason has one, its sentence.
func (v viewer) told(err error) error {
	var refused *helper.AccountRefusal
	if errors.Is(err, helper.ErrNoAnswer) {
		return v.refusal("no-answer", err)
	}
	if !errors.As(err, &refused) {
		return err
	}
	if sentence := v.sentence(refused); sentence != "" {
		return &web.Told{Err: err, Sentence: sentence}
	}
	return err
}

// sentence says in the user's language what was refused and what he can do, "" where the code says all.
func (v viewer) sentence(r *helper.AccountRefusal) string {
	l := v.call.Language
	switch {
	case r.Reason == "not-sent" || r.Reason == "signup-not-sent" || r.Reason == "not-in-zone": // whatever the cause
		return l.Say("users-refused." + r.Reason)
	case r.Partly && (r.Reason == "" || r.Code == string(web.Internal)): // the other reasons say what is done already
		return l.Say("users-refused.partly")
	case r.Reason == "field":
		why := r.Why
		if r.Field == "username" && r.Why == "form" {
			return l.Say("users-refused.username")
		}
		if why == "form" && l.Knows("users-value."+r.Field) {
			why = r.Field // says what it looks like
		}
		if l.Knows("users-field."+r.Field) && l.Knows("users-value."+why) {
			return l.Say("users-refused.field", l.Say("users-field."+r.Field), l.Say("users-value."+why))
		}
	case r.Reason == "signup-begun":
		return l.Say("users-refused.signup-begun", r.Why)
	case r.Reason == "owns-zones":
		return l.Say("users-refused.owns-zones", strings.Join(r.Owns, ", "))
	case r.Reason == "" && r.Code == string(web.Busy):
		return l.Say("users-refused.busy")
	case l.Knows("users-refused." + r.Reason):
		return l.Say("users-refused." + r.Reason)
	}
	return ""
}
