package test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Resumable uploads by the real curl through the real Apache: the rules of the protocol (tus 1.0.0), one by one.

var tusVersion = []string{"-H", "Tus-Resumable: 1.0.0"}

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// tusCreate is a POST that begins an upload of so many bytes.
func tusCreate(t *testing.T, user, folder, name string, length int, more ...string) answer {
	t.Helper()
	args := append([]string{"-X", "POST", "-H", "Upload-Length: " + strconv.Itoa(length), "-H", "Upload-Metadata: filename " + base64Of(name)}, tusVersion...)
	return jsonAs(t, user, append(append(args, more...), folder)...)
}

// tusBegun is the address of a new upload.
func tusBegun(t *testing.T, user, folder, name string, length int, more ...string) string {
	t.Helper()
	a := tusCreate(t, user, folder, name, length, more...)
	if a.status != 201 || a.header.Get("Location") == "" {
		t.Fatalf("POST: %d %s %v", a.status, a.body, a.header)
	}
	return a.header.Get("Location")
}

func tusPatch(t *testing.T, user, address string, offset int, body string, more ...string) answer {
	t.Helper()
	args := append([]string{"-X", "PATCH", "-H", "Content-Type: application/offset+octet-stream", "-H", "Upload-Offset: " + strconv.Itoa(offset), "--data-binary", body}, tusVersion...)
	return jsonAs(t, user, append(append(args, more...), address)...)
}

func tusHead(t *testing.T, user, address string) answer {
	t.Helper()
	return jsonAs(t, user, append([]string{"-I"}, append(tusVersion, address)...)...)
}

func tusDelete(t *testing.T, user, address string) answer {
	t.Helper()
	return jsonAs(t, user, append([]string{"-X", "DELETE"}, append(tusVersion, address)...)...)
}

// expectTus checks status and offset ("": no such header) of an answer.
func expectTus(t *testing.T, what string, a answer, status int, offset string) {
	t.Helper()
	if a.status != status || a.header.Get("Upload-Offset") != offset {
		t.Errorf("%s: %d with offset %q, not %d with %q: %s", what, a.status, a.header.Get("Upload-Offset"), status, offset, a.body)
	}
	if a.header.Get("Tus-Resumable") != "1.0.0" {
		t.Errorf("%s: no Tus-Resumable", what)
	}
}

func content(t *testing.T, path ...string) string {
	t.Helper()
	return read(t, zonePath(path[0], path[1:]...))
}

// hiddenIn are the names in a zone's root that nobody is to see.
func hiddenIn(t *testing.T, zone string) string {
	t.Helper()
	entries, err := os.ReadDir(zonePath(zone))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".shz-") && !strings.HasPrefix(e.Name(), ".shz-trash-") {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}

