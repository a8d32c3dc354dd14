package main

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/event"
	"sharezone/internal/hook"
	"sharezone/internal/layout"
	"sharezone/internal/page"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// brought is how one upload ended, as JSON.
type brought struct {
	Name   string `json:"name"`
	Raw    string `json:"raw,omitempty"`
	Status string `json:"status"` // created, replaced, skipped
	URL    string `json:"url"`
}

// put makes the body a file, whole or not at all.
func put(c *web.Call, root *zone.Object, path zone.Path) error {
	if path.Folder || len(path.Names) == 0 {
		return web.Refuse(web.BadRequest, "PUT to a folder")
	}
	if c.Request.Header.Get("Content-Range") != "" {
		return web.Refuse(web.BadRequest, "PUT of a part (RFC 9110, 14.5)")
	}
	if coding := c.Request.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return web.Refuse(web.Unsupported, "Content-Encoding: "+coding)
	}
	exists, err := onExists(c.Request.URL.Query().Get("on_exists"))
	if err != nil {
		return err
	}
	last := len(path.Names) - 1
	folder, err := root.Open(path.Names[:last])
	if err != nil {
		return err
	}
	defer folder.Close()
	if folder.Kind() != "dir" {
		return unix.ENOTDIR
	}
	if err := keepIn(c, root, folder, path.Names[:last]); err != nil {
		return err
	}
	name := path.Names[last]
	if err := checkPreconditions(c.Request, folder, name); err != nil {
		return err
	}
	// Whatever on_exists says, nothing is to be there (RFC 9110, 13.1.2): the moment of the name decides, not the look before.
	onlyNew := strings.TrimSpace(c.Request.Header.Get("If-None-Match")) == "*"
	if onlyNew {
		exists = zone.ExistsFail
	}
	base := c.Path()[:strings.LastIndexByte(c.Path(), '/')+1]
	send := func(to web.Receiver) (int64, error) {
		if match := c.Request.Header.Get("If-Match"); match != "" {
			to.(*zone.Upload).Require(func(st *unix.Stat_t) bool { return lists(match, etag(st)) })
		}
		return c.Body.SendTo(to)
	}
	done, err := bring(c, folder, zone.Path{Zone: path.Zone, Names: path.Names[:last]}, name, c.Body.Size(), exists, send)
	if onlyNew && errors.Is(err, unix.EEXIST) {
		return web.Refuse(web.Precondition, "If-None-Match")
	}
	if err != nil {
		return err
	}
	done.URL = base + url.PathEscape(done.Name)
	done.Name, done.Raw = shown(done.Name)
	status := http.StatusOK
	if done.Status == "created" {
		status = http.StatusCreated
		c.SetLocation(done.URL)
	}
	v := c.View(c.Language.Say("upload.title"))
	v.Notice = &page.Notice{Kind: page.OK, Text: c.Language.Say("upload." + done.Status)}
	return c.Answer(status, done, broughtPage(v, done))
}

// bring runs one upload: event, bytes, name, event.
func bring(c *web.Call, folder *zone.Object, at zone.Path, name string, size int64, exists zone.OnExists,
	send func(web.Receiver) (int64, error)) (brought, error) {
	path := belowOf(at, name)
	keep, err := reserveOf(c)
	if err != nil {
		return brought{}, err
	}
	upload, err := folder.Create(name, size, exists, keep)
	if isSkipped(err, exists) {
		return brought{Name: name, Status: "skipped"}, nil
	}
	if err != nil {
		return brought{}, err
	}
	defer upload.Abort()
	act, err := c.Event.BeginBringing("upload", path, zone.FileIdentity(int(upload.File().Fd())))
	if err != nil {
		return brought{}, err
	}
	upload.Announce(announcer(act, at, name, exists))
	bytes, err := send(upload)
	done := brought{Name: name, Status: "created"}
	if err == nil {
		err = judge(c, upload.File(), at.Zone, path)
	}
	if err == nil {
		var replaced bool
		if done.Name, replaced, err = upload.Commit(); replaced {
			done.Status = "replaced"
		}
	}
	if isSkipped(err, exists) { // somebody was faster
		act.End("exists", -1, "")
		return brought{Name: name, Status: "skipped"}, nil
	}
	if err != nil {
		act.End(string(resultOf(err)), -1, "")
		return brought{}, err
	}
	final := ""
	if done.Name != name {
		final = belowOf(at, done.Name)
	}
	act.End("ok", bytes, final)
	return done, nil
}

// announcer notes the name that a file is about to get.
func announcer(act *event.Act, at zone.Path, asked string, exists zone.OnExists) func(name string) error {
	return func(name string) error {
		if exists == zone.ExistsReplace { // it has a hidden name before
			name = asked
		}
		return act.Name(belowOf(at, name))
	}
}

// judge asks the programs of the site about a file that has all its bytes and no name yet.
func judge(c *web.Call, file *os.File, zone, path string) error {
	settings, err := c.Settings()
	if err != nil {
		return err
	}
	facts := hook.Facts{User: c.User, Zone: zone, Path: path, Entry: c.Entry, Request: c.ID}
	return hook.Judge(layout.PreUpload, file, facts, settings.Upload.HookTime)
}

