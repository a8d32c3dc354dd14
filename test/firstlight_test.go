package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// First light: the whole way of a file from one person to another, and what happens to it when something fails.

const (
	mib = 1 << 20
	gib = 1 << 30
)

// randomFile writes size bytes that no compression or sparse file makes smaller.
func randomFile(t *testing.T, size int64) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "random")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	source := rand.NewChaCha8([32]byte{byte(size), byte(time.Now().UnixNano())})
	block := make([]byte, 1<<20)
	for left := size; left > 0; left -= int64(len(block)) {
		block = block[:min(left, int64(len(block)))]
		source.Read(block)
		if _, err := f.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	return f.Name()
}

// listed is a folder as JSON.
type listed struct {
	Zone, Path, Access string
	Total              *int
	Offset             int
	Entries            []struct {
		Name, Raw, Type string
		Size            *int64
		Modified, Owner *string
	}
}

func list(t *testing.T, user, target string) listed {
	t.Helper()
	a := jsonAs(t, user, target)
	var l listed
	if err := json.Unmarshal([]byte(a.body), &l); a.status != 200 || err != nil {
		t.Fatalf("%s lists %s: %d %v %.300s%s", user, target, a.status, err, a.body, a.stderr)
	}
	return l
}

// entryNames are the names of a listing, in order.
func (l listed) entryNames() []string {
	names := []string{}
	for _, e := range l.Entries {
		names = append(names, e.Name)
	}
	return names
}

func TestDemoUsers(t *testing.T) {
	needDemo(t)
	for _, row := range []struct{ user, groups, not string }{
		{"admin", "shzbase shzonly shzmgr shzadmin", ""},
		{"anna", "shzbase shzonly shzmgr", "shzadmin"},
		{"bruno", "shzbase shzonly", "shzmgr shzadmin"},
		{"carla", "shzbase shzonly", "shzmgr shzadmin"},
	} {
		has := strings.Fields(run(t, "id", "-Gn", row.user))
		for _, group := range strings.Fields(row.groups) {
			if !slices.Contains(has, group) {
				t.Errorf("%s is not in %s", row.user, group)
			}
		}
		for _, group := range append(strings.Fields(row.not), "root", "www-data", "sudo") {
			if slices.Contains(has, group) {
				t.Errorf("%s is in %s", row.user, group)
			}
		}
	}
}

func TestLogin(t *testing.T) {
	d := needDemo(t)
	a := tryLogin(t, "anna", d.password["anna"])
	var who struct {
		User  string
		Roles []string
		Entry string
	}
	if err := json.Unmarshal([]byte(a.body), &who); err != nil {
		t.Fatal(err, a.body)
	}
	if who.User != "anna" || fmt.Sprint(who.Roles) != "[base manager]" || who.Entry != "internal" {
		t.Errorf("login says %+v", who)
	}
	cookie := a.header.Get("Set-Cookie")
	for _, want := range []string{"SESSION_ID=", "; HttpOnly", "; SameSite=Lax", "; Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("Set-Cookie %q has no %q", cookie, want)
		}
	}
	// From a browser: 303 to the page asked for, and never to another site.
	for next, location := range map[string]string{
		"": "/cgi-bin/home", "/cgi-bin/shz/demo/": "/cgi-bin/shz/demo/", "//evil.example/cgi-bin/": "/cgi-bin/home",
		"https://evil.example/cgi-bin/home": "/cgi-bin/home", `/\evil.example/cgi-bin/`: "/cgi-bin/home",
	} {
		a := curl(t, "--data-urlencode", "username=anna", "--data-urlencode", "password="+d.password["anna"],
			"--data-urlencode", "next="+next, "/cgi-bin/login")
		if a.status != 303 || a.header.Get("Location") != location {
			t.Errorf("next=%q: %d to %q", next, a.status, a.header.Get("Location"))
		}
	}
}

