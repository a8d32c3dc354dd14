package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// install.sh --uninstall. The file has this name because tests run in the order of file names: these come last, for they
// take away what the others need. They end with the demo as it was.

// people is what no installer may remove: accounts, zones, and what was given away.
func people(t *testing.T) []string {
	t.Helper()
	accounts := run(t, "sh", "-c", `for name in admin anna bruno carla; do id $name; getent passwd $name; getent shadow $name; done`)
	// The base is left out: doctor tries what its file system can do.
	return append(snapshot(t, zonePath("demo")), accounts, read(t, layout.State+"/uids"))
}

// filesOf returns the paths of the manifest whose flags have one of these keys.
func filesOf(t *testing.T, keys ...string) (paths []string) {
	t.Helper()
	for _, i := range manifest(t) {
		if slices.ContainsFunc(i.flags, func(flag string) bool {
			key, _, _ := strings.Cut(flag, "=")
			return slices.Contains(keys, key)
		}) {
			paths = append(paths, i.path)
		}
	}
	return paths
}

func TestZUninstall(t *testing.T) {
	d := needDemo(t)
	const settings, local = "/etc/sharezone/sharezone.toml", "/etc/apache2-sharezone/local.d/ours.conf"
	const sshd = "/etc/ssh/sshd_config.d"
	if !exists(sshd) { // sshd itself is not here
		run(t, "mkdir", "-p", sshd)
		t.Cleanup(func() { run(t, "rm", "-r", "/etc/ssh/sshd_config.d") })
	}
	run(t, "bash", "-ec", "echo '# a remark' >>"+settings+"; echo '# ours' >"+local)
	t.Cleanup(func() {
		run(t, "rm", "-f", settings, local)
		healthy(t)
	})
	healthy(t)
	session := sessionFile(t, sessionID(t, "bruno"))
	before := people(t)

	// Killed on its way, and run again.
	killed(t, func(said string) bool { return strings.Count(said, "removed ") >= 8 }, "--uninstall")
	out, status := install(t, "--uninstall")
	if status != 0 {
		t.Fatalf("exit %d\n%s", status, out)
	}
	if a := curl(t, "/"); a.exit != 7 {
		t.Errorf("something still listens: curl ended with %d", a.exit)
	}
	for _, path := range filesOf(t, "from", "go", "cgo", "bundle", "to", "volatile") {
		stays := path == settings || path == sshd+"/sharezone.conf"
		if exists(path) != stays {
			t.Errorf("%s: is there: %v", path, !stays)
		}
	}
	// Without the drop-in the accounts that stay could use sshd as a tunnel.
	if !exists(local) {
		t.Error("an administrator's file is gone:", local)
	}
	for _, path := range []string{settings, "/etc/apache2-sharezone/local.d", sshd + "/sharezone.conf", "/etc/apache2-sharezone/listen.conf", "/var/log/apache2-sharezone"} {
		if !exists(path) || !strings.Contains(out, "\n  "+path) {
			t.Errorf("%s: gone (%v), or nothing is said about it:\n%s", path, !exists(path), out)
		}
	}
	if exists(session) {
		t.Error("sessions are still there")
	}
	if !strings.Contains(out, layout.Base) || !strings.Contains(out, "userdel") {
		t.Errorf("does not say what becomes of zones and accounts:\n%s", out)
	}
	equalLines(t, before, people(t))
	if again, status := install(t, "--uninstall"); status != 0 || !strings.HasPrefix(again, "nothing to change\n") {
		t.Errorf("again: exit %d\n%s", status, again)
	}

	// It finds everything again, the address too.
	if out, status = install(t); status != 0 || !strings.Contains(out, "started on "+strings.TrimPrefix(d.url, "http://")) {
		t.Fatalf("reinstalled: exit %d\n%s", status, out)
	}
	equalLines(t, before, people(t))
	if !strings.Contains(read(t, settings), "# a remark") {
		t.Error("settings are lost")
	}
	if !slices.Contains(list(t, "bruno", "/cgi-bin/shz/demo/").entryNames(), "Leggimi.txt") {
		t.Error("bruno does not see his files any more")
	}
}

