package test

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// What a request about zones has and no operation knows refuses it, by its name: nothing is done by half.

// objectAs sends JSON about a zone.
func objectAs(t *testing.T, user, address, body string) answer {
	t.Helper()
	return jsonAs(t, user, "-H", "Accept-Language: en", "-H", "Content-Type: application/json", "--data-binary", body, address)
}

// TestZoneFieldsUnknown: misspelt ones, those of other operations, two values for one, and values of another kind.
func TestZoneFieldsUnknown(t *testing.T) {
	zone := newZone(t)
	clearZones(t, "zf-new")
	at := management + "/" + zone
	for _, row := range []struct{ address, fields, field string }{
		{management, "op=create&name=zf-new&expire=2027-01-01", "expire"},
		{management, "op=create&name=zf-new&seen=x", "seen"},
		{management, "op=create", "name"},
		{at, "op=modify&title=q&expire=2027-01-01", "expire"},
		{at, "op=modify&title=q&title=r", "title"},
		{at, "op=modify&title=q&to=x", "to"},
		{at, "op=share&principal=user:bruno&access=read&mask=r", "mask"},
		{at, "op=share&principal=user:bruno&principal=user:carla&access=read", "principal"},
		{at, "op=share&principal=user:bruno", "access"},
		{at, "op=restore&new=other", "new"},
		{at, "op=delete&expires=2027-01-01", "expires"},
		{at, "op=remove&paths=x", "paths"},
		{at, "op=remove", "path"},
		{at, "op=take&path=a&path=b", "path"},
		{at, "op=apply&path=x", "path"},
		{at, "op=open&paths=x", "paths"},
		{at, "op=keep&path=x", "path"},
		{at, "op=transfer&to=admin", "to"},
		{at, "op=explode", "op"},
		{at, "title=x", "op"},
		{at + "?op=delete", "op=modify&title=q", "op"},
		{at, `{"op":"share","op":"delete"}`, "op"},
		{at, `{"op":"modify","title":["a","b"]}`, "title"},
		{at, `{"op":"modify","title":true}`, "title"},
		{at, `{"op":"modify","title":5}`, "title"},
		{at, `{"op":"modify","title":{"text":"a"}}`, "title"},
		{at, `{"op":"remove","path":[1,null]}`, "path"},
		{at, `{"op":"modify","title":"q","title":"r"}`, "title"},
		{at, `{"op":"modify","expire":null,"title":"q"}`, "expire"},
	} {
		a := jsonAs(t, "anna", "-H", "Accept-Language: en", "-d", row.fields, row.address)
		if strings.HasPrefix(row.fields, "{") {
			a = objectAs(t, "anna", row.address, row.fields)
		}
		if a.status != 400 || a.code() != "bad-request" || !strings.Contains(a.body, " "+row.field) {
			t.Errorf("%s: %d, without %q: %s", row.fields, a.status, row.field, a.body)
		}
	}
	for _, row := range []struct{ address, field string }{
		{management + "?mine=1&nmae=demo", "nmae"}, {management + "?mine=1&mine=1", "mine"}, {management + "?mine=2", "mine"}, {management + "?name=x&path=y", "path"}, {at + "?veiw=check", "veiw"},
		{at + "?view=check&path=x", "path"}, {at + "?view=who&path=a&path=b", "path"}, {at + "?view=who&path=a&raw=b", "raw"}, {at + "?op=delete", "op"},
	} {
		if a := jsonAs(t, "anna", "-H", "Accept-Language: en", row.address); a.status != 400 || !strings.Contains(a.body, " "+row.field) {
			t.Errorf("%s: %d %s", row.address, a.status, a.body)
		}
	}
	found := zoneIn(t, jsonAs(t, "anna", at))
	if found.Title != nil && *found.Title == "q" || found.State != "open" || found.members() != "" || exists(zonePath("zf-new")) {
		t.Errorf("something was done: %+v", found)
	}
	if a := curlAs(t, "anna", "-H", "Accept: application/json", "-H", "Accept-Language: en", "-X", "POST", at); a.status != 415 || strings.Contains(a.body, "file") {
		t.Errorf("without a body: %d %s", a.status, a.body)
	}
	// Those that pages add: the language, and for whom they were made.
	if a := jsonAs(t, "anna", "-d", "op=modify&title=ok&shz-user=anna", at+"?lang=it"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestZoneFieldsComeBack: what JSON says of a zone is taken back as it is, and null takes a value off.
func TestZoneFieldsComeBack(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	describe := func(fields string) map[string]any {
		t.Helper()
		a := objectAs(t, "anna", at, `{"op":"modify",`+fields+`}`)
		var found map[string]any
		if err := json.Unmarshal([]byte(a.body), &found); err != nil || a.status != 200 {
			t.Fatalf("%s: %d %s", fields, a.status, a.body)
		}
		return found
	}
	if z := describe(`"trash":false,"max_age":30,"expires":"2099-12-31","title":"T","notify":"upload"`); z["trash"] != false || z["max_age"] != 30.0 || z["notify"] != "upload" {
		t.Error(z)
	}
	for _, empty := range []string{`"title":[]`, `"expires":[]`, `"max_age":[],"title":"T"`, `"trash":null,"title":"T"`} { // as if it were not there
		if a := objectAs(t, "anna", at, `{"op":"modify",`+empty+`}`); a.status != 200 && a.code() != "bad-request" || zoneIn(t, jsonAs(t, "anna", at)).Title == nil {
			t.Errorf("%s: %d %s", empty, a.status, a.body)
		}
	}
	before := zoneIn(t, jsonAs(t, "anna", at))
	again := make(map[string]any)
	var whole map[string]any
	if err := json.Unmarshal([]byte(jsonAs(t, "anna", at).body), &whole); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"name", "title", "description", "expires", "max_age", "notify", "trash"} {
		again[field] = whole[field]
	}
	b, err := json.Marshal(again)
	if err != nil {
		t.Fatal(err)
	}
	describe(strings.Trim(string(b), "{}"))
	if after := zoneIn(t, jsonAs(t, "anna", at)); *after.Title != *before.Title || *after.Expires != *before.Expires || *after.MaxAge != 30 || after.Description != nil {
		t.Errorf("%+v, before %+v", after, before)
	}
	if z := describe(`"trash":true,"max_age":null,"expires":null,"title":null,"notify":null`); z["trash"] != true || z["max_age"] != nil || z["expires"] != nil || z["title"] != nil || z["notify"] != nil {
		t.Error(z)
	}
}

// TestRemoveGoesOnBesideBadPaths: one that is no path has its own result.
func TestRemoveGoesOnBesideBadPaths(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	write(t, "anna", zonePath(zone, "goes.txt"), "x")
	a := jsonAs(t, "anna", "-d", "op=remove&path=nothing&path=../demo/x&path=goes.txt&raw=%25zz&path=", at)
	var results struct {
		Results []struct{ Name, Status, Message string }
	}
	if err := json.Unmarshal([]byte(a.body), &results); err != nil || a.status != 200 || len(results.Results) != 5 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	var said []string // in the order in which they were named
	for _, r := range results.Results {
		said = append(said, r.Name+" "+r.Status)
	}
	if i := slices.Index(said, "goes.txt ok"); i < 1 || said[i-1] != "../demo/x bad-request" {
		t.Errorf("not in the order of the request: %q", said)
	}
	for _, one := range []string{"nothing not-found", "%zz bad-request", " bad-request"} {
		if !slices.Contains(said, one) {
			t.Errorf("%s: not in %q", one, said)
		}
	}
	if exists(zonePath(zone, "goes.txt")) {
		t.Error("the file is there still")
	}
	if a := jsonAs(t, "anna", "-d", "op=remove&path=../x&path=a//b", at); a.status != 400 {
		t.Errorf("none of them is one: %d %s", a.status, a.body)
	}
}

// TestWhoIsAskedByRaw: an encoded name is heeded by requests that look, and a page's form asks about what it shows also where its name
// cannot be typed.
func TestWhoIsAskedByRaw(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=drop")
	at := management + "/" + zone
	run(t, "sh", "-ec", `cd "$1" && for name in "$(printf 'caf\351.txt')" "$(printf 'n\nl.txt')" -rf; do echo x >"$name"; chmod 600 -- "$name"; done`, "sh", zonePath(zone))
	run(t, "sh", "-ec", `chown anna -- "$1"/*`, "sh", zonePath(zone))
	if a := jsonAs(t, "anna", at+"?view=who&raw=-rf&as=carla"); a.status != 200 || !strings.Contains(a.body, `"type":"file"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, name := range []string{"caf\xe9.txt", "n\nl.txt"} {
		encoded := url.PathEscape(name)
		page := english(t, "anna", at+"?view=who&path="+url.QueryEscape(name))
		shows(t, page, 200, `name="raw" value="`+encoded+`"`, "cannot be typed")
		if a := jsonAs(t, "anna", at+"?view=who&as=bruno&raw="+url.QueryEscape(encoded)); a.status != 200 || !strings.Contains(a.body, `"type":"file"`) {
			t.Errorf("%q: %d %s", name, a.status, a.body)
		}
		again := english(t, "anna", at+"?view=who&path=&as=bruno&raw="+url.QueryEscape(encoded)) // what the form sends
		shows(t, again, 200, `name="raw" value="`+encoded+`"`, "file")
		shows(t, english(t, "anna", at+"?view=who&path=-rf&raw="+url.QueryEscape(encoded)), 200, "not:cannot be typed", `value="-rf"`)
		shows(t, english(t, "anna", at+"?view=remove&raw="+url.QueryEscape(encoded)), 200, `name="raw" value="`+encoded+`"`)
	}
}

// TestZoneWithoutID: its owner reads what to do, and the command that the page of the check has does it.
func TestZoneWithoutID(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	run(t, "setfattr", "-x", "user.shz.id", zonePath(zone))
	for _, user := range []string{"anna", "admin"} {
		if a := jsonAs(t, user, "-H", "Accept-Language: en", activityHere+"/"+zone); a.status != 409 || !strings.Contains(a.body, "no number of its own") {
			t.Errorf("%s: %d %s", user, a.status, a.body)
		}
	}
	if a := jsonAs(t, "carla", activityHere+"/"+zone); a.status != 403 {
		t.Errorf("carla: %d %s", a.status, a.body)
	}
	var found struct {
		Findings []struct {
			Kind  string
			Apply bool
			Mend  []string
		}
	}
	a := jsonAs(t, "anna", at+"?view=check")
	if err := json.Unmarshal([]byte(a.body), &found); err != nil || len(found.Findings) != 1 || found.Findings[0].Kind != "no-id" || found.Findings[0].Apply || len(found.Findings[0].Mend) != 1 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	shows(t, english(t, "anna", at+"?view=check"), 200, found.Findings[0].Mend[0], "No number of its own")
	if out, status := shzadm(t, "zone", "check", zone); status != 1 || !strings.Contains(out, "has no id") {
		t.Errorf("%d %s", status, out)
	}
	run(t, "sh", "-c", found.Findings[0].Mend[0])
	if a := jsonAs(t, "anna", at+"?view=check"); !strings.Contains(a.body, `"findings":[]`) {
		t.Errorf("mended: %s", a.body)
	}
}

// TestActivitySaysWhatChanged: which of the settings, and whether something was mended, opened or kept.
func TestActivitySaysWhatChanged(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	at := management + "/" + zone
	write(t, "anna", zonePath(zone, "a.txt"), "x")
	var all []string
	for _, change := range []struct{ fields, wanted string }{ // in this order: what is so already is no change
		{"op=modify&max_age=5&trash=off", "max_age=5, trash=off"},
		{"op=modify&max_age=&trash=on&title=<b>&expires=2099-01-31", "title, expires=2099-01-31, max_age=0, trash=on"},
		{"op=modify&notify=&description=d&expires=", "description, expires=none, notify=default"},
		{"op=modify&notify=none", "notify=none"},
		{"op=apply", "apply"},
		{"op=open", "open"},
		{"op=keep&keep=a.txt", "keep=a.txt"},
		{"op=keep", "keep="},
	} {
		if a := jsonAs(t, "anna", "-d", change.fields, at); a.status != 200 {
			t.Errorf("%s: %d %s", change.fields, a.status, a.body)
		}
		all = append(all, "zone-modify anna "+change.wanted+" ok")
	}
	run(t, "shzadm", "zone", "modify", zone, "--max-age", "7")
	all = append(all, "zone-modify root max_age=7 ok")
	work(t)
	found := actsAs(t, "anna", "/"+zone).names()
	for _, wanted := range all {
		if !slices.Contains(found, wanted) {
			t.Errorf("%q is not in %q", wanted, found)
		}
	}
}

// TestKeepSaysWhatIsMissing: a name that nothing has is taken, and said.
func TestKeepSaysWhatIsMissing(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	write(t, "anna", zonePath(zone, "a.txt"), "x")
	// A name is what it is; encoded it is raw.
	for fields, kept := range map[string]string{"keep=50%2525.txt": "50%25.txt", "keep=100%25": "100%", "raw=50%2525.txt": "50%.txt"} {
		if a := jsonAs(t, "anna", "-d", "op=keep&"+fields, at); a.status != 200 || !strings.Contains(a.body, `{"keep":["`+kept+`"]`) {
			t.Errorf("%s: %d %s", fields, a.status, a.body)
		}
	}
	if a := jsonAs(t, "anna", "-d", "op=keep&keep=a/b", at); a.status != 400 || !strings.Contains(a.body, "keep") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := jsonAs(t, "anna", "-d", "op=keep&keep=a.txt&keep=nix", at); a.status != 200 || !strings.Contains(a.body, `{"keep":["a.txt","nix"],"missing":["nix"]}`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	// A name that is given twice is kept once.
	if a := jsonAs(t, "anna", "-d", "op=keep&keep=a.txt&keep=b&keep=a.txt&raw=b&raw=a.txt", at); a.status != 200 || !strings.Contains(a.body, `{"keep":["a.txt","b"],"missing":["b"]}`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if kept := run(t, "getfattr", "--only-values", "--absolute-names", "-n", "user.shz.keep", zonePath(zone)); kept != "a.txt/b" {
		t.Errorf("kept: %q", kept)
	}
	// What is not UTF-8 comes back as it is sent.
	for range 2 {
		a := objectAs(t, "anna", at, `{"op":"keep","keep":[{"raw":"bad%FF.txt"},"a.txt"]}`)
		if a.status != 200 || strings.TrimSpace(a.body) != `{"keep":[{"raw":"bad%FF.txt"},"a.txt"],"missing":[{"raw":"bad%FF.txt"}]}` {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if a := jsonAs(t, "anna", "-d", "op=keep&keep=a.txt", at); a.status != 200 || strings.Contains(a.body, "missing") {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Who may make no zones is not shown the form for one again, nor its command.
	shows(t, english(t, "bruno", management, "op=create", "name=zf-of-bruno"), 403, "Zones can be made by managers", "not:shzadm zone add", `not:name="max_age"`)
}

// TestPagesForPeople: who asks for one as JSON is told so, and what does it.
func TestPagesForPeople(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	write(t, "anna", zonePath(zone, "a.txt"), "x")
	for view, op := range map[string]string{"remove&path=a.txt": "remove", "transfer": "transfer", "close": "delete", "extend": "modify", "settings": "modify"} {
		name, _, _ := strings.Cut(view, "&")
		for language, words := range map[string]string{"en": "is a page for people", "it": "pagina per persone"} {
			a := jsonAs(t, "anna", "-H", "Accept-Language: "+language, at+"?view="+view)
			if a.status != 400 || !strings.Contains(a.body, `"code":"bad-request"`) || !strings.Contains(a.body, "view="+name) || !strings.Contains(a.body, words) || !strings.Contains(a.body, "op="+op+".") {
				t.Errorf("%s: %d %s", view, a.status, a.body)
			}
		}
		if a := curlAs(t, "anna", at+"?view="+view); a.status != 200 {
			t.Errorf("%s, the page: %d", view, a.status)
		}
	}
	if a := jsonAs(t, "anna", at+"?view=nonsense"); a.status != 400 || strings.Contains(a.body, "people") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestCheckSaysOnce: the command that mends stands once on the page, and nothing is said of what should be where nothing should.
func TestCheckSaysOnce(t *testing.T) {
	zone := newZone(t)
	write(t, "anna", zonePath(zone, "a.txt"), "x")
	run(t, "setfacl", "-n", "-m", "u:carla:r", zonePath(zone, "a.txt"))
	a := english(t, "anna", management+"/"+zone+"?view=check")
	shows(t, a, 200, "Somebody too many", "not:Should be")
	if n := strings.Count(a.body, "shzadm zone apply "+zone); n != 1 {
		t.Errorf("%d times: %s", n, a.body)
	}
}

// TestZoneSentBack: an object as it was got is a form: nothing changes where it says what is so, and what it cannot change is named.
func TestZoneSentBack(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "user:carla=read")
	at := management + "/" + zone
	run(t, "shzadm", "zone", "modify", zone, "--title", "Drawings", "--max-age", "5")
	before := jsonAs(t, "anna", at).body
	var object map[string]any
	if err := json.Unmarshal([]byte(before), &object); err != nil {
		t.Fatal(err)
	}
	send := func(op, field string, value any) answer {
		t.Helper()
		sent := maps.Clone(object)
		if sent["op"] = op; field != "" {
			sent[field] = value
		}
		b, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		return objectAs(t, "anna", at, string(b))
	}
	if a := send("modify", "", nil); a.status != 200 || !slices.Equal(zoneIn(t, a).Problems, []string{}) || zoneIn(t, a).members() != "user:bruno=write user:carla=read" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := send("modify", "title", "Other"); a.status != 200 || *zoneIn(t, a).Title != "Other" {
		t.Errorf("%d %s", a.status, a.body)
	}
	for field, value := range map[string]any{"owner": "carla", "state": "closed", "access": "read", "limit": 5, "members": []map[string]string{{"principal": "user:bruno", "access": "read"}}, "former_name": "x"} {
		if a := send("modify", field, value); a.status != 400 || !strings.Contains(a.body, field) {
			t.Errorf("%s: %d %s", field, a.status, a.body)
		}
	}
	for _, row := range [][2]string{
		{`{"op":"share","members":[{"principal":"user:bruno","access":"read"},{"principal":"user:carla","access":"write","entry":"rwx"}]}`, "user:bruno=read user:carla=write"},
		{`{"op":"share","principal":"user:bruno","access":"write","entry":"rwx"}`, "user:bruno=write user:carla=write"},
		{`{"op":"share","member":{"principal":"user:carla","access":"none"}}`, "user:bruno=write"},
	} {
		if a := objectAs(t, "anna", at, row[0]); a.status != 200 || zoneIn(t, a).members() != row[1] {
			t.Errorf("%s: %d %s", row[0], a.status, a.body)
		}
	}
	for body, field := range map[string]string{
		`{"op":"share","members":[{"name":"user:bruno","access":"read"}]}`:                               "members.name",
		`{"op":"share","members":[{"principal":"user:bruno"}]}`:                                          "members.access",
		`{"op":"share","members":[{"principal":"user:bruno","access":5}]}`:                               "members.access",
		`{"op":"share","members":[{"principal":"user:bruno","principal":"user:carla","access":"read"}]}`: "members.principal",
		`{"op":"share","members":[{"principal":"user:bruno","access":{"a":"b"}}]}`:                       "members.access",
	} {
		if a := objectAs(t, "anna", at, body); a.status != 400 || !strings.Contains(a.body, field) {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
}
