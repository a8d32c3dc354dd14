package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

func viewerFor(l text.Language) viewer {
	return viewer{call: &web.Call{Language: l, User: "anna"}, names: account.NewNames()}
}

func TestCriteria(t *testing.T) {
	for query, good := range map[string]bool{
		"": true, "name=x": true, "mine=1": true, "mine=0": true, "mine=2": false, "mine=yes": false, "expires_before=2026-02-28": true, "expires_before=2026-02-30": false,
		"expires_before=tomorrow": false, "expires_before=2026-2-1": false, "state=open": true, "state=closed": true, "state=all": true, "state=x": false, "lang=en": true,
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseCriteria(q); (err == nil) != good || err != nil && web.CodeOf(viewerFor(text.English).told(err)) != web.BadRequest {
			t.Errorf("%q: %v", query, err)
		}
	}
	for query, state := range map[string]string{"name=x": "open", "mine=1": "all", "mine=1&state=open": "open", "mine=1&state=closed": "closed", "mine=0&name=x": "open", "name=x&state=all": "all"} {
		q, _ := url.ParseQuery(query)
		if c, err := parseCriteria(q); err != nil || c.State != state {
			t.Errorf("%q: state %s, %v", query, c.State, err)
		}
	}
	for query, given := range map[string]bool{"": false, "state=all": false, "lang=en": false, "text=+": false, "text=x": true, "mine=1": true, "mine=0": false, "name=*": true} {
		q, _ := url.ParseQuery(query)
		if c, err := parseCriteria(q); err != nil || c.given() != given {
			t.Errorf("%q: given %v, %v", query, c.given(), err)
		}
	}
}

func TestMatches(t *testing.T) {
	p := func(s string) *string { return &s }
	z := seen{Details: zone.Details{
		Summary:     zone.Summary{Name: "offers.2026", Title: p("Angebote für Müller"), Owner: "anna", Expires: p("2026-12-31"), State: zone.StateOpen},
		Description: p("first\nsecond line"), Members: []zone.Member{{Principal: "user:bruno", Access: zone.Read}, {Principal: "group:shz-acme", Access: zone.Drop}},
	}}
	bare := seen{Details: zone.Details{Summary: zone.Summary{Name: "bare", Owner: "uid:7001"}, FormerName: p("older")}}
	for _, row := range []struct {
		c          criteria
		full, none bool
	}{
		{criteria{}, true, true},
		{criteria{Name: "OFFER"}, true, false}, {criteria{Name: "offer*"}, true, false}, {criteria{Name: "*"}, true, true}, {criteria{Name: "offers"}, true, false},
		{criteria{Name: "offers?2026"}, true, false}, {criteria{Name: "offers?"}, false, false}, {criteria{Name: "[a-z]*"}, false, false}, {criteria{Name: `\*`}, false, false},
		{criteria{Name: "[*"}, false, false}, {criteria{Name: "old*"}, false, true}, {criteria{Name: "../*"}, false, false},
		{criteria{Owner: "anna"}, true, false}, {criteria{Owner: "ann"}, false, false}, {criteria{Owner: "uid:7001"}, false, true},
		{criteria{Member: "user:bruno"}, true, false}, {criteria{Member: "bruno"}, true, false}, {criteria{Member: "group:bruno"}, false, false}, {criteria{Member: "shz-acme"}, true, false},
		{criteria{Text: "MÜLLER angebote"}, true, false}, {criteria{Text: "second"}, true, false}, {criteria{Text: "second third"}, false, false}, {criteria{Text: "2026"}, true, false},
		{criteria{ExpiresBefore: "2026-12-31"}, false, false}, {criteria{ExpiresBefore: "2027-01-01"}, true, false},
		{criteria{Mine: true}, true, false}, {criteria{Mine: true, Text: "nothing"}, false, false},
	} {
		if got := row.c.matches(z, "anna"); got != row.full {
			t.Errorf("%+v: %v", row.c, got)
		}
		if got := row.c.matches(bare, "anna"); got != row.none {
			t.Errorf("%+v, a zone without anything: %v", row.c, got)
		}
	}
}

