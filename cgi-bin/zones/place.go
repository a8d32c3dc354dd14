package main

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"

	"sharezone/internal/event"
	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// place is a file or folder below a zone's root, which it is itself without names.
type place struct{ names []string }

// parsePlace reads a path as people write it, "drawings/2026"; a slash at its end is allowed, anything else that is not one
// name after the other is refused.
func parsePlace(text string) (place, error) {
	text = strings.TrimSuffix(text, "/")
	if text == "" {
		return place{}, nil
	}
	names := strings.Split(text, "/")
	for _, name := range names {
		if err := zone.CheckSegment(name); err != nil {
			return place{}, err
		}
	}
	return place{names}, nil
}

// parseEncoded reads a path whose names are percent-encoded.
func parseEncoded(text string) (place, error) {
	if text == "" {
		return place{}, nil
	}
	var p place
	for segment := range strings.SplitSeq(text, "/") {
		name, err := zone.Unescape(segment)
		if err != nil {
			return place{}, err
		}
		p.names = append(p.names, name)
	}
	return p, nil
}

// parseReserved is parseEncoded for a folder with a reserved name, as the page of the check names it, and what lies in one, as that of the
// trash does. Which of them can be removed zonefix says.
func parseReserved(text string) (place, error) {
	first, rest, _ := strings.Cut(text, "/")
	name, err := zone.Unescape(first)
	if !errors.Is(err, zone.ErrReserved) {
		return place{}, zone.ErrReserved
	}
	p, err := parseEncoded(rest)
	return place{append([]string{name}, p.names...)}, err
}

// isReserved says whether it lies in such a folder.
func (p place) isReserved() bool { return zone.CheckSegment(p.names[0]) != nil }

// bytes is the path as it is.
func (p place) bytes() string { return strings.Join(p.names, "/") }

// encoded is the path as helpers take it and as pages name it.
func (p place) encoded() string {
	segments := make([]string, len(p.names))
	for i, name := range p.names {
		segments[i] = url.PathEscape(name)
	}
	return strings.Join(segments, "/")
}

// chosenPath is a path as a form names it, and the place, where it is one.
type chosenPath struct {
	place
	text string
	err  error
}

// paths are those that a form names: "path" as it is, "raw" percent-encoded, which is how a page names what it showed.
func (f form) paths() ([]chosenPath, error) {
	var places []chosenPath
	for _, text := range f.fields["path"] {
		p, err := parsePlace(text)
		if errors.Is(err, zone.ErrReserved) && f.fields.Get("op") == "remove" {
			p, err = parseReserved(place{strings.Split(strings.TrimSuffix(text, "/"), "/")}.encoded())
		}
		places = append(places, chosenPath{p, text, err})
	}
	for _, text := range f.fields["raw"] {
		p, err := parseEncoded(text)
		if errors.Is(err, zone.ErrReserved) && f.fields.Get("op") == "remove" {
			p, err = parseReserved(text)
		}
		places = append(places, chosenPath{p, text, err})
	}
	if len(places) == 0 {
		return nil, wrong("path", "")
	}
	return places, nil
}

// onePath is the one thing below the zone that a form is about.
func (f form) onePath() (chosenPath, error) {
	paths, err := f.paths()
	if err != nil {
		return chosenPath{}, err
	}
	p := paths[0]
	if p.err == nil && (len(paths) != 1 || len(p.names) == 0) {
		p.err = wrong("path", p.text+"/")
	}
	return p, p.err
}

// item is how an act on one of several paths ended.
type item struct {
	Name    string `json:"name"` // the path below the zone
	Raw     string `json:"raw,omitempty"`
	Status  string `json:"status"` // ok or a code
	Message string `json:"message"`

	href templ.SafeURL // who can do what with it, "" = shown without a link
}

func (p place) item(status, message string) item {
	i := item{Name: strings.ToValidUTF8(p.bytes(), "\ufffd"), Status: status, Message: message}
	if !utf8.ValidString(p.bytes()) {
		i.Raw = p.encoded()
	}
	return i
}

