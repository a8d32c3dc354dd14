package web

import (
	"io"
	"mime"
	"mime/multipart"
	"net/url"
)

// maxFields bounds the parts of a form that is no upload.
const maxFields = 1000

func multipartForm(body io.Reader, boundary string) (url.Values, error) {
	parts := multipart.NewReader(body, boundary)
	values := make(url.Values)
	for range maxFields + 1 { // and the end
		part, err := parts.NextRawPart()
		if isEnd(err) {
			return values, nil
		}
		if err != nil {
			return nil, bodyError(err)
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return nil, bodyError(err)
		}
		values.Add(part.FormName(), string(b))
	}
	return nil, Refuse(TooLarge, "too many fields")
}

// isEnd says that the last boundary was read. A body that ends before it gives an error that wraps io.EOF.
func isEnd(err error) bool { return err == io.EOF }

// Part is one field of a multipart upload as it arrives: a file when FileName is not "".
type Part struct {
	Name     string
	FileName string // as the browser sent it; a path before it is cut off by who uses it
	*multipart.Part
}

// IsMultipart says whether the request is a form that may hold files, which Parts takes one by one.
func (c *Call) IsMultipart() bool {
	kind, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

// Parts calls use with each part of a multipart body, in order, without keeping any of it. It returns what use
// returned first, or what is wrong with the body.
func (c *Call) Parts(use func(Part) error) error {
	kind, parameters, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return Refuse(Unsupported, "not multipart/form-data")
	}
	parts := multipart.NewReader(c.Request.Body, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if isEnd(err) {
			return nil
		}
		if err != nil {
			return &Error{BadRequest, err}
		}
		// part.FileName would cut at the last slash only; browsers send names, old ones send paths.
		_, disposition, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if err != nil {
			return &Error{BadRequest, err} // passed over, a file would be missing without a word
		}
		if err := use(Part{part.FormName(), disposition["filename"], part}); err != nil {
			return err
		}
	}
}