func TestPlaces(t *testing.T) {
	for text, encoded := range map[string]string{"": "", "/": "", "a": "a", "a/": "a", "a b/c%2F": "a%20b/c%252F", "caf\xe9/\n": "caf%E9/%0A", "ü": "%C3%BC"} {
		p, err := parsePlace(text)
		if err != nil || p.encoded() != encoded {
			t.Errorf("%q: %q %v", text, p.encoded(), err)
		}
		back, err := parseEncoded(encoded)
		if err != nil || back.bytes() != p.bytes() {
			t.Errorf("%q: %q %v", encoded, back.bytes(), err)
		}
	}
	for _, text := range []string{"//", "/a", "a//b", "a//", ".", "..", "a/..", "a/./b", "a\x00", ".shz-x", "a/.shz-new"} {
		if p, err := parsePlace(text); err == nil {
			t.Errorf("%q is %q", text, p.names)
		}
	}
	for _, text := range []string{"/", "a%2Fb", "%2e%2e", "a/%2E", "a%", "a%zz", "%00", "%2eshz-x", "a//b", "a/"} {
		if p, err := parseEncoded(text); err == nil {
			t.Errorf("%q is %q", text, p.names)
		}
	}
}

func TestCommand(t *testing.T) {
	for want, words := range map[string][]string{
		"shzadm zone share demo group:shz-acme=read": {"shzadm", "zone", "share", "demo", "group:shz-acme=read"},
		`getfacl -- '/srv/sharezone/demo/it'\''s'`:   {"getfacl", "--", zonePath("demo", place{[]string{"it's"}})},
	} {
		if got := command(words...); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

func TestExtend(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.Local)
	for _, row := range []struct {
		policy  zone.Policy
		expires string
		want    string // a button each; "never" has no day
	}{
		{zone.Policy{}, "", ""}, {zone.Policy{}, "2026-12-31", "2027-01-31 never"}, {zone.Policy{}, "2027-01-31", "2027-02-28 never"},
		{zone.Policy{}, "2026-10-31", "2026-12-24 never"}, {zone.Policy{}, "2026-11-24", "2026-12-24 never"},
		{zone.Policy{DefaultExpiry: 10}, "2026-11-30", "2026-12-04"}, {zone.Policy{DefaultExpiry: 10}, "2026-12-04", ""},
		{zone.Policy{DefaultExpiry: 10, MaxExpiry: 20}, "2026-12-04", "2026-12-14"},
		{zone.Policy{MaxExpiry: 20}, "2027-01-01", ""}, {zone.Policy{MaxExpiry: 20}, "", ""},
	} {
		var got []string
		for _, e := range extend(text.English, row.policy, row.expires, now) {
			got = append(got, cmp.Or(e.Expires, "never"))
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%+v %q: %q", row.policy, row.expires, got)
		}
	}
}

// reasons are all that zonefix and access give, with what stands beside them.
var reasons = []helper.ZoneRefusal{
	{Reason: "principal"}, {Reason: "no-such-user"}, {Reason: "no-such-group"}, {Reason: "not-in-base"}, {Reason: "is-owner"}, {Reason: "twice"}, {Reason: "full"}, {Reason: "not-manager"},
	{Reason: "past"}, {Reason: "too-late", Latest: "2026-12-31"}, {Reason: "expired"}, {Reason: "name"}, {Reason: "same-person"}, {Reason: "not-closed"}, {Reason: "mount"},
	{Reason: "read-only"}, {Reason: "owner"}, {Reason: "unlisted"}, {Reason: "puts-out", Standing: []zone.Member{{Principal: "user:zt-nobody", Access: zone.Read}}}, {Reason: "foreign"}, {Reason: "no-answer"}, {Reason: "no-acl"}, {Reason: "value", Attr: zone.AttrTitle, Why: string(zone.TooLong)}, {Reason: "value", Attr: zone.AttrMaxAge, Why: string(zone.BadForm)},
	{Reason: "value", Attr: zone.AttrDescription, Why: string(zone.NotUTF8)}, {Reason: "value", Attr: zone.AttrNotify, Why: string(zone.Control)},
	{Reason: "value", Attr: zone.AttrExpires, Why: string(zone.BadForm)},
}

// TestRefusals: every reason has its sentence in both languages, and the code stays.
func TestRefusals(t *testing.T) {
	for _, r := range reasons {
		r.Code = "conflict"
		said := make(map[string]bool)
		for _, l := range []text.Language{text.Italian, text.English} {
			v := viewerFor(l)
			err := v.told(fmt.Errorf("x: %w", &r))
			sentence := v.call.Message(err)
			if web.CodeOf(err) != web.Conflict || sentence == v.call.Language.Say("error.conflict") || strings.Contains(sentence, "%!") || strings.Contains(sentence, "[") {
				t.Errorf("%+v: %s %q", r, web.CodeOf(err), sentence)
			}
			said[sentence] = true
		}
		if len(said) != 2 {
			t.Errorf("%s: the same in both languages: %v", r.Reason, said)
		}
	}
	v := viewerFor(text.English)
	for err, code := range map[error]web.Code{
		zone.ErrExists: web.Exists, zone.ErrName: web.BadRequest, zone.ErrPast: web.BadRequest, &zone.ExpiryError{Latest: "2026-01-01"}: web.BadRequest,
		zone.ValueError{Attr: zone.AttrTitle, Reason: zone.TooLong}: web.BadRequest, zone.ErrTooMany: web.NoSpace, unix.EROFS: web.Locked, unix.EACCES: web.NotPermitted,
		unix.EDQUOT: web.Quota, errors.New("x"): web.Internal, &helper.ZoneRefusal{Code: "not-found"}: web.NotFound, &helper.ZoneRefusal{Code: "busy", Reason: "odd"}: web.Busy,
	} {
		if got := web.CodeOf(v.told(err)); got != code {
			t.Errorf("%v: %s, not %s", err, got, code)
		}
	}
}

func TestMetadataOfForms(t *testing.T) {
	parse := func(query string) (zone.Metadata, bool, error) {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		return form{viewer: viewerFor(text.English), fields: q}.metadata()
	}
	m, forget, err := parse("title=T&description=a%0D%0Ab&expires=2026-12-31&max_age=30&notify=download&notify=upload")
	if err != nil || forget || *m.Title != "T" || *m.Description != "a\nb" || *m.Expires != "2026-12-31" || *m.MaxAge != 30 || *m.Notify != "upload,download" {
		t.Errorf("%+v %v %v", m, forget, err)
	}
	m, forget, err = parse("max_age=&notify=&expires=")
	if err != nil || !forget || *m.MaxAge != 0 || m.Notify != nil || *m.Expires != "" || m.Title != nil {
		t.Errorf("%+v %v %v", m, forget, err)
	}
	if m, forget, err = parse("notify=none"); err != nil || forget || *m.Notify != "" {
		t.Errorf("%+v %v %v", m, forget, err)
	}
	for _, query := range []string{"max_age=-1", "max_age=x", "max_age=1.5", "max_age=99999999999999999999", "max_age=36501", "notify=x", "notify=upload,", "expires=x", "expires=2026-02-30", "title=%00", "title=a%0Ab", "title=%ff", "description=" + strings.Repeat("x", 401)} {
		if m, _, err := parse(query); err == nil || web.CodeOf(viewerFor(text.English).told(err)) != web.BadRequest {
			t.Errorf("%s: %+v %v", query, m, err)
		}
	}
}

// TestTypedAgain: what was typed stays when a form is refused, lines as lines; what cannot be typed does not.
func TestTypedAgain(t *testing.T) {
	f := settingsView{Title: "before", Expires: "2026-12-31", Seen: "1b"}
	typed := url.Values{"title": {"a\x1bb"}, "description": {"one\r\ntwo"}, "max_age": {"x"}, "seen": {"0a"}}
	viewerFor(text.English).complete(&f, zone.Policy{}, typed, time.Now())
	if f.Title != "" || f.Description != "one\ntwo" || f.MaxAge != "x" || f.Expires != "2026-12-31" || f.Seen != "0a" {
		t.Errorf("%+v", f)
	}
}

func TestPrincipals(t *testing.T) {
	for principal, good := range map[string]bool{
		"user:bruno": true, "group:shz-acme": true, "user:7001": true, "user:": false, "bruno": false, "": false, "other:x": false, "mask:": false, "USER:x": false,
		"user:a\nb": false, "user:\x00": false, "user:\xff": false, "user:" + strings.Repeat("x", 300): false, "user:a b": true,
	} {
		if err := checkPrincipal(principal); (err == nil) != good {
			t.Errorf("%q: %v", principal, err)
		}
	}
}

func TestWhy(t *testing.T) {
	stopped := func(s string) *string { return &s }
	p := zonePage{viewer: viewerFor(text.English)}
	for _, row := range []struct {
		person    helper.Person
		can, want string
	}{
		{helper.Person{Read: true, Write: true, Enter: true, Entry: "owner"}, "see what is there, bring files", "it is theirs"},
		{helper.Person{Read: true, Enter: true, Entry: "group:shz-x", Also: []string{"group:shz-y"}, Perm: "rwx", Masked: true, Mask: "r-x"}, "see what is there", "is in the group shz-x; also by the group shz-y; with rwx, of which the permissions of the folder or file leave r-x (mask)"},
		{helper.Person{Enter: true, Entry: "other"}, "pass, without seeing", "everybody of Share Zone may"},
		{helper.Person{Entry: "other"}, "nothing", "is not in the list"},
		{helper.Person{Entry: "user:bruno", Perm: "rwx", Masked: true, Mask: "---", Stopped: stopped("")}, "nothing", "does not get into the zone: is in the list by name; with rwx, of which the permissions of the folder or file leave --- (mask)"},
		{helper.Person{Stopped: stopped("")}, "nothing", "does not get into the zone"},
		{helper.Person{Entry: "user:bruno", Stopped: stopped("a%20b/c%E9")}, "nothing", "is stopped by the folder a b/c\ufffd: is in the list by name"},
		{helper.Person{Stopped: stopped("/")}, "nothing", "does not reach the zones of this machine"},
		{helper.Person{Read: true}, "see what is there", "the system says so; the list does not explain it"},
		{helper.Person{Read: true, Entry: "group"}, "see what is there", "is in the group that owns it"},
	} {
		if got := p.why(row.person); got != row.want {
			t.Errorf("%+v: %q", row.person, got)
		}
		if got := can(text.English, row.person, "dir"); got != row.can {
			t.Errorf("%+v: %q", row.person, got)
		}
	}
}

// TestOperations: nothing is changed by the external entry; a new operation must be thought about.
func TestOperations(t *testing.T) {
	inside, outside := viewer{call: &web.Call{Entry: "internal"}}, viewer{call: &web.Call{Entry: "external"}}
	for name, op := range operations() {
		if op.outside || op.do == nil || !inside.answers(name) || outside.answers(name) {
			t.Errorf("%s: outside %v", name, op.outside)
		}
	}
	if len(operations()) != 11 {
		t.Errorf("%d operations", len(operations()))
	}
}

// TestTexts: each problem, kind and reason that a page says by a computed key has its sentence.
func TestTexts(t *testing.T) {
	var problems []string
	for _, p := range zone.Problems {
		problems = append(problems, string(p))
	}
	for prefix, ends := range map[string][]string{
		"zones-problem.": problems,
		"zones-access.":  {"own", "read", "write", "drop", "none"}, "zones-choice.": {"read", "write", "drop", "none"}, "zones-explain.": {"read", "write", "drop"},
		"zones-skip.": {"mount", "linked", "owner", "owns", "moved", "full", "error"}, "zones-who.kind-": {"dir", "file", "other"},
		"zones-notify.": {"default", "none", "upload", "download", "both"},
		"zones-drift.":  append(slices.Clone(zone.DriftKinds), "unknown"), "zones-kind.": append(slices.Clone(zone.DriftKinds), "unknown"),
		"zones-done.": {"create", "modify", "share", "unshare", "denied", "apply", "transfer", "close", "restore", "take", "remove", "open", "keep"},
	} {
		for _, end := range ends {
			if !text.Italian.Knows(prefix + end) {
				t.Errorf("%s%s: missing", prefix, end)
			}
		}
	}
	for name := range operations() {
		if done := doneNotice(text.English, map[string]string{"delete": "close"}[name]+map[bool]string{true: name}[name != "delete"]); done == nil {
			t.Errorf("nothing is said after %s", name)
		}
	}
	if doneNotice(text.English, "") != nil || doneNotice(text.English, "nothing") != nil {
		t.Error("something is said after nothing")
	}
}

// Commands about what lies in a zone are those of shzadm, which goes by descriptors, whatever the name is like.
func TestBelowCommand(t *testing.T) {
	for want, names := range map[string][]string{
		"shzadm zone remove demo": nil, "shzadm zone remove demo a/b": {"a", "b"}, "shzadm zone remove demo -- '-rf x'": {"-rf x"},
		`shzadm zone remove demo $'caf\xe9'`: {"caf\xe9"}, "shzadm zone remove demo a/-b": {"a", "-b"},
	} {
		if got := belowCommand("remove", "demo", place{names}); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

// A helper that says nothing may still be at work: that is not "busy", after which scripts try again.
func TestNoAnswer(t *testing.T) {
	v := viewerFor(text.English)
	err := v.told(fmt.Errorf("x: %w", helper.ErrNoAnswer))
	if code, sentence := web.CodeOf(err), v.call.Message(err); code != web.Internal || !strings.Contains(sentence, "may still be carried out") {
		t.Errorf("%s %s", code, sentence)
	}
}

// TestOptions: what the page shows makes the zone what the form says; whose trash it is not to say the command does not name.
func TestOptions(t *testing.T) {
	f := settingsView{Title: "x"}
	if got := f.options(true); slices.Contains(got, "--trash") || !slices.Contains(got, "--expires") {
		t.Errorf("%q", got)
	}
	f.Trash = zone.TrashOff
	if got := f.options(true); !slices.Equal(got[len(got)-2:], []string{"--trash", "off"}) {
		t.Errorf("%q", got)
	}
}

// TestMendsOffered: a button that would be refused is none.
func TestMendsOffered(t *testing.T) {
	for other, op := range map[zone.Problem]string{zone.NoID: "apply", zone.OwnerWrong: "", zone.OwnerGone: "", zone.NoACL: ""} {
		s := seen{Managed: true, Details: zone.Details{Summary: zone.Summary{Name: "x", Owner: "anna", State: zone.StateOpen}, Problems: []zone.Problem{other, zone.Everybody}}}
		p := zonePage{viewer: viewerFor(text.English), seen: s}
		p.admin, p.names = true, account.NewNames()
		if got := p.problems(); len(got) != 2 || got[1].Op != op {
			t.Errorf("%s: %+v", other, got)
		}
		reply := helper.ZonefixReply{Findings: []zone.Drift{{Path: "his", Kind: zone.DriftOwns}, {Path: "his", Kind: zone.DriftShut}, {Path: "his", Kind: zone.DriftLost}}}
		for i, g := range p.checkView(reply).Groups {
			if want := map[bool]string{true: "his"}[op != "" && i < 2]; g.Rows[0].Take != want {
				t.Errorf("%s: %s: %q", other, reply.Findings[i].Kind, g.Rows[0].Take)
			}
		}
		reply.Findings = append([]zone.Drift{{Path: "his", Kind: zone.DriftOwner}}, reply.Findings...) // of root: zonefix takes it from nobody
		for _, g := range p.checkView(reply).Groups {
			if g.Rows[0].Take != "" || g.kind == zone.DriftShut && !g.Decided {
				t.Errorf("%s: %s: %+v", other, g.kind, g)
			}
		}
	}
}

// TestCheckGroups: the same is said once, of so many, and the commands of all are few.
func TestCheckGroups(t *testing.T) {
	p := zonePage{viewer: viewerFor(text.English), seen: seen{Managed: true, Details: zone.Details{Summary: zone.Summary{Name: "x", Owner: "anna", State: zone.StateOpen}}}}
	p.names = account.NewNames()
	reply := helper.ZonefixReply{More: 300, Kinds: map[string]int{zone.DriftWide: 400, zone.DriftOther: 2, zone.DriftLinked: 5}}
	for i := range 99 {
		reply.Findings = append(reply.Findings, zone.Drift{Path: fmt.Sprint(i), Kind: zone.DriftWide, Found: "mask::rw-", Right: "mask::r--", Mend: []string{"shzadm zone apply x"}, Apply: true})
	}
	reply.Findings = append(reply.Findings, zone.Drift{Path: "7", Kind: zone.DriftOther, Found: "other::r--", Apply: true}, zone.Drift{Path: "8", Kind: zone.DriftOther, Found: "other::rwx", Apply: true})
	groups := p.checkView(reply).Groups
	if len(groups) != 3 || groups[2].Total != 5 || groups[2].More != 5 {
		t.Fatalf("%+v", groups)
	}
	if g := groups[0]; g.Total != 400 || len(g.Rows) != maxAlike || g.More != 400-maxAlike || len(g.Commands) != 0 || len(p.checkView(reply).Commands) != 1 || g.Found != "mask::rw-" || g.Rows[0].Found != "" {
		t.Errorf("%+v", g)
	}
	if g := groups[1]; g.Total != 2 || g.More != 0 || g.Found != "" || g.Rows[1].Found != "other::rwx" {
		t.Errorf("%+v", g)
	}
	reply.Findings = append(reply.Findings, zone.Drift{Path: "9", Kind: zone.DriftWide, Found: "mask::rwx", Right: "mask::r--", Mend: []string{"another"}, Apply: true})
	if g := p.checkView(reply).Groups[0]; g.Found != "" || g.Rows[0].Found != "mask::rw-" || !g.Partly { // one that is not named has another
		t.Errorf("%+v", g)
	}
	p.admin = true
	people := p.checkView(helper.ZonefixReply{Findings: []zone.Drift{{Kind: zone.DriftUnlisted, Found: "group:shz-acme=read", Members: []zone.Member{{Principal: "group:shz-acme", Access: zone.Read}}}}})
	if len(people.Groups) != 1 || len(people.Groups[0].People) != 1 || people.Groups[0].People[0].Label != "shz-acme" || people.Apply || people.Commands != nil {
		t.Errorf("%+v", people)
	}
}

// TestReportLeadsToOwnFolder: what says that a folder can be made the owner's on another page leads there, where there is a zone to lead to.
func TestReportLeadsToOwnFolder(t *testing.T) {
	r := zone.Report{Skipped: []zone.Skipped{{Path: "a/b c", Reason: zone.SkipOwns}, {Path: "d", Reason: zone.SkipFull}, {Path: "e", Reason: zone.SkipKind}}}
	for name, href := range map[string]templ.SafeURL{"demo": "/cgi-bin/zones/demo?path=a%2Fb%20c&view=who", "": ""} {
		got := viewer{call: &web.Call{Language: text.English}}.reportOf(name, r).Skipped
		if len(got) != 2 || got[0].href != href || got[1].href != "" {
			t.Errorf("%q: %+v", name, got)
		}
	}
}

// TestReportOfTheTrash: what lies in somebody's trash is told as that, as whoever threw it away calls it.
func TestReportOfTheTrash(t *testing.T) {
	r := zone.Report{Skipped: []zone.Skipped{{Path: ".shz-trash-4294967000/20260101T000000-X/plans/two", Reason: zone.SkipLinked}, {Path: "x/.shz-upload-1", Reason: zone.SkipUpload}}}
	for l, words := range map[text.Language]string{text.English: "in the trash of uid:4294967000: has more than one name", text.Italian: "nel cestino di uid:4294967000: ha più di un nome"} {
		got := viewer{call: &web.Call{Language: l}, names: account.NewNames()}.reportOf("demo", r).Skipped
		if len(got) != 1 || got[0].Name != "plans/two" || !strings.HasPrefix(got[0].Message, words) || got[0].href != "" {
			t.Errorf("%+v", got)
		}
	}
}
