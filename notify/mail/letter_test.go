package mail

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/text"
	"sharezone/notify/queue"
	"sharezone/notify/sms"
	"sharezone/notify/wording"
)

// The messages stand in testdata, as they are read:
//
//	go test ./notify/mail -run Golden -write
var write = flag.Bool("write", false, "write the golden files instead of comparing with them")

// messages are those of the golden files; the last names what people call files to do harm.
func messages() map[string]queue.Message {
	at := time.Date(2026, 11, 29, 14, 3, 0, 0, time.Local)
	size := int64(1500)
	of := func(kind queue.Kind, count int, paths ...string) queue.Message {
		m := queue.Message{Key: queue.Key{Kind: kind, User: "anna", Actor: "bruno", Zone: "offers"}, Count: count}
		for _, path := range paths {
			m.Items = append(m.Items, queue.Item{Time: at, Path: path, Bytes: &size})
		}
		return m
	}
	part, perhaps := of(queue.Taken, 1, "2027/list.pdf"), of(queue.PerhapsTaken, 2, "2027/list.pdf", "2027/prices.ods")
	part.Items[0].Part = true
	away, severalAway := of(queue.PerhapsArrived, 1, "2027/list.pdf"), of(queue.PerhapsArrived, 2, "2027/list.pdf", "2027/prices.ods")
	for _, m := range []queue.Message{perhaps, away, severalAway} {
		for i := range m.Items {
			m.Items[i].Bytes = nil
		}
	}
	perhaps.Items[0].Part, perhaps.Items[1].Part = true, true
	severalAway.Actor, severalAway.Items[0].Actor, severalAway.Items[1].Actor = "", "bruno", "carla"
	expired := of(queue.Expired, 60, "2026/list.pdf", "2026")
	expired.Items[0].Bytes, expired.Items[1].Bytes, expired.Items[1].Part = nil, nil, true
	several := of(queue.Arrived, 60, "2027/list.pdf", "2027/prices.ods")
	several.Actor, several.Items[0].Actor, several.Items[1].Actor = "", "bruno", "carla"
	severalTaken := several
	severalTaken.Kind = queue.Taken
	byRoot := of(queue.Invite, 1, "0123456789abcdef-"+strings.Repeat("0", 64))
	byRoot.Actor, byRoot.Zone = byRoot.User, ""
	asked := of(queue.Asked, 52, "Ada Neri <ada@example.org>", "A <b>B\r\n <x@example.org>")
	asked.Actor, asked.Zone, asked.Items[0].Bytes, asked.Items[1].Bytes = asked.User, "", nil, nil
	signup, declined := of(queue.Signup, 1, "0123456789abcdef-"+strings.Repeat("0", 64)), of(queue.Declined, 1, "Ask your <b>firm</b>\r\nBcc: x, it has accounts.")
	for _, m := range []*queue.Message{&signup, &declined} {
		m.User, m.Actor, m.Zone = "", "", ""
	}
	return map[string]queue.Message{
		"asked":           asked,
		"signup":          signup,
		"declined":        declined,
		"invite-root":     byRoot,
		"several":         several,
		"warned":          of(queue.Warned, 1, "2026-12-06"),
		"closed":          of(queue.Closed, 1, "2026-11-28"),
		"recover":         of(queue.Recover, 1, "0123456789abcdef-"+strings.Repeat("0", 64)),
		"reset":           of(queue.Reset, 1, "Ab3d-Ef6h-Jk9m-Np2r"),
		"invite":          of(queue.Invite, 1, "0123456789abcdef-"+strings.Repeat("0", 64)),
		"verify":          of(queue.Verify, 1, "0123456789abcdef-"+strings.Repeat("0", 64)),
		"moved":           of(queue.Moved, 1, "anna@example.org"),
		"several-taken":   severalTaken,
		"removed":         of(queue.Removed, 1, "2026-10-30"),
		"expired":         expired,
		"taken-part":      part,
		"taken-perhaps":   perhaps,
		"taken":           of(queue.Taken, 2, "2027/list.pdf", "2027/prices è.ods"),
		"arrived":         of(queue.Arrived, 1, "2027/list.pdf"),
		"arrived-perhaps": away,
		"several-perhaps": severalAway,
		"arrived-500":     of(queue.Arrived, 500, "1.txt", "2.txt"),
		"hostile": of(queue.Arrived, 3, "a\r\nBcc: carla@example.org", "\U0001f600 <b>\"&'</b><img src=x onerror=alert(1)>.txt",
			"invoice\u202efdp.exe\x1b[2J"),
	}
}

// TestGolden: each message in both languages.
func TestGolden(t *testing.T) {
	for name, m := range messages() {
		for _, l := range []text.Language{text.Italian, text.English} {
			subject, plain, html, err := Compose(m, Style{Language: l, URL: "https://share.example.org", Actor: "Bruno \"B\" Bianchi", Grace: 30, Less: lessLink(m)})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+"-"+string(l), subject+"\n\n"+plain+"\n"+html+"\n")
		}
	}
}

