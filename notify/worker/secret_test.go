package main

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"sharezone/internal/secret"
	"sharezone/notify/queue"
)

// TestFormerAddress: a former address is told once it is one, whatever the account has instead, also nothing; where the change came to nothing
// nobody is.
func TestFormerAddress(t *testing.T) {
	for what, row := range map[string]struct {
		user    string
		uid     uint32
		former  string
		age     time.Duration
		waiting bool // for the change
		told    bool
	}{
		"another address": {"anna", 1001, "old@example.org", 0, false, true},
		"emptied since":   {"bruno", 1003, "old@example.org", 0, false, true},
		"under way":       {"anna", 1001, "anna@example.org", time.Minute, true, false},
		"not changed":     {"anna", 1001, "anna@example.org", 6 * time.Minute, false, false},
		"made anew":       {"anna", 1002, "anna@example.org", 0, false, false},
	} {
		t.Run(what, func(t *testing.T) {
			o, folder := newPostOffice(t), t.TempDir()
			file := folder + "/00000000000000aa"
			b, err := json.Marshal(secret.Secret{Kind: secret.Moved, User: row.user, UID: row.uid, Address: row.former, Text: "new@example.org", Expires: o.clock.Add(time.Hour)})
			if err == nil {
				err = os.WriteFile(file, b, 0o600)
			}
			if err == nil {
				err = os.Chtimes(file, time.Time{}, o.clock.Add(-row.age))
			}
			if err == nil {
				err = postSecrets(folder, o.mailroom.queue, fewNames{}, o.clock)
			}
			if err == nil {
				err = o.mailroom.queue.Close(o.clock, func(string) bool { return false })
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(file); (err == nil) != row.waiting {
				t.Errorf("waits: %v", err)
			}
			if err := o.send(0); err != nil {
				t.Fatal(err)
			}
			if mails := o.server.Mails(); len(mails) != 0 != row.told || row.told && mails[0].To != row.former {
				t.Errorf("%+v %q", mails, o.lines)
			}
			if ids, _ := o.mailroom.queue.List(queue.Waiting); len(ids) != 0 {
				t.Errorf("left: %v", ids)
			}
		})
	}
}

// TestReplaced: of links and passwords that wait the last one alone is sent, to each person; what was put aside goes when another one has arrived.
func TestReplaced(t *testing.T) {
	o := newPostOffice(t)
	o.server.Answer = func(command string) string {
		if strings.HasPrefix(command, "MAIL") {
			return "451 later"
		}
		return ""
	}
	add := func(kind queue.Kind, user string, uid uint32, link string) {
		t.Helper()
		o.clock = o.clock.Add(time.Second)
		k := queue.Key{Kind: kind, UID: uid, User: user, Actor: user, ZoneID: link, Address: user + "@example.org"}
		if err := o.mailroom.queue.Add(k, link, []queue.Item{{Time: o.clock.Add(9 * time.Hour), Path: "text-" + link}}, 1, o.clock, 0); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(o.mailroom.run(), o.send(0)); err != nil {
			t.Fatal(err)
		}
	}
	add(queue.Recover, "anna", 1001, "one")
	add(queue.Invite, "bruno", 1003, "three")
	add(queue.Recover, "bruno", 1003, "four")
	add(queue.Recover, "anna", 1001, "two")
	add(queue.Reset, "bruno", 1003, "five")
	// Two that came in one run.
	for i, link := range []string{"six", "seven"} {
		k := queue.Key{Kind: queue.Recover, UID: 1001, User: "anna", Actor: "anna", ZoneID: link, Address: "anna@example.org"}
		if err := o.mailroom.queue.Add(k, link, []queue.Item{{Time: o.clock.Add(9*time.Hour + time.Duration(i)), Path: "text-" + link}}, 1, o.clock, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.mailroom.run(); err != nil {
		t.Fatal(err)
	}
	o.server.Answer = func(string) string { return "" }
	if err := o.send(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	var sent []string
	for _, m := range o.server.Mails() {
		for _, text := range []string{"text-one", "text-two", "text-three", "text-four", "text-five", "text-six", "text-seven"} {
			if strings.Contains(strings.ReplaceAll(m.Text, "=\r\n", ""), text) {
				sent = append(sent, m.To+" "+text)
			}
		}
	}
	if strings.Join(sent, ", ") != "bruno@example.org text-five, anna@example.org text-seven" || o.told(t, queue.Waiting) != "" || o.told(t, queue.Failed) != "" {
		t.Errorf("sent %q, log %q", sent, o.lines)
	}
}
