package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Body is the request's body, on standard input. net/http/cgi would lose a chunked one and would take a client that
// went away for the end of it.
type Body struct {
	file *os.File
	left int64 // bytes still to come; -1 = until the end (chunked)
}

// newBody returns the body, one without bytes also when it returns an error.
func newBody(contentLength, transferEncoding string) (*Body, error) {
	b := &Body{file: os.Stdin}
	switch {
	case transferEncoding != "" && !strings.EqualFold(transferEncoding, "chunked"):
		// "gzip, chunked": Apache undoes the chunks alone, and the file would be what it is not.
		return b, Refuse(Unsupported, "Transfer-Encoding: "+transferEncoding)
	case transferEncoding != "":
		b.left = -1 // Apache has undone the chunks
	case contentLength != "":
		n, err := strconv.ParseUint(contentLength, 10, 62)
		if err != nil {
			return b, Refuse(BadRequest, "Content-Length")
		}
		b.left = int64(n)
	}
	return b, nil
}

// Size is the announced length, or -1.
func (b *Body) Size() int64 { return b.left }

func (b *Body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	if b.left > 0 && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.file.Read(p)
	if b.left > 0 {
		b.left -= int64(n)
	}
	if errors.Is(err, io.EOF) {
		err = b.ended()
	}
	return n, err
}

// Close does nothing: standard input ends with the process.
func (b *Body) Close() error { return nil }

// A Receiver takes n bytes of a descriptor, or all if n is negative, and returns how many came.
type Receiver interface {
	Receive(in *os.File, n int64) (int64, error)
}

// SendTo hands the whole body over without reading it into this process. io.ErrUnexpectedEOF when the client went
// away in the middle.
func (b *Body) SendTo(to Receiver) (int64, error) {
	want := b.left
	n, err := to.Receive(b.file, want)
	if err != nil {
		return n, err
	}
	if want >= 0 {
		b.left -= n
	}
	if err := b.ended(); !errors.Is(err, io.EOF) {
		return n, err
	}
	return n, nil
}

// ended judges the end of standard input: io.EOF when the body is complete. After a chunked body Apache closes its
// sending side only; when it gave the request up it closes the whole socket, which shows as POLLHUP.
func (b *Body) ended() error {
	if b.left > 0 {
		return io.ErrUnexpectedEOF
	}
	if b.left == -1 {
		fds := []unix.PollFd{{Fd: int32(os.Stdout.Fd()), Events: unix.POLLOUT}}
		if _, err := unix.Poll(fds, 0); err != nil || fds[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0 {
			return io.ErrUnexpectedEOF
		}
	}
	return io.EOF
}

// refuseRest takes no more of the body. Apache then reads what the client still sends by itself, and the process need
// not wait for it. What has come already must be read: a socket that is closed with unread bytes resets the
// connection, and Apache would lose the end of the answer.
func (b *Body) refuseRest() {
	unix.Shutdown(int(b.file.Fd()), unix.SHUT_RD) // fails on mod_cgi's pipe, where nothing is reset
	unix.SetNonblock(int(b.file.Fd()), true)
	for buffer := make([]byte, 64<<10); ; {
		if n, err := unix.Read(int(b.file.Fd()), buffer); n <= 0 && err != unix.EINTR {
			return
		}
	}
}

// formTime is how long a form may take to arrive.
const formTime = 10 * time.Second

func (c *Call) readForm() (url.Values, error) {
	kind, parameters, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil {
		return nil, Refuse(Unsupported, "Content-Type")
	}
	settings, err := c.Settings()
	if err != nil {
		return nil, err
	}
	// A form is small: who sends it drop by drop holds a slot that others wait for. What ends then is the body, early.
	slow := time.AfterFunc(formTime, func() { unix.Shutdown(int(os.Stdin.Fd()), unix.SHUT_RD) })
	defer slow.Stop()
	body := http.MaxBytesReader(c.response, c.Request.Body, settings.Form.MaxBytes)
	switch kind {
	case "application/x-www-form-urlencoded":
		b, err := io.ReadAll(body)
		if err != nil {
			return nil, bodyError(err)
		}
		values, err := url.ParseQuery(string(b))
		if err != nil {
			return nil, Refuse(BadRequest, "form")
		}
		return values, nil
	case "multipart/form-data":
		return multipartForm(body, parameters["boundary"])
	case "application/json":
		return jsonForm(body)
	}
	return nil, Refuse(Unsupported, "form as "+kind)
}

// maxSecret is more than libexec/auth takes for a name or password (512 bytes); two of them, each byte escaped as six,
// fit into the 8 KiB that it reads.
const maxSecret = 600

// Secret is a field as auth is handed it. One that is too long stays too long, and is refused there as every other
// wrong one: with the same words and after the same time.
func Secret(field string) string {
	if len(field) <= maxSecret {
		return field
	}
	return strings.ToValidUTF8(field[:maxSecret], "?")
}

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &Error{TooLarge, err}
	}
	return &Error{BadRequest, err}
}

func jsonForm(body io.Reader) (url.Values, error) {
	d := json.NewDecoder(body)
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, bodyError(err)
	}
	if object == nil {
		return nil, Refuse(BadRequest, "JSON null")
	}
	if _, err := d.Token(); err == nil {
		return nil, Refuse(BadRequest, "more than one JSON value")
	} else if !errors.Is(err, io.EOF) {
		return nil, bodyError(err)
	}
	values := make(url.Values)
	for key, value := range object {
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, item := range list {
			switch item := item.(type) {
			case nil:
			case string, json.Number, bool:
				values.Add(key, fmt.Sprint(item))
			case map[string]any: // {"raw":"caf%E9"}: a name that is no UTF-8
				raw, ok := item["raw"].(string)
				name, err := url.PathUnescape(raw)
				if !ok || len(item) != 1 || err != nil {
					return nil, Refuse(BadRequest, "JSON: "+strconv.Quote(key)+` is an object other than {"raw":"..."}`)
				}
				values.Add(key, name)
			default:
				return nil, Refuse(BadRequest, "JSON: "+strconv.Quote(key)+" is neither text nor number nor a list of them")
			}
		}
	}
	return values, nil
}
