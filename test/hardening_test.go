package test

import (
	"os"
	"regexp"
	"strings"
	"testing"
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
