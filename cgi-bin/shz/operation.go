package main

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/event"
	"sharezone/internal/page"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// post takes a form that was sent to a folder: files, or an operation on what lies in it.
func (f form) post() error {
	c := f.call
	if !f.path.Folder {
		return web.Refuse(web.BadRequest, "POST to a file")
	}
	folder, err := f.root.Open(f.path.Names)
	if err != nil {
		return err
	}
	defer folder.Close()
	if folder.Kind() != "dir" {
		return unix.ENOTDIR
	}
	if err := keepIn(c, f.root, folder, f.path.Names); err != nil {
		return err
	}
	f.folder = folder
	if c.IsMultipart() {
		items, err := f.bringParts()
		if err != nil {
			return err
		}
		if len(items) > 0 {
			return f.answer(items, "upload")
		}
	} else if f.again {
		return f.showAgain()
	}
	op := f.fields.Get("op")
	operation, found := operations[op]
	if !found {
		return web.Refuse(web.BadRequest, "op="+op+", and no file")
	}
	if question := f.questionAddress(op); question != "" {
		return c.SeeOther(question, http.StatusOK, nil)
	}
	return operation(f)
}

// maxQuestion bounds the address of a question, in bytes.
const maxQuestion = 4000

// questionAddress is where the page is that asks before something is done, so that the browser can go back to it: an answer to
// a form it would have to ask for by sending the form again. It is "" where op asks nothing, or asks of more names than an
// address holds.
func (f form) questionAddress(op string) string {
	question, asks := strings.CutPrefix(op, "ask-")
	names, err := f.names()
	if !asks || f.call.JSON || err != nil {
		return ""
	}
	q := url.Values{"ask": {question}}
	if f.all() {
		for _, field := range f.chosen(names) {
			q.Set(field.name, field.value)
		}
	} else {
		for _, name := range names {
			q.Add("raw", url.PathEscape(name))
		}
	}
	for _, key := range [...]string{"at", "offset"} { // where one looks (choose.go)
		if value := f.call.Request.URL.Query().Get(key); value != "" {
			q.Set(key, value)
		}
	}
	if value := f.fields.Get("sha256"); value != "" { // what is to be told (details.go)
		q.Set("sha256", value)
	}
	if address := f.call.Path() + "?" + q.Encode(); len(address) <= maxQuestion {
		return address
	}
	return ""
}

// form is what was sent, and to where.
type form struct {
	call         *web.Call
	root, folder *zone.Object
	path         zone.Path
	fields       url.Values
	again        bool // it is to be shown as it was typed
}

var operations = map[string]func(form) error{
	"mkdir":       form.makeFolder,
	"delete":      form.delete,
	"ask-delete":  form.askDelete,
	"restore":     form.restore,
	"purge":       form.purge,
	"ask-purge":   form.askPurge,
	"rename":      form.rename,
	"ask-details": form.askDetails,
	"move":        form.move,
	"copy":        form.copy,
	"ask-move":    form.askMove,
	"ask-copy":    form.askCopy,
	"archive":     form.archive,
	"zip":         form.zip,
	"ask-zip":     form.askZip,
	"unzip":       form.unzip,
}

// names are those that the fields name: "name" in UTF-8, "raw" percent-encoded, which is how a page names what it
// showed, whatever bytes it is made of (browsers change line breaks and what is no UTF-8); or, with all=1, all entries of the folder,
// with filter those that match it. seen says which there were when somebody chose them, or total how many: if there are others by now, he is asked again.
func (f form) names() ([]string, error) {
	if f.all() {
		return f.allNames()
	}
	names := append([]string{}, f.fields["name"]...)
	for _, raw := range f.fields["raw"] {
		name, err := zone.Unescape(raw)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, web.Refuse(web.BadRequest, "no name")
	}
	return names, nil
}

func (f form) makeFolder() error {
	names, err := f.names()
	if err == nil && len(names) != 1 {
		err = web.Refuse(web.BadRequest, "more than one name")
	}
	if err != nil {
		return err
	}
	exists, err := onExists(f.fields.Get("on_exists"))
	if err != nil {
		return err
	}
	if exists == zone.ExistsReplace {
		return web.Refuse(web.BadRequest, "a folder is not replaced")
	}
	act, err := f.begin("mkdir", names[0])
	if err != nil {
		return err
	}
	made, created, err := f.folder.MakeFolder(names[0], exists)
	act.End(string(resultOf(err)), -1, f.finalPath(names[0], made))
	if err != nil {
		return err
	}
	done := brought{Status: "created", URL: f.call.Path() + url.PathEscape(made) + "/"}
	done.Name, done.Raw = shown(made)
	status := http.StatusCreated
	if !created {
		done.Status, status = "skipped", http.StatusOK
	}
	return f.call.SeeOther(f.call.Path()+"?done=mkdir", status, done)
}

// delete moves to the trash what is named, or removes it where there is none or for_good says so, each by itself: what the kernel refuses
// stays, the rest goes on.
func (f form) delete() error {
	names, err := f.names()
	if err != nil {
		return err
	}
	switch {
	case f.fields.Get("for_good") == "1":
		f.folder.KeepIn(nil, nil)
	case f.fields.Get("keep") == "1":
		f.folder.KeepAll()
	}
	f.folder.SweepUploads()
	words := "discard"
	remove := func(i int) item {
		name := names[i]
		act, err := f.begin("delete", name)
		kept := false
		if err == nil {
			kept, err = f.folder.Discard(name)
			act.End(string(resultOf(err)), -1, "")
		}
		if err == nil && !kept {
			words = "delete"
		}
		return f.itemOf(name, f.toldOfTrash(err), f.call.Language.Say(map[bool]string{true: "delete.kept", false: "delete.ok"}[kept]))
	}
	return f.doAll(many{len(names), remove, func() string { return words }, f.answer, f.call.Path()})
}