// remove removes what is named, whoever brought it. Each is recorded by itself; what is refused stays, the rest goes on.
func (f form) remove() error {
	all, err := f.paths()
	if err != nil {
		return err
	}
	q := helper.ZonefixRequest{Op: "remove", Zone: f.name}
	var places []place
	var at []int // where their results stand among those of all that were named
	items := make([]item, len(all))
	for i, p := range all {
		if p.err == nil && len(p.names) == 0 {
			p.err = wrong("path", "/") // the zone itself is closed, not removed
		}
		if p.err != nil && len(all) == 1 {
			return p.err
		}
		if p.err != nil {
			code, message := f.words(p.err)
			items[i] = item{Name: strings.ToValidUTF8(p.text, "\ufffd"), Status: string(code), Message: message}
			continue
		}
		places, at, q.Paths = append(places, p.place), append(at, i), append(q.Paths, p.encoded())
	}
	if len(places) == 0 {
		return all[0].err
	}
	s, err := f.changing()
	if err != nil {
		return err
	}
	acts := make([]*event.Act, len(places))
	for i, p := range places {
		event := "delete"
		if p.isReserved() && len(p.names) > 1 {
			event = "purge"
		}
		if acts[i], err = f.call.Event.BeginIn(s.concerned(), event, p.bytes()); err != nil {
			return err
		}
	}
	return f.await(work{
		title: f.call.Language.Say("delete.title"),
		about: places,
		head:  zoneHead(f.call.Language, f.headOf(s, "")),
		do: func(progress func(int)) error {
			reply, err := f.zonefix(q, progress)
			if err == nil && len(reply.Results) != len(places) {
				err = errors.New("zonefix: not as many results as paths")
			}
			for i, act := range acts {
				if err != nil {
					endAct(act, err)
					continue
				}
				act.End(reply.Results[i].Status, -1, "")
				items[at[i]] = f.removed(places[i], reply.Results[i].Status)
			}
			return err
		},
		well: func() (outcome, error) { return f.removedAll(s, places, items), nil },
		ill:  func(err error) error { return f.told(err) },
		told: f.words,
	})
}

func (f form) removed(p place, status string) item {
	l := f.call.Language
	if status == "ok" {
		return p.item(status, l.Say("delete.ok"))
	}
	f.call.Log(web.Refuse(web.Code(status), "removal by zonefix"))
	switch {
	case status == string(web.NotFound) && p.isReserved():
		return p.item(status, l.Say("zones-refused.reserved"))
	case l.Knows("error." + status):
		return p.item(status, l.Say("error."+status))
	}
	return p.item("internal", l.Say("error.internal"))
}

// removedAll: when all went well a browser is led to the folder above the first, or to the trash from where it came.
func (f form) removedAll(s seen, places []place, items []item) outcome {
	o := outcome{status: http.StatusOK, object: map[string]any{"results": items}}
	for _, i := range items {
		if i.Status != "ok" {
			o.body = itemsBody(f.call.Language, items, templ.SafeURL(zoneHref(s.Name, s.State)))
			if len(items) == 1 && !f.call.JSON {
				o.status = web.Code(i.Status).Status()
			}
			return o
		}
	}
	above := path.Dir(places[0].bytes())
	if above == "." {
		above = ""
	}
	o.notice = &page.Notice{Kind: page.OK, Text: f.call.Language.Say("zones-done.remove")}
	if places[0].isReserved() && len(places[0].names) == 1 {
		o.location = zoneHref(s.Name, s.State, "view", "check", "done", "remove")
		return o
	}
	if places[0].isReserved() {
		o.location = withQuery("/cgi-bin/shz/"+s.Name+"/", url.Values{"trash": {"1"}, "done": {"purge"}, "n": {strconv.Itoa(len(items))}})
		return o
	}
	o.location = zoneHref(s.Name, s.State, "view", "who", "path", above, "done", "remove")
	return o
}
