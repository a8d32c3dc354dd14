package main

import (
	"os"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/notify/queue"
)

// TestMailOfInvitation: a mail that was refused for good is no mail that arrived, until another one is on its way; that of another person says nothing.
func TestMailOfInvitation(t *testing.T) {
	root := t.TempDir()
	for _, folder := range []string{queue.Open, queue.Waiting, queue.Failed} {
		if err := os.Mkdir(root+"/"+folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	messages, ada := queue.Queue(root), account.User{Name: "ada", UID: 7}
	send := func(source string, now time.Time) queue.Message {
		t.Helper()
		err := messages.Add(queue.Key{Kind: queue.Invite, UID: ada.UID, User: ada.Name}, source, []queue.Item{{Path: "/x", Time: now.Add(time.Hour)}}, 1, now, 0)
		if err == nil {
			err = messages.Close(now, func(string) bool { return false })
		}
		ids, listErr := messages.List(queue.Waiting)
		if err != nil || listErr != nil || len(ids) != 1 {
			t.Fatal(err, listErr, ids)
		}
		m, err := messages.Read(queue.Waiting, ids[0])
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	check := func(what string, waits bool, refused string) {
		t.Helper()
		if w, r := mailOf(ada, messages); w != waits || r != refused {
			t.Errorf("%s: %v %q", what, w, r)
		}
	}
	now := time.Now()
	m := send("a", now)
	check("just made", false, "")
	if err := messages.Fail(m, "550 no such user"); err != nil {
		t.Fatal(err)
	}
	check("refused", false, "550 no such user")
	m = send("b", now.Add(time.Minute))
	check("sent again", false, "")
	if err := messages.Delay(m, "greylisted", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	check("tried in vain", true, "")
	if w, r := mailOf(account.User{Name: "ada2", UID: 8}, messages); w || r != "" {
		t.Errorf("somebody else's: %v %q", w, r)
	}
}
