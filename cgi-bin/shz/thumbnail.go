package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/picture"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

const (
	thumbnailSide = 128 // pixels: enough to tell pictures apart, too few to read what is written on them
	maxThumbnails = 100 // on one page: browsers without scripts load all of them at once

	// What making one may take; the largest that picture.Thumbnail decodes takes about half of either.
	thumbnailMemory = 640 << 20 // bytes

	// thumbnailRefused is how long a browser believes that there is none of a picture: damaged ones can take long, and browsers ask by a
	// tag only for what they have.
	thumbnailRefused = "private, max-age=600"
)

// Less in tests.
var (
	thumbnailSeconds = uint64(10)       // of processor time
	thumbnailWait    = 10 * time.Second // in the queue; browsers ask for a folder's pictures all at once
)

// pictured are the extensions of names beside which a page has a small picture of the file.
var pictured = map[string]bool{".gif": true, ".jpeg": true, ".jpg": true, ".png": true, ".webp": true}

// beginsAsPicture says whether a file can be read and begins as a picture does. What is damaged further on shows when it is decoded.
func beginsAsPicture(folder *zone.Object, name string) bool {
	object, err := folder.Open([]string{name})
	if err != nil {
		return false
	}
	defer object.Close()
	file, err := object.OpenFile()
	if err != nil {
		return false
	}
	defer file.Close()
	head := make([]byte, 512) // as much as DetectContentType looks at
	n, _ := file.ReadAt(head, 0)
	kind := http.DetectContentType(head[:n])
	_, shown := viewers[kind]
	return shown && strings.HasPrefix(kind, "image/")
}

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
	set := func(cache string) {
		h.Set("Cache-Control", cache)
		h.Set("ETag", tag)
	}
	if strings.Contains(c.Request.Header.Get("If-None-Match"), tag) {
		set("private, no-cache")
		c.Writer().WriteHeader(http.StatusNotModified)
		return nil
	}
	if err := takeTurn(); err != nil {
		return err
	}
	small, kind, err := makeThumbnail(file)
	switch {
	case errors.Is(err, picture.ErrTooLarge):
		err = web.Refuse(web.TooLarge, err.Error())
	case errors.Is(err, picture.ErrFormat):
		err = web.Refuse(web.Unsupported, err.Error())
	case err != nil:
		return err
	}
	if err != nil {
		set(thumbnailRefused)
		c.Lasting = true
		return err
	}
	set("private, no-cache")
	h.Set("Content-Type", kind)
	h.Set("Content-Length", fmt.Sprint(len(small)))
	h.Set("Content-Disposition", "inline")
	h.Set("Content-Security-Policy", still)
	_, err = c.Writer().Write(small)
	return err
}

// takeTurn waits in the queue that the gate has opened, until this process ends: of all users together so many pictures are decoded at a
// time as there are processors.
func takeTurn() error {
	queue, err := strconv.Atoi(os.Getenv("SHZ_QUEUE_FD"))
	if err != nil || queue < 3 {
		return web.Refuse(web.Internal, "a small picture without a queue")
	}
	turn := make(chan error, 1)
	go func() {
		err := error(unix.EINTR)
		for errors.Is(err, unix.EINTR) {
			err = unix.Flock(queue, unix.LOCK_EX)
		}
		turn <- err
	}()
	select {
	case err := <-turn:
		return err
	case <-time.After(thumbnailWait):
		return web.Refuse(web.Busy, "too many pictures are being decoded")
	}
}

// makeThumbnail decodes within limits, and after all that people wait for. The kernel says when the time is over, and ends the process two seconds later.
func makeThumbnail(file *os.File) ([]byte, string, error) {
	type made struct {
		small []byte
		kind  string
		err   error
	}
	over, done := make(chan os.Signal, 1), make(chan made, 1)
	signal.Notify(over, unix.SIGXCPU)
	if err := unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: thumbnailSeconds, Max: thumbnailSeconds + 2}); err != nil {
		return nil, "", err
	}
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: thumbnailMemory, Max: thumbnailMemory}); err != nil {
		return nil, "", err
	}
	go func() {
		var m made
		runtime.LockOSThread() // whose alone the priority is
		unix.Setpriority(unix.PRIO_PROCESS, 0, 10)
		m.small, m.kind, m.err = picture.Thumbnail(file, thumbnailSide)
		done <- m
	}()
	select {
	case m := <-done:
		return m.small, m.kind, m.err
	case <-over:
		return nil, "", picture.ErrTooLarge
	}
}