// TestGigabyte: one GiB goes up and comes down unchanged, without a time when half of it could be seen.
func TestGigabyte(t *testing.T) {
	needDemo(t)
	source := randomFile(t, gib)
	want := digestOf(t, source)
	target := "/cgi-bin/shz/demo/gigabyte.bin"
	place := zonePath("demo", "gigabyte.bin")
	t.Cleanup(func() { os.Remove(place) })

	a := jsonAs(t, "anna", "--max-time", "300", "-T", source, target)
	if a.status != 201 {
		t.Fatalf("PUT: %d %s%s", a.status, a.body, a.stderr)
	}
	if got := a.header.Get("Location"); got != target {
		t.Errorf("Location %q", got)
	}
	if err := os.Remove(source); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(place, &st); err != nil {
		t.Fatal(err)
	}
	if mode := st.Mode & 0o7777; mode != 0o640 || int(st.Uid) != uidOf(t, "anna") {
		t.Errorf("mode %04o, owner %d", mode, st.Uid)
	}
	for _, e := range list(t, "bruno", "/cgi-bin/shz/demo/").Entries {
		if e.Name == "gigabyte.bin" && (e.Type != "file" || *e.Size != gib || *e.Owner != "anna") {
			t.Errorf("bruno sees %+v", e)
		}
	}
	sum := newDigest()
	a = curlTo(t, sum, "-b", jar(t, "bruno"), "--max-time", "300", target)
	if a.status != 200 || a.exit != 0 || sum.bytes != gib || sum.text() != want {
		t.Errorf("GET: %d, curl %d, %d bytes, same bytes: %v", a.status, a.exit, sum.bytes, sum.text() == want)
	}
}

