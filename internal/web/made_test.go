package web

import (
	"strings"
	"testing"
)

// Forms that change something name their user, however a page is cut into pieces; others, and what looks like one, do not.
func TestMade(t *testing.T) {
	const html = `<p>&lt;form method="post"&gt;</p><form method="get"><input></form><form method="post" action="/a?b&gt;c" class="x"><p></p></form><form method="post"></form><form`
	const field = `<input type="hidden" name="shz-user" value="a&#34;b">`
	want := strings.NewReplacer(`class="x">`, `class="x">`+field, `<form method="post">`, `<form method="post">`+field).Replace(html)
	for size := 1; size <= len(html); size++ {
		var out strings.Builder
		m := made(&out, `a"b`)
		for rest := html; rest != ""; {
			n := min(size, len(rest))
			if _, err := m.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := m.close(); err != nil || out.String() != want {
			t.Errorf("in pieces of %d: %v\n%s\nnot\n%s", size, err, out.String(), want)
		}
	}
	var out strings.Builder
	m := made(&out, "")
	m.Write([]byte(html))
	if err := m.close(); err != nil || out.String() != html {
		t.Errorf("nobody's: %v %s", err, out.String())
	}
}
