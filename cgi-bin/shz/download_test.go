package main

import (
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

func TestAttachment(t *testing.T) {
	for name, want := range map[string]string{
		"a.txt":            `attachment; filename="a.txt"`,
		"a b;c=d,e.txt":    `attachment; filename="a b;c=d,e.txt"`,
		`a"b\c.txt`:        `attachment; filename="a_b_c.txt"; filename*=UTF-8''a%22b%5Cc.txt`,
		"100%.txt":         `attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`,
		"perché?.txt":      `attachment; filename="perch_?.txt"; filename*=UTF-8''perch%C3%A9%3F.txt`,
		"a\r\nX: y":        `attachment; filename="a__X: y"; filename*=UTF-8''a%0D%0AX%3A%20y`,
		"\u202efdp.exe":    `attachment; filename="_fdp.exe"; filename*=UTF-8''%E2%80%AEfdp.exe`,
		"caf\xe9\x00.txt":  `attachment; filename="caf__.txt"`, // no UTF-8: the stand-in is all that can be said
		"a+b c'd(e)*.txt~": `attachment; filename="a+b c'd(e)*.txt~"`,
		"+è":               `attachment; filename="+_"; filename*=UTF-8''%2B%C3%A8`,
		"..":               `attachment; filename=".."`,
	} {
		got := disposition("attachment", name)
		if got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", name, got, want)
		}
		_, parameters, err := mime.ParseMediaType(got)
		if err != nil || strings.Contains(want, "filename*") && parameters["filename"] != name {
			t.Errorf("%q is read as %q, %v", name, parameters["filename"], err)
		}
	}
}

// TestETag: what changes a file, changes it, whatever its modification time is set to.
func TestETag(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	look := func() string {
		var st unix.Stat_t
		if err := unix.Lstat(name, &st); err != nil {
			t.Fatal(err)
		}
		return etag(&st)
	}
	seen := map[string]bool{}
	for _, change := range []func() error{
		func() error { return os.WriteFile(name, []byte("a"), 0o600) },
		func() error { return os.WriteFile(name, []byte("ab"), 0o600) },
		func() error { return os.Remove(name) },
		func() error { return os.WriteFile(name, []byte("ab"), 0o600) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if tag, err := os.Lstat(name); err == nil && (seen[look()] || !strings.HasPrefix(look(), `"`) || !strings.HasSuffix(look(), `"`)) {
			t.Errorf("%s again: %v", look(), tag)
		} else if err == nil {
			seen[look()] = true
		}
	}
}

const (
	begun = `{"n":1,"event":"download","path":"file","owner":4242}` + "\n"
	whole = begun + `{"n":1,"result":"ok","bytes":1000}` + "\n"
)

func TestDownload(t *testing.T) {
	if !newZone(t, `yes 0123456789abcdef | head -c 1000 >file; : >empty; touch -d '2026-01-02 03:04:05 UTC' file empty; echo '<script>' >page.html`) {
		return
	}
	b, err := os.ReadFile(layout.Base + "/demo/file")
	if err != nil {
		t.Fatal(err)
	}
	content := string(b)
	first := call{target: "demo/file"}.run(t)
	tag := first.header.Get("ETag")
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "Content-Disposition": `attachment; filename="file"`, "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-cache", "Content-Length": "1000", "Accept-Ranges": "bytes",
		"Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT", "ETag": tag,
	} {
		if got := first.header.Get(name); got != want || got == "" {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	many := "bytes=0-0" + strings.Repeat(",5-5", maxRanges)
	for _, row := range []struct {
		name   string
		set    map[string]string
		status int
		body   string
		events string
	}{
		{"all", nil, 200, content, whole},
		{"range", map[string]string{"HTTP_RANGE": "bytes=10-19"}, 206, content[10:20], begun + `{"n":1,"result":"ok","bytes":10}` + "\n"},
		{"end", map[string]string{"HTTP_RANGE": "bytes=-1"}, 206, content[999:], begun + `{"n":1,"result":"ok","bytes":1}` + "\n"},
		{"all by a range", map[string]string{"HTTP_RANGE": "bytes=0-"}, 206, content, whole},
		{"beyond the end", map[string]string{"HTTP_RANGE": "bytes=1000-"}, 416, "", ""},
		{"negative", map[string]string{"HTTP_RANGE": "bytes=-0"}, 416, "", ""},
		{"reversed", map[string]string{"HTTP_RANGE": "bytes=5-1"}, 416, "", ""},
		{"no number", map[string]string{"HTTP_RANGE": "bytes=x-"}, 416, "", ""},
		{"overflow", map[string]string{"HTTP_RANGE": "bytes=99999999999999999999-"}, 416, "", ""},
		{"large letters", map[string]string{"HTTP_RANGE": "Bytes=-1"}, 206, content[999:], begun + `{"n":1,"result":"ok","bytes":1}` + "\n"},
		{"other unit", map[string]string{"HTTP_RANGE": "lines=1-2"}, 200, content, whole},
		{"overlapping ones that are more than the file", map[string]string{"HTTP_RANGE": "bytes=0-999,0-999"}, 200, content, whole},
		{"an empty one among others", map[string]string{"HTTP_RANGE": "bytes=0-1,-0"}, 200, content, whole},
		{"too many", map[string]string{"HTTP_RANGE": many}, 200, content, whole},
		{"unchanged", map[string]string{"HTTP_IF_NONE_MATCH": tag}, 304, "", ""},
		{"unchanged, one of several", map[string]string{"HTTP_IF_NONE_MATCH": `"x", ` + tag}, 304, "", ""},
		{"any", map[string]string{"HTTP_IF_NONE_MATCH": "*"}, 304, "", ""},
		{"changed", map[string]string{"HTTP_IF_NONE_MATCH": `"x"`}, 200, content, whole},
		{"not since", map[string]string{"HTTP_IF_MODIFIED_SINCE": "Fri, 02 Jan 2026 03:04:05 GMT"}, 304, "", ""},
		{"since", map[string]string{"HTTP_IF_MODIFIED_SINCE": "Fri, 02 Jan 2026 03:04:04 GMT"}, 200, content, whole},
		{"bad date", map[string]string{"HTTP_IF_MODIFIED_SINCE": "yesterday"}, 200, content, whole},
		{"same", map[string]string{"HTTP_IF_MATCH": tag}, 200, content, whole},
		{"other", map[string]string{"HTTP_IF_MATCH": `"x"`}, 412, "", ""},
		{"resumed", map[string]string{"HTTP_RANGE": "bytes=990-", "HTTP_IF_RANGE": tag}, 206, content[990:], begun + `{"n":1,"result":"ok","bytes":10}` + "\n"},
		{"resumed, and changed", map[string]string{"HTTP_RANGE": "bytes=990-", "HTTP_IF_RANGE": `"x"`}, 200, content, whole},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := call{target: "demo/file", set: row.set}.run(t)
			if got.status != row.status || row.status < 300 && got.body != row.body || row.status == 304 && got.body != "" || got.events != row.events {
				t.Errorf("%d, %d bytes, events %s", got.status, len(got.body), got.events)
			}
			if want := map[int]string{416: "range", 412: "precondition"}[row.status]; want != "" && (got.code() != want || got.header.Get("ETag")+got.header.Get("Content-Disposition") != "") {
				t.Errorf("%s %v", got.body, got.header)
			}
			if row.status == 416 && row.name == "beyond the end" && got.header.Get("Content-Range") != "bytes */1000" {
				t.Errorf("Content-Range %q", got.header.Get("Content-Range"))
			}
		})
	}
	several := call{target: "demo/file", set: map[string]string{"HTTP_RANGE": "bytes=0-1,500-501"}}.run(t)
	if several.status != 206 || !strings.HasPrefix(several.header.Get("Content-Type"), "multipart/byteranges") || !strings.Contains(several.events, `"result":"ok"`) {
		t.Errorf("%d %v %s", several.status, several.header, several.events)
	}
	for target, want := range map[string]string{"demo/empty": `"bytes":0}`, "demo/page.html": `"bytes":9}`} {
		if got := (call{target: target}).run(t); got.status != 200 || !strings.Contains(got.events, want) || got.header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%s: %d %v %s", target, got.status, got.header, got.events)
		}
	}
	head := call{method: http.MethodHead, target: "demo/file"}.run(t)
	if head.status != 200 || head.body != "" || head.header.Get("Content-Length") != "1000" || head.header.Get("ETag") != tag || head.events != "" {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
}