func TestTusCore(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"

	a := jsonAs(t, "bruno", "-X", "OPTIONS", folder)
	if a.status != 204 || a.header.Get("Tus-Version") != "1.0.0" || a.header.Get("Tus-Extension") != "creation,creation-with-upload,termination,expiration,checksum" ||
		a.header.Get("Tus-Checksum-Algorithm") != "sha1,sha256" {
		t.Errorf("OPTIONS: %d %v", a.status, a.header)
	}

	address := tusBegun(t, "bruno", folder, "hello è.txt", 11)
	if !strings.HasPrefix(address, folder+"?upload=") {
		t.Errorf("Location: %s", address)
	}
	a = tusHead(t, "bruno", address)
	expectTus(t, "HEAD of a new one", a, 200, "0")
	if a.header.Get("Upload-Length") != "11" || a.header.Get("Upload-Metadata") != "filename "+base64Of("hello è.txt") || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("HEAD: %v", a.header)
	}
	if until, err := http.ParseTime(a.header.Get("Upload-Expires")); err != nil || time.Until(until) < 12*time.Hour {
		t.Errorf("Upload-Expires: %q", a.header.Get("Upload-Expires"))
	}
	if l := list(t, "bruno", folder); len(l.Entries) != 0 {
		t.Errorf("an upload is seen: %v", l.entryNames())
	}

	expectTus(t, "PATCH", tusPatch(t, "bruno", address, 0, "hello "), 204, "6")
	expectTus(t, "PATCH with the offset of before", tusPatch(t, "bruno", address, 0, "hello "), 409, "")
	expectTus(t, "PATCH beyond the offset", tusPatch(t, "bruno", address, 7, "orld"), 409, "")
	expectTus(t, "HEAD", tusHead(t, "bruno", address), 200, "6")
	expectTus(t, "PATCH without bytes", tusPatch(t, "bruno", address, 6, ""), 204, "6")
	expectTus(t, "too many bytes", tusPatch(t, "bruno", address, 6, "world!"), 413, "")
	expectTus(t, "too many bytes, chunked", tusPatch(t, "bruno", address, 6, "world!", "-H", "Transfer-Encoding: chunked"), 413, "")
	expectTus(t, "HEAD", tusHead(t, "bruno", address), 200, "10") // the last byte is asked for again
	expectTus(t, "the last byte, chunked", tusPatch(t, "bruno", address, 10, "d", "-H", "Transfer-Encoding: chunked"), 204, "11")
	if got := content(t, zone, "hello è.txt"); got != "hello world" {
		t.Errorf("%q", got)
	}
	// The answer to the last request may be lost: it is asked for again, and nothing happens again.
	a = tusHead(t, "bruno", address)
	expectTus(t, "HEAD when it has ended", a, 200, "11")
	if a.header.Get("Shz-Status") != "created" || a.header.Get("Content-Location") != folder+"hello%20%C3%A8.txt" {
		t.Errorf("%v", a.header)
	}
	expectTus(t, "PATCH when it has ended", tusPatch(t, "bruno", address, 11, ""), 204, "11")
	expectTus(t, "PATCH with bytes when it has ended", tusPatch(t, "bruno", address, 11, "x"), 413, "")
	expectTus(t, "PATCH at the old offset when it has ended", tusPatch(t, "bruno", address, 10, "d"), 409, "")
	if got := jsonAs(t, "bruno", folder+"?limit=9"); strings.Contains(got.body, "(2)") {
		t.Errorf("%s", got.body)
	}
	expectTus(t, "DELETE when it has ended", tusDelete(t, "bruno", address), 204, "")
	if got := hiddenIn(t, zone); got != "" || content(t, zone, "hello è.txt") != "hello world" {
		t.Errorf("left: %s", got)
	}
	expectTus(t, "HEAD when it is forgotten", tusHead(t, "bruno", address), 404, "")

	address = tusBegun(t, "bruno", folder, "gone", 3)
	expectTus(t, "DELETE", tusDelete(t, "bruno", address), 204, "")
	expectTus(t, "DELETE again", tusDelete(t, "bruno", address), 404, "")
	expectTus(t, "PATCH of what is gone", tusPatch(t, "bruno", address, 0, "abc"), 404, "")
	expectTus(t, "HEAD of what is gone", tusHead(t, "bruno", address), 404, "")
	if got := hiddenIn(t, zone); got != "" {
		t.Errorf("left: %s", got)
	}
}

