package test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What install.sh refuses: one sentence, exit status 1, and nothing changed. Each machine that it refuses is made in a
// mount namespace of its own.

const noGo = "mount -t tmpfs tmpfs /usr/local/go; export PATH=/usr/sbin:/usr/bin:/sbin:/bin; ! command -v go;"

var installRefusals = []struct {
	name    string
	prepare string   // shell, in a mount namespace of its own
	argv    []string // instead of ./install.sh --demo
	says    string
}{
	{name: "not root", argv: []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "./install.sh"},
		says: "must be run as root"},
	{name: "uninstall, not root", argv: []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "./install.sh",
		"--uninstall"}, says: "must be run as root"},
	{name: "no Go", prepare: noGo, says: "needs Go 1.26"},
	{name: "old Go", prepare: noGo + ` d=$(mktemp -d); printf '#!/bin/sh\necho go1.22.1\n' >$d/go; chmod +x $d/go; PATH=$d:$PATH`,
		says: "go 1.22.1; needs Go 1.26"},
	{name: "another system", prepare: `f=$(mktemp); printf 'ID=fedora\nVERSION_ID=43\nPRETTY_NAME="Fedora Linux 43"\n' >$f
		mount --bind $f /usr/lib/os-release`, says: "needs Debian 12 or newer; this is Fedora Linux 43"},
	{name: "old Debian", prepare: `f=$(mktemp); printf 'ID=debian\nVERSION_ID="11"\nPRETTY_NAME="Debian 11"\n' >$f
		mount --bind $f /usr/lib/os-release`, says: "this is Debian 11"},
	{name: "set-uid switched off", prepare: `mount --bind /usr/lib/sharezone /usr/lib/sharezone
		mount -o remount,bind,nosuid /usr/lib/sharezone`, says: "/usr/lib/sharezone is mounted nosuid"},
	{name: "no new privileges", argv: []string{"setpriv", "--no-new-privs", "./install.sh"}, says: "no_new_privs"},
	{name: "other www-data", prepare: `f=$(mktemp); sed 's/^www-data:x:33:/www-data:x:34:/' /etc/passwd >$f
		chmod 644 $f; mount --bind $f /etc/passwd`, says: "www-data has uid 34"},
	{name: "a person called shzguest", prepare: `f=$(mktemp); sed 's/^shzguest:x:[0-9]*:/shzguest:x:1500:/' /etc/passwd >$f
		chmod 644 $f; mount --bind $f /etc/passwd`, says: "a user shzguest with uid 1500"},
	{name: "a person called bruno", prepare: `f=$(mktemp); sed '/^shzonly:/s/bruno//' /etc/group >$f
		chmod 644 $f; mount --bind $f /etc/group`, says: "the name bruno"},
	{name: "link for a folder", prepare: "mount -t tmpfs tmpfs /var/spool; ln -s /tmp /var/spool/sharezone",
		says: "/var/spool/sharezone is in the place of a folder"},
	{name: "folder for a file", prepare: "mount -t tmpfs tmpfs /etc/pam.d; mkdir /etc/pam.d/sharezone",
		says: "/etc/pam.d/sharezone is a folder"},
	{name: "no ACLs", prepare: "mount -t ramfs ramfs /srv/sharezone", says: "/srv/sharezone has no POSIX ACLs"},
	{name: "checkout without its pages", prepare: "mount -t tmpfs tmpfs static", says: "static/index.html is missing"},
	{name: "sudoers that does not read our rule", prepare: `f=$(mktemp); grep -v includedir /etc/sudoers >$f; chmod 440 $f
		mount --bind $f /etc/sudoers`, says: "sudo does not let shzguest run"},
	{name: "not our address", argv: []string{"./install.sh", "--listen", "192.0.2.1:8080"},
		says: "192.0.2.1:8080 is not an address of this machine"},
}

