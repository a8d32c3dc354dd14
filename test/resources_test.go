package test

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/text"
)

// What runs out: inodes, room for events, descriptors; what cannot be written; and what is large. The answer has the right
// code, nothing changes, and the next request works. A full disk below the zones is in TestDiskFull, a full store of
// sessions in TestSessionStoreFull, memory and processor time in limits_test.go.

// smallBase puts a file system of its own over the zones, with a zone of anna's that bruno may write and a file of his
// in it, until the test ends.
func smallBase(t *testing.T, zone string, mkfs ...string) {
	t.Helper()
	image := emptyImage(t, zone, "16M")
	run(t, "mkfs.ext4", append(append([]string{"-q", "-m", "0"}, mkfs...), image)...)
	coverBase(t, image)
	smallZone(t, zone)
}

// emptyImage makes a file for a file system, which goes when the test ends.
func emptyImage(t *testing.T, name, size string) string {
	t.Helper()
	needDemo(t)
	image := filepath.Join("/dev/shm", "shztest-"+name+".img")
	t.Cleanup(func() { os.Remove(image) })
	run(t, "truncate", "-s", size, image)
	return image
}

// coverBase mounts an image over the zones until the test ends, and makes a base of it.
func coverBase(t *testing.T, image string) {
	t.Helper()
	run(t, "mount", "-o", "loop,nosuid,nodev,noexec", image, layout.Base)
	t.Cleanup(func() {
		for _, user := range []string{"anna", "bruno"} {
			noHandlers(t, "shz", user)
		}
		run(t, "umount", layout.Base)
	})
	dressBase(t)
}

// dressBase makes a base of an empty file system, as install.sh would.
func dressBase(t *testing.T) {
	t.Helper()
	run(t, "sh", "-ec", `rm -rf "$1/lost+found"; chown root:shzmgr "$1"; chmod 1770 "$1"; setfacl -m u:shzspool:--x,g:shzbase:r-x "$1"; mkdir -m 0700 "$1/.closed"`, "sh", layout.Base)
}

// smallZone makes the zone of smallBase.
func smallZone(t *testing.T, zone string) {
	t.Helper()
	run(t, "shzadm", "zone", "add", zone, "--owner", "anna")
	run(t, "shzadm", "zone", "share", zone, "user:bruno=write")
	write(t, "bruno", zonePath(zone, "old.txt"), "old")
}

// change is a request that changes something.
type change struct {
	name string
	args []string
}

func changes(folder, source string) []change {
	return []change{
		{"PUT", []string{"-T", source, folder + "new.bin"}},
		{"PUT, chunked", []string{"-T", source, "-H", "Transfer-Encoding: chunked", folder + "new.bin"}},
		{"PUT, replaced", []string{"-T", source, folder + "old.txt?on_exists=replace"}},
		{"form", []string{"-F", "file=@" + source + ";filename=new.bin", folder}},
		{"mkdir", []string{"-d", "op=mkdir&name=folder", folder}},
	}
}

