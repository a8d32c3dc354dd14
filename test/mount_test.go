package test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// Zones that do not work like others: on file systems of their own, read-only, without ACLs, without an owner. They are
// shown, with what is wrong, and nobody waits or fails because of them but who wants something of them.

// finding is one of doctor's.
type finding struct{ Check, Subject, Found, Mend string }

// findings are those that doctor has of a zone.
func findings(t *testing.T, zone string) []string {
	t.Helper()
	out, _ := shzadm(t, "doctor", "--json")
	var all struct{ Findings []finding }
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var checks []string
	for _, f := range all.Findings {
		if f.Subject != zonePath(zone) {
			t.Errorf("not of the zone: %+v", f)
		}
		checks = append(checks, f.Check)
	}
	return checks
}

// inHome says whether a user's home page names a zone.
func inHome(t *testing.T, user, zone string) bool {
	t.Helper()
	a := jsonAs(t, user, "--max-time", "10", "/cgi-bin/home")
	if a.status != 200 {
		t.Errorf("home of %s: %d %s%s", user, a.status, a.body, a.stderr)
	}
	return strings.Contains(a.body, `"name":"`+zone+`"`)
}

// unmountLater takes a mount away when the test ends.
func unmountLater(t *testing.T, place string) {
	t.Cleanup(func() {
		for _, user := range []string{"anna", "bruno"} {
			noHandlers(t, "shz", user)
		}
		run(t, "umount", place)
	})
}

// damagedZone is a zone with something wrong, and what becomes of it.
type damagedZone struct {
	name     string
	damage   func(t *testing.T, zone string)
	problems string
	checks   string // of doctor
	home     bool   // of bruno, with whom it is shared
	get, put int    // of his
	refusal  string // of sharing and closing; "" is none
}

var damagedZones = []damagedZone{
	{"mount", func(t *testing.T, zone string) {
		mountOver(t, zonePath(zone), "mkfs.ext4 -q")
	}, "other-mount no-id", "zone-mount zone-id", true, 200, 201, "something is mounted on this zone"},
	{"read-only mount", func(t *testing.T, zone string) {
		mountOver(t, zonePath(zone), "mkfs.ext4 -q")
		run(t, "setfattr", "-n", "user.shz.id", "-v", strings.Repeat("0a", 16), zonePath(zone))
		run(t, "mount", "-o", "remount,ro", zonePath(zone))
	}, "other-mount read-only", "zone-mount zone-read-only", true, 200, 423, "something is mounted on this zone"},
	{"no ACLs", func(t *testing.T, zone string) {
		run(t, "mount", "-t", "ramfs", "-o", "nosuid,nodev,noexec", "ramfs", zonePath(zone))
		run(t, "sh", "-c", `chown anna: "$1"; chmod 1770 "$1"`, "sh", zonePath(zone))
		unmountLater(t, zonePath(zone))
	}, "other-mount no-acl no-id", "zone-mount zone-acls zone-id", false, 403, 403, "something is mounted on this zone"},
	{"owner gone", func(t *testing.T, zone string) {
		run(t, "chown", "59999", zonePath(zone))
	}, "owner-gone", "zone-chowned", true, 200, 201, ""},
	{"owner is no manager", func(t *testing.T, zone string) {
		run(t, "chown", "carla", zonePath(zone))
	}, "owner-wrong", "zone-chowned", true, 200, 201, ""},
	{"list lost", func(t *testing.T, zone string) {
		run(t, "setfacl", "-b", "-k", zonePath(zone))
		run(t, "chmod", "1770", zonePath(zone)) // as a backup without lists brings it back
	}, "no-acl", "zone-rights", false, 403, 403, ""},
	{"no id", func(t *testing.T, zone string) {
		run(t, "setfattr", "-x", "user.shz.id", zonePath(zone))
	}, "no-id", "zone-id", true, 200, 201, ""},
}

func TestZoneProblems(t *testing.T) {
	for _, row := range damagedZones {
		t.Run(row.name, func(t *testing.T) {
			zone := newZone(t, "user:bruno=write")
			row.damage(t, zone)
			z := showZone(t, zone)
			if got := strings.Join(z.Problems, " "); got != row.problems || (z.Members == nil) != strings.Contains(row.problems, "no-acl") {
				t.Errorf("%+v", z)
			}
			checkProblemWords(t, zone, z.Problems)
			for _, user := range []string{"anna", "admin"} { // the page says what the commands say; of mounts, what he sees himself
				if strings.Contains(row.problems, "other-mount") {
					break
				}
				var page shownZone
				if a := jsonAs(t, user, management+"/"+zone); a.status == 200 {
					if err := json.Unmarshal([]byte(a.body), &page); err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(page.Problems, z.Problems) || (page.Members == nil) != (z.Members == nil) {
						t.Errorf("%s: %s", user, a.body)
					}
				} else if user == "admin" {
					t.Errorf("%d %s", a.status, a.body)
				}
			}
			if got := strings.Join(findings(t, zone), " "); got != row.checks {
				t.Errorf("doctor: %s", got)
			}
			if inHome(t, "bruno", zone) != row.home {
				t.Errorf("home: %v", !row.home)
			}
			if a := jsonAs(t, "bruno", "/cgi-bin/shz/"+zone+"/"); a.status != row.get {
				t.Errorf("GET: %d %s", a.status, a.body)
			}
			if a := jsonAs(t, "bruno", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/new.txt"); a.status != row.put {
				t.Errorf("PUT: %d %s", a.status, a.body)
			}
			for _, args := range [][]string{{"share", zone, "user:admin=read"}, {"modify", zone, "--title", "Title"}, {"close", zone}} {
				out, status := shzadm(t, append([]string{"zone"}, args...)...)
				if (status == 0) != (row.refusal == "") || !strings.Contains(out, row.refusal) {
					t.Errorf("%q: %d %s", args, status, out)
				}
			}
			if row.refusal == "" {
				run(t, "shzadm", "zone", "restore", zone)
			}
		})
	}
}

