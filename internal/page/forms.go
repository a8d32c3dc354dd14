package page

import (
	"context"

	"github.com/a-h/templ"
)

// What all forms of a page have in common stands in its context. Which field of its form a page was refused for: then each input says by
// itself that it is the one (WCAG 3.3.1), and the forms say nothing of it.

type refusedKey struct{}

// refusalID is the element of the message that says why.
const refusalID = "refusal"

// UserField is in all forms that change something (internal/web): for whom their page was made. Nobody else is obeyed by them, or gets
// back what was typed.
const UserField = "shz-user"

// WithForms is the context of a page with forms: because of which field its form was refused; "" = none.
func WithForms(ctx context.Context, refused string) context.Context {
	return context.WithValue(ctx, refusedKey{}, refused)
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
