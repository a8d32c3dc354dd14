package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// makeZip makes a zip of names, each with itself as content.
func makeZip(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.Create(name)
		if err == nil && !strings.HasSuffix(name, "/") {
			_, err = io.WriteString(f, name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func makeTarGz(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	compressed := gzip.NewWriter(&b)
	w := tar.NewWriter(compressed)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(name)), Mode: 0o600, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, name)
	}
	if w.Close() != nil || compressed.Close() != nil {
		t.Fatal("tar.gz")
	}
	return b.Bytes()
}

// deliver puts a file of anna's into the zone.
func deliver(t *testing.T, name string, content []byte) {
	t.Helper()
	path := layout.Base + "/demo/" + name
	if err := os.WriteFile(path, content, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, anna, anna); err != nil {
		t.Fatal(err)
	}
}

func TestUnzipOperation(t *testing.T) {
	if !newZone(t, `mkdir taken sub ../other; echo x >file; ln -s a.zip link; chown 4242 ../other; chmod 1777 ../other; mkdir ../shut; chmod 700 ../shut`) {
		return
	}
	deliver(t, "a.zip", makeZip(t, "one", "dir/", "dir/two è"))
	deliver(t, "B.TAR.GZ", makeTarGz(t, "three"))
	deliver(t, "taken.zip", makeZip(t, "four"))
	deliver(t, "no extension", makeZip(t, "five"))
	deliver(t, "caf\xe9.zip", makeZip(t, "six"))
	for _, row := range []struct{ fields, want string }{
		{"op=unzip&name=a.zip", "a.zip ok -> /cgi-bin/shz/demo/a/"},
		{"op=unzip&name=a.zip", "a.zip exists"},
		{"op=unzip&name=a.zip&on_exists=rename", "a.zip ok -> /cgi-bin/shz/demo/a%20%282%29/"},
		{"op=unzip&name=a.zip&on_exists=skip", "a.zip ok -> /cgi-bin/shz/demo/a"},
		{"op=unzip&name=a.zip&on_exists=replace", "a.zip not-permitted"},
		{"op=unzip&name=taken.zip", "taken.zip exists"},
		{"op=unzip&name=B.TAR.GZ&name=no+extension", "B.TAR.GZ ok -> /cgi-bin/shz/demo/B/; no extension ok -> /cgi-bin/shz/demo/no%20extension-1/"},
		{"op=unzip&name=a.zip&to=named", "a.zip ok -> /cgi-bin/shz/demo/named/"},
		{"op=unzip&name=a.zip&to=sub/named/", "a.zip ok -> /cgi-bin/shz/demo/sub/named/"},
		{"op=unzip&name=a.zip&to=/other/named/", "a.zip ok -> /cgi-bin/shz/other/named/"},
		{"op=unzip&raw=caf%25E9.zip&to_raw=/other/caf%25E9", "caf\ufffd.zip ok -> /cgi-bin/shz/other/caf%E9/"},
		{"op=unzip&name=file", "file unsupported"},
		{"op=unzip&name=sub", "sub not-permitted"},
		{"op=unzip&name=link", "link not-permitted"},
		{"op=unzip&name=nothing", "nothing not-found"},
		{"op=unzip&name=sub/../a.zip", "sub/../a.zip bad-request"},
		{"op=unzip&name=a.zip&to=/shut/x", "a.zip not-permitted"},
		{"op=unzip&name=a.zip&to=/other/", "400 bad-request"},
		{"op=unzip&name=a.zip&to=/other/..", "400 bad-request"},
		{"op=unzip&name=a.zip&to=/nothing/x", "404 not-found"},
		{"op=unzip&name=a.zip&to=nothing/x", "404 not-found"},
		{"op=unzip&name=a.zip&to=link/x", "404 not-found"},
		{"op=unzip&name=a.zip&name=B.TAR.GZ&to=x", "400 bad-request"},
		{"op=unzip&name=a.zip&to=x%0Ay", "a.zip bad-request"},
		{"op=unzip&name=a.zip&to=.shz-x", "404 not-found"},
		{"op=unzip", "400 bad-request"},
		{"op=unzip&name=a.zip&on_exists=both", "400 bad-request"},
	} {
		got := results(t, posted(t, "demo/", row.fields, false))
		if got != row.want && !(strings.Contains(row.fields, "/shut/") && got == "403 not-permitted") {
			t.Errorf("%s: %s, not %s", row.fields, got, row.want)
		}
	}
	for name, want := range map[string]string{"demo/a/one": "one", "demo/a/dir/two è": "dir/two è", "demo/B/three": "three", "demo/sub/named/one": "one", "other/named/one": "one", "other/caf\xe9/six": "six"} {
		if b, err := os.ReadFile(layout.Base + "/" + name); err != nil || string(b) != want {
			t.Errorf("%s: %q %v", name, b, err)
		}
	}
	told := regexp.MustCompile(`"file":"\d+-\d+"`).ReplaceAllString(posted(t, "demo/", "op=unzip&name=a.zip&to=/other/again", false).events, `"file":"INODE-BORN"`)
	if told != `{"n":1,"event":"unzip","path":"a.zip"}`+"\n"+`{"n":2,"event":"unzip","path":"again","zone":"other","zone_dir":"`+identity(t, "other")+`"}`+"\n"+`{"n":2,"path":"again","file":"INODE-BORN"}`+"\n"+
		`{"n":1,"result":"ok","bytes":13}`+"\n"+`{"n":2,"result":"ok","bytes":13}`+"\n" {
		t.Error(told)
	}
	if got := posted(t, "demo/", "op=unzip&raw=a.zip&on_exists=rename", true); got.status != 303 || got.header.Get("Location") != "/cgi-bin/shz/demo/?done=unzip&n=1" {
		t.Errorf("%d %v", got.status, got.header)
	}
	if strings.Contains(inZone(t), ".shz-") {
		t.Error(inZone(t))
	}
}

