package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/secret"
	"sharezone/notify/queue"
)

// handOver puts something into a folder as root does.
func handOver(t *testing.T, folder, id string, s secret.Secret) {
	t.Helper()
	b, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(folder+"/"+id, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestStrangers: who has no account gets his link at the address that he gave, in his language, by the entry at which he may ask; what is
// over is not sent.
func TestStrangers(t *testing.T) {
	o, folder := newPostOffice(t), t.TempDir()
	o.signup = config.Signup{Entries: "external"}
	if at := o.entryFor(account.Entry{}, "signup"); at.PublicURL != o.internal.PublicURL {
		t.Errorf("by an entry that does not answer it: %s", at.PublicURL)
	}
	o.external.Components += " signup"
	link := strings.Repeat("0", 16) + "-" + strings.Repeat("1", 64)
	handOver(t, folder, "00000000000000a1", secret.Secret{Kind: secret.Signup, Address: "ada@example.com", Language: "it", Text: link, Expires: o.clock.Add(time.Hour)})
	handOver(t, folder, "00000000000000a2", secret.Secret{Kind: secret.Declined, Address: "ben@example.com", Language: "en", Text: "We know you not", Expires: o.clock.Add(time.Hour)})
	handOver(t, folder, "00000000000000a3", secret.Secret{Kind: secret.Signup, Address: "late@example.com", Text: link, Expires: o.clock.Add(time.Minute)})
	handOver(t, folder, "00000000000000a4", secret.Secret{Kind: secret.Signup, Address: "x\r\nBcc: y@example.com", Text: link, Expires: o.clock.Add(time.Hour)})
	if err := postSecrets(folder, o.mailroom.queue, fewNames{}, o.clock); err != nil {
		t.Fatal(err)
	}
	if err := o.mailroom.queue.Close(o.clock, func(string) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if err := o.send(2 * time.Minute); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range o.server.Mails() {
		got[m.To] = m.Text
	}
	if len(got) != 2 || !strings.Contains(got["ada@example.com"], "https://share.example.org/cgi-bin/signup?token=") || !strings.Contains(got["ada@example.com"], "Chiedi un account") ||
		!strings.Contains(got["ben@example.com"], "We know you not") || strings.Contains(got["ben@example.com"], "cgi-bin") {
		t.Errorf("%q %q", got, o.lines)
	}
	if ids, _ := o.mailroom.queue.List(queue.Waiting); len(ids) != 0 {
		t.Errorf("left: %v", ids)
	}
}

// TestAsked: an administrator is told of all who ask within an hour at once, also without an address of his own; who is none any more is not.
func TestAsked(t *testing.T) {
	o, folder := newPostOffice(t), t.TempDir()
	step := func(pass time.Duration, wanted int) {
		t.Helper()
		o.clock = o.clock.Add(pass)
		if err := postSecrets(folder, o.mailroom.queue, fewNames{}, o.clock); err != nil {
			t.Fatal(err)
		}
		if err := o.mailroom.queue.Close(o.clock, func(string) bool { return false }); err != nil {
			t.Fatal(err)
		}
		if err := o.send(0); err != nil {
			t.Fatal(err)
		}
		if n := len(o.server.Mails()); n != wanted {
			t.Errorf("%d mails, wanted %d: %q", n, wanted, o.lines)
		}
	}
	people := fewNames{}
	names := map[string]uint32{}
	for _, name := range []string{"anna", "bruno", "dora"} { // dora administers nothing
		e, _ := people.User(name)
		names[name] = e.UID
	}
	for i := range 3 {
		for name, uid := range names {
			id := fmt.Sprintf("%08x%08x", uid, i)
			s := secret.Secret{Kind: secret.Asked, User: name, UID: uid, Text: fmt.Sprintf("Person %d <p%d@example.com>", i, i), Expires: o.clock.Add(24 * time.Hour)}
			handOver(t, folder, id, s)
			if i == 1 { // handed over once more by who was killed before
				step(0, 0)
				handOver(t, folder, id, s)
			}
		}
		step(time.Minute, 0)
	}
	step(time.Hour, 2)
	for _, m := range o.server.Mails() {
		if !strings.Contains(m.Text, "3 people ask for an account") || !strings.Contains(m.Text, "users?view=3Dsignups") && !strings.Contains(m.Text, "users?view=signups") {
			t.Errorf("%s", m.Text)
		}
	}
}
