package web

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNeverPastTheLength: Apache takes what follows the announced bytes for the beginning of the next answer.
func TestNeverPastTheLength(t *testing.T) {
	for _, row := range []struct {
		component, body, length, log string
	}{
		{"surplus", "abcde", "5", "wrote 2"},
		{"short", "abc", "12", ""},
		{"negative", "abc", "", ""},
	} {
		for _, pipes := range []bool{false, true} {
			a := cgiCall{component: row.component, pipes: pipes}.run(t)
			if a.status != 200 || a.body != row.body || a.header.Get("Content-Length") != row.length || !strings.Contains(a.stderr, row.log) || row.log == "" && !strings.Contains(a.stderr, " code=ok ") {
				t.Errorf("%s: %d %q %v\n%s", row.component, a.status, a.body, a.header, a.stderr)
			}
		}
	}
	if a := (cgiCall{component: "unchanged"}).run(t); a.status != http.StatusNotModified || a.body != "" {
		t.Errorf("unchanged: %d %q", a.status, a.body)
	}
}

// TestFile: net/http's answers for a file through our writer, larger than any buffer.
func TestFile(t *testing.T) {
	content := make([]byte, 3<<20+7)
	rand.NewChaCha8([32]byte{}).Read(content)
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	end := len(content)
	for _, row := range []struct {
		name, method string
		set          map[string]string
		status       int
		want         []byte
	}{
		{"all", "GET", nil, 200, content},
		{"HEAD", "HEAD", nil, 200, nil},
		{"beginning", "GET", map[string]string{"HTTP_RANGE": "bytes=0-0"}, 206, content[:1]},
		{"middle", "GET", map[string]string{"HTTP_RANGE": "bytes=1048577-2097152"}, 206, content[1048577:2097153]},
		{"rest", "GET", map[string]string{"HTTP_RANGE": "bytes=3000000-"}, 206, content[3000000:]},
		{"end", "GET", map[string]string{"HTTP_RANGE": "bytes=-5"}, 206, content[end-5:]},
		{"beyond", "GET", map[string]string{"HTTP_RANGE": "bytes=5-99999999999"}, 206, content[5:]},
		{"HEAD of a range", "HEAD", map[string]string{"HTTP_RANGE": "bytes=0-9"}, 206, nil},
		{"not since", "GET", map[string]string{"HTTP_IF_MODIFIED_SINCE": "Mon, 26 Oct 2037 07:33:20 GMT"}, 304, nil},
	} {
		for _, pipes := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s pipes=%v", row.name, pipes), func(t *testing.T) {
				set := map[string]string{"TEST_FILE": name}
				for k, v := range row.set {
					set[k] = v
				}
				a := cgiCall{component: "file", method: row.method, set: set, pipes: pipes}.run(t)
				if a.status != row.status || !bytes.Equal([]byte(a.body), row.want) {
					t.Errorf("%d, %d bytes: %.200s", a.status, len(a.body), a.stderr)
				}
				if want := fmt.Sprintf("complete=true sent=%d", len(row.want)); !strings.Contains(a.stderr, want) {
					t.Errorf("not %s: %s", want, a.stderr)
				}
				if length := a.header.Get("Content-Length"); row.method == "GET" && row.status != 304 && length != fmt.Sprint(len(row.want)) {
					t.Errorf("Content-Length %s", length)
				}
			})
		}
	}
	several := cgiCall{component: "file", set: map[string]string{"TEST_FILE": name, "HTTP_RANGE": "bytes=0-4,2000000-2000009"}}.run(t)
	if !strings.Contains(several.body, string(content[2000000:2000010])) || several.header.Get("Content-Length") != fmt.Sprint(len(several.body)) || !strings.Contains(several.stderr, "complete=true") {
		t.Errorf("%d %v %s", several.status, several.header, several.stderr)
	}
}

// TestClientGoneBeforeTheAnswer: nothing can be told; the component ends, and says in the log what happened.
func TestClientGoneBeforeTheAnswer(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	a := cgiCall{component: "file", set: map[string]string{"TEST_FILE": name}, gone: true}.run(t)
	if !strings.Contains(a.stderr, "complete=false") {
		t.Error(a.stderr)
	}
}
