package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/helper"
	"sharezone/internal/layout"
)

// These tests ask libexec/zonefix as its callers do: the real sudo, the installed rule and program. What is hostile runs
// as bruno, who may write in anna's zone, owns folders there, and has a shell.

// zonefix asks as a user and returns what it said.
func zonefix(t *testing.T, user string, q helper.ZonefixRequest) (reply helper.ZonefixReply, status int) {
	t.Helper()
	question, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("runuser", "-u", user, "--", "sudo", "-n", "--", layout.ZonefixHelper)
	cmd.Dir, cmd.Stdin = "/", bytes.NewReader(question)
	out, err := cmd.Output()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &reply); err != nil {
		t.Fatalf("%+v: %v: %s", q, err, out)
	}
	return reply, cmd.ProcessState.ExitCode()
}

// TestZonefixCallers: who is let at it, by the real sudo: the owner, an administrator; of others nothing changes.
func TestZonefixCallers(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	write(t, "bruno", zonePath(zone, "file"), "x")
	for _, user := range []string{"anna", "admin"} {
		if reply, status := zonefix(t, user, helper.ZonefixRequest{Op: "show", Zone: zone}); status != 0 || reply.Zone == nil || reply.Zone.Owner != "anna" {
			t.Errorf("%s: %d %+v", user, status, reply)
		}
	}
	unchanged(t, zonePath(zone), func() {
		for _, user := range []string{"bruno", "carla", "nobody", "www-data", layout.UserGuest, layout.UserSpool} {
			out, status := asUser(t, user, "sh", "-c", `echo '{"op":"remove","zone":"`+zone+`","paths":["file"]}' | sudo -n `+layout.ZonefixHelper)
			if status == 0 || !strings.Contains(out, "sudo:") {
				t.Errorf("%s: %d %s", user, status, out)
			}
		}
		tryAll(t, "anna", []attempt{
			{"arguments", `sudo -n ` + layout.ZonefixHelper + ` --help`},
			{"as another user", `sudo -n -u bruno ` + layout.ZonefixHelper},
			{"a variable", `echo '{"op":"list"}' | sudo -n LD_PRELOAD=/tmp/x ` + layout.ZonefixHelper},
			{"SUDO_UID", `echo '{"op":"list"}' | sudo -n SUDO_UID=0 ` + layout.ZonefixHelper},
			{"keeping the environment", `sudo -n -E ` + layout.ZonefixHelper},
			{"directly", `echo '{"op":"list"}' | ` + layout.ZonefixHelper},
			{"a path that leads there", `sudo -n /usr/lib/sharezone/../sharezone/libexec/zonefix`},
		})
	})
}

// swapping is what bruno does in a shell while a zone is changed: he exchanges folders and files for links, gives other
// files the names of his, and moves his folders out of the zone and back. $1 is anna's zone, $2 his own place in another.
const swapping = `cd "$1/his" || exit 1
	while :; do
		ln -s "$3" evil 2>/dev/null
		perl -e '($v, $e) = ("victim", "evil"); $did = syscall(316, -100, $v, -100, $e, 2); syscall(316, -100, $v, -100, $e, 2); exit($did != 0)' && echo >>"$2/swapped"
		mv -T victim away 2>/dev/null; ln -s "$3" victim 2>/dev/null; ln -s /etc/shadow file 2>/dev/null; rm -f victim file; mv -T away victim 2>/dev/null
		ln "$2/private" hard 2>/dev/null; ln "$2/private" victim/hard 2>/dev/null; rm -f hard victim/hard
		mv victim "$2/out" 2>/dev/null; mv "$2/out" victim 2>/dev/null
		mkdir -p victim/a/b; echo x >victim/a/b/c; echo x >victim/f; chmod 600 victim/f
		mkfifo victim/fifo 2>/dev/null; rm -f victim/fifo
	done`

// TestZonefixAgainstSwaps: whatever a member does in his folders while the owner shares, applies, takes and removes,
// nothing outside the zone changes, nothing private there becomes readable, and nothing of it vanishes.
func TestZonefixAgainstSwaps(t *testing.T) {
	end := time.Now().Add(time.Duration(rounds(15, 120)) * time.Second)
	againstSwaps(t, newZone(t, "user:bruno=write"), func(int) bool { return time.Now().Before(end) })
}

