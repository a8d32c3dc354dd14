package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// The activity logs: what the worker makes of event files, and who can read it.

const workerProgram = "/usr/lib/sharezone/worker"

// work runs the worker as cron does, once the handlers have ended whose answers are here: what is under way waits for the next time.
func work(t *testing.T) {
	t.Helper()
	for range 200 {
		busy := false
		files, _ := filepath.Glob(layout.Events + "/*")
		for _, name := range files {
			if f, err := os.Open(name); err == nil {
				busy = busy || unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB) != nil
				f.Close()
			}
		}
		if !busy {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if out, status := asUser(t, layout.UserSpool, workerProgram); status != 0 {
		t.Fatalf("the worker ended with %d: %s", status, out)
	}
}

func zoneID(t *testing.T, zone string) string {
	t.Helper()
	return run(t, "getfattr", "--only-values", "-n", "user.shz.id", "--absolute-names", zonePath(zone))
}

// inLog are the acts of a zone's log, "" the system's, as "EVENT USER PATH RESULT", of paths that begin with prefix.
func inLog(t *testing.T, id, prefix string) []string {
	t.Helper()
	folder := layout.SystemLog
	if id != "" {
		folder = layout.ZoneLogs + "/" + id
	}
	names, _ := filepath.Glob(folder + "/activity.log*")
	var acts []string
	for _, name := range names {
		for line := range strings.Lines(read(t, name)) {
			var act struct{ Event, User, Path, Result string }
			if err := json.Unmarshal([]byte(line), &act); err != nil {
				t.Fatal(name, line, err)
			}
			if strings.HasPrefix(act.Path, prefix) {
				acts = append(acts, strings.Join([]string{act.Event, act.User, act.Path, act.Result}, " "))
			}
		}
	}
	return acts
}

func put(t *testing.T, user, zone, name string) {
	t.Helper()
	if a := jsonAs(t, user, "-d", "x", "-X", "PUT", "/cgi-bin/shz/"+zone+"/"+name); a.status != 201 {
		t.Fatalf("%s uploads %s: %d %s", user, name, a.status, a.body)
	}
}

// TestActivityIsTheOwners: the owner and administrators read a zone's log, and its next owner after him; nobody changes one, or
// learns what logs there are.
func TestActivityIsTheOwners(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	manager(t, "heir")
	put(t, "bruno", zone, "mine-1.txt")
	work(t)
	id := zoneID(t, zone)
	log := layout.ZoneLogs + "/" + id + "/activity.log"
	if got := inLog(t, id, "mine-"); !slices.Equal(got, []string{"upload bruno mine-1.txt ok"}) {
		t.Errorf("the zone's log has %q", got)
	}
	if left, _ := filepath.Glob(layout.Events + "/*"); len(left) != 0 {
		t.Errorf("%d files are left in the spool", len(left))
	}
	reads := func(want ...string) {
		t.Helper()
		for _, user := range []string{"anna", "bruno", "carla", "admin", "heir", layout.UserGuest, "www-data"} {
			out, status := asUser(t, user, "cat", log)
			if could := status == 0 && strings.Contains(out, "mine-1.txt"); could != slices.Contains(want, user) {
				t.Errorf("%s reads the zone's log: %v", user, could)
			}
			if _, status := asUser(t, user, "cat", layout.SystemLog+"/activity.log"); (status == 0) != (user == "admin") {
				t.Errorf("%s reads the system's log: %v", user, status == 0)
			}
		}
	}
	reads("anna", "admin")
	before := read(t, log)
	for _, user := range []string{"anna", "bruno", "admin"} {
		tryAll(t, user, []attempt{
			{"list of logs", `ls ` + layout.Logs}, {"list of zones' logs", `ls ` + layout.ZoneLogs},
			{"adding a line", `echo forged >>$1`}, {"removing the log", `rm -f $1 && ! test -e $1`}, {"renaming it", `mv $1 $1.old`},
			{"another file beside it", `: >${1%/*}/activity.log-20200101T000000`}, {"a link to it", `ln $1 ${1%/*}/x`},
			{"opening it to others", `setfacl -m u:carla:rx ${1%/*}`}, {"another zone's folder", `mkdir ` + layout.ZoneLogs + `/` + strings.Repeat("0", 32)},
			{"list of events", `ls ` + layout.Events}, {"an event", `: >` + layout.Events + `/20200101T000000.000000000Z-0123456789abcdef`},
			{"the worker's lock", `flock -n ` + layout.WorkerState + `/lock true`}, {"being the worker", workerProgram},
			{"the register", `ls ` + layout.ZoneIDs}, {"asking zoneid", `echo '{"op":"table"}' | sudo -n ` + layout.ZoneidHelper},
		}, log)
	}
	if read(t, log) != before {
		t.Error("the log was changed")
	}
	run(t, "shzadm", "zone", "transfer", zone, "--owner", "heir")
	put(t, "bruno", zone, "mine-2.txt")
	work(t)
	reads("heir", "admin")
	run(t, "shzadm", "zone", "close", zone)
	work(t)
	reads("heir", "admin")
	if got := inLog(t, id, "mine-"); len(got) != 2 || inLog(t, id, "")[len(inLog(t, id, ""))-1] != "zone-close root  ok" {
		t.Errorf("the zone's log has %q", inLog(t, id, ""))
	}
	run(t, "shzadm", "zone", "restore", zone)
}

// TestActivityOfAZoneRenamedAtOnce: a zone that the page made and somebody renamed before the worker ever saw it has all of its acts, also where
// another one takes the name at once, new or old, and where an act ends in a later run; those have only their own, also with its id written on them.
func TestActivityOfAZoneRenamedAtOnce(t *testing.T) {
	d := needDemo(t)
	const zone, moved, older, aside = "at-once", "at-once-moved", "at-once-older", "at-once-aside"
	clearZones(t, zone, moved, older, aside)
	made := func(name string) string {
		t.Helper()
		says := func(status int, fields ...string) {
			if a := jsonAs(t, "anna", append(fields, management)...); a.status != status {
				t.Fatalf("%q: %d %s", fields, a.status, a.body)
			}
		}
		says(201, "-d", "op=create", "-d", "name="+name)
		says(200, "-d", "op=share", "-d", "name="+name, "-d", "principal=user:bruno", "-d", "access=write")
		return zoneID(t, name)
	}
	mv := func(from, to string) {
		t.Helper()
		if out, status := asUser(t, "anna", "mv", "-T", zonePath(from), zonePath(to)); status != 0 {
			t.Fatal(out)
		}
	}
	ofOlder := made(older)
	work(t)
	id := made(zone)
	put(t, "bruno", zone, "first.txt")
	long := curlCommand(t, "--fail-with-body", "--max-time", "600", "-b", jar(t, "bruno"), "-T", "-", d.url+"/cgi-bin/shz/"+zone+"/long.bin") // it ends when its input does
	var said strings.Builder
	long.Stdout, long.Stderr = &said, &said
	more, err := long.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := long.Start(); err != nil {
		t.Fatal(err)
	}
	end := make(chan struct{})
	finish := sync.OnceValue(func() error { close(end); return long.Wait() })
	defer finish()
	go func() { // Apache gives up who sends less than 500 bytes a second
		defer more.Close()
		for {
			select {
			case <-end:
				return
			case <-time.After(100 * time.Millisecond):
				more.Write(make([]byte, 1000)) // without a reader any more, Wait says why
			}
		}
	}()
	begun := func() bool {
		return exec.Command("grep", "-rqF", `"path":"long.bin"`, layout.Events).Run() == nil
	}
	if !eventually(patience, begun) {
		t.Fatal("the upload does not begin")
	}
	mv(zone, moved)
	ofNext := made(zone)
	put(t, "bruno", zone, "next.txt")
	run(t, "setfattr", "-n", "user.shz.id", "-v", id, zonePath(zone))
	put(t, "bruno", zone, "forged.txt")
	run(t, "setfattr", "-n", "user.shz.id", "-v", ofNext, zonePath(zone))
	mv(zone, aside)
	mv(older, zone)
	put(t, "bruno", zone, "older.txt")
	work(t)
	if got := inLog(t, id, "long"); len(got) != 0 {
		t.Fatalf("it was to end in a later run: %q", got)
	}
	if err := finish(); err != nil {
		t.Fatal(err, said.String())
	}
	work(t)
	for name, want := range map[string]string{id: "zone-create anna  ok|zone-share anna user:bruno=write ok|upload bruno first.txt ok|upload bruno long.bin ok",
		ofNext:  "zone-create anna  ok|zone-share anna user:bruno=write ok|upload bruno next.txt ok",
		ofOlder: "zone-create anna  ok|zone-share anna user:bruno=write ok|upload bruno older.txt ok"} {
		if got := strings.Join(inLog(t, name, ""), "|"); got != want {
			t.Errorf("%s: the log has %q, not %q", map[string]string{id: moved, ofNext: aside, ofOlder: zone}[name], got, want)
		}
	}
	if got := inLog(t, "", "forged.txt"); len(got) == 0 {
		t.Errorf("the log of the whole system has %q", got)
	}
}

// TestActivityOfARenamedZone: what was done under the old name a moment before stands in the zone's log; what is done in the new
// one of that name does not.
func TestActivityOfARenamedZone(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	moved := zone + "-moved"
	clearZones(t, moved)
	work(t)
	id := zoneID(t, zone)
	put(t, "bruno", zone, "before.txt")
	if out, status := asUser(t, "anna", "mv", zonePath(zone), zonePath(moved)); status != 0 {
		t.Fatal(out)
	}
	work(t)
	put(t, "bruno", moved, "after.txt")
	run(t, "shzadm", "zone", "add", zone, "--owner", "anna")
	run(t, "shzadm", "zone", "share", zone, "user:bruno=drop")
	put(t, "bruno", zone, "delivered.txt")
	work(t)
	if got := inLog(t, id, ""); slices.Contains(got, "upload bruno delivered.txt ok") || !slices.Contains(got, "upload bruno before.txt ok") || !slices.Contains(got, "upload bruno after.txt ok") {
		t.Errorf("the log of the zone that was renamed has %q", got)
	}
	if got := inLog(t, zoneID(t, zone), "d"); !slices.Equal(got, []string{"upload bruno delivered.txt ok"}) {
		t.Errorf("that of the new zone has %q", got)
	}
	if got := activityOf(t, moved, "--event", "upload"); len(got) != 2 {
		t.Errorf("shzadm activity: %q", got)
	}
}

// TestActivityOfACopiedID: who gives his zone the id of another one gets nothing of its log, and brings nothing into it.
func TestActivityOfACopiedID(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	manager(t, "thief")
	clearZones(t, "thiefs")
	run(t, "shzadm", "zone", "share", zone, "user:thief=read")
	run(t, "shzadm", "zone", "add", "thiefs", "--owner", "thief")
	work(t)
	id := zoneID(t, zone)
	if out, status := asUser(t, "thief", "sh", "-c", `setfattr -n user.shz.id -v "$(getfattr --only-values -n user.shz.id --absolute-names $1)" $2`, "sh",
		zonePath(zone), zonePath("thiefs")); status != 0 || zoneID(t, "thiefs") != id {
		t.Fatalf("the id was not copied: %s", out)
	}
	run(t, "shzadm", "zone", "share", "thiefs", "user:bruno=write")
	stolen := "stolen-" + id[:8]
	put(t, "bruno", "thiefs", stolen)
	put(t, "bruno", zone, "right.txt")
	work(t)
	if got := inLog(t, id, ""); slices.Contains(got, "upload bruno "+stolen+" ok") || !slices.Contains(got, "upload bruno right.txt ok") {
		t.Errorf("the log has %q", got)
	}
	if got := inLog(t, "", stolen); len(got) != 1 {
		t.Errorf("the system's log has %q", got)
	}
	if out, status := asUser(t, "thief", "cat", layout.ZoneLogs+"/"+id+"/activity.log"); status == 0 {
		t.Errorf("the thief reads %s", out)
	}
	// The zone that had it goes; the copy does not inherit.
	run(t, "rm", "-rf", zonePath(zone))
	put(t, "bruno", "thiefs", "later.txt")
	work(t)
	if got := inLog(t, id, "later.txt"); len(got) != 0 {
		t.Errorf("the log has %q", got)
	}
	if _, status := asUser(t, "thief", "cat", layout.ZoneLogs+"/"+id+"/activity.log"); status == 0 {
		t.Error("the thief inherits the log")
	}
}

// TestWorkerKilled: the real program, killed as it enters a system call, each of them with --long; in the end each act is there
// once.
func TestWorkerKilled(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	work(t)
	id := zoneID(t, zone)
	mine := "killed-" + id[:8] + "-" // the system's log has those of earlier runs
	const calls = "write,fsync,renameat,unlinkat,mkdirat,ftruncate,fsetxattr,fchmod,openat"
	expected, ended := 0, false
	for call := 1; !ended; call += rounds(13, 1) {
		if call > 1000 {
			t.Fatal("it never ends by itself")
		}
		put(t, "bruno", zone, mine+strconv.Itoa(call))
		expected++
		tellAnew(t)
		cmd := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-u", layout.UserSpool, "-e", "trace="+calls,
			"-e", "inject="+calls+":signal=SIGKILL:when="+strconv.Itoa(call), workerProgram)
		out, err := cmd.CombinedOutput()
		// 1: it was not the worker that was killed, but what it had started.
		if ended = err == nil; !ended && cmd.ProcessState.ExitCode() == 1 && !strings.Contains(string(out), "zoneid") && !strings.Contains(string(out), "readers") {
			t.Fatalf("call %d: %s", call, out)
		}
	}
	work(t)
	for where, folder := range map[string]string{"the zone's": id, "the system's": ""} {
		got := inLog(t, folder, mine)
		slices.Sort(got)
		if once := slices.Compact(slices.Clone(got)); len(got) != expected || len(once) != expected {
			t.Errorf("%s log has %d acts, %d different ones, of %d", where, len(got), len(once), expected)
		}
	}
	if left, err := os.ReadDir(layout.Events); err != nil || len(left) != 0 {
		t.Errorf("%d files are left in the spool, %v", len(left), err)
	}
}

