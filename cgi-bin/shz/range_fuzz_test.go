package main

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sharezone/internal/web"
)

// FuzzRange: whatever a Range asks for, the answer is the file, parts of it that are what their Content-Range says, or
// a refusal; and it is never much larger than the file.
func FuzzRange(f *testing.F) {
	const long = "0123456789abcdefghijklmnopqrstuvwxyz"
	for _, header := range []string{
		"", "bytes=0-", "bytes=-5", "bytes=-0", "bytes=10-19", "bytes=36-", "bytes=5-1", "bytes=0-0,2-3", "bytes=0-35,0-35", "bytes= 1 - 2 , 3-4,", "lines=1-2",
		"bytes=0-1,-0", "bytes=-5,\t- +00", "bytes=99999999999999999999-", "bytes=0-18446744073709551615", "bytes=--1", "bytes=+1-2", "bytes=0-0" + strings.Repeat(",5-5", maxRanges),
	} {
		f.Add(header, uint8(len(long)))
		f.Add(header, uint8(0))
	}
	f.Fuzz(func(t *testing.T, header string, size uint8) {
		content := long[:min(int(size), len(long))]
		r := httptest.NewRequest(http.MethodGet, "/cgi-bin/shz/demo/file", nil)
		r.Header.Set("Range", header)
		answer := answerInMemory{httptest.NewRecorder()}
		answer.Header().Set("Content-Type", "application/octet-stream")
		w := &recorder{c: &web.Call{}, to: answer, path: "file", size: int64(len(content))}
		serve(w, r, time.Unix(0, 0), strings.NewReader(content))
		if w.failed != nil {
			if w.began || web.CodeOf(w.failed) != web.RangeNot || answer.Body.Len() > 0 {
				t.Errorf("%v after %d bytes", w.failed, answer.Body.Len())
			}
			return
		}
		h, body := answer.Header(), answer.Body.Bytes()
		if h.Get("Content-Length") != fmt.Sprint(len(body)) || len(body) > len(content)+maxRanges*200 {
			t.Errorf("%d bytes, %s announced", len(body), h.Get("Content-Length"))
		}
		kind, parameters, err := mime.ParseMediaType(h.Get("Content-Type"))
		switch {
		case err != nil:
			t.Error(err)
		case answer.Code == http.StatusOK:
			if string(body) != content {
				t.Errorf("the file is %q", body)
			}
		case kind == "multipart/byteranges":
			for parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]); ; {
				part, err := parts.NextPart()
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				b, _ := io.ReadAll(part)
				checkPart(t, content, part.Header.Get("Content-Range"), b)
			}
		default:
			checkPart(t, content, h.Get("Content-Range"), body)
		}
	})
}

func checkPart(t *testing.T, content, says string, b []byte) {
	t.Helper()
	var from, to, size int
	if _, err := fmt.Sscanf(says, "bytes %d-%d/%d", &from, &to, &size); err != nil || from < 0 || to < from || to >= len(content) || size != len(content) ||
		string(b) != content[from:to+1] {
		t.Errorf("%q says that it is %s", b, says)
	}
}

// answerInMemory stands for the web server; the recorder hands content to it as to that.
type answerInMemory struct{ *httptest.ResponseRecorder }

func (a answerInMemory) ReadFrom(from io.Reader) (int64, error) {
	return io.Copy(a.ResponseRecorder, from)
}
