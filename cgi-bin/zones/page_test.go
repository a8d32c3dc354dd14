package main

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"sharezone/internal/page"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
	"sharezone/internal/zone"
)

// evil is a name that attacks the page.
const evil = "<svg onload=alert(1)>\u202e\"'&"

// evilText is the same as a page must show it.
const evilText = "&lt;svg onload=alert(1)&gt;[U+202E]&#34;&#39;&amp;"

// inValues is what stands in fields: what a form sends back must be what was typed.
var inValues = regexp.MustCompile(`(?s) value="[^"]*"|<textarea.*?</textarea>`)

func viewFor(l text.Language) page.View {
	return page.View{Language: l, Title: "demo", User: "anna", Menu: page.Menu(l, "anna", "/cgi-bin/zones/demo", true, false), URL: "/cgi-bin/zones/demo"}
}

// inBoth renders a page of a zone in both languages and checks what must and must not stand there.
func inBoth(t *testing.T, body func(l text.Language) templ.Component, wanted, unwanted []string) {
	t.Helper()
	h := head{Name: "demo", Heading: evil, May: "You can enter.", Files: "/cgi-bin/shz/demo/", Tabs: []tab{{Label: "A", Href: "/cgi-bin/zones/demo", Current: true}, {Label: "B", Href: "/cgi-bin/zones/demo?view=who"}}}
	for _, l := range []text.Language{text.Italian, text.English} {
		html := pagetest.Render(t, framed(viewFor(l), zoneHead(l, h), body(l)))
		check(t, html, append(wanted, evilText, `aria-current="page">A</a>`, `href="/cgi-bin/shz/demo/"`), append(unwanted, "<svg onload", "%!"))
		if shown := inValues.ReplaceAllString(html, ""); strings.Contains(shown, "\u202e") {
			t.Error("a character that turns the text around is shown as it is")
		}
	}
}

func check(t *testing.T, html string, wanted, unwanted []string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(html, w) {
			t.Errorf("missing %s", w)
		}
	}
	for _, u := range unwanted {
		if strings.Contains(html, u) {
			t.Errorf("must not contain %s", u)
		}
	}
}

func TestListPage(t *testing.T) {
	rows := []zoneRow{
		{Name: "demo", Heading: evil, Owner: "anna", Expires: "22/11/2026", Managed: true, Href: "/cgi-bin/zones/demo"},
		{Name: "old", Heading: "old", Owner: "uid:7001", Closed: true, Expires: "x", Href: "/cgi-bin/zones/old?state=closed"},
	}
	for _, l := range []text.Language{text.Italian, text.English} {
		html := pagetest.Render(t, listPage(viewFor(l), listView{MayMake: true, New: true, Admin: true, Zones: rows, Total: 3}))
		check(t, html, []string{
			`href="/cgi-bin/zones?view=new"`, evilText, `href="/cgi-bin/zones/old?state=closed"`, "uid:7001", "22/11/2026", l.Say("zones.mine"),
			l.Say("home.closed"), l.Count("zones.more", 1), l.Say("zones.all-link"), `role="search"`, `<dd><bdi dir="auto">demo</bdi></dd>`,
		}, []string{"<svg onload", `<dd><bdi dir="auto">old</bdi></dd>`})
		found := criteria{Text: evil, Owner: "anna", ExpiresBefore: "2026-01-01"}
		html = pagetest.Render(t, listPage(viewFor(l), listView{criteria: found, Searched: true, Admin: true}))
		check(t, html, []string{`value="` + strings.ReplaceAll(evilText, "[U+202E]", "\u202e") + `"`, "<details class=\"more\" open>", `value="2026-01-01"`, l.Say("zones.none-found")},
			[]string{"view=new", l.Say("zones.all-link"), `<ul class="zones"`})
	}
	// Whoever cannot make zones is told where those are that are shared with him.
	html := pagetest.Render(t, listPage(viewFor(text.English), listView{}))
	check(t, html, []string{"Zones are made by managers.", "Zones that you get into"}, []string{"view=new", "Make the first one"})
	html = pagetest.Render(t, listPage(viewFor(text.English), listView{MayMake: true}))
	check(t, html, []string{"Make the first one"}, []string{"made by managers"})
}

