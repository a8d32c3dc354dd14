package test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// install.sh on the machine where `install.sh --demo` ran already: it changes nothing, repairs everything, keeps what is
// an administrator's, and leaves the same state when it was interrupted.

// installation is how long one run may take; nothing has to be fetched any more.
const installation = 10 * time.Minute

// install runs install.sh and returns all that it said.
func install(t *testing.T, args ...string) (output string, status int) {
	t.Helper()
	return installBy(t, "", append([]string{"./install.sh"}, args...)...)
}

// installBy runs a command from the repository's root, after a shell prepared a mount namespace of its own where the
// machine looks different.
func installBy(t *testing.T, prepare string, argv ...string) (output string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), installation) // t's own is over in a Cleanup
	defer cancel()
	if prepare != "" {
		argv = append([]string{"unshare", "--mount", "bash", "-ec", prepare + "\n" + `exec "$@"`, "bash"}, argv...)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// item is a path of the manifest.
type item struct {
	path, kind, owner, group, mode string
	flags                          []string
}

// manifest reads etc/manifest, without the paths that belong to programs which are not here.
func manifest(t *testing.T) []item {
	t.Helper()
	b, err := os.ReadFile("../etc/manifest")
	if err != nil {
		t.Fatal(err)
	}
	var items []item
next:
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 5 || !strings.HasPrefix(f[0], "/") {
			continue
		}
		for _, flag := range f[5:] {
			if folder, conditional := strings.CutPrefix(flag, "if="); conditional {
				if _, err := os.Stat(folder); err != nil {
					continue next
				}
			}
		}
		items = append(items, item{f[0], f[1], f[2], f[3], f[4], f[5:]})
	}
	return items
}

// installed is the state of every path of the manifest: what install.sh has to bring back after a damage, or, with times
// and inodes, must not touch.
func installed(t *testing.T, times bool) map[string]string {
	t.Helper()
	state := make(map[string]string)
	for _, item := range manifest(t) {
		var st unix.Stat_t
		if err := unix.Lstat(item.path, &st); err != nil {
			state[item.path] = err.Error()
			continue
		}
		s := fmt.Sprintf("%o %d:%d", st.Mode, st.Uid, st.Gid)
		// doctor tries ACLs and attributes with a file in the base. The size and ctime of a folder change too when the overlay
		// of the copy takes up something in it; what is made or removed there shows in its mtime.
		switch {
		case !times || item.path == layout.Base:
		case st.Mode&unix.S_IFMT == unix.S_IFDIR:
			s += fmt.Sprintf(" inode %d mtime %v", st.Ino, st.Mtim)
		default:
			s += fmt.Sprintf(" inode %d size %d mtime %v ctime %v", st.Ino, st.Size, st.Mtim, st.Ctim)
		}
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFREG:
			b, err := os.ReadFile(item.path)
			if err != nil {
				t.Fatal(err)
			}
			s += fmt.Sprintf(" %x", sha256.Sum256(b))
		case unix.S_IFLNK:
			target, _ := os.Readlink(item.path)
			s += " -> " + target
		}
		if item.kind != "link" {
			s += " " + strings.ReplaceAll(run(t, "getfacl", "-cp", item.path), "\n", " ")
		}
		state[item.path] = s
	}
	state["users"] = run(t, "sh", "-c", "id shzguest; id shzspool; getent passwd shzguest shzspool; getent shadow shzguest shzspool | cut -d: -f1-2")
	state["mount"] = run(t, "findmnt", "-n", "-o", "TARGET,VFS-OPTIONS", "/srv/sharezone")
	return state
}

func equalStates(t *testing.T, before, after map[string]string) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if before[path] != after[path] {
			t.Errorf("%s\n  was %s\n  is  %s", path, before[path], after[path])
		}
	}
}

// healthy runs install.sh --demo, which must succeed.
func healthy(t *testing.T) string {
	t.Helper()
	out, status := install(t, "--demo")
	if status != 0 {
		t.Fatalf("install.sh --demo: exit %d\n%s", status, out)
	}
	return out
}

// apacheProcesses are the ids of the instance's processes: a reload gives new ones.
func apacheProcesses(t *testing.T) string {
	t.Helper()
	return run(t, "pgrep", "-f", "apache2 -d /etc/apache2-sharezone")
}

func TestInstallAgainChangesNothing(t *testing.T) {
	needDemo(t)
	healthy(t)
	before, processes := installed(t, true), apacheProcesses(t)
	zone := snapshot(t, zonePath("demo"))
	fstab := run(t, "cat", "/etc/fstab")
	out := healthy(t)
	if !strings.Contains(out, "\nnothing to change\n") && !strings.HasPrefix(out, "nothing to change\n") {
		t.Errorf("does not say that there is nothing to change:\n%s", out)
	}
	equalStates(t, before, installed(t, true))
	if after := apacheProcesses(t); after != processes {
		t.Errorf("Apache was reloaded: %q, then %q", processes, after)
	}
	if !slices.Equal(zone, snapshot(t, zonePath("demo"))) {
		t.Error("the demo zone was touched")
	}
	if fstab != run(t, "cat", "/etc/fstab") {
		t.Error("/etc/fstab was touched")
	}
	for _, name := range []string{"admin", "anna", "bruno", "carla"} {
		if !strings.Contains(out, "passwd "+name+")") {
			t.Errorf("does not say how to give %s another password:\n%s", name, out)
		}
	}
}

