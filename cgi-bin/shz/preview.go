package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

// previewHead is how much of a file is read to say what it is, in bytes.
const previewHead = 64 << 10

// viewers are the kinds of content that browsers show by themselves, each with the policy that their viewer needs. What is not here is sent
// like any download: above all HTML, XHTML and SVG, whatever they are called. A sandbox has no scripts and an origin of its own (CWE-79).
var viewers = map[string]string{
	"application/pdf": still,
	"image/gif":       still,
	"image/jpeg":      still,
	"image/png":       still,
	"image/webp":      still,
	"text/plain":      still,

	"audio/flac": playing,
	"audio/mp4":  playing,
	"audio/mpeg": playing,
	"audio/ogg":  playing,
	"audio/wav":  playing,
	"video/mp4":  playing,
	"video/ogg":  playing,
	"video/webm": playing,
}

// A viewer for sound and film asks for the file again, by parts, and with another origin it would get none. Nothing in it can
// use ours: there are no scripts.
const (
	still   = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
	playing = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; frame-ancestors 'none'; sandbox allow-same-origin"
)

// viewable are the extensions of names beside which a page has a link to look at the file. To read each of them would cost too much; what
// it is, is looked at when somebody follows the link.
var viewable = map[string]bool{
	".csv": true, ".flac": true, ".gif": true, ".jpeg": true, ".jpg": true, ".json": true, ".log": true, ".m4a": true, ".m4v": true, ".md": true,
	".mp3": true, ".mp4": true, ".oga": true, ".ogg": true, ".ogv": true, ".opus": true, ".pdf": true, ".png": true, ".txt": true, ".wav": true,
	".webm": true, ".webp": true,
}

func extension(name string) string { return strings.ToLower(path.Ext(name)) }

// preview sets the headers by which a browser shows the file instead of keeping it, and says whether it is of a kind that is shown.
func preview(h http.Header, file *os.File, name string) (bool, error) {
	head := make([]byte, previewHead)
	n, err := file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return false, err
	}
	kind := contentType(head[:n], name)
	bare, _, _ := strings.Cut(kind, ";")
	policy, shown := viewers[bare]
	if !shown {
		return false, nil
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", disposition("inline", name))
	h.Set("Content-Security-Policy", policy)
	return true, nil
}

// contentType is what a file is by its first bytes. Its name, which is the word of whoever brought it, only tells sound from pictures
// in containers that hold either, and keeps what is markup by name from being shown even as text.
func contentType(head []byte, name string) string {
	kind := http.DetectContentType(head)
	switch {
	case extension(name) == ".mp3" && len(head) > 1 && head[0] == 0xff && head[1]&0xe6 == 0xe2: // a frame of layer III, without a tag before it
		return "audio/mpeg"
	case strings.HasPrefix(kind, "text/plain"):
		if markup[extension(name)] {
			return "text/html"
		}
		return textType(kind, head)
	case kind == "application/ogg" && extension(name) == ".ogv":
		return "video/ogg"
	case kind == "application/ogg":
		return "audio/ogg"
	case kind == "video/mp4" && extension(name) == ".m4a":
		return "audio/mp4"
	case kind == "audio/wave": // which browsers do not know
		return "audio/wav"
	case bytes.HasPrefix(head, []byte("fLaC")):
		return "audio/flac"
	}
	return kind
}

var markup = map[string]bool{
	".htm": true, ".html": true, ".hta": true, ".mht": true, ".mhtml": true, ".shtml": true, ".svg": true, ".xht": true, ".xhtml": true,
	".xml": true, ".xsl": true, ".xslt": true,
}

// textType is a text with the encoding in which it can be read, or what no viewer is for. What is no UTF-8 is the encoding of
// Western Windows: nothing says so, but without a word for it browsers would guess.
func textType(kind string, head []byte) string {
	if strings.Contains(kind, "utf-16") {
		return kind
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return "application/octet-stream"
	}
	if len(head) == previewHead { // the last character may have been cut
		for i := 1; i < utf8.UTFMax && !utf8.RuneStart(head[len(head)-1]); i++ {
			head = head[:len(head)-1]
		}
		head = head[:len(head)-1]
	}
	if !utf8.Valid(head) {
		return "text/plain; charset=windows-1252"
	}
	return "text/plain; charset=utf-8"
}
