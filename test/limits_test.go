package test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What one user, or one handler that went wrong, can use up; and that it is free again afterwards.

// slotsPerUser is the gate's; uploads of one user fill them.
const slotsPerUser = 24

// slowUploads starts uploads of one user that last longer than any test, and waits until each has its handler.
func slowUploads(t *testing.T, user, zone string, n int) (stop func()) {
	t.Helper()
	source := filepath.Join(t.TempDir(), "slow")
	if err := os.WriteFile(source, bytes.Repeat([]byte("x"), mib), 0o644); err != nil {
		t.Fatal(err)
	}
	cookies, uid := jar(t, user), uidOf(t, user)
	var running []*exec.Cmd
	stop = func() {
		for _, cmd := range running {
			cmd.Process.Kill()
			cmd.Wait()
		}
		running = nil
	}
	t.Cleanup(stop)
	for i := range n {
		cmd := curlCommand(t, "-b", cookies, "--limit-rate", "4k", "--max-time", "120", "-H", "Expect:", "-o", "/dev/null",
			"-T", source, "/cgi-bin/shz/"+zone+"/slow"+strconv.Itoa(i))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	if !eventually(patience, func() bool { return len(processes("shz", uid)) == n }) {
		t.Fatalf("%d handlers of %s, not %d", len(processes("shz", uid)), user, n)
	}
	return stop
}

// checkBusy expects 503 and when to come back.
func checkBusy(t *testing.T, what string, a answer) {
	t.Helper()
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if a.status != 503 || a.code() != "busy" || err != nil || seconds < 1 {
		t.Errorf("%s: %d, Retry-After %q, %.300s%s", what, a.status, a.header.Get("Retry-After"), a.body, a.stderr)
	}
}

// TestSlotsOfOneUser: who fills his slots waits, and nobody else does.
func TestSlotsOfOneUser(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	jar(t, "anna")
	noHandlers(t, "shz", "bruno")
	stop := slowUploads(t, "bruno", zone, slotsPerUser)

	began := time.Now()
	checkBusy(t, "one more upload", jsonAs(t, "bruno", "-T", "/etc/hostname", folder+"one-more"))
	checkBusy(t, "looking at the folder", jsonAs(t, "bruno", folder))
	if a := curlAs(t, "bruno", "-H", "Accept-Language: it", folder); a.status != 503 || !strings.Contains(a.body, `lang="it"`) {
		t.Errorf("browser: %d %.300s", a.status, a.body)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("refusing took %v", took)
	}
	if exists(zonePath(zone, "one-more")) {
		t.Error("refused, and yet there")
	}
	if a := jsonAs(t, "anna", "-T", "/etc/hostname", folder+"annas"); a.status != 201 {
		t.Errorf("anna brings a file: %d %s", a.status, a.body)
	}
	if names := list(t, "anna", folder).entryNames(); len(names) != 1 {
		t.Errorf("anna sees %q", names)
	}
	if a := tryLogin(t, "bruno", needDemo(t).password["bruno"]); a.status != 200 {
		t.Errorf("logging in takes a slot of shzguest's: %d %s", a.status, a.body)
	}

	stop()
	noHandlers(t, "shz", "bruno")
	if a := jsonAs(t, "bruno", "-T", "/etc/hostname", folder+"one-more"); a.status != 201 {
		t.Errorf("with free slots again: %d %s", a.status, a.body)
	}
}

// TestSlotsAtTheLimit: the last slot is a slot.
func TestSlotsAtTheLimit(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	noHandlers(t, "shz", "bruno")
	slowUploads(t, "bruno", zone, slotsPerUser-1)
	for range 3 {
		if a := jsonAs(t, "bruno", "/cgi-bin/shz/"+zone+"/"); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

// TestLoginSlots: when PAM is asked by as many as may, others are told to come back, and nothing about the password.
func TestLoginSlots(t *testing.T) {
	d := needDemo(t)
	realRecord(t, "anna") // looked at again just now, so the next request needs no slot
	free := holdSlots(t, "auth.%d", 8)
	defer free()
	for what, password := range map[string]string{"right": d.password["bruno"], "wrong": "wrong"} {
		began := time.Now()
		a := tryLogin(t, "bruno", password)
		checkBusy(t, what+" password", a)
		if took := time.Since(began); took > patience/2 || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s password: took %v, cookie %q", what, took, a.header.Get("Set-Cookie"))
		}
	}
	if a := curl(t, "/cgi-bin/login"); a.status != 200 {
		t.Errorf("the form: %d", a.status)
	}
	if a := jsonAs(t, "anna", "/cgi-bin/home"); a.status != 200 {
		t.Errorf("who is logged in: %d %s", a.status, a.body)
	}
	free()
	if a := tryLogin(t, "bruno", d.password["bruno"]); a.status != 200 {
		t.Errorf("with free slots again: %d %s", a.status, a.body)
	}
}

// TestLoginsAtOnce: more logins than slots, each answered one way or the other, and in bounded time.
func TestLoginsAtOnce(t *testing.T) {
	d := needDemo(t)
	const n = 30
	answers := make(chan answer, n)
	began := time.Now()
	for range n {
		go func() { answers <- tryLogin(t, "carla", d.password["carla"]) }()
	}
	well := 0
	for range n {
		if a := <-answers; a.status == 200 {
			well++
		} else {
			checkBusy(t, "login", a)
		}
	}
	if took := time.Since(began); well < 8 || took > patience {
		t.Errorf("%d of %d logins, %v", well, n, took)
	}
}

// TestHandlerLimits: the limits of the gate's table are those of the running handler.
func TestHandlerLimits(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	slowUploads(t, "bruno", zone, 1)
	limits := read(t, "/proc/"+strconv.Itoa(handler(t, "shz", "bruno"))+"/limits")
	for name, want := range map[string]string{
		"Max cpu time": "3600 3600", "Max data size": "1073741824 1073741824", "Max core file size": "0 0", "Max open files": "1024 1024",
	} {
		field := strings.Fields(strings.TrimPrefix(lineWith(limits, name), name))
		if len(field) < 2 || field[0]+" "+field[1] != want {
			t.Errorf("%s: %q, not %s", name, field, want)
		}
	}
}

// lower lowers a limit of a running handler, as the user whose it is: where a container lacks CAP_SYS_RESOURCE root may
// not.
func lower(t *testing.T, user string, pid int, limit string) {
	t.Helper()
	if out, status := asUser(t, user, "prlimit", "--pid", strconv.Itoa(pid), limit); status != 0 {
		t.Fatalf("prlimit: %s", out)
	}
}

// TestHandlerOverCPU: a handler whose time is used up dies in the middle; the client notices, and nothing else is hurt.
func TestHandlerOverCPU(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	place := zonePath(zone, "huge")
	write(t, "anna", place, "")
	run(t, "truncate", "-s", "1T", place)
	target := "/cgi-bin/shz/" + zone + "/huge"
	cmd := curlCommand(t, "-b", jar(t, "bruno"), "--max-time", "60", "-o", "/dev/null", target)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	pid := handler(t, "shz", "bruno")
	lower(t, "bruno", pid, "--cpu=1:1")
	cmd.Wait()
	if exit := cmd.ProcessState.ExitCode(); exit != 18 {
		t.Errorf("curl ended with %d, not 18 (partial file)", exit)
	}
	noHandlers(t, "shz", "bruno")
	if a := jsonAs(t, "bruno", "-r", "0-9", target); a.status != 206 {
		t.Errorf("next request: %d %s", a.status, a.body)
	}
}

// TestHandlerOverMemory: a handler that gets no more memory dies; what it was about to do is not done.
func TestHandlerOverMemory(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	setConfig(t, "[forms]\nmax_kib = 4096\n") // a form is the only thing that is kept in memory
	form := filepath.Join(t.TempDir(), "form")
	text := "op=mkdir&name=" + strings.Repeat("x", 4*mib-100)
	if err := os.WriteFile(form, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"-b", jar(t, "bruno"), "--limit-rate", "2M", "-H", "Expect:", "-H", "Accept: application/json", "--data-binary", "@" + form, folder}
	if a := curl(t, args...); a.status != 400 { // the name is too long, but it can be read
		t.Fatalf("with memory: %d %.300s", a.status, a.body)
	}
	noHandlers(t, "shz", "bruno") // its answer may be here before it has ended
	unchanged(t, zonePath(zone), func() {
		cmd := curlCommand(t, append([]string{"-o", "/dev/null", "-w", "%{http_code}"}, args...)...)
		var status strings.Builder
		cmd.Stdout = &status
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Process.Kill()
		pid := handler(t, "shz", "bruno")
		lower(t, "bruno", pid, "--data=1:1")
		cmd.Wait()
		if status.String() != "500" {
			t.Errorf("answered %s", status.String())
		}
	})
	noHandlers(t, "shz", "bruno")
	if a := jsonAs(t, "bruno", "-d", "op=mkdir", "-d", "name=new", folder); a.status != 201 {
		t.Errorf("next request: %d %s", a.status, a.body)
	}
}
