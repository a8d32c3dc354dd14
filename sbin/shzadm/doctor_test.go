package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/layout"
)

// These tests damage an installation and mend it by the commands that doctor prints, so they run only as root in a
// throw-away copy of a machine, after install.sh.
func needInstallation(t *testing.T) {
	t.Helper()
	if os.Getenv("SHZ_COPY") != "1" || os.Geteuid() != 0 {
		t.Skip("damages the installation: only as root with SHZ_COPY=1, in a throw-away copy of a machine")
	}
	if _, err := os.Stat(layout.Manifest); err != nil {
		t.Skip("Share Zone is not installed: run install.sh first")
	}
}

// bash runs a command as an administrator would who stands in the checkout.
func bash(t *testing.T, command string) string {
	t.Helper()
	cmd := exec.Command("/bin/bash", "-c", command)
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

// shzadm runs a verb in this process.
func shzadm(t *testing.T, input string, args ...string) (code int, out, errOut string) {
	t.Helper()
	folder, err := os.Getwd() // user add goes to /
	if err != nil {
		t.Fatal(err)
	}
	defer os.Chdir(folder)
	var o, e bytes.Buffer
	code = run(args, strings.NewReader(input), &o, &e, textsEN)
	return code, o.String(), e.String()
}

func examine(t *testing.T) (code int, findings []finding) {
	t.Helper()
	code, out, errOut := shzadm(t, "", "doctor", "--json")
	var result struct {
		Checks   int
		Findings []finding
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil || errOut != "" {
		t.Fatalf("%v: %s%s", err, out, errOut)
	}
	if result.Checks < 50 && len(result.Findings) == 0 {
		t.Errorf("only %d checks", result.Checks)
	}
	return code, result.Findings
}

// expectHealth fails unless doctor finds nothing.
func expectHealth(t *testing.T) {
	t.Helper()
	if code, findings := examine(t); code != exitDone || len(findings) > 0 {
		t.Fatalf("exit %d: %+v", code, findings)
	}
}

// damage is something that somebody did by mistake, and the check that finds it.
type damage struct{ check, command string }

func TestDoctorMendsFiles(t *testing.T) {
	expectMended(t, []damage{
		{"rights", "chmod 0755 " + layout.Gate},
		{"rights", "chmod u-s " + layout.Gate},
		{"rights", "chown www-data " + layout.Gate},
		{"rights", "chgrp root " + layout.Gate},
		{"rights", "chmod 4755 " + layout.Gate},
		{"rights", "setfacl -m u:1:rx " + layout.Gate},
		{"rights", "chmod 755 " + layout.Handlers + "/shz"},
		{"rights", "chmod 2755 " + layout.Configuration},
		{"rights", "chmod 2750 " + layout.Sessions},
		{"rights", "setfacl -d -m u:1:rwx " + layout.Sessions},
		{"rights", "chown anna: " + layout.Preferences},
		{"rights", "chmod 00750 " + layout.Events},
		{"rights", "chmod 777 " + sudoersFile},
		{"rights", "setfacl -b " + layout.Base},
		{"rights", "setfacl -x g:shzbase " + layout.Base},
		{"rights", "setfacl -m u:anna:rwx " + layout.Base},
		{"rights", "setfacl -d -m u:anna:rwx " + layout.Base},
		{"rights", "chmod 0770 " + layout.Base},
		{"rights", "chmod 1777 " + layout.Base},
		{"rights", "chown anna " + layout.Base},
		{"missing", "rmdir " + layout.Closed},
		{"missing", "rm -r " + layout.Slots},
		{"missing", "rm " + layout.Gate},
		{"missing", "rm " + layout.AuthHelper},
		{"missing", "rm " + sudoersFile},
		{"missing", "rm " + pamFolder + "sharezone"},
		{"missing", "rm " + internalApache.folder() + "/listen.conf"},
		{"kind", "mv " + layout.Slots + " /root/slots && ln -s /root/slots " + layout.Slots},
		{"kind", "rm " + layout.Handlers + "/home && ln -s /bin/true " + layout.Handlers + "/home"},
		{"kind", "rmdir " + layout.Closed + " && touch " + layout.Closed},
		{"content", "cp /bin/true " + layout.Gate + " && chmod 4750 " + layout.Gate},
		{"content", "printf x >> " + layout.AuthHelper},
		{"content", "echo '%shzbase ALL=(ALL) NOPASSWD: ALL' >> " + sudoersFile},
		{"content", "echo 'Alias /x /etc' >> " + internalApache.folder() + "/apache2.conf"},
		{"stranger", "cp /bin/true " + layout.Handlers + "/extra"},
		{"link", "ln -sfn /bin/true /usr/local/sbin/apache2ctl-sharezone"},
		{"missing", "rm /usr/local/sbin/apache2ctl-sharezone"},
		{"sudoers", "echo nonsense >> " + sudoersFile},
		{"delegation", "sed -i '/includedir/d' /etc/sudoers"},
	})
}

// TestDoctorFactors: second factors that keep their owner out, or are for nobody, and all of them lost.
func TestDoctorFactors(t *testing.T) {
	t.Cleanup(func() {
		bash(t, "rm -f "+layout.Factors+"/dt-*; userdel dt-first; userdel dt-nobody; rm -rf /root/factors.away; true")
	})
	const file = `printf 'AAAA\n" TOTP_AUTH\n" UID %s\n' `
	expectMended(t, []damage{
		{"factor-nobody", "useradd -M dt-nobody; " + file + "4242 >" + layout.Factors + "/dt-nobody"}, // of another uid than the account of that name
		{"factor-renamed", "useradd -M dt-first; " + file + "$(id -u dt-first) >" + layout.Factors + "/dt-former"},
		{"factors-lost", "rm -rf /root/factors.away; mv " + layout.Factors + " /root/factors.away"},
	})
}

func TestDoctorMendsSystem(t *testing.T) {
	t.Cleanup(func() { // what the commands give is kept by them
		bash(t, "{ userdel dt-primary; gpasswd -d dt-base shzadmin; gpasswd -d dt-base shzmgr; } >/dev/null 2>&1 || true")
	})
	expectMended(t, []damage{
		{"apache-config", "echo Nonsense >> " + internalApache.folder() + "/apache2.conf"},
		{"apache-down", internalApache.stopAndWait()},
		{"apache-deaf", "echo 'Listen 127.0.0.1:8099' > " + internalApache.folder() + "/local.d/test.conf"},
		{"apache-privileges", internalApache.stopAndWait() + "; APACHE_CONFDIR=" + internalApache.folder() +
			" setpriv --no-new-privs apache2ctl start; while [ ! -s " + internalApache.pidFile() + " ]; do sleep 0.1; done"},
		{"manifest", "rm " + layout.Manifest},
		{"manifest", "echo nonsense >> " + layout.Manifest},
		{"stale-lock", "echo 4194304 > /etc/passwd.lock"},
		{"stale-lock", "printf '1\\0' > /etc/gshadow.lock"}, // a number that somebody else has now
		{"stale-lock", "touch /etc/shadow.lock"},
		{"register", "sed -i '2s/^/nonsense /' " + account.RegisterPath},
		{"unwritable", "chattr +i " + layout.Base},
		{"mount-options", "mount -o remount,bind,suid,nodev,noexec " + layout.Base},
		{"mount-options", "mount -o remount,bind,nosuid,dev,noexec " + layout.Base},
		{"mount-options", "mount -o remount,bind,nosuid,nodev,exec " + layout.Base},
		{"read-only", "mount -o remount,ro " + layout.Base},
		{"nosuid", "mount --bind /usr/lib/sharezone /usr/lib/sharezone && mount -o remount,bind,nosuid /usr/lib/sharezone"},
		{"noexec", "mount -o remount,bind,noexec /usr/lib/sharezone"},
		{"no-group", "groupdel shzadmin"},
		{"no-user", "userdel shzguest"},
		{"nologin", "usermod -s /bin/bash shzspool"},
		{"has-password", "echo shzguest:Sommer-wind-42 | chpasswd"},
		{"groups", "usermod -aG sudo shzguest"},
		{"groups", "usermod -aG shzbase,shzmgr shzspool"},
		{"user-id", "usermod -u 1990 shzspool"},
		{"group-id", "groupmod -g 1991 shzspool"},
		{"system-member", "gpasswd -a daemon shzbase"},
		{"role", "gpasswd -a dt-base shzadmin"},
		{"role", "useradd -M -g shzmgr dt-primary"},
		{"shell", "usermod -s /bin/bash dt-base"},
		{"unregistered", "sed -i '/ dt-base /d' " + account.RegisterPath},
		{"lost-only", "gpasswd -d dt-base shzonly"},
		{"lost-only", "groupdel shzonly"},
	})
}

// TestDoctorLostBase: when the group of everybody is gone, and nothing tells any more who was in it, the commands bring back
// everybody whom Share Zone made, and take no role and no zone from anybody.
func TestDoctorLostBase(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	mendLostGroup(t, "shzbase", "groupdel shzbase; rm /etc/group-")
}

// TestDoctorLostGroups: a group that was deleted comes back with its number and its members.
func TestDoctorLostGroups(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	for _, group := range []string{"shzbase", "shzmgr", "shzadmin", "shzonly"} {
		number := bash(t, "getent group "+group+" | cut -d: -f3")
		mendLostGroup(t, group, "groupdel "+group)
		if now := bash(t, "getent group "+group+" | cut -d: -f3"); now != number {
			t.Errorf("%s: it was number %s and is %s", group, number, now)
		}
	}
}

// TestDoctorStaleBackup: who was taken out of a group does not come back by it, when the file before the last change is older.
func TestDoctorStaleBackup(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	number := bash(t, "getent group shzadmin | cut -d: -f3")
	bash(t, "cp -a /etc/group /etc/group.now; gpasswd -a dt-manager shzadmin; gpasswd -d dt-manager shzadmin; sed -i '/^shzadmin:/d' /etc/group") // an editor
	_, findings := examine(t)
	mend := ""
	for _, f := range findings {
		if f.Check == "no-group" && f.Subject == "shzadmin" {
			mend = f.Mend
		}
	}
	if !strings.Contains(mend, "--gid "+strings.TrimSpace(number)) || strings.Contains(mend, "gpasswd") {
		t.Errorf("%q", mend)
	}
	bash(t, "mv /etc/group.now /etc/group")
}

// mendLostGroup deletes a group and does what doctor says; who is in which group, and who owns which zone, is as before.
func mendLostGroup(t *testing.T, group, damage string) {
	t.Helper()
	who := "getent group shzmgr shzadmin shzonly | cut -d: -f1,4; getent group shzbase | cut -d: -f4 | tr , '\\n' | sort; stat -c '%n %U' " + layout.Base + "/*"
	before := bash(t, who)
	bash(t, damage)
	_, findings := examine(t)
	for round := 0; len(findings) > 0 && round < 3; round++ {
		for _, f := range findings {
			if f.Mend == "" {
				t.Fatalf("%s, no command: %+v", group, f)
			}
			bash(t, "{ "+f.Mend+"; } || true") // install.sh ends with 1 as long as something else is wrong
		}
		findings = examineAgain(t)
	}
	if len(findings) > 0 {
		t.Errorf("%s, still: %+v", group, findings)
	}
	if after := bash(t, who); after != before {
		t.Errorf("%s, before:\n%s\nafter:\n%s", group, before, after)
	}
}

func TestDoctorMendsZones(t *testing.T) {
	expectMended(t, []damage{
		{"stray-folder", "install -d -o dt-manager -m 750 " + layout.Base + "/$'Odd\n\x1b[2J NAME'"},
		{"stray", "touch " + layout.Base + "/$'odd\\n\\x1b[2J name'"},
		{"stray", "ln -s /etc " + layout.Base + "/etc"},
		{"stray", "mkdir " + layout.Base + "/.shz-new-0123"},
		{"stray", "mkdir " + layout.Base + "/UPPER"},
		{"zone-id", "setfattr -x user.shz.id " + layout.Base + "/dt-zone"},
		{"zone-id", "setfattr -n user.shz.id -v nonsense " + layout.Base + "/dt-zone"},
		{"zone-twin", "setfattr -n user.shz.id -v $(getfattr -n user.shz.id --only-values --absolute-names " + layout.Base +
			"/dt-zone) " + layout.Base + "/dt-twin"},
		{"metadata", "setfattr -n user.shz.expires -v tomorrow " + layout.Base + "/dt-zone"},
		{"metadata", "setfattr -n user.shz.title -v $'a\\x1b[2Jb' " + layout.Base + "/dt-zone"},
		{"zone-owner", "gpasswd -d dt-manager shzmgr"},
		{"zone-nobody", "setfacl -m u:59998:rwx,d:u:59998:rwx " + layout.Base + "/dt-zone"},
		{"zone-nobody", "setfacl -m g:59998:rx " + layout.Base + "/dt-zone"},
		{"zone-rights", "chmod 0755 " + layout.Base + "/dt-zone"},
		{"zone-rights", "chmod o+x " + layout.Base + "/dt-zone"},
		{"zone-rights", "setfacl -b -k " + layout.Base + "/dt-zone"},
		{"zone-rights", "setfacl -k " + layout.Base + "/dt-zone"},
		{"zone-rights", "setfacl -d -m g:shzbase:wx " + layout.Base + "/dt-zone"},
		{"zone-rights", "setfacl -m u:dt-base:x " + layout.Base + "/dt-zone"},
		{"zone-rights", "setfacl -d -x u:dt-manager " + layout.Base + "/dt-zone"},
		{"zone-rights", "setfacl -m g::rx " + layout.Base + "/dt-zone"},
		{"zone-drift", "cd " + layout.Base + "/dt-zone; install -m 640 -o dt-manager -g dt-manager /etc/hostname $'odd\\n name'; setfacl -b odd*"},
		{"zone-drift", "cd " + layout.Base + "/dt-zone; mkdir -p sub/deep; chown -R dt-base: sub; chmod 777 sub/deep; setfacl -n -m u:nobody:rwx sub"},
		{"zone-drift", "cd " + layout.Base + "/dt-zone; echo x > sub/deep/file; chown dt-admin: sub/deep/file; chmod 660 sub/deep/file"},
		{"zone-rights", "setfacl -m u:dt-base:x " + layout.Base + "/dt-zone; chmod 0777 " + layout.Base + "/dt-zone"},
		{"zone-unlisted", "cd " + layout.Base + "/dt-zone; shzadm zone share dt-zone user:dt-base=write >/dev/null; touch kept; chown dt-manager: kept; setfacl -b -k ."},
		{"zone-chowned", "chown 59999 " + layout.Base + "/dt-zone"},
		{"zone-orphan", "gpasswd -d dt-manager shzbase"}, // and a role without the group that it needs
	})
}

// expectMended does each damage: it is found, and the commands of the findings, run in their order, mend it.
func expectMended(t *testing.T, damages []damage) {
	t.Helper()
	needInstallation(t)
	prepareDoctor(t)
	for _, c := range damages {
		t.Run(c.check+" "+c.command, func(t *testing.T) {
			bash(t, c.command)
			code, findings := examine(t)
			if code != exitRefused {
				t.Errorf("exit %d", code)
			}
			found := false
			for _, f := range findings {
				found = found || f.Check == c.check
			}
			if !found {
				t.Errorf("not found: %+v", findings)
			}
			for round := 0; len(findings) > 0; round++ { // a zone that gets another owner gets its rights next
				if round == 2 {
					t.Fatalf("still: %+v", findings)
				}
				for _, f := range findings {
					if f.Mend == "" {
						t.Fatalf("no command: %+v", f)
					}
					bash(t, f.Mend)
				}
				findings = examineAgain(t)
			}
		})
	}
	bash(t, "visudo -c -q") // each line of /etc/sudoers stands there once
}

// examineAgain gives Apache, which answers its command before it is done, up to five seconds.
func examineAgain(t *testing.T) []finding {
	t.Helper()
	_, findings := examine(t)
	for i := 0; i < 50 && len(findings) > 0 && strings.HasPrefix(findings[0].Check, "apache-"); i++ {
		time.Sleep(100 * time.Millisecond)
		_, findings = examine(t)
	}
	return findings
}

// restoreConfig puts the settings back as the checkout has them.
const restoreConfig = "install -m 0644 etc/sharezone.toml " + config.Path

// What takes a package from the network, or a choice, to mend is only found.
func TestDoctorFinds(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	for _, c := range []struct{ check, damage, repair string }{
		{"pam-module", "mv /lib/x86_64-linux-gnu/security/pam_pwquality.so /root/", "mv /root/pam_pwquality.so /lib/x86_64-linux-gnu/security/"},
		{"pam-module", "echo 'auth required pam_lost.so' >> /etc/pam.d/sharezone-external", "sed -i '/pam_lost/d' /etc/pam.d/sharezone-external"},
		{"pam-service", "sed -i 's/^# pam_service = .*-external\"/pam_service = \"lost\"/' " + config.Path, restoreConfig},
		{"pam-service", "echo '@include lost-service' >> /etc/pam.d/sharezone-external", "sed -i '/lost-service/d' /etc/pam.d/sharezone-external"},
		{"pam-service", "echo 'auth substack lost-service' >> /etc/pam.d/sharezone", "sed -i '/lost-service/d' /etc/pam.d/sharezone"},
		{"pam-module", "echo 'auth required pam_lost.so' > /etc/pam.d/deep; echo 'auth include deep' >> /etc/pam.d/sharezone", "rm /etc/pam.d/deep; sed -i '/include deep/d' /etc/pam.d/sharezone"},
		{"missing", "mv /usr/sbin/visudo /root/", "mv /root/visudo /usr/sbin/"},
		{"missing", "mv /usr/sbin/apache2ctl /root/", "mv /root/apache2ctl /usr/sbin/"},
		{"config-value", "sed -i 's/^# slots = 8/slots = 0/' " + config.Path, restoreConfig},
		{"signup-no-url", "printf '[signup]\\nentries = \"internal\"' > " + config.Path, restoreConfig},
		{"signup-no-mail", "printf '[signup]\\nentries = \"external\"\n[mail]\nhost = \"\"\n[entries.external]\npublic_url = \"https://share.example.org\"' > " + config.Path, restoreConfig},
		{"config-unknown", "echo 'slotz = 4' >> " + config.Path, restoreConfig},
		{"config-syntax", "echo 'slots = ' >> " + config.Path, restoreConfig},
		{"rights", "chmod 0666 " + config.Path, restoreConfig},
		{"zone-keep", "setfattr -n user.shz.keep -v a//b " + layout.Base + "/dt-zone", "setfattr -x user.shz.keep " + layout.Base + "/dt-zone"},
		{"rights", "chown anna " + config.Path, restoreConfig},
		{"acls", "mkdir -p /mnt/keep && mount --make-private / ; mount --move " + layout.Base + " /mnt/keep && mount -t ramfs -o nosuid,nodev,noexec ramfs " +
			layout.Base, "umount " + layout.Base + " && mount --move /mnt/keep " + layout.Base},
	} {
		t.Run(c.check+" "+c.damage, func(t *testing.T) {
			bash(t, c.damage)
			defer func() { bash(t, c.repair); expectHealth(t) }()
			_, findings := examine(t)
			for _, f := range findings {
				if f.Check == c.check {
					return
				}
			}
			t.Errorf("not found: %+v", findings)
		})
	}
}

// Without its mount the base is an empty folder of the machine: the commands make it one that can be used.
func TestDoctorMendsTheMount(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	bash(t, "mkdir -p /mnt/keep; mount --make-private /; mount --move "+layout.Base+" /mnt/keep")
	defer func() {
		bash(t, "umount "+layout.Base+"; rm -rf "+layout.Base+"/.closed; mount --move /mnt/keep "+layout.Base)
		expectHealth(t)
	}()
	for range 2 {
		_, findings := examine(t)
		for _, f := range findings {
			bash(t, f.Mend)
		}
	}
	expectHealth(t)
}

// prepareDoctor makes users and zones of its own.
func prepareDoctor(t *testing.T) {
	t.Helper()
	if bash(t, "getent passwd dt-base; true") == "" {
		for _, role := range []string{"base", "manager", "admin"} {
			code, _, errOut := shzadm(t, "Sommer-wind-42\n", "user", "add", "dt-"+role, "--role", role, "--full-name", "X",
				"--email", "x@example.org", "--password-stdin")
			if code != exitDone {
				t.Fatal(errOut)
			}
		}
		for _, name := range []string{"dt-zone", "dt-twin"} {
			if code, _, errOut := shzadm(t, "", "zone", "add", name, "--owner", "dt-manager"); code != exitDone {
				t.Fatal(errOut)
			}
		}
		if code, _, errOut := shzadm(t, "", "zone", "share", "dt-zone", "user:dt-admin=write", "group:shzbase=drop"); code != exitDone {
			t.Fatal(errOut)
		}
	}
	expectHealth(t)
	if bash(t, "getent passwd anna; true") == "" {
		t.Skip("the tests take anna from install.sh --demo")
	}
}

func TestDoctorSaysBothLines(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	bash(t, "chmod 0755 "+layout.Gate)
	defer bash(t, "chmod 4750 "+layout.Gate)
	code, out, _ := shzadm(t, "", "doctor")
	want := layout.Gate + " is root:www-data 0755; it must be root:www-data 4750\n  chmod 04750 -- " + layout.Gate + "\n"
	if code != exitRefused || !strings.HasPrefix(out, want) || !strings.HasSuffix(out, "findings: 1\n") {
		t.Errorf("exit %d: %s", code, out)
	}
}

// user and zone, from the command line to the files of the machine.
func TestCommandsOnTheMachine(t *testing.T) {
	needInstallation(t)
	prepareDoctor(t)
	t.Cleanup(func() {
		for _, name := range []string{"dt-json", "dt-limits", "dt-hard", "dt-full"} {
			bash(t, "! getent passwd "+name+" >/dev/null || shzadm user delete "+name+" --files keep >/dev/null")
		}
	})
	code, out, errOut := shzadm(t, "", "user", "add", "dt-json", "--role", "base", "--full-name", "J", "--email", "j@example.org", "--json")
	var made struct {
		Username, Password string
		UID                int
		Roles              []string
		MustChange         bool `json:"must_change"`
	}
	if err := json.Unmarshal([]byte(out), &made); err != nil || code != exitDone || errOut != "" ||
		made.Username != "dt-json" || len(made.Password) != 19 || !made.MustChange {
		t.Errorf("exit %d, %v: %s%s", code, err, out, errOut)
	}
	bash(t, "P='"+made.Password+`' perl -e '$h=(getpwnam("dt-json"))[1]; exit(crypt($ENV{P},$h) ne $h)'`)
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"user add dt-json --role base --full-name J --email j@example.org", exitRefused, "this user exists: dt-json"},
		{"user add dt-new --role base --full-name J --email j@example.org --password-stdin", exitRefused, "no password on standard input"},
		{"user add dt-new --role base --full-name J", exitUsage, "this option is needed: --email"},
		{"user show root", exitRefused, "there is no such user: root"},
		{"user show dt-json --json", exitDone, `"username": "dt-json"`},
		{"user list --json", exitDone, `"users": [`},
		{"user list", exitDone, "USER "},
		{"zone add dt-zone --owner dt-admin", exitRefused, "this name is taken: dt-zone"},
		{"zone add dt-new --owner dt-json", exitRefused, "only a manager can own a zone"},
		{"zone add dt-new --owner dt-admin --max-age 0", exitRefused, "--max-age"},
		{"zone add dt-new --owner dt-admin --expires 2020-01-01", exitRefused, "this day is over: 2020-01-01"},
		{"zone add ../x --owner dt-admin", exitRefused, "the name of a zone"},
		{"zone share dt-zone user:dt-base", exitUsage, "not of the form"},
		{"zone share dt-zone user:dt-base=own", exitUsage, "not of the form"},
		{"zone share dt-zone user:dt-base=read --json", exitDone, `"skipped": []`},
		{"zone share dt-zone user:dt-base=none --sure", exitDone, "user:dt-base=none"},
		{"zone share dt-zone user:dt-admin=write group:shzbase=drop", exitDone, "Zone dt-zone: group:shzbase=drop"},
		{"zone show dt-zone", exitDone, "group:shzbase=drop user:dt-admin=write"},
		{"zone show dt-none", exitRefused, "there is no such zone: dt-none"},
		{"zone list --json", exitDone, `"zones": [`},
		{"zone list", exitDone, "ZONE "},
	} {
		code, out, errOut := shzadm(t, "", strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out+errOut, c.says) {
			t.Errorf("%s: exit %d, %s%s", c.args, code, out, errOut)
		}
	}
	for _, c := range []struct{ command, want string }{ // the program itself, in surroundings that are not its fault
		{"(ulimit -S -f 1; ulimit -S -n 20; shzadm user add dt-limits --role base --full-name X --email x@example.org)", "dt-limits"},
		// Hard limits can be lifted by root outside a container; inside, it refuses before it begins.
		{"(ulimit -f 1; shzadm user add dt-hard --role base --full-name X --email x@example.org 2>&1; true)", "d"},
		{"getent passwd dt-hard >/dev/null && id -Gn dt-hard || echo shzbase", "shzbase"},
		{"shzadm user add dt-full --role base --full-name X --email x@example.org >/dev/full || LANG=C shzadm user show dt-full | head -n 1", "User:"},
		{"LC_ALL=it_IT.UTF-8 shzadm zone show nothing 2>&1 || true", "questa area non esiste"},
		{"setpriv --reuid=dt-base --clear-groups shzadm user list 2>&1 || true", "only root"},
		{"shzadm user list >/dev/full; echo $?", "1"},
		{"ls /etc/*.lock 2>/dev/null || echo none", "none"},
	} {
		if out := bash(t, "unset LANG LC_ALL; "+c.command); !strings.Contains(out, c.want) {
			t.Errorf("%s: %s", c.command, out)
		}
	}
	bash(t, "mkfifo "+layout.Base+"/dt-zone/fifo; cp /etc/hostname "+layout.Base+"/dt-zone/of-root")
	code, out, _ = shzadm(t, "", "zone", "share", "dt-zone", "user:dt-base=read")
	if code != exitRefused || !strings.Contains(out, "of-root: belongs to nobody of Share Zone") || !strings.Contains(out, "fifo: neither") {
		t.Errorf("exit %d: %s", code, out)
	}
	bash(t, "rm "+layout.Base+"/dt-zone/fifo "+layout.Base+"/dt-zone/of-root")
	expectHealth(t)
}
