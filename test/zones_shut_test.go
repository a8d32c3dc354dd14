package test

import (
	"slices"
	"strings"
	"testing"

	"sharezone/internal/page/pagetest"
)

// Files and zones that somebody shut, or that lost their lists: what is said, and who opens them.

// TestShutFiles: the check names a file that those whom the zone lets in do not get at, with the line that opens it; who brought it opens it from
// the page, and nobody else.
func TestShutFiles(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=read")
	at, files := management+"/"+zone, "/cgi-bin/shz/"+zone+"/"
	for user, name := range map[string]string{"anna": "hers", "bruno": "-his one"} {
		if a := curlAs(t, user, "-T", "/etc/hostname", files+strings.ReplaceAll(name, " ", "%20")); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	run(t, "setfacl", "-b", zonePath(zone)+"/hers")
	run(t, "chmod", "600", zonePath(zone)+"/-his one")
	if out, status := shzadm(t, "zone", "apply", zone); status != 0 {
		t.Errorf("%d %s", status, out)
	}
	shut := checked(t, "anna", zone)
	if len(shut) != 2 || shut[0].Kind != "shut" || shut[1].Kind != "shut" || shut[0].Apply {
		t.Fatalf("%+v", shut)
	}
	for _, mend := range []string{"shzadm zone open " + zone + " hers", "shzadm zone open " + zone + " -- '-his one'"} {
		if !slices.ContainsFunc(shut, func(d drift) bool { return slices.Equal(d.Mend, []string{mend}) }) {
			t.Errorf("%+v lacks %s", shut, mend)
		}
	}
	if out, status := shzadm(t, "zone", "check", zone); status != 1 || strings.Count(out, "shzadm zone open") != 2 {
		t.Errorf("%d %s", status, out)
	}
	a := curlAs(t, "anna", "-H", "Accept-Language: en", at+"?view=check")
	if strings.Count(a.body, `value="open"`) != 1 || !strings.Contains(a.body, `name="raw" value="hers"`) || !strings.Contains(a.body, "brought by") {
		t.Errorf("%d %s", a.status, a.body)
	}
	pagetest.Check(t, a.body)
	for user, status := range map[string]int{"anna": 403, "admin": 403, "bruno": 403} { // bruno is no manager
		if a := form(t, user, at, true, "op=open", "path=-his one"); a.status != status || user == "anna" && !strings.Contains(a.body, "L'ha portato e chiuso un altro") && !strings.Contains(a.body, "Somebody else brought this") {
			t.Errorf("%s: %d %s", user, a.status, a.body)
		}
	}
	for _, path := range []string{"", "nothing", "..", "hers/x"} {
		if a := form(t, "anna", at, true, "op=open", "path="+path); a.status != 400 && a.status != 404 {
			t.Errorf("%q: %d %s", path, a.status, a.body)
		}
	}
	if a := curlAs(t, "carla", files+"hers"); a.status != 403 {
		t.Errorf("carla before it: %d", a.status)
	}
	if a := form(t, "anna", at, false, "op=open", "raw=hers"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := curlAs(t, "carla", files+"hers"); a.status != 200 {
		t.Errorf("carla after it: %d", a.status)
	}
	if out, status := shzadm(t, "zone", "open", zone, "--", "-his one"); status != 0 || len(checked(t, "anna", zone)) != 0 {
		t.Errorf("%d %s", status, out)
	}
	if out, status := shzadm(t, "zone", "open", zone, "nothing"); status != 1 || !strings.Contains(out, "nothing") {
		t.Errorf("%d %s", status, out)
	}
}

// TestZoneLostAllLists: what is said of a zone without any list is true, before and after it is put right; then it can be shared again.
func TestZoneLostAllLists(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	at, files := management+"/"+zone, "/cgi-bin/shz/"+zone+"/"
	if a := curlAs(t, "anna", "-T", "/etc/hostname", files+"file"); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	run(t, "setfacl", "-R", "-b", "-k", zonePath(zone))
	english := func(path string) string {
		a := curlAs(t, "anna", "-H", "Accept-Language: en", path)
		pagetest.Check(t, a.body)
		return a.body
	}
	if page := english(at + "?view=check"); !strings.Contains(page, "has no list any more") || !strings.Contains(page, `value="apply"`) || strings.Contains(page, `value="open"`) || strings.Contains(page, "everybody on the list") {
		t.Error(page)
	}
	if a := form(t, "anna", at, true, "op=apply"); a.status != 200 || len(zoneIn(t, a).Problems) != 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if page := english(at); !strings.Contains(page, "Only the owner gets in so far") || strings.Contains(page, "shut") {
		t.Error(page)
	}
	if a := form(t, "anna", at, true, "op=share", "principal=user:bruno", "access=read"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := curlAs(t, "bruno", files+"file"); a.status != 200 {
		t.Errorf("bruno: %d", a.status)
	}
	if found := checked(t, "anna", zone); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	// A zone that is shut and shared with nobody is told as that.
	if a := form(t, "anna", at, true, "op=share", "principal=user:bruno", "access=none"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	run(t, "chmod", "700", zonePath(zone))
	if page := english(at); !strings.Contains(page, "names nobody") || !strings.Contains(page, `value="open"`) {
		t.Error(page)
	}
}

// TestShutSaysWhoIsListed: in a zone that is shut, or of a file in it, those on the list are told as that, with the mask that keeps them out.
func TestShutSaysWhoIsListed(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	at := management + "/" + zone + "?view=who"
	if a := curlAs(t, "anna", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/file"); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	run(t, "chmod", "700", zonePath(zone))
	for _, path := range []string{"", "file"} {
		if a := jsonAs(t, "anna", at+"&as=bruno&path="+path); !strings.Contains(a.body, `"entry":"user:bruno","perm":"rwx","masked":true,"mask":"---"`) {
			t.Errorf("%q: %d %s", path, a.status, a.body)
		}
		if a := english(t, "anna", at+"&as=bruno&path="+path); !strings.Contains(a.body, "in the list by name; with rwx, of which") || !strings.Contains(a.body, "leave --- (mask)") || strings.Contains(a.body, "not in the list") {
			t.Errorf("%q: %d %s", path, a.status, a.body)
		}
		if out, status := shzadm(t, append([]string{"zone", "who", zone, "--as", "bruno"}, strings.Fields(path)...)...); status != 0 || !strings.Contains(out, "user:bruno rwx, mask ---") {
			t.Errorf("%q: %d %s", path, status, out)
		}
		if out, _ := shzadm(t, append([]string{"zone", "who", zone, "--as", "carla"}, strings.Fields(path)...)...); !strings.Contains(out, "other ---") {
			t.Errorf("%q: %s", path, out)
		}
	}
}

// TestShutOut: whom the permissions of the folder keep out of the own zone is told so, and opens it.
func TestShutOut(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	at := management + "/" + zone
	for _, mode := range []string{"1070", "0070", "1570"} {
		run(t, "chmod", mode, zonePath(zone))
		if z := zoneIn(t, jsonAs(t, "anna", at)); !slices.Equal(z.Problems, []string{"shut"}) {
			t.Errorf("%s: %q", mode, z.Problems)
		}
		if a := english(t, "anna", at); !strings.Contains(a.body, "keep from its owner what is the owner's") || !strings.Contains(a.body, `value="open"`) {
			t.Errorf("%s: %d %s", mode, a.status, a.body)
		}
		if out, _ := shzadm(t, "zone", "show", zone); !strings.Contains(out, "or its owner") {
			t.Errorf("%s: %s", mode, out)
		}
		if a := form(t, "anna", at, true, "op=open"); a.status != 200 || len(zoneIn(t, a).Problems) != 0 || zoneIn(t, a).Access != "own" || len(checked(t, "anna", zone)) != 0 {
			t.Errorf("%s: %d %s", mode, a.status, a.body)
		}
	}
}

// TestShutOutIsLedToHisZone: who is shut out of his own zone finds it on his first page with that mark, and whatever he asks of its files he is not
// told to ask the owner, but where he opens it. Nobody else is told that, nor he himself when it is open.
func TestShutOutIsLedToHisZone(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	if a := curlAs(t, "anna", "-T", "/etc/hostname", folder+"file"); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	listed := func(user string) (access string) {
		t.Helper()
		for _, z := range zonesIn(t, jsonAs(t, user, "/cgi-bin/home")) {
			if z.Name == zone {
				access = z.Access
			}
		}
		return access
	}
	page := func(path string) answer {
		t.Helper()
		a := curlAs(t, "anna", "-H", "Accept-Language: en", path)
		pagetest.Check(t, a.body)
		return a
	}
	all := [][]string{{folder}, {folder + "file"}, {"-T", "/etc/hostname", folder + "new"}, {"-d", "op=mkdir&name=made", folder}, {"-F", "file=@/etc/hostname", folder}}
	for _, mode := range []struct {
		mode, access string
		refused      [][]string
	}{
		{"1070", "none", all}, {"1670", "none", all}, {"1570", "read", [][]string{{"-T", "/etc/hostname", folder + "more"}}}, {"1370", "drop", nil},
	} {
		run(t, "chmod", mode.mode, zonePath(zone))
		if got := listed("anna"); got != mode.access {
			t.Errorf("%s: access %q on the first page", mode.mode, got)
		}
		a := page("/cgi-bin/home")
		at := strings.Index(a.body, `<bdi dir="auto">`+zone)
		if at < 0 {
			t.Fatalf("%s: %s", mode.mode, a.body)
		}
		item, _, _ := strings.Cut(a.body[at:], "</li>")
		mark := "Restricted for you"
		if mode.access == "none" {
			mark = "Shut to you"
		}
		for _, want := range []string{">" + mark + "<", "mode " + mode.mode, `href="/cgi-bin/zones/` + zone + `"`, "You can open it again on its page"} {
			if !strings.Contains(item, want) {
				t.Errorf("%s: the first page lacks %q: %s", mode.mode, want, item)
			}
		}
		for _, request := range mode.refused {
			if a := jsonAs(t, "anna", append([]string{"-H", "Accept-Language: it"}, request...)...); !strings.Contains(a.body, "Quest'area è tua") || strings.Contains(a.body, "chiedilo al proprietario") {
				t.Errorf("%s %q: %d %s", mode.mode, request, a.status, a.body)
			}
			if a := curlAs(t, "bruno", request...); strings.Contains(a.body, "yours") || strings.Contains(a.body, "è tua") {
				t.Errorf("%s %q: bruno is told %s", mode.mode, request, a.body)
			}
		}
		if mode.access != "none" { // a page of the folder is shown
			continue
		}
		if a := page(folder); a.status != 403 || !strings.Contains(a.body, `class="btn btn-primary" href="/cgi-bin/zones/`+zone+`"`) {
			t.Errorf("%s: %d %s", mode.mode, a.status, a.body)
		}
	}
	if a := form(t, "anna", management+"/"+zone, true, "op=open"); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := english(t, "anna", "/cgi-bin/home"); listed("anna") != "own" || strings.Contains(a.body, "Shut to you") || strings.Contains(a.body, "Restricted for you") {
		t.Errorf("%s", a.body)
	}
	run(t, "install", "-d", "-o", "bruno", "-m", "1700", zonePath(zone)+"/his")
	if a := english(t, "anna", folder+"his/"); a.status != 403 || strings.Contains(a.body, "yours") {
		t.Errorf("what another shut in it: %d %s", a.status, a.body)
	}
}

// TestShutOutWhereTheRootDecides: the owner of a zone whose mode keeps something from him is told so of what its root refuses, and of nothing that
// the kernel refused elsewhere, in another zone or in a folder that somebody else shut.
func TestShutOutWhereTheRootDecides(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	manager(t, "heir")
	other := zone + "-heir"
	clearZones(t, other)
	run(t, "shzadm", "zone", "add", other, "--owner", "heir")
	run(t, "shzadm", "zone", "share", other, "user:anna=read")
	folder := "/cgi-bin/shz/" + zone + "/"
	if a := jsonAs(t, "anna", "-d", "op=mkdir&name=mine", folder); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, name := range []string{"file", "mine/below"} {
		put(t, "anna", zone, name)
	}
	run(t, "install", "-d", "-o", "bruno", "-m", "1700", zonePath(zone, "his"))
	run(t, "install", "-d", "-o", "heir", "-m", "1700", zonePath(other, "shut"))
	run(t, "install", "-o", "bruno", "-m", "600", "/etc/hostname", zonePath(zone, "unread"))
	for _, c := range []struct {
		mode    string
		told    bool
		request []string
	}{
		{"1570", true, []string{"-d", "op=mkdir&name=made", folder}},
		{"1570", true, []string{"-d", "op=delete&name=file", folder}},
		{"1570", true, []string{"-d", "op=copy&name=below&to=/" + zone + "/", folder + "mine/"}},
		{"1570", false, []string{"-d", "op=copy&name=file&to=/" + other + "/", folder}},
		{"1570", false, []string{"-d", "op=copy&name=file&to=/" + other + "/shut/", folder}},
		{"1570", false, []string{"-d", "op=copy&name=file&to=/" + zone + "/his/", folder}},
		{"1570", false, []string{folder + "his/"}},
		{"1570", false, []string{folder + "unread"}},
		{"1570", false, []string{"-T", "/etc/hostname", folder + "his/new"}},
		{"1570", false, []string{"-d", "op=mkdir&name=made", folder + "his/"}},
		{"1370", true, []string{folder + "?archive=zip"}},
		{"1370", false, []string{folder + "his/"}},
		{"1370", false, []string{folder + "unread"}},
		{"1370", false, []string{"-d", "op=mkdir&name=made", folder + "his/"}},
		{"1070", true, []string{folder + "his/"}},
		{"1070", true, []string{"-d", "op=copy&name=file&to=/" + other + "/", folder}},
	} {
		run(t, "chmod", c.mode, zonePath(zone))
		a := jsonAs(t, "anna", append([]string{"-H", "Accept-Language: it"}, c.request...)...)
		if told := strings.Contains(a.body, "Quest'area è tua"); told != c.told || !strings.Contains(a.body, "not-permitted") {
			t.Errorf("%s %q: %d %s", c.mode, c.request, a.status, a.body)
		}
	}
	run(t, "chmod", "1570", zonePath(zone))
	if a := english(t, "anna", folder+"?ask=copy&raw=file&at=/"+other+"/shut/"); a.status != 403 || strings.Contains(a.body, "is yours") {
		t.Errorf("choosing a target: %d %s", a.status, a.body)
	}
	// What was thrown away goes back where it was, and there another may have shut it out.
	run(t, "chmod", "1770", zonePath(zone))
	says(t, "anna", folder+"mine/", "ok", "op=delete", "name=below")
	id := inTrash(t, "anna", zone, "below").ID
	run(t, "chown", "bruno:", zonePath(zone, "mine"))
	run(t, "setfacl", "-b", zonePath(zone, "mine"))
	run(t, "chmod", "700", zonePath(zone, "mine"))
	run(t, "chmod", "1570", zonePath(zone))
	for to, told := range map[string]bool{"": false, "&to=/" + zone + "/": true} {
		a := jsonAs(t, "anna", "-H", "Accept-Language: it", "-d", "op=restore&id="+id+to, folder)
		if strings.Contains(a.body, "Quest'area è tua") != told || !strings.Contains(a.body, "not-permitted") {
			t.Errorf("restore%s: %d %s", to, a.status, a.body)
		}
	}
}

// TestRefusalsHaveSentences: what is reserved, what is no folder, and a zone that was given away say so.
func TestRefusalsHaveSentences(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	at := management + "/" + zone
	if a := curlAs(t, "bruno", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/file"); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, field := range []string{"path", "raw"} {
		for _, name := range []string{".shz-trash-77", ".shz-x"} {
			if a := english(t, "anna", at, "op=remove", field+"="+name); a.status != 404 || !strings.Contains(a.body, "are Share Zone's own") {
				t.Errorf("%s=%s: %d %s", field, name, a.status, a.body)
			}
		}
	}
	run(t, "install", "-d", "-o", "bruno", "-g", "bruno", zonePath(zone)+"/.shz-trash-77")
	if a := form(t, "anna", at, true, "op=remove", "path=.shz-trash-77"); a.status != 200 || !strings.Contains(a.body, `"status":"ok"`) || exists(zonePath(zone)+"/.shz-trash-77") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := english(t, "anna", at, "op=take", "path=file"); a.status != 400 || !strings.Contains(a.body, "only a folder can be made the zone owner's") {
		t.Errorf("%d %s", a.status, a.body)
	}
	run(t, "chown", "admin", zonePath(zone))
	if a := english(t, "anna", at); a.status != 403 || !strings.Contains(a.body, "belongs to") || !strings.Contains(a.body, "(admin) now") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := english(t, "carla", at); a.status != 403 || strings.Contains(a.body, "belongs to") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
