package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestArchiveDeep: paths that are too long cost the others nothing, and the report of them is bounded.
func TestArchiveDeep(t *testing.T) {
	if !newZone(t, `mkdir a; echo x >a/calm; (cd a; name=$(printf 'n%.0s' {1..250}); for ((i = 0; i < 263; i++)); do mkdir "$name" && cd "$name" || exit 1; done; echo deep >file; touch more{1..20})`) {
		return
	}
	got := call{target: "demo/?archive=zip&name=a"}.run(t)
	if got.status != 200 {
		t.Fatal(got.status, got.stderr)
	}
	all := contents(t, "zip", got.body)
	found := fmt.Sprint(len(all))
	for _, line := range all {
		if strings.HasPrefix(line, "_errors.txt=") && strings.Contains(line, ": Il percorso è troppo lungo") && strings.Contains(line, "\nE altri ") && len(line) < maxReportBytes+1000 || line == "a/calm=x\n" {
			found += " " + line[:6]
		}
	}
	if !strings.HasSuffix(found, " _error a/calm") && !strings.HasSuffix(found, " a/calm _error") {
		t.Errorf("%s %s", found, got.stderr)
	}
	if told := taken(t, got.events); len(told) != 22 || told[0] != "a/calm ok 2" || !strings.HasSuffix(told[1], "/file too-large 0") {
		t.Error(len(told))
	}
}
