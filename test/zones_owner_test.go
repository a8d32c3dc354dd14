package test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/page/pagetest"
)

// Zones whose root somebody changed by hand: everybody gets in, or they belong to the wrong person.

// listsOf are the owner and both lists of a zone and what lies in it, as the kernel has them.
func listsOf(t *testing.T, zone string) string {
	t.Helper()
	return run(t, "getfacl", "-R", "-p", zonePath(zone))
}

// drift is a finding of the page that checks rights, as scripts have it.
type drift struct {
	Path, Kind, Found, Right string
	Mend                     []string
	Apply                    bool
}

func checked(t *testing.T, user, zone string) []drift {
	t.Helper()
	var object struct{ Findings []drift }
	if a := jsonAs(t, user, management+"/"+zone+"?view=check"); a.status != 200 || json.Unmarshal([]byte(a.body), &object) != nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return object.Findings
}

// TestZoneForEverybody: a zone into which chmod lets everybody says so on its page, with the button that mends it.
func TestZoneForEverybody(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	before := listsOf(t, zone)
	for _, mode := range []string{"777", "1775", "o+x"} {
		run(t, "chmod", mode, zonePath(zone))
		if z := zoneIn(t, jsonAs(t, "anna", at)); !slices.Contains(z.Problems, "everybody") {
			t.Errorf("%s: %q", mode, z.Problems)
		}
		a := curlAs(t, "anna", "-H", "Accept-Language: en", at)
		if !strings.Contains(a.body, "Everybody on this machine gets into this zone") || !strings.Contains(a.body, `name="op" value="apply"`) || strings.Contains(a.body, "Only the owner gets in so far") {
			t.Errorf("%s: %s", mode, a.body)
		}
		pagetest.Check(t, a.body)
		if a := form(t, "anna", at, true, "op=apply"); a.status != 200 || len(zoneIn(t, a).Problems) != 0 {
			t.Errorf("%s: %d %s", mode, a.status, a.body)
		}
		if a := jsonAs(t, "carla", at); a.status != 403 {
			t.Errorf("%s, carla after it: %d", mode, a.status)
		}
	}
	if after := listsOf(t, zone); after != before {
		t.Errorf("%s\nnot\n%s", after, before)
	}
	if out := run(t, "man", "-P", "cat", "shzadm"); !strings.Contains(out, "everybody") {
		t.Error("shzadm(8) lacks it")
	}
}

// TestZoneChowned: a zone that a chown gave to a partner is not made his, and goes back as it was, his files too.
func TestZoneChowned(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	at := management + "/" + zone
	for _, user := range []string{"anna", "bruno"} {
		if a := curlAs(t, user, "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/of-"+user); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	before := listsOf(t, zone)
	run(t, "chown", "bruno", zonePath(zone))
	if z := zoneIn(t, jsonAs(t, "admin", at)); !slices.Contains(z.Problems, "owner-wrong") || slices.Contains(z.Problems, "owner-not-manager") {
		t.Errorf("%q", z.Problems)
	}
	back := "shzadm zone transfer " + zone + " --owner anna"
	found := checked(t, "admin", zone)
	if len(found) == 0 || found[0].Kind != "owner" || found[0].Right != "anna" || !slices.Equal(found[0].Mend, []string{back}) ||
		slices.ContainsFunc(found, func(d drift) bool { return d.Apply }) {
		t.Errorf("%+v", found)
	}
	if got := findings(t, zone); !slices.Equal(got, []string{"zone-chowned"}) {
		t.Errorf("doctor: %q", got)
	}
	if out, _ := shzadm(t, "doctor"); !strings.Contains(out, back) || strings.Contains(out, "gpasswd -a bruno") {
		t.Error(out)
	}
	a := curlAs(t, "admin", "-H", "Accept-Language: en", at+"?view=check")
	if !strings.Contains(a.body, "its list still says whose it was") || !strings.Contains(a.body, "view=transfer") || strings.Contains(a.body, `value="apply"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	pagetest.Check(t, a.body)
	wrong := listsOf(t, zone)
	if a := form(t, "admin", at, true, "op=apply"); a.status != 409 || !strings.Contains(a.body, "everything would be made theirs") && !strings.Contains(a.body, "tutto diventerebbe suo") {
		t.Errorf("apply: %d %s", a.status, a.body)
	}
	if out, status := shzadm(t, "zone", "apply", zone); status == 0 || !strings.Contains(out, "got it by chown") {
		t.Errorf("apply: %d %s", status, out)
	}
	if got := listsOf(t, zone); got != wrong {
		t.Errorf("apply changed\n%s\nto\n%s", wrong, got)
	}
	if a := form(t, "admin", at, true, "op=transfer", "owner=anna"); a.status != 200 || zoneIn(t, a).Owner != "anna" {
		t.Errorf("back: %d %s", a.status, a.body)
	}
	if got := listsOf(t, zone); got != before {
		t.Errorf("%s\nnot\n%s", got, before)
	}
	if got := findings(t, zone); len(got) != 0 {
		t.Errorf("doctor: %q", got)
	}
}

// TestZoneOwnerDeleted: the zone of an account that is gone is transferred; the command that is shown is the one that mends all.
func TestZoneOwnerDeleted(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	at := management + "/" + zone
	if a := curlAs(t, "anna", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/hers"); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	// As userdel leaves it: all that was hers is a number's.
	const gone = "7001"
	run(t, "sh", "-c", `getfacl -R -p "$1" | sed -e 's/user:anna:/user:`+gone+`:/' -e 's/^# \(owner\|group\): anna/# \1: `+gone+`/' | setfacl --restore=-`, "sh", zonePath(zone))
	run(t, "chown", "-R", "--from=anna", gone+":"+gone, zonePath(zone))
	found := checked(t, "admin", zone)
	if len(found) == 0 || found[0].Kind != "owner" || len(found[0].Mend) != 1 || !strings.HasPrefix(found[0].Mend[0], "shzadm zone transfer "+zone+" --owner ") {
		t.Fatalf("%+v", found)
	}
	if out, status := shzadm(t, "zone", "apply", zone); status == 0 {
		t.Errorf("apply: %s", out)
	}
	if out, _ := shzadm(t, "doctor"); !strings.Contains(out, found[0].Mend[0]) {
		t.Error(out)
	}
	run(t, "sh", "-c", found[0].Mend[0])
	z := showZone(t, zone)
	if len(z.Problems) != 0 {
		t.Errorf("%+v", z)
	}
	if lists := listsOf(t, zone); strings.Contains(lists, "user:"+gone) || strings.Contains(lists, "owner: "+gone) {
		t.Error(lists)
	}
	if got := findings(t, zone); len(got) != 0 {
		t.Errorf("doctor: %q", got)
	}
	heir := strings.TrimPrefix(found[0].Mend[0], "shzadm zone transfer "+zone+" --owner ")
	if a := curlAs(t, heir, "/cgi-bin/shz/"+zone+"/hers"); a.status != 200 || a.body != hostname(t) {
		t.Errorf("%s: %d %s", heir, a.status, a.body)
	}
	if a := jsonAs(t, heir, at); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func hostname(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/etc/hostname")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
