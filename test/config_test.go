package test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sharezone/internal/config"
	"sharezone/internal/session"
)

// The settings as the programs obey them, and what becomes of a file that is wrong.

// setConfig puts the settings in force, until the test ends.
func setConfig(t *testing.T, text string) {
	t.Helper()
	needDemo(t)
	before := read(t, config.Path)
	put := func(text string) {
		// By rename: no request may see half of it.
		if err := os.WriteFile(config.Path+".new", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(config.Path+".new", config.Path); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { put(before) })
	put(text)
}

// apacheErrors is where handlers' standard error goes.
const apacheErrors = "/var/log/apache2-sharezone/error.log"

// command runs a command as root, which may fail, and returns its output and exit status.
func command(t *testing.T, name string, args ...string) (output string, status int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestConfigRefused: with a wrong file nobody logs in and nothing that needs a setting is done; the log and doctor say
// why, pages and answers do not.
func TestConfigRefused(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	realRecord(t, "bruno")
	for _, row := range []struct{ name, text, command, says string }{
		{"unknown setting", "[sessions]\nidle = 5\n", "true", "sharezone.toml:2: there is no setting sessions.idle"},
		{"out of range", "\n[login]\nslots = 0\n", "true", "sharezone.toml:3: login.slots must be a whole number from 1 to 64"},
		{"no TOML", "slots: 4\n", "true", "sharezone.toml:1: "},
		{"others may write", "", "chmod 0666 " + config.Path, "sharezone.toml: must be a file of root's that nobody else may write"},
		{"of another", "", "chown anna " + config.Path, "sharezone.toml: must be a file of root's that nobody else may write"},
		{"by an ACL", "", "setfacl -m u:anna:rw " + config.Path, "sharezone.toml: must be a file of root's that nobody else may write"},
		{"link", "", fmt.Sprintf("mv %s /root/settings && ln -s /root/settings %[1]s", config.Path), "sharezone.toml: must be a file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			setConfig(t, row.text)
			run(t, "bash", "-c", row.command)
			logged := len(read(t, apacheErrors))
			unchanged(t, zonePath(zone), func() {
				for what, a := range map[string]answer{
					"login":  tryLogin(t, "bruno", needDemo(t).password["bruno"]),
					"folder": jsonAs(t, "bruno", folder),
					"upload": jsonAs(t, "bruno", "-T", "/etc/hostname", folder+"x"),
					"form":   jsonAs(t, "bruno", "-d", "op=mkdir", "-d", "name=x", folder),
				} {
					if a.status != 500 || a.code() != "internal" || a.header.Get("Set-Cookie") != "" || strings.Contains(a.body, "toml") {
						t.Errorf("%s: %d %s", what, a.status, a.body)
					}
				}
			})
			if a := curl(t, "-d", "username=bruno", "-d", "password=x", "/cgi-bin/login"); a.status != 500 || !strings.Contains(a.body, "<html") {
				t.Errorf("page: %d %.300s", a.status, a.body)
			}
			if a := curl(t, "/cgi-bin/login"); a.status != 200 {
				t.Errorf("the login form: %d", a.status)
			}
			// The line of a request may come after its answer.
			if !eventually(patience, func() bool { return strings.Contains(read(t, apacheErrors)[logged:], row.says) }) {
				t.Errorf("the log does not say %q:\n%s", row.says, read(t, apacheErrors)[logged:])
			}
			if out, status := command(t, "shzadm", "doctor"); status != 1 || !strings.Contains(out, "sharezone.toml") {
				t.Errorf("doctor: %d %s", status, out)
			}
			if out, status := command(t, "shzadm", "zone", "add", "refused", "--owner", "anna"); status != 1 || !strings.Contains(out, "sharezone.toml") {
				t.Errorf("zone add: %d %s", status, out)
			}
		})
	}
	if a := tryLogin(t, "bruno", needDemo(t).password["bruno"]); a.status != 200 {
		t.Errorf("with the right file again: %d %s", a.status, a.body)
	}
	t.Run("absent", func(t *testing.T) {
		setConfig(t, "")
		run(t, "rm", config.Path)
		if a := jsonAs(t, "bruno", folder); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

// TestConfigLogout: whoever wants to leave can, whatever the file says.
func TestConfigLogout(t *testing.T) {
	needDemo(t)
	cookies := login(t, "carla")
	setConfig(t, "nonsense\n")
	if a := curl(t, append(wantsJSON, "-b", cookies, "-X", "POST", "-d", "", "/cgi-bin/logout")...); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestConfigSessions(t *testing.T) {
	d := needDemo(t)
	setConfig(t, "[sessions]\nidle_minutes = 3\nabsolute_hours = 2\nadmin_idle_minutes = 4\nadmin_absolute_hours = 1\n")
	for user, want := range map[string][2]time.Duration{
		"bruno": {3 * time.Minute, 2 * time.Hour}, "anna": {3 * time.Minute, 2 * time.Hour}, "admin": {4 * time.Minute, time.Hour},
	} {
		a := tryLogin(t, user, d.password[user])
		cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
		file := sessionFile(t, strings.TrimPrefix(cookie, "SESSION_ID="))
		record, err := session.Parse([]byte(read(t, file)))
		if err != nil || record.Idle != want[0] || record.Absolute != want[1] {
			t.Errorf("%s: %v, %v and %v", user, err, record.Idle, record.Absolute)
		}
		os.Remove(file)
	}
}

func TestConfigLogin(t *testing.T) {
	d := needDemo(t)
	for milliseconds, less := range map[int]time.Duration{300: 2500 * time.Millisecond, 2500: 10 * time.Second} {
		setConfig(t, fmt.Sprintf("[login]\nfailure_milliseconds = %d\n", milliseconds))
		for _, user := range []string{"bruno", "nobody-there"} {
			quickest := time.Hour // of a few tries: the machine may have other things to do
			for tries := 0; quickest > less && tries < 5; tries++ {
				began := time.Now()
				a := tryLogin(t, user, "wrong")
				took := time.Since(began)
				if a.status != 401 || took < time.Duration(milliseconds)*time.Millisecond {
					t.Errorf("%s, %d ms: %d after %v", user, milliseconds, a.status, took)
				}
				quickest = min(quickest, took)
			}
			if quickest > less {
				t.Errorf("%s, %d ms: never below %v", user, milliseconds, quickest)
			}
		}
	}
	setConfig(t, "[login]\nslots = 2\nwait_milliseconds = 100\n") // 1,500 as shipped
	free := holdSlots(t, "auth.%d", 2)
	defer free()
	if !eventually(patience, func() bool { // the machine may have other things to do
		began := time.Now()
		checkBusy(t, "two slots, both held", tryLogin(t, "bruno", d.password["bruno"]))
		return time.Since(began) < 1400*time.Millisecond
	}) {
		t.Error("waits for as long as without the setting")
	}
	setConfig(t, "[login]\nslots = 3\n")
	if a := tryLogin(t, "bruno", d.password["bruno"]); a.status != 200 {
		t.Errorf("three slots, two held: %d %s", a.status, a.body)
	}
}

func TestConfigListings(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	folder := "/cgi-bin/shz/" + zone + "/"
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		write(t, "anna", zonePath(zone, name), name)
	}
	setConfig(t, "[listings]\ndefault_entries = 2\nmax_entries = 3\n")
	for query, want := range map[string]string{"": "[a b]", "?limit=3": "[a b c]", "?limit=1&offset=4": "[e]", "?offset=2": "[c d]"} {
		if l := list(t, "bruno", folder+query); fmt.Sprint(l.entryNames()) != want || *l.Total != 5 {
			t.Errorf("%q: %q of %d", query, l.entryNames(), *l.Total)
		}
	}
	if a := jsonAs(t, "bruno", folder+"?limit=4"); a.status != 400 {
		t.Errorf("more than the maximum: %d", a.status)
	}
	if a := curlAs(t, "bruno", folder); !strings.Contains(a.body, "offset=2") || strings.Contains(a.body, "limit=") {
		t.Errorf("the page leads nowhere, or names the usual limit:\n%s", a.body)
	}
	setConfig(t, "[listings]\nmax_entries = 1\n")
	if l := list(t, "bruno", folder); fmt.Sprint(l.entryNames()) != "[a]" {
		t.Errorf("the default above the maximum: %q", l.entryNames())
	}
}

func TestConfigForms(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	setConfig(t, "[forms]\nmax_kib = 16\n")
	for size, status := range map[int]int{100: 201, 17 << 10: 413} {
		form := fmt.Sprintf("op=mkdir&name=n&ignored=%s", strings.Repeat("x", size))
		if a := jsonAs(t, "bruno", "-d", form, folder); a.status != status {
			t.Errorf("%d bytes: %d %s", size, a.status, a.body)
		}
	}
}

func TestConfigUploads(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	small, large := randomFile(t, mib), randomFile(t, 24*mib)
	chunked := []string{"-H", "Transfer-Encoding: chunked"}
	refused := func(args ...string) {
		t.Helper()
		unchanged(t, zonePath(zone), func() {
			if a := jsonAs(t, "bruno", args...); a.status != 507 || a.code() != "no-space" {
				t.Errorf("%q: %d %s", args, a.status, a.body)
			}
		})
	}
	setConfig(t, fmt.Sprintf("[uploads]\nkeep_free_mib = %d\n", free(t, zonePath(zone))/mib-16))
	refused("-T", large, folder+"large")
	for i, args := range [][]string{{"-T", small}, append(chunked, "-T", small)} {
		if a := jsonAs(t, "bruno", append(args, fmt.Sprintf("%ssmall%d", folder, i))...); a.status != 201 {
			t.Errorf("%q: %d %s", args, a.status, a.body)
		}
	}
	for _, text := range []string{"keep_free_mib = 1073741824", "keep_free_percent = 90\nkeep_free_mib = 1000000"} {
		setConfig(t, "[uploads]\n"+text+"\n")
		refused("-T", small, folder+"x")
		refused(append(chunked, "-T", small, folder+"x")...)
		a := jsonAs(t, "bruno", "-F", "file=@"+small+";filename=x", folder)
		if a.status != 200 || !strings.Contains(a.body, `"no-space"`) || exists(zonePath(zone, "x")) {
			t.Errorf("form: %d %s", a.status, a.body)
		}
	}
	if a := jsonAs(t, "bruno", folder+"small0"); a.status != 200 {
		t.Errorf("reading needs no room: %d", a.status)
	}
}

func TestConfigZones(t *testing.T) {
	needDemo(t)
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	add := func(args ...string) (string, int) {
		t.Helper()
		out, status := command(t, "shzadm", append([]string{"zone", "add", "limited", "--owner", "anna"}, args...)...)
		if status == 0 {
			out = run(t, "getfattr", "-d", zonePath("limited"))
		}
		os.RemoveAll(zonePath("limited"))
		return out, status
	}
	setConfig(t, "[zones]\ndefault_expiry_days = 30\nmax_expiry_days = 90\ndefault_max_age_days = 14\n")
	for _, row := range []struct {
		args           []string
		status         int
		expires, other string
	}{
		{nil, 0, day(30), `max_age="14"`},
		{[]string{"--expires", "", "--max-age", "7"}, 0, day(30), `max_age="7"`},
		{[]string{"--expires", day(90)}, 0, day(90), ""},
		{[]string{"--expires", day(91)}, 1, day(90), "max_expiry_days"},
		{[]string{"--expires", "soon"}, 1, "", "--expires"},
	} {
		out, status := add(row.args...)
		if status != row.status || !strings.Contains(out, row.expires) || !strings.Contains(out, row.other) {
			t.Errorf("%q: %d %s", row.args, status, out)
		}
	}
}