func TestOverviewPage(t *testing.T) {
	o := overviewView{
		Here: "/cgi-bin/zones/demo", Name: "demo", Problems: []problem{{Words: "First & problem."}}, Facts: []fact{{"Label", evil, true}, {"Plain", "1 < 2", false}},
		Description: "two\nlines " + evil, Managed: true, Changes: true, Expires: "2026-12-31", Extend: []extension{{"2027-12-31", "31/12/2027"}, {}},
		Members: []member{
			{Principal: "user:bruno", Label: evil, About: "Acme · bruno", Access: zone.Write, Chosen: zone.Write},
			{Principal: "group:shz-acme", Label: "shz-acme", Group: true, Access: zone.None, Chosen: zone.Read, Entry: "r-x"},
			{Principal: "user:7001", Label: "7001", Gone: true, Access: zone.Read},
		},
		Find: evil, Searched: true, MoreHits: 7, Commands: []step{{"Share.", "shzadm zone share demo 'x'"}},
		Hits: []hit{{Principal: "user:carla", Label: evil, About: "carla", Access: zone.Drop}, {Principal: "group:shz-b", Label: "shz-b", Group: true}},
	}
	inBoth(t, func(l text.Language) templ.Component { return overviewBody(l, o) }, []string{
		"First &amp; problem.", "1 &lt; 2", `name="principal" value="user:bruno"`, `<option value="write" selected>`, `<option value="read" selected>`,
		`name="expires" value="2027-12-31"`, "31/12/2027", `name="principal" value="user:carla"`, `name="access" value="drop"`,
		"view=transfer", "view=close", "shzadm zone share demo &#39;x&#39;", "Acme · bruno", `>two</bdi>`, `>lines &lt;svg`,
	}, nil)
	html := pagetest.Render(t, overviewBody(text.English, o))
	check(t, html, []string{"The list says &#34;Reads&#34;, but"}, nil)
	if strings.Count(html, "<select") != 2 {
		t.Error("somebody who is gone has something to choose")
	}

	o.Hits, o.MoreHits, o.Extend, o.Members = nil, 0, []extension{{}}, nil
	check(t, pagetest.Render(t, overviewBody(text.English, o)),
		[]string{"Nobody found.", "Only the owner gets in", "Remove the end date", `name="expires" value=""`}, []string{"<select", "Delivers"})

	// Who does not manage it finds no form.
	o.Changes, o.Members = false, []member{{Principal: "user:bruno", Label: "bruno", Access: zone.Read, Chosen: zone.Read}}
	check(t, pagetest.Render(t, overviewBody(text.English, o)), []string{"With whom it is shared", "May look and download."}, []string{"<form", "view=close"})

	o.Managed, o.Members = false, []member{{Principal: "user:bruno", Label: "bruno", Access: zone.Read, Chosen: zone.Read}}
	check(t, pagetest.Render(t, overviewBody(text.English, o)), []string{"How you get in", "May look and download."}, []string{"<form", "view=close"})

	o.Managed, o.Changes, o.Closed = true, true, true
	check(t, pagetest.Render(t, overviewBody(text.English, o)), []string{`value="restore"`, `type="date" name="expires"`}, []string{`value="share"`})
	o.Restorable = true
	check(t, pagetest.Render(t, overviewBody(text.English, o)), []string{`value="restore"`}, []string{`type="date"`})
}

func TestSettingsPages(t *testing.T) {
	f := settingsView{
		New: true, Here: here, Name: evil, Title: evil, Description: "</textarea>" + evil, Expires: "2026-12-31", Last: "2027-01-01", Hint: "Hint.", MaxAge: "30",
		Notify: "upload", Commands: []string{command("shzadm", "zone", "add", evil)},
	}
	for _, l := range []text.Language{text.Italian, text.English} {
		html := pagetest.Render(t, newPage(viewFor(l), f))
		check(t, html, []string{
			`value="create"`, `name="name"`, `max="2027-01-01"`, `value="2026-12-31"`, `<option value="upload" selected>`, `value="30"`, "Hint.", "&lt;/textarea&gt;",
		}, []string{"<svg onload", "</textarea>&lt;svg"})
	}
	f.New, f.Last, f.Notify = false, "", ""
	inBoth(t, func(l text.Language) templ.Component { return settingsBody(l, f) }, []string{`value="modify"`, `<option value="" selected>`}, []string{`name="name"`, "max=\"2"})
	q := questionView{
		Here: "/cgi-bin/zones/demo", Title: "T?", Question: "Q.", Advice: "A.", Op: "transfer", Submit: "S",
		Managers: []managerChoice{{"bruno", evil, evil}}, Find: evil, More: 3, Commands: []string{"x"},
	}
	inBoth(t, func(l text.Language) templ.Component { return transferBody(l, q) }, []string{`name="find"`, `value="transfer"`, `name="owner" value="bruno"`}, []string{"empty-state"})
	q.Managers = nil
	inBoth(t, func(l text.Language) templ.Component { return transferBody(l, q) }, []string{`name="find"`}, []string{`name="owner"`})
	q.Op, q.Raw, q.Shown, q.Fields = "remove", "a%22b", evil, []field{{"sure", evil}}
	inBoth(t, func(l text.Language) templ.Component { return questionBody(l, q) }, []string{`name="raw" value="a%22b"`, "btn-danger", `name="sure"`}, []string{`name="owner"`})
}

