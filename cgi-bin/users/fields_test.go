package main

import (
	"maps"
	"os"
	"strings"
	"testing"
)

// TestFieldsAreDocumented: README has a line for each operation, with exactly its fields.
func TestFieldsAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	documented, wanted := make(map[string]string), make(map[string]string)
	for line := range strings.Lines(strings.ReplaceAll(string(b), "FIELDS", described)) {
		line, ours := strings.CutPrefix(line, "    users op=")
		if !ours {
			continue
		}
		for what := range strings.SplitSeq(strings.TrimSpace(line), ", op=") {
			names := strings.Fields(what)
			documented[names[0]] = strings.Join(names[1:], " ")
		}
	}
	for name, op := range operations {
		wanted[name] = op.fields
	}
	if !maps.Equal(documented, wanted) {
		t.Errorf("README has  %v\nthere are   %v", documented, wanted)
	}
	if !strings.Contains(string(b), "FIELDS are `"+strings.ReplaceAll(described, " ", "`, `")+"`.") {
		t.Errorf("README does not say that FIELDS are %s", described)
	}
}
