package main

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"sharezone/internal/page"
	"sharezone/internal/page/pagetest"
	"sharezone/internal/text"
	"sharezone/internal/zone"
)

func viewFor(l text.Language) page.View {
	return page.View{Language: l, User: "bruno", Menu: page.Menu(l, "bruno", "/cgi-bin/shz/demo/", false, false), URL: "/cgi-bin/shz/demo/"}
}

// hostileFolder is a folder whose names attack the page.
func hostileFolder() folderView {
	return folderView{
		Zone: "demo", ZoneTitle: "Demo", Path: "sub\u202e",
		Crumbs: []crumb{{Label: "Demo", Href: "/cgi-bin/shz/demo/"}, {Label: "sub\u202e", Current: true}},
		Access: zone.Write, Sort: "size", Order: "desc", Total: 1234, Offset: 200, Limit: 200,
		Entries: []entryRow{
			{Name: "folder", Href: "/cgi-bin/shz/demo/sub/folder/", Kind: "dir", Modified: "22/11/2026 14:03", Owner: "anna"},
			{Name: "<svg onload=alert(1)>", Href: "/cgi-bin/shz/demo/sub/%3Csvg%20onload=alert(1)%3E", Kind: "file", Size: "1,5 MB"},
			{Name: "invoice\u202efdp.exe", Href: "/cgi-bin/shz/demo/sub/invoice%E2%80%AEfdp.exe", Kind: "file", Owner: "uid:7001"},
			{Name: `"><img src=x onerror=alert(1)>`, Kind: "other"},
			{Name: strings.Repeat("W", 255), Href: "/cgi-bin/shz/demo/sub/W", Kind: "file"},
			{Name: "javascript:alert(1)", Href: "/cgi-bin/shz/demo/sub/javascript:alert(1)", Kind: "file"},
			{Name: "caf\xe9\r\n", Href: "/cgi-bin/shz/demo/sub/caf%E9%0D%0A", Kind: "file"},
		},
		SortHref:     map[string]templ.SafeURL{"name": "?sort=name", "size": "?sort=size&order=asc", "modified": "?sort=modified"},
		PreviousHref: "?offset=0", NextHref: "?offset=400",
		Upload: true, Here: "/cgi-bin/shz/demo/sub/",
		Done:    "upload",
		Results: []result{{Name: "<b>.txt", Message: "È arrivato.", OK: true}, {Name: "x\u202ey", Message: "C'è già.", OK: false}},
	}
}

