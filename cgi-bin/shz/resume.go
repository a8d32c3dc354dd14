package main

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"sharezone/internal/hook"
	"sharezone/internal/tus"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// Resumable uploads, tus 1.0. A POST to a folder begins one, and its address is the folder's with the upload's id. Each
// request is a process of its own that knows nothing of the others: what there is to know lies beside the bytes
// (internal/zone/partial.go). So a session, a login, a restart of Apache in between cost nothing.

// isTus says whether a POST to a folder begins an upload of this kind, or is a form.
func isTus(r *http.Request) bool {
	return r.Header.Get("Tus-Resumable") != "" || r.Header.Get("Upload-Length") != ""
}

// tellTus is OPTIONS: what this server speaks. It is the same everywhere, and needs no version.
func tellTus(c *web.Call) error {
	h := c.Writer().Header()
	h.Set("Tus-Resumable", tus.Version)
	h.Set("Tus-Version", tus.Version)
	h.Set("Tus-Extension", tus.Extensions)
	h.Set("Tus-Checksum-Algorithm", tus.Algorithms)
	c.Writer().WriteHeader(http.StatusNoContent)
	return nil
}

// resumable is what each request of the protocol has in common.
type resumable struct {
	call   *web.Call
	folder *zone.Object
	path   zone.Path
}

// resume answers a request for an upload of this kind.
func resume(c *web.Call, root *zone.Object, path zone.Path) error {
	h := c.Writer().Header()
	h.Set("Tus-Resumable", tus.Version)
	if version := c.Request.Header.Get("Tus-Resumable"); version != tus.Version {
		h.Set("Tus-Version", tus.Version)
		return web.Refuse(web.Precondition, "Tus-Resumable: "+version)
	}
	if !path.Folder {
		return web.Refuse(web.BadRequest, "an upload's address is a folder's")
	}
	folder, err := root.Open(path.Names)
	if err != nil {
		return err
	}
	defer folder.Close()
	if folder.Kind() != "dir" {
		return unix.ENOTDIR
	}
	if err := keepIn(c, root, folder, path.Names); err != nil {
		return err
	}
	r := resumable{c, folder, path}
	id := c.Request.URL.Query().Get("upload")
	switch c.Request.Method {
	case http.MethodPost:
		return r.create()
	case http.MethodPatch:
		return r.patch(id)
	case http.MethodDelete:
		return r.terminate(id)
	}
	return r.head(id)
}

// create begins an upload; what the request brings of its bytes is taken too.
func (r resumable) create() error {
	header := r.call.Request.Header
	if header.Get("Upload-Defer-Length") != "" || header.Get("Upload-Concat") != "" {
		return web.Refuse(web.BadRequest, "an extension that is not among Tus-Extension")
	}
	wanted, err := r.parseWanted()
	if err != nil {
		return err
	}
	brings := header.Get("Content-Type") == tus.ContentType
	if !brings && r.call.Body.Size() != 0 {
		return web.Refuse(web.Unsupported, "a body that is not "+tus.ContentType)
	}
	sum, err := parseChecksum(r.call)
	if err != nil {
		return err
	}
	keep, err := reserveOf(r.call)
	if err != nil {
		return err
	}
	p, err := r.folder.CreatePartial(wanted, keep)
	if isSkipped(err, wanted.Exists) {
		done := brought{Status: "skipped", URL: r.call.Path() + url.PathEscape(string(wanted.Name))}
		done.Name, done.Raw = shown(string(wanted.Name))
		r.call.JSON = true
		return r.call.Answer(http.StatusOK, done, nil)
	}
	if err != nil {
		return err
	}
	defer p.Close()
	if brings {
		err = r.take(p, sum)
	}
	if err == nil && p.Left() == 0 {
		err = r.finish(p, wanted.Exists)
	}
	if err != nil { // nobody was told its address
		return errors.Join(err, p.Remove())
	}
	r.say(p)
	r.call.SetLocation(tus.Location(r.call.Path(), p.ID()))
	r.call.Writer().WriteHeader(http.StatusCreated)
	return nil
}

// parseWanted reads what the upload is to become.
func (r resumable) parseWanted() (zone.Wanted, error) {
	header := r.call.Request.Header
	bad := func(err error) (zone.Wanted, error) { return zone.Wanted{}, &web.Error{Code: web.BadRequest, Err: err} }
	length, err := tus.ParseSize(header.Get("Upload-Length"))
	if errors.Is(err, strconv.ErrRange) {
		return zone.Wanted{}, web.Refuse(web.TooLarge, "Upload-Length")
	}
	if err != nil {
		return bad(err)
	}
	note := header.Get("Upload-Metadata")
	pairs, err := tus.ParseMetadata(note)
	if err != nil {
		return bad(err)
	}
	exists, err := onExists(r.call.Request.URL.Query().Get("on_exists"))
	return zone.Wanted{Name: []byte(pairs["filename"]), Length: length, Exists: exists, Note: note}, err
}

// parseChecksum returns nil where the client sends none.
func parseChecksum(c *web.Call) (*tus.Checksum, error) {
	text := c.Request.Header.Get("Upload-Checksum")
	if text == "" {
		return nil, nil
	}
	sum, err := tus.ParseChecksum(text)
	if err != nil {
		return nil, &web.Error{Code: web.BadRequest, Err: err}
	}
	return sum, nil
}

// head says how far an upload is.
func (r resumable) head(id string) error {
	p, err := r.folder.LookPartial(id)
	if err != nil {
		return err
	}
	r.say(p)
	h := r.call.Writer().Header()
	h.Set("Upload-Length", strconv.FormatInt(p.Length, 10))
	if p.Note != "" {
		h.Set("Upload-Metadata", p.Note)
	}
	r.call.Writer().WriteHeader(http.StatusOK)
	return nil
}

