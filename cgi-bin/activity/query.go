package main

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sharezone/internal/activity"
	"sharezone/internal/event"
	"sharezone/internal/session"
	"sharezone/internal/web"
)

// How many acts an answer has at most, and how far back it goes: it keeps them while the log goes by.
const (
	pageLimit = 100
	jsonLimit = 1000
	maxLimit  = 10000
	maxOffset = 10000
)

// query is what a request asks for.
type query struct {
	filter        activity.Filter
	from, to      string // as typed
	events        string // names with commas between
	offset, limit int
	csv           bool
}

func parseQuery(v url.Values, forScript bool) (query, error) {
	q := query{limit: pageLimit, from: v.Get("from"), to: v.Get("to"), events: strings.Join(v["event"], ",")}
	if forScript {
		q.limit = jsonLimit
	}
	bad := func(name string) (query, error) {
		return q, web.FieldError{Field: name, Reason: web.WrongField}
	}
	if err := web.CheckFields("from to user event* path raw format offset limit"+web.EachAddress, v); err != nil {
		return q, err
	}
	var ok bool
	if q.filter.From, ok = activity.ParseMoment(q.from, 0); !ok {
		return bad("from")
	}
	if q.filter.To, ok = activity.ParseMoment(q.to, 1); !ok {
		return bad("to")
	}
	if !q.filter.From.IsZero() && !q.filter.To.IsZero() && !q.filter.From.Before(q.filter.To) { // nothing would fit, as if nothing had been done
		return bad("to")
	}
	if q.filter.User = v.Get("user"); q.filter.User != "" && !session.ValidUser(q.filter.User) {
		return bad("user")
	}
	for _, name := range strings.FieldsFunc(q.events, func(r rune) bool { return r == ',' }) {
		if name != activity.Taken && !slices.Contains(event.Names, name) {
			return q, web.FieldError{Field: "event", Reason: web.WrongField, Known: strings.Join(event.Names, ", ") + ", " + activity.Taken}
		}
		q.filter.Events = append(q.filter.Events, name)
	}
	var err error
	if q.filter.Path, err = parsePath(v); err != nil {
		return q, err
	}
	switch v.Get("format") {
	case "", "json", "html":
	case "csv":
		q.csv = true
	default:
		return bad("format")
	}
	for _, number := range []struct {
		name     string
		to       *int
		min, max int
	}{{"offset", &q.offset, 0, maxOffset}, {"limit", &q.limit, 1, maxLimit}} {
		if text := v.Get(number.name); text != "" {
			if *number.to, err = strconv.Atoi(text); err != nil || *number.to < number.min || *number.to > number.max {
				return bad(number.name)
			}
		}
	}
	return q, nil
}

// parsePath reads a path as people type it, or percent-encoded as "raw", which is how a form carries one that is no text.
func parsePath(v url.Values) (string, error) {
	path := v.Get("path")
	if raw := v.Get("raw"); raw != "" {
		var err error
		if path, err = url.PathUnescape(raw); err != nil {
			return "", web.FieldError{Field: "raw", Reason: web.WrongField}
		}
	}
	path = strings.Trim(path, "/")
	for segment := range strings.SplitSeq(path, "/") {
		if path != "" && (segment == "" || segment == "." || segment == ".." || strings.Contains(segment, "\x00")) { // there is nothing of that name
			return "", web.FieldError{Field: "path", Reason: web.WrongField}
		}
	}
	return path, nil
}

// values is the query as an address has it, without what says which part is meant.
func (q query) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"from": q.from, "to": q.to, "user": q.filter.User, "event": q.events, "path": q.filter.Path} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}
