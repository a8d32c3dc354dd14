// Shz is the zone's files: looking at a folder, taking a file, bringing one. It runs as the user, and the kernel says
// what he may do: everything is opened and the answer reported.
package main

import (
	"net/http"
	"slices"
	"strings"

	"sharezone/internal/web"
	"sharezone/internal/zone"
)

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	if c.Request.Method == http.MethodOptions {
		return tellTus(c)
	}
	if c.Rest() == "" {
		if m := c.Request.Method; m != http.MethodGet && m != http.MethodHead {
			c.Writer().Header().Set("Allow", "GET, HEAD, OPTIONS") // RFC 9110, 15.5.6
			return web.Refuse(web.Method, m+" to no zone")
		}
		return c.SeeOther("/cgi-bin/home", http.StatusOK, map[string]any{"url": "/cgi-bin/home"})
	}
	path, err := zone.ParsePath(c.Rest())
	if err != nil {
		return err
	}
	// Before the zone, of which he may know nothing: else he would be told that it is not there.
	if err := c.CheckScriptOf(c.Request.Header.Get("Shz-Page-User")); err != nil {
		return err
	}
	c.Request.Method = overridden(c.Request)
	f := form{call: c, path: path}
	if c.Request.Method == http.MethodPost && !isTus(c.Request) && !c.IsMultipart() {
		if f.fields, f.again, err = c.FormOrAgain("name", "raw", "id"); err != nil {
			return err
		}
	}
	root, err := zone.OpenZone(path.Zone)
	if err != nil {
		return err
	}
	defer root.Close()
	f.root = root
	f.asksRoot()
	resumes := c.Request.URL.Query().Has("upload")
	switch c.Request.Method {
	case http.MethodPut:
		return put(c, root, path)
	case http.MethodPost:
		if isTus(c.Request) {
			return resume(c, root, path)
		}
		return f.post()
	case http.MethodPatch, http.MethodDelete:
		if !resumes {
			c.Writer().Header().Set("Allow", "GET, HEAD, POST, PUT, OPTIONS")
			return web.Refuse(web.Method, c.Request.Method+" of what is no upload")
		}
		return resume(c, root, path)
	case http.MethodHead:
		if resumes {
			return resume(c, root, path)
		}
	}
	return get(c, root, path)
}

// asksRoot tells the call what the request needs of the root of the zone itself.
func (f form) asksRoot() {
	needs, depth, chosen := uint32(zone.OwnerWrites), 0, f.fields
	switch f.call.Request.Method {
	case http.MethodPut:
		depth = 1 // of the new file
	case http.MethodGet, http.MethodHead:
		needs, chosen = zone.OwnerReads, f.call.Request.URL.Query()
	}
	if op := f.fields.Get("op"); op == "archive" || strings.HasPrefix(op, "ask-") {
		needs = zone.OwnerReads
	}
	if len(f.path.Names) != depth || needs == zone.OwnerReads && (chosen.Has("name") || chosen.Has("raw")) { // what has these names decides
		needs = 0
	}
	f.call.InZone(f.path.Zone, f.root, needs)
}

// get shows a folder or sends a file. Which of the two it is, the slash at the end says: a folder without it leads to
// the address with it, so that relative links work; a file with it is not found.
func get(c *web.Call, root *zone.Object, path zone.Path) error {
	object, err := root.Open(path.Names)
	if err != nil {
		return err
	}
	defer object.Close()
	switch kind := object.Kind(); {
	case kind == "dir" && !path.Folder:
		return redirectToFolder(c)
	case kind == "dir":
		if query := c.Request.URL.Query(); query.Has("archive") {
			return sendArchive(c, object, path, query.Get("archive"), query["name"])
		}
		if c.Request.URL.Query().Has("trash") {
			return listTrash(c, root, path)
		}
		if c.Request.URL.Query().Has("search") {
			return search(c, object, path)
		}
		ask := c.Request.URL.Query().Get("ask")
		if ask == "rename" {
			return askRename(c, path)
		}
		if question, found := operations["ask-"+ask]; found {
			return question(form{call: c, root: root, folder: object, path: path, fields: c.Request.URL.Query()})
		}
		return list(c, root, object, path)
	case kind == "file" && path.Folder:
		return web.Refuse(web.NotFound, "a file, asked for with a slash")
	case kind == "file" && c.Request.URL.Query().Get("thumbnail") == "1":
		return sendThumbnail(c, object)
	case kind == "file":
		return download(c, object, path)
	}
	return web.Refuse(web.NotPermitted, "neither file nor folder")
}

func redirectToFolder(c *web.Call) error {
	location := c.Path() + "/"
	if query := c.Request.URL.RawQuery; query != "" {
		location += "?" + query
	}
	c.SetLocation(location)
	c.Writer().WriteHeader(http.StatusPermanentRedirect)
	return nil
}

// below is the path of an entry below its zone, as it stands in events and listings.
func below(names []string) string { return strings.Join(names, "/") }

// belowOf is below of an entry of a folder.
func belowOf(folder zone.Path, names ...string) string {
	return below(slices.Concat(folder.Names, names))
}
