package web

import (
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"sharezone/internal/page"
)

// What somebody typed into a form while his session ended is not lost: login takes it into its page, and after the login it is sent
// where it was to go, with againField. It is shown there then and not obeyed: who logs in has not said that he still wants it. Nobody
// else who logs in there gets it: these forms name the user for whom their page was made. Nothing of it is kept on the server.

// againField marks a form that is to be shown as it was typed.
const againField = "shz-again"

// maxCarried is how long a carried form may be, in bytes of its encoding. Descriptions and lists of names fit.
const maxCarried = 16 << 10

// secrets are never carried.
var secrets = [...]string{"password", "old", "new", "confirm", "otp"}

// shownAgain are the forms that can be shown as they were typed, by component: those with fields, of folders those for a new name. What is
// one button stands on its page all the same, and a choice of one row there would not be seen.
var shownAgain = map[string][]string{
	"zones": {"create", "modify", "keep", "restore"},
	"users": {"create", "invite", "modify", "delete", "create-group"},
	"shz":   {"rename", "zip"},
}

// showsAgain says whether what is at an address can show a form as it was typed.
func showsAgain(address string, fields url.Values) bool {
	rest, ours := strings.CutPrefix(address, "/cgi-bin/")
	component, _, _ := strings.Cut(rest, "/")
	return ours && slices.Contains(shownAgain[component], fields.Get("op"))
}

// Carried is a form that waits for a login.
type Carried struct {
	To     string // where it was to go
	Fields url.Values
}

// TypedBy says whether it was this user's page that the form stood on. The field can be made up by whoever types the text as well.
func (f *Carried) TypedBy(user string) bool { return f.Fields.Get(page.UserField) == user }

// CarryForm is the form of this request, nil where it is none that can be shown again.
func (c *Call) CarryForm() *Carried {
	kind, _, err := mime.ParseMediaType(c.Request.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil
	}
	fields, err := c.readForm()
	if err != nil || !showsAgain(c.path, fields) {
		return nil
	}
	return newCarried(c.path, fields)
}

// CarriedIn is the one that a form of login's has taken along, nil for none.
func CarriedIn(fields url.Values) *Carried {
	carried, err := url.ParseQuery(fields.Get("carried"))
	if to := fields.Get("to"); err == nil && path.Clean(to) == strings.TrimSuffix(to, "/") && showsAgain(to, carried) && !strings.ContainsAny(to, "?#\\") {
		return newCarried(to, carried)
	}
	return nil
}

func newCarried(to string, fields url.Values) *Carried {
	for _, secret := range secrets {
		delete(fields, secret)
	}
	f := &Carried{to, fields}
	if f.TypedBy("") || len(f.Encoded()) > maxCarried {
		return nil
	}
	return f
}

// Encoded is the form in one field.
func (f *Carried) Encoded() string { return f.Fields.Encode() }

// AskPassword answers somebody who has to change his password before anything else with the page for it, which takes along what he typed.
func (c *Call) AskPassword(user string, f *Carried, next string) error {
	v := c.View(c.Language.Say("chpwd.title"))
	v.User, v.Menu, v.OneLanguage = user, []page.MenuItem{}, true // nothing else would answer
	return c.AnswerPage(http.StatusOK, page.PasswordPage(v, page.PasswordForm{Next: next, MustChange: true, To: f.To, Carried: f.Encoded()}))
}

// GiveBack answers with the page that sends it to be shown again, or leads to next. What else there is to say may be nil.
func (c *Call) GiveBack(f *Carried, next string, notice *page.Notice) error {
	f.Fields.Set(againField, "1")
	if c.User != "" { // the page names him in its forms by itself
		delete(f.Fields, page.UserField)
	}
	v := c.View(c.Language.Say("login.carried-title"))
	v.OneLanguage, v.Notice = true, notice
	return c.AnswerPage(http.StatusOK, page.CarriedPage(v, f.To, f.Fields, next))
}

// FormOrAgain is Form for components that show a form as it was typed, where again says so. One that cannot be is refused then.
func (c *Call) FormOrAgain(several ...string) (fields url.Values, again bool, err error) {
	fields, err = c.readForm()
	for _, field := range slices.Sorted(maps.Keys(fields)) { // there are none where they could not be read
		if err == nil && len(fields[field]) > 1 && !slices.Contains(several, field) {
			err = FieldError{Field: field, Reason: FieldTwice}
		}
	}
	again = fields.Has(againField)
	if err == nil {
		if err := c.CheckMadeFor(fields.Get(page.UserField)); err != nil {
			return nil, again, err
		}
	}
	delete(fields, againField)
	delete(fields, page.UserField)
	if err == nil && again && !showsAgain(c.path, fields) {
		err = Refuse(BadRequest, "a form to show again")
	}
	return fields, again, err
}

// CheckMadeFor refuses a form whose page was made for another user, who was logged in at this browser then; scripts name none.
func (c *Call) CheckMadeFor(user string) error {
	if user == "" || user == c.User {
		return nil
	}
	return &Told{Refuse(Conflict, "a form of another user's page"), c.Language.Say("error.other-user", c.User)}
}

// CheckScriptOf is CheckMadeFor of a page's script, which goes on with what it does by itself: not as somebody else. It has a code
// after which no script tries again.
func (c *Call) CheckScriptOf(user string) error {
	if user == "" || user == c.User {
		return nil
	}
	return &Told{Refuse(NotPermitted, "the script of another user's page"), c.Language.Say("error.other-user", c.User)}
}

// Form returns the fields of a changing request: urlencoded, multipart without files, or a JSON object with the same
// keys, where an array is a repeated key. None comes twice but those that are several: of two values one would be obeyed, and which
// nobody knows. One that is to be shown again is refused: it must not be taken for a wish.
func (c *Call) Form(several ...string) (url.Values, error) {
	fields, again, err := c.FormOrAgain(several...)
	if again {
		return nil, Refuse(BadRequest, "a form to show again")
	}
	return fields, err
}
