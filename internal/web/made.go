package web

import (
	"bytes"
	"html"
	"io"
	"net/http"

	"sharezone/internal/page"
)

// Every form that changes something says for whom its page was made: who has logged in at the same browser since, in another window, is
// not obeyed by a page of somebody else's (FormOrAgain). That stands here alone, for all pages and those that grow.

// changing begins such a form, as all templates write it.
const changing = `<form method="post"`

// maker puts the field after the tag of each such form. What may be the beginning of one is held until more comes.
type maker struct {
	to    io.Writer
	field []byte
	held  []byte
}

// made is a writer of a page for the user; nobody's forms stay as they are.
func made(to io.Writer, user string) *maker {
	m := &maker{to: to}
	if user != "" {
		m.field = []byte(`<input type="hidden" name="` + page.UserField + `" value="` + html.EscapeString(user) + `">`)
	}
	return m
}

func (m *maker) Write(b []byte) (int, error) {
	m.held = append(m.held, b...)
	for {
		at := bytes.Index(m.held, []byte(changing))
		if at < 0 {
			return len(b), m.pass(len(m.held) - beginning(m.held))
		}
		end := bytes.IndexByte(m.held[at:], '>') // in a value it is &gt;
		if end < 0 {
			return len(b), m.pass(at)
		}
		if err := m.pass(at + end + 1); err != nil {
			return 0, err
		}
		if _, err := m.to.Write(m.field); err != nil {
			return 0, err
		}
	}
}

// pass hands on the first n bytes that are held.
func (m *maker) pass(n int) error {
	_, err := m.to.Write(m.held[:n])
	m.held = append(m.held[:0], m.held[n:]...)
	return err
}

// beginning is how many bytes at the end of b a form may begin with.
func beginning(b []byte) int {
	for n := min(len(b), len(changing)-1); n > 0; n-- {
		if bytes.HasSuffix(b, []byte(changing[:n])) {
			return n
		}
	}
	return 0
}

// Flush is for pages that grow.
func (m *maker) Flush() {
	if f, ok := m.to.(http.Flusher); ok {
		f.Flush()
	}
}

// close hands on the rest.
func (m *maker) close() error { return m.pass(len(m.held)) }