// checkProblemWords: list has the codes, show a sentence for each, in both languages.
func checkProblemWords(t *testing.T, zone string, problems []string) {
	t.Helper()
	out, status := shzadm(t, "zone", "list")
	if line := lineWith(out, zone+" "); status != 0 || !strings.Contains(line, " "+strings.Join(problems, ",")+" ") {
		t.Errorf("list: %d %s", status, line)
	}
	for _, p := range problems {
		english, _ := shzadm(t, "zone", "show", zone)
		italian, _ := shzadm(t, "it", "zone", "show", zone)
		a, b := lineWith(english, p+": "), lineWith(italian, p+": ")
		if len(a) < 40 || len(b) < 40 || a == b {
			t.Errorf("%s: %q and %q", p, a, b)
		}
	}
}

// TestHealthyZoneHasNoProblems: [] and not null, whatever the zone is.
func TestHealthyZoneHasNoProblems(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	if out := run(t, "shzadm", "zone", "show", zone, "--json"); !strings.Contains(out, `"problems": []`) || !strings.Contains(out, `"limit": null`) {
		t.Error(out)
	}
	if out := run(t, "shzadm", "zone", "list", "--json"); !strings.Contains(out, `"problems": []`) {
		t.Error(out)
	}
}

// TestReadOnlyBase: every zone says so; doctor names the base alone.
func TestReadOnlyBase(t *testing.T) {
	smallBase(t, "stuck")
	run(t, "mount", "-o", "remount,ro", layout.Base)
	if z := showZone(t, "stuck"); !slices.Equal(z.Problems, []string{"read-only"}) {
		t.Errorf("%+v", z)
	}
	out, status := shzadm(t, "doctor", "--json")
	if status != 1 || strings.Count(out, `"check":`) != 1 || !strings.Contains(out, `"read-only"`) {
		t.Errorf("%d %s", status, out)
	}
	// That says nothing of who asks: its owner is a manager still.
	if page := curlAs(t, "anna", "-H", "Accept-Language: en", "/cgi-bin/home"); page.status != 200 || strings.Contains(page.body, "no manager") {
		t.Errorf("%d %s", page.status, page.body)
	}
	if page := curlAs(t, "bruno", "-H", "Accept-Language: en", management); page.status != 200 || strings.Contains(page.body, "view=new") {
		t.Errorf("%d %s", page.status, page.body)
	}
	a := english(t, "anna", management, "op=create", "name=mt-typed", "title=What I typed")
	if shows(t, a, 423, `value="mt-typed"`, `value="What I typed"`, "can only be read"); strings.Contains(a.body, "In use") {
		t.Error(a.body)
	}
	for _, words := range [][]string{{"modify", "stuck", "--title", "x"}, {"close", "stuck"}} {
		if out, status := shzadm(t, append([]string{"zone"}, words...)...); status != 1 || !strings.Contains(out, "mounted read-only") || strings.Contains(out, "/proc/") {
			t.Errorf("%q: %d %s", words, status, out)
		}
	}
	if out, status := shzadm(t, "zone", "share", "stuck", "user:carla=read"); status != 1 || !strings.Contains(out, "mounted read-only") {
		t.Errorf("%d %s", status, out)
	}
	run(t, "mount", "-o", "remount,rw", layout.Base)
}

// TestZoneThatNeverAnswers: a FUSE whose process answers nothing is mounted on anna's zone, as a hanging server would be.
// Lists go on, of the administrator and of everybody.
func TestZoneThatNeverAnswers(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	other := "beside-" + zone
	run(t, "shzadm", "zone", "add", other, "--owner", "anna")
	t.Cleanup(func() { os.RemoveAll(zonePath(other)) })
	fuse, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("no FUSE: %v", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse)
	if err := unix.Mount("never", zonePath(zone), "fuse", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options); err != nil {
		unix.Close(fuse)
		t.Fatal(err)
	}
	t.Cleanup(func() { run(t, "umount", zonePath(zone)) })
	t.Cleanup(func() { unix.Close(fuse) }) // first: whoever waits gets ENOTCONN
	for _, argv := range [][]string{
		{"shzadm", "zone", "list", "--json"}, {"shzadm", "zone", "show", zone, "--json"}, {"shzadm", "doctor", "--json"},
	} {
		cmd := exec.Command("timeout", append([]string{"-k", "1", "20"}, argv...)...)
		began := time.Now()
		out, _ := cmd.Output()
		if cmd.ProcessState.ExitCode() > 1 || !strings.Contains(string(out), "mount") || time.Since(began) > 15*time.Second {
			t.Errorf("%q: %d after %v: %.300s", argv, cmd.ProcessState.ExitCode(), time.Since(began), out)
		}
	}
	if z := showZone(t, zone); z.Owner != "" || z.Members != nil || !slices.Equal(z.Problems, []string{"other-mount"}) {
		t.Errorf("%+v", z)
	}
	if inHome(t, "anna", zone) || !inHome(t, "anna", other) {
		t.Error("anna's home")
	}
	if out, status := shzadm(t, "zone", "close", zone); status != 1 || !strings.Contains(out, "something is mounted") {
		t.Errorf("%d %s", status, out)
	}
}
