package main

import (
	"testing"

	"sharezone/internal/helper"
)

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