func TestResumedDownload(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	source := randomFile(t, 48*mib)
	target := "/cgi-bin/shz/" + zone + "/big.bin"
	if a := curlAs(t, "anna", "-T", source, target); a.status != 201 {
		t.Fatal(a.status, a.body)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	// Broken off by the client, then by the server, then finished.
	a := curlAs(t, "bruno", "--limit-rate", "12M", "--max-time", "2", "-o", copied, target)
	if a.exit != 28 {
		t.Errorf("curl ended with %d, not with a time-out", a.exit)
	}
	noHandlers(t, "shz", "bruno") // a client that went away ends its handler
	if exit := downloadKilled(t, copied, target); exit != 18 {
		t.Errorf("handler killed: curl ended with %d, not 18 (partial file)", exit)
	}
	st, err := os.Stat(copied)
	if err != nil || st.Size() == 0 || st.Size() >= 48*mib {
		t.Fatal("nothing was interrupted:", st, err)
	}
	if a = curlAs(t, "bruno", "-C", "-", "-o", copied, target); a.status != 206 || a.exit != 0 {
		t.Errorf("resumed: %d, curl %d", a.status, a.exit)
	}
	if digestOf(t, copied) != digestOf(t, source) {
		t.Error("other bytes arrived")
	}
}

// downloadKilled resumes a download and kills its handler half-way; it returns curl's exit status.
func downloadKilled(t *testing.T, copied, target string) int {
	t.Helper()
	cmd := curlCommand(t, "-b", jar(t, "bruno"), "--limit-rate", "4M", "-C", "-", "-o", copied, target)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	pid := handler(t, "shz", "bruno")
	before, err := os.Stat(copied)
	if err != nil {
		t.Fatal(err)
	}
	if !eventually(patience, func() bool {
		now, err := os.Stat(copied)
		return err == nil && now.Size() > before.Size()
	}) {
		t.Error("no byte arrived")
	}
	kill(t, pid, unix.SIGKILL)
	cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

// TestCarla: who has no right gets no byte, by whichever way, and is told the same whether something exists or not
// inside of what she may not enter.
func TestCarla(t *testing.T) {
	needDemo(t)
	name := list(t, "bruno", "/cgi-bin/shz/demo/").entryNames()[0]
	unchanged(t, zonePath("demo"), func() {
		for _, args := range [][]string{
			{"/cgi-bin/shz/demo/"},
			{"/cgi-bin/shz/demo/" + url.PathEscape(name)},
			{"/cgi-bin/shz/demo/no-such-file"},
			{"-I", "/cgi-bin/shz/demo/" + url.PathEscape(name)},
			{"-T", "/etc/hostname", "/cgi-bin/shz/demo/from-carla"},
			{"-T", "/etc/hostname", "/cgi-bin/shz/demo/" + url.PathEscape(name) + "?on_exists=replace"},
			{"-F", "file=@/etc/hostname", "/cgi-bin/shz/demo/"},
		} {
			if a := jsonAs(t, "carla", args...); a.status != 403 {
				t.Errorf("%q: %d %s", args, a.status, a.body)
			}
		}
	})
	out, status := asUser(t, "carla", "cat", zonePath("demo", name))
	if status == 0 || !strings.Contains(out, "Permission denied") {
		t.Errorf("cat: %d %s", status, out)
	}
}

// TestWithdrawn: what an administrator takes away in a shell is gone at the next request, with the session still open.
func TestWithdrawn(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	write(t, "anna", zonePath(zone, "a.txt"), "a")
	acl := run(t, "getfacl", "-p", zonePath(zone))
	for _, row := range []struct{ take, give []string }{
		{
			[]string{"setfacl", "-x", "u:bruno", zonePath(zone)},
			[]string{"sh", "-c", `printf %s "$1" | setfacl --set-file=- "$2"`, "sh", acl, zonePath(zone)},
		},
		{[]string{"chmod", "1700", zonePath(zone)}, []string{"chmod", "1770", zonePath(zone)}},
		{[]string{"usermod", "-L", "bruno"}, []string{"usermod", "-U", "bruno"}},
		{[]string{"gpasswd", "-d", "bruno", "shzbase"}, []string{"gpasswd", "-a", "bruno", "shzbase"}},
		{[]string{"chage", "-E", "0", "bruno"}, []string{"chage", "-E", "-1", "bruno"}},
	} {
		t.Run(row.take[0], func(t *testing.T) {
			if a := jsonAs(t, "bruno", folder); a.status != 200 {
				t.Fatalf("before: %d %s", a.status, a.body)
			}
			cookies := jar(t, "bruno")
			defer run(t, row.give[0], row.give[1:]...)
			run(t, row.take[0], row.take[1:]...)
			unchanged(t, zonePath(zone), func() {
				for _, args := range [][]string{{folder}, {folder + "a.txt"}, {"-T", "/etc/hostname", folder + "b.txt"}} {
					a := curl(t, append([]string{"-b", cookies, "-H", "Accept: application/json"}, args...)...)
					if a.status != 401 && a.status != 403 {
						t.Errorf("after %q: %q answers %d %.200s", row.take, args, a.status, a.body)
					}
				}
			})
		})
	}
	if a := jsonAs(t, "bruno", folder); a.status != 200 {
		t.Errorf("given back: %d %s", a.status, a.body)
	}
}

// TestBroughtByShell: what cp and others put into a zone is shown; what is no file is shown and refused at once.
func TestBroughtByShell(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	folder := "/cgi-bin/shz/" + zone + "/"
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("not shared"), 0o644); err != nil {
		t.Fatal(err)
	}
	script := `cd "$1" && cp /etc/hostname cp.txt && mv "$(mktemp)" moved.txt; ln -s "$2" out.txt; ln -s /etc etc
		mkfifo fifo; printf x >"$(printf 'caff\351.txt')"; mkdir sub; ln -s .. sub/up`
	if out, status := asUser(t, "anna", "sh", "-c", script, "sh", zonePath(zone), secret); status != 0 {
		t.Fatal(out)
	}
	kinds, raws := map[string]string{}, map[string]string{}
	for _, e := range list(t, "bruno", folder).Entries {
		kinds[e.Name], raws[e.Name] = e.Type, e.Raw
	}
	for name, kind := range map[string]string{
		"cp.txt": "file", "out.txt": "other", "etc": "other", "fifo": "other", "caff\uFFFD.txt": "file", "sub": "dir", "moved.txt": "file",
	} {
		if kinds[name] != kind {
			t.Errorf("%q is shown as %q, not %q", name, kinds[name], kind)
		}
	}
	if raw := raws["caff\uFFFD.txt"]; raw != "caff%E9.txt" {
		t.Errorf("raw name %q", raw)
	}
	for target, status := range map[string]int{
		"cp.txt": 200, "caff%E9.txt": 200, "out.txt": 403, "etc": 403, "etc/passwd": 403, "fifo": 403, "sub/up/cp.txt": 403,
		"moved.txt": 403, // mv keeps mode and ACL of where it came from: the kernel says no, so do we
		"sub":       308, "cp.txt/": 404, "fifo/": 403, "etc/": 403,
	} {
		a := jsonAs(t, "bruno", "--max-time", "5", folder+target)
		if a.status != status {
			t.Errorf("GET %s: %d, not %d (%.200s%s)", target, a.status, status, a.body, a.stderr)
		}
		if strings.Contains(a.body, "not shared") || strings.Contains(a.body, "root:x:0") {
			t.Errorf("GET %s followed a link", target)
		}
	}
}

// TestUploadKilled: an upload whose handler dies leaves nothing, neither to be seen nor hidden, and gives its space back.
func TestUploadKilled(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	source := randomFile(t, 16*mib)
	for _, after := range []int64{0, 1, 2 * mib, 8 * mib} {
		t.Run(strconv.FormatInt(after, 10), func(t *testing.T) {
			space := free(t, zonePath(zone))
			before := snapshot(t, zonePath(zone))
			cmd := curlCommand(t, "-b", jar(t, "bruno"), "--limit-rate", "8M", "-H", "Expect:", "-o", "/dev/null", "-w", "%{http_code}",
				"-T", source, "/cgi-bin/shz/"+zone+"/killed.bin")
			var status strings.Builder
			cmd.Stdout = &status
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Wait()
			pid := handler(t, "shz", "bruno")
			if !eventually(patience, func() bool { return nameless(pid) >= after }) {
				t.Errorf("never %d bytes in a nameless file", after)
			}
			if names := list(t, "anna", "/cgi-bin/shz/"+zone+"/").entryNames(); len(names) != 0 {
				t.Errorf("anna sees %q while it is coming", names)
			}
			kill(t, pid, unix.SIGKILL)
			cmd.Wait()
			if strings.HasPrefix(status.String(), "2") {
				t.Errorf("the client was told %s", status.String())
			}
			compare(t, before, snapshot(t, zonePath(zone)))
			if !eventually(patience, func() bool { return free(t, zonePath(zone)) >= space-mib }) {
				t.Errorf("%d bytes are gone", space-free(t, zonePath(zone)))
			}
		})
	}
}

// nameless is how large the largest unlinked file is that a process has open below the zones; -1 if there is none.
func nameless(pid int) int64 {
	size := int64(-1)
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, link := range links {
		var st unix.Stat_t
		to, _ := os.Readlink(link)
		if strings.HasPrefix(to, "/srv/sharezone/") && unix.Stat(link, &st) == nil && st.Nlink == 0 {
			size = max(size, st.Size)
		}
	}
	return size
}

// TestUploadAborted: the client goes away. Behind the web server that looks like the end of the file.
func TestUploadAborted(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	source := randomFile(t, 16*mib)
	target := "/cgi-bin/shz/" + zone + "/aborted.bin"
	for name, args := range map[string][]string{
		"with length": {"-H", "Expect:"},
		"chunked":     {"-H", "Transfer-Encoding: chunked"},
	} {
		t.Run(name, func(t *testing.T) {
			unchanged(t, zonePath(zone), func() {
				args := append(args, "--limit-rate", "3M", "--max-time", "2", "-T", source, target)
				if a := curlAs(t, "bruno", args...); a.exit != 28 {
					t.Errorf("curl ended with %d", a.exit)
				}
				noHandlers(t, "shz", "bruno")
			})
		})
	}
}

// TestDiskFull: 507, and nothing changed; afterwards everything works again.
func TestDiskFull(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	write(t, "bruno", zonePath(zone, "old.txt"), "old")
	source := randomFile(t, 24*mib)
	folder := "/cgi-bin/shz/" + zone + "/"
	empty := fill(t, "/srv/sharezone", 8*mib)
	unchanged(t, zonePath(zone), func() {
		for _, args := range [][]string{
			{"-T", source, folder + "new.bin"},
			{"-T", source, folder + "old.txt?on_exists=replace"},
			{"-T", source, "-H", "Transfer-Encoding: chunked", folder + "new.bin"},
			{"-T", source, "-H", "Transfer-Encoding: chunked", folder + "old.txt?on_exists=replace"},
		} {
			if a := jsonAs(t, "bruno", args...); a.status != 507 || a.code() != "no-space" {
				t.Errorf("%q: %d %s%s", args, a.status, a.body, a.stderr)
			}
		}
		a := jsonAs(t, "bruno", "-F", "file=@"+source+";filename=new.bin", folder)
		if a.status != 200 || !strings.Contains(a.body, `"no-space"`) {
			t.Errorf("form: %d %s%s", a.status, a.body, a.stderr)
		}
	})
	if a := jsonAs(t, "bruno", folder+"old.txt"); a.status != 200 || a.body != "old" {
		t.Errorf("reading on a full disk: %d %s", a.status, a.body)
	}
	empty()
	if a := jsonAs(t, "bruno", "-T", source, folder+"new.bin"); a.status != 201 {
		t.Errorf("with room again: %d %s", a.status, a.body)
	}
}