func checkPage(t *testing.T, html string, wanted, unwanted []string) {
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

func TestFolderPage(t *testing.T) {
	f := hostileFolder()
	html := pagetest.Render(t, folderPage(viewFor(text.Italian), f))
	checkPage(t, html, []string{
		`<h1><bdi dir="auto">sub[U+202E]</bdi></h1>`,
		`<a href="/cgi-bin/shz/demo/"><bdi dir="auto">Demo</bdi></a>`,
		`<bdi dir="auto">&lt;svg onload=alert(1)&gt;</bdi>`,
		`<bdi dir="auto">invoice[U+202E]fdp.exe</bdi>`,
		`<bdi dir="auto">&#34;&gt;&lt;img src=x onerror=alert(1)&gt;</bdi></th>`, // no link
		`<bdi dir="auto">caf` + "\ufffd" + `[U+000D][U+000A]</bdi>`,
		`href="/cgi-bin/shz/demo/sub/caf%E9%0D%0A"`,
		`class="entry-size" aria-sort="descending"><a href="?sort=size&amp;order=asc">Dimensione</a>`,
		`class="entry-name"><a href="?sort=name">Nome</a>`,
		`class="entry-owner">Di chi è</th>`,
		`<td role="cell" class="entry-size">1,5 MB</td>`, `<td role="cell" class="entry-size"></td>`,
		`<td role="cell" class="entry-owner"></td>`, `<bdi dir="auto">uid:7001</bdi>`,
		"Da 201 a 207 di 1.234", `rel="prev" href="?offset=0"`, `rel="next" href="?offset=400"`,
		`<form method="post" action="/cgi-bin/shz/demo/sub/" enctype="multipart/form-data"`,
		`type="file" name="file" multiple required`,
		`alert-danger" role="alert"`, "1 file è arrivato. 1 file non è arrivato", `<bdi dir="auto">&lt;b&gt;.txt</bdi>`, "[U+202E]y",
		"Cartella:", "Non si può aprire:",
	}, []string{"<img", "<svg onload", "\u202e", "alert-success"})
	if strings.Count(html, "<symbol") != 3 || strings.Count(html, "<use") != len(f.Entries) {
		t.Error("each picture is defined once and used once in a row")
	}
	checkPage(t, pagetest.Render(t, folderPage(viewFor(text.English), f)),
		[]string{"201 to 207 of 1,234", "Upload files", "1 file has arrived. 1 file has not arrived", "Size</a>"}, []string{"Carica"})
}

func TestFolderPageForReaders(t *testing.T) {
	f := hostileFolder()
	f.Upload, f.Results, f.Entries, f.Access = false, nil, nil, zone.Read
	f.Total, f.Offset, f.PreviousHref, f.NextHref = 0, 0, "", ""
	checkPage(t, pagetest.Render(t, folderPage(viewFor(text.English), f)),
		[]string{"This folder is empty.", "When somebody puts files into it"},
		[]string{"multipart", "<table", "rel=\"prev\"", "alert-"})
}

func TestFolderPageStates(t *testing.T) {
	empty := hostileFolder()
	empty.Entries, empty.Total, empty.Results, empty.PreviousHref, empty.NextHref = nil, 0, nil, "", ""
	checkPage(t, pagetest.Render(t, folderPage(viewFor(text.English), empty)),
		[]string{"Choose the first files above", "multipart"}, []string{"<table", "<nav class=\"pages\""})

	beyond := hostileFolder()
	beyond.Entries, beyond.NextHref = nil, ""
	checkPage(t, pagetest.Render(t, folderPage(viewFor(text.English), beyond)),
		[]string{"The list ends before this.", `rel="prev" href="?offset=0"`}, []string{"<table", "empty.", "201 to"})

	// A drop box never shows entries, whatever it is given.
	drop := hostileFolder()
	drop.Access = zone.Drop
	checkPage(t, pagetest.Render(t, folderPage(viewFor(text.English), drop)),
		[]string{"You can deliver here.", "is not listed", "multipart", `value="rename" selected`},
		[]string{"<table", "invoice", "1,234", `rel="prev"`})
}

// The form to bring files is folded above a list, and open where there is none or where it was used in vain.
func TestUploadFormIsFolded(t *testing.T) {
	list := hostileFolder()
	list.Results = nil
	empty, drop, failed, deleted := list, list, list, list
	empty.Entries, empty.Total = nil, 0
	drop.Access = zone.Drop
	failed.Results = []result{{Name: "x"}}
	deleted.Done, deleted.Results = "delete", failed.Results
	for _, c := range []struct {
		name string
		f    folderView
		open bool
	}{{"list", list, false}, {"empty", empty, true}, {"drop box", drop, true}, {"in vain", failed, true}, {"deleted in vain", deleted, false}} {
		html := pagetest.Render(t, folderPage(viewFor(text.Italian), c.f))
		folded, open := strings.Contains(html, `<details class="upload"><summary`), strings.Contains(html, `<details class="upload" open><summary`)
		if folded == open || open != c.open {
			t.Errorf("%s: folded %v, open %v", c.name, folded, open)
		}
	}
}

func TestFolderHeading(t *testing.T) {
	for _, c := range []struct {
		f    folderView
		want string
	}{
		{folderView{Zone: "demo", ZoneTitle: "Demo", Path: "sub/lower"}, "lower"},
		{folderView{Zone: "demo", ZoneTitle: "Demo", Path: "sub"}, "sub"},
		{folderView{Zone: "demo", ZoneTitle: "Demo"}, "Demo"},
		{folderView{Zone: "demo", ZoneTitle: "  "}, "demo"},
	} {
		if got := c.f.heading(); got != c.want {
			t.Errorf("%q: %q, want %q", c.f.Path, got, c.want)
		}
	}
}

func TestResultsSummary(t *testing.T) {
	ok, failed := result{OK: true}, result{}
	for _, c := range []struct {
		done    string
		results []result
		want    string
		role    string
	}{
		{"upload", []result{ok, ok}, "2 files have arrived.", "status"},
		{"upload", []result{failed}, "1 file has not arrived: read below why.", "alert"},
		{"delete", []result{ok, ok, failed}, "2 items have been deleted. 1 item has not been deleted: read below why.", "alert"},
		{"upload", []result{ok, failed, failed}, "1 file has arrived. 2 files have not arrived: read below why.", "alert"},
	} {
		if got := resultsSummary(text.English, c.done, c.results); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		if got := resultsRole(c.results); got != c.role {
			t.Errorf("role %q, want %q", got, c.role)
		}
	}
}

func TestTypeable(t *testing.T) {
	for name, want := range map[string]string{"a\r\nb": "ab", "\x1b[2J": "[2J", "invoice\u202efdp.exe": "invoicefdp.exe", "caf\xe9": "caf\ufffd", "è 日本 🙂.txt": "è 日本 🙂.txt", "\u200b": ""} {
		if got := withoutUntypable(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}