// TestTusRefused: what is refused leaves everything as it was.
func TestTusRefused(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	write(t, "bruno", zonePath(zone, "taken"), "old")
	write(t, "anna", zonePath(zone, "annas"), "old")
	address := tusBegun(t, "bruno", folder, "name", 6)
	expectTus(t, "PATCH", tusPatch(t, "bruno", address, 0, "ab"), 204, "2")
	before := hiddenIn(t, zone)
	post := func(headers ...string) []string {
		args := []string{"-X", "POST"}
		for _, h := range append([]string{"Tus-Resumable: 1.0.0", "Upload-Length: 3", "Upload-Metadata: filename " + base64Of("new")}, headers...) {
			args = append(args, "-H", h)
		}
		return append(args, folder)
	}
	patch := func(address string, headers ...string) []string {
		args := []string{"-X", "PATCH", "--data-binary", "cd"}
		for _, h := range append([]string{"Tus-Resumable: 1.0.0", "Upload-Offset: 2", "Content-Type: application/offset+octet-stream"}, headers...) {
			args = append(args, "-H", h)
		}
		return append(args, address)
	}
	sum := sha1.Sum([]byte("other"))
	for _, row := range []struct {
		what   string
		args   []string
		status int
	}{
		{"POST without version", []string{"-X", "POST", "-H", "Upload-Length: 3", folder}, 412},
		{"POST with another version", post("Tus-Resumable: 0.2.2"), 412},
		{"POST without length", []string{"-X", "POST", tusVersion[0], tusVersion[1], "-H", "Upload-Metadata: filename bmV3", folder}, 400},
		{"negative length", post("Upload-Length: -1"), 400},
		{"length in words", post("Upload-Length: 3 bytes"), 400},
		{"length that is too large for a number", post("Upload-Length: 99999999999999999999"), 413},
		{"length that does not fit", post("Upload-Length: 9223372036854775807"), 507},
		{"length later", post("Upload-Length;", "Upload-Defer-Length: 1"), 400},
		{"concatenation", post("Upload-Concat: partial"), 400},
		{"no name", post("Upload-Metadata;"), 400},
		{"bad metadata", post("Upload-Metadata: filename %%"), 400},
		{"key twice", post("Upload-Metadata: filename YQ==,filename Yg=="), 400},
		{"long metadata", post("Upload-Metadata: filename YQ==,x " + strings.Repeat("YWFh", 400)), 400},
		{"name .", post("Upload-Metadata: filename " + base64Of(".")), 400},
		{"name ..", post("Upload-Metadata: filename " + base64Of("..")), 400},
		{"name with a slash", post("Upload-Metadata: filename " + base64Of("../x")), 400},
		{"name with NUL", post("Upload-Metadata: filename " + base64Of("a\x00b")), 400},
		{"name with a line", post("Upload-Metadata: filename " + base64Of("a\nb")), 400},
		{"reserved name", post("Upload-Metadata: filename " + base64Of(".shz-upload-x")), 400},
		{"name of 256 bytes", post("Upload-Metadata: filename " + base64Of(strings.Repeat("n", 256))), 400},
		{"name taken", post("Upload-Metadata: filename " + base64Of("taken")), 409},
		{"on_exists unknown", append(post()[:len(post())-1], folder+"?on_exists=all"), 400},
		{"replace another's", append(post("Upload-Metadata: filename " + base64Of("annas"))[:len(post())+1], folder+"?on_exists=replace"), 403},
		{"a body of another kind", append([]string{"-d", "abc"}, post()...), 415},
		{"POST below nothing", append(post()[:len(post())-1], folder+"nothing/"), 404},
		{"POST to a file", append(post()[:len(post())-1], folder+"taken"), 400},
		{"POST to no zone", append(post()[:len(post())-1], "/cgi-bin/shz/nothing/"), 404},
		{"from another site", post("Sec-Fetch-Site: cross-site"), 403},
		{"creation with the wrong sum", append([]string{"--data-binary", "abc", "-H", "Content-Type: application/offset+octet-stream"}, post("Upload-Checksum: sha1 "+base64Of(string(sum[:])))...), 460},
		{"creation with too many bytes", append([]string{"--data-binary", "abcd", "-H", "Content-Type: application/offset+octet-stream"}, post()...), 413},

		{"PATCH without version", patch(address, "Tus-Resumable;"), 412},
		{"PATCH with another version", patch(address, "Tus-Resumable: 1.0.1"), 412},
		{"PATCH of another type", patch(address, "Content-Type: text/plain"), 415},
		{"PATCH without offset", patch(address, "Upload-Offset;"), 400},
		{"PATCH with a negative offset", patch(address, "Upload-Offset: -2"), 400},
		{"PATCH with a wrong offset", patch(address, "Upload-Offset: 3"), 409},
		{"PATCH beyond the end", patch(address, "Upload-Offset: 7"), 409},
		{"PATCH with the wrong sum", patch(address, "Upload-Checksum: sha1 "+base64Of(string(sum[:]))), 460},
		{"PATCH with an unknown sum", patch(address, "Upload-Checksum: md5 XrY7u+Ae7tCTyyK7j1rNww=="), 400},
		{"PATCH with half a sum", patch(address, "Upload-Checksum: sha1 AAAA"), 400},
		{"PATCH of no upload", patch(folder), 405},
		{"PATCH of a file", patch(folder + "taken"), 405},
		{"PATCH of an id that is a path", patch(folder + "?upload=../../x"), 404},
		{"PATCH of nothing", patch(folder + "?upload=" + strings.Repeat("A", 26)), 404},
		{"PATCH of half an id", patch(address[:len(address)-1]), 404},
		{"PATCH in another folder", patch("/cgi-bin/shz/demo/" + address[strings.Index(address, "?"):]), 404},
		{"PATCH from another site", patch(address, "Sec-Fetch-Site: cross-site"), 403},
		{"DELETE without version", []string{"-X", "DELETE", address}, 412},
		{"DELETE of a file", []string{"-X", "DELETE", folder + "taken"}, 405},
		{"HEAD without version", []string{"-I", address}, 412},
	} {
		// curl sends a header that is given twice twice: the last one of a name counts here.
		a := jsonAs(t, "bruno", lastHeaders(row.args)...)
		if a.status != row.status {
			t.Errorf("%s: %d, not %d: %s", row.what, a.status, row.status, a.body)
		}
		if row.status == 412 && a.header.Get("Tus-Version") != "1.0.0" {
			t.Errorf("%s: no Tus-Version", row.what)
		}
		if after := hiddenIn(t, zone); after != before {
			t.Fatalf("%s: there is %s, and was %s", row.what, after, before)
		}
	}
	for what, a := range map[string]answer{
		"HEAD": tusHead(t, "carla", address), "PATCH": tusPatch(t, "carla", address, 2, "cdef"), "DELETE": tusDelete(t, "carla", address),
		"anna's HEAD": tusHead(t, "anna", address), "anna's DELETE": tusDelete(t, "anna", address),
	} {
		expectTus(t, "another's upload, "+what, a, 404, "")
	}
	if a := curl(t, append(wantsJSON, append([]string{"-I"}, append(tusVersion, address)...)...)...); a.status != 401 {
		t.Errorf("HEAD without a session: %d", a.status)
	}
	expectTus(t, "after all this", tusHead(t, "bruno", address), 200, "2")
	expectTus(t, "after all this", tusPatch(t, "bruno", address, 2, "cdef"), 204, "6")
	if got := content(t, zone, "name"); got != "abcdef" {
		t.Errorf("%q", got)
	}
}