func TestLookPages(t *testing.T) {
	w := whoView{
		Here: "/cgi-bin/zones/demo", Name: "demo", Path: evil, Field: evil, As: evil, Shown: true, Kind: "dir", Object: []fact{{"Owner", evil, true}},
		In: []whoRow{{evil, "bruno", "read", "because " + evil, ""}}, Out: []whoRow{{"carla", "", "nothing", "stopped", ""}}, MoreOut: 4, Take: "a%22", Remove: "/cgi-bin/zones/demo?view=remove",
	}
	inBoth(t, func(l text.Language) templ.Component { return whoBody(l, w) },
		[]string{`name="raw" value="a%22"`, "because " + evilText, `value="take"`, "view=remove", "carla"}, nil)
	w.In, w.Out, w.Take, w.Remove, w.MoreOut = nil, nil, "", "", 0
	check(t, pagetest.Render(t, whoBody(text.English, w)), []string{"Nobody gets in."}, []string{"<table", `value="take"`, "view=remove"})
	w.Shown = false
	check(t, pagetest.Render(t, whoBody(text.English, w)), []string{`name="path"`}, []string{"Nobody gets in.", `class="facts"`})

	ages := agesView{Here: "/cgi-bin/zones/demo", Rule: "R.", Changes: true, Rows: []ageRow{{evil, "a%22", "30.11.2026", "3", "1", true}}}
	inBoth(t, func(l text.Language) templ.Component { return agesBody(l, ages) },
		[]string{`value="keep"`, `name="raw" value="a%22" checked`, evilText, "30.11.2026"}, nil)
	check(t, pagetest.Render(t, agesBody(text.English, ages)), // on a phone each number has its own head
		[]string{`<span class="cell-label">The first goes on</span>`, `<span class="cell-label">Within a week</span>`, `<span class="cell-label">Files</span>`}, nil)

	c := checkView{Here: "/cgi-bin/zones/demo", Apply: true, Commands: []string{"shzadm zone apply demo"}, Groups: []findingGroup{
		{Title: "T", Words: "W.", Total: 7, More: 6, Rows: []findingRow{{Path: evil, Href: "/cgi-bin/zones/demo?view=who", Found: evil, Right: "R"}}, Commands: []string{command("setfacl", evil)}, Apply: true},
		{Words: "A person must.", Found: "0777", Rows: []findingRow{{}}, People: []standing{{evil, "may read", "user:x=read", "/cgi-bin/zones/demo?find=x#share"}}},
	}}
	inBoth(t, func(l text.Language) templ.Component { return checkBody(l, c) }, []string{`value="apply"`, "setfacl $&#39;&lt;svg", "W.", ">7</span>", "?find=x#share", `name="member" value="user:x=read"`}, nil)
	c.Groups = nil
	check(t, pagetest.Render(t, checkBody(text.English, c)), []string{"Everything is as it should be."}, []string{`value="apply"`})

	s := spaceView{Facts: []fact{{"Used", "1 MB", false}}, People: []spaceRow{{Label: evil, Size: "1 MB", Files: "3", Part: 40}}, Top: []spaceRow{{Label: evil, Href: "/cgi-bin/zones/demo?view=who", Size: "1 kB", Part: 0}}}
	inBoth(t, func(l text.Language) templ.Component { return spaceBody(l, s) }, []string{"40\u00a0%", "1 MB"}, nil)
}

// TestSlowPage: what takes long is a page that grows, and ends with the result.
func TestSlowPage(t *testing.T) {
	var order []string
	growing := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for i, n := range []int{0, 1, 1234} {
			order = append(order, time.Duration(i).String())
			if err := page.ProgressLine(text.English, n).Render(ctx, w); err != nil {
				return err
			}
		}
		return concluded(text.English, page.Notice{Kind: page.OK, Text: "Done."}, "/cgi-bin/zones/demo", templ.Raw("<p>body</p>")).Render(ctx, w)
	})
	html := pagetest.Render(t, slowPage(viewFor(text.English), zoneHead(text.English, head{Name: "demo", Heading: "demo"}), growing))
	check(t, html, []string{"At work…", "1 item so far", "1,234 items so far", "Done.", "<p>body</p>", `href="/cgi-bin/zones/demo"`}, nil)
	if len(order) != 3 || strings.Index(html, "1,234") > strings.Index(html, "Done.") {
		t.Error("the result comes before the work")
	}
	r := reportView{Skipped: []item{{Name: evil, Message: "M."}}, More: 2, Shut: true}
	check(t, pagetest.Render(t, reportBody(text.English, r, "/cgi-bin/zones/demo")), []string{evilText, "M.", "And 2 more.", "take away from what the list gives"}, []string{"<svg onload"})
	check(t, pagetest.Render(t, itemsBody(text.English, []item{{Name: evil, Message: "M."}}, "/cgi-bin/zones/demo")), []string{evilText, `role="alert"`}, []string{"<svg onload"})
}
