package main

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// samples are files as browsers show them, and files that look like it: name, first bytes, and the type by which they are shown ("" = not).
var samples = []struct{ name, head, kind string }{
	{"a.png", "\x89PNG\r\n\x1a\n....", "image/png"},
	{"a.jpg", "\xff\xd8\xff\xe0....", "image/jpeg"},
	{"a.gif", "GIF89a....", "image/gif"},
	{"a.webp", "RIFF....WEBPVP8 ....", "image/webp"},
	{"a.pdf", "%PDF-1.7\n", "application/pdf"},
	{"a.mp3", "ID3\x04", "audio/mpeg"},
	{"a.mp3", "\xff\xfb\x90\x64", "audio/mpeg"},
	{"a.wav", "RIFF....WAVEfmt ", "audio/wav"},
	{"a.flac", "fLaC\x00\x00\x00\x22", "audio/flac"},
	{"a.ogg", "OggS\x00....", "audio/ogg"},
	{"a.ogv", "OggS\x00....", "video/ogg"},
	{"a.mp4", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "video/mp4"},
	{"a.m4a", "\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00mp42isom", "audio/mp4"},
	{"a.webm", "\x1aE\xdf\xa3....", "video/webm"},
	{"a.txt", "perch\u00e9", "text/plain; charset=utf-8"},
	{"a.txt", "perch\xe9", "text/plain; charset=windows-1252"},
	{"a.txt", "\xff\xfep\x00e\x00", "text/plain; charset=utf-16le"},
	{"a.txt", "", "text/plain; charset=utf-8"},
	{"a.txt", strings.Repeat("a", previewHead-1) + "\u00e9", "text/plain; charset=utf-8"}, // cut in the middle of a character
	{"a.js", "alert(1)", "text/plain; charset=utf-8"},
	// The name is the word of whoever brought it.
	{"text.png", "not a picture", "text/plain; charset=utf-8"},
	{"picture.html", "\x89PNG\r\n\x1a\n<script>", "image/png"},
	{"polyglot.gif", "GIF89a/*<svg onload=alert(1)>*/=1", "image/gif"},

	{"a.html", "<!DOCTYPE html><script>alert(1)</script>", ""},
	{"a.txt", "<html><script>alert(1)</script>", ""},
	{"a.png", " \n<script>alert(1)</script>", ""},
	{"a.txt", "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", ""},
	{"a.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", ""},
	{"a.HTML", "hello <script>alert(1)</script>", ""},
	{"a.xhtml", "hello", ""},
	{"a.svg", "hello", ""},
	{"a.txt", strings.Repeat("a", 600) + "\x00", ""},
	{"a.bin", "\x00\x01\x02", ""},
	{"a.exe", "MZ\x90\x00", ""},
	{"a.zip", "PK\x03\x04", ""},
	{"a.bmp", "BM....", ""},
	{"a.ps", "%!PS-Adobe-", ""},
}

func TestContentType(t *testing.T) {
	for _, s := range samples {
		kind := contentType([]byte(s.head[:min(len(s.head), previewHead)]), s.name)
		bare, _, _ := strings.Cut(kind, ";")
		if viewers[bare] == "" {
			kind = ""
		}
		if kind != s.kind {
			t.Errorf("%s %.30q is shown as %q, not %q", s.name, s.head, kind, s.kind)
		}
	}
}

// FuzzContentType: whatever a file is and is called, it is shown by a viewer that runs nothing, or not at all.
func FuzzContentType(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s.head), s.name)
	}
	f.Fuzz(func(t *testing.T, head []byte, name string) {
		kind := contentType(head[:min(len(head), previewHead)], name)
		bare, charset, _ := strings.Cut(kind, ";")
		policy := viewers[bare]
		if strings.ContainsAny(kind, "\r\n") || policy != "" && charset != "" && bare != "text/plain" || bare == "text/plain" && !strings.HasPrefix(charset, " charset=") {
			t.Errorf("%q", kind)
		}
		if policy != "" && markup[extension(name)] && bare == "text/plain" {
			t.Errorf("%q is shown as %q", name, kind)
		}
	})
}

