package main

import (
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/web"
)

// TestFieldsAreDocumented: README has a line for each operation and each view, with exactly its fields.
func TestFieldsAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "    op=") && !strings.HasPrefix(line, "    view=") {
			continue
		}
		for what := range strings.SplitSeq(strings.TrimSpace(line), ", ") {
			names := strings.Fields(what)
			documented[names[0]] = strings.Join(names[1:], " ")
		}
	}
	wanted := make(map[string]string)
	for name, op := range operations() {
		wanted["op="+name] = op.fields
	}
	for name, view := range views {
		if name != "" {
			wanted["view="+name] = view.fields
		}
	}
	if !maps.Equal(documented, wanted) {
		t.Errorf("README has  %v\nthere are   %v", documented, wanted)
	}
}

// TestEachFieldIsKnownOnce: an operation takes each of its own, one that may come several times twice, and no other.
func TestEachFieldIsKnownOnce(t *testing.T) {
	for name, op := range operations() {
		known := "op name " + op.fields
		for _, field := range strings.Fields(known) {
			field, many := strings.CutSuffix(field, "*")
			if err := web.CheckFields(known, url.Values{field: {"x"}}); err != nil {
				t.Errorf("%s, %s: %v", name, field, err)
			}
			if err := web.CheckFields(known, url.Values{field: {"x", "y"}}); (err == nil) != many {
				t.Errorf("%s, %s twice: %v", name, field, err)
			}
			if many != slices.Contains(several(), field) && many {
				t.Errorf("%s, %s may come several times, and forms refuse that", name, field)
			}
		}
		for _, field := range []string{"", "x", "title*", "Title", "op ", "raw*"} {
			if err := web.CheckFields(known, url.Values{field: {"x"}}); err != (web.FieldError{Field: field, Reason: web.UnknownField, Known: strings.ReplaceAll(strings.Join(strings.Fields(known), ", "), "*", "")}) {
				t.Errorf("%s, %q: %v", name, field, err)
			}
		}
	}
}