// toldOfTrash is an error with the sentence that helps where it comes from the trash.
func (f form) toldOfTrash(err error) error {
	switch {
	case errors.Is(err, zone.ErrNoTrash):
		return &web.Told{Err: err, Sentence: f.call.Language.Say("trash.none")}
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		return &web.Told{Err: err, Sentence: f.call.Language.Say("trash.full")}
	}
	return err
}

// askDelete shows what is about to be removed; it changes nothing.
func (f form) askDelete() error {
	if f.nothing() {
		return f.call.SeeOther(f.call.Path()+"?done=nothing", http.StatusOK, nil)
	}
	names, err := f.names()
	if err != nil {
		return err
	}
	if f.call.JSON {
		return web.Refuse(web.BadRequest, "ask-delete is a question to people")
	}
	days, err := f.trashDays()
	if err != nil {
		return err
	}
	v := f.call.View(f.call.Language.Say("delete.title"))
	return f.call.AnswerPage(http.StatusOK, askDeletePage(v, f.call.Path(), names, f.chosen(names), days))
}

// begin notes that an act on an entry of the folder begins.
func (f form) begin(name, entry string) (*event.Act, error) {
	return f.call.Event.Begin(name, below(append(f.path.Names[:len(f.path.Names):len(f.path.Names)], entry)))
}

// finalPath is the path of an entry that got another name than asked for, else "".
func (f form) finalPath(asked, got string) string {
	if got == "" || got == asked {
		return ""
	}
	return below(append(f.path.Names[:len(f.path.Names):len(f.path.Names)], got))
}

// resultOf is how an act ended, as events say it: "ok", the code of an error, that the client went away, or that some of it
// was done.
func resultOf(err error) web.Code {
	var partly *zone.PartlyRemoved
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return event.Interrupted
	case errors.As(err, &partly) && partly.Gone:
		return "partly"
	}
	return web.CodeOf(err)
}

// item is how an operation on one entry ended.
type item struct {
	Name    string `json:"name"`
	Raw     string `json:"raw,omitempty"`
	Status  string `json:"status"` // ok or a code
	Message string `json:"message"`
	URL     string `json:"url,omitempty"`
	// Of what got a name by being renamed, moved or copied.
	To       string     `json:"to,omitempty"`
	ToRaw    string     `json:"to_raw,omitempty"`
	Left     []leftItem `json:"left,omitempty"`
	LeftMore int        `json:"left_more,omitempty"` // beyond those in Left
	// Of an archive that is refused: why (archive.Reason), and because of which entry.
	Reason   string `json:"reason,omitempty"`
	Entry    string `json:"entry,omitempty"`
	EntryRaw string `json:"entry_raw,omitempty"`

	remove string // where the zone's owner removes what others put into a folder
}

// itemOf says how it ended: well, in the words given, or with the sentence of the error's code.
func (f form) itemOf(name string, err error, well string) item {
	i := item{Status: "ok", Message: well}
	i.Name, i.Raw = shown(name)
	if err == nil {
		return i
	}
	f.call.Log(err)
	code := web.CodeOf(err)
	message := f.call.Message(err)
	var partly *zone.PartlyRemoved
	var told *web.Told
	if errors.As(err, &partly) || errors.Is(err, zone.ErrStrange) && !errors.As(err, &told) {
		message = f.call.Language.Say(map[bool]string{true: "delete.partly", false: "delete.none"}[partly != nil && partly.Gone])
		if f.root.Access() == zone.Own {
			i.remove = "/cgi-bin/zones/" + f.path.Zone + "?" + url.Values{"view": {"who"}, "path": {below(append(f.path.Names[:len(f.path.Names):len(f.path.Names)], name))}}.Encode()
		}
	}
	i.Status, i.Message = string(code), message
	return i
}

// answer tells how the items ended. When all went well a browser is led back to the folder, so that loading the page
// again does nothing again; otherwise it gets the folder with what went wrong.
func (f form) answer(items []item, done string) error {
	object := map[string]any{"results": items}
	if f.call.JSON {
		return f.call.Answer(http.StatusOK, object, nil)
	}
	well := 0
	for _, i := range items {
		if i.Status == "ok" {
			well++
		}
	}
	if well == len(items) {
		q := url.Values{"done": {done}, "n": {strconv.Itoa(well)}}
		return f.call.SeeOther(f.call.Path()+"?"+q.Encode(), http.StatusOK, object)
	}
	return f.showResults(items, done)
}

// doneOperations are those that end in results of items: their names are also the second halves of the sentences' keys.
var doneOperations = map[string]bool{"upload": true, "delete": true, "discard": true, "restore": true, "purge": true, "rename": true, "move": true, "copy": true, "zip": true, "unzip": true}

// doneNotice is what the page after a form begins with: done says which form, n of how many items.
func doneNotice(c *web.Call, n int) *page.Notice {
	l, done := c.Language, c.Done()
	switch {
	case done == "lost":
		return &page.Notice{Kind: page.Error, Text: l.Say("folder.lost")}
	case done == "nothing":
		return &page.Notice{Kind: page.Info, Text: l.Say("delete.nothing")}
	case done == "mkdir":
		return &page.Notice{Kind: page.OK, Text: l.Say("mkdir.done")}
	case doneOperations[done] && n > 0:
		return &page.Notice{Kind: page.OK, Text: l.Count("done."+done, n)}
	}
	return nil
}
