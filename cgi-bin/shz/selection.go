package main

import (
	"net/url"
	"strconv"

	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// all says whether every entry of the folder is meant.
func (f form) all() bool { return f.fields.Get("all") == "1" }

func (f form) allNames() ([]string, error) {
	var filter *zone.Pattern
	if text := f.fields.Get("filter"); text != "" {
		filter = zone.NewPattern(text)
	}
	names, err := f.folder.Names(filter)
	if err != nil {
		return nil, err
	}
	for field, now := range map[string]string{"seen": zone.SeenOf(names).String(), "total": strconv.Itoa(len(names))} {
		if then := f.fields.Get(field); then != "" && then != now {
			return nil, &web.Told{Err: web.Refuse(web.Conflict, field+"="+then), Sentence: f.call.Language.Count("folder.others", len(names))}
		}
	}
	if len(names) == 0 {
		return nil, web.Refuse(web.BadRequest, "no name")
	}
	return names, nil
}

// nothing says that the form names nothing. Pressing a button before choosing is no mistake for an error page.
func (f form) nothing() bool {
	return len(f.fields["name"])+len(f.fields["raw"]) == 0 && !f.all() && !f.call.JSON
}

// chosenField is a hidden field of a form that goes on with what was chosen.
type chosenField struct{ name, value string }

// chosen are those fields: the names, or how all of them were chosen.
func (f form) chosen(names []string) []chosenField {
	if f.all() {
		return []chosenField{{"all", "1"}, {"filter", f.fields.Get("filter")}, {"seen", zone.SeenOf(names).String()}}
	}
	fields := make([]chosenField, len(names))
	for i, name := range names {
		fields[i] = chosenField{"raw", url.PathEscape(name)}
	}
	return fields
}
