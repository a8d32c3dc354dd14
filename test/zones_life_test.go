package test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/page/pagetest"
)

// What becomes of zones: found, shared, changed by hand, handed over, closed, restored.

// TestZonesTwoTabs: settings that were changed since a form was opened are not overwritten unasked, and what was typed stays.
func TestZonesTwoTabs(t *testing.T) {
	zone := newZone(t)
	address := management + "/" + zone
	first := stampOf(t, curlAs(t, "anna", address+"?view=settings"))
	if a := form(t, "anna", address, false, "op=modify", "seen="+first, "title=One", "expires=2098-12-31"); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	// A form that comes back says still what it was filled from: refused for another reason, or carried over a login.
	for _, fields := range []string{"expires=nonsense", "title=&shz-again=1"} {
		if a := curlAs(t, "anna", "-d", "op=modify&seen="+first+"&"+fields, address); stampOf(t, a) != first {
			t.Errorf("%s: the next press would undo the change of another unasked: %d %s", fields, a.status, a.body)
		}
	}
	late := curlAs(t, "anna", "-H", "Accept-Language: en", "--data-urlencode", "op=modify", "--data-urlencode", "seen="+first,
		"--data-urlencode", "title=Mine", "--data-urlencode", "description=Two & typed", "--data-urlencode", "expires=", address)
	for _, part := range []string{"since you opened this page", "Title is now: One.", `value="Mine"`, "Two &amp; typed", `value="2098-12-31"`, "--title Mine --description &#39;Two &amp; typed&#39; --expires 2098-12-31"} {
		if late.status != 409 || !strings.Contains(late.body, part) || strings.Contains(late.body, "Last day is now") {
			t.Errorf("no %s: %d %s", part, late.status, late.body)
		}
	}
	if z := zonesIn(t, jsonAs(t, "anna", management+"?name="+zone))[0]; z.Title == nil || *z.Title != "One" {
		t.Errorf("the second form overwrote the first: %+v", z)
	}
	if a := form(t, "anna", address, false, "op=modify", "seen="+stampOf(t, late), "title=Two"); a.status != 200 {
		t.Errorf("pressed again: %d %s", a.status, a.body)
	}
	// What nobody touched in the old page stays as somebody else has made it.
	if a := curlAs(t, "anna", "-d", "op=modify&seen="+first+"&title=&description=Mine&expires=&max_age=&notify=&trash=on", address); a.status != 303 {
		t.Errorf("another field: %d %s", a.status, a.body)
	}
	if z := zoneIn(t, jsonAs(t, "anna", address)); z.Title == nil || *z.Title != "Two" || z.Description == nil || *z.Description != "Mine" || z.Expires == nil || *z.Expires != "2098-12-31" {
		t.Errorf("%+v", z)
	}
}

