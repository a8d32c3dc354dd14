package main

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"sharezone/internal/web"
	"sharezone/internal/zone"
)

func (f form) askMove() error { return f.choose("move") }
func (f form) askCopy() error { return f.choose("copy") }

// choosePage is how many folders are shown at once to choose from.
const choosePage = 200

// choose shows zones and folders to move or copy into. It changes nothing: what was chosen before goes from one page
// to the next in the form, and where one looks stands in the address.
func (f form) choose(operation string) error {
	if f.nothing() {
		return f.call.SeeOther(f.call.Path()+"?done=nothing", http.StatusOK, nil)
	}
	names, err := f.names()
	if err != nil {
		return err
	}
	if f.call.JSON {
		return web.Refuse(web.BadRequest, "a question to people")
	}
	query := f.call.Request.URL.Query()
	offset, err := strconv.Atoi("0" + query.Get("offset"))
	if err != nil {
		return web.Refuse(web.BadRequest, "offset="+query.Get("offset"))
	}
	v := chooseView{Operation: operation, Here: f.call.Path(), Names: names, Chosen: f.chosen(names)}
	switch at := query.Get("at"); at {
	case "":
		err = f.chooseIn(&v, destination{f.root, f.folder, f.path}, offset)
	case "/":
		err = f.chooseZone(&v)
	default:
		var in destination
		if in, err = f.reachTarget(at); err != nil {
			return err
		}
		defer in.close()
		err = f.chooseIn(&v, in, offset)
	}
	if err != nil {
		return err
	}
	frame := f.call.View(f.call.Language.Count("where."+operation, len(names)))
	return f.call.AnswerPage(http.StatusOK, choosePageView(frame, v))
}

func (f form) reachTarget(at string) (destination, error) {
	t, err := zone.ParseTarget(at, true)
	if err == nil && t.Zone == "" {
		err = web.Refuse(web.BadRequest, "at="+at)
	}
	if err != nil {
		return destination{}, err
	}
	return f.reachFolder(t, zone.OwnerReads)
}

// chooseIn shows a folder and those in it that one may enter.
func (f form) chooseIn(v *chooseView, in destination, offset int) error {
	v.Crumbs = append(v.Crumbs, f.place(f.call.Language.Say("home.title"), "/", 0))
	at := "/" + url.PathEscape(in.path.Zone) + "/"
	v.Crumbs = append(v.Crumbs, f.place(in.path.Zone, at, 0))
	for _, name := range in.path.Names {
		at += url.PathEscape(name) + "/"
		v.Crumbs = append(v.Crumbs, f.place(name, at, 0))
	}
	v.Title = v.Crumbs[len(v.Crumbs)-1].Label
	access := in.folder.Access()
	v.Writable = access != zone.Read && access != zone.None
	if v.Writable {
		v.To = at
	}
	names, total, err := in.folder.Folders(offset, choosePage)
	if err != nil && access == zone.Drop {
		return nil // one may bring things here, and look at nothing
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		folder, err := in.folder.Open([]string{name})
		if err != nil {
			continue // gone meanwhile
		}
		if folder.Access() != zone.None {
			v.Places = append(v.Places, f.place(name, at+url.PathEscape(name)+"/", 0))
		}
		folder.Close()
	}
	if offset > 0 {
		v.Previous = f.place("", at, max(0, offset-choosePage)).Action
	}
	if offset+choosePage < total {
		v.Next = f.place("", at, offset+choosePage).Action
	}
	return nil
}

// chooseZone shows the zones that one may enter.
func (f form) chooseZone(v *chooseView) error {
	names, err := zone.ListZones()
	if err != nil {
		return err
	}
	v.Title = f.call.Language.Say("home.title")
	for _, name := range names {
		root, err := zone.OpenZone(name)
		if err != nil {
			continue
		}
		if root.Access() != zone.None {
			label := name
			if title := zone.ReadMetadata(root.Descriptor()).Title; title != nil && strings.TrimSpace(*title) != "" {
				label = *title
			}
			v.Places = append(v.Places, f.place(label, "/"+url.PathEscape(name)+"/", 0))
		}
		root.Close()
	}
	return nil
}

// place is a button that shows another folder.
func (f form) place(label, at string, offset int) place {
	q := url.Values{"at": {at}}
	if offset > 0 {
		q.Set("offset", strconv.Itoa(offset))
	}
	return place{label, templ.SafeURL(f.call.Path() + "?" + q.Encode())}
}

// place is a folder that can be looked into.
type place struct {
	Label  string
	Action templ.SafeURL // where the form goes to look there
}

// chooseView is a page to choose a folder.
type chooseView struct {
	Operation      string // move or copy
	Here           string // the folder in which the chosen entries lie
	Names          []string
	Chosen         []chosenField
	Title          string // of the folder that is looked at
	To             string // that folder, percent-encoded, where one may bring something to it
	Writable       bool
	Crumbs         []place // the way to it; the last one is it
	Places         []place // the folders in it, or the zones
	Previous, Next templ.SafeURL
}

// above are the places above the one that is looked at.
func (v chooseView) above() []place {
	if len(v.Crumbs) == 0 {
		return nil
	}
	return v.Crumbs[:len(v.Crumbs)-1]
}
