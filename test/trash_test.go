package test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/page/pagetest"
)

// The trash, as those see it who delete, who own the zone and who are neither.

type trashed struct {
	ID, Name, Type, By, Owner string
	Path, Deleted, Until      *string
}

func trashOf(t *testing.T, user, zone string) []trashed {
	t.Helper()
	a := jsonAs(t, user, "/cgi-bin/shz/"+zone+"/?trash=1")
	var object struct {
		Zone  string
		Total int
		Trash []trashed
	}
	if err := json.Unmarshal([]byte(a.body), &object); a.status != 200 || err != nil || object.Zone != zone || object.Total != len(object.Trash) {
		t.Fatalf("the trash of %s, as %s: %d %s", zone, user, a.status, a.body)
	}
	return object.Trash
}

// inTrash finds by name the one that was deleted last.
func inTrash(t *testing.T, user, zone, name string) trashed {
	t.Helper()
	all := trashOf(t, user, zone)
	at := slices.IndexFunc(all, func(d trashed) bool { return d.Name == name })
	if at < 0 {
		t.Fatalf("%s is not in the trash: %+v", name, all)
	}
	return all[at]
}

// says sends a form as JSON and wants one result.
func says(t *testing.T, user, folder, want string, fields ...string) {
	t.Helper()
	a := form(t, user, folder, false, fields...)
	var object struct {
		Results []struct{ Status, Message string }
	}
	if err := json.Unmarshal([]byte(a.body), &object); a.status != 200 || err != nil || len(object.Results) != 1 || object.Results[0].Status != want {
		t.Errorf("%s: %q: %d %s, not %s", user, fields, a.status, a.body, want)
	}
}

