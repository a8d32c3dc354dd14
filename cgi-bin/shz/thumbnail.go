package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/picture"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

const (
	thumbnailSide = 128 // pixels: enough to tell pictures apart, too few to read what is written on them
	maxThumbnails = 100 // on one page: browsers without scripts load all of them at once

	// What making one may take; the largest that picture.Thumbnail decodes takes about half of either.
	thumbnailSeconds = 10
	thumbnailMemory  = 640 << 20 // bytes
)

// pictured are the extensions of names beside which a page has a small picture of the file.
var pictured = map[string]bool{".gif": true, ".jpeg": true, ".jpg": true, ".png": true, ".webp": true}

// sendThumbnail sends a small picture of a picture. It is made anew for whoever has none: the browser keeps it, for one user, and asks each
// time whether it still may be seen and is still that of the file. That is answered after the file was opened, as the user; so nothing of it
// outlives a right or a change, and there is no store to be filled, swept and guarded. It is no event (doc/architecture.md).
func sendThumbnail(c *web.Call, object *zone.Object) error {
	file, err := object.OpenFile()
	if err != nil {
		return err
	}
	defer file.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		return err
	}
	tag := `"t` + etag(&st)[1:]
	h := c.Writer().Header()
	set := func() {
		h.Set("Cache-Control", "private, no-cache")
		h.Set("ETag", tag)
	}
	if strings.Contains(c.Request.Header.Get("If-None-Match"), tag) {
		set()
		c.Writer().WriteHeader(http.StatusNotModified)
		return nil
	}
	for resource, limit := range map[int]uint64{unix.RLIMIT_CPU: thumbnailSeconds, unix.RLIMIT_DATA: thumbnailMemory} {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return err
		}
	}
	small, kind, err := picture.Thumbnail(file, thumbnailSide)
	switch {
	case errors.Is(err, picture.ErrTooLarge):
		return web.Refuse(web.TooLarge, err.Error())
	case errors.Is(err, picture.ErrFormat):
		return web.Refuse(web.Unsupported, err.Error())
	case err != nil:
		return err
	}
	set()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", fmt.Sprint(len(small)))
	h.Set("Content-Disposition", "inline")
	h.Set("Content-Security-Policy", still)
	_, err = c.Writer().Write(small)
	return err
}
