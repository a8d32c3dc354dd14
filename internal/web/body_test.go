package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"sharezone/internal/config"
)

// maxForm is forms.max_kib as it is without a file.
var maxForm = int(config.Default().Form.MaxBytes)

// TestBody: the length that was announced, less, more, and none, as a component that reads and as one that hands over.
func TestBody(t *testing.T) {
	chunked := map[string]string{"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "-"}
	length := func(n int) map[string]string { return map[string]string{"CONTENT_LENGTH": fmt.Sprint(n)} }
	large := strings.Repeat("0123456789abcdef", 20_000)
	for _, row := range []struct {
		name, body string
		set        map[string]string
		gone       bool
		want       int // bytes; -1 = 400
	}{
		{"none", "", nil, false, 0},
		{"empty", "", length(0), false, 0},
		{"exact", "hello", nil, false, 5},
		{"large", large, nil, false, len(large)},
		{"short", "hello", length(6), false, -1},
		{"large and short", large, length(len(large) + 1), false, -1},
		{"nothing of it", "", length(1), false, -1},
		{"surplus", "hello", length(4), false, 4},
		{"large surplus", large, length(4), false, 4},
		{"no length", "hello", map[string]string{"CONTENT_LENGTH": "-"}, false, 0},
		{"chunked", large, chunked, false, len(large)},
		{"chunked and empty", "", chunked, false, 0},
		{"chunked, given up", "hello", chunked, true, -1},
		{"short, given up", "hello", length(6), true, -1},
		{"whole, then given up", "hello", length(5), true, 5},
	} {
		for _, component := range []string{"body", "send"} {
			for _, pipes := range []bool{false, true} {
				if pipes && row.gone {
					continue // a pipe cannot tell
				}
				t.Run(fmt.Sprintf("%s %s pipes=%v", row.name, component, pipes), func(t *testing.T) {
					a := cgiCall{component: component, method: "POST", body: row.body, set: row.set, gone: row.gone, pipes: pipes}.run(t)
					switch refused := strings.Contains(a.stderr, `code=bad-request "unexpected EOF"`); {
					case refused != (row.want < 0):
						t.Errorf("refused: %v, %s", refused, a.stderr)
					case row.gone:
					case refused:
						if a.status != 400 {
							t.Errorf("%d %s", a.status, a.body)
						}
					case component == "body":
						var got string
						if json.Unmarshal([]byte(a.body), &got); a.status != 200 || got != row.body[:row.want] {
							t.Errorf("%d: %d bytes", a.status, len(got))
						}
					default:
						if want := fmt.Sprintln(row.want); a.body != want {
							t.Errorf("%d: %s", a.status, a.body)
						}
					}
				})
			}
		}
	}
}

// TestUnreadBody: a component that refuses at once need not wait for what is still coming, and its answer arrives whole.
func TestUnreadBody(t *testing.T) {
	for _, pipes := range []bool{false, true} {
		for _, size := range []int{1, 5000, 2 << 20} {
			a := cgiCall{component: "deaf", method: "PUT", body: strings.Repeat("x", size), pipes: pipes}.run(t)
			if a.status != 409 || a.errorObject(t).Error.Code != Conflict {
				t.Errorf("%d bytes: %d %s", size, a.status, a.body)
			}
		}
	}
}

const (
	urlencoded    = "application/x-www-form-urlencoded"
	multipartForX = "multipart/form-data; boundary=x"
)

func TestForm(t *testing.T) {
	nested := strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000)
	field := func(header, value string) string { return "--x\r\n" + header + "\r\n\r\n" + value + "\r\n" }
	named := func(name, value string) string {
		return field(`Content-Disposition: form-data; name="`+name+`"`, value)
	}
	for _, row := range []struct {
		name, kind, body string
		code             Code // "" = taken
		want             url.Values
	}{
		{"urlencoded", urlencoded, "a=1&b=caf%C3%A9+x&a=2", "", url.Values{"a": {"1", "2"}, "b": {"café x"}}},
		{"with a charset", urlencoded + "; charset=UTF-8", "a=1", "", url.Values{"a": {"1"}}},
		{"empty", urlencoded, "", "", url.Values{}},
		{"no value", urlencoded, "a&b=", "", url.Values{"a": {""}, "b": {""}}},
		{"NUL and lines", urlencoded, "a=%00%0d%0a", "", url.Values{"a": {"\x00\r\n"}}},
		{"bad percent", urlencoded, "a=%zz", BadRequest, nil},
		{"half a percent", urlencoded, "a=%2", BadRequest, nil},
		{"semicolon", urlencoded, "a=1;b=2", BadRequest, nil},
		{"64 KiB", urlencoded, "a=" + strings.Repeat("x", maxForm-2), "", url.Values{"a": {strings.Repeat("x", maxForm-2)}}},
		{"64 KiB and 1", urlencoded, "a=" + strings.Repeat("x", maxForm-1), TooLarge, nil},
		{"2 MiB", urlencoded, strings.Repeat("x", 2<<20), TooLarge, nil},

		{"JSON", "application/json", `{"a":"1","b":["x","y"],"c":null,"trash":true,"max_age":12,"f":[],"d":{"raw":"%E9"}}`, "",
			url.Values{"a": {"1"}, "b": {"x", "y"}, "trash": {"true"}, "max_age": {"12"}, "d": {"\ufffd"}}},
		{"JSON with a charset", "application/json; charset=utf-8", `{}`, "", url.Values{}},
		{"JSON, blanks around", "application/json", " \n{\"a\":\"1\"}\r\n\t ", "", url.Values{"a": {"1"}}},
		{"huge numbers", "application/json", `{"max_age":1e999999999,"all":123456789012345678901234567890}`, "", url.Values{"max_age": {"1e999999999"}, "all": {"123456789012345678901234567890"}}},
		{"one key twice", "application/json", `{"a":"1","a":"2"}`, BadRequest, nil},
		{"one key twice, null", "application/json", `{"a":null,"a":"2"}`, BadRequest, nil},
		{"a number for a text", "application/json", `{"a":5}`, BadRequest, nil},
		{"a number among texts", "application/json", `{"a":["1",5]}`, BadRequest, nil},
		{"true for a text", "application/json", `{"a":true}`, BadRequest, nil},
		{"null among texts", "application/json", `{"a":["1",null]}`, BadRequest, nil},
		{"two values of one", "application/json", `{"c":["1","2"]}`, BadRequest, nil},
		{"two values of one, urlencoded", urlencoded, "c=1&c=2", BadRequest, nil},
		{"raw is a number", "application/json", `{"a":{"raw":5}}`, BadRequest, nil},
		{"raw twice", "application/json", `{"a":{"raw":"1","raw":"2"}}`, BadRequest, nil},
		{"raw and more", "application/json", `{"a":{"raw":"1","b":"2"}}`, BadRequest, nil},
		{"raw and nothing", "application/json", `{"a":{}}`, BadRequest, nil},
		{"a list that ends as an object", "application/json", `{"a":["1"}`, BadRequest, nil},
		{"no UTF-8", "application/json", "{\"a\":\"\xff\"}", "", url.Values{"a": {"\ufffd"}}},
		{"object in it", "application/json", `{"a":{"b":"c"}}`, BadRequest, nil},
		{"list in a list", "application/json", `{"a":[["b"]]}`, BadRequest, nil},
		{"deep", "application/json", `{"a":` + nested + `}`, BadRequest, nil},
		{"list", "application/json", `["a"]`, BadRequest, nil},
		{"null", "application/json", `null`, BadRequest, nil},
		{"text", "application/json", `"a"`, BadRequest, nil},
		{"nothing", "application/json", ``, BadRequest, nil},
		{"cut off", "application/json", `{"a":"1"`, BadRequest, nil},
		{"two objects", "application/json", `{"a":"1"}{"a":"2"}`, BadRequest, nil},
		{"something after it", "application/json", `{"a":"1"}x`, BadRequest, nil},
		{"brace after it", "application/json", `{"a":"1"}}`, BadRequest, nil},
		{"bracket after it", "application/json", `{"a":"1"}]`, BadRequest, nil},
		{"NUL after it", "application/json", "{}\x00", BadRequest, nil},
		{"more than 64 KiB of blanks after it", "application/json", "{}" + strings.Repeat(" ", maxForm), TooLarge, nil},
		{"64 KiB and 1 in a text", "application/json", `{"a":"` + strings.Repeat("x", maxForm) + `"}`, TooLarge, nil},

		{"multipart", multipartForX, named("a", "1") + named("b", "x\r\ny") + named("a", "2") + "--x--\r\n", "", url.Values{"a": {"1", "2"}, "b": {"x\r\ny"}}},
		{"multipart, nothing in it", multipartForX, "--x--\r\n", "", url.Values{}},
		{"name with quotes", multipartForX, named(`a\"b`, "1") + "--x--", "", url.Values{`a"b`: {"1"}}},
		{"no name", multipartForX, field("Content-Type: text/plain", "1") + "--x--", "", url.Values{"": {"1"}}},
		{"no boundary", "multipart/form-data", "--\r\n", BadRequest, nil},
		{"empty boundary", `multipart/form-data; boundary=""`, "--\r\n\r\n--", BadRequest, nil},
		{"other boundary", multipartForX, "--y\r\n\r\n--y--", BadRequest, nil},
		{"truncated", multipartForX, named("a", "1"), BadRequest, nil},
		{"truncated in a header", multipartForX, "--x\r\nContent-Disp", BadRequest, nil},
		{"not multipart", multipartForX, "a=1", BadRequest, nil},
		{"as many fields as may be", multipartForX, strings.Repeat("--x\r\n\r\n\r\n", maxFields) + "--x--", "", url.Values{"": slicesOf(maxFields)}},
		{"one field more", multipartForX, strings.Repeat("--x\r\n\r\n\r\n", maxFields+1) + "--x--", TooLarge, nil},
		{"multipart of 64 KiB", multipartForX, named("a", strings.Repeat("x", maxForm)) + "--x--", TooLarge, nil},

		{"no type", "-", "a=1", Unsupported, nil},
		{"text/plain of a foreign form", "text/plain", "a=1", Unsupported, nil},
		{"other type", "application/xml", "<a/>", Unsupported, nil},
		{"type cut off", "application/", "a=1", Unsupported, nil},
		{"two types", urlencoded + ", application/json", "a=1", Unsupported, nil},
		{"bad parameter", "multipart/form-data; boundary", "--x--", Unsupported, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := cgiCall{component: "form", method: "POST", body: row.body, set: map[string]string{"CONTENT_TYPE": row.kind}}.run(t)
			if row.code != "" {
				if got := a.errorObject(t).Error.Code; got != row.code || a.status != row.code.Status() {
					t.Errorf("%d %s, not %s", a.status, got, row.code)
				}
				return
			}
			var got url.Values
			err := json.Unmarshal([]byte(a.body), &got)
			if want := fmt.Sprint(row.want); a.status != 200 || err != nil || fmt.Sprint(got) != want {
				t.Errorf("%d %v\ngot  %.300s\nwant %.300s", a.status, err, fmt.Sprint(got), want)
			}
		})
	}
}

