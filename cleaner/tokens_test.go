package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/signup"
	"sharezone/internal/token"
)

// What is kept of a link goes when its time is over; a dry run tells, and leaves it.
func TestTokens(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	text := map[string]string{}
	store := token.Store{Folder: s.tokens, Now: func() time.Time { return now }, Room: 10}
	for user, uid := range map[string]uint32{"ct-anna": 7001, "ct-bruno": 7002} {
		of := token.Record{Purpose: token.Password, User: user, UID: uid}
		expires := now.Add(time.Duration(uid-7000) * time.Hour)
		if err := store.Issue(of, expires, 0, func(made string, _ token.Record) error { text[user] = made; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	requests := signup.Store{Folder: s.signups, Now: store.Now, Room: 10, Limits: config.Signup{Daily: 9, ClientDaily: 9, Link: time.Hour, Keep: 2 * time.Hour}}
	for _, name := range []string{"over", "waits"} {
		err := requests.Ask(account.Applicant{FullName: name, Email: name + "@example.org"}, "external", "192.0.2.1", "c", func(made string, _ signup.Request) error {
			text[name] = made
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := requests.Confirm(text["waits"], func(signup.Request) error { return nil }); err != nil {
		t.Fatal(err)
	}
	asked := func() string { return sh(t, "cd "+s.signups+"; ls -d ????????????????") }
	now = now.Add(90 * time.Minute)
	s.now = now
	files := func() string { return sh(t, "cd "+s.tokens+"; ls -d ????????????????") }
	before, both := files(), asked()
	s.dryRun = true
	if err := s.run("tokens"); err != nil || files() != before || strings.Count(before, "\n") != 1 || !strings.Contains(s.told.String(), `link of "ct-anna"`) || strings.Contains(s.told.String(), "ct-bruno") {
		t.Errorf("dry run: %v, %s of %s, %s", err, files(), before, s.told.String())
	}
	if asked() != both || !strings.Contains(s.told.String(), `account of "over@example.org"`) || strings.Contains(s.told.String(), "waits@") {
		t.Errorf("dry run: %s of %s, %s", asked(), both, s.told.String())
	}
	s.dryRun = false
	if err := s.run("tokens"); err != nil || files() != text["ct-bruno"][:16] {
		t.Errorf("%v, left: %s", err, files())
	}
	if asked() != text["waits"][:16] {
		t.Errorf("left: %s", asked())
	}
	used := errors.New("used")
	if err := store.Use(token.Password, text["ct-bruno"], func(token.Record) error { return used }); !errors.Is(err, used) {
		t.Error(err)
	}
}