// TestGoldenShort: each message as a short one, in both languages, with how it is counted.
func TestGoldenShort(t *testing.T) {
	all := messages()
	long := all["arrived"]
	long.Items = []queue.Item{{Path: strings.Repeat("folder/", 30) + strings.Repeat("n", 100) + ".pdf"}}
	all["long name"] = long
	hostile := all["arrived"]
	hostile.Items = all["hostile"].Items[:1]
	all["hostile name"] = hostile
	emoji := all["arrived"]
	emoji.Items = []queue.Item{{Path: "2027/\U0001f600 listino.pdf"}}
	all["emoji"] = emoji
	maps.DeleteFunc(all, func(_ string, m queue.Message) bool { return m.Kind.Secret() })                // they are mails alone
	maps.DeleteFunc(all, func(_ string, m queue.Message) bool { return m.Kind == queue.PerhapsArrived }) // the same
	for _, l := range text.Languages {
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(all)) {
			said := sms.Compose(Summary(all[name], Style{Language: l, URL: "https://share.example.org", Actor: "Bruno Bianchi"}))
			coding, parts := sms.Count(said)
			fmt.Fprintf(&b, "%s (%s, %d):\n%s\n\n", name, map[sms.Coding]string{sms.GSM7: "GSM 03.38", sms.UCS2: "UCS-2"}[coding], parts, said)
			if parts > 2 || strings.ContainsAny(said, "\r\n") {
				t.Errorf("%s: %d parts, %q", name, parts, said)
			}
		}
		golden(t, "sms-"+string(l), b.String())
	}
}

// golden compares with a file, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := "testdata/" + name + ".txt"
	if *write {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("%s differs: %v\n%s", file, err, got)
	}
}

// siteWords are those of the golden files "site": hostile names in what a site wrote.
func siteWords(t *testing.T) wording.Site {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("words of a site are root's")
	}
	folder := t.TempDir()
	for name, file := range map[string]string{
		"arrived-it.txt": "{count} novità da {actor}\n\nCiao,\nin {zone} c'è qualcosa di nuovo.\n\nIl servizio <b>IT</b>\n",
		"arrived-en.txt": "{count} news by {actor}\n\nHello,\nthere is something new in {zone}.\n\nThe <b>IT</b> service\n",
		"reset-it.txt":   "La tua password\n\nCiao {user}, non la diciamo mai al telefono.\n",
		"reset-en.txt":   "Your password\n\nHello {user}, we never ask for it by telephone.\n",
	} {
		if err := os.WriteFile(folder+"/"+name, []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	site, unused := wording.Read(folder)
	if len(unused) > 0 {
		t.Fatal(unused)
	}
	return site
}

// TestSiteWords: subject and opening are the site's, in both languages, whatever names hold; what a message must have stays.
func TestSiteWords(t *testing.T) {
	words := siteWords(t)
	hostile, reset := messages()["hostile"], messages()["reset"]
	hostile.Zone, hostile.Actor = "{actor}\r\nBcc: carla@example.org", "{zone}"
	for name, m := range map[string]queue.Message{"site-hostile": hostile, "site-reset": reset} {
		for _, l := range text.Languages {
			subject, plain, html, err := Compose(m, Style{Language: l, URL: "https://share.example.org", Words: words, Actor: "A\r\nB \u202e<i>", Less: lessLink(m)})
			if err != nil {
				t.Fatal(err)
			}
			if strings.ContainsAny(subject, "\r\n") || strings.Contains(html, "<b>") || strings.Contains(html, "<i>") || strings.Contains(plain, "\nBcc:") {
				t.Errorf("%q\n%s\n%s", subject, plain, html)
			}
			golden(t, name+"-"+string(l), subject+"\n\n"+plain+"\n"+html+"\n")
		}
	}
	m := messages()["taken"]
	mine, _, _, _ := Compose(m, Style{Language: text.Italian, Words: words})
	if ours, _, _, _ := Compose(m, Style{Language: text.Italian}); mine != ours {
		t.Errorf("%q, without words of the site %q", mine, ours)
	}
}

// lessLink is as the worker makes one.
func lessLink(m queue.Message) string {
	if !m.Kind.Reducible() {
		return ""
	}
	return "https://share.example.org/cgi-bin/less?t=eyJ1IjoxMDAxfQ.c2lnbmVk"
}

// TestHostile: what a name has in it is seen, and does nothing.
func TestHostile(t *testing.T) {
	for _, kind := range []queue.Kind{queue.Arrived, queue.Taken, queue.Warned, queue.Closed, queue.Removed, queue.Expired} {
		hostile(t, kind)
	}
	if _, _, _, err := Compose(queue.Message{Key: queue.Key{Kind: queue.Closed}}, Style{Language: text.English}); err != nil { // damaged
		t.Error(err)
	}
}

func hostile(t *testing.T, kind queue.Kind) {
	m := messages()["hostile"]
	m.Kind = kind
	m.Actor, m.Zone = "a\r\nBcc: x", "z\r\n<b>"
	subject, plain, html, err := Compose(m, Style{Language: text.English, Actor: "<b>\r\nX: y"})
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(subject, "\r\n") {
		t.Errorf("subject %q", subject)
	}
	if strings.ContainsAny(plain+html, "\r\x1b\u202e") || strings.Contains(plain, "\nBcc") || strings.Contains(plain, "\nX:") {
		t.Errorf("%q", plain)
	}
	if strings.Contains(html, "<b>") || strings.Contains(html, "<img") || strings.Contains(html, "href") {
		t.Errorf("%s", html)
	}
}