func TestInstallRefuses(t *testing.T) {
	needDemo(t)
	before, processes := installed(t, true), apacheProcesses(t)
	for _, c := range installRefusals {
		t.Run(c.name, func(t *testing.T) {
			argv := c.argv
			if argv == nil {
				argv = []string{"./install.sh", "--demo"}
			}
			refused(t, c.says, c.prepare, argv...)
		})
	}
	t.Run("port of another program", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		says := fmt.Sprintf("is taken by %s (process %d)", comm(t), os.Getpid())
		refused(t, says, "", "./install.sh", "--listen", l.Addr().String())
		_, port, _ := net.SplitHostPort(l.Addr().String())
		refused(t, says, "", "./install.sh", "--listen", port)
	})
	t.Run("another run", func(t *testing.T) {
		f, err := os.OpenFile("/run/sharezone-install.lock", os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			t.Fatal("Apache, or what else install.sh started, holds its lock:", err)
		}
		refused(t, "another install.sh is running", "", "./install.sh")
		refused(t, "another install.sh is running", "", "./install.sh", "--uninstall", "--purge")
	})
	equalStates(t, before, installed(t, true))
	if after := apacheProcesses(t); after != processes {
		t.Errorf("Apache was reloaded: %q, then %q", processes, after)
	}
}

// refused expects one sentence and exit status 1. Warnings do not count: the test machine has no line in fstab.
func refused(t *testing.T, says, prepare string, argv ...string) {
	t.Helper()
	out, status := installBy(t, prepare, argv...)
	out = regexp.MustCompile(`(?m)^warning: .*\n`).ReplaceAllString(out, "")
	if status != 1 || !strings.HasPrefix(out, "install.sh: ") || !strings.Contains(out, says) || strings.Count(out, "\n") != 1 {
		t.Errorf("exit %d, says %q; want exit 1 and one line with %q", status, out, says)
	}
}

func comm(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func TestInstallUsage(t *testing.T) {
	needCopy(t)
	for _, args := range [][]string{
		{"--unknown"}, {"demo"}, {"--listen"}, {"--listen", ""}, {"--listen", "0"}, {"--listen", "65536"},
		{"--listen", "8080x"}, {"--listen", "name:80"}, {"--listen", "1.2.3.256:80"}, {"--listen", "1.2.3:80"},
		{"--listen", "127.0.0.1"}, {"--listen", "127.0.0.1:80:80"}, {"--listen", "80\nInclude /etc/shadow"},
		{"--listen", "::1:80"}, {"--demo", "--uninstall"}, {"--uninstall", "--listen", "80"}, {"--tls", "--uninstall", "--purge"},
		{"--purge"}, {"--cert", "/a"}, {"--tls", "--cert", "/a"}, {"--tls", "--key", "/a"}, {"--cert", "/a", "--key", "/b"},
		{"--no-tls", "--cert", "/a", "--key", "/b"}, {"--tls", "--cert", "a", "--key", "/b"}, {"--tls", "--cert", "", "--key", "/b"},
		{"--tls", "--cert", "/a\"\nInclude /etc/shadow", "--key", "/b"}, {"--tls", "--cert", "/${PATH}", "--key", "/b"},
		{"--external", "8181"}, {"--external", "8181", "--proxy", "::::"}, {"--external", "8181", "--proxy", "1:2"}, {"--external", "8181", "--proxy", "0.0.0.0"},
		{"--external", "8181", "--proxy", "224.0.0.1"}, {"--external", "8181", "--proxy", "::ffff:192.0.2.80"}, {"--external", "8181", "--proxy", "192.0.2.0/24"},
		{"--external", "8181", "--proxy", "fe80::1%eth0"}, {"--external", "8181", "--proxy", "192.0.2.80\nAllow"}, {"--proxy", "192.0.2.80"}, {"--dmz"},
		{"--dmz", "--backend", "https://192.0.2.10:80"}, {"--dmz", "--backend", "http://192.0.2.10"}, {"--dmz", "--demo"},
	} {
		if out, status := install(t, args...); status != 2 || !strings.Contains(out, "usage: ./install.sh") {
			t.Errorf("%q: exit %d, %s", args, status, out)
		}
	}
	if out, status := install(t, "--help"); status != 0 || !strings.HasPrefix(out, "usage:") ||
		strings.Contains(out, "install.sh: ") {
		t.Errorf("--help: exit %d, %s", status, out)
	}
	if out, status := installBy(t, "", "env", "-u", "LC_ALL", "LANG=it_IT.UTF-8", "./install.sh", "--help"); status != 0 ||
		!strings.HasPrefix(out, "uso:") || strings.Contains(out, "install.sh: ") {
		t.Errorf("--help in Italian: exit %d, %s", status, out)
	}
	if out, status := install(t, "--check"); status != 0 {
		t.Errorf("--check: exit %d, %s", status, out)
	}
}

// sentences reads what install.sh says in a language: key and printf format.
func sentences(t *testing.T, language string) map[string]string {
	t.Helper()
	out, err := exec.Command("bash", "-c", `declare -A sentences; source ../etc/install/text_en.sh; source "$1"
		for key in "${!sentences[@]}"; do printf '%s\t%s\0' "$key" "${sentences[$key]}"; done`,
		"bash", "../etc/install/text_"+language+".sh").Output()
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]string)
	for _, entry := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		key, format, _ := strings.Cut(entry, "\t")
		texts[key] = format
	}
	return texts
}

