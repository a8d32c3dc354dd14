package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/layout"
)

// contents are the files of an archive with what they hold, in order.
func contents(t *testing.T, kind, body string) (all []string) {
	t.Helper()
	if kind == "tar" {
		r := tar.NewReader(strings.NewReader(body))
		for {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				slices.Sort(all)
				return all
			}
			b, readErr := io.ReadAll(r)
			if err != nil || readErr != nil {
				t.Fatal(err, readErr)
			}
			all = append(all, h.Name+"="+string(b))
		}
	}
	r, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f.Name+"="+string(b))
	}
	slices.Sort(all)
	return all
}

// taken are the acts of events, sorted: path, result, bytes.
func taken(t *testing.T, events string) (all []string) {
	t.Helper()
	paths := map[int]string{}
	for line := range strings.Lines(events) {
		var l struct {
			N                        int
			Event, Path, Raw, Result string
			Bytes                    int64
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(line, err)
		}
		switch {
		case l.Event != "":
			if paths[l.N] = l.Path; l.Raw != "" {
				paths[l.N] = l.Raw
			}
		case l.Result != "": // else it is the name that it is about to get
			all = append(all, fmt.Sprint(paths[l.N], " ", l.Result, " ", l.Bytes))
		}
	}
	slices.Sort(all)
	return all
}

const prepareArchive = `mkdir -p a/sub/empty shut a/shut; echo 1 >a/one; echo 2 >'a/sub/è 2'; echo 3 >$'a/caf\351'; echo secret >a/secret; echo x >a/shut/x; ln -s /etc/passwd a/link; mkfifo a/fifo
	echo top >top.txt; echo half >a/.shz-half; echo secret >secret; chmod 0 a/secret a/shut secret shut; touch -d 2020-02-02T02:02:02Z a/one; ln -s a alink`

func TestArchive(t *testing.T) {
	if !newZone(t, prepareArchive) {
		return
	}
	for _, kind := range []string{"zip", "tar"} {
		latin := "caf%E9"
		if kind == "tar" {
			latin = "caf\xe9"
		}
		get := call{target: "demo/a/?archive=" + kind}.run(t)
		got := contents(t, kind, get.body)
		if get.status != 200 || get.header.Get("Content-Disposition") != `attachment; filename="a.`+kind+`"` || get.header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(get.header.Get("Content-Security-Policy"), "sandbox") || get.header.Get("Content-Length") != "" {
			t.Errorf("%d %v", get.status, get.header)
		}
		report := ""
		got = slices.DeleteFunc(got, func(line string) bool {
			after, found := strings.CutPrefix(line, "_errors.txt=")
			report += after
			return found
		})
		want := []string{latin + "=3\n", "one=1\n", "sub/=", "sub/empty/=", "sub/è 2=2\n"}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q\nnot %q", kind, got, want)
		}
		for _, name := range []string{"secret: ", "shut: ", "link: ", "fifo: "} {
			if !strings.Contains(report, "\n"+name) {
				t.Errorf("%s: %q is not told of: %s", kind, name, report)
			}
		}
		if !strings.Contains(report, "\nlink: Non è né un file né una cartella, quindi qui non c'è") {
			t.Errorf("%s: %s", kind, report)
		}
		if strings.Contains(report, ".shz-") || strings.Contains(report, "/srv") || strings.Contains(report, "root:") {
			t.Errorf("it tells too much: %s", report)
		}
		if got, want := taken(t, get.events), []string{"a/caf%E9 ok 2", "a/one ok 2", "a/sub/è 2 ok 2"}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, not %q", kind, got, want)
		}
		// A selection, by address and by form; names of any bytes.
		for _, r := range []reply{
			{}, call{target: "demo/a/?archive=" + kind + "&name=caf%E9&name=sub"}.run(t), posted(t, "demo/a/", "op=archive&format="+kind+"&raw=caf%25E9&name=sub", false),
			posted(t, "demo/a/", "op=archive&format="+kind+"&raw=caf%25E9&name=sub", true),
		}[1:] {
			want := []string{latin + "=3\n", "sub/=", "sub/empty/=", "sub/è 2=2\n"}
			slices.Sort(want)
			if got := contents(t, kind, r.body); !slices.Equal(got, want) {
				t.Errorf("%s: %q", kind, got)
			}
			if got, want := taken(t, r.events), []string{"a/caf%E9 ok 2", "a/sub/è 2 ok 2"}; !slices.Equal(got, want) {
				t.Errorf("%s: %q, not %q", kind, got, want)
			}
		}
		if got := contents(t, kind, call{target: "demo/a/?archive=" + kind + "&name=one&name=sub&name=one"}.run(t).body); len(got) != 4 {
			t.Errorf("%s, named twice: %q", kind, got)
		}
		one := call{target: "demo/a/?archive=" + kind + "&name=caf%E9"}.run(t)
		if got := one.header.Get("Content-Disposition"); got != `attachment; filename="caf_.`+kind+`"` {
			t.Error(got)
		}
		missing := call{target: "demo/a/?archive=" + kind + "&name=one&name=nothing&name=..&name=.shz-half&name=secret"}.run(t)
		if got := contents(t, kind, missing.body); len(got) != 2 || !strings.Contains(got[0], "nothing: ") || !strings.Contains(got[0], "secret: ") || got[1] != "one=1\n" {
			t.Errorf("%q", got)
		}
		if got := taken(t, missing.events); !slices.Equal(got, []string{"a/one ok 2"}) { // nothing else was taken
			t.Errorf("%q", got)
		}
		if got := (call{target: "demo/a/?archive=" + kind, set: map[string]string{"SHZ_EVENT_FD": "-"}}).run(t); got.status != 500 {
			t.Errorf("without an event file: %d", got.status)
		}
		if head := (call{method: http.MethodHead, target: "demo/a/?archive=" + kind}).run(t); head.status != 200 || head.body != "" || head.events != "" {
			t.Errorf("%d %q %q", head.status, head.body, head.events)
		}
	}
	for target, status := range map[string]int{
		"demo/a/?archive=": 400, "demo/a/?archive=rar": 400, "demo/a/?archive=../zip": 400, "demo/?archive=zip&name=nothing": 404, "demo/?archive=zip&name=..": 400,
		"demo/?archive=zip&name=a/one": 400, "demo/shut/?archive=zip": 403, "demo/nothing/?archive=zip": 404, "demo/alink/?archive=zip": 403, "demo/top.txt/?archive=zip": 404,
		"demo/?archive=zip&name=": 400, "demo/?archive=zip&name=.shz-half": 404,
	} {
		if got := (call{target: target}).run(t); got.status != status || got.events != "" {
			t.Errorf("%s: %d, not %d %s", target, got.status, status, got.events)
		}
	}
	if got := posted(t, "demo/", "op=archive", true); got.status != 303 {
		t.Error(got.status)
	}
	if got := posted(t, "demo/", "op=archive", false); got.status != 400 {
		t.Error(got.status)
	}
}

