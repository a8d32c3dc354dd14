package test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

const dropIn = "/etc/systemd/system/apache2@sharezone.service.d/hardening.conf"

// TestHardeningUnit: systemd understands the drop-in.
func TestHardeningUnit(t *testing.T) {
	needDemo(t)
	for _, unit := range []string{"apache2@sharezone.service", "apache2@sharezone-external.service"} {
		if said, exit := output(t, "systemd-analyze", "verify", unit); exit != 0 || said != "" {
			t.Errorf("%s: exit %d\n%s", unit, exit, said)
		}
	}
}

// TestWorkerUnit: systemd understands the units by which it starts the worker when a request is over.
func TestWorkerUnit(t *testing.T) {
	needDemo(t)
	for _, unit := range []string{"sharezone-worker.path", "sharezone-worker.service"} {
		if said, exit := output(t, "systemd-analyze", "verify", unit); exit != 0 || said != "" {
			t.Errorf("%s: exit %d\n%s", unit, exit, said)
		}
	}
}

// TestHardeningCapabilities: an Apache without the capabilities that the drop-in takes still lets people in, makes zones and
// accounts, and takes files. Other lines of it need systemd itself.
func TestHardeningCapabilities(t *testing.T) {
	d := needDemo(t)
	found := regexp.MustCompile(`(?m)^CapabilityBoundingSet=~(.*)$`).FindStringSubmatch(read(t, dropIn))
	if found == nil {
		t.Fatal("no CapabilityBoundingSet=~")
	}
	without := ""
	for _, name := range strings.Fields(found[1]) {
		without += ",-" + strings.ToLower(strings.TrimPrefix(name, "CAP_"))
	}
	// It has its addresses until it has ended, which is later than that its number goes.
	const stop = "pid=$(cat /run/apache2-sharezone/apache2.pid); apache2ctl-sharezone stop; while [ -e /proc/$pid ]; do sleep 0.1; done; "
	const begun = "; while [ ! -s /run/apache2-sharezone/apache2.pid ]; do sleep 0.1; done"
	t.Cleanup(func() {
		run(t, "sh", "-ec", stop+"apache2ctl-sharezone start"+begun)
		healthy(t)
	})
	run(t, "sh", "-ec", stop+"setpriv --bounding-set="+without[1:]+" apache2ctl-sharezone start"+begun)
	status := run(t, "sh", "-c", "cat /proc/$(cat /run/apache2-sharezone/apache2.pid)/status")
	if strings.Contains(status, "CapBnd:\t000001ffffffffff") {
		t.Fatal("it has all capabilities")
	}
	if a := curl(t, "-H", "Accept: application/json", "--data-urlencode", "username=anna", "--data-urlencode", "password="+d.password["anna"], "/cgi-bin/login"); a.status != 200 {
		t.Errorf("login: %d %s", a.status, a.body)
	}
	zone := "hardened"
	if a := jsonAs(t, "anna", "-d", "op=create&name="+zone, "/cgi-bin/zones"); a.status != 201 {
		t.Errorf("zone: %d %s", a.status, a.body)
	}
	t.Cleanup(func() { os.RemoveAll(zonePath(zone)) })
	if a := jsonAs(t, "anna", "-d", "op=share&name="+zone+"&principal=user:bruno&access=write", "/cgi-bin/zones"); a.status != 200 {
		t.Errorf("share: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "bruno", "-T", "/etc/passwd", "/cgi-bin/shz/"+zone+"/"); a.status != 201 {
		t.Errorf("upload: %d %s", a.status, a.body)
	}
	user := map[string]string{"op": "create", "username": "harded", "full_name": "Some One", "email": "some@share.test", "role": "base"}
	args := []string{}
	for name, value := range user {
		args = append(args, "--data-urlencode", name+"="+value)
	}
	if a := jsonAs(t, "admin", append(args, "/cgi-bin/users")...); a.status != 201 {
		t.Errorf("account: %d %s", a.status, a.body)
	}
	run(t, "shzadm", "user", "delete", "harded", "--files", "keep")
}

const profile = "/etc/apparmor.d/sharezone-shz"

// TestAppArmor: the profile can be read, and has a rule for each file that the handler opens and each program that it runs. What a kernel
// makes of it is not tried: this one may have no AppArmor.
func TestAppArmor(t *testing.T) {
	needDemo(t)
	if said, exit := output(t, "apparmor_parser", "--skip-kernel-load", "--skip-cache", profile); exit != 0 { // it complains of the kernel, and reads on
		t.Errorf("exit %d\n%s", exit, said)
	}
	var rules []string
	glob := strings.NewReplacer("**", ".*", "*", "[^/]*", "@{PROC}", "/proc", "@{pid}", "[0-9]+", ".", `\.`)
	for _, m := range regexp.MustCompile(`(?m)^  (/\S+|@\{PROC\}\S+) [a-z]+,$`).FindAllStringSubmatch(read(t, profile), -1) {
		rules = append(rules, glob.Replace(m[1]))
	}
	// What the abstractions have that the profile includes.
	rules = append(rules, `/(usr/)?lib/.*\.so[.0-9]*`, `/etc/ld\.so\.cache`, `/etc/(passwd|group|nsswitch\.conf)`, `/usr/lib/locale/.*`, `/usr/share/locale/.*`, `/dev/null`,
		`/usr/lib/.*/gconv/.*`, `/usr/share/zoneinfo/.*`)
	allowed := regexp.MustCompile(`^(` + strings.Join(rules, "|") + `)( \(deleted\))?$`)
	zone := newZone(t, "user:bruno=write")
	if out, status := asUser(t, "bruno", "sh", "-ec", "cd "+zonePath(zone)+"; mkdir d; echo x >d/f; zip -q a.zip d/f"); status != 0 {
		t.Fatal(out)
	}
	seen := map[string]bool{}
	look := func(log string) {
		for _, m := range regexp.MustCompile(`(?m)= [0-9]+<(/[^>]*)>|execve\("(/[^"]*)".*= 0$`).FindAllStringSubmatch(log, -1) {
			if path := m[1] + m[2]; !seen[path] {
				seen[path] = true
				if !allowed.MatchString(path) && !allowed.MatchString(path+"/") { // folders end so in rules
					t.Errorf("no rule for %s", path)
				}
			}
		}
	}
	trace := []string{"-y", "-e", "trace=%file,execve"}
	_, log := tracedUpload(t, "/etc/hostname", "/cgi-bin/shz/"+zone+"/up", trace...)
	look(log)
	for _, fields := range []string{"op=rename&name=up&to=down", "op=zip&name=d&to=d.zip", "op=unzip&name=a.zip", "op=delete&name=d"} {
		_, log := tracedForm(t, "/cgi-bin/shz/"+zone+"/", fields, trace...)
		look(log)
	}
	if !seen[zonePath(zone)] || !seen[layout.Base] {
		t.Errorf("nothing was seen: %v", seen)
	}
}

// TestDoctorFindsProfile: a profile that AppArmor cannot read is found.
func TestDoctorFindsProfile(t *testing.T) {
	needDemo(t)
	before := read(t, profile)
	t.Cleanup(func() { os.WriteFile(profile, []byte(before), 0o644) })
	if said, _ := output(t, "shzadm", "doctor", "--json"); strings.Contains(said, `"apparmor-profile"`) {
		t.Error(said)
	}
	if err := os.WriteFile(profile, []byte(strings.Replace(before, "rwkl,", "rwkl", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if said, _ := output(t, "shzadm", "doctor", "--json"); !strings.Contains(said, `"apparmor-profile"`) {
		t.Error(said)
	}
}
