package test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
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
		if !strings.Contains(a.body, "Everybody of Share Zone gets into this zone") || !strings.Contains(a.body, `name="op" value="apply"`) || strings.Contains(a.body, "Only the owner gets in so far") {
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
	if out, status := shzadm(t, "zone", "check", zone); status != 1 || !strings.Contains(out, back) || strings.Contains(out, "zone share") {
		t.Errorf("%d %s", status, out)
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
	if slices.ContainsFunc(found[1:], func(d drift) bool { return d.Path == "" }) {
		t.Errorf("the folder itself has what it must have until the zone is another's: %+v", found)
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

// TestZoneOwnEntry: an entry of the owner's own, which says nothing of what he may do, makes him no member.
func TestZoneOwnEntry(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	run(t, "setfacl", "-n", "-m", "u:anna:---", zonePath(zone))
	if z := zoneIn(t, jsonAs(t, "anna", management+"/"+zone)); z.members() != "user:bruno=read" || z.Access != "own" {
		t.Errorf("%+v", z)
	}
	if z := showZone(t, zone); len(z.Members) != 1 {
		t.Errorf("%+v", z)
	}
}

// TestZoneOwnerDemoted: the owner is told what he can still do and who helps, and everybody who tells names the same command.
func TestZoneOwnerDemoted(t *testing.T) {
	zone := newZone(t, "user:carla=read")
	at := management + "/" + zone
	// As if bruno had made it while he was a manager.
	run(t, "sh", "-ec", `chown bruno "$1"; setfacl -n -m d:u:bruno:rwx -x d:u:anna "$1"`, "sh", zonePath(zone))
	for _, page := range []string{at, "/cgi-bin/home", "/cgi-bin/shz/" + zone + "/"} {
		if a := english(t, "bruno", page); a.status != 200 || strings.Contains(a.body, "you can do everything") || !strings.Contains(a.body, "you are no manager") {
			t.Errorf("%s: %d %s", page, a.status, a.body)
		}
	}
	for _, a := range []answer{english(t, "bruno", at+"?view=check"), english(t, "bruno", at, "op=share", "principal=user:carla", "access=write"), english(t, "bruno", at, "op=delete")} {
		if a.status != 403 || !strings.Contains(a.body, "The administrator can make you a manager") || strings.Contains(a.body, "ask the owner") {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	back := "gpasswd -a bruno shzmgr"
	if found := checked(t, "admin", zone); len(found) == 0 || found[0].Kind != "owner" || !slices.Equal(found[0].Mend, []string{back}) {
		t.Errorf("%+v", found)
	}
	if a := english(t, "admin", at+"?view=check"); a.status != 200 || !strings.Contains(a.body, "is no manager any more") || !strings.Contains(a.body, back) || !strings.Contains(a.body, "view=transfer") || strings.Contains(a.body, "only then") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if out, _ := shzadm(t, "doctor"); !strings.Contains(out, back) {
		t.Error(out)
	}
	if out, status := shzadm(t, "zone", "check", zone); status != 1 || !strings.Contains(out, back) {
		t.Errorf("%d %s", status, out)
	}
	run(t, "shzadm", "zone", "transfer", zone, "--owner", "anna") // else nobody closes it
}

func hostname(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/etc/hostname")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestZoneValuesByHand: what somebody wrote into a zone's attributes that is not well formed is said, and saving the settings mends it.
func TestZoneValuesByHand(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	for attr, value := range map[string]string{"expires": "garbage", "max_age": "-5", "notify": "bogus", "title": "a\x1b[2J", "trash": "maybe"} {
		run(t, "setfattr", "-n", "user.shz."+attr, "-v", value, zonePath(zone))
	}
	if z := zoneIn(t, jsonAs(t, "anna", at)); !slices.Equal(z.Problems, []string{"bad-value"}) {
		t.Errorf("%q", z.Problems)
	}
	found := checked(t, "anna", zone)
	if len(found) != 5 || found[0].Kind != "value" || found[0].Apply || found[1].Found != "expires: garbage" || found[1].Mend[0] != "setfattr -h -x user.shz.expires -- "+zonePath(zone) {
		t.Errorf("%+v", found)
	}
	for _, page := range []string{at, at + "?view=check"} {
		if a := curlAs(t, "anna", "-H", "Accept-Language: en", page); a.status != 200 || !strings.Contains(a.body, "save the settings") {
			t.Errorf("%s: %d %s", page, a.status, a.body)
		}
	}
	if a := form(t, "anna", at, false, "op=modify", "title=", "description=", "expires=", "max_age=", "notify="); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if z := zoneIn(t, jsonAs(t, "anna", at)); len(z.Problems) != 0 || len(checked(t, "anna", zone)) != 0 {
		t.Errorf("%+v", z)
	}

	// What is to stay is not forgotten by a form that says nothing of it: its owner chooses anew, also where nothing goes by age.
	run(t, "setfattr", "-n", "user.shz.keep", "-v", "drawings//..", zonePath(zone))
	if a := form(t, "admin", at, true, "op=modify", "title=Drawings"); a.status != 200 || !slices.Equal(zoneIn(t, a).Problems, []string{"bad-keep"}) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if found := checked(t, "anna", zone); len(found) != 1 || len(found[0].Mend) != 0 {
		t.Errorf("%+v", found)
	}
	for _, page := range []string{at, at + "?view=check", at + "?view=ages"} {
		if a := curlAs(t, "anna", "-H", "Accept-Language: en", page); a.status != 200 || !strings.Contains(a.body, "nothing goes because of its age") {
			t.Errorf("%s: %d %s", page, a.status, a.body)
		}
	}
	if a := curlAs(t, "anna", at+"?view=ages"); !strings.Contains(a.body, `name="op" value="keep"`) {
		t.Error(a.body)
	}
	if a := curlAs(t, "anna", at); !strings.Contains(a.body, `?view=ages"`) {
		t.Errorf("no way to the page that it names: %s", a.body)
	}
	write(t, "anna", zonePath(zone, "aged.txt"), "x")
	if a := form(t, "anna", at, false, "op=modify", "max_age=5"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := jsonAs(t, "anna", at+"?view=ages"); !strings.Contains(a.body, `"name":"aged.txt"`) || !strings.Contains(a.body, `"first":null,"soon":0`) || strings.Contains(a.body, `"first":"`) {
		t.Errorf("a day is said on which nothing goes: %s", a.body)
	}
	if a := form(t, "anna", at, false, "op=modify", "max_age="); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := form(t, "anna", at, false, "op=keep"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if z := zoneIn(t, jsonAs(t, "anna", at)); len(z.Problems) != 0 {
		t.Errorf("%+v", z)
	}

	// An administrator's saving takes bad values away too.
	run(t, "setfattr", "-n", "user.shz.trash", "-v", "maybe", zonePath(zone))
	if a := form(t, "admin", at, true, "op=modify", "title=Drawings"); a.status != 200 || len(zoneIn(t, a).Problems) != 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestZoneUnlisted: after setfacl -b of its root nothing offers what would take the members out of the files too; they are named, and
// brought back from the page.
func TestZoneUnlisted(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=read")
	at := management + "/" + zone
	for _, name := range []string{"plan.txt", "second.txt", "third.txt"} {
		write(t, "anna", zonePath(zone, name), "x")
	}
	run(t, "setfacl", "-b", "-k", zonePath(zone))
	again := "shzadm zone share " + zone + " user:bruno=write user:carla=read"
	if found := checked(t, "anna", zone); len(found) != 1 || found[0].Kind != "unlisted" || found[0].Apply || !slices.Equal(found[0].Mend, []string{again}) {
		t.Errorf("%+v", found)
	}
	a := curlAs(t, "anna", "-H", "Accept-Language: en", at+"?view=check")
	if !strings.Contains(a.body, "The list of the zone was lost") || !strings.Contains(a.body, "?find=bruno#share") || !strings.Contains(a.body, again) ||
		strings.Contains(a.body, `value="apply"`) || strings.Contains(a.body, `value="open"`) || strings.Contains(a.body, "shzadm zone apply") {
		t.Errorf("%d %s", a.status, a.body)
	}
	pagetest.Check(t, a.body)
	if got := findings(t, zone); !slices.Equal(got, []string{"zone-unlisted"}) {
		t.Errorf("doctor: %q", got)
	}
	before := listsOf(t, zone)
	if a := english(t, "anna", at, "op=apply"); a.status != 409 || !strings.Contains(a.body, "2 people or groups") || !strings.Contains(a.body, "(bruno)") || !strings.Contains(a.body, "(carla)") || listsOf(t, zone) != before {
		t.Errorf("apply: %d %s", a.status, a.body)
	}
	if a := form(t, "anna", at, true, "op=apply"); a.status != 409 || a.code() != "conflict" || !strings.Contains(a.body, "sure=1") || listsOf(t, zone) != before {
		t.Errorf("apply: %d %s", a.status, a.body)
	}
	if out, status := shzadm(t, "zone", "apply", zone); status != 1 || !strings.Contains(out, " 2 who are in most of the lists") || !strings.Contains(out, again) || listsOf(t, zone) != before {
		t.Errorf("apply: %d %s", status, out)
	}
	if a := form(t, "anna", at, true, "op=open"); a.status != 409 || listsOf(t, zone) != before {
		t.Errorf("open: %d %s", a.status, a.body)
	}
	// What lets more in than the owner is told beside, with what closes it, by everybody who tells.
	run(t, "chmod", "1777", zonePath(zone))
	kinds := ""
	for _, found := range checked(t, "anna", zone) {
		if kinds += found.Kind + " "; found.Apply || found.Kind != "unlisted" && !slices.Equal(found.Mend, []string{"chmod go-rwx " + zonePath(zone)}) {
			t.Errorf("open: %+v", found)
		}
	}
	if !strings.Contains(kinds, "other ") || !strings.Contains(kinds, "unlisted ") {
		t.Errorf("open to everybody: %s", kinds)
	}
	if got := findings(t, zone); !slices.Contains(got, "zone-unlisted") || !slices.Contains(got, "zone-rights") {
		t.Errorf("doctor: %q", got)
	}
	run(t, "chmod", "go-rwx", zonePath(zone))
	for _, row := range [][2]string{{"carla", "read"}, {"bruno", "write"}} {
		user, access := row[0], row[1]
		if a := form(t, "anna", at, true, "op=share", "principal=user:"+user, "access="+access); a.status != 200 {
			t.Errorf("%s: %d %s", user, a.status, a.body)
		}
		if a := curlAs(t, user, "/cgi-bin/shz/"+zone+"/plan.txt"); a.status != 200 {
			t.Errorf("%s: %d", user, a.status)
		}
		if user == "bruno" {
			continue
		}
		// After the first of them the button says whom it would put out, and offers to share with them before.
		a := curlAs(t, "anna", "-H", "Accept-Language: en", at+"?view=check")
		if !strings.Contains(a.body, "without these people” takes them out") || !strings.Contains(a.body, `name="member" value="user:bruno=write" checked`) || !strings.Contains(a.body, "shzadm zone apply "+zone+" --sure") || !strings.Contains(a.body, "without these people") || !strings.Contains(a.body, "?find=bruno#share") || strings.Contains(a.body, "?find=carla#share") {
			t.Errorf("after the first: %d %s", a.status, a.body)
		}
		pagetest.Check(t, a.body)
		// Scripts and the command ask as well.
		lists := listsOf(t, zone)
		if a := english(t, "anna", at, "op=apply"); a.status != 409 || !strings.Contains(a.body, "1 person or group") || !strings.Contains(a.body, "(bruno)") || strings.Contains(a.body, "(carla)") || listsOf(t, zone) != lists {
			t.Errorf("apply after the first: %d %s", a.status, a.body)
		}
		if out, status := shzadm(t, "zone", "check", zone); status != 1 || !strings.Contains(out, "there are still 1: user:bruno=write") || !strings.Contains(out, "shzadm zone apply "+zone+" --sure") {
			t.Errorf("check after the first: %d %s", status, out)
		}
	}
	if found := checked(t, "anna", zone); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	// All of them unticked.
	if a := english(t, "anna", at, "op=share"); a.status != 400 || !strings.Contains(a.body, "Nobody is ticked") {
		t.Errorf("nobody: %d %s", a.status, a.body)
	}

	// Who is sure puts them out, by each of the three ways.
	for name, apply := range map[string]func() bool{
		"page":    func() bool { return english(t, "anna", at, "op=apply", "sure=1").status == 303 },
		"script":  func() bool { return form(t, "anna", at, true, "op=apply", "sure=1").status == 200 },
		"command": func() bool { _, status := shzadm(t, "zone", "apply", zone, "--sure"); return status == 0 },
	} {
		run(t, "shzadm", "zone", "share", zone, "user:bruno=write", "user:carla=read")
		run(t, "setfacl", "-n", "-x", "u:bruno,u:carla", zonePath(zone))
		if !apply() || strings.Contains(listsOf(t, zone), "bruno") || strings.Contains(listsOf(t, zone), "carla") {
			t.Errorf("%s: %s", name, listsOf(t, zone))
		}
	}
}

// TestZoneOddities: what a page says of a list and of folders that somebody made otherwise is what holds.
func TestZoneOddities(t *testing.T) {
	zone := newZone(t, "user:carla=read")
	at := management + "/" + zone
	english := []string{"-H", "Accept-Language: en"}
	var a answer
	run(t, "setfacl", "-n", "-m", "u:bruno:r--,d:u:bruno:r--", zonePath(zone))
	if a := curlAs(t, "anna", append(english, at)...); !strings.Contains(a.body, "On the list with r--, which is none of the rights") || strings.Contains(a.body, "the mask") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if found := checked(t, "anna", zone); len(found) != 2 || found[0].Kind != "odd" || found[0].Found != "user:bruno:r--" || !found[0].Apply {
		t.Errorf("%+v", found)
	}
	if a := curlAs(t, "anna", append(english, at+"?view=check")...); !strings.Contains(a.body, "they can list the names at the top of the zone and nothing more") || !strings.Contains(a.body, "user:bruno:r--") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if out, _ := shzadm(t, "zone", "check", zone); !strings.Contains(out, "with r-- one lists the names at its top and nothing more: user:bruno:r--") {
		t.Error(out)
	}
	if a := form(t, "anna", at, true, "op=apply"); a.status != 200 || len(checked(t, "anna", zone)) != 0 {
		t.Errorf("%d %s", a.status, a.body)
	}

	// What has a reserved name is named, and no link leads where no page is.
	run(t, "sh", "-c", `install -d -o bruno "$1"`, "sh", zonePath(zone, ".shz-hidden"))
	a = curlAs(t, "anna", append(english, at+"?view=check")...)
	if !strings.Contains(a.body, ">.shz-hidden<") || strings.Contains(a.body, "The zone itself") {
		t.Errorf("%d %s", a.status, a.body)
	}
	pagetest.Check(t, a.body)
	run(t, "rmdir", zonePath(zone, ".shz-hidden"))

	// Folders that were shut: nobody else writes there, so nobody removes; a button opens them.
	for _, mode := range []string{"700", "0"} {
		run(t, "sh", "-c", `install -d -o anna -g anna "$1" && chmod "$2" "$1"`, "sh", zonePath(zone, "shut-"+mode), mode)
	}
	for _, d := range checked(t, "anna", zone) {
		if d.Kind == "sticky" {
			t.Errorf("%+v", d)
		}
	}
	a = curlAs(t, "anna", append(english, at+"?view=check")...)
	if !strings.Contains(a.body, `name="op" value="take"`) || !strings.Contains(a.body, `name="raw" value="shut-700"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	pagetest.Check(t, a.body)

	// What root put there: apply says that it is not all.
	run(t, "install", "-m", "600", "/etc/hostname", zonePath(zone, "of-root"))
	a = curlAs(t, "anna", append(english, "-d", "op=apply", at)...)
	if a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), management+"?") {
		t.Errorf("%d %s", a.status, a.header.Get("Location"))
	}
	left := a.header.Get("Location")
	if a := curlAs(t, "anna", append(english, left)...); a.status != 303 || a.header.Get("Location") != at+"?view=check" { // another site's link
		t.Errorf("%d %s", a.status, a.header.Get("Location"))
	}
	a = followed(t, "anna", a)
	pagetest.Check(t, a.body)
	if a.status != 200 || strings.Contains(a.body, "have been put right") || !strings.Contains(a.body, "Done, but something was left as it was") || !strings.Contains(a.body, `href="/cgi-bin/zones/`+zone+`"`) || !strings.Contains(a.body, "of-root") {
		t.Errorf("%d %s", a.status, a.body)
	}
	run(t, "sh", "-c", `install -d -m 1700 "$1"`, "sh", zonePath(zone, "shut-of-root"))
	a = curlAs(t, "anna", append(english, at+"?view=check")...)
	if !strings.Contains(a.body, "only the administrator can give it to the owner") || strings.Contains(a.body, `name="raw" value="shut-of-root"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := curlAs(t, "anna", append(english, at+"?view=who&path=shut-of-root")...); strings.Contains(a.body, `value="take"`) || !strings.Contains(a.body, "only the administrator can give it to the owner") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := curlAs(t, "anna", append(english, "-d", "op=take&raw=shut-of-root", at)...); a.status != 403 || !strings.Contains(a.body, "only the administrator can give it to the owner") {
		t.Errorf("%d %s", a.status, a.body)
	}
	run(t, "rmdir", zonePath(zone, "shut-of-root"))
	if a := curlAs(t, "anna", append(english, at+"?view=check")...); !strings.Contains(a.body, "by the command below") || !strings.Contains(a.body, "shzadm zone take "+zone+" of-root") {
		t.Errorf("%d %s", a.status, a.body)
	}

	run(t, "chmod", "0", zonePath(zone))
	if a := curlAs(t, "anna", append(english, at)...); !strings.Contains(a.body, "shut for everybody, its owner too") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := form(t, "anna", at, true, "op=open"); a.status != 200 || len(zoneIn(t, a).Problems) != 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestZoneSharedAgainWithAll: the button of the check brings all of them back at once, of a zone that lost its list and of one that has a
// part of it, and each is recorded.
func TestZoneSharedAgainWithAll(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=read", "group:shzmgr=read")
	at := management + "/" + zone
	for _, name := range []string{"plan.txt", "second.txt", "third.txt"} {
		write(t, "anna", zonePath(zone, name), "x")
	}
	all := func() []string {
		t.Helper()
		a := curlAs(t, "anna", "-H", "Accept-Language: en", at+"?view=check")
		pagetest.Check(t, a.body)
		var fields []string
		for _, m := range regexp.MustCompile(`name="member" value="([^"]*)"`).FindAllStringSubmatch(a.body, -1) {
			fields = append(fields, "member="+m[1])
		}
		return fields
	}
	for _, lose := range [][]string{{"-b", "-k"}, {"-n", "-x", "u:bruno,g:shzmgr"}} {
		run(t, "setfacl", append(lose, zonePath(zone))...)
		fields := all()
		if len(fields) < 2 {
			t.Fatalf("%s: %q", lose, fields)
		}
		if a := english(t, "anna", at, append([]string{"op=share"}, fields...)...); a.status != 303 || !strings.Contains(a.header.Get("Location"), "view=check") {
			t.Errorf("%s: %d %s", lose, a.status, a.body)
		}
		if found := checked(t, "anna", zone); len(found) != 0 || zoneIn(t, jsonAs(t, "anna", at)).members() != "group:shzmgr=read user:bruno=write user:carla=read" {
			t.Errorf("%s: %+v", lose, found)
		}
	}
	// Whose rights are being taken away is not offered again, nor is what a page says that is older than the list.
	run(t, "setfacl", "-n", "-x", "u:bruno,u:carla", zonePath(zone))
	run(t, "setfattr", "-n", fmt.Sprintf("trusted.shz.narrowing.u%d", uidOf(t, "bruno")), zonePath(zone))
	if fields := all(); !slices.Equal(fields, []string{"member=user:carla=read"}) {
		t.Errorf("bruno's rights were being taken away: %q", fields)
	}
	run(t, "setfattr", "-x", fmt.Sprintf("trusted.shz.narrowing.u%d", uidOf(t, "bruno")), zonePath(zone))
	fields := all()
	run(t, "shzadm", "zone", "share", zone, "user:bruno=read", "user:carla=read")
	if a := english(t, "anna", at, append([]string{"op=share"}, fields...)...); a.status != 409 || zoneIn(t, jsonAs(t, "anna", at)).members() != "group:shzmgr=read user:bruno=read user:carla=read" {
		t.Errorf("an old page: %d %s", a.status, a.body)
	}
	work(t)
	found := actsAs(t, "anna", "/"+zone).names()
	for _, member := range []string{"user:bruno=write", "user:carla=read", "group:shzmgr=read"} {
		if !slices.Contains(found, "zone-share anna "+member+" ok") {
			t.Errorf("%s is not in %q", member, found)
		}
	}
	for _, fields := range [][]string{{"member=user:bruno"}, {"member=bruno=read"}, {"member=user:bruno=own"}, {"member=user:bruno=read", "access=read"}, {"member="}} {
		if a := form(t, "anna", at, true, append([]string{"op=share"}, fields...)...); a.status != 400 {
			t.Errorf("%q: %d %s", fields, a.status, a.body)
		}
	}
	if a := form(t, "bruno", at, true, "op=share", "member=user:bruno=write"); a.status != 403 {
		t.Errorf("bruno: %d %s", a.status, a.body)
	}
	if a := form(t, "anna", at, false, "op=share", "member=group:adm=read", "member=user:nobody-here=read"); a.status != 400 || strings.Contains(zoneIn(t, jsonAs(t, "anna", at)).members(), "group:adm") {
		t.Errorf("the second is refused, so the first is not done: %d %s %s", a.status, a.body, zoneIn(t, jsonAs(t, "anna", at)).members())
	}
}