// stampOf is what a page's form says that it was filled from.
func stampOf(t *testing.T, page answer) string {
	t.Helper()
	found := regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`).FindStringSubmatch(page.body)
	if found == nil {
		t.Fatalf("no stamp: %d %s", page.status, page.body)
	}
	return found[1]
}

// TestZonesSearch: who finds what by which criterion.
func TestZonesSearch(t *testing.T) {
	clearZones(t, "zs-one", "zs-two", "zs-three")
	manager(t, "zs-marta")
	run(t, "shzadm", "zone", "add", "zs-one", "--owner", "anna", "--title", "Müller & Söhne", "--description", "first\nsecond", "--expires", "2098-06-30")
	run(t, "shzadm", "zone", "add", "zs-two", "--owner", "zs-marta", "--title", "Other")
	run(t, "shzadm", "zone", "add", "zs-three", "--owner", "anna")
	run(t, "shzadm", "zone", "share", "zs-one", "user:bruno=read", "user:carla=drop")
	run(t, "shzadm", "zone", "share", "zs-two", "group:shzadmin=read")
	run(t, "shzadm", "zone", "close", "zs-three")
	for _, row := range []struct{ user, query, want string }{
		{"anna", "name=zs-", "zs-one"}, {"anna", "name=zs-*&state=all", "zs-one zs-three"}, {"anna", "name=zs-*&state=closed", "zs-three"},
		{"anna", "name=ZS-ONE", "zs-one"}, {"anna", "name=zs-tw?", ""}, {"anna", "name=zs-one&owner=anna", "zs-one"}, {"anna", "name=zs-one&owner=admin", ""},
		{"anna", "text=" + url.QueryEscape("müller söhne"), "zs-one"}, {"anna", "text=second", "zs-one"}, {"anna", "text=second+nothing", ""},
		{"anna", "name=zs-&expires_before=2098-06-30", ""}, {"anna", "name=zs-&expires_before=2098-07-01", "zs-one"},
		{"anna", "name=zs-&member=bruno", "zs-one"}, {"anna", "name=zs-&member=user:carla", "zs-one"}, {"anna", "name=zs-&member=group:carla", ""},
		{"bruno", "name=zs-", "zs-one"}, {"bruno", "name=zs-&mine=1", ""}, {"anna", "name=zs-&mine=1", "zs-one zs-three"},
		{"anna", "name=zs-&mine=1&state=open", "zs-one"}, {"anna", "name=zs-&mine=1&state=closed", "zs-three"}, {"bruno", "name=zs-&owner=anna&state=all", "zs-one"},
		{"carla", "name=zs-", "zs-one"}, {"carla", "text=second", ""}, // what she may only deliver to does not show its description
		// Who is a member of what is not for members to find out, but for oneself.
		{"bruno", "name=zs-&member=bruno", "zs-one"}, {"bruno", "name=zs-&member=carla", ""}, {"carla", "name=zs-&member=bruno", ""},
		{"admin", "name=zs-", "zs-one zs-two"}, {"admin", "name=zs-*&state=all", "zs-one zs-three zs-two"}, {"admin", "text=Müller", "zs-one"},
		{"admin", "name=zs-&owner=zs-marta", "zs-two"}, {"admin", "name=zs-&member=bruno", "zs-one"}, {"admin", "name=zs-&mine=1", ""},
	} {
		if got := namesOf(zonesIn(t, jsonAs(t, row.user, management+"?"+row.query))); got != row.want {
			t.Errorf("%s, %s: %q, not %q", row.user, row.query, got, row.want)
		}
	}
	// An administrator does not read the contents by that.
	z := zonesIn(t, jsonAs(t, "admin", management+"?name=zs-one"))[0]
	if z.Access != "none" || z.Title == nil || *z.Title != "Müller & Söhne" || z.members() != "user:bruno=read user:carla=drop" {
		t.Errorf("%+v", z)
	}
	if a := jsonAs(t, "admin", "/cgi-bin/shz/zs-one/"); a.status != 403 {
		t.Errorf("the administrator reads it: %d %s", a.status, a.body)
	}
	for user, members := range map[string]string{"bruno": "user:bruno=read", "carla": "user:carla=drop"} {
		if z := zonesIn(t, jsonAs(t, user, management+"?name=zs-one"))[0]; z.members() != members {
			t.Errorf("%s: %q", user, z.members())
		}
	}
	page := curlAs(t, "bruno", "-H", "Accept-Language: en", management+"/zs-one")
	if page.status != 200 || strings.Contains(page.body, "carla") || strings.Contains(page.body, "<select") {
		t.Errorf("a member's page: %d %s", page.status, page.body)
	}
}

// TestZonesAndTools: what the page does shows in the shell's tools, and what is done with them on the page.
func TestZonesAndTools(t *testing.T) {
	const name = "zt-tools"
	clearZones(t, name, name+"-moved")
	at := management + "/" + name
	do := func(fields ...string) zoneFound {
		t.Helper()
		a := form(t, "anna", at, true, fields...)
		if a.status != 200 && a.status != 201 {
			t.Fatalf("%q: %d %s", fields, a.status, a.body)
		}
		return zoneIn(t, a)
	}
	if a := form(t, "anna", management, true, "op=create", "name="+name, "title=Angebote", "expires=2098-01-31", "max_age=10"); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	root := zonePath(name)
	byRoot := "zt-tools-root"
	clearZones(t, byRoot)
	run(t, "shzadm", "zone", "add", byRoot, "--owner", "anna", "--title", "Angebote", "--expires", "2098-01-31", "--max-age", "10")
	for _, tool := range [][]string{{"getfacl", "-cp"}, {"stat", "-c", "%U:%G %a"}} {
		own, roots := run(t, tool[0], append(tool[1:], root)...), run(t, tool[0], append(tool[1:], zonePath(byRoot))...)
		if own != roots {
			t.Errorf("%s: %s, made by root: %s", tool[0], own, roots)
		}
	}
	attr := func(name string) string {
		out, _ := exec.Command("getfattr", "--only-values", "--absolute-names", "-n", "user.shz."+name, root).Output()
		return string(out)
	}
	if attr("title") != "Angebote" || attr("expires") != "2098-01-31" || attr("max_age") != "10" || len(attr("id")) != 32 {
		t.Errorf("%s %s %s %s", attr("title"), attr("expires"), attr("max_age"), attr("id"))
	}
	do("op=share", "principal=user:bruno", "access=write")
	do("op=share", "principal=group:shzmgr", "access=drop")
	acl := run(t, "getfacl", "-cp", root)
	for _, line := range []string{"user:bruno:rwx", "group:shzmgr:-wx", "default:user:bruno:rwx"} {
		if !strings.Contains(acl, "\n"+line+"\n") {
			t.Errorf("no %s in %s", line, acl)
		}
	}
	// And back: setfacl, setfattr, mv.
	run(t, "setfacl", "-x", "u:bruno,d:u:bruno", "-m", "u:carla:r-x,d:u:carla:r-x", root)
	if out, status := asUser(t, "anna", "setfattr", "-n", "user.shz.title", "-v", "By hand", root); status != 0 {
		t.Fatal(out)
	}
	z := zoneIn(t, jsonAs(t, "anna", at))
	if *z.Title != "By hand" || z.members() != "group:shzmgr=drop user:carla=read" {
		t.Errorf("%+v", z)
	}
	id := attr("id")
	if out, status := asUser(t, "anna", "mv", root, root+"-moved"); status != 0 {
		t.Fatal(out)
	}
	if a := jsonAs(t, "anna", at); a.status != 404 {
		t.Errorf("the old name: %d", a.status)
	}
	at += "-moved"
	if z := do("op=modify", "title=Moved"); *z.Title != "Moved" {
		t.Errorf("%+v", z)
	}
	events := run(t, "shzadm", "activity", name+"-moved")
	for _, line := range []string{"zone-create", "zone-share", "user:bruno=write", "zone-modify"} {
		if !strings.Contains(events, line) {
			t.Errorf("no %s in\n%s", line, events)
		}
	}
	if len(id) != 32 || strings.Count(events, "zone-create") != 1 {
		t.Errorf("%q:\n%s", id, events)
	}
}

// TestZonesLife: share, downgrade, revoke; extend, transfer, close, restore.
func TestZonesLife(t *testing.T) {
	const name = "zl-life"
	clearZones(t, name)
	manager(t, "zl-marta")
	at := management + "/" + name
	do := func(user string, fields ...string) zoneFound {
		t.Helper()
		a := form(t, user, at, true, fields...)
		if a.status != 200 {
			t.Fatalf("%s %q: %d %s", user, fields, a.status, a.body)
		}
		return zoneIn(t, a)
	}
	if a := form(t, "anna", management, true, "op=create", "name="+name); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	folder := "/cgi-bin/shz/" + name + "/"
	put := func(user, file string) int {
		return jsonAs(t, user, "-T", "/etc/hostname", folder+file).status
	}
	if got := put("bruno", "x"); got != 403 {
		t.Errorf("before: %d", got)
	}
	do("anna", "op=share", "principal=user:bruno", "access=write")
	if got := put("bruno", "brunos.txt"); got != 201 {
		t.Errorf("write: %d", got)
	}
	if out, status := asUser(t, "bruno", "sh", "-c", `mkdir "$1/shut" && chmod 700 "$1/shut" && echo x >"$1/shut/in.txt"`, "sh", zonePath(name)); status != 0 {
		t.Fatal(out)
	}
	do("anna", "op=share", "principal=user:bruno", "access=read")
	if got := put("bruno", "more"); got != 403 {
		t.Errorf("read: %d", got)
	}
	do("anna", "op=share", "principal=user:carla", "access=drop")
	if a := jsonAs(t, "carla", folder); !strings.Contains(a.body, `"total":null`) || put("carla", "delivery") != 201 || put("carla", "delivery") != 409 {
		t.Errorf("drop: %s", a.body)
	}
	// What somebody made in it the owner takes and removes.
	z := zoneIn(t, form(t, "anna", at, true, "op=take", "path=shut"))
	if z.Name != name || strings.TrimSpace(run(t, "stat", "-c", "%U", zonePath(name, "shut"))) != "anna" || strings.TrimSpace(run(t, "stat", "-c", "%U", zonePath(name, "shut", "in.txt"))) != "bruno" {
		t.Errorf("take: %+v", z)
	}
	if a := form(t, "anna", at, false, "op=remove", "path=brunos.txt", "path=shut", "path=nothing"); a.status != 200 || strings.Count(a.body, `"ok"`) != 2 ||
		!strings.Contains(a.body, `"not-found"`) || exists(zonePath(name, "brunos.txt")) || exists(zonePath(name, "shut")) {
		t.Errorf("remove: %d %s", a.status, a.body)
	}
	do("anna", "op=share", "principal=user:bruno", "access=none")
	if a := jsonAs(t, "bruno", folder); a.status != 403 {
		t.Errorf("revoked: %d", a.status)
	}
	if z := do("anna", "op=modify", "expires=2098-02-28"); *z.Expires != "2098-02-28" {
		t.Errorf("%+v", z)
	}
	z = do("anna", "op=transfer", "owner=zl-marta")
	if z.Owner != "zl-marta" || strings.TrimSpace(run(t, "stat", "-c", "%U", zonePath(name))) != "zl-marta" || jsonAs(t, "anna", at).status != 403 {
		t.Errorf("transfer: %+v", z)
	}
	if a := form(t, "anna", at, true, "op=delete"); a.status != 403 {
		t.Errorf("the old owner closes it: %d", a.status)
	}
	z = do("admin", "op=delete")
	if z.State != "closed" || exists(zonePath(name)) || !exists(layout.Closed+"/"+name) || jsonAs(t, "carla", folder).status != 404 {
		t.Errorf("close: %+v", z)
	}
	if a := form(t, "anna", at, true, "op=restore"); a.status != 403 && a.status != 404 {
		t.Errorf("the old owner restores it: %d %s", a.status, a.body)
	}
	z = do("admin", "op=restore")
	if z.State != "open" || z.Owner != "zl-marta" || z.members() != "user:carla=drop" || put("carla", "again") != 201 {
		t.Errorf("restore: %+v", z)
	}
	if out, _ := command(t, "shzadm", "doctor", "--json"); strings.Contains(out, name) || !strings.Contains(out, `"checks"`) {
		t.Errorf("doctor: %s", out)
	}
	events := run(t, "shzadm", "activity", name)
	for _, line := range []string{"zone-create", "user:bruno=write", "user:bruno=none", "user:zl-marta", "zone-close", "zone-restore", "brunos.txt", "shut"} {
		if !strings.Contains(events, line) {
			t.Errorf("no %s in\n%s", line, events)
		}
	}
}

// TestRevokedDuringDownload: a transfer under way ends as it began, and nothing new begins.
func TestRevokedDuringDownload(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	source := randomFile(t, 8<<20)
	if a := curlAs(t, "anna", "-T", source, "/cgi-bin/shz/"+zone+"/drawing.bin"); a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	got := filepath.Join(t.TempDir(), "got")
	slow := curlCommand(t, "-b", jar(t, "bruno"), "--limit-rate", "3M", "-f", "-o", got, "/cgi-bin/shz/"+zone+"/drawing.bin")
	if err := slow.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		if st, err := os.Stat(got); err == nil && st.Size() > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if a := form(t, "anna", management+"/"+zone, true, "op=share", "principal=user:bruno", "access=none"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, path := range []string{"drawing.bin", ""} {
		if a := jsonAs(t, "bruno", "/cgi-bin/shz/"+zone+"/"+path); a.status != 403 {
			t.Errorf("%q afterwards: %d", path, a.status)
		}
	}
	if err := slow.Wait(); err != nil {
		t.Errorf("the download: %v", err)
	}
	if read(t, got) != read(t, source) {
		t.Error("the download is not whole")
	}
}

// TestZonesPolicy: the site's rules for expiry and age hold for owners too.
func TestZonesPolicy(t *testing.T) {
	clearZones(t, "zp-new")
	zone := newZone(t)
	setConfig(t, "[zones]\nmax_expiry_days = 30\ndefault_expiry_days = 10\ndefault_max_age_days = 5\n")
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	at := management + "/" + zone
	for _, row := range []struct {
		fields []string
		status int
		has    string
	}{
		{[]string{"op=modify", "expires=" + day(31)}, 400, ""}, {[]string{"op=modify", "expires="}, 200, `"expires":null`}, // it has none, and keeps that
		{[]string{"op=modify", "expires=" + day(30)}, 200, day(30)}, {[]string{"op=modify", "expires="}, 400, ""}, {[]string{"op=modify", "expires=" + day(-1)}, 400, ""},
	} {
		if a := form(t, "anna", at, true, row.fields...); a.status != row.status || !strings.Contains(a.body, row.has) {
			t.Errorf("%q: %d %s", row.fields, a.status, a.body)
		}
	}
	a := form(t, "anna", management, true, "op=create", "name=zp-new")
	if z := zoneIn(t, a); *z.Expires != day(10) || *z.MaxAge != 5 {
		t.Errorf("%s", a.body)
	}
	clearZones(t, "zp-new")
	if a = objectAs(t, "anna", management, `{"op":"create","name":"zp-new","expires":null,"max_age":null}`); a.status != 201 || *zoneIn(t, a).Expires != day(10) || *zoneIn(t, a).MaxAge != 5 {
		t.Errorf("null is no wish: %d %s", a.status, a.body)
	}
	if page := curlAs(t, "anna", "-H", "Accept-Language: en", management+"/zp-new"); !strings.Contains(page.body, `name="expires" value="`+day(30)+`"`) || !strings.Contains(page.body, "Extend until") {
		t.Errorf("no button to extend: %s", page.body)
	}
	if a := form(t, "admin", at, true, "op=modify", "expires="+day(31)); a.status != 400 {
		t.Errorf("the administrator: %d %s", a.status, a.body)
	}
}

// TestRestoreUnderAnotherName: where the name of a closed zone is taken meanwhile, the page says so and proposes another one.
func TestRestoreUnderAnotherName(t *testing.T) {
	needDemo(t)
	const name = "zr-same"
	clearZones(t, name, name+".2", "zr-other", "zr-third")
	at := management + "/" + name
	run(t, "shzadm", "zone", "add", name, "--owner", "anna", "--title", "The first")
	run(t, "shzadm", "zone", "share", name, "user:bruno=read")
	run(t, "shzadm", "zone", "close", name)
	if page := curlAs(t, "anna", "-H", "Accept-Language: en", at+"?state=closed"); strings.Contains(page.body, `name="to"`) {
		t.Errorf("another name is asked for though this one is free: %s", page.body)
	}
	run(t, "shzadm", "zone", "add", name, "--owner", "anna", "--title", "The second")
	page := curlAs(t, "anna", "-H", "Accept-Language: en", at+"?state=closed")
	if page.status != 200 || !strings.Contains(page.body, "Another zone is called "+name+" by now") || !strings.Contains(page.body, `name="to"`) || !strings.Contains(page.body, `value="`+name+`.2"`) ||
		!strings.Contains(page.body, "shzadm zone restore "+name+" --name "+name+".2") {
		t.Errorf("%d %s", page.status, page.body)
	}
	if a := form(t, "anna", at, true, "op=restore"); a.status != 409 || a.code() != "exists" {
		t.Errorf("the same name: %d %s", a.status, a.body)
	}
	for to, code := range map[string]string{"Not a name": "bad-request", "../x": "bad-request", name: "exists"} {
		if a := form(t, "anna", at, true, "op=restore", "to="+to); a.code() != code {
			t.Errorf("%q: %d %s", to, a.status, a.body)
		}
		if a := curlAs(t, "anna", "-d", "op=restore", "--data-urlencode", "to="+to, at); a.status != 400 && a.status != 409 || !strings.Contains(a.body, `name="to"`) || strings.Count(a.body, `aria-invalid="true"`) != 1 {
			t.Errorf("the form again, %q: %d %s", to, a.status, a.body)
		}
	}
	if a := form(t, "bruno", at, true, "op=restore", "to=zr-other"); a.status != 403 && a.status != 404 {
		t.Errorf("a member: %d %s", a.status, a.body)
	}
	z := zoneIn(t, form(t, "anna", at, true, "op=restore", "to=zr-other"))
	if z.Name != "zr-other" || z.State != "open" || *z.Title != "The first" || z.members() != "user:bruno=read" || exists(layout.Closed+"/"+name) {
		t.Errorf("%+v", z)
	}
	if z := zoneIn(t, jsonAs(t, "anna", at)); *z.Title != "The second" {
		t.Errorf("the other zone: %+v", z)
	}
	run(t, "shzadm", "zone", "close", "zr-other")
	run(t, "shzadm", "zone", "restore", "zr-other", "--name", "zr-third")
	if z := showZone(t, "zr-third"); z.State != "open" || len(z.Members) != 1 {
		t.Errorf("%+v", z)
	}
}

// TestTransferSearch: who gets a zone is found by name, company or mail, among the managers.
func TestTransferSearch(t *testing.T) {
	zone := newZone(t)
	manager(t, "ts-marta")
	run(t, "usermod", "-c", "Marta Verdi,Acme,,,marta@acme.example", "ts-marta")
	for find, want := range map[string]string{"": "admin ts-marta", "verdi": "ts-marta", "acme": "ts-marta", "bruno": "", "anna": "", "nobody": ""} {
		page := curlAs(t, "anna", management+"/"+zone+"?view=transfer&find="+url.QueryEscape(find))
		var offered []string
		for _, found := range regexp.MustCompile(`name="owner" value="([^"]+)"`).FindAllStringSubmatch(page.body, -1) {
			if slices.Contains([]string{"admin", "ts-marta", "anna", "bruno"}, found[1]) { // other tests make managers too
				offered = append(offered, found[1])
			}
		}
		slices.Sort(offered)
		if got := strings.Join(offered, " "); page.status != 200 || got != want {
			t.Errorf("%q: %d, %q, not %q", find, page.status, got, want)
		}
	}
	if a := curlAs(t, "anna", "-d", "op=transfer&owner=bruno", management+"/"+zone); a.status != 400 || !strings.Contains(a.body, `name="find"`) {
		t.Errorf("refused: %d %s", a.status, a.body)
	}
}

