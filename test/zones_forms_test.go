package test

import (
	"fmt"
	"html"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/page/pagetest"
)

// What the forms of a zone say afterwards, and keep of what was typed.

// english sends a form of a page, or asks for one, as a browser that is on a page of the zone does.
func english(t *testing.T, user, address string, fields ...string) answer {
	t.Helper()
	args := []string{"-H", "Accept-Language: en", "-H", "Referer: " + needDemo(t).url + management}
	for _, field := range fields {
		args = append(args, "--data-urlencode", field)
	}
	a := curlAs(t, user, append(args, address)...)
	a.body = html.UnescapeString(a.body)
	return a
}

// followed is the page that a form led to.
func followed(t *testing.T, user string, a answer) answer {
	t.Helper()
	to := a.header.Get("Location")
	if a.status != 303 || to == "" {
		t.Fatalf("%d %q %s", a.status, to, a.body)
	}
	return english(t, user, to)
}

// shows expects texts on a page, and after "not:" none.
func shows(t *testing.T, a answer, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("%d, not %d: %s", a.status, status, a.body)
	}
	for _, text := range texts {
		unwanted, not := strings.CutPrefix(text, "not:")
		if strings.Contains(a.body, unwanted) == not {
			t.Errorf("%q in %s", text, a.body)
		}
	}
}