// damages are each repaired by one run.
var damages = []string{
	"chmod -R 0777 /usr/lib/sharezone",
	"chmod 0755 /usr/lib/sharezone/gate",
	"chown -R nobody:nogroup /usr/share/sharezone",
	"rm -r /var/spool/sharezone",
	"chmod 0777 /var/log/sharezone",
	"setfacl -b /srv/sharezone",
	"setfacl -m u:nobody:rwx /srv/sharezone",
	"setfacl -d -m u:nobody:rwx /srv/sharezone",
	"chown nobody /srv/sharezone",
	"chmod 0777 /srv/sharezone",
	"mount -o remount,bind,suid,dev,exec /srv/sharezone",
	"rm -r /srv/sharezone/.closed; runuser -u anna -- mkdir -m 0777 /srv/sharezone/.closed",
	"setfacl -m u:nobody:rwx /etc/sharezone",
	"setfacl -d -m u:nobody:rwx /var/lib/sharezone/prefs",
	"rm /usr/lib/sharezone/cgi-bin/login",
	"cp /bin/true /usr/lib/sharezone/cgi-bin/shz",
	"rm /usr/lib/sharezone/libexec/auth; ln -s /bin/true /usr/lib/sharezone/libexec/auth",
	"echo 'ALL ALL = NOPASSWD: ALL' >>/etc/sudoers.d/sharezone",
	"rm /etc/pam.d/sharezone",
	": >/usr/share/sharezone/static/style.css",
	"rm -r /etc/apache2-sharezone",
	"ln -sfn /bin/true /usr/local/sbin/apache2ctl-sharezone",
	"rm -r /var/cache/sharezone/bundle",
	"rm /var/lib/sharezone/installed",
	"usermod --shell /bin/bash --home /root --append --groups sudo,shzadmin shzguest; echo shzguest:Quite-1-Secret | chpasswd",
	"kill -9 $(cat /run/apache2-sharezone/apache2.pid); pkill -9 -f '^/usr/sbin/apache2 -d /etc/apache2-sharezone'",
}

// unseen are the damages that no user could see, repaired without a word: what is only a cache.
var unseen = []string{"rm -r /var/cache/sharezone/bundle"}

func TestInstallRepairs(t *testing.T) {
	needDemo(t)
	healthy(t)
	before := installed(t, false)
	damageAll(t)
	healthy(t)
	equalStates(t, before, installed(t, false))
	if out := healthy(t); !strings.Contains(out, "nothing to change") {
		t.Errorf("one run did not repair everything:\n%s", out)
	}
}

func damageAll(t *testing.T) {
	t.Helper()
	run(t, "bash", "-c", strings.Join(damages, "\n")+"\ntrue")
}

// TestInstallRepairsGroups: a group that was deleted comes back with its number, which access lists have, and its members.
func TestInstallRepairsGroups(t *testing.T) {
	needDemo(t)
	healthy(t)
	for _, group := range []string{"shzbase", "shzonly"} {
		before := run(t, "getent", "group", group)
		run(t, "groupdel", group)
		if out, status := install(t); status != 0 {
			t.Fatalf("%s: exit %d\n%s", group, status, out)
		}
		if after := run(t, "getent", "group", group); after != before {
			t.Errorf("before %safter  %s", before, after)
		}
	}
}

// TestInstallRepairsEach is TestInstallRepairs for each damage alone, so that none hides another.
func TestInstallRepairsEach(t *testing.T) {
	needDemo(t)
	needLong(t)
	healthy(t)
	before := installed(t, false)
	for _, damage := range damages {
		t.Run(damage, func(t *testing.T) {
			run(t, "bash", "-c", damage+"\ntrue")
			out := healthy(t)
			if strings.Contains(out, "nothing to change") != slices.Contains(unseen, damage) {
				t.Errorf("said:\n%s", out)
			}
			equalStates(t, before, installed(t, false))
		})
	}
}

// TestInstallMakesNoFactors: an empty folder in the place of a lost one would turn all second factors off.
func TestInstallMakesNoFactors(t *testing.T) {
	needDemo(t)
	away := layout.Factors + ".away"
	run(t, "mv", layout.Factors, away)
	t.Cleanup(func() {
		run(t, "sh", "-c", `[ ! -e "$2" ] || { rm -rf "$1"; mv "$2" "$1"; }`, "sh", layout.Factors, away)
	})
	out, _ := install(t, "--demo")
	if exists(layout.Factors) || !strings.Contains(out, layout.Factors) {
		t.Errorf("it is made, or nothing is said:\n%s", out)
	}
	if out, status := shzadm(t, "doctor", "--json"); status == 0 || !strings.Contains(out, `"factors-lost"`) {
		t.Errorf("doctor: %s", out)
	}
}

