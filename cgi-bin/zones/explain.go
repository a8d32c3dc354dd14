package main

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"

	"sharezone/internal/helper"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// parameterError says that a parameter of the request has a value that it cannot have.
type parameterError struct{ name, value string }

func (e parameterError) Error() string { return e.name + "=" + strconv.Quote(e.value) }

// refusals are errors that this program meets itself, as zonefix would tell them.
var refusals = []struct {
	err    error
	code   web.Code
	reason string
}{
	{zone.ErrExists, web.Exists, "name-taken"},
	{zone.ErrName, web.BadRequest, "name"},
	{zone.ErrPath, web.BadRequest, "path"},
	{zone.ErrPast, web.BadRequest, "past"},
	{zone.ErrTooMany, web.NoSpace, "full"},
	{unix.EROFS, web.Locked, "read-only"},
	{helper.ErrNoAnswer, web.Internal, "no-answer"},
}

// refusalOf is an error as zonefix would tell it, nil for one that has its code already.
func refusalOf(err error) *helper.ZoneRefusal {
	var refused *helper.ZoneRefusal
	var value zone.ValueError
	var late *zone.ExpiryError
	var parameter parameterError
	switch {
	case errors.As(err, &parameter):
		return &helper.ZoneRefusal{Code: string(web.BadRequest), Reason: "parameter", Attr: parameter.name}
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &value):
		return &helper.ZoneRefusal{Code: string(web.BadRequest), Reason: "value", Attr: value.Attr, Why: whyOf(value)}
	case errors.As(err, &late):
		return &helper.ZoneRefusal{Code: string(web.BadRequest), Reason: "too-late", Latest: late.Latest}
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return &helper.ZoneRefusal{Code: string(r.code), Reason: r.reason}
		}
	}
	return nil
}

// whyOf is what is wrong with a value: of those that are written in one way, in which.
func whyOf(value zone.ValueError) string {
	if value.Reason == zone.BadForm {
		switch value.Attr {
		case zone.AttrExpires, zone.AttrMaxAge, zone.AttrNotify:
			return "form-" + fieldOf(value.Attr)
		}
	}
	return string(value.Reason)
}

// told gives an error its code and, where its reason has one, its sentence.
func (v viewer) told(err error) error {
	var already *web.Told
	refused := refusalOf(err)
	if refused == nil || errors.As(err, &already) {
		return err
	}
	err = &web.Error{Code: web.Code(refused.Code), Err: err}
	if sentence := v.sentence(refused); sentence != "" {
		return &web.Told{Err: err, Sentence: sentence}
	}
	return err
}

// sentence says in the user's language what was refused and what he can do, "" where the code says all.
func (v viewer) sentence(r *helper.ZoneRefusal) string {
	l := v.call.Language
	switch r.Reason {
	case "": // of all codes without a reason, one has more to say
		if r.Code == string(web.Exists) {
			return l.Say("zones-refused.exists")
		}
		return ""
	case "parameter":
		return l.Say("zones-refused.parameter", text.Name(r.Attr))
	case "too-late":
		return l.Say("zones-refused.too-late", l.Day(r.Latest))
	case "value":
		if l.Knows("zones-field."+fieldOf(r.Attr)) && l.Knows("zones-value."+r.Why) {
			var most []any
			if r.Why == string(zone.TooLong) {
				most = append(most, l.Number(int64(zone.MaxBytes(r.Attr))))
			}
			return l.Say("zones-refused.value", l.Say("zones-field."+fieldOf(r.Attr)), l.Say("zones-value."+r.Why, most...))
		}
		return ""
	}
	if l.Knows("zones-refused." + r.Reason) {
		return l.Say("zones-refused." + r.Reason)
	}
	return ""
}
