package page

import (
	"context"

	"github.com/a-h/templ"
)

// Which field of its form a page was refused for stands in the context of the page: then each input says by itself that it is the
// one (WCAG 3.3.1), and the forms say nothing of it.

type refusedKey struct{}

// refusalID is the element of the message that says why.
const refusalID = "refusal"

// WithRefused is the context of a page whose form was refused because of a field; "" = of none.
func WithRefused(ctx context.Context, field string) context.Context {
	return context.WithValue(ctx, refusedKey{}, field)
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