// TestDownloadIsTold: no byte of a file goes out of which nothing can be told, and a client that went away is told of.
func TestDownloadIsTold(t *testing.T) {
	if !newZone(t, "head -c 20M /dev/zero >large; echo content >file; echo x >unreadable; chmod 0 unreadable") {
		return
	}
	unwritable, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer unwritable.Close()
	for _, set := range []map[string]string{nil, {"HTTP_RANGE": "bytes=0-2"}} {
		got := call{target: "demo/file", event: unwritable, set: set}.run(t)
		if got.status != 500 || got.code() != "internal" || strings.Contains(got.body, "con\"") || strings.Contains(got.body, "content\n") ||
			got.header.Get("Content-Range")+got.header.Get("ETag")+got.header.Get("Content-Disposition") != "" {
			t.Errorf("%d %v %s", got.status, got.header, got.body)
		}
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if got := (call{target: "demo/file", event: full}).run(t); got.status != 507 || got.code() != "no-space" {
		t.Errorf("%d %s", got.status, got.body)
	}
	gone := call{target: "demo/large", gone: true}.run(t)
	if !strings.Contains(gone.events, `{"n":1,"result":"interrupted","bytes":`) {
		t.Errorf("client went away: %s", gone.events)
	}
	if got := (call{target: "demo/unreadable"}).run(t); got.status != 403 || got.events != "" {
		t.Errorf("%d %s", got.status, got.events)
	}
	if got := (call{target: "demo/file", set: map[string]string{"SHZ_EVENT_FD": "-"}}).run(t); got.status != 200 || got.body != "content\n" {
		t.Errorf("where the gate passes no event file: %d", got.status)
	}
}
