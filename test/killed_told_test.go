package test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// TestKilledLaterIsTold: handlers that end a resumable upload, or store an archive, are killed at each call that matters. Whatever comes of
// it, who is concerned is told of what has its name, once, also where the upload is gone on with; and nothing stays in the spool.
func TestKilledLaterIsTold(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	setConfig(t, "[notices]\ntell = \"upload,download\"\nwindow_minutes = 0\n[mail]\nhost = \"127.0.0.1\"\nport = 1\n")
	work(t)
	emptyQueue(t)
	t.Cleanup(func() { emptyQueue(t) })
	body := strings.Repeat("x", 5000)
	input := func(text string) string {
		name := t.TempDir() + "/input"
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	whole := input(body)
	calls := []string{"write", "fsync", "linkat", "renameat2"}
	// untilItEnds kills a request at its first call, its second, and so on, and returns how often it did.
	untilItEnds := func(method, source, call string, target func(n int) string, environment []string, after func(n int)) int {
		t.Helper()
		for n, ended := 1, 0; ; n++ { // strace counts the calls of each thread by itself
			args := []string{"-e", "trace=" + call, "-e", "inject=" + call + ":signal=KILL:when=" + strconv.Itoa(n)}
			for _, variable := range environment {
				args = append(args, "-E", variable)
			}
			f := stamped(t, zone)
			if well, said, _ := tracedRequest(t, method, source, target(n), f, args...); well && !strings.HasPrefix(said, "Status: 20") {
				t.Fatalf("%s: %s", target(n), said)
			} else if well {
				ended++
			}
			f.Close()
			work(t)
			after(n)
			if ended == 2 {
				return n
			}
			if n > 100 {
				t.Fatal("it never ends by itself")
			}
		}
	}
	told := func() (sure []string, perhaps int) {
		for _, name := range toldAnna(t) {
			if strings.HasSuffix(name, "?") {
				perhaps++
			} else {
				sure = append(sure, name)
			}
		}
		return sure, perhaps
	}

	var want []string
	for _, call := range calls {
		address := ""
		untilItEnds("PATCH", whole, call, func(n int) string {
			if name := fmt.Sprintf("%s-%02d", call, n); !slices.Contains(want, name) {
				want, address = append(want, name), tusBegun(t, "bruno", folder, name, len(body))
			}
			return address
		}, []string{"HTTP_TUS_RESUMABLE=1.0.0", "HTTP_UPLOAD_OFFSET=0", "CONTENT_TYPE=application/offset+octet-stream"}, func(n int) {
			a := tusHead(t, "bruno", address)
			offset, err := strconv.Atoi(a.header.Get("Upload-Offset"))
			if err != nil {
				t.Fatalf("%s %d: %d %v", call, n, a.status, a.header)
			}
			if offset < len(body) {
				expectTus(t, address, tusPatch(t, "bruno", address, offset, body[offset:]), 204, strconv.Itoa(len(body)))
				work(t)
			}
		})
	}
	slices.Sort(want)
	sure, perhaps := told()
	if !slices.Equal(sure, want) || perhaps == 0 {
		t.Errorf("anna is told of %q, and of %d that she may have; there is %q", sure, perhaps, want)
	}
	emptyQueue(t)

	write(t, "bruno", zonePath(zone, "packed.txt"), body)
	kills := 0
	for _, call := range calls[:3] {
		kills += untilItEnds("POST", input("op=zip&name=packed.txt&to="+call+".zip&on_exists=rename"), call, func(int) string { return folder },
			[]string{"HTTP_ACCEPT=application/json", "CONTENT_TYPE=application/x-www-form-urlencoded"}, func(int) {})
	}
	here, err := os.ReadDir(zonePath(zone))
	if err != nil {
		t.Fatal(err)
	}
	want = nil
	for _, e := range here {
		if strings.HasSuffix(e.Name(), ".zip") {
			want = append(want, e.Name())
		}
	}
	if sure, perhaps := told(); !slices.Equal(sure, want) || perhaps == 0 || len(want) < 6 || len(want) >= kills {
		t.Errorf("of %d, anna is told of %q, and of %d that she may have; there is %q", kills, sure, perhaps, want)
	}
	if left, err := os.ReadDir(layout.Events); err != nil || len(left) != 0 {
		t.Errorf("%d files are left in the spool, %v", len(left), err)
	}
}
