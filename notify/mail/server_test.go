package mail

import (
	"context"
	"crypto/x509"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"sharezone/notify/mail/mailtest"
)

const someID = "20261129T120000.000000000Z-0123456789abcdef0123456789abcdef"

var some = Letter{ID: someID, From: "sharezone@example.org", To: "bruno@example.org", Date: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC),
	Subject: "1 file", Text: "Text.\n", HTML: "<p>Text.</p>"}

// wait is how long a server may take here.
const wait = 10 * time.Second

// dial connects to a sink.
func dial(t *testing.T, s *mailtest.Server, security, user, password string) (*Connection, error) {
	t.Helper()
	c, err := Dial(context.Background(), Server{Host: "localhost", Port: s.Port, TLS: security, User: user, Password: password, Hello: "share", Timeout: wait, Roots: s.Roots})
	if err == nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

// TestSecurity: as asked or not at all.
func TestSecurity(t *testing.T) {
	for _, row := range []struct {
		name, security, user, password, login string
		immediate, untrusted, works           bool
	}{
		{name: "none", security: "none", works: true},
		{name: "STARTTLS", security: "starttls", works: true},
		{name: "TLS", security: "tls", immediate: true, works: true},
		{name: "STARTTLS with a login", security: "starttls", user: "u", password: "p", login: "\x00u\x00p", works: true},
		{name: "TLS with a login", security: "tls", immediate: true, user: "u", password: "p", login: "\x00u\x00p", works: true},
		{name: "wrong password", security: "starttls", user: "u", password: "x", login: "\x00u\x00p"},
		{name: "a login without TLS", security: "none", user: "u", password: "p", login: "\x00u\x00p"},
		{name: "no login where one is wanted by us", security: "starttls", user: "u", password: "p"},
		{name: "a certificate that nobody vouches for", security: "starttls", untrusted: true},
		{name: "the same with TLS", security: "tls", immediate: true, untrusted: true},
		{name: "unknown", security: "auto"},
	} {
		s := mailtest.Start(t, row.immediate, row.login)
		if row.untrusted {
			s.Roots = x509.NewCertPool()
		}
		c, err := dial(t, s, row.security, row.user, row.password)
		if (err == nil) != row.works {
			t.Errorf("%s: %v", row.name, err)
		}
		if err != nil {
			continue
		}
		if o, err := c.Send(some); o != Delivered || err != nil || len(s.Mails()) != 1 {
			t.Errorf("%s: %v %v", row.name, o, err)
		}
	}
	s := mailtest.Start(t, false, "")
	s.Answer = func(command string) string {
		if command == "STARTTLS" {
			return "502 no"
		}
		return ""
	}
	if _, err := dial(t, s, "starttls", "", ""); err == nil {
		t.Error("a server without STARTTLS gets mail")
	}
}

// TestOutcome: what becomes of a mail, by what the server says at which moment.
func TestOutcome(t *testing.T) {
	for _, row := range []struct {
		at, answer string
		want       Outcome
		taken      int
	}{
		{"RCPT bruno@example.org", "550 5.1.1 no such user", Refused, 0},
		{"RCPT bruno@example.org", "450 4.2.0 greylisted", Later, 0},
		{"RCPT bruno@example.org", "421 4.3.2 shutting down", Broken, 0},
		{"RCPT bruno@example.org", "drop", Broken, 0},
		{"MAIL sharezone@example.org", "550 5.7.1 sender refused", Later, 0},
		{"MAIL sharezone@example.org", "drop", Broken, 0},
		{"DATA", "554 5.7.1 no", Refused, 0},
		{"DATA", "451 4.3.0 no", Later, 0},
		{".", "554 5.6.0 content refused", Refused, 0},
		{".", "452 4.3.1 disk full", Later, 0},
		{".", "drop", Broken, 0},
		{".", "take and drop", Broken, 1}, // nobody can know: sent again
		{"NOOP", "drop", Broken, 0},
		{"RSET", "drop", Delivered, 1},
		{"RSET", "500 what", Delivered, 1},
		{"QUIT", "drop", Delivered, 1},
	} {
		s := mailtest.Start(t, false, "")
		s.Answer = func(command string) string {
			if command == row.at {
				return row.answer
			}
			return ""
		}
		c, err := dial(t, s, "none", "", "")
		if err != nil {
			t.Fatal(err)
		}
		o, err := c.Send(some)
		if o != row.want || (err == nil) != (o == Delivered) {
			t.Errorf("%s %s: %v %v", row.at, row.answer, o, err)
		}
		if got := len(s.Mails()); got != row.taken {
			t.Errorf("%s %s: %d mails were taken", row.at, row.answer, got)
		}
	}
}

// TestStall: a server that says nothing is given up, before and after the mail.
func TestStall(t *testing.T) {
	for _, at := range []string{"EHLO share", "RCPT bruno@example.org", "."} {
		s := mailtest.Start(t, false, "")
		s.Answer = func(command string) string {
			if command == at {
				time.Sleep(10 * time.Second)
			}
			return ""
		}
		c, err := Dial(context.Background(), Server{Host: "localhost", Port: s.Port, TLS: "none", Hello: "share", Timeout: 2 * time.Second})
		if err != nil {
			if at != "EHLO share" {
				t.Error(at, err)
			}
			continue
		}
		if o, err := c.Send(some); o != Broken || err == nil {
			t.Errorf("%s: %v %v", at, o, err)
		}
		c.Close()
	}
}

// TestWire: what goes out is one mail to one person, that says that no person wrote it, whatever stands in it.
func TestWire(t *testing.T) {
	s := mailtest.Start(t, false, "")
	c, err := dial(t, s, "none", "", "")
	if err != nil {
		t.Fatal(err)
	}
	l := some
	l.Subject = "a\r\nBcc: carla@example.org\r\n\r\n\U0001f600 <b>"
	l.Text = ".\r\n.\r\nRSET\r\nMAIL FROM:<x@example.org>\r\nperché no " + strings.Repeat("x", 2000) + "\n"
	if o, err := c.Send(l); o != Delivered {
		t.Fatal(err)
	}
	mails := s.Mails()
	if len(mails) != 1 || mails[0].From != "sharezone@example.org" || mails[0].To != "bruno@example.org" {
		t.Fatalf("%+v", mails)
	}
	for line := range strings.Lines(mails[0].Text) {
		if len(line) > 1000 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(mails[0].Text))
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{"Auto-Submitted": "auto-generated", "To": "<bruno@example.org>", "Bcc": "", "Cc": "",
		"From": `"Share Zone" <sharezone@example.org>`, "Message-Id": "<" + someID + "@example.org>", "Date": "Sun, 29 Nov 2026 12:00:00 +0000"} {
		if got := m.Header.Get(header); got != want {
			t.Errorf("%s: %s", header, got)
		}
	}
	if kind := m.Header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/alternative") {
		t.Errorf("Content-Type: %s", kind)
	}
	for less, post := range map[string]string{"https://share.example.org/cgi-bin/less?t=" + strings.Repeat("a", 290): "List-Unsubscribe=One-Click", "http://share.example.org/cgi-bin/less?t=a": ""} {
		l := some
		l.Less = less
		if o, err := c.Send(l); o != Delivered {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(s.Mails()[len(s.Mails())-1].Text))
		if err != nil || m.Header.Get("List-Unsubscribe") != "<"+less+">" || m.Header.Get("List-Unsubscribe-Post") != post {
			t.Errorf("%v: %q", err, m.Header)
		}
	}
	if m.Header.Get("List-Unsubscribe") != "" {
		t.Error("a mail without a link has the header of one")
	}
	body, _ := io.ReadAll(quotedprintable.NewReader(m.Body))
	if !strings.Contains(string(body), "perché no xxx") {
		t.Errorf("%s", body)
	}
	for _, address := range []string{"a@b\r\nBcc: c@d", "", "a", "a@b, c@d", "@b"} {
		l := some
		l.To = address
		if o, err := c.Send(l); o != Refused || err == nil {
			t.Errorf("%q: %v %v", address, o, err)
		}
	}
	if n := len(s.Mails()); n != 3 {
		t.Errorf("%d mails", n)
	}
}