// TestZPurge: settings, state and logs go, too; zones, accounts and the register of uids do not.
func TestZPurge(t *testing.T) {
	needDemo(t)
	healthy(t)
	before := people(t)
	t.Cleanup(func() {
		healthy(t)
		equalLines(t, before, people(t))
		if !slices.Contains(list(t, "bruno", "/cgi-bin/shz/demo/").entryNames(), "Leggimi.txt") {
			t.Error("bruno does not see his files any more")
		}
	})
	// Seen from another mount namespace its program has another name.
	first := strings.TrimSpace(read(t, "/run/apache2-sharezone/apache2.pid"))
	run(t, "apache2ctl-sharezone", "stop")
	if !eventually(patience, func() bool { return !exists("/proc/" + first) }) {
		t.Fatal("Apache does not stop")
	}
	// On a machine without zones and people nothing at all stays.
	if out, status := installBy(t, barren, "./install.sh", "--uninstall", "--purge"); status != 0 || !strings.Contains(out, "\nBARREN\n") {
		t.Errorf("without people: exit %d\n%s", status, out)
	}
	for place, prepare := range outOfSight {
		out, status := installBy(t, covered+prepare+keptRegister, "./install.sh", "--uninstall", "--purge")
		if status != 0 || !strings.Contains(out, "There may be zones") || !strings.Contains(out, "\nKEPT\n") ||
			!strings.Contains(out, "\nGONE\n") || strings.Count(out, "There may be zones") != 1 {
			t.Errorf("%s: exit %d\n%s", place, status, out)
		}
	}
	out, status := install(t, "--uninstall", "--purge")
	if status != 0 || !strings.Contains(out, layout.Base) || strings.Contains(out, "There may be zones") ||
		!strings.Contains(out, " files in "+layout.Events+", "+layout.Logs+", which say who did what") {
		t.Errorf("exit %d\n%s", status, out)
	}
	for _, i := range manifest(t) {
		stays := strings.HasPrefix(i.path, layout.Base) || i.path == layout.State || i.path == layout.State+"/uids" ||
			slices.Contains(i.flags, "while=shzonly")
		if exists(i.path) != stays {
			t.Errorf("%s: is there: %v", i.path, !stays)
		}
	}
	equalLines(t, before, people(t))
	run(t, "id", "shzspool") // ACLs name it
}

// covered begins a machine in its own mount namespace, whose settings, state and logs are copies.
const covered = `mount -t tmpfs tmpfs /mnt
for place in /etc /var/lib /var/spool /var/log; do
	mkdir -p /mnt$place
	cp -a $place/*sharezone* /mnt$place/ 2>/dev/null || true
done
cp -a /etc/. /mnt/etc/
for place in /etc /var/lib /var/spool /var/log; do mount --bind /mnt$place $place; done
`

// outOfSight are machines on which the zones' file system is not mounted. What a purge removes there lies on a tmpfs: a
// directory on which another namespace has something mounted would take that away with it.
var outOfSight = map[string]string{
	"mounted by hand": covering("/srv"),
	"in fstab":        covering("/srv") + "echo 'UUID=6d0a44c9 /srv/sharezone ext4 nosuid,nodev,noexec 0 2' >>/etc/fstab\n",
	// The folder on the wrong disk was taken for the base once.
	"a disk above, in fstab":  covering(layout.Base) + "mkdir /srv/sharezone/.closed; echo 'UUID=6d0a44c9 /srv ext4 defaults 0 2' >>/etc/fstab\n",
	"a disk above, by a unit": covering(layout.Base) + "mkdir -p /srv/sharezone/.closed /etc/systemd/system; touch /etc/systemd/system/srv.mount\n",
}

func covering(place string) string {
	return "umount -l " + layout.Base + "; mount -t tmpfs tmpfs " + place + "; mkdir -p " + layout.Base + "\n"
}

// keptRegister looks for the register after a purge, and does what the sentence says to be rid of it.
const keptRegister = `cp /var/lib/sharezone/uids /mnt/uids
"$@"
cmp /mnt/uids /var/lib/sharezone/uids && getent group shzbase >/dev/null && echo KEPT
sed -i '/sharezone\|\/srv/d' /etc/fstab
rm -f /etc/systemd/system/srv.mount /var/lib/sharezone/uids
"$@"
[[ -e /var/lib/sharezone ]] || echo GONE
exit`

// barren makes a machine whose base is the bind mount that install.sh makes, without zones and people, has it purged, and
// looks for what is left.
var barren = covered + fmt.Sprintf(`for name in admin anna bruno carla; do userdel $name 2>/dev/null; done
umount -l %[1]s
mount -t tmpfs tmpfs /srv
mkdir -p %[1]s/.closed
echo '%[1]s %[1]s none bind,nosuid,nodev,noexec 0 0' >>/etc/fstab
mount %[1]s
"$@"
found=$(
	cat /etc/fstab /etc/passwd /etc/group /etc/shadow | grep -E '%[1]s|^shz'
	ls -d /srv/* /var/{lib,spool,log,cache}/*sharezone* /etc/*sharezone* /etc/*/*sharezone* /usr/lib/*sharezone* /usr/share/*sharezone* \
		/usr/share/man/*/*sharezone* /usr/*bin/shzadm /usr/local/*bin/*sharezone* /run/apache2-sharezone 2>/dev/null
	findmnt %[1]s
) || true
if [[ $found ]]; then echo "still there: $found"; else echo BARREN; fi
exit`, layout.Base)

func equalLines(t *testing.T, before, after []string) {
	t.Helper()
	if !slices.Equal(before, after) {
		t.Errorf("was:\n%s\nis:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}