// checkAll expects the code of each change, in results where there are several, and that reading goes on.
func checkAll(t *testing.T, zone string, all []change, code string, status int) {
	t.Helper()
	folder := "/cgi-bin/shz/" + zone + "/"
	unchanged(t, zonePath(zone), func() {
		for _, c := range all {
			a := jsonAs(t, "bruno", c.args...)
			if strings.Contains(a.body, `"results"`) {
				if a.status != 200 || !strings.Contains(a.body, `"status":"`+code+`"`) {
					t.Errorf("%s: %d %s", c.name, a.status, a.body)
				}
			} else if a.status != status || a.code() != code {
				t.Errorf("%s: %d %s%s", c.name, a.status, a.body, a.stderr)
			}
		}
	})
	if a := jsonAs(t, "bruno", folder+"old.txt"); a.status != 200 || a.body != "old" {
		t.Errorf("reading: %d %s", a.status, a.body)
	}
	if names := list(t, "bruno", folder).entryNames(); len(names) == 0 {
		t.Error("looking at the folder shows nothing")
	}
	if names := hidden(t, zonePath(zone)); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

// checkPages expects the same of the HTML form: the status, and the sentence of the code in the reader's language.
func checkPages(t *testing.T, zone string, all []change, code string, status int) {
	t.Helper()
	unchanged(t, zonePath(zone), func() {
		for _, l := range []text.Language{text.Italian, text.English} {
			for _, c := range all {
				a := curlAs(t, "bruno", append([]string{"-H", "Accept: text/html", "-H", "Accept-Language: " + string(l)}, c.args...)...)
				if says := l.Say("error." + code); a.status != status || !strings.Contains(html.UnescapeString(a.body), says) {
					t.Errorf("%s: %d, without %q: %s", c.name, a.status, says, a.body)
				}
			}
		}
	})
}

// checkNext expects that all changes work, each on its own.
func checkNext(t *testing.T, zone string, all []change) {
	t.Helper()
	for _, c := range all {
		a := jsonAs(t, "bruno", c.args...)
		if a.status != 200 && a.status != 201 || strings.Contains(a.body, `"results"`) && !strings.Contains(a.body, `"ok"`) {
			t.Errorf("afterwards, %s: %d %s", c.name, a.status, a.body)
		}
		os.Remove(zonePath(zone, "new.bin"))
		os.Remove(zonePath(zone, "folder"))
	}
}

func TestResourceInodes(t *testing.T) {
	const zone = "inodes"
	smallBase(t, zone, "-N", "64")
	source := randomFile(t, 1000)
	all := changes("/cgi-bin/shz/"+zone+"/", source)
	if out, status := asUser(t, "anna", "sh", "-c", `cd "$1" && mkdir full && cd full && i=0; while touch f$i; do i=$((i + 1)); done 2>/dev/null; test $i -gt 20`, "sh", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	checkAll(t, zone, all, "no-space", 507)
	checkPages(t, zone, all, "no-space", 507)
	run(t, "rm", "-r", zonePath(zone, "full"))
	checkNext(t, zone, all)
}

func TestResourceReadOnly(t *testing.T) {
	const zone = "readonly"
	smallBase(t, zone)
	source := randomFile(t, 1000)
	all := append(changes("/cgi-bin/shz/"+zone+"/", source), change{"delete", []string{"-d", "op=delete&name=old.txt", "/cgi-bin/shz/" + zone + "/"}})
	run(t, "mount", "-o", "remount,ro", layout.Base)
	checkAll(t, zone, all, "locked", 423)
	checkPages(t, zone, all, "locked", 423)
	run(t, "mount", "-o", "remount,rw", layout.Base)
	checkNext(t, zone, all)
}

// TestResourceSpool: what cannot be recorded is not done; looking, which tells nothing, goes on.
func TestResourceSpool(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	write(t, "bruno", zonePath(zone, "old.txt"), "old")
	d := needDemo(t)
	jar(t, "bruno")
	all := changes(folder, "/etc/hostname")
	all = append(all, change{"download", []string{folder + "old.txt"}}, change{"delete", []string{"-d", "op=delete&name=old.txt", folder}},
		change{"logout", []string{"-d", "", "/cgi-bin/logout"}})
	for _, row := range []struct {
		name, options string
		status        int
		code          string
	}{
		{"no inodes", "size=1m,nr_inodes=1", 507, "no-space"},
		{"no blocks", "size=64k", 507, "no-space"}, // used up below
		{"read-only", "size=1m,ro", 500, "internal"},
	} {
		t.Run(row.name, func(t *testing.T) {
			run(t, "mount", "-t", "tmpfs", "-o", "mode=2750,uid=0,gid="+strings.TrimSpace(run(t, "id", "-g", layout.UserSpool))+","+row.options, "tmpfs", layout.Events)
			mounted := true
			unmount := func() {
				if mounted {
					mounted = false
					run(t, "umount", layout.Events)
				}
			}
			t.Cleanup(unmount)
			if row.name == "no blocks" {
				run(t, "sh", "-c", `cat /dev/zero >"$1/fill" 2>/dev/null; test -s "$1/fill"`, "sh", layout.Events)
			}
			unchanged(t, zonePath(zone), func() {
				for _, c := range all {
					if a := jsonAs(t, "bruno", c.args...); a.status != row.status || a.code() != row.code || a.body == "old" {
						t.Errorf("%s: %d %s", c.name, a.status, a.body)
					}
				}
			})
			if a := tryLogin(t, "anna", d.password["anna"]); a.status != row.status || idIn(a) != "" {
				t.Errorf("login: %d %s", a.status, a.body)
			}
			list(t, "bruno", folder)
			if a := jsonAs(t, "bruno", "-I", folder+"old.txt"); a.status != 200 {
				t.Errorf("HEAD: %d", a.status)
			}
			unmount()
			checkNext(t, zone, all[:5])
		})
	}
}

// TestResourceDescriptors: a handler that gets no more descriptors in the middle says busy for what it cannot do, keeps
// what it has done, and leaves nothing.
func TestResourceDescriptors(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	noHandlers(t, "shz", "bruno")
	source := randomFile(t, mib)
	cmd := curlCommand(t, "-b", jar(t, "bruno"), "-H", "Accept: application/json", "-H", "Expect:", "--limit-rate", "700k",
		"-F", "file=@"+source+";filename=first", "-F", "file=@/etc/hostname;filename=second", "/cgi-bin/shz/"+zone+"/")
	var said strings.Builder
	cmd.Stdout = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	pid := handler(t, "shz", "bruno")
	if !eventually(patience, func() bool { return nameless(pid) > 0 }) {
		t.Fatal("the first file did not begin")
	}
	lower(t, "bruno", pid, "--nofile=4:4")
	cmd.Wait()
	if !strings.Contains(said.String(), `"busy"`) {
		t.Errorf("answer %s", said.String())
	}
	if exists(zonePath(zone, "second")) || len(hidden(t, zonePath(zone))) > 0 {
		t.Errorf("left behind: %q", hidden(t, zonePath(zone)))
	}
	if exists(zonePath(zone, "first")) && digestOf(t, zonePath(zone, "first")) != digestOf(t, source) {
		t.Error("half a file")
	}
	if a := jsonAs(t, "bruno", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/second"); a.status != 201 {
		t.Errorf("the next request: %d %s", a.status, a.body)
	}
}

// TestResourceGroups: five thousand groups, bruno in a thousand of them, as in a company's directory.
func TestResourceGroups(t *testing.T) {
	d := needDemo(t)
	zone := newZone(t, "user:bruno=write")
	run(t, "cp", "-a", "/etc/group", "/etc/group.test")
	restore := func() {
		if exists("/etc/group.test") {
			run(t, "mv", "/etc/group.test", "/etc/group")
		}
	}
	t.Cleanup(restore)
	f, err := os.OpenFile("/etc/group", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5000 {
		member := "carla"
		if i%5 == 0 {
			member = "carla,bruno"
		}
		fmt.Fprintf(f, "many%d:x:%d:%s\n", i, 70000+i, member)
	}
	f.Close()
	began := time.Now()
	id := opened(t, "bruno", d.password["bruno"])
	for _, args := range [][]string{{"/cgi-bin/home"}, {"/cgi-bin/shz/" + zone + "/"}, {"-T", "/etc/hostname", "/cgi-bin/shz/" + zone + "/new"}} {
		if a := with(t, id, args...); a.status != 200 && a.status != 201 {
			t.Errorf("%q: %d %s", args, a.status, a.body)
		}
	}
	if took := time.Since(began); took > patience {
		t.Errorf("a login and three requests took %v", took)
	}
	if groups := strings.Count(lineWith(read(t, sessionFile(t, id)), "groups="), ","); groups < 1000 {
		t.Errorf("the session has %d groups", groups)
	}
	restore()
	if a := with(t, id, "/cgi-bin/home"); a.status != 200 {
		t.Errorf("with few groups again: %d %s", a.status, a.body)
	}
	if groups := strings.Count(lineWith(read(t, sessionFile(t, id)), "groups="), ","); groups > 10 {
		t.Errorf("the session still has %d groups", groups)
	}
	if uid := strconv.Itoa(uidOf(t, "bruno")); !strings.Contains(read(t, sessionFile(t, id)), "uid="+uid+"\n") {
		t.Error("the session is another's")
	}
}
