package page

import (
	"context"
	"io"
	"testing"

	"github.com/a-h/templ"

	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
)

func TestName(t *testing.T) {
	html := pagetest.Render(t, Name("x\u202efdp.exe\n<svg onload=alert(1)>"))
	if want := `<bdi dir="auto">x[U+202E]fdp.exe[U+000A]&lt;svg onload=alert(1)&gt;</bdi>`; html != want {
		t.Errorf("got  %s\nwant %s", html, want)
	}
	// The white space of a name is shown as it is, so none may be added.
	if html, want := pagetest.Render(t, Name(" a  b ")), `<bdi dir="auto"> a  b </bdi>`; html != want {
		t.Errorf("got  %s\nwant %s", html, want)
	}
}

func TestMessage(t *testing.T) {
	contains(t, pagetest.Render(t, Message(Notice{Kind: OK, Text: "x"})), `class="alert alert-success" role="status"`)
	contains(t, pagetest.Render(t, Message(Notice{Kind: Error, Text: "x"})), `class="alert alert-danger" role="alert"`)
	contains(t, pagetest.Render(t, Message(Notice{Kind: Info, Text: "x"})), `class="alert alert-info" role="status"`)
	contains(t, pagetest.Render(t, Message(Notice{Kind: "odd", Text: "x"})), `class="alert alert-info" role="status"`)
}

func TestBreadcrumb(t *testing.T) {
	html := pagetest.Render(t, Breadcrumb(text.English, []Crumb{
		{Label: "Home", Href: "/cgi-bin/home"},
		{Label: `<b>"\u202e`, Href: "/cgi-bin/shz/demo/%3Cb%3E/"},
		{Label: "gone"},
		{Label: "here", Href: "/cgi-bin/shz/demo/here/", Current: true},
	}))
	contains(t, html,
		`aria-label="Where you are"`,
		`<a href="/cgi-bin/shz/demo/%3Cb%3E/"><bdi dir="auto">&lt;b&gt;&#34;`,
		`<li class="breadcrumb-item"><bdi dir="auto">gone</bdi></li>`,
		`<li class="breadcrumb-item active" aria-current="page"><bdi dir="auto">here</bdi></li>`)
	lacks(t, html, `href="/cgi-bin/shz/demo/here/"`)
}

func TestTable(t *testing.T) {
	rows := templ.Raw(`<tr role="row"><td role="cell">x</td></tr>`)
	html := pagetest.RenderContext(t, templ.WithChildren(context.Background(), rows), Table("A & B", []Column{
		{Label: "Name", Class: "n", Href: "?sort=name", Sorted: "descending"},
		{Label: "Owner"},
	}))
	contains(t, html,
		`<caption class="visually-hidden">A &amp; B</caption>`,
		`<th scope="col" role="columnheader" class="n" aria-sort="descending"><a href="?sort=name">Name</a></th>`,
		`<td role="cell">x</td>`)
	lacks(t, html, `aria-sort=""`)
}

func TestFormField(t *testing.T) {
	html := pagetest.Render(t, FormField(Field{
		Name: "title", Label: "Title <1>", Help: "help", Error: "wrong", Type: "text", Value: `"><script>`,
		Autocomplete: "off", Required: true, Verbatim: true,
	}))
	contains(t, html,
		`<label class="form-label" for="field-title">Title &lt;1&gt;</label>`,
		`value="&#34;&gt;&lt;script&gt;"`, `aria-describedby="field-title-help field-title-error"`, `aria-invalid="true"`,
		`autocapitalize="none"`, " required", `class="form-control is-invalid"`,
		`<div class="invalid-feedback" id="field-title-error">wrong</div>`)
	lacks(t, html, "autofocus")

	plain := pagetest.Render(t, FormField(Field{Name: "x", Label: "X", Type: "password", Autofocus: true}))
	lacks(t, plain, "value=", "aria-", "required", "is-invalid", "autocomplete=")
	contains(t, plain, " autofocus")
}

// TestRefusedField: the input that a form was refused for says so, and is described by the message; the others are not.
func TestRefusedField(t *testing.T) {
	ctx := WithForms(context.Background(), "expires")
	message := Message(Notice{Kind: Error, Text: "x"})
	contains(t, pagetest.RenderContext(t, ctx, templ.Join(message, FormField(Field{Name: "expires", Help: "help"}))),
		`aria-invalid="true"`, `aria-describedby="field-expires-help refusal"`, `class="form-control is-invalid"`)
	lacks(t, pagetest.RenderContext(t, ctx, FormField(Field{Name: "title"})), "aria-invalid", "is-invalid", "refusal")
	contains(t, pagetest.RenderContext(t, ctx, message), `id="refusal"`)
	lacks(t, pagetest.RenderContext(t, ctx, Message(Notice{Kind: Info, Text: "x"})), `id=`)
	lacks(t, pagetest.Render(t, message), `id=`)
	lacks(t, pagetest.Render(t, FormField(Field{Name: "", Label: "x"})), "aria-")
	contains(t, pagetest.RenderContext(t, ctx, LanguageField(text.English, "")), `aria-describedby="field-language-help"`)
	contains(t, pagetest.RenderContext(t, WithForms(ctx, "language"), templ.Join(message, LanguageField(text.English, ""))), `aria-describedby="field-language-help refusal"`)
}

func TestPagination(t *testing.T) {
	html := pagetest.Render(t, Pagination(text.Italian, Range{
		Total: 12345, Offset: 200, Shown: 200, PreviousHref: "?offset=0", NextHref: "?offset=400",
	}))
	contains(t, html, "Da 201 a 400 di 12.345", `rel="prev" href="?offset=0"`, `rel="next" href="?offset=400"`)
	if html := pagetest.Render(t, Pagination(text.Italian, Range{Total: 3, Shown: 3})); html != "" {
		t.Errorf("a list of one part has no pagination, got %s", html)
	}
	lacks(t, pagetest.Render(t, Pagination(text.English, Range{Total: 3, Offset: 3, PreviousHref: "?"})), " to ", `rel="next"`)
}

func TestEmptyStateAndDialog(t *testing.T) {
	withChild := func() context.Context { // rendering takes the children out of their context
		return templ.WithChildren(context.Background(), templ.Raw("<p>child</p>"))
	}
	contains(t, pagetest.RenderContext(t, withChild(), EmptyState("Nothing <yet>", "Wait.")), "Nothing &lt;yet&gt;", "<p>child</p>")

	question := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if err := DialogButton("delete", "Delete").Render(ctx, w); err != nil {
			return err
		}
		return Dialog(text.Italian, "delete", "Delete <x>?").Render(withChild(), w)
	})
	contains(t, pagetest.Render(t, question),
		`popovertarget="delete"`, `id="delete" popover role="dialog" aria-labelledby="delete-title"`,
		"Delete &lt;x&gt;?", "<p>child</p>", "Annulla")
}