func TestInstallSentences(t *testing.T) {
	english, italian := sentences(t, "en"), sentences(t, "it")
	verbs := regexp.MustCompile(`%.`)
	for key, format := range english {
		translated, exists := italian[key]
		if !exists {
			t.Errorf("%s: not in Italian", key)
		} else if !slices.Equal(verbs.FindAllString(format, -1), verbs.FindAllString(translated, -1)) {
			t.Errorf("%s: takes other values in Italian: %q, %q", key, format, translated)
		}
	}
	var source strings.Builder
	for _, name := range []string{"../install.sh", "../etc/install/apache.sh", "../etc/install/check.sh",
		"../etc/install/demo.sh", "../etc/install/dmz.sh", "../etc/install/manifest.sh", "../etc/install/message.sh",
		"../etc/install/remove.sh", "../etc/install/tls.sh"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(regexp.MustCompile(`(?m)^\s*#.*$`).ReplaceAll(b, nil))
	}
	used := make(map[string]bool)
	for _, m := range regexp.MustCompile(`\b(?:say|changed|refuse|wrong_usage) ([a-z-]+)`).FindAllStringSubmatch(source.String(), -1) {
		used[m[1]] = true
		if english[m[1]] == "" {
			t.Errorf("%s: said, but there is no such sentence", m[1])
		}
	}
	for key := range english {
		if !used[key] && !regexp.MustCompile(`=`+key+`\b`).MatchString(source.String()) {
			t.Errorf("%s: never said", key)
		}
	}
	if len(english) != len(italian) {
		t.Errorf("%d sentences in English, %d in Italian", len(english), len(italian))
	}
}

// TestManifest looks at the list itself: folders before what lies in them, sources that exist, modes that make sense.
func TestManifest(t *testing.T) {
	items := manifest(t)
	seen := make(map[string]item)
	for _, i := range items {
		if _, twice := seen[i.path]; twice {
			t.Errorf("%s: listed twice", i.path)
		}
		seen[i.path] = i
		parent := i.path[:strings.LastIndex(i.path, "/")]
		if _, listed := seen[parent]; !listed && strings.Contains(parent, "sharezone") {
			t.Errorf("%s: stands before its folder, or the folder is not listed", i.path)
		}
		if i.kind != "dir" && i.kind != "file" && i.kind != "link" {
			t.Errorf("%s: type %q", i.path, i.kind)
		}
		mode, err := strconv.ParseUint(i.mode, 8, 32)
		if i.kind != "link" && (err != nil || len(i.mode) != 4) {
			t.Errorf("%s: mode %q", i.path, i.mode)
		}
		if i.kind != "dir" && mode&0o7022 != 0 && i.path != "/usr/lib/sharezone/gate" {
			t.Errorf("%s: mode %s: set-uid, or others than its owner may change it", i.path, i.mode)
		}
		for _, flag := range i.flags {
			key, value, _ := strings.Cut(flag, "=")
			if slices.Contains([]string{"from", "go", "cgo", "bundle"}, key) {
				if _, err := os.Stat("../" + value); err != nil {
					t.Errorf("%s: %v", i.path, err)
				}
			} else if !slices.Contains([]string{"acl", "mount", "made", "to", "keep", "if", "optional", "once", "volatile", "while"}, key) {
				t.Errorf("%s: unknown flag %q", i.path, flag)
			}
		}
	}
}