func onExists(text string) (zone.OnExists, error) {
	if text == "" {
		return zone.ExistsFail, nil
	}
	if e := zone.OnExists(text); e.Valid() {
		return e, nil
	}
	return "", web.Refuse(web.BadRequest, "on_exists="+text)
}

// checkPreconditions is If-Match and If-None-Match for the present file of that name (RFC 9110, 13.1).
func checkPreconditions(r *http.Request, folder *zone.Object, name string) error {
	match, noneMatch := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	if match == "" && noneMatch == "" && r.Header.Get("If-Unmodified-Since") == "" {
		return nil
	}
	var present string
	var modified time.Time
	if object, err := folder.Open([]string{name}); err == nil {
		present, modified = etag(object.Stat()), time.Unix(object.Stat().Mtim.Unix()).Truncate(time.Second)
		object.Close()
	} else if !errors.Is(err, unix.ENOENT) {
		return err
	}
	if since, err := http.ParseTime(r.Header.Get("If-Unmodified-Since")); err == nil && match == "" && modified.After(since) {
		return web.Refuse(web.Precondition, "If-Unmodified-Since")
	}
	if match != "" && !lists(match, present) || noneMatch != "" && lists(noneMatch, present) {
		return web.Refuse(web.Precondition, "If-Match or If-None-Match")
	}
	return nil
}

// lists says whether a list of entity tags has the one of what is there; "" is there when nothing is.
func lists(tags, present string) bool {
	if present == "" {
		return false
	}
	for _, tag := range strings.Split(tags, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == present {
			return true
		}
	}
	return false
}

// bringParts uploads the files of a multipart body one after the other; one that fails does not stop the next. A part that
// is refused ends it, as the last of the items where there are others.
// What is no file is kept as a field.
func (f *form) bringParts() ([]item, error) {
	c := f.call
	f.fields = make(url.Values)
	exists, err := onExists(c.Request.URL.Query().Get("on_exists"))
	if err != nil {
		return nil, err
	}
	var items []item
	parts, current, late := 0, "", false
	err = c.Parts(func(part web.Part) error {
		if current = part.FileName; current == "" {
			current = part.Name
		}
		if parts++; parts > maxParts {
			return web.Refuse(web.TooLarge, "too many parts")
		}
		if part.FileName == "" && part.Name != "file" {
			b, err := io.ReadAll(io.LimitReader(part, maxField+1))
			if err == nil && len(b) > maxField {
				err = web.Refuse(web.TooLarge, "field "+part.Name)
			}
			if err == nil && part.Name == page.UserField {
				return c.CheckMadeFor(string(b))
			}
			f.fields.Add(part.Name, string(b))
			if err == nil && part.Name == "on_exists" {
				if late = len(items) > 0; late {
					items = append(items, f.itemOf(part.Name, f.late(), ""))
					return nil
				}
				exists, err = onExists(string(b))
			}
			return err
		}
		name := part.FileName[strings.LastIndexAny(part.FileName, `/\`)+1:] // old browsers send the whole path
		if part.Name != "file" || name == "" {
			return nil // an empty file field
		}
		if late { // nobody knows what was meant for it
			items = append(items, f.itemOf(name, f.late(), ""))
			return nil
		}
		source := &source{Reader: part}
		done, err := bring(c, f.folder, f.path, name, -1, exists, source.sendTo)
		if source.failed != nil {
			return source.failed // the client went away: nothing follows
		}
		if err != nil {
			items = append(items, f.itemOf(name, err, ""))
			return nil
		}
		i := f.itemOf(done.Name, nil, c.Language.Say("upload."+done.Status))
		i.URL = c.Path() + url.PathEscape(done.Name)
		items = append(items, i)
		return nil
	})
	// What was stored before is told: with an error alone the same files would be sent again.
	var refused *web.Error
	if len(items) > 0 && (errors.As(err, &refused) || errors.Is(err, io.ErrUnexpectedEOF)) {
		items, err = append(items, f.itemOf(current, err, "")), nil
	}
	return items, err
}

// late refuses on_exists after a file, and the files after it.
func (f *form) late() error {
	return &web.Told{Err: web.Refuse(web.BadRequest, "on_exists after the files that it is for"), Sentence: f.call.Language.Say("upload.late")}
}

// maxParts bounds the files and fields of one form: what is known of each is kept until the answer.
const maxParts = 5000

// maxField bounds a field of a form with files: names are 255 bytes, three times as many percent-encoded.
const maxField = 4 << 10

// source is a part that is copied into an upload; it remembers whether reading failed, which ends the request, or
// writing, which ends this file alone.
type source struct {
	io.Reader
	failed error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed = io.ErrUnexpectedEOF
		err = s.failed
	}
	return n, err
}

func (s *source) sendTo(to web.Receiver) (int64, error) {
	return io.Copy(to.(*zone.Upload).File(), s)
}