// TestUnzipRefusals: why, because of which entry, with a code; and nothing stays.
func TestUnzipRefusals(t *testing.T) {
	if !newZone(t, "mkdir sub") {
		return
	}
	large := make([]byte, 70<<20)
	var bomb bytes.Buffer
	w := zip.NewWriter(&bomb)
	f, err := w.Create("zeros")
	if err != nil {
		t.Fatal(err)
	}
	f.Write(large)
	w.Close()
	deliver(t, "outside.zip", makeZip(t, "good", "../evil"))
	deliver(t, "twice.tar.gz", makeTarGz(t, "a", "b", "a"))
	deliver(t, "names.zip", makeZip(t, "a", "\x1b[2J<b>.shz"))
	deliver(t, "bomb.zip", bomb.Bytes())
	deliver(t, "cut.zip", makeZip(t, "a")[:100])
	before := inZone(t)
	for _, row := range []struct{ name, status, reason, entry string }{
		{"outside.zip", "unsupported", "outside", "../evil"}, {"twice.tar.gz", "unsupported", "duplicate", "a"}, {"names.zip", "unsupported", "name", "\x1b[2J<b>.shz"},
		{"bomb.zip", "too-large", "ratio", "zeros"}, {"cut.zip", "unsupported", "truncated", ""},
	} {
		got := posted(t, "demo/", "op=unzip&name="+row.name, false)
		var object struct{ Results []item }
		if err := json.Unmarshal([]byte(got.body), &object); err != nil || len(object.Results) != 1 {
			t.Fatal(got.body)
		}
		i := object.Results[0]
		if i.Status != row.status || i.Reason != row.reason || i.Entry != row.entry || !strings.HasPrefix(i.Message, "Non è stato estratto nulla. ") || i.URL != "" {
			t.Errorf("%s: %+v", row.name, i)
		}
		if !strings.Contains(got.events, fmt.Sprintf(`{"n":1,"result":%q}`, row.status)) {
			t.Error(got.events)
		}
		page := posted(t, "demo/", "op=unzip&raw="+row.name, true)
		if page.status != map[string]int{"unsupported": 415, "too-large": 413}[row.status] || strings.Contains(page.body, "\x1b") || strings.Contains(page.body, "<b>") {
			t.Errorf("%s: %d %s", row.name, page.status, page.body)
		}
	}
	if after := inZone(t); after != before {
		t.Errorf("something changed:\n%s", after)
	}
	if entries, err := os.ReadDir(layout.Base); err != nil || len(entries) != 1 {
		t.Errorf("in the base: %v %v", entries, err)
	}
}

func TestUnpackedName(t *testing.T) {
	for name, want := range map[string]string{"a.zip": "a", "A.Tar.GZ": "A", "b.tgz": "b", "c.tar.zst": "c", "d.tzst": "d", "e.tar": "e", ".zip": ".zip-1", "x": "x-1", "a.b.zip": "a.b", "a.gz": "a.gz-1", "..zip": "."} {
		if got := unpackedName(name); got != want {
			t.Errorf("%q: %q, not %q", name, got, want)
		}
	}
}