// TestUnshareSaysWhoStillGetsIn: the kernel is asked whether who was taken off the list gets in by a group.
func TestUnshareSaysWhoStillGetsIn(t *testing.T) {
	zone := newZone(t, "user:carla=read", "user:bruno=read", "group:shzbase=drop")
	at := management + "/" + zone
	shows(t, followed(t, "anna", english(t, "anna", at, "op=share", "principal=user:carla", "access=none", "sure=1")), 200,
		"Taken off the list.", "still gets in: is in the group shzbase", "?as=carla&view=who", "not:No longer gets in")
	shows(t, followed(t, "anna", english(t, "anna", at, "op=share", "principal=group:shzbase", "access=none")), 200,
		"Taken off the list.", "Members of the group may still get in", "?view=who")
	shows(t, followed(t, "anna", english(t, "anna", at, "op=share", "principal=user:bruno", "access=none")), 200,
		"Taken off the list.", "not:still gets in", "not:may still get in")
	// Who was not on it, or what was mistyped, is told of.
	shows(t, followed(t, "anna", english(t, "anna", at, "op=share", "principal=user:bruno", "access=none")), 200, "nobody has been taken off it", "not:Taken off")
	for _, nobody := range []string{"user:bruno", "user:4444", "group:1011444"} {
		if a := form(t, "anna", at, true, "op=share", "principal="+nobody, "access=none"); a.status != 200 || !strings.Contains(a.body, `"absent":["`+nobody+`"]`) || !strings.Contains(a.body, `"code":"absent"`) {
			t.Errorf("%s: %d %s", nobody, a.status, a.body)
		}
		if out, status := shzadm(t, "zone", "share", zone, nobody+"=none"); status != 0 || !strings.Contains(out, "nothing was on the list by the name of "+nobody) {
			t.Errorf("%s: %d %s", nobody, status, out)
		}
	}
	// Of several, too, where others lost something: on the page, in JSON and by the command. Who stood in the content alone was on a list.
	run(t, "sh", "-c", `echo x > "$1"; chown anna "$1"; setfacl -n -m u:4445:r-- "$1"`, "sh", zonePath(zone, "file"))
	for name, said := range map[string]func() string{
		"page": func() string {
			run(t, "setfacl", "-n", "-m", "u:4445:r--", zonePath(zone, "file"))
			return followed(t, "anna", english(t, "anna", at, "op=share", "member=user:4444=none", "member=user:4445=none", "member=user:bruno=read")).body
		},
		"JSON": func() string {
			run(t, "setfacl", "-n", "-m", "u:4445:r--", zonePath(zone, "file"))
			return jsonAs(t, "anna", "-H", "Accept-Language: en", "-d", "op=share&member=user:4444=none&member=user:4445=none&member=user:bruno=none", at).body
		},
		"command": func() string {
			run(t, "setfacl", "-n", "-m", "u:4445:r--", zonePath(zone, "file"))
			run(t, "shzadm", "zone", "share", zone, "user:bruno=read")
			out, _ := shzadm(t, "zone", "share", zone, "user:4444=none", "user:4445=none", "user:bruno=none")
			return out
		},
	} {
		run(t, "shzadm", "zone", "share", zone, "user:bruno=none")
		answer := said()
		if words := strings.ToLower(answer); !strings.Contains(answer, "4444") || !strings.Contains(words, "on the list by") && !strings.Contains(answer, "Done; these were on no list:") ||
			name == "page" && strings.Contains(answer, "something was left") || name != "command" && strings.Contains(answer, "nobody has been taken off") || strings.Contains(answer, `"absent":["user:4444","user:4445"`) ||
			strings.Contains(answer, "by the name of user:4445") || name == "page" && strings.Contains(answer, "4445") {
			t.Errorf("%s: %s", name, answer)
		}
		if strings.Contains(listsOf(t, zone), "4445") {
			t.Errorf("%s: %s", name, listsOf(t, zone))
		}
	}
	// The address of the page has as many as programs on the way take, and counts the others.
	run(t, "shzadm", "zone", "share", zone, "user:bruno=none")
	many := []string{"op=share", "member=user:bruno=read"}
	for i := range 200 {
		many = append(many, fmt.Sprintf("member=user:%d=none", 5000+i))
	}
	a := english(t, "anna", at, many...)
	if to := a.header.Get("Location"); len(to) > 1500 {
		t.Errorf("%d bytes: %s", len(to), to)
	}
	shows(t, followed(t, "anna", a), 200, "Done; these were on no list:", "5000", "not:something was left", "not:5199")
	if got := regexp.MustCompile(`And (\d+) more`).FindStringSubmatch(followed(t, "anna", a).body); got == nil ||
		got[1] != strconv.Itoa(200-strings.Count(a.header.Get("Location"), "absent=user")) {
		t.Errorf("%q of %s", got, a.header.Get("Location"))
	}
	run(t, "setfacl", "-n", "-m", "u:4444:r-x", zonePath(zone))
	if a := form(t, "anna", at, true, "op=share", "principal=user:4444", "access=none"); a.status != 200 || strings.Contains(a.body, "absent") || strings.Contains(listsOf(t, zone), "4444") {
		t.Errorf("%d %s", a.status, a.body)
	}
	// An entry that somebody wrote to keep her out stays, and it is said so, by the command too.
	run(t, "setfacl", "-m", "user:carla:---", zonePath(zone))
	kept := english(t, "anna", at, "op=share", "principal=user:carla", "access=none")
	shows(t, followed(t, "anna", kept), 200, "Still in the list, with an entry that gives nothing", "not:Taken off the list.")
	if out := run(t, "shzadm", "zone", "share", zone, "user:carla=none"); !strings.Contains(out, "user:carla that gives nothing stays") {
		t.Error(out)
	}
	run(t, "setfacl", "-x", "user:carla", zonePath(zone))
	if out := run(t, "shzadm", "zone", "share", zone, "user:carla=none"); strings.Contains(out, "stays") {
		t.Error(out)
	}
	shows(t, english(t, "anna", at+"?done=unshare&of="+url.QueryEscape("user:<b>\x1b")), 200, "not:<b>", "not:\x1b")
}

