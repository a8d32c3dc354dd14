package test

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Whom the pages of zones find, and what they ask a directory service for that.

// TestShareSearch: people are found by name, company and mail, a company's group by its own name and the company's, another group
// by its whole name; of a group it is said who is in it.
func TestShareSearch(t *testing.T) {
	zone := newZone(t)
	person(t, "ss-nino", "Lampone-7-Treno-Verde", "shzbase", "shzonly")
	run(t, "usermod", "-c", "Nino Neri,Brunelli Impianti,,,nino@brunelli-impianti.example", "ss-nino")
	run(t, "sh", "-c", "groupadd shz-ssb; groupadd ss-staff; gpasswd -a ss-nino shz-ssb")
	t.Cleanup(func() { run(t, "sh", "-c", "groupdel shz-ssb; groupdel ss-staff") })
	principal := regexp.MustCompile(`name="principal" value="([^"]+)"`)
	for find, want := range map[string]string{
		"nino@brunelli": "user:ss-nino", "NERI": "user:ss-nino", "brunelli impianti": "group:shz-ssb user:ss-nino", "shz-ssb": "group:shz-ssb",
		"ss-staff": "group:ss-staff", "ss-sta": "", "ss-nino": "user:ss-nino", "www-data": "group:www-data",
	} {
		page := english(t, "anna", management+"/"+zone+"?find="+url.QueryEscape(find))
		var found []string
		for _, hit := range principal.FindAllStringSubmatch(page.body, -1) {
			found = append(found, hit[1])
		}
		slices.Sort(found)
		if got := strings.Join(found, " "); page.status != 200 || got != want {
			t.Errorf("%q: %d, %q, not %q", find, page.status, got, want)
		}
		if strings.Contains(want, "shz-ssb") {
			shows(t, page, 200, "1 person: Nino Neri", "Brunelli Impianti")
		}
	}
}

// TestZonesAskOnce: a directory service is asked once for all owners and members of a list, and not for those of other zones.
func TestZonesAskOnce(t *testing.T) {
	names := []string{"ask-one", "ask-two", "ask-hidden"}
	clearZones(t, names...)
	needDemo(t)
	for i, name := range names {
		run(t, "shzadm", "zone", "add", name, "--owner", map[bool]string{true: "anna", false: "admin"}[i < 2])
		run(t, "setfacl", "-m", fmt.Sprintf("u:%d:r-x,u:%d:r-x,g:%d:r-x", 300000+i, 310000+i, 320000+i), zonePath(name))
	}
	const asked, real = "/run/shztest-asked", "/run/shztest-getent"
	counting := t.TempDir() + "/getent"
	if err := os.WriteFile(counting, []byte("#!/bin/sh\necho \"$@\" >>"+asked+"; exec "+real+" \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "cp", "-p", "/usr/bin/getent", real)
	run(t, "sh", "-c", "chmod 755 $(dirname $1) $(dirname $(dirname $1)); mount --bind $1 /usr/bin/getent", "sh", counting)
	t.Cleanup(func() { run(t, "sh", "-c", "umount /usr/bin/getent; rm -f "+asked+" "+real) })
	jar(t, "anna")
	run(t, "sh", "-c", "rm -f "+asked+"; install -m 0666 /dev/null "+asked)
	a := jsonAs(t, "anna", management+"?name=ask-*")
	if found := zonesIn(t, a); len(found) != 2 {
		t.Fatalf("%+v", found)
	}
	lines := read(t, asked)
	if strings.Count(lines, "passwd ") != 1 || strings.Count(lines, "group ") != 1 || !strings.Contains(lines, "300000") || !strings.Contains(lines, "310001") {
		t.Errorf("asked:\n%s", lines)
	}
	for _, hidden := range []string{"300002", "320002"} {
		if strings.Contains(lines, hidden) {
			t.Errorf("%s of a zone that is not shown: %s", hidden, lines)
		}
	}
}
