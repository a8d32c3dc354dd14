package test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// An upgrade over an older installation: what only that one had goes, people notice nothing.

// older makes the installation look like one of an earlier version, which had files that this one has not. What becomes of
// each stands below.
const older = `
old() { echo "$*" >>/usr/share/sharezone/manifest; }
old /usr/lib/sharezone/cgi-bin/former file root root 0711 go=cgi-bin/former
cp /bin/true /usr/lib/sharezone/cgi-bin/former
old /etc/apache2-sharezone/former.conf file root root 0644 from=etc/apache/former.conf
touch /etc/apache2-sharezone/former.conf
old /usr/share/sharezone/former dir root root 0755
mkdir /usr/share/sharezone/former
old /usr/share/sharezone/former/page.html file root root 0644 from=static/former/page.html
touch /usr/share/sharezone/former/page.html
old /usr/local/sbin/former-sharezone link root root - to=/usr/sbin/apache2ctl
ln -s /usr/sbin/apache2ctl /usr/local/sbin/former-sharezone
old /etc/sharezone/former.conf file root root 0644 from=etc/former.conf keep
touch /etc/sharezone/former.conf
(cd /etc/sharezone; sha256sum $PWD/former.conf >>/var/lib/sharezone/installed)

old /etc/sharezone/changed.conf file root root 0644 from=etc/changed.conf keep
echo 'an administrator wrote this' >/etc/sharezone/changed.conf
old /etc/sharezone/former.d dir root root 0755
mkdir /etc/sharezone/former.d; touch /etc/sharezone/former.d/hook
old /var/lib/sharezone/former file root root 0644 optional
touch /var/lib/sharezone/former

for program in gate cgi-bin/shz; do
	cd /usr/lib/sharezone/; cp -p $program $program.old; echo >>$program.old; mv $program.old $program
done`

var (
	retired     = []string{"/usr/lib/sharezone/cgi-bin/former", "/etc/apache2-sharezone/former.conf", "/usr/share/sharezone/former/page.html", "/usr/share/sharezone/former", "/usr/local/sbin/former-sharezone", "/etc/sharezone/former.conf"}
	notRetired  = []string{"/etc/sharezone/changed.conf", "/etc/sharezone/former.d", "/var/lib/sharezone/former"}
	forgetOlder = "rm -rf " + strings.Join(append(notRetired, retired...), " ")
)

// gatedWriter takes a first piece, and the rest only when it is opened.
type gatedWriter struct {
	*digest
	first func()
	open  <-chan struct{}
}

func (w gatedWriter) Write(b []byte) (int, error) {
	w.first()
	<-w.open
	return w.digest.Write(b)
}

func TestInstallUpgrade(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	source := randomFile(t, 64*mib) // more than all the buffers on the way hold
	target := "/cgi-bin/shz/" + zone + "/large.bin"
	if a := curlAs(t, "anna", "-T", source, target); a.status != 201 {
		t.Fatal(a.status, a.body)
	}
	const settings = "/etc/sharezone/sharezone.toml"
	t.Cleanup(func() {
		run(t, "sh", "-c", forgetOlder+" "+settings)
		healthy(t)
	})
	// A damaged list: nothing below the base is Share Zone's to remove.
	damaged := "\nold " + zonePath(zone, "large.bin") + " file anna anna 0640 from=former"
	run(t, "bash", "-ec", older+damaged+"\necho '# a remark of the administrator' >>"+settings)
	// A session, and a download that an older program sends.
	id, cookies := sessionID(t, "bruno"), jar(t, "bruno")
	before := snapshot(t, zonePath(zone))
	started, open := make(chan struct{}), make(chan struct{})
	sink := gatedWriter{newDigest(), sync.OnceFunc(func() { close(started) }), open}
	download := make(chan answer, 1)
	go func() { download <- curlTo(t, sink, "-b", cookies, "--max-time", "180", target) }()
	<-started
	pid := handler(t, "shz", "bruno")
	processes := apacheProcesses(t)

	// Killed while it removes, and run again.
	if said := killed(t, func(said string) bool { return strings.Contains(said, "removed ") }, "--demo"); !strings.Contains(said, "removed ") {
		t.Fatalf("was not killed where it should be:\n%s", said)
	}
	out := healthy(t)

	if apacheProcesses(t) == processes {
		t.Error("Apache was not reloaded although its configuration changed")
	}
	if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); err != nil {
		t.Error("the upgrade ended a download:", err)
	}
	close(open)
	if a := <-download; a.status != 200 || a.exit != 0 || sink.text() != digestOf(t, source) {
		t.Errorf("download during an upgrade: %d, curl %d %s, %d bytes", a.status, a.exit, a.stderr, sink.bytes)
	}
	for _, path := range retired {
		if exists(path) {
			t.Errorf("%s: still there:\n%s", path, out)
		}
	}
	for _, path := range notRetired {
		if !exists(path) || !strings.Contains(out, "left "+path+",") {
			t.Errorf("%s: gone (%v), or nothing was said:\n%s", path, !exists(path), out)
		}
	}
	if !strings.Contains(out, "removed ") {
		t.Errorf("does not say what it removed:\n%s", out)
	}
	if a := curl(t, append(wantsJSON, "-H", "Cookie: SESSION_ID="+id, "/cgi-bin/home")...); a.status != 200 {
		t.Errorf("bruno's session: %d", a.status)
	}
	if !slices.Equal(before, snapshot(t, zonePath(zone))) {
		t.Error("the zone was touched")
	}
	if !strings.Contains(read(t, settings), "# a remark") {
		t.Error("settings were replaced")
	}
	if out = healthy(t); !strings.Contains(out, "nothing to change") || strings.Contains(out, "left ") {
		t.Errorf("the record still tells of the older version:\n%s", out)
	}
}
