package main

import (
	"errors"
	"net/http"
	"net/url"

	"golang.org/x/sys/unix"

	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// rename gives one entry another name in its folder.
func (f form) rename() error {
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
	name, to := names[0], f.fields.Get("to")
	act, err := f.begin("rename", name)
	var done zone.Landed
	if err == nil {
		done, err = f.folder.Rename(name, to, exists)
		final := f.finalPath(name, done.Name)
		if done.Skipped {
			final = ""
		}
		act.End(string(landedResult(done, err)), -1, final)
	}
	if !f.call.JSON && isAboutName(err) {
		return f.renameAgain(name, to, err)
	}
	i := f.itemOf(name, err, f.call.Language.Say("did."+landedWords("rename", done)))
	if err == nil {
		f.landed(&i, f.call.Path(), done)
	}
	return f.answer([]item{i}, "rename")
}

// landedResult is how an act ended that gives a name: where the name was taken and nothing done, nothing happened.
func landedResult(done zone.Landed, err error) web.Code {
	if done.Skipped {
		return web.Exists
	}
	return resultOf(err)
}

// landedWords is the second half of the key of the sentence for an entry that got a name, by the operation that gave it.
func landedWords(operation string, done zone.Landed) string {
	switch {
	case done.Skipped:
		return "skipped"
	case done.Replaced:
		return operation + ".replaced"
	}
	return operation + ".ok"
}

// landed says where an entry lies now: the address of the folder and its name there.
func (f form) landed(i *item, folder string, done zone.Landed) {
	i.To, i.ToRaw = shown(done.Name)
	i.URL = folder + url.PathEscape(done.Name)
	if done.Folder {
		i.URL += "/"
	}
}

// isAboutName says that another name would do.
func isAboutName(err error) bool {
	for _, e := range []error{unix.EEXIST, unix.ENAMETOOLONG, zone.ErrNewName, zone.ErrPath} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// askRename shows the form for a new name. It is reached by a link, so it changes nothing.
func askRename(c *web.Call, path zone.Path) error {
	name, err := zone.Unescape(c.Request.URL.Query().Get("raw"))
	if err != nil {
		return err
	}
	if c.JSON {
		return web.Refuse(web.BadRequest, "a question to people")
	}
	v := c.View(c.Language.Say("rename.title"))
	return c.AnswerPage(http.StatusOK, renamePage(v, renameView{Here: c.Path(), Crumbs: crumbs(c, path), Name: name, To: withoutUntypable(name)}))
}

// renameAgain shows the form again with what is wrong with the name that was typed.
func (f form) renameAgain(name, to string, err error) error {
	f.call.Log(err)
	v := f.call.View(f.call.Language.Say("rename.title"))
	view := renameView{
		Here: f.call.Path(), Crumbs: crumbs(f.call, f.path), Name: name, To: withoutUntypable(to), Error: f.call.Message(err),
	}
	return f.call.AnswerPage(web.CodeOf(err).Status(), renamePage(v, view))
}

// renameView is the form for a new name.
type renameView struct {
	Here   string // the folder
	Crumbs []crumb
	Name   string // that it has
	To     string // that it is to get
	Error  string // what is wrong with it; "" = nothing
}