// lastHeaders leaves of several -H for one header the last.
func lastHeaders(args []string) []string {
	last := map[string]int{}
	name := func(i int) string {
		if i == 0 || args[i-1] != "-H" {
			return ""
		}
		return strings.ToLower(args[i][:strings.IndexAny(args[i], ":;")])
	}
	for i := range args {
		if n := name(i); n != "" {
			last[n] = i
		}
	}
	var out []string
	for i := range args {
		if i+1 < len(args) && args[i] == "-H" && last[name(i+1)] != i+1 || name(i) != "" && last[name(i)] != i {
			continue
		}
		out = append(out, args[i])
	}
	return out
}

// TestTusExtensions: creation with bytes, checksums, empty files, methods by another name, names that are no UTF-8.
func TestTusExtensions(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	bytes := func(text string) []string {
		return []string{"--data-binary", text, "-H", "Content-Type: application/offset+octet-stream"}
	}
	a := tusCreate(t, "bruno", folder, "whole", 5, bytes("whole")...)
	expectTus(t, "all at once", a, 201, "5")
	if content(t, zone, "whole") != "whole" || a.header.Get("Shz-Status") != "created" {
		t.Errorf("%v", a.header)
	}
	a = tusCreate(t, "bruno", folder, "half", 8, bytes("half")...)
	expectTus(t, "half at once", a, 201, "4")
	expectTus(t, "the rest", tusPatch(t, "bruno", a.header.Get("Location"), 4, "half"), 204, "8")
	if content(t, zone, "half") != "halfhalf" {
		t.Error("half")
	}
	expectTus(t, "empty", tusCreate(t, "bruno", folder, "empty", 0), 201, "0")
	if content(t, zone, "empty") != "" {
		t.Error("empty")
	}
	expectTus(t, "bytes of a name", tusCreate(t, "bruno", folder, "caf\xe9", 1, bytes("x")...), 201, "1")
	if content(t, zone, "caf\xe9") != "x" {
		t.Error("caf\xe9")
	}

	address := tusBegun(t, "bruno", folder, "summed", 4)
	right, wrong := sha1.Sum([]byte("ab")), sha1.Sum([]byte("xy"))
	expectTus(t, "wrong sum", tusPatch(t, "bruno", address, 0, "ab", "-H", "Upload-Checksum: sha1 "+base64Of(string(wrong[:]))), 460, "")
	expectTus(t, "HEAD after it", tusHead(t, "bruno", address), 200, "0")
	expectTus(t, "right sum", tusPatch(t, "bruno", address, 0, "ab", "-H", "Upload-Checksum: sha1 "+base64Of(string(right[:]))), 204, "2")
	expectTus(t, "wrong sum of the end", tusPatch(t, "bruno", address, 2, "ab", "-H", "Upload-Checksum: sha1 "+base64Of(string(wrong[:]))), 460, "")
	expectTus(t, "right sum of the end", tusPatch(t, "bruno", address, 2, "ab", "-H", "Upload-Checksum: sha1 "+base64Of(string(right[:]))), 204, "4")
	if content(t, zone, "summed") != "abab" {
		t.Error("summed")
	}

	address = tusBegun(t, "bruno", folder, "posted", 2)
	expectTus(t, "PATCH as POST", tusPatch(t, "bruno", address, 0, "ok", "-X", "POST", "-H", "X-HTTP-Method-Override: PATCH"), 204, "2")
	if content(t, zone, "posted") != "ok" {
		t.Error("posted")
	}
	address = tusBegun(t, "bruno", folder, "never", 2)
	a = jsonAs(t, "bruno", append([]string{"-H", "X-HTTP-Method-Override: DELETE"}, append(tusVersion, address)...)...)
	if a.status != 200 || tusHead(t, "bruno", address).status != 200 {
		t.Errorf("a GET that calls itself DELETE: %d", a.status)
	}
	expectTus(t, "DELETE as POST", jsonAs(t, "bruno", append([]string{"-X", "POST", "-H", "X-HTTP-Method-Override: DELETE"}, append(tusVersion, address)...)...), 204, "")
}