// Every viewer is in a sandbox without scripts, and no page of others has it as a frame.
func TestViewers(t *testing.T) {
	for kind, policy := range viewers {
		if !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.Contains(policy, "; sandbox") || strings.Contains(policy, "allow-scripts") ||
			!strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: %s", kind, policy)
		}
		if strings.Contains(kind, "html") || strings.Contains(kind, "xml") {
			t.Error(kind)
		}
	}
}

func TestPreview(t *testing.T) {
	if !newZone(t, `printf '\x89PNG\r\n\x1a\n0123456789' >a.png; cp a.png picture.html; echo '<script>' >page.html; cp page.html text.png; echo hello >note.txt; echo x >shut.txt; chmod 0 shut.txt`) {
		return
	}
	for _, row := range []struct {
		target, method, ranged   string
		status                   int
		kind, disposition, event string
	}{
		{"a.png?inline=1", "", "", 200, "image/png", `inline; filename="a.png"`, "preview"},
		{"a.png?inline=1", "", "bytes=0-3", 206, "image/png", `inline; filename="a.png"`, "preview"},
		{"a.png?inline=1", http.MethodHead, "", 200, "image/png", `inline; filename="a.png"`, ""},
		{"a.png", "", "", 200, "application/octet-stream", `attachment; filename="a.png"`, "download"},
		{"a.png?inline=0", "", "", 200, "application/octet-stream", `attachment; filename="a.png"`, "download"},
		{"picture.html?inline=1", "", "", 200, "image/png", `inline; filename="picture.html"`, "preview"},
		{"note.txt?inline=1", "", "", 200, "text/plain; charset=utf-8", `inline; filename="note.txt"`, "preview"},
		{"page.html?inline=1", "", "", 200, "application/octet-stream", `attachment; filename="page.html"`, "download"},
		{"text.png?inline=1", "", "", 200, "application/octet-stream", `attachment; filename="text.png"`, "download"},
		{"shut.txt?inline=1", "", "", 403, "application/json", "", ""},
		{"nothing?inline=1", "", "", 404, "application/json", "", ""},
	} {
		q := call{target: "demo/" + row.target, method: row.method, set: map[string]string{}}
		if row.ranged != "" {
			q.set["HTTP_RANGE"] = row.ranged
		}
		got := q.run(t)
		kind, _, _ := strings.Cut(got.header.Get("Content-Type"), "; charset=utf-8")
		want, _, _ := strings.Cut(row.kind, "; charset=utf-8")
		if got.status != row.status || kind != want || got.header.Get("Content-Disposition") != row.disposition || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", row.target, got.status, got.header)
		}
		if policy := got.header.Get("Content-Security-Policy"); row.status < 300 && !strings.Contains(policy, "sandbox") {
			t.Errorf("%s: %s", row.target, policy)
		}
		if row.event == "" && got.events != "" || row.event != "" && (!strings.HasPrefix(got.events, `{"n":1,"event":"`+row.event+`"`) || !strings.Contains(got.events, `"result":"ok"`)) {
			t.Errorf("%s: events %s", row.target, got.events)
		}
	}
	page := call{target: "demo/", set: map[string]string{"HTTP_ACCEPT": "text/html"}}.run(t)
	if !strings.Contains(page.body, `href="/cgi-bin/shz/demo/a.png?inline=1"`) || strings.Contains(page.body, "page.html?inline") {
		t.Error("the links to look at files are not as they should be")
	}
}