// TestZonefixAgainstSwapsAmongMany: the same beside walks that are as long as those of a large zone.
func TestZonefixAgainstSwapsAmongMany(t *testing.T) {
	needLong(t)
	image := emptyImage(t, "many", "2G")
	run(t, "mkfs.ext4", "-q", "-m", "0", "-N", "300000", image)
	coverBase(t, image)
	zone := newZone(t, "user:bruno=write")
	for user, folders := range map[string]string{"anna": "seq 1 100", "bruno": "seq 101 200"} {
		script := `cd "$1"; for d in $(` + folders + `); do mkdir "d$d"; (cd "d$d"; seq 1000 | xargs touch); done`
		if out, status := asUser(t, user, "sh", "-ec", script, "sh", zonePath(zone)); status != 0 {
			t.Fatal(out)
		}
	}
	// carlas are the entries that give her something: on folders, on files, and in what is inherited. A FIFO keeps what it inherited.
	carlas := func(places ...string) (found int) {
		for line := range strings.Lines(run(t, "find", append(places, "-type", "f,d", "-exec", "getfacl", "-pc", "{}", "+")...)) {
			perm, is := strings.CutPrefix(strings.TrimPrefix(line, "default:"), "user:carla:")
			if is && !strings.HasPrefix(perm, "---") {
				found++
			}
		}
		return found
	}
	folders, _ := filepath.Glob(zonePath(zone, "d*"))
	run(t, "shzadm", "zone", "share", zone, "user:carla=read")
	if n := carlas(folders...); n < 200_000 {
		t.Fatalf("only %d entries are found while she is in", n)
	}
	run(t, "shzadm", "zone", "share", zone, "user:carla=none")
	t.Run("swaps", func(t *testing.T) { againstSwaps(t, zone, func(n int) bool { return n < 2 }) })
	// Between the last sharing and taking away, carla was in: now nothing that stood still lets her in any more, and nothing at all when
	// what was moved meanwhile is gone through again.
	if n := carlas(folders...); n != 0 {
		t.Errorf("%d entries are left", n)
	}
	run(t, "sh", "-c", "shzadm zone share "+zone+" user:carla=none || true") // it names the links and hard links that are left
	if n := carlas(zonePath(zone)); n != 0 {
		t.Errorf("%d entries are left after a second run", n)
	}
}