// TestTusExists: the name is taken, before the upload or while it runs.
func TestTusExists(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	for _, row := range []struct {
		exists, then string // on_exists at the beginning and with the last bytes
		status       int
		said, name   string
	}{
		{"fail", "", 409, "", ""}, {"rename", "", 204, "created", "NAME (2).txt"}, {"replace", "", 204, "replaced", "NAME.txt"}, {"skip", "", 204, "skipped", ""},
		{"fail", "rename", 204, "created", "NAME (2).txt"}, {"fail", "replace", 204, "replaced", "NAME.txt"}, {"fail", "skip", 204, "skipped", ""}, {"rename", "fail", 409, "", ""},
	} {
		name := row.exists + "-" + row.then
		t.Run(name, func(t *testing.T) {
			address := tusBegun(t, "bruno", folder+"?on_exists="+row.exists, name+".txt", 3)
			write(t, "bruno", zonePath(zone, name+".txt"), "old")
			last := address
			if row.then != "" {
				last += "&on_exists=" + row.then
			}
			a := tusPatch(t, "bruno", last, 0, "new")
			if a.status != row.status || a.header.Get("Shz-Status") != row.said {
				t.Fatalf("%d %s %v", a.status, a.body, a.header)
			}
			if row.status == 409 {
				expectTus(t, "it can go on", tusHead(t, "bruno", address), 200, "2")
				expectTus(t, "under another name", tusPatch(t, "bruno", address+"&on_exists=rename", 2, "w"), 204, "3")
				row.name = "NAME (2).txt"
			}
			if row.name != "" && content(t, zone, strings.Replace(row.name, "NAME", name, 1)) != "new" {
				t.Error(row.name)
			}
			if strings.HasPrefix(row.name, "NAME (2)") && content(t, zone, name+".txt") != "old" {
				t.Error("the old one is another")
			}
			expectTus(t, "HEAD", tusHead(t, "bruno", address), 200, "3")
		})
	}
	a := tusCreate(t, "bruno", folder+"?on_exists=skip", "fail-.txt", 3)
	if a.status != 200 || !strings.Contains(a.body, `"status":"skipped"`) {
		t.Errorf("skipped at once: %d %s", a.status, a.body)
	}
}

