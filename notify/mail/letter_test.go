package mail

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"sharezone/internal/text"
	"sharezone/notify/queue"
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
	part := of(queue.Taken, 1, "2027/list.pdf")
	part.Items[0].Part, part.Items[0].Bytes = true, nil
	expired := of(queue.Expired, 60, "2026/list.pdf", "2026")
	expired.Items[0].Bytes, expired.Items[1].Bytes, expired.Items[1].Part = nil, nil, true
	several := of(queue.Arrived, 60, "2027/list.pdf", "2027/prices.ods")
	several.Actor, several.Items[0].Actor, several.Items[1].Actor = "", "bruno", "carla"
	return map[string]queue.Message{
		"several":     several,
		"warned":      of(queue.Warned, 1, "2026-12-06"),
		"closed":      of(queue.Closed, 1, "2026-11-28"),
		"recover":     of(queue.Recover, 1, "0123456789abcdef-"+strings.Repeat("0", 64)),
		"reset":       of(queue.Reset, 1, "Ab3d-Ef6h-Jk9m-Np2r"),
		"invite":      of(queue.Invite, 1, "0123456789abcdef-"+strings.Repeat("0", 64)),
		"removed":     of(queue.Removed, 1, "2026-10-30"),
		"expired":     expired,
		"taken-part":  part,
		"taken":       of(queue.Taken, 2, "2027/list.pdf", "2027/prices è.ods"),
		"arrived":     of(queue.Arrived, 1, "2027/list.pdf"),
		"arrived-500": of(queue.Arrived, 500, "1.txt", "2.txt"),
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
			got := subject + "\n\n" + plain + "\n" + html + "\n"
			file := "testdata/" + name + "-" + string(l) + ".txt"
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