// againstSwaps does what an owner does in a zone, while goOn says so, with a member of it against him.
func againstSwaps(t *testing.T, zone string, goOn func(n int) bool) {
	t.Helper()
	var other string
	t.Run("other", func(t *testing.T) {
		other = newZone(t)
		run(t, "chown", "admin:", zonePath(other))
		run(t, "setfacl", "-d", "-x", "u:anna", zonePath(other))
		run(t, "shzadm", "zone", "share", other, "user:bruno=write")
		t.Cleanup(func() { run(t, "mv", zonePath(other), zonePath(other+"-kept")); other += "-kept" })
	})
	t.Cleanup(func() { os.RemoveAll(zonePath(other)) })
	for name, content := range map[string]string{"secret": "admin's", "folder/deep": "admin's too"} {
		os.MkdirAll(filepath.Dir(zonePath(other, name)), 0o700)
		if err := os.WriteFile(zonePath(other, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "chown", "-R", "admin:", zonePath(other, "secret"), zonePath(other, "folder"))
	for _, script := range []string{`mkdir -m 1770 "$1/his" "$1/his/victim" "$2/place"; echo y >"$2/place/private"; chmod 600 "$2/place/private"`} {
		if out, status := asUser(t, "bruno", "sh", "-c", script, "sh", zonePath(zone), zonePath(other)); status != 0 {
			t.Fatal(out)
		}
	}
	before := append(snapshot(t, zonePath(other, "secret")), snapshot(t, zonePath(other, "folder"))...)
	private := privateState(t, zonePath(other, "place", "private"))

	for range 2 {
		startSwapping(t, zonePath(zone), zonePath(other, "place"), zonePath(other, "folder"))
	}
	n := 0
	for ; goOn(n); n++ {
		for _, q := range []helper.ZonefixRequest{
			{Op: "share", Principal: "user:carla", Access: "write"}, {Op: "apply"}, {Op: "take", Path: "his/victim"}, {Op: "remove", Paths: []string{"his/victim/a", "his/evil", "his/hard", "his/file"}},
			{Op: "share", Principal: "user:carla", Access: "none"}, {Op: "remove", Paths: []string{"his/victim", "his/victim/f"}}, {Op: "check"}, {Op: "space"},
		} {
			q.Zone = zone
			if reply, status := zonefix(t, "anna", q); status != 0 && reply.Error == "internal" {
				t.Errorf("%+v: %d %+v", q, status, reply)
			}
		}
	}
	swapped := len(read(t, zonePath(other, "place", "swapped")))
	if t.Logf("%d rounds, %d exchanges", n, swapped); n == 0 || swapped < n {
		t.Errorf("%d exchanges in %d rounds: nothing was tried", swapped, n)
	}
	compare(t, before, append(snapshot(t, zonePath(other, "secret")), snapshot(t, zonePath(other, "folder"))...))
	if after := privateState(t, zonePath(other, "place", "private")); after != private {
		t.Errorf("a private file was\n%s\nand is\n%s", private, after)
	}
	for _, user := range []string{"anna", "carla"} {
		if out, status := asUser(t, user, "cat", zonePath(other, "secret"), zonePath(other, "folder", "deep"), zonePath(other, "place", "private")); strings.Contains(out, "admin's") || status == 0 {
			t.Errorf("%s reads %s", user, out)
		}
	}
	if out := run(t, "find", layout.Base, "-name", ".shz-removed-*"); out != "" {
		t.Errorf("left aside: %s", out)
	}
}

// privateState is owner, mode, lists and content of a file: names of it come and go meanwhile, and with them its time of change. Whoever links a
// file of his own into a zone, and takes the name away between two calls of a walk, may get an entry of the zone's into it. Nobody makes its mask
// wider, so it gives nothing, and such entries do not count here.
func privateState(t *testing.T, name string) string {
	t.Helper()
	return run(t, "stat", "-c", "%u:%g %a", name) + run(t, "sh", "-c", `getfacl -cp "$1" | grep -v '#effective:---$'`, "sh", name) + run(t, "cat", name)
}

// startSwapping runs bruno's script until the test ends.
func startSwapping(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("setpriv", append([]string{"--reuid=bruno", "--regid=bruno", "--init-groups", "--pdeathsig", "KILL", "sh", "-c", swapping, "sh"}, args...)...)
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
			cmd.Wait()
		}
	}
	t.Cleanup(stop)
}