// TestTusDrop: who may deliver and see nothing has resumable uploads too.
func TestTusDrop(t *testing.T) {
	zone := newZone(t, "user:bruno=drop")
	address := tusBegun(t, "bruno", "/cgi-bin/shz/"+zone+"/", "delivery", 4)
	expectTus(t, "PATCH", tusPatch(t, "bruno", address, 0, "ab"), 204, "2")
	expectTus(t, "HEAD", tusHead(t, "bruno", address), 200, "2")
	expectTus(t, "PATCH", tusPatch(t, "bruno", address, 2, "cd"), 204, "4")
	if content(t, zone, "delivery") != "abcd" {
		t.Error("delivery")
	}
}

// TestTusRevoked: who may only read now adds nothing to an upload that he began, and who may write again goes on.
func TestTusRevoked(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	address := tusBegun(t, "bruno", "/cgi-bin/shz/"+zone+"/", "plan.txt", 6)
	expectTus(t, "before", tusPatch(t, "bruno", address, 0, "abc"), 204, "3")
	for _, access := range []string{"read", "none"} {
		run(t, "shzadm", "zone", "share", zone, "user:bruno="+access)
		if a := tusPatch(t, "bruno", address, 3, "d"); a.status != 403 {
			t.Errorf("%s: %d %s", access, a.status, a.body)
		}
		partial, _ := filepath.Glob(zonePath(zone, ".shz-upload-*"))
		if len(partial) != 1 || read(t, partial[0]) != "abc" {
			t.Errorf("%s: %v", access, partial)
		}
	}
	run(t, "shzadm", "zone", "share", zone, "user:bruno=write")
	expectTus(t, "again", tusPatch(t, "bruno", address, 3, "def"), 204, "6")
	if content(t, zone, "plan.txt") != "abcdef" {
		t.Error(content(t, zone, "plan.txt"))
	}
}

// TestTusTakeOver: a client whose connection hangs comes back; the process that waits for the lost one is ended, and what
// it has written stays. The session may be another by then.
func TestTusTakeOver(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	address := tusBegun(t, "bruno", folder, "large", 8)
	hanging := curlCommand(t, append([]string{
		"-b", jar(t, "bruno"), "-X", "PATCH", "-T", "-", "-H", "Content-Type: application/offset+octet-stream", "-H", "Upload-Offset: 0", "-H", "Transfer-Encoding: chunked",
	}, append(tusVersion, address)...)...)
	in, err := hanging.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := hanging.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { in.Close(); hanging.Wait() }()
	fmt.Fprint(in, "abc")
	if !eventually(patience, func() bool { return tusHead(t, "bruno", address).header.Get("Upload-Offset") == "3" }) {
		t.Fatal("nothing arrives")
	}
	first := handler(t, "shz", "bruno")
	expectTus(t, "PATCH that takes over, at an old offset", tusPatch(t, "bruno", address, 0, "xyz"), 409, "")
	if !eventually(patience, func() bool { return unix.Kill(first, 0) == unix.ESRCH }) {
		t.Errorf("the first process is still there")
	}
	curlAs(t, "bruno", "-X", "POST", "/cgi-bin/logout")
	expectTus(t, "PATCH after another login", tusPatch(t, "bruno", address, 3, "defgh"), 204, "8")
	if got := content(t, zone, "large"); got != "abcdefgh" {
		t.Errorf("%q", got)
	}
}

// TestTusEvents: an upload is told once, when it has its name.
func TestTusEvents(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	address := tusBegun(t, "bruno", folder+"?on_exists=rename", "told", 4)
	write(t, "bruno", zonePath(zone, "told"), "old")
	tusPatch(t, "bruno", address, 0, "ab")
	tusPatch(t, "bruno", address, 2, "cd")
	tusHead(t, "bruno", address)
	tusPatch(t, "bruno", address, 4, "")
	given := tusBegun(t, "bruno", folder, "given up", 4)
	tusDelete(t, "bruno", given)
	noHandlers(t, "shz", "bruno")
	if got := activityOf(t, zone); !slices.Contains(got, "upload bruno told (2) ok") || strings.Count(strings.Join(got, "\n"), "upload ") != 1 {
		t.Errorf("%q", got)
	}
}