// TestThumbnail: a small picture is for who can read the file now, and is that of the file as it is now.
func TestThumbnail(t *testing.T) {
	if !newZone(t, `for i in $(seq 110); do printf '\x89PNG\r\n\x1a\n' >"$i.png"; done; echo '<svg onload=alert(1)>' >page.png; printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x75\x30\0\0\x75\x30\x08\2\0\0\0' >bomb.png
		printf '\xe9\x45\x6f\xed' | dd of=bomb.png bs=1 seek=29 conv=notrunc status=none; mkdir few`) {
		return
	}
	write := func(name string, colour color.Color) {
		t.Helper()
		m := image.NewRGBA(image.Rect(0, 0, 300, 200))
		draw.Draw(m, m.Bounds(), image.NewUniform(colour), image.Point{}, draw.Src)
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b.Bytes(), 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(name, anna, anna); err != nil {
			t.Fatal(err)
		}
	}
	name := layout.Base + "/demo/few/a.png"
	write(name, color.RGBA{200, 0, 0, 255})
	ask := call{target: "demo/few/a.png?thumbnail=1"}
	first := ask.run(t)
	m, kind, err := image.Decode(strings.NewReader(first.body))
	if err != nil || first.header.Get("Content-Type") != "image/"+kind || m.Bounds().Dx() != thumbnailSide || first.events != "" {
		t.Fatalf("%d %v %v, events %q", first.status, first.header, err, first.events)
	}
	if first.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(first.header.Get("Content-Security-Policy"), "sandbox") || first.header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("%v", first.header)
	}
	tag := first.header.Get("ETag")
	if other := (call{target: "demo/few/a.png"}).run(t).header.Get("ETag"); other == tag {
		t.Errorf("the file's tag is its small picture's: %s", tag)
	}
	again := ask
	again.set = map[string]string{"HTTP_IF_NONE_MATCH": tag}
	if got := again.run(t); got.status != http.StatusNotModified || got.body != "" {
		t.Errorf("the same: %d", got.status)
	}
	if got := (call{method: http.MethodHead, target: ask.target}).run(t); got.status != http.StatusOK || got.body != "" || got.header.Get("ETag") != tag {
		t.Errorf("HEAD: %d, %d bytes", got.status, len(got.body))
	}
	// Who keeps one asks the kernel like everybody else.
	shut := again
	shut.user = bruno
	if got := shut.run(t); got.status != http.StatusForbidden {
		t.Errorf("of a file that he may not read: %d", got.status)
	}
	write(name, color.RGBA{0, 0, 200, 255})
	changed := again.run(t)
	if m, _, err = image.Decode(strings.NewReader(changed.body)); changed.status != http.StatusOK || err != nil {
		t.Fatalf("of a file that has changed: %d %v", changed.status, err)
	}
	if red, _, blue, _ := m.At(5, 5).RGBA(); red > blue {
		t.Error("it is that of the file before")
	}
	for target, want := range map[string]int{"few/a.png?thumbnail=2": 200, "page.png?thumbnail=1": 415, "bomb.png?thumbnail=1": 413, "1.png?thumbnail=1": 415, "none.png?thumbnail=1": 404} {
		if got := (call{target: "demo/" + target}).run(t); got.status != want {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
	}
	// A refusal is of the file as it is, and holds for a while: it may have taken long.
	for _, name := range []string{"bomb.png", "1.png"} {
		got := call{target: "demo/" + name + "?thumbnail=1"}.run(t)
		if got.header.Get("Cache-Control") != "private, max-age=600" || got.header.Get("ETag") == "" {
			t.Errorf("%s: %v", name, got.header)
		}
		again := call{target: "demo/" + name + "?thumbnail=1", set: map[string]string{"HTTP_IF_NONE_MATCH": got.header.Get("ETag")}}
		if got := again.run(t); got.status != http.StatusNotModified {
			t.Errorf("%s again: %d", name, got.status)
		}
	}
	if got := (call{target: "demo/none.png?thumbnail=1"}).run(t); got.header.Get("Cache-Control") != "no-store" || got.header.Get("ETag") != "" {
		t.Errorf("of nothing: %v", got.header)
	}
	details := call{target: "demo/?ask=details&all=1&total=113", set: map[string]string{"HTTP_ACCEPT": "text/html"}}.run(t)
	if n := strings.Count(details.body, `?thumbnail=1" alt="`); details.status != 200 || n != maxThumbnails {
		t.Errorf("%d small pictures on a page of details: %d", n, details.status)
	}
	page := call{target: "demo/", set: map[string]string{"HTTP_ACCEPT": "text/html"}}.run(t)
	if n := strings.Count(page.body, `?thumbnail=1" alt="`); n != maxThumbnails || strings.Count(page.body, ".png?inline=1") != 112 || !strings.Contains(page.body, "/static/pictures.js") {
		t.Errorf("%d small pictures on a page", n)
	}
}