// TestZoneRestoredWithoutEnd: a zone whose last day is over is opened again without another one, by a form, a script and the command, where the
// site has no longest time.
func TestZoneRestoredWithoutEnd(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone + "?state=closed"
	over := func() {
		t.Helper()
		run(t, "shzadm", "zone", "close", zone)
		run(t, "setfattr", "-n", "user.shz.expires", "-v", "2020-01-01", "/srv/sharezone/.closed/"+zone)
	}
	for name, restore := range map[string]func() answer{
		"form":    func() answer { return english(t, "anna", at, "op=restore", "expires=") },
		"script":  func() answer { return form(t, "anna", at, true, "op=restore", "expires=") },
		"null":    func() answer { return objectAs(t, "anna", at, `{"op":"restore","expires":null}`) },
		"command": func() answer { run(t, "shzadm", "zone", "restore", zone, "--expires", ""); return answer{status: 200} },
	} {
		over()
		if a := form(t, "anna", at, true, "op=restore"); a.status != 409 || a.code() != "conflict" {
			t.Fatalf("%s: nothing is said of the day: %d %s", name, a.status, a.body)
		}
		a := curlAs(t, "anna", "-H", "Accept-Language: en", at)
		if pagetest.Check(t, a.body); !strings.Contains(a.body, "Without a day it stays open without an end") || strings.Contains(a.body, "required") {
			t.Errorf("%s: %s", name, a.body)
		}
		if a := restore(); a.status != 200 && a.status != 303 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if z := zoneIn(t, jsonAs(t, "anna", management+"/"+zone)); z.Expires != nil {
			t.Errorf("%s: %+v", name, z)
		}
	}
	setConfig(t, "[zones]\nmax_expiry_days = 30\n")
	over()
	if a := form(t, "anna", at, true, "op=restore", "expires="); a.status != 400 || a.code() != "bad-request" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := curlAs(t, "anna", "-H", "Accept-Language: en", at); strings.Contains(a.body, "without an end") || !strings.Contains(a.body, "required") {
		t.Errorf("%s", a.body)
	}
	run(t, "shzadm", "zone", "restore", zone, "--expires", time.Now().AddDate(0, 0, 5).Format(time.DateOnly))
}