// patch adds to an upload what the request brings. The last byte gives it its name; on_exists, if it is there, replaces what
// was said at the beginning, for a client that has asked its user meanwhile.
func (r resumable) patch(id string) error {
	if kind := r.call.Request.Header.Get("Content-Type"); kind != tus.ContentType {
		return web.Refuse(web.Unsupported, "Content-Type: "+kind)
	}
	offset, err := tus.ParseSize(r.call.Request.Header.Get("Upload-Offset"))
	if err != nil {
		return &web.Error{Code: web.BadRequest, Err: err}
	}
	sum, err := parseChecksum(r.call)
	if err != nil {
		return err
	}
	p, err := r.folder.TakePartial(id)
	if err != nil {
		return err
	}
	defer p.Close()
	exists := p.Exists
	if query := r.call.Request.URL.Query(); query.Has("on_exists") {
		if exists, err = onExists(query.Get("on_exists")); err != nil {
			return err
		}
	}
	if offset != p.Offset {
		return web.Refuse(web.Conflict, "Upload-Offset is "+strconv.FormatInt(p.Offset, 10))
	}
	if err := r.take(p, sum); err != nil {
		return err
	}
	if p.Left() == 0 && p.Done == nil {
		if err := r.finish(p, exists); err != nil {
			return err
		}
	}
	r.say(p)
	r.call.Writer().WriteHeader(http.StatusNoContent)
	return nil
}

// take adds the request's body to the upload.
func (r resumable) take(p *zone.Partial, sum *tus.Checksum) error {
	body := r.call.Body
	if body.Size() > p.Left() {
		return web.Refuse(web.TooLarge, "more bytes than Upload-Length has")
	}
	if p.Done != nil || body.Size() == 0 && sum == nil {
		return nil
	}
	if err := p.MayAdd(); err != nil {
		return err
	}
	keep, err := reserveOf(r.call)
	if err == nil {
		err = p.HasRoom(keep)
	}
	if err != nil {
		return err
	}
	if sum != nil {
		right, err := p.AddChecked(r.bounded(p.Left(), sum), sum.Right)
		if err == nil && !right {
			err = web.Refuse(web.Checksum, "Upload-Checksum")
		}
		return err
	}
	if body.Size() < 0 { // chunked
		return p.Add(r.bounded(p.Left(), io.Discard))
	}
	return p.Add(func(u *zone.Upload) (int64, error) { return body.SendTo(u) })
}

// bounded copies a body of unknown length through this process, and refuses it when there is more than fits.
func (r resumable) bounded(left int64, also io.Writer) func(*zone.Upload) (int64, error) {
	return func(u *zone.Upload) (int64, error) {
		n, err := io.Copy(io.MultiWriter(u.File(), also), io.LimitReader(r.call.Body, left))
		if err != nil || n < left {
			return n, err
		}
		if more, err := io.CopyN(io.Discard, r.call.Body, 1); more > 0 {
			return n, web.Refuse(web.TooLarge, "more bytes than Upload-Length has")
		} else if !errors.Is(err, io.EOF) {
			return n, err
		}
		return n, nil
	}
}

// finish gives the upload its name. The act begins here and not with the first byte: until now nothing could be seen of it, and
// it may take weeks and many requests.
func (r resumable) finish(p *zone.Partial, exists zone.OnExists) error {
	at := func(name []byte) string {
		return belowOf(r.path, string(name))
	}
	act, err := r.call.Event.BeginBringing("upload", at(p.Name), zone.FileIdentity(int(p.File().Fd())))
	if err != nil {
		return err
	}
	p.Announce = announcer(act, r.path, string(p.Name), exists)
	signal.Ignore(syscall.SIGTERM) // whoever takes over waits: this ends in an answer
	var done zone.Done
	if err = judge(r.call, p.File(), r.path.Zone, at(p.Name)); err == nil {
		done, err = p.Finish(exists)
	}
	if errors.Is(err, hook.ErrRefused) {
		err = errors.Join(err, p.Remove()) // sent again, it would be refused again
	}
	if err != nil {
		act.End(string(web.CodeOf(err)), -1, "")
		return err
	}
	p.Done = &done
	if done.Status == "skipped" {
		act.End("exists", -1, "")
		return nil
	}
	final := ""
	if string(done.Name) != string(p.Name) {
		final = at(done.Name)
	}
	act.End("ok", p.Length, final)
	return nil
}

// say is what each answer has: how far the upload is, until when it is kept, and how it ended.
func (r resumable) say(p *zone.Partial) {
	h := r.call.Writer().Header()
	h.Set("Upload-Offset", strconv.FormatInt(p.Offset, 10))
	if p.Done == nil {
		h.Set("Upload-Expires", p.Touched.Add(zone.PartialAge).UTC().Format(http.TimeFormat))
		return
	}
	h.Set("Shz-Status", p.Done.Status)
	if place := r.call.Path() + url.PathEscape(string(p.Done.Name)); len(place) < 4000 {
		h.Set("Content-Location", place)
	}
}

// terminate gives an upload up. One that has ended is a file like any other, and stays.
func (r resumable) terminate(id string) error {
	p, err := r.folder.TakePartial(id)
	if err != nil {
		return err
	}
	if err := p.Remove(); err != nil {
		return err
	}
	r.call.Writer().WriteHeader(http.StatusNoContent)
	return nil
}

// overridden is the method that a client means which can send GET and POST alone.
func overridden(r *http.Request) string {
	method := strings.ToUpper(r.Header.Get("X-Http-Method-Override"))
	if r.Method == http.MethodPost && (method == http.MethodPatch || method == http.MethodDelete || method == http.MethodHead) {
		return method
	}
	return r.Method
}
