package test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// The component zones: every row of the interface, in both forms, and what the shell's own tools say of it.

const management = "/cgi-bin/zones"

// zoneFound is a zone as JSON.
type zoneFound struct {
	Name, Owner, Access, State string
	Title, Description         *string
	Expires, Notify            *string
	MaxAge                     *int `json:"max_age"`
	Members                    []struct{ Principal, Access, Entry string }
	FormerName                 *string `json:"former_name"`
	Problems                   []string
	Folders, Files             int
}

// members are "user:bruno=write", sorted.
func (z zoneFound) members() string {
	var all []string
	for _, m := range z.Members {
		all = append(all, m.Principal+"="+m.Access)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// zoneIn reads the zone that an answer is, or that is under its key "zone".
func zoneIn(t *testing.T, a answer) zoneFound {
	t.Helper()
	var z zoneFound
	if err := json.Unmarshal([]byte(a.body), &z); err != nil || z.Name == "" {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return z
}

// zonesIn are the names in the answer to a search, sorted.
func zonesIn(t *testing.T, a answer) []zoneFound {
	t.Helper()
	var found struct{ Zones []zoneFound }
	if err := json.Unmarshal([]byte(a.body), &found); err != nil || a.status != 200 || found.Zones == nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return found.Zones
}

func namesOf(zones []zoneFound) string {
	var names []string
	for _, z := range zones {
		names = append(names, z.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// manager makes a second manager for a test.
func manager(t *testing.T, name string) {
	t.Helper()
	person(t, name, "Lampone-7-Treno-Verde", layout.GroupBase, layout.GroupOnly, layout.GroupManager)
}

// clearZones removes what tests make in the base, open or closed.
func clearZones(t *testing.T, names ...string) {
	t.Helper()
	remove := func() {
		for _, name := range names {
			run(t, "sh", "-c", `rm -rf "$1/$2" "$1/.closed/$2" "$1/.closed/$2".*`, "sh", layout.Base, name)
		}
	}
	remove()
	t.Cleanup(remove)
}

// TestZonesContract: what each request answers, in both forms.
func TestZonesContract(t *testing.T) {
	zone := newZone(t, "user:bruno=write", "group:shzmgr=read")
	clearZones(t, "zc-new")
	at := management + "/" + zone
	write(t, "bruno", zonePath(zone, "brunos.txt"), "x")
	prepare := func() {
		run(t, "sh", "-c", `rm -rf "$1/zc-new" "$1/.closed/zc-new"*`, "sh", layout.Base)
		if !exists(zonePath(zone)) {
			run(t, "shzadm", "zone", "restore", zone)
		}
		run(t, "chown", "anna:", zonePath(zone))
	}
	prepare()
	const object = "Content-Type: application/json"
	for _, row := range []contractRow{
		{"no session", "", []string{management}, 401, 401, "not-logged-in", nil, ""},
		{"no criterion", "anna", []string{management}, 400, 200, "bad-request", nil, ""},
		{"state is no criterion", "anna", []string{management + "?state=all"}, 400, 200, "bad-request", nil, ""},
		{"mine", "anna", []string{management + "?mine=1"}, 200, 200, "", []string{`{"zones":[`, `"name":"` + zone + `"`, `"owner":"anna"`, `"access":"own"`, `"expires":null`,
			`"state":"open"`, `"description":null`, `"max_age":null`, `"notify":null`, `"members":[{"principal":"group:shzmgr","access":"read"},{"principal":"user:bruno","access":"write"}]`}, ""},
		{"bad date", "anna", []string{management + "?expires_before=soon"}, 400, 400, "bad-request", nil, ""},
		{"bad mine", "anna", []string{management + "?mine=yes"}, 400, 400, "bad-request", nil, ""},
		{"bad state", "anna", []string{management + "?mine=1&state=x"}, 400, 400, "bad-request", nil, ""},
		{"form for a new one", "anna", []string{management + "?view=new"}, 400, 200, "bad-request", nil, ""},
		{"form for a new one, no manager", "bruno", []string{management + "?view=new"}, 400, 403, "bad-request", nil, ""},
		{"one", "anna", []string{at}, 200, 200, "", []string{`"name":"` + zone + `"`, `"problems":[]`}, ""},
		{"one, as a member", "bruno", []string{at}, 200, 200, "", []string{`"access":"write"`, `"members":[{"principal":"user:bruno","access":"write"}]`}, ""},
		{"one, shut", "carla", []string{at}, 403, 403, "not-permitted", nil, ""},
		{"one, as administrator", "admin", []string{at}, 200, 200, "", []string{`"members":[{`}, ""},
		{"absent", "anna", []string{management + "/zc-none"}, 404, 404, "not-found", nil, ""},
		{"absent, closed", "anna", []string{management + "/zc-none?state=closed"}, 404, 404, "not-found", nil, ""},
		{"no name of a zone", "anna", []string{management + "/Zone"}, 404, 404, "not-found", nil, ""},
		{"a slash at the end", "anna", []string{at + "/"}, 404, 404, "not-found", nil, ""},
		{"unknown view", "anna", []string{at + "?view=x"}, 400, 400, "bad-request", nil, ""},
		{"settings are a form", "anna", []string{at + "?view=settings"}, 400, 200, "bad-request", nil, ""},
		{"settings of another's", "bruno", []string{at + "?view=settings"}, 400, 403, "bad-request", nil, ""},
		{"who", "anna", []string{at + "?view=who"}, 200, 200, "", []string{`"object":{"type":"dir","owner":"anna"`, `"people":[{"user":"admin"`, `"entry":"user:bruno"`}, ""},
		{"who, below", "anna", []string{at + "?view=who&path=brunos.txt&as=carla"}, 200, 200, "", []string{`"type":"file"`, `"people":[{"user":"carla"`, `"stopped":""`}, ""},
		{"who, absent", "anna", []string{at + "?view=who&path=nothing"}, 404, 404, "not-found", nil, ""},
		{"who, of another's", "bruno", []string{at + "?view=who"}, 403, 403, "not-permitted", nil, ""},
		{"check", "anna", []string{at + "?view=check"}, 200, 200, "", []string{`"findings":[`, `"more":0`, `"kinds":{}`}, ""},
		{"check, of another's", "bruno", []string{at + "?view=check"}, 403, 403, "not-permitted", nil, ""},
		{"ages", "anna", []string{at + "?view=ages"}, 200, 200, "", []string{`"max_age":null`, `"top_level":[]`, `"complete":true`}, ""},
		{"ages, of another's", "bruno", []string{at + "?view=ages"}, 403, 403, "not-permitted", nil, ""},
		{"space", "anna", []string{at + "?view=space"}, 200, 200, "", []string{`"files":1`, `"people":[`, `"free":`}, ""},
		{"space, of another's", "bruno", []string{at + "?view=space"}, 403, 403, "not-permitted", nil, ""},

		{"create", "anna", []string{"-d", "op=create&name=zc-new&title=New&expires=2099-12-31&max_age=30&notify=upload", management}, 201, 303, "",
			[]string{`"name":"zc-new"`, `"title":"New"`, `"owner":"anna"`, `"access":"own"`, `"expires":"2099-12-31"`, `"max_age":30`, `"notify":"upload"`, `"members":[]`}, management + "/zc-new?done=create"},
		{"create, JSON", "anna", []string{"-H", object, "-d", `{"op":"create","name":"zc-new","max_age":30,"notify":["upload","download"]}`, management}, 201, 303, "", []string{`"notify":"upload,download"`}, ""},
		{"create, taken", "anna", []string{"-d", "op=create&name=" + zone, management}, 409, 409, "exists", nil, ""},
		{"create, bad name", "anna", []string{"-d", "op=create&name=../zc-new", management}, 400, 400, "bad-request", nil, ""},
		{"create, no name", "anna", []string{"-d", "op=create", management}, 400, 400, "bad-request", nil, ""},
		{"create, past", "anna", []string{"-d", "op=create&name=zc-new&expires=2001-01-01", management}, 400, 400, "bad-request", nil, ""},
		{"create, bad age", "anna", []string{"-d", "op=create&name=zc-new&max_age=x", management}, 400, 400, "bad-request", nil, ""},
		{"create, no manager", "bruno", []string{"-d", "op=create&name=zc-new", management}, 403, 403, "not-permitted", nil, ""},
		{"modify", "anna", []string{"-d", "op=modify&name=" + zone + "&title=Changed", management}, 200, 303, "", []string{`"title":"Changed"`}, at + "?done=modify"},
		{"modify, by its path", "anna", []string{"-d", "op=modify&title=", at}, 200, 303, "", []string{`"title":null`}, ""},
		{"modify, two names", "anna", []string{"-d", "op=modify&title=x&name=other", at}, 400, 400, "bad-request", nil, ""},
		{"modify, nothing", "anna", []string{"-d", "op=modify", at}, 400, 400, "bad-request", nil, ""},
		{"modify, another's", "bruno", []string{"-d", "op=modify&title=mine", at}, 403, 403, "not-permitted", nil, ""},
		{"modify, administrator", "admin", []string{"-d", "op=modify&title=By+admin", at}, 200, 303, "", []string{`"title":"By admin"`}, ""},
		{"modify, absent", "anna", []string{"-d", "op=modify&name=zc-none&title=x", management}, 404, 404, "not-found", nil, ""},
		{"share", "anna", []string{"-d", "op=share&principal=user:carla&access=read", at}, 200, 303, "", []string{`{"principal":"user:carla","access":"read"}`}, at + "?done=share"},
		{"share, taken away", "anna", []string{"-d", "op=share&principal=user:carla&access=none", at}, 0, 303, "", nil, at + "?done=unshare&of=user%3Acarla"},
		{"share, not there", "anna", []string{"-d", "op=share&principal=user:carla&access=none", at}, 200, 303, "", []string{`"members":[`, `"absent":["user:carla"]`}, at + "?done=absent&of=user%3Acarla"},
		{"share, administrator", "admin", []string{"-d", "op=share&principal=user:carla&access=drop", at}, 200, 303, "", []string{`{"principal":"user:carla","access":"drop"}`}, ""},
		{"share, nobody", "anna", []string{"-d", "op=share&principal=user:zc-nobody&access=read", at}, 400, 400, "bad-request", nil, ""},
		{"share, no principal", "anna", []string{"-d", "op=share&principal=carla&access=read", at}, 400, 400, "bad-request", nil, ""},
		{"share, odd access", "anna", []string{"-d", "op=share&principal=user:carla&access=own", at}, 400, 400, "bad-request", nil, ""},
		{"share, another's", "bruno", []string{"-d", "op=share&principal=user:carla&access=read", at}, 403, 403, "not-permitted", nil, ""},
		{"apply", "anna", []string{"-d", "op=apply", at}, 200, 303, "", []string{`"name":"` + zone + `"`}, at + "?done=apply&view=check"},
		{"remove, nothing", "anna", []string{"-d", "op=remove", at}, 400, 400, "bad-request", nil, ""},
		{"remove, the zone", "anna", []string{"-d", "op=remove&path=/", at}, 400, 400, "bad-request", nil, ""},
		{"remove, absent", "anna", []string{"-d", "op=remove&path=nothing", at}, 200, 404, "", []string{`"results":[{"name":"nothing","status":"not-found","message":"There is nothing`}, ""},
		{"remove, another's", "bruno", []string{"-d", "op=remove&path=brunos.txt", at}, 403, 403, "not-permitted", nil, ""},
		{"take, the zone", "anna", []string{"-d", "op=take&path=", at}, 400, 400, "bad-request", nil, ""},
		{"transfer, nobody", "anna", []string{"-d", "op=transfer&owner=zc-nobody", at}, 400, 400, "bad-request", nil, ""},
		{"transfer, no manager", "anna", []string{"-d", "op=transfer&owner=bruno", at}, 400, 400, "bad-request", nil, ""},
		{"transfer, same", "anna", []string{"-d", "op=transfer&owner=anna", at}, 400, 400, "bad-request", nil, ""},
		{"transfer, another's", "bruno", []string{"-d", "op=transfer&owner=bruno", at}, 403, 403, "not-permitted", nil, ""},
		{"transfer", "anna", []string{"-d", "op=transfer&owner=admin", at}, 200, 303, "", []string{`"owner":"admin"`}, management + "?done=transfer"},
		{"delete", "anna", []string{"-d", "op=delete", at}, 200, 303, "", []string{`"state":"closed"`, `"former_name":"` + zone + `"`}, at + "?done=close&state=closed"},
		{"delete, another's", "bruno", []string{"-d", "op=delete", at}, 403, 403, "not-permitted", nil, ""},
		{"restore, absent", "anna", []string{"-d", "op=restore&name=zc-none", management}, 404, 404, "not-found", nil, ""},
		{"unknown op", "anna", []string{"-d", "op=explode", at}, 400, 400, "bad-request", nil, ""},
		{"op by GET", "anna", []string{at + "?op=delete"}, 400, 400, "bad-request", nil, ""},
		{"PUT", "anna", []string{"-X", "PUT", "-d", "x", at}, 405, 405, "method", nil, ""},
		{"from elsewhere", "anna", []string{"-H", "Origin: http://evil.example", "-d", "op=delete", at}, 403, 403, "not-permitted", nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) { row.check(t, prepare) })
	}
}
