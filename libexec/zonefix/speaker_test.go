package main

import (
	"bufio"
	"io"
	"testing"
	"time"

	"sharezone/internal/helper"
)

// TestAlive: a single step that takes long is told of, so that nobody takes it for the end; and the reply comes last.
func TestAlive(t *testing.T) {
	in, out := io.Pipe()
	s := newSpeaker(out, 40*time.Millisecond)
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for r := bufio.NewScanner(in); r.Scan(); {
			lines <- r.Text()
		}
	}()
	for range 2 {
		if line := <-lines; line != `{"progress":0}` {
			t.Errorf("%s", line)
		}
	}
	time.Sleep(10 * time.Millisecond)
	s.mu.Lock()
	s.done = 7
	s.mu.Unlock()
	for line := range lines {
		if line == `{"progress":7}` {
			break
		}
	}
	s.end(helper.ZonefixReply{Error: "busy"})
	time.Sleep(100 * time.Millisecond)
	out.Close()
	last := ""
	for line := range lines {
		last = line
	}
	if last != `{"error":"busy"}` {
		t.Errorf("the last line is %s", last)
	}
}

// TestNoted: the log says with whom and which paths, so that an administrator finds who removed what as root.
func TestNoted(t *testing.T) {
	w := work{ZonefixRequest: helper.ZonefixRequest{Op: "share", Zone: "demo", Principal: "user:bruno", Access: "none"}}
	if got := w.what(); got != "share of zone demo user:bruno none" {
		t.Error(got)
	}
	w = work{ZonefixRequest: helper.ZonefixRequest{Op: "take", Zone: "demo", Path: "his/a%20b"}}
	if got := w.what(); got != "take of zone demo his/a%20b" {
		t.Error(got)
	}
	w = work{ZonefixRequest: helper.ZonefixRequest{Op: "remove", Zone: "demo"}}
	for range 12 {
		w.Paths = append(w.Paths, "p")
	}
	if got := w.what(); got != "remove of zone demo p p p p p p p p p p and 2 more" {
		t.Error(got)
	}
}
