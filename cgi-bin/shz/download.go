package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"sharezone/internal/event"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// maxRanges bounds the parts that one request may ask for. Browsers and download managers ask for one; thousands of
// small ones cost more to answer than the file (CVE-2011-3192). RFC 9110, 14.2 lets a server pass over such a Range.
const maxRanges = 16

// download sends a file. What it does with Range, If-Range, If-None-Match and the like is net/http's.
func download(c *web.Call, object *zone.Object, path zone.Path) error {
	file, err := object.OpenFile()
	if err != nil {
		return err
	}
	defer file.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		return err
	}
	name := path.Names[len(path.Names)-1]
	h := c.Writer().Header()
	h.Set("Content-Type", "application/octet-stream") // never a type that a browser would run in the site's origin
	h.Set("Content-Disposition", disposition("attachment", name))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", etag(&st))
	w := &recorder{c: c, to: c.Writer(), event: "download", head: c.Request.Method == http.MethodHead, path: below(path.Names), size: st.Size, owner: st.Uid}
	if c.Request.URL.Query().Get("inline") == "1" {
		shown, err := preview(h, file, name)
		if err != nil {
			return err
		}
		if shown {
			w.event = "preview"
		}
	}
	serve(w, c.Request, time.Unix(st.Mtim.Unix()), file)
	return w.end()
}

// emptyRange is one that asks for no byte. Among others net/http sends it as a part that ends before it begins.
var emptyRange = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[=,]\s*-\s*\+?0+\s*(,|$)`) })

func serve(w *recorder, r *http.Request, modified time.Time, content io.ReadSeeker) {
	ranges := r.Header.Get("Range")
	unit, set, _ := strings.Cut(ranges, "=")
	if !strings.EqualFold(unit, "bytes") { // RFC 9110, 14.2: a unit that is not known is passed over
		r.Header.Del("Range")
	} else {
		r.Header.Set("Range", "bytes="+set) // which net/http wants in small letters
	}
	if n := strings.Count(ranges, ","); n >= maxRanges || n > 0 && (w.size == 0 || emptyRange().MatchString(ranges)) {
		r.Header.Del("Range")
	}
	http.ServeContent(w, r, "", modified, content)
}

// etag changes with every change of the file: the change time is the kernel's, the modification time is the word of
// whoever brought the file.
func etag(st *unix.Stat_t) string {
	return fmt.Sprintf(`"%x-%x-%x"`, st.Ino, st.Size, st.Ctim.Nano())
}

// disposition is a Content-Disposition, attachment or inline, that carries any name: RFC 6266 with an ASCII stand-in for old clients.
func disposition(what, name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	value := what + `; filename="` + plain + `"`
	if utf8.ValidString(name) && plain != name {
		value += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return value
}

// recorder notes the download in the event file before the first byte goes out, and how it ended.
type recorder struct {
	c      *web.Call
	to     http.ResponseWriter
	event  string // download or preview
	head   bool   // takes nothing
	path   string
	size   int64
	owner  uint32
	act    *event.Act
	began  bool
	failed error
}

func (w *recorder) Header() http.Header { return w.to.Header() }

// WriteHeader begins the act when bytes of the file follow. When it cannot be noted, no byte goes out.
func (w *recorder) WriteHeader(status int) {
	if h := w.Header(); status == http.StatusPartialContent && h.Get("Content-Length") == "0" {
		// "bytes=-0" asks for nothing; net/http calls it satisfied, by a range that ends before it begins.
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", w.size))
		status = http.StatusRequestedRangeNotSatisfiable
	}
	if !w.head && (status == http.StatusOK || status == http.StatusPartialContent) {
		w.began = true
		if w.act, w.failed = w.c.Event.BeginTaking(w.event, w.path, w.owner); w.failed != nil {
			return
		}
	}
	if status >= http.StatusBadRequest { // net/http's own words for a bad range or precondition
		w.failed = refusedByNetHTTP(status)
		return
	}
	w.to.WriteHeader(status)
}

func refusedByNetHTTP(status int) error {
	code := web.Internal
	switch status {
	case http.StatusRequestedRangeNotSatisfiable:
		code = web.RangeNot
	case http.StatusPreconditionFailed:
		code = web.Precondition
	}
	return web.Refuse(code, http.StatusText(status))
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.failed != nil {
		return 0, w.failed
	}
	return w.to.Write(b)
}

// ReadFrom lets the file go to the web server without passing through this process.
func (w *recorder) ReadFrom(from io.Reader) (int64, error) {
	if w.failed != nil {
		return 0, w.failed
	}
	return w.to.(io.ReaderFrom).ReadFrom(from)
}

// end closes the act: "interrupted" when fewer bytes went out than were announced.
func (w *recorder) end() error {
	if w.failed != nil {
		if w.began {
			w.act.End(string(web.CodeOf(w.failed)), -1, "")
		}
		return w.failed
	}
	if w.began {
		result := "ok"
		if !w.c.Complete() {
			result = "interrupted"
		}
		w.act.End(result, w.c.Sent(), "")
	}
	return nil
}
