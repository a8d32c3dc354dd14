package web

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
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
		return nil, &Told{Refuse(Unsupported, "Content-Type"), c.Language.Say("field.no-form")}
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
		var values url.Values
		values, c.nulls, err = jsonForm(body)
		return values, err
	}
	return nil, &Told{Refuse(Unsupported, "form as "+kind), c.Language.Say("field.no-form")}
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

// numbers and flags are the fields that may be a number, or true and false, in JSON; all others are texts, for of a number nobody knows
// how it would be written. A password of digits alone is as wrong, or right, as any.
var (
	numbers = [...]string{"max_age", "all", "sure", "otp", "member", "for_good", "limit", "free", "keep", "sha256", "password", "old", "new", "confirm"}
	flags   = [...]string{"trash"}
)

// Nulls are the keys of a JSON object that had null: none of them is a field, but what takes values off may heed them. It is known once the form is.
func (c *Call) Nulls() []string { return c.nulls }

// jsonForm reads an object: of each key a value, or a list of them. null, and a list without any, are a field that is not there. It goes by the
// tokens, as a map would keep one of two values.
func jsonForm(body io.Reader) (values url.Values, nulls []string, err error) {
	d := json.NewDecoder(body)
	d.UseNumber()
	if t, err := d.Token(); err != nil {
		return nil, nil, bodyError(err)
	} else if t != json.Delim('{') {
		return nil, nil, Refuse(BadRequest, "JSON without an object")
	}
	values = make(url.Values)
	seen := make(map[string]bool)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, nil, bodyError(err)
		}
		field := key.(string) // the decoder refuses others
		if seen[field] {
			return nil, nil, FieldError{Field: field, Reason: FieldTwice}
		}
		seen[field] = true
		found, isNull, err := jsonValues(d, field)
		if err != nil {
			return nil, nil, err
		}
		if isNull {
			nulls = append(nulls, field)
		}
		if len(found) > 0 {
			values[field] = found
		}
	}
	if _, err := d.Token(); err != nil { // its end
		return nil, nil, bodyError(err)
	}
	if _, err := d.Token(); err == nil {
		return nil, nil, Refuse(BadRequest, "more than one JSON value")
	} else if !errors.Is(err, io.EOF) {
		return nil, nil, bodyError(err)
	}
	return values, nulls, nil
}

// jsonValues reads what a key has.
func jsonValues(d *json.Decoder, field string) (values []string, isNull bool, err error) {
	t, err := d.Token()
	switch {
	case err != nil:
		return nil, false, bodyError(err)
	case t == nil:
		return nil, true, nil
	case t != json.Delim('['):
		value, err := jsonValue(d, field, t)
		return []string{value}, false, err
	}
	for d.More() {
		if t, err = d.Token(); err != nil {
			return nil, false, bodyError(err)
		}
		value, err := jsonValue(d, field, t)
		if err != nil {
			return nil, false, err
		}
		values = append(values, value)
	}
	if _, err := d.Token(); err != nil { // the end of the list
		return nil, false, bodyError(err)
	}
	return values, false, nil
}

// jsonValue is one value, which begins with t: a text, or {"raw":"caf%E9"}, a name that is no UTF-8.
func jsonValue(d *json.Decoder, field string, t json.Token) (string, error) {
	switch t := t.(type) {
	case string:
		return t, nil
	case json.Number:
		if slices.Contains(numbers[:], field) {
			return t.String(), nil
		}
	case bool:
		if slices.Contains(flags[:], field) {
			return strconv.FormatBool(t), nil
		}
	case json.Delim:
		if t == '[' {
			break
		}
		if field == "member" || field == "members" {
			return jsonMember(d, field)
		}
		var parts [3]json.Token // "raw", the name, and the end
		for i := range parts {
			var err error
			if parts[i], err = d.Token(); err != nil {
				return "", bodyError(err)
			}
		}
		raw, ok := parts[1].(string)
		name, err := url.PathUnescape(raw)
		if parts[0] == "raw" && ok && parts[2] == json.Delim('}') && err == nil {
			return name, nil
		}
	}
	return "", FieldError{Field: field, Reason: NoText}
}

// jsonMember is an object as answers have the members of a zone, {"principal":"user:bruno","access":"write"}, in the form of a field: what its
// entry says besides ("entry") changes nothing.
func jsonMember(d *json.Decoder, field string) (string, error) {
	parts := make(map[string]string)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return "", bodyError(err)
		}
		value, err := d.Token()
		if err != nil {
			return "", bodyError(err)
		}
		name := key.(string)
		text, isText := value.(string)
		if _, twice := parts[name]; twice {
			return "", FieldError{Field: field + "." + name, Reason: FieldTwice}
		}
		if !isText {
			return "", FieldError{Field: field + "." + name, Reason: NoText}
		}
		parts[name] = text
	}
	if _, err := d.Token(); err != nil { // its end
		return "", bodyError(err)
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if name != "principal" && name != "access" && name != "entry" {
			return "", FieldError{Field: field + "." + name, Reason: UnknownField, Known: "principal, access, entry"}
		}
	}
	for _, name := range []string{"principal", "access"} {
		if parts[name] == "" {
			return "", FieldError{Field: field + "." + name, Reason: NoField}
		}
	}
	return parts["principal"] + "=" + parts["access"], nil
}