// TestZonefixKilled: a change that is killed at any moment and asked for again ends in the same state as one that was not.
func TestZonefixKilled(t *testing.T) {
	fill := func(zone string) {
		t.Helper()
		script := `cd "$1"; for d in $(seq 12); do mkdir -m 1770 d$d; for f in $(seq 60); do echo $f >d$d/$f; chmod 640 d$d/$f; done; done`
		if out, status := asUser(t, "bruno", "sh", "-c", script, "sh", zonePath(zone)); status != 0 {
			t.Fatal(out)
		}
	}
	// state is what everything is, without inodes and times.
	state := func(zone string) string {
		return run(t, "sh", "-c", `cd "$1" && find . -printf '%P %u:%g %m %s\n' | sort && getfacl -RP . | grep -v '^# file' | sort | uniq -c; find "$2" -maxdepth 1 -name '.shz-*' | sed s/[0-9]/N/g`, "sh", zonePath(zone), layout.Closed)
	}
	for _, row := range []struct {
		name    string
		prepare string
		q       helper.ZonefixRequest
	}{
		{"share", "", helper.ZonefixRequest{Op: "share", Principal: "user:carla", Access: "write"}},
		{"downgrade", "shzadm zone share ZONE user:carla=write", helper.ZonefixRequest{Op: "share", Principal: "user:carla", Access: "read"}},
		{"revoke", "", helper.ZonefixRequest{Op: "share", Principal: "user:bruno", Access: "none"}},
		{"apply", "setfacl -R -b -k ZONE/d*; chmod -R g+rwX,o+rX ZONE/d*", helper.ZonefixRequest{Op: "apply"}},
		{"apply without lists", "chown -R anna: ZONE/d*; setfacl -R -b -k ZONE", helper.ZonefixRequest{Op: "apply"}},
		{"take", "chmod 700 ZONE/d3; setfacl -b -k ZONE/d3", helper.ZonefixRequest{Op: "take", Path: "d3"}},
		{"transfer", "chown -R anna: ZONE/d1 ZONE/d2 ZONE/d3 ZONE/d4 ZONE/d5 ZONE/d6", helper.ZonefixRequest{Op: "transfer", Owner: "admin"}},
		{"remove", "", helper.ZonefixRequest{Op: "remove", Paths: []string{"d1", "d2/5", "d3", "d4", "d5"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			build := func() string {
				zone := newZone(t, "user:bruno=write")
				fill(zone)
				if row.prepare != "" {
					run(t, "bash", "-c", strings.ReplaceAll(strings.ReplaceAll(row.prepare, "share ZONE", "share "+zone), "ZONE", zonePath(zone))+" >/dev/null")
				}
				return zone
			}
			zone := build()
			row.q.Zone = zone
			began := time.Now()
			if reply, status := zonefix(t, "anna", row.q); status != 0 {
				t.Fatalf("%d %+v", status, reply)
			}
			whole := time.Since(began)
			want := state(zone)
			for i := range rounds(6, 40) {
				if err := os.RemoveAll(zonePath(zone)); err != nil {
					t.Fatal(err)
				}
				build()
				killZonefix(t, row.q, whole*time.Duration(i+1)/time.Duration(rounds(6, 40)+1))
				reply, status := zonefix(t, "anna", row.q)
				ended := status == 1 && reply.Error == "not-permitted" && row.name == "transfer" // it had come to its end
				if status != 0 && !ended {
					t.Fatalf("the second time: %d %+v", status, reply)
				}
				if got := state(zone); got != want {
					t.Errorf("killed after %v of %v:\n%s\nwant\n%s", whole*time.Duration(i+1)/7, whole, got, want)
				}
			}
		})
	}
}

// killZonefix asks as anna and ends the helper, which is root's, after a time.
func killZonefix(t *testing.T, q helper.ZonefixRequest, after time.Duration) {
	t.Helper()
	question, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(layout.ZonefixHelper)
	cmd.Env = []string{"PATH=/usr/bin:/bin", fmt.Sprintf("SUDO_UID=%d", uidOf(t, "anna"))}
	cmd.Dir, cmd.Stdin = "/", bytes.NewReader(question)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	cmd.Process.Kill()
	cmd.Wait()
}

// TestZonefixObjects: what stands in a zone besides files and folders is neither opened nor changed, and can be removed.
func TestZonefixObjects(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	dir := zonePath(zone)
	run(t, "bash", "-c", `cd "$1"; ln -s /proc/self/root root; ln -s loop loop; ln -s nowhere dangling; mkfifo fifo; mknod null c 1 3; mknod disk b 7 0
		perl -MSocket -e 'socket(S,AF_UNIX,SOCK_STREAM,0); bind(S,pack_sockaddr_un("socket"))'; truncate -s 1T sparse; mkdir -p deep; cd deep
		for i in $(seq 1000); do mkdir d; cd d; done; cd "$1"; mkdir wide; cd wide; seq 1 3000 | xargs touch; cd ..
		chown -R bruno: deep wide sparse; chown -h bruno: root loop dangling fifo null disk socket`, "sh", dir)
	outside := snapshot(t, "/etc/passwd")
	for _, q := range []helper.ZonefixRequest{{Op: "share", Principal: "user:carla", Access: "read"}, {Op: "apply"}, {Op: "check"}, {Op: "space"}, {Op: "share", Principal: "user:carla", Access: "none"}} {
		q.Zone = zone
		began := time.Now()
		reply, status := zonefix(t, "anna", q)
		if status != 0 || time.Since(began) > 2*time.Minute {
			t.Errorf("%s: %d %+v after %v", q.Op, status, reply, time.Since(began))
		}
		if reply.Report != nil && reply.Report.More == 0 {
			for _, s := range reply.Report.Skipped {
				if s.Reason != "kind" {
					t.Errorf("%s: %+v", q.Op, s)
				}
			}
		}
		if q.Op == "check" && len(reply.Findings) != 0 {
			t.Errorf("%+v", reply.Findings)
		}
		if q.Op == "space" && (reply.Space.Bytes > 100<<20 || reply.Space.Folders != 1002) {
			t.Errorf("%+v", reply.Space)
		}
	}
	for _, name := range []string{"root", "loop", "dangling"} {
		if reply, status := zonefix(t, "anna", helper.ZonefixRequest{Op: "remove", Zone: zone, Paths: []string{name + "/etc/passwd", name + "/x"}}); status != 0 || reply.Results[0].Status == "ok" {
			t.Errorf("through %s: %+v", name, reply.Results)
		}
	}
	reply, status := zonefix(t, "anna", helper.ZonefixRequest{Op: "remove", Zone: zone, Paths: []string{"root", "loop", "dangling", "fifo", "null", "disk", "socket", "sparse", "deep", "wide"}})
	if status != 0 || run(t, "ls", "-A", dir) != "" {
		t.Errorf("%d %+v; left: %s", status, reply, run(t, "ls", "-A", dir))
	}
	compare(t, outside, snapshot(t, "/etc/passwd"))
}

// TestShzadmContent: the verbs of shzadm do the same, with the sentences and the JSON of the interface.
func TestShzadmContent(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	if out, status := asUser(t, "bruno", "sh", "-c", `cd "$1"; mkdir -m 1770 his; echo x >his/a; chmod 660 his/a; chmod 1700 his`, "sh", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	shzadm := func(want int, args ...string) string {
		t.Helper()
		cmd := exec.Command("shzadm", args...)
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("%q: exit %d: %s", args, got, out)
		}
		return string(out)
	}
	says := func(out string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(out, w) {
				t.Errorf("no %q in %s", w, out)
			}
		}
	}
	says(shzadm(1, "zone", "check", zone), zonePath(zone, "his")+" is shut", "shzadm zone take "+zone+" his", "his/a can be changed", "To mend 1 of these at once: shzadm zone apply "+zone)
	says(shzadm(1, "zone", "check", zone, "--json"), `"path": "his/a"`, `"kind": "wide"`, `"more": 0`)
	says(shzadm(0, "zone", "apply", zone), "changed folders 0, files 1")
	says(shzadm(0, "zone", "take", zone, "his/"), "what is anna's now: folders 1, files 0")
	says(shzadm(0, "zone", "check", zone), "nothing differs")
	says(shzadm(0, "zone", "space", zone), "1 files and 1 folders", "bruno", "his")
	says(shzadm(0, "zone", "space", zone, "--json"), `"files": 1`, `"limit": null`)
	says(shzadm(1, "zone", "remove", zone, "nothing", "../x", "his/a"), "there is no such", "stays: not a path below a zone", "removed: his/a")
	says(shzadm(0, "zone", "remove", zone, "his", "--json"), `"status": "ok"`)
	says(shzadm(1, "zone", "take", zone, "his"), "there is no such")
	says(shzadm(2, "zone", "transfer", zone), "--owner")
	says(shzadm(1, "zone", "transfer", zone, "--owner", "bruno"), "only a manager can own a zone")
	says(shzadm(0, "zone", "transfer", zone, "--owner", "admin", "--json"), `"owner": "admin"`, `"skipped": []`)
	says(shzadm(1, "zone", "transfer", zone, "--owner", "admin"), "this is the same person, who has it already")
	says(shzadm(0, "activity", zone, "--json"), `"event": "zone-modify"`, `"event": "delete"`, `"event": "zone-transfer"`)
	if got := run(t, "stat", "-c", "%U", zonePath(zone)); strings.TrimSpace(got) != "admin" {
		t.Errorf("the owner is %s", got)
	}
}