// TestReadersHoldUpNothing: as long as one worker is told who can read what came, which may take long, another one writes the logs.
func TestReadersHoldUpNothing(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	setConfig(t, "[notices]\nwindow_minutes = 0\n")
	work(t)
	emptyQueue(t)
	t.Cleanup(func() { emptyQueue(t) })
	id := zoneID(t, zone)
	put(t, "bruno", zone, "one.txt")
	log := t.TempDir() + "/strace"
	const question = "faccessat2" // of libexec/access alone
	slow := exec.Command("strace", "-f", "-qq", "-o", log, "-u", layout.UserSpool, "-e", "trace="+question, "-e", "inject="+question+":delay_enter=3000000", workerProgram)
	if err := slow.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- slow.Wait() }()
	waitFor(t, "the question", func() bool { return exists(log) && strings.Contains(read(t, log), question) })
	put(t, "bruno", zone, "two.txt")
	work(t)
	if got := inLog(t, id, "two.txt"); len(got) != 1 {
		t.Errorf("the log has %q", got)
	}
	select {
	case err := <-ended:
		t.Errorf("the first worker was not slow: %v", err)
	default:
		<-ended
	}
	work(t)
	if notices, _ := filepath.Glob(layout.Notices + "/*"); len(notices) != 0 {
		t.Errorf("%q are left", notices)
	}
}

