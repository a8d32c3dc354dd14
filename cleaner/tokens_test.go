package main

import (
	"errors"
	"strings"
	"testing"
	"time"

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
	now = now.Add(90 * time.Minute)
	s.now = now
	files := func() string { return sh(t, "cd "+s.tokens+"; ls -d ????????????????") }
	before := files()
	s.dryRun = true
	if err := s.run("tokens"); err != nil || files() != before || strings.Count(before, "\n") != 1 || !strings.Contains(s.told.String(), `link of "ct-anna"`) || strings.Contains(s.told.String(), "ct-bruno") {
		t.Errorf("dry run: %v, %s of %s, %s", err, files(), before, s.told.String())
	}
	s.dryRun = false
	if err := s.run("tokens"); err != nil || files() != text["ct-bruno"][:16] {
		t.Errorf("%v, left: %s", err, files())
	}
	used := errors.New("used")
	if err := store.Use(token.Password, text["ct-bruno"], func(token.Record) error { return used }); !errors.Is(err, used) {
		t.Error(err)
	}
}
