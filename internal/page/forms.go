package page

import (
	"context"

	"github.com/a-h/templ"
)

// What all forms of a page have in common stands in its context. Which field of its form a page was refused for: then each input says by
// itself that it is the one (WCAG 3.3.1), and the forms say nothing of it. And for whom the page is.

type refusedKey struct{}

// refusalID is the element of the message that says why.
const refusalID = "refusal"

type userKey struct{}

// UserField is in forms that are carried over a login (internal/web): for whom their page was made, so that only he gets back what
// was typed.
const UserField = "shz-user"

// WithForms is the context of a page with forms: for whom it is made, and because of which field its form was refused; "" = none.
func WithForms(ctx context.Context, user, refused string) context.Context {
	return context.WithValue(context.WithValue(ctx, userKey{}, user), refusedKey{}, refused)
}

func userOf(ctx context.Context) string {
	user, _ := ctx.Value(userKey{}).(string)
	return user
}

func isRefused(ctx context.Context, field string) bool {
	refused, _ := ctx.Value(refusedKey{}).(string)
	return refused != "" && refused == field
}

// someRefused says whether the page's message is about a field.
func someRefused(ctx context.Context) bool {
	refused, _ := ctx.Value(refusedKey{}).(string)
	return refused != ""
}

// Described are the attributes of an input that FormField does not make: by what it is described, and whether it was refused. help is
// the id of its help, "" = none.
func Described(ctx context.Context, field, help string) templ.Attributes {
	all := templ.Attributes{}
	if isRefused(ctx, field) {
		all["aria-invalid"] = "true"
		if help != "" {
			help += " "
		}
		help += refusalID
	}
	if help != "" {
		all["aria-describedby"] = help
	}
	return all
}