func TestTrash(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=read")
	folder := "/cgi-bin/shz/" + zone + "/"
	place := func(name string) string { return zonePath(zone, name) }
	// What is deleted, and what is replaced in each way that there is.
	write(t, "bruno", place("x"), "first")
	source := randomFile(t, 1000)
	if a := jsonAs(t, "bruno", "-T", source, folder+"x?on_exists=replace"); a.status != 200 {
		t.Fatal(a.body)
	}
	write(t, "bruno", place("y"), "moved onto it")
	if a := jsonAs(t, "bruno", "-F", "on_exists=replace", "-F", "file=@"+source+";filename=x", folder); a.status != 200 {
		t.Fatal(a.body)
	}
	says(t, "bruno", folder, "ok", "op=rename", "name=y", "to=x", "on_exists=replace")
	tus := jsonAs(t, "bruno", "-X", "POST", "-H", "Tus-Resumable: 1.0.0", "-H", "Upload-Length: 1000", "-H", "Upload-Metadata: filename eA==", "-H",
		"Content-Type: application/offset+octet-stream", "--data-binary", "@"+source, folder+"?on_exists=replace")
	if tus.status != 201 {
		t.Fatal(tus.status, tus.body)
	}
	says(t, "bruno", folder, "ok", "op=delete", "name=x")
	if got := trashOf(t, "bruno", zone); len(got) != 5 {
		t.Fatalf("bruno sees %+v", got)
	}
	for _, d := range trashOf(t, "anna", zone) {
		if d.Name != "x" || d.By != "bruno" || d.Owner != "bruno" || *d.Path != "" || d.Deleted == nil || d.Until == nil || *d.Until <= *d.Deleted {
			t.Errorf("%+v", d)
		}
	}
	if got := trashOf(t, "carla", zone); len(got) != 0 {
		t.Errorf("carla sees %+v", got)
	}
	if a := jsonAs(t, "admin", folder+"?trash=1"); a.status != 403 {
		t.Errorf("who does not get into the zone: %d %s", a.status, a.body)
	}
	// Nothing else shows it.
	name := ".shz-trash-" + strings.TrimSpace(run(t, "id", "-u", "bruno"))
	for _, path := range []string{name, name + "/", name + "/?trash=1", "?archive=tar&name=" + name} {
		if a := jsonAs(t, "bruno", folder+path); a.status != 404 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for _, query := range []string{"?search=x", "?search=shz", ""} {
		if a := jsonAs(t, "bruno", folder+query); a.status != 200 || strings.Contains(a.body, ".shz") || strings.Contains(a.body, `"x"`) {
			t.Errorf("%s: %s", query, a.body)
		}
	}
	if out, status := asUser(t, "carla", "ls", place(name)); status == 0 {
		t.Errorf("carla looks into the trash: %s", out)
	}
	// By its name in its folder the last comes back; by ids the others, which ask what to do.
	says(t, "bruno", folder, "ok", "op=restore", "name=x")
	last := inTrash(t, "bruno", zone, "x")
	says(t, "bruno", folder, "exists", "op=restore", "id="+last.ID)
	says(t, "bruno", folder, "ok", "op=restore", "id="+last.ID, "on_exists=rename")
	says(t, "anna", folder, "ok", "op=restore", "id="+inTrash(t, "anna", zone, "x").ID, "as=other")
	says(t, "carla", folder, "not-found", "op=restore", "id="+inTrash(t, "anna", zone, "x").ID)
	says(t, "carla", folder, "not-found", "op=purge", "id="+inTrash(t, "anna", zone, "x").ID)
	// What its folder says of where it lay is bruno's to write: it is not what is recorded.
	purged := inTrash(t, "anna", zone, "x").ID
	number, deletion, _ := strings.Cut(purged, "-")
	lies := ".shz-trash-" + number + "/" + deletion
	if out, status := asUser(t, "bruno", "setfattr", "-n", "user.shz.from", "-v", "/contracts", zonePath(zone, lies)); status != 0 {
		t.Fatal(out)
	}
	says(t, "bruno", folder, "ok", "op=purge", "id="+purged)
	for _, name := range []string{"x", "x (2)", "other"} {
		if out, status := asUser(t, "carla", "cat", place(name)); status != 0 {
			t.Errorf("carla does not read %s, which came back: %s", name, out)
		}
	}
	if got := strings.TrimSpace(run(t, "stat", "-c", "%U", place("other"))); got != "bruno" {
		t.Errorf("what anna brought back is %s's", got)
	}
	for _, want := range []string{"restore bruno x ok", "restore bruno x exists", "restore anna other ok", "purge bruno " + lies + "/x ok", "delete bruno x ok"} {
		event, _, _ := strings.Cut(want, " ")
		if all := activityOf(t, zone, "--event", event); !slices.Contains(all, want) {
			t.Errorf("no %q in %q", want, all)
		}
	}
}

// TestTrashFolders: a folder that is gone is named; one with what is another's stays; what was shut stays shut.
func TestTrashFolders(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	script := `umask 007; cd "$1"; mkdir -m 1770 sub sub/in both; echo x >sub/in/file; chmod 640 sub/in/file; echo y >sub/y`
	if out, status := asUser(t, "bruno", "sh", "-ec", script, "sh", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	if out, status := asUser(t, "carla", "sh", "-ec", `umask 007; cd "$1/both"; mkdir -m 1770 hers; echo z >hers/z`, "sh", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	a := form(t, "bruno", folder, false, "op=delete", "name=both")
	if !strings.Contains(a.body, "not-permitted") || read(t, zonePath(zone, "both", "hers", "z")) != "z\n" || len(trashOf(t, "bruno", zone)) != 0 {
		t.Errorf("%s", a.body)
	}
	says(t, "bruno", folder+"sub/in/", "ok", "op=delete", "name=file")
	says(t, "bruno", folder, "ok", "op=delete", "name=sub")
	file := inTrash(t, "bruno", zone, "file")
	if *file.Path != "sub/in" {
		t.Errorf("it lay in %s", *file.Path)
	}
	a = form(t, "bruno", folder, false, "op=restore", "id="+file.ID)
	if !strings.Contains(a.body, "not-found") || !strings.Contains(a.body, "/sub/in") {
		t.Errorf("a folder that is gone: %s", a.body)
	}
	says(t, "bruno", folder, "ok", "op=restore", "id="+file.ID, "to=/"+zone+"/")
	says(t, "bruno", folder, "ok", "op=restore", "name=sub")
	if read(t, zonePath(zone, "file")) != "x\n" || read(t, zonePath(zone, "sub", "y")) != "y\n" {
		t.Error("they are not back")
	}
	if out, status := asUser(t, "carla", "cat", zonePath(zone, "file"), zonePath(zone, "sub", "y")); status != 0 {
		t.Errorf("carla does not read them: %s", out)
	}
	other := newZone2(t, zone)
	if a := form(t, "bruno", folder, false, "op=restore", "id=0-x", "to=/"+other+"/"); a.status != 400 {
		t.Errorf("into another zone: %d %s", a.status, a.body)
	}
	for _, fields := range [][]string{{"op=restore"}, {"op=purge"}, {"op=restore", "id=a", "id=b", "as=x"}, {"op=restore", "id=a", "on_exists=x"}, {"op=ask-purge", "id=a"}} {
		if a := form(t, "bruno", folder, false, fields...); a.status != 400 {
			t.Errorf("%q: %d %s", fields, a.status, a.body)
		}
	}
	for _, id := range wrongNames {
		says(t, "bruno", folder, "not-found", "op=restore", "id="+id)
		says(t, "bruno", folder, "not-found", "op=purge", "id="+id)
	}
}

// newZone2 is a second zone of anna's beside one.
func newZone2(t *testing.T, zone string) string {
	t.Helper()
	second := zone + "-2"
	run(t, "shzadm", "zone", "add", second, "--owner", "anna")
	t.Cleanup(func() { os.RemoveAll(zonePath(second)) })
	run(t, "shzadm", "zone", "share", second, "user:bruno=write")
	return second
}

// TestTrashRights: a right that was taken meanwhile is taken, and a drop box has a trash for who delivered.
func TestTrashRights(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=drop")
	folder := "/cgi-bin/shz/" + zone + "/"
	if a := jsonAs(t, "carla", "-T", "/etc/hostname", folder+"delivered"); a.status != 201 {
		t.Fatal(a.body)
	}
	says(t, "carla", folder, "ok", "op=delete", "name=delivered")
	if got := trashOf(t, "carla", zone); len(got) != 1 || got[0].By != "carla" {
		t.Errorf("%+v", got)
	}
	if got := trashOf(t, "bruno", zone); len(got) != 0 {
		t.Errorf("bruno sees %+v", got)
	}
	says(t, "carla", folder, "ok", "op=restore", "id="+inTrash(t, "carla", zone, "delivered").ID)

	write(t, "bruno", zonePath(zone, "his"), "his")
	says(t, "bruno", folder, "ok", "op=delete", "name=his")
	run(t, "shzadm", "zone", "share", zone, "user:bruno=read")
	his := inTrash(t, "bruno", zone, "his")
	says(t, "bruno", folder, "not-permitted", "op=restore", "id="+his.ID)
	run(t, "shzadm", "zone", "share", zone, "user:bruno=none")
	if a := jsonAs(t, "bruno", folder+"?trash=1"); a.status != 403 {
		t.Errorf("%d %s", a.status, a.body)
	}
	says(t, "anna", folder, "ok", "op=restore", "id="+his.ID)
	if list := run(t, "getfacl", "-cp", zonePath(zone, "his")); strings.Contains(list, "bruno") {
		t.Errorf("what came back gives to whom everything was taken:\n%s", list)
	}

	write(t, "anna", zonePath(zone, "kept"), "")
	says(t, "anna", folder, "ok", "op=delete", "name=kept")
	// Its owner turns it off, and nobody else.
	if out, status := asUser(t, "carla", "setfattr", "-n", "user.shz.trash", "-v", "off", zonePath(zone)); status == 0 {
		t.Errorf("carla turns the trash off: %s", out)
	}
	if out, status := asUser(t, "anna", "setfattr", "-n", "user.shz.trash", "-v", "off", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	write(t, "anna", zonePath(zone, "gone"), "")
	before := len(trashOf(t, "anna", zone))
	says(t, "anna", folder, "ok", "op=delete", "name=gone")
	if after := trashOf(t, "anna", zone); len(after) != before {
		t.Errorf("it went into a trash that is off: %+v", after)
	}
	// What lies in it is reached as long as there is something.
	for _, shows := range []bool{true, false} {
		if a := curlAs(t, "anna", folder); a.status != 200 || strings.Contains(a.body, `?trash=1"`) != shows {
			t.Errorf("%d, the link to a trash that is off is not %t", a.status, shows)
		}
		for _, d := range trashOf(t, "anna", zone) {
			says(t, "anna", folder, "ok", "op=purge", "id="+d.ID)
		}
	}
}

// TestTrashPages: all of it without scripts.
func TestTrashPages(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	folder := "/cgi-bin/shz/" + zone + "/"
	post := func(fields ...string) answer {
		t.Helper()
		values := make(url.Values)
		for _, field := range fields {
			key, value, _ := strings.Cut(field, "=")
			values.Add(key, value)
		}
		return curlAs(t, "bruno", "-d", values.Encode(), folder)
	}
	contains := func(a answer, status int, words ...string) {
		t.Helper()
		for _, word := range words {
			if a.status != status || !strings.Contains(a.body, word) {
				t.Errorf("%d, not %d with %q: %s", a.status, status, word, a.body)
			}
		}
	}
	contains(curlAs(t, "bruno", folder+"?trash=1"), 200, "Il cestino è vuoto")
	write(t, "bruno", zonePath(zone, "<b>&.txt"), "old")
	contains(curlAs(t, "bruno", folder+"?ask=delete&raw="+url.QueryEscape("%3Cb%3E&.txt")), 200, "Sposta nel cestino", `name="for_good"`)
	if a := post("op=delete", "name=<b>&.txt"); a.status != 303 || !strings.Contains(a.header.Get("Location"), "done=discard&n=1") {
		t.Errorf("%d %v", a.status, a.header)
	}
	contains(curlAs(t, "bruno", folder+"?done=discard&n=1"), 200, `?trash=1"`)
	page := curlAs(t, "bruno", folder+"?trash=1")
	id := inTrash(t, "bruno", zone, "<b>&.txt").ID
	contains(page, 200, `value="`+id+`"`, "&lt;b&gt;&amp;.txt", `value="restore"`, `value="ask-purge"`)
	if strings.Contains(page.body, "<b>&") {
		t.Error("a name is markup")
	}
	contains(post("op=ask-purge", "id="+id), 200, "Elimina definitivamente", `value="`+id+`"`)
	if a := post("op=restore"); a.status != 303 || !strings.Contains(a.header.Get("Location"), "trash=1&done=nothing") {
		t.Errorf("nothing chosen: %d %v", a.status, a.header)
	}
	write(t, "bruno", zonePath(zone, "<b>&.txt"), "new")
	contains(post("op=restore", "id="+id), 409, `name="as"`, `value="rename"`, "Tieni entrambi")
	if a := post("op=restore", "id="+id, "as=<b>&.txt", "on_exists=rename"); a.status != 303 || !strings.Contains(a.header.Get("Location"), "trash=1&done=restore") &&
		!strings.Contains(a.header.Get("Location"), "done=restore") {
		t.Errorf("%d %v", a.status, a.header)
	}
	if read(t, zonePath(zone, "<b>& (2).txt")) != "old" {
		t.Error("both are not kept")
	}
	if out, status := asUser(t, "bruno", "sh", "-ec", `cd "$1"; mkdir sub; echo x >sub/x`, "sh", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	says(t, "bruno", folder+"sub/", "ok", "op=delete", "name=x")
	says(t, "bruno", folder, "ok", "op=delete", "name=sub", "for_good=1")
	id = inTrash(t, "bruno", zone, "x").ID
	contains(post("op=restore", "id="+id), 404, "/sub", `name="to_raw"`)
	if a := post("op=restore", "id="+id, "to_raw=/"+zone+"/"); a.status != 303 || read(t, zonePath(zone, "x")) != "x\n" {
		t.Errorf("%d %v", a.status, a.header)
	}
	says(t, "bruno", folder, "ok", "op=delete", "name=x")
	if a := post("op=purge", "id="+inTrash(t, "bruno", zone, "x").ID); a.status != 303 || len(trashOf(t, "bruno", zone)) != 0 {
		t.Errorf("%d %v", a.status, a.header)
	}
}

// TestTrashStopsAtEachStep: wherever a handler is killed that deletes, replaces or restores, what was there is whole in the folder or in
// the trash, once.
func TestTrashStopsAtEachStep(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	clean := func() { run(t, "find", zonePath(zone), "-mindepth", "1", "-delete") }
	count := func(content string) int {
		return len(strings.Fields(run(t, "sh", "-c", `grep -rlx "$1" "$2" || true`, "sh", content, zonePath(zone))))
	}
	for _, row := range []struct{ prepare, fields, calls string }{
		{"echo old >x", "op=delete&name=x", "mkdirat 1,mkdirat 2,setxattr 1,renameat2 1"},
		{"mkdir x; echo old >x/y", "op=delete&name=x", "mkdirat 2,renameat2 1"},
		{"echo old >x; echo new >y", "op=rename&name=y&to=x&on_exists=replace", "mkdirat 2,renameat2 1,renameat2 2,renameat2 3"},
	} {
		for call := range strings.SplitSeq(row.calls, ",") {
			name, when, _ := strings.Cut(call, " ")
			ended := true
			for tries := 0; ended && tries < mostTries; tries++ {
				clean()
				if out, status := asUser(t, "bruno", "sh", "-c", "cd "+zonePath(zone)+"; "+row.prepare); status != 0 {
					t.Fatal(out)
				}
				ended, _ = tracedForm(t, "/cgi-bin/shz/"+zone+"/", row.fields, "-e", "trace="+name, "-e", "inject="+name+":signal=KILL:when="+when)
				if n := count("old"); n != 1 {
					t.Errorf("%s killed at %s: the old one is there %d times", row.fields, call, n)
				}
			}
			if ended {
				t.Errorf("%s: the handler never came to %s", row.fields, call)
			}
		}
	}
	for _, call := range []string{"renameat2 1", "unlinkat 1"} {
		name, when, _ := strings.Cut(call, " ")
		ended := true
		for tries := 0; ended && tries < mostTries; tries++ {
			clean()
			write(t, "bruno", zonePath(zone, "x"), "old\n")
			says(t, "bruno", "/cgi-bin/shz/"+zone+"/", "ok", "op=delete", "name=x")
			ended, _ = tracedForm(t, "/cgi-bin/shz/"+zone+"/", "op=restore&name=x", "-e", "trace="+name, "-e", "inject="+name+":signal=KILL:when="+when)
			if n := count("old"); n != 1 {
				t.Errorf("restoring killed at %s: it is there %d times", call, n)
			}
		}
		if ended {
			t.Errorf("restoring: the handler never came to %s", call)
		}
	}
}

// TestTrashOfMember: what a member deleted and the owner of the zone cannot remove, because its folders are the member's, he has removed by
// the form that the page offers then; nobody else is offered that, nor obeyed.
func TestTrashOfMember(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=write")
	folder, at := "/cgi-bin/shz/"+zone+"/", management+"/"+zone
	if out, status := asUser(t, "bruno", "sh", "-ec", `umask 007; cd "$1"; mkdir -m 1770 his; echo x >his/file`, "sh", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	says(t, "bruno", folder, "ok", "op=delete", "name=his")
	id := inTrash(t, "anna", zone, "his").ID
	number, deletion, _ := strings.Cut(id, "-")
	lies := ".shz-trash-" + number + "/" + deletion
	page := english(t, "anna", folder, "op=purge", "id="+id)
	shows(t, page, 403, "Something in it is not yours to delete", "what others put into it too", `action="`+at+`"`, `name="raw" value="`+lies+`"`)
	pagetest.Check(t, page.body)
	for _, user := range []string{"bruno", "carla"} {
		if a := form(t, user, at, false, "op=remove", "raw="+lies); a.status != 403 {
			t.Errorf("%s: %d %s", user, a.status, a.body)
		}
	}
	for _, raw := range []string{".shz-trash-" + number, ".shz-other/x", "his/.shz-trash-" + number, lies + "/.."} {
		if a := form(t, "anna", at, false, "op=remove", "raw="+raw); strings.Contains(a.body, `"status":"ok"`) {
			t.Errorf("%s: %d %s", raw, a.status, a.body)
		}
	}
	if read(t, zonePath(zone, lies, "his", "file")) != "x\n" {
		t.Error("it is gone")
	}
	shows(t, followed(t, "anna", english(t, "anna", at, "op=remove", "raw="+lies)), 200, "Trash")
	if got := trashOf(t, "bruno", zone); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if all := activityOf(t, zone, "--event", "purge"); !slices.Contains(all, "purge anna "+lies+" ok") {
		t.Errorf("%q", all)
	}
}

// TestTrashNameTaken: a folder that a member made under the name of another's trash stands on the page of the check, and goes from there; a
// person's own trash does not.
func TestTrashNameTaken(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=write")
	at := management + "/" + zone
	name := fmt.Sprintf(".shz-trash-%d", uidOf(t, "bruno"))
	run(t, "sh", "-c", `install -d -o carla "$1"`, "sh", zonePath(zone, name))
	write(t, "bruno", zonePath(zone, "plan.txt"), "x")
	if a := form(t, "bruno", "/cgi-bin/shz/"+zone+"/", true, "op=delete", "name=plan.txt"); strings.Contains(a.body, `"status":"ok"`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	a := curlAs(t, "anna", "-H", "Accept-Language: en", at+"?view=check")
	pagetest.Check(t, a.body)
	if !strings.Contains(a.body, "has the name of somebody&#39;s trash") || !strings.Contains(a.body, "view=remove") || !strings.Contains(a.body, ">"+name+"<") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if out, _ := shzadm(t, "zone", "check", zone); !strings.Contains(out, "has the name of somebody's trash") || !strings.Contains(out, "  shzadm zone remove "+zone+" "+name+"\n") {
		t.Error(out)
	}
	a = curlAs(t, "anna", "-H", "Accept-Language: en", at+"?view=remove&raw="+name)
	if pagetest.Check(t, a.body); a.status != 200 || !strings.Contains(a.body, `name="raw" value="`+name+`"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := english(t, "anna", at, "op=remove", "raw="+name); a.status != 303 || !strings.Contains(a.header.Get("Location"), "view=check") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if found := checked(t, "anna", zone); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	says(t, "bruno", "/cgi-bin/shz/"+zone+"/", "ok", "op=delete", "name=plan.txt")
	run(t, "sh", "-c", `chmod o+r "$1"/*/plan.txt`, "sh", zonePath(zone, name))
	a = curlAs(t, "anna", "-H", "Accept-Language: en", at+"?view=check")
	if pagetest.Check(t, a.body); !strings.Contains(a.body, ">plan.txt<") || !strings.Contains(a.body, "in the trash of Bruno") || !strings.Contains(a.body, `href="/cgi-bin/shz/`+zone+`/?trash=1"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := form(t, "anna", at, true, "op=remove", "raw="+name); strings.Contains(a.body, `"status":"ok"`) || !strings.Contains(run(t, "ls", "-A", zonePath(zone)), name) {
		t.Errorf("bruno's own trash: %d %s", a.status, a.body)
	}

	// What is no folder is in the way as well, his own, too. Who replaces is told the same as who deletes.
	run(t, "sh", "-c", `rm -r "$1"`, "sh", zonePath(zone, name))
	write(t, "bruno", zonePath(zone, "plan.txt"), "x")
	for _, line := range []string{`ln -s /tmp "$1"`, `mkfifo "$1"`, `touch "$1"`, `runuser -u bruno -- touch "$1"`} {
		run(t, "sh", "-ec", line, "sh", zonePath(zone, name))
		for _, a := range []answer{
			jsonAs(t, "bruno", "-H", "Accept-Language: en", "--data", "op=delete&name=plan.txt", "/cgi-bin/shz/"+zone+"/"),
			jsonAs(t, "bruno", "-H", "Accept-Language: en", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/plan.txt?on_exists=replace"),
		} {
			if !strings.Contains(a.body, "conflict") || !strings.Contains(a.body, "is not your trash") {
				t.Errorf("%s: %d %s", line, a.status, a.body)
			}
		}
		a := curlAs(t, "anna", "-H", "Accept-Language: en", at+"?view=check")
		if pagetest.Check(t, a.body); !strings.Contains(a.body, "has the name of somebody&#39;s trash") || !strings.Contains(a.body, "view=remove&amp;raw="+name) && !strings.Contains(a.body, "raw="+name+"&amp;view=remove") {
			t.Errorf("%s: %d %s", line, a.status, a.body)
		}
		if a := english(t, "anna", at, "op=remove", "raw="+name); a.status != 303 || strings.Contains(run(t, "ls", "-A", zonePath(zone)), name) {
			t.Errorf("%s: %d %s", line, a.status, a.body)
		}
	}
}