func slicesOf(n int) []string { return make([]string, n) }

func TestFormCutOff(t *testing.T) {
	for _, kind := range []string{urlencoded, "application/json", multipartForX} {
		a := cgiCall{component: "form", method: "POST", body: `{"a":"1"}`, set: map[string]string{"CONTENT_TYPE": kind, "CONTENT_LENGTH": "100"}}.run(t)
		if got := a.errorObject(t).Error.Code; got != BadRequest {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

// TestParts: names of fields and files as a hostile client sends them. They come out as they were sent; who makes a file
// of that name looks at it.
func TestParts(t *testing.T) {
	disposition := func(parameters string) string { return "Content-Disposition: form-data; " + parameters + "\r\n" }
	for _, row := range []struct{ name, headers, want string }{
		{"file", disposition(`name="file"; filename="a.txt"`) + "Content-Type: text/html\r\n", "file|a.txt|content"},
		{"field", disposition(`name="a"`), "a||content"},
		{"empty name", disposition(`name="file"; filename=""`), "file||content"},
		{"path", disposition(`name="file"; filename="../../etc/passwd"`), "file|../../etc/passwd|content"},
		{"Windows path", disposition(`name="file"; filename="C:\Users\x\a.txt"`), `file|C:\Users\x\a.txt|content`},
		{"quote", disposition(`name="file"; filename="a\"b.txt"`), `file|a"b.txt|content`},
		{"UTF-8", disposition(`name="file"; filename="perché.txt"`), "file|perché.txt|content"},
		{"no UTF-8", disposition("name=\"file\"; filename=\"caf\xe9\""), "file|caf\ufffd|content"},
		{"RFC 2231", disposition(`name="file"; filename*=UTF-8''caf%C3%A9`), "file|café|content"},
		{"NUL", disposition("name=\"file\"; filename=\"a\x00b\""), ""},
		{"escape sequence", disposition("name=\"file\"; filename=\"a\x1b[2J\""), ""},
		{"percent", disposition(`name="file"; filename="a%22%0A.txt"`), "file|a%22%0A.txt|content"},
		{"markup", disposition(`name="file"; filename="<svg onload=alert(1)>"`), "file|<svg onload=alert(1)>|content"},
		{"name twice", disposition(`name="file"; filename="a"; filename="b"`), ""},
		{"no disposition", "Content-Type: text/plain\r\n", ""},
		{"damaged disposition", disposition(`name="file"; filename="a`), ""},
		{"other disposition", "Content-Disposition: attachment; filename=a\r\n", "|a|content"},
		{"folded header", "Content-Disposition: form-data;\r\n name=\"file\"; filename=\"a\"\r\n", "file|a|content"},
		{"transfer encoding is left alone", disposition(`name="file"; filename="a"`) + "Content-Transfer-Encoding: base64\r\n", "file|a|content"},
	} {
		t.Run(row.name, func(t *testing.T) {
			body := "--x\r\n" + row.headers + "\r\ncontent\r\n--x--\r\n"
			a := cgiCall{component: "parts", method: "POST", body: body, set: map[string]string{"CONTENT_TYPE": multipartForX}}.run(t)
			var got []string
			if row.want == "" {
				if a.status != 400 || !strings.Contains(a.stderr, "0 parts") {
					t.Errorf("%d %s %s", a.status, a.body, a.stderr)
				}
				return
			}
			if err := json.Unmarshal([]byte(a.body), &got); err != nil || len(got) != 1 || got[0] != row.want {
				t.Errorf("%v %q, not %q", err, got, row.want)
			}
		})
	}
}

func TestPartsOfBrokenBodies(t *testing.T) {
	var whole bytes.Buffer
	w := multipart.NewWriter(&whole)
	w.SetBoundary("x")
	for _, name := range []string{"a", "b", "c"} {
		part, _ := w.CreateFormFile("file", name)
		part.Write(bytes.Repeat([]byte("content\r\n"), 10_000))
	}
	w.Close()
	stop := strings.Replace(whole.String(), `name="file"; filename="b"`, `name="stop"; filename="b"`, 1)
	headers := "--x\r\n" + strings.Repeat("A: b\r\n", 20_000) + "\r\n\r\n--x--"
	for _, row := range []struct {
		name, kind, body string
		code             Code
		parts            int
	}{
		{"whole", multipartForX, whole.String(), "", 3},
		{"cut off in a part", multipartForX, whole.String()[:150_000], BadRequest, 2},
		{"no last boundary", multipartForX, strings.TrimSuffix(whole.String(), "\r\n--x--\r\n"), BadRequest, 3},
		{"stopped by who uses it", multipartForX, stop, Exists, 2},
		{"no boundary", "multipart/form-data", whole.String(), BadRequest, 0},
		{"no multipart", urlencoded, "a=1", Unsupported, 0},
		{"mixed", "multipart/mixed; boundary=x", whole.String(), Unsupported, 0},
		{"no type", "-", whole.String(), Unsupported, 0},
		{"many headers", multipartForX, headers, BadRequest, 0},
		{"long boundary", "multipart/form-data; boundary=" + strings.Repeat("x", 8000), whole.String(), BadRequest, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := cgiCall{component: "parts", method: "POST", body: row.body, set: map[string]string{"CONTENT_TYPE": row.kind}}.run(t)
			if row.code == "" && a.status != 200 || row.code != "" && a.errorObject(t).Error.Code != row.code {
				t.Errorf("%d %s", a.status, a.body)
			}
			if row.parts > 0 && !strings.Contains(a.stderr, fmt.Sprintf(`"%d parts"`, row.parts)) {
				t.Errorf("not %d parts: %s", row.parts, a.stderr)
			}
		})
	}
}
