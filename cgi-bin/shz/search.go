package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"sharezone/internal/config"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// findings is a search as JSON.
type findings struct {
	Hits     []hit `json:"hits"`
	Complete bool  `json:"complete"`
}

// hit is one entry that was found.
type hit struct {
	Path     string  `json:"path"` // below the zone
	Raw      string  `json:"raw,omitempty"`
	Type     string  `json:"type"`
	Size     *int64  `json:"size"`
	Modified *string `json:"modified"`
	URL      string  `json:"url"`
}

// maxSearch is how long the text of a search can be: longer than any name.
const maxSearch = 1024 // bytes

// search looks for names below a folder. A page shows what is found as it comes; JSON is sent at the end.
func search(c *web.Call, folder *zone.Object, path zone.Path) error {
	settings, err := c.Settings()
	if err != nil {
		return err
	}
	query := c.Request.URL.Query()
	text := query.Get("search")
	limit, err := searchLimit(query.Get("limit"), settings.Search)
	if err == nil && (text == "" || len(text) > maxSearch) {
		err = web.Refuse(web.BadRequest, "search of "+strconv.Itoa(len(text))+" bytes")
	}
	if err != nil {
		return err
	}
	found, err := folder.NewSearch(zone.NewPattern(text))
	if err != nil {
		return err
	}
	defer found.Close()
	s := &searching{Search: found, c: c, path: path, limit: limit, until: time.Now().Add(settings.Search.Time)}
	if c.JSON {
		return c.Answer(http.StatusOK, s.collect(), nil)
	}
	view := searchView{
		Here: c.Path(), Text: withoutUntypable(text), Crumbs: crumbs(c, path), Hits: templ.ComponentFunc(s.render),
		End: templ.ComponentFunc(s.renderEnd),
	}
	return c.StreamPage(http.StatusOK, searchPage(c.View(c.Language.Say("search.title")), view))
}

func searchLimit(text string, limits config.Search) (int, error) {
	if text == "" {
		return min(limits.Hits, limits.MaxHits), nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > limits.MaxHits {
		return 0, web.Refuse(web.BadRequest, "limit="+text)
	}
	return limit, nil
}

// searching is one search.
type searching struct {
	*zone.Search
	c        *web.Call
	path     zone.Path
	limit    int
	until    time.Time
	shown    int
	complete bool
}

// run calls show for each hit up to the limit, and looks whether there is one more.
func (s *searching) run(show func(zone.Hit) error) error {
	var err error
	s.complete = s.Run(s.until, func(h zone.Hit) bool {
		if s.shown == s.limit {
			return false
		}
		s.shown++
		err = show(h)
		return err == nil
	})
	return err
}

func (s *searching) collect() findings {
	found := findings{Hits: []hit{}}
	s.run(func(h zone.Hit) error {
		found.Hits = append(found.Hits, s.describe(h))
		return nil
	})
	found.Complete = s.complete
	return found
}

func (s *searching) describe(h zone.Hit) hit {
	d := hit{Type: h.Kind, Size: h.Size, Modified: shownTime(h.Modified), URL: string(s.href(h))}
	d.Path, d.Raw = shownPath(append(s.path.Names[:len(s.path.Names):len(s.path.Names)], h.Path...))
	return d
}

// href is the address of what was found: of the file or folder, or of the folder with what cannot be opened.
func (s *searching) href(h zone.Hit) templ.SafeURL {
	folder := folderHref(zone.Path{Zone: s.path.Zone, Names: append(s.path.Names[:len(s.path.Names):len(s.path.Names)], h.Path[:len(h.Path)-1]...)})
	switch h.Kind {
	case "file":
		folder += url.PathEscape(h.Name)
	case "dir":
		folder += url.PathEscape(h.Name) + "/"
	}
	return templ.SafeURL(folder)
}

// flushTime is how long a hit may wait for others before it is sent.
const flushTime = 100 * time.Millisecond

// render writes the hits into the page as they come.
func (s *searching) render(ctx context.Context, to io.Writer) error {
	if err := templ.Flush().Render(ctx, to); err != nil {
		return err
	}
	flushed := time.Now()
	return s.run(func(h zone.Hit) error {
		if err := hitItem(s.c.Language, s.row(h)).Render(ctx, to); err != nil {
			return err
		}
		if time.Since(flushed) < flushTime {
			return nil
		}
		flushed = time.Now()
		return templ.Flush().Render(ctx, to)
	})
}

// renderEnd says how it ended.
func (s *searching) renderEnd(ctx context.Context, to io.Writer) error {
	return searchEnd(s.c.Language, s.shown, s.complete).Render(ctx, to)
}

func (s *searching) row(h zone.Hit) hitRow {
	r := hitRow{Name: h.Name, Kind: h.Kind, Href: s.href(h), Folder: below(h.Path[:len(h.Path)-1])}
	if h.Size != nil {
		r.Size = s.c.Language.Size(*h.Size)
	}
	if h.Modified != nil {
		r.Modified = s.c.Language.Time(*h.Modified)
	}
	return r
}

// searchView is the page around the hits.
type searchView struct {
	Here   string // the folder
	Text   string
	Crumbs []crumb
	Hits   templ.Component // comes bit by bit
	End    templ.Component // is known after Hits
}

// hitRow is one hit on the page; Size and Modified are already formatted.
type hitRow struct {
	Name, Kind, Folder, Size, Modified string
	Href                               templ.SafeURL
}
