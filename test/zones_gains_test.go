package test

import (
	"regexp"
	"strings"
	"testing"

	"sharezone/internal/page/pagetest"
)

// consentForm is the field by which who goes on agrees to what a page has told him.
var consentForm = regexp.MustCompile(`name="sure" value="([0-9a-f]{16})"`)

// consentIn is its value.
func consentIn(t *testing.T, a answer) string {
	t.Helper()
	found := consentForm.FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return found[1]
}

// TestTakenOffGains: who is taken off the list and has more by a group on it than his entry gave is asked about on the page, in JSON and in a shell,
// and nothing changes before; who has less is told of with the answer.
func TestTakenOffGains(t *testing.T) {
	needDemo(t)
	run(t, "shzadm", "group", "add", "zgain")
	t.Cleanup(func() { run(t, "groupdel", "shz-zgain") })
	run(t, "shzadm", "group", "member", "zgain", "carla")
	zone := newZone(t, "user:carla=read", "group:shz-zgain=write")
	at := management + "/" + zone
	none := []string{"op=share", "principal=user:carla", "access=none"}
	before := listsOf(t, zone)

	a := form(t, "anna", at, true, none...)
	if a.status != 409 || a.code() != "conflict" || !strings.Contains(a.body, "shz-zgain") || !strings.Contains(a.body, "sure=1") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := form(t, "anna", at, true, "op=share", "member=user:carla=none"); a.status != 409 {
		t.Errorf("%d %s", a.status, a.body)
	}
	out, status := shzadm(t, "zone", "share", zone, "user:carla=none")
	if status != 1 || !strings.Contains(out, "user:carla=write (group:shz-zgain)") || !strings.Contains(out, "--sure") {
		t.Errorf("%d %s", status, out)
	}
	a = english(t, "anna", at, none...)
	if a.status != 409 || !consentForm.MatchString(a.body) || !strings.Contains(a.body, "shz-zgain, which is on the list too") || strings.Contains(a.body, "sure=1") {
		t.Errorf("%d %s", a.status, a.body)
	}
	pagetest.Check(t, a.body)
	if after := listsOf(t, zone); after != before {
		t.Errorf("%s\nnot\n%s", after, before)
	}

	if a := form(t, "anna", at, true, append(none, "sure=1")...); a.status != 200 || !strings.Contains(a.body, `"still":[{"principal":"user:carla","access":"write","through":["group:shz-zgain"],"more":true}]`) || !strings.Contains(a.body, `"code":"still"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	run(t, "shzadm", "zone", "share", zone, "user:carla=read")
	told := consentIn(t, english(t, "anna", at, none...))
	run(t, "shzadm", "zone", "share", zone, "group:shz-zgain=read", "user:carla=drop")
	if a := english(t, "anna", at, append(none, "sure="+told)...); a.status != 409 || consentIn(t, a) == told {
		t.Errorf("what the group gives by now was agreed to unseen: %d %s", a.status, a.body)
	}
	run(t, "shzadm", "zone", "share", zone, "group:shz-zgain=write", "user:carla=read")
	if a := english(t, "anna", at, append(none, "sure="+told)...); a.status != 303 {
		t.Errorf("%d %s", a.status, a.body)
	} else if page := followed(t, "anna", a); !strings.Contains(page.body, "still gets in") {
		t.Errorf("%s", page.body)
	}
	// Less than before is no question.
	run(t, "shzadm", "zone", "share", zone, "user:carla=write", "group:shz-zgain=read")
	out, status = shzadm(t, "zone", "share", zone, "user:carla=none")
	if status != 0 || !strings.Contains(out, "gets in all the same") || !strings.Contains(out, "user:carla=read (group:shz-zgain)") {
		t.Errorf("%d %s", status, out)
	}
}

// TestApplyGains: what apply takes from the list is asked about where a group on the list then gives more, and whom a group lets in is not said to
// be put out.
func TestApplyGains(t *testing.T) {
	needDemo(t)
	run(t, "shzadm", "group", "add", "zgain")
	t.Cleanup(func() { run(t, "groupdel", "shz-zgain") })
	run(t, "shzadm", "group", "member", "zgain", "carla")
	zone := newZone(t, "user:carla=read", "group:shz-zgain=write", "user:bruno=read")
	at := management + "/" + zone
	for _, name := range []string{"one", "two"} {
		if a := curlAs(t, "anna", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/"+name); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	for _, row := range []struct {
		hand     string
		standing string // who would be put out
	}{
		{"setfacl -n -m u:carla:r--", ""}, {"setfacl -n -x u:carla", ""}, {"setfacl -n -x u:carla,u:bruno", "user:bruno"},
	} {
		run(t, "sh", "-c", row.hand+` "$1"`, "sh", zonePath(zone))
		before := listsOf(t, zone)
		if out, status := shzadm(t, "zone", "check", zone); status != 1 || !strings.Contains(out, "user:carla=write (group:shz-zgain)") || strings.Contains(out, "zone apply "+zone+"\n") {
			t.Errorf("%s: %d %s", row.hand, status, out)
		}
		if a := curlAs(t, "anna", "-H", "Accept-Language: en", at+"?view=check"); a.status != 200 || !strings.Contains(a.body, "shz-zgain, which is on the list too") || strings.Contains(a.body, `name="sure"`) {
			t.Errorf("%s: %d %s", row.hand, a.status, a.body)
		}
		a := form(t, "anna", at, true, "op=apply")
		if a.status != 409 || strings.Count(a.body, "shz-zgain") != 1 || !strings.Contains(a.body, "shz-zgain") || strings.Contains(a.body, "bruno") != (row.standing != "") || listsOf(t, zone) != before {
			t.Errorf("%s: %d %s", row.hand, a.status, a.body)
		}
		out, status := shzadm(t, "zone", "apply", zone)
		if status != 1 || !strings.Contains(out, "user:carla=write (group:shz-zgain)") || strings.Contains(out, "user:carla=read") || strings.Contains(out, "bruno") != (row.standing != "") {
			t.Errorf("%s: %d %s", row.hand, status, out)
		}
		if a := english(t, "anna", at, "op=apply"); a.status != 409 || !consentForm.MatchString(a.body) || !strings.Contains(a.body, "shz-zgain, which is on the list too") {
			t.Errorf("%s: %d %s", row.hand, a.status, a.body)
		}
		if out, status := shzadm(t, "zone", "apply", zone, "--sure"); status != 0 || strings.Contains(listsOf(t, zone), "carla") {
			t.Errorf("%s: %d %s\n%s", row.hand, status, out, listsOf(t, zone))
		}
		run(t, "shzadm", "zone", "share", zone, "user:carla=read", "user:bruno=read")
	}
	// A group that may only deliver lets nobody into the content.
	run(t, "shzadm", "zone", "share", zone, "group:shz-zgain=drop")
	run(t, "setfacl", "-n", "-x", "u:carla", zonePath(zone))
	if out, status := shzadm(t, "zone", "apply", zone); status != 1 || !strings.Contains(out, "user:carla=read") {
		t.Errorf("%d %s", status, out)
	}
}

// TestPutsOutAsksOnThePage: the page that refuses to put people out has the button that does it.
func TestPutsOutAsksOnThePage(t *testing.T) {
	zone := newZone(t, "user:bruno=read", "user:carla=write")
	at := management + "/" + zone
	for _, name := range []string{"one", "two"} {
		if a := curlAs(t, "anna", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/"+name); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	run(t, "setfacl", "-x", "u:bruno", zonePath(zone))
	if out, status := shzadm(t, "doctor"); status != 1 || !strings.Contains(out, "shzadm zone check "+zone) || strings.Contains(out, "shzadm zone apply "+zone) {
		t.Errorf("doctor offers what is refused: %s", out)
	}
	a := english(t, "anna", at, "op=apply")
	if a.status != 409 || !strings.Contains(a.body, `name="op" value="apply"`) || !consentForm.MatchString(a.body) || strings.Contains(a.body, "sure=1") {
		t.Errorf("%d %s", a.status, a.body)
	}
	pagetest.Check(t, a.body)
	if strings.Contains(a.body, "..") || strings.Contains(a.body, ".;") {
		t.Error(a.body)
	}
	// Who agreed to put out one puts out no other, who came to it meanwhile.
	told := consentIn(t, a)
	run(t, "setfacl", "-x", "u:carla", zonePath(zone))
	before := listsOf(t, zone)
	for name, send := range map[string]func(sure string) answer{
		"page":   func(sure string) answer { return english(t, "anna", at, "op=apply", "sure="+sure) },
		"script": func(sure string) answer { return form(t, "anna", at, true, "op=apply", "sure="+sure) },
	} {
		if a := send(told); a.status != 409 || !strings.Contains(a.body, "carla") || listsOf(t, zone) != before {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		for _, sure := range []string{"2", "yes", told + "0"} {
			if a := send(sure); a.status != 400 || listsOf(t, zone) != before {
				t.Errorf("%s, %s: %d %s", name, sure, a.status, a.body)
			}
		}
	}
	told = consentIn(t, english(t, "anna", at, "op=apply"))
	if a := english(t, "anna", at, "op=apply", "sure="+told); a.status != 303 || strings.Contains(listsOf(t, zone), "bruno") || strings.Contains(listsOf(t, zone), "carla") {
		t.Errorf("%d %s", a.status, listsOf(t, zone))
	}
}

// TestSharedWithLessThanGroup: who is given less by an entry of his own than a group on the list gives him is told of, before and after: on the page, in JSON
// and in a shell. The page that transfers a zone says by which groups its owner stays in.
func TestSharedWithLessThanGroup(t *testing.T) {
	needDemo(t)
	run(t, "shzadm", "group", "add", "zless")
	t.Cleanup(func() { run(t, "groupdel", "shz-zless") })
	run(t, "shzadm", "group", "member", "zless", "carla")
	zone := newZone(t, "group:shz-zless=write")
	at := management + "/" + zone
	if a := english(t, "anna", at+"?find=carla"); !strings.Contains(a.body, "is in the group shz-zless, which is on the list too: May look, download and upload.") {
		t.Errorf("%d %s", a.status, a.body)
	}
	a := form(t, "anna", at, true, "op=share", "principal=user:carla", "access=read")
	if a.status != 200 || !strings.Contains(a.body, `"less":[{"principal":"user:carla","access":"write","through":["group:shz-zless"],"more":false}]`) || !strings.Contains(a.body, `"code":"less"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if out, status := shzadm(t, "zone", "share", zone, "user:carla=drop"); status != 0 || !strings.Contains(out, "does not give all that a group") || !strings.Contains(out, "user:carla=write (group:shz-zless)") {
		t.Errorf("%d %s", status, out)
	}
	if page := followed(t, "anna", english(t, "anna", at, "op=share", "principal=user:carla", "access=read")); !strings.Contains(page.body, "does not give all that the group") || !strings.Contains(page.body, "shz-zless") {
		t.Errorf("%s", page.body)
	}
	if a := form(t, "anna", at, true, "op=share", "principal=user:carla", "access=write"); a.status != 200 || strings.Contains(a.body, `"less"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if page := followed(t, "anna", english(t, "anna", at, "op=share", "principal=user:carla", "access=write")); strings.Contains(page.body, "does not give all") {
		t.Errorf("%s", page.body)
	}
	if a := english(t, "anna", at+"?view=transfer"); !strings.Contains(a.body, "no longer gets in, unless") {
		t.Errorf("%d %s", a.status, a.body)
	}
	run(t, "shzadm", "group", "member", "zless", "anna")
	if a := english(t, "anna", at+"?view=transfer"); !strings.Contains(a.body, "but still gets in") || !strings.Contains(a.body, "shz-zless, which is on the list too: May look") || strings.Contains(a.body, "unless the new owner") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
