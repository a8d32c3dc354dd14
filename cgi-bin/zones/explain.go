package main

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/helper"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// refusals are errors that this program meets itself, as zonefix would tell them.
var refusals = []struct {
	err    error
	code   web.Code
	reason string
}{
	{zone.ErrExists, web.Exists, "name-taken"},
	{zone.ErrName, web.BadRequest, "name"},
	{zone.ErrPath, web.BadRequest, "path"},
	{zone.ErrReserved, web.NotFound, "reserved"},
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
	switch {
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
	case "puts-out":
		words := l.Count("zones-refused.puts-out", len(r.Standing), v.briefly(r.Standing))
		if len(r.Still) > 0 {
			words += " " + l.Say("zones-refused.gains", v.stillWords(r.Still...))
		}
		if v.call.JSON {
			return words + " " + l.Say("zones-refused.sure")
		}
		return words
	case "gains":
		words := l.Say("zones-refused.gains", v.stillWords(r.Still...))
		if v.call.JSON {
			return words + " " + l.Say("zones-refused.sure")
		}
		return words
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

// maxBriefly is how many people a sentence names.
const maxBriefly = 10

// briefly names people, and what the lists give each.
func (v viewer) briefly(members []zone.Member) string {
	var words []string
	for i, m := range members {
		if i == maxBriefly {
			words = append(words, v.call.Language.Count("zones-check.more", len(members)-i))
			break
		}
		words = append(words, v.label(m.Principal)+" – "+strings.TrimSuffix(v.call.Language.Say("zones-access."+string(m.Access)), "."))
	}
	return strings.Join(words, "; ")
}

// stillWords say of people who are taken off the list by which groups they get in, and what those give.
func (v viewer) stillWords(still ...zone.Still) string {
	l := v.call.Language
	var words []string
	for _, s := range still {
		var groups []string
		for _, g := range s.Through {
			groups = append(groups, v.label(g))
		}
		words = append(words, l.Say("zones-share.by-group", v.label(s.Principal), strings.Join(groups, ", "), l.Say("zones-access."+string(s.Access))))
	}
	return strings.Join(words, " ")
}

// label is how a principal is shown.
func (v viewer) label(principal string) string {
	kind, name, _ := strings.Cut(principal, ":")
	if kind == "user" {
		name = v.person(name)
	}
	return text.Name(name)
}