// TestFormsKeepWhatWasTyped: after a refusal and, where the next person is to be shared with, after success.
func TestFormsKeepWhatWasTyped(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	found := `value="bruno"`
	shows(t, followed(t, "anna", english(t, "anna", at, "op=share", "principal=user:bruno", "access=read", "find=bruno")), 200, found, "Is in the list already.")
	shows(t, english(t, "anna", at, "op=share", "principal=user:nobody-here", "access=read", "find=bruno"), 400, found)
	shows(t, english(t, "anna", at, "op=share", "principal=group:www-data", "access=read", "find=bruno"), 200, found, "Share all the same")
	shows(t, english(t, "anna", at, "op=transfer", "owner=carla", "find=carla"), 400, `value="carla"`)

	run(t, "shzadm", "zone", "modify", zone, "--max-age", "30")
	long := strings.Repeat("x", 130)
	run(t, "mkdir", zonePath(zone, long+"1"), zonePath(zone, long+"2"), zonePath(zone, "other"))
	run(t, "sh", "-ec", `cd "$1"; for folder in *; do echo x >"$folder/file"; done`, "sh", zonePath(zone))
	a := english(t, "anna", at, "op=keep", "raw="+long+"1", "raw="+long+"2")
	shows(t, a, 400, "What stays", "at most 256 characters")
	if n := strings.Count(a.body, " checked"); n != 2 {
		t.Errorf("%d boxes of two are ticked: %s", n, a.body)
	}

	run(t, "setfattr", "-n", "user.shz.expires", "-v", "2001-01-01", zonePath(zone))
	run(t, "shzadm", "zone", "close", zone)
	t.Cleanup(func() {
		run(t, "sh", "-c", `rm -rf "$1/.closed/$2" "$1/.closed/$2".*`, "sh", layout.Base, zone)
		run(t, "shzadm", "zone", "add", zone, "--owner", "anna") // what the cleaning up of the test looks for
	})
	setConfig(t, "[zones]\nmax_expiry_days = 30\n")
	late := time.Now().AddDate(0, 0, 31).Format(time.DateOnly)
	shows(t, english(t, "anna", at, "op=restore", "expires="+late), 400, `value="`+late+`"`, `max="`+time.Now().AddDate(0, 0, 30).Format(time.DateOnly)+`"`)
}

// TestRefusedFieldIsMarked: the input that was refused says so, by the message, on each page with a form; the others do not.
func TestRefusedFieldIsMarked(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	for _, row := range []struct {
		user, address, field string
		fields               []string
	}{
		{"anna", at, "expires", []string{"op=modify", "title=x", "expires=tomorrow"}},
		{"anna", at, "max_age", []string{"op=modify", "max_age=-5"}},
		{"anna", at, "description", []string{"op=modify", "description=" + strings.Repeat("x", 500)}},
		{"anna", management, "name", []string{"op=create", "name=A"}},
		{"admin", usersPage, "username", []string{"op=create", "username=Bad Name", "full_name=x", "email=x@example.org", "role=base"}},
		{"admin", usersPage, "email", []string{"op=create", "username=zl-none", "full_name=x", "email=nothing", "role=base"}},
		{"bruno", "/cgi-bin/chpwd", "confirm", []string{"old=x", "new=y", "confirm=z"}},
	} {
		a := english(t, row.user, row.address, row.fields...)
		if a.status != 400 || strings.Count(a.body, `aria-invalid="true"`) != 1 || strings.Count(a.body, `id="refusal"`) != 1 {
			t.Errorf("%s %q: %d %s", row.address, row.fields, a.status, a.body)
			continue
		}
		if input := regexp.MustCompile(`<(?:input|textarea|select)[^>]*aria-invalid[^>]*>`).FindString(a.body); !strings.Contains(input, `name="`+row.field+`"`) || !strings.Contains(input, "refusal") {
			t.Errorf("%s: %s", row.field, input)
		}
		pagetest.Check(t, a.body)
	}
}

// TestDescriptionTooLong says how long it may be.
func TestDescriptionTooLong(t *testing.T) {
	at := management + "/" + newZone(t)
	shows(t, english(t, "anna", at, "op=modify", "description="+strings.Repeat("x", 401)), 400, "at most 400 characters", `maxlength="400"`)
}

