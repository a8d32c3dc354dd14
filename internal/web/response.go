package web

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"

	"sharezone/internal/transfer"
)

// response writes a CGI response (RFC 3875, 6.2) to standard output. It never writes more than the announced length:
// Apache believes the length (ap_trust_cgilike_cl), so surplus bytes would become the start of the next response.
type response struct {
	header http.Header
	out    *bufio.Writer
	status int   // 0 until the header is written
	left   int64 // bytes that may follow; -1 = no length announced
	head   bool  // HEAD: no body
	sent   int64
}

func newResponse(head bool) *response {
	return &response{header: make(http.Header), out: bufio.NewWriterSize(os.Stdout, 64<<10), left: -1, head: head}
}

func (r *response) Header() http.Header { return r.header }

func (r *response) WriteHeader(status int) {
	if r.status != 0 {
		return
	}
	r.status = status
	if text := r.header.Get("Content-Length"); text != "" {
		if _, err := fmt.Sscanf(text, "%d", &r.left); err != nil || r.left < 0 {
			r.header.Del("Content-Length")
			r.left = -1
		}
	}
	fmt.Fprintf(r.out, "Status: %d %s\r\n", status, http.StatusText(status))
	r.header.Write(r.out) // replaces CR and LF in values
	io.WriteString(r.out, "\r\n")
	if r.head || status == http.StatusNotModified || status == http.StatusNoContent {
		r.left = 0
	}
}

func (r *response) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	all := len(b)
	if r.left >= 0 && int64(all) > r.left {
		b = b[:r.left]
	}
	n, err := r.out.Write(b)
	r.count(int64(n))
	if err == nil && n < all && !r.head {
		err = http.ErrContentLength
	} else if err == nil {
		n = all
	}
	return n, err
}

func (r *response) count(n int64) {
	r.sent += n
	if r.left >= 0 {
		r.left -= n
	}
}

// Flush brings out what there is, for an answer that comes in pieces. A client that went away shows at the next write.
func (r *response) Flush() { r.out.Flush() }

// ReadFrom sends a file, or the part of it that http.ServeContent limits, without reading it into this process.
func (r *response) ReadFrom(from io.Reader) (int64, error) {
	r.WriteHeader(http.StatusOK)
	limited, isLimited := from.(*io.LimitedReader)
	if !isLimited {
		return io.Copy(struct{ io.Writer }{r}, from)
	}
	file, isFile := limited.R.(*os.File)
	if !isFile || r.left >= 0 && r.left < limited.N {
		return io.Copy(struct{ io.Writer }{r}, from)
	}
	if err := r.out.Flush(); err != nil {
		return 0, err
	}
	n, err := transfer.Send(os.Stdout, file, limited.N)
	limited.N -= n
	r.count(n)
	return n, err
}

// finish brings out what is buffered. Fewer bytes than announced stay missing, so that Apache cuts the connection and
// the client knows.
func (r *response) finish() error {
	r.WriteHeader(http.StatusOK)
	return r.out.Flush()
}