// TestArchiveReportName: the report does not take the place of a file that has its name.
func TestArchiveReportName(t *testing.T) {
	if !newZone(t, `echo mine >_errors.txt; ln -s x link`) {
		return
	}
	got := contents(t, "zip", call{target: "demo/?archive=zip"}.run(t).body)
	if len(got) != 2 || !strings.HasPrefix(got[0], "_errors (2).txt=") || got[1] != "_errors.txt=mine\n" {
		t.Errorf("%q", got)
	}
}

// TestArchiveUnrecorded: where nothing more can be recorded an archive ends as one does, and says that it is not all.
func TestArchiveUnrecorded(t *testing.T) {
	if !newZone(t, `mkdir a; for ((i = 0; i < 50; i++)); do echo x >a/file$i; done`) {
		return
	}
	// almost is an event file that has room for a few acts more.
	almost := func() *os.File {
		f, err := os.OpenFile(t.TempDir()+"/event", os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if err := f.Truncate(64<<20 - 400); err != nil {
			t.Fatal(err)
		}
		return f
	}
	incomplete := func(all []string) bool {
		return len(all) > 1 && len(all) < 40 && strings.HasPrefix(all[0], "_errors.txt=") && strings.Contains(all[0], ": Da qui in poi in questo archivio non c'è altro")
	}
	for _, kind := range []string{"zip", "tar"} {
		got := call{target: "demo/a/?archive=" + kind, event: almost()}.run(t)
		if all := contents(t, kind, got.body); got.status != 200 || !incomplete(all) || kind == "tar" && !strings.HasSuffix(got.body, strings.Repeat("\x00", 1024)) {
			t.Errorf("%s: %d %q %s", kind, got.status, all, got.stderr)
		}
	}
	got := call{method: "POST", target: "demo/", body: "op=zip&name=a&to=x.zip", set: map[string]string{"CONTENT_TYPE": "application/x-www-form-urlencoded"}, event: almost()}.run(t)
	if line := results(t, got); line != "x.zip too-large -> /cgi-bin/shz/demo/x.zip [ too-large]" {
		t.Error(line)
	}
	b, err := os.ReadFile(layout.Base + "/demo/x.zip")
	if err != nil || !incomplete(contents(t, "zip", string(b))) {
		t.Error(err)
	}
}

// TestArchiveBrokenOff: who goes away is noted.
func TestArchiveBrokenOff(t *testing.T) {
	if !newZone(t, `head -c 20000000 /dev/urandom >big`) {
		return
	}
	for _, kind := range []string{"zip", "tar"} {
		event, err := os.CreateTemp(t.TempDir(), "event")
		if err != nil {
			t.Fatal(err)
		}
		got := call{target: "demo/?archive=" + kind, gone: true, event: event}.run(t)
		b, err := os.ReadFile(event.Name())
		if err != nil || !bytes.Contains(b, []byte(`"result":"interrupted"`)) {
			t.Errorf("%s: %s %v %s", kind, b, err, got.stderr)
		}
	}
}

func TestZipOperation(t *testing.T) {
	if !newZone(t, prepareArchive+`; echo old >old.zip`) {
		return
	}
	before := inZone(t)
	for _, row := range []struct{ fields, want string }{
		{"op=zip&name=a/sub&to=x.zip", "400 bad-request"},
		{"op=zip&name=nothing&to=x.zip", "404 not-found"},
		{"op=zip&to=x.zip", "400 bad-request"},
		{"op=zip&name=top.txt", " bad-request"},
		{"op=zip&name=top.txt&to=a/x.zip", "a/x.zip bad-request"},
		{"op=zip&name=top.txt&to=../x.zip", "../x.zip bad-request"},
		{"op=zip&name=top.txt&to=.shz-x", ".shz-x bad-request"},
		{"op=zip&name=top.txt&to=x%0A.zip", "x\n.zip bad-request"},
		{"op=zip&name=top.txt&to=old.zip", "old.zip exists"},
		{"op=zip&name=top.txt&to=old.zip&on_exists=skip", "old.zip ok -> /cgi-bin/shz/demo/old.zip"},
		{"op=zip&name=top.txt&to=a&on_exists=replace", "a not-permitted"},
		{"op=zip&name=top.txt&to=x&on_exists=what", "400 bad-request"},
	} {
		if got := results(t, posted(t, "demo/", row.fields, false)); got != row.want {
			t.Errorf("%s: %s, not %s", row.fields, got, row.want)
		}
	}
	if after := inZone(t); after != before {
		t.Errorf("something changed: %s", after)
	}
	got := posted(t, "demo/", "op=zip&name=a&name=top.txt&to=new.zip", false)
	if line := results(t, got); !strings.HasPrefix(line, "new.zip not-permitted -> /cgi-bin/shz/demo/new.zip [a/") {
		t.Error(line)
	}
	if told, want := taken(t, got.events), []string{"a/caf%E9 ok 2", "a/one ok 2", "a/sub/è 2 ok 2", "new.zip ok 10", "top.txt ok 4"}; !slices.Equal(told, want) {
		t.Errorf("%q, not %q", told, want)
	}
	if !strings.HasPrefix(got.events, `{"n":1,"event":"zip","path":"new.zip","file":"`) {
		t.Error(got.events)
	}
	b, err := os.ReadFile(layout.Base + "/demo/new.zip")
	if err != nil {
		t.Fatal(err)
	}
	if all := contents(t, "zip", string(b)); !slices.Contains(all, "a/one=1\n") || !slices.Contains(all, "top.txt=top\n") || !slices.Contains(all, "a/sub/è 2=2\n") {
		t.Errorf("%q", all)
	}
	// Itself is not in it, also when it replaces one that is.
	for range 2 {
		if line := results(t, posted(t, "demo/", "op=zip&name=old.zip&name=top.txt&to=old.zip&on_exists=replace", false)); line != "old.zip ok -> /cgi-bin/shz/demo/old.zip" {
			t.Error(line)
		}
	}
	if line := results(t, posted(t, "demo/", "op=zip&name=top.txt&to=old.zip&on_exists=rename", false)); line != "old.zip ok -> /cgi-bin/shz/demo/old%20%282%29.zip" {
		t.Error(line)
	}
	page := asked(t, "demo/", "op=ask-zip&raw=a&raw=top.txt")
	checkPage(t, page.body, []string{`name="to"`, `value="demo.zip"`, `name="raw" value="top.txt"`, "Make a zip of 2 items"}, nil)
	again := posted(t, "demo/", "op=zip&raw=top.txt&to=old.zip", true)
	if again.status != 409 || !strings.Contains(again.body, `value="old.zip"`) || !strings.Contains(again.body, `aria-invalid="true"`) {
		t.Errorf("%d %s", again.status, again.body)
	}
	if got := posted(t, "demo/", "op=zip&raw=top.txt&to=by+hand.zip", true); got.status != 303 || got.header.Get("Location") != "/cgi-bin/shz/demo/?done=zip&n=1" {
		t.Errorf("%d %v", got.status, got.header)
	}
	if got := posted(t, "demo/", "op=ask-zip", true); got.status != 303 {
		t.Error(got.status)
	}
	if strings.Contains(inZone(t), ".shz-") && !strings.Contains(before, ".shz-") {
		t.Error("something is left behind")
	}
}

// TestArchiveUnsteady: a file that is written while it is packed is in the archive, and said not to be whole.
func TestArchiveUnsteady(t *testing.T) {
	if !newZone(t, `head -c 60000000 /dev/urandom >growing; echo x >calm`) {
		return
	}
	growing, err := os.OpenFile(layout.Base+"/demo/growing", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	stop, done := make(chan bool), make(chan bool)
	defer func() { close(stop); <-done }()
	go func() {
		defer close(done)
		defer growing.Close()
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Microsecond):
				growing.WriteString("x")
			}
		}
	}()
	for _, kind := range []string{"zip", "tar"} {
		got := contents(t, kind, call{target: "demo/?archive=" + kind}.run(t).body)
		if len(got) != 3 || !strings.Contains(got[0], "growing: Qualcuno lo stava modificando: qui dentro può essere incompleto") || got[1] != "calm=x\n" {
			t.Errorf("%s: %s", kind, fmt.Sprint(len(got), got[0][:min(200, len(got[0]))]))
		}
	}
}
