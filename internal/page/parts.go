package page

import (
	"context"
	"strings"

	"github.com/a-h/templ"
)

// Column is the head of one column of a Table.
type Column struct {
	Label  string
	Class  string        // of the head; the cells of the rows carry the same
	Href   templ.SafeURL // sorts by this column; "" = cannot be sorted by
	Sorted string        // aria-sort: "ascending", "descending", "" = sorted by another one
}

// Field is one input of a form with its label, its help and what is wrong with it.
type Field struct {
	Name         string // of the form's field; unique on the page
	Label        string
	Help         string // "" = none
	Error        string // "" = none; a sentence in the user's language
	Type         string // "text", "password", "email", "date" …
	Value        string // never for a password
	Autocomplete string // as HTML names it: "username", "current-password" …
	Required     bool
	Autofocus    bool // at most one on a page
	Digits       bool // nothing else: phones show their keys for digits
	Verbatim     bool // a name or code: no capital letter, no correction by the keyboard
}

// id is the element's; the prefix keeps it apart from ids of the page.
func (f Field) id() string { return "field-" + f.Name }

// described names the elements that explain the field, for screen readers, and says whether it was refused.
func (f Field) described(ctx context.Context) templ.Attributes {
	var ids []string
	if f.Help != "" {
		ids = append(ids, f.id()+"-help")
	}
	if f.Error != "" {
		ids = append(ids, f.id()+"-error")
	}
	all := Described(ctx, f.Name, strings.Join(ids, " "))
	if f.Error != "" {
		all["aria-invalid"] = "true"
	}
	return all
}

// Range is the part of a list that a page shows.
type Range struct {
	Total        int
	Offset       int // of the first one shown
	Shown        int
	PreviousHref templ.SafeURL // "" = this is the first part
	NextHref     templ.SafeURL // "" = this is the last part
}

// noticeClass is Bootstrap's word for the kind.
func noticeClass(kind NoticeKind) string {
	switch kind {
	case OK:
		return "alert-success"
	case Error:
		return "alert-danger"
	}
	return "alert-info"
}

// noticeRole is how a screen reader learns of the notice: at once, or when it has finished its sentence.
func noticeRole(kind NoticeKind) string {
	if kind == Error {
		return "alert"
	}
	return "status"
}
