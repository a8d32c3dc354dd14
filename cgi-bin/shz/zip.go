package main

import (
	"bufio"
	"errors"
	"net/http"
	"net/url"

	"golang.org/x/sys/unix"

	"sharezone/internal/archive"
	"sharezone/internal/page"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// zip makes a zip of what was chosen and puts it into the folder, whole or not at all.
func (f form) zip() error {
	names, err := f.names()
	if err != nil {
		return err
	}
	exists, err := onExists(f.fields.Get("on_exists"))
	if err != nil {
		return err
	}
	keep, err := reserveOf(f.call)
	if err == nil {
		err = f.folder.Exists(names)
	}
	if err != nil {
		return err
	}
	to := f.fields.Get("to")
	p := newPacked(f.call, f.folder, f.path, nil)
	done, err := f.zipTo(p, to, names, exists, keep)
	if !f.call.JSON && isAboutName(err) {
		return f.askZipAgain(names, to, err)
	}
	i := f.itemOf(to, err, f.call.Language.Say("did."+landedWords("zip", done)))
	if err == nil {
		f.landed(&i, f.call.Path(), done)
		if len(p.left) > 0 {
			i.Message, i.Status = f.call.Language.Say("did.zip.partly"), p.left[0].Status
			i.Left, i.LeftMore = p.left, p.lines-len(p.left)
		}
	}
	return f.answer([]item{i}, "zip")
}

// zipTo is one upload, whose bytes are made here.
func (f form) zipTo(p *packed, to string, names []string, exists zone.OnExists, keep zone.Reserve) (zone.Landed, error) {
	upload, err := f.folder.Create(to, -1, exists, keep)
	if isSkipped(err, exists) {
		return zone.Landed{Name: to, Skipped: true}, nil
	}
	if err != nil {
		return zone.Landed{}, err
	}
	defer upload.Abort()
	act, err := f.call.Event.BeginBringing("zip", belowOf(f.path, to), zone.FileIdentity(int(upload.File().Fd())))
	if err != nil {
		return zone.Landed{}, err
	}
	upload.Announce(announcer(act, f.path, to, exists))
	buffered := bufio.NewWriterSize(upload.Growing(keep), 256<<10)
	p.writer = archive.NewZip(buffered)
	p.To = p.writer
	var done zone.Landed
	if err = errors.Join(p.pack(names), buffered.Flush()); err == nil {
		done.Name, done.Replaced, err = upload.Commit()
	}
	if isSkipped(err, exists) { // somebody was faster
		act.End(string(web.Exists), -1, "")
		return zone.Landed{Name: to, Skipped: true}, nil
	}
	act.End(string(resultOf(err)), p.Bytes, f.finalPath(to, done.Name))
	return done, err
}

// askZip asks for the name of the zip. It changes nothing.
func (f form) askZip() error {
	if f.nothing() {
		return f.call.SeeOther(f.call.Path()+"?done=nothing", http.StatusOK, nil)
	}
	names, err := f.names()
	if err == nil && f.call.JSON {
		err = web.Refuse(web.BadRequest, "a question to people")
	}
	if err != nil {
		return err
	}
	to := withoutUntypable(archiveName(f.path, names)) + ".zip"
	v := f.call.View(f.call.Language.Count("where.zip", len(names)))
	return f.call.AnswerPage(http.StatusOK, zipPage(v, zipView{Here: f.call.Path(), Crumbs: crumbs(f.call, f.path), Names: names, To: to}))
}

func (f form) askZipAgain(names []string, to string, err error) error {
	f.call.Log(err)
	v := f.call.View(f.call.Language.Count("where.zip", len(names)))
	view := zipView{Here: f.call.Path(), Crumbs: crumbs(f.call, f.path), Names: names, To: withoutUntypable(to), Error: f.call.Message(err)}
	return f.call.AnswerPage(web.CodeOf(err).Status(), zipPage(v, view))
}

// showAgain shows a form for a new name as it was typed when a session ended.
func (f form) showAgain() error {
	names, err := f.names()
	if err != nil {
		return err
	}
	l, here, to := f.call.Language, f.call.Path(), withoutUntypable(f.fields.Get("to"))
	notice := &page.Notice{Kind: page.Info, Text: l.Say("form.again")}
	if f.fields.Get("op") == "zip" {
		v := f.call.View(l.Count("where.zip", len(names)))
		v.Notice = notice
		return f.call.AnswerPage(http.StatusOK, zipPage(v, zipView{Here: here, Crumbs: crumbs(f.call, f.path), Names: names, To: to}))
	}
	v := f.call.View(l.Say("rename.title"))
	v.Notice = notice
	return f.call.AnswerPage(http.StatusOK, renamePage(v, renameView{Here: here, Crumbs: crumbs(f.call, f.path), Name: names[0], To: to}))
}

// zipView is the form for the name of a zip.
type zipView struct {
	Here   string // the folder
	Crumbs []crumb
	Names  []string // what goes into it
	To     string
	Error  string // what is wrong with the name; "" = nothing
}

// isSkipped says that the name was taken and nothing is to be done then.
func isSkipped(err error, exists zone.OnExists) bool {
	return errors.Is(err, unix.EEXIST) && exists == zone.ExistsSkip
}

// shownNames are the first names of a selection, as many as a page has room for.
func shownNames(names []string) []string { return names[:min(len(names), 10)] }

// wholeHref is the address of the whole folder as an archive.
func wholeHref(here, format string) string {
	return here + "?" + url.Values{"archive": {format}}.Encode()
}
