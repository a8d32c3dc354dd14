package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sharezone/internal/layout"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

func TestOnExists(t *testing.T) {
	for text, want := range map[string]zone.OnExists{"": "fail", "fail": "fail", "rename": "rename", "replace": "replace", "skip": "skip"} {
		if got, err := onExists(text); err != nil || got != want {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	for _, text := range []string{"Replace", "overwrite", "replace ", "fail\x00", "1"} {
		if _, err := onExists(text); web.CodeOf(err) != web.BadRequest {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLists(t *testing.T) {
	for _, row := range []struct {
		tags, present string
		want          bool
	}{
		{`"a"`, `"a"`, true}, {`"b", "a"`, `"a"`, true}, {` "a" ,"b"`, `"a"`, true}, {"*", `"a"`, true}, {"*", "", false}, {`"a"`, "", false}, {`""`, "", false},
		{`"b"`, `"a"`, false}, {`a`, `"a"`, false}, {`W/"a"`, `"a"`, false}, {`"a`, `"a"`, false}, {``, `"a"`, false}, {`,`, `"a"`, false}, {`"A"`, `"a"`, false},
	} {
		if got := lists(row.tags, row.present); got != row.want {
			t.Errorf("%s, %s: %v", row.tags, row.present, got)
		}
	}
}

// inZone is what lies in the zone: names, owners, modes, contents.
func inZone(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", "cd "+layout.Base+`/demo; find . -mindepth 1 \( -type f -printf '%P %U %m ' -exec cat {} \; -o -printf '%P %U %m %y\n' \) | sort`).CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

const preparePut = `echo mine >mine; echo mine >mine.txt; mkdir folder; ln -s mine link; ln -s folder linked; mkfifo fifo`

func TestPut(t *testing.T) {
	if !newZone(t, preparePut) {
		return
	}
	if err := os.WriteFile(layout.Base+"/demo/theirs", []byte("theirs\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		target string
		set    map[string]string
		status int
		name   string // in the answer, and of the file; "" where nothing changes
	}{
		{"demo/new", nil, 201, "new"},
		{"demo/new%20%C3%A8", nil, 201, "new è"},
		{"demo/caf%E9", nil, 201, "caf\ufffd"},
		{"demo/folder/new", nil, 201, "new"},
		{"demo/empty", map[string]string{"CONTENT_LENGTH": "0"}, 201, "empty"},
		{"demo/chunked", map[string]string{"CONTENT_LENGTH": "-", "HTTP_TRANSFER_ENCODING": "chunked"}, 201, "chunked"},
		{"demo/mine.txt?on_exists=rename", nil, 201, "mine (2).txt"},
		{"demo/mine.txt?on_exists=rename", nil, 201, "mine (3).txt"},
		{"demo/theirs?on_exists=rename", nil, 201, "theirs (2)"},
		{"demo/folder?on_exists=rename", nil, 201, "folder (2)"},
		{"demo/mine?on_exists=replace", nil, 200, "mine"},
		{"demo/brand-new?on_exists=replace", nil, 201, "brand-new"},
		{"demo/matched?on_exists=replace", map[string]string{"HTTP_IF_NONE_MATCH": "*"}, 201, "matched"},

		{"demo/mine.txt?on_exists=skip", nil, 200, ""}, {"demo/theirs?on_exists=skip", nil, 200, ""}, {"demo/folder?on_exists=skip", nil, 200, ""},
		{"demo/mine.txt", nil, 409, ""}, {"demo/theirs", nil, 409, ""}, {"demo/folder", nil, 409, ""}, {"demo/link", nil, 409, ""}, {"demo/fifo", nil, 409, ""},
		{"demo/theirs?on_exists=replace", nil, 403, ""}, {"demo/folder?on_exists=replace", nil, 403, ""}, {"demo/link?on_exists=replace", nil, 403, ""},
		{"demo/mine.txt?on_exists=overwrite", nil, 400, ""}, {"demo/", nil, 400, ""}, {"demo", nil, 400, ""}, {"demo/folder/", nil, 400, ""}, {"demo/new2/", nil, 400, ""},
		{"demo/nothing/x", nil, 404, ""}, {"demo/mine.txt/x", nil, 404, ""}, {"nothing/x", nil, 404, ""}, {"demo/linked/x/y", nil, 403, ""}, {"demo/fifo/x", nil, 404, ""},
		{"demo/.shz-x", nil, 404, ""}, {"demo/%0Ax", nil, 400, ""}, {"demo/%1b%5b2J", nil, 400, ""}, {"demo/%00", nil, 400, ""}, {"demo/..%2fx", nil, 400, ""}, {"demo/..", nil, 400, ""},
		{"demo/" + strings.Repeat("n", 256), nil, 400, ""}, {"demo/%C2%9b2J", nil, 400, ""},
		{"demo/short", map[string]string{"CONTENT_LENGTH": "99"}, 400, ""}, {"demo/mine.txt?on_exists=replace", map[string]string{"CONTENT_LENGTH": "99"}, 400, ""},
		{"demo/huge", map[string]string{"CONTENT_LENGTH": "1152921504606846976"}, 507, ""},
		{"demo/part", map[string]string{"HTTP_CONTENT_RANGE": "bytes 0-6/100"}, 400, ""},
		{"demo/mine.txt?on_exists=replace", map[string]string{"HTTP_IF_NONE_MATCH": "*"}, 412, ""}, {"demo/mine.txt?on_exists=replace", map[string]string{"HTTP_IF_MATCH": `"x"`}, 412, ""},
		{"demo/not-there", map[string]string{"HTTP_IF_MATCH": "*"}, 412, ""}, {"demo/foreign", map[string]string{"HTTP_SEC_FETCH_SITE": "cross-site"}, 403, ""},
	} {
		t.Run(row.target, func(t *testing.T) {
			before := inZone(t)
			got := call{method: "PUT", target: row.target, body: "content\n", set: row.set}.run(t)
			if got.status != row.status {
				t.Fatalf("%d, not %d: %s", got.status, row.status, got.body)
			}
			if row.name == "" {
				if after := inZone(t); after != before {
					t.Errorf("there was\n%sand is\n%s", before, after)
				}
				if strings.Contains(got.events, `"result":"ok"`) {
					t.Errorf("told as done: %s", got.events)
				}
				return
			}
			checkBrought(t, row.target, row.name, got)
		})
	}
	if got := (call{user: bruno, method: "PUT", target: "demo/folder/x", body: "x"}).run(t); got.status != 403 {
		t.Errorf("bruno in a folder of anna's: %d %s", got.status, got.body)
	}
}

func checkBrought(t *testing.T, target, name string, got reply) {
	t.Helper()
	var done brought
	if err := json.Unmarshal([]byte(got.body), &done); err != nil || done.Name != name || done.Status != map[int]string{201: "created", 200: "replaced"}[got.status] {
		t.Errorf("%v %s", err, got.body)
	}
	if location := got.header.Get("Location"); (got.status == 201) != (location == done.URL) || !strings.HasPrefix(done.URL, "/cgi-bin/shz/demo/") {
		t.Errorf("Location %q, URL %q", location, done.URL)
	}
	content := call{target: strings.TrimPrefix(done.URL, "/cgi-bin/shz/")}.run(t)
	if want := "content\n"; content.status != 200 || content.body != want && !strings.Contains(target, "empty") {
		t.Errorf("%s: %d %q", done.URL, content.status, content.body)
	}
	if want := fmt.Sprintf(" %d 640 ", anna); name != "caf\ufffd" && !strings.Contains(inZone(t), name+want) {
		t.Errorf("owner or mode of %s:\n%s", name, inZone(t))
	}
	if !strings.HasPrefix(got.events, `{"n":1,"event":"upload","path":"`) || !strings.Contains(got.events, `{"n":1,"result":"ok",`) ||
		strings.Contains(target, "rename") != strings.Contains(got.events, `"result":"ok","path":"`+name+`"`) {
		t.Errorf("told as %s", got.events)
	}
}

// form is a multipart body of the given parts, each a disposition and a content.
func formOf(parts ...[2]string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--x\r\nContent-Disposition: form-data; " + p[0] + "\r\n\r\n" + p[1] + "\r\n")
	}
	return b.String() + "--x--\r\n"
}

func TestForm(t *testing.T) {
	if !newZone(t, preparePut) {
		return
	}
	type result struct{ name, status string }
	file := func(name string) [2]string { return [2]string{`name="file"; filename="` + name + `"`, "content\n"} }
	long := strings.Repeat("n", 256)
	for _, row := range []struct {
		name   string
		body   string
		status int
		want   []result
	}{
		{"one", formOf(file("a")), 200, []result{{"a", "ok"}}},
		{"several, and some that cannot be", formOf(file("b"), file("mine"), file(".."), file(".shz-x"), file("c\td"), file(long), file("c")), 200,
			[]result{{"b", "ok"}, {"mine", "exists"}, {"..", "bad-request"}, {".shz-x", "bad-request"}, {"c\td", "bad-request"}, {long, "bad-request"}, {"c", "ok"}}},
		{"paths of old browsers", formOf(file(`C:\Users\anna\d.txt`), file("../../e"), file("/etc/f")), 200, []result{{"d.txt", "ok"}, {"e", "ok"}, {"f", "ok"}}},
		{"same name twice", formOf(file("g"), file("g")), 200, []result{{"g", "ok"}, {"g", "exists"}}},
		{"renamed", formOf([2]string{`name="on_exists"`, "rename"}, file("g")), 200, []result{{"g (2)", "ok"}}},
		{"replaced", formOf([2]string{`name="on_exists"`, "replace"}, file("mine")), 200, []result{{"mine", "ok"}}},
		{"skipped", formOf([2]string{`name="on_exists"`, "skip"}, file("mine")), 200, []result{{"mine", "ok"}}},
		{"markup", formOf(file("<svg onload=alert(1)>"), file("$(id);id"), file("-rf")), 200, []result{{"<svg onload=alert(1)>", "ok"}, {"$(id);id", "ok"}, {"-rf", "ok"}}},
		{"empty file field", formOf(file("")), 400, nil},
		{"no file", formOf([2]string{`name="a"`, "b"}), 400, nil},
		{"bad on_exists", formOf([2]string{`name="on_exists"`, "overwrite"}, file("h")), 400, nil},
		{"truncated in the first", strings.TrimSuffix(formOf(file("i")), "\r\n--x--\r\n"), 400, nil},
		{"not multipart", "a=1", 400, nil},
		{"two names", formOf([2]string{`name="file"; filename="j"; filename="k"`, "x"}), 400, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			before := inZone(t)
			got := call{method: "POST", target: "demo/", body: row.body, set: map[string]string{"CONTENT_TYPE": "multipart/form-data; boundary=x"}}.run(t)
			var answer struct{ Results []item }
			if err := json.Unmarshal([]byte(got.body), &answer); got.status != row.status || err != nil || len(answer.Results) != len(row.want) {
				t.Fatalf("%d %v %s", got.status, err, got.body)
			}
			if row.want == nil && inZone(t) != before {
				t.Errorf("there is\n%s", inZone(t))
			}
			well := 0
			for i, want := range row.want {
				if r := answer.Results[i]; r.Name != want.name || r.Status != want.status || r.Message == "" {
					t.Errorf("%+v, not %+v", r, want)
				}
				if want.status == "ok" && row.name != "skipped" {
					well++
				}
			}
			if told := strings.Count(got.events, `"result":"ok"`); told != well {
				t.Errorf("%d told, %d brought: %s", told, well, got.events)
			}
		})
	}
}

// TestUploadLimit: of a file that the kernel finds too large it is said which limit that was, in a form of each by itself.
func TestUploadLimit(t *testing.T) {
	if !newZone(t, preparePut) {
		return
	}
	large, small := strings.Repeat("x", 2<<20), map[string]string{asWhat: "small", "HTTP_ACCEPT_LANGUAGE": "en", "SHZ_LANG": "en"}
	want := text.English.Say("file.limit", text.English.Size(1<<20))
	if got := (call{method: "PUT", target: "demo/large", body: large, set: small}).run(t); got.status != 413 || got.code() != "too-large" || !strings.Contains(got.body, want) {
		t.Errorf("%d %s", got.status, got.body)
	}
	small["CONTENT_TYPE"] = "multipart/form-data; boundary=x"
	body := formOf([2]string{`name="file"; filename="large"`, large}, [2]string{`name="file"; filename="little"`, "x"})
	got := call{method: "POST", target: "demo/", body: body, set: small}.run(t)
	var said struct {
		Results []struct{ Name, Status, Message string }
	}
	if err := json.Unmarshal([]byte(got.body), &said); err != nil || len(said.Results) != 2 || said.Results[0].Status != "too-large" || said.Results[0].Message != want || said.Results[1].Status != "ok" {
		t.Errorf("%v %s", err, got.body)
	}
	if there := inZone(t); strings.Contains(there, "large") || !strings.Contains(there, "little") {
		t.Error(there)
	}
}

// TestFormOfBrowsers: a browser is led back to the folder, or shown what went wrong.
func TestFormOfBrowsers(t *testing.T) {
	if !newZone(t, preparePut) {
		return
	}
	browser := map[string]string{"CONTENT_TYPE": "multipart/form-data; boundary=x", "HTTP_ACCEPT": "text/html", "HTTP_ORIGIN": "http://share.example"}
	file := func(name string) string {
		return formOf([2]string{`name="file"; filename="` + name + `"`, "content\n"})
	}
	if got := (call{method: "POST", target: "demo/", body: file("a"), set: browser}).run(t); got.status != 303 || !strings.HasPrefix(got.header.Get("Location"), "/cgi-bin/shz/demo/?") {
		t.Errorf("%d %v", got.status, got.header)
	}
	if got := (call{method: "POST", target: "demo/", body: file("a"), set: browser}).run(t); got.status != 409 || !strings.Contains(got.body, "<html") || strings.Contains(got.body, layout.Base) {
		t.Errorf("%d %s", got.status, got.body)
	}
	for target, want := range map[string]int{"demo": 400, "demo/mine": 400, "demo/mine/": 404, "demo/link/": 404, "demo/nothing/": 404, "nothing/": 404} {
		if got := (call{method: "POST", target: target, body: file("b"), set: browser}).run(t); got.status != want {
			t.Errorf("%s: %d, not %d", target, got.status, want)
		}
	}
	browser["HTTP_ORIGIN"] = "http://evil.example"
	if got := (call{method: "POST", target: "demo/", body: file("evil"), set: browser}).run(t); got.status != 403 || strings.Contains(inZone(t), "evil") {
		t.Errorf("from another site: %d", got.status)
	}
	// Whoever cannot be told of does not begin.
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	if got := (call{method: "PUT", target: "demo/untold", body: "x", event: full}).run(t); got.status != 507 || strings.Contains(inZone(t), "untold") {
		t.Errorf("%d %s", got.status, inZone(t))
	}
}
