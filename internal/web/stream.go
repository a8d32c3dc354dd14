package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/a-h/templ"
)

// StreamPage sends a page while it is made, in pieces that the page itself flushes. What fails after its first byte has
// to be told by the page.
func (c *Call) StreamPage(status int, html templ.Component) error {
	c.response.header.Set("Content-Type", "text/html; charset=utf-8")
	c.response.WriteHeader(status)
	if c.Request.Method == http.MethodHead {
		return nil
	}
	m := made(c.response, c.User)
	return errors.Join(html.Render(context.Background(), m), m.close())
}