// TestZoneLogHoldsUpNobody: what was done in a zone whose log cannot be written waits, doctor tells of it, and the others' logs go on.
func TestZoneLogHoldsUpNobody(t *testing.T) {
	sick := newZone(t, "user:bruno=write")
	well := newZone2(t, sick)
	work(t)
	folder := layout.ZoneLogs + "/" + zoneID(t, sick)
	run(t, "mv", folder, folder+".away")
	run(t, "touch", folder)
	mend := func() {
		command(t, "bash", "-c", "test -d "+folder+".away && rm "+folder+" && mv "+folder+".away "+folder)
	}
	t.Cleanup(mend)
	put(t, "bruno", sick, "one")
	put(t, "bruno", well, "two")
	for range 2 {
		if _, status := asUser(t, layout.UserSpool, workerProgram); status != 1 {
			t.Errorf("the worker ends with %d", status)
		}
	}
	if got := inLog(t, zoneID(t, well), "two"); len(got) != 1 {
		t.Errorf("the other zone's log has %q", got)
	}
	if out, status := command(t, "shzadm", "doctor"); status != 1 || !strings.Contains(out, "ls -la "+folder) {
		t.Errorf("doctor: %d %s", status, out)
	}
	mend()
	work(t)
	if got := inLog(t, zoneID(t, sick), "one"); len(got) != 1 {
		t.Errorf("the log has %q", got)
	}
	if out, _ := command(t, "shzadm", "doctor"); strings.Contains(out, folder) {
		t.Errorf("doctor: %s", out)
	}
}