// TestWhoByPath: a path as people write it is taken, and one that is none can be corrected.
func TestWhoByPath(t *testing.T) {
	zone := newZone(t)
	run(t, "install", "-d", "-o", "anna", zonePath(zone, "Offers"))
	at := management + "/" + zone + "?view=who&path="
	shows(t, english(t, "anna", at+"/Offers"), 200, `value="Offers"`, "it is theirs")
	for _, path := range []string{"a//b", "..", "//Offers"} {
		shows(t, english(t, "anna", at+path), 400, `name="path"`, `value="`+path+`"`, "one slash between them")
		if a := jsonAs(t, "anna", at+path); a.status != 400 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := jsonAs(t, "anna", "-H", "Accept-Language: en", at+"/Offers"); a.status != 400 || !strings.Contains(a.body, "none before the first") {
		t.Errorf("a script's is taken as it is, and it is told how to write it: %d %s", a.status, a.body)
	}
	if _, person, _ := strings.Cut(english(t, "anna", at).body, "Carla"); !strings.Contains(person, "is not in the list") {
		t.Errorf("carla: %s", person)
	}
}

// TestZonesDefaultWithoutMaximum: a zone that is to have no end gets none, when it is made and later; its day may be later than
// the policy would give now.
func TestZonesDefaultWithoutMaximum(t *testing.T) {
	clearZones(t, "zd-said", "zd-unsaid", "zd-never")
	needDemo(t)
	setConfig(t, "[zones]\ndefault_expiry_days = 10\n")
	if z := zoneIn(t, form(t, "anna", management, true, "op=create", "name=zd-said", "expires=")); z.Expires != nil {
		t.Errorf("without an end: %s", *z.Expires)
	}
	z := zoneIn(t, form(t, "anna", management, true, "op=create", "name=zd-unsaid"))
	if want := time.Now().AddDate(0, 0, 10).Format(time.DateOnly); z.Expires == nil || *z.Expires != want {
		t.Errorf("%+v, not %s", z, want)
	}
	if z := zoneIn(t, form(t, "anna", management+"/zd-unsaid", true, "op=modify", "expires=")); z.Expires != nil {
		t.Errorf("without an end: %s", *z.Expires)
	}
	run(t, "shzadm", "zone", "modify", "zd-said", "--expires", "2099-12-31")
	setConfig(t, "[zones]\nmax_expiry_days = 30\n")
	shows(t, english(t, "anna", management+"/zd-said?view=settings"), 200, `value="2099-12-31"`, `max="2099-12-31"`)
	shows(t, english(t, "anna", management+"/zd-unsaid?view=extend"), 200, "no zone stays open for ever", "not:nothing needs to be done")
	z = zoneIn(t, form(t, "anna", management, true, "op=create", "name=zd-never", "expires="))
	if want := time.Now().AddDate(0, 0, 30).Format(time.DateOnly); z.Expires == nil || *z.Expires != want {
		t.Errorf("where there is a maximum: %+v, not %s", z, want)
	}
}

// TestZonesHeld: who waits for somebody else's change is told so.
func TestZonesHeld(t *testing.T) {
	zone := newZone(t)
	var st unix.Stat_t
	if err := unix.Stat(zonePath(zone), &st); err != nil {
		t.Fatal(err)
	}
	lock, err := os.OpenFile(fmt.Sprintf("%s/zone.%d.%d", layout.Slots, st.Dev, st.Ino), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	at := management + "/" + zone
	shows(t, english(t, "anna", at, "op=share", "principal=user:bruno", "access=read"), 503, "Somebody else is changing this zone right now.")
	if a := form(t, "anna", at, true, "op=apply"); a.code() != "busy" || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if out, err := exec.Command("shzadm", "zone", "show", zone, "--json").CombinedOutput(); err != nil || strings.Contains(string(out), "bruno") {
		t.Errorf("%v %s", err, out)
	}
}

// TestMemberWhoCannotLogIn: the kernel lets in whose account is locked or expired, and the login does not: it is said where he is in
// the list, where he would be shared with, and by the tool; not of the others.
func TestMemberWhoCannotLogIn(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	at := management + "/" + zone
	clearUsers(t, "zl-locked", "zl-expired")
	for _, name := range []string{"zl-locked", "zl-expired"} {
		run(t, "shzadm", "user", "add", name, "--role", "base", "--full-name", "Zl "+name, "--email", "zl@example.org")
	}
	shows(t, english(t, "anna", at+"?find=zl-locked"), 200, "zl-locked", "not:cannot log in")
	run(t, "shzadm", "user", "lock", "zl-locked")
	run(t, "usermod", "--expiredate", "2020-01-01", "zl-expired")
	shows(t, english(t, "anna", at+"?find=zl-locked"), 200, "Locked: cannot log in.")
	for name, says := range map[string]string{"zl-locked": "is locked", "zl-expired": "is expired"} {
		out, err := exec.Command("env", "LC_ALL=C.UTF-8", "shzadm", "zone", "share", zone, "user:"+name+"=read").CombinedOutput()
		if err != nil || !strings.Contains(string(out), says) {
			t.Errorf("%v: %s", err, out)
		}
	}
	shows(t, english(t, "anna", at), 200, "Locked: cannot log in.", "The account is expired: cannot log in.")
	shows(t, english(t, "anna", at+"?view=who&as=zl-locked"), 200, "Locked: cannot log in.", "see what is there")
	shows(t, english(t, "anna", at+"?view=who&as=bruno"), 200, "not:cannot log in")
	if a := jsonAs(t, "anna", at+"?view=who&as=zl-expired&as=bruno"); !strings.Contains(a.body, `"status":"expired"`) || strings.Count(a.body, `"status"`) != 1 {
		t.Errorf("%d %s", a.status, a.body)
	}
	table, _ := shzadmWho(t, "C.UTF-8", zone)
	if row := rowOf(table, "zl-locked"); !strings.Contains(row, "locked: cannot log in") || strings.Contains(rowOf(table, "bruno"), "cannot log in") {
		t.Error(table)
	}
}

// TestCreateTwice: the second of two clicks ends as the first did; a zone that was there before the form, or is not as it says, is a name
// that is taken.
func TestCreateTwice(t *testing.T) {
	const name = "created-twice"
	clearZones(t, name)
	page := english(t, "anna", management+"?view=new")
	shown := regexp.MustCompile(`name="shown" value="([0-9]+)"`).FindStringSubmatch(page.body)
	if shown == nil {
		t.Fatal(page.body)
	}
	fields := []string{"op=create", "name=" + name, "title=Plans", "description=a\r\nb", "expires=2098-01-31", "max_age=9", "notify=upload", "shown=" + shown[1]}
	var id string
	for range 2 {
		a := english(t, "anna", management, fields...)
		if a.status != 303 || a.header.Get("Location") != management+"/"+name+"?done=create" {
			t.Errorf("%d %s %s", a.status, a.header.Get("Location"), a.body)
		}
		shows(t, followed(t, "anna", a), 200, "The zone is ready.")
		if found := run(t, "getfattr", "-n", "user.shz.id", "--only-values", "--absolute-names", zonePath(name)); id != "" && found != id {
			t.Errorf("%s, was %s", found, id)
		} else {
			id = found
		}
	}
	write(t, "anna", zonePath(name, "plan.txt"), "x")
	later := "shown=" + strconv.FormatInt(time.Now().Unix()+5, 10)
	for _, other := range [][]string{
		append(slices.Clone(fields[:7]), later), fields[:7], {"op=create", "name=" + name, "title=Other", fields[7]},
	} {
		shows(t, english(t, "anna", management, other...), 409, "a zone of this name already")
	}
	run(t, "chown", "bruno", zonePath(name))
	shows(t, english(t, "anna", management, fields...), 409, "a zone of this name already")
	if out := run(t, "ls", zonePath(name)); out != "plan.txt\n" && out != "plan.txt" {
		t.Errorf("%q", out)
	}
}