// TestThumbnailOffered: a page has none of a file that is no picture, whatever its name, and none that its reader may not read.
func TestThumbnailOffered(t *testing.T) {
	if !newZone(t, `printf '\x89PNG\r\n\x1a\n' >good.png; cp good.png gif-by-name.gif; cp good.png shut.png; : >empty.png; echo '<svg/>' >markup.png; printf 'BM' >bitmap.png; mkdir folder.png; chmod 644 *.*; chmod 755 folder.png; chmod 600 shut.png`) {
		return
	}
	for user, want := range map[int][]string{anna: {"gif-by-name.gif", "good.png", "shut.png"}, bruno: {"gif-by-name.gif", "good.png"}} {
		for _, target := range []string{"demo/", "demo/?ask=details&all=1&total=7"} {
			page := call{target: target, user: user, set: map[string]string{"HTTP_ACCEPT": "text/html"}}.run(t)
			var got []string
			for _, m := range regexp.MustCompile(`([a-z-]+\.(png|gif))\?thumbnail=1"`).FindAllStringSubmatch(page.body, -1) {
				got = append(got, m[1])
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d, %s: %q, not %q", user, target, got, want)
			}
			if !strings.Contains(page.body, "empty.png?inline=1") {
				t.Errorf("%s: no way to look at what has none", target)
			}
		}
	}
}

// TestThumbnailSlow: a picture of a few bytes that takes hours is refused when its time is over, not killed without an answer.
func TestThumbnailSlow(t *testing.T) {
	if !newZone(t, "true") {
		return
	}
	// A progressive JPEG of 2,048 pixels, gray, in so many passes of nothing: each of four codes, for 16,384 blocks.
	file := "\xff\xd8\xff\xdb\x00\x43\x00" + strings.Repeat("\x01", 64) + "\xff\xc2\x00\x0b\x08\x08\x00\x08\x00\x01a\x11\x00"
	for _, table := range []string{"\x00\x01" + strings.Repeat("\x00", 15) + "\x00", "\x10\x01" + strings.Repeat("\x00", 15) + "\xe0"} {
		file += "\xff\xc4\x00\x14" + table
	}
	file += "\xff\xda\x00\x08\x01a\x00\x00\x00\x00" + strings.Repeat("\x00", 256*256/8)
	file += strings.Repeat("\xff\xda\x00\x08\x01a\x00\x01\x3f\x00"+strings.Repeat("\x00", 8), 200_000) + "\xff\xd9"
	name := layout.Base + "/demo/slow.jpg"
	if err := errors.Join(os.WriteFile(name, []byte(file), 0o640), os.Chown(name, anna, anna)); err != nil {
		t.Fatal(err)
	}
	got := call{target: "demo/slow.jpg?thumbnail=1", set: map[string]string{asWhat: "impatient", "GOMAXPROCS": "1"}}.run(t)
	if got.status != http.StatusRequestEntityTooLarge || got.code() != "too-large" || got.header.Get("Cache-Control") != "private, max-age=600" {
		t.Errorf("%d %s %v", got.status, got.body, got.header)
	}
}

// TestThumbnailQueue: who has not got his turn for long is told to come again; who has a small picture already needs none.
func TestThumbnailQueue(t *testing.T) {
	if !newZone(t, ": >x.png") {
		return
	}
	name := t.TempDir() + "/queue"
	queue, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close()
	first, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(first.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ask := call{target: "demo/x.png?thumbnail=1", queue: queue, set: map[string]string{asWhat: "impatient"}}
	if got := ask.run(t); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", got.status, got.header)
	}
	first.Close()
	got := ask.run(t)
	if got.status != http.StatusUnsupportedMediaType {
		t.Errorf("in his turn: %d", got.status)
	}
	ask.set = map[string]string{"SHZ_QUEUE_FD": "-", "HTTP_IF_NONE_MATCH": got.header.Get("ETag")}
	if got := ask.run(t); got.status != http.StatusNotModified {
		t.Errorf("what has not changed: %d", got.status)
	}
	ask.set = map[string]string{"SHZ_QUEUE_FD": "-"}
	if got := ask.run(t); got.status != http.StatusInternalServerError {
		t.Errorf("without a queue: %d", got.status)
	}
}