// TestInstallInterrupted kills the whole run after so many lines of what it says, and runs it again.
func TestInstallInterrupted(t *testing.T) {
	needDemo(t)
	healthy(t)
	before := installed(t, false)
	for _, lines := range []int{1, 6, 15} {
		damageAll(t)
		killed(t, func(said string) bool { return strings.Count(said, "\n") >= lines }, "--demo")
		healthy(t)
		equalStates(t, before, installed(t, false))
		if left := run(t, "find", "/etc", "/usr/lib/sharezone", "/usr/share/sharezone", "/usr/sbin", "/var/lib/sharezone",
			"-name", "*.shz-new"); left != "" {
			t.Errorf("killed after %d lines, left behind: %s", lines, left)
		}
		if left := run(t, "find", "/var/lib/sharezone/pending", "-type", "f"); left != "" {
			t.Errorf("killed after %d lines, still to be done: %s", lines, left)
		}
	}
}

// killed starts install.sh and kills it, and what it started, when it has said enough. It returns what was said.
func killed(t *testing.T, enough func(said string) bool, args ...string) string {
	t.Helper()
	cmd := exec.Command("./install.sh", args...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	for b := make([]byte, 1); !enough(said.String()); {
		if n, err := out.Read(b); n == 0 || err != nil {
			break
		}
		said.Write(b)
	}
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	cmd.Wait()
	return said.String()
}

// TestInstallReloads: what an interrupted run noted as still to be done is done by the next one.
func TestInstallReloads(t *testing.T) {
	needDemo(t)
	healthy(t)
	before := apacheProcesses(t)
	run(t, "touch", "/var/lib/sharezone/pending/apache-reload")
	if out := healthy(t); !strings.Contains(out, "reloaded") {
		t.Errorf("an owed reload was forgotten:\n%s", out)
	}
	for deadline := time.Now().Add(10 * time.Second); apacheProcesses(t) == before; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("Apache has the same processes as before the reload")
		}
	}
}

// TestInstallListen: another address at once, kept by a run that names none.
func TestInstallListen(t *testing.T) {
	d := needDemo(t)
	t.Cleanup(func() { healthy(t) })
	const other = "127.0.0.1:8081"
	out, status := install(t, "--listen", other)
	if status != 0 || !strings.Contains(out, "restarted on "+other) {
		t.Errorf("exit %d\n%s", status, out)
	}
	client := http.Client{Timeout: patience}
	get := func(url string) error {
		res, err := client.Get(url)
		if err == nil {
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		return err
	}
	if err := get("http://" + other + "/"); err != nil {
		t.Error(err)
	}
	if err := get(d.url + "/"); err == nil {
		t.Error("still answers on the former address")
	}
	if out, status = install(t); status != 0 || !strings.Contains(out, "nothing to change") {
		t.Errorf("without --listen: exit %d\n%s", status, out)
	}
}

// TestInstallKeeps: a file that an administrator changed stays; one that he did not change is upgraded.
func TestInstallKeeps(t *testing.T) {
	needDemo(t)
	const pam, record = "/etc/pam.d/sharezone", "/var/lib/sharezone/installed"
	healthy(t)
	shipped := run(t, "cat", pam)
	t.Cleanup(func() {
		run(t, "rm", "-f", pam)
		healthy(t)
	})

	changed := shipped + "# a second factor for everybody\n"
	if err := os.WriteFile(pam, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	out := healthy(t)
	if run(t, "cat", pam) != changed || !strings.Contains(out, "kept "+pam) || !strings.Contains(out, "nothing to change") {
		t.Errorf("an administrator's change is not kept, or nothing is said about it:\n%s", out)
	}

	// As if an earlier version of Share Zone had shipped what is there now.
	run(t, "bash", "-c", fmt.Sprintf("sed -i '\\|%[1]s|d' %[2]s; sha256sum %[1]s >>%[2]s", pam, record))
	if out = healthy(t); run(t, "cat", pam) != shipped || !strings.Contains(out, "replaced "+pam) {
		t.Errorf("an unchanged file is not upgraded:\n%s", out)
	}
}

// TestInstallReplacesByRename: who is running a program, or has a file open, keeps it.
func TestInstallReplacesByRename(t *testing.T) {
	needDemo(t)
	healthy(t)
	const program = "/usr/lib/sharezone/cgi-bin/login"
	run(t, "bash", "-c", "cp /bin/sleep "+program+".old && mv "+program+".old "+program)
	cmd := exec.Command(program, "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	healthy(t)
	if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Error("the running program ended:", err)
	}
}
